//! Where pictures lie: folders and zip archives of the workspace.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::archive::Archive;
use crate::workspace::failure::Failure;
use crate::workspace::settings::Settings;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use walkdir::WalkDir;

/// Files that are looked at, in all folders together.
const MOST: usize = 2_000_000;
/// Folders below folders.
const DEPTH: usize = 16;
/// Paths that a finding of many names.
const SAMPLES: usize = 5;
/// Signs of a pattern.
pub const WILD: [char; 3] = ['*', '?', '['];
/// Endings of pictures; what they are is decided by their content.
const ENDINGS: [&str; 14] = [
    "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "gif", "webp", "tif", "tiff", "bmp", "avif", "heic", "svg",
];

/// By what a file is recognised as unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub bytes: u64,
    /// Nanoseconds of its last change (of the archive's, for what lies in one).
    pub changed: i128,
}

/// A file that may be a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The archive it lies in, with the entry's name.
    pub inside: Option<(PathBuf, String)>,
    /// Where it lies on disk.
    pub path: PathBuf,
    pub stamp: Stamp,
}

/// What was found, by path relative to the workspace with `/`.
#[derive(Debug, Default)]
pub struct Sources {
    pub files: BTreeMap<String, Found>,
    pub findings: Vec<Diagnostic>,
}

/// A file's stamp; none where it is no ordinary file.
pub fn stamp(metadata: &Metadata) -> Option<Stamp> {
    if !metadata.is_file() {
        return None;
    }
    let changed = metadata.modified().ok()?;
    let changed = match changed.duration_since(UNIX_EPOCH) {
        Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
        Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
    };
    Some(Stamp {
        bytes: metadata.len(),
        changed,
    })
}

/// Looks through the folders. Links are not followed; what is in a folder that begins with a dot is passed over.
pub fn find(settings: &Settings, folders: &[String]) -> Result<Sources, Failure> {
    let globs = globs(folders)?;
    let mut sources = Sources::default();
    let mut passed = Passed::default();
    let mut starts: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let start = settings.root.join(literal(folder));
        if !folder.contains(WILD) && std::fs::metadata(&start).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            let finding = Diagnostic::warning("W-IMAGE-FOLDER", "there is no such folder");
            let help = "make it, or correct `folders` under [images]";
            sources
                .findings
                .push(finding.at(Place::file(folder.as_str())).with_help(help));
        } else if start.exists() {
            starts.push(start);
        }
    }
    starts.sort();
    starts.dedup();
    for start in starts {
        let walk = WalkDir::new(&start).max_depth(DEPTH).sort_by_file_name();
        let visible = walk.into_iter().filter_entry(|entry| {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            entry.depth() == 0 || !hidden
        });
        for entry in visible {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(&start);
                    passed.unreadable.insert(settings.shown(path));
                    continue;
                }
            };
            let shown = settings.shown(entry.path());
            let is_ours = || is_below(&globs, &shown);
            if entry.file_type().is_dir() && entry.depth() == DEPTH && is_ours() {
                passed.deep.insert(shown);
                continue;
            }
            if entry.file_type().is_symlink() && is_ours() && (is_told(&shown) || entry.path().is_dir()) {
                passed.links.insert(shown);
                continue;
            }
            if !entry.file_type().is_file() || !is_ours() {
                continue;
            }
            let Some(stamp) = entry.metadata().ok().and_then(|metadata| stamp(&metadata)) else {
                continue;
            };
            // What is kept of a picture between runs is text, its place too.
            if entry.path().to_str().is_none() {
                passed.unnamed.insert(shown);
                continue;
            }
            if ending(&shown) == "zip" {
                archive(entry.path(), &shown, stamp, &mut sources);
            } else if is_told(&shown) {
                let found = Found {
                    inside: None,
                    path: entry.path().to_owned(),
                    stamp,
                };
                sources.files.insert(shown, found);
            }
            if sources.files.len() > MOST {
                return Err(
                    Failure::usage(format!("more than {MOST} files lie in the folders of pictures"))
                        .with_help("name narrower folders in `folders` under [images]"),
                );
            }
        }
    }
    passed.tell(&mut sources.findings);
    Ok(sources)
}

/// What was passed over, by path.
#[derive(Default)]
struct Passed {
    unreadable: BTreeSet<String>,
    links: BTreeSet<String>,
    deep: BTreeSet<String>,
    unnamed: BTreeSet<String>,
}

impl Passed {
    fn tell(&self, findings: &mut Vec<Diagnostic>) {
        for (paths, what, help) in [
            (
                &self.unnamed,
                "have names that are no UTF-8, as old archives leave them",
                "rename them, the folders they lie in too",
            ),
            (&self.unreadable, "cannot be read", "check their rights"),
            (
                &self.links,
                "are links, which are not followed",
                "put the pictures themselves there, or name the folder they lie in",
            ),
            (
                &self.deep,
                "lie too deep: what is below them is not looked at",
                "name a deeper folder in `folders` under [images]",
            ),
        ] {
            if !paths.is_empty() {
                let names: Vec<&str> = paths.iter().take(SAMPLES).map(String::as_str).collect();
                let more = if paths.len() > SAMPLES { ", …" } else { "" };
                let message = format!("{} files or folders {what}", paths.len());
                let finding = Diagnostic::warning("W-IMAGE-FOLDER", message);
                findings.push(
                    finding
                        .with_value(&format!("{}{more}", names.join(", ")))
                        .with_help(help),
                );
            }
        }
    }
}

/// True for what is a picture or an archive of pictures by its name.
fn is_told(shown: &str) -> bool {
    let ending = ending(shown);
    ending == "zip" || ENDINGS.contains(&ending.as_str())
}

/// The part of a pattern before its first `*`.
fn literal(folder: &str) -> String {
    let parts: Vec<&str> = folder.split('/').take_while(|part| !part.contains(WILD)).collect();
    parts.join("/")
}

fn globs(folders: &[String]) -> Result<GlobSet, Failure> {
    let mut set = GlobSetBuilder::new();
    let bad = |folder: &str| Failure::usage(format!("`{folder}` is no pattern of a folder"));
    for folder in folders {
        let glob = GlobBuilder::new(folder.trim_end_matches('/'))
            .literal_separator(true)
            .build();
        set.add(glob.map_err(|_| bad(folder))?);
    }
    set.build().map_err(|_| bad(&folders.join(", ")))
}

/// True where the file, or a folder above it, is one of those asked for.
fn is_below(globs: &GlobSet, shown: &str) -> bool {
    let ends = shown.match_indices('/').map(|(at, _)| at).chain([shown.len()]);
    ends.map(|end| &shown[..end]).any(|path| globs.is_match(path))
}

fn ending(name: &str) -> String {
    name.rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase())
        .unwrap_or_default()
}

fn archive(path: &Path, shown: &str, stamp: Stamp, sources: &mut Sources) {
    let archive = match File::open(path).map(|file| Archive::of_pictures(file, &Arc::from(shown))) {
        Ok(Ok(archive)) => archive,
        Ok(Err(error)) => return sources.findings.push(error.diagnostic()),
        Err(error) => {
            let finding = Diagnostic::error("E-FOLDER", format!("cannot be read: {error}"));
            return sources.findings.push(finding.at(Place::file(shown)));
        }
    };
    for entry in &archive.entries {
        let hidden = entry
            .name
            .split('/')
            .any(|part| part.starts_with('.') || part == "__MACOSX");
        if hidden || !ENDINGS.contains(&ending(&entry.name).as_str()) {
            continue;
        }
        let found = Found {
            inside: Some((path.to_owned(), entry.name.clone())),
            path: path.to_owned(),
            stamp: Stamp {
                bytes: entry.size,
                ..stamp
            },
        };
        sources.files.insert(format!("{shown}/{}", entry.name), found);
    }
}

/// A file below a folder, by a path that somebody said. Nothing outside is ever found, whatever links say.
pub fn said(folder: &Path, path: &str) -> Option<(PathBuf, Stamp)> {
    let found = folder.join(path);
    let stamp = stamp(&std::fs::symlink_metadata(&found).ok()?)?;
    let inside = found.canonicalize().ok()?.starts_with(folder.canonicalize().ok()?);
    inside.then_some((found, stamp))
}
