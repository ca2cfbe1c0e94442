//! Removing for good what a `drop` moved to the trash: the admin folder is renamed first, so that nobody brings back what is half
//! removed, then the files go, and last the ref by which all of it is known.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::drop::aside_of;
use super::halfway;
use super::leavings::{Harmless, disposable_in};
use super::lock::Lock;
use super::mounts::mounted_in;
use super::repo::Repo;
use super::sizes::weigh;
use super::undo::aside::{self, Aside};
use super::undo::{folder_of, remove_empty_above};
use super::unref;
use crate::model::id::TaskId;
use crate::model::ledger::Removal;
use crate::model::trash::{Goes, Item};

/// What a removal left in the trash of this clone; `None` where nothing of it is here (any more). Not weighed.
///
/// # Errors
/// The ref that keeps its tip cannot be read.
pub fn find_trash(repo: &Repo, removal: &Removal) -> Result<Option<Item>> {
    let kept = match removal.what.tip {
        Some(tip) => repo.commit_of(&removal.kept())? == Some(tip),
        None => false,
    };
    let aside = aside_in(repo, removal);
    let known = aside.as_ref().is_some_and(|aside| is_there(&aside.admin) || is_there(&emptied(aside)));
    if !kept && !known {
        return Ok(None);
    }
    let folder = aside.filter(|aside| is_ours(repo, aside)).map(|aside| aside.folder);
    Ok(Some(Item { removal: removal.clone(), folder, bytes: 0, held: None }))
}

fn aside_in(repo: &Repo, removal: &Removal) -> Option<Aside> {
    let task = removal.task();
    let folder = folder_of(repo, &task)?;
    // By a uid that is none, nothing was moved.
    aside_of(repo, &removal.uid, &task, &folder).ok()
}

/// Whether the folder is one that this clone moved aside: another's ledger may name any.
fn is_ours(repo: &Repo, aside: &Aside) -> bool {
    let is_folder = aside.folder.symlink_metadata().is_ok_and(|found| found.is_dir());
    let admin = || halfway::linked_admin(&aside.folder).and_then(|admin| admin.parent()?.parent()?.canonicalize().ok());
    let linked = || admin().is_some_and(|common| repo.common_dir().canonicalize().is_ok_and(|own| own == common));
    is_folder && (is_there(&emptied(aside)) || linked())
}

/// Where the admin folder stands once the files are about to be removed.
pub(super) fn emptied(aside: &Aside) -> PathBuf {
    let name = aside.admin.file_name().unwrap_or_default().to_string_lossy();
    aside.admin.with_file_name(name.replacen("dropped-", "emptied-", 1))
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The same with its size, and with the reason where it cannot be removed as a whole.
pub fn weighed(item: Item) -> Item {
    let Some(folder) = &item.folder else { return item };
    let weight = weigh(folder);
    let closed = weight.closed.map(|path| format!("'{}' is another user's, or cannot be read", path.display()));
    let mounted = || mounted_in(folder).map(|path| format!("'{}' is a file system of its own", path.display()));
    Item { bytes: weight.bytes, held: closed.or_else(mounted), ..item }
}

/// Removes for good what [`find_trash`] found.
///
/// # Errors
/// A step failed. What is left is found by the same call, and nobody brings it back but for its commits.
pub fn empty((repo, lock): (&Repo, &Lock), item: &Item) -> Result<()> {
    let removal = &item.removal;
    if let Some(aside) = aside_in(repo, removal) {
        let emptied = emptied(&aside);
        match (is_there(&aside.admin), is_there(&emptied)) {
            (true, false) => aside::rename(&aside.admin, &emptied)?,
            (false, false) if item.folder.is_some() => {
                std::fs::create_dir(&emptied).with_context(|| format!("could not make '{}'", emptied.display()))?;
            }
            _ => {}
        }
        for path in item.folder.iter().chain([&aside.admin, &emptied]).filter(|path| is_there(path)) {
            aside::remove(path).with_context(|| format!("could not remove '{}'", path.display()))?;
        }
        if let Some(folder) = folder_of(repo, &removal.task()) {
            remove_empty_above(repo, &folder);
        }
    }
    match removal.what.tip {
        Some(tip) => unref::delete(repo, lock, &removal.kept(), tip),
        None => Ok(()),
    }
}

/// What the worktree `folder` of a task takes, and what of that is disposable.
///
/// # Errors
/// git cannot tell what is ignored.
pub fn would_go(repo: &Repo, id: &TaskId, folder: &Path, disposable: &[String]) -> Result<Goes> {
    let harmless = Harmless::in_trash(repo, id, disposable);
    let deleted = disposable_in(repo, folder, &harmless)?;
    let disposable = deleted.iter().map(|path| weigh(path).bytes).sum();
    Ok(Goes { bytes: weigh(folder).bytes, disposable })
}
