//! Counts of values among what was found, for every attribute with a column.
//!
//! Texts are counted by their number in each part of the index and named once at the end.

use crate::index::layout::{Column, Form};
use std::collections::{BTreeMap, HashMap};
use tantivy::columnar::Column as Values;
use tantivy::columnar::{ColumnIndex, RowId};
use tantivy::{DocId, SegmentReader};

/// Values a facet shows.
pub const MOST_VALUES: usize = 50;

/// A value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    Number(i64),
    Text(String),
}

/// What one part of the index counts.
pub struct Counter {
    values: Counting,
    /// Room for the rows of a block's documents in a column that not every document has a value in.
    documents: Vec<DocId>,
    rows: Vec<RowId>,
    ords: Vec<u64>,
    numbers: Vec<i64>,
}

enum Counting {
    /// The part has no such value.
    Nothing,
    Texts {
        column: tantivy::columnar::StrColumn,
        counts: Vec<u32>,
    },
    Numbers {
        column: Values<i64>,
        counts: HashMap<i64, u32>,
    },
}

impl Counter {
    /// Begins to count a column in a part.
    pub fn new(column: &Column, reader: &SegmentReader) -> tantivy::Result<Counter> {
        let fields = reader.fast_fields();
        let values = match column.form {
            Form::Text => match fields.str(&column.name)? {
                Some(column) => Counting::Texts {
                    counts: vec![0; column.num_terms()],
                    column,
                },
                None => Counting::Nothing,
            },
            Form::Number => match fields.column_opt::<i64>(&column.name)? {
                Some(column) => Counting::Numbers {
                    column,
                    counts: HashMap::new(),
                },
                None => Counting::Nothing,
            },
        };
        Ok(Counter {
            values,
            documents: Vec::new(),
            rows: Vec::new(),
            ords: Vec::new(),
            numbers: Vec::new(),
        })
    }

    /// Counts the values of some documents, in ascending order.
    pub fn count(&mut self, documents: &[DocId]) {
        match &mut self.values {
            Counting::Nothing => {}
            Counting::Texts { column, counts } => {
                let column = column.ords();
                let rows = rows(column, documents, &mut self.documents, &mut self.rows);
                self.ords.resize(rows.len(), 0);
                column.values.get_vals(rows, &mut self.ords);
                for ord in &self.ords {
                    if let Some(count) = counts.get_mut(*ord as usize) {
                        *count += 1;
                    }
                }
            }
            Counting::Numbers { column, counts } => {
                let rows = rows(column, documents, &mut self.documents, &mut self.rows);
                self.numbers.resize(rows.len(), 0);
                column.values.get_vals(rows, &mut self.numbers);
                for number in &self.numbers {
                    *counts.entry(*number).or_default() += 1;
                }
            }
        }
    }

    /// What was counted, by name.
    pub fn finish(self, into: &mut BTreeMap<Counted, u64>) -> tantivy::Result<()> {
        match self.values {
            Counting::Nothing => {}
            Counting::Texts { column, counts } => {
                // Neighbours in a dictionary are read in one go, and few values are counted beside many that are not.
                let wanted: Vec<u64> = (0..counts.len() as u64)
                    .filter(|ord| counts[*ord as usize] > 0)
                    .collect();
                let mut names = wanted.iter();
                column.dictionary().sorted_ords_to_term_cb(&wanted, |name| {
                    if let (Some(ord), Ok(name)) = (names.next(), std::str::from_utf8(name)) {
                        let count = u64::from(counts[*ord as usize]);
                        *into.entry(Counted::Text(name.to_owned())).or_default() += count;
                    }
                })?;
            }
            Counting::Numbers { counts, .. } => {
                for (number, count) in counts {
                    *into.entry(Counted::Number(number)).or_default() += u64::from(count);
                }
            }
        }
        Ok(())
    }
}

/// The rows of a column that documents have values in.
fn rows<'r, T: PartialOrd>(
    column: &Values<T>,
    documents: &'r [DocId],
    having: &mut Vec<DocId>,
    rows: &'r mut Vec<RowId>,
) -> &'r [RowId] {
    if let ColumnIndex::Full = column.index {
        return documents;
    }
    having.clear();
    rows.clear();
    column.index.docids_to_rowids(documents, having, rows);
    rows
}

/// The most counted values first, equals by name; at most `MOST_VALUES`.
pub fn leading(counts: BTreeMap<Counted, u64>) -> Vec<(Counted, u64)> {
    let mut all: Vec<(Counted, u64)> = counts.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(MOST_VALUES);
    all
}
