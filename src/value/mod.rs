//! What an attribute can hold: `Kind` names it, `Value` holds it in canonical form.
//!
//! A value has one canonical text and one JSON form, and reads back from both. Reading foreign notation
//! (`1.234,50 €`, `31/12/2026`, `sí`) happens in the files of this folder, under a declared `Reading`; which column holds
//! what is left to `mapping`.

pub mod date;
pub mod entity;
pub mod identifier;
pub mod measurement;
pub mod media;
pub mod mismatch;
pub mod month;
pub mod number;
pub mod option;
pub mod price;
pub mod quantity;
pub mod repair;
pub mod text;
pub mod unit;

#[cfg(test)]
mod tests;

use crate::value::date::DateOrder;
use crate::value::identifier::Gtin;
use crate::value::measurement::Measurement;
use crate::value::mismatch::Mismatch;
use crate::value::number::Notation;
use crate::value::price::{Currency, Price};
use crate::value::unit::Units;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// The kinds of attribute values.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Plain text, one line or several.
    Text,
    /// Text with light HTML markup, kept to an allow list.
    RichText,
    /// A whole number.
    Integer,
    /// An exact decimal number without a unit.
    Decimal,
    /// A number with a unit (`2.5 kg`).
    Measure,
    /// An amount with a currency (`12.50 EUR`).
    Money,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A moment with its zone.
    #[serde(rename = "datetime")]
    DateTime,
    /// One option of a list.
    Option,
    /// Several options of a list.
    Options,
    /// A GS1 trade item number: 8, 12, 13 or 14 digits with a check digit.
    Gtin,
    /// A code that is text from the first byte (SKU, MPN): leading zeros live.
    Identifier,
    /// An http(s) address.
    Url,
    /// Addresses or paths of pictures and documents, in order.
    Media,
    /// SKUs of other products.
    Reference,
    /// Rows of small cells.
    Table,
}

/// One value in canonical form. `Ord` is a total order for sorting and sets, not a comparison of meaning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Text(String),
    RichText(String),
    Integer(i64),
    Decimal(Decimal),
    Measure(Measurement),
    Money(Price),
    Boolean(bool),
    Date(jiff::civil::Date),
    DateTime(jiff::Timestamp),
    /// Code of the option.
    Option(String),
    /// Codes of the options, in the order said, without repetitions.
    Options(Vec<String>),
    Gtin(Gtin),
    Identifier(String),
    Url(String),
    Media(Vec<String>),
    Reference(Vec<String>),
    Table(Vec<Vec<String>>),
}

/// Every kind, in the order of their declaration.
pub const KINDS: [Kind; 17] = [
    Kind::Text,
    Kind::RichText,
    Kind::Integer,
    Kind::Decimal,
    Kind::Measure,
    Kind::Money,
    Kind::Boolean,
    Kind::Date,
    Kind::DateTime,
    Kind::Option,
    Kind::Options,
    Kind::Gtin,
    Kind::Identifier,
    Kind::Url,
    Kind::Media,
    Kind::Reference,
    Kind::Table,
];

impl Kind {
    /// The kind as settings write it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::RichText => "rich_text",
            Kind::Integer => "integer",
            Kind::Decimal => "decimal",
            Kind::Measure => "measure",
            Kind::Money => "money",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::DateTime => "datetime",
            Kind::Option => "option",
            Kind::Options => "options",
            Kind::Gtin => "gtin",
            Kind::Identifier => "identifier",
            Kind::Url => "url",
            Kind::Media => "media",
            Kind::Reference => "reference",
            Kind::Table => "table",
        }
    }

    /// True for the kinds that hold several values in order: options, media, references.
    pub fn is_list(self) -> bool {
        matches!(self, Kind::Options | Kind::Media | Kind::Reference)
    }

    /// True for the kinds that hold an amount: integers, decimals, measures, money.
    pub fn is_amount(self) -> bool {
        matches!(self, Kind::Integer | Kind::Decimal | Kind::Measure | Kind::Money)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Value {
    /// The kind of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Text(_) => Kind::Text,
            Value::RichText(_) => Kind::RichText,
            Value::Integer(_) => Kind::Integer,
            Value::Decimal(_) => Kind::Decimal,
            Value::Measure(_) => Kind::Measure,
            Value::Money(_) => Kind::Money,
            Value::Boolean(_) => Kind::Boolean,
            Value::Date(_) => Kind::Date,
            Value::DateTime(_) => Kind::DateTime,
            Value::Option(_) => Kind::Option,
            Value::Options(_) => Kind::Options,
            Value::Gtin(_) => Kind::Gtin,
            Value::Identifier(_) => Kind::Identifier,
            Value::Url(_) => Kind::Url,
            Value::Media(_) => Kind::Media,
            Value::Reference(_) => Kind::Reference,
            Value::Table(_) => Kind::Table,
        }
    }

    /// True for blank texts, and for lists and tables without members.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Text(text)
            | Value::RichText(text)
            | Value::Option(text)
            | Value::Identifier(text)
            | Value::Url(text) => text.trim().is_empty(),
            Value::Options(list) | Value::Media(list) | Value::Reference(list) => list.is_empty(),
            Value::Table(rows) => rows.is_empty(),
            _ => false,
        }
    }

    /// The canonical text: `12.5`, `2.5 kg`, `12.50 EUR`, `true`, ISO dates; lists joined with `, `, the cells of a table with
    /// ` | ` and its rows with line breaks. Equal values have equal texts.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text)
            | Value::RichText(text)
            | Value::Option(text)
            | Value::Identifier(text)
            | Value::Url(text) => Cow::Borrowed(text),
            Value::Boolean(true) => Cow::Borrowed("true"),
            Value::Boolean(false) => Cow::Borrowed("false"),
            Value::Options(list) | Value::Media(list) | Value::Reference(list) => match list.as_slice() {
                [] => Cow::Borrowed(""),
                [one] => Cow::Borrowed(one),
                many => Cow::Owned(many.join(", ")),
            },
            Value::Table(rows) => {
                let lines: Vec<String> = rows.iter().map(|cells| cells.join(" | ")).collect();
                Cow::Owned(lines.join("\n"))
            }
            Value::Integer(number) => Cow::Owned(number.to_string()),
            Value::Decimal(_)
            | Value::Measure(_)
            | Value::Money(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Gtin(_) => {
                let mut out = String::with_capacity(24);
                self.write_short(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// Appends the kinds whose text is made of digits and codes, and needs no escaping but for units.
    fn write_short(&self, out: &mut String) {
        use fmt::Write;
        match self {
            Value::Decimal(number) => number::write(*number, 0, out),
            Value::Measure(measurement) => measurement.write(out),
            Value::Money(price) => price.write(out),
            Value::Gtin(gtin) => out.push_str(&gtin.digits()),
            // Writing into a string does not fail.
            Value::Date(day) => drop(write!(out, "{day}")),
            Value::DateTime(moment) => drop(write!(out, "{moment}")),
            _ => {}
        }
    }

    /// Appends the JSON form: integers are numbers, booleans `true` and `false`, lists arrays of strings, tables arrays of arrays
    /// of strings; all else a string with the canonical text.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Value::Text(text)
            | Value::RichText(text)
            | Value::Option(text)
            | Value::Identifier(text)
            | Value::Url(text) => escape_json(text, out),
            Value::Integer(number) => number::write(Decimal::from(*number), 0, out),
            Value::Boolean(true) => out.push_str("true"),
            Value::Boolean(false) => out.push_str("false"),
            Value::Measure(measurement) => {
                out.push('"');
                number::write(measurement.amount, 0, out);
                out.push(' ');
                escape_json_inside(&measurement.unit, out);
                out.push('"');
            }
            Value::Decimal(_) | Value::Money(_) | Value::Gtin(_) | Value::Date(_) | Value::DateTime(_) => {
                out.push('"');
                self.write_short(out);
                out.push('"');
            }
            Value::Options(list) | Value::Media(list) | Value::Reference(list) => write_strings(list, out),
            Value::Table(rows) => {
                out.push('[');
                for (n, cells) in rows.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    write_strings(cells, out);
                }
                out.push(']');
            }
        }
    }

    /// Reads the JSON form back; `json` is one JSON value and nothing else.
    pub fn from_json(kind: Kind, json: &str) -> Result<Value, Mismatch> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let value = serde::de::DeserializeSeed::deserialize(ValueSeed(kind), &mut deserializer).and_then(|value| {
            deserializer.end()?;
            Ok(value)
        });
        value.map_err(|error| Mismatch::new("E-JSON", format!("not a {kind} in JSON: {error}")))
    }
}

/// Compares two values by what they mean: numbers with numbers, money of one currency, measures of one dimension (by the
/// built-in units), days, moments, texts of one kind. `None` where the question has no answer.
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Integer(a), Value::Decimal(b)) => Some(Decimal::from(*a).cmp(b)),
        (Value::Decimal(a), Value::Integer(b)) => Some(a.cmp(&Decimal::from(*b))),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Money(a), Value::Money(b)) => (a.currency == b.currency).then(|| a.amount.cmp(&b.amount)),
        (Value::Measure(a), Value::Measure(b)) if a.unit == b.unit => Some(a.amount.cmp(&b.amount)),
        (Value::Measure(a), Value::Measure(b)) => {
            let b = Units::builtin().convert(b.amount, &b.unit, &a.unit).ok()?;
            Some(a.amount.cmp(&b))
        }
        (a, b) if a.kind() == b.kind() => Some(a.cmp(b)),
        _ => None,
    }
}

/// Appends a text as a JSON string, with its quotes.
pub fn escape_json(text: &str, out: &mut String) {
    out.push('"');
    escape_json_inside(text, out);
    out.push('"');
}

fn escape_json_inside(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let mut kept = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.push_str(&text[kept..at]);
        kept = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out.push_str(&text[kept..]);
}

fn write_strings(list: &[String], out: &mut String) {
    out.push('[');
    for (n, text) in list.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        escape_json(text, out);
    }
    out.push(']');
}

/// Reads the JSON form of a value of a known kind straight from a serde source, without a tree in between.
#[derive(Debug, Clone, Copy)]
pub struct ValueSeed(pub Kind);

impl<'de> serde::de::DeserializeSeed<'de> for ValueSeed {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for ValueSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        let fault = |mismatch: Mismatch| E::custom(mismatch);
        Ok(match self.0 {
            Kind::Text => Value::Text(text.to_string()),
            Kind::RichText => Value::RichText(text.to_string()),
            Kind::Option => Value::Option(text.to_string()),
            Kind::Identifier => Value::Identifier(text.to_string()),
            Kind::Url => Value::Url(text.to_string()),
            Kind::Decimal => Value::Decimal(number::parse(text, Notation::Plain).map_err(fault)?),
            Kind::Measure => Value::Measure(Measurement::parse(text).map_err(fault)?),
            Kind::Money => Value::Money(Price::parse(text).map_err(fault)?),
            Kind::Gtin => Value::Gtin(Gtin::parse(text).map_err(fault)?),
            Kind::Date => Value::Date(date::day(text, DateOrder::Iso).map_err(fault)?),
            Kind::DateTime => Value::DateTime(date::moment(text, DateOrder::Iso).map_err(fault)?),
            Kind::Integer | Kind::Boolean | Kind::Options | Kind::Media | Kind::Reference | Kind::Table => {
                return Err(E::invalid_type(serde::de::Unexpected::Str(text), &self));
            }
        })
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Value, E> {
        match self.0 {
            Kind::Integer => Ok(Value::Integer(number)),
            _ => Err(E::invalid_type(serde::de::Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        match (self.0, i64::try_from(number)) {
            (Kind::Integer, Ok(number)) => Ok(Value::Integer(number)),
            _ => Err(E::invalid_type(serde::de::Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<Value, E> {
        match self.0 {
            Kind::Boolean => Ok(Value::Boolean(truth)),
            _ => Err(E::invalid_type(serde::de::Unexpected::Bool(truth), &self)),
        }
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        if self.0 == Kind::Table {
            let mut rows = Vec::new();
            while let Some(cells) = members.next_element()? {
                rows.push(cells);
            }
            return Ok(Value::Table(rows));
        }
        let mut list = Vec::new();
        while let Some(text) = members.next_element::<String>()? {
            list.push(text);
        }
        match self.0 {
            Kind::Options => Ok(Value::Options(list)),
            Kind::Media => Ok(Value::Media(list)),
            Kind::Reference => Ok(Value::Reference(list)),
            _ => Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self)),
        }
    }
}

/// How one supplier writes things, as declared in its settings.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// Notation of numbers.
    pub numbers: Notation,
    /// Order of days.
    pub dates: DateOrder,
    /// Currency of prices that name none.
    pub currency: Option<Currency>,
    /// The units that are known.
    pub units: &'a Units,
    /// Unit of bare numbers.
    pub unit: Option<&'a str>,
    /// Dimension that measures must have.
    pub dimension: Option<&'a str>,
}

impl Default for Reading<'static> {
    /// Canonical notation, no assumed currency or unit, the built-in units.
    fn default() -> Reading<'static> {
        Reading {
            numbers: Notation::Plain,
            dates: DateOrder::Iso,
            currency: None,
            units: Units::builtin(),
            unit: None,
            dimension: None,
        }
    }
}

/// Reads a foreign text as a value of a kind. Blank texts give the mismatch of no value; what was repaired is not told.
///
/// Kinds with options keep the text itself: which option it means is the schema's. A list kind gets one member; several
/// members in one cell are parted before.
pub fn read(kind: Kind, text: &str, reading: &Reading<'_>) -> Result<Value, Mismatch> {
    read_remarked(kind, text, reading).map(|(value, _)| value)
}

/// The same for a number that the file format itself typed, in plain decimal notation.
pub fn read_number(kind: Kind, text: &str, reading: &Reading<'_>) -> Result<Value, Mismatch> {
    match kind {
        Kind::Date | Kind::DateTime => Err(Mismatch::new("E-DATE", "a number where a day is asked for")
            .with_help("format the column as dates in the source")),
        Kind::Url | Kind::Media => Err(Mismatch::new("E-URL", "a number where an address is asked for")),
        _ => read(
            kind,
            text,
            &Reading {
                numbers: Notation::Plain,
                ..*reading
            },
        ),
    }
}

/// `read`, with a remark where the value was repaired or is doubtful (GTINs).
pub fn read_remarked(kind: Kind, text: &str, reading: &Reading<'_>) -> Result<(Value, Option<Mismatch>), Mismatch> {
    let said = text;
    let text = text::trimmed(text);
    if text.is_empty() {
        return Err(Mismatch::no_value());
    }
    let value = match kind {
        Kind::Text => Value::Text(text::trimmed(&text::tidy(text)).to_string()),
        Kind::RichText => Value::RichText(text::clean(&text::tidy(text))),
        Kind::Integer => Value::Integer(integer(number::parse(text, reading.numbers)?)?),
        Kind::Decimal => Value::Decimal(number::parse(text, reading.numbers)?),
        Kind::Measure => Value::Measure(Measurement::read(
            text,
            reading.numbers,
            reading.units,
            reading.unit,
            reading.dimension,
        )?),
        Kind::Money => Value::Money(Price::read(text, reading.numbers, reading.currency)?),
        Kind::Boolean => Value::Boolean(option::truth(text)?),
        Kind::Date => Value::Date(date::day(text, reading.dates)?),
        Kind::DateTime => Value::DateTime(date::moment(text, reading.dates)?),
        Kind::Option => Value::Option(text::tidy(text).trim().to_string()),
        Kind::Options => Value::Options(vec![text::tidy(text).trim().to_string()]),
        Kind::Gtin => {
            let (gtin, remark) = Gtin::read(said)?;
            return Ok((Value::Gtin(gtin), remark));
        }
        Kind::Identifier => Value::Identifier(identifier::read(text)?),
        Kind::Url => Value::Url(media::address(text)?.into_owned()),
        Kind::Media => Value::Media(vec![media::place(text)?.into_owned()]),
        Kind::Reference => Value::Reference(vec![identifier::read(text)?]),
        Kind::Table => Value::Table(option::table(text)),
    };
    // A text of nothing but control characters or empty markup says nothing either.
    let unsaid = match &value {
        Value::RichText(html) => html.is_empty() || html.starts_with('<') && text::plain(html).is_empty(),
        value => value.is_empty(),
    };
    if unsaid {
        return Err(Mismatch::no_value());
    }
    Ok((value, None))
}

fn integer(number: Decimal) -> Result<i64, Mismatch> {
    if !number.fract().is_zero() {
        return Err(
            Mismatch::new("E-INTEGER", "a number with decimals where a whole one is asked for")
                .with_help("round it with a step, or make the attribute a decimal"),
        );
    }
    number
        .to_i64()
        .ok_or_else(|| Mismatch::new("E-NUMBER-SIZE", "a whole number of more than 64 bits"))
}
