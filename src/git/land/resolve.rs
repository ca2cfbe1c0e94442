//! A merge of the target in the worktree of a task. No hook of the branch runs.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::git::cache_file::CacheFile;
use crate::git::program::{failed, run, stdout_of};
use crate::git::quarantine::Quarantine;
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

/// What `--resolve` began in the worktree of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolving {
    pub task: String,
    /// The tip before, and what is merged.
    pub tip: Oid,
    pub other: Oid,
}

const MAGIC: &[u8] = b"git-dispatch resolving 1\n";

fn file(repo: &Repo) -> CacheFile {
    CacheFile::below(repo.common_dir(), "dispatch/resolving")
}

/// Everything that was begun and neither landed nor taken back, oldest first.
pub fn resolving(repo: &Repo) -> Vec<Resolving> {
    let text = file(repo).read(MAGIC).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let one = |line: &str| {
        let mut fields = line.split_whitespace();
        let task = fields.next()?.to_owned();
        Some(Resolving { task, tip: fields.next()?.parse().ok()?, other: fields.next()?.parse().ok()? })
    };
    text.lines().filter_map(one).collect()
}

/// Records that the target is being merged for a task, or (`None`) is no more.
///
/// # Errors
/// The file cannot be written.
pub fn record_resolving(repo: &Repo, task: &str, begun: Option<Resolving>) -> Result<()> {
    let mut all = resolving(repo);
    all.retain(|one| one.task != task);
    all.extend(begun);
    let text: String = all.iter().map(|one| format!("{} {} {}\n", one.task, one.tip, one.other)).collect();
    let written = file(repo).replace(MAGIC, text.as_bytes());
    written.context("could not write 'dispatch/resolving' in the git directory")
}

/// Paths in which `merge`, a commit of what `begun` is of, has something else than git's own merge, but for those that conflicted: nobody
/// reported that.
///
/// # Errors
/// git failed.
pub fn changed_beside(repo: &Repo, quarantine: &Quarantine, begun: &Resolving, merge: Oid) -> Result<Vec<TreePath>> {
    let mut command = quarantine.command(repo)?;
    command.args(["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z"]);
    let output = run(command.args([begun.tip.to_string(), begun.other.to_string()]))?;
    let mut fields = output.stdout.split(|&byte| byte == 0);
    let tree = String::from_utf8_lossy(fields.next().unwrap_or_default()).trim().to_owned();
    if tree.is_empty() {
        return Err(failed(&command, &output).into());
    }
    let conflicts: Vec<TreePath> = fields.filter(|path| !path.is_empty()).map(TreePath::new).collect();
    let mut command = quarantine.command(repo)?;
    command.args(["diff-tree", "-r", "-z", "--no-renames", "--name-only", &tree, &format!("{merge}^{{tree}}")]);
    let said = stdout_of(&mut command)?;
    let paths = said.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(TreePath::new);
    Ok(paths.filter(|path| !conflicts.contains(path)).collect())
}

/// Files of `folder` among `paths` in which the marks of a conflict still stand.
pub fn with_marks(folder: &Path, paths: &[TreePath]) -> Vec<TreePath> {
    let marked = |path: &&TreePath| {
        let text = std::fs::read(folder.join(OsStr::from_bytes(path.as_bytes()))).unwrap_or_default();
        let has = |mark: &[u8]| text.split(|&byte| byte == b'\n').any(|line| line.starts_with(mark));
        has(b"<<<<<<< ") && has(b">>>>>>> ")
    };
    paths.iter().filter(marked).cloned().collect()
}

/// The paths that conflict when `begun` is merged.
///
/// # Errors
/// git failed.
pub fn conflicts_of(repo: &Repo, quarantine: &Quarantine, begun: &Resolving) -> Result<Vec<TreePath>> {
    let mut command = quarantine.command(repo)?;
    command.args(["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z"]);
    let output = run(command.args([begun.tip.to_string(), begun.other.to_string()]))?;
    let fields = output.stdout.split(|&byte| byte == 0).skip(1);
    Ok(fields.filter(|path| !path.is_empty()).map(TreePath::new).collect())
}
