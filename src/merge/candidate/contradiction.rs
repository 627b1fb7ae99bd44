//! What two products say that cannot both be true of one.

use crate::merge::candidate::amount::{Dimension, Quantity};
use crate::merge::candidate::features::Features;
use crate::merge::candidate::number::{Agreement, agreement};
use crate::merge::candidate::rarity::Rarity;

/// A contradiction, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    Gtin,
    Number,
    Brand,
    Quantity(Dimension),
    /// One is a pack and the other does not say so.
    Pack,
    Colour,
    /// One is used, refilled or a stand-in, the other does not say so.
    Condition,
    /// Number of the attribute.
    Spec(u32),
}

/// All contradictions of two products, each once, in order.
pub fn contradictions(a: &Features, b: &Features, rarity: &Rarity) -> Vec<Contradiction> {
    let mut found = Vec::new();
    if !a.gtins.is_empty() && !b.gtins.is_empty() && !a.gtins.iter().any(|gtin| b.gtins.contains(gtin)) {
        found.push(Contradiction::Gtin);
    }
    if agreement(a, b, rarity).0 == Agreement::Differ {
        found.push(Contradiction::Number);
    }
    if brands(a, b) == Some(false) {
        found.push(Contradiction::Brand);
    }
    let mut at = 0;
    while let Some(first) = a.quantities.get(at) {
        let of = |quantity: &&Quantity| quantity.dimension == first.dimension;
        let mine: Vec<&Quantity> = a.quantities[at..].iter().take_while(of).collect();
        at += mine.len();
        let theirs: Vec<&Quantity> = b.quantities.iter().filter(of).collect();
        // Each names an amount that the other does not: 10 m of 2 mm are not 10 m of 4 mm.
        if lacks(&mine, &theirs) && lacks(&theirs, &mine) {
            found.push(Contradiction::Quantity(first.dimension));
        }
    }
    let pack = |features: &Features| {
        let packs = features
            .quantities
            .iter()
            .filter(|quantity| quantity.dimension == Dimension::Pack);
        packs.map(|quantity| quantity.amount).max().unwrap_or(0)
    };
    let (mine, theirs) = (pack(a), pack(b));
    if (mine == 0) != (theirs == 0) && mine.max(theirs) > 1_000 {
        found.push(Contradiction::Pack);
    }
    if a.colours != 0 && b.colours != 0 && a.colours & b.colours == 0 {
        found.push(Contradiction::Colour);
    }
    if a.is_second != b.is_second {
        found.push(Contradiction::Condition);
    }
    let telling = both(a, b).filter(|(_, same, telling)| !same && *telling);
    found.extend(telling.map(|(attribute, ..)| Contradiction::Spec(attribute)));
    found
}

/// Whether the brands are one; `None` where one says none. A brand that the other's title names is its brand too.
pub fn brands(a: &Features, b: &Features) -> Option<bool> {
    if a.brand == 0 && b.brand == 0 {
        return None;
    }
    if a.brand == b.brand {
        return Some(true);
    }
    let named = |brand: &Features, title: &Features| {
        !brand.brand_words.is_empty()
            && brand
                .brand_words
                .iter()
                .all(|word| title.words.binary_search(word).is_ok())
    };
    if named(a, b) || named(b, a) || a.brand_words.iter().any(|word| b.brand_words.contains(word)) {
        return Some(true);
    }
    (a.brand != 0 && b.brand != 0).then_some(false)
}

/// The attributes that both say: number, whether they say the same, whether it tells products apart.
pub fn both<'f>(a: &'f Features, b: &'f Features) -> impl Iterator<Item = (u32, bool, bool)> + 'f {
    a.specs.iter().filter_map(|(attribute, value, telling)| {
        let at = b.specs.binary_search_by_key(attribute, |(other, ..)| *other).ok()?;
        let (_, other, theirs) = b.specs[at];
        Some((*attribute, *value == other, *telling || theirs))
    })
}

/// Whether one side names an amount that the other does not.
fn lacks(ones: &[&Quantity], others: &[&Quantity]) -> bool {
    ones.iter().any(|one| !others.iter().any(|other| one.agrees(other)))
}
