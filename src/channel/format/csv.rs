//! Delimited files: a header, one line an item or a row, double quotes where a value needs them.
//!
//! The bytes are for machines: nothing is put before `=` or `+`, because a price of `-5` and a text of `=` must arrive as they
//! are. Line ends are LF.

use crate::channel::format::column::{Column, is_forbidden};
use crate::channel::format::error::FormatError;
use crate::channel::pack::Pack;
use crate::channel::pack::format::{FormatFile, FormatKind};
use crate::channel::row::Cell;
use crate::product::listing::Content;

/// Writes items as lines.
#[derive(Debug, Clone)]
pub struct Delimited {
    delimiter: u8,
    /// Tabs and line ends in values become blanks.
    flat: bool,
    columns: Vec<Field>,
}

#[derive(Debug, Clone)]
struct Field {
    number: u16,
    name: String,
    /// What joins several values.
    list: String,
    /// What joins the parts of a group, and the parts in order.
    group: String,
    parts: Vec<String>,
    /// Values that hold a separator are put in double quotes.
    quotes: bool,
    /// The field takes several values, so that a separator would mean something.
    many: bool,
}

impl Delimited {
    /// Prepares the columns. A group's column names its parts, `shipping(country:price)`, where the format has a separator
    /// for them.
    pub fn new(pack: &Pack, format: &FormatFile, columns: &[Column]) -> Result<Delimited, FormatError> {
        let delimiter = format
            .delimiter
            .unwrap_or(if format.kind == FormatKind::Tsv { '\t' } else { ',' });
        let delimiter = u8::try_from(delimiter)
            .ok()
            .filter(|byte| byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r'))
            .ok_or_else(|| FormatError::Delimiter(format.id.clone()))?;
        let mut out = Vec::with_capacity(columns.len());
        for column in columns {
            let Some(field) = pack.field(column.field) else {
                continue;
            };
            let list = format.list_separator.map(String::from);
            let parts = match column.parts.as_slice() {
                [] => field.parts.iter().map(|part| part.name.clone()).collect(),
                parts => parts.to_vec(),
            };
            let group = format.group_separator.map_or_else(|| ":".to_string(), String::from);
            let name = match format.group_separator {
                Some(_) if !parts.is_empty() => format!("{}({})", field.name, parts.join(&group)),
                _ => field.name.clone(),
            };
            out.push(Field {
                number: column.field,
                name,
                list: field
                    .separator
                    .clone()
                    .or(list.clone())
                    .unwrap_or_else(|| ",".to_string()),
                group,
                parts,
                quotes: format.group_separator.is_some() && !field.joined,
                many: field.max_values > 1,
            });
        }
        Ok(Delimited {
            delimiter,
            flat: format.kind == FormatKind::Tsv,
            columns: out,
        })
    }

    /// The names of the columns as they stand in the header.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// What stands between the columns.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The header line.
    pub fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (place, column) in self.columns.iter().enumerate() {
            if place > 0 {
                out.push(self.delimiter);
            }
            self.cell(&column.name, &mut out);
        }
        out.push(b'\n');
        out
    }

    /// Appends one line.
    pub fn item<'a>(&self, cell: impl Fn(u16) -> Cell<'a>, out: &mut Vec<u8>) {
        let start = out.len();
        for (place, column) in self.columns.iter().enumerate() {
            if place > 0 {
                out.push(self.delimiter);
            }
            match cell(column.number) {
                Cell::Empty => {}
                Cell::Text(text) => self.cell(text, out),
                Cell::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
                Cell::Whole(content) => self.content(column, content, out),
            }
        }
        if out.len() == start {
            // A line without a byte would be no line at all.
            out.extend_from_slice(b"\"\"");
        }
        out.push(b'\n');
    }

    fn content(&self, column: &Field, content: &Content, out: &mut Vec<u8>) {
        match content {
            Content::Empty => {}
            Content::One(text) if column.many => {
                let mut one = String::new();
                column.push(text, false, &mut one);
                self.cell(&one, out);
            }
            Content::One(text) => self.cell(text, out),
            Content::Many(texts) => {
                let mut joined = String::new();
                for text in texts.iter().filter(|text| !text.is_empty()) {
                    if !joined.is_empty() {
                        joined.push_str(&column.list);
                    }
                    column.push(text, false, &mut joined);
                }
                self.cell(&joined, out);
            }
            Content::Groups(groups) => {
                let mut joined = String::new();
                for parts in groups {
                    if !joined.is_empty() {
                        joined.push_str(&column.list);
                    }
                    for (place, name) in column.parts.iter().enumerate() {
                        if place > 0 {
                            joined.push_str(&column.group);
                        }
                        if let Some((_, text)) = parts.iter().find(|(own, _)| own == name) {
                            column.push(text, true, &mut joined);
                        }
                    }
                }
                self.cell(&joined, out);
            }
        }
    }

    /// Appends one value, quoted where it must be.
    fn cell(&self, text: &str, out: &mut Vec<u8>) {
        let bytes = text.as_bytes();
        let special =
            |byte: &u8| *byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r') || is_forbidden(*byte);
        let blank = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
        if !blank && !bytes.iter().any(special) {
            out.extend_from_slice(bytes);
            return;
        }
        let quoted = blank || bytes.iter().any(|byte| self.needs_quotes(*byte));
        if quoted {
            out.push(b'"');
        }
        for byte in bytes {
            match byte {
                b'"' => out.extend_from_slice(b"\"\""),
                b'\t' | b'\n' | b'\r' if self.flat => out.push(b' '),
                byte if is_forbidden(*byte) => {}
                byte => out.push(*byte),
            }
        }
        if quoted {
            out.push(b'"');
        }
    }

    fn needs_quotes(&self, byte: u8) -> bool {
        match byte {
            b'\t' | b'\n' | b'\r' if self.flat => false,
            b'"' | b'\n' | b'\r' => true,
            byte => byte == self.delimiter,
        }
    }
}

impl Field {
    /// Appends a member of a list or a part of a group, in double quotes where it holds a separator.
    fn push(&self, text: &str, part: bool, out: &mut String) {
        let holds = |separator: &str| text.contains(separator);
        let quoted = self.quotes && (holds(&self.list) || (part && holds(&self.group)) || holds("\""));
        if !quoted {
            out.push_str(text);
            return;
        }
        out.push('"');
        for (place, piece) in text.split('"').enumerate() {
            if place > 0 {
                out.push_str("\"\"");
            }
            out.push_str(piece);
        }
        out.push('"');
    }
}
