//! Names to products: which product a file's name means, and which pictures the catalog's layers name themselves.
//!
//! Only what the files ask for is kept of the catalog, so that a million products take no more memory than the pictures do.

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
use crate::workspace::progress::Progress;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// Products that one thread looks at in a job.
const CHUNK: usize = 2_048;

/// How a product came by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Via {
    /// It is the catalog's own.
    Catalog,
    /// A supplier's SKU.
    Source(SourceId),
}

/// A product that names pictures.
#[derive(Debug, Clone)]
pub struct Naming {
    pub product: ProductName,
    /// By source.
    pub said: Vec<(SourceId, Vec<String>)>,
}

/// What the catalog says to the files' keys.
#[derive(Debug, Default)]
pub struct Owners {
    by_key: BTreeMap<Key, BTreeSet<(Via, i64)>>,
    pub names: BTreeMap<i64, ProductName>,
    /// Products whose layers name pictures, in the order of the shelf.
    pub naming: Vec<Naming>,
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

/// What one job found.
#[derive(Default)]
struct Part {
    keys: Vec<(Key, Via, ProductName)>,
    naming: Vec<Naming>,
}

impl Owners {
    /// Looks through the catalog once.
    pub fn find(question: &Question<'_>, names: &[ProductName], progress: &dyn Progress) -> Result<Owners, Failure> {
        let mut owners = Owners::default();
        let jobs: Vec<&[ProductName]> = names.chunks(CHUNK).collect();
        in_order(
            question.threads,
            jobs.len(),
            || Ok(Reader::open(question.store)?.steady()?),
            |reader: &mut Reader, job| Ok((question.part(reader, jobs[job])?, jobs[job].len())),
            |(part, count)| {
                for (key, via, name) in part.keys {
                    owners.by_key.entry(key).or_default().insert((via, name.id));
                    owners.names.insert(name.id, name);
                }
                for naming in &part.naming {
                    owners.names.insert(naming.product.id, naming.product.clone());
                }
                owners.naming.extend(part.naming);
                progress.advance(count as u64);
                Ok(())
            },
        )?;
        Ok(owners)
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
            let at_home = of(&|via| matches!(via, Via::Source(source) if home.contains(&source)));
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
    fn part(&self, reader: &Reader, names: &[ProductName]) -> Result<Part, Failure> {
        let known = self.schema.known();
        let mut part = Part::default();
        for name in names {
            let sku = Key::Sku(fold_mpn(&name.sku));
            self.note(&mut part, sku, Via::Catalog, name);
            let mut said = Vec::new();
            for stored in reader.layers(name.id)? {
                if Some(stored.source) == self.own {
                    continue;
                }
                let own = Key::Sku(fold_mpn(&stored.sku));
                self.note(&mut part, own, Via::Source(stored.source), name);
                let layer = Layer::read_body(&stored.body, self.schema)
                    .map_err(|error| Failure::damaged(&stored.sku, &error.to_string()))?;
                for (key, value) in &layer.values {
                    let is = |attribute: Option<AttributeId>| attribute == Some(key.attribute);
                    match value {
                        Value::Gtin(gtin) if is(known.gtin) => {
                            self.note(&mut part, Key::Gtin(gtin.key()), Via::Catalog, name)
                        }
                        Value::Media(places) if is(known.image) && !stored.withdrawn => {
                            let wanted = |place: &&String| self.addresses || !place.contains("://");
                            let places: Vec<String> = places.iter().filter(wanted).cloned().collect();
                            if !places.is_empty() {
                                said.push((stored.source, places));
                            }
                        }
                        value if is(known.mpn) => {
                            let mpn = Key::Mpn(fold_mpn(&value.to_text()));
                            self.note(&mut part, mpn, Via::Catalog, name);
                        }
                        _ => {}
                    }
                }
            }
            if !said.is_empty() {
                part.naming.push(Naming {
                    product: name.clone(),
                    said,
                });
            }
        }
        Ok(part)
    }

    fn note(&self, part: &mut Part, key: Key, via: Via, name: &ProductName) {
        if self.keys.contains(&key) {
            part.keys.push((key, via, name.clone()));
        }
    }
}
