//! What stands around the records of a file, so that a few of them alone make a file that reads like it.
//!
//! Lines above a text table's header are left to who knows where the header is.

use crate::feed::Reading;
use crate::feed::decode::{self, Content};
use crate::feed::open;
use crate::feed::settings::FileSettings;
use crate::product::record::Records;
use quick_xml::events::Event;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Bytes looked at for the first record.
const LONGEST_HEAD: u64 = 4 << 20;

/// What stands around records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Before the first record.
    pub head: Vec<u8>,
    /// Between two.
    pub between: &'static str,
    /// After the last.
    pub tail: Vec<u8>,
    /// What the file's name must end with so that it says what it is; empty where its own name does.
    pub ending: &'static str,
}

impl Frame {
    /// The frame of a file: of XML and JSON what opens before the first record, and what closes it again. Rows of workbooks
    /// leave them as tab-separated text. Lines need no frame, and a file that does not read has none.
    pub fn of(path: &Path, shown: &str, settings: &FileSettings) -> Frame {
        let Ok(mut reading) = open(path, shown, 0, settings, &[]) else {
            return Frame::default();
        };
        match &reading {
            Reading::Grid(_) => {
                return Frame {
                    ending: ".tsv",
                    ..Frame::default()
                };
            }
            Reading::Table(_) => return Frame::default(),
            Reading::Json(json) if json.record_path().is_none_or(|path| path == ".") => return Frame::default(),
            Reading::Json(_) | Reading::Xml(_) => {}
        }
        let mut batch = Records::default();
        let Ok(true) = reading.next(&mut batch) else {
            return Frame::default();
        };
        let first = batch.iter().next().map(|record| record.raw().trim_ascii());
        let head = first.and_then(|first| before(path, shown, settings, first));
        match (head, &reading) {
            (Some(head), Reading::Json(_)) => Frame {
                tail: brackets(&head),
                head,
                between: ",",
                ending: "",
            },
            (Some(head), _) => Frame {
                tail: closing_tags(&head),
                head,
                ..Frame::default()
            },
            (None, _) => Frame::default(),
        }
    }
}

/// The bytes of a content before these.
fn before(path: &Path, shown: &str, settings: &FileSettings, first: &[u8]) -> Option<Vec<u8>> {
    let Ok(Content::Stream(stream)) = decode::open(path, &Arc::from(shown), settings.inside.as_deref()) else {
        return None;
    };
    let mut head = Vec::new();
    stream.take(LONGEST_HEAD).read_to_end(&mut head).ok()?;
    let at = memchr::memmem::find(&head, first)?;
    head.truncate(at);
    Some(head)
}

/// The end tags of what a beginning leaves open.
fn closing_tags(head: &[u8]) -> Vec<u8> {
    let mut reader = quick_xml::Reader::from_reader(head);
    reader.config_mut().check_end_names = false;
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => open.push(tag.name().as_ref().as_bytes().to_vec()),
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let mut tail = Vec::new();
    for name in open.iter().rev() {
        tail.extend_from_slice(b"</");
        tail.extend_from_slice(name);
        tail.extend_from_slice(b">\n");
    }
    tail
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

    fn check(name: &str, content: &str, head: &str, between: &str, tail: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let frame = Frame::of(&path, name, &FileSettings::default());
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
        check("a.csv", "sku;name\n1;a\n2;b\n", "", "", "");
    }
}
