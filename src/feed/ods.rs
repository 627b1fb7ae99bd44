//! Workbooks in OpenDocument (.ods): the sheets row by row, with the types that the cells have.
//!
//! Repeated blank cells and rows cost nothing, repeated filled ones count as what they are. Parts are read as those of
//! `xlsx` are. Source: OpenDocument 1.3 part 3 (2021), 9.1 and 19.

use crate::feed::archive::{Archive, SEND_AGAIN};
use crate::feed::decode::Stream;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::grid::{CELLS, COLUMNS, GridRow, Value};
use crate::feed::number_format::read_number;
use crate::feed::xml_events::{Event, Events, Tag};
use std::sync::Arc;

/// Sheets that are looked at.
const SHEETS: usize = 1_000;

/// An opened workbook.
pub struct Workbook {
    archive: Archive,
    shown: Arc<str>,
    pub sheets: Vec<String>,
}

impl Workbook {
    /// Finds the sheets.
    pub fn open(archive: Archive, shown: &Arc<str>) -> Result<Workbook, FeedError> {
        let mut book = Workbook {
            archive,
            shown: shown.clone(),
            sheets: Vec::new(),
        };
        if let Some(mut events) = book.part("META-INF/manifest.xml")? {
            loop {
                events.forget();
                match events.read()? {
                    Event::Open(tag) if tag.local() == "encryption-data" => {
                        let help = "ask for it without a password, or save it without one";
                        return Err(
                            Refusal::new("E-WORKBOOK-PASSWORD", shown, "the workbook is encrypted", help).into(),
                        );
                    }
                    Event::End => break,
                    _ => {}
                }
            }
        }
        let mut events = book.content()?;
        loop {
            events.forget();
            match events.read()? {
                Event::Open(tag) if tag.local() == "table" && book.sheets.len() < SHEETS => {
                    let mut found = String::new();
                    let read = tag.attributes(|key, value| {
                        if key == "table:name" {
                            found = value.to_string();
                        }
                    });
                    if read.is_err() {
                        return Err(events.broken_tag());
                    }
                    book.sheets.push(found);
                }
                Event::End => break,
                _ => {}
            }
        }
        Ok(book)
    }

    /// The rows of a sheet, by its place.
    pub fn sheet(&self, number: usize) -> Result<Sheet, FeedError> {
        Ok(Sheet {
            events: self.content()?,
            open: Vec::new(),
            before: number,
            inside: false,
            line: 0,
            repeat: 0,
            row: GridRow::default(),
            column: 0,
            cell: CellState::default(),
            cells: 0,
            done: false,
        })
    }

    fn content(&self) -> Result<Events, FeedError> {
        let missing = || {
            let message = "the workbook is damaged: its content is missing";
            FeedError::from(Refusal::new("E-WORKBOOK-DAMAGED", &self.shown, message, SEND_AGAIN))
        };
        self.part("content.xml")?.ok_or_else(missing)
    }

    fn part(&self, name: &str) -> Result<Option<Events>, FeedError> {
        let Some(entry) = self.archive.entry(name) else {
            return Ok(None);
        };
        let stream = Stream::of_reader(Box::new(self.archive.read(entry)?), &entry.name, &self.shown)?;
        let mut events = Events::new(stream);
        events.forbid_doctype("E-WORKBOOK-DTD");
        Ok(Some(events))
    }
}

/// Elements that matter.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Table,
    Row,
    Cell,
    Paragraph,
    /// A note on a cell.
    Annotation,
    Other,
}

impl Kind {
    fn of(local: &str) -> Kind {
        match local {
            "table" => Kind::Table,
            "table-row" => Kind::Row,
            "table-cell" | "covered-table-cell" => Kind::Cell,
            "p" => Kind::Paragraph,
            "annotation" => Kind::Annotation,
            _ => Kind::Other,
        }
    }
}

/// A sheet that is being read.
pub struct Sheet {
    events: Events,
    open: Vec<Kind>,
    /// Tables still to pass by.
    before: usize,
    inside: bool,
    /// Rows so far, repeated ones counted.
    line: u64,
    /// How often the row is still to be given.
    repeat: u64,
    row: GridRow,
    column: u32,
    cell: CellState,
    cells: u64,
    done: bool,
}

#[derive(Default)]
struct CellState {
    kind: String,
    value: String,
    repeat: u32,
    text: String,
    paragraphs: usize,
    formula: bool,
}

impl Sheet {
    /// Reads the next row that holds something; `false` at the end.
    pub fn read(&mut self, row: &mut GridRow) -> Result<bool, FeedError> {
        loop {
            if self.repeat > 0 && !self.row.cells.is_empty() {
                self.repeat -= 1;
                self.line += 1;
                self.cells += self.row.cells.len() as u64;
                if self.cells > CELLS {
                    return Err(self.limit());
                }
                row.clone_from(&self.row);
                row.number = self.line;
                return Ok(true);
            }
            self.line = self.line.saturating_add(std::mem::take(&mut self.repeat));
            if self.done {
                return Ok(false);
            }
            self.step()?;
        }
    }

    /// Bytes of the content read so far.
    pub fn offset(&self) -> u64 {
        self.events.offset()
    }

    fn limit(&self) -> FeedError {
        let message = format!("the sheet has more than {COLUMNS} columns or {CELLS} cells");
        self.events
            .refuse("E-SHEET-LIMIT", &message, "ask for a sheet with the products alone")
    }

    fn step(&mut self) -> Result<(), FeedError> {
        self.events.forget();
        let (mut fault, mut over) = (None, false);
        let noted = self.open.contains(&Kind::Annotation);
        match self.events.read()? {
            Event::Open(tag) => {
                let kind = Kind::of(tag.local());
                match kind {
                    Kind::Table if !self.open.contains(&Kind::Table) => {
                        self.inside = self.before == 0;
                        self.before = self.before.wrapping_sub(1);
                    }
                    Kind::Row if self.inside => {
                        self.row.begin(1);
                        self.column = 0;
                        let number = &mut self.row.number;
                        let read = tag.attributes(|key, value| {
                            if key == "table:number-rows-repeated" {
                                *number = value.parse().unwrap_or(1);
                            }
                        });
                        fault = read.err();
                    }
                    Kind::Cell if self.inside => fault = self.cell.begin(&tag).err(),
                    Kind::Paragraph if self.inside && !noted => {
                        if self.cell.paragraphs > 0 {
                            self.cell.text.push('\n');
                        }
                        self.cell.paragraphs += 1;
                    }
                    Kind::Other if self.open.contains(&Kind::Paragraph) && !noted => match tag.local() {
                        "s" => self.cell.text.push(' '),
                        "tab" => self.cell.text.push('\t'),
                        "line-break" => self.cell.text.push('\n'),
                        _ => {}
                    },
                    _ => {}
                }
                self.open.push(kind);
            }
            Event::Text(text) => {
                if self.inside && !noted && self.open.contains(&Kind::Paragraph) {
                    self.cell.text.push_str(&text);
                }
            }
            Event::Unresolved(name) => fault = Some(Some(name)),
            Event::Close => match self.open.pop() {
                Some(Kind::Cell) if self.inside => over = self.cell.put(&mut self.row, &mut self.column),
                Some(Kind::Row) if self.inside => self.repeat = self.row.number,
                Some(Kind::Table) if !self.open.contains(&Kind::Table) => self.inside = false,
                _ => {}
            },
            Event::Other => {}
            Event::End => self.done = true,
        }
        match fault {
            _ if over => Err(self.limit()),
            None => Ok(()),
            Some(Some(entity)) => Err(self.events.entity(&entity)),
            Some(None) => Err(self.events.broken_tag()),
        }
    }
}

impl CellState {
    fn begin(&mut self, tag: &Tag<'_>) -> Result<(), Option<String>> {
        self.kind.clear();
        self.value.clear();
        self.text.clear();
        self.paragraphs = 0;
        self.repeat = 1;
        self.formula = false;
        tag.attributes(|key, value| match key {
            "office:value-type" => self.kind.push_str(value),
            "office:value"
            | "office:date-value"
            | "office:time-value"
            | "office:boolean-value"
            | "office:string-value" => self.value.push_str(value),
            "table:number-columns-repeated" => self.repeat = value.parse().unwrap_or(1),
            "table:formula" => self.formula = true,
            _ => {}
        })
    }

    /// Adds the cell as often as it is repeated; `true` where that passes the last column.
    fn put(&mut self, row: &mut GridRow, column: &mut u32) -> bool {
        let text = if self.text.is_empty() && self.kind == "string" {
            self.value.as_str()
        } else {
            self.text.as_str()
        };
        let number = read_number(&self.value);
        let first = *column;
        *column = column.saturating_add(self.repeat);
        if (self.kind.is_empty() || self.kind == "string") && text.is_empty() {
            return false;
        }
        if *column > COLUMNS {
            return true;
        }
        for column in first..*column {
            match (self.kind.as_str(), &number) {
                // A spreadsheet writes errors as texts of formulas.
                ("string" | "", _) if self.formula && (text.starts_with('#') || text.starts_with("Err:")) => {
                    row.push(column, Value::Error, text)
                }
                ("float" | "percentage" | "currency", Some(number)) => row.push(column, Value::Number, number),
                ("float" | "percentage" | "currency", None) => row.push(column, Value::Error, &self.value),
                ("date", _) => row.push(
                    column,
                    Value::Moment,
                    self.value.strip_suffix("T00:00:00").unwrap_or(&self.value),
                ),
                ("boolean", _) => row.push_boolean(column, self.value == "true"),
                _ => row.push(column, Value::Text, text),
            }
        }
        false
    }
}
