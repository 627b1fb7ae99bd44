//! Steps on numbers: scale, shift, round, and convert units, exactly.
//!
//! They work on the one number in a text, read and written in the supplier's notation; what stands around it (`€`, `kg`) stays.
//! Blank texts stay blank.

use crate::transform::texts::Texts;
use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation};
use crate::value::price;
use crate::value::unit::{Exchange, Units};
use rust_decimal::{Decimal, RoundingStrategy};
use std::borrow::Cow;

/// What is done to a number.
#[derive(Debug, Clone)]
pub enum Calculation {
    Multiply(Decimal),
    Divide(Decimal),
    Add(Decimal),
    Round(u32),
    Absolute,
    Convert(Conversion),
}

/// From one unit to another, with the ways to write the first.
#[derive(Debug, Clone)]
pub struct Conversion {
    exchange: Exchange,
    spellings: Vec<Box<str>>,
    to: Box<str>,
}

/// The number of a setting, written plainly.
pub fn setting(text: &str) -> Result<Decimal, Mismatch> {
    number::parse(text, Notation::Plain)
        .map_err(|mismatch| Mismatch::new("E-STEP", mismatch.message).with_help("write it plainly, as in \"1.21\""))
}

/// The way between two units of the table.
pub fn conversion(units: &Units, from: &str, to: &str) -> Result<Conversion, Mismatch> {
    let exchange = units.exchange(from, to)?;
    let spellings = units
        .spellings(from)
        .into_iter()
        .map(|spelling| spelling.to_lowercase().into_boxed_str())
        .collect();
    Ok(Conversion {
        exchange,
        spellings,
        to: units.find(to).map_or_else(|| to.into(), |unit| unit.code.clone()),
    })
}

/// Adds up the numbers of several texts; what stands around the first one stays.
pub fn sum<'a>(texts: Texts<'a>, notation: Notation) -> Result<Texts<'a>, Mismatch> {
    let mut texts = texts.into_vec().into_iter().filter(|text| !text.trim().is_empty());
    let Some(mut whole) = texts.next() else {
        return Ok(Texts::One(Cow::Borrowed("")));
    };
    for text in texts {
        let alike = |term: &price::Parts<'_>| {
            let base = price::split(&whole);
            let bare = term.before.is_empty() && term.after.is_empty();
            bare || base.is_some_and(|base| (base.before, base.after) == (term.before, term.after))
        };
        let term = price::split(&text).filter(alike).ok_or_else(|| {
            Mismatch::new(
                "E-NUMBER",
                "not a number among those that are added up, or one of another unit",
            )
            .with_help("put a step before `sum` that takes other texts away, such as `blank_if`")
        })?;
        let number = number::parse(term.number, notation)?;
        let number = if term.negative { -number } else { number };
        whole = calculate(whole, &Calculation::Add(number), notation)?;
    }
    Ok(Texts::One(whole))
}

/// Calculates with the number in a text.
pub fn calculate<'a>(text: Cow<'a, str>, what: &Calculation, notation: Notation) -> Result<Cow<'a, str>, Mismatch> {
    if text.trim().is_empty() {
        return Ok(text);
    }
    let Some(parts) = price::split(&text) else {
        return Err(Mismatch::new("E-NUMBER", "not a number")
            .with_help("put a step before the calculation that takes other texts away, such as `blank_if`"));
    };
    let number = number::parse(parts.number, notation)?;
    let number = if parts.negative { -number } else { number };
    let result = match what {
        Calculation::Multiply(factor) => number.checked_mul(*factor),
        Calculation::Divide(divisor) => number.checked_div(*divisor),
        Calculation::Add(term) => number.checked_add(*term),
        Calculation::Round(decimals) => {
            Some(number.round_dp_with_strategy(*decimals, RoundingStrategy::MidpointAwayFromZero))
        }
        Calculation::Absolute => Some(number.abs()),
        Calculation::Convert(conversion) => Some(conversion.exchange.apply(number)?),
    };
    let result = result.ok_or_else(|| Mismatch::new("E-NUMBER-SIZE", "a calculation whose result is too large"))?;
    let mut after = parts.after;
    if let Calculation::Convert(conversion) = what {
        let word = after.trim_end_matches('.').to_lowercase();
        if !after.is_empty() && !conversion.spellings.iter().any(|spelling| **spelling == *word) {
            return Err(
                Mismatch::new("E-MEASURE-UNIT", "a number in another unit than the one converted from")
                    .with_help("leave the conversion to the measure itself: its unit is read from the text"),
            );
        }
        after = if after.is_empty() { "" } else { &conversion.to };
    }
    let mut out = number::to_text_in(result, notation);
    if !parts.before.is_empty() {
        out.insert(0, ' ');
        out.insert_str(0, parts.before);
    }
    if !after.is_empty() {
        out.push(' ');
        out.push_str(after);
    }
    Ok(Cow::Owned(out))
}
