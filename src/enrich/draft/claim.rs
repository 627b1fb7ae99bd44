//! The claims of a text, each looked up in the facts: numbers, codes, standards, materials, names, promises.
//!
//! A claim that nothing supports is not necessarily wrong, but nobody said it. Whether a text may be approved is left to
//! `finding`.

use crate::enrich::draft::fact::{Fact, FactSheet};
use crate::enrich::draft::name::{addresses, names};
use crate::enrich::draft::option::options;
use crate::enrich::draft::quantity::{Quantity, quantities};
use crate::enrich::draft::standard::standards;
use crate::enrich::draft::vocabulary::{Topic, Vocabulary};
use crate::enrich::draft::word::{Said, words};
use crate::product::Product;
use crate::schema::Schema;
use crate::value::Value;
use crate::value::unit::Units;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What kind of thing is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// A number, with its unit.
    Number,
    /// A code of letters and digits, a model.
    Code,
    /// A certificate, standard or class.
    Standard,
    Material,
    Colour,
    Country,
    /// What it withstands or is fit for.
    Property,
    /// A guarantee, an offer, a superlative.
    Promise,
    /// A maker, a product, any name.
    Name,
    /// An option of the schema.
    Option,
    /// A web or mail address.
    Address,
}

/// Something that a text says of the product.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Claim {
    pub kind: ClaimKind,
    /// First character and the one behind the last, counted from 0.
    pub from: usize,
    pub to: usize,
    pub text: String,
    /// Some fact says it.
    pub supported: bool,
}

/// What the claims of one product are held against.
pub struct Evidence<'a> {
    sheet: &'a FactSheet,
    product: &'a Product,
    schema: &'a Schema,
    said: Said,
    quantities: Vec<(Decimal, Option<Box<str>>)>,
}

impl<'a> Evidence<'a> {
    /// Reads the facts once for many texts.
    pub fn new(sheet: &'a FactSheet, product: &'a Product, schema: &'a Schema) -> Evidence<'a> {
        let mut said = Said::default();
        let mut known = Vec::new();
        for fact in &sheet.facts {
            // The name of an attribute is said with its value, but for what the product is said not to be.
            if fact.value != Some(Value::Boolean(false)) {
                said.add(&fact.text);
                said.add(&fact.label);
            }
            match &fact.value {
                Some(Value::Measure(measure)) => known.push((measure.amount, Some(measure.unit.clone()))),
                Some(Value::Decimal(amount)) => known.push((*amount, None)),
                Some(Value::Integer(amount)) => known.push((Decimal::from(*amount), None)),
                _ => {
                    let found = quantities(&fact.text, &sheet.locale, schema.units()).quantities;
                    known.extend(found.into_iter().map(|own| (own.number, own.unit)));
                }
            }
        }
        Evidence {
            sheet,
            product,
            schema,
            said,
            quantities: known,
        }
    }

    /// Every claim of a text in order, none inside another. Markup must be blanked before.
    pub fn claims(&self, text: &str) -> Vec<Claim> {
        let mut found = Claims {
            text,
            spans: BTreeMap::new(),
        };
        let units = self.schema.units();
        let locale = &self.sheet.locale;
        for (start, end) in addresses(text) {
            found.add(ClaimKind::Address, start, end, false);
        }
        for standard in standards(text) {
            let supported = match standard.energy {
                true => self.energy_class(&standard.core),
                false => self.said.code(&standard.core),
            };
            found.add(ClaimKind::Standard, standard.start, standard.end, supported);
        }
        let numbers = quantities(text, locale, units);
        for (start, end) in numbers.codes {
            // What holds digits alone and reads as no number is nothing that could be compared.
            let code = text.get(start..end).unwrap_or_default();
            let supported = code.contains(char::is_alphabetic) && self.said.code(code);
            found.add(ClaimKind::Code, start, end, supported);
        }
        for quantity in numbers.quantities {
            let supported = self.quantity(&quantity, units);
            found.add(ClaimKind::Number, quantity.start, quantity.end, supported);
        }
        let all = words(text);
        for named in Vocabulary::builtin().find(&all) {
            if is_false_friend(text.get(named.start..named.end).unwrap_or_default(), locale) {
                continue;
            }
            let kind = match named.group.topic {
                Topic::Material => ClaimKind::Material,
                Topic::Colour => ClaimKind::Colour,
                Topic::Country => ClaimKind::Country,
                Topic::Property => ClaimKind::Property,
                Topic::Certificate => ClaimKind::Standard,
                Topic::Promise => ClaimKind::Promise,
                Topic::Brand => ClaimKind::Name,
            };
            let supported = named.group.phrases.iter().any(|phrase| self.said.phrase(phrase));
            found.add(kind, named.start, named.end, supported);
        }
        for named in options(text, &all, self.product, self.schema) {
            let said = |text: &str| {
                let phrase: Vec<String> = words(text).into_iter().map(|word| word.folded).collect();
                self.said.phrase(&phrase)
            };
            let own = text.get(named.start..named.end).unwrap_or_default();
            let supported = named.said || said(own) || named.labels.iter().any(|label| said(label));
            found.add(ClaimKind::Option, named.start, named.end, supported);
        }
        for name in names(text, &all, locale) {
            found.add(ClaimKind::Name, name.start, name.end, self.said.word(&name.folded));
        }
        found.in_order()
    }

    /// Is a number known: with its unit in any unit of the same dimension, without one where a fact has none either.
    fn quantity(&self, claimed: &Quantity, units: &Units) -> bool {
        let bare = || {
            self.quantities
                .iter()
                .any(|(number, unit)| unit.is_none() && *number == claimed.number)
        };
        let Some(unit) = &claimed.unit else { return bare() };
        let measured = self.quantities.iter().any(|(number, own)| {
            own.as_deref()
                .and_then(|own| units.convert(*number, own, unit).ok())
                .is_some_and(|converted| converted.normalize() == claimed.number.normalize())
        });
        measured || (claimed.doubtful && bare())
    }

    /// Does a fact that is about energy say this class, plus signs included.
    fn energy_class(&self, class: &str) -> bool {
        let about = |fact: &&Fact| fact.attribute.contains("energ") || fact.label.to_lowercase().contains("energ");
        let is_class = |part: &str| part.trim_matches(|c: char| !c.is_alphanumeric() && c != '+') == class;
        let mut facts = self.sheet.facts.iter();
        facts.any(|fact| {
            (about(&fact) && fact.text.split_whitespace().any(is_class))
                || standards(&fact.text).iter().any(|own| own.energy && own.core == class)
        })
    }
}

/// Words of the one language that are something else in the other: `red` is a net in Spanish.
fn is_false_friend(word: &str, locale: &str) -> bool {
    locale.starts_with("es") && matches!(word.to_lowercase().as_str(), "red" | "redes" | "reds")
}

/// Claims as they are found, by bytes.
struct Claims<'t> {
    text: &'t str,
    /// Start to end; none overlaps another.
    spans: BTreeMap<usize, (usize, ClaimKind, bool)>,
}

impl Claims<'_> {
    /// Takes note of a claim where no earlier one stands.
    fn add(&mut self, kind: ClaimKind, start: usize, end: usize, supported: bool) {
        // Of those that begin before its end, the last ends last.
        let before = self.spans.range(..end).next_back();
        if before.is_none_or(|(_, (to, ..))| *to <= start) {
            self.spans.insert(start, (end, kind, supported));
        }
    }

    fn in_order(self) -> Vec<Claim> {
        let (mut bytes, mut characters) = (0, 0);
        let mut claims = Vec::with_capacity(self.spans.len());
        for (start, (end, kind, supported)) in self.spans {
            let text = self.text.get(start..end).unwrap_or_default();
            characters += self.text.get(bytes..start).unwrap_or_default().chars().count();
            bytes = start;
            claims.push(Claim {
                kind,
                from: characters,
                to: characters + text.chars().count(),
                text: text.to_owned(),
                supported,
            });
        }
        claims
    }
}
