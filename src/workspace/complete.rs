//! How complete one product is, as a person sees it. What is required of it stands in its family.

use crate::product::{Product, completeness};
use crate::schema::Schema;

/// How complete a product is for one channel and locale.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownCompleteness {
    pub channel: Option<String>,
    pub locale: String,
    /// Whole percent.
    pub percent: u8,
    pub missing: Vec<String>,
}

/// For each channel, and for none, in each locale.
pub fn complete(schema: &Schema, product: &Product) -> Vec<ShownCompleteness> {
    let mut shown = Vec::new();
    for channel in 0..=schema.channels().len() as u8 {
        for locale in 1..=schema.locales().len() as u8 {
            let Some(completeness) = completeness::of(product, schema, locale, channel) else {
                continue;
            };
            shown.push(ShownCompleteness {
                channel: schema.channel_code(channel).map(str::to_owned),
                locale: schema.locale_code(locale).unwrap_or_default().to_owned(),
                percent: completeness.percent(),
                missing: completeness
                    .missing
                    .iter()
                    .map(|id| schema.attribute(*id).code.to_string())
                    .collect(),
            });
        }
    }
    shown
}
