//! Names to products: which product a file's name means, and which pictures the catalog's layers name themselves.
//!
//! Only what the files ask for is kept of the catalog, so that a million products take no more memory than the pictures do; and
//! what is kept is noted in the state, so that only products that changed are looked at again.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, SourceId};
use crate::enrich::images::name::{Key, Place, Reading};
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Value;
use crate::value::identifier::fold_mpn;
use crate::workspace::failure::Failure;
use crate::workspace::parallel::in_order;
use crate::workspace::progress::{Progress, Step};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Products that one thread looks at in a job.
const CHUNK: usize = 2_048;

/// How a product came by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Via {
    /// It is the catalog's own.
    Catalog,
    /// A supplier's SKU, by the number of its source.
    Source(u16),
}

/// What the catalog's layers say of one product that matters here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub sku: String,
    model: Option<String>,
    keys: Vec<(Key, Via)>,
    /// Pictures that layers name, by the number of their source.
    pub said: Vec<(u16, Vec<String>)>,
}

impl Note {
    /// The product that it is about.
    pub fn name(&self, id: i64) -> ProductName {
        ProductName {
            id,
            sku: self.sku.clone(),
            model: self.model.clone(),
        }
    }
}

/// What was seen of the catalog, so that only what changed since is looked at again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// Hash of the keys that were asked for: other files ask for others.
    asked: u64,
    /// Of the products that have a key or name pictures.
    pub products: BTreeMap<i64, Note>,
}

impl Notes {
    /// The variants with the models that they are of, by SKU.
    pub fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        let notes = self.products.values();
        notes.filter_map(|note| Some((note.sku.as_str(), note.model.as_deref()?)))
    }

    /// Brings the notes up to date. `since` is the catalog's sequence at which they were taken; without one, or where other
    /// keys are asked for, the whole catalog is looked through. Gives the products that were looked at.
    pub fn update(
        &mut self,
        question: &Question<'_>,
        reader: &Reader,
        since: Option<i64>,
        progress: &dyn Progress,
    ) -> Result<Vec<ProductName>, Failure> {
        let mut asked: Vec<&Key> = question.keys.iter().collect();
        asked.sort_unstable();
        let asked = xxh3_64(format!("{asked:?}").as_bytes());
        let since = since.filter(|_| self.asked == asked);
        self.asked = asked;
        let names = reader.shelf(since)?;
        match since {
            Some(_) => {
                let there = reader.ids()?;
                let mut changed: Vec<i64> = names.iter().map(|name| name.id).collect();
                changed.sort_unstable();
                self.products
                    .retain(|id, _| there.binary_search(id).is_ok() && changed.binary_search(id).is_err());
            }
            None => self.products.clear(),
        }
        progress.begin(&Step::Naming, names.len() as u64);
        let jobs: Vec<&[ProductName]> = names.chunks(CHUNK).collect();
        in_order(
            question.threads,
            jobs.len(),
            || Ok(Reader::open(question.store)?.steady()?),
            |reader: &mut Reader, job| Ok((question.part(reader, jobs[job])?, jobs[job].len())),
            |(part, count)| {
                self.products.extend(part);
                progress.advance(count as u64);
                Ok(())
            },
        )?;
        progress.end();
        Ok(names)
    }
}

/// What the catalog says to the files' keys.
#[derive(Debug)]
pub struct Owners<'n> {
    by_key: HashMap<&'n Key, BTreeSet<(Via, i64)>>,
}

/// What a file's name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// One product, with the place of the picture.
    One(i64, Place),
    /// Several products: nothing is guessed.
    Several(BTreeSet<i64>),
    None,
}

/// What is looked for in the catalog.
pub struct Question<'a> {
    pub schema: &'a Schema,
    pub store: &'a Path,
    pub threads: usize,
    /// The source that is made here, and is not asked.
    pub own: Option<SourceId>,
    /// Are addresses of interest too.
    pub addresses: bool,
    pub keys: &'a HashSet<Key>,
}

impl<'n> Owners<'n> {
    /// Who has which key.
    pub fn of(notes: &'n Notes) -> Owners<'n> {
        let mut by_key: HashMap<&Key, BTreeSet<(Via, i64)>> = HashMap::new();
        for (product, note) in &notes.products {
            for (key, via) in &note.keys {
                by_key.entry(key).or_default().insert((*via, *product));
            }
        }
        Owners { by_key }
    }

    /// The product that readings of a name mean, the most exact first. `home` is the source in whose folder the file lies:
    /// its own SKUs come before the catalog's.
    pub fn owner(&self, readings: &[Reading], home: &[SourceId]) -> Owner {
        for reading in readings {
            let Some(found) = self.by_key.get(&reading.key) else {
                continue;
            };
            let of = |wanted: &dyn Fn(Via) -> bool| -> BTreeSet<i64> {
                found
                    .iter()
                    .filter(|(via, _)| wanted(*via))
                    .map(|(_, product)| *product)
                    .collect()
            };
            let at_home = of(&|via| matches!(via, Via::Source(source) if home.contains(&SourceId(source))));
            let catalog = of(&|via| via == Via::Catalog);
            let all = of(&|_| true);
            let chosen = [at_home, catalog, all]
                .into_iter()
                .find(|products| !products.is_empty());
            let Some(products) = chosen else { continue };
            return match products.first() {
                Some(product) if products.len() == 1 => Owner::One(*product, reading.place.clone()),
                _ => Owner::Several(products),
            };
        }
        Owner::None
    }
}

impl Question<'_> {
    /// The notes of some products, without those that have nothing to note.
    fn part(&self, reader: &Reader, names: &[ProductName]) -> Result<Vec<(i64, Note)>, Failure> {
        let known = self.schema.known();
        let mut part = Vec::new();
        for name in names {
            let mut note = Note {
                sku: name.sku.clone(),
                model: name.model.clone(),
                keys: Vec::new(),
                said: Vec::new(),
            };
            let mut has = |key: Key, via: Via| {
                if self.keys.contains(&key) {
                    note.keys.push((key, via));
                }
            };
            has(Key::Sku(fold_mpn(&name.sku)), Via::Catalog);
            for stored in reader.layers(name.id)? {
                if Some(stored.source) == self.own {
                    continue;
                }
                has(Key::Sku(fold_mpn(&stored.sku)), Via::Source(stored.source.0));
                let layer = Layer::read_body(&stored.body, self.schema)
                    .map_err(|error| Failure::damaged(&stored.sku, &error.to_string()))?;
                for (key, value) in &layer.values {
                    let is = |attribute: Option<AttributeId>| attribute == Some(key.attribute);
                    match value {
                        Value::Gtin(gtin) if is(known.gtin) => has(Key::Gtin(gtin.key()), Via::Catalog),
                        Value::Media(places) if is(known.image) && !stored.withdrawn => {
                            let wanted = |place: &&String| self.addresses || !place.contains("://");
                            let places: Vec<String> = places.iter().filter(wanted).cloned().collect();
                            if !places.is_empty() {
                                note.said.push((stored.source.0, places));
                            }
                        }
                        value if is(known.mpn) => has(Key::Mpn(fold_mpn(&value.to_text())), Via::Catalog),
                        _ => {}
                    }
                }
            }
            if !note.keys.is_empty() || !note.said.is_empty() {
                part.push((name.id, note));
            }
        }
        Ok(part)
    }
}
