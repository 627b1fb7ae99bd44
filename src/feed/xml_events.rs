//! The events of an XML document, bounded and strict: what an XML reader must not do is not done here.
//!
//! Nothing is ever opened or expanded: the five entities of XML and character references are resolved, any other reference is
//! handed on as one that cannot be. A document type is passed over. The root must close, and nothing may follow it.

use crate::diagnostic::excerpt;
use crate::feed::archive::SEND_AGAIN;
use crate::feed::decode::Stream;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::metered::Metered;
use quick_xml::escape::{EscapeError, resolve_xml_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event as Raw};
use quick_xml::{Error, Reader};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Elements that may stand inside each other.
pub const DEPTH: usize = 128;
/// Attributes an element may have, and namespace declarations.
pub const ATTRIBUTES: usize = 256;

/// An event of the document.
pub enum Event<'a> {
    Open(Tag<'a>),
    Close,
    Text(Cow<'a, str>),
    /// A reference that means nothing here; its name.
    Unresolved(String),
    /// A comment, a declaration, and whatever else holds no data.
    Other,
    End,
}

/// An opening tag.
pub struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// The name with its prefix.
    pub fn name(&self) -> &str {
        self.0.name().0
    }

    /// The name without its prefix.
    pub fn local(&self) -> &str {
        local(self.name())
    }

    /// Goes through the attributes. The error names a reference that cannot be resolved, or is none where the tag is broken.
    pub fn attributes(&self, mut each: impl FnMut(&str, &str)) -> Result<(), Option<String>> {
        let mut attributes = self.0.attributes();
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|_| None)?;
            match unescape(&attribute.value) {
                Ok(value) => each(attribute.key.0, &value),
                Err(EscapeError::UnrecognizedEntity(_, name)) => return Err(Some(name)),
                Err(_) => return Err(None),
            }
        }
        Ok(())
    }
}

/// The character that a reference stands for: one by number, or one of the five of XML; none where it is another.
pub fn character(reference: &BytesRef<'_>) -> Result<Option<char>, Error> {
    let by_number = reference.resolve_char_ref()?;
    Ok(by_number.or_else(|| resolve_xml_entity(reference).and_then(|text| text.chars().next())))
}

/// A name without its prefix.
pub fn local(name: &str) -> &str {
    match memchr::memrchr(b':', name.as_bytes()) {
        Some(colon) => &name[colon + 1..],
        None => name,
    }
}

/// Reads a document event by event.
pub struct Events {
    reader: Reader<Metered>,
    buffer: Vec<u8>,
    shown: Arc<str>,
    depth: usize,
    root: bool,
    declared: BTreeSet<String>,
    /// Code of the refusal where a document type must not be.
    no_doctype: Option<&'static str>,
}

impl Events {
    /// The stream is UTF-8 by now.
    pub fn new(stream: Stream) -> Events {
        let shown = stream.shown.clone();
        let mut reader = Reader::from_reader(Metered::new(stream));
        reader.config_mut().expand_empty_elements = true;
        Events {
            reader,
            buffer: Vec::new(),
            shown,
            depth: 0,
            root: false,
            declared: BTreeSet::new(),
            no_doctype: None,
        }
    }

    /// Refuses the file by this code where it has a document type.
    pub fn forbid_doctype(&mut self, code: &'static str) {
        self.no_doctype = Some(code);
    }

    /// Elements that are open.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The bytes read, which are kept from the last call of [`Events::forget`] on.
    pub fn kept(&mut self) -> &[u8] {
        self.reader.get_mut().kept()
    }

    pub fn forget(&mut self) {
        self.reader.get_mut().forget();
    }

    /// Line where the last event began, counted from 1.
    pub fn line(&self) -> u64 {
        self.reader.get_ref().token_line()
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.reader.get_ref().offset
    }

    /// Whether an entity of that name is declared in the document, which makes a reference to it an attack or a mistake that
    /// concerns the whole file.
    pub fn is_declared(&self, entity: &str) -> bool {
        self.declared.contains(entity)
    }

    /// The next event.
    pub fn read(&mut self) -> Result<Event<'_>, FeedError> {
        let Events {
            reader,
            buffer,
            shown,
            depth,
            root,
            declared,
            no_doctype,
        } = self;
        buffer.clear();
        reader.get_mut().token();
        let refuse = |reader: &Reader<Metered>, code, message: &str, help: &str| {
            let refusal = Refusal::new(code, shown, message, help);
            FeedError::from(
                refusal
                    .at_line(reader.get_ref().line())
                    .at_offset(reader.get_ref().offset),
            )
        };
        let event = reader
            .read_event_into(buffer)
            .map_err(|error| failure(reader.get_ref(), shown, &error))?;
        Ok(match event {
            Raw::Start(tag) => {
                if *depth == 0 && *root {
                    return Err(refuse(
                        reader,
                        "E-XML-SYNTAX",
                        "a second root element follows the first",
                        SEND_AGAIN,
                    ));
                }
                *root = true;
                *depth += 1;
                if *depth > DEPTH {
                    let message = format!("more than {DEPTH} elements stand inside each other");
                    return Err(refuse(
                        reader,
                        "E-XML-DEPTH",
                        &message,
                        "no product needs that; ask for a flatter file",
                    ));
                }
                if too_many(&tag) {
                    let message = format!("an element has more than {ATTRIBUTES} attributes or namespace declarations");
                    return Err(refuse(
                        reader,
                        "E-XML-ATTRIBUTES",
                        &message,
                        "ask the supplier for elements instead",
                    ));
                }
                Event::Open(Tag(tag))
            }
            Raw::End(_) => {
                *depth = depth.saturating_sub(1);
                Event::Close
            }
            Raw::Text(text) => {
                if *depth == 0 && !text.trim_matches(['\u{feff}', ' ', '\t', '\n', '\r']).is_empty() {
                    let message = "text stands outside of the root element";
                    return Err(refuse(reader, "E-XML-SYNTAX", message, SEND_AGAIN));
                }
                Event::Text(line_ends(text.into_inner()))
            }
            Raw::CData(data) => Event::Text(line_ends(data.into_inner())),
            Raw::GeneralRef(name) => {
                let resolved = match character(&name) {
                    Ok(resolved) => resolved,
                    Err(_) => {
                        return Err(refuse(
                            reader,
                            "E-XML-SYNTAX",
                            "a character reference is no character",
                            SEND_AGAIN,
                        ));
                    }
                };
                match resolved {
                    Some(c) => Event::Text(Cow::Owned(c.to_string())),
                    None => Event::Unresolved(name.to_string()),
                }
            }
            Raw::DocType(text) => {
                if let Some(code) = *no_doctype {
                    return Err(refuse(
                        reader,
                        code,
                        "a part of the file has a document type",
                        SEND_AGAIN,
                    ));
                }
                if parameter_reference(&text) {
                    let message = "the document type refers to a parameter entity, which is never opened";
                    return Err(refuse(
                        reader,
                        "E-XML-ENTITY",
                        message,
                        "ask for a file without a document type",
                    ));
                }
                declared.extend(entities(&text));
                Event::Other
            }
            Raw::Comment(_) | Raw::PI(_) | Raw::Decl(_) | Raw::Empty(_) => Event::Other,
            Raw::Eof => {
                if *depth > 0 {
                    let message = format!("the file is cut off: {depth} elements never close");
                    return Err(refuse(reader, "E-FILE-TRUNCATED", &message, SEND_AGAIN));
                }
                if !*root {
                    return Err(refuse(reader, "E-XML-SYNTAX", "the file holds no element", SEND_AGAIN));
                }
                Event::End
            }
        })
    }

    /// The error for a reference that cannot be resolved and concerns the whole file.
    pub fn entity(&self, name: &str) -> FeedError {
        let message = format!(
            "the text refers to the entity \"{}\", which is never expanded",
            excerpt(name)
        );
        let help = "ask for a file with plain characters: only the five entities of XML and character numbers are read";
        self.refuse("E-XML-ENTITY", &message, help)
    }

    /// The error for a tag whose attributes are broken.
    pub fn broken_tag(&self) -> FeedError {
        self.refuse("E-XML-SYNTAX", "the attributes of a tag are broken", SEND_AGAIN)
    }

    /// An error at the event read last.
    pub fn refuse(&self, code: &'static str, message: &str, help: &str) -> FeedError {
        Refusal::new(code, &self.shown, message, help)
            .at_line(self.line())
            .at_offset(self.offset())
            .into()
    }
}

fn failure(metered: &Metered, shown: &Arc<str>, error: &Error) -> FeedError {
    let (code, message, help) = match error {
        Error::Io(error) => return FeedError::from_io(shown, error),
        Error::Encoding(_) => {
            let help = "name the file's encoding with `encoding` under [file]: its own declaration is wrong";
            (
                "E-XML-ENCODING",
                "the file holds bytes that are no text in its encoding".to_string(),
                help,
            )
        }
        // Nothing came after the token that was being read.
        _ if metered.ended => ("E-FILE-TRUNCATED", format!("the file is cut off: {error}"), SEND_AGAIN),
        error => ("E-XML-SYNTAX", format!("the XML is broken: {error}"), SEND_AGAIN),
    };
    Refusal::new(code, shown, message, help)
        .at_line(metered.line())
        .at_offset(metered.offset)
        .into()
}

/// Line ends as XML has them: a line feed for CRLF and for a lone CR (XML 1.0, section 2.11).
fn line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn too_many(tag: &BytesStart<'_>) -> bool {
    // An attribute takes five bytes at least.
    tag.attributes_raw().len() > ATTRIBUTES * 5
        && tag.attributes().with_checks(false).take(ATTRIBUTES + 1).count() > ATTRIBUTES
}

/// Names of the entities that a document type declares, parameter entities left out.
fn entities(doctype: &str) -> impl Iterator<Item = String> + '_ {
    let rest = doctype.split("<!ENTITY").skip(1);
    rest.filter_map(|part| part.split_whitespace().next())
        .filter(|name| *name != "%")
        .map(str::to_string)
}

/// Whether a document type refers to a parameter entity (`%name;`), comments aside.
fn parameter_reference(doctype: &str) -> bool {
    let mut rest = doctype;
    while let Some(at) = rest.find(['%', '<']) {
        if let Some(comment) = rest[at..].strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let is_reference = rest[at..].strip_prefix('%').is_some_and(|name| {
            let end = name
                .find(|c: char| !(c.is_alphanumeric() || "_.-:".contains(c)))
                .unwrap_or(name.len());
            end > 0 && name[end..].starts_with(';')
        });
        if is_reference {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
