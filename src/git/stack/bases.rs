//! The refs that keep the bases of a task: its own, and the one to be until that is the task's.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::super::brought::patch_between;
use super::super::leavings::{Harmless, leavings};
use super::super::lock::Lock;
use super::super::program::stdout_of;
use super::super::quarantine::Quarantine;
use super::super::reach::reachable;
use super::super::repo::Repo;
use super::super::stale::clear_stale_lock;
use super::super::start::{base_ref, update_refs};
use super::super::unref;
use crate::model::id::TaskId;
use crate::model::oid::Oid;
use crate::model::undo::Obstacle;

/// The ref that keeps the base to be, as long as a restacking is under way.
fn next_ref(id: &TaskId) -> String {
    format!("refs/dispatch/onto/{id}")
}

/// The bases that are kept of a task in this repository: its own, and the one to be. What the ledger says else is another's word.
///
/// # Errors
/// The refs cannot be read.
pub fn kept(repo: &Repo, id: &TaskId) -> Result<(Option<Oid>, Option<Oid>)> {
    Ok((repo.commit_of(&base_ref(id))?, repo.commit_of(&next_ref(id))?))
}

/// Keeps the base to be.
///
/// # Errors
/// git failed.
pub fn keep_next(repo: &Repo, id: &TaskId, base: Oid) -> Result<()> {
    let name = next_ref(id);
    clear_stale_lock(repo, &name)?;
    if repo.commit_of(&name)? == Some(base) {
        return Ok(());
    }
    let said = update_refs(repo, &format!("update {name}\0{base}\0\0"), &format!("dispatch: restack {id}"));
    if repo.commit_of(&name)? == Some(base) { Ok(()) } else { said.and(Err(anyhow!("git made no ref '{name}'"))) }
}

/// Makes the base to be the task's own, and keeps it as that.
///
/// # Errors
/// git failed; the same call goes on.
pub fn finish((repo, held): (&Repo, &Lock), id: &TaskId, base: Oid) -> Result<()> {
    let names = [base_ref(id), next_ref(id)];
    unref::clear(repo.common_dir())?;
    names.iter().try_for_each(|name| clear_stale_lock(repo, name))?;
    let (own, next) = kept(repo, id)?;
    if own != Some(base) {
        let said = update_refs(repo, &format!("update {}\0{base}\0\0", names[0]), &format!("dispatch: restack {id}"));
        if repo.commit_of(&names[0])? != Some(base) {
            return said.and(Err(anyhow!("git did not move '{}', although it said so", names[0])));
        }
    }
    match next {
        Some(next) => unref::delete(repo, held, &names[1], next),
        None => unref::tidy(repo, &names[1]),
    }
}

/// Whether `commit` can be reached from `tip`.
pub fn contains(repo: &Repo, tip: Oid, commit: Oid) -> bool {
    reachable(repo, tip, &[commit]).contains(&commit)
}

/// How many merges the commits between `base` and `tip` hold.
///
/// # Errors
/// git failed.
pub fn merges_since(repo: &Repo, base: Oid, tip: Oid) -> Result<u64> {
    let mut command = repo.command();
    command.args(["rev-list", "--count", "--merges", &format!("{base}..{tip}"), "--"]);
    let said = stdout_of(&mut command)?;
    String::from_utf8_lossy(&said).trim().parse().context("git counts no commits")
}

/// Whether two stretches of history, each a commit and one that descends from it, change the same in the same way.
pub fn same_work(repo: &Repo, quarantine: &Quarantine, one: (Oid, Oid), other: (Oid, Oid)) -> bool {
    let patch = |(from, to)| patch_between(repo, quarantine, from, to);
    patch(one).is_some_and(|one| patch(other) == Some(one))
}

/// Why the worktree of a task is not to be moved now, as a clause: what is not committed, but for copies that `start` made, and who works in
/// it, unless that is who asks (`from_within`). `None`: it may be.
pub fn unready(repo: &Repo, id: &TaskId, folder: &Path, from_within: bool) -> Option<String> {
    leavings(repo, folder, folder, &Harmless::of(repo, id, &[])).into_iter().find_map(|left| match left {
        Obstacle::Changed(_, path, 1) => Some(format!("'{path}' is not committed")),
        Obstacle::Changed(_, path, all) => Some(format!("'{path}' and {} more are not committed", all - 1)),
        Obstacle::Overlooked(_, path, _) => Some(format!("git is told to overlook changes in '{path}'")),
        Obstacle::Process(_, pid, name) if !from_within => Some(format!("process {pid} ({name}) is at work")),
        Obstacle::Unreadable(at, why) => Some(format!("'{}' cannot be looked at: {why}", at.display())),
        _ => None,
    })
}
