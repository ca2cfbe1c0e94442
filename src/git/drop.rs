//! Moving a task to the trash and back: the worktree is renamed to a folder beside it, its tip is kept by a ref, then its admin
//! folder and its branch go. Every step can be found half done and is gone on from.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::halfway;
use super::leavings::{Harmless, disposable_in, leavings_in_trash};
use super::lock::Lock;
use super::mounts::mounted_in;
use super::repo::Repo;
use super::sparse;
use super::stale::clear_stale_lock;
use super::start::{base_ref, update_refs};
use super::trash::emptied;
use super::undo::aside::{self, Aside};
use super::undo::{Stands, branch_ref, changed, delete_refs, find, folder_of, of_worktree};
use super::unref;
use super::worktrees::{Listed, on_branch, worktrees};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Removal, Snapshot};
use crate::model::oid::Oid;
use crate::model::text::shell_word;
use crate::model::undo::{Left, Obstacle};

pub(super) fn aside_of(repo: &Repo, uid: &str, task: &Snapshot, folder: &Path) -> Result<Aside> {
    Aside::named(repo, "dropped", (uid, &format!("the removal of task '{}'", task.id)), folder)
}

/// Where the worktree `folder` goes, by the uid of the intent.
///
/// # Errors
/// The uid is none that this program writes.
pub fn trash_of(repo: &Repo, uid: &str, task: &Snapshot, folder: &Path) -> Result<PathBuf> {
    Ok(aside_of(repo, uid, task, folder)?.folder)
}

/// What stands of `task`, and what speaks against moving it to the trash; `begun` is a removal that was not brought to its end, and
/// `earlier` another start of the same task, on another branch.
///
/// # Errors
/// Refs or worktrees cannot be read.
pub fn left_to_drop(
    repo: &Repo,
    task: &Snapshot,
    begun: Option<&Removal>,
    earlier: Option<&Snapshot>,
    disposable: &[String],
) -> Result<Left> {
    let task = &begun.map_or_else(|| task.clone(), Removal::task);
    let tip = repo.commit_of(&branch_ref(task))?;
    let base_kept = repo.commit_of(&base_ref(&task.id))? == Some(task.base);
    let stands = |one: &&Snapshot| repo.commit_of(&branch_ref(one)).is_ok_and(|tip| tip.is_some());
    let mut left = Left { tip, base_kept, earlier: earlier.filter(stands).map(|one| one.base), ..Left::default() };
    // The base goes after the branch, also where that was begun.
    left.obstacles.extend((tip.is_some() && !base_kept).then_some(Obstacle::NotOurs));
    // What is in the trash here shows as well that it is this clone's.
    let in_trash = |removal: &Removal| repo.commit_of(&removal.kept()).is_ok_and(|kept| kept.is_some());
    left.base_kept |= begun.is_some_and(in_trash);
    let moved = begun.is_some_and(|begun| tip.is_some() && tip != begun.what.tip);
    left.obstacles.extend(moved.then_some(Obstacle::Moved));
    let Some(folder) = folder_of(repo, task) else {
        let on_it = on_branch(repo, &task.branch)?;
        left.obstacles.extend(on_it.into_iter().map(|listed| Obstacle::CheckedOut(listed.path)));
        return Ok(left);
    };
    match find(repo, task, &folder)? {
        Stands::Whole(listed) => {
            left.obstacles.extend(of_worktree(task, &listed, &folder));
            if !listed.main {
                let harmless = Harmless::in_trash(repo, &task.id, disposable);
                left.obstacles.extend(leavings_in_trash(repo, &listed.path, &listed, &harmless));
                let below = |path: &Path| path != listed.path && path.starts_with(&listed.path);
                let others = worktrees(repo)?.into_iter().map(|other| other.path).filter(|path| below(path));
                left.obstacles.extend(others.map(|other| Obstacle::Holds(listed.path.clone(), other)));
                left.obstacles.extend(mounted_in(&listed.path).map(Obstacle::Mounted));
            }
            left.worktree = Some(listed.path);
        }
        Stands::Gone(_) if is_aside(repo, begun, &folder)? => left.worktree = Some(folder),
        Stands::Gone(listed) => {
            left.obstacles.push(Obstacle::OutOfSight { at: folder, locked: listed.locked.is_some() });
        }
        Stands::Other(obstacle) => left.obstacles.push(obstacle),
        Stands::HalfMade(_) => left.obstacles.push(Obstacle::NoIndex(folder)),
        Stands::Nothing if folder.symlink_metadata().is_ok() => left.obstacles.push(Obstacle::NoWorktree(folder)),
        Stands::Nothing => {}
    }
    Ok(left)
}

fn is_aside(repo: &Repo, begun: Option<&Removal>, folder: &Path) -> Result<bool> {
    let Some(begun) = begun else { return Ok(false) };
    Ok(trash_of(repo, &begun.uid, &begun.snapshot, folder)?.symlink_metadata().is_ok())
}

/// Moves a task to the trash, after [`left_to_drop`] found nothing against it and the intent was written.
///
/// # Errors
/// The file system moves it in no single step, and all is as it was ([`Exit::Refused`]); something changed since it was looked at, or
/// a step failed ([`Exit::Halfway`]): what is left is found by the same call.
pub fn remove((repo, lock): (&Repo, &Lock), removal: &Removal, left: &Left, disposable: &[String]) -> Result<()> {
    sparse::clear_leftovers(repo)?;
    let task = &removal.task();
    if let (Some(tip), Some(_)) = (removal.what.tip, left.tip) {
        point(repo, &removal.kept(), tip, None)?;
    }
    if let Some(folder) = folder_of(repo, task) {
        let aside = aside_of(repo, &removal.uid, task, &folder)?;
        aside.bring_back(repo, &folder)?;
        match find(repo, task, &folder)? {
            Stands::Whole(listed) if listed.path == folder && left.worktree.is_some() => {
                let harmless = Harmless::in_trash(repo, &task.id, disposable);
                let moved = into_trash((repo, task), &aside, &listed, left, &harmless);
                moved.or_else(|error| stays((repo, lock), removal, &aside, &folder, error))?;
            }
            Stands::Nothing if folder.symlink_metadata().is_err() => {}
            _ => return Err(changed(task)),
        }
        // As git does it: the folder goes with the last worktree, and is made again with the next.
        let _ = std::fs::remove_dir(repo.common_dir().join("worktrees"));
    }
    delete_refs((repo, lock), task, left)
}

fn into_trash(of: (&Repo, &Snapshot), aside: &Aside, listed: &Listed, left: &Left, harmless: &Harmless) -> Result<()> {
    aside.set_aside(of, listed, left, harmless)?;
    for path in disposable_in(of.0, &aside.folder, harmless)? {
        discard(&path)?;
    }
    aside.take_admin(listed)
}

/// What a file system moves in no single step stays where it is, and so does its branch.
///
/// # Errors
/// Always: [`Exit::Refused`] where all is as it was, but for the intent, and else `error`.
fn stays(
    (repo, lock): (&Repo, &Lock),
    removal: &Removal,
    aside: &Aside,
    folder: &Path,
    error: anyhow::Error,
) -> Result<()> {
    let cause = error.root_cause().downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    if !matches!(cause, Some(ErrorKind::CrossesDevices | ErrorKind::ResourceBusy)) {
        return Err(error);
    }
    aside.bring_back(repo, folder)?;
    if folder.symlink_metadata().is_err() || aside.admin.exists() {
        return Err(error);
    }
    if let Some(tip) = removal.what.tip {
        unref::delete(repo, lock, &removal.kept(), tip)?;
    }
    let what = format!("'{}' cannot be moved in one step: {}", folder.display(), error.root_cause());
    Err(Failure::new(Exit::Refused, what).into())
}

fn discard(path: &Path) -> Result<()> {
    let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
    let removed = if is_folder { aside::remove(path) } else { std::fs::remove_file(path) };
    removed.with_context(|| format!("could not remove '{}', which is disposable", path.display()))
}

/// Makes a ref point at `commit`, from `old` or from nothing.
fn point(repo: &Repo, name: &str, commit: Oid, old: Option<Oid>) -> Result<()> {
    clear_stale_lock(repo, name)?;
    if repo.commit_of(name)? == Some(commit) {
        return Ok(());
    }
    let edit = match old {
        Some(old) => format!("update {name}\0{commit}\0{old}\0"),
        None => format!("create {name}\0{commit}\0"),
    };
    let said = update_refs(repo, &edit, "dispatch: trash");
    if repo.commit_of(name)? == Some(commit) { Ok(()) } else { said }
}

/// Why a removal cannot be taken back, as a clause with what resolves it; `None` where it can.
///
/// # Errors
/// Refs or worktrees cannot be read.
pub fn unrestorable(repo: &Repo, removal: &Removal) -> Result<Option<(String, Option<String>)>> {
    let task = &removal.task();
    let (tip, now) = (removal.what.tip, repo.commit_of(&branch_ref(task))?);
    let kept = repo.commit_of(&removal.kept())?;
    // Whatever the ledger says: what was kept here is what was removed here.
    if tip.is_some() && kept != tip && (removal.done || now != tip) {
        return Ok(Some(("its commits are no longer in the trash here".to_owned(), None)));
    }
    if now.is_some() && now != tip {
        let what = format!("there is another branch '{}' by now", task.branch);
        return Ok(Some((what, None)));
    }
    let Some(folder) = folder_of(repo, task) else { return Ok(None) };
    let elsewhere = on_branch(repo, &task.branch)?.into_iter().find(|listed| listed.path != folder);
    if let Some(listed) = elsewhere {
        return Ok(Some((format!("branch '{}' is checked out in '{}'", task.branch, listed.path.display()), None)));
    }
    let aside = aside_of(repo, &removal.uid, task, &folder)?;
    let shown = folder.display();
    if emptied(&aside).exists() {
        let branch = shell_word(&task.branch);
        let have = kept.map(|_| format!("use 'git branch {branch} {}' to have its commits back", removal.kept()));
        return Ok(Some((format!("the files of '{shown}' are no longer in the trash"), have)));
    }
    let moved = aside.folder.symlink_metadata().is_ok();
    if moved && folder.symlink_metadata().is_ok() {
        return Ok(Some((format!("something else stands in '{shown}'"), Some(format!("move '{shown}' away first")))));
    }
    if !aside.admin.exists() {
        let whole = |head: &Head| *head == Head::Branch(task.branch.clone());
        let stands = worktrees(repo)?.iter().any(|listed| listed.path == folder && (moved || whole(&listed.head)));
        let gone = format!("the files of '{shown}' are no longer in the trash");
        return Ok((!stands).then_some((gone, None)));
    }
    let Some(admin) = admin_of(repo, if moved { &aside.folder } else { &folder }) else {
        return Ok(Some((format!("the files of '{shown}' are no longer in the trash"), None)));
    };
    if admin.exists() {
        let what = format!("another worktree is '{}' by now", admin.display());
        return Ok(Some((what, Some("use 'git worktree list' to see it".to_owned()))));
    }
    Ok(None)
}

/// Where the admin folder of the worktree whose files are in `folder` belongs.
fn admin_of(repo: &Repo, folder: &Path) -> Option<PathBuf> {
    Some(repo.common_dir().join("worktrees").join(halfway::linked_admin(folder)?.file_name()?))
}

/// Brings a task back from the trash, after [`unrestorable`] found nothing against it and the intent was written.
///
/// # Errors
/// A step failed. What is left is found by the same call.
pub fn restore((repo, lock): (&Repo, &Lock), removal: &Removal) -> Result<()> {
    sparse::clear_leftovers(repo)?;
    let task = &removal.task();
    if let Some(tip) = removal.what.tip {
        point(repo, &branch_ref(task), tip, None)?;
    }
    point(repo, &base_ref(&task.id), task.base, repo.commit_of(&base_ref(&task.id))?)?;
    if let Some(folder) = folder_of(repo, task) {
        let aside = aside_of(repo, &removal.uid, task, &folder)?;
        if aside.folder.symlink_metadata().is_ok() && folder.symlink_metadata().is_err() {
            aside::rename(&aside.folder, &folder)?;
        }
        if aside.admin.exists() {
            let admin = admin_of(repo, &folder).ok_or_else(|| changed(task))?;
            let above = repo.common_dir().join("worktrees");
            std::fs::create_dir_all(&above).with_context(|| format!("could not make '{}'", above.display()))?;
            aside::rename(&aside.admin, &admin)?;
        }
        let whole = on_branch(repo, &task.branch)?.into_iter().any(|listed| listed.path == folder);
        if !whole {
            return Err(changed(task));
        }
    }
    match removal.what.tip {
        Some(tip) => unref::delete(repo, lock, &removal.kept(), tip),
        None => Ok(()),
    }
}
