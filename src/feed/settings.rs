//! The `[file]` table of a supplier: where a delivery lies and how its files are written.
//!
//! Everything but `path` has a working default, found in the content. What the columns mean is left to `mapping`.

/// Where the files of a delivery lie and how they are written.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// Files or patterns (`tarifa-*.csv`), relative to this folder. Several files make one delivery, in the order of their
    /// names. A pattern that matches nothing is an error.
    pub path: Vec<String>,
    /// Name or pattern of the feed inside a zip archive. Default: the only feed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// Format of the files. Default: found by content, then by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Encoding by its WHATWG name, or `cp850`, `cp437`. Default: by byte order mark, by a strict UTF-8 check, then by detection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Character between the columns of a text table. Default: the one that gives the most regular table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// Character around cells that hold delimiters or line breaks; `""` for none. Default: `"`, unless it only stands alone in
    /// cells, as the sign for inches does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Character before a quote inside a quoted cell, beside doubled quotes: usually `\\`; `""` for none. Default: found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escape: Option<String>,
    /// Line of the header, counted from 1; 0: there is none, and the columns are called 1, 2, 3… Default: the line among the
    /// first 100 that names the most columns the mapping asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// Rows that the header takes: 2 where groups of columns stand above their names, which are then called `group / name`.
    /// Default: 1, or 2 where the mapping asks for such names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<u64>,
    /// Leave out what follows the table at the end of the file: lines of another width, or rows after a blank row in workbooks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_footer: bool,
    /// Name of the sheet of a workbook. Default: the first sheet with data that shows the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// XML: path of the record (`/catalog/product`). JSON: path of the list (`data.products`; `.`: the document is one record).
    /// Default: the list that repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Expected number of columns. Default: that of the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<u64>,
}

/// Formats of feeds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text table; the delimiter is found or declared.
    Csv,
    /// Text table with tabs.
    Tsv,
    /// Spreadsheet workbook.
    Xlsx,
    /// XML with one element a record.
    Xml,
    /// BMEcat 1.2 or 2005.
    Bmecat,
    /// JSON with a list of records.
    Json,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// The name as it is written in settings.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Xlsx => "xlsx",
            Format::Xml => "xml",
            Format::Bmecat => "bmecat",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
        }
    }
}
