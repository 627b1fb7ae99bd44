//! What a condition means beside a schema: its names and values looked up once, faults told with their place.
//!
//! Whoever finds products and whoever tests one read a condition here, so that both understand the same. What only an index
//! knows (batches, suppliers, what channels found) is left to it.

use crate::declaration::nearest::{nearest, suggestion};
use crate::diagnostic::excerpt;
use crate::query::fault::Fault;
use crate::query::lexer::Comparison;
use crate::query::range::{Span, span};
use crate::query::{Condition, value_fault};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, AttributeId};
use crate::schema::family::FamilyId;
use crate::value::Kind;
use crate::value::text::fold;
use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names of conditions that are answered by what a product says.
pub const NAMES: &[&str] = &["active", "category", "family", "has", "missing", "sku"];
/// Names of conditions that only an index answers, beside the names of channels.
pub const INDEX_NAMES: &[&str] = &[
    "batch",
    "code",
    "complete",
    "conflict",
    "contradicted",
    "held",
    "overridden",
    "suggested",
    "supplier",
    "unknown",
    "unrated",
    "unseen",
];
/// What a pattern may compile to, in bytes: it is tried with the least first, and takes as much of the purse.
const PATTERN_BYTES: [usize; 3] = [1 << 14, 1 << 17, 1 << 20];
/// What all patterns of a question, or of all rules, may compile to together, in bytes.
const ALL_PATTERN_BYTES: usize = 1 << 25;

/// Patterns compiled so far, equal ones once, and what they took.
#[derive(Debug)]
pub struct Patterns {
    known: BTreeMap<String, Arc<Regex>>,
    spent: usize,
    full: &'static str,
}

impl Patterns {
    /// None so far; `full` is the code of the fault that tells that together they are too large.
    pub fn new(full: &'static str) -> Patterns {
        Patterns {
            known: BTreeMap::new(),
            spent: 0,
            full,
        }
    }
}

/// What a condition asks of a product. Locales are numbers as in `schema::scope::Key`, 0 for any.
#[derive(Debug, Clone)]
pub enum Meaning {
    /// It says the attribute.
    Present(AttributeId, u8),
    Absent(AttributeId, u8),
    /// Its number (`number::column`) lies there.
    Within(AttributeId, Span),
    Truth(AttributeId, bool),
    /// It has one of these options, by code.
    Options(AttributeId, Vec<String>),
    /// An identifier is this, or begins with what stands before `*`; separators do not count.
    Code(AttributeId, String),
    Sku(String),
    /// The trade item number without leading zeros.
    Gtin(AttributeId, i64),
    /// A text is this, but for case and accents.
    Exactly(AttributeId, String),
    /// A text holds these words side by side; one that begins with what stands before `*`.
    Words(AttributeId, u8, String),
    /// A text, code or member of a list matches.
    Matches(AttributeId, u8, Arc<Regex>),
    SkuMatches(Arc<Regex>),
    /// It is of one of these families.
    Family(Vec<FamilyId>),
    /// It is of one of these categories, or of one below.
    Category(Vec<String>),
    /// A supplier offers it, or a person made it.
    Active(bool),
}

/// What a condition means; nothing where only an index knows. Faults: `E-QUERY-NAME`, `E-QUERY-VALUE`, `E-QUERY-KIND`,
/// `E-QUERY-OPTION`, `E-QUERY-PATTERN`, and that of `patterns`.
pub fn mean(schema: &Schema, condition: &Condition, patterns: &mut Patterns) -> Result<Option<Meaning>, Fault> {
    let (name, locale) = match condition.name.split_once('@') {
        Some((name, locale)) => (name, self::locale(schema, condition, locale)?),
        None => (condition.name.as_str(), 0),
    };
    let value = condition.value.as_str();
    Ok(Some(match name {
        name if is_kept_by_index(schema, name) => return Ok(None),
        "missing" | "has" => {
            let (asked, locale) = match value.split_once('@') {
                Some((asked, locale)) => (asked, self::locale(schema, condition, locale)?),
                None => (value, locale),
            };
            let id = attribute(schema, asked, condition, condition.value_start)?;
            match name {
                "missing" => Meaning::Absent(id, locale),
                _ => Meaning::Present(id, locale),
            }
        }
        "active" => match yes_or_no(value) {
            Some(yes) => Meaning::Active(yes),
            None => return Err(not_boolean(condition)),
        },
        "sku" if condition.pattern => Meaning::SkuMatches(patterns.compile(condition)?),
        "sku" => Meaning::Sku(value.to_owned()),
        "family" => return family(schema, condition).map(Some),
        "category" => return category(schema, condition).map(Some),
        name => {
            let id = attribute(schema, name, condition, condition.start)?;
            return values(schema, id, locale, condition, patterns).map(Some);
        }
    }))
}

/// Whether a condition of this name asks for what only an index knows.
pub fn is_kept_by_index(schema: &Schema, name: &str) -> bool {
    INDEX_NAMES.contains(&name) || schema.by_code(name).is_none() && schema.channel_number(name).is_some()
}

fn locale(schema: &Schema, condition: &Condition, locale: &str) -> Result<u8, Fault> {
    schema.locale_number(locale).ok_or_else(|| {
        let known = schema.locales().iter().map(String::as_str);
        Fault::new(
            "E-QUERY-NAME",
            condition.start,
            condition.end,
            format!("there is no locale `{}`", excerpt(locale)),
            suggestion(locale, known),
        )
    })
}

/// The attribute of a code, or of a label in any locale; `start` is where the name stands in the query.
pub fn attribute(schema: &Schema, name: &str, condition: &Condition, start: usize) -> Result<AttributeId, Fault> {
    if let Some(id) = schema.by_code(name) {
        return Ok(id);
    }
    let folded = fold(name);
    let labelled = |attribute: &Attribute| attribute.labels.iter().any(|(_, label)| fold(label) == folded);
    let mut found = schema.attributes().filter(|(_, attribute)| labelled(attribute));
    if let (Some((id, _)), None) = (found.next(), found.next()) {
        return Ok(id);
    }
    let known = schema.attributes().map(|(_, attribute)| &*attribute.code);
    let known = known
        .chain(NAMES.iter().chain(INDEX_NAMES).copied())
        .chain(schema.channels().iter().map(String::as_str));
    let end = if start == condition.start {
        start + condition.name.len()
    } else {
        condition.end
    };
    Err(Fault::new(
        "E-QUERY-NAME",
        start,
        end,
        format!("there is no attribute `{}` to ask for", excerpt(name)),
        suggestion(name, known),
    ))
}

/// `attr:none` and `attr:any`.
fn presence(schema: &Schema, condition: &Condition, id: AttributeId) -> Option<Meaning> {
    if condition.quoted || condition.pattern || !matches!(condition.comparison, Comparison::Holds | Comparison::Equals)
    {
        return None;
    }
    let locale = condition.name.split_once('@');
    let locale = locale.map_or(0, |(_, locale)| schema.locale_number(locale).unwrap_or(0));
    match condition.value.as_str() {
        "none" => Some(Meaning::Absent(id, locale)),
        "any" | "*" => Some(Meaning::Present(id, locale)),
        _ => None,
    }
}

/// A family by code or label, with the families under it.
fn family(schema: &Schema, condition: &Condition) -> Result<Meaning, Fault> {
    if let Some(meaning) = schema.known().family.and_then(|id| presence(schema, condition, id)) {
        return Ok(meaning);
    }
    let folded = fold(&condition.value);
    let found = schema.families().iter().find(|family| {
        *family.code == *condition.value || family.labels.iter().any(|(_, label)| fold(label) == folded)
    });
    let Some(found) = found.and_then(|family| schema.family_by_code(&family.code)) else {
        let known = schema.families().iter().map(|family| &*family.code);
        let help = suggestion(&condition.value, known);
        let message = "there is no such family";
        return Err(value_fault("E-QUERY-OPTION", condition, message, help));
    };
    Ok(Meaning::Family(families_under(schema, found)))
}

/// A family with all that are under it.
pub fn families_under(schema: &Schema, top: FamilyId) -> Vec<FamilyId> {
    let ids = schema
        .families()
        .iter()
        .filter_map(|family| schema.family_by_code(&family.code));
    ids.filter(|id| {
        let mut at = Some(*id);
        // A tree of families has no more steps than families.
        for _ in 0..=schema.families().len() {
            match at {
                Some(this) if this == top => return true,
                Some(this) => at = schema.family(this).parent,
                None => return false,
            }
        }
        false
    })
    .collect()
}

/// A category by code or label, with all below it.
fn category(schema: &Schema, condition: &Condition) -> Result<Meaning, Fault> {
    if let Some(meaning) = schema.known().category.and_then(|id| presence(schema, condition, id)) {
        return Ok(meaning);
    }
    if schema.category_by_code(&condition.value).is_some() {
        return Ok(Meaning::Category(vec![condition.value.clone()]));
    }
    let folded = fold(&condition.value);
    let labelled = schema
        .categories()
        .iter()
        .filter(|category| category.labels.iter().any(|(_, label)| fold(label) == folded));
    let found: Vec<String> = labelled.map(|category| category.code.to_string()).collect();
    if found.is_empty() {
        let known = schema.categories().iter().map(|category| &*category.code);
        let help = suggestion(&condition.value, known);
        let message = "there is no such category";
        return Err(value_fault("E-QUERY-OPTION", condition, message, help));
    }
    Ok(Meaning::Category(found))
}

/// A condition on the values of an attribute.
fn values(
    schema: &Schema,
    id: AttributeId,
    locale: u8,
    condition: &Condition,
    patterns: &mut Patterns,
) -> Result<Meaning, Fault> {
    if let Some(meaning) = presence(schema, condition, id) {
        return Ok(meaning);
    }
    let attribute = schema.attribute(id);
    let value = condition.value.as_str();
    let ordered = !matches!(condition.comparison, Comparison::Holds | Comparison::Equals);
    let kind_fault = |message: String, help: String| Err(value_fault("E-QUERY-KIND", condition, message, help));
    Ok(match attribute.kind {
        Kind::Text
        | Kind::RichText
        | Kind::Identifier
        | Kind::Gtin
        | Kind::Url
        | Kind::Option
        | Kind::Options
        | Kind::Media
        | Kind::Reference
            if condition.pattern =>
        {
            Meaning::Matches(id, locale, patterns.compile(condition)?)
        }
        kind if condition.pattern => {
            return kind_fault(
                format!("`{}` is of kind {kind}, which has no letters to match", attribute.code),
                "ask for a value or a range".to_owned(),
            );
        }
        Kind::Integer
        | Kind::Decimal
        | Kind::Measure
        | Kind::Money
        | Kind::Date
        | Kind::DateTime
        | Kind::Media
        | Kind::Reference => Meaning::Within(id, span(schema.units(), attribute, condition)?),
        kind if ordered => {
            return kind_fault(
                format!("`{}` is of kind {kind}, which is not more or less", attribute.code),
                "ask for a value with `:`".to_owned(),
            );
        }
        Kind::Boolean => match yes_or_no(value) {
            Some(yes) => Meaning::Truth(id, yes),
            None => return Err(not_boolean(condition)),
        },
        Kind::Option | Kind::Options => options(schema, id, attribute, condition)?,
        Kind::Identifier => Meaning::Code(id, value.to_owned()),
        Kind::Gtin => match value.parse::<u64>().ok().and_then(|number| i64::try_from(number).ok()) {
            Some(number) => Meaning::Gtin(id, number),
            None => {
                let help = "write all its digits; a word in the query also finds its beginning";
                return Err(value_fault("E-QUERY-VALUE", condition, "a GTIN has digits only", help));
            }
        },
        Kind::Text if !attribute.localizable && condition.comparison == Comparison::Equals => {
            Meaning::Exactly(id, value.to_owned())
        }
        Kind::Text | Kind::RichText => Meaning::Words(id, locale, value.to_owned()),
        kind @ (Kind::Url | Kind::Table) => {
            return kind_fault(
                format!("`{}` is of kind {kind}, whose values are not searched", attribute.code),
                format!("`has:{0}` and `missing:{0}` ask whether there is one", attribute.code),
            );
        }
    })
}

/// Options by code, label or synonym in any locale; a comma stands for `OR`.
fn options(schema: &Schema, id: AttributeId, attribute: &Attribute, condition: &Condition) -> Result<Meaning, Fault> {
    let mut codes = Vec::new();
    let texts = condition.value.split(',').map(str::trim);
    if let Some(list) = schema.list_of(id) {
        for text in texts.filter(|text| !text.is_empty()) {
            match list.find(text) {
                Some(option) => codes.push(option.code.to_string()),
                None if attribute.open => codes.push(text.to_owned()),
                None => {
                    let known = list.options.iter().flat_map(|option| {
                        std::iter::once(&*option.code).chain(option.labels.iter().map(|(_, label)| label))
                    });
                    let help = nearest(text, known).map_or_else(
                        || suggestion(text, list.options.iter().map(|option| &*option.code)),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("`{}` is no option of `{}`", excerpt(text), attribute.code);
                    return Err(value_fault("E-QUERY-OPTION", condition, message, help));
                }
            }
        }
    }
    Ok(Meaning::Options(id, codes))
}

impl Patterns {
    /// A condition's regular expression; case does not count unless it says so (`(?-i)`).
    fn compile(&mut self, condition: &Condition) -> Result<Arc<Regex>, Fault> {
        let text = condition.value.as_str();
        if let Some(known) = self.known.get(text) {
            return Ok(Arc::clone(known));
        }
        for (n, size) in PATTERN_BYTES.into_iter().enumerate() {
            if self.spent + size > ALL_PATTERN_BYTES {
                let message = format!(
                    "with this one, the regular expressions compile to more than {} MiB together",
                    ALL_PATTERN_BYTES >> 20
                );
                let help = "ask with words, options or ranges; equal patterns count once";
                return Err(value_fault(self.full, condition, message, help));
            }
            let compiled = RegexBuilder::new(text)
                .case_insensitive(true)
                .size_limit(size)
                .dfa_size_limit(size.saturating_mul(8).min(1 << 20))
                .build();
            match compiled {
                Ok(pattern) => {
                    self.spent += size;
                    let pattern = Arc::new(pattern);
                    self.known.insert(text.to_owned(), Arc::clone(&pattern));
                    return Ok(pattern);
                }
                Err(regex::Error::CompiledTooBig(_)) if n + 1 < PATTERN_BYTES.len() => {}
                Err(error) => return Err(unreadable(&error, condition)),
            }
        }
        Err(unreadable(&regex::Error::CompiledTooBig(ALL_PATTERN_BYTES), condition))
    }
}

fn unreadable(error: &regex::Error, condition: &Condition) -> Fault {
    let told = match error {
        regex::Error::Syntax(text) => text
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned(),
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        error => error.to_string(),
    };
    let message = format!("not a regular expression: {}", excerpt(&told));
    let help = "write a sign that means itself with `\\` before it";
    value_fault("E-QUERY-PATTERN", condition, message, help)
}

/// `sí`, `no` and their kin in the languages of the shop.
pub fn yes_or_no(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "yes" | "y" | "true" | "1" | "si" | "s" | "verdadero" | "ja" | "oui" | "vrai" | "vero" | "sim" => Some(true),
        "no" | "n" | "false" | "0" | "falso" | "nein" | "non" | "faux" | "nao" => Some(false),
        _ => None,
    }
}

fn not_boolean(condition: &Condition) -> Fault {
    value_fault("E-QUERY-VALUE", condition, "neither yes nor no", "write `yes` or `no`")
}
