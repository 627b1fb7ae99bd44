//! Files that leave the house: written beside their place, read back, put in place whole.

use crate::channel::chunk::Step;
use crate::channel::format::Writer;
use crate::channel::format::error::FormatError;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::follow::Follower;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
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
}

struct Open {
    part: PathBuf,
    out: File,
    buffer: Vec<u8>,
    follower: Follower<Result<u64, FormatError>>,
    hash: blake3::Hasher,
    bytes: u64,
    items: u64,
}

/// A file that is written, and read back to its end or nearly so.
struct Done {
    part: PathBuf,
    file: FeedFile,
    follower: Follower<Result<u64, FormatError>>,
}

impl<'w> FeedFiles<'w> {
    /// Begins the first file. Further ones are called `name-2.ext`, `name-3.ext`, …
    pub fn begin(folder: &Path, name: &str, writer: &'w Writer, root: &Path) -> Result<FeedFiles<'w>, Failure> {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make the folder", folder, &error))?;
        let mut files = FeedFiles {
            writer,
            folder: folder.to_owned(),
            name: name.to_owned(),
            root: root.to_owned(),
            open: None,
            done: Vec::new(),
        };
        files.next()?;
        Ok(files)
    }

    /// Does what the pass asks for.
    pub fn step(&mut self, step: Step<'_>) -> Result<(), Failure> {
        match step {
            Step::Write(bytes, items) => self.write(bytes, items as u64),
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

    /// Files of an earlier export that had more of them.
    fn remove_surplus(&self, count: usize) {
        for number in count + 1.. {
            if std::fs::remove_file(self.place(number)).is_err() {
                return;
            }
        }
    }

    fn next(&mut self) -> Result<(), Failure> {
        let place = self.place(self.done.len() + 1);
        let part = self.folder.join(format!(
            ".{}.part",
            place.file_name().unwrap_or_default().to_string_lossy()
        ));
        let out = File::create(&part).map_err(|error| Failure::io("write", &part, &error))?;
        let (writer, path) = (self.writer.clone(), part.clone());
        let follower = Follower::begin(&part, move |input| writer.read_back(input, &path))
            .map_err(|error| Failure::io("read back", &part, &error))?;
        self.open = Some(Open {
            part,
            out,
            buffer: Vec::with_capacity(BUFFER + BUFFER / 4),
            follower,
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
        open.out
            .sync_data()
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

impl Open {
    fn flush(&mut self) -> Result<(), Failure> {
        self.out
            .write_all(&self.buffer)
            .map_err(|error| Failure::io("write", &self.part, &error))?;
        self.hash.update(&self.buffer);
        self.follower.grown(self.buffer.len() as u64);
        self.buffer.clear();
        Ok(())
    }
}

impl Done {
    /// Errors unless the file was read back whole, with as many items as were written.
    fn check(&mut self) -> Result<(), Failure> {
        let why = match self.follower.finish() {
            Some(Ok(items)) if items == self.file.items => return Ok(()),
            Some(Ok(items)) => format!("{} items were written and {items} read back", self.file.items),
            Some(Err(error)) => error.to_string(),
            None => "it could not be read back".into(),
        };
        let _ = std::fs::remove_file(&self.part);
        let message = format!("the new file is not whole, the old one stays: {why}");
        Err(Failure::new(FailureKind::Broken, message))
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
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            n => hasher.update(&buffer[..n]),
        };
    }
}
