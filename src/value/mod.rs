//! What an attribute can hold: `Kind` names it, `Value` holds it in canonical form.
//!
//! A value has one canonical text and one JSON form, and reads back from both. Reading foreign notation
//! (`1.234,50 €`, `31/12/2026`, `sí`) happens in the files of this folder, under a declared `Reading`; which column holds
//! what is left to `mapping`.

pub mod date;
pub mod identifier;
pub mod measurement;
pub mod media;
pub mod mismatch;
pub mod number;
pub mod option;
pub mod price;
pub mod text;
pub mod unit;

use crate::value::identifier::Gtin;
use crate::value::measurement::Measurement;
use crate::value::price::Price;
use rust_decimal::Decimal;

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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
