//! Every file of the shared folders of edge cases and of files made to break a reader, through the whole program as a person
//! would send it: `supplier add`, then a plan. Each ends in time and memory, by itself, and a refusal says what and what to do.
//!
//! What becomes of a single file is told by `hostile`, `hostile_feed` and `real_feeds`.

use crate::corner::{bare_shop, tally};
use crate::hostile::{MEMORY, Spent, TIME, watch};
use crate::support::{Answer, Shop, shared};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Folders of the shared data that hold feeds.
const FEEDS: [&str; 4] = ["csv-edge", "xlsx", "bmecat", "ch-oddb2xml"];
/// Folders below `hostile` that hold pictures only: they are the concern of `images`.
const PICTURES: [&str; 9] = [
    "generated/img",
    "image-gif-crash",
    "image-png-bugfixes",
    "image-rs-bad",
    "image-tiff-fuzz",
    "image-webp-regression",
    "jpeg-decoder-crash",
    "pillow-images",
    "pngsuite",
];
/// Programs that run at a time.
const THREADS: usize = 3;

/// The files to be sent, in the order of their paths.
fn files(data: &Path) -> Vec<PathBuf> {
    let hostile = data.join("hostile");
    let pictures: Vec<PathBuf> = PICTURES.iter().map(|folder| hostile.join(folder)).collect();
    let mut folders: Vec<PathBuf> = FEEDS.iter().map(|folder| data.join(folder)).collect();
    folders.push(hostile);
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(folder).into_iter().flatten())
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| !pictures.iter().any(|folder| path.starts_with(folder)))
        .collect();
    files.sort();
    files
}

/// What became of the files so far.
#[derive(Default)]
struct Seen {
    taken: usize,
    refused: usize,
    planned: usize,
    rows: u64,
    slowest: Option<(Duration, String)>,
    largest: Option<(u64, String)>,
    faults: Vec<String>,
}

impl Seen {
    fn spent(&mut self, spent: Spent, what: &str) {
        if self.slowest.as_ref().is_none_or(|(time, _)| *time < spent.time) {
            self.slowest = Some((spent.time, what.to_owned()));
        }
        if self.largest.as_ref().is_none_or(|(memory, _)| *memory < spent.memory) {
            self.largest = Some((spent.memory, what.to_owned()));
        }
    }
}

/// Why an answer is none that a person should get, or nothing.
fn wrong(answer: &Answer, codes: &[i32]) -> Option<String> {
    let told = || answer.err.chars().take(600).collect::<String>();
    if answer.err.contains("panicked") {
        return Some(format!("panics: {}", told()));
    }
    let Some(code) = answer.code.filter(|code| codes.contains(code)) else {
        return Some(format!("ended with {:?}: {}", answer.code, told()));
    };
    let Ok(document) = serde_json::from_str::<Value>(&answer.out) else {
        return Some(format!("printed no JSON document: {}", told()));
    };
    if code != 3 {
        return None;
    }
    let findings = document["diagnostics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let is_said = |finding: &Value, key: &str| finding[key].as_str().is_some_and(|text| !text.trim().is_empty());
    let silent = findings
        .iter()
        .find(|finding| !["code", "message", "help"].iter().all(|key| is_said(finding, key)));
    match (findings, silent) {
        ([], _) => Some(format!("is refused without a finding: {}", told())),
        (_, Some(silent)) => Some(format!("is refused without a code or help: {silent}")),
        (_, None) => None,
    }
}

/// Sends one file; says what came of it, or what is wrong.
fn send(path: &Path, shown: &str, seen: &Mutex<Seen>) -> Result<(), String> {
    let shop: Shop = bare_shop();
    let file = path.to_str().ok_or("its name is no text")?;
    let note = |spent: Spent, what: &str| {
        let mut seen = seen.lock().expect("no other thread fails");
        seen.spent(spent, &format!("{what} {shown}"));
    };
    let (answer, spent) =
        watch(&shop, &["supplier", "add", file, "--json"]).map_err(|e| format!("supplier add: {e}"))?;
    note(spent, "supplier add");
    if let Some(fault) = wrong(&answer, &[0, 3]) {
        return Err(format!("supplier add {fault}"));
    }
    if answer.code == Some(3) {
        let written = shop.files("suppliers");
        seen.lock().expect("no other thread fails").refused += 1;
        return match written.is_empty() {
            true => Ok(()),
            false => Err("supplier add refuses it and leaves files".to_owned()),
        };
    }
    seen.lock().expect("no other thread fails").taken += 1;
    let supplier = answer.json()["supplier"]
        .as_str()
        .ok_or("no supplier is named")?
        .to_owned();
    let (answer, spent) = watch(&shop, &["import", &supplier, "--json"]).map_err(|e| format!("import: {e}"))?;
    note(spent, "import");
    if let Some(fault) = wrong(&answer, &[0, 3, 4]) {
        return Err(format!("import {fault}"));
    }
    if answer.code != Some(3) {
        let document = answer.json();
        // Insists that every row read came to something.
        tally(&document);
        let mut seen = seen.lock().expect("no other thread fails");
        seen.planned += 1;
        seen.rows += document["read"].as_u64().unwrap_or(0);
    }
    Ok(())
}

#[test]
fn every_file_is_read_or_refused_with_the_reason() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data");
    let files = files(&data);
    assert!(files.len() > 1000, "only {} files were found", files.len());
    let begun = Instant::now();
    let (seen, next) = (Mutex::new(Seen::default()), AtomicUsize::new(0));
    let name = |path: &Path| path.strip_prefix(&data).unwrap_or(path).display().to_string();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let shown = name(path);
                    if let Err(fault) = send(path, &shown, &seen) {
                        let mut seen = seen.lock().expect("no other thread fails");
                        seen.faults.push(format!("{shown}: {fault}"));
                    }
                }
            });
        }
    });
    let seen = seen.into_inner().expect("no other thread fails");
    println!(
        "{} files in {:.0?}: {} refused, {} taken, {} of them planned with {} rows; limits {TIME:?} and {MEMORY} kB; \
         most computing {:?}, largest {:?} kB",
        files.len(),
        begun.elapsed(),
        seen.refused,
        seen.taken,
        seen.planned,
        seen.rows,
        seen.slowest,
        seen.largest.as_ref()
    );
    assert!(
        seen.faults.is_empty(),
        "{} files go wrong:\n{}",
        seen.faults.len(),
        seen.faults.join("\n")
    );
    assert!(seen.taken > 100 && seen.refused > 100, "hardly anything was tried");
    // Where the system tells what programs take, it was looked at: a limit that nothing is held against holds always.
    let tells = Path::new("/proc/self/exe").exists();
    let most = seen.largest.map_or(0, |(memory, _)| memory);
    assert!(!tells || most > 1_000, "programs took {most} kB at most");
}
