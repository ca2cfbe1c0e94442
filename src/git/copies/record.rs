//! What was copied is remembered in `dispatch/copies/<id>` of the common git dir, so that `undo` knows it again.

use anyhow::{Context, Result};

use super::super::cache_file::CacheFile;
use super::super::repo::Repo;
use super::place::Site;
use super::walk::Folder;
use crate::model::copies::{Prints, read, written};
use crate::model::id::TaskId;

const MAGIC: &[u8] = b"git-dispatch copies 1\n";

fn file(repo: &Repo, id: &TaskId) -> CacheFile {
    CacheFile::below(repo.common_dir(), format!("dispatch/copies/{id}"))
}

/// What was copied into the worktree of a task; nothing where that is not known.
pub(in crate::git) fn known(repo: &Repo, id: &TaskId) -> Prints {
    file(repo, id).read(MAGIC).and_then(|text| read(&text)).unwrap_or_default()
}

/// Adds what `site` is going to get.
///
/// # Errors
/// It cannot be written.
pub(super) fn remember(repo: &Repo, id: &TaskId, site: &Site, folders: &[Folder]) -> Result<()> {
    if site.is_complete() {
        return Ok(());
    }
    let mut prints = known(repo, id);
    for (folder, wants) in folders.iter().zip(&site.wants) {
        for (entry, _) in folder.files.iter().zip(wants).filter(|(_, wants)| **wants) {
            prints.insert(folder.path_of(&entry.name), entry.print);
        }
    }
    file(repo, id).replace(MAGIC, &written(&prints)).context("could not remember what is copied")
}

/// Called when the worktree is gone.
pub(in crate::git) fn forget(repo: &Repo, id: &TaskId) {
    let folder = repo.common_dir().join("dispatch/copies");
    // What cannot be removed is known to belong to nothing: its files are not there.
    let _ = std::fs::remove_file(folder.join(id.as_str())).and_then(|()| std::fs::remove_dir(&folder));
}
