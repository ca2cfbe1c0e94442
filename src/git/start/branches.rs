//! The branches of tasks, and the refs that keep their bases: all of a start in one transaction.

use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, anyhow};

use super::super::program::failed;
use super::super::repo::Repo;
use super::super::stale;
use super::base_ref;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::Snapshot;
use crate::model::text::shell_word;

/// Makes branch and base ref of each task that lacks them; whether it did, or why it could not.
pub(super) fn make_all(repo: &Repo, tasks: &[&Snapshot]) -> Vec<Result<bool>> {
    let wanting: Vec<bool> = tasks.iter().map(|task| matches!(stands(repo, task), Ok(false))).collect();
    let new: Vec<&Snapshot> =
        tasks.iter().zip(&wanting).filter(|(_, wanting)| **wanting).map(|(task, _)| *task).collect();
    if new.len() > 1 {
        let edits: String = new.iter().map(|task| edits(task)).collect();
        // Whatever comes of it, each task is looked at below, and tried alone.
        let _ = update_refs(repo, &edits, "dispatch: start");
    }
    let made = |(task, wanting): (&&Snapshot, bool)| make(repo, task).map(|made| made || wanting);
    tasks.iter().zip(wanting).map(made).collect()
}

/// Whether the task has both already.
///
/// # Errors
/// Another branch has its name.
fn stands(repo: &Repo, task: &Snapshot) -> Result<bool> {
    clear_locks(repo, task)?;
    if repo.commit_of(&format!("refs/heads/{}", task.branch))?.is_none() {
        return Ok(false);
    }
    if repo.commit_of(&base_ref(&task.id))? == Some(task.base) {
        return Ok(true);
    }
    // The base is kept first, so a branch without it is none of ours.
    let what = format!("branch '{}' is in the way of task '{}'", task.branch, task.id);
    Err(Failure::new(Exit::Halfway, what)
        .hint(format!("use 'git branch -m {} NEW-NAME' to free the name", shell_word(&task.branch)))
        .into())
}

fn clear_locks(repo: &Repo, task: &Snapshot) -> Result<()> {
    stale::clear_stale_lock(repo, &format!("refs/heads/{}", task.branch))?;
    stale::clear_stale_lock(repo, &base_ref(&task.id))
}

fn edits(task: &Snapshot) -> String {
    format!("update {}\0{1}\0\0create refs/heads/{2}\0{1}\0", base_ref(&task.id), task.base, task.branch)
}

fn make(repo: &Repo, task: &Snapshot) -> Result<bool> {
    let branch = format!("refs/heads/{}", task.branch);
    let base = base_ref(&task.id);
    if stands(repo, task)? {
        return Ok(false);
    }
    let said = update_refs(repo, &edits(task), &format!("dispatch: start {}", task.id));
    // Exit codes lie both ways: the refs themselves say how it ended.
    match (repo.commit_of(&branch)?, repo.commit_of(&base)?) {
        (Some(_), Some(kept)) if kept == task.base => {
            if said.is_err() {
                clear_locks(repo, task)?;
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
pub(in crate::git) fn update_refs(repo: &Repo, edits: &str, reason: &str) -> Result<()> {
    let mut command = repo.command();
    // One lock is for all refs of a reftable: another git may well have it for a moment. (Milliseconds, of which git waits 100.)
    command.args(["-c", "core.fsync=committed,loose-object,reference", "-c", "reftable.lockTimeout=2000"]);
    command.args(["update-ref", "--create-reflog", "-m", reason]);
    command.args(["--stdin", "-z"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("could not run 'git update-ref'")?;
    let mut stdin = child.stdin.take().context("could not talk to 'git update-ref'")?;
    // A git that died early says why on stderr; the broken pipe says nothing.
    let _ = stdin.write_all(edits.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().context("could not wait for 'git update-ref'")?;
    if output.status.success() { Ok(()) } else { Err(failed(&command, &output).into()) }
}
