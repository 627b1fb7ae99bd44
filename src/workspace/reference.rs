//! JSON Schemas of the TOML files, made from the types that read them.

use crate::channel::pack::file::PackFile;
use crate::channel::settings::ChannelFile;
use crate::declaration::json_schema;
use crate::enrich::copy::file::CopyFile;
use crate::enrich::rules::file::RulesFile;
use crate::index::synonyms::SynonymsFile;
use crate::schema::file::SchemaFile;
use crate::workspace::failure::Failure;
use crate::workspace::settings::WorkspaceFile;
use crate::workspace::supplier_settings::SupplierFile;
use std::path::Path;

/// The schemas by file name.
pub fn json_schemas() -> [(&'static str, String); 8] {
    [
        (
            "estante.json",
            json_schema::<WorkspaceFile>("estante.toml: the workspace"),
        ),
        (
            "schema.json",
            json_schema::<SchemaFile>("schemas/*.toml: attributes, options, families, categories, units"),
        ),
        (
            "supplier.json",
            json_schema::<SupplierFile>("supplier.toml: how a supplier's feeds are read"),
        ),
        (
            "channel.json",
            json_schema::<ChannelFile>("channels/*.toml: what a channel gets"),
        ),
        (
            "pack.json",
            json_schema::<PackFile>("channels/packs/*.toml: what a channel demands"),
        ),
        (
            "synonyms.json",
            json_schema::<SynonymsFile>("synonyms.toml: words that mean the same"),
        ),
        (
            "rules.json",
            json_schema::<RulesFile>("rules/*.toml: what products say beside what their sources say"),
        ),
        (
            "copy.json",
            json_schema::<CopyFile>("copy/*.toml: templates for texts, and what texts are checked for"),
        ),
    ]
}

/// Writes the schemas into a folder; gives the paths.
pub fn write_json_schemas(folder: &Path) -> Result<Vec<String>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::io("make the folder", folder, &error))?;
    let mut written = Vec::new();
    for (name, schema) in json_schemas() {
        let path = folder.join(name);
        std::fs::write(&path, schema).map_err(|error| Failure::io("write", &path, &error))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}
