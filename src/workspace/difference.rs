//! What a plan would change, as it is shown.

use crate::plan::diff::ValueChange;
use crate::schema::Schema;
use crate::value::Value;
use crate::workspace::losing::Loss;

/// One value before and after.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownDifference {
    /// The attribute with its scope, as people write it: `name@es`.
    #[serde(skip)]
    pub key: String,
    pub attribute: String,
    pub locale: Option<String>,
    pub channel: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Whether the product itself would say so; absent where nothing is known of it (it is to be made, or a value goes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wins: Option<bool>,
    /// Why the product would say something else.
    #[serde(flatten)]
    pub loss: Option<Loss>,
}

impl ShownDifference {
    /// A difference in words.
    pub fn of(change: ValueChange, schema: &Schema) -> ShownDifference {
        let text = |value: Option<Value>| value.map(|value| value.to_text().into_owned());
        ShownDifference {
            key: schema.key_text(change.key),
            attribute: schema.attribute(change.key.attribute).code.to_string(),
            locale: schema.locale_code(change.key.locale).map(str::to_owned),
            channel: schema.channel_code(change.key.channel).map(str::to_owned),
            before: text(change.before),
            after: text(change.after),
            wins: None,
            loss: None,
        }
    }
}

/// One entry of a plan as it is shown.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownEntry {
    pub sku: String,
    /// `new`, `changed`, `missing`, `held` or `rejected`.
    pub kind: String,
    pub values: Vec<ShownDifference>,
    /// Why it is held or rejected, or which product a new item joins.
    pub reason: Option<String>,
}
