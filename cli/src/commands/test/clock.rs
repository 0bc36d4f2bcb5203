//! The clock of a case.

use serde::Deserialize;
use toml::value::{Datetime, Offset};

/// The default start: 2026-01-01T00:00:00Z, in milliseconds since the Unix epoch.
const DEFAULT_START_MS: u64 = 1_767_225_600_000;

/// When a fake clock starts, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Written")]
pub(super) struct StartsAt(pub(super) u64);

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "`clock = \"fake\"` or `clock = { starts-at = 2026-01-01T00:00:00Z }`"
)]
enum Written {
    Fake(Fake),
    Set(Set),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fake {
    Fake,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Set {
    starts_at: Datetime,
}

impl TryFrom<Written> for StartsAt {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Fake(Fake::Fake) => Ok(Self(DEFAULT_START_MS)),
            Written::Set(Set { starts_at }) => unix_ms(starts_at).map(Self).ok_or_else(|| {
                format!(
                    "`starts-at` is {starts_at}, and must have a date from 1970 on, a time and an offset, such as \
                     2026-01-01T00:00:00Z"
                )
            }),
        }
    }
}

fn unix_ms(datetime: Datetime) -> Option<u64> {
    let Datetime { date, time, offset } = datetime;
    let (date, time) = (date?, time?);
    let offset_minutes = match offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_since_epoch(date.year.into(), date.month.into(), date.day.into());
    let minutes = (days * 24 + i64::from(time.hour)) * 60 + i64::from(time.minute) - offset_minutes;
    let ms = minutes * 60_000
        + i64::from(time.second.unwrap_or(0)) * 1000
        + i64::from(time.nanosecond.unwrap_or(0) / 1_000_000);
    u64::try_from(ms).ok()
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. A year begins in March here, so that a leap day is its
/// last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let days_in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + days_in_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(clock: &str) -> Result<u64, String> {
        #[derive(Deserialize)]
        struct File {
            clock: StartsAt,
        }
        let file = toml::from_str::<File>(&format!("clock = {clock}"));
        file.map(|file| file.clock.0)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_start_is_a_point_in_time() {
        for (clock, expected) in [
            ("\"fake\"", 1_767_225_600_000),
            ("{ starts-at = 2026-01-01T00:00:00Z }", 1_767_225_600_000),
            ("{ starts-at = 1970-01-01T00:00:00Z }", 0),
            ("{ starts-at = 2024-02-29T23:59:59.5Z }", 1_709_251_199_500),
            (
                "{ starts-at = 2024-03-01T01:00:00+01:00 }",
                1_709_251_200_000,
            ),
            ("{ starts-at = 2000-12-31 19:00:00-05:00 }", 978_307_200_000),
        ] {
            assert_eq!(start(clock), Ok(expected), "{clock}");
        }
    }

    #[test]
    fn what_is_no_start_is_named() {
        for (clock, expected) in [
            ("\"real\"", "`clock = \"fake\"`"),
            ("{ start = 2026-01-01T00:00:00Z }", "`clock = \"fake\"`"),
            ("{ starts-at = 2026-01-01 }", "`starts-at` is 2026-01-01"),
            ("{ starts-at = 2026-01-01T00:00:00 }", "an offset"),
            ("{ starts-at = 1969-12-31T23:59:59Z }", "from 1970 on"),
        ] {
            let error = start(clock).unwrap_err();
            assert!(error.contains(expected), "{clock}: {error}");
        }
    }
}
