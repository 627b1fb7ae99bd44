//! What people decided on who is who, by the suppliers' own SKUs: it outlives the products it was decided on.

use crate::catalog::Reader;
use crate::catalog::identity::{ItemName, StoredDecision};
use crate::catalog::stored::SourceId;
use crate::workspace::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// All decisions; of those on the same two items the last one holds.
#[derive(Debug, Default)]
pub struct Decisions {
    by_item: BTreeMap<ItemName, BTreeMap<ItemName, bool>>,
}

impl Decisions {
    /// Those that the store holds.
    pub fn open(reader: &Reader) -> Result<Decisions, Failure> {
        let mut decisions = Decisions::default();
        for StoredDecision { same, one, other } in reader.decisions()? {
            decisions
                .by_item
                .entry(one.clone())
                .or_default()
                .insert(other.clone(), same);
            decisions.by_item.entry(other).or_default().insert(one, same);
        }
        Ok(decisions)
    }

    /// Whether anything was decided on an item of a source.
    pub fn know(&self, source: Option<SourceId>, sku: &str) -> bool {
        match source {
            Some(source) if !self.by_item.is_empty() => self.by_item.contains_key(&(source, sku.to_owned())),
            _ => false,
        }
    }

    /// The items that an item is one product with.
    pub fn same(&self, item: &ItemName) -> impl Iterator<Item = &ItemName> {
        self.by_item
            .get(item)
            .into_iter()
            .flatten()
            .filter(|(_, same)| **same)
            .map(|(other, _)| other)
    }

    /// Whether two items are two products.
    pub fn are_two(&self, item: &ItemName, other: &ItemName) -> bool {
        self.by_item.get(item).and_then(|others| others.get(other)) == Some(&false)
    }

    /// The products, lower number first, that are two by a decision on items of theirs.
    pub fn apart(&self, reader: &Reader) -> Result<BTreeSet<(i64, i64)>, Failure> {
        let mut pairs = BTreeSet::new();
        for (item, others) in &self.by_item {
            for other in others
                .iter()
                .filter(|(other, same)| !**same && item < *other)
                .map(|(other, _)| other)
            {
                if let (Some(a), Some(b)) = (reader.product_of(item)?, reader.product_of(other)?) {
                    pairs.insert((a.min(b), a.max(b)));
                }
            }
        }
        Ok(pairs)
    }
}
