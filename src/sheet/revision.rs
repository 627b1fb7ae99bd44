//! What a row said when it went out, as one short text: a hash of its SKU and of each cell.
//!
//! Thirty-six bits a cell: of a million edited cells, the chance that one is taken for untouched is 1 in 70,000.

use xxhash_rust::xxh3::xxh3_64;

/// Letters of one hash, six bits each.
const LETTERS: usize = 6;
const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
/// Stands before the hashes, so that no program takes them for a number.
const MARK: char = 'r';

/// What a row said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    text: String,
}

impl Revision {
    /// Begins the revision of a row; its cells follow in the order of the columns.
    pub fn of(sku: &str, columns: usize) -> Revision {
        let mut text = String::with_capacity(1 + LETTERS * (columns + 1));
        text.push(MARK);
        push(sku, &mut text);
        Revision { text }
    }

    /// Adds a cell that says `text`.
    pub fn cell(&mut self, text: &str) {
        push(text, &mut self.text);
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads the revision of a row back; `None` where it is none of so many columns, or that of another SKU.
    pub fn parse(text: &str, sku: &str, columns: usize) -> Option<Revision> {
        let known = |byte: u8| ALPHABET.contains(&byte);
        let whole = text.len() == 1 + LETTERS * (columns + 1) && text.starts_with(MARK) && text.bytes().all(known);
        let own = Revision::of(sku, 0);
        (whole && text.starts_with(own.text())).then(|| Revision { text: text.to_owned() })
    }

    fn slot(&self, column: usize) -> &str {
        let start = 1 + LETTERS * (column + 1);
        self.text.get(start..start + LETTERS).unwrap_or_default()
    }

    /// True where the cell of a column said `text`.
    pub fn said(&self, column: usize, text: &str) -> bool {
        let mut hash = String::with_capacity(LETTERS);
        push(text, &mut hash);
        self.slot(column) == hash
    }
}

fn push(text: &str, out: &mut String) {
    let mut hash = xxh3_64(text.as_bytes());
    for _ in 0..LETTERS {
        out.push(char::from(ALPHABET[(hash & 63) as usize]));
        hash >>= 6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_knows_its_row_and_its_cells() {
        let mut revision = Revision::of("A-1", 3);
        revision.cell("Taladro");
        revision.cell("12.5");
        revision.cell("");
        assert_eq!(revision.text().len(), 25);
        let read = Revision::parse(revision.text(), "A-1", 3).expect("it is whole");
        assert!(read.said(0, "Taladro") && !read.said(0, "taladro") && read.said(2, "") && read.said(1, "12.5"));
        assert_eq!(Revision::parse(revision.text(), "A-2", 3), None);
        assert_eq!(Revision::parse(revision.text(), "A-1", 2), None);
        assert_eq!(Revision::parse(&revision.text()[1..], "A-1", 3), None);
        assert_eq!(Revision::parse("", "A-1", 3), None);
        assert_eq!(Revision::parse(&"é".repeat(25), "A-1", 3), None);
    }
}
