//! A first look at a delivered file: how it is laid out, before its rows are read.
//!
//! What differs from the last delivery, and whether that matters, is left to `drift`.

use crate::catalog::Reader;
use crate::feed::settings::FileSettings;
use crate::feed::sniff::{DiscoveredColumn, Discovery, look};
use crate::product::batch::{DeliveredFile, LaidColumn, Layout};
use crate::value::number::{self, Proof};
use crate::value::price;
use crate::workspace::failure::Failure;
use crate::workspace::supplier_settings::Supplier;
use std::collections::BTreeSet;
use std::path::Path;

/// Records that a look takes in.
pub const RECORDS: usize = 500;
/// Columns that are remembered of a file; readers take 2,048 of a table.
const MOST_COLUMNS: usize = 2_048;
/// Batches that are looked through for the last delivery.
const LOOKED_THROUGH: usize = 20;
/// Characters remembered of a name.
const LONGEST_NAME: usize = 200;

/// What a look shows.
pub struct Look {
    /// The file as the user knows it.
    pub shown: String,
    pub layout: Layout,
    /// The columns of the layout with their samples, in the same order.
    pub columns: Vec<DiscoveredColumn>,
    /// Whether each column that the mapping asks for is there.
    pub found: Vec<bool>,
    /// Names of columns hold for all records; else they are paths, which a record may lack.
    pub is_table: bool,
    /// Line of the header; a table without one is read by the place of its columns.
    pub header_row: Option<u64>,
    /// Of updates of a BMEcat catalogue: the transfer that they say they follow.
    pub follows: Option<Option<u32>>,
    /// The declared delimiter is not that of the file.
    pub other_delimiter: bool,
}

/// Looks at a file as its supplier's settings have it read. `None` where it cannot be read: the reading itself says why.
pub fn look_at(supplier: &Supplier, path: &Path, shown: &str) -> Option<Look> {
    let size = std::fs::metadata(path).ok()?.len();
    let settings = &supplier.file;
    let seen = |settings: &FileSettings| look(path, shown, settings, supplier.mapping.wanted(), RECORDS).ok();
    let mut found = seen(settings);
    let mut other_delimiter = false;
    let misses_all = |found: &Option<Discovery>| !found.as_ref().is_some_and(|found| found.found.contains(&true));
    if settings.delimiter.is_some() && misses_all(&found) {
        // Whoever changes the delimiter leaves a table of one column; its own delimiter shows what happened.
        let open = FileSettings {
            delimiter: None,
            ..settings.clone()
        };
        let again = seen(&open);
        other_delimiter = !misses_all(&again);
        if other_delimiter {
            found = again;
        }
    }
    let found = found?;
    let mut encoding = proven_encoding(&found);
    if settings.encoding.is_some() && is_text(&found) {
        // A declaration hides what the bytes say.
        let open = FileSettings {
            encoding: None,
            ..settings.clone()
        };
        encoding = seen(&open).map_or(encoding, |found| proven_encoding(&found));
    }
    let is_table = found.record_path.is_none() && !matches!(found.format, "xml" | "bmecat" | "json" | "jsonl");
    let layout = Layout {
        size,
        records: found.records,
        encoding,
        delimiter: found.delimiter.clone(),
        transfer: match found.transaction {
            None => None,
            Some(transaction) if !transaction.is_update => Some(0),
            Some(update) => update.previous.and_then(|previous| previous.checked_add(1)),
        },
        columns: found.columns.iter().take(MOST_COLUMNS).map(laid).collect(),
    };
    let mut columns = found.columns;
    columns.truncate(MOST_COLUMNS);
    Some(Look {
        shown: shown.to_owned(),
        layout,
        columns,
        found: found.found,
        is_table,
        header_row: found.header_row,
        follows: (found.transaction.filter(|transaction| transaction.is_update)).map(|update| update.previous),
        other_delimiter,
    })
}

/// Workbooks hold Unicode; everything else is bytes in an encoding.
fn is_text(found: &Discovery) -> bool {
    matches!(found.format, "csv" | "tsv" | "xml" | "bmecat" | "json" | "jsonl")
}

/// The encoding of a text, where more than ASCII was seen.
fn proven_encoding(found: &Discovery) -> String {
    let ascii =
        |column: &DiscoveredColumn| column.header.is_ascii() && column.samples.iter().all(|text| text.is_ascii());
    match is_text(found) && !(found.encoding == "UTF-8" && found.columns.iter().all(ascii)) {
        true => found.encoding.clone(),
        false => String::new(),
    }
}

fn laid(column: &DiscoveredColumn) -> LaidColumn {
    LaidColumn {
        name: name_of(column),
        filled: column.filled,
        shape: shape_of(&column.samples).to_owned(),
        numbers: notation_of(column).map(|notation| notation.name().to_owned()),
        typed: column.filled > 0 && column.numbers >= column.filled,
    }
}

/// A column as a mapping names it: by its header, or by its number where it has none.
pub fn name_of(column: &DiscoveredColumn) -> String {
    match column.header.is_empty() {
        true => column.index.to_string(),
        false => column.header.chars().take(LONGEST_NAME).collect(),
    }
}

/// The notation that the values of a column prove. Whole numbers prove nothing, and what the format typed is no notation.
fn notation_of(column: &DiscoveredColumn) -> Option<number::Notation> {
    if column.numbers > 0 {
        return None;
    }
    let numbers = column.samples.iter().filter_map(|text| price::split(text));
    let numbers: Vec<&str> = numbers
        .map(|parts| parts.number)
        .filter(|text| text.contains(['.', ',']))
        .collect();
    match number::prove(numbers) {
        Proof::One(notation) => Some(notation),
        Proof::Ambiguous(_) | Proof::None => None,
    }
}

/// What most values look like.
fn shape_of(samples: &[String]) -> &'static str {
    if samples.is_empty() {
        return "blank";
    }
    let most =
        |fits: fn(&str) -> bool| samples.iter().filter(|text| fits(text.trim())).count() * 5 >= samples.len() * 4;
    let is_code = |text: &str| matches!(text.len(), 8 | 12..=14) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits > 0 && text.chars().filter(|c| c.is_alphabetic()).count() <= 3 && digits * 2 >= text.chars().count()
    };
    let is_address = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    if most(is_code) {
        "gtin"
    } else if most(is_address) {
        "address"
    } else if most(is_number) {
        "number"
    } else if most(|text| text.chars().count() <= 24) {
        "words"
    } else {
        "text"
    }
}

/// The files of the last delivery that was applied and not taken back, as far as their layout is remembered.
pub fn last_layouts(reader: &Reader, supplier: &Supplier) -> Result<Vec<DeliveredFile>, Failure> {
    let earlier = reader.deliveries(&supplier.source, LOOKED_THROUGH, &[], "")?;
    let last = earlier
        .into_iter()
        .find(|files| files.iter().any(|file| file.layout.is_some()));
    Ok(last.unwrap_or_default())
}

/// The remembered file that this one follows: the one of its name, else the one that shares most columns with it.
pub fn predecessor<'b>(look: &Look, before: &'b [DeliveredFile]) -> Option<&'b Layout> {
    let of_name = before
        .iter()
        .find(|file| file.path == look.shown && file.layout.is_some());
    if let Some(layout) = of_name.and_then(|file| file.layout.as_ref()) {
        return Some(layout);
    }
    let names: BTreeSet<&str> = look.layout.columns.iter().map(|column| column.name.as_str()).collect();
    let shared = |layout: &Layout| {
        layout
            .columns
            .iter()
            .filter(|column| names.contains(column.name.as_str()))
            .count()
    };
    let layouts: Vec<&Layout> = before.iter().filter_map(|file| file.layout.as_ref()).collect();
    match layouts.as_slice() {
        [only] => Some(only),
        several => several
            .iter()
            .rev()
            .max_by_key(|layout| shared(layout))
            .filter(|layout| shared(layout) > 0)
            .copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_a_shape() {
        for (samples, shape) in [
            (vec![], "blank"),
            (vec!["8412345678905", "4006381333931"], "gtin"),
            (vec!["12,50", "1.200,00 €", "3"], "number"),
            (vec!["https://shop.example/a.jpg"], "address"),
            (vec!["Rojo", "Azul marino"], "words"),
            (vec!["Taladro percutor de 18 V con dos baterías y maletín"], "text"),
        ] {
            let samples: Vec<String> = samples.into_iter().map(str::to_owned).collect();
            assert_eq!(shape_of(&samples), shape, "{samples:?}");
        }
    }
}
