//! The `[file]` table of a supplier: where a delivery lies and how its files are written.
//!
//! Everything but `path` has a working default, found in the content. What the columns mean is left to `mapping`.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where the files of a delivery lie and how they are written.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// Files, folders or patterns (`tarifa-*.csv`), relative to this folder. Several files make one delivery, in the order of
    /// their names; a folder brings all feeds in it. A name or pattern that matches nothing is an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Addresses (`https://…`) that the files are fetched from, instead of `path`. Several make one delivery, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub url: Vec<String>,
    /// User that the addresses ask for: `env:NAME`, the environment variable that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("writeOnly" = true))]
    pub user: Option<String>,
    /// Password that the addresses ask for: `env:NAME`, the environment variable that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("writeOnly" = true))]
    pub password: Option<String>,
    /// Headers that the addresses ask for, each with the environment variable that holds its value: `{ X-Key = "env:NAME" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("writeOnly" = true))]
    pub headers: BTreeMap<String, String>,
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
    /// XML and JSON: path of the list inside of each record whose members are the items (`variants`, `products/product`). Paths are
    /// then those inside of an item; `^.brand` (`^/brand` in XML) is the path `brand` of the record around it. Default: a record is an
    /// item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// Expected number of columns. Default: that of the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<u64>,
    /// Words that columns must say: `only = { Status = ["active"] }`. Rows that say others are left out, and counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Vec<String>>,
    /// Rows with one filled cell are headings: they name the section of the rows below them, which the column `@section` gives, and
    /// are no records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub section_rows: bool,
    /// Words by which columns say that a product is no longer sold: `removed = { delete = ["true"] }`. Such rows take the product
    /// off; nothing else of them is read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: BTreeMap<String, Vec<String>>,
    /// Rows below each other that belong to one product: variants that repeat nothing, further pictures, further locales.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupSettings>,
    /// Tables looked up for each record, by a name of your choice: another file, or the parents in the same one. Their columns
    /// are called `NAME:column`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub joined: BTreeMap<String, JoinSettings>,
    /// The supplier's folder, from which the files of `joined` are named. Set when the settings are read.
    #[serde(skip)]
    pub folder: PathBuf,
}

impl FileSettings {
    /// The same file, row by row as it stands.
    pub fn plain(&self) -> FileSettings {
        FileSettings {
            only: BTreeMap::new(),
            removed: BTreeMap::new(),
            section_rows: false,
            group: None,
            joined: BTreeMap::new(),
            ..self.clone()
        }
    }
}

/// Rows below each other that belong to one product.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// Columns that name the product: the first of them that is filled does. Rows below each other that name the same product,
    /// or none, belong together.
    pub by: Vec<String>,
    /// Columns whose blank cells say what the first row of the product says; `*` stands for any text, so that `["*"]` names all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherit: Vec<String>,
    /// A row is an item where one of these columns is filled; the other rows only say things of the product. Where no row of a
    /// product is one, its first row is. Default: every row is an item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub item: Vec<String>,
    /// Columns whose values in all rows of the product make one list, which each of its items has: pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// Column that names the locale of a row. The rows of a product are then one item: its first row, and `name@es_ES` is the
    /// cell `name` of the row whose locale is `es_ES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// A table that is looked up for each record.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinSettings {
    /// Files or patterns, relative to this folder. Default: the feed itself, whose rows then name their parents; a row that
    /// others name is no item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Name or pattern of the file inside a zip archive. Default: the only feed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// Format of the files. Default: found by content, then by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Encoding of the files. Default: found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Character between the columns of a text table. Default: found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// Name of the sheet of a workbook. Default: found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Path of the record or of the list, as in `[file]`. Default: found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Columns of the feed that name the rows wanted: the first of them that is filled does. A cell with several values names
    /// several.
    pub on: Vec<String>,
    /// Columns of the table, any of which holds the name of its row. `id:{ID}` stands for `id:` and the cell `ID`.
    pub key: Vec<String>,
    /// Pattern with one group that finds names inside the cells of `key`, any number of them: `sku=([^,|]+)` where a parent
    /// lists its variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_pattern: Option<String>,
    /// Column of the table that names the locale of a row: `NAME:name@es_ES` is the cell `name` of the row whose locale is
    /// `es_ES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Records need not find a row. Without it those that ask for one that is not there are told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Columns of the feed whose blank cells say what the column of the same name says here; `*` stands for any text, so that
    /// `["*"]` names all. A row that itself names another by `on` inherits from that one in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherit: Vec<String>,
    /// What several rows of one name are. Default: an error, as a product would have to be guessed.
    #[serde(default, skip_serializing_if = "Several::is_default")]
    pub several: Several,
}

impl JoinSettings {
    /// How its files are read.
    pub fn file(&self, folder: PathBuf) -> FileSettings {
        FileSettings {
            path: self.path.clone(),
            inside: self.inside.clone(),
            format: self.format,
            encoding: self.encoding.clone(),
            delimiter: self.delimiter.clone(),
            sheet: self.sheet.clone(),
            record: self.record.clone(),
            folder,
            ..FileSettings::default()
        }
    }
}

/// What several rows of one name in a joined table are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Several {
    /// An error.
    #[default]
    Refuse,
    /// Each makes an item of its own: variants beside their products.
    Items,
    /// Each column is the list of their values: pictures, categories.
    Lists,
}

impl Several {
    fn is_default(&self) -> bool {
        *self == Several::default()
    }
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
