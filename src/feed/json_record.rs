//! Takes the wanted values out of one JSON record: by path, typed as JSON types them, numbers as they are written.
//!
//! Paths are keys joined by dots (`price.amount`); lists on the way are walked through, so that `variants.sku` is the list
//! of all of them. `attributes[name=Color].value` only goes through the members that say so, `images[1].src` through the first.
//! A key that holds dots or brackets itself is found as well.

use crate::feed::decimal;
use crate::feed::json_conditions::{Condition, Paths};
use crate::feed::source::text_of;
use crate::feed::text::{has_control, is_control};
use crate::product::record::{Cell, Records};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Why a record is refused; the grammar of the file may still be sound.
#[derive(Debug, PartialEq)]
pub enum RecordFault {
    /// The bytes are no JSON.
    Syntax(String),
    NotObject,
    /// Too many brackets inside each other.
    Deep,
    Encoding,
    DuplicateKey(String),
    /// A text that no text can be, such as half a surrogate pair.
    Text(String),
    Control(char),
}

/// The paths of the wanted fields, and room for the values of one record.
pub struct Picker {
    paths: Arc<Paths>,
    values: Vec<(u32, Kind, u32, u32)>,
    texts: String,
    /// Which fields had a value in any record.
    pub seen: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    True,
    False,
    Error,
}

impl Picker {
    pub fn new(paths: Arc<Paths>) -> Picker {
        Picker {
            seen: vec![false; paths.len()],
            paths,
            values: Vec::new(),
            texts: String::new(),
        }
    }

    /// Finds the values of a record.
    pub fn pick(&mut self, record: &[u8]) -> Result<(), RecordFault> {
        self.values.clear();
        self.texts.clear();
        let Ok(text) = std::str::from_utf8(record) else {
            return Err(RecordFault::Encoding);
        };
        let text = text.trim_ascii();
        if !text.starts_with('{') {
            let value: Result<IgnoredAny, _> = serde_json::from_str(text);
            return Err(value.map_or_else(
                |error| RecordFault::Syntax(error.to_string()),
                |_| RecordFault::NotObject,
            ));
        }
        let paths = self.paths.clone();
        let active: Vec<(u32, &str)> = (0..).zip(paths.texts()).collect();
        let result = self.object(text, &active);
        if result.is_ok() {
            self.values.sort_by_key(|value| value.0);
        }
        result
    }

    /// Adds the values found to the record begun last, one cell a field.
    pub fn push(&mut self, batch: &mut Records) {
        let mut at = 0;
        let mut cells: Vec<Cell<'_>> = Vec::new();
        for (field, seen) in self.seen.iter_mut().enumerate() {
            cells.clear();
            while let Some(value) = self.values.get(at).filter(|value| value.0 as usize == field) {
                cells.push(cell(value, &self.texts));
                at += 1;
            }
            *seen |= !cells.is_empty();
            batch.push_list(&cells);
        }
    }

    /// Adds the values found of one field, as one cell.
    pub fn push_field(&mut self, field: usize, batch: &mut Records) {
        let cells: Vec<Cell<'_>> = self.cells(field).collect();
        let is_found = !cells.is_empty();
        batch.push_list(&cells);
        if let Some(seen) = self.seen.get_mut(field) {
            *seen |= is_found;
        }
    }

    /// The values found of one field.
    pub fn cells(&self, field: usize) -> impl Iterator<Item = Cell<'_>> {
        let start = self.values.partition_point(|value| (value.0 as usize) < field);
        let values = self.values.get(start..).unwrap_or_default().iter();
        let of_field = values.take_while(move |value| value.0 as usize == field);
        of_field.map(|value| cell(value, &self.texts))
    }

    /// How many values were found, and the bytes of their texts.
    pub fn size(&self) -> (usize, usize) {
        (self.values.len(), self.texts.len())
    }

    fn object(&mut self, text: &str, active: &[(u32, &str)]) -> Result<(), RecordFault> {
        let mut fault = None;
        let seed = Members {
            picker: self,
            active,
            fault: &mut fault,
        };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let result = seed.deserialize(&mut deserializer).and_then(|()| deserializer.end());
        match (fault, result) {
            (Some(fault), _) => Err(fault),
            (None, Ok(())) => Ok(()),
            (None, Err(error)) => Err(match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => RecordFault::Text(error.to_string()),
                Err(error) => RecordFault::Syntax(error.to_string()),
            }),
        }
    }

    /// One value under the fields that ask for it: `""` asks for the value itself, anything else for what is inside.
    fn value(&mut self, raw: &RawValue, active: &[(u32, &str)]) -> Result<(), RecordFault> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'{') => {
                for (field, _) in active.iter().filter(|(_, rest)| rest.is_empty()) {
                    self.keep(*field, Kind::Text, text);
                }
                let asks = |rest: &str| rest.starts_with('[');
                let plain = active.iter().filter(|(_, rest)| !rest.is_empty() && !asks(rest));
                let mut inside: Vec<(u32, &str)> = plain.copied().collect();
                if active.iter().any(|(_, rest)| asks(rest)) {
                    for (field, rest) in holding(&self.paths.clone(), text, active)? {
                        match rest.is_empty() {
                            true => self.keep(field, Kind::Text, text),
                            false => inside.push((field, rest)),
                        }
                    }
                }
                if inside.is_empty() {
                    Ok(())
                } else {
                    self.object(text, &inside)
                }
            }
            Some(b'[') => {
                let members: Vec<&RawValue> =
                    serde_json::from_str(text).map_err(|error| RecordFault::Syntax(error.to_string()))?;
                if !active.iter().any(|(_, rest)| rest.starts_with('[')) {
                    return members.into_iter().try_for_each(|member| self.value(member, active));
                }
                let paths = self.paths.clone();
                for (n, member) in members.into_iter().enumerate() {
                    let of_member: Vec<(u32, &str)> = (active.iter())
                        .filter_map(|(field, rest)| Some((*field, paths.of_member(*field, rest, n)?)))
                        .collect();
                    self.value(member, &of_member)?;
                }
                Ok(())
            }
            first => {
                let leaves = active.iter().filter(|(_, rest)| rest.is_empty());
                match first {
                    Some(b'"') => {
                        let owned = read_text(text)?;
                        for (field, _) in leaves {
                            self.keep(*field, Kind::Text, &owned);
                        }
                    }
                    Some(b't') => leaves.for_each(|(field, _)| self.keep(*field, Kind::True, "")),
                    Some(b'f') => leaves.for_each(|(field, _)| self.keep(*field, Kind::False, "")),
                    Some(b'n') | None => {}
                    Some(_) => {
                        for (field, _) in leaves {
                            match decimal::plain(text) {
                                Some(plain) => self.keep(*field, Kind::Number, &plain),
                                None => self.keep(*field, Kind::Error, text),
                            }
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn keep(&mut self, field: u32, kind: Kind, text: &str) {
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        self.values.push((field, kind, start, self.texts.len() as u32));
    }
}

/// A value found, as a cell of it.
fn cell<'t>((_, kind, start, end): &(u32, Kind, u32, u32), texts: &'t str) -> Cell<'t> {
    let text = texts.get(*start as usize..*end as usize).unwrap_or("");
    match kind {
        Kind::Text => Cell::Text(text),
        Kind::Number => Cell::Number(text),
        Kind::True => Cell::Boolean(true),
        Kind::False => Cell::Boolean(false),
        Kind::Error => Cell::Error(text),
    }
}

/// The rests of the paths whose conditions an object fulfils; paths without a condition are left out.
fn holding<'p>(paths: &Paths, object: &str, active: &[(u32, &'p str)]) -> Result<Vec<(u32, &'p str)>, RecordFault> {
    let mut open: Vec<(u32, usize, &str, &'p str)> = Vec::new();
    let mut held = Vec::new();
    for (field, rest) in active {
        match paths.condition(*field, rest) {
            Some((Condition::Equals(place, expected), rest)) => open.push((*field, *place, expected, rest)),
            // An object that stands alone is the first.
            Some((Condition::Number(1), rest)) => held.push((*field, rest)),
            Some((Condition::Number(_), _)) | None => {}
        }
    }
    if let Some(inside) = paths.inside().filter(|_| !open.is_empty()) {
        let mut picker = Picker::new(inside.clone());
        picker.pick(object.as_bytes())?;
        let is_said = |place: usize, expected: &str| picker.cells(place).any(|cell| text_of(cell) == expected);
        let fulfilled = (open.into_iter()).filter(|(_, place, expected, _)| is_said(*place, expected));
        held.extend(fulfilled.map(|(field, _, _, rest)| (field, rest)));
    }
    // One condition may follow another.
    let (again, mut done): (Vec<_>, Vec<_>) = held.into_iter().partition(|(_, rest)| rest.starts_with('['));
    if !again.is_empty() {
        done.extend(holding(paths, object, &again)?);
    }
    Ok(done)
}

/// A JSON string as text, refused where it holds what no cell may.
fn read_text(raw: &str) -> Result<Cow<'_, str>, RecordFault> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or("");
    let text = if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        Cow::Borrowed(inner)
    } else {
        Cow::Owned(serde_json::from_str::<String>(raw).map_err(|error| RecordFault::Text(error.to_string()))?)
    };
    if has_control(text.as_bytes()) {
        let control = text.bytes().find(|byte| is_control(*byte)).unwrap_or(0);
        return Err(RecordFault::Control(control as char));
    }
    Ok(text)
}

struct Members<'a, 'p> {
    picker: &'a mut Picker,
    active: &'a [(u32, &'p str)],
    fault: &'a mut Option<RecordFault>,
}

impl<'de> DeserializeSeed<'de> for Members<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = Keys::default();
        let mut inside: Vec<(u32, &str)> = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            inside.clear();
            for (field, path) in self.active {
                // Most keys differ from most paths in the first byte.
                if path.as_bytes().first() != key.as_bytes().first() {
                    continue;
                }
                if let Some(rest) = path.strip_prefix(&*key) {
                    if rest.is_empty() {
                        inside.push((*field, ""));
                    } else if let Some(rest) = rest.strip_prefix('.').filter(|rest| !rest.is_empty()) {
                        inside.push((*field, rest));
                    } else if rest.starts_with('[') {
                        inside.push((*field, rest));
                    }
                }
            }
            if inside.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                let raw: &RawValue = map.next_value()?;
                if self.fault.is_none() {
                    *self.fault = self.picker.value(raw, &inside).err();
                }
            }
            if let Some(key) = keys.add(key) {
                self.fault.get_or_insert(RecordFault::DuplicateKey(key));
            }
        }
        Ok(())
    }
}

/// The keys of an object so far: few are compared one by one, many are looked up.
#[derive(Default)]
struct Keys<'de> {
    few: Vec<Cow<'de, str>>,
    many: BTreeSet<Cow<'de, str>>,
}

impl<'de> Keys<'de> {
    /// Adds a key, or gives it back where it is there already.
    fn add(&mut self, key: Cow<'de, str>) -> Option<String> {
        if self.many.contains(&key) || self.few.contains(&key) {
            return Some(key.into_owned());
        }
        if self.few.len() < 48 {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
        None
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_string()))
    }
}
