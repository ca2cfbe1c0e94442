//! The worktree in which landings are checked, and what was found there before.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::git::cache_file::CacheFile;
use crate::git::checkout::make_empty;
use crate::git::lock::lock;
use crate::git::program::stdout_of;
use crate::git::repo::Repo;
use crate::git::stale::clear_stale_file;
use crate::git::worktrees::{Listed, worktrees};
use crate::model::failure::{Exit, Failure};
use crate::model::land::Verdict;
use crate::model::oid::Oid;
use crate::model::text::shell_word;

/// Why the worktree is locked: so that nobody takes it away while it is warm.
const REASON: &str = "git dispatch checks landings here; 'git worktree remove -f -f' removes it";

/// The worktree in which landings are checked, for one process at a time.
pub struct CheckSite {
    pub folder: PathBuf,
    admin: PathBuf,
    _held: File,
}

/// Where landings are checked: beside the main worktree, where every tool finds its way as in any worktree. It stays, with all that
/// builds left in it, for the next.
fn folder(repo: &Repo) -> PathBuf {
    let above = repo.anchor().parent().unwrap_or(repo.anchor());
    above.join(format!("{}-landing-check", repo.name()))
}

/// Takes the worktree, and makes it of `commit` where there is none.
///
/// # Errors
/// Another process checks a landing ([`Exit::Held`]); something else stands there ([`Exit::Refused`]); git failed.
pub fn check_site(repo: &Repo, commit: Oid) -> Result<CheckSite> {
    let path = repo.common_dir().join("dispatch/checking");
    let opened = path
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| File::options().read(true).write(true).create(true).truncate(false).open(&path));
    let held = opened.with_context(|| format!("could not open '{}'", path.display()))?;
    if flock(&held, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Err(Failure::new(Exit::Held, "another process checks a landing of this repository")
            .hint("wait until it ends, then run the command again")
            .into());
    }
    let folder = folder(repo);
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == folder);
    let ours = listed.as_ref().is_some_and(|listed| listed.locked.as_deref().is_some_and(is_ours));
    let whole =
        listed.as_ref().is_some_and(|listed| listed.detached.is_some() && listed.admin_dir.join("index").exists());
    let there = ours && whole && folder.join(".git").exists();
    if let Some(listed) = listed.as_ref().filter(|_| there) {
        return Ok(CheckSite { folder, admin: listed.admin_dir.clone(), _held: held });
    }
    // As in every acting command: what is being made has one place.
    let _lock = lock(repo, "land")?;
    match &listed {
        // Made by half, or its files are gone: nothing but what builds left was in it.
        Some(listed) if ours => remove(repo, listed, &folder)?,
        None if folder.symlink_metadata().is_err() => {}
        _ => {
            let what = format!("'{}' stands where landings are checked", folder.display());
            return Err(Failure::new(Exit::Refused, what)
                .hint(format!("use 'mv {0} {0}.aside' to move it away", shell_word(&folder.to_string_lossy())))
                .into());
        }
    }
    let admin = make_empty(repo, &folder, commit, REASON)?;
    let site = CheckSite { folder, admin, _held: held };
    site.check_out(repo, commit)?;
    Ok(site)
}

/// First the files, so that it is known for what it is until the last step.
fn remove(repo: &Repo, listed: &Listed, folder: &Path) -> Result<()> {
    let could_not = || format!("could not remove '{}'", folder.display());
    let gone = |removed: std::io::Result<()>| match removed {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    };
    gone(std::fs::remove_dir_all(folder)).with_context(could_not)?;
    let aside = repo.common_dir().join("dispatch/unmade-check");
    gone(std::fs::remove_dir_all(&aside)).with_context(could_not)?;
    std::fs::rename(&listed.admin_dir, &aside).with_context(could_not)?;
    gone(std::fs::remove_dir_all(&aside)).with_context(could_not)
}

fn is_ours(reason: &str) -> bool {
    reason == REASON || reason == "initializing"
}

impl CheckSite {
    /// Stands in the admin folder once the worktree was made ready.
    fn mark(&self) -> PathBuf {
        self.admin.join("dispatch-ready")
    }

    /// Whether it is still to be made ready: it is new, or that did not end well.
    pub fn is_wanted(&self) -> bool {
        !self.mark().exists()
    }

    /// It is ready from now on.
    ///
    /// # Errors
    /// That cannot be written.
    pub fn ready(&self) -> Result<()> {
        std::fs::write(self.mark(), "").with_context(|| format!("could not write '{}'", self.mark().display()))
    }

    /// Brings the worktree to `commit`: what is ignored stays, what is changed or untracked goes. No hook runs.
    ///
    /// # Errors
    /// git failed.
    pub fn check_out(&self, repo: &Repo, commit: Oid) -> Result<()> {
        for name in ["index.lock", "HEAD.lock"] {
            clear_stale_file(&self.admin.join(name))?;
        }
        let git = |arguments: &[&str]| {
            let mut command = repo.git.command(&self.folder);
            command.args(["-c", "core.hooksPath=/dev/null"]).args(arguments);
            stdout_of(&mut command)
        };
        // Not by `git checkout`: that locks the refs of the whole repository.
        let commit = commit.to_string();
        git(&["read-tree", "--reset", "-u", "--no-recurse-submodules", &commit])?;
        git(&["update-ref", "--no-deref", "HEAD", &commit])?;
        git(&["clean", "-ffdq"])?;
        Ok(())
    }
}

/// The file of results; one that another version wrote is none.
const MAGIC: &[u8] = b"git-dispatch checks 1\n";
/// So many results are kept, the newest ones.
const MOST: usize = 500;

#[derive(Serialize, Deserialize)]
struct Known {
    tree: Oid,
    command: String,
    green: bool,
    log: PathBuf,
}

fn file(repo: &Repo) -> CacheFile {
    CacheFile::new(repo.common_dir(), "checks")
}

fn known(repo: &Repo) -> Vec<Known> {
    let read = file(repo).read(MAGIC);
    read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn digest(command: &str) -> String {
    Sha256::digest(command.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `command` said of `tree` before, and its log.
pub fn kept_verdict(repo: &Repo, tree: Oid, command: &str) -> Option<(Verdict, PathBuf)> {
    let digest = digest(command);
    let found = known(repo).into_iter().rev().find(|known| known.tree == tree && known.command == digest)?;
    Some((if found.green { Verdict::Green } else { Verdict::Red }, found.log))
}

/// Keeps what `command` says of `tree`. Where that cannot be written, it is asked again.
pub fn keep_verdict(repo: &Repo, (tree, command): (Oid, &str), verdict: Verdict, log: &Path) {
    let digest = digest(command);
    let mut all = known(repo);
    all.retain(|known| known.tree != tree || known.command != digest);
    all.push(Known { tree, command: digest, green: verdict == Verdict::Green, log: log.to_owned() });
    let first = all.len().saturating_sub(MOST);
    if let Ok(bytes) = serde_json::to_vec(&all[first..]) {
        let _ = file(repo).replace(MAGIC, &bytes);
    }
}
