//! History as it is kept: past states of layers, how much of them each batch keeps, and letting go of what is past retention.
//!
//! Which batches are past it is left to those who know the settings. The list of batches stays, with what was decided on who is who.

use crate::catalog::change::Change;
use crate::catalog::store::{CatalogError, SOURCES};
use crate::catalog::stored::SourceId;
use crate::catalog::{Catalog, Reader};
use rusqlite::{OptionalExtension, Row, params};

/// What is kept of a batch so that it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub batch: i64,
    /// The moment it was made, as it was noted.
    pub at: String,
    /// Past states of layers.
    pub states: u64,
    /// Bytes of their keys and bodies.
    pub bytes: u64,
}

/// How many past states of layers, and the bytes of their keys and bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct States {
    pub states: u64,
    pub bytes: u64,
}

const BYTES: &str = "coalesce(sum(octet_length(sku) + octet_length(body)), 0)";
const COUNTED: &str = "SELECT count(*), coalesce(sum(octet_length(sku) + octet_length(body)), 0)";

fn counted(row: &Row<'_>) -> rusqlite::Result<States> {
    Ok(States {
        states: row.get::<_, i64>(0)?.unsigned_abs(),
        bytes: row.get::<_, i64>(1)?.unsigned_abs(),
    })
}

/// The condition of the states up to batch `?1` that nobody needs; `?2` is the editor, `?3` the number of sources. A word is as old as
/// its origin: that of its layer, or one under `^` (`product::layer`). The first state after it is what the others said then.
const PAST: &str = "of <= ?1 AND id NOT IN (
       WITH edited AS (
         SELECT DISTINCT own.id AS own, own.batch, own.body
         FROM history JOIN layers own ON own.id = history.layer / ?3 * ?3 + ?2
         WHERE history.of <= ?1 AND history.layer % ?3 <> ?2
         UNION ALL
         SELECT layer, batch, body FROM history WHERE of > ?1 AND layer % ?3 = ?2
       ), words AS (
         SELECT own, batch AS said FROM edited
         UNION SELECT own, older.value ->> '$[0]' FROM edited, json_each(edited.body, '$.\"^\"') AS older
       )
       SELECT state.id FROM words JOIN history state ON state.layer BETWEEN own - ?2 AND own - ?2 + ?3 - 1 AND state.layer <> own
       WHERE state.of = (SELECT min(later.of) FROM history later WHERE later.layer = state.layer AND later.of > words.said)
     )";

/// Where nobody ever edited, no layer is beside one of the editor.
fn number(editor: Option<SourceId>) -> Option<i64> {
    editor.map(|editor| i64::from(editor.0))
}

impl Change<'_> {
    /// Keeps a layer as it is before this batch changes it.
    pub(super) fn remember(&self, id: i64) -> Result<(), CatalogError> {
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO history (of, layer, sku, batch, file, line, created, withdrawn, row_hash, sum, body)
             SELECT ?2, id, sku, batch, file, line, created, withdrawn, row_hash, sum, body FROM layers WHERE id = ?1
             RETURNING octet_length(sku) + octet_length(body)",
        )?;
        let more: Option<i64> = insert.query_row([id, self.batch], |row| row.get(0)).optional()?;
        if let Some(more) = more {
            let (states, bytes) = self.kept.get();
            self.kept.set((states + 1, bytes.saturating_add(more)));
        }
        Ok(())
    }

    /// Notes how much this batch keeps.
    pub(super) fn list_size(&self) -> Result<(), CatalogError> {
        let (states, bytes) = self.kept.get();
        if states > 0 {
            self.tx.execute(
                "INSERT INTO history_sizes (batch, states, bytes) VALUES (?1, ?2, ?3)",
                [self.batch, states, bytes],
            )?;
        }
        Ok(())
    }
}

impl Reader {
    /// The batches that can be taken back, the newest first, with what is kept of each.
    pub fn kept(&self) -> Result<Vec<Kept>, CatalogError> {
        let counted: bool = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'history_sizes')",
            [],
            |row| row.get(0),
        )?;
        // A store that nobody wrote since it is counted is counted now.
        let sizes = match counted {
            true => "history_sizes",
            false => {
                "(SELECT of AS batch, count(*) AS states, sum(octet_length(sku) + octet_length(body)) AS bytes FROM history GROUP BY of)"
            }
        };
        let mut statement = self.connection.prepare(&format!(
            "SELECT b.id, b.at, coalesce(s.states, 0), coalesce(s.bytes, 0) FROM batches b LEFT JOIN {sizes} s ON s.batch = b.id
             WHERE b.id > ?1 ORDER BY b.id DESC"
        ))?;
        let rows = statement.query_map([self.forgotten()?], |row| {
            Ok(Kept {
                batch: row.get(0)?,
                at: row.get(1)?,
                states: row.get::<_, i64>(2)?.unsigned_abs(),
                bytes: row.get::<_, i64>(3)?.unsigned_abs(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What stays of batches whose history was let go, since a person's word is compared with it.
    pub fn stayed(&self) -> Result<States, CatalogError> {
        let sql = format!("{COUNTED} FROM history WHERE of <= ?1");
        Ok(self.connection.query_row(&sql, [self.forgotten()?], counted)?)
    }

    /// What `forget` would let go.
    pub fn forgettable(&self, through: i64, editor: Option<SourceId>) -> Result<States, CatalogError> {
        let sql = format!("{COUNTED} FROM history WHERE {PAST}");
        Ok(self
            .connection
            .query_row(&sql, params![through, number(editor), SOURCES], counted)?)
    }

    /// The last batch that cannot be taken back any more since its history was let go; 0 where there is none.
    pub fn forgotten(&self) -> Result<i64, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE name = 'forgotten'")?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// Bytes of the database file, and how many of them are free for what comes next.
    pub fn file_bytes(&self) -> Result<(u64, u64), CatalogError> {
        let asked = |pragma: &str| -> Result<u64, CatalogError> {
            let number: i64 = self
                .connection
                .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))?;
            Ok(number.unsigned_abs())
        };
        let page = asked("page_size")?;
        Ok((asked("page_count")? * page, asked("freelist_count")? * page))
    }
}

impl Catalog {
    /// Lets go of the history of all batches up to `through`, in one transaction; gives what went. What a person's word is compared with
    /// stays: of each other layer beside one of `editor`, what it said when each of the words was said that stand, or that can come back.
    pub fn forget(&mut self, through: i64, editor: Option<SourceId>) -> Result<States, CatalogError> {
        let tx = self.connection.transaction()?;
        let there = |tx: &rusqlite::Transaction<'_>| {
            tx.query_row(&format!("{COUNTED} FROM history WHERE of <= ?1"), [through], counted)
        };
        let before = there(&tx)?;
        tx.execute(
            &format!("DELETE FROM history WHERE {PAST}"),
            params![through, number(editor), SOURCES],
        )?;
        let after = there(&tx)?;
        tx.execute(
            "INSERT INTO meta (name, value) VALUES ('forgotten', ?1)
             ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            [through],
        )?;
        tx.execute("DELETE FROM history_sizes WHERE batch <= ?1", [through])?;
        tx.execute(
            &format!("INSERT INTO history_sizes (batch, states, bytes) SELECT of, count(*), {BYTES} FROM history WHERE of <= ?1 GROUP BY of"),
            [through],
        )?;
        tx.commit()?;
        Ok(States {
            states: before.states.saturating_sub(after.states),
            bytes: before.bytes.saturating_sub(after.bytes),
        })
    }

    /// Writes the whole file anew without its free pages. It takes as much room on the disk meanwhile, and nobody may read.
    pub fn compact(&mut self) -> Result<(), CatalogError> {
        // What it writes meanwhile belongs on the disk, not in memory.
        self.connection
            .execute_batch("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY")?;
        self.settle()
    }
}
