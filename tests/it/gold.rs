//! How well a new supplier's file is understood, measured against mappings made by hand: `tests/cases/mapping/`.
//!
//! Each file there names feeds of the shared data folder, how they are written, and which attribute each column holds, found
//! by reading the feeds, not by asking the program. The vocabulary is that of a new workspace. `files.tsv` there says of every
//! tabular file of the folder what it is, so that none is left out in silence.

use crate::support::{Shop, project, shared};
use estante::feed::sniff::discover;
use estante::workspace::Workspace;
use estante::workspace::supplier::{Added, add};
use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Feeds with the same columns.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gold {
    files: Vec<String>,
    format: String,
    /// Of text tables.
    encoding: Option<String>,
    delimiter: Option<String>,
    header_row: Option<u64>,
    /// What each column holds that an attribute can hold; of several the first is best and the others will do.
    columns: BTreeMap<String, Meant>,
    /// What may be taken so, and may be left.
    #[serde(default)]
    may: BTreeMap<String, Meant>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Meant {
    One(String),
    Several(Vec<String>),
}

impl Meant {
    /// The attribute itself. Where no locale is asked for, also in one that the column's header names, or that the preset of its
    /// shop system knows.
    fn is(&self, attribute: &str, header: &str, reason: &str) -> bool {
        let bare = match attribute.split_once('@') {
            Some((bare, locale)) if names_locale(header, locale) || reason.starts_with("so in exports of") => bare,
            _ => attribute,
        };
        let meant = |one: &String| one == attribute || one == bare;
        match self {
            Meant::One(one) => meant(one),
            Meant::Several(several) => several.iter().any(meant),
        }
    }
}

/// How a file is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    encoding: Option<String>,
    delimiter: Option<String>,
    header_row: Option<u64>,
    columns: usize,
}

#[derive(Deserialize)]
struct Dialects {
    files: BTreeMap<String, Written>,
}

/// `name:en`, `name-en_US`, `title (es)`, `descripción[lang=es]`: the locale stands alone at the end of the header or in its brackets.
fn names_locale(header: &str, locale: &str) -> bool {
    let words: Vec<String> = header
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .collect();
    let language = locale.split('-').next().unwrap_or(locale);
    words.iter().skip(1).any(|word| word == language)
}

/// Attributes that must not be wrong: what a product is, and what it costs.
const NEVER_WRONG: [&str; 8] = [
    "sku",
    "gtin",
    "mpn",
    "model",
    "price",
    "list_price",
    "sale_price",
    "cost",
];

/// A new workspace that takes any number of suppliers.
struct Bench {
    _shop: Shop,
    workspace: Workspace,
    added: usize,
}

impl Bench {
    fn new() -> Bench {
        let shop = Shop::new();
        shop.done(&["init", "new"]);
        let workspace = Workspace::open(&shop.path("new"), None).expect("a new workspace opens");
        Bench {
            _shop: shop,
            workspace,
            added: 0,
        }
    }

    /// What `supplier add --json` says of a file.
    fn add(&mut self, file: &Path) -> Result<Added, String> {
        self.added += 1;
        let name = format!("s{}", self.added);
        add(&self.workspace, file, Some(&name), None).map_err(|failure| failure.to_string())
    }
}

fn cases() -> Vec<(String, String)> {
    let folder = project().join("tests/cases/mapping");
    let mut cases: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the mappings are there")
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("a mapping is text"))
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn columns_are_mapped_as_a_person_maps_them() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data");
    let mut bench = Bench::new();
    let (mut right, mut wrong, mut grave) = (0, Vec::new(), Vec::new());
    for (name, text) in cases().into_iter().filter(|(name, _)| name != "dialects") {
        let gold: Gold = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for file in &gold.files {
            let added = match bench.add(&data.join(file)) {
                Ok(added) => added,
                Err(error) => {
                    grave.push(format!("{file}: {error}"));
                    continue;
                }
            };
            let written = (&added.format, &added.delimiter, &added.header_row);
            let encoding = gold.encoding.is_none() || gold.encoding == added.encoding;
            if written != (&gold.format, &gold.delimiter, &gold.header_row) || !encoding {
                grave.push(format!("{file}: read as {written:?} {:?}", added.encoding));
            }
            for header in gold.columns.keys().chain(gold.may.keys()) {
                if added.columns.iter().all(|column| column.header != *header) {
                    grave.push(format!("{file}: there is no column `{header}`"));
                }
            }
            for column in &added.columns {
                let (meant, got) = (gold.columns.get(&column.header), column.attribute.as_deref());
                let allowed = gold.may.get(&column.header);
                match (meant, got) {
                    (Some(meant), Some(got)) if meant.is(got, &column.header, &column.reason) => right += 1,
                    (None, None) => {}
                    (None, Some(got)) if allowed.is_some_and(|may| may.is(got, &column.header, &column.reason)) => {}
                    (meant, got) => {
                        let key = meant.is_some_and(|meant| meant.is("sku", "", ""));
                        let fault = format!("{file}: `{}` became {got:?} ({})", column.header, column.reason);
                        match key || got.is_some_and(|got| NEVER_WRONG.contains(&got)) {
                            true => grave.push(fault),
                            false => wrong.push(fault),
                        }
                    }
                }
            }
        }
    }
    assert!(grave.is_empty(), "{}", grave.join("\n"));
    let share = right as f64 / (right + wrong.len()) as f64;
    println!(
        "{} files, {right} of {} mapped columns are right: {:.2} %",
        bench.added,
        right + wrong.len(),
        share * 100.0
    );
    println!("{}", wrong.join("\n"));
    assert!(share >= 0.95, "{share:.3} are right\n{}", wrong.join("\n"));
}

#[test]
fn files_are_read_as_they_are_written() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data");
    let mut wrong = Vec::new();
    for (_, text) in cases().into_iter().filter(|(name, _)| name == "dialects") {
        let dialects: Dialects = toml::from_str(&text).expect("the table reads");
        assert!(dialects.files.len() > 190);
        for (file, written) in dialects.files {
            let found = match discover(&data.join(&file), &file, &Default::default(), 500) {
                Ok(found) => found,
                Err(error) => {
                    wrong.push(format!("{file}: {}", error.message()));
                    continue;
                }
            };
            let mut faults = Vec::new();
            if found.format != written.format {
                faults.push(format!("format {}", found.format));
            }
            if written.encoding.is_some_and(|encoding| encoding != found.encoding) {
                faults.push(format!("encoding {}", found.encoding));
            }
            if written.delimiter.is_some() && written.delimiter != found.delimiter {
                faults.push(format!("delimiter {:?}", found.delimiter));
            }
            if written.header_row.is_some() && written.header_row != found.header_row {
                faults.push(format!("header row {:?}", found.header_row));
            }
            if written.columns != found.columns.len() {
                faults.push(format!("{} columns", found.columns.len()));
            }
            if !faults.is_empty() {
                wrong.push(format!("{file}: {}", faults.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a tabular file is.
#[derive(Debug, PartialEq)]
enum Part {
    Gold,
    Dialect,
    /// With the code of the refusal.
    Refused(String),
    None,
}

/// A line of `files.tsv`.
struct Listed {
    pattern: String,
    files: GlobMatcher,
    part: Part,
}

fn listed() -> Vec<Listed> {
    let list = std::fs::read_to_string(project().join("tests/cases/mapping/files.tsv")).expect("the list is there");
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let part = match line.split('\t').collect::<Vec<_>>().as_slice() {
                [_, "gold"] => Part::Gold,
                [_, "dialect"] => Part::Dialect,
                [_, "refused", code] => Part::Refused((*code).to_owned()),
                [_, "none", why] if !why.is_empty() => Part::None,
                _ => panic!("what does this line say: {line}"),
            };
            let pattern = line.split('\t').next().unwrap_or_default();
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            Listed {
                pattern: pattern.to_owned(),
                files: glob.unwrap_or_else(|error| panic!("{error}")).compile_matcher(),
                part,
            }
        })
        .collect()
}

/// True of names that tables bear, packed or not.
fn is_tabular(file: &str) -> bool {
    let file = file.to_lowercase();
    let packed = [".gz", ".zst", ".zip"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending));
    let tables = ["csv", "tsv", "psv", "ssv", "txt", "xlsx", "xlsb", "xls", "ods"];
    let bare = packed.unwrap_or(&file);
    packed.is_some() || tables.iter().any(|ending| bare.ends_with(&format!(".{ending}")))
}

#[test]
fn every_tabular_file_is_a_gold_a_dialect_a_refusal_or_nothing_with_a_reason() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data");
    let walk = walkdir::WalkDir::new(&data).sort_by_file_name().into_iter();
    let files: Vec<String> = walk
        .map(|entry| entry.expect("the folder is readable"))
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| Some(entry.path().strip_prefix(&data).ok()?.to_str()?.to_owned()))
        .filter(|file| is_tabular(file))
        .collect();
    let (mut golds, mut dialects) = (BTreeSet::new(), BTreeSet::new());
    for (name, text) in cases() {
        let table: toml::Value = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        match &table["files"] {
            toml::Value::Table(files) => dialects.extend(files.keys().cloned()),
            toml::Value::Array(files) => golds.extend(files.iter().filter_map(|file| file.as_str().map(str::to_owned))),
            other => panic!("{name}: {other}"),
        }
    }
    let (mut wrong, mut counts, mut used) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    let listed = listed();
    for file in &files {
        let Some((at, line)) = listed.iter().enumerate().find(|(_, line)| line.files.is_match(file)) else {
            wrong.push(format!("{file}: no line names it"));
            continue;
        };
        used.insert(at);
        let kind = match &line.part {
            Part::Gold => "gold",
            Part::Dialect => "dialect",
            Part::None => "none",
            Part::Refused(code) => {
                match discover(&data.join(file), file, &Default::default(), 500) {
                    Err(error) if error.code() == code => {}
                    Err(error) => wrong.push(format!("{file}: {}: {}", error.code(), error.message())),
                    Ok(_) => wrong.push(format!("{file}: it is read")),
                }
                "refused"
            }
        };
        *counts.entry(kind).or_insert(0) += 1;
        for (kind, files) in [(Part::Gold, &golds), (Part::Dialect, &dialects)] {
            if (line.part == kind) != files.contains(file) {
                wrong.push(format!(
                    "{file}: `{}` says {:?}; a {kind:?} is there or missing",
                    line.pattern, line.part
                ));
            }
        }
    }
    for file in golds.iter().chain(&dialects).filter(|file| !files.contains(file)) {
        wrong.push(format!("{file}: there is no such file"));
    }
    for (_, line) in listed.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
        wrong.push(format!("`{}` names no file", line.pattern));
    }
    println!("{} tabular files: {counts:?}", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
