//! Completeness: which required attributes of its family a product has, for one channel and locale.

use crate::product::Product;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;

/// How complete a product is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Number of attributes its family requires.
    pub required: usize,
    /// The required ones that have no value, in order of code.
    pub missing: Vec<AttributeId>,
}

impl Completeness {
    /// Whole percent, rounded down, so that 100 means complete. A family that requires nothing is complete.
    pub fn percent(&self) -> u8 {
        match self.required {
            0 => 100,
            required => ((required - self.missing.len()) * 100 / required) as u8,
        }
    }
}

/// The completeness of a product for a channel and locale (numbers as in `Key`, 0 for none).
/// A product without a family has nothing to be measured by: `None`.
pub fn of(product: &Product, schema: &Schema, locale: u8, channel: u8) -> Option<Completeness> {
    let required = schema.required(product.family?, channel);
    let missing = required
        .iter()
        .copied()
        .filter(|attribute| {
            product
                .value(*attribute, locale, channel)
                .is_none_or(|value| value.is_empty())
        })
        .collect();
    Some(Completeness {
        required: required.len(),
        missing,
    })
}
