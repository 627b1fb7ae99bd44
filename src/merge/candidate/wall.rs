//! The wall before a merge that nobody looks at: what one title counts or sizes, the other counts or sizes as well.
//!
//! Units and languages are too many to know each. So every number of a title stands for what it says, whether its unit is known or
//! not, and one that the other title lacks is for a person to look at.

use crate::merge::candidate::features::Features;
use crate::merge::candidate::figure::Figure;
use xxhash_rust::xxh3::xxh3_64;

/// True where every number, part number and size of one title stands in the other: what a machine may merge by itself. A part
/// number may stand in the other's attributes or longer text as well, and a number in a brand says nothing.
pub fn is_tallied(a: &Features, b: &Features) -> bool {
    let all = |one: &Features, other: &Features| {
        let knows = |code: u64| other.words.binary_search(&code).is_ok() || named(other).any(|named| named == code);
        let is_sized = |size: &u64| {
            [&other.words, &other.brand_words]
                .iter()
                .any(|words| words.binary_search(size).is_ok())
        };
        one.codes.iter().all(|code| knows(xxh3_64(code.as_bytes()))) && one.sizes.iter().all(is_sized)
    };
    all(a, b) && all(b, a) && is_matched(&left(a, b), left(b, a))
}

/// Hashes of the part numbers that a product names anywhere.
fn named(features: &Features) -> impl Iterator<Item = u64> {
    let numbers = features.numbers.iter().chain(features.codes.iter());
    numbers
        .map(|code| xxh3_64(code.as_bytes()))
        .chain(features.told.iter().copied())
}

/// The figures of one that no shared part number and no brand explains.
fn left<'f>(one: &'f Features, other: &Features) -> Vec<&'f Figure> {
    let is_brand = |figure: &Figure| figure.is_in(one.brand_words.iter().chain(&other.brand_words).copied());
    let is_shared = |figure: &Figure| figure.is_in(named(one)) && figure.is_in(named(other));
    one.tally
        .iter()
        .filter(|figure| !is_shared(figure) && !is_brand(figure))
        .collect()
}

/// Whether each of one side has one of the other side to itself.
fn is_matched(mine: &[&Figure], mut theirs: Vec<&Figure>) -> bool {
    mine.len() == theirs.len()
        && mine.iter().all(|figure| {
            let at = theirs.iter().position(|other| figure.agrees(other));
            at.map(|at| theirs.swap_remove(at)).is_some()
        })
}
