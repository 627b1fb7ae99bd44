//! The last good export of a channel, remembered: which products it held, and what each of them said.
//!
//! Tomorrow's export is compared with it: what was added, changed, removed. The file is small and binary: a million products
//! with SKUs of 12 characters take 30 MB. Writing it to disk, beside the export it belongs to, is left to `workspace`.

use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

/// First bytes of the file; the digit is the version of its layout.
const MAGIC: &[u8; 8] = b"ESTDLT1\n";
/// Longest key of an item, in bytes.
const LONGEST: usize = u16::MAX as usize;

/// Why a state cannot be read. A full export is always the remedy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    #[error("it is no state of an export, or one of another version")]
    Unknown,
    #[error("it is damaged: its checksum does not fit")]
    Damaged,
}

/// What an export held, sorted by product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Fingerprint of the channel that made it.
    pub fingerprint: u64,
    entries: Vec<Entry>,
    keys: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    product: i64,
    hash: u64,
    /// Where the key by which the channel knows the item begins, and its length.
    key: u32,
    length: u16,
}

/// What differs between two exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Items that were not there.
    pub added: u64,
    /// Items that said something else.
    pub changed: u64,
    /// Items that are as they were.
    pub unchanged: u64,
    /// Keys that are gone, in alphabetical order.
    pub removed: Vec<String>,
}

impl State {
    /// An empty state of a channel.
    pub fn new(fingerprint: u64) -> State {
        State {
            fingerprint,
            ..State::default()
        }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Notes an item that left: the product's number, the hash of its listing, and the key by which the channel knows it.
    /// Items come in any order, each product once; `sort` ends them. False where the state is full (4 GiB of keys).
    pub fn push(&mut self, product: i64, hash: u64, key: &str) -> bool {
        let key = &key[..key.floor_char_boundary(LONGEST)];
        let (Ok(start), Ok(length)) = (u32::try_from(self.keys.len()), u16::try_from(key.len())) else {
            return false;
        };
        self.keys.push_str(key);
        self.entries.push(Entry {
            product,
            hash,
            key: start,
            length,
        });
        true
    }

    /// Puts the items in order, so that they are found; of a product that came twice the last stays.
    pub fn sort(&mut self) {
        // The order of equals is kept by the sort, so that what came last comes first.
        self.entries.reverse();
        self.entries.sort_by_key(|entry| entry.product);
        self.entries.dedup_by_key(|entry| entry.product);
    }

    /// The hash of a product's listing in that export.
    pub fn hash(&self, product: i64) -> Option<u64> {
        self.find(product).map(|entry| entry.hash)
    }

    /// The key of a product in that export.
    pub fn key(&self, product: i64) -> Option<&str> {
        self.find(product).map(|entry| self.key_of(entry))
    }

    /// Does a listing belong into a delta: it is not in the state, or it says something else there.
    pub fn differs(&self, product: i64, hash: u64) -> bool {
        self.hash(product) != Some(hash)
    }

    /// The state after some products were exported again, and some left the channel (`None`).
    pub fn updated(&self, fingerprint: u64, changes: &[(i64, Option<(u64, &str)>)]) -> State {
        let changed: BTreeSet<i64> = changes.iter().map(|(product, _)| *product).collect();
        let mut out = State::new(fingerprint);
        for entry in self.entries.iter().filter(|entry| !changed.contains(&entry.product)) {
            out.push(entry.product, entry.hash, self.key_of(entry));
        }
        for (product, said) in changes {
            if let Some((hash, key)) = said {
                out.push(*product, *hash, key);
            }
        }
        out.sort();
        out
    }

    /// What differs in a newer export. A key that another product has now is not gone.
    pub fn compare(&self, newer: &State) -> Difference {
        let mut out = Difference::default();
        for entry in &newer.entries {
            match self.hash(entry.product) {
                None => out.added += 1,
                Some(hash) if hash == entry.hash => out.unchanged += 1,
                Some(_) => out.changed += 1,
            }
        }
        let mut gone: Vec<&str> = Vec::new();
        for entry in &self.entries {
            let key = self.key_of(entry);
            if newer.key(entry.product) != Some(key) {
                gone.push(key);
            }
        }
        if !gone.is_empty() {
            gone.sort_unstable();
            gone.dedup();
            let mut there: Vec<&str> = newer.entries.iter().map(|entry| newer.key_of(entry)).collect();
            there.sort_unstable();
            gone.retain(|key| there.binary_search(key).is_err());
        }
        out.removed = gone.into_iter().map(String::from).collect();
        out
    }

    /// The state as bytes: magic, fingerprint, number of items, items, and a checksum of all before it.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.entries.len() * 18 + self.keys.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.fingerprint.to_le_bytes());
        out.extend_from_slice(&(self.entries.len() as u64).to_le_bytes());
        for entry in &self.entries {
            out.extend_from_slice(&entry.product.to_le_bytes());
            out.extend_from_slice(&entry.hash.to_le_bytes());
            out.extend_from_slice(&entry.length.to_le_bytes());
            out.extend_from_slice(self.key_of(entry).as_bytes());
        }
        let sum = xxh3_64(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads the bytes back.
    pub fn read(bytes: &[u8]) -> Result<State, DeltaError> {
        if !bytes.starts_with(MAGIC) {
            return Err(DeltaError::Unknown);
        }
        let end = bytes.len().checked_sub(8).ok_or(DeltaError::Damaged)?;
        let (body, sum) = bytes.split_at(end);
        if xxh3_64(body).to_le_bytes() != sum {
            return Err(DeltaError::Damaged);
        }
        let mut rest = &body[MAGIC.len()..];
        let mut out = State::new(u64::from_le_bytes(take(&mut rest)?));
        let count = u64::from_le_bytes(take(&mut rest)?);
        for _ in 0..count {
            let product = i64::from_le_bytes(take(&mut rest)?);
            let hash = u64::from_le_bytes(take(&mut rest)?);
            let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
            let (key, behind) = rest.split_at_checked(length).ok_or(DeltaError::Damaged)?;
            rest = behind;
            let key = std::str::from_utf8(key).map_err(|_| DeltaError::Damaged)?;
            if !out.push(product, hash, key) {
                return Err(DeltaError::Damaged);
            }
        }
        let sorted = out.entries.windows(2).all(|pair| pair[0].product < pair[1].product);
        if rest.is_empty() && sorted {
            Ok(out)
        } else {
            Err(DeltaError::Damaged)
        }
    }

    fn find(&self, product: i64) -> Option<&Entry> {
        let at = self
            .entries
            .binary_search_by_key(&product, |entry| entry.product)
            .ok()?;
        self.entries.get(at)
    }

    fn key_of(&self, entry: &Entry) -> &str {
        let start = entry.key as usize;
        self.keys.get(start..start + usize::from(entry.length)).unwrap_or("")
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], DeltaError> {
    let (first, behind) = rest.split_first_chunk::<N>().ok_or(DeltaError::Damaged)?;
    *rest = behind;
    Ok(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state(items: &[(i64, u64, &str)]) -> State {
        let mut out = State::new(7);
        for (product, hash, key) in items {
            assert!(out.push(*product, *hash, key));
        }
        out.sort();
        out
    }

    #[test]
    fn what_differs_is_told() {
        let old = state(&[(3, 30, "C"), (1, 10, "A"), (2, 20, "B"), (4, 40, "D")]);
        // B changed, C is gone, D is another product's now, E is new.
        let new = state(&[(1, 10, "A"), (2, 21, "B"), (5, 50, "D"), (6, 60, "E")]);
        let difference = old.compare(&new);
        assert_eq!(
            difference,
            Difference {
                added: 2,
                changed: 1,
                unchanged: 1,
                removed: vec!["C".to_string()]
            }
        );
        assert!(old.differs(2, 21) && old.differs(5, 50) && !old.differs(1, 10));
        let changes = [
            (2, Some((21, "B"))),
            (3, None),
            (4, None),
            (5, Some((50, "D"))),
            (6, Some((60, "E"))),
        ];
        assert_eq!(old.updated(7, &changes).compare(&new), new.compare(&new));
    }

    #[test]
    fn a_damaged_state_is_refused() {
        let bytes = state(&[(1, 10, "A"), (2, 20, "Bñ")]).write();
        assert_eq!(State::read(b"something else"), Err(DeltaError::Unknown));
        for at in MAGIC.len()..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(State::read(&damaged), Err(DeltaError::Damaged), "{at}");
            assert!(State::read(&bytes[..at]).is_err(), "{at}");
        }
    }

    proptest! {
        /// What is written is what is read, and no foreign bytes do harm.
        #[test]
        fn a_state_is_read_back(items in prop::collection::vec((any::<i64>(), any::<u64>(), ".{0,9}"), 0..20), junk in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut state = State::new(1);
            for (product, hash, key) in &items {
                state.push(*product, *hash, key);
            }
            state.sort();
            let read = State::read(&state.write()).expect("whole");
            prop_assert_eq!(read.write(), state.write());
            for (product, hash, _) in &items {
                prop_assert!(read.hash(*product).is_some());
                prop_assert_eq!(read.differs(*product, *hash), state.differs(*product, *hash));
            }
            prop_assert_eq!(state.compare(&read).unchanged as usize, state.len());
            let mut bytes = MAGIC.to_vec();
            bytes.extend(junk);
            let _ = State::read(&bytes);
        }
    }
}
