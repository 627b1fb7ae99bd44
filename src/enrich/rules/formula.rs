//! Formulas: read once, their units checked then, and computed of a product in exact decimals.
//!
//! Measures of one dimension add and compare in any unit; a measure or money takes a number as its factor; two of a kind divide
//! to a number. Everything else is refused where the rule is read. Currencies of values are known of each product only.

use crate::diagnostic::excerpt;
use crate::enrich::rules::reason::Reason;
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::mismatch::Mismatch;
use crate::value::number::{Notation, parse};
use crate::value::price::Currency;
use crate::value::{Kind, Value};
use rust_decimal::{Decimal, RoundingStrategy};

/// Longest formula, in bytes.
const LONGEST: usize = 2_000;
/// Brackets and functions stand no deeper in each other.
const DEEPEST: usize = 24;
/// Most numbers and attributes of a formula, so that computing it needs little of the stack.
const MOST_PARTS: usize = 200;
/// Most decimals that can be rounded to: those of a decimal.
const MOST_DECIMALS: u32 = 28;

/// A formula, names looked up.
#[derive(Debug, Clone)]
pub enum Formula {
    Constant(Amount),
    Value(Key),
    Minus(Box<Formula>),
    Binary(Sign, Box<[Formula; 2]>),
    Round(Box<Formula>, u32),
    /// The least or the greatest.
    Most(bool, Vec<Formula>),
    /// A measure as a plain number of a unit.
    In(Box<Formula>, Box<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

/// A number with what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    pub number: Decimal,
    pub of: Of,
}

/// What a number is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    Nothing,
    /// Code of a unit.
    Unit(Box<str>),
    Money(Currency),
}

/// What a formula gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sort {
    Number,
    /// By dimension.
    Measure(Box<str>),
    /// Of a currency that is known, or of a product's.
    Money(Option<Currency>),
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Sort::Number => f.write_str("a number"),
            Sort::Measure(dimension) => write!(f, "a measure of {dimension}"),
            Sort::Money(None) => f.write_str("money"),
            Sort::Money(Some(currency)) => write!(f, "{}", currency.code()),
        }
    }
}

/// What is wrong with a formula, and the words of it.
#[derive(Debug)]
pub struct Fault {
    pub mismatch: Mismatch,
    pub words: String,
}

/// Reads a formula; `key` tells which value a name means. Faults: `E-RULE-FORMULA`, `E-RULE-UNITS`, those of `key`.
pub fn read(
    text: &str,
    schema: &Schema,
    key: &dyn Fn(&str) -> Result<Key, Mismatch>,
) -> Result<(Formula, Sort), Fault> {
    if text.len() > LONGEST {
        let mismatch = Mismatch::new("E-RULE-FORMULA", format!("the formula has more than {LONGEST} bytes"));
        return Err(Fault {
            mismatch: mismatch.with_help("compute it in two rules"),
            words: String::new(),
        });
    }
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        parts: 0,
        schema,
        key,
    };
    let found = reader.sum()?;
    match reader.rest().is_empty() {
        true => Ok(found),
        false => Err(reader.unexpected()),
    }
}

type Read = Result<(Formula, Sort), Fault>;

struct Reader<'r> {
    text: &'r str,
    at: usize,
    depth: usize,
    parts: usize,
    schema: &'r Schema,
    key: &'r dyn Fn(&str) -> Result<Key, Mismatch>,
}

impl<'r> Reader<'r> {
    fn rest(&mut self) -> &'r str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    /// What begins here as long as it is made of these.
    fn word(&mut self, of: impl Fn(char) -> bool) -> &'r str {
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !of(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn fault(&self, code: &'static str, words: &str, message: impl Into<String>, help: &str) -> Fault {
        Fault {
            mismatch: Mismatch::new(code, message).with_help(help),
            words: words.to_owned(),
        }
    }

    fn unexpected(&mut self) -> Fault {
        let rest = self.rest();
        let message = match rest.is_empty() {
            true => "the formula ends where a number or an attribute is expected".to_owned(),
            false => format!("`{}` is not expected here", excerpt(rest)),
        };
        let help = "write it as in `round(cost * 1.4, 2)`; a decimal point, never a comma, parts decimals";
        self.fault("E-RULE-FORMULA", rest, message, help)
    }

    fn expect(&mut self, sign: char) -> Result<(), Fault> {
        match self.take(sign) {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    fn sum(&mut self) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("brackets stand more than {DEEPEST} deep");
            return Err(self.fault("E-RULE-FORMULA", "", message, "compute it in two rules"));
        }
        let start = self.at;
        let mut left = self.product()?;
        loop {
            let sign = match self.rest().chars().next() {
                Some('+') => Sign::Plus,
                Some('-') => Sign::Minus,
                _ => break,
            };
            self.at += 1;
            let right = self.product()?;
            left = self.binary(sign, left, right, start)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Read {
        let start = self.at;
        let mut left = self.one()?;
        loop {
            let sign = match self.rest().chars().next() {
                Some('*') => Sign::Times,
                Some('/') => Sign::Over,
                _ => break,
            };
            self.at += 1;
            let right = self.one()?;
            left = self.binary(sign, left, right, start)?;
        }
        Ok(left)
    }

    fn one(&mut self) -> Read {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            let message = format!("the formula has more than {MOST_PARTS} parts");
            return Err(self.fault("E-RULE-FORMULA", "", message, "compute it in two rules"));
        }
        let rest = self.rest();
        match rest.chars().next() {
            Some('(') => {
                self.at += 1;
                let found = self.sum()?;
                self.expect(')')?;
                Ok(found)
            }
            Some('-') => {
                self.at += 1;
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(self.unexpected());
                }
                let (formula, sort) = self.one()?;
                self.depth -= 1;
                Ok((Formula::Minus(Box::new(formula)), sort))
            }
            Some(c) if c.is_ascii_digit() => self.constant(),
            Some(c) if c.is_ascii_lowercase() => self.name(),
            _ => Err(self.unexpected()),
        }
    }

    /// `12.5`, `2 kg`, `0.5 "km/h"`, `3 EUR`.
    fn constant(&mut self) -> Read {
        let start = self.at;
        let digits = self.word(|c| c.is_ascii_digit() || c == '.');
        let Ok(number) = parse(digits, Notation::Plain) else {
            self.at = start;
            return Err(self.unexpected());
        };
        let unit = match self.rest().chars().next() {
            Some('"') => {
                self.at += 1;
                let unit = self.word(|c| c != '"');
                self.expect('"')?;
                unit
            }
            Some(c) if c.is_alphabetic() || matches!(c, '°' | '%' | 'µ' | 'Ω') => {
                self.word(|c| c.is_alphanumeric() || matches!(c, '°' | '%' | 'µ' | 'Ω' | '²' | '³'))
            }
            _ => "",
        };
        if unit.is_empty() {
            let of = Of::Nothing;
            return Ok((Formula::Constant(Amount { number, of }), Sort::Number));
        }
        let capitals = unit.len() == 3 && unit.bytes().all(|byte| byte.is_ascii_uppercase());
        if let Some(currency) = Currency::parse(unit).ok().filter(|_| capitals) {
            let of = Of::Money(currency);
            return Ok((Formula::Constant(Amount { number, of }), Sort::Money(Some(currency))));
        }
        let unit = self.unit(unit)?;
        let (code, dimension) = (unit.code.clone(), unit.dimension.clone());
        let of = Of::Unit(code);
        Ok((Formula::Constant(Amount { number, of }), Sort::Measure(dimension)))
    }

    fn unit(&self, word: &str) -> Result<&'r crate::value::unit::Unit, Fault> {
        let schema = self.schema;
        schema.units().find(word).ok_or_else(|| {
            let help = match schema.units().nearest(word) {
                Some(near) => format!("did you mean {near}? Units are added with [units.…] in the schema"),
                None => {
                    "units are added with [units.…] in the schema; other signs stand in quotes: 3 \"km/h\"".to_owned()
                }
            };
            let message = format!("there is no unit `{}`", excerpt(word));
            self.fault("E-RULE-UNITS", word, message, &help)
        })
    }

    /// An attribute, or a function with its arguments.
    fn name(&mut self) -> Read {
        let start = self.at;
        let code = self.word(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if self.rest().starts_with('(') {
            return self.call(code);
        }
        if self.rest().starts_with('@') {
            self.word(|c| c.is_alphanumeric() || matches!(c, '@' | '-' | '_'));
        }
        let name = self.text.get(start..self.at).unwrap_or_default().trim();
        let of_name = |mismatch| Fault {
            mismatch,
            words: name.to_owned(),
        };
        let key = (self.key)(name).map_err(of_name)?;
        let attribute = self.schema.attribute(key.attribute);
        let sort = match (attribute.kind, &attribute.dimension) {
            (Kind::Integer | Kind::Decimal, _) => Sort::Number,
            (Kind::Measure, Some(dimension)) => Sort::Measure(dimension.clone()),
            (Kind::Money, _) => Sort::Money(None),
            (kind, _) => {
                let message = format!("`{}` is of kind {kind}, which is no number", attribute.code);
                let help = "compute with integers, decimals, measures and money";
                return Err(self.fault("E-RULE-UNITS", name, message, help));
            }
        };
        Ok((Formula::Value(key), sort))
    }

    fn call(&mut self, function: &str) -> Read {
        self.expect('(')?;
        let start = self.at;
        let (first, sort) = self.sum()?;
        let found = match function {
            "round" => {
                let decimals = if self.take(',') {
                    self.rest();
                    let digits = self.word(|c| c.is_ascii_digit());
                    digits.parse::<u32>().ok().filter(|decimals| *decimals <= MOST_DECIMALS)
                } else {
                    Some(0)
                };
                match decimals {
                    Some(decimals) => (Formula::Round(Box::new(first), decimals), sort),
                    None => return Err(self.unexpected()),
                }
            }
            "min" | "max" => {
                let (mut all, mut sort) = (vec![first], sort);
                while self.take(',') {
                    let (next, other) = self.sum()?;
                    sort = self.same(sort, &other, start, "compare")?;
                    all.push(next);
                }
                (Formula::Most(function == "max", all), sort)
            }
            "amount" => {
                self.expect(',')?;
                let quoted = self.take('"');
                let word = self.word(|c| !matches!(c, '"' | ')' | ',')).trim();
                if quoted {
                    self.expect('"')?;
                }
                let unit = self.unit(word)?;
                if sort != Sort::Measure(unit.dimension.clone()) {
                    let message = format!("{} is a unit of {}, and this is {sort}", unit.code, unit.dimension);
                    let help = "name a unit of what is measured";
                    return Err(self.fault("E-RULE-UNITS", word, message, help));
                }
                (Formula::In(Box::new(first), unit.code.clone()), Sort::Number)
            }
            _ => {
                let message = format!("there is no function `{}`", excerpt(function));
                let help = "there are round(x, decimals), min(a, b), max(a, b) and amount(x, unit)";
                return Err(self.fault("E-RULE-FORMULA", function, message, help));
            }
        };
        self.expect(')')?;
        Ok(found)
    }

    fn binary(&self, sign: Sign, left: (Formula, Sort), right: (Formula, Sort), start: usize) -> Read {
        let ((left, a), (right, b)) = (left, right);
        // `… * 1 °C` makes a measure of a number, and converts nothing.
        let makes = |formula: &Formula, other: &Sort| {
            sign == Sign::Times && *other == Sort::Number && matches!(formula, Formula::Constant(_))
        };
        if self.is_point(&a) && !makes(&left, &b) || self.is_point(&b) && !makes(&right, &a) {
            let message = "degrees do not add or multiply: 10 °C is a point, and no difference";
            let help = "compute with numbers: `(amount(x, \"°C\") + 10) * 1 °C`";
            return Err(self.fault("E-RULE-UNITS", self.since(start), message, help));
        }
        let sort = match sign {
            Sign::Plus => self.same(a, &b, start, "add")?,
            Sign::Minus => self.same(a, &b, start, "subtract")?,
            Sign::Times => match (a, b) {
                (Sort::Number, other) | (other, Sort::Number) => other,
                (a, b) => {
                    let message = format!("{a} cannot be multiplied by {b}");
                    let help = "make a number of one: `amount(length, cm) * amount(width, cm)`";
                    return Err(self.fault("E-RULE-UNITS", self.since(start), message, help));
                }
            },
            Sign::Over => match (a, b) {
                (other, Sort::Number) => other,
                (a, b) => {
                    let message = format!("{a} cannot be divided by {b}");
                    if self.same(a, &b, start, "divide").is_err() {
                        let help = "divide by a number, or by something of the same kind";
                        return Err(self.fault("E-RULE-UNITS", self.since(start), message, help));
                    }
                    Sort::Number
                }
            },
        };
        Ok((Formula::Binary(sign, Box::new([left, right])), sort))
    }

    /// Whether units of what is measured have zeros of their own, so that a number of them may be a point or a difference.
    fn is_point(&self, sort: &Sort) -> bool {
        let Sort::Measure(dimension) = sort else { return false };
        let mut units = self.schema.units().iter();
        units.any(|unit| unit.dimension == *dimension && unit.is_shifted())
    }

    /// What two of one sort give; they must be.
    fn same(&self, a: Sort, b: &Sort, start: usize, verb: &str) -> Result<Sort, Fault> {
        match (a, b) {
            (Sort::Money(one), Sort::Money(other)) if one.is_none() || other.is_none() || one == *other => {
                Ok(Sort::Money(one.or(*other)))
            }
            (a, b) if a == *b => Ok(a),
            (a, b) => {
                let message = format!("cannot {verb} {a} and {b}");
                let help = "bring both to one dimension or currency; `amount(x, unit)` makes a number of a measure";
                Err(self.fault("E-RULE-UNITS", self.since(start), message, help))
            }
        }
    }

    fn since(&self, start: usize) -> &'r str {
        self.text.get(start..self.at).unwrap_or_default().trim()
    }
}

impl Formula {
    /// The values that it reads.
    pub fn reads(&self, out: &mut Vec<Key>) {
        match self {
            Formula::Constant(_) => {}
            Formula::Value(key) => out.push(*key),
            Formula::Minus(inner) | Formula::Round(inner, _) | Formula::In(inner, _) => inner.reads(out),
            Formula::Binary(_, sides) => sides.iter().for_each(|side| side.reads(out)),
            Formula::Most(_, all) => all.iter().for_each(|one| one.reads(out)),
        }
    }

    /// What it gives for a product.
    pub fn compute(&self, product: &Product, schema: &Schema) -> Result<Amount, Reason> {
        Ok(match self {
            Formula::Constant(amount) => amount.clone(),
            Formula::Value(key) => {
                let value = product.value(key.attribute, key.locale, key.channel);
                value.and_then(amount_of).ok_or(Reason::Missing(*key))?
            }
            Formula::Minus(inner) => {
                let Amount { number, of } = inner.compute(product, schema)?;
                Amount { number: -number, of }
            }
            Formula::Round(inner, decimals) => {
                let Amount { number, of } = inner.compute(product, schema)?;
                let number = number.round_dp_with_strategy(*decimals, RoundingStrategy::MidpointAwayFromZero);
                Amount { number, of }
            }
            Formula::In(inner, unit) => {
                let Amount { number, of } = inner.compute(product, schema)?;
                let of = match of {
                    Of::Unit(of) => of,
                    _ => unit.clone(),
                };
                let number = schema
                    .units()
                    .convert(number, &of, unit)
                    .map_err(|_| Reason::TooLarge)?;
                let of = Of::Nothing;
                Amount { number, of }
            }
            Formula::Most(greatest, all) => {
                let mut most: Option<Amount> = None;
                for one in all {
                    let next = one.compute(product, schema)?;
                    most = Some(match most {
                        None => next,
                        Some(most) => {
                            let beside = alike(&most, &next, schema)?;
                            if (beside > most.number) == *greatest && beside != most.number {
                                next
                            } else {
                                most
                            }
                        }
                    });
                }
                most.ok_or(Reason::AllMissing)?
            }
            Formula::Binary(sign, sides) => {
                let [left, right] = &**sides;
                binary(
                    *sign,
                    left.compute(product, schema)?,
                    right.compute(product, schema)?,
                    schema,
                )?
            }
        })
    }
}

fn binary(sign: Sign, a: Amount, b: Amount, schema: &Schema) -> Result<Amount, Reason> {
    let number = match sign {
        Sign::Plus => a.number.checked_add(alike(&a, &b, schema)?),
        Sign::Minus => a.number.checked_sub(alike(&a, &b, schema)?),
        Sign::Times => {
            let number = a.number.checked_mul(b.number).ok_or(Reason::TooLarge)?;
            let of = if a.of == Of::Nothing { b.of } else { a.of };
            return Ok(Amount { number, of });
        }
        Sign::Over => {
            let both = b.of != Of::Nothing;
            let under = if both { alike(&a, &b, schema)? } else { b.number };
            if under.is_zero() {
                return Err(Reason::DivisionByZero);
            }
            let number = a.number.checked_div(under).ok_or(Reason::TooLarge)?;
            let of = if both { Of::Nothing } else { a.of };
            return Ok(Amount { number, of });
        }
    };
    let number = number.ok_or(Reason::TooLarge)?;
    Ok(Amount { number, of: a.of })
}

/// The number of `b` in what `a` is of.
fn alike(a: &Amount, b: &Amount, schema: &Schema) -> Result<Decimal, Reason> {
    match (&a.of, &b.of) {
        (Of::Unit(to), Of::Unit(from)) if to != from => {
            let converted = schema.units().convert(b.number, from, to);
            converted.map_err(|_| Reason::TooLarge)
        }
        (Of::Money(one), Of::Money(other)) if one != other => Err(Reason::Currencies(*one, *other)),
        _ => Ok(b.number),
    }
}

fn amount_of(value: &Value) -> Option<Amount> {
    let (number, of) = match value {
        Value::Integer(number) => (Decimal::from(*number), Of::Nothing),
        Value::Decimal(number) => (*number, Of::Nothing),
        Value::Measure(measure) => (measure.amount, Of::Unit(measure.unit.clone())),
        Value::Money(price) => (price.amount, Of::Money(price.currency)),
        _ => return None,
    };
    Some(Amount { number, of })
}
