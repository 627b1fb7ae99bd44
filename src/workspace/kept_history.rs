//! What is kept so that batches can be taken back, told to people; and let go of when they ask.

use crate::catalog::retention::States;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::retention::{Gone, past, retain};
use std::collections::HashSet;

/// How much history there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptHistory {
    /// The limits as `[history]` says them; empty where there is none.
    pub limits: String,
    /// Batches that can be taken back.
    pub batches: u64,
    /// The oldest of them.
    pub oldest: Option<i64>,
    /// Past states of layers, with those that stayed.
    pub states: u64,
    /// Bytes of their keys and bodies.
    pub bytes: u64,
    /// What stayed of batches that cannot be taken back any more, since a person's word is compared with it.
    pub stayed: States,
    /// Values that these batches changed.
    pub values: u64,
    /// Bytes of the database file, and how many of them are free for what comes next.
    pub file: u64,
    pub free: u64,
    /// What is past retention and still there.
    pub past: Gone,
}

impl KeptHistory {
    /// Bytes of history for each value that was changed, rounded; none where nothing was.
    pub fn per_value(&self) -> Option<u64> {
        let bytes = self.bytes.saturating_sub(self.stayed.bytes);
        (bytes + self.values / 2).checked_div(self.values)
    }
}

/// How much history there is. Nothing of a workspace without a store.
pub fn kept(workspace: &Workspace) -> Result<KeptHistory, Failure> {
    let settings = &workspace.settings.history;
    let mut told = KeptHistory {
        limits: settings.shown(),
        ..KeptHistory::default()
    };
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(told);
    };
    let kept = reader.kept()?;
    told.batches = kept.len() as u64;
    told.oldest = kept.last().map(|batch| batch.batch);
    told.stayed = reader.stayed()?;
    (told.states, told.bytes) = (told.stayed.states, told.stayed.bytes);
    for batch in &kept {
        told.states += batch.states;
        told.bytes += batch.bytes;
    }
    // What only made layers keeps nothing, and changed none.
    let with_states: HashSet<i64> = (kept.iter().filter(|kept| kept.states > 0))
        .map(|kept| kept.batch)
        .collect();
    for batch in reader.tallies()?.iter().filter(|batch| with_states.contains(&batch.id)) {
        told.values += batch.tally.attributes.values().sum::<u64>();
    }
    (told.file, told.free) = reader.file_bytes()?;
    told.past = past(&reader, settings, &workspace.moment)?;
    Ok(told)
}

/// Lets go of what is past retention now; with `compact`, gives the freed room back to the disk.
pub fn prune(mut workspace: Workspace, compact: bool) -> Result<Gone, Failure> {
    if workspace.reader_if_any()?.is_none() {
        return Ok(Gone::default());
    }
    let (settings, moment) = (workspace.settings.history.clone(), workspace.moment.clone());
    let catalog = workspace.catalog()?;
    let gone = retain(catalog, &settings, &moment)?;
    if compact {
        catalog.compact()?;
    }
    catalog.settle()?;
    Ok(gone)
}
