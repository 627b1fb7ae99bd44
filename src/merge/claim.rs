//! What the layers of one product say, put in order: the voices of each key together, the best first.
//!
//! Who of them is heard is left to `hearing`, who wins to `policy`.

use crate::merge::policy::{Trust, Voice};
use crate::product::layer::Layer;
use crate::product::origin::Origin;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::policy::Role;
use crate::schema::scope::Key;
use crate::value::Value;

/// One layer of a product, read.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// Number of the source in the store.
    pub source: u16,
    pub origin: Origin,
    pub withdrawn: bool,
    pub layer: Layer,
}

/// What one layer says under one key.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    pub key: Key,
    pub withdrawn: bool,
    /// Place of its source in the order of trust.
    pub place: u32,
    pub source: u16,
    /// Position in the list of layers.
    pub layer: usize,
    pub value: &'a Value,
}

impl<'a> Claim<'a> {
    /// The claim in a contest.
    pub fn voice(&self, layers: &[Spoken], trust: &Trust, in_stock: bool) -> Voice<'a> {
        let origin = layers
            .get(self.layer)
            .map_or_else(Origin::default, |spoken| spoken.layer.origin(self.key, spoken.origin));
        Voice {
            value: self.value,
            origin,
            place: self.place,
            is_person: trust.is_person(self.source),
            in_stock,
        }
    }
}

/// All claims, sorted by key, then what was withdrawn last, then by trust. Withdrawn layers offer nothing (price, stock…).
pub fn claims<'a>(layers: &'a [Spoken], schema: &Schema, trust: &Trust) -> Vec<Claim<'a>> {
    let mut claims = Vec::with_capacity(layers.iter().map(|spoken| spoken.layer.values.len()).sum());
    for (n, spoken) in layers.iter().enumerate() {
        for (key, value) in &spoken.layer.values {
            if spoken.withdrawn && schema.attribute(key.attribute).role == Role::Offer {
                continue;
            }
            claims.push(Claim {
                key: *key,
                withdrawn: spoken.withdrawn,
                place: trust.place_for(spoken.source, key.attribute),
                source: spoken.source,
                layer: n,
                value,
            });
        }
    }
    claims.sort_by_key(|claim| (claim.key, claim.withdrawn, claim.place, claim.source, claim.layer));
    claims
}

/// The claims of an attribute's first key: the value that holds in every locale and channel, where it has one.
pub fn first_of<'c, 'a>(claims: &'c [Claim<'a>], attribute: AttributeId) -> &'c [Claim<'a>] {
    let from = claims.partition_point(|claim| claim.key.attribute < attribute);
    let rest = claims.get(from..).unwrap_or_default();
    match rest.first() {
        Some(first) if first.key.attribute == attribute => rest
            .get(..rest.partition_point(|claim| claim.key == first.key))
            .unwrap_or_default(),
        _ => &[],
    }
}
