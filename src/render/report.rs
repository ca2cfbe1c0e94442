//! What was recorded of a worker's report.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::ledger::{Body, Report};
use crate::model::oid::Oid;
use crate::model::text::escape;

const BOLD: Style = Style::new().bold();

/// A line for the report; where the worker stopped, what it waits for.
pub fn text(body: &Body, branch: &str, dry_run: bool) -> String {
    let (would, verb) = if dry_run { ("would be ", "") } else { ("", "") };
    let line = |id: &str, what: &str, tip: Oid| {
        format!("{BOLD}{id}{BOLD:#} {would}{verb}reported {what} at {} of {}\n", tip.short(), escape(branch))
    };
    match body {
        Body::Working(working) => line(working.task.as_str(), "as begun", working.tip),
        Body::Reported(report) if report.done() => line(report.task.as_str(), "done", report.tip),
        Body::Reported(report) => {
            let mut out = line(report.task.as_str(), &format!("as stopped ({})", why(report)), report.tip);
            for blocker in &report.blockers {
                out.push_str(&format!("  needs: {}\n", escape(blocker)));
            }
            out
        }
        _ => String::new(),
    }
}

/// In which way a worker stopped.
pub(super) fn why(report: &Report) -> String {
    match (&*report.verdict, &report.done_when) {
        ("done", _) if !report.blockers.is_empty() => "blocked".to_owned(),
        ("done", Some(answer)) => format!("done-when: {answer}"),
        (verdict, _) => verdict.to_owned(),
    }
}

#[derive(Serialize)]
struct ReportJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    id: &'a str,
    event: &'static str,
    tip: Oid,
    verdict: Option<&'a str>,
    done: Option<bool>,
    blockers: &'a [String],
}

/// The same as JSON.
pub fn json(body: &Body, dry_run: bool) -> String {
    let (command, schema) = ("report", SCHEMA);
    match body {
        Body::Reported(report) => line(&ReportJson {
            schema,
            command,
            dry_run,
            id: report.task.as_str(),
            event: "reported",
            tip: report.tip,
            verdict: Some(&report.verdict),
            done: Some(report.done()),
            blockers: &report.blockers,
        }),
        Body::Working(working) => line(&ReportJson {
            schema,
            command,
            dry_run,
            id: working.task.as_str(),
            event: "working",
            tip: working.tip,
            verdict: None,
            done: None,
            blockers: &[],
        }),
        _ => String::new(),
    }
}
