//! Drafts on disk: one file an exchange, one beside it for what a person decided. Names are ids, so that the folder can be
//! kept in git and never has two answers to one question.

use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::draft::recording::{FORMAT, Recording, Review};
use crate::workspace::failure::Failure;
use crate::workspace::feed_file::put;
use std::fs::{File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most bytes of a file; requests and answers are far smaller.
const MOST_BYTES: u64 = 4 * 1024 * 1024;
const RECORDING: &str = ".json";
const REVIEW: &str = ".review.json";

/// A draft with what became of it.
#[derive(Debug)]
pub struct Kept {
    pub recording: Recording,
    pub review: Option<Review>,
}

/// The folder of the drafts.
#[derive(Debug, Clone)]
pub struct DraftStore {
    folder: PathBuf,
}

impl DraftStore {
    /// The drafts in a folder, which need not be there.
    pub fn new(folder: &Path) -> DraftStore {
        DraftStore {
            folder: folder.to_owned(),
        }
    }

    /// Keeps others from making or deciding drafts, until what it gives is dropped or the process ends.
    pub fn lock(&self) -> Result<File, Failure> {
        let path = self.folder.join(".lock");
        let failed = |error: std::io::Error| Failure::io("lock", &path, &error);
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Failure::conflict("another process works on the drafts")),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// All drafts by SKU, attribute and id; files that do not read are told (`W-DRAFT-DAMAGED`).
    pub fn read(&self) -> Result<(Vec<Kept>, Vec<Diagnostic>), Failure> {
        let mut names: Vec<String> = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Failure::io("read", &self.folder, &error)),
        };
        names.sort_unstable();
        let (mut drafts, mut faults) = (Vec::new(), Vec::new());
        let ids = names.iter().filter(|name| !name.ends_with(REVIEW));
        for id in ids.filter_map(|name| name.strip_suffix(RECORDING)) {
            let mut damaged = |name: String, why: String| {
                let place = Place::file(self.folder.join(name).to_string_lossy().replace('\\', "/"));
                let fault = Diagnostic::warning("W-DRAFT-DAMAGED", format!("the file is passed over: {why}")).at(place);
                faults.push(fault.with_help("restore it from git or a backup, or remove it: the next run asks again"));
            };
            let name = format!("{id}{RECORDING}");
            let recording = self
                .bytes(&name)
                .and_then(|bytes| Recording::read(&bytes).map_err(|error| error.to_string()));
            let recording = match recording {
                Ok(recording) if recording.id == id => recording,
                Ok(_) => {
                    damaged(name, "it holds another draft than its name says".to_owned());
                    continue;
                }
                Err(why) => {
                    damaged(name, why);
                    continue;
                }
            };
            let name = format!("{id}{REVIEW}");
            let review = match names.binary_search(&name) {
                Ok(_) => match self.bytes(&name).and_then(|bytes| review(&bytes)) {
                    Ok(review) => Some(review),
                    Err(why) => {
                        damaged(name, why);
                        None
                    }
                },
                Err(_) => None,
            };
            drafts.push(Kept { recording, review });
        }
        let order = |kept: &Kept| {
            let own = &kept.recording;
            (own.sku.clone(), own.target.clone(), own.id.clone())
        };
        drafts.sort_by_cached_key(order);
        Ok((drafts, faults))
    }

    /// Keeps a draft, whole or not at all.
    pub fn write(&self, recording: &Recording) -> Result<(), Failure> {
        let bytes = recording.write().map_err(|error| Failure::usage(error.to_string()))?;
        put(&self.folder.join(format!("{}{RECORDING}", recording.id)), &bytes)
    }

    /// Keeps a decision.
    pub fn decide(&self, id: &str, review: &Review) -> Result<(), Failure> {
        let mut bytes = serde_json::to_vec_pretty(review).unwrap_or_default();
        bytes.push(b'\n');
        put(&self.folder.join(format!("{id}{REVIEW}")), &bytes)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        let file = File::open(self.folder.join(name)).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        match bytes.len() as u64 > MOST_BYTES {
            true => Err("it has more than 4 MiB".to_owned()),
            false => Ok(bytes),
        }
    }
}

fn review(bytes: &[u8]) -> Result<Review, String> {
    let review: Review = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match review.format {
        FORMAT => Ok(review),
        other => Err(format!("its format is {other}, this program knows {FORMAT}")),
    }
}
