//! Templates that need no engine, read into pieces: texts, attributes with filters, and conditions around them.
//!
//! Only what means the same here and in the engine is read; everything else is left to the engine, by giving nothing.
//! Rendering is left to `template`.

use crate::channel::variable::{Names, Variable};
use crate::value::mismatch::Mismatch;
use crate::value::{Kind, text};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Deepest nesting that is read here.
const DEEPEST: usize = 8;

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Stands as it is.
    Text(String),
    /// The text of an attribute after some filters.
    Put(Variable, Vec<Edit>),
    /// One of two parts.
    If(Condition, Vec<Piece>, Vec<Piece>),
}

/// When the first of two parts is taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// It is there, and neither empty nor false nor 0.
    Holds(Operand),
    /// The first text occurs in the second.
    Within(Operand, Operand),
    /// The texts are the same.
    Same(Operand, Operand),
    /// The other way round.
    Not(Box<Condition>),
    /// All of several.
    All(Vec<Condition>),
    /// Any of several.
    Any(Vec<Condition>),
}

/// A text in a condition; what is not there is empty.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// The text of an attribute after some filters.
    Of(Variable, Vec<Edit>),
    /// A constant.
    Text(String),
}

/// A filter that is applied here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// In capitals.
    Upper,
    /// In small letters.
    Lower,
    /// Without blanks at its ends.
    Trim,
    /// As part of an address: small letters, digits, hyphens.
    Slug,
    /// Percent-encoded.
    UrlEncode,
    /// Without markup.
    Plain,
}

impl Edit {
    fn named(name: &str) -> Option<Edit> {
        Some(match name {
            "upper" => Edit::Upper,
            "lower" => Edit::Lower,
            "trim" => Edit::Trim,
            "slug" => Edit::Slug,
            "urlencode" => Edit::UrlEncode,
            "plain" => Edit::Plain,
            _ => return None,
        })
    }

    /// The text after the filter.
    pub fn apply(self, text: Cow<'_, str>) -> Cow<'_, str> {
        Cow::Owned(match self {
            Edit::Upper => text.to_uppercase(),
            Edit::Lower => text.to_lowercase(),
            Edit::Trim => text.trim().to_string(),
            Edit::Slug => slug(&text),
            Edit::UrlEncode => url_encode(&text),
            Edit::Plain => text::plain(&text).into_owned(),
        })
    }
}

/// Names that the engine itself knows.
pub const GLOBALS: [&str; 4] = ["debug", "dict", "namespace", "range"];

/// The pieces of a simple template; none where it is for the engine.
pub fn native(source: &str, names: &Names<'_>) -> Result<Option<Vec<Piece>>, Mismatch> {
    if source.contains('\n') {
        return Ok(None);
    }
    let mut rest = source;
    let pieces = pieces(&mut rest, names, 0)?;
    Ok(pieces.filter(|_| rest.is_empty()))
}

/// Reads pieces up to the end, or up to an `else` or `endif`, which stays.
fn pieces(rest: &mut &str, names: &Names<'_>, depth: usize) -> Result<Option<Vec<Piece>>, Mismatch> {
    let mut out = Vec::new();
    while let Some(at) = rest.find(['{']) {
        let (text, behind) = rest.split_at(at);
        let (closing, statement) = match behind.get(..2) {
            Some("{{") => ("}}", false),
            Some("{%") => ("%}", true),
            Some("{#") => return Ok(None),
            _ => {
                out.push(Piece::Text([text, "{"].concat()));
                *rest = &behind[1..];
                continue;
            }
        };
        let Some(end) = behind.find(closing) else {
            return Ok(None);
        };
        let inner = &behind[2..end];
        if inner.starts_with(['-', '+']) || inner.ends_with(['-', '+']) {
            return Ok(None);
        }
        if !text.is_empty() {
            out.push(Piece::Text(text.to_string()));
        }
        let after = &behind[end + 2..];
        if statement {
            let Some(words) = inner.trim().strip_prefix("if ").map(str::trim) else {
                // An `else` or `endif` is the caller's.
                *rest = behind;
                return Ok((depth > 0).then_some(out));
            };
            if depth >= DEEPEST {
                return Ok(None);
            }
            let Some(condition) = condition(words, names)? else {
                return Ok(None);
            };
            *rest = after;
            let Some(then) = pieces(rest, names, depth + 1)? else {
                return Ok(None);
            };
            let mut otherwise = Vec::new();
            if let Some(after) = word(rest, "else") {
                *rest = after;
                match pieces(rest, names, depth + 1)? {
                    Some(pieces) => otherwise = pieces,
                    None => return Ok(None),
                }
            }
            let Some(after) = word(rest, "endif") else {
                return Ok(None);
            };
            *rest = after;
            out.push(Piece::If(condition, then, otherwise));
            continue;
        }
        match operand(inner, names)? {
            Some(Operand::Of(variable, edits)) => out.push(Piece::Put(variable, edits)),
            _ => return Ok(None),
        }
        *rest = after;
    }
    if depth > 0 {
        return Ok(None);
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_string()));
        *rest = "";
    }
    Ok(Some(out))
}

/// What stands behind `{% word %}`, if the text begins with it.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (inner, after) = text.strip_prefix("{%")?.split_once("%}")?;
    (inner.trim() == word).then_some(after)
}

/// A condition of `and`, `or`, `not`, `in`, `==` and `!=` over operands, without brackets.
fn condition(text: &str, names: &Names<'_>) -> Result<Option<Condition>, Mismatch> {
    let words = words(text);
    let mut any = Vec::new();
    for alternative in words.split(|word| *word == "or") {
        let mut all = Vec::new();
        for part in alternative.split(|word| *word == "and") {
            let Some(condition) = comparison(part, names)? else {
                return Ok(None);
            };
            all.push(condition);
        }
        any.push(if all.len() == 1 {
            all.remove(0)
        } else {
            Condition::All(all)
        });
    }
    Ok(Some(if any.len() == 1 {
        any.remove(0)
    } else {
        Condition::Any(any)
    }))
}

fn comparison(words: &[&str], names: &Names<'_>) -> Result<Option<Condition>, Mismatch> {
    let not = |condition| Condition::Not(Box::new(condition));
    if let ["not", rest @ ..] = words {
        // `not a in b` is for the engine to read.
        let plain = !rest.iter().any(|word| matches!(*word, "in" | "not" | "==" | "!="));
        let inner = if plain { comparison(rest, names)? } else { None };
        return Ok(inner.map(not));
    }
    let split = |at: usize, width: usize| (&words[..at], &words[at + width..]);
    let sign = words
        .iter()
        .position(|word| matches!(*word, "in" | "not" | "==" | "!="));
    let Some(at) = sign else {
        return Ok(operand(&words.concat(), names)?.map(Condition::Holds));
    };
    let negated = matches!(words[at], "not" | "!=");
    let within = matches!(words[at], "not" | "in");
    if words[at] == "not" && words.get(at + 1) != Some(&"in") {
        return Ok(None);
    }
    let (left, right) = split(at, if words[at] == "not" { 2 } else { 1 });
    let (Some(left), Some(right)) = (operand(&left.concat(), names)?, operand(&right.concat(), names)?) else {
        return Ok(None);
    };
    // A number is not the text it prints, and a list holds members, not letters.
    if !left.is_text() || !right.is_text() {
        return Ok(None);
    }
    let condition = if within {
        Condition::Within(left, right)
    } else {
        Condition::Same(left, right)
    };
    Ok(Some(if negated { not(condition) } else { condition }))
}

/// Words and signs, with quoted texts whole.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            '|' => 1,
            '=' | '!' => rest.find(|c| c != '=' && c != '!').unwrap_or(rest.len()),
            _ => rest
                .find(|c: char| c.is_whitespace() || matches!(c, '|' | '=' | '!' | '"' | '\''))
                .unwrap_or(rest.len()),
        };
        out.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    out
}

/// `brand`, `brand|lower`, or a quoted text.
fn operand(text: &str, names: &Names<'_>) -> Result<Option<Operand>, Mismatch> {
    let text = text.trim();
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = text[1..]
            .strip_suffix(quote)
            .filter(|inner| !inner.contains([quote, '\\']));
        // Nothing at all is not the same as an attribute that is not there.
        return Ok(inner
            .filter(|inner| !inner.is_empty())
            .map(|inner| Operand::Text(inner.to_string())));
    }
    let mut parts = text.split('|').map(str::trim);
    let name = parts.next().unwrap_or("");
    if !is_name(name) {
        return Ok(None);
    }
    let Some(edits) = parts.map(Edit::named).collect::<Option<Vec<Edit>>>() else {
        return Ok(None);
    };
    Ok(Some(Operand::Of(names.find(name)?, edits)))
}

impl Operand {
    /// Is it compared as a text by the engine too.
    fn is_text(&self) -> bool {
        match self {
            Operand::Text(_) => true,
            Operand::Of(_, edits) if !edits.is_empty() => true,
            Operand::Of(Variable::Attribute(reading) | Variable::Label(reading), _) => {
                matches!(
                    reading.kind,
                    Kind::Text | Kind::Identifier | Kind::Option | Kind::Url | Kind::Gtin
                )
            }
            Operand::Of(_, _) => true,
        }
    }
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let words = [
        "true", "false", "none", "not", "and", "or", "in", "is", "True", "False", "None", "loop", "self", "super",
    ];
    name.starts_with(first)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !words.contains(&name)
        && !GLOBALS.contains(&name)
}

/// A text as part of an address: small letters without accents, digits, single hyphens.
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    let mut push = |c: char, out: &mut String| {
        if c.is_ascii_alphanumeric() {
            if gap && !out.is_empty() {
                out.push('-');
            }
            gap = false;
            out.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    };
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        let instead = match c {
            'ß' => "ss",
            'æ' | 'Æ' => "ae",
            'œ' | 'Œ' => "oe",
            'ø' | 'Ø' => "o",
            'ł' | 'Ł' => "l",
            'đ' | 'Đ' | 'ð' | 'Ð' => "d",
            'þ' | 'Þ' => "th",
            'ı' => "i",
            c => {
                push(c, &mut out);
                continue;
            }
        };
        instead.chars().for_each(|c| push(c, &mut out));
    }
    out
}

/// A text inside an address, as minijinja's `urlencode` writes it: letters, digits, `/`, `.`, `-` and `_` stay.
fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
