//! Headings between the rows of a table: a row with one filled cell names the section of the rows below it.
//!
//! Price lists print categories so. What a section means is left to `mapping`, which asks for it as [`SECTION`].

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::failure::FeedError;
use crate::feed::report::FileReport;
use crate::feed::source::{Source, is_blank, place};
use crate::product::record::{Cell, Record, Records};
use std::sync::Arc;

/// The column that holds the section of a row.
pub const SECTION: &str = "@section";

/// Records with their section.
pub struct Sections {
    inner: Box<dyn Source>,
    shown: Arc<str>,
    file: u32,
    /// Place of each wanted cell in what the inner source delivers; none of the section.
    cells: Vec<Option<usize>>,
    found: Vec<bool>,
    header: Vec<String>,
    section: String,
    rows: Records,
    made: u64,
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

/// The one cell of a row that is filled, where it is a text with a letter in it.
pub fn heading<'r>(row: Record<'r>) -> Option<&'r str> {
    let mut filled = (0..row.len()).map(|n| row.cell(n)).filter(|cell| !is_blank(*cell));
    match (filled.next(), filled.next()) {
        (Some(Cell::Text(text)), None) if row.len() > 2 && text.contains(char::is_alphabetic) => Some(text.trim()),
        _ => None,
    }
}

impl Sections {
    /// `inner` delivers what [`asked`] says.
    pub fn new(inner: Box<dyn Source>, wanted: &[String], shown: &Arc<str>, file: u32) -> Sections {
        let asked = asked(inner.header(), wanted);
        let at = |name: &String| asked.iter().position(|known| known == name);
        let cells: Vec<Option<usize>> = wanted.iter().map(|name| at(name).filter(|_| name != SECTION)).collect();
        let is_found = |cell: &Option<usize>| cell.is_none_or(|cell| inner.found().get(cell).copied().unwrap_or(false));
        let mut header = inner.header().to_vec();
        header.push(SECTION.to_owned());
        Sections {
            found: cells.iter().map(is_found).collect(),
            header,
            inner,
            shown: shown.clone(),
            file,
            cells,
            section: String::new(),
            rows: Records::default(),
            made: 0,
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
        batch.clear();
        batch.file = self.file;
        batch.before = self.made;
        while batch.is_empty() {
            if !self.inner.next(&mut self.rows)? {
                return Ok(false);
            }
            for row in self.rows.iter() {
                if row.fault().is_none()
                    && let Some(section) = heading(row)
                {
                    self.section = section.to_owned();
                    self.headings += 1;
                    continue;
                }
                batch.begin(row.line(), row.raw());
                for cell in &self.cells {
                    match cell {
                        Some(cell) => batch.push_cell(row.cell(*cell)),
                        None if self.section.is_empty() => batch.push_absent(),
                        None => batch.push_text(&self.section),
                    }
                }
                if let Some(fault) = row.fault() {
                    batch.refuse(fault.clone());
                }
            }
        }
        self.made += batch.len() as u64;
        Ok(true)
    }

    fn finish(self: Box<Self>) -> FileReport {
        let mut report = self.inner.finish();
        if self.headings > 0 {
            let message = format!("headings between the rows: {}", self.headings);
            let finding = Diagnostic::info("I-SECTIONS", message).at(Place::file(self.shown));
            report.diagnostics.push(finding);
        }
        report.rows = self.made;
        report
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
