//! What a file of copy templates may hold, as people write it.
//!
//! What the templates mean is left to `template`, whether the names in them exist to `compile`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `copy/*.toml`: templates for texts that nobody wrote, and what texts are checked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyFile {
    /// Templates for a family, a locale and, where a channel reads other texts, a channel.
    #[serde(default)]
    pub sets: Vec<SetFile>,
    /// What texts are checked for beside what every text is.
    #[serde(default)]
    pub lint: LintFile,
}

/// The templates of some families in one locale.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetFile {
    /// Families that they are for, with all families below them. Without it: every product. The nearest family's template is
    /// tried first, then those of the families above it, then those for every product.
    #[serde(default)]
    pub families: Vec<String>,
    /// Locale of the texts.
    pub locale: String,
    /// Channel that the texts are for; the attributes must be `scopable`. Without it: all channels.
    #[serde(default)]
    pub channel: Option<String>,
    /// Template by attribute: texts and rich texts.
    pub write: BTreeMap<String, TargetFile>,
}

/// One template and when it speaks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// The text. `{{ … }}` puts a value in; `[[ … ]]` is left out where something inside it is missing.
    pub template: String,
    /// When it speaks; where nobody else does, by default.
    #[serde(default)]
    pub when: When,
    /// Flaws of a supplier's text that it is written anew for. A person's text is never touched.
    #[serde(default)]
    pub improve: Vec<Flaw>,
    /// Most characters, tags included. The attribute's `max_length` holds in any case.
    #[serde(default)]
    pub max_chars: Option<u32>,
    /// Most bytes in UTF-8.
    #[serde(default)]
    pub max_bytes: Option<u32>,
    /// Least characters, without tags: a shorter text is not written.
    #[serde(default)]
    pub min_chars: Option<u32>,
}

/// When a template speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Where nobody says the attribute in this locale, for this channel or all.
    #[default]
    Missing,
    /// On its channel even where a text for all channels is there; only for templates of a channel.
    Always,
}

/// What a supplier's text may suffer from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Flaw {
    /// It is written in capitals.
    Capitals,
    /// It has fewer characters than `min_chars`.
    Short,
    /// It is longer than `max_chars` or `max_bytes`.
    Long,
}

/// What texts are checked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LintFile {
    /// More attributes to check than those that templates write.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Attributes that may say the same of many products.
    #[serde(default)]
    pub repeatable: Vec<String>,
    /// Words that may not stand in texts.
    #[serde(default)]
    pub forbidden: Vec<ForbiddenFile>,
}

/// Words that may not stand in texts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForbiddenFile {
    /// The words or phrases; case and accents do not count. `barat*` means every word that begins so.
    pub words: Vec<String>,
    /// Only in texts of this locale.
    #[serde(default)]
    pub locale: Option<String>,
    /// Only in texts that this channel reads.
    #[serde(default)]
    pub channel: Option<String>,
    /// Only in these attributes.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Why, for the help of the finding.
    #[serde(default)]
    pub why: Option<String>,
}
