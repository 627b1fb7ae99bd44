//! Values as cells, and cells as the texts by which they are compared.
//!
//! What a cell says is one text, whether the spreadsheet holds it as a number, a date, a truth value or a text: `12.5`,
//! `2026-11-22`, `sí`. Reading that text as a value is the schema's (`schema::typed`).

use crate::product::record::Cell;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::sheet::neutral::restored;
use crate::sheet::words::Words;
use crate::value::option::{split, table};
use crate::value::price::Currency;
use crate::value::{Kind, Value, number};
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// Most characters of a cell, counted as UTF-16 does (Excel specifications and limits, total characters of a cell).
pub const LONGEST: usize = 32_767;
/// Digits that a spreadsheet keeps of a number.
const DIGITS: i128 = 1_000_000_000_000_000;
/// Between the members of a list.
const BETWEEN: &str = " | ";

/// What is written into a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Form<'v> {
    Blank,
    Text(Cow<'v, str>),
    Number(Decimal),
    Day(Date),
    /// What a cell cannot hold, or not so that it reads back: to be looked at only, and perhaps not whole.
    Fixed(String),
}

/// How values become cells.
#[derive(Debug, Clone, Copy)]
pub struct Style<'s> {
    pub schema: &'s Schema,
    /// Locale of the options' labels.
    pub locale: &'s str,
    pub words: Words,
    pub currency: Currency,
}

impl Form<'_> {
    /// What the cell says, as `said` gives it when it comes back.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Form::Blank => Cow::Borrowed(""),
            Form::Text(text) => Cow::Borrowed(text),
            Form::Fixed(text) => Cow::Borrowed(text),
            Form::Number(amount) => {
                let mut text = String::new();
                number::write(*amount, 0, &mut text);
                Cow::Owned(text)
            }
            Form::Day(day) => Cow::Owned(day.to_string()),
        }
    }
}

impl Style<'_> {
    /// The cell of a value.
    pub fn form<'v>(&self, key: Key, value: Option<&'v Value>) -> Form<'v> {
        let Some(value) = value else { return Form::Blank };
        let form = match value {
            Value::Integer(amount) => amount_form(Decimal::from(*amount)),
            Value::Decimal(amount) => amount_form(*amount),
            Value::Money(price) if price.currency == self.currency => amount_form(price.amount),
            Value::Measure(measure) if self.schema.attribute(key.attribute).unit.as_deref() == Some(&*measure.unit) => {
                amount_form(measure.amount)
            }
            Value::Boolean(true) => Form::Text(self.words.yes.into()),
            Value::Boolean(false) => Form::Text(self.words.no.into()),
            // The days before are counted from a leap day that never was.
            Value::Date(day) if day.year() > 1900 => Form::Day(*day),
            Value::Option(code) => Form::Text(self.option(key, code)),
            Value::Options(codes) => {
                let names = codes.iter().map(|code| self.option(key, code));
                let names: Vec<Cow<'_, str>> = names
                    .map(|name| if name.contains('|') { "".into() } else { name })
                    .collect();
                let shown = match names.iter().any(|name| name.is_empty()) {
                    true => codes.join(BETWEEN),
                    false => names.join(BETWEEN),
                };
                let list = self.schema.list_of(key.attribute);
                let meant = |name: &str| {
                    list.and_then(|list| list.find(name))
                        .map_or(name.to_owned(), |found| found.code.to_string())
                };
                let back: Vec<String> = split(&shown, "|").into_iter().map(meant).collect();
                read_back(shown, back == *codes)
            }
            Value::Media(list) | Value::Reference(list) => {
                let shown = list.join(BETWEEN);
                let same = split(&shown, "|") == *list;
                read_back(shown, same)
            }
            Value::Table(rows) => {
                let shown = value.to_text().into_owned();
                let same = table(&shown) == *rows;
                read_back(shown, same)
            }
            value => Form::Text(value.to_text()),
        };
        match form {
            Form::Text(text) if !fits(&text) => Form::Fixed(self.words.too_long.to_owned()),
            Form::Fixed(text) if !fits(&text) => Form::Fixed(self.words.too_long.to_owned()),
            form => form,
        }
    }

    /// The name by which an option is chosen; its code where the label leads elsewhere.
    fn option<'v>(&self, key: Key, code: &'v str) -> Cow<'v, str> {
        let Some(list) = self.schema.list_of(key.attribute) else {
            return Cow::Borrowed(code);
        };
        let label = list.label(code, self.locale);
        match list.find(label) {
            Some(found) if *found.code == *code => Cow::Owned(label.to_owned()),
            _ => Cow::Borrowed(code),
        }
    }

    /// The names of the options that an attribute chooses from, one at a time; none where it does not.
    pub fn choices(&self, key: Key) -> Vec<String> {
        let attribute = self.schema.attribute(key.attribute);
        match attribute.kind {
            Kind::Boolean => vec![self.words.yes.to_owned(), self.words.no.to_owned()],
            Kind::Option => {
                let list = self.schema.list_of(key.attribute);
                let options = list.map(|list| &*list.options).unwrap_or_default();
                let mut names: Vec<String> = options
                    .iter()
                    .map(|option| self.option(key, &option.code).into_owned())
                    .collect();
                names.sort_by_cached_key(|name| (crate::value::text::fold(name), name.clone()));
                names
            }
            _ => Vec::new(),
        }
    }
}

fn read_back(shown: String, same: bool) -> Form<'static> {
    match same {
        true => Form::Text(Cow::Owned(shown)),
        false => Form::Fixed(shown),
    }
}

/// A number where a spreadsheet keeps it whole, its text where it does not.
fn amount_form(amount: Decimal) -> Form<'static> {
    let short = amount.normalize();
    match short.mantissa().abs() < DIGITS && short.scale() <= 15 {
        true => Form::Number(short),
        false => {
            let mut text = String::new();
            number::write(amount, 0, &mut text);
            Form::Text(Cow::Owned(text))
        }
    }
}

/// True for texts that a cell can hold as they are.
fn fits(text: &str) -> bool {
    let short = text.len() < LONGEST || text.encode_utf16().count() < LONGEST;
    short && !text.contains(['\u{fffe}', '\u{ffff}'])
}

/// What a cell says, or the error that it holds.
pub fn said<'c>(cell: Cell<'c>) -> Result<&'c str, &'c str> {
    match cell {
        Cell::Absent => Ok(""),
        Cell::Text(text) => Ok(restored(text)),
        Cell::Number(text) => Ok(text),
        Cell::Moment(text) => Ok(text),
        Cell::Boolean(true) => Ok("true"),
        Cell::Boolean(false) => Ok("false"),
        Cell::Error(text) => Err(text),
        // No workbook has one.
        Cell::List(_) => Err(""),
    }
}
