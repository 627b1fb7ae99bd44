//! How the texts of a field are read, checked: notation, unit and VAT, the words of a list, value maps.
//!
//! Where the texts come from is left to `check`.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::mapping::faults::Faults;
use crate::mapping::field::{Field, How, Vocabulary, Written};
use crate::mapping::settings::{FieldSettings, PriceBasis, ReadSettings, Unknown, ValueMap};
use crate::mapping::vocabulary::{Codes, Unfit, WordMap};
use crate::schema::Schema;
use crate::schema::attribute::Attribute;
use crate::schema::scope::Key;
use crate::value::Kind;
use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Notation, currency, unit and VAT of a field.
pub fn how(
    name: &str,
    settings: &FieldSettings,
    read: &ReadSettings,
    attribute: &Attribute,
    key: Key,
    schema: &Schema,
    faults: &mut Faults<'_>,
) -> Option<How> {
    let kind = attribute.kind;
    let before = faults.count();
    let only: [(&str, bool, Kind); 4] = [
        ("unit", settings.unit.is_some(), Kind::Measure),
        ("currency", settings.currency.is_some(), Kind::Money),
        ("prices", settings.prices.is_some(), Kind::Money),
        ("vat", settings.vat.is_some(), Kind::Money),
    ];
    for (part, _, other) in only.into_iter().filter(|(_, said, only)| *said && kind != *only) {
        let message = format!("`{part}` is for {other}, `{}` is {kind}", attribute.code);
        faults.tell(
            &["fields", name, part],
            Mismatch::new("E-KEY-OF-OTHER-KIND", message).with_help("take it out"),
        );
    }
    let dimension = attribute
        .unit
        .as_deref()
        .and_then(|unit| schema.units().find(unit))
        .map(|unit| unit.dimension.clone());
    let mut unit = None;
    if let Some(said) = settings.unit.as_deref().filter(|_| kind == Kind::Measure) {
        match schema.units().find(said) {
            Some(found) if dimension.as_ref().is_none_or(|dimension| found.dimension == *dimension) => {
                unit = Some(found.code.clone());
            }
            Some(found) => {
                let wanted = dimension.as_deref().unwrap_or_default();
                let message = format!(
                    "{} is a unit of {}, `{}` is a {wanted}",
                    found.code, found.dimension, attribute.code
                );
                let mismatch = Mismatch::new("E-UNIT-DIMENSION", message).with_help(format!("name a unit of {wanted}"));
                faults.tell(&["fields", name, "unit"], mismatch);
            }
            None => {
                let help = suggestion(said, schema.units().iter().map(|unit| &*unit.code));
                let mismatch =
                    Mismatch::new("E-UNKNOWN-UNIT", format!("unknown unit `{}`", excerpt(said))).with_help(help);
                faults.tell(&["fields", name, "unit"], mismatch);
            }
        }
    }
    let known = schema.known();
    let mut gross = None;
    if kind == Kind::Money {
        let cost = known.cost == Some(key.attribute);
        let basis = settings
            .prices
            .unwrap_or(if cost { PriceBasis::Gross } else { read.prices });
        let (vat, path): (_, &[&str]) = match &settings.vat {
            Some(vat) => (Some(vat), &["fields", name, "vat"]),
            None => (read.vat.as_ref(), &["read", "vat"]),
        };
        match (basis, vat) {
            (PriceBasis::Gross, _) => {}
            (PriceBasis::Net, None) => {
                let mismatch = Mismatch::new("E-VAT", "the prices are net, and no `vat` says how to make them gross")
                    .with_help("say `vat = \"21\"`, or what the percentage is");
                let path: &[&str] = if settings.prices.is_some() {
                    &["fields", name, "prices"]
                } else {
                    &["read", "prices"]
                };
                // Many fields, one fault: it is not told twice.
                faults.tell(path, mismatch);
            }
            (PriceBasis::Net, Some(vat)) => match percent(vat) {
                Ok(percent) => gross = Some(Decimal::ONE + percent / Decimal::ONE_HUNDRED),
                // A fault of [read] is told there.
                Err(mismatch) if settings.vat.is_some() => faults.tell(path, mismatch),
                Err(_) => {}
            },
        }
    }
    (faults.count() == before).then(|| How {
        numbers: settings.numbers.or(read.numbers),
        dates: settings.dates.unwrap_or(read.dates),
        currency: settings.currency.or(read.currency),
        unit,
        dimension,
        gross,
        sells: known.price == Some(key.attribute),
        stock: known.stock == Some(key.attribute),
    })
}

/// The words that a value of the attribute is chosen from.
pub fn vocabulary(attribute: &Attribute, key: Key, schema: &Schema) -> Vocabulary {
    let known = schema.known();
    let codes = if known.category == Some(key.attribute) {
        Codes::of_categories(schema).map(|codes| Vocabulary::Codes(codes, "category"))
    } else if known.family == Some(key.attribute) {
        Codes::of_families(schema).map(|codes| Vocabulary::Codes(codes, "family"))
    } else {
        attribute
            .options
            .map(|list| Vocabulary::Options(schema.list(list).clone()))
    };
    codes.unwrap_or(Vocabulary::Free)
}

/// The value map, each meaning read as the field reads it.
pub fn word_map(
    name: &str,
    settings: &FieldSettings,
    maps: &BTreeMap<String, ValueMap>,
    field: &mut Field,
    schema: &Schema,
    faults: &mut Faults<'_>,
) {
    let Some(map_name) = &settings.map else { return };
    let Some(written) = maps.get(map_name) else {
        let help = suggestion(map_name, maps.keys().map(String::as_str));
        let mismatch = Mismatch::new("E-UNKNOWN-MAP", format!("no value map `{}`", excerpt(map_name))).with_help(help);
        faults.tell(&["fields", name, "map"], mismatch);
        return;
    };
    let mut map = WordMap::new(field.attribute.kind.is_amount());
    let mut folded = String::new();
    // The settings say what the catalog holds, so no VAT is added to it.
    let gross = field.how.gross.take();
    for (word, meaning) in written {
        let path = ["maps", map_name, word];
        let text = meaning.trim();
        let value = if text.is_empty() {
            None
        } else {
            // What the map says must be good now: an unknown option is a fault whatever `unknown` says of the feed.
            let unknown = std::mem::replace(&mut field.unknown, Unknown::RejectValue);
            let read = field.read(text, Written::Plain, schema.units(), &mut folded);
            field.unknown = unknown;
            match read {
                Ok((Some(value), _)) => Some(value),
                Ok((None, _)) => None,
                Err(refusal) => {
                    let help = match &field.vocabulary {
                        Vocabulary::Options(list) => {
                            Some(suggestion(text, list.options.iter().map(|option| &*option.code)))
                        }
                        Vocabulary::Codes(_, "category") => Some(suggestion(
                            text,
                            schema.categories().iter().map(|category| &*category.code),
                        )),
                        Vocabulary::Codes(..) => {
                            Some(suggestion(text, schema.families().iter().map(|family| &*family.code)))
                        }
                        Vocabulary::Free => refusal.mismatch.help,
                    };
                    let message = format!(
                        "`{}` is no value of `{}`: {}",
                        excerpt(text),
                        field.attribute.code,
                        refusal.mismatch.message
                    );
                    faults.tell(
                        &path,
                        Mismatch {
                            code: "E-MAP-VALUE",
                            message,
                            help,
                        },
                    );
                    continue;
                }
            }
        };
        let mismatch = match map.add(word, value) {
            Ok(()) => continue,
            Err(Unfit::Twice) => {
                let message = format!(
                    "`{}` reads like another word of this map that means something else",
                    excerpt(word)
                );
                Mismatch::new("E-MAP-TWICE", message)
                    .with_help("accents, case and punctuation do not count; take one of them out")
            }
            Err(Unfit::Wild) => {
                let message = format!("`{}` is nothing but wildcards and punctuation", excerpt(word));
                Mismatch::new("E-MAP-WILD", message)
                    .with_help("write \"*\" for all the rest, or letters beside the `*`")
            }
        };
        faults.tell(&path, mismatch);
    }
    field.how.gross = gross;
    field.map = Some(map);
}

/// A percentage from 0 to 100, written plainly.
pub fn percent(text: &str) -> Result<Decimal, Mismatch> {
    let read = number::parse(text.trim_end_matches(['%', ' ']), Notation::Plain);
    match read {
        Ok(percent) if (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&percent) => Ok(percent),
        _ => {
            Err(Mismatch::new("E-VAT", format!("`{}` is no percentage", excerpt(text))).with_help("write it as \"21\""))
        }
    }
}
