//! Rejected rows, byte for byte, in files that can be corrected and imported again.
//!
//! Each file of a delivery that has rejected rows gets one of the same name in a folder of its own, with what stood above the
//! first row of the original, in the original's encoding. Rows of a workbook become tab-separated text to look at: they are
//! corrected in the workbook.

use crate::feed::decode::Content;
use crate::feed::frame::Frame;
use crate::feed::settings::FileSettings;
use crate::product::record::{Records, Spot};
use crate::workspace::failure::Failure;
use crate::workspace::reading::DeliveryFile;
use crate::workspace::settings::Supplier;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes looked at for the lines above the first row.
const LONGEST_HEADER: u64 = 4 << 20;

/// The rejected rows of one delivery, being gathered.
pub struct Rejects {
    folder: PathBuf,
    settings: FileSettings,
    files: Vec<RejectedOf>,
    /// Rows found to be rejected after they were let go, by file and place among its records.
    later: BTreeSet<(u32, u64)>,
}

struct RejectedOf {
    path: PathBuf,
    /// Name of the file that is written.
    name: String,
    shown: Arc<str>,
    header_row: u64,
    frame: Frame,
    out: Option<BufWriter<File>>,
}

impl Rejects {
    /// Nothing is written before there is something to write.
    pub fn new(folder: PathBuf, files: &[DeliveryFile], settings: &FileSettings) -> Rejects {
        let mut taken = BTreeSet::new();
        let files = files
            .iter()
            .map(|file| RejectedOf {
                name: free_name(&file.path, &mut taken),
                path: file.path.clone(),
                shown: file.shown.clone(),
                header_row: 0,
                frame: Frame::default(),
                out: None,
            })
            .collect();
        Rejects {
            folder,
            settings: settings.clone(),
            files,
            later: BTreeSet::new(),
        }
    }

    /// Name of a file for messages.
    pub fn name(&self, file: u32) -> Option<Arc<str>> {
        self.files.get(file as usize).map(|file| file.shown.clone())
    }

    /// Tells the line of a table's header, so that it can stand above the rejected rows too.
    pub fn header(&mut self, file: u32, row: Option<u64>) {
        if let Some(file) = self.files.get_mut(file as usize) {
            file.header_row = row.unwrap_or(0);
        }
    }

    /// Keeps a row.
    pub fn keep(&mut self, file: u32, raw: &[u8]) -> Result<(), Failure> {
        match self.files.get_mut(file as usize) {
            Some(file) => file.write(&self.folder, &self.settings, raw),
            None => Ok(()),
        }
    }

    /// Notes a row whose bytes are no longer at hand; they are fetched at the end.
    pub fn later(&mut self, spot: Spot) {
        self.later.insert((spot.file, spot.ordinal));
    }

    /// Fetches what was noted, closes the files and gives their folder, if there were any rejected rows.
    pub fn finish(mut self, supplier: &Supplier) -> Result<Option<PathBuf>, Failure> {
        let later = std::mem::take(&mut self.later);
        for (n, file) in self.files.iter_mut().enumerate() {
            let n = n as u32;
            if later.range((n, 0)..(n + 1, 0)).next().is_none() {
                continue;
            }
            let refused = |error: crate::feed::failure::FeedError| {
                Failure::invalid("the delivery changed while it was read", vec![error.diagnostic()])
            };
            let mut reading = crate::feed::open(&file.path, &file.shown, n, &supplier.file, supplier.mapping.wanted())
                .map_err(refused)?;
            let mut batch = Records::default();
            while reading.next(&mut batch).map_err(refused)? {
                for record in batch
                    .iter()
                    .filter(|record| later.contains(&(n, record.spot().ordinal)))
                {
                    file.write(&self.folder, &self.settings, record.raw())?;
                }
                batch.clear();
            }
        }
        let mut any = false;
        for file in self.files {
            any |= file.finish(&self.folder, supplier)?;
        }
        Ok(any.then_some(self.folder))
    }
}

impl RejectedOf {
    fn write(&mut self, folder: &Path, settings: &FileSettings, raw: &[u8]) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::io("write rejected rows to", folder, &error);
        let mut between = self.frame.between;
        if self.out.is_none() {
            std::fs::create_dir_all(folder).map_err(failed)?;
            self.frame = Frame::of(&self.path, &self.shown, settings);
            self.name.push_str(self.frame.ending);
            self.out = Some(BufWriter::new(
                File::create(self.place(folder, ".part")).map_err(failed)?,
            ));
            between = "";
        }
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write_all(between.as_bytes()).map_err(failed)?;
        out.write_all(raw).map_err(failed)?;
        // A record cut off at the end of its file, or an element out of an XML file, brings no line end of its own.
        match raw.last() {
            Some(b'\n' | b'\r') | None => Ok(()),
            _ => out.write_all(b"\n").map_err(failed),
        }
    }

    /// Puts what stood above the first row over the rows and the file in its place; false where no row was rejected.
    fn finish(mut self, folder: &Path, supplier: &Supplier) -> Result<bool, Failure> {
        let failed = |error: std::io::Error| Failure::io("write rejected rows to", folder, &error);
        let Some(out) = self.out.take() else { return Ok(false) };
        let mut part = out.into_inner().map_err(|error| failed(error.into_error()))?;
        part.write_all(&self.frame.tail).map_err(failed)?;
        let (part, place) = (self.place(folder, ".part"), self.place(folder, ""));
        let header = match self.frame.head.is_empty() {
            true => self.above(supplier),
            false => std::mem::take(&mut self.frame.head),
        };
        if header.is_empty() {
            std::fs::rename(&part, &place).map_err(failed)?;
            return Ok(true);
        }
        let mut whole = BufWriter::new(File::create(&place).map_err(failed)?);
        whole.write_all(&header).map_err(failed)?;
        std::io::copy(&mut File::open(&part).map_err(failed)?, &mut whole).map_err(failed)?;
        whole.into_inner().map_err(|error| failed(error.into_error()))?;
        std::fs::remove_file(&part).map_err(failed)?;
        Ok(true)
    }

    /// The lines of a text table up to its header, as they stand in the delivered file; nothing of other formats.
    fn above(&self, supplier: &Supplier) -> Vec<u8> {
        let opened = crate::feed::decode::open(&self.path, &self.shown, supplier.file.inside.as_deref());
        let Ok(Content::Stream(stream)) = opened else {
            return Vec::new();
        };
        let mut lines = BufReader::new(stream.take(LONGEST_HEADER));
        let mut above = Vec::new();
        for _ in 0..self.header_row {
            if lines.read_until(b'\n', &mut above).is_err() {
                return Vec::new();
            }
        }
        above
    }

    fn place(&self, folder: &Path, ending: &str) -> PathBuf {
        folder.join(format!("{}{ending}", self.name))
    }
}

/// True of a file in which rejected rows of a workbook lie.
pub fn is_of_workbook(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    [".xlsx.tsv", ".xlsm.tsv", ".xls.tsv", ".ods.tsv"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// The file's own name; behind a number where another file of the delivery has it.
fn free_name(path: &Path, taken: &mut BTreeSet<String>) -> String {
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    // Rows lie outside their archive, so the archive's ending would mislead.
    let own = own.trim_end_matches(".gz").trim_end_matches(".zip");
    let mut name = own.to_owned();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{number}-{own}");
    }
    name
}
