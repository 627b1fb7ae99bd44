//! The file of a sheet that comes back: opened, its products' sheet found, its rows read.
//!
//! What was touched is told; what that means is left to `sheet_in`.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::archive::{Archive, SEND_AGAIN};
use crate::feed::failure::FeedError;
use crate::feed::grid::{GridRow, Value as Held};
use crate::feed::xlsx::{SheetInfo, Workbook};
use crate::product::record::Cell;
use crate::sheet::cell::said;
use crate::sheet::columns::{Layout, MOST};
use crate::sheet::read::{BadSheet, Edited, Heading, Row, SEARCH, heading, layout, row};
use crate::sheet::{LISTS, TOLD};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::progress::Progress;
use crate::workspace::sheet_findings::Findings;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// Sheets that are looked at for the products.
const SHEETS: usize = 64;

/// An opened sheet: its layout, and where its products stand.
pub struct Book {
    /// The file as the user knows it.
    pub shown: Arc<str>,
    pub bytes: u64,
    book: Workbook,
    sheet: SheetInfo,
    pub layout: Layout,
    heading: Heading,
}

/// Rows of a sheet, those without a change only counted.
#[derive(Default)]
pub struct Rows {
    pub read: u64,
    /// With their row numbers.
    pub edited: Vec<(u64, Edited)>,
    /// Rows without a revision of their own, with their SKUs.
    pub unrevised: Vec<(u64, String)>,
    pub rejected: u64,
    pub findings: Findings,
}

/// The rows of one product.
struct Seen {
    /// Number of the first, and what it says.
    first: u64,
    digest: u64,
    rows: u64,
    /// Some say something else than the first.
    differ: bool,
}

impl Book {
    /// Opens the workbook, and finds what went out in it.
    pub fn open(workspace: &Workspace, path: &Path) -> Result<Book, Failure> {
        let shown: Arc<str> = workspace.settings.shown(path).into();
        let refused = |error: FeedError| {
            let mut finding = error.diagnostic();
            // An editor has it, and no supplier.
            if finding.help.as_deref() == Some(SEND_AGAIN) {
                finding.help = Some(BadSheet::NotOurs.help().to_owned());
            }
            Failure::invalid("the sheet cannot be read", vec![finding])
        };
        let bad = |bad: BadSheet| {
            let finding = Diagnostic::error(bad.code(), bad.to_string()).at(Place::file(shown.clone()));
            Failure::invalid(format!("{shown} was not read"), vec![finding.with_help(bad.help())])
        };
        let file = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, mut file) = file.map_err(|error| refused(FeedError::from_io(&shown, &error)))?;
        if !metadata.is_file() {
            return Err(bad(BadSheet::NotOurs));
        }
        // What is no archive is no workbook, whatever its name.
        let mut head = [0; 2];
        let begins = file.read_exact(&mut head).and_then(|()| file.rewind());
        if begins.is_err() || head != *b"PK" {
            return Err(bad(BadSheet::NotOurs));
        }
        let archive = Archive::of_file(file, &shown).map_err(refused)?;
        let book = Workbook::open(archive, &shown).map_err(refused)?;
        let told = book.sheets.iter().find(|sheet| sheet.name == TOLD && !book.is_binary);
        let told = told.ok_or_else(|| bad(BadSheet::NotOurs))?;
        let rows = first_rows(&book, told, MOST + SEARCH).map_err(refused)?;
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.texts(8)).collect();
        let layout = layout(&rows, &workspace.settings.schema).map_err(bad)?;
        for sheet in book
            .sheets
            .iter()
            .filter(|sheet| sheet.name != TOLD && sheet.name != LISTS)
            .take(SHEETS)
        {
            for row in first_rows(&book, sheet, SEARCH).map_err(refused)? {
                let texts = row
                    .cells
                    .iter()
                    .filter_map(|(at, _)| Some((*at, said(cell(&row, *at)).ok()?)));
                let texts: Vec<(u32, &str)> = texts.collect();
                if let Some(heading) = heading(&layout, &texts).map_err(bad)? {
                    let sheet = sheet.clone();
                    let bytes = metadata.len();
                    return Ok(Book {
                        shown,
                        bytes,
                        book,
                        sheet,
                        layout,
                        heading,
                    });
                }
            }
        }
        Err(bad(BadSheet::NoHeader))
    }

    /// Reads all rows. Those of one product that differ are refused, all of them.
    pub fn rows(&self, progress: &dyn Progress) -> Result<Rows, Failure> {
        let refused = |error: FeedError| {
            let mut finding = error.diagnostic();
            // An editor has it, and no supplier.
            if finding.help.as_deref() == Some(SEND_AGAIN) {
                finding.help = Some(BadSheet::NotOurs.help().to_owned());
            }
            Failure::invalid("the sheet cannot be read", vec![finding])
        };
        let mut sheet = self.book.sheet(&self.sheet).map_err(refused)?;
        let mut grid = GridRow::default();
        let mut rows = Rows::default();
        // By hash of the SKU.
        let mut seen: HashMap<u128, Seen> = HashMap::new();
        while sheet.read(&mut grid).map_err(refused)? {
            let line = grid.number;
            let refuse = |code, message: String, help: &str| {
                Diagnostic::error(code, message)
                    .at(Place::line(self.shown.clone(), line))
                    .with_help(help)
            };
            let read = row(&self.heading, &|at| cell(&grid, at));
            rows.read += u64::from(read != Row::Nothing);
            match read {
                Row::Nothing => continue,
                Row::NoSku => {
                    rows.rejected += 1;
                    let message = "the row names no product".to_owned();
                    rows.findings
                        .push(refuse("E-SHEET-NO-SKU", message, "put its SKU back, or empty the row"));
                }
                Row::NoRevision { sku } => rows.unrevised.push((line, sku)),
                Row::Product(edited) => {
                    let known = seen.entry(xxh3_128(edited.sku.as_bytes())).or_insert(Seen {
                        first: line,
                        digest: edited.digest,
                        rows: 0,
                        differ: false,
                    });
                    known.rows += 1;
                    if known.digest != edited.digest {
                        known.differ = true;
                        let message = format!("the product stands in row {} too, with other values", known.first);
                        let finding = refuse("E-SHEET-TWICE", message, "keep one of the rows");
                        rows.findings.push(finding.of(&edited.sku));
                    } else if known.rows == 1 && !edited.touched.is_empty() {
                        rows.edited.push((line, edited));
                    }
                }
            }
            if line.is_multiple_of(1_024) {
                progress.advance(1_024);
            }
        }
        let differing: u64 = (seen.values().filter(|seen| seen.differ)).map(|seen| seen.rows).sum();
        if differing > 0 {
            rows.rejected += differing;
            let is_alone = |sku: &str| (seen.get(&xxh3_128(sku.as_bytes()))).is_none_or(|seen| !seen.differ);
            rows.edited.retain(|(_, edited)| is_alone(&edited.sku));
        }
        Ok(rows)
    }
}

fn first_rows(book: &Workbook, sheet: &SheetInfo, most: usize) -> Result<Vec<GridRow>, FeedError> {
    let mut sheet = book.sheet(sheet)?;
    let (mut rows, mut row) = (Vec::new(), GridRow::default());
    while rows.len() < most && sheet.read(&mut row)? {
        rows.push(row.clone());
    }
    Ok(rows)
}

/// A cell of the workbook as stages know it.
fn cell(row: &GridRow, at: u32) -> Cell<'_> {
    match row.cell(at) {
        None => Cell::Absent,
        Some(Held::Text(start, len)) => Cell::Text(row.text(start, len)),
        Some(Held::Number(start, len)) => Cell::Number(row.text(start, len)),
        Some(Held::Boolean(truth)) => Cell::Boolean(truth),
        Some(Held::Moment(start, len)) => Cell::Moment(row.text(start, len)),
        Some(Held::Error(start, len)) => Cell::Error(row.text(start, len)),
    }
}
