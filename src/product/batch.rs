//! One change set to layers: the unit of plan, apply, history and undo.

use crate::diagnostic::Diagnostic;
use std::collections::BTreeMap;

/// What a delivered file was, kept with the batch that it made.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DeliveredFile {
    /// Path as the user knows it.
    pub path: String,
    pub format: String,
    /// WHATWG name of the encoding, `cp850` or `cp437`; empty where the format has its own.
    pub encoding: String,
    pub delimiter: Option<String>,
    /// Records read.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Whether the text ends with a line end: a file that suddenly does not may be cut short.
    pub ends_with_newline: bool,
    /// How it was laid out; none of rejected rows that came back, and of what older versions imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// BLAKE3 of the file as it was delivered, in hex, under which it is kept; none where deliveries are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// Where it was fetched from and what the server calls its state; none of files that lay on a disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Fetched>,
    /// Of a file that records were only looked up in: the name of the joined table. Such files follow the delivery's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

/// What a server said of a file, so that it need not send it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fetched {
    /// Hash of the address, which itself may hold a secret.
    pub address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// How a file is laid out, as far as its first records show: what the supplier's next file is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Layout {
    /// Bytes on disk, packed where the file is.
    pub size: u64,
    /// Records looked at.
    pub records: u64,
    /// WHATWG name, `cp850`, `cp437` or `mixed`, by the bytes themselves; empty where they show nothing but ASCII, and of
    /// workbooks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub encoding: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// Of BMEcat files: number of the transfer, 0 for a whole catalogue, one more for each update of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<u32>,
    /// Columns in their order; of trees the paths that held a value.
    pub columns: Vec<LaidColumn>,
}

/// A column of a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LaidColumn {
    /// Header or path; the number of a column without a name.
    pub name: String,
    /// Records looked at that have a value.
    pub filled: u64,
    /// What its values look like: `blank`, `gtin`, `number`, `address`, `words`, `text`.
    pub shape: String,
    /// Notation of its numbers, where the values prove one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<String>,
    /// The format itself says of every value that it is a number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typed: bool,
}

/// What a plan would do or a batch did, in numbers. `read = new + changed + unchanged + held + rejected`, always.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    pub read: u64,
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Items known before that the delivery no longer has, and that a snapshot therefore withdraws.
    pub missing: u64,
    pub held: u64,
    pub rejected: u64,
    /// How many items change each attribute.
    pub attributes: BTreeMap<String, u64>,
    /// How many findings there are beyond those that are kept word for word, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unlisted: BTreeMap<String, u64>,
}

/// One applied change set, as the list of batches shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Batch {
    pub id: i64,
    /// Source of the layers it changed, e.g. `supplier:aranda`.
    pub source: String,
    /// What made it: `import`, `undo`, `edit`, `images`, `merge`, `split`, `reject`, `sheet`.
    pub kind: String,
    pub tally: Tally,
    pub files: Vec<DeliveredFile>,
    /// Findings of the import, the first 10,000; `Tally::unlisted` counts the others.
    pub diagnostics: Vec<Diagnostic>,
    /// The batch that took this one back.
    pub undone_by: Option<i64>,
}
