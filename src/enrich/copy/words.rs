//! What templates can do with texts: the functions and filters, the same for both ways of rendering.
//!
//! A filter is a function of what stands before it: `name|short(60)` is `short(name, 60)`.

use crate::enrich::copy::budget::Budget;
use crate::enrich::copy::casing;
use crate::enrich::copy::grammar::{self, Language};
use crate::enrich::copy::spell::Term;
use crate::value::text::{self, fold};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What every rendering knows beside the product's values.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub language: Language,
    /// The SKU, by which variations are chosen.
    pub sku: &'a str,
}

/// A function of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Parts,
    Listed,
    Plural,
    Vary,
    Agree,
    Article,
    Singular,
    Capital,
    Small,
    Lower,
    Upper,
    Trim,
    Sentence,
    Plain,
    First,
    Short,
    Default,
    UnlessIn,
    Without,
    Has,
}

/// Every function: name, least and most arguments (the value before a filter is the first).
pub const FUNCTIONS: &[(&str, Function, usize, usize)] = &[
    ("parts", Function::Parts, 1, 2),
    ("listed", Function::Listed, 1, 1),
    ("plural", Function::Plural, 3, 3),
    ("vary", Function::Vary, 1, 2),
    ("agree", Function::Agree, 2, 2),
    ("article", Function::Article, 1, 2),
    ("singular", Function::Singular, 1, 1),
    ("capital", Function::Capital, 1, 1),
    ("small", Function::Small, 1, 1),
    ("lower", Function::Lower, 1, 1),
    ("upper", Function::Upper, 1, 1),
    ("trim", Function::Trim, 1, 1),
    ("sentence", Function::Sentence, 1, 2),
    ("plain", Function::Plain, 1, 1),
    ("first", Function::First, 1, 1),
    ("short", Function::Short, 2, 2),
    ("default", Function::Default, 2, 2),
    ("unless_in", Function::UnlessIn, 2, 2),
    ("without", Function::Without, 2, 2),
    ("has", Function::Has, 2, 2),
];

impl Function {
    /// The function of a name, with the number of arguments it takes.
    pub fn named(name: &str) -> Option<(Function, usize, usize)> {
        let found = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
        Some((found.1, found.2, found.3))
    }

    /// Whether it may give back a value as it came, markup and all.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Function::Default | Function::UnlessIn | Function::Agree | Function::Vary | Function::Singular
        )
    }

    /// Applies it; `args` are as many as the table says. What is missing makes nothing.
    pub fn apply<'a>(self, args: Vec<Term<'a>>, setting: Setting<'_>) -> Term<'a> {
        let mut args = args.into_iter();
        let first = args.next().unwrap_or(Term::Nothing);
        let second = args.next();
        let third = args.next();
        let language = setting.language;
        let on_text = |edit: fn(&str) -> String| match &first {
            Term::List(texts) => Term::List(texts.iter().map(|text| Cow::Owned(edit(text))).collect()),
            term if term.is_blank() => Term::Nothing,
            term => Term::made(edit(&term.plain())),
        };
        match self {
            Function::Parts => {
                let separator = second.map_or_else(|| " ".to_owned(), |term| term.text().into_owned());
                let kept = members(first);
                Term::made(kept.join(&separator))
            }
            Function::Listed => Term::made(grammar::listed(&members(first), language)),
            Function::Plural => match (&first, &second, &third) {
                (Term::Number(count, _), Some(one), Some(many)) => {
                    Term::made(grammar::plural(*count, &one.text(), &many.text()).to_owned())
                }
                _ => Term::Nothing,
            },
            Function::Vary => {
                let Term::List(texts) = first else { return first };
                let key = second.map_or_else(|| setting.sku.to_owned(), |term| term.text().into_owned());
                // Another list varies otherwise, so that not all sentences of a text change together.
                let seed = texts.first().map_or(0, |text| xxh3_64_with_seed(text.as_bytes(), 0));
                let count = texts.len().max(1) as u64;
                let at = usize::try_from(xxh3_64_with_seed(key.as_bytes(), seed) % count).unwrap_or(0);
                texts.into_iter().nth(at).map_or(Term::Nothing, Term::Text)
            }
            Function::Agree => {
                if language != Language::Spanish {
                    return first;
                }
                let noun = grammar::noun(&second.map_or_else(String::new, |term| term.plain().into_owned()));
                match first {
                    Term::List(texts) => Term::List(
                        texts
                            .iter()
                            .map(|text| Cow::Owned(grammar::agree(text, noun)))
                            .collect(),
                    ),
                    term if term.is_blank() => Term::Nothing,
                    term => Term::made(grammar::agree(&term.plain(), noun)),
                }
            }
            Function::Article => {
                if first.is_blank() {
                    return Term::Nothing;
                }
                let indefinite = second.is_some_and(|term| matches!(&*term.text(), "un" | "a"));
                Term::made(grammar::article(&first.plain(), indefinite, language).to_owned())
            }
            Function::Singular => match language {
                Language::Spanish => on_text(grammar::singular_es),
                Language::English => on_text(grammar::singular_en),
                Language::Other => first,
            },
            Function::Capital => on_text(casing::capital),
            Function::Small => on_text(casing::small),
            Function::Lower => on_text(|text| text.to_lowercase()),
            Function::Upper => on_text(|text| text.to_uppercase()),
            Function::Trim => on_text(|text| text.trim().to_owned()),
            Function::Plain => on_text(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
            Function::Sentence => {
                if first.is_blank() {
                    return Term::Nothing;
                }
                let names = second.unwrap_or(Term::Nothing);
                Term::made(casing::sentence(&first.plain(), &[&names.plain()]))
            }
            Function::First => match first {
                Term::List(texts) => texts.into_iter().next().map_or(Term::Nothing, Term::Text),
                term if term.is_blank() => Term::Nothing,
                term => Term::made(first_sentence(&term.plain())),
            },
            Function::Short => {
                let most = match second {
                    Some(Term::Number(most, _)) => most.to_usize(),
                    _ => None,
                };
                let budget = Budget {
                    max_chars: most,
                    max_bytes: None,
                };
                Term::made(budget.cut(first.plain().trim()).to_owned())
            }
            Function::Default => {
                if first.is_blank() {
                    second.unwrap_or(Term::Nothing)
                } else {
                    first
                }
            }
            Function::UnlessIn => {
                let within = second.map_or_else(String::new, |term| fold(&term.plain()));
                let own = fold(&first.plain());
                if !own.is_empty() && holds_words(&within, &own) {
                    Term::Nothing
                } else {
                    first
                }
            }
            Function::Without => {
                let own = first.plain().into_owned();
                let dropped = second.map_or_else(String::new, |term| term.plain().into_owned());
                Term::made(without(&own, &dropped))
            }
            Function::Has => {
                let wanted = fold(&second.map_or_else(String::new, |term| term.plain().into_owned()));
                let has = !wanted.is_empty() && holds_words(&fold(&first.plain()), &wanted);
                Term::Truth(has, if has { "1" } else { "0" })
            }
        }
    }
}

/// The texts of a list that say something; a text alone is a list of one.
fn members(term: Term<'_>) -> Vec<String> {
    match term {
        Term::List(texts) => texts
            .iter()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect(),
        term if term.is_blank() => Vec::new(),
        term => vec![term.plain().trim().to_owned()],
    }
}

/// Folded words that stand in a folded text as whole words.
fn holds_words(text: &str, words: &str) -> bool {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(words)).map(|at| from + at) {
        let end = at + words.len();
        let begins = at == 0 || text.as_bytes()[at - 1] == b' ';
        let ends = end == text.len() || text.as_bytes()[end] == b' ';
        if begins && ends {
            return true;
        }
        // Only where a word begins can words stand.
        match text[at..].find(' ') {
            Some(gap) => from = at + gap + 1,
            None => return false,
        }
    }
    false
}

/// The text up to the first full stop that ends a sentence: behind a word of more than three letters and before a capital.
fn first_sentence(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    for at in memchr::memchr3_iter(b'.', b'!', b'?', line.as_bytes()) {
        let behind = &line[at + 1..];
        let next = behind.trim_start().chars().next();
        let ends = behind.starts_with(' ') && next.is_some_and(|c| c.is_uppercase() || c == '¡' || c == '¿');
        let is_long = || {
            line[..at]
                .chars()
                .rev()
                .take_while(|c| !c.is_whitespace())
                .nth(3)
                .is_some()
        };
        if ends && (line.as_bytes()[at] != b'.' || is_long()) {
            return line[..=at].to_owned();
        }
    }
    line.to_owned()
}

/// Most words of a phrase that is taken out of a text.
const MOST_WORDS: usize = 64;

/// The text without a phrase, wherever it stands as whole words; case and accents do not count. More than `MOST_WORDS` words
/// are no phrase.
fn without(text: &str, phrase: &str) -> String {
    let wanted: Vec<String> = fold(phrase).split(' ').map(str::to_owned).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    if wanted.iter().all(String::is_empty) || wanted.len() > MOST_WORDS {
        return words.join(" ");
    }
    let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    let mut n = 0;
    while n < words.len() {
        if folded[n..].starts_with(&wanted) {
            n += wanted.len();
        } else {
            kept.push(words[n]);
            n += 1;
        }
    }
    kept.join(" ")
}

/// A number written in a template.
pub fn constant(number: Decimal) -> Term<'static> {
    Term::Number(number, Cow::Owned(number.normalize().to_string()))
}

/// A plain text as markup.
pub fn escape(text: &str, out: &mut String) {
    let mut kept = 0;
    for (at, byte) in text.bytes().enumerate() {
        let reference = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        out.push_str(&text[kept..at]);
        out.push_str(reference);
        kept = at + 1;
    }
    out.push_str(&text[kept..]);
}

/// Allow-listed HTML as a plain text.
pub fn unmarked(html: &str) -> String {
    text::plain(html).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_phrases_and_words() {
        assert_eq!(first_sentence("Uno cuatro. Tres."), "Uno cuatro.");
        assert_eq!(
            first_sentence("Art. Nº 5 de 1.5 kg y más. Fin"),
            "Art. Nº 5 de 1.5 kg y más. Fin"
        );
        assert_eq!(first_sentence("¿Qué pasa? Nada"), "¿Qué pasa?");
        assert_eq!(without("Taladro Bosch GSB", "BOSCH"), "Taladro GSB");
        assert_eq!(without("Taladro Boschito", "bosch"), "Taladro Boschito");
        assert!(holds_words("taladro bosch", "bosch") && !holds_words("taladro boschito", "bosch"));
        assert!(holds_words("un taladro un taladro dos", "un taladro dos") && !holds_words("xx x", "x x"));
        assert!(holds_words("xx x", "x"));
    }

    /// Each of these took the square of its length: minutes, where now it is nothing.
    #[test]
    fn long_texts_without_blanks_cost_their_length() {
        let dotted = "a.".repeat(500_000);
        assert_eq!(first_sentence(&dotted), dotted);
        let (one, half) = ("a".repeat(1_000_000), "a".repeat(500_000));
        assert!(!holds_words(&one, &half));
        let (many, phrase) = ("a ".repeat(500_000), format!("{}b", "a ".repeat(250_000)));
        assert_eq!(without(&many, &phrase).len(), many.len() - 1);
        let shouted = "BOSCH ".repeat(100_000);
        let names = (0..100_000).map(|n| format!("N{n} ")).collect::<String>();
        let sentence = casing::sentence(&shouted, &[&names]);
        assert!(sentence.starts_with("Bosch bosch "));
    }
}
