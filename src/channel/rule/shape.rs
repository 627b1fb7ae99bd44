//! Does one text have the shape its field's type demands.
//!
//! The field's own words, pattern, length and number of values are left to `field`; this file knows the types alone.

use crate::channel::pack::field::{FieldKind, MeasureFile};
use crate::channel::pack::{Field, Pack};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::{moment, quantity};
use crate::value::identifier::Gtin;
use rust_decimal::Decimal;

/// Finds what keeps a text from being what the field holds.
pub fn fault(pack: &Pack, field: &Field, text: &str) -> Option<Fault> {
    match field.kind {
        FieldKind::String => text.contains(['\n', '\r']).then_some(Fault::SeveralLines),
        FieldKind::Text | FieldKind::Html | FieldKind::Taxonomy | FieldKind::List | FieldKind::Group => None,
        FieldKind::Enum => None,
        FieldKind::Bool => (field.words.is_empty() && !matches!(text, "true" | "false")).then_some(Fault::NotTruth),
        FieldKind::Integer => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Some(Fault::NotInteger);
            }
            range(field, quantity::number(text))
        }
        FieldKind::Decimal => match quantity::number(text) {
            Some(number) => range(field, Some(number)),
            None => Some(Fault::NotDecimal),
        },
        FieldKind::Money => money(pack, field, text),
        FieldKind::MoneyPlain => amount(pack, field, text),
        FieldKind::Date => moment::day(text).is_none().then_some(Fault::NotDate),
        FieldKind::Datetime => moment::moment(text).is_none().then_some(Fault::NotMoment),
        FieldKind::DateRange => {
            let separator = field
                .separator
                .as_deref()
                .or(pack.file.dates.range_separator.as_deref())
                .unwrap_or("/");
            match moment::period(text, separator) {
                None => Some(Fault::NotPeriod),
                Some((start, end)) => (end <= start).then_some(Fault::PeriodBackwards),
            }
        }
        FieldKind::Url | FieldKind::ImageUrl => (!is_address(text)).then_some(Fault::NotUrl),
        FieldKind::Gtin => Gtin::parse(text).is_err().then_some(Fault::NotGtin),
        FieldKind::Measure => measure(field, text),
        FieldKind::Json => serde_json::from_str::<serde::de::IgnoredAny>(text)
            .is_err()
            .then_some(Fault::NotJson),
        FieldKind::KeyValue => (!text.contains(['=', ':'])).then_some(Fault::NotPair),
        FieldKind::Country => (!is_country(text)).then_some(Fault::NotCountry),
        FieldKind::Time => (!is_time(text)).then_some(Fault::NotTime),
        FieldKind::TimeZone => (!is_zone(text)).then_some(Fault::NotTimeZone),
    }
}

fn range(field: &Field, number: Option<Decimal>) -> Option<Fault> {
    let number = number?;
    let low = field.min.is_some_and(|min| number < min);
    let high = field.max.is_some_and(|max| number > max);
    (low || high).then_some(Fault::OutOfRange)
}

fn money(pack: &Pack, field: &Field, text: &str) -> Option<Fault> {
    let Some((number, currency)) = quantity::amount_and_currency(text) else {
        return Some(Fault::NotMoney);
    };
    if currency.is_empty() {
        return Some(Fault::NoCurrency);
    }
    amount(pack, field, number)
}

fn amount(pack: &Pack, field: &Field, text: &str) -> Option<Fault> {
    if pack.amount.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
        return Some(Fault::NotMoney);
    }
    match quantity::number(text) {
        Some(number) => range(field, Some(number)),
        None => Some(Fault::NotMoney),
    }
}

fn measure(field: &Field, text: &str) -> Option<Fault> {
    let Some((number, unit)) = quantity::split_measure(text) else {
        return Some(Fault::NotMeasure);
    };
    let Some(number) = quantity::number(number) else {
        return Some(Fault::NotMeasure);
    };
    if unit.is_empty() {
        return Some(Fault::NotMeasure);
    }
    let Some(rules) = &field.measure else {
        return range(field, Some(number));
    };
    let rules: &MeasureFile = rules;
    if !rules.units.is_empty() && !rules.units.iter().any(|allowed| allowed == unit) {
        return Some(Fault::UnknownUnit);
    }
    let low = rules.min.is_some_and(|min| number < min);
    let high = rules.max.get(unit).is_some_and(|max| number > *max);
    let odd = !rules.numbers.is_empty()
        && !rules.numbers.iter().any(|allowed| Decimal::from(*allowed) == number)
        && !rules.also.iter().any(|also| {
            quantity::split_measure(also).is_some_and(|(n, u)| u == unit && quantity::number(n) == Some(number))
        });
    if low || high || odd {
        Some(Fault::OutOfRange)
    } else {
        range(field, Some(number))
    }
}

/// An absolute http(s) address as RFC 3986 spells it: a host, and no blank, control or foreign character. Braces may stand,
/// because templates of addresses hold them.
pub fn is_address(text: &str) -> bool {
    let Some(rest) = after_scheme(text) else { return false };
    let host = host(rest);
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'|'))
}

/// What stands behind `http://` or `https://`, in any letter case.
pub fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

/// Host and port of what stands behind the scheme, without a user name.
pub fn host(rest: &str) -> &str {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 4 && bytes.iter().all(u8::is_ascii_digit) && text < "2400" && &text[2..] < "60"
}

fn is_zone(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    text == "UTC" || (text.contains('/') && text.split('/').all(name))
}

/// What keeps a part of a group from being what it holds.
pub fn part_fault(pack: &Pack, kind: FieldKind, text: &str) -> Option<Fault> {
    match kind {
        FieldKind::Money => match quantity::amount_and_currency(text) {
            Some((_, "")) => Some(Fault::NoCurrency),
            Some((number, _)) if pack.amount.as_ref().is_none_or(|pattern| pattern.is_match(number)) => None,
            _ => Some(Fault::NotMoney),
        },
        FieldKind::MoneyPlain | FieldKind::Decimal => quantity::number(text).is_none().then_some(Fault::NotDecimal),
        FieldKind::Integer => (!text.bytes().all(|byte| byte.is_ascii_digit())).then_some(Fault::NotInteger),
        FieldKind::Url | FieldKind::ImageUrl => (!is_address(text)).then_some(Fault::NotUrl),
        FieldKind::Country => (!is_country(text)).then_some(Fault::NotCountry),
        FieldKind::Time => (!is_time(text)).then_some(Fault::NotTime),
        FieldKind::TimeZone => (!is_zone(text)).then_some(Fault::NotTimeZone),
        FieldKind::Date => moment::day(text).is_none().then_some(Fault::NotDate),
        FieldKind::Datetime => moment::moment(text).is_none().then_some(Fault::NotMoment),
        FieldKind::DateRange => moment::period(text, "/").is_none().then_some(Fault::NotPeriod),
        FieldKind::Bool => (!matches!(text, "true" | "false" | "yes" | "no")).then_some(Fault::NotTruth),
        FieldKind::Gtin => Gtin::parse(text).is_err().then_some(Fault::NotGtin),
        FieldKind::Json => serde_json::from_str::<serde::de::IgnoredAny>(text)
            .is_err()
            .then_some(Fault::NotJson),
        FieldKind::String => text.contains(['\n', '\r']).then_some(Fault::SeveralLines),
        FieldKind::Text
        | FieldKind::Html
        | FieldKind::Enum
        | FieldKind::Taxonomy
        | FieldKind::Measure
        | FieldKind::Group
        | FieldKind::List
        | FieldKind::KeyValue => None,
    }
}
