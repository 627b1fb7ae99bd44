//! A number with a unit, read from what data sheets write.
//!
//! The unit stays as said; `to` converts. Which unit an attribute wants is the schema's.

use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation, is_minus};
use crate::value::text;
use crate::value::unit::Units;
use rust_decimal::Decimal;
use std::fmt;

/// An amount of a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measurement {
    pub amount: Decimal,
    /// Code of the unit.
    pub unit: Box<str>,
}

impl Measurement {
    /// Reads a measurement: `2,5 kg`, `500g`, `3/8"`, `1 1/2 in`. A bare number takes the `assumed` unit.
    ///
    /// Refused: units nobody knows, units of another dimension than asked for, several numbers (`20 x 30 cm`), fractions
    /// without an exact decimal (`1/3`).
    pub fn read(
        text: &str,
        notation: Notation,
        units: &Units,
        assumed: Option<&str>,
        dimension: Option<&str>,
    ) -> Result<Measurement, Mismatch> {
        let text = text::trimmed(text);
        if text.is_empty() {
            return Err(Mismatch::no_value());
        }
        let (number, word) = split(text);
        if number.is_empty() {
            return Err(
                Mismatch::new("E-MEASURE", "not a measurement: it does not begin with a number")
                    .with_help("write it as 2.5 kg"),
            );
        }
        let unit = match (word, assumed) {
            ("", Some(assumed)) => assumed,
            ("", None) => {
                return Err(Mismatch::new("E-MEASURE-UNIT", "a number without a unit")
                    .with_help("declare `unit` for the field in the supplier's mapping"));
            }
            (word, _) => word,
        };
        let unit = units.find(unit).ok_or_else(|| {
            let mismatch = Mismatch::new("E-MEASURE-UNIT", "a unit that is not in the table");
            match units.nearest(unit) {
                Some(near) => mismatch.with_help(format!(
                    "did you mean {near}? Units are added with [units.…] in the schema"
                )),
                None => mismatch.with_help("take it off with a step, or add it with [units.…] in the schema"),
            }
        })?;
        if let Some(dimension) = dimension.filter(|dimension| **dimension != *unit.dimension) {
            return Err(Mismatch::new(
                "E-MEASURE-DIMENSION",
                format!(
                    "{} is a unit of {}, where {dimension} is asked for",
                    unit.code, unit.dimension
                ),
            )
            .with_help("check that the field takes its value from the right column"));
        }
        Ok(Measurement {
            amount: amount(number, notation)?,
            unit: unit.code.clone(),
        })
    }

    /// Reads the canonical text, `2.5 kg`; the unit is not looked up.
    pub fn parse(text: &str) -> Result<Measurement, Mismatch> {
        match text.split_once(' ') {
            Some((amount, unit)) if !unit.is_empty() => Ok(Measurement {
                amount: number::parse(amount, Notation::Plain)?,
                unit: unit.into(),
            }),
            _ => Err(Mismatch::new("E-MEASURE", "not a measurement").with_help("write it as 2.5 kg")),
        }
    }

    /// The same measurement in another unit of its dimension.
    pub fn to(&self, units: &Units, unit: &str) -> Result<Measurement, Mismatch> {
        if *self.unit == *unit {
            return Ok(self.clone());
        }
        Ok(Measurement {
            amount: units.convert(self.amount, &self.unit, unit)?,
            unit: unit.into(),
        })
    }

    /// Appends `2.5 kg`.
    pub fn write(&self, out: &mut String) {
        number::write(self.amount, 0, out);
        out.push(' ');
        out.push_str(&self.unit);
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::with_capacity(16);
        self.write(&mut out);
        f.write_str(&out)
    }
}

/// The number in front and the unit behind it. Also serves to find out how a column writes its numbers and units.
pub fn split(text: &str) -> (&str, &str) {
    let text = text::trimmed(text);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if c.is_ascii_digit() || vulgar(c).is_some() {
            end = at + c.len_utf8();
        } else if !(c.is_whitespace() || is_minus(c) || matches!(c, '+' | '.' | ',' | '/' | '\'' | '\u{2019}')) {
            break;
        }
    }
    let (number, unit) = text.split_at(end);
    // `1000 1/min`: the 1 before the stroke belongs to the unit.
    if unit.starts_with('/')
        && let Some(front) = number
            .strip_suffix('1')
            .filter(|front| front.ends_with(char::is_whitespace))
    {
        return (front.trim_end(), &text[end - 1..]);
    }
    (number, unit.trim())
}

/// A number, or a whole number and a fraction: `3/8`, `1 1/2`, `1-1/2`, `1½`.
fn amount(text: &str, notation: Notation) -> Result<Decimal, Mismatch> {
    let last = text.chars().next_back();
    if let Some((numerator, denominator)) = last.and_then(vulgar) {
        let whole = text.trim_end_matches(|c| vulgar(c).is_some()).trim_end();
        return mixed(whole, Decimal::from(numerator), Decimal::from(denominator));
    }
    let Some((front, denominator)) = text.split_once('/') else {
        return number::parse(text, notation);
    };
    let front = front.trim_end();
    let at = front
        .rfind(|c: char| c.is_whitespace() || (is_minus(c)))
        .map_or(0, |at| at + front[at..].chars().next().map_or(1, char::len_utf8));
    let (whole, numerator) = front.split_at(at);
    let small = |text: &str| -> Result<Decimal, Mismatch> {
        match text.trim().parse::<u16>() {
            Ok(number) => Ok(Decimal::from(number)),
            Err(_) => Err(no_fraction()),
        }
    };
    mixed(whole.trim_end(), small(numerator)?, small(denominator)?)
}

fn mixed(whole: &str, numerator: Decimal, denominator: Decimal) -> Result<Decimal, Mismatch> {
    let part = numerator.checked_div(denominator).ok_or_else(no_fraction)?;
    if part.checked_mul(denominator) != Some(numerator) {
        return Err(
            Mismatch::new("E-MEASURE-FRACTION", "a fraction that no decimal says exactly")
                .with_help("write it as a decimal, rounded as you want it"),
        );
    }
    // `1-1/2`: the hyphen joins, it is no sign. Alone, `-` and `+` are signs.
    let (negative, whole) = match whole.strip_prefix(is_minus) {
        Some(rest) => (true, rest),
        None => (false, whole.strip_prefix('+').unwrap_or(whole)),
    };
    let whole = whole.strip_suffix(is_minus).unwrap_or(whole).trim();
    let sum = if whole.is_empty() {
        part
    } else {
        let whole = whole.parse::<u32>().map_err(|_| no_fraction())?;
        Decimal::from(whole).checked_add(part).ok_or_else(no_fraction)?
    };
    Ok(if negative { -sum } else { sum })
}

fn no_fraction() -> Mismatch {
    Mismatch::new("E-MEASURE-FRACTION", "not a fraction").with_help("write it as 3/8 or 1 1/2")
}

fn vulgar(c: char) -> Option<(u8, u8)> {
    Some(match c {
        '¼' => (1, 4),
        '½' => (1, 2),
        '¾' => (3, 4),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, notation: Notation, assumed: Option<&str>, dimension: Option<&str>, expected: &str) {
        let got = Measurement::read(text, notation, Units::builtin(), assumed, dimension).map_or_else(
            |mismatch| mismatch.code.to_string(),
            |measurement| measurement.to_string(),
        );
        assert_eq!(got, expected, "{text:?}");
    }

    #[test]
    fn measurements_of_data_sheets() {
        check("2,5 kg", Notation::GroupedByPoint, None, None, "2.5 kg");
        check("500g", Notation::Plain, None, Some("mass"), "500 g");
        check("500 gr.", Notation::Plain, None, None, "500 g");
        check("3/8\"", Notation::Plain, None, Some("length"), "0.375 in");
        check("1 1/2 in", Notation::Plain, None, None, "1.5 in");
        check("1-1/2\"", Notation::Plain, None, None, "1.5 in");
        check("1½ pulgadas", Notation::Plain, None, None, "1.5 in");
        check("-1/2 in", Notation::Plain, None, None, "-0.5 in");
        check("12", Notation::Plain, Some("mm"), None, "12 mm");
        check("1.250 W", Notation::GroupedByPoint, None, None, "1250 W");
        check("1 234,5 mm", Notation::GroupedBySpace, None, None, "1234.5 mm");
        check("12 m²", Notation::Plain, None, Some("area"), "12 m2");
        check("3000 1/min", Notation::Plain, None, None, "3000 rpm");
        check("-18 °C", Notation::Plain, None, None, "-18 °C");
        check("20 V/DC", Notation::Plain, None, None, "E-MEASURE-UNIT");
        check("2 ANN", Notation::Plain, None, Some("time"), "2 a");
    }

    #[test]
    fn what_is_no_measurement_is_refused() {
        check("1 Serving(s)", Notation::Plain, None, None, "E-MEASURE-UNIT");
        check("12", Notation::Plain, None, None, "E-MEASURE-UNIT");
        check("kg", Notation::Plain, None, None, "E-MEASURE");
        check("2 kg", Notation::Plain, None, Some("length"), "E-MEASURE-DIMENSION");
        check("20 x 30 cm", Notation::Plain, None, None, "E-MEASURE-UNIT");
        check("10-20 kg", Notation::Plain, None, None, "E-NUMBER");
        check("2,5 kg", Notation::Plain, None, None, "E-NUMBER-NOTATION");
        check("1/3 in", Notation::Plain, None, None, "E-MEASURE-FRACTION");
        check("1/0 in", Notation::Plain, None, None, "E-MEASURE-FRACTION");
        check("5' 11\"", Notation::Plain, None, None, "E-NUMBER");
        check("", Notation::Plain, Some("kg"), None, "I-NO-VALUE");
    }

    #[test]
    fn measurements_convert_within_their_dimension() {
        let units = Units::builtin();
        let inch = Measurement::parse("10 in").unwrap();
        assert_eq!(inch.to(units, "mm").unwrap().to_string(), "254 mm");
        assert_eq!(inch.to(units, "kg").unwrap_err().code, "E-MEASURE-DIMENSION");
    }
}
