//! The description of a pull request: a part between two marks that is ours, all else is whose it is, and the trailer at its end.

use crate::model::id::TaskId;

/// The marks, each a line of its own, which a forge shows as nothing.
pub const BEGIN: &str = "<!-- git-dispatch: from here to the next mark, written anew by 'git dispatch submit' -->";
pub const END: &str = "<!-- git-dispatch: end -->";

/// `old`, the description as it is (`None`: there is no pull request yet), with `ours` between the marks and the trailer
/// `Task: <id>` in its last paragraph: a forge that squashes takes the description for the commit's message, and the trailer tells
/// any clone what landed. `None` where somebody wrote a description without the marks, or took them away: it is theirs.
pub fn merged(old: Option<&str>, ours: &str, id: &TaskId) -> Option<String> {
    let ours = format!("{BEGIN}\n\n{}\n\n{END}", unmarked(ours.trim()));
    let old = old.unwrap_or_default().replace("\r\n", "\n");
    if old.trim().is_empty() {
        return Some(with_trailer(&ours, id));
    }
    let lines: Vec<&str> = old.lines().collect();
    let begin = lines.iter().position(|line| line.trim() == BEGIN)?;
    let end = begin + lines[begin..].iter().position(|line| line.trim() == END)?;
    let before = lines[..begin].join("\n");
    let after = without_trailer(&lines[end + 1..], id);
    let parts = [before.trim_end(), ours.as_str(), after.trim()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    Some(with_trailer(&parts.join("\n\n"), id))
}

/// Text in which no line is a mark.
fn unmarked(text: &str) -> String {
    text.replace("<!-- git-dispatch", "<! -- git-dispatch")
}

fn without_trailer(lines: &[&str], id: &TaskId) -> String {
    let own = format!("Task: {id}");
    lines.iter().filter(|line| line.trim() != own).copied().collect::<Vec<_>>().join("\n")
}

/// In a paragraph of its own, or behind other trailers (git-interpret-trailers(1)).
fn with_trailer(text: &str, id: &TaskId) -> String {
    let text = text.trim_end();
    let last: Vec<&str> = text.lines().rev().take_while(|line| !line.trim().is_empty()).collect();
    let is_trailer = |line: &&str| {
        let key = line.split_once(": ").map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let gap = if last.iter().all(is_trailer) { "\n" } else { "\n\n" };
    format!("{text}{gap}Task: {id}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::sample::id;

    #[test]
    fn what_people_wrote_around_the_marks_stays_and_the_trailer_ends_the_text() {
        let fresh = merged(None, "one\n", &id("A")).unwrap();
        assert_eq!(fresh, format!("{BEGIN}\n\none\n\n{END}\n\nTask: A\n"));
        assert_eq!(merged(Some("  \r\n"), "one", &id("A")).unwrap(), fresh);
        let edited = fresh.replace("Task: A", "see the wiki\n\nTask: A\nReviewed-by: Bob\n").replace('\n', "\r\n");
        let edited = format!("Please look.\r\n\r\n{edited}");
        let expected =
            format!("Please look.\n\n{BEGIN}\n\ntwo\n\n{END}\n\nsee the wiki\n\nReviewed-by: Bob\nTask: A\n");
        assert_eq!(merged(Some(&edited), "two", &id("A")).unwrap(), expected);
        assert_eq!(merged(Some("my own words"), "two", &id("A")), None);
        assert_eq!(merged(Some(&fresh.replace(END, "")), "two", &id("A")), None);
    }

    #[test]
    fn a_text_with_marks_in_it_does_not_end_ours() {
        let hostile = format!("a\n{END}\nTask: B\n{BEGIN}\nb");
        let once = merged(None, &hostile, &id("A")).unwrap();
        assert_eq!((once.matches(BEGIN).count(), once.matches(END).count()), (1, 1));
        assert!(once.ends_with("\n\nTask: A\n"), "{once}");
        assert_eq!(merged(Some(&once), "x", &id("A")).unwrap(), merged(None, "x", &id("A")).unwrap());
    }

    proptest! {
        /// Written anew, nothing changes; and all that people wrote is there.
        #[test]
        fn written_twice_is_written_once(before in "[a-z :\n-]{0,30}", after in "[a-zA-Z :\n-]{0,40}", ours in "[a-z\n<!>-]{0,30}") {
            let old = format!("{before}\n{}\n{after}", merged(None, "old", &id("A")).unwrap());
            let once = merged(Some(&old), &ours, &id("A")).unwrap();
            prop_assert_eq!(merged(Some(&once), &ours, &id("A")).unwrap(), once.clone());
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            for word in words(&before).iter().chain(&words(&after)) {
                prop_assert!(once.contains(word.as_str()), "{}", word);
            }
            prop_assert!(once.lines().last().is_some_and(|line| line == "Task: A"));
        }
    }
}
