//! The words by which headers name fields, in six languages: a table that is data (`synonyms.toml` beside this file, which says
//! where each was seen).
//!
//! What else a header says is left to `header`.

use crate::value::text::{fold, likeness};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The languages of the synonyms.
pub const LANGUAGES: [&str; 6] = ["es", "en", "de", "fr", "it", "pt"];

/// One field that a header may name.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Name of the field in the synonyms: `title`, `price_net`.
    pub field: &'static str,
    /// Languages in which it is called so.
    pub languages: BTreeSet<&'static str>,
    /// From 0 to 1.
    pub score: f32,
}

/// One synonym's meanings: field, language, and whether it was only thought of, never seen.
type Meanings = Vec<(&'static str, &'static str, bool)>;

struct Synonyms {
    by_text: BTreeMap<String, Meanings>,
    /// What the values of a field are, as the synonyms call it.
    types: BTreeMap<&'static str, &'static str>,
}

fn synonyms() -> &'static Synonyms {
    static SYNONYMS: OnceLock<Synonyms> = OnceLock::new();
    SYNONYMS.get_or_init(|| {
        static TABLE: OnceLock<toml::Table> = OnceLock::new();
        // A test proves that the table reads.
        let table = TABLE.get_or_init(|| include_str!("synonyms.toml").parse().unwrap_or_default());
        let mut synonyms = Synonyms {
            by_text: BTreeMap::new(),
            types: BTreeMap::new(),
        };
        let mut add = |text: &str, field: &'static str, language: &'static str, plausible: bool| {
            let folded = fold(text);
            let joined = folded.replace(' ', "");
            for text in [folded, joined] {
                let meanings = synonyms.by_text.entry(text).or_default();
                if !meanings.contains(&(field, language, plausible)) {
                    meanings.push((field, language, plausible));
                }
            }
        };
        let fields = table.get("field").and_then(toml::Value::as_table);
        for (field, entry) in fields.into_iter().flatten() {
            for language in LANGUAGES {
                let texts = entry.get(language).and_then(toml::Value::as_array);
                texts
                    .into_iter()
                    .flatten()
                    .filter_map(toml::Value::as_str)
                    .for_each(|text| add(text, field, language, false));
            }
            if let Some(kind) = entry.get("type").and_then(toml::Value::as_str) {
                synonyms.types.insert(field, kind);
            }
        }
        let plausible = table.get("plausible").and_then(toml::Value::as_table);
        for (field, texts) in plausible.into_iter().flatten() {
            let texts = texts.as_array().into_iter().flatten().filter_map(toml::Value::as_str);
            texts.for_each(|text| add(text, field, "", true));
        }
        synonyms
    })
}

/// What the values of a field are: `money`, `gtin`, `text`, …
pub fn type_of(field: &str) -> &'static str {
    synonyms().types.get(field).copied().unwrap_or("text")
}

/// True where a folded text names a field.
pub fn is_known(text: &str) -> bool {
    synonyms().by_text.contains_key(text)
}

/// Adds fields that a text of two halves names twice, as bilingual headers do: `Hersteller Fabricant`.
pub fn gather_both(text: &str, hits: &mut Vec<Hit>) {
    for (at, _) in text.match_indices(' ').take_while(|_| text.len() <= 200) {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        gather(&text[..at], 0.85, &mut first);
        gather(&text[at + 1..], 0.85, &mut second);
        first.retain(|hit| second.iter().any(|other| other.field == hit.field));
        if !first.is_empty() {
            return hits.append(&mut first);
        }
    }
}

/// Adds fields whose synonyms are nearly the text: one slip away, longer by a word, or shorter by one.
pub fn gather_alike(text: &str, hits: &mut Vec<Hit>) {
    if text.len() < 4 {
        return;
    }
    let table = &synonyms().by_text;
    // Texts of too different lengths cannot be alike; comparing them all would be felt in feeds of a thousand columns.
    let near = |known: &str| known.len() >= 6 && known.len().abs_diff(text.len()) * 8 <= known.len() + text.len();
    let mut nearest: Option<(f64, &String)> = None;
    // Who mistypes a word seldom does so in its first letter.
    let begins = |known: &&String| known.as_bytes().first() == text.as_bytes().first();
    for known in table.keys().filter(|known| near(known)).filter(begins) {
        let likeness = likeness(text, known);
        if likeness >= 0.88 && nearest.is_none_or(|(best, _)| likeness > best) {
            nearest = Some((likeness, known));
        }
    }
    if let Some((_, known)) = nearest {
        gather(known, 0.7, hits);
        return;
    }
    let mut front = text;
    while let Some((shorter, _)) = front.rsplit_once(' ') {
        front = shorter;
        if front.len() >= 5 && table.contains_key(front) {
            gather(front, 0.62, hits);
            return;
        }
    }
    let longer = format!("{text} ");
    if let Some(longer) = table
        .range(longer.clone()..)
        .next()
        .map(|(known, _)| known)
        .filter(|known| known.starts_with(&longer))
    {
        gather(longer, 0.62, hits);
        // One word is no proof where money is at stake: the `Sale` of an Italian is salt.
        hits.retain(|hit| text.contains(' ') || type_of(hit.field) != "money");
    }
}

/// Adds the fields that a folded text names, each once with its best score.
pub fn gather(text: &str, score: f32, hits: &mut Vec<Hit>) {
    if text.is_empty() {
        return;
    }
    let table = &synonyms().by_text;
    let joined = text.replace(' ', "");
    let Some(meanings) = table.get(text).or_else(|| table.get(&joined)) else {
        return;
    };
    for (field, language, plausible) in meanings {
        let score = if *plausible { score - 0.15 } else { score };
        match hits.iter_mut().find(|hit| hit.field == *field) {
            Some(hit) => {
                hit.score = hit.score.max(score);
                if score + 0.01 > hit.score {
                    hit.languages.insert(language);
                }
            }
            None => hits.push(Hit {
                field,
                languages: BTreeSet::from([*language]),
                score,
            }),
        }
    }
    for hit in hits {
        hit.languages.remove("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_synonym_is_known() {
        let count = synonyms().by_text.len();
        assert!(count > 1000, "{count}");
        assert_eq!(type_of("price_net"), "money");
    }
}
