//! Why a file, or a whole delivery, is refused: stable code, place, and what to do next.
//!
//! Findings about single rows are diagnostics inside the batch; what stands here stops the reading of the file.

use crate::diagnostic::{Diagnostic, Place};
use std::io;
use std::sync::Arc;

/// What stops the reading of a delivery. Each has a stable code, a message that fits after "failed to", and a next step.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedError {
    /// A name or pattern of `[file] path` matches no file.
    #[error("find a file for \"{pattern}\" in {folder}")]
    NoFile { pattern: String, folder: String },
    /// A folder brings no feed, or too many.
    #[error("read the folder {folder}: {reason}")]
    Folder { folder: String, reason: String },
    /// A pattern of `[file]` cannot be read as a pattern.
    #[error("read the pattern \"{pattern}\": {reason}")]
    Pattern { pattern: String, reason: String },
    /// The system does not hand the file out.
    #[error("read {file}: {reason}")]
    Unreadable { file: Arc<str>, reason: String },
    /// The content is not fit to be read as a feed.
    #[error(transparent)]
    Refused(Box<Refusal>),
}

/// A file refused for its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {file}{}: {message}", at(*line, *offset))]
pub struct Refusal {
    pub code: &'static str,
    /// The file as the user knows it.
    pub file: Arc<str>,
    /// Line (or spreadsheet row), counted from 1.
    pub line: Option<u64>,
    /// Byte offset in the unpacked content, counted from 0.
    pub offset: Option<u64>,
    pub message: String,
    pub help: String,
}

fn at(line: Option<u64>, offset: Option<u64>) -> String {
    match (line, offset) {
        (Some(line), _) => format!(" at line {line}"),
        (None, Some(offset)) => format!(" at byte {offset}"),
        (None, None) => String::new(),
    }
}

impl Refusal {
    pub fn new(code: &'static str, file: &Arc<str>, message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal {
            code,
            file: file.clone(),
            line: None,
            offset: None,
            message: message.into(),
            help: help.into(),
        }
    }

    pub fn at_line(mut self, line: u64) -> Refusal {
        self.line = Some(line);
        self
    }

    pub fn at_offset(mut self, offset: u64) -> Refusal {
        self.offset = Some(offset);
        self
    }
}

impl From<Refusal> for FeedError {
    fn from(refusal: Refusal) -> FeedError {
        FeedError::Refused(Box::new(refusal))
    }
}

/// Lets a refusal travel through `std::io::Read`; [`FeedError::from_io`] takes it out again.
impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> io::Error {
        io::Error::other(refusal)
    }
}

impl FeedError {
    /// The error behind a failed read: a refusal of ours that travelled through `Read`, or the system's own words.
    pub fn from_io(file: &Arc<str>, error: &io::Error) -> FeedError {
        if let Some(refusal) = error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
            return refusal.clone().into();
        }
        FeedError::Unreadable {
            file: file.clone(),
            reason: error.to_string(),
        }
    }

    /// Stable code, `E-…`.
    pub fn code(&self) -> &'static str {
        match self {
            FeedError::NoFile { .. } => "E-FILE-NONE",
            FeedError::Folder { .. } => "E-FOLDER-FEEDS",
            FeedError::Pattern { .. } => "E-FILE-PATTERN",
            FeedError::Unreadable { .. } => "E-FILE-UNREADABLE",
            FeedError::Refused(refusal) => refusal.code,
        }
    }

    /// The file as the user knows it, where one is at fault.
    pub fn file(&self) -> Option<&str> {
        match self {
            FeedError::NoFile { .. } | FeedError::Pattern { .. } => None,
            FeedError::Folder { folder, .. } => Some(folder),
            FeedError::Unreadable { file, .. } => Some(file),
            FeedError::Refused(refusal) => Some(&refusal.file),
        }
    }

    /// Line of the fault, counted from 1.
    pub fn line(&self) -> Option<u64> {
        match self {
            FeedError::Refused(refusal) => refusal.line,
            _ => None,
        }
    }

    /// Byte offset of the fault in the unpacked content, counted from 0.
    pub fn offset(&self) -> Option<u64> {
        match self {
            FeedError::Refused(refusal) => refusal.offset,
            _ => None,
        }
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> String {
        match self {
            FeedError::NoFile { pattern, folder } => format!("no file matches \"{pattern}\" in {folder}"),
            FeedError::Folder { reason, .. } => format!("the folder is no delivery: {reason}"),
            FeedError::Pattern { pattern, reason } => format!("\"{pattern}\" is no pattern: {reason}"),
            FeedError::Unreadable { reason, .. } => format!("the file cannot be read: {reason}"),
            FeedError::Refused(refusal) => refusal.message.clone(),
        }
    }

    /// The next step.
    pub fn help(&self) -> &str {
        match self {
            FeedError::NoFile { .. } => "put the delivery there, or correct `path` under [file]",
            FeedError::Folder { .. } => "name the files, or a folder with the feeds of one delivery alone",
            FeedError::Pattern { .. } => {
                "correct the pattern under [file]; `*` stands for any name, `**` for any folders"
            }
            FeedError::Unreadable { .. } => "check the permissions of the file and that nothing else is writing it",
            FeedError::Refused(refusal) => &refusal.help,
        }
    }

    /// The same as a finding, to be listed with the others.
    pub fn diagnostic(&self) -> Diagnostic {
        let place = Place {
            file: self.file().map(Arc::from),
            line: self.line(),
            column: None,
        };
        Diagnostic::error(self.code(), self.message())
            .at(place)
            .with_help(self.help())
    }
}
