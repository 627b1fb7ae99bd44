//! Text tables (CSV, TSV and their kin), row by row, each with its own bytes.
//!
//! A row that does not fit the header, that cannot be decoded or that holds control characters is refused alone, with its
//! line. A quote that swallows rows, a cut-off end or a header that cannot be told apart refuse the whole file: what follows
//! them could be anything. Columns that nobody asks for are split and not copied.

use crate::diagnostic::{Diagnostic, Place};
use crate::feed::archive::SEND_AGAIN;
use crate::feed::decode::Stream;
use crate::feed::dialect::{self, Declared};
use crate::feed::encoding::{Charset, Page};
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::grid::FULL;
use crate::feed::guess;
use crate::feed::header::{self, Columns, Heading};
use crate::feed::report::FileReport;
use crate::feed::row::{COLUMNS, Dialect, Field, Quoting, Scanner};
use crate::feed::rows::{FIELD, Rows};
use crate::feed::settings::{FileSettings, Format};
use crate::feed::text::{Text, has_control, is_control, unescape, unescape_text};
use crate::feed::window::Window;
use crate::product::record::Records;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows held back at most while it is open whether they are the footer.
const FOOTER: usize = 100;

/// A text table that is being read.
pub struct Table {
    rows: Rows,
    regular: Option<(usize, usize)>,
    text: Text,
    shown: Arc<str>,
    file: u32,
    format: Format,
    columns: Columns,
    found: Vec<bool>,
    /// The bytes of the header's rows, to know them again where they are repeated.
    header: Vec<Vec<u8>>,
    header_row: Option<u64>,
    height: usize,
    /// Other widths that rows had.
    widths: BTreeSet<usize>,
    read: u64,
    /// Where the first row of data begins.
    first: Option<u64>,
    repeated: u64,
    skip_footer: bool,
    held: Vec<Held>,
    scratch: String,
    diagnostics: Vec<Diagnostic>,
}

/// A row that may belong to the footer.
struct Held {
    line: u64,
    raw: Vec<u8>,
    fault: Diagnostic,
}

impl Table {
    /// Opens a table whose encoding is `charset`, or to be found (`None`). `wide`: what an encoding of several bytes a
    /// character was called before it was turned into UTF-8.
    pub fn open(
        stream: Stream,
        charset: Option<Charset>,
        wide: Option<&'static str>,
        file: u32,
        format: Format,
        settings: &FileSettings,
        wanted: &[String],
    ) -> Result<Table, FeedError> {
        let shown = stream.shown.clone();
        let mut window = Window::new(stream);
        while !window.ended() && window.data().len() < guess::SAMPLE {
            window.more()?;
        }
        let mut declared = Declared::of(settings, format, &shown)?;
        let announced = dialect::take_announcement(&mut window);
        declared.delimiter = declared.delimiter.or(announced);
        let found = dialect::find(window.data(), declared, wanted);
        let text = match charset {
            Some(Charset::Page(page)) => Text::Page(page),
            Some(_) => Text::Utf8 {
                name: wide.unwrap_or("UTF-8"),
            },
            None => Text::Open {
                fallback: None,
                tried: false,
                utf8: 0,
                other: 0,
            },
        };
        let mut table = Table {
            rows: Rows::new(window, Scanner::new(found.dialect), 1 + announced.is_some() as u64),
            regular: declared.delimiter.is_none().then_some((found.regular, found.rows)),
            text,
            shown,
            file,
            format,
            columns: Columns::default(),
            found: Vec::new(),
            header: Vec::new(),
            header_row: None,
            height: 0,
            widths: BTreeSet::new(),
            read: 0,
            first: None,
            repeated: 0,
            skip_footer: settings.skip_footer,
            held: Vec::new(),
            scratch: String::new(),
            diagnostics: Vec::new(),
        };
        table.read_header(settings, wanted)?;
        Ok(table)
    }

    /// Which wanted fields the header names.
    pub fn found(&self) -> &[bool] {
        &self.found
    }

    /// Header names in order.
    pub fn header(&self) -> &[String] {
        &self.columns.names
    }

    /// From now on each record has a cell for each column of the file, whatever was asked for.
    pub fn take_all(&mut self) {
        self.columns.places = (0..self.columns.names.len()).map(Some).collect();
        self.found = vec![true; self.columns.names.len()];
    }

    /// Rows that the header takes.
    pub fn header_rows(&self) -> usize {
        self.height
    }

    /// The page by which bytes are read that are not UTF-8, once it is known.
    pub fn page(&self) -> Option<&Arc<Page>> {
        self.text.page()
    }

    /// Whether all of it is read by that page.
    pub fn is_of_page(&self) -> bool {
        matches!(self.text, Text::Page(_))
    }

    /// How the table is written.
    pub fn dialect(&self) -> Dialect {
        self.rows.scanner.dialect
    }

    /// The characters around quoted fields and before escaped ones inside them.
    fn quoting(&self) -> (u8, Option<u8>) {
        let dialect = self.dialect();
        (dialect.quote.unwrap_or(b'"'), dialect.escape)
    }

    /// How many of the first rows had the width that spoke for the delimiter, of how many; none where it was declared.
    pub fn regular_rows(&self) -> Option<(usize, usize)> {
        self.regular
    }

    /// Bytes of the content before the first row of data, once one has been read.
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// Reads the next rows; `false` when none are left.
    pub fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        batch.clear();
        batch.file = self.file;
        batch.before = self.read;
        while !batch.is_full() {
            if !self.step(batch)? {
                self.check_full()?;
                break;
            }
        }
        Ok(!batch.is_empty())
    }

    pub fn finish(mut self) -> FileReport {
        let place = Place::file(self.shown.clone());
        if let Some(page) = self.text.mixed() {
            let message = format!("some rows are UTF-8 and some are not; the others were read as {page}");
            let help = "ask the supplier for one encoding; check the accents of the rows in question";
            let diagnostic = Diagnostic::warning("W-ENCODING-MIXED", message).at(place.clone());
            self.diagnostics.push(diagnostic.with_help(help));
        }
        if self.repeated > 0 {
            let message = format!(
                "the header is repeated {} times in the file, and was left out",
                self.repeated
            );
            self.diagnostics
                .push(Diagnostic::info("I-HEADER-REPEATED", message).at(place));
        }
        if let Some(first) = self.held.first() {
            let message = format!(
                "{} rows of another width after the table were left out",
                self.held.len()
            );
            let place = Place::line(self.shown.clone(), first.line);
            self.diagnostics.push(Diagnostic::info("I-FOOTER", message).at(place));
        }
        FileReport {
            path: self.shown.clone(),
            format: self.format.name(),
            encoding: self.text.name().to_string(),
            delimiter: Some((self.rows.scanner.dialect.delimiter as char).to_string()),
            header_row: self.header_row,
            rows: self.read,
            bytes: self.rows.window.offset(),
            ends_with_newline: self.rows.window.ends_with_newline(),
            diagnostics: self.diagnostics,
            transaction: None,
        }
    }

    /// A table that ends where a sheet does was cut off by a spreadsheet.
    fn check_full(&self) -> Result<(), FeedError> {
        let rows = self.read + self.repeated + self.header_row.is_some() as u64;
        if !FULL.contains(&rows) {
            return Ok(());
        }
        let message = format!("the table ends at row {rows}, the last that a spreadsheet can have: rows may be lost");
        let help = "ask for an export that no spreadsheet has saved, or for the products in several files";
        Err(Refusal::new("E-SHEET-FULL", &self.shown, message, help)
            .at_line(self.rows.line)
            .into())
    }

    /// Finds the header, resolves the wanted columns, and stands before the first row of data.
    fn read_header(&mut self, settings: &FileSettings, wanted: &[String]) -> Result<(), FeedError> {
        self.text.look_at(self.rows.window.data());
        let height = header::height(settings, &self.shown)?;
        match settings.header_row {
            Some(0) => self.number_columns()?,
            Some(number) => {
                while self.rows.line < number {
                    if !self.rows.skip_line()? {
                        let message = format!("the file ends before line {number}, where the header should be");
                        let help = "correct `header_row` under [file]";
                        return Err(Refusal::new("E-HEADER-MISSING", &self.shown, message, help).into());
                    }
                }
                self.take_header(height.unwrap_or(1))?;
            }
            None => {
                match self.banner(wanted, height)? {
                    // A table of values alone has no header; but where names are asked for, the first row must be it.
                    None if wanted.is_empty() => self.number_columns()?,
                    found => {
                        for _ in 0..found.map_or(0, |found| found.at) {
                            self.rows.skip_blank()?;
                            self.rows.scan()?;
                            self.rows.pass();
                        }
                        self.take_header(found.map_or(1, |found| found.height))?;
                    }
                }
            }
        }
        if self.rows.width > COLUMNS {
            let message = format!("the header has {} columns, the limit is {COLUMNS}", self.rows.width);
            let help = "ask for a file with the columns of products";
            return Err(Refusal::new("E-COLUMNS", &self.shown, message, help).into());
        }
        self.settle_width(settings.columns)?;
        let names = std::mem::take(&mut self.columns.names);
        self.columns =
            Columns::resolve(names, wanted).map_err(|ambiguous| ambiguous.refusal(&self.shown, self.header_row))?;
        self.found = self.columns.places.iter().map(|place| place.is_some()).collect();
        if !self.found.contains(&true) {
            // A header without a wanted name may be a row of data, whose like are no repetitions.
            self.header.clear();
        }
        Ok(())
    }

    /// There is no header: columns have numbers.
    fn number_columns(&mut self) -> Result<(), FeedError> {
        self.rows.skip_blank()?;
        if !self.rows.scan()? {
            return Err(self.empty());
        }
        self.rows.width = self.rows.row.count;
        self.columns.names = Columns::numbered(self.rows.width.min(COLUMNS));
        Ok(())
    }

    /// Where the header stands; none where there is no header.
    fn banner(&mut self, wanted: &[String], height: Option<usize>) -> Result<Option<Heading>, FeedError> {
        // The first row has to be at hand whole.
        self.rows.skip_blank()?;
        let mut first = Vec::new();
        self.rows.ahead(|row, data| {
            let cells = row.fields.iter().map(|field| self.text.lossy(field.of(data)));
            first.push(cells.collect());
            first.len() < header::SEARCH
        });
        Ok(header::find(&first, wanted, height))
    }

    /// Takes the header, which has so many rows.
    fn take_header(&mut self, height: usize) -> Result<(), FeedError> {
        let (quote, escape) = self.quoting();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for _ in 0..height {
            self.rows.skip_blank()?;
            if !self.rows.scan()? {
                return Err(self.empty());
            }
            let content = self.rows.content();
            let names = self.rows.row.fields.iter().map(|field| match field.quoting {
                Quoting::Escaped => self.text.lossy(&unescape(field.of(content), quote, escape)),
                _ => self.text.lossy(field.of(content)),
            });
            rows.push(names.collect());
            self.header.push(content.to_vec());
            self.header_row.get_or_insert(self.rows.line);
            self.rows.width = self.rows.width.max(self.rows.row.count);
            self.rows.pass();
        }
        self.columns.names = header::names(&rows);
        self.height = height;
        Ok(())
    }

    /// The width of the rows: the expected one, or the header's, or one column without a name less or more than that where
    /// all of the first rows agree.
    fn settle_width(&mut self, expected: Option<u64>) -> Result<(), FeedError> {
        let width = self.rows.width;
        if let Some(expected) = expected {
            let expected = usize::try_from(expected).unwrap_or(usize::MAX);
            if width > expected || expected > COLUMNS {
                let message = format!("the header has {width} columns, {expected} are expected");
                let help = "the supplier changed the layout: check the mapping, then correct `columns` under [file]";
                let refusal = Refusal::new("E-COLUMNS", &self.shown, message, help);
                return Err(refusal.at_line(self.header_row.unwrap_or(1)).into());
            }
            self.columns.names.resize(expected, String::new());
            self.rows.width = expected;
            return Ok(());
        }
        let nameless = self.columns.names.last().is_some_and(|name| name.is_empty());
        let (mut longer, mut shorter, mut seen) = (0, 0, 0);
        self.rows.ahead(|row, data| {
            let last = row.fields.last().map_or(&b""[..], |field| field.of(data));
            longer += (row.count == width + 1 && last.trim_ascii().is_empty()) as usize;
            shorter += (row.count + 1 == width && nameless) as usize;
            seen += 1;
            seen < 50
        });
        if seen > 0 && longer == seen && self.header_row.is_some() {
            self.rows.width = width + 1;
            self.columns.names.push(String::new());
        } else if seen > 0 && shorter == seen {
            self.rows.width = width - 1;
            self.columns.names.pop();
        }
        Ok(())
    }

    fn empty(&self) -> FeedError {
        Refusal::new("E-FILE-EMPTY", &self.shown, "the file holds no table", SEND_AGAIN).into()
    }

    /// Reads one row into the batch, or leaves it out. `false` at the end.
    fn step(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        if !self.rows.scan()? {
            return Ok(false);
        }
        let row = &self.rows.row;
        let content = self.rows.content();
        let delimiter = self.rows.scanner.dialect.delimiter;
        let blank = |byte: &u8| *byte == delimiter || *byte == b' ' || *byte == b'\t';
        if content.first().is_none_or(blank) && content.iter().all(blank) {
            self.rows.pass();
            return Ok(true);
        }
        if let Some(row) = self.header.iter().position(|row| content == row.as_slice()) {
            self.repeated += (row == 0) as u64;
            self.rows.pass();
            return Ok(true);
        }
        self.first.get_or_insert(self.rows.window.offset());
        let short = row.next == row.end && row.count < self.rows.width && self.read > 0;
        // Rows that were as short before are the table's own habit.
        if short && !self.skip_footer && !self.widths.contains(&row.count) {
            let (count, width) = (row.count, self.rows.width);
            let message = format!("the last row is cut off: it has {count} of {width} fields and no line end");
            let refusal = Refusal::new("E-FILE-TRUNCATED", &self.shown, message, SEND_AGAIN);
            return Err(refusal
                .at_line(self.rows.line)
                .at_offset(self.rows.window.offset())
                .into());
        }
        if row.broken && row.multiline && self.rows.swallows(row.end) {
            return Err(self.rows.swallowed());
        }
        if row.count != self.rows.width && self.widths.len() < COLUMNS {
            self.widths.insert(row.count);
        }
        let fault = self.fault();
        if self.skip_footer {
            if let Some(fault) = fault
                .as_ref()
                .filter(|fault| fault.code == "E-ROW-WIDTH" && self.held.len() < FOOTER)
            {
                let raw = self.rows.raw().to_vec();
                self.held.push(Held {
                    line: self.rows.line,
                    raw,
                    fault: fault.clone(),
                });
                self.rows.pass();
                return Ok(true);
            }
            for held in self.held.drain(..) {
                batch.begin(held.line, &held.raw);
                batch.refuse(held.fault);
                self.read += 1;
            }
        }
        self.emit(batch, fault);
        self.read += 1;
        self.rows.pass();
        Ok(true)
    }

    /// Why the scanned row is refused whatever its encoding.
    fn fault(&self) -> Option<Diagnostic> {
        let row = &self.rows.row;
        let content = self.rows.content();
        if row.count != self.rows.width {
            let message = format!("the row has {} fields, the header has {}", row.count, self.rows.width);
            let help = "put fields that hold the delimiter in quotes, or add what is missing";
            return self.refuse_row("E-ROW-WIDTH", message, help);
        }
        if row.broken {
            let help =
                "double the quotes inside the field, or write `quote = \"\"` under [file] if quotes are plain text";
            return self.refuse_row("E-ROW-QUOTE", "text follows a closing quote", help);
        }
        if row.multiline && self.rows.is_several() {
            let message = "a quote opens here and holds what look like several rows";
            return self.refuse_row("E-ROW-QUOTE", message, "close the quote in its own row");
        }
        if content.len() > FIELD
            && row
                .fields
                .iter()
                .any(|field| (field.end - field.start) as usize > FIELD)
        {
            return self.refuse_row("E-ROW-FIELD-SIZE", "a field is longer than 1 MiB", "shorten the field");
        }
        if has_control(content) {
            if content.contains(&0) {
                let help = "ask the supplier for a clean export";
                return self.refuse_row("E-ROW-CONTROL", "the row holds a NUL character", help);
            }
            let mut wanted = self
                .columns
                .places
                .iter()
                .flatten()
                .filter_map(|&place| self.rows.field(place));
            let control = wanted.find_map(|field| field.of(content).iter().find(|byte| is_control(**byte)));
            if let Some(byte) = control {
                let message = format!("the row holds the control character U+{byte:04X}");
                return self.refuse_row("E-ROW-CONTROL", message, "remove the character from the cell");
            }
        }
        None
    }

    fn refuse_row(&self, code: &'static str, message: impl Into<String>, help: &str) -> Option<Diagnostic> {
        let raw = self.rows.content();
        let value = self.text.lossy(&raw[..raw.len().min(800)]);
        let place = Place::line(self.shown.clone(), self.rows.line);
        Some(
            Diagnostic::error(code, message)
                .at(place)
                .with_value(&value)
                .with_help(help),
        )
    }

    /// Adds the scanned row to the batch. The cells of a refused row are no more than a hint.
    fn emit(&mut self, batch: &mut Records, mut fault: Option<Diagnostic>) {
        let raw = self.rows.raw();
        let (quote, escape) = self.quoting();
        if let Some(text) = self.text.utf8(raw) {
            batch.begin_text(self.rows.line, text);
            for place in &self.columns.places {
                match place.and_then(|place| self.rows.field(place)) {
                    None => batch.push_absent(),
                    Some(field) if field.quoting == Quoting::Escaped => {
                        self.scratch.clear();
                        let cell = text.get(field.start as usize..field.end as usize).unwrap_or("");
                        unescape_text(cell, quote, escape, &mut self.scratch);
                        batch.push_text(&self.scratch);
                    }
                    Some(Field { start, end, .. }) => batch.push_part(*start as usize, (end - start) as usize),
                }
            }
        } else {
            self.text.look_at(raw);
            batch.begin(self.rows.line, raw);
            let mut decodable = self.text.takes(raw);
            for place in &self.columns.places {
                let Some(field) = place.and_then(|place| self.rows.field(place)) else {
                    batch.push_absent();
                    continue;
                };
                self.scratch.clear();
                let decoded = match field.quoting {
                    Quoting::Escaped => self
                        .text
                        .decode(&unescape(field.of(raw), quote, escape), &mut self.scratch),
                    _ => self.text.decode(field.of(raw), &mut self.scratch),
                };
                decodable &= decoded;
                if decoded {
                    batch.push_text(&self.scratch)
                } else {
                    batch.push_absent()
                }
            }
            if !decodable && fault.is_none() {
                let message = format!("the row holds bytes that are no text in {}", self.text.name());
                let help = "correct the row, or name the file's encoding with `encoding` under [file]";
                fault = self.refuse_row("E-ROW-ENCODING", message, help);
            }
        }
        if let Some(fault) = fault {
            batch.refuse(fault);
        }
    }
}

#[cfg(test)]
mod tests;
