//! Steps on one text: spaces, case, replacements, cuts, and the repair of markup and encodings.
//!
//! Each gets a text and gives a text; a text that needs no change is given back as it came, without an allocation.

use crate::transform::texts::{LONGEST, fits, narrow, renew};
use crate::value::mismatch::Mismatch;
use crate::value::text;
use regex::{Captures, Regex, RegexBuilder};
use std::borrow::Cow;

/// Largest compiled program of a pattern, in bytes (specs on threats: 1 MiB).
const LARGEST_PATTERN: usize = 1024 * 1024;

pub fn trim<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    narrow(text, str::trim)
}

/// Is every run of white space one space? One pass over the bytes, many at a time, where no character can be a wide space.
fn is_even(text: &str) -> bool {
    let (mut before, mut uneven, mut wide) = (0, false, false);
    for byte in text.bytes() {
        uneven |= (0x09..=0x0d).contains(&byte) || byte == b' ' && before == b' ';
        // U+0085 and U+00A0 begin with 0xc2; U+1680, U+2000 to U+205F and U+3000 with 0xe1 to 0xe3.
        wide |= matches!(byte, 0xc2 | 0xe1..=0xe3);
        before = byte;
    }
    if !wide {
        return !uneven;
    }
    let mut spaced = false;
    text.chars().all(|c| {
        let fine = c == ' ' && !spaced || !c.is_whitespace();
        spaced = c == ' ';
        fine
    })
}

/// Every run of white space one space.
pub fn squeeze<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    if is_even(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut spaced = false;
    for c in text.chars() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !spaced {
            out.push(' ');
        }
        spaced = c.is_whitespace();
    }
    Cow::Owned(out)
}

pub fn lower<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        text.chars().any(char::is_uppercase).then(|| text.to_lowercase())
    })
}

pub fn upper<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        text.chars().any(char::is_lowercase).then(|| text.to_uppercase())
    })
}

/// Words that stay small inside a title, in es, en, de, fr, it and pt; none that is a word of content in another of them
/// (`sur`, `die`, `no`).
#[rustfmt::skip]
const SMALL: &[&str] = &[
    "a", "al", "an", "and", "au", "aux", "avec", "c", "com", "con", "d", "da", "das", "de", "degli", "dei", "del",
    "della", "der", "des", "di", "dos", "du", "e", "el", "em", "en", "et", "for", "für", "il", "in", "la", "las",
    "le", "les", "lo", "los", "mit", "na", "o", "of", "oder", "or", "ou", "para", "per", "por", "pour", "sans",
    "sem", "sin", "the", "un", "una", "und", "uno", "von", "with", "y", "zu",
];

/// Each word with a capital, small words small. Words with digits are codes and stay as they are.
pub fn title_case<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        let mut out = String::with_capacity(text.len());
        let mut first = true;
        for word in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '-' | '/' | '(' | '\'' | '’')) {
            let letters = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            if letters.contains(|c: char| c.is_ascii_digit()) {
                out.push_str(word);
            } else {
                let lower = word.to_lowercase();
                let small = !first && SMALL.contains(&lower.trim_end_matches(|c: char| !c.is_alphanumeric()));
                if small {
                    out.push_str(&lower)
                } else {
                    capital(&lower, &mut out)
                }
            }
            first = first && letters.is_empty();
        }
        Some(out)
    })
}

/// Each sentence with a capital, the rest small. Words with digits are codes and stay as they are.
pub fn sentence_case<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        let mut out = String::with_capacity(text.len());
        let mut begins = true;
        for word in text.split_inclusive(char::is_whitespace) {
            let bare = word.trim_end();
            if bare.contains(|c: char| c.is_ascii_digit()) {
                out.push_str(word);
            } else if begins {
                capital(&word.to_lowercase(), &mut out);
            } else {
                out.push_str(&word.to_lowercase());
            }
            if bare.contains(char::is_alphanumeric) {
                begins = bare.ends_with(['.', '!', '?', '…']);
            }
        }
        Some(out)
    })
}

/// Appends a word in lower case with its first letter made a capital; marks before it (`¡`, `«`) stay.
fn capital(word: &str, out: &mut String) {
    let mut raised = false;
    for c in word.chars() {
        if !raised && c.is_alphanumeric() {
            raised = true;
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
}

pub fn replace<'a>(text: Cow<'a, str>, from: &str, to: &str) -> Result<Cow<'a, str>, Mismatch> {
    if from.is_empty() || !text.contains(from) {
        return Ok(text);
    }
    if to.len() > from.len() {
        let count = text.matches(from).count();
        fits(text.len().saturating_add(count.saturating_mul(to.len() - from.len())))?;
    }
    Ok(Cow::Owned(text.replace(from, to)))
}

/// A pattern, compiled under its limit.
pub fn pattern(text: &str) -> Result<Regex, Mismatch> {
    RegexBuilder::new(text)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|error| {
            let message = match error {
                regex::Error::CompiledTooBig(_) => "a pattern that compiles to more than 1 MiB".to_string(),
                // The last line of the library's message says what is wrong; those above draw the place.
                error => {
                    let text = error.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    format!("a pattern that is not valid: {}", last.trim_start_matches("error: "))
                }
            };
            Mismatch::new("E-STEP", message)
                .with_help("patterns are those of the Rust regex crate; test it with a short one first")
        })
}

/// The names in a replacement (`$1`, `${code}`) that the pattern has no group for.
pub fn unknown_group(pattern: &Regex, to: &str) -> Option<String> {
    let mut rest = to;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
            continue;
        }
        let name = match rest.strip_prefix('{') {
            Some(inner) => inner.split_once('}').map_or("", |(name, _)| name),
            None => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                &rest[..end]
            }
        };
        let known = match name.parse::<usize>() {
            Ok(number) => number < pattern.captures_len(),
            Err(_) => pattern.capture_names().flatten().any(|group| group == name),
        };
        if !known && !name.is_empty() {
            return Some(name.to_string());
        }
    }
    None
}

pub fn replace_regex<'a>(text: Cow<'a, str>, pattern: &Regex, to: &str) -> Result<Cow<'a, str>, Mismatch> {
    if !pattern.is_match(&text) {
        return Ok(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for captures in pattern.captures_iter(&text) {
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(&text[kept..whole.start()]);
        kept = whole.end();
        // One replacement repeats parts of the text at most as often as it names groups.
        fits(out.len().saturating_add(grown(&captures, to)))?;
        captures.expand(to, &mut out);
    }
    fits(out.len() + text.len() - kept)?;
    out.push_str(&text[kept..]);
    Ok(Cow::Owned(out))
}

fn grown(captures: &Captures<'_>, to: &str) -> usize {
    let groups = to.bytes().filter(|byte| *byte == b'$').count();
    let longest = captures.iter().flatten().map(|group| group.len()).max().unwrap_or(0);
    to.len().saturating_add(groups.saturating_mul(longest)).min(LONGEST + 1)
}

pub fn strip_prefix<'a>(text: Cow<'a, str>, prefix: &str) -> Cow<'a, str> {
    narrow(text, |text| {
        text.trim_start().strip_prefix(prefix).map_or(text, str::trim_start)
    })
}

pub fn strip_suffix<'a>(text: Cow<'a, str>, suffix: &str) -> Cow<'a, str> {
    narrow(text, |text| {
        text.trim_end().strip_suffix(suffix).map_or(text, str::trim_end)
    })
}

/// Puts something before a text that says something.
pub fn prefix<'a>(text: Cow<'a, str>, prefix: &str) -> Result<Cow<'a, str>, Mismatch> {
    if text.trim().is_empty() {
        return Ok(text);
    }
    fits(text.len() + prefix.len())?;
    Ok(Cow::Owned([prefix, &text].concat()))
}

/// Puts something behind a text that says something.
pub fn suffix<'a>(text: Cow<'a, str>, suffix: &str) -> Result<Cow<'a, str>, Mismatch> {
    if text.trim().is_empty() {
        return Ok(text);
    }
    fits(text.len() + suffix.len())?;
    Ok(Cow::Owned([&text, suffix].concat()))
}

pub fn plain_text<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        memchr::memchr2(b'<', b'&', text.as_bytes()).map(|_| text::plain(text).into_owned())
    })
}

pub fn clean_html<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        memchr::memchr3(b'<', b'&', b'>', text.as_bytes()).map(|_| text::clean(text))
    })
}

/// Resolves references until none is left, at most three times (`&amp;amp;quot;`).
pub fn unescape<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        let mut out: Option<String> = None;
        for _ in 0..3 {
            let source = out.as_deref().unwrap_or(text);
            match text::resolve(source) {
                Cow::Owned(resolved) if resolved != source => out = Some(resolved),
                _ => break,
            }
        }
        out
    })
}

/// Repairs UTF-8 that was read as windows-1252 (`PiÃ±a`), only where the way back gives the same bytes again.
pub fn fix_mojibake<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        // Every lead byte of UTF-8 shows as one of these letters.
        if text.is_ascii() || !text.contains(['Ã', 'Â', 'â', 'Ä', 'Å']) {
            return None;
        }
        let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
        if unmappable {
            return None;
        }
        let repaired = std::str::from_utf8(&bytes).ok()?;
        let (back, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(repaired.as_bytes());
        (back == text && !text::has_control(repaired)).then(|| repaired.to_string())
    })
}

/// At most `most` characters, cut between words where there are any, without marks left hanging.
pub fn truncate<'a>(text: Cow<'a, str>, most: usize) -> Cow<'a, str> {
    narrow(text, |text| {
        let Some((end, next)) = text.char_indices().nth(most) else {
            return text;
        };
        let cut = &text[..end];
        let at_word = next.is_whitespace() || cut.ends_with(char::is_whitespace);
        let kept = match cut.rfind(char::is_whitespace) {
            Some(space) if !at_word && !cut[..space].trim().is_empty() => &cut[..space],
            _ => cut,
        };
        kept.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '—' | '/' | '('))
    })
}

/// What stands before the first mark; all where there is none.
pub fn before<'a>(text: Cow<'a, str>, mark: &str) -> Cow<'a, str> {
    narrow(text, |text| {
        text.split_once(mark).map_or(text, |(front, _)| front.trim_end())
    })
}

/// What stands behind the first mark; all where there is none.
pub fn after<'a>(text: Cow<'a, str>, mark: &str) -> Cow<'a, str> {
    narrow(text, |text| {
        text.split_once(mark).map_or(text, |(_, back)| back.trim_start())
    })
}

/// The value of a name in a text of names and values, the first where it is said twice; blank where it is not. `name` is in
/// small letters.
pub fn pair<'a>(text: Cow<'a, str>, name: &str, between: &str, is: &str) -> Cow<'a, str> {
    let is_it = |known: &str| match known.is_ascii() {
        true => known.eq_ignore_ascii_case(name),
        false => known.to_lowercase() == name,
    };
    narrow(text, |text| {
        text.split(between)
            .filter_map(|pair| pair.split_once(is))
            .find(|(known, _)| is_it(known.trim()))
            .map_or("", |(_, value)| value.trim())
    })
}

/// What the pattern's group matches first; blank where it matches nowhere.
pub fn extract<'a>(text: Cow<'a, str>, pattern: &Regex) -> Cow<'a, str> {
    narrow(text, |text| {
        pattern
            .captures(text)
            .and_then(|captures| captures.get(1))
            .map_or("", |group| group.as_str())
    })
}

/// The digits 0 to 9 and nothing else.
pub fn digits<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    renew(text, |text| {
        let other = |c: char| !c.is_ascii_digit();
        text.contains(other)
            .then(|| text.chars().filter(char::is_ascii_digit).collect())
    })
}
