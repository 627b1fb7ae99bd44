//! How much a match is worth, the same on every machine and in every state of the index.
//!
//! The engine's BM25 weighs a word by how rare it is, counted over the parts of the index, with what was deleted and not yet
//! swept away. Results would change with the index's history. All words of a query are required anyway, so every word gets
//! the same rarity, and every field the same usual length.

use tantivy::Term;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;

/// Statistics that do not depend on what is indexed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Steady;

const PRODUCTS: u64 = 1_000_000;
/// Rarity of a word: ln(1 + …) is about 6.9.
const HOLDING: u64 = 1_000;
/// Words a field usually has. Names have about ten; longer texts lose by their length, as they should.
const USUAL_LENGTH: u64 = 12;

impl Bm25StatisticsProvider for Steady {
    fn total_num_tokens(&self, _: Field) -> tantivy::Result<u64> {
        Ok(PRODUCTS * USUAL_LENGTH)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(PRODUCTS)
    }

    fn doc_freq(&self, _: &Term) -> tantivy::Result<u64> {
        Ok(HOLDING)
    }
}

/// A score as it is shown and compared: four decimals, so that the order of summing does not show.
pub fn rounded(score: f32) -> i64 {
    (f64::from(score) * 10_000.0).round() as i64
}
