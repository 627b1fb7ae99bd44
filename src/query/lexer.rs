//! A query cut into words, phrases, conditions, brackets and operators, each with its place.

use crate::query::fault::Fault;
use crate::query::words::Runs;

/// Longest query, in bytes.
pub const LONGEST_QUERY: usize = 4_096;
/// Most parts of a query.
pub const MOST_PARTS: usize = 256;
/// Most words of a query, and most that end in `*`: each is looked for in every text and every identifier.
pub const MOST_WORDS: usize = 32;

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `attr:value`: holds it.
    Holds,
    /// `attr=value`: is exactly it.
    Equals,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// One part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A word as it was typed.
    Word(String),
    /// Words in quotes.
    Phrase(String),
    /// `name:value` and its kin.
    Condition {
        name: String,
        comparison: Comparison,
        value: String,
        /// Where the value begins.
        value_start: usize,
        quoted: bool,
        /// It stood between strokes: `/…/`.
        pattern: bool,
    },
    Or,
    And,
    Not,
    Open,
    Close,
}

/// A part with its place, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub part: Part,
    pub start: usize,
    pub end: usize,
}

/// Cuts a query. Faults: `E-QUERY-TOO-LONG`, `E-QUERY-QUOTE`, `E-QUERY-VALUE`, `E-QUERY-OPERATOR`.
pub fn parts(query: &str) -> Result<Vec<Placed>, Fault> {
    if query.len() > LONGEST_QUERY {
        return Err(too_long(query.len()));
    }
    let mut lexer = Lexer {
        query,
        at: 0,
        found: Vec::new(),
        group: None,
        words: 0,
        beginnings: 0,
    };
    while lexer.step()? {
        if lexer.found.len() > MOST_PARTS {
            return Err(too_long(query.len()));
        }
    }
    Ok(lexer.found)
}

fn too_long(end: usize) -> Fault {
    Fault::new(
        "E-QUERY-TOO-LONG",
        0,
        end,
        format!("the query has more than {LONGEST_QUERY} bytes or {MOST_PARTS} parts"),
        "ask for less at once",
    )
}

/// `name:(`: what stands between the brackets are values of the condition.
#[derive(Clone)]
struct Group {
    name: String,
    comparison: Comparison,
    /// Where the condition begins.
    start: usize,
    /// Brackets that are open in it, its own counted.
    depth: usize,
}

struct Lexer<'q> {
    query: &'q str,
    at: usize,
    found: Vec<Placed>,
    group: Option<Group>,
    words: usize,
    beginnings: usize,
}

impl<'q> Lexer<'q> {
    fn rest(&self) -> &'q str {
        self.query.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, part: Part, start: usize) {
        self.found.push(Placed {
            part,
            start,
            end: self.at,
        });
    }

    fn step(&mut self) -> Result<bool, Fault> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(false);
        };
        match first {
            '(' => {
                self.single(Part::Open);
                if let Some(group) = &mut self.group {
                    group.depth += 1;
                }
            }
            ')' => {
                self.single(Part::Close);
                self.leave()?;
            }
            '"' if self.group.is_some() => self.value(None)?,
            '"' => {
                let text = self.quoted()?;
                match says(&text) {
                    true => self.push(Part::Phrase(text), start),
                    false => self.sign()?,
                }
            }
            // A stroke before a word takes it out; on its own, or before other signs, it is only a stroke.
            '-' if rest[1..].starts_with(['(', '"'])
                || rest[1..].starts_with(|c| c != '-') && says(first_word(&rest[1..])) =>
            {
                self.single(Part::Not);
            }
            // What stands between strokes is one value, whatever it is made of.
            '/' if self.group.is_some() && pattern(rest).is_some() => self.value(None)?,
            _ => {
                if self.group.is_none()
                    && let Some((name, comparison)) = self.condition()
                {
                    let depth = 1;
                    let condition = Group {
                        name,
                        comparison,
                        start,
                        depth,
                    };
                    if self.rest().starts_with('(') {
                        self.single(Part::Open);
                        self.group = Some(condition);
                        return Ok(true);
                    }
                    return self.value(Some(condition)).map(|()| true);
                }
                let part = match self.word() {
                    "OR" => Part::Or,
                    "AND" => Part::And,
                    "NOT" => Part::Not,
                    // A sign stands between words and is none: `Black & Decker`. `*` alone asks for everything.
                    word if !says(word) && (word != "*" || self.group.is_none()) => {
                        return self.sign().map(|()| true);
                    }
                    _ if self.group.is_some() => {
                        self.at = start;
                        return self.value(None).map(|()| true);
                    }
                    word => {
                        self.count(word, true, start)?;
                        Part::Word(word.to_owned())
                    }
                };
                self.push(part, start);
            }
        }
        Ok(true)
    }

    /// Counts what a search costs by far the most of.
    fn count(&mut self, text: &str, word: bool, start: usize) -> Result<(), Fault> {
        let what = match text.ends_with('*') {
            true => {
                self.beginnings += 1;
                "words that end in `*`"
            }
            false if word => {
                self.words += 1;
                "words"
            }
            false => return Ok(()),
        };
        if self.words.max(self.beginnings) > MOST_WORDS {
            return Err(Fault::new(
                "E-QUERY-TOO-LONG",
                start,
                self.at,
                format!("the query has more than {MOST_WORDS} {what}"),
                "leave out those that many products have",
            ));
        }
        Ok(())
    }

    fn single(&mut self, part: Part) {
        let start = self.at;
        self.at += 1;
        self.push(part, start);
    }

    fn word(&mut self) -> &'q str {
        let word = first_word(self.rest());
        self.at += word.len();
        word
    }

    /// What says nothing is passed over, unless it is to be taken out.
    fn sign(&self) -> Result<(), Fault> {
        match self.found.last() {
            Some(not) if not.part == Part::Not => Err(lonely(&self.query[not.start..not.end], not.start, not.end)),
            _ => Ok(()),
        }
    }

    /// A text in quotes, the first of which stands here.
    fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let inner = &self.rest()[1..];
        match inner.find('"') {
            Some(end) => {
                self.at += end + 2;
                Ok(inner[..end].to_owned())
            }
            None => Err(Fault::new(
                "E-QUERY-QUOTE",
                start,
                self.query.len(),
                "the quotes are not closed",
                "close them with `\"`",
            )),
        }
    }

    /// The name and comparison of a condition that begins here.
    fn condition(&mut self) -> Option<(String, Comparison)> {
        let rest = self.rest();
        if !rest.starts_with(char::is_alphabetic) {
            return None;
        }
        // Labels are names too, in any language; an accent may be a character of its own.
        let named = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '.' | '\u{300}'..='\u{36f}');
        let end = rest.find(|c| !named(c))?;
        let (name, rest) = rest.split_at(end);
        let signs = [
            (":", Comparison::Holds),
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            (">", Comparison::More),
            ("<", Comparison::Less),
            ("=", Comparison::Equals),
        ];
        let (sign, mut comparison) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
        let mut length = sign.len();
        if comparison == Comparison::Holds {
            let behind = &rest[1..];
            // `weight:<2kg` says the same as `weight<2kg`.
            if let Some((sign, inner)) = signs[1..].iter().find(|(sign, _)| behind.starts_with(sign)) {
                comparison = *inner;
                length += sign.len();
            }
        }
        self.at += name.len() + length;
        Some((name.to_owned(), comparison))
    }

    /// The value that begins here: of a condition, or one more of the group.
    fn value(&mut self, condition: Option<Group>) -> Result<(), Fault> {
        let Some(Group {
            name,
            comparison,
            start,
            ..
        }) = condition.or_else(|| self.group.clone())
        else {
            return Ok(());
        };
        let value_start = self.at;
        let rest = self.rest();
        let quoted = rest.starts_with('"');
        let pattern = pattern(rest).filter(|_| matches!(comparison, Comparison::Holds | Comparison::Equals));
        let is_pattern = pattern.is_some();
        let value = match rest.chars().next() {
            _ if let Some(length) = pattern => {
                self.at += length;
                rest[1..length - 1].replace("\\/", "/")
            }
            Some('"') => self.quoted()?,
            Some(c) if !c.is_whitespace() && c != ')' => self.word().to_owned(),
            _ => String::new(),
        };
        if value.is_empty() && !quoted {
            return Err(nothing(&name, start, self.at));
        }
        if !quoted && !is_pattern {
            self.count(&value, false, value_start)?;
        }
        self.push(
            Part::Condition {
                name,
                comparison,
                value,
                value_start,
                quoted,
                pattern: is_pattern,
            },
            start,
        );
        Ok(())
    }

    /// A bracket was closed: the group ends with its own.
    fn leave(&mut self) -> Result<(), Fault> {
        let Some(group) = &mut self.group else { return Ok(()) };
        if let [.., open, _] = self.found.as_slice()
            && open.part == Part::Open
        {
            return Err(nothing(&group.name, group.start, self.at));
        }
        group.depth -= 1;
        if group.depth == 0 {
            self.group = None;
        }
        Ok(())
    }
}

/// Up to the next space or bracket. A quote behind a digit is an inch.
fn first_word(rest: &str) -> &str {
    let mut before = ' ';
    let mut end = rest.len();
    for (at, c) in rest.char_indices() {
        if c.is_whitespace() || matches!(c, '(' | ')') || c == '"' && !before.is_ascii_digit() {
            end = at;
            break;
        }
        before = c;
    }
    // A character that begins nothing else is a word of its own, so that every step goes on.
    &rest[..end.max(rest.chars().next().map_or(0, char::len_utf8))]
}

/// The length of a pattern that begins here, `/…/` with both strokes: its end is a stroke before a space, a bracket or the end of
/// the query, and one inside is written `\/`.
fn pattern(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('/')?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        let behind = &inner[at + c.len_utf8()..];
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '/' if at > 0
                && behind
                    .chars()
                    .next()
                    .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')')) =>
            {
                return Some(at + 2);
            }
            _ => {}
        }
    }
    None
}

/// Is there anything in a text that a product could be found by.
fn says(text: &str) -> bool {
    Runs::of(text).next().is_some()
}

/// An operator that stands alone.
pub fn lonely(operator: &str, start: usize, end: usize) -> Fault {
    Fault::new(
        "E-QUERY-OPERATOR",
        start,
        end,
        format!("`{operator}` has nothing to work on"),
        "write something on each side of `OR` and `AND`, and behind `-` and `NOT`; small letters make them words",
    )
}

fn nothing(name: &str, start: usize, end: usize) -> Fault {
    Fault::new(
        "E-QUERY-VALUE",
        start,
        end,
        format!("`{name}` is asked for nothing"),
        format!("write the value right behind it, as in `{name}:value`; quotes hold values with spaces"),
    )
}
