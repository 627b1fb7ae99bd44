//! New workspaces: an empty one that works as it is, and the sample one that the program carries.

use crate::schema::starter::STARTER;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::reference::json_schemas;
use crate::workspace::settings::WORKSPACE_FILE;
use std::path::Path;

const ESTANTE: &str = include_str!("starter/estante.toml");
const CHANNEL: &str = include_str!("starter/google.toml");
const PACK: &str = include_str!("../../channels/packs/google-merchant.toml");
const IGNORED: &str = "# What the program writes.\n/.estante/\n/out/\n";

/// Every file of the sample workspace: path and content.
const SAMPLE: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/sample_files.rs"));

/// Writes a commented workspace: settings, the starter schema, one Google channel. Refuses a folder that is one already.
pub fn init(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut files: Vec<(String, Vec<u8>)> = vec![
        (WORKSPACE_FILE.into(), ESTANTE.into()),
        (".gitignore".into(), IGNORED.into()),
        ("channels/google.toml".into(), CHANNEL.into()),
        ("channels/packs/google-merchant.toml".into(), PACK.into()),
    ];
    files.extend(
        STARTER
            .iter()
            .map(|(name, text)| (format!("schemas/{name}"), text.as_bytes().to_vec())),
    );
    files.extend(
        json_schemas()
            .into_iter()
            .map(|(name, text)| (format!("docs/schema/{name}"), text.into_bytes())),
    );
    write(folder, &files)?;
    let suppliers = folder.join("suppliers");
    std::fs::create_dir_all(&suppliers).map_err(|error| Failure::io("make the folder", &suppliers, &error))?;
    Ok(files.into_iter().map(|(name, _)| name).collect())
}

/// Writes the sample workspace. Refuses a folder that is one already.
pub fn demo(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut files: Vec<(String, Vec<u8>)> = SAMPLE
        .iter()
        .map(|(name, content)| ((*name).to_owned(), content.to_vec()))
        .collect();
    files.push((".gitignore".into(), IGNORED.into()));
    write(folder, &files)?;
    Ok(files.into_iter().map(|(name, _)| name).collect())
}

fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    let existing: Vec<&str> = files
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| *name != ".gitignore" && folder.join(name).exists())
        .collect();
    if let Some(first) = existing.first() {
        return Err(
            Failure::usage(format!("{} exists; nothing was written", folder.join(first).display()))
                .with_help("name a folder that is new or empty"),
        );
    }
    for (name, content) in files {
        let path = folder.join(name);
        if name == ".gitignore" && path.exists() {
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Failure::io("make the folder", parent, &error))?;
        }
        std::fs::write(&path, content).map_err(|error| Failure::io("write", &path, &error))?;
    }
    Ok(())
}

/// Commands that show something in this workspace.
pub fn tries(workspace: &Workspace) -> Vec<String> {
    let mut tries = vec!["estante run".to_owned()];
    if let Some(channel) = workspace.settings.channels.first() {
        tries.push(format!("estante channel check {}", channel.code));
    }
    if let Some(supplier) = workspace.settings.suppliers.first() {
        tries.push(format!("estante import {}", supplier.id));
    }
    tries.push("estante product show FA-003007 --layers".to_owned());
    tries.push("estante batches".to_owned());
    tries
}
