//! What a channel found of each product when it was last checked or exported; kept in the store's folder for searches.
//!
//! Judging a product needs its channel's whole preflight, so the verdicts are not indexed: they are written down where they
//! are made, with the change sequence they are of, and a search that uses older ones says so.

use crate::channel::Channel;
use crate::channel::chunk::Item;
use crate::channel::rule::finding::{Finding, Outcome, Verdict};
use crate::workspace::failure::Failure;
use crate::workspace::feed_file::put;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// First bytes of the file, with its version.
const MAGIC: &[u8; 8] = b"verdict1";
/// Codes of one product that are kept.
const MOST_CODES: usize = 255;

/// What was found of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    product: i64,
    verdict: Verdict,
    /// Positions in `Verdicts::codes`.
    codes: Vec<u16>,
}

/// The verdicts of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// The catalog's change sequence they are of.
    pub sequence: i64,
    /// Of all that decides them beside the catalog.
    pub fingerprint: u64,
    codes: Vec<String>,
    found: Vec<Found>,
}

impl Verdicts {
    /// The file of a channel.
    pub fn path(store: &Path, channel: &str) -> PathBuf {
        store.join("channels").join(format!("{channel}.verdicts"))
    }

    /// Reads a file; nothing where there is none, or where it is damaged: the next check makes it anew.
    pub fn read(path: &Path) -> Option<Verdicts> {
        let bytes = std::fs::read(path).ok()?;
        let (body, sum) = bytes.split_last_chunk::<8>()?;
        if u64::from_le_bytes(*sum) != xxh3_64(body) {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let sequence = i64::from_le_bytes(take(&mut rest)?);
        let fingerprint = u64::from_le_bytes(take(&mut rest)?);
        let mut codes = Vec::new();
        for _ in 0..u16::from_le_bytes(take(&mut rest)?) {
            let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
            let (code, behind) = rest.split_at_checked(length)?;
            codes.push(String::from_utf8(code.to_vec()).ok()?);
            rest = behind;
        }
        let mut found = Vec::new();
        while !rest.is_empty() {
            let product = i64::from_le_bytes(take(&mut rest)?);
            let [verdict, count] = take::<2>(&mut rest)?;
            let mut own = Vec::with_capacity(usize::from(count));
            for _ in 0..count {
                own.push(u16::from_le_bytes(take(&mut rest)?));
            }
            found.push(Found {
                product,
                verdict: match verdict {
                    0 => Verdict::Ready,
                    1 => Verdict::Degraded,
                    _ => Verdict::Blocked,
                },
                codes: own,
            });
        }
        Some(Verdicts {
            sequence,
            fingerprint,
            codes,
            found,
        })
    }

    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.fingerprint.to_le_bytes());
        bytes.extend_from_slice(&(self.codes.len() as u16).to_le_bytes());
        for code in &self.codes {
            bytes.extend_from_slice(&(code.len() as u16).to_le_bytes());
            bytes.extend_from_slice(code.as_bytes());
        }
        for found in &self.found {
            bytes.extend_from_slice(&found.product.to_le_bytes());
            bytes.push(match found.verdict {
                Verdict::Ready => 0,
                Verdict::Degraded => 1,
                Verdict::Blocked => 2,
            });
            bytes.push(found.codes.len() as u8);
            for code in &found.codes {
                bytes.extend_from_slice(&code.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        put(path, &bytes)
    }

    /// Products of a verdict, by its name.
    pub fn of(&self, verdict: &str) -> Vec<i64> {
        let of = |found: &&Found| found.verdict.name() == verdict;
        self.found.iter().filter(of).map(|found| found.product).collect()
    }

    /// Products of which this code was found.
    pub fn with_code(&self, code: &str) -> Vec<i64> {
        let Some(code) = self.codes.iter().position(|known| known == code) else {
            return Vec::new();
        };
        let has = |found: &&Found| found.codes.contains(&(code as u16));
        self.found.iter().filter(has).map(|found| found.product).collect()
    }

    /// Every code that was found.
    pub fn codes(&self) -> &[String] {
        &self.codes
    }

    /// These with later ones of some products laid over; `looked_at` are all products that were judged anew.
    pub fn updated(self, later: Verdicts, looked_at: impl Iterator<Item = i64>) -> Verdicts {
        let looked_at: HashSet<i64> = looked_at.collect();
        let mut codes = self.codes;
        let mut kept: BTreeMap<i64, Found> = self
            .found
            .into_iter()
            .filter(|found| !looked_at.contains(&found.product))
            .map(|found| (found.product, found))
            .collect();
        let numbers: Vec<u16> = later
            .codes
            .into_iter()
            .map(|code| match codes.iter().position(|known| *known == code) {
                Some(at) => at as u16,
                None => {
                    codes.push(code);
                    (codes.len() - 1) as u16
                }
            })
            .collect();
        for mut found in later.found {
            for code in &mut found.codes {
                *code = numbers.get(usize::from(*code)).copied().unwrap_or(0);
            }
            kept.insert(found.product, found);
        }
        Verdicts {
            sequence: later.sequence,
            fingerprint: later.fingerprint,
            codes,
            found: kept.into_values().collect(),
        }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*first)
}

/// Notes verdicts while a channel's products pass by.
pub struct Noting<'c> {
    channel: &'c Channel,
    verdicts: Verdicts,
    /// Numbers of the codes by rule, field and outcome, so that no code is spelled twice. Never iterated.
    known: HashMap<(u16, u16, Outcome), u16>,
}

impl<'c> Noting<'c> {
    pub fn new(channel: &'c Channel, sequence: i64, fingerprint: u64) -> Noting<'c> {
        Noting {
            channel,
            verdicts: Verdicts {
                sequence,
                fingerprint,
                ..Verdicts::default()
            },
            known: HashMap::new(),
        }
    }

    /// Notes checked listings.
    pub fn note(&mut self, items: &[Item]) {
        for item in items {
            let mut codes: Vec<u16> = item.findings.iter().map(|finding| self.code(finding)).collect();
            codes.sort_unstable();
            codes.dedup();
            codes.truncate(MOST_CODES);
            self.verdicts.found.push(Found {
                product: item.listing.product,
                verdict: item.verdict,
                codes,
            });
        }
    }

    fn code(&mut self, finding: &Finding) -> u16 {
        let key = (finding.rule, finding.field, finding.outcome);
        if let Some(number) = self.known.get(&key) {
            return *number;
        }
        let code = self.channel.rules.words(&self.channel.pack, finding).0;
        let codes = &mut self.verdicts.codes;
        let number = match codes.iter().position(|known| *known == *code) {
            Some(at) => at as u16,
            None => {
                codes.push(code.into_owned());
                (codes.len() - 1) as u16
            }
        };
        self.known.insert(key, number);
        number
    }

    /// What was noted.
    pub fn finish(self) -> Verdicts {
        self.verdicts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(sequence: i64, found: &[(i64, Verdict, &[&str])]) -> Verdicts {
        let mut codes: Vec<String> = Vec::new();
        let mut number = |code: &str| match codes.iter().position(|known| known == code) {
            Some(at) => at as u16,
            None => {
                codes.push(code.to_owned());
                (codes.len() - 1) as u16
            }
        };
        let found = found
            .iter()
            .map(|(product, verdict, own)| Found {
                product: *product,
                verdict: *verdict,
                codes: own.iter().map(|code| number(code)).collect(),
            })
            .collect();
        Verdicts {
            sequence,
            fingerprint: 7,
            codes,
            found,
        }
    }

    #[test]
    fn what_was_written_is_read_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = Verdicts::path(folder.path(), "shop");
        assert_eq!(Verdicts::read(&path), None);
        let all = verdicts(3, &[(1, Verdict::Ready, &[]), (2, Verdict::Blocked, &["E-A", "W-B"])]);
        all.write(&path).unwrap();
        assert_eq!(Verdicts::read(&path), Some(all));
        let mut bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 4;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(Verdicts::read(&path), None, "byte {at}");
            bytes[at] ^= 4;
        }
    }

    #[test]
    fn later_verdicts_replace_earlier_ones() {
        let first = verdicts(
            3,
            &[
                (1, Verdict::Blocked, &["E-A"]),
                (2, Verdict::Blocked, &["E-B"]),
                (3, Verdict::Ready, &[]),
            ],
        );
        let later = verdicts(5, &[(2, Verdict::Degraded, &["W-C"])]);
        let both = first.updated(later, [2, 3].into_iter());
        assert_eq!(both.sequence, 5);
        assert_eq!(both.of("blocked"), [1]);
        assert_eq!(both.of("ready"), [] as [i64; 0]);
        assert_eq!(
            (both.with_code("E-A"), both.with_code("W-C"), both.with_code("E-B")),
            (vec![1], vec![2], vec![])
        );
    }
}
