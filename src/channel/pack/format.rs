//! The files a channel reads, as a pack describes them.
//!
//! Writing them is left to `channel::format`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One file format of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatFile {
    /// Short name, which a channel file chooses.
    pub id: String,
    /// What the file is.
    pub kind: FormatKind,
    /// File name endings.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// XML: the root element; default `rss`, `feed`, or `items`.
    #[serde(default)]
    pub root: Option<String>,
    /// XML: the element of one item; default `item` or `entry`. JSON: the name of the list, if it stands in an object.
    #[serde(default)]
    pub item: Option<String>,
    /// XML: namespaces by prefix; the prefix `""` is the default namespace.
    #[serde(default)]
    pub namespaces: BTreeMap<String, String>,
    /// XML: the prefix of the fields' elements.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Texts of the file's head that must not be empty (`title`, `link`, `description` of an RSS channel).
    #[serde(default)]
    pub head: Vec<String>,
    /// Delimited files: one character between the columns; default `,`, or a tab.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Delimited files: what joins several values of one field that names no separator of its own.
    #[serde(default)]
    pub list_separator: Option<char>,
    /// Delimited files: what joins the parts of a group. Values holding it, or the list separator, are put in double quotes.
    #[serde(default)]
    pub group_separator: Option<char>,
    /// Delimited files: one line per item, or the rows of one product together.
    #[serde(default)]
    pub rows: Rows,
    /// Largest file in bytes.
    #[serde(default)]
    pub max_file_bytes: Option<u64>,
    /// Most items in one file.
    #[serde(default)]
    pub max_items: Option<u64>,
    /// Encodings the channel reads; files are always written in UTF-8 without a mark.
    #[serde(default)]
    pub encoding: String,
    /// Packings the channel reads.
    #[serde(default)]
    pub compression: Vec<String>,
    /// The rules of the format, for people.
    #[serde(default)]
    pub notes: String,
    /// Not confirmed: which part.
    #[serde(default)]
    pub uncertain_what: Option<String>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormatKind {
    /// RSS 2.0 with namespaced elements.
    Rss,
    /// Atom 1.0 with namespaced elements.
    Atom,
    /// Any other XML: root, items, one element a field.
    Xml,
    /// Delimited by commas or another character, quoted with double quotes.
    Csv,
    /// Delimited by tabs; values hold neither tabs nor line ends.
    Tsv,
    /// One JSON list of objects.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// An interface over the network, described only; not written as a file.
    Api,
}

/// How the items of one product stand in a delimited file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    /// One line per item.
    #[default]
    Items,
    /// Items with the same group value stand together: the product's own columns on the first line only, further
    /// pictures on lines of their own behind the variants.
    Grouped,
}
