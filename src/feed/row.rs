//! Splits the rows of a text table: where each field begins and ends, and whether its quoting holds.
//!
//! Rows end with LF, CRLF or a lone CR; a quoted field may hold all of them. Nothing is decoded or copied here. The rules
//! are those of RFC 4180 (2005), with every deviation reported rather than repaired.

use memchr::{memchr, memchr2};

/// Fields a row may have.
pub const COLUMNS: usize = 2_048;

/// How a text table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    /// Character around fields that hold delimiters or line breaks.
    pub quote: Option<u8>,
    /// Character inside such fields that takes the next one as it is, beside the doubling of quotes.
    pub escape: Option<u8>,
    /// Spaces may stand between a delimiter and a quote.
    pub padded: bool,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// As it stands.
    Plain,
    /// In quotes, which are left out of the span.
    Quoted,
    /// In quotes, with doubled or escaped ones inside.
    Escaped,
    /// Text follows the closing quote; the span holds all of it, quotes included.
    Broken,
}

/// A field as a span of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub start: u32,
    pub end: u32,
    pub quoting: Quoting,
}

impl Field {
    /// The bytes of the field, doubled quotes not yet made single.
    pub fn of<'a>(&self, row: &'a [u8]) -> &'a [u8] {
        row.get(self.start as usize..self.end as usize).unwrap_or(&[])
    }
}

/// One row, as found by [`Scanner::scan`].
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The first 2,049 fields.
    pub fields: Vec<Field>,
    /// Number of fields, also where there are more.
    pub count: usize,
    /// End of the last field.
    pub end: usize,
    /// Where the next row begins.
    pub next: usize,
    /// A field is broken (see [`Quoting::Broken`]).
    pub broken: bool,
    /// A quoted field holds a line break.
    pub multiline: bool,
}

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    Row,
    /// The row goes on past the data at hand.
    More,
    /// The content ends inside quotes that opened at this byte.
    Open(usize),
    /// Nothing is left.
    End,
}

/// Splits rows by one dialect.
pub struct Scanner {
    pub dialect: Dialect,
    /// The bytes that end a plain field.
    ends: [bool; 256],
}

impl Scanner {
    pub fn new(dialect: Dialect) -> Scanner {
        let mut ends = [false; 256];
        for byte in [dialect.delimiter, b'\n', b'\r'] {
            ends[byte as usize] = true;
        }
        Scanner { dialect, ends }
    }

    /// Finds the fields of the row that begins with `data`. `ended`: nothing follows `data`.
    pub fn scan(&self, data: &[u8], ended: bool, row: &mut Row) -> Scan {
        row.fields.clear();
        row.count = 0;
        row.broken = false;
        row.multiline = false;
        if data.is_empty() {
            return if ended { Scan::End } else { Scan::More };
        }
        let mut at = 0;
        loop {
            let field = match self.quote_at(data, at) {
                Some(open) => match self.quoted(data, at, open, ended, row) {
                    Ok(field) => field,
                    Err(scan) => return scan,
                },
                None => match self.plain_end(data, at, ended) {
                    Some(end) => Field {
                        start: at as u32,
                        end: end as u32,
                        quoting: Quoting::Plain,
                    },
                    None => return Scan::More,
                },
            };
            at = match field.quoting {
                Quoting::Plain | Quoting::Broken => field.end as usize,
                // Past the closing quote, and past the spaces that may follow it.
                Quoting::Quoted | Quoting::Escaped => self.padding(data, field.end as usize + 1),
            };
            row.count += 1;
            if row.fields.len() <= COLUMNS {
                row.fields.push(field);
            }
            match data.get(at) {
                Some(b'\r') => {
                    row.end = at;
                    row.next = match data.get(at + 1) {
                        Some(b'\n') => at + 2,
                        None if !ended => return Scan::More,
                        _ => at + 1,
                    };
                    return Scan::Row;
                }
                Some(b'\n') => {
                    row.end = at;
                    row.next = at + 1;
                    return Scan::Row;
                }
                Some(_) => at += 1,
                None => {
                    row.end = at;
                    row.next = at;
                    return Scan::Row;
                }
            }
        }
    }

    /// Where the quote stands that opens the field at `at`, if one does.
    fn quote_at(&self, data: &[u8], at: usize) -> Option<usize> {
        let quote = self.dialect.quote?;
        let open = self.padding(data, at);
        (data.get(open) == Some(&quote)).then_some(open)
    }

    fn padding(&self, data: &[u8], at: usize) -> usize {
        if !self.dialect.padded {
            return at;
        }
        let spaces = data
            .get(at..)
            .unwrap_or(&[])
            .iter()
            .take_while(|byte| **byte == b' ')
            .count();
        at + spaces
    }

    /// The field whose quotes open at `open`.
    fn quoted(&self, data: &[u8], start: usize, open: usize, ended: bool, row: &mut Row) -> Result<Field, Scan> {
        let quote = data[open];
        let mut quoting = Quoting::Quoted;
        let mut at = open + 1;
        let close = loop {
            let rest = data.get(at..).unwrap_or(&[]);
            let found = match self.dialect.escape {
                None => memchr(quote, rest),
                Some(escape) => memchr2(quote, escape, rest),
            };
            let Some(found) = found else {
                return Err(if ended { Scan::Open(open) } else { Scan::More });
            };
            if rest[found] != quote {
                quoting = Quoting::Escaped;
                at += found + 2;
                continue;
            }
            match data.get(at + found + 1) {
                Some(&next) if next == quote => {
                    quoting = Quoting::Escaped;
                    at += found + 2;
                }
                None if !ended => return Err(Scan::More),
                _ => break at + found,
            }
        };
        row.multiline |= memchr2(b'\n', b'\r', &data[open..close]).is_some();
        let after = self.padding(data, close + 1);
        match data.get(after) {
            Some(&byte) if !self.ends[byte as usize] => {
                row.broken = true;
                let end = self.plain_end(data, close + 1, ended).ok_or(Scan::More)?;
                Ok(Field {
                    start: start as u32,
                    end: end as u32,
                    quoting: Quoting::Broken,
                })
            }
            None if !ended => Err(Scan::More),
            _ => Ok(Field {
                start: open as u32 + 1,
                end: close as u32,
                quoting,
            }),
        }
    }

    /// Where the plain text at `at` ends; `None` where that lies past the data.
    fn plain_end(&self, data: &[u8], at: usize, ended: bool) -> Option<usize> {
        let rest = data.get(at..).unwrap_or(&[]);
        match rest.iter().position(|byte| self.ends[*byte as usize]) {
            Some(n) => Some(at + n),
            None if ended => Some(data.len()),
            None => None,
        }
    }
}

/// Number of line ends in some bytes: LF, CRLF, or a lone CR.
pub fn line_ends(bytes: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let mut lone = 0;
    for at in memchr::memchr_iter(b'\r', bytes) {
        lone += (bytes.get(at + 1) != Some(&b'\n')) as u64;
    }
    feeds + lone
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(data: &str) -> Vec<String> {
        let scanner = Scanner::new(Dialect {
            delimiter: b';',
            quote: Some(b'"'),
            escape: None,
            padded: false,
        });
        let mut row = Row::default();
        let mut out = Vec::new();
        let mut at = 0;
        loop {
            match scanner.scan(&data.as_bytes()[at..], true, &mut row) {
                Scan::Row => {
                    let fields = row.fields.iter().map(|field| {
                        let text = String::from_utf8_lossy(field.of(&data.as_bytes()[at..])).into_owned();
                        if field.quoting == Quoting::Broken {
                            format!("!{text}")
                        } else {
                            text
                        }
                    });
                    out.push(fields.collect::<Vec<_>>().join("|"));
                    at += row.next;
                }
                other => {
                    if other != Scan::End {
                        out.push(format!("{other:?}"));
                    }
                    return out;
                }
            }
        }
    }

    #[test]
    fn rows_end_with_any_line_end() {
        assert_eq!(rows("a;b\n1;2\r\n3;4\r5;6"), ["a|b", "1|2", "3|4", "5|6"]);
        assert_eq!(rows("a;\n;\n"), ["a|", "|"]);
        assert_eq!(rows("\"a;\nb\";c"), ["a;\nb|c"]);
    }

    #[test]
    fn faults_of_quoting_are_seen() {
        assert_eq!(rows("19\" x;\"a\"\"b\"\n"), ["19\" x|a\"\"b"]);
        assert_eq!(rows("\"19\" LED;2\n3;4"), ["!\"19\" LED|2", "3|4"]);
        assert_eq!(rows("a;\"b\nc;d"), ["Open(2)"]);
    }

    proptest! {
        /// What is written by the rules is read back, whatever the texts and wherever the data is cut.
        #[test]
        fn reads_what_was_written(table in prop::collection::vec(prop::collection::vec("[a;\"\n\r é]{0,6}", 2..4), 1..5), cut in 0usize..40) {
            let mut text = String::new();
            for cells in &table {
                let cells: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
                text.push_str(&cells.join(";"));
                text.push('\n');
            }
            let scanner = Scanner::new(Dialect { delimiter: b';', quote: Some(b'"'), escape: None, padded: false });
            let mut row = Row::default();
            let mut at = 0;
            let mut read = Vec::new();
            while at < text.len() {
                let rest = &text.as_bytes()[at..];
                // A scan of less than the row asks for more and never invents one.
                let part = &rest[..cut.min(rest.len())];
                let early = scanner.scan(part, false, &mut row);
                if early == Scan::Row {
                    prop_assert!(row.next <= part.len());
                }
                prop_assert_eq!(scanner.scan(rest, true, &mut row), Scan::Row);
                let cells: Vec<String> = row.fields.iter().map(|field| String::from_utf8_lossy(field.of(rest)).replace("\"\"", "\"")).collect();
                read.push(cells);
                at += row.next;
            }
            prop_assert_eq!(read, table);
        }
    }
}
