//! From a file to its content: containers opened by what they hold, never by their names, and counted while they unpack.
//!
//! What comes out is a stream of bytes or a workbook; the format of the records is left to the readers, the encoding to
//! `encoding`.

use crate::feed::archive::{self, Archive, SEND_AGAIN};
use crate::feed::encoding::{Charset, Transcoded};
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::zstd::{Unzstd, is_zstd};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;
use std::sync::Arc;

/// How much of a stream is looked at to find out what it is.
const HEAD: usize = 256 * 1024;
/// Size of a workbook inside an archive, which has to be held in memory.
const WORKBOOK: u64 = 256 * 1024 * 1024;

/// What a file turned out to hold.
pub enum Content {
    /// A text format.
    Stream(Stream),
    /// A zip container with the parts of a workbook.
    Workbook(Archive),
    /// A workbook of Excel 5 to 2003 (compound file).
    OldWorkbook(Vec<u8>),
}

/// Opens the file and the container around its content: none, gzip, zstd, or a zip archive with one feed (or the one that
/// `inside` names). A container inside a container is refused.
pub fn open(path: &Path, shown: &Arc<str>, inside: Option<&str>) -> Result<Content, FeedError> {
    let unreadable = |error: io::Error| FeedError::from_io(shown, &error);
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(FeedError::Unreadable {
            file: shown.clone(),
            reason: "it is no plain file".to_string(),
        });
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut magic = [0; 264];
    let n = read_full(&mut file, &mut magic).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    match Magic::of(&magic[..n]) {
        Some(Magic::Zip) => open_zip(Archive::of_file(file, shown)?, shown, inside),
        Some(Magic::Compound) => {
            if metadata.len() > WORKBOOK {
                return Err(too_large(shown, metadata.len()));
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(unreadable)?;
            Ok(Content::OldWorkbook(bytes))
        }
        Some(Magic::Gzip) => {
            let name = name.strip_suffix(".gz").unwrap_or(&name).to_string();
            let inflated = Inflated {
                inner: flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(
                    64 * 1024,
                    Counted { inner: file, count: 0 },
                )),
                shown: shown.clone(),
                out: 0,
            };
            let stream = Stream::new(Box::new(inflated), name, Some("gzip"), shown)?;
            match Magic::of(&stream.head) {
                None => Ok(Content::Stream(stream)),
                Some(_) => Err(nested(shown)),
            }
        }
        Some(Magic::Zstd) => {
            let name = name.strip_suffix(".zst").unwrap_or(&name).to_string();
            let stream = Stream::new(Box::new(Unzstd::new(file, shown)), name, Some("zstd"), shown)?;
            match Magic::of(&stream.head) {
                None => Ok(Content::Stream(stream)),
                Some(_) => Err(nested(shown)),
            }
        }
        Some(other) => Err(other.refusal(shown)),
        None => Ok(Content::Stream(Stream::new(Box::new(file), name, None, shown)?)),
    }
}

/// What a file is by its first bytes, where it is of no use as a feed. One that cannot be read is left to its reader.
pub fn no_feed(path: &Path) -> Option<&'static str> {
    match magic_of(path).ok()? {
        Some(Magic::Other(what)) => Some(what),
        _ => None,
    }
}

/// True where the content is packed already, so that packing it again gains nothing.
pub fn is_packed(path: &Path) -> bool {
    matches!(magic_of(path), Ok(Some(Magic::Gzip | Magic::Zstd | Magic::Zip)))
}

fn magic_of(path: &Path) -> io::Result<Option<Magic>> {
    let mut head = [0; 264];
    let n = read_full(&mut File::open(path)?, &mut head)?;
    Ok(Magic::of(&head[..n]))
}

fn open_zip(archive: Archive, shown: &Arc<str>, inside: Option<&str>) -> Result<Content, FeedError> {
    if is_workbook(&archive) {
        return Ok(Content::Workbook(archive));
    }
    let entry = archive.feed(inside)?.clone();
    let stream = Stream::new(Box::new(archive.read(&entry)?), entry.name.clone(), Some("zip"), shown)?;
    match Magic::of(&stream.head) {
        None => Ok(Content::Stream(stream)),
        Some(Magic::Zip) => {
            let inner = Archive::of_memory(archive.read_all(&entry, WORKBOOK)?, shown)?;
            if is_workbook(&inner) {
                Ok(Content::Workbook(inner))
            } else {
                Err(nested(shown))
            }
        }
        Some(Magic::Compound) => Ok(Content::OldWorkbook(archive.read_all(&entry, WORKBOOK)?)),
        Some(_) => Err(nested(shown)),
    }
}

fn is_workbook(archive: &Archive) -> bool {
    archive.entry("[Content_Types].xml").is_some()
        || archive.entry("xl/workbook.xml").is_some()
        || (archive.entry("mimetype").is_some() && archive.entry("content.xml").is_some())
}

fn nested(shown: &Arc<str>) -> FeedError {
    let help = "unpack it first: only the feed of one archive is read, never an archive in an archive";
    Refusal::new("E-ARCHIVE-NESTED", shown, "the archive holds another archive", help).into()
}

fn too_large(shown: &Arc<str>, size: u64) -> FeedError {
    let message = format!("the workbook has {size} bytes, the limit is {WORKBOOK}");
    Refusal::new("E-WORKBOOK-LIMIT", shown, message, "save it as .xlsx or .csv").into()
}

/// Kinds of files known by their first bytes.
enum Magic {
    Gzip,
    Zstd,
    Zip,
    Compound,
    /// Known, and of no use as a feed.
    Other(&'static str),
}

impl Magic {
    fn of(head: &[u8]) -> Option<Magic> {
        const KNOWN: [(&[u8], &str); 9] = [
            (b"%PDF-", "a PDF document"),
            (b"BZh9", "a bzip2 file"),
            (b"\xfd7zXZ\0", "an xz file"),
            (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
            (b"Rar!\x1a\x07", "a rar archive"),
            (b"\x89PNG\r\n\x1a\n", "a picture"),
            (b"\xff\xd8\xff", "a picture"),
            (b"GIF8", "a picture"),
            (b"SQLite format 3\0", "a SQLite database"),
        ];
        match head {
            [0x1f, 0x8b, ..] => Some(Magic::Gzip),
            head if is_zstd(head) => Some(Magic::Zstd),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Some(Magic::Zip),
            [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Some(Magic::Compound),
            _ if head.get(257..262) == Some(b"ustar") => Some(Magic::Other("a tar archive")),
            _ => KNOWN
                .iter()
                .find(|(magic, _)| head.starts_with(magic))
                .map(|(_, what)| Magic::Other(what)),
        }
    }

    fn refusal(&self, shown: &Arc<str>) -> FeedError {
        let what = match self {
            Magic::Gzip | Magic::Zstd | Magic::Zip => "an archive",
            Magic::Compound => "a workbook",
            Magic::Other(what) => what,
        };
        let help = "feeds are read as CSV, TSV, XLSX, XML, BMEcat, JSON or JSONL, plain or in gzip, zstd or zip";
        Refusal::new(
            "E-FILE-KIND",
            shown,
            format!("the file is {what}, which is no feed"),
            help,
        )
        .into()
    }
}

/// The unpacked content of a file, whose beginning can be looked at before it is read.
pub struct Stream {
    head: Vec<u8>,
    taken: usize,
    rest: Box<dyn Read + Send>,
    /// Name of the file, or of the entry of the archive; `.gz` and `.zst` left out.
    pub name: String,
    /// `gzip`, `zstd`, `zip`, or none.
    pub container: Option<&'static str>,
    /// The file as the user knows it.
    pub shown: Arc<str>,
}

impl Stream {
    fn new(
        mut rest: Box<dyn Read + Send>,
        name: String,
        container: Option<&'static str>,
        shown: &Arc<str>,
    ) -> Result<Stream, FeedError> {
        let mut head = vec![0; HEAD];
        let n = read_full(&mut rest, &mut head).map_err(|error| FeedError::from_io(shown, &error))?;
        head.truncate(n);
        Ok(Stream {
            head,
            taken: 0,
            rest,
            name,
            container,
            shown: shown.clone(),
        })
    }

    /// A stream of the given bytes.
    pub fn of_bytes(bytes: &[u8], shown: &str) -> Result<Stream, FeedError> {
        let content = io::Cursor::new(bytes.to_vec());
        Stream::new(Box::new(content), shown.to_string(), None, &Arc::from(shown))
    }

    /// A stream of what a reader yields.
    pub fn of_reader(reader: Box<dyn Read + Send>, name: &str, shown: &Arc<str>) -> Result<Stream, FeedError> {
        Stream::new(reader, name.to_string(), None, shown)
    }

    /// The beginning that has not been read: up to 256 KiB, less only where the content is shorter.
    pub fn head(&self) -> &[u8] {
        &self.head[self.taken..]
    }

    /// Leaves out the next `n` bytes of the head.
    pub fn skip(&mut self, n: usize) {
        self.taken = (self.taken + n).min(self.head.len());
    }

    /// The same content in UTF-8, without its byte order mark.
    pub fn in_utf8(mut self, charset: &Charset) -> Result<Stream, FeedError> {
        let mark = Charset::of_mark(self.head()).map_or(0, |(_, len)| len);
        self.skip(mark);
        let (name, container, shown) = (self.name.clone(), self.container, self.shown.clone());
        let rest: Box<dyn Read + Send> = match charset {
            Charset::Utf8 => return Ok(self),
            Charset::Page(page) => Box::new(Transcoded::of_page(self, page.clone())),
            Charset::Wide(encoding) => Box::new(Transcoded::of_encoding(self, encoding)),
        };
        Stream::new(rest, name, container, &shown)
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.head.len() {
            return self.rest.read(out);
        }
        let n = (&self.head[self.taken..]).read(out)?;
        self.taken += n;
        if self.taken == self.head.len() {
            self.head = Vec::new();
            self.taken = 0;
        }
        Ok(n)
    }
}

/// Reads until the buffer is full or the content ends.
pub fn read_full(source: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < out.len() {
        match source.read(&mut out[n..]) {
            Ok(0) => break,
            Ok(read) => n += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.count += n as u64;
        Ok(n)
    }
}

/// The content of a gzip file, all members of it; each member's checksum and length are checked by the decoder.
struct Inflated {
    inner: flate2::bufread::MultiGzDecoder<BufReader<Counted<File>>>,
    shown: Arc<str>,
    out: u64,
}

impl Read for Inflated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = match self.inner.read(out) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let message = "the gzip file is cut off: its end is missing";
                return Err(Refusal::new("E-FILE-TRUNCATED", &self.shown, message, SEND_AGAIN)
                    .at_offset(self.out)
                    .into());
            }
            Err(error) => {
                let message = format!("the gzip file is damaged, or something else follows it: {error}");
                return Err(Refusal::new("E-GZIP-DAMAGED", &self.shown, message, SEND_AGAIN)
                    .at_offset(self.out)
                    .into());
            }
        };
        self.out += n as u64;
        if archive::has_outgrown(self.out, self.inner.get_ref().get_ref().count) {
            return Err(archive::bomb(&self.shown, &self.shown).into());
        }
        Ok(n)
    }
}
