//! Which task file is read, so that the answer never depends on the worktree one stands in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::read::read_bounded;
use super::repo::{Repo, theirs};
use super::worktrees::{main_worktree, on_branch};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;
use crate::model::taskfile::LONGEST_FILE;

/// The name of the task file at the top of a worktree.
pub const TASK_FILE: &str = "dispatch.toml";

/// A task file's text and where it came from.
#[derive(Debug, Clone)]
pub struct Source {
    /// As faults name it: `dispatch.toml`, `conf/tasks.toml`, `main:dispatch.toml`.
    pub name: String,
    pub text: Vec<u8>,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Named by `--file` or `dispatch.file`.
    Named(PathBuf),
    /// The file of a worktree.
    Worktree(PathBuf),
    /// The file in this commit, because no worktree has one.
    Commit(Oid),
}

impl Place {
    /// The folder in which the file changes, or would appear; `main` is the main worktree.
    pub fn folder<'a>(&'a self, main: Option<&'a Path>) -> Option<&'a Path> {
        match self {
            Place::Named(path) => path.parent(),
            Place::Worktree(folder) => Some(folder),
            Place::Commit(_) => main,
        }
    }
}

/// Reads the task file: `named` (from `--file`), else `dispatch.file`, else that of the worktree which has `target` checked
/// out, else the main worktree's, else the one in the target's tip. Without a target (none was given by config, the file
/// itself may name it) the main worktree's file is read.
///
/// # Errors
/// There is none, or it is no regular file of at most 32 MiB.
pub fn task_file(repo: &Repo, named: Option<&Path>, target: Option<&str>) -> Result<Source> {
    if let Some(path) = named {
        let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
        return from_path(path, shown, Place::Named(path.to_owned()));
    }
    if let Some(configured) = repo.config_path("dispatch.file") {
        let path = repo.anchor().join(&configured);
        return from_path(&path, configured.display().to_string(), Place::Named(path.clone()));
    }
    let main = repo.main_worktree().filter(|_| target.is_some_and(|target| main_has(repo, target)));
    let found = match main.filter(|folder| has_file(folder)) {
        Some(main) => Some(main.to_owned()),
        None => candidates(repo, target)?.into_iter().find(|folder| has_file(folder)),
    };
    if let Some(folder) = found {
        return from_path(&folder.join(TASK_FILE), TASK_FILE.to_owned(), Place::Worktree(folder));
    }
    if let Some(target) = target
        && let Some(source) = from_tip(repo, target)?
    {
        return Ok(source);
    }
    Err(Failure::new(Exit::Usage, format!("no {TASK_FILE} in this repository"))
        .hint("use 'git dispatch init' to write one to start from")
        .into())
}

fn has_file(folder: &Path) -> bool {
    folder.join(TASK_FILE).symlink_metadata().is_ok()
}

/// Whether the main worktree has `target` checked out: then no other needs to be looked for.
fn main_has(repo: &Repo, target: &str) -> bool {
    matches!(main_worktree(repo).head, Head::Branch(branch) if branch == target)
}

/// Worktrees whose file counts, the first that has one first.
fn candidates(repo: &Repo, target: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    if let Some(target) = target {
        folders.extend(on_branch(repo, target)?.into_iter().filter(|one| !one.bare).map(|one| one.path));
    }
    folders.extend(repo.main_worktree().map(Path::to_owned));
    Ok(folders)
}

fn from_path(path: &Path, name: String, place: Place) -> Result<Source> {
    Ok(Source { name, text: read_bounded(path)?, place })
}

fn from_tip(repo: &Repo, target: &str) -> Result<Option<Source>> {
    let tip = match repo.commit_of(&format!("refs/heads/{target}"))? {
        Some(tip) => Some(tip),
        None => repo.commit_of(&format!("refs/remotes/{target}"))?,
    };
    let Some(tip) = tip else { return Ok(None) };
    let found = blob_at(repo, tip, TASK_FILE, LONGEST_FILE)
        .with_context(|| format!("could not read '{TASK_FILE}' in '{target}'"))?;
    match found {
        None => Ok(None),
        Some(None) => {
            Err(Failure::new(Exit::Usage, format!("'{target}:{TASK_FILE}' is larger than {} MiB", LONGEST_FILE >> 20))
                .into())
        }
        Some(Some(text)) => Ok(Some(Source { name: format!("{target}:{TASK_FILE}"), text, place: Place::Commit(tip) })),
    }
}

/// The file at `path` in the tree of a commit: `None` where there is none, or no regular one, and within that where it has more than
/// `limit` bytes.
///
/// # Errors
/// It cannot be read.
pub(super) fn blob_at(repo: &Repo, commit: Oid, path: &str, limit: usize) -> Result<Option<Option<Vec<u8>>>> {
    let tree = repo.gix.find_commit(theirs(commit))?.tree()?;
    let entry = tree.lookup_entry_by_path(path)?;
    let Some(entry) = entry.filter(|entry| entry.mode().is_blob()) else { return Ok(None) };
    if repo.gix.find_header(entry.object_id())?.size() > limit as u64 {
        return Ok(Some(None));
    }
    Ok(Some(Some(entry.object()?.detach().data)))
}
