//! Items in a list inside of each JSON record: a category with its products, a product with its variants.
//!
//! `items` under [file] names the list. Paths are then those inside of a member; `^.title` is the path `title` of the record
//! around it.

use crate::feed::items::{around, fits};
use crate::feed::json_conditions::Paths;
use crate::feed::json_record::{Picker, RecordFault};
use crate::product::record::Records;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the items of a record are read.
pub struct Items {
    keys: Vec<String>,
    inner: Picker,
    /// Of each field, whether the record around says it, and its place there or in the item.
    places: Vec<(bool, usize)>,
    /// Records without an item.
    pub without: u64,
}

/// What came of the items of a record.
pub enum Taken {
    All,
    /// More of them, or of what they say, than are taken.
    TooMany,
}

impl Items {
    /// The items at a path, and what the record around them is asked for. `add` reads a path.
    pub fn new(path: &str, wanted: &[String], add: &dyn Fn(&mut Paths, &str)) -> (Items, Paths) {
        let (mut inside, mut outside) = (Paths::default(), Paths::default());
        let mut places = Vec::with_capacity(wanted.len());
        for field in wanted {
            match around(field) {
                Some(path) => {
                    places.push((true, outside.len()));
                    add(&mut outside, path);
                }
                None => {
                    places.push((false, inside.len()));
                    add(&mut inside, field);
                }
            }
        }
        let keys = path.split('.').filter(|key| !key.is_empty()).map(str::to_string);
        let items = Items {
            keys: keys.collect(),
            inner: Picker::new(Arc::new(inside)),
            places,
            without: 0,
        };
        (items, outside)
    }

    /// Which fields had a value in any record; `outer` is what was picked of the records themselves.
    pub fn seen(&self, outer: &Picker) -> Vec<bool> {
        let seen = |(is_outer, place): &(bool, usize)| match is_outer {
            true => outer.seen.get(*place),
            false => self.inner.seen.get(*place),
        };
        self.places
            .iter()
            .map(|place| seen(place).copied().unwrap_or(false))
            .collect()
    }

    /// Adds the items of a record; `refuse` says why one of them is refused. The error refuses the record as a whole.
    pub fn push(
        &mut self,
        line: u64,
        raw: &[u8],
        outer: &mut Picker,
        batch: &mut Records,
        refuse: &dyn Fn(RecordFault) -> crate::diagnostic::Diagnostic,
    ) -> Result<(Taken, u64), RecordFault> {
        let text = std::str::from_utf8(raw).map_err(|_| RecordFault::Encoding)?;
        let mut members = Vec::new();
        collect(text.trim_ascii(), &self.keys, &mut members)?;
        let (cells, bytes) = outer.size();
        if !fits(members.len(), cells, bytes) {
            return Ok((Taken::TooMany, 0));
        }
        self.without += u64::from(members.is_empty());
        // What the record around says is held once, by the first item that is not refused.
        let mut lender: Option<usize> = None;
        for (n, member) in members.iter().enumerate() {
            match n {
                0 => batch.begin(line, raw),
                _ => batch.begin_same(line),
            }
            match self.inner.pick(member.as_bytes()) {
                Ok(()) => {
                    for (cell, (is_outer, place)) in self.places.iter().enumerate() {
                        match (is_outer, lender) {
                            (true, Some(item)) => batch.push_same(item, cell),
                            (true, None) => outer.push_field(*place, batch),
                            (false, _) => self.inner.push_field(*place, batch),
                        }
                    }
                    lender = lender.or(batch.len().checked_sub(1));
                }
                Err(fault) => batch.refuse(refuse(fault)),
            }
        }
        Ok((Taken::All, members.len() as u64))
    }
}

/// The texts of the members of the list at a path; lists on the way are walked through.
fn collect<'t>(text: &'t str, keys: &[String], members: &mut Vec<&'t str>) -> Result<(), RecordFault> {
    let broken = |error: serde_json::Error| RecordFault::Syntax(error.to_string());
    if text.starts_with('[') {
        let inside: Vec<&'t RawValue> = serde_json::from_str(text).map_err(broken)?;
        return inside
            .into_iter()
            .try_for_each(|member| collect(member.get(), keys, members));
    }
    let Some((key, keys)) = keys.split_first() else {
        // Null is no item.
        if text != "null" {
            members.push(text);
        }
        return Ok(());
    };
    if text.starts_with('{') {
        let inside: BTreeMap<String, &'t RawValue> = serde_json::from_str(text).map_err(broken)?;
        if let Some(value) = inside.get(key) {
            collect(value.get(), keys, members)?;
        }
    }
    Ok(())
}
