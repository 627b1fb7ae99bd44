//! A batch taken back in the store: layers as they were before it, and of those that later batches changed again, what these left alone.

use crate::catalog::change::Change;
use crate::catalog::store::CatalogError;
use crate::catalog::stored::{Keys, SourceId, StoredLayer, checksum, layer_id, layer_row};
use rusqlite::{OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

/// What taking a batch back did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Number of the batch that the undo made; `None` where there was nothing to take back.
    pub batch: Option<i64>,
    /// Layers put back as they were.
    pub restored: u64,
    /// Layers taken away since the batch had made them.
    pub removed: u64,
    /// Supplier SKUs of which something is left alone since a later batch changed it again, or nobody knows what was before.
    pub kept: Vec<String>,
    /// The same value by value, as far as values are told apart: supplier SKU, and the attribute with its scope.
    pub kept_values: Vec<(String, String)>,
    /// Products that changed.
    pub products: Vec<i64>,
    /// Decisions on who is who that hold no longer.
    pub decisions: u64,
}

/// What a layer was, from the first batch on that was or is taken back.
#[derive(Debug)]
pub struct Past {
    /// The batch that is taken back.
    pub batch: i64,
    /// As it was before; none where the first step made it.
    pub before: Option<StoredLayer>,
    /// The batches that wrote it, in their order; what the last left is what is there.
    pub steps: Vec<Step>,
    /// Its source speaks value by value.
    pub is_by_hand: bool,
}

/// What one batch made of a layer.
#[derive(Debug)]
pub struct Step {
    pub by: i64,
    pub after: StoredLayer,
    /// False of what is taken back, and of what took it back.
    pub stands: bool,
}

/// What is left of a layer without what is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Woven {
    /// Its body with all origins told, and whether it is withdrawn; none where nothing is left.
    pub layer: Option<(String, bool)>,
    /// False where that is what it says anyway.
    pub is_changed: bool,
    /// Attributes with their scope of which the batch spoke and a later one did.
    pub kept: Vec<String>,
}

/// Says what is left of a layer.
pub type Weave<'w> = dyn Fn(&Past) -> Result<Woven, CatalogError> + 'w;

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

/// The batches that were taken back.
#[derive(Debug, Default)]
struct Gone {
    /// Each with the one that did it.
    by: BTreeMap<i64, i64>,
    /// Whose layers each wrote, where the store knows the source.
    sources: BTreeMap<i64, SourceId>,
    undoes: BTreeSet<i64>,
    /// The last batch whose history is past retention; what is kept of it has gaps.
    forgotten: i64,
}

impl Change<'_> {
    /// Takes a batch back. Of layers that later batches changed again, `weave` says what is left, value by value; what stays as it is is
    /// named in `kept`. `keys_of` reads the identifying keys out of a body. Only `commit` makes it so.
    pub fn undo(&mut self, asked: &Asked<'_>, keys_of: impl Fn(&str) -> Keys) -> Result<Undone, CatalogError> {
        let batch = asked.batch;
        let identity = self.undo_identity(batch, &keys_of)?;
        let mut undone = Undone {
            restored: identity.back.len() as u64,
            kept: identity.kept.clone(),
            products: identity.back.iter().flat_map(|(from, to)| [*from, *to]).collect(),
            decisions: identity.decisions,
            ..Undone::default()
        };
        // Numbers alone, and one layer after the other: a batch may have written all there are.
        let mut select = self
            .tx
            .prepare("SELECT layer, MIN(id) FROM history WHERE of = ?1 GROUP BY layer ORDER BY layer")?;
        let wrote: Vec<(i64, i64)> = select
            .query_map([batch], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        drop(select);
        let gone = self.gone()?;
        // Where an older batch was taken back since, what was before this one may be what that one said.
        let is_tangled = gone.by.iter().any(|(of, by)| *of < batch && *by > batch);
        for (id, state) in wrote {
            let old = self.before(state)?;
            if identity.stuck.contains(&old.product) {
                undone.kept.push(old.sku);
                continue;
            }
            match self.state(id)? {
                Some(now) if now.origin.batch == batch && !is_tangled => {
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
                Some(now) => self.undo_within(asked, now, &gone, &keys_of, &mut undone)?,
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
            "SELECT l.id FROM products p CROSS JOIN layers l ON l.id BETWEEN p.id * 1024 AND p.id * 1024 + 1023
             WHERE p.changed >= ?1 AND l.created = ?1 ORDER BY p.id, l.id",
        )?;
        let made: Vec<i64> = match asked.has_made {
            true => select.query_map([batch], |row| row.get(0))?.collect::<Result<_, _>>()?,
            false => Vec::new(),
        };
        drop(select);
        for id in made {
            let Some(now) = self.state(id)? else { continue };
            if now.origin.batch != batch {
                self.undo_within(asked, now, &gone, &keys_of, &mut undone)?;
                continue;
            }
            let product = now.product;
            self.remember(id)?;
            self.remove_keys(id, &keys_of(&now.body))?;
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
        asked: &Asked<'_>,
        now: StoredLayer,
        gone: &Gone,
        keys_of: &impl Fn(&str) -> Keys,
        undone: &mut Undone,
    ) -> Result<(), CatalogError> {
        let (id, product, source) = (layer_id(now.product, now.source), now.product, now.source);
        let (sku, keys) = (now.sku.clone(), keys_of(&now.body));
        let row_hash = now.row_hash;
        let Some(past) = self.past(asked, now, gone)? else {
            undone.kept.push(sku);
            return Ok(());
        };
        let woven = (asked.weave)(&past)?;
        if !woven.is_changed || !woven.kept.is_empty() {
            undone.kept.push(sku.clone());
        }
        undone
            .kept_values
            .extend(woven.kept.into_iter().map(|key| (sku.clone(), key)));
        if !woven.is_changed {
            return Ok(());
        }
        self.remove_keys(id, &keys)?;
        let Some((body, withdrawn)) = woven.layer else {
            self.remove_layer(product, source)?;
            undone.removed += 1;
            undone.products.push(product);
            return Ok(());
        };
        self.remember(id)?;
        // It says no row any more: whatever row comes next is read.
        self.tx
            .prepare_cached(
                "UPDATE layers SET batch = ?2, file = 0, line = 0, withdrawn = ?3, row_hash = ?4, sum = ?5, body = ?6 WHERE id = ?1",
            )?
            .execute(params![
                id,
                self.batch,
                withdrawn,
                if withdrawn { row_hash as i64 } else { 0 },
                checksum(&body) as i64,
                body
            ])?;
        self.add_keys(id, &keys_of(&body));
        self.touch(product)?;
        undone.restored += 1;
        undone.products.push(product);
        Ok(())
    }

    /// The past of a layer, as far as it matters: from the batch on, or from an older one on that was taken back since. None where the
    /// history of such an older one is let go: what it may have said must not come back, and nobody knows what lay beneath.
    fn past(&self, asked: &Asked<'_>, now: StoredLayer, gone: &Gone) -> Result<Option<Past>, CatalogError> {
        let batch = asked.batch;
        let is_gone = |by: i64| by == batch || gone.by.get(&by).is_some_and(|taken| by < batch && *taken > batch);
        let mut select = self.tx.prepare_cached(
            "SELECT layer, sku, batch, file, line, created, withdrawn, row_hash, body, sum, of FROM history WHERE layer = ?1 ORDER BY id",
        )?;
        let rows = select.query_map([layer_id(now.product, now.source)], |row| {
            Ok((layer_row(row)?, row.get::<_, i64>(10)?))
        })?;
        let rows: Vec<(StoredLayer, i64)> = rows.collect::<Result<_, _>>()?;
        // What had the same number before the layer was made anew is another.
        let is_own = |(state, of): &(StoredLayer, i64)| state.created == now.created && *of > gone.forgotten;
        let (states, writers): (Vec<StoredLayer>, Vec<i64>) = rows.into_iter().filter(is_own).unzip();
        let is_by_hand = asked.by_hand.contains(&now.source);
        // Who wrote the first state that is left is not known where earlier ones were let go: nothing that was taken back.
        let is_whole = now.created > gone.forgotten;
        let first = if is_whole { now.created } else { 0 };
        let is_lost = |(of, taken): (&i64, &i64)| {
            *taken > batch && gone.sources.get(of).is_none_or(|source| *source == now.source)
        };
        if !is_whole && gone.by.range(..=gone.forgotten).any(is_lost) {
            return Ok(None);
        }
        let (mut before, mut steps) = (None, Vec::new());
        let writers = std::iter::once(first).chain(writers);
        for (writer, state) in writers.zip(states.into_iter().chain([now])) {
            match steps.is_empty() && !is_gone(writer) {
                // Nothing of it was taken back yet.
                true => before = Some(state),
                false => steps.push(Step {
                    by: writer,
                    after: state,
                    stands: writer != batch && !gone.by.contains_key(&writer) && !gone.undoes.contains(&writer),
                }),
            }
        }
        Ok(Some(Past {
            batch,
            before,
            steps,
            is_by_hand,
        }))
    }

    fn gone(&self) -> Result<Gone, CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT value FROM meta WHERE name = 'forgotten'")?;
        let forgotten = select.query_row([], |row| row.get(0)).optional()?.unwrap_or(0);
        // Whether anything was is told by what stands before the long columns of a batch.
        let mut select = self
            .tx
            .prepare_cached("SELECT 1 FROM batches WHERE kind = 'undo' LIMIT 1")?;
        if !select.exists([])? {
            return Ok(Gone {
                forgotten,
                ..Gone::default()
            });
        }
        let mut select = self
            .tx
            .prepare_cached("SELECT b.id, b.undone_by, s.id FROM batches b LEFT JOIN sources s ON s.name = b.source WHERE b.undone_by IS NOT NULL")?;
        let (mut by, mut sources) = (BTreeMap::new(), BTreeMap::new());
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let of: i64 = row.get(0)?;
            by.insert(of, row.get::<_, i64>(1)?);
            sources.extend(row.get::<_, Option<u16>>(2)?.map(|source| (of, SourceId(source))));
        }
        let undoes = by.values().copied().collect();
        Ok(Gone {
            by,
            sources,
            undoes,
            forgotten,
        })
    }

    /// A layer as it was, by the number of that state.
    fn before(&self, state: i64) -> Result<StoredLayer, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT layer, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM history WHERE id = ?1",
        )?;
        Ok(select.query_row([state], layer_row)?)
    }

    /// A layer as it is.
    fn state(&self, id: i64) -> Result<Option<StoredLayer>, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT id, sku, batch, file, line, created, withdrawn, row_hash, body, sum FROM layers WHERE id = ?1",
        )?;
        Ok(select.query_row([id], layer_row).optional()?)
    }
}
