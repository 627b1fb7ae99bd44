//! The rows of a feed that are wanted, and those that take a product off, by the words that certain cells say.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::failure::FeedError;
use crate::feed::report::FileReport;
use crate::feed::settings::FileSettings;
use crate::feed::source::{Source, place, text_of};
use crate::product::record::Records;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A cell, with words that it may say.
type Says = (usize, Vec<String>);

/// Records with certain words in certain cells.
pub struct Chosen {
    inner: Box<dyn Source>,
    shown: Arc<str>,
    file: u32,
    /// Each must say one of its words.
    only: Vec<Says>,
    /// One that says one of its words takes the product off.
    removed: Vec<Says>,
    /// Cells of a record that are handed on.
    width: usize,
    rows: Records,
    made: u64,
    left: u64,
}

/// What the feed is asked for, of what is wanted of its records.
pub fn asked(settings: &FileSettings, wanted: &[String]) -> Vec<String> {
    let mut asked = wanted.to_vec();
    for name in settings.only.keys().chain(settings.removed.keys()) {
        place(&mut asked, name);
    }
    asked
}

impl Chosen {
    /// `inner` delivers what [`asked`] says.
    pub fn new(
        inner: Box<dyn Source>,
        settings: &FileSettings,
        wanted: &[String],
        shown: &Arc<str>,
        file: u32,
    ) -> Chosen {
        let asked = asked(settings, wanted);
        let cell = |name: &String| asked.iter().position(|known| known == name).unwrap_or(usize::MAX);
        let says = |words: &BTreeMap<String, Vec<String>>| -> Vec<Says> {
            words.iter().map(|(name, words)| (cell(name), words.clone())).collect()
        };
        Chosen {
            inner,
            shown: shown.clone(),
            file,
            only: says(&settings.only),
            removed: says(&settings.removed),
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
                if row.removes() || self.removed.iter().any(says) {
                    batch.say_removed();
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
