//! `status --json`, as docs/schema/status.schema.json describes it.

use serde::Serialize;

use crate::model::drift::Drift;
use crate::model::facts::{Branch, Changes, Twin};
use crate::model::id::TaskId;
use crate::model::landing::{Landing, Left, Obstacle};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::pattern::Pattern;
use crate::model::state::Reason;
use crate::model::status::{BatchHead, Collision, Row, Status};
use crate::model::trash::Disk;
use crate::render::json::{SCHEMA, Target, line, time};
use crate::render::report::ReportJson;

#[derive(Serialize)]
struct StatusJson<'a> {
    schema: u32,
    command: &'static str,
    target: Target<'a>,
    batches: Vec<BatchJson<'a>>,
    progress: Progress,
    unblocks: Vec<Unblocked<'a>>,
    unreadable: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    landing: Option<LandingJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trash_bytes: Option<u64>,
    tasks: Vec<RowJson<'a>>,
}

#[derive(Serialize)]
struct BatchJson<'a> {
    id: &'a str,
    base: Oid,
    started_at: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfinished: Vec<&'a str>,
    undoing: bool,
}

#[derive(Serialize)]
struct Progress {
    landed: usize,
    total: usize,
}

#[derive(Serialize)]
struct Unblocked<'a> {
    id: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct RowJson<'a> {
    id: &'a str,
    title: &'a str,
    batch: Option<&'a str>,
    state: &'static str,
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportJson<'a>>,
    branch: &'a str,
    worktree: Option<String>,
    base: Option<Oid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stack: Vec<SupportJson<'a>>,
    tip: Option<Oid>,
    /// The remote-tracking branch whose tip that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    followed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    commits: Option<u64>,
    ahead: Option<u64>,
    behind: Option<u64>,
    last_commit_at: Option<String>,
    changes: Option<Changes>,
    readiness: Option<ReadinessJson<'a>>,
    collisions: Option<Vec<CollisionJson<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uncertain: Vec<&'a str>,
    drift: DriftJson<'a>,
    notes: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<StepsJson<'a>>,
}

/// What a task stands on that had not landed.
#[derive(Serialize)]
struct SupportJson<'a> {
    id: &'a str,
    tip: Oid,
}

#[derive(Serialize)]
struct ReadinessJson<'a> {
    verdict: &'static str,
    /// `None` where it was not read.
    uncommitted: Option<bool>,
    fast_forward: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<Oid>,
    conflicts: &'a [TreePath],
}

/// A landing that was simulated.
#[derive(Serialize)]
struct LandingJson<'a> {
    whom: &'static str,
    lands: Vec<&'a str>,
    left: Vec<LeftJson<'a>>,
    /// No order lands more.
    most: bool,
}

#[derive(Serialize)]
struct LeftJson<'a> {
    id: &'a str,
    why: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<&'a [TreePath]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<&'a [Reason]>,
}

/// Commands to paste, and what for.
#[derive(Serialize)]
struct StepsJson<'a> {
    to: &'static str,
    commands: &'a [String],
}

#[derive(Serialize)]
struct CollisionJson<'a> {
    with: &'a str,
    paths: &'a [TreePath],
    uncommitted: bool,
}

#[derive(Serialize, Default)]
struct DriftJson<'a> {
    checked: bool,
    paths: Vec<&'a TreePath>,
    /// Those of both lists that are not committed.
    uncommitted: Vec<&'a TreePath>,
    others: Vec<DeclaredJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    writes: Option<&'a [Pattern]>,
}

#[derive(Serialize)]
struct DeclaredJson<'a> {
    path: &'a TreePath,
    by: Vec<&'a str>,
}

/// One line of JSON.
pub fn json(status: &Status) -> String {
    line(&StatusJson {
        schema: SCHEMA,
        command: "status",
        target: Target::new(&status.target),
        batches: batches(status),
        progress: Progress { landed: status.landed, total: status.total },
        unblocks: status.unblocks.iter().map(|(id, title)| Unblocked { id: id.as_str(), title }).collect(),
        unreadable: status.unreadable,
        landing: status.landing.as_ref().map(landing),
        trash_bytes: status.disk.as_ref().map(|disk| disk.trash.1),
        tasks: status.rows().map(|one| row(one, status.disk.as_ref())).collect(),
    })
}

fn landing(landing: &Landing) -> LandingJson<'_> {
    LandingJson {
        whom: landing.whom.word(),
        lands: landing.lands.iter().map(|(id, _)| id.as_str()).collect(),
        left: landing.left.iter().map(left).collect(),
        most: landing.most,
    }
}

fn left(left: &Left) -> LeftJson<'_> {
    let (why, with, paths) = match &left.why {
        Obstacle::Breaks { with, paths } => ("conflicts", Some(with), Some(paths.as_slice())),
        Obstacle::Behind { with } => ("behind", Some(with), None),
        Obstacle::Needs(needs) => ("needs", Some(needs), None),
        Obstacle::Barred(_) => ("barred", None, None),
        Obstacle::Red { .. } => ("red", None, None),
        Obstacle::Unknown => ("unknown", None, None),
    };
    let with = with.map(|with| with.iter().map(TaskId::as_str).collect());
    let reasons = if let Obstacle::Barred(reasons) = &left.why { Some(reasons.as_slice()) } else { None };
    LeftJson { id: left.id.as_str(), why, with, paths, reasons }
}

fn batches(status: &Status) -> Vec<BatchJson<'_>> {
    let heads = status.groups.iter().filter_map(|group| group.batch.as_ref());
    heads.map(batch).collect()
}

fn batch(head: &BatchHead) -> BatchJson<'_> {
    BatchJson {
        id: &head.name,
        base: head.base,
        started_at: time(head.at),
        state: head.state.word(),
        unfinished: head.unfinished.iter().map(|id| id.as_str()).collect(),
        undoing: head.undoing,
    }
}

fn row<'a>(row: &'a Row, disk: Option<&Disk>) -> RowJson<'a> {
    let branch = row.branch.as_ref();
    RowJson {
        id: row.id.as_str(),
        title: &row.title,
        batch: row.batch.as_deref(),
        state: row.state.word(),
        reasons: row.reasons.iter().map(ToString::to_string).collect(),
        proof: row.proof.as_ref().map(|proof| proof.word()),
        pr: row.pr.as_deref(),
        report: row.report.as_ref().map(|said| ReportJson::new(said, row.reasons.contains(&Reason::StaleReport))),
        branch: &row.branch_name,
        worktree: row.worktree.as_ref().map(|worktree| worktree.path.to_string_lossy().into_owned()),
        base: row.base,
        port: row.port,
        stack: row.stack.iter().map(|on| SupportJson { id: on.id.as_str(), tip: on.tip }).collect(),
        tip: branch.map(|branch| branch.tip),
        followed: row.twin.as_ref().and_then(Twin::followed),
        agent: row.agent.as_deref(),
        commits: branch.and_then(|branch| branch.commits),
        ahead: branch.and_then(|branch| branch.ahead),
        behind: branch.and_then(|branch| branch.behind),
        last_commit_at: branch.and_then(Branch::last_commit).map(time),
        changes: row.changes(),
        readiness: row.readiness.as_ref().map(|readiness| ReadinessJson {
            verdict: readiness.verdict.word(),
            uncommitted: (!readiness.unread).then_some(readiness.uncommitted),
            fast_forward: readiness.fast_forward,
            tree: readiness.tree,
            conflicts: &readiness.conflicts,
        }),
        collisions: row.collisions.as_ref().map(|all| all.iter().map(collision).collect()),
        uncertain: row.uncertain.iter().map(|id| id.as_str()).collect(),
        drift: row.drift.as_ref().map(drift).unwrap_or_default(),
        notes: row.notes.iter().map(|note| note.text.as_str()).collect(),
        disk_bytes: disk.and_then(|disk| disk.worktrees.get(&row.id).copied()),
        steps: steps(row),
    }
}

fn collision(collision: &Collision) -> CollisionJson<'_> {
    let Collision { with, paths, uncommitted } = collision;
    CollisionJson { with: with.as_str(), paths, uncommitted: *uncommitted }
}

fn drift(drift: &Drift) -> DriftJson<'_> {
    let others = drift
        .others
        .iter()
        .map(|(touched, by)| DeclaredJson { path: &touched.path, by: by.iter().map(|id| id.as_str()).collect() });
    let touched = drift.paths.iter().chain(drift.others.iter().map(|(touched, _)| touched));
    let mut uncommitted: Vec<&TreePath> = touched.filter(|one| one.uncommitted).map(|one| &one.path).collect();
    uncommitted.sort_unstable();
    uncommitted.dedup();
    DriftJson {
        checked: drift.checked,
        paths: drift.paths.iter().map(|touched| &touched.path).collect(),
        uncommitted,
        others: others.collect(),
        writes: Some(drift.declaration.as_slice()).filter(|writes| !writes.is_empty()),
    }
}

fn steps(row: &Row) -> Vec<StepsJson<'_>> {
    let mend = row.notes.iter().map(|note| ("mend", note.commands.as_slice()));
    let rest = [("solve", row.solution.as_slice()), ("remove", row.removal.as_slice())];
    let all = mend.chain(rest).filter(|(_, commands)| !commands.is_empty());
    all.map(|(to, commands)| StepsJson { to, commands }).collect()
}
