//! GTIN, ISBN and MPN: check digits, what spreadsheets do to long codes, and what can be repaired with proof.
//!
//! Codes are text from the first byte. Nothing is invented here: a repair needs the check digit as its witness and is
//! reported; a code that lost digits is refused. Whether two products are the same is left to `merge`.

use crate::value::mismatch::Mismatch;
use crate::value::repair;
use crate::value::text;
use crate::value::text::{fold, has_control, has_invisible, tidy};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A GS1 trade item number with a valid check digit: GTIN-8, 12, 13 or 14.
///
/// Equality and order are those of the number: `036000291452` and `0036000291452` name one item. The length said is kept
/// for writing.
#[derive(Debug, Clone, Copy)]
pub struct Gtin {
    number: u64,
    length: u8,
}

impl PartialEq for Gtin {
    fn eq(&self, other: &Gtin) -> bool {
        self.number == other.number
    }
}

impl Eq for Gtin {}

impl Hash for Gtin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl PartialOrd for Gtin {
    fn partial_cmp(&self, other: &Gtin) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Gtin {
    fn cmp(&self, other: &Gtin) -> Ordering {
        self.number.cmp(&other.number)
    }
}

/// The digits of a GTIN without an allocation; reads like a `str`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    bytes: [u8; 14],
    start: u8,
}

impl std::ops::Deref for Digits {
    type Target = str;

    fn deref(&self) -> &str {
        self.bytes
            .get(usize::from(self.start)..)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits())
    }
}

impl Gtin {
    /// Reads 8, 12, 13 or 14 plain digits with a valid check digit, nothing else. Use `read` for foreign cells.
    pub fn parse(text: &str) -> Result<Gtin, Mismatch> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 8 | 12 | 13 | 14) || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(Mismatch::new("E-GTIN", "not a GTIN of 8, 12, 13 or 14 digits"));
        }
        if repair::repeats_one_digit(bytes) {
            return Err(filler());
        }
        if !check_fits(bytes) {
            return Err(check_digit(bytes));
        }
        let number = bytes
            .iter()
            .fold(0u64, |number, byte| number * 10 + u64::from(byte - b'0'));
        Ok(Gtin {
            number,
            length: bytes.len() as u8,
        })
    }

    /// Reads a foreign cell. What was repaired, or is doubtful, comes back as a remark (`W-GTIN-…`) beside the number.
    ///
    /// Repaired: printed groups, labels, spreadsheet quoting, `.0`, full-width digits, element strings, Digital Links, scientific
    /// notation with every digit, a UPC without its leading zero, ISBN-10. Of several codes the first good one is taken. Refused: everything that lost digits, fillers
    /// such as `0` or `N/A`, several codes of which none is good, SSCCs, and 7 digits (a GTIN-8 without its zero, or an own code).
    pub fn read(text: &str) -> Result<(Gtin, Option<Mismatch>), Mismatch> {
        // No-break spaces are left on: a code inside them was pasted, and is reported as repaired.
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(Mismatch::no_value());
        }
        if let Ok(gtin) = Gtin::parse(text) {
            return Ok((gtin, gtin.doubt()));
        }
        if repair::is_filler(text) {
            return Err(filler());
        }
        if let Some(codes) = repair::several(text) {
            return Gtin::first_of(codes);
        }
        if let Some(code) = repair::carried(text) {
            return Gtin::parse(code).map(|gtin| (gtin, Some(repaired("taken out of a barcode's content"))));
        }
        let bare = repair::bare(text);
        if let Some(digits) = unscientific(&bare) {
            let digits = digits?;
            return Gtin::of_digits(
                &digits,
                Some("written out from scientific notation that kept every digit"),
            );
        }
        if let Some(digits) = repair::ungrouped(&bare) {
            return Gtin::of_digits(
                &digits,
                (digits != text).then_some("cleaned of signs that are not digits"),
            );
        }
        match isbn10(&bare) {
            Some(found) => found,
            None => Err(Mismatch::new("E-GTIN", "not a GTIN: it holds more than digits")
                .with_help("an own article code belongs in the SKU or MPN, not in the GTIN")),
        }
    }

    /// The first good one of several codes; the others are told.
    fn first_of<'t>(codes: impl Iterator<Item = &'t str>) -> Result<(Gtin, Option<Mismatch>), Mismatch> {
        /// Other codes that are told by their digits.
        const TOLD: usize = 3;
        let codes: Vec<(&str, Option<Gtin>)> = codes.map(|code| (code, Gtin::parse(code).ok())).collect();
        let good = |sure: bool| {
            let mut all = codes.iter().filter_map(|(_, gtin)| *gtin);
            all.find(|gtin| !sure || gtin.doubt().is_none())
        };
        // A company's own number stands beside the one that the world knows.
        let first = good(true).or_else(|| good(false));
        let others: Vec<&str> = (codes.iter())
            .filter(|(_, gtin)| gtin.is_none() || *gtin != first)
            .map(|(code, _)| *code)
            .collect();
        let Some(first) = first else {
            return Err(Mismatch::new(
                "E-GTIN-MULTIPLE",
                "several codes in one cell, none with a check digit that fits",
            )
            .with_help("compare them with the printed codes"));
        };
        if others.is_empty() {
            return Ok((
                first,
                first
                    .doubt()
                    .or_else(|| Some(repaired("said several times in one cell"))),
            ));
        }
        let more = if others.len() > TOLD { ", …" } else { "" };
        let told = others[..others.len().min(TOLD)].join(", ");
        let doubt = first
            .doubt()
            .map_or(String::new(), |doubt| format!(", {}", doubt.message));
        let message = format!("several codes in one cell: the first good one is taken{doubt}, not {told}{more}");
        let remark = Mismatch::new("W-GTIN-MULTIPLE", message)
            .with_help("to take another, part them with the steps `split` and `pick`");
        Ok((first, Some(remark)))
    }

    fn of_digits(digits: &str, repair: Option<&str>) -> Result<(Gtin, Option<Mismatch>), Mismatch> {
        let bytes = digits.as_bytes();
        if repair::repeats_one_digit(bytes) {
            return Err(filler());
        }
        match bytes.len() {
            8 | 12 | 13 | 14 => {
                let gtin = Gtin::parse(digits)?;
                Ok((gtin, gtin.doubt().or_else(|| repair.map(repaired))))
            }
            11 if check_fits(bytes) => {
                let gtin = Gtin::parse(&format!("0{digits}"))?;
                Ok((
                    gtin,
                    Some(repaired("given back the leading zero that a spreadsheet took")),
                ))
            }
            7 if check_fits(bytes) => Err(Mismatch::new(
                "E-GTIN-AMBIGUOUS",
                "7 digits: a GTIN-8 without its zero, or an own article code",
            )
            .with_help("format the column as text in the source and export it again")),
            10 => isbn10(digits).unwrap_or_else(|| Err(length(10))),
            18 if check_fits(bytes) => Err(Mismatch::new(
                "E-GTIN-SSCC",
                "an SSCC, which names a pallet and no product",
            )
            .with_help("map the column that holds the GTIN of the product")),
            n => Err(length(n)),
        }
    }

    /// What is doubtful about a number whose check digit fits.
    fn doubt(self) -> Option<Mismatch> {
        if self.length == 12 && (500_000_000_000..600_000_000_000).contains(&self.number) {
            return Some(
                Mismatch::new(
                    "W-GTIN-AMBIGUOUS",
                    "12 digits beginning with 5: a coupon's UPC, or an EAN-13 without its zero",
                )
                .with_help("the number is the same either way; check that it is a product's"),
            );
        }
        if self.is_restricted() {
            return Some(
                Mismatch::new(
                    "W-GTIN-RESTRICTED",
                    "a number for use inside one company, not unique in the world",
                )
                .with_help("it is never used to match products of different suppliers, nor sent to a channel"),
            );
        }
        if self.length >= 12 && self.number.is_multiple_of(1_000_000) {
            return Some(
                Mismatch::new(
                    "W-GTIN-ROUNDED",
                    "six zeros at the end: likely rounded by a spreadsheet",
                )
                .with_help("compare it with the printed code"),
            );
        }
        None
    }

    /// The number as GTIN-14, for identity: equal for all spellings of one item.
    pub fn key(self) -> u64 {
        self.number
    }

    /// How many digits were said: 8, 12, 13 or 14.
    pub fn length(self) -> usize {
        usize::from(self.length)
    }

    /// The digits as said, leading zeros kept.
    pub fn digits(self) -> Digits {
        self.padded(self.length)
    }

    /// The digits as GTIN-14, padded with zeros.
    pub fn digits14(self) -> Digits {
        self.padded(14)
    }

    fn padded(self, length: u8) -> Digits {
        let mut bytes = [b'0'; 14];
        let mut rest = self.number;
        for byte in bytes.iter_mut().rev() {
            *byte = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Digits {
            bytes,
            start: 14 - length.min(14),
        }
    }

    /// True for numbers that are not unique in the world: restricted circulation, refund receipts and coupons.
    ///
    /// GS1 prefixes 020-029, 040-049 and 200-299 (restricted circulation), 050-059 and 980-999 (coupons, refund receipts), and
    /// GTIN-8 beginning with 0 or 2; source: GS1 Company Prefix list, gs1.org/standards/id-keys/company-prefix.
    pub fn is_restricted(self) -> bool {
        if self.number < 100_000_000 {
            return matches!(self.number / 10_000_000, 0 | 2);
        }
        let prefix = self.number % 10_000_000_000_000 / 10_000_000_000;
        matches!(prefix, 20..=29 | 40..=59 | 200..=299 | 980..=999)
    }

    /// True for books (978, 979) by their prefix.
    pub fn is_isbn(self) -> bool {
        matches!(self.number / 10_000_000_000, 978 | 979)
    }
}

/// The modulo-10 rule of GS1 over all digits, the last being the check digit (GS1 General Specifications, section 7.9).
fn check_fits(digits: &[u8]) -> bool {
    let mut sum = 0u32;
    for (n, byte) in digits.iter().rev().enumerate() {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        sum += if n % 2 == 1 { digit * 3 } else { digit };
    }
    sum.is_multiple_of(10)
}

fn filler() -> Mismatch {
    Mismatch::new("E-GTIN-FILLER", "a filler that stands for no code")
        .with_help("leave the cell blank where there is no GTIN")
}

fn length(n: usize) -> Mismatch {
    Mismatch::new("E-GTIN-LENGTH", format!("{n} digits, where a GTIN has 8, 12, 13 or 14"))
        .with_help("compare it with the printed code; an own article code belongs in the SKU or MPN")
}

fn check_digit(digits: &[u8]) -> Mismatch {
    if digits.len() >= 12 && digits.ends_with(b"00000") {
        return Mismatch::new(
            "E-GTIN-ROUNDED",
            "a code rounded by a spreadsheet: its last digits are lost",
        )
        .with_help("format the column as text in the source and export it again");
    }
    Mismatch::new("E-GTIN-CHECK-DIGIT", "a check digit that does not fit the other digits")
        .with_help("compare it with the printed code: a digit is wrong, missing or swapped")
}

fn repaired(how: &str) -> Mismatch {
    Mismatch::new("W-GTIN-REPAIRED", format!("a code {how}; its check digit fits"))
        .with_help("format the column as text in the source to be sure")
}

/// The digits of `8.412345678905E12`; an error where the mantissa is too short to know them; `None` for other texts.
fn unscientific(text: &str) -> Option<Result<String, Mismatch>> {
    if !scientific(text) {
        return None;
    }
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: usize = exponent.trim_start_matches('+').parse().ok()?;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    Some(if digits.len() == exponent.saturating_add(1) {
        Ok(digits)
    } else {
        Err(Mismatch::new(
            "E-GTIN-SCIENTIFIC",
            "a code in scientific notation that has lost digits",
        )
        .with_help("format the column as text in the source and export it again; the lost digits cannot be known"))
    })
}

/// True for `8,43E+12`: a code that a spreadsheet turned into a number. Plain codes such as `12E5` or `0503E000` are not meant.
pub fn scientific(text: &str) -> bool {
    let text = text::trimmed(text);
    if !text.starts_with(|c: char| ('1'..='9').contains(&c)) {
        return false;
    }
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let (digits, signed) = match exponent.strip_prefix('+') {
        Some(digits) => (digits, true),
        None => (exponent, false),
    };
    let mut chars = mantissa.chars();
    chars.next();
    let fraction = match chars.next() {
        None => signed,
        Some('.' | ',') => {
            let rest = chars.as_str();
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
        }
        Some(_) => false,
    };
    fraction && (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// An ISBN-10 as the GTIN of the same book, with its remark; `None` where the text is none.
fn isbn10(text: &str) -> Option<Result<(Gtin, Option<Mismatch>), Mismatch>> {
    let digits = repair::isbn13_of_isbn10(text)?;
    let remark = Mismatch::new("W-GTIN-ISBN10", "an ISBN-10, kept as the ISBN-13 of the same book");
    Some(Gtin::parse(&digits).map(|gtin| (gtin, Some(remark))))
}

/// Longest identifier kept, in characters.
const LONGEST: usize = 255;

/// Reads an own code (SKU, MPN) as it stands: trimmed, composed (NFC), spreadsheet quoting (`="00123"`, `'00123`) taken off.
///
/// Refused: control and invisible characters, which would make two codes that look alike; codes that a spreadsheet turned
/// into scientific notation; more than 255 characters.
pub fn read(text: &str) -> Result<String, Mismatch> {
    let mut text = text::trimmed(text);
    if let Some(inner) = text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')) {
        text = inner.trim();
    } else if let Some(inner) = text.strip_prefix('\'') {
        text = inner.trim();
    }
    if text.is_empty() {
        return Err(Mismatch::no_value());
    }
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible && (has_control(text) || has_invisible(text) || text.contains(['\n', '\r', '\t'])) {
        return Err(
            Mismatch::new("E-IDENTIFIER-INVISIBLE", "a code with control or invisible characters")
                .with_help("retype the code in the source; a copied one may bring marks that nobody sees"),
        );
    }
    if scientific(text) {
        return Err(Mismatch::new(
            "E-IDENTIFIER-SCIENTIFIC",
            "a code that a spreadsheet turned into a number",
        )
        .with_help("format the column as text in the source and export it again"));
    }
    if text.len() > LONGEST && text.chars().count() > LONGEST {
        return Err(Mismatch::new(
            "E-IDENTIFIER-LENGTH",
            format!("a code of more than {LONGEST} characters"),
        )
        .with_help("check that the field takes its value from the right column"));
    }
    Ok(if visible {
        text.to_string()
    } else {
        tidy(text).into_owned()
    })
}

/// A manufacturer's part number for comparing: letters and digits only, lower case, without accents. Leading zeros live.
pub fn fold_mpn(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(|c| c != ' ');
    folded
}

#[cfg(test)]
mod tests;
