//! What stands around the records of a file, so that a few of them alone make a file that reads like it.

use crate::feed::bmecat_field::Field;
use crate::feed::encoding::{Charset, Page};
use crate::feed::failure::FeedError;
use crate::feed::format::declared_encoding;
use crate::feed::settings::FileSettings;
use crate::feed::xml_events::{Event as Part, Events};
use crate::feed::{Decoded, Reading, decoded, open, own_column};
use crate::product::record::Records;
use quick_xml::events::Event;
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Bytes that may stand before the first record.
const LONGEST_HEAD: u64 = 4 << 20;
/// Bytes of groups, and of articles in groups, that may stand behind the records of a catalogue.
const GROUPS: usize = 1 << 20;
/// Says that what follows is UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// What stands around records.
#[derive(Default)]
pub struct Frame {
    /// Before the first record.
    pub head: Vec<u8>,
    /// Between two.
    pub between: &'static str,
    /// After the last.
    pub tail: Vec<u8>,
    /// What the file's name must end with so that it says what it is; empty where its own name does.
    pub ending: &'static str,
    /// Where the records of a tree were found or declared.
    pub record_path: Option<String>,
    /// The groups of the catalogue are too many to be kept with a few of its articles.
    pub lacks_groups: bool,
    /// How the bytes of a text table become UTF-8.
    table: Option<Bytes>,
}

/// The bytes of a text table.
struct Bytes {
    delimiter: u8,
    /// UTF-8 where they are it, whatever the page.
    is_open: bool,
    page: Option<Arc<Page>>,
    /// The table, read as far as the page is known.
    reading: Option<Reading>,
}

impl Frame {
    /// The frame of a file, in UTF-8: of text tables the lines up to the header, of XML and JSON what opens before the first record, and what closes it again. Rows of workbooks leave them as
    /// tab-separated text. `wanted` are the fields that the mapping asks for, by which a header is known. `None` where what
    /// stands before the first record is longer than 4 MiB, or no record is there.
    pub fn of(
        path: &Path,
        shown: &str,
        settings: &FileSettings,
        wanted: &[String],
    ) -> Result<Option<Frame>, FeedError> {
        let own: Vec<String> = (wanted.iter())
            .filter_map(|name| own_column(settings, name).map(str::to_owned))
            .collect();
        let mut reading = open(path, shown, 0, &settings.plain(), &own)?;
        let Some(Decoded { stream, marked }) = decoded(path, shown, settings)? else {
            return Ok(Some(Frame {
                ending: ".tsv",
                ..Frame::default()
            }));
        };
        reading.next(&mut Records::default())?;
        let Some(length) = reading.first().filter(|length| *length <= LONGEST_HEAD) else {
            return Ok(None);
        };
        let mut head = Vec::new();
        let read = stream.take(length).read_to_end(&mut head);
        read.map_err(|error| FeedError::from_io(&shown.into(), &error))?;
        let record_path = reading.record_path();
        let is_group = |field: &String| matches!(Field::of(field), Some(Field::Group(_)));
        let is_catalogue = matches!(&reading, Reading::Xml(xml) if xml.is_bmecat());
        let groups = match is_catalogue && wanted.iter().any(is_group) {
            true => groups_behind(path, shown, settings, length)?,
            false => Some(Vec::new()),
        };
        let lacks_groups = groups.is_none();
        let mut table = match &reading {
            Reading::Table(table) => Some(Bytes {
                delimiter: table.dialect().delimiter,
                is_open: !table.is_of_page(),
                page: table.page().cloned(),
                reading: None,
            }),
            Reading::Grid(_) | Reading::Json(_) | Reading::Xml(_) | Reading::Made(_) => None,
        };
        let (between, tail) = match &reading {
            Reading::Json(_) if record_path.as_ref().is_some_and(|path| path != ".") => (",", brackets(&head)),
            Reading::Xml(_) => match closing_tags(&head) {
                Some(tail) => {
                    head = said_to_be_utf8(head);
                    ("", [groups.unwrap_or_default(), tail].concat())
                }
                None => return Ok(None),
            },
            Reading::Table(_) | Reading::Grid(_) | Reading::Json(_) | Reading::Made(_) => ("", Vec::new()),
        };
        if let Some(bytes) = &mut table {
            bytes.reading = Some(reading);
            head = bytes.in_utf8(&head)?.into_owned();
        }
        if marked {
            head.splice(0..0, MARK.iter().copied());
        }
        Ok(Some(Frame {
            head,
            between,
            tail,
            ending: "",
            record_path,
            lacks_groups,
            table,
        }))
    }

    /// The bytes of a record in UTF-8, as far as they are text.
    pub fn in_utf8<'r>(&mut self, raw: &'r [u8]) -> Result<Cow<'r, [u8]>, FeedError> {
        match &mut self.table {
            Some(bytes) => bytes.in_utf8(raw),
            None => Ok(Cow::Borrowed(raw)),
        }
    }
}

impl Bytes {
    /// As the table is read: cell by cell where no encoding is declared. What is no text stays as it is.
    fn in_utf8<'r>(&mut self, raw: &'r [u8]) -> Result<Cow<'r, [u8]>, FeedError> {
        if raw.is_ascii() || self.is_open && std::str::from_utf8(raw).is_ok() {
            return Ok(Cow::Borrowed(raw));
        }
        while self.page.is_none()
            && let Some(Reading::Table(table)) = &mut self.reading
        {
            // The first row that is not UTF-8 decides for all.
            let goes_on = table.next(&mut Records::default())?;
            self.page = table.page().cloned();
            if !goes_on {
                self.reading = None;
            }
        }
        let Some(page) = &self.page else {
            return Ok(Cow::Borrowed(raw));
        };
        let mut out = String::new();
        let mut whole = Vec::with_capacity(raw.len() + raw.len() / 8);
        let ends = |byte: &u8| *byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        for cell in raw.split_inclusive(ends) {
            out.clear();
            let is_utf8 = self.is_open && std::str::from_utf8(cell).is_ok();
            match !is_utf8 && page.decode_into(cell, &mut out) {
                true => whole.extend_from_slice(out.as_bytes()),
                false => whole.extend_from_slice(cell),
            }
        }
        Ok(Cow::Owned(whole))
    }
}

/// What a catalogue says of groups behind its first record; `None` where that is longer than 1 MiB. What it says before
/// stands in the head.
fn groups_behind(path: &Path, shown: &str, settings: &FileSettings, first: u64) -> Result<Option<Vec<u8>>, FeedError> {
    let Some(Decoded { stream, .. }) = decoded(path, shown, settings)? else {
        return Ok(None);
    };
    let mut events = Events::new(stream);
    let mut out = Vec::new();
    // Elements open in the part that is kept.
    let mut open = 0usize;
    loop {
        if open == 0 {
            events.forget();
        } else if out.len() + events.kept().len() > GROUPS {
            return Ok(None);
        }
        let begins = events.offset();
        match events.read()? {
            Part::Open(tag) => {
                let is_kept = matches!(
                    tag.local(),
                    "CATALOG_GROUP_SYSTEM" | "ARTICLE_TO_CATALOGGROUP_MAP" | "PRODUCT_TO_CATALOGGROUP_MAP"
                );
                if open > 0 || is_kept && begins >= first {
                    open += 1;
                }
            }
            Part::Close if open > 0 => {
                open -= 1;
                if open == 0 {
                    out.extend_from_slice(events.kept());
                    out.push(b'\n');
                }
            }
            Part::End => return Ok((out.len() <= GROUPS).then_some(out)),
            _ => {}
        }
    }
}

/// The beginning of a document that is UTF-8 by now, with a declaration that says so where it has one.
fn said_to_be_utf8(head: Vec<u8>) -> Vec<u8> {
    let Some(label) = declared_encoding(&head).filter(|label| !matches!(Charset::of_label(label), Some(Charset::Utf8)))
    else {
        return head;
    };
    let Some(at) = memchr::memmem::find(&head, b"encoding")
        .and_then(|from| Some(from + memchr::memmem::find(&head[from + 8..], label.as_bytes())? + 8))
    else {
        return head;
    };
    let rest = at + label.len();
    [&head[..at], b"UTF-8", &head[rest..]].concat()
}

/// The end tags of what a beginning leaves open; `None` where it is no beginning of a document.
fn closing_tags(head: &[u8]) -> Option<Vec<u8>> {
    let mut reader = quick_xml::Reader::from_reader(head);
    reader.config_mut().check_end_names = false;
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => open.push(tag.name().0.to_string()),
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => return None,
        }
    }
    let tail: String = open.iter().rev().map(|name| format!("</{name}>\n")).collect();
    Some(tail.into_bytes())
}

/// The brackets that close what a beginning leaves open.
fn brackets(head: &[u8]) -> Vec<u8> {
    let mut open = Vec::new();
    let (mut inside, mut escaped) = (false, false);
    for byte in head {
        match (inside, *byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => inside = false,
            (true, _) => {}
            (false, b'"') => inside = true,
            (false, b'{') => open.push(b'}'),
            (false, b'[') => open.push(b']'),
            (false, b'}' | b']') => {
                open.pop();
            }
            (false, _) => {}
        }
    }
    open.reverse();
    open.push(b'\n');
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, content: impl AsRef<[u8]>, head: &str, between: &str, tail: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let frame = Frame::of(&path, name, &FileSettings::default(), &[]).unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(
            (text(&frame.head).as_str(), frame.between, text(&frame.tail).as_str()),
            (head, between, tail)
        );
    }

    #[test]
    fn trees_are_closed_again() {
        check(
            "a.xml",
            "<?xml version=\"1.0\"?>\n<c a=\"[\"><h>x</h>\n<p><n>1</n></p>\n<p><n>2</n></p>\n<end/></c>",
            "<?xml version=\"1.0\"?>\n<c a=\"[\"><h>x</h>\n",
            "",
            "</c>\n",
        );
        check(
            "a.json",
            "{\"shop\": \"a]\\\"{\", \"items\": [\n {\"sku\": 1}, {\"sku\": 2}], \"n\": 2}",
            "{\"shop\": \"a]\\\"{\", \"items\": [\n ",
            ",",
            "]}\n",
        );
        check("a.jsonl", "{\"sku\": 1}\n{\"sku\": 2}\n", "", "", "");
    }

    #[test]
    fn lines_above_a_table_belong_to_it() {
        check("a.csv", "sku;name\n1;a\n2;b\n", "\u{feff}sku;name\n", "", "");
        check(
            "a.csv",
            "\u{feff}sep=;\nPrices;\n\n\"the\nsku\";name\n\n1;a\n2;b\n",
            "\u{feff}sep=;\nPrices;\n\n\"the\nsku\";name\n\n",
            "",
            "",
        );
        let wide: Vec<u8> = "sku;year\n1;año\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check("a.csv", wide, "\u{feff}sku;year\n", "", "");
    }

    #[test]
    fn what_was_no_utf_8_says_that_it_is_now() {
        let text = "<?xml version='1.0' encoding='ISO-8859-1'?>\n<!-- ñ --><c><p><n>1</n></p><p><n>ñ</n></p></c>";
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(text);
        let head = "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<!-- ñ --><c>";
        check("a.xml", bytes, head, "", "</c>\n");
        let text = text.replace("ISO-8859-1", "UTF-16");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        check("a.xml", [&[0xfe, 0xff], &wide[..]].concat(), head, "", "</c>\n");
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode("{\"año\": [{\"sku\": 1}, {\"sku\": \"ñ\"}]}");
        check("a.json", bytes, "\u{feff}{\"año\": [", ",", "]}\n");
    }

    #[test]
    fn a_record_that_is_told_twice_begins_where_it_is_read() {
        check(
            "a.xml",
            "<c><!-- <p><n>1</n></p> --><p><n>1</n></p><p><n>2</n></p></c>",
            "<c><!-- <p><n>1</n></p> -->",
            "",
            "</c>\n",
        );
        check(
            "a.json",
            "{\"featured\": {\"sku\": 1}, \"items\": [{\"sku\": 1}, {\"sku\": 2}]}",
            "{\"featured\": {\"sku\": 1}, \"items\": [",
            ",",
            "]}\n",
        );
    }
}
