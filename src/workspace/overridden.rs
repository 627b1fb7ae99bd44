//! What a supplier changed under a person's word: the person's value stays, and waits to be looked at again.

use crate::catalog::Reader;
use crate::catalog::stored::StoredLayer;
use crate::merge::hearing::{Heard, is_locked};
use crate::merge::policy::Trust;
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::workspace::failure::Failure;
use std::collections::BTreeSet;

/// Finds it, product by product.
pub struct Overridden<'a> {
    schema: &'a Schema,
    trust: &'a Trust,
    /// By number of the source: whether it is a supplier, and whether it is the editor.
    sources: Vec<(bool, bool)>,
}

impl<'a> Overridden<'a> {
    pub fn new(reader: &Reader, schema: &'a Schema, trust: &'a Trust) -> Result<Overridden<'a>, Failure> {
        let mut sources = Vec::new();
        for (id, name) in reader.sources()? {
            let at = usize::from(id.0);
            if sources.len() <= at {
                sources.resize(at + 1, (false, false));
            }
            let source = Source::parse(&name);
            sources[at] = (
                matches!(source, Some(Source::Supplier(_))),
                matches!(source, Some(Source::Editor)),
            );
        }
        Ok(Overridden { schema, trust, sources })
    }

    /// The attributes of a product of which a supplier says something else than when a person said them, and than the person. What is
    /// older than the history is taken as it is now. With them those that are locked and that only suppliers say who may not.
    pub fn of(&self, reader: &Reader, layers: &[StoredLayer]) -> Result<Vec<AttributeId>, Failure> {
        let is = |layer: &StoredLayer| {
            self.sources
                .get(usize::from(layer.source.0))
                .copied()
                .unwrap_or_default()
        };
        let waiting = self.waiting(layers)?;
        let Some(own) = layers.iter().find(|layer| is(layer).1) else {
            return Ok(waiting);
        };
        let read = |layer: &StoredLayer| {
            Layer::read_body(&layer.body, self.schema).map_err(|error| Failure::damaged(&layer.sku, &error.to_string()))
        };
        let mine = read(own)?;
        let mut found = waiting;
        let mut past = None;
        for layer in layers.iter().filter(|layer| is(layer).0 && !layer.withdrawn) {
            let now = read(layer)?;
            for (key, value) in &mine.values {
                let Some(says) = now.value(*key).filter(|says| *says != value) else {
                    continue;
                };
                let said = mine.origin(*key, own.origin).batch;
                if layer.origin.batch <= said {
                    continue;
                }
                if past.is_none() {
                    past = Some(reader.past_layers(own.product)?);
                }
                let mut states = past
                    .iter()
                    .flatten()
                    .rev()
                    .filter(|state| state.layer.source == layer.source);
                let changed = match states.find(|state| state.of > said) {
                    Some(state) => read(&state.layer)?.value(*key) != Some(says),
                    None => layer.created > said,
                };
                if changed {
                    found.push(key.attribute);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Locked attributes of which a supplier says a value that nobody said who may.
    fn waiting(&self, layers: &[StoredLayer]) -> Result<Vec<AttributeId>, Failure> {
        let (mut proposed, mut said) = (BTreeSet::new(), BTreeSet::new());
        if !self.schema.has_locked() {
            return Ok(Vec::new());
        }
        for layer in layers {
            let body = Layer::read_body(&layer.body, self.schema)
                .map_err(|error| Failure::damaged(&layer.sku, &error.to_string()))?;
            for (key, _) in body.values {
                let attribute = key.attribute;
                if !is_locked(attribute, self.schema) {
                    continue;
                }
                if Heard::People(attribute).admits(layer.source.0, self.trust) {
                    said.insert(key);
                } else if !layer.withdrawn {
                    proposed.insert(key);
                }
            }
        }
        let mut waiting: Vec<AttributeId> = proposed.difference(&said).map(|key| key.attribute).collect();
        waiting.dedup();
        Ok(waiting)
    }
}
