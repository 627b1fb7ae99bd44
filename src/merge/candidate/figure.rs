//! A number of a title as it is kept for the wall before a merge: with its unit where that is known, and without.
//!
//! Which figures two titles must share is left to `wall`.

use crate::merge::candidate::amount::{Dimension, Number, Quantity};
use xxhash_rust::xxh3::xxh3_64;

/// A number of a title.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// In ten-thousandths, as it is read first; a hash where it is too long to be read.
    number: i64,
    /// In thousandths of the base unit, 0 without a unit that is known.
    amount: i64,
    /// The word that it stands in, hashed and cut short.
    word: u32,
    /// The letters that it stands among or before (`3XL`, `M8`, `5 km`), hashed and cut short; 0 for none.
    letters: u32,
    dimension: Option<Dimension>,
    /// A thousandth or a thousand times as much is a reading too.
    reading: Reading,
}

/// What the sign before three digits makes of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reading {
    Single,
    Thousand,
    Thousandth,
}

impl Figure {
    /// A number in a word.
    pub fn new(number: Number, word: &str) -> Figure {
        Figure {
            number: (number.value * 1e4).round() as i64,
            amount: 0,
            word: cut(word),
            letters: 0,
            dimension: None,
            reading: match number.other {
                None => Reading::Single,
                Some(other) if other > number.value => Reading::Thousand,
                Some(_) => Reading::Thousandth,
            },
        }
    }

    /// More digits than a number has.
    pub fn long(digits: &str, word: &str) -> Figure {
        Figure {
            number: xxh3_64(digits.as_bytes()) as i64,
            amount: 0,
            word: cut(word),
            letters: 0,
            dimension: None,
            reading: Reading::Single,
        }
    }

    /// Adds the letters of the word that it stands in, or of the one behind it.
    pub fn among(mut self, word: &str) -> Figure {
        self.letters = match word.bytes().all(|byte| byte.is_ascii_digit()) {
            true => 0,
            false => {
                let letters: String = word.chars().filter(|c| !c.is_ascii_digit()).collect();
                cut(&letters)
            }
        };
        self
    }

    /// Adds what the number measures.
    pub fn measure(&mut self, quantity: &Quantity) {
        self.amount = quantity.amount;
        self.dimension = Some(quantity.dimension);
    }

    /// One piece is what everything is.
    pub fn is_one_piece(&self) -> bool {
        self.dimension == Some(Dimension::Pack) && self.amount == 1_000
    }

    /// Whether it stands in one of these words, which are kept as hashes.
    pub fn is_in(&self, mut words: impl Iterator<Item = u64>) -> bool {
        words.any(|word| word as u32 == self.word)
    }

    fn numbers(&self) -> impl Iterator<Item = i64> + use<> {
        let other = match self.reading {
            Reading::Single => None,
            Reading::Thousand => self.number.checked_mul(1_000),
            Reading::Thousandth => Some(self.number / 1_000),
        };
        [Some(self.number), other].into_iter().flatten()
    }

    fn quantity(&self) -> Option<Quantity> {
        let other = match self.reading {
            Reading::Single => 0,
            Reading::Thousand => self.amount.saturating_mul(1_000),
            Reading::Thousandth => self.amount / 1_000,
        };
        self.dimension.map(|dimension| Quantity {
            dimension,
            amount: self.amount,
            other,
        })
    }

    /// One number among the same letters, or one amount in two units, which rounds. Of a number whose unit is not known nobody knows
    /// whether it is another's: 5 of something are not 5 m.
    pub fn agrees(&self, other: &Figure) -> bool {
        let is_number = self.numbers().any(|a| other.numbers().any(|b| a == b));
        match (self.quantity(), other.quantity()) {
            (Some(a), Some(b)) if a.dimension != b.dimension => false,
            // In one unit a number is the number; the factor of the unit tells which it is.
            (Some(a), Some(b)) => match is_number || self.is_unit_of(other) {
                true => is_number && a.agrees(&b),
                false => a.agrees(&b),
            },
            (None, None) => is_number && self.letters == other.letters,
            _ => false,
        }
    }

    /// Whether both stand in one unit.
    fn is_unit_of(&self, other: &Figure) -> bool {
        let factor = |figure: &Figure| figure.amount as f64 / figure.number as f64;
        (factor(self) / factor(other) - 1.0).abs() < 0.001
    }
}

/// The part of a word's hash that a figure keeps.
fn cut(word: &str) -> u32 {
    xxh3_64(word.as_bytes()) as u32
}
