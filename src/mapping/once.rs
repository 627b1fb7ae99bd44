//! Remarks that hold for many cells of a column and are told once, with the first of the cells and how many there are.
//!
//! What is remarked is said by the values; threads gather, and the same parts in the same order give the same sum.

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::value::quantity::Bound;
use std::sync::Arc;

/// What was remarked, by column and remark in the order in which they were met.
#[derive(Debug, Default)]
pub struct Once {
    seen: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    bound: Bound,
    column: Arc<str>,
    /// Of the first cell.
    file: Arc<str>,
    line: u64,
    value: Box<str>,
    cells: u64,
}

impl Once {
    /// Counts a cell.
    pub fn add(&mut self, bound: Bound, column: &Arc<str>, file: &Arc<str>, line: u64, value: &str) {
        if let Some(seen) = self.find(bound, column) {
            seen.cells += 1;
            return;
        }
        self.seen.push(Seen {
            bound,
            column: column.clone(),
            file: file.clone(),
            line,
            value: value.into(),
            cells: 1,
        });
    }

    /// Adds what a later part of the delivery met.
    pub fn merge(&mut self, other: Once) {
        for one in other.seen {
            match self.find(one.bound, &one.column) {
                Some(seen) => seen.cells += one.cells,
                None => self.seen.push(one),
            }
        }
    }

    fn find(&mut self, bound: Bound, column: &Arc<str>) -> Option<&mut Seen> {
        let is_it = |seen: &&mut Seen| seen.bound == bound && seen.column == *column;
        self.seen.iter_mut().find(is_it)
    }

    /// One finding for each column and remark.
    pub fn findings(self) -> Vec<Diagnostic> {
        let finding = |seen: Seen| {
            let remark = seen.bound.remark();
            let message = match seen.cells {
                1 => format!("{} (one cell)", remark.message),
                cells => format!("{} ({cells} cells)", remark.message),
            };
            let place = Place {
                file: Some(seen.file),
                line: Some(seen.line),
                column: Some(seen.column),
            };
            let mut finding = Diagnostic::new(Severity::Info, remark.code, message)
                .at(place)
                .with_value(&seen.value);
            finding.help = remark.help;
            finding
        };
        self.seen.into_iter().map(finding).collect()
    }
}
