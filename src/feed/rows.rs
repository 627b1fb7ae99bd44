//! The rows of a text table as a stream: the window slides from row to row and the line is counted.
//!
//! Quotes that never close, or that swallow rows, refuse the file here. What the fields hold is left to `csv`.

use crate::feed::failure::{FeedError, Refusal};
use crate::feed::row::{Field, Row, Scan, Scanner, line_ends};
use crate::feed::window::Window;

/// Bytes a field may have.
pub const FIELD: usize = 1024 * 1024;

/// Row after row of a text table.
pub struct Rows {
    pub window: Window,
    pub scanner: Scanner,
    /// The row scanned last.
    pub row: Row,
    /// Line of the next row, counted from 1.
    pub line: u64,
    /// Fields that rows have, once the header is known; 0 before.
    pub width: usize,
}

impl Rows {
    pub fn new(window: Window, scanner: Scanner, line: u64) -> Rows {
        Rows {
            window,
            scanner,
            row: Row::default(),
            line,
            width: 0,
        }
    }

    /// Scans the next row and stays before it; `false` at the end.
    pub fn scan(&mut self) -> Result<bool, FeedError> {
        loop {
            match self
                .scanner
                .scan(self.window.data(), self.window.ended(), &mut self.row)
            {
                Scan::Row => return Ok(true),
                Scan::End => return Ok(false),
                Scan::More => {
                    let len = self.window.data().len();
                    if len >= FIELD && self.swallows(len) {
                        return Err(self.swallowed());
                    }
                    if len >= FIELD && self.width == 0 {
                        let message = "the first row is longer than 1 MiB: the file is no table";
                        let help = "check the file in an editor; name its format with `format` under [file]";
                        return Err(Refusal::new("E-RECORD-SIZE", self.window.shown(), message, help)
                            .at_line(self.line)
                            .into());
                    }
                    self.window.more()?;
                }
                Scan::Open(at) => {
                    let line = self.line + line_ends(&self.window.data()[..at]);
                    return Err(self.open_quote("a quote opens here and never closes", line));
                }
            }
        }
    }

    /// Leaves the scanned row behind.
    pub fn pass(&mut self) {
        self.line += line_ends(&self.window.data()[..self.row.next]);
        self.window.take(self.row.next);
    }

    /// Leaves empty rows behind.
    pub fn skip_blank(&mut self) -> Result<(), FeedError> {
        while self.scan()? && self.row.end == 0 {
            self.pass();
        }
        Ok(())
    }

    /// Leaves a line behind whatever its quotes; `false` at the end.
    pub fn skip_line(&mut self) -> Result<bool, FeedError> {
        loop {
            let data = self.window.data();
            match memchr::memchr2(b'\n', b'\r', data) {
                Some(at) if at + 1 < data.len() || self.window.ended() => {
                    let pair = data[at] == b'\r' && data.get(at + 1) == Some(&b'\n');
                    self.window.take(at + 1 + pair as usize);
                    self.line += 1;
                    return Ok(true);
                }
                _ if self.window.ended() => return Ok(false),
                _ => self.window.more()?,
            }
        }
    }

    /// The scanned row without its line end.
    pub fn content(&self) -> &[u8] {
        &self.window.data()[..self.row.end]
    }

    /// The scanned row with its line end.
    pub fn raw(&self) -> &[u8] {
        &self.window.data()[..self.row.next]
    }

    /// Field `n` of the scanned row.
    pub fn field(&self, n: usize) -> Option<&Field> {
        self.row.fields.get(n)
    }

    /// The rows from here on that are at hand, with their bytes; stops where a row is not whole.
    pub fn ahead(&self, mut each: impl FnMut(&Row, &[u8]) -> bool) {
        let mut row = Row::default();
        let mut at = 0;
        loop {
            let data = &self.window.data()[at..];
            if self.scanner.scan(data, self.window.ended(), &mut row) != Scan::Row {
                return;
            }
            if row.end > 0 && !each(&row, data) {
                return;
            }
            at += row.next;
        }
    }

    /// A line inside the first `len` bytes is a row by itself: quotes hold what looks like rows of the table.
    pub fn swallows(&self, len: usize) -> bool {
        let lines = self.window.data()[..len].split(|byte| matches!(byte, b'\n' | b'\r'));
        self.width > 1 && lines.skip(1).take(64).any(|line| self.fields_of(line) == self.width)
    }

    /// Every line of the scanned row is as wide as a row.
    pub fn is_several(&self) -> bool {
        let lines = self.content().split(|byte| matches!(byte, b'\n' | b'\r'));
        let mut lines = lines.filter(|line| !line.is_empty());
        self.width > 2 && lines.all(|line| self.fields_of(line) == self.width)
    }

    fn fields_of(&self, line: &[u8]) -> usize {
        memchr::memchr_iter(self.scanner.dialect.delimiter, line).count() + 1
    }

    /// The error for a row whose quote holds the rows after it.
    pub fn swallowed(&self) -> FeedError {
        self.open_quote("a quote opens in this row and swallows the rows after it", self.line)
    }

    fn open_quote(&self, message: &str, line: u64) -> FeedError {
        let help = "close the quote, or write `quote = \"\"` under [file] if quotes are plain text in this file";
        let refusal = Refusal::new("E-CSV-OPEN-QUOTE", self.window.shown(), message, help);
        refusal.at_line(line).at_offset(self.window.offset()).into()
    }
}
