//! Being told when refs, ledger or worktrees change (docs/design/0020): the system tells of folders that are watched, one by
//! one; those that git ignores are not, so that builds wake nobody.

mod folders;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{CreateKind, EventKind, EventKindMask, ModifyKind, RemoveKind};
use notify::{Config, Event, PathOp, RecommendedWatcher, Watcher, WatcherKind};

use super::repo::Repo;
use folders::{below, wanted};

/// New folders remembered between two [`Watch::cover`]; with more, everything is looked through again.
const MOST_FRESH: usize = 1000;
/// However many the system allows: each costs it about a kilobyte.
const MOST_WATCHES: usize = 100_000;

/// Watches a repository and some worktrees. Nothing is watched before the first [`Watch::cover`].
pub struct Watch {
    /// `None` where the system cannot tell of changes.
    watcher: Option<RecommendedWatcher>,
    heard: Arc<Mutex<Heard>>,
    /// The folders that are watched.
    folders: BTreeSet<PathBuf>,
    /// The worktrees whose folders were looked through.
    worktrees: BTreeSet<PathBuf>,
    /// Those of them with more folders than may be watched.
    partly: BTreeSet<PathBuf>,
    most: usize,
}

/// How much of what was asked for is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    Everything,
    /// The refs at best, and not every folder of every worktree.
    Some,
}

#[derive(Default)]
struct Heard {
    /// Folders that appeared where one is watched.
    fresh: BTreeSet<PathBuf>,
    /// Something was missed, or what git ignores may have changed.
    lost: bool,
}

impl Watch {
    /// `tell` is called on another thread, often several times for one change; it must return at once.
    pub fn new(repo: &Repo, tell: impl Fn() + Send + 'static) -> Watch {
        let common = repo.common_dir().to_owned();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let hears = Arc::clone(&heard);
        let listen = move |event: notify::Result<Event>| {
            if note(&mut hears.lock().unwrap_or_else(PoisonError::into_inner), event, &common) {
                tell();
            }
        };
        // Reading is no change, and this program reads much.
        let config = Config::default().with_event_kinds(EventKindMask::CORE).with_follow_symlinks(false);
        Watch {
            watcher: RecommendedWatcher::new(listen, config).ok(),
            heard,
            folders: BTreeSet::new(),
            worktrees: BTreeSet::new(),
            partly: BTreeSet::new(),
            most: most_watches(),
        }
    }

    /// Watches the repository's refs, its admin folders, the folders of `worktrees` that git does not ignore, and the folders
    /// `others`; and nothing else any more. Folders that appeared since the last call are watched from now on: so call it
    /// before reading what they hold.
    pub fn cover(&mut self, repo: &Repo, worktrees: &[PathBuf], others: &[PathBuf]) -> Watched {
        if self.watcher.is_none() {
            return Watched::Some;
        }
        let Heard { fresh, lost } = std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        fresh.iter().for_each(|path| self.forget(path));
        self.add(below(repo.common_dir()).into_iter().chain(others.iter().cloned()).collect());
        if RecommendedWatcher::kind() != WatcherKind::Inotify {
            return if worktrees.is_empty() { Watched::Everything } else { Watched::Some };
        }
        let gone: Vec<PathBuf> = self.worktrees.iter().filter(|path| !worktrees.contains(path)).cloned().collect();
        gone.iter().for_each(|path| self.leave(path));
        for path in worktrees {
            let known = !lost && self.worktrees.contains(path);
            let starts: Vec<&PathBuf> =
                if known { fresh.iter().filter(|fresh| fresh.starts_with(path)).collect() } else { vec![path] };
            if starts.is_empty() || (known && self.partly.contains(path)) {
                continue;
            }
            self.worktrees.insert(path.clone());
            let room = self.most.saturating_sub(self.folders.len());
            let whole = wanted(repo, path, &starts, room).is_some_and(|folders| self.add(folders));
            if whole {
                self.partly.remove(path)
            } else {
                self.partly.insert(path.clone())
            };
        }
        if self.partly.is_empty() { Watched::Everything } else { Watched::Some }
    }

    /// Watches these folders; says whether all of them that are there are.
    fn add(&mut self, folders: Vec<PathBuf>) -> bool {
        let new: Vec<PathBuf> = folders.into_iter().filter(|folder| !self.folders.contains(folder)).collect();
        if self.folders.len() + new.len() > self.most {
            return false;
        }
        let Some(watcher) = &mut self.watcher else { return false };
        let mut whole = true;
        let mut open: Vec<PathOp> = new.iter().map(PathOp::watch_non_recursive).collect();
        self.folders.extend(new);
        while !open.is_empty() {
            let Err(stopped) = watcher.update_paths(open) else { break };
            open = stopped.remaining;
            if let Some(path) = stopped.origin.as_ref().map(PathOp::as_path) {
                self.folders.remove(path);
                whole &= path.symlink_metadata().is_err();
            } else {
                return false;
            }
            if matches!(stopped.source.kind, notify::ErrorKind::MaxFilesWatch) {
                open.iter().for_each(|op| _ = self.folders.remove(op.as_path()));
                return false;
            }
        }
        whole
    }

    /// A folder was made anew at `path`: whatever was watched there and below is gone.
    fn forget(&mut self, path: &Path) {
        self.folders.retain(|folder| !folder.starts_with(path));
    }

    /// Stops watching a worktree.
    fn leave(&mut self, worktree: &Path) {
        let gone: Vec<PathOp> =
            self.folders.iter().filter(|folder| folder.starts_with(worktree)).map(PathOp::unwatch).collect();
        if let Some(watcher) = &mut self.watcher {
            let mut open = gone;
            while let Err(stopped) = watcher.update_paths(open) {
                open = stopped.remaining;
            }
        }
        self.forget(worktree);
        self.worktrees.remove(worktree);
        self.partly.remove(worktree);
    }
}

/// Remembers what matters for the watching itself; says whether anything changed that may be shown.
fn note(heard: &mut Heard, event: notify::Result<Event>, common: &Path) -> bool {
    let Ok(event) = event else {
        heard.lost = true;
        return true;
    };
    if event.need_rescan() {
        heard.lost = true;
        return true;
    }
    let appears = match event.kind {
        EventKind::Access(_) | EventKind::Other => return false,
        EventKind::Create(CreateKind::File) | EventKind::Remove(RemoveKind::File) => false,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
        _ => false,
    };
    if !event.paths.is_empty() && event.paths.iter().all(|path| is_passing(path, common)) {
        return false;
    }
    for path in &event.paths {
        heard.lost |= path.file_name().is_some_and(|name| name == ".gitignore") || heard.fresh.len() >= MOST_FRESH;
        if appears && !heard.lost && path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            heard.fresh.insert(path.clone());
        }
    }
    true
}

/// git's own lock files come and go with every command; what they become is told by its own name.
fn is_passing(path: &Path, common: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "lock") && path.starts_with(common)
}

/// Half of what the system grants this user for all programs.
fn most_watches() -> usize {
    let said = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").unwrap_or_default();
    said.trim().parse::<usize>().map_or(MOST_WATCHES, |most| (most / 2).min(MOST_WATCHES))
}

#[cfg(test)]
mod tests;
