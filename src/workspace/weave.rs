//! What is left of a layer without the batches that were taken back: the others said once more, in their order.

use crate::catalog::store::CatalogError;
use crate::catalog::stored::StoredLayer;
use crate::catalog::undo::{Past, Woven};
use crate::plan::diff::differences;
use crate::product::layer::Layer;
use crate::product::origin::Origin;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Says a layer's past once more without what is taken back. An item of a delivery that later ones changed is as it came, whatever
/// becomes of the delivery, as long as one of these stands: they say that there is such an item. Errors with `Damaged` where a body does
/// not read.
pub fn woven(past: &Past, schema: &Schema) -> Result<Woven, CatalogError> {
    let read = |stored: &StoredLayer| {
        Layer::read_body(&stored.body, schema).map_err(|error| CatalogError::Damaged {
            what: format!("{}: {error}", stored.sku),
        })
    };
    if past.steps.is_empty() {
        return Ok(Woven::default());
    }
    let mut said: BTreeMap<Key, (Value, Origin)> = BTreeMap::new();
    let mut last = Layer::default();
    let (mut withdrawn, mut is_there) = (false, past.before.is_some());
    if let Some(before) = &past.before {
        last = read(before)?;
        withdrawn = before.withdrawn;
        for (key, value) in &last.values {
            said.insert(*key, (value.clone(), last.origin(*key, before.origin)));
        }
    }
    let is_confirmed = !past.is_by_hand && past.steps.iter().skip(1).any(|step| step.stands);
    // What the batch said, with what was there before it, and of that what was said again since.
    let mut own: BTreeMap<Key, Option<Value>> = BTreeMap::new();
    let mut again: BTreeSet<Key> = BTreeSet::new();
    let mut is_made = !is_there;
    for step in &past.steps {
        let after = read(&step.after)?;
        let stands = step.stands || (std::mem::take(&mut is_made) && is_confirmed);
        for change in differences(&last, &after) {
            let key = change.key;
            if stands {
                again.extend(own.contains_key(&key).then_some(key));
                match change.after {
                    Some(value) => said.insert(key, (value, after.origin(key, step.after.origin))),
                    None => said.remove(&key),
                };
            } else if step.by == past.batch {
                own.entry(key).or_insert(change.before);
            }
        }
        if stands {
            withdrawn = step.after.withdrawn;
            is_there = true;
        }
        last = after;
    }
    let is_left = is_there && !(past.is_by_hand && said.is_empty());
    // The same words by another batch are not the same: one of them may be taken back.
    let is_same = past.steps.last().is_some_and(|now| {
        let is_said = |(key, value): &(Key, Value)| {
            said.get(key)
                .is_some_and(|(left, origin)| left == value && *origin == last.origin(*key, now.after.origin))
        };
        now.after.withdrawn == withdrawn && said.len() == last.values.len() && last.values.iter().all(is_said)
    });
    // Where it says by now what it said before, nothing is left of the batch.
    let kept = own
        .iter()
        .filter(|(key, before)| again.contains(key) && last.value(**key) != before.as_ref());
    let kept = kept.map(|(key, _)| schema.key_text(*key)).collect();
    Ok(Woven {
        is_changed: !(is_left && is_same),
        layer: is_left.then(|| {
            let mut body = String::new();
            Layer::of_origins(said).write_body(schema, &mut body);
            (body, withdrawn)
        }),
        kept,
    })
}
