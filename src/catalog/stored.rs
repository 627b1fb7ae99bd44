//! The rows of the store as the program holds them, and the numbers they go by.

use crate::catalog::store::{SOURCES, Tampered};
use crate::product::origin::Origin;
use rusqlite::Row;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// A source's number in this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// A layer as the store keeps it, its body unread.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredLayer {
    pub product: i64,
    pub source: SourceId,
    /// The source's own key for the product.
    pub sku: String,
    pub origin: Origin,
    /// The batch that made the layer.
    pub created: i64,
    /// True once a snapshot no longer had it.
    pub withdrawn: bool,
    /// Hash of the raw row under its mapping; of what is withdrawn, 1 where a row took it off, and its origin is that row.
    pub row_hash: u64,
    pub body: String,
}

impl StoredLayer {
    /// True where a row of the delivery took it off; false where it was missing from it, or is delivered still.
    pub fn is_taken_off(&self) -> bool {
        self.withdrawn && self.row_hash == 1
    }
}

/// A product's name in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductName {
    pub id: i64,
    pub sku: String,
    pub model: Option<String>,
}

impl ProductName {
    /// Its place on the shelf: variants of a model stand together, with the model's own record where there is one.
    pub fn place(&self) -> &str {
        self.model.as_deref().unwrap_or(&self.sku)
    }
}

/// What identifies a product beside its SKU, as one layer says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// The GTIN as a number of 14 digits.
    pub gtin: Option<u64>,
    /// Brand and MPN, folded, with a tab between.
    pub mpn: Option<String>,
}

/// The SKUs and row hashes of one source, for recognising what did not change.
#[derive(Debug, Default)]
pub struct Known {
    items: Vec<KnownItem>,
    /// Where the items begin whose hashes share their first bits; the hashes are spread evenly, so that few do.
    starts: Vec<u32>,
}

/// Items that share their first bits, about.
const SHARING: usize = 4;

/// One known item, 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownItem {
    sku: u128,
    pub row_hash: u64,
    pub product: i64,
    pub withdrawn: bool,
}

impl Known {
    /// What a source's layers say of themselves: SKU bytes, row hash, withdrawn, product.
    pub(super) fn add(&mut self, sku: &[u8], row_hash: u64, withdrawn: bool, product: i64) {
        self.items.push(KnownItem {
            sku: xxh3_128(sku),
            row_hash,
            product,
            withdrawn,
        });
    }

    /// To be called once all are added.
    pub(super) fn sort(&mut self) {
        self.items.sort_unstable_by_key(|item| item.sku);
        let count = (self.items.len() / SHARING).next_power_of_two();
        self.starts = Vec::with_capacity(count + 1);
        let mut at = 0;
        for first in 0..=count {
            while self.items.get(at).is_some_and(|item| leading(item.sku, count) < first) {
                at += 1;
            }
            self.starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
    }

    /// Position and item of a supplier SKU.
    pub fn find(&self, sku: &str) -> Option<(usize, &KnownItem)> {
        let hash = xxh3_128(sku.as_bytes());
        let first = leading(hash, self.starts.len().checked_sub(1)?);
        let (start, end) = (*self.starts.get(first)? as usize, *self.starts.get(first + 1)? as usize);
        let shared = self.items.get(start..end)?;
        let at = start + shared.iter().position(|item| item.sku == hash)?;
        Some((at, &self.items[at]))
    }

    /// Forgets what the row of a supplier SKU was: whatever it is, it will be read anew.
    pub fn reread(&mut self, sku: &str) {
        let at = self.find(sku).map(|(at, _)| at);
        if let Some(item) = at.and_then(|at| self.items.get_mut(at)) {
            item.row_hash = 0;
        }
    }

    /// The item at a position.
    pub fn get(&self, at: usize) -> Option<&KnownItem> {
        self.items.get(at)
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All items, in an order that only depends on their SKUs.
    pub fn iter(&self) -> impl Iterator<Item = &KnownItem> {
        self.items.iter()
    }
}

/// The number that the first bits of a hash make, below `count`, a power of two.
fn leading(hash: u128, count: usize) -> usize {
    match count.trailing_zeros() {
        0 => 0,
        bits => (hash >> (u128::BITS - bits)) as usize,
    }
}

/// The number of a layer in the store.
pub fn layer_id(product: i64, source: SourceId) -> i64 {
    product * SOURCES + i64::from(source.0)
}

/// Product and source of a layer's number.
pub fn split_layer(id: i64) -> (i64, SourceId) {
    (id / SOURCES, SourceId((id % SOURCES) as u16))
}

/// The number under which a folded brand and part number stand in the store.
pub fn mpn_hash(mpn: &str) -> i64 {
    xxh3_64(mpn.as_bytes()) as i64
}

/// The checksum kept beside a body.
pub fn checksum(body: &str) -> u64 {
    xxh3_64(body.as_bytes())
}

/// A layer out of a row that begins with the columns of `layers` in their usual order, and its checksum behind them, which must match.
pub(super) fn layer_row(row: &Row<'_>) -> rusqlite::Result<StoredLayer> {
    let layer = unchecked_layer_row(row)?;
    match checksum(&layer.body) == row.get::<_, i64>(9)? as u64 {
        true => Ok(layer),
        false => Err(rusqlite::Error::FromSqlConversionFailure(
            8,
            rusqlite::types::Type::Text,
            Box::new(Tampered { sku: layer.sku }),
        )),
    }
}

/// The same without its checksum.
pub(super) fn unchecked_layer_row(row: &Row<'_>) -> rusqlite::Result<StoredLayer> {
    let (product, source) = split_layer(row.get(0)?);
    Ok(StoredLayer {
        product,
        source,
        sku: row.get(1)?,
        origin: Origin {
            batch: row.get(2)?,
            file: row.get::<_, i64>(3)? as u32,
            line: row.get::<_, i64>(4)? as u64,
        },
        created: row.get(5)?,
        withdrawn: row.get(6)?,
        row_hash: row.get::<_, i64>(7)? as u64,
        body: row.get(8)?,
    })
}

/// A name out of a row of number, SKU and model.
pub(super) fn product_name(row: &Row<'_>) -> rusqlite::Result<ProductName> {
    Ok(ProductName {
        id: row.get(0)?,
        sku: row.get(1)?,
        model: row.get(2)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_sku_is_found_and_no_other() {
        for count in [0, 1, 3, 4, 5, 1_000] {
            let mut known = Known::default();
            assert!(known.find("S0").is_none());
            for n in 0..count {
                known.add(format!("S{n}").as_bytes(), n, false, n as i64);
            }
            known.sort();
            for n in 0..count {
                let (at, item) = known.find(&format!("S{n}")).expect("it is known");
                assert_eq!((item.row_hash, known.get(at)), (n, Some(item)));
            }
            assert!(known.find(&format!("S{count}")).is_none() && known.find("").is_none());
        }
    }
}
