//! How much a word says: the rarer among all products, the more.

use std::collections::HashMap;

/// In how many products each word stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rarity {
    products: f64,
    counts: HashMap<u64, u32>,
}

impl Rarity {
    /// Counts the words of each product, each once a product.
    pub fn of<'a>(products: impl Iterator<Item = &'a [u64]>) -> Rarity {
        let mut rarity = Rarity::default();
        for words in products {
            rarity.products += 1.0;
            for word in words {
                *rarity.counts.entry(*word).or_default() += 1;
            }
        }
        rarity
    }

    /// Products with this word.
    pub fn count(&self, word: u64) -> u32 {
        self.counts.get(&word).copied().unwrap_or(0)
    }

    /// Weight of a word: 1 for one that stands in every product, the logarithm of its rarity more for others.
    pub fn weight(&self, word: u64) -> f64 {
        ((self.products + 1.0) / f64::from(self.count(word).max(1)))
            .ln()
            .max(0.0)
            + 0.1
    }
}
