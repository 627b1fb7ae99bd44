//! A supplier's mapping held against its newest feed: columns that nothing reads, words that nothing knows, what changed.
//!
//! It writes nothing; `accept` writes what is clear.

use crate::catalog::stored::Known;
use crate::declaration::Declaration;
use crate::diagnostic::Diagnostic;
use crate::mapping::once::Once;
use crate::mapping::unknown::UnknownWords;
use crate::value::text::fold;
use crate::workspace::Workspace;
use crate::workspace::delivery::newest;
use crate::workspace::drift::{drifts, key, not_told_twice, quoted, told};
use crate::workspace::failure::Failure;
use crate::workspace::layout::{Look, last_layouts, look_at, name_of};
use crate::workspace::proposal::{Known as KnownTexts, Near};
use crate::workspace::reading::{Outcome, Readers, Told, read};
use crate::workspace::supplier_settings::{SUPPLIER_FILE, Supplier, SupplierFile};
use std::collections::{BTreeMap, BTreeSet};

/// Samples shown of a column.
const SAMPLES: usize = 3;
/// Words shown of one field.
const MOST_OF_FIELD: usize = 500;

/// A column that the mapping does not read.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Unmapped {
    pub file: String,
    pub column: String,
    /// Position, counted from 1.
    pub index: usize,
    /// Records of the first 500 that have a value.
    pub filled: u64,
    pub samples: Vec<String>,
}

/// A word that neither the field's map nor its list knows.
#[derive(Debug, Clone, serde::Serialize)]
pub struct UnknownWord {
    /// The field, as supplier.toml calls it.
    pub field: String,
    /// The value map that the word belongs in.
    pub map: String,
    /// That map is there and the field names it.
    pub map_exists: bool,
    pub word: String,
    /// How often the feed has it.
    pub rows: u64,
    /// The likeliest first.
    pub nearest: Vec<Near>,
    /// `--accept` writes the first of `nearest`.
    pub clear: bool,
}

/// What a check shows.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Checked {
    pub supplier: String,
    pub files: Vec<String>,
    pub read: u64,
    pub rejected: u64,
    pub unmapped: Vec<Unmapped>,
    pub unknown: Vec<UnknownWord>,
    /// Occurrences of words that are not listed: past the 500 most frequent of a field, past those that are counted, too long.
    pub unknown_beyond: u64,
    /// What changed since the last applied delivery; errors would stop an import.
    pub drift: Vec<Diagnostic>,
    /// Number of findings by code.
    pub findings: BTreeMap<String, u64>,
    /// Why the delivery could not be read to its end, where it could not.
    pub refused: Vec<Diagnostic>,
    /// Lines for supplier.toml.
    pub paste: String,
}

/// Reads the newest feed whole and compares; nothing is written.
pub fn check(workspace: &Workspace, id: &str) -> Result<Checked, Failure> {
    let settings = &workspace.settings;
    let supplier = settings.supplier(id)?;
    let delivery = newest(workspace, supplier, "check")?;
    let files = &delivery.files;
    let looks: Vec<Option<Look>> = files
        .iter()
        .map(|file| look_at(supplier, &file.path, &file.shown))
        .collect();
    let before = match workspace.reader_if_any()? {
        Some(reader) => last_layouts(&reader, supplier)?,
        None => Vec::new(),
    };
    let drift = told(drifts(supplier, &looks, &before), supplier.on_drift);
    let mut checked = Checked {
        supplier: id.to_owned(),
        files: files.iter().map(|file| file.shown.to_string()).collect(),
        unmapped: looks
            .iter()
            .flatten()
            .flat_map(|look| unmapped(supplier, look))
            .collect(),
        drift: drift.clone(),
        ..Checked::default()
    };
    // Beside an empty catalog every row is mapped, also those that did not change.
    let known = Known::default();
    let readers = Readers {
        supplier,
        file: &supplier.file,
        schema: &settings.schema,
        files,
        known: &known,
        store: None,
        house: Vec::new(),
        threads: workspace.threads,
        count_unknown: true,
    };
    let (mut words, mut once) = (UnknownWords::default(), Once::default());
    let mut count = |findings: Vec<Diagnostic>| {
        for finding in findings {
            *checked.findings.entry(finding.code.into_owned()).or_default() += 1;
        }
    };
    count(delivery.findings.clone());
    let (mut rows, mut rejected) = (0, 0);
    let outcome = read(&readers, |told| {
        match told {
            Told::Opened { diagnostics } => count(not_told_twice(diagnostics, &drift)),
            Told::Closed { report, .. } => count(report.diagnostics),
            Told::Outcomes {
                outcomes,
                diagnostics,
                unknown,
                once: met,
            } => {
                rows += outcomes.len() as u64;
                rejected += outcomes
                    .iter()
                    .filter(|outcome| matches!(outcome, Outcome::Rejected { .. }))
                    .count() as u64;
                count(diagnostics);
                unknown.into_iter().for_each(|unknown| words.merge(unknown));
                once.merge(met);
            }
        }
        Ok(())
    });
    count(once.findings());
    match outcome {
        Err(failure) if failure.diagnostics.is_empty() => return Err(failure),
        Err(failure) => checked.refused = failure.diagnostics,
        Ok(()) => {}
    }
    (checked.read, checked.rejected) = (rows, rejected);
    let file = file_of(workspace, supplier)?;
    (checked.unknown, checked.unknown_beyond) = proposed(workspace, supplier, &file, &words);
    checked.paste = paste(&checked.unknown);
    Ok(checked)
}

/// The supplier's file as it is written.
pub fn file_of(workspace: &Workspace, supplier: &Supplier) -> Result<SupplierFile, Failure> {
    let path = supplier.folder.join(SUPPLIER_FILE);
    Declaration::read(&path, &workspace.settings.shown(&path))
        .and_then(|declaration| declaration.check())
        .map_err(|faults| Failure::invalid("the supplier's file changed while it was read", faults))
}

fn unmapped(supplier: &Supplier, look: &Look) -> Vec<Unmapped> {
    let uses = supplier.mapping.wanted();
    let columns = look.columns.iter().filter(|column| column.filled > 0);
    let free = columns
        .map(|column| (name_of(column), column))
        .filter(|(name, _)| !uses.contains(name));
    free.map(|(name, column)| Unmapped {
        file: look.shown.clone(),
        column: name,
        index: column.index,
        filled: column.filled,
        samples: column
            .samples
            .iter()
            .take(SAMPLES)
            .map(|text| crate::diagnostic::excerpt(text))
            .collect(),
    })
    .collect()
}

/// Counts and words, by what a map compares them as.
type Spellings<'w> = BTreeMap<String, Vec<(u64, &'w str)>>;

/// The words with what they could mean, the most frequent of each field first, and how often words were met that are not among
/// them.
fn proposed(
    workspace: &Workspace,
    supplier: &Supplier,
    file: &SupplierFile,
    words: &UnknownWords,
) -> (Vec<UnknownWord>, u64) {
    let (schema, synonyms) = (&workspace.settings.schema, &workspace.settings.synonyms);
    // Spellings that a map takes for one word are one: the most frequent stands for all.
    let mut fields: BTreeMap<&str, Spellings<'_>> = BTreeMap::new();
    for (field, word, rows) in words.iter() {
        let spelling = match word.chars().any(char::is_alphabetic) {
            true => fold(word),
            false => word.to_owned(),
        };
        fields
            .entry(field)
            .or_default()
            .entry(spelling)
            .or_default()
            .push((rows, word));
    }
    let (mut out, mut beyond) = (Vec::new(), words.beyond);
    for (field, spellings) in fields {
        let named = file.fields.get(field).and_then(|settings| settings.map.clone());
        let map = named.clone().unwrap_or_else(|| free_name(field, file));
        let meanings = supplier.mapping.meanings(field, schema);
        let mut texts = meanings.texts;
        for (word, meaning) in file.maps.get(&map).filter(|_| named.is_some()).into_iter().flatten() {
            if !meaning.is_empty() && !word.contains('*') {
                texts.push((word.clone(), meaning.clone()));
            }
        }
        // What is not shown is not looked up either.
        let (most, rest) = most_frequent(spellings);
        beyond += rest;
        let known = KnownTexts::new(&texts);
        for (rows, word) in most {
            let (nearest, clear) = match supplier.mapping.surely(field, word, schema) {
                Some(value) => (
                    vec![Near {
                        value,
                        because: "said of stock".to_owned(),
                    }],
                    true,
                ),
                None => known.nearest(word, synonyms),
            };
            // A tree takes what a new map lets through for a code, so a person decides whether it gets one.
            let may = !word.contains('*') && (named.is_some() || !meanings.is_tree);
            out.push(UnknownWord {
                field: field.to_owned(),
                map: map.clone(),
                map_exists: named.is_some(),
                word: word.to_owned(),
                rows,
                nearest,
                clear: clear && may,
            });
        }
    }
    (out, beyond)
}

/// The most frequent words of a field with their counts, each in its most frequent spelling, and how often the others were met.
fn most_frequent(spellings: Spellings<'_>) -> (Vec<(u64, &str)>, u64) {
    let mut words: Vec<(u64, &str)> = Vec::new();
    for spelled in spellings.into_values() {
        let rows = spelled.iter().map(|(rows, _)| rows).sum();
        let most = spelled
            .into_iter()
            .max_by_key(|(rows, word)| (*rows, std::cmp::Reverse(*word)));
        words.extend(most.map(|(_, word)| (rows, word)));
    }
    words.sort_by_key(|(rows, word)| (std::cmp::Reverse(*rows), *word));
    let rest = words.iter().skip(MOST_OF_FIELD).map(|(rows, _)| rows).sum();
    words.truncate(MOST_OF_FIELD);
    (words, rest)
}

/// A name for the first map of a field.
fn free_name(field: &str, file: &SupplierFile) -> String {
    let plain: String = field
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let taken = |name: &String| file.maps.contains_key(name);
    let names = std::iter::once(plain.clone()).chain((2..1_000).map(|n| format!("{plain}_{n}")));
    names.into_iter().find(|name| !taken(name)).unwrap_or(plain)
}

/// Lines for supplier.toml: what is clear as it would be written, the rest with its likeliest meanings; each map once, and each
/// word once in it.
fn paste(unknown: &[UnknownWord]) -> String {
    let mut text = String::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for first in unknown {
        if !done.insert(&first.map) {
            continue;
        }
        let of_map = || unknown.iter().filter(|word| word.map == first.map);
        let mut fields: BTreeSet<&str> = BTreeSet::new();
        for word in of_map().filter(|word| !word.map_exists) {
            if fields.insert(&word.field) {
                let (field, map) = (key(&word.field), quoted(&word.map));
                text.push_str(&format!("# add to [fields.{field}]: map = {map}, unknown = \"keep\"\n"));
            }
        }
        text.push_str(&format!("[maps.{}]\n", key(&first.map)));
        let mut words: BTreeSet<&str> = BTreeSet::new();
        for word in of_map().filter(|word| words.insert(&word.word)) {
            text.push_str(&line(word));
        }
    }
    text
}

/// A line of a value map: commented out where a person has to decide.
pub fn line(word: &UnknownWord) -> String {
    let rows = match word.rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    let near = |near: &Near| format!("{} ({})", near.value, near.because);
    let all: Vec<String> = word.nearest.iter().map(near).collect();
    let why = if all.is_empty() {
        rows
    } else {
        format!("{rows}; {}", all.join(", "))
    };
    // A comment ends with its line, whatever the feed says.
    let why = crate::diagnostic::excerpt(&why);
    match word.nearest.first().filter(|_| word.clear) {
        Some(best) => format!("{} = {}  # {why}\n", quoted_key(&word.word), quoted(&best.value)),
        None => format!("# {} = \"\"  # {why}\n", quoted_key(&word.word)),
    }
}

/// A word as a key, always in quotes and on one line.
pub fn quoted_key(word: &str) -> String {
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
