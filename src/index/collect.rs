//! One pass over what matches: how many, the first of them in the wanted order, and the facets.
//!
//! Equals are ordered by SKU, so that neither threads nor the parts of the index show.

use crate::index::facet::{Counted, Counter};
use crate::index::layout::{Column, Form, ID, SKU};
use crate::index::scoring::rounded;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
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
    pub facets: Vec<BTreeMap<Counted, u64>>,
}

/// Collects a page.
pub struct PageCollector {
    pub order: Order,
    /// Products to keep, from the first.
    pub keep: usize,
    pub facets: Vec<Column>,
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
    block: Vec<DocId>,
    total: u64,
    /// The worst kept on top.
    best: BinaryHeap<Candidate>,
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
}

/// What a part found.
pub struct PartPage {
    total: u64,
    found: Vec<Found>,
    descending: bool,
    by_text: bool,
    facets: tantivy::Result<Vec<BTreeMap<Counted, u64>>>,
}

const BLOCK: usize = 256;

impl Collector for PageCollector {
    type Fruit = Page;
    type Child = PartCollector;

    fn for_segment(&self, _: u32, reader: &SegmentReader) -> tantivy::Result<PartCollector> {
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
            Order::By { column, descending } => Sort::Texts {
                column: fields.str(&column.name)?,
                descending: *descending,
            },
        };
        let facets = self.facets.iter().map(|column| Counter::new(column, reader));
        Ok(PartCollector {
            keep: self.keep,
            sort,
            sku: fields.str(SKU)?,
            id: fields.u64(ID)?,
            facets: facets.collect::<tantivy::Result<_>>()?,
            block: Vec::with_capacity(BLOCK),
            total: 0,
            best: BinaryHeap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.scored
    }

    fn merge_fruits(&self, parts: Vec<PartPage>) -> tantivy::Result<Page> {
        let mut page = Page {
            facets: self.facets.iter().map(|_| BTreeMap::new()).collect(),
            ..Page::default()
        };
        let (mut by_text, mut descending) = (false, false);
        for part in parts {
            page.total += part.total;
            page.found.extend(part.found);
            (by_text, descending) = (part.by_text, part.descending);
            for (whole, counts) in page.facets.iter_mut().zip(part.facets?) {
                for (value, count) in counts {
                    *whole.entry(value).or_default() += count;
                }
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

impl PartCollector {
    fn flush(&mut self) {
        for facet in &mut self.facets {
            facet.count(&self.block);
        }
        self.block.clear();
    }

    fn sku_number(&self, document: DocId) -> u64 {
        self.sku
            .as_ref()
            .and_then(|column| column.ords().first(document))
            .unwrap_or(u64::MAX)
    }

    /// The rank by the wanted order, lower first; `u64::MAX` for what has no value.
    fn rank(&self, document: DocId, score: i64) -> u64 {
        let number = |number: i64, descending: bool| {
            let ascending = (number as u64) ^ (1 << 63);
            // One value of 2^64 gives way to the mark of none.
            (if descending { !ascending } else { ascending }).min(u64::MAX - 1)
        };
        match &self.sort {
            Sort::Score => number(score, true),
            Sort::Sku { descending: false } => 0,
            Sort::Sku { descending: true } => u64::MAX - 1 - self.sku_number(document),
            Sort::Numbers { column, descending } => {
                let value = column.as_ref().and_then(|column| column.first(document));
                value.map_or(u64::MAX, |value| number(value, *descending))
            }
            Sort::Texts { column, descending } => {
                let ord = column.as_ref().and_then(|column| column.ords().first(document));
                match (ord, descending) {
                    (None, _) => u64::MAX,
                    (Some(ord), false) => ord,
                    (Some(ord), true) => u64::MAX - 1 - ord,
                }
            }
        }
    }

    fn place(&self, document: DocId, rank: u64, sku: &str) -> Place {
        let text = |column: &StrColumn| {
            let ord = column.ords().first(document)?;
            let mut text = String::new();
            column.ord_to_str(ord, &mut text).ok()?.then_some(text)
        };
        match &self.sort {
            Sort::Score | Sort::Numbers { .. } => Place::Rank(rank),
            Sort::Sku { .. } => Place::Text(Some(sku.to_owned())),
            Sort::Texts { column, .. } => Place::Text(column.as_ref().and_then(text)),
        }
    }
}

impl SegmentCollector for PartCollector {
    type Fruit = PartPage;

    fn collect(&mut self, document: DocId, score: Score) {
        self.total += 1;
        if !self.facets.is_empty() {
            self.block.push(document);
            if self.block.len() == BLOCK {
                self.flush();
            }
        }
        if self.keep == 0 {
            return;
        }
        let score = rounded(score);
        let rank = self.rank(document, score);
        if self.best.len() < self.keep {
            self.best.push((rank, self.sku_number(document), document, score));
            return;
        }
        let worse = self
            .best
            .peek()
            .is_some_and(|worst| rank < worst.0 || rank == worst.0 && self.sku_number(document) < worst.1);
        if worse {
            let candidate = (rank, self.sku_number(document), document, score);
            if let Some(mut worst) = self.best.peek_mut() {
                *worst = candidate;
            }
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
            Sort::Score | Sort::Numbers { .. } => (false, false),
            Sort::Sku { descending } | Sort::Texts { descending, .. } => (descending, true),
        };
        let mut facets = Vec::with_capacity(self.facets.len());
        let mut counted = Ok(());
        for counter in self.facets {
            let mut counts = BTreeMap::new();
            counted = counted.and(counter.finish(&mut counts));
            facets.push(counts);
        }
        PartPage {
            total: self.total,
            found,
            descending,
            by_text,
            facets: counted.map(|()| facets),
        }
    }
}
