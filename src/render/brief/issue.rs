//! `brief --format issue`: what an issue tracker takes, as front matter in YAML and a body in Markdown.

use std::fmt::Write as _;

use super::head;
use super::parts::{clauses, context, deliverable, files, must_not_write, needs, reports, steps};
use crate::model::brief::Brief;
use crate::model::task::{Kind, Minutes};
use crate::model::text::escape;

/// The issue of a task.
pub fn issue(brief: &Brief) -> String {
    let title = if brief.title.trim().is_empty() { brief.id.as_str() } else { brief.title.trim() };
    let title = brief.unit.as_deref().map_or_else(|| title.to_owned(), |unit| format!("Batch {unit}: {title}"));
    let kind = if brief.kind == Kind::Research || brief.mode == "spike" { "spike" } else { "chore" };
    let mut out = format!("---\ntitle: {}\nlabels:\n", quoted(&title));
    let _ = writeln!(out, "  - {}\n  - {}", quoted(&format!("type:{kind}")), quoted(&format!("exec:{}", brief.mode)));
    if let Some(minutes) = brief.estimate {
        let _ = writeln!(out, "estimate: {}", points(minutes));
    }
    let plan = brief.plan.as_ref();
    if let Some(parent) = plan.and_then(|plan| plan.issue.as_deref().or(plan.title.as_deref())) {
        let _ = writeln!(out, "parent: {}", quoted(parent));
    }
    if let Some(agent) = &brief.agent {
        let _ = writeln!(out, "assignee: {}", quoted(agent));
    }
    out.push_str("---\n\n");
    out.push_str(&body(brief));
    out
}

/// The brief without what only holds on the machine where it is worked on.
fn body(brief: &Brief) -> String {
    let mut out = format!("Task: {}\n", brief.id);
    head(brief, &mut out);
    context(brief, &mut out);
    reports(brief, &mut out);
    needs(brief, &mut out);
    steps(brief, &mut out);
    files(brief, &mut out);
    must_not_write(brief, &mut out);
    clauses(brief, &mut out);
    deliverable(brief, &mut out);
    out
}

/// A scalar of YAML in double quotes, of one line: JSON's strings are of that kind (YAML 1.2.2, 7.3.1).
fn quoted(text: &str) -> String {
    serde_json::Value::from(escape(text).as_ref()).to_string()
}

/// Story points: the least Fibonacci number that is no less than the hours.
fn points(minutes: Minutes) -> u64 {
    let (mut points, mut next) = (1, 2);
    while points * 60 < minutes {
        (points, next) = (next, points + next);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_hours_rounded_up_to_a_fibonacci_number() {
        let hours = [0, 1, 60, 61, 120, 121, 240, 300, 480, 481, 6_000_000];
        assert_eq!(hours.map(points), [1, 1, 1, 2, 2, 3, 5, 5, 8, 13, 121_393]);
    }

    #[test]
    fn what_stands_in_quotes_stays_there() {
        assert_eq!(quoted("a \"b\" \\ \n---\u{202e} # é"), r#""a \"b\" \\ \\n---\\u{202e} # é""#);
    }
}
