//! A batch taken back in the store: layers as they were before it, and of those that later batches changed again, what these left alone.

use crate::catalog::change::Change;
use crate::catalog::store::CatalogError;
use crate::catalog::stored::{Keys, SourceId, StoredLayer, checksum, layer_id, layer_row, split_layer};
use crate::product::origin::Origin;
use rusqlite::{OptionalExtension, Params, params};

/// What taking a batch back did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Number of the batch that the undo made; `None` where there was nothing to take back.
    pub batch: Option<i64>,
    /// Layers put back as they were.
    pub restored: u64,
    /// Layers taken away since the batch had made them.
    pub removed: u64,
    /// Supplier SKUs of which something is left alone since a later batch changed it again.
    pub kept: Vec<String>,
    /// The same value by value, as far as values are told apart: supplier SKU, and the attribute with its scope.
    pub kept_values: Vec<(String, String)>,
    /// Products that changed.
    pub products: Vec<i64>,
    /// Decisions on who is who that hold no longer.
    pub decisions: u64,
}

/// The body of a layer that says nothing.
const NOTHING: &str = "{}";

/// A layer before there was one.
fn nothing(product: i64, source: SourceId, sku: &str, batch: i64) -> StoredLayer {
    StoredLayer {
        product,
        source,
        sku: sku.to_owned(),
        origin: Origin::default(),
        created: batch,
        withdrawn: false,
        row_hash: 0,
        body: NOTHING.to_owned(),
    }
}

/// A layer that a batch changed and later batches changed again.
#[derive(Debug, Clone, Copy)]
pub struct Strata<'a> {
    pub batch: i64,
    pub before: &'a StoredLayer,
    /// As the batch left it.
    pub after: &'a StoredLayer,
    pub now: &'a StoredLayer,
}

/// What can be taken back of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Woven {
    /// The body with what the batch said taken out of it, all origins told; none where nothing can be.
    pub body: Option<String>,
    /// Attributes with their scope that stay, since a later batch said something of them.
    pub kept: Vec<String>,
}

/// Says what can be taken back; asks for the layer as it was before another batch, which is only told where that was taken back too.
pub type Weave<'w> =
    dyn Fn(Strata<'_>, &dyn Fn(i64) -> Result<Option<StoredLayer>, CatalogError>) -> Result<Woven, CatalogError> + 'w;

/// Which batch is to be taken back.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub batch: i64,
    /// False where it is known that it made no layer, so that none is looked for.
    pub has_made: bool,
    /// Sources that speak value by value.
    pub by_hand: &'a [SourceId],
    pub weave: &'a Weave<'a>,
}

impl Change<'_> {
    /// Takes a batch back. Of layers that later batches changed again, `weave` says what can still be taken back, value by value; what
    /// stays as it is is named in `kept`. A layer that the batch made and later ones changed stays whole, since they say that there is such
    /// an item, but for those `by_hand`. `keys_of` reads the identifying keys out of a body. Only `commit` makes it so.
    pub fn undo(&mut self, asked: &Asked<'_>, keys_of: impl Fn(&str) -> Keys) -> Result<Undone, CatalogError> {
        let Asked {
            batch, weave, by_hand, ..
        } = *asked;
        let identity = self.undo_identity(batch, &keys_of)?;
        let mut undone = Undone {
            restored: identity.back.len() as u64,
            kept: identity.kept.clone(),
            products: identity.back.iter().flat_map(|(from, to)| [*from, *to]).collect(),
            decisions: identity.decisions,
            ..Undone::default()
        };
        let mut select = self.tx.prepare(
            "SELECT layer, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM history WHERE of = ?1 ORDER BY layer",
        )?;
        let before: Vec<StoredLayer> = select.query_map([batch], layer_row)?.collect::<Result<_, _>>()?;
        drop(select);
        // Where an older batch was taken back since, what was before this one may be what that one said.
        let mut select = self
            .tx
            .prepare_cached("SELECT 1 FROM batches WHERE id < ?1 AND undone_by > ?1 LIMIT 1")?;
        let is_tangled = select.exists([batch])?;
        drop(select);
        for old in before {
            let id = layer_id(old.product, old.source);
            if identity.stuck.contains(&old.product) {
                undone.kept.push(old.sku);
                continue;
            }
            match self.state("layers WHERE id = ?1", [id])? {
                Some(now) if now.origin.batch == batch => {
                    let old = match is_tangled {
                        true => self.untangled(batch, old, &now, by_hand, weave)?,
                        false => old,
                    };
                    if is_tangled && old.body == NOTHING {
                        self.remove_keys(id, &keys_of(&now.body))?;
                        self.remove_layer(old.product, old.source)?;
                        undone.removed += 1;
                        undone.products.push(old.product);
                        continue;
                    }
                    self.remember(id)?;
                    self.remove_keys(id, &keys_of(&now.body))?;
                    self.tx
                        .prepare_cached(
                            "UPDATE layers SET sku = ?2, batch = ?3, file = ?4, line = ?5, created = ?6, withdrawn = ?7,
                             row_hash = ?8, sum = ?9, body = ?10 WHERE id = ?1",
                        )?
                        .execute(params![
                            id,
                            old.sku,
                            old.origin.batch,
                            old.origin.file,
                            old.origin.line as i64,
                            old.created,
                            old.withdrawn,
                            old.row_hash as i64,
                            checksum(&old.body) as i64,
                            old.body
                        ])?;
                    self.add_keys(id, &keys_of(&old.body));
                    self.touch(old.product)?;
                    undone.restored += 1;
                    undone.products.push(old.product);
                }
                Some(now) => {
                    let is_by_hand = by_hand.contains(&old.source);
                    self.undo_within(batch, (&old, &now, is_by_hand), &keys_of, weave, &mut undone)?;
                }
                None if self.put_back(id, batch)? => {
                    self.add_keys(id, &keys_of(&old.body));
                    self.touch(old.product)?;
                    undone.restored += 1;
                    undone.products.push(old.product);
                }
                _ => undone.kept.push(old.sku),
            }
        }
        // Whatever makes a layer marks its product (`Part::Made`).
        let mut select = self.tx.prepare(
            "SELECT l.id, l.sku, l.batch, l.body FROM products p CROSS JOIN layers l ON l.id BETWEEN p.id * 1024 AND p.id * 1024 + 1023
             WHERE p.changed >= ?1 AND l.created = ?1 ORDER BY p.id, l.id",
        )?;
        let made: Vec<(i64, String, i64, String)> = match asked.has_made {
            true => select
                .query_map([batch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect::<Result<_, _>>()?,
            false => Vec::new(),
        };
        drop(select);
        for (id, sku, by, body) in made {
            let (product, source) = split_layer(id);
            if by != batch && by_hand.contains(&source) {
                let before = nothing(product, source, &sku, batch);
                if let Some(now) = self.state("layers WHERE id = ?1", [id])? {
                    self.undo_within(batch, (&before, &now, true), &keys_of, weave, &mut undone)?;
                }
                continue;
            }
            if by != batch {
                undone.kept.push(sku);
                continue;
            }
            self.remember(id)?;
            self.remove_keys(id, &keys_of(&body))?;
            self.tx
                .prepare_cached("DELETE FROM layers WHERE id = ?1")?
                .execute([id])?;
            if self.drop_empty(product)? == 0 {
                self.touch(product)?;
                undone.products.push(product);
            }
            undone.removed += 1;
        }
        self.settle_identity(batch, &identity)?;
        if undone.restored + undone.removed + undone.decisions > 0 || !identity.shelved.is_empty() {
            undone.batch = Some(self.batch);
            self.take_back(batch)?;
        }
        Ok(undone)
    }

    /// Takes back what later batches left alone of one layer.
    fn undo_within(
        &mut self,
        batch: i64,
        (old, now, is_by_hand): (&StoredLayer, &StoredLayer, bool),
        keys_of: &impl Fn(&str) -> Keys,
        weave: &Weave<'_>,
        undone: &mut Undone,
    ) -> Result<(), CatalogError> {
        let id = layer_id(old.product, old.source);
        let after = self.state("history WHERE layer = ?1 AND of > ?2 ORDER BY id LIMIT 1", [id, batch])?;
        let earlier = |of: i64| self.earlier(now, is_by_hand, of);
        let woven = match &after {
            Some(after) => weave(
                Strata {
                    batch,
                    before: old,
                    after,
                    now,
                },
                &earlier,
            )?,
            None => Woven::default(),
        };
        if woven.body.is_none() || !woven.kept.is_empty() {
            undone.kept.push(old.sku.clone());
        }
        let kept = woven.kept.into_iter().map(|key| (old.sku.clone(), key));
        undone.kept_values.extend(kept);
        let Some(body) = woven.body else { return Ok(()) };
        if body == NOTHING {
            self.remove_keys(id, &keys_of(&now.body))?;
            self.remove_layer(old.product, old.source)?;
            undone.removed += 1;
            undone.products.push(old.product);
            return Ok(());
        }
        self.remember(id)?;
        self.remove_keys(id, &keys_of(&now.body))?;
        // It says no row any more: whatever row comes next is read.
        self.tx
            .prepare_cached(
                "UPDATE layers SET batch = ?2, file = 0, line = 0, row_hash = iif(withdrawn, row_hash, 0), sum = ?3, body = ?4 WHERE id = ?1",
            )?
            .execute(params![id, self.batch, checksum(&body) as i64, body])?;
        self.add_keys(id, &keys_of(&body));
        self.touch(old.product)?;
        undone.restored += 1;
        undone.products.push(old.product);
        Ok(())
    }

    /// A layer as it was before a batch, without what other batches said that were taken back.
    fn untangled(
        &self,
        batch: i64,
        old: StoredLayer,
        now: &StoredLayer,
        by_hand: &[SourceId],
        weave: &Weave<'_>,
    ) -> Result<StoredLayer, CatalogError> {
        let is_by_hand = by_hand.contains(&old.source);
        let earlier = |of: i64| self.earlier(now, is_by_hand, of);
        let strata = Strata {
            batch,
            before: &old,
            after: now,
            now,
        };
        let woven = weave(strata, &earlier)?;
        let mut offered = old.clone();
        while let Some(before) =
            earlier(offered.origin.batch)?.filter(|before| before.origin.batch < offered.origin.batch)
        {
            offered = before;
        }
        Ok(StoredLayer {
            origin: Origin {
                batch: self.batch,
                file: 0,
                line: 0,
            },
            withdrawn: offered.withdrawn,
            row_hash: 0,
            body: woven.body.unwrap_or_else(|| now.body.clone()),
            ..old
        })
    }

    /// A layer as it was before a batch, where that was taken back.
    fn earlier(&self, now: &StoredLayer, is_by_hand: bool, of: i64) -> Result<Option<StoredLayer>, CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT 1 FROM batches WHERE id = ?1 AND undone_by IS NOT NULL")?;
        if !select.exists([of])? {
            return Ok(None);
        }
        let id = layer_id(now.product, now.source);
        let before = self.state("history WHERE layer = ?1 AND of = ?2 ORDER BY id LIMIT 1", [id, of])?;
        // What it made was not there before; an item of a delivery stays what it was when it came.
        Ok(
            before
                .or_else(|| (is_by_hand && now.created == of).then(|| nothing(now.product, now.source, &now.sku, of))),
        )
    }

    /// A layer as a table has it; `source` is the table and the condition.
    fn state(&self, source: &str, values: impl Params) -> Result<Option<StoredLayer>, CatalogError> {
        // Past states call their number otherwise.
        let id = if source.starts_with("history") { "layer" } else { "id" };
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {id}, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM {source}"
        ))?;
        Ok(select.query_row(values, layer_row).optional()?)
    }
}
