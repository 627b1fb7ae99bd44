//! Words to the engine's questions: in which fields a word is looked for, and what it may stand for.
//!
//! A word is found in texts by its stem, in identifiers by its letters and digits, in options, categories and families by
//! their labels, in measures by number and unit, and by its synonyms. The best of these counts.

use crate::index::layout::{Layout, Mark, TextField, mark_key, value_key};
use crate::index::synonyms::Synonyms;
use crate::index::typo::Corrections;
use crate::query::Word;
use crate::query::number::sortable;
use crate::query::words::{Language, compact, terms};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Kind;
use crate::value::measurement::split;
use crate::value::number::{Notation, parse};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, InvertedIndexRangeQuery, Occur,
    PhraseQuery, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

/// What an identifier is worth that is exactly what was asked for; as BM25 scores go, more than a name.
const CODE: f32 = 120.0;
const CODE_BEGINS: f32 = 40.0;
/// The same of letters and digits together, which nothing else is likely to be.
const CODE_MIXED: f32 = 80.0;
const OPTION: f32 = 14.0;
const CATEGORY: f32 = 16.0;
const MEASURE: f32 = 12.0;
/// A word that stands for another is worth a little less.
const SYNONYM: f32 = 0.8;
/// What a correction is worth.
const CORRECTED: f32 = 0.6;
/// Of the places where a word is found beside the best.
const TIE: f32 = 0.1;
/// More identifiers than this with the same beginning are no answer.
const MOST_BEGINNINGS: usize = 1_000;
/// Words that are looked at together: names of colours, codes with gaps.
const SPAN: usize = 4;

/// What a label is worth, and the key of what bears it.
type Meaning = (f32, Vec<u8>);

/// What words can mean, looked up once for many questions.
pub struct Vocabulary {
    /// Keys of options, categories and families by the terms of their labels. Never iterated.
    labels: HashMap<(Language, String), Vec<Meaning>>,
    /// Attributes of measures by dimension, with their units.
    measures: BTreeMap<String, Vec<(AttributeId, String)>>,
    languages: BTreeSet<Language>,
}

impl Vocabulary {
    pub fn new(schema: &Schema) -> Vocabulary {
        let mut vocabulary = Vocabulary {
            labels: HashMap::new(),
            measures: BTreeMap::new(),
            languages: schema.locales().iter().map(|locale| Language::of(locale)).collect(),
        };
        let mut key = Vec::new();
        for (id, attribute) in schema.attributes() {
            if let (Some(dimension), Some(unit)) = (&attribute.dimension, &attribute.unit) {
                let of = vocabulary.measures.entry(dimension.to_string()).or_default();
                of.push((id, unit.to_string()));
            }
            if let Some(list) = schema.list_of(id) {
                for option in &list.options {
                    value_key(id, &option.code, &mut key);
                    vocabulary.add(&option.code, Language::Neutral, OPTION, &key);
                    for (locale, label) in option.labels.iter() {
                        vocabulary.add(label, Language::of(locale), OPTION, &key);
                    }
                }
            }
        }
        for category in schema.categories() {
            mark_key(Mark::Category, &category.code, &mut key);
            for (locale, label) in category.labels.iter() {
                vocabulary.add(label, Language::of(locale), CATEGORY, &key);
            }
        }
        for family in schema.families() {
            mark_key(Mark::Family, &family.code, &mut key);
            for (locale, label) in family.labels.iter() {
                vocabulary.add(label, Language::of(locale), OPTION, &key);
            }
        }
        vocabulary
    }

    fn add(&mut self, label: &str, language: Language, weight: f32, key: &[u8]) {
        let terms = terms(label, language);
        if terms.is_empty() || terms.len() > SPAN * 2 {
            return;
        }
        let joined = join(terms);
        let known = self.labels.entry((language, joined)).or_default();
        if !known.iter().any(|(_, other)| other == key) {
            known.push((weight, key.to_vec()));
        }
    }
}

fn join(terms: Vec<(usize, String)>) -> String {
    let words: Vec<String> = terms.into_iter().map(|(_, term)| term).collect();
    words.join(" ")
}

/// Turns words into questions.
pub struct Matcher<'a> {
    pub layout: &'a Layout,
    pub schema: &'a Schema,
    pub searcher: &'a Searcher,
    pub vocabulary: &'a Vocabulary,
    pub synonyms: &'a Synonyms,
    /// The fields that hold any text, of the locales asked for.
    pub fields: Vec<&'a TextField>,
    pub corrections: &'a Corrections,
}

type Questions = Vec<Box<dyn Query>>;

impl<'a> Matcher<'a> {
    /// The languages of the fields.
    fn languages(&self) -> BTreeSet<Language> {
        self.fields.iter().map(|field| field.language).collect()
    }

    /// A word that says nothing in one of the languages.
    pub fn is_stop_word(&self, word: &str) -> bool {
        let folded = compact(word);
        self.languages().iter().any(|language| language.stops(&folded))
    }

    /// The words without those that say nothing, unless none says anything.
    pub fn speaking<'w>(&self, words: &[(&'w str, usize)]) -> Vec<(&'w str, usize)> {
        let mut speaking = words.to_vec();
        speaking.retain(|(word, _)| !self.is_stop_word(word));
        if speaking.is_empty() {
            speaking.extend(words);
        }
        speaking
    }

    /// The question of words that stand side by side, each required. `least`: so many of them are enough.
    pub fn words(&self, words: &[(&str, usize)], least: Option<usize>) -> Box<dyn Query> {
        let words = self.speaking(words);
        let mut alternatives: Vec<Questions> = words.iter().map(|(word, start)| self.word(word, *start)).collect();
        for from in 0..words.len() {
            for count in 2..=SPAN.min(words.len() - from) {
                let span: Vec<&str> = words[from..from + count].iter().map(|(word, _)| *word).collect();
                let text = span.join(" ");
                // What stands for the span answers for each of its words.
                let mut found = self.labels(&text);
                found.extend(self.synonyms_of(&text));
                if count == 2 {
                    found.extend(self.measures(&text));
                }
                if text.bytes().any(|byte| byte.is_ascii_digit()) {
                    found.extend(self.codes(&span.concat()));
                }
                for place in &mut alternatives[from..from + count] {
                    place.extend(found.iter().map(|question| question.box_clone()));
                }
            }
        }
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let occur = if least.is_some() { Occur::Should } else { Occur::Must };
        for questions in alternatives {
            clauses.push((occur, best(questions)));
        }
        if least.is_none() && (2..=6).contains(&words.len()) {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            clauses.extend(self.together(&all.join(" ")).map(|question| (Occur::Should, question)));
        }
        let mut question = BooleanQuery::new(clauses);
        if let Some(least) = least {
            question.set_minimum_number_should_match(least);
        }
        Box::new(question)
    }

    /// Words that stand together in a name count more.
    fn together(&self, text: &str) -> Option<Box<dyn Query>> {
        let name = self.schema.known().name?;
        let names = self.fields.iter().filter(|field| field.attribute == name);
        let questions: Questions = names.filter_map(|field| phrase(field, text, 0.5)).collect();
        (!questions.is_empty()).then(|| best(questions))
    }

    /// Everything that one word may be.
    fn word(&self, word: &str, start: usize) -> Questions {
        if let Some(beginning) = word.strip_suffix('*').filter(|beginning| !beginning.is_empty()) {
            return self.beginning(beginning);
        }
        let mut questions = self.texts(word, 1.0);
        questions.extend(self.codes(word));
        questions.extend(self.labels(word));
        questions.extend(self.measures(word));
        questions.extend(self.synonyms_of(word));
        for correction in self.corrections.of(start) {
            for field in self.fields.iter().filter(|field| field.language == correction.language) {
                let term = Term::from_field_text(field.field, &correction.term);
                questions.push(boosted(
                    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
                    field.weight * CORRECTED,
                ));
            }
        }
        questions
    }

    /// Words in quotes: side by side in one text.
    pub fn phrase(&self, text: &str) -> Box<dyn Query> {
        let mut questions = self.texts(text, 1.0);
        questions.extend(self.exact_code(text));
        best(questions)
    }

    /// A text in the texts: one word by its stem, several as a phrase.
    fn texts(&self, text: &str, weight: f32) -> Questions {
        let fields = self.fields.iter();
        fields.filter_map(|field| phrase(field, text, weight)).collect()
    }

    fn exact_code(&self, text: &str) -> Option<Box<dyn Query>> {
        let code = compact(text);
        (!code.is_empty()).then(|| {
            let term = Term::from_field_bytes(self.layout.code, code.as_bytes());
            constant(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), CODE)
        })
    }

    /// Identifiers that are this, or begin with it.
    fn codes(&self, text: &str) -> Questions {
        let code = compact(text);
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        let letters = !code.bytes().any(|byte| byte.is_ascii_digit());
        let mut questions: Questions = self.exact_code(text).into_iter().collect();
        let bare = code.trim_start_matches('0');
        if digits && bare.len() < code.len() {
            questions.extend(self.exact_code(bare));
        }
        let least = if digits || letters { 4 } else { 3 };
        if code.len() >= least && self.beginnings(&code) <= MOST_BEGINNINGS {
            let mixed = !digits && !letters && code.len() >= 5;
            let worth = if mixed { CODE_MIXED } else { CODE_BEGINS };
            questions.push(constant(begins(self.layout.code, code.as_bytes(), true), worth));
        }
        questions
    }

    /// How many identifiers begin with a text, counted as far as it matters.
    fn beginnings(&self, code: &str) -> usize {
        let mut count = 0;
        for segment in self.searcher.segment_readers() {
            let Ok(terms) = segment.inverted_index(self.layout.code) else {
                continue;
            };
            let range = terms.terms().range().ge(code.as_bytes());
            let range = match after(code.as_bytes()) {
                Some(after) => range.lt(after),
                None => range,
            };
            let Ok(mut stream) = range.into_stream() else { continue };
            while stream.advance() {
                count += 1;
                if count > MOST_BEGINNINGS {
                    return count;
                }
            }
        }
        count
    }

    /// Words that begin so, and identifiers.
    fn beginning(&self, word: &str) -> Questions {
        let folded = compact(word);
        if folded.is_empty() {
            return Vec::new();
        }
        let mut questions = self.texts(word, 1.0);
        for field in &self.fields {
            questions.push(constant(
                begins(field.field, folded.as_bytes(), false),
                field.weight * 5.0,
            ));
        }
        questions.push(constant(begins(self.layout.code, folded.as_bytes(), true), CODE_BEGINS));
        questions
    }

    /// Options, categories and families of this name.
    fn labels(&self, text: &str) -> Questions {
        let mut found: BTreeMap<&[u8], f32> = BTreeMap::new();
        for language in self.vocabulary.languages.iter().chain([&Language::Neutral]) {
            let key = (*language, join(terms(text, *language)));
            for (weight, key) in self.vocabulary.labels.get(&key).into_iter().flatten() {
                let known = found.entry(key).or_insert(*weight);
                *known = known.max(*weight);
            }
        }
        found.into_iter().map(|(key, weight)| self.key(key, weight)).collect()
    }

    fn key(&self, key: &[u8], weight: f32) -> Box<dyn Query> {
        let term = Term::from_field_bytes(self.layout.key, key);
        constant(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), weight)
    }

    /// Measures of this amount: `18v`, `2,5 kg`.
    fn measures(&self, text: &str) -> Questions {
        let (number, word) = split(text);
        if number.is_empty() || word.is_empty() {
            return Vec::new();
        }
        let units = self.schema.units();
        let Some(unit) = units.find(word) else {
            return Vec::new();
        };
        let Ok(amount) = parse(number, Notation::Plain).or_else(|_| parse(number, Notation::Comma)) else {
            return Vec::new();
        };
        let attributes = self.vocabulary.measures.get(&*unit.dimension);
        let mut questions = Vec::new();
        let mut key = Vec::new();
        for (id, own) in attributes.into_iter().flatten() {
            if let Ok(amount) = units.convert(amount, &unit.code, own) {
                value_key(*id, &sortable(amount).to_string(), &mut key);
                questions.push(self.key(&key, MEASURE));
            }
        }
        questions
    }

    fn synonyms_of(&self, text: &str) -> Questions {
        let mut others = BTreeSet::new();
        for language in &self.vocabulary.languages {
            others.extend(self.synonyms.of(text, *language));
        }
        let mut questions = Vec::new();
        for other in others {
            questions.extend(self.texts(other, SYNONYM));
            questions.extend(self.labels(other));
        }
        questions
    }

    /// A text in the texts of one attribute; `locale` 0 for any.
    pub fn text_of(&self, attribute: AttributeId, locale: u8, text: &str) -> Box<dyn Query> {
        let fields = self.layout.texts_of(attribute).iter();
        let fields = fields.filter(|field| locale == 0 || field.locale == locale);
        let beginning = text.strip_suffix('*').filter(|text| !text.is_empty());
        let questions = fields.filter_map(|field| match beginning {
            Some(text) => Some(begins(field.field, compact(text).as_bytes(), false)),
            None => phrase(field, text, 1.0),
        });
        best(questions.collect())
    }

    /// Does anything match a word by itself.
    pub fn knows(&self, word: &Word) -> bool {
        let question = best(self.word(&word.text, word.start));
        self.searcher
            .search(&*question, &tantivy::collector::Count)
            .is_ok_and(|count| count > 0)
    }
}

/// The text in one field: nothing where only stop words are left.
fn phrase(field: &TextField, text: &str, weight: f32) -> Option<Box<dyn Query>> {
    let terms = terms(text, field.language);
    let term = |term: &String| Term::from_field_text(field.field, term);
    let question: Box<dyn Query> = match terms.as_slice() {
        [] => return None,
        [(_, one)] => Box::new(TermQuery::new(term(one), IndexRecordOption::WithFreqs)),
        [(first, _), ..] => {
            let first = *first;
            Box::new(PhraseQuery::new_with_offset(
                terms.iter().map(|(at, text)| (at - first, term(text))).collect(),
            ))
        }
    };
    // A phrase sums the rarity of its words; it is one thing that was asked for.
    let weight = weight * field.weight / terms.len().max(1) as f32;
    Some(boosted(question, weight))
}

/// Every term of a field that begins so.
pub fn begins(field: Field, beginning: &[u8], bytes: bool) -> Box<dyn Query> {
    let term = |value: &[u8]| match bytes {
        true => Term::from_field_bytes(field, value),
        false => Term::from_field_text(field, &String::from_utf8_lossy(value)),
    };
    let upper = match after(beginning) {
        Some(after) if bytes || std::str::from_utf8(&after).is_ok() => Bound::Excluded(term(&after)),
        _ => Bound::Unbounded,
    };
    Box::new(InvertedIndexRangeQuery::new(Bound::Included(term(beginning)), upper))
}

/// The first bytes past all that begin so; nothing where there are none.
fn after(beginning: &[u8]) -> Option<Vec<u8>> {
    let mut after = beginning.to_vec();
    while let Some(last) = after.pop() {
        if last < 0x7f || last > 0x7f && last < u8::MAX {
            after.push(last + 1);
            return Some(after);
        }
    }
    None
}

/// The best of several questions, and a little of the others.
pub fn best(mut questions: Questions) -> Box<dyn Query> {
    match questions.len() {
        0 => Box::new(EmptyQuery),
        1 => questions.remove(0),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(questions, TIE)),
    }
}

/// A question whose answers are all worth the same.
pub fn constant(question: Box<dyn Query>, score: f32) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(question, score))
}

fn boosted(question: Box<dyn Query>, weight: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(question, weight))
}

/// Attributes whose texts are short enough to correct words by.
pub fn names_things(schema: &Schema, field: &TextField) -> bool {
    schema.attribute(field.attribute).kind == Kind::Text
}
