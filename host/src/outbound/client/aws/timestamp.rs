//! Points in time in JSON, by RFC 3339.

use std::time::{Duration, SystemTime};

/// Parses a time such as `2026-11-29T06:36:43Z`. Fractions of a second are dropped.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let [year, month, day] = numbers(date, '-')?;
    let clock = rest.get(..8)?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let offset = offset_seconds(rest.get(8..)?)?;
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let seconds = u64::try_from(seconds - offset).ok().filter(|_| fits)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(digits);
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

fn digits(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Parses what follows the seconds: a fraction, which is ignored, and `Z` or `+hh:mm`.
fn offset_seconds(text: &str) -> Option<i64> {
    let zone = match text.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => text,
    };
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (digits(hours)? * 3600 + digits(minutes)? * 60))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_seconds_since_1970() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2026-11-29T06:36:43Z", 1_795_934_203),
            ("2026-11-29T06:36:43.123456Z", 1_795_934_203),
            ("2026-11-29T06:36:43+00:00", 1_795_934_203),
            ("2026-11-29T07:36:43+01:00", 1_795_934_203),
            ("2026-11-28T22:06:43-08:30", 1_795_934_203),
        ] {
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_time() {
        for text in [
            "",
            "soon",
            "2026-11-29",
            "2026-11-29T06:36:43",
            "2026-13-29T06:36:43Z",
            "2026-11-29T24:36:43Z",
            "2026-+1-29T06:36:43Z",
            "99999999999999999-11-29T06:36:43Z",
            "2026-11-29T06:36:43X",
            "1969-11-29T06:36:43Z",
            "2026-11-29T06:36:43€",
            "1795934203",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
