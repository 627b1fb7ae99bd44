//! One batch being applied to the store, or taken back.
//!
//! Every layer that a batch replaces keeps its previous row in `history`; layers that it makes are known by their `created`
//! column, so that a first load of a million products writes no history at all.

use crate::catalog::store::{CatalogError, SKU_INDEXES, SOURCES};
use crate::catalog::stored::{Keys, SourceId, StoredLayer, checksum, layer_id, layer_row, mpn_hash};
use crate::diagnostic::Diagnostic;
use crate::product::batch::{DeliveredFile, Tally};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use xxhash_rust::xxh3::xxh3_128;

/// One batch being applied. Dropping it without `commit` leaves the store as it was.
pub struct Change<'c> {
    pub(super) tx: Transaction<'c>,
    pub(super) batch: i64,
    created: u64,
    pub(super) published: i64,
    /// True where products are part of others: their SKUs are not given out.
    pub(super) has_parts: bool,
    /// Past states that the batch keeps, and their bytes.
    pub(super) kept: Cell<(i64, i64)>,
    /// What the batch has to tell of itself.
    pub(super) findings: Vec<Diagnostic>,
    /// Number of the next product, where the highest one is that of a product that layers left for good.
    next: Option<i64>,
    gtins: Vec<(i64, i64)>,
    mpns: Vec<(i64, i64)>,
    /// Of a first load: hashes of the SKUs given out, while the tables do without their SKU indexes.
    first: Option<HashSet<u128>>,
}

/// A layer as a batch wants it.
#[derive(Debug, Clone, Copy)]
pub struct NewLayer<'a> {
    pub product: i64,
    pub source: SourceId,
    pub sku: &'a str,
    pub file: u32,
    pub line: u64,
    pub row_hash: u64,
    pub body: &'a str,
}

/// What goes into the list of batches.
#[derive(Debug, Clone, Default)]
pub struct BatchRecord {
    /// Moment in RFC 3339, for people; nothing is decided by it.
    pub at: String,
    pub source: String,
    /// `import`, `accept`, `dismiss`, `edit`, `images`, `merge`, `split`, `reject`, `settings`, `sheet` or `undo`.
    pub kind: String,
    pub tally: Tally,
    pub files: Vec<DeliveredFile>,
    /// Attribute key -> (column, rule): how the mapping of that day filled it.
    pub columns: BTreeMap<String, (String, String)>,
    pub diagnostics: Vec<Diagnostic>,
}

impl<'c> Change<'c> {
    pub(super) fn begin(connection: &'c mut Connection) -> Result<Change<'c>, CatalogError> {
        connection.set_prepared_statement_cache_capacity(64);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let batch: i64 = tx.query_row("SELECT coalesce(max(id), 0) + 1 FROM batches", [], |row| row.get(0))?;
        let published = tx
            .query_row("SELECT value FROM meta WHERE name = 'published'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        let next: Option<i64> = tx
            .query_row(
                "SELECT max(number) + 1 FROM (SELECT max(product) AS number FROM merged
                 UNION ALL SELECT max(home) FROM moves UNION ALL SELECT max(target) FROM moves)
             HAVING max(number) > (SELECT coalesce(max(id), 0) FROM products)",
                [],
                |row| row.get(0),
            )
            .optional()?
            .flatten();
        let has_parts = tx.query_row("SELECT EXISTS (SELECT 1 FROM merged)", [], |row| row.get(0))?;
        // Into empty tables a million rows go in order, and indexes over scattered SKUs are quicker made at the end.
        let mut first = None;
        if !tx.query_row("SELECT EXISTS (SELECT 1 FROM products)", [], |row| row.get(0))? {
            tx.execute_batch("DROP INDEX products_by_sku; DROP INDEX layers_by_sku;")?;
            first = Some(HashSet::new());
        }
        Ok(Change {
            tx,
            batch,
            created: 0,
            published,
            has_parts,
            kept: Cell::default(),
            findings: Vec::new(),
            next,
            gtins: Vec::new(),
            mpns: Vec::new(),
            first,
        })
    }

    /// The number this batch will have.
    pub fn batch(&self) -> i64 {
        self.batch
    }

    /// Makes a product. Its SKU is `sku`; where another product has it, or had it before it became part of one, or where it is the code
    /// of a model that the source sells nothing of, `<other>` instead, then `<other>-2`, `<other>-3`, …
    pub fn create_product(
        &mut self,
        source: SourceId,
        sku: &str,
        other: &str,
        model: Option<&str>,
    ) -> Result<i64, CatalogError> {
        let mut candidate = sku.to_owned();
        for n in 1_u32.. {
            let is_part = self.is_part(&candidate)? || self.is_model_of_others(&candidate, source)?;
            let taken = match &mut self.first {
                Some(given) => !given.insert(xxh3_128(candidate.as_bytes())),
                None => false,
            };
            if !taken && !is_part {
                let mut insert = self.tx.prepare_cached(
                    "INSERT OR IGNORE INTO products (sku, minted, model, changed, id) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?;
                if insert.execute(params![candidate, source.0, model, self.batch, self.next])? == 1 {
                    self.created += 1;
                    self.next = None;
                    return Ok(self.tx.last_insert_rowid());
                }
            }
            // A product that has left the house keeps its SKU even when nobody describes it any more; it is taken up again.
            let mut select = self.tx.prepare_cached(
                "SELECT id FROM products WHERE sku = ?1
                 AND NOT EXISTS (SELECT 1 FROM layers WHERE layers.id BETWEEN products.id * 1024 AND products.id * 1024 + 1023)",
            )?;
            let forsaken: Option<i64> = match is_part {
                true => None,
                false => select.query_row([&candidate], |row| row.get(0)).optional()?,
            };
            drop(select);
            if let Some(product) = forsaken {
                self.leave_model(product, model)?;
                self.tx
                    .prepare_cached("UPDATE products SET minted = ?2, model = ?3, changed = ?4 WHERE id = ?1")?
                    .execute(params![product, source.0, model, self.batch])?;
                return Ok(product);
            }
            candidate = if n == 1 {
                other.to_owned()
            } else {
                format!("{other}-{n}")
            };
        }
        Err(CatalogError::Damaged {
            what: format!("no free SKU beside {sku}"),
        })
    }

    /// Gives a product the SKU of a source that is trusted more than the one it has it from, so that the order in which
    /// suppliers arrive does not show. Products that have left the house keep their SKU.
    pub fn offer_sku(
        &mut self,
        product: i64,
        source: SourceId,
        sku: &str,
        better: impl Fn(SourceId, SourceId) -> bool,
    ) -> Result<(), CatalogError> {
        if product <= self.published {
            return Ok(());
        }
        let mut select = self
            .tx
            .prepare_cached("SELECT minted, sku FROM products WHERE id = ?1")?;
        let before: Option<(i64, String)> = select
            .query_row([product], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((minted, before)) = before else { return Ok(()) };
        if better(source, SourceId(minted as u16)) && before != sku && !self.is_part(sku)? {
            let mut update = self
                .tx
                .prepare_cached("UPDATE OR IGNORE products SET sku = ?2, minted = ?3 WHERE id = ?1")?;
            update.execute(params![product, sku, source.0])?;
            // Variants that took its SKU for their model's code have no parent any more.
            self.touch_place(&before)?;
        }
        Ok(())
    }

    /// True where the products of a model are none of this source's: what has the model's code as its SKU would be taken for their parent.
    fn is_model_of_others(&self, code: &str, source: SourceId) -> Result<bool, CatalogError> {
        if self.first.is_some() {
            return Ok(false);
        }
        let mut select = self.tx.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM products WHERE model = ?1)
             AND NOT EXISTS (SELECT 1 FROM products JOIN layers ON layers.id = products.id * 1024 + ?2 WHERE products.model = ?1)",
        )?;
        Ok(select.query_row(params![code, source.0], |row| row.get(0))?)
    }

    /// Says which model a product belongs to. Those it leaves behind change too.
    pub fn set_model(&mut self, product: i64, model: Option<&str>) -> Result<(), CatalogError> {
        self.leave_model(product, model)?;
        let mut update = self
            .tx
            .prepare_cached("UPDATE products SET model = ?2, changed = ?3 WHERE id = ?1 AND model IS NOT ?2")?;
        update.execute(params![product, model, self.batch])?;
        Ok(())
    }

    /// Makes a layer that was not there. The product must have been made in this store.
    pub fn insert_layer(&mut self, layer: NewLayer<'_>, keys: &Keys) -> Result<(), CatalogError> {
        let id = layer_id(layer.product, layer.source);
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO layers (id, source, sku, batch, file, line, created, withdrawn, row_hash, sum, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?4, 0, ?7, ?8, ?9)",
        )?;
        insert.execute(params![
            id,
            layer.source.0,
            layer.sku,
            self.batch,
            layer.file,
            layer.line as i64,
            layer.row_hash as i64,
            checksum(layer.body) as i64,
            layer.body
        ])?;
        drop(insert);
        self.add_keys(id, keys);
        Ok(())
    }

    /// Replaces a layer, keeping the previous one in history. `before` are the keys of the previous body.
    pub fn replace_layer(&mut self, layer: NewLayer<'_>, before: &Keys, keys: &Keys) -> Result<(), CatalogError> {
        let id = layer_id(layer.product, layer.source);
        self.remember(id)?;
        let mut update = self.tx.prepare_cached(
            "UPDATE layers SET sku = ?2, batch = ?3, file = ?4, line = ?5, withdrawn = 0, row_hash = ?6, sum = ?7, body = ?8
             WHERE id = ?1",
        )?;
        update.execute(params![
            id,
            layer.sku,
            self.batch,
            layer.file,
            layer.line as i64,
            layer.row_hash as i64,
            checksum(layer.body) as i64,
            layer.body
        ])?;
        drop(update);
        if before != keys {
            self.remove_keys(id, before)?;
            self.add_keys(id, keys);
        }
        self.touch(layer.product)
    }

    /// Marks a layer as no longer delivered, or as taken off by a `row`: its file and line. Its values stay for history and for the
    /// editor to see.
    pub fn withdraw(&mut self, product: i64, source: SourceId, row: Option<(u32, u64)>) -> Result<(), CatalogError> {
        let id = layer_id(product, source);
        self.remember(id)?;
        let mut update = self.tx.prepare_cached(
            "UPDATE layers SET batch = ?2, withdrawn = 1, row_hash = ?3, file = coalesce(?4, file), line = coalesce(?5, line) WHERE id = ?1",
        )?;
        let (file, line) = row.map(|(file, line)| (file, line as i64)).unzip();
        update.execute(params![id, self.batch, i64::from(row.is_some()), file, line])?;
        drop(update);
        self.touch(product)
    }

    /// Notes the hash of a row that reads differently under a changed mapping and still says the same.
    pub fn rehash(&mut self, product: i64, source: SourceId, row_hash: u64) -> Result<(), CatalogError> {
        let mut update = self
            .tx
            .prepare_cached("UPDATE layers SET row_hash = ?2 WHERE id = ?1")?;
        update.execute(params![layer_id(product, source), row_hash as i64])?;
        Ok(())
    }

    /// Keeps what a guard held back.
    pub fn hold(&mut self, layer: NewLayer<'_>, source: &str, reason: &Diagnostic) -> Result<(), CatalogError> {
        let reason = serde_json::to_string(reason).unwrap_or_default();
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO held (batch, source, sku, file, line, reason, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        insert.execute(params![
            self.batch,
            source,
            layer.sku,
            layer.file,
            layer.line as i64,
            reason,
            layer.body
        ])?;
        Ok(())
    }

    /// Writes the batch into the list and makes all of it visible at once. Gives its number.
    pub fn commit(mut self, record: &BatchRecord) -> Result<i64, CatalogError> {
        self.write_keys()?;
        if self.first.take().is_some() {
            self.tx.execute_batch(SKU_INDEXES)?;
        }
        self.lead_to_items()?;
        self.list(record)?;
        self.list_size()?;
        self.tx.commit()?;
        Ok(self.batch)
    }

    /// Notes that a batch is taken back by this one.
    pub fn take_back(&self, batch: i64) -> Result<(), CatalogError> {
        let mut update = self
            .tx
            .prepare_cached("UPDATE batches SET undone_by = ?2 WHERE id = ?1")?;
        update.execute([batch, self.batch])?;
        Ok(())
    }

    /// The number of a source, where it has one.
    pub fn source(&self, name: &str) -> Result<Option<SourceId>, CatalogError> {
        let mut select = self.tx.prepare_cached("SELECT id FROM sources WHERE name = ?1")?;
        let id: Option<i64> = select.query_row([name], |row| row.get(0)).optional()?;
        Ok(id.map(|id| SourceId(id as u16)))
    }

    /// Takes a layer that identifies nothing away, and its product with it where that has no other and never left the house.
    pub fn remove_layer(&mut self, product: i64, source: SourceId) -> Result<(), CatalogError> {
        let id = layer_id(product, source);
        self.remember(id)?;
        self.tx
            .prepare_cached("DELETE FROM layers WHERE id = ?1")?
            .execute([id])?;
        if self.drop_empty(product)? == 0 {
            self.touch(product)?;
        }
        Ok(())
    }

    /// Removes a product without layers that never left the house, for good; gives how many that were.
    pub(super) fn drop_empty(&self, product: i64) -> Result<usize, CatalogError> {
        let dropped = self.drop_row(product)?;
        if dropped > 0 {
            self.forget_parts(product)?;
        }
        Ok(dropped)
    }

    /// The same of one that may come back. Those it leaves behind change.
    pub(super) fn drop_row(&self, product: i64) -> Result<usize, CatalogError> {
        let mut drop_product = self.tx.prepare_cached(
            "DELETE FROM products WHERE id = ?1 AND id > ?2
             AND NOT EXISTS (SELECT 1 FROM layers WHERE id BETWEEN ?1 * 1024 AND ?1 * 1024 + 1023)
             RETURNING sku, model",
        )?;
        let dropped: Option<(String, Option<String>)> = drop_product
            .query_row([product, self.published], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((sku, model)) = dropped else { return Ok(0) };
        self.touch_place(&sku)?;
        if let Some(model) = model {
            self.touch_place(&model)?;
        }
        Ok(1)
    }

    /// Marks those that a product leaves behind when it goes from its model to another.
    pub(super) fn leave_model(&self, product: i64, to: Option<&str>) -> Result<(), CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT model FROM products WHERE id = ?1 AND model IS NOT ?2")?;
        let left: Option<Option<String>> = select.query_row(params![product, to], |row| row.get(0)).optional()?;
        match left.flatten() {
            Some(model) => self.touch_place_but(&model, product),
            None => Ok(()),
        }
    }

    fn touch_place(&self, place: &str) -> Result<(), CatalogError> {
        self.touch_place_but(place, 0)
    }

    /// Marks a place of the shelf as changed by this batch, but for a product that leaves it: what its products say of each
    /// other is another now. One of them is marked, and stands for all (`Reader::shelf`), so that a model of many variants
    /// that leave one by one costs no more than the variants.
    fn touch_place_but(&self, place: &str, but: i64) -> Result<(), CatalogError> {
        let mut variant = self.tx.prepare_cached(
            "UPDATE products SET changed = ?3 WHERE id = (SELECT id FROM products WHERE model = ?1 AND id <> ?2 LIMIT 1)",
        )?;
        if variant.execute(params![place, but, self.batch])? == 0 && self.first.is_none() {
            // The model's own record is a product like any other when its last variant is gone.
            self.tx
                .prepare_cached("UPDATE products SET changed = ?3 WHERE sku = ?1 AND id <> ?2")?
                .execute(params![place, but, self.batch])?;
        }
        Ok(())
    }

    /// The layers of a product as this batch has made them so far.
    pub fn layers(&self, product: i64) -> Result<Vec<StoredLayer>, CatalogError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT id, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM layers
             WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
        )?;
        let rows = statement.query_map([product * SOURCES, product * SOURCES + SOURCES - 1], layer_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn list(&self, record: &BatchRecord) -> Result<(), CatalogError> {
        let json = |what: &str, text: Result<String, serde_json::Error>| {
            text.map_err(|error| CatalogError::Damaged {
                what: format!("{what}: {error}"),
            })
        };
        let told: Vec<&Diagnostic> = record.diagnostics.iter().chain(&self.findings).collect();
        self.tx.execute(
            "INSERT INTO batches (id, at, source, kind, created, tally, files, columns, diagnostics)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                self.batch,
                record.at,
                record.source,
                record.kind,
                self.created as i64,
                json("tally", serde_json::to_string(&record.tally))?,
                json("files", serde_json::to_string(&record.files))?,
                json("columns", serde_json::to_string(&record.columns))?,
                json("diagnostics", serde_json::to_string(&told))?,
            ],
        )?;
        Ok(())
    }

    /// Marks a product as changed by this batch.
    pub fn touch(&self, product: i64) -> Result<(), CatalogError> {
        self.tx
            .prepare_cached("UPDATE products SET changed = ?2 WHERE id = ?1 AND changed <> ?2")?
            .execute(params![product, self.batch])?;
        Ok(())
    }

    /// Keys are written at the end and in order, so that a load of a million fills their tables front to back.
    pub(super) fn add_keys(&mut self, layer: i64, keys: &Keys) {
        self.gtins.extend(keys.gtin.map(|gtin| (gtin as i64, layer)));
        self.mpns.extend(keys.mpn.as_deref().map(|mpn| (mpn_hash(mpn), layer)));
    }

    fn write_keys(&mut self) -> Result<(), CatalogError> {
        for (keys, sql) in [
            (
                &mut self.gtins,
                "INSERT OR IGNORE INTO gtins (gtin, layer) VALUES (?1, ?2)",
            ),
            (
                &mut self.mpns,
                "INSERT OR IGNORE INTO mpns (mpn, layer) VALUES (?1, ?2)",
            ),
        ] {
            keys.sort_unstable();
            let mut insert = self.tx.prepare_cached(sql)?;
            for (key, layer) in keys.drain(..) {
                insert.execute([key, layer])?;
            }
        }
        Ok(())
    }

    pub(super) fn remove_keys(&mut self, layer: i64, keys: &Keys) -> Result<(), CatalogError> {
        if let Some(gtin) = keys.gtin {
            self.tx
                .prepare_cached("DELETE FROM gtins WHERE gtin = ?1 AND layer = ?2")?
                .execute(params![gtin as i64, layer])?;
        }
        if let Some(mpn) = &keys.mpn {
            self.tx
                .prepare_cached("DELETE FROM mpns WHERE mpn = ?1 AND layer = ?2")?
                .execute(params![mpn_hash(mpn), layer])?;
        }
        Ok(())
    }
}
