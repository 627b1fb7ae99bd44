//! What printing, labels and spreadsheets do to long codes, and the digits that stand behind it.
//!
//! Texts in, digits out; nothing here decides whether the digits are a code. Check digits and verdicts are left to
//! `identifier`.

use crate::value::number::{self, Notation};
use crate::value::text::fold;

/// True for the words and digits that stand for no code: `0`, `N/A`, `sin código`, `1111111111111`.
pub fn is_filler(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "",
        "0",
        "0 0",
        "00",
        "n a",
        "na",
        "nd",
        "null",
        "none",
        "nan",
        "new",
        "nuevo",
        "nueva",
        "neu",
        "nouveau",
        "nuovo",
        "novo",
        "sin codigo",
        "sin ean",
        "no tiene",
        "no ean",
        "ohne",
        "ohne ean",
        "keine",
        "sans",
        "senza",
        "sem",
        "pendiente",
        "missing",
    ];
    if text.len() > 32 {
        return false;
    }
    repeats_one_digit(text.as_bytes()) && text.starts_with(|c: char| c.is_ascii_digit())
        || WORDS.contains(&fold(text).as_str())
}

/// Two or more runs of 8 to 14 digits, with one of the marks that part lists between them; none where the text is another.
pub fn several(text: &str) -> Option<impl Iterator<Item = &str>> {
    let marks = |c: char| matches!(c, ',' | ';' | '|' | '/') || c.is_whitespace();
    let parts = text.split(marks).filter(|part| !part.is_empty());
    let is_code = |part: &str| (8..=14).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (parts.clone().all(is_code) && parts.clone().count() > 1).then_some(parts)
}

/// The code inside an element string `(01)…` or a GS1 Digital Link `https://…/01/…`.
pub fn carried(text: &str) -> Option<&str> {
    let rest = match text.strip_prefix("(01)") {
        Some(rest) => rest,
        None if text.starts_with("https://") || text.starts_with("http://") => text.split_once("/01/")?.1,
        None => return None,
    };
    let end = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)
}

/// The text without spreadsheet quoting, labels and invisible characters, full-width digits made plain.
pub fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\u{ff10}'..='\u{ff19}' => out.push(char::from(b'0' + (c as u32 - 0xff10) as u8)),
            c => out.push(c),
        }
    }
    let mut rest = out.trim();
    if let Some(inner) = rest.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')) {
        rest = inner;
    }
    rest = rest.trim_start_matches('\'').trim_matches('"').trim();
    let word_end = rest
        .find(|c: char| !c.is_ascii_alphabetic() && c != '-')
        .unwrap_or(rest.len());
    let label = rest[..word_end].to_ascii_lowercase();
    if matches!(
        label.as_str(),
        "ean" | "gtin" | "upc" | "isbn" | "jan" | "ean-" | "gtin-" | "upc-" | "isbn-"
    ) {
        let after = &rest[word_end..];
        // `EAN-13: 8412…`, `EAN13 8412…`: the number of digits is part of the label.
        let after = ["8", "10", "12", "13", "14"]
            .iter()
            .find_map(|n| after.strip_prefix(n).filter(|tail| tail.starts_with([':', ' '])))
            .unwrap_or(after);
        rest = after.trim_start_matches([':', '.', '#']).trim();
    }
    rest.to_string()
}

/// The digits of a code with printed groups, a decimal `.0`, or the group marks of a number format.
pub fn ungrouped(text: &str) -> Option<String> {
    let only_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((front, back)) = text.split_once(['.', ','])
        && only_digits(front)
        && !back.is_empty()
        && back.bytes().all(|b| b == b'0')
        && front.len() > 3
    {
        return Some(front.to_string());
    }
    let groups = [
        Notation::GroupedByPoint,
        Notation::GroupedByComma,
        Notation::GroupedByApostrophe,
    ];
    if text.contains(['.', ',', '\'', '\u{2019}'])
        && groups
            .iter()
            .any(|group| number::parse(text, *group).is_ok_and(|number| number.scale() == 0))
    {
        return Some(text.chars().filter(char::is_ascii_digit).collect());
    }
    let joined: String = text.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c)).collect();
    only_digits(&joined).then_some(joined)
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2013}')
}

/// True for digits that are all the same.
pub fn repeats_one_digit(digits: &[u8]) -> bool {
    digits
        .first()
        .is_some_and(|first| digits.iter().all(|digit| digit == first))
}

/// The digits of the ISBN-13 of an ISBN-10 (ISBN Users' Manual, 7th edition, appendix 1); `None` where the text is none.
pub fn isbn13_of_isbn10(text: &str) -> Option<String> {
    let joined: String = text.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c)).collect();
    if joined.len() != 10 {
        return None;
    }
    let mut sum = 0u32;
    for (n, byte) in joined.bytes().enumerate() {
        let digit = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'X' | b'x' if n == 9 => 10,
            _ => return None,
        };
        sum += digit * (10 - n as u32);
    }
    if !sum.is_multiple_of(11) {
        return None;
    }
    let front = format!("978{}", joined.get(..9)?);
    let weighted = |(n, byte): (usize, u8)| u32::from(byte - b'0') * if n % 2 == 1 { 3 } else { 1 };
    let check = (10 - front.bytes().enumerate().map(weighted).sum::<u32>() % 10) % 10;
    Some(format!("{front}{check}"))
}
