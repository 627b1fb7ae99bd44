//! Counts of values among what was found, for every attribute with a column.
//!
//! Texts have a number of their own in each part of the index, so they get one for all parts, made once for many questions;
//! only the values that are shown are named.

use crate::index::layout::{Column, Form};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tantivy::columnar::Column as Values;
use tantivy::columnar::{ColumnIndex, RowId, StrColumn};
use tantivy::{DocId, Searcher, SegmentOrdinal, SegmentReader};

/// Values a facet shows.
pub const MOST_VALUES: usize = 50;

/// A value of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    Number(i64),
    Text(String),
}

/// A column that is counted, ready for all parts of the index.
#[derive(Clone)]
pub enum Facet {
    Numbers(Column),
    Texts(Arc<Numbering>),
}

impl Facet {
    /// Makes a column ready.
    pub fn new(column: &Column, searcher: &Searcher) -> tantivy::Result<Facet> {
        Ok(match column.form {
            Form::Number => Facet::Numbers(column.clone()),
            Form::Text => Facet::Texts(Arc::new(Numbering::new(column, searcher)?)),
        })
    }

    /// No counts yet.
    pub fn counts(&self) -> Counts {
        match self {
            Facet::Numbers(_) => Counts::Numbers(BTreeMap::new()),
            Facet::Texts(numbering) => Counts::Texts(vec![0; numbering.named.len()]),
        }
    }

    /// The most counted values first, equals in their order; at most `MOST_VALUES`.
    pub fn leading(&self, counts: Counts) -> tantivy::Result<Vec<(Counted, u64)>> {
        match (self, counts) {
            (_, Counts::Numbers(counts)) => {
                let mut all: Vec<(i64, u64)> = counts.into_iter().collect();
                all.sort_by_key(|(_, count)| Reverse(*count));
                all.truncate(MOST_VALUES);
                let named = |(number, count)| (Counted::Number(number), count);
                Ok(all.into_iter().map(named).collect())
            }
            (Facet::Texts(numbering), Counts::Texts(counts)) => {
                let counted = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
                let mut all: Vec<(usize, u64)> = counted.collect();
                // Numbers are in the order of the texts.
                let order = |(number, count): &(usize, u64)| (Reverse(*count), *number);
                if all.len() > MOST_VALUES {
                    all.select_nth_unstable_by_key(MOST_VALUES, order);
                    all.truncate(MOST_VALUES);
                }
                all.sort_unstable_by_key(order);
                let mut leading = Vec::with_capacity(all.len());
                for (number, count) in all {
                    leading.push((Counted::Text(numbering.name(number)?), count));
                }
                Ok(leading)
            }
            (Facet::Numbers(_), Counts::Texts(_)) => Ok(Vec::new()),
        }
    }
}

/// Numbers of a column's texts that hold in all parts, in the order of the texts.
pub struct Numbering {
    /// By part; none where no product there has a text.
    columns: Vec<Option<StrColumn>>,
    /// By part and the text's number there.
    numbers: Vec<Vec<u32>>,
    /// Where each number is named: a part and the text's number there.
    named: Vec<(usize, u64)>,
}

impl Numbering {
    /// Reads the dictionaries of all parts side by side.
    pub fn new(column: &Column, searcher: &Searcher) -> tantivy::Result<Numbering> {
        let mut columns = Vec::new();
        for reader in searcher.segment_readers() {
            columns.push(reader.fast_fields().str(&column.name)?);
        }
        let mut streams = Vec::new();
        for (part, column) in columns.iter().enumerate() {
            if let Some(column) = column {
                let mut stream = column.dictionary().stream()?;
                if stream.advance() {
                    streams.push((part, stream));
                }
            }
        }
        let mut numbers: Vec<Vec<u32>> = vec![Vec::new(); columns.len()];
        let mut named = Vec::new();
        let mut least: Vec<u8> = Vec::new();
        while let Some((_, stream)) = streams.iter().min_by(|(_, a), (_, b)| a.key().cmp(b.key())) {
            least.clear();
            least.extend_from_slice(stream.key());
            let mut first = None;
            streams.retain_mut(|(part, stream)| {
                if stream.key() != least {
                    return true;
                }
                let numbers = &mut numbers[*part];
                first = first.or(Some((*part, numbers.len() as u64)));
                numbers.push(named.len() as u32);
                stream.advance()
            });
            named.extend(first);
        }
        drop(streams);
        Ok(Numbering {
            columns,
            numbers,
            named,
        })
    }

    /// How many texts there are in all parts.
    pub fn count(&self) -> usize {
        self.named.len()
    }

    /// The texts of a part's products, and the number in all parts of each text there; none where no product has any.
    pub fn part(&self, part: usize) -> Option<(&StrColumn, &[u32])> {
        let column = self.columns.get(part)?.as_ref()?;
        Some((column, self.numbers.get(part)?))
    }

    /// The text of a number.
    pub fn name(&self, number: usize) -> tantivy::Result<String> {
        let mut text = String::new();
        if let Some((part, ord)) = self.named.get(number)
            && let Some(Some(column)) = self.columns.get(*part)
        {
            column.ord_to_str(*ord, &mut text)?;
        }
        Ok(text)
    }
}

/// How often values were counted.
#[derive(Debug)]
pub enum Counts {
    Numbers(BTreeMap<i64, u64>),
    /// By their number in all parts.
    Texts(Vec<u64>),
}

impl Counts {
    /// Adds what a part counted.
    pub fn add(&mut self, part: Vec<(i64, u32)>) {
        for (value, count) in part {
            match self {
                Counts::Numbers(counts) => *counts.entry(value).or_default() += u64::from(count),
                Counts::Texts(counts) => {
                    if let Some(sum) = counts.get_mut(value as usize) {
                        *sum += u64::from(count);
                    }
                }
            }
        }
    }
}

/// Counts in one part of the index.
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
        column: StrColumn,
        numbering: Arc<Numbering>,
        part: usize,
        counts: Vec<u32>,
    },
    Numbers {
        column: Values<i64>,
        counts: HashMap<i64, u32>,
    },
}

impl Counter {
    /// Begins to count in a part.
    pub fn new(facet: &Facet, part: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<Counter> {
        let part = part as usize;
        let values = match facet {
            Facet::Texts(numbering) => match numbering.columns.get(part) {
                Some(Some(column)) => Counting::Texts {
                    column: column.clone(),
                    numbering: numbering.clone(),
                    part,
                    counts: vec![0; column.num_terms()],
                },
                _ => Counting::Nothing,
            },
            Facet::Numbers(column) => match reader.fast_fields().column_opt::<i64>(&column.name)? {
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
            Counting::Texts { column, counts, .. } => {
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

    /// What was counted: numbers, or the numbers of texts in all parts. In no order.
    pub fn finish(self) -> Vec<(i64, u32)> {
        match self.values {
            Counting::Nothing => Vec::new(),
            Counting::Numbers { counts, .. } => counts.into_iter().collect(),
            Counting::Texts {
                numbering,
                part,
                counts,
                ..
            } => {
                let numbers = numbering.numbers.get(part).map_or(&[][..], Vec::as_slice);
                let counted = numbers.iter().zip(counts).filter(|(_, count)| *count > 0);
                counted.map(|(number, count)| (i64::from(*number), count)).collect()
            }
        }
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
