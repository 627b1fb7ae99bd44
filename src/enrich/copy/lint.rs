//! What is wrong with texts, whoever wrote them: leftovers, repeated words, capitals, the wrong language, forbidden words, length.
//!
//! One text at a time; whether two products say the same is left to who sees both.

use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::enrich::copy::budget::Budget;
use crate::enrich::copy::casing::is_shouted;
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::scope::Key;
use crate::value::Value;
use crate::value::text::{fold, plain};
use std::borrow::Cow;
use std::collections::BTreeMap;
use whichlang::Lang;

/// Shorter texts are in no language for certain: names of goods read alike in all of them.
const LEAST_FOR_LANGUAGE: usize = 160;

/// The same between Spanish, Portuguese and Italian.
const LEAST_FOR_NEIGHBOURS: usize = 480;

/// Words that may not stand in texts of a scope.
#[derive(Debug)]
pub struct Forbidden {
    /// Folded words; true where every word that begins so is meant.
    pub words: Vec<(String, bool)>,
    /// As in `Key`, 0 for any.
    pub locale: u8,
    pub channel: u8,
    /// Empty for any.
    pub attributes: Vec<AttributeId>,
    pub why: Option<String>,
}

/// How long texts should be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Length {
    pub min_chars: usize,
    pub budget: Budget,
}

/// The checks of a workspace.
#[derive(Debug, Default)]
pub struct Lint {
    /// Attributes whose texts are checked, sorted.
    pub attributes: Vec<AttributeId>,
    /// Attributes that may say the same of many products, sorted.
    pub repeatable: Vec<AttributeId>,
    pub forbidden: Vec<Forbidden>,
    /// By the value that templates write: the widest limits of all that do.
    pub lengths: BTreeMap<Key, Length>,
}

impl Lint {
    /// Findings on the texts of a product. `place` tells where the template of a text stands.
    pub fn check(&self, product: &Product, schema: &Schema, place: impl Fn(u16) -> Option<Place>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for resolved in &product.values {
            if self.attributes.binary_search(&resolved.key.attribute).is_err() {
                continue;
            }
            let (text, html) = match &resolved.value {
                Value::Text(text) => (Cow::Borrowed(text.as_str()), text.as_str()),
                Value::RichText(html) => (plain(html), html.as_str()),
                _ => continue,
            };
            let from = found.len();
            self.check_text(resolved.key, &text, html, schema, &mut found);
            let place = match resolved.by {
                crate::product::By::Copy(template) => place(template),
                _ => None,
            };
            for finding in &mut found[from..] {
                finding.sku = Some(product.sku.clone());
                if let Some(place) = &place {
                    finding.place = place.clone();
                }
            }
        }
        found
    }

    /// Findings on one text; `html` is the text as it stands, markup and all.
    pub fn check_text(&self, key: Key, text: &str, html: &str, schema: &Schema, found: &mut Vec<Diagnostic>) {
        let name = schema.key_text(key);
        let mut tell = |code: &'static str, message: String, value: &str, help: &str| {
            found.push(
                Diagnostic::warning(code, format!("{name} {message}"))
                    .with_value(value)
                    .with_help(help),
            );
        };
        let locale = schema.locale_code(key.locale).unwrap_or_default();
        if let Some(leftover) = leftover(text, locale) {
            let help = "a template or a mapping left it there: mend it, or write the text by hand";
            tell(
                "W-COPY-LEFTOVER",
                format!("holds `{}`, which is no text", excerpt(leftover)),
                text,
                help,
            );
        }
        if let Some(word) = repeated(text) {
            let help = "take one away; in a template, `unless_in` leaves out what another value says";
            tell(
                "W-COPY-REPEATED",
                format!("says `{}` twice in a row", excerpt(word)),
                text,
                help,
            );
        }
        if is_shouted(text) {
            let help = "channels refuse capitals; `improve = [\"capitals\"]` lets a template write it anew";
            tell("W-COPY-CAPITALS", "is written in capitals".to_owned(), text, help);
        }
        if let Some(language) = foreign(text, locale) {
            let message = format!("reads like {language}, not like `{locale}`");
            tell(
                "W-COPY-LANGUAGE",
                message,
                text,
                "map the column to its locale, or have it translated",
            );
        }
        for forbidden in self.forbidden.iter().filter(|forbidden| forbidden.concerns(key)) {
            if let Some(word) = forbidden.find(text) {
                let help = forbidden.why.as_deref().unwrap_or("say it otherwise");
                tell("W-COPY-FORBIDDEN", format!("says `{}`", excerpt(&word)), text, help);
            }
        }
        if let Some(length) = self.lengths.get(&key) {
            let count = text.chars().count();
            if count < length.min_chars {
                let message = format!("has {count} characters, fewer than {}", length.min_chars);
                tell(
                    "W-COPY-SHORT",
                    message,
                    text,
                    "say more; `improve = [\"short\"]` lets a template write it anew",
                );
            }
            if !length.budget.holds(html) {
                let message = match (length.budget.max_chars, length.budget.max_bytes) {
                    (Some(most), _) if html.chars().count() > most => {
                        format!("has {} characters, more than {most}", html.chars().count())
                    }
                    (_, most) => format!("has {} bytes, more than {}", html.len(), most.unwrap_or_default()),
                };
                tell(
                    "W-COPY-LONG",
                    message,
                    text,
                    "shorten it; `improve = [\"long\"]` lets a template write it anew",
                );
            }
        }
    }

    /// Whether products with the same text in this attribute are worth telling.
    pub fn is_unique(&self, attribute: AttributeId) -> bool {
        self.attributes.binary_search(&attribute).is_ok() && self.repeatable.binary_search(&attribute).is_err()
    }
}

impl Forbidden {
    /// Its words, written as in the file, for a scope.
    pub fn words(written: &[String]) -> Vec<(String, bool)> {
        let word = |word: &String| match word.trim().strip_suffix('*') {
            Some(stem) => (fold(stem), true),
            None => (fold(word), false),
        };
        written.iter().map(word).filter(|(word, _)| !word.is_empty()).collect()
    }

    /// A text for all locales or channels is read by this one too.
    fn concerns(&self, key: Key) -> bool {
        let meets = |own: u8, other: u8| own == 0 || other == 0 || own == other;
        meets(self.locale, key.locale)
            && meets(self.channel, key.channel)
            && (self.attributes.is_empty() || self.attributes.contains(&key.attribute))
    }

    fn find(&self, text: &str) -> Option<String> {
        let folded = fold(text);
        for (word, begins) in &self.words {
            for (at, _) in folded.match_indices(word.as_str()) {
                let end = at + word.len();
                let starts = at == 0 || folded.as_bytes()[at - 1] == b' ';
                let ends = *begins || end == folded.len() || folded.as_bytes()[end] == b' ';
                if starts && ends {
                    return Some(word.clone());
                }
            }
        }
        None
    }
}

/// What templates, programs and spreadsheets leave behind.
fn leftover<'t>(text: &'t str, locale: &str) -> Option<&'t str> {
    for sign in [
        "{{", "}}", "{%", "%}", "[[", "]]", "()", "( )", "[]", ",,", ", ,", " ,", ";;", "| |", "- -", "#N/A", "#REF!",
        "&amp;", "&nbsp;",
    ] {
        if let Some(at) = text.find(sign) {
            return Some(&text[at..at + sign.len()]);
        }
    }
    // `null` is a number in German, `None` nothing else anywhere.
    let words: &[&str] = match locale.split('-').next() {
        Some("de") => &["undefined", "NaN", "None"],
        _ => &["null", "undefined", "NaN", "None"],
    };
    let mut rest = text.split(|c: char| !c.is_alphanumeric());
    rest.find(|word| words.contains(word)).or_else(|| {
        let begins = text.trim_start().starts_with([',', ';', ')']);
        begins.then(|| &text.trim_start()[..1])
    })
}

/// A word that stands twice with only blanks between.
fn repeated(text: &str) -> Option<&str> {
    // Said twice on purpose.
    const TWICE: &[&str] = &[
        "that", "had", "ylang", "bla", "chop", "pop", "bora", "nos", "muy", "baden", "duran", "choco", "yo", "tsubasa",
        "cous", "can", "dum", "piri", "tuk", "pili",
    ];
    let mut before: Option<&str> = None;
    for word in text.split_whitespace() {
        let letters = word.chars().count() > 1 && word.chars().all(char::is_alphabetic);
        if let Some(last) = before
            && word.len() >= last.len()
            && word.trim_end_matches(|c: char| c.is_ascii_punctuation()).to_lowercase() == last.to_lowercase()
            && !TWICE.contains(&fold(last).as_str())
        {
            return Some(last);
        }
        before = letters.then_some(word);
    }
    None
}

/// The language that a long text is in for certain, where it is not the locale's.
fn foreign(text: &str, locale: &str) -> Option<&'static str> {
    let own = known(locale)?;
    if text.len() < LEAST_FOR_LANGUAGE {
        return None;
    }
    let middle = (text.len() / 2..text.len()).find(|at| text.is_char_boundary(*at))?;
    let (first, second) = (
        whichlang::detect_language(&text[..middle]),
        whichlang::detect_language(&text[middle..]),
    );
    // Both halves must agree: a foreign name or a list of codes is in one of them. Neighbours are told apart by long texts only.
    let near = [Lang::Spa, Lang::Por, Lang::Ita];
    let unsure = near.contains(&first) && near.contains(&own) && text.len() < LEAST_FOR_NEIGHBOURS;
    if first != second || first == own || unsure {
        return None;
    }
    LANGUAGES
        .iter()
        .find(|(_, lang, _)| *lang == first)
        .map(|(_, _, name)| *name)
}

const LANGUAGES: &[(&str, Lang, &str)] = &[
    ("es", Lang::Spa, "Spanish"),
    ("en", Lang::Eng, "English"),
    ("de", Lang::Deu, "German"),
    ("fr", Lang::Fra, "French"),
    ("it", Lang::Ita, "Italian"),
    ("pt", Lang::Por, "Portuguese"),
    ("nl", Lang::Nld, "Dutch"),
    ("sv", Lang::Swe, "Swedish"),
];

fn known(locale: &str) -> Option<Lang> {
    let language = locale.split(['-', '_']).next()?;
    LANGUAGES
        .iter()
        .find(|(code, ..)| *code == language)
        .map(|(_, lang, _)| *lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_found() {
        for (text, found) in [
            ("Taladro {{ name }}", Some("{{")),
            ("Taladro None W", Some("None")),
            ("Taladro , 18 V", Some(" ,")),
            ("Taladro () 18 V", Some("()")),
            (", Taladro", Some(",")),
            ("Taladro 18 V, Nonell", None),
        ] {
            assert_eq!(leftover(text, "es"), found, "{text}");
        }
        assert_eq!(leftover("null Grad", "de"), None);
        assert_eq!(repeated("Taladro Bosch Bosch, 18 V"), Some("Bosch"));
        assert_eq!(repeated("pantalla de de 5 pulgadas"), Some("de"));
        assert_eq!(repeated("100 100 Ylang ylang"), None);
    }

    #[test]
    fn long_texts_are_in_a_language() {
        let german = "Dieser Bohrhammer ist für den harten Einsatz auf der Baustelle gemacht und wird mit zwei Akkus, einem Ladegerät und einem stabilen Koffer geliefert, damit Sie sofort anfangen können.";
        let spanish = "Este martillo perforador está pensado para el trabajo duro en la obra y se entrega con dos baterías, un cargador y un maletín resistente, para que pueda empezar de inmediato.";
        assert_eq!(foreign(german, "es"), Some("German"));
        assert_eq!(foreign(spanish, "es"), None);
        assert_eq!(foreign("Bohrhammer", "es"), None);
        assert_eq!(foreign(german, "eu"), None);
    }

    #[test]
    fn forbidden_words_are_whole_words() {
        let forbidden = Forbidden {
            words: Forbidden::words(&["barat*".to_owned(), "Envío gratis".to_owned()]),
            locale: 0,
            channel: 0,
            attributes: Vec::new(),
            why: None,
        };
        assert_eq!(forbidden.find("El más BARATO"), Some("barat".to_owned()));
        assert_eq!(forbidden.find("con envio gratis hoy"), Some("envio gratis".to_owned()));
        assert_eq!(forbidden.find("envíos gratis, desbarate"), None);
    }
}
