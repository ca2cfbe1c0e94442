//! What of tasks may go to the trash, for every command that removes some.

use anyhow::Result;
use jiff::Timestamp;

use super::{Loaded, Scene};
use crate::git::{self, Repo};
use crate::model::drop::{self, Drop};
use crate::model::id::TaskId;
use crate::model::ledger::{Body, Dropping, Event, Lands, Ledger, Removal};
use crate::model::oid::Oid;
use crate::model::undo::Left;

/// What stands of each task of a train that has landed, side by side.
///
/// # Errors
/// Refs or worktrees cannot be read.
pub fn left(repo: &Repo, loaded: &Loaded, scene: &Scene, train: &[(Lands, Oid)]) -> Result<Vec<(TaskId, Left)>> {
    let ids: Vec<&TaskId> = train.iter().map(|(lands, _)| &lands.task).collect();
    let repos = (0..git::threads(ids.len())).map(|_| repo.clone()).collect();
    let found = git::each(&ids, repos, |repo, id| Ok(((*id).clone(), left_of(repo, loaded, scene, id)?)));
    found.into_iter().collect()
}

/// What stands of one task, by what the ledger says of its start or of a removal that was begun.
///
/// # Errors
/// As [`left`].
pub fn left_of(repo: &Repo, loaded: &Loaded, scene: &Scene, id: &TaskId) -> Result<Left> {
    let ledger = &scene.facts.ledger;
    let Some((batch, task)) = started(ledger, id) else { return Ok(Left::default()) };
    let begun = ledger.removal_of(id).filter(|removal| !removal.done);
    super::may_act(repo, loaded, &begun.map_or_else(|| task.clone(), Removal::task), ledger.batches[batch].base)?;
    let before = ledger.batches[..batch].iter().rev().flat_map(|batch| &batch.tasks);
    let earlier = before.clone().find(|one| one.id == *id && one.branch != task.branch);
    git::left_to_drop(repo, task, begun, earlier, &loaded.file.settings.disposable)
}

fn started<'a>(ledger: &'a Ledger, id: &TaskId) -> Option<(usize, &'a crate::model::ledger::Snapshot)> {
    let record = ledger.records.get(id)?;
    Some((record.batch?, record.snapshot.as_ref()?))
}

fn is_nothing(left: &Left) -> bool {
    left.tip.is_none() && left.worktree.is_none() && !left.base_kept
}

/// Why a task that has landed is not removed, as a clause; `None` where it may be.
pub fn why_kept(scene: &Scene, id: &TaskId, left: &Left) -> Option<String> {
    let ledger = &scene.facts.ledger;
    let (batch, task) = started(ledger, id)?;
    let begun = ledger.removal_of(id).filter(|removal| !removal.done).cloned();
    if is_nothing(left) && left.obstacles.is_empty() {
        return None;
    }
    let one = Drop { batch, task: task.clone(), begun, left: left.clone(), unlanded: 0 };
    drop::decide(ledger, vec![one], &git::host()).err().map(|failure| {
        let what = failure.what;
        what.split_once(": ").map_or_else(|| what.clone(), |(_, why)| why.to_owned())
    })
}

/// The intent to remove what stands of a task, after the landing `train`; `None` where there is nothing, or it is on its way already.
///
/// # Errors
/// git knows no committer; a path cannot be recorded.
pub fn intent(
    repo: &Repo,
    ledger: &Ledger,
    (id, left): (&TaskId, &Left),
    train: Option<&str>,
    at: Timestamp,
) -> Result<Option<(Event, Removal)>> {
    let Some((batch, task)) = started(ledger, id) else { return Ok(None) };
    if is_nothing(left)
        || drop::known(ledger, id).is_err()
        || ledger.removal_of(id).is_some_and(|removal| !removal.done)
    {
        return Ok(None);
    }
    let batch = &ledger.batches[batch];
    let folder = left.worktree.as_deref();
    let what = Dropping {
        batch: batch.name.clone(),
        of: batch.uid.clone(),
        task: task.id.clone(),
        branch: task.branch.clone(),
        tip: left.tip,
        path: folder.map(|folder| git::recorded_path(repo, folder)).transpose()?,
        trash: None,
        train: train.map(str::to_owned),
    };
    let mut event = git::event(repo, at, Body::Dropping(what.clone()))?;
    let trash = folder.map(|folder| git::trash_of(repo, &event.uid, task, folder)).transpose()?;
    let trash = trash.map(|trash| git::recorded_path(repo, &trash)).transpose()?;
    let what = Dropping { trash, ..what };
    event.body = Body::Dropping(what.clone());
    let (uid, by, host) = (event.uid.clone(), event.by.clone(), event.host.clone());
    let (note, snapshot) = (batch.base, task.clone());
    Ok(Some((event, Removal { uid, at, by, host, what, note, snapshot, done: false, undoing: false })))
}
