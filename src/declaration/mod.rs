//! A TOML file that people write, read whole: where everything stands, and every fault at once.
//!
//! The types say what may stand in a file (`serde` and `schemars`); this folder tells what does not fit them, and turns
//! a path (`attributes.name.kind`) into a place for the checks that follow. What the settings mean is left to their folders.

mod conform;
pub mod nearest;
mod node;
mod read;
pub mod sound;
#[cfg(test)]
mod tests;

use crate::declaration::node::{Entry, Node, Shape};
use crate::diagnostic::{Diagnostic, Place};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::any::TypeId;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use toml::de::DeTable;

/// The most bytes a file may have. The largest hand-written value maps seen have a few hundred kilobytes.
pub const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// More faults than this are not told, only that there are more.
const MOST_FAULTS: usize = 500;

/// The JSON Schema of a type, made once: a workspace has dozens of files of a few types.
fn schema_of<T: JsonSchema + 'static>() -> Arc<serde_json::Value> {
    static MADE: Mutex<BTreeMap<TypeId, Arc<serde_json::Value>>> = Mutex::new(BTreeMap::new());
    let make = || {
        let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
        Arc::new(generator.into_root_schema_for::<T>().to_value())
    };
    match MADE.lock() {
        Ok(mut made) => made.entry(TypeId::of::<T>()).or_insert_with(make).clone(),
        Err(_) => make(),
    }
}

/// A TOML file with correct syntax.
#[derive(Debug, Clone)]
pub struct Declaration {
    shown: Arc<str>,
    text: String,
    root: Node,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Declaration {
    /// Reads a file of at most 8 MiB in UTF-8. `shown` is its path as the user knows it.
    ///
    /// Faults: `E-FILE-UNREADABLE`, `E-FILE-TOO-LARGE`, `E-NOT-UTF8`, `E-TOML-SYNTAX`.
    pub fn read(path: &Path, shown: &str) -> Result<Declaration, Vec<Diagnostic>> {
        let fault = |code, message: String| vec![Diagnostic::error(code, message).at(Place::file(shown))];
        let unreadable = |error: std::io::Error| fault("E-FILE-UNREADABLE", format!("cannot read the file: {error}"));
        // A pipe or a device would block, or never end.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(fault("E-FILE-UNREADABLE", "this is not a file".to_string()));
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(fault("E-FILE-TOO-LARGE", "the file has more than 8 MiB".to_string()));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Declaration::parse(text, shown),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let line = 1 + memchr::memchr_iter(b'\n', &error.as_bytes()[..good]).count() as u64;
                Err(vec![
                    Diagnostic::error("E-NOT-UTF8", "the file holds a byte that is not UTF-8")
                        .at(Place::line(shown, line))
                        .with_help("save it with the encoding UTF-8"),
                ])
            }
        }
    }

    /// Takes a text as it would stand in a file. Faults: `E-FILE-TOO-LARGE`, `E-TOML-SYNTAX` (all that are found).
    pub fn parse(mut text: String, shown: &str) -> Result<Declaration, Vec<Diagnostic>> {
        let shown: Arc<str> = shown.into();
        if text.len() as u64 > MOST_BYTES {
            let message = "the file has more than 8 MiB";
            return Err(vec![
                Diagnostic::error("E-FILE-TOO-LARGE", message).at(Place::file(shown)),
            ]);
        }
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let lines: Vec<usize> = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|n| n + 1))
            .collect();
        let (table, errors) = DeTable::parse_recoverable(&text);
        let mut faults: Vec<(usize, Diagnostic)> = errors
            .iter()
            .map(|error| (error.span().map_or(0, |span| span.start), syntax(error.message())))
            .collect();
        // After the first fault of a line the reader is lost until the next.
        faults.sort_by_key(|(at, _)| *at);
        faults.dedup_by_key(|(at, _)| lines.partition_point(|start| start <= at));
        let mut root = Node {
            start: 0,
            end: 0,
            shape: Shape::Table(Vec::new()),
        };
        if faults.is_empty() {
            match Node::of_table(table.get_ref()) {
                Ok(node) => root = node,
                Err(at) => faults.push((at, syntax("tables and lists stand too deep in each other"))),
            }
        }
        drop(table);
        let declaration = Declaration {
            shown,
            text,
            root,
            lines,
        };
        if faults.is_empty() {
            Ok(declaration)
        } else {
            Err(declaration.told(faults))
        }
    }

    /// The file as a `T`, or everything that does not fit it, in the order of the file.
    ///
    /// Faults: `E-UNKNOWN-KEY`, `E-MISSING-KEY`, `E-WRONG-TYPE`, `E-UNKNOWN-WORD` (of an enum), `E-BAD-VALUE` (limits, patterns,
    /// and what only deserializing shows).
    pub fn check<T: DeserializeOwned + JsonSchema + 'static>(&self) -> Result<T, Vec<Diagnostic>> {
        let hash = sound::hash::<T>(&self.text);
        let faults = match sound::is_known(hash) {
            true => Vec::new(),
            false => conform::faults(&self.root, &schema_of::<T>(), &self.text),
        };
        if faults.is_empty() {
            sound::note(hash);
        } else {
            let told = faults.into_iter().map(|fault| {
                let mut diagnostic = Diagnostic::error(fault.code, fault.message);
                diagnostic.help = fault.help;
                (fault.at, diagnostic)
            });
            return Err(self.told(told.collect()));
        }
        T::deserialize(&self.root).map_err(|unfit| {
            let told = Diagnostic::error("E-BAD-VALUE", fragment(&unfit.message));
            self.told(vec![(unfit.at.unwrap_or(0), told)])
        })
    }

    /// The entries of one table of the file, each by itself: `None` where an entry does not fit `T`, which `check` tells.
    ///
    /// With it a check of references still knows every name of a file that has faults elsewhere.
    pub fn entries<T: DeserializeOwned>(&self, table: &str) -> BTreeMap<String, Option<T>> {
        let Some(Shape::Table(entries)) = self.root.entry(table).map(|entry| &entry.node.shape) else {
            return BTreeMap::new();
        };
        let entry = |entry: &Entry| (entry.key.clone(), T::deserialize(&entry.node).ok());
        entries.iter().map(entry).collect()
    }

    /// The text of a key of the file itself, before it is known whether the file is sound.
    pub fn word(&self, key: &str) -> Option<&str> {
        match &self.root.entry(key)?.node.shape {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Line and column of the value at a path, of the nearest parent where it is not there. Members of lists are `"0"`, `"1"`.
    pub fn place(&self, path: &[&str]) -> Place {
        self.place_at(self.offsets(path).1)
    }

    /// Line and column of the key at a path, for faults of the name itself; otherwise as `place`.
    pub fn place_of_key(&self, path: &[&str]) -> Place {
        self.place_at(self.offsets(path).0)
    }

    /// Where words of the value at a path stand; the value itself where they are not found as written (behind escapes).
    pub fn place_of_words(&self, path: &[&str], words: &str) -> Place {
        let from = self.offsets(path).1;
        let found = self
            .text
            .get(from..)
            .filter(|_| !words.is_empty())
            .and_then(|rest| rest.find(words));
        self.place_at(found.map_or(from, |at| from + at))
    }

    /// An error at the value of a path, for the checks that come after `check`.
    pub fn fault(&self, path: &[&str], code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.place(path))
    }

    /// An error at the key of a path.
    pub fn fault_of_key(&self, path: &[&str], code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.place_of_key(path))
    }

    /// The path as the user knows it.
    pub fn shown(&self) -> &Arc<str> {
        &self.shown
    }

    /// The text of the file, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text with a star for each sign of the values that are to be covered, by their paths. Lines and columns stay.
    pub fn covered(&self, is_covered: impl Fn(&[&str]) -> bool) -> String {
        let mut places = Vec::new();
        self.root.places(&mut Vec::new(), &is_covered, &mut places);
        places.sort_unstable();
        let mut covered = String::with_capacity(self.text.len());
        let mut done = 0;
        for (start, end) in places {
            covered.push_str(self.text.get(done..start).unwrap_or_default());
            let hidden = self.text.get(done.max(start)..end).unwrap_or_default();
            covered.extend(hidden.chars().map(|c| if c.is_whitespace() { c } else { '*' }));
            done = done.max(end);
        }
        covered.push_str(self.text.get(done..).unwrap_or_default());
        covered
    }

    /// Where the key and the value of a path stand.
    fn offsets(&self, path: &[&str]) -> (usize, usize) {
        let mut node = &self.root;
        let mut found = (node.start, node.start);
        for part in path {
            match &node.shape {
                Shape::Table(_) => {
                    let Some(entry) = node.entry(part) else { break };
                    node = &entry.node;
                    found = (entry.at, node.start);
                }
                Shape::List(members) => {
                    let Some(member) = part.parse::<usize>().ok().and_then(|n| members.get(n)) else {
                        break;
                    };
                    node = member;
                    found = (node.start, node.start);
                }
                _ => break,
            }
        }
        found
    }

    fn place_at(&self, at: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = 1 + self.text.get(start..at).map_or(0, |before| before.chars().count());
        Place::line(self.shown.clone(), line as u64).at_column(column.to_string())
    }

    /// Findings with their places, in the order of the file.
    fn told(&self, mut faults: Vec<(usize, Diagnostic)>) -> Vec<Diagnostic> {
        faults.sort_by_key(|(at, _)| *at);
        let more = faults.len().saturating_sub(MOST_FAULTS);
        let mut told: Vec<Diagnostic> = faults
            .into_iter()
            .take(MOST_FAULTS)
            .map(|(at, fault)| fault.at(self.place_at(at)))
            .collect();
        if more > 0 {
            let message = format!("{more} more faults in this file are not listed");
            told.push(Diagnostic::error("E-MORE-FAULTS", message).at(Place::file(self.shown.clone())));
        }
        told
    }
}

/// The JSON Schema (2020-12) of a file that is read as a `T`, for editors: the same text for the same type.
pub fn json_schema<T: JsonSchema>(title: &str) -> String {
    let mut schema = schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    schema.insert("title".to_string(), title.into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn syntax(message: &str) -> Diagnostic {
    Diagnostic::error("E-TOML-SYNTAX", fragment(message))
}

/// A message of the `toml` crate as a lower-case fragment in one line.
fn fragment(message: &str) -> String {
    let message = message.trim().replace('\n', "; ");
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => message,
    }
}
