//! What lands, why something does not, and what resolves that.

mod message;
mod train;

use std::collections::BTreeSet;

use super::collision::Collisions;
use super::drift::Declared;
use super::drop::Kept;
use super::facts::{Facts, Observed};
use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::landing::{Entrants, Left, Obstacle, Whom, among, barred};
use super::ledger::{Batch, Snapshot, Train};
use super::oid::Oid;
use super::standing::{Holder, Standings};
use super::start::not_in_file;
use super::state::{Reason, State};
use super::task::{Batches, Kind, Strategy, TaskFile};
use super::text::shell_word;

pub use message::{Author, Work, author, message};
pub use train::{Plan, Verdict, train};

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// As typed; none are all that are reported done.
    pub ids: Vec<String>,
    /// Also what is not reported done, or at another commit than it is at now.
    pub force_state: bool,
    pub strategy: Option<Strategy>,
    /// The task in whose worktree a landing was resolved: what was reported of it holds.
    pub resolved: Option<TaskId>,
}

/// A task on its way to the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub task: Snapshot,
    pub batch: String,
    /// The uid of the batch's first event, and the commit whose note holds it.
    pub of: String,
    pub note: Oid,
    pub tip: Oid,
    /// Where its own commits begin.
    pub from: Oid,
    pub strategy: Strategy,
    /// What it makes of the target.
    pub tree: Oid,
    /// The first line of its landing commit, without trailers.
    pub message: String,
}

/// What lands, in order, and what does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Landing {
    /// As people name it.
    pub target: String,
    /// Where the target's branch is, and where the landing begins: its upstream, where that is ahead.
    pub old: Oid,
    pub from: (String, Oid),
    pub steps: Vec<Step>,
    pub left: Vec<Left>,
    pub strategy: Strategy,
}

/// What became of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// `passed`, `skipped` or `none`.
    pub state: &'static str,
    /// How often it ran.
    pub runs: usize,
    /// How often its answer was known.
    pub known: usize,
}

/// What an interrupted landing was brought to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resumed {
    /// What landed, or was removed after it had.
    pub ids: Vec<TaskId>,
    /// `None` where only removals were open.
    pub train: Option<Train>,
}

/// What a landing did.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub landing: Landing,
    /// Of each step.
    pub commits: Vec<Oid>,
    pub check: Checked,
    /// What landed and stays where it is, and why.
    pub kept: Vec<Kept>,
    /// What landed and went to the trash.
    pub removed: Vec<TaskId>,
    /// What can start now, with titles.
    pub ready: Vec<(TaskId, String)>,
}

/// That a landing, or what takes it back, was not brought to its end, and the command that goes on with it.
pub fn half_way(train: &Train) -> (String, String) {
    let ids: Vec<&str> = train.ids().map(TaskId::as_str).collect();
    let ids = ids.join(", ");
    match train.undoing.is_empty() {
        true => (format!("the landing of {ids} was not brought to its end"), "git dispatch land --continue".to_owned()),
        false => (format!("the landing of {ids} is half undone"), format!("git dispatch undo {}", train.first().task)),
    }
}

/// What waited for nothing but `landed`.
pub fn ready(file: &TaskFile, standings: &Standings, landed: &[TaskId]) -> Vec<(TaskId, String)> {
    let tasks = file.graph.tasks();
    let freed = |ix: &usize| {
        let standing = &standings.tasks[*ix];
        let mut unmet = standings.unmet(file, *ix).peekable();
        let waits = standing.state == State::Waiting && standing.reasons.is_empty() && unmet.peek().is_some();
        waits && unmet.all(|need| landed.contains(&tasks[need].id))
    };
    (0..tasks.len()).filter(freed).map(|ix| (tasks[ix].id.clone(), tasks[ix].title.clone())).collect()
}

/// The tasks that were named, each once.
///
/// # Errors
/// One is unknown, or was never started ([`Exit::Usage`]); all of them have landed ([`Exit::No`]).
pub fn named(file: &TaskFile, standings: &Standings, ids: &[String]) -> Result<BTreeSet<TaskId>, Failure> {
    let parsed = |text: &String| text.parse::<TaskId>().ok().filter(|id| standings.of(file, id).is_some());
    let unknown: Vec<&str> = ids.iter().filter(|text| parsed(text).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(not_in_file(file, standings, &unknown));
    }
    let named: BTreeSet<TaskId> = ids.iter().filter_map(parsed).collect();
    let state = |id: &TaskId| standings.of(file, id).map_or(State::Lost, |standing| standing.state);
    let started = |id: &&TaskId| state(id).over() || standings.under_way().any(|holder| holder.task.id == **id);
    if let Some(id) = named.iter().find(|id| !started(id)) {
        let (exit, what) = match state(id) {
            State::Elsewhere => (Exit::Refused, "was started elsewhere, and its branch is not here"),
            State::Lost => (Exit::Refused, "is lost: its branch is gone, and nothing shows that it landed"),
            _ => (Exit::Usage, "was not started"),
        };
        return Err(Failure::new(exit, format!("task '{id}' {what}"))
            .hint(format!("use 'git dispatch status {id}' to see how it stands")));
    }
    let open: BTreeSet<TaskId> = named.iter().filter(|id| !state(id).over()).cloned().collect();
    match (open.is_empty(), named.first()) {
        (true, Some(first)) => {
            let what = format!("task '{first}' is {} already", state(first).word());
            Err(Failure::new(Exit::No, what).hint("use 'git dispatch status' to see what is under way"))
        }
        _ => Ok(open),
    }
}

/// The tasks that may land, and of those that may not what keeps each; `named` are the only ones, or else all that are done.
pub fn entrants(
    (file, facts, standings): (&TaskFile, &Facts, &Standings),
    collisions: Option<&Collisions>,
    named: Option<&BTreeSet<TaskId>>,
    asked: &Asked,
) -> Entrants {
    let wanted = |holder: &Holder| match named {
        Some(named) => named.contains(&holder.task.id),
        None => holder.state == State::Done,
    };
    let declared = Declared::new(file, standings);
    let strict = file.settings.strict_writes == Some(true);
    let bars = |holder: &Holder, others: &[&TaskId]| {
        let id = &holder.task.id;
        let others = if named.is_some() { &[][..] } else { others };
        let mut bars = barred((file, standings), holder, others);
        let (forced, resolved) = (asked.force_state, asked.resolved.as_ref() == Some(id));
        bars.retain(|reason| !(*reason == Reason::StaleReport && (forced || resolved)));
        match holder.state {
            State::Active if !forced && !resolved && !bars.contains(&Reason::StaleReport) => {
                bars.insert(0, Reason::Unreported);
            }
            State::Stopped if !forced => bars.insert(0, Reason::Stopped),
            _ => {}
        }
        let seen = facts.tasks.get(id);
        bars.extend(seen.and_then(in_worktree));
        if strict && let Some(drift) = seen.and_then(|seen| declared.drift(id, seen)) {
            bars.extend(drift.paths.iter().map(|touched| Reason::Drift(touched.path.lossy().into_owned())));
        }
        if named.is_none() {
            bars.extend(barrier(file, facts, standings, id));
        }
        bars
    };
    among((file, facts, standings), collisions, Whom::Done, (&wanted, &bars))
}

/// Tasks without commits, which have nothing to land: those that were named, and what is done although it should have some.
pub fn empty(standings: &Standings, named: Option<&BTreeSet<TaskId>>, entrants: &Entrants) -> Vec<Left> {
    let wanted = |holder: &&Holder| match named {
        Some(named) => named.contains(&holder.task.id),
        None => holder.state == State::Done && holder.task.kind == Kind::Code,
    };
    let missing = |holder: &&Holder| entrants.tasks.iter().all(|entrant| entrant.id != holder.task.id);
    let left = |holder: &Holder| Left {
        id: holder.task.id.clone(),
        title: holder.task.title.clone(),
        why: Obstacle::Barred(vec![Reason::Empty]),
    };
    standings.under_way().filter(wanted).filter(missing).map(left).collect()
}

/// What of its worktree speaks against landing a task: its worker is not finished there.
fn in_worktree(seen: &Observed) -> Option<Reason> {
    let worktree = seen.worktree.as_ref().filter(|worktree| worktree.folder)?;
    if let Some(operation) = &worktree.operation {
        return Some(Reason::Operation(operation.clone()));
    }
    let changes = worktree.changes.map(|all| all.staged + all.modified + all.untracked + all.conflicted);
    match changes {
        Some(0) => None,
        Some(number) => Some(Reason::Uncommitted(number)),
        None => Some(Reason::Uncommitted(0)),
    }
}

/// Where batches land as a whole: a task of the batch of `id` that has stopped.
fn barrier(file: &TaskFile, facts: &Facts, standings: &Standings, id: &TaskId) -> Option<Reason> {
    if file.settings.batches != Some(Batches::Barrier) {
        return None;
    }
    let batch: &Batch = facts.ledger.batch_of(id)?;
    let stopped = |id: &&TaskId| standings.of(file, id).is_some_and(|standing| standing.state == State::Stopped);
    let first = batch.tasks.iter().map(|task| &task.id).find(stopped)?;
    Some(Reason::Barrier(first.clone()))
}

/// The commands that resolve why a task was left out, each with what for.
///
/// `stacked`: it stands on tasks as they were before they landed; `shallow`: the history here ends early.
pub fn remedies(left: &Left, worktree: Option<&str>, (stacked, shallow): (bool, bool)) -> Vec<(String, &'static str)> {
    let id = &left.id;
    let of = |reason: &Reason| -> Option<(String, &'static str)> {
        Some(match reason {
            Reason::Unreported | Reason::StaleReport => (format!("git dispatch report {id} --done"), "if it is done"),
            Reason::Stopped => (format!("git dispatch status {id}"), "to see what it needs"),
            Reason::GateLand => (format!("git dispatch review {id} --approve land"), "to approve it"),
            Reason::Findings => (format!("git dispatch start {id}"), "to have them addressed"),
            Reason::Halted => (format!("git dispatch review {id} --resume"), "to let it go on"),
            Reason::Collides(_) => (format!("git dispatch land {id}"), "to land this one of the two"),
            Reason::Uncommitted(_) | Reason::Operation(_) => {
                (format!("git -C {} status", shell_word(worktree?)), "to see what is not finished there")
            }
            Reason::Drift(_) => (format!("git dispatch status {id}"), "to see all that it touches"),
            Reason::Barrier(stopped) => (format!("git dispatch status {stopped}"), "to see what that one needs"),
            Reason::Empty => (format!("git dispatch status {id}"), "to see how far it is"),
            Reason::Merges => (format!("git dispatch land {id} --strategy merge"), "to keep them"),
            _ => return None,
        })
    };
    match &left.why {
        Obstacle::Barred(reasons) => {
            let mut all: Vec<(String, &'static str)> = Vec::new();
            for one in reasons.iter().filter_map(of) {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            all
        }
        Obstacle::Behind { .. } => {
            vec![(format!("git dispatch land {id} --strategy merge"), "to land it by a merge")]
        }
        Obstacle::Breaks { .. } if stacked => {
            vec![(format!("git dispatch restack {id}"), "to put it on what has landed")]
        }
        Obstacle::Breaks { .. } => {
            vec![(format!("git dispatch land --resolve {id}"), "to resolve that in its worktree")]
        }
        Obstacle::Red { .. } => vec![
            (format!("git dispatch status {id}"), "to see where its worktree is"),
            (format!("git dispatch land {id} --recheck"), "to run the check again"),
        ],
        Obstacle::Needs(_) => Vec::new(),
        Obstacle::Unknown if shallow => {
            vec![("git fetch --unshallow".to_owned(), "to have the history that is missing")]
        }
        Obstacle::Unknown => vec![("git fsck".to_owned(), "to see what is missing")],
    }
}
