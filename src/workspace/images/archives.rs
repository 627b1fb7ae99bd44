//! The bytes of one picture, out of a file or an archive.

use crate::diagnostic::Diagnostic;
use crate::feed::archive::Archive;
use crate::workspace::images::sources::Found;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Archives that stay open: pictures are read in the order of their paths, so that all threads are in one archive, or in that
/// and the next ones.
const OPEN: usize = 4;

/// Reads pictures; the last archives stay open for all threads.
#[derive(Default)]
pub struct Archives {
    /// The last one used is the last one here.
    open: Mutex<VecDeque<Arc<Opened>>>,
}

/// An archive with the places of its entries by name.
struct Opened {
    path: PathBuf,
    archive: Archive,
    places: HashMap<String, usize>,
}

impl Archives {
    /// The bytes of a picture, at most one more than `limit`, so that the caller sees that it is too large.
    pub fn read(&self, found: &Found, limit: u64) -> Result<Vec<u8>, Box<Diagnostic>> {
        let Some((path, name)) = &found.inside else {
            let mut bytes = Vec::with_capacity(found.stamp.bytes.min(limit) as usize);
            let file = File::open(&found.path).map_err(|error| failed(&error))?;
            file.take(limit + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| failed(&error))?;
            return Ok(bytes);
        };
        let opened = self.opened(path)?;
        let entry = opened.places.get(name).and_then(|n| opened.archive.entries.get(*n));
        let entry = entry.ok_or_else(|| failed(&"the archive no longer has it"))?;
        opened
            .archive
            .read_all(entry, limit)
            .map_err(|error| Box::new(error.diagnostic()))
    }

    /// An archive that is open, or is opened now; who else wants it waits, and finds it.
    fn opened(&self, path: &Path) -> Result<Arc<Opened>, Box<Diagnostic>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let there = open.iter().position(|opened| opened.path == path);
        if let Some(opened) = there.and_then(|n| open.remove(n)) {
            open.push_back(opened.clone());
            return Ok(opened);
        }
        let file = File::open(path).map_err(|error| failed(&error))?;
        let shown = Arc::from(path.to_string_lossy());
        let archive = Archive::of_pictures(file, &shown).map_err(|error| Box::new(error.diagnostic()))?;
        let names = archive.entries.iter().enumerate();
        let places = names.map(|(n, entry)| (entry.name.clone(), n)).collect();
        let path = path.to_owned();
        let opened = Arc::new(Opened { path, archive, places });
        if open.len() >= OPEN {
            open.pop_front();
        }
        open.push_back(opened.clone());
        Ok(opened)
    }
}

fn failed(error: &dyn std::fmt::Display) -> Box<Diagnostic> {
    let finding = Diagnostic::error("E-IMAGE-READ", format!("cannot be read: {error}"));
    Box::new(finding.with_help("check the file and its rights"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::images::sources::Stamp;

    /// An archive of empty files.
    fn zipped(names: &[&str]) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let start = out.len() as u32;
            let mut common = vec![20, 0];
            common.extend([0; 20]);
            common.extend((name.len() as u16).to_le_bytes());
            common.extend([0; 2]);
            out.extend(b"PK\x03\x04");
            out.extend(&common);
            out.extend(name.as_bytes());
            directory.extend(b"PK\x01\x02\x14\x03");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend(start.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let (start, size) = (out.len() as u32, directory.len() as u32);
        out.extend(directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        for _ in 0..2 {
            out.extend((names.len() as u16).to_le_bytes());
        }
        out.extend(size.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend([0; 2]);
        out
    }

    #[test]
    fn an_archive_is_opened_once_however_often_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let archives = Archives::default();
        let read = |archive: &str, name: &str| {
            let path = folder.path().join(archive);
            let found = Found {
                inside: Some((path.clone(), name.to_owned())),
                path,
                stamp: Stamp { bytes: 0, changed: 0 },
            };
            archives.read(&found, 10).map_err(|finding| finding.message)
        };
        let names: Vec<String> = (0..=OPEN).map(|n| format!("{n}.zip")).collect();
        for name in &names {
            std::fs::write(folder.path().join(name), zipped(&["a.jpg", "b.jpg"])).unwrap();
        }
        assert_eq!(read(&names[0], "a.jpg"), Ok(Vec::new()));
        // It is read on, although there is none any more where it lay.
        std::fs::remove_file(folder.path().join(&names[0])).unwrap();
        for name in &names[..OPEN] {
            assert_eq!(read(name, "b.jpg"), Ok(Vec::new()));
        }
        assert!(read(&names[0], "c.jpg").unwrap_err().contains("no longer has it"));
        // The one that was not used for longest is closed for another.
        std::fs::remove_file(folder.path().join(&names[1])).unwrap();
        assert_eq!(read(&names[OPEN], "a.jpg"), Ok(Vec::new()));
        assert_eq!(read(&names[0], "a.jpg"), Ok(Vec::new()));
        assert!(read(&names[1], "a.jpg").is_err());
    }
}
