//! Names in a text: words with a capital inside a sentence, words in capitals, addresses.
//!
//! Makers that a model likes to bring in stand in `vocabulary`, since at the beginning of a sentence every word has a capital.

use crate::enrich::draft::word::Word;
use regex::Regex;
use std::sync::OnceLock;

/// Words that have a capital in English without being names.
const NO_NAMES: &[&str] = &[
    "i",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "ok",
];

/// Web and mail addresses, by their bytes.
pub fn addresses(text: &str) -> Vec<(usize, usize)> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| {
        Regex::new(r"(?i)(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|\b[\w-]+\.(?:com|es|net|org|eu|shop|info)\b")
            .ok()
    });
    let found = pattern.as_ref().into_iter().flat_map(|pattern| pattern.find_iter(text));
    found.map(|found| (found.start(), found.end())).collect()
}

/// The words of a text that stand there as names, in order.
pub fn names<'w, 't>(text: &str, words: &'w [Word<'t>], locale: &str) -> Vec<&'w Word<'t>> {
    // German writes every noun with a capital.
    let capitals_tell = !locale.starts_with("de");
    let mut found = Vec::new();
    let mut before = 0;
    for (n, word) in words.iter().enumerate() {
        let between = text.get(before..word.start).unwrap_or_default();
        let begins =
            n == 0 || between.contains(['.', '!', '?', ':', '\n', '•', '·', '¡', '¿', '>', '"', '«', '“', '|']);
        before = word.end;
        if word.text.chars().any(char::is_numeric) || NO_NAMES.contains(&word.folded.as_str()) {
            continue;
        }
        let letters = word.text.chars().count();
        let capitals = word.text.chars().filter(|c| c.is_uppercase()).count();
        let shouted = letters >= 2 && capitals == letters;
        // `iPhone`, `DeWalt`.
        let inside = letters > 2 && capitals > 0 && word.text.chars().skip(1).any(char::is_uppercase);
        let first = word.text.starts_with(char::is_uppercase);
        if shouted || inside || (first && !begins && letters > 1 && capitals_tell) {
            found.push(word);
        }
    }
    found
}
