//! What is known of a file once it has been read.

use crate::diagnostic::Diagnostic;
use std::sync::Arc;

/// What a file of a delivery turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// The file as the user knows it.
    pub path: Arc<str>,
    /// `csv`, `tsv`, `xlsx`, `xls`, `ods`, `xml`, `bmecat`, `json`, `jsonl`.
    pub format: &'static str,
    /// WHATWG name, or `cp850`, `cp437`, `mixed`.
    pub encoding: String,
    /// Of text tables.
    pub delimiter: Option<String>,
    /// Line of the header, counted from 1; none in formats without, and where there is none.
    pub header_row: Option<u64>,
    /// Records read, refused ones included; the header, blank rows and repeated headers are none.
    pub rows: u64,
    /// Bytes of content read, after unpacking.
    pub bytes: u64,
    /// The content ends with a line end: a file of lines that used to, and does no more, may be cut off. Always true of workbooks and of
    /// documents in XML and JSON, which are refused where they are not whole.
    pub ends_with_newline: bool,
    /// Findings about the file as a whole.
    pub diagnostics: Vec<Diagnostic>,
    /// Of BMEcat files: what they are in the chain of a catalogue and its updates.
    pub transaction: Option<Transaction>,
}

/// The one transaction of a BMEcat file (BMEcat 1.2, 2003, section "Transactions"; BMEcat 2005).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// `T_UPDATE_PRODUCTS` or `T_UPDATE_PRICES`: what it does not name stays as it is. `T_NEW_CATALOG` names all.
    pub is_update: bool,
    /// `prev_version`: number of the transfer that the update builds on; 0 is the catalogue itself.
    pub previous: Option<u32>,
}
