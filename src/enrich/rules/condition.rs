//! Which products a rule is for: the tree of a query, made into a test of one product.
//!
//! What a condition means is `query::meaning`'s, the same as in a search; this file asks it of values at hand.

use crate::enrich::rules::text::{Sought, Terms, each_text};
use crate::product::Product;
use crate::query::fault::Fault;
use crate::query::meaning::{Meaning, Patterns, is_kept_by_index, mean};
use crate::query::number;
use crate::query::range::Span;
use crate::query::words::compact;
use crate::query::{Condition, Node, parse};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::value::text::fold;
use crate::value::{Kind, Value};
use regex::Regex;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A test of a product.
#[derive(Debug, Clone)]
pub enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Present(AttributeId, u8),
    Absent(AttributeId, u8),
    Within(AttributeId, Span),
    Truth(AttributeId, bool),
    Options(AttributeId, Vec<String>),
    Code(AttributeId, Code),
    Sku(Code),
    Gtin(AttributeId, i64),
    /// The text folded.
    Exactly(AttributeId, String),
    Words(AttributeId, u8, Sought),
    Matches(AttributeId, u8, Arc<Regex>),
    SkuMatches(Arc<Regex>),
    Family(Vec<FamilyId>),
    /// Codes of categories.
    Category(Vec<String>),
    Active(bool),
}

/// An identifier without separators; or its beginning.
#[derive(Debug, Clone)]
pub struct Code {
    text: String,
    begins: bool,
}

impl Code {
    fn new(value: &str) -> Code {
        match value.strip_suffix('*') {
            Some(beginning) => Code {
                text: compact(beginning),
                begins: true,
            },
            None => Code {
                text: compact(value),
                begins: false,
            },
        }
    }

    fn is(&self, text: &str) -> bool {
        let code = compact(text);
        match self.begins {
            true => code.starts_with(&self.text),
            false => code == self.text,
        }
    }
}

/// Reads a query as a test. Faults: those of `query::parse` and `query::meaning::mean`, `E-RULE-CONDITION` for what cannot be
/// asked of one product.
pub fn read(query: &str, schema: &Schema, patterns: &mut Patterns) -> Result<Test, Fault> {
    test(&parse(query)?, schema, patterns)
}

fn test(node: &Node, schema: &Schema, patterns: &mut Patterns) -> Result<Test, Fault> {
    let mut all = |nodes: &[Node]| {
        nodes
            .iter()
            .map(|node| test(node, schema, patterns))
            .collect::<Result<Vec<Test>, Fault>>()
    };
    Ok(match node {
        Node::All(nodes) => Test::All(all(nodes)?),
        Node::Any(nodes) => Test::Any(all(nodes)?),
        Node::Not(inner) => Test::Not(Box::new(test(inner, schema, patterns)?)),
        // `*` on its own asks for everything.
        Node::Word(word) if word.text == "*" => Test::All(Vec::new()),
        Node::Word(word) | Node::Phrase(word) => {
            return Err(Fault::new(
                "E-RULE-CONDITION",
                word.start,
                word.end,
                "a rule asks of attributes, not of words anywhere",
                "write the attribute before it, as in `name:drill`",
            ));
        }
        Node::Condition(condition) => asked(condition, schema, patterns)?,
    })
}

fn asked(condition: &Condition, schema: &Schema, patterns: &mut Patterns) -> Result<Test, Fault> {
    let name = condition.name.split('@').next().unwrap_or_default();
    let Some(meaning) = mean(schema, condition, patterns)? else {
        let what = match is_kept_by_index(schema, name) && schema.channel_number(name).is_some() {
            true => "what channels found",
            false => "this",
        };
        return Err(Fault::new(
            "E-RULE-CONDITION",
            condition.start,
            condition.end,
            format!("a rule sees what a product says; {what} is told by searches alone"),
            "ask for values: `attr:value`, `missing:attr`, `category:code`",
        ));
    };
    Ok(match meaning {
        Meaning::Present(id, locale) => Test::Present(id, locale),
        Meaning::Absent(id, locale) => Test::Absent(id, locale),
        Meaning::Within(id, span) => Test::Within(id, span),
        Meaning::Truth(id, yes) => Test::Truth(id, yes),
        Meaning::Options(id, codes) => Test::Options(id, codes),
        Meaning::Code(id, value) => Test::Code(id, Code::new(&value)),
        Meaning::Sku(value) => Test::Sku(Code::new(&value)),
        Meaning::Gtin(id, number) => Test::Gtin(id, number),
        Meaning::Exactly(id, value) => Test::Exactly(id, fold(&value)),
        Meaning::Words(id, locale, value) => Test::Words(id, locale, Sought::new(&value, schema)),
        Meaning::Matches(id, locale, pattern) => Test::Matches(id, locale, pattern),
        Meaning::SkuMatches(pattern) => Test::SkuMatches(pattern),
        Meaning::Family(ids) => Test::Family(ids),
        Meaning::Category(codes) => Test::Category(codes),
        Meaning::Active(yes) => Test::Active(yes),
    })
}

impl Test {
    /// Whether the product passes; `terms` are those of its texts as far as they are made.
    pub fn holds(&self, product: &Product, schema: &Schema, terms: &mut Terms) -> bool {
        match self {
            Test::All(tests) => tests.iter().all(|test| test.holds(product, schema, terms)),
            Test::Any(tests) => tests.iter().any(|test| test.holds(product, schema, terms)),
            Test::Not(test) => !test.holds(product, schema, terms),
            Test::Present(id, locale) => is_present(product, schema, *id, *locale),
            Test::Absent(id, locale) => !is_present(product, schema, *id, *locale),
            Test::Within(id, span) => seen(product, *id).is_some_and(|value| {
                let found = number::column(value, schema.attribute(*id), schema.units());
                found.is_some_and(|number| span.holds(number))
            }),
            Test::Truth(id, yes) => matches!(seen(product, *id), Some(Value::Boolean(truth)) if truth == yes),
            Test::Options(id, codes) => match seen(product, *id) {
                Some(Value::Option(code)) => codes.contains(code),
                Some(Value::Options(members)) => members.iter().any(|member| codes.contains(member)),
                _ => false,
            },
            Test::Code(id, code) => matches!(seen(product, *id), Some(Value::Identifier(text)) if code.is(text)),
            Test::Sku(code) => code.is(&product.sku),
            Test::Gtin(id, number) => {
                let column = |value| number::column(value, schema.attribute(*id), schema.units());
                seen(product, *id).and_then(column) == Some(*number)
            }
            Test::Exactly(id, folded) => {
                matches!(seen(product, *id), Some(Value::Text(text)) if fold(text) == *folded)
            }
            Test::Words(id, locale, sought) => {
                let mut texts = terms.of(product, *id, schema).iter();
                texts.any(|text| (*locale == 0 || text.locale == *locale) && sought.stands_in(text))
            }
            Test::Matches(id, locale, pattern) => {
                let see = &mut |text: &str, _| match pattern.is_match(text) {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                };
                each_text(product, *id, *locale, see).is_break()
            }
            Test::SkuMatches(pattern) => pattern.is_match(&product.sku),
            Test::Family(ids) => product.family.is_some_and(|family| ids.contains(&family)),
            Test::Category(codes) => product.category(schema).is_some_and(|code| {
                let line = schema.category_by_code(code).map(|id| &schema.category(id).line);
                codes.iter().any(|asked| **asked == *code)
                    || line.is_some_and(|line| {
                        line.iter()
                            .any(|above| codes.iter().any(|asked| **asked == *schema.category(*above).code))
                    })
            }),
            Test::Active(yes) => product.active == *yes,
        }
    }

    /// The tests that must all hold.
    pub fn required(&self) -> Vec<&Test> {
        match self {
            Test::All(tests) => tests.iter().flat_map(Test::required).collect(),
            test => vec![test],
        }
    }

    /// How many values it compares with, at least one.
    pub fn weight(&self) -> usize {
        match self {
            Test::Not(inner) => inner.weight(),
            Test::Options(_, codes) | Test::Category(codes) => codes.len().max(1),
            Test::Family(ids) => ids.len().max(1),
            _ => 1,
        }
    }

    /// Every attribute that is looked at, with the locale that is meant (0: any).
    pub fn reads(&self, schema: &Schema, out: &mut Vec<(AttributeId, u8)>) {
        match self {
            Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| test.reads(schema, out)),
            Test::Not(test) => test.reads(schema, out),
            Test::Present(id, locale)
            | Test::Absent(id, locale)
            | Test::Words(id, locale, _)
            | Test::Matches(id, locale, _) => out.push((*id, *locale)),
            Test::Within(id, _)
            | Test::Truth(id, _)
            | Test::Options(id, _)
            | Test::Code(id, _)
            | Test::Gtin(id, _)
            | Test::Exactly(id, _) => out.push((*id, 0)),
            // A product's family is what it says, or what its category brings.
            Test::Family(_) => {
                let known = schema.known();
                out.extend([known.family, known.category].into_iter().flatten().map(|id| (id, 0)));
            }
            Test::Category(_) => out.extend(schema.known().category.map(|id| (id, 0))),
            Test::Sku(_) | Test::SkuMatches(_) | Test::Active(_) => {}
        }
    }
}

/// The value of an attribute as a search sees it: as the catalog's first locale and no channel do.
fn seen(product: &Product, id: AttributeId) -> Option<&Value> {
    let value = product.value(id, 1, 0).or_else(|| product.any(id))?;
    (!value.is_empty()).then_some(value)
}

fn is_present(product: &Product, schema: &Schema, id: AttributeId, locale: u8) -> bool {
    let known = schema.known();
    if known.family == Some(id) {
        return product.family.is_some();
    }
    if known.category == Some(id) {
        return product.category(schema).is_some();
    }
    match schema.attribute(id).kind {
        Kind::Text | Kind::RichText => {
            let from = product.values.partition_point(|resolved| resolved.key.attribute < id);
            product.values[from..]
                .iter()
                .take_while(|resolved| resolved.key.attribute == id)
                .any(|resolved| (locale == 0 || resolved.key.locale == locale) && !resolved.value.is_empty())
        }
        _ => seen(product, id).is_some(),
    }
}
