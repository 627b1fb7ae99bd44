//! Items against layers: what one record would change.

use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::schema::scope::Key;
use crate::value::Value;

/// One value before and after; `None` is no value.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueChange {
    pub key: Key,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The keys whose value an item would change in a layer, in order.
pub fn changed_keys(item: &Item, layer: &Layer) -> Vec<Key> {
    item.said
        .iter()
        .filter(|(key, said)| match said {
            Said::Value(value) => layer.value(*key) != Some(value),
            Said::Clear => layer.value(*key).is_some(),
        })
        .map(|(key, _)| *key)
        .collect()
}

/// All values that differ between two states of a layer, in order of key.
pub fn differences(before: &Layer, after: &Layer) -> Vec<ValueChange> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (before.values.iter().peekable(), after.values.iter().peekable());
    loop {
        let key = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some((key, _)), None) | (None, Some((key, _))) => *key,
            (Some((a, _)), Some((b, _))) => *a.min(b),
        };
        let before = old.next_if(|(same, _)| *same == key).map(|(_, value)| value);
        let after = new.next_if(|(same, _)| *same == key).map(|(_, value)| value);
        if before != after {
            changes.push(ValueChange {
                key,
                before: before.cloned(),
                after: after.cloned(),
            });
        }
    }
}
