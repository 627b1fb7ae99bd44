//! Words of a feed that no value map and no list of the schema knows: counted while rows are mapped, and what they could mean.
//!
//! Which meaning is the nearest is left to `workspace::proposal`.

use crate::mapping::Mapping;
use crate::mapping::field::{Field, Refusal, Vocabulary};
use crate::mapping::words::{pieces, stock_state};
use crate::schema::Schema;
use crate::value::Kind;
use std::collections::BTreeMap;

/// Most words of one field counted one by one; a column of free texts has as many as it has rows.
const MOST_OF_FIELD: usize = 2_000;
/// Most words of all fields together.
const MOST_WORDS: usize = 50_000;
/// Bytes from which on a text is no word.
const LONGEST_WORD: usize = 200;

/// How often each field met each word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownWords {
    counts: BTreeMap<Box<str>, BTreeMap<Box<str>, u64>>,
    /// Words in `counts`.
    words: usize,
    /// Occurrences of words that are not counted one by one.
    pub beyond: u64,
}

impl UnknownWords {
    pub fn add(&mut self, field: &str, word: &str, times: u64) {
        if word.len() > LONGEST_WORD {
            self.beyond += times;
            return;
        }
        if !self.counts.contains_key(field) {
            self.counts.insert(field.into(), BTreeMap::new());
        }
        let Some(of_field) = self.counts.get_mut(field) else {
            return;
        };
        if let Some(count) = of_field.get_mut(word) {
            *count += times;
        } else if of_field.len() < MOST_OF_FIELD && self.words < MOST_WORDS {
            of_field.insert(word.into(), times);
            self.words += 1;
        } else {
            self.beyond += times;
        }
    }

    /// Adds what another part of the delivery met. The same parts in the same order give the same sum.
    pub fn merge(&mut self, other: UnknownWords) {
        self.beyond += other.beyond;
        for (field, word, times) in other.iter() {
            self.add(field, word, times);
        }
    }

    /// Field, word and count, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        let fields = self.counts.iter();
        fields.flat_map(|(field, words)| words.iter().map(|(word, count)| (&**field, &**word, *count)))
    }
}

/// True where a refused text is a word that a map could give a meaning, not a value that is written wrong.
pub fn is_word(field: &Field, text: &str, refusal: &Refusal) -> bool {
    match refusal.mismatch.code {
        "E-UNKNOWN-WORD" | "E-UNKNOWN-OPTION" | "E-UNKNOWN-CODE" => true,
        _ if field.attribute.kind == Kind::Integer && text.contains(['>', '+', '<']) => true,
        _ => {
            let chosen = field.attribute.kind.is_amount() || field.attribute.kind == Kind::Boolean;
            chosen && text.chars().any(char::is_alphabetic) && !text.bytes().any(|byte| byte.is_ascii_digit())
        }
    }
}

/// What the words of a field can mean.
#[derive(Debug, Default)]
pub struct Meanings {
    /// A text, folded or not, and the code that it stands for.
    pub texts: Vec<(String, String)>,
    /// The codes are those of categories or families: what a map lets through is taken for a code.
    pub is_tree: bool,
}

impl Mapping {
    /// The texts that a field's list of options, categories or families knows.
    pub fn meanings(&self, field: &str, schema: &Schema) -> Meanings {
        let Some(field) = self.fields.iter().find(|known| *known.name == *field) else {
            return Meanings::default();
        };
        let mut texts: Vec<(String, String)> = Vec::new();
        let mut add = |text: &str, code: &str| texts.push((text.to_owned(), code.to_owned()));
        match &field.vocabulary {
            Vocabulary::Free => {}
            Vocabulary::Options(list) => {
                for option in &list.options {
                    add(&option.code, &option.code);
                    option.labels.iter().for_each(|(_, label)| add(label, &option.code));
                    option.synonyms.iter().for_each(|synonym| add(synonym, &option.code));
                }
            }
            Vocabulary::Codes(_, "category") => {
                for category in schema.categories() {
                    add(&category.code, &category.code);
                    category.labels.iter().for_each(|(_, label)| add(label, &category.code));
                }
            }
            Vocabulary::Codes(..) => {
                for family in schema.families() {
                    add(&family.code, &family.code);
                    family.labels.iter().for_each(|(_, label)| add(label, &family.code));
                }
            }
        }
        Meanings {
            texts,
            is_tree: matches!(field.vocabulary, Vocabulary::Codes(..)),
        }
    }

    /// What a word of stock or availability surely stands for: `agotado`, `>100`, `sí`.
    pub fn surely(&self, field: &str, word: &str, schema: &Schema) -> Option<String> {
        let field = self.fields.iter().find(|known| *known.name == *field)?;
        let is_availability = schema.known().availability == Some(field.key.attribute);
        match &field.vocabulary {
            Vocabulary::Options(list) if is_availability => stock_state(word)
                .filter(|state| list.by_code(state).is_some())
                .map(str::to_owned),
            Vocabulary::Free if field.attribute.kind == Kind::Integer => pieces(word, field.how.numbers),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_and_bounded() {
        let mut words = UnknownWords::default();
        words.add("color", "fucsia", 2);
        words.add("color", "fucsia", 1);
        words.add("color", &"x".repeat(LONGEST_WORD + 1), 1);
        let mut more = UnknownWords::default();
        for n in 0..MOST_OF_FIELD + 5 {
            more.add("size", &n.to_string(), 1);
        }
        // A field of free texts takes nothing from the others.
        more.add("tone", "lila", 7);
        words.merge(more);
        assert_eq!(words.iter().next(), Some(("color", "fucsia", 3)));
        assert_eq!(words.iter().last(), Some(("tone", "lila", 7)));
        assert_eq!(words.iter().count(), MOST_OF_FIELD + 2);
        assert_eq!(words.beyond, 6);
        for (field, word) in (0..40).flat_map(|field| (0..MOST_OF_FIELD).map(move |word| (field, word))) {
            words.add(&format!("field {field}"), &word.to_string(), 1);
        }
        assert_eq!(words.iter().count(), MOST_WORDS);
    }
}
