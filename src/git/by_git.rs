//! A worktree made by git, in steps of which each can be killed: `git worktree add` as a whole removes a pseudo-ref on its way, and
//! for that holds `packed-refs.lock`, which a kill leaves behind and nobody can tell from that of a living git.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::checkout::hook;
use super::halfway::{INITIALIZING, is_half_made};
use super::lock::Lock;
use super::locked::write_lock;
use super::program::{failed, run, stdout_of};
use super::repo::Repo;
use super::sparse;
use super::worktrees::{Listed, worktrees};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;

/// What becomes of the worktree besides.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    /// Why it is locked in the end, if it is.
    pub reason: Option<&'a str>,
    /// The folders of a sparse checkout; none is the whole tree.
    pub sparse: &'a [String],
}

/// Makes a worktree at `folder` for `branch`, which points at `tip`, as `git worktree add` would: the files, the reflog, then the
/// hook.
///
/// # Errors
/// git failed. What it made is known as half-made: it is locked with git's own word for that.
pub(super) fn add(
    (repo, held): (&Repo, &Lock),
    folder: &Path,
    (branch, tip): (&str, Oid),
    how: How<'_>,
) -> Result<Listed> {
    if !how.sparse.is_empty() {
        sparse::allow(repo)?;
    }
    let listed = empty((repo, held), folder, branch)?;
    if !how.sparse.is_empty() {
        sparse::set((repo, held), &listed, how.sparse)?;
    }
    fill((repo, held), folder, &listed.admin_dir, tip)?;
    if let Some(hook) = hook::find(repo)? {
        hook.run(repo, held, folder, tip)?;
    }
    match how.reason {
        Some(reason) => write_lock(&listed, reason),
        None => std::fs::remove_file(listed.admin_dir.join("locked")),
    }
    .with_context(|| format!("could not lock or unlock worktree '{}'", folder.display()))?;
    find(repo, branch)?.filter(|listed| !is_half_made(listed)).ok_or_else(|| {
        let what = format!("'{}' is not the worktree of '{branch}' any more", folder.display());
        Failure::new(Exit::Halfway, what).into()
    })
}

/// Times that a `git worktree prune` beside it may remove what git is making.
const MOST_PRUNED: u32 = 20;

/// Has git make the worktree without files, locked as one that is being made.
fn empty((repo, held): (&Repo, &Lock), folder: &Path, branch: &str) -> Result<Listed> {
    // The hook runs when the files are there.
    let arguments = ["-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--no-checkout", "--lock"];
    let mut pruned = 0;
    loop {
        let mut command = repo.command();
        command.args(arguments).args(["--reason", INITIALIZING, "--"]).arg(folder).arg(branch).stdin(held.handed_on()?);
        let output = run(&mut command)?;
        // Exit codes lie both ways: the worktree itself says how it ended.
        if let Some(listed) = find(repo, branch)?.filter(|listed| listed.locked.as_deref() == Some(INITIALIZING)) {
            return Ok(listed);
        }
        let missing = String::from_utf8_lossy(&output.stderr).contains("No such file or directory");
        if !missing || pruned == MOST_PRUNED || folder.symlink_metadata().is_ok() {
            return Err(failed(&command, &output).into());
        }
        pruned += 1;
    }
}

/// Writes the files and what `git worktree add` has its `git reset --hard` leave beside them.
///
/// # Errors
/// git failed.
pub(super) fn fill((repo, held): (&Repo, &Lock), folder: &Path, admin: &Path, tip: Oid) -> Result<()> {
    let inside = |arguments: &[&str]| -> Result<Command> {
        let mut command = repo.git.command(folder);
        command.env("GIT_DIR", admin).env("GIT_WORK_TREE", folder).args(arguments).stdin(held.handed_on()?);
        Ok(command)
    };
    let index = || admin.join("index").symlink_metadata().ok().map(|found| found.ino());
    let before = index();
    let mut asked = inside(&["config", "--get-regexp", r"^filter\..*\.process$"])?;
    let told = run(&mut asked)?.status.success() && !is_empty(repo, tip)?;
    let files = if told { &[][..] } else { &["-u"] };
    let mut files = inside(&[&["read-tree", "--reset"], files, &["--no-recurse-submodules", "HEAD"]].concat())?;
    let output = run(&mut files)?;
    // The index comes last of all that is written, whatever the exit code says.
    let unwritten = index().is_none() || (index() == before && !output.status.success());
    if unwritten {
        return Err(failed(&files, &output).into());
    }
    if told {
        // Such a filter is told of the commit, which a reset does too: but killed, that may leave `packed-refs.lock`.
        let arguments = ["-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "--force", "--no-recurse-submodules"];
        must(inside(&[&arguments[..], &["HEAD", "--", ":/"]].concat())?)?;
    }
    let commit = tip.to_string();
    must(inside(&["update-ref", "ORIG_HEAD", &commit])?)?;
    must(inside(&["update-ref", "-m", "reset: moving to HEAD", "HEAD", &commit])?)
}

/// Whether the commit has no file: no pathspec is of one.
fn is_empty(repo: &Repo, tip: Oid) -> Result<bool> {
    let listed = stdout_of(repo.command().args(["ls-tree", "--name-only", &format!("{tip}^{{tree}}")]))?;
    Ok(listed.is_empty())
}

fn must(mut command: Command) -> Result<()> {
    let output = run(&mut command)?;
    if output.status.success() { Ok(()) } else { Err(failed(&command, &output).into()) }
}

fn find(repo: &Repo, branch: &str) -> Result<Option<Listed>> {
    Ok(worktrees(repo)?.into_iter().find(|listed| listed.head == Head::Branch(branch.to_owned())))
}
