//! Models out of titles: what one supplier sells as several variants without saying that they belong together.
//!
//! Two items are variants of one model where supplier, brand, family and title are the same but for the words of the family's
//! axes. The code is made of these alone, so it depends on no other item and on no order. A model that the feed says itself is left as
//! it is, and a blank cell is what was said before.

use crate::product::item::Said;
use crate::product::layer::Layer;
use crate::query::words::{Language, Runs, Stems};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::scope::Key;
use crate::value::Value;
use crate::value::text::fold;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::Xxh3;

/// Longest readable part of a code, in bytes: with its hash it stays below the 50 characters that channels take.
const LONGEST_NAME: usize = 32;
/// Words of a title that are looked at.
const MOST_WORDS: usize = 64;

/// Words of a text, brought to their stem: small words are words too, since `L` is one.
type Terms = Vec<String>;

/// What the rule looks up.
#[derive(Debug)]
pub struct Titles {
    name: AttributeId,
    model: Key,
    brand: Option<Key>,
    family: Option<Key>,
    category: Option<Key>,
    supplier: String,
    /// The axes of each family that has any, by code.
    axes: BTreeMap<String, Vec<AttributeId>>,
    /// The family that a category brings, by codes.
    families: BTreeMap<String, String>,
    /// By locale of the schema, counted from 0.
    locales: Vec<Spoken>,
    /// True where the feed never says a model: one that a title brought goes with the title.
    clears: bool,
}

/// The options of all axes as one language has them.
#[derive(Debug)]
struct Spoken {
    language: Language,
    /// By axis and code, what stands for the option.
    options: BTreeMap<AttributeId, BTreeMap<String, Vec<Terms>>>,
    /// By axis and first word, the options that begin so.
    beginnings: BTreeMap<AttributeId, BTreeMap<String, Vec<(String, Terms)>>>,
}

impl Titles {
    /// The rule for a supplier; nothing where the schema has no `name`, no `model`, or no family with axes. `clears`: the feed
    /// never says a model itself.
    pub fn new(supplier: &str, schema: &Schema, clears: bool) -> Option<Titles> {
        let known = schema.known();
        let axes: BTreeMap<String, Vec<AttributeId>> = schema
            .families()
            .iter()
            .filter(|family| !family.axes.is_empty())
            .map(|family| (family.code.to_string(), family.axes.to_vec()))
            .collect();
        if axes.is_empty() {
            return None;
        }
        let families = schema.categories().iter().filter_map(|category| {
            let family = &schema.family(category.family?).code;
            Some((category.code.to_string(), family.to_string()))
        });
        let locales = schema.locales().iter().map(|locale| {
            let used: BTreeSet<AttributeId> = axes.values().flatten().copied().collect();
            Spoken::new(Language::of(locale), used, schema)
        });
        Some(Titles {
            name: known.name?,
            model: Key::of(known.model?),
            brand: known.brand.map(Key::of),
            family: known.family.map(Key::of),
            category: known.category.map(Key::of),
            supplier: supplier.to_owned(),
            families: families.collect(),
            locales: locales.collect(),
            axes,
            clears,
        })
    }

    /// Adds the model to what an item says, where it says none and its title tells one. What the item leaves blank is what its layer
    /// said `before`.
    pub fn put(&self, said: &mut Vec<(Key, Said)>, before: Option<&Layer>) {
        let Err(at) = said.binary_search_by_key(&self.model, |(key, _)| *key) else {
            return;
        };
        let told = Told { said, before };
        let Some((locale, title)) = self.title(&told) else {
            return;
        };
        let code = self.code(&told, locale, &title);
        // A model that the feed said itself stays where its cell is blank now.
        if let (false, Some(Value::Identifier(model))) = (self.clears, told.value(self.model)) {
            let was = Told { said: &[], before };
            let of_title = self
                .title(&was)
                .and_then(|(locale, title)| self.code(&was, locale, &title));
            if of_title.as_ref() != Some(model) {
                return;
            }
        }
        match code {
            Some(code) => said.insert(at, (self.model, Said::Value(Value::Identifier(code)))),
            None if self.clears => said.insert(at, (self.model, Said::Clear)),
            None => {}
        }
    }

    /// The first title, with its locale counted from 0.
    fn title<'s>(&self, told: &Told<'s>) -> Option<(usize, Cow<'s, str>)> {
        (0..=self.locales.len()).find_map(|locale| {
            let key = Key {
                locale: u8::try_from(locale).ok()?,
                ..Key::of(self.name)
            };
            match told.value(key)? {
                value @ Value::Text(_) => Some((locale.saturating_sub(1), value.to_text())),
                _ => None,
            }
        })
    }

    /// The code of the model; nothing where the family has no axes, the item does not tell all of them, or the title is made of
    /// nothing else.
    fn code(&self, told: &Told<'_>, locale: usize, title: &str) -> Option<String> {
        let text = |key: Option<Key>| told.value(key?).map(|value| value.to_text().into_owned());
        let of_category = || self.families.get(&text(self.category)?).cloned();
        let family = text(self.family)
            .filter(|code| self.axes.contains_key(code))
            .or_else(of_category)?;
        let axes = self.axes.get(&family)?;
        let spoken = self.locales.get(locale)?;
        let mut stems = Stems::new(spoken.language);
        let runs: Vec<&str> = Runs::of(title).take(MOST_WORDS).map(|run| run.text).collect();
        let mut terms: Vec<Option<String>> = runs.iter().map(|run| term(run, &mut stems)).collect();
        for axis in axes {
            match told.any(*axis) {
                Some(value) => {
                    let forms = spoken.forms(*axis, value, &mut stems);
                    take_last(&mut terms, forms.iter());
                }
                None => {
                    let code = spoken.only_option(*axis, &terms)?;
                    take_last(&mut terms, spoken.options.get(axis)?.get(&code)?.iter());
                }
            }
        }
        let left = runs.iter().zip(&terms).filter(|(_, term)| term.is_some());
        let left: Vec<String> = left.map(|(run, _)| fold(run)).filter(|word| !word.is_empty()).collect();
        if left.is_empty() {
            return None;
        }
        let mut hash = Xxh3::new();
        for part in [&*self.supplier, &*family, &*fold(&text(self.brand).unwrap_or_default())] {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
        hash.update(left.join(" ").as_bytes());
        let mut name = left.join("-").replace(' ', "-");
        name.truncate(name.floor_char_boundary(LONGEST_NAME));
        // Forty bits tell a supplier's models apart.
        Some(format!("{}-{:010x}", name.trim_end_matches('-'), hash.digest() >> 24))
    }
}

impl Spoken {
    fn new(language: Language, axes: BTreeSet<AttributeId>, schema: &Schema) -> Spoken {
        let mut stems = Stems::new(language);
        let (mut options, mut beginnings) = (BTreeMap::new(), BTreeMap::new());
        for axis in axes {
            let Some(list) = schema.list_of(axis) else { continue };
            let mut by_code: BTreeMap<String, Vec<Terms>> = BTreeMap::new();
            let mut by_first: BTreeMap<String, Vec<(String, Terms)>> = BTreeMap::new();
            for option in &list.options {
                let labels = option.labels.iter().map(|(_, label)| label);
                let synonyms = option.synonyms.iter().map(String::as_str);
                let forms = std::iter::once(&*option.code).chain(labels).chain(synonyms);
                let mut forms: Vec<Terms> = forms.map(|text| all_terms(text, &mut stems)).collect();
                forms.retain(|form| !form.is_empty());
                forms.sort();
                forms.dedup();
                for form in &forms {
                    if let Some(first) = form.first() {
                        let begun = by_first.entry(first.clone()).or_default();
                        begun.push((option.code.to_string(), form.clone()));
                    }
                }
                by_code.insert(option.code.to_string(), forms);
            }
            options.insert(axis, by_code);
            beginnings.insert(axis, by_first);
        }
        Spoken {
            language,
            options,
            beginnings,
        }
    }

    /// What a title may write for a value of an axis.
    fn forms(&self, axis: AttributeId, value: &Value, stems: &mut Stems) -> Vec<Terms> {
        let of_code = |code: &str| self.options.get(&axis).and_then(|options| options.get(code)).cloned();
        let known = match value {
            Value::Option(code) => of_code(code),
            Value::Options(codes) => match codes.as_slice() {
                [code] => of_code(code),
                _ => None,
            },
            _ => None,
        };
        known.unwrap_or_else(|| {
            let terms = all_terms(&value.to_text(), stems);
            if terms.is_empty() { Vec::new() } else { vec![terms] }
        })
    }

    /// The one option of an axis that a title names: of several, the one of the most words.
    fn only_option(&self, axis: AttributeId, terms: &[Option<String>]) -> Option<String> {
        let beginnings = self.beginnings.get(&axis)?;
        let (mut longest, mut found): (usize, Option<&str>) = (0, None);
        for (at, first) in terms.iter().enumerate() {
            let begun = first.as_ref().and_then(|first| beginnings.get(first));
            for (code, form) in begun.into_iter().flatten() {
                if !stands(terms, at, form) || form.len() < longest {
                    continue;
                }
                // Two options of as many words: the title does not tell which.
                found = (form.len() > longest || found == Some(code)).then_some(code.as_str());
                longest = form.len();
            }
        }
        found.map(str::to_owned)
    }
}

/// What an item says, and its layer where it says nothing.
struct Told<'s> {
    said: &'s [(Key, Said)],
    before: Option<&'s Layer>,
}

impl<'s> Told<'s> {
    /// The value under a key.
    fn value(&self, key: Key) -> Option<&'s Value> {
        match self.said.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => match self.said.get(at) {
                Some((_, Said::Value(value))) => Some(value),
                _ => None,
            },
            Err(_) => self.before?.value(key),
        }
    }

    /// The first value of an attribute, whatever its scope.
    fn any(&self, attribute: AttributeId) -> Option<&'s Value> {
        let of_item = self.said.iter().map(|(key, _)| *key);
        let of_layer = self
            .before
            .into_iter()
            .flat_map(|layer| layer.values.iter().map(|(key, _)| *key));
        let mut keys = of_item.chain(of_layer).filter(|key| key.attribute == attribute);
        keys.find_map(|key| self.value(key).filter(|value| !value.is_empty()))
    }
}

fn term(run: &str, stems: &mut Stems) -> Option<String> {
    stems.term_of_any(run).map(str::to_owned)
}

fn all_terms(text: &str, stems: &mut Stems) -> Terms {
    Runs::of(text).filter_map(|run| term(run.text, stems)).collect()
}

/// Do the words of a form stand in a title from this one on.
fn stands(terms: &[Option<String>], at: usize, form: &[String]) -> bool {
    let there = terms.get(at..at + form.len());
    there.is_some_and(|there| there.iter().zip(form).all(|(term, word)| term.as_ref() == Some(word)))
}

/// Takes the last place where one of the forms stands out of a title, the form of the most words first: `Red Bull roja` loses `roja`.
fn take_last<'f>(terms: &mut [Option<String>], forms: impl Iterator<Item = &'f Terms>) {
    let places = forms.flat_map(|form| {
        let last = (0..terms.len()).rev().find(|at| stands(terms, *at, form));
        last.map(|at| (form.len(), at))
    });
    if let Some((length, at)) = places.max() {
        terms[at..at + length].fill(None);
    }
}
