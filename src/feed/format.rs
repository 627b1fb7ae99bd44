//! What a text content is: XML, BMEcat, JSON, one JSON object a line, or a table; and what is no feed at all.

use crate::feed::archive::SEND_AGAIN;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::file_name::extension;
use crate::feed::settings::Format;
use std::sync::Arc;

/// Finds the format by the content, then by the name, and refuses what contradicts the declared one.
pub fn find(head: &[u8], name: &str, declared: Option<Format>, shown: &Arc<str>) -> Result<Format, FeedError> {
    let text = head.trim_ascii_start();
    if text.is_empty() {
        let message = if head.is_empty() {
            "the file is empty"
        } else {
            "the file holds nothing but blank lines"
        };
        return Err(Refusal::new("E-FILE-EMPTY", shown, message, SEND_AGAIN).into());
    }
    if is_html(text) {
        let message = "the file is a web page (a login or error page?), no feed";
        let help = "open the supplier's address in a browser: the session or the password may have ended";
        return Err(Refusal::new("E-FILE-HTML", shown, message, help).into());
    }
    let content = by_content(text, name);
    match (declared, content) {
        (None, Some(found)) => Ok(found),
        (None, None) => Ok(if extension(name) == "tsv" {
            Format::Tsv
        } else {
            Format::Csv
        }),
        (Some(Format::Xlsx), _) => Err(contradiction(
            shown,
            Format::Xlsx,
            content.map_or("a text", Format::name),
        )),
        (Some(declared @ (Format::Csv | Format::Tsv)), Some(found @ (Format::Xml | Format::Bmecat))) => {
            Err(contradiction(shown, declared, found.name()))
        }
        (Some(declared @ (Format::Xml | Format::Bmecat)), found) if !text.starts_with(b"<") => {
            Err(contradiction(shown, declared, found.map_or("no XML", Format::name)))
        }
        (Some(declared), _) => Ok(declared),
    }
}

/// The file is something else than the settings say.
pub fn contradiction(shown: &Arc<str>, declared: Format, found: &str) -> FeedError {
    let message = format!("the settings say {}, the content is {found}", declared.name());
    Refusal::new(
        "E-FILE-FORMAT",
        shown,
        message,
        "correct `format` under [file], or leave it out",
    )
    .into()
}

fn by_content(text: &[u8], name: &str) -> Option<Format> {
    match text {
        [b'<', b'?' | b'!' | b'_' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
            Some(if root(text).is_some_and(|root| root.eq_ignore_ascii_case(b"BMECAT")) {
                Format::Bmecat
            } else {
                Format::Xml
            })
        }
        [b'{', ..] => Some(if is_lines(text, name) {
            Format::Jsonl
        } else {
            Format::Json
        }),
        // A table may begin with a bracket; a JSON list goes on with a value or ends.
        [b'[', rest @ ..] => match rest.trim_ascii_start() {
            [] | [b'{' | b'[' | b']' | b'"' | b'-' | b'0'..=b'9', ..] => Some(Format::Json),
            _ => None,
        },
        _ => matches!(extension(name).as_str(), "jsonl" | "ndjson").then_some(Format::Jsonl),
    }
}

/// The first line is an object by itself, and the name says lines or a second object follows.
fn is_lines(text: &[u8], name: &str) -> bool {
    match extension(name).as_str() {
        "jsonl" | "ndjson" => return true,
        "json" | "" => {}
        _ => {}
    }
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .map(|line| line.trim_ascii())
        .filter(|line| !line.is_empty());
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else {
        return false;
    };
    let alone = first.ends_with(b"}") && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
    alone && second.starts_with(b"{")
}

fn is_html(text: &[u8]) -> bool {
    let start: Vec<u8> = text.iter().take(14).map(u8::to_ascii_lowercase).collect();
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        return true;
    }
    text.starts_with(b"<") && root(text).is_some_and(|root| root.eq_ignore_ascii_case(b"html"))
}

/// Local name of the root element, past the declaration, comments and the document type.
fn root(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        let start = memchr::memchr(b'<', rest)?;
        rest = &rest[start + 1..];
        match rest.first()? {
            b'?' => rest = &rest[memchr::memchr(b'>', rest)?..],
            b'!' if rest.starts_with(b"!--") => rest = &rest[memchr::memmem::find(rest, b"-->")?..],
            b'!' => {
                let end = memchr::memchr2(b'>', b'[', rest)?;
                rest = match rest[end] {
                    b'[' => &rest[memchr::memmem::find(rest, b"]>").or_else(|| memchr::memchr(b']', rest))?..],
                    _ => &rest[end..],
                };
            }
            _ => {
                let end = rest
                    .iter()
                    .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))?;
                return rest[..end].rsplit(|byte| *byte == b':').next();
            }
        }
    }
}

/// The encoding that an XML declaration names.
pub fn declared_encoding(head: &[u8]) -> Option<&str> {
    let text = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let text = std::str::from_utf8(&text[..memchr::memmem::find(text, b"?>")?]).ok()?;
    let value = text
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(name, _)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, name: &str, expected: Result<Format, &str>) {
        let found = find(head.as_bytes(), name, None, &Arc::from(name));
        assert_eq!(found.map_err(|error| error.code()), expected, "{head}");
    }

    #[test]
    fn the_content_tells_the_format() {
        check("sku;price\nA;1", "feed.xml", Ok(Format::Csv));
        check(
            "<?xml version=\"1.0\"?>\n<!-- <BMECAT> -->\n<shop><p/></shop>",
            "x",
            Ok(Format::Xml),
        );
        check(
            "<!DOCTYPE BMECAT SYSTEM \"x.dtd\">\n<BMECAT version=\"1.2\">",
            "x",
            Ok(Format::Bmecat),
        );
        check(
            "<!DOCTYPE B [<!ENTITY a \"b\">]>\n<b:BMECAT xmlns:b=\"u\">",
            "x",
            Ok(Format::Bmecat),
        );
        check("{\"a\":1}\n{\"a\":2}\n", "feed", Ok(Format::Jsonl));
        check("{\"a\":1}", "feed.jsonl", Ok(Format::Jsonl));
        check("{\n \"products\": []}", "feed.json", Ok(Format::Json));
        check("[{\"a\":1}]", "feed.csv", Ok(Format::Json));
        check("[sku];[price]", "feed.csv", Ok(Format::Csv));
        check(" \r\n", "feed.csv", Err("E-FILE-EMPTY"));
        check("<!DOCTYPE html><html>", "feed.csv", Err("E-FILE-HTML"));
        check(
            "<?xml version=\"1.0\"?><html xmlns=\"…\">",
            "feed.csv",
            Err("E-FILE-HTML"),
        );
    }
}
