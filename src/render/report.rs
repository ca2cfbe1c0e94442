//! What was recorded of a worker's report.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line, time};
use super::review::first_line;
use crate::model::ledger::{Body, Report, Said};
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
            let mut out = line(report.task.as_str(), &format!("as stopped ({})", why_stopped(report)), report.tip);
            for blocker in &report.blockers {
                out.push_str(&format!("  needs: {}\n", escape(blocker)));
            }
            out
        }
        _ => String::new(),
    }
}

/// A report in one line, for lists: what, and the first line of why.
pub fn line_of(said: &Said) -> String {
    let report = &said.report;
    let why = report.blockers.first().or(report.text.as_ref()).map(|text| format!(": {}", first_line(text)));
    let what = if report.done() { "done".to_owned() } else { format!("as stopped ({})", why_stopped(report)) };
    format!("reported {what} at {}{}", report.tip.short(), why.unwrap_or_default())
}

/// In which way a worker stopped.
pub(super) fn why_stopped(report: &Report) -> String {
    match (&*report.verdict, &report.done_when) {
        ("done", _) if !report.blockers.is_empty() => "blocked".to_owned(),
        ("done", Some(answer)) => format!("done-when: {answer}"),
        (verdict, _) => verdict.to_owned(),
    }
}

/// A report as other answers have it.
#[derive(Serialize)]
pub struct ReportJson<'a> {
    at: String,
    by: &'a str,
    tip: Oid,
    /// The branch is at another commit since; `None` where that is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    stale: Option<bool>,
    verdict: &'a str,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_when: Option<&'a str>,
    blockers: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
}

impl<'a> ReportJson<'a> {
    pub fn new(said: &'a Said, stale: impl Into<Option<bool>>) -> ReportJson<'a> {
        let Said { at, by, report } = said;
        ReportJson {
            at: time(*at),
            by,
            tip: report.tip,
            stale: stale.into(),
            verdict: &report.verdict,
            done: report.done(),
            done_when: report.done_when.as_deref(),
            blockers: &report.blockers,
            pr: report.pr.as_deref(),
            text: report.text.as_deref(),
            cost: report.cost.as_deref(),
            session: report.session.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
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
        Body::Reported(report) => line(&Answer {
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
        Body::Working(working) => line(&Answer {
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
