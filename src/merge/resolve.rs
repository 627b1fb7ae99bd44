//! Which layer wins, value by value: the layers of one product become the golden record.

use crate::merge::policy::{Trust, Verdict, Voice, decide};
use crate::product::layer::Layer;
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::policy::Role;
use crate::value::Value;
use rust_decimal::Decimal;

/// One layer of a product, read.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// Number of the source in the store.
    pub source: u16,
    pub origin: Origin,
    pub withdrawn: bool,
    pub layer: Layer,
}

/// The golden record of one product: a pure function of its layers, the schema and the order of trust.
/// `layers` may come in any order. `By::Layer`, `By::Editor` and `By::Draft` hold the position in `layers`.
///
/// Layers that were withdrawn no longer offer anything (price, stock…); what they said of the product itself still stands
/// where nobody else says it.
pub fn resolve(id: i64, sku: String, layers: Vec<Spoken>, schema: &Schema, trust: &Trust) -> Product {
    let active = layers
        .iter()
        .any(|spoken| !spoken.withdrawn && !trust.is_addition(spoken.source));
    let values = match layers.len() {
        1 => alone(layers, schema, trust),
        _ => contest(&layers, schema, trust),
    };
    let mut product = Product {
        id,
        sku,
        model: None,
        family: None,
        active,
        values,
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
fn alone(layers: Vec<Spoken>, schema: &Schema, trust: &Trust) -> Vec<Resolved> {
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
            let origin = origins.get(n).copied().unwrap_or(origin);
            resolved.push(Resolved { key, value, by, origin });
        }
    }
    resolved
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

fn contest(layers: &[Spoken], schema: &Schema, trust: &Trust) -> Vec<Resolved> {
    // (key, withdrawn, place, layer, value): sorting it brings the voices of each key together, the best first.
    let mut claims = Vec::with_capacity(layers.iter().map(|spoken| spoken.layer.values.len()).sum());
    for (n, spoken) in layers.iter().enumerate() {
        let place = trust.place(spoken.source);
        for (key, value) in &spoken.layer.values {
            if spoken.withdrawn && schema.attribute(key.attribute).role == Role::Offer {
                continue;
            }
            claims.push((*key, spoken.withdrawn, place, n, value));
        }
    }
    claims.sort_by_key(|(key, withdrawn, place, n, _)| (*key, *withdrawn, *place, *n));
    let stocked: Vec<bool> = layers
        .iter()
        .map(|spoken| !spoken.withdrawn && in_stock(&spoken.layer, schema))
        .collect();
    let mut resolved: Vec<Resolved> = Vec::new();
    let mut voices: Vec<Voice<'_>> = Vec::new();
    for group in claims.chunk_by(|a, b| a.0 == b.0) {
        let key = group[0].0;
        // Withdrawn layers only speak where no other does.
        let live = group.iter().take_while(|claim| claim.1 == group[0].1);
        voices.clear();
        voices.extend(live.map(|(key, _, place, n, value)| Voice {
            value,
            origin: layers[*n].layer.origin(*key, layers[*n].origin),
            place: *place,
            editor: trust.is_editor(layers[*n].source),
            in_stock: stocked[*n],
        }));
        let (winner, value) = match decide(schema.attribute(key.attribute).policy, &voices) {
            Verdict::Winner(n) => (n, voices[n].value.clone()),
            Verdict::Together(n, value) => (n, value),
        };
        resolved.push(Resolved {
            key,
            value,
            by: by(group[winner].3, layers[group[winner].3].source, trust),
            origin: voices[winner].origin,
        });
    }
    resolved
}

/// True where the layer itself says that there is stock.
fn in_stock(layer: &Layer, schema: &Schema) -> bool {
    let Some(stock) = schema.known().stock else {
        return false;
    };
    let at = layer.values.partition_point(|(key, _)| key.attribute < stock);
    match layer.values.get(at) {
        Some((key, Value::Integer(amount))) if key.attribute == stock => *amount > 0,
        Some((key, Value::Decimal(amount))) if key.attribute == stock => *amount > Decimal::ZERO,
        _ => false,
    }
}
