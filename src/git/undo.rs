//! Taking back what a `start` made: the worktree is moved aside in one step and looked at once more, then its admin folder
//! goes in one step, then the branch by compare-and-swap, then the ref that keeps the base, and only then the files.
//!
//! Every step can be found half done and is gone on from: the names of what is moved aside follow from the batch's uid.

pub(super) mod aside;

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::briefs::forget_brief;
use super::checkout;
use super::copies;
use super::halfway;
use super::leavings::{Harmless, leavings};
use super::lock::Lock;
use super::locked::locked_for;
use super::parallel;
use super::program::{failed, run};
use super::reflog;
use super::reftable::Stack;
use super::repo::Repo;
use super::reset_away::reset_away;
use super::sparse;
use super::stack::kept;
use super::stale::clear_stale_lock;
use super::start::{absolute, base_ref, resolved, update_refs};
use super::unref;
use super::worktrees::{Listed, worktrees};
use crate::model::facts::{Branch, Head};
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Batch, Snapshot};
use crate::model::oid::Oid;
use crate::model::undo::{Left, Obstacle};
use aside::Aside;

/// Beside what the ledger says of a task.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The newest commit of the target.
    pub target: Oid,
    pub branch: Option<&'a Branch>,
    /// What is there of the branch is on its remote-tracking twin.
    pub followed: bool,
    /// An earlier start of the same task, on another branch.
    pub earlier: Option<&'a Snapshot>,
    /// Globs of ignored files that may go.
    pub disposable: &'a [String],
}

/// What stands of each task of `batch`, and what speaks against taking it back.
///
/// # Errors
/// Refs or worktrees cannot be read.
pub fn left_of(repo: &Repo, batch: &Batch, around: &[Around<'_>]) -> Result<Vec<Left>> {
    let all: Vec<_> = batch.tasks.iter().zip(around).collect();
    let repos = (0..parallel::threads(all.len())).map(|_| repo.clone()).collect();
    parallel::each(&all, repos, |repo, (task, around)| left_of_one(repo, batch, task, around)).into_iter().collect()
}

fn left_of_one(repo: &Repo, batch: &Batch, task: &Snapshot, around: &Around<'_>) -> Result<Left> {
    let tip = repo.commit_of(&branch_ref(task))?;
    let base_kept = repo.commit_of(&base_ref(&task.id))? == Some(task.base);
    let beside = |one: &&Snapshot| repo.commit_of(&branch_ref(one)).is_ok_and(|tip| tip.is_some());
    let earlier = around.earlier.filter(beside).map(|one| one.base);
    let mut left = Left { tip, base_kept, earlier, ..Left::default() };
    if batch.adopted {
        return Ok(left);
    }
    if let Some(tip) = tip {
        left.obstacles.extend(of_branch(task, tip, around.branch, base_kept));
    }
    if around.followed && left.obstacles.is_empty() {
        let own = around.branch.and_then(|branch| branch.commits).filter(|own| *own > 0);
        left.obstacles.push(own.map_or(Obstacle::Moved, Obstacle::Commits));
    }
    let Some(folder) = folder_of(repo, task) else {
        // A worktree that somebody made by hand.
        let on_it = worktrees(repo)?.into_iter().find(|listed| listed.head == Head::Branch(task.branch.clone()));
        left.obstacles.extend(on_it.map(|listed| Obstacle::CheckedOut(listed.path)));
        return Ok(left);
    };
    match find(repo, task, &folder)? {
        Stands::Whole(listed) => {
            let known = [Some(task.base), tip, Some(around.target)];
            let known: Vec<Oid> = known.into_iter().flatten().collect();
            left.obstacles.extend(of_worktree(task, &listed, &folder));
            if !listed.main {
                let harmless = Harmless::of(repo, &task.id, around.disposable);
                left.obstacles.extend(leavings(repo, &listed.path, &listed.path, &harmless));
                left.obstacles.extend(only_in_reflogs(repo, task, &listed, &known)?);
                let below = |other: &Listed| other.path != listed.path && other.path.starts_with(&listed.path);
                let others = worktrees(repo)?.into_iter().filter(below);
                left.obstacles.extend(others.map(|other| Obstacle::Holds(listed.path.clone(), other.path)));
            }
            left.worktree = Some(listed.path);
        }
        Stands::Other(obstacle) => left.obstacles.push(obstacle),
        Stands::Gone(_) if Aside::of(repo, batch, &folder)?.folder.symlink_metadata().is_ok() => {
            left.worktree = Some(folder);
        }
        Stands::Gone(listed) => {
            left.obstacles.push(Obstacle::OutOfSight { at: folder, locked: listed.locked.is_some() })
        }
        Stands::Nothing if folder.symlink_metadata().is_err() => {}
        Stands::Nothing if !halfway::is_orphan(repo, task, &folder)? => {
            left.obstacles.push(Obstacle::NoWorktree(folder))
        }
        Stands::HalfMade(_) | Stands::Nothing => {
            left.obstacles.extend(work_in_half_made(repo, batch, task, &folder)?);
            left.worktree = Some(folder);
        }
    }
    Ok(left)
}

/// Nobody has worked in what `start` did not bring to its end; what it did may have lost its index since.
fn work_in_half_made(repo: &Repo, batch: &Batch, task: &Snapshot, folder: &Path) -> Result<Option<Obstacle>> {
    if folder.symlink_metadata().is_err() {
        return Ok(None);
    }
    if let Err(why) = halfway::refuse_work(repo, task, folder) {
        return Ok(Some(Obstacle::Unreadable(folder.to_owned(), format!("{why:#}"))));
    }
    let work = batch.started.contains(&task.id) && halfway::holds_work(repo, task, folder)?;
    Ok(work.then(|| Obstacle::NoIndex(folder.to_owned())))
}

/// Commits that only the reflogs hold that go with the worktree and the branch.
fn only_in_reflogs(repo: &Repo, task: &Snapshot, listed: &Listed, known: &[Oid]) -> Result<Option<Obstacle>> {
    let logs = [reflog::of_head(repo, &listed.admin_dir), reflog::of_ref(repo, &branch_ref(task))];
    let own = [branch_ref(task), base_ref(&task.id)];
    let found = reset_away(repo, &logs, known, &own)?;
    Ok(found.first().map(|first| Obstacle::ResetAway(*first, found.len())))
}

fn of_branch(task: &Snapshot, tip: Oid, branch: Option<&Branch>, base_kept: bool) -> Option<Obstacle> {
    if !base_kept {
        return Some(Obstacle::NotOurs);
    }
    let seen = branch.filter(|branch| branch.tip == tip && branch.name == task.branch);
    match seen.map(|branch| (branch.commits, branch.ahead)) {
        _ if tip == task.base => None,
        Some((Some(0), Some(0))) => None,
        Some((Some(own), _)) if own > 0 => Some(Obstacle::Commits(own)),
        _ => Some(Obstacle::Moved),
    }
}

pub(super) fn of_worktree(task: &Snapshot, listed: &Listed, folder: &Path) -> Vec<Obstacle> {
    let path = || listed.path.clone();
    let mut found = Vec::new();
    let locked_for_it = listed.locked.as_deref().and_then(locked_for) == Some(task.id.as_str());
    // Its own worktree may have been moved, and is locked for it then; any other is somebody's own.
    if listed.main || listed.path != folder && !locked_for_it {
        return vec![Obstacle::CheckedOut(path())];
    }
    if has_own_refs(&listed.admin_dir) {
        found.push(Obstacle::OwnRefs(path()));
    }
    if let Some(reason) = listed.locked.as_deref().filter(|reason| locked_for(reason) != Some(task.id.as_str())) {
        found.push(Obstacle::Locked(path(), reason.to_owned()));
    }
    if let Some(operation) = &listed.operation {
        found.push(Obstacle::Operation(path(), operation.clone()));
    }
    if listed.admin_dir.join("modules").exists() {
        found.push(Obstacle::Submodules(path()));
    }
    found
}

/// Whether refs are kept that only this worktree sees, but for its HEAD and the like.
fn has_own_refs(admin_dir: &Path) -> bool {
    let mut folders = ["worktree", "bisect", "rewritten"].iter().map(|kind| admin_dir.join("refs").join(kind));
    folders.any(|refs| std::fs::read_dir(refs).is_ok_and(|mut entries| entries.next().is_some()))
        || Stack::of(admin_dir).refs().is_ok_and(|refs| refs.keys().any(|name| name.starts_with(b"refs/")))
}

/// Where a task's worktree was meant to be; `None` where it was to have none.
pub(super) fn folder_of(repo: &Repo, task: &Snapshot) -> Option<PathBuf> {
    Some(resolved(&absolute(repo, task.path.as_deref()?)))
}

pub(super) fn branch_ref(task: &Snapshot) -> String {
    format!("refs/heads/{}", task.branch)
}

pub(super) enum Stands {
    Whole(Listed),
    HalfMade(Listed),
    /// Its admin folder, but not its folder.
    Gone(Listed),
    Other(Obstacle),
    Nothing,
}

/// The worktree of `task`, wherever it is now.
pub(super) fn find(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<Stands> {
    let mut found = Stands::Nothing;
    for listed in worktrees(repo)? {
        let ours = listed.path == folder;
        if (ours && halfway::is_half_made(&listed)) || halfway::is_stillborn(&listed, folder, &task.branch) {
            return Ok(Stands::HalfMade(listed));
        }
        if listed.head == Head::Branch(task.branch.clone()) {
            return Ok(Stands::Whole(listed));
        }
        if ours {
            found = match &listed.head {
                Head::Missing if folder.symlink_metadata().is_ok() => {
                    Stands::Other(Obstacle::NoWorktree(folder.to_owned()))
                }
                Head::Missing => Stands::Gone(listed),
                _ => Stands::Other(Obstacle::Elsewhere(folder.to_owned())),
            };
        }
    }
    Ok(found)
}

/// Takes back what a `start` made for `task` of `batch`, after [`left_of`] found nothing against it; of an adopted task,
/// only that it was adopted. The files are moved aside, for [`sweep`].
///
/// # Errors
/// Something changed since it was looked at, or a step failed ([`Exit::Halfway`]). What is left is found by the same call.
pub fn take_back(
    (repo, lock): (&Repo, &Lock),
    (batch, task): (&Batch, &Snapshot),
    left: &Left,
    disposable: &[String],
) -> Result<()> {
    sparse::clear_leftovers(repo)?;
    if batch.adopted {
        unlock(repo, lock, task)?;
        return unref::delete(repo, lock, &base_ref(&task.id), task.base);
    }
    if let Some(folder) = folder_of(repo, task) {
        let aside = Aside::of(repo, batch, &folder)?;
        aside.bring_back(repo, &folder)?;
        match find(repo, task, &folder)? {
            Stands::Whole(listed) if left.worktree.as_ref() != Some(&listed.path) => return Err(changed(task)),
            Stands::Whole(listed) => {
                aside.take((repo, task), &listed, left, &Harmless::of(repo, &task.id, disposable))?
            }
            Stands::HalfMade(listed) => {
                if work_in_half_made(repo, batch, task, &folder)?.is_some() {
                    return Err(changed(task));
                }
                halfway::clear(repo, task, &listed, &folder)?;
                // Killed earlier still, git had not written its link there.
                if folder.symlink_metadata().is_ok() {
                    halfway::clear_orphan(repo, task, &folder)?;
                }
            }
            Stands::Gone(listed) => aside.take_admin(&listed)?,
            Stands::Other(_) => return Err(changed(task)),
            Stands::Nothing if folder.symlink_metadata().is_ok() => halfway::clear_orphan(repo, task, &folder)?,
            Stands::Nothing => {}
        }
    }
    delete_refs((repo, lock), task, left)
}

/// Removes the files of what [`take_back`] took, on all cores. Nothing names them any more.
///
/// # Errors
/// They cannot be removed ([`Exit::Halfway`]). What is left is found by the same call.
pub fn sweep(repo: &Repo, batch: &Batch, tasks: &[&Snapshot]) -> Result<()> {
    if batch.adopted {
        return Ok(());
    }
    checkout::clear_staging(repo)?;
    // As git does it: the folder goes with the last worktree, and is made again with the next.
    let _ = std::fs::remove_dir(repo.common_dir().join("worktrees"));
    let folders: Vec<_> = tasks.iter().filter_map(|task| Some((folder_of(repo, task)?, &task.id))).collect();
    let asides = folders.iter().map(|(folder, _)| Aside::of(repo, batch, folder)).collect::<Result<Vec<_>>>()?;
    let threads = vec![(); parallel::threads(asides.len())];
    parallel::each(&asides, threads, |(), aside| aside.remove()).into_iter().collect::<Result<()>>()?;
    for (folder, id) in &folders {
        copies::forget(repo, id);
        forget_brief(repo, id);
        remove_empty_above(repo, folder);
    }
    Ok(())
}

/// A template such as `../wt/{{ id }}` has `start` make the folder above, too: it goes with the last one in it.
pub(super) fn remove_empty_above(repo: &Repo, folder: &Path) {
    let Some(limit) = repo.anchor().parent() else { return };
    let above = folder.ancestors().skip(1).take_while(|above| *above != limit && above.starts_with(limit));
    // One that is not empty ends it.
    let _ = above.map(std::fs::remove_dir).take_while(std::io::Result::is_ok).count();
}

/// Leaves off taking `task` of `batch` back, for `start` to make it whole: a worktree that was moved aside goes back to its
/// place, unless it was to be removed already.
///
/// # Errors
/// It cannot be moved or removed.
pub fn leave_off(repo: &Repo, batch: &Batch, task: &Snapshot) -> Result<()> {
    let Some(folder) = folder_of(repo, task) else { return Ok(()) };
    let aside = Aside::of(repo, batch, &folder)?;
    aside.bring_back(repo, &folder)?;
    aside.remove()
}

pub(super) fn changed(task: &Snapshot) -> anyhow::Error {
    Failure::new(Exit::Halfway, format!("the worktree of task '{}' changed meanwhile", task.id)).into()
}

/// The branch first: as long as the ref that keeps its base stands, the branch is known to be ours.
pub(super) fn delete_refs((repo, lock): (&Repo, &Lock), task: &Snapshot, left: &Left) -> Result<()> {
    match left.tip {
        Some(tip) => unref::delete(repo, lock, &branch_ref(task), tip)?,
        // A start that was killed may have been about to make it.
        None => unref::tidy(repo, &branch_ref(task))?,
    }
    // Where a restacking was begun and not brought to its end.
    if let (_, Some(next)) = kept(repo, &task.id)? {
        unref::delete(repo, lock, &format!("refs/dispatch/onto/{}", task.id), next)?;
    }
    match left.earlier {
        Some(earlier) => keep_earlier(repo, task, earlier),
        None => unref::delete(repo, lock, &base_ref(&task.id), task.base),
    }
}

/// The ref keeps the base of one start at a time: now again that of the earlier one.
fn keep_earlier(repo: &Repo, task: &Snapshot, earlier: Oid) -> Result<()> {
    let name = base_ref(&task.id);
    clear_stale_lock(repo, &name)?;
    if repo.commit_of(&name)? == Some(earlier) {
        return Ok(());
    }
    let said = update_refs(repo, &format!("update {name}\0{earlier}\0\0"), &format!("dispatch: undo {}", task.id));
    if repo.commit_of(&name)? == Some(earlier) { Ok(()) } else { said }
}

fn unlock(repo: &Repo, lock: &Lock, task: &Snapshot) -> Result<()> {
    let ours = |listed: &Listed| listed.locked.as_deref().and_then(locked_for) == Some(task.id.as_str());
    let Some(listed) = worktrees(repo)?.into_iter().find(|listed| ours(listed)) else { return Ok(()) };
    let mut command = repo.command();
    command.args(["worktree", "unlock", "--"]).arg(&listed.path).stdin(lock.handed_on()?);
    let output = run(&mut command)?;
    if worktrees(repo)?.iter().any(ours) { Err(failed(&command, &output).into()) } else { Ok(()) }
}
