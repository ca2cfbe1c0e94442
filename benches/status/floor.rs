//! The least that looking at every file of some worktrees takes: the index decoded, `fstatat` for each entry from the
//! handle of its folder, `getdents` for each folder, on all cores, and nothing made of it.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, statat};

/// Looks at each worktree; tells how many entries and names were seen, so that nobody can leave the work out.
pub fn run(worktrees: &[String]) -> (usize, usize) {
    let (next, entries, names) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(worktree) = worktrees.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let seen = look(Path::new(worktree));
                    entries.fetch_add(seen.0, Ordering::Relaxed);
                    names.fetch_add(seen.1, Ordering::Relaxed);
                }
            });
        }
    });
    (entries.into_inner(), names.into_inner())
}

fn look(worktree: &Path) -> (usize, usize) {
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let index = gix::index::File::at(admin_dir(worktree).join("index"), gix::hash::Kind::Sha1, true, options).unwrap();
    let mut walk = Walk { names: 0, buffer: Vec::with_capacity(32 << 10) };
    // The folders on the way to the entry, each with the length of its path; they come in the order of the index.
    let top = openat(CWD, worktree, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    walk.list(&top);
    let mut folders: Vec<(usize, OwnedFd)> = vec![(0, top)];
    let mut last: Vec<u8> = Vec::new();
    for entry in index.entries() {
        let path: &[u8] = entry.path(&index);
        while !leads_to(&last[..folders.last().unwrap().0], path) {
            folders.pop();
        }
        loop {
            let (length, folder) = folders.last().unwrap();
            let Some(end) = path[*length..].iter().position(|&byte| byte == b'/') else { break };
            let inner = openat(folder, &path[*length..length + end], FOLDER, Mode::empty()).unwrap();
            walk.list(&inner);
            folders.push((length + end + 1, inner));
        }
        let (length, folder) = folders.last().unwrap();
        statat(folder, &path[*length..], AtFlags::SYMLINK_NOFOLLOW).unwrap();
        last.clear();
        last.extend_from_slice(path);
    }
    (index.entries().len(), walk.names)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Whether the folder, which is empty or ends with a slash, is on the way to the path.
fn leads_to(folder: &[u8], path: &[u8]) -> bool {
    path.starts_with(folder)
}

struct Walk {
    names: usize,
    buffer: Vec<u8>,
}

impl Walk {
    fn list(&mut self, folder: &OwnedFd) {
        let mut dir = RawDir::new(folder, self.buffer.spare_capacity_mut());
        while let Some(entry) = dir.next() {
            entry.unwrap();
            self.names += 1;
        }
    }
}

/// Where git keeps the index of a linked worktree.
fn admin_dir(worktree: &Path) -> PathBuf {
    let link = std::fs::read_to_string(worktree.join(".git")).unwrap();
    PathBuf::from(link.strip_prefix("gitdir: ").unwrap().trim_end())
}
