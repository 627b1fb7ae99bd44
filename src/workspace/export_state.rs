//! What a channel's last export held, and how far the catalog was then; kept in the store's folder.

use crate::channel::delta::State;
use crate::workspace::failure::Failure;
use crate::workspace::feed_file::put;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The last export of a channel.
#[derive(Debug, Clone, Default)]
pub struct ExportState {
    /// The catalog's change sequence at the last export, full or delta.
    pub sequence: i64,
    /// The same at the last full export.
    pub full_sequence: i64,
    pub listings: State,
}

impl ExportState {
    /// Reads a state; `None` where there is none. Errors with a sentence where it is damaged.
    pub fn read(path: &Path) -> Result<Option<ExportState>, String> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let damaged = || "it is damaged".to_owned();
        let (head, rest) = bytes.split_first_chunk::<24>().ok_or_else(damaged)?;
        let number = |at: usize| head[at..at + 8].try_into().map(u64::from_le_bytes).unwrap_or_default();
        if xxh3_64(&head[..16]) != number(16) {
            return Err(damaged());
        }
        Ok(Some(ExportState {
            sequence: number(0) as i64,
            full_sequence: number(8) as i64,
            listings: State::read(rest).map_err(|error| error.to_string())?,
        }))
    }

    /// Writes the state, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.full_sequence.to_le_bytes());
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        bytes.extend_from_slice(&self.listings.write());
        put(path, &bytes)
    }
}
