//! The rows of a feed that are wanted, and those that take a product off, by the words that certain cells say.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::failure::FeedError;
use crate::feed::report::FileReport;
use crate::feed::settings::FileSettings;
use crate::feed::source::{Source, Upstream, place, text_of};
use crate::product::record::Records;
use std::collections::BTreeMap;

/// A cell, with words that it may say.
type Says = (usize, Vec<String>);

/// Records with certain words in certain cells.
pub struct Chosen {
    rows: Upstream,
    /// Each must say one of its words.
    only: Vec<Says>,
    /// One that says one of its words takes the product off.
    removed: Vec<Says>,
    /// Cells of a record that are handed on.
    width: usize,
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
    /// `rows` deliver what [`asked`] says.
    pub fn new(rows: Upstream, settings: &FileSettings, wanted: &[String]) -> Chosen {
        let asked = asked(settings, wanted);
        let cell = |name: &String| asked.iter().position(|known| known == name).unwrap_or(usize::MAX);
        let says = |words: &BTreeMap<String, Vec<String>>| -> Vec<Says> {
            words.iter().map(|(name, words)| (cell(name), words.clone())).collect()
        };
        Chosen {
            rows,
            only: says(&settings.only),
            removed: says(&settings.removed),
            width: wanted.len(),
            left: 0,
        }
    }
}

impl Source for Chosen {
    fn found(&self) -> &[bool] {
        let found = self.rows.found();
        &found[..self.width.min(found.len())]
    }

    fn header(&self) -> &[String] {
        self.rows.header()
    }

    fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        self.rows.begin(batch);
        while !batch.is_full() && self.rows.load()? {
            if let Some(row) = self.rows.row() {
                let says = |(cell, words): &Says| words.iter().any(|word| text_of(row.cell(*cell)) == word.trim());
                // What is refused is told, whatever it says.
                if row.fault().is_some() || self.only.iter().all(says) {
                    batch.begin_like(row);
                    (0..self.width).for_each(|n| batch.push_cell(row.cell(n)));
                    if self.removed.iter().any(says) {
                        batch.say_removed();
                    }
                } else {
                    self.left += 1;
                }
            }
            self.rows.pass();
        }
        Ok(self.rows.end(batch))
    }

    fn finish(self: Box<Self>) -> FileReport {
        let message = format!("rows left out, as `only` under [file] says: {}", self.left);
        let finding = Diagnostic::info("I-ROWS-LEFT", message).at(Place::file(self.rows.shown.clone()));
        self.rows.finish((self.left > 0).then_some(finding))
    }
}
