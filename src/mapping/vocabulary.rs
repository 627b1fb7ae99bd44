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
    /// Words with wildcards, the one with most letters first.
    patterns: Vec<(Pattern, Option<Value>)>,
    /// `*`: all the rest.
    rest: Option<Option<Value>>,
}

/// A word with wildcards (`AZUL*`, `*claro*`, `silla*negra`), folded: `*` stands for any text, also for none.
///
/// Ordered as they are tried: the longest text first, of equally long ones the one with fewer wildcards, then by name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    order: (std::cmp::Reverse<usize>, usize),
    /// What must stand there, in this order.
    pieces: Vec<Box<str>>,
    /// The first stands at the beginning, the last at the end.
    from_start: bool,
    to_end: bool,
}

impl Pattern {
    /// `None` where it says nothing but wildcards.
    fn of(word: &str) -> Option<Pattern> {
        let word = word.trim();
        let folded = word.split('*').map(fold);
        let pieces: Vec<Box<str>> = folded.filter(|piece| !piece.is_empty()).map(Box::from).collect();
        if pieces.is_empty() {
            return None;
        }
        let length = pieces.iter().map(|piece| piece.len()).sum();
        Some(Pattern {
            order: (std::cmp::Reverse(length), word.matches('*').count()),
            pieces,
            from_start: !word.starts_with('*'),
            to_end: !word.ends_with('*'),
        })
    }

    fn fits(&self, folded: &str) -> bool {
        let mut rest = folded;
        let last = self.pieces.len() - 1;
        for (n, piece) in self.pieces.iter().enumerate() {
            if n == 0 && self.from_start {
                let Some(behind) = rest.strip_prefix(&**piece) else {
                    return false;
                };
                // Of one piece with both ends fixed only `a*b` is made, which has two.
                rest = behind;
            } else if n == last && self.to_end {
                return rest.ends_with(&**piece);
            } else {
                let Some(at) = memchr::memmem::find(rest.as_bytes(), piece.as_bytes()) else {
                    return false;
                };
                rest = &rest[at + piece.len()..];
            }
        }
        true
    }
}

/// Why a word cannot be added to a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Another word that reads alike has another meaning.
    Twice,
    /// Nothing but wildcards and signs, which do not count.
    Wild,
}

impl WordMap {
    /// An empty map; `numbers` where it stands before amounts.
    pub fn new(numbers: bool) -> WordMap {
        WordMap {
            numbers,
            ..WordMap::default()
        }
    }

    /// Adds a word as the settings write it.
    pub fn add(&mut self, word: &str, meaning: Option<Value>) -> Result<(), Unfit> {
        if word.trim() == "*" {
            self.rest = Some(meaning);
            return Ok(());
        }
        if word.contains('*') {
            let pattern = Pattern::of(word).ok_or(Unfit::Wild)?;
            return match self.patterns.binary_search_by(|(known, _)| known.cmp(&pattern)) {
                Ok(at) if self.patterns[at].1 == meaning => Ok(()),
                Ok(_) => Err(Unfit::Twice),
                Err(at) => {
                    self.patterns.insert(at, (pattern, meaning));
                    Ok(())
                }
            };
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
        if agrees { Ok(()) } else { Err(Unfit::Twice) }
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
        let fitting = self.patterns.iter().find(|(pattern, _)| pattern.fits(folded));
        fitting.map(|(_, meaning)| meaning).or(self.rest.as_ref())
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
        assert_eq!(map.add("ROJO PASIÓN", text("red")), Ok(()));
        assert_eq!(map.add("Rojo pasion", text("red")), Ok(()));
        assert_eq!(map.add("rojo-pasión", text("blue")), Err(Unfit::Twice));
        assert_eq!(map.add("AZUL*", text("blue")), Ok(()));
        assert_eq!(map.add("azul *", text("red")), Err(Unfit::Twice));
        assert_eq!(map.add("AZUL CLARO*", text("sky")), Ok(()));
        assert_eq!(map.add("-*", text("red")), Err(Unfit::Wild));
        assert_eq!(map.add("-", None), Ok(()));
        let mut folded = String::new();
        let mut find = |word: &str| map.find(word, &mut folded).cloned();
        assert_eq!(find("rojo pasión"), Some(text("red")));
        assert_eq!(find("Azul marino"), Some(text("blue")));
        assert_eq!(find("azul claro mate"), Some(text("sky")));
        assert_eq!(find("-"), Some(None));
        assert_eq!(find("verde"), None);
        map.add("*", text("other")).unwrap();
        assert_eq!(map.find("verde", &mut folded).cloned(), Some(text("other")));
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        map: std::collections::BTreeMap<String, String>,
        finds: std::collections::BTreeMap<String, String>,
    }

    #[derive(serde::Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }

    #[test]
    fn wildcards_stand_for_any_text() {
        let cases: Cases = toml::from_str(include_str!("../../tests/cases/values/maps.toml")).unwrap();
        let mut folded = String::new();
        for case in cases.case {
            // The order in which the words are written says nothing.
            for reversed in [false, true] {
                let mut map = WordMap::default();
                let mut words: Vec<_> = case.map.iter().collect();
                if reversed {
                    words.reverse();
                }
                for (word, meaning) in words {
                    map.add(word, Some(Value::Text(meaning.clone()))).unwrap();
                }
                for (text, expected) in &case.finds {
                    let found = map.find(text, &mut folded).cloned().flatten();
                    let expected = Some(expected.clone()).filter(|text| text != "-").map(Value::Text);
                    assert_eq!(found, expected, "{text} in {:?}", case.map);
                }
            }
        }
    }

    #[test]
    fn numbers_beside_words_stand_for_themselves() {
        let mut map = WordMap::new(true);
        for word in ["10+", ">100", "agotado", "*"] {
            map.add(word, Some(Value::Integer(word.len() as i64))).unwrap();
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
