//! What a folder takes on disk: walked by handles of folders on all cores, no symlink followed, no other file system entered.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags};

use super::parallel;
use crate::model::trash::Weight;

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// POSIX `<sys/stat.h>`: `st_blocks` counts these on every system that is known here.
const BLOCK: u64 = 512;

/// What `folder` and all in it take, which may be a file as well. Nothing where there is nothing.
pub fn weigh(folder: &Path) -> Weight {
    let Ok(top) = rustix::fs::lstat(folder) else { return Weight::default() };
    if FileType::from_raw_mode(top.st_mode) != FileType::Directory {
        return Weight { bytes: blocks(&top), closed: None };
    }
    let walk = Walk { device: number(top.st_dev), ..Walk::default() };
    walk.push(vec![Open { above: None, name: folder.as_os_str().to_owned(), path: folder.to_owned() }]);
    std::thread::scope(|scope| {
        for _ in 0..parallel::threads(usize::MAX) {
            scope.spawn(|| {
                while let Some(open) = walk.next() {
                    walk.look(&open);
                    walk.done();
                }
            });
        }
    });
    walk.weight.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that is still to be looked into. The one above stays open until then, so the last in is looked into first: as many are
/// open as folders lie in each other.
struct Open {
    above: Option<Arc<OwnedFd>>,
    name: OsString,
    path: PathBuf,
}

#[derive(Default)]
struct Queue {
    open: Vec<Open>,
    /// Those that are looked into now.
    busy: usize,
}

#[derive(Default)]
struct Walk {
    device: u64,
    queue: Mutex<Queue>,
    changed: Condvar,
    weight: Mutex<Weight>,
    /// Files with several names that were counted, by device and inode.
    counted: Mutex<HashSet<(u64, u64)>>,
}

impl Walk {
    fn push(&self, found: Vec<Open>) {
        if !found.is_empty() {
            held(&self.queue).open.extend(found);
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<Open> {
        let mut queue = held(&self.queue);
        loop {
            if let Some(open) = queue.open.pop() {
                queue.busy += 1;
                return Some(open);
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self) {
        let mut queue = held(&self.queue);
        queue.busy -= 1;
        if queue.busy == 0 && queue.open.is_empty() {
            self.changed.notify_all();
        }
    }

    fn look(&self, open: &Open) {
        let opened = match &open.above {
            Some(above) => rustix::fs::openat(above, &open.name, FOLDER, Mode::empty()),
            None => rustix::fs::openat(CWD, &open.name, FOLDER, Mode::empty()),
        };
        let Ok(folder) = opened else { return self.add(0, Some(&open.path)) };
        let Ok(stat) = rustix::fs::fstat(&folder) else { return self.add(0, Some(&open.path)) };
        if number(stat.st_dev) != self.device {
            return;
        }
        let folder = Arc::new(folder);
        let (mut bytes, mut below, mut closed, mut empty) = (blocks(&stat), Vec::new(), false, true);
        let entries = rustix::fs::Dir::read_from(&folder);
        closed |= entries.is_err();
        for entry in entries.into_iter().flatten() {
            let Ok(entry) = entry else {
                closed = true;
                break;
            };
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if matches!(name.as_bytes(), b"." | b"..") {
                continue;
            }
            empty = false;
            // What went meanwhile takes nothing.
            let Ok(stat) = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                let (name, path) = (name.to_owned(), open.path.join(name));
                below.push(Open { above: Some(Arc::clone(&folder)), name, path });
            } else if stat.st_nlink < 2 || held(&self.counted).insert((number(stat.st_dev), number(stat.st_ino))) {
                bytes += blocks(&stat);
            }
        }
        closed |= !empty && !may_empty(&folder, &stat);
        self.add(bytes, closed.then_some(&open.path));
        self.push(below);
    }

    fn add(&self, bytes: u64, closed: Option<&PathBuf>) {
        let mut weight = held(&self.weight);
        weight.bytes += bytes;
        if weight.closed.is_none() {
            weight.closed = closed.cloned();
        }
    }
}

/// Whether this user may remove what is in a folder: its owner can at least make that so.
fn may_empty(folder: &OwnedFd, stat: &rustix::fs::Stat) -> bool {
    let own = rustix::process::geteuid();
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    own.is_root() || stat.st_uid == own.as_raw() || rustix::fs::accessat(folder, ".", wanted, AtFlags::EACCESS).is_ok()
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn blocks(stat: &rustix::fs::Stat) -> u64 {
    number(stat.st_blocks) * BLOCK
}

/// The fields of stat(2) have other types on other systems.
fn number<T: TryInto<u64>>(field: T) -> u64 {
    field.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    #[test]
    fn what_a_folder_takes_is_what_is_allocated_for_it_and_nothing_that_it_leads_to() {
        let dir = tempfile::tempdir().unwrap();
        let (inner, outer) = (dir.path().join("a"), dir.path().join("outer"));
        std::fs::create_dir_all(inner.join("deep/er")).unwrap();
        std::fs::create_dir(&outer).unwrap();
        std::fs::write(outer.join("large"), vec![1; 1 << 20]).unwrap();
        std::fs::write(inner.join("deep/er/file"), vec![1; 300_000]).unwrap();
        let before = weigh(&inner);
        let blocks = |path: &Path| path.symlink_metadata().unwrap().blocks() * BLOCK;
        let all = ["", "deep", "deep/er", "deep/er/file"].map(|path| blocks(&inner.join(path)));
        assert_eq!(before, Weight { bytes: all.iter().sum(), closed: None });
        symlink(&outer, inner.join("link")).unwrap();
        std::fs::hard_link(inner.join("deep/er/file"), inner.join("same")).unwrap();
        assert_eq!(weigh(&inner).bytes, before.bytes + blocks(&inner.join("link")));
        let sparse = std::fs::File::create(inner.join("sparse")).unwrap();
        sparse.set_len(1 << 40).unwrap();
        assert!(weigh(&inner).bytes < before.bytes + (1 << 20), "a hole takes nothing");
        assert_eq!(weigh(&inner.join("same")).bytes, blocks(&inner.join("same")));
        assert_eq!(weigh(&inner.join("nothing")), Weight::default());
    }
}
