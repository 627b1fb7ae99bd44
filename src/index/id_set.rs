//! Products given by their numbers, as a query: what a channel said of them, or what a batch touched.

use crate::index::layout::ID;
use std::sync::Arc;
use tantivy::query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{BitSet, DocId, Score, SegmentReader};

/// Matches the products of a sorted list of numbers.
#[derive(Debug, Clone)]
pub struct IdSet {
    ids: Arc<Vec<i64>>,
}

impl IdSet {
    /// `ids` in any order.
    pub fn new(mut ids: Vec<i64>) -> IdSet {
        ids.sort_unstable();
        ids.dedup();
        IdSet { ids: Arc::new(ids) }
    }
}

impl Query for IdSet {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for IdSet {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let column = reader.fast_fields().u64(ID)?;
        // A set of bits answers each document at once; numbers are given out densely from 1.
        let last = self.ids.last().copied().unwrap_or(0).max(0) as u64;
        let mut bits = vec![0_u64; (last / 64 + 1) as usize];
        for id in self.ids.iter().filter(|id| **id >= 0) {
            let id = *id as u64;
            if let Some(word) = bits.get_mut((id / 64) as usize) {
                *word |= 1 << (id % 64);
            }
        }
        let has = |id: u64| {
            bits.get((id / 64) as usize)
                .is_some_and(|word| word >> (id % 64) & 1 == 1)
        };
        let mut documents = BitSet::with_max_value(reader.max_doc());
        for document in 0..reader.max_doc() {
            if column.first(document).is_some_and(has) {
                documents.insert(document);
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), boost)))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("in a set of products", 1.0))
    }
}
