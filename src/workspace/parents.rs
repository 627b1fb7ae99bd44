//! Whose the record is that a model's code leads to: the SKU of a product is the code of a model where the same supplier sells both.
//! Where only others sell it, the code means something else to them, and would take their product off sale.

use crate::catalog::Reader;
use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::mapping::Mapping;
use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::Value;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::supplier_settings::Supplier;
use std::collections::HashMap;

/// Codes that are remembered at a time.
const MOST_KNOWN: usize = 50_000;

/// The sources that count together with a supplier, by number.
pub type House = Vec<u16>;

/// The house of a supplier, which the store may not know yet.
pub fn house(workspace: &Workspace, supplier: &Supplier) -> Result<House, Failure> {
    let (trust, own, names) = workspace.trust_beside(&Source::Supplier(supplier.id.clone()))?;
    let house = trust.house(own);
    let all = 0..u16::try_from(names.len()).unwrap_or(u16::MAX);
    Ok(all.filter(|source| trust.house(*source) == house).collect())
}

/// Looks after the models of one delivery.
pub struct Parents<'a> {
    house: &'a [u16],
    /// Whether a code leads to what only others sell.
    known: HashMap<String, bool>,
}

impl Parents<'_> {
    pub fn new(house: &[u16]) -> Parents<'_> {
        Parents {
            house,
            known: HashMap::new(),
        }
    }

    /// Takes the model off an item where it leads to a product that only others sell, unless its layer said so `before`; the finding has no
    /// file yet.
    pub fn refuse(
        &mut self,
        item: &mut Item,
        before: Option<&Layer>,
        reader: &Reader,
        mapping: &Mapping,
        schema: &Schema,
    ) -> Result<Option<Diagnostic>, Failure> {
        let Some(attribute) = schema.known().model else {
            return Ok(None);
        };
        let key = Key::of(attribute);
        let Ok(at) = item.said.binary_search_by_key(&key, |(key, _)| *key) else {
            return Ok(None);
        };
        let (_, Said::Value(value)) = &item.said[at] else {
            return Ok(None);
        };
        let Value::Identifier(code) = value else {
            return Ok(None);
        };
        if before.and_then(|layer| layer.value(key)) == Some(value) || !self.is_foreign(reader, code)? {
            return Ok(None);
        }
        let column = mapping.columns().get(&*schema.attribute(attribute).code);
        let told = format!(
            "the model `{}` is the SKU of a product that only other suppliers sell",
            excerpt(code)
        );
        let place = Place {
            line: Some(item.line),
            column: column.map(|(column, _)| column.as_str().into()),
            ..Place::default()
        };
        let finding = Diagnostic::error("E-MODEL-FOREIGN", told)
            .at(place)
            .of(&item.sku)
            .with_value(code)
            .with_help("the item passes without it: give the supplier a `sku_prefix`, which its models share, or say the model by hand (`estante product move`)");
        item.said.remove(at);
        Ok(Some(finding))
    }

    fn is_foreign(&mut self, reader: &Reader, code: &str) -> Result<bool, Failure> {
        if let Some(known) = self.known.get(code) {
            return Ok(*known);
        }
        let is_foreign = match reader.product(code)? {
            None => false,
            Some(found) => {
                let layers = reader.layers(found.id)?;
                !layers.is_empty() && !layers.iter().any(|layer| self.house.contains(&layer.source.0))
            }
        };
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(code.to_owned(), is_foreign);
        Ok(is_foreign)
    }
}
