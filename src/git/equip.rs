//! That a worktree is not ready to be worked in yet, in a file of its admin folder: it goes with the worktree, whoever removes that.
//! As long as somebody makes it ready, that file is locked.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, OFlags, flock};

use super::halfway::linked_admin;
use super::repo::Repo;
use super::worktrees::Listed;

/// Stands in the admin folder until copies and the setup command have ended well.
const WANTED: &str = "dispatch-unequipped";

/// The right to make a worktree ready, which ends when this is dropped, also when the process dies. Children do not inherit it.
pub struct Equipping {
    mark: PathBuf,
    _file: File,
    /// Nobody wanted it before.
    new: bool,
}

impl Equipping {
    /// It is ready.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn done(self) -> Result<()> {
        remove(&self.mark)
    }

    /// Nothing was done: what was not wanted before is not wanted now.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn leave_off(self) -> Result<()> {
        if self.new { remove(&self.mark) } else { Ok(()) }
    }
}

/// Writes that the worktree at `folder` is to be equipped, for the caller to do that; `None` where another process is at it.
///
/// # Errors
/// It is no linked worktree, or the file cannot be written or locked.
pub fn want_equipped(repo: &Repo, folder: &Path) -> Result<Option<Equipping>> {
    let mark =
        mark(repo, folder).with_context(|| format!("'{}' is no worktree of this repository", folder.display()))?;
    loop {
        let new = mark.symlink_metadata().is_err();
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
        let file = options.open(&mark).with_context(|| format!("could not write '{}'", mark.display()))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // Whoever held it may have brought it to its end, and removed the file, in between.
            Ok(()) if is_at(&file, &mark) => return Ok(Some(Equipping { mark, _file: file, new })),
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(fault) => return Err(fault).with_context(|| format!("could not lock '{}'", mark.display())),
        }
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let same =
        |(one, other): (std::fs::Metadata, std::fs::Metadata)| (one.dev(), one.ino()) == (other.dev(), other.ino());
    file.metadata().ok().zip(path.symlink_metadata().ok()).is_some_and(same)
}

fn remove(mark: &Path) -> Result<()> {
    match std::fs::remove_file(mark) {
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
