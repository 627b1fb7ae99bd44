//! Who products are: layers that moved from one product to another, products that became part of others, and what was decided.
//!
//! A layer that moves keeps all it says, its origins and its history; only the product it belongs to is another. So taking a
//! move back is moving it back, whatever was delivered in between.

use crate::catalog::Reader;
use crate::catalog::change::{Change, Undone};
use crate::catalog::store::{CatalogError, SOURCES};
use crate::catalog::stored::{Keys, ProductName, SourceId, layer_id, mpn_hash, split_layer};
use rusqlite::{OptionalExtension, Row, params};

/// Merges that are followed from one product to the next.
const LONGEST_CHAIN: usize = 64;

/// A supplier's item: its source and its own SKU. Products come and go, items keep their names.
pub type ItemName = (SourceId, String);

/// A layer that went from one product to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub batch: i64,
    pub source: SourceId,
    /// Its SKU before.
    pub sku: String,
    /// Its SKU since, where that is another.
    renamed: Option<String>,
    pub from: i64,
    pub to: i64,
}

/// What was decided on two items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDecision {
    /// True where they are one product, false where they are two.
    pub same: bool,
    pub one: ItemName,
    pub other: ItemName,
}

impl Change<'_> {
    /// Gives a layer to another product, which must have none of that source. `renamed` is its new key where the source takes
    /// the product's SKU for one; `keys` are those of its body. False where there is no such layer, or the place is taken.
    pub fn move_layer(
        &mut self,
        source: SourceId,
        from: i64,
        to: i64,
        renamed: Option<&str>,
        keys: &Keys,
    ) -> Result<bool, CatalogError> {
        let (old, new) = (layer_id(from, source), layer_id(to, source));
        let Some(sku) = self.layer_sku(old)? else {
            return Ok(false);
        };
        if self.layer_sku(new)?.is_some() {
            return Ok(false);
        }
        let renamed = renamed.filter(|renamed| *renamed != sku);
        self.tx
            .prepare_cached("UPDATE layers SET id = ?2, sku = coalesce(?3, sku) WHERE id = ?1")?
            .execute(params![old, new, renamed])?;
        self.tx
            .prepare_cached("UPDATE history SET layer = ?2 WHERE layer = ?1")?
            .execute([old, new])?;
        if let Some(gtin) = keys.gtin {
            self.tx
                .prepare_cached("UPDATE OR REPLACE gtins SET layer = ?3 WHERE gtin = ?1 AND layer = ?2")?
                .execute(params![gtin as i64, old, new])?;
        }
        if let Some(mpn) = &keys.mpn {
            self.tx
                .prepare_cached("UPDATE OR REPLACE mpns SET layer = ?3 WHERE mpn = ?1 AND layer = ?2")?
                .execute(params![mpn_hash(mpn), old, new])?;
        }
        self.tx
            .prepare_cached(
                "INSERT INTO moves (batch, source, sku, renamed, home, target) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![self.batch, source.0, sku, renamed, from, to])?;
        self.touch(from)?;
        self.touch(to)?;
        Ok(true)
    }

    /// Takes a layer away whose values another has taken over. Undoing the batch puts it back.
    pub fn absorb_layer(&mut self, product: i64, source: SourceId, keys: &Keys) -> Result<(), CatalogError> {
        let id = layer_id(product, source);
        self.remember(id)?;
        self.remove_keys(id, keys)?;
        self.tx
            .prepare_cached("DELETE FROM layers WHERE id = ?1")?
            .execute([id])?;
        self.touch(product)
    }

    /// Notes that a product without layers is part of another from now on: its SKU leads there. One that never left the house
    /// goes from the list of products; its number is never given out again.
    pub fn retire(&mut self, product: i64, into: i64) -> Result<(), CatalogError> {
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO merged (product, sku, minted, target, batch)
                 SELECT id, sku, minted, ?2, ?3 FROM products WHERE id = ?1",
            )?
            .execute([product, into, self.batch])?;
        if self.drop_empty(product)? == 0 {
            self.set_model(product, None)?;
            self.touch(product)?;
        }
        Ok(())
    }

    /// Makes a product of its own again of one that became part of another, under its number and, where that is still free, its
    /// SKU. False where it is none.
    pub fn restore(&mut self, product: i64) -> Result<bool, CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT sku, minted FROM merged WHERE product = ?1")?;
        let found: Option<(String, i64)> = select
            .query_row([product], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        drop(select);
        let Some((sku, minted)) = found else { return Ok(false) };
        let mut free = sku.clone();
        for n in 2_u32.. {
            let mut insert = self.tx.prepare_cached(
                "INSERT OR IGNORE INTO products (id, sku, minted, model, changed) VALUES (?1, ?2, ?3, NULL, ?4)",
            )?;
            if insert.execute(params![product, free, minted, self.batch])? == 1 {
                break;
            }
            drop(insert);
            let mut exists = self
                .tx
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM products WHERE id = ?1)")?;
            if exists.query_row([product], |row| row.get(0))? {
                break;
            }
            free = format!("{sku}-{n}");
        }
        self.tx
            .prepare_cached("DELETE FROM merged WHERE product = ?1")?
            .execute([product])?;
        self.touch(product)?;
        Ok(true)
    }

    /// Remembers what was decided on two items.
    pub fn decide(&mut self, one: &ItemName, other: &ItemName, same: bool) -> Result<(), CatalogError> {
        self.tx
            .prepare_cached(
                "INSERT INTO decisions (batch, same, source, sku, other_source, other_sku) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![self.batch, same, one.0.0, one.1, other.0.0, other.1])?;
        Ok(())
    }

    /// The moves of a batch, in their order.
    pub fn moves(&self, batch: i64) -> Result<Vec<Moved>, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT batch, source, sku, renamed, home, target FROM moves WHERE batch = ?1 ORDER BY id",
        )?;
        let rows = select.query_map([batch], moved)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Moves back what a batch moved, as far as it is still there, and forgets what it decided.
    pub(super) fn undo_identity(
        &mut self,
        batch: i64,
        keys_of: &impl Fn(&str) -> Keys,
    ) -> Result<Undone, CatalogError> {
        let mut undone = Undone::default();
        let moves = self.moves(batch)?;
        for Moved {
            source,
            sku,
            renamed,
            from,
            to,
            ..
        } in moves.iter().rev()
        {
            self.restore(*from)?;
            let mut select = self.tx.prepare_cached("SELECT sku, body FROM layers WHERE id = ?1")?;
            let now: Option<(String, String)> = select
                .query_row([layer_id(*to, *source)], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            drop(select);
            let name = renamed.as_ref().unwrap_or(sku);
            let back = match now {
                Some((now, body)) if now == *name => {
                    let before = renamed.is_some().then_some(sku.as_str());
                    self.move_layer(*source, *to, *from, before, &keys_of(&body))?
                }
                _ => false,
            };
            if back {
                undone.restored += 1;
                undone.products.extend([*from, *to]);
            } else {
                undone.kept.push(sku.clone());
            }
        }
        for Moved { from, to, .. } in &moves {
            for (empty, other) in [(*to, *from), (*from, *to)] {
                if !self.layers(empty)?.is_empty() {
                    continue;
                }
                // What only the batch made goes without a trace; what was part of another before is so again.
                let is_new = empty == *to && !self.was_merged(empty, batch)?;
                let is_last = self.layers(other)?.is_empty();
                if (is_new || is_last) && self.drop_empty(empty)? == 1 {
                    continue;
                }
                if !is_last {
                    self.retire(empty, other)?;
                }
            }
        }
        let forgotten = self
            .tx
            .prepare_cached("DELETE FROM decisions WHERE batch = ?1")?
            .execute([batch])?;
        undone.decisions = forgotten as u64;
        Ok(undone)
    }

    /// Puts a layer back that a batch took away, where no later batch had to do with it and its product is there.
    pub(super) fn put_back(&mut self, id: i64, batch: i64) -> Result<bool, CatalogError> {
        let mut select = self.tx.prepare_cached("SELECT max(of) FROM history WHERE layer = ?1")?;
        let last: Option<i64> = select.query_row([id], |row| row.get(0))?;
        drop(select);
        if last != Some(batch) {
            return Ok(false);
        }
        self.restore(split_layer(id).0)?;
        let mut insert = self.tx.prepare_cached(
            "INSERT OR IGNORE INTO layers (id, source, sku, batch, file, line, created, withdrawn, row_hash, sum, body)
             SELECT layer, layer % ?3, sku, batch, file, line, created, withdrawn, row_hash, sum, body FROM history
             WHERE layer = ?1 AND of = ?2 AND EXISTS (SELECT 1 FROM products WHERE id = layer / ?3)",
        )?;
        Ok(insert.execute([id, batch, SOURCES])? == 1)
    }

    /// Whether layers left a product before a batch.
    fn was_merged(&self, product: i64, batch: i64) -> Result<bool, CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM moves WHERE home = ?1 AND batch < ?2)")?;
        Ok(select.query_row([product, batch], |row| row.get(0))?)
    }

    fn layer_sku(&self, id: i64) -> Result<Option<String>, CatalogError> {
        let mut select = self.tx.prepare_cached("SELECT sku FROM layers WHERE id = ?1")?;
        Ok(select.query_row([id], |row| row.get(0)).optional()?)
    }
}

impl Reader {
    /// All that was decided, the oldest first.
    pub fn decisions(&self) -> Result<Vec<StoredDecision>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(Vec::new());
        }
        let mut statement = self
            .connection
            .prepare("SELECT same, source, sku, other_source, other_sku FROM decisions ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok(StoredDecision {
                same: row.get(0)?,
                one: (SourceId(row.get(1)?), row.get(2)?),
                other: (SourceId(row.get(3)?), row.get(4)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The layers that came to a product or left it, the oldest first.
    pub fn moves_of(&self, product: i64) -> Result<Vec<Moved>, CatalogError> {
        self.moves_where("home = ?1 OR target = ?1", product)
    }

    /// The batches after `since` that moved layers.
    pub fn moved_since(&self, since: i64) -> Result<Vec<i64>, CatalogError> {
        let mut batches: Vec<i64> = self
            .moves_where("batch > ?1", since)?
            .iter()
            .map(|moved| moved.batch)
            .collect();
        batches.dedup();
        Ok(batches)
    }

    /// The moves of a batch, in their order.
    pub fn moves_in(&self, batch: i64) -> Result<Vec<Moved>, CatalogError> {
        self.moves_where("batch = ?1", batch)
    }

    fn moves_where(&self, condition: &str, number: i64) -> Result<Vec<Moved>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare(&format!(
            "SELECT batch, source, sku, renamed, home, target FROM moves WHERE {condition} ORDER BY id"
        ))?;
        let rows = statement.query_map([number], moved)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a product became part of another, and by which batch.
    pub fn retired(&self, product: i64) -> Result<Option<i64>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(None);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT batch FROM merged WHERE product = ?1")?;
        Ok(statement.query_row([product], |row| row.get(0)).optional()?)
    }

    /// The number and the SKU of a product that became part of another: the last one that had this SKU.
    pub fn retired_as(&self, sku: &str) -> Result<Option<i64>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(None);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT product FROM merged WHERE sku = ?1 ORDER BY batch DESC LIMIT 1")?;
        Ok(statement.query_row([sku], |row| row.get(0)).optional()?)
    }

    /// The SKU of a product, whether it is one or became part of another.
    pub fn sku_of(&self, product: i64) -> Result<Option<String>, CatalogError> {
        if let Some(name) = self.product_by_id(product)? {
            return Ok(Some(name.sku));
        }
        if !self.knows_identity()? {
            return Ok(None);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT sku FROM merged WHERE product = ?1")?;
        Ok(statement.query_row([product], |row| row.get(0)).optional()?)
    }

    /// The product that another one is part of by now.
    pub fn successor(&self, product: i64) -> Result<Option<ProductName>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(None);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT target FROM merged WHERE product = ?1")?;
        let mut at = product;
        for _ in 0..LONGEST_CHAIN {
            let next: Option<i64> = statement.query_row([at], |row| row.get(0)).optional()?;
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        match at == product {
            true => Ok(None),
            false => self.product_by_id(at),
        }
    }

    /// The product that an item belongs to.
    pub fn product_of(&self, item: &ItemName) -> Result<Option<i64>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id / ?3 FROM layers INDEXED BY layers_by_sku WHERE source = ?1 AND sku = ?2")?;
        let found = statement.query_row(params![item.0.0, item.1, SOURCES], |row| row.get(0));
        Ok(found.optional()?)
    }

    /// False for a store that no program wrote to since identity is kept.
    fn knows_identity(&self) -> Result<bool, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'merged')")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}

fn moved(row: &Row<'_>) -> rusqlite::Result<Moved> {
    Ok(Moved {
        batch: row.get(0)?,
        source: SourceId(row.get(1)?),
        sku: row.get(2)?,
        renamed: row.get(3)?,
        from: row.get(4)?,
        to: row.get(5)?,
    })
}
