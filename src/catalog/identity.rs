//! Who products are: layers that moved from one product to another, and what was decided. What becomes of the products that they
//! leave is told in `parts.rs`.
//!
//! A layer that moves keeps all it says, its origins and its history; only the product it belongs to is another. So taking a
//! move back is moving it back, whatever was delivered in between.

use crate::catalog::Reader;
use crate::catalog::change::Change;
use crate::catalog::store::{CatalogError, SOURCES};
use crate::catalog::stored::{Keys, SourceId, layer_id, mpn_hash, split_layer};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeSet;

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

/// What taking back the moves of a batch did.
#[derive(Debug, Default)]
pub(super) struct UndoneIdentity {
    /// Where each layer went, and where it came from.
    pub(super) back: Vec<(i64, i64)>,
    /// SKUs of the layers that stayed.
    pub(super) kept: Vec<String>,
    /// Products that are their own again, with or without layers.
    pub(super) shelved: Vec<i64>,
    /// Products that stay parts of others, and those: what the batch put together of them stays so.
    pub(super) stuck: BTreeSet<i64>,
    /// Decisions that hold no longer.
    pub(super) decisions: u64,
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

    /// Moves back what a batch moved, as far as it is still there, and forgets what it decided. Nothing is touched for a layer
    /// that cannot go back: later batches have to do with it, or with the product that it was of.
    pub(super) fn undo_identity(
        &mut self,
        batch: i64,
        keys_of: &impl Fn(&str) -> Keys,
    ) -> Result<UndoneIdentity, CatalogError> {
        let mut undone = UndoneIdentity::default();
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
            let mut select = self.tx.prepare_cached("SELECT sku, body FROM layers WHERE id = ?1")?;
            let now: Option<(String, String)> = select
                .query_row([layer_id(*to, *source)], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            drop(select);
            let name = renamed.as_ref().unwrap_or(sku);
            let body = now.filter(|(now, _)| now == name).map(|(_, body)| body);
            let is_free = self.layer_sku(layer_id(*from, *source))?.is_none();
            match body {
                Some(body) if is_free && self.take_out(*from, batch)? => {
                    let before = renamed.is_some().then_some(sku.as_str());
                    self.move_layer(*source, *to, *from, before, &keys_of(&body))?;
                    undone.back.push((*from, *to));
                }
                _ => undone.kept.push(sku.clone()),
            }
        }
        for (part, place) in self.parts_by(batch)? {
            match place {
                // Nobody supplies it any more.
                None => {
                    self.put_on_shelf(part)?;
                    undone.shelved.push(part);
                }
                Some(place) => {
                    let own = moves.iter().filter(|moved| moved.from == part);
                    undone.stuck.extend(own.map(|moved| moved.to));
                    undone.stuck.extend([part, place]);
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

    /// What was part of another before a batch is so again, and what only the batch made goes without a trace.
    pub(super) fn settle_identity(&mut self, batch: i64, undone: &UndoneIdentity) -> Result<(), CatalogError> {
        for (from, to) in &undone.back {
            self.retire_again(*to, *from, batch)?;
        }
        for product in undone.back.iter().map(|(_, to)| to).chain(&undone.shelved) {
            self.drop_empty(*product)?;
        }
        Ok(())
    }

    /// Puts a layer back that a batch took away, where no later batch had to do with it and its product is there.
    pub(super) fn put_back(&mut self, id: i64, batch: i64) -> Result<bool, CatalogError> {
        let mut select = self.tx.prepare_cached("SELECT max(of) FROM history WHERE layer = ?1")?;
        let last: Option<i64> = select.query_row([id], |row| row.get(0))?;
        drop(select);
        if last != Some(batch) || self.part(split_layer(id).0)?.is_some() {
            return Ok(false);
        }
        let mut insert = self.tx.prepare_cached(
            "INSERT OR IGNORE INTO layers (id, source, sku, batch, file, line, created, withdrawn, row_hash, sum, body)
             SELECT layer, layer % ?3, sku, batch, file, line, created, withdrawn, row_hash, sum, body FROM history
             WHERE layer = ?1 AND of = ?2 AND EXISTS (SELECT 1 FROM products WHERE id = layer / ?3)",
        )?;
        Ok(insert.execute([id, batch, SOURCES])? == 1)
    }

    /// Whether a product is one of its own; one that a batch made part of another becomes so.
    fn take_out(&mut self, product: i64, batch: i64) -> Result<bool, CatalogError> {
        match self.part(product)? {
            Some(part) if part.batch == batch => self.put_on_shelf(product)?,
            Some(_) => return Ok(false),
            None => {}
        }
        Ok(self.sku(product)?.is_some())
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

    /// A page of the moves of a batch, after the one of a number; each with its number.
    pub fn moves_page(&self, batch: i64, after: i64, most: usize) -> Result<Vec<(i64, Moved)>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT batch, source, sku, renamed, home, target, id FROM moves WHERE batch = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        )?;
        let rows = statement.query_map(params![batch, after, most as i64], |row| Ok((row.get(6)?, moved(row)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many moves of a batch come after the one of a number.
    pub fn moves_after(&self, batch: i64, after: i64) -> Result<u64, CatalogError> {
        if !self.knows_identity()? {
            return Ok(0);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT count(*) FROM moves WHERE batch = ?1 AND id > ?2")?;
        Ok(statement
            .query_row([batch, after], |row| row.get::<_, i64>(0))?
            .unsigned_abs())
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

    /// The products that an item was of before it moved on, the first one first.
    pub fn origins(&self, item: &ItemName) -> Result<Vec<i64>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(Vec::new());
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT home FROM moves WHERE source = ?1 AND sku = ?2 ORDER BY id")?;
        let rows = statement.query_map(params![item.0.0, item.1], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
    pub(super) fn knows_identity(&self) -> Result<bool, CatalogError> {
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
