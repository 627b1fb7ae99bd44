//! The content-addressed store: originals under their BLAKE3, derivations under their recipe and the original's.

use crate::workspace::failure::Failure;
use crate::workspace::feed_file;
use std::path::{Path, PathBuf};

/// The folder of the store.
#[derive(Debug, Clone)]
pub struct Media {
    folder: PathBuf,
}

impl Media {
    pub fn new(store: &Path) -> Media {
        Media {
            folder: store.join("media"),
        }
    }

    /// BLAKE3 of bytes, in hex.
    pub fn name(bytes: &[u8]) -> String {
        blake3::hash(bytes).to_hex().to_string()
    }

    /// Where an original lies.
    pub fn original(&self, content: &str) -> PathBuf {
        self.folder.join(content.get(..2).unwrap_or("00")).join(content)
    }

    /// Where a derivation lies.
    pub fn derived(&self, recipe: &str, content: &str) -> PathBuf {
        let folder = self.folder.join("derived").join(recipe);
        folder.join(content.get(..2).unwrap_or("00")).join(content)
    }

    /// Keeps an original, once.
    pub fn keep(&self, content: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.original(content);
        let there = std::fs::metadata(&path).is_ok_and(|there| there.len() == bytes.len() as u64);
        match there {
            true => Ok(()),
            false => put(&path, bytes),
        }
    }

    /// The bytes of an original.
    pub fn read(&self, content: &str) -> Result<Vec<u8>, Failure> {
        let path = self.original(content);
        std::fs::read(&path).map_err(|error| Failure::io("read", &path, &error))
    }
}

/// Puts a file in place whole. Two threads that write the same content do not meet.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mine = format!("{:?}", std::thread::current().id());
    let number: String = mine.chars().filter(char::is_ascii_digit).collect();
    let own = path.with_extension(format!("t{number}"));
    feed_file::put(&own, bytes)?;
    std::fs::rename(&own, path).map_err(|error| Failure::io("write", path, &error))
}

/// Puts a copy of a file in place.
pub fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io("write", to, &error);
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let part = to.with_extension("part");
    let _ = std::fs::remove_file(&part);
    std::fs::copy(from, &part).map_err(failed)?;
    std::fs::rename(&part, to).map_err(failed)
}
