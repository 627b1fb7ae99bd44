//! How sure two products are one: what speaks for it and against it, weighed into one number.
//!
//! The weights were fitted once, on pairs that people had judged (docs/matching.md says which); they hold for every catalog.

use crate::merge::candidate::contradiction::{Contradiction, both, brands, contradictions};
use crate::merge::candidate::features::Features;
use crate::merge::candidate::number::{Agreement, agreement};
use crate::merge::candidate::rarity::Rarity;

/// Number of signals.
pub const SIGNALS: usize = 21;

/// Weight of each signal in the order of `signals`, and at the end what no signal weighs. Those of packs, GTINs and said values
/// are set by hand: the judged pairs say too little of them.
const WEIGHTS: [f64; SIGNALS + 1] = [
    5.07, 2.92, 4.53, 2.51, 2.29, -2.07, -0.91, -4.47, -1.76, -0.69, -2.67, -3.16, 0.0, -7.5, 0.3, -0.8, 0.12, 1.42,
    -0.48, -3.0, -1.86, -4.5,
];

/// What was seen of two products, each from 0 to 1 or a small count.
pub fn signals(a: &Features, b: &Features, rarity: &Rarity) -> [f64; SIGNALS] {
    let (cosine, contained) = likeness(a, b, rarity);
    let numbers = agreement(a, b, rarity).0;
    let against = contradictions(a, b, rarity);
    let has = |what: fn(&Contradiction) -> bool| against.iter().filter(|found| what(found)).count() as f64;
    let flag = |is: bool| if is { 1.0 } else { 0.0 };
    let ratio = match a.price > 0 && b.price > 0 {
        true => (a.price as f64 / b.price as f64).ln().abs().min(3.0),
        false => -1.0,
    };
    let said: Vec<(u32, bool, bool)> = both(a, b).collect();
    let agreeing = said.iter().filter(|(_, same, _)| *same).count() as f64;
    let differing = said.len() as f64 - agreeing;
    let brand = brands(a, b);
    let only = |one: &Features, other: &Features| {
        one.figures
            .iter()
            .any(|figure| other.words.binary_search(figure).is_err())
    };
    let figures = flag(only(a, b) && only(b, a));
    [
        cosine,
        contained,
        flag(numbers == Agreement::Same),
        flag(numbers == Agreement::Told),
        flag(numbers == Agreement::Near),
        flag(numbers == Agreement::Differ),
        flag(brand == Some(true)),
        flag(brand == Some(false)),
        ratio.max(0.0),
        flag(ratio < 0.0),
        has(|found| matches!(found, Contradiction::Quantity(_))),
        has(|found| *found == Contradiction::Colour),
        has(|found| *found == Contradiction::Pack),
        has(|found| *found == Contradiction::Gtin) - flag(a.gtins.iter().any(|gtin| b.gtins.contains(gtin))),
        agreeing.min(5.0),
        differing.min(5.0),
        flag(numbers == Agreement::Other),
        flag(numbers == Agreement::Stem),
        figures,
        has(|found| matches!(found, Contradiction::Spec(_))),
        has(|found| *found == Contradiction::Condition),
    ]
}

/// From 0 to 1000: about the odds that a person says they are one.
pub fn score(signals: &[f64; SIGNALS]) -> u16 {
    let sum: f64 = WEIGHTS
        .iter()
        .zip(signals)
        .map(|(weight, signal)| weight * signal)
        .sum();
    let sure = 1.0 / (1.0 + (-(sum + WEIGHTS[SIGNALS])).exp());
    (sure * 1000.0).round() as u16
}

/// Likeness of two titles by the rarity of the words they share: against both, and against the shorter one.
pub fn likeness(a: &Features, b: &Features, rarity: &Rarity) -> (f64, f64) {
    let (mut mine, mut theirs, mut shared) = (0.0, 0.0, 0.0);
    for word in &a.words {
        let weight = rarity.weight(*word);
        mine += weight * weight;
        if b.words.binary_search(word).is_ok() {
            shared += weight * weight;
        }
    }
    for word in &b.words {
        let weight = rarity.weight(*word);
        theirs += weight * weight;
    }
    if mine <= 0.0 || theirs <= 0.0 {
        return (0.0, 0.0);
    }
    (shared / (mine * theirs).sqrt(), shared / f64::min(mine, theirs))
}
