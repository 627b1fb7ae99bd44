//! What people write in `schemas/**/*.toml`, as they write it.
//!
//! Any file may hold any of the tables. Whether the names in them exist and fit together is left to `load`.

use crate::schema::policy::{Policy, Role};
use crate::schema::specs::SpecsHints;
use crate::value::Kind;
use crate::value::unit::UnitDefinition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names by locale: `{ es = "Nombre", en = "Name" }`.
pub type WrittenLabels = BTreeMap<String, String>;

/// A file of the product schema: attributes, option lists, families, categories and units, in any mixture.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaFile {
    /// What a product can have, by code.
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeFile>,
    /// Lists of options that attributes choose from, by code.
    #[serde(default)]
    pub options: BTreeMap<String, OptionListFile>,
    /// Kinds of products with the attributes they have, by code.
    #[serde(default)]
    pub families: BTreeMap<String, FamilyFile>,
    /// The category tree, by code.
    #[serde(default)]
    pub categories: BTreeMap<String, CategoryFile>,
    /// Units of measure beside those that the program knows, by code.
    #[serde(default)]
    pub units: BTreeMap<String, UnitDefinition>,
}

/// One attribute.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeFile {
    /// What its values are.
    pub kind: Kind,
    /// Its name, by locale.
    #[serde(default)]
    pub labels: WrittenLabels,
    /// It has a value per locale.
    #[serde(default)]
    pub localizable: bool,
    /// It has a value per channel.
    #[serde(default)]
    pub scopable: bool,
    /// Its texts are looked through for words. Those that only repeat others, such as texts for search engines, need not be: `false`.
    pub searchable: Option<bool>,
    /// Under which heading it is shown.
    #[serde(default)]
    pub group: Option<String>,
    /// Most characters of a text, rich text (with its markup), identifier or address.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_length: Option<u32>,
    /// Least number, amount, or measure in the attribute's unit.
    #[serde(default)]
    pub min: Option<String>,
    /// Greatest number, amount, or measure in the attribute's unit.
    #[serde(default)]
    pub max: Option<String>,
    /// Regular expression that a text, identifier or address must match somewhere; `^` and `$` tie it to the ends.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Unit of a measure; its dimension is the attribute's dimension.
    #[serde(default)]
    pub unit: Option<String>,
    /// Decimals that a decimal, measure or amount is rounded to; it stays exact where this is not said.
    #[serde(default)]
    #[schemars(range(max = 12))]
    pub decimals: Option<u8>,
    /// Code of the list that an option or options are of.
    #[serde(default)]
    pub options: Option<String>,
    /// Options that the list does not know are kept as they are.
    #[serde(default)]
    pub open: bool,
    /// Which source wins where several say a value.
    #[serde(default)]
    pub policy: Policy,
    /// Whether it is part of one supplier's offer or of the product's content.
    #[serde(default)]
    pub role: Role,
    /// No import changes it: only people say it, and the suppliers that own it. What others say is kept in their layers and does
    /// not count.
    #[serde(default)]
    pub locked: bool,
    /// How its values are read out of titles and descriptions.
    #[serde(default)]
    pub specs: SpecsHints,
}

/// One list of options.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionListFile {
    /// Its name, by locale.
    #[serde(default)]
    pub labels: WrittenLabels,
    /// The options, by code.
    #[serde(default)]
    pub values: BTreeMap<String, OptionFile>,
}

/// One option of a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionFile {
    /// Its name, by locale. Feeds may write it so.
    #[serde(default)]
    pub labels: WrittenLabels,
    /// What else feeds write for it; accents, case and punctuation do not count.
    #[serde(default)]
    pub synonyms: Vec<String>,
}

/// One family of products. A family `common`, where there is one, is the parent of all that name none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyFile {
    /// Its name, by locale.
    #[serde(default)]
    pub labels: WrittenLabels,
    /// The family whose attributes, requirements and axes it inherits.
    #[serde(default)]
    pub parent: Option<String>,
    /// Attributes its products have, beside inherited ones.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Attributes that every channel requires, beside inherited ones.
    #[serde(default)]
    pub required: Vec<String>,
    /// Attributes that one channel requires in addition, by channel.
    #[serde(default)]
    pub required_for: BTreeMap<String, Vec<String>>,
    /// Which source wins where several say a value, for its products: `{ name = "longest" }`. Inherited, attribute by attribute.
    #[serde(default)]
    pub policy: BTreeMap<String, Policy>,
    /// Attributes that tell the variants of a model apart, at most three. Inherited where it is not said.
    #[serde(default)]
    pub axes: Option<Vec<String>>,
}

/// One category of the tree.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryFile {
    /// Its name, by locale.
    #[serde(default)]
    pub labels: WrittenLabels,
    /// The category above it; none for a root.
    #[serde(default)]
    pub parent: Option<String>,
    /// Family of its products; inherited from the category above where it is not said.
    #[serde(default)]
    pub family: Option<String>,
    /// Id in Google's product taxonomy (version 2021-09-21); inherited.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub google: Option<u32>,
    /// Id or full path in Shopify's product taxonomy (`hg-12-3`); inherited.
    #[serde(default)]
    pub shopify: Option<String>,
}
