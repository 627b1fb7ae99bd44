//! Binary workbooks of Excel (.xlsb): parts of records in the same package as .xlsx, read as a stream.
//!
//! Which parts there are is left to `xlsx`; what the sheets share is what its sheets share. Formulas are never evaluated: their
//! cached value counts. Source: [MS-XLSB] (Excel Binary File Format, version of 2024-11), 2.1.4 and 2.4.

use crate::feed::archive::{EntryReader, RATIO, SEND_AGAIN};
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::grid::{CELLS, COLUMNS, GridRow, Value, error_name, short_number};
use crate::feed::number_format::{Base, Shown};
use crate::feed::shared_texts::{Gathering, MOST, Windows};
use crate::feed::xlsx_sheet::{EXPANDED, Shared};
use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::sync::Arc;

/// Bytes of one record. The longest that matters is a text of 32,767 characters with its runs.
const RECORD: u32 = 4 << 20;
/// The record of a cell with a text in several fonts (BrtCellRString).
const RICH: u32 = 62;
/// Sheets, formats and the like.
const ENTRIES: usize = 100_000;

/// The records of a part, one after the other.
pub struct Parts {
    reader: BufReader<EntryReader>,
    shown: Arc<str>,
    kind: u32,
    data: Vec<u8>,
    offset: u64,
}

impl Parts {
    pub fn new(reader: EntryReader, shown: &Arc<str>) -> Parts {
        Parts {
            reader: BufReader::with_capacity(64 << 10, reader),
            shown: shown.clone(),
            kind: 0,
            data: Vec::new(),
            offset: 0,
        }
    }

    fn cut(&self) -> FeedError {
        let message = "a part of the workbook ends in the middle of a record";
        Refusal::new("E-WORKBOOK-DAMAGED", &self.shown, message, SEND_AGAIN)
            .at_offset(self.offset)
            .into()
    }

    /// The next byte; none at the end of the part.
    fn byte(&mut self) -> Result<Option<u8>, FeedError> {
        let mut one = [0];
        loop {
            match self.reader.read(&mut one) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    self.offset += 1;
                    return Ok(Some(one[0]));
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FeedError::from_io(&self.shown, &error)),
            }
        }
    }

    /// Reads the next record; `false` at the end of the part.
    fn next(&mut self) -> Result<bool, FeedError> {
        let Some(first) = self.byte()? else {
            return Ok(false);
        };
        self.kind = u32::from(first & 0x7f);
        if first & 0x80 != 0 {
            let second = self.byte()?.ok_or_else(|| self.cut())?;
            self.kind |= u32::from(second & 0x7f) << 7;
        }
        let mut size = 0u32;
        for n in 0..4 {
            let byte = self.byte()?.ok_or_else(|| self.cut())?;
            size |= u32::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                break;
            }
        }
        if size > RECORD {
            let message = "a record of the workbook is longer than 4 MiB";
            return Err(
                Refusal::new("E-WORKBOOK-LIMIT", &self.shown, message, "save the sheet as .csv")
                    .at_offset(self.offset)
                    .into(),
            );
        }
        self.data.clear();
        let read = (&mut self.reader).take(u64::from(size)).read_to_end(&mut self.data);
        read.map_err(|error| FeedError::from_io(&self.shown, &error))?;
        self.offset += u64::from(size);
        match self.data.len() == size as usize {
            true => Ok(true),
            false => Err(self.cut()),
        }
    }
}

fn u16_at(data: &[u8], at: usize) -> u16 {
    data.get(at..at + 2)
        .map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(data: &[u8], at: usize) -> u32 {
    let bytes = data.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

fn number_at(data: &[u8], at: usize) -> f64 {
    let bytes = data.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0.0, f64::from_le_bytes)
}

/// A text with its number of characters before it, and what follows it; a null one is empty.
fn text_at(data: &[u8], at: usize) -> (String, usize) {
    let length = u32_at(data, at) as usize;
    let rest = data.get(at + 4..).unwrap_or(&[]);
    if length == u32::MAX as usize {
        return (String::new(), at + 4);
    }
    let units = rest
        .chunks_exact(2)
        .take(length)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    (text, at.saturating_add(4).saturating_add(length.saturating_mul(2)))
}

/// A sheet as the workbook lists it: its name, whether it is hidden, and the id of its part.
pub struct Listed {
    pub name: String,
    pub hidden: bool,
    pub id: String,
}

/// The sheets of a workbook, and the base of its dates.
pub fn read_main(mut parts: Parts) -> Result<(Vec<Listed>, Base), FeedError> {
    let (mut sheets, mut base) = (Vec::new(), Base::Windows);
    while parts.next()? {
        match parts.kind {
            // BrtWbProp
            153 if u32_at(&parts.data, 0) & 1 != 0 => base = Base::Mac,
            // BrtBundleSh
            156 if sheets.len() < ENTRIES => {
                let (id, next) = text_at(&parts.data, 8);
                sheets.push(Listed {
                    name: text_at(&parts.data, next).0,
                    hidden: u32_at(&parts.data, 0) != 0,
                    id,
                });
            }
            _ => {}
        }
    }
    Ok((sheets, base))
}

/// How each cell style shows numbers.
pub fn read_styles(mut parts: Parts) -> Result<Vec<Shown>, FeedError> {
    let mut codes: BTreeMap<u16, Shown> = BTreeMap::new();
    let (mut styles, mut in_cells) = (Vec::new(), false);
    while parts.next()? {
        match parts.kind {
            // BrtFmt
            44 if codes.len() < ENTRIES => {
                codes.insert(u16_at(&parts.data, 0), Shown::of_code(&text_at(&parts.data, 2).0));
            }
            // BrtBeginCellXFs, BrtEndCellXFs, BrtXF
            617 => in_cells = true,
            618 => in_cells = false,
            47 if in_cells && styles.len() < ENTRIES => {
                let format = u16_at(&parts.data, 2);
                styles.push(
                    codes
                        .get(&format)
                        .copied()
                        .unwrap_or(Shown::built_in(u32::from(format))),
                );
            }
            _ => {}
        }
    }
    Ok(styles)
}

/// All shared strings.
pub fn read_strings(mut parts: Parts) -> Result<Gathering, FeedError> {
    let mut all = Gathering::default();
    while parts.next()? {
        // BrtSSTItem
        if parts.kind != 19 {
            continue;
        }
        let text = text_at(&parts.data, 1).0;
        let refused = match all.push(&text) {
            Err(error) => Some(format!(
                "its texts do not fit into the folder for passing files: {error}"
            )),
            Ok(()) if all.is_full() => Some(format!("the texts of the workbook are longer than {MOST} bytes")),
            Ok(()) => None,
        };
        if let Some(message) = refused {
            return Err(
                Refusal::new("E-WORKBOOK-LIMIT", &parts.shown, message, "save the sheet as .csv")
                    .at_offset(parts.offset)
                    .into(),
            );
        }
    }
    Ok(all)
}

/// A sheet that is being read.
pub struct Sheet {
    parts: Parts,
    shared: Arc<Shared>,
    windows: Windows,
    /// The row begun last, counted from 0.
    row: u32,
    /// The column after the last cell.
    column: u32,
    cells: u64,
    expanded: u64,
    done: bool,
}

impl Sheet {
    pub fn new(parts: Parts, shared: Arc<Shared>) -> Sheet {
        Sheet {
            parts,
            shared,
            windows: Windows::default(),
            row: 0,
            column: 0,
            cells: 0,
            expanded: 0,
            done: false,
        }
    }

    /// Reads the next row that holds something; `false` at the end.
    pub fn read(&mut self, row: &mut GridRow) -> Result<bool, FeedError> {
        row.begin(u64::from(self.row) + 1);
        while !self.done {
            if !self.parts.next()? {
                return Err(self.parts.cut());
            }
            match self.parts.kind {
                // BrtRowHdr: a row that steps back is counted on.
                0 => {
                    let next = u32_at(&self.parts.data, 0).max(self.row);
                    self.row = next;
                    self.column = 0;
                    if !row.cells.is_empty() {
                        self.expand(row)?;
                        return Ok(true);
                    }
                    row.begin(u64::from(next) + 1);
                }
                1..=18 | RICH => self.put(row)?,
                // BrtEndSheetData
                146 => self.done = true,
                _ => {}
            }
        }
        self.expand(row)?;
        Ok(!row.cells.is_empty())
    }

    /// Bytes of the sheet read so far.
    pub fn offset(&self) -> u64 {
        self.parts.offset
    }

    fn expand(&mut self, row: &GridRow) -> Result<(), FeedError> {
        self.expanded += row.len() as u64;
        if self.expanded > EXPANDED && self.expanded / self.parts.offset.max(1) > RATIO {
            let message = "texts of the workbook repeat without end";
            return Err(Refusal::new("E-ARCHIVE-RATIO", &self.parts.shown, message, SEND_AGAIN).into());
        }
        Ok(())
    }

    /// A cell. The short kinds stand right of the cell before them and do not say their column.
    fn put(&mut self, row: &mut GridRow) -> Result<(), FeedError> {
        let data = &self.parts.data;
        let (kind, column, at) = match self.parts.kind {
            // Its runs stand behind the text, a byte of flags before it.
            RICH => (6, u32_at(data, 0), 9),
            kind @ 1..=11 => (kind, u32_at(data, 0), 8),
            kind => (kind - 11, self.column, 4),
        };
        self.column = column.saturating_add(1);
        self.cells += 1;
        if self.cells > CELLS || column >= COLUMNS && kind != 1 || row.cells.len() > COLUMNS as usize {
            let message = format!("the sheet has more than {COLUMNS} columns or {CELLS} cells");
            let help = "ask for a sheet with the products alone";
            return Err(Refusal::new("E-SHEET-LIMIT", &self.parts.shown, message, help)
                .at_line(row.number)
                .into());
        }
        let style_at = if self.parts.kind > 11 && self.parts.kind != RICH {
            0
        } else {
            4
        };
        let style = (u32_at(data, style_at) & 0x00ff_ffff) as usize;
        let shown = self.shared.styles.get(style).copied().unwrap_or(Shown::Number);
        let number = |row: &mut GridRow, value: f64| {
            row.push_number(column, &format!("{value:e}"), shown, self.shared.base);
        };
        match kind {
            2 => number(row, short_number(u32_at(data, at))),
            3 | 11 => row.push(column, Value::Error, error_name(data.get(at).copied())),
            4 | 10 => row.push_boolean(column, data.get(at) == Some(&1)),
            5 | 9 => number(row, number_at(data, at)),
            6 | 8 => {
                let text = text_at(data, at).0;
                if !text.is_empty() {
                    row.push(column, Value::Text, &text);
                }
            }
            7 => match self.shared.texts.get(u32_at(data, at) as usize, &mut self.windows) {
                Some("") => {}
                Some(text) => row.push(column, Value::Text, text),
                None => row.push(column, Value::Error, "shared text that is missing"),
            },
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{text_at, u16_at, u32_at};

    #[test]
    fn texts_end_where_the_record_does() {
        assert_eq!(text_at(&[2, 0, 0, 0, b'a', 0, 0xf1, 0, 9], 0), ("añ".to_owned(), 8));
        assert_eq!(text_at(&[9, 0, 0, 0, b'a', 0], 0).0, "a");
        assert_eq!(text_at(&[0xff, 0xff, 0xff, 0xff, 1], 0), (String::new(), 4));
        assert_eq!(text_at(&[], 7).0, "");
        assert_eq!((u16_at(&[1], 0), u32_at(&[1, 2, 3], 0)), (0, 0));
    }
}
