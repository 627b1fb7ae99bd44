//! Which products belong to a channel: an expression over the attributes, compiled once.
//!
//! Comparisons of attributes with constants, joined by `and`, `or`, `not` and brackets, are decided here, with exact numbers;
//! what says more is an expression of minijinja. A value that is not there is `none`: it is
//! unlike everything else, and neither below nor above it. Options are compared by their codes, prices and measures by their numbers.

use crate::channel::template::reason;
use crate::channel::variable::{Names, Variable};
use crate::product::Product;
use crate::value::Value;
use crate::value::mismatch::Mismatch;
use minijinja::{Environment, UndefinedBehavior};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Steps one decision may take.
const FUEL: u64 = 50_000;
/// Deepest nesting of brackets.
const DEEPEST: usize = 32;
/// Most signs of an expression.
const LONGEST: usize = 4_000;

/// A compiled filter.
#[derive(Debug, Clone)]
pub struct Filter {
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Native(Test),
    Engine {
        engine: Box<Environment<'static>>,
        variables: Vec<(String, Variable)>,
    },
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Any(Vec<Test>),
    All(Vec<Test>),
    Not(Box<Test>),
    Holds(Operand),
    Compare(Operand, Comparison, Operand),
    Among(Operand, Vec<Operand>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Of(Variable),
    Number(Decimal),
    Text(String),
    Truth(bool),
    None,
}

/// A value as it is compared.
#[derive(Debug, Clone, PartialEq)]
enum Scalar<'a> {
    None,
    Number(Decimal),
    Text(Cow<'a, str>),
    Truth(bool),
    Texts(&'a [String]),
}

impl Filter {
    /// Compiles an expression. Faults: `E-FILTER`, and those of `Names::find`.
    pub fn compile(source: &str, names: &Names<'_>) -> Result<Filter, Mismatch> {
        if source.len() > LONGEST {
            return Err(Mismatch::new(
                "E-FILTER",
                format!("the filter is longer than {LONGEST} signs"),
            ));
        }
        if let Some(tokens) = tokens(source) {
            let mut parser = Parser {
                tokens: &tokens,
                at: 0,
                names,
            };
            if let Some(test) = parser.any(0)?
                && parser.at == tokens.len()
            {
                return Ok(Filter {
                    body: Body::Native(test),
                });
            }
        }
        let fault = |fault: minijinja::Error| Mismatch::new("E-FILTER", format!("no expression: {}", reason(&fault)));
        let mut engine = Environment::new();
        engine.set_fuel(Some(FUEL));
        engine.set_undefined_behavior(UndefinedBehavior::Lenient);
        // As a template of its own the expression is compiled once and kept by the engine.
        engine.compile_expression(source).map_err(fault)?;
        engine
            .add_template_owned(NAME, format!("{{% if {source} %}}1{{% endif %}}"))
            .map_err(fault)?;
        let used = engine.get_template(NAME).map_err(fault)?.undeclared_variables(false);
        let mut variables = Vec::new();
        for name in used {
            let variable = names.find(&name)?;
            variables.push((name, variable));
        }
        variables.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Filter {
            body: Body::Engine {
                engine: Box::new(engine),
                variables,
            },
        })
    }

    /// Does the product belong to the channel; the fault of the engine in words where it stops.
    pub fn wants(&self, product: &Product) -> Result<bool, String> {
        match &self.body {
            Body::Native(test) => Ok(test.holds(product)),
            Body::Engine { engine, variables } => {
                let context: BTreeMap<&str, minijinja::Value> = variables
                    .iter()
                    .map(|(name, variable)| (name.as_str(), of(variable, product).engine()))
                    .collect();
                let template = engine.get_template(NAME).map_err(|fault| reason(&fault))?;
                template
                    .render(context)
                    .map(|text| text == "1")
                    .map_err(|fault| reason(&fault))
            }
        }
    }
}

const NAME: &str = "filter";

impl Test {
    fn holds(&self, product: &Product) -> bool {
        match self {
            Test::Any(tests) => tests.iter().any(|test| test.holds(product)),
            Test::All(tests) => tests.iter().all(|test| test.holds(product)),
            Test::Not(test) => !test.holds(product),
            Test::Holds(operand) => operand.of(product).is_true(),
            Test::Compare(a, how, b) => how.holds(&a.of(product), &b.of(product)),
            Test::Among(a, all) => {
                let a = a.of(product);
                a != Scalar::None && all.iter().any(|b| Comparison::Equal.holds(&a, &b.of(product)))
            }
        }
    }
}

impl Operand {
    fn of<'a>(&'a self, product: &'a Product) -> Scalar<'a> {
        match self {
            Operand::Of(variable) => of(variable, product),
            Operand::Number(number) => Scalar::Number(*number),
            Operand::Text(text) => Scalar::Text(Cow::Borrowed(text)),
            Operand::Truth(truth) => Scalar::Truth(*truth),
            Operand::None => Scalar::None,
        }
    }
}

fn of<'a>(variable: &'a Variable, product: &'a Product) -> Scalar<'a> {
    let text = |text: &'a str| Scalar::Text(Cow::Borrowed(text));
    let (reading, label) = match variable {
        Variable::Sku => return text(&product.sku),
        Variable::Model => return product.model.as_deref().map_or(Scalar::None, text),
        Variable::Family(codes) => {
            let code = product.family.and_then(|family| codes.get(usize::from(family.0)));
            return code.map_or(Scalar::None, |code| text(code));
        }
        Variable::Domain => return Scalar::None,
        Variable::Attribute(reading) => (reading, false),
        Variable::Label(reading) => (reading, true),
    };
    match reading.of(product) {
        None => Scalar::None,
        Some(Value::Integer(number)) => Scalar::Number(Decimal::from(*number)),
        Some(Value::Decimal(number)) => Scalar::Number(*number),
        Some(Value::Measure(measure)) => Scalar::Number(measure.amount),
        Some(Value::Money(price)) => Scalar::Number(price.amount),
        Some(Value::Boolean(truth)) => Scalar::Truth(*truth),
        Some(Value::Option(code)) => text(if label { reading.label(code) } else { code }),
        Some(Value::Options(texts) | Value::Media(texts) | Value::Reference(texts)) => Scalar::Texts(texts),
        Some(other) => Scalar::Text(other.to_text()),
    }
}

impl Scalar<'_> {
    fn is_true(&self) -> bool {
        match self {
            Scalar::None => false,
            Scalar::Number(number) => !number.is_zero(),
            Scalar::Text(text) => !text.is_empty(),
            Scalar::Truth(truth) => *truth,
            Scalar::Texts(texts) => !texts.is_empty(),
        }
    }

    fn engine(&self) -> minijinja::Value {
        match self {
            Scalar::None => minijinja::Value::from(()),
            Scalar::Number(number) => match number.is_integer().then(|| number.to_i64()).flatten() {
                Some(whole) => minijinja::Value::from(whole),
                // Only comparisons see it: no price leaves as a float.
                None => minijinja::Value::from(number.to_f64().unwrap_or(f64::NAN)),
            },
            Scalar::Text(text) => minijinja::Value::from(text.as_ref()),
            Scalar::Truth(truth) => minijinja::Value::from(*truth),
            Scalar::Texts(texts) => minijinja::Value::from(texts.to_vec()),
        }
    }
}

impl Comparison {
    fn holds(self, a: &Scalar<'_>, b: &Scalar<'_>) -> bool {
        let order = match (a, b) {
            (Scalar::None, Scalar::None) => return matches!(self, Comparison::Equal),
            (Scalar::None, _) | (_, Scalar::None) => return matches!(self, Comparison::Unequal),
            (Scalar::Number(a), Scalar::Number(b)) => Some(a.cmp(b)),
            (Scalar::Text(a), Scalar::Text(b)) => Some(a.cmp(b)),
            (Scalar::Truth(a), Scalar::Truth(b)) => Some(a.cmp(b)),
            _ => None,
        };
        match (self, order) {
            (Comparison::Equal, order) => order == Some(Ordering::Equal),
            (Comparison::Unequal, order) => order != Some(Ordering::Equal),
            (Comparison::Less, Some(order)) => order == Ordering::Less,
            (Comparison::LessOrEqual, Some(order)) => order != Ordering::Greater,
            (Comparison::Greater, Some(order)) => order == Ordering::Greater,
            (Comparison::GreaterOrEqual, Some(order)) => order != Ordering::Less,
            (_, None) => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Number(Decimal),
    Text(String),
    Sign(&'a str),
}

/// The words of an expression; none where it holds something that is not for this parser.
fn tokens(source: &str) -> Option<Vec<Token<'_>>> {
    let mut out = Vec::new();
    let mut rest = source.trim_start();
    while let Some(c) = rest.chars().next() {
        let take = |holds: fn(char) -> bool| rest.find(|c: char| !holds(c)).unwrap_or(rest.len());
        let length = if c.is_ascii_alphabetic() || c == '_' {
            let end = take(|c| c.is_ascii_alphanumeric() || c == '_');
            out.push(Token::Name(&rest[..end]));
            end
        } else if c.is_ascii_digit() {
            let end = take(|c| c.is_ascii_digit() || c == '.');
            out.push(Token::Number(Decimal::from_str_exact(&rest[..end]).ok()?));
            end
        } else if c == '"' || c == '\'' {
            let inner = &rest[1..];
            let end = inner.find(c)?;
            // An escape is for the engine.
            if inner[..end].contains('\\') {
                return None;
            }
            out.push(Token::Text(inner[..end].to_string()));
            end + 2
        } else {
            let signs = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", "-"];
            let sign = signs.into_iter().find(|sign| rest.starts_with(sign))?;
            out.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[length..].trim_start();
    }
    Some(out)
}

struct Parser<'a, 't> {
    tokens: &'t [Token<'a>],
    at: usize,
    names: &'t Names<'t>,
}

/// A part that was read, or none where it is for the engine.
type Read<T> = Result<Option<T>, Mismatch>;

impl Parser<'_, '_> {
    fn any(&mut self, depth: usize) -> Read<Test> {
        let Some(first) = self.all(depth)? else { return Ok(None) };
        let mut tests = vec![first];
        while self.word("or") {
            let Some(test) = self.all(depth)? else { return Ok(None) };
            tests.push(test);
        }
        Ok(Some(one(tests, Test::Any)))
    }

    fn all(&mut self, depth: usize) -> Read<Test> {
        let Some(first) = self.not(depth)? else { return Ok(None) };
        let mut tests = vec![first];
        while self.word("and") {
            let Some(test) = self.not(depth)? else { return Ok(None) };
            tests.push(test);
        }
        Ok(Some(one(tests, Test::All)))
    }

    fn not(&mut self, depth: usize) -> Read<Test> {
        if depth > DEEPEST {
            return Ok(None);
        }
        if self.word("not") {
            return Ok(self.not(depth + 1)?.map(|test| Test::Not(Box::new(test))));
        }
        if self.sign("(") {
            let Some(test) = self.any(depth + 1)? else {
                return Ok(None);
            };
            // A bracket around a value is for the engine.
            let closed = self.sign(")")
                && !matches!(
                    self.tokens.get(self.at),
                    Some(Token::Sign("==" | "!=" | "<" | ">" | "<=" | ">="))
                );
            return Ok(closed.then_some(test));
        }
        let Some(left) = self.operand()? else { return Ok(None) };
        let how = match self.tokens.get(self.at) {
            Some(Token::Sign("==")) => Comparison::Equal,
            Some(Token::Sign("!=")) => Comparison::Unequal,
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::LessOrEqual,
            Some(Token::Sign(">")) => Comparison::Greater,
            Some(Token::Sign(">=")) => Comparison::GreaterOrEqual,
            Some(Token::Name("in")) => {
                self.at += 1;
                return Ok(self.list()?.map(|all| Test::Among(left, all)));
            }
            Some(Token::Name("not")) => {
                self.at += 1;
                if !self.word("in") {
                    return Ok(None);
                }
                return Ok(self.list()?.map(|all| Test::Not(Box::new(Test::Among(left, all)))));
            }
            Some(Token::Name("is")) => return Ok(None),
            _ => return Ok(Some(Test::Holds(left))),
        };
        self.at += 1;
        Ok(self.operand()?.map(|right| Test::Compare(left, how, right)))
    }

    fn list(&mut self) -> Read<Vec<Operand>> {
        if !self.sign("[") {
            return Ok(None);
        }
        let mut out = Vec::new();
        while !self.sign("]") {
            if !out.is_empty() && !self.sign(",") {
                return Ok(None);
            }
            let Some(operand) = self.operand()? else {
                return Ok(None);
            };
            out.push(operand);
        }
        Ok(Some(out))
    }

    fn operand(&mut self) -> Read<Operand> {
        let minus = self.sign("-");
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        Ok(match token {
            Some(Token::Number(number)) => Some(Operand::Number(if minus { -number } else { number })),
            Some(Token::Text(text)) if !minus => Some(Operand::Text(text)),
            Some(Token::Name(name)) if !minus => match name {
                "true" | "True" => Some(Operand::Truth(true)),
                "false" | "False" => Some(Operand::Truth(false)),
                "none" | "None" => Some(Operand::None),
                "and" | "or" | "not" | "in" | "is" | "if" | "else" => None,
                // A bracket behind a name would be a call.
                name if !matches!(self.tokens.get(self.at), Some(Token::Sign("(" | "["))) => {
                    Some(Operand::Of(self.names.find(name)?))
                }
                _ => None,
            },
            _ => None,
        })
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Name(word));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }
}

fn one(mut tests: Vec<Test>, several: fn(Vec<Test>) -> Test) -> Test {
    match tests.len() {
        1 => tests.remove(0),
        _ => several(tests),
    }
}
