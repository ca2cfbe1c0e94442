//! Taking a branch or worktree that exists as a task's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::locked::lock_worktree;
use super::program::{failed, run};
use super::repo::{Repo, ours, theirs};
use super::start::{base_ref, update_refs};
use super::worktrees::{Listed, worktrees};
use crate::model::adopt::{Adoption, Found};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;

/// What `what` names: a worktree by its path, else a local branch, else the linked worktree that a folder lies in.
/// `None` if it is none of them. A folder of the main worktree names nothing: it is too easily a mistyped branch.
///
/// # Errors
/// Worktrees or refs cannot be read.
pub fn find_adoptable(repo: &Repo, dir: &Path, what: &OsStr) -> Result<Option<Found>> {
    let listed = worktrees(repo)?;
    let path = dir.join(what).canonicalize().ok().filter(|_| !what.is_empty());
    if let Some(one) = path.as_ref().and_then(|path| listed.iter().find(|one| one.path == *path)) {
        return found(repo, one.clone()).map(Some);
    }
    if let Some(branch) = named_branch(repo, &listed, what)? {
        return Ok(Some(branch));
    }
    // The nearest `.git` above says which worktree it is, or that another repository lies between.
    let top = path.filter(|path| path.is_dir());
    let top = top.as_ref().and_then(|path| path.ancestors().find(|above| above.join(".git").exists()));
    let holder = top.and_then(|top| listed.into_iter().find(|one| one.path == top && !one.main));
    holder.map(|one| found(repo, one)).transpose()
}

fn named_branch(repo: &Repo, listed: &[Listed], what: &OsStr) -> Result<Option<Found>> {
    let Some(name) = what.to_str() else { return Ok(None) };
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    let full = format!("refs/heads/{name}");
    if gix::refs::FullName::try_from(full.as_str()).is_err() {
        return Ok(None);
    }
    let Some(tip) = repo.commit_of(&full)? else { return Ok(None) };
    let checked_out = listed.iter().find(|one| one.head == Head::Branch(name.to_owned()));
    Ok(Some(match checked_out {
        Some(one) => found(repo, one.clone())?,
        None => {
            let branch = Some(name.to_owned());
            Found { branch, tip, worktree: None, operation: None, main: false, locked: false }
        }
    }))
}

fn found(repo: &Repo, listed: Listed) -> Result<Found> {
    let (branch, tip) = match &listed.head {
        Head::Branch(name) => {
            let tip = repo.commit_of(&format!("refs/heads/{name}"))?;
            (Some(name.clone()), tip.with_context(|| format!("branch '{name}' has no commit yet"))?)
        }
        Head::Detached(tip) => (None, *tip),
        Head::Missing => return Err(anyhow!("worktree '{}' is gone or broken", listed.path.display())),
    };
    let worktree = Some(listed.path).filter(|_| !listed.bare);
    let (operation, locked) = (listed.operation, listed.locked.is_some());
    Ok(Found { branch, tip, worktree, operation, main: listed.main, locked })
}

/// The best common ancestor of two commits; `None` if they share no history.
///
/// # Errors
/// A commit cannot be read.
pub fn merge_base(repo: &Repo, one: Oid, other: Oid) -> Result<Option<Oid>> {
    let bases = repo
        .gix
        .merge_bases_many(theirs(one), &[theirs(other)])
        .map_err(|fault| anyhow!("could not find the merge base of {one} and {other}: {fault}"))?;
    Ok(bases.first().map(|base| ours(base)))
}

/// How the ledger names a worktree's folder: relative to the main worktree.
///
/// # Errors
/// The path is no UTF-8, and the ledger is JSON ([`Exit::Refused`]).
pub fn recorded_path(repo: &Repo, folder: &Path) -> Result<String> {
    let path = relative(repo.anchor(), folder);
    let refused = || {
        Failure::new(
            Exit::Refused,
            format!("the path '{}' is no UTF-8, and the ledger cannot hold it", folder.display()),
        )
        .hint("use 'git worktree move PATH NEW-PATH' to give it another name")
    };
    Ok(path.to_str().ok_or_else(refused)?.to_owned())
}

/// `folder` relative to `from`, both absolute and without `..`.
fn relative(from: &Path, folder: &Path) -> PathBuf {
    let shared = from.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Path::new("..").to_owned());
    let down = folder.components().skip(shared).map(|part| PathBuf::from(part.as_os_str()));
    up.chain(down).collect()
}

/// Gives a detached worktree the task's branch, keeps the base, and locks the worktree. Neither its files nor its index are
/// touched.
///
/// # Errors
/// A ref cannot be made, the worktree's HEAD cannot be moved onto it, or it cannot be locked; running it again goes on from
/// there.
pub fn carry_out(repo: &Repo, adoption: &Adoption) -> Result<()> {
    let task = &adoption.snapshot;
    let mut edits = format!("update {}\0{}\0\0", base_ref(&task.id), task.base);
    let branch = format!("refs/heads/{}", task.branch);
    if adoption.make_branch && repo.commit_of(&branch)?.is_none() {
        edits.push_str(&format!("create {branch}\0{}\0", adoption.tip));
    }
    let reason = format!("dispatch: adopt {}", task.id);
    update_refs(repo, &edits, &reason)?;
    let Some(folder) = &adoption.worktree else { return Ok(()) };
    if adoption.make_branch {
        attach(repo, folder, &branch, &reason)?;
    }
    if adoption.lock { lock_worktree(repo, &task.id, folder) } else { Ok(()) }
}

/// Moves the HEAD of the worktree `folder` onto `branch`, a full name.
fn attach(repo: &Repo, folder: &Path, branch: &str, reason: &str) -> Result<()> {
    let mut command = repo.git.command(folder);
    command.args(["symbolic-ref", "-m", reason, "HEAD", branch]);
    let output = run(&mut command)?;
    let on_it = |head: &Head| matches!(head, Head::Branch(name) if branch.strip_prefix("refs/heads/") == Some(name));
    let attached = worktrees(repo)?.iter().any(|one| on_it(&one.head));
    if attached { Ok(()) } else { Err(failed(&command, &output).into()) }
}
