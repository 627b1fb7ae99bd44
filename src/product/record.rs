//! Raw records as a reader found them, many at a time, with their places.
//!
//! A batch keeps all its text in one buffer, so that reading a million rows allocates per batch and not per cell.
//! What a cell means is left to `mapping`.

use crate::diagnostic::{Diagnostic, Place};

/// One cell as the format typed it. Formats without types (CSV, XML) only know `Absent` and `Text`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// The column, element or key is not there, or is null.
    Absent,
    /// Text as it stands, entities and escapes resolved, not trimmed.
    Text(&'a str),
    /// A number the format itself typed, in plain decimal notation (`-12.5`, never with an exponent or a group mark).
    Number(&'a str),
    /// A truth value the format itself typed.
    Boolean(bool),
    /// A date (`2026-11-22`) or moment (`2026-11-22T10:00:00`) the format itself typed.
    Moment(&'a str),
    /// A cell that holds an error (`#N/A`), or a number that cannot be held exactly; the text names it.
    Error(&'a str),
    /// Several values under one name (repeated elements, arrays).
    List(Cells<'a>),
}

/// The members of a list cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cells<'a> {
    records: &'a Records,
    start: u32,
    len: u32,
}

impl<'a> Cells<'a> {
    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get(&self, n: usize) -> Option<Cell<'a>> {
        if n >= self.len as usize {
            return None;
        }
        let span = self.records.members.get(self.start as usize + n)?;
        Some(self.records.cell_of(*span))
    }

    pub fn iter(self) -> impl Iterator<Item = Cell<'a>> {
        (0..self.len()).filter_map(move |n| self.get(n))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Span {
    Absent,
    Text(u32, u32),
    Number(u32, u32),
    Boolean(bool),
    Moment(u32, u32),
    Error(u32, u32),
    List(u32, u32),
}

/// Where the bytes of a record are kept: among the texts where they are UTF-8, so that cells can be parts of them.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Raw {
    Text(u32, u32),
    Bytes(u32, u32),
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    line: u64,
    raw: Raw,
    cells: (u32, u32),
    fault: Option<u32>,
    removes: bool,
}

/// Records in a full batch.
const FULL_RECORDS: usize = 4096;
/// Bytes in a full batch.
const FULL_BYTES: usize = 4 * 1024 * 1024;

/// A batch of raw records of one file. Cell `n` of each record is the `n`-th field that the reader was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// Which file of the delivery, counted from 0.
    pub file: u32,
    /// Records of the file that came in batches before this one.
    pub before: u64,
    text: String,
    raw: Vec<u8>,
    spans: Vec<Span>,
    members: Vec<Span>,
    rows: Vec<Row>,
    faults: Vec<Diagnostic>,
}

/// How far a batch is filled, to measure what comes after it and to take that off.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    text: usize,
    raw: usize,
    spans: usize,
    members: usize,
    rows: usize,
    faults: usize,
}

/// Where a record stands in its delivery. A file may hold all its records on one line, so that only the count of them tells
/// one from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Which file of the delivery, counted from 0.
    pub file: u32,
    /// Which record of the file, counted from 0.
    pub ordinal: u64,
    /// Line in the file, counted from 1 (the row in a workbook): for messages.
    pub line: u64,
}

/// One raw record of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    records: &'a Records,
    row: usize,
}

impl<'a> Record<'a> {
    /// Line in the file, counted from 1 (the row in a workbook).
    pub fn line(&self) -> u64 {
        self.records.rows[self.row].line
    }

    /// Which file of the delivery.
    pub fn file(&self) -> u32 {
        self.records.file
    }

    /// Where it stands in the delivery.
    pub fn spot(&self) -> Spot {
        Spot {
            file: self.file(),
            ordinal: self.records.before + self.row as u64,
            line: self.line(),
        }
    }

    /// The bytes of the record as they stand in the file, with their line end; for workbooks, a tab-separated rendering.
    pub fn raw(&self) -> &'a [u8] {
        match self.records.rows[self.row].raw {
            Raw::Text(start, len) => &self.records.text.as_bytes()[start as usize..(start + len) as usize],
            Raw::Bytes(start, len) => &self.records.raw[start as usize..(start + len) as usize],
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.records.rows[self.row].cells.1 as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cell `n`, `Absent` past the end.
    pub fn cell(&self, n: usize) -> Cell<'a> {
        let (start, len) = self.records.rows[self.row].cells;
        if n >= len as usize {
            return Cell::Absent;
        }
        self.records.cell_of(self.records.spans[start as usize + n])
    }

    /// The record says that its product is no longer sold.
    pub fn removes(&self) -> bool {
        self.records.rows[self.row].removes
    }

    /// Why the reader itself refuses this record (wrong number of fields, undecodable bytes), if it does.
    pub fn fault(&self) -> Option<&'a Diagnostic> {
        self.records.rows[self.row]
            .fault
            .map(|n| &self.records.faults[n as usize])
    }
}

impl Records {
    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.raw.clear();
        self.spans.clear();
        self.members.clear();
        self.rows.clear();
        self.faults.clear();
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes held, to end a batch by size.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.raw.len()
    }

    /// How far it is filled.
    pub fn mark(&self) -> Mark {
        Mark {
            text: self.text.len(),
            raw: self.raw.len(),
            spans: self.spans.len(),
            members: self.members.len(),
            rows: self.rows.len(),
            faults: self.faults.len(),
        }
    }

    /// Bytes that the cells that came after a mark take, with their texts.
    pub fn since(&self, mark: Mark) -> usize {
        let cells = (self.spans.len() + self.members.len()).saturating_sub(mark.spans + mark.members);
        self.text.len().saturating_sub(mark.text) + cells * size_of::<Span>()
    }

    /// Takes off the records that came after a mark.
    pub fn back_to(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.raw.truncate(mark.raw);
        self.spans.truncate(mark.spans);
        self.members.truncate(mark.members);
        self.rows.truncate(mark.rows);
        self.faults.truncate(mark.faults);
    }

    /// Whether a reader should hand the batch on: about 4,096 records or 4 MB.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= FULL_RECORDS || self.bytes() >= FULL_BYTES
    }

    pub fn get(&self, row: usize) -> Option<Record<'_>> {
        (row < self.rows.len()).then_some(Record { records: self, row })
    }

    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.rows.len()).map(move |row| Record { records: self, row })
    }

    /// Begins a record: `raw` are its bytes as they stand in the file. Cells follow with `push_…`.
    pub fn begin(&mut self, line: u64, raw: &[u8]) {
        let start = self.raw.len() as u32;
        self.raw.extend_from_slice(raw);
        self.begin_row(line, Raw::Bytes(start, raw.len() as u32));
    }

    /// Begins a record whose bytes are UTF-8: cells that stand in them as they are can then be added without a copy, by
    /// [`Records::push_part`].
    pub fn begin_text(&mut self, line: u64, raw: &str) {
        let (start, len) = self.keep(raw);
        self.begin_row(line, Raw::Text(start, len));
    }

    /// Begins a record that stands where another does: its bytes, its line, what is wrong with it, and whether it takes its
    /// product off. Cells follow.
    pub fn begin_like(&mut self, record: Record<'_>) {
        self.begin(record.line(), record.raw());
        if record.removes() {
            self.say_removed();
        }
        if let Some(fault) = record.fault() {
            self.refuse(fault.clone());
        }
    }

    /// Begins a further record made of the bytes of the one before; the first of a batch has none.
    pub fn begin_same(&mut self, line: u64) {
        let raw = self.rows.last().map_or(Raw::Bytes(0, 0), |row| row.raw);
        self.begin_row(line, raw);
    }

    /// A cell that an earlier record of this batch has, which shares its text: cell `n` of record `row`, both counted from 0.
    pub fn push_same(&mut self, row: usize, n: usize) {
        let span = self.rows.get(row).filter(|row| n < row.cells.1 as usize);
        let span = span.and_then(|row| self.spans.get(row.cells.0 as usize + n)).copied();
        self.push(span.unwrap_or(Span::Absent));
    }

    /// A cell as another record has it.
    pub fn push_cell(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::List(cells) => {
                let members: Vec<Cell<'_>> = cells.iter().collect();
                self.push_list(&members);
            }
            cell => {
                let span = self.keep_cell(cell);
                self.push(span);
            }
        }
    }

    fn begin_row(&mut self, line: u64, raw: Raw) {
        let first = self.spans.len() as u32;
        self.rows.push(Row {
            line,
            raw,
            cells: (first, 0),
            fault: None,
            removes: false,
        });
    }

    /// A text cell that is a part of the record's own bytes, from `start` on, in a record begun with
    /// [`Records::begin_text`]. What is no part of them, or cuts a character, is `Absent`.
    pub fn push_part(&mut self, start: usize, len: usize) {
        let span = match self.rows.last().map(|row| row.raw) {
            Some(Raw::Text(raw, raw_len)) if start + len <= raw_len as usize => {
                let (from, to) = (raw as usize + start, raw as usize + start + len);
                let whole = self.text.is_char_boundary(from) && self.text.is_char_boundary(to);
                if whole {
                    Span::Text(from as u32, len as u32)
                } else {
                    Span::Absent
                }
            }
            _ => Span::Absent,
        };
        self.push(span);
    }

    /// Says that the product of the record begun last is no longer sold.
    pub fn say_removed(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.removes = true;
        }
    }

    /// Says that the reader refuses the record begun last.
    pub fn refuse(&mut self, fault: Diagnostic) {
        let n = self.faults.len() as u32;
        self.faults.push(fault);
        if let Some(row) = self.rows.last_mut() {
            row.fault = Some(n);
        }
    }

    pub fn push_absent(&mut self) {
        self.push(Span::Absent);
    }

    pub fn push_text(&mut self, text: &str) {
        let (start, len) = self.keep(text);
        self.push(Span::Text(start, len));
    }

    pub fn push_number(&mut self, text: &str) {
        let (start, len) = self.keep(text);
        self.push(Span::Number(start, len));
    }

    pub fn push_boolean(&mut self, value: bool) {
        self.push(Span::Boolean(value));
    }

    pub fn push_moment(&mut self, text: &str) {
        let (start, len) = self.keep(text);
        self.push(Span::Moment(start, len));
    }

    pub fn push_error(&mut self, text: &str) {
        let (start, len) = self.keep(text);
        self.push(Span::Error(start, len));
    }

    /// A list cell of the given members, none of which is a `List` itself. No member gives `Absent`, one gives that member.
    pub fn push_list(&mut self, members: &[Cell<'_>]) {
        match members {
            [] => self.push_absent(),
            [one] => {
                let span = self.keep_cell(*one);
                self.push(span);
            }
            many => {
                let spans: Vec<Span> = many.iter().map(|cell| self.keep_cell(*cell)).collect();
                let start = self.members.len() as u32;
                self.members.extend(spans);
                let len = self.members.len() as u32 - start;
                self.push(Span::List(start, len));
            }
        }
    }

    fn push(&mut self, span: Span) {
        self.spans.push(span);
        if let Some(row) = self.rows.last_mut() {
            row.cells.1 += 1;
        }
    }

    fn keep(&mut self, text: &str) -> (u32, u32) {
        match place(self.text.len(), text.len()) {
            Some(place) => {
                self.text.push_str(text);
                place
            }
            None => {
                self.refuse_size();
                (0, 0)
            }
        }
    }

    /// Says that the record begun last holds more than a batch can: readers bound what they make of a record, and this stands
    /// behind them.
    #[cold]
    fn refuse_size(&mut self) {
        let Some(Row { line, fault: None, .. }) = self.rows.last() else {
            return;
        };
        let place = Place {
            line: Some(*line),
            ..Place::default()
        };
        let message = "what is read of the record takes more than 4 GiB";
        let help = "the file is damaged, or `record` under [file] names an element that holds the products";
        self.refuse(Diagnostic::error("E-RECORD-SIZE", message).at(place).with_help(help));
    }

    fn keep_cell(&mut self, cell: Cell<'_>) -> Span {
        match cell {
            Cell::Absent | Cell::List(_) => Span::Absent,
            Cell::Boolean(value) => Span::Boolean(value),
            Cell::Text(text) => {
                let (start, len) = self.keep(text);
                Span::Text(start, len)
            }
            Cell::Number(text) => {
                let (start, len) = self.keep(text);
                Span::Number(start, len)
            }
            Cell::Moment(text) => {
                let (start, len) = self.keep(text);
                Span::Moment(start, len)
            }
            Cell::Error(text) => {
                let (start, len) = self.keep(text);
                Span::Error(start, len)
            }
        }
    }

    fn cell_of(&self, span: Span) -> Cell<'_> {
        let text = |start: u32, len: u32| &self.text[start as usize..(start + len) as usize];
        match span {
            Span::Absent => Cell::Absent,
            Span::Text(start, len) => Cell::Text(text(start, len)),
            Span::Number(start, len) => Cell::Number(text(start, len)),
            Span::Boolean(value) => Cell::Boolean(value),
            Span::Moment(start, len) => Cell::Moment(text(start, len)),
            Span::Error(start, len) => Cell::Error(text(start, len)),
            Span::List(start, len) => Cell::List(Cells {
                records: self,
                start,
                len,
            }),
        }
    }
}

/// Start and length of a text that comes after so many bytes of others; none where they pass what is counted.
fn place(before: usize, len: usize) -> Option<(u32, u32)> {
    let (start, end) = (u32::try_from(before).ok()?, before.checked_add(len)?);
    u32::try_from(end).is_ok().then_some((start, len as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_a_batch_is_refused() {
        let most = u32::MAX as usize;
        assert_eq!(place(most - 1, 1), Some((u32::MAX - 1, 1)));
        assert_eq!(place(most, 1), None);
        assert_eq!(place(1, usize::MAX), None);
        let mut batch = Records::default();
        batch.begin(7, b"raw");
        batch.refuse_size();
        let fault = batch.get(0).and_then(|record| record.fault());
        assert_eq!(
            fault.map(|fault| (&*fault.code, fault.place.line)),
            Some(("E-RECORD-SIZE", Some(7)))
        );
    }

    #[test]
    fn records_after_a_mark_are_taken_off() {
        let mut batch = Records::default();
        batch.begin(1, b"one");
        batch.push_text("a");
        let (before, mark) = (batch.clone(), batch.mark());
        batch.begin(2, b"two");
        batch.push_list(&[Cell::Text("b"), Cell::Number("12")]);
        assert_eq!(batch.since(mark), 3 + 3 * size_of::<Span>());
        batch.back_to(mark);
        assert_eq!(batch, before);
    }
}
