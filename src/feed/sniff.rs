//! Looks at an unknown file: format, encoding, delimiter, header, records, and every column or path with samples, each with
//! the evidence for it.
//!
//! What the columns mean, and which notation their numbers have, is left to `mapping`.

use crate::diagnostic::{Diagnostic, excerpt};
use crate::feed;
use crate::feed::Reading;
use crate::feed::bmecat_field::Field;
use crate::feed::failure::FeedError;
use crate::feed::report::{FileReport, Transaction};
use crate::feed::sections::{SECTION, has_headings, heading};
use crate::feed::settings::{FileSettings, Format};
use crate::feed::source::is_blank;
use crate::feed::tree_paths::tree_paths;
use crate::product::record::{Cell, Records};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Samples kept of a column.
const SAMPLES: usize = 50;
/// Columns whose cells are kept as hashes.
const CELLS: usize = 64;
/// Characters kept of a sample.
const SAMPLE: usize = 2_000;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Discovery {
    /// `csv`, `tsv`, `xlsx`, `xls`, `ods`, `xml`, `bmecat`, `json`, `jsonl`.
    pub format: &'static str,
    /// WHATWG name, or `cp850`, `cp437`, `mixed`.
    pub encoding: String,
    pub delimiter: Option<String>,
    /// How the quotes of a text table are written.
    pub quoting: Quoting,
    /// Line of the header, counted from 1; none in trees, and where there is none.
    pub header_row: Option<u64>,
    /// Rows that it takes.
    pub header_rows: usize,
    /// Rows with one filled cell stand as headings between the others.
    pub section_rows: bool,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Path of the records in a tree.
    pub record_path: Option<String>,
    /// Path of the items inside of each record, where it was said.
    pub items: Option<String>,
    /// Whether each field that was asked for is there: of tables in the header, of trees with a value in a record looked at.
    pub found: Vec<bool>,
    pub columns: Vec<DiscoveredColumn>,
    /// Records looked at, refused ones included.
    pub records: u64,
    /// What was found, and why.
    pub evidence: Vec<(String, String)>,
    pub diagnostics: Vec<Diagnostic>,
    /// Of BMEcat files: a catalogue, or an update of one.
    pub transaction: Option<Transaction>,
}

/// How the quotes of a text table are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quoting {
    /// As RFC 4180 has it, or there are none.
    #[default]
    Doubled,
    /// Quotes are plain signs.
    Plain,
    /// By this character.
    Escaped(char),
}

/// A column of a table, or a path in a tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiscoveredColumn {
    /// Header or path, as a mapping asks for it; its number where a column has no name.
    pub header: String,
    /// Place in the file, counted from 1.
    pub index: usize,
    /// The first values that are not blank, repetitions left out.
    pub samples: Vec<String>,
    /// Records in which it is not blank.
    pub filled: u64,
    /// Different values among all that were looked at, samples or not.
    pub distinct: u64,
    /// What each record has, as a hash; 0 where it is blank. Of the first columns of a table only: a key stands there.
    pub cells: Vec<u64>,
    /// Cells that the format itself typed as numbers.
    pub numbers: u64,
    /// Cells that the format itself typed as dates.
    pub moments: u64,
    /// It holds several values in some record.
    pub multiple: bool,
}

impl Discovery {
    /// Settings with which the file is read as it was looked at. What is found as surely the next time is left out.
    pub fn settings(&self, path: &str) -> FileSettings {
        let format = match self.format {
            "csv" => Format::Csv,
            "tsv" => Format::Tsv,
            "xml" => Format::Xml,
            "bmecat" => Format::Bmecat,
            "json" => Format::Json,
            "jsonl" => Format::Jsonl,
            _ => Format::Xlsx,
        };
        let is_table = matches!(format, Format::Csv | Format::Tsv | Format::Xlsx);
        // UTF-8 and Windows-1252 are told apart row by row; a supplier that changes over is then read right.
        let certain = self.encoding == "mixed" || self.encoding == "windows-1252" || self.encoding.starts_with("UTF-");
        FileSettings {
            path: vec![path.to_string()],
            format: Some(format),
            encoding: (!certain).then(|| self.encoding.clone()),
            delimiter: self.delimiter.clone().filter(|_| format == Format::Csv),
            quote: matches!(self.quoting, Quoting::Plain).then(String::new),
            escape: match self.quoting {
                Quoting::Escaped(escape) => Some(escape.to_string()),
                Quoting::Doubled | Quoting::Plain => None,
            },
            header_row: is_table.then(|| self.header_row.unwrap_or(0)),
            header_rows: (self.header_rows > 1).then_some(self.header_rows as u64),
            section_rows: self.section_rows,
            sheet: self.sheet.clone(),
            record: self.record_path.clone(),
            items: self.items.clone(),
            ..FileSettings::default()
        }
    }
}

/// Looks at a file, up to so many records. What `settings` say is taken as given.
pub fn discover(
    path: &Path,
    shown: &str,
    settings: &FileSettings,
    sample_records: usize,
) -> Result<Discovery, FeedError> {
    look(path, shown, settings, &[], sample_records)
}

/// Looks at a file of a supplier whose mapping asks for the fields `wanted`: as `discover`, with the header that an import
/// would take.
pub fn look(
    path: &Path,
    shown: &str,
    settings: &FileSettings,
    wanted: &[String],
    sample_records: usize,
) -> Result<Discovery, FeedError> {
    // The groups of a BMEcat file stand at its end, too far for a look.
    let has_mapping = !wanted.is_empty();
    let is_group = |field: &String| has_mapping && matches!(Field::of(field), Some(Field::Group(_)));
    // A look is at the rows as they stand in the file.
    let own = |field: &String| feed::own_column(settings, field).map(str::to_owned);
    let wanted: &[Option<String>] = &wanted.iter().map(own).collect::<Vec<Option<String>>>();
    let settings = &settings.plain();
    let asked: Vec<String> = wanted
        .iter()
        .flatten()
        .filter(|field| !is_group(field))
        .cloned()
        .collect();
    let mut reading = feed::open(path, shown, 0, settings, &asked)?;
    let mut evidence = Vec::new();
    let mut say = |what: &str, why: String| evidence.push((what.to_string(), why));
    let mut sheet = None;
    let mut quoting = Quoting::Doubled;
    let mut header_rows = 0;
    match &reading {
        Reading::Table(table) => {
            header_rows = table.header_rows();
            match (table.dialect().quote, table.dialect().escape) {
                (None, _) => {
                    quoting = Quoting::Plain;
                    say(
                        "quote",
                        "quotes only stand alone in cells, so that they are signs".to_string(),
                    );
                }
                (_, Some(escape)) => {
                    quoting = Quoting::Escaped(escape as char);
                    say(
                        "escape",
                        format!(
                            "more quotes hold where {} takes the next character as it is",
                            escape as char
                        ),
                    );
                }
                (Some(_), None) => {}
            }
            if let Some((regular, rows)) = table.regular_rows() {
                let width = table.header().len();
                say(
                    "delimiter",
                    format!("{regular} of the first {rows} rows have {width} fields with it"),
                );
            }
        }
        Reading::Grid(grid) => {
            header_rows = grid.header_rows();
            sheet = Some(grid.sheet_name().to_string());
            say(
                "sheet",
                format!(
                    "\"{}\" is the first visible sheet that holds a table",
                    excerpt(grid.sheet_name())
                ),
            );
        }
        Reading::Json(_) | Reading::Xml(_) | Reading::Made(_) => {}
    }
    let is_table = matches!(reading, Reading::Table(_) | Reading::Grid(_));
    let record_path = reading.record_path();
    let in_header: Vec<String> = (asked.iter().zip(reading.found()))
        .filter(|(_, found)| is_table && **found)
        .map(|(field, _)| field.clone())
        .collect();
    let names = if is_table {
        reading.take_all();
        reading.header().to_vec()
    } else {
        let mut names = tree_paths(&mut reading, settings.items.as_deref(), sample_records)?;
        names.retain(|name| !is_group(name));
        let more: Vec<String> = asked.iter().filter(|field| !names.contains(field)).cloned().collect();
        names.extend(more);
        // The values of a path are asked of the reader itself, so that they are those that a mapping will see.
        reading = feed::open(path, shown, 0, settings, &names)?;
        names
    };
    let mut columns: Vec<DiscoveredColumn> = names.iter().enumerate().map(|(n, name)| named(name, n)).collect();
    let (mut counts, mut report) = sample(reading, &mut columns, sample_records)?;
    let section_rows = is_table && !has_mapping && has_headings(&counts.filled);
    if section_rows {
        // The header stays where it was found: columns without names are asked for by number, and numbers stand in rows too.
        let with_sections = FileSettings {
            section_rows,
            header_row: Some(report.header_row.unwrap_or(0)),
            header_rows: (header_rows > 1).then_some(header_rows as u64),
            ..settings.clone()
        };
        let mut names: Vec<String> = columns.iter().map(|column| column.header.clone()).collect();
        names.push(SECTION.to_owned());
        let reading = feed::open(path, shown, 0, &with_sections, &names)?;
        columns = names.iter().enumerate().map(|(n, name)| named(name, n)).collect();
        (counts, report) = sample(reading, &mut columns, sample_records)?;
        say(
            "section_rows",
            "rows with one filled cell stand above others as headings".to_string(),
        );
    }
    let records = counts.records;
    columns.retain(|column| is_table || column.filled > 0);
    let is_there = |field: &String| match is_table {
        true => in_header.contains(field),
        false => columns.iter().any(|column| column.header == *field),
    };
    let found = (wanted.iter())
        .map(|field| field.as_ref().is_none_or(|field| is_group(field) || is_there(field)))
        .collect();
    say("format", why_format(report.format));
    say("encoding", why_encoding(&report, &counts));
    if let Some((refused, code)) = counts.refused() {
        say(
            "records",
            format!("{refused} of the first {records} are refused as they stand ({code})"),
        );
    }
    if is_table {
        say(
            "header_row",
            match report.header_row {
                Some(row) if header_rows > 1 => {
                    format!("rows {row} and {} are groups of columns and their names", row + 1)
                }
                Some(row) => {
                    format!("row {row} is the first that is as full as the table below it and holds names, not values")
                }
                None => "the first rows hold values, so that there is no header".to_string(),
            },
        );
    }
    if let Some(path) = &record_path {
        say(
            "record_path",
            match path.as_str() {
                "." => "there is no list in the document, so that it is one record".to_string(),
                "" => "the document is a list".to_string(),
                path => format!("{path} is the least deep that repeats and holds others"),
            },
        );
    }
    Ok(Discovery {
        format: report.format,
        encoding: report.encoding,
        delimiter: report.delimiter,
        quoting,
        header_row: report.header_row,
        header_rows,
        section_rows,
        sheet,
        record_path,
        items: settings.items.clone(),
        found,
        columns,
        records,
        evidence,
        diagnostics: report.diagnostics,
        transaction: report.transaction,
    })
}

fn named(name: &str, n: usize) -> DiscoveredColumn {
    DiscoveredColumn {
        // As a mapping asks for a column without a name.
        header: if name.is_empty() {
            (n + 1).to_string()
        } else {
            name.to_string()
        },
        index: n + 1,
        ..DiscoveredColumn::default()
    }
}

fn why_format(format: &str) -> String {
    match format {
        "csv" | "tsv" => "the content is lines of delimited fields, and neither XML nor JSON",
        "xlsx" => "the content is a zip container with the parts of an Excel workbook",
        "xlsb" => "the content is a zip container with the parts of a binary Excel workbook",
        "xls" => "the content is a compound file with an old Excel workbook",
        "ods" => "the content is a zip container with an OpenDocument spreadsheet",
        "bmecat" => "the root element is BMECAT",
        "xml" => "the content begins with a tag",
        "jsonl" => "each line is a JSON object of its own",
        _ => "the content begins with a JSON bracket",
    }
    .to_string()
}

fn why_encoding(report: &FileReport, counts: &Counts) -> String {
    let records = counts.records;
    let no_text = counts.faults.get(NO_TEXT).copied().unwrap_or(0);
    match (report.encoding.as_str(), report.format) {
        (_, "xlsx" | "xlsb" | "xls" | "ods") => "workbooks hold Unicode".to_string(),
        ("UTF-8", _) if no_text > 0 => format!(
            "{} of the first {records} records are valid UTF-8; {no_text} are that in no way, nor text in another encoding",
            records - no_text
        ),
        ("UTF-8", _) => format!("all of the first {records} records are valid UTF-8"),
        ("UTF-16LE" | "UTF-16BE", _) => "every second byte is zero, or the byte order mark says so".to_string(),
        ("mixed", _) => "some of the first records are UTF-8, the others are not".to_string(),
        (name, _) => format!("records that are no UTF-8 read best as {name}, or the file declares it"),
    }
}

/// What the records looked at came to.
#[derive(Default)]
struct Counts {
    /// Refused ones included.
    records: u64,
    /// Cells that each record fills; what fills one without being a heading counts as two.
    filled: Vec<usize>,
    /// Refused records by the code of the fault.
    faults: BTreeMap<String, u64>,
}

/// The code of rows whose bytes are no text.
const NO_TEXT: &str = "E-ROW-ENCODING";

impl Counts {
    /// How many are refused, and the code of most; none where all are taken.
    fn refused(&self) -> Option<(u64, &str)> {
        // Of equals the first by name.
        let (code, _) = self.faults.iter().rev().max_by_key(|(_, count)| **count)?;
        Some((self.faults.values().sum(), code))
    }
}

/// Reads the sample and fills the columns.
fn sample(
    mut reading: Reading,
    columns: &mut [DiscoveredColumn],
    sample_records: usize,
) -> Result<(Counts, FileReport), FeedError> {
    let mut batch = Records::default();
    let mut counts = Counts::default();
    // Hashes, so that counting costs no more than eight bytes a value.
    let mut seen: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); columns.len()];
    'reading: while reading.next(&mut batch)? {
        for record in batch.iter() {
            if counts.records >= sample_records as u64 {
                break 'reading;
            }
            counts.records += 1;
            if let Some(fault) = record.fault() {
                *counts.faults.entry(fault.code.to_string()).or_default() += 1;
                continue;
            }
            let filled = (0..record.len()).filter(|n| !is_blank(record.cell(*n))).count();
            counts.filled.push(match heading(record) {
                None if filled == 1 => 2,
                _ => filled,
            });
            for (n, (column, seen)) in columns.iter_mut().zip(&mut seen).enumerate() {
                let cell = record.cell(n);
                if n < CELLS {
                    column.cells.push(match cell {
                        Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) => xxh3_64(text.trim().as_bytes()),
                        Cell::Absent | Cell::Boolean(_) | Cell::Error(_) | Cell::List(_) => 0,
                    });
                }
                take(cell, column, seen);
            }
        }
    }
    for (column, seen) in columns.iter_mut().zip(&seen) {
        column.distinct = seen.len() as u64;
    }
    Ok((counts, reading.finish()))
}

fn take(cell: Cell<'_>, column: &mut DiscoveredColumn, seen: &mut BTreeSet<u64>) {
    let text = match cell {
        Cell::Absent => return,
        Cell::List(cells) => {
            column.multiple = true;
            column.filled += 1;
            let before = column.filled;
            for member in cells.iter().take(SAMPLES) {
                take(member, column, seen);
            }
            column.filled = before;
            return;
        }
        Cell::Number(text) => {
            column.numbers += 1;
            text
        }
        Cell::Moment(text) => {
            column.moments += 1;
            text
        }
        Cell::Boolean(value) => {
            if value {
                "true"
            } else {
                "false"
            }
        }
        Cell::Text(text) | Cell::Error(text) => text,
    };
    if text.trim().is_empty() {
        return;
    }
    column.filled += 1;
    if seen.insert(xxh3_64(text.trim().as_bytes())) && column.samples.len() < SAMPLES {
        column.samples.push(text.chars().take(SAMPLE).collect());
    }
}

#[cfg(test)]
mod tests;
