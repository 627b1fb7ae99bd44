//! Numbers that several words of a title make: `1 1/2` and `1½` are 1.5, `6 x 500` is 6x500.
//!
//! What a number measures is left to `word`.

use crate::merge::candidate::amount::is_cross;
use std::borrow::Cow;

/// Denominators that fractions in titles have; `10/100` and `24/7` are two numbers.
const DENOMINATORS: [u32; 7] = [2, 3, 4, 8, 16, 32, 64];

/// The text with its fractions as decimals, and without the blanks around a cross between two numbers.
pub fn spelled(text: &str) -> Cow<'_, str> {
    let has_fraction = text.contains(|c: char| c == '/' || c == '⁄' || vulgar(c).is_some());
    let text = match has_fraction {
        true => Cow::Owned(without_fractions(text)),
        false => Cow::Borrowed(text),
    };
    match text.split_whitespace().any(is_lone_cross) {
        true => Cow::Owned(without_gaps(&text)),
        false => text,
    }
}

fn is_lone_cross(word: &str) -> bool {
    let mut signs = word.chars();
    signs.next().is_some_and(is_cross) && signs.next().is_none()
}

/// Fractions that are one sign.
fn vulgar(c: char) -> Option<f64> {
    Some(match c {
        '½' => 0.5,
        '¼' => 0.25,
        '¾' => 0.75,
        '⅓' => 1.0 / 3.0,
        '⅔' => 2.0 / 3.0,
        '⅛' => 0.125,
        '⅜' => 0.375,
        '⅝' => 0.625,
        '⅞' => 0.875,
        _ => return None,
    })
}

fn without_fractions(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = match vulgar(c) {
            Some(value) => Some((value, c.len_utf8())),
            None => fraction(rest).filter(|_| begins(&out)),
        };
        match found {
            Some((value, length)) => {
                let whole = take_whole(&mut out);
                let written = format!("{:.4}", f64::from(whole) + value);
                out.push_str(written.trim_end_matches('0'));
                rest = &rest[length..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// Whether a number may begin behind this text: not inside of a word or of a longer number.
fn begins(before: &str) -> bool {
    match before.chars().next_back() {
        None => true,
        // `1-1/2` is one and a half.
        Some('-') => before[..before.len() - 1].ends_with(|c: char| c.is_ascii_digit()) && whole_at(before).is_some(),
        Some(c) => c.is_whitespace() || matches!(c, '(' | '[' | ';' | '|') || is_cross(c) && is_number_before(before),
    }
}

/// Whether the text ends with a digit and a cross.
fn is_number_before(before: &str) -> bool {
    before
        .trim_end_matches(is_cross)
        .ends_with(|c: char| c.is_ascii_digit())
}

/// `3/4` at the beginning of a text, in lowest terms and below one: its value and its length.
fn fraction(text: &str) -> Option<(f64, usize)> {
    let digits = |text: &str| text.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let over = digits(text);
    let sign = text.get(over..)?.chars().next().filter(|c| matches!(c, '/' | '⁄'))?;
    let tail = &text[over + sign.len_utf8()..];
    let under = digits(tail);
    if !(1..=2).contains(&over) || !(1..=2).contains(&under) {
        return None;
    }
    let (upper, lower): (u32, u32) = (text[..over].parse().ok()?, tail[..under].parse().ok()?);
    let is_lowest = match lower {
        3 => true,
        _ => upper % 2 == 1,
    };
    let goes_on = tail[under..].starts_with(['/', '⁄', '.', ','])
        && tail.as_bytes().get(under + 1).is_some_and(u8::is_ascii_digit);
    (upper < lower && upper > 0 && is_lowest && DENOMINATORS.contains(&lower) && !goes_on)
        .then_some((f64::from(upper) / f64::from(lower), over + sign.len_utf8() + under))
}

/// Takes the whole number that the text ends with, as in `1 ` before `1/2`; 0 where there is none.
fn take_whole(out: &mut String) -> u32 {
    let Some((from, whole)) = whole_at(out) else { return 0 };
    out.truncate(from);
    whole
}

/// Where the last word of a text begins that is a number of one or two digits and followed by one blank, a dash or nothing.
fn whole_at(text: &str) -> Option<(usize, u32)> {
    let word = text.strip_suffix([' ', '\u{a0}', '-']).unwrap_or(text);
    let from = word
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + word[at..].chars().next().map_or(0, char::len_utf8));
    let before = word[..from].chars().next_back();
    let begins = before.is_none_or(|c| c.is_whitespace() || c == '(');
    let whole = word[from..].parse().ok().filter(|_| begins && word.len() - from <= 2)?;
    Some((from, whole))
}

fn without_gaps(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let is_number = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            && word
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',') || is_cross(c))
    };
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let last = out.rsplit(' ').next().unwrap_or_default();
        let joins = is_lone_cross(word)
            && is_number(last.trim_start_matches(['(', '[']))
            && words
                .peek()
                .is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        if joins {
            out.push('x');
            out.push_str(words.next().unwrap_or_default());
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_and_crosses_are_one_number() {
        for (text, expected) in [
            ("Hose 1 1/2\" long", "Hose 1.5\" long"),
            ("Hose 1-1/2\"", "Hose 1.5\""),
            ("Hose 1/2\"", "Hose 0.5\""),
            ("Can 1½ L", "Can 1.5 L"),
            ("Can 1 ½ L", "Can 1.5 L"),
            ("Can ½ L", "Can 0.5 L"),
            ("Screws 3/8x40", "Screws 0.375x40"),
            ("Switch 10/100 24/7 2/4", "Switch 10/100 24/7 2/4"),
            (
                "Ink KTC-D320/1G A1/2 11/2020 1/2/3",
                "Ink KTC-D320/1G A1/2 11/2020 1/2/3",
            ),
            ("Bottle 6 x 500 ml", "Bottle 6x500 ml"),
            ("Box 45 × 30 x 20 cm", "Box 45x30x20 cm"),
            ("Bottle TX100 x 6 and 6 x bottle", "Bottle TX100 x 6 and 6 x bottle"),
            ("½", "0.5"),
            ("é½é1/2 /", "é0.5é1/2 /"),
        ] {
            assert_eq!(spelled(text), expected);
        }
    }
}
