//! Why what a layer says is not what the product says: one reason for each losing word, in words and as a cause for scripts.

use crate::catalog::stored::StoredLayer;
use crate::merge::claim::Spoken;
use crate::merge::hearing::{Heard, Hearing};
use crate::merge::policy::Trust;
use crate::product::layer::Layer;
use crate::product::{By, Product};
use crate::schema::family::FamilyId;
use crate::schema::policy::{Policy, Role};
use crate::schema::scope::Key;
use crate::value::Value;
use crate::workspace::failure::Failure;
use crate::workspace::settings::Settings;

/// Why a word does not win.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Loss {
    /// `same`, `withdrawn`, `owned`, `locked`, `offer`, `editor`, `policy`, `template` or `rule`.
    pub cause: &'static str,
    /// The same for people.
    #[serde(rename = "reason")]
    pub words: String,
}

impl Loss {
    /// A loss of this cause.
    pub fn new(cause: &'static str, words: impl Into<String>) -> Loss {
        Loss {
            cause,
            words: words.into(),
        }
    }
}

/// The layers of one product beside what became of them.
pub struct Losing<'a> {
    settings: &'a Settings,
    trust: &'a Trust,
    product: &'a Product,
    layers: Vec<Spoken>,
    hearing: Hearing,
}

impl<'a> Losing<'a> {
    /// Reads the stored layers of a product. `lent` is the family of its model.
    pub fn new(
        settings: &'a Settings,
        trust: &'a Trust,
        product: &'a Product,
        lent: Option<FamilyId>,
        stored: &[StoredLayer],
    ) -> Result<Losing<'a>, Failure> {
        let mut layers = Vec::with_capacity(stored.len());
        for layer in stored {
            let body = Layer::read_body(&layer.body, &settings.schema)
                .map_err(|error| Failure::damaged(&layer.sku, &error.to_string()))?;
            layers.push(Spoken {
                source: layer.source.0,
                origin: layer.origin,
                withdrawn: layer.withdrawn,
                layer: body,
            });
        }
        Ok(Losing {
            hearing: Hearing::new(&layers, lent, &settings.schema, trust),
            settings,
            trust,
            product,
            layers,
        })
    }

    /// The layers, in the order of those stored.
    pub fn layers(&self) -> &[Spoken] {
        &self.layers
    }

    /// Why the value of a layer under a key does not win; none where it does. `name` names a source by its number.
    pub fn loss(&self, layer: usize, key: Key, value: &Value, name: &dyn Fn(u16) -> String) -> Option<Loss> {
        let spoken = self.layers.get(layer)?;
        let attribute = self.settings.schema.attribute(key.attribute);
        let said = self.product.exact(key);
        let winner = said.and_then(|resolved| resolved.by.layer());
        if winner == Some(layer) {
            return None;
        }
        if winner.is_some() && said.is_some_and(|resolved| resolved.value == *value) {
            return Some(Loss::new("same", "says the same"));
        }
        if spoken.withdrawn && attribute.role == Role::Offer {
            return Some(Loss::new("withdrawn", "withdrawn by its source"));
        }
        let schema = &self.settings.schema;
        let heard = self.hearing.heard(key.attribute, &self.layers, schema, self.trust);
        let by_editor = said.is_some_and(|resolved| resolved.by.is_editor());
        match heard {
            _ if heard.admits(spoken.source, self.trust) => {}
            Heard::Owner(owner) => return Some(Loss::new("owned", format!("owned by {}", name(owner)))),
            Heard::People(_) => return Some(Loss::new("locked", self.locked(key, name))),
            Heard::Offer(best) if !by_editor => return Some(Loss::new("offer", self.best_offer(&name(best)))),
            Heard::All | Heard::Offer(_) => {}
        }
        if by_editor {
            return Some(Loss::new("editor", "the editor wins"));
        }
        Some(match said.map(|resolved| resolved.by) {
            Some(by) if by.is_draft() => Loss::new("draft", "an accepted draft wins"),
            Some(By::Copy(_)) => Loss::new("template", "a template writes it anew"),
            Some(By::Rule(rule)) => Loss::new("rule", format!("the rule {} wins", self.rule_name(rule))),
            None => Loss::new("rule", "a rule takes it away"),
            Some(by) => {
                let winner = by
                    .layer()
                    .and_then(|n| self.layers.get(n))
                    .map_or(0, |layer| layer.source);
                let is_live = |layer: &Spoken| !layer.withdrawn;
                if spoken.withdrawn && by.layer().and_then(|n| self.layers.get(n)).is_some_and(is_live) {
                    let words = format!("withdrawn by its source, while {} still says it", name(winner));
                    return Some(Loss::new("withdrawn", words));
                }
                let family = self.hearing.family().map(|family| schema.family(family));
                let family = family.filter(|family| family.policy(key.attribute).is_some());
                let policy = schema.policy(key.attribute, self.hearing.family());
                let of = family.map_or_else(String::new, |family| format!(" of the family {}", family.code));
                let words = format!("{} wins by the policy `{}`{of}", name(winner), policy_name(policy));
                Loss::new("policy", words)
            }
        })
    }

    fn locked(&self, key: Key, name: &dyn Fn(u16) -> String) -> String {
        let owners = self.trust.owners_of(key.attribute).iter();
        let owners: Vec<String> = owners.map(|(_, owner)| name(*owner)).collect();
        match owners.as_slice() {
            [] => "locked: only people say it".to_owned(),
            owners => format!("locked: only people and its owner ({}) say it", owners.join(", ")),
        }
    }

    fn best_offer(&self, best: &str) -> String {
        match self.trust.offer() {
            Some(offer) => format!(
                "not the best offer: that is {best}'s, by `{}` under `{}`",
                self.settings.schema.attribute(offer.by).code,
                policy_name(offer.policy)
            ),
            None => format!("not the best offer: that is {best}'s"),
        }
    }

    fn rule_name(&self, rule: u16) -> &str {
        let rules = self.settings.enrichment.rules.as_ref();
        rules
            .and_then(|rules| rules.rule(rule))
            .map_or("", |rule| rule.id.as_str())
    }
}

/// A policy as schema files write it.
fn policy_name(policy: Policy) -> String {
    serde_json::to_value(policy)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
