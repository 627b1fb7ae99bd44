//! Steps on numbers parted by a cross: the sides of `10x20x30 cm`, the pieces and the content of `12PZ X 300ML`.
//!
//! A part keeps its unit, so that it is read as any measure is; what it means is left to `mapping`. Blank texts stay blank.

use crate::transform::texts::narrow;
use crate::value::mismatch::Mismatch;
use crate::value::text::fold;
use std::borrow::Cow;
use std::ops::Range;

/// Most numbers in one text.
pub const MOST: usize = 4;
/// Bytes of a word between two numbers: longer ones are texts.
const WORD: usize = 24;
/// Most pieces of a pack.
const MOST_PIECES: u64 = 1_000_000;

/// What of a pack is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackPart {
    /// How many pieces: a whole number.
    Count,
    /// What one piece holds, with its unit.
    Content,
}

/// A number and the unit behind it, by their places in the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Part {
    number: Range<usize>,
    unit: Range<usize>,
}

/// The numbers of a text in order, without an allocation.
#[derive(Debug, Default)]
struct Parts {
    parts: [Part; MOST],
    count: usize,
    /// Some are joined by a word (`24 latas de 33 cl`), not by a cross.
    worded: bool,
}

/// The n-th side with its unit, which may stand behind a later one. Blank where there are fewer.
///
/// Refused: texts that are not numbers parted by `x`, `×` or `*` (`E-DIMENSIONS`).
pub fn side<'a>(text: Cow<'a, str>, n: usize) -> Result<Cow<'a, str>, Mismatch> {
    if text.trim().is_empty() {
        return Ok(text);
    }
    let Some(parts) = read(&text).filter(|parts| !parts.worded) else {
        return Err(Mismatch::new("E-DIMENSIONS", "not sides parted by x")
            .with_help("write them as 10 x 20 x 30 cm, or part the text with other steps"));
    };
    let parts = &parts.parts[..parts.count];
    let Some(part) = parts.get(n.saturating_sub(1)) else {
        return Ok(Cow::Borrowed(""));
    };
    let later = parts[n.saturating_sub(1)..].iter();
    let unit = later.chain(parts).map(|part| &part.unit).find(|unit| !unit.is_empty());
    Ok(match unit {
        None => kept(text, &part.number),
        Some(unit) if *unit == part.unit => kept(text, &(part.number.start..unit.end)),
        Some(unit) => Cow::Owned(format!("{} {}", &text[part.number.clone()], &text[unit.clone()])),
    })
}

/// How many sides a text has; none where it is no such text.
pub fn sides(text: &str) -> Option<usize> {
    read(text)
        .filter(|parts| !parts.worded && parts.count > 1)
        .map(|parts| parts.count)
}

/// The pieces of a pack, or what one of them holds; blank where the text does not say it.
///
/// Of several numbers those with a word for pieces, or without a unit, count the pieces (`2 x 6 x 330 ml` are twelve), the one
/// with another unit is the content. Refused: texts of which that cannot be told (`E-PACK`).
pub fn pack<'a>(text: Cow<'a, str>, wanted: PackPart) -> Result<Cow<'a, str>, Mismatch> {
    if text.trim().is_empty() {
        return Ok(text);
    }
    let refused = || {
        Mismatch::new("E-PACK", "not a pack: pieces and what one holds")
            .with_help("write it as 12 x 330 ml, or part the text with other steps")
    };
    let parts = read(&text).ok_or_else(refused)?;
    let parts = &parts.parts[..parts.count];
    let mut content: Option<Range<usize>> = None;
    let mut pieces: Option<u64> = None;
    let mut one: Option<Range<usize>> = None;
    for part in parts {
        let unit = &text[part.unit.clone()];
        if !unit.is_empty() && !is_pieces(unit) {
            if content.replace(part.number.start..part.unit.end).is_some() {
                return Err(refused());
            }
            continue;
        }
        let count: u64 = text[part.number.clone()].parse().map_err(|_| refused())?;
        one = pieces.is_none().then(|| part.number.clone());
        let product = pieces.unwrap_or(1).checked_mul(count);
        pieces = Some(
            product
                .filter(|pieces| (1..=MOST_PIECES).contains(pieces))
                .ok_or_else(refused)?,
        );
    }
    // `6 x 4` may be pieces of pieces, or anything.
    let crossed = parts.len() > 1 && content.is_none() && parts.iter().all(|part| part.unit.is_empty());
    if crossed {
        return Err(refused());
    }
    Ok(match (wanted, content, pieces, one) {
        (PackPart::Content, Some(content), ..) => kept(text, &content),
        (PackPart::Count, _, Some(_), Some(one)) => kept(text, &one),
        (PackPart::Count, _, Some(pieces), None) => Cow::Owned(pieces.to_string()),
        _ => Cow::Borrowed(""),
    })
}

/// Whether a word counts pieces: `uds`, `pcs`, `Flaschen`.
pub fn is_pieces(word: &str) -> bool {
    match word.is_ascii() {
        true => PIECES.iter().any(|known| known.eq_ignore_ascii_case(word)),
        false => PIECES.contains(&fold(word).as_str()),
    }
}

fn kept<'a>(text: Cow<'a, str>, range: &Range<usize>) -> Cow<'a, str> {
    narrow(text, |text| &text[range.clone()])
}

/// Words for pieces of a pack, folded; es, en, de, fr, it, pt.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "u", "ud", "uds", "un", "und", "unid", "unids", "unidad", "unidades", "pz", "pza", "pzas", "pzs", "pieza", "piezas", "pc", "pcs",
    "pce", "piece", "pieces", "unit", "units", "stk", "stck", "st", "stuck", "stueck", "unite", "unites", "pezzo", "pezzi", "unita",
    "unidade", "peca", "pecas", "pack", "packs", "paquete", "paquetes", "caja", "cajas", "box", "boxes", "karton", "cartons",
    "lata", "latas", "can", "cans", "dose", "dosen", "canette", "canettes", "lattina", "lattine", "botella", "botellas", "bot",
    "bottle", "bottles", "flasche", "flaschen", "bouteille", "bouteilles", "bottiglia", "bottiglie", "garrafa", "garrafas", "brik",
    "briks", "sobre", "sobres", "bolsa", "bolsas", "bag", "bags", "beutel", "sachet", "sachets", "bustina", "bustine", "rollo",
    "rollos", "roll", "rolls", "rolle", "rollen", "rouleau", "rouleaux", "rotolo", "rotoli", "rolo", "rolos", "blister", "blisters",
    "tarro", "tarros", "bote", "botes", "tubo", "tubos", "capsulas", "capsules", "kapseln", "tabletas", "tablets", "tabletten",
];

/// Words that join pieces and content: `24 latas de 33 cl`.
pub const OF: &[&str] = &["de", "of", "von", "a", "da", "di", "à", "con", "with", "mit"];

/// Reads numbers with their units, each parted from the next by a cross or by a word. `None` where they are parted by
/// anything else, where there is none, or where there are more than four.
fn read(text: &str) -> Option<Parts> {
    let mut out = Parts::default();
    let mut from = 0;
    while let Some(number) = next_number(text, from) {
        if out.count == MOST {
            return None;
        }
        if out.count > 0 {
            let previous = &mut out.parts[out.count - 1];
            let (unit, worded) = between(text, previous.number.end..number.start)?;
            previous.unit = unit;
            out.worded |= worded;
        }
        from = number.end;
        out.parts[out.count].number = number;
        out.count += 1;
    }
    let last = out.parts[..out.count].last_mut()?;
    let tail = &text[last.number.end..];
    let start = text.len() - tail.trim_start().len();
    let length = text[start..]
        .find(|c: char| !is_of_unit(c))
        .unwrap_or(text.len() - start);
    last.unit = start..start + length;
    Some(out)
}

fn is_of_unit(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '"' | '\'' | '′' | '″' | '’' | '”' | '²' | '³')
}

/// The next number: digits, with points, commas and strokes between digits.
fn next_number(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let start = from + bytes[from..].iter().position(u8::is_ascii_digit)?;
    let mut end = start;
    while let Some(byte) = bytes.get(end) {
        let joins = matches!(byte, b'.' | b',' | b'/') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !byte.is_ascii_digit() && !joins {
            break;
        }
        end += 1;
    }
    Some(start..end)
}

/// The unit in what stands between two numbers, and whether a word joins them. `None`: they belong to no one thing.
fn between(text: &str, range: Range<usize>) -> Option<(Range<usize>, bool)> {
    let part = &text[range.clone()];
    if part.len() > WORD {
        return None;
    }
    let is_cross = |c: char| matches!(c, 'x' | 'X' | '×' | '*' | '✕');
    let unit = |end: usize| {
        let unit = part[..end].trim_matches([' ', '\u{a0}', '.', '-']);
        let start = range.start + (unit.as_ptr() as usize - part.as_ptr() as usize);
        unit.chars().all(is_of_unit).then_some(start..start + unit.len())
    };
    // A cross that is no letter of a word.
    for (at, c) in part.char_indices().filter(|(_, c)| is_cross(*c)) {
        let before = part[..at].chars().next_back().is_some_and(char::is_alphabetic);
        let after = part[at + c.len_utf8()..]
            .chars()
            .next()
            .is_some_and(char::is_alphabetic);
        if !c.is_alphabetic() || !before && !after {
            return Some((unit(at)?, false));
        }
    }
    // `10cmx20`, then `10xA20`.
    let trimmed = part.trim_end();
    if trimmed.ends_with(is_cross) {
        return Some((unit(trimmed.len() - 1)?, false));
    }
    if part.trim_start().starts_with(is_cross) {
        return Some((range.start..range.start, false));
    }
    let word = trimmed.rsplit([' ', '\u{a0}']).next()?;
    let is_of = OF.iter().any(|of| of.eq_ignore_ascii_case(word));
    is_of.then_some(())?;
    Some((unit(trimmed.len() - word.len())?, true))
}
