//! How the bytes of a text table become text: strictly, and row by row where the encoding is not declared.
//!
//! Which encodings there are is left to `encoding`.

use crate::feed::encoding::{Charset, Page};
use crate::feed::guess;
use std::sync::Arc;

/// The encoding of a text table.
pub enum Text {
    /// UTF-8, declared or marked, or turned into it from another encoding, whose name stands here.
    Utf8 { name: &'static str },
    /// Declared, one byte a character.
    Page(Arc<Page>),
    /// UTF-8 as long as it is; rows that are not are read by the page that the bytes suggest. Counts the rows of both
    /// kinds that are more than ASCII.
    Open {
        fallback: Option<Arc<Page>>,
        tried: bool,
        utf8: u64,
        other: u64,
    },
}

impl Text {
    /// Guesses the page of a table that is not all UTF-8, from the first bytes that show it.
    pub fn look_at(&mut self, bytes: &[u8]) {
        if let Text::Open {
            fallback: fallback @ None,
            tried: tried @ false,
            ..
        } = self
        {
            match guess::guess(bytes) {
                Some(Charset::Page(page)) => *fallback = Some(page),
                _ => *tried = std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_some()),
            }
        }
    }

    /// The bytes as they are, where they are UTF-8 and may be.
    pub fn utf8<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a str> {
        match self {
            Text::Page(_) => None,
            Text::Utf8 { .. } => std::str::from_utf8(bytes).ok(),
            Text::Open { utf8, .. } => {
                let text = std::str::from_utf8(bytes).ok()?;
                *utf8 += !text.is_ascii() as u64;
                Some(text)
            }
        }
    }

    /// Whether bytes that are not UTF-8 are text here; counts them as a row.
    pub fn takes(&mut self, bytes: &[u8]) -> bool {
        let taken = self.page().is_some_and(|page| page.takes(bytes));
        if let Text::Open { other, .. } = self {
            *other += taken as u64;
        }
        taken
    }

    /// Appends the text of some bytes; `false` where they are none.
    pub fn decode(&self, bytes: &[u8], out: &mut String) -> bool {
        match (self, std::str::from_utf8(bytes)) {
            (Text::Utf8 { .. } | Text::Open { .. }, Ok(text)) => {
                out.push_str(text);
                true
            }
            _ => self.page().is_some_and(|page| page.decode_into(bytes, out)),
        }
    }

    /// The text of some bytes, with marks where they are none: to be shown, never to be kept.
    pub fn lossy(&self, bytes: &[u8]) -> String {
        let mut out = String::new();
        if !self.decode(bytes, &mut out) {
            out = String::from_utf8_lossy(bytes).into_owned();
        }
        out
    }

    /// The page by which bytes are read that are not UTF-8.
    pub fn page(&self) -> Option<&Arc<Page>> {
        match self {
            Text::Utf8 { .. } => None,
            Text::Page(page) => Some(page),
            Text::Open { fallback, .. } => fallback.as_ref(),
        }
    }

    /// WHATWG name, or `cp850`, `cp437`, `mixed`.
    pub fn name(&self) -> &'static str {
        match self {
            Text::Utf8 { name } => name,
            Text::Page(page) => page.name,
            Text::Open {
                utf8: 1.., other: 1.., ..
            } => "mixed",
            Text::Open {
                fallback: Some(page),
                utf8: 0,
                ..
            } => page.name,
            Text::Open { .. } => "UTF-8",
        }
    }

    /// The page of the other rows, where some rows are UTF-8 and some are not.
    pub fn mixed(&self) -> Option<&'static str> {
        match self {
            Text::Open {
                fallback: Some(page),
                utf8: 1..,
                other: 1..,
                ..
            } => Some(page.name),
            _ => None,
        }
    }
}

/// Anything below a space but tabs and line ends, and DEL.
pub fn is_control(byte: u8) -> bool {
    (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f
}

/// Whether any byte is a control character; written without an early end, so that it runs many bytes at a time.
pub fn has_control(bytes: &[u8]) -> bool {
    bytes
        .chunks(256)
        .any(|chunk| chunk.iter().fold(false, |seen, &byte| seen | is_control(byte)))
}

/// The text inside quotes: doubled quotes single, escaped quotes and escapes without their escape.
pub fn unescape(bytes: &[u8], quote: u8, escape: Option<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().peekable();
    while let Some(&byte) = rest.next() {
        let next = rest.peek().map(|next| **next);
        if Some(byte) == escape && next.is_some_and(|next| next == quote || next == byte) {
            out.extend(rest.next());
            continue;
        }
        out.push(byte);
        if byte == quote {
            rest.next_if(|next| **next == quote);
        }
    }
    out
}

/// The same for text, appended to `out`. Quote and escape are ASCII.
pub fn unescape_text(text: &str, quote: u8, escape: Option<u8>, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(quote, escape.unwrap_or(quote), rest.as_bytes()) {
        let (byte, next) = (rest.as_bytes()[at], rest.as_bytes().get(at + 1));
        let pair = next == Some(&quote) || (byte != quote && next == Some(&byte));
        // Of a pair the second stands for both.
        let kept = at + pair as usize;
        out.push_str(&rest[..at]);
        out.push_str(&rest[kept..=kept]);
        rest = &rest[kept + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, escape: Option<u8>, expected: &str) {
        assert_eq!(unescape(text.as_bytes(), b'"', escape), expected.as_bytes(), "{text}");
        let mut out = String::new();
        unescape_text(text, b'"', escape, &mut out);
        assert_eq!(out, expected, "{text}");
    }

    #[test]
    fn what_was_escaped_is_plain_again() {
        check("a \"\"ñ\"\" b", None, "a \"ñ\" b");
        check("5\\\" x", None, "5\\\" x");
        check(
            "5\\\" x \"\"y\"\" C:\\new z\\\\",
            Some(b'\\'),
            "5\" x \"y\" C:\\new z\\",
        );
        check("ñ\\", Some(b'\\'), "ñ\\");
    }
}
