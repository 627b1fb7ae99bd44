//! Slips of the pen: words that no product has, and the words of the catalog that were most likely meant.
//!
//! One slip is forgiven from four letters on, two from eight. Words with digits are codes and sizes: they are taken as said.

use crate::index::layout::TextField;
use crate::index::words::{Language, Runs, Stems, compact};
use rapidfuzz::distance::osa;
use std::collections::BTreeMap;
use tantivy::Searcher;

/// Words that may have been meant by one.
const MOST_MEANT: usize = 4;
/// Terms of the catalog that are looked at, at most.
const MOST_TERMS: usize = 2_000_000;

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

/// Slips that are forgiven in a word.
fn allowed(word: &str) -> usize {
    match word.chars().count() {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// Terms near a word, the nearest and then the most used first; the terms themselves decide among equals.
pub fn meant(
    word: &str,
    start: usize,
    end: usize,
    fields: &[&TextField],
    searcher: &Searcher,
) -> tantivy::Result<Vec<Correction>> {
    let folded = compact(word);
    let allowed = allowed(&folded);
    if allowed == 0 || folded.bytes().any(|byte| byte.is_ascii_digit()) {
        return Ok(Vec::new());
    }
    // By distance, then use.
    let mut near: BTreeMap<(String, Language), (usize, u64)> = BTreeMap::new();
    let mut seen = 0;
    for field in fields {
        let Some(stem) = Stems::new(field.language).term_of_any(word) else {
            continue;
        };
        let letters: Vec<char> = stem.chars().collect();
        if letters.len() < 3 {
            continue;
        }
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(field.field)?;
            let mut stream = index.terms().stream()?;
            while stream.advance() && seen < MOST_TERMS {
                seen += 1;
                let Ok(term) = std::str::from_utf8(stream.key()) else {
                    continue;
                };
                if term.len().abs_diff(stem.len()) > allowed + 2 || term.len() < 3 {
                    continue;
                }
                let distance = osa::distance_with_args(
                    letters.iter().copied(),
                    term.chars(),
                    &osa::Args::default().score_cutoff(allowed),
                );
                if let Some(distance) = distance.filter(|distance| *distance > 0) {
                    let uses = u64::from(stream.value().doc_freq);
                    let found = near.entry((term.to_owned(), field.language)).or_insert((distance, 0));
                    found.1 += uses;
                }
            }
        }
    }
    let mut found: Vec<((String, Language), (usize, u64))> = near.into_iter().collect();
    found.sort_by(|a, b| (a.1.0, std::cmp::Reverse(a.1.1), &a.0).cmp(&(b.1.0, std::cmp::Reverse(b.1.1), &b.0)));
    let nearest = found.first().map_or(0, |(_, (distance, _))| *distance);
    Ok(found
        .into_iter()
        .filter(|(_, (distance, _))| *distance == nearest)
        .take(MOST_MEANT)
        .map(|((term, language), _)| Correction {
            start,
            end,
            term,
            language,
        })
        .collect())
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
