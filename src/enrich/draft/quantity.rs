//! Numbers in running text, with the units behind them: `1,5 kg`, `30 x 20 cm`, `de 5 a 10 bar`, `dos`.
//!
//! Notation is that of the text's language. Codes that hold digits (`GSB-18V`, `M12`) are no numbers and are given apart.
//! Whether a quantity stands on a fact is left to `claim`.

use crate::enrich::draft::word::{Word, words};
use crate::value::number::has_comma;
use crate::value::unit::Units;
use rust_decimal::Decimal;

/// A number in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Bytes at which it stands, with its unit.
    pub start: usize,
    pub end: usize,
    pub number: Decimal,
    /// Code of the unit.
    pub unit: Option<Box<str>>,
    /// The unit is a guess: taken from the next number (`5-10 kg`), or a word that is no unit elsewhere (`2 in 1`).
    pub doubtful: bool,
}

/// What a text says in digits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    pub quantities: Vec<Quantity>,
    /// Bytes of codes of letters and digits, and of digits of foreign scripts.
    pub codes: Vec<(usize, usize)>,
}

/// Digits that are read as a number; longer ones are codes.
const MOST_DIGITS: usize = 24;
/// Characters of a unit that is written as a sign.
const LONGEST_SIGN: usize = 24;
/// Words that join two numbers of one unit.
const JOINTS: &[&str] = &["", "x", "a", "y", "o", "to", "and", "or", "hasta", "by", "por"];
/// Words that are also units, and mostly something else.
const NO_UNITS: &[&str] = &["a", "in", "an", "on", "once", "par", "pie"];

/// The numbers and codes of a text in a locale, in order.
pub fn quantities(text: &str, locale: &str, units: &Units) -> Found {
    let mut found = Found::default();
    for (start, end) in chunks(text) {
        let chunk = &text[start..end];
        if chunk
            .chars()
            .any(|c| c.is_numeric() && !c.is_ascii_digit() && fraction(c).is_none() && !is_power(c))
        {
            found.codes.push((start, end));
            continue;
        }
        if !chunk.bytes().any(|byte| byte.is_ascii_digit()) && !chunk.chars().any(|c| fraction(c).is_some()) {
            continue;
        }
        match plain(chunk, start, locale, units) {
            Some(mut quantities) => found.quantities.append(&mut quantities),
            None => found.codes.push((start, end)),
        }
    }
    let all = words(text);
    number_words(&all, locale, &mut found.quantities);
    found.quantities.sort_by_key(|quantity| quantity.start);
    for quantity in found.quantities.iter_mut().filter(|quantity| quantity.unit.is_none()) {
        unit_behind(text, &all, units, quantity);
    }
    // `30 x 20 cm`: the last unit is that of all.
    for n in (1..found.quantities.len()).rev() {
        let (before, after) = (&found.quantities[n - 1], &found.quantities[n]);
        if before.unit.is_some() || after.unit.is_none() {
            continue;
        }
        let between = text.get(before.end..after.start).unwrap_or("?").trim().to_lowercase();
        let between = between
            .trim_matches(|c: char| matches!(c, '×' | '*' | '-' | '–' | '—' | '/' | '…' | '~'))
            .trim();
        if JOINTS.contains(&between) {
            let unit = after.unit.clone();
            found.quantities[n - 1].unit = unit;
            found.quantities[n - 1].doubtful = true;
        }
    }
    found
}

/// Runs of text between blanks, without the punctuation around them.
fn chunks(text: &str) -> Vec<(usize, usize)> {
    let outside = |c: char| {
        matches!(
            c,
            '.' | ','
                | ';'
                | ':'
                | '!'
                | '?'
                | '¿'
                | '¡'
                | '('
                | ')'
                | '['
                | ']'
                | '«'
                | '»'
                | '“'
                | '”'
                | '‘'
                | '…'
                | '<'
                | '>'
        )
    };
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let blank = c.is_whitespace() || matches!(c, ';' | '(' | ')' | '[' | ']' | '<' | '>');
        match (start, blank) {
            (None, false) => start = Some(at),
            (Some(from), true) => {
                let run = &text[from..at];
                let front = run.len() - run.trim_start_matches(outside).len();
                let inner = run.trim_matches(outside);
                if !inner.is_empty() {
                    found.push((from + front, from + front + inner.len()));
                }
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// A chunk of nothing but numbers, units and what joins them; none where it is a code.
fn plain(chunk: &str, offset: usize, locale: &str, units: &Units) -> Option<Vec<Quantity>> {
    let mut found = Vec::new();
    let mut rest = chunk;
    let at = |rest: &str| offset + chunk.len() - rest.len();
    let mut negative = false;
    if let Some(behind) = rest.strip_prefix(['-', '−']) {
        negative = true;
        rest = behind;
    }
    rest = rest.trim_start_matches(['+', '±', '~', '≈', '"', '\'', 'Ø', 'ø', '#', '€', '$']);
    loop {
        let start = at(rest);
        let (number, behind) = number(rest, locale)?;
        rest = behind;
        let mut quantity = Quantity {
            start,
            end: at(rest),
            number: if negative { -number } else { number },
            unit: None,
            doubtful: false,
        };
        negative = false;
        if rest.is_empty() {
            found.push(quantity);
            return Some(found);
        }
        // `20x30`, `5-10`, `230/240`: the next number follows.
        let joint = rest
            .chars()
            .next()
            .filter(|c| matches!(c, 'x' | 'X' | '×' | '*' | '-' | '–' | '/'));
        if let Some(joint) = joint
            && rest[joint.len_utf8()..].starts_with(|c: char| c.is_ascii_digit())
        {
            rest = &rest[joint.len_utf8()..];
            found.push(quantity);
            continue;
        }
        // The unit is what follows, up to the next joint before a digit.
        let until = rest
            .char_indices()
            .find(|(n, c)| {
                matches!(c, 'x' | '×' | '-' | '–' | '/')
                    && rest[n + c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit())
            })
            .map_or(rest.len(), |(n, _)| n);
        let word = rest[..until].trim_end_matches(['"', '.', ',']);
        let word = if word.is_empty() { &rest[..until] } else { word };
        let unit = units.find(word).or_else(|| units.find(&rest[..until]));
        match (unit, word) {
            (Some(unit), _) => quantity.unit = Some(unit.code.clone()),
            (None, "€" | "$" | "EUR" | "USD" | "ª" | "º" | "." | ",") => {}
            (None, _) => return None,
        }
        quantity.end = offset + chunk.len() - rest.len() + until;
        rest = &rest[until..];
        found.push(quantity);
        match rest.chars().next() {
            None => return Some(found),
            Some(joint) => rest = &rest[joint.len_utf8()..],
        }
    }
}

/// The number that a text begins with, and what follows it.
fn number<'a>(text: &'a str, locale: &str) -> Option<(Decimal, &'a str)> {
    if let Some((value, width)) = text.chars().next().and_then(|c| Some((fraction(c)?, c.len_utf8()))) {
        return Some((value, &text[width..]));
    }
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let digit = bytes[end].is_ascii_digit();
        let inner = matches!(bytes[end], b'.' | b',') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) && end > 0;
        if !digit && !inner {
            break;
        }
        end += 1;
    }
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return None;
    }
    let value = notation(digits, has_comma(locale))?;
    // `3/8` of an inch, `1½`.
    if let Some((part, width)) = rest.chars().next().and_then(|c| Some((fraction(c)?, c.len_utf8()))) {
        return Some((value.checked_add(part)?, &rest[width..]));
    }
    if let Some(under) = rest.strip_prefix('/') {
        let length = under.bytes().take_while(u8::is_ascii_digit).count();
        let (under, behind) = under.split_at(length);
        if let (1..=2, Ok(under)) = (length, under.parse::<u32>())
            && matches!(under, 2 | 4 | 8 | 16 | 32 | 64)
            && value.is_integer()
            && value < Decimal::from(under)
        {
            return Some((value.checked_div(Decimal::from(under))?, behind));
        }
    }
    Some((value, rest))
}

/// Digits with marks, as a language means them: the one mark groups by three, the other begins the decimals.
fn notation(digits: &str, comma: bool) -> Option<Decimal> {
    let (group, mark) = if comma { ('.', ',') } else { (',', '.') };
    let parts: Vec<&str> = digits.split(group).collect();
    let grouped = parts.len() > 1
        && (1..=3).contains(&parts[0].len())
        && parts[0] != "0"
        && parts[1..].iter().enumerate().all(|(n, part)| {
            // Decimals may follow the last group.
            let whole = if n + 2 == parts.len() {
                part.split(mark).next().unwrap_or("")
            } else {
                part
            };
            whole.len() == 3
        });
    let plain: String = match grouped {
        true => digits.chars().filter(|c| *c != group).collect(),
        // A single foreign mark is a decimal one: `1.5` in a Spanish text.
        false if parts.len() == 2 && !digits.contains(mark) => digits.replace(group, "."),
        false if parts.len() > 1 => return None,
        false => digits.to_owned(),
    };
    let plain = plain.replace(mark, ".");
    Decimal::from_str_exact(&plain).ok().map(|number| number.normalize())
}

/// The unit behind a number and a blank: up to three words, or a sign.
fn unit_behind(text: &str, all: &[Word<'_>], units: &Units, quantity: &mut Quantity) {
    let rest = &text[quantity.end..];
    let gap = rest.len() - rest.trim_start_matches([' ', '\u{a0}', '\u{202f}', '\u{2009}']).len();
    if gap > 3 {
        return;
    }
    let rest = &rest[gap..];
    let from = quantity.end + gap;
    let sign: String = rest
        .chars()
        .take(LONGEST_SIGN + 1)
        .take_while(|c| !c.is_whitespace() && !matches!(c, ',' | ';' | ':' | ')' | '.' | '!' | '?'))
        .collect();
    let first = all.partition_point(|word| word.start < from);
    let next = all.get(first..).unwrap_or_default();
    for count in (1..=3).rev() {
        let Some(last) = next.get(count - 1).filter(|_| next[0].start == from) else {
            continue;
        };
        let word = &text[from..last.end];
        if count > 1 && word.contains(['.', ',', ';', ':', '\n']) {
            continue;
        }
        if let Some(unit) = units.find(word) {
            // `2 in 1`, `de 5 a 10`: a small word between others is mostly no unit.
            let small = NO_UNITS.contains(&word.to_lowercase().as_str());
            let follows = next
                .get(count)
                .is_some_and(|word| text[last.end..word.start].trim().is_empty());
            if small && follows {
                return;
            }
            quantity.doubtful = small;
            quantity.unit = Some(unit.code.clone());
            quantity.end = last.end;
            return;
        }
    }
    if (1..=LONGEST_SIGN).contains(&sign.chars().count())
        && let Some(unit) = units.find(&sign)
    {
        quantity.unit = Some(unit.code.clone());
        quantity.end = from + sign.len();
    }
}

/// Numbers in words, in thousandths. One is an article too, so it says nothing; what is double something is no number.
const SPANISH: &[(&str, u32)] = &[
    ("medio", 500),
    ("dos", 2_000),
    ("tres", 3_000),
    ("cuatro", 4_000),
    ("cinco", 5_000),
    ("seis", 6_000),
    ("siete", 7_000),
    ("ocho", 8_000),
    ("nueve", 9_000),
    ("diez", 10_000),
    ("once", 11_000),
    ("doce", 12_000),
    ("docena", 12_000),
    ("docenas", 12_000),
    ("cien", 100_000),
    ("ciento", 100_000),
    ("cientos", 100_000),
    ("mil", 1_000_000),
    ("miles", 1_000_000),
];
const ENGLISH: &[(&str, u32)] = &[
    ("half", 500),
    ("two", 2_000),
    ("three", 3_000),
    ("four", 4_000),
    ("five", 5_000),
    ("six", 6_000),
    ("seven", 7_000),
    ("eight", 8_000),
    ("nine", 9_000),
    ("ten", 10_000),
    ("eleven", 11_000),
    ("twelve", 12_000),
    ("dozen", 12_000),
    ("dozens", 12_000),
    ("hundred", 100_000),
    ("hundreds", 100_000),
    ("thousand", 1_000_000),
    ("thousands", 1_000_000),
];

fn number_words(all: &[Word<'_>], locale: &str, found: &mut Vec<Quantity>) {
    let list = match locale.get(..2) {
        Some("es") => SPANISH,
        Some("en") => ENGLISH,
        _ => return,
    };
    for word in all {
        if let Some((_, thousandths)) = list.iter().find(|(known, _)| *known == word.folded) {
            found.push(Quantity {
                start: word.start,
                end: word.end,
                number: Decimal::new(i64::from(*thousandths), 3).normalize(),
                unit: None,
                doubtful: false,
            });
        }
    }
}

fn fraction(c: char) -> Option<Decimal> {
    let hundredths = match c {
        '¼' => 250,
        '½' => 500,
        '¾' => 750,
        '⅛' => 125,
        '⅜' => 375,
        '⅝' => 625,
        '⅞' => 875,
        _ => return None,
    };
    Some(Decimal::new(hundredths, 3).normalize())
}

fn is_power(c: char) -> bool {
    matches!(c, '²' | '³')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, locale: &str, expected: &str) {
        let found = quantities(text, locale, Units::builtin());
        let mut shown: Vec<(usize, String)> = found
            .quantities
            .iter()
            .map(|quantity| {
                let unit = quantity
                    .unit
                    .as_deref()
                    .map_or(String::new(), |unit| format!(" {unit}"));
                (quantity.start, format!("{}{unit}", quantity.number))
            })
            .collect();
        shown.extend(
            found
                .codes
                .iter()
                .map(|(from, to)| (*from, format!("[{}]", &text[*from..*to]))),
        );
        shown.sort();
        let shown: Vec<String> = shown.into_iter().map(|(_, text)| text).collect();
        assert_eq!(shown.join(" | "), expected, "{text}");
    }

    #[test]
    fn numbers_are_read_as_their_language_writes_them() {
        check(
            "Pesa 1,5 kg y mide 30 x 20 x 10 cm.",
            "es",
            "1.5 kg | 30 cm | 20 cm | 10 cm",
        );
        check("It weighs 1.5 kg and 1,250 g more", "en", "1.5 kg | 1250 g");
        check("Par de 1.250 Nm, 1.5 kg", "es", "1250 Nm | 1.5 kg");
        check("20x30cm, 18V y 230/240 V", "es", "20 cm | 30 cm | 18 V | 230 V | 240 V");
        check(
            "De 5 a 10 bar, a -18 °C, 12 m²",
            "es",
            "5 bar | 10 bar | -18 °C | 12 m2",
        );
        check("Llave de 3/8\" y 1½ pulgadas", "es", "0.375 in | 1.5 in");
        check(
            "GSB-18V, M12, IP67, 4K y 2 en 1",
            "es",
            "[GSB-18V] | [M12] | [IP67] | 4 K | 2 | 1",
        );
        check("Dos baterías y tres años", "es", "2 | 3 a");
        check("Two speeds, a 2 in 1 design", "en", "2 | 2 | 1");
        check(
            "Medio kilo, una docena, cien y mil usos",
            "es",
            "0.5 kg | 12 | 100 | 1000",
        );
        check("Half a litre, a dozen, hundreds of uses", "en", "0.5 | 12 | 100");
        check("10 metros cuadrados al 50 %", "es", "10 m2 | 50 %");
        check("por 12,50 € o 12€", "es", "12.5 | 12");
        check("１８ V y 1.2.3", "es", "[１８] | [1.2.3]");
        check("", "es", "");
    }
}
