//! A new supplier from one file: format, dialect and a first mapping, with the evidence for each guess.

use crate::feed::settings::FileSettings;
use crate::feed::sniff::discover;
use crate::mapping::draft::{Draft, write_supplier_toml};
use crate::mapping::shape::ColumnSample;
use crate::mapping::suggest::suggest;
use crate::value::text::fold;
use crate::workspace::Workspace;
use crate::workspace::failure::{Failure, FailureKind};
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
/// Records that a first look takes in.
const LOOK: usize = 500;

/// Looks at a file, proposes a mapping and writes it as `<suppliers>/<id>/supplier.toml`, pointing at the file where it lies.
pub fn add(workspace: &Workspace, file: &Path, name: Option<&str>) -> Result<Added, Failure> {
    let settings = &workspace.settings;
    let absolute = std::fs::canonicalize(file).map_err(|error| {
        Failure::usage(format!("failed to open {}: {error}", file.display())).with_help("name a supplier's feed file")
    })?;
    let id = match name {
        Some(name) => name.to_owned(),
        None => id_of(&absolute),
    };
    if !is_supplier_id(&id) {
        return Err(Failure::usage(format!("`{id}` is no id of a supplier"))
            .with_help("--name takes small letters, digits, `-` and `_`, such as `acme` or `acme-prices`"));
    }
    let folder = settings.suppliers_folder.join(&id);
    let target = folder.join(SUPPLIER_FILE);
    if target.exists() {
        return Err(Failure::usage(format!("{} exists already", settings.shown(&target)))
            .with_help("correct it by hand, or give the new supplier another --name"));
    }
    let shown = settings.shown(&absolute);
    let found = discover(&absolute, &shown, &FileSettings::default(), LOOK)
        .map_err(|error| Failure::invalid("the file cannot be read", vec![error.diagnostic()]))?;
    let samples: Vec<ColumnSample> = found
        .columns
        .iter()
        .map(|column| ColumnSample {
            header: column.header.clone(),
            samples: column.samples.clone(),
            filled: column.filled as usize,
            rows: found.records as usize,
        })
        .collect();
    let suggestion = suggest(&samples, &settings.schema);
    let path = seen_from(&folder, &settings.root, &absolute);
    let lines = toml::to_string(&found.settings(&path)).map_err(|error| {
        Failure::new(
            FailureKind::Broken,
            format!("failed to write the file's settings: {error}"),
        )
    })?;
    let draft = Draft {
        name: &id,
        file: &lines,
        currency: Some(settings.currency),
    };
    let text = write_supplier_toml(&suggestion, &draft);
    std::fs::create_dir_all(&folder).map_err(|error| Failure::io("make the folder", &folder, &error))?;
    std::fs::write(&target, text).map_err(|error| Failure::io("write", &target, &error))?;
    let mut evidence: BTreeMap<String, String> = found.evidence.into_iter().collect();
    for (what, how) in suggestion.evidence {
        evidence
            .entry(what)
            .and_modify(|before| *before = format!("{before}; {how}"))
            .or_insert(how);
    }
    for (field, question) in suggestion.questions {
        let what = if field.is_empty() {
            "to decide".to_owned()
        } else {
            format!("to decide: {field}")
        };
        evidence
            .entry(what)
            .and_modify(|before| *before = format!("{before}; {question}"))
            .or_insert(question);
    }
    Ok(Added {
        supplier: id,
        format: found.format.to_owned(),
        encoding: Some(found.encoding).filter(|encoding| !encoding.is_empty()),
        delimiter: found.delimiter,
        header_row: found.header_row,
        locale: suggestion.read.locale.clone(),
        record_path: found.record_path,
        columns: suggestion
            .columns
            .into_iter()
            .map(|proposed| ShownColumn {
                header: proposed.header,
                index: proposed.index,
                attribute: proposed.attribute,
                confidence: proposed.confidence,
                reason: proposed.reason,
                sample: proposed.sample,
            })
            .collect(),
        evidence,
        preset: suggestion.preset.map(str::to_owned),
        file: settings.shown(&target),
    })
}

/// An id made of a file's name: small letters, digits and hyphens.
fn id_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = name.split('.').next().unwrap_or_default();
    let mut id = fold(stem).replace(' ', "-");
    id.truncate(id.floor_char_boundary(64));
    match id.is_empty() {
        true => "supplier".to_owned(),
        false => id,
    }
}

/// The file as a supplier's folder names it: relative where both lie in the workspace, so that the folder can move as a whole.
fn seen_from(folder: &Path, root: &Path, file: &Path) -> String {
    let inside = std::fs::canonicalize(root)
        .ok()
        .and_then(|root| file.strip_prefix(root).ok().map(Path::to_owned));
    match (inside, folder.strip_prefix(root)) {
        (Some(inside), Ok(below)) => match inside.strip_prefix(below) {
            Ok(own) => own.to_string_lossy().into_owned(),
            Err(_) => format!(
                "{}{}",
                "../".repeat(below.components().count()),
                inside.to_string_lossy()
            ),
        },
        _ => file.to_string_lossy().into_owned(),
    }
}
