//! Texts: compared without accents and case, stripped of markup, cleaned of what must not be stored.
//!
//! Nothing here knows a language; which text is a name and which a description is left to the schema.

use crate::value::entity;
use std::borrow::Cow;
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// A text for comparing: accents dropped, lower case, every run of other signs one space, none at the ends.
///
/// `Rojo  PASIÓN!` and `rojo pasion` fold alike. Letters that do not decompose are spelled out (`ß` ss, `ø` o, `æ` ae).
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// The same, appended to `out`.
pub fn fold_into(text: &str, out: &mut String) {
    let start = out.len();
    let mut gap = false;
    if text.is_ascii() {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                separate(&mut gap, start, out);
                out.push(char::from(byte.to_ascii_lowercase()));
            } else {
                gap = true;
            }
        }
        return;
    }
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            separate(&mut gap, start, out);
            out.push(c.to_ascii_lowercase());
        } else if c.is_ascii() {
            gap = true;
        } else {
            // Marks are dropped, so their canonical order, which a whole text would need, does not matter.
            decompose_compatible(c, |part| fold_char(part, &mut gap, start, out));
        }
    }
}

/// Writes the one space that stands for what was between two words.
fn separate(gap: &mut bool, start: usize, out: &mut String) {
    if *gap && out.len() > start {
        out.push(' ');
    }
    *gap = false;
}

fn fold_char(c: char, gap: &mut bool, start: usize, out: &mut String) {
    if is_combining_mark(c) {
        return;
    }
    if !c.is_alphanumeric() {
        *gap = true;
        return;
    }
    separate(gap, start, out);
    match c {
        'ß' | 'ẞ' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        'ø' | 'Ø' => out.push('o'),
        'ł' | 'Ł' => out.push('l'),
        'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
        'þ' | 'Þ' => out.push_str("th"),
        'ı' => out.push('i'),
        // A lower case may bring its own mark (İ), which is dropped like the others.
        c => out.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
    }
}

/// How alike two texts are, from 0 to 1: the normalized similarity of insertions and deletions.
pub fn likeness(a: &str, b: &str) -> f64 {
    if a.is_ascii() && b.is_ascii() {
        return rapidfuzz::fuzz::ratio(a.bytes(), b.bytes());
    }
    rapidfuzz::fuzz::ratio(a.chars(), b.chars())
}

/// The candidate most like the word, for "did you mean"; none where all are too far away. The first of equals wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = fold(word);
    if word.is_empty() || word.len() > 200 {
        return None;
    }
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let score = likeness(&word, &fold(candidate));
        if score >= 0.6 && best.is_none_or(|(leading, _)| score > leading) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The text without white space around it, as `str::trim`; the usual text, which has none, is known by two bytes.
pub fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(0x21..=0x7e), Some(0x21..=0x7e)) => text,
        _ => text.trim(),
    }
}

/// True where a text holds NUL or another control character beside line breaks and tabs.
pub fn has_control(text: &str) -> bool {
    let mut lead = 0;
    let mut found = false;
    // Without a branch inside, the loop runs many bytes at a time.
    for byte in text.bytes() {
        found |= byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t') || byte == 0x7f || (lead == 0xc2 && byte < 0xa0);
        lead = byte;
    }
    found
}

/// True where a text holds marks that nobody sees: zero-width characters, soft hyphens, marks that turn the direction.
pub fn has_invisible(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(is_invisible)
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with control characters made spaces, and in Unicode's composed form (NFC); borrowed where nothing changes.
pub fn tidy(text: &str) -> Cow<'_, str> {
    // Most texts are tidy, and one pass over their bytes, many at a time, says so. A byte 0xc2 may begin a control character.
    let (mut doubt, mut high) = (false, false);
    for byte in text.bytes() {
        doubt |= byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t') || byte == 0x7f || byte == 0xc2;
        high |= byte >= 0xcc;
    }
    if !doubt && !high {
        return Cow::Borrowed(text);
    }
    let text = if has_control(text) {
        let spaced = |c: char| {
            if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
                ' '
            } else {
                c
            }
        };
        Cow::Owned(text.chars().map(spaced).collect::<String>())
    } else {
        Cow::Borrowed(text)
    };
    // No character below U+0300 composes with another; in UTF-8 those have no byte above 0xcb.
    if text.bytes().all(|byte| byte < 0xcc)
        || unicode_normalization::is_nfc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes
    {
        return text;
    }
    Cow::Owned(text.nfc().collect())
}

/// The text with HTML character references resolved, once: `&amp;quot;` gives `&quot;`. Unknown names stay as they are.
pub fn resolve(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity::first(rest) {
            Some((c, len)) => {
                out.push(c);
                rest = &rest[len..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Plain text of HTML: markup and comments gone, references resolved, ends of blocks made line breaks, scripts dropped.
///
/// A `<` that opens no tag stays (`< 5 kg`). Lines are trimmed, spaces squeezed, and empty lines dropped.
pub fn plain(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let mut at = 0;
    if memchr::memchr2(b'<', b'&', bytes).is_none() {
        return match is_squeezed(html) {
            true => Cow::Borrowed(html),
            false => Cow::Owned(squeezed(html)),
        };
    }
    let mut flat = String::with_capacity(html.len());
    while let Some(open) = memchr::memchr(b'<', &bytes[at..]).map(|n| at + n) {
        flat.push_str(&resolve(&html[at..open]));
        let rest = &html[open..];
        let Some(tag) = Tag::first(rest) else {
            flat.push('<');
            at = open + 1;
            continue;
        };
        at = open + tag.len;
        if matches!(tag.name.as_str(), "script" | "style" | "title" | "template") && !tag.closing {
            at = open + tag.len + end_of(&html[at..], &tag.name);
        } else if tag.breaks() {
            flat.push('\n');
        } else if tag.parts() {
            flat.push(' ');
        }
    }
    flat.push_str(&resolve(&html[at..]));
    Cow::Owned(squeezed(&flat))
}

/// A text as it stands in HTML, in elements and in quoted attributes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Would squeezing leave a text as it is? False also where that would take a longer look: for characters that may be wide spaces.
fn is_squeezed(text: &str) -> bool {
    let mut before = b'\n';
    let mut untidy = false;
    // Without a branch inside, the loop is quick.
    for byte in text.bytes() {
        untidy |= (byte == b' ' || byte == b'\n') && (before == b' ' || before == b'\n');
        // Tabs and other controls; U+0085 and U+00A0; what begins like U+1680, U+2000 or U+3000.
        untidy |= byte < 0x20 && byte != b'\n' || before == 0xc2 && (byte == 0x85 || byte == 0xa0);
        untidy |= matches!(byte, 0xe1..=0xe3);
        before = byte;
    }
    !untidy && (before != b' ' && before != b'\n' || text.is_empty())
}

/// Lines trimmed, spaces squeezed, empty lines dropped.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(first);
        for word in words {
            out.push(' ');
            out.push_str(word);
        }
    }
    out
}

/// One tag, comment or declaration at the beginning of a text.
struct Tag {
    name: String,
    closing: bool,
    len: usize,
}

impl Tag {
    fn first(text: &str) -> Option<Tag> {
        let inner = text.strip_prefix('<')?;
        if inner.starts_with("!--") {
            let len = inner.find("-->").map_or(text.len(), |end| end + 4);
            return Some(Tag {
                name: String::new(),
                closing: false,
                len,
            });
        }
        let closing = inner.starts_with('/');
        let word = inner.strip_prefix('/').unwrap_or(inner);
        if !word.starts_with(|c: char| c.is_ascii_alphabetic() || (!closing && matches!(c, '!' | '?'))) {
            return None;
        }
        let name: String = word.chars().take_while(char::is_ascii_alphanumeric).take(16).collect();
        // A `>` inside a quoted attribute does not end the tag. One that never ends is no tag.
        let mut quote = None;
        for (n, byte) in text.bytes().enumerate().skip(1).take(64 * 1024) {
            match (quote, byte) {
                (None, b'>') => {
                    return Some(Tag {
                        name: name.to_ascii_lowercase(),
                        closing,
                        len: n + 1,
                    });
                }
                (None, b'<') => return None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if open == byte => quote = None,
                _ => {}
            }
        }
        None
    }

    fn breaks(&self) -> bool {
        matches!(
            self.name.as_str(),
            "br" | "hr"
                | "p"
                | "div"
                | "li"
                | "ul"
                | "ol"
                | "tr"
                | "table"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
                | "dt"
                | "dd"
                | "dl"
                | "section"
                | "article"
                | "header"
                | "footer"
                | "blockquote"
                | "pre"
        )
    }

    /// Cells stand apart even where no space says so.
    fn parts(&self) -> bool {
        matches!(self.name.as_str(), "td" | "th" | "img" | "option")
    }
}

/// Where the element's content and closing tag end; the whole text where it is never closed.
fn end_of(text: &str, name: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(open) = memchr::memmem::find(&bytes[at..], b"</").map(|n| at + n) {
        let from = open + 2;
        if bytes
            .get(from..from + name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        {
            return memchr::memchr(b'>', &bytes[from..]).map_or(text.len(), |n| from + n + 1);
        }
        at = from;
    }
    text.len()
}

/// The tags that rich texts keep; all others are unwrapped, scripts and styles dropped with their content.
pub const KEPT_TAGS: &[&str] = &[
    "p", "br", "ul", "ol", "li", "strong", "em", "b", "i", "h2", "h3", "h4", "table", "tr", "td", "th",
];

/// More tags than this are no description; nesting that deep would cost quadratic time to mend.
const MOST_TAGS: usize = 5_000;

/// HTML kept to the allow list, without attributes, well-formed. Texts without `<` and `&` come back as they are.
///
/// Texts of more than 5,000 tags are reduced to their plain text.
pub fn clean(html: &str) -> String {
    static CLEANER: OnceLock<ammonia::Builder<'static>> = OnceLock::new();
    if memchr::memchr3(b'<', b'&', b'>', html.as_bytes()).is_none() {
        return html.to_string();
    }
    if memchr::memchr_iter(b'<', html.as_bytes()).take(MOST_TAGS + 1).count() > MOST_TAGS {
        return ammonia::clean_text(&plain(html));
    }
    let cleaner = CLEANER.get_or_init(|| {
        let mut builder = ammonia::Builder::empty();
        builder
            .tags(KEPT_TAGS.iter().copied().collect())
            .clean_content_tags(["script", "style", "title", "template"].into_iter().collect())
            .strip_comments(true);
        builder
    });
    cleaner.clean(html).to_string().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_fold_to_what_people_compare() {
        assert_eq!(fold("  Rojo  PASIÓN! "), "rojo pasion");
        assert_eq!(fold("C/ Mayor, 3-B"), "c mayor 3 b");
        assert_eq!(fold("Straße ØRE Łódź Œuvre"), "strasse ore lodz oeuvre");
        assert_eq!(fold("½ İstanbul ﬁn"), "1 2 istanbul fin");
        assert_eq!(fold("---"), "");
        let mut out = String::from("x=");
        fold_into(" ¡Hola! ", &mut out);
        assert_eq!(out, "x=hola");
    }

    #[test]
    fn the_nearest_word_is_offered() {
        assert_eq!(
            nearest("desciption", ["name", "description", "price"]),
            Some("description")
        );
        assert_eq!(nearest("zzz", ["name", "price"]), None);
        assert_eq!(nearest("", ["name"]), None);
        assert!(likeness("taladro", "taladros") > 0.9);
        assert_eq!(likeness("añil", "añil"), 1.0);
    }

    #[test]
    fn plain_text_of_html() {
        assert_eq!(
            plain("<p>Uno &amp; dos</p><ul><li>tres</li><li>cuatro &euro;</li></ul>"),
            "Uno & dos\ntres\ncuatro €"
        );
        assert_eq!(plain("a < b, <5 kg & más"), "a < b, <5 kg & más");
        assert_eq!(plain("x<script>alert('</b>')</script>y<!-- c -->z"), "xyz");
        assert_eq!(plain("<a title=\"a>b\">link</a>"), "link");
        assert_eq!(plain("<table><tr><td>A</td><td>1</td></tr></table>"), "A 1");
        assert_eq!(plain("<b>open"), "open");
        assert_eq!(plain("x<script>never closed"), "x");
    }

    #[test]
    fn rich_text_keeps_the_allow_list_only() {
        assert_eq!(clean("sin marcas"), "sin marcas");
        assert_eq!(
            clean("<p onclick=x>a<script>b</script><a href=\"javascript:x\">c</a></p>"),
            "<p>ac</p>"
        );
        assert_eq!(clean("<ul><li>uno<li>dos</ul>"), "<ul><li>uno</li><li>dos</li></ul>");
        assert_eq!(clean("a & b"), "a &amp; b");
        let many = "<b>".repeat(20_000) + "x";
        assert_eq!(clean(&many), "x");
    }

    #[test]
    fn hidden_characters_are_seen() {
        assert!(has_control("a\0b") && has_control("a\u{85}") && !has_control("a\n\tb"));
        assert!(has_invisible("ABC\u{200b}-1") && has_invisible("\u{202e}CBA") && !has_invisible("café"));
        assert_eq!(tidy("cafe\u{301}\u{b}x"), "café x");
        assert!(matches!(tidy("café"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(&fold(&once), &once);
        }

        #[test]
        fn any_markup_is_stripped(text in "[<>/!a-z&;#\"' -]{0,60}") {
            let _ = plain(&text);
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn quick_ways_come_to_what_the_slow_ones_do(text in "[aé \n\r\t\u{b}\u{85}\u{a0}\u{1680}\u{2003}\u{3000}€\u{301}\u{7f}\u{82}]{0,12}") {
            prop_assert_eq!(trimmed(&text), text.trim());
            prop_assert_eq!(plain(&text), squeezed(&text));
            let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            let spaced: String = text.chars().map(|c| if control(c) { ' ' } else { c }).collect();
            let composed: String = spaced.nfc().collect();
            prop_assert_eq!(tidy(&text), composed);
        }
    }
}
