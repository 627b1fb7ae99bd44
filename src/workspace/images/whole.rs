//! Whether the pictures that the state names are where it says, byte for byte.

use crate::workspace::Workspace;
use crate::workspace::feed_file::blake3;
use crate::workspace::images::derivations;
use crate::workspace::images::media::Media;
use crate::workspace::images::state::{Content, State, path};
use std::path::Path;

/// What was looked at and what is wrong.
#[derive(Debug, Default)]
pub struct Whole {
    pub pictures: u64,
    /// Originals in the store that nothing shows any more, and their bytes.
    pub unused: u64,
    pub unused_bytes: u64,
    pub faults: Vec<String>,
}

/// Reads every picture.
pub fn verify(workspace: &Workspace) -> Whole {
    let settings = &workspace.settings;
    let mut whole = Whole::default();
    let state = match State::try_read(&settings.store) {
        Ok(Some(state)) => state,
        Ok(None) => return whole,
        Err(error) => {
            let shown = settings.shown(&path(&settings.store));
            whole.faults.push(format!(
                "{shown}: {error}; remove it, and `estante enrich images` makes it anew"
            ));
            return whole;
        }
    };
    let media = Media::new(&settings.store);
    let mut check = |path: &Path, expected: &str| {
        whole.pictures += 1;
        let wrong = match blake3(path) {
            Ok(found) if found == expected => return,
            Ok(_) => "is not the picture that was kept".to_owned(),
            Err(error) => error.to_string(),
        };
        whole.faults.push(format!(
            "{}: {wrong}; remove it and run `estante enrich images`",
            settings.shown(path)
        ));
    };
    let originals = state
        .contents
        .iter()
        .filter(|(_, what)| matches!(what, Content::Picture(_)));
    originals.for_each(|(content, _)| check(&media.original(content), content));
    for (channel, derived) in &state.channels {
        let folder = derivations::folder(&settings.out, channel);
        derived
            .files
            .iter()
            .for_each(|(name, file)| check(&folder.join(name), &file.blake3));
    }
    for (content, bytes) in media.originals() {
        if !matches!(state.contents.get(&content), Some(Content::Picture(_))) {
            whole.unused += 1;
            whole.unused_bytes += bytes;
        }
    }
    whole
}
