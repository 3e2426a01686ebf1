//! Capture time: nanoseconds since the Unix epoch, as the capture says. Never the wall clock.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Merge;

/// Nanoseconds since the Unix epoch, as written in the capture. Covers the years 1677 to 2262.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct CaptureTime(i64);

impl CaptureTime {
    /// The earliest time that can be told.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time that can be told.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds and nanoseconds since the epoch; saturates where the sum does not fit.
    #[must_use]
    pub const fn from_secs_nanos(secs: i64, nanos: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; zero where it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let nanos = i128::from(self.0) - i128::from(earlier.0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
    }

    /// This time plus a duration, saturating.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)),
        )
    }

    /// This time minus a duration, saturating.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)),
        )
    }
}

/// RFC 3339 in UTC with nine digits of fraction: `2026-11-21T20:26:00.000000001Z`.
impl fmt::Display for CaptureTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.rfc3339()).unwrap_or_default())
    }
}

impl CaptureTime {
    /// A report has some for each flow, so it is put together by hand: all years that can be told have four digits.
    fn rfc3339(self) -> [u8; 30] {
        const DAY: i64 = 86_400;
        let (seconds, nanos) = (
            self.0.div_euclid(1_000_000_000),
            self.0.rem_euclid(1_000_000_000),
        );
        let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = civil(day);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        for (range, mut number) in [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, second / 3600),
            (14..16, second / 60 % 60),
            (17..19, second % 60),
            (20..29, nanos),
        ] {
            for digit in text[range].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        text
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar: years begin in March, so that
/// leap days end them, and repeat after 400.
const fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_month)
}

/// First and last time of something; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeSpan {
    /// The earliest time.
    pub first: CaptureTime,
    /// The latest time.
    pub last: CaptureTime,
}

impl TimeSpan {
    /// The span of one moment.
    #[must_use]
    pub const fn at(time: CaptureTime) -> Self {
        Self {
            first: time,
            last: time,
        }
    }

    /// How long it lasted.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.last.since(self.first)
    }
}

impl Default for TimeSpan {
    /// The empty span: the identity of [`Merge`].
    fn default() -> Self {
        Self {
            first: CaptureTime::MAX,
            last: CaptureTime::MIN,
        }
    }
}

impl Merge for TimeSpan {
    fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prints_rfc3339_with_nanoseconds() {
        assert_eq!(
            CaptureTime::from_secs_nanos(1_700_000_000, 5).to_string(),
            "2023-11-14T22:13:20.000000005Z"
        );
        assert_eq!(
            CaptureTime::from_nanos(0).to_string(),
            "1970-01-01T00:00:00.000000000Z"
        );
    }

    proptest! {
        #[test]
        fn prints_what_jiff_prints(nanos in any::<i64>()) {
            let wanted = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            let text = CaptureTime::from_nanos(nanos).to_string();
            prop_assert_eq!(text, format!("{wanted:.9}"));
        }
    }

    #[test]
    fn since_never_goes_below_zero() {
        let (a, b) = (CaptureTime::from_nanos(10), CaptureTime::from_nanos(3));
        assert_eq!(a.since(b), Duration::from_nanos(7));
        assert_eq!(b.since(a), Duration::ZERO);
        assert_eq!(
            CaptureTime::MAX.since(CaptureTime::MIN),
            Duration::from_nanos(u64::MAX)
        );
    }
}
