//! The language in which people ask for products, in a search and in the `when` of a rule: a query as a tree, without knowing
//! what the catalog has.
//!
//! Words and conditions side by side are all required; `OR` binds them less than side by side; `-` and `NOT` take out. What a
//! condition means beside a schema stands in `meaning`; how products are found is left to `index`, how one is tested to `enrich`.

pub mod fault;
pub mod lexer;
pub mod meaning;
pub mod number;
pub mod range;
pub mod words;

use crate::query::fault::Fault;
use crate::query::lexer::{Comparison, Part, Placed, lonely, parts};

/// Deepest nesting of brackets.
const DEEPEST: usize = 24;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// All of them.
    All(Vec<Node>),
    /// Any of them.
    Any(Vec<Node>),
    Not(Box<Node>),
    Word(Word),
    Phrase(Word),
    Condition(Condition),
}

/// A word or phrase with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub start: usize,
    pub end: usize,
}

/// A condition with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub name: String,
    pub comparison: Comparison,
    pub value: String,
    pub quoted: bool,
    /// The value is a regular expression: `attr:/…/`.
    pub pattern: bool,
    pub start: usize,
    pub value_start: usize,
    pub end: usize,
}

/// Reads a query; an empty one asks for everything. Faults: those of `lexer::parts`, `E-QUERY-BRACKET`, `E-QUERY-OPERATOR`,
/// `E-QUERY-DEPTH`.
pub fn parse(query: &str) -> Result<Node, Fault> {
    let parts = parts(query)?;
    let mut parser = Parser {
        parts: &parts,
        at: 0,
        end: query.len(),
    };
    let node = parser.any(0)?;
    match parser.parts.get(parser.at) {
        None => Ok(node),
        Some(left) => Err(Fault::new(
            "E-QUERY-BRACKET",
            left.start,
            left.end,
            "a bracket is closed that was not opened",
            "take it out, or open it before",
        )),
    }
}

/// The words that stand outside of any operator, in order: what is looked for when nothing else is.
pub fn plain_words(node: &Node) -> Vec<&Word> {
    match node {
        Node::Word(word) => vec![word],
        Node::All(nodes) => nodes
            .iter()
            .filter_map(|node| match node {
                Node::Word(word) => Some(word),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

struct Parser<'p> {
    parts: &'p [Placed],
    at: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Part> {
        self.parts.get(self.at).map(|placed| &placed.part)
    }

    fn any(&mut self, depth: usize) -> Result<Node, Fault> {
        let mut nodes = vec![self.all(depth)?];
        while self.peek() == Some(&Part::Or) {
            let or = &self.parts[self.at];
            let (start, end) = (or.start, or.end);
            self.at += 1;
            let left = matches!(nodes.last(), Some(Node::All(nodes)) if nodes.is_empty());
            let right = self.all(depth)?;
            if left || matches!(&right, Node::All(nodes) if nodes.is_empty()) {
                return Err(lonely("OR", start, end));
            }
            nodes.push(right);
        }
        Ok(match nodes.len() {
            1 => nodes.remove(0),
            _ => Node::Any(nodes),
        })
    }

    fn all(&mut self, depth: usize) -> Result<Node, Fault> {
        let mut nodes = Vec::new();
        loop {
            match self.peek() {
                None | Some(Part::Or | Part::Close) => break,
                Some(Part::And) => {
                    let and = &self.parts[self.at];
                    let (start, end) = (and.start, and.end);
                    self.at += 1;
                    if nodes.is_empty() || matches!(self.peek(), None | Some(Part::Or | Part::And | Part::Close)) {
                        return Err(lonely("AND", start, end));
                    }
                }
                Some(_) => nodes.push(self.one(depth)?),
            }
        }
        Ok(match nodes.len() {
            1 => nodes.remove(0),
            _ => Node::All(nodes),
        })
    }

    fn one(&mut self, depth: usize) -> Result<Node, Fault> {
        let Some(placed) = self.parts.get(self.at) else {
            return Err(Fault::new(
                "E-QUERY-OPERATOR",
                self.end,
                self.end,
                "the query ends where a word is expected",
                "write what is looked for",
            ));
        };
        if depth >= DEEPEST {
            return Err(Fault::new(
                "E-QUERY-DEPTH",
                placed.start,
                placed.end,
                format!("brackets or strokes stand more than {DEEPEST} deep"),
                "ask in a simpler way",
            ));
        }
        self.at += 1;
        let word = |text: &String| Word {
            text: text.clone(),
            start: placed.start,
            end: placed.end,
        };
        match &placed.part {
            Part::Word(text) => Ok(Node::Word(word(text))),
            Part::Phrase(text) => Ok(Node::Phrase(word(text))),
            Part::Condition {
                name,
                comparison,
                value,
                value_start,
                quoted,
                pattern,
            } => Ok(Node::Condition(Condition {
                name: name.clone(),
                comparison: *comparison,
                value: value.clone(),
                quoted: *quoted,
                pattern: *pattern,
                start: placed.start,
                value_start: *value_start,
                end: placed.end,
            })),
            Part::Not => match self.peek() {
                None | Some(Part::Or | Part::And | Part::Close) => Err(lonely("-", placed.start, placed.end)),
                Some(_) => Ok(Node::Not(Box::new(self.one(depth + 1)?))),
            },
            Part::Open => {
                let (start, end) = (placed.start, placed.end);
                let node = self.any(depth + 1)?;
                if self.peek() != Some(&Part::Close) {
                    return Err(Fault::new(
                        "E-QUERY-BRACKET",
                        start,
                        end,
                        "the bracket is not closed",
                        "close it with `)`",
                    ));
                }
                self.at += 1;
                Ok(node)
            }
            // Their callers look before they ask.
            Part::Close | Part::Or | Part::And => Err(lonely("AND", placed.start, placed.end)),
        }
    }
}

/// A fault of a condition's value.
pub fn value_fault(
    code: &'static str,
    condition: &Condition,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Fault {
    Fault::new(code, condition.value_start, condition.end, message, help)
}
