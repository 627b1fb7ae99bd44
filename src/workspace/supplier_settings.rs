//! `supplier.toml`: how one supplier's feeds are found and read, how far it is trusted, and what is held of it; all of them checked.

use crate::declaration::Declaration;
use crate::diagnostic::{Diagnostic, Place};
use crate::feed::settings::FileSettings;
use crate::mapping::Mapping;
use crate::mapping::models::ModelSettings;
use crate::mapping::settings::{FieldSettings, ReadSettings, ValueMap};
use crate::plan::guard::settings::{BadSetting, GuardSettings, Guards};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::workspace::download;
use crate::workspace::folder::{gather, shown};
use crate::workspace::standing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Name of the file that makes a folder a supplier.
pub const SUPPLIER_FILE: &str = "supplier.toml";

/// What a delivery lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All that the supplier sells: what is missing is withdrawn, inside its guard.
    #[default]
    Snapshot,
    /// Only what changed: silence means nothing.
    Delta,
}

/// What happens where a delivery is laid out otherwise than the last one that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnDrift {
    /// It is told, and the import goes on.
    Warn,
    /// The delivery is refused before its first row is planned, whatever the difference; columns that only moved and columns
    /// that nobody reads may still come and go.
    Stop,
}

/// `supplier.toml`: how one supplier's feeds are found and read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierFile {
    /// Name of the supplier, for people.
    pub name: String,
    /// Whether a delivery lists all that the supplier sells (`snapshot`) or only changes (`delta`).
    #[serde(default)]
    pub mode: Mode,
    /// Trust: the lower, the more. Where two suppliers say different things, the lower rank wins. Default 100.
    #[serde(default = "rank")]
    pub rank: u32,
    /// Put before this supplier's SKUs and the codes of its models in the catalog, to keep them apart from others'.
    #[serde(default)]
    pub sku_prefix: String,
    /// Id of another supplier folder whose SKUs this feed speaks of: a price or stock feed of the same supplier. Its values
    /// make a layer of their own on those products; SKUs that are not known there are rejected.
    #[serde(default)]
    pub adds_to: Option<String>,
    /// Ranks for single attributes, where this supplier is trusted more or less than elsewhere: `{ description = 5 }`.
    #[serde(default)]
    pub rank_for: BTreeMap<String, u32>,
    /// Attributes that it owns: of products that it has, only its word counts for them, and people's, also where it says nothing.
    #[serde(default)]
    pub owns: Vec<String>,
    /// What happens where a delivery is laid out otherwise than the last one: `warn` goes on, `stop` refuses it. By default it
    /// is refused where values would be lost or misread: a column that the mapping needs is gone or renamed.
    #[serde(default)]
    pub on_drift: Option<OnDrift>,
    /// Where the files lie and how they are written.
    pub file: FileSettings,
    /// How this supplier writes numbers, dates, prices and texts.
    #[serde(default)]
    pub read: ReadSettings,
    /// Which column fills which attribute. `sku` is required.
    pub fields: BTreeMap<String, FieldSettings>,
    /// Tables from the supplier's words to the catalog's.
    #[serde(default)]
    pub maps: BTreeMap<String, ValueMap>,
    /// How variants come to their models where the feed does not say it.
    #[serde(default)]
    pub models: ModelSettings,
    /// The guards' settings for this supplier.
    #[serde(default)]
    pub guards: GuardSettings,
}

fn rank() -> u32 {
    100
}

/// One supplier, checked.
pub struct Supplier {
    pub id: String,
    pub name: String,
    pub mode: Mode,
    pub rank: u32,
    pub sku_prefix: String,
    /// Name of the source whose layers it fills (`supplier:<id>`).
    pub source: String,
    /// Name of the source whose SKUs it speaks of, where that is another one.
    pub adds_to: Option<String>,
    /// Ranks for single attributes, sorted.
    pub ranks: Vec<(AttributeId, u32)>,
    /// The attributes that it owns, sorted.
    pub owns: Vec<AttributeId>,
    pub on_drift: Option<OnDrift>,
    pub folder: PathBuf,
    pub file: FileSettings,
    pub mapping: Mapping,
    pub guards: Guards,
}

/// A supplier's folder, with its file as it reads.
pub struct SupplierFolder {
    id: String,
    folder: PathBuf,
    declaration: Declaration,
    file: SupplierFile,
}

/// The folders that are suppliers, by id.
pub fn supplier_files(root: &Path, folder: &str, faults: &mut Vec<Diagnostic>) -> Vec<SupplierFolder> {
    let mut folders: Vec<PathBuf> = match std::fs::read_dir(root.join(folder)) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    folders.retain(|folder| folder.join(SUPPLIER_FILE).is_file());
    folders.sort();
    let mut found = Vec::new();
    for folder in folders {
        let path = folder.join(SUPPLIER_FILE);
        let Some(id) = folder.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            continue;
        };
        let Some(declaration) = gather(Declaration::read(&path, &shown(root, &path)), faults) else {
            continue;
        };
        let Some(file) = gather(declaration.check::<SupplierFile>(), faults) else {
            continue;
        };
        if !is_supplier_id(&id) {
            faults.push(
                Diagnostic::error(
                    "E-BAD-CODE",
                    "the folder's name is the supplier's id: small letters, digits, `-` and `_`",
                )
                .at(Place::file(declaration.shown().clone()))
                .with_value(&id),
            );
        }
        found.push(SupplierFolder {
            id,
            folder,
            declaration,
            file,
        });
    }
    found
}

/// Holds the files against the schema; `all` are the workspace's guards. What the columns of feeds mean is only looked at where feeds are
/// to be `read`: of products, the store says where a value came from.
pub fn compile_suppliers(
    all: &GuardSettings,
    is_read: bool,
    files: Vec<SupplierFolder>,
    schema: &Schema,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Supplier> {
    let mut suppliers: Vec<Supplier> = Vec::new();
    let mut additions: Vec<(String, Declaration)> = Vec::new();
    let mut bases: BTreeMap<String, Option<String>> = BTreeMap::new();
    let prefixes = files
        .iter()
        .map(|folder| (folder.id.clone(), folder.file.sku_prefix.clone()));
    let prefixes: BTreeMap<String, String> = prefixes.collect();
    for SupplierFolder {
        id,
        folder,
        declaration,
        file,
    } in files
    {
        // A feed that adds to a supplier's speaks of that one's SKUs and models.
        let speaks_of = file.adds_to.as_ref().unwrap_or(&id);
        let prefix = prefixes.get(speaks_of).map_or("", String::as_str);
        let (fields, maps) = match is_read {
            true => (file.fields, file.maps),
            false => (
                file.fields.into_iter().filter(|(field, _)| field == "sku").collect(),
                BTreeMap::new(),
            ),
        };
        let mapping = gather(
            Mapping::compile(&file.read, &fields, &maps, schema, &declaration)
                .map(|mapping| mapping.with_prefix(prefix, schema))
                .and_then(|mapping| mapping.with_models(&file.models, &id, schema, &declaration)),
            faults,
        );
        let guards = Guards::new(all, &file.guards, schema).map_err(|bad| faults.push(bad_guard(&declaration, &bad)));
        faults.extend(download::faults(&file.file, declaration.shown()));
        let ranks = standing::ranks(&file.rank_for, schema, &declaration, faults);
        let owns = standing::owned(&file.owns, schema, &declaration, faults);
        let (Some(mapping), Ok(guards)) = (mapping, guards) else {
            continue;
        };
        bases.insert(id.clone(), file.adds_to.clone());
        if file.adds_to.is_some() {
            additions.push((id.clone(), declaration));
        }
        suppliers.push(Supplier {
            source: format!("supplier:{id}"),
            adds_to: file.adds_to.map(|other| format!("supplier:{other}")),
            id,
            name: file.name,
            mode: file.mode,
            rank: file.rank,
            sku_prefix: file.sku_prefix,
            ranks,
            owns,
            on_drift: file.on_drift,
            file: FileSettings {
                folder: folder.clone(),
                ..file.file
            },
            folder,
            mapping,
            guards,
        });
    }
    for (id, declaration) in &additions {
        faults.extend(standing::addition(id, &bases, declaration));
    }
    // What adds to another supplier's products comes after it.
    suppliers.sort_by(|a, b| (a.adds_to.is_some(), a.rank, &a.id).cmp(&(b.adds_to.is_some(), b.rank, &b.id)));
    suppliers
}

/// True for `[a-z0-9][a-z0-9_-]*` of at most 64 characters.
pub fn is_supplier_id(id: &str) -> bool {
    let mut bytes = id.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
        && id.len() <= 64
}

/// A setting of guards that cannot be, with its place.
pub fn bad_guard(declaration: &Declaration, bad: &BadSetting) -> Diagnostic {
    let keys: Vec<&str> = ["guards"]
        .into_iter()
        .chain(bad.keys.iter().map(String::as_str))
        .collect();
    declaration
        .fault(&keys, "E-BAD-VALUE", bad.message)
        .with_value(&bad.text)
        .with_help("docs/guards.md shows every setting")
}
