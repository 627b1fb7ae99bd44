//! Units as texts write them behind numbers, found without copying: exactly spelled, or loosely where no harm comes of it.
//!
//! What a unit measures and how it converts is left to `value::unit`.

use crate::enrich::specs::token::Hashed;
use crate::schema::Schema;
use std::collections::{BTreeSet, HashMap};

/// A unit's position in the table.
pub type UnitId = u16;

/// Spellings that are ordinary words too, or that mean too much: left out of free text, though columns may use them.
/// In the order of their bytes.
const ORDINARY: &[&str] = &[
    "'", "''", "a", "an", "ans", "caballos", "cavalli", "cc", "ch", "d", "ea", "each", "go", "grado", "grados", "ha",
    "hs", "in", "mille", "mo", "mt", "once", "one", "ora", "ore", "paar", "pair", "pairs", "par", "pares", "pc", "pcs",
    "pie", "piece", "pieces", "pr", "pz", "pza", "sec", "set", "st", "st.", "std", "stk", "t", "tag", "tm", "tn", "to",
    "u", "ud", "uds", "un", "und", "unit", "units", "”", "′",
];
/// Spellings in capitals that people do write; the other ones are codes for machines.
const CAPITALS: &[&str] = &[
    "VAC", "VDC", "HP", "BHP", "PS", "CV", "MP", "BTU", "GB", "MB", "TB", "MHZ", "RPM", "DPI", "MW", "VA", "MPA", "MJ",
    "LPM",
];
/// Single letters that may also be written in the other case.
const EITHER_CASE: &[&str] = &["v", "w", "l"];
/// The longest spelling, in bytes.
const LONGEST: usize = 32;

/// A unit.
#[derive(Debug, Clone)]
pub struct UnitWord {
    pub code: Box<str>,
    /// Number of its dimension among those that the schema uses.
    pub dimension: u16,
}

/// The units of the dimensions that a schema measures.
#[derive(Debug, Clone, Default)]
pub struct UnitWords {
    pub units: Vec<UnitWord>,
    dimensions: Vec<Box<str>>,
    exact: HashMap<Box<str>, UnitId, Hashed>,
    /// In small letters.
    loose: HashMap<Box<str>, Option<UnitId>, Hashed>,
    /// First words of spellings of several words, in small letters.
    several: BTreeSet<Box<str>>,
}

impl UnitWords {
    pub fn new(schema: &Schema) -> UnitWords {
        let mut words = UnitWords::default();
        let used: BTreeSet<&str> = schema
            .attributes()
            .filter_map(|(_, attribute)| attribute.dimension.as_deref())
            .collect();
        words.dimensions = used.iter().map(|dimension| (*dimension).into()).collect();
        let all = schema.units().all_spellings();
        let count = all
            .iter()
            .map(|(unit, spellings)| unit.labels.len() + spellings.len())
            .sum();
        words.exact.reserve(count);
        words.loose.reserve(count);
        // Units of dimensions that no attribute has keep their numbers from being taken for others.
        for (unit, mut spellings) in all {
            let dimension = words.dimensions.iter().position(|known| *known == unit.dimension);
            // Pieces and pairs are counted by names of attributes, not by units.
            if dimension.is_none() && *unit.dimension == *"count" {
                continue;
            }
            let dimension = dimension.map_or(u16::MAX, |n| n as u16);
            let id = words.units.len() as UnitId;
            words.units.push(UnitWord {
                code: unit.code.clone(),
                dimension,
            });
            spellings.extend(unit.labels.values().map(String::as_str));
            spellings.sort_unstable();
            spellings.dedup();
            for spelling in &spellings {
                if !is_machine(spelling, &unit.code, &spellings) {
                    words.add(spelling, id);
                }
            }
        }
        words
    }

    fn add(&mut self, spelling: &str, id: UnitId) {
        let odd = spelling.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        if odd || spelling.len() > LONGEST || ORDINARY.binary_search(&spelling).is_ok() {
            return;
        }
        let small = spelling.to_lowercase();
        if let Some((first, _)) = small.split_once(' ') {
            self.several.insert(first.into());
        }
        self.exact.entry(spelling.into()).or_insert(id);
        let single = small.chars().count() == 1;
        if single && !EITHER_CASE.contains(&small.as_str()) {
            return;
        }
        // mW and MW share a spelling in small letters: neither is read out of `mw`.
        self.loose
            .entry(small.into())
            .and_modify(|other| {
                if *other != Some(id) {
                    *other = None;
                }
            })
            .or_insert(Some(id));
    }

    /// The number of a dimension, where the schema has it.
    pub fn dimension(&self, name: &str) -> Option<u16> {
        self.dimensions
            .iter()
            .position(|known| **known == *name)
            .map(|n| n as u16)
    }

    pub fn dimensions(&self) -> &[Box<str>] {
        &self.dimensions
    }

    /// The unit that stands at a byte of the text, after at most one space or hyphen, and where it ends.
    pub fn at(&self, text: &str, from: usize) -> Option<(UnitId, usize)> {
        let rest = text.get(from..)?;
        let (start, spaced) = match rest.chars().next()? {
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => (from + rest.chars().next()?.len_utf8(), true),
            '-' if rest.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) => (from + 1, true),
            _ => (from, false),
        };
        let rest = text.get(start..)?;
        let run = run(rest);
        if run == 0 {
            return None;
        }
        let word = &rest[..run];
        if self.several.contains(&*word.trim_end_matches('.').to_ascii_lowercase()) {
            let next = rest[run..].trim_start_matches(['.', ' ']);
            let gap = rest.len() - next.len();
            let end = gap + self::run(next);
            if let Some(whole) = rest.get(..end).filter(|whole| end > gap && whole.len() <= LONGEST) {
                let joined = whole.replace('.', "").split_whitespace().collect::<Vec<_>>().join(" ");
                if let Some(id) = self.find(&joined) {
                    return Some((id, start + end));
                }
            }
        }
        if spaced && matches!(word, "\"" | "″") {
            return None;
        }
        let mut word = word;
        loop {
            let bare = word.trim_end_matches('.');
            if let Some(id) = self.find(bare) {
                return Some((id, start + bare.len()));
            }
            // `230V/50Hz`, `m²/l`: the first part counts, unless the whole is a unit of its own.
            let cut = word.rfind(['/', '·', '.'])?;
            if word[cut..].starts_with('/')
                && !word[cut + 1..].starts_with(|c: char| c.is_ascii_digit())
                && cut + 1 < word.len()
            {
                // A rate that nobody knows is not its first part.
                return None;
            }
            word = &word[..cut];
        }
    }

    fn find(&self, word: &str) -> Option<UnitId> {
        if word.is_empty() || word.len() > LONGEST {
            return None;
        }
        if let Some(id) = self.exact.get(word) {
            return Some(*id);
        }
        if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return self.loose.get(word).copied().flatten();
        }
        let mut small = [0u8; LONGEST];
        if word.is_ascii() {
            let small = small.get_mut(..word.len())?;
            small.copy_from_slice(word.as_bytes());
            small.make_ascii_lowercase();
            return self.loose.get(std::str::from_utf8(small).ok()?).copied().flatten();
        }
        self.loose.get(word.to_lowercase().as_str()).copied().flatten()
    }
}

/// A code for machines among the spellings of a unit: in capitals, and nobody writes it in small letters.
fn is_machine(spelling: &str, code: &str, spellings: &[&str]) -> bool {
    is_capital(spelling)
        && *spelling != *code
        && !CAPITALS.contains(&spelling)
        && !spellings
            .iter()
            .any(|other| !is_capital(other) && other.eq_ignore_ascii_case(spelling))
}

fn is_capital(spelling: &str) -> bool {
    spelling.len() >= 2
        && spelling
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// How many bytes at the beginning can be one unit: letters, signs, and the digits of `m2` behind letters.
fn run(text: &str) -> usize {
    let mut letters = false;
    for (n, c) in text.char_indices() {
        let inside = match c {
            'a'..='z' | 'A'..='Z' => {
                letters = true;
                true
            }
            '2' | '3' if letters => !text[n + 1..].starts_with(|c: char| c.is_ascii_alphanumeric()),
            '/' | '.' => letters && text[n + 1..].starts_with(char::is_alphanumeric),
            '"' | '″' | '‰' => return if n == 0 { c.len_utf8() } else { n },
            '°' | 'º' | '²' | '³' | '·' => true,
            c if c.is_ascii() => false,
            c => {
                letters = true;
                c.is_alphabetic()
            }
        };
        if !inside {
            return n;
        }
        if n >= LONGEST {
            return 0;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{ORDINARY, is_machine};

    #[test]
    fn ordinary_words_are_found_by_halving() {
        assert!(ORDINARY.is_sorted(), "a word out of place is never found");
    }

    #[test]
    fn capitals_are_for_machines_unless_people_write_them() {
        assert!(is_machine("KGM", "kg", &["KGM", "kg", "kilo"]));
        assert!(!is_machine("MHZ", "MHz", &["MHZ"]), "people write it");
        assert!(!is_machine("LBS", "lb", &["LBS", "lbs"]), "also in small letters");
        assert!(!is_machine("KW", "KW", &["KW"]), "the unit itself");
        assert!(!is_machine("kgm", "kg", &["kgm"]), "no capitals");
    }
}
