//! What batches did: the list of them, past states of layers, what guards held.

use crate::catalog::Reader;
use crate::catalog::store::{CatalogError, SOURCES};
use crate::catalog::stored::{StoredLayer, layer_row};
use crate::diagnostic::Diagnostic;
use crate::product::batch::{Batch, DeliveredFile};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

/// A past state of a layer: as it was before the batch `of` changed it.
#[derive(Debug, Clone, PartialEq)]
pub struct PastLayer {
    /// The batch that replaced it.
    pub of: i64,
    pub layer: StoredLayer,
}

/// Something a guard held.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub batch: i64,
    pub source: String,
    pub sku: String,
    pub file: u32,
    pub line: u64,
    pub reason: Diagnostic,
    /// The layer as it would be; empty where the item is missing from the delivery.
    pub body: String,
}

/// How often each code was found.
pub type Counts = BTreeMap<String, u64>;

impl Reader {
    /// All batches, the newest first, without their files and findings, which may be megabytes each.
    pub fn tallies(&self) -> Result<Vec<Batch>, CatalogError> {
        self.batches_where("1 = 1", 0, "'[]', '[]'")
    }

    /// The same with their files, and how often each code was found instead of the findings; without layouts.
    pub fn listed(&self) -> Result<Vec<(Batch, Counts)>, CatalogError> {
        let files = "(SELECT json_group_array(json_remove(value, '$.layout')) FROM json_each(files)), '[]'";
        let batches = self.batches_where("1 = 1", 0, files)?.into_iter();
        batches
            .map(|batch| self.findings(batch.id).map(|counts| (batch, counts)))
            .collect()
    }

    /// How often each code was found in a batch, whether it was kept word for word or only counted.
    pub fn findings(&self, id: i64) -> Result<Counts, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT code, sum(n) FROM
             (SELECT value ->> 'code' AS code, 1 AS n FROM batches, json_each(diagnostics) WHERE batches.id = ?1
              UNION ALL SELECT key, value FROM batches, json_each(tally, '$.unlisted') WHERE batches.id = ?1) GROUP BY 1",
        )?;
        let counts = statement.query_map([id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    /// One batch.
    pub fn batch(&self, id: i64) -> Result<Option<Batch>, CatalogError> {
        Ok(self.batches_where("id = ?1", id, "files, diagnostics")?.pop())
    }

    /// The batches later than `since`, the newest first, without their files and findings.
    pub fn batches_since(&self, since: i64) -> Result<Vec<Batch>, CatalogError> {
        self.batches_where("id > ?1", since, "'[]', '[]'")
    }

    fn batches_where(&self, condition: &str, id: i64, told: &str) -> Result<Vec<Batch>, CatalogError> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT id, source, kind, tally, {told}, undone_by FROM batches WHERE {condition} AND ?1 = ?1 ORDER BY id DESC"
        ))?;
        let mut rows = statement.query([id])?;
        let mut batches = Vec::new();
        while let Some(row) = rows.next()? {
            batches.push(Batch {
                id: row.get(0)?,
                source: row.get(1)?,
                kind: row.get(2)?,
                tally: from_json(row, 3)?,
                files: from_json(row, 4)?,
                diagnostics: from_json(row, 5)?,
                undone_by: row.get(6)?,
            });
        }
        Ok(batches)
    }

    /// The moment a batch was made, as it was noted.
    pub fn batch_moment(&self, id: i64) -> Result<Option<String>, CatalogError> {
        let mut statement = self.connection.prepare_cached("SELECT at FROM batches WHERE id = ?1")?;
        Ok(statement.query_row([id], |row| row.get(0)).optional()?)
    }

    /// Which column and rule filled each attribute in a batch.
    pub fn batch_columns(&self, id: i64) -> Result<BTreeMap<String, (String, String)>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT columns FROM batches WHERE id = ?1")?;
        let mut rows = statement.query([id])?;
        rows.next()?.map_or(Ok(BTreeMap::new()), |row| from_json(row, 0))
    }

    /// The last files that an import of this source brought, newest batch first, at most `most` batches; without the tables that were
    /// only looked up. Those in which one of the
    /// codes was found are left out, unless a person accepted what was held of them: `accepted` is the code of a batch that tells so,
    /// with the other's number as its value.
    pub fn deliveries(
        &self,
        source: &str,
        most: usize,
        codes: &[&str],
        accepted: &str,
    ) -> Result<Vec<Vec<DeliveredFile>>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT files FROM batches AS own WHERE source = ?1 AND kind = 'import' AND undone_by IS NULL
             AND (NOT EXISTS (SELECT 1 FROM json_each(diagnostics) WHERE value ->> 'code' IN (SELECT value FROM json_each(?3)))
                  OR EXISTS (SELECT 1 FROM batches AS later, json_each(later.diagnostics) AS told
                             WHERE later.source = ?1 AND later.id > own.id AND later.kind = 'accept' AND later.undone_by IS NULL
                             AND told.value ->> 'code' = ?4 AND told.value ->> 'value' = CAST(own.id AS TEXT)))
             ORDER BY id DESC LIMIT ?2",
        )?;
        let codes = serde_json::to_string(codes).unwrap_or_default();
        let mut rows = statement.query(params![source, most as i64, codes, accepted])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut files: Vec<DeliveredFile> = from_json(row, 0)?;
            files.retain(|file| file.table.is_none());
            found.push(files);
        }
        Ok(found)
    }

    /// The files that a batch of this source brought, taken back or not; or those of its last delivery, which rejected rows that
    /// came back are not: their layout is not remembered.
    pub fn delivery(
        &self,
        source: &str,
        batch: Option<i64>,
    ) -> Result<Option<(i64, Vec<DeliveredFile>)>, CatalogError> {
        let found = |condition: &str| {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT id, files FROM batches WHERE source = ?1 AND kind = 'import' AND (?2 IS NULL OR id = ?2) AND {condition}
                 ORDER BY id DESC LIMIT 1"
            ))?;
            let mut rows = statement.query(params![source, batch])?;
            rows.next()?
                .map_or(Ok(None), |row| Ok(Some((row.get(0)?, from_json(row, 1)?))))
        };
        let whole =
            "(?2 IS NOT NULL OR EXISTS (SELECT 1 FROM json_each(files) WHERE value ->> '$.layout' IS NOT NULL))";
        match found(whole)? {
            None if batch.is_none() => found("1 = 1"),
            found => Ok(found),
        }
    }

    /// The contents of the files that the last `most` imports of each source brought.
    pub fn contents(&self, most: u32) -> Result<BTreeSet<String>, CatalogError> {
        let mut statement = self.connection.prepare(
            "SELECT value ->> 'blake3' FROM (
                 SELECT files, row_number() OVER (PARTITION BY source ORDER BY id DESC) AS age FROM batches WHERE kind = 'import'
             ) AS imports, json_each(imports.files) WHERE age <= ?1 AND value ->> 'blake3' IS NOT NULL",
        )?;
        let rows = statement.query_map([most], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The products of which a batch replaced or removed a layer, in order.
    pub fn touched(&self, batch: i64) -> Result<Vec<i64>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT layer / ?2 FROM history WHERE of = ?1 ORDER BY 1")?;
        let rows = statement.query_map([batch, SOURCES], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The past states of a product's layers, the newest first.
    pub fn past_layers(&self, product: i64) -> Result<Vec<PastLayer>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT layer, sku, batch, file, line, created, withdrawn, row_hash, body, sum, of FROM history
             WHERE layer BETWEEN ?1 AND ?2 ORDER BY of DESC, layer",
        )?;
        let rows = statement.query_map([product * SOURCES, product * SOURCES + SOURCES - 1], |row| {
            Ok(PastLayer {
                layer: layer_row(row)?,
                of: row.get(10)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// SKU and body of what the guards held in the last delivery of a source that nobody took back, and in rejected rows of it that came
    /// back since, in the order it was met.
    pub fn held_last(&self, source: &str) -> Result<Vec<(String, String)>, CatalogError> {
        let Some(last) = self.last_delivery(source)? else {
            return Ok(Vec::new());
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT held.sku, held.body FROM batches JOIN held ON held.batch = batches.id
             WHERE batches.source = ?1 AND batches.kind = 'import' AND batches.undone_by IS NULL AND batches.id >= ?2
             ORDER BY held.id",
        )?;
        let rows = statement.query_map(params![source, last], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the guards held in a batch, in the order it was met.
    pub fn held(&self, batch: i64) -> Result<Vec<Held>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT batch, source, sku, file, line, reason, body FROM held WHERE batch = ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([batch])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            held.push(Held {
                batch: row.get(0)?,
                source: row.get(1)?,
                sku: row.get(2)?,
                file: row.get::<_, i64>(3)? as u32,
                line: row.get::<_, i64>(4)? as u64,
                reason: from_json(row, 5)?,
                body: row.get(6)?,
            });
        }
        Ok(held)
    }
}

fn from_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, CatalogError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| CatalogError::Damaged {
        what: error.to_string(),
    })
}
