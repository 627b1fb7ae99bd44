//! Words in the texts of a product, as a search finds them: by their stem in each language, side by side.

use crate::product::Product;
use crate::query::words::{Language, Runs, Stems, compact, terms};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Value;
use crate::value::text::plain;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

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
                Phrase { terms }
            })
            .collect();
        Sought { by_locale, beginning }
    }

    /// Whether a text holds the words side by side.
    pub fn stands_in(&self, text: &Termed) -> bool {
        match (&self.beginning, self.by_locale.get(usize::from(text.locale))) {
            (Some(beginning), Some(_)) => text.terms().any(|(_, term)| term.starts_with(beginning.as_str())),
            (None, Some(phrase)) => phrase.stands_in(text),
            (_, None) => false,
        }
    }
}

impl Phrase {
    fn stands_in(&self, text: &Termed) -> bool {
        let Some((_, first)) = self.terms.first() else {
            return false;
        };
        // Where the phrase may have begun, and how many of its terms were met since.
        let mut begun: Vec<(usize, usize)> = Vec::new();
        for (at, term) in text.terms() {
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

/// A text as its terms.
#[derive(Debug)]
pub struct Termed {
    pub locale: u8,
    /// The terms, one behind the other.
    letters: String,
    /// Place of each among the words of the text, and where its letters end.
    ends: Vec<(usize, usize)>,
}

impl Termed {
    fn of(text: &str, locale: u8, language: Language) -> Termed {
        let (mut letters, mut ends) = (String::with_capacity(text.len()), Vec::new());
        STEMS.with_borrow_mut(|stems| {
            let stems = stems.entry(language).or_insert_with(|| Stems::new(language));
            for (at, run) in Runs::of(text).enumerate() {
                if let Some(term) = stems.term(run.text) {
                    letters.push_str(term);
                    ends.push((at, letters.len()));
                }
            }
        });
        Termed { locale, letters, ends }
    }

    fn terms(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut from = 0;
        self.ends.iter().map(move |(at, end)| {
            let term = self.letters.get(from..*end).unwrap_or_default();
            from = *end;
            (*at, term)
        })
    }
}

/// The terms of a product's texts, made where a rule first looks for words in them: hundreds of rules may look.
#[derive(Debug, Default)]
pub struct Terms {
    of: BTreeMap<AttributeId, Vec<Termed>>,
}

impl Terms {
    /// Those of every text of an attribute.
    pub fn of(&mut self, product: &Product, id: AttributeId, schema: &Schema) -> &[Termed] {
        self.of.entry(id).or_insert_with(|| {
            let mut texts = Vec::new();
            let _ = each_text(product, id, 0, &mut |text, locale| {
                let language = schema.locale_code(locale).map_or(Language::Neutral, Language::of);
                texts.push(Termed::of(text, locale, language));
                ControlFlow::Continue(())
            });
            texts
        })
    }

    /// Drops those of an attribute of which something else is said now.
    pub fn forget(&mut self, id: AttributeId) {
        self.of.remove(&id);
    }
}

/// Every text of an attribute with the number of its locale, until `see` breaks off: of all locales, or of one. Lists give their members.
pub fn each_text(
    product: &Product,
    id: AttributeId,
    locale: u8,
    see: &mut dyn FnMut(&str, u8) -> ControlFlow<()>,
) -> ControlFlow<()> {
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
            Value::RichText(html) => see(&plain(html), of)?,
            Value::Options(members) | Value::Media(members) | Value::Reference(members) => {
                members.iter().try_for_each(|member| see(member, of))?;
            }
            value => see(&value.to_text(), of)?,
        }
    }
    ControlFlow::Continue(())
}
