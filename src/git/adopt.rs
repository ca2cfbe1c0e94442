//! Taking a branch or worktree that exists as a task's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::program::{failed, run};
use super::repo::{Repo, ours, theirs};
use super::start::{base_ref, update_refs};
use super::worktrees::{Listed, worktrees};
use crate::model::adopt::{Adoption, Found};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;

/// What `what` names: a worktree by its path, else a local branch. `None` if it is neither.
///
/// # Errors
/// Worktrees or refs cannot be read.
pub fn find_adoptable(repo: &Repo, dir: &Path, what: &OsStr) -> Result<Option<Found>> {
    let listed = worktrees(repo)?;
    let path = dir.join(what).canonicalize().ok().filter(|_| !what.is_empty());
    if let Some(one) = path.and_then(|path| listed.iter().find(|one| one.path == path)) {
        return found(repo, one.clone()).map(Some);
    }
    let Some(name) = what.to_str() else { return Ok(None) };
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    let full = format!("refs/heads/{name}");
    if gix::refs::FullName::try_from(full.as_str()).is_err() {
        return Ok(None);
    }
    let Some(tip) = repo.commit_of(&full)? else { return Ok(None) };
    let checked_out = listed.into_iter().find(|one| one.head == Head::Branch(name.to_owned()));
    Ok(Some(match checked_out {
        Some(one) => found(repo, one)?,
        None => Found { branch: Some(name.to_owned()), tip, worktree: None, operation: None, main: false },
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
    Ok(Found { branch, tip, worktree, operation: listed.operation, main: listed.main })
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
        .hint("git worktree move PATH NEW-PATH")
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

/// Gives a detached worktree the task's branch, and keeps the base. Neither its files nor its index are touched.
///
/// # Errors
/// A ref cannot be made, or the worktree's HEAD cannot be moved onto it; running it again goes on from there.
pub fn carry_out(repo: &Repo, adoption: &Adoption) -> Result<()> {
    let task = &adoption.snapshot;
    let mut edits = format!("update {}\0{}\0\0", base_ref(&task.id), task.base);
    let branch = format!("refs/heads/{}", task.branch);
    if adoption.make_branch && repo.commit_of(&branch)?.is_none() {
        edits.push_str(&format!("create {branch}\0{}\0", adoption.tip));
    }
    let reason = format!("dispatch: adopt {}", task.id);
    update_refs(repo, &edits, &reason)?;
    let Some(folder) = adoption.worktree.as_ref().filter(|_| adoption.make_branch) else { return Ok(()) };
    let mut command = repo.git.command(folder);
    command.args(["symbolic-ref", "-m", &reason, "HEAD", &format!("refs/heads/{}", task.branch)]);
    let output = run(&mut command)?;
    let attached = worktrees(repo)?.iter().any(|one| one.head == Head::Branch(task.branch.clone()));
    if attached { Ok(()) } else { Err(failed(&command, &output).into()) }
}
