//! Days with the name of their month (`12 ene 2024`, `March 3, 2024`) in es, en, de, fr, it and pt.
//!
//! The name says which part is the month, so that no order has to be declared where the year has four digits.

use crate::value::text::fold;
use jiff::civil::Date;

/// The names of the months and their abbreviations, folded. None is another month in another of the languages.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["enero", "ene", "january", "jan", "januar", "janner", "janvier", "janv", "gennaio", "gen", "janeiro"],
    &["febrero", "feb", "february", "februar", "feber", "fevrier", "fevr", "fev", "febbraio", "fevereiro"],
    &["marzo", "mar", "march", "marz", "maerz", "mrz", "mars", "marco"],
    &["abril", "abr", "april", "apr", "avril", "avr", "aprile"],
    &["mayo", "may", "mai", "maggio", "mag", "maio"],
    &["junio", "jun", "june", "juni", "juin", "giugno", "giu", "junho"],
    &["julio", "jul", "july", "juli", "juillet", "juil", "luglio", "lug", "julho"],
    &["agosto", "ago", "august", "aug", "aout"],
    &["septiembre", "setiembre", "sep", "sept", "set", "september", "septembre", "settembre", "setembro"],
    &["octubre", "oct", "october", "oktober", "okt", "octobre", "ottobre", "ott", "outubro", "out"],
    &["noviembre", "nov", "november", "novembre", "novembro"],
    &["diciembre", "dic", "december", "dec", "dezember", "dez", "decembre", "dicembre", "dezembro"],
];

/// Words between the parts: `12 de enero de 2024`.
const BETWEEN: &[&str] = &["de", "del", "of", "den", "do"];
/// What makes a number an ordinal: `3rd`, `1er`, `1º`.
const ORDINALS: &[&str] = &["", "st", "nd", "rd", "th", "er", "º", "°"];
/// Bytes from which on a text is no day.
const LONGEST: usize = 40;

/// True where two letters stand side by side, as they do in names and not in `2026-12-31T00:00Z`.
pub fn has_word(text: &str) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80;
    text.as_bytes().windows(2).any(|two| two.iter().all(is_letter))
}

/// The day of a text: day, name and year, or name, day and year, or year, name and day. Years of two digits are read by
/// `short`, after the name only. `None` where it is none, or not in the calendar.
pub fn read(text: &str, short: Option<fn(i16) -> i16>) -> Option<Date> {
    if text.len() > LONGEST {
        return None;
    }
    let parts = text
        .split([' ', '\u{a0}', '-', '/', '.', ','])
        .filter(|part| !part.is_empty());
    let mut month = None;
    let mut numbers = [""; 2];
    let mut count = 0;
    for part in parts {
        if part.starts_with(|c: char| c.is_ascii_digit()) {
            *numbers.get_mut(count)? = part;
            count += 1;
            continue;
        }
        let word = fold(part);
        if BETWEEN.contains(&word.as_str()) {
            continue;
        }
        let found = MONTHS.iter().position(|names| names.contains(&word.as_str()))?;
        if month.replace((found as i8 + 1, count)).is_some() {
            return None;
        }
    }
    let (month, before) = month?;
    let [first, second] = numbers;
    let (day, year) = match before {
        0 | 1 if count != 2 => return None,
        1 if first.len() == 4 && first.bytes().all(|byte| byte.is_ascii_digit()) => (second, first),
        0 | 1 => (first, second),
        _ => return None,
    };
    let end = day.find(|c: char| !c.is_ascii_digit()).unwrap_or(day.len());
    let (day, ordinal) = day.split_at(end);
    if !(1..=2).contains(&day.len()) || !ORDINALS.contains(&ordinal) || !year.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let year = match (year.len(), short) {
        (4, _) => year.parse().ok()?,
        (2, Some(whole)) => whole(year.parse().ok()?),
        _ => return None,
    };
    Date::new(year, month, day.parse().ok()?).ok()
}
