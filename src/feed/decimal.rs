//! Numbers that a format typed, as exact plain decimal text: never with an exponent, never through a float's rounding.

use std::borrow::Cow;

/// Digits a number may have once its exponent is written out.
const DIGITS: usize = 40;

/// Plain notation of a number such as `-12.50`, `1E-7` or `1.5e3`. `None` where the text is no finite number, or where the
/// exponent makes it longer than 40 digits: such a number is an identifier or a mistake, and is not to be guessed at.
pub fn plain(text: &str) -> Option<Cow<'_, str>> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => {
            return is_plain(text).then_some(Cow::Borrowed(text));
        }
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
    };
    if !is_plain(mantissa) || mantissa.len() > DIGITS {
        return None;
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    // Where the decimal point comes to stand among the digits.
    let point = whole.len() as i64 + exponent as i64;
    if digits.bytes().all(|digit| digit == b'0') {
        return Some(Cow::Borrowed("0"));
    }
    if !(-(DIGITS as i64)..=DIGITS as i64).contains(&point) {
        return None;
    }
    let (whole, fraction) = if point <= 0 {
        (
            "0".to_string(),
            format!("{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
        )
    } else if point as usize >= digits.len() {
        (
            format!("{digits}{}", "0".repeat(point as usize - digits.len())),
            String::new(),
        )
    } else {
        (
            digits[..point as usize].to_string(),
            digits[point as usize..].to_string(),
        )
    };
    if whole.len() + fraction.len() > DIGITS {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(Cow::Owned(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }))
}

/// Digits with an optional minus and an optional point inside.
fn is_plain(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Plain notation of a spreadsheet's number: 15 significant digits, which is what spreadsheets keep and show, so that
/// `27369.999999999996` is read as the `27370` that was typed. `None` where it is not finite or longer than 40 digits.
pub fn fifteen(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    // The shortest text that reads back as the same number is what was typed, unless a calculation left its dust.
    let shortest = format!("{number:e}");
    let digits = shortest
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    let text = if digits <= 15 {
        shortest
    } else {
        format!("{number:.14e}")
    };
    let text = plain(&text)?.into_owned();
    Some(match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exponents_are_written_out() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(plain(text).as_deref(), expected, "{text}");
        check("1.10", Some("1.10"));
        check("-0", Some("-0"));
        check("1E-7", Some("0.0000001"));
        check("1.5e3", Some("1500"));
        check("-12.345e+2", Some("-1234.5"));
        check("7.791432020126E12", Some("7791432020126"));
        check("0.0e5", Some("0"));
        check("1e400", None);
        check("1e-400", None);
        check("NaN", None);
        check("", None);
        check("1.", None);
        check("12345678901234567890.123456789", Some("12345678901234567890.123456789"));
    }

    #[test]
    fn spreadsheet_numbers_have_fifteen_digits() {
        let check = |number: f64, expected: Option<&str>| assert_eq!(fifteen(number).as_deref(), expected, "{number}");
        check(27369.999999999996, Some("27370"));
        check(0.1 + 0.2, Some("0.3"));
        check(8412345678905.0, Some("8412345678905"));
        check(-12.5, Some("-12.5"));
        check(0.0, Some("0"));
        check(1e300, None);
        check(f64::INFINITY, None);
        check(1e-7, Some("0.0000001"));
    }

    proptest! {
        #[test]
        fn two_decimals_survive_a_float(cents in -10_000_000_000i64..10_000_000_000) {
            let text = fifteen(cents as f64 / 100.0).unwrap();
            let back: rust_decimal::Decimal = text.parse().unwrap();
            prop_assert_eq!(back, rust_decimal::Decimal::new(cents, 2));
        }

        #[test]
        fn plain_never_changes_the_number(mantissa in -99_999i64..99_999, exponent in -9i32..9) {
            let text = format!("{mantissa}e{exponent}");
            let exact = rust_decimal::Decimal::from_scientific(&text).unwrap();
            prop_assert_eq!(plain(&text).unwrap().parse::<rust_decimal::Decimal>().unwrap(), exact);
        }
    }
}
