//! Words that claim something of a product: materials, colours, countries, properties, certificates, promises.
//!
//! The words are data (`vocabulary.toml` beside this file): groups that mean the same, in Spanish and English. What a schema
//! adds with its option lists is looked up in `option`.

use crate::enrich::draft::word::{Word, forms, same, words};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// True for locales in whose language the words are: in others, claims made of words pass unseen.
pub fn is_known(locale: &str) -> bool {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    matches!(language, "es" | "en")
}

/// What a word claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Material,
    Colour,
    Country,
    /// What it withstands or is fit for: waterproof, organic, wireless.
    Property,
    /// That somebody tested or approved it.
    Certificate,
    /// A guarantee, an offer, or that it is the best.
    Promise,
    /// The name of a maker.
    Brand,
}

/// Words that mean the same.
#[derive(Debug)]
pub struct Group {
    pub topic: Topic,
    /// Each a run of folded words.
    pub phrases: Vec<Vec<String>>,
}

/// A place in a text where a group is named.
#[derive(Debug)]
pub struct Named<'v> {
    pub start: usize,
    pub end: usize,
    pub group: &'v Group,
}

/// All groups, found by the first word of a phrase.
#[derive(Debug)]
pub struct Vocabulary {
    groups: Vec<Group>,
    /// Folded first word to (group, phrase).
    by_first: HashMap<String, Vec<(usize, usize)>>,
}

impl Vocabulary {
    /// The words that the program ships.
    pub fn builtin() -> &'static Vocabulary {
        static WORDS: OnceLock<Vocabulary> = OnceLock::new();
        WORDS.get_or_init(|| {
            // A test proves that the table of this folder reads.
            let topics: BTreeMap<Topic, Vec<Vec<String>>> =
                toml::from_str(include_str!("vocabulary.toml")).unwrap_or_default();
            Vocabulary::new(topics)
        })
    }

    fn new(topics: BTreeMap<Topic, Vec<Vec<String>>>) -> Vocabulary {
        let mut groups = Vec::new();
        for (topic, lists) in topics {
            for list in lists {
                let phrases = list.iter().map(|text| folded(text)).filter(|phrase| !phrase.is_empty());
                groups.push(Group {
                    topic,
                    phrases: phrases.collect(),
                });
            }
        }
        let mut by_first: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (g, group) in groups.iter().enumerate() {
            for (p, phrase) in group.phrases.iter().enumerate() {
                by_first.entry(phrase[0].clone()).or_default().push((g, p));
            }
        }
        Vocabulary { groups, by_first }
    }

    /// The groups that a text names, in order; of several that begin at one word the longest.
    pub fn find(&self, words: &[Word<'_>]) -> Vec<Named<'_>> {
        let mut found = Vec::new();
        let mut next = 0;
        for (n, word) in words.iter().enumerate() {
            if n < next {
                continue;
            }
            let mut best: Option<(usize, usize)> = None;
            for form in forms(&word.folded) {
                for (g, p) in self.by_first.get(form).into_iter().flatten() {
                    let phrase = &self.groups[*g].phrases[*p];
                    let there = words.get(n..n + phrase.len());
                    let fits = there.is_some_and(|there| {
                        there
                            .iter()
                            .zip(phrase)
                            .all(|(word, wanted)| same(&word.folded, wanted))
                    });
                    if fits && best.is_none_or(|(length, _)| phrase.len() > length) {
                        best = Some((phrase.len(), *g));
                    }
                }
            }
            if let Some((length, group)) = best {
                found.push(Named {
                    start: word.start,
                    end: words[n + length - 1].end,
                    group: &self.groups[group],
                });
                next = n + length;
            }
        }
        found
    }
}

fn folded(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.folded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_names_no_phrase_twice() {
        let table: BTreeMap<Topic, Vec<Vec<String>>> = toml::from_str(include_str!("vocabulary.toml")).unwrap();
        assert_eq!(table.len(), 7);
        let mut seen = std::collections::BTreeSet::new();
        for phrase in table.values().flatten().flatten() {
            assert!(seen.insert(folded(phrase)), "{phrase} stands twice");
        }
    }

    #[test]
    fn the_longest_phrase_counts() {
        let words = words("Cuerpo de acero inoxidable, tapas rojas");
        let found = Vocabulary::builtin().find(&words);
        let topics: Vec<(usize, usize, Topic)> = found
            .iter()
            .map(|named| (named.start, named.end, named.group.topic))
            .collect();
        assert_eq!(topics, [(10, 26, Topic::Material), (34, 39, Topic::Colour)]);
    }
}
