//! Moving the own commits of a task to another base. Both bases are kept by refs until the new one is the task's.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::super::leavings::{Harmless, leavings};
use super::super::lock::Lock;
use super::super::program::{failed, run, stdout_of};
use super::super::reach::reachable;
use super::super::read::read_bounded;
use super::super::reflog;
use super::super::repo::Repo;
use super::super::stale::clear_stale_lock;
use super::super::start::{base_ref, update_refs};
use super::super::worktrees::worktrees;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::text::shell_word;
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
pub fn finish(repo: &Repo, id: &TaskId, base: Oid) -> Result<()> {
    let names = [base_ref(id), next_ref(id)];
    names.iter().try_for_each(|name| clear_stale_lock(repo, name))?;
    if kept(repo, id)? == (Some(base), None) {
        return Ok(());
    }
    let mut edits = format!("update {}\0{base}\0\0", names[0]);
    if let Some(next) = repo.commit_of(&names[1])? {
        edits.push_str(&format!("delete {}\0{next}\0", names[1]));
    }
    let said = update_refs(repo, &edits, &format!("dispatch: restack {id}"));
    match kept(repo, id)? {
        (Some(own), None) if own == base => Ok(()),
        _ => said.and(Err(anyhow!("git did not move '{}', although it said so", names[0]))),
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

/// What is not committed in a worktree, as a clause; `None`: nothing is.
pub fn has_changes(repo: &Repo, folder: &Path) -> Option<String> {
    leavings(repo, folder, folder, &Harmless::nothing()).into_iter().find_map(|left| match left {
        Obstacle::Changed(_, path, 1) => Some(format!("'{path}' is not committed")),
        Obstacle::Changed(_, path, all) => Some(format!("'{path}' and {} more are not committed", all - 1)),
        Obstacle::Unreadable(at, why) => Some(format!("'{}' cannot be looked at: {why}", at.display())),
        _ => None,
    })
}

/// How a rebase ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Rebased {
    /// The branch has this tip, which contains the new base.
    Done(Oid),
    /// It stopped, with conflicts in these paths, or for what git says.
    Stopped(Vec<TreePath>, String),
}

/// Puts the commits from `from` to the tip of `branch`, which is checked out in the clean worktree `folder`, onto `base`. The user's own hooks and signatures count, no editor opens, and no other
/// branch moves along.
///
/// # Errors
/// git refused: then nothing has moved.
pub fn rebase((repo, lock): (&Repo, &Lock), (folder, branch): (&Path, &str), from: Oid, base: Oid) -> Result<Rebased> {
    let mut command = repo.git.command(folder);
    for setting in ["rebase.backend=merge", "rebase.autoStash=false", "rebase.updateRefs=false"] {
        command.args(["-c", setting]);
    }
    command.args(["-c", "rebase.rebaseMerges=false", "rebase"]);
    command.args(["--onto", &base.to_string(), &from.to_string()]);
    command.env("GIT_EDITOR", ":").env("GIT_SEQUENCE_EDITOR", ":").stdin(lock.handed_on()?);
    let output = run(&mut command)?;
    // Exit codes lie both ways: the worktree and the branch say how it ended.
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == folder);
    if listed.is_none_or(|listed| listed.operation.is_some()) {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        return Ok(Rebased::Stopped(unmerged(repo, folder)?, first.trim_start_matches("error: ").to_owned()));
    }
    let tip = repo.commit_of(&format!("refs/heads/{branch}"))?.context("the branch is gone")?;
    if contains(repo, tip, base) {
        return Ok(Rebased::Done(tip));
    }
    Err(refused(repo, folder, failed(&command, &output)).into())
}

/// Whether the rebase that is under way in `folder` puts `tip` onto `base`: then it is the one that was begun here.
pub fn is_this_rebase(repo: &Repo, folder: &Path, tip: Oid, base: Oid) -> bool {
    let listed = worktrees(repo).ok().and_then(|all| all.into_iter().find(|listed| listed.path == folder));
    let says = |admin: &Path, name: &str, commit: Oid| {
        let said = read_bounded(&admin.join("rebase-merge").join(name)).unwrap_or_default();
        said.trim_ascii() == commit.to_string().as_bytes()
    };
    listed.is_some_and(|listed| says(&listed.admin_dir, "onto", base) && says(&listed.admin_dir, "orig-head", tip))
}

/// Whether nobody but git itself made a commit since that rebase began, as the reflog of its HEAD says. Going on would not do:
/// git strikes a commit off its list before it is made.
pub fn is_untouched(repo: &Repo, folder: &Path) -> bool {
    let listed = worktrees(repo).ok().and_then(|all| all.into_iter().find(|listed| listed.path == folder));
    let Some(listed) = listed else { return false };
    let log = reflog::of_head(repo, &listed.admin_dir);
    let log = String::from_utf8_lossy(&log);
    let messages = log.lines().rev().map(|line| line.split_once('\t').map_or("", |(_, message)| message));
    for message in messages {
        if message.starts_with("rebase (start)") {
            return true;
        }
        if !message.starts_with("rebase (pick)") {
            break;
        }
    }
    false
}

/// Ends a rebase that was killed when its branch had moved already: its own notes go, and HEAD is the branch.
///
/// # Errors
/// git failed.
pub fn quit_rebase(repo: &Repo, (folder, branch): (&Path, &str), tip: Oid) -> Result<()> {
    stdout_of(repo.git.command(folder).args(["rebase", "--quit"]))?;
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == folder);
    if listed.is_some_and(|listed| listed.detached == Some(tip)) {
        let name = format!("refs/heads/{branch}");
        stdout_of(repo.git.command(folder).args(["symbolic-ref", "-m", "dispatch: restack", "HEAD", &name]))?;
    }
    Ok(())
}

/// Takes back a rebase that was killed before its branch moved. The worktree must be clean, and nobody have gone on with it.
///
/// # Errors
/// git failed.
pub fn abort_rebase((repo, lock): (&Repo, &Lock), folder: &Path) -> Result<()> {
    let mut command = repo.git.command(folder);
    command.args(["rebase", "--abort"]).stdin(lock.handed_on()?);
    let output = run(&mut command)?;
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == folder);
    if listed.is_some_and(|listed| listed.operation.is_none()) {
        return Ok(());
    }
    Err(refused(repo, folder, failed(&command, &output)).into())
}

/// git's own refusal, with a lock of a dead git named as one.
fn refused(repo: &Repo, folder: &Path, said: Failure) -> Failure {
    let lock = worktrees(repo).ok().and_then(|all| all.into_iter().find(|listed| listed.path == folder));
    let lock = lock.map(|listed| listed.admin_dir.join("index.lock")).filter(|lock| lock.exists());
    let failure = Failure { exit: Exit::Halfway, ..said };
    match lock {
        Some(lock) => {
            let lock = lock.to_string_lossy();
            failure.hint(format!("use 'rm {}' if no git is at work there", shell_word(&lock)))
        }
        None => failure,
    }
}

/// Paths with conflicts in the index of a worktree, in git's order.
///
/// # Errors
/// git cannot read it.
pub fn unmerged(repo: &Repo, folder: &Path) -> Result<Vec<TreePath>> {
    let mut command = repo.git.command(folder);
    let said = stdout_of(command.args(["diff", "--name-only", "--no-renames", "--diff-filter=U", "-z"]))?;
    let mut paths: Vec<TreePath> =
        said.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(TreePath::new).collect();
    paths.dedup();
    Ok(paths)
}
