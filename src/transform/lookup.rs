//! Steps that compare a text with known ones: defaults, conditions, words that say nothing.
//!
//! Texts are compared without surrounding spaces and without regard to case. Whole tables of words are the value maps of
//! `mapping`.

use crate::transform::texts::Texts;
use std::borrow::Cow;

/// A text to compare with, in lower case.
#[derive(Debug, Clone)]
pub struct Word(Box<str>);

impl Word {
    pub fn new(text: &str) -> Word {
        Word(text.trim().to_lowercase().into_boxed_str())
    }

    /// True where the text says this word.
    pub fn is(&self, text: &str) -> bool {
        let text = text.trim();
        if text.is_ascii() {
            return text.len() == self.0.len()
                && text
                    .bytes()
                    .zip(self.0.bytes())
                    .all(|(a, b)| a.to_ascii_lowercase() == b);
        }
        text.chars().flat_map(char::to_lowercase).eq(self.0.chars())
    }
}

/// The default where nothing is said.
pub fn default<'a>(texts: Texts<'a>, default: &'a str) -> Texts<'a> {
    if texts.is_blank() {
        Texts::One(Cow::Borrowed(default))
    } else {
        texts
    }
}

/// One text where the word is said, another (or the text itself) where it is not.
pub fn when_equals<'a>(text: Cow<'a, str>, is: &Word, then: &'a str, otherwise: Option<&'a str>) -> Cow<'a, str> {
    match (is.is(&text), otherwise) {
        (true, _) => Cow::Borrowed(then),
        (false, Some(otherwise)) if !text.trim().is_empty() => Cow::Borrowed(otherwise),
        (false, _) => text,
    }
}

/// Blank where one of the words is said.
pub fn blank_if<'a>(text: Cow<'a, str>, words: &[Word]) -> Cow<'a, str> {
    if words.iter().any(|word| word.is(&text)) {
        Cow::Borrowed("")
    } else {
        text
    }
}
