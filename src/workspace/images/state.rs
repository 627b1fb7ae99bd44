//! What is known of the pictures: seen files, measured contents, what products have, what was made for channels.
//!
//! All of it can be made anew from the files and the catalog; without it, everything is read again.

use crate::enrich::images::measure::Measures;
use crate::enrich::images::refusal::Refusal;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::feed_file;
use crate::workspace::images::outcome::Imaged;
use crate::workspace::images::owners::Notes;
use crate::workspace::images::sources::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// To be raised where an older state would be misread.
pub const VERSION: u32 = 3;

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
    /// Files of products that could not be read, with the places where they lie: another right to read them changes no stamp.
    pub unread: BTreeMap<String, PathBuf>,
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
    /// True where a run that was killed has left its journal: there is more to do, whatever else is as it was.
    #[serde(skip)]
    pub unfinished: bool,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Line {
    /// The program's version of the state and the settings under which what follows was worked out.
    Begun {
        version: u32,
        settings: u64,
    },
    Worked(Box<Worked>),
}

/// What came of one picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// Where it is a file: its path, and the file; or where it lies, where it could not be read and is no part of an archive.
    pub file: Option<(String, Result<SeenFile, Option<PathBuf>>)>,
    pub address: Option<(String, Fetched)>,
    /// What its bytes are, where they are new.
    pub what: Option<(String, Content)>,
    /// Recipe, content, and what came of them.
    pub made: Vec<(String, String, Made)>,
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

impl Worked {
    /// True where the state does not say the same.
    pub fn is_news(&self, state: &State) -> bool {
        let file = self.file.as_ref().is_some_and(|(path, seen)| match seen {
            Ok(seen) => state.files.get(path) != Some(seen),
            Err(on_disk) => state.files.contains_key(path) || state.unread.get(path) != on_disk.as_ref(),
        });
        let address = self.address.as_ref();
        let address = address.is_some_and(|(address, fetched)| state.addresses.get(address) != Some(fetched));
        file || address || self.what.is_some() || !self.made.is_empty()
    }

    /// True where it was fetched now.
    pub fn is_fetched(&self, state: &State) -> bool {
        let address = self.address.as_ref();
        address.is_some_and(|(address, fetched)| {
            matches!(fetched, Fetched::Content(_)) && state.addresses.get(address) != Some(fetched)
        })
    }
}

/// Where the state lies.
pub fn path(store: &Path) -> PathBuf {
    store.join("images").join("state.json")
}

/// Where the journal lies, while pictures are worked on.
pub fn journal(store: &Path) -> PathBuf {
    store.join("images").join("journal.jsonl")
}

impl State {
    /// The state of a store; an empty one where there is none, or none that reads.
    pub fn read(store: &Path) -> State {
        Self::try_read(store).ok().flatten().unwrap_or_default()
    }

    /// The state of a store, or none where pictures were never looked at. Errors where it is damaged.
    pub fn try_read(store: &Path) -> Result<Option<State>, String> {
        let read = |path: PathBuf| match std::fs::read(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        let mut state = match read(path(store))? {
            Some(text) => serde_json::from_slice(&text).map_err(|error| error.to_string())?,
            None => State::default(),
        };
        if state.version != VERSION {
            state = State::default();
        }
        if let Some(lines) = read(journal(store))? {
            state.unfinished = true;
            state.follow(&lines);
        }
        Ok((state.version == VERSION || state.unfinished).then_some(state))
    }

    /// Takes over what a killed run had worked out. What it could not write to its end is passed over.
    fn follow(&mut self, lines: &[u8]) {
        let mut ours = false;
        for line in lines.split(|c| *c == b'\n') {
            match serde_json::from_slice(line) {
                Ok(Line::Begun { version, settings }) => {
                    ours = version == VERSION;
                    // Other settings may refuse what these take, and the other way round: both is looked at again.
                    if settings != self.settings {
                        self.settings = 0;
                    }
                }
                Ok(Line::Worked(worked)) if ours => self.take(*worked),
                _ => {}
            }
        }
    }

    /// Takes over what came of one picture.
    pub fn take(&mut self, worked: Worked) {
        match worked.file {
            Some((path, Ok(seen))) => {
                self.unread.remove(&path);
                self.files.insert(path, seen);
            }
            Some((path, Err(on_disk))) => {
                self.files.remove(&path);
                if let Some(on_disk) = on_disk {
                    self.unread.insert(path, on_disk);
                }
            }
            None => {}
        }
        if let Some((address, fetched)) = worked.address {
            self.addresses.insert(address, fetched);
        }
        if let Some((content, what)) = worked.what {
            self.contents.insert(content, what);
        }
        for (recipe, content, made) in worked.made {
            self.made.entry(recipe).or_default().insert(content, made);
        }
    }

    /// Puts the state in place. What the journal says is in it.
    pub fn write(&mut self, store: &Path) -> Result<(), Failure> {
        self.version = VERSION;
        let text = as_json(self)?;
        feed_file::put(&path(store), &text)?;
        self.unfinished = false;
        match std::fs::remove_file(journal(store)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io("remove", &journal(store), &error))
            }
            _ => Ok(()),
        }
    }

    /// Measures of a content that is a picture.
    pub fn measures(&self, content: &str) -> Option<&Measures> {
        match self.contents.get(content) {
            Some(Content::Picture(measures)) => Some(measures),
            _ => None,
        }
    }
}

/// What is kept between runs, as text. An empty file would forget what it was told.
pub fn as_json(what: &impl serde::Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(what).map_err(|error| {
        let message = format!("failed to write down what is known of the pictures: {error}");
        Failure::new(FailureKind::Broken, message)
    })
}
