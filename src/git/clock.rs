//! The time that facts carry.

use jiff::Timestamp;

/// Now: what `GIT_COMMITTER_DATE` says, where it says so in a form known here, else the clock.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the environment and the clock for the time")]
pub fn now() -> Timestamp {
    let set = std::env::var("GIT_COMMITTER_DATE").ok();
    set.and_then(|date| parse(&date)).unwrap_or_else(Timestamp::now)
}

/// The clock that stamps files, in nanoseconds since the epoch, whatever the environment says.
#[expect(clippy::disallowed_methods, reason = "what is compared with the times of files is no fact")]
pub(super) fn unix_nanos() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Reads `<seconds> <zone>`, `@<seconds>`, `@<seconds> <zone>`, RFC 3339 and ISO 8601 (UTC where no zone is given).
fn parse(date: &str) -> Option<Timestamp> {
    let date = date.trim();
    let (seconds, zone) = date.split_once(' ').unwrap_or((date, "+0000"));
    let raw = seconds.strip_prefix('@').unwrap_or(seconds);
    let marked = raw.len() < seconds.len() || date.contains(' ') || raw.len() > 8;
    let is_zone =
        zone.len() == 5 && zone.starts_with(['+', '-']) && zone[1..].bytes().all(|digit| digit.is_ascii_digit());
    if marked && is_zone && raw.bytes().all(|digit| digit.is_ascii_digit()) {
        return Timestamp::from_second(raw.parse().ok()?).ok();
    }
    if let Ok(timestamp) = date.parse() {
        return Some(timestamp);
    }
    for format in ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z"] {
        if let Ok(zoned) = jiff::fmt::strtime::parse(format, date).and_then(|broken| broken.to_timestamp()) {
            return Some(zoned);
        }
    }
    let civil: jiff::civil::DateTime = date.parse().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_git_reads_them() {
        let midnight = Some(Timestamp::from_second(1_768_780_800).unwrap());
        for date in [
            "1768780800 +0000",
            "@1768780800",
            "@1768780800 +0200",
            "1768780800",
            "2026-01-19T00:00:00Z",
            "2026-01-19T01:00:00+01:00",
            "2026-01-19 01:00:00 +0100",
            "2026-01-19T01:00:00 +0100",
            "2026-01-19T00:00:00",
            "2026-01-19 00:00:00",
        ] {
            assert_eq!(parse(date), midnight, "{date}");
        }
        for date in ["", "yesterday", "@", "12 o'clock", "@99999999999999999999"] {
            assert_eq!(parse(date), None, "{date}");
        }
    }
}
