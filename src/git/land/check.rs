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
use crate::git::processes::process_in;
use crate::git::program::stdout_of;
use crate::git::repo::Repo;
use crate::git::stale::clear_stale_file;
use crate::git::worktrees::{Listed, worktrees};
use crate::model::facts::Head;
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
        let site = CheckSite { folder, admin: listed.admin_dir.clone(), _held: held };
        site.holds_nothing(repo, listed)?;
        return Ok(site);
    }
    if let Some(listed) = listed.as_ref().filter(|listed| ours && matches!(listed.head, Head::Branch(_))) {
        return Err(holds(&folder, &format!("a branch is checked out: {}", shown(&listed.head))).into());
    }
    // As in every acting command: what is being made has one place.
    let _lock = lock(repo, "land")?;
    match &listed {
        // Made by half, or its files are gone: nothing but what builds left was in it.
        Some(listed) if ours && !holds_files(listed, &folder) => remove(repo, listed, &folder)?,
        None if folder.symlink_metadata().is_err() => {}
        _ => {
            let what = format!("'{}' stands where landings are checked", folder.display());
            return Err(Failure::new(Exit::Refused, what)
                .hint(format!("use 'mv {0} {0}.aside' to move it away", shell_word(&folder.to_string_lossy())))
                .into());
        }
    }
    let admin = made(repo, &folder, commit)?;
    let site = CheckSite { folder, admin, _held: held };
    site.check_out(repo, commit)?;
    Ok(site)
}

fn made(repo: &Repo, folder: &Path, commit: Oid) -> Result<PathBuf> {
    if repo.reftable().is_none() {
        return make_empty(repo, folder, commit, REASON);
    }
    // Refs of a worktree are tables of its own, which git makes.
    let mut command = repo.command();
    command.args(["-c", "core.hooksPath=/dev/null", "worktree", "add", "-q", "--detach", "--no-checkout"]);
    stdout_of(command.args(["--lock", "--reason", REASON, "--"]).arg(folder).arg(commit.to_string()))?;
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == folder);
    Ok(listed.with_context(|| format!("git made no worktree '{}'", folder.display()))?.admin_dir)
}

/// git's word for what is half-made, and files in it: somebody else's.
fn holds_files(listed: &Listed, folder: &Path) -> bool {
    let files = || std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| entry.file_name() != ".git");
    listed.locked.as_deref() == Some("initializing") && files()
}

fn shown(head: &Head) -> String {
    if let Head::Branch(name) = head { name.clone() } else { String::new() }
}

fn holds(folder: &Path, what: &str) -> Failure {
    let what = format!("somebody works in '{}', where landings are checked: {what}", folder.display());
    let word = shell_word(&folder.to_string_lossy());
    Failure::new(Exit::Refused, what)
        .hint(format!("use 'git worktree unlock {word}' first to keep what is there"))
        .hint(format!("use 'git worktree move {word} NEW-PATH' to move it away then"))
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

    /// Says which commit was checked out last, and whether a check may have left anything in it.
    fn at(&self) -> PathBuf {
        self.admin.join("dispatch-at")
    }

    fn write_at(&self, commit: Oid, state: &str) -> Result<()> {
        let written = std::fs::write(self.at(), format!("{commit} {state}\n"));
        written.with_context(|| format!("could not write '{}'", self.at().display()))
    }

    /// What is there is no more than checks leave: nobody works in it.
    ///
    /// # Errors
    /// A process does ([`Exit::Held`]), or somebody did ([`Exit::Refused`]).
    fn holds_nothing(&self, repo: &Repo, listed: &Listed) -> Result<()> {
        if let Ok(Some((pid, name))) = process_in(&self.folder) {
            let what =
                format!("process {pid} ({name}) works in '{}', where landings are checked", self.folder.display());
            return Err(Failure::new(Exit::Held, what).hint(format!("use 'kill {pid}' to end it")).into());
        }
        let text = std::fs::read_to_string(self.at()).unwrap_or_default();
        let mut fields = text.split_whitespace();
        let at: Option<Oid> = fields.next().and_then(|commit| commit.parse().ok());
        let (Some(at), state) = (at, fields.next()) else { return Ok(()) };
        if listed.detached != Some(at) && state == Some("idle") {
            return Err(holds(&self.folder, "another commit is checked out").into());
        }
        if state != Some("idle") {
            return Ok(());
        }
        let mut command = repo.git.command(&self.folder);
        let said = stdout_of(command.args(["status", "--porcelain", "-z", "--ignore-submodules=all"]))?;
        match said.split(|&byte| byte == 0).next().filter(|line| line.len() > 3) {
            Some(line) => {
                let path = String::from_utf8_lossy(&line[3..]).into_owned();
                Err(holds(&self.folder, &format!("'{path}' is not committed")).into())
            }
            None => Ok(()),
        }
    }

    /// Takes away what a check left, but for ignored files. From here on, what is there is somebody's.
    ///
    /// # Errors
    /// git failed.
    pub fn leave(&self, repo: &Repo, commit: Oid) -> Result<()> {
        self.check_out(repo, commit)?;
        self.write_at(commit, "idle")
    }

    /// Brings the worktree to `commit`: what is ignored stays, what is changed or untracked goes. No hook runs.
    ///
    /// # Errors
    /// git failed.
    pub fn check_out(&self, repo: &Repo, commit: Oid) -> Result<()> {
        self.write_at(commit, "busy")?;
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
