//! Files that leave the house: written beside their place, read back, put in place whole.
//!
//! A file that takes much from its predecessor is not validated twice: it is read back and its hash compared, and what is new in
//! it is validated in a small file of its own.

use crate::channel::chunk::Step;
use crate::channel::format::Writer;
use crate::channel::format::error::FormatError;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::follow::{Follower, Growing};
use crate::workspace::settling::Settling;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;

/// A file that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedFile {
    /// Relative to the workspace.
    pub path: String,
    pub bytes: u64,
    /// Items, or rows behind the header.
    pub items: u64,
    /// BLAKE3 of the content, in hex.
    pub blake3: String,
}

/// The files of one export, being written. Dropped unfinished, it leaves what stood there before.
pub struct FeedFiles<'w> {
    writer: &'w Writer,
    folder: PathBuf,
    name: String,
    root: PathBuf,
    open: Option<Open>,
    done: Vec<Done>,
    /// What is new, where most of it is carried.
    fresh: Option<Fresh>,
}

/// What reading a file back came to.
enum Seen {
    /// It is sound, and has so many items.
    Items(u64),
    /// BLAKE3 of its bytes, in hex.
    Bytes(String),
}

/// What is new in files that carry much, as a file of its own. It goes when the export ends.
struct Fresh {
    part: PathBuf,
    out: BufWriter<File>,
    items: u64,
}

struct Open {
    part: PathBuf,
    out: File,
    buffer: Vec<u8>,
    follower: Follower<Result<Seen, FormatError>>,
    settling: Settling,
    hash: blake3::Hasher,
    bytes: u64,
    items: u64,
}

/// A file that is written, and read back to its end or nearly so.
struct Done {
    part: PathBuf,
    file: FeedFile,
    follower: Follower<Result<Seen, FormatError>>,
}

impl<'w> FeedFiles<'w> {
    /// Begins the first file. Further ones are called `name-2.ext`, `name-3.ext`, … `carrying` says that most of it was validated
    /// before.
    pub fn begin(
        folder: &Path,
        name: &str,
        writer: &'w Writer,
        root: &Path,
        carrying: bool,
    ) -> Result<FeedFiles<'w>, Failure> {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make the folder", folder, &error))?;
        let new = folder.join(format!(".{name}.new.part"));
        let fresh = match carrying {
            true => Some(Fresh::begin(new, &writer.head())?),
            false => {
                // What a killed export left.
                let _ = std::fs::remove_file(new);
                None
            }
        };
        let mut files = FeedFiles {
            writer,
            folder: folder.to_owned(),
            name: name.to_owned(),
            root: root.to_owned(),
            open: None,
            done: Vec::new(),
            fresh,
        };
        files.next()?;
        Ok(files)
    }

    /// Does what the pass asks for.
    pub fn step(&mut self, step: Step<'_>) -> Result<(), Failure> {
        match step {
            Step::Write(bytes, items) => {
                if let Some(fresh) = &mut self.fresh {
                    fresh.write(bytes, items as u64, self.writer.separator())?;
                }
                self.write(bytes, items as u64)
            }
            Step::Carry(bytes, items) => self.write(bytes, items as u64),
            Step::Between(bytes) => self.write(bytes, 0),
            Step::NextFile => {
                self.close()?;
                self.next()
            }
        }
    }

    /// Ends the last file, waits until all of them are read back, and puts them in place. `before` is done once they are known to be whole,
    /// before the first of them replaces its predecessor.
    pub fn finish(mut self, before: impl FnOnce() -> Result<(), Failure>) -> Result<Vec<FeedFile>, Failure> {
        self.close()?;
        for done in &mut self.done {
            done.check()?;
        }
        if let Some(fresh) = self.fresh.take() {
            fresh.check(self.writer)?;
        }
        before()?;
        let mut files = Vec::new();
        for Done { part, file, .. } in std::mem::take(&mut self.done) {
            let place = self.root.join(&file.path);
            std::fs::rename(&part, &place).map_err(|error| Failure::io("put in place", &place, &error))?;
            files.push(file);
        }
        self.remove_surplus(files.len());
        Ok(files)
    }

    fn place(&self, number: usize) -> PathBuf {
        match (number, self.name.split_once('.')) {
            (1, _) => self.folder.join(&self.name),
            (n, Some((stem, extension))) => self.folder.join(format!("{stem}-{n}.{extension}")),
            (n, None) => self.folder.join(format!("{}-{n}", self.name)),
        }
    }

    /// Files of an earlier export that had more of them, or was killed when it did.
    fn remove_surplus(&self, count: usize) {
        for number in count + 1.. {
            let place = self.place(number);
            let gone = [&part_of(&self.folder, &place), &place].map(|path| std::fs::remove_file(path).is_ok());
            if gone == [false, false] {
                return;
            }
        }
    }

    fn next(&mut self) -> Result<(), Failure> {
        let place = self.place(self.done.len() + 1);
        let part = part_of(&self.folder, &place);
        let out = File::create(&part).map_err(|error| Failure::io("write", &part, &error))?;
        let (writer, path, carrying) = (self.writer.clone(), part.clone(), self.fresh.is_some());
        let read = move |mut input: Growing| match carrying {
            true => {
                let mut hasher = blake3::Hasher::new();
                let read = read_all(&mut input, |bytes| {
                    hasher.update(bytes);
                });
                let broken = |error: std::io::Error| FormatError::Unreadable {
                    path: path.display().to_string(),
                    reason: error.to_string(),
                };
                read.map_err(broken)
                    .map(|()| Seen::Bytes(hasher.finalize().to_hex().to_string()))
            }
            false => writer.read_back(input, &path).map(Seen::Items),
        };
        let follower = Follower::begin(&part, read).map_err(|error| Failure::io("read back", &part, &error))?;
        let settling = Settling::begin(&out).map_err(|error| Failure::io("write", &part, &error))?;
        self.open = Some(Open {
            part,
            out,
            buffer: Vec::with_capacity(BUFFER + BUFFER / 4),
            follower,
            settling,
            hash: blake3::Hasher::new(),
            bytes: 0,
            items: 0,
        });
        let head = self.writer.head();
        self.write(&head, 0)
    }

    fn write(&mut self, bytes: &[u8], items: u64) -> Result<(), Failure> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.buffer.extend_from_slice(bytes);
        if open.buffer.len() >= BUFFER {
            open.flush()?;
        }
        open.bytes += bytes.len() as u64;
        open.items += items;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        let tail = self.writer.tail();
        self.write(&tail, 0)?;
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        open.flush()?;
        (open.settling.finish())
            .and_then(|()| open.out.sync_data())
            .map_err(|error| Failure::io("write", &open.part, &error))?;
        open.follower.end();
        let place = self.place(self.done.len() + 1);
        let path = place
            .strip_prefix(&self.root)
            .unwrap_or(&place)
            .to_string_lossy()
            .replace('\\', "/");
        let blake3 = open.hash.finalize().to_hex().to_string();
        self.done.push(Done {
            part: open.part,
            file: FeedFile {
                path,
                bytes: open.bytes,
                items: open.items,
                blake3,
            },
            follower: open.follower,
        });
        Ok(())
    }
}

/// Where a file is written that gets this place.
fn part_of(folder: &Path, place: &Path) -> PathBuf {
    folder.join(format!(
        ".{}.part",
        place.file_name().unwrap_or_default().to_string_lossy()
    ))
}

impl Open {
    fn flush(&mut self) -> Result<(), Failure> {
        self.out
            .write_all(&self.buffer)
            .map_err(|error| Failure::io("write", &self.part, &error))?;
        self.hash.update(&self.buffer);
        self.follower.grown(self.buffer.len() as u64);
        self.settling.grown(self.buffer.len() as u64);
        self.buffer.clear();
        Ok(())
    }
}

impl Done {
    /// Errors unless the file was read back whole, with as many items as were written.
    fn check(&mut self) -> Result<(), Failure> {
        let why = match self.follower.finish() {
            Some(Ok(Seen::Items(items))) if items == self.file.items => return Ok(()),
            Some(Ok(Seen::Bytes(hash))) if hash == self.file.blake3 => return Ok(()),
            Some(Ok(Seen::Items(items))) => miscounted(self.file.items, items),
            Some(Ok(Seen::Bytes(_))) => "other bytes are read back than were written".into(),
            Some(Err(error)) => error.to_string(),
            None => "it could not be read back".into(),
        };
        let _ = std::fs::remove_file(&self.part);
        Err(not_whole(&why))
    }
}

fn miscounted(written: u64, read: u64) -> String {
    format!("{written} items were written and {read} read back")
}

fn not_whole(why: &str) -> Failure {
    let message = format!("the new file is not whole, the old one stays: {why}");
    Failure::new(FailureKind::Broken, message)
}

impl Fresh {
    fn begin(part: PathBuf, head: &[u8]) -> Result<Fresh, Failure> {
        let failed = |error: std::io::Error| Failure::io("write", &part, &error);
        let mut out = BufWriter::with_capacity(BUFFER, File::create(&part).map_err(failed)?);
        out.write_all(head).map_err(failed)?;
        Ok(Fresh { part, out, items: 0 })
    }

    fn write(&mut self, bytes: &[u8], items: u64, separator: &[u8]) -> Result<(), Failure> {
        let between = if self.items > 0 { separator } else { b"" };
        let written = self.out.write_all(between).and_then(|()| self.out.write_all(bytes));
        written.map_err(|error| Failure::io("write", &self.part, &error))?;
        self.items += items;
        Ok(())
    }

    /// Errors unless it is sound, with as many items as were written.
    fn check(mut self, writer: &Writer) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::io("read back", &self.part, &error);
        let ended = self.out.write_all(&writer.tail()).and_then(|()| self.out.flush());
        let input = ended.and_then(|()| File::open(&self.part)).map_err(failed)?;
        match writer.read_back(input, &self.part) {
            Ok(items) if items == self.items => Ok(()),
            Ok(items) => Err(not_whole(&miscounted(self.items, items))),
            Err(error) => Err(not_whole(&error.to_string())),
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.part);
    }
}

impl Drop for FeedFiles<'_> {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            let _ = std::fs::remove_file(&open.part);
        }
        for done in &self.done {
            let _ = std::fs::remove_file(&done.part);
        }
    }
}

/// Writes a list, one entry a line.
pub fn write_list(path: &Path, lines: &[&str], root: &Path) -> Result<FeedFile, Failure> {
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    put(path, text.as_bytes())?;
    let shown = path
        .strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/");
    let blake3 = blake3::hash(text.as_bytes()).to_hex().to_string();
    Ok(FeedFile {
        path: shown,
        bytes: text.len() as u64,
        items: lines.len() as u64,
        blake3,
    })
}

/// Puts a small file in its place, whole or not at all.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io("write", path, &error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let part = path.with_extension("part");
    std::fs::write(&part, bytes).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)
}

/// BLAKE3 of a file, in hex.
pub fn blake3(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    read_all(&mut File::open(path)?, |bytes| {
        hasher.update(bytes);
    })?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Reads to the end, in large parts.
fn read_all(input: &mut impl Read, mut take: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => take(&buffer[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
