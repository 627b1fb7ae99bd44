//! Days and moments, in the order a supplier writes them or in ISO 8601.
//!
//! The order is declared: `03/04/2026` is April here and March there. Nothing here knows what day it is today.

use crate::value::mismatch::Mismatch;
use crate::value::month;
use crate::value::number::{self, Notation};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// In which order and with which marks a supplier writes a day. Names of months are read in all of them.
///
/// Years of two digits are those from 1969 to 2068.
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
    /// `31/12/26`.
    #[serde(rename = "DD/MM/YY")]
    DayMonthSlashShort,
    /// `12/31/26`.
    #[serde(rename = "MM/DD/YY")]
    MonthDaySlashShort,
    /// `31.12.26`.
    #[serde(rename = "DD.MM.YY")]
    DayMonthPointShort,
    /// `31-12-26`.
    #[serde(rename = "DD-MM-YY")]
    DayMonthHyphenShort,
    /// `46387`: the days that a spreadsheet counts, in its 1900 system.
    #[serde(rename = "serial")]
    Serial,
    /// `1798675200`: seconds since 1970, UTC.
    #[serde(rename = "epoch")]
    Epoch,
    /// `1798675200000`: milliseconds since 1970, UTC.
    #[serde(rename = "epoch-ms")]
    EpochMilliseconds,
}

/// Every order that a text can prove, the default first: numbers that count days or seconds look like any number.
pub const DATE_ORDERS: [DateOrder; 10] = [
    DateOrder::Iso,
    DateOrder::DayMonthSlash,
    DateOrder::MonthDaySlash,
    DateOrder::DayMonthPoint,
    DateOrder::DayMonthHyphen,
    DateOrder::Compact,
    DateOrder::DayMonthSlashShort,
    DateOrder::MonthDaySlashShort,
    DateOrder::DayMonthPointShort,
    DateOrder::DayMonthHyphenShort,
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
            DateOrder::DayMonthSlashShort => "DD/MM/YY",
            DateOrder::MonthDaySlashShort => "MM/DD/YY",
            DateOrder::DayMonthPointShort => "DD.MM.YY",
            DateOrder::DayMonthHyphenShort => "DD-MM-YY",
            DateOrder::Serial => "serial",
            DateOrder::Epoch => "epoch",
            DateOrder::EpochMilliseconds => "epoch-ms",
        }
    }

    /// Whether days are numbers that count, and not written by their parts.
    pub fn is_count(self) -> bool {
        matches!(
            self,
            DateOrder::Serial | DateOrder::Epoch | DateOrder::EpochMilliseconds
        )
    }

    /// Whether years have two digits.
    fn is_short(self) -> bool {
        use DateOrder::*;
        matches!(
            self,
            DayMonthSlashShort | MonthDaySlashShort | DayMonthPointShort | DayMonthHyphenShort
        )
    }

    /// The day that a text names by its month.
    fn named(self, text: &str) -> Option<Date> {
        let short: Option<fn(i16) -> i16> = self.is_short().then_some(whole_year);
        month::has_word(text).then(|| month::read(text, short)).flatten()
    }
}

/// The year of two digits: 69 to 99 are of the last century, as POSIX has it (strptime, `%y`).
fn whole_year(year: i16) -> i16 {
    if year < 69 { 2000 + year } else { 1900 + year }
}

/// Reads a day. A time of midnight behind it is allowed, because exports add one; any other time is refused, not dropped.
///
/// `0000-00-00` and blank texts give the mismatch of no value.
pub fn day(text: &str, order: DateOrder) -> Result<Date, Mismatch> {
    let text = text.trim();
    if says_nothing(text) {
        return Err(Mismatch::no_value());
    }
    if order.is_count() {
        let moment = counted(text, order)?;
        let zoned = moment.to_zoned(TimeZone::UTC);
        if zoned.time() != Time::midnight() {
            return Err(time_behind());
        }
        return Ok(zoned.date());
    }
    let (day, back) = day_and_time(text, order)?;
    match back {
        None => Ok(day),
        Some(time) if time_of(time.trim_end_matches('Z')) == Some(Time::midnight()) => Ok(day),
        Some(_) => Err(time_behind()),
    }
}

fn time_behind() -> Mismatch {
    Mismatch::new("E-DATE-TIME", "a day with a time behind it")
        .with_help("take the time off with a step, or make the attribute a datetime")
}

/// The moment that a number counts to.
///
/// Day 1 of the 1900 system is 1 January 1900; it has a 29 February 1900 that never was, day 60, which is refused (ECMA-376,
/// part 1, 18.17.4.1). Its last day is that of the year 9999.
fn counted(text: &str, order: DateOrder) -> Result<Timestamp, Mismatch> {
    let outside = || {
        Mismatch::new("E-DATE", format!("not a number that counts as `{}` does", order.name()))
            .with_help("check it, and what `dates` says")
    };
    let number = number::parse(text, Notation::Plain).map_err(|_| outside())?;
    if number.is_sign_negative() {
        return Err(outside());
    }
    let whole = number.trunc().to_i64().ok_or_else(outside)?;
    match order {
        DateOrder::Epoch | DateOrder::EpochMilliseconds if !number.fract().is_zero() => Err(outside()),
        DateOrder::Epoch => Timestamp::from_second(whole).map_err(|_| outside()),
        DateOrder::EpochMilliseconds => Timestamp::from_millisecond(whole).map_err(|_| outside()),
        _ => {
            let days = match whole {
                1..=59 => whole + 1,
                61..=2_958_465 => whole,
                _ => return Err(outside()),
            };
            let seconds = (number.fract() * Decimal::from(86_400))
                .round()
                .to_i64()
                .ok_or_else(outside)?;
            let start = DateTime::constant(1899, 12, 30, 0, 0, 0, 0);
            let moment = start.checked_add(Span::new().days(days).seconds(seconds));
            let zoned = moment.and_then(|moment| moment.to_zoned(TimeZone::UTC));
            zoned.map(|zoned| zoned.timestamp()).map_err(|_| outside())
        }
    }
}

/// Reads a moment: RFC 3339 with its zone in any order, or a day in the declared order with a time, taken as UTC.
pub fn moment(text: &str, order: DateOrder) -> Result<Timestamp, Mismatch> {
    let text = text.trim();
    if says_nothing(text) {
        return Err(Mismatch::no_value());
    }
    if order.is_count() {
        return counted(text, order);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let (day, back) = day_and_time(text, order)?;
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

/// A day, and the time behind it where there is one.
fn day_and_time(text: &str, order: DateOrder) -> Result<(Date, Option<&str>), Mismatch> {
    // A named day has blanks of its own; the time is what stands behind the last: `12 ene 2024 14:30`.
    let timed = text.rsplit_once(' ').filter(|(_, time)| time.contains(':'));
    let (named, time) = timed.map_or((text, None), |(day, time)| (day.trim_end(), Some(time)));
    if let Some(day) = order.named(named) {
        return Ok((day, time));
    }
    let (front, back) = part(text);
    Ok((civil(front, order)?, back))
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
        DateOrder::Iso | DateOrder::DayMonthHyphen | DateOrder::DayMonthHyphenShort => '-',
        DateOrder::DayMonthSlash
        | DateOrder::MonthDaySlash
        | DateOrder::DayMonthSlashShort
        | DateOrder::MonthDaySlashShort => '/',
        DateOrder::DayMonthPoint | DateOrder::DayMonthPointShort => '.',
        DateOrder::Serial | DateOrder::Epoch | DateOrder::EpochMilliseconds => return None,
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
        DateOrder::MonthDaySlashShort => Some((whole_year(short(c, 2)?), small(a)?, small(b)?)),
        order if order.is_short() => Some((whole_year(short(c, 2)?), small(b)?, small(a)?)),
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

    proptest::proptest! {
        /// Whatever a cell holds, it is read or refused in every order; and a day reads back from its canonical text.
        #[test]
        fn any_text_is_read_or_refused(text in "([0-9]{1,12}|ene|März|de|th|[-/., :T]|\\PC){0,8}") {
            let counts = [DateOrder::Serial, DateOrder::Epoch, DateOrder::EpochMilliseconds];
            for order in DATE_ORDERS.into_iter().chain(counts) {
                if let Ok(read) = day(&text, order) {
                    proptest::prop_assert_eq!(day(&read.to_string(), DateOrder::Iso), Ok(read));
                }
                let _ = moment(&text, order);
            }
        }
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        dates: DateOrder,
        #[serde(default)]
        moment: bool,
        given: Vec<String>,
        expected: String,
    }

    #[derive(serde::Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }

    #[test]
    fn days_are_read_as_their_cases_say() {
        let cases: Cases = toml::from_str(include_str!("../../tests/cases/values/dates.toml")).unwrap();
        for case in cases.case {
            for text in &case.given {
                match case.moment {
                    true => check_moment(case.dates, text, &case.expected),
                    false => check_day(case.dates, text, &case.expected),
                }
            }
        }
    }
}
