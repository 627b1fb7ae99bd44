//! JSON: a list of objects, or one object a line.
//!
//! Fields and parts of type integer and decimal are numbers, those of type bool with the words `true` and `false` are truth
//! values, those of type json stand as they are; everything else is text. A field that may hold several values is always a list.

use crate::channel::format::column::{Column, join};
use crate::channel::pack::Pack;
use crate::channel::pack::field::FieldKind;
use crate::channel::pack::format::{FormatFile, FormatKind};
use crate::channel::row::Cell;
use crate::product::listing::Content;

/// Writes items as objects.
#[derive(Debug, Clone)]
pub struct Objects {
    lines: bool,
    list: Option<String>,
    fields: Vec<Field>,
}

#[derive(Debug, Clone)]
struct Field {
    number: u16,
    /// `"name":`
    key: Vec<u8>,
    kind: FieldKind,
    many: bool,
    joined: Option<String>,
    /// Of a group: its parts and their kinds.
    parts: Vec<(String, FieldKind)>,
}

impl Objects {
    /// Prepares the keys.
    pub fn new(pack: &Pack, format: &FormatFile, columns: &[Column]) -> Objects {
        let mut fields = Vec::with_capacity(columns.len());
        for column in columns {
            let Some(field) = pack.field(column.field) else {
                continue;
            };
            let mut key = Vec::new();
            string(&field.name, &mut key);
            key.push(b':');
            fields.push(Field {
                number: column.field,
                key,
                kind: field.kind,
                many: field.max_values > 1 && !field.joined,
                joined: field
                    .joined
                    .then(|| field.separator.clone().unwrap_or_else(|| ",".to_string())),
                parts: field.parts.iter().map(|part| (part.name.clone(), part.kind)).collect(),
            });
        }
        Objects {
            lines: format.kind == FormatKind::Jsonl,
            list: format.item.clone(),
            fields,
        }
    }

    /// The name of the list, where it stands in an object.
    pub fn list(&self) -> Option<&str> {
        self.list.as_deref()
    }

    /// The opening brackets.
    pub fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.lines {
            if let Some(list) = &self.list {
                out.push(b'{');
                string(list, &mut out);
                out.push(b':');
            }
            out.extend_from_slice(b"[\n");
        }
        out
    }

    /// The closing brackets.
    pub fn tail(&self) -> Vec<u8> {
        match (self.lines, &self.list) {
            (true, _) => Vec::new(),
            (false, Some(_)) => b"\n]}\n".to_vec(),
            (false, None) => b"\n]\n".to_vec(),
        }
    }

    /// Appends one object.
    pub fn item<'a>(&self, cell: impl Fn(u16) -> Cell<'a>, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut between = false;
        for field in &self.fields {
            let cell = cell(field.number);
            if matches!(cell, Cell::Empty) || matches!(cell, Cell::Whole(content) if content.is_empty()) {
                continue;
            }
            if between {
                out.push(b',');
            }
            between = true;
            out.extend_from_slice(&field.key);
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => field.text(text, out),
                Cell::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
                Cell::Whole(content) => field.content(content, out),
            }
        }
        out.push(b'}');
        if self.lines {
            out.push(b'\n');
        }
    }
}

impl Field {
    fn content(&self, content: &Content, out: &mut Vec<u8>) {
        match content {
            Content::Empty => {}
            Content::One(text) => self.list([text].into_iter(), out),
            Content::Many(texts) => match &self.joined {
                Some(separator) => {
                    let mut text = String::new();
                    join(texts.iter(), separator, &mut text);
                    self.text(&text, out);
                }
                None => self.list(texts.iter().filter(|text| !text.is_empty()), out),
            },
            Content::Groups(groups) => {
                if self.many {
                    out.push(b'[');
                }
                let take = if self.many { groups.len() } else { 1 };
                for (place, parts) in groups.iter().take(take).enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    out.push(b'{');
                    for (place, (name, text)) in parts.iter().filter(|(_, text)| !text.is_empty()).enumerate() {
                        if place > 0 {
                            out.push(b',');
                        }
                        string(name, out);
                        out.push(b':');
                        let part = self.parts.iter().find(|(own, _)| own == name);
                        write(part.map_or(FieldKind::String, |(_, kind)| *kind), text, out);
                    }
                    out.push(b'}');
                }
                if self.many {
                    out.push(b']');
                }
            }
        }
    }

    fn list<'a>(&self, mut texts: impl Iterator<Item = &'a String>, out: &mut Vec<u8>) {
        if !self.many {
            if let Some(text) = texts.next() {
                self.text(text, out);
            }
            return;
        }
        out.push(b'[');
        for (place, text) in texts.enumerate() {
            if place > 0 {
                out.push(b',');
            }
            self.text(text, out);
        }
        out.push(b']');
    }

    fn text(&self, text: &str, out: &mut Vec<u8>) {
        write(self.kind, text, out);
    }
}

/// Appends a text as a value of its kind.
fn write(kind: FieldKind, text: &str, out: &mut Vec<u8>) {
    let bare = match kind {
        FieldKind::Integer | FieldKind::Decimal => is_number(text),
        FieldKind::Bool => matches!(text, "true" | "false"),
        FieldKind::Json => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() && !text.contains('\n'),
        _ => false,
    };
    if bare {
        out.extend_from_slice(text.as_bytes());
    } else {
        string(text, out);
    }
}

/// Is the text a number as JSON spells it: no leading zero, a digit on both sides of the period.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// Appends a text as a JSON string.
fn string(text: &str, out: &mut Vec<u8>) {
    // Writing a string into memory has nothing to fail at.
    let _ = serde_json::to_writer(out, text);
}
