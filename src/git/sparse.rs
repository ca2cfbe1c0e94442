//! Sparse checkouts in cone mode. git writes them; what it would write for all worktrees is written here, in steps that a kill
//! leaves known as ours. Why so: `docs/design/0019-sparse.md`.

mod entries;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use rustix::io::Errno;

use super::lock::Lock;
use super::program::{failed, run};
use super::read::read_bounded;
use super::repo::Repo;
use super::worktrees::Listed;
use crate::model::failure::{Exit, Failure};

pub use entries::misplaced;

/// How long another process may hold the lock of git's configuration.
const PATIENCE: Duration = Duration::from_secs(2);

/// Makes `folders` (from the top, by the letter) all that is checked out below the top in a worktree that has no index yet.
/// Everything that is written lies in its admin folder.
///
/// # Errors
/// git failed.
pub(super) fn set((repo, held): (&Repo, &Lock), listed: &Listed, folders: &[String]) -> Result<()> {
    let mut command = repo.git.command(&listed.path);
    command.env("GIT_DIR", &listed.admin_dir).env("GIT_WORK_TREE", &listed.path);
    // Without the checks, git takes `*` and `[` for what they are: characters of a name.
    command.args(["sparse-checkout", "set", "--cone", "--no-sparse-index", "--skip-checks", "--"]);
    let output = run(command.args(folders).stdin(held.handed_on()?))?;
    // Exit codes lie both ways: the files say how it ended.
    let written = ["info/sparse-checkout", "config.worktree"].map(|file| listed.admin_dir.join(file).is_file());
    if written == [true, true] { Ok(()) } else { Err(failed(&command, &output).into()) }
}

/// Turns `extensions.worktreeConfig` on, without which a sparse checkout would be one of all worktrees. Called under the
/// repository's lock.
///
/// # Errors
/// The configuration cannot be written, or another process holds its lock ([`Exit::Halfway`]).
pub(super) fn allow(repo: &Repo) -> Result<()> {
    clear_leftovers(repo)?;
    if is_allowed(repo)? {
        return Ok(());
    }
    let config = config_of(repo)?;
    if says(repo, &config, "core.bare", "true")? || says(repo, &config, "core.worktree", "")? {
        // Then values move to the main worktree's own configuration: git knows how. Killed in there, its lock stays.
        return Ok(());
    }
    let began = Instant::now();
    while !turned_on(repo, &config)? {
        if began.elapsed() > PATIENCE {
            let lock = lock_of(&config);
            let what = format!("the configuration is locked by another process: '{}'", lock.display());
            return Err(Failure::new(Exit::Halfway, what)
                .hint("wait until it ends, or remove that file where none runs, then run the same command again")
                .into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    if is_allowed(repo)? { Ok(()) } else { Err(anyhow!("extensions.worktreeConfig could not be turned on")) }
}

/// Removes what a killed [`allow`] left. Called under the repository's lock.
///
/// # Errors
/// It cannot be removed.
pub(super) fn clear_leftovers(repo: &Repo) -> Result<()> {
    let new = new_config(repo);
    let Ok(ours) = new.symlink_metadata() else { return Ok(()) };
    let lock = lock_of(&config_of(repo)?);
    let is_ours = |found: std::fs::Metadata| (found.dev(), found.ino()) == (ours.dev(), ours.ino());
    if lock.symlink_metadata().is_ok_and(is_ours) {
        remove(&lock)?;
    }
    remove(&lock_of(&new))?;
    remove(&new)
}

/// One try: a changed copy becomes git's lock of the file by a hard link, by which the next run knows it, and then the file.
/// `false`: another process changes the file.
fn turned_on(repo: &Repo, config: &Path) -> Result<bool> {
    let new = new_config(repo);
    let lock = lock_of(config);
    let could_not = || format!("could not write '{}'", config.display());
    let before = read_bounded(config)?;
    remove(&new)?;
    std::fs::copy(config, &new).with_context(could_not)?;
    set_in(repo, &new)?;
    std::fs::File::open(&new).and_then(|file| file.sync_all()).with_context(could_not)?;
    match std::fs::hard_link(&new, &lock) {
        Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => return Ok(false),
        Err(fault) if cannot_link(&fault) => {
            remove(&new)?;
            // git's own way, which a kill may leave a lock of that nobody knows.
            return if lock.symlink_metadata().is_ok() { Ok(false) } else { set_in(repo, config).map(|()| true) };
        }
        linked => linked.with_context(could_not)?,
    }
    if read_bounded(config)? != before {
        remove(&lock)?;
        return Ok(false);
    }
    std::fs::rename(&lock, config).with_context(could_not)?;
    remove(&new)?;
    Ok(true)
}

/// There are no hard links there, or none from one file system to another: the configuration may lie elsewhere, behind a symlink.
fn cannot_link(fault: &std::io::Error) -> bool {
    let errno = fault.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::XDEV | Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS))
}

/// Has git turn it on in `file`.
fn set_in(repo: &Repo, file: &Path) -> Result<()> {
    let mut command = repo.command();
    command.args(["config", "--file"]).arg(file).args(["extensions.worktreeConfig", "true"]);
    let output = run(&mut command)?;
    let done = says(repo, file, "extensions.worktreeConfig", "true")?;
    if done { Ok(()) } else { Err(failed(&command, &output).into()) }
}

/// What the repository itself says, read anew.
fn is_allowed(repo: &Repo) -> Result<bool> {
    says(repo, &config_of(repo)?, "extensions.worktreeConfig", "true")
}

/// Whether `key` is this boolean in `file`; with an empty value, whether it is there at all.
fn says(repo: &Repo, file: &Path, key: &str, value: &str) -> Result<bool> {
    let mut command = repo.command();
    command.args(["config", "--file"]).arg(file);
    if !value.is_empty() {
        command.arg("--type=bool");
    }
    let output = run(command.args(["--get", key]))?;
    Ok(output.status.success() && (value.is_empty() || output.stdout.trim_ascii() == value.as_bytes()))
}

/// The file itself, where a symlink stands for it: git locks and replaces that.
fn config_of(repo: &Repo) -> Result<PathBuf> {
    let path = repo.common_dir().join("config");
    path.canonicalize().with_context(|| format!("could not read '{}'", path.display()))
}

/// Where the changed copy is.
fn new_config(repo: &Repo) -> PathBuf {
    repo.common_dir().join("dispatch/config.new")
}

fn lock_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(fault).with_context(|| format!("could not remove '{}'", path.display()))
        }
        _ => Ok(()),
    }
}
