//! What one source says of one product, and the body in which the store keeps it.
//!
//! A body is a JSON object: keys are attribute codes with their scope (`name@es`, `price`), values are in the JSON form of
//! `value`. Values that the last delivery did not change, since it said the same or was silent about them, keep their origin under `"^"`:
//! `[[batch, file, line, ["color", …]], …]`. Where that is shorter, the names of a list that begins with `"!"` are those that do not have
//! that origin; what other lists name does not have it either. A layer's own origin covers all other values.

use crate::product::item::{Item, Said};
use crate::product::origin::Origin;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::{Value, ValueSeed, escape_json};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Begins a list of keys that do not have an origin.
const NOT_THESE: &str = "!";
/// The same in a body.
const NOT_THESE_QUOTED: &str = "\"!\"";

/// What one source says of one product. Values are sorted by key, each key once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    pub values: Vec<(Key, Value)>,
    /// Where the values came from that the last delivery did not change, sorted by origin; keys sorted.
    pub older: Vec<(Origin, Vec<Key>)>,
}

/// A body that is not what this program writes.
#[derive(Debug, thiserror::Error)]
#[error("layer body is damaged: {0}")]
pub struct DamagedBody(#[from] serde_json::Error);

impl Layer {
    /// The value under exactly this key.
    pub fn value(&self, key: Key) -> Option<&Value> {
        let at = self.values.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(&self.values[at].1)
    }

    /// The origin of the value under this key, given the layer's own.
    pub fn origin(&self, key: Key, own: Origin) -> Origin {
        self.older
            .iter()
            .find(|(_, keys)| keys.binary_search(&key).is_ok())
            .map_or(own, |(origin, _)| *origin)
    }

    /// The layer a first item makes.
    pub fn first(item: Item) -> Layer {
        let values = item
            .said
            .into_iter()
            .filter_map(|(key, said)| match said {
                Said::Value(value) => Some((key, value)),
                Said::Clear => None,
            })
            .collect();
        Layer {
            values,
            older: Vec::new(),
        }
    }

    /// This layer with an item laid over it: said values replace, cleared ones go, silence keeps what was there. What stays the same
    /// keeps the origin it had (`own` is this layer's).
    pub fn overlaid(&self, item: Item, own: Origin) -> Layer {
        let mut values = Vec::with_capacity(self.values.len().max(item.said.len()));
        let mut kept: Vec<(Origin, Key)> = Vec::new();
        let mut old = self.values.iter().peekable();
        for (key, said) in item.said {
            while let Some((silent, value)) = old.next_if(|(before, _)| *before < key) {
                kept.push((self.origin(*silent, own), *silent));
                values.push((*silent, value.clone()));
            }
            let same = old.next_if(|(same, _)| *same == key);
            if let Said::Value(value) = said {
                if same.is_some_and(|(_, before)| *before == value) {
                    kept.push((self.origin(key, own), key));
                }
                values.push((key, value));
            }
        }
        for (silent, value) in old {
            kept.push((self.origin(*silent, own), *silent));
            values.push((*silent, value.clone()));
        }
        Layer {
            values,
            older: by_origin(kept),
        }
    }

    /// A layer of these values, none of which came with the batch that writes it.
    pub fn of_origins(values: BTreeMap<Key, (Value, Origin)>) -> Layer {
        let older = by_origin(values.iter().map(|(key, (_, origin))| (*origin, *key)).collect());
        let values = values.into_iter().map(|(key, (value, _))| (key, value));
        Layer {
            values: values.collect(),
            older,
        }
    }

    /// Appends the body to `out`.
    pub fn write_body(&self, schema: &Schema, out: &mut String) {
        out.push('{');
        for (n, (key, value)) in self.values.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push('"');
            schema.write_key(*key, out);
            out.push_str("\":");
            value.write_json(out);
        }
        if !self.older.is_empty() {
            if !self.values.is_empty() {
                out.push(',');
            }
            out.push_str("\"^\":[");
            let (widest, others) = self.widest();
            for (n, (origin, keys)) in self.older.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                out.push_str(&format!("[{},{},{},[", origin.batch, origin.file, origin.line));
                let keys = match &others {
                    Some(others) if n == widest => {
                        out.push_str(NOT_THESE_QUOTED);
                        if !others.is_empty() {
                            out.push(',');
                        }
                        others
                    }
                    _ => keys,
                };
                for (n, key) in keys.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    escape_json(&schema.key_text(*key), out);
                }
                out.push_str("]]");
            }
            out.push(']');
        }
        out.push('}');
    }

    /// The place of the origin with most keys, and the keys that have the layer's own, where those are fewer.
    fn widest(&self) -> (usize, Option<Vec<Key>>) {
        let sizes = self.older.iter().map(|(_, keys)| keys.len()).enumerate();
        // The first of equals.
        let (widest, most) = sizes.rev().max_by_key(|(_, keys)| *keys).unwrap_or_default();
        let older: usize = self.older.iter().map(|(_, keys)| keys.len()).sum();
        if self.values.len().saturating_sub(older) >= most {
            return (widest, None);
        }
        let is_own = |key: &Key| !self.older.iter().any(|(_, keys)| keys.binary_search(key).is_ok());
        (
            widest,
            Some(self.values.iter().map(|(key, _)| *key).filter(is_own).collect()),
        )
    }

    /// Reads a body. Attributes that the schema no longer has are passed over, and so are values that no longer read as
    /// their attribute's kind: both return when the schema does, since the body itself stays as it is.
    pub fn read_body(body: &str, schema: &Schema) -> Result<Layer, DamagedBody> {
        let mut deserializer = serde_json::Deserializer::from_str(body);
        let layer = deserializer.deserialize_map(BodyVisitor { schema });
        match layer.and_then(|layer| deserializer.end().map(|()| layer)) {
            Ok(layer) => Ok(layer),
            Err(_) => Layer::read_body_value_by_value(body, schema),
        }
    }

    /// The slow way, for a body with a value that does not read: that value is passed over, the others are kept.
    fn read_body_value_by_value(body: &str, schema: &Schema) -> Result<Layer, DamagedBody> {
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body)?;
        let mut whole = String::from("{");
        for (name, raw) in &members {
            let reads = match Key::parse(schema, name) {
                Ok(key) => {
                    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
                    ValueSeed(schema.attribute(key.attribute).kind)
                        .deserialize(&mut deserializer)
                        .is_ok()
                }
                Err(_) => name == "^",
            };
            if reads {
                if whole.len() > 1 {
                    whole.push(',');
                }
                escape_json(name, &mut whole);
                whole.push(':');
                whole.push_str(raw.get());
            }
        }
        whole.push('}');
        Ok(serde_json::Deserializer::from_str(&whole).deserialize_map(BodyVisitor { schema })?)
    }
}

/// Keys by the origin that they share.
fn by_origin(mut kept: Vec<(Origin, Key)>) -> Vec<(Origin, Vec<Key>)> {
    kept.sort();
    let mut older: Vec<(Origin, Vec<Key>)> = Vec::new();
    for (origin, key) in kept {
        match older.last_mut() {
            Some((last, keys)) if *last == origin => keys.push(key),
            _ => older.push((origin, vec![key])),
        }
    }
    older
}

struct BodyVisitor<'s> {
    schema: &'s Schema,
}

impl<'de> Visitor<'de> for BodyVisitor<'_> {
    type Value = Layer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attribute values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Layer, A::Error> {
        let mut layer = Layer {
            values: Vec::with_capacity(16),
            older: Vec::new(),
        };
        let mut sorted = true;
        // Which origin names those that do not have it.
        let mut all_but: Option<usize> = None;
        while let Some(name) = map.next_key_seed(NameSeed)? {
            if name.0 == "^" {
                let older: Vec<(i64, u32, u64, Vec<String>)> = map.next_value()?;
                for (batch, file, line, names) in older {
                    if names.first().is_some_and(|name| name == NOT_THESE) {
                        all_but = Some(layer.older.len());
                    }
                    let mut keys: Vec<Key> = names
                        .iter()
                        .filter_map(|name| Key::parse(self.schema, name).ok())
                        .collect();
                    keys.sort();
                    layer.older.push((Origin { batch, file, line }, keys));
                }
                continue;
            }
            match Key::parse(self.schema, &name.0).ok() {
                Some(key) => {
                    let kind = self.schema.attribute(key.attribute).kind;
                    let value = map.next_value_seed(ValueSeed(kind))?;
                    sorted &= layer.values.last().is_none_or(|(last, _)| *last < key);
                    layer.values.push((key, value));
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if !sorted {
            layer.values.sort_by_key(|(key, _)| *key);
            layer.values.dedup_by_key(|(key, _)| *key);
        }
        if let Some(at) = all_but {
            let named = |key: &Key| layer.older.iter().any(|(_, keys)| keys.binary_search(key).is_ok());
            let keys = layer
                .values
                .iter()
                .map(|(key, _)| *key)
                .filter(|key| !named(key))
                .collect();
            layer.older[at].1 = keys;
        }
        Ok(layer)
    }
}

/// A name of a body, borrowed where it holds no escape.
struct Name<'de>(std::borrow::Cow<'de, str>);
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
        Ok(Name(text.to_owned().into()))
    }
}
