//! Products out of the store: their layers read, resolved, and given what their model says.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, StoredLayer};
use crate::merge::model::inherit;
use crate::merge::policy::Trust;
use crate::merge::resolve::{Spoken, resolve};
use crate::product::Product;
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::workspace::failure::Failure;

/// The golden record of stored layers.
pub fn resolve_stored(
    id: i64,
    sku: String,
    layers: Vec<StoredLayer>,
    schema: &Schema,
    trust: &Trust,
) -> Result<Product, Failure> {
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
    Ok(resolve(id, sku, spoken, schema, trust))
}

/// One product with what it inherits from its model. A model that is a record of its own (its SKU is the model's code) lends
/// its values to its variants.
pub fn product(reader: &Reader, name: &ProductName, schema: &Schema, trust: &Trust) -> Result<Product, Failure> {
    let mut product = resolve_stored(name.id, name.sku.clone(), reader.layers(name.id)?, schema, trust)?;
    if let Some(model) = product.model.as_deref().filter(|model| *model != product.sku)
        && let Some(parent) = reader.product(model)?
    {
        let parent = resolve_stored(parent.id, parent.sku, reader.layers(parent.id)?, schema, trust)?;
        inherit(&mut product, &parent, schema);
    }
    Ok(product)
}

/// The products of one shelf place: the variants of a model, or a single product. The model's own record is read once.
pub fn group(reader: &Reader, names: &[ProductName], schema: &Schema, trust: &Trust) -> Result<Vec<Product>, Failure> {
    let mut products = Vec::with_capacity(names.len());
    let mut parent: Option<Option<Product>> = None;
    for name in names {
        let mut product = resolve_stored(name.id, name.sku.clone(), reader.layers(name.id)?, schema, trust)?;
        if let Some(model) = product.model.as_deref().filter(|model| *model != product.sku) {
            if parent.is_none() {
                parent = Some(match reader.product(model)? {
                    Some(found) => Some(resolve_stored(
                        found.id,
                        found.sku,
                        reader.layers(found.id)?,
                        schema,
                        trust,
                    )?),
                    None => None,
                });
            }
            if let Some(Some(parent)) = &parent {
                inherit(&mut product, parent, schema);
            }
        }
        products.push(product);
    }
    Ok(products)
}
