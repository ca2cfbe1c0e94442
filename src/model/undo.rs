//! Which batch an `undo` takes back, and whether it may.

mod landing;
mod obstacle;
mod resumed;

use std::path::PathBuf;

use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::ledger::{Batch, Ledger, Snapshot};
use super::oid::Oid;
use super::standing::Standings;
use super::state::State;
use super::task::TaskFile;
use super::text::shell_word;

pub use landing::{bases_above, landing, moved_on};
pub use obstacle::Obstacle;
pub use resumed::{continuing, stops_again};

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
    /// The base of an earlier start whose branch still stands beside: that is the one to keep then.
    pub earlier: Option<Oid>,
    pub obstacles: Vec<Obstacle>,
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
    // What was done last is what somebody wants to take back, also where that was to go on with an older batch.
    let newest = |&at: &usize| resumed::last_touched(&ledger.batches[at]).0;
    let Some(index) = (0..ledger.batches.len()).max_by_key(newest) else {
        let why = if ledger.undone.is_empty() { "no batch was started" } else { "every batch was undone" };
        return Err(Failure::new(Exit::No, format!("there is nothing to undo: {why}"))
            .hint("use 'git dispatch plan' to see what can start"));
    };
    let batch = &ledger.batches[index];
    let by = resumed::last_touched(batch).1;
    if by == caller {
        return Ok(index);
    }
    let what = format!("the last batch, '{}', was started by {by}, not by you", batch.name);
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
    // Each with what resolves it.
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for (task, left) in batch.tasks.iter().zip(&left) {
        match since(file, ledger, standings, (index, &task.id)) {
            Some(clause) => {
                let landed = ledger.train_of(&task.id).is_some();
                let hint =
                    landed.then(|| format!("use 'git dispatch undo {}' to take its landing back first", task.id));
                told.push((format!("task '{}' {clause}", task.id), hint.into_iter().collect()));
            }
            None => told.extend(left.obstacles.iter().map(|one| (one.of(task), one.hints(task)))),
        }
    }
    if told.is_empty() {
        return Ok(Undo { batch: index, tasks: batch.tasks.iter().cloned().zip(left).collect() });
    }
    Err(refused(batch, told))
}

fn refused(batch: &Batch, told: Vec<(String, Vec<String>)>) -> Failure {
    let ids: Vec<&TaskId> = batch.tasks.iter().map(|task| &task.id).collect();
    told_at_once(&format!("cannot undo {}", batch.name), &ids, told)
}

/// What speaks against something, each with what resolves it; `ids` are the tasks that it is about.
pub(super) fn told_at_once(what: &str, ids: &[&TaskId], mut told: Vec<(String, Vec<String>)>) -> Failure {
    let more = told.len().saturating_sub(MOST_TOLD);
    told.truncate(MOST_TOLD);
    if more > 0 {
        told.push((format!("and {more} more"), Vec::new()));
    }
    let clauses: Vec<&str> = told.iter().map(|(clause, _)| clause.as_str()).collect();
    let mut failure = Failure::new(Exit::Refused, format!("{what}: {}", clauses.join("; ")));
    for hint in told.iter().flat_map(|(_, hints)| hints) {
        if !failure.hints.contains(hint) {
            failure.hints.push(hint.clone());
        }
    }
    if told.iter().all(|(_, hints)| !hints.is_empty()) {
        return failure;
    }
    let mut ids: Vec<&str> = ids.iter().map(|id| id.as_str()).take(MOST_TOLD).collect();
    ids.sort_unstable();
    failure.hint(format!("use 'git dispatch status {}' to see how far they are", ids.join(" ")))
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

#[cfg(test)]
mod tests;
