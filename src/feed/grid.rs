//! A row of a workbook's sheet, in memory that is used again from row to row.

use crate::feed::number_format::{Base, Said, Shown, read_number, read_serial};

/// Rows of a full sheet; what was beyond it is lost. Old workbooks have 65,536.
pub const FULL: [u64; 2] = [1_048_576, 65_536];
/// Cells a sheet may have, blank ones included.
pub const CELLS: u64 = 50_000_000;
/// Columns with data a sheet may have.
pub const COLUMNS: u32 = 512;
/// Bytes of text in a cell: four for each of the 32,767 characters that a spreadsheet holds.
const TEXT: usize = 4 * 32_767;

/// What a cell holds, as the workbook typed it. Texts are spans of the row's text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    Text(u32, u32),
    /// Plain decimal text.
    Number(u32, u32),
    Boolean(bool),
    /// `2026-11-22` or `2026-11-22T10:00:00`.
    Moment(u32, u32),
    /// An error, or a number that cannot be held.
    Error(u32, u32),
}

/// A row: only cells that hold something.
#[derive(Debug, Clone, Default)]
pub struct GridRow {
    /// Counted from 1.
    pub number: u64,
    /// Column, counted from 0, and value, in the order of the file.
    pub cells: Vec<(u32, Value)>,
    text: String,
}

impl GridRow {
    /// Empties the row.
    pub fn begin(&mut self, number: u64) {
        self.number = number;
        self.cells.clear();
        self.text.clear();
    }

    /// Bytes of text in the row.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Adds a cell; `make` wraps the span of its text. A text longer than a cell can hold becomes an error.
    pub fn push(&mut self, column: u32, make: fn(u32, u32) -> Value, text: &str) {
        if text.len() > TEXT {
            return self.push(column, Value::Error, "text longer than a cell can hold");
        }
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.cells.push((column, make(start, text.len() as u32)));
    }

    /// Adds a number cell by what its format shows: a number, a date, a time.
    pub fn push_number(&mut self, column: u32, value: &str, shown: Shown, base: Base) {
        let Some(plain) = read_number(value) else {
            return self.push(column, Value::Error, value);
        };
        match (shown, value.parse::<f64>()) {
            (Shown::Number, _) | (_, Err(_)) => self.push(column, Value::Number, &plain),
            (shown, Ok(serial)) => match read_serial(serial, shown, base) {
                Said::Moment(text) => self.push(column, Value::Moment, &text),
                Said::Time(text) => self.push(column, Value::Text, &text),
                Said::Nothing => self.push(column, Value::Error, &format!("{plain} as a date")),
            },
        }
    }

    pub fn push_boolean(&mut self, column: u32, value: bool) {
        self.cells.push((column, Value::Boolean(value)));
    }

    /// The text of a span.
    pub fn text(&self, start: u32, len: u32) -> &str {
        self.text.get(start as usize..(start + len) as usize).unwrap_or("")
    }

    /// The cell in a column; the last, should there be several.
    pub fn cell(&self, column: u32) -> Option<Value> {
        // Cells stand in order nearly always.
        let guess = self.cells.partition_point(|(at, _)| *at < column);
        match self.cells.get(guess) {
            Some((at, value)) if *at == column => Some(*value),
            _ => self
                .cells
                .iter()
                .rev()
                .find(|(at, _)| *at == column)
                .map(|(_, value)| *value),
        }
    }

    /// A value as text.
    pub fn show(&self, value: Value) -> &str {
        match value {
            Value::Text(start, len)
            | Value::Number(start, len)
            | Value::Moment(start, len)
            | Value::Error(start, len) => self.text(start, len),
            Value::Boolean(true) => "TRUE",
            Value::Boolean(false) => "FALSE",
        }
    }

    /// The cells as texts, blank ones empty, up to the last one filled or `limit`.
    pub fn texts(&self, limit: u32) -> Vec<String> {
        let width = self
            .cells
            .iter()
            .map(|(column, _)| column + 1)
            .max()
            .unwrap_or(0)
            .min(limit);
        let mut out = vec![String::new(); width as usize];
        for (column, value) in &self.cells {
            if let Some(slot) = out.get_mut(*column as usize) {
                *slot = self.show(*value).to_string();
            }
        }
        out
    }

    /// The row as a line of tab-separated text; cells with tabs, quotes or line ends are quoted.
    pub fn render(&self, out: &mut Vec<u8>) {
        let mut next = 0;
        for (column, value) in &self.cells {
            while next < *column {
                out.push(b'\t');
                next += 1;
            }
            let text = self.show(*value);
            if text.contains(['\t', '\n', '\r', '"']) {
                out.push(b'"');
                out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
                out.push(b'"');
            } else {
                out.extend_from_slice(text.as_bytes());
            }
        }
        out.push(b'\n');
    }
}
/// A number in 30 bits: whole or the upper half of a float, perhaps a hundredth.
pub fn short_number(bits: u32) -> f64 {
    let value = match bits & 2 != 0 {
        true => ((bits as i32) >> 2) as f64,
        false => f64::from_bits(((bits & !3) as u64) << 32),
    };
    if bits & 1 != 0 { value / 100.0 } else { value }
}

/// The name of an error by its number in binary workbooks.
pub fn error_name(number: Option<u8>) -> &'static str {
    match number {
        Some(0x00) => "#NULL!",
        Some(0x07) => "#DIV/0!",
        Some(0x0f) => "#VALUE!",
        Some(0x17) => "#REF!",
        Some(0x1d) => "#NAME?",
        Some(0x24) => "#NUM!",
        Some(0x2a) => "#N/A",
        _ => "#ERROR!",
    }
}
