//! Worktrees that are locked for their task, so that no `git worktree` command takes them away. Why, and what the reason names:
//! `docs/design/0007-locked-worktrees.md`.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::repo::Repo;
use super::worktrees::{Listed, worktrees};
use crate::model::id::TaskId;

/// Stands behind `task ID` where a worktree is locked for a task, before the command that releases it.
const ACTIVE: &str = " of git dispatch is active; '";

/// What `git worktree list` shows as the reason.
pub(super) fn lock_reason(id: &TaskId) -> String {
    format!("task {id}{ACTIVE}git dispatch drop {id}' releases it")
}

/// The id of the task that a worktree with this reason is locked for; earlier versions named git's own command.
pub(super) fn locked_for(reason: &str) -> Option<&str> {
    let (id, releases) = reason.strip_prefix("task ")?.split_once(ACTIVE)?;
    let command = releases.strip_suffix("' releases it")?;
    let known = command == "git worktree unlock" || command.strip_prefix("git dispatch drop ") == Some(id);
    known.then_some(id)
}

/// Locks the worktree at `folder` for its task, unless somebody locked it already. Its `locked` is written aside and renamed:
/// killed in `git worktree lock`, git leaves a lock without a reason, which would be taken for the user's.
///
/// # Errors
/// There is no such worktree, or it cannot be locked. Then it is as it was.
pub(super) fn lock_worktree(repo: &Repo, id: &TaskId, folder: &Path) -> Result<()> {
    let found = || Ok::<_, anyhow::Error>(worktrees(repo)?.into_iter().find(|listed| listed.path == *folder));
    let could_not = || format!("could not lock worktree '{}'", folder.display());
    let listed = found()?.filter(|listed| !listed.main).with_context(could_not)?;
    if listed.locked.is_some() {
        return Ok(());
    }
    write_lock(&listed, &lock_reason(id)).with_context(could_not)?;
    let locked = found()?.is_some_and(|listed| listed.locked.is_some());
    if locked { Ok(()) } else { Err(anyhow!("'{}' was unlocked while it was locked", folder.display())) }
}

/// Gives a worktree its reason, also in place of git's word for one that is half-made.
pub(super) fn write_lock(listed: &Listed, reason: &str) -> std::io::Result<()> {
    let aside = listed.admin_dir.join("locked.new");
    // One that a killed process left.
    if aside.symlink_metadata().is_ok() {
        std::fs::remove_file(&aside)?;
    }
    let mut file = File::create_new(&aside)?;
    let written = writeln!(file, "{reason}");
    let renamed = written.and_then(|()| std::fs::rename(&aside, listed.admin_dir.join("locked")));
    if renamed.is_err() {
        _ = std::fs::remove_file(&aside);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_is_read_from_the_reasons_of_all_versions() {
        let id: TaskId = "SCR-1".parse().unwrap();
        assert_eq!(locked_for(&lock_reason(&id)), Some("SCR-1"));
        assert_eq!(locked_for("task A of git dispatch is active; 'git worktree unlock' releases it"), Some("A"));
        for other in [
            "",
            "task A",
            "task A of git dispatch is active; 'git dispatch drop B' releases it",
            "A of git dispatch is active; 'git worktree unlock' releases it",
            "task A of git dispatch is active; 'rm -r A' releases it",
        ] {
            assert_eq!(locked_for(other), None, "{other:?}");
        }
    }
}
