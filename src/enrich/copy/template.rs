//! A template: text with values in it, and segments that vanish where something inside them is missing.
//!
//! `{{ … }}` puts a value in. `[[ … ]]` is a segment: it vanishes whole, separators and all, where a value inside it is missing, or,
//! where it only holds other segments, when all of them vanished. A value outside every segment must be there: without it the
//! template says nothing. `{% if … %}` chooses; other blocks are left to the engine. Too long a text first loses its last segments.

use crate::enrich::copy::budget::Budget;
use crate::enrich::copy::engine::Engine;
use crate::enrich::copy::expression::{Expression, Scene, Unread};
use crate::enrich::copy::spell::Term;
use crate::enrich::copy::tidy::{tidy, tidy_html};
use crate::enrich::copy::variable::{Names, Vocabulary};
use crate::enrich::copy::words::{escape, unmarked};
use crate::product::Product;
use crate::schema::attribute::AttributeId;
use crate::value::mismatch::Mismatch;
use crate::value::text::{KEPT_TAGS, clean};
use std::sync::Arc;

/// Segments and conditions stand no deeper in each other.
const DEEPEST: usize = 12;
/// Longest text, in bytes.
const LONGEST: usize = 64 * 1024;

/// A compiled template.
#[derive(Debug, Clone)]
pub struct Template {
    body: Body,
    html: bool,
    /// Its markup is well-formed and allowed whatever vanishes, so that the result need not be cleaned.
    sound: bool,
    vocabulary: Arc<Vocabulary>,
    /// Attributes that it reads.
    pub reads: Vec<AttributeId>,
}

#[derive(Debug, Clone)]
enum Body {
    Pieces(Vec<Piece>),
    Engine(Engine),
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Put(Expression),
    Segment(Vec<Piece>),
    If(Vec<(Expression, Vec<Piece>)>, Vec<Piece>),
}

/// A fault of a template, and the words of it that the fault is about.
#[derive(Debug)]
pub struct Fault {
    pub mismatch: Mismatch,
    /// Stands in the template as it is here; empty where the whole template is meant.
    pub words: String,
}

/// What rendering a part came to.
enum Said {
    /// A value that must be there is missing.
    Missing,
    /// Only fixed text.
    Nothing,
    Something,
}

/// A piece of the source.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'s> {
    Text(&'s str),
    Put(&'s str),
    /// Inside of `{% … %}`.
    Block(&'s str),
    Open,
    Close,
}

impl Template {
    /// Compiles a template. Faults: `E-TEMPLATE`, `E-UNKNOWN-ATTRIBUTE`, `E-COPY-TAG`.
    pub fn compile(source: &str, names: &Names<'_>) -> Result<Template, Fault> {
        let tokens = tokens(source)?;
        check_segments(&tokens)?;
        if names.html {
            check_tags(&tokens)?;
        }
        let mut at = 0;
        let read = pieces(&tokens, &mut at, names, 0);
        let (body, sound) = match read {
            Ok(pieces) => {
                let sound = is_sound(&pieces);
                (Body::Pieces(pieces), sound)
            }
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Foreign) => {
                names.read.borrow_mut().clear();
                let engine = Engine::compile(&for_engine(&tokens), names).map_err(|refusal| Fault {
                    words: source
                        .lines()
                        .nth(refusal.line.wrapping_sub(1))
                        .unwrap_or_default()
                        .trim()
                        .to_owned(),
                    mismatch: refusal.mismatch,
                });
                (Body::Engine(engine?), false)
            }
        };
        let mut reads = names.read.take();
        reads.sort_unstable();
        reads.dedup();
        Ok(Template {
            body,
            html: names.html,
            sound,
            vocabulary: Arc::clone(&names.vocabulary),
            reads,
        })
    }

    /// The text for a product within a budget; none where it has nothing to say.
    pub fn render(&self, product: &Product, budget: Budget) -> Option<String> {
        let whole = self.render_up_to(product, usize::MAX)?;
        if budget.holds(&whole) {
            return Some(whole);
        }
        let mut shortest = whole;
        if let Body::Pieces(pieces) = &self.body {
            let segments = pieces.iter().filter(|piece| matches!(piece, Piece::Segment(_))).count();
            for kept in (0..segments).rev() {
                let Some(text) = self.render_up_to(product, kept) else {
                    break;
                };
                if budget.holds(&text) {
                    return Some(text);
                }
                shortest = text;
            }
        }
        let cut = if self.html {
            budget.cut_html(&shortest)
        } else {
            budget.cut(&shortest).to_owned()
        };
        Some(cut).filter(|text| !text.is_empty())
    }

    /// Renders with the first `kept` of the outermost segments.
    fn render_up_to(&self, product: &Product, kept: usize) -> Option<String> {
        let scene = Scene {
            product,
            vocabulary: &self.vocabulary,
            html: self.html,
        };
        let out = match &self.body {
            Body::Pieces(pieces) => {
                let mut out = String::with_capacity(if self.html { 512 } else { 96 });
                match render(pieces, scene, kept, &mut out) {
                    Said::Missing => return None,
                    Said::Nothing if pieces.iter().any(|piece| !matches!(piece, Piece::Text(_))) => return None,
                    _ => out,
                }
            }
            Body::Engine(engine) => engine.render(scene)?,
        };
        if out.len() > LONGEST {
            return None;
        }
        let out = match (self.html, self.sound) {
            (false, _) => tidy(out),
            (true, true) => tidy_html(out),
            (true, false) => tidy_html(clean(&out)),
        };
        let says = !out.is_empty() && (!self.html || !unmarked(&out).is_empty());
        says.then_some(out)
    }
}

fn render(pieces: &[Piece], scene: Scene<'_>, kept: usize, out: &mut String) -> Said {
    let mut said = false;
    let mut segments = 0;
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Put(expression) => {
                let term = expression.term(scene);
                if term.is_blank() {
                    return Said::Missing;
                }
                put(&term, scene.html, out);
                said = true;
            }
            Piece::Segment(inner) => {
                segments += 1;
                if segments > kept {
                    continue;
                }
                let start = out.len();
                match render(inner, scene, usize::MAX, out) {
                    Said::Something => said = true,
                    Said::Missing | Said::Nothing => out.truncate(start),
                }
            }
            Piece::If(branches, otherwise) => {
                let taken = branches.iter().find(|(condition, _)| condition.is_true(scene));
                let taken = taken.map_or(otherwise, |(_, pieces)| pieces);
                match render(taken, scene, usize::MAX, out) {
                    Said::Missing => return Said::Missing,
                    // Fixed text that a condition let through says something.
                    _ if !taken.is_empty() => said = true,
                    _ => {}
                }
            }
        }
    }
    if said { Said::Something } else { Said::Nothing }
}

fn put(term: &Term<'_>, html: bool, out: &mut String) {
    match term {
        Term::Html(text) if html => out.push_str(text),
        Term::Html(_) => out.push_str(&term.plain()),
        term if html => escape(&term.text(), out),
        term => out.push_str(&term.text()),
    }
}

fn fault(words: &str, message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault {
        mismatch: Mismatch::new("E-TEMPLATE", message).with_help(help),
        words: words.to_owned(),
    }
}

/// The source in pieces. `{# … #}` is a remark.
fn tokens(source: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut tokens = Vec::new();
    let (mut rest, mut text) = (source, 0);
    let mut at = 0;
    while at < rest.len() {
        let here = &rest[at..];
        let (token, len) = match here.as_bytes() {
            [b'{', second @ (b'{' | b'%' | b'#'), ..] => {
                let closing = match second {
                    b'{' => "}}",
                    b'%' => "%}",
                    _ => "#}",
                };
                let Some(end) = here[2..].find(closing).map(|end| end + 2) else {
                    let words: String = here.chars().take(40).collect();
                    return Err(fault(
                        &words,
                        format!("`{}` is never closed", &here[..2]),
                        format!("close it with `{closing}`"),
                    ));
                };
                let inner = here[2..end].trim_matches('-').trim();
                let token = match second {
                    b'{' => Some(Token::Put(inner)),
                    b'%' => Some(Token::Block(inner)),
                    _ => None,
                };
                (token, end + 2)
            }
            [b'[', b'[', ..] => (Some(Token::Open), 2),
            [b']', b']', ..] => (Some(Token::Close), 2),
            _ => {
                at += here.chars().next().map_or(1, char::len_utf8);
                continue;
            }
        };
        if at > text {
            tokens.push(Token::Text(&rest[text..at]));
        }
        tokens.extend(token);
        rest = &rest[at + len..];
        (at, text) = (0, 0);
    }
    if rest.len() > text {
        tokens.push(Token::Text(&rest[text..]));
    }
    Ok(tokens)
}

/// Every segment is closed, none stands too deep, and each holds something that may be missing.
fn check_segments(tokens: &[Token<'_>]) -> Result<(), Fault> {
    let mut open: Vec<bool> = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => open.push(false),
            Token::Put(_) | Token::Block(_) => open.iter_mut().for_each(|holds| *holds = true),
            Token::Close => match open.pop() {
                None => return Err(fault("]]", "`]]` closes no segment", "open it with `[[`")),
                Some(false) => {
                    let inside = match n.checked_sub(1).and_then(|n| tokens.get(n)) {
                        Some(Token::Text(text)) => text.trim(),
                        _ => "",
                    };
                    let help = "a segment vanishes where a value inside it is missing; take the brackets away";
                    return Err(fault(inside, "the segment holds no value that could be missing", help));
                }
                Some(true) => {}
            },
            Token::Text(_) => {}
        }
        if open.len() > DEEPEST {
            return Err(fault(
                "[[",
                format!("segments stand more than {DEEPEST} deep"),
                "make it simpler",
            ));
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(fault("[[", "a segment is never closed", "close it with `]]`"))
    }
}

/// The tags of the fixed text are those that rich texts keep.
fn check_tags(tokens: &[Token<'_>]) -> Result<(), Fault> {
    for token in tokens {
        let Token::Text(text) = token else { continue };
        for (at, _) in text.match_indices('<') {
            let inner = text[at + 1..].trim_start_matches('/');
            let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
            let name = &inner[..end];
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !KEPT_TAGS.contains(&name) {
                return Err(Fault {
                    mismatch: Mismatch::new("E-COPY-TAG", format!("rich texts do not keep the tag `{name}`"))
                        .with_help(format!("use one of {}", KEPT_TAGS.join(", "))),
                    words: format!("<{name}"),
                });
            }
        }
    }
    Ok(())
}

enum Stop {
    Foreign,
    Fault(Fault),
}

/// Reads pieces up to the end of the segment, or up to a block that the caller reads.
fn pieces(tokens: &[Token<'_>], at: &mut usize, names: &Names<'_>, depth: usize) -> Result<Vec<Piece>, Stop> {
    if depth > DEEPEST {
        return Err(Stop::Foreign);
    }
    let read = |source: &str| {
        Expression::read(source, names).map_err(|unread| match unread {
            Unread::Foreign => Stop::Foreign,
            Unread::Fault(mismatch) => Stop::Fault(Fault {
                mismatch,
                words: source.to_owned(),
            }),
        })
    };
    let mut out = Vec::new();
    while let Some(token) = tokens.get(*at) {
        match token {
            Token::Text(text) => out.push(Piece::Text((*text).to_owned())),
            Token::Put(source) => out.push(Piece::Put(read(source)?)),
            Token::Open => {
                *at += 1;
                out.push(Piece::Segment(pieces(tokens, at, names, depth + 1)?));
                if tokens.get(*at) != Some(&Token::Close) {
                    return Err(Stop::Foreign);
                }
            }
            Token::Close => return Ok(out),
            Token::Block(block) => {
                let Some(condition) = block.strip_prefix("if ") else {
                    // `elif`, `else` and `endif` are the caller's; anything else is the engine's.
                    let own = *block == "else" || *block == "endif" || block.starts_with("elif ");
                    return if own && depth > 0 { Ok(out) } else { Err(Stop::Foreign) };
                };
                let mut branches = Vec::new();
                let mut otherwise = Vec::new();
                let mut condition = Some(read(condition)?);
                loop {
                    *at += 1;
                    let inner = pieces(tokens, at, names, depth + 1)?;
                    match condition.take() {
                        Some(condition) => branches.push((condition, inner)),
                        None => otherwise = inner,
                    }
                    match tokens.get(*at) {
                        Some(Token::Block("endif")) => break,
                        Some(Token::Block("else")) => {}
                        Some(Token::Block(block)) => match block.strip_prefix("elif ") {
                            Some(next) => condition = Some(read(next)?),
                            None => return Err(Stop::Foreign),
                        },
                        _ => return Err(Stop::Foreign),
                    }
                }
                out.push(Piece::If(branches, otherwise));
            }
        }
        *at += 1;
    }
    if depth == 0 { Ok(out) } else { Err(Stop::Foreign) }
}

/// The template for the engine: a segment is a condition on the values in it.
fn for_engine(tokens: &[Token<'_>]) -> String {
    let mut out = String::new();
    for (n, token) in tokens.iter().enumerate() {
        match token {
            Token::Text(text) => out.push_str(text),
            Token::Put(source) => out.push_str(&["{{ ", source, " }}"].concat()),
            Token::Block(source) => out.push_str(&["{% ", source, " %}"].concat()),
            Token::Open => {
                let condition = condition(&tokens[n + 1..]);
                out.push_str(&["{% if ", &condition, " %}"].concat());
            }
            Token::Close => out.push_str("{% endif %}"),
        }
    }
    out
}

/// Under which condition a segment stays: its own values are there, or, where it has none, one of its segments stays.
fn condition(inside: &[Token<'_>]) -> String {
    let (mut own, mut nested) = (Vec::new(), Vec::new());
    let (mut depth, mut blocks) = (0_usize, 0_usize);
    for (n, token) in inside.iter().enumerate() {
        match token {
            Token::Open => {
                if depth == 0 && blocks == 0 {
                    nested.push(condition(&inside[n + 1..]));
                }
                depth += 1;
            }
            Token::Close if depth == 0 => break,
            Token::Close => depth -= 1,
            // What a loop or a condition holds may depend on its own names.
            Token::Block(block) if block.starts_with("end") => blocks = blocks.saturating_sub(1),
            Token::Block(block) if block.starts_with("if ") || block.starts_with("for ") => blocks += 1,
            Token::Put(source) if depth == 0 && blocks == 0 => own.push(*source),
            _ => {}
        }
    }
    match (own.is_empty(), nested.is_empty()) {
        (false, _) => format!("filled({})", own.join(", ")),
        (true, false) => format!("({})", nested.join(" or ")),
        (true, true) => "true".to_owned(),
    }
}

/// Whether the fixed text is well-formed in every part that stands or vanishes as one, and no markup comes from values.
fn is_sound<'p>(pieces: &'p [Piece]) -> bool {
    let mut open: Vec<&'p str> = Vec::new();
    let sound = |piece: &'p Piece| match piece {
        Piece::Text(text) => !text.contains('&') && balance(text, &mut open),
        Piece::Put(expression) => expression.is_plain(),
        Piece::Segment(inner) => is_sound(inner),
        Piece::If(branches, otherwise) => branches.iter().all(|(_, pieces)| is_sound(pieces)) && is_sound(otherwise),
    };
    pieces.iter().all(sound) && open.is_empty()
}

/// Follows the tags of a text; false where one closes what is not open, or is not written plainly.
fn balance<'s>(text: &'s str, open: &mut Vec<&'s str>) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>']) {
        let Some(end) = rest[at..].strip_prefix('<').and_then(|inner| inner.find('>')) else {
            return false;
        };
        let inner = &rest[at + 1..at + 1 + end];
        let (closing, name) = match inner.strip_prefix('/') {
            Some(name) => (true, name),
            None => (false, inner),
        };
        // What stands inside of what is the parser's to know; these are the ways that it keeps.
        let well_placed = match name {
            "li" => closing || matches!(open.last(), Some(&"ul" | &"ol")),
            "p" | "ul" | "ol" | "h2" | "h3" | "h4" => {
                closing || open.is_empty() || matches!(open.last(), Some(&"li")) && name != "p"
            }
            "strong" | "em" | "b" | "i" => closing || !matches!(open.last(), Some(&"ul" | &"ol")),
            "br" => !closing,
            _ => false,
        };
        if !well_placed {
            return false;
        }
        match (name, closing) {
            ("br", _) => {}
            (name, true) if open.pop() != Some(name) => return false,
            (name, false) => open.push(name),
            _ => {}
        }
        rest = &rest[at + end + 2..];
    }
    true
}
