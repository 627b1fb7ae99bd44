//! A plan: the exact difference a delivery would make, on disk, nothing else written.
//!
//! A plan file holds one entry a record that does not leave its layer as it is, then the guards' verdicts, then a summary.
//! It is written once, front to back, and read the same way, so that a million entries cost no memory.

pub mod diff;
pub mod guard;
pub mod page;

use crate::diagnostic::Diagnostic;
use crate::product::batch::{DeliveredFile, Tally};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

const MAGIC: &[u8; 8] = b"ESTPLAN1";
/// Bytes of the end's own end: five numbers and the magic.
const TAIL: u64 = 48;
/// Verdict of an entry that goes ahead.
const GO: u16 = 0;
/// Verdict of an entry whose record turned out to be rejected after it was written (a SKU met twice).
const REJECTED: u16 = u16::MAX;
/// Texts in a plan come from records, which readers bound far below this.
const LONGEST: u32 = 256 << 20;

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// The source speaks of it for the first time; with a product, it joins that product.
    New = 0,
    /// The source's layer changes.
    Changed = 1,
    /// The row reads differently and says the same: only its hash is noted.
    Same = 2,
    /// A snapshot no longer has it.
    Missing = 3,
}

/// One entry of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: EntryKind,
    /// The product whose layer it is; `None` for one that is to be made.
    pub product: Option<i64>,
    /// Supplier SKU.
    pub sku: String,
    pub file: u32,
    pub line: u64,
    pub row_hash: u64,
    /// GTIN as a number of 14 digits, 0 for none.
    pub gtin: u64,
    /// Folded brand and MPN, empty for none.
    pub mpn: String,
    /// Code of the product model, empty for none.
    pub model: String,
    /// Body of the layer before; empty for new ones.
    pub before: String,
    /// Body of the layer after; empty for missing ones.
    pub after: String,
}

/// What will happen to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// Held; the number is a position in `Summary::reasons`.
    Held(u16),
    Rejected,
}

/// The end of a plan file: what a person wants to know first.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    pub plan: String,
    /// The supplier, or `editor` where the plan is of a sheet; of an undo the source of the batch.
    pub supplier: String,
    /// True for the difference that an edited sheet makes to the editor's own layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_sheet: bool,
    /// What it takes back, where it is the plan of an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undoes>,
    /// The catalog's change sequence that the plan was made from.
    pub base: i64,
    /// Fingerprint of the mapping and schema it was made with.
    pub fingerprint: u64,
    /// Moment it was made, RFC 3339.
    pub at: String,
    pub tally: Tally,
    /// How many missing items a guard keeps on sale.
    pub missing_held: u64,
    pub files: Vec<DeliveredFile>,
    pub columns: BTreeMap<String, (String, String)>,
    /// Why entries are held, one finding a guard that tripped.
    pub reasons: Vec<Diagnostic>,
    /// Findings, the first 10,000 in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// Number of all findings by code.
    pub findings: BTreeMap<String, u64>,
    /// Where the rejected rows lie, character for character.
    pub rejects: Option<String>,
    /// The rejected rows can be corrected there and imported.
    #[serde(default)]
    pub rejects_readable: bool,
    pub entries: u64,
}

impl Summary {
    /// How many findings are counted and not among those that are listed, by code.
    fn unlisted(&self) -> BTreeMap<String, u64> {
        let mut left = self.findings.clone();
        for listed in &self.diagnostics {
            if let Some(count) = left.get_mut(&*listed.code) {
                *count = count.saturating_sub(1);
            }
        }
        left.retain(|_, count| *count > 0);
        left
    }
}

/// What the plan of an undo takes back. Its entries are layers before and after, `Entry::file` being the position in `sources`; what
/// is kept since a later batch changed it is held.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Undoes {
    pub batch: i64,
    /// Decisions on who is who that would hold no longer.
    pub decisions: u64,
    /// Names of the sources whose layers change.
    pub sources: Vec<String>,
}

/// Why a plan file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("cannot use the plan {path}: {cause}")]
    Io { path: PathBuf, cause: io::Error },
    #[error("{path} is damaged or was not finished: {what}; discard it and plan again")]
    Damaged { path: PathBuf, what: &'static str },
}

/// A plan being written.
pub struct PlanWriter {
    path: PathBuf,
    out: BufWriter<File>,
    frame: Vec<u8>,
    verdicts: Vec<u16>,
    joins: Vec<(u32, i64)>,
    bytes: u64,
    hash: Xxh3,
}

impl PlanWriter {
    /// Begins a plan file. It only counts once `finish` has put it in its place.
    pub fn create(path: &Path) -> Result<PlanWriter, PlanError> {
        let part = path.with_extension("part");
        let file = File::create(&part).map_err(|cause| PlanError::Io { path: part, cause })?;
        Ok(PlanWriter {
            path: path.to_owned(),
            out: BufWriter::with_capacity(1 << 20, file),
            frame: Vec::with_capacity(4096),
            verdicts: Vec::new(),
            joins: Vec::new(),
            bytes: 0,
            hash: Xxh3::new(),
        })
    }

    /// Adds an entry and gives its number.
    pub fn add(&mut self, entry: &Entry) -> Result<u32, PlanError> {
        let frame = &mut self.frame;
        frame.clear();
        frame.extend_from_slice(&[0; 4]);
        frame.push(entry.kind as u8);
        frame.extend_from_slice(&entry.product.unwrap_or(0).to_le_bytes());
        frame.extend_from_slice(&entry.file.to_le_bytes());
        frame.extend_from_slice(&entry.line.to_le_bytes());
        frame.extend_from_slice(&entry.row_hash.to_le_bytes());
        frame.extend_from_slice(&entry.gtin.to_le_bytes());
        for text in [&entry.sku, &entry.mpn, &entry.model, &entry.before, &entry.after] {
            frame.extend_from_slice(&(text.len() as u32).to_le_bytes());
            frame.extend_from_slice(text.as_bytes());
        }
        let length = (frame.len() - 4) as u32;
        frame[..4].copy_from_slice(&length.to_le_bytes());
        self.hash.update(frame);
        self.bytes += frame.len() as u64;
        self.out.write_all(frame).map_err(|cause| PlanError::Io {
            path: self.path.clone(),
            cause,
        })?;
        self.verdicts.push(GO);
        Ok(self.verdicts.len() as u32 - 1)
    }

    /// Number of entries so far.
    pub fn len(&self) -> u32 {
        self.verdicts.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty()
    }

    /// Says which product a new entry turned out to be, once the whole delivery is known.
    pub fn join(&mut self, entry: u32, product: i64) {
        self.joins.push((entry, product));
    }

    /// What is to happen to an entry; all go ahead unless said otherwise here. A rejected entry stays rejected.
    pub fn judge(&mut self, entry: u32, verdict: Verdict) {
        if let Some(slot) = self.verdicts.get_mut(entry as usize).filter(|slot| **slot != REJECTED) {
            *slot = match verdict {
                Verdict::Go => GO,
                Verdict::Held(reason) => reason.saturating_add(1).min(REJECTED - 1),
                Verdict::Rejected => REJECTED,
            };
        }
    }

    /// Holds the entries that would go ahead, for the reason of this number; true where it holds one.
    pub fn hold(&mut self, entries: &mut dyn Iterator<Item = u32>, reason: usize) -> bool {
        let mut holds = false;
        for entry in entries {
            if self.verdict(entry) == Verdict::Go {
                self.judge(entry, Verdict::Held(reason as u16));
                holds = true;
            }
        }
        holds
    }

    /// The verdict on an entry so far.
    pub fn verdict(&self, entry: u32) -> Verdict {
        self.verdicts
            .get(entry as usize)
            .map_or(Verdict::Go, |code| verdict(*code))
    }

    /// Writes the end and puts the plan in its place.
    pub fn finish(mut self, summary: &mut Summary) -> Result<(), PlanError> {
        summary.entries = self.verdicts.len() as u64;
        summary.tally.unlisted = summary.unlisted();
        let path = self.path.clone();
        let io = |cause| PlanError::Io {
            path: path.clone(),
            cause,
        };
        let mut end = Vec::with_capacity(self.verdicts.len() * 2 + 4096);
        for verdict in &self.verdicts {
            end.extend_from_slice(&verdict.to_le_bytes());
        }
        self.joins.sort_unstable();
        for (entry, product) in &self.joins {
            end.extend_from_slice(&entry.to_le_bytes());
            end.extend_from_slice(&product.to_le_bytes());
        }
        let verdicts = self.verdicts.len() as u64 * 2;
        let judged = end.len() as u64;
        serde_json::to_writer(&mut end, summary).map_err(|error| io(error.into()))?;
        let length = end.len() as u64 - judged;
        self.hash.update(&end);
        end.extend_from_slice(&self.bytes.to_le_bytes());
        end.extend_from_slice(&verdicts.to_le_bytes());
        end.extend_from_slice(&(judged - verdicts).to_le_bytes());
        end.extend_from_slice(&length.to_le_bytes());
        end.extend_from_slice(&self.hash.digest().to_le_bytes());
        end.extend_from_slice(MAGIC);
        self.out.write_all(&end).map_err(io)?;
        self.out.into_inner().map_err(|error| io(error.into_error()))?;
        std::fs::rename(path.with_extension("part"), &path).map_err(io)
    }
}

fn verdict(code: u16) -> Verdict {
    match code {
        GO => Verdict::Go,
        REJECTED => Verdict::Rejected,
        held => Verdict::Held(held - 1),
    }
}

/// A finished plan, read front to back.
pub struct PlanReader {
    path: PathBuf,
    input: io::Take<BufReader<File>>,
    verdicts: Vec<u16>,
    joins: Vec<(u32, i64)>,
    next: usize,
    frame: Vec<u8>,
    hash: Xxh3,
    sealed: u64,
    end: Vec<u8>,
}

impl PlanReader {
    /// Opens a plan; gives its summary at once.
    pub fn open(path: &Path) -> Result<(PlanReader, Summary), PlanError> {
        let io = |cause| PlanError::Io {
            path: path.to_owned(),
            cause,
        };
        let damaged = |what| PlanError::Damaged {
            path: path.to_owned(),
            what,
        };
        let mut file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        if size < TAIL {
            return Err(damaged("too short"));
        }
        let mut tail = [0; TAIL as usize];
        file.seek(SeekFrom::Start(size - TAIL)).map_err(io)?;
        file.read_exact(&mut tail).map_err(io)?;
        let number = |at: usize| u64::from_le_bytes(tail[at..at + 8].try_into().unwrap_or_default());
        let (bytes, verdicts, joins, length, sealed) = (number(0), number(8), number(16), number(24), number(32));
        let whole = [verdicts, joins, length, TAIL]
            .iter()
            .try_fold(bytes, |sum, part| sum.checked_add(*part));
        if &tail[40..] != MAGIC || whole != Some(size) || !verdicts.is_multiple_of(2) || !joins.is_multiple_of(12) {
            return Err(damaged("its end is not a plan's"));
        }
        file.seek(SeekFrom::Start(bytes)).map_err(io)?;
        let mut end = vec![0; (verdicts + joins + length) as usize];
        file.read_exact(&mut end).map_err(io)?;
        let (codes, rest) = end.split_at(verdicts as usize);
        let (joins, summary) = rest.split_at(joins as usize);
        let summary: Summary = serde_json::from_slice(summary).map_err(|_| damaged("its summary does not read"))?;
        let verdicts = codes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let joins = joins
            .chunks_exact(12)
            .map(|join| {
                let (entry, product) = join.split_at(4);
                let entry = u32::from_le_bytes(entry.try_into().unwrap_or_default());
                (entry, i64::from_le_bytes(product.try_into().unwrap_or_default()))
            })
            .collect();
        file.rewind().map_err(io)?;
        let reader = PlanReader {
            path: path.to_owned(),
            input: BufReader::with_capacity(1 << 20, file).take(bytes),
            verdicts,
            joins,
            next: 0,
            frame: Vec::new(),
            hash: Xxh3::new(),
            sealed,
            end,
        };
        Ok((reader, summary))
    }

    /// The next entry and what is to happen to it; `None` at the end, where the checksum has been compared.
    pub fn entry(&mut self) -> Result<Option<(Entry, Verdict)>, PlanError> {
        let Some(code) = self.verdicts.get(self.next).copied() else {
            self.hash.update(&self.end);
            return match self.hash.digest() == self.sealed && self.input.limit() == 0 {
                true => Ok(None),
                false => Err(self.damaged("its checksum does not fit")),
            };
        };
        self.next += 1;
        let mut length = [0; 4];
        self.read(&mut length)?;
        let size = u32::from_le_bytes(length);
        if size > LONGEST || u64::from(size) > self.input.limit() {
            return Err(self.damaged("an entry is too long"));
        }
        let mut frame = std::mem::take(&mut self.frame);
        frame.resize(size as usize, 0);
        self.read(&mut frame)?;
        self.hash.update(&length);
        self.hash.update(&frame);
        let mut entry = parse(&frame).ok_or_else(|| self.damaged("an entry does not read"))?;
        self.frame = frame;
        let number = self.next as u32 - 1;
        if let Ok(at) = self.joins.binary_search_by_key(&number, |(entry, _)| *entry) {
            entry.product = Some(self.joins[at].1);
        }
        Ok(Some((entry, verdict(code))))
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), PlanError> {
        self.input.read_exact(into).map_err(|cause| PlanError::Io {
            path: self.path.clone(),
            cause,
        })
    }

    fn damaged(&self, what: &'static str) -> PlanError {
        PlanError::Damaged {
            path: self.path.clone(),
            what,
        }
    }
}

fn parse(frame: &[u8]) -> Option<Entry> {
    fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
        let (head, tail) = rest.split_at_checked(length)?;
        *rest = tail;
        Some(head)
    }
    fn number(rest: &mut &[u8]) -> Option<u64> {
        Some(u64::from_le_bytes(take(rest, 8)?.try_into().ok()?))
    }
    fn text(rest: &mut &[u8]) -> Option<String> {
        let length = u32::from_le_bytes(take(rest, 4)?.try_into().ok()?);
        Some(std::str::from_utf8(take(rest, length as usize)?).ok()?.to_owned())
    }
    let rest = &mut &*frame;
    let kind = match take(rest, 1)?[0] {
        0 => EntryKind::New,
        1 => EntryKind::Changed,
        2 => EntryKind::Same,
        3 => EntryKind::Missing,
        _ => return None,
    };
    let product = Some(number(rest)? as i64).filter(|product| *product != 0);
    let file = u32::from_le_bytes(take(rest, 4)?.try_into().ok()?);
    let (line, row_hash, gtin) = (number(rest)?, number(rest)?, number(rest)?);
    let (sku, mpn, model, before, after) = (text(rest)?, text(rest)?, text(rest)?, text(rest)?, text(rest)?);
    rest.is_empty().then_some(Entry {
        kind,
        product,
        sku,
        file,
        line,
        row_hash,
        gtin,
        mpn,
        model,
        before,
        after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u64) -> Entry {
        Entry {
            kind: EntryKind::Changed,
            product: Some(7),
            sku: format!("S{n}"),
            file: 0,
            line: n,
            row_hash: n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            gtin: 0,
            mpn: String::new(),
            model: String::new(),
            before: "{}".into(),
            after: r#"{"price":"1.00 EUR"}"#.into(),
        }
    }

    #[test]
    fn a_plan_reads_back_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p1.plan");
        let mut writer = PlanWriter::create(&path).unwrap();
        for n in 0..100 {
            writer.add(&entry(n)).unwrap();
        }
        writer.judge(3, Verdict::Held(0));
        writer.judge(4, Verdict::Rejected);
        writer.join(5, 99);
        let mut summary = Summary {
            plan: "p1".into(),
            ..Summary::default()
        };
        writer.finish(&mut summary).unwrap();

        let (mut reader, read) = PlanReader::open(&path).unwrap();
        assert_eq!(read, summary);
        for n in 0..100 {
            let expected = match n {
                3 => Verdict::Held(0),
                4 => Verdict::Rejected,
                _ => Verdict::Go,
            };
            let product = Some(if n == 5 { 99 } else { 7 });
            assert_eq!(reader.entry().unwrap(), Some((Entry { product, ..entry(n) }, expected)));
        }
        assert_eq!(reader.entry().unwrap(), None);

        let mut bytes = std::fs::read(&path).unwrap();
        bytes[60] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let (mut reader, _) = PlanReader::open(&path).unwrap();
        let outcome = std::iter::from_fn(|| reader.entry().transpose()).find(Result::is_err);
        assert!(outcome.is_some(), "a flipped bit must be seen");
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(PlanReader::open(&path).is_err());
    }
}
