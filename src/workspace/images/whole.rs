//! Whether the pictures that the state names are where it says, byte for byte.

use crate::workspace::Workspace;
use crate::workspace::feed_file::blake3;
use crate::workspace::images::derivations;
use crate::workspace::images::media::Media;
use crate::workspace::images::state::{Content, State, path};
use std::path::Path;

/// Reads every picture; gives their number and what is wrong.
pub fn verify(workspace: &Workspace) -> (u64, Vec<String>) {
    let settings = &workspace.settings;
    let (mut count, mut faults) = (0, Vec::new());
    let state = match State::try_read(&settings.store) {
        Ok(Some(state)) => state,
        Ok(None) => return (0, faults),
        Err(error) => {
            let shown = settings.shown(&path(&settings.store));
            faults.push(format!(
                "{shown}: {error}; remove it, and `estante enrich images` makes it anew"
            ));
            return (0, faults);
        }
    };
    let media = Media::new(&settings.store);
    let mut check = |path: &Path, expected: &str| {
        count += 1;
        let wrong = match blake3(path) {
            Ok(found) if found == expected => return,
            Ok(_) => "is not the picture that was kept".to_owned(),
            Err(error) => error.to_string(),
        };
        faults.push(format!(
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
    (count, faults)
}
