//! Reading a finished file back before it leaves: well formed, whole, and with as many items as were written.
//!
//! Every reader streams, so that a file of gigabytes is checked in constant memory. The readers of this house are strict
//! where the libraries are lenient: an XML file cut in half and a quote that is never closed are errors.

use crate::channel::format::error::FormatError;
use quick_xml::events::Event;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

const BUFFER: usize = 1 << 18;

/// Reads XML: tags closed, references known, one root. Gives the number of items.
pub fn xml(input: impl Read, path: &Path, item: &str) -> Result<u64, FormatError> {
    let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(BUFFER, input));
    reader.config_mut().check_end_names = true;
    let mut buffer = Vec::new();
    let (mut depth, mut roots, mut items) = (0u32, 0u32, 0u64);
    loop {
        buffer.clear();
        let at = reader.buffer_position();
        match reader.read_event_into(&mut buffer) {
            Err(fault) => return Err(broken(path, format!("at byte {at}: {fault}"))),
            Ok(Event::Eof) => break,
            Ok(Event::Start(tag)) => {
                roots += u32::from(depth == 0);
                items += u64::from(tag.name().as_ref() == item);
                depth += 1;
            }
            Ok(Event::Empty(tag)) => {
                roots += u32::from(depth == 0);
                items += u64::from(tag.name().as_ref() == item);
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::GeneralRef(name)) => {
                let known = matches!(&*name, "amp" | "lt" | "gt" | "quot" | "apos");
                if !known && name.resolve_char_ref().ok().flatten().is_none() {
                    return Err(broken(path, format!("at byte {at}: an unknown reference")));
                }
            }
            Ok(Event::DocType(_)) => return Err(broken(path, format!("at byte {at}: a document type"))),
            Ok(_) => {}
        }
    }
    if depth > 0 {
        return Err(broken(path, "the file ends before its last element does".to_string()));
    }
    if roots != 1 {
        return Err(broken(path, format!("{roots} root elements")));
    }
    Ok(items)
}

/// Reads delimited text: the header as written, as many columns in every row. Gives the number of rows.
pub fn delimited(input: impl Read, path: &Path, delimiter: u8, names: &[&str]) -> Result<u64, FormatError> {
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(true)
        .flexible(false)
        .buffer_capacity(BUFFER)
        .from_reader(input);
    let header = reader.headers().map_err(|fault| broken(path, fault.to_string()))?;
    if header.iter().ne(names.iter().copied()) {
        return Err(broken(path, "the header is another".to_string()));
    }
    let mut record = ::csv::StringRecord::new();
    let mut items = 0;
    while reader
        .read_record(&mut record)
        .map_err(|fault| broken(path, fault.to_string()))?
    {
        items += 1;
    }
    Ok(items)
}

/// Reads a JSON list (or the list of that name in an object), or one value a line. Gives the number of items.
pub fn json(input: impl Read, path: &Path, lines: bool, list: Option<&str>) -> Result<u64, FormatError> {
    let mut reader = BufReader::with_capacity(BUFFER, input);
    if lines {
        let (mut line, mut items) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = reader
                .read_until(b'\n', &mut line)
                .map_err(|fault| unreadable(path, &fault))?;
            if read == 0 {
                return Ok(items);
            }
            items += 1;
            if let Err(fault) = serde_json::from_slice::<IgnoredAny>(&line) {
                return Err(broken(path, format!("line {items}: {fault}")));
            }
        }
    }
    let mut parser = serde_json::Deserializer::from_reader(reader);
    let items = Count { list }
        .deserialize(&mut parser)
        .map_err(|fault| broken(path, fault.to_string()))?;
    parser.end().map_err(|fault| broken(path, fault.to_string()))?;
    Ok(items)
}

/// Counts the members of a list without keeping them.
struct Count<'a> {
    list: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<u64, D::Error> {
        match self.list {
            Some(_) => parser.deserialize_map(self),
            None => parser.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut items = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            items += 1;
        }
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<u64, A::Error> {
        let mut items = 0;
        while let Some(key) = object.next_key::<String>()? {
            if self.list == Some(key.as_str()) {
                items += object.next_value_seed(Count { list: None })?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(items)
    }
}

fn unreadable(path: &Path, fault: &std::io::Error) -> FormatError {
    FormatError::Unreadable {
        path: path.display().to_string(),
        reason: fault.to_string(),
    }
}

fn broken(path: &Path, reason: String) -> FormatError {
    FormatError::Broken {
        path: path.display().to_string(),
        reason,
    }
}
