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
    a.is_whole && b.is_whole && all(a, b) && all(b, a) && is_matched(&left(a, b), left(b, a))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::candidate::view::View;

    #[test]
    fn a_number_is_what_its_unit_makes_of_it() {
        let check = |one: &str, other: &str, expected: bool| {
            let features = |title: &str| {
                Features::of(&View {
                    title: title.into(),
                    ..View::default()
                })
            };
            let (one, other) = (features(one), features(other));
            assert_eq!(is_tallied(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(is_tallied(&other, &one), expected, "{one:?} {other:?}");
        };
        for (one, other) in [
            ("Cable 5 m rojo", "Rojo: cable 5m"),
            ("Camiseta 3XL", "3XL camiseta"),
            ("Cable 500 cm", "Cable 5 m"),
            ("Fusible 10 A", "Fusible de 10 A"),
        ] {
            check(one, other, true);
        }
        for (one, other) in [
            ("Cable 5 m", "Cable 5 km"),
            ("Cable 5m", "Cable 5km"),
            ("Fusible 10 V", "Fusible 10 A"),
            ("Fusible 10 ohmios", "Fusible 10 amperios"),
            ("Vitamina 400 mg", "Vitamina 400 µg"),
            ("Camiseta 3XL", "Camiseta 3XS"),
            ("Camiseta 3 XL", "Camiseta 3 XS"),
            ("Bolsa 2XL", "Bolsa 2 L"),
            ("Tornillo M8", "Tornillo G8"),
            ("Tapa 10x0 cm", "Tapa 10x0 mm"),
        ] {
            check(one, other, false);
        }
    }
}
