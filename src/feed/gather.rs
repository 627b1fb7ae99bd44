//! Which files make a delivery: names, patterns and folders, found and put in order.
//!
//! What a file of the delivery holds is left to `decode`; here only its name and its first bytes are looked at, and only of what
//! lies in a folder, where nobody named it.

use crate::diagnostic::Diagnostic;
use crate::feed::decode;
use crate::feed::failure::FeedError;
use crate::feed::file_name;
use crate::feed::settings::FileSettings;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// Folders below a folder that are looked into.
const DEPTH: usize = 16;
/// Feeds that one folder may bring.
const FEEDS: usize = 1_000;
/// Files and folders that are looked at in one folder.
const ENTRIES: usize = 100_000;
/// Why a folder is not looked into.
const TOO_DEEP: &str = "a folder that lies too deep, and is not looked into";

/// The files of a delivery.
#[derive(Debug, Default)]
pub struct Gathered {
    pub files: Vec<PathBuf>,
    /// What lies in the folders and is no feed.
    pub left_out: Vec<(PathBuf, Diagnostic)>,
}

impl Gathered {
    /// In the order of their names, each once.
    fn in_order(mut self) -> Gathered {
        self.files.sort();
        self.files.dedup();
        self.left_out.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.left_out.dedup_by(|(a, _), (b, _)| a == b);
        self
    }

    fn leave_out(&mut self, path: &Path, why: &str) {
        let message = format!("left out: it is {why}");
        let help = "nothing to do; name the files or a pattern under [file] where it should be read";
        let finding = Diagnostic::info("I-FILE-LEFT-OUT", message).with_help(help);
        self.left_out.push((path.to_owned(), finding));
    }

    /// Takes what lies in a folder and may be a feed, sixteen folders deep. Links are not followed.
    fn add_folder(&mut self, folder: &Path) -> Result<(), FeedError> {
        let most = self.files.len() + FEEDS;
        let found = walkdir::WalkDir::new(folder)
            .min_depth(1)
            .max_depth(DEPTH)
            .follow_links(false)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| !is_own(&entry.file_name().to_string_lossy()));
        for (n, entry) in found.enumerate() {
            if n >= ENTRIES {
                return Err(too_many(folder));
            }
            let entry = entry.map_err(|error| unreadable(folder, &error))?;
            if entry.file_type().is_dir() {
                if entry.depth() == DEPTH {
                    self.leave_out(entry.path(), TOO_DEEP);
                }
                continue;
            }
            let path = entry.path();
            match is_no_feed(&entry) {
                Some(why) => self.leave_out(path, why),
                None if self.files.len() >= most => return Err(too_many(folder)),
                None => self.files.push(path.to_owned()),
            }
        }
        Ok(())
    }
}

fn too_many(folder: &Path) -> FeedError {
    FeedError::Folder {
        folder: folder.display().to_string(),
        reason: format!("more than {FEEDS} feeds or {ENTRIES} files lie in it"),
    }
}

fn unreadable(folder: &Path, error: &walkdir::Error) -> FeedError {
    FeedError::Folder {
        folder: folder.display().to_string(),
        reason: error.to_string(),
    }
}

/// Why an entry of a folder is left out, where it is.
fn is_no_feed(entry: &walkdir::DirEntry) -> Option<&'static str> {
    if entry.path_is_symlink() {
        return Some("a link");
    }
    if !entry.file_type().is_file() {
        return Some("no plain file");
    }
    match decode::no_feed(entry.path()) {
        Some(what) => Some(what),
        None => file_name::no_feed(&entry.file_name().to_string_lossy()),
    }
}

/// The supplier's own settings and hidden files are no deliveries.
fn is_own(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "supplier.toml" | "__MACOSX" | "Thumbs.db")
}

/// The files of a delivery in the order of their names: each name, folder or pattern of `[file] path`, relative to `folder`, must
/// match one at least.
pub fn gather(folder: &Path, settings: &FileSettings) -> Result<Gathered, FeedError> {
    let mut gathered = Gathered::default();
    let none = |pattern: &str| FeedError::NoFile {
        pattern: pattern.to_owned(),
        folder: folder.display().to_string(),
    };
    for pattern in &settings.path {
        let before = gathered.files.len();
        let literal = folder.join(pattern);
        if literal.is_file() {
            gathered.files.push(literal);
        } else if literal.is_dir() {
            gathered.add_folder(&literal)?;
        } else if pattern.contains(['*', '?', '[', '{']) {
            gather_pattern(folder, pattern, &mut gathered)?;
        }
        if gathered.files.len() == before {
            return Err(none(pattern));
        }
    }
    match gathered.files.is_empty() {
        true => Err(none("")),
        false => Ok(gathered.in_order()),
    }
}

/// The files that a person names, and those in the folders among them. A name that is nothing stays, for its reader to say so.
pub fn named(paths: &[PathBuf]) -> Result<Gathered, FeedError> {
    let mut gathered = Gathered::default();
    for path in paths {
        if !path.is_dir() {
            gathered.files.push(path.clone());
            continue;
        }
        let mut inside = Gathered::default();
        inside.add_folder(path)?;
        if inside.files.is_empty() {
            return Err(FeedError::Folder {
                folder: path.display().to_string(),
                reason: "no feed lies in it".to_owned(),
            });
        }
        let inside = inside.in_order();
        gathered.files.extend(inside.files);
        gathered.left_out.extend(inside.left_out);
    }
    Ok(gathered)
}

fn gather_pattern(folder: &Path, pattern: &str, gathered: &mut Gathered) -> Result<(), FeedError> {
    // The folders named before the first pattern character are walked to, so that `../drop/*.csv` works.
    let mut start = folder.to_path_buf();
    let mut rest = Vec::new();
    for part in Path::new(pattern).components() {
        let text = part.as_os_str().to_string_lossy().into_owned();
        if rest.is_empty()
            && (matches!(part, Component::RootDir | Component::Prefix(_)) || !text.contains(['*', '?', '[', '{']))
        {
            start.push(part);
        } else {
            rest.push(text);
        }
    }
    let rest = rest.join("/");
    let glob = globset::GlobBuilder::new(&rest).literal_separator(true).build();
    let glob = glob.map_err(|error| FeedError::Pattern {
        pattern: pattern.to_string(),
        reason: error.kind().to_string(),
    })?;
    let matcher = glob.compile_matcher();
    let is_deep = rest.contains("**");
    let depth = if is_deep { DEPTH } else { rest.split('/').count() };
    let found = walkdir::WalkDir::new(&start).min_depth(1).max_depth(depth);
    for (n, entry) in found.into_iter().enumerate() {
        if n >= ENTRIES {
            return Err(too_many(&start));
        }
        let entry = match entry {
            Ok(entry) => entry,
            // A folder that is not there, or not any more, has nothing that matches.
            Err(error) if error.io_error().is_some_and(|io| io.kind() == ErrorKind::NotFound) => continue,
            Err(error) => return Err(unreadable(&start, &error)),
        };
        if is_deep && entry.depth() == DEPTH && entry.file_type().is_dir() {
            gathered.leave_out(entry.path(), TOO_DEEP);
        }
        let name = entry.file_name().to_string_lossy();
        let inside = entry.path().strip_prefix(&start).unwrap_or(entry.path());
        if !is_own(&name) && matcher.is_match(inside) && entry.path().is_file() {
            gathered.files.push(entry.into_path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_its_files_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let supplier = folder.path().join("supplier");
        std::fs::create_dir_all(supplier.join("old")).unwrap();
        for name in [
            "supplier.toml",
            "b-2.csv",
            "b-10.csv",
            "a[1].csv",
            ".b-3.csv",
            "old/b-1.csv",
        ] {
            std::fs::write(supplier.join(name), "x").unwrap();
        }
        std::fs::write(folder.path().join("drop.csv"), "x").unwrap();
        let gathered = |patterns: &[&str]| {
            let settings = FileSettings {
                path: patterns.iter().map(|p| p.to_string()).collect(),
                ..FileSettings::default()
            };
            let files =
                gather(&supplier, &settings).map_err(|error| format!("{}: {}", error.code(), error.message()))?;
            let name = |file: &PathBuf| file.strip_prefix(&supplier).unwrap().display().to_string();
            Ok(files.files.iter().map(name).collect::<Vec<_>>().join(" "))
        };
        let found = |text: &str| Ok::<String, String>(text.to_string());
        assert_eq!(gathered(&["b-*.csv"]), found("b-10.csv b-2.csv"));
        assert_eq!(
            gathered(&["b-2.csv", "b-*.csv", "a[1].csv"]),
            found("a[1].csv b-10.csv b-2.csv")
        );
        assert_eq!(gathered(&["**/*.csv"]), found("a[1].csv b-10.csv b-2.csv old/b-1.csv"));
        assert_eq!(gathered(&["*"]), found("a[1].csv b-10.csv b-2.csv"));
        assert_eq!(gathered(&["../drop.csv"]), found("../drop.csv"));
        assert_eq!(gathered(&["../d*.csv"]), found("../drop.csv"));
        let error = gathered(&["b-*.csv", "c-*.csv"]).unwrap_err();
        assert!(error.starts_with("E-FILE-NONE: no file matches \"c-*.csv\""), "{error}");
    }

    #[test]
    fn a_folder_brings_its_feeds_and_says_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let drop = folder.path().join("drop");
        std::fs::create_dir_all(drop.join("b/.hidden")).unwrap();
        for (name, content) in [
            ("b/2.csv", "sku\nA\n"),
            ("b/10.csv", "sku\nA\n"),
            ("a.csv.gz", "\u{1f}x"),
            (".c.csv", "x"),
            ("b/.hidden/d.csv", "x"),
            ("supplier.toml", "x"),
            ("photo.csv", "%PDF-1.4"),
            ("terms.docx", "PK\u{3}\u{4}"),
            ("note.md", "hello"),
        ] {
            std::fs::write(drop.join(name), content).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(drop.join("b"), drop.join("again")).unwrap();
        let show = |path: &Path| path.strip_prefix(&drop).unwrap().display().to_string();
        let check = |found: Gathered| {
            let files: Vec<String> = found.files.iter().map(|path| show(path)).collect();
            assert_eq!(files, ["a.csv.gz", "b/10.csv", "b/2.csv"]);
            let out = found.left_out.iter().filter(|(path, _)| !path.ends_with("again"));
            let out: Vec<String> = out
                .map(|(path, why)| format!("{}: {}", show(path), why.message))
                .collect();
            assert_eq!(
                out,
                [
                    "note.md: left out: it is a document or a picture by its name",
                    "photo.csv: left out: it is a PDF document",
                    "terms.docx: left out: it is a document or a picture by its name"
                ]
            );
            #[cfg(unix)]
            assert!(
                found
                    .left_out
                    .iter()
                    .any(|(path, why)| path.ends_with("again") && why.message.ends_with("a link"))
            );
        };
        check(named(std::slice::from_ref(&drop)).unwrap());
        let settings = FileSettings {
            path: vec!["drop".to_owned()],
            ..FileSettings::default()
        };
        check(gather(folder.path(), &settings).unwrap());
        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        assert_eq!(named(&[empty]).unwrap_err().code(), "E-FOLDER-FEEDS");
    }

    /// What is asked for in either way: the folder itself, and a pattern of it.
    fn both(folder: &Path, pattern: &str) -> [Result<Gathered, FeedError>; 2] {
        let settings = FileSettings {
            path: vec![pattern.to_owned()],
            ..FileSettings::default()
        };
        [named(&[folder.to_owned()]), gather(folder, &settings)]
    }

    #[test]
    fn a_folder_that_lies_too_deep_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let last = (1..DEPTH).fold(folder.path().to_owned(), |path, n| path.join(n.to_string()));
        std::fs::create_dir_all(last.join("deeper")).unwrap();
        std::fs::write(last.join("read.csv"), "sku\nA\n").unwrap();
        std::fs::write(last.join("deeper/lost.csv"), "sku\nB\n").unwrap();
        for found in both(folder.path(), "**/*.csv") {
            let found = found.unwrap();
            assert_eq!(found.files, [last.join("read.csv")]);
            let out: Vec<_> = found
                .left_out
                .iter()
                .map(|(path, why)| (path, why.code.as_ref()))
                .collect();
            assert_eq!(out, [(&last.join("deeper"), "I-FILE-LEFT-OUT")]);
        }
    }

    /// A folder that cannot be opened may have what is asked for. Here its path is too long for the system, which stops any user.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_cannot_be_read_is_no_delivery() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("z".repeat(255));
        let short: Vec<PathBuf> = (1..=DEPTH)
            .scan(folder.clone(), |path, _| {
                path.push("x");
                Some(path.clone())
            })
            .collect();
        std::fs::create_dir_all(&short[DEPTH - 2]).unwrap();
        std::fs::write(folder.join("list.csv"), "sku\nA\n").unwrap();
        for found in both(&folder, "**/*.csv") {
            assert_eq!(found.unwrap().files.len(), 1);
        }
        std::fs::create_dir(&short[DEPTH - 1]).unwrap();
        // The innermost first, so that each is renamed under a short path.
        for path in short.iter().rev() {
            std::fs::rename(path, path.with_file_name("y".repeat(255))).unwrap();
        }
        for found in both(&folder, "**/*.csv") {
            assert_eq!(found.unwrap_err().code(), "E-FOLDER-FEEDS");
        }
    }

    #[test]
    fn a_folder_without_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..=FEEDS {
            std::fs::write(folder.path().join(format!("{n}.csv")), "x").unwrap();
        }
        let refused = named(&[folder.path().to_owned()]).map(|found| found.files.len());
        assert_eq!(refused.map_err(|error| error.code()), Err("E-FOLDER-FEEDS"));
    }
}
