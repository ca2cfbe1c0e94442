//! Small graphs and facts for the tests of the rules.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::facts::{BaseIs, Branch, Facts, Head, Mention, Merge, Observed, Target, Worktree};
use super::graph::Graph;
use super::id::TaskId;
use super::ledger::{Body, Event, Landing, Ledger, Line, Report, Review, Snapshot, fold};
use super::oid::Oid;
use super::standing::Names;
use super::task::{Settings, Task, TaskFile};

pub fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

/// An id of 40 times the same digit.
pub fn oid(digit: char) -> Oid {
    digit.to_string().repeat(40).parse().unwrap()
}

/// Tasks written as `"A"` or `"B: A C"`, in the order of their ids.
pub fn file(tasks: &[&str]) -> TaskFile {
    let parts: Vec<(&str, Vec<&str>)> = tasks
        .iter()
        .map(|text| {
            let (id, needs) = text.split_once(": ").unwrap_or((text, ""));
            (id, needs.split_whitespace().collect())
        })
        .collect();
    let position = |id: &str| parts.iter().position(|(other, _)| *other == id).unwrap() as u32;
    let pairs: Vec<(u32, u32)> =
        parts.iter().flat_map(|(id, needs)| needs.iter().map(|need| (position(id), position(need)))).collect();
    let tasks = parts.iter().map(|(text, _)| Task::named(id(text))).collect();
    TaskFile { settings: Settings::default(), graph: Graph::new(tasks, &pairs) }
}

/// `file` with one task changed.
pub fn with(file: TaskFile, name: &str, change: impl FnOnce(&mut Task)) -> TaskFile {
    let graph = &file.graph;
    let pairs: Vec<(u32, u32)> =
        (0..graph.len()).flat_map(|ix| graph.needs(ix).map(move |need| (ix as u32, need as u32))).collect();
    let mut tasks = graph.tasks().to_vec();
    change(tasks.iter_mut().find(|task| task.id.as_str() == name).unwrap());
    TaskFile { settings: file.settings, graph: Graph::new(tasks, &pairs) }
}

/// A report of task `name` at the tip of its [`branch`].
pub fn report(name: &str, verdict: &str) -> Report {
    Report {
        batch: "batch-001".to_owned(),
        task: id(name),
        tip: oid('b'),
        verdict: verdict.to_owned(),
        done_when: None,
        blockers: Vec::new(),
        pr: None,
        text: None,
        cost: None,
        session: None,
    }
}

/// A landing of the tip of a [`branch`] an hour after the first event of a [`ledger`].
pub fn landing() -> Landing {
    let (tip, commit) = (oid('b'), oid('d'));
    let at = "2026-01-19T01:00:00Z".parse().unwrap();
    Landing { at, tip, commit, pr: None, strategy: None, check: None, reachable: true }
}

/// What a reviewer says of task `A`.
pub fn review(verdict: &str, reviewer: &str, text: &str) -> Review {
    Review {
        batch: "batch-001".to_owned(),
        task: id("A"),
        verdict: verdict.to_owned(),
        gate: None,
        tip: None,
        digest: None,
        text: Some(text.to_owned()),
        critical: false,
        reviewer: reviewer.to_owned(),
    }
}

/// The worktree of task `name` as `start` made it, with nothing counted.
pub fn worktree(name: &str) -> Worktree {
    Worktree {
        path: format!("/x/r-task-{name}").into(),
        main: false,
        folder: true,
        head: Head::Branch(format!("task/{name}")),
        detached: None,
        operation: None,
        changes: None,
        uncommitted: None,
        locked: None,
        damaged_index: None,
        unequipped: false,
    }
}

pub fn facts() -> Facts {
    Facts {
        now: "2026-01-20T00:00:00Z".parse().unwrap(),
        target: Target { name: "main".to_owned(), commit: oid('a'), upstream: None },
        tasks: BTreeMap::new(),
        mentions: Vec::new(),
        faults: Vec::new(),
        reverts: Default::default(),
        ledger: Ledger::default(),
    }
}

pub fn names(file: &TaskFile) -> Names {
    file.graph.tasks().iter().map(|task| (task.id.clone(), format!("task/{}", task.id))).collect()
}

/// A branch with two commits of its own that merges cleanly and is not on the target.
pub fn branch(name: &str) -> Branch {
    Branch {
        name: format!("task/{name}"),
        tip: oid('b'),
        committed_at: Timestamp::UNIX_EPOCH,
        base: Some(oid('a')),
        contains_base: Some(true),
        commits: Some(2),
        ahead: Some(2),
        behind: Some(0),
        on_first_parent_line: false,
        merge: Some(Merge {
            clean: true,
            tree: oid('c'),
            conflicts: Vec::new(),
            adds_nothing: false,
            tip_changes_something: true,
        }),
        touched: None,
        brought: None,
        fault: None,
        reverted: None,
        base_is: BaseIs::Sound,
        only_moved: false,
    }
}

pub fn observe(facts: &mut Facts, name: &str, branch: Branch) {
    facts.tasks.insert(id(name), Observed { branch: Some(branch), ..Observed::default() });
}

pub fn mention(task: &str, time: &str) -> Mention {
    let time: Timestamp = time.parse().unwrap();
    Mention { commit: oid('d'), time: time.as_second(), tasks: vec![task.to_owned()], branch: None, pr: None }
}

pub fn snapshot(name: &str) -> Snapshot {
    Snapshot::of(
        &Task::named(id(name)),
        Vec::new(),
        format!("task/{name}"),
        Some(format!("../r-task-{name}")),
        oid('a'),
    )
}

/// A ledger of these events, a second apart from 2026-01-19T00:00:00Z on, with uids u0, u1, …
pub fn ledger(bodies: Vec<Body>) -> Ledger {
    let start: Timestamp = "2026-01-19T00:00:00Z".parse().unwrap();
    let line = |(number, body): (usize, Body)| -> Line {
        let at = start + jiff::SignedDuration::from_secs(number as i64);
        let event = Event { at, uid: format!("u{number}"), v: 1, body, by: String::new(), host: String::new() };
        (oid('a'), serde_json::to_vec(&event).unwrap())
    };
    fold(Some(oid('e')), &bodies.into_iter().enumerate().map(line).collect::<Vec<_>>())
}

pub fn starting(names: &[&str]) -> Body {
    let tasks = names.iter().map(|name| snapshot(name)).collect();
    Body::Starting { batch: "batch-001".to_owned(), target: "main".to_owned(), tasks }
}

pub fn started(of: &str, names: &[&str]) -> Body {
    Body::Started {
        batch: "batch-001".to_owned(),
        of: of.to_owned(),
        tasks: names.iter().map(|name| id(name)).collect(),
    }
}
