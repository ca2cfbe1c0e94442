//! The folder that git keeps for a worktree below the common git dir. It is built whole where git does not look, and renamed into
//! place in one step: no half-made one can ever break `git worktree list`.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::super::program::{Version, stdout_of};
use super::super::repo::Repo;
use super::files::{FOLDER, NEW_FILE};
use crate::model::oid::Oid;

/// Since then git makes a folder `refs` in each.
const WITH_REFS: Version = Version(2, 44);

/// A worktree that is being made.
pub(super) struct Site {
    pub admin: PathBuf,
    /// The handle of the worktree's top.
    pub top: OwnedFd,
}

/// What a worktree's HEAD and its reflog say.
pub(super) struct Head<'a> {
    /// Without `refs/heads/`; `None`: it is detached.
    pub branch: Option<&'a str>,
    pub tip: Oid,
    /// Of [`identity`].
    pub identity: &'a [u8],
    /// git itself resets the worktree later, and says so in its reflog.
    pub reset_follows: bool,
}

/// Where admin folders are built, on the file system that they are renamed on.
fn staging(repo: &Repo) -> PathBuf {
    repo.common_dir().join("dispatch").join("making")
}

/// Removes what a killed start was building.
///
/// # Errors
/// It cannot be removed.
pub(in crate::git) fn clear_staging(repo: &Repo) -> Result<()> {
    let folder = staging(repo);
    match std::fs::remove_dir_all(&folder) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(fault).with_context(|| format!("could not remove '{}'", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Who git says is committing, with date and time zone: what a line of a reflog has.
pub(super) fn identity(repo: &Repo) -> Result<Vec<u8>, String> {
    let said = stdout_of(repo.command().args(["var", "GIT_COMMITTER_IDENT"]));
    let mut line = said.map_err(|_| "git does not tell who commits, for its reflog".to_owned())?;
    line.truncate(line.trim_ascii_end().len());
    Ok(line)
}

/// The name that git gives the admin folder of a worktree at `folder`; `None` where it would change it first.
pub(super) fn name_of(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    let odd = |c: char| c.is_control() || " ~^:?*[\\@".contains(c);
    let kept =
        !name.starts_with('.') && !name.ends_with(['.', '/']) && !name.contains("..") && !name.ends_with(".lock");
    (kept && !name.contains(odd)).then(|| name.to_owned())
}

/// Makes the admin folder and the worktree's folder, which has nothing but its `.git` then. `locked` says "initializing" until
/// [`finish`], as git's does.
///
/// # Errors
/// One of them cannot be made. What was made stays, and is known as half-made.
pub(super) fn prepare(repo: &Repo, folder: &Path, head: &Head<'_>) -> Result<Site> {
    let built = staging(repo);
    build(repo, &built, folder, head).with_context(|| format!("could not write '{}'", built.display()))?;
    let name = name_of(folder).context("its folder has no name that git keeps")?;
    let admin = placed(repo, &built, &name)?;
    let could_not = || format!("could not make '{}'", folder.display());
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).with_context(could_not)?;
    }
    rustix::fs::mkdir(folder, Mode::from_raw_mode(0o777)).with_context(could_not)?;
    let top = rustix::fs::open(folder, FOLDER, Mode::empty()).with_context(could_not)?;
    let mut link = File::from(rustix::fs::openat(&top, ".git", NEW_FILE, FILE).with_context(could_not)?);
    let text = [b"gitdir: ", admin.as_os_str().as_bytes(), b"\n"].concat();
    link.write_all(&text).with_context(could_not)?;
    Ok(Site { admin, top })
}

const FILE: Mode = Mode::from_raw_mode(0o666);

fn build(repo: &Repo, built: &Path, folder: &Path, head: &Head<'_>) -> std::io::Result<()> {
    let Head { branch, tip, identity, .. } = *head;
    std::fs::create_dir_all(built.join("logs"))?;
    if repo.git.version >= WITH_REFS {
        std::fs::create_dir(built.join("refs"))?;
    }
    let dot_git = [folder.join(".git").as_os_str().as_bytes(), b"\n"].concat();
    std::fs::write(built.join("locked"), "initializing\n")?;
    std::fs::write(built.join("gitdir"), dot_git)?;
    std::fs::write(built.join("commondir"), "../..\n")?;
    let at = branch.map_or_else(|| format!("{tip}\n"), |branch| format!("ref: refs/heads/{branch}\n"));
    std::fs::write(built.join("HEAD"), at)?;
    // What `git worktree add` leaves: its HEAD is set, then its `git reset --hard` moves it nowhere.
    let mut log = format!("{} {tip} ", repo.null_oid()).into_bytes();
    log.extend_from_slice(identity);
    log.push(b'\n');
    if !head.reset_follows {
        std::fs::write(built.join("ORIG_HEAD"), format!("{tip}\n"))?;
        log.extend_from_slice(format!("{tip} {tip} ").as_bytes());
        log.extend_from_slice(identity);
        log.extend_from_slice(b"\treset: moving to HEAD\n");
    }
    std::fs::write(built.join("logs/HEAD"), log)
}

/// Renames the built folder to the first free name, with git's numbers behind it.
fn placed(repo: &Repo, built: &Path, name: &str) -> Result<PathBuf> {
    let all = repo.common_dir().join("worktrees");
    let (mut number, mut removed) = (0, 0);
    loop {
        std::fs::create_dir_all(&all).with_context(|| format!("could not make '{}'", all.display()))?;
        let admin = if number == 0 { all.join(name) } else { all.join(format!("{name}{number}")) };
        match rename_to_free(built, &admin) {
            Err(Errno::EXIST) => number += 1,
            // `git worktree prune` removes the folder of all as long as it is empty.
            Err(Errno::NOENT) if removed < MOST_REMOVED => removed += 1,
            renamed => {
                renamed.with_context(|| format!("could not make '{}'", admin.display()))?;
                return Ok(admin);
            }
        }
    }
}

/// Times that the folder of all worktrees may go between its making and its use.
const MOST_REMOVED: u32 = 100;

fn rename_to_free(from: &Path, to: &Path) -> Result<(), Errno> {
    match rustix::fs::renameat_with(rustix::fs::CWD, from, rustix::fs::CWD, to, RenameFlags::NOREPLACE) {
        // A file system that does not know how.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if to.symlink_metadata().is_ok() => Err(Errno::EXIST),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => rustix::fs::rename(from, to),
        renamed => renamed,
    }
}

/// Puts the index in place: from then on the checkout is whole, but for what git or a hook adds.
///
/// # Errors
/// It cannot be written.
pub(super) fn put_index(admin: &Path, bytes: &[u8]) -> Result<()> {
    replace(&admin.join("index.lock"), &admin.join("index"), bytes)
}

/// The worktree is done: `locked` becomes the reason, or goes.
///
/// # Errors
/// It cannot be written.
pub(super) fn finish(admin: &Path, reason: Option<&str>) -> Result<()> {
    let locked = admin.join("locked");
    match reason {
        Some(reason) => replace(&admin.join("locked.new"), &locked, format!("{reason}\n").as_bytes()),
        None => std::fs::remove_file(&locked).with_context(|| format!("could not remove '{}'", locked.display())),
    }
}

fn replace(aside: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let could_not = || format!("could not write '{}'", path.display());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(aside, flags, FILE).with_context(could_not)?);
    file.write_all(bytes).with_context(could_not)?;
    drop(file);
    std::fs::rename(aside, path).with_context(could_not)
}

/// Whether the file system of this worktree takes names in another case for the same.
pub(super) fn folds_case(site: &Site) -> bool {
    rustix::fs::statat(&site.top, ".GIT", rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_git_keeps_are_given_to_admin_folders() {
        let name = |folder: &str| name_of(Path::new(folder));
        assert_eq!(name("/x/repo-task-A.b_c").as_deref(), Some("repo-task-A.b_c"));
        assert_eq!(name("/x/ü").as_deref(), Some("ü"));
        for odd in ["/x/.a", "/x/a b", "/x/a..b", "/x/a.lock", "/x/a.", "/x/a~1", "/x/a\u{1}", "/x/a@{1}", "/"] {
            assert_eq!(name(odd), None, "{odd:?}");
        }
    }
}
