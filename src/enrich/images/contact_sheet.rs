//! A contact sheet of the defects: one HTML file that needs nothing else, with a small copy of each picture.

use crate::enrich::images::colour::Raster;
use crate::enrich::images::encode::encode;
use crate::enrich::images::settings::Format;
use crate::value::text::escaped;
use std::fmt::Write as _;

/// Longest side of a small copy, in pixels.
pub const THUMBNAIL: u32 = 160;
/// Pictures that one heading shows; the rest is counted.
pub const SHOWN: usize = 60;

/// A picture on the sheet.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Path or address.
    pub name: String,
    /// What is wrong, and with which product.
    pub about: String,
    /// A small copy; none where the picture does not decode.
    pub thumbnail: Option<Vec<u8>>,
}

/// The pictures of one defect.
#[derive(Debug, Clone)]
pub struct Defect {
    pub title: String,
    pub advice: String,
    /// How many there are; `frames` has at most [`SHOWN`].
    pub count: usize,
    pub frames: Vec<Frame>,
}

/// A small copy as JPEG.
pub fn thumbnail(raster: &Raster) -> Option<Vec<u8>> {
    encode(raster, Format::Jpeg, 70).ok()
}

/// The sheet.
pub fn html(title: &str, defects: &[Defect]) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n");
    let _ = writeln!(out, "<title>{}</title>", escaped(title));
    out.push_str(STYLE);
    let _ = writeln!(out, "<h1>{}</h1>", escaped(title));
    if defects.is_empty() {
        out.push_str("<p>Nothing is wrong with the pictures.</p>\n");
    }
    for defect in defects {
        let _ = writeln!(
            out,
            "<h2>{} <small>{}</small></h2>\n<p>{}</p>\n<div>",
            escaped(&defect.title),
            defect.count,
            escaped(&defect.advice)
        );
        for frame in &defect.frames {
            out.push_str("<figure>");
            match &frame.thumbnail {
                Some(bytes) => {
                    let _ = write!(out, "<img alt=\"\" src=\"data:image/jpeg;base64,{}\">", base64(bytes));
                }
                None => out.push_str("<i>no picture</i>"),
            }
            let _ = writeln!(
                out,
                "<figcaption><b>{}</b><br>{}</figcaption></figure>",
                escaped(&frame.name),
                escaped(&frame.about)
            );
        }
        out.push_str("</div>\n");
        if defect.count > defect.frames.len() {
            let _ = writeln!(out, "<p>and {} more</p>", defect.count - defect.frames.len());
        }
    }
    out.push_str("</html>\n");
    out
}

const STYLE: &str = "<style>\nbody{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}\ndiv{display:flex;flex-wrap:wrap;gap:12px}\n\
figure{margin:0;width:180px}\nimg,i{display:block;width:160px;height:160px;object-fit:contain;background:#f3f3f3;border:1px solid #ddd}\n\
figcaption{font-size:12px;overflow-wrap:anywhere}\nsmall{color:#888}\n</style>\n";

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let joined = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            match n <= three.len() {
                true => out.push(char::from(SIGNS[(joined >> (18 - 6 * n) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_says_nothing_that_a_browser_would_run() {
        let frames = vec![Frame {
            name: "<script>alert(1)</script>.jpg".into(),
            about: "A-1 \"&\"".into(),
            thumbnail: Some(b"Man".to_vec()),
        }];
        let defects = [Defect {
            title: "Too small".into(),
            advice: "ask for larger ones".into(),
            count: 3,
            frames,
        }];
        let sheet = html("Pictures", &defects);
        assert!(!sheet.contains("<script"));
        for expected in [
            "data:image/jpeg;base64,TWFu\"",
            "&lt;script&gt;alert(1)&lt;/script&gt;.jpg</b><br>A-1 &quot;&amp;&quot;",
            "<p>and 2 more</p>",
        ] {
            assert!(sheet.contains(expected), "{sheet}");
        }
        assert_eq!((base64(b"M"), base64(b"Ma")), ("TQ==".into(), "TWE=".into()));
    }
}
