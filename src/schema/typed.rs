//! Values as a person types them, in a command or in a cell of a sheet.
//!
//! How suppliers write things is declared in their settings and left to `mapping`.

use crate::declaration::nearest::suggestion;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::date::DateOrder;
use crate::value::mismatch::{Mismatch, NO_VALUE};
use crate::value::number::Notation;
use crate::value::option::split;
use crate::value::price::Currency;
use crate::value::{Kind, Reading, Value, read};

/// Reads a value as a person types it: numbers plain, dates as 2026-11-22, measures in any unit of their dimension, options by
/// code, label or synonym, members of lists parted by `|`.
pub fn typed(schema: &Schema, key: Key, text: &str, currency: Currency) -> Result<Value, Mismatch> {
    let attribute = schema.attribute(key.attribute);
    let list = schema.list_of(key.attribute);
    let option = |text: &str| match list.and_then(|list| list.find(text)) {
        Some(option) => Ok(option.code.to_string()),
        None if attribute.open => Ok(text.trim().to_owned()),
        None => {
            let codes = list
                .into_iter()
                .flat_map(|list| &list.options)
                .map(|option| &*option.code);
            let mismatch = Mismatch::new("E-UNKNOWN-OPTION", format!("`{}` has no such option", attribute.code));
            Err(mismatch.with_help(suggestion(text, codes)))
        }
    };
    let reading = Reading {
        numbers: Notation::Plain,
        dates: DateOrder::default(),
        currency: Some(currency),
        units: schema.units(),
        unit: attribute.unit.as_deref(),
        dimension: attribute.dimension.as_deref(),
    };
    let value = match attribute.kind {
        Kind::Option => Value::Option(option(text)?),
        Kind::Options => Value::Options(split(text, "|").into_iter().map(option).collect::<Result<_, _>>()?),
        Kind::Media => Value::Media(split(text, "|").into_iter().map(|part| part.to_string()).collect()),
        Kind::Reference => Value::Reference(split(text, "|").into_iter().map(|part| part.to_string()).collect()),
        kind => read(kind, text, &reading).map_err(|mismatch| match mismatch.code {
            NO_VALUE => empty(),
            _ => mismatch,
        })?,
    };
    let value = match (value, attribute.unit.as_deref()) {
        // Values are kept in the attribute's unit, in which its limits are said.
        (Value::Measure(measure), Some(unit)) => Value::Measure(measure.to(schema.units(), unit)?),
        (value, _) => value,
    };
    if value.is_empty() {
        return Err(empty());
    }
    attribute.check_limits(&value)?;
    if schema.known().price == Some(key.attribute)
        && let Value::Money(price) = &value
        && price.rounded().amount.is_zero()
    {
        let mismatch = Mismatch::new("E-PRICE-ZERO", "a price of zero, which is never published");
        return Err(mismatch.with_help("`product clear` takes a price back; a product without one stays at home"));
    }
    Ok(value)
}

/// A person who types nothing means something else than a supplier who says nothing.
fn empty() -> Mismatch {
    Mismatch::new("E-EMPTY", "an empty value says nothing").with_help("`product clear` takes a value back")
}
