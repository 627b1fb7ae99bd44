//! Finds how a text table is written: its delimiter, and whether spaces stand around its quotes.
//!
//! The delimiter is the one that gives rows of the same width over many rows, not the one that is frequent in the header.

use crate::feed::header;
use crate::feed::row::{Dialect, Quoting, Row, Scan, Scanner};

/// Delimiters in the order in which a tie is decided.
const DELIMITERS: [u8; 7] = [b';', b'\t', b'|', b',', b'#', b'~', b'^'];
const ROWS: usize = 200;
const SAMPLE: usize = 64 * 1024;

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

/// Finds the dialect of the content that begins with `head`. `wanted` are header names to be expected, if any.
pub fn find(head: &[u8], quote: Option<u8>, wanted: &[String]) -> Found {
    let sample = &head[..head.len().min(SAMPLE)];
    let whole = head.len() <= SAMPLE;
    let mut best: Option<(u64, Found)> = None;
    for delimiter in DELIMITERS {
        if quote == Some(delimiter) {
            continue;
        }
        let dialect = Dialect {
            delimiter,
            quote,
            padded: false,
        };
        let trial = Trial::of(sample, whole, dialect);
        let score = trial.score(wanted);
        if best.as_ref().is_none_or(|(top, _)| score > *top) {
            best = Some((score, trial.found(dialect)));
        }
    }
    let mut found = match best {
        Some((score, found)) if score > 0 => found,
        // A single column: any delimiter will do, and the comma is what the name of the format says.
        _ => {
            let dialect = Dialect {
                delimiter: b',',
                quote,
                padded: false,
            };
            Trial::of(sample, whole, dialect).found(dialect)
        }
    };
    found.dialect.padded = is_padded(sample, whole, found.dialect);
    found
}

/// Spaces stand around quotes, and reading them as part of the quoting makes no row worse.
fn is_padded(sample: &[u8], whole: bool, dialect: Dialect) -> bool {
    let Some(quote) = dialect.quote else { return false };
    let around = |at: usize| {
        let after = || sample[at + 1..].iter().find(|byte| **byte != b' ');
        let before = || sample[..at].iter().rev().find(|byte| **byte != b' ');
        let spaced = |byte: Option<&u8>| byte == Some(&b' ');
        sample[at] == dialect.delimiter
            && ((spaced(sample.get(at + 1)) && after() == Some(&quote))
                || (spaced(sample[..at].last()) && before() == Some(&quote)))
    };
    if !(0..sample.len()).any(around) {
        return false;
    }
    let plain = Trial::of(sample, whole, dialect);
    let padded = Trial::of(
        sample,
        whole,
        Dialect {
            padded: true,
            ..dialect
        },
    );
    !padded.open && padded.broken <= plain.broken && padded.regular() >= plain.regular()
}

struct Trial {
    widths: Vec<usize>,
    broken: usize,
    open: bool,
    first: Vec<Vec<String>>,
}

impl Trial {
    fn of(sample: &[u8], whole: bool, dialect: Dialect) -> Trial {
        let scanner = Scanner::new(dialect);
        let mut trial = Trial {
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
                Scan::More | Scan::End => break,
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

    fn found(&self, dialect: Dialect) -> Found {
        let (regular, width) = self.regular();
        Found {
            dialect,
            width,
            rows: self.widths.len(),
            regular,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, delimiter: char, width: usize) -> Found {
        let found = find(text.as_bytes(), Some(b'"'), &[]);
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
}
