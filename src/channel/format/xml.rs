//! RSS, Atom and plain XML: one element an item, one element a value, groups nested.

use crate::channel::format::column::{Column, is_forbidden, join};
use crate::channel::format::error::FormatError;
use crate::channel::pack::Pack;
use crate::channel::pack::format::{FormatFile, FormatKind};
use crate::channel::row::Cell;
use crate::product::listing::Content;
use std::collections::BTreeMap;

/// Writes items as elements.
#[derive(Debug, Clone)]
pub struct Elements {
    head: Vec<u8>,
    tail: Vec<u8>,
    item: String,
    fields: Vec<Element>,
}

#[derive(Debug, Clone)]
struct Element {
    field: u16,
    /// `<g:title>` and `</g:title>` with a line end.
    open: Vec<u8>,
    close: Vec<u8>,
    /// Values are one joined text.
    joined: Option<String>,
    /// Prefix of the parts of a group, with its colon.
    prefix: String,
}

impl Elements {
    /// Prepares the tags.
    pub fn new(
        pack: &Pack,
        format: &FormatFile,
        columns: &[Column],
        head: &BTreeMap<String, String>,
    ) -> Result<Elements, FormatError> {
        let prefix = format
            .prefix
            .as_deref()
            .map_or(String::new(), |prefix| format!("{prefix}:"));
        let root = format.root.as_deref().unwrap_or(match format.kind {
            FormatKind::Rss => "rss",
            FormatKind::Atom => "feed",
            _ => "items",
        });
        let item = format.item.as_deref().unwrap_or(if format.kind == FormatKind::Atom {
            "entry"
        } else {
            "item"
        });
        let names = [root, item].into_iter().chain(format.prefix.as_deref());
        let bound = format
            .namespaces
            .keys()
            .map(String::as_str)
            .filter(|name| !name.is_empty());
        for name in names.chain(bound).chain(head.keys().map(String::as_str)) {
            is_name(name)?;
        }
        let mut fields = Vec::with_capacity(columns.len());
        for column in columns {
            let Some(field) = pack.field(column.field) else {
                continue;
            };
            is_name(&field.name)?;
            for part in &field.parts {
                is_name(&part.name)?;
            }
            let joined = field
                .joined
                .then(|| field.separator.clone().unwrap_or_else(|| ",".to_string()));
            fields.push(Element {
                field: column.field,
                open: format!("<{prefix}{}>", field.name).into_bytes(),
                close: format!("</{prefix}{}>\n", field.name).into_bytes(),
                joined,
                prefix: prefix.clone(),
            });
        }
        let mut start = Vec::from(&b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<"[..]);
        start.extend_from_slice(root.as_bytes());
        if format.kind == FormatKind::Rss {
            start.extend_from_slice(b" version=\"2.0\"");
        }
        for (prefix, address) in &format.namespaces {
            start.extend_from_slice(b" xmlns");
            if !prefix.is_empty() {
                start.push(b':');
                start.extend_from_slice(prefix.as_bytes());
            }
            start.extend_from_slice(b"=\"");
            attribute(address, &mut start);
            start.push(b'"');
        }
        start.extend_from_slice(b">\n");
        let mut end = Vec::new();
        if format.kind == FormatKind::Rss {
            start.extend_from_slice(b"<channel>\n");
            end.extend_from_slice(b"</channel>\n");
        }
        // The demanded texts come first, in the order of the pack, the others in alphabetical order.
        let named = format.head.iter().filter_map(|name| head.get_key_value(name));
        let others = head.iter().filter(|(name, _)| !format.head.contains(name));
        for (name, text) in named.chain(others) {
            match (format.kind, name.as_str()) {
                // Atom links by an attribute and calls a description a subtitle (RFC 4287, 4.2.7 and 4.2.12).
                (FormatKind::Atom, "link") => {
                    start.extend_from_slice(b"<link href=\"");
                    attribute(text, &mut start);
                    start.extend_from_slice(b"\"/>\n");
                }
                (kind, name) => {
                    let atom = kind == FormatKind::Atom && name == "description";
                    let name = if atom { "subtitle" } else { name };
                    start.extend_from_slice(format!("<{name}>").as_bytes());
                    escape(text, &mut start);
                    start.extend_from_slice(format!("</{name}>\n").as_bytes());
                }
            }
        }
        end.extend_from_slice(format!("</{root}>\n").as_bytes());
        Ok(Elements {
            head: start,
            tail: end,
            item: item.to_string(),
            fields,
        })
    }

    /// Declaration, root and the texts of the head.
    pub fn head(&self) -> Vec<u8> {
        self.head.clone()
    }

    /// The closing tags.
    pub fn tail(&self) -> Vec<u8> {
        self.tail.clone()
    }

    /// Name of the element of one item.
    pub fn item_name(&self) -> &str {
        &self.item
    }

    /// Appends one item.
    pub fn item<'a>(&self, cell: impl Fn(u16) -> Cell<'a>, out: &mut Vec<u8>) {
        out.push(b'<');
        out.extend_from_slice(self.item.as_bytes());
        out.extend_from_slice(b">\n");
        for field in &self.fields {
            match cell(field.field) {
                Cell::Empty => {}
                Cell::Text(text) => field.text(text, out),
                Cell::Number(number) => field.text(&number.to_string(), out),
                Cell::Whole(content) => field.content(content, out),
            }
        }
        out.extend_from_slice(b"</");
        out.extend_from_slice(self.item.as_bytes());
        out.extend_from_slice(b">\n");
    }
}

impl Element {
    fn text(&self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            out.extend_from_slice(&self.open);
            escape(text, out);
            out.extend_from_slice(&self.close);
        }
    }

    fn content(&self, content: &Content, out: &mut Vec<u8>) {
        match content {
            Content::Empty => {}
            Content::One(text) => self.text(text, out),
            Content::Many(texts) => match &self.joined {
                Some(separator) => {
                    let mut text = String::new();
                    join(texts.iter(), separator, &mut text);
                    self.text(&text, out);
                }
                None => texts.iter().for_each(|text| self.text(text, out)),
            },
            Content::Groups(groups) => {
                for parts in groups
                    .iter()
                    .filter(|parts| parts.iter().any(|(_, text)| !text.is_empty()))
                {
                    out.extend_from_slice(&self.open);
                    for (name, text) in parts
                        .iter()
                        .filter(|(name, text)| !text.is_empty() && is_name(name).is_ok())
                    {
                        for (begin, end) in [("<", ">"), ("</", ">")] {
                            out.extend_from_slice(begin.as_bytes());
                            out.extend_from_slice(self.prefix.as_bytes());
                            out.extend_from_slice(name.as_bytes());
                            out.extend_from_slice(end.as_bytes());
                            if begin == "<" {
                                escape(text, out);
                            }
                        }
                    }
                    out.extend_from_slice(&self.close);
                }
            }
        }
    }
}

/// Bytes that `escape` looks at twice.
const MAY_NEED_ESCAPE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'&' | b'<' | b'>' | b'\r' | 0xef) || is_forbidden(byte as u8);
        byte += 1;
    }
    table
};

/// Appends a text with the signs of XML escaped. Characters that XML 1.0 does not allow are left out
/// (<https://www.w3.org/TR/xml/#charsets>); a carriage return is written as a reference, because readers would turn it into
/// a line feed.
pub fn escape(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !MAY_NEED_ESCAPE[usize::from(*byte)] {
            continue;
        }
        let (instead, width): (&[u8], usize) = match byte {
            b'&' => (b"&amp;", 1),
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'\r' => (b"&#13;", 1),
            // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
            0xef if matches!(bytes.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])) => (b"", 3),
            byte if is_forbidden(*byte) => (b"", 1),
            _ => continue,
        };
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(instead);
        done = at + width;
    }
    out.extend_from_slice(&bytes[done..]);
}

/// Appends the text of an attribute that stands in double quotes.
fn attribute(text: &str, out: &mut Vec<u8>) {
    for (place, piece) in text.split('"').enumerate() {
        if place > 0 {
            out.extend_from_slice(b"&quot;");
        }
        escape(piece, out);
    }
}

fn is_name(name: &str) -> Result<(), FormatError> {
    let first = |c: char| c.is_alphabetic() || c == '_';
    let other = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut chars = name.chars();
    if chars.next().is_some_and(first) && chars.all(other) {
        Ok(())
    } else {
        Err(FormatError::Name(name.to_string()))
    }
}
