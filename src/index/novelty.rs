//! Values that no product had before: each product with one came with a batch that is new, or took it on in one.
//!
//! Which batches are new, and what a product said before them, is left to those who ask. Words are the same but for case and
//! accents, so that another spelling of a brand is none that was never seen.

use crate::index::facet::Numbering;
use crate::index::layout::{Column, ID};
use crate::value::text::fold;
use std::collections::{BTreeMap, HashMap};
use tantivy::columnar::Column as Values;
use tantivy::{DocId, Searcher, SegmentReader};

/// Older products of one value whose past is looked at; where none of so many had it, none did.
const MOST_OF_A_VALUE: usize = 1_000;
/// Older products of all values whose past is looked at; values beyond them count as seen.
const MOST_LOOKS: usize = 50_000;

/// The columns that are asked.
pub struct Columns<'c> {
    /// The values.
    pub values: &'c Column,
    /// The first batch of each product.
    pub born: &'c Column,
    /// The batch of what each source says of it, and of what its model's sources do.
    pub changed: &'c Column,
}

/// What is known of the products that have one value.
#[derive(Clone, Copy)]
struct Held {
    /// The first batch of the oldest.
    first: i64,
    /// Every older one was changed by a new batch.
    all_changed: bool,
}

/// The first batch of each product of a part, and those of what its sources say.
struct Batches {
    born: Values<i64>,
    changed: Values<i64>,
}

impl Batches {
    fn of(columns: &Columns<'_>, reader: &SegmentReader) -> tantivy::Result<Batches> {
        Ok(Batches {
            born: reader.fast_fields().i64(&columns.born.name)?,
            changed: reader.fast_fields().i64(&columns.changed.name)?,
        })
    }

    fn born(&self, document: DocId) -> i64 {
        self.born.first(document).unwrap_or(i64::MIN)
    }

    fn is_changed(&self, document: DocId, fresh: &dyn Fn(i64) -> bool) -> bool {
        self.changed.values_for_doc(document).any(fresh)
    }
}

/// The numbers of the products with a value that is new: by `fresh` batches. `said_before` answers whether a product, by its
/// number, had a value before them.
pub fn unseen<E: From<tantivy::TantivyError>>(
    columns: &Columns<'_>,
    fresh: &dyn Fn(i64) -> bool,
    said_before: &dyn Fn(i64, &str) -> Result<bool, E>,
    searcher: &Searcher,
) -> Result<Vec<i64>, E> {
    let numbering = Numbering::new(columns.values, searcher)?;
    let mut alike: HashMap<String, usize> = HashMap::new();
    let mut same = Vec::with_capacity(numbering.count());
    for number in 0..numbering.count() {
        same.push(*alike.entry(fold(&numbering.name(number)?)).or_insert(number));
    }
    let mut held = vec![
        Held {
            first: i64::MAX,
            all_changed: true,
        };
        same.len()
    ];
    each(&numbering, searcher, |part, reader| {
        let batches = Batches::of(columns, reader)?;
        for document in reader.doc_ids_alive() {
            let born = batches.born(document);
            let changed = fresh(born) || batches.is_changed(document, fresh);
            for number in part.numbers(document) {
                let held = &mut held[same[number]];
                held.first = held.first.min(born);
                held.all_changed &= changed;
            }
        }
        Ok(())
    })?;
    let mut new: Vec<bool> = held.iter().map(|held| fresh(held.first)).collect();
    // What only older products have that were changed, with some of them.
    let mut doubtful: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for number in 0..same.len() {
        if same[number] == number && held[number].all_changed && !new[number] {
            doubtful.insert(number, Vec::new());
        }
    }
    if !doubtful.is_empty() {
        each(&numbering, searcher, |part, reader| {
            let batches = Batches::of(columns, reader)?;
            let id = reader.fast_fields().u64(ID)?;
            for document in reader
                .doc_ids_alive()
                .filter(|document| !fresh(batches.born(*document)))
            {
                for number in part.numbers(document) {
                    let older = doubtful.get_mut(&same[number]);
                    if let Some(older) = older.filter(|older| older.len() < MOST_OF_A_VALUE) {
                        older.extend(id.first(document).map(|id| id as i64));
                    }
                }
            }
            Ok(())
        })?;
    }
    let mut looks = 0;
    for (number, mut older) in doubtful {
        let value = numbering.name(number)?;
        // The oldest had it the likeliest.
        older.sort_unstable();
        let mut seen = false;
        for product in older {
            looks += 1;
            seen = looks > MOST_LOOKS || said_before(product, &value)?;
            if seen {
                break;
            }
        }
        new[number] = !seen;
    }
    let mut found = Vec::new();
    each(&numbering, searcher, |part, reader| {
        // Most parts of an index hold no new value at all.
        if !part.numbers.iter().any(|number| new[same[*number as usize]]) {
            return Ok(());
        }
        let id = reader.fast_fields().u64(ID)?;
        for document in reader.doc_ids_alive() {
            if part.numbers(document).any(|number| new[same[number]]) {
                found.extend(id.first(document).map(|id| id as i64));
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// The values of one part of the index.
struct Part<'p> {
    values: &'p tantivy::columnar::StrColumn,
    numbers: &'p [u32],
}

impl Part<'_> {
    /// The numbers in all parts of a product's values.
    fn numbers(&self, document: DocId) -> impl Iterator<Item = usize> {
        let ords = self.values.ords().values_for_doc(document);
        ords.filter_map(|ord| self.numbers.get(ord as usize))
            .map(|number| *number as usize)
    }
}

/// Looks at each part that has values.
fn each(
    numbering: &Numbering,
    searcher: &Searcher,
    mut look: impl FnMut(&Part<'_>, &SegmentReader) -> tantivy::Result<()>,
) -> tantivy::Result<()> {
    for (part, reader) in searcher.segment_readers().iter().enumerate() {
        if let Some((values, numbers)) = numbering.part(part) {
            look(&Part { values, numbers }, reader)?;
        }
    }
    Ok(())
}
