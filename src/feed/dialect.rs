//! Finds how a text table is written: its delimiter, whether it has quotes, how these are escaped, and whether spaces stand
//! around them.
//!
//! The delimiter is the one that gives rows of the same width over many rows, not the one that is frequent in the header.

use crate::diagnostic::excerpt;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::header;
use crate::feed::row::{Dialect, Quoting, Row, Scan, Scanner};
use crate::feed::settings::{FileSettings, Format};
use crate::feed::window::Window;
use std::sync::Arc;

/// Delimiters in the order in which a tie is decided.
const DELIMITERS: [u8; 7] = [b';', b'\t', b'|', b',', b'#', b'~', b'^'];
const ROWS: usize = 200;
const SAMPLE: usize = 64 * 1024;
/// A row of the sample that is longer than this and not whole holds a quote that does not close.
const LONG: usize = SAMPLE / 2;
const QUOTE: u8 = b'"';
const ESCAPE: u8 = b'\\';

/// A delimiter with what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub dialect: Dialect,
    /// Fields in most rows.
    pub width: usize,
    /// Rows looked at, and how many of them have that width.
    pub rows: usize,
    pub regular: usize,
}

/// What the settings say of a dialect; the rest is found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declared {
    pub delimiter: Option<u8>,
    /// `Some(None)`: no character.
    pub quote: Option<Option<u8>>,
    /// `Some(None)`: no character.
    pub escape: Option<Option<u8>>,
}

impl Declared {
    /// What the settings of a text table say.
    pub fn of(settings: &FileSettings, format: Format, shown: &Arc<str>) -> Result<Declared, FeedError> {
        Ok(Declared {
            delimiter: match format {
                Format::Tsv => Some(b'\t'),
                _ => one_character(&settings.delimiter, shown, "delimiter")?,
            },
            quote: character_if_said(&settings.quote, shown, "quote")?,
            escape: character_if_said(&settings.escape, shown, "escape")?,
        })
    }
}

/// Finds the dialect of the content that begins with `head`. `wanted` are header names to be expected, if any.
pub fn find(head: &[u8], declared: Declared, wanted: &[String]) -> Found {
    let sample = &head[..head.len().min(SAMPLE)];
    let whole = head.len() <= SAMPLE;
    let plain = |delimiter: u8| Dialect {
        delimiter,
        quote: declared.quote.unwrap_or(Some(QUOTE)),
        escape: declared.escape.flatten(),
        padded: false,
    };
    let dialect = match declared.delimiter {
        Some(delimiter) => plain(delimiter),
        None => {
            let mut best: Option<(u64, Dialect)> = None;
            for dialect in DELIMITERS.map(plain) {
                let score = Trial::of(sample, whole, dialect).score(wanted);
                if dialect.quote != Some(dialect.delimiter) && best.is_none_or(|(top, _)| score > top) {
                    best = Some((score, dialect));
                }
            }
            // A single column: any delimiter will do, and the comma is what the name of the format says.
            best.filter(|(score, _)| *score > 0)
                .map_or(plain(b','), |(_, dialect)| dialect)
        }
    };
    let mut best = Trial::of(sample, whole, dialect);
    if best.spoilt() && declared.quote.is_none() && marks_are_signs(sample, whole, dialect) {
        let dialect = Dialect { quote: None, ..dialect };
        return Trial::of(sample, whole, dialect).found();
    }
    let Some(quote) = dialect.quote else {
        return best.found();
    };
    let spaced = spaces_around(sample, dialect.delimiter, quote);
    let escaped = declared.escape.is_none() && memchr::memmem::find(sample, &[ESCAPE, quote]).is_some();
    for (padded, escape) in [(true, None), (false, Some(ESCAPE)), (true, Some(ESCAPE))] {
        if (padded && !spaced) || (escape.is_some() && !escaped) {
            continue;
        }
        let escape = escape.or(dialect.escape);
        let trial = Trial::of(
            sample,
            whole,
            Dialect {
                padded,
                escape,
                ..dialect
            },
        );
        // Spaces around quotes are read where that makes no row worse, an escape only where it makes one better.
        let better = trial.goodness() > best.goodness();
        if better || (padded && !best.dialect.padded && trial.goodness() == best.goodness()) {
            best = trial;
        }
    }
    best.found()
}

/// Spaces stand between a delimiter and a quote.
fn spaces_around(sample: &[u8], delimiter: u8, quote: u8) -> bool {
    // Between spaces there is nothing to pad, and looking past each of a long run would cost its square.
    if delimiter == b' ' {
        return false;
    }
    let around = |at: usize| {
        let after = || sample[at + 1..].iter().find(|byte| **byte != b' ');
        let before = || sample[..at].iter().rev().find(|byte| **byte != b' ');
        let spaced = |byte: Option<&u8>| byte == Some(&b' ');
        sample[at] == delimiter
            && ((spaced(sample.get(at + 1)) && after() == Some(&quote))
                || (spaced(sample[..at].last()) && before() == Some(&quote)))
    };
    (0..sample.len()).any(around)
}

/// Without quotes nearly all rows are of one width, and what would open a quote is a sign that stands alone, as the inch does in a
/// table of units.
fn marks_are_signs(sample: &[u8], whole: bool, dialect: Dialect) -> bool {
    let unquoted = Trial::of(sample, whole, Dialect { quote: None, ..dialect });
    let (regular, width) = unquoted.regular();
    let (Some(quote), true) = (dialect.quote, width > 1 && regular * 20 >= unquoted.widths.len() * 19) else {
        return false;
    };
    let ends = |byte: &u8| *byte == dialect.delimiter || matches!(byte, b'\n' | b'\r');
    let mut fields = sample.split(ends);
    fields.all(|field| field.first() != Some(&quote) || field.len() == 1)
}

struct Trial {
    dialect: Dialect,
    widths: Vec<usize>,
    broken: usize,
    open: bool,
    first: Vec<Vec<String>>,
}

impl Trial {
    fn of(sample: &[u8], whole: bool, dialect: Dialect) -> Trial {
        let scanner = Scanner::new(dialect);
        let mut trial = Trial {
            dialect,
            widths: Vec::new(),
            broken: 0,
            open: false,
            first: Vec::new(),
        };
        let mut row = Row::default();
        let mut at = 0;
        while trial.widths.len() < ROWS {
            let rest = &sample[at..];
            match scanner.scan(rest, whole, &mut row) {
                Scan::Row => {}
                Scan::Open(_) => {
                    trial.open = true;
                    break;
                }
                Scan::More => {
                    trial.open = rest.len() > LONG;
                    break;
                }
                Scan::End => break,
            }
            if row.end > 0 {
                trial.widths.push(row.count);
                trial.broken += row.broken as usize;
                if trial.first.len() < 10 {
                    let cells = row.fields.iter().filter(|field| field.quoting != Quoting::Broken);
                    trial.first.push(
                        cells
                            .map(|field| header::tidy(&String::from_utf8_lossy(field.of(rest))))
                            .collect(),
                    );
                }
            }
            at += row.next;
        }
        trial
    }

    /// The most frequent width, and how many rows have it. A tie goes to the wider.
    fn regular(&self) -> (usize, usize) {
        let mut sorted = self.widths.clone();
        sorted.sort_unstable();
        let mut best = (0, 0);
        for run in sorted.chunk_by(|a, b| a == b) {
            if run.len() >= best.0 {
                best = (run.len(), run[0]);
            }
        }
        best
    }

    /// Quotes do not hold: one never closes, or text follows one that does.
    fn spoilt(&self) -> bool {
        self.open || self.broken > 0
    }

    /// Quotes that hold count most, then rows of the same width.
    fn goodness(&self) -> (bool, std::cmp::Reverse<usize>, usize) {
        (!self.open, std::cmp::Reverse(self.broken), self.regular().0)
    }

    /// Regularity counts most, then the wanted names found, then the width.
    fn score(&self, wanted: &[String]) -> u64 {
        let (regular, width) = self.regular();
        if width < 2 {
            return 0;
        }
        let share = (regular * 1000 / self.widths.len().max(1)) as u64;
        let wide = (64 - (width as u64).leading_zeros()) as u64;
        let named = self.first.iter().map(|row| {
            row.iter()
                .filter(|cell| !cell.is_empty() && wanted.contains(cell))
                .count()
        });
        let named = named.max().unwrap_or(0) as u64;
        (share * share * (wide + 4 * named))
            .saturating_sub(self.broken as u64 * 1000)
            .max(1)
    }

    fn found(&self) -> Found {
        let (regular, width) = self.regular();
        Found {
            dialect: self.dialect,
            width,
            rows: self.widths.len(),
            regular,
        }
    }
}

/// Excel's own first line `sep=;`, which names the delimiter of the file.
pub fn take_announcement(window: &mut Window) -> Option<u8> {
    let (delimiter, len) = match window.data() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, b'\r', b'\n', ..] => (*delimiter, 7),
        [
            b's' | b'S',
            b'e' | b'E',
            b'p' | b'P',
            b'=',
            delimiter,
            b'\r' | b'\n',
            ..,
        ] => (*delimiter, 6),
        _ => return None,
    };
    window.take(len);
    Some(delimiter)
}

/// A setting that is one ASCII character, or says that there is none; `None` where it says nothing.
fn character_if_said(setting: &Option<String>, shown: &Arc<str>, name: &str) -> Result<Option<Option<u8>>, FeedError> {
    let said = setting.is_some().then(|| one_character(setting, shown, name));
    said.transpose()
}

/// A setting that is one ASCII character, or nothing.
fn one_character(setting: &Option<String>, shown: &Arc<str>, name: &str) -> Result<Option<u8>, FeedError> {
    match setting.as_deref().map(str::as_bytes) {
        None | Some([]) => Ok(None),
        Some(b"\\t" | b"tab") => Ok(Some(b'\t')),
        Some([byte]) if !matches!(byte, b'\n' | b'\r' | 0 | 0x80..) => Ok(Some(*byte)),
        Some(_) => {
            let message = format!(
                "`{name}` is no single character: \"{}\"",
                excerpt(setting.as_deref().unwrap_or(""))
            );
            Err(Refusal::new("E-FILE-SETTING", shown, message, "write one ASCII character, or `tab`").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, delimiter: char, width: usize) -> Found {
        let found = find(text.as_bytes(), Declared::default(), &[]);
        assert_eq!(
            (found.dialect.delimiter as char, found.width),
            (delimiter, width),
            "{text}"
        );
        found
    }

    #[test]
    fn the_delimiter_is_the_one_that_gives_a_regular_table() {
        check("sku;name;price\nA;One, red;10,00\nB;Two, blue;20,00\n", ';', 3);
        check("sku,name\nA,\"x;y;z\"\nB,\"p;q\"\n", ',', 2);
        check("sku\tname\nA\tOne, two; three\n", '\t', 2);
        check(
            "Tarifa 2026, precios sin IVA, salvo error\n\nref;nombre;pvp\n1;a;1,5\n2;b;2,5\n3;c;3,5\n",
            ';',
            3,
        );
        check("sku\nA\nB\n", ',', 1);
        check("sku#price#stock\nA#1,5#2\n", '#', 3);
    }

    #[test]
    fn spaces_before_quotes_are_seen() {
        assert!(check("a, b, c\n1, \"x, y\", 3\n2, \"z\", 4\n", ',', 3).dialect.padded);
        assert!(check("a, b, c\n1, \"x, y\" , 3\n2,\"z\"  , 4\n", ',', 3).dialect.padded);
        assert!(!check("a;b\n1; \"19 inch\n2; x\n", ';', 2).dialect.padded);
    }

    #[test]
    fn a_declared_delimiter_leaves_the_rest_to_be_found() {
        let declared = Declared {
            delimiter: Some(b','),
            ..Declared::default()
        };
        let found = find(b"a, b, c\n1, \"x, y\", 3\n2, \"z\", 4\n", declared, &[]);
        assert!(found.dialect.padded);
        let found = find(b"a,b\n1,\"x \\\"y\\\" z\"\n", declared, &[]);
        assert_eq!(found.dialect.escape, Some(b'\\'));
    }

    #[test]
    fn quotes_escaped_by_a_backslash_are_seen() {
        let escape = |text: &str| check(text, ';', 2).dialect.escape;
        assert_eq!(escape("a;b\n1;\"5\\\" pipe\"\n2;\"x;\\\";y\"\n"), Some(b'\\'));
        assert_eq!(escape("a;b\n1;\"5\"\" pipe\"\n2;\"C:\\\"\n3;\"D:\\\"\n"), None);
        let both = check("ID, Test\n1, \"a\"\n2, \"b \"\" c\"\n3, \"d \\\" e\"\n", ',', 2).dialect;
        assert!(both.padded && both.escape == Some(b'\\'));
    }

    #[test]
    fn a_sign_that_stands_alone_opens_no_quote() {
        let long = format!("-\nCode;Symbol\nD62;\"\n{}", "MTR;m\n".repeat(40));
        assert_eq!(check(&long, ';', 2).dialect.quote, None);
        assert_eq!(
            check("Code;Symbol\nC81;rad\nD62;\"\nMTR;m\n", ';', 2).dialect.quote,
            None
        );
        assert_eq!(
            check("sku;name\n1;\"Taladro\n2;Sierra\n", ';', 2).dialect.quote,
            Some(b'"')
        );
        assert_eq!(
            check("sku;name\n1;\"19\" rack\"\n2;Sierra\n", ';', 2).dialect.quote,
            Some(b'"')
        );
    }
}
