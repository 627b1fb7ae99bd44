//! What a supplier file says about reading its feed: `[read]`, `[fields.X]` and `[maps.X]`.
//!
//! These are the settings as written. What they mean together, and what is wrong with them, is left to `check`.

use crate::transform::Step;
use crate::value::date::DateOrder;
use crate::value::number::Notation;
use crate::value::price::Currency;
use std::collections::BTreeMap;

/// How this supplier writes things, for all fields that do not say otherwise.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadSettings {
    /// Catalog locale of the supplier's texts, such as `es`; default: the first locale of the workspace.
    pub locale: Option<String>,
    /// Currency of prices that name none, such as `EUR`.
    pub currency: Option<Currency>,
    /// How numbers are written. Numbers in another notation are refused, not guessed; where nothing is declared, `1234.56` is
    /// read and numbers such as `1.234`, which could be thousands, are refused.
    pub numbers: Option<Notation>,
    /// How days are written; default `YYYY-MM-DD`.
    pub dates: DateOrder,
    /// Whether the prices exclude VAT (`net`) or include it (`gross`). The catalog's prices are gross. The attribute `cost` is
    /// kept as it is written, unless its own field says `prices`.
    pub prices: PriceBasis,
    /// Percent of VAT, such as `"21"`, to turn net prices into gross ones.
    pub vat: Option<String>,
    /// Cells that say nothing, beside blank ones. Case does not count.
    pub empty: Vec<String>,
    /// Cells that take a value away, such as `#CLEAR`. Case does not count.
    pub clear: Vec<String>,
}

/// Whether prices include value added tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceBasis {
    /// VAT is inside.
    #[default]
    Gross,
    /// VAT comes on top.
    Net,
}

/// Where the value of one attribute comes from and how it is read. Exactly one of `column`, `columns`, `named`, `value` and
/// `template` says where from; then `split`, `steps`, `map` and the attribute's kind follow in this order.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldSettings {
    /// Header of the column; for XML, JSON and BMEcat the path, such as `ARTICLE_DETAILS/EAN` or `price.amount`.
    pub column: Option<String>,
    /// Several columns whose values make one list.
    pub columns: Vec<String>,
    /// Columns of names beside columns of values, of which the values with certain names are taken.
    pub named: Option<NamedSettings>,
    /// The same value for all products.
    pub value: Option<String>,
    /// A template over the raw row: `{{ row['Marca'] }} {{ row['Modelo'] }}`.
    pub template: Option<String>,
    /// Sign that parts one cell into several values.
    pub split: Option<String>,
    /// What is done to the text, in order.
    pub steps: Vec<Step>,
    /// Name of the value map, one of `[maps.X]`.
    pub map: Option<String>,
    /// What becomes of a text that neither the map nor the attribute's options know; default: `reject_value`, but numbers and
    /// days beside a map are read as they stand.
    pub unknown: Option<Unknown>,
    /// Unit of bare numbers, for measures.
    pub unit: Option<String>,
    /// Catalog locale of this field's texts, if not that of `[read]`.
    pub locale: Option<String>,
    /// Currency of prices that name none, if not that of `[read]`.
    pub currency: Option<Currency>,
    /// How numbers are written, if not as `[read]` says.
    pub numbers: Option<Notation>,
    /// How days are written, if not as `[read]` says.
    pub dates: Option<DateOrder>,
    /// Whether these prices exclude or include VAT, if not as `[read]` says.
    pub prices: Option<PriceBasis>,
    /// Percent of VAT of these prices, if not that of `[read]`.
    pub vat: Option<String>,
    /// True where the feed may come without this column.
    pub optional: bool,
}

/// Columns that hold names beside columns that hold their values: `Attribute 1 name` and `Attribute 1 value(s)`.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedSettings {
    /// Column of the names; `{n}` stands for the numbers 1 to 24.
    pub names: String,
    /// Column of the values, with `{n}` where `names` has it.
    pub values: String,
    /// The names whose values are taken. Compared without accents, case and punctuation.
    pub is: Vec<String>,
    /// Sign that parts a cell of several names, and one of as many values.
    #[serde(default)]
    pub between: Option<String>,
    /// Sign in a name or a value behind which something else follows: `:` in `Blue:0`.
    #[serde(default)]
    pub until: Option<String>,
}

/// What becomes of a text that neither the map nor the attribute's options know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// The text goes on as it is; an attribute with a closed list still refuses what it does not have.
    Keep,
    /// The value is left out without a word.
    Drop,
    /// The value is reported and left out, the row goes on.
    #[default]
    RejectValue,
    /// The whole row is refused.
    RejectRow,
}

/// A value map: the supplier's text to the catalog's value. Texts are compared without accents, case and punctuation; `*` stands
/// for any text (`AZUL*`, `*claro*`, `silla*roja`), alone for all the rest; the longest text goes first. An empty value leaves the attribute in silence. Before numbers,
/// texts without letters are only known as they are written: `10+` is not `10`.
pub type ValueMap = BTreeMap<String, String>;
