//! Lengths of time as typed.

use std::time::Duration;

use crate::model::CaptureTime;

/// A report set needs some seconds of traffic to say anything.
const SHORTEST_PERIOD: Duration = Duration::from_secs(1);

/// A length of time such as `90s`, `15m` or `1h30m`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write it like 90s, 15m or 1h30m".to_owned())?;
    Duration::try_from(time)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "must be more than nothing".to_owned())
}

/// A length of time after which a report set is written.
pub(super) fn period(text: &str) -> Result<Duration, String> {
    time(text).and_then(|time| {
        let long = time >= SHORTEST_PERIOD;
        long.then_some(time)
            .ok_or_else(|| "must be a second at least".to_owned())
    })
}

/// A day such as `2026-11-28`.
pub(super) fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse()
        .map_err(|_| "write it like 2026-11-28: year, month, day".to_owned())
}

/// A moment such as `2026-11-28T10:00`, with or without an offset, or seconds since 1970.
pub(super) fn moment(text: &str) -> Result<CaptureTime, String> {
    let with_offset = || text.parse::<jiff::Timestamp>().ok();
    let in_utc = || {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    if let Some(at) = with_offset().or_else(in_utc) {
        let nanos = i64::try_from(at.as_nanosecond());
        return nanos.map(CaptureTime::from_nanos).map_err(|_| too_far());
    }
    since_1970(text).ok_or_else(|| {
        "write it like 2026-11-28T10:00, which is UTC, 2026-11-28T10:00+01:00, or as seconds since 1970".to_owned()
    })
}

fn too_far() -> String {
    "lies before 1678 or after 2262".to_owned()
}

/// Seconds, perhaps with a fraction.
fn since_1970(text: &str) -> Option<CaptureTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    Some(CaptureTime::from_secs_nanos(whole.parse().ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_people_write_them() {
        assert_eq!(time("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert!(time("0s").is_err() && time("-1s").is_err() && time("soon").is_err());
        assert!(period("10ms").is_err());
        assert_eq!(day("2026-11-28"), Ok(jiff::civil::date(2026, 11, 28)));
        assert!(day("28.11.2026").is_err() && day("2026-02-30").is_err());
    }

    #[test]
    fn moments_are_in_utc_unless_they_say_otherwise() {
        let at = |text: &str| moment(text).map(CaptureTime::as_nanos);
        let ten = 1_795_860_000_000_000_000;
        assert_eq!(at("2026-11-28T10:00"), Ok(ten));
        assert_eq!(at("2026-11-28 10:00:00Z"), Ok(ten));
        assert_eq!(at("2026-11-28T11:00:00.5+01:00"), Ok(ten + 500_000_000));
        assert_eq!(at("1795860000"), Ok(ten));
        assert_eq!(at("1795860000.25"), Ok(ten + 250_000_000));
        assert_eq!(at("2026-11-28"), Ok(ten - 36_000_000_000_000));
        for wrong in ["yesterday", "-5", "1.", "10:00", "9999-01-01T00:00Z", ""] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }
}
