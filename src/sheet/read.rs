//! A sheet that comes back: its columns found whatever their order, its rows told apart by what was touched.
//!
//! Rows come as cells of the workbook. What a touched cell means is left to `judge`.

use crate::diagnostic::excerpt;
use crate::product::record::Cell;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::sheet::cell::said;
use crate::sheet::columns::{Column, Layout, MOST};
use crate::sheet::revision::Revision;
use crate::sheet::{MARK, REVISION, SKU, VERSION};
use xxhash_rust::xxh3::xxh3_64;

/// Rows among which the header is looked for.
pub const SEARCH: usize = 20;

/// Why a workbook is no sheet that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSheet {
    #[error("it is no sheet that `estante sheet out` wrote")]
    NotOurs,
    #[error("a newer version of this program wrote it (form {0}, known is {VERSION})")]
    Newer(u64),
    #[error("its hidden column with the revisions is gone, or that with the SKUs")]
    NoHeader,
    #[error("the column `{0}` stands there twice")]
    Twice(String),
}

impl BadSheet {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            BadSheet::NotOurs => "E-SHEET-FOREIGN",
            BadSheet::Newer(_) => "E-SHEET-VERSION",
            BadSheet::NoHeader => "E-SHEET-HEADER",
            BadSheet::Twice(_) => "E-SHEET-COLUMN-TWICE",
        }
    }

    /// The next step.
    pub fn help(&self) -> &'static str {
        match self {
            BadSheet::NotOurs => {
                "take one with `estante sheet out`, edit that one, and keep it an .xlsx with its hidden sheets"
            }
            BadSheet::Newer(_) => "read it with that version, or take a fresh sheet",
            BadSheet::NoHeader => "put them back from the file as it went out, or take a fresh sheet",
            BadSheet::Twice(_) => "delete one of the two",
        }
    }
}

/// What the hidden sheet tells, row by row.
pub fn layout(rows: &[Vec<String>], schema: &Schema) -> Result<Layout, BadSheet> {
    let cell = |row: &[String], n: usize| row.get(n).map_or("", String::as_str).to_owned();
    let first = rows.first().ok_or(BadSheet::NotOurs)?;
    let version = cell(first, 1).parse::<u64>().map_err(|_| BadSheet::NotOurs)?;
    if cell(first, 0) != MARK {
        return Err(BadSheet::NotOurs);
    }
    if version > VERSION {
        return Err(BadSheet::Newer(version));
    }
    let mut layout = Layout {
        locale: String::new(),
        columns: Vec::new(),
    };
    for row in &rows[1..] {
        match cell(row, 0).as_str() {
            "locale" => layout.locale = cell(row, 1),
            "column" if layout.columns.len() < MOST => {
                let code = cell(row, 1);
                let key = Key::parse(schema, &code).ok();
                layout.columns.push(Column {
                    is_read_only: key.is_some_and(|key| schema.unites(key.attribute)),
                    key,
                    code,
                    header: cell(row, 2),
                });
            }
            _ => {}
        }
    }
    Ok(layout)
}

/// Where the columns stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    sku: u32,
    revision: u32,
    /// Of each column of the layout; none where the editor took it out.
    places: Vec<Option<u32>>,
}

/// The header, if this row is one: of codes, or of what people read where the hidden row of codes is gone. `cells` are column
/// and text.
pub fn heading(layout: &Layout, cells: &[(u32, &str)]) -> Result<Option<Heading>, BadSheet> {
    let at = |name: &str| cells.iter().find(|(_, text)| *text == name).map(|(at, _)| *at);
    let once = |name: &str| match cells.iter().filter(|(_, text)| *text == name).count() {
        0 | 1 => Ok(at(name)),
        _ => Err(BadSheet::Twice(excerpt(name))),
    };
    let of_codes = at(SKU);
    let title = SKU.to_uppercase();
    let name = if of_codes.is_some() { SKU } else { &title };
    let (Some(_), Some(_)) = (at(REVISION), at(name)) else {
        return Ok(None);
    };
    let (Some(revision), Some(sku)) = (once(REVISION)?, once(name)?) else {
        return Ok(None);
    };
    let mut places = Vec::with_capacity(layout.columns.len());
    for column in &layout.columns {
        let name = match of_codes {
            Some(_) => &column.code,
            None => &column.header,
        };
        places.push(once(name)?);
    }
    Ok(Some(Heading { sku, revision, places }))
}

/// A row of the sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// Blank, or a header.
    Nothing,
    /// It says something and names no product.
    NoSku,
    /// A product whose revision is not there, or is another's.
    NoRevision { sku: String },
    /// A product, with what was touched.
    Product(Edited),
}

/// A product's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    pub sku: String,
    pub revision: Revision,
    /// Place of the column in the layout, and what its cell says now, or the error it holds.
    pub touched: Vec<(usize, Result<String, String>)>,
    /// Of all that the row says, to tell rows of one product apart.
    pub digest: u64,
}

/// Reads a row; `cell` gives what stands in a column.
pub fn row<'c>(heading: &Heading, cell: &dyn Fn(u32) -> Cell<'c>) -> Row {
    let sku = said(cell(heading.sku)).unwrap_or_default().trim();
    let revision = said(cell(heading.revision)).unwrap_or_default();
    if revision == REVISION {
        return Row::Nothing;
    }
    let texts = || (heading.places.iter().enumerate()).filter_map(|(n, place)| Some((n, said(cell((*place)?)))));
    if sku.is_empty() {
        let blank = texts().all(|(_, text)| text.is_ok_and(|text| text.trim().is_empty()));
        return if blank { Row::Nothing } else { Row::NoSku };
    }
    let Some(revision) = Revision::parse(revision, sku, heading.places.len()) else {
        return Row::NoRevision { sku: sku.to_owned() };
    };
    let mut touched = Vec::new();
    for (n, text) in texts() {
        if !text.is_ok_and(|text| revision.said(n, text)) {
            touched.push((n, text.map(str::to_owned).map_err(str::to_owned)));
        }
    }
    let digest = xxh3_64(format!("{touched:?}").as_bytes());
    Row::Product(Edited {
        sku: sku.to_owned(),
        revision,
        touched,
        digest,
    })
}
