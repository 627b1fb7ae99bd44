//! The tables on disk: SQLite in WAL mode, one writer at a time, many readers.
//!
//! What the rows mean is left to `mod.rs` and `history.rs`. The layout is documented in docs/store.md, since users may
//! look into the file with any SQL tool.

use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Version of the layout, in `PRAGMA user_version`.
const LAYOUT: i64 = 2;
/// The layout without the tables of identity, which a writer adds.
const WITHOUT_IDENTITY: i64 = 1;

/// Products and sources share the layer's number: `product * SOURCES + source`, so that the layers of one product lie
/// side by side and a scan meets product after product.
pub const SOURCES: i64 = 1024;

const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  sku TEXT NOT NULL,
  minted INTEGER NOT NULL,
  model TEXT,
  changed INTEGER NOT NULL
);
CREATE INDEX products_by_model ON products (model, sku) WHERE model IS NOT NULL;
CREATE TABLE layers (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  sku TEXT NOT NULL,
  batch INTEGER NOT NULL,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  created INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  row_hash INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE TABLE gtins (gtin INTEGER NOT NULL, layer INTEGER NOT NULL, PRIMARY KEY (gtin, layer)) WITHOUT ROWID;
CREATE TABLE mpns (mpn INTEGER NOT NULL, layer INTEGER NOT NULL, PRIMARY KEY (mpn, layer)) WITHOUT ROWID;
CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  created INTEGER NOT NULL,
  tally TEXT NOT NULL,
  files TEXT NOT NULL,
  columns TEXT NOT NULL,
  diagnostics TEXT NOT NULL,
  undone_by INTEGER
);
CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  of INTEGER NOT NULL,
  layer INTEGER NOT NULL,
  sku TEXT NOT NULL,
  batch INTEGER NOT NULL,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  created INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  row_hash INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX history_by_batch ON history (of);
CREATE INDEX history_by_layer ON history (layer);
CREATE TABLE held (
  id INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,
  source TEXT NOT NULL,
  sku TEXT NOT NULL,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX held_by_batch ON held (batch);
";

/// Who products are: layers that moved, products that became part of others, and what was decided.
const IDENTITY: &str = "
CREATE TABLE moves (
  id INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,
  source INTEGER NOT NULL,
  sku TEXT NOT NULL,
  renamed TEXT,
  home INTEGER NOT NULL,
  target INTEGER NOT NULL
);
CREATE INDEX moves_by_batch ON moves (batch);
CREATE TABLE merged (
  product INTEGER PRIMARY KEY,
  sku TEXT NOT NULL,
  minted INTEGER NOT NULL,
  target INTEGER NOT NULL,
  batch INTEGER NOT NULL
);
CREATE INDEX merged_by_sku ON merged (sku);
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,
  same INTEGER NOT NULL,
  source INTEGER NOT NULL,
  sku TEXT NOT NULL,
  other_source INTEGER NOT NULL,
  other_sku TEXT NOT NULL
);
CREATE INDEX decisions_by_batch ON decisions (batch);
";

/// What a split takes out of **merged**, for the day it is taken back, and the ways from one product to the next. Stores of this
/// layout were written without.
const CHAINS: &str = "
CREATE TABLE IF NOT EXISTS unmerged (
  id INTEGER PRIMARY KEY,
  of INTEGER NOT NULL,
  product INTEGER NOT NULL,
  sku TEXT NOT NULL,
  minted INTEGER NOT NULL,
  batch INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS unmerged_by_batch ON unmerged (of, product);
CREATE INDEX IF NOT EXISTS moves_by_home ON moves (home, batch);
CREATE INDEX IF NOT EXISTS moves_by_target ON moves (target);
CREATE INDEX IF NOT EXISTS moves_by_sku ON moves (source, sku);
CREATE INDEX IF NOT EXISTS merged_by_target ON merged (target);
CREATE INDEX IF NOT EXISTS merged_by_batch ON merged (batch);
";

/// What each batch keeps in **history**, so that nobody counts all of it. Stores of this layout were written without.
const SIZES: &str = "
CREATE TABLE IF NOT EXISTS history_sizes (batch INTEGER PRIMARY KEY, states INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO history_sizes
  SELECT of, count(*), sum(octet_length(sku) + octet_length(body)) FROM history GROUP BY of;
";

/// Indexes that a first load makes anew at its end.
pub(super) const SKU_INDEXES: &str = "
CREATE UNIQUE INDEX products_by_sku ON products (sku);
CREATE UNIQUE INDEX layers_by_sku ON layers (source, sku, row_hash, withdrawn);
";

/// Why the store does not open or answer.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("the store {path} is in use by another process; wait for it to end")]
    InUse { path: PathBuf },
    #[error("there is no catalog in {path} yet; `estante run` makes it")]
    Absent { path: PathBuf },
    #[error("the store {path} has layout {found}, this program knows layout {LAYOUT}; use the program that wrote it")]
    Layout { path: PathBuf, found: i64 },
    #[error("cannot use {path}: {cause}")]
    Io { path: PathBuf, cause: std::io::Error },
    #[error("the store failed: {cause}{room}", cause = .0, room = no_room(.0))]
    Sql(#[source] rusqlite::Error),
    #[error(
        "{path} is in a folder where nothing may be written, while another program writes there, or was killed as it did; run a command where it may be written"
    )]
    Unwritable { path: PathBuf },
    #[error("the store holds what this program did not write: {what}")]
    Damaged { what: String },
    #[error("more than {} sources", SOURCES - 1)]
    TooManySources,
}

/// What SQLite calls an I/O error, or a full disk, where it could not write (extended codes of sqlite.org/rescode.html, 2025-05:
/// WRITE, FSYNC, TRUNCATE, SHMOPEN, SHMSIZE).
fn no_room(error: &rusqlite::Error) -> &'static str {
    const WRITING: [i32; 5] = [778, 1034, 1546, 4618, 4874];
    match error.sqlite_error() {
        Some(told) if told.code == rusqlite::ErrorCode::DiskFull || WRITING.contains(&told.extended_code) => {
            "; it could not be written: no space is left on the disk, a limit says that a file is too large, or writing is not allowed"
        }
        _ => "",
    }
}

/// Takes the writer's lock, which the operating system gives back when the process ends, however it ends.
/// Waits up to a second for a writer that is about to end.
pub fn lock(folder: &Path) -> Result<File, CatalogError> {
    let path = folder.join("lock");
    let io = |cause| CatalogError::Io {
        path: path.clone(),
        cause,
    };
    std::fs::create_dir_all(folder).map_err(io)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io)?;
    let until = Instant::now() + Duration::from_millis(800);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::WouldBlock) => {
                return Err(CatalogError::InUse {
                    path: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(io(cause)),
        }
    }
}

/// A body that is not the one that was written.
#[derive(Debug, thiserror::Error)]
#[error(
    "what is kept of `{sku}` does not match its checksum; `estante verify` lists all that does not, `estante restore` brings a backup back"
)]
pub(super) struct Tampered {
    pub sku: String,
}

impl From<rusqlite::Error> for CatalogError {
    fn from(error: rusqlite::Error) -> CatalogError {
        match &error {
            rusqlite::Error::FromSqlConversionFailure(_, _, cause) if cause.is::<Tampered>() => CatalogError::Damaged {
                what: cause.to_string(),
            },
            _ => CatalogError::Sql(error),
        }
    }
}

/// Path of the database in the store's folder.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("catalog.sqlite")
}

/// A connection that may write; makes the tables where they are missing.
pub fn open_writer(folder: &Path) -> Result<Connection, CatalogError> {
    let path = database(folder);
    let mut connection = Connection::open(&path)?;
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -131_072)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A checkpoint in the middle of nothing is cheap, one every 1,000 pages of a load is not.
    connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        0 => {
            let tx = connection.transaction()?;
            tx.execute_batch(TABLES)?;
            tx.execute_batch(SKU_INDEXES)?;
            tx.execute_batch(IDENTITY)?;
            tx.execute_batch(CHAINS)?;
            tx.execute_batch(SIZES)?;
            tx.pragma_update(None, "user_version", LAYOUT)?;
            tx.commit()?;
        }
        WITHOUT_IDENTITY => {
            let tx = connection.transaction()?;
            tx.execute_batch(IDENTITY)?;
            tx.execute_batch(CHAINS)?;
            tx.execute_batch(SIZES)?;
            tx.pragma_update(None, "user_version", LAYOUT)?;
            tx.commit()?;
        }
        LAYOUT => {
            connection.execute_batch(CHAINS)?;
            let asked = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'history_sizes')";
            if !connection.query_row(asked, [], |row| row.get(0))? {
                let tx = connection.transaction()?;
                tx.execute_batch(SIZES)?;
                tx.commit()?;
            }
        }
        found => return Err(CatalogError::Layout { path, found }),
    }
    Ok(connection)
}

/// A connection that only reads.
pub fn open_reader(folder: &Path) -> Result<Connection, CatalogError> {
    let path = database(folder);
    if !path.is_file() {
        return Err(CatalogError::Absent {
            path: folder.to_owned(),
        });
    }
    let connection = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let asked = connection
        .pragma_update(None, "query_only", true)
        .and_then(|()| version(&connection));
    let (connection, layout) = match asked {
        Err(error) if is_unwritable(&error) => {
            let connection = open_unwritable(&path)?;
            let layout = version(&connection)?;
            (connection, layout)
        }
        Err(error) => return Err(error.into()),
        Ok(layout) => (connection, layout),
    };
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    match layout {
        LAYOUT | WITHOUT_IDENTITY => Ok(connection),
        0 => Err(CatalogError::Absent {
            path: folder.to_owned(),
        }),
        found => Err(CatalogError::Layout { path, found }),
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn is_unwritable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    matches!(error.sqlite_error_code(), Some(ReadOnly | CannotOpen))
}

/// A connection to a store in which nothing may be written, not even who reads. It is whole where no log lies beside it: then it is read
/// as it is (SQLite's `immutable`; sqlite.org/uri.html, 2025-05).
fn open_unwritable(path: &Path) -> Result<Connection, CatalogError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(CatalogError::Unwritable { path: path.to_owned() });
    }
    let absolute = std::path::absolute(path).map_err(|cause| CatalogError::Io {
        path: path.to_owned(),
        cause,
    })?;
    let mut address = String::from("file:");
    for byte in absolute.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => address.push(char::from(byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(address, flags)?)
}

/// Says whether a file is a catalog that this program can open, without opening it: the name of the format and the layout stand in
/// its first bytes (SQLite's `user_version`, at byte 60; sqlite.org/fileformat2.html, 2025-05).
pub fn known(path: &Path) -> Result<(), CatalogError> {
    let mut head = [0; 64];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .map_err(|cause| CatalogError::Io {
            path: path.to_owned(),
            cause,
        })?;
    if !head.starts_with(b"SQLite format 3\0") {
        let what = format!("{} is no database", path.display());
        return Err(CatalogError::Damaged { what });
    }
    let found = i64::from(u32::from_be_bytes([head[60], head[61], head[62], head[63]]));
    match found {
        LAYOUT | WITHOUT_IDENTITY => Ok(()),
        found => Err(CatalogError::Layout {
            path: path.to_owned(),
            found,
        }),
    }
}

/// Writes the whole store into one file as it is now, whoever writes to it meanwhile. Errors where the file is there.
pub fn copy(folder: &Path, to: &Path) -> Result<(), CatalogError> {
    let connection = open_reader(folder)?;
    connection.pragma_update(None, "query_only", false)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    let io = |cause| CatalogError::Io {
        path: to.to_owned(),
        cause,
    };
    // It is a backup once it lies on the disk.
    File::open(to).and_then(|file| file.sync_all()).map_err(io)
}
