//! The rows of a sheet in Office Open XML, with the types that the cells have.
//!
//! Formulas are never evaluated: their cached value counts, and one without is an error cell. Sizes that the sheet declares
//! are ignored. Source: ECMA-376 part 1 (2016), 18.3 and 18.4.

use crate::feed::archive::{RATIO, SEND_AGAIN};
use crate::feed::failure::FeedError;
use crate::feed::grid::{CELLS, COLUMNS, GridRow, Value};
use crate::feed::number_format::{Base, Shown};
use crate::feed::shared_texts::{SharedTexts, Windows};
use crate::feed::xml_events::{Event, Events, Tag};
use std::sync::Arc;

/// Bytes of texts, shared ones counted each time, from which on they may be no more than 200 times the sheet itself.
pub const EXPANDED: u64 = 64 * 1024 * 1024;
/// What all sheets share.
pub struct Shared {
    pub texts: SharedTexts,
    /// How each cell style shows numbers.
    pub styles: Vec<Shown>,
    pub base: Base,
}

/// Elements that matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Row,
    Cell,
    Value,
    Formula,
    Inline,
    Text,
    /// Reading aids of East Asian texts.
    Phonetic,
    Item,
    Other,
}

impl Kind {
    pub fn of(local: &str) -> Kind {
        match local {
            "row" => Kind::Row,
            "c" => Kind::Cell,
            "v" => Kind::Value,
            "f" => Kind::Formula,
            "is" => Kind::Inline,
            "t" => Kind::Text,
            "rPh" => Kind::Phonetic,
            "si" => Kind::Item,
            _ => Kind::Other,
        }
    }
}

/// A `t` element that is being read.
#[derive(Default)]
pub struct TextState {
    text: String,
    preserve: bool,
}

impl TextState {
    /// The element opens.
    pub fn begin(&mut self, tag: &Tag<'_>) -> Result<(), Option<String>> {
        self.text.clear();
        self.preserve = false;
        tag.attributes(|key, value| self.preserve |= key == "xml:space" && value == "preserve")
    }

    /// A piece of text, taken where the element is the one open.
    pub fn push(&mut self, text: &str, open: &[Kind]) {
        if open.last() == Some(&Kind::Text) {
            self.text.push_str(text);
        }
    }

    /// Adds the text to `out`, unless it is a reading aid.
    pub fn end(&mut self, open: &[Kind], out: &mut String) {
        if !open.contains(&Kind::Phonetic) {
            let text = if self.preserve {
                &self.text
            } else {
                self.text.trim_matches([' ', '\t', '\r', '\n'])
            };
            unescape(text, out);
        }
    }
}

/// Characters that XML cannot hold are written `_x000D_` (ECMA-376 part 1, 22.9.2.19).
fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        match code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32)
        {
            Some(c) => {
                out.push_str(&rest[..at]);
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
}

/// A sheet that is being read.
pub struct Sheet {
    events: Events,
    shared: Arc<Shared>,
    open: Vec<Kind>,
    /// Row and column that come next, counted from 0.
    row: u64,
    column: u32,
    cells: u64,
    /// Bytes of text of all cells so far.
    expanded: u64,
    cell: CellState,
    done: bool,
}

#[derive(Default)]
struct CellState {
    column: u32,
    kind: String,
    style: usize,
    formula: bool,
    has_value: bool,
    value: String,
    inline: String,
    text: TextState,
    windows: Windows,
}

impl Sheet {
    /// The rows of the part behind `events`.
    pub fn new(events: Events, shared: Arc<Shared>) -> Sheet {
        Sheet {
            events,
            shared,
            open: Vec::new(),
            row: 0,
            column: 0,
            cells: 0,
            expanded: 0,
            cell: CellState::default(),
            done: false,
        }
    }

    /// Reads the next row that holds something; `false` at the end.
    pub fn read(&mut self, row: &mut GridRow) -> Result<bool, FeedError> {
        row.begin(self.row + 1);
        while !self.done {
            self.events.forget();
            let mut fault = None;
            let mut limit = None;
            match self.events.read()? {
                Event::Open(tag) => {
                    let kind = Kind::of(tag.local());
                    match kind {
                        Kind::Row => {
                            let mut number = None;
                            fault = tag
                                .attributes(|key, value| {
                                    if key == "r" {
                                        number = value.parse::<u64>().ok().and_then(|number| number.checked_sub(1));
                                    }
                                })
                                .err();
                            // A row that steps back is counted on.
                            self.row = number.filter(|number| *number >= self.row).unwrap_or(self.row);
                            self.column = 0;
                            row.begin(self.row + 1);
                        }
                        Kind::Cell => {
                            fault = self.cell.begin(&tag, self.column).err();
                            self.column = self.cell.column.saturating_add(1);
                            self.cells += 1;
                            limit = (self.cells > CELLS).then_some("cells");
                        }
                        Kind::Value => self.cell.has_value = true,
                        Kind::Formula => self.cell.formula = true,
                        Kind::Text => fault = self.cell.text.begin(&tag).err(),
                        _ => {}
                    }
                    self.open.push(kind);
                }
                Event::Text(text) => match self.open.last() {
                    Some(Kind::Value) => self.cell.value.push_str(&text),
                    Some(Kind::Text) => self.cell.text.push(&text, &self.open),
                    _ => {}
                },
                Event::Close => match self.open.pop() {
                    Some(Kind::Text) => self.cell.text.end(&self.open, &mut self.cell.inline),
                    Some(Kind::Cell) => {
                        let filled = self.cell.put(row, &self.shared);
                        let is_wide = self.cell.column >= COLUMNS || row.cells.len() > COLUMNS as usize;
                        limit = (filled && is_wide).then_some("columns");
                    }
                    Some(Kind::Row) => {
                        self.row += 1;
                        self.expanded += row.len() as u64;
                        if self.expanded > EXPANDED && self.expanded / self.events.offset().max(1) > RATIO {
                            return Err(self.events.refuse(
                                "E-ARCHIVE-RATIO",
                                "texts of the workbook repeat without end",
                                SEND_AGAIN,
                            ));
                        }
                        if !row.cells.is_empty() {
                            return Ok(true);
                        }
                    }
                    _ => {}
                },
                Event::Unresolved(name) => fault = Some(Some(name)),
                Event::Other => {}
                Event::End => self.done = true,
            }
            match fault {
                None => {}
                Some(Some(entity)) => return Err(self.events.entity(&entity)),
                Some(None) => return Err(self.events.broken_tag()),
            }
            if let Some(what) = limit {
                let limit = if what == "cells" { CELLS } else { COLUMNS as u64 };
                let message = format!("the sheet has more than {limit} {what}");
                return Err(self
                    .events
                    .refuse("E-SHEET-LIMIT", &message, "ask for a sheet with the products alone"));
            }
        }
        Ok(false)
    }

    /// Bytes of the sheet read so far.
    pub fn offset(&self) -> u64 {
        self.events.offset()
    }
}

impl CellState {
    fn begin(&mut self, tag: &Tag<'_>, next: u32) -> Result<(), Option<String>> {
        self.column = next;
        self.kind.clear();
        self.style = 0;
        self.formula = false;
        self.has_value = false;
        self.value.clear();
        self.inline.clear();
        tag.attributes(|key, value| match key {
            "r" => self.column = column_of(value).unwrap_or(next),
            "t" => self.kind.push_str(value),
            "s" => self.style = value.parse().unwrap_or(0),
            _ => {}
        })
    }

    /// Adds the cell to the row; `false` where it is blank.
    fn put(&mut self, row: &mut GridRow, shared: &Shared) -> bool {
        let column = self.column;
        if self.kind == "inlineStr" || (!self.has_value && !self.inline.is_empty()) {
            if !self.inline.is_empty() {
                row.push(column, Value::Text, &self.inline);
            }
            return !self.inline.is_empty();
        }
        let value = self.value.trim();
        if value.is_empty() && self.kind != "str" {
            if self.formula {
                row.push(column, Value::Error, "formula without a value");
            }
            return self.formula;
        }
        match self.kind.as_str() {
            "s" => {
                let number = value.parse::<usize>().ok();
                match number.and_then(|n| shared.texts.get(n, &mut self.windows)) {
                    Some("") => return false,
                    Some(text) => row.push(column, Value::Text, text),
                    None => row.push(column, Value::Error, "shared text that is missing"),
                }
            }
            "str" => {
                let mut text = String::new();
                unescape(&self.value, &mut text);
                if text.is_empty() {
                    return false;
                }
                row.push(column, Value::Text, &text);
            }
            "b" => row.push_boolean(column, matches!(value, "1" | "true")),
            "e" => row.push(column, Value::Error, value),
            "d" => row.push(column, Value::Moment, value.strip_suffix("T00:00:00").unwrap_or(value)),
            _ => {
                let shown = shared.styles.get(self.style).copied().unwrap_or(Shown::Number);
                row.push_number(column, value, shown, shared.base);
            }
        }
        true
    }
}

/// Column of a reference such as `AB12`, counted from 0.
fn column_of(reference: &str) -> Option<u32> {
    let mut column = 0u32;
    for letter in reference.bytes().take_while(u8::is_ascii_alphabetic) {
        column = column
            .checked_mul(26)?
            .checked_add((letter.to_ascii_uppercase() - b'A') as u32 + 1)?;
    }
    column.checked_sub(1)
}
