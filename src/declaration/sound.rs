//! Texts that were found to fit their types, remembered by hash: an unchanged file is not held against its JSON Schema, nor is
//! that made, at every start.
//!
//! Nothing of it is needed to be right: what is not known here is checked. Texts are known by what stands in them, so it does not
//! matter which workspace they are of.

use std::any::type_name;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::Xxh3;

/// Bytes of a hash, and of what the file begins with.
const WIDTH: usize = 16;
/// A workspace has dozens of files; a list of more than so many is no list of ours.
const MOST: usize = 16_384;

/// What is known.
struct Known {
    /// Hashes of sound texts that lists tell of.
    listed: BTreeSet<u128>,
    /// Those of the sound texts that this process met.
    met: BTreeSet<u128>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known {
    listed: BTreeSet::new(),
    met: BTreeSet::new(),
});

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The hash of a text as a `T`.
pub fn hash<T>(text: &str) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(type_name::<T>().as_bytes());
    hash.update(&[0]);
    hash.update(text.as_bytes());
    hash.digest128()
}

/// Whether the text of this hash was found sound before.
pub fn is_known(hash: u128) -> bool {
    let known = known();
    known.met.contains(&hash) || known.listed.contains(&hash)
}

/// Notes a text that is sound.
pub fn note(hash: u128) {
    known().met.insert(hash);
}

/// This very program: another one may ask for something else under the same names.
fn program() -> Option<u128> {
    let path = std::env::current_exe().ok()?;
    let there = path.metadata().ok()?;
    let made = there.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let mut hash = Xxh3::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(&there.len().to_le_bytes());
    hash.update(&made.as_nanos().to_le_bytes());
    Some(hash.digest128())
}

/// The hashes of a list that this program wrote; none where it is missing, damaged, or of another program.
fn listed(path: &Path) -> Option<BTreeSet<u128>> {
    let there = path.metadata().ok()?;
    if !there.is_file() || there.len() > ((MOST + 1) * WIDTH) as u64 {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    let (hashes, rest) = bytes.as_chunks::<WIDTH>();
    let (program_of, hashes) = hashes.split_first()?;
    let is_ours = rest.is_empty() && u128::from_le_bytes(*program_of) == program()?;
    is_ours.then(|| hashes.iter().copied().map(u128::from_le_bytes).collect())
}

/// Takes in the list of an earlier command.
pub fn recall(path: &Path) {
    if let Some(hashes) = listed(path) {
        known().listed.extend(hashes);
    }
}

/// Writes the list of what this process met, where it is not the one that lies there. Where that fails, files are checked again.
///
/// One process at a time: who has the catalog open for writing.
pub fn keep(path: &Path) {
    let met = known().met.clone();
    let Some(program) = program() else { return };
    if met.is_empty() || met.len() > MOST || listed(path).is_some_and(|listed| listed == met) {
        return;
    }
    let bytes: Vec<u8> = std::iter::once(program)
        .chain(met)
        .flat_map(u128::to_le_bytes)
        .collect();
    let part = path.with_extension("part");
    if std::fs::write(&part, &bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .is_err()
    {
        // A full disk is told by what was to be written on purpose.
        let _ = std::fs::remove_file(&part);
    }
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, hash, is_known, keep, listed, note, recall};

    #[test]
    fn a_list_is_what_was_met_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sound");
        let (sound, other) = (hash::<u8>("sound = 1"), hash::<u16>("sound = 1"));
        assert_ne!(sound, other, "a text is sound as one type only");
        assert!(!is_known(sound));
        note(sound);
        assert!(is_known(sound) && !is_known(other));
        keep(&path);
        let whole = std::fs::read(&path).expect("it was written");
        assert!(listed(&path).is_some_and(|listed| listed.contains(&sound)));

        let mut of_another = whole.clone();
        of_another[0] ^= 1;
        let cases = [
            of_another,
            whole[..whole.len() - 1].to_vec(),
            Vec::new(),
            whole[..7].to_vec(),
        ];
        for bytes in cases {
            std::fs::write(&path, bytes).expect("it is written");
            assert_eq!(listed(&path), None);
            recall(&path);
        }
        // One hash that this process never met: it is learned from the list.
        let mut longer = whole;
        longer.extend(other.to_le_bytes());
        std::fs::write(&path, &longer).expect("it is written");
        recall(&path);
        assert!(is_known(other));
        std::fs::write(&path, vec![0; 20_000 * WIDTH]).expect("it is written");
        assert_eq!(listed(&path), None, "too long");
    }
}
