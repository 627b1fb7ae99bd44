//! Words in the texts of a product, as a search finds them: by their stem in each language, side by side.

use crate::product::Product;
use crate::query::words::{Language, Runs, Stems, compact, terms};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Value;
use crate::value::text::plain;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    /// Stems that a thread has made: the same word is stemmed once.
    static STEMS: RefCell<BTreeMap<Language, Stems>> = const { RefCell::new(BTreeMap::new()) };
}

/// Words that are looked for.
#[derive(Debug, Clone)]
pub struct Sought {
    /// By number of locale, 0 for none.
    by_locale: Vec<Phrase>,
    /// Beginning of a word, in place of a phrase.
    beginning: Option<String>,
}

/// The terms of a phrase in a language, with their places beside each other.
#[derive(Debug, Clone)]
struct Phrase {
    language: Language,
    terms: Vec<(usize, String)>,
}

impl Sought {
    pub fn new(text: &str, schema: &Schema) -> Sought {
        let beginning = text.strip_suffix('*').filter(|text| !text.is_empty()).map(compact);
        let locales = schema.locales().iter().map(|locale| Language::of(locale));
        let by_locale = std::iter::once(Language::Neutral)
            .chain(locales)
            .map(|language| {
                let mut terms = terms(text, language);
                let first = terms.first().map_or(0, |(at, _)| *at);
                terms.iter_mut().for_each(|(at, _)| *at -= first);
                Phrase { language, terms }
            })
            .collect();
        Sought { by_locale, beginning }
    }

    /// Whether a text of a locale holds the words side by side.
    pub fn stands_in(&self, text: &str, locale: u8) -> bool {
        let Some(phrase) = self.by_locale.get(usize::from(locale)) else {
            return false;
        };
        STEMS.with_borrow_mut(|stems| {
            let language = phrase.language;
            let stems = stems.entry(language).or_insert_with(|| Stems::new(language));
            match &self.beginning {
                Some(beginning) => Runs::of(text).any(|run| {
                    stems
                        .term(run.text)
                        .is_some_and(|term| term.starts_with(beginning.as_str()))
                }),
                None => phrase.stands_in(text, stems),
            }
        })
    }
}

impl Phrase {
    fn stands_in(&self, text: &str, stems: &mut Stems) -> bool {
        let Some((_, first)) = self.terms.first() else {
            return false;
        };
        // Where the phrase may have begun, and how many of its terms were met since.
        let mut begun: Vec<(usize, usize)> = Vec::new();
        for (at, run) in Runs::of(text).enumerate() {
            let Some(term) = stems.term(run.text) else { continue };
            begun.retain_mut(|(start, met)| match self.terms.get(*met) {
                Some((place, wanted)) if *start + place == at && wanted == term => {
                    *met += 1;
                    true
                }
                Some((place, _)) => *start + place > at,
                None => true,
            });
            if term == first {
                begun.push((at, 1));
            }
            if begun.iter().any(|(_, met)| *met == self.terms.len()) {
                return true;
            }
        }
        false
    }
}

/// Every text of an attribute with the number of its locale: of all locales, or of one. Lists give their members.
pub fn each_text(product: &Product, id: AttributeId, locale: u8, see: &mut dyn FnMut(&str, u8)) {
    let from = product.values.partition_point(|resolved| resolved.key.attribute < id);
    for resolved in product.values[from..]
        .iter()
        .take_while(|resolved| resolved.key.attribute == id)
    {
        let of = resolved.key.locale;
        if locale != 0 && of != locale {
            continue;
        }
        match &resolved.value {
            Value::RichText(html) => see(&plain(html), of),
            Value::Options(members) | Value::Media(members) | Value::Reference(members) => {
                members.iter().for_each(|member| see(member, of));
            }
            value => see(&value.to_text(), of),
        }
    }
}
