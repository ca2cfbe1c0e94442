//! Which tasks may be moved to the trash.

use std::collections::BTreeSet;

use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::ledger::{Ledger, Removal, Snapshot};
use super::oid::Oid;
use super::text::shell_word;
use super::undo::{Left, told_at_once};

/// A task that was started, with what is known of where.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Index into the ledger's batches.
    pub batch: usize,
    pub task: &'a Snapshot,
    /// A removal that was not brought to its end.
    pub begun: Option<&'a Removal>,
}

/// What goes to the trash.
#[derive(Debug, Clone, PartialEq)]
pub struct Drop {
    pub batch: usize,
    pub task: Snapshot,
    pub begun: Option<Removal>,
    pub left: Left,
    /// Commits of its own that have not landed, where that is known.
    pub unlanded: u64,
}

/// A task that is kept, and why.
pub type Kept = (TaskId, String);

/// The task `id` as it was started.
///
/// # Errors
/// It was not started, was dropped already ([`Exit::No`]), or something else with it was not brought to its end ([`Exit::Refused`]).
pub fn known<'a>(ledger: &'a Ledger, id: &TaskId) -> Result<Known<'a>, Failure> {
    let record = ledger.records.get(id);
    let found = record.and_then(|record| Some((record, record.batch?, record.snapshot.as_ref()?)));
    let Some((record, batch, task)) = found else {
        return Err(Failure::new(Exit::No, format!("task '{id}' was not started: there is nothing to drop"))
            .hint("use 'git dispatch status' to see what was started"));
    };
    let refused = |what: String, hint: String| Err(Failure::new(Exit::Refused, what).hint(hint));
    let removal = ledger.removal_of(id);
    if record.dropped {
        let failure = Failure::new(Exit::No, format!("task '{id}' was dropped already"));
        return Err(failure.hint(format!("use 'git dispatch undo {id}' to bring it back")));
    }
    if removal.is_some_and(|removal| removal.undoing) {
        let what = format!("task '{id}' is half brought back from the trash");
        return refused(what, format!("use 'git dispatch undo {id}' to go on with that"));
    }
    if let Some(begun) = removal {
        return Ok(Known { batch, task, begun: Some(begun) });
    }
    let name = &ledger.batches[batch].name;
    if ledger.batches[batch].undoing.is_some() {
        let hint = format!("use 'git dispatch undo {}' to go on with that", shell_word(name));
        return refused(format!("{name}, which task '{id}' is of, is half undone"), hint);
    }
    if !record.started {
        let hint = format!("use 'git dispatch undo {}' to take the start back", shell_word(name));
        return refused(format!("the start of task '{id}' was not finished"), hint);
    }
    if record.restacking.is_some() {
        let hint = format!("use 'git dispatch restack {id}' to go on with that");
        return refused(format!("task '{id}' is half restacked"), hint);
    }
    Ok(Known { batch, task, begun: None })
}

/// Whether all of these may be moved to the trash, on this `host`.
///
/// # Errors
/// Something is in the way of one ([`Exit::Refused`]): all of it, and nothing is changed.
pub fn decide(ledger: &Ledger, drops: Vec<Drop>, host: &str) -> Result<Vec<Drop>, Failure> {
    let mut told = Vec::new();
    for Drop { task, left, batch, begun, .. } in &drops {
        let nothing = left.tip.is_none() && left.worktree.is_none() && !left.base_kept;
        let batch = &ledger.batches[*batch];
        let elsewhere = nothing && begun.as_ref().is_none_or(|begun| begun.host != host || begun.what.tip.is_some());
        if elsewhere && left.obstacles.is_empty() {
            let (id, name) = (&task.id, &batch.name);
            let what =
                format!("nothing of task '{id}' stands here: {name} was started by {} on '{}'", batch.by, batch.host);
            told.push((what, vec![format!("use 'git dispatch drop {id}' in the clone that started it")]));
        }
        told.extend(left.obstacles.iter().map(|one| (one.of(task), one.hints(task))));
    }
    if told.is_empty() {
        return Ok(drops);
    }
    let ids: Vec<&TaskId> = drops.iter().map(|one| &one.task.id).collect();
    Err(told_at_once(&format!("cannot drop {}", names(&ids)), &ids, told))
}

fn names(ids: &[&TaskId]) -> String {
    ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ")
}

/// What `undo` brings back from the trash.
///
/// `name` is a task, or none for the last thing that `caller` did, if that was a removal; `None` where it is not about removals.
///
/// # Errors
/// The task was started again since, or is not in the trash any more.
pub fn dropped<'a>(ledger: &'a Ledger, name: Option<&str>, caller: &str) -> Result<Vec<&'a Removal>, Failure> {
    let Some(name) = name else { return Ok(last(ledger, caller)) };
    if ledger.batches.iter().any(|batch| batch.name == name) || ledger.undone.iter().any(|undone| undone == name) {
        return Ok(Vec::new());
    }
    let Ok(id) = name.parse::<TaskId>() else { return Ok(Vec::new()) };
    if let Some(removal) = ledger.removal_of(&id) {
        return Ok(vec![removal]);
    }
    let Some(removal) = ledger.removals.iter().rev().find(|removal| removal.what.task == id) else {
        return Ok(Vec::new());
    };
    let again = ledger.batch_of(&id).map_or("", |batch| &batch.name);
    let failure = Failure::new(Exit::Refused, format!("task '{id}' was started again in {again} since it was dropped"));
    let kept: Option<Oid> = removal.what.tip;
    Err(match kept {
        Some(_) => failure.hint(format!("use 'git log {}' to see what was dropped", removal.kept())),
        None => failure.hint(format!("use 'git dispatch status {id}' to see how far it is")),
    })
}

/// Why a removal is not taken back.
pub fn not_restored(removal: &Removal, why: &str, hint: Option<String>) -> Failure {
    let id = &removal.what.task;
    let see = || format!("use 'git dispatch status {id}' to see what stands");
    Failure::new(Exit::Refused, format!("cannot bring task '{id}' back: {why}")).hint(hint.unwrap_or_else(see))
}

/// A removal was not taken back as a whole.
pub fn half_restored(removal: &Removal, why: &str) -> Failure {
    let id = &removal.what.task;
    Failure::new(Exit::Halfway, format!("task '{id}' could not be brought back as a whole: {why}"))
        .hint(format!("use 'git dispatch undo {id}' to go on from here"))
}

/// The removals of one command, the last thing that was done.
fn last<'a>(ledger: &'a Ledger, caller: &str) -> Vec<&'a Removal> {
    let current: BTreeSet<usize> = ledger.records.values().filter_map(|record| record.removal).collect();
    let current: Vec<&Removal> = current.into_iter().filter_map(|index| ledger.removals.get(index)).collect();
    let Some(newest) = current.iter().map(|removal| removal.at).max() else { return Vec::new() };
    let started = ledger.batches.iter().map(|batch| batch.continued.last().map_or(batch.at, |last| last.at)).max();
    if started.is_some_and(|started| started > newest) {
        return Vec::new();
    }
    current.into_iter().filter(|removal| removal.at == newest && removal.by == caller).collect()
}

#[cfg(test)]
mod tests;
