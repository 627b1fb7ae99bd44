//! What stands against a draft: claims without a fact, the wrong language, too long, leftovers of the model, markup.
//!
//! Codes: `E-DRAFT-CLAIM`, `E-DRAFT-EMPTY`, `E-DRAFT-LENGTH`, `E-DRAFT-LANGUAGE`, `E-DRAFT-LEFTOVER`, `E-DRAFT-MARKUP`,
//! `E-DRAFT-CUT`, `E-DRAFT-UNCHECKED`. Each blocks approval.

use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::draft::claim::{Claim, ClaimKind, Evidence};
use crate::enrich::draft::vocabulary::is_known;
use crate::value::text::{clean, has_control, has_invisible};
use whichlang::{Lang, detect_language};

/// Shorter texts say too little of their language.
const LANGUAGE_FROM: usize = 60;

/// Texts of so many times the characters that are allowed are not looked through, nor are longer ones than `LONGEST`.
const FAR_TOO_LONG: usize = 4;
/// Characters of a text that is looked through.
const LONGEST: usize = 65_536;

/// What a text must keep.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    pub locale: &'a str,
    /// Most characters.
    pub max_chars: usize,
    /// Light markup is allowed.
    pub markup: bool,
}

/// What a model leaves in a text when it talks about it, compared in small letters.
const LEFTOVERS: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "```",
    "**",
    "##",
    "lorem ipsum",
    "as an ai",
    "language model",
    "como modelo de lenguaje",
    "modelo de lenguaje",
    "como ia",
    "here is",
    "here's",
    "aquí tienes",
    "aquí está",
    "claro,",
    "¡claro",
    "por supuesto",
    "sure,",
    "sure!",
    "certainly",
    "fact sheet",
    "ficha de datos",
    "hoja de datos",
    "[insert",
    "[nombre",
    "[brand",
    "[marca",
    "undefined",
    "no disponible",
    "not available",
    "descripción:",
    "description:",
    "título:",
    "title:",
];

/// The claims of a draft and everything that stands against it, in order.
pub fn check(text: &str, evidence: &Evidence<'_>, limits: &Limits<'_>) -> (Vec<Claim>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    if text.trim().is_empty() {
        let fault = Diagnostic::error("E-DRAFT-EMPTY", "the draft says nothing");
        return (
            Vec::new(),
            vec![fault.with_help("make it anew with other instructions or another model")],
        );
    }
    let length = text.chars().count();
    let too_long = |message: String| {
        Diagnostic::error("E-DRAFT-LENGTH", message).with_help("raise max_chars, or ask for less; reject the draft")
    };
    let most = limits.max_chars.saturating_mul(FAR_TOO_LONG).min(LONGEST);
    if length > most {
        let message = format!("has {length} characters, more than {most} are not looked through");
        return (Vec::new(), vec![too_long(message)]);
    }
    let (plain, marked) = blanked(text);
    let claims = evidence.claims(&plain);
    let mut reader = Reader::new(text);
    for claim in claims.iter().filter(|claim| !claim.supported) {
        findings.push(
            Diagnostic::error("E-DRAFT-CLAIM", format!("no fact says this {}", word(claim.kind)))
                .at(reader.place(claim.from))
                .with_value(&claim.text)
                .with_help("reject the draft, say the fact with `product set`, or accept with --override and a reason"),
        );
    }
    if !is_known(limits.locale) {
        let message = format!("claims are not checked in `{}`: its words are not known", limits.locale);
        let help = "read it against the facts, then accept it by its id with --override and a reason";
        findings.push(Diagnostic::error("E-DRAFT-UNCHECKED", message).with_help(help));
    }
    if length > limits.max_chars {
        findings.push(too_long(format!(
            "has {length} characters, {} are allowed",
            limits.max_chars
        )));
    }
    if let (Some(wanted), true) = (language(limits.locale), plain.trim().chars().count() >= LANGUAGE_FROM) {
        let found = detect_language(&plain);
        if found != wanted {
            let message = format!("reads as {}, not as {}", found.three_letter_code(), limits.locale);
            let help = "reject it, or accept it with --override where the guess is wrong";
            findings.push(Diagnostic::error("E-DRAFT-LANGUAGE", message).with_help(help));
        }
    }
    let small = text.to_lowercase();
    for leftover in LEFTOVERS {
        if let Some(at) = small.find(leftover) {
            let at = small[..at].chars().count();
            findings.push(leftover_finding(leftover).at(Reader::new(text).place(at)));
        }
    }
    if has_control(text) || has_invisible(text) {
        findings.push(leftover_finding("invisible characters"));
    }
    let bad = match (marked, limits.markup) {
        (false, _) => false,
        (true, false) => true,
        // What the cleaner takes out is what must not be there.
        (true, true) => tags(&clean(text)) != tags(text) || strange_entity(text),
    };
    if bad {
        let message = match limits.markup {
            true => "holds markup that is not allowed",
            false => "holds markup, and the attribute is plain text",
        };
        findings
            .push(Diagnostic::error("E-DRAFT-MARKUP", message).with_help("reject it, and say so in the instructions"));
    }
    (claims, findings)
}

fn leftover_finding(what: &str) -> Diagnostic {
    Diagnostic::error("E-DRAFT-LEFTOVER", "holds what is no part of a text for customers")
        .with_value(what)
        .with_help("reject it, and make it anew with clearer instructions")
}

/// Reads a text from its beginning to tell places in it, which must come in their order.
struct Reader<'t> {
    rest: std::str::Chars<'t>,
    at: usize,
    line: u64,
    column: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Reader<'t> {
        Reader {
            rest: text.chars(),
            at: 0,
            line: 1,
            column: 1,
        }
    }

    /// Line and column of a character, counted from 1.
    fn place(&mut self, at: usize) -> Place {
        while self.at < at
            && let Some(c) = self.rest.next()
        {
            self.at += 1;
            match c {
                '\n' => (self.line, self.column) = (self.line + 1, 1),
                _ => self.column += 1,
            }
        }
        Place {
            file: None,
            line: Some(self.line),
            column: None,
        }
        .at_column(self.column.to_string())
    }
}

fn word(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Number => "number",
        ClaimKind::Code => "code",
        ClaimKind::Standard => "standard or certificate",
        ClaimKind::Material => "material",
        ClaimKind::Colour => "colour",
        ClaimKind::Country => "country",
        ClaimKind::Property => "property",
        ClaimKind::Promise => "promise",
        ClaimKind::Name => "name",
        ClaimKind::Option => "option",
        ClaimKind::Address => "address",
    }
}

/// The text with tags and entities made blanks, character by character so that places stay; and whether there were any.
fn blanked(text: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut marked = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let second = rest[first.len_utf8()..].chars().next();
        let end = match first {
            '<' if second.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) => rest.find('>'),
            '&' if second.is_some_and(|c| c.is_ascii_alphabetic() || c == '#') => rest
                .find(';')
                .filter(|end| *end <= 32 && rest[1..*end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')),
            _ => None,
        };
        match end {
            Some(end) => {
                marked = true;
                out.extend(rest[..=end].chars().map(|_| ' '));
                rest = &rest[end + 1..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    (out, marked)
}

/// How many tags a text has.
fn tags(text: &str) -> usize {
    let mut bytes = text.as_bytes().windows(2);
    bytes
        .by_ref()
        .filter(|pair| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || matches!(pair[1], b'/' | b'!' | b'?')))
        .count()
}

/// Entities other than those that markup itself needs could hide a digit or a letter.
fn strange_entity(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let rest = &text[at + 1..];
        let name = rest.split(';').next().unwrap_or_default();
        name.len() < rest.len() && !name.contains(' ') && !matches!(name, "amp" | "lt" | "gt" | "quot" | "nbsp")
    })
}

fn language(locale: &str) -> Option<Lang> {
    Some(match locale.get(..2)? {
        "es" => Lang::Spa,
        "en" => Lang::Eng,
        "de" => Lang::Deu,
        "fr" => Lang::Fra,
        "it" => Lang::Ita,
        "pt" => Lang::Por,
        "nl" => Lang::Nld,
        "sv" => Lang::Swe,
        _ => return None,
    })
}
