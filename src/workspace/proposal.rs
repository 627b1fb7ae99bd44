//! What an unknown word most likely means: the nearest of the texts that a field knows.
//!
//! What is done with a proposal is left to `check`, which shows it, and `accept`, which writes it.

use crate::declaration::nearest::nearest;
use crate::index::synonyms::Synonyms;
use crate::index::words::{LANGUAGES, Language, terms};
use crate::value::text::fold;
use rapidfuzz::distance::osa;

/// Meanings shown of a word.
const MOST: usize = 3;

/// A meaning that a word could have.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Near {
    pub value: String,
    pub because: String,
}

/// The meanings of a word, the likeliest first, and whether the first is clear. `known` are texts and what they stand for.
pub fn nearest_meanings(word: &str, known: &[(String, String)], synonyms: &Synonyms) -> (Vec<Near>, bool) {
    let folded = fold(word);
    let stems: Vec<(Language, String)> = LANGUAGES
        .iter()
        .map(|language| (*language, stem(word, *language)))
        .collect();
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
    for (text, value) in known.iter().filter(|(text, _)| fold(text) == folded) {
        add(0, value, format!("reads like `{text}`"));
    }
    let is_bent = |text: &str| {
        stems
            .iter()
            .any(|(language, stem_of)| !stem_of.is_empty() && *stem_of == stem(text, *language))
    };
    for (text, value) in known.iter().filter(|(text, _)| is_bent(text)) {
        add(0, value, format!("another form of `{text}`"));
    }
    for language in LANGUAGES {
        for other in synonyms.of(word, language) {
            for (text, value) in known.iter().filter(|(text, _)| fold(text) == fold(other)) {
                add(0, value, format!("means the same as `{text}`"));
            }
        }
    }
    let texts: Vec<(String, &str)> = known.iter().map(|(text, value)| (fold(text), value.as_str())).collect();
    if let Some(near) = nearest(&folded, texts.iter().map(|(text, _)| text.as_str()))
        && let Some((text, value)) = texts.iter().find(|(text, _)| text == near)
    {
        // One slip in a word of six letters is a slip; `rosa` beside `roja` is another colour.
        let slips = osa::distance(folded.chars(), text.chars());
        let letters = folded.chars().count();
        let rank = if slips <= 1 && letters >= 6 { 1 } else { 2 };
        add(rank, value, format!("spelled nearly like `{text}`"));
    }
    let words: Vec<&str> = folded.split(' ').collect();
    let holds = |text: &str| !text.is_empty() && text.split(' ').all(|part| words.contains(&part));
    for (text, value) in texts.iter().filter(|(text, _)| words.len() > 1 && holds(text)) {
        add(3, value, format!("holds `{text}`"));
    }
    found.sort_by_key(|(rank, _)| *rank);
    let best = found.first().map(|(rank, _)| *rank);
    let rivals = found.iter().filter(|(rank, _)| Some(*rank) == best).count();
    let is_clear = best.is_some_and(|rank| rank < 2) && rivals == 1;
    (found.into_iter().take(MOST).map(|(_, near)| near).collect(), is_clear)
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
        let (near, is_clear) = nearest_meanings(word, &known, &Synonyms::default());
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
