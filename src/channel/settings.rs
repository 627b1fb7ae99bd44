//! A channel as it stands in `channels/<channel>.toml`: which pack, which products, and where each field comes from.
//!
//! The file's name is the channel's code. What the fields must look like is the pack's; the checked form is `Channel`.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One channel: an export target on top of a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelFile {
    /// Name for people.
    pub name: String,
    /// The pack it stands on: `channels/packs/<pack>.toml`.
    pub pack: String,
    /// Which of the pack's formats; default: the first.
    #[serde(default)]
    pub format: Option<String>,
    /// Locale of the texts, one of the workspace's.
    pub locale: String,
    /// Currency of the prices (ISO 4217); default: whatever a price has.
    #[serde(default)]
    pub currency: Option<String>,
    /// Country it sells to (ISO 3166-1); rules for some countries ask for it.
    #[serde(default)]
    pub country: Option<String>,
    /// The shop's address: templates know it as `domain`, and links must be on it.
    #[serde(default)]
    pub domain: Option<String>,
    /// Address below which the pictures stand that suppliers deliver as files (`https://tienda.example/media`). Without it only
    /// pictures that are addresses themselves are sent.
    #[serde(default)]
    pub media: Option<String>,
    /// Name of the file; default: the channel's code with the format's ending.
    #[serde(default)]
    pub file: Option<String>,
    /// Which products belong to the channel: an expression over the attributes, `stock > 0 and price != none`. A comparison
    /// with a value that is not there is false; default: all active products.
    #[serde(default)]
    pub filter: Option<String>,
    /// Texts of the file's head; default for `title` and `description`: the name, for `link` and `id`: the domain.
    #[serde(default)]
    pub head: BTreeMap<String, String>,
    /// What is done to prices.
    #[serde(default)]
    pub price: PriceSettings,
    /// Columns of your own, which the pack does not name.
    #[serde(default)]
    pub custom: Vec<String>,
    /// Where each field of the pack comes from.
    pub fields: BTreeMap<String, FieldSource>,
}

/// Where a field comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FieldSource {
    /// The value of an attribute (or `sku`, `model`, `family`), spelled as the field's type wants it: `{ attribute = "brand" }`.
    /// `name@en` takes another locale than the channel's.
    Attribute(String),
    /// A constant: `{ value = "new" }`.
    Value(String),
    /// A minijinja template over the attributes: `{ template = "{{ brand }} {{ name }}" }`. Options print their codes, or
    /// with `color|label` their names in the channel's locale.
    Template(String),
    /// The product's category: `{ category = "google" }`.
    Category(CategorySource),
    /// The stock state in the pack's words, from an attribute of pieces; the product's `availability` tells the states that
    /// no number shows (preorder, discontinued): `{ availability = "stock" }`.
    Availability(String),
    /// The condition in the pack's words, from an attribute: `{ condition = "condition" }`.
    Condition(String),
    /// Pictures: `{ image = "first" }`.
    Image(ImageSource),
    /// Name of the n-th axis by which variants of a model differ, counted from 1; nothing for products without a model.
    AxisName(u8),
    /// The variant's value of the n-th axis.
    AxisValue(u8),
    /// A number or measure in a unit of the field's own: `{ measure = { attribute = "weight", unit = "g" } }`.
    Measure(MeasureSource),
    /// Words for the values of an attribute: `{ words = { attribute = "gender", to = { men = "male" } } }`.
    Words(WordsSource),
    /// A source that is asked only where an attribute is filled: `{ when = { filled = "sale_price", then = { attribute = "price" } } }`.
    When(WhenSource),
    /// A source that is asked only where a language model wrote what it gives: `{ drafted = { attribute = "description" } }`.
    /// Some channels want such texts in a field of their own.
    Drafted(Box<FieldSource>),
    /// The opposite: a source that is asked only where no language model wrote any of what it gives.
    Undrafted(Box<FieldSource>),
    /// The first of several sources that says something.
    FirstOf(Vec<FieldSource>),
    /// All of several sources, as one list.
    List(Vec<FieldSource>),
    /// Groups of named parts: `{ groups = [{ country = { value = "ES" }, price = { value = "4.90 EUR" } }] }`.
    Groups(Vec<BTreeMap<String, FieldSource>>),
    /// A group for each of some attributes that the product has, with its name and its value.
    Details(DetailsSource),
}

/// What of a category is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CategorySource {
    /// Its code.
    Code,
    /// Its name.
    Label,
    /// The names from the root down, joined by ` > `.
    Path,
    /// Its id in Google's taxonomy, its own or that of the nearest category above.
    Google,
    /// Its id or path in Shopify's taxonomy, its own or that of the nearest category above.
    Shopify,
}

/// Which pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageSource {
    /// The first.
    First,
    /// All but the first.
    Others,
    /// All.
    All,
}

/// A measure in a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureSource {
    /// The attribute.
    pub attribute: String,
    /// The unit.
    pub unit: String,
    /// Decimals, at most.
    #[serde(default)]
    pub decimals: Option<u32>,
}

/// A source with a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenSource {
    /// The attribute that must be filled.
    pub filled: String,
    /// The source.
    pub then: Box<FieldSource>,
}

/// Words for values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsSource {
    /// The attribute.
    pub attribute: String,
    /// The channel's word by the value's code or text; a value that is not here is left out.
    pub to: BTreeMap<String, String>,
}

/// A group for each of some attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailsSource {
    /// The attributes, in order.
    pub attributes: Vec<String>,
    /// The part that holds the attribute's name.
    pub label: String,
    /// The part that holds its value.
    pub value: String,
    /// Parts that are the same in each group: `{ "@type" = "PropertyValue" }`.
    #[serde(default)]
    pub also: BTreeMap<String, String>,
}

/// What is done to prices: multiply, then add, then round up to an ending. Zero stays zero.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSettings {
    /// The attributes it is done to; default: `price`.
    #[serde(default)]
    pub attributes: Option<Vec<String>>,
    /// Factor, as `"1.05"`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub multiply: Option<Decimal>,
    /// Amount added, as `"0.50"`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub add: Option<Decimal>,
    /// Ending the amount is raised to: `"0.95"` makes 12.10 into 12.95, `"9.90"` makes it 19.90.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub round: Option<Decimal>,
}
