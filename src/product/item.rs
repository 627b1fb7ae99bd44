//! One supplier's product after mapping: values the schema knows, each said, cleared, or left in silence.

use crate::schema::scope::Key;
use crate::value::Value;

/// What an item says of one attribute. Silence is the absence of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// The value to hold.
    Value(Value),
    /// The value is to be taken away (`#CLEAR`).
    Clear,
}

/// One supplier's product as one record told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The supplier's own key, without the supplier's prefix.
    pub sku: String,
    /// Line of the record in its file.
    pub line: u64,
    /// Which file of the delivery.
    pub file: u32,
    /// What is said, sorted by key, each key once.
    pub said: Vec<(Key, Said)>,
}

impl Item {
    /// The value said under a key, if one is.
    pub fn value(&self, key: Key) -> Option<&Value> {
        let at = self.said.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        match &self.said[at].1 {
            Said::Value(value) => Some(value),
            Said::Clear => None,
        }
    }
}
