//! The files of a delivery: those that the settings name or have fetched, those that a person names, or those that were kept of an earlier one.
//!
//! What is read of them is left to `reading`; where the kept ones lie, to `deliveries`.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::gather::{Gathered, gather, named};
use crate::product::batch::Fetched;
use crate::workspace::Workspace;
use crate::workspace::deliveries::{Deliveries, Stamp};
use crate::workspace::download::{self, Answer, Downloader};
use crate::workspace::failure::Failure;
use crate::workspace::layout::last_layouts;
use crate::workspace::passing::Passing;
use crate::workspace::settings::{Settings, Supplier};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
}

/// The files of a delivery.
#[derive(Debug, Default)]
pub struct DeliveryFiles {
    pub files: Vec<DeliveryFile>,
    /// What is to be said of those that were left out.
    pub findings: Vec<Diagnostic>,
    /// Files that are there for this reading alone.
    _passing: Option<Passing>,
}

impl DeliveryFiles {
    fn new(settings: &Settings, gathered: Gathered) -> DeliveryFiles {
        let rejects = settings.store.join("rejects").canonicalize().ok();
        let inside = |path: &Path| Some(path.canonicalize().ok()?.starts_with(rejects.as_ref()?));
        let file = |path: PathBuf| DeliveryFile {
            shown: Arc::from(settings.shown(&path)),
            is_reject: inside(&path).unwrap_or(false),
            fetched: None,
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
        !self.files.is_empty() && self.files.iter().all(|file| file.is_reject)
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
        _passing: Some(passing),
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
        });
    }
    Ok(delivery)
}

/// The files that are meant. `plan` is the name of the plan they are for.
pub fn find(workspace: &Workspace, supplier: &Supplier, which: &Which, plan: &str) -> Result<DeliveryFiles, Failure> {
    let settings = &workspace.settings;
    match which {
        Which::Newest => newest(workspace, supplier, plan),
        Which::Files(paths) => {
            let gathered = named(paths).map_err(|error| no_delivery(supplier, error.diagnostic()))?;
            Ok(DeliveryFiles::new(settings, gathered))
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
        _passing: Some(passing),
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
        let path = folder.join(n.to_string()).join(name);
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
        });
    }
    Ok(delivery)
}

/// What the files are before anything is read of them.
pub fn stamps(files: &[DeliveryFile]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| Stamp::of(&file.path)).collect()
}

/// The contents of the files, as BLAKE3 in hex; none of those that have no stamp or cannot be read, and of no more once it is
/// said to `stop`.
pub fn contents(files: &[DeliveryFile], stamps: &[Option<Stamp>], stop: &AtomicBool) -> Vec<Option<String>> {
    let content = |(file, stamp): (&DeliveryFile, &Option<Stamp>)| {
        stamp.as_ref()?;
        let mut from = File::open(&file.path).ok()?;
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
    files.iter().zip(stamps).map(content).collect()
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
            path,
        };
        let files = [file(path.clone()), file(folder.path().to_owned())];
        std::fs::write(&path, "sku\nA\n").unwrap();
        let seen = stamps(&files);
        let go_on = AtomicBool::new(false);
        let check = || {
            let found = contents(&files, &seen, &go_on);
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
        go_on.store(true, Ordering::Relaxed);
        assert_eq!(contents(&files, &stamps(&files), &go_on), [None, None]);
    }
}
