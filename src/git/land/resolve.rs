//! A merge of the target in the worktree of a task. No hook of the branch runs.

use std::path::Path;

use anyhow::{Context, Result};

use crate::git::program::{failed, run, stdout_of};
use crate::git::repo::Repo;
use crate::git::worktrees::worktrees;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// How a merge ended.
pub enum Merging {
    /// The branch is at this commit now.
    Merged(Oid),
    /// These conflict, and wait to be resolved.
    Stopped(Vec<TreePath>),
}

fn git(repo: &Repo, folder: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = repo.git.command(folder);
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.editor=true", "-c", "rerere.autoUpdate=false"]);
    command.args(arguments);
    command
}

/// Merges `target` into what is checked out in `folder`.
///
/// # Errors
/// git failed otherwise than by conflicts.
pub fn merge_into(repo: &Repo, folder: &Path, target: (&str, Oid), branch: &str) -> Result<Merging> {
    let message = format!("Merge {} into {branch}", target.0);
    let commit = target.1.to_string();
    let mut command = git(repo, folder, &["merge", "--no-ff", "--no-edit", "-m", &message, &commit]);
    let output = run(&mut command)?;
    if output.status.success() {
        let name = format!("refs/heads/{branch}");
        return Ok(Merging::Merged(repo.commit_of(&name)?.with_context(|| format!("'{name}' is gone"))?));
    }
    let paths = unmerged(repo, folder)?;
    if paths.is_empty() {
        return Err(failed(&command, &output).into());
    }
    Ok(Merging::Stopped(paths))
}

fn unmerged(repo: &Repo, folder: &Path) -> Result<Vec<TreePath>> {
    let said = stdout_of(&mut git(repo, folder, &["diff", "--name-only", "-z", "--diff-filter=U"]))?;
    Ok(said.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(TreePath::new).collect())
}

/// A merge that stands in a worktree.
pub struct Merge {
    /// What is merged.
    pub other: Oid,
    /// Where the branch was before, if it is concluded.
    pub on: Option<Oid>,
}

/// What is being merged in `folder`, or was by its last commit.
///
/// # Errors
/// Worktrees cannot be read.
pub fn merging_in(repo: &Repo, folder: &Path) -> Result<Option<Merge>> {
    let Some(listed) = worktrees(repo)?.into_iter().find(|listed| listed.path == folder) else { return Ok(None) };
    let head = std::fs::read(listed.admin_dir.join("MERGE_HEAD")).unwrap_or_default();
    if let Some(other) = std::str::from_utf8(&head).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(Some(Merge { other, on: None }));
    }
    let said = run(&mut git(repo, folder, &["rev-list", "--no-walk", "--parents", "HEAD"]))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut parents = said.split_whitespace().skip(1).map(str::parse::<Oid>);
    Ok(match (parents.next(), parents.next(), parents.next()) {
        (Some(Ok(on)), Some(Ok(other)), None) => Some(Merge { other, on: Some(on) }),
        _ => None,
    })
}

/// Commits the merge that is under way in `folder`; what is left to resolve, if anything is.
///
/// # Errors
/// git failed.
pub fn conclude(repo: &Repo, folder: &Path) -> Result<Option<Vec<TreePath>>> {
    let paths = unmerged(repo, folder)?;
    if !paths.is_empty() {
        return Ok(Some(paths));
    }
    let mut command = git(repo, folder, &["commit", "--no-edit", "-q"]);
    let output = run(&mut command)?;
    if output.status.success() { Ok(None) } else { Err(failed(&command, &output).into()) }
}

/// Takes the merge back that is under way in `folder`.
///
/// # Errors
/// git failed ([`Exit::Git`]).
pub fn leave_merge(repo: &Repo, folder: &Path) -> Result<()> {
    let mut command = git(repo, folder, &["merge", "--abort"]);
    let output = run(&mut command)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure { exit: Exit::Git, ..failed(&command, &output) }.into())
}
