//! Lengths of time as typed.

use std::time::Duration;

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
}
