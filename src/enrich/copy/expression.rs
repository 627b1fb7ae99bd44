//! What stands between `{{` and `}}`, read once and evaluated per product without an engine.
//!
//! Names, texts, numbers, lists, functions, filters, `~`, comparisons, `and`, `or`, `not`, `in`, and `a if b else c`, with the
//! meaning that they have in the engine; what is not understood is left to it.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::enrich::copy::spell::Term;
use crate::enrich::copy::variable::{FORMS, Names, Variable, Vocabulary};
use crate::enrich::copy::words::{FUNCTIONS, Function, Setting, constant};
use crate::product::Product;
use crate::value::mismatch::Mismatch;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// Brackets and operators stand no deeper in each other.
const DEEPEST: usize = 24;

/// An expression, names looked up.
#[derive(Debug, Clone)]
pub enum Expression {
    Text(Box<str>),
    Number(Decimal),
    Variable(Box<Variable>),
    List(Vec<Expression>),
    Call(Function, Vec<Expression>),
    /// Then, condition, otherwise.
    If(Box<[Expression; 3]>),
    Nothing,
    Not(Box<Expression>),
    And(Box<[Expression; 2]>),
    Or(Box<[Expression; 2]>),
    Compare(Comparison, Box<[Expression; 2]>),
    Join(Vec<Expression>),
}

/// How two terms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Same,
    Other,
    Less,
    LessOrSame,
    More,
    MoreOrSame,
    Within,
    NotWithin,
}

/// Why an expression is not read here.
#[derive(Debug)]
pub enum Unread {
    /// It may mean something to the engine.
    Foreign,
    /// It names what is not there.
    Fault(Mismatch),
}

/// What a product is evaluated with.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub product: &'a Product,
    pub vocabulary: &'a Vocabulary,
    pub html: bool,
}

impl<'a> Scene<'a> {
    pub fn setting(&self) -> Setting<'a> {
        Setting {
            language: self.vocabulary.locale.language,
            sku: &self.product.sku,
        }
    }
}

impl Expression {
    /// Reads an expression whole.
    pub fn read(source: &str, names: &Names<'_>) -> Result<Expression, Unread> {
        let mut reader = Reader {
            rest: source,
            names,
            depth: 0,
        };
        let expression = reader.expression()?;
        if reader.rest.trim().is_empty() {
            Ok(expression)
        } else {
            Err(Unread::Foreign)
        }
    }

    /// What it gives for a product.
    pub fn term<'a>(&'a self, scene: Scene<'a>) -> Term<'a> {
        match self {
            Expression::Text(text) => Term::Text(Cow::Borrowed(text)),
            Expression::Number(number) => constant(*number),
            Expression::Variable(variable) => variable.term(scene.product, scene.vocabulary, scene.html),
            Expression::List(members) => Term::List(
                members
                    .iter()
                    .map(|member| match member.term(scene) {
                        Term::Text(text) | Term::Number(_, text) => text,
                        other => Cow::Owned(other.plain().into_owned()),
                    })
                    .collect(),
            ),
            Expression::Call(function, args) => {
                function.apply(args.iter().map(|arg| arg.term(scene)).collect(), scene.setting())
            }
            Expression::If(parts) => {
                let [then, condition, otherwise] = &**parts;
                if condition.is_true(scene) { then } else { otherwise }.term(scene)
            }
            Expression::Nothing => Term::Nothing,
            Expression::Not(_) | Expression::Compare(..) => {
                let truth = self.is_true(scene);
                Term::Truth(truth, if truth { "1" } else { "0" })
            }
            Expression::And(sides) => {
                let [a, b] = &**sides;
                let term = a.term(scene);
                if term.is_true() { b.term(scene) } else { term }
            }
            Expression::Or(sides) => {
                let [a, b] = &**sides;
                let term = a.term(scene);
                if term.is_true() { term } else { b.term(scene) }
            }
            Expression::Join(parts) => Term::made(
                parts
                    .iter()
                    .map(|part| part.term(scene).plain().into_owned())
                    .collect::<String>(),
            ),
        }
    }

    /// Whether what it prints is never markup of a value: facts make their own, which is well-formed.
    pub fn is_plain(&self) -> bool {
        match self {
            Expression::Variable(variable) => !variable.is_rich(),
            Expression::Call(function, args) => !function.may_pass() || args.iter().all(Expression::is_plain),
            Expression::List(_) => true,
            Expression::If(parts) => parts.iter().all(Expression::is_plain),
            Expression::And(sides) | Expression::Or(sides) => sides.iter().all(Expression::is_plain),
            Expression::Text(_)
            | Expression::Number(_)
            | Expression::Nothing
            | Expression::Not(_)
            | Expression::Compare(..)
            | Expression::Join(_) => true,
        }
    }

    /// Does it hold, as a condition.
    pub fn is_true(&self, scene: Scene<'_>) -> bool {
        match self {
            Expression::Not(inner) => !inner.is_true(scene),
            Expression::And(sides) => sides.iter().all(|side| side.is_true(scene)),
            Expression::Or(sides) => sides.iter().any(|side| side.is_true(scene)),
            Expression::Compare(comparison, sides) => {
                let [a, b] = &**sides;
                comparison.holds(&a.term(scene), &b.term(scene))
            }
            other => other.term(scene).is_true(),
        }
    }
}

impl Comparison {
    fn holds(self, a: &Term<'_>, b: &Term<'_>) -> bool {
        let numbers = match (a, b) {
            (Term::Number(a, _), Term::Number(b, _)) => Some(a.cmp(b)),
            _ => None,
        };
        let same = || match numbers {
            Some(order) => order.is_eq(),
            None => a.plain() == b.plain(),
        };
        let within = || match b {
            Term::List(texts) => texts.iter().any(|text| *text == a.plain()),
            other => other.plain().contains(&*a.plain()),
        };
        match self {
            Comparison::Same => same(),
            Comparison::Other => !same(),
            Comparison::Less => numbers.is_some_and(|order| order.is_lt()),
            Comparison::LessOrSame => numbers.is_some_and(|order| order.is_le()),
            Comparison::More => numbers.is_some_and(|order| order.is_gt()),
            Comparison::MoreOrSame => numbers.is_some_and(|order| order.is_ge()),
            Comparison::Within => within(),
            Comparison::NotWithin => !within(),
        }
    }
}

struct Reader<'s, 'n> {
    rest: &'s str,
    names: &'n Names<'n>,
    depth: usize,
}

type Read = Result<Expression, Unread>;

/// Words that are no names.
const WORDS: &[&str] = &[
    "and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None",
];

impl<'s> Reader<'s, '_> {
    fn expression(&mut self) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Unread::Foreign);
        }
        let then = self.either()?;
        let read = if self.word("if") {
            let condition = self.either()?;
            let otherwise = if self.word("else") {
                self.expression()?
            } else {
                Expression::Nothing
            };
            Expression::If(Box::new([then, condition, otherwise]))
        } else {
            then
        };
        self.depth -= 1;
        Ok(read)
    }

    fn either(&mut self) -> Read {
        let mut left = self.both()?;
        while self.word("or") {
            left = Expression::Or(Box::new([left, self.both()?]));
        }
        Ok(left)
    }

    fn both(&mut self) -> Read {
        let mut left = self.negated()?;
        while self.word("and") {
            left = Expression::And(Box::new([left, self.negated()?]));
        }
        Ok(left)
    }

    fn negated(&mut self) -> Read {
        let mut turned = false;
        while self.word("not") {
            turned = !turned;
        }
        let inner = self.comparison()?;
        Ok(if turned {
            Expression::Not(Box::new(inner))
        } else {
            inner
        })
    }

    fn comparison(&mut self) -> Read {
        let left = self.joined()?;
        let signs = [
            ("==", Comparison::Same),
            ("!=", Comparison::Other),
            ("<=", Comparison::LessOrSame),
            (">=", Comparison::MoreOrSame),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        let found = signs.iter().find(|(sign, _)| self.sign(sign)).map(|(_, found)| *found);
        let found = match found {
            Some(found) => Some(found),
            None if self.word("in") => Some(Comparison::Within),
            None => {
                let before = self.rest;
                if self.word("not") && self.word("in") {
                    Some(Comparison::NotWithin)
                } else {
                    self.rest = before;
                    None
                }
            }
        };
        match found {
            Some(comparison) => Ok(Expression::Compare(comparison, Box::new([left, self.joined()?]))),
            None => Ok(left),
        }
    }

    fn joined(&mut self) -> Read {
        let first = self.filtered()?;
        if !self.rest.trim_start().starts_with('~') {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.sign("~") {
            parts.push(self.filtered()?);
        }
        Ok(Expression::Join(parts))
    }

    fn filtered(&mut self) -> Read {
        let mut inner = self.atom()?;
        while self.sign("|") {
            let name = self.name().ok_or(Unread::Foreign)?;
            let mut args = vec![inner];
            if self.sign("(") {
                args.extend(self.members(")")?);
            }
            inner = call(name, args)?;
        }
        Ok(inner)
    }

    fn atom(&mut self) -> Read {
        let rest = self.rest.trim_start();
        let first = rest.chars().next().ok_or(Unread::Foreign)?;
        match first {
            '"' | '\'' => {
                let end = rest[1..].find(first).ok_or(Unread::Foreign)?;
                let text = &rest[1..=end];
                if text.contains('\\') {
                    return Err(Unread::Foreign);
                }
                self.rest = &rest[end + 2..];
                Ok(Expression::Text(text.into()))
            }
            '[' => {
                self.rest = &rest[1..];
                Ok(Expression::List(self.members("]")?))
            }
            '(' => {
                self.rest = &rest[1..];
                let inner = self.expression()?;
                if self.sign(")") {
                    Ok(inner)
                } else {
                    Err(Unread::Foreign)
                }
            }
            '0'..='9' => {
                let end = rest
                    .find(|c: char| !c.is_ascii_digit() && c != '.')
                    .unwrap_or(rest.len());
                let number = Decimal::from_str_exact(&rest[..end]).map_err(|_| Unread::Foreign)?;
                self.rest = &rest[end..];
                Ok(Expression::Number(number))
            }
            _ => {
                let name = self.name().ok_or(Unread::Foreign)?;
                if !self.rest.trim_start().starts_with('(') {
                    // `loop.index` and `text[:3]` are the engine's.
                    if WORDS.contains(&name) || self.rest.starts_with(['.', '[']) {
                        return Err(Unread::Foreign);
                    }
                    let variable = self.names.find(name).map_err(Unread::Fault)?;
                    return Ok(Expression::Variable(Box::new(variable)));
                }
                self.sign("(");
                let args = self.members(")")?;
                if !FORMS.contains(&name) {
                    return call(name, args);
                }
                let mut named = Vec::with_capacity(args.len());
                for arg in &args {
                    let Expression::Text(text) = arg else {
                        let message = format!("`{name}` takes names of attributes in quotes");
                        let help = format!("write {name}(\"power\")");
                        return Err(Unread::Fault(Mismatch::new("E-TEMPLATE", message).with_help(help)));
                    };
                    named.push(text.to_string());
                }
                let variable = self.names.form(name, &named).map_err(Unread::Fault)?;
                Ok(Expression::Variable(Box::new(variable)))
            }
        }
    }

    /// Expressions with commas between, up to a sign.
    fn members(&mut self, end: &str) -> Result<Vec<Expression>, Unread> {
        let mut members = Vec::new();
        loop {
            if self.sign(end) {
                return Ok(members);
            }
            if !members.is_empty() && !self.sign(",") {
                return Err(Unread::Foreign);
            }
            if self.sign(end) {
                return Ok(members);
            }
            members.push(self.expression()?);
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(word) else {
            return false;
        };
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    fn name(&mut self) -> Option<&'s str> {
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let name = &rest[..end];
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        self.rest = &rest[end..];
        Some(name)
    }
}

/// A function of this program with the right number of arguments; others are the engine's.
fn call(name: &str, args: Vec<Expression>) -> Read {
    let Some((function, least, most)) = Function::named(name) else {
        return Err(Unread::Foreign);
    };
    if args.len() < least || args.len() > most {
        let takes = if least == most {
            format!("{least}")
        } else {
            format!("{least} or {most}")
        };
        let message = format!(
            "`{name}` takes {takes} values, the one before `|` counted, and got {}",
            args.len()
        );
        return Err(Unread::Fault(
            Mismatch::new("E-TEMPLATE", message).with_help("docs/copy.md lists the functions"),
        ));
    }
    Ok(Expression::Call(function, args))
}

/// The fault of a function that neither this program nor the engine has.
pub fn unknown_function(name: &str) -> Mismatch {
    let mut known: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).chain(FORMS).collect();
    known.sort_unstable();
    Mismatch::new("E-TEMPLATE", format!("unknown function or filter `{}`", excerpt(name)))
        .with_help(suggestion(name, known))
}
