//! A new supplier from one file: format, dialect and a first mapping, with the evidence for each guess.

use crate::declaration::Declaration;
use crate::diagnostic::{Diagnostic, Place};
use crate::feed::sections::SECTION;
use crate::feed::settings::FileSettings;
use crate::feed::sniff::{DiscoveredColumn, Discovery, discover};
use crate::mapping::Mapping;
use crate::mapping::draft::{Draft, write_supplier_toml};
use crate::mapping::settings::FieldSettings;
use crate::mapping::shape::ColumnSample;
use crate::mapping::suggest::{Given, suggest};
use crate::mapping::suggestion::Suggestion;
use crate::schema::Schema;
use crate::value::option::truth;
use crate::value::text::fold;
use crate::workspace::Workspace;
use crate::workspace::download;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::presets::{Seen, items_inside, lay_over};
use crate::workspace::settings::Settings;
use crate::workspace::supplier_settings::{Mode, SUPPLIER_FILE, SupplierFile, is_supplier_id};
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
    let shown = |supplier: &crate::workspace::supplier_settings::Supplier| ShownSupplier {
        supplier: supplier.id.clone(),
        name: supplier.name.clone(),
        rank: supplier.rank,
        mode: match supplier.mode {
            Mode::Snapshot => "snapshot",
            Mode::Delta => "delta",
        },
        files: (supplier.file.path.iter().cloned())
            .chain(supplier.file.url.iter().map(|address| download::shown(address)))
            .collect(),
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
    pub confidence: f64,
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
/// Names of columns that say whether a product is deleted, folded.
const DELETED: [&str; 11] = [
    "delete",
    "deleted",
    "delete flag",
    "is deleted",
    "removed",
    "borrado",
    "eliminado",
    "geloscht",
    "supprime",
    "eliminato",
    "excluido",
];
/// Columns that a refusal names.
const SHOWN: usize = 40;

/// Looks at a file, proposes a mapping and writes it as `<suppliers>/<id>/supplier.toml`, pointing at the file where it lies.
/// `sku` names the column of the key, where a person knows it. What would not load as a supplier's file is never written.
pub fn add(workspace: &Workspace, file: &Path, name: Option<&str>, sku: Option<&str>) -> Result<Added, Failure> {
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
    let look = |settings: &FileSettings| {
        discover(&absolute, &shown, settings, LOOK)
            .map_err(|error| Failure::invalid("the file cannot be read", vec![error.diagnostic()]))
    };
    let mut found = look(&FileSettings::default())?;
    let items = items_inside(&found).filter(|_| sku.is_none());
    if items.is_some() {
        found = look(&FileSettings {
            items,
            ..FileSettings::default()
        })?;
    }
    let mut suggestion = suggested(settings, &found, sku)?;
    if !suggestion.fields.contains_key("sku") {
        return Err(no_key(&shown, &found));
    }
    if found.section_rows && !suggestion.fields.contains_key("category") {
        section_as_category(&mut suggestion, &settings.schema);
    }
    let named = |path: &Path| seen_from(&folder, &settings.root, path);
    let mut file_settings = found.settings(&named(&absolute));
    if sku.is_none() {
        let seen = Seen {
            found: &found,
            path: &absolute,
            named: &named,
            schema: &settings.schema,
        };
        lay_over(&seen, &mut suggestion, &mut file_settings);
    }
    deletions(&found, &mut suggestion, &mut file_settings);
    let lines = file_lines(&file_settings)?;
    let draft = Draft {
        name: &id,
        file: &lines,
        currency: Some(settings.currency),
    };
    let text = write_supplier_toml(&suggestion, &draft);
    check(&text, &settings.shown(&target), &settings.schema)
        .map_err(|faults| Failure::invalid("the proposed mapping does not hold; nothing was written", faults))?;
    std::fs::create_dir_all(&folder).map_err(|error| Failure::io("make the folder", &folder, &error))?;
    std::fs::write(&target, text).map_err(|error| Failure::io("write", &target, &error))?;
    Ok(added(id, found, suggestion, settings.shown(&target)))
}

/// Knows columns by which rows say that a product is no longer sold, so that what is deleted never comes in as new.
fn deletions(found: &Discovery, suggestion: &mut Suggestion, file: &mut FileSettings) {
    let is_read = |header: &String| {
        let mut fields = suggestion.fields.values();
        fields.any(|field| field.column.as_ref() == Some(header) || field.columns.contains(header))
    };
    let columns = found.columns.iter().filter(|column| {
        let words = column.header.rsplit(['.', '/', '^', '@']).next().unwrap_or_default();
        DELETED.contains(&fold(&words.replace('_', " ")).as_str())
            && !is_read(&column.header)
            && !column.samples.is_empty()
            && column.samples.iter().all(|sample| truth(sample).is_ok())
    });
    let columns: Vec<&DiscoveredColumn> = columns.collect();
    let mut all = false;
    for column in columns {
        let said = column.samples.iter().filter(|sample| truth(sample) == Ok(true));
        let mut words: Vec<String> = said.map(|word| word.trim().to_owned()).collect();
        if words.is_empty() {
            words = vec!["true".to_owned(), "1".to_owned()];
        }
        all |= column.distinct == 1
            && column.filled == found.records
            && words.first().is_some_and(|word| truth(word) == Ok(true));
        suggestion.ask(
            "",
            format!(
                "rows in which `{}` says {} take their product off",
                column.header,
                words.join(" or ")
            ),
        );
        file.removed.insert(column.header.clone(), words);
    }
    if all {
        let question = "every row takes a product off: write mode = \"delta\", unless the feed lists all that is sold";
        suggestion.ask("", question.to_owned());
    }
}

/// What the columns of a file seem to hold.
fn suggested(settings: &Settings, found: &Discovery, sku: Option<&str>) -> Result<Suggestion, Failure> {
    let samples: Vec<ColumnSample> = found
        .columns
        .iter()
        .map(|column| ColumnSample {
            header: column.header.clone(),
            samples: column.samples.clone(),
            filled: column.filled as usize,
            distinct: column.distinct as usize,
            rows: found.records as usize,
            cells: column.cells.clone(),
        })
        .collect();
    let sku = match sku {
        None => None,
        Some(name) => Some(samples.iter().position(|column| column.header == name).ok_or_else(|| {
            Failure::usage(format!("the file has no column `{name}`"))
                .with_help(format!("there are: {}", columns(found)))
        })?),
    };
    let given = Given {
        sku,
        currency: Some(settings.currency),
    };
    Ok(suggest(&samples, &settings.schema, given))
}

/// What the headings between rows name is what shops sort by.
fn section_as_category(suggestion: &mut Suggestion, schema: &Schema) {
    if schema.known().category.is_none() {
        return;
    }
    let field = FieldSettings {
        column: Some(SECTION.to_owned()),
        ..FieldSettings::default()
    };
    suggestion.fields.insert("category".to_owned(), field);
    for proposed in suggestion
        .columns
        .iter_mut()
        .filter(|proposed| proposed.header == SECTION)
    {
        proposed.attribute = Some("category".to_owned());
        proposed.confidence = 0.8;
        proposed.reason = "headings between the rows".to_owned();
    }
}

/// The settings of a file as they stand below `[file]`.
fn file_lines(file: &FileSettings) -> Result<String, Failure> {
    let whole = BTreeMap::from([("file", file)]);
    let lines = toml::to_string(&whole).map_err(|error| {
        Failure::new(
            FailureKind::Broken,
            format!("failed to write the file's settings: {error}"),
        )
    })?;
    Ok(lines.strip_prefix("[file]\n").unwrap_or(&lines).to_owned())
}

/// The names of the columns, the first of very many.
fn columns(found: &Discovery) -> String {
    let mut names: Vec<&str> = found.columns.iter().map(|column| column.header.as_str()).collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let names = names.join(", ");
    match more {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn no_key(shown: &str, found: &Discovery) -> Failure {
    let help = format!(
        "name the supplier's own key with `--sku COLUMN`, or ask the supplier for a file that has one; the columns are: {}",
        columns(found)
    );
    let finding = Diagnostic::error("E-NO-SKU", "no column tells one record from another")
        .at(Place::file(shown.to_owned()))
        .with_help(help);
    Failure::invalid("the file has no key; nothing was written", vec![finding])
}

/// The faults of a supplier's file that is not written yet.
fn check(text: &str, shown: &str, schema: &Schema) -> Result<(), Vec<Diagnostic>> {
    let declaration = Declaration::parse(text.to_owned(), shown)?;
    let file: SupplierFile = declaration.check()?;
    Mapping::compile(&file.read, &file.fields, &file.maps, schema, &declaration).map(|_| ())
}

fn added(supplier: String, found: Discovery, suggestion: Suggestion, file: String) -> Added {
    let mut evidence: BTreeMap<String, String> = found.evidence.into_iter().collect();
    let mut say = |what: String, how: String| {
        evidence
            .entry(what)
            .and_modify(|before| *before = format!("{before}; {how}"))
            .or_insert(how);
    };
    for (what, how) in suggestion.evidence {
        say(what, how);
    }
    for (field, question) in suggestion.questions {
        let what = match field.is_empty() {
            true => "to decide".to_owned(),
            false => format!("to decide: {field}"),
        };
        say(what, question);
    }
    Added {
        supplier,
        format: found.format.to_owned(),
        encoding: Some(found.encoding).filter(|encoding| !encoding.is_empty()),
        delimiter: found.delimiter,
        header_row: found.header_row,
        locale: suggestion.read.locale,
        record_path: found.record_path,
        columns: suggestion
            .columns
            .into_iter()
            .map(|proposed| ShownColumn {
                header: proposed.header,
                index: proposed.index,
                attribute: proposed.attribute,
                confidence: (f64::from(proposed.confidence) * 100.0).round() / 100.0,
                reason: proposed.reason,
                sample: proposed.sample,
            })
            .collect(),
        evidence,
        preset: suggestion.preset.map(str::to_owned),
        file,
    }
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
