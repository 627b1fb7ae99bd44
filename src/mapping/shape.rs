//! What the values of a column look like: codes with check digits, prices, addresses, dates, words of a short list.
//!
//! Shares are of the values that say something, from 0 to 1. What a shape means for a column is left to `suggest`.

use crate::value::date::{self, DATE_ORDERS, DateOrder};
use crate::value::identifier::Gtin;
use crate::value::measurement;
use crate::value::number::{self, NOTATIONS, Notation, Proof};
use crate::value::option;
use crate::value::price::{self, Currency};
use crate::value::text::fold;
use crate::value::unit::Units;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A column of a feed that nobody has mapped yet, with some of its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnSample {
    /// The header, or the path in XML and JSON.
    pub header: String,
    /// Some of the values of the first rows, blank ones left out.
    pub samples: Vec<String>,
    /// How many of the rows looked at have a value.
    pub filled: usize,
    /// How many different values they have; 0 where the samples are all there is.
    pub distinct: usize,
    /// How many rows were looked at.
    pub rows: usize,
    /// What each row has, as a hash, 0 where it is blank; empty where that is not known.
    pub cells: Vec<u64>,
}

/// Words that stand for nothing, in lower case.
const NOTHING: &[&str] = &[
    "-",
    "--",
    "n/a",
    "null",
    "none",
    "#n/a",
    "--missing--",
    "n.d.",
    "s/d",
    "nan",
];

/// The shape of one column.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Rows looked at.
    pub rows: usize,
    /// Share of them with a value.
    pub filled: f32,
    /// Values that say something.
    pub count: usize,
    /// Different values among them.
    pub distinct: usize,
    pub gtins: f32,
    /// Numbers in any notation, with or without a sign of a currency.
    pub numbers: f32,
    pub whole: f32,
    /// Numbers with a unit behind them.
    pub measures: f32,
    pub addresses: f32,
    /// Addresses or file names of pictures.
    pub pictures: f32,
    pub truths: f32,
    pub markup: f32,
    /// Values with digits.
    pub digits: f32,
    /// Values of several words.
    pub spaces: f32,
    /// Most numbers have two decimals.
    pub cents: bool,
    /// `20 x 30`.
    pub dimensions: f32,
    /// Characters of the middle value.
    pub length: usize,
    /// The middle number.
    pub middle: Option<Decimal>,
    /// What the numbers prove of their notation; `None` where there are no numbers with a mark in them.
    pub notation: Option<Proof>,
    /// Days in any order.
    pub days: f32,
    /// Orders that all days are written in.
    pub dates: Vec<DateOrder>,
    /// Currency that the values name.
    pub currency: Option<Currency>,
    /// Sign that parts several values in one cell.
    pub split: Option<&'static str>,
    /// Words that stand for nothing, as they are written.
    pub nothing: BTreeSet<String>,
    /// Different values, where they are few.
    pub words: BTreeSet<String>,
    /// UTF-8 that was read as windows-1252.
    pub mojibake: bool,
    /// Sentences of a language that is known.
    pub prose: bool,
    pub percent: bool,
    /// A name and a number: `default=100`.
    pub assigned: bool,
}

/// More different values than this are no short list.
const MOST_WORDS: usize = 200;

impl Shape {
    /// Looks at the samples of a column.
    pub fn of(column: &ColumnSample) -> Shape {
        let mut shape = Shape {
            rows: column.rows,
            filled: if column.rows == 0 {
                0.0
            } else {
                column.filled as f32 / column.rows as f32
            },
            ..Shape::default()
        };
        let mut values: Vec<&str> = Vec::with_capacity(column.samples.len());
        for sample in &column.samples {
            let sample = sample.trim();
            if NOTHING.contains(&sample.to_lowercase().as_str()) {
                shape.nothing.insert(sample.to_string());
            } else if !sample.is_empty() {
                values.push(sample);
            }
        }
        shape.count = values.len();
        if values.is_empty() {
            return shape;
        }
        let distinct: BTreeSet<&str> = values.iter().copied().collect();
        shape.distinct = distinct.len();
        if column.distinct > 0 {
            shape.count = column.filled.max(values.len());
            shape.distinct = (column.distinct - shape.nothing.len().min(column.distinct)).max(distinct.len());
        }
        if shape.distinct <= MOST_WORDS {
            shape.words = distinct.iter().map(|word| word.to_string()).collect();
        }
        let share =
            |is: &dyn Fn(&str) -> bool| values.iter().filter(|value| is(value)).count() as f32 / values.len() as f32;
        shape.gtins = share(&|value| Gtin::read(value).is_ok());
        shape.numbers = share(&|value| number_of(value).is_some());
        shape.whole = share(&|value| value.bytes().all(|byte| byte.is_ascii_digit()));
        shape.measures = share(&has_unit);
        shape.addresses = share(&|value| value.starts_with("http://") || value.starts_with("https://"));
        shape.pictures = share(&is_picture);
        shape.truths = share(&|value| option::truth(value).is_ok());
        shape.markup = share(&|value| value.contains("</") || value.contains("<br") || value.contains("<p>"));
        shape.digits = share(&|value| value.contains(|c: char| c.is_ascii_digit()));
        shape.spaces = share(&|value| value.contains(' '));
        shape.cents = share(&has_cents) > 0.5;
        shape.dimensions = share(&is_dimensions);
        shape.percent = share(&|value| value.ends_with('%')) > 0.5;
        shape.assigned = share(&|value| {
            value
                .split_once('=')
                .is_some_and(|(name, number)| !name.is_empty() && !number.contains('=') && number_of(number).is_some())
        }) > 0.9;
        shape.mojibake = values.iter().any(|value| {
            ["Ã±", "Ã©", "Ã³", "Ã¡", "Ã\u{ad}", "Ã¼", "Ã¶"]
                .iter()
                .any(|sign| value.contains(sign))
        });
        shape.days = share(&|value| DATE_ORDERS.iter().any(|order| date::moment(value, *order).is_ok()));
        shape.dates = DATE_ORDERS
            .into_iter()
            .filter(|order| values.iter().all(|value| date::moment(value, *order).is_ok()))
            .collect();
        let mut lengths: Vec<usize> = values.iter().map(|value| value.chars().count()).collect();
        lengths.sort_unstable();
        shape.length = lengths[lengths.len() / 2];
        shape.prose = shape.length >= 60 && language_of(&column.samples).is_some();
        shape.look_at_numbers(&values);
        shape.split = split_of(&values);
        shape
    }

    /// Every value differs from the others.
    pub fn is_unique(&self) -> bool {
        self.count > 0 && self.distinct * 100 >= self.count * 98
    }

    fn look_at_numbers(&mut self, values: &[&str]) {
        let numbers: Vec<&str> = values.iter().filter_map(|value| number_of(value)).collect();
        if numbers.len() * 2 < values.len() {
            return;
        }
        if numbers
            .iter()
            .any(|number| number.contains(['.', ',', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}']))
        {
            self.notation = Some(number::prove(numbers.iter().copied()));
        }
        let notation = fitting(&numbers);
        let mut amounts: Vec<Decimal> = numbers
            .iter()
            .filter_map(|number| number::parse(number, notation).ok())
            .collect();
        amounts.sort_unstable();
        self.middle = amounts.get(amounts.len() / 2).copied();
        // A value without one is in another currency than those that name theirs, for all that is known.
        let words: BTreeSet<&str> = values
            .iter()
            .filter_map(|value| price::split(value))
            .map(|parts| {
                if parts.before.is_empty() {
                    parts.after
                } else {
                    parts.before
                }
            })
            .collect();
        if let [word] = words
            .iter()
            .copied()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()[..]
            && words.len() == 1
        {
            self.currency = if word == "€" {
                Currency::parse("EUR").ok()
            } else {
                Currency::parse(word).ok()
            };
        }
    }
}

/// The notation that most numbers fit, the narrowest of equals.
pub fn fitting(numbers: &[&str]) -> Notation {
    let fits = |notation: &Notation| {
        numbers
            .iter()
            .filter(|number| number::parse(number, *notation).is_ok())
            .count()
    };
    // Of equals the last is taken, so the narrowest comes last.
    NOTATIONS.into_iter().rev().max_by_key(fits).unwrap_or_default()
}

/// The number in a value, without a currency or percent sign.
fn number_of(value: &str) -> Option<&str> {
    let parts = price::split(value)?;
    let short = |word: &str| word.chars().count() <= 4 && !word.contains(|c: char| c.is_ascii_digit());
    (short(parts.before)
        && short(parts.after)
        && NOTATIONS
            .iter()
            .any(|notation| number::parse(parts.number, *notation).is_ok()))
    .then_some(parts.number)
}

fn has_unit(value: &str) -> bool {
    let (number, unit) = measurement::split(value);
    !number.is_empty() && !unit.is_empty() && Units::builtin().find(unit).is_some()
}

/// True for `12,50` and `1.234.50 €`: a mark and two digits at the end of the number.
fn has_cents(value: &str) -> bool {
    let Some(number) = number_of(value) else { return false };
    let bytes = number.as_bytes();
    bytes.len() > 3 && matches!(bytes[bytes.len() - 3], b'.' | b',')
}

const PICTURES: &[&str] = &[".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"];

/// A value, or the first of several, that names a picture.
fn is_picture(value: &str) -> bool {
    let first = value.split([',', ';', '|', '\n']).next().unwrap_or(value).trim();
    let path = first.split('?').next().unwrap_or(first).to_lowercase();
    PICTURES.iter().any(|ending| path.ends_with(ending))
}

fn is_dimensions(value: &str) -> bool {
    let folded: String = value
        .to_lowercase()
        .replace('×', "x")
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let mut parts = folded.split('x');
    parts.clone().count() >= 2 && parts.all(|part| part.starts_with(|c: char| c.is_ascii_digit()) && part.len() <= 12)
}

/// The sign between several pictures in one cell, or between words.
fn split_of(values: &[&str]) -> Option<&'static str> {
    for sign in ["|", ";", "\n", ","] {
        let parted: Vec<&&str> = values.iter().filter(|value| value.contains(sign)).collect();
        let pictures = |value: &str| value.split(sign).all(|part| part.trim().is_empty() || is_picture(part));
        if !parted.is_empty() && parted.iter().all(|value| pictures(value)) {
            return Some(sign);
        }
    }
    ["|", ";", ","].into_iter().find(|sign| {
        // Short words, most of which stand in more than one cell.
        let parted = values.iter().filter(|value| value.contains(sign)).count();
        parted * 4 >= values.len()
            && values
                .iter()
                .all(|value| value.split(sign).all(|part| part.trim().chars().count() <= 40))
    })
}

/// Words that only one of the languages uses often, folded.
const STOP_WORDS: [(&str, &[&str]); 6] = [
    (
        "es",
        &["el", "los", "las", "con", "para", "del", "una", "y", "sin", "por"],
    ),
    (
        "en",
        &[
            "the", "with", "and", "for", "of", "is", "this", "your", "from", "without",
        ],
    ),
    (
        "de",
        &["der", "die", "das", "und", "mit", "fur", "ist", "von", "ohne", "ein"],
    ),
    (
        "fr",
        &["le", "les", "des", "avec", "pour", "et", "une", "sur", "est", "sans"],
    ),
    (
        "it",
        &["il", "gli", "della", "per", "e", "di", "che", "sono", "senza", "nel"],
    ),
    ("pt", &["o", "os", "com", "para", "e", "uma", "nao", "do", "da", "sem"]),
];

/// Which language a column of texts is written in, with how many of its words were seen.
pub fn language_of(values: &[String]) -> Option<(&'static str, usize)> {
    let mut seen = [0usize; STOP_WORDS.len()];
    let mut different: [BTreeSet<&str>; STOP_WORDS.len()] = Default::default();
    for value in values.iter().take(200) {
        let folded = fold(value);
        for word in folded.split(' ').take(200) {
            for (n, (_, words)) in STOP_WORDS.iter().enumerate() {
                if let Some(known) = words.iter().find(|known| **known == word) {
                    seen[n] += 1;
                    different[n].insert(known);
                }
            }
        }
    }
    // One word alone proves nothing: the Latin of filler texts is full of `et`.
    for (count, different) in seen.iter_mut().zip(&different) {
        *count = if different.len() < 3 { 0 } else { *count };
    }
    let (best, count) = seen
        .iter()
        .enumerate()
        .max_by_key(|(n, count)| (**count, usize::MAX - n))?;
    let second = seen
        .iter()
        .enumerate()
        .filter(|(n, _)| *n != best)
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0);
    (*count >= 5 && *count * 2 >= second * 3).then(|| (STOP_WORDS[best].0, *count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(samples: &[&str]) -> Shape {
        Shape::of(&ColumnSample {
            header: String::new(),
            samples: samples.iter().map(|sample| sample.to_string()).collect(),
            filled: samples.len(),
            distinct: 0,
            cells: Vec::new(),
            rows: samples.len(),
        })
    }

    #[test]
    fn columns_have_shapes() {
        let codes = shape(&["8412345678905", "8 412345 678905", "96385074"]);
        assert_eq!((codes.gtins, codes.is_unique()), (1.0, true));
        let prices = shape(&["1.234,50 €", "12,00 €", "-"]);
        assert_eq!((prices.numbers, prices.currency), (1.0, Currency::parse("EUR").ok()));
        assert_eq!(prices.notation, Some(Proof::One(number::Notation::GroupedByPoint)));
        assert_eq!(prices.nothing, BTreeSet::from(["-".to_string()]));
        let pictures = shape(&["a.jpg|b.png", "https://x.example/c.webp?v=1"]);
        assert_eq!((pictures.pictures, pictures.split), (1.0, Some("|")));
        let weights = shape(&["2,5 kg", "500 g", "1 kg"]);
        assert_eq!((weights.measures, weights.numbers), (1.0, 1.0));
        assert_eq!(shape(&["20x30", "20 × 30 × 5 cm"]).dimensions, 1.0);
        assert_eq!(shape(&["31/12/2026", "01/02/2026"]).dates, [DateOrder::DayMonthSlash]);
        assert_eq!(shape(&["sí", "no"]).truths, 1.0);
    }

    #[test]
    fn languages_show_in_small_words() {
        let texts = |text: &str| vec![text.to_string()];
        assert_eq!(
            language_of(&texts("Taladro con batería para el taller y los talleres sin cable")).map(|l| l.0),
            Some("es")
        );
        assert_eq!(
            language_of(&texts("The drill with battery for the shop and for the home")).map(|l| l.0),
            Some("en")
        );
        assert_eq!(
            language_of(&texts("Bohrmaschine mit Akku für die Werkstatt und ohne Kabel")).map(|l| l.0),
            Some("de")
        );
        assert_eq!(language_of(&texts("GSR 18V-55")), None);
    }
}
