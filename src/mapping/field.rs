//! One field of a mapping in its checked form: where its texts come from, and how one text becomes a value.
//!
//! A text that does not fit is refused with what the refusal costs: the value, or the whole row. Which cells a record has,
//! and in which order the fields go, is left to `apply`.

use crate::mapping::settings::Unknown;
use crate::mapping::template::RowTemplate;
use crate::mapping::vocabulary::{Codes, WordMap};
use crate::product::record::{Cell, Record};
use crate::schema::attribute::Attribute;
use crate::schema::option_list::OptionList;
use crate::schema::policy::Role;
use crate::schema::scope::Key;
use crate::transform::Chain;
use crate::value::date::DateOrder;
use crate::value::measurement::Measurement;
use crate::value::mismatch::Mismatch;
use crate::value::number::Notation;
use crate::value::price::{Currency, Price};
use crate::value::quantity::{self, Bound};
use crate::value::text::fold_into;
use crate::value::unit::Units;
use crate::value::{Kind, Reading, Value, read_remarked};
use rust_decimal::Decimal;
use std::sync::Arc;

/// A checked field.
#[derive(Debug)]
pub struct Field {
    /// As the settings call it.
    pub name: Box<str>,
    pub key: Key,
    pub attribute: Attribute,
    pub source: Source,
    /// Sign that parts one cell into several values.
    pub split: Option<Box<str>>,
    pub chain: Option<Chain>,
    pub map: Option<WordMap>,
    pub vocabulary: Vocabulary,
    pub unknown: Unknown,
    pub how: How,
    /// What findings call the source: a header, several, or the template.
    pub column: Arc<str>,
}

/// Where the texts of a field come from; numbers are positions in what the reader delivers.
#[derive(Debug)]
pub enum Source {
    Column(usize),
    Columns(Vec<usize>),
    Named(Box<Named>),
    /// The template and the positions of its columns, in its order.
    Template(RowTemplate, Vec<usize>),
    /// The same for all rows.
    Constant(Value),
}

/// Values beside their names.
#[derive(Debug)]
pub struct Named {
    /// Columns of names, each with the column of its values.
    pub pairs: Vec<(usize, usize)>,
    /// The names that are wanted, folded.
    pub is: Vec<Box<str>>,
    pub between: Option<Box<str>>,
    pub until: Option<Box<str>>,
}

impl Named {
    /// The values of the wanted names in a record, in order. `folded` is scratch space.
    pub fn values<'r>(&self, record: Record<'r>, folded: &mut String) -> Vec<Cell<'r>> {
        let mut values = Vec::new();
        for (names, held) in &self.pairs {
            let (names, held) = (record.cell(*names), record.cell(*held));
            let is_one = |text: &str| self.between.as_ref().is_none_or(|between| !text.contains(&**between));
            match names {
                Cell::Absent => {}
                // One name has all that stands beside it; most cells are of it.
                Cell::Text(text) if is_one(text) => match (self.wants(self.cut(names), folded), held) {
                    (false, _) => {}
                    (true, Cell::List(cells)) => values.extend(cells.iter().map(|cell| self.cut(cell))),
                    (true, cell) => values.push(self.cut(cell)),
                },
                // Of several each has the value in its place.
                names => {
                    let pairs = self.parts(names).into_iter().zip(self.parts(held));
                    let wanted = pairs.filter(|(name, _)| self.wants(*name, folded));
                    values.extend(wanted.map(|(_, value)| value));
                }
            }
        }
        values
    }

    fn wants(&self, name: Cell<'_>, folded: &mut String) -> bool {
        match name {
            Cell::Text(name) => {
                folded.clear();
                fold_into(name, folded);
                self.is.iter().any(|is| **is == **folded)
            }
            _ => false,
        }
    }

    fn parts<'r>(&self, cell: Cell<'r>) -> Vec<Cell<'r>> {
        match (cell, &self.between) {
            (Cell::List(cells), _) => cells.iter().map(|cell| self.cut(cell)).collect(),
            (Cell::Text(text), Some(between)) => {
                text.split(&**between).map(|part| self.cut(Cell::Text(part))).collect()
            }
            (cell, _) => vec![self.cut(cell)],
        }
    }

    fn cut<'r>(&self, cell: Cell<'r>) -> Cell<'r> {
        match (cell, &self.until) {
            (Cell::Text(text), Some(until)) => Cell::Text(text.split(&**until).next().unwrap_or(text).trim()),
            (Cell::Text(text), None) => Cell::Text(text.trim()),
            (cell, _) => cell,
        }
    }
}

/// Which words a value is chosen from.
#[derive(Debug)]
pub enum Vocabulary {
    /// Any.
    Free,
    /// The options of a list.
    Options(OptionList),
    /// The codes of categories or families; the text says which of them.
    Codes(Codes, &'static str),
}

/// How the supplier writes the values of a field.
#[derive(Debug, Default)]
pub struct How {
    /// `None` where nothing is declared.
    pub numbers: Option<Notation>,
    pub dates: DateOrder,
    pub currency: Option<Currency>,
    /// Unit of bare numbers.
    pub unit: Option<Box<str>>,
    /// Dimension of the attribute's unit.
    pub dimension: Option<Box<str>>,
    /// What net prices are multiplied by to be gross.
    pub gross: Option<Decimal>,
    /// It is the price to customers, which is never zero.
    pub sells: bool,
    /// It is the pieces at hand, which lists say in words too.
    pub stock: bool,
}

/// How a text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// By the supplier, in its own notation.
    Local,
    /// By the file format or a step, in plain notation.
    Plain,
}

/// Why a text gave no value, and what that costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub mismatch: Mismatch,
    pub cost: Cost,
}

/// What a refusal costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// The value is left out; a warning.
    Remark,
    /// The value is left out; an error.
    Value,
    /// The row is refused.
    Row,
}

/// A value, or nothing where the text says nothing, with what was repaired or is doubtful.
pub type Got = (Option<Value>, Option<Remark>);

/// What is to be said of a value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// With its cell: a warning.
    Cell(Mismatch),
    /// Once for its column.
    Column(Bound),
}

impl Field {
    /// Reads one trimmed text that says something. List kinds get a list of one.
    pub fn read(&self, text: &str, written: Written, units: &Units, folded: &mut String) -> Result<Got, Refusal> {
        if memchr::memchr(0, text.as_bytes()).is_some() {
            let mismatch = Mismatch::new("E-NUL", "a cell with a NUL byte")
                .with_help("the file is damaged or in another encoding; declare `encoding`, or export it again");
            return Err(self.refused(mismatch));
        }
        if let Some(map) = &self.map {
            match map.find(text, folded) {
                Some(meaning) => return Ok((meaning.clone(), None)),
                None if self.unknown == Unknown::Keep => {}
                None => {
                    return self.unknown_word("E-UNKNOWN-WORD", "a text that the value map does not know".to_string());
                }
            }
        }
        match &self.vocabulary {
            Vocabulary::Free => self.read_kind(text, written, units, folded),
            Vocabulary::Options(list) => {
                let code = match list.find(text) {
                    Some(option) => option.code.to_string(),
                    None if self.attribute.open => crate::value::text::tidy(text).into_owned(),
                    None => {
                        let message = format!("a text that is no option of `{}`", list.code);
                        return self.unknown_word("E-UNKNOWN-OPTION", message);
                    }
                };
                let many = self.attribute.kind == Kind::Options;
                Ok((
                    Some(if many {
                        Value::Options(vec![code])
                    } else {
                        Value::Option(code)
                    }),
                    None,
                ))
            }
            Vocabulary::Codes(codes, what) => match codes.find(text, folded) {
                Some(code) => Ok((Some(Value::Identifier(code.to_string())), None)),
                None if self.unknown == Unknown::Keep => self.read_kind(text, written, units, folded),
                None => self.unknown_word("E-UNKNOWN-CODE", format!("a text that names no {what} of the schema")),
            },
        }
    }

    /// The notation of numbers in a text that was written so.
    pub fn notation(&self, written: Written) -> Notation {
        match written {
            Written::Local => self.how.numbers.unwrap_or_default(),
            Written::Plain => Notation::Plain,
        }
    }

    fn read_kind(&self, text: &str, written: Written, units: &Units, folded: &mut String) -> Result<Got, Refusal> {
        let kind = self.attribute.kind;
        if written == Written::Local && self.how.numbers.is_none() && kind.is_amount() && could_be_thousands(text) {
            let mismatch = Mismatch::new(
                "E-NUMBER-AMBIGUOUS",
                "a number that may be in thousands or have three decimals",
            )
            .with_help("declare `numbers` in the supplier's [read], for example \"1.234,56\" or \"1234.56\"");
            return Err(self.refused(mismatch));
        }
        let reading = Reading {
            numbers: self.notation(written),
            // What a format typed as a number may count days or seconds.
            dates: match written {
                Written::Plain if !self.how.dates.is_count() || !is_plain_number(text) => DateOrder::Iso,
                _ => self.how.dates,
            },
            currency: self.how.currency,
            units,
            unit: self.how.unit.as_deref(),
            dimension: self.how.dimension.as_deref(),
        };
        // Looked at first, so that what is usual in a stock column does not cost a refusal each time.
        if self.how.stock
            && says_more_than_a_number(text)
            && let Some(said) = self.stock(text, written, folded)
        {
            return said;
        }
        let read = read_remarked(kind, text, &reading);
        let (value, remark) = match read {
            Ok(read) => read,
            Err(mismatch) if mismatch.is_no_value() => return Ok((None, None)),
            Err(mismatch) => {
                let said = self.how.stock.then(|| self.stock(text, written, folded)).flatten();
                return said.unwrap_or_else(|| Err(self.refused(mismatch)));
            }
        };
        let value = self.finished(value, units)?;
        Ok((Some(value), remark.map(Remark::Cell)))
    }

    /// What a stock column says instead of a number; `None` where that is nothing known.
    fn stock(&self, text: &str, written: Written, folded: &mut String) -> Option<Result<Got, Refusal>> {
        let refused = |mismatch| self.refused(mismatch);
        Some(match quantity::read(text, self.notation(written), folded)? {
            Ok((pieces, bound)) => {
                let value = Value::Integer(pieces);
                let within = self.attribute.check_limits(&value).map_err(refused);
                within.map(|()| (Some(value), bound.map(Remark::Column)))
            }
            Err(mismatch) => Err(refused(mismatch)),
        })
    }

    /// The value in the attribute's unit and decimals, within its limits.
    pub fn finished(&self, value: Value, units: &Units) -> Result<Value, Refusal> {
        let value = match value {
            Value::Money(price) => Value::Money(self.priced(price)?),
            Value::Measure(measurement) => self
                .measured(measurement, units)
                .map_err(|mismatch| self.refused(mismatch))?,
            Value::Decimal(number) => Value::Decimal(self.attribute.rounded(number)),
            value => value,
        };
        self.attribute
            .check_limits(&value)
            .map_err(|mismatch| self.refused(mismatch))?;
        Ok(value)
    }

    fn measured(&self, measurement: Measurement, units: &Units) -> Result<Value, Mismatch> {
        let mut measurement = match &self.attribute.unit {
            Some(unit) if *measurement.unit != **unit => measurement.to(units, unit)?,
            _ => measurement,
        };
        measurement.amount = self.attribute.rounded(measurement.amount);
        Ok(Value::Measure(measurement))
    }

    /// The price with VAT, and never an amount that would give the goods away.
    fn priced(&self, price: Price) -> Result<Price, Refusal> {
        let mut price = price;
        if let Some(gross) = self.how.gross {
            let amount = price
                .amount
                .checked_mul(gross)
                .ok_or_else(|| self.refused(Mismatch::new("E-NUMBER-SIZE", "an amount too large to add VAT to")))?;
            price = Price { amount, ..price }.rounded();
        }
        price.amount = self.attribute.rounded(price.amount);
        let least = self.attribute.limits.min;
        if price.is_negative() && least.is_none_or(|least| least >= Decimal::ZERO) {
            let mismatch = Mismatch::new("E-PRICE-NEGATIVE", "an amount below zero").with_help(
                "correct it in the feed; if it is a discount, map it to an attribute whose `min` is below zero",
            );
            return Err(self.refused(mismatch));
        }
        if price.rounded().amount.is_zero() {
            if self.how.sells {
                let mismatch = Mismatch::new("E-PRICE-ZERO", "a price of zero, which is never published")
                    .with_help("correct it in the feed, or add \"0\" to `empty` if it stands for no price");
                return Err(Refusal {
                    mismatch,
                    cost: Cost::Row,
                });
            }
            if least.is_none_or(|least| least > Decimal::ZERO) {
                let mismatch =
                    Mismatch::new("W-PRICE-ZERO", "an amount of zero, taken for no amount").with_help(format!(
                        "say `min = \"0\"` of `{}` if zero is an amount here",
                        self.attribute.code
                    ));
                return Err(Refusal {
                    mismatch,
                    cost: Cost::Remark,
                });
            }
        }
        Ok(price)
    }

    /// What an unknown word costs is said by the field's `unknown`.
    fn unknown_word(&self, code: &'static str, message: String) -> Result<Got, Refusal> {
        let cost = match self.unknown {
            Unknown::Drop => return Ok((None, None)),
            Unknown::Keep | Unknown::RejectValue => Cost::Value,
            Unknown::RejectRow => Cost::Row,
        };
        let help = match &self.vocabulary {
            Vocabulary::Options(list) => {
                format!(
                    "map it in the supplier's [maps], or add it to the synonyms of an option of `{}`",
                    list.code
                )
            }
            _ => "map it in the supplier's [maps], or say with `unknown` what to do".to_string(),
        };
        Err(Refusal {
            mismatch: Mismatch::new(code, message).with_help(help),
            cost,
        })
    }

    /// What a text that cannot be read costs: a wrong offer costs money and a wrong code joins strangers, so both cost the
    /// row; a doubtful GTIN or a text too long is left out.
    pub fn refused(&self, mismatch: Mismatch) -> Refusal {
        let kind = self.attribute.kind;
        let cost = match kind {
            Kind::Gtin => Cost::Remark,
            Kind::Identifier if matches!(self.vocabulary, Vocabulary::Free) => Cost::Row,
            Kind::Option | Kind::Options => Cost::Value,
            Kind::Text | Kind::RichText | Kind::Url if mismatch.code == "E-TOO-LONG" => Cost::Remark,
            _ if self.attribute.role == Role::Offer => Cost::Row,
            _ => Cost::Value,
        };
        Refusal { mismatch, cost }
    }
}

/// True for `>50`, `+50`, `50 uds`, `agotado`.
fn says_more_than_a_number(text: &str) -> bool {
    let says = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'<' | b'>' | b'+');
    text.bytes().any(says)
}

fn is_plain_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// True for `1.234` and `-12.345 €`: one point, one to three digits before it that do not begin with zero, three behind.
/// Written by a Spanish hand it is a thousand, by an English one it is not.
pub fn could_be_thousands(text: &str) -> bool {
    let bytes = text.as_bytes();
    // An abbreviation has a point of its own: `mind. 1.000`.
    memchr::memchr_iter(b'.', bytes).any(|point| {
        let digits = |byte: &&u8| byte.is_ascii_digit();
        let before = bytes[..point].iter().rev().take_while(digits).count();
        let behind = bytes[point + 1..].iter().take_while(digits).count();
        let next = bytes.get(point + 1 + behind);
        (1..=3).contains(&before)
            && behind == 3
            && bytes.get(point - before) != Some(&b'0')
            // `1.234.567` has one reading.
            && !(point > before && matches!(bytes[point - before - 1], b'.' | b','))
            && !matches!(next, Some(b'.' | b','))
    })
}

#[cfg(test)]
mod tests {
    use super::could_be_thousands;

    #[test]
    fn numbers_of_two_readings_are_seen() {
        for text in ["1.234", "12.345 €", "-1.500", "€ 999.000", "mind. 1.000", "Rs. 1.500"] {
            assert!(could_be_thousands(text), "{text}");
        }
        for text in ["0.125", "1234.567", "12.50", "1.2345", ".500", "12", "", "1.234,50"] {
            assert!(!could_be_thousands(text), "{text}");
        }
    }
}
