//! Products out of the store: their layers read, resolved, given what their model says, and enriched. How the shelf is
//! walked, and what is sold of it, stands here too, so that whoever looks at all products looks at the same ones.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, StoredLayer};
use crate::enrich::Enrichment;
use crate::enrich::specs::Doubts;
use crate::merge::claim::Spoken;
use crate::merge::model::inherit;
use crate::merge::policy::Trust;
use crate::merge::resolve::{resolve, resolve_lent};
use crate::product::Product;
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::schema::family::FamilyId;
use crate::workspace::failure::Failure;
use crate::workspace::settings::Settings;
use std::borrow::Cow;
use xxhash_rust::xxh3::Xxh3;

/// The golden record of stored layers.
pub fn resolve_stored(
    id: i64,
    sku: String,
    layers: Vec<StoredLayer>,
    schema: &Schema,
    trust: &Trust,
) -> Result<Product, Failure> {
    Ok(resolve(id, sku, spoken(layers, schema)?, schema, trust))
}

/// Stored layers, read.
fn spoken(layers: Vec<StoredLayer>, schema: &Schema) -> Result<Vec<Spoken>, Failure> {
    let mut spoken = Vec::with_capacity(layers.len());
    for stored in layers {
        let layer = Layer::read_body(&stored.body, schema)
            .map_err(|error| Failure::damaged(&stored.sku, &error.to_string()))?;
        spoken.push(Spoken {
            source: stored.source.0,
            origin: stored.origin,
            withdrawn: stored.withdrawn,
            layer,
        });
    }
    Ok(spoken)
}

/// Cuts the shelf into parts of about `size` products, never between those of one place.
pub fn chunks(names: &[ProductName], size: usize) -> Vec<&[ProductName]> {
    let mut chunks = Vec::with_capacity(names.len() / size.max(1) + 1);
    let mut rest = names;
    while !rest.is_empty() {
        let mut end = size.clamp(1, rest.len());
        while end < rest.len() && rest[end].place() == rest[end - 1].place() {
            end += 1;
        }
        let (chunk, behind) = rest.split_at(end);
        chunks.push(chunk);
        rest = behind;
    }
    chunks
}

/// The places of the shelf: the variants of a model with its own record, or a single product.
pub fn places(names: &[ProductName]) -> impl Iterator<Item = &[ProductName]> {
    names.chunk_by(|a, b| a.place() == b.place())
}

/// What is sold of one place: a model's own record lends its values to its variants and is not sold beside them.
pub fn sold(siblings: &[ProductName]) -> Cow<'_, [ProductName]> {
    if siblings.len() > 1 && siblings.iter().any(|name| name.model.is_none()) {
        let variants = siblings.iter().filter(|name| name.model.is_some());
        return Cow::Owned(variants.cloned().collect());
    }
    Cow::Borrowed(siblings)
}

/// A hash of all that decides what products say beside the catalog: the schema, what is derived, the order of trust, and this
/// program.
pub fn fingerprint(settings: &Settings) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(&settings.schema.fingerprint().to_le_bytes());
    hash.update(&settings.enrichment.fingerprint().to_le_bytes());
    for supplier in &settings.suppliers {
        hash.update(supplier.id.as_bytes());
        hash.update(&supplier.rank.to_le_bytes());
        hash.update(&[0, u8::from(supplier.adds_to.is_some())]);
        hash.update(supplier.adds_to.as_deref().unwrap_or_default().as_bytes());
        hash.update(&[1, supplier.owns.len() as u8]);
        for owned in &supplier.owns {
            hash.update(&owned.0.to_le_bytes());
        }
        hash.update(&[2, supplier.ranks.len() as u8]);
        for (attribute, rank) in &supplier.ranks {
            hash.update(&attribute.0.to_le_bytes());
            hash.update(&rank.to_le_bytes());
        }
    }
    if let Some(offer) = &settings.offer {
        hash.update(&offer.by.0.to_le_bytes());
        hash.update(&[1, offer.policy as u8]);
    }
    hash.digest()
}

/// How products are made of what the store holds.
#[derive(Clone, Copy)]
pub struct Shelf<'a> {
    schema: &'a Schema,
    trust: &'a Trust,
    enrichment: &'a Enrichment,
}

impl<'a> Shelf<'a> {
    /// The workspace's way.
    pub fn new(settings: &'a Settings, trust: &'a Trust) -> Shelf<'a> {
        Shelf {
            schema: &settings.schema,
            trust,
            enrichment: &settings.enrichment,
        }
    }

    /// One product with what it inherits from its model and what its siblings and its texts tell of it. A model that is a
    /// record of its own (its SKU is the model's code) lends its values to its variants.
    pub fn product(&self, reader: &Reader, name: &ProductName) -> Result<Product, Failure> {
        let siblings = self.siblings(reader, name)?;
        let products = self.group(reader, &siblings)?;
        let own = products.into_iter().find(|product| product.id == name.id);
        own.ok_or_else(|| Failure::damaged(&name.sku, "it is not among the variants of its model"))
    }

    /// The same if its layers were these, by source number.
    pub fn product_saying(
        &self,
        reader: &Reader,
        name: &ProductName,
        layers: &[StoredLayer],
    ) -> Result<Product, Failure> {
        let siblings = self.siblings(reader, name)?;
        let mut stored = |id: i64| match id == name.id {
            true => Ok(layers.to_vec()),
            false => Ok(reader.layers(id)?),
        };
        let mut products = self.said_by(reader, &siblings, &mut stored, &mut |_| {})?;
        self.enrichment.derive(&mut products, self.schema);
        let own = products.into_iter().find(|product| product.id == name.id);
        own.ok_or_else(|| Failure::damaged(&name.sku, "it is not among the variants of its model"))
    }

    /// The products of one shelf place: the variants of a model, or a single product. The model's own record is read once.
    pub fn group(&self, reader: &Reader, names: &[ProductName]) -> Result<Vec<Product>, Failure> {
        let mut products = self.said(reader, names)?;
        self.enrichment.derive(&mut products, self.schema);
        Ok(products)
    }

    /// The same with what their texts say and is no value of them, while `see` looks at the stored layers of each, in order.
    pub fn group_seen(
        &self,
        reader: &Reader,
        names: &[ProductName],
        see: &mut dyn FnMut(&[StoredLayer]),
    ) -> Result<(Vec<Product>, Vec<Doubts>), Failure> {
        let mut products = self.said_seen(reader, names, see)?;
        let doubts = self.enrichment.derive_doubted(&mut products, self.schema);
        Ok((products, doubts))
    }

    /// The same without what the steps derive.
    pub fn said(&self, reader: &Reader, names: &[ProductName]) -> Result<Vec<Product>, Failure> {
        self.said_seen(reader, names, &mut |_| {})
    }

    /// The same, while `see` looks at the stored layers of each, in order.
    pub fn said_seen(
        &self,
        reader: &Reader,
        names: &[ProductName],
        see: &mut dyn FnMut(&[StoredLayer]),
    ) -> Result<Vec<Product>, Failure> {
        self.said_by(reader, names, &mut |id| Ok(reader.layers(id)?), see)
    }

    /// The same by the layers that `stored` has of each product.
    fn said_by(
        &self,
        reader: &Reader,
        names: &[ProductName],
        stored: &mut dyn FnMut(i64) -> Result<Vec<StoredLayer>, Failure>,
        see: &mut dyn FnMut(&[StoredLayer]),
    ) -> Result<Vec<Product>, Failure> {
        let mut products = Vec::with_capacity(names.len());
        let mut parent: Option<Option<Product>> = None;
        for name in names {
            let layers = stored(name.id)?;
            see(&layers);
            let mut product = self.made(name, layers)?;
            if let Some(model) = product.model.as_deref().filter(|model| *model != product.sku) {
                if parent.is_none() {
                    parent = Some(match reader.product(model)? {
                        Some(found) => Some(self.resolved(reader, &found)?),
                        None => None,
                    });
                }
                if let Some(Some(parent)) = &parent {
                    if self.is_lent_policies(&product, parent) {
                        let layers = spoken(stored(name.id)?, self.schema)?;
                        let (schema, trust) = (self.schema, self.trust);
                        product = resolve_lent(name.id, name.sku.clone(), layers, parent.family, schema, trust);
                    }
                    inherit(&mut product, parent, self.schema);
                }
            }
            products.push(product);
        }
        Ok(products)
    }

    /// True where the model lends a family that has policies of its own.
    fn is_lent_policies(&self, product: &Product, parent: &Product) -> bool {
        let of_parent = || parent.family.map(|family| self.schema.family(family));
        self.schema.has_family_policies()
            && product.family.is_none()
            && of_parent().is_some_and(|family| !family.policies.is_empty())
    }

    /// The family that a product's model lends it; none where the product has one of its own, or no model.
    pub fn lent_family(&self, reader: &Reader, name: &ProductName) -> Result<Option<FamilyId>, Failure> {
        let Some(model) = name.model.as_deref().filter(|model| *model != name.sku) else {
            return Ok(None);
        };
        match reader.product(model)? {
            Some(found) => Ok(self.resolved(reader, &found)?.family),
            None => Ok(None),
        }
    }

    /// The names of the products that tell something of one: its siblings where steps compare them.
    pub fn siblings(&self, reader: &Reader, name: &ProductName) -> Result<Vec<ProductName>, Failure> {
        match &name.model {
            Some(model) if self.enrichment.compares_siblings() => Ok(reader.variants(model)?),
            _ => Ok(vec![name.clone()]),
        }
    }

    fn resolved(&self, reader: &Reader, name: &ProductName) -> Result<Product, Failure> {
        self.made(name, reader.layers(name.id)?)
    }

    fn made(&self, name: &ProductName, layers: Vec<StoredLayer>) -> Result<Product, Failure> {
        resolve_stored(name.id, name.sku.clone(), layers, self.schema, self.trust)
    }
}
