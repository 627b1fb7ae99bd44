//! Files that leave the house: written beside their place, read back, put in place whole.

use crate::channel::chunk::Step;
use crate::channel::format::Writer;
use crate::workspace::failure::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

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
    done: Vec<(PathBuf, FeedFile)>,
}

struct Open {
    part: PathBuf,
    out: BufWriter<File>,
    hash: blake3::Hasher,
    bytes: u64,
    items: u64,
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

    /// Ends the last file, reads all of them back, and puts them in place. `before` is done once they are known to be whole,
    /// before the first of them replaces its predecessor.
    pub fn finish(mut self, before: impl FnOnce() -> Result<(), Failure>) -> Result<Vec<FeedFile>, Failure> {
        self.close()?;
        for (part, file) in &self.done {
            self.writer.validate(part, file.items).map_err(|error| {
                let _ = std::fs::remove_file(part);
                Failure::new(
                    FailureKind::Broken,
                    format!("the new file is not whole, the old one stays: {error}"),
                )
            })?;
        }
        before()?;
        let mut files = Vec::new();
        for (part, file) in std::mem::take(&mut self.done) {
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
        let file = File::create(&part).map_err(|error| Failure::io("write", &part, &error))?;
        self.open = Some(Open {
            part,
            out: BufWriter::with_capacity(1 << 20, file),
            hash: blake3::Hasher::new(),
            bytes: 0,
            items: 0,
        });
        let head = self.writer.head();
        self.write(&head, 0)
    }

    fn write(&mut self, bytes: &[u8], items: u64) -> Result<(), Failure> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.out
            .write_all(bytes)
            .map_err(|error| Failure::io("write", &open.part, &error))?;
        open.hash.update(bytes);
        open.bytes += bytes.len() as u64;
        open.items += items;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        let tail = self.writer.tail();
        self.write(&tail, 0)?;
        let Some(open) = self.open.take() else { return Ok(()) };
        let part = open.part;
        let file = open
            .out
            .into_inner()
            .map_err(|error| Failure::io("write", &part, error.error()))?;
        file.sync_data().map_err(|error| Failure::io("write", &part, &error))?;
        let place = self.place(self.done.len() + 1);
        let path = place
            .strip_prefix(&self.root)
            .unwrap_or(&place)
            .to_string_lossy()
            .replace('\\', "/");
        let blake3 = open.hash.finalize().to_hex().to_string();
        self.done.push((
            part,
            FeedFile {
                path,
                bytes: open.bytes,
                items: open.items,
                blake3,
            },
        ));
        Ok(())
    }
}

impl Drop for FeedFiles<'_> {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            let _ = std::fs::remove_file(&open.part);
        }
        for (part, _) in &self.done {
            let _ = std::fs::remove_file(part);
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
