//! How old something must be to go, in the words of git and as short as people write it.

use jiff::{SignedDuration, Timestamp};

use super::failure::{Exit, Failure};

/// The trash keeps what was dropped for so long, where `dispatch.trashExpire` says nothing else.
pub const TRASH_EXPIRE: &str = "14.days.ago";

/// What is old enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    Never,
    /// What is of this moment or older.
    Until(Timestamp),
}

impl Expiry {
    /// Everything.
    pub const ALL: Expiry = Expiry::Until(Timestamp::MAX);

    /// Whether something of that time is old enough.
    pub fn reaches(self, at: Timestamp) -> bool {
        matches!(self, Expiry::Until(limit) if at <= limit)
    }
}

/// Reads `never`, `false`, `now`, `all`, and how long ago in units that are equally long always: `14d`, `2w`, `36h`, `14.days.ago`,
/// `1 week 2 days ago`, as git does (git `date.c`, `parse_expiry_date`, `approxidate`). `None`: git may know what it means.
pub fn expiry(text: &str, now: Timestamp) -> Option<Expiry> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "never" | "false" => return Some(Expiry::Never),
        "now" | "all" => return Some(Expiry::ALL),
        _ => {}
    }
    let words = words(&text);
    let words = words.strip_suffix(&["ago"]).unwrap_or(&words);
    let pairs = words.chunks(2);
    let mut seconds = 0_i64;
    for pair in pairs {
        let [number, unit] = pair else { return None };
        let number: i64 = number.parse().ok()?;
        seconds = seconds.checked_add(number.checked_mul(unit_of(unit)?)?)?;
    }
    let limit = now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN);
    (!words.is_empty()).then_some(Expiry::Until(limit))
}

/// Runs of digits and runs of letters; whatever else stands between them.
fn words(text: &str) -> Vec<&str> {
    let kind = |c: char| (c.is_ascii_digit(), c.is_ascii_alphabetic());
    let mut words = Vec::new();
    let mut start = 0;
    let places = text.char_indices().map(|(at, _)| at).skip(1).chain([text.len()]);
    let mut last = text.chars().next().map(kind);
    for at in places.filter(|at| *at <= text.len()) {
        let next = text[at..].chars().next().map(kind);
        if next != last || next.is_none() {
            words.push(&text[start..at]);
            start = at;
        }
        last = next;
    }
    words.retain(|word| word.chars().any(|c| c.is_ascii_alphanumeric()) || !is_separator(word));
    words
}

fn is_separator(word: &str) -> bool {
    word.chars().all(|c| matches!(c, '.' | ' ' | '_'))
}

/// In seconds. Months and years are not equally long: git counts them by the calendar.
fn unit_of(word: &str) -> Option<i64> {
    Some(match word.strip_suffix('s').filter(|one| !one.is_empty()).unwrap_or(word) {
        "second" | "sec" | "s" => 1,
        "minute" | "min" | "m" => 60,
        "hour" | "h" => 3600,
        "day" | "d" => 24 * 3600,
        "week" | "w" => 7 * 24 * 3600,
        _ => return None,
    })
}

/// It is no age.
pub fn no_age(what: &str, text: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("bad value '{text}' for '{what}': it takes an age such as 7d or 2.weeks.ago, now or never"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_as_git_reads_them_and_shorter() {
        let now: Timestamp = "2026-01-19T00:00:00Z".parse().unwrap();
        let ago = |hours: i64| Some(Expiry::Until(now - SignedDuration::from_hours(hours)));
        for (text, expected) in [
            ("14d", ago(14 * 24)),
            ("14.days.ago", ago(14 * 24)),
            ("14.days", ago(14 * 24)),
            ("2 Weeks ago", ago(14 * 24)),
            ("1.week.2.days.ago", ago(9 * 24)),
            ("1w2d", ago(9 * 24)),
            ("36h", ago(36)),
            ("90m", Some(Expiry::Until(now - SignedDuration::from_mins(90)))),
            ("5s", Some(Expiry::Until(now - SignedDuration::from_secs(5)))),
            ("0d", ago(0)),
            ("now", Some(Expiry::ALL)),
            ("never", Some(Expiry::Never)),
        ] {
            assert_eq!(expiry(text, now), expected, "{text}");
        }
        for text in
            ["", "ago", "14", "d14", "-3d", "1.month.ago", "yesterday", "2026-01-01", "9999999999999999999d", "é", "3é"]
        {
            assert_eq!(expiry(text, now), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_old_enough_for_never() {
        let now: Timestamp = "2026-01-19T00:00:00Z".parse().unwrap();
        assert!(!Expiry::Never.reaches(Timestamp::MIN) && Expiry::ALL.reaches(now));
        assert!(Expiry::Until(now).reaches(now) && !Expiry::Until(now).reaches(now + SignedDuration::from_secs(1)));
    }
}
