//! The one factor between what was and what comes, where many changes share it: a decimal mark, a tax or a unit misread.

use crate::plan::guard::moves::Shift;
use crate::value::Kind;
use rust_decimal::Decimal;

/// VAT rates in force in the European Union and its neighbours (European Commission, Taxes in Europe database, 2026), as factors.
/// Those below a tenth are not told from a price list that rises, and harm less.
const VAT: [&str; 16] = [
    "1.1", "1.12", "1.13", "1.14", "1.15", "1.17", "1.18", "1.19", "1.2", "1.21", "1.22", "1.23", "1.24", "1.25",
    "1.255", "1.27",
];

/// Units that are taken for another, with the factor between them (NIST Handbook 44, 2024, appendix C).
const UNITS: [(&str, &str); 6] = [
    ("2.54", "inches and centimetres"),
    ("25.4", "inches and millimetres"),
    ("30.48", "feet and centimetres"),
    ("2.204622622", "pounds and kilograms"),
    ("453.59237", "pounds and grams"),
    ("28.349523125", "ounces and grams"),
];

/// The factor that most changes share, in words, and how many do.
pub fn common_factor(shifts: &[Shift], kind: Kind) -> Option<(String, usize)> {
    let mut best: Option<(String, usize)> = None;
    let mut offer = |name: String, count: usize| {
        if count > best.as_ref().map_or(0, |(_, most)| *most) {
            best = Some((name, count));
        }
    };
    let is_amount = kind == Kind::Money;
    let cent = Decimal::new(11, 3);
    let count = |factor: Decimal, up: bool| {
        shifts
            .iter()
            .filter(|shift| {
                let (small, large) = match up {
                    true => (shift.before, shift.after),
                    false => (shift.after, shift.before),
                };
                // Rounding happened on the side that was calculated: half a cent there, with a little air.
                let expected = small.saturating_mul(factor);
                let percent = large.abs() / Decimal::ONE_HUNDRED;
                let slack = match is_amount {
                    true if up => cent.min(percent),
                    true => cent.saturating_mul(factor).min(percent),
                    // Nobody knows to what a measure was rounded.
                    false => percent / Decimal::TWO,
                };
                small > Decimal::ZERO && (expected - large).abs() <= slack
            })
            .count()
    };
    for power in [10_i64, 100, 1_000] {
        offer(format!("the factor {power}"), count(Decimal::from(power), true));
        offer(format!("the factor 1/{power}"), count(Decimal::from(power), false));
    }
    let named = |text: &str| text.parse::<Decimal>().ok();
    for rate in VAT.iter().filter(|_| is_amount) {
        let Some(factor) = named(rate) else { continue };
        let percent = ((factor - Decimal::ONE) * Decimal::ONE_HUNDRED).normalize();
        let added = format!("the factor {rate}, as if {percent}% VAT were added");
        let taken = format!("the factor 1/{rate}, as if {percent}% VAT were taken out");
        offer(added, count(factor, true));
        offer(taken, count(factor, false));
    }
    for (text, units) in UNITS.iter().filter(|_| kind == Kind::Measure) {
        let Some(factor) = named(text) else { continue };
        let name = |factor: &str| format!("the factor {factor}, which is between {units}");
        offer(name(text), count(factor, true));
        offer(name(&format!("1/{text}")), count(factor, false));
    }
    best
}
