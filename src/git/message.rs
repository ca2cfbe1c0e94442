//! What a commit message says of tasks, branches and pull requests.

use std::borrow::Cow;

use crate::model::id::TaskId;

/// Of a subject no more than this is read, in bytes.
const SUBJECT_READ: usize = 1024;
/// Of a long message's end no more than this is read, in bytes.
const TAIL_READ: usize = 16 * 1024;

/// What one message names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Named {
    /// Of `Task:` trailers.
    pub tasks: Vec<String>,
    pub branches: Vec<String>,
    pub pr: Option<String>,
    /// Commits that it says it reverts, as it writes them: hexadecimal, perhaps shortened.
    pub reverts: Vec<String>,
}

/// Reads a raw commit message.
///
/// Of a long history most messages name nothing: whether one may do so is looked at first, byte by byte.
pub(super) fn read(message: &[u8]) -> Named {
    let message = message.trim_ascii();
    let tail = &message[message.len().saturating_sub(TAIL_READ)..];
    let mut named = Named::default();
    if let Some(subject) = subject(message) {
        let (branches, pr) = of_subject(subject.trim());
        named.branches = branches.into_iter().filter(|name| is_branch_name(name)).map(str::to_owned).collect();
        named.pr = pr;
    }
    if lines(tail).any(may_name_a_task) {
        let (tasks, merge_request) = of_body(tail);
        named.tasks = tasks;
        named.pr = named.pr.or(merge_request);
    }
    named.reverts = reverts(tail);
    named
}

/// As much of the subject as is read, where [`of_subject`] may find something.
fn subject(message: &[u8]) -> Option<Cow<'_, str>> {
    let subject = lines(message).next().unwrap_or_default();
    let subject = &subject[..subject.len().min(SUBJECT_READ)];
    // What is no letter of ASCII may be white space.
    let odd = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii_graphic());
    let trimmed = subject.trim_ascii();
    let may = trimmed.starts_with(b"Merge") || trimmed.ends_with(b")") || odd(trimmed.first()) || odd(trimmed.last());
    may.then(|| String::from_utf8_lossy(subject))
}

/// Whether [`of_body`] may find something in the line.
fn may_name_a_task(line: &[u8]) -> bool {
    match line.first() {
        Some(b'T' | b't') => line.get(..4).is_some_and(|key| key.eq_ignore_ascii_case(b"task")),
        Some(b'S') => line.starts_with(b"See merge request "),
        _ => false,
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
}

/// Whether the message speaks of a revert at all, as those of merges of such do.
pub(super) fn hints_at_revert(message: &[u8]) -> bool {
    let head = &message[..message.len().min(SUBJECT_READ)];
    head.windows(6).any(|word| word[0] | 0x20 == b'r' && word.eq_ignore_ascii_case(b"revert"))
}

/// What follows `This reverts commit ` at the beginning of lines, which is what `git revert` writes.
fn reverts(tail: &[u8]) -> Vec<String> {
    let named = lines(tail).filter_map(|line| line.strip_prefix(b"This reverts commit "));
    let hex = named.map(|rest| rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).map(|&byte| char::from(byte)));
    hex.map(|hex| hex.collect::<String>().to_ascii_lowercase()).filter(|hex| (7..=64).contains(&hex.len())).collect()
}

/// The branches and the pull request that the subject of a merge or squash names.
fn of_subject(subject: &str) -> (Vec<&str>, Option<String>) {
    let pr = number_at_end(subject);
    if let Some(rest) = subject.strip_prefix("Merge branch") {
        // git, GitLab
        return (quoted_names(rest), pr);
    }
    if let Some(rest) = subject.strip_prefix("Merge remote-tracking branch") {
        return (quoted_names(rest).into_iter().filter_map(after_slash).collect(), pr);
    }
    if let Some(rest) = subject.strip_prefix("Merge pull request ") {
        return pull_request(rest);
    }
    if let Some(rest) = subject.strip_prefix("Merged in ") {
        // Bitbucket Cloud: Merged in B (pull request #N)
        let (branch, tail) = rest.split_once(" (pull request ").unwrap_or((rest, ""));
        return (vec![branch], number(tail).map(|(number, _)| number));
    }
    if let Some(rest) = subject.strip_prefix("Merged PR ") {
        // Azure: Merged PR N: title
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        return (Vec::new(), (!digits.is_empty()).then(|| format!("#{digits}")));
    }
    (Vec::new(), pr)
}

/// What follows `Merge pull request `.
fn pull_request(rest: &str) -> (Vec<&str>, Option<String>) {
    let Some((pr, tail)) = number(rest) else {
        // Gitea: 'title' (#N) from owner/B into X, or from B into X
        let (before, from) = rest.rsplit_once(" from ").unwrap_or((rest, ""));
        let branch = from.split(" into ").next().unwrap_or_default();
        return ([Some(branch), after_slash(branch)].into_iter().flatten().collect(), number_at_end(before));
    };
    if let Some(from) = tail.strip_prefix(" from ") {
        // GitHub: #N from owner/B
        return (after_slash(from).into_iter().collect(), Some(pr));
    }
    // Bitbucket Server: #N in PROJECT/repo from B to X
    let from = tail.split_once(" from ").map_or("", |(_, from)| from);
    (vec![from.split(" to ").next().unwrap_or_default()], Some(pr))
}

/// The names in single quotes, up to `into` or `of`: `'A'`, `es 'A', 'B' and 'C' into X`.
fn quoted_names(rest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut parts = rest.split('\'');
    while let (Some(between), Some(name)) = (parts.next(), parts.next()) {
        if between.contains(" into ") || between.contains(" of ") {
            break;
        }
        names.push(name);
    }
    names
}

fn after_slash(name: &str) -> Option<&str> {
    name.split_once('/').map(|(_, rest)| rest)
}

/// `#12` or `!12` at the start, and the rest.
fn number(text: &str) -> Option<(String, &str)> {
    let digits = text.strip_prefix(['#', '!'])?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (1..=12).contains(&end).then(|| (text[..=end].to_owned(), &digits[end..]))
}

/// `(#12)` or `(!12)` at the end.
fn number_at_end(text: &str) -> Option<String> {
    let (_, tail) = text.strip_suffix(')')?.rsplit_once('(')?;
    number(tail).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

fn is_branch_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_control() || c.is_whitespace())
}

/// The tasks of the trailers, and GitLab's merge request.
fn of_body(tail: &[u8]) -> (Vec<String>, Option<String>) {
    let text = String::from_utf8_lossy(tail);
    let all: Vec<&str> = text.lines().collect();
    let (lines, before) = last_paragraph(&all);
    if before.is_empty() {
        return (Vec::new(), None);
    }
    let merge_request = lines.iter().find_map(|line| {
        let project = line.strip_prefix("See merge request ")?;
        number(&project[project.rfind('!')?..]).map(|(number, _)| number)
    });
    let tasks = trailers(lines)
        .chain(trailers(before_co_authors(lines, before)))
        .filter(|(key, _)| key.eq_ignore_ascii_case("task"))
        .filter_map(|(_, value)| value.parse::<TaskId>().ok())
        .map(|id| id.as_str().to_owned());
    (tasks.collect(), merge_request)
}

/// The last paragraph, and all before it.
fn last_paragraph<'l, 'a>(lines: &'l [&'a str]) -> (&'l [&'a str], &'l [&'a str]) {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let begin = lines[..end].iter().rposition(|line| line.trim().is_empty()).map_or(0, |blank| blank + 1);
    (&lines[begin..end], &lines[..begin])
}

/// A squash of GitHub's with several authors names them below a line of dashes, behind the description of the pull request: the
/// last paragraph of that, where `lines` is such a last one and stands behind `before`.
fn before_co_authors<'l, 'a>(lines: &[&str], before: &'l [&'a str]) -> &'l [&'a str] {
    let named =
        lines.iter().all(|line| trailer(line).is_some_and(|(key, _)| key.eq_ignore_ascii_case("co-authored-by")));
    let (dashes, above) = last_paragraph(before);
    match (named, dashes) {
        (true, [line]) if line.len() > 3 && line.bytes().all(|byte| byte == b'-') => {
            let (last, subject) = last_paragraph(above);
            if subject.is_empty() { &[] } else { last }
        }
        _ => &[],
    }
}

/// The trailers of the last paragraph by git's rule: all its lines are trailers, or a quarter where one is git's own
/// (git-interpret-trailers(1)).
fn trailers<'a>(paragraph: &[&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let is_own = |line: &&str| line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ");
    let found: Vec<_> = paragraph.iter().filter_map(|line| trailer(line)).collect();
    let others = paragraph
        .iter()
        .filter(|line| trailer(line).is_none() && !is_own(line) && !line.starts_with([' ', '\t']))
        .count();
    let holds = others == 0 || paragraph.iter().any(is_own) && found.len() * 3 >= others;
    found.into_iter().filter(move |_| holds)
}

fn trailer(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end();
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_key.then(|| (key, value.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What [`read`] finds, with every part of the message looked at.
    fn read_in_full(message: &[u8]) -> Named {
        let message = message.trim_ascii();
        let subject = lines(message).next().unwrap_or_default();
        let subject = String::from_utf8_lossy(&subject[..subject.len().min(SUBJECT_READ)]);
        let (branches, pr) = of_subject(subject.trim());
        let tail = &message[message.len().saturating_sub(TAIL_READ)..];
        let (tasks, merge_request) = of_body(tail);
        let branches = branches.into_iter().filter(|name| is_branch_name(name)).map(str::to_owned).collect();
        Named { tasks, branches, pr: pr.or(merge_request), reverts: reverts(tail) }
    }

    fn message() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just("Merge branch 'a'"),
            Just("Merge pull request #1 from o/a"),
            Just("Merged PR 4"),
            Just("title (#5)"),
            Just("Task: A-1"),
            Just("tASK : B"),
            Just("Tasks: A"),
            Just("See merge request g/p!7"),
            Just("Signed-off-by: x"),
            Just("Co-authored-by: x"),
            Just("\n\n---------\n\n"),
            Just("This reverts commit 0123456789abcdef"),
            Just("\n"),
            Just("\n\n"),
            Just("\r\n"),
            Just(" "),
            Just("\u{b}"),
            Just("\u{a0}"),
            Just("\u{3000}"),
            Just("words"),
            Just("\u{fffd}"),
        ];
        let word = prop_oneof![
            9 => word.prop_map(|word| word.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
            1 => (1000usize..1030).prop_map(|length| vec![b'x'; length]),
        ];
        proptest::collection::vec(word, 0..10).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn what_is_passed_over_names_nothing(message in message()) {
            prop_assert_eq!(read(&message), read_in_full(&message));
        }
    }

    fn named(message: &str) -> (Vec<String>, Vec<String>, Option<String>) {
        let Named { tasks, branches, pr, .. } = read(message.as_bytes());
        (tasks, branches, pr)
    }

    #[test]
    fn merges_name_their_branches() {
        for (subject, branches, pr) in [
            ("Merge branch 'task/A'", vec!["task/A"], None),
            ("Merge branch 'task/A' into next", vec!["task/A"], None),
            ("Merge branch 'a' into 'main'", vec!["a"], None),
            ("Merge branch 'a' of https://x/y", vec!["a"], None),
            ("Merge branches 'a' and 'b'", vec!["a", "b"], None),
            ("Merge branches 'a', 'b' and 'c' into x", vec!["a", "b", "c"], None),
            ("Merge branch 'a' (#7)", vec!["a"], Some("#7")),
            ("Merge remote-tracking branch 'origin/task/A'", vec!["task/A"], None),
            ("Merge remote-tracking branches 'o/a' and 'o/b' into x", vec!["a", "b"], None),
            ("Merge pull request #12 from owner/task/A", vec!["task/A"], Some("#12")),
            ("Merge pull request #12 in PRO/repo from task/A to main", vec!["task/A"], Some("#12")),
            ("Merge pull request 'a from b' (#5) from task/A into main", vec!["task/A", "A"], Some("#5")),
            ("Merged in task/A (pull request #3)", vec!["task/A"], Some("#3")),
            ("Merged PR 45: a title", vec![], Some("#45")),
            ("a squashed title (#123)", vec![], Some("#123")),
            ("a squashed title (!9)", vec![], Some("!9")),
            ("Merge tag 'v1'", vec![], None),
            ("a title (#12a)", vec![], None),
            ("a title (#)", vec![], None),
            ("Merge branch 'a b'", vec![], None),
            ("Merge branch", vec![], None),
            ("", vec![], None),
        ] {
            let branches: Vec<_> = branches.into_iter().map(str::to_owned).collect();
            assert_eq!(named(subject), (vec![], branches, pr.map(str::to_owned)), "{subject}");
        }
    }

    #[test]
    fn trailers_name_their_tasks() {
        for (body, tasks) in [
            ("Task: A-1", vec!["A-1"]),
            ("text\n\nTask: A-1\ntask : B_2\nReviewed-by: x", vec!["A-1", "B_2"]),
            ("Task: A-1\n\ntext", vec![]),
            ("text with\nTask: A-1", vec![]),
            ("text\nTask: A-1\nSigned-off-by: x <y>", vec!["A-1"]),
            ("Task: A-1\n and more", vec!["A-1"]),
            ("Task: ../x\nTask: ", vec![]),
            ("Task: A-1\r\nTask: B", vec!["A-1", "B"]),
            ("text\n\nTask: A-1\n\n---------\n\nCo-authored-by: x <y>\nco-authored-by: z <z>", vec!["A-1"]),
            ("text\n\nTask: A-1\n\n---------\n\nCo-authored-by: x <y>\nTask: B", vec!["B"]),
            ("text\n\nTask: A-1\n\n---------\n\nand more", vec![]),
            ("text\n\nTask: A-1\n\n--\n\nCo-authored-by: x <y>", vec![]),
        ] {
            assert_eq!(named(&format!("subject\n\n{body}\n")).0, tasks, "{body}");
        }
        assert_eq!(named("Task: A-1").0, Vec::<String>::new());
        assert_eq!(
            named("Merge branch 'a' into 'main'\n\nTitle\n\nSee merge request g/p!77").2.as_deref(),
            Some("!77")
        );
        let long = format!("subject\n\n{}\n\nTask: A", "x ".repeat(1 << 20));
        assert_eq!(named(&long).0, ["A"]);
    }

    #[test]
    fn reverts_name_their_commits() {
        let (full, short) = ("0123456789abcdef0123456789abcdef01234567", "0123456");
        for (body, reverts) in [
            (format!("This reverts commit {full}."), vec![full]),
            (format!("This reverts commit {full}, reversing\nchanges made to {full}."), vec![full]),
            (format!("This reverts commit {short} (First, 2026-01-19)."), vec![short]),
            (format!("why\nThis reverts commit {full}.\nThis reverts commit {short}."), vec![full, short]),
            ("This reverts commit 012345.".to_owned(), vec![]),
            (format!("This reverts commit {full}{full}."), vec![]),
            (format!("    This reverts commit {full}."), vec![]),
            (format!("as if This reverts commit {full}."), vec![]),
            ("This reverts commit \u{202e}.".to_owned(), vec![]),
        ] {
            assert_eq!(read(format!("Revert \"x\"\n\n{body}\n").as_bytes()).reverts, reverts, "{body}");
        }
        assert!(hints_at_revert(b"Merge pull request #2 from a/revert-1-b") && !hints_at_revert(b"Merge branch 'a'"));
    }
}
