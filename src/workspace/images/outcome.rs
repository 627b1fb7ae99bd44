//! What the image step did, in numbers and findings.

use crate::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};

/// What the image step found and made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Imaged {
    /// Pictures in the folders.
    pub files: u64,
    /// Of those: belong to a product; to none; to several.
    pub matched: u64,
    pub unmatched: u64,
    pub ambiguous: u64,
    /// Pictures that suppliers name by a path: those that are there, and those that are not.
    pub said: u64,
    pub absent: u64,
    /// Addresses that were fetched.
    pub fetched: u64,
    /// Products that have a picture here.
    pub products: u64,
    /// Different contents.
    pub pictures: u64,
    /// Contents that are no picture, or none that may be used.
    pub refused: u64,
    /// Contents that stand several times, and groups of contents that look alike.
    pub duplicates: u64,
    pub alike: u64,
    /// Looks at so many products that they show none of them.
    pub stand_ins: u64,
    pub channels: Vec<ChannelPictures>,
    /// The contact sheet, relative to the workspace.
    pub sheet: Option<String>,
    pub diagnostics: Vec<Diagnostic>,
    /// The batch that says which product has which picture; none where nothing changed.
    #[serde(skip)]
    pub batch: Option<i64>,
    /// Products whose pictures changed.
    #[serde(skip)]
    pub changed: u64,
    /// Derivations made now.
    #[serde(skip)]
    pub made: u64,
    /// True where nothing at all had changed since the last time.
    #[serde(skip)]
    pub untouched: bool,
    #[serde(skip)]
    pub seconds: f64,
}

/// What stands ready for a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelPictures {
    pub channel: String,
    /// Folder, relative to the workspace.
    pub folder: String,
    pub files: u64,
    pub bytes: u64,
}
