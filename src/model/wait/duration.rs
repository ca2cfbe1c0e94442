//! How long to wait, as people write it.

use std::time::Duration;

const EXPECTED: &str = "a duration such as 30m, 1h30m or 90s";
/// Nobody waits longer: 1000 hours.
const LONGEST: f64 = 3_600_000.0;

/// `90s`, `30m`, `1h30m`, `1.5h`; `0` is no time at all. Units only get smaller.
///
/// # Errors
/// Says what is wrong with it.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.parse::<f64>().is_ok_and(f64::is_finite) {
        let zero = text.bytes().all(|byte| byte == b'0');
        return if zero { Ok(Duration::ZERO) } else { Err(format!("it needs a unit: {text}m, {text}h or {text}s")) };
    }
    let fault = || format!("it must be {EXPECTED}");
    let (mut rest, mut seconds, mut last) = (text, 0.0, f64::INFINITY);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(fault)?;
        let number: f64 = rest[..end].parse().map_err(|_| fault())?;
        let unit = match rest.as_bytes()[end] {
            b'h' => 3600.0,
            b'm' => 60.0,
            b's' => 1.0,
            _ => return Err(fault()),
        };
        if unit >= last {
            return Err(fault());
        }
        (last, seconds) = (unit, seconds + number * unit);
        rest = &rest[end + 1..];
    }
    if last.is_infinite() {
        return Err(fault());
    }
    if seconds > LONGEST {
        return Err(format!("it must be at most {} hours", LONGEST / 3600.0));
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| fault())
}

/// The same as text: `1h30m`, `90s` as `1m30s`, `0s`.
pub fn spelled(duration: Duration) -> String {
    let all = duration.as_secs();
    let parts = [(all / 3600, 'h'), (all / 60 % 60, 'm'), (all % 60, 's')];
    let text: String = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_spelled() {
        let cases = [
            ("0", 0, "0s"),
            ("00", 0, "0s"),
            ("0m", 0, "0s"),
            ("90s", 90, "1m30s"),
            ("30m", 1800, "30m"),
            ("1h30m", 5400, "1h30m"),
            ("1.5h", 5400, "1h30m"),
            ("2h5s", 7205, "2h5s"),
            ("1000h", 3_600_000, "1000h"),
        ];
        for (text, seconds, told) in cases {
            let read = duration(text).unwrap();
            assert_eq!((read.as_secs(), spelled(read).as_str()), (seconds, told), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "30",
            "1.5",
            "m",
            "30x",
            "-1m",
            "-0",
            "30m1h",
            "1m1m",
            "1d",
            "1e9h",
            "1001h",
            "inf",
            "nan",
            "infs",
            "nanm",
            "1..5h",
            ".h",
            "1h ",
            " 1h",
            "9999999999999999999999h",
            "1\u{e9}",
            "+5m",
        ] {
            assert!(duration(text).is_err(), "{text}: {:?}", duration(text));
        }
        assert_eq!(duration("30").unwrap_err(), "it needs a unit: 30m, 30h or 30s");
    }
}
