//! The catalog: layers are the only truth, products are their names, a batch changes them in one transaction.
//!
//! The rest of the program meets SQLite only through `Catalog` (the one writer), `Reader` (many) and `Change` (one batch
//! being applied). What a body says is left to `product::layer`, what wins to `merge`.

pub mod change;
pub mod history;
pub mod identity;
pub mod parts;
pub mod retention;
pub mod store;
pub mod stored;
pub mod undo;
pub mod unsettled;
pub mod written;

use crate::catalog::change::Change;
use crate::catalog::store::{CatalogError, SOURCES};
use crate::catalog::stored::{
    Known, ProductName, SourceId, StoredLayer, checksum, layer_id, layer_row, mpn_hash, product_name, split_layer,
    unchecked_layer_row,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The one writer. Dropping it gives the lock back.
pub struct Catalog {
    folder: PathBuf,
    connection: Connection,
    _lock: File,
}

/// A connection for reading; each thread has its own.
pub struct Reader {
    connection: Connection,
}

impl Catalog {
    /// Opens the store in `folder` for writing, makes it where there is none. Errors with `InUse` when another process
    /// writes and does not end within a second.
    pub fn open(folder: &Path) -> Result<Catalog, CatalogError> {
        let lock = store::lock(folder)?;
        Ok(Catalog {
            folder: folder.to_owned(),
            connection: store::open_writer(folder)?,
            _lock: lock,
        })
    }

    /// One more connection for reading. It sees what is committed.
    pub fn reader(&self) -> Result<Reader, CatalogError> {
        Reader::open(&self.folder)
    }

    /// The number of a source, given out on first use.
    pub fn source(&mut self, name: &str) -> Result<SourceId, CatalogError> {
        let found = self
            .connection
            .query_row("SELECT id FROM sources WHERE name = ?1", [name], |row| {
                row.get::<_, i64>(0)
            });
        if let Some(id) = found.optional()? {
            return Ok(SourceId(id as u16));
        }
        let next: i64 = self
            .connection
            .query_row("SELECT coalesce(max(id), -1) + 1 FROM sources", [], |row| row.get(0))?;
        if next >= SOURCES {
            return Err(CatalogError::TooManySources);
        }
        self.connection
            .execute("INSERT INTO sources (id, name) VALUES (?1, ?2)", params![next, name])?;
        Ok(SourceId(next as u16))
    }

    /// Remembers that every product up to now has left the house in an export: its SKU no longer changes.
    pub fn mark_published(&mut self) -> Result<(), CatalogError> {
        self.connection.execute(
            "INSERT INTO meta (name, value) SELECT 'published', coalesce(max(id), 0) FROM products WHERE true
             ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
            [],
        )?;
        Ok(())
    }

    /// Remembers what the last look for products that are one has seen, in words of who looked.
    pub fn mark_matched(&mut self, seen: &str) -> Result<(), CatalogError> {
        self.remember("matched", seen)
    }

    /// Remembers under which settings products were put under their models, in words of who did it.
    pub fn mark_shelved(&mut self, seen: &str) -> Result<(), CatalogError> {
        self.remember("shelved", seen)
    }

    fn remember(&mut self, name: &str, seen: &str) -> Result<(), CatalogError> {
        self.connection.execute(
            "INSERT INTO meta (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
            [name, seen],
        )?;
        Ok(())
    }

    /// Begins a batch. Nothing of it is seen by anyone before `Change::commit`.
    pub fn begin(&mut self) -> Result<Change<'_>, CatalogError> {
        Change::begin(&mut self.connection)
    }

    /// Writes the log back into the database file, so that the folder holds one file when the program rests.
    pub fn settle(&mut self) -> Result<(), CatalogError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

impl Reader {
    /// Opens the store in `folder` for reading.
    pub fn open(folder: &Path) -> Result<Reader, CatalogError> {
        Ok(Reader {
            connection: store::open_reader(folder)?,
        })
    }

    /// The same reader, seeing the catalog as it is now whatever is committed later; reads cost no locks then.
    pub fn steady(self) -> Result<Reader, CatalogError> {
        self.connection.execute_batch("BEGIN")?;
        Ok(self)
    }

    /// Names of the sources by number.
    pub fn sources(&self) -> Result<Vec<(SourceId, String)>, CatalogError> {
        let mut statement = self.connection.prepare("SELECT id, name FROM sources ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((SourceId(row.get::<_, i64>(0)? as u16), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What is known of a source: one pass over a narrow index.
    pub fn known(&self, source: SourceId) -> Result<Known, CatalogError> {
        let mut statement = self
            .connection
            .prepare("SELECT sku, row_hash, withdrawn, id FROM layers INDEXED BY layers_by_sku WHERE source = ?1")?;
        let mut rows = statement.query([source.0])?;
        let mut known = Known::default();
        while let Some(row) = rows.next()? {
            let sku = row.get_ref(0)?.as_bytes().map_err(|error| damaged("a SKU", error))?;
            known.add(
                sku,
                row.get::<_, i64>(1)? as u64,
                row.get(2)?,
                row.get::<_, i64>(3)? / SOURCES,
            );
        }
        known.sort();
        Ok(known)
    }

    /// One layer.
    pub fn layer(&self, product: i64, source: SourceId) -> Result<Option<StoredLayer>, CatalogError> {
        let mut statement = self.connection.prepare_cached(LAYERS_OF)?;
        let id = layer_id(product, source);
        let mut rows = statement.query([id, id])?;
        rows.next()?.map(layer_row).transpose().map_err(CatalogError::from)
    }

    /// All layers of a product, by source number.
    pub fn layers(&self, product: i64) -> Result<Vec<StoredLayer>, CatalogError> {
        let mut statement = self.connection.prepare_cached(LAYERS_OF)?;
        let first = product * SOURCES;
        let rows = statement.query_map([first, first + SOURCES - 1], layer_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The layers that carry this supplier SKU, whatever their source.
    pub fn layers_with_sku(&self, sku: &str) -> Result<Vec<StoredLayer>, CatalogError> {
        let mut statement = self.connection.prepare_cached(LAYERS_WITH_SKU)?;
        let rows = statement.query_map([sku], layer_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The product with this SKU.
    pub fn product(&self, sku: &str) -> Result<Option<ProductName>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, sku, model FROM products WHERE sku = ?1")?;
        Ok(statement.query_row([sku], product_name).optional()?)
    }

    /// The product with this number.
    pub fn product_by_id(&self, id: i64) -> Result<Option<ProductName>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, sku, model FROM products WHERE id = ?1")?;
        Ok(statement.query_row([id], product_name).optional()?)
    }

    /// All products in the order of the shelf, without those that are part of others: variants of a model side by side, then by
    /// SKU. With `since`, only those that changed in a later batch, with all that share their places: siblings, and the model's
    /// own record.
    pub fn shelf(&self, since: Option<i64>) -> Result<Vec<ProductName>, CatalogError> {
        let mut statement = self
            .connection
            .prepare("SELECT id, sku, model FROM products WHERE changed > ?1 ORDER BY id")?;
        let rows = statement.query_map([since.unwrap_or(-1)], product_name)?;
        let mut names: Vec<ProductName> = rows.collect::<Result<_, _>>()?;
        let parts = self.parts_with_rows(None)?;
        if since.is_some() {
            // Who joins or leaves a model changes what its variants tell and whether its own record is sold, so all of a place
            // is there. Any product may be the record of a model, even one that has a model itself.
            let mut models: Vec<String> = names.iter().filter_map(|name| name.model.clone()).collect();
            models.sort_unstable();
            models.dedup();
            for own in 0..names.len() {
                let variants = self.variants(&names[own].sku)?;
                names.extend(variants);
            }
            for model in models {
                names.extend(self.product(&model)?.filter(|own| own.model.is_none()));
                names.extend(self.variants(&model)?);
            }
            names.sort_unstable_by_key(|name| name.id);
            names.dedup_by_key(|name| name.id);
        }
        if !parts.is_empty() {
            names.retain(|name| parts.binary_search(&name.id).is_err());
        }
        // Products made in the order of their SKUs come sorted already, which a stable sort sees.
        names.sort_by(|a, b| (a.place(), &a.sku).cmp(&(b.place(), &b.sku)));
        Ok(names)
    }

    /// The places of the shelf that may look otherwise since this batch: those of the products that changed, parts of others too, and
    /// those of the variants that one of them lends its values to. Never iterated; at most so many products are looked at, and `None` is
    /// said of more.
    pub fn touched_places(&self, since: i64, most: usize) -> Result<Option<HashSet<String>>, CatalogError> {
        let mut statement = (self.connection).prepare("SELECT sku, model FROM products WHERE changed > ?1")?;
        let mut rows = statement.query([since])?;
        let (mut places, mut count) = (HashSet::new(), 0);
        while let Some(row) = rows.next()? {
            count += 1;
            if count > most {
                return Ok(None);
            }
            places.insert(row.get(0)?);
            places.extend(row.get::<_, Option<String>>(1)?);
        }
        Ok(Some(places))
    }

    /// The products of a model, by SKU.
    pub fn variants(&self, model: &str) -> Result<Vec<ProductName>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, sku, model FROM products WHERE model = ?1 ORDER BY sku")?;
        let rows = statement.query_map([model], product_name)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Codes of the models that have a product changed after this batch, each once, in order.
    pub fn changed_models(&self, since: i64) -> Result<Vec<String>, CatalogError> {
        let mut statement = self.connection.prepare(
            "SELECT DISTINCT model FROM products INDEXED BY products_by_model
             WHERE model IS NOT NULL AND changed > ?1 ORDER BY model",
        )?;
        let rows = statement.query_map([since], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Numbers of all products, ascending.
    pub fn ids(&self) -> Result<Vec<i64>, CatalogError> {
        let mut statement = self.connection.prepare("SELECT id FROM products ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        let mut ids: Vec<i64> = rows.collect::<Result<_, _>>()?;
        let parts = self.parts_with_rows(None)?;
        if !parts.is_empty() {
            ids.retain(|id| parts.binary_search(id).is_err());
        }
        Ok(ids)
    }

    /// Number of products, without those that are part of others.
    pub fn count(&self) -> Result<u64, CatalogError> {
        let rows: i64 = self
            .connection
            .query_row("SELECT count(*) FROM products", [], |row| row.get(0))?;
        Ok((rows as u64).saturating_sub(self.parts_with_rows(None)?.len() as u64))
    }

    /// The products that layers of other sources, or of the same, give this GTIN, with the layer's source.
    pub fn by_gtin(&self, gtin: u64) -> Result<Vec<(i64, SourceId)>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT layer FROM gtins WHERE gtin = ?1 ORDER BY layer")?;
        let rows = statement.query_map([gtin as i64], |row| row.get(0))?;
        rows.map(|id| Ok(split_layer(id?))).collect()
    }

    /// The products that layers give this folded brand and MPN.
    pub fn by_mpn(&self, mpn: &str) -> Result<Vec<(i64, SourceId)>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT layer FROM mpns WHERE mpn = ?1 ORDER BY layer")?;
        let rows = statement.query_map([mpn_hash(mpn)], |row| row.get(0))?;
        rows.map(|id| Ok(split_layer(id?))).collect()
    }

    /// What `mark_matched` remembered last.
    pub fn matched(&self) -> Result<Option<String>, CatalogError> {
        self.remembered("matched")
    }

    /// What `mark_shelved` remembered last.
    pub fn shelved(&self) -> Result<Option<String>, CatalogError> {
        self.remembered("shelved")
    }

    /// How many items of a source have more than none of an attribute.
    pub fn count_with(&self, source: SourceId, attribute: &str) -> Result<u64, CatalogError> {
        let path = format!("$.\"{attribute}\"");
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM layers WHERE source = ?1 AND withdrawn = 0 AND CAST(json_extract(body, ?2) AS REAL) > 0",
        )?;
        let count: i64 = statement.query_row(rusqlite::params![source.0, path], |row| row.get(0))?;
        Ok(count as u64)
    }

    fn remembered(&self, name: &str) -> Result<Option<String>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Numbers of the products that several layers speak of, ascending.
    pub fn ids_of_many(&self) -> Result<Vec<i64>, CatalogError> {
        let mut statement = self
            .connection
            .prepare("SELECT id / 1024 FROM layers GROUP BY 1 HAVING count(*) > 1 ORDER BY 1")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The number of the last batch, 0 where there is none: the change sequence of the catalog.
    pub fn sequence(&self) -> Result<i64, CatalogError> {
        Ok(self
            .connection
            .query_row("SELECT coalesce(max(id), 0) FROM batches", [], |row| row.get(0))?)
    }

    /// Asks SQLite for the soundness of its file and reads every layer's body against its checksum. Gives the faults.
    pub fn verify(&self, mut each: impl FnMut(&StoredLayer) -> Option<String>) -> Result<Vec<String>, CatalogError> {
        let mut faults = Vec::new();
        let mut statement = self.connection.prepare("PRAGMA integrity_check(20)")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        for line in rows {
            let line = line?;
            if line != "ok" {
                faults.push(line);
            }
        }
        let mut statement = self.connection.prepare(
            "SELECT id, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM layers ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let layer = unchecked_layer_row(row)?;
            if checksum(&layer.body) != row.get::<_, i64>(9)? as u64 {
                faults.push(format!(
                    "layer of {} in product {} does not match its checksum",
                    layer.sku, layer.product
                ));
            } else if let Some(fault) = each(&layer) {
                faults.push(fault);
            }
            if faults.len() >= 100 {
                break;
            }
        }
        for (what, sql) in [
            (
                "products without a layer",
                "SELECT count(*) FROM products p WHERE id > coalesce((SELECT value FROM meta WHERE name = 'published'), 0) AND NOT EXISTS (SELECT 1 FROM layers l WHERE l.id BETWEEN p.id * 1024 AND p.id * 1024 + 1023)",
            ),
            (
                "layers without a product",
                "SELECT count(*) FROM layers l WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.id / 1024)",
            ),
            (
                "GTINs without a layer",
                "SELECT count(*) FROM gtins g WHERE NOT EXISTS (SELECT 1 FROM layers l WHERE l.id = g.layer)",
            ),
            (
                "part numbers without a layer",
                "SELECT count(*) FROM mpns m WHERE NOT EXISTS (SELECT 1 FROM layers l WHERE l.id = m.layer)",
            ),
            (
                "layers of a batch that is not there",
                "SELECT count(*) FROM layers l WHERE NOT EXISTS (SELECT 1 FROM batches b WHERE b.id = l.batch)",
            ),
        ] {
            let count: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
            if count > 0 {
                faults.push(format!("{count} {what}"));
            }
        }
        faults.extend(self.verify_parts(100)?);
        Ok(faults)
    }
}

const LAYERS_OF: &str = "SELECT id, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM layers
     WHERE id BETWEEN ?1 AND ?2 ORDER BY id";

/// One look into the index of SKUs for each source. A plain join is free to go through all layers in the order that is asked
/// for; of a cross join SQLite keeps the order of the tables (The SQLite Query Optimizer Overview, manual control of query plans
/// using CROSS JOIN; 2026-11-22).
const LAYERS_WITH_SKU: &str =
    "SELECT l.id, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM sources s
     CROSS JOIN layers l ON l.source = s.id AND l.sku = ?1 ORDER BY l.id";

fn damaged(what: &str, error: impl std::fmt::Display) -> CatalogError {
    CatalogError::Damaged {
        what: format!("{what}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_found_by_their_sku_without_a_look_at_all() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let catalog = Catalog::open(folder.path()).expect("a new store opens");
        let asked = format!("EXPLAIN QUERY PLAN {LAYERS_WITH_SKU}");
        let mut statement = catalog.connection.prepare(&asked).expect("it is a query");
        let steps = statement.query_map(["A-1"], |row| row.get(3)).expect("it is planned");
        let steps: Vec<String> = steps.collect::<Result<_, _>>().expect("each step is told");
        let on_layers = steps.iter().find(|step| step.contains(" l "));
        assert_eq!(
            on_layers.map(String::as_str),
            Some("SEARCH l USING INDEX layers_by_sku (source=? AND sku=?)"),
            "{steps:?}"
        );
    }
}
