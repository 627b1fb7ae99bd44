//! A new supplier from one file: format, dialect and a first mapping, with the evidence for each guess.

use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::settings::{Mode, SUPPLIER_FILE, is_supplier_id};
use std::collections::BTreeMap;
use std::path::Path;

/// A supplier as the list shows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownSupplier {
    pub supplier: String,
    pub name: String,
    pub rank: u32,
    /// `snapshot` or `delta`.
    pub mode: &'static str,
    pub files: Vec<String>,
}

/// The suppliers in the order of a run.
pub fn list(workspace: &Workspace) -> Vec<ShownSupplier> {
    let shown = |supplier: &crate::workspace::settings::Supplier| ShownSupplier {
        supplier: supplier.id.clone(),
        name: supplier.name.clone(),
        rank: supplier.rank,
        mode: match supplier.mode {
            Mode::Snapshot => "snapshot",
            Mode::Delta => "delta",
        },
        files: supplier.file.path.clone(),
    };
    workspace.settings.suppliers.iter().map(shown).collect()
}

/// A column and what it seems to hold.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownColumn {
    /// Header, or path in XML and JSON.
    pub header: String,
    /// Position, counted from 0.
    pub index: usize,
    pub attribute: Option<String>,
    /// 0 to 1, two decimals.
    pub confidence: f32,
    pub reason: String,
    pub sample: String,
}

/// What was found in a file, and what was made of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Added {
    pub supplier: String,
    pub format: String,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    /// Line of the header counted from 1.
    pub header_row: Option<u64>,
    pub locale: Option<String>,
    pub record_path: Option<String>,
    pub columns: Vec<ShownColumn>,
    pub evidence: BTreeMap<String, String>,
    /// Name of the known export format the file is in, where it is one.
    pub preset: Option<String>,
    /// The written supplier.toml.
    pub file: String,
}
pub fn add(_: &Workspace, _: &Path, _: Option<&str>) -> Result<Added, Failure> {
    Err(Failure::usage("x"))
}
