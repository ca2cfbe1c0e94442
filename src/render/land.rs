//! What `land` did, or would do.

use std::path::Path;

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use super::landing::why;
use super::table::{Align, Cell, Column, table};
use crate::model::facts::Target;
use crate::model::id::TaskId;
use crate::model::land::{Checked, Landing, Outcome, Step};
use crate::model::landing::{Left, Obstacle};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::state::Reason;
use crate::model::text::{count, escape};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// No terminal cuts the table of a few short columns: the title stands last.
const WIDE: usize = 200;

/// A name as it may be shown.
pub fn plain(name: &str) -> String {
    escape(name).into_owned()
}

/// What is about to be checked and landed; `commits` are those of the steps, where they are made already.
pub fn preview(landing: &Landing, commits: &[Oid]) -> String {
    let (name, commit) = &landing.from;
    let mut out = format!("landing on {} at {}:\n", escape(&landing.target), commit.short());
    if name != &landing.target {
        out = format!("landing on {}, from {} at {}:\n", escape(&landing.target), escape(name), commit.short());
    }
    for (at, step) in landing.steps.iter().enumerate() {
        let made = commits
            .get(at)
            .map_or_else(|| format!("gives tree {}", step.tree.short()), |commit| format!("as {}", commit.short()));
        out.push_str(&format!("  {}  {}, {made}\n", step.task.id, how(step)));
    }
    out
}

fn how(step: &Step) -> String {
    let (branch, tip) = (escape(&step.task.branch), step.tip.short());
    match step.strategy.word() {
        "ff" => format!("fast-forward to {branch} at {tip}"),
        word => format!("{word} of {branch} at {tip}"),
    }
}

/// The whole answer of a dry run.
pub fn planned(landing: &Landing, check: Option<&str>) -> String {
    let out = preview(landing, &[]);
    let out = out.replacen("landing on", "would land on", 1);
    match check {
        Some(text) => format!("{out}after this check: {}\n", escape(text)),
        None => out,
    }
}

/// The whole answer.
pub fn landed(outcome: &Outcome) -> String {
    let Outcome { landing, commits, check, removed, ready, .. } = outcome;
    let after = commits.last().copied().unwrap_or(landing.old);
    let mut out = format!(
        "{BOLD}{} is at {} now{BOLD:#}, from {}{}\n",
        escape(&landing.target),
        after.short(),
        landing.old.short(),
        checked(check)
    );
    let rows = landing.steps.iter().zip(commits).map(|(step, commit)| {
        vec![
            Cell::plain(step.task.id.as_str()),
            Cell::plain(commit.short().to_string()),
            Cell::plain(how(step)),
            Cell::plain(escape(&step.task.title)),
        ]
    });
    let column = |title: &str| -> Column { (title.to_owned(), Align::Left) };
    let head = [column("Task"), column("Commit"), column("Landed by"), column("Title")];
    out.push_str(&table(&head, &rows.collect::<Vec<_>>(), DIM, WIDE));
    if !removed.is_empty() {
        out.push_str(&format!("{} in the trash: {}\n", count(removed.len(), "worktree"), ids(removed)));
    }
    if !ready.is_empty() {
        let all: Vec<TaskId> = ready.iter().map(|(id, _)| id.clone()).collect();
        out.push_str(&format!("can start now: {}\n", ids(&all)));
    }
    out
}

fn checked(check: &Checked) -> String {
    match (check.state, check.runs) {
        ("passed", 0) => ", checked before".to_owned(),
        ("passed", runs) => format!(", checked in {}", count(runs, "run")),
        ("skipped", _) => ", not checked".to_owned(),
        _ => String::new(),
    }
}

fn ids(ids: &[TaskId]) -> String {
    ids.iter().map(TaskId::as_str).collect::<Vec<_>>().join(", ")
}

/// A task that is left out, with the reason, as a clause.
pub fn left(left: &Left, target: &str) -> String {
    format!("task '{}' {}", left.id, why(&left.why, target, false))
}

/// Where the check failed: its last lines, and the log.
pub fn log_of(left: &Left) -> Vec<String> {
    let Obstacle::Red { log, tail } = &left.why else { return Vec::new() };
    let lines = tail.iter().map(|line| format!("  {}", escape(line)));
    lines.chain([format!("  the log is '{}'", escape(log))]).collect()
}

/// That the target and its upstream have both gone on.
pub fn diverged(target: &Target) -> String {
    let upstream = target.upstream.as_ref().map_or("its upstream", |upstream| &upstream.name);
    format!("'{}' and its upstream '{upstream}' have diverged: landing on '{0}'", target.name)
}

/// Where a merge stopped.
pub fn stopped(id: &TaskId, (name, commit): (&str, Oid), folder: &Path, paths: &[TreePath]) -> String {
    let mut out = format!(
        "{BOLD}{id}{BOLD:#} stopped at conflicts with {} at {} in {}\n",
        escape(name),
        commit.short(),
        escape(&folder.to_string_lossy())
    );
    paths.iter().for_each(|path| out.push_str(&format!("  {path}\n")));
    out
}

#[derive(Serialize)]
struct LandJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    target: TargetJson<'a>,
    strategy: &'static str,
    check: CheckJson<'a>,
    landed: Vec<StepJson<'a>>,
    left: Vec<LeftJson<'a>>,
    kept: Vec<KeptJson<'a>>,
    ready: Vec<&'a str>,
}

#[derive(Serialize)]
struct TargetJson<'a> {
    name: &'a str,
    before: Oid,
    after: Option<Oid>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    state: &'static str,
    runs: usize,
    known: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    id: &'a str,
    title: &'a str,
    batch: &'a str,
    branch: &'a str,
    tip: Oid,
    tree: Oid,
    commit: Option<Oid>,
    strategy: &'static str,
    removed: bool,
}

#[derive(Serialize)]
struct LeftJson<'a> {
    id: &'a str,
    title: &'a str,
    why: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<&'a [TreePath]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<&'a [Reason]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'a str>,
}

#[derive(Serialize)]
struct KeptJson<'a> {
    id: &'a str,
    why: &'a str,
}

fn left_json(left: &Left) -> LeftJson<'_> {
    let (why, with, paths, reasons, log) = match &left.why {
        Obstacle::Breaks { with, paths } => ("conflicts", Some(with), Some(paths.as_slice()), None, None),
        Obstacle::Needs(needs) => ("needs", Some(needs), None, None, None),
        Obstacle::Barred(reasons) => ("barred", None, None, Some(reasons.as_slice()), None),
        Obstacle::Red { log, .. } => ("check", None, None, None, Some(log.as_str())),
        Obstacle::Unknown => ("unknown", None, None, None, None),
    };
    let with = with.map(|with| with.iter().map(TaskId::as_str).collect());
    LeftJson { id: left.id.as_str(), title: &left.title, why, with, paths, reasons, log }
}

fn steps<'a>(landing: &'a Landing, commits: &[Oid], removed: &[TaskId]) -> Vec<StepJson<'a>> {
    let step = |(at, step): (usize, &'a Step)| StepJson {
        id: step.task.id.as_str(),
        title: &step.task.title,
        batch: &step.batch,
        branch: &step.task.branch,
        tip: step.tip,
        tree: step.tree,
        commit: commits.get(at).copied(),
        strategy: step.strategy.word(),
        removed: removed.contains(&step.task.id),
    };
    landing.steps.iter().enumerate().map(step).collect()
}

/// The same as JSON.
pub fn landed_json(outcome: &Outcome) -> String {
    let Outcome { landing, commits, check, kept, removed, ready } = outcome;
    let kept = kept.iter().map(|(id, why)| KeptJson { id: id.as_str(), why });
    line(&LandJson {
        schema: SCHEMA,
        command: "land",
        dry_run: false,
        target: TargetJson { name: &landing.target, before: landing.old, after: commits.last().copied() },
        strategy: landing.strategy.word(),
        check: CheckJson { state: check.state, runs: check.runs, known: check.known, command: None },
        landed: steps(landing, commits, removed),
        left: landing.left.iter().map(left_json).collect(),
        kept: kept.collect(),
        ready: ready.iter().map(|(id, _)| id.as_str()).collect(),
    })
}

/// A dry run as JSON.
pub fn planned_json(landing: &Landing, check: Option<&str>) -> String {
    let state = if check.is_some() { "planned" } else { "none" };
    line(&LandJson {
        schema: SCHEMA,
        command: "land",
        dry_run: true,
        target: TargetJson { name: &landing.target, before: landing.old, after: None },
        strategy: landing.strategy.word(),
        check: CheckJson { state, runs: 0, known: 0, command: check },
        landed: steps(landing, &[], &[]),
        left: landing.left.iter().map(left_json).collect(),
        kept: Vec::new(),
        ready: Vec::new(),
    })
}
