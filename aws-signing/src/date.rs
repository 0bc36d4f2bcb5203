//! Time stamps of signatures.

use std::time::{SystemTime, UNIX_EPOCH};

/// A time in UTC as `20150830T123600Z`.
pub(crate) struct Stamp(String);

/// Characters of the date at the start of a [`Stamp`].
const DATE: usize = 8;

impl Stamp {
    /// Returns `None` for times before 1970 and after 9999.
    pub(crate) fn of(now: SystemTime) -> Option<Self> {
        let seconds = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let (day, second) = (seconds / 86400, seconds % 86400);
        let (year, month, day) = civil(day);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        (year <= 9999).then(|| {
            Self(format!(
                "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"
            ))
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn date(&self) -> &str {
        self.0.get(..DATE).expect("eight digits")
    }
}

/// Returns year, month and day of a number of days since 1970, by Howard Hinnant's `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + 400 * era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Option<String> {
        let stamp = Stamp::of(UNIX_EPOCH + Duration::from_secs(seconds))?;
        Some(stamp.as_str().to_owned())
    }

    #[test]
    fn dates_are_of_the_gregorian_calendar() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (1_709_164_800, "20240229T000000Z"),
            (4_107_542_400, "21000301T000000Z"),
            (1_767_225_599, "20251231T235959Z"),
            (253_402_300_799, "99991231T235959Z"),
        ] {
            assert_eq!(at(seconds).unwrap(), text);
        }
    }

    #[test]
    fn times_without_a_year_of_four_digits_have_no_stamp() {
        assert_eq!(at(253_402_300_800), None);
        assert!(Stamp::of(UNIX_EPOCH - Duration::from_secs(1)).is_none());
    }
}
