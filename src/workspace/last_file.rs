//! What the last whole export of a channel wrote, kept beside its state: the next one takes from those files what nobody touched.
//!
//! Nothing of it is needed to be right: where the list of pieces is missing, or a file is not the one that was written, products
//! are composed anew.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::channel::chunk::Chunk;
use crate::channel::pieces::{MAGIC, Pieces};
use crate::workspace::failure::Failure;
use crate::workspace::products::sold;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// A whole export takes from the last one where at most one product in so many was touched.
const LEAST_CARRIED: usize = 4;
/// Bytes of a file that are read at a time.
const WINDOW: usize = 1 << 20;
/// Bytes before the pieces: the magic number, fingerprint and change sequence.
const HEAD: usize = 24;

/// Where the list of a channel's pieces lies.
pub fn path(store: &Path, channel: &str) -> PathBuf {
    store.join("channels").join(format!("{channel}.pieces"))
}

/// The list of pieces, being written beside its place.
pub struct PiecesFile {
    place: PathBuf,
    part: PathBuf,
    out: BufWriter<File>,
    sum: Xxh3,
}

impl PiecesFile {
    /// Begins the list of an export with this fingerprint, at this change sequence of the catalog.
    pub fn begin(place: PathBuf, fingerprint: u64, sequence: i64) -> Result<PiecesFile, Failure> {
        let part = place.with_extension("pieces.part");
        let failed = |error: std::io::Error| Failure::io("write", &part, &error);
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let out = BufWriter::with_capacity(WINDOW, File::create(&part).map_err(failed)?);
        let mut file = PiecesFile {
            place,
            part,
            out,
            sum: Xxh3::new(),
        };
        file.write(MAGIC)?;
        file.write(&fingerprint.to_le_bytes())?;
        file.write(&sequence.to_le_bytes())?;
        Ok(file)
    }

    /// Adds pieces, as they were spelled.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.sum.update(bytes);
        let written = self.out.write_all(bytes);
        written.map_err(|error| Failure::io("write", &self.part, &error))
    }

    /// Ends the list and puts it in its place.
    pub fn finish(mut self, tail: &[u8]) -> Result<(), Failure> {
        self.write(tail)?;
        let sum = self.sum.digest().to_le_bytes();
        let ended = self.out.write_all(&sum).and_then(|()| self.out.flush());
        ended.map_err(|error| Failure::io("write", &self.part, &error))?;
        std::fs::rename(&self.part, &self.place).map_err(|error| Failure::io("put in place", &self.place, &error))
    }
}

impl Drop for PiecesFile {
    /// What was not put in its place goes.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.part);
    }
}

/// Where the last whole export lies, and what tells how much of it is as it was.
pub struct Asking {
    pub reader: Reader,
    /// The list of its pieces.
    pub pieces: PathBuf,
    pub files: Vec<PathBuf>,
    /// Fingerprint and sequence.
    pub of: (u64, i64),
}

impl Asking {
    /// The last export, where enough of it is as it was.
    pub fn read(self) -> Result<Option<LastFile>, Failure> {
        let most = self.reader.count()? as usize / LEAST_CARRIED;
        let touched = self.reader.touched_places(self.of.1, most)?;
        Ok(touched.and_then(|touched| LastFile::read(&self.pieces, self.of, self.files, touched)))
    }
}

/// The last whole export, as far as nobody touched it.
pub struct LastFile {
    pieces: Pieces,
    files: Vec<PathBuf>,
    /// Places of the shelf that are to be composed anew. Never iterated.
    touched: HashSet<String>,
}

impl LastFile {
    /// Reads the list of pieces of the export with this fingerprint and sequence; `None` where there is none, or it is damaged.
    pub fn read(
        path: &Path,
        (fingerprint, sequence): (u64, i64),
        files: Vec<PathBuf>,
        touched: HashSet<String>,
    ) -> Option<LastFile> {
        let mut bytes = std::fs::read(path).ok()?;
        let (rest, sum) = bytes.split_last_chunk::<8>()?;
        if xxh3_64(rest) != u64::from_le_bytes(*sum) {
            return None;
        }
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&fingerprint.to_le_bytes());
        head.extend_from_slice(&sequence.to_le_bytes());
        if !rest.starts_with(&head) {
            return None;
        }
        bytes.truncate(bytes.len() - 8);
        bytes.drain(..HEAD);
        Some(LastFile {
            pieces: Pieces::read(bytes).ok()?,
            files,
            touched,
        })
    }

    /// What one thread reads the files with.
    pub fn window(&self) -> Window {
        Window {
            files: self.files.iter().map(|path| File::open(path).ok()).collect(),
            from: (0, 0),
            held: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// Adds what the files have of one place of the shelf. False, with nothing added, where one of its products was touched, or
    /// the files cannot tell.
    pub fn carry(&self, siblings: &[ProductName], window: &mut Window, chunk: &mut Chunk) -> bool {
        if siblings.first().is_none_or(|name| self.touched.contains(name.place())) {
            return false;
        }
        let sold = sold(siblings);
        let (mut pieces, mut found, mut last) = (Vec::new(), 0, None);
        for at in sold.iter().filter_map(|name| self.pieces.find(name.id)) {
            found += 1;
            if last != Some(at) {
                let Some(piece) = self.pieces.piece(at) else {
                    return false;
                };
                pieces.push(piece);
                last = Some(at);
            }
        }
        // All that stood together still does, in the same order.
        if found != pieces.iter().map(|piece| piece.members.len()).sum::<usize>() {
            return false;
        }
        window.taken.clear();
        for piece in &pieces {
            let (start, length) = (piece.spot.offset, piece.spot.length as usize);
            if length > 0 && !window.take(piece.spot.file, start, length, |bytes| piece.spot.holds(bytes)) {
                return false;
            }
        }
        let mut names = sold.iter().cycle();
        let mut name = |product: i64| {
            let own = names.by_ref().take(sold.len()).find(|name| name.id == product);
            own.map_or_else(Default::default, |own| (own.sku.clone(), own.model.clone()))
        };
        let mut rest = window.taken.as_slice();
        for piece in pieces {
            let (bytes, behind) = rest.split_at(rest.len().min(piece.spot.length as usize));
            rest = behind;
            chunk.carry(piece, bytes, &mut name);
        }
        true
    }
}

/// A part of the last files in memory.
pub struct Window {
    files: Vec<Option<File>>,
    /// File and offset of what is held.
    from: (u16, u64),
    held: Vec<u8>,
    /// What was taken of a place.
    taken: Vec<u8>,
}

impl Window {
    /// Takes bytes of a file; false where they are not there, or not those that `fits` knows.
    fn take(&mut self, file: u16, offset: u64, length: usize, fits: impl Fn(&[u8]) -> bool) -> bool {
        let within = |window: &Window| {
            let start = offset.checked_sub(window.from.1).filter(|_| window.from.0 == file)?;
            let start = usize::try_from(start).ok()?;
            let end = start.checked_add(length)?;
            (end <= window.held.len()).then_some(start..end)
        };
        let range = within(self).or_else(|| {
            self.fill(file, offset, length);
            within(self)
        });
        let Some(bytes) = range.and_then(|range| self.held.get(range)) else {
            return false;
        };
        let fits = fits(bytes);
        self.taken.extend_from_slice(bytes);
        fits
    }

    /// Holds what follows an offset, at least so many bytes where the file has them.
    fn fill(&mut self, file: u16, offset: u64, length: usize) {
        self.held.clear();
        self.from = (file, offset);
        let Some(Some(open)) = self.files.get_mut(usize::from(file)) else {
            return;
        };
        // Its sum would not fit, should it be anything else: no error need be told.
        if open.seek(SeekFrom::Start(offset)).is_ok() {
            let _ = open.take(length.max(WINDOW) as u64).read_to_end(&mut self.held);
        }
    }
}
