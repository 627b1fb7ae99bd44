//! Attribute values read out of a product's own texts: compiled once from schema and settings, when it is first needed, then one
//! pass a text.
//!
//! Every word of every text is looked up once; nothing is compiled per product. Values that a source says outright are never
//! touched: where a text says another, `explain` reports it. Which texts are read and what is accepted stands in `settings`.

mod decide;
mod events;
mod found;
mod language;
mod lexicon;
mod names;
mod plan;
mod quantity;
mod read;
pub mod settings;
mod siblings;
mod sides;
mod token;
mod unit_words;

use crate::enrich::specs::decide::{Outcome, decide, near};
use crate::enrich::specs::language::{ALL, Languages, decimal_comma, of_locale};
use crate::enrich::specs::lexicon::Lexicon;
use crate::enrich::specs::names::{Tables, Text};
use crate::enrich::specs::plan::{Plan, Reads, exchanges, wanted};
use crate::enrich::specs::read::{Scratch, read};
use crate::enrich::specs::settings::SpecsSettings;
use crate::enrich::specs::siblings::lent;
use crate::enrich::specs::unit_words::UnitWords;
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::scope::Key;
use crate::value::Value;
use crate::value::text::plain;
use std::borrow::Cow;
use std::sync::OnceLock;

/// Texts of one product that are read at most; the rest says nothing new.
const MOST_TEXTS: usize = 32;

/// What became of a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It is a value.
    Accepted,
    /// It is not sure enough.
    Suggested,
    /// A source says the same.
    Agrees,
    /// A source says something else, which stands: the text with it.
    Contradicts(Value),
}

/// One finding with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub key: Key,
    pub value: Value,
    /// Percent.
    pub confidence: u8,
    pub standing: Standing,
    /// The words that say it, as they stand in the text.
    pub words: String,
    /// The text they stand in; the attribute itself where siblings lend it.
    pub told_by: Key,
    pub origin: Origin,
}

/// The attributes of one product of which texts say something that is no value of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubts {
    /// Nobody says them, and the texts not surely enough.
    pub suggested: Vec<AttributeId>,
    /// A source says something else.
    pub contradicted: Vec<AttributeId>,
}

/// The step. What schema and settings say is compiled when the first product is looked at: most commands look at none, or at one.
#[derive(Debug, Default)]
pub struct Specs {
    enabled: bool,
    siblings: bool,
    /// Percent.
    threshold: u8,
    settings: SpecsSettings,
    compiled: OnceLock<Compiled>,
}

/// What schema and settings say.
#[derive(Debug)]
struct Compiled {
    /// Where texts stand, the title first.
    texts: Vec<AttributeId>,
    /// By locale number of a key; 0 is the catalog's own.
    locales: Vec<(Languages, bool)>,
    tables: Tables,
    /// The attributes that are read out of texts, sorted.
    wanted: Vec<AttributeId>,
    /// By family, and last that of products without one; none where the workspace leaves it alone. Each when it is first asked for.
    plans: Vec<OnceLock<Option<Plan>>>,
}

/// A text of a product, ready to be read.
struct Told<'a> {
    text: Cow<'a, str>,
    key: Key,
    origin: Origin,
}

impl Compiled {
    fn new(settings: &SpecsSettings, schema: &Schema) -> Compiled {
        let wanted = wanted(schema, &settings.attributes_off);
        let units = UnitWords::new(schema);
        let own = schema.locales().first().map_or("", String::as_str);
        let locales = std::iter::once(own).chain(schema.locales().iter().map(String::as_str));
        Compiled {
            texts: settings.texts.iter().filter_map(|code| schema.by_code(code)).collect(),
            locales: locales
                .map(|locale| (of_locale(locale), decimal_comma(locale)))
                .collect(),
            tables: Tables {
                exchanges: exchanges(schema, &units),
                lexicon: Lexicon::new(schema, &wanted),
                units,
                dimension_order: settings.dimension_order.clone(),
            },
            wanted,
            plans: vec![OnceLock::new(); schema.families().len() + 1],
        }
    }
}

impl Specs {
    /// The step as settings say; what they name must have been checked, and it must be used with one schema only.
    pub fn new(settings: &SpecsSettings) -> Specs {
        Specs {
            enabled: settings.enabled,
            siblings: settings.siblings,
            threshold: (settings.threshold.clamp(0.0, 1.0) * 100.0).round() as u8,
            settings: settings.clone(),
            compiled: OnceLock::new(),
        }
    }

    fn compiled(&self, schema: &Schema) -> &Compiled {
        self.compiled.get_or_init(|| Compiled::new(&self.settings, schema))
    }

    /// True where variants lend each other values.
    pub fn compares_siblings(&self) -> bool {
        self.enabled && self.siblings
    }

    /// From which confidence on a finding is a value, in percent.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// Gives the products of one model, or a single product, what their texts and their siblings say.
    pub fn derive(&self, products: &mut [Product], schema: &Schema) {
        self.give(products, schema, None);
    }

    /// The same, with what is said of each product and is no value of it: as `explain` finds it.
    pub fn derive_doubted(&self, products: &mut [Product], schema: &Schema) -> Vec<Doubts> {
        let mut doubts = vec![Doubts::default(); products.len()];
        self.give(products, schema, Some(&mut doubts));
        doubts
    }

    fn give(&self, products: &mut [Product], schema: &Schema, mut doubts: Option<&mut Vec<Doubts>>) {
        if !self.enabled {
            return;
        }
        let mut room = Room::default();
        for (n, product) in products.iter_mut().enumerate() {
            let Some(plan) = self.plan(product, schema) else {
                continue;
            };
            room.open.clear();
            room.open.resize(schema.attributes().len(), false);
            let mut any = false;
            for attribute in &plan.attributes {
                // What is said is read again only to see whether the texts agree.
                let wanted = || product.any(*attribute).is_none() && !product.keeps_blank(*attribute);
                if doubts.is_some() || wanted() {
                    room.open[usize::from(attribute.0)] = true;
                    any = true;
                }
            }
            if !any {
                continue;
            }
            let told = self.told(product, schema);
            self.weigh(plan, schema, &told, doubts.is_some(), &mut room);
            if room.outcomes.is_empty() {
                continue;
            }
            let mut derived: Vec<Resolved> = Vec::with_capacity(room.outcomes.len());
            for outcome in room.outcomes.drain(..) {
                let standing = self.standing(product, &outcome, schema);
                match (standing, doubts.as_deref_mut()) {
                    (Some(Standing::Accepted), _) => derived.push(resolved(outcome, &told, schema)),
                    (Some(Standing::Suggested), Some(doubts)) => doubts[n].suggested.push(outcome.attribute),
                    (Some(Standing::Contradicts(_)), Some(doubts)) => doubts[n].contradicted.push(outcome.attribute),
                    _ => {}
                }
            }
            drop(told);
            if !derived.is_empty() {
                product.values.extend(derived);
                product.values.sort_by_key(|value| value.key);
            }
        }
        if self.siblings && products.len() > 1 {
            self.lend(products, schema, doubts);
        }
    }

    /// A value that is said and one that is found do not exclude each other.
    fn agrees(&self, attribute: AttributeId, said: &Value, found: &Value, schema: &Schema) -> bool {
        let alike = |said: &str, found: &str| said == found || self.is_more_exact(attribute, said, found, schema);
        match (said, found) {
            (Value::Measure(said), Value::Measure(found)) if said.unit == found.unit => near(said.amount, found.amount),
            (Value::Option(said), Value::Option(found)) => alike(said, found),
            (Value::Options(said), Value::Options(found)) => {
                said.is_empty() || found.iter().any(|found| said.iter().any(|said| alike(said, found)))
            }
            // Texts are worded in too many ways to say that one excludes the other.
            (Value::Text(_), Value::Text(_)) => true,
            (said, found) => said == found,
        }
    }

    /// One of two options says the same as the other, more exactly: polyester, recycled polyester.
    fn is_more_exact(&self, attribute: AttributeId, one: &str, other: &str, schema: &Schema) -> bool {
        let Some(list) = schema.attribute(attribute).options else {
            return false;
        };
        let options = schema.list(list);
        let (Some(one), Some(other)) = (options.place_of(one), options.place_of(other)) else {
            return false;
        };
        let lexicon = &self.compiled(schema).tables.lexicon;
        lexicon.is_within(list, one, other) || lexicon.is_within(list, other, one)
    }

    /// What becomes of an outcome; nothing where a source says something else and the text is not sure.
    fn standing(&self, product: &Product, outcome: &Outcome, schema: &Schema) -> Option<Standing> {
        let sure = outcome.confidence >= self.threshold;
        match product.any(outcome.attribute) {
            None if sure && !product.keeps_blank(outcome.attribute) => Some(Standing::Accepted),
            None => Some(Standing::Suggested),
            Some(said) if self.agrees(outcome.attribute, said, &outcome.value, schema) => Some(Standing::Agrees),
            Some(said) if sure => Some(Standing::Contradicts(said.clone())),
            Some(_) => None,
        }
    }

    fn lend(&self, products: &mut [Product], schema: &Schema, mut doubts: Option<&mut Vec<Doubts>>) {
        let Some(plan) = self.plan(&products[0], schema) else {
            return;
        };
        for lent in lent(products, plan) {
            let sure = lent.confidence >= self.threshold;
            if let Some(doubts) = doubts.as_deref_mut() {
                let suggested = &mut doubts[lent.product].suggested;
                suggested.retain(|attribute| *attribute != lent.attribute);
                suggested.extend((!sure).then_some(lent.attribute));
            }
            if !sure {
                continue;
            }
            let product = &mut products[lent.product];
            let origin = product.values.first().map(|value| value.origin).unwrap_or_default();
            let key = Key::of(lent.attribute);
            let at = product.values.partition_point(|value| value.key < key);
            product.values.insert(
                at,
                Resolved {
                    key,
                    value: lent.value,
                    by: By::Specs,
                    origin,
                },
            );
        }
    }

    /// All that texts and siblings say of each of these products, accepted or not, with its evidence: in order of attribute.
    /// The products are those of one model, or a single one, and must not be derived yet.
    pub fn explain(&self, products: &[Product], schema: &Schema) -> Vec<Vec<Finding>> {
        let mut all: Vec<Vec<Finding>> = products.iter().map(|product| self.findings(product, schema)).collect();
        if self.compares_siblings()
            && let Some(plan) = products.first().and_then(|product| self.plan(product, schema))
            && products.len() > 1
        {
            let mut derived = products.to_vec();
            for product in &mut derived {
                self.derive(std::slice::from_mut(product), schema);
            }
            for lent in lent(&derived, plan) {
                let (findings, product) = (&mut all[lent.product], &products[lent.product]);
                let key = Key::of(lent.attribute);
                let accepted = lent.confidence >= self.threshold;
                findings.retain(|finding| finding.key != key);
                findings.push(Finding {
                    key,
                    value: lent.value,
                    confidence: lent.confidence,
                    standing: if accepted {
                        Standing::Accepted
                    } else {
                        Standing::Suggested
                    },
                    words: format!("{} variants of the model agree", lent.agreeing),
                    told_by: key,
                    origin: product.values.first().map(|value| value.origin).unwrap_or_default(),
                });
                findings.sort_by_key(|finding| finding.key);
            }
        }
        all
    }

    fn findings(&self, product: &Product, schema: &Schema) -> Vec<Finding> {
        let Some(plan) = self.plan(product, schema) else {
            return Vec::new();
        };
        let mut room = Room {
            open: vec![false; schema.attributes().len()],
            ..Room::default()
        };
        for attribute in &plan.attributes {
            room.open[usize::from(attribute.0)] = true;
        }
        let told = self.told(product, schema);
        self.weigh(plan, schema, &told, true, &mut room);
        let mut findings: Vec<Finding> = Vec::with_capacity(room.outcomes.len());
        for outcome in room.outcomes.drain(..) {
            let place = &told[usize::from(outcome.text)];
            let words = place
                .text
                .get(outcome.start as usize..outcome.end as usize)
                .unwrap_or_default();
            let Some(standing) = self.standing(product, &outcome, schema) else {
                continue;
            };
            findings.push(Finding {
                key: key(&outcome, place.key, schema),
                value: outcome.value,
                confidence: outcome.confidence,
                standing,
                words: words.to_owned(),
                told_by: place.key,
                origin: place.origin,
            });
        }
        findings
    }

    /// What a product's texts are read for; nothing where they are not read.
    fn plan(&self, product: &Product, schema: &Schema) -> Option<&Plan> {
        if !self.enabled {
            return None;
        }
        let compiled = self.compiled(schema);
        let family = product.family;
        let at = family.map_or(compiled.plans.len().checked_sub(1)?, |family| usize::from(family.0));
        let settings = &self.settings;
        let make = || {
            let is_off = |id| {
                let code = &schema.family(id).code;
                settings.families_off.iter().any(|off| **off == **code)
            };
            let reads = Reads {
                wanted: &compiled.wanted,
                off: &settings.attributes_off,
                lexicon: &compiled.tables.lexicon,
                units: &compiled.tables.units,
            };
            (!family.is_some_and(is_off)).then(|| Plan::new(schema, family, &reads))
        };
        compiled.plans.get(at)?.get_or_init(make).as_ref()
    }

    /// The product's texts, the title's first.
    fn told<'p>(&self, product: &'p Product, schema: &Schema) -> Vec<Told<'p>> {
        let mut told: Vec<Told<'p>> = Vec::with_capacity(8);
        for attribute in &self.compiled(schema).texts {
            let from = product.values.partition_point(|value| value.key.attribute < *attribute);
            for resolved in product.values[from..]
                .iter()
                .take_while(|value| value.key.attribute == *attribute)
            {
                let text = match &resolved.value {
                    Value::Text(text) => Cow::Borrowed(text.as_str()),
                    Value::RichText(text) if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() => {
                        Cow::Borrowed(text.as_str())
                    }
                    Value::RichText(text) => plain(text),
                    _ => continue,
                };
                // What a person or a feed said is read; what was derived is not.
                let said = matches!(resolved.by, By::Layer(_) | By::Editor(_) | By::Model | By::ModelEditor);
                if said && told.len() < MOST_TEXTS && !told.iter().any(|other| other.text == text) {
                    told.push(Told {
                        text,
                        key: resolved.key,
                        origin: resolved.origin,
                    });
                }
            }
        }
        told
    }

    /// Reads all texts and decides; the outcomes stand in the room.
    fn weigh(&self, plan: &Plan, schema: &Schema, told: &[Told<'_>], suggestions: bool, room: &mut Room) {
        room.found.clear();
        room.outcomes.clear();
        let compiled = self.compiled(schema);
        let title = compiled.texts.first().copied();
        for (n, place) in told.iter().enumerate() {
            let (languages, decimal_comma) = compiled
                .locales
                .get(usize::from(place.key.locale))
                .copied()
                .unwrap_or((ALL, false));
            let text = Text {
                text: &place.text,
                number: n as u16,
                title: Some(place.key.attribute) == title,
                languages,
                decimal_comma,
            };
            read(
                &compiled.tables,
                plan,
                schema,
                &room.open,
                text,
                &mut room.scratch,
                &mut room.found,
            );
        }
        if !room.found.is_empty() {
            let texts: Vec<&str> = told.iter().map(|place| &*place.text).collect();
            decide(
                &mut room.found,
                &texts,
                schema,
                &compiled.tables.lexicon,
                (self.threshold, suggestions),
                &mut room.outcomes,
            );
        }
    }
}

/// Room for reading, used again from product to product.
#[derive(Default)]
struct Room {
    open: Vec<bool>,
    scratch: Scratch,
    found: Vec<crate::enrich::specs::found::Found>,
    outcomes: Vec<Outcome>,
}

fn resolved(outcome: Outcome, told: &[Told<'_>], schema: &Schema) -> Resolved {
    let place = &told[usize::from(outcome.text)];
    Resolved {
        key: key(&outcome, place.key, schema),
        value: outcome.value,
        by: By::Specs,
        origin: place.origin,
    }
}

/// A text in one language says a localizable attribute in that language.
fn key(outcome: &Outcome, told_by: Key, schema: &Schema) -> Key {
    let locale = if schema.attribute(outcome.attribute).localizable {
        told_by.locale
    } else {
        0
    };
    Key {
        locale,
        ..Key::of(outcome.attribute)
    }
}
