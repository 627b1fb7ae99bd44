//! The store in one folder, taken while others work, and put back.
//!
//! A backup has the catalog and what cannot be made anew: kept deliveries, originals of pictures, drafts. Configuration and
//! suppliers' files are the workspace's own. The search index and the states of exports are made anew after a restore.

use crate::catalog::{Catalog, Reader, store};
use crate::diagnostic::{Diagnostic, Place};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::images::state;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;
use walkdir::WalkDir;

/// Version of the folder's layout.
const LAYOUT: u32 = 1;
/// Name of the list of what a backup has.
const MANIFEST: &str = "backup.json";
const CATALOG: &str = "catalog.sqlite";
/// What a backup has beside the catalog: what cannot be made anew.
const KEPT: [&str; 4] = ["deliveries", "media", "images", "drafts"];
/// What of it can be made anew all the same.
const MADE: &str = "media/derived";
/// What a restore takes away, since it speaks of another catalog; all of it is made anew.
const DERIVED: [&str; 3] = ["index", "channels", "plans"];
/// Folder of the store that keeps the catalogs that were there before a restore, the first in `1`.
const BEFORE: &str = "before-restore";
/// Bytes copied at a time.
const BUFFER: usize = 1 << 18;

/// What a backup has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    estante_backup: u32,
    /// Moment it was made, RFC 3339.
    pub at: String,
    pub products: u64,
    /// The catalog's last batch.
    pub sequence: i64,
    pub files: Vec<Kept>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Below the backup and the store alike, with `/`.
    pub path: String,
    pub bytes: u64,
    /// BLAKE3, in hex.
    pub blake3: String,
}

impl Manifest {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Writes a backup into a folder that is not there yet. Others may read and write meanwhile: it holds the catalog as it was when
/// this began, and at least the files that that needs. Errors where the folder is there, or would lie in the store itself.
pub fn backup(workspace: &Workspace, to: &Path) -> Result<Manifest, Failure> {
    let store = workspace.settings.store.as_path();
    if to.exists() {
        return Err(Failure::usage(format!("{} is there already", to.display()))
            .with_help("name a folder that is not, such as one with today's date"));
    }
    let part = part(store, to)?;
    let failed = |error: io::Error| Failure::io("write the backup", part.path(), &error);
    store::copy(store, &part.path().join(CATALOG))?;
    let (products, sequence) = {
        let reader = Reader::open(part.path())?;
        (reader.count()?, reader.sequence()?)
    };
    let mut files = vec![kept(part.path(), Path::new(CATALOG)).map_err(failed)?];
    for folder in KEPT {
        let walk = WalkDir::new(store.join(folder)).follow_links(true).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| !is_being_written(entry)) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(store).to_path_buf();
                    let error = io::Error::from(error);
                    match is_gone(&path, &error) {
                        true => continue,
                        false => return Err(Failure::io("read", &path, &error)),
                    }
                }
            };
            let path = entry.path();
            let Ok(below) = path.strip_prefix(store) else { continue };
            if !entry.file_type().is_file() || below.starts_with(MADE) {
                continue;
            }
            match copied(path, &part.path().join(below)) {
                Ok((bytes, blake3)) => files.push(Kept {
                    path: slashed(below),
                    bytes,
                    blake3,
                }),
                Err(error) if is_gone(path, &error) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
    let manifest = Manifest {
        estante_backup: LAYOUT,
        at: workspace.moment.clone(),
        products,
        sequence,
        files,
    };
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    File::create(part.path().join(MANIFEST))
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(failed)?;
    std::fs::rename(part.path(), to).map_err(failed)?;
    // It has its name; what is dropped otherwise goes away.
    let _ = part.keep();
    Ok(manifest)
}

/// The folder that is written until the backup is whole: beside its place, with a name that is nobody's.
fn part(store: &Path, to: &Path) -> Result<TempDir, Failure> {
    let failed = |error: io::Error| Failure::io("write the backup", to, &error);
    let to = std::path::absolute(to).map_err(failed)?;
    let (Some(name), Some(folder)) = (to.file_name(), to.parent()) else {
        return Err(Failure::usage(format!("{} is no name of a new folder", to.display())));
    };
    // The part of the path that is there tells where the rest will be.
    let there = folder.ancestors().find_map(|folder| folder.canonicalize().ok());
    let store = store.canonicalize().ok();
    if let (Some(there), Some(store)) = (there, store)
        && there.starts_with(&store)
    {
        return Err(Failure::usage("a backup cannot lie in the store it is of")
            .with_help("name a folder elsewhere, best on another disk"));
    }
    std::fs::create_dir_all(folder).map_err(failed)?;
    tempfile::Builder::new()
        .prefix(&format!(".{}.", name.display()))
        .suffix(".part")
        .tempdir_in(folder)
        .map_err(failed)
}

/// Whether something that could not be read is there no more, as old deliveries go while we look. A link that leads nowhere, such as
/// to a disk that is not there, is.
fn is_gone(path: &Path, error: &io::Error) -> bool {
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    is_missing(error) && path.symlink_metadata().is_err_and(|error| is_missing(&error))
}

/// What is being written has no name of its own yet.
fn is_being_written(entry: &walkdir::DirEntry) -> bool {
    let ending = entry.path().extension();
    entry.depth() > 0 && ending.is_some_and(|ending| ending.to_string_lossy().starts_with("part"))
}

/// Puts a backup in the place of the store's catalog, after all of it was looked at. The catalog that was there is kept beside it,
/// in a folder of its own for each restore.
pub fn restore(workspace: Workspace, from: &Path) -> Result<Manifest, Failure> {
    let manifest = checked(from)?;
    let store = workspace.settings.store.as_path();
    let failed = |error: io::Error| Failure::io("put the backup back into", store, &error);
    let _lock = store::lock(store)?;
    for file in manifest.files.iter().filter(|file| file.path != CATALOG) {
        let is_there = kept(store, Path::new(&file.path)).is_ok_and(|there| there == *file);
        if !is_there {
            let to = store.join(&file.path);
            let part = beside(&to, ".part");
            copied(&from.join(&file.path), &part).map_err(failed)?;
            std::fs::rename(&part, &to).map_err(failed)?;
        }
    }
    let new = store.join("catalog.restored");
    copied(&from.join(CATALOG), &new).map_err(failed)?;
    let database = store::database(store);
    let logs: Vec<PathBuf> = ["-wal", "-shm"]
        .iter()
        .map(|ending| beside(&database, ending))
        .collect();
    // What the log has goes into the file, unless the catalog is past reading: it is kept as it is then.
    if let Ok(mut catalog) = Catalog::open(store) {
        let _ = catalog.settle();
    }
    let before = store.join(BEFORE);
    std::fs::create_dir_all(&before).map_err(failed)?;
    let before = (1..)
        .map(|number: u64| before.join(number.to_string()))
        .find(|folder| !folder.exists())
        .unwrap_or(before);
    std::fs::create_dir(&before).map_err(failed)?;
    for path in [&database].into_iter().chain(&logs).filter(|path| path.exists()) {
        let to = before.join(path.file_name().unwrap_or_default());
        if std::fs::hard_link(path, &to).is_err() {
            std::fs::copy(path, &to).map_err(failed)?;
        }
    }
    forget(store, &manifest).map_err(failed)?;
    // A log of the catalog that was there must never meet the one that comes.
    for log in logs.iter().filter(|log| log.exists()) {
        std::fs::remove_file(log).map_err(failed)?;
    }
    std::fs::rename(&new, &database).map_err(failed)?;
    if let Ok(folder) = File::open(store) {
        let _ = folder.sync_all();
    }
    // Whoever looked at the catalog that was there may have written of it since.
    forget(store, &manifest).map_err(failed)?;
    Ok(manifest)
}

/// Takes away what speaks of the catalog that was there: what is made from it, and what was being worked on.
fn forget(store: &Path, manifest: &Manifest) -> io::Result<()> {
    for folder in DERIVED.map(|folder| store.join(folder)) {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
    }
    let journal = state::journal(store);
    let is_kept = |file: &Kept| store.join(&file.path) == journal;
    match journal.exists() && !manifest.files.iter().any(is_kept) {
        true => std::fs::remove_file(&journal),
        false => Ok(()),
    }
}

/// The list of a backup, where every file is there and is what it was.
fn checked(from: &Path) -> Result<Manifest, Failure> {
    let path = from.join(MANIFEST);
    let wrong = |path: &Path, message: String| {
        let finding = Diagnostic::error("E-BACKUP", message)
            .at(Place::file(path.display().to_string()))
            .with_help("nothing was changed; take another backup");
        Failure::invalid("the backup cannot be used", vec![finding])
    };
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(&path, format!("it has no list: {error}")))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| wrong(&path, format!("its list does not read: {error}")))?;
    if manifest.estante_backup != LAYOUT {
        let message = format!("its layout is {}, this program knows {LAYOUT}", manifest.estante_backup);
        return Err(wrong(&path, message));
    }
    if !manifest.files.iter().any(|file| file.path == CATALOG) {
        return Err(wrong(&path, "it has no catalog".to_owned()));
    }
    for file in &manifest.files {
        let below = Path::new(&file.path);
        let is_below = below.components().all(|part| matches!(part, Component::Normal(_)));
        let is_known = file.path == CATALOG || KEPT.iter().any(|folder| below.starts_with(folder));
        if !is_below || !is_known {
            return Err(wrong(
                &path,
                format!("it names {}, which is no part of a backup", file.path),
            ));
        }
        let there = kept(from, below).map_err(|error| wrong(&from.join(below), error.to_string()))?;
        if there != *file {
            return Err(wrong(
                &from.join(below),
                "the file is not the one that was kept".to_owned(),
            ));
        }
    }
    store::known(&from.join(CATALOG)).map_err(|error| wrong(&from.join(CATALOG), error.to_string()))?;
    Ok(manifest)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// A file as the list names it.
fn kept(folder: &Path, below: &Path) -> io::Result<Kept> {
    let (bytes, blake3) = hashed(&mut File::open(folder.join(below))?, &mut io::sink())?;
    Ok(Kept {
        path: slashed(below),
        bytes,
        blake3,
    })
}

fn copied(from: &Path, to: &Path) -> io::Result<(u64, String)> {
    let mut from = File::open(from)?;
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut to = File::create(to)?;
    let copied = hashed(&mut from, &mut to)?;
    to.sync_all()?;
    Ok(copied)
}

/// Copies to the end; gives the bytes and their BLAKE3 in hex.
fn hashed(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hasher.finalize().to_hex().to_string())),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                to.write_all(&buffer[..n])?;
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
