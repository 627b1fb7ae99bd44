//! The fields of a channel, as a pack describes them: what they hold, how much, and what happens when it does not fit.
//!
//! The checked form is `Field` of this folder's `mod.rs`; running the demands is left to `channel::rule::field`.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One field of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldFile {
    /// Name in the file.
    pub name: String,
    /// Name in the channel's interface, if another.
    #[serde(default)]
    pub api_name: Option<String>,
    /// Older or other spellings.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Must it be filled.
    #[serde(default)]
    pub required: Required,
    /// When it must be, for `conditional`.
    #[serde(default)]
    pub condition: Option<String>,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Shortest text.
    #[serde(default)]
    pub min_length: Option<u32>,
    /// Longest text.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// What lengths count.
    #[serde(default)]
    pub length_unit: LengthUnit,
    /// Longest sum of all values.
    #[serde(default)]
    pub max_total_length: Option<u32>,
    /// What happens to a text that is too long.
    #[serde(default)]
    pub too_long: TooLong,
    /// Least number.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub min_value: Option<Decimal>,
    /// Greatest number.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub max_value: Option<Decimal>,
    /// Regular expression each value matches.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The allowed words.
    #[serde(default, rename = "enum")]
    pub words: Vec<String>,
    /// What the channel takes when nothing is said.
    #[serde(default)]
    pub default: Option<String>,
    /// Units and limits of a `measure`.
    #[serde(default)]
    pub measure: Option<MeasureFile>,
    /// Most values.
    #[serde(default = "one")]
    pub max_values: u32,
    /// What joins several values.
    #[serde(default)]
    pub separator: Option<String>,
    /// Several values are one joined text in every format, not only in delimited ones.
    #[serde(default)]
    pub joined: bool,
    /// Which line of a grouped file it stands on.
    #[serde(default)]
    pub row: Row,
    /// The parts of a `group`, in the order of the delimited spelling.
    #[serde(default)]
    pub parts: Vec<PartFile>,
    /// The delimited spelling of a `group`, for people.
    #[serde(default)]
    pub syntax: Option<String>,
    /// More, for people.
    #[serde(default)]
    pub notes: Option<String>,
    /// What is not confirmed; such a demand warns and never blocks.
    #[serde(default)]
    pub uncertain: Vec<Demand>,
    /// The same in words.
    #[serde(default)]
    pub uncertain_what: Option<String>,
}

fn one() -> u32 {
    1
}

/// Must a field be filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// In every item.
    Always,
    /// In the case that `condition` describes.
    Conditional,
    /// Never.
    #[default]
    Optional,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Plain text, one line.
    String,
    /// Plain text, line breaks allowed.
    Text,
    /// Text with markup.
    Html,
    /// One word of a closed list.
    Enum,
    /// Spelled as in `enum`, or `true` and `false`.
    Bool,
    /// A whole number.
    Integer,
    /// A number with a period.
    Decimal,
    /// Amount and currency code, as `price.template` has them.
    Money,
    /// The amount only.
    MoneyPlain,
    /// `YYYY-MM-DD`.
    Date,
    /// ISO 8601 with zone.
    Datetime,
    /// Start and end of a time, joined by the separator.
    DateRange,
    /// An http(s) address.
    Url,
    /// An http(s) address of a picture.
    ImageUrl,
    /// 8, 12, 13 or 14 digits with the GS1 check digit.
    Gtin,
    /// Id or path in the channel's category tree.
    Taxonomy,
    /// Number and unit.
    Measure,
    /// Named parts.
    Group,
    /// Several values.
    List,
    /// A structured value.
    Json,
    /// Name and value pairs.
    KeyValue,
    /// A country as two capital letters (ISO 3166-1).
    Country,
    /// A time of day, `HHMM`.
    Time,
    /// A time zone of the IANA list, as `Europe/Madrid`.
    TimeZone,
}

/// What lengths count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LengthUnit {
    /// Unicode characters.
    #[default]
    Characters,
    /// Bytes in UTF-8.
    Bytes,
}

/// What happens to a text that is longer than its field takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// An optional field is left out; in any other the item is blocked.
    #[default]
    Reject,
    /// The text is cut behind the last word that fits, and the item is degraded.
    Cut,
}

/// Which line of a grouped file a field stands on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// On each variant's line.
    #[default]
    Variant,
    /// On every line.
    Every,
    /// On the first line of the product.
    Product,
    /// One value a line: the first on the first line, the others on lines of their own behind the variants.
    Picture,
    /// The number of the picture on the line, counted from 1; written by the program.
    PictureNumber,
}

/// A demand of a field, to say which one is not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// That it is there.
    Required,
    /// What it holds: type, units, spelling.
    Type,
    /// Shortest and longest text.
    Length,
    /// Least and greatest number.
    Range,
    /// The pattern.
    Pattern,
    /// The list of words.
    Enum,
    /// The number of values.
    MaxValues,
    /// The name or the spelling of parts in the file.
    Syntax,
    /// The condition, or what the notes say.
    Notes,
}

/// One part of a `group`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartFile {
    /// Name in the file.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Longest text, in characters.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// The allowed words.
    #[serde(default, rename = "enum")]
    pub words: Vec<String>,
    /// More, for people.
    #[serde(default)]
    pub notes: Option<String>,
}

/// Units and limits of a measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureFile {
    /// The allowed units.
    #[serde(default)]
    pub units: Vec<String>,
    /// Least number, in any unit.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub min: Option<Decimal>,
    /// Greatest number, by unit.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub max: BTreeMap<String, Decimal>,
    /// The only numbers allowed.
    #[serde(default)]
    pub numbers: Vec<u32>,
    /// Measures allowed beside those numbers, as they are written.
    #[serde(default)]
    pub also: Vec<String>,
}
