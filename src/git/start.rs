//! Making what a `start` decided: a branch, a ref that keeps its base, a worktree. Every step is verified by re-reading,
//! and what already stands is no longer work, so that running it again completes it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, anyhow};
use gix::bstr::ByteSlice;

use super::by_git;
use super::halfway;
use super::lock::Lock;
use super::locked::{lock_reason, lock_worktree};
use super::program::failed;
use super::repo::Repo;
use super::worktrees::{Listed, worktrees};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::Snapshot;
use crate::model::made::Made;
use crate::model::start::{Ground, Place};
use crate::model::text::shell_word;

/// The ref that keeps the base of a task from being collected.
pub fn base_ref(id: &TaskId) -> String {
    format!("refs/dispatch/base/{id}")
}

/// What stands where the branches and worktrees of `places` would be made.
///
/// # Errors
/// The refs cannot be read.
pub fn ground(repo: &Repo, places: &BTreeMap<TaskId, Place>) -> Result<Ground> {
    let occupied = places.values().filter_map(|place| Some((place.folder.clone(), occupant(&place.folder)?)));
    let main_worktree = repo.main_worktree().map(Path::to_owned);
    Ok(Ground { branches: branch_names(repo)?, occupied: occupied.collect(), main_worktree })
}

/// All local branches, without `refs/heads/`; those whose names are no UTF-8 are shown lossily.
///
/// # Errors
/// The refs cannot be read.
pub fn branch_names(repo: &Repo) -> Result<BTreeSet<String>> {
    let read = |fault: &dyn std::fmt::Display| anyhow!("could not list the branches: {fault}");
    let refs = repo.gix.references().map_err(|fault| read(&fault))?;
    let heads = refs.local_branches().map_err(|fault| read(&fault))?;
    // A ref that cannot be read still occupies its name, but has none to tell; making the branch will say so.
    Ok(heads.filter_map(Result::ok).map(|head| head.name().shorten().to_str_lossy().into_owned()).collect())
}

/// What is at a path, followed through nothing: a symlink to an empty folder is in the way too, for git would write through it.
fn occupant(folder: &Path) -> Option<String> {
    let kind = match std::fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => "a symlink",
        Ok(found) if found.is_dir() => "a folder",
        Ok(_) => "a file",
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return None,
        Err(_) => "something unreadable",
    };
    Some(kind.to_owned())
}

/// What [`make`] would leave behind.
pub fn would_make(repo: &Repo, task: &Snapshot) -> Made {
    let folder = absolute(repo, task.path.as_deref().unwrap_or_default());
    Made { id: task.id.clone(), branch: task.branch.clone(), folder, base: task.base, already: false }
}

/// Makes branch, base ref and worktree of one task whose intent stands in the ledger.
///
/// # Errors
/// A step failed, or did not do what it said. What was made so far stays, and the same call goes on from there.
pub fn make(repo: &Repo, held: &Lock, task: &Snapshot, lock: bool) -> Result<Made> {
    let branched = make_branch(repo, task)?;
    let path = task.path.as_deref().with_context(|| format!("the ledger knows no path for task '{}'", task.id))?;
    let folder = resolved(&absolute(repo, path));
    let reason = lock.then(|| lock_reason(&task.id));
    let (listed, added) = match find(repo, task, &folder)? {
        Some(listed) => (listed, false),
        None => (add_worktree(repo, held, task, &folder, reason.as_deref())?, true),
    };
    if lock && listed.locked.is_none() && !listed.main {
        lock_worktree(repo, &task.id, &listed.path)?;
    }
    let folder = listed.path;
    Ok(Made { id: task.id.clone(), branch: task.branch.clone(), folder, base: task.base, already: !branched && !added })
}

/// A path of the ledger or of a template, made absolute without asking the file system.
pub fn absolute(repo: &Repo, path: &str) -> PathBuf {
    let mut folder = repo.anchor().to_owned();
    for part in Path::new(path).components() {
        match part {
            std::path::Component::ParentDir => {
                folder.pop();
            }
            std::path::Component::CurDir => {}
            part => folder.push(part),
        }
    }
    folder
}

/// `folder` as git will record it: with the links above it resolved.
fn resolved(folder: &Path) -> PathBuf {
    let above = folder.ancestors().skip(1).find_map(|above| Some((above, above.canonicalize().ok()?)));
    above.and_then(|(above, real)| Some(real.join(folder.strip_prefix(above).ok()?))).unwrap_or(folder.to_owned())
}

/// Whether a worktree at `folder` would lie below the anchor's parent, symlinks resolved: a task file may place it no further.
///
/// # Errors
/// It would not ([`Exit::Usage`]).
pub fn stays_beside(repo: &Repo, folder: &Path) -> Result<()> {
    let parent = repo.anchor().parent().unwrap_or(repo.anchor());
    let inside_git = folder.starts_with(repo.common_dir());
    let existing = folder.ancestors().skip(1).find_map(|above| above.canonicalize().ok());
    if !inside_git && existing.is_some_and(|above| above.starts_with(parent)) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        format!("the template 'worktree' leads to '{}', outside of '{}'", folder.display(), parent.display()),
    )
    .hint("use 'git config dispatch.worktree TEMPLATE' to place worktrees anywhere")
    .into())
}

fn make_branch(repo: &Repo, task: &Snapshot) -> Result<bool> {
    let branch = format!("refs/heads/{}", task.branch);
    let base = base_ref(&task.id);
    let clear_locks = || [&branch, &base].into_iter().try_for_each(|name| halfway::clear_stale_lock(repo, name));
    clear_locks()?;
    let exists = repo.commit_of(&branch)?.is_some();
    if exists && repo.commit_of(&base)? == Some(task.base) {
        return Ok(false);
    }
    if exists {
        // The base is kept first, so a branch without it is none of ours.
        let what = format!("branch '{}' is in the way of task '{}'", task.branch, task.id);
        return Err(Failure::new(Exit::Halfway, what)
            .hint(format!("use 'git branch -m {} NEW-NAME' to free the name", shell_word(&task.branch)))
            .into());
    }
    let edits = format!("update {base}\0{}\0\0create {branch}\0{0}\0", task.base);
    let said = update_refs(repo, &edits, &format!("dispatch: start {}", task.id));
    // Exit codes lie both ways: the refs themselves say how it ended.
    match (repo.commit_of(&branch)?, repo.commit_of(&base)?) {
        (Some(_), Some(kept)) if kept == task.base => {
            if said.is_err() {
                clear_locks()?;
            }
            Ok(true)
        }
        _ => {
            said?;
            Err(anyhow!("git made no branch '{}', although it said so", task.branch))
        }
    }
}

/// One transaction of `git update-ref --stdin -z`, synced to disk.
pub(super) fn update_refs(repo: &Repo, edits: &str, reason: &str) -> Result<()> {
    let mut command = repo.command();
    command.args(["-c", "core.fsync=committed,loose-object,reference", "update-ref", "--create-reflog", "-m", reason]);
    command.args(["--stdin", "-z"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("could not run 'git update-ref'")?;
    let mut stdin = child.stdin.take().context("could not talk to 'git update-ref'")?;
    // A git that died early says why on stderr; the broken pipe says nothing.
    let _ = stdin.write_all(edits.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().context("could not wait for 'git update-ref'")?;
    if output.status.success() { Ok(()) } else { Err(failed(&command, &output).into()) }
}

/// The finished worktree of this task, wherever it is now. A half-made one at the intended place is cleared away first.
fn find(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<Option<Listed>> {
    for listed in worktrees(repo)? {
        let ours = listed.path == folder;
        if (ours && halfway::is_half_made(&listed)) || halfway::is_stillborn(&listed, folder) {
            halfway::clear(repo, task, &listed, folder)?;
        } else if listed.head == Head::Branch(task.branch.clone()) {
            return Ok(Some(listed));
        } else if ours && listed.head != Head::Missing {
            return Err(Failure::new(
                Exit::Halfway,
                format!("worktree '{}' has something else checked out than branch '{}'", folder.display(), task.branch),
            )
            .hint(format!(
                "use 'git -C {} switch {}' to check it out there",
                shell_word(&folder.to_string_lossy()),
                shell_word(&task.branch)
            ))
            .into());
        }
    }
    Ok(None)
}

fn add_worktree(repo: &Repo, held: &Lock, task: &Snapshot, folder: &Path, reason: Option<&str>) -> Result<Listed> {
    if occupant(folder).as_deref() == Some("a folder") {
        // What git leaves when it is killed first of all; a folder with anything else in it stays.
        halfway::clear_orphan(repo, task, folder)?;
    }
    if let Some(what) = occupant(folder) {
        return Err(Failure::new(
            Exit::Halfway,
            format!("{what} is in the way of task '{}': '{}'", task.id, folder.display()),
        )
        .hint("move it away, then run the same command again")
        .into());
    }
    let branch = format!("refs/heads/{}", task.branch);
    let tip = repo.commit_of(&branch)?.with_context(|| format!("branch '{}' is gone", task.branch))?;
    let added = by_git::add((repo, held), folder, (&task.branch, tip), reason);
    if added.is_err() {
        halfway::clear_stale_lock(repo, &branch)?;
    }
    added
}
