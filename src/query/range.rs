//! Ranges and comparisons: what a query says of numbers, measures, days and moments, as whole numbers that compare as the
//! values do (`number::column`).

use crate::query::fault::Fault;
use crate::query::lexer::Comparison;
use crate::query::number::{day_number, sortable};
use crate::query::{Condition, value_fault};
use crate::schema::attribute::Attribute;
use crate::value::Kind;
use crate::value::measurement::Measurement;
use crate::value::number::{Notation, parse};
use crate::value::unit::Units;
use std::ops::{Bound, RangeBounds};

/// The numbers that a condition asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// None: the range ends before it begins.
    Nothing,
    /// Any: `..`.
    Anything,
    Between(Bound<i64>, Bound<i64>),
}

impl Span {
    /// Does a number lie in it.
    pub fn holds(&self, number: i64) -> bool {
        match self {
            Span::Nothing => false,
            Span::Anything => true,
            Span::Between(low, high) => (*low, *high).contains(&number),
        }
    }
}

/// What lies in a condition's range, or on its side of a value. Faults: `E-QUERY-VALUE`.
pub fn span(units: &Units, attribute: &Attribute, condition: &Condition) -> Result<Span, Fault> {
    let value = condition.value.as_str();
    if let Some((low, high)) = value.split_once("..") {
        if !matches!(condition.comparison, Comparison::Holds | Comparison::Equals) {
            return Err(value_fault(
                "E-QUERY-VALUE",
                condition,
                "a range is not more or less",
                "write `attr:a..b`",
            ));
        }
        // `2..5kg` means kilograms on both sides.
        let unit = crate::value::measurement::split(high).1;
        let low = match crate::value::measurement::split(low) {
            (number, "") if attribute.kind == Kind::Measure && !number.is_empty() => format!("{low}{unit}"),
            _ => low.to_owned(),
        };
        let side = |text: &str| match text.trim() {
            "" => Ok(Bound::Unbounded),
            text => amount(units, attribute, text, condition).map(Bound::Included),
        };
        let (low, high) = (side(&low)?, side(high)?);
        return Ok(match (low, high) {
            (Bound::Included(low), Bound::Included(high)) if low > high => Span::Nothing,
            (Bound::Unbounded, Bound::Unbounded) => Span::Anything,
            // A whole day ends with its last second.
            (low, high) => Span::Between(low, end_of(attribute, condition, high)),
        });
    }
    let number = amount(units, attribute, value, condition)?;
    if attribute.kind == Kind::DateTime && !value.contains(['T', ':']) {
        let last = number.saturating_add(86_399);
        return Ok(match condition.comparison {
            Comparison::More => compared(Comparison::More, last),
            Comparison::AtMost => compared(Comparison::AtMost, last),
            Comparison::Holds | Comparison::Equals => Span::Between(Bound::Included(number), Bound::Included(last)),
            comparison => compared(comparison, number),
        });
    }
    Ok(compared(condition.comparison, number))
}

fn end_of(attribute: &Attribute, condition: &Condition, high: Bound<i64>) -> Bound<i64> {
    let whole_day = attribute.kind == Kind::DateTime
        && condition
            .value
            .rsplit("..")
            .next()
            .is_some_and(|text| !text.contains('T'));
    match high {
        Bound::Included(number) if whole_day => Bound::Included(number.saturating_add(86_399)),
        high => high,
    }
}

/// A value of the query as the column has it: measures in any unit, in the attribute's own exactly.
fn amount(units: &Units, attribute: &Attribute, text: &str, condition: &Condition) -> Result<i64, Fault> {
    let number = |text: &str| parse(text, Notation::Plain).or_else(|_| parse(text, Notation::Comma));
    let read = match attribute.kind {
        Kind::Date => text
            .parse::<jiff::civil::Date>()
            .map(day_number)
            .map_err(|_| ("a day is expected".to_owned(), "write it as 2026-12-31".to_owned())),
        Kind::DateTime => text
            .parse::<jiff::Timestamp>()
            .map(|moment| moment.as_second())
            .or_else(|_| text.parse::<jiff::civil::Date>().map(|day| day_number(day) * 86_400))
            .map_err(|_| {
                let help = "write it as 2026-12-31 or 2026-12-31T08:00:00Z";
                ("a day or moment is expected".to_owned(), help.to_owned())
            }),
        Kind::Measure => {
            let unit = attribute.unit.as_deref();
            let dimension = attribute.dimension.as_deref();
            let read = |notation| Measurement::read(text, notation, units, unit, dimension);
            read(Notation::Plain)
                .or_else(|first| read(Notation::Comma).map_err(|_| first))
                .and_then(|measure| measure.to(units, unit.unwrap_or_default()))
                .map(|measure| sortable(measure.amount))
                .map_err(|mismatch| (mismatch.message, mismatch.help.unwrap_or_default()))
        }
        Kind::Media | Kind::Reference => text.parse::<i64>().map_err(|_| {
            (
                "a number of them is expected".to_owned(),
                "`none` and `any` work too".to_owned(),
            )
        }),
        _ => {
            // `9,99 €` is the amount.
            let bare = text
                .trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
                .trim();
            number(bare)
                .map(sortable)
                .map_err(|_| ("a number is expected".to_owned(), "write it as 12.5".to_owned()))
        }
    };
    read.map_err(|(message, help)| {
        let help = match help.is_empty() {
            true => "write a number and a unit, as in 2.5kg".to_owned(),
            false => help,
        };
        value_fault("E-QUERY-VALUE", condition, message, help)
    })
}

/// What stands on one side of a number.
pub fn compared(comparison: Comparison, number: i64) -> Span {
    let (low, high) = match comparison {
        Comparison::Holds | Comparison::Equals => (Bound::Included(number), Bound::Included(number)),
        Comparison::Less => (Bound::Unbounded, Bound::Excluded(number)),
        Comparison::AtMost => (Bound::Unbounded, Bound::Included(number)),
        Comparison::More => (Bound::Excluded(number), Bound::Unbounded),
        Comparison::AtLeast => (Bound::Included(number), Bound::Unbounded),
    };
    Span::Between(low, high)
}
