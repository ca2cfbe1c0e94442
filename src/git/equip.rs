//! That a worktree is not ready to be worked in yet, in a file of its admin folder: it goes with the worktree, whoever removes that.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::halfway::linked_admin;
use super::repo::Repo;
use super::worktrees::Listed;

/// Stands in the admin folder until copies and the setup command have ended well.
const WANTED: &str = "dispatch-unequipped";

/// Writes that the worktree at `folder` is to be equipped.
///
/// # Errors
/// It is no linked worktree, or the file cannot be written.
pub fn want_equipped(repo: &Repo, folder: &Path) -> Result<()> {
    let mark =
        mark(repo, folder).with_context(|| format!("'{}' is no worktree of this repository", folder.display()))?;
    std::fs::write(&mark, "").with_context(|| format!("could not write '{}'", mark.display()))
}

/// Takes that back: it is ready.
///
/// # Errors
/// The file cannot be removed.
pub fn equipped(repo: &Repo, folder: &Path) -> Result<()> {
    let Some(mark) = mark(repo, folder) else { return Ok(()) };
    match std::fs::remove_file(&mark) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(fault).with_context(|| format!("could not remove '{}'", mark.display()))
        }
        _ => Ok(()),
    }
}

/// Whether a worktree is to be equipped still.
pub(super) fn is_wanted(listed: &Listed) -> bool {
    listed.admin_dir.join(WANTED).symlink_metadata().is_ok()
}

/// Only in an admin folder of this repository: what a `.git` names is a worker's word.
fn mark(repo: &Repo, folder: &Path) -> Option<PathBuf> {
    let admin = linked_admin(folder)?.canonicalize().ok()?;
    let all = repo.common_dir().join("worktrees").canonicalize().ok()?;
    (admin.parent() == Some(&all)).then(|| admin.join(WANTED))
}
