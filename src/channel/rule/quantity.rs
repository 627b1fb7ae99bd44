//! Numbers, amounts and measures as channels spell them, and which is the greater.
//!
//! Only the channel's spelling is read here; reading a supplier's notations is left to `value`.

use crate::channel::rule::moment;
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// Number and unit of a measure: `750ml`, `12.5 cm`.
pub fn split_measure(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (!number.is_empty()).then(|| (number, unit.trim()))
}

/// A plain number: digits, one period, a minus before them.
pub fn number(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || !digits.starts_with(|c: char| c.is_ascii_digit()) || digits.ends_with('.') {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// The number an amount, measure or plain number begins with; the amount behind a currency too.
pub fn leading_number(text: &str) -> Option<Decimal> {
    match amount_and_currency(text) {
        Some((amount, _)) => number(amount),
        None => split_measure(text).and_then(|(amount, _)| number(amount)),
    }
}

/// Amount and currency code of `15.00 USD`, `USD 15.00` or `15.00`; the code is `""` where there is none. None where the
/// text is neither.
pub fn amount_and_currency(text: &str) -> Option<(&str, &str)> {
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_amount = |amount: &str| {
        !amount.is_empty()
            && amount
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b','))
    };
    match text.split_once(' ') {
        Some((amount, code)) if is_code(code) && is_amount(amount) => Some((amount, code)),
        Some((code, amount)) if is_code(code) && is_amount(amount) => Some((amount, code)),
        None if is_amount(text) => Some((text, "")),
        _ => None,
    }
}

/// Compares two texts as amounts, measures, numbers, days or moments; none where they are not of one kind, currency or unit.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    let instant = |text: &str| moment::moment(text).or_else(|| moment::day(text));
    if let (Some(a), Some(b)) = (instant(a), instant(b)) {
        return Some(a.cmp(&b));
    }
    let quantity = |text| amount_and_currency(text).or_else(|| split_measure(text));
    let ((a, unit), (b, other)) = (quantity(a)?, quantity(b)?);
    if !unit.is_empty() && !other.is_empty() && unit != other {
        return None;
    }
    Some(number(a)?.cmp(&number(b)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_compared_by_kind() {
        for (a, b, expected) in [
            ("9.90 EUR", "12.00 EUR", Some(Ordering::Less)),
            ("EUR 12.00", "12.0 EUR", Some(Ordering::Equal)),
            ("9.90 EUR", "12.00 USD", None),
            ("9.90", "12.00 EUR", Some(Ordering::Less)),
            ("100", "20", Some(Ordering::Greater)),
            ("2 kg", "3 kg", Some(Ordering::Less)),
            ("2 kg", "3 g", None),
            ("2026-01-31", "2026-02-01", Some(Ordering::Less)),
            ("2026-01-31", "7", None),
            ("1,5", "2", None),
            ("x", "y", None),
        ] {
            assert_eq!(compare(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn numbers_are_plain() {
        for text in [
            "1_000",
            "+5",
            "1e3",
            ".5",
            "5.",
            "1.2.3",
            "",
            "-",
            "٣",
            "99999999999999999999999999999999",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number("-0.50"), Some(Decimal::new(-50, 2)));
    }
}
