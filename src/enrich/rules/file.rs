//! What a file of rules may hold, as people write it.
//!
//! What rules mean is left to `compile` and the files below it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `rules/*.toml`: what products say beside what their sources say. Rules work in the order of the files' names, then of their places.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// The rules of the file, the first first: each sees what those before it said.
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleFile>,
}

/// One rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Name of the rule, which no other of the workspace has: small letters, digits, `-` and `_`.
    pub id: String,
    /// What it is for, for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Families that it is for, with all families below them. Without it: every product.
    #[serde(default)]
    pub families: Vec<String>,
    /// Which products it is for, in the language of searches: `weight:>=30kg brand:bosch -missing:color`. Without it: all of
    /// its families.
    #[serde(default)]
    pub when: Option<String>,
    /// What is done, all of it or nothing. Every action reads the product as it was before the rule.
    #[schemars(length(min = 1))]
    pub then: Vec<ActionFile>,
    /// Products before and after; `estante schema check` tries them.
    #[serde(default, rename = "example")]
    pub examples: Vec<ExampleFile>,
}

/// What a rule does to one value. Attributes are written as `attribute`, `attribute@locale` or `attribute@locale@channel`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ActionFile {
    /// Says a value.
    Set(SetFile),
    /// Says what another attribute says.
    Copy(CopyFile),
    /// Joins values and texts; what is missing is passed over.
    Concatenate(ConcatenateFile),
    /// Computes a number, a measure or an amount of money.
    Calculate(CalculateFile),
    /// Says what a table has for another attribute's value.
    Map(MapFile),
    /// Takes the value of this attribute away.
    Clear(String),
    /// Adds members to a list: options, media, references.
    Add(MembersFile),
    /// Takes members out of a list.
    Remove(MembersFile),
}

/// A value to say.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetFile {
    /// The attribute that is set.
    pub attribute: String,
    /// The value as `product set` takes it: `12.5`, `2.5 kg`, `19.90 EUR`, `yes`, `2026-12-31`, an option's code or label, members of
    /// lists parted by `|`.
    pub value: String,
}

/// A value to take over.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyFile {
    /// The attribute that is read; without a value of it the rule does nothing.
    pub from: String,
    /// The attribute that is set.
    pub to: String,
}

/// Parts to join.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConcatenateFile {
    /// The attribute that is set: a text.
    pub to: String,
    /// What is joined, in order.
    #[schemars(length(min = 1))]
    pub parts: Vec<PartFile>,
    /// What stands between the parts. Default: a space.
    #[serde(default = "space")]
    pub separator: String,
}

fn space() -> String {
    " ".to_owned()
}

/// One part of a joined text.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartFile {
    /// What this attribute says; options by their labels.
    Attribute(String),
    /// This text. It stands only where an attribute's value does.
    Text(String),
}

/// A formula.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalculateFile {
    /// The attribute that is set: an integer, a decimal, a measure or money.
    pub attribute: String,
    /// Numbers, attributes, `+ - * /`, brackets, `round(x, decimals)`, `min(a, b)`, `max(a, b)`, `amount(x, unit)`: `round(cost * 1.4,
    /// 2)`, `weight + 200 g`.
    pub formula: String,
}

/// A table of values.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapFile {
    /// The attribute that is looked up; of a list each member is.
    pub from: String,
    /// The attribute that is set.
    pub to: String,
    /// What is said, by what was found, which is written as for `product set`: `yes`, `2000 g`, a label; case and accents do not
    /// count. `estante schema check` reads both.
    pub values: BTreeMap<String, String>,
    /// What is said for everything else. Without it the rule does nothing then.
    #[serde(default)]
    pub otherwise: Option<String>,
}

/// Members of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MembersFile {
    /// The list: options, media or references.
    pub attribute: String,
    /// The members: options by code, label or synonym, addresses, SKUs.
    #[schemars(length(min = 1))]
    pub values: Vec<String>,
}

/// A product before and after the rule, which is tried alone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleFile {
    /// What the product says, by attribute, as `product set` takes it; `sku` and `family` may be said too.
    pub given: BTreeMap<String, String>,
    /// What it says then of these attributes; an empty text for none. Without any: the rule changes nothing of it.
    #[serde(default)]
    pub expect: BTreeMap<String, String>,
}
