//! What imports left for a person, of all suppliers, as products: what the search finds under `held:`, `unknown:` and `conflict:`.
//!
//! Read from the store when it is asked, so that it is as settled as the store says, whatever the index holds.

use crate::catalog::Reader;
use crate::declaration::nearest::nearest;
use crate::diagnostic::excerpt;
use crate::index::filter::{Cause, Waits};
use crate::plan::diff::differences;
use crate::product::layer::Layer;
use crate::schema::attribute::AttributeId;
use crate::workspace::failure::Failure;
use crate::workspace::settings::Settings;
use crate::workspace::unsettled::{Left, conflicts, held, words};
use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What waits of one supplier.
#[derive(Debug)]
pub struct OfSupplier {
    /// Named as batches name it.
    pub source: String,
    pub left: Vec<Left>,
}

impl OfSupplier {
    /// The supplier's id.
    pub fn supplier(&self) -> &str {
        id(&self.source)
    }

    /// How many items wait of which there is no product, which no search finds: each SKU once, and each row without one.
    pub fn without_product(&self) -> u64 {
        let without = self.left.iter().filter(|left| left.product.is_none());
        let skus: BTreeSet<&str> = without.clone().filter_map(|left| left.sku.as_deref()).collect();
        (skus.len() + without.filter(|left| left.sku.is_none()).count()) as u64
    }
}

fn id(source: &str) -> &str {
    source.strip_prefix("supplier:").unwrap_or(source)
}

/// What waits, each kind read once.
#[derive(Debug, Default)]
pub struct Waiting {
    read: RefCell<BTreeMap<Waits, Rc<Vec<OfSupplier>>>>,
}

impl Waiting {
    /// What waits of a kind, by supplier; also of those of which nothing waits.
    pub fn of(&self, reader: &Reader, settings: &Settings, waits: Waits) -> Result<Rc<Vec<OfSupplier>>, Failure> {
        if let Some(known) = self.read.borrow().get(&waits) {
            return Ok(Rc::clone(known));
        }
        let mut found = Vec::new();
        for (number, source) in reader.sources()? {
            if !source.starts_with("supplier:") {
                continue;
            }
            let left = match waits {
                Waits::Held => held(reader, settings, &source, Some(number))?,
                Waits::Unknown => words(reader, settings, &source)?,
                Waits::Conflict => conflicts(reader, settings, &source)?,
            };
            found.push(OfSupplier { source, left });
        }
        let found = Rc::new(found);
        self.read.borrow_mut().insert(waits, Rc::clone(&found));
        Ok(found)
    }

    /// The products of which something waits, and what a person should know of the answer.
    pub fn products(
        &self,
        reader: &Reader,
        settings: &Settings,
        waits: Waits,
        cause: &Cause<'_>,
    ) -> Result<(Vec<i64>, Option<String>), Failure> {
        let all = self.of(reader, settings, waits)?;
        let mut products = Vec::new();
        for of in all.iter() {
            let left = of.left.iter();
            match cause {
                Cause::Any => products.extend(left.filter_map(|left| left.product)),
                Cause::Supplier(id) if of.supplier() == *id => products.extend(left.filter_map(|left| left.product)),
                Cause::Supplier(_) => {}
                Cause::Code(code) => {
                    products.extend(left.filter(|left| left.code == *code).filter_map(|left| left.product));
                }
                Cause::Attribute(attribute) => match waits {
                    Waits::Held => products.extend(held_of(reader, settings, of, *attribute)?),
                    Waits::Unknown | Waits::Conflict => products.extend(words_of(reader, settings, of, *attribute)?),
                },
            }
        }
        let note = match cause {
            Cause::Code(code) if products.is_empty() => {
                let known: BTreeSet<&str> = all
                    .iter()
                    .flat_map(|of| of.left.iter().map(|left| &*left.code))
                    .collect();
                let near = nearest(code, known);
                let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                Some(format!("nothing waits with `{}`{near}", excerpt(code)))
            }
            _ => None,
        };
        Ok((products, note))
    }
}

/// The products of which another value of an attribute is held.
fn held_of(reader: &Reader, settings: &Settings, of: &OfSupplier, attribute: AttributeId) -> Result<Vec<i64>, Failure> {
    let schema = &settings.schema;
    let read = |body: &str, sku: &str| {
        Layer::read_body(body, schema).map_err(|error| Failure::damaged(sku, &error.to_string()))
    };
    let mut open: BTreeMap<i64, BTreeMap<&str, i64>> = BTreeMap::new();
    for left in &of.left {
        if let (Some(sku), Some(product)) = (&left.sku, left.product) {
            open.entry(left.batch).or_default().insert(sku, product);
        }
    }
    let sources = reader.sources()?;
    let number = sources.iter().find(|(_, name)| *name == of.source).map(|(id, _)| *id);
    let mut products = Vec::new();
    for (batch, open) in open {
        for held in reader.held(batch)? {
            // Where the item itself is missing, no value of it is held.
            let Some(product) = open.get(&*held.sku).filter(|_| !held.body.is_empty()) else {
                continue;
            };
            let Some(now) = number.map_or(Ok(None), |number| reader.layer(*product, number))? else {
                continue;
            };
            let changes = differences(&read(&now.body, &now.sku)?, &read(&held.body, &held.sku)?);
            if changes.iter().any(|change| change.key.attribute == attribute) {
                products.push(*product);
            }
        }
    }
    Ok(products)
}

/// The products of which a word for an attribute is not known: the mapping of that day read it from the column where the word stood.
fn words_of(
    reader: &Reader,
    settings: &Settings,
    of: &OfSupplier,
    attribute: AttributeId,
) -> Result<Vec<i64>, Failure> {
    let code = &settings.schema.attribute(attribute).code;
    let mut columns: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    let mut products = Vec::new();
    for left in &of.left {
        let (Some(product), Some(column)) = (left.product, &left.column) else {
            continue;
        };
        let own = match columns.entry(left.batch) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(open) => {
                let filled = reader.batch_columns(left.batch)?.into_iter();
                let own = filled.filter(|(key, _)| key.split('@').next() == Some(&**code));
                open.insert(own.map(|(_, (column, _))| column).collect())
            }
        };
        if own.contains(column) {
            products.push(product);
        }
    }
    Ok(products)
}
