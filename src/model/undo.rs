//! Which batch an `undo` takes back, and whether it may.

use std::path::PathBuf;

use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::ledger::{Batch, Ledger, Snapshot};
use super::oid::Oid;
use super::standing::Standings;
use super::state::State;
use super::task::TaskFile;
use super::text::{count, shell_word};

/// A batch may be named by so many digits of its uid, too: two clones may both have made a `batch-001`.
const SHORTEST_UID: usize = 8;
/// So many obstacles are told one by one.
const MOST_TOLD: usize = 6;

/// What stands of a task that a batch started.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Left {
    /// Of its branch, where that is there.
    pub tip: Option<Oid>,
    /// Its worktree, absolute.
    pub worktree: Option<PathBuf>,
    /// The ref that keeps its base is there, which only the repository has that started it.
    pub base_kept: bool,
    pub obstacles: Vec<Obstacle>,
}

/// What would be lost, or is none of ours.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstacle {
    /// The branch has so many commits of its own.
    Commits(u64),
    /// The branch is elsewhere than where it began, and what it has is not known to be on the target.
    Moved,
    /// Nothing here shows that `start` made the branch: its base is not kept.
    NotOurs,
    /// The branch is checked out here too, in a worktree that `start` did not make.
    CheckedOut(PathBuf),
    /// The worktree has something else than the branch checked out.
    Elsewhere(PathBuf),
    /// A folder stands where the worktree was, and is none.
    NoWorktree(PathBuf),
    /// Its folder is not where it was: deleted, moved, or not mounted.
    OutOfSight(PathBuf),
    /// Another worktree lies in it.
    Holds(PathBuf, PathBuf),
    /// It has no index, and files that are not as they were checked out.
    NoIndex(PathBuf),
    /// Files that are changed or new, by the first of them and how many.
    Changed(PathBuf, String, usize),
    /// Files that git ignores and that are not disposable, by the first of them and how many.
    Ignored(PathBuf, String, usize),
    /// Files of which git is told to overlook what changes, by the first of them and how many.
    Overlooked(PathBuf, String, usize),
    /// Submodules are checked out in it.
    Submodules(PathBuf),
    /// Commits that were on the branch once and that nothing else holds, by the first of them and how many.
    ResetAway(Oid, usize),
    /// The worktree has refs of its own.
    OwnRefs(PathBuf),
    /// A rebase or the like is under way.
    Operation(PathBuf, String),
    /// Somebody locked it, for this reason.
    Locked(PathBuf, String),
    /// A process works in it.
    Process(PathBuf, String),
    /// It cannot be looked at.
    Unreadable(PathBuf, String),
}

/// What is taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct Undo {
    /// Index into the ledger's batches.
    pub batch: usize,
    /// In the batch's order, with what stands of each.
    pub tasks: Vec<(Snapshot, Left)>,
}

/// The batch that `name` names, by its name or the beginning of its uid; without one, the last, if `caller` began it.
///
/// # Errors
/// There is none ([`Exit::No`] where it was undone already, or nothing ever started), the name is that of several, or the
/// last one is another's ([`Exit::Refused`]).
pub fn choose(ledger: &Ledger, name: Option<&str>, caller: &str) -> Result<usize, Failure> {
    let Some(name) = name else { return last(ledger, caller) };
    let named = |batch: &Batch| batch.name == name || name.len() >= SHORTEST_UID && batch.uid.starts_with(name);
    let found: Vec<usize> = (0..ledger.batches.len()).filter(|&at| named(&ledger.batches[at])).collect();
    match found[..] {
        [one] => Ok(one),
        [] if ledger.undone.iter().any(|undone| undone == name) => {
            Err(Failure::new(Exit::No, format!("batch '{name}' was undone already"))
                .hint("use 'git dispatch log' to see the batches that stand"))
        }
        [] => Err(Failure::new(Exit::Usage, format!("there is no batch '{name}'"))
            .hint("use 'git dispatch log' to list the batches")),
        [first, ..] => {
            let uid: String = ledger.batches[first].uid.chars().take(SHORTEST_UID).collect();
            Err(Failure::new(Exit::Refused, format!("{} batches are named '{name}'", found.len()))
                .hint("use 'git dispatch log --json' to see the uid of each")
                .hint(format!("use 'git dispatch undo {}' to name the oldest by its uid", shell_word(&uid))))
        }
    }
}

fn last(ledger: &Ledger, caller: &str) -> Result<usize, Failure> {
    let Some(batch) = ledger.batches.last() else {
        let why = if ledger.undone.is_empty() { "no batch was started" } else { "every batch was undone" };
        return Err(Failure::new(Exit::No, format!("there is nothing to undo: {why}"))
            .hint("use 'git dispatch plan' to see what can start"));
    };
    if batch.by == caller {
        return Ok(ledger.batches.len() - 1);
    }
    let what = format!("the last batch, '{}', was started by {}, not by you", batch.name, batch.by);
    Err(Failure::new(Exit::Refused, what)
        .hint(format!("use 'git dispatch undo {}' to undo it all the same", shell_word(&batch.name))))
}

/// Whether the tasks of a batch may be taken back, given what stands of each on this `host`.
///
/// # Errors
/// Something was made since, was started again, reported or landed ([`Exit::Refused`]): all of it, and nothing is changed.
pub fn decide(
    (file, ledger, standings): (&TaskFile, &Ledger, &Standings),
    index: usize,
    left: Vec<Left>,
    host: &str,
) -> Result<Undo, Failure> {
    let batch = &ledger.batches[index];
    started_here(batch, &left, host)?;
    let mut told = Vec::new();
    for (task, left) in batch.tasks.iter().zip(&left) {
        match since(file, ledger, standings, (index, &task.id)) {
            Some(clause) => told.push(format!("task '{}' {clause}", task.id)),
            None => told.extend(left.obstacles.iter().map(|obstacle| obstacle.of(task))),
        }
    }
    if told.is_empty() {
        return Ok(Undo { batch: index, tasks: batch.tasks.iter().cloned().zip(left).collect() });
    }
    let more = told.len().saturating_sub(MOST_TOLD);
    told.truncate(MOST_TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    let mut ids: Vec<&str> = batch.tasks.iter().map(|task| task.id.as_str()).take(MOST_TOLD).collect();
    ids.sort_unstable();
    Err(Failure::new(Exit::Refused, format!("cannot undo {}: {}", batch.name, told.join("; ")))
        .hint(format!("use 'git dispatch status {}' to see how far they are", ids.join(" "))))
}

/// A ledger is shared between clones, and worktrees are not: where nothing stands, it may well stand elsewhere.
fn started_here(batch: &Batch, left: &[Left], host: &str) -> Result<(), Failure> {
    let nothing = left.iter().all(|left| left.tip.is_none() && left.worktree.is_none() && !left.base_kept);
    let never_made = batch.host == host && (batch.started.is_empty() || batch.undoing.is_some());
    if !nothing || never_made {
        return Ok(());
    }
    let what = format!("nothing of {} stands here: it was started by {} on '{}'", batch.name, batch.by, batch.host);
    Err(Failure::new(Exit::Refused, what).hint("use 'git dispatch undo' in the clone that started it"))
}

/// What became of the task since it was started, that an undo would contradict.
fn since(file: &TaskFile, ledger: &Ledger, standings: &Standings, (index, id): (usize, &TaskId)) -> Option<String> {
    let record = ledger.records.get(id)?;
    if let Some(later) = record.batch.filter(|&last| last != index) {
        return Some(format!("was started again in {}", ledger.batches[later].name));
    }
    let standing = standings.of(file, id);
    match () {
        () if record.landed.is_some() || standing.is_some_and(|standing| standing.state == State::Landed) => {
            Some("has landed".to_owned())
        }
        () if record.reported.is_some() => Some("has a report".to_owned()),
        () => None,
    }
}

impl Obstacle {
    /// A sentence about `task`.
    fn of(&self, task: &Snapshot) -> String {
        let (id, branch) = (&task.id, &task.branch);
        let first = |path: &str, number: usize| match number {
            0 | 1 => format!("'{path}'"),
            more => format!("'{path}' and {} more", more - 1),
        };
        match self {
            Obstacle::Commits(own) => {
                format!("task '{id}' has {} of its own on '{branch}'", count(*own as usize, "commit"))
            }
            Obstacle::Moved => format!("branch '{branch}' of task '{id}' was moved"),
            Obstacle::NotOurs => {
                format!("nothing shows that branch '{branch}' was made for task '{id}': its base is not kept here")
            }
            Obstacle::CheckedOut(at) => format!("branch '{branch}' is checked out in '{}'", at.display()),
            Obstacle::Elsewhere(at) => {
                format!("'{}' has something else checked out than branch '{branch}'", at.display())
            }
            Obstacle::NoWorktree(at) => format!("'{}' stands where the worktree of '{id}' was", at.display()),
            Obstacle::OutOfSight(at) => format!(
                "the worktree '{0}' is out of sight: 'git worktree repair NEW-PATH' finds a moved one, 'git worktree unlock {0}' and \
                 'git worktree remove {0}' forget a deleted one",
                at.display()
            ),
            Obstacle::Holds(at, other) => format!("worktree '{}' lies in '{}'", other.display(), at.display()),
            Obstacle::NoIndex(at) => format!("'{}' has no index, and changed files", at.display()),
            Obstacle::Changed(at, path, number) => {
                format!("not committed in '{}': {}", at.display(), first(path, *number))
            }
            Obstacle::Ignored(at, path, number) => {
                format!("ignored by git, but perhaps needed, in '{}': {}", at.display(), first(path, *number))
            }
            Obstacle::Overlooked(at, path, number) => {
                let paths = first(path, *number);
                format!("git is told to overlook changes in '{}': {paths}", at.display())
            }
            Obstacle::ResetAway(commit, number) => {
                let more = if *number > 1 { format!(" and {} more", number - 1) } else { String::new() };
                format!("task '{id}' had commits that nothing else holds now: {}{more}", commit.short())
            }
            Obstacle::OwnRefs(at) => format!("'{}' has refs of its own", at.display()),
            Obstacle::Submodules(at) => format!("submodules are checked out in '{}'", at.display()),
            Obstacle::Operation(at, operation) => format!("a {operation} is under way in '{}'", at.display()),
            Obstacle::Locked(at, reason) if reason.is_empty() => format!("'{}' is locked", at.display()),
            Obstacle::Locked(at, reason) => format!("'{}' is locked: {reason}", at.display()),
            Obstacle::Process(at, who) => format!("{who} works in '{}'", at.display()),
            Obstacle::Unreadable(at, why) => format!("'{}' cannot be looked at: {why}", at.display()),
        }
    }
}

#[cfg(test)]
mod tests;
