//! What a killed git leaves behind: half-made worktrees. Called under the repository's lock, for tasks whose
//! intent stands in the ledger and whose outcome does not.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::fault::Told;
use super::program::stdout_of;
use super::read::read_bounded;
use super::repo::{Repo, theirs};
use super::worktrees::{Listed, head_in};
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::Snapshot;

/// What git writes into `locked` while it makes a worktree (git `builtin/worktree.c`).
pub(super) const INITIALIZING: &str = "initializing";

/// Whether git was killed while it made this worktree.
pub(super) fn is_half_made(listed: &Listed) -> bool {
    let initializing = listed.locked.as_deref().map(str::trim) == Some(INITIALIZING);
    !listed.main && (initializing || !listed.admin_dir.join("index").exists())
}

/// Whether git was about to make a worktree at `folder`, or to take it back: its admin folder names no place, not yet or no more.
///
/// Its name alone says little: with `folder` for a task `A` begins that of `A1`. So its HEAD, as far as git had written that, must not
/// be on another branch than `branch`.
pub(super) fn is_stillborn(listed: &Listed, folder: &Path, branch: &str) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let number = name(&listed.admin_dir).strip_prefix(&name(folder)).map(str::to_owned);
    listed.path == listed.admin_dir
        && number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        && may_be_on(listed, branch)
}

/// git writes an object id to HEAD at first, then the branch.
fn may_be_on(listed: &Listed, branch: &str) -> bool {
    let Some(head) = head_in(&listed.admin_dir) else { return true };
    let (head, wanted) = (head.trim_ascii(), format!("ref: refs/heads/{branch}"));
    let unborn = !listed.admin_dir.join("index").exists();
    head == wanted.as_bytes() || unborn && (wanted.as_bytes().starts_with(head) || !head.starts_with(b"ref:"))
}

/// Removes a worktree that git was still making when it was killed: nobody has worked in it, its files are the base's.
///
/// # Errors
/// It holds files that the base lacks ([`Exit::Halfway`]), or cannot be removed.
pub(super) fn clear(repo: &Repo, task: &Snapshot, listed: &Listed, folder: &Path) -> Result<()> {
    if belongs_to(folder, listed) {
        clear_folder(repo, task, folder)?;
    }
    let admin = &listed.admin_dir;
    // First what makes it look whole: killed in here, the rest is still known as half-made.
    let _ = std::fs::remove_file(admin.join("index"));
    std::fs::remove_dir_all(admin).with_context(|| format!("could not remove half-made '{}'", admin.display()))
}

/// Removes a folder that git was making, or taking back, when it was killed: one whose `.git` leads to an admin folder of this
/// repository that is not there, or one without `.git` that holds nothing but what the base has (a git that was told to end removes
/// the folder while its child still writes there).
///
/// # Errors
/// As [`clear`].
pub(super) fn clear_orphan(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<()> {
    if is_orphan(repo, task, folder)? { clear_folder(repo, task, folder) } else { Ok(()) }
}

/// Whether `folder` is such a folder.
///
/// # Errors
/// The base of `task` cannot be read.
pub(super) fn is_orphan(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<bool> {
    let dot_git = folder.join(".git");
    Ok(match std::fs::symlink_metadata(&dot_git) {
        Ok(found) if found.is_file() => {
            let Ok(link) = read_bounded(&dot_git) else { return Ok(false) };
            let target = link.strip_prefix(b"gitdir: ").unwrap_or_default().trim_ascii();
            let target = Path::new(std::ffi::OsStr::from_bytes(target));
            link.is_empty() || target.starts_with(repo.common_dir().join("worktrees")) && !target.exists()
        }
        Ok(_) => false,
        Err(_) => holds_only_the_base(repo, task, folder)?,
    })
}

/// The admin folder that the `.git` of a worktree names.
pub(super) fn linked_admin(folder: &Path) -> Option<PathBuf> {
    let link = read_bounded(&folder.join(".git")).ok()?;
    let target = link.strip_prefix(b"gitdir: ")?.trim_ascii();
    Some(folder.join(std::ffi::OsStr::from_bytes(target)))
}

fn belongs_to(folder: &Path, listed: &Listed) -> bool {
    let Ok(link) = read_bounded(&folder.join(".git")) else { return false };
    let target = link.strip_prefix(b"gitdir: ").unwrap_or_default().trim_ascii();
    // Killed before it wrote the link: the admin folder names this place, and that is all there is.
    target.is_empty()
        || Path::new(std::ffi::OsStr::from_bytes(target))
            .canonicalize()
            .is_ok_and(|target| listed.admin_dir.canonicalize().is_ok_and(|admin| admin == target))
}

/// The link to the repository goes last: killed in here, the rest is still known as half-made.
fn clear_folder(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<()> {
    let could_not = || format!("could not remove half-made '{}'", folder.display());
    refuse_work(repo, task, folder)?;
    for entry in std::fs::read_dir(folder).with_context(could_not)? {
        let entry = entry.with_context(could_not)?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            std::fs::remove_dir_all(entry.path()).with_context(could_not)?;
        } else if entry.file_name() != ".git" {
            std::fs::remove_file(entry.path()).with_context(could_not)?;
        }
    }
    std::fs::remove_dir_all(folder).with_context(could_not)
}

/// Whether each file in `folder` is a file of the base, as far as it was written.
fn holds_only_the_base(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<bool> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()) {
        return Ok(true);
    }
    let what = || format!("could not read the files of commit {}", task.base);
    let commit = repo.gix.find_commit(theirs(task.base)).told(what)?;
    let tree = commit.tree().told(what)?;
    Ok(is_of(&tree, folder, true))
}

/// The same of a worktree whose checkout came to its end once: work in it shows in what its files hold.
///
/// # Errors
/// The base of `task` cannot be read.
pub(super) fn holds_work(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<bool> {
    let what = || format!("could not read the files of commit {}", task.base);
    let tree = repo.gix.find_commit(theirs(task.base)).told(what)?.tree().told(what)?;
    let mut entries = std::fs::read_dir(folder).into_iter().flatten();
    Ok(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != ".git" && !is_entry_of(&tree, &entry, false))))
}

/// Whether everything in `folder` is what the tree has there; with `begun`, files may hold the beginning of that only.
fn is_of(tree: &gix::Tree<'_>, folder: &Path, begun: bool) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.into_iter().all(|entry| entry.is_ok_and(|entry| is_entry_of(tree, &entry, begun)))
}

fn is_entry_of(tree: &gix::Tree<'_>, entry: &std::fs::DirEntry, begun: bool) -> bool {
    let Some(known) = tree.find_entry(entry.file_name().as_bytes()) else { return false };
    let Ok(object) = known.object() else { return false };
    match entry.file_type() {
        Ok(kind) if kind.is_dir() => object.try_into_tree().is_ok_and(|tree| is_of(&tree, &entry.path(), begun)),
        Ok(kind) if kind.is_file() => read_bounded(&entry.path())
            .is_ok_and(|text| if begun { object.data.starts_with(&text) } else { object.data == text }),
        Ok(kind) if kind.is_symlink() => {
            std::fs::read_link(entry.path()).is_ok_and(|target| object.data == target.as_os_str().as_bytes())
        }
        _ => false,
    }
}

/// Refuses where `folder` holds more than what git was making.
pub(super) fn refuse_work(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<()> {
    let refused = |what: String| {
        Failure::new(Exit::Halfway, format!("half-made '{}' {what}", folder.display()))
            .hint("move it away, then run the same command again")
    };
    if repo.commit_of(&format!("refs/heads/{}", task.branch))?.is_some_and(|tip| tip != task.base) {
        return Err(refused(format!("may hold work: branch '{}' has moved", task.branch)).into());
    }
    let mut command = repo.command();
    command.args(["ls-tree", "-r", "-z", "--name-only", "--full-tree", &task.base.to_string()]);
    let listed = stdout_of(&mut command)?;
    let known: HashSet<&[u8]> = listed.split(|&byte| byte == 0).collect();
    match foreign(folder, &mut Vec::new(), &known) {
        Some(foreign) => Err(refused(format!("holds '{foreign}', which is not of its base")).into()),
        None => Ok(()),
    }
}

/// The first file below `folder` that the base does not have.
fn foreign(folder: &Path, path: &mut Vec<u8>, known: &HashSet<&[u8]>) -> Option<String> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let name = entry.file_name();
        if path.is_empty() && name == ".git" {
            continue;
        }
        let length = path.len();
        path.extend_from_slice(name.as_bytes());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let found = if known.contains(path.as_slice()) {
            None
        } else if is_folder {
            path.push(b'/');
            foreign(&entry.path(), path, known)
        } else {
            Some(String::from_utf8_lossy(path).into_owned())
        };
        path.truncate(length);
        if found.is_some() {
            return found;
        }
    }
    None
}
