//! Which landing an `undo` takes back.

use super::resumed::last_touched;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::{Ledger, Removal, Train};
use crate::model::oid::Oid;
use crate::model::standing::Standings;

/// The landing that `name`, a task, names; without one, the last act, if that was a landing of `caller`. `None` where it is about
/// something else.
///
/// # Errors
/// The last act was a landing of somebody else ([`Exit::Refused`]).
pub fn landing<'a>(ledger: &'a Ledger, name: Option<&str>, caller: &str) -> Result<Option<&'a Train>, Failure> {
    if let Some(name) = name {
        let Ok(id) = name.parse::<TaskId>() else { return Ok(None) };
        // What was dropped later by itself comes back by itself.
        let later = |train: &&Train| ledger.removal_of(&id).is_some_and(|removal| !is_of(removal, train));
        return Ok(ledger.train_of(&id).filter(|train| !later(train)));
    }
    let Some(train) = ledger.trains.iter().max_by_key(|train| train.at) else { return Ok(None) };
    let started = ledger.batches.iter().map(|batch| last_touched(batch).0).max();
    let removed = ledger.removals.iter().filter(|removal| !is_of(removal, train)).map(|removal| removal.at).max();
    if started.max(removed).is_some_and(|other| other > train.at) {
        return Ok(None);
    }
    if train.by != caller {
        let what = format!("the last landing was made by {}, not by you", train.by);
        return Err(Failure::new(Exit::Refused, what)
            .hint(format!("use 'git dispatch undo {}' to undo it all the same", train.first().task)));
    }
    Ok(Some(train))
}

/// Whether this removal followed that landing.
pub fn is_of(removal: &Removal, train: &Train) -> bool {
    removal.what.train.as_ref() == Some(&train.uid)
}

/// The active tasks that began on what `contains` finds to have the landing.
pub fn bases_above(
    ledger: &Ledger,
    standings: &Standings,
    train: &Train,
    contains: impl Fn(Oid) -> bool,
) -> Vec<TaskId> {
    let own = |id: &TaskId| train.ids().any(|landed| landed == id);
    let active = standings.under_way().map(|holder| &holder.task.id).filter(|id| !own(id));
    let base = |id: &&TaskId| {
        let snapshot = ledger.records.get(*id).and_then(|record| record.snapshot.as_ref());
        snapshot.is_some_and(|snapshot| contains(snapshot.base))
    };
    active.filter(base).cloned().collect()
}

/// Why a landing is not taken back, with the commands that revert it instead, last first.
pub fn moved_on(train: &Train, why: &str) -> Failure {
    let ids: Vec<&str> = train.ids().map(TaskId::as_str).collect();
    let failure = Failure::new(Exit::Refused, format!("cannot undo the landing of {}: {why}", ids.join(", ")));
    let revert = |failure: Failure, lands: &crate::model::ledger::Lands| {
        let parent = if lands.strategy == "merge" { " -m 1" } else { "" };
        failure.hint(format!("use 'git revert{parent} {}' to revert {}", lands.commit.short(), lands.task))
    };
    train.lands.iter().rev().map(|(lands, _)| lands).fold(failure, revert)
}
