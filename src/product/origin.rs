//! Who said a value: the source, the batch that brought it, and the place in its file.

use std::fmt;

/// Who says something of products. Suppliers and references are named; the other sources exist once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A person, by hand or by sheet.
    Editor,
    /// A language model, whose text a person accepted.
    Draft,
    /// A supplier's feeds; the text is the supplier's id.
    Supplier(String),
    /// Pictures found by their names.
    Images,
}

impl Source {
    /// The source a text such as `supplier:aranda` or `editor` names.
    pub fn parse(text: &str) -> Option<Source> {
        match text.split_once(':') {
            None if text == "editor" => Some(Source::Editor),
            None if text == "images" => Some(Source::Images),
            None if text == "draft" => Some(Source::Draft),
            Some(("supplier", id)) if !id.is_empty() => Some(Source::Supplier(id.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Editor => f.write_str("editor"),
            Source::Images => f.write_str("images"),
            Source::Draft => f.write_str("draft"),
            Source::Supplier(id) => write!(f, "supplier:{id}"),
        }
    }
}

/// The place a value came from. `line` is 0 where there is no file (a person's edit).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// Number of the batch.
    pub batch: i64,
    /// Which file of the batch, counted from 0.
    pub file: u32,
    /// Line in that file, counted from 1.
    pub line: u64,
}
