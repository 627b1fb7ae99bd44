//! What identifies a product, read out of one of its layers: GTIN, brand with part number, model.

use crate::catalog::stored::Keys;
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Value;
use crate::value::identifier::fold_mpn;
use crate::value::text::fold;

/// Reads what identifies a product out of a layer.
pub struct Identity {
    gtin: Option<AttributeId>,
    brand: Option<AttributeId>,
    mpn: Option<AttributeId>,
    model: Option<AttributeId>,
}

impl Identity {
    pub fn new(schema: &Schema) -> Identity {
        let known = schema.known();
        Identity {
            gtin: known.gtin,
            brand: known.brand,
            mpn: known.mpn,
            model: known.model,
        }
    }

    /// GTIN, and brand with part number.
    pub fn keys(&self, layer: &Layer) -> Keys {
        let gtin = match find(layer, self.gtin) {
            Some(Value::Gtin(gtin)) => Some(gtin.key()),
            _ => None,
        };
        let mpn = match (find(layer, self.brand), find(layer, self.mpn)) {
            (Some(brand), Some(mpn)) => {
                let (brand, mpn) = (fold(&brand.to_text()), fold_mpn(&mpn.to_text()));
                (!brand.is_empty() && !mpn.is_empty()).then(|| format!("{brand}\t{mpn}"))
            }
            _ => None,
        };
        Keys { gtin, mpn }
    }

    /// Code of the product model.
    pub fn model(&self, layer: &Layer) -> Option<String> {
        find(layer, self.model)
            .map(|value| value.to_text().into_owned())
            .filter(|model| !model.is_empty())
    }
}

/// The first value of an attribute, in any scope.
fn find(layer: &Layer, attribute: Option<AttributeId>) -> Option<&Value> {
    let attribute = attribute?;
    let at = layer.values.partition_point(|(key, _)| key.attribute < attribute);
    layer
        .values
        .get(at)
        .filter(|(key, _)| key.attribute == attribute)
        .map(|(_, value)| value)
}
