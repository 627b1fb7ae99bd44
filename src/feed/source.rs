//! What gives records: a reader of a format, or something that makes other records of those of a reader.

use crate::diagnostic::Diagnostic;
use crate::feed::failure::FeedError;
use crate::feed::report::FileReport;
use crate::product::record::{Cell, Record, Records};
use std::sync::Arc;

/// A file as a stream of records.
pub trait Source: Send {
    /// Which wanted fields exist: of tables known at once; of trees all, until the end is read.
    fn found(&self) -> &[bool];

    /// Header names in order; of trees none.
    fn header(&self) -> &[String];

    /// Empties the batch and fills it with the next records, up to about 4,096 or 4 MB. `false` when none are left. An error
    /// refuses the whole file, also what was read of it before.
    fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError>;

    /// What is known of the file, once it is read.
    fn finish(self: Box<Self>) -> FileReport;
}

/// What makes other records of those of a source: its rows one by one, and the batches that come of them.
pub struct Upstream {
    source: Box<dyn Source>,
    pub shown: Arc<str>,
    file: u32,
    rows: Records,
    at: usize,
    ended: bool,
    /// Records handed on so far.
    pub made: u64,
}

impl Upstream {
    pub fn new(source: Box<dyn Source>, shown: &Arc<str>, file: u32) -> Upstream {
        Upstream {
            source,
            shown: shown.clone(),
            file,
            rows: Records::default(),
            at: 0,
            ended: false,
            made: 0,
        }
    }

    pub fn found(&self) -> &[bool] {
        self.source.found()
    }

    pub fn header(&self) -> &[String] {
        self.source.header()
    }

    /// Sees to it that a row is at hand; `false` when none are left.
    pub fn load(&mut self) -> Result<bool, FeedError> {
        if self.at < self.rows.len() {
            return Ok(true);
        }
        self.at = 0;
        self.ended = self.ended || !self.source.next(&mut self.rows)?;
        if self.ended {
            self.rows.clear();
        }
        Ok(!self.ended)
    }

    /// The row at hand.
    pub fn row(&self) -> Option<Record<'_>> {
        self.rows.get(self.at)
    }

    /// Leaves the row at hand behind.
    pub fn pass(&mut self) {
        self.at += 1;
    }

    /// Empties a batch for the records that come next.
    pub fn begin(&self, batch: &mut Records) {
        batch.clear();
        batch.file = self.file;
        batch.before = self.made;
    }

    /// Counts what a batch holds; `false` where it holds nothing.
    pub fn end(&mut self, batch: &Records) -> bool {
        self.made += batch.len() as u64;
        !batch.is_empty()
    }

    /// What is known of the file, with what was found in making its records.
    pub fn finish(self, findings: impl IntoIterator<Item = Diagnostic>) -> FileReport {
        let mut report = self.source.finish();
        report.diagnostics.extend(findings);
        report.rows = self.made;
        report
    }
}

/// A pattern for names of columns in which `*` stands for any text.
pub fn names(pattern: &str, column: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| column.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Place of a name in a list, which gets it where it has it not.
pub fn place(list: &mut Vec<String>, name: &str) -> usize {
    match list.iter().position(|known| known == name) {
        Some(at) => at,
        None => {
            list.push(name.to_owned());
            list.len() - 1
        }
    }
}

/// `name@es_ES` in two, where `column` says the locale of a row.
pub fn in_locale<'n>(column: &Option<String>, name: &'n str) -> (&'n str, Option<&'n str>) {
    match name.rsplit_once('@') {
        // `A/@b` is an attribute of an element.
        Some((name, locale))
            if column.is_some() && !locale.is_empty() && !matches!(name.chars().last(), None | Some('/')) =>
        {
            (name, Some(locale))
        }
        _ => (name, None),
    }
}

/// What a cell says as a name, trimmed; of lists the first member.
pub fn text_of(cell: Cell<'_>) -> &str {
    match cell {
        Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) => text.trim(),
        Cell::List(cells) => match cells.get(0) {
            Some(Cell::Text(text) | Cell::Number(text) | Cell::Moment(text)) => text.trim(),
            _ => "",
        },
        Cell::Boolean(true) => "true",
        Cell::Boolean(false) => "false",
        Cell::Absent | Cell::Error(_) => "",
    }
}

/// A cell that says nothing.
pub fn is_blank(cell: Cell<'_>) -> bool {
    match cell {
        Cell::Absent => true,
        Cell::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, column, is) in [
            ("Title", "Title", true),
            ("Title", "Titles", false),
            ("*", "Title", true),
            ("*", "", true),
            ("Option* Name", "Option1 Name", true),
            ("Option* Name", "Option1 Value", false),
            ("*price*", "sale price net", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("SEO *", "SEO Title", true),
        ] {
            assert_eq!(names(pattern, column), is, "{pattern} {column}");
        }
    }
}
