//! JSON feeds: a list of records somewhere in a document, or one record a line.
//!
//! Records are read one by one, whatever the length of the file. A record with duplicate keys, impossible text or a NUL is
//! refused alone; in a file of lines, so is a line that is no JSON. A document that is cut off or broken is refused whole.

use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::feed::archive::SEND_AGAIN;
use crate::feed::decode::Stream;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::icecat::{self, Feature};
use crate::feed::items::{too_many_items, without_items};
use crate::feed::json_conditions::{Paths, from_zero, is_nested};
use crate::feed::json_items::{Items, Taken};
use crate::feed::json_record::{Picker, RecordFault};
use crate::feed::json_stream::{DEPTH, Document, is_deep};
use crate::feed::report::FileReport;
use crate::feed::settings::Format;
use crate::feed::window::Window;
use crate::product::record::Records;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A JSON feed that is being read.
pub struct Json {
    document: Document,
    picker: Picker,
    items: Option<Items>,
    found: Vec<bool>,
    shape: Shape,
    shown: Arc<str>,
    file: u32,
    encoding: &'static str,
    rows: u64,
    /// Where the first record begins.
    first: Option<u64>,
    /// The list or the lines have ended.
    done: bool,
}

enum Shape {
    Lines,
    /// The keys that lead to the list; `read`: members read.
    List {
        path: String,
        keys: Vec<String>,
        read: u64,
    },
    /// The document is one record.
    Single,
}

impl Shape {
    fn of_list(path: &str) -> Shape {
        let keys = path
            .split('.')
            .filter(|key| !key.is_empty())
            .map(str::to_string)
            .collect();
        Shape::List {
            path: path.to_string(),
            keys,
            read: 0,
        }
    }
}

impl Json {
    /// Opens a document or a file of lines that is UTF-8 by now; `encoding` is what it was. `record` is the path of the list
    /// (`data.products`), `.` where the document is one record, none where it is to be found; `items` that of
    /// the list inside of each record, where its members are the items.
    pub fn open(
        stream: Stream,
        encoding: &'static str,
        file: u32,
        format: Format,
        record: Option<&str>,
        items: Option<&str>,
        wanted: &[String],
    ) -> Result<Json, FeedError> {
        let shown = stream.shown.clone();
        let shape = match (format, record.map(str::trim)) {
            (Format::Jsonl, _) => Shape::Lines,
            (_, Some(".")) => Shape::Single,
            (_, Some(path)) => Shape::of_list(path),
            (_, None) => match find_list(stream.head()) {
                Some(path) => Shape::of_list(&path),
                None => Shape::Single,
            },
        };
        // Icecat's features are asked for by their names.
        let is_answer = icecat::is_answer(stream.head());
        let add = |paths: &mut Paths, field: &str| match icecat::feature(field, false).filter(|_| is_answer) {
            Some(Feature {
                list,
                inside,
                name,
                end,
            }) => paths.add_holding(list, inside, name, end),
            None => paths.add(field),
        };
        for field in wanted {
            if is_nested(field) {
                let message = format!(
                    "\"{}\" is no path: conditions stand too deep inside each other",
                    excerpt(field)
                );
                let help = "ask for the value by a shorter path, such as `a[name=Color].b`";
                return Err(Refusal::new("E-FIELD-PATH", &shown, message, help).into());
            }
            // Tables made flat have keys that are called so.
            let is_key = |name: &str| memchr::memmem::find(stream.head(), name.as_bytes()).is_some();
            if !is_answer && from_zero(field).is_some_and(|name| !is_key(name)) {
                let message = format!("\"{}\" is no path: members are counted from 1", excerpt(field));
                let help = "write a path such as `a.b`, `a[1].b` or `a[name=Color].b`, relative to the record";
                return Err(Refusal::new("E-FIELD-PATH", &shown, message, help).into());
            }
        }
        let (items, asked) = match items {
            Some(path) => {
                let (items, outside) = Items::new(path, wanted, &add);
                (Some(items), outside)
            }
            None => {
                let mut asked = Paths::default();
                wanted.iter().for_each(|field| add(&mut asked, field));
                (None, asked)
            }
        };
        let mut json = Json {
            document: Document::new(Window::new(stream)),
            picker: Picker::new(Arc::new(asked)),
            items,
            found: vec![true; wanted.len()],
            shape,
            shown,
            file,
            encoding,
            rows: 0,
            first: None,
            done: false,
        };
        if let Shape::List { keys, .. } = &json.shape {
            let keys = keys.clone();
            json.go_to_list(&keys)?;
        }
        Ok(json)
    }

    /// All of them until the end is read; then those that had a value anywhere.
    pub fn found(&self) -> &[bool] {
        &self.found
    }

    /// Path of the list, `.` where the document is one record, none of lines.
    pub fn record_path(&self) -> Option<String> {
        match &self.shape {
            Shape::Lines => None,
            Shape::List { path, .. } => Some(path.clone()),
            Shape::Single => Some(".".to_string()),
        }
    }

    /// Bytes of the content before the first record, once one has been read.
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// Reads the next records; `false` when none are left.
    pub fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        batch.clear();
        batch.file = self.file;
        batch.before = self.rows;
        while !batch.is_full() && !self.done {
            match &mut self.shape {
                Shape::Lines => self.line(batch)?,
                Shape::List { .. } => self.member(batch)?,
                Shape::Single => {
                    if self.document.peek()?.is_none() {
                        return Err(self.document.truncated());
                    }
                    let len = self.document.value()?;
                    self.record(batch, len)?;
                    self.document.take(len);
                    self.end_document(&[])?;
                }
            }
        }
        if self.done && self.rows > 0 {
            self.found = match &self.items {
                Some(items) => items.seen(&self.picker),
                None => self.picker.seen.clone(),
            };
        }
        Ok(!batch.is_empty())
    }

    pub fn finish(self) -> FileReport {
        let without = self.items.as_ref().map_or(0, |items| items.without);
        let diagnostics = without_items(without, &self.shown);
        FileReport {
            path: self.shown,
            format: if matches!(self.shape, Shape::Lines) {
                Format::Jsonl.name()
            } else {
                Format::Json.name()
            },
            encoding: self.encoding.to_string(),
            delimiter: None,
            header_row: None,
            rows: self.rows,
            bytes: self.document.window.offset(),
            // A document that is cut off is refused: the brackets that never close tell.
            ends_with_newline: !matches!(self.shape, Shape::Lines) || self.document.window.ends_with_newline(),
            diagnostics,
            transaction: None,
        }
    }

    /// Stands before the first member of the list.
    fn go_to_list(&mut self, keys: &[String]) -> Result<(), FeedError> {
        for key in keys {
            if self.document.peek()? != Some(b'{') {
                return Err(self.no_list(keys, &format!("there is no object to look for \"{}\" in", excerpt(key))));
            }
            self.document.enter();
            let mut first = true;
            loop {
                if !self.document.member(first, b'}')? {
                    return Err(self.no_list(keys, &format!("there is no key \"{}\"", excerpt(key))));
                }
                first = false;
                if self.document.key()? == *key {
                    break;
                }
                self.document.skip()?;
            }
        }
        match self.document.peek()? {
            Some(b'[') => {
                self.document.enter();
                Ok(())
            }
            Some(_) => Err(self.no_list(keys, "there is no list")),
            None => Err(self.document.truncated()),
        }
    }

    fn no_list(&self, keys: &[String], reason: &str) -> FeedError {
        let message = format!("no list of records at \"{}\": {reason}", excerpt(&keys.join(".")));
        let help = "write the path of the list as `record` under [file], or `.` if the document is one record";
        Refusal::new("E-RECORD-PATH", &self.shown, message, help)
            .at_line(self.document.line)
            .into()
    }

    /// Reads the next member of the list, or the rest of the document after it.
    fn member(&mut self, batch: &mut Records) -> Result<(), FeedError> {
        let Shape::List { keys, read, .. } = &mut self.shape else {
            return Ok(());
        };
        if !self.document.member(*read == 0, b']')? {
            let keys = std::mem::take(keys);
            return self.end_document(&keys);
        }
        *read += 1;
        let len = self.document.value()?;
        self.record(batch, len)?;
        self.document.take(len);
        Ok(())
    }

    /// Reads on to the end of the document, which must come: what is around the list closes, and nothing follows.
    fn end_document(&mut self, keys: &[String]) -> Result<(), FeedError> {
        for key in keys.iter().rev() {
            while self.document.member(false, b'}')? {
                if self.document.key()? == *key {
                    let message = format!("the key \"{}\" is there twice", excerpt(key));
                    return Err(self.document.syntax(message));
                }
                self.document.skip()?;
            }
        }
        if self.document.peek()?.is_some() {
            return Err(self.document.syntax("something follows the end of the document"));
        }
        self.done = true;
        Ok(())
    }

    /// Adds the record of `len` bytes at hand to the batch.
    fn record(&mut self, batch: &mut Records, len: usize) -> Result<(), FeedError> {
        self.first.get_or_insert(self.document.window.offset());
        let picked = self.picker.pick(&self.document.window.data()[..len]);
        match picked.and_then(|()| self.take(batch, len)) {
            Ok(()) => {}
            Err(RecordFault::Syntax(message)) => return Err(self.document.syntax(message)),
            Err(fault) => self.refuse(batch, fault, len),
        }
        Ok(())
    }

    /// Adds what was picked of the record of `len` bytes at hand, or its items.
    fn take(&mut self, batch: &mut Records, len: usize) -> Result<(), RecordFault> {
        let line = self.document.line;
        let raw = &self.document.window.data()[..len];
        let Some(items) = &mut self.items else {
            batch.begin(line, raw);
            self.picker.push(batch);
            self.rows += 1;
            return Ok(());
        };
        let shown = &self.shown;
        let refuse = |fault| refusal(fault, raw, shown, line);
        let (taken, count) = items.push(line, raw, &mut self.picker, batch, &refuse)?;
        self.rows += count;
        if let Taken::TooMany = taken {
            batch.begin(line, raw);
            batch.refuse(too_many_items(shown, line));
            self.rows += 1;
        }
        Ok(())
    }

    fn refuse(&mut self, batch: &mut Records, fault: RecordFault, len: usize) {
        let raw = &self.document.window.data()[..len];
        batch.begin(self.document.line, raw);
        batch.refuse(refusal(fault, raw, &self.shown, self.document.line));
        self.rows += 1;
    }

    /// Reads the next line.
    fn line(&mut self, batch: &mut Records) -> Result<(), FeedError> {
        let mut scanned = 0;
        let end = loop {
            let data = self.document.window.data();
            match memchr::memchr(b'\n', &data[scanned..]) {
                Some(at) => break scanned + at + 1,
                None if self.document.window.ended() => break data.len(),
                None => scanned = data.len(),
            }
            self.document.window.more()?;
        };
        if end == 0 {
            self.done = true;
            return Ok(());
        }
        let raw = &self.document.window.data()[..end];
        if raw.trim_ascii().is_empty() {
            self.document.take(end);
            return Ok(());
        }
        self.first.get_or_insert(self.document.window.offset());
        let picked = if is_deep(raw) {
            Err(RecordFault::Deep)
        } else {
            self.picker.pick(raw)
        };
        let ends = raw.ends_with(b"\n");
        match picked.and_then(|()| self.take(batch, end)) {
            Ok(()) => {}
            Err(RecordFault::Syntax(_)) if !ends && self.rows > 0 => {
                let message = "the last line is cut off: it is no JSON and has no line end";
                let refusal = Refusal::new("E-FILE-TRUNCATED", &self.shown, message, SEND_AGAIN);
                return Err(refusal
                    .at_line(self.document.line)
                    .at_offset(self.document.window.offset())
                    .into());
            }
            Err(fault) => self.refuse(batch, fault, end),
        }
        self.document.take(end);
        Ok(())
    }
}

/// Why a record, or an item of it, is refused.
fn refusal(fault: RecordFault, raw: &[u8], shown: &Arc<str>, line: u64) -> Diagnostic {
    {
        let (code, message, help) = match fault {
            RecordFault::Syntax(reason) => ("E-ROW-JSON", format!("the line is no JSON: {reason}"), SEND_AGAIN),
            RecordFault::Deep => {
                let message = format!("more than {DEPTH} brackets stand inside each other");
                (
                    "E-ROW-JSON",
                    message,
                    "no product needs that; ask the supplier for a flatter file",
                )
            }
            RecordFault::NotObject => (
                "E-ROW-JSON",
                "the record is no object".to_string(),
                "a record is `{…}` with a key for each field",
            ),
            RecordFault::Encoding => {
                let help = "ask for UTF-8, or name the file's encoding with `encoding` under [file]";
                (
                    "E-ROW-ENCODING",
                    "the record holds bytes that are no UTF-8".to_string(),
                    help,
                )
            }
            RecordFault::DuplicateKey(key) => {
                let message = format!("the key \"{}\" is there twice in the record", excerpt(&key));
                (
                    "E-ROW-DUPLICATE-KEY",
                    message,
                    "ask the supplier which of the values holds",
                )
            }
            RecordFault::Text(reason) => (
                "E-ROW-JSON",
                format!("the record holds a text that is none: {reason}"),
                "ask the supplier for a clean export",
            ),
            RecordFault::Control(c) => {
                let message = format!("the record holds the control character U+{:04X}", c as u32);
                ("E-ROW-CONTROL", message, "remove the character from the value")
            }
        };
        let value = String::from_utf8_lossy(&raw[..raw.len().min(800)]).into_owned();
        Diagnostic::error(code, message)
            .at(Place::line(shown.clone(), line))
            .with_value(value.trim())
            .with_help(help)
    }
}

/// Path of the list of records in a document that begins with `head`: the list of objects that lies least deep, and of
/// several the one with the most members. `None` where there is none; the empty path where the document is the list.
pub fn find_list(head: &[u8]) -> Option<String> {
    if head.trim_ascii_start().starts_with(b"[") {
        return Some(String::new());
    }
    if icecat::is_answer(head) {
        return None;
    }
    let mut open: Vec<(u8, String)> = Vec::new();
    let mut lists: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut key: Option<String> = None;
    let mut at = 0;
    while at < head.len() {
        match head[at] {
            b'"' => {
                let start = at;
                at += 1;
                while at < head.len() && head[at] != b'"' {
                    at += 1 + (head[at] == b'\\') as usize;
                }
                let Some(text) = head.get(start..at + 1) else { break };
                let colon = head[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if colon {
                    key = serde_json::from_slice(text).ok();
                }
            }
            bracket @ (b'{' | b'[') => {
                let path = open.last().map_or("", |(_, path)| path.as_str());
                if bracket == b'{' && open.last().is_some_and(|(kind, _)| *kind == b'[') {
                    // Depth, place among the lists, members.
                    let first = (open.len(), lists.len(), 0);
                    lists.entry(path.to_string()).or_insert(first).2 += 1;
                }
                let path = match key.take() {
                    Some(key) if path.is_empty() => key,
                    Some(key) => format!("{path}.{key}"),
                    None => path.to_string(),
                };
                if open.len() >= DEPTH as usize {
                    break;
                }
                open.push((bracket, path));
            }
            b'}' | b']' => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    let best = lists
        .into_iter()
        .min_by_key(|(_, (depth, place, members))| (*depth, Reverse(*members), *place));
    best.map(|(path, _)| path)
}

#[cfg(test)]
mod tests;
