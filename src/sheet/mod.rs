//! The sheet: products on a workbook that an editor fills in and hands back.
//!
//! Products become rows (`columns`, `cell`, `notes`, `write`), and rows edits (`read`, `judge`); what a row said when it went out
//! travels with it (`revision`). Which products go out and what becomes of the edits is left to `workspace`, opening a workbook
//! to `feed`.

pub mod cell;
pub mod columns;
pub mod judge;
pub mod neutral;
pub mod notes;
pub mod read;
pub mod revision;
pub mod words;
pub mod write;

/// Name of the hidden sheet that tells what went out.
pub const TOLD: &str = "estante";
/// Name of the hidden sheet with the options.
pub const LISTS: &str = "estante-lists";
/// First cell of the hidden sheet, and beside it the version of its form.
pub const MARK: &str = "estante sheet";
/// Version of the form of sheets.
pub const VERSION: u64 = 1;
/// Codes of the sheet's own columns, which no attribute has.
pub const SKU: &str = "sku";
pub const FAMILY: &str = "#family";
pub const NOTES: &str = "#notes";
pub const REVISION: &str = "#revision";
/// Most products of a sheet: a spreadsheet has 1,048,576 rows, and two stand above the products.
pub const MOST_ROWS: usize = 1_048_574;
