//! The words of a column that its attribute does not know: the beginning of a value map.
//!
//! What a word surely means (`agotado`, `>100`, `sí` of availability) is filled in; the rest is left to a person.

use crate::mapping::columns::Column;
use crate::mapping::field::could_be_thousands;
use crate::mapping::settings::ValueMap;
use crate::mapping::vocabulary::Codes;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::Kind;
use crate::value::number::Notation;
use crate::value::option;
use crate::value::price;
use crate::value::quantity;
use crate::value::text::fold;
use std::collections::BTreeSet;

/// Words longer than this are texts.
const LONGEST: usize = 200;

/// Words that a person should give a meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownWords {
    pub words: ValueMap,
    /// What they are none of.
    pub what: &'static str,
}

/// The words of a column that are neither codes, options nor numbers where the attribute asks for such; `None` without any.
pub fn unknown_words(column: &Column<'_>, key: Key, schema: &Schema, split: Option<&str>) -> Option<UnknownWords> {
    let known = schema.known();
    let attribute = schema.attribute(key.attribute);
    let codes = if known.category == Some(key.attribute) {
        Codes::of_categories(schema)
    } else if known.family == Some(key.attribute) {
        Codes::of_families(schema)
    } else {
        None
    };
    let list = schema.list_of(key.attribute).filter(|_| !attribute.open);
    let what = match (&codes, list, attribute.kind) {
        (Some(_), ..) => "codes of the schema",
        (None, Some(_), _) => "options of the list",
        (None, None, Kind::Integer) if !column.shape.assigned => "numbers",
        _ => return None,
    };
    // A column that says `out of stock` says yes when there is none.
    let availability = known.availability == Some(key.attribute) && !column.header.name.contains("out of stock");
    // What stock columns say beside numbers is read without a map.
    let stock = known.stock == Some(key.attribute);
    let mut folded = String::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut words = ValueMap::new();
    let parted = column.shape.words.iter().flat_map(|word| match split {
        Some(sign) => word.split(sign).map(str::trim).collect(),
        None => vec![word.as_str()],
    });
    for word in parted {
        let is_known = match (&codes, list) {
            (Some(codes), _) => codes.find(word, &mut folded).is_some(),
            (None, Some(list)) => list.find(word).is_some(),
            (None, None) => {
                is_number(word)
                    || stock
                        && quantity::read(word, Notation::Plain, &mut String::new()).is_some_and(|read| read.is_ok())
            }
        };
        if is_known || word.is_empty() || word.contains('*') || word.len() > LONGEST || !seen.insert(spelling(word)) {
            continue;
        }
        let meaning = match list {
            Some(list) if availability => stock_state(word)
                .filter(|state| list.by_code(state).is_some())
                .map(str::to_string),
            None if attribute.kind == Kind::Integer => pieces(word, None),
            _ => None,
        };
        words.insert(word.to_string(), meaning.unwrap_or_default());
    }
    (!words.is_empty()).then_some(UnknownWords { words, what })
}

fn is_number(word: &str) -> bool {
    price::split(word).is_some_and(|parts| parts.before.is_empty() && parts.after.is_empty())
}

/// How a map tells words apart: folded, or as they are where there are no letters.
fn spelling(word: &str) -> String {
    if word.chars().any(char::is_alphabetic) {
        fold(word)
    } else {
        word.to_string()
    }
}

/// The state of stock that yes and no stand for.
pub fn stock_state(word: &str) -> Option<&'static str> {
    let yes = option::truth(word).ok()?;
    Some(if yes { "in_stock" } else { "out_of_stock" })
}

/// The pieces that a word of a column of numbers stands for: `12 uds`, `agotado`. `numbers` is what is declared. A bound is no
/// count, and what could be thousands is none for sure.
pub fn pieces(word: &str, numbers: Option<Notation>) -> Option<String> {
    match quantity::read(word, numbers.unwrap_or_default(), &mut String::new())?.ok()? {
        _ if numbers.is_none() && could_be_thousands(word) => None,
        (pieces, None) => Some(pieces.to_string()),
        (_, Some(_)) => None,
    }
}
