//! What a `start` writes before it makes anything: the one compare-and-swap that it hangs on.

use anyhow::Result;
use jiff::Timestamp;

use crate::git::{self, Repo, Swap};
use crate::model::ledger::{Body, Event, Ledger};
use crate::model::made::Made;
use crate::model::oid::Oid;
use crate::model::start::{Continued, NewBatch, Start};
use crate::read::Scene;

/// Writes the intent of the new batch, and what goes on; `None` if another process was faster. The answer is the ledger as it is then.
///
/// # Errors
/// See [`git::append`].
pub fn written(repo: &Repo, scene: &Scene, decided: &Start) -> Result<Option<Ledger>> {
    let ledger = &scene.facts.ledger;
    for base in decided.batch.iter().flat_map(|batch| &batch.bases) {
        git::keep(repo, &scene.quarantine, base.commit, &base.parts)?;
    }
    let at = ledger.moment(scene.facts.now);
    let mut notes = events(repo, (ledger, at), &decided.continued)?;
    if let Some(batch) = &decided.batch {
        let mut events = Vec::new();
        for task in &batch.reopened {
            events.push(git::event(repo, at, Body::Reopened { task: task.clone() })?);
        }
        let NewBatch { name, target, tasks, .. } = batch.clone();
        events.push(git::event(repo, at, Body::Starting { batch: name, target, tasks })?);
        notes.push((batch.base, events));
    }
    let goes_on = decided.continued.iter().map(|one| format!("going on with {}", ledger.batches[one.batch].name));
    let subject: Vec<String> =
        decided.batch.iter().map(|new| format!("starting {}", new.name)).chain(goes_on).collect();
    if notes.is_empty() {
        return Ok(Some(ledger.clone()));
    }
    let notes: Vec<(Oid, &[Event])> = notes.iter().map(|(commit, events)| (*commit, &events[..])).collect();
    match git::append_all(repo, ledger.tip, &notes, &subject.join(", "))? {
        Swap::Done(_) => Ok(Some(git::read_ledger(repo)?)),
        Swap::Lost => Ok(None),
    }
}

/// An event for each batch, with the commit whose note takes it.
///
/// # Errors
/// git knows no committer.
fn events(repo: &Repo, (ledger, at): (&Ledger, Timestamp), all: &[Continued]) -> Result<Vec<(Oid, Vec<Event>)>> {
    let event = |one: &Continued| {
        let batch = &ledger.batches[one.batch];
        let (name, of) = (batch.name.clone(), batch.uid.clone());
        let body = Body::Continued { batch: name, of, tasks: one.tasks.clone() };
        Ok((batch.base, vec![git::event(repo, at, body)?]))
    };
    all.iter().map(event).collect()
}

/// The tasks that go on, and where.
pub fn goes_on(repo: &Repo, scene: &Scene, decided: &Start) -> Vec<Made> {
    let tasks = decided.continued.iter().flat_map(|one| &one.tasks);
    let made = tasks.map(|task| {
        let worktree = scene.facts.tasks.get(&task.id).and_then(|seen| seen.worktree.as_ref());
        let folder = worktree.map_or_else(|| repo.anchor().to_owned(), |worktree| worktree.path.clone());
        Made { goes_on: true, ..Made::of(task, folder, true) }
    });
    made.collect()
}
