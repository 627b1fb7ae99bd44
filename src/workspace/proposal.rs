//! What an unknown word most likely means: the nearest of the texts that a field knows.
//!
//! What is done with a proposal is left to `check`, which shows it, and `accept`, which writes it.

use crate::declaration::nearest::nearest;
use crate::index::synonyms::Synonyms;
use crate::query::words::{LANGUAGES, Language, terms};
use crate::value::text::fold;
use rapidfuzz::distance::osa;
use std::collections::BTreeMap;

/// Meanings shown of a word.
const MOST: usize = 3;

/// A meaning that a word could have.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Near {
    pub value: String,
    pub because: String,
}

/// What a field knows, made ready for comparing once: texts and what they stand for.
pub struct Known<'k> {
    of: &'k [(String, String)],
    /// The texts of `of`, folded.
    folded: Vec<String>,
    by_folded: BTreeMap<String, Vec<usize>>,
    /// By the stems of each language.
    by_stem: Vec<(Language, BTreeMap<String, Vec<usize>>)>,
}

impl<'k> Known<'k> {
    pub fn new(of: &'k [(String, String)]) -> Known<'k> {
        let folded: Vec<String> = of.iter().map(|(text, _)| fold(text)).collect();
        let stems = |language: Language| by(of.iter().map(|(text, _)| stem(text, language)));
        Known {
            by_folded: by(folded.iter().cloned()),
            by_stem: LANGUAGES.iter().map(|language| (*language, stems(*language))).collect(),
            of,
            folded,
        }
    }

    /// The meanings of a word, the likeliest first, and whether the first is clear.
    pub fn nearest(&self, word: &str, synonyms: &Synonyms) -> (Vec<Near>, bool) {
        let folded = fold(word);
        let mut found: Vec<(u8, Near)> = Vec::new();
        let mut add = |rank: u8, value: &str, because: String| {
            if !found.iter().any(|(_, near)| near.value == value) {
                found.push((
                    rank,
                    Near {
                        value: value.to_owned(),
                        because,
                    },
                ));
            }
        };
        let reads_like = |text: &str| self.numbered(self.by_folded.get(text));
        for (text, value) in reads_like(&folded) {
            add(0, value, format!("reads like `{text}`"));
        }
        let mut bent: Vec<usize> = Vec::new();
        for (language, by_stem) in &self.by_stem {
            let stem = stem(word, *language);
            bent.extend(by_stem.get(&stem).filter(|_| !stem.is_empty()).into_iter().flatten());
        }
        bent.sort_unstable();
        bent.dedup();
        for (text, value) in self.numbered(Some(&bent)) {
            add(0, value, format!("another form of `{text}`"));
        }
        for language in LANGUAGES {
            for other in synonyms.of(word, language) {
                for (text, value) in reads_like(&fold(other)) {
                    add(0, value, format!("means the same as `{text}`"));
                }
            }
        }
        let texts = || self.folded.iter().map(String::as_str);
        if let Some(near) = nearest(&folded, texts())
            && let Some((_, value)) = reads_like(near).next()
        {
            // One slip in a word of six letters is a slip; `rosa` beside `roja` is another colour.
            let slips = osa::distance(folded.chars(), near.chars());
            let letters = folded.chars().count();
            let rank = if slips <= 1 && letters >= 6 { 1 } else { 2 };
            add(rank, value, format!("spelled nearly like `{near}`"));
        }
        let words: Vec<&str> = folded.split(' ').collect();
        let holds = |text: &str| !text.is_empty() && text.split(' ').all(|part| words.contains(&part));
        for (text, (_, value)) in texts().zip(self.of).filter(|(text, _)| words.len() > 1 && holds(text)) {
            add(3, value, format!("holds `{text}`"));
        }
        found.sort_by_key(|(rank, _)| *rank);
        let best = found.first().map(|(rank, _)| *rank);
        let rivals = found.iter().filter(|(rank, _)| Some(*rank) == best).count();
        let is_clear = best.is_some_and(|rank| rank < 2) && rivals == 1;
        (found.into_iter().take(MOST).map(|(_, near)| near).collect(), is_clear)
    }

    fn numbered<'s>(
        &'s self,
        numbers: Option<&'s Vec<usize>>,
    ) -> impl Iterator<Item = (&'k str, &'k str)> + use<'s, 'k> {
        let numbers = numbers.into_iter().flatten();
        let known = numbers.filter_map(|number| self.of.get(*number));
        known.map(|(text, value)| (text.as_str(), value.as_str()))
    }
}

/// The numbers of texts, by what they are compared as.
fn by(texts: impl Iterator<Item = String>) -> BTreeMap<String, Vec<usize>> {
    let mut numbers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, text) in texts.enumerate() {
        numbers.entry(text).or_default().push(number);
    }
    numbers
}

fn stem(text: &str, language: Language) -> String {
    let stems: Vec<String> = terms(text, language).into_iter().map(|(_, stem)| stem).collect();
    stems.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: &[&str], clear: bool) {
        let known = [
            ("red", "red"),
            ("Rojo", "red"),
            ("Amarillo", "yellow"),
            ("Azul", "blue"),
            ("Roja", "red"),
        ];
        let known = known.map(|(text, value)| (text.to_owned(), value.to_owned()));
        let (near, is_clear) = Known::new(&known).nearest(word, &Synonyms::default());
        let values: Vec<&str> = near.iter().map(|near| near.value.as_str()).collect();
        assert_eq!((values.as_slice(), is_clear), (expected, clear), "{word}: {near:?}");
    }

    #[test]
    fn words_are_near_to_what_they_mean() {
        check("ROJOS", &["red"], true);
        check("Amarilo", &["yellow"], true);
        check("rosa", &["red"], false);
        check("AZUL MARINO", &["blue"], false);
        check("xyz", &[], false);
    }
}
