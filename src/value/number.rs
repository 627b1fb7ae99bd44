//! Exact decimals in local notations, and the proof of which notation a column uses.
//!
//! A notation is declared, never guessed per cell: `1.500` is one and a half here and fifteen hundred there. Currency signs
//! and units are taken off by `price` and `measurement` before a number comes here.

use crate::value::mismatch::Mismatch;
use crate::value::text;
use rust_decimal::Decimal;

/// How a supplier writes numbers. The group mark is optional everywhere, and where it stands, groups have three digits.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum Notation {
    /// `1234.56`: point for decimals, no group mark.
    #[default]
    #[serde(rename = "1234.56")]
    Plain,
    /// `1234,56`: comma for decimals, no group mark.
    #[serde(rename = "1234,56")]
    Comma,
    /// `1,234.56`: as in English.
    #[serde(rename = "1,234.56")]
    GroupedByComma,
    /// `1.234,56`: as in Spanish, German, Italian and Portuguese.
    #[serde(rename = "1.234,56")]
    GroupedByPoint,
    /// `1 234,56`: as in French, with any kind of space.
    #[serde(rename = "1 234,56")]
    GroupedBySpace,
    /// `1'234.56`: as in Switzerland, with either apostrophe.
    #[serde(rename = "1'234.56")]
    GroupedByApostrophe,
}

/// Every notation, the narrowest first.
pub const NOTATIONS: [Notation; 6] = [
    Notation::Plain,
    Notation::Comma,
    Notation::GroupedByComma,
    Notation::GroupedByPoint,
    Notation::GroupedBySpace,
    Notation::GroupedByApostrophe,
];

impl Notation {
    /// The notation as settings write it.
    pub fn name(self) -> &'static str {
        match self {
            Notation::Plain => "1234.56",
            Notation::Comma => "1234,56",
            Notation::GroupedByComma => "1,234.56",
            Notation::GroupedByPoint => "1.234,56",
            Notation::GroupedBySpace => "1 234,56",
            Notation::GroupedByApostrophe => "1'234.56",
        }
    }

    fn mark(self) -> char {
        match self {
            Notation::Plain | Notation::GroupedByComma | Notation::GroupedByApostrophe => '.',
            Notation::Comma | Notation::GroupedByPoint | Notation::GroupedBySpace => ',',
        }
    }

    fn groups(self, c: char) -> bool {
        match self {
            Notation::Plain | Notation::Comma => false,
            Notation::GroupedByComma => c == ',',
            Notation::GroupedByPoint => c == '.',
            Notation::GroupedBySpace => is_space(c),
            Notation::GroupedByApostrophe => c == '\'' || c == '\u{2019}',
        }
    }
}

/// Blank, no-break, thin, figure and narrow no-break space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}')
}

/// True for the characters that numbers write a minus with: hyphen-minus and U+2212.
pub fn is_minus(c: char) -> bool {
    c == '-' || c == '\u{2212}'
}

/// Reads a number in the given notation, exactly or not at all.
///
/// A sign may stand in front; surrounding spaces do not count. Refused with a reason: exponents (`8,41E+12` has lost its
/// digits), group marks that do not part three digits, more than 28 digits, and texts in another notation.
pub fn parse(text: &str, notation: Notation) -> Result<Decimal, Mismatch> {
    let text = text::trimmed(text);
    match scan(text, notation) {
        Ok(number) => Ok(number),
        Err(fault) => Err(explain(text, notation, fault)),
    }
}

/// Why the scan stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// A character that has no place in the notation.
    Shape,
    /// More digits than an exact decimal holds.
    TooLong,
}

fn scan(text: &str, notation: Notation) -> Result<Decimal, Fault> {
    let mark = notation.mark();
    let bytes = text.as_bytes();
    // The first 19 digits fit 64 bits, and hardly any number of a feed has more.
    let mut short: u64 = 0;
    let mut long: u128 = 0;
    let mut digits = 0u32; // significant, without leading zeros
    let mut any_digit = false;
    let mut scale: Option<u32> = None;
    let mut in_group = 0u32; // integer digits since the start or the last group mark
    let mut grouped = false;
    let mut negative = false;
    let mut at = 0;
    let mut full = false;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_digit() {
            // A price of many digits is written with the decimals of its currency: zeros that an exact decimal has no room for.
            if digits >= 28 && scale.is_some() && bytes[at..].iter().all(|byte| *byte == b'0') {
                full = true;
                break;
            }
            at += 1;
            any_digit = true;
            let digit = byte - b'0';
            if digits > 0 || digit != 0 {
                digits += 1;
                match digits {
                    ..=19 => short = short * 10 + u64::from(digit),
                    20 => long = u128::from(short) * 10 + u128::from(digit),
                    21..=29 => long = long * 10 + u128::from(digit),
                    _ => return Err(Fault::TooLong),
                }
            }
            match &mut scale {
                Some(28) => return Err(Fault::TooLong),
                Some(decimals) => *decimals += 1,
                None => in_group += 1,
            }
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        if c == mark && scale.is_none() {
            if grouped && in_group != 3 {
                return Err(Fault::Shape);
            }
            scale = Some(0);
        } else if scale.is_none() && notation.groups(c) {
            if in_group == 0 || in_group > 3 || (grouped && in_group != 3) {
                return Err(Fault::Shape);
            }
            grouped = true;
            in_group = 0;
        } else if at == 0 && is_minus(c) {
            negative = true;
        } else if at > 0 || c != '+' {
            return Err(Fault::Shape);
        }
        at += c.len_utf8();
    }
    if !any_digit || (scale == Some(0) && !full) || (scale.is_none() && grouped && in_group != 3) {
        return Err(Fault::Shape);
    }
    let scale = scale.unwrap_or(0);
    if digits <= 19 {
        // A zero has no sign: -0 and 0 are one value.
        return Ok(Decimal::from_parts(
            short as u32,
            (short >> 32) as u32,
            0,
            negative && short != 0,
            scale,
        ));
    }
    let mantissa = i128::try_from(long).map_err(|_| Fault::TooLong)?;
    let number = Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| Fault::TooLong)?;
    Ok(if negative { -number } else { number })
}

fn explain(text: &str, notation: Notation, fault: Fault) -> Mismatch {
    if text.is_empty() {
        return Mismatch::no_value();
    }
    if fault == Fault::TooLong {
        return Mismatch::new(
            "E-NUMBER-SIZE",
            "a number of more digits than the 28 that are kept exactly",
        )
        .with_help("round it where the feed is made, or read the column as text");
    }
    if has_exponent(text) {
        return Mismatch::new(
            "E-NUMBER-EXPONENT",
            "a number with an exponent, whose last digits may be lost",
        )
        .with_help("format the column as a plain number in the source and export it again");
    }
    let others: Vec<&str> = NOTATIONS
        .iter()
        .filter(|other| scan(text, **other).is_ok())
        .map(|other| other.name())
        .collect();
    if others.is_empty() {
        return Mismatch::new("E-NUMBER", "not a number").with_help(format!(
            "write digits in the notation {}, or take other characters off with a step",
            notation.name()
        ));
    }
    Mismatch::new(
        "E-NUMBER-NOTATION",
        format!("not a number in the notation {}", notation.name()),
    )
    .with_help(format!(
        "it would be one in the notation {}; declare it with `numbers` if the whole feed is written so",
        others.join(" or ")
    ))
}

/// True for `1e3`, `8,41E+12`: digits, an `e`, digits.
fn has_exponent(text: &str) -> bool {
    let Some((front, back)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let back = back.strip_prefix(['+', '-']).unwrap_or(back);
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    front.starts_with(|c: char| c.is_ascii_digit() || is_minus(c))
        && front.chars().skip(1).all(plain)
        && !back.is_empty()
        && back.bytes().all(|b| b.is_ascii_digit())
}

/// What the samples of a column prove about its notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// All samples are numbers in this notation, and no other that fits reads any of them differently.
    One(Notation),
    /// Several notations fit and disagree about a sample: a person decides. The narrowest of each reading, in order.
    Ambiguous(Vec<Notation>),
    /// No notation fits all samples, or there are none.
    None,
}

/// Decides which notations fit all samples of a column (blank ones do not count).
///
/// Of notations that read every sample alike the narrowest is named: it refuses tomorrow what it cannot be sure of today.
pub fn prove<'a>(samples: impl IntoIterator<Item = &'a str>) -> Proof {
    let mut fits = [true; NOTATIONS.len()];
    let mut differ = [[false; NOTATIONS.len()]; NOTATIONS.len()];
    let mut any = false;
    for sample in samples {
        let sample = sample.trim();
        if sample.is_empty() {
            continue;
        }
        any = true;
        let read = NOTATIONS.map(|notation| scan(sample, notation).ok());
        for (n, number) in read.iter().enumerate() {
            fits[n] &= number.is_some();
            for (m, other) in read.iter().enumerate() {
                differ[n][m] |= number != other;
            }
        }
    }
    if !any {
        return Proof::None;
    }
    let mut readings: Vec<usize> = Vec::new();
    for n in (0..NOTATIONS.len()).filter(|n| fits[*n]) {
        if readings.iter().all(|m| differ[n][*m]) {
            readings.push(n);
        }
    }
    match readings.as_slice() {
        [] => Proof::None,
        [one] => Proof::One(NOTATIONS[*one]),
        several => Proof::Ambiguous(several.iter().map(|n| NOTATIONS[*n]).collect()),
    }
}

/// Appends a decimal in plain notation without needless zeros, but with at least `decimals` decimals (at most 28).
///
/// Equal numbers give equal texts: `2.50` and `2.5` both append `2.5`.
pub fn write(number: Decimal, decimals: u32, out: &mut String) {
    let mut mantissa = number.mantissa().unsigned_abs();
    let mut scale = number.scale();
    // Dividing 128 bits is slow, and hardly any number needs them.
    let last = |mantissa: u128| match u64::try_from(mantissa) {
        Ok(short) => (u128::from(short / 10), (short % 10) as u8),
        Err(_) => (mantissa / 10, (mantissa % 10) as u8),
    };
    while scale > decimals {
        let (rest, 0) = last(mantissa) else { break };
        mantissa = rest;
        scale -= 1;
    }
    if number.is_sign_negative() && mantissa != 0 {
        out.push('-');
    }
    // 29 digits of the number and 28 decimals at most: 64 bytes hold any.
    let mut buffer = [b'0'; 64];
    let shown = scale.max(decimals.min(28));
    let mut written = shown - scale;
    let mut at = buffer.len() - written as usize;
    let mut pointed = shown == 0;
    loop {
        if !pointed && written == shown {
            at -= 1;
            buffer[at] = b'.';
            pointed = true;
        }
        if mantissa == 0 && pointed && written > shown {
            break;
        }
        let (rest, digit) = last(mantissa);
        at -= 1;
        buffer[at] = b'0' + digit;
        mantissa = rest;
        written += 1;
    }
    out.push_str(std::str::from_utf8(&buffer[at..]).unwrap_or("0"));
}

/// A decimal as a supplier of this notation would write it: its decimal mark, no group marks, no needless zeros.
pub fn to_text_in(number: Decimal, notation: Notation) -> String {
    let mut out = to_text(number);
    if notation.mark() != '.'
        && let Some(at) = out.find('.')
    {
        out.replace_range(at..=at, ",");
    }
    out
}

/// A decimal in plain notation without needless zeros.
pub fn to_text(number: Decimal) -> String {
    let mut out = String::with_capacity(24);
    write(number, 0, &mut out);
    out
}

/// Do people of a locale write numbers with a decimal comma. Latin American Spanish is divided; the countries named here
/// write a point (Unicode CLDR 45, `numbers/symbols/decimal`).
pub fn has_comma(locale: &str) -> bool {
    let mut parts = locale.split(['-', '_']);
    let language = parts.next().unwrap_or("");
    let region = parts.next_back().unwrap_or("");
    match language {
        "es" => !["MX", "US", "PR", "DO", "GT", "HN", "NI", "PA", "PE", "SV", "419"].contains(&region),
        "de" | "it" => !["CH", "LI"].contains(&region),
        "ca" | "gl" | "eu" | "fr" | "pt" | "nl" | "da" | "sv" | "nb" | "nn" | "no" | "fi" | "is" | "pl" | "cs"
        | "sk" | "hu" | "ro" | "bg" | "el" | "ru" | "uk" | "tr" | "hr" | "sl" | "sr" | "et" | "lv" | "lt" | "vi"
        | "id" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What reading gives, as one line.
    fn check(notation: Notation, text: &str, expected: &str) {
        let got = match parse(text, notation) {
            Ok(number) => to_text(number),
            Err(mismatch) => mismatch.code.to_string(),
        };
        assert_eq!(got, expected, "{text:?} as {}", notation.name());
    }

    #[test]
    fn each_notation_reads_its_own_numbers() {
        check(Notation::Plain, "1234.56", "1234.56");
        check(Notation::Comma, "1234,56", "1234.56");
        check(Notation::GroupedByComma, "1,234,567.89", "1234567.89");
        check(Notation::GroupedByPoint, "26.067,00", "26067");
        check(Notation::GroupedByPoint, "1.500", "1500");
        check(Notation::Plain, "1.500", "1.5");
        check(Notation::GroupedBySpace, "1\u{202f}234\u{a0}567,5", "1234567.5");
        check(Notation::GroupedByApostrophe, "1’234.50", "1234.5");
        check(Notation::GroupedByApostrophe, "1'234.50", "1234.5");
        check(Notation::GroupedByPoint, "1234,50", "1234.5");
        check(Notation::Comma, "00,60", "0.6");
        check(Notation::Plain, " -12.5 ", "-12.5");
        check(Notation::Plain, "−5.00", "-5");
        check(Notation::Plain, "+5", "5");
        check(Notation::Plain, "-0", "0");
        check(Notation::Plain, ".5", "0.5");
    }

    #[test]
    fn what_does_not_fit_is_refused_and_not_guessed() {
        check(Notation::Plain, "1.234,56", "E-NUMBER-NOTATION");
        check(Notation::GroupedByPoint, "12.50", "E-NUMBER-NOTATION");
        check(Notation::GroupedByPoint, "1.2345", "E-NUMBER-NOTATION");
        check(Notation::GroupedByComma, "1,23,456.00", "E-NUMBER");
        check(Notation::GroupedByComma, "1,234,5", "E-NUMBER");
        check(Notation::GroupedByComma, "1234,567", "E-NUMBER-NOTATION");
        for text in [
            "12.50.00",
            "12.",
            "0x10",
            "1_000",
            "1/2",
            "NaN",
            "Infinity",
            "١٢٫٥",
            "１２.５",
            "12\u{200b}.50",
            "--5",
            "-",
        ] {
            check(Notation::Plain, text, "E-NUMBER");
        }
        check(Notation::Plain, "", "I-NO-VALUE");
        check(Notation::Plain, "1e3", "E-NUMBER-EXPONENT");
        check(Notation::GroupedByPoint, "8,41E+12", "E-NUMBER-EXPONENT");
        check(Notation::Plain, "0.00000000000000000000000000001", "E-NUMBER-SIZE");
        check(Notation::Plain, "99999999999999999999999999999999", "E-NUMBER-SIZE");
        check(Notation::Plain, "79228162514264337593543950336", "E-NUMBER-SIZE");
        check(
            Notation::Plain,
            "79228162514264337593543950335",
            "79228162514264337593543950335",
        );
    }

    #[test]
    fn a_refusal_names_the_notation_that_fits() {
        let mismatch = parse("1.234,56", Notation::GroupedByComma).unwrap_err();
        assert_eq!(mismatch.to_string(), "not a number in the notation 1,234.56");
        assert_eq!(
            mismatch.help.as_deref(),
            Some("it would be one in the notation 1.234,56; declare it with `numbers` if the whole feed is written so")
        );
    }

    #[test]
    fn a_column_proves_its_notation() {
        assert_eq!(prove(["1.234,56", "3,10", ""]), Proof::One(Notation::GroupedByPoint));
        assert_eq!(prove(["12.50", "3"]), Proof::One(Notation::Plain));
        assert_eq!(prove(["12,50", "3"]), Proof::One(Notation::Comma));
        assert_eq!(
            prove(["1.500", "2.000"]),
            Proof::Ambiguous(vec![Notation::Plain, Notation::GroupedByPoint])
        );
        assert_eq!(
            prove(["1,500"]),
            Proof::Ambiguous(vec![Notation::Comma, Notation::GroupedByComma])
        );
        assert_eq!(prove(["1.500", "abc"]), Proof::None);
        assert_eq!(prove(["", " "]), Proof::None);
    }

    #[test]
    fn numbers_are_written_back_in_their_notation() {
        for notation in NOTATIONS {
            let number = Decimal::new(-123_456_750, 2);
            assert_eq!(
                parse(&to_text_in(number, notation), notation),
                Ok(number),
                "{}",
                notation.name()
            );
        }
    }

    #[test]
    fn zeros_behind_many_digits_are_read() {
        for number in ["9990000000444638864459552088", "79228162514264337593543950335"] {
            let written = format!("{number}.00");
            assert_eq!(parse(&written, Notation::Plain), parse(number, Notation::Plain));
            assert!(parse(&format!("{number}.01"), Notation::Plain).is_err());
        }
    }

    #[test]
    fn plain_text_keeps_the_decimals_asked_for() {
        let shown = |number: &str, decimals: u32| {
            let mut out = String::new();
            write(number.parse().unwrap(), decimals, &mut out);
            out
        };
        assert_eq!(shown("12.5", 2), "12.50");
        assert_eq!(shown("0.005", 2), "0.005");
        assert_eq!(shown("0", 0), "0");
        assert_eq!(shown("0.00", 0), "0");
        assert_eq!(shown("-3", 2), "-3.00");
        assert_eq!(shown("100", 0), "100");
        assert_eq!(
            shown("79228162514264337593543950335", 28),
            "79228162514264337593543950335.0000000000000000000000000000"
        );
    }

    proptest! {
        #[test]
        fn plain_text_reads_back(mantissa in any::<i64>(), scale in 0u32..=28) {
            let number = Decimal::from_i128_with_scale(i128::from(mantissa), scale);
            prop_assert_eq!(parse(&to_text(number), Notation::Plain), Ok(number));
        }

        #[test]
        fn any_text_reads_or_is_refused(text in "[-+0-9., ']{0,40}") {
            for notation in NOTATIONS {
                let _ = parse(&text, notation);
            }
            let _ = prove([text.as_str()]);
        }
    }

    #[test]
    fn commas_are_those_of_the_locale() {
        for (locale, comma) in [
            ("es", true),
            ("es-ES", true),
            ("es-MX", false),
            ("en", false),
            ("de-CH", false),
            ("pt-BR", true),
        ] {
            assert_eq!(has_comma(locale), comma, "{locale}");
        }
    }
}
