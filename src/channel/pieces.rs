//! What a whole export wrote of each group of listings, where it stands in the files, and what was found of it.
//!
//! The next whole export takes what nobody touched from there, byte by byte, instead of composing, checking and rendering it
//! again. A piece has a hash of its bytes, so that a file somebody changed is not believed. Reading and writing on disk, and
//! who was touched, are left to `workspace`.

use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Finding, Outcome, Verdict};
use crate::channel::rule::identity::Key;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// First bytes of the file; the digit is the version of its layout.
pub const MAGIC: &[u8; 8] = b"ESTPCS1\n";
/// Most findings of one listing that are remembered.
const MOST: usize = 255;

/// Why pieces cannot be read. A whole export is always the remedy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("they are no pieces of an export, or damaged")]
pub struct PiecesError;

/// Where a group stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spot {
    /// Number of the file, from 0.
    pub file: u16,
    /// Bytes before it.
    pub offset: u64,
    /// Its own bytes; 0 where nothing of it left.
    pub length: u32,
    /// Items, or lines of a grouped file.
    pub rows: u32,
    /// xxh3 of its bytes.
    pub sum: u64,
}

/// A group as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub spot: Spot,
    /// Its listings, those that did not leave too.
    pub members: Vec<Member>,
    /// What they were compared with all others by; a key's `member` counts within the piece.
    pub keys: Vec<Key>,
}

/// What was found of one listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub product: i64,
    pub verdict: Verdict,
    /// Of what left; 0 for what did not.
    pub hash: u64,
    /// Without the values they were found in.
    pub findings: Vec<Finding>,
}

/// A checked listing, as it is noted.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub product: i64,
    pub verdict: Verdict,
    pub hash: u64,
    pub findings: &'a [Finding],
}

/// A finding without its value: rule, field, fault, outcome.
type Cause = (u16, u16, Fault, Outcome);

/// Spells pieces as bytes, group after group.
#[derive(Debug, Default)]
pub struct Recorder {
    bytes: Vec<u8>,
    causes: Vec<Cause>,
    /// Never iterated.
    numbers: HashMap<Cause, u16>,
}

impl Recorder {
    /// Notes a group: its listings and their keys, whose `member` counts from `base`. Without a spot, or where it is too large
    /// to be told, it is noted as one to be made anew.
    pub fn note<'t>(
        &mut self,
        spot: Option<Spot>,
        listings: impl ExactSizeIterator<Item = Told<'t>> + Clone,
        keys: &[Key],
        base: usize,
    ) {
        let few = |count: usize| u16::try_from(count).ok();
        let told = listings.clone().all(|listing| listing.findings.len() <= MOST);
        let (Some(spot), Some(members), Some(compared), true) = (spot, few(listings.len()), few(keys.len()), told)
        else {
            // One by one, so that there is no limit to them.
            for listing in listings {
                self.bytes.push(0);
                self.bytes.extend_from_slice(&listing.product.to_le_bytes());
            }
            return;
        };
        let start = self.bytes.len();
        self.bytes.push(1);
        self.bytes.extend_from_slice(&spot.file.to_le_bytes());
        self.bytes.extend_from_slice(&spot.offset.to_le_bytes());
        self.bytes.extend_from_slice(&spot.length.to_le_bytes());
        self.bytes.extend_from_slice(&spot.rows.to_le_bytes());
        self.bytes.extend_from_slice(&spot.sum.to_le_bytes());
        self.bytes.extend_from_slice(&members.to_le_bytes());
        self.bytes.extend_from_slice(&compared.to_le_bytes());
        for listing in listings.clone() {
            self.bytes.extend_from_slice(&listing.product.to_le_bytes());
            self.bytes.extend_from_slice(&listing.hash.to_le_bytes());
            self.bytes.push(match listing.verdict {
                Verdict::Ready => 0,
                Verdict::Degraded => 1,
                Verdict::Blocked => 2,
            });
            self.bytes.push(listing.findings.len() as u8);
            for finding in listing.findings {
                let Some(number) = self.number((finding.rule, finding.field, finding.fault, finding.outcome)) else {
                    self.bytes.truncate(start);
                    return self.note(None, listings, keys, base);
                };
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        for key in keys {
            let member = (key.member as usize).saturating_sub(base) as u16;
            self.bytes.extend_from_slice(&member.to_le_bytes());
            self.bytes.extend_from_slice(&key.set.to_le_bytes());
            self.bytes.extend_from_slice(&key.field.to_le_bytes());
            self.bytes.extend_from_slice(&key.hash.to_le_bytes());
        }
    }

    /// The bytes spelled since the last call, whole pieces all of them.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// What ends the file: the causes that pieces name by number, and their length.
    pub fn tail(&self) -> Vec<u8> {
        let mut tail = serde_json::to_vec(&self.causes).unwrap_or_default();
        let length = tail.len() as u64;
        tail.extend_from_slice(&length.to_le_bytes());
        tail
    }

    fn number(&mut self, cause: Cause) -> Option<u16> {
        if let Some(number) = self.numbers.get(&cause) {
            return Some(*number);
        }
        let number = u16::try_from(self.causes.len()).ok()?;
        self.causes.push(cause);
        self.numbers.insert(cause, number);
        Some(number)
    }
}

/// The pieces of one export, by product.
#[derive(Debug, Default)]
pub struct Pieces {
    body: Vec<u8>,
    causes: Vec<Cause>,
    /// Products and where their pieces begin, by product.
    at: Vec<(i64, usize)>,
}

impl Pieces {
    /// Reads what a recorder spelled: its pieces and its tail, without what the file has around them. The caller has compared
    /// a checksum.
    pub fn read(mut body: Vec<u8>) -> Result<Pieces, PiecesError> {
        let (rest, length) = body.split_last_chunk::<8>().ok_or(PiecesError)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| PiecesError)?;
        let end = rest.len().checked_sub(length).ok_or(PiecesError)?;
        let causes = serde_json::from_slice(&rest[end..]).map_err(|_| PiecesError)?;
        body.truncate(end);
        let mut pieces = Pieces {
            body,
            causes,
            at: Vec::new(),
        };
        let mut at = 0;
        while at < pieces.body.len() {
            let mut cursor = pieces.body.get(at..).unwrap_or_default();
            let before = cursor.len();
            let products = skim(&mut cursor).ok_or(PiecesError)?;
            pieces.at.extend(products.into_iter().map(|product| (product, at)));
            at += before - cursor.len();
        }
        pieces.at.sort_unstable();
        Ok(pieces)
    }

    /// Where the piece begins that a product stands in; `None` for what was no part of the channel.
    pub fn find(&self, product: i64) -> Option<usize> {
        let place = self.at.binary_search_by_key(&product, |(product, _)| *product).ok()?;
        self.at.get(place).map(|(_, at)| *at)
    }

    /// The piece that begins there; `None` for one that is to be made anew.
    pub fn piece(&self, at: usize) -> Option<Piece> {
        let mut rest = self.body.get(at..)?;
        if take::<1>(&mut rest)? == [0] {
            return None;
        }
        let spot = Spot {
            file: u16::from_le_bytes(take(&mut rest)?),
            offset: u64::from_le_bytes(take(&mut rest)?),
            length: u32::from_le_bytes(take(&mut rest)?),
            rows: u32::from_le_bytes(take(&mut rest)?),
            sum: u64::from_le_bytes(take(&mut rest)?),
        };
        let count = u16::from_le_bytes(take(&mut rest)?);
        let compared = u16::from_le_bytes(take(&mut rest)?);
        let mut members = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (product, hash) = (
                i64::from_le_bytes(take(&mut rest)?),
                u64::from_le_bytes(take(&mut rest)?),
            );
            let [verdict, found] = take(&mut rest)?;
            let verdict = match verdict {
                0 => Verdict::Ready,
                1 => Verdict::Degraded,
                _ => Verdict::Blocked,
            };
            let mut findings = Vec::with_capacity(usize::from(found));
            for _ in 0..found {
                let (rule, field, fault, outcome) =
                    *self.causes.get(usize::from(u16::from_le_bytes(take(&mut rest)?)))?;
                findings.push(Finding {
                    rule,
                    field,
                    fault,
                    outcome,
                    value: None,
                });
            }
            members.push(Member {
                product,
                verdict,
                hash,
                findings,
            });
        }
        let mut keys = Vec::with_capacity(usize::from(compared));
        for _ in 0..compared {
            keys.push(Key {
                member: u32::from(u16::from_le_bytes(take(&mut rest)?)),
                set: u16::from_le_bytes(take(&mut rest)?),
                field: u16::from_le_bytes(take(&mut rest)?),
                hash: u64::from_le_bytes(take(&mut rest)?),
            });
        }
        Some(Piece { spot, members, keys })
    }
}

impl Spot {
    /// Are these the bytes that were written there.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        xxh3_64(bytes) == self.sum
    }
}

/// Passes over one piece; gives its products.
fn skim(rest: &mut &[u8]) -> Option<Vec<i64>> {
    if take::<1>(rest)? == [0] {
        return Some(vec![i64::from_le_bytes(take(rest)?)]);
    }
    take::<26>(rest)?;
    let count = u16::from_le_bytes(take(rest)?);
    let compared = usize::from(u16::from_le_bytes(take(rest)?));
    let mut products = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        products.push(i64::from_le_bytes(take(rest)?));
        let [.., found] = take::<10>(rest)?;
        *rest = rest.get(usize::from(found) * 2..)?;
    }
    *rest = rest.get(compared * 14..)?;
    Some(products)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::rule::finding::finding;
    use proptest::prelude::*;

    fn spot(offset: u64) -> Spot {
        Spot {
            file: 1,
            offset,
            length: 7,
            rows: 2,
            sum: xxh3_64(b"<a>1</a>"),
        }
    }

    /// Records pieces and reads them back.
    fn read_back(record: impl Fn(&mut Recorder)) -> Pieces {
        let mut recorder = Recorder::default();
        record(&mut recorder);
        let mut bytes = recorder.take();
        bytes.extend(recorder.tail());
        Pieces::read(bytes).expect("they are whole")
    }

    #[test]
    fn a_piece_is_what_was_noted() {
        let found = [
            finding(3, Outcome::Refused, Fault::Missing, Some(4), Some("lost")),
            finding(u16::MAX, Outcome::Noted, Fault::TooLarge, None, None),
        ];
        let told = [(11, &found[..]), (12, &found[1..]), (13, &[])].map(|(product, findings)| Told {
            product,
            verdict: Verdict::Degraded,
            hash: product as u64,
            findings,
        });
        let keys = [5, 5, 7].map(|member| Key {
            set: 1,
            field: 2,
            member,
            hash: 99,
        });
        let pieces = read_back(|recorder| {
            recorder.note(None, told[2..].iter().copied(), &[], 0);
            recorder.note(Some(spot(70)), told[..2].iter().copied(), &keys, 5);
        });
        assert_eq!((pieces.find(10), pieces.find(13)), (None, Some(0)));
        assert_eq!(pieces.piece(0), None);
        assert_eq!(pieces.find(11), pieces.find(12));
        let piece = pieces.find(11).and_then(|at| pieces.piece(at)).expect("it is there");
        assert!(piece.spot.holds(b"<a>1</a>") && !piece.spot.holds(b"<a>2</a>"));
        assert_eq!(piece.spot, spot(70));
        let without = |finding: &Finding| Finding {
            value: None,
            ..finding.clone()
        };
        for (member, told) in piece.members.iter().zip(&told) {
            assert_eq!(
                (member.product, member.verdict, member.hash),
                (told.product, told.verdict, told.hash)
            );
            assert_eq!(member.findings, told.findings.iter().map(without).collect::<Vec<_>>());
        }
        assert_eq!(piece.keys.iter().map(|key| key.member).collect::<Vec<_>>(), [0, 0, 2]);
    }

    #[test]
    fn what_is_too_large_is_made_anew() {
        let found = vec![finding(1, Outcome::Sent, Fault::Markup, None, None); MOST + 1];
        let told = Told {
            product: 1,
            verdict: Verdict::Degraded,
            hash: 1,
            findings: &found,
        };
        let pieces = read_back(|recorder| recorder.note(Some(spot(0)), [told].into_iter(), &[], 0));
        assert_eq!(pieces.find(1).map(|at| pieces.piece(at)), Some(None));
    }

    proptest! {
        /// No foreign bytes do harm.
        #[test]
        fn junk_is_no_piece(mut junk in prop::collection::vec(any::<u8>(), 0..200)) {
            junk.extend(b"[]\x02\0\0\0\0\0\0\0");
            if let Ok(pieces) = Pieces::read(junk) {
                for (_, at) in &pieces.at {
                    let _ = pieces.piece(*at);
                }
            }
        }
    }
}
