//! What is kept of a product for comparing it with a million others: hashes and a few short texts.

use crate::merge::candidate::amount::Quantity;
use crate::merge::candidate::figure::Figure;
use crate::merge::candidate::view::View;
use crate::merge::candidate::word::{Words, codes};
use crate::value::text::fold;
use xxhash_rust::xxh3::xxh3_64;

/// Part numbers that are kept of one text.
const MOST_CODES: usize = 24;

/// A product as it is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Features {
    /// Ascending.
    pub sellers: Box<[u16]>,
    /// Hash of the model's code, 0 for none.
    pub model: u64,
    /// Hashes of the title's words, ascending, each once.
    pub words: Box<[u64]>,
    /// Hash of the folded brand, 0 for none.
    pub brand: u64,
    /// Hashes of the brand's words as they stand in titles, ascending.
    pub brand_words: Box<[u64]>,
    /// Part numbers that an attribute says, sorted.
    pub numbers: Box<[Box<str>]>,
    /// Part numbers that the title names, sorted.
    pub codes: Box<[Box<str>]>,
    /// Hashes of the part numbers that the longer text names, ascending.
    pub told: Box<[u64]>,
    pub quantities: Box<[Quantity]>,
    pub colours: u32,
    pub is_second: bool,
    /// Hashes of the small numbers in the title, ascending.
    pub figures: Box<[u64]>,
    /// Every number of the title that is no part number, in its order.
    pub tally: Box<[Figure]>,
    /// The title was read to its end.
    pub is_whole: bool,
    /// Hashes of the sizes that the title names, ascending.
    pub sizes: Box<[u64]>,
    pub gtins: Box<[u64]>,
    /// In ten-thousandths, 0 for none.
    pub price: i64,
    /// Attribute, hash of the value, telling; ascending.
    pub specs: Box<[(u32, u64, bool)]>,
}

impl Features {
    /// Reads a product.
    pub fn of(view: &View) -> Features {
        let title = Words::of(&view.title);
        let brand = fold(&view.brand);
        let hash = |text: &str| if text.is_empty() { 0 } else { xxh3_64(text.as_bytes()) };
        let hashes = |texts: &[String]| {
            let mut hashes: Vec<u64> = texts.iter().map(|text| hash(text)).collect();
            hashes.sort_unstable();
            hashes.dedup();
            hashes.into_boxed_slice()
        };
        let mut numbers: Vec<Box<str>> = view
            .numbers
            .iter()
            .flat_map(|number| codes(number))
            .take(MOST_CODES)
            .map(String::into_boxed_str)
            .collect();
        numbers.sort();
        numbers.dedup();
        let mut told = match view.text.is_empty() {
            true => Vec::new(),
            false => Words::of(&view.text).codes,
        };
        told.truncate(MOST_CODES);
        let mut words = title.words;
        // A number that only the attribute says is a word of the product as well.
        words.extend(numbers.iter().map(|number| number.to_string()));
        let mut gtins = view.gtins.clone();
        gtins.sort_unstable();
        gtins.dedup();
        Features {
            sellers: view.sellers.clone().into_boxed_slice(),
            model: hash(&view.model),
            words: hashes(&words),
            brand: hash(&brand),
            brand_words: hashes(
                &brand
                    .split(' ')
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            ),
            numbers: numbers.into_boxed_slice(),
            codes: title
                .codes
                .into_iter()
                .take(MOST_CODES)
                .map(String::into_boxed_str)
                .collect(),
            told: hashes(&told),
            quantities: title.quantities.into_boxed_slice(),
            colours: title.colours,
            is_second: title.is_second,
            figures: hashes(&title.figures),
            is_whole: title.is_whole,
            tally: title.tally.into_boxed_slice(),
            sizes: hashes(&title.sizes),
            gtins: gtins.into_boxed_slice(),
            price: view.price.filter(|price| *price > 0).unwrap_or(0),
            specs: view
                .specs
                .iter()
                .map(|spec| (spec.attribute, hash(&spec.value), spec.telling))
                .collect(),
        }
    }

    /// True where two products cannot be one, whatever they say: one seller has both, or they are variants of one model.
    pub fn is_two(&self, other: &Features) -> bool {
        let same_model = self.model != 0 && self.model == other.model;
        same_model || self.sellers.iter().any(|seller| other.sellers.contains(seller))
    }
}

/// Whether two ascending lists have something in common.
pub fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().any(|hash| b.binary_search(hash).is_ok())
}
