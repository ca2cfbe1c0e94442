//! What `land` did, or would do.

use std::path::Path;

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use super::landing::why;
use super::table::{Align, Cell, Column, table};
use crate::model::facts::Target;
use crate::model::id::TaskId;
use crate::model::land::{Checked, Landing, Outcome, Resumed, Step};
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
    target: Option<TargetJson<'a>>,
    strategy: Option<&'static str>,
    check: CheckJson<'a>,
    landed: Vec<StepJson<'a>>,
    left: Vec<LeftJson<'a>>,
    kept: Vec<KeptJson<'a>>,
    ready: Vec<&'a str>,
    /// What an earlier landing left to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resumed: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolve: Option<ResolveJson<'a>>,
}

#[derive(Serialize)]
struct ResolveJson<'a> {
    id: &'a str,
    state: &'static str,
    worktree: String,
    tip: Oid,
    paths: &'a [TreePath],
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
        Obstacle::Behind { with } => ("behind", Some(with), None, None, None),
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
        target: Some(TargetJson { name: &landing.target, before: landing.old, after: commits.last().copied() }),
        strategy: Some(landing.strategy.word()),
        check: CheckJson { state: check.state, runs: check.runs, known: check.known, command: None },
        landed: steps(landing, commits, removed),
        left: landing.left.iter().map(left_json).collect(),
        kept: kept.collect(),
        ready: ready.iter().map(|(id, _)| id.as_str()).collect(),
        resumed: Vec::new(),
        resolve: None,
    })
}

/// A dry run as JSON.
pub fn planned_json(landing: &Landing, check: Option<&str>) -> String {
    let state = if check.is_some() { "planned" } else { "none" };
    line(&LandJson {
        schema: SCHEMA,
        command: "land",
        dry_run: true,
        target: Some(TargetJson { name: &landing.target, before: landing.old, after: None }),
        strategy: Some(landing.strategy.word()),
        check: CheckJson { state, runs: 0, known: 0, command: check },
        landed: steps(landing, &[], &[]),
        left: landing.left.iter().map(left_json).collect(),
        kept: Vec::new(),
        ready: Vec::new(),
        resumed: Vec::new(),
        resolve: None,
    })
}

/// What an interrupted landing was brought to.
pub fn resumed(resumed: &Resumed) -> String {
    let moved = resumed.train.as_ref().map(|train| {
        let first = train.first();
        format!("; {} is at {} now, from {}", escape(&first.target), first.new.short(), first.old.short())
    });
    format!("brought to its end: the landing of {}{}\n", ids(&resumed.ids), moved.unwrap_or_default())
}

/// The same as JSON.
pub fn resumed_json(resumed: &Resumed) -> String {
    let first = resumed.train.as_ref().map(crate::model::ledger::Train::first);
    let target = first.map(|first| TargetJson { name: &first.target, before: first.old, after: Some(first.new) });
    let resumed = resumed.ids.iter().map(TaskId::as_str).collect();
    line(&LandJson { target, resumed, ..LandJson::empty(false) })
}

/// What became of merging the target into a task's worktree: `state` is `would-merge`, `merged`, `conflicts` or `aborted`.
pub fn resolve_json(
    (id, state): (&TaskId, &'static str),
    (worktree, tip): (&Path, Oid),
    paths: &[TreePath],
    dry_run: bool,
) -> String {
    let worktree = worktree.to_string_lossy().into_owned();
    let resolve = Some(ResolveJson { id: id.as_str(), state, worktree, tip, paths });
    line(&LandJson { resolve, ..LandJson::empty(dry_run) })
}

impl LandJson<'_> {
    fn empty(dry_run: bool) -> LandJson<'static> {
        LandJson {
            schema: SCHEMA,
            command: "land",
            dry_run,
            target: None,
            strategy: None,
            check: CheckJson { state: "none", runs: 0, known: 0, command: None },
            landed: Vec::new(),
            left: Vec::new(),
            kept: Vec::new(),
            ready: Vec::new(),
            resumed: Vec::new(),
            resolve: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::{Snapshot, fold};
    use crate::model::sample::id;
    use crate::model::task::Strategy;

    fn oid(digit: char) -> Oid {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn task(name: &str) -> Snapshot {
        let base = oid('1');
        let starting = format!(
            r#"{{"at":"2026-01-19T00:00:00.000Z","uid":"a1","v":1,"event":"starting","batch":"b","target":"main","tasks":[{{"id":"{name}","branch":"task/{name}","path":"../x","base":"{base}","title":"","estimate":60}}]}}"#
        );
        fold(None, &[(base, starting.into_bytes())]).batches[0].tasks[0].clone()
    }

    /// Titles, branches, names and paths as an enemy would write them.
    fn landing() -> Landing {
        let step = |name: &str, strategy, digit| Step {
            task: Snapshot {
                title: "Red \u{1b}[31m\u{202e}".to_owned(),
                branch: format!("task/{name}\u{7}"),
                ..task(name)
            },
            batch: "b".to_owned(),
            of: "a1".to_owned(),
            note: oid('1'),
            tip: oid(digit),
            from: oid('1'),
            strategy,
            tree: oid('9'),
            message: String::new(),
        };
        let left = |name: &str, why| Left { id: id(name), title: "\u{1b}]0;x\u{7}".to_owned(), why };
        let red = Obstacle::Red { log: "/l\u{1b}".to_owned(), tail: vec!["bad\u{9b}2J".to_owned()] };
        Landing {
            target: "main".to_owned(),
            old: oid('1'),
            from: ("origin/ma\u{1b}in".to_owned(), oid('2')),
            steps: vec![step("A", Strategy::Merge, '3'), step("B", Strategy::Ff, '4')],
            left: vec![
                left("C", Obstacle::Breaks { with: vec![id("A")], paths: vec!["p\u{1b}".into()] }),
                left("D", Obstacle::Needs(vec![id("C")])),
                left("E", Obstacle::Barred(vec![Reason::GateLand, Reason::Drift("q\u{202e}".to_owned())])),
                left("F", red),
                left("G", Obstacle::Unknown),
            ],
            strategy: Strategy::Merge,
        }
    }

    fn outcome(check: Checked) -> Outcome {
        Outcome {
            landing: landing(),
            commits: vec![oid('5'), oid('6')],
            check,
            kept: vec![(id("B"), "somebody works there".to_owned())],
            removed: vec![id("A")],
            ready: vec![(id("H"), "Next\u{1b}".to_owned())],
        }
    }

    fn harmless(text: &str) -> bool {
        !text.contains(['\u{7}', '\u{1b}', '\u{9b}', '\u{202e}'])
    }

    #[test]
    fn what_landed_is_told_with_hostile_text_escaped() {
        let passed = Checked { state: "passed", runs: 2, known: 1 };
        let text = anstream::adapter::strip_str(&landed(&outcome(passed))).to_string();
        assert!(text.starts_with("main is at 6666666 now, from 1111111, checked in 2 runs\n"), "{text}");
        assert!(text.contains("merge of task/A\\u{7} at 3333333"), "{text}");
        assert!(text.contains("fast-forward to task/B\\u{7} at 4444444"), "{text}");
        assert!(text.ends_with("1 worktree in the trash: A\ncan start now: H\n"), "{text}");
        assert!(harmless(&text), "{text:?}");
        let said = |state, runs| checked(&Checked { state, runs, known: 1 });
        assert_eq!([said("passed", 0), said("skipped", 0)], [", checked before", ", not checked"]);
        assert_eq!(said("none", 0), "");
    }

    #[test]
    fn a_dry_run_tells_what_would_land_and_the_check_that_would_run() {
        let text = planned(&landing(), Some("make\u{1b} test"));
        assert_eq!(
            text,
            "would land on main, from origin/ma\\ein at 2222222:\n  A  merge of task/A\\u{7} at 3333333, gives tree 9999999\n  \
             B  fast-forward to task/B\\u{7} at 4444444, gives tree 9999999\nafter this check: make\\e test\n"
        );
        assert!(!planned(&landing(), None).contains("check"));
        assert!(preview(&landing(), &[oid('5')]).contains("at 3333333, as 5555555\n"));
    }

    #[test]
    fn what_is_left_out_and_where_a_merge_stopped_is_told_with_hostile_text_escaped() {
        let landing = landing();
        let told: Vec<String> = landing.left.iter().map(|one| left(one, &landing.target)).collect();
        assert_eq!(told[0], "task 'C' conflicts with A in p\\e");
        assert_eq!((told[1].as_str(), told[3].as_str()), ("task 'D' needs C", "task 'F' fails the check"));
        assert!(told.iter().all(|text| harmless(text)), "{told:?}");
        assert_eq!(log_of(&landing.left[0]), Vec::<String>::new());
        assert_eq!(log_of(&landing.left[3]), ["  bad\\u{9b}2J", "  the log is '/l\\e'"]);
        let text = stopped(&id("C"), ("ma\u{1b}in", oid('2')), Path::new("/w\u{1b}"), &["p\u{1b}".into()]);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(text, "C stopped at conflicts with ma\\ein at 2222222 in /w\\e\n  p\\e\n");
    }

    #[test]
    fn the_json_is_what_the_schema_says() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/land.schema.json")).unwrap();
        let value = |text: &str| -> serde_json::Value {
            assert!(harmless(text), "{text:?}");
            let value = serde_json::from_str(text).unwrap();
            assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
            value
        };
        for state in ["passed", "skipped", "none"] {
            let told = value(&landed_json(&outcome(Checked { state, runs: 1, known: 0 })));
            assert_eq!(told["landed"][0]["removed"], true);
            assert_eq!(told["target"]["after"], oid('6').to_string());
            assert_eq!(told["left"][2]["reasons"][0], "gate:land");
        }
        let told = value(&planned_json(&landing(), Some("make test")));
        assert!(told["target"]["after"].is_null() && told["landed"][0]["commit"].is_null());
        assert_eq!(told["check"]["command"], "make test");
        assert_eq!(value(&planned_json(&landing(), None))["check"]["state"], "none");
    }
}
