//! The last delivery of each source that nobody took back, what came new with it, and what products said before.

use crate::catalog::Reader;
use crate::product::batch::Batch;
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::workspace::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// The last delivery of each source that nobody took back. Rejected rows that came back are none: they are a part of theirs.
pub fn last_imports<'b>(reader: &Reader, batches: &'b [Batch]) -> Result<BTreeMap<&'b str, &'b Batch>, Failure> {
    let sources: BTreeSet<&str> = (batches.iter().filter(|batch| stands(batch)))
        .map(|batch| &*batch.source)
        .collect();
    let mut last = BTreeMap::new();
    for source in sources {
        let id = reader.last_delivery(source)?;
        if let Some(batch) = batches.iter().find(|batch| Some(batch.id) == id) {
            last.insert(source, batch);
        }
    }
    Ok(last)
}

/// The batches whose products are new: the last delivery of each supplier, with what came of it since. The catalog's first import
/// is none: before it nothing was known.
pub fn fresh(reader: &Reader, batches: &[Batch]) -> Result<BTreeSet<i64>, Failure> {
    let last = last_imports(reader, batches)?;
    let first = batches.iter().filter(|batch| stands(batch)).map(|batch| batch.id).min();
    let is_fresh = |batch: &&Batch| {
        let since = last.get(&*batch.source).is_some_and(|last| last.id <= batch.id);
        since && Some(batch.id) != first && matches!(&*batch.kind, "import" | "accept")
    };
    Ok(batches.iter().filter(is_fresh).map(|batch| batch.id).collect())
}

fn stands(batch: &Batch) -> bool {
    batch.kind == "import" && batch.undone_by.is_none()
}

/// What the sources of a product said before some batches, and what they say now.
#[derive(Debug, Default)]
pub struct Said {
    pub before: Vec<Layer>,
    pub now: Vec<Layer>,
}

/// What a product's sources, and those of its model's own record, said before the batches that are `fresh`; nothing where that is past
/// retention.
pub fn said_before(
    reader: &Reader,
    schema: &Schema,
    product: i64,
    fresh: &dyn Fn(i64) -> bool,
) -> Result<Option<Said>, Failure> {
    let mut said = Said::default();
    let name = reader.product_by_id(product)?;
    let model = match name.as_ref().and_then(|name| Some((name.model.as_ref()?, &name.sku))) {
        Some((model, sku)) if model != sku => reader.product(model)?.map(|model| model.id),
        _ => None,
    };
    for id in [Some(product), model].into_iter().flatten() {
        if !add_said(reader, schema, id, fresh, &mut said)? {
            return Ok(None);
        }
    }
    Ok(Some(said))
}

/// Adds what one record's sources say; false where what they said before is past retention.
fn add_said(
    reader: &Reader,
    schema: &Schema,
    product: i64,
    fresh: &dyn Fn(i64) -> bool,
    said: &mut Said,
) -> Result<bool, Failure> {
    let read = |body: &str, sku: &str| {
        Layer::read_body(body, schema).map_err(|error| Failure::damaged(sku, &error.to_string()))
    };
    let past = reader.past_layers(product)?;
    for layer in reader.layers(product)? {
        said.now.push(read(&layer.body, &layer.sku)?);
        if fresh(layer.created) {
            continue;
        }
        // The newest come first, so the last of them is what stood before all of these batches.
        let own = past
            .iter()
            .filter(|past| past.layer.source == layer.source && fresh(past.of));
        let before = match own.last() {
            Some(past) => &past.layer,
            None if fresh(layer.origin.batch) => return Ok(false),
            None => &layer,
        };
        said.before.push(read(&before.body, &before.sku)?);
    }
    Ok(true)
}
