//! Days and moments, in the order a supplier writes them or in ISO 8601.
//!
//! The order is declared: `03/04/2026` is April here and March there. Nothing here knows what day it is today.

use crate::value::mismatch::Mismatch;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// In which order and with which marks a supplier writes a day. The year always has four digits.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum DateOrder {
    /// `2026-12-31`, ISO 8601.
    #[default]
    #[serde(rename = "YYYY-MM-DD")]
    Iso,
    /// `31/12/2026`.
    #[serde(rename = "DD/MM/YYYY")]
    DayMonthSlash,
    /// `12/31/2026`.
    #[serde(rename = "MM/DD/YYYY")]
    MonthDaySlash,
    /// `31.12.2026`.
    #[serde(rename = "DD.MM.YYYY")]
    DayMonthPoint,
    /// `31-12-2026`.
    #[serde(rename = "DD-MM-YYYY")]
    DayMonthHyphen,
    /// `20261231`.
    #[serde(rename = "YYYYMMDD")]
    Compact,
}

/// Every order, the default first.
pub const DATE_ORDERS: [DateOrder; 6] = [
    DateOrder::Iso,
    DateOrder::DayMonthSlash,
    DateOrder::MonthDaySlash,
    DateOrder::DayMonthPoint,
    DateOrder::DayMonthHyphen,
    DateOrder::Compact,
];

impl DateOrder {
    /// The order as settings write it.
    pub fn name(self) -> &'static str {
        match self {
            DateOrder::Iso => "YYYY-MM-DD",
            DateOrder::DayMonthSlash => "DD/MM/YYYY",
            DateOrder::MonthDaySlash => "MM/DD/YYYY",
            DateOrder::DayMonthPoint => "DD.MM.YYYY",
            DateOrder::DayMonthHyphen => "DD-MM-YYYY",
            DateOrder::Compact => "YYYYMMDD",
        }
    }
}

/// Reads a day. A time of midnight behind it is allowed, because exports add one; any other time is refused, not dropped.
///
/// `0000-00-00` and blank texts give the mismatch of no value.
pub fn day(text: &str, order: DateOrder) -> Result<Date, Mismatch> {
    let text = text.trim();
    if says_nothing(text) {
        return Err(Mismatch::no_value());
    }
    let (front, back) = part(text);
    let day = civil(front, order)?;
    match back {
        None => Ok(day),
        Some(time) if time_of(time.trim_end_matches('Z')) == Some(Time::midnight()) => Ok(day),
        Some(_) => Err(Mismatch::new("E-DATE-TIME", "a day with a time behind it")
            .with_help("take the time off with a step, or make the attribute a datetime")),
    }
}

/// Reads a moment: RFC 3339 with its zone in any order, or a day in the declared order with a time, taken as UTC.
pub fn moment(text: &str, order: DateOrder) -> Result<Timestamp, Mismatch> {
    let text = text.trim();
    if says_nothing(text) {
        return Err(Mismatch::no_value());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let (front, back) = part(text);
    let day = civil(front, order)?;
    let time = match back {
        None => Time::midnight(),
        Some(back) => time_of(back).ok_or_else(|| {
            Mismatch::new("E-DATE-TIME", "a day with a time that is none").with_help("write times as 14:30 or 14:30:00")
        })?,
    };
    DateTime::from_parts(day, time)
        .to_zoned(TimeZone::UTC)
        .map(|zoned| zoned.timestamp())
        .map_err(|_| Mismatch::new("E-DATE", "a moment outside the calendar"))
}

fn says_nothing(text: &str) -> bool {
    text.is_empty()
        || (text.starts_with("00")
            && text
                .bytes()
                .all(|b| matches!(b, b'0' | b'-' | b'/' | b'.' | b':' | b' ' | b'T')))
}

/// Day and time, parted by `T` or spaces.
fn part(text: &str) -> (&str, Option<&str>) {
    match text.split_once(['T', ' ']) {
        Some((front, back)) => (front, Some(back.trim_start())),
        None => (text, None),
    }
}

fn civil(text: &str, order: DateOrder) -> Result<Date, Mismatch> {
    if let Some((year, month, day)) = numbers(text, order) {
        return Date::new(year, month, day).map_err(|_| {
            Mismatch::new("E-DATE", "a day that is not in the calendar").with_help(format!(
                "check it, and the order {} declared with `dates`",
                order.name()
            ))
        });
    }
    let fits = |other: &&DateOrder| {
        numbers(text, **other).is_some_and(|(year, month, day)| Date::new(year, month, day).is_ok())
    };
    let others: Vec<&str> = DATE_ORDERS.iter().filter(fits).map(|other| other.name()).collect();
    let mismatch = Mismatch::new("E-DATE", format!("not a day in the order {}", order.name()));
    Err(if others.is_empty() {
        mismatch.with_help("write the year with four digits")
    } else {
        mismatch.with_help(format!(
            "it would be one in the order {}; declare it with `dates`",
            others.join(" or ")
        ))
    })
}

/// Year, month and day as numbers, not yet checked against the calendar.
fn numbers(text: &str, order: DateOrder) -> Option<(i16, i8, i8)> {
    let mark = match order {
        DateOrder::Iso | DateOrder::DayMonthHyphen => '-',
        DateOrder::DayMonthSlash | DateOrder::MonthDaySlash => '/',
        DateOrder::DayMonthPoint => '.',
        DateOrder::Compact => {
            if text.len() != 8 || !text.is_ascii() {
                return None;
            }
            return Some((short(&text[..4], 4)?, small(&text[4..6])?, small(&text[6..])?));
        }
    };
    let mut parts = text.split(mark);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    match order {
        DateOrder::Iso => Some((short(a, 4)?, small(b)?, small(c)?)),
        DateOrder::MonthDaySlash => Some((short(c, 4)?, small(a)?, small(b)?)),
        _ => Some((short(c, 4)?, small(b)?, small(a)?)),
    }
}

fn short(text: &str, digits: usize) -> Option<i16> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn small(text: &str) -> Option<i8> {
    ((1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// `14:30`, `14:30:00`, `14:30:00.000`.
fn time_of(text: &str) -> Option<Time> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (text, ""),
    };
    let mut parts = clock.split(':');
    let (hour, minute, second) = (small(parts.next()?)?, small(parts.next()?)?, parts.next());
    if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let second = match second {
        Some(second) => small(second)?,
        None if fraction.is_empty() => 0,
        None => return None,
    };
    let nanosecond: i32 = format!("{fraction:0<9}").parse().ok()?;
    Time::new(hour, minute, second, nanosecond).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_day(order: DateOrder, text: &str, expected: &str) {
        let got = day(text, order).map_or_else(|mismatch| mismatch.code.to_string(), |day| day.to_string());
        assert_eq!(got, expected, "{text:?} as {}", order.name());
    }

    fn check_moment(order: DateOrder, text: &str, expected: &str) {
        let got = moment(text, order).map_or_else(|mismatch| mismatch.code.to_string(), |moment| moment.to_string());
        assert_eq!(got, expected, "{text:?} as {}", order.name());
    }

    #[test]
    fn days_are_read_in_the_declared_order() {
        check_day(DateOrder::Iso, "2026-12-31", "2026-12-31");
        check_day(DateOrder::DayMonthSlash, "03/04/2026", "2026-04-03");
        check_day(DateOrder::DayMonthSlash, "3/4/2026", "2026-04-03");
        check_day(DateOrder::MonthDaySlash, "03/04/2026", "2026-03-04");
        check_day(DateOrder::DayMonthPoint, "31.12.2026", "2026-12-31");
        check_day(DateOrder::DayMonthHyphen, "31-12-2026", "2026-12-31");
        check_day(DateOrder::Compact, "20261231", "2026-12-31");
        check_day(DateOrder::Iso, "2026-12-31T00:00:00", "2026-12-31");
        check_day(DateOrder::Iso, "2026-12-31 00:00:00.000", "2026-12-31");
    }

    #[test]
    fn what_is_no_day_is_refused() {
        check_day(DateOrder::DayMonthSlash, "31/12/26", "E-DATE");
        check_day(DateOrder::DayMonthSlash, "2026-12-31", "E-DATE");
        check_day(DateOrder::Iso, "2026-02-30", "E-DATE");
        check_day(DateOrder::MonthDaySlash, "31/12/2026", "E-DATE");
        check_day(DateOrder::Compact, "2026123é", "E-DATE");
        check_day(DateOrder::Iso, "2026-12-31 14:30", "E-DATE-TIME");
        check_day(DateOrder::Iso, "0000-00-00", "I-NO-VALUE");
        check_day(DateOrder::Iso, "0000-00-00 00:00:00", "I-NO-VALUE");
        check_day(DateOrder::Iso, "", "I-NO-VALUE");
        let mismatch = day("2026-12-31", DateOrder::DayMonthSlash).unwrap_err();
        assert_eq!(
            mismatch.help.as_deref(),
            Some("it would be one in the order YYYY-MM-DD; declare it with `dates`")
        );
    }

    #[test]
    fn moments_carry_their_zone_or_are_utc() {
        check_moment(
            DateOrder::DayMonthSlash,
            "2026-12-31T14:30:00+01:00",
            "2026-12-31T13:30:00Z",
        );
        check_moment(DateOrder::DayMonthSlash, "31/12/2026 14:30", "2026-12-31T14:30:00Z");
        check_moment(DateOrder::Iso, "2026-12-31", "2026-12-31T00:00:00Z");
        check_moment(DateOrder::Iso, "2026-12-31T14:30:00.5", "2026-12-31T14:30:00.5Z");
        check_moment(DateOrder::Iso, "2026-12-31 25:00", "E-DATE-TIME");
        check_moment(DateOrder::Iso, "yesterday", "E-DATE");
    }
}
