//! The content-addressed store: originals under their BLAKE3, derivations under their recipe and the original's.

use crate::workspace::failure::Failure;
use crate::workspace::feed_file;
use std::collections::BTreeSet;
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

    /// Takes away what was made by other recipes than these. It can be made again, so that what does not go is left. Behind a
    /// link, and under names that no recipe has, lies what is not ours.
    pub fn keep_recipes(&self, recipes: &BTreeSet<&str>) {
        let derived = self.folder.join("derived");
        if !std::fs::symlink_metadata(&derived).is_ok_and(|there| there.is_dir()) {
            return;
        }
        for folder in std::fs::read_dir(derived).into_iter().flatten().flatten() {
            let name = folder.file_name();
            let name = name.to_string_lossy();
            if is_code(&name) && !recipes.contains(&*name) && folder.file_type().is_ok_and(|kind| kind.is_dir()) {
                let _ = std::fs::remove_dir_all(folder.path());
            }
        }
    }

    /// All originals: content and bytes.
    pub fn originals(&self) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        for folder in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            // Two signs of a hash; other folders hold other things.
            if folder.file_name().len() != 2 {
                continue;
            }
            for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let name = file.file_name().to_string_lossy().into_owned();
                if let (64, Ok(there)) = (name.len(), file.metadata()) {
                    found.push((name, there.len()));
                }
            }
        }
        found
    }

    /// The bytes of an original.
    pub fn read(&self, content: &str) -> Result<Vec<u8>, Failure> {
        let path = self.original(content);
        std::fs::read(&path).map_err(|error| Failure::io("read", &path, &error))
    }
}

/// True for what the code of a recipe looks like.
fn is_code(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
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
