//! Meanings that are clear, written into a supplier's file; everything else in it stays as it stands.

use crate::declaration::Declaration;
use crate::mapping::Mapping;
use crate::workspace::Workspace;
use crate::workspace::check::{Checked, UnknownWord, line, quoted_key};
use crate::workspace::drift::key;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::feed_file::put;
use crate::workspace::settings::{SUPPLIER_FILE, SupplierFile};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

/// Comments left for the person in one file.
const MOST_COMMENTS: usize = 200;

/// What was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Accepted {
    pub file: String,
    /// `maps.colores: "ROJOS" = "red"`, in the order written.
    pub written: Vec<String>,
    /// Words that were left as comments for a person.
    pub commented: Vec<String>,
}

/// Writes the clear meanings of a check, and what is not clear as comments, each once. The file is only replaced by one that
/// is a sound mapping.
pub fn accept(workspace: &Workspace, checked: &Checked) -> Result<Accepted, Failure> {
    let supplier = workspace.settings.supplier(&checked.supplier)?;
    let path = supplier.folder.join(SUPPLIER_FILE);
    let shown = workspace.settings.shown(&path);
    let before = std::fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
    let broken = |what: String| Failure::new(FailureKind::Broken, format!("failed to edit {shown}: {what}"));
    let mut document: DocumentMut = before.parse().map_err(|error| broken(format!("{error}")))?;
    let mut written = Vec::new();
    for word in checked.unknown.iter().filter(|word| word.clear) {
        let Some(best) = word.nearest.first() else { continue };
        let map = map_of(&mut document, word).ok_or_else(|| broken("`maps` or `fields` is no table".to_owned()))?;
        if map.contains_key(&word.word) {
            continue;
        }
        map.insert(&word.word, value(&best.value));
        written.push(format!(
            "maps.{}: {} = \"{}\"",
            key(&word.map),
            quoted_key(&word.word),
            best.value
        ));
    }
    let mut text = document.to_string();
    let is_asked = |word: &&UnknownWord| {
        let quoted = quoted_key(&word.word);
        !word.clear
            && !["# ", "]: "]
                .iter()
                .any(|start| before.contains(&format!("{start}{quoted} = ")))
    };
    let asked: Vec<&UnknownWord> = checked.unknown.iter().filter(is_asked).take(MOST_COMMENTS).collect();
    // Each goes directly below the head, so that the last one put there stands first.
    text = asked.iter().rev().fold(text, |text, word| with_comment(&text, word));
    let commented = asked.iter().map(|word| word.word.clone()).collect();
    if text != before {
        let declaration = Declaration::parse(text.clone(), &shown);
        let sound = declaration.and_then(|declaration| {
            let file: SupplierFile = declaration.check()?;
            Mapping::compile(
                &file.read,
                &file.fields,
                &file.maps,
                &workspace.settings.schema,
                &declaration,
            )
        });
        sound.map_err(|faults| {
            Failure::invalid(format!("{shown} stays as it is: the proposal is no mapping"), faults)
        })?;
        put(&path, text.as_bytes())?;
    }
    Ok(Accepted {
        file: shown,
        written,
        commented,
    })
}

/// The map that a word belongs in, made and named by its field where it is not there.
fn map_of<'d>(document: &'d mut DocumentMut, word: &UnknownWord) -> Option<&'d mut dyn TableLike> {
    if !word.map_exists {
        let fields = document.get_mut("fields")?.as_table_like_mut()?;
        let item = fields.get_mut(&word.field)?;
        let field = item.as_table_like_mut()?;
        if !field.contains_key("map") {
            field.insert("map", value(&word.map));
            // What the list knows already goes on past the new map.
            if !field.contains_key("unknown") {
                field.insert("unknown", value("keep"));
            }
            if let Some(inline) = item.as_inline_table_mut() {
                inline.fmt();
            }
        }
    }
    let maps = document.entry("maps").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    maps.as_table_like_mut()?
        .entry(&word.map)
        .or_insert_with(|| Item::Table(Table::new()))
        .as_table_like_mut()
}

/// The text with a line for the person: below the head of the word's map, or at the end where it has none.
fn with_comment(text: &str, word: &UnknownWord) -> String {
    let head = format!("[maps.{}]", key(&word.map));
    let comment = line(word);
    let mut out = String::with_capacity(text.len() + comment.len());
    let mut is_there = false;
    for row in text.split_inclusive('\n') {
        out.push_str(row);
        if !is_there && row.split('#').next().is_some_and(|row| row.trim() == head) {
            is_there = true;
            if !row.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(&comment);
        }
    }
    if !is_there {
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&format!(
            "# for a map of [fields.{}]: {}",
            key(&word.field),
            comment.trim_start_matches("# ")
        ));
    }
    out
}
