//! Headings between the rows of a table: a row with one filled cell names the section of the rows below it.
//!
//! Price lists print categories so. What a section means is left to `mapping`, which asks for it as [`SECTION`].

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::failure::FeedError;
use crate::feed::report::FileReport;
use crate::feed::source::{Source, Upstream, is_blank, place};
use crate::product::record::{Cell, Record, Records};

/// The column that holds the section of a row.
pub const SECTION: &str = "@section";

/// Records with their section.
pub struct Sections {
    rows: Upstream,
    /// Place of each wanted cell in what the rows have; none of the section.
    cells: Vec<Option<usize>>,
    found: Vec<bool>,
    header: Vec<String>,
    section: String,
    headings: u64,
}

/// What the table is asked for: every column, since a heading leaves all others blank.
pub fn asked(header: &[String], wanted: &[String]) -> Vec<String> {
    let mut asked = Vec::new();
    for name in wanted.iter().filter(|name| *name != SECTION).chain(header) {
        place(&mut asked, name);
    }
    asked
}

/// Bytes of a heading; what is longer is a text.
const LONGEST: usize = 300;

/// The one cell of a row that is filled, where it is a short text with a letter in it.
pub fn heading<'r>(row: Record<'r>) -> Option<&'r str> {
    let mut filled = (0..row.len()).map(|n| row.cell(n)).filter(|cell| !is_blank(*cell));
    match (filled.next(), filled.next()) {
        (Some(Cell::Text(text)), None)
            if row.len() > 2 && text.len() <= LONGEST && text.contains(char::is_alphabetic) =>
        {
            Some(text.trim())
        }
        _ => None,
    }
}

impl Sections {
    /// `rows` deliver what [`asked`] says.
    pub fn new(rows: Upstream, wanted: &[String]) -> Sections {
        let asked = asked(rows.header(), wanted);
        let at = |name: &String| asked.iter().position(|known| known == name);
        let cells: Vec<Option<usize>> = wanted.iter().map(|name| at(name).filter(|_| name != SECTION)).collect();
        let is_found = |cell: &Option<usize>| cell.is_none_or(|cell| rows.found().get(cell).copied().unwrap_or(false));
        let mut header = rows.header().to_vec();
        header.push(SECTION.to_owned());
        Sections {
            found: cells.iter().map(is_found).collect(),
            header,
            rows,
            cells,
            section: String::new(),
            headings: 0,
        }
    }
}

impl Source for Sections {
    fn found(&self) -> &[bool] {
        &self.found
    }

    fn header(&self) -> &[String] {
        &self.header
    }

    fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        self.rows.begin(batch);
        while !batch.is_full() && self.rows.load()? {
            if let Some(row) = self.rows.row() {
                match heading(row).filter(|_| row.fault().is_none()) {
                    Some(section) => {
                        self.section = section.to_owned();
                        self.headings += 1;
                    }
                    None => {
                        batch.begin_like(row);
                        for cell in &self.cells {
                            match cell {
                                Some(cell) => batch.push_cell(row.cell(*cell)),
                                None if self.section.is_empty() => batch.push_absent(),
                                None => batch.push_text(&self.section),
                            }
                        }
                    }
                }
            }
            self.rows.pass();
        }
        Ok(self.rows.end(batch))
    }

    fn finish(self: Box<Self>) -> FileReport {
        let message = format!("headings between the rows: {}", self.headings);
        let finding = Diagnostic::info("I-SECTIONS", message).at(Place::file(self.rows.shown.clone()));
        self.rows.finish((self.headings > 0).then_some(finding))
    }
}

/// Whether rows that are read one after the other have headings between them: some rows fill one cell, with a letter in it, and
/// the others several. `filled` is how many cells each row fills.
pub fn has_headings(filled: &[usize]) -> bool {
    let headings = filled.iter().filter(|count| **count == 1).count();
    let rows = filled.iter().filter(|count| **count > 1).count();
    let full = filled.iter().filter(|count| **count > 2).count();
    // A heading has rows below it; a list of half-empty rows has none.
    let stands_above = filled.windows(2).any(|pair| pair[0] == 1 && pair[1] > 2);
    stands_above && headings * 2 <= rows && rows < full * 2
}

#[cfg(test)]
mod tests {
    use super::has_headings;

    #[test]
    fn headings_stand_above_rows() {
        for (filled, is) in [
            (&[1, 4, 4, 4, 1, 4, 3, 4][..], true),
            (&[4, 4, 4], false),
            (&[1, 1, 1, 4], false),
            (&[4, 4, 4, 4, 1], false),
            (&[1, 2, 2, 2, 2], false),
            (&[1, 4, 2, 4, 4], true),
            (&[], false),
        ] {
            assert_eq!(has_headings(filled), is, "{filled:?}");
        }
    }
}
