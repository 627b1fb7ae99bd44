//! Workbooks in Office Open XML (.xlsx): the sheets row by row, with the types that the cells have.
//!
//! Parts are read through `archive`, so that ratio, size and checksum count, and through `xml_events`, so that depth and
//! tokens do; a document type in a part is refused. Formulas are never evaluated: their cached value counts, and one without
//! is an error cell. Sizes that the sheet declares are ignored. Source: ECMA-376 part 1 (2016), 18.3, 18.4, 18.8.

use crate::feed::archive::{Archive, RATIO, SEND_AGAIN};
use crate::feed::decode::Stream;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::grid::{GridRow, Value};
use crate::feed::number_format::{Base, Said, Shown, read_number, read_serial};
use crate::feed::xml_events::{Event, Events, Tag, local};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Cells a sheet may have, blank ones included.
pub const CELLS: u64 = 50_000_000;
/// Columns with data a sheet may have.
pub const COLUMNS: u32 = 512;
/// Bytes of all shared strings.
const STRINGS: usize = 512 * 1024 * 1024;
/// Bytes of texts, shared ones counted each time, from which on they may be no more than 200 times the sheet itself.
const EXPANDED: u64 = 64 * 1024 * 1024;
/// Sheets, formats and the like.
const ENTRIES: usize = 100_000;

/// A sheet of the workbook.
#[derive(Debug, Clone)]
pub struct SheetInfo {
    pub name: String,
    pub hidden: bool,
    part: String,
}

/// An opened workbook.
pub struct Workbook {
    archive: Archive,
    shown: Arc<str>,
    pub sheets: Vec<SheetInfo>,
    shared: Arc<Shared>,
}

/// What all sheets share.
struct Shared {
    text: String,
    /// Spans of the shared strings.
    strings: Vec<(u32, u32)>,
    /// How each cell style shows numbers.
    styles: Vec<Shown>,
    base: Base,
}

impl Workbook {
    /// Reads the parts that all sheets share.
    pub fn open(archive: Archive, shown: &Arc<str>) -> Result<Workbook, FeedError> {
        let empty = Shared {
            text: String::new(),
            strings: Vec::new(),
            styles: Vec::new(),
            base: Base::Windows,
        };
        let mut book = Workbook {
            archive,
            shown: shown.clone(),
            sheets: Vec::new(),
            shared: Arc::new(empty),
        };
        let root = book.relations("_rels/.rels", "")?;
        let main = root
            .into_iter()
            .find(|relation| relation.kind.ends_with("/officeDocument"));
        let main = main.map_or("xl/workbook.xml".to_string(), |relation| relation.target);
        if main.to_ascii_lowercase().ends_with(".bin") {
            let message = "the workbook is a binary one (.xlsb)";
            return Err(Refusal::new("E-WORKBOOK-KIND", shown, message, "save it as .xlsx or .csv").into());
        }
        let (folder, file) = main.rsplit_once('/').unwrap_or(("", main.as_str()));
        let relations = book.relations(&join(folder, &format!("_rels/{file}.rels")), folder)?;
        let base = book.read_main(&main, &relations)?;
        let part_of = |kind: &str| relations.iter().find(|relation| relation.kind.ends_with(kind));
        let styles = match part_of("/styles") {
            Some(relation) => book.read_styles(&relation.target)?,
            None => Vec::new(),
        };
        let (text, strings) = match part_of("/sharedStrings") {
            Some(relation) => book.read_strings(&relation.target)?,
            None => (String::new(), Vec::new()),
        };
        book.shared = Arc::new(Shared {
            text,
            strings,
            styles,
            base,
        });
        Ok(book)
    }

    /// The rows of a sheet.
    pub fn sheet(&self, info: &SheetInfo) -> Result<Sheet, FeedError> {
        let events = self
            .part(&info.part)?
            .ok_or_else(|| self.damaged(&format!("the part \"{}\" is missing", info.part)))?;
        Ok(Sheet {
            events,
            shared: self.shared.clone(),
            open: Vec::new(),
            row: 0,
            column: 0,
            cells: 0,
            expanded: 0,
            cell: CellState::default(),
            done: false,
        })
    }

    fn damaged(&self, message: &str) -> FeedError {
        let message = format!("the workbook is damaged: {}", crate::diagnostic::excerpt(message));
        Refusal::new("E-WORKBOOK-DAMAGED", &self.shown, message, SEND_AGAIN).into()
    }

    /// The events of a part; none where there is no such part.
    fn part(&self, name: &str) -> Result<Option<Events>, FeedError> {
        let Some(entry) = self.archive.entry(name) else {
            return Ok(None);
        };
        let stream = Stream::of_reader(Box::new(self.archive.read(entry)?), &entry.name, &self.shown)?;
        let charset = crate::feed::encoding::Charset::of_mark(stream.head())
            .map_or(crate::feed::encoding::Charset::Utf8, |mark| mark.0);
        let mut events = Events::new(stream.in_utf8(&charset)?);
        events.forbid_doctype("E-WORKBOOK-DTD");
        Ok(Some(events))
    }

    /// Goes through the tags of a part.
    fn tags(&self, name: &str, mut each: impl FnMut(&Tag<'_>) -> Result<(), Option<String>>) -> Result<(), FeedError> {
        let Some(mut events) = self.part(name)? else {
            return Ok(());
        };
        loop {
            events.forget();
            let mut fault = None;
            match events.read()? {
                Event::Open(tag) => fault = each(&tag).err(),
                Event::Unresolved(name) => fault = Some(Some(name)),
                Event::End => return Ok(()),
                _ => {}
            }
            match fault {
                None => {}
                Some(Some(entity)) => return Err(events.entity(&entity)),
                Some(None) => return Err(events.broken_tag()),
            }
        }
    }

    fn relations(&self, name: &str, folder: &str) -> Result<Vec<Relation>, FeedError> {
        let mut out = Vec::new();
        self.tags(name, |tag| {
            let mut relation = Relation::default();
            let mut external = false;
            tag.attributes(|key, value| match local(key) {
                "Id" => relation.id = value.to_string(),
                "Type" => relation.kind = value.to_string(),
                "Target" => relation.target = value.to_string(),
                "TargetMode" => external = value == "External",
                _ => {}
            })?;
            // What is outside of the workbook is never followed.
            if tag.local() == "Relationship" && !external && out.len() < ENTRIES {
                relation.target = match relation.target.strip_prefix('/') {
                    Some(absolute) => absolute.to_string(),
                    None => join(folder, &relation.target),
                };
                out.push(relation);
            }
            Ok(())
        })?;
        Ok(out)
    }

    fn read_main(&mut self, part: &str, relations: &[Relation]) -> Result<Base, FeedError> {
        if self.archive.entry(part).is_none() {
            return Err(self.damaged("its main part is missing"));
        }
        let mut base = Base::Windows;
        let mut sheets = Vec::new();
        self.tags(part, |tag| {
            match tag.local() {
                "workbookPr" => tag.attributes(|key, value| {
                    if key == "date1904" && matches!(value, "1" | "true") {
                        base = Base::Mac;
                    }
                })?,
                "sheet" if sheets.len() < ENTRIES => {
                    let mut info = SheetInfo {
                        name: String::new(),
                        hidden: false,
                        part: String::new(),
                    };
                    let mut is_sheet = false;
                    tag.attributes(|key, value| match key {
                        "name" => info.name = value.to_string(),
                        "state" => info.hidden = value != "visible",
                        key if local(key) == "id" && key != "id" => {
                            let relation = relations.iter().find(|relation| relation.id == value);
                            is_sheet = relation.is_some_and(|relation| relation.kind.ends_with("/worksheet"));
                            info.part = relation.map(|relation| relation.target.clone()).unwrap_or_default();
                        }
                        _ => {}
                    })?;
                    if is_sheet {
                        sheets.push(info);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        self.sheets = sheets;
        Ok(base)
    }

    fn read_styles(&self, part: &str) -> Result<Vec<Shown>, FeedError> {
        let mut codes: BTreeMap<u32, Shown> = BTreeMap::new();
        let mut styles = Vec::new();
        let mut in_cells = false;
        self.tags(part, |tag| {
            match tag.local() {
                "numFmt" => {
                    let (mut id, mut shown) = (None, Shown::Number);
                    tag.attributes(|key, value| match key {
                        "numFmtId" => id = value.parse().ok(),
                        "formatCode" => shown = Shown::of_code(value),
                        _ => {}
                    })?;
                    if let Some(id) = id.filter(|_| codes.len() < ENTRIES) {
                        codes.insert(id, shown);
                    }
                }
                "cellXfs" => in_cells = true,
                "cellStyleXfs" | "cellStyles" | "dxfs" => in_cells = false,
                "xf" if in_cells && styles.len() < ENTRIES => {
                    let mut shown = Shown::Number;
                    tag.attributes(|key, value| {
                        if let Some(id) = value.parse::<u32>().ok().filter(|_| key == "numFmtId") {
                            shown = codes.get(&id).copied().unwrap_or(Shown::built_in(id));
                        }
                    })?;
                    styles.push(shown);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(styles)
    }

    fn read_strings(&self, part: &str) -> Result<(String, Vec<(u32, u32)>), FeedError> {
        let (mut all, mut spans) = (String::new(), Vec::new());
        let Some(mut events) = self.part(part)? else {
            return Ok((all, spans));
        };
        let mut open: Vec<Kind> = Vec::new();
        let mut start = 0;
        let mut text = TextState::default();
        loop {
            events.forget();
            let mut fault = None;
            match events.read()? {
                Event::Open(tag) => {
                    let kind = Kind::of(tag.local());
                    match kind {
                        Kind::Item => start = all.len(),
                        Kind::Text => fault = text.begin(&tag).err(),
                        _ => {}
                    }
                    open.push(kind);
                }
                Event::Text(part) => text.push(&part, &open),
                Event::Close => match open.pop() {
                    Some(Kind::Text) => text.end(&open, &mut all),
                    Some(Kind::Item) => spans.push((start as u32, (all.len() - start) as u32)),
                    _ => {}
                },
                Event::Unresolved(name) => fault = Some(Some(name)),
                Event::Other => {}
                Event::End => return Ok((all, spans)),
            }
            match fault {
                None => {}
                Some(Some(entity)) => return Err(events.entity(&entity)),
                Some(None) => return Err(events.broken_tag()),
            }
            if all.len() > STRINGS || spans.len() > STRINGS / 8 {
                let message = format!("the texts of the workbook are longer than {STRINGS} bytes");
                return Err(events.refuse("E-WORKBOOK-LIMIT", &message, "save the sheet as .csv"));
            }
        }
    }
}

#[derive(Debug, Default)]
struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// A name in a folder of the archive; `..` steps out of the folder.
fn join(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Elements that matter.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
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
    fn of(local: &str) -> Kind {
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
struct TextState {
    text: String,
    preserve: bool,
}

impl TextState {
    fn begin(&mut self, tag: &Tag<'_>) -> Result<(), Option<String>> {
        self.text.clear();
        self.preserve = false;
        tag.attributes(|key, value| self.preserve |= key == "xml:space" && value == "preserve")
    }

    fn push(&mut self, text: &str, open: &[Kind]) {
        if open.last() == Some(&Kind::Text) {
            self.text.push_str(text);
        }
    }

    /// Adds the text to `out`, unless it is a reading aid.
    fn end(&mut self, open: &[Kind], out: &mut String) {
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
}

impl Sheet {
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
                        limit = (filled && self.cell.column >= COLUMNS).then_some("columns");
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
                let string = value.parse::<usize>().ok().and_then(|n| shared.strings.get(n));
                match string.and_then(|(start, len)| shared.text.get(*start as usize..(start + len) as usize)) {
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
            _ => self.put_number(row, shared),
        }
        true
    }

    fn put_number(&self, row: &mut GridRow, shared: &Shared) {
        let value = self.value.trim();
        let shown = shared.styles.get(self.style).copied().unwrap_or(Shown::Number);
        put_number(row, self.column, value, shown, shared.base);
    }
}

/// Adds a number cell by what its format shows: a number, a date, a time.
pub fn put_number(row: &mut GridRow, column: u32, value: &str, shown: Shown, base: Base) {
    let Some(plain) = read_number(value) else {
        row.push(column, Value::Error, value);
        return;
    };
    match (shown, value.parse::<f64>()) {
        (Shown::Number, _) | (_, Err(_)) => row.push(column, Value::Number, &plain),
        (shown, Ok(serial)) => match read_serial(serial, shown, base) {
            Said::Moment(text) => row.push(column, Value::Moment, &text),
            Said::Time(text) => row.push(column, Value::Text, &text),
            Said::Nothing => row.push(column, Value::Error, &format!("{plain} as a date")),
        },
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
