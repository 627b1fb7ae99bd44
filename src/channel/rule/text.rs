//! What texts look like: length, pattern, number of values, and the policies against shouting.

use crate::channel::pack::check::{Check, Policy};
use crate::channel::pack::regex;
use crate::channel::rule::compiler::{Compiler, ELSEWHERE, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Sink, content, each};
use crate::product::listing::Listing;
use regex::Regex;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// A rule about the looks of texts.
#[derive(Debug, Clone)]
pub enum TextTest {
    /// At most so many characters.
    MaxLength(u16, usize),
    /// Each text matches.
    Pattern(u16, Regex),
    /// The text occurs in none of the fields.
    NotContains(Vec<u16>, String),
    /// None of the policies is broken.
    Policies {
        fields: Vec<u16>,
        policies: Vec<Policy>,
        words: PromoWords,
    },
    /// At most so many values.
    MaxCount(u16, usize),
    /// At least so many values, where there is one.
    MinCount(u16, usize),
    /// The same number of values.
    SameCount(Vec<u16>),
}

impl TextTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<TextTest, Skip> {
        Ok(match check {
            Check::MaxLength { field, value } => TextTest::MaxLength(compiler.field(field), *value as usize),
            Check::Pattern { field, value } => {
                let field = compiler.field(field);
                TextTest::Pattern(field, compiler.regex(value).ok_or(ELSEWHERE)?)
            }
            Check::NotContains { fields, value } => TextTest::NotContains(compiler.fields(fields), value.clone()),
            Check::TextPolicy { fields, policy } => {
                let words = &compiler.pack().file.promo_words;
                let language = compiler.market().language.split(['-', '_']).next().unwrap_or("");
                let words = words
                    .get(language)
                    .or_else(|| words.get("en"))
                    .map_or(&[][..], Vec::as_slice);
                let words = PromoWords::compile(words);
                TextTest::Policies {
                    fields: compiler.fields(fields),
                    policies: policy.clone(),
                    words,
                }
            }
            Check::MaxCount { field, value } => TextTest::MaxCount(compiler.field(field), *value as usize),
            Check::MinCount { field, value } => TextTest::MinCount(compiler.field(field), *value as usize),
            Check::SameCount { fields } => TextTest::SameCount(compiler.fields(fields)),
            _ => return Err(ELSEWHERE),
        })
    }

    /// Runs the rule on a listing.
    pub fn run(&self, listing: &Listing, sink: &mut Sink<'_>) {
        match self {
            TextTest::MaxLength(field, most) => each(content(listing, *field), |text| {
                if text.len() > *most && text.chars().count() > *most {
                    sink.found(Fault::TooLong, Some(*field), Some(text));
                }
            }),
            TextTest::Pattern(field, pattern) => each(content(listing, *field), |text| {
                if !pattern.is_match(text) {
                    sink.found(Fault::PatternDiffers, Some(*field), Some(text));
                }
            }),
            TextTest::NotContains(fields, value) => {
                for field in fields {
                    each(content(listing, *field), |text| {
                        if text.contains(value.as_str()) {
                            sink.found(Fault::Contains, Some(*field), Some(text));
                        }
                    });
                }
            }
            TextTest::Policies {
                fields,
                policies,
                words,
            } => {
                for field in fields {
                    each(content(listing, *field), |text| {
                        for policy in policies {
                            if let Some(fault) = breaks(*policy, text, words) {
                                sink.found(fault, Some(*field), Some(text));
                            }
                        }
                    });
                }
            }
            TextTest::MaxCount(field, most) => {
                let count = content(listing, *field).count();
                if count > *most {
                    sink.found(Fault::TooManyValues, Some(*field), Some(&count.to_string()));
                }
            }
            TextTest::MinCount(field, least) => {
                let content = content(listing, *field);
                if !content.is_empty() && content.count() < *least {
                    sink.found(Fault::TooFewValues, Some(*field), Some(content.first()));
                }
            }
            TextTest::SameCount(fields) => {
                let mut counts = fields.iter().map(|field| content(listing, *field).count());
                let count = counts.next().unwrap_or(0);
                if counts.any(|other| other != count) {
                    sink.found(Fault::CountsDiffer, fields.first().copied(), None);
                }
            }
        }
    }
}

fn breaks(policy: Policy, text: &str, words: &PromoWords) -> Option<Fault> {
    match policy {
        Policy::Html => has_markup(text).then_some(Fault::Markup),
        Policy::AllCaps => shouts(text).then_some(Fault::Capitals),
        Policy::Emoji => text.chars().any(is_emoji).then_some(Fault::Emoji),
        Policy::PromoWords => words.occur_in(text).then_some(Fault::Promotion),
        Policy::Links => has_link(text).then_some(Fault::Link),
    }
}

/// Does the text hold an HTML tag or entity.
pub fn has_markup(text: &str) -> bool {
    let bytes = text.as_bytes();
    let tag = memchr::memchr_iter(b'<', bytes).any(|at| {
        let opens = bytes
            .get(at + 1)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!'));
        opens && memchr::memchr(b'>', &bytes[at + 1..]).is_some()
    });
    tag || memchr::memchr_iter(b'&', bytes).any(|at| {
        let rest = &bytes[at + 1..bytes.len().min(at + 12)];
        let name = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#')
            .count();
        name > 1 && rest.get(name) == Some(&b';')
    })
}

/// Is the text written in capitals: two words or more of four letters and longer, and no small letter in the whole text.
/// Short words and codes alone (`LED`, `BOSCH`, `GSB 18V-55`) are no shouting.
pub fn shouts(text: &str) -> bool {
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) || text.chars().any(char::is_lowercase) {
        return false;
    }
    let word = |word: &&str| word.chars().count() >= 4 && word.chars().all(char::is_alphabetic);
    text.split(|c: char| !c.is_alphanumeric()).filter(word).take(2).count() == 2
}

/// Is the character a pictogram: emoji, dingbats, flags, and the mark that turns a sign into one.
fn is_emoji(c: char) -> bool {
    c >= '\u{2600}'
        && matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b50}' | '\u{2b55}' | '\u{fe0f}' | '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f300}'..='\u{1faff}')
}

/// Does the text hold the address of a page or a mailbox.
fn has_link(text: &str) -> bool {
    if text.contains("://") || text.contains("www.") {
        return true;
    }
    memchr::memchr_iter(b'@', text.as_bytes()).any(|at| {
        let before = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let host: &str = text[at + 1..]
            .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
            .next()
            .unwrap_or("");
        before && host.trim_end_matches('.').contains('.')
    })
}

/// Promotional words, found without regard to accents and letter case, as whole words.
#[derive(Debug, Clone, Default)]
pub struct PromoWords {
    /// Ends at the end of a word.
    closed: Option<Regex>,
    /// May go on.
    open: Option<Regex>,
}

impl PromoWords {
    fn compile(words: &[String]) -> PromoWords {
        let (mut closed, mut open) = (Vec::new(), Vec::new());
        for word in words {
            match word.strip_suffix('*') {
                Some(stem) => open.push(fold(stem)),
                None => closed.push(fold(word)),
            }
        }
        PromoWords {
            closed: any_of(closed),
            open: any_of(open),
        }
    }

    /// Does one of them occur in a text.
    pub fn occur_in(&self, text: &str) -> bool {
        if self.closed.is_none() && self.open.is_none() {
            return false;
        }
        let text = fold(text);
        let begins = |at: usize| {
            let first = text[at..].starts_with(char::is_alphanumeric);
            !(first && text[..at].ends_with(char::is_alphanumeric))
        };
        let ends =
            |at: usize| !(text[..at].ends_with(char::is_alphanumeric) && text[at..].starts_with(char::is_alphanumeric));
        self.closed
            .as_ref()
            .is_some_and(|words| words.find_iter(&text).any(|m| begins(m.start()) && ends(m.end())))
            || self
                .open
                .as_ref()
                .is_some_and(|words| words.find_iter(&text).any(|m| begins(m.start())))
    }
}

/// One expression for many words, the longest first, so that a longer word is not missed for its beginning.
fn any_of(mut words: Vec<String>) -> Option<Regex> {
    words.retain(|word| !word.is_empty());
    if words.is_empty() {
        return None;
    }
    words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    let words: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
    regex(&words.join("|")).ok()
}

/// The text in small letters without accents.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else {
            // Marks are dropped, so their canonical order, which a whole text would need, does not matter.
            decompose_canonical(c, |part| {
                if !is_combining_mark(part) {
                    out.extend(part.to_lowercase());
                }
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_alone_are_not_shouting() {
        for text in ["BOSCH", "TALADRO PERCUTOR 18V", "ÑANDÚ ÁRBOL"] {
            assert_eq!(shouts(text), text != "BOSCH", "{text}");
        }
        for text in ["LED RGB USB", "GSB 18V-55", "Taladro PERCUTOR BOSCH", "", "東京 大阪"] {
            assert!(!shouts(text), "{text}");
        }
    }

    #[test]
    fn promotional_words_are_whole_words() {
        let words: Vec<String> = ["envío gratis", "oferta", "descuento*", "% dto"]
            .map(String::from)
            .into();
        let words = PromoWords::compile(&words);
        for text in [
            "Taladro ENVIO GRATIS",
            "¡Oferta! Sierra",
            "con descuentos",
            "20 % dto.",
            "Envío gratis",
        ] {
            assert!(words.occur_in(text), "{text}");
        }
        for text in ["Taladro", "cofertas", "ofertado", "gratis envío"] {
            assert!(!words.occur_in(text), "{text}");
        }
    }

    #[test]
    fn markup_and_links_are_seen() {
        for (text, markup, link) in [
            ("<b>Sierra</b>", true, false),
            ("Sierra &amp; hoja", true, false),
            ("a < b > c", false, false),
            ("Black & Decker; 5 <6", false, false),
            ("véase www.tienda.es", false, true),
            ("ventas@tienda.es", false, true),
            ("2 @ 3.5", false, false),
        ] {
            assert_eq!((has_markup(text), has_link(text)), (markup, link), "{text}");
        }
    }
}
