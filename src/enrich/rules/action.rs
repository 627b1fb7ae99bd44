//! What a rule does to one value, checked when the configuration is: kinds, units and limits.

use crate::enrich::rules::formula::{Amount, Formula, Of};
use crate::enrich::rules::reason::Reason;
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::attribute::Attribute;
use crate::schema::scope::Key;
use crate::value::measurement::Measurement;
use crate::value::price::Price;
use crate::value::text::{escaped, fold, plain};
use crate::value::{Kind, Value};
use rust_decimal::prelude::ToPrimitive;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Longest text that parts are joined to, in bytes.
const LONGEST_TEXT: usize = 200_000;
/// Most members that a list is made of.
const MOST_MEMBERS: usize = 10_000;

/// An action, names looked up.
#[derive(Debug, Clone)]
pub struct Action {
    /// The value that is said.
    pub to: Key,
    pub work: Work,
}

/// Where the value comes from.
#[derive(Debug, Clone)]
pub enum Work {
    Set(Value),
    Copy(Key),
    Concatenate(Vec<Part>, String),
    Calculate(Formula),
    /// By what was found, as `entry` writes it; and for everything else.
    Map(Key, BTreeMap<String, Value>, Option<Value>),
    Clear,
    /// Each once.
    Add(Vec<String>),
    /// Sorted.
    Remove(Vec<String>),
}

/// A part of a joined text.
#[derive(Debug, Clone)]
pub enum Part {
    Attribute(Key),
    Text(String),
}

impl Action {
    /// What is said of a product; `None` takes the value away.
    pub fn value(&self, product: &Product, schema: &Schema) -> Result<Option<Value>, Reason> {
        let attribute = schema.attribute(self.to.attribute);
        let value = match &self.work {
            // It was checked when it was read.
            Work::Set(value) => return Ok(Some(value.clone())),
            Work::Clear => return Ok(None),
            Work::Copy(from) => {
                let value = said(product, *from).ok_or(Reason::Missing(*from))?;
                converted(value, *from, self.to, schema)?
            }
            Work::Concatenate(parts, separator) => self.joined(parts, separator, product, schema)?,
            Work::Calculate(formula) => kept(formula.compute(product, schema)?, self.to, attribute, schema)?,
            Work::Map(from, table, otherwise) => {
                let value = said(product, *from).ok_or(Reason::Missing(*from))?;
                return looked_up(value, *from, table, otherwise.as_ref()).map(Some);
            }
            Work::Add(values) => {
                let found = said(product, self.to).and_then(members).unwrap_or_default();
                let mut known: Vec<&str> = found.iter().map(String::as_str).collect();
                known.sort_unstable();
                let new = values
                    .iter()
                    .filter(|value| known.binary_search(&value.as_str()).is_err());
                let all: Vec<String> = found.iter().chain(new).cloned().collect();
                if all.len() > MOST_MEMBERS.max(found.len()) {
                    return Err(Reason::TooLarge);
                }
                list(attribute.kind, all)
            }
            Work::Remove(values) => {
                let Some(found) = said(product, self.to).and_then(members) else {
                    return Ok(None);
                };
                let left = found.iter().filter(|member| values.binary_search(member).is_err());
                let left: Vec<String> = left.cloned().collect();
                if left.is_empty() {
                    return Ok(None);
                }
                list(attribute.kind, left)
            }
        };
        attribute.check_limits(&value).map_err(Reason::Limits)?;
        match &value {
            Value::Money(price)
                if schema.known().price == Some(self.to.attribute) && price.rounded().amount.is_zero() =>
            {
                Err(Reason::ZeroPrice)
            }
            _ => Ok(Some(value)),
        }
    }

    /// The values that it reads.
    pub fn reads(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        match &self.work {
            Work::Set(_) | Work::Clear => {}
            Work::Copy(from) | Work::Map(from, ..) => keys.push(*from),
            Work::Concatenate(parts, _) => keys.extend(parts.iter().filter_map(|part| match part {
                Part::Attribute(key) => Some(*key),
                Part::Text(_) => None,
            })),
            Work::Calculate(formula) => formula.reads(&mut keys),
            Work::Add(_) | Work::Remove(_) => keys.push(self.to),
        }
        keys
    }

    /// Whether it can do nothing without the value under this key.
    pub fn needs(&self, key: Key) -> bool {
        !matches!(self.work, Work::Concatenate(..) | Work::Add(_) | Work::Remove(_)) && self.reads().contains(&key)
    }

    /// What it is called in settings.
    pub fn name(&self) -> &'static str {
        match self.work {
            Work::Set(_) => "set",
            Work::Copy(_) => "copy",
            Work::Concatenate(..) => "concatenate",
            Work::Calculate(_) => "calculate",
            Work::Map(..) => "map",
            Work::Clear => "clear",
            Work::Add(_) => "add",
            Work::Remove(_) => "remove",
        }
    }

    fn joined(&self, parts: &[Part], separator: &str, product: &Product, schema: &Schema) -> Result<Value, Reason> {
        let locale = schema.locale_code(self.to.locale.max(1)).unwrap_or_default();
        let mut texts: Vec<Cow<'_, str>> = Vec::new();
        let mut any = false;
        for part in parts {
            match part {
                Part::Text(text) => texts.push(Cow::Borrowed(text)),
                Part::Attribute(key) => {
                    if let Some(value) = said(product, *key) {
                        any = true;
                        texts.push(shown(value, *key, locale, schema));
                    }
                }
            }
        }
        if !any {
            return Err(Reason::AllMissing);
        }
        if texts.iter().map(|text| text.len() + separator.len()).sum::<usize>() > LONGEST_TEXT {
            return Err(Reason::TooLarge);
        }
        Ok(text_of(schema.attribute(self.to.attribute).kind, texts.join(separator)))
    }
}

/// The value under a key as its scope sees it.
pub fn said(product: &Product, key: Key) -> Option<&Value> {
    let value = product.value(key.attribute, key.locale, key.channel)?;
    (!value.is_empty()).then_some(value)
}

fn members(value: &Value) -> Option<&[String]> {
    match value {
        Value::Options(list) | Value::Media(list) | Value::Reference(list) => Some(list),
        _ => None,
    }
}

fn list(kind: Kind, members: Vec<String>) -> Value {
    match kind {
        Kind::Media => Value::Media(members),
        Kind::Reference => Value::Reference(members),
        _ => Value::Options(members),
    }
}

fn text_of(kind: Kind, text: String) -> Value {
    match kind {
        Kind::RichText => Value::RichText(escaped(&text)),
        Kind::Identifier => Value::Identifier(text),
        _ => Value::Text(text),
    }
}

/// A value as a text shows it: options by their labels, markup taken off.
fn shown<'v>(value: &'v Value, key: Key, locale: &str, schema: &'v Schema) -> Cow<'v, str> {
    match (value, schema.list_of(key.attribute)) {
        (Value::Option(code), Some(list)) => Cow::Owned(list.label(code, locale).to_owned()),
        (Value::Options(codes), Some(list)) => {
            let labels: Vec<&str> = codes.iter().map(|code| list.label(code, locale)).collect();
            Cow::Owned(labels.join(", "))
        }
        (Value::RichText(html), _) => plain(html),
        (value, _) => value.to_text(),
    }
}

/// Whether values of one attribute can be said of another as they are, or as texts.
pub fn can_copy(from: &Attribute, to: &Attribute) -> bool {
    match (from.kind, to.kind) {
        (Kind::Measure, Kind::Measure) => from.dimension == to.dimension,
        (Kind::Option | Kind::Options, Kind::Options) | (Kind::Option, Kind::Option) => {
            from.options == to.options || to.open
        }
        (one, other) if one == other => true,
        (Kind::Integer, Kind::Decimal) => true,
        (Kind::Table | Kind::RichText, Kind::Identifier) => false,
        (_, Kind::Text | Kind::RichText) => true,
        (Kind::Text | Kind::Gtin | Kind::Option | Kind::Integer, Kind::Identifier) => true,
        _ => false,
    }
}

fn converted(value: &Value, from: Key, to: Key, schema: &Schema) -> Result<Value, Reason> {
    let attribute = schema.attribute(to.attribute);
    Ok(match (value, attribute.kind) {
        (Value::Measure(measure), Kind::Measure) => {
            let unit = attribute.unit.as_deref().unwrap_or(&measure.unit);
            Value::Measure(measure.to(schema.units(), unit).map_err(Reason::Unreadable)?)
        }
        (Value::Option(code), Kind::Options) => Value::Options(vec![code.clone()]),
        (Value::Integer(number), Kind::Decimal) => Value::Decimal((*number).into()),
        (value, kind) if value.kind() == kind => value.clone(),
        (value, kind @ (Kind::Text | Kind::RichText)) => {
            let locale = schema.locale_code(to.locale.max(1)).unwrap_or_default();
            text_of(kind, shown(value, from, locale, schema).into_owned())
        }
        (value, kind) => text_of(kind, value.to_text().into_owned()),
    })
}

/// A computed amount as the attribute keeps it: in its unit, with its decimals.
fn kept(amount: Amount, key: Key, attribute: &Attribute, schema: &Schema) -> Result<Value, Reason> {
    Ok(match (attribute.kind, amount.of) {
        (Kind::Integer, _) => {
            let number = amount.number.normalize();
            let whole = number.fract().is_zero().then(|| number.to_i64()).flatten();
            Value::Integer(whole.ok_or(Reason::NotWhole(key))?)
        }
        (Kind::Measure, Of::Unit(unit)) => {
            let own = attribute.unit.as_deref().unwrap_or(&unit);
            let converted = schema.units().convert(amount.number, &unit, own);
            let number = attribute.rounded(converted.map_err(|_| Reason::TooLarge)?).normalize();
            Value::Measure(Measurement {
                amount: number,
                unit: own.into(),
            })
        }
        (Kind::Money, Of::Money(currency)) => {
            let amount = attribute.rounded(amount.number);
            let price = Price { amount, currency };
            Value::Money(if attribute.decimals.is_some() {
                price
            } else {
                price.rounded()
            })
        }
        _ => Value::Decimal(attribute.rounded(amount.number).normalize()),
    })
}

/// How a value is looked up: case and accents of texts, codes and addresses do not count, of numbers and days all signs do.
pub fn entry(value: &Value) -> Cow<'_, str> {
    match value {
        Value::RichText(html) => Cow::Owned(fold(&plain(html))),
        Value::Integer(_)
        | Value::Decimal(_)
        | Value::Measure(_)
        | Value::Money(_)
        | Value::Boolean(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Gtin(_) => value.to_text(),
        value => Cow::Owned(fold(&value.to_text())),
    }
}

/// What a table says of a value; of a list, of its members.
fn looked_up(
    value: &Value,
    from: Key,
    table: &BTreeMap<String, Value>,
    otherwise: Option<&Value>,
) -> Result<Value, Reason> {
    let Some(members) = members(value) else {
        let found = table.get(&*entry(value)).or(otherwise);
        return found.cloned().ok_or(Reason::NoEntry(from));
    };
    let found: Vec<&Value> = members
        .iter()
        .filter_map(|member| table.get(&fold(member)).or(otherwise))
        .collect();
    match found.first().ok_or(Reason::NoEntry(from))? {
        Value::Options(_) | Value::Media(_) | Value::Reference(_) => {
            let mut known: BTreeSet<&str> = BTreeSet::new();
            let mut all: Vec<String> = Vec::new();
            for member in found.iter().filter_map(|value| self::members(value)).flatten() {
                if known.insert(member) {
                    all.push(member.clone());
                }
            }
            match all.len() > MOST_MEMBERS {
                true => Err(Reason::TooLarge),
                false => Ok(list(found[0].kind(), all)),
            }
        }
        first => Ok((*first).clone()),
    }
}
