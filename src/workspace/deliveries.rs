//! The archive of deliveries: each file once, under the BLAKE3 of what was delivered.
//!
//! `.estante/deliveries/<first two signs>/<hash>.gz`; what was packed already lies there as it came, without the ending. Which
//! batch brought which file is the catalog's knowledge; how long it is kept is the settings'.

use crate::feed::decode::is_packed;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::parallel::in_order;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Bytes read at a time.
const BUFFER: usize = 1 << 18;
/// Bytes that are packed at a time.
const PART: u64 = 4 << 20;
/// A file that is unfinished for so long was given up.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// The folder of the archive.
#[derive(Debug, Clone)]
pub struct Deliveries {
    folder: PathBuf,
}

/// What tells that a file is written anew: its size and the moment of its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64, Option<SystemTime>);

impl Stamp {
    /// As the file lies there now; none where it does not, or is no plain file: a pipe or a device may have no end.
    pub fn of(path: &Path) -> Option<Stamp> {
        let there = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(Stamp(there.len(), there.modified().ok()))
    }

    /// When it was changed last, where the file system tells.
    pub fn written(&self) -> Option<SystemTime> {
        self.1
    }
}

impl Deliveries {
    pub fn new(store: &Path) -> Deliveries {
        Deliveries {
            folder: store.join("deliveries"),
        }
    }

    fn place(&self, content: &str, is_packed: bool) -> PathBuf {
        let folder = self.folder.join(content.get(..2).unwrap_or("00"));
        match is_packed {
            true => folder.join(content),
            false => folder.join(format!("{content}.gz")),
        }
    }

    /// True where a content is kept.
    pub fn has(&self, content: &str) -> bool {
        self.find(content).is_some()
    }

    /// Where a content lies, where it is kept.
    fn find(&self, content: &str) -> Option<PathBuf> {
        let places = [self.place(content, false), self.place(content, true)];
        places.into_iter().find(|place| place.is_file())
    }

    /// Keeps a file under its content, on the disk for good before this returns. `false` where the file is gone, or is another
    /// than it was.
    pub fn keep(&self, content: &str, file: Option<&Path>) -> Result<bool, Failure> {
        if self.find(content).is_some() {
            return Ok(true);
        }
        let Some((file, Ok(mut from))) = file.map(|file| (file, File::open(file))) else {
            return Ok(false);
        };
        let packed = is_packed(file);
        let place = self.place(content, packed);
        let part = place.with_extension(format!("part{}", std::process::id()));
        let failed = |error: io::Error| Failure::io("keep the delivery as", &place, &error);
        let folder = place.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let written = match packed {
            true => File::create(&part)
                .and_then(|out| copied(&mut from, out))
                .map_err(failed),
            false => packed_by_parts(file, &part),
        };
        let written = written.and_then(|(hash, out)| {
            out.sync_all().map_err(failed)?;
            Ok(hash)
        });
        match written {
            Ok(hash) if hash == content => {}
            Ok(_) => {
                let _ = std::fs::remove_file(&part);
                return Ok(false);
            }
            Err(error) => {
                let _ = std::fs::remove_file(&part);
                return Err(error);
            }
        }
        std::fs::rename(&part, &place).map_err(failed)?;
        // The name has to be on the disk as well; where folders cannot be opened, the system sees to it.
        for folder in [Some(folder), folder.parent()].into_iter().flatten() {
            if let Ok(folder) = File::open(folder) {
                let _ = folder.sync_all();
            }
        }
        Ok(true)
    }

    /// Puts a file in the place of a kept one that is damaged, where it is what that was.
    pub fn replace(&self, content: &str, file: &Path) -> Result<(), Failure> {
        if let Some(damaged) = self.find(content) {
            std::fs::remove_file(&damaged).map_err(|error| Failure::io("remove", &damaged, &error))?;
        }
        self.keep(content, Some(file)).map(|_| ())
    }

    /// Writes a kept file as it was delivered. `false` where it is not kept.
    pub fn restore(&self, content: &str, to: &Path) -> Result<bool, Failure> {
        let Some(place) = self.find(content) else {
            return Ok(false);
        };
        let failed = |error: io::Error| Failure::io("take the kept delivery out of", &place, &error);
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let help = "import the supplier's file itself; `estante verify` lists what is damaged";
        let (hash, _) = File::create(to)
            .and_then(|out| copied(&mut opened(&place)?, out))
            .map_err(|error| failed(error).with_help(help))?;
        match hash == content {
            true => Ok(true),
            false => {
                let message = format!("the kept delivery {} is damaged", place.display());
                Err(Failure::new(FailureKind::Broken, message).with_help(help))
            }
        }
    }

    /// The files of the archive with their contents, in order.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        for folder in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let name = file.file_name().to_string_lossy().into_owned();
                let content = name.split('.').next().unwrap_or_default().to_owned();
                files.push((file.path(), content));
            }
        }
        files.sort();
        files
    }

    /// Takes away what none of the contents is that are asked for, after it was looked what there is: what comes while they are
    /// gathered stays. It was only kept for convenience, so that what does not go is left.
    pub fn prune<E>(&self, wanted: impl FnOnce() -> Result<BTreeSet<String>, E>) -> Result<(), E> {
        let files = self.files();
        let wanted = wanted()?;
        for (path, content) in files {
            let is_part = path.extension().is_some_and(|ending| ending != "gz");
            let goes = match is_part {
                // Another process may be writing it.
                true => is_old(&path),
                false => !wanted.contains(&content),
            };
            if goes {
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// The number of kept files, and what is wrong with which.
    pub fn verify(&self, shown: impl Fn(&Path) -> String) -> (u64, Vec<String>) {
        let (mut kept, mut faults) = (0, Vec::new());
        for (path, content) in self.files() {
            if path.extension().is_some_and(|ending| ending != "gz") {
                continue;
            }
            kept += 1;
            let read = opened(&path).and_then(|mut from| copied(&mut from, io::sink()));
            let wrong = match read {
                Ok((hash, _)) if hash == content => continue,
                Ok(_) => "is not the delivery that was kept".to_owned(),
                Err(error) => error.to_string(),
            };
            faults.push(format!("{}: {wrong}; remove it", shown(&path)));
        }
        (kept, faults)
    }
}

/// True of a file that nobody has written to for an hour.
fn is_old(path: &Path) -> bool {
    let changed = std::fs::metadata(path).and_then(|there| there.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > ABANDONED))
}

/// A file of the archive, unpacked where the archive packed it.
fn opened(place: &Path) -> io::Result<Box<dyn Read>> {
    let file = File::open(place)?;
    Ok(match place.extension() {
        Some(_) => Box::new(MultiGzDecoder::new(file)),
        None => Box::new(file),
    })
}

/// Packs a file on all cores, each part as a gzip member of its own, which is one gzip file to every program (RFC 1952, 2.2). Gives
/// the BLAKE3 of what was read, in hex, and the packed file.
fn packed_by_parts(from: &Path, to: &Path) -> Result<(String, File), Failure> {
    let reading = |error: io::Error| Failure::io("read", from, &error);
    let writing = |error: io::Error| Failure::io("keep the delivery as", to, &error);
    let length = std::fs::metadata(from).map_err(reading)?.len();
    let mut out = File::create(to).map_err(writing)?;
    let mut hasher = blake3::Hasher::new();
    in_order(
        std::thread::available_parallelism().map_or(1, usize::from),
        usize::try_from(length.div_ceil(PART)).unwrap_or(usize::MAX).max(1),
        || File::open(from).map_err(reading),
        |file, part| {
            let mut raw = Vec::with_capacity(length.min(PART) as usize);
            let packed = file.seek(SeekFrom::Start(part as u64 * PART)).and_then(|_| {
                file.take(PART).read_to_end(&mut raw)?;
                let mut packing = GzEncoder::new(Vec::with_capacity(raw.len() / 2), Compression::fast());
                packing.write_all(&raw)?;
                packing.finish()
            });
            Ok((raw, packed.map_err(reading)?))
        },
        |(raw, packed)| {
            hasher.update(&raw);
            out.write_all(&packed).map_err(writing)
        },
    )?;
    Ok((hasher.finalize().to_hex().to_string(), out))
}

/// Copies to the end; gives the BLAKE3 of what was read, in hex, and the writer.
fn copied<W: Write>(from: &mut impl Read, mut out: W) -> io::Result<(String, W)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hasher.update(&buffer[..n]);
                out.write_all(&buffer[..n])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    out.flush()?;
    Ok((hasher.finalize().to_hex().to_string(), out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, file) = (Deliveries::new(folder.path()), folder.path().join("list.csv"));
        let large = b"sku;name\nA;Uno\n".repeat(700_000);
        for (content, ending) in [
            (&large[..14], ".gz"),
            (b"", ".gz"),
            (&large, ".gz"),
            (b"\x1f\x8b packed", ""),
        ] {
            std::fs::write(&file, content).unwrap();
            let hash = blake3::hash(content).to_hex().to_string();
            assert!(!archive.keep(&"0".repeat(64), Some(&file)).unwrap(), "another content");
            assert!(!archive.keep(&hash, None).unwrap());
            assert!(archive.keep(&hash, Some(&file)).unwrap());
            assert!(archive.keep(&hash, None).unwrap(), "it is there");
            let (place, _) = archive.files().remove(0);
            assert!(
                place.ends_with(format!("deliveries/{}/{hash}{ending}", &hash[..2])),
                "{place:?}"
            );
            let back = folder.path().join("again/list.csv");
            assert!(archive.restore(&hash, &back).unwrap());
            assert_eq!(std::fs::read(back).unwrap(), content);
            let verify = || archive.verify(|path| path.display().to_string());
            assert_eq!(verify(), (1, Vec::new()));
            std::fs::write(&place, b"\x1f\x8b rubbish").unwrap();
            assert_eq!(verify().1.len(), 1);
            assert!(archive.restore(&hash, &folder.path().join("no")).is_err());
            // Half a file of another process stays, as long as it may be at it.
            let half = place.with_extension("part7");
            let half = std::fs::File::create(half).unwrap();
            let prune = |wanted: &[&String]| {
                let wanted = wanted.iter().map(|content| (*content).clone()).collect();
                archive.prune(|| Ok::<_, ()>(wanted)).unwrap();
            };
            prune(&[&hash]);
            assert_eq!(archive.files().len(), 2);
            half.set_modified(SystemTime::now() - 2 * ABANDONED).unwrap();
            prune(&[&hash]);
            assert_eq!(archive.files().len(), 1);
            prune(&[]);
            assert!(archive.files().is_empty() && !archive.restore(&hash, &file).unwrap());
        }
    }
}
