//! Numbers in texts: with units, as ranges, as `A x B x C`, as multipacks; and those that are no quantities at all (prices,
//! model numbers, `2 in 1`).
//!
//! Which attribute a quantity fills is left to `read`.

use crate::enrich::specs::language::Marker;
use crate::enrich::specs::token::{Kind, Token};
use crate::enrich::specs::unit_words::{UnitId, UnitWords};
use rust_decimal::Decimal;

/// What a number and its neighbours say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// An amount, with or without a unit.
    One(Decimal, Option<UnitId>),
    /// From the first to the second.
    Range(Decimal, Decimal, Option<UnitId>),
    /// So many of this amount each.
    Pack(Decimal, Decimal, UnitId),
    /// Two or three sides; the third is zero where there are two.
    Sides([Decimal; 3], u8, UnitId),
    /// A percentage.
    Percent(Decimal),
    /// A price, a model number, a list of alternatives: nothing that an attribute could be.
    Nothing,
}

/// A quantity in its text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    pub said: Said,
    /// First token, and the one after the last.
    pub from: usize,
    pub to: usize,
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
}

/// What is needed to read numbers of one text.
pub struct Numbers<'a> {
    pub text: &'a str,
    pub tokens: &'a [Token],
    pub units: &'a UnitWords,
    /// True where a comma parts decimals and a point parts thousands.
    pub decimal_comma: bool,
}

/// A number that has been read, with its unit.
#[derive(Clone, Copy)]
struct Amount {
    number: Decimal,
    unit: Option<UnitId>,
    /// Token after it.
    to: usize,
    end: usize,
}

impl Numbers<'_> {
    /// The quantity that begins at a number token. `named` where the word before is a name, even if it is glued to the digits;
    /// `is` tells what the word of a token does, if it is one of those asked for.
    pub fn read(&self, at: usize, named: bool, is: &dyn Fn(usize, Marker) -> bool) -> Quantity {
        let nothing = |to: usize| self.quantity(Said::Nothing, at, to.max(at + 1));
        // Glued to letters or to a compound (`GSB18`, `DCD-796`) it is part of a code.
        if !named && self.is_coded(at) {
            return nothing(self.compound_end(at));
        }
        let before = at.checked_sub(1).map(|n| self.tokens[n].kind);
        if before == Some(Kind::Currency) {
            return nothing(at + 1);
        }
        let Some(first) = self.amount(at) else {
            return nothing(at + 1);
        };
        if first.unit.is_none() {
            if self.kind(first.to) == Some(Kind::Percent) {
                return self.quantity_to(
                    Said::Percent(first.number),
                    at,
                    first.to + 1,
                    self.tokens[first.to].end as usize,
                );
            }
            if self.kind(first.to) == Some(Kind::Currency) || is(first.to, Marker::Money) {
                return nothing(first.to + 1);
            }
            // `2 en 1`, `2-in-1`
            let mut next = first.to;
            while self.kind(next) == Some(Kind::Dash) {
                next += 1;
            }
            if is(next, Marker::In) {
                next += 1;
                while self.kind(next) == Some(Kind::Dash) {
                    next += 1;
                }
                if self.text_of(next) == Some("1") {
                    return nothing(next + 1);
                }
            }
        }
        if self.is_times(first.to, is)
            && let Some(quantity) = self.product(at, first, is)
        {
            return quantity;
        }
        let to_dash = self.kind(first.to) == Some(Kind::Dash);
        if (to_dash || is(first.to, Marker::To)) && self.kind(first.to + 1) == Some(Kind::Number) {
            match self.amount(first.to + 1) {
                Some(second) if second.number > first.number && (first.unit.is_none() || second.unit == first.unit) => {
                    // `18 V-20` without a unit behind is a code, not a range; words need a unit too, or they are sentences.
                    if second.unit.is_some() || (to_dash && first.unit.is_none()) {
                        let said = Said::Range(first.number, second.number, second.unit);
                        return self.quantity_to(said, at, second.to, second.end);
                    }
                    if to_dash {
                        return nothing(second.to);
                    }
                }
                _ if to_dash && self.tokens[first.to].glued && self.tokens[first.to + 1].glued => {
                    return nothing(self.compound_end(first.to + 1));
                }
                _ => {}
            }
        }
        // Alternatives: `220/240 V`, `M8/M10`. Fractions of inches were read as amounts.
        if self.kind(first.to) == Some(Kind::Slash) && self.kind(first.to + 1) == Some(Kind::Number) {
            let second = self.amount(first.to + 1);
            let same = second.is_some_and(|second| first.unit.is_none() || second.unit == first.unit);
            if same {
                return nothing(second.map_or(first.to + 2, |second| second.to));
            }
        }
        self.quantity_to(Said::One(first.number, first.unit), at, first.to, first.end)
    }

    /// `A x B`, `A x B x C`, `N x amount`.
    fn product(&self, at: usize, first: Amount, is: &dyn Fn(usize, Marker) -> bool) -> Option<Quantity> {
        let mut sides = [first.number, Decimal::ZERO, Decimal::ZERO];
        let mut units = [first.unit, None, None];
        let (mut count, mut last) = (1, first);
        while count < 3 && self.is_times(last.to, is) {
            let mut next = last.to + 1;
            // `30 (An) x 20 (Al)`: the marks stand between.
            if self.kind(next) == Some(Kind::Word) && self.kind(next + 1) == Some(Kind::Number) {
                next += 1;
            }
            if self.kind(next) != Some(Kind::Number) {
                break;
            }
            last = self.amount(next)?;
            sides[count] = last.number;
            units[count] = last.unit;
            count += 1;
        }
        if count == 1 {
            return None;
        }
        let unit = units[count - 1];
        // A fourth factor, or none of the units: no sides of a thing.
        if self.is_times(last.to, is) && self.kind(last.to + 1) == Some(Kind::Number) {
            return Some(self.quantity(Said::Nothing, at, last.to + 2));
        }
        let Some(unit) = unit else {
            return Some(self.quantity(Said::Nothing, at, last.to));
        };
        let length =
            self.units.units[usize::from(unit)].dimension == self.units.dimension("length").unwrap_or(u16::MAX - 1);
        let said = match (count, length) {
            (_, true)
                if units[..count]
                    .iter()
                    .all(|other| other.is_none_or(|other| other == unit)) =>
            {
                Said::Sides(sides, count as u8, unit)
            }
            (2, false) if first.unit.is_none() && first.number.is_integer() && first.number >= Decimal::ONE => {
                Said::Pack(first.number, last.number, unit)
            }
            _ => Said::Nothing,
        };
        Some(self.quantity_to(said, at, last.to, last.end))
    }

    fn is_times(&self, at: usize, is: &dyn Fn(usize, Marker) -> bool) -> bool {
        let Some(kind) = self.kind(at) else { return false };
        let times = kind == Kind::Times || (kind == Kind::Word && is(at, Marker::By));
        // Behind the sign comes a number, or a letter that names its side.
        times && matches!(self.kind(at + 1), Some(Kind::Number | Kind::Word))
    }

    /// The number at a token with its fraction and unit.
    fn amount(&self, at: usize) -> Option<Amount> {
        let token = self.tokens.get(at)?;
        let number = decimal(&self.text[token.start as usize..token.end as usize], self.decimal_comma)?;
        let whole = self.with_unit(number, token.end as usize, at + 1);
        if whole.unit.is_some() {
            return Some(whole);
        }
        // `1/2"`, `1 1/2"`: a fraction counts only where a unit stands behind it.
        let fraction = |at: usize| {
            let (over, under) = (self.tokens.get(at)?, self.tokens.get(at + 2)?);
            let glued = self.kind(at + 1) == Some(Kind::Slash) && self.tokens[at + 1].glued && under.glued;
            if !glued || over.kind != Kind::Number || under.kind != Kind::Number {
                return None;
            }
            let part = |token: &Token| decimal(&self.text[token.start as usize..token.end as usize], false);
            let (over, divisor) = (part(over)?, part(under)?);
            let plain = over.is_integer()
                && [2, 4, 8, 16, 32, 64].iter().any(|n| divisor == Decimal::from(*n))
                && over < divisor;
            plain.then(|| (over / divisor, under.end as usize, at + 3))
        };
        let (value, end, to) = match fraction(at) {
            Some(found) => found,
            None => {
                let (part, end, to) = match number.is_integer() {
                    true => fraction(at + 1).unwrap_or((Decimal::ZERO, 0, 0)),
                    false => (Decimal::ZERO, 0, 0),
                };
                if to == 0 {
                    return Some(whole);
                }
                (number + part, end, to)
            }
        };
        let inches = self.with_unit(value, end, to);
        Some(if inches.unit.is_some() { inches } else { whole })
    }

    fn with_unit(&self, number: Decimal, end: usize, to: usize) -> Amount {
        // `SPF40 PA+++` is a class, not a pressure.
        let is_class = |until: usize| self.text.get(until..).is_some_and(|rest| rest.starts_with("++"));
        match self.units.at(self.text, end).filter(|(_, until)| !is_class(*until)) {
            Some((unit, until)) => {
                let mut next = to;
                while self
                    .tokens
                    .get(next)
                    .is_some_and(|token| (token.start as usize) < until)
                {
                    next += 1;
                }
                Amount {
                    number,
                    unit: Some(unit),
                    to: next,
                    end: until,
                }
            }
            None => Amount {
                number,
                unit: None,
                to,
                end,
            },
        }
    }

    /// True where the number is glued to letters before it, or hangs on a compound: `GSB18`, `DCD-796`, `E27-9`.
    fn is_coded(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let Some(before) = at.checked_sub(1).map(|n| &self.tokens[n]) else {
            return false;
        };
        if !token.glued {
            return false;
        }
        match before.kind {
            Kind::Word => {
                // `L30`, `x20`: one letter may name a side; `x` stands between sides.
                let word = &self.text[before.start as usize..before.end as usize];
                let between = word.eq_ignore_ascii_case("x") && before.glued;
                !between
            }
            Kind::Dash => {
                // `Breathable-3 Layers`: a hyphen behind a word in small letters is a dash.
                let code = |token: &Token| {
                    let text = &self.text.as_bytes()[token.start as usize..token.end as usize];
                    token.kind == Kind::Number
                        || (token.kind == Kind::Word && (text.len() < 4 || !text.iter().any(u8::is_ascii_lowercase)))
                };
                before.glued && at.checked_sub(2).is_some_and(|n| code(&self.tokens[n]))
            }
            _ => false,
        }
    }

    /// The token after a compound of glued words, numbers and hyphens.
    fn compound_end(&self, at: usize) -> usize {
        let mut to = at + 1;
        while let Some(token) = self.tokens.get(to) {
            if !token.glued || !matches!(token.kind, Kind::Word | Kind::Number | Kind::Dash) {
                break;
            }
            to += 1;
        }
        to
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn text_of(&self, at: usize) -> Option<&str> {
        let token = self.tokens.get(at)?;
        self.text.get(token.start as usize..token.end as usize)
    }

    fn quantity(&self, said: Said, from: usize, to: usize) -> Quantity {
        let to = to.min(self.tokens.len());
        self.quantity_to(said, from, to, self.tokens[to - 1].end as usize)
    }

    fn quantity_to(&self, said: Said, from: usize, to: usize, end: usize) -> Quantity {
        let start = self.tokens[from].start as usize;
        Quantity {
            said,
            from,
            to: to.max(from + 1),
            start,
            end,
        }
    }
}

/// The number that digits, points and commas write: the last of two different marks parts the decimals; a single one parts
/// thousands where exactly three digits follow and the language writes thousands so.
pub fn decimal(text: &str, decimal_comma: bool) -> Option<Decimal> {
    let bytes = text.as_bytes();
    if bytes.len() > 18 {
        return None;
    }
    let (mut points, mut commas, mut last) = (0, 0, None);
    for (n, byte) in bytes.iter().enumerate() {
        match byte {
            b'.' => points += 1,
            b',' => commas += 1,
            _ => continue,
        }
        last = Some(n);
    }
    let Some(last) = last else {
        return digits(bytes, None);
    };
    let mark = bytes[last];
    let behind = bytes.len() - last - 1;
    let grouping = match (points, commas) {
        (0, 1) => !decimal_comma && behind == 3,
        (1, 0) => decimal_comma && behind == 3,
        // Repeated, it parts thousands.
        (0, _) | (_, 0) => true,
        _ => false,
    };
    let thousands = grouping && bytes[0] != b'0';
    if thousands {
        return groups_of_three(bytes, mark).then(|| digits(bytes, None))?;
    }
    if points + commas > 1 {
        let other = if mark == b'.' { b',' } else { b'.' };
        let single = if mark == b'.' { points } else { commas } == 1;
        if !single || !groups_of_three(&bytes[..last], other) {
            return None;
        }
    }
    digits(bytes, Some(last))
}

fn groups_of_three(bytes: &[u8], mark: u8) -> bool {
    let mut groups = bytes.split(|byte| *byte == mark);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

fn digits(bytes: &[u8], mark: Option<usize>) -> Option<Decimal> {
    let mut number: i64 = 0;
    let mut scale = 0;
    for (n, byte) in bytes.iter().enumerate() {
        if byte.is_ascii_digit() {
            number = number.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
            scale += u32::from(mark.is_some_and(|mark| n > mark));
        }
    }
    Some(Decimal::new(number, scale))
}
