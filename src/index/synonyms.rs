//! `synonyms.toml`: words that mean the same in a shop, by locale.
//!
//! They are looked at when a question is asked, so a changed file works at once and nothing is indexed anew.

use crate::query::words::{Language, terms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Most groups of a locale.
const MOST_GROUPS: usize = 10_000;
/// Most words and phrases that stand for one.
const MOST_OTHERS: usize = 16;

/// `synonyms.toml`: groups of words and phrases that mean the same, by locale.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SynonymsFile {
    /// By locale: groups of words or phrases. Whoever looks for one of a group finds the others too.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<Vec<String>>>,
}

/// Synonyms by language and word, ready to be looked up.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    /// By the terms of a word or phrase, joined by spaces: what else is looked for. Never iterated.
    others: HashMap<(Language, String), Vec<String>>,
}

impl Synonyms {
    /// The checked form. Groups past the limits are left out.
    pub fn new(file: &SynonymsFile) -> Synonyms {
        let mut synonyms = Synonyms::default();
        for (locale, groups) in &file.groups {
            let language = Language::of(locale);
            for group in groups.iter().take(MOST_GROUPS) {
                for word in group {
                    let (key, _) = key(word, language);
                    let others = group.iter().filter(|other| *other != word).take(MOST_OTHERS).cloned();
                    synonyms.others.entry((language, key)).or_default().extend(others);
                }
            }
        }
        synonyms
    }

    /// What means the same as a word or phrase in a language.
    pub fn of(&self, text: &str, language: Language) -> &[String] {
        if self.others.is_empty() {
            return &[];
        }
        let (key, count) = key(text, language);
        match self.others.get(&(language, key)) {
            Some(others) if count > 0 => others,
            _ => &[],
        }
    }
}

fn key(text: &str, language: Language) -> (String, usize) {
    let terms = terms(text, language);
    let count = terms.len();
    let joined: Vec<String> = terms.into_iter().map(|(_, term)| term).collect();
    (joined.join(" "), count)
}
