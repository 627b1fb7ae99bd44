//! Values that no product had before: the oldest product with one came with a batch that is new.
//!
//! Which batches are new is left to those who ask. Words are the same but for case and accents, so that another spelling of a
//! brand is none that was never seen.

use crate::index::facet::Numbering;
use crate::index::layout::{Column, ID};
use crate::value::text::fold;
use std::collections::HashMap;
use tantivy::Searcher;

/// The numbers of the products with a value of `column` whose first batch is `fresh`. `born` is the column of each product's
/// first batch.
pub fn unseen(
    column: &Column,
    born: &Column,
    fresh: &dyn Fn(i64) -> bool,
    searcher: &Searcher,
) -> tantivy::Result<Vec<i64>> {
    let numbering = Numbering::new(column, searcher)?;
    let mut alike: HashMap<String, usize> = HashMap::new();
    let mut same = Vec::with_capacity(numbering.count());
    for number in 0..numbering.count() {
        same.push(*alike.entry(fold(&numbering.name(number)?)).or_insert(number));
    }
    // By number, the first batch of all products that have the value; only those that others are the same as are kept.
    let mut first = vec![i64::MAX; same.len()];
    for (part, reader) in searcher.segment_readers().iter().enumerate() {
        let Some((values, numbers)) = numbering.part(part) else {
            continue;
        };
        let born = reader.fast_fields().i64(&born.name)?;
        for document in reader.doc_ids_alive() {
            let born = born.first(document).unwrap_or(i64::MAX);
            for number in values
                .ords()
                .values_for_doc(document)
                .filter_map(|ord| numbers.get(ord as usize))
            {
                let number = same[*number as usize];
                first[number] = first[number].min(born);
            }
        }
    }
    let new: Vec<bool> = same.iter().map(|number| fresh(first[*number])).collect();
    let mut found = Vec::new();
    for (part, reader) in searcher.segment_readers().iter().enumerate() {
        let Some((values, numbers)) = numbering.part(part) else {
            continue;
        };
        // Most parts of an index hold no new value at all.
        if !numbers.iter().any(|number| new[*number as usize]) {
            continue;
        }
        let id = reader.fast_fields().u64(ID)?;
        let is_new = |ord: u64| numbers.get(ord as usize).is_some_and(|number| new[*number as usize]);
        let having = |document: &u32| values.ords().values_for_doc(*document).any(is_new);
        let documents = reader.doc_ids_alive().filter(having);
        found.extend(documents.filter_map(|document| id.first(document)).map(|id| id as i64));
    }
    Ok(found)
}
