//! Attributes as columns: which a sheet has, in which order, what stands above them.
//!
//! What stands in their cells is left to `cell`.

use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::value::Kind;
use crate::value::mismatch::Mismatch;
use crate::value::price::Currency;
use std::collections::BTreeSet;

/// Most columns of values; readers take 512 columns of a sheet, and some are the sheet's own.
pub const MOST: usize = 500;

/// A column of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it holds; none where the schema no longer has what it once held.
    pub key: Option<Key>,
    /// As commands write it: `name@es`.
    pub code: String,
    /// As people read it: `Nombre (es)`.
    pub header: String,
    /// Nothing that is written here counts: its values are those of several sources together.
    pub is_read_only: bool,
}

/// What a sheet is made of, as both directions know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Locale of labels and words.
    pub locale: String,
    pub columns: Vec<Column>,
}

impl Column {
    /// The column of a key.
    pub fn new(schema: &Schema, key: Key, locale: &str, currency: Currency) -> Column {
        let attribute = schema.attribute(key.attribute);
        let mut header = attribute.labels.text(locale).to_owned();
        let unit = attribute.unit.as_deref().filter(|_| attribute.kind == Kind::Measure);
        let currency = (attribute.kind == Kind::Money).then(|| currency.to_string());
        let scope = [schema.locale_code(key.locale), schema.channel_code(key.channel)];
        for part in [unit, currency.as_deref()].into_iter().chain(scope).flatten() {
            header.push_str(&format!(" ({part})"));
        }
        Column {
            code: schema.key_text(key),
            key: Some(key),
            header,
            is_read_only: schema.unites(key.attribute),
        }
    }
}

/// The columns that a person names: an attribute with a value per locale stands for all its locales. Every fault is told.
pub fn named(schema: &Schema, names: &[String]) -> Result<Vec<Key>, Vec<Mismatch>> {
    let (mut keys, mut faults) = (Vec::new(), Vec::new());
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        match Key::parse(schema, name) {
            Ok(key) if key.locale == 0 && schema.attribute(key.attribute).localizable => {
                let locales = 1..=schema.locales().len() as u8;
                keys.extend(locales.map(|locale| Key { locale, ..key }));
            }
            Ok(key) => keys.push(key),
            Err(mismatch) => faults.push(mismatch),
        }
    }
    let mut seen = BTreeSet::new();
    keys.retain(|key| seen.insert(*key));
    match faults.is_empty() {
        true => Ok(keys),
        false => Err(faults),
    }
}

/// The columns where nobody names any: what the products' families have, in every locale, and what somebody said of any of them,
/// in the scope it was said in. `said` are the keys that have a value.
pub fn usual(schema: &Schema, families: &BTreeSet<FamilyId>, said: &BTreeSet<Key>) -> Vec<Key> {
    let mut keys: BTreeSet<Key> = said.clone();
    let of_families = families.iter().flat_map(|family| &schema.family(*family).attributes);
    let attributes: BTreeSet<AttributeId> = of_families
        .copied()
        .chain(said.iter().map(|key| key.attribute))
        .collect();
    for id in attributes {
        match schema.attribute(id).localizable {
            true => keys.extend((1..=schema.locales().len() as u8).map(|locale| Key { locale, ..Key::of(id) })),
            false => drop(keys.insert(Key::of(id))),
        }
    }
    // The family stands in a column of its own, which says what the product counts as.
    let known = schema.known();
    keys.retain(|key| Some(key.attribute) != known.family);
    let first = [
        known.name,
        known.brand,
        known.category,
        known.gtin,
        known.mpn,
        known.model,
        known.price,
        known.stock,
    ];
    let rank = |id: AttributeId| first.iter().position(|known| *known == Some(id)).unwrap_or(first.len());
    let mut keys: Vec<Key> = keys.into_iter().collect();
    keys.sort_by_key(|key| (rank(key.attribute), schema.attribute(key.attribute).group.clone(), *key));
    keys
}
