//! `backup`, `restore`: the store in a folder, and back.

use crate::cli::output::{Output, bytes, count};
use crate::workspace::Workspace;
use crate::workspace::backup::{self, Manifest};
use crate::workspace::failure::Failure;
use serde_json::json;
use std::path::Path;

/// `backup DIR`
pub fn backup(workspace: &Workspace, to: &Path, output: &Output) -> Result<u8, Failure> {
    let manifest = backup::backup(workspace, to)?;
    tell(&manifest, "backed up", to, "`estante restore` puts it back", output);
    Ok(0)
}

/// `restore DIR`
pub fn restore(workspace: Workspace, from: &Path, output: &Output) -> Result<u8, Failure> {
    let manifest = backup::restore(workspace, from)?;
    let next =
        "the catalog that was there lies in before-restore in the store; `estante run` makes index and exports anew";
    tell(&manifest, "restored", from, next, output);
    Ok(0)
}

fn tell(manifest: &Manifest, done: &str, folder: &Path, next: &str, output: &Output) {
    if output.json {
        output.document(json!({
            "folder": folder.display().to_string(),
            "at": manifest.at,
            "products": manifest.products,
            "sequence": manifest.sequence,
            "files": manifest.files.len(),
            "bytes": manifest.bytes(),
        }));
        return;
    }
    output.text(&format!(
        "{done}: {} products as of batch {} ({}), {} files, {}; {next}\n",
        count(manifest.products),
        manifest.sequence,
        manifest.at,
        count(manifest.files.len() as u64),
        bytes(manifest.bytes()),
    ));
}
