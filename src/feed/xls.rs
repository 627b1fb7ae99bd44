//! Workbooks of Excel 5 to 2003 (.xls), record by record.
//!
//! The usual reader allocates what a sheet declares; this one holds the file and one row. Formulas are never evaluated.
//! Source: MS-XLS (2021), sections 2.4 and 2.5.

use crate::feed::archive::SEND_AGAIN;
use crate::feed::compound::{Compound, u16_at, u32_at, u64_at};
use crate::feed::encoding::{Charset, Page};
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::grid::{CELLS, COLUMNS, GridRow, Value, error_name, short_number};
use crate::feed::number_format::{Base, Shown};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of all shared strings once they are UTF-8.
const STRINGS: usize = 512 * 1024 * 1024;

/// An opened workbook.
pub struct Workbook {
    shared: Arc<Shared>,
    pub sheets: Vec<SheetInfo>,
}

/// A sheet of the workbook.
pub struct SheetInfo {
    pub name: String,
    pub hidden: bool,
    start: usize,
}

struct Shared {
    stream: Vec<u8>,
    shown: Arc<str>,
    text: String,
    strings: Vec<(u32, u32)>,
    styles: Vec<Shown>,
    base: Base,
    /// Texts of Excel 5 and 95 are of one byte a character.
    page: Option<Arc<Page>>,
}

/// One record of the stream.
struct Record<'a> {
    kind: u16,
    data: &'a [u8],
    next: usize,
}

fn record_at(stream: &[u8], at: usize) -> Option<Record<'_>> {
    let head = stream.get(at..at.checked_add(4)?)?;
    let next = at + 4 + u16_at(head, 2) as usize;
    Some(Record {
        kind: u16_at(head, 0),
        data: stream.get(at + 4..next)?,
        next,
    })
}

impl Workbook {
    /// Reads what all sheets share.
    pub fn open(bytes: &[u8], shown: &Arc<str>) -> Result<Workbook, FeedError> {
        let damaged = |message: &str| {
            let message = format!("the workbook is damaged: {message}");
            FeedError::from(Refusal::new("E-WORKBOOK-DAMAGED", shown, message, SEND_AGAIN))
        };
        let locked = || {
            let help = "ask for it without a password, or save it without one";
            FeedError::from(Refusal::new(
                "E-WORKBOOK-PASSWORD",
                shown,
                "the workbook is encrypted",
                help,
            ))
        };
        let file = Compound::read(bytes).map_err(damaged)?;
        if file.has("EncryptedPackage") {
            return Err(locked());
        }
        let Some(stream) = file.stream("Workbook").or_else(|| file.stream("Book")) else {
            let message = "the file is of an office program, but holds no workbook";
            return Err(Refusal::new("E-FILE-KIND", shown, message, "save it as .xlsx or .csv").into());
        };
        let mut shared = Shared {
            stream,
            shown: shown.clone(),
            text: String::new(),
            strings: Vec::new(),
            styles: Vec::new(),
            base: Base::Windows,
            page: None,
        };
        let mut sheets = Vec::new();
        let mut formats: BTreeMap<u16, Shown> = BTreeMap::new();
        let mut is_old = false;
        let stream = std::mem::take(&mut shared.stream);
        let mut at = 0;
        loop {
            let record = record_at(&stream, at).ok_or_else(|| damaged("its first part has no end"))?;
            let data = record.data;
            match record.kind {
                0x0809 if at == 0 => match u16_at(data, 0) {
                    0x0600 => {}
                    0x0500 => is_old = true,
                    _ => return Err(damaged("it is of an unknown version")),
                },
                _ if at == 0 => return Err(damaged("it does not begin as a workbook")),
                0x002f if u16_at(data, 0) != 0 || is_old => return Err(locked()),
                0x0042 if is_old => {
                    shared.page = match Charset::of_label(&format!("cp{}", u16_at(data, 0))) {
                        Some(Charset::Page(page)) => Some(page),
                        _ => Some(Arc::new(Page::windows_1252())),
                    };
                }
                0x0022 if u16_at(data, 0) == 1 => shared.base = Base::Mac,
                0x041e => {
                    let (code, _) = read_text(data.get(2..).unwrap_or(&[]), 2, shared.old(is_old));
                    formats.insert(u16_at(data, 0), Shown::of_code(&code));
                }
                0x00e0 => {
                    let number = u16_at(data, 2);
                    let built_in = Shown::built_in(number as u32);
                    shared.styles.push(formats.get(&number).copied().unwrap_or(built_in));
                }
                0x0085 if data.len() > 6 && data[5] == 0 => {
                    let (name, _) = read_text(&data[6..], 1, shared.old(is_old));
                    let start = u32_at(data, 0) as usize;
                    sheets.push(SheetInfo {
                        name,
                        hidden: data[4] & 3 != 0,
                        start,
                    });
                }
                0x00fc => {
                    let mut parts = vec![data];
                    let mut next = record.next;
                    while let Some(part) = record_at(&stream, next).filter(|part| part.kind == 0x003c) {
                        parts.push(part.data);
                        next = part.next;
                    }
                    read_shared(&parts, &mut shared).ok_or_else(|| damaged("its shared texts are cut off"))?;
                }
                0x000a => break,
                _ => {}
            }
            at = record.next;
        }
        // Excel 95 writes no code page where it is the usual one.
        if is_old && shared.page.is_none() {
            shared.page = Some(Arc::new(Page::windows_1252()));
        }
        shared.stream = stream;
        Ok(Workbook {
            shared: Arc::new(shared),
            sheets,
        })
    }

    /// The rows of a sheet.
    pub fn sheet(&self, info: &SheetInfo) -> Sheet {
        Sheet {
            shared: self.shared.clone(),
            at: info.start,
            start: info.start,
            nested: 0,
            cells: 0,
            done: false,
        }
    }
}

impl Shared {
    /// The page of texts of one byte a character, in workbooks that have them.
    fn old(&self, is_old: bool) -> Option<Arc<Page>> {
        is_old.then(|| self.page.clone().unwrap_or_else(|| Arc::new(Page::windows_1252())))
    }
}

/// A text with its length in `width` bytes before it: of one byte a character (`page`), or as Unicode with a flag. Returns it
/// and how many bytes it takes.
fn read_text(data: &[u8], width: usize, page: Option<Arc<Page>>) -> (String, usize) {
    let len = if width == 1 {
        data.first().copied().unwrap_or(0) as usize
    } else {
        u16_at(data, 0) as usize
    };
    let mut out = String::new();
    if let Some(page) = page {
        let bytes = data.get(width..data.len().min(width + len)).unwrap_or(&[]);
        out.extend(bytes.iter().filter_map(|byte| page.char(*byte)));
        return (out, width + len);
    }
    let wide = data.get(width).is_some_and(|flags| flags & 1 != 0);
    let start = width + 1;
    let size = if wide { len * 2 } else { len };
    push_characters(
        data.get(start..data.len().min(start + size)).unwrap_or(&[]),
        wide,
        &mut out,
    );
    (out, start + size)
}

/// Characters of Unicode, whole or with the upper byte left out.
fn push_characters(bytes: &[u8], wide: bool, out: &mut String) {
    if wide {
        let units = bytes.chunks_exact(2).map(|unit| u16_at(unit, 0));
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    } else {
        out.extend(bytes.iter().map(|byte| *byte as char));
    }
}

/// The shared texts, which run on over the ends of records: characters then begin with a flag of their own. `None` where
/// they are cut off.
fn read_shared(parts: &[&[u8]], shared: &mut Shared) -> Option<()> {
    let mut cursor = Cursor { parts, part: 0, at: 8 };
    let count = u32_at(parts.first()?, 4) as usize;
    let size: usize = parts.iter().map(|part| part.len()).sum();
    // A text takes three bytes at least.
    for _ in 0..count.min(size / 3 + 1) {
        let len = u16::from_le_bytes([cursor.byte()?, cursor.byte()?]) as usize;
        let flags = cursor.byte()?;
        let runs = if flags & 8 != 0 {
            u16::from_le_bytes([cursor.byte()?, cursor.byte()?]) as usize * 4
        } else {
            0
        };
        let extra = match flags & 4 != 0 {
            true => u32::from_le_bytes([cursor.byte()?, cursor.byte()?, cursor.byte()?, cursor.byte()?]) as usize,
            false => 0,
        };
        let start = shared.text.len();
        cursor.characters(len, flags & 1 != 0, &mut shared.text)?;
        cursor.skip(runs.checked_add(extra)?)?;
        shared.strings.push((start as u32, (shared.text.len() - start) as u32));
        if shared.text.len() > STRINGS {
            return None;
        }
    }
    Some(())
}

struct Cursor<'a> {
    parts: &'a [&'a [u8]],
    part: usize,
    at: usize,
}

impl Cursor<'_> {
    /// Goes on to the next record where this one is read; `true` where it did.
    fn advance(&mut self) -> Option<bool> {
        let mut moved = false;
        while self.at >= self.parts.get(self.part)?.len() {
            self.at -= self.parts[self.part].len();
            self.part += 1;
            moved = true;
        }
        Some(moved)
    }

    fn byte(&mut self) -> Option<u8> {
        self.advance()?;
        self.at += 1;
        self.parts[self.part].get(self.at - 1).copied()
    }

    fn skip(&mut self, len: usize) -> Option<()> {
        self.at = self.at.checked_add(len)?;
        // The last text may end with the last record.
        while self.part + 1 < self.parts.len() && self.at >= self.parts[self.part].len() {
            self.at -= self.parts[self.part].len();
            self.part += 1;
        }
        (self.at <= self.parts[self.part].len()).then_some(())
    }

    fn characters(&mut self, mut len: usize, mut wide: bool, out: &mut String) -> Option<()> {
        while len > 0 {
            if self.advance()? {
                wide = self.byte()? & 1 != 0;
                self.advance()?;
            }
            let rest = &self.parts[self.part][self.at..];
            let width = if wide { 2 } else { 1 };
            let here = len.min(rest.len() / width);
            if here == 0 {
                return None;
            }
            push_characters(&rest[..here * width], wide, out);
            self.at += here * width;
            len -= here;
        }
        Some(())
    }
}

/// A sheet that is being read.
pub struct Sheet {
    shared: Arc<Shared>,
    at: usize,
    start: usize,
    /// Sheets inside the sheet, such as charts.
    nested: u32,
    cells: u64,
    done: bool,
}

impl Sheet {
    /// Reads the next row that holds something; `false` at the end.
    pub fn read(&mut self, row: &mut GridRow) -> Result<bool, FeedError> {
        row.begin(0);
        let shared = self.shared.clone();
        while !self.done {
            let Some(record) = record_at(&shared.stream, self.at) else {
                let refusal = Refusal::new("E-FILE-TRUNCATED", &shared.shown, "the sheet is cut off", SEND_AGAIN);
                return Err(refusal.at_offset(self.at as u64).into());
            };
            match record.kind {
                0x0809 if self.at > self.start => self.nested += 1,
                0x000a if self.nested > 0 => self.nested -= 1,
                0x000a => {
                    self.done = true;
                    break;
                }
                _ if self.nested > 0 => {}
                0x0203 | 0x027e | 0x00bd | 0x00fd | 0x0204 | 0x00d6 | 0x0205 | 0x0006 => {
                    let number = u16_at(record.data, 0) as u64 + 1;
                    if !row.cells.is_empty() && row.number != number {
                        return Ok(true);
                    }
                    row.number = number;
                    self.put(&record, row);
                    self.cells += 1;
                    let last = row.cells.last().map_or(0, |(column, _)| *column);
                    if self.cells > CELLS || last >= COLUMNS {
                        let message = format!("the sheet has more than {COLUMNS} columns or {CELLS} cells");
                        let help = "ask for a sheet with the products alone";
                        return Err(Refusal::new("E-SHEET-LIMIT", &shared.shown, message, help)
                            .at_line(number)
                            .into());
                    }
                }
                _ => {}
            }
            self.at = record.next;
        }
        Ok(!row.cells.is_empty())
    }

    /// Bytes of the sheet read so far.
    pub fn offset(&self) -> u64 {
        self.at.saturating_sub(self.start) as u64
    }

    fn put(&self, record: &Record<'_>, row: &mut GridRow) {
        let data = record.data;
        let shared = &self.shared;
        let column = u16_at(data, 2) as u32;
        let shown = |style: u16| shared.styles.get(style as usize).copied().unwrap_or(Shown::Number);
        let number = |row: &mut GridRow, column: u32, style: u16, value: f64| {
            row.push_number(column, &format!("{value:e}"), shown(style), shared.base);
        };
        let text = |row: &mut GridRow, text: &str| {
            if !text.is_empty() {
                row.push(column, Value::Text, text);
            }
        };
        match record.kind {
            0x0203 => number(row, column, u16_at(data, 4), f64::from_bits(u64_at(data, 6))),
            0x027e => number(row, column, u16_at(data, 4), short_number(u32_at(data, 6))),
            0x00bd => {
                let cells = data.get(4..data.len().saturating_sub(2)).unwrap_or(&[]).chunks_exact(6);
                for (n, cell) in cells.take(COLUMNS as usize + 1).enumerate() {
                    number(row, column + n as u32, u16_at(cell, 0), short_number(u32_at(cell, 2)));
                }
            }
            0x00fd => {
                let span = shared.strings.get(u32_at(data, 6) as usize);
                match span.and_then(|(start, len)| shared.text.get(*start as usize..(start + len) as usize)) {
                    Some(shared) => text(row, shared),
                    None => row.push(column, Value::Error, "shared text that is missing"),
                }
            }
            0x0204 | 0x00d6 => text(row, &read_text(data.get(6..).unwrap_or(&[]), 2, shared.page.clone()).0),
            0x0205 => put_boolean_or_error(row, column, data.get(6).copied(), data.get(7) == Some(&1)),
            0x0006 => match data.get(6..14) {
                Some([0, .., 0xff, 0xff]) => {
                    // The text of a formula stands in the record after it, past the formula's own parts.
                    let mut at = record.next;
                    let found = (0..3).find_map(|_| {
                        let next = record_at(&shared.stream, at)?;
                        at = next.next;
                        (next.kind == 0x0207).then(|| read_text(next.data, 2, shared.page.clone()).0)
                    });
                    text(row, &found.unwrap_or_default());
                }
                Some([1, _, value, .., 0xff, 0xff]) => put_boolean_or_error(row, column, Some(*value), false),
                Some([2, _, value, .., 0xff, 0xff]) => put_boolean_or_error(row, column, Some(*value), true),
                Some([_, .., 0xff, 0xff]) => {}
                Some(_) => number(row, column, u16_at(data, 4), f64::from_bits(u64_at(data, 6))),
                None => row.push(column, Value::Error, "formula without a value"),
            },
            _ => {}
        }
    }
}

fn put_boolean_or_error(row: &mut GridRow, column: u32, value: Option<u8>, is_error: bool) {
    if !is_error {
        row.push_boolean(column, value == Some(1));
        return;
    }
    row.push(column, Value::Error, error_name(value));
}
