//! A text cut into words, numbers and marks, each word looked up once.
//!
//! What words and numbers mean is left to `lexicon` and `quantity`.

use crate::value::text::fold_into;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Word,
    /// Digits, with points and commas between digits: `1.300,50`.
    Number,
    Comma,
    /// Colon or equals sign: what follows is what was named.
    Colon,
    Slash,
    Dash,
    Open,
    Close,
    /// `×` and `*`; the letter x is a word.
    Times,
    Percent,
    Plus,
    Currency,
    /// Ends a sentence, a line or a cell.
    Stop,
    Other,
}

/// A piece of a text.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Bytes in the text.
    pub start: u32,
    pub end: u32,
    /// Number of the word in the vocabulary, 0 where it is not there. Numbers may be words too (`E27`).
    pub word: u32,
    pub kind: Kind,
    /// No space stands before it.
    pub glued: bool,
}

/// Hash of short words, by multiplying and turning. The words come from the schema, so nobody can choose them to collide.
#[derive(Clone, Copy)]
pub struct WordHash(u64);

impl Default for WordHash {
    fn default() -> WordHash {
        WordHash(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for WordHash {
    fn write(&mut self, bytes: &[u8]) {
        // Eight bytes at a time; what is shorter ends in zeros, and its length tells it apart.
        let mut step = |number: u64| self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let (eights, rest) = bytes.as_chunks::<8>();
        eights.iter().for_each(|eight| step(u64::from_le_bytes(*eight)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        step(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

pub type Hashed = BuildHasherDefault<WordHash>;

/// The words that mean something, by their folded spelling. Never iterated.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    ids: HashMap<Box<str>, u32, Hashed>,
}

impl Vocabulary {
    /// The number of a folded word, counted from 1; made where it is new.
    pub fn learn(&mut self, folded: &str) -> u32 {
        let next = self.ids.len() as u32 + 1;
        *self.ids.entry(folded.into()).or_insert(next)
    }

    /// The number of a folded word; 0 where it means nothing.
    fn find(&self, folded: &str) -> u32 {
        self.ids.get(folded).copied().unwrap_or(0)
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

/// Texts are read up to so many bytes; what stands behind is no spec.
pub const LONGEST_TEXT: usize = 16 * 1024;

/// Appends the tokens of a text. `scratch` is for folding.
pub fn cut(text: &str, vocabulary: &Vocabulary, scratch: &mut String, tokens: &mut Vec<Token>) {
    let bytes = text.as_bytes();
    let limit = text.len().min(LONGEST_TEXT);
    let mut at = 0;
    let mut glued = false;
    while at < limit {
        let start = at;
        let byte = bytes[at];
        let (kind, word) = match byte {
            b' ' | b'\t' | b'\r' => {
                at += 1;
                glued = false;
                continue;
            }
            b'0'..=b'9' => {
                at = number_end(bytes, at);
                (Kind::Number, vocabulary.find(&text[start..at]))
            }
            b'a'..=b'z' | b'A'..=b'Z' | 0xc2.. => {
                let (end, ascii) = word_end(text, at);
                if end == at {
                    let c = text[at..].chars().next().unwrap_or(' ');
                    at += c.len_utf8();
                    if c.is_whitespace() {
                        glued = false;
                        continue;
                    }
                    (sign(c), 0)
                } else {
                    at = end;
                    scratch.clear();
                    match ascii {
                        true => {
                            scratch.push_str(&text[start..end]);
                            scratch.make_ascii_lowercase();
                        }
                        false => fold_into(&text[start..end], scratch),
                    }
                    (Kind::Word, vocabulary.find(scratch))
                }
            }
            _ => {
                at += 1;
                (mark(bytes, start), 0)
            }
        };
        tokens.push(Token {
            start: start as u32,
            end: at as u32,
            word,
            kind,
            glued,
        });
        glued = true;
    }
}

/// Where the number ends: digits, and points and commas that stand between digits.
fn number_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        let inside = matches!(byte, b'.' | b',') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !byte.is_ascii_digit() && !inside {
            break;
        }
        at += 1;
    }
    at
}

/// Where the letters end, and whether all are ASCII. The same as `from` where there is none.
fn word_end(text: &str, from: usize) -> (usize, bool) {
    let bytes = text.as_bytes();
    let mut at = from;
    while bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
        at += 1;
    }
    if bytes.get(at).is_none_or(u8::is_ascii) {
        return (at, true);
    }
    let mut ascii = true;
    for (n, c) in text[at..].char_indices() {
        // The ordinal signs are letters to Unicode and degrees to those who type them.
        if !c.is_alphabetic() && !('\u{300}'..='\u{36f}').contains(&c) || matches!(c, 'º' | 'ª') {
            return (at + n, ascii);
        }
        ascii &= c.is_ascii();
    }
    (text.len(), ascii)
}

fn sign(c: char) -> Kind {
    match c {
        '×' => Kind::Times,
        '–' | '—' | '−' | '‐' | '‑' => Kind::Dash,
        '€' | '£' | '¥' => Kind::Currency,
        '•' | '·' | '●' | '▪' | '■' | '✓' | '✔' | '…' | '¿' | '¡' | '★' => Kind::Stop,
        _ => Kind::Other,
    }
}

fn mark(bytes: &[u8], at: usize) -> Kind {
    match bytes[at] {
        b',' => Kind::Comma,
        b':' | b'=' => Kind::Colon,
        b'/' => Kind::Slash,
        b'-' | b'~' => Kind::Dash,
        b'(' | b'[' => Kind::Open,
        b')' | b']' => Kind::Close,
        b'*' => Kind::Times,
        b'%' => Kind::Percent,
        b'+' => Kind::Plus,
        b'$' => Kind::Currency,
        b'\n' | b';' | b'!' | b'?' | b'|' => Kind::Stop,
        b'.' => stop(bytes, at),
        _ => Kind::Other,
    }
}

/// A point before a space and a capital letter ends a sentence; before a digit or a small letter it ends an abbreviation
/// (`máx. 60 Nm`).
fn stop(bytes: &[u8], at: usize) -> Kind {
    match bytes.get(at + 1) {
        None => Kind::Stop,
        Some(b' ' | b'\n' | b'\r') => match bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(next) if next.is_ascii_digit() || next.is_ascii_lowercase() => Kind::Other,
            _ => Kind::Stop,
        },
        _ => Kind::Other,
    }
}
