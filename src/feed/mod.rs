//! Opens the files of a delivery and yields their records, whatever the format.
//!
//! Reading is strict and bounded: a file that is cut off, contradicts itself or outgrows a limit is refused whole, a bad row
//! alone. What the records mean is left to `mapping`.

pub mod ahead;
pub mod archive;
pub mod bmecat;
pub mod bmecat_field;
pub mod bmecat_groups;
pub mod bmecat_prices;
pub mod bmecat_systems;
pub mod bmecat_variants;
pub mod chosen;
pub mod compound;
pub mod csv;
pub mod decimal;
pub mod decode;
pub mod dialect;
pub mod encoding;
pub mod failure;
pub mod file_name;
pub mod format;
pub mod frame;
pub mod gather;
pub mod grid;
pub mod grouped;
pub mod guess;
pub mod header;
pub mod icecat;
pub mod items;
pub mod joined;
pub mod joined_table;
pub mod json;
pub mod json_conditions;
pub mod json_items;
pub mod json_record;
pub mod json_stream;
pub mod metered;
pub mod number_format;
pub mod ods;
pub mod path;
pub mod report;
pub mod row;
pub mod rows;
pub mod sections;
pub mod settings;
pub mod shared_texts;
#[cfg(test)]
pub mod shown;
pub mod sniff;
pub mod source;
pub mod text;
pub mod tree;
pub mod tree_paths;
pub mod window;
pub mod workbook;
pub mod workbook_part;
pub mod xls;
pub mod xlsb;
pub mod xlsx;
pub mod xlsx_sheet;
pub mod xml;
pub mod xml_events;
pub mod xml_rule;
pub mod zstd;

use crate::diagnostic::excerpt;
use crate::feed::bmecat_field::Field;
use crate::feed::bmecat_groups::{GroupPart, Groups};
use crate::feed::chosen::Chosen;
use crate::feed::csv::Table;
use crate::feed::decode::{Content, Stream};
use crate::feed::encoding::Charset;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::gather::gather;
use crate::feed::grouped::Grouped;
use crate::feed::joined::Joined;
use crate::feed::joined_table::{Table as JoinedTable, key_column, named};
use crate::feed::json::Json;
use crate::feed::report::FileReport;
use crate::feed::sections::{SECTION, Sections};
use crate::feed::settings::{FileSettings, Format, JoinSettings};
use crate::feed::source::{Source, Upstream};
use crate::feed::workbook::{Book, Grid};
use crate::feed::xml::Xml;
use crate::feed::xml_events::Events;
use crate::product::record::Records;
use std::path::Path;
use std::sync::Arc;

/// A file that is being read.
pub enum Reading {
    Table(Box<Table>),
    Grid(Box<Grid>),
    Json(Box<Json>),
    Xml(Box<Xml>),
    /// Records made of the rows of one of these.
    Made(Box<dyn Source>),
}

/// Opens a file. `shown` is its name in messages, `file_number` goes into the batches, `wanted` are the headers or paths the
/// mapping asks for: cell `n` of each record is `wanted[n]`.
pub fn open(
    path: &Path,
    shown: &str,
    file_number: u32,
    settings: &FileSettings,
    wanted: &[String],
) -> Result<Reading, FeedError> {
    let opening = Opening {
        path,
        shown: &Arc::from(shown),
        number: file_number,
        settings,
    };
    opening.joined(wanted)
}

/// A file that is about to be opened. Each step hands on records of the one below it, where the settings say so.
struct Opening<'f> {
    path: &'f Path,
    shown: &'f Arc<str>,
    number: u32,
    settings: &'f FileSettings,
}

impl Opening<'_> {
    fn upstream(&self, rows: Reading) -> Upstream {
        Upstream::new(Box::new(rows), self.shown, self.number)
    }

    /// With what joined tables say.
    fn joined(&self, wanted: &[String]) -> Result<Reading, FeedError> {
        let settings = self.settings;
        if let Some(fault) = joined::fault(settings) {
            let help = "correct it in the supplier's file; docs/supplier.md tells what the settings mean";
            return Err(Refusal::new("E-FILE-SETTING", self.shown, fault, help).into());
        }
        if settings.joined.is_empty() {
            return self.grouped(wanted);
        }
        let mut tables = Vec::new();
        for (name, join) in &settings.joined {
            tables.push(self.table(name, join, wanted)?);
        }
        let asked = joined::asked(settings, wanted);
        let rows = self.grouped(&asked)?;
        for (name, join) in &settings.joined {
            self.require(&format!("[file.joined.{name}] on"), &join.on, (&asked, rows.found()))?;
        }
        let joined = Joined::new(self.upstream(rows), settings, wanted, tables);
        Ok(Reading::Made(Box::new(joined)))
    }

    /// A joined table, read whole.
    fn table(&self, name: &str, join: &JoinSettings, wanted: &[String]) -> Result<JoinedTable, FeedError> {
        let asked = joined::asked_of(self.settings, name, join, wanted);
        let mut table = JoinedTable::of(join, asked.clone());
        if join.path.is_empty() {
            let mut columns = asked.clone();
            for name in &join.on {
                source::place(&mut columns, name);
            }
            let named = named(&mut self.grouped(&columns)?, join, &columns, self.shown)?;
            table.add(Box::new(self.grouped(&asked)?), join, Some(&named), self.shown)?;
        } else {
            let folder = &self.settings.folder;
            let file = join.file(folder.clone());
            for path in gather(folder, &file)?.files {
                let opening = Opening {
                    shown: &path.strip_prefix(folder).unwrap_or(&path).display().to_string().into(),
                    path: &path,
                    number: 0,
                    settings: &file,
                };
                table.add(Box::new(opening.rows(&asked)?), join, None, opening.shown)?;
            }
        }
        let keys: Vec<String> = join.key.iter().map(|key| key_column(key).1.to_owned()).collect();
        let found = (&*table.columns, &*table.found);
        self.require(&format!("[file.joined.{name}] key"), &keys, found)?;
        Ok(table)
    }

    /// With the rows of a product made into items.
    fn grouped(&self, wanted: &[String]) -> Result<Reading, FeedError> {
        let Some(group) = &self.settings.group else {
            return self.chosen(wanted);
        };
        let asked = grouped::asked(group, wanted);
        let rows = self.chosen(&asked)?;
        let there = (&*asked, rows.found());
        self.require("[file.group] by", &group.by, there)?;
        self.require("[file.group] item", &group.item, there)?;
        for name in group.lists.iter().chain(&group.locale) {
            self.require("[file.group]", std::slice::from_ref(name), there)?;
        }
        let grouped = Grouped::new(self.upstream(rows), group, wanted);
        Ok(Reading::Made(Box::new(grouped)))
    }

    /// Without the rows that are not wanted, and with those that take a product off known as such.
    fn chosen(&self, wanted: &[String]) -> Result<Reading, FeedError> {
        let settings = self.settings;
        if settings.only.is_empty() && settings.removed.is_empty() {
            return self.sections(wanted);
        }
        let asked = chosen::asked(settings, wanted);
        let rows = self.sections(&asked)?;
        for name in settings.only.keys().chain(settings.removed.keys()) {
            self.require("[file]", std::slice::from_ref(name), (&asked, rows.found()))?;
        }
        let chosen = Chosen::new(self.upstream(rows), settings, wanted);
        Ok(Reading::Made(Box::new(chosen)))
    }

    /// With headings between the rows as their section.
    fn sections(&self, wanted: &[String]) -> Result<Reading, FeedError> {
        if !self.settings.section_rows {
            return self.rows(wanted);
        }
        let own: Vec<String> = wanted.iter().filter(|name| *name != SECTION).cloned().collect();
        let header = self.rows(&own)?.header().to_vec();
        let rows = self.rows(&sections::asked(&header, wanted))?;
        Ok(Reading::Made(Box::new(Sections::new(self.upstream(rows), wanted))))
    }

    /// Row by row as it stands.
    fn rows(&self, wanted: &[String]) -> Result<Reading, FeedError> {
        let (settings, number) = (self.settings, self.number);
        let opened = || decode::open(self.path, self.shown, settings.inside.as_deref());
        let book = match opened()? {
            Content::Stream(stream) => {
                let content = Text::of(stream, settings)?;
                // The groups of a catalogue stand after its articles: the file is read twice where they are wanted.
                let wants = |is: fn(GroupPart) -> bool| {
                    let parts = wanted.iter().map(|field| Field::of(field));
                    parts
                        .into_iter()
                        .any(|field| matches!(field, Some(Field::Group(part)) if is(part)))
                };
                let twice = content.format == Format::Bmecat && wants(|_| true);
                let paths = wants(|part| part == GroupPart::Path);
                let groups = match twice.then(opened).transpose()? {
                    Some(Content::Stream(again)) => {
                        let (stream, _) = Text::of(again, settings)?.into_xml(settings)?;
                        Some(Groups::read(Events::new(stream), paths)?)
                    }
                    _ => None,
                };
                return content.read(number, settings, wanted, groups);
            }
            Content::Workbook(archive) => Book::of_archive(archive, self.shown)?,
            Content::OldWorkbook(bytes) => Book::of_compound(&bytes, self.shown)?,
        };
        no_items(settings, None, self.shown)?;
        match settings.format {
            None | Some(Format::Xlsx) => {
                let grid = Grid::open(book, self.shown, number, settings, wanted)?;
                Ok(Reading::Grid(Box::new(grid)))
            }
            Some(declared) => Err(format::contradiction(self.shown, declared, "a workbook")),
        }
    }

    /// Refuses a file that has none of the columns by which rows are to be told apart: nothing would be joined, without a word.
    fn require(&self, setting: &str, names: &[String], (asked, found): (&[String], &[bool])) -> Result<(), FeedError> {
        let is_there = |name: &String| {
            let at = asked.iter().position(|known| known == name);
            at.and_then(|at| found.get(at)).copied().unwrap_or(false)
        };
        if names.is_empty() || names.iter().any(is_there) {
            return Ok(());
        }
        let message = format!("no column `{}`, which {setting} names", excerpt(&names.join("`, `")));
        let help = "correct the name in the supplier's file, or ask for a file that has the column";
        Err(Refusal::new("E-FILE-COLUMN", self.shown, message, help).into())
    }
}

/// Refuses `items` of files whose records hold no list.
fn no_items(settings: &FileSettings, format: Option<Format>, shown: &Arc<str>) -> Result<(), FeedError> {
    if settings.items.is_none() {
        return Ok(());
    }
    let (message, help) = match format {
        Some(Format::Bmecat) => (
            "`items` under [file] is not of BMEcat, whose VARIANTS are read as items",
            "take `items` off; say `format = \"xml\"` where another list inside of the articles is meant",
        ),
        _ => (
            "`items` under [file] names a list inside of records, which only XML and JSON have",
            "take `items` off; rows that belong to one product are told under [file.group]",
        ),
    };
    Err(Refusal::new("E-FILE-SETTING", shown, message, help).into())
}

/// The column of the file itself behind what a mapping asks for; none where a joined table has it.
pub fn own_column<'n>(settings: &FileSettings, wanted: &'n str) -> Option<&'n str> {
    match (joined::parted(settings, wanted), &settings.group) {
        (Some(_), _) => None,
        (None, _) if settings.section_rows && wanted == SECTION => None,
        (None, Some(group)) => Some(source::in_locale(&group.locale, wanted).0),
        (None, None) => Some(wanted),
    }
}

/// Opens a content that is no workbook.
pub fn open_stream(
    stream: Stream,
    file_number: u32,
    settings: &FileSettings,
    wanted: &[String],
) -> Result<Reading, FeedError> {
    Text::of(stream, settings)?.read(file_number, settings, wanted, None)
}

/// A content that is no workbook, as its reader reads it.
pub struct Decoded {
    /// UTF-8 of trees and of encodings of several bytes a character; else the bytes as they stand in the file. Without a byte
    /// order mark.
    pub stream: Stream,
    /// Records of it, written as UTF-8, need a mark to be known as such: always those of tables, which are guessed row by row.
    pub marked: bool,
}

/// Opens a file and gives what its reader reads; `None` of workbooks.
pub fn decoded(path: &Path, shown: &str, settings: &FileSettings) -> Result<Option<Decoded>, FeedError> {
    match decode::open(path, &Arc::from(shown), settings.inside.as_deref())? {
        Content::Stream(stream) => Ok(Some(Text::of(stream, settings)?.decoded(settings)?)),
        Content::Workbook(_) | Content::OldWorkbook(_) => Ok(None),
    }
}

/// A text content whose format is known, and its encoding as far as it has to be.
struct Text {
    stream: Stream,
    format: Format,
    /// None: to be found by the reader.
    charset: Option<Charset>,
    /// What an encoding of several bytes a character was called before it was turned into UTF-8.
    wide: Option<&'static str>,
    /// A mark at the start of the file said what the encoding is.
    marked: bool,
}

impl Text {
    fn of(mut stream: Stream, settings: &FileSettings) -> Result<Text, FeedError> {
        let mut charset = match &settings.encoding {
            None => None,
            Some(label) => Some(Charset::of_label(label).ok_or_else(|| {
                let message = format!("no encoding is called \"{}\"", excerpt(label));
                let help = "write a WHATWG name such as `utf-8`, `windows-1252`, `iso-8859-2`, or `cp850`, `cp437`";
                FeedError::from(Refusal::new("E-FILE-SETTING", &stream.shown, message, help))
            })?),
        };
        // A mark at the start is proof, a declaration is a claim.
        let mark = Charset::of_mark(stream.head());
        let marked = mark.is_some();
        if let Some((named, len)) = mark {
            if matches!(named, Charset::Utf8) {
                stream.skip(len);
            }
            charset = Some(named);
        } else if charset.is_none() {
            charset = Charset::of_zeros(stream.head()).or_else(|| match guess::guess(stream.head()) {
                Some(wide @ Charset::Wide(_)) => Some(wide),
                _ => None,
            });
        }
        let mut wide = None;
        if let Some(found @ Charset::Wide(encoding)) = &charset {
            wide = Some(encoding.name());
            stream = stream.in_utf8(found)?;
            charset = Some(Charset::Utf8);
        }
        let format = format::find(stream.head(), &stream.name, settings.format, &stream.shown)?;
        Ok(Text {
            stream,
            format,
            charset,
            wide,
            marked,
        })
    }

    fn decoded(self, settings: &FileSettings) -> Result<Decoded, FeedError> {
        let marked = self.marked;
        let (stream, foreign) = match self.format {
            Format::Csv | Format::Tsv | Format::Xlsx => (self.stream, true),
            Format::Json | Format::Jsonl => {
                let (stream, encoding) = self.into_json()?;
                (stream, encoding != "UTF-8")
            }
            Format::Xml | Format::Bmecat => {
                let (stream, encoding) = self.into_xml(settings)?;
                (stream, encoding != "UTF-8")
            }
        };
        let marked = marked || foreign;
        Ok(Decoded { stream, marked })
    }

    fn read(
        self,
        file: u32,
        settings: &FileSettings,
        wanted: &[String],
        groups: Option<Groups>,
    ) -> Result<Reading, FeedError> {
        let format = self.format;
        let record = settings.record.as_deref();
        if !matches!(format, Format::Json | Format::Jsonl | Format::Xml) {
            no_items(settings, Some(format), &self.stream.shown)?;
        }
        match format {
            Format::Csv | Format::Tsv => {
                let table = Table::open(self.stream, self.charset, self.wide, file, format, settings, wanted)?;
                Ok(Reading::Table(Box::new(table)))
            }
            Format::Json | Format::Jsonl => {
                let (stream, encoding) = self.into_json()?;
                let json = Json::open(
                    stream,
                    encoding,
                    file,
                    format,
                    record,
                    settings.items.as_deref(),
                    wanted,
                )?;
                Ok(Reading::Json(Box::new(json)))
            }
            Format::Xml | Format::Bmecat => {
                let (stream, encoding) = self.into_xml(settings)?;
                let xml = Xml::open(
                    stream,
                    encoding,
                    file,
                    format,
                    (record, settings.items.as_deref()),
                    wanted,
                    groups,
                )?;
                Ok(Reading::Xml(Box::new(xml)))
            }
            Format::Xlsx => Err(format::contradiction(&self.stream.shown, format, "a text")),
        }
    }

    /// The document or its lines in UTF-8, and what they were. Where nothing declares it, the bytes themselves are asked.
    fn into_json(self) -> Result<(Stream, &'static str), FeedError> {
        let guess = || guess::guess(self.stream.head());
        let charset = self.charset.clone().or_else(guess).unwrap_or(Charset::Utf8);
        let name = self.wide.unwrap_or(charset.name());
        Ok((self.stream.in_utf8(&charset)?, name))
    }

    /// The document in UTF-8, by its own declaration where the settings and a mark say nothing; and what it was.
    fn into_xml(self, settings: &FileSettings) -> Result<(Stream, &'static str), FeedError> {
        let declared = format::declared_encoding(self.stream.head()).filter(|_| settings.encoding.is_none());
        let charset = match (self.charset, declared) {
            (Some(charset), _) => charset,
            (None, None) => Charset::Utf8,
            (None, Some(label)) => match Charset::of_label(label) {
                // A document that says UTF-16 and can be read as ASCII is not.
                Some(Charset::Wide(encoding)) if encoding.name().starts_with("UTF-16") => Charset::Utf8,
                Some(charset) => charset,
                None => {
                    let message = format!(
                        "the document declares the encoding \"{}\", which is none",
                        excerpt(label)
                    );
                    let help = "name the file's encoding with `encoding` under [file]";
                    return Err(Refusal::new("E-XML-ENCODING", &self.stream.shown, message, help).into());
                }
            },
        };
        let name = self.wide.unwrap_or(charset.name());
        Ok((self.stream.in_utf8(&charset)?, name))
    }
}

impl Reading {
    /// Which wanted fields exist: of tables known at once; of trees all, until the end is read.
    pub fn found(&self) -> &[bool] {
        match self {
            Reading::Table(table) => table.found(),
            Reading::Grid(grid) => grid.found(),
            Reading::Json(json) => json.found(),
            Reading::Xml(xml) => xml.found(),
            Reading::Made(made) => made.found(),
        }
    }

    /// Header names in order; of trees none.
    pub fn header(&self) -> &[String] {
        match self {
            Reading::Table(table) => table.header(),
            Reading::Grid(grid) => grid.header(),
            Reading::Json(_) | Reading::Xml(_) => &[],
            Reading::Made(made) => made.header(),
        }
    }

    /// Of tables: from now on each record has a cell for each column of the file, in order. Of trees: nothing.
    pub fn take_all(&mut self) {
        match self {
            Reading::Table(table) => table.take_all(),
            Reading::Grid(grid) => grid.take_all(),
            Reading::Json(_) | Reading::Xml(_) | Reading::Made(_) => {}
        }
    }

    /// Of trees: the path at which the records were found or declared, as the settings write it.
    pub fn record_path(&self) -> Option<String> {
        match self {
            Reading::Table(_) | Reading::Grid(_) | Reading::Made(_) => None,
            Reading::Json(json) => json.record_path(),
            Reading::Xml(xml) => xml.record_path(),
        }
    }

    /// Bytes of the content (see [`decoded`]) before its first record, once one has been read; none of workbooks.
    pub fn first(&self) -> Option<u64> {
        match self {
            Reading::Table(table) => table.first(),
            Reading::Grid(_) | Reading::Made(_) => None,
            Reading::Json(json) => json.first(),
            Reading::Xml(xml) => xml.first(),
        }
    }

    /// Empties the batch and fills it with the next records, up to about 4,096 or 4 MB. `false` when none are left. An error
    /// refuses the whole file, also what was read of it before.
    pub fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        match self {
            Reading::Table(table) => table.next(batch),
            Reading::Grid(grid) => grid.next(batch),
            Reading::Json(json) => json.next(batch),
            Reading::Xml(xml) => xml.next(batch),
            Reading::Made(made) => made.next(batch),
        }
    }

    /// What is known of the file, once it is read.
    pub fn finish(self) -> FileReport {
        match self {
            Reading::Table(table) => table.finish(),
            Reading::Grid(grid) => grid.finish(),
            Reading::Json(json) => json.finish(),
            Reading::Xml(xml) => xml.finish(),
            Reading::Made(made) => made.finish(),
        }
    }
}

impl Source for Reading {
    fn found(&self) -> &[bool] {
        Reading::found(self)
    }

    fn header(&self) -> &[String] {
        Reading::header(self)
    }

    fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        Reading::next(self, batch)
    }

    fn finish(self: Box<Self>) -> FileReport {
        Reading::finish(*self)
    }
}
