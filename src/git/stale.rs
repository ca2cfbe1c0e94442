//! Locks of refs that a killed git left. Looked for under the repository's lock.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};

use super::repo::Repo;

/// git holds the lock of a ref for milliseconds.
const LONGEST_HELD: Duration = Duration::from_secs(2);

/// Removes the lock of a ref that a killed git left: one that is older than git ever holds it. Waits for a younger one to
/// go or to grow that old. In a reftable the locks are those of all refs, and held for longer: there none goes that a living process
/// may hold.
///
/// # Errors
/// It cannot be removed.
pub(super) fn clear_stale_lock(repo: &Repo, full_name: &str) -> Result<()> {
    match repo.reftable() {
        Some(_) => clear_stale_tables(repo),
        None => clear(&repo.common_dir().join(format!("{full_name}.lock")), |_| false),
    }
}

/// The same of a reftable, if refs are in one: git may be killed, too, while it puts tables into one after all that was to be done.
///
/// # Errors
/// As [`clear_stale_lock`].
pub(super) fn clear_stale_tables(repo: &Repo) -> Result<()> {
    if repo.reftable().is_none() {
        return Ok(());
    }
    let folder = repo.common_dir().join("reftable");
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let locks: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "lock")).collect();
    locks.iter().try_for_each(|lock| clear(lock, |lock| may_be_held(lock, &folder)))
}

/// Removes a lock that a killed git left, as [`clear_stale_lock`] does.
///
/// # Errors
/// It cannot be removed.
pub(super) fn clear_stale_file(path: &Path) -> Result<()> {
    clear(path, |_| false)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of a file is a matter of the clock, not of dates in the repository"
)]
fn clear(path: &Path, is_held: impl Fn(&Path) -> bool) -> Result<()> {
    let mut seen = None;
    loop {
        let Ok(found) = std::fs::symlink_metadata(path) else { return Ok(()) };
        let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        let (inode, since) = *seen.get_or_insert((found.ino(), Instant::now()));
        if inode != found.ino() {
            seen = None;
        } else if age.is_some_and(|age| age >= LONGEST_HELD) || since.elapsed() >= LONGEST_HELD {
            if is_held(path) {
                return Ok(());
            }
            return match std::fs::remove_file(path) {
                Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                    Err(fault).with_context(|| format!("could not remove the stale lock '{}'", path.display()))
                }
                _ => Ok(()),
            };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a living process may hold a lock in a folder of tables: it is of another user, or some process uses a file there. git has
/// the lock itself open, or while it puts tables into one, those.
fn may_be_held(lock: &Path, folder: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    std::fs::symlink_metadata(lock).is_ok_and(|found| found.uid() != own)
        || processes.flatten().any(|process| uses(&process.path(), folder))
}

/// Whether a process has a file of `folder` open or in its memory; not where the system does not tell: a process of another user.
fn uses(process: &Path, folder: &Path) -> bool {
    let open = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let mut open = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    let mapped = || std::fs::read(process.join("maps")).unwrap_or_default();
    let named = [folder.as_os_str().as_encoded_bytes(), b"/"].concat();
    open.any(|file| file.starts_with(folder)) || mapped().windows(named.len()).any(|window| window == named)
}
