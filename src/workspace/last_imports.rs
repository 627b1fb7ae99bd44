//! The last import of each source that nobody took back, and what came new with it.

use crate::product::batch::Batch;
use std::collections::{BTreeMap, BTreeSet};

/// The last import of each source that nobody took back.
pub fn last_imports(batches: &[Batch]) -> BTreeMap<&str, &Batch> {
    let mut last: BTreeMap<&str, &Batch> = BTreeMap::new();
    for batch in batches {
        if stands(batch) && last.get(&*batch.source).is_none_or(|known| known.id < batch.id) {
            last.insert(&batch.source, batch);
        }
    }
    last
}

/// The batches whose products are new: the last import of each supplier, with what was accepted of it since. The catalog's
/// first import is none: before it nothing was known.
pub fn fresh(batches: &[Batch]) -> BTreeSet<i64> {
    let last = last_imports(batches);
    let first = batches.iter().filter(|batch| stands(batch)).map(|batch| batch.id).min();
    let is_fresh = |batch: &&Batch| {
        let since = last.get(&*batch.source).is_some_and(|last| last.id <= batch.id);
        since && Some(batch.id) != first && matches!(&*batch.kind, "import" | "accept")
    };
    batches.iter().filter(is_fresh).map(|batch| batch.id).collect()
}

fn stands(batch: &Batch) -> bool {
    batch.kind == "import" && batch.undone_by.is_none()
}
