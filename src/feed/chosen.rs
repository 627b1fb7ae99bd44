//! The rows of a feed that are wanted: those whose cells say certain words.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::failure::FeedError;
use crate::feed::report::FileReport;
use crate::feed::source::{Source, place, text_of};
use crate::product::record::Records;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records with certain words in certain cells.
pub struct Chosen {
    inner: Box<dyn Source>,
    shown: Arc<str>,
    file: u32,
    /// Cells, each with the words of which it must say one.
    only: Vec<(usize, Vec<String>)>,
    /// Cells of a record that are handed on.
    width: usize,
    rows: Records,
    made: u64,
    left: u64,
}

/// What the feed is asked for, of what is wanted of its records.
pub fn asked(only: &BTreeMap<String, Vec<String>>, wanted: &[String]) -> Vec<String> {
    let mut asked = wanted.to_vec();
    for name in only.keys() {
        place(&mut asked, name);
    }
    asked
}

impl Chosen {
    /// `inner` delivers what [`asked`] says.
    pub fn new(
        inner: Box<dyn Source>,
        only: &BTreeMap<String, Vec<String>>,
        wanted: &[String],
        shown: &Arc<str>,
        file: u32,
    ) -> Chosen {
        let asked = asked(only, wanted);
        let cell = |name: &String| asked.iter().position(|known| known == name).unwrap_or(usize::MAX);
        Chosen {
            inner,
            shown: shown.clone(),
            file,
            only: only.iter().map(|(name, words)| (cell(name), words.clone())).collect(),
            width: wanted.len(),
            rows: Records::default(),
            made: 0,
            left: 0,
        }
    }
}

impl Source for Chosen {
    fn found(&self) -> &[bool] {
        let found = self.inner.found();
        &found[..self.width.min(found.len())]
    }

    fn header(&self) -> &[String] {
        self.inner.header()
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
                // What is refused is told, whatever it says.
                let says = |(cell, words): &(usize, Vec<String>)| {
                    words.iter().any(|word| text_of(row.cell(*cell)) == word.trim())
                };
                if row.fault().is_none() && !self.only.iter().all(says) {
                    self.left += 1;
                    continue;
                }
                batch.begin(row.line(), row.raw());
                for n in 0..self.width {
                    batch.push_cell(row.cell(n));
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
        if self.left > 0 {
            let message = format!("rows left out, as `only` under [file] says: {}", self.left);
            let finding = Diagnostic::info("I-ROWS-LEFT", message).at(Place::file(self.shown));
            report.diagnostics.push(finding);
        }
        report.rows = self.made;
        report
    }
}
