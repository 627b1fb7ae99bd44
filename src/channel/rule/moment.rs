//! Days, moments and periods as channels spell them: ISO 8601, with the zone said.
//!
//! Only what channels take is read here (`2026-11-24`, `2026-11-24T11:07+0100`, `2026-11-24T11:07:30Z`); reading a supplier's
//! notations is left to `value`.

/// A moment in seconds since 1970-01-01T00:00Z, for comparing.
pub type Seconds = i64;

/// Reads `YYYY-MM-DD` as its first moment in UTC.
pub fn day(text: &str) -> Option<Seconds> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i16::try_from(digits(&bytes[0..4])?).ok()?;
    let month = i8::try_from(digits(&bytes[5..7])?).ok()?;
    let day = i8::try_from(digits(&bytes[8..10])?).ok()?;
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    let days = date.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?.get_days();
    Some(Seconds::from(days) * 86_400)
}

/// Reads a moment with its zone: `T` between day and time, seconds and their fraction optional, `Z`, `±HHMM` or `±HH:MM`.
pub fn moment(text: &str) -> Option<Seconds> {
    let bytes = text.as_bytes();
    if bytes.len() < 17 || bytes[10] != b'T' || bytes[13] != b':' {
        return None;
    }
    let date = day(text.get(..10)?)?;
    let hour = digits(&bytes[11..13]).filter(|hour| *hour < 24)?;
    let minute = digits(&bytes[14..16]).filter(|minute| *minute < 60)?;
    let mut rest = &bytes[16..];
    let mut second = 0;
    if let [b':', seconds @ ..] = rest {
        second = digits(seconds.get(..2)?).filter(|second| *second < 61)?;
        rest = seconds.get(2..)?;
        if let [b'.', fraction @ ..] = rest {
            let end = fraction.iter().position(|byte| !byte.is_ascii_digit())?;
            if end == 0 || end > 9 {
                return None;
            }
            rest = &fraction[end..];
        }
    }
    let zone = match rest {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), a, b, c, d] | [sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let hours = digits(&[*a, *b]).filter(|hours| *hours < 19)?;
            let minutes = digits(&[*c, *d]).filter(|minutes| *minutes < 60)?;
            let offset = hours * 3600 + minutes * 60;
            if *sign == b'+' { offset } else { -offset }
        }
        _ => return None,
    };
    Some(date + hour * 3600 + minute * 60 + second - zone)
}

/// Reads start and end, two moments or two days.
pub fn period(text: &str, separator: &str) -> Option<(Seconds, Seconds)> {
    let (start, end) = text.split_once(separator)?;
    let read = |text: &str| moment(text.trim()).or_else(|| day(text.trim()));
    Some((read(start)?, read(end)?))
}

fn digits(bytes: &[u8]) -> Option<i64> {
    let mut out = 0i64;
    for byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        out = out * 10 + i64::from(byte - b'0');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_compared_over_zones() {
        let noon = moment("2026-11-24T12:00+0100");
        assert_eq!(noon, moment("2026-11-24T11:00Z"));
        assert_eq!(noon, moment("2026-11-24T06:00:00.000-05:00"));
        assert_eq!(moment("1970-01-02T00:00Z"), Some(86_400));
        assert_eq!(day("2026-11-24").map(|day| day + 11 * 3600), noon);
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T11:07",
            "2026-02-30T11:07Z",
            "2026-11-24 11:07Z",
            "2026-11-24T25:07Z",
            "2026-11-24T11:07+1",
            "24/11/2026",
            "２０２６-11-24T11:07Z",
            "2026-11-24T11:07:Z",
            "2026-11-24T11:07:00.Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
        assert_eq!(day("2026-13-01"), None);
        assert_eq!(period("2026-11-24T11:07Z", "/"), None);
        assert_eq!(
            period("2026-11-24/2026-11-25", "/").map(|(start, end)| end - start),
            Some(86_400)
        );
    }
}
