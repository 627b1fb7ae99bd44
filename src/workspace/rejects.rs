//! Rejected rows, character for character, in files that can be corrected and imported again.
//!
//! Each file of a delivery that has rejected rows gets one of the same name in a folder of its own, with what stood above the
//! first row of the original. All of them are UTF-8, so that nothing is guessed from the few rows that are left; bytes that
//! are no text stay as they are. Rows of a workbook lie in a workbook, since text has no kinds of cells; only where one item is made
//! of several of them, or what stands between them counts, they become tab-separated text to look at.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::failure::FeedError;
use crate::feed::frame::Frame;
use crate::feed::workbook_part;
use crate::product::record::{Records, Spot};
use crate::workspace::delivery::DeliveryFile;
use crate::workspace::failure::Failure;
use crate::workspace::supplier_settings::Supplier;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// Bytes compared at a time.
const BUFFER: usize = 1 << 16;
/// Folder, beside the other rejected rows, of those of workbooks that are only looked at.
const WORKBOOKS: &str = "workbooks";

/// The rejected rows of one delivery, being gathered.
pub struct Rejects<'w> {
    folder: PathBuf,
    supplier: &'w Supplier,
    files: Vec<RejectedOf>,
    /// Rows found to be rejected after they were let go, by file and place among its records.
    later: BTreeSet<(u32, u64)>,
}

struct RejectedOf {
    path: PathBuf,
    /// Name of the file that is written.
    name: String,
    shown: Arc<str>,
    /// Name of the file while it is written.
    part: String,
    open: Option<Open>,
    /// What was written of a file whose items are made of several rows, as hashes: items of one product share their rows.
    written: HashSet<u128>,
    /// Numbers of the rejected rows of a workbook.
    rows: BTreeSet<u64>,
}

/// A file that has rejected rows.
struct Open {
    out: BufWriter<File>,
    part: Part,
    /// What stands around the rows; `None` where that cannot be told.
    frame: Option<Frame>,
}

/// A file that is being written; it goes away unless it was given its name.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        if std::fs::remove_file(&self.0).is_ok() {
            // The folders go too, where they were made for this file.
            if let Some(folder) = self.0.parent() {
                let _ = std::fs::remove_dir(folder.join(WORKBOOKS));
                let _ = std::fs::remove_dir(folder);
            }
        }
    }
}

/// Where the rejected rows of a delivery lie.
pub struct Kept {
    pub folder: PathBuf,
    /// They can be corrected there and imported.
    pub readable: bool,
    pub findings: Vec<Diagnostic>,
}

impl<'w> Rejects<'w> {
    /// Nothing is written before there is something to write.
    pub fn new(folder: PathBuf, files: &[DeliveryFile], supplier: &'w Supplier) -> Rejects<'w> {
        let mut taken = BTreeSet::new();
        let files = files
            .iter()
            .enumerate()
            .map(|(n, file)| RejectedOf {
                name: free_name(&file.path, &mut taken),
                part: format!(".{n}.part"),
                path: file.path.clone(),
                shown: file.shown.clone(),
                open: None,
                written: HashSet::new(),
                rows: BTreeSet::new(),
            })
            .collect();
        Rejects {
            folder,
            supplier,
            files,
            later: BTreeSet::new(),
        }
    }

    /// Name of a file for messages.
    pub fn name(&self, file: u32) -> Option<Arc<str>> {
        self.files.get(file as usize).map(|file| file.shown.clone())
    }

    /// Keeps a row; none where its bytes are kept already.
    pub fn keep(&mut self, spot: Spot, raw: &[u8]) -> Result<(), Failure> {
        match self.files.get_mut(spot.file as usize) {
            Some(file) if !raw.is_empty() => file.write(&self.folder, self.supplier, (spot.line, raw)),
            Some(_) | None => Ok(()),
        }
    }

    /// Notes a row whose bytes are no longer at hand; they are fetched at the end.
    pub fn later(&mut self, spot: Spot) {
        self.later.insert((spot.file, spot.ordinal));
    }

    /// Fetches what was noted, closes the files and says where they lie, if there were any rejected rows.
    pub fn finish(&mut self) -> Result<Option<Kept>, Failure> {
        let later = std::mem::take(&mut self.later);
        for (n, file) in self.files.iter_mut().enumerate() {
            let n = n as u32;
            if later.range((n, 0)..(n + 1, 0)).next().is_none() {
                continue;
            }
            let (settings, wanted) = (&self.supplier.file, self.supplier.mapping.wanted());
            let mut reading = crate::feed::open(&file.path, &file.shown, n, settings, wanted).map_err(changed)?;
            let mut batch = Records::default();
            while reading.next(&mut batch).map_err(changed)? {
                for record in batch
                    .iter()
                    .filter(|record| later.contains(&(n, record.spot().ordinal)))
                {
                    file.write(&self.folder, self.supplier, (record.line(), record.raw()))?;
                }
                batch.clear();
            }
        }
        let mut kept: Option<Kept> = None;
        for file in std::mem::take(&mut self.files) {
            let Some(readable) = file.finish(&self.folder, self.supplier)? else {
                continue;
            };
            let kept = kept.get_or_insert(Kept {
                folder: self.folder.clone(),
                readable: true,
                findings: Vec::new(),
            });
            kept.readable &= matches!(readable, Readable::Yes(_));
            let (Readable::Yes(finding) | Readable::No(finding)) = readable;
            kept.findings.extend(finding);
        }
        // The same bad delivery every morning leaves one folder, not one a day.
        if let Some(kept) = &mut kept
            && let Some(before) = newest_beside(&kept.folder)
            && is_same(&before, &kept.folder)
        {
            let folder = std::mem::replace(&mut kept.folder, before);
            std::fs::remove_dir_all(&folder).map_err(|error| Failure::io("remove", &folder, &error))?;
        }
        Ok(kept)
    }
}

/// Whether rejected rows can be imported as they lie there, and what is to be said of it, where a person would not expect it.
enum Readable {
    Yes(Option<Diagnostic>),
    No(Option<Diagnostic>),
}

fn changed(error: FeedError) -> Failure {
    Failure::invalid("the delivery changed while it was read", vec![error.diagnostic()])
}

impl RejectedOf {
    fn write(&mut self, folder: &Path, supplier: &Supplier, (line, raw): (u64, &[u8])) -> Result<(), Failure> {
        let is_made = supplier.file.group.is_some() || !supplier.file.joined.is_empty();
        if is_made && !self.written.insert(xxh3_128(raw)) {
            return Ok(());
        }
        let failed = |error: std::io::Error| Failure::io("write rejected rows to", folder, &error);
        let mut between = "";
        match &self.open {
            Some(open) => between = open.frame.as_ref().map_or("", |frame| frame.between),
            None => {
                std::fs::create_dir_all(folder).map_err(failed)?;
                let frame = Frame::of(&self.path, &self.shown, &supplier.file, supplier.mapping.wanted());
                let frame = frame.map_err(changed)?;
                if let Some(ending) = frame
                    .as_ref()
                    .map(|frame| frame.ending)
                    .filter(|ending| !ending.is_empty())
                {
                    // In a folder of their own no name tells another kind of file.
                    std::fs::create_dir_all(folder.join(WORKBOOKS)).map_err(failed)?;
                    self.name = format!("{WORKBOOKS}/{}{ending}", self.name);
                }
                // Under its name it is whole: whoever corrects it never has it written under their hands.
                let part = Part(folder.join(&self.part));
                let out = BufWriter::new(File::create(&part.0).map_err(failed)?);
                let open = self.open.insert(Open { out, part, frame });
                let head = open.frame.as_ref().map_or(&[][..], |frame| &frame.head);
                open.out.write_all(head).map_err(failed)?;
            }
        }
        let Some(Open { out, frame, .. }) = &mut self.open else {
            return Ok(());
        };
        if frame.as_ref().is_some_and(|frame| !frame.ending.is_empty()) {
            self.rows.insert(line);
        }
        out.write_all(between.as_bytes()).map_err(failed)?;
        let written = match frame {
            Some(frame) => frame.in_utf8(raw).map_err(changed)?,
            None => Cow::Borrowed(raw),
        };
        out.write_all(&written).map_err(failed)?;
        // A record cut off at the end of its file, or an element out of an XML file, brings no line end of its own.
        match raw.last() {
            Some(b'\n' | b'\r') | None => Ok(()),
            _ => out.write_all(b"\n").map_err(failed),
        }
    }

    /// Closes the file; none where no row was rejected.
    fn finish(mut self, folder: &Path, supplier: &Supplier) -> Result<Option<Readable>, Failure> {
        let Some(Open { mut out, part, frame }) = self.open.take() else {
            return Ok(None);
        };
        let failed = |error: std::io::Error| Failure::io("write rejected rows to", folder, &error);
        let tail = frame.as_ref().map_or(&[][..], |frame| &frame.tail);
        out.write_all(tail).map_err(failed)?;
        out.flush().map_err(failed)?;
        drop(out);
        let is_workbook = frame.as_ref().is_some_and(|frame| !frame.ending.is_empty());
        if is_workbook && self.is_workbook_again(folder, supplier)? {
            return Ok(Some(Readable::Yes(None)));
        }
        std::fs::rename(&part.0, self.place(folder)).map_err(failed)?;
        let Some(frame) = frame else {
            let message = "the rejected records lie without what opened the file around them";
            let finding = Diagnostic::warning("W-REJECTS-BARE", message)
                .at(Place::file(self.shown.clone()))
                .with_help("correct them in the supplier's file and import that");
            return Ok(Some(Readable::No(Some(finding))));
        };
        if !frame.ending.is_empty() {
            return Ok(Some(Readable::No(None)));
        }
        let lacks_groups = frame.lacks_groups.then(|| {
            let message = "the groups of the catalogue are longer than 1 MiB, and not kept with the rejected articles";
            Diagnostic::warning("W-REJECTS-GROUPS", message)
                .at(Place::file(self.shown.clone()))
                .with_help(
                    "correct the articles in the supplier's file and import that, so that they stay in their groups",
                )
        });
        let Some(path) = frame.record_path.filter(|_| supplier.file.record.is_none()) else {
            return Ok(Some(Readable::Yes(lacks_groups)));
        };
        // Among a few records another element may be the one that repeats.
        let again = crate::feed::open(&self.place(folder), &self.shown, 0, &supplier.file, &[]);
        if again.is_ok_and(|reading| reading.record_path().as_ref() == Some(&path)) {
            return Ok(Some(Readable::Yes(lacks_groups)));
        }
        let message = format!("the rejected records are too few to show that they lie at {path}");
        let finding = Diagnostic::warning("W-REJECTS-RECORD", message)
            .at(Place::file(self.shown.clone()))
            .with_help(format!(
                "write `record = \"{path}\"` under [file], then correct and import them"
            ));
        Ok(Some(Readable::No(Some(finding))))
    }

    /// Writes the rejected rows of a workbook as one; `false` where that cannot be, or would not be read as they were.
    fn is_workbook_again(&self, folder: &Path, supplier: &Supplier) -> Result<bool, Failure> {
        let settings = &supplier.file;
        let is_made = settings.group.is_some() || !settings.joined.is_empty();
        if is_made || settings.section_rows || settings.inside.is_some() {
            return Ok(false);
        }
        let below = self
            .name
            .strip_prefix(WORKBOOKS)
            .map(|name| name.trim_start_matches('/'));
        let own = below.unwrap_or(&self.name).trim_end_matches(".tsv");
        let name = match own.to_ascii_lowercase().ends_with(".xlsx") {
            true => own.to_owned(),
            false => format!("{own}.xlsx"),
        };
        if folder.join(&name).exists() {
            return Ok(false);
        }
        let part = Part(folder.join(format!("{}.xlsx", self.part)));
        let from = (self.path.as_path(), &self.shown);
        if workbook_part::write(from, settings, supplier.mapping.wanted(), &self.rows, &part.0).is_err() {
            return Ok(false);
        }
        let place = folder.join(name);
        std::fs::rename(&part.0, &place).map_err(|error| Failure::io("write rejected rows to", &place, &error))?;
        Ok(true)
    }

    fn place(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name)
    }
}

/// True of a file in which rejected rows of a workbook lie, whatever the workbook was called.
pub fn is_of_workbook(path: &Path) -> bool {
    path.parent().and_then(Path::file_name) == Some(OsStr::new(WORKBOOKS))
}

/// The newest of the other folders of rejected rows of this supplier.
fn newest_beside(folder: &Path) -> Option<PathBuf> {
    let number = |path: &PathBuf| path.file_name()?.to_str()?.strip_prefix('p')?.parse::<u32>().ok();
    let beside = std::fs::read_dir(folder.parent()?).ok()?.flatten();
    let others = beside.map(|entry| entry.path()).filter(|path| path != folder);
    others.filter(|path| number(path).is_some()).max_by_key(number)
}

/// True where two folders of rejected rows hold the same files to the byte.
fn is_same(a: &Path, b: &Path) -> bool {
    let files = |folder: &Path| {
        let found = walkdir::WalkDir::new(folder).min_depth(1).max_depth(2).into_iter();
        let files = found.filter(|entry| entry.as_ref().map_or(true, |entry| !entry.file_type().is_dir()));
        let file = |entry: walkdir::DirEntry| {
            let plain = entry.file_type().is_file();
            Some((entry.path().strip_prefix(folder).ok()?.to_owned(), plain))
        };
        files.map(|entry| file(entry.ok()?)).collect::<Option<BTreeSet<_>>>()
    };
    let (Some(ours), Some(theirs)) = (files(a), files(b)) else {
        return false;
    };
    let same = |name: &Path| has_same_bytes(&a.join(name), &b.join(name)).unwrap_or(false);
    ours == theirs && ours.iter().all(|(name, plain)| *plain && same(name))
}

fn has_same_bytes(a: &Path, b: &Path) -> std::io::Result<bool> {
    let (a, b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::with_capacity(BUFFER, a), BufReader::with_capacity(BUFFER, b));
    loop {
        let (ours, theirs) = (a.fill_buf()?, b.fill_buf()?);
        let n = ours.len().min(theirs.len());
        if n == 0 {
            return Ok(ours.len() == theirs.len());
        }
        if ours[..n] != theirs[..n] {
            return Ok(false);
        }
        a.consume(n);
        b.consume(n);
    }
}

/// The file's own name; behind a number where another file of the delivery has it.
fn free_name(path: &Path, taken: &mut BTreeSet<String>) -> String {
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    // Rows lie outside their archive, so the archive's ending would mislead.
    let own = own
        .trim_end_matches(".gz")
        .trim_end_matches(".zst")
        .trim_end_matches(".zip");
    let mut name = own.to_owned();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{number}-{own}");
    }
    name
}
