//! How long a task takes, as people write it.

use toml::de::DeValue;

use super::LONGEST_ESTIMATE;
use crate::model::task::Minutes;

const EXPECTED: &str = "a duration such as \"4h\", \"90m\", \"1.5h\" or \"2d\", or a number of hours";

/// Whole minutes, rounded up: `4h`, `90m`, `1h30m`, `2d` of 8 hours, or a plain number of hours.
///
/// # Errors
/// Says what is wrong with it, to stand after `'estimate' of …`.
pub(super) fn minutes(value: &DeValue<'_>) -> Result<Minutes, String> {
    let hours = match value {
        DeValue::String(text) => return of_text(text),
        DeValue::Integer(integer) => {
            // What is too large for an i64 is too long anyway.
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(f64::INFINITY, |hours| hours as f64)
        }
        DeValue::Float(float) => plain(float.as_str()).ok_or_else(|| format!("must be {EXPECTED}"))?,
        _ => return Err(format!("must be {EXPECTED}")),
    };
    of_hours(hours)
}

/// The same for a text.
///
/// # Errors
/// As [`minutes`].
pub(in crate::model) fn of_text(text: &str) -> Result<Minutes, String> {
    of_hours(hours_of(text)?)
}

/// The same for a number of hours.
///
/// # Errors
/// As [`minutes`].
pub(in crate::model) fn of_hours(hours: f64) -> Result<Minutes, String> {
    if hours.is_nan() {
        return Err(format!("must be {EXPECTED}"));
    }
    if hours < 0.0 {
        return Err("must not be negative".to_owned());
    }
    if hours > f64::from(LONGEST_ESTIMATE) {
        return Err(format!("must be at most {LONGEST_ESTIMATE} hours"));
    }
    Ok(rounded_up(hours * 60.0))
}

/// 1.1 h is 66 minutes, though in binary fractions it is a trifle more.
fn rounded_up(minutes: f64) -> Minutes {
    const TRIFLE: f64 = 1e-6;
    let whole = (minutes - TRIFLE).ceil().max(0.0) as Minutes;
    if minutes > 0.0 { whole.max(1) } else { 0 }
}

fn hours_of(text: &str) -> Result<f64, String> {
    let fault = || format!("must be {EXPECTED}, not {}", super::sink::quoted(text));
    let mut rest = text.trim();
    let mut hours = 0.0;
    let mut last = f64::INFINITY;
    if rest.starts_with('-') {
        return Err("must not be negative".to_owned());
    }
    if plain(rest).is_some_and(f64::is_finite) {
        return Err(format!("needs a unit: \"{rest}h\", \"{rest}m\" or \"{rest}d\""));
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(fault)?;
        let number = plain(&rest[..digits]).ok_or_else(fault)?;
        let unit = match rest.as_bytes()[digits] {
            b'd' => 8.0,
            b'h' => 1.0,
            b'm' => 1.0 / 60.0,
            _ => return Err(fault()),
        };
        // Units only get smaller: "1h30m", never "30m1h" or "1h1h".
        if unit >= last {
            return Err(fault());
        }
        last = unit;
        hours += number * unit;
        rest = rest[digits + 1..].trim_start();
    }
    if last.is_infinite() { Err(fault()) } else { Ok(hours) }
}

/// A decimal number; Rust reads also words such as `nan`, which are told apart by their value.
fn plain(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Minutes, String> {
        minutes(DeValue::parse(text).unwrap().get_ref())
    }

    #[test]
    fn durations_are_whole_minutes_rounded_up() {
        let cases = [
            ("\"4h\"", 240),
            ("\"90m\"", 90),
            ("\"1.5h\"", 90),
            ("\"2d\"", 960),
            ("\"1h30m\"", 90),
            ("\"1d 2h\"", 600),
            ("4", 240),
            ("1.5", 90),
            ("0", 0),
            ("-0.0", 0),
            ("0.0", 0),
            ("\"0m\"", 0),
            ("1.1", 66),
            ("\"0.5m\"", 1),
            ("1e-9", 1),
            ("0.34", 21),
            ("100_000", 6_000_000),
            ("\"100000h\"", 6_000_000),
            ("0x10", 960),
            ("1e2", 6000),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "nan",
            "inf",
            "-inf",
            "+inf",
            "-nan",
            "-1",
            "-0.5",
            "1e400",
            "9223372036854775807",
            "99999999999999999999999",
            "\"3\"",
            "\"\"",
            "\"h\"",
            "\"4\\u00a0h\"",
            "\"4x\"",
            "\"nanh\"",
            "\"infh\"",
            "\"1e400h\"",
            "\"-4h\"",
            "\"30m1h\"",
            "\"1h1h\"",
            "\"1.2.3h\"",
            "\".h\"",
            "\"1h é\"",
            "100_001",
            "true",
            "[4]",
            "2026-01-01",
            "\"inf\"",
            "\"nan\"",
            "\"4hours\"",
        ] {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
        assert_eq!(read("\"3\"").unwrap_err(), "needs a unit: \"3h\", \"3m\" or \"3d\"");
    }
}
