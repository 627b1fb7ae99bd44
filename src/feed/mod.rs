//! Opens the files of a delivery and yields their records, whatever the format.
//!
//! Reading is strict and bounded: a file that is cut off, contradicts itself or outgrows a limit is refused whole, a bad row
//! alone. What the records mean is left to `mapping`.

pub mod archive;
pub mod csv;
pub mod decimal;
pub mod decode;
pub mod dialect;
pub mod encoding;
pub mod failure;
pub mod format;
pub mod header;
pub mod json;
pub mod json_record;
pub mod json_stream;
pub mod report;
pub mod row;
pub mod rows;
pub mod settings;
pub mod text;
pub mod window;

use crate::feed::csv::Table;
use crate::feed::decode::{Content, Stream};
use crate::feed::encoding::Charset;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::json::Json;
use crate::feed::report::FileReport;
use crate::feed::settings::{FileSettings, Format};
use crate::product::record::Records;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The files of a delivery in the order of their names: each name or pattern of `[file] path`, relative to `folder`, must
/// match one at least.
pub fn gather(folder: &Path, settings: &FileSettings) -> Result<Vec<PathBuf>, FeedError> {
    let mut files = Vec::new();
    for pattern in &settings.path {
        let before = files.len();
        let literal = folder.join(pattern);
        if literal.is_file() {
            files.push(literal);
        } else if pattern.contains(['*', '?', '[', '{']) {
            gather_pattern(folder, pattern, &mut files)?;
        }
        if files.len() == before {
            return Err(FeedError::NoFile {
                pattern: pattern.clone(),
                folder: folder.display().to_string(),
            });
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(FeedError::NoFile {
            pattern: String::new(),
            folder: folder.display().to_string(),
        });
    }
    Ok(files)
}

fn gather_pattern(folder: &Path, pattern: &str, files: &mut Vec<PathBuf>) -> Result<(), FeedError> {
    // The folders named before the first pattern character are walked to, so that `../drop/*.csv` works.
    let mut start = folder.to_path_buf();
    let mut rest = Vec::new();
    for part in Path::new(pattern).components() {
        let text = part.as_os_str().to_string_lossy().into_owned();
        if rest.is_empty()
            && (matches!(part, Component::RootDir | Component::Prefix(_)) || !text.contains(['*', '?', '[', '{']))
        {
            start.push(part);
        } else {
            rest.push(text);
        }
    }
    let rest = rest.join("/");
    let glob = globset::GlobBuilder::new(&rest).literal_separator(true).build();
    let glob = glob.map_err(|error| FeedError::Pattern {
        pattern: pattern.to_string(),
        reason: error.kind().to_string(),
    })?;
    let matcher = glob.compile_matcher();
    let depth = if rest.contains("**") {
        16
    } else {
        rest.split('/').count()
    };
    for entry in walkdir::WalkDir::new(&start)
        .min_depth(1)
        .max_depth(depth)
        .into_iter()
        .flatten()
    {
        let name = entry.file_name().to_string_lossy();
        let inside = entry.path().strip_prefix(&start).unwrap_or(entry.path());
        // The supplier's own settings and hidden files are no deliveries.
        if !name.starts_with('.') && name != "supplier.toml" && matcher.is_match(inside) && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(())
}

/// A file that is being read.
pub enum Reading {
    Table(Box<Table>),
    Json(Box<Json>),
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
    let shown: Arc<str> = Arc::from(shown);
    match decode::open(path, &shown, settings.inside.as_deref())? {
        Content::Stream(stream) => open_stream(stream, file_number, settings, wanted),
        Content::Workbook(_) | Content::OldWorkbook(_) => {
            Err(Refusal::new("E-FILE-KIND", &shown, "the file is a workbook", "save it as CSV").into())
        }
    }
}

/// Opens a content that is no workbook.
pub fn open_stream(
    mut stream: Stream,
    file_number: u32,
    settings: &FileSettings,
    wanted: &[String],
) -> Result<Reading, FeedError> {
    let shown = stream.shown.clone();
    let mut charset = match &settings.encoding {
        None => None,
        Some(label) => Some(Charset::of_label(label).ok_or_else(|| {
            let message = format!("no encoding is called \"{}\"", crate::diagnostic::excerpt(label));
            let help = "write a WHATWG name such as `utf-8`, `windows-1252`, `iso-8859-2`, or `cp850`, `cp437`";
            FeedError::from(Refusal::new("E-FILE-SETTING", &shown, message, help))
        })?),
    };
    // A mark at the start is proof, a declaration is a claim.
    if let Some((marked, len)) = Charset::of_mark(stream.head()) {
        if matches!(marked, Charset::Utf8) {
            stream.skip(len);
        }
        charset = Some(marked);
    } else if charset.is_none() {
        charset = Charset::of_zeros(stream.head()).or_else(|| match encoding::guess(stream.head()) {
            Some(wide @ Charset::Wide(_)) => Some(wide),
            _ => None,
        });
    }
    let mut marked = None;
    if let Some(wide @ Charset::Wide(encoding)) = &charset {
        marked = Some(encoding.name());
        stream = stream.in_utf8(wide)?;
        charset = Some(Charset::Utf8);
    }
    let format = format::find(stream.head(), &stream.name, settings.format, &shown)?;
    match format {
        Format::Csv | Format::Tsv => {
            let table = Table::open(stream, charset, marked, file_number, format, settings, wanted)?;
            Ok(Reading::Table(Box::new(table)))
        }
        Format::Json | Format::Jsonl => {
            let (stream, encoding) = whole_utf8(stream, charset, marked)?;
            let json = Json::open(
                stream,
                encoding,
                file_number,
                format,
                settings.record.as_deref(),
                wanted,
            )?;
            Ok(Reading::Json(Box::new(json)))
        }
        other => Err(format::contradiction(&shown, other, "of a format that is not read")),
    }
}

/// The content in UTF-8 and the name of what it was. Where nothing declares it, the bytes themselves are asked.
fn whole_utf8(
    stream: Stream,
    charset: Option<Charset>,
    marked: Option<&'static str>,
) -> Result<(Stream, &'static str), FeedError> {
    let charset = charset
        .or_else(|| encoding::guess(stream.head()))
        .unwrap_or(Charset::Utf8);
    let name = marked.unwrap_or(charset.name());
    Ok((stream.in_utf8(&charset)?, name))
}

impl Reading {
    /// Which wanted fields exist: of tables known at once; of trees all, until the end is read.
    pub fn found(&self) -> &[bool] {
        match self {
            Reading::Table(table) => table.found(),
            Reading::Json(json) => json.found(),
        }
    }

    /// Header names in order; of trees none.
    pub fn header(&self) -> &[String] {
        match self {
            Reading::Table(table) => table.header(),
            Reading::Json(_) => &[],
        }
    }

    /// Empties the batch and fills it with the next records, up to about 4,096 or 4 MB. `false` when none are left. An error
    /// refuses the whole file, also what was read of it before.
    pub fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        match self {
            Reading::Table(table) => table.next(batch),
            Reading::Json(json) => json.next(batch),
        }
    }

    /// What is known of the file, once it is read.
    pub fn finish(self) -> FileReport {
        match self {
            Reading::Table(table) => table.finish(),
            Reading::Json(json) => json.finish(),
        }
    }
}
