//! Folders that are there for one reading alone: what was fetched, and what came out of the archive.
//!
//! Each has a file that its process holds locked. The operating system gives the lock back however the process ends, so that a
//! folder of a killed one is told from one that is in use, and is taken away by whoever comes next.

use crate::workspace::failure::Failure;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Folders of the store that have passing folders.
pub const KINDS: [&str; 2] = ["downloads", "again"];
/// Name of the locked file.
const LOCK: &str = "lock";
/// Names that are tried until one is free.
const NAMES: u32 = 1_000;

/// A folder that goes away when it is dropped.
#[derive(Debug)]
pub struct Passing {
    pub folder: PathBuf,
    lock: Option<File>,
}

impl Passing {
    /// Makes a folder for something of this name, one of its own however many are made at once. `kind` is one of `KINDS`.
    pub fn make(store: &Path, kind: &str, name: &str) -> Result<Passing, Failure> {
        sweep(store);
        let above = store.join(kind);
        let failed = |error: std::io::Error| Failure::io("make a folder in", &above, &error);
        for n in 0..NAMES {
            let folder = above.join(format!("{name}-{}-{n}", std::process::id()));
            std::fs::create_dir_all(&above).map_err(failed)?;
            match std::fs::create_dir(&folder) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                made => made.map_err(failed)?,
            }
            match locked(&folder) {
                Ok(Locked::Yes(lock)) => {
                    let lock = Some(lock);
                    return Ok(Passing { folder, lock });
                }
                // Nothing can be locked here: no one takes such a folder for left behind.
                Ok(Locked::Never) => return Ok(Passing { folder, lock: None }),
                // Somebody took it for left behind, just now.
                Ok(Locked::No) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(std::io::ErrorKind::AlreadyExists.into()))
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // What is open cannot be removed everywhere.
        drop(self.lock.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

enum Locked {
    Yes(File),
    /// By another, or it is gone.
    No,
    /// Not in this kind of file system.
    Never,
}

fn locked(folder: &Path) -> std::io::Result<Locked> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)?;
    Ok(match file.try_lock() {
        Ok(()) if path.exists() => Locked::Yes(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Locked::No,
        Err(TryLockError::Error(_)) => Locked::Never,
    })
}

/// Takes away what processes that are no more left behind. What does not go is left.
pub fn sweep(store: &Path) {
    for kind in KINDS {
        for entry in std::fs::read_dir(store.join(kind)).into_iter().flatten().flatten() {
            let folder = entry.path();
            if let Ok(Locked::Yes(lock)) = locked(&folder) {
                let _ = std::fs::remove_dir_all(&folder);
                drop(lock);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_their_owners_own_and_go_with_them() {
        let store = tempfile::tempdir().unwrap();
        let make = || Passing::make(store.path(), "downloads", "check-norte").unwrap();
        let there = || {
            let entries = std::fs::read_dir(store.path().join("downloads")).unwrap();
            entries.flatten().count()
        };
        let (one, two) = (make(), make());
        assert_ne!(one.folder, two.folder);
        std::fs::write(one.folder.join("list.csv"), "x").unwrap();
        // What a process left that was killed, in part without the locked file.
        for left in ["downloads/p1", "downloads/p2-norte-1-0/0"] {
            std::fs::create_dir_all(store.path().join(left)).unwrap();
        }
        std::fs::write(store.path().join("downloads/p2-norte-1-0/lock"), "").unwrap();
        assert_eq!(there(), 4);
        sweep(store.path());
        assert_eq!(there(), 2);
        assert!(one.folder.join("list.csv").exists());
        drop((one, two));
        assert_eq!(there(), 0);
    }
}
