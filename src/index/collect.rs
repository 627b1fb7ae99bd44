//! One pass over what matches: how many, the first of them in the wanted order, and the facets.
//!
//! Equals are ordered by SKU, so that neither threads nor the parts of the index show.

use crate::index::facet::{Counter, Counts, Facet};
use crate::index::layout::{Column, Form, ID, SKU};
use crate::index::scoring::rounded;
use crate::index::worth::at_stake;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column as Values, StrColumn};
use tantivy::{DocId, Score, SegmentReader};

/// The wanted order.
#[derive(Debug, Clone)]
pub enum Order {
    /// The best first.
    Score,
    Sku {
        descending: bool,
    },
    /// By a column; products without a value come last either way.
    By {
        column: Column,
        descending: bool,
    },
    /// By what is at stake: the column of worths, and by number of the product how many channels block it.
    Worth {
        column: Column,
        blocking: Arc<Vec<u8>>,
        descending: bool,
    },
}

/// A product found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub product: i64,
    pub sku: String,
    /// Ten-thousandths.
    pub score: i64,
    place: Place,
}

/// Where it stands by the wanted order, comparable between parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Lower first; `u64::MAX` for none.
    Rank(u64),
    Text(Option<String>),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Page {
    pub total: u64,
    /// As many as were asked for, in order.
    pub found: Vec<Found>,
    /// By facet, in the order asked for.
    pub facets: Vec<Counts>,
}

/// Collects a page.
pub struct PageCollector {
    pub order: Order,
    /// Products to keep, from the first.
    pub keep: usize,
    pub facets: Vec<Facet>,
    /// Without words all scores are alike and need not be computed.
    pub scored: bool,
}

/// A candidate in one part: its rank (lower is better), then its SKU's number there.
type Candidate = (u64, u64, DocId, i64);

/// Collects in one part of the index.
pub struct PartCollector {
    keep: usize,
    sort: Sort,
    sku: Option<StrColumn>,
    id: Values<u64>,
    facets: Vec<Counter>,
    /// Products that match and were not looked at yet, in ascending order; with their scores where those order them.
    block: Vec<DocId>,
    scores: Vec<Score>,
    total: u64,
    /// The worst kept on top.
    best: BinaryHeap<Candidate>,
    /// Room for what a block is ranked by.
    numbers: Vec<Option<i64>>,
    ords: Vec<Option<u64>>,
}

enum Sort {
    Score,
    Sku {
        descending: bool,
    },
    Numbers {
        column: Option<Values<i64>>,
        descending: bool,
    },
    Texts {
        column: Option<StrColumn>,
        descending: bool,
    },
    Worth {
        column: Option<Values<i64>>,
        blocking: Arc<Vec<u8>>,
        descending: bool,
    },
}

/// What a part found.
pub struct PartPage {
    total: u64,
    found: Vec<Found>,
    descending: bool,
    by_text: bool,
    /// By facet: values or their numbers, with their counts.
    facets: Vec<Vec<(i64, u32)>>,
}

/// Products that are ranked and counted together: columns are read in one go.
const BLOCK: usize = 1_024;

impl Collector for PageCollector {
    type Fruit = Page;
    type Child = PartCollector;

    fn for_segment(&self, part: u32, reader: &SegmentReader) -> tantivy::Result<PartCollector> {
        let fields = reader.fast_fields();
        let sort = match &self.order {
            Order::Score => Sort::Score,
            Order::Sku { descending } => Sort::Sku {
                descending: *descending,
            },
            Order::By { column, descending } if column.form == Form::Number => Sort::Numbers {
                column: fields.column_opt::<i64>(&column.name)?,
                descending: *descending,
            },
            Order::Worth {
                column,
                blocking,
                descending,
            } => Sort::Worth {
                column: fields.column_opt::<i64>(&column.name)?,
                blocking: Arc::clone(blocking),
                descending: *descending,
            },
            Order::By { column, descending } => Sort::Texts {
                column: fields.str(&column.name)?,
                descending: *descending,
            },
        };
        let facets = self.facets.iter().map(|facet| Counter::new(facet, part, reader));
        Ok(PartCollector {
            keep: self.keep,
            sort,
            sku: fields.str(SKU)?,
            id: fields.u64(ID)?,
            facets: facets.collect::<tantivy::Result<_>>()?,
            block: Vec::with_capacity(BLOCK),
            scores: Vec::new(),
            total: 0,
            best: BinaryHeap::new(),
            numbers: Vec::new(),
            ords: Vec::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.scored
    }

    fn merge_fruits(&self, parts: Vec<PartPage>) -> tantivy::Result<Page> {
        let mut page = Page {
            facets: self.facets.iter().map(Facet::counts).collect(),
            ..Page::default()
        };
        let (mut by_text, mut descending) = (false, false);
        for part in parts {
            page.total += part.total;
            page.found.extend(part.found);
            (by_text, descending) = (part.by_text, part.descending);
            for (whole, counts) in page.facets.iter_mut().zip(part.facets) {
                whole.add(counts);
            }
        }
        page.found.sort_by(|a, b| {
            let order = match (by_text, descending) {
                (true, descending) => texts(&a.place, &b.place, descending),
                (false, _) => a.place.cmp(&b.place),
            };
            order.then_with(|| a.sku.cmp(&b.sku))
        });
        page.found.truncate(self.keep);
        Ok(page)
    }
}

/// Texts in their order, what has none last either way.
fn texts(a: &Place, b: &Place, descending: bool) -> Ordering {
    match (a, b) {
        (Place::Text(Some(a)), Place::Text(Some(b))) if descending => b.cmp(a),
        (Place::Text(Some(a)), Place::Text(Some(b))) => a.cmp(b),
        (Place::Text(Some(_)), Place::Text(None)) => Ordering::Less,
        (Place::Text(None), Place::Text(Some(_))) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// The number of each document's first text in a column.
fn read_ords(column: Option<&StrColumn>, documents: &[DocId], out: &mut Vec<Option<u64>>) {
    out.clear();
    out.resize(documents.len(), None);
    if let Some(column) = column {
        column.ords().first_vals(documents, out);
    }
}

/// A number as a rank, lower first; the one value of 2^64 that `u64::MAX` stands for gives way to the mark of none.
fn ranked(number: i64, descending: bool) -> u64 {
    let ascending = (number as u64) ^ (1 << 63);
    (if descending { !ascending } else { ascending }).min(u64::MAX - 1)
}

/// The same of a text's number in its column, or of none.
fn ranked_text(ord: Option<u64>, descending: bool) -> u64 {
    match (ord, descending) {
        (None, _) => u64::MAX,
        (Some(ord), false) => ord,
        (Some(ord), true) => u64::MAX - 1 - ord,
    }
}

impl PartCollector {
    /// Counts and ranks what the block holds.
    fn flush(&mut self) {
        let block = std::mem::take(&mut self.block);
        self.total += block.len() as u64;
        for facet in &mut self.facets {
            facet.count(&block);
        }
        if self.keep > 0 {
            self.rank(&block);
        }
        self.block = block;
        self.block.clear();
        self.scores.clear();
    }

    fn rank(&mut self, block: &[DocId]) {
        match &self.sort {
            Sort::Score => {}
            Sort::Numbers { column, .. } | Sort::Worth { column, .. } => {
                self.numbers.clear();
                self.numbers.resize(block.len(), None);
                if let Some(column) = column {
                    column.first_vals(block, &mut self.numbers);
                }
            }
            Sort::Sku { .. } => read_ords(self.sku.as_ref(), block, &mut self.ords),
            Sort::Texts { column, .. } => read_ords(column.as_ref(), block, &mut self.ords),
        }
        for (at, document) in block.iter().enumerate() {
            let score = self.scores.get(at).map_or(0, |score| rounded(*score));
            let rank = match &self.sort {
                Sort::Score => ranked(score, true),
                Sort::Numbers { descending, .. } => {
                    self.numbers[at].map_or(u64::MAX, |number| ranked(number, *descending))
                }
                Sort::Worth {
                    blocking, descending, ..
                } => self.numbers[at].map_or(u64::MAX, |worth| {
                    let product = self.id.first(*document).unwrap_or(0);
                    let blocking = blocking.get(product as usize).copied().unwrap_or(0);
                    ranked(at_stake(worth, blocking), *descending)
                }),
                Sort::Sku { descending } | Sort::Texts { descending, .. } => ranked_text(self.ords[at], *descending),
            };
            let full = self.best.len() >= self.keep;
            if full && self.best.peek().is_some_and(|worst| rank > worst.0) {
                continue;
            }
            let candidate = (rank, self.sku_number(*document), *document, score);
            if !full {
                self.best.push(candidate);
            } else if let Some(mut worst) = self.best.peek_mut()
                && (candidate.0, candidate.1) < (worst.0, worst.1)
            {
                *worst = candidate;
            }
        }
    }

    fn sku_number(&self, document: DocId) -> u64 {
        self.sku
            .as_ref()
            .and_then(|column| column.ords().first(document))
            .unwrap_or(u64::MAX)
    }

    fn place(&self, document: DocId, rank: u64, sku: &str) -> Place {
        let text = |column: &StrColumn| {
            let ord = column.ords().first(document)?;
            let mut text = String::new();
            column.ord_to_str(ord, &mut text).ok()?.then_some(text)
        };
        match &self.sort {
            Sort::Score | Sort::Numbers { .. } | Sort::Worth { .. } => Place::Rank(rank),
            Sort::Sku { .. } => Place::Text(Some(sku.to_owned())),
            Sort::Texts { column, .. } => Place::Text(column.as_ref().and_then(text)),
        }
    }
}

impl SegmentCollector for PartCollector {
    type Fruit = PartPage;

    fn collect(&mut self, document: DocId, score: Score) {
        self.block.push(document);
        self.scores.push(score);
        if self.block.len() >= BLOCK {
            self.flush();
        }
    }

    fn collect_block(&mut self, documents: &[DocId]) {
        self.block.extend_from_slice(documents);
        if self.block.len() >= BLOCK {
            self.flush();
        }
    }

    fn harvest(mut self) -> PartPage {
        self.flush();
        let best = std::mem::take(&mut self.best);
        let mut found = Vec::with_capacity(best.len());
        for (rank, sku_number, document, score) in best {
            let mut sku = String::new();
            if let Some(column) = &self.sku {
                // What cannot be read is left empty, and the product is still named by its number.
                let _ = column.ord_to_str(sku_number, &mut sku);
            }
            found.push(Found {
                product: self.id.first(document).unwrap_or(0) as i64,
                score,
                place: self.place(document, rank, &sku),
                sku,
            });
        }
        let (descending, by_text) = match self.sort {
            Sort::Score | Sort::Numbers { .. } | Sort::Worth { .. } => (false, false),
            Sort::Sku { descending } | Sort::Texts { descending, .. } => (descending, true),
        };
        PartPage {
            total: self.total,
            found,
            descending,
            by_text,
            facets: self.facets.into_iter().map(Counter::finish).collect(),
        }
    }
}
