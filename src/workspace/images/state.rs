//! What is known of the pictures: seen files, measured contents, what products have, what was made for channels.
//!
//! All of it can be made anew from the files and the catalog; without it, everything is read again.

use crate::enrich::images::measure::Measures;
use crate::enrich::images::refusal::Refusal;
use crate::workspace::failure::Failure;
use crate::workspace::feed_file;
use crate::workspace::images::outcome::Imaged;
use crate::workspace::images::owners::Notes;
use crate::workspace::images::sources::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// To be raised where an older state would be misread.
const VERSION: u32 = 2;

/// The state. Contents are named by the BLAKE3 of their bytes, in hex.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub version: u32,
    /// Of what this is the outcome: the catalog's sequence, the files, the settings.
    pub sequence: i64,
    pub files_seen: u64,
    pub settings: u64,
    /// Files that belong to a product, by path.
    pub files: BTreeMap<String, SeenFile>,
    /// What the catalog says of the files' keys, and which pictures it names, as of `sequence`.
    pub notes: Notes,
    /// Paths that suppliers name and that are no file, by the folder in which they are looked for again.
    pub absent: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Addresses that were fetched.
    pub addresses: BTreeMap<String, Fetched>,
    pub contents: BTreeMap<String, Content>,
    /// Recipe -> content -> what came of it.
    pub made: BTreeMap<String, BTreeMap<String, Made>>,
    /// SKU -> pictures in order.
    pub products: BTreeMap<String, Vec<Picture>>,
    /// Product -> hash of what its pictures were settled from.
    pub settled: BTreeMap<i64, u64>,
    /// By channel.
    pub channels: BTreeMap<String, Derivations>,
    /// Hash of the defects that the contact sheet shows.
    pub sheet: u64,
    pub outcome: Imaged,
}

/// A file as it was last read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFile {
    /// Where it lies on disk, or the archive that holds it.
    pub on_disk: PathBuf,
    pub stamp: Stamp,
    pub content: String,
}

/// An address as it was last fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fetched {
    Content(String),
    /// Why there is nothing: tried again with every run.
    Failed(Refusal),
}

/// What bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    Picture(Measures),
    Refused(Refusal),
}

/// What came of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Made {
    File(DerivedFile),
    Refused(Refusal),
}

/// One picture of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// As the catalog says it: a path or an address.
    pub value: String,
    pub content: String,
    /// Position among all pictures of the product, counted from 1.
    pub position: usize,
}

/// What was made for a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivations {
    /// Code of the recipe.
    pub recipe: String,
    /// By file name.
    pub files: BTreeMap<String, DerivedFile>,
    /// SKU -> (value, file name).
    pub products: BTreeMap<String, Vec<(String, String)>>,
}

/// A file made for a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivedFile {
    pub format: String,
    pub width: u32,
    pub height: u32,
    pub bytes: u64,
    pub blake3: String,
}

/// Where the state lies.
pub fn path(store: &Path) -> PathBuf {
    store.join("images").join("state.json")
}

impl State {
    /// The state of a store; an empty one where there is none, or none that reads.
    pub fn read(store: &Path) -> State {
        Self::try_read(store).ok().flatten().unwrap_or_default()
    }

    /// The state of a store, or none where pictures were never looked at. Errors where it is damaged.
    pub fn try_read(store: &Path) -> Result<Option<State>, String> {
        let text = match std::fs::read(path(store)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let state: State = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        Ok((state.version == VERSION).then_some(state))
    }

    /// Puts the state in place.
    pub fn write(&mut self, store: &Path) -> Result<(), Failure> {
        self.version = VERSION;
        let text = serde_json::to_vec(self).unwrap_or_default();
        feed_file::put(&path(store), &text)
    }

    /// Measures of a content that is a picture.
    pub fn measures(&self, content: &str) -> Option<&Measures> {
        match self.contents.get(content) {
            Some(Content::Picture(measures)) => Some(measures),
            _ => None,
        }
    }
}
