//! Words a supplier uses and what they mean here: value maps, and the codes of categories and families.
//!
//! Texts are compared folded (`value::text::fold`); a text that stands exactly as it was written in the settings is found
//! without folding. What happens to unknown words is left to the field.

use crate::schema::Schema;
use crate::value::Value;
use crate::value::text::{fold, fold_into};
use std::collections::HashMap;

/// A compiled value map. `None` as a meaning leaves the attribute in silence.
#[derive(Debug, Default)]
pub struct WordMap {
    /// The map stands before numbers: texts without letters are numbers for themselves (`-10` is not `10+`), and only known as
    /// they are written.
    numbers: bool,
    /// As written and folded. Never iterated, so that its order cannot show.
    exact: HashMap<Box<str>, Option<Value>>,
    /// Folded beginnings (`AZUL*`), the longest first.
    beginnings: Vec<(Box<str>, Option<Value>)>,
    /// `*`: all the rest.
    rest: Option<Option<Value>>,
}

impl WordMap {
    /// An empty map; `numbers` where it stands before amounts.
    pub fn new(numbers: bool) -> WordMap {
        WordMap {
            numbers,
            ..WordMap::default()
        }
    }

    /// Adds a word as the settings write it. False where another word that reads alike has another meaning.
    pub fn add(&mut self, word: &str, meaning: Option<Value>) -> bool {
        if word.trim() == "*" {
            self.rest = Some(meaning);
            return true;
        }
        if let Some(beginning) = word.strip_suffix('*') {
            let folded: Box<str> = fold(beginning).into();
            let at = self.beginnings.partition_point(|(known, _)| {
                (std::cmp::Reverse(known.len()), &**known) < (std::cmp::Reverse(folded.len()), &*folded)
            });
            if let Some((known, value)) = self.beginnings.get(at)
                && *known == folded
            {
                return *value == meaning;
            }
            self.beginnings.insert(at, (folded, meaning));
            return true;
        }
        let folded = if self.is_number(word) {
            String::new()
        } else {
            fold(word)
        };
        let mut agrees = true;
        for spelling in [folded.as_str(), word.trim()] {
            if spelling.is_empty() {
                continue;
            }
            agrees &= *self.exact.entry(spelling.into()).or_insert_with(|| meaning.clone()) == meaning;
        }
        agrees
    }

    /// What a text means; `None` where the map does not know it. `folded` is scratch space.
    pub fn find(&self, text: &str, folded: &mut String) -> Option<&Option<Value>> {
        if let Some(meaning) = self.exact.get(text) {
            return Some(meaning);
        }
        if self.is_number(text) {
            return None;
        }
        folded.clear();
        fold_into(text, folded);
        if let Some(meaning) = self.exact.get(folded.as_str()) {
            return Some(meaning);
        }
        let begun = self
            .beginnings
            .iter()
            .find(|(beginning, _)| folded.starts_with(&**beginning));
        begun.map(|(_, meaning)| meaning).or(self.rest.as_ref())
    }

    fn is_number(&self, text: &str) -> bool {
        self.numbers && !text.chars().any(char::is_alphabetic)
    }
}

/// Codes of the schema with the texts that mean them.
#[derive(Debug, Default)]
pub struct Codes {
    /// Codes, and folded codes, labels and paths; `None` where a text could mean several.
    by_text: HashMap<Box<str>, Option<Box<str>>>,
}

impl Codes {
    /// The categories by code, label and path of labels. `None` where the schema has no categories.
    pub fn of_categories(schema: &Schema) -> Option<Codes> {
        if schema.categories().is_empty() {
            return None;
        }
        let mut codes = Codes::default();
        for category in schema.categories() {
            codes.by_text.insert(category.code.clone(), Some(category.code.clone()));
        }
        for category in schema.categories() {
            codes.add(&category.code, &category.code);
            for (locale, label) in category.labels.iter() {
                codes.add(label, &category.code);
                if category.line.len() > 1
                    && let Some(id) = category.line.last()
                {
                    codes.add(&schema.category_path(*id, locale).join(" "), &category.code);
                }
            }
        }
        Some(codes)
    }

    /// The families by code and label. `None` where the schema has no families.
    pub fn of_families(schema: &Schema) -> Option<Codes> {
        if schema.families().is_empty() {
            return None;
        }
        let mut codes = Codes::default();
        for family in schema.families() {
            codes.by_text.insert(family.code.clone(), Some(family.code.clone()));
        }
        for family in schema.families() {
            codes.add(&family.code, &family.code);
            for (_, label) in family.labels.iter() {
                codes.add(label, &family.code);
            }
        }
        Some(codes)
    }

    fn add(&mut self, text: &str, code: &str) {
        let folded = fold(text);
        if folded.is_empty() {
            return;
        }
        self.by_text
            .entry(folded.into())
            .and_modify(|known| {
                // A code means itself whatever other things are called.
                if known
                    .as_deref()
                    .is_some_and(|known| known != code && fold(known) != fold(text))
                {
                    *known = None;
                }
            })
            .or_insert_with(|| Some(code.into()));
    }

    /// The code that a text means. `folded` is scratch space.
    pub fn find(&self, text: &str, folded: &mut String) -> Option<&str> {
        if let Some(known) = self.by_text.get(text) {
            return known.as_deref();
        }
        folded.clear();
        fold_into(text, folded);
        self.by_text.get(folded.as_str())?.as_deref()
    }
}

/// Short lists of words that cells are compared with as they stand; ASCII case does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    words: Vec<Box<str>>,
    /// Bytes of the longest: most cells are longer, and are not compared at all.
    longest: usize,
}

impl Words {
    pub fn new(words: &[String]) -> Words {
        let words: Vec<Box<str>> = words.iter().map(|word| word.trim().into()).collect();
        let longest = words.iter().map(|word| str::len(word)).max().unwrap_or(0);
        Words { words, longest }
    }

    /// True where a trimmed text is one of the words.
    pub fn has(&self, text: &str) -> bool {
        text.len() <= self.longest && self.words.iter().any(|word| word.eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_however_they_are_spelled() {
        let mut map = WordMap::default();
        let text = |text: &str| Some(Value::Text(text.to_string()));
        assert!(map.add("ROJO PASIÓN", text("red")));
        assert!(map.add("Rojo pasion", text("red")));
        assert!(!map.add("rojo-pasión", text("blue")));
        assert!(map.add("AZUL*", text("blue")));
        assert!(map.add("AZUL CLARO*", text("sky")));
        assert!(map.add("-", None));
        let mut folded = String::new();
        let mut find = |word: &str| map.find(word, &mut folded).cloned();
        assert_eq!(find("rojo pasión"), Some(text("red")));
        assert_eq!(find("Azul marino"), Some(text("blue")));
        assert_eq!(find("azul claro mate"), Some(text("sky")));
        assert_eq!(find("-"), Some(None));
        assert_eq!(find("verde"), None);
        map.add("*", text("other"));
        assert_eq!(map.find("verde", &mut folded).cloned(), Some(text("other")));
    }

    #[test]
    fn numbers_beside_words_stand_for_themselves() {
        let mut map = WordMap::new(true);
        for word in ["10+", ">100", "agotado", "*"] {
            assert!(map.add(word, Some(Value::Integer(word.len() as i64))));
        }
        let mut folded = String::new();
        let mut find = |word: &str| map.find(word, &mut folded).cloned();
        assert_eq!(find("10+"), Some(Some(Value::Integer(3))));
        assert_eq!(find("AGOTADO"), Some(Some(Value::Integer(7))));
        assert_eq!(find("pocos"), Some(Some(Value::Integer(1))));
        for number in ["10", "-10", "> 100", "100"] {
            assert_eq!(find(number), None, "{number}");
        }
    }

    #[test]
    fn short_words_are_compared_as_they_stand() {
        let words = Words::new(&["-".to_string(), "N/A".to_string()]);
        assert!(words.has("-") && words.has("n/a"));
        assert!(!words.has("") && !words.has("na") && !words.has("N/A x"));
    }
}
