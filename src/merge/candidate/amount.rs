//! Numbers and quantities as titles say them, of which nobody knows the language.
//!
//! Which words of a title make a quantity is left to `word`.

use crate::transform::parts::{MOST, is_pieces};
use crate::value::number::{Notation, parse};
use rust_decimal::prelude::ToPrimitive;

/// What a quantity measures. Two titles with different values of one of these are titles of different products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    Pack,
    Memory,
    Length,
    Mass,
    Volume,
    Power,
    Voltage,
    Charge,
    Frequency,
    Pixels,
    Light,
    Area,
}

impl Dimension {
    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Pack => "pack",
            Dimension::Memory => "capacity",
            Dimension::Length => "size",
            Dimension::Mass => "weight",
            Dimension::Volume => "volume",
            Dimension::Power => "power",
            Dimension::Voltage => "voltage",
            Dimension::Charge => "charge",
            Dimension::Frequency => "frequency",
            Dimension::Pixels => "megapixels",
            Dimension::Light => "brightness",
            Dimension::Area => "area",
        }
    }
}

/// Units as titles write them: dimension, and thousandths of its base unit.
pub fn unit(word: &str) -> Option<(Dimension, f64)> {
    use Dimension::*;
    Some(match word {
        "gb" | "gig" | "gigabyte" | "gbyte" => (Memory, 1e3),
        "tb" => (Memory, 1.024e6),
        "mb" | "megabyte" => (Memory, 1e3 / 1024.0),
        "mm" => (Length, 1e3),
        "cm" => (Length, 1e4),
        "in" | "inch" | "inches" | "zoll" | "pulgadas" | "pouces" | "pollici" | "polegadas" => (Length, 25.4e3),
        "ft" | "foot" | "feet" => (Length, 304.8e3),
        "m" | "meter" | "metre" | "metro" | "metros" => (Length, 1e6),
        "mg" => (Mass, 1.0),
        "g" | "gr" | "gram" | "grams" | "gramos" => (Mass, 1e3),
        "kg" | "kilo" | "kilos" => (Mass, 1e6),
        "lb" | "lbs" | "pound" | "pounds" => (Mass, 453.592e3),
        "oz" | "ounce" | "ounces" => (Mass, 28.3495e3),
        "ml" => (Volume, 1e3),
        "cl" => (Volume, 1e4),
        "l" | "litre" | "liter" | "litro" | "litros" => (Volume, 1e6),
        "w" | "watt" | "watts" | "vatios" => (Power, 1e3),
        "kw" => (Power, 1e6),
        "v" | "volt" | "volts" | "voltios" => (Voltage, 1e3),
        "mah" => (Charge, 1e3),
        "ah" => (Charge, 1e6),
        "mhz" => (Frequency, 1e3),
        "ghz" => (Frequency, 1e6),
        "mp" | "megapixel" | "megapixels" | "mpix" => (Pixels, 1e3),
        "lm" | "lumen" | "lumens" | "lumenes" => (Light, 1e3),
        "mm2" => (Area, 1e3),
        "cm2" => (Area, 1e5),
        "m2" | "sqm" | "qm" => (Area, 1e9),
        "pk" | "ct" | "count" => (Pack, 1e3),
        // `st` is a saint and an ordinal number as well, and one letter is anything.
        _ if word.len() > 1 && word != "st" && is_pieces(word) => (Pack, 1e3),
        _ => return None,
    })
}

/// A quantity in thousandths of the base unit of its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    pub dimension: Dimension,
    pub amount: i64,
    /// What it is where the sign before three digits is read the other way; 0 where there is one reading.
    pub other: i64,
}

impl Quantity {
    /// What a number with a unit says. `None`: no unit, or nothing that is sold.
    pub fn of(number: Number, word: &str) -> Option<Quantity> {
        let (dimension, factor) = unit(word)?;
        let amount = |number: f64| (number * factor).round();
        // Nobody sells what is heavier than the earth.
        let is_sold = |amount: &f64| *amount > 0.0 && *amount < 1e15;
        Some(Quantity {
            dimension,
            amount: Some(amount(number.value)).filter(is_sold)? as i64,
            other: number.other.map(amount).filter(is_sold).unwrap_or_default() as i64,
        })
    }

    /// Whether both are one amount in one of their readings: packs exactly, others but for rounding (46 and 45.9 inches are one
    /// size).
    pub fn agrees(&self, other: &Quantity) -> bool {
        let is_same = |a: i64, b: i64| match self.dimension {
            Dimension::Pack => a == b,
            _ => a.abs_diff(b) <= a.max(b).unsigned_abs() / 40,
        };
        self.dimension == other.dimension && self.readings().any(|a| other.readings().any(|b| is_same(a, b)))
    }

    fn readings(&self) -> impl Iterator<Item = i64> + use<> {
        [self.amount, self.other].into_iter().filter(|amount| *amount != 0)
    }
}

/// A number as it is read, and how it may be read as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    pub value: f64,
    /// A point or a comma before just three digits parts thousands in one language and decimals in the other.
    pub other: Option<f64>,
}

impl Number {
    /// The number of pieces, where it can be one.
    pub fn pieces(self) -> Option<Number> {
        let is_pieces = |number: f64| number.fract() == 0.0 && (1.0..=1e6).contains(&number);
        is_pieces(self.value).then_some(self)
    }
}

/// Signs of a longer number are not read.
pub const LONGEST_NUMBER: usize = 12;

/// A number as titles write it, of which nobody knows the language: a comma before three digits parts thousands, any other is the
/// decimal sign.
pub fn number(text: &str) -> Option<f64> {
    if text.len() > LONGEST_NUMBER || !text.contains(',') {
        return text.parse().ok().filter(|_| text.len() <= LONGEST_NUMBER);
    }
    let grouped = match text.starts_with("0,") {
        true => None,
        false => parse(text, Notation::GroupedByComma).ok(),
    };
    let read = grouped.or_else(|| parse(text, Notation::GroupedByPoint).ok());
    read.and_then(|number| number.to_f64())
}

/// A number with both of its readings.
pub fn read(text: &str) -> Option<Number> {
    let value = number(text)?;
    let is_doubtful = text
        .split_once(['.', ','])
        .is_some_and(|(head, tail)| (1..=3).contains(&head.len()) && head != "0" && tail.len() == 3);
    let other = match text.contains(',') {
        true => value / 1e3,
        false => value * 1e3,
    };
    Some(Number {
        value,
        other: is_doubtful.then_some(other),
    })
}

/// A number at the beginning of a word, and what follows it without a dash.
pub fn leading_number(word: &str) -> (Option<Number>, &str) {
    let end = word
        .char_indices()
        .find(|(_, c)| !c.is_ascii_digit() && !matches!(c, '.' | ','))
        .map_or(word.len(), |(at, _)| at);
    let (head, rest) = word.split_at(end);
    (read(head.trim_end_matches(['.', ','])), rest.trim_start_matches('-'))
}

/// The numbers of `6x1,5L` or `10x20x30`, and what follows them. `None`: fewer than two.
pub fn crossed(word: &str) -> Option<(Vec<Number>, &str)> {
    let mut numbers = Vec::new();
    let mut rest = word;
    loop {
        let (number, tail) = leading_number(rest);
        numbers.push(number?);
        let next = tail.strip_prefix(is_cross);
        match next.filter(|next| next.starts_with(|c: char| c.is_ascii_digit())) {
            Some(next) if numbers.len() < MOST => rest = next,
            _ => return (numbers.len() > 1).then_some((numbers, tail)),
        }
    }
}

/// `x`, or what is written for it.
pub fn is_cross(c: char) -> bool {
    matches!(c, 'x' | 'X' | '×' | '*')
}
