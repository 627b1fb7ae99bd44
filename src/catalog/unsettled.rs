//! What imports left for a person: what guards held, and findings on rows, beside what has become of the rows since.
//!
//! What settles them is left to the workspace.

use crate::catalog::Reader;
use crate::catalog::store::{CatalogError, SOURCES};
use crate::catalog::stored::SourceId;
use rusqlite::params;

/// Something that a guard held in an import which nobody took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    pub batch: i64,
    pub sku: String,
    /// The batch that changed the item's layer last; 0 where there is none.
    pub by: i64,
    /// The product that has the item's layer, where there is one.
    pub product: Option<i64>,
    /// Why it was held.
    pub code: String,
}

/// A finding on a row of an import that nobody took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRow {
    pub batch: i64,
    pub code: String,
    /// The supplier's SKU, where the row told one.
    pub sku: Option<String>,
    /// Where in the row, in the supplier's words.
    pub column: Option<String>,
}

impl Reader {
    /// What the guards held in the imports of a source from batch `since` on, in the order it was met.
    pub fn held_since(&self, source: &str, id: Option<SourceId>, since: i64) -> Result<Vec<HeldRow>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT held.batch, held.sku, coalesce((SELECT max(batch) FROM layers WHERE source = ?2 AND sku = held.sku), 0),
             (SELECT max(id) / ?4 FROM layers WHERE source = ?2 AND sku = held.sku), coalesce(held.reason ->> 'code', '')
             FROM batches JOIN held ON held.batch = batches.id
             WHERE batches.source = ?1 AND batches.kind = 'import' AND batches.undone_by IS NULL AND batches.id >= ?3
             ORDER BY held.id",
        )?;
        let rows = statement.query_map(params![source, id.map(|id| id.0), since, SOURCES], |row| {
            Ok(HeldRow {
                batch: row.get(0)?,
                sku: row.get(1)?,
                by: row.get(2)?,
                product: row.get(3)?,
                code: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Supplier SKUs that standing batches of a kind name, each with the batch that they tell of: (told by, of, SKU), the oldest
    /// first.
    pub fn named_by(&self, source: &str, kind: &str) -> Result<Vec<(i64, i64, String)>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT batches.id, CAST(told.value ->> 'value' AS INTEGER), told.value ->> 'sku'
             FROM batches, json_each(batches.diagnostics) AS told
             WHERE source = ?1 AND kind = ?2 AND undone_by IS NULL
             AND told.value ->> 'sku' IS NOT NULL AND told.value ->> 'value' IS NOT NULL ORDER BY batches.id",
        )?;
        let rows = statement.query_map([source, kind], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The last standing import of a source whose files list all there is; updates of a BMEcat catalogue and rejected rows that came
    /// back do not.
    pub fn last_whole(&self, source: &str) -> Result<Option<i64>, CatalogError> {
        self.last_import(
            source,
            "file.value ->> 'format' <> 'bmecat' OR file.value ->> '$.layout.transfer' = 0",
        )
    }

    /// The last delivery of a source that stands: its last import, but for rejected rows that came back. Where none tells how its
    /// files were laid out, as those of older versions, the last import.
    pub fn last_delivery(&self, source: &str) -> Result<Option<i64>, CatalogError> {
        match self.last_import(source, "1 = 1")? {
            None => self.last_where(source, "1 = 1"),
            found => Ok(found),
        }
    }

    /// The last standing import of a source with a file whose layout is remembered and that is so.
    fn last_import(&self, source: &str, is: &str) -> Result<Option<i64>, CatalogError> {
        let file = format!(
            "EXISTS (SELECT 1 FROM json_each(files) AS file WHERE file.value ->> '$.layout' IS NOT NULL AND ({is}))"
        );
        self.last_where(source, &file)
    }

    fn last_where(&self, source: &str, condition: &str) -> Result<Option<i64>, CatalogError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT id FROM batches WHERE source = ?1 AND kind = 'import' AND undone_by IS NULL AND {condition}
             ORDER BY id DESC LIMIT 1"
        ))?;
        let mut rows = statement.query([source])?;
        rows.next()?.map_or(Ok(None), |row| Ok(Some(row.get(0)?)))
    }

    /// Where any of these codes was found in the imports of a source, as far as findings were kept word for word, the oldest first.
    pub fn told_rows(&self, source: &str, codes: &[&str]) -> Result<Vec<ToldRow>, CatalogError> {
        // A text is looked through quicker than it is read, and most batches have none of them.
        let mut statement = self.connection.prepare_cached(
            "SELECT batches.id, told.value ->> 'code', told.value ->> 'sku', told.value ->> 'column'
             FROM batches, json_each(batches.diagnostics) AS told
             WHERE source = ?1 AND kind = 'import' AND undone_by IS NULL
             AND EXISTS (SELECT 1 FROM json_each(?2) AS code WHERE instr(batches.diagnostics, code.value) > 0)
             AND told.value ->> 'code' IN (SELECT value FROM json_each(?2)) ORDER BY batches.id",
        )?;
        let codes = serde_json::to_string(codes).unwrap_or_default();
        let rows = statement.query_map([source, &codes], |row| {
            Ok(ToldRow {
                batch: row.get(0)?,
                code: row.get(1)?,
                sku: row.get(2)?,
                column: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
