//! What a batch wrote, page by page: the layers it replaced or took away, and those it made. For looking at a batch of any size.

use crate::catalog::Reader;
use crate::catalog::store::CatalogError;
use crate::catalog::stored::{StoredLayer, layer_row};
use rusqlite::{OptionalExtension, params};

/// Layers of a page.
const PAGE: i64 = 1000;

/// Where a page begins: what kind of layer, and after which number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenFrom {
    part: Part,
    after: i64,
}

/// The parts in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Replaced or taken away: told by **history**.
    Replaced,
    /// Made, and there still; or the last that is known of them where history is past retention.
    Made,
    /// Made, and taken away when the batch was taken back.
    TakenBack,
}

impl Part {
    /// Number in its table and layer, of those after ?3, of the batch ?1 that ?2 took back.
    fn rows(self) -> &'static str {
        match self {
            Part::Replaced => "SELECT id AS n, layer FROM history WHERE of = ?1 AND id > ?3",
            // Whatever writes a layer marks its product: those that did not change since have none of it, and their layers, which are
            // most of the store, are not looked at. A layer's number is its product's with its source's behind (`SOURCES`).
            Part::Made => {
                "SELECT layers.id AS n, layers.id AS layer FROM products CROSS JOIN layers
                 ON layers.id BETWEEN products.id * 1024 AND products.id * 1024 + 1023
                 WHERE products.id >= ?3 / 1024 AND products.changed >= ?1
                 AND (layers.created = ?1 OR layers.batch = ?1) AND layers.id > ?3
                 AND NOT EXISTS (SELECT 1 FROM history WHERE history.layer = layers.id AND of = ?1)"
            }
            Part::TakenBack => {
                "SELECT id AS n, layer FROM history WHERE of = ?2 AND created = ?1 AND id > ?3
                 AND NOT EXISTS (SELECT 1 FROM layers WHERE layers.id = history.layer AND layers.created = ?1)"
            }
        }
    }

    /// Its rows in the order in which they are found, so that a page ends where it is full and nothing is sorted.
    fn page(self) -> String {
        let order = match self {
            Part::Replaced | Part::TakenBack => "id",
            Part::Made => "products.id, layers.id",
        };
        format!("{} ORDER BY {order} LIMIT ?4", self.rows())
    }

    fn next(self) -> Option<Part> {
        match self {
            Part::Replaced => Some(Part::Made),
            Part::Made => Some(Part::TakenBack),
            Part::TakenBack => None,
        }
    }
}

/// A product that a batch made part of another, or took out of it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// The SKU it had.
    pub sku: String,
    /// The product that it became part of, or was part of.
    pub whole: Option<i64>,
    /// True where it is one of its own since.
    pub taken_out: bool,
}

/// A page of what a batch wrote.
#[derive(Debug)]
pub struct Written {
    /// Numbers of layers.
    pub layers: Vec<i64>,
    /// Where the next page begins.
    pub next: Option<WrittenFrom>,
}

impl Reader {
    /// Where the first page of what a batch wrote begins.
    pub fn written_first(&self) -> WrittenFrom {
        WrittenFrom {
            part: Part::Replaced,
            after: 0,
        }
    }

    /// A page of the layers that a batch wrote; at most 1,000. `undone_by` is the batch that took it back.
    pub fn written(&self, batch: i64, undone_by: Option<i64>, from: WrittenFrom) -> Result<Written, CatalogError> {
        let mut statement = self.connection.prepare_cached(&from.part.page())?;
        let mut rows = statement.query(params![batch, undone_by, from.after, PAGE])?;
        let (mut layers, mut after) = (Vec::new(), from.after);
        while let Some(row) = rows.next()? {
            after = row.get(0)?;
            layers.push(row.get(1)?);
        }
        let next = match layers.len() as i64 == PAGE {
            true => Some(WrittenFrom { after, ..from }),
            false => from.part.next().map(|part| WrittenFrom { part, after: 0 }),
        };
        Ok(Written { layers, next })
    }

    /// How many there are from a place on.
    pub fn written_after(&self, batch: i64, undone_by: Option<i64>, from: WrittenFrom) -> Result<u64, CatalogError> {
        let (mut count, mut place) = (0, Some(from));
        while let Some(from) = place {
            let sql = format!("SELECT count(*) FROM ({})", from.part.rows());
            let mut statement = self.connection.prepare_cached(&sql)?;
            let found: i64 = statement.query_row(params![batch, undone_by, from.after], |row| row.get(0))?;
            count += found.unsigned_abs();
            place = from.part.next().map(|part| WrittenFrom { part, after: 0 });
        }
        Ok(count)
    }

    /// The first products that a batch made part of others, or took out of them, at most `most`, and how many there are. What a merge
    /// did that was taken back is told by its moves alone.
    pub fn parted(&self, batch: i64, most: usize) -> Result<(Vec<Parted>, u64), CatalogError> {
        let there = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'unmerged')";
        if !self.connection.query_row(there, [], |row| row.get(0))? {
            return Ok((Vec::new(), 0));
        }
        const ROWS: &str = "SELECT product, sku, target, 0 AS taken_out FROM merged WHERE batch = ?1
             UNION ALL SELECT product, sku, (SELECT target FROM moves WHERE home = product AND batch = ?1), 0
             FROM unmerged WHERE batch = ?1
             UNION ALL SELECT product, sku, (SELECT home FROM moves WHERE target = product AND batch = ?1), 1
             FROM unmerged WHERE of = ?1";
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT sku, target, taken_out FROM ({ROWS}) ORDER BY product, taken_out LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![batch, most as i64], |row| {
            Ok(Parted {
                sku: row.get(0)?,
                whole: row.get(1)?,
                taken_out: row.get(2)?,
            })
        })?;
        let parted = rows.collect::<Result<Vec<_>, _>>()?;
        let count = format!("SELECT count(*) FROM ({ROWS})");
        let count: i64 = self.connection.query_row(&count, [batch], |row| row.get(0))?;
        Ok((parted, count.unsigned_abs()))
    }

    /// A layer as it was before a batch wrote it; `None` where the batch made it, or its history is past retention.
    pub fn before(&self, layer: i64, batch: i64) -> Result<Option<StoredLayer>, CatalogError> {
        self.state("history WHERE layer = ?1 AND of = ?2", layer, batch)
    }

    /// A layer as it was next after a batch: before the next one that wrote it, or as it is now.
    pub fn after(&self, layer: i64, batch: i64) -> Result<Option<StoredLayer>, CatalogError> {
        match self.state("history WHERE layer = ?1 AND of > ?2 ORDER BY of LIMIT 1", layer, batch)? {
            Some(found) => Ok(Some(found)),
            None => self.state("layers WHERE id = ?1 AND ?2 = ?2", layer, batch),
        }
    }

    fn state(&self, rows: &str, layer: i64, batch: i64) -> Result<Option<StoredLayer>, CatalogError> {
        let number = if rows.starts_with("layers") { "id" } else { "layer" };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {number}, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM {rows}"
        ))?;
        Ok(statement.query_row([layer, batch], layer_row).optional()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_page_is_found_in_its_order_without_a_look_at_all_layers() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let catalog = Catalog::open(folder.path()).expect("a new store opens");
        let steps = |part: Part| -> Vec<String> {
            let asked = format!("EXPLAIN QUERY PLAN {}", part.page());
            let mut statement = catalog.connection.prepare(&asked).expect("it is a query");
            let steps = statement.query_map([1, 2, 3, PAGE], |row| row.get(3));
            steps.and_then(Iterator::collect).expect("each step is told")
        };
        let on_history = "SEARCH history USING INDEX history_by_batch (of=? AND rowid>?)";
        assert_eq!(steps(Part::Replaced), [on_history]);
        assert_eq!(
            steps(Part::Made),
            [
                "SEARCH products USING INTEGER PRIMARY KEY (rowid>?)",
                "SEARCH layers USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH history USING INDEX history_by_layer (layer=?)"
            ]
        );
        assert_eq!(
            steps(Part::TakenBack),
            [
                on_history,
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH layers USING INTEGER PRIMARY KEY (rowid=?)"
            ]
        );
    }
}
