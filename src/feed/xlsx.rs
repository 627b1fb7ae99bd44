//! Workbooks in Office Open XML (.xlsx), and the package of binary ones (.xlsb): the sheets, and what they share: texts, formats, the base of dates.
//!
//! Parts are read through `archive`, so that ratio, size and checksum count, and through `xml_events`, so that depth and
//! tokens do; a document type in a part is refused. Rows are left to `xlsx_sheet`. Source: ECMA-376 part 1 (2016), 18.2,
//! 18.4, 18.8.

use crate::feed::ahead::Ahead;
use crate::feed::archive::{Archive, SEND_AGAIN};
use crate::feed::decode::Stream;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::number_format::{Base, Shown};
use crate::feed::shared_texts::{Gathering, MOST, SharedTexts};
use crate::feed::xlsb;
use crate::feed::xlsx_sheet::{Kind, Shared, Sheet, TextState};
use crate::feed::xml_events::{Event, Events, Tag, local};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

/// A part with more bytes than this is unpacked on a thread of its own.
const LARGE: u64 = 1 << 20;
/// Sheets, formats and the like.
const ENTRIES: usize = 100_000;

/// A sheet of the workbook.
#[derive(Debug, Clone)]
pub struct SheetInfo {
    pub name: String,
    pub hidden: bool,
    part: String,
}

/// An opened workbook.
pub struct Workbook {
    archive: Archive,
    shown: Arc<str>,
    pub sheets: Vec<SheetInfo>,
    /// Its parts are records, not XML.
    pub is_binary: bool,
    shared: Arc<Shared>,
}

impl Workbook {
    /// Reads the parts that all sheets share.
    pub fn open(archive: Archive, shown: &Arc<str>) -> Result<Workbook, FeedError> {
        let empty = Shared {
            texts: SharedTexts::default(),
            styles: Vec::new(),
            base: Base::Windows,
        };
        let mut book = Workbook {
            archive,
            shown: shown.clone(),
            sheets: Vec::new(),
            is_binary: false,
            shared: Arc::new(empty),
        };
        let root = book.relations("_rels/.rels", "")?;
        let main = root
            .into_iter()
            .find(|relation| relation.kind.ends_with("/officeDocument"));
        let main = main.map_or("xl/workbook.xml".to_string(), |relation| relation.target);
        let (folder, file) = main.rsplit_once('/').unwrap_or(("", main.as_str()));
        let relations = book.relations(&join(folder, &format!("_rels/{file}.rels")), folder)?;
        book.is_binary = is_binary(&main);
        let base = match book.is_binary {
            true => book.read_binary_main(&main, &relations)?,
            false => book.read_main(&main, &relations)?,
        };
        let part_of = |kind: &str| relations.iter().find(|relation| relation.kind.ends_with(kind));
        let styles = match part_of("/styles") {
            Some(relation) if is_binary(&relation.target) => match book.records(&relation.target)? {
                Some(parts) => xlsb::read_styles(parts)?,
                None => Vec::new(),
            },
            Some(relation) => book.read_styles(&relation.target)?,
            None => Vec::new(),
        };
        let texts = match part_of("/sharedStrings") {
            Some(relation) if is_binary(&relation.target) => match book.records(&relation.target)? {
                Some(parts) => xlsb::read_strings(parts)?,
                None => Gathering::default(),
            },
            Some(relation) => book.read_strings(&relation.target)?,
            None => Gathering::default(),
        };
        let texts = texts.finish().map_err(|error| no_room(&book.shown, &error))?;
        book.shared = Arc::new(Shared { texts, styles, base });
        Ok(book)
    }

    /// The rows of a sheet of a binary workbook.
    pub fn binary_sheet(&self, info: &SheetInfo) -> Result<xlsb::Sheet, FeedError> {
        let parts = self
            .records(&info.part)?
            .ok_or_else(|| self.damaged(&format!("the part \"{}\" is missing", info.part)))?;
        Ok(xlsb::Sheet::new(parts, self.shared.clone()))
    }

    /// The records of a part; none where there is no such part.
    fn records(&self, name: &str) -> Result<Option<xlsb::Parts>, FeedError> {
        match self.archive.entry(name) {
            None => Ok(None),
            Some(entry) => Ok(Some(xlsb::Parts::new(self.archive.read(entry)?, &self.shown))),
        }
    }

    fn read_binary_main(&mut self, part: &str, relations: &[Relation]) -> Result<Base, FeedError> {
        let Some(parts) = self.records(part)? else {
            return Err(self.damaged("its main part is missing"));
        };
        let (listed, base) = xlsb::read_main(parts)?;
        let is_sheet = |relation: &&Relation, id: &str| relation.id == id && relation.kind.ends_with("/worksheet");
        let info = |listed: xlsb::Listed| {
            let part = relations
                .iter()
                .find(|relation| is_sheet(relation, &listed.id))?
                .target
                .clone();
            Some(SheetInfo {
                name: listed.name,
                hidden: listed.hidden,
                part,
            })
        };
        self.sheets = listed.into_iter().filter_map(info).collect();
        Ok(base)
    }

    /// The rows of a sheet.
    pub fn sheet(&self, info: &SheetInfo) -> Result<Sheet, FeedError> {
        let events = self
            .part(&info.part)?
            .ok_or_else(|| self.damaged(&format!("the part \"{}\" is missing", info.part)))?;
        Ok(Sheet::new(events, self.shared.clone()))
    }

    fn damaged(&self, message: &str) -> FeedError {
        let message = format!("the workbook is damaged: {}", crate::diagnostic::excerpt(message));
        Refusal::new("E-WORKBOOK-DAMAGED", &self.shown, message, SEND_AGAIN).into()
    }

    /// The events of a part; none where there is no such part.
    fn part(&self, name: &str) -> Result<Option<Events>, FeedError> {
        let Some(entry) = self.archive.entry(name) else {
            return Ok(None);
        };
        let mut reader: Box<dyn Read + Send> = Box::new(self.archive.read(entry)?);
        if entry.size > LARGE {
            let ahead = Ahead::of(reader).map_err(|error| FeedError::from_io(&self.shown, &error))?;
            reader = Box::new(ahead);
        }
        let stream = Stream::of_reader(reader, &entry.name, &self.shown)?;
        let charset = crate::feed::encoding::Charset::of_mark(stream.head())
            .map_or(crate::feed::encoding::Charset::Utf8, |mark| mark.0);
        let mut events = Events::new(stream.in_utf8(&charset)?);
        events.forbid_doctype("E-WORKBOOK-DTD");
        Ok(Some(events))
    }

    /// Goes through the tags of a part.
    fn tags(&self, name: &str, mut each: impl FnMut(&Tag<'_>) -> Result<(), Option<String>>) -> Result<(), FeedError> {
        let Some(mut events) = self.part(name)? else {
            return Ok(());
        };
        loop {
            events.forget();
            let mut fault = None;
            match events.read()? {
                Event::Open(tag) => fault = each(&tag).err(),
                Event::Unresolved(name) => fault = Some(Some(name)),
                Event::End => return Ok(()),
                _ => {}
            }
            match fault {
                None => {}
                Some(Some(entity)) => return Err(events.entity(&entity)),
                Some(None) => return Err(events.broken_tag()),
            }
        }
    }

    fn relations(&self, name: &str, folder: &str) -> Result<Vec<Relation>, FeedError> {
        let mut out = Vec::new();
        self.tags(name, |tag| {
            let mut relation = Relation::default();
            let mut external = false;
            tag.attributes(|key, value| match local(key) {
                "Id" => relation.id = value.to_string(),
                "Type" => relation.kind = value.to_string(),
                "Target" => relation.target = value.to_string(),
                "TargetMode" => external = value == "External",
                _ => {}
            })?;
            // What is outside of the workbook is never followed.
            if tag.local() == "Relationship" && !external && out.len() < ENTRIES {
                relation.target = match relation.target.strip_prefix('/') {
                    Some(absolute) => absolute.to_string(),
                    None => join(folder, &relation.target),
                };
                out.push(relation);
            }
            Ok(())
        })?;
        Ok(out)
    }

    fn read_main(&mut self, part: &str, relations: &[Relation]) -> Result<Base, FeedError> {
        if self.archive.entry(part).is_none() {
            return Err(self.damaged("its main part is missing"));
        }
        let mut base = Base::Windows;
        let mut sheets = Vec::new();
        self.tags(part, |tag| {
            match tag.local() {
                "workbookPr" => tag.attributes(|key, value| {
                    if key == "date1904" && matches!(value, "1" | "true") {
                        base = Base::Mac;
                    }
                })?,
                "sheet" if sheets.len() < ENTRIES => {
                    let mut info = SheetInfo {
                        name: String::new(),
                        hidden: false,
                        part: String::new(),
                    };
                    let mut is_sheet = false;
                    tag.attributes(|key, value| match key {
                        "name" => info.name = value.to_string(),
                        "state" => info.hidden = value != "visible",
                        key if local(key) == "id" && key != "id" => {
                            let relation = relations.iter().find(|relation| relation.id == value);
                            is_sheet = relation.is_some_and(|relation| relation.kind.ends_with("/worksheet"));
                            info.part = relation.map(|relation| relation.target.clone()).unwrap_or_default();
                        }
                        _ => {}
                    })?;
                    if is_sheet {
                        sheets.push(info);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        self.sheets = sheets;
        Ok(base)
    }

    fn read_styles(&self, part: &str) -> Result<Vec<Shown>, FeedError> {
        let mut codes: BTreeMap<u32, Shown> = BTreeMap::new();
        let mut styles = Vec::new();
        let mut in_cells = false;
        self.tags(part, |tag| {
            match tag.local() {
                "numFmt" => {
                    let (mut id, mut shown) = (None, Shown::Number);
                    tag.attributes(|key, value| match key {
                        "numFmtId" => id = value.parse().ok(),
                        "formatCode" => shown = Shown::of_code(value),
                        _ => {}
                    })?;
                    if let Some(id) = id.filter(|_| codes.len() < ENTRIES) {
                        codes.insert(id, shown);
                    }
                }
                "cellXfs" => in_cells = true,
                "cellStyleXfs" | "cellStyles" | "dxfs" => in_cells = false,
                "xf" if in_cells && styles.len() < ENTRIES => {
                    let mut shown = Shown::Number;
                    tag.attributes(|key, value| {
                        if let Some(id) = value.parse::<u32>().ok().filter(|_| key == "numFmtId") {
                            shown = codes.get(&id).copied().unwrap_or(Shown::built_in(id));
                        }
                    })?;
                    styles.push(shown);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(styles)
    }

    fn read_strings(&self, part: &str) -> Result<Gathering, FeedError> {
        let (mut all, mut item) = (Gathering::default(), String::new());
        let Some(mut events) = self.part(part)? else {
            return Ok(all);
        };
        let mut open: Vec<Kind> = Vec::new();
        let mut text = TextState::default();
        loop {
            events.forget();
            let mut fault = None;
            match events.read()? {
                Event::Open(tag) => {
                    let kind = Kind::of(tag.local());
                    match kind {
                        Kind::Item => item.clear(),
                        Kind::Text => fault = text.begin(&tag).err(),
                        _ => {}
                    }
                    open.push(kind);
                }
                Event::Text(part) => text.push(&part, &open),
                Event::Close => match open.pop() {
                    Some(Kind::Text) => text.end(&open, &mut item),
                    Some(Kind::Item) => all.push(&item).map_err(|error| no_room(&self.shown, &error))?,
                    _ => {}
                },
                Event::Unresolved(name) => fault = Some(Some(name)),
                Event::Other => {}
                Event::End => return Ok(all),
            }
            match fault {
                None => {}
                Some(Some(entity)) => return Err(events.entity(&entity)),
                Some(None) => return Err(events.broken_tag()),
            }
            if all.is_full() || item.len() as u64 > MOST {
                let message = format!("the texts of the workbook are longer than {MOST} bytes");
                return Err(events.refuse("E-WORKBOOK-LIMIT", &message, "save the sheet as .csv"));
            }
        }
    }
}

/// The passing file for shared texts cannot be written.
pub fn no_room(shown: &Arc<str>, error: &std::io::Error) -> FeedError {
    let message = format!("its texts do not fit into the folder for passing files: {error}");
    Refusal::new(
        "E-WORKBOOK-LIMIT",
        shown,
        message,
        "free some room there, or save the sheet as .csv",
    )
    .into()
}

fn is_binary(part: &str) -> bool {
    part.to_ascii_lowercase().ends_with(".bin")
}

#[derive(Debug, Default)]
struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// A name in a folder of the archive; `..` steps out of the folder.
fn join(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
