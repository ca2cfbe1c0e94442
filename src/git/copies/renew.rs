//! Copies that are not as the original is now.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, openat, statat, unlinkat};

use super::super::repo::Repo;
use super::walk::print_of;
use super::{FOLDER, opened, record};
use crate::model::copies::Print;
use crate::model::id::TaskId;

/// Removes from the worktree `folder`, which is nobody's work, the copies recorded under `id` that look otherwise than the files of the
/// main worktree do: [`super::Copies::make`] replaces nothing. What cannot be removed stays.
pub fn drop_stale_copies(repo: &Repo, id: &TaskId, folder: &Path) {
    let Some((main, place)) = repo.main_worktree().and_then(|main| Some((opened(main).ok()?, opened(folder).ok()?)))
    else {
        return;
    };
    for path in record::known(repo, id).keys() {
        let (here, original) = (look(&place, path), look(&main, path).map(|(_, print)| print));
        if let Some((above, print)) = here
            && !original.is_some_and(|original| print.is_still(&original))
        {
            let _ = unlinkat(&above, name(path), AtFlags::empty());
        }
    }
}

fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// The folder of a file and how the file looks; no symlink is followed on the way.
fn look(top: &OwnedFd, path: &[u8]) -> Option<(OwnedFd, Print)> {
    let mut above = openat(top, ".", FOLDER, Mode::empty()).ok()?;
    let mut folders: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
    folders.pop();
    for folder in folders {
        above = openat(&above, folder, FOLDER, Mode::empty()).ok()?;
    }
    let found = statat(&above, name(path), AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some((above, print_of(&found)))
}
