//! Folders of TOML files, read whole: their order, their paths as people know them, and what is compiled of them together.

use crate::declaration::Declaration;
use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::copy::Copy;
use crate::enrich::rules::Rules;
use crate::schema::Schema;
use crate::value::price::Currency;
use std::path::{Path, PathBuf};

/// A path as the user knows it: relative to the workspace where it lies inside.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// Keeps a value, or its faults.
pub fn gather<T>(result: Result<T, Vec<Diagnostic>>, faults: &mut Vec<Diagnostic>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(mut more) => {
            faults.append(&mut more);
            None
        }
    }
}

/// The paths of a folder's TOML files, in order, each with its file name without its ending.
pub fn names(root: &Path, folder: &str, faults: &mut Vec<Diagnostic>) -> Vec<(String, PathBuf)> {
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(root.join(folder)) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        // A workspace without a channel folder has no channels.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            faults.push(Diagnostic::error("E-FOLDER", format!("cannot be read: {error}")).at(Place::file(folder)));
            Vec::new()
        }
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let named = |path: PathBuf| Some((path.file_stem()?.to_str()?.to_owned(), path));
    paths.into_iter().filter_map(named).collect()
}

/// The TOML files of a folder, by file name without its ending.
pub fn declarations(root: &Path, folder: &str, faults: &mut Vec<Diagnostic>) -> Vec<(String, Declaration)> {
    let mut found = Vec::new();
    for (id, path) in names(root, folder, faults) {
        if let Some(declaration) = gather(Declaration::read(&path, &shown(root, &path)), faults) {
            found.push((id, declaration));
        }
    }
    found
}

/// The files of a folder, where there are any.
fn files(root: &Path, folder: &str, faults: &mut Vec<Diagnostic>) -> Option<Vec<Declaration>> {
    let files = declarations(root, folder, faults).into_iter();
    let files: Vec<Declaration> = files.map(|(_, declaration)| declaration).collect();
    (!files.is_empty()).then_some(files)
}

/// The copy templates, where there are any.
pub fn load_copy(root: &Path, folder: &str, schema: &Schema, faults: &mut Vec<Diagnostic>) -> Option<Copy> {
    let files = files(root, folder, faults)?;
    gather(Copy::compile(&files, schema), faults)
}

/// The rules, where there are any.
pub fn load_rules(
    root: &Path,
    folder: &str,
    schema: &Schema,
    currency: Currency,
    faults: &mut Vec<Diagnostic>,
) -> Option<Rules> {
    let files = files(root, folder, faults)?;
    let rules = gather(Rules::compile(&files, schema, currency), faults)?;
    (!rules.all().is_empty()).then_some(rules)
}
