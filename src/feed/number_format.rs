//! Dates of spreadsheets: which number formats show a date, and which day a serial number is.
//!
//! Sources: ECMA-376 part 1 (2016), 18.8.30 for the built-in formats, 18.17.4 for the serial numbers.

use crate::feed::decimal;
use jiff::civil::Date;

/// What a number is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Number,
    /// A day.
    Day,
    /// A time of day.
    Time,
    /// A day with a time.
    Moment,
    /// Hours past 24.
    Duration,
}

/// Day from which serial numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// 1900, with its 29 February that never was.
    Windows,
    /// 1904.
    Mac,
}

impl Shown {
    /// A built-in format by its number.
    pub fn built_in(number: u32) -> Shown {
        match number {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Shown::Day,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Shown::Time,
            22 => Shown::Moment,
            46 => Shown::Duration,
            _ => Shown::Number,
        }
    }

    /// A format by its code, such as `dd/mm/yyyy` or `[$-409]h:mm\ AM/PM;@`. Its first section counts.
    pub fn of_code(code: &str) -> Shown {
        let (mut day, mut time, mut months) = (false, false, 0u32);
        let mut rest = code.chars();
        while let Some(c) = rest.next() {
            match c.to_ascii_lowercase() {
                '"' => {
                    rest.by_ref().find(|c| *c == '"');
                }
                '\\' | '_' | '*' => {
                    rest.next();
                }
                '[' => {
                    let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
                    let inside = inside.to_ascii_lowercase();
                    if !inside.is_empty()
                        && ["h", "m", "s"]
                            .iter()
                            .any(|unit| inside.trim_matches(|c| unit.contains(c)).is_empty())
                    {
                        return Shown::Duration;
                    }
                }
                ';' => break,
                'y' | 'd' => day = true,
                'h' | 's' => time = true,
                'm' => months += 1,
                _ => {}
            }
        }
        match (day, time, months) {
            (true, true, _) => Shown::Moment,
            (false, true, _) => Shown::Time,
            (true, false, _) | (false, false, 1..) => Shown::Day,
            (false, false, 0) => Shown::Number,
        }
    }
}

/// What a serial number says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// `2026-11-22` or `2026-11-22T10:00:00`.
    Moment(String),
    /// `10:00:00`, also past 24 hours.
    Time(String),
    /// It is no day of the calendar.
    Nothing,
}

/// The day, moment or time of a serial number.
pub fn read_serial(serial: f64, shown: Shown, base: Base) -> Said {
    if !serial.is_finite() || !(0.0..2_958_466.0).contains(&serial) {
        return Said::Nothing;
    }
    // Spreadsheets keep times as fractions of a day: the nearest second is what was typed.
    let seconds = (serial * 86_400.0).round() as i64;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let clock = |hours: i64| format!("{hours:02}:{:02}:{:02}", second / 60 % 60, second % 60);
    match shown {
        Shown::Duration => return Said::Time(clock(seconds / 3600)),
        Shown::Time if days == 0 => return Said::Time(clock(second / 3600)),
        _ => {}
    }
    let from_start = match base {
        Base::Mac => Date::new(1904, 1, 1).ok().map(|start| (start, days)),
        Base::Windows if days == 60 || days == 0 => None,
        Base::Windows => Date::new(1899, 12, 31)
            .ok()
            .map(|start| (start, if days > 60 { days - 1 } else { days })),
    };
    let Some(date) =
        from_start.and_then(|(start, days)| start.checked_add(jiff::Span::new().try_days(days).ok()?).ok())
    else {
        return Said::Nothing;
    };
    Said::Moment(if second == 0 && shown == Shown::Day {
        date.to_string()
    } else {
        format!("{date}T{}", clock(second / 3600))
    })
}

/// Plain text of a number cell, or `None` where it cannot be held exactly. `text` is what the file holds.
pub fn read_number(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_whole = !text.contains('.');
    // Most numbers are written plainly and need no float: up to 15 digits, or whole numbers that a program wrote in full.
    if let Some(plain) = decimal::plain(text).filter(|_| !text.contains(['e', 'E']) && (digits <= 15 || is_whole)) {
        // A spreadsheet knows no zeros at the end: `1.0` is the 1 of an article number.
        return Some(match plain.contains('.') {
            true => plain.trim_end_matches('0').trim_end_matches('.').to_string(),
            false => plain.into_owned(),
        });
    }
    text.parse::<f64>().ok().and_then(decimal::fifteen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_show_numbers_days_and_times() {
        let check = |code: &str, expected: Shown| assert_eq!(Shown::of_code(code), expected, "{code}");
        check("General", Shown::Number);
        check("#,##0.00 \"dys\";[Red]-0", Shown::Number);
        check("_-* #,##0.00\\ \"€\"_-", Shown::Number);
        check("0.00E+00", Shown::Number);
        check("dd/mm/yyyy", Shown::Day);
        check("[$-C0A]mmm\\-yy", Shown::Day);
        check("yyyy-mm-dd hh:mm:ss", Shown::Moment);
        check("h:mm AM/PM", Shown::Time);
        check("[h]:mm", Shown::Duration);
        check("[Red]0;dd", Shown::Number);
    }

    #[test]
    fn serial_numbers_are_days_of_either_base() {
        let day = |serial, base| read_serial(serial, Shown::Day, base);
        let moment = |text: &str| Said::Moment(text.to_string());
        assert_eq!(day(45000.0, Base::Windows), moment("2023-03-15"));
        assert_eq!(day(1.0, Base::Windows), moment("1900-01-01"));
        assert_eq!(day(59.0, Base::Windows), moment("1900-02-28"));
        assert_eq!(day(60.0, Base::Windows), Said::Nothing);
        assert_eq!(day(61.0, Base::Windows), moment("1900-03-01"));
        assert_eq!(day(0.0, Base::Mac), moment("1904-01-01"));
        assert_eq!(day(2958465.0, Base::Windows), moment("9999-12-31"));
        assert_eq!(day(2958466.0, Base::Windows), Said::Nothing);
        assert_eq!(day(-1.0, Base::Windows), Said::Nothing);
        assert_eq!(
            read_serial(45000.5, Shown::Moment, Base::Windows),
            moment("2023-03-15T12:00:00")
        );
        assert_eq!(
            read_serial(45000.999999999, Shown::Moment, Base::Windows),
            moment("2023-03-16T00:00:00")
        );
        assert_eq!(
            read_serial(0.75, Shown::Time, Base::Windows),
            Said::Time("18:00:00".to_string())
        );
        assert_eq!(
            read_serial(1.5, Shown::Duration, Base::Windows),
            Said::Time("36:00:00".to_string())
        );
    }

    #[test]
    fn numbers_keep_what_was_typed() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(read_number(text).as_deref(), expected, "{text}");
        check("12.50", Some("12.5"));
        check("1.0", Some("1"));
        check("27369.999999999996", Some("27370"));
        check("7.791432020126E12", Some("7791432020126"));
        check("9007199254740993", Some("9007199254740993"));
        check("1E+400", None);
        check("#DIV/0!", None);
        check("-0.1", Some("-0.1"));
    }
}
