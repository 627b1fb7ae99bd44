//! Text encodings of feeds: what a name or a byte order mark declares, and the decoding. What the bytes themselves suggest is
//! left to `guess`.
//!
//! Encodings of one byte a character are decoded cell by cell, so that the bytes of a record stay as they stand in the file;
//! all others are turned into UTF-8 while they are read. Nothing is ever replaced by U+FFFD: what cannot be decoded is refused.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read};
use std::sync::Arc;

/// The upper half of code page 437 (IBM; tables of unicode.org, CP437.TXT).
const CP437: &str = concat!(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
    "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
);

/// The upper half of code page 850 (IBM; tables of unicode.org, CP850.TXT).
const CP850: &str = concat!(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐",
    "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
);

/// An encoding of one byte a character, whose lower half is ASCII.
#[derive(Debug, PartialEq)]
pub struct Page {
    /// WHATWG name, or `cp850`, `cp437`.
    pub name: &'static str,
    high: [Option<char>; 128],
}

impl Page {
    fn of_table(name: &'static str, table: &str) -> Page {
        let mut high = [None; 128];
        for (slot, c) in high.iter_mut().zip(table.chars()) {
            *slot = Some(c);
        }
        Page { name, high }
    }

    /// `None` for encodings of several bytes a character.
    pub fn of_encoding(encoding: &'static Encoding) -> Option<Page> {
        if !encoding.is_single_byte() {
            return None;
        }
        let mut high = [None; 128];
        for (slot, byte) in high.iter_mut().zip(0x80u8..=0xff) {
            let decoded = encoding.decode_without_bom_handling_and_without_replacement(std::slice::from_ref(&byte));
            // The WHATWG tables fill their gaps with C1 controls, which are no text.
            *slot = decoded.and_then(|text| text.chars().next()).filter(|c| !c.is_control());
        }
        Some(Page {
            name: encoding.name(),
            high,
        })
    }

    pub fn cp850() -> Page {
        Page::of_table("cp850", CP850)
    }

    pub fn cp437() -> Page {
        Page::of_table("cp437", CP437)
    }

    pub fn windows_1252() -> Page {
        Page::of_encoding(encoding_rs::WINDOWS_1252).unwrap_or_else(Page::cp850)
    }

    /// Character of a byte; `None` where the page has none.
    pub fn char(&self, byte: u8) -> Option<char> {
        match byte {
            0..=0x7f => Some(byte as char),
            high => self.high[(high & 0x7f) as usize],
        }
    }

    /// Whether a character can be written.
    pub fn has(&self, c: char) -> bool {
        c.is_ascii() || self.high.contains(&Some(c))
    }

    /// Whether every byte has a character.
    pub fn takes(&self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest[Encoding::ascii_valid_up_to(rest)..].split_first() {
            if self.char(byte).is_none() {
                return false;
            }
            rest = after;
        }
        true
    }

    /// Appends the text of `bytes`. `false` (and nothing appended) where a byte has no character.
    pub fn decode_into(&self, bytes: &[u8], out: &mut String) -> bool {
        let before = out.len();
        let mut rest = bytes;
        while !rest.is_empty() {
            // Runs of ASCII are copied whole.
            let (plain, other) = rest.split_at(Encoding::ascii_valid_up_to(rest));
            out.push_str(std::str::from_utf8(plain).unwrap_or_default());
            let Some((&byte, after)) = other.split_first() else {
                break;
            };
            match self.char(byte) {
                Some(c) => out.push(c),
                None => {
                    out.truncate(before);
                    return false;
                }
            }
            rest = after;
        }
        true
    }
}

/// An encoding as a reader works with it.
#[derive(Debug, Clone)]
pub enum Charset {
    Utf8,
    /// One byte a character: decoded cell by cell.
    Page(Arc<Page>),
    /// Several bytes a character: turned into UTF-8 while reading.
    Wide(&'static Encoding),
}

impl Charset {
    /// The encoding of a WHATWG label, or `cp850`, `cp437` (also `850`, `ibm850`, …).
    pub fn of_label(label: &str) -> Option<Charset> {
        let label = label.trim();
        let digits: String = label.chars().filter(|c| c.is_ascii_digit()).collect();
        let letters: String = label
            .chars()
            .filter(|c| c.is_ascii_alphabetic())
            .collect::<String>()
            .to_ascii_lowercase();
        if matches!(letters.as_str(), "" | "cp" | "ibm" | "oem" | "dos") {
            match digits.as_str() {
                "850" => return Some(Charset::Page(Arc::new(Page::cp850()))),
                "437" => return Some(Charset::Page(Arc::new(Page::cp437()))),
                "65001" => return Some(Charset::Utf8),
                _ => {}
            }
        }
        let encoding = Encoding::for_label(label.as_bytes()).or_else(|| {
            // `cp1252`, `win1252` and `latin1` spellings that the WHATWG list leaves out.
            let spelling = match letters.as_str() {
                "cp" | "win" | "windows" | "ansi" => format!("windows-{digits}"),
                "utf" => format!(
                    "utf-{}",
                    label
                        .to_ascii_lowercase()
                        .trim_start_matches("utf")
                        .trim_start_matches(['-', '_'])
                ),
                _ => return None,
            };
            Encoding::for_label(spelling.as_bytes())
        })?;
        if encoding == UTF_8 {
            return Some(Charset::Utf8);
        }
        if encoding == encoding_rs::REPLACEMENT {
            return None;
        }
        Some(match Page::of_encoding(encoding) {
            Some(page) => Charset::Page(Arc::new(page)),
            None => Charset::Wide(encoding),
        })
    }

    /// What a byte order mark declares, and its length.
    pub fn of_mark(head: &[u8]) -> Option<(Charset, usize)> {
        match Encoding::for_bom(head) {
            Some((encoding, len)) if encoding == UTF_8 => Some((Charset::Utf8, len)),
            Some((encoding, len)) => Some((Charset::Wide(encoding), len)),
            None => None,
        }
    }

    /// UTF-16 without a mark: Latin text has a zero in every second byte.
    pub fn of_zeros(head: &[u8]) -> Option<Charset> {
        let head = &head[..head.len().min(4096) & !1];
        if head.len() < 8 {
            return None;
        }
        let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|&&byte| byte == 0).count();
        let pairs = head.len() / 2;
        match (zeros(0) * 10 / pairs, zeros(1) * 10 / pairs) {
            (0, 7..) => Some(Charset::Wide(UTF_16LE)),
            (7.., 0) => Some(Charset::Wide(UTF_16BE)),
            _ => None,
        }
    }

    /// WHATWG name, or `cp850`, `cp437`.
    pub fn name(&self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF-8",
            Charset::Page(page) => page.name,
            Charset::Wide(encoding) => encoding.name(),
        }
    }
}

/// Turns bytes of any encoding into UTF-8 while they are read. What cannot be decoded becomes a byte 0xFF, which is no
/// UTF-8, so that the strict check of the reader refuses that row.
pub struct Transcoded<R> {
    inner: R,
    kind: Kind,
    input: Box<[u8]>,
    filled: (usize, usize),
    output: Vec<u8>,
    taken: usize,
    ended: bool,
}

enum Kind {
    Decoder(Box<encoding_rs::Decoder>),
    Page(Arc<Page>),
}

impl<R: Read> Transcoded<R> {
    pub fn of_page(inner: R, page: Arc<Page>) -> Transcoded<R> {
        Transcoded::new(inner, Kind::Page(page))
    }

    /// A byte order mark at the start is left out.
    pub fn of_encoding(inner: R, encoding: &'static Encoding) -> Transcoded<R> {
        Transcoded::new(inner, Kind::Decoder(Box::new(encoding.new_decoder_with_bom_removal())))
    }

    fn new(inner: R, kind: Kind) -> Transcoded<R> {
        let input = vec![0; 64 * 1024].into_boxed_slice();
        Transcoded {
            inner,
            kind,
            input,
            filled: (0, 0),
            output: Vec::new(),
            taken: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.taken = 0;
        while self.output.is_empty() && !self.ended {
            if self.filled.0 == self.filled.1 {
                let n = self.inner.read(&mut self.input)?;
                self.filled = (0, n);
                self.ended = n == 0;
            }
            let input = &self.input[self.filled.0..self.filled.1];
            match &mut self.kind {
                Kind::Page(page) => {
                    let mut text = [0; 4];
                    for &byte in input {
                        match page.char(byte) {
                            Some(c) => self.output.extend_from_slice(c.encode_utf8(&mut text).as_bytes()),
                            None => self.output.push(0xff),
                        }
                    }
                    self.filled.0 = self.filled.1;
                }
                Kind::Decoder(decoder) => {
                    self.output.resize(self.input.len() * 3 + 16, 0);
                    let (result, read, written) =
                        decoder.decode_to_utf8_without_replacement(input, &mut self.output, self.ended);
                    self.output.truncate(written);
                    self.filled.0 += read;
                    if let encoding_rs::DecoderResult::Malformed(..) = result {
                        self.output.push(0xff);
                    }
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.output.len() {
            self.refill()?;
        }
        let rest = &self.output[self.taken..];
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        self.taken += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_in_the_usual_spellings() {
        let name = |label| Charset::of_label(label).map(|charset| charset.name());
        assert_eq!(name("latin1"), Some("windows-1252"));
        assert_eq!(name("CP1252"), Some("windows-1252"));
        assert_eq!(name("utf8"), Some("UTF-8"));
        assert_eq!(name("IBM850"), Some("cp850"));
        assert_eq!(name("cp437"), Some("cp437"));
        assert_eq!(name("utf-16le"), Some("UTF-16LE"));
        assert_eq!(name("klingon"), None);
    }

    #[test]
    fn what_cannot_be_decoded_never_becomes_text() {
        let read = |bytes: &[u8], encoding| {
            let mut out = Vec::new();
            Transcoded::of_encoding(bytes, encoding).read_to_end(&mut out).unwrap();
            out
        };
        assert_eq!(read(b"\xff\xfea\0\xf1\0", UTF_16LE), "añ".as_bytes());
        assert_eq!(read(b"a\0\0\xd8b\0", UTF_16LE), b"a\xffb");
        assert_eq!(read(b"a\0b", UTF_16LE), b"a\xff");
    }

    #[test]
    fn zeros_show_utf_16_without_a_mark() {
        let text: Vec<u8> = "sku;nombre\nA;ñandú"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(Charset::of_zeros(&text).map(|charset| charset.name()), Some("UTF-16LE"));
        assert!(Charset::of_zeros(b"sku;name\nA;b\n").is_none());
    }
}
