//! The words of a text with their places, folded so that accents, case and plural do not matter.
//!
//! What words mean is left to `vocabulary` and the files that look for claims.

use crate::value::text::fold;
use std::collections::HashSet;

/// A word: a run of letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a> {
    /// Bytes at which it stands.
    pub start: usize,
    pub end: usize,
    pub text: &'a str,
    pub folded: String,
}

/// The words of a text in order.
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, c.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                let word = &text[from..at];
                found.push(Word {
                    start: from,
                    end: at,
                    text: word,
                    folded: fold(word),
                });
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// A folded word as it stands and as what it may be the plural of.
pub fn forms(folded: &str) -> impl Iterator<Item = &str> {
    let long = folded.len() > 3;
    let one = folded.strip_suffix('s').filter(|_| long);
    let two = folded.strip_suffix("es").filter(|_| long);
    std::iter::once(folded).chain(one).chain(two)
}

/// Do two folded words say the same but for the plural.
pub fn same(a: &str, b: &str) -> bool {
    a == b || forms(a).any(|a| forms(b).any(|b| a == b))
}

/// What texts say, to be asked for words and phrases.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// Words of each text, folded.
    texts: Vec<Vec<String>>,
    /// Every form of every word.
    forms: HashSet<String>,
    /// Up to four neighbouring words joined, as codes are written with and without separators.
    joined: HashSet<String>,
}

/// Most neighbouring words that one code is made of.
const JOINED: usize = 4;

impl Said {
    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        let folded: Vec<String> = words(text).into_iter().map(|word| word.folded).collect();
        for (n, word) in folded.iter().enumerate() {
            self.forms.extend(forms(word).map(str::to_owned));
            let mut run = String::new();
            for next in folded.iter().skip(n).take(JOINED) {
                run.push_str(next);
                self.joined.insert(run.clone());
            }
        }
        self.texts.push(folded);
    }

    /// Is this word said, in the singular or the plural.
    pub fn word(&self, folded: &str) -> bool {
        forms(folded).any(|form| self.forms.contains(form))
    }

    /// Are these words said side by side.
    pub fn phrase(&self, phrase: &[String]) -> bool {
        match phrase {
            [] => false,
            [one] => self.word(one),
            all => self.texts.iter().any(|text| {
                text.windows(all.len())
                    .any(|window| window.iter().zip(all).all(|(a, b)| same(a, b)))
            }),
        }
    }

    /// Is this code said, with any separators between its parts: `GSB-18V` for `GSB 18 V`.
    pub fn code(&self, text: &str) -> bool {
        let joined: String = words(text).into_iter().map(|word| word.folded).collect();
        !joined.is_empty() && self.joined.contains(&joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_places_and_fold() {
        let text = "Acero inoxidable, ¡Ñandú!";
        let found: Vec<(&str, String)> = words(text)
            .into_iter()
            .map(|word| (&text[word.start..word.end], word.folded))
            .collect();
        assert_eq!(
            found,
            [
                ("Acero", "acero".to_owned()),
                ("inoxidable", "inoxidable".to_owned()),
                ("Ñandú", "nandu".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_said_is_found_in_other_spellings() {
        let mut said = Said::default();
        said.add("Taladro GSB 18 V-55, dos baterías de litio");
        let phrase = |text: &str| {
            let words: Vec<String> = words(text).into_iter().map(|word| word.folded).collect();
            said.phrase(&words)
        };
        assert!(said.code("GSB-18V") && said.code("GSB18V-55") && !said.code("GSB-12V") && !said.code("GSB 1"));
        assert!(phrase("batería") && phrase("Baterías de Litio") && !phrase("baterías litio"));
        assert!(said.word("taladros") && !said.word("martillo"));
    }
}
