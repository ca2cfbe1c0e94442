//! The sections of a brief. One that would be empty is left out.

use std::fmt::Write as _;

use super::safe::{block, code, item, line};
use crate::model::brief::{Brief, Told};
use crate::model::task::Kind;

/// A heading, with a blank line before and behind it.
pub(super) fn heading(title: &str, out: &mut String) {
    let _ = writeln!(out, "\n## {title}\n");
}

/// Text, which ends with a line break, below a heading; nothing where there is none.
pub(super) fn section(title: &str, text: &str, out: &mut String) {
    if !text.is_empty() {
        heading(title, out);
        out.push_str(text);
    }
}

/// The points, then what the task file has to say at length.
pub(super) fn context(brief: &Brief, out: &mut String) {
    let mut text = brief.context.iter().fold(String::new(), |all, point| all + "- " + &item(point, 2) + "\n");
    if let Some(words) = &brief.text {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{}", block(words));
    }
    section("Context", &text, out);
}

pub(super) fn reports(brief: &Brief, out: &mut String) {
    let one = |all: String, report: &Told| all + "- " + &told(report, 2) + "\n";
    section("Earlier reports of this task", &brief.reports.iter().fold(String::new(), one), out);
}

/// What a report says, in an item of a list.
fn told(report: &Told, columns: usize) -> String {
    let at = report.at.strftime("%Y-%m-%d %H:%M UTC");
    let mut out = format!("{at}: {} at {}", line(&report.verdict), report.tip.short());
    if !report.by.is_empty() {
        let _ = write!(out, ", by {}", line(&report.by));
    }
    if let Some(answer) = &report.done_when {
        let _ = write!(out, "; done when: {}", line(answer));
    }
    if let Some(pr) = &report.pr {
        let _ = write!(out, "; pull request {}", line(pr));
    }
    let gap = " ".repeat(columns);
    for blocker in &report.blockers {
        let _ = write!(out, "\n{gap}- blocked: {}", item(blocker, columns + 2));
    }
    if let Some(text) = report.text.as_deref().filter(|text| !text.trim().is_empty()) {
        let _ = write!(out, "\n\n{gap}{}", item(text, columns));
    }
    out
}

/// What it needs, and what came of that.
pub(super) fn needs(brief: &Brief, out: &mut String) {
    let mut text = String::new();
    for need in &brief.needs {
        let gap = if need.title.trim().is_empty() { "" } else { " " };
        let _ = write!(text, "- {}{gap}{}: {}", need.id, line(&need.title), need.state.word());
        if let Some(pr) = &need.pr {
            let _ = write!(text, " ({})", line(pr));
        }
        if let Some(commit) = &need.commit {
            let _ = write!(text, " as {}", commit.short());
        }
        text.push('\n');
        if let Some(report) = &need.report {
            let _ = writeln!(text, "  - {}", told(report, 4));
        }
    }
    section("What it needs, and what came of that", &text, out);
}

pub(super) fn findings(brief: &Brief, out: &mut String) {
    let counted = brief.findings.iter().filter(|finding| finding.counts);
    let text = counted.fold(String::new(), |all, finding| {
        let critical = if finding.critical { "critical: " } else { "" };
        let by: Vec<String> = finding.by.iter().map(|name| line(name)).collect();
        all + &format!("- {critical}{} ({})\n", item(&finding.text, 2), by.join(", "))
    });
    section("Review findings to address", &text, out);
}

pub(super) fn steps(brief: &Brief, out: &mut String) {
    let mut text = String::new();
    for (number, step) in (1..).zip(&brief.steps) {
        let marker = format!("{number}. ");
        let _ = writeln!(text, "{marker}{}", item(step, marker.len()));
    }
    section("Steps", &text, out);
}

pub(super) fn files(brief: &Brief, out: &mut String) {
    let list = |all: String, pattern: &String| all + "- " + &code(pattern) + "\n";
    let mut text = brief.writes.iter().fold(String::new(), list);
    if brief.kind == Kind::Research {
        text = "None: this task reads and reports.\n".to_owned();
    } else if text.is_empty() {
        text = "The task file does not say. Keep to what the task is about.\n".to_owned();
    }
    if !brief.shared_paths.is_empty() && brief.kind == Kind::Code {
        let shared: Vec<String> = brief.shared_paths.iter().map(|pattern| code(pattern)).collect();
        let _ = writeln!(text, "\nEvery task may change {}.", shared.join(", "));
    }
    section("Files it may write", &text, out);
}

/// What active siblings write, with their ids.
pub(super) fn must_not_write(brief: &Brief, out: &mut String) {
    let mut text = String::new();
    for sibling in &brief.siblings {
        let gap = if sibling.title.trim().is_empty() { "" } else { " " };
        let name = format!("{}{gap}{}", sibling.id, line(&sibling.title));
        if sibling.writes.is_empty() {
            let _ = writeln!(text, "- {name}, which is under way, does not say what it writes");
        }
        for pattern in &sibling.writes {
            let _ = writeln!(text, "- {} ({name})", code(pattern));
        }
    }
    section("Files it must not write", &text, out);
}

pub(super) fn clauses(brief: &Brief, out: &mut String) {
    let fulfil: Vec<String> = brief.clauses.fulfil.iter().map(|clause| block(&clause.text) + "\n").collect();
    section("Contract: fulfil", &fulfil.join("\n"), out);
    let keep = brief.clauses.keep.as_ref().map(|text| block(text) + "\n").unwrap_or_default();
    section("Contract: must not violate", &keep, out);
}

pub(super) fn deliverable(brief: &Brief, out: &mut String) {
    let what = match (brief.kind, brief.single_commit) {
        (Kind::Research, _) => "A report, and no commits.".to_owned(),
        (Kind::Code, true) => format!("One commit on the branch {}.", code(&brief.branch)),
        (Kind::Code, false) => format!("Commits on the branch {}.", code(&brief.branch)),
    };
    let mut text = what + "\n";
    if let Some(words) = &brief.done_when {
        let _ = writeln!(text, "\nDone when: {}", block(words));
    }
    section("Deliverable", &text, out);
}
