//! Taking back what a `start` made: the worktree is moved aside in one step and looked at once more, then its admin folder
//! goes in one step, then the branch by compare-and-swap, then the ref that keeps the base, and only then the files.
//!
//! Every step can be found half done and is gone on from: the names of what is moved aside follow from the batch's uid.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::copies;
use super::halfway;
use super::leavings::{Harmless, leavings};
use super::lock::Lock;
use super::locked::locked_for;
use super::program::{failed, run};
use super::repo::Repo;
use super::sparse;
use super::start::{absolute, base_ref, resolved, update_refs};
use super::worktrees::{Listed, worktrees};
use crate::model::facts::{Branch, Head};
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Batch, Snapshot};
use crate::model::oid::Oid;
use crate::model::undo::{Left, Obstacle};

/// What stands of a task of `batch`, and what speaks against taking it back. `disposable` are globs of ignored files that may go.
///
/// # Errors
/// Refs or worktrees cannot be read.
pub fn left_of(
    repo: &Repo,
    batch: &Batch,
    task: &Snapshot,
    branch: Option<&Branch>,
    disposable: &[String],
) -> Result<Left> {
    let tip = repo.commit_of(&branch_ref(task))?;
    if batch.adopted {
        return Ok(Left { tip, worktree: None, obstacles: Vec::new() });
    }
    let mut left = Left { tip, worktree: None, obstacles: Vec::new() };
    if let Some(tip) = tip {
        left.obstacles.extend(of_branch(repo, task, tip, branch)?);
    }
    let Some(folder) = folder_of(repo, task) else { return Ok(left) };
    match find(repo, task, &folder)? {
        Stands::Whole(listed) => {
            left.obstacles.extend(of_worktree(repo, task, &listed, &Harmless::of(repo, &task.id, disposable)));
            left.worktree = Some(listed.path);
        }
        Stands::Other(obstacle) => left.obstacles.push(obstacle),
        Stands::Gone(_) => left.worktree = Some(folder),
        Stands::Nothing if folder.symlink_metadata().is_err() => {}
        Stands::Nothing if !halfway::is_orphan(repo, task, &folder)? => {
            left.obstacles.push(Obstacle::NoWorktree(folder))
        }
        Stands::HalfMade(_) | Stands::Nothing => {
            let work = halfway::refuse_work(repo, task, &folder).err();
            left.obstacles.extend(work.map(|why| Obstacle::Unreadable(folder.clone(), format!("{why:#}"))));
            left.worktree = Some(folder);
        }
    }
    Ok(left)
}

fn of_branch(repo: &Repo, task: &Snapshot, tip: Oid, branch: Option<&Branch>) -> Result<Option<Obstacle>> {
    if repo.commit_of(&base_ref(&task.id))? != Some(task.base) {
        return Ok(Some(Obstacle::NotOurs));
    }
    let seen = branch.filter(|branch| branch.tip == tip && branch.name == task.branch);
    Ok(match seen.map(|branch| (branch.commits, branch.ahead)) {
        _ if tip == task.base => None,
        Some((Some(0), Some(0))) => None,
        Some((Some(own), _)) if own > 0 => Some(Obstacle::Commits(own)),
        _ => Some(Obstacle::Moved),
    })
}

fn of_worktree(repo: &Repo, task: &Snapshot, listed: &Listed, harmless: &Harmless) -> Vec<Obstacle> {
    let path = || listed.path.clone();
    let mut found = Vec::new();
    if listed.main {
        return vec![Obstacle::CheckedOut(path())];
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
    found.extend(leavings(repo, &listed.path, &listed.path, harmless));
    found
}

/// Where a task's worktree was meant to be; `None` where it was to have none.
fn folder_of(repo: &Repo, task: &Snapshot) -> Option<PathBuf> {
    Some(resolved(&absolute(repo, task.path.as_deref()?)))
}

fn branch_ref(task: &Snapshot) -> String {
    format!("refs/heads/{}", task.branch)
}

enum Stands {
    Whole(Listed),
    HalfMade(Listed),
    /// Its admin folder, but not its folder.
    Gone(Listed),
    Other(Obstacle),
    Nothing,
}

/// The worktree of `task`, wherever it is now.
fn find(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<Stands> {
    let mut found = Stands::Nothing;
    for listed in worktrees(repo)? {
        let ours = listed.path == folder;
        if (ours && halfway::is_half_made(&listed)) || halfway::is_stillborn(&listed, folder) {
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
/// only that it was adopted.
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
        return delete_ref(repo, &base_ref(&task.id), task.base);
    }
    if let Some(folder) = folder_of(repo, task) {
        let aside = Aside::of(repo, batch, &folder);
        aside.bring_back(repo, &folder)?;
        match find(repo, task, &folder)? {
            Stands::Whole(listed) => aside.take(repo, &listed, &Harmless::of(repo, &task.id, disposable))?,
            Stands::HalfMade(listed) => halfway::clear(repo, task, &listed, &folder)?,
            Stands::Gone(listed) => aside.take_admin(&listed)?,
            Stands::Other(_) => return Err(changed(task)),
            Stands::Nothing if folder.symlink_metadata().is_ok() => halfway::clear_orphan(repo, task, &folder)?,
            Stands::Nothing => {}
        }
        delete_refs(repo, task, left)?;
        aside.remove()?;
        copies::forget(repo, &task.id);
        return Ok(());
    }
    delete_refs(repo, task, left)
}

fn changed(task: &Snapshot) -> anyhow::Error {
    Failure::new(Exit::Halfway, format!("the worktree of task '{}' changed meanwhile", task.id)).into()
}

/// The branch first: as long as the ref that keeps its base stands, the branch is known to be ours.
fn delete_refs(repo: &Repo, task: &Snapshot, left: &Left) -> Result<()> {
    if let Some(tip) = left.tip {
        delete_ref(repo, &branch_ref(task), tip)?;
    }
    delete_ref(repo, &base_ref(&task.id), task.base)
}

/// Deletes a ref that points at `expected`. One that is gone is done.
fn delete_ref(repo: &Repo, name: &str, expected: Oid) -> Result<()> {
    halfway::clear_stale_lock(repo, name)?;
    if repo.commit_of(name)?.is_none() {
        return Ok(());
    }
    let said = update_refs(repo, &format!("delete {name}\0{expected}\0"), "dispatch: undo");
    match repo.commit_of(name)? {
        None => halfway::clear_stale_lock(repo, name),
        Some(_) => Err(said.err().unwrap_or_else(|| anyhow!("git did not delete '{name}', although it said so"))),
    }
}

fn unlock(repo: &Repo, lock: &Lock, task: &Snapshot) -> Result<()> {
    let ours = |listed: &Listed| listed.locked.as_deref().and_then(locked_for) == Some(task.id.as_str());
    let Some(listed) = worktrees(repo)?.into_iter().find(|listed| ours(listed)) else { return Ok(()) };
    let mut command = repo.command();
    command.args(["worktree", "unlock", "--"]).arg(&listed.path).stdin(lock.handed_on()?);
    let output = run(&mut command)?;
    if worktrees(repo)?.iter().any(ours) { Err(failed(&command, &output).into()) } else { Ok(()) }
}

/// Where worktree and admin folder go in one step each, before their files are removed one by one.
struct Aside {
    folder: PathBuf,
    admin: PathBuf,
}

impl Aside {
    fn of(repo: &Repo, batch: &Batch, folder: &Path) -> Aside {
        // The uid is another's word: no more of it than hexadecimal digits gets into a name.
        let uid: String = batch.uid.chars().filter(char::is_ascii_hexdigit).take(12).collect();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let dispatch = repo.common_dir().join("dispatch");
        Aside {
            folder: folder.with_file_name(format!(".{name}.undone-{uid}")),
            admin: dispatch.join(format!("undone-{name}-{uid}")),
        }
    }

    /// A worktree that was moved aside and not looked at again goes back to its place.
    fn bring_back(&self, repo: &Repo, folder: &Path) -> Result<()> {
        let listed = || worktrees(repo).map(|all| all.iter().any(|listed| listed.path == folder));
        if self.folder.symlink_metadata().is_ok() && folder.symlink_metadata().is_err() && listed()? {
            return rename(&self.folder, folder);
        }
        Ok(())
    }

    fn take(&self, repo: &Repo, listed: &Listed, harmless: &Harmless) -> Result<()> {
        rename(&listed.path, &self.folder)?;
        let since = leavings(repo, &self.folder, &listed.path, harmless);
        if since.is_empty() {
            return self.take_admin(listed);
        }
        rename(&self.folder, &listed.path)?;
        let what = format!("'{}' was changed while it was taken back", listed.path.display());
        Err(Failure::new(Exit::Halfway, what).into())
    }

    fn take_admin(&self, listed: &Listed) -> Result<()> {
        let made = self.admin.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.with_context(|| format!("could not make a folder for '{}'", self.admin.display()))?;
        rename(&listed.admin_dir, &self.admin)?;
        // As git does it: the folder goes with the last worktree, and is made again with the next.
        let _ = listed.admin_dir.parent().map(std::fs::remove_dir);
        Ok(())
    }

    fn remove(&self) -> Result<()> {
        for path in [&self.folder, &self.admin] {
            match std::fs::remove_dir_all(path) {
                Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                    let what = format!("could not remove '{}', which was taken back: {fault}", path.display());
                    return Err(Failure::new(Exit::Halfway, what).into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).with_context(|| format!("could not move '{}' to '{}'", from.display(), to.display()))
}
