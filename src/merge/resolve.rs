//! Which layer wins, value by value: the layers of one product become the golden record.

use crate::merge::claim::{Claim, Spoken, claims};
use crate::merge::hearing::{Heard, Hearing, blank, is_locked, stock};
use crate::merge::policy::{Trust, Verdict, Voice, decide};
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::schema::policy::{Policy, Role};

/// The golden record of one product: a pure function of its layers, the schema and the order of trust.
/// `layers` may come in any order. `By::Layer`, `By::Editor` and `By::Draft` hold the position in `layers`.
///
/// Layers that were withdrawn no longer offer anything (price, stock…); what they said of the product itself still stands
/// where nobody else says it.
pub fn resolve(id: i64, sku: String, layers: Vec<Spoken>, schema: &Schema, trust: &Trust) -> Product {
    resolve_lent(id, sku, layers, None, schema, trust)
}

/// The same of a product whose model lends it a family, where its own sources say none: the family's policies hold for it too.
pub fn resolve_lent(
    id: i64,
    sku: String,
    layers: Vec<Spoken>,
    lent: Option<FamilyId>,
    schema: &Schema,
    trust: &Trust,
) -> Product {
    let active = layers
        .iter()
        .any(|spoken| !spoken.withdrawn && !trust.is_addition(spoken.source));
    let (values, blank) = match layers.len() {
        1 => alone(layers, schema, trust),
        _ => contest(&layers, lent, schema, trust),
    };
    let mut product = Product {
        id,
        sku,
        model: None,
        family: None,
        active,
        values,
        blank,
    };
    product.family = product.told_family(schema);
    product.model = schema
        .known()
        .model
        .and_then(|model| product.any(model))
        .map(|value| value.to_text().into_owned());
    product
}

/// A single layer needs no contest, and its values need no copies.
fn alone(layers: Vec<Spoken>, schema: &Schema, trust: &Trust) -> (Vec<Resolved>, Vec<AttributeId>) {
    let blank = blank(&layers, schema, trust, |attribute| {
        let mut said = layers.iter().flat_map(|spoken| &spoken.layer.values);
        said.any(|(key, _)| key.attribute == attribute)
    });
    let mut resolved = Vec::new();
    for Spoken {
        source,
        origin,
        withdrawn,
        layer,
    } in layers
    {
        let by = by(0, source, trust);
        let origins: Vec<Origin> = match layer.older.is_empty() {
            true => Vec::new(),
            false => layer.values.iter().map(|(key, _)| layer.origin(*key, origin)).collect(),
        };
        resolved.reserve(layer.values.len());
        for (n, (key, value)) in layer.values.into_iter().enumerate() {
            if withdrawn && schema.attribute(key.attribute).role == Role::Offer {
                continue;
            }
            if is_locked(key.attribute, schema) && !Heard::People(key.attribute).admits(source, trust) {
                continue;
            }
            let origin = origins.get(n).copied().unwrap_or(origin);
            resolved.push(Resolved { key, value, by, origin });
        }
    }
    (resolved, blank)
}

/// The layer at a position as the one who gave a value.
fn by(layer: usize, source: u16, trust: &Trust) -> By {
    let layer = layer as u16;
    match source {
        source if trust.is_editor(source) => By::Editor(layer),
        source if trust.is_draft(source) => By::Draft(layer),
        _ => By::Layer(layer),
    }
}

fn contest(
    layers: &[Spoken],
    lent: Option<FamilyId>,
    schema: &Schema,
    trust: &Trust,
) -> (Vec<Resolved>, Vec<AttributeId>) {
    let claims = claims(layers, schema, trust);
    let mut resolved: Vec<Resolved> = Vec::new();
    let mut voices: Vec<Voice<'_>> = Vec::new();
    // Who has stock is only asked where it decides.
    let mut stocked: Vec<bool> = Vec::new();
    let hearing = Hearing::of(&claims, layers, lent, schema, trust, &mut voices);
    for group in claims.chunk_by(|a, b| a.key == b.key) {
        let key = group[0].key;
        let heard = hearing.heard(key.attribute, layers, schema, trust);
        let policy = schema.policy(key.attribute, hearing.family());
        if policy == Policy::LowestInStock && stocked.is_empty() {
            stock(&claims, layers, &hearing, schema, trust, &mut voices, &mut stocked);
        }
        let said = || group.iter().filter(|claim| heard.admits(claim.source, trust));
        let Some(first) = said().next() else { continue };
        // Withdrawn layers only speak where no other does.
        let live = || said().take_while(|claim| claim.withdrawn == first.withdrawn);
        let in_stock = |claim: &Claim<'_>| stocked.get(claim.layer).copied().unwrap_or(false);
        voices.clear();
        voices.extend(live().map(|claim| claim.voice(layers, trust, in_stock(claim))));
        let (winner, value) = match decide(policy, &voices) {
            Verdict::Winner(n) => (n, voices[n].value.clone()),
            Verdict::Together(n, value) => (n, value),
        };
        let claim = live().nth(winner).unwrap_or(first);
        resolved.push(Resolved {
            key,
            value,
            by: by(claim.layer, claim.source, trust),
            origin: voices[winner].origin,
        });
    }
    let has = |attribute| {
        resolved
            .binary_search_by_key(&attribute, |value| value.key.attribute)
            .is_ok()
    };
    let blank = blank(layers, schema, trust, has);
    (resolved, blank)
}
