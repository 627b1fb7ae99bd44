//! The fact sheet: what is known of a product, spelled for a reader in one locale, in the order of attribute codes.
//!
//! It is all that a model gets to know, and all that its claims can stand on. What a model wrote before is no fact, nor is
//! copy that was made of other facts; offers (prices, stock) are left out since they change.

use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::policy::Role;
use crate::schema::scope::Key;
use crate::value::number::has_comma;
use crate::value::{Kind, Value, number, text};
use rust_decimal::Decimal;

/// Characters of one text; the rest is left out.
const LONGEST_TEXT: usize = 1_500;
/// Characters of a whole sheet.
const LONGEST_SHEET: usize = 12_000;

/// One thing that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Code of the attribute, or `family`, `category`.
    pub attribute: String,
    /// Its name in the locale.
    pub label: String,
    /// The value as a reader of the locale writes it.
    pub text: String,
    /// The value itself; none for names that the schema gives.
    pub value: Option<Value>,
}

/// What is known of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct FactSheet {
    pub locale: String,
    pub facts: Vec<Fact>,
}

impl FactSheet {
    /// The facts for a text under a key. The locale is the key's, or else the first of the schema.
    pub fn of(product: &Product, schema: &Schema, target: Key) -> FactSheet {
        let number = target.locale.max(1);
        let locale = schema.locale_code(number).unwrap_or("es").to_owned();
        let mut facts = Vec::new();
        if let Some(family) = product.family {
            let labels = &schema.family(family).labels;
            facts.push(named(
                "family",
                schema.known().family,
                labels.text(&locale),
                schema,
                &locale,
            ));
        }
        let category = product.category(schema).and_then(|code| schema.category_by_code(code));
        if let Some(category) = category {
            let path = schema.category_path(category, &locale).join(" > ");
            facts.push(named("category", schema.known().category, &path, schema, &locale));
        }
        let mut length = 0;
        for (id, attribute) in schema.attributes() {
            if attribute.role == Role::Offer || !is_told(id, attribute.kind, schema) {
                continue;
            }
            let Some(said) = said(product, id, number, id == target.attribute) else {
                continue;
            };
            let mut text = spell(&said.value, id, schema, &locale);
            if let Some((cut, _)) = text.char_indices().nth(LONGEST_TEXT) {
                text.truncate(cut);
            }
            length += text.chars().count();
            if text.is_empty() || length > LONGEST_SHEET {
                continue;
            }
            let mut label = attribute.labels.text(&locale).to_owned();
            if said.key.locale != 0 && said.key.locale != number {
                label.push_str(&format!(
                    " ({})",
                    schema.locale_code(said.key.locale).unwrap_or_default()
                ));
            }
            facts.push(Fact {
                attribute: attribute.code.to_string(),
                label,
                text,
                value: Some(said.value.clone()),
            });
        }
        FactSheet { locale, facts }
    }

    /// The sheet as a model reads it: one line a fact.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for fact in &self.facts {
            out.push_str(&one_line(&fact.label));
            out.push_str(": ");
            out.push_str(&one_line(&fact.text));
            out.push('\n');
        }
        out
    }
}

/// Codes, addresses, pictures and what stands in front of the product tell a reader nothing.
fn is_told(id: AttributeId, kind: Kind, schema: &Schema) -> bool {
    let known = schema.known();
    let placed = [known.family, known.category, known.model, known.availability];
    !placed.contains(&Some(id))
        && !matches!(
            kind,
            Kind::Media | Kind::Reference | Kind::Url | Kind::Gtin | Kind::Money
        )
}

/// What somebody says under an attribute: in the locale, or in any other. The text that is asked for itself only counts in
/// other locales.
fn said(product: &Product, id: AttributeId, locale: u8, target: bool) -> Option<&Resolved> {
    let stands = |resolved: &&Resolved| {
        !resolved.by.is_draft() && !matches!(resolved.by, By::Copy(_)) && !resolved.value.is_empty()
    };
    let own = product.resolved(id, locale, 0).filter(stands).filter(|_| !target);
    own.or_else(|| {
        let mut others = product.values.iter().filter(|resolved| {
            resolved.key.attribute == id && resolved.key.channel == 0 && resolved.key.locale != locale
        });
        others.find(|resolved| stands(resolved) && !(target && resolved.key.locale == 0))
    })
}

fn named(code: &str, id: Option<AttributeId>, text: &str, schema: &Schema, locale: &str) -> Fact {
    let label = id.map_or(code, |id| schema.attribute(id).labels.text(locale));
    Fact {
        attribute: code.to_owned(),
        label: label.to_owned(),
        text: text.to_owned(),
        value: None,
    }
}

/// A value as a reader of a locale writes it.
pub fn spell(value: &Value, id: AttributeId, schema: &Schema, locale: &str) -> String {
    let option = |code: &str| {
        schema
            .list_of(id)
            .map_or(code, |list| list.label(code, locale))
            .to_owned()
    };
    let decimal = |amount: Decimal| {
        let text = number::to_text(amount);
        if has_comma(locale) {
            text.replace('.', ",")
        } else {
            text
        }
    };
    match value {
        Value::RichText(html) => text::plain(html).into_owned(),
        Value::Integer(amount) => amount.to_string(),
        Value::Decimal(amount) => decimal(*amount),
        Value::Measure(measure) => format!("{} {}", decimal(measure.amount), measure.unit),
        Value::Boolean(truth) => truth_word(*truth, locale).to_owned(),
        Value::Option(code) => option(code),
        Value::Options(codes) => codes.iter().map(|code| option(code)).collect::<Vec<_>>().join(", "),
        Value::Table(rows) => rows.iter().map(|cells| cells.join(": ")).collect::<Vec<_>>().join("; "),
        other => other.to_text().into_owned(),
    }
}

fn truth_word(truth: bool, locale: &str) -> &'static str {
    match (locale.get(..2), truth) {
        (Some("es"), true) => "sí",
        (Some("it"), true) => "sì",
        (Some("fr"), true) => "oui",
        (Some("pt"), true) => "sim",
        (Some("de"), true) => "ja",
        (Some("fr"), false) => "non",
        (Some("pt"), false) => "não",
        (Some("de"), false) => "nein",
        (_, true) => "yes",
        (_, false) => "no",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
