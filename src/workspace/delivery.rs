//! The files of a delivery: those that the settings name or have fetched, those that a person names, or those that were kept of an earlier one.
//!
//! What is read of them is left to `reading`; where the kept ones lie, to `deliveries`.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::gather::{Gathered, gather, named};
use crate::feed::settings::FileSettings;
use crate::product::batch::{DeliveredFile, Fetched};
use crate::workspace::Workspace;
use crate::workspace::deliveries::{Deliveries, Stamp};
use crate::workspace::download::{self, Answer, Downloader};
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::layout::last_layouts;
use crate::workspace::passing::Passing;
use crate::workspace::settings::Settings;
use crate::workspace::supplier_settings::Supplier;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Bytes hashed at a time.
const BUFFER: usize = 1 << 20;

/// Which delivery of a supplier is meant.
#[derive(Debug, Clone, Default)]
pub enum Which {
    /// What its settings name, as it lies there now.
    #[default]
    Newest,
    /// Files and folders that a person names instead; one at least.
    Files(Vec<PathBuf>),
    /// What a batch brought, or the last one that was more than rejected rows that came back.
    Again(Option<i64>),
}

impl Which {
    /// The files named on a command line, or what the settings name where none is.
    pub fn of(files: &[PathBuf]) -> Which {
        match files {
            [] => Which::Newest,
            files => Which::Files(files.to_vec()),
        }
    }
}

/// A file of the delivery and its name for messages.
#[derive(Debug)]
pub struct DeliveryFile {
    pub path: PathBuf,
    pub shown: Arc<str>,
    /// Rejected rows that come back.
    pub is_reject: bool,
    /// What its server said of it, where it was fetched.
    pub fetched: Option<Fetched>,
    /// Of a file that records are only looked up in: the name of the joined table.
    pub table: Option<String>,
}

impl DeliveryFile {
    /// A table as it is noted with its batch.
    pub fn looked_up(&self, content: Option<String>) -> DeliveredFile {
        DeliveredFile {
            path: self.shown.to_string(),
            bytes: std::fs::metadata(&self.path).map_or(0, |there| there.len()),
            blake3: content,
            table: self.table.clone(),
            ..DeliveredFile::default()
        }
    }
}

/// The files of a delivery.
#[derive(Debug, Default)]
pub struct DeliveryFiles {
    /// Those that are read for items, then the tables that these are joined with.
    pub files: Vec<DeliveryFile>,
    /// What is to be said of those that were left out.
    pub findings: Vec<Diagnostic>,
    /// Files that are there for this reading alone.
    passing: Option<Passing>,
}

impl DeliveryFiles {
    fn new(settings: &Settings, gathered: Gathered) -> DeliveryFiles {
        let rejects = settings.store.join("rejects").canonicalize().ok();
        let inside = |path: &Path| Some(path.canonicalize().ok()?.starts_with(rejects.as_ref()?));
        let file = |path: PathBuf| DeliveryFile {
            shown: Arc::from(settings.shown(&path)),
            is_reject: inside(&path).unwrap_or(false),
            fetched: None,
            table: None,
            path,
        };
        let left_out = gathered.left_out.into_iter();
        DeliveryFiles {
            files: gathered.files.into_iter().map(file).collect(),
            findings: left_out
                .map(|(path, finding)| finding.at(Place::file(settings.shown(&path))))
                .collect(),
            ..DeliveryFiles::default()
        }
    }

    /// True where all of it is rejected rows that come back corrected: a part of a delivery, so that what they do not name is not
    /// missing.
    pub fn is_part(&self) -> bool {
        !self.own().is_empty() && self.own().iter().all(|file| file.is_reject)
    }

    /// The files that are read for items.
    pub fn own(&self) -> &[DeliveryFile] {
        let tables = self.files.iter().position(|file| file.table.is_some());
        self.files.split_at(tables.unwrap_or(self.files.len())).0
    }

    /// How the files are read: tables of an earlier delivery as they were kept with it.
    pub fn settings<'s>(&self, supplier: &'s Supplier) -> Cow<'s, FileSettings> {
        let mut kept: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for file in &self.files {
            // They are looked for from the supplier's folder.
            let path = std::path::absolute(&file.path).ok().filter(|_| self.passing.is_some());
            if let (Some(table), Some(path)) = (&file.table, path.as_ref().and_then(|path| path.to_str())) {
                kept.entry(table).or_default().push(path.to_owned());
            }
        }
        if kept.is_empty() {
            return Cow::Borrowed(&supplier.file);
        }
        let mut file = supplier.file.clone();
        for (name, join) in &mut file.joined {
            if let Some(paths) = kept.remove(name.as_str()).filter(|_| !join.path.is_empty()) {
                join.path = paths;
            }
        }
        Cow::Owned(file)
    }

    /// With the files of the tables that the supplier's settings join. What is not there is told by the reading.
    fn with_tables(mut self, settings: &Settings, supplier: &Supplier) -> DeliveryFiles {
        for (name, join) in &supplier.file.joined {
            let folder = &supplier.file.folder;
            let gathered = match join.path.is_empty() {
                true => Gathered::default(),
                false => gather(folder, &join.file(folder.clone())).unwrap_or_default(),
            };
            self.files.extend(gathered.files.into_iter().map(|path| DeliveryFile {
                shown: Arc::from(settings.shown(&path)),
                is_reject: false,
                fetched: None,
                table: Some(name.clone()),
                path,
            }));
        }
        self
    }

    /// Where the files lie, in their order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }
}

/// The files that a supplier's settings name, as they are now. `plan` is the name of what they are for.
pub fn newest(workspace: &Workspace, supplier: &Supplier, plan: &str) -> Result<DeliveryFiles, Failure> {
    if !supplier.file.url.is_empty() {
        return fetched(workspace, supplier, plan);
    }
    let gathered = gather(&supplier.folder, &supplier.file);
    let gathered = gathered.map_err(|error| no_delivery(supplier, error.diagnostic()))?;
    Ok(DeliveryFiles::new(&workspace.settings, gathered))
}

fn no_delivery(supplier: &Supplier, why: Diagnostic) -> Failure {
    let message = format!("supplier {}: no delivery", supplier.id);
    Failure::invalid(message, vec![why])
}

/// The files behind the addresses of a supplier. What a server says it has not changed since the last batch is taken out of the
/// archive, so that another mapping and what was held are seen as ever.
fn fetched(workspace: &Workspace, supplier: &Supplier, plan: &str) -> Result<DeliveryFiles, Failure> {
    let settings = &workspace.settings;
    let archive = Deliveries::new(&settings.store);
    let last = match workspace.reader_if_any()? {
        Some(reader) => last_layouts(&reader, supplier)?,
        None => Vec::new(),
    };
    let known = |address: &str| {
        let address = download::fingerprint(address);
        let of_address = last.iter().find_map(|file| {
            let fetched = file.fetched.as_ref().filter(|fetched| fetched.address == address)?;
            Some((fetched, file.blake3.as_ref()?))
        });
        of_address.filter(|(_, content)| archive.has(content))
    };
    let downloader = Downloader::new(&settings.deliveries, &supplier.file);
    let downloader = downloader.map_err(|why| no_delivery(supplier, why))?;
    let passing = Passing::make(&settings.store, "downloads", &format!("{plan}-{}", supplier.id))?;
    let folder = passing.folder.clone();
    let mut delivery = DeliveryFiles {
        passing: Some(passing),
        ..DeliveryFiles::default()
    };
    for (n, address) in supplier.file.url.iter().enumerate() {
        let path = folder.join(n.to_string()).join(download::file_name(address));
        let shown = download::shown(address);
        let fetch = |known: Option<&Fetched>| {
            let answer = downloader.fetch(address, known, &path);
            answer.map_err(|why| no_delivery(supplier, why))
        };
        let known = known(address);
        let said = match (fetch(known.map(|(fetched, _)| fetched))?, known) {
            (Answer::New(said), _) => said,
            (Answer::Same, Some((said, content))) if archive.restore(content, &path).is_ok_and(|restored| restored) => {
                let message = "nothing new is delivered: the server still has what was applied last";
                let finding = Diagnostic::info("I-FETCH-SAME", message).with_help("nothing to do");
                delivery.findings.push(finding.at(Place::file(shown.as_str())));
                said.clone()
            }
            // What stands for the answer cannot be had: it is asked for whole.
            (Answer::Same, known) => {
                let answer = fetch(None)?;
                let message = "the kept delivery is damaged, so the file was fetched again";
                let finding = Diagnostic::warning("W-DELIVERY-DAMAGED", message)
                    .with_help("`estante verify` tells whether more is damaged: look after the disk");
                delivery.findings.push(finding.at(Place::file(shown.as_str())));
                if let Some((_, content)) = known {
                    archive.replace(content, &path)?;
                }
                match answer {
                    Answer::New(said) => said,
                    Answer::Same => Fetched::default(),
                }
            }
        };
        delivery.files.push(DeliveryFile {
            path,
            shown: Arc::from(shown),
            is_reject: false,
            fetched: Some(said),
            table: None,
        });
    }
    Ok(delivery)
}

/// The files that are meant. `plan` is the name of the plan they are for.
pub fn find(workspace: &Workspace, supplier: &Supplier, which: &Which, plan: &str) -> Result<DeliveryFiles, Failure> {
    let settings = &workspace.settings;
    match which {
        Which::Newest => Ok(newest(workspace, supplier, plan)?.with_tables(settings, supplier)),
        Which::Files(paths) => {
            let gathered = named(paths).map_err(|error| no_delivery(supplier, error.diagnostic()))?;
            Ok(DeliveryFiles::new(settings, gathered).with_tables(settings, supplier))
        }
        Which::Again(batch) => again(workspace, supplier, *batch, plan),
    }
}

/// The files of an earlier delivery, out of the archive.
fn again(workspace: &Workspace, supplier: &Supplier, batch: Option<i64>, plan: &str) -> Result<DeliveryFiles, Failure> {
    let settings = &workspace.settings;
    let found = match workspace.reader_if_any()? {
        Some(reader) => reader.delivery(&supplier.source, batch)?,
        None => None,
    };
    let Some((batch, delivered)) = found else {
        let what = match batch {
            Some(batch) => format!("batch {batch} is no delivery of {}", supplier.id),
            None => format!("nothing was imported of {} yet", supplier.id),
        };
        return Err(Failure::usage(what).with_help("`estante batches` lists what was"));
    };
    let archive = Deliveries::new(&settings.store);
    let rejects = settings.store.join("rejects");
    let passing = Passing::make(&settings.store, "again", &format!("{plan}-{}", supplier.id))?;
    let folder = passing.folder.clone();
    let mut delivery = DeliveryFiles {
        passing: Some(passing),
        ..DeliveryFiles::default()
    };
    for (n, file) in delivered.iter().enumerate() {
        let name = match &file.fetched {
            // The end of an address need not be the name of a file.
            Some(_) => download::file_name(&file.path).into(),
            None => Path::new(&file.path)
                .file_name()
                .unwrap_or("delivery".as_ref())
                .to_owned(),
        };
        // In the order of their names, as they came.
        let path = folder.join(format!("{n:06}")).join(name);
        let restored = match &file.blake3 {
            Some(content) => archive.restore(content, &path)?,
            None => false,
        };
        if !restored {
            let message = format!("{} of batch {batch} is not kept", file.path);
            let help = "`keep` under [deliveries] of estante.toml says for how many batches deliveries are kept";
            return Err(Failure::usage(message).with_help(help));
        }
        delivery.files.push(DeliveryFile {
            path,
            shown: Arc::from(&*file.path),
            is_reject: settings.root.join(&file.path).starts_with(&rejects),
            fetched: file.fetched.clone(),
            table: file.table.clone(),
        });
    }
    Ok(delivery)
}

/// What the files are before anything is read of them.
pub fn stamps(files: &[DeliveryFile]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| Stamp::of(&file.path)).collect()
}

/// What is kept is known by its content, which takes a moment beside the reading: a thread that works it out. Dropped, it stops, as
/// what is refused need not be hashed to its end.
pub struct Contents {
    thread: Option<JoinHandle<Vec<Option<String>>>>,
    stop: Arc<AtomicBool>,
}

impl Contents {
    /// Begins.
    pub fn begin(files: &[DeliveryFile], stamps: &[Option<Stamp>]) -> Result<Contents, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
        let (stamps, stopped) = (stamps.to_vec(), stop.clone());
        let thread = std::thread::Builder::new().spawn(move || contents(&paths, &stamps, &stopped));
        let failed = |error| Failure::new(FailureKind::Broken, format!("failed to begin a thread: {error}"));
        let thread = thread.map_err(failed)?;
        Ok(Contents {
            thread: Some(thread),
            stop,
        })
    }

    /// The contents of the files, in their order.
    pub fn finish(mut self) -> Result<Vec<Option<String>>, Failure> {
        let broken = |_| Failure::new(FailureKind::Broken, "failed to work out what is kept of the delivery");
        match self.thread.take() {
            Some(thread) => thread.join().map_err(broken),
            None => Ok(Vec::new()),
        }
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The contents of the files, as BLAKE3 in hex; none of those that have no stamp or cannot be read, and of no more once it is
/// said to `stop`.
fn contents(paths: &[PathBuf], stamps: &[Option<Stamp>], stop: &AtomicBool) -> Vec<Option<String>> {
    let content = |(path, stamp): (&PathBuf, &Option<Stamp>)| {
        stamp.as_ref()?;
        let mut from = File::open(path).ok()?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; BUFFER];
        while !stop.load(Ordering::Relaxed) {
            match from.read(&mut buffer) {
                Ok(0) => return Some(hasher.finalize().to_hex().to_string()),
                Ok(n) => _ = hasher.update(buffer.get(..n)?),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        None
    };
    paths.iter().zip(stamps).map(content).collect()
}

/// Contents of the files that are still what they were, and a finding for each one that was written meanwhile.
pub fn unchanged(
    files: &[DeliveryFile],
    stamps: &[Option<Stamp>],
    contents: Vec<Option<String>>,
) -> (Vec<Option<String>>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let still = |((file, stamp), content): ((&DeliveryFile, &Option<Stamp>), Option<String>)| {
        let content = content?;
        if stamp.is_some() && Stamp::of(&file.path) == *stamp {
            return Some(content);
        }
        findings.push(changed(&file.shown));
        None
    };
    let still = files.iter().zip(stamps).zip(contents).map(still).collect();
    (still, findings)
}

/// A file changed between its reading and its keeping.
pub fn changed(shown: &str) -> Diagnostic {
    let message = "the file is no longer what was read of it, so it is not kept";
    Diagnostic::warning("W-DELIVERY-CHANGED", message)
        .at(Place::file(shown))
        .with_help("import it again once it is whole; have it delivered under another name and then renamed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_those_of_files_that_stay_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let file = |path: PathBuf| DeliveryFile {
            shown: Arc::from("list.csv"),
            is_reject: false,
            fetched: None,
            table: None,
            path,
        };
        let files = [file(path.clone()), file(folder.path().to_owned())];
        std::fs::write(&path, "sku\nA\n").unwrap();
        let seen = stamps(&files);
        let check = || {
            let found = Contents::begin(&files, &seen).unwrap().finish().unwrap();
            let (still, findings) = unchanged(&files, &seen, found);
            assert_eq!(still.get(1), Some(&None), "a folder has no content");
            let codes: Vec<_> = findings.into_iter().map(|finding| finding.code).collect();
            (still.into_iter().next().flatten(), codes.join(" "))
        };
        let content = blake3::hash(b"sku\nA\n").to_hex().to_string();
        assert_eq!(check(), (Some(content), String::new()));
        // Written after it was looked at, and before it is hashed.
        std::fs::write(&path, "sku\nA\nB\n").unwrap();
        assert_eq!(check(), (None, "W-DELIVERY-CHANGED".to_owned()));
        // What is refused is not read to its end.
        let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
        let stopped = AtomicBool::new(true);
        assert_eq!(contents(&paths, &stamps(&files), &stopped), [None, None]);
    }
}
