//! What a file is, by its first bytes. Names and declared types decide nothing.

use crate::enrich::images::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// The kinds of picture that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    Jpeg,
    Png,
    Gif,
    Webp,
    Tiff,
    Bmp,
}

impl Kind {
    /// In capitals, as packs write it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Jpeg => "JPEG",
            Kind::Png => "PNG",
            Kind::Gif => "GIF",
            Kind::Webp => "WEBP",
            Kind::Tiff => "TIFF",
            Kind::Bmp => "BMP",
        }
    }

    /// The ending of a file name, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Kind::Jpeg => "jpg",
            Kind::Png => "png",
            Kind::Gif => "gif",
            Kind::Webp => "webp",
            Kind::Tiff => "tif",
            Kind::Bmp => "bmp",
        }
    }
}

/// The kind of a file; refused where it is none of those that are read.
pub fn sniff(bytes: &[u8]) -> Result<Kind, Refusal> {
    let at = |from: usize, magic: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(magic));
    if at(0, b"\xff\xd8\xff") {
        Ok(Kind::Jpeg)
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        Ok(Kind::Png)
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Ok(Kind::Gif)
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Ok(Kind::Webp)
    } else if at(0, b"II*\0") || at(0, b"MM\0*") || at(0, b"II+\0") || at(0, b"MM\0+") {
        Ok(Kind::Tiff)
    } else if at(0, b"BM") && bytes.len() >= 26 {
        Ok(Kind::Bmp)
    } else {
        Err(Refusal::kind(other(bytes)))
    }
}

/// What else it is, for the message.
fn other(bytes: &[u8]) -> &'static str {
    let at = |from: usize, magic: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(magic));
    let head: String = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_ascii_lowercase();
    if bytes.is_empty() {
        "an empty file"
    } else if at(4, b"ftypavif") || at(4, b"ftypavis") {
        "an AVIF picture, which is not read"
    } else if at(4, b"ftyphei") || at(4, b"ftypmif1") {
        "a HEIC picture, which is not read"
    } else if at(0, b"%PDF") {
        "a PDF document"
    } else if head.contains("<svg") {
        "an SVG drawing, which can hold programs and is never taken"
    } else if head.contains("<html") || head.contains("<!doctype") || head.contains("<script") {
        "a web page"
    } else {
        "no picture that is read"
    }
}
