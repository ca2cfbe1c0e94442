//! Deleting a ref so that a kill at any moment leaves nothing that nobody can tell from the work of a living process.
//!
//! git takes `packed-refs.lock` for each deletion, also of a ref that is not packed (git `refs/files-backend.c`,
//! `files_transaction_prepare`), and killed, it leaves it: no process says whose it is. Here the same locks are taken in the same
//! order, but each is a hard link to one file of ours. So a lock left behind is known by its inode, and whoever holds the
//! repository's lock knows that its owner is dead.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::checkout::hook;
use super::lock::Lock;
use super::read::read_bounded;
use super::refs;
use super::repo::{Repo, ours};
use super::stale::clear_stale_lock;
use super::start::update_refs;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;
use crate::model::text::shell_word;

/// How long a lock of another git is waited for: packing many refs takes seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Deletes a ref that points at `expected`, with its reflog. One that is gone is done. Under the repository's lock.
///
/// # Errors
/// It points elsewhere, another process holds a lock, or it cannot be written: then the ref is there as it was, but perhaps
/// without its reflog.
pub(super) fn delete(repo: &Repo, _held: &Lock, name: &str, expected: Oid) -> Result<()> {
    valid(name)?;
    clear_stale_lock(repo, name)?;
    if repo.reftable().is_some() {
        return in_reftable(repo, name, expected);
    }
    let place = Place { common: repo.common_dir(), name };
    if place.value()?.is_none() {
        return tidy(repo, name);
    }
    let locks = if is_usual(repo) { Locks::take(&place)? } else { None };
    let Some(locks) = locks else { return by_git(repo, name, expected) };
    match place.value()? {
        None => {}
        Some(value) if value == expected.to_string() => place.remove(&value)?,
        Some(_) => return Err(Failure::new(Exit::Halfway, format!("'{name}' was moved meanwhile")).into()),
    }
    drop(locks);
    place.remove_empty_folders();
    Ok(())
}

/// Removes what a killed git left of a ref that is not there: its lock, its reflog, and folders that hold nothing.
///
/// # Errors
/// It cannot be removed.
pub(super) fn tidy(repo: &Repo, name: &str) -> Result<()> {
    valid(name)?;
    clear_stale_lock(repo, name)?;
    if repo.reftable().is_some() {
        return Ok(());
    }
    let place = Place { common: repo.common_dir(), name };
    if place.value()?.is_none() {
        place.remove_log()?;
        place.remove_empty_folders();
    }
    Ok(())
}

fn valid(name: &str) -> Result<()> {
    gix::refs::FullName::try_from(name).map(|_| ()).map_err(|_| anyhow!("'{name}' is no name of a ref"))
}

/// Removes the locks of a deletion that was killed. Called with the repository's lock held: none of them has an owner.
///
/// # Errors
/// One cannot be removed.
pub(super) fn clear(common: &Path) -> Result<()> {
    let own = own_file(common);
    let Ok(found) = std::fs::symlink_metadata(&own) else { return Ok(()) };
    let named = read_bounded(&own).ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
    let named = gix::refs::FullName::try_from(named.trim_end()).ok();
    let place = named.as_ref().and_then(|name| std::str::from_utf8(name.as_bstr()).ok());
    let of_ref = place.map(|name| Place { common, name }.lock());
    for lock in of_ref.into_iter().chain([packed_lock(common)]) {
        if is_same(&lock, &found) {
            std::fs::remove_file(&lock)
                .with_context(|| format!("could not remove the stale lock '{}'", lock.display()))?;
        }
    }
    let _ = std::fs::remove_file(own.with_extension("new"));
    std::fs::remove_file(&own).with_context(|| format!("could not remove '{}'", own.display()))
}

/// The file that all locks of a deletion are links to.
fn own_file(common: &Path) -> PathBuf {
    common.join("dispatch").join("deleting")
}

fn packed_lock(common: &Path) -> PathBuf {
    common.join("packed-refs.lock")
}

fn is_same(path: &Path, found: &std::fs::Metadata) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|other| (other.dev(), other.ino()) == (found.dev(), found.ino()))
}

/// Whether refs are deleted here as git would: no hook is to hear of it, and no other than this user writes the refs.
fn is_usual(repo: &Repo) -> bool {
    let link = std::fs::symlink_metadata(repo.common_dir().join("packed-refs")).is_ok_and(|found| found.is_symlink());
    !link && !hook::hears_of_refs(repo) && repo.config("core.sharedRepository").is_none()
}

/// git's own way, where its hook is to hear of it.
fn by_git(repo: &Repo, name: &str, expected: Oid) -> Result<()> {
    let said = update_refs(repo, &format!("delete {name}\0{expected}\0"), "dispatch: undo");
    let place = Place { common: repo.common_dir(), name };
    if place.value()?.is_none() {
        return tidy(repo, name);
    }
    let fault = said.err().unwrap_or_else(|| anyhow!("git did not delete '{name}', although it said so"));
    let lock = packed_lock(repo.common_dir());
    if lock.symlink_metadata().is_err() {
        return Err(fault);
    }
    Err(is_held(&lock, &format!("{fault:#}")).into())
}

/// git's own way is one step there: a ref and its reflog go with a rename of the list of tables.
fn in_reftable(repo: &Repo, name: &str, expected: Oid) -> Result<()> {
    if refs::find(repo, name)?.is_none() {
        return Ok(());
    }
    let said = update_refs(repo, &format!("delete {name}\0{expected}\0"), "dispatch: undo");
    match refs::find(repo, name)? {
        None => Ok(()),
        Some(found) if found.target().try_id().map(ours) == Some(expected) => {
            said.and(Err(anyhow!("git did not delete '{name}', although it said so")))
        }
        Some(_) => Err(Failure::new(Exit::Halfway, format!("'{name}' was moved meanwhile")).into()),
    }
}

fn is_held(lock: &Path, what: &str) -> Failure {
    let remove = format!("rm -- {}", shell_word(&lock.to_string_lossy()));
    Failure::new(Exit::Halfway, what.to_owned())
        .hint(format!("use '{remove}' to remove that lock, once no other git runs in this repository"))
}

/// Where a ref is.
struct Place<'a> {
    common: &'a Path,
    name: &'a str,
}

impl Place<'_> {
    fn loose(&self) -> PathBuf {
        self.common.join(self.name)
    }

    fn lock(&self) -> PathBuf {
        self.common.join(format!("{}.lock", self.name))
    }

    fn packed(&self) -> PathBuf {
        self.common.join("packed-refs")
    }

    /// What the ref says, in hexadecimal: the loose one counts.
    fn value(&self) -> Result<Option<String>> {
        match std::fs::read(self.loose()) {
            Ok(text) => return Ok(Some(String::from_utf8_lossy(&text).trim_end().to_owned())),
            Err(fault) if absent(&fault) => {}
            Err(fault) => return Err(fault).with_context(|| format!("could not read '{}'", self.loose().display())),
        }
        let packed = self.packed_refs()?;
        let line = packed.split(|&byte| byte == b'\n').find(|line| self.is_mine(line));
        Ok(line.and_then(|line| line.split(|&byte| byte == b' ').next()).map(|id| String::from_utf8_lossy(id).into()))
    }

    fn packed_refs(&self) -> Result<Vec<u8>> {
        match std::fs::read(self.packed()) {
            Ok(text) => Ok(text),
            Err(fault) if absent(&fault) => Ok(Vec::new()),
            Err(fault) => Err(fault).with_context(|| format!("could not read '{}'", self.packed().display())),
        }
    }

    /// Whether this line of `packed-refs` is of this ref: `<id> SP <name>`.
    fn is_mine(&self, line: &[u8]) -> bool {
        !line.starts_with(b"#") && line.split(|&byte| byte == b' ').nth(1) == Some(self.name.as_bytes())
    }

    /// Removes it, with both locks held: first where it is packed, so that it is there until the last step.
    fn remove(&self, value: &str) -> Result<()> {
        let packed = self.packed_refs()?;
        if packed.split(|&byte| byte == b'\n').any(|line| self.is_mine(line)) {
            if self.loose().symlink_metadata().is_err() {
                self.remove_log()?;
            }
            self.repack(&packed).with_context(|| format!("could not write '{}'", self.packed().display()))?;
        }
        if self.loose().symlink_metadata().is_ok() {
            self.remove_log()?;
            let could_not = || format!("could not delete '{}', which points at {value}", self.name);
            std::fs::remove_file(self.loose()).with_context(could_not)?;
        }
        Ok(())
    }

    fn remove_log(&self) -> Result<()> {
        let log = self.common.join("logs").join(self.name);
        match std::fs::remove_file(&log) {
            Err(fault) if !absent(&fault) => {
                Err(fault).with_context(|| format!("could not remove '{}'", log.display()))
            }
            _ => Ok(()),
        }
    }

    /// Writes `packed-refs` without this ref and the line of what it peels to, synced to disk.
    fn repack(&self, packed: &[u8]) -> std::io::Result<()> {
        let mut mine = false;
        let kept = packed.split_inclusive(|&byte| byte == b'\n').filter(|line| {
            mine = self.is_mine(line.trim_ascii_end()) || mine && line.starts_with(b"^");
            !mine
        });
        let kept: Vec<u8> = kept.collect::<Vec<_>>().concat();
        let aside = own_file(self.common).with_extension("new");
        let mut file = File::create(&aside)?;
        file.write_all(&kept)?;
        file.sync_all()?;
        std::fs::rename(&aside, self.packed())
    }

    /// As git does it: folders that hold nothing any more go, but not `refs/heads` and the like.
    fn remove_empty_folders(&self) {
        let below = Path::new(self.name).ancestors().skip(1).filter(|above| above.components().count() > 2);
        for folder in below {
            let _ = std::fs::remove_dir(self.common.join(folder));
            let _ = std::fs::remove_dir(self.common.join("logs").join(folder));
        }
    }
}

fn absent(fault: &std::io::Error) -> bool {
    matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

/// The locks that git takes for a deletion, given back when dropped.
struct Locks {
    own: PathBuf,
    taken: Vec<PathBuf>,
}

impl Locks {
    /// `None`: the file system knows no hard links.
    ///
    /// # Errors
    /// Another process holds one of them all the time, or they cannot be made.
    fn take(place: &Place<'_>) -> Result<Option<Locks>> {
        clear(place.common)?;
        let mut locks = Locks { own: own_file(place.common), taken: Vec::new() };
        let could_not = || format!("could not make '{}'", own_file(place.common).display());
        let written = File::create_new(&locks.own).and_then(|mut file| writeln!(file, "{}", place.name));
        written.with_context(could_not)?;
        let folder = place.loose().parent().map_or(Ok(()), std::fs::create_dir_all);
        folder.with_context(|| format!("could not make a folder for '{}'", place.name))?;
        for path in [place.lock(), packed_lock(place.common)] {
            if !locks.link(&path)? {
                return Ok(None);
            }
        }
        Ok(Some(locks))
    }

    fn link(&mut self, path: &Path) -> Result<bool> {
        let began = Instant::now();
        loop {
            match std::fs::hard_link(&self.own, path) {
                Ok(()) => {
                    self.taken.push(path.to_owned());
                    return Ok(true);
                }
                Err(fault) if fault.kind() == ErrorKind::AlreadyExists && began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(fault) if fault.kind() == ErrorKind::AlreadyExists => {
                    let what = format!("'{}' is held by another git, or was left by one", path.display());
                    return Err(is_held(path, &what).into());
                }
                Err(fault) if matches!(fault.raw_os_error(), Some(EPERM | EOPNOTSUPP | ENOSYS)) => return Ok(false),
                Err(fault) => return Err(fault).with_context(|| format!("could not lock '{}'", path.display())),
            }
        }
    }
}

const EPERM: i32 = rustix::io::Errno::PERM.raw_os_error();
const EOPNOTSUPP: i32 = rustix::io::Errno::OPNOTSUPP.raw_os_error();
const ENOSYS: i32 = rustix::io::Errno::NOSYS.raw_os_error();

impl Drop for Locks {
    fn drop(&mut self) {
        for path in self.taken.iter().rev() {
            let _ = std::fs::remove_file(path);
        }
        let _ = std::fs::remove_file(self.own.with_extension("new"));
        let _ = std::fs::remove_file(&self.own);
    }
}
