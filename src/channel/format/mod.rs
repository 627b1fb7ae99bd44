//! Writing a channel's file: listings and rows to bytes, and reading the finished file back.
//!
//! A `Writer` holds everything that is the same for all items, ready as bytes. It appends to a buffer and knows nothing of
//! files, so that parts of a feed are rendered side by side and put together in order: head, units with the separator
//! between them, tail. Opening and renaming files is left to `workspace`.

pub mod column;
pub mod csv;
pub mod error;
pub mod json;
pub mod validate;
pub mod xml;

use crate::channel::format::column::Column;
use crate::channel::format::csv::Delimited;
use crate::channel::format::error::FormatError;
use crate::channel::format::json::Objects;
use crate::channel::format::xml::Elements;
use crate::channel::pack::Pack;
use crate::channel::pack::format::{FormatFile, FormatKind, Rows};
use crate::channel::row::{Cell, Row};
use crate::product::listing::Listing;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Renders listings in one format.
#[derive(Debug, Clone)]
pub struct Writer {
    kind: FormatKind,
    grouped: bool,
    body: Body,
    limits: (Option<u64>, Option<u64>),
}

#[derive(Debug, Clone)]
enum Body {
    Elements(Elements),
    Delimited(Delimited),
    Objects(Objects),
}

impl Writer {
    /// Prepares a writer. `columns` are written in the order of the pack, whatever their order here; `head` holds the texts of
    /// the file's head.
    pub fn new(
        pack: &Pack,
        format: &FormatFile,
        columns: &[Column],
        head: &BTreeMap<String, String>,
    ) -> Result<Writer, FormatError> {
        for name in &format.head {
            if head.get(name).is_none_or(|text| text.is_empty()) {
                return Err(FormatError::Head(format.id.clone(), name.clone()));
            }
        }
        let mut columns = columns.to_vec();
        columns.sort_by_key(|column| column.field);
        columns.dedup_by_key(|column| column.field);
        let body = match format.kind {
            FormatKind::Rss | FormatKind::Atom | FormatKind::Xml => {
                Body::Elements(Elements::new(pack, format, &columns, head)?)
            }
            FormatKind::Csv | FormatKind::Tsv => Body::Delimited(Delimited::new(pack, format, &columns)?),
            FormatKind::Json | FormatKind::Jsonl => Body::Objects(Objects::new(pack, format, &columns)),
            FormatKind::Api => return Err(FormatError::DescribedOnly(format.id.clone())),
        };
        let grouped = format.rows == Rows::Grouped && matches!(body, Body::Delimited(_));
        Ok(Writer {
            kind: format.kind,
            grouped,
            body,
            limits: (format.max_file_bytes, format.max_items),
        })
    }

    /// Do the listings of one group stand together as rows (`row::grouped`), or each on its own.
    pub fn is_grouped(&self) -> bool {
        self.grouped
    }

    /// What stands before the first item.
    pub fn head(&self) -> Vec<u8> {
        match &self.body {
            Body::Elements(body) => body.head(),
            Body::Delimited(body) => body.head(),
            Body::Objects(body) => body.head(),
        }
    }

    /// What stands between two items that were rendered apart.
    pub fn separator(&self) -> &'static [u8] {
        match self.kind {
            FormatKind::Json => b",\n",
            _ => b"",
        }
    }

    /// What stands behind the last item.
    pub fn tail(&self) -> Vec<u8> {
        match &self.body {
            Body::Elements(body) => body.tail(),
            Body::Delimited(_) => Vec::new(),
            Body::Objects(body) => body.tail(),
        }
    }

    /// Appends one listing.
    pub fn listing(&self, listing: &Listing, out: &mut Vec<u8>) {
        self.item(
            |field| {
                listing
                    .contents
                    .get(usize::from(field))
                    .map_or(Cell::Empty, Cell::Whole)
            },
            out,
        );
    }

    /// Appends one row.
    pub fn row(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        self.item(|field| row.cell(field), out);
    }

    fn item<'a>(&self, cell: impl Fn(u16) -> Cell<'a>, out: &mut Vec<u8>) {
        match &self.body {
            Body::Elements(body) => body.item(cell, out),
            Body::Delimited(body) => body.item(cell, out),
            Body::Objects(body) => body.item(cell, out),
        }
    }

    /// Reads a file back to its end: well formed and whole. Gives the number of items (rows, in delimited files). `path` is
    /// for messages.
    pub fn read_back(&self, input: impl Read, path: &Path) -> Result<u64, FormatError> {
        match &self.body {
            Body::Elements(body) => validate::xml(input, path, body.item_name()),
            Body::Delimited(body) => validate::delimited(input, path, body.delimiter(), &body.names()),
            Body::Objects(body) => validate::json(input, path, self.kind == FormatKind::Jsonl, body.list()),
        }
    }

    /// Counts what goes into one file, so that no file grows past the limits of the format, or past `max_bytes`.
    pub fn filling(&self, max_bytes: Option<u64>) -> Filling {
        let frame = (self.head().len() + self.tail().len()) as u64;
        let most = match (self.limits.0, max_bytes) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Filling {
            frame,
            most_bytes: most,
            most_items: self.limits.1,
            bytes: frame,
            items: 0,
        }
    }
}

/// How full the file being written is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filling {
    frame: u64,
    most_bytes: Option<u64>,
    most_items: Option<u64>,
    bytes: u64,
    items: u64,
}

impl Filling {
    /// Adds a unit that must not be cut; true where it goes into a new file, because this one would be too large. A unit that
    /// is too large by itself is let through: a rule about it is the preflight's.
    pub fn add(&mut self, bytes: usize, items: usize) -> bool {
        let (bytes, items) = (bytes as u64, items as u64);
        let full = self
            .most_bytes
            .is_some_and(|most| self.bytes.saturating_add(bytes) > most)
            || self
                .most_items
                .is_some_and(|most| self.items.saturating_add(items) > most);
        let renew = full && self.items > 0;
        if renew {
            self.bytes = self.frame;
            self.items = 0;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.items = self.items.saturating_add(items);
        renew
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_grows_past_its_limits_and_no_unit_is_lost() {
        let mut filling = Filling {
            frame: 10,
            most_bytes: Some(30),
            most_items: Some(3),
            bytes: 10,
            items: 0,
        };
        let sizes = [(10, 1), (10, 1), (1, 1), (25, 1), (1, 1), (5, 2), (1, 2), (1, 1)];
        let renewed: Vec<bool> = sizes.iter().map(|(bytes, items)| filling.add(*bytes, *items)).collect();
        assert_eq!(renewed, [false, false, true, true, true, false, true, false]);
    }
}
