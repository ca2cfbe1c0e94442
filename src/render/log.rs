//! `log` for people and programs; as a document in [`markdown`].

pub mod markdown;

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::json::{SCHEMA, line, time};
use super::report::{self, ReportJson};
use super::review::{self, ClosingJson, ReviewJson};
use super::submit::{self, HandedJson};
use super::table::{Align, Cell, table};
use crate::model::batch::Fate;
use crate::model::ledger::Batch;
use crate::model::log::{Entry, Outcome};
use crate::model::oid::Oid;
use crate::model::state::Proof;
use crate::model::text::escape;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Batches, newest first; dates in `zone`, as `git log --date=iso` writes them.
pub fn log(entries: &[Entry<'_>], zone: &TimeZone, columns: usize) -> String {
    if entries.is_empty() {
        return "No batch was started yet.\n\n  git dispatch plan\n".to_owned();
    }
    let mut out = String::new();
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(&heading(entry.batch, entry.state.word(), zone));
        let rows: Vec<Vec<Cell>> = entry
            .tasks
            .iter()
            .map(|task| {
                vec![
                    Cell::plain(task.id.as_str()),
                    Cell::plain(escape(&task.fate.words())),
                    Cell::plain(escape(task.title)),
                ]
            })
            .collect();
        let head = ["Task", "Outcome", "Title"].map(|title| (title.to_owned(), Align::Left));
        out.push_str(&table(&head, &rows, DIM, columns));
        out.push_str(&heard(entry));
    }
    out
}

/// What was said, a line each, oldest first.
fn heard(entry: &Entry<'_>) -> String {
    let mut lines: Vec<(Timestamp, String)> = Vec::new();
    for task in &entry.tasks {
        let of = |what: String| format!("  {} {what}\n", task.id);
        lines.extend(task.said.iter().map(|said| (said.at, of(report::line_of(said)))));
        lines.extend(task.submitted.iter().map(|handed| (handed.at, of(submit::line_of(&handed.what)))));
        lines.extend(task.reviews.iter().map(|judged| (judged.at, of(review::line_of(&judged.review)))));
    }
    lines.sort_by_key(|(at, _)| *at);
    let mut out: String = lines.into_iter().map(|(_, line)| line).collect();
    if let Some(closing) = &entry.batch.closed {
        let why = closing.text.as_deref().map(|text| format!(": {}", review::first_line(text))).unwrap_or_default();
        out.push_str(&format!("  closed as {} by {}{why}\n", escape(&closing.verdict), escape(&closing.reviewer)));
    }
    out
}

fn heading(batch: &Batch, state: &str, zone: &TimeZone) -> String {
    let date = batch.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %z");
    let verb = if batch.adopted { "adopted" } else { "from" };
    let (name, target) = (escape(&batch.name), escape(&batch.target));
    let host = if batch.host.is_empty() { String::new() } else { format!(" on {}", escape(&batch.host)) };
    format!(
        "{BOLD}{name}{BOLD:#} {verb} {target} at {}, {state}\n  {DIM}{date} by {}{host}{DIM:#}\n",
        batch.base.short(),
        escape(&batch.by)
    )
}

#[derive(Serialize)]
struct LogJson<'a> {
    schema: u32,
    command: &'static str,
    batches: Vec<BatchJson<'a>>,
}

#[derive(Serialize)]
struct BatchJson<'a> {
    id: &'a str,
    uid: &'a str,
    started_at: String,
    by: &'a str,
    host: &'a str,
    target: &'a str,
    base: Oid,
    adopted: bool,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<ClosingJson<'a>>,
    tasks: Vec<TaskJson<'a>>,
}

#[derive(Serialize)]
struct TaskJson<'a> {
    id: &'a str,
    title: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    again_in: Option<&'a str>,
    branch: &'a str,
    worktree: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    /// Where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate_minutes: Option<u64>,
    /// `None`: not known, as the two times, of a task that has landed.
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_minutes: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_commit_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    landed_at: Option<String>,
    /// Its own.
    commits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
    reports: Vec<ReportJson<'a>>,
    reviews: Vec<ReviewJson<'a>>,
    submissions: Vec<HandedJson<'a>>,
}

/// The same as JSON.
pub fn json(entries: &[Entry<'_>]) -> String {
    let batches = entries.iter().map(|entry| {
        let batch = entry.batch;
        let tasks = entry.tasks.iter().map(task_json);
        BatchJson {
            id: &batch.name,
            uid: &batch.uid,
            started_at: time(batch.at),
            by: &batch.by,
            host: &batch.host,
            target: &batch.target,
            base: batch.base,
            adopted: batch.adopted,
            state: entry.state.word(),
            closed: batch.closed.as_ref().map(ClosingJson::new),
            tasks: tasks.collect(),
        }
    });
    line(&LogJson { schema: SCHEMA, command: "log", batches: batches.collect() })
}

fn task_json<'a>(task: &'a Outcome<'a>) -> TaskJson<'a> {
    let standing = if let Fate::Now(standing) = task.fate { standing } else { None };
    let proof = standing.and_then(|standing| standing.proof.as_ref());
    TaskJson {
        id: task.id.as_str(),
        title: task.title,
        outcome: task.fate.code(),
        state: standing.map(|standing| standing.state.word()),
        proof: proof.map(Proof::word),
        pr: proof.and_then(Proof::pr),
        again_in: if let Fate::Again(batch) = task.fate { Some(batch) } else { None },
        branch: &task.snapshot.branch,
        worktree: task.snapshot.path.as_deref(),
        agent: task.agent(),
        session: task.session(),
        estimate_minutes: task.estimate,
        actual_minutes: task.has_landed().then(|| task.span.map(|span| span.minutes())),
        first_commit_at: task.span.map(|span| time(span.first)),
        landed_at: task.span.map(|span| time(span.landed)),
        commits: task.commits,
        strategy: task.landing.and_then(|landing| landing.strategy.as_deref()),
        check: task.landing.and_then(|landing| landing.check.as_deref()),
        reports: task.said.iter().map(|said| ReportJson::new(said, None)).collect(),
        reviews: task.reviews.iter().map(|judged| ReviewJson::of(judged)).collect(),
        submissions: task.submitted.iter().map(|handed| HandedJson::of(handed)).collect(),
    }
}
