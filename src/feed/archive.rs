//! Zip containers, read with distrust: the directory is checked whole before anything is inflated, then one entry is
//! streamed with its size, ratio and checksum counted.
//!
//! Entry names are only compared with what the settings ask for; they never become paths. One view of the archive serves
//! feeds and workbooks alike, so that no second reader can see another content. Format: PKWARE APPNOTE.TXT 6.3.10 (2022).

use crate::feed::compound::{u16_at, u32_at, u64_at};
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::file_name::{base, is_clutter, is_container, may_be_feed};
use flate2::read::DeflateDecoder;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

/// Entries an archive of feeds may have.
pub const ENTRIES: usize = 1_000;
/// Entries a workbook may have: each picture in it is one.
pub const PARTS: usize = 10_000;
/// Bytes that come out for each byte that goes in, once `RATIO_FROM` bytes are out.
pub const RATIO: u64 = 200;
/// How many bytes may come out before the ratio counts.
const RATIO_FROM: u64 = 8 * 1024 * 1024;
/// Bytes that may come out of one container.
const TOTAL: u64 = 20 * 1024 * 1024 * 1024;

/// How large a directory may be, known before anything of it is read.
struct Bounds {
    entries: u64,
    /// Bytes.
    directory: u64,
    /// What to do about a larger one.
    help: &'static str,
}

/// Of feeds and workbooks: 10,000 entries with long names stay far below.
const FEEDS: Bounds = Bounds {
    entries: PARTS as u64,
    directory: 16 * 1024 * 1024,
    help: "ask for an archive with the feed alone",
};
/// Of pictures.
const PICTURES: Bounds = Bounds {
    entries: 200_000,
    directory: 64 * 1024 * 1024,
    help: "put the pictures into several archives, or unpack them into a folder",
};

/// Where the bytes of an archive lie.
#[derive(Clone)]
enum Bytes {
    File(Arc<Mutex<File>>),
    Memory(Arc<[u8]>),
}

impl Bytes {
    /// Reads what is there from `position`, at most `out.len()` bytes.
    fn read_at(&self, position: u64, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(position))?;
                file.read(out)
            }
            Bytes::Memory(bytes) => {
                let rest = usize::try_from(position)
                    .ok()
                    .and_then(|start| bytes.get(start..))
                    .unwrap_or(&[]);
                let n = rest.len().min(out.len());
                out[..n].copy_from_slice(&rest[..n]);
                Ok(n)
            }
        }
    }

    fn read_exact_at(&self, mut position: u64, mut out: &mut [u8]) -> io::Result<()> {
        while !out.is_empty() {
            let n = self.read_at(position, out)?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            position += n as u64;
            out = &mut out[n..];
        }
        Ok(())
    }
}

/// One file in the archive, as its directory describes it and its own header confirms.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    /// Bytes once inflated, as declared; reading fails where the content is another length.
    pub size: u64,
    compressed: u64,
    crc: u32,
    method: u16,
    encrypted: bool,
    header: u64,
    data: u64,
    folder: bool,
}

/// An archive whose directory has been checked.
pub struct Archive {
    bytes: Bytes,
    shown: Arc<str>,
    pub entries: Vec<Entry>,
}

impl Archive {
    /// Checks the directory of a zip file. Nothing is inflated.
    pub fn of_file(file: File, shown: &Arc<str>) -> Result<Archive, FeedError> {
        Archive::of_file_within(file, shown, &FEEDS)
    }

    /// The same for an archive of pictures, which may have 200,000 entries.
    pub fn of_pictures(file: File, shown: &Arc<str>) -> Result<Archive, FeedError> {
        Archive::of_file_within(file, shown, &PICTURES)
    }

    fn of_file_within(file: File, shown: &Arc<str>, bounds: &Bounds) -> Result<Archive, FeedError> {
        let size = file
            .metadata()
            .map_err(|error| FeedError::from_io(shown, &error))?
            .len();
        Archive::new(Bytes::File(Arc::new(Mutex::new(file))), size, shown, bounds)
    }

    /// The same for an archive in memory (a workbook that was inside another archive).
    pub fn of_memory(bytes: Vec<u8>, shown: &Arc<str>) -> Result<Archive, FeedError> {
        let size = bytes.len() as u64;
        Archive::new(Bytes::Memory(bytes.into()), size, shown, &FEEDS)
    }

    fn new(bytes: Bytes, size: u64, shown: &Arc<str>, bounds: &Bounds) -> Result<Archive, FeedError> {
        let mut archive = Archive {
            bytes,
            shown: shown.clone(),
            entries: Vec::new(),
        };
        archive.read_directory(size, bounds)?;
        archive.check_names()?;
        archive.check_overlaps()?;
        Ok(archive)
    }

    /// The entry of that name; upper and lower case are alike, as in workbooks written by hand.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let exact = self.entries.iter().find(|entry| entry.name == name);
        exact.or_else(|| self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)))
    }

    /// The content of an entry, counted while it is read: an error where size, ratio or checksum are not as they should be.
    pub fn read(&self, entry: &Entry) -> Result<EntryReader, FeedError> {
        if entry.encrypted {
            let help = "ask for a delivery without a password, or unpack it first";
            return Err(self.refuse("E-ARCHIVE-PASSWORD", format!("\"{}\" is encrypted", entry.name), help));
        }
        let raw = Span {
            bytes: self.bytes.clone(),
            position: entry.data,
            left: entry.compressed,
        };
        let content = match entry.method {
            0 => Content::Stored(raw),
            8 => Content::Deflated(Box::new(DeflateDecoder::new_with_buf(raw, vec![0; 64 * 1024]))),
            other => {
                let message = format!("\"{}\" is compressed by method {other}", entry.name);
                return Err(self.refuse("E-ARCHIVE-METHOD", message, "pack it with the usual method (deflate)"));
            }
        };
        let declared = (entry.size, entry.compressed.max(1));
        if declared.0 > TOTAL || (declared.0 > RATIO_FROM && declared.0 / declared.1 > RATIO) {
            return Err(FeedError::from(bomb(&self.shown, &entry.name)));
        }
        Ok(EntryReader {
            content,
            shown: self.shown.clone(),
            name: entry.name.clone(),
            size: entry.size,
            compressed: entry.compressed,
            crc: entry.crc,
            sum: flate2::Crc::new(),
            out: 0,
        })
    }

    /// The whole content of an entry that must stay below `limit` bytes.
    pub fn read_all(&self, entry: &Entry, limit: u64) -> Result<Vec<u8>, FeedError> {
        if entry.size > limit {
            let message = format!("\"{}\" holds {} bytes, the limit is {limit}", entry.name, entry.size);
            return Err(self.refuse("E-ARCHIVE-LIMIT", message, "unpack it first, or ask for smaller files"));
        }
        let mut out = Vec::new();
        self.read(entry)?
            .read_to_end(&mut out)
            .map_err(|error| FeedError::from_io(&self.shown, &error))?;
        Ok(out)
    }

    /// The one feed in the archive, or the one that `inside` names (a name or a pattern, on the path or the file name).
    pub fn feed(&self, inside: Option<&str>) -> Result<&Entry, FeedError> {
        if self.entries.len() > ENTRIES {
            let message = format!("the archive has {} entries, the limit is {ENTRIES}", self.entries.len());
            return Err(self.refuse("E-ARCHIVE-LIMIT", message, "ask for an archive with the feed alone"));
        }
        let files = self
            .entries
            .iter()
            .filter(|entry| !entry.folder && !is_clutter(&entry.name));
        let found: Vec<&Entry> = match inside {
            Some(pattern) => {
                let glob = globset::GlobBuilder::new(pattern)
                    .literal_separator(true)
                    .build()
                    .map_err(|error| FeedError::Pattern {
                        pattern: pattern.to_string(),
                        reason: error.kind().to_string(),
                    })?;
                let glob = glob.compile_matcher();
                files
                    .filter(|entry| glob.is_match(&entry.name) || glob.is_match(base(&entry.name)))
                    .collect()
            }
            None => files.filter(|entry| may_be_feed(&entry.name)).collect(),
        };
        match found.as_slice() {
            [one] => Ok(one),
            [] if self.entries.iter().any(|entry| is_container(&entry.name)) => Err(self.refuse(
                "E-ARCHIVE-NESTED",
                "the archive holds archives and no feed",
                "unpack it first: only the feed of one archive is read, never an archive in an archive",
            )),
            [] => {
                let message = match inside {
                    Some(pattern) => format!("no entry of the archive matches \"{pattern}\""),
                    None => "the archive holds no feed".to_string(),
                };
                let help = format!("it holds {}", self.names(self.entries.iter()));
                Err(self.refuse("E-ARCHIVE-NO-FEED", message, help))
            }
            several => Err(self.refuse(
                "E-ARCHIVE-AMBIGUOUS",
                format!(
                    "the archive holds {} feeds: {}",
                    several.len(),
                    self.names(several.iter().copied())
                ),
                "name the right one with `inside` under [file]",
            )),
        }
    }

    fn names<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> String {
        let mut names: Vec<String> = entries
            .map(|entry| crate::diagnostic::excerpt(&entry.name))
            .take(6)
            .collect();
        if names.len() == 6 {
            names[5] = "…".to_string();
        }
        names.join(", ")
    }

    fn refuse(&self, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> FeedError {
        Refusal::new(code, &self.shown, message, help).into()
    }

    fn damaged(&self, message: &str) -> FeedError {
        self.refuse(
            "E-ARCHIVE-DAMAGED",
            format!("the zip archive is damaged or cut off: {message}"),
            SEND_AGAIN,
        )
    }

    fn bytes_at(&self, position: u64, len: usize, what: &str) -> Result<Vec<u8>, FeedError> {
        let mut out = vec![0; len];
        match self.bytes.read_exact_at(position, &mut out) {
            Ok(()) => Ok(out),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.damaged(what)),
            Err(error) => Err(FeedError::from_io(&self.shown, &error)),
        }
    }

    fn read_directory(&mut self, size: u64, bounds: &Bounds) -> Result<(), FeedError> {
        const MISSING: &str = "its directory at the end is missing";
        let tail_len = size.min(22 + 65_535);
        let tail = self.bytes_at(size - tail_len, tail_len as usize, MISSING)?;
        // The end record is the one whose comment ends with the file.
        let end = (0..tail.len().saturating_sub(21)).rev().find(|&at| {
            tail[at..].starts_with(b"PK\x05\x06") && at + 22 + u16_at(&tail, at + 20) as usize == tail.len()
        });
        let end = end.ok_or_else(|| self.damaged(MISSING))?;
        let record = size - tail_len + end as u64;
        let mut count = u16_at(&tail, end + 10) as u64;
        let mut len = u32_at(&tail, end + 12) as u64;
        let mut start = u32_at(&tail, end + 16) as u64;
        let mut limit = record;
        let disks = u16_at(&tail, end + 4) != 0 && u16_at(&tail, end + 4) != 0xffff;
        if (count == 0xffff || len == 0xffff_ffff || start == 0xffff_ffff) && record >= 20 {
            let locator = self.bytes_at(record - 20, 20, MISSING)?;
            if locator.starts_with(b"PK\x06\x07") {
                let place = u64_at(&locator, 8);
                let large = self.bytes_at(place, 56, "the directory of a large archive lies outside of it")?;
                if !large.starts_with(b"PK\x06\x06") {
                    return Err(self.damaged("the directory of a large archive is not where it should be"));
                }
                (count, len, start) = (u64_at(&large, 32), u64_at(&large, 40), u64_at(&large, 48));
                limit = place;
            }
        }
        if disks {
            return Err(self.refuse(
                "E-ARCHIVE-PARTS",
                "the archive is one of several parts",
                "join the parts first",
            ));
        }
        if count > bounds.entries || len > bounds.directory {
            let message = match count > bounds.entries {
                true => format!("the archive has {count} entries, the limit is {}", bounds.entries),
                false => format!("its directory has {len} bytes, the limit is {}", bounds.directory),
            };
            return Err(self.refuse("E-ARCHIVE-LIMIT", message, bounds.help));
        }
        if start.checked_add(len).is_none_or(|end| end > limit) {
            return Err(self.damaged("its directory lies outside of it"));
        }
        let directory = self.bytes_at(start, len as usize, MISSING)?;
        let mut at = 0;
        for _ in 0..count {
            let Some(fixed) = directory
                .get(at..at + 46)
                .filter(|fixed| fixed.starts_with(b"PK\x01\x02"))
            else {
                return Err(self.damaged("its directory ends too early"));
            };
            let (name_len, extra_len, comment_len) = (u16_at(fixed, 28), u16_at(fixed, 30), u16_at(fixed, 32));
            let name_end = at + 46 + name_len as usize;
            let extra_end = name_end + extra_len as usize;
            let (Some(name), Some(extra)) = (directory.get(at + 46..name_end), directory.get(name_end..extra_end))
            else {
                return Err(self.damaged("its directory ends too early"));
            };
            let entry = self.read_entry(fixed, name, extra, start)?;
            self.entries.push(entry);
            at = extra_end + comment_len as usize;
        }
        Ok(())
    }

    /// One entry of the directory, confirmed by the header that stands before its content.
    fn read_entry(&self, fixed: &[u8], name: &[u8], extra: &[u8], directory: u64) -> Result<Entry, FeedError> {
        let mut size = u32_at(fixed, 24) as u64;
        let mut compressed = u32_at(fixed, 20) as u64;
        let mut header = u32_at(fixed, 42) as u64;
        // ZIP64: 8-byte values for those that do not fit, in this order (APPNOTE 4.5.3).
        let mut at = 0;
        while let Some(head) = extra.get(at..at + 4) {
            let (kind, len) = (u16_at(head, 0), u16_at(head, 2) as usize);
            let body = extra.get(at + 4..at + 4 + len).unwrap_or(&[]);
            if kind == 1 {
                let mut values = body.chunks_exact(8).map(|chunk| u64_at(chunk, 0));
                for value in [&mut size, &mut compressed, &mut header] {
                    if *value == 0xffff_ffff {
                        *value = values.next().unwrap_or(*value);
                    }
                }
            }
            at += 4 + len;
        }
        let text = match std::str::from_utf8(name) {
            Ok(text) => text.to_string(),
            Err(_) => name
                .iter()
                .filter_map(|&byte| crate::feed::encoding::Page::cp437().char(byte))
                .collect(),
        };
        let system = fixed[5];
        let mode = u32_at(fixed, 38) >> 16;
        // The upper half of the attributes is a Unix mode where a Unix or a Mac wrote the archive.
        if matches!(system, 3 | 19) && !matches!(mode & 0o170000, 0 | 0o100000 | 0o040000) {
            let message = format!("\"{}\" is a link or a special file", crate::diagnostic::excerpt(&text));
            return Err(self.refuse("E-ARCHIVE-LINK", message, "ask for an archive of plain files"));
        }
        let local = self.bytes_at(header, 30, "an entry lies outside of it")?;
        if !local.starts_with(b"PK\x03\x04") {
            return Err(self.damaged("an entry is not where the directory says"));
        }
        let (local_name, local_extra) = (u16_at(&local, 26) as u64, u16_at(&local, 28) as u64);
        let declared = u32_at(&local, 18) as u64;
        let streamed = u16_at(&local, 6) & 8 != 0;
        if self.bytes_at(header + 30, local_name as usize, "an entry lies outside of it")? != name
            || u16_at(&local, 8) != u16_at(fixed, 10)
            || !(streamed || declared == compressed || declared == 0xffff_ffff)
        {
            let message = "an entry and the directory of the archive contradict each other";
            return Err(self.refuse("E-ARCHIVE-LIES", message, SEND_AGAIN));
        }
        let data = header + 30 + local_name + local_extra;
        if data.checked_add(compressed).is_none_or(|end| end > directory) {
            return Err(self.damaged("the content of an entry is cut off"));
        }
        Ok(Entry {
            folder: text.ends_with('/') || mode & 0o170000 == 0o040000,
            name: text,
            size,
            compressed,
            crc: u32_at(fixed, 16),
            method: u16_at(fixed, 10),
            encrypted: u16_at(fixed, 8) & 1 != 0,
            header,
            data,
        })
    }

    fn check_names(&self) -> Result<(), FeedError> {
        let mut seen = BTreeSet::new();
        for entry in &self.entries {
            let name = entry.name.as_str();
            let drive = name.as_bytes().get(1) == Some(&b':');
            let climbs = name.split(['/', '\\']).any(|part| part == "..");
            if name.is_empty() || name.starts_with(['/', '\\']) || drive || climbs || name.contains(char::is_control) {
                let message = format!(
                    "an entry of the archive is called \"{}\"",
                    crate::diagnostic::excerpt(name)
                );
                let help = "names that lead out of the archive are refused; ask for a clean one";
                return Err(self.refuse("E-ARCHIVE-NAME", message, help));
            }
            if !seen.insert(name) {
                let message = format!("two entries are called \"{}\"", crate::diagnostic::excerpt(name));
                return Err(self.refuse("E-ARCHIVE-DUPLICATE", message, "ask for an archive with unique names"));
            }
        }
        Ok(())
    }

    fn check_overlaps(&self) -> Result<(), FeedError> {
        let mut spans: Vec<(u64, u64)> = self
            .entries
            .iter()
            .map(|entry| (entry.header, entry.data + entry.compressed))
            .collect();
        spans.sort_unstable();
        if spans.windows(2).any(|pair| pair[0].1 > pair[1].0) {
            let message = "entries of the archive share the same bytes";
            return Err(self.refuse(
                "E-ARCHIVE-OVERLAP",
                message,
                "such an archive is made to exhaust memory; do not use it",
            ));
        }
        Ok(())
    }
}

/// Said wherever a delivery arrived broken.
pub const SEND_AGAIN: &str = "fetch it again, or ask the supplier to send it again";

/// True where a container has grown beyond the limits: so many bytes came out of so many that went in.
pub fn has_outgrown(out: u64, consumed: u64) -> bool {
    out > TOTAL || (out > RATIO_FROM && out / consumed.max(1) > RATIO)
}

/// What is said of a container that grows beyond the limits.
pub fn bomb(shown: &Arc<str>, name: &str) -> Refusal {
    let message = format!("\"{name}\" grows more than {RATIO} times when unpacked, or past 20 GiB");
    Refusal::new(
        "E-ARCHIVE-RATIO",
        shown,
        message,
        "this is how archives that exhaust memory look; unpack it by hand if you trust it",
    )
}

/// A stretch of the archive.
struct Span {
    bytes: Bytes,
    position: u64,
    left: u64,
}

impl Read for Span {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = self.bytes.read_at(self.position, &mut out[..most])?;
        self.position += n as u64;
        self.left -= n as u64;
        Ok(n)
    }
}

enum Content {
    Stored(Span),
    Deflated(Box<DeflateDecoder<Span>>),
}

/// The content of an entry; see [`Archive::read`].
pub struct EntryReader {
    content: Content,
    shown: Arc<str>,
    name: String,
    size: u64,
    compressed: u64,
    crc: u32,
    sum: flate2::Crc,
    out: u64,
}

impl EntryReader {
    fn refuse(&self, code: &'static str, message: String) -> io::Error {
        Refusal::new(code, &self.shown, message, SEND_AGAIN).into()
    }
}

impl Read for EntryReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let n = match &mut self.content {
            Content::Stored(span) => span.read(out)?,
            Content::Deflated(decoder) => match decoder.read(out) {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => {
                    let message = format!("\"{}\" in the archive is damaged: {error}", self.name);
                    return Err(self.refuse("E-ARCHIVE-DAMAGED", message));
                }
            },
        };
        self.out += n as u64;
        self.sum.update(&out[..n]);
        let consumed = match &self.content {
            Content::Stored(_) => self.out,
            Content::Deflated(decoder) => decoder.total_in(),
        };
        if self.out > self.size || (n == 0 && self.out != self.size) {
            let message = format!(
                "\"{}\" holds another number of bytes than the {} declared",
                self.name, self.size
            );
            return Err(self.refuse("E-ARCHIVE-SIZE", message));
        }
        if has_outgrown(self.out, consumed) {
            return Err(bomb(&self.shown, &self.name).into());
        }
        if n == 0 && (self.sum.sum() != self.crc || consumed != self.compressed) {
            return Err(self.refuse(
                "E-ARCHIVE-CRC",
                format!("the checksum of \"{}\" does not match", self.name),
            ));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
