//! Texts that a spreadsheet would take for formulas, neutralised on the way out and restored on the way in.
//!
//! A cell of text is no formula where it is only looked at; once somebody edits it, or saves the sheet as CSV, a leading `=`
//! makes it one. Source: OWASP, CSV Injection: leading `=`, `+`, `-`, `@`, tab, carriage return, line feed.

use std::borrow::Cow;

/// What is put before such a text. A spreadsheet itself hides it in front of texts, and swallows it where it is typed.
const MARK: char = '\'';

/// True for what makes a formula of a text, and for the mark itself, so that no text can be taken for a marked one.
fn is_marked(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | MARK)
}

/// A plain number (`-12.5`, `+34`) is no formula, and a mark would only spoil it.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

/// A text as it is written into a cell.
pub fn neutralised(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some(first) if is_marked(first) && !is_plain_number(text) => Cow::Owned(format!("{MARK}{text}")),
        _ => Cow::Borrowed(text),
    }
}

/// A text as it was before it was written into a cell.
pub fn restored(text: &str) -> &str {
    match text.strip_prefix(MARK) {
        Some(rest) if rest.starts_with(is_marked) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_marked_and_numbers_are_not() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
            ("- a list", "'- a list"),
            ("\t=1", "'\t=1"),
            ("'quoted'", "''quoted'"),
            ("'", "''"),
            ("-12.5", "-12.5"),
            ("+34", "+34"),
            ("-", "'-"),
            ("Taladro =18V", "Taladro =18V"),
            ("", ""),
        ] {
            assert_eq!(neutralised(text), written);
            assert_eq!(restored(written), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back(text in "([=+@'\t\r\n-]{0,4}\\PC{0,6}){1,3}") {
            let written = neutralised(&text);
            proptest::prop_assert_eq!(restored(&written), &text);
            let first = written.chars().next();
            let safe = !matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n'));
            proptest::prop_assert!(safe || is_plain_number(&text), "{}", written);
        }
    }
}
