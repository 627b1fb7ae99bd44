//! Values as whole numbers that sort and compare as the values do: columns and ranges are made of them.
//!
//! Amounts keep six decimals, the rest is cut off downward; both what is indexed and what is asked is cut, so that equal
//! amounts stay equal. No float is involved.

use crate::schema::attribute::Attribute;
use crate::value::unit::Units;
use crate::value::{Kind, Value};
use rust_decimal::Decimal;

/// Decimals that are kept.
pub const DECIMALS: u32 = 6;
/// One, as a column has it.
pub const ONE: i64 = 1_000_000;

/// An amount as a whole number of millionths; beyond 64 bits the nearest that there is.
pub fn sortable(amount: Decimal) -> i64 {
    let mantissa = amount.mantissa();
    let scale = amount.scale();
    let millionths = if scale <= DECIMALS {
        mantissa.checked_mul(10_i128.pow(DECIMALS - scale))
    } else {
        // A decimal has at most 28 places.
        Some(mantissa.div_euclid(10_i128.pow((scale - DECIMALS).min(38))))
    };
    let limit = if mantissa < 0 { i64::MIN } else { i64::MAX };
    millionths
        .and_then(|number| i64::try_from(number).ok())
        .unwrap_or(limit)
}

/// A value as its column has it; nothing for kinds without a column of numbers. Pictures and documents count.
pub fn column(value: &Value, attribute: &Attribute, units: &Units) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(number.saturating_mul(ONE)),
        Value::Decimal(number) => Some(sortable(*number)),
        Value::Money(price) => Some(sortable(price.amount)),
        Value::Measure(measure) => {
            let unit = attribute.unit.as_deref()?;
            if *measure.unit == *unit {
                return Some(sortable(measure.amount));
            }
            units.convert(measure.amount, &measure.unit, unit).ok().map(sortable)
        }
        Value::Boolean(yes) => Some(i64::from(*yes)),
        Value::Date(day) => Some(day_number(*day)),
        Value::DateTime(moment) => Some(moment.as_second()),
        Value::Gtin(gtin) => i64::try_from(gtin.key()).ok(),
        Value::Media(list) | Value::Reference(list) => i64::try_from(list.len()).ok(),
        _ => None,
    }
}

/// Days since 1970-01-01.
pub fn day_number(day: jiff::civil::Date) -> i64 {
    // Dates are of the years -9999 to 9999, their distances fit.
    i64::from((day - jiff::civil::date(1970, 1, 1)).get_days())
}

/// A column's number as people read it.
pub fn shown(number: i64, kind: Kind) -> String {
    match kind {
        Kind::Integer | Kind::Decimal | Kind::Money | Kind::Measure => {
            crate::value::number::to_text(Decimal::new(number, DECIMALS))
        }
        Kind::Boolean => (number != 0).to_string(),
        Kind::Date => {
            let span = jiff::Span::new().try_days(number);
            let day = span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span));
            day.map_or_else(|_| number.to_string(), |day| day.to_string())
        }
        Kind::DateTime => {
            jiff::Timestamp::from_second(number).map_or_else(|_| number.to_string(), |moment| moment.to_string())
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_sort_as_they_compare() {
        let texts = [
            "-99999999999999",
            "-0.0000015",
            "-0.000001",
            "0",
            "0.000001",
            "1.25",
            "2",
            "99999999999999",
        ];
        let numbers: Vec<i64> = texts.iter().map(|text| sortable(text.parse().unwrap())).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!(sortable("2.50".parse().unwrap()), sortable("2.5".parse().unwrap()));
        assert_eq!(sortable("2.2679618500".parse().unwrap()), 2_267_961);
    }

    #[test]
    fn days_and_numbers_are_shown_as_they_were() {
        let day = jiff::civil::date(2026, 2, 28);
        assert_eq!(shown(day_number(day), Kind::Date), "2026-02-28");
        assert_eq!(shown(2_500_000, Kind::Measure), "2.5");
    }
}
