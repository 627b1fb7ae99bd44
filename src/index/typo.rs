//! Slips of the pen: words that no product has, and the words of the catalog that were most likely meant.
//!
//! One slip is forgiven from four letters on, two from eight. Words with digits are codes and sizes: they are taken as said.

use crate::index::layout::TextField;
use crate::query::Word;
use crate::query::words::{Language, Runs, Stems, compact};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tantivy::Searcher;
use tantivy_fst::Automaton;

/// Words that may have been meant by one.
const MOST_MEANT: usize = 4;
/// Different words of a question that are corrected, at most.
const MOST_WORDS: usize = 16;
/// Letters of a word that is corrected, at most: what it is compared with grows with them, by some 30 kB each.
const MOST_LETTERS: usize = 40;

/// What a word of the query most likely means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The word in the query, in bytes.
    pub start: usize,
    pub end: usize,
    /// The term of the catalog that is meant.
    pub term: String,
    pub language: Language,
}

/// Corrections by word, the likeliest first.
#[derive(Debug, Clone, Default)]
pub struct Corrections {
    by_start: BTreeMap<usize, Vec<Correction>>,
}

impl Corrections {
    /// What the word that begins here may mean.
    pub fn of(&self, start: usize) -> &[Correction] {
        self.by_start.get(&start).map_or(&[], Vec::as_slice)
    }

    pub fn is_empty(&self) -> bool {
        self.by_start.is_empty()
    }

    /// Notes what a word may mean.
    pub fn add(&mut self, corrections: Vec<Correction>) {
        if let Some(first) = corrections.first() {
            self.by_start.insert(first.start, corrections);
        }
    }

    /// The likeliest meaning of each word.
    pub fn first(&self) -> impl Iterator<Item = &Correction> {
        self.by_start.values().filter_map(|corrections| corrections.first())
    }
}

/// Slips that are forgiven in a folded word.
fn allowed(folded: &str) -> usize {
    if folded.bytes().any(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match folded.chars().count() {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// May a word be a slip of another.
pub fn may_slip(word: &str) -> bool {
    !word.ends_with('*') && allowed(&compact(word)) > 0
}

/// What was found near a word: terms with their language, how far they are and how often they are used.
type Near = BTreeMap<(String, Language), (usize, u64)>;

/// The words of the catalog that are near to words of one question, each looked up once.
pub struct Slips<'s> {
    fields: Vec<&'s TextField>,
    searcher: &'s Searcher,
    /// By folded word: what may be meant, the likeliest first.
    found: BTreeMap<String, Vec<(String, Language)>>,
    /// Times that the dictionaries were searched, each for all words that were new.
    pub passes: usize,
}

/// A word that is looked for in a dictionary, with the slips that are forgiven.
struct Sought {
    /// Its place among the words that are looked up together.
    word: usize,
    near: DFA,
}

/// Leads the search of a dictionary: beginnings that cannot become a near word are not followed.
struct Following<'d>(&'d DFA);

impl Automaton for Following<'_> {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}

impl<'s> Slips<'s> {
    /// Words are corrected by the texts of these fields.
    pub fn new(fields: Vec<&'s TextField>, searcher: &'s Searcher) -> Slips<'s> {
        Slips {
            fields,
            searcher,
            found: BTreeMap::new(),
            passes: 0,
        }
    }

    /// What these words may mean; of those not looked up before at most `MOST_WORDS` different ones are, all in one pass.
    pub fn of<'w>(&mut self, words: impl Iterator<Item = &'w Word>) -> tantivy::Result<Corrections> {
        let folded: Vec<(&Word, String)> = words.map(|word| (word, compact(&word.text))).collect();
        let mut new: Vec<&str> = Vec::new();
        for (_, folded) in &folded {
            let room = self.found.len() + new.len() < MOST_WORDS;
            if room && !self.found.contains_key(folded) && !new.contains(&folded.as_str()) {
                new.push(folded);
            }
        }
        if !new.is_empty() {
            for (folded, near) in new.iter().zip(self.near(&new)?) {
                self.found.insert((*folded).to_owned(), likeliest(near));
            }
        }
        let mut corrections = Corrections::default();
        for (word, folded) in &folded {
            let terms = self.found.get(folded).map_or(&[][..], Vec::as_slice);
            corrections.add(
                terms
                    .iter()
                    .map(|(term, language)| Correction {
                        start: word.start,
                        end: word.end,
                        term: term.clone(),
                        language: *language,
                    })
                    .collect(),
            );
        }
        Ok(corrections)
    }

    /// One search of the dictionaries of all fields.
    fn near(&mut self, words: &[&str]) -> tantivy::Result<Vec<Near>> {
        self.passes += 1;
        let mut near: Vec<Near> = vec![Near::new(); words.len()];
        let mut languages: BTreeMap<Language, Vec<Sought>> = BTreeMap::new();
        for field in &self.fields {
            let sought = languages
                .entry(field.language)
                .or_insert_with(|| sought(words, field.language));
            for segment in self.searcher.segment_readers() {
                let index = segment.inverted_index(field.field)?;
                for sought in sought.iter() {
                    let mut stream = index.terms().search(Following(&sought.near)).into_stream()?;
                    while stream.advance() {
                        let Ok(term) = std::str::from_utf8(stream.key()) else {
                            continue;
                        };
                        let Distance::Exact(distance @ 1..) = sought.near.eval(term) else {
                            continue;
                        };
                        if term.len() < 3 {
                            continue;
                        }
                        let uses = u64::from(stream.value().doc_freq);
                        let key = (term.to_owned(), field.language);
                        near[sought.word].entry(key).or_insert((usize::from(distance), 0)).1 += uses;
                    }
                }
            }
        }
        Ok(near)
    }
}

/// The stems of folded words in a language, ready to be looked for.
fn sought(words: &[&str], language: Language) -> Vec<Sought> {
    // Two letters that change places are one slip.
    static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> =
        LazyLock::new(|| [1, 2].map(|slips| LevenshteinAutomatonBuilder::new(slips, true)));
    let mut stems = Stems::new(language);
    let mut sought = Vec::new();
    for (word, folded) in words.iter().enumerate() {
        let builder = match allowed(folded) {
            0 => continue,
            1 => &BUILDERS[0],
            _ => &BUILDERS[1],
        };
        if let Some(stem) = stems.term_of_any(folded)
            && (3..=MOST_LETTERS).contains(&stem.chars().count())
        {
            let near = builder.build_dfa(stem);
            sought.push(Sought { word, near });
        }
    }
    sought
}

/// The nearest terms, the most used first; the terms themselves decide among equals.
fn likeliest(near: Near) -> Vec<(String, Language)> {
    let nearest = near.values().map(|(distance, _)| *distance).min();
    let mut found: Vec<((String, Language), (usize, u64))> = near.into_iter().collect();
    found.retain(|(_, (distance, _))| Some(*distance) == nearest);
    found.sort_by_key(|(_, (_, uses))| std::cmp::Reverse(*uses));
    found.into_iter().map(|(term, _)| term).take(MOST_MEANT).collect()
}

/// The query with its words corrected, spelled as the texts of what was found spell them; nothing where no text has them.
pub fn respelled(query: &str, corrections: &[Correction], texts: &[String]) -> Option<String> {
    let mut out = String::with_capacity(query.len() + 16);
    let mut at = 0;
    for correction in corrections {
        let spelling = spelling(correction, texts)?;
        out.push_str(query.get(at..correction.start)?);
        out.push_str(&spelling);
        at = correction.end;
    }
    out.push_str(query.get(at..)?);
    (at > 0).then_some(out)
}

fn spelling(correction: &Correction, texts: &[String]) -> Option<String> {
    let mut stems = Stems::new(correction.language);
    for text in texts {
        for run in Runs::of(text) {
            if stems.term(run.text) == Some(&correction.term) {
                return Some(run.text.to_lowercase());
            }
        }
    }
    None
}
