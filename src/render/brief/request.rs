//! What a pull request says of a task: what it is for, and what its worker reported. Text of others stands in it so that a forge
//! makes no link, mention, closing word or command (GitLab: a line that begins with a slash) of it.

use std::fmt::Write as _;

use super::safe::text as plain;
use crate::model::brief::{Brief, Told};
use crate::model::id::TaskId;
use crate::model::text::{boundary, escape};
use crate::render::plan::markdown::inline::{link, text, url};
use crate::render::review::first_line;

/// The most of a report, in bytes. With the rest it stays below the 65,536 characters that GitHub takes.
const LONGEST_REPORT: usize = 30_000;
/// The most of any other text, in bytes; and so many entries has a list.
const LONGEST_TEXT: usize = 300;
const MOST: usize = 12;
/// The most backticks in a row: a fence has one more.
const LONGEST_RUN: usize = 40;

/// In Markdown. `report` is the one that it is submitted on, `next` what waits for it to land.
pub fn request(brief: &Brief, report: Option<&Told>, next: &[TaskId]) -> String {
    let mut out = head(brief);
    if let Some(words) = &brief.done_when {
        let _ = write!(out, "\n\nDone when: {}", of_lines(words));
    }
    clauses(brief, &mut out);
    if let Some(report) = report {
        reported(report, &mut out);
    }
    let open = report.map(|report| report.blockers.as_slice()).unwrap_or_default();
    if !open.is_empty() || !next.is_empty() {
        out.push_str("\n\nFollow-ups:\n");
        open.iter().take(MOST).for_each(|blocker| _ = write!(out, "\n- {}", of_lines(blocker)));
        more(open.len(), "\n- ", &mut out);
        if !next.is_empty() {
            let ids: Vec<&str> = next.iter().take(MOST).map(TaskId::as_str).collect();
            let _ = write!(out, "\n- wait for this to land: {}", ids.join(", "));
            more(next.len(), " ", &mut out);
        }
    }
    out
}

/// The task, its issue, its phase and its plan.
fn head(brief: &Brief) -> String {
    let gap = if brief.title.trim().is_empty() { "" } else { ": " };
    let mut out = format!("Task {}{gap}{}", brief.id, short(&brief.title));
    if let Some(issue) = &brief.issue {
        let _ = match url(issue) {
            Some(_) => write!(out, " ({})", link("issue", Some(issue))),
            None => write!(out, " (issue {})", short(issue)),
        };
    }
    let plan = brief.plan.as_ref();
    if let Some(title) = plan.and_then(|plan| plan.title.as_deref().or(plan.issue.as_deref())) {
        let _ = write!(
            out,
            "\n\nPlan: {}",
            link(&title[..boundary(title, LONGEST_TEXT)], plan.and_then(|plan| plan.issue.as_deref()))
        );
    }
    if let Some(phase) = &brief.phase {
        let _ = write!(out, "\n\nPhase: {}", short(phase));
    }
    out
}

fn clauses(brief: &Brief, out: &mut String) {
    if brief.clauses.fulfil.is_empty() {
        return;
    }
    out.push_str("\n\nClauses of the contract that it fulfils:\n");
    for clause in brief.clauses.fulfil.iter().take(MOST) {
        let words = clause.text.trim_start_matches(['#', '-', '*', '+', ' ']);
        let _ = write!(out, "\n- {}", text(&first_line(words)));
    }
}

fn reported(report: &Told, out: &mut String) {
    let answer =
        report.done_when.as_deref().map(|answer| format!(" (done when: {})", short(answer))).unwrap_or_default();
    let _ = write!(out, "\n\nReported {} at {}{answer}", short(&report.verdict), report.tip.short());
    let words = report.text.as_deref().map(str::trim).filter(|words| !words.is_empty());
    match words {
        Some(words) if words.contains('\n') || words.len() > LONGEST_TEXT => {
            let _ = write!(out, ":\n\n{}", fenced(words));
        }
        Some(words) => {
            let _ = write!(out, ": {}", short(words));
        }
        None => {}
    }
}

/// How many of a list are not told.
fn more(all: usize, gap: &str, out: &mut String) {
    if all > MOST {
        let _ = write!(out, "{gap}and {} more", all - MOST);
    }
}

/// Lines as one.
fn of_lines(words: &str) -> String {
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    short(&lines.join(" "))
}

/// Within a line, and no longer than that bears.
fn short(words: &str) -> String {
    let safe = escape(words.trim());
    let more = if safe.len() > LONGEST_TEXT { " …" } else { "" };
    text(&safe[..boundary(&safe, LONGEST_TEXT)]) + more
}

/// A block of code, fenced by more backticks than stand in it (CommonMark 0.31, 4.5).
fn fenced(words: &str) -> String {
    let safe = plain(words);
    let more = if safe.len() > LONGEST_REPORT { "\n…" } else { "" };
    let safe = &safe[..boundary(&safe, LONGEST_REPORT)];
    let longest = safe.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    if longest > LONGEST_RUN {
        return fenced(&words.replace('`', "'"));
    }
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}{more}\n{fence}", safe.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{id, oid};
    use crate::render::brief::tests::sample;

    fn told(text: &str) -> Told {
        Told {
            at: jiff::Timestamp::UNIX_EPOCH,
            by: "Ada".to_owned(),
            tip: oid('b'),
            verdict: "done".to_owned(),
            done_when: Some("yes".to_owned()),
            blockers: vec!["a key\nfor @bob".to_owned()],
            pr: None,
            text: Some(text.to_owned()),
            cost: None,
        }
    }

    #[test]
    fn a_request_says_what_it_is_for_and_what_was_reported() {
        let brief = Brief {
            title: "Fixes #1 @all".to_owned(),
            plan: None,
            done_when: Some("a\n/merge".to_owned()),
            ..sample()
        };
        let out = request(&brief, Some(&told("it\n/merge\n```\n\u{1b}x")), &[id("B")]);
        let expected = "Task A: Fixes #<!-- -->1 @<!-- -->all ([issue](https://x/12))\n\nPhase: one\n\n\
            Done when: a /merge\n\n\
            Clauses of the contract that it fulfils:\n\n- C1: this\n\n\
            Reported done at bbbbbbb (done when: yes):\n\n````text\nit\n/merge\n```\n\\ex\n````\n\n\
            Follow-ups:\n\n- a key for @<!-- -->bob\n- wait for this to land: B";
        assert_eq!(out, expected);
    }

    #[test]
    fn nothing_is_longer_than_a_forge_takes_and_nothing_stays_open() {
        let long = "\u{1b}` <\u{202e}é".repeat(20_000);
        let brief = Brief { title: long.clone(), done_when: Some(long.clone()), phase: Some(long.clone()), ..sample() };
        let report = Told { blockers: vec![long.clone(); 100], ..told(&format!("line\n{long}")) };
        let many: Vec<TaskId> = (0..20_000).map(|number| id(&format!("T{number}"))).collect();
        let out = request(&brief, Some(&report), &many);
        assert!(
            out.len() < 60_000 && out.ends_with(", T11 and 19988 more"),
            "{} {}",
            out.len(),
            &out[out.len() - 200..]
        );
        assert_eq!(out.matches("\n```").count(), 2);
        let out = request(&brief, Some(&told(&format!("a\n{}", "`".repeat(1_000)))), &[]);
        assert!(out.contains("```text\na\n''"), "{out}");
    }
}
