//! A pack as it stands in `channels/packs/<pack>.toml`: what one channel type demands, as data.
//!
//! A pack is written from the channel's own documentation; every fact in it names its source and the day it was seen. The
//! checked form with field numbers is `Pack` (this folder's `mod.rs`); how a workspace fills the fields is left to
//! `channels/<channel>.toml`.

use crate::channel::pack::check::Check;
use crate::channel::pack::field::{FieldFile, FieldKind};
use crate::channel::pack::format::FormatFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one channel type demands: fields, limits, rules, and the files it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackFile {
    /// Name of the channel type, for people.
    pub title: String,
    /// What kind of file or interface it is.
    pub class: Class,
    /// How settled the documentation is. A pack of status `uncertain` warns and never blocks.
    #[serde(default)]
    pub status: Status,
    /// Version of the documentation, or when it was seen.
    pub seen: String,
    /// Where it is in use.
    #[serde(default)]
    pub regions: String,
    /// The pages the pack was written from.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// What names an item, and what groups variants.
    #[serde(default)]
    pub identity: Identity,
    /// How languages, currencies and countries are told apart.
    #[serde(default)]
    pub localisation: Localisation,
    /// How amounts are spelled.
    #[serde(default)]
    pub price: PriceFormat,
    /// How days and moments are spelled.
    #[serde(default)]
    pub dates: DateFormat,
    /// How stock states are spelled.
    #[serde(default)]
    pub availability: Availability,
    /// How conditions (`new`, `refurbished`, `used`, `open_box`) are spelled.
    #[serde(default)]
    pub condition: BTreeMap<String, String>,
    /// What pictures must be.
    #[serde(default)]
    pub images: ImageRules,
    /// What videos must be.
    #[serde(default)]
    pub videos: VideoRules,
    /// Promotional words by language, for the `promo_words` text policy. `*` at the end also finds longer words.
    #[serde(default)]
    pub promo_words: BTreeMap<String, Vec<String>>,
    /// Branches of the channel's category tree that a rule speaks of.
    #[serde(default)]
    pub categories: Vec<CategoryBranch>,
    /// Ways the channel is kept up to date.
    #[serde(default)]
    pub update_modes: Vec<String>,
    /// Where legal duties have their place.
    #[serde(default)]
    pub compliance: BTreeMap<String, String>,
    /// What the documentation leaves open.
    #[serde(default)]
    pub open_questions: Vec<String>,
    /// The files the channel reads.
    pub formats: Vec<FormatFile>,
    /// The fields, in the order of the channel's own template.
    pub fields: Vec<FieldFile>,
    /// Open-ended columns: numbered, per market, per attribute.
    #[serde(default)]
    pub families: Vec<FamilyFile>,
    /// Rules about the file as a whole.
    #[serde(default)]
    pub file_rules: Vec<RuleFile>,
    /// Rules about items and groups of items.
    #[serde(default)]
    pub rules: Vec<RuleFile>,
}

/// What kind of file or interface a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A product feed.
    Feed,
    /// A feed of changes to another feed.
    Delta,
    /// A JSON interface.
    ApiJson,
    /// The import file of a shop platform.
    PlatformImport,
    /// A marketplace whose schema must be downloaded per operator.
    MarketplaceDynamic,
    /// Data inside web pages.
    StructuredData,
    /// A file exchanged between trading partners.
    ExchangeFile,
}

/// How settled a channel's documentation is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// In force.
    #[default]
    Active,
    /// In force as a draft.
    ActiveDraft,
    /// Proposed.
    Proposal,
    /// In force and changing.
    Unstable,
    /// Only for uploads by hand.
    ManualUploadOnly,
    /// Not confirmed: every rule warns, none blocks.
    Uncertain,
}

/// A page a pack was written from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Short name, for notes.
    pub id: String,
    /// Address.
    pub url: String,
    /// What it says.
    pub what: String,
    /// When it was seen.
    pub seen: String,
    /// Is it the channel's own word.
    pub official: bool,
}

/// What names an item on the channel, and what groups variants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The fields that name an item; the first one names it in lists of removed items.
    #[serde(default)]
    pub key: Vec<String>,
    /// The fields that name a variant.
    #[serde(default)]
    pub variant: Vec<String>,
    /// The field that variants of one product share.
    #[serde(default)]
    pub group: Option<String>,
    /// Do two keys that differ in letter case name two items.
    #[serde(default)]
    pub case_sensitive: bool,
    /// What else belongs to the key, for people.
    #[serde(default)]
    pub note: String,
}

/// How a channel tells languages, currencies and countries apart, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Localisation {
    /// One language per file, per item, or per value.
    #[serde(default)]
    pub language: String,
    /// Where the currency is said.
    #[serde(default)]
    pub currency: String,
    /// Where the country is said.
    #[serde(default)]
    pub country: String,
}

/// How amounts are spelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceFormat {
    /// `{amount}` and `{currency}` in place, as in `{amount} {currency}`.
    #[serde(default = "plain_amount")]
    pub template: String,
    /// Regular expression of the amount alone.
    #[serde(default)]
    pub amount_pattern: Option<String>,
    /// Decimals written, at most; the currency's own number where it has fewer.
    #[serde(default = "two")]
    pub decimals: u32,
    /// The decimal mark.
    #[serde(default = "period")]
    pub decimal_mark: String,
    /// Which currency, for people.
    #[serde(default)]
    pub currency: String,
    /// Is tax included, for people.
    #[serde(default)]
    pub tax: String,
    /// An example.
    #[serde(default)]
    pub example: String,
}

impl Default for PriceFormat {
    fn default() -> PriceFormat {
        PriceFormat {
            template: plain_amount(),
            amount_pattern: None,
            decimals: two(),
            decimal_mark: period(),
            currency: String::new(),
            tax: String::new(),
            example: String::new(),
        }
    }
}

fn plain_amount() -> String {
    "{amount}".to_string()
}

fn two() -> u32 {
    2
}

fn period() -> String {
    ".".to_string()
}

/// How days and moments are spelled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DateFormat {
    /// The rule, for people.
    #[serde(default)]
    pub format: String,
    /// Examples.
    #[serde(default)]
    pub examples: Vec<String>,
    /// What stands between start and end of a range; default `/`.
    #[serde(default)]
    pub range_separator: Option<String>,
}

/// How the eight stock states are spelled; a state that is absent cannot be said on the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Availability {
    /// There is stock.
    #[serde(default)]
    pub in_stock: Option<String>,
    /// There is little stock.
    #[serde(default)]
    pub limited: Option<String>,
    /// There is none.
    #[serde(default)]
    pub out_of_stock: Option<String>,
    /// Sold before it is on the market.
    #[serde(default)]
    pub preorder: Option<String>,
    /// None in stock, sold and delivered later.
    #[serde(default)]
    pub backorder: Option<String>,
    /// Made when ordered.
    #[serde(default)]
    pub made_to_order: Option<String>,
    /// Not sold any more.
    #[serde(default)]
    pub discontinued: Option<String>,
    /// Nobody knows.
    #[serde(default)]
    pub unknown: Option<String>,
    /// What else to do in a state, for people.
    #[serde(default)]
    pub note: String,
}

/// What pictures must be; checked only on pictures that were loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageRules {
    /// File formats, in capitals (`JPEG`, `PNG`).
    #[serde(default)]
    pub formats: Vec<String>,
    /// Least width in pixels.
    #[serde(default)]
    pub min_width: Option<u32>,
    /// Least height in pixels.
    #[serde(default)]
    pub min_height: Option<u32>,
    /// Longest side in pixels.
    #[serde(default)]
    pub max_side: Option<u32>,
    /// Most millions of pixels.
    #[serde(default)]
    pub max_megapixels: Option<u32>,
    /// Largest file in bytes.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// Most pictures of one product.
    #[serde(default)]
    pub max_count: Option<u32>,
    /// Least width and height for some goods or fields, or from some day on, for people.
    #[serde(default)]
    pub other_minimums: Vec<OtherMinimum>,
    /// What is recommended.
    #[serde(default)]
    pub recommended: String,
    /// What a picture must not show.
    #[serde(default)]
    pub forbidden: Vec<String>,
    /// More, for people.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The limits are not confirmed: they warn and never block.
    #[serde(default)]
    pub uncertain: bool,
}

/// Least width and height for some goods or fields, or from some day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherMinimum {
    /// For what, or from when.
    pub when: String,
    /// Least width in pixels.
    pub width: u32,
    /// Least height in pixels.
    pub height: u32,
    /// Not confirmed.
    #[serde(default)]
    pub uncertain: bool,
}

/// What videos must be, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VideoRules {
    /// The field that holds them.
    #[serde(default)]
    pub field: Option<String>,
    /// File formats.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Not confirmed.
    #[serde(default)]
    pub uncertain: bool,
}

/// A branch of the channel's category tree: a category and all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryBranch {
    /// The category's id.
    pub id: String,
    /// Its full path, levels joined by ` > `.
    pub path: String,
    /// Ids of all categories below it.
    #[serde(default)]
    pub below: Vec<u32>,
}

/// Open-ended columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyFile {
    /// The columns' names, with the changing parts in braces: `Price / {market}`.
    pub pattern: String,
    /// What they mean.
    pub meaning: String,
    /// What they hold; default: one line of text.
    #[serde(default, rename = "type")]
    pub kind: Option<FieldKind>,
    /// Longest text, in characters.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// A description for people only: no column is recognised by it.
    #[serde(default)]
    pub described_only: bool,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Stable name, the code of its findings.
    pub id: String,
    /// What the channel does.
    pub severity: RuleSeverity,
    /// The rule, in words.
    pub text: String,
    /// The channel's own error codes.
    #[serde(default)]
    pub channel_codes: Vec<String>,
    /// How the program checks it; without it the rule is for people.
    #[serde(default)]
    pub check: Option<Check>,
    /// Not confirmed: it warns and never blocks.
    #[serde(default)]
    pub uncertain: bool,
    /// What is not confirmed.
    #[serde(default)]
    pub uncertain_what: Option<String>,
}

/// What a channel does with an item that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleSeverity {
    /// Refuses it.
    Reject,
    /// Shows it less, or makes trouble likely.
    Warn,
    /// Worth knowing.
    Info,
}
