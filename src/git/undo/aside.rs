//! What is taken back, moved aside in one step each for worktree and admin folder.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::super::halfway;
use super::super::leavings::{Harmless, leavings_in_trash};
use super::super::repo::Repo;
use super::super::worktrees::{Listed, worktrees};
use super::branch_ref;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Batch, Snapshot};
use crate::model::undo::Left;

/// So many digits of a uid tell batches apart.
const SHORTEST_UID: usize = 8;

/// Where worktree and admin folder go in one step each, before their files are removed one by one.
pub(in crate::git) struct Aside {
    pub folder: PathBuf,
    pub admin: PathBuf,
}

impl Aside {
    pub(super) fn of(repo: &Repo, batch: &Batch, folder: &Path) -> Result<Aside> {
        Aside::named(repo, "undone", (&batch.uid, &batch.name), folder)
    }

    /// `kind` is what becomes of what stands in `folder`, by the event of `whom` with this uid.
    pub(in crate::git) fn named(repo: &Repo, kind: &str, (uid, whom): (&str, &str), folder: &Path) -> Result<Aside> {
        let known = uid;
        // The uid is another's word: no more of it than hexadecimal digits gets into a name.
        let uid: String = known.chars().filter(char::is_ascii_hexdigit).take(12).collect();
        if uid.len() < SHORTEST_UID {
            let what = format!("the uid '{known}' of {whom} is none that this program writes");
            return Err(Failure::new(Exit::Refused, what).hint("use 'git dispatch log --json' to see it").into());
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let dispatch = repo.common_dir().join("dispatch");
        Ok(Aside {
            folder: folder.with_file_name(format!(".{name}.{kind}-{uid}")),
            admin: dispatch.join(format!("{kind}-{name}-{uid}")),
        })
    }

    /// A worktree that was moved aside and not looked at again goes back to its place.
    pub(in crate::git) fn bring_back(&self, repo: &Repo, folder: &Path) -> Result<()> {
        let listed = || worktrees(repo).map(|all| all.iter().any(|listed| listed.path == folder));
        if self.folder.symlink_metadata().is_ok() && folder.symlink_metadata().is_err() && listed()? {
            return rename(&self.folder, folder);
        }
        Ok(())
    }

    pub(super) fn take(&self, of: (&Repo, &Snapshot), listed: &Listed, left: &Left, harmless: &Harmless) -> Result<()> {
        self.set_aside(of, listed, left, harmless)?;
        self.take_admin(listed)
    }

    /// Moves the folder, and looks at it once more: a worker may have written meanwhile.
    pub(in crate::git) fn set_aside(
        &self,
        (repo, task): (&Repo, &Snapshot),
        listed: &Listed,
        left: &Left,
        harmless: &Harmless,
    ) -> Result<()> {
        rename(&listed.path, &self.folder)?;
        let since = leavings_in_trash(repo, &self.folder, listed, harmless);
        if since.is_empty() && repo.commit_of(&branch_ref(task))? == left.tip {
            return Ok(());
        }
        rename(&self.folder, &listed.path)?;
        let what = format!("'{}' was changed while it was moved aside", listed.path.display());
        Err(Failure::new(Exit::Halfway, what).into())
    }

    pub(in crate::git) fn take_admin(&self, listed: &Listed) -> Result<()> {
        let made = self.admin.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.with_context(|| format!("could not make a folder for '{}'", self.admin.display()))?;
        rename(&listed.admin_dir, &self.admin)
    }

    pub(super) fn remove(&self) -> Result<()> {
        if halfway::linked_admin(&self.folder).is_some_and(|admin| admin.exists()) {
            let what = format!("'{}' was moved aside and is a worktree still", self.folder.display());
            return Err(Failure::new(Exit::Halfway, what)
                .hint("use 'git worktree list' to see what is in its place")
                .into());
        }
        for path in [&self.folder, &self.admin] {
            match remove(path) {
                Err(fault) if fault.kind() != ErrorKind::NotFound => {
                    let what = format!("could not remove '{}', which was taken back: {fault}", path.display());
                    return Err(Failure::new(Exit::Halfway, what).into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Removes a folder with all in it, also where that holds folders that nothing may be written to.
pub(in crate::git) fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(fault) if fault.kind() == ErrorKind::PermissionDenied => {
            let _ = open_up(path);
            std::fs::remove_dir_all(path)
        }
        outcome => outcome,
    }
}

fn open_up(folder: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

pub(in crate::git) fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).with_context(|| format!("could not move '{}' to '{}'", from.display(), to.display()))
}
