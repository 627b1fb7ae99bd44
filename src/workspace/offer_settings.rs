//! The `[offer]` table of `estante.toml`: whose offer a product has where several suppliers sell it.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::merge::policy::BestOffer;
use crate::schema::Schema;
use crate::schema::policy::{Policy, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Offers (price, stock, lead time…) of several suppliers of one product.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OfferSettings {
    /// Whose offer a product has, as a whole: all attributes of role `offer` then come from one supplier. Default `off`.
    pub best: Best,
    /// The attribute that decides. Default `price`.
    pub by: Option<String>,
}

/// Whose offer a product has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Best {
    /// Offers are not taken as a whole: each attribute goes by its own policy, so that price and stock may come from two suppliers.
    #[default]
    Off,
    /// The offer of the supplier with the best rank.
    Rank,
    /// The offer that changed last.
    Newest,
    /// The offer with the least value of the deciding attribute.
    Lowest,
    /// The same of the suppliers that have the product in stock; of all where none has.
    LowestInStock,
}

impl OfferSettings {
    /// The checked form; none where offers are not taken as a whole. Faults: `E-UNKNOWN-ATTRIBUTE`, `E-NO-OFFER`, `E-POLICY-KIND`.
    pub fn compile(&self, schema: &Schema, declaration: &Declaration) -> Result<Option<BestOffer>, Box<Diagnostic>> {
        let code = self.by.as_deref().unwrap_or("price");
        let key: &[&str] = match self.by {
            Some(_) => &["offer", "by"],
            None => &["offer", "best"],
        };
        let policy = match self.best {
            Best::Off => None,
            Best::Rank => Some(Policy::Rank),
            Best::Newest => Some(Policy::Newest),
            Best::Lowest => Some(Policy::Lowest),
            Best::LowestInStock => Some(Policy::LowestInStock),
        };
        if policy.is_none() && self.by.is_none() {
            return Ok(None);
        }
        let Some(by) = schema.by_code(code) else {
            let message = format!("unknown attribute `{}`", excerpt(code));
            let offers = schema.attributes().filter(|(_, known)| known.role == Role::Offer);
            let help = suggestion(code, offers.map(|(_, known)| &*known.code));
            return Err(declaration
                .fault(key, "E-UNKNOWN-ATTRIBUTE", message)
                .with_help(help)
                .into());
        };
        let attribute = schema.attribute(by);
        if attribute.role != Role::Offer {
            let message = format!("`{code}` is no part of a supplier's offer");
            let help = "name an attribute with `role = \"offer\"`, such as `price` or `cost`";
            return Err(declaration.fault(key, "E-NO-OFFER", message).with_help(help).into());
        }
        let Some(policy) = policy else { return Ok(None) };
        if !policy.is_for(attribute.kind) {
            let message = format!("`{code}` is of kind {}, of which none is the least", attribute.kind);
            let help = format!("name an attribute of kind {}", policy.kinds_text());
            return Err(declaration.fault(key, "E-POLICY-KIND", message).with_help(help).into());
        }
        Ok(Some(BestOffer { by, policy }))
    }
}
