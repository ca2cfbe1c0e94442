//! The paths of a worktree that may have changed, found without the git program: where the index is HEAD's tree, those
//! are the entries whose file is not provably the one that the index describes, and the names that the index does not
//! know. All else is proved clean; git is asked about these alone.

use std::collections::HashSet;
use std::os::fd::OwnedFd;

use gix::index::entry::{Mode, Stat};
use rustix::fs::{AtFlags, Dir, FileType, Mode as Permissions, OFlags};
use rustix::io::Errno;

use super::repo::{Repo, theirs};
use super::worktrees::Listed;
use crate::model::facts::Head;

/// With more doubts than this, git is asked about the whole worktree: it compares each entry with each path it is given.
const MOST_DOUBTS: usize = 64;

/// What the search needs of a repository; one for each thread.
pub(super) struct Shortcut {
    gix: gix::Repository,
}

impl Shortcut {
    /// `None` where the configuration makes stat data mean something else than usual.
    pub(super) fn new(repo: &Repo) -> Option<Shortcut> {
        let config = repo.gix.config_snapshot();
        let unusual = [
            ("core.fileMode", false),
            ("core.trustCTime", false),
            ("core.symlinks", false),
            ("core.ignoreCase", true),
            ("core.precomposeUnicode", true),
            ("core.splitIndex", true),
            ("extensions.worktreeConfig", true),
        ];
        let usual = unusual.iter().all(|&(key, value)| config.boolean(key) != Some(value))
            && config.string("core.checkStat").is_none_or(|value| value.eq_ignore_ascii_case(b"default"));
        usual.then(|| Shortcut { gix: repo.gix.clone() })
    }

    /// Paths in the worktree such that every change that `git status` would tell is at or below one of them: none where
    /// it is clean. `None` where they are too many, or something is unusual.
    pub(super) fn doubts(&self, worktree: &Listed) -> Option<Vec<Vec<u8>>> {
        if worktree.operation.is_some() || is_split(worktree)? {
            return None;
        }
        let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
        let file =
            gix::index::File::at(worktree.admin_dir.join("index"), self.gix.object_hash(), true, options).ok()?;
        if file.is_sparse() || file.fs_monitor().is_some() {
            return None;
        }
        let root = file.tree()?;
        if root.num_entries? as usize != file.entries().len() || root.id != self.head_tree(&worktree.head)? {
            return None;
        }
        let top = rustix::fs::open(&worktree.path, FOLDER, Permissions::empty()).ok()?;
        let top = Folder { fd: top, path_len: 0, seen: 0 };
        Walk { index: &file, open: vec![top], path: Vec::new(), doubts: Vec::new() }.doubts()
    }

    fn head_tree(&self, head: &Head) -> Option<gix::ObjectId> {
        let commit = match head {
            Head::Branch(name) => {
                self.gix.find_reference(&format!("refs/heads/{name}")).ok()?.into_fully_peeled_id().ok()?.detach()
            }
            Head::Detached(id) => theirs(*id),
            Head::Missing => return None,
        };
        Some(self.gix.find_commit(commit).ok()?.tree_id().ok()?.detach())
    }
}

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

fn is_split(worktree: &Listed) -> Option<bool> {
    let mut names = std::fs::read_dir(&worktree.admin_dir).ok()?.flatten().map(|entry| entry.file_name());
    Some(names.any(|name| name.as_encoded_bytes().starts_with(b"sharedindex.")))
}

/// Goes along the index with the folders of the current entry open, deepest last.
struct Walk<'a> {
    index: &'a gix::index::File,
    open: Vec<Folder>,
    /// Of the deepest open folder, with a slash at its end.
    path: Vec<u8>,
    doubts: Vec<Vec<u8>>,
}

struct Folder {
    fd: OwnedFd,
    path_len: usize,
    /// How many different names of those that the index knows were seen in it.
    seen: u64,
}

/// What became of a name that the index knows.
enum Fate {
    Unchanged,
    /// Something of this name is there.
    Doubtful,
    Gone,
}

impl<'a> Walk<'a> {
    fn doubts(mut self) -> Option<Vec<Vec<u8>>> {
        for entry in self.index.entries() {
            let path: &[u8] = entry.path(self.index).as_ref();
            if self.doubts.last().is_some_and(|doubt| is_below(path, doubt)) {
                continue;
            }
            is_plain(entry).then_some(())?;
            let Some(name) = self.enter(path)? else { continue };
            let fate = self.fate(entry, name)?;
            self.note(fate, path)?;
        }
        while !self.open.is_empty() {
            self.leave()?;
        }
        Some(self.doubts)
    }

    /// Opens the folder that holds `path`, and returns the last part of the path; nothing where that folder is none.
    fn enter<'p>(&mut self, path: &'p [u8]) -> Option<Option<&'p [u8]>> {
        while !path.starts_with(&self.path) {
            self.leave()?;
        }
        let mut at = self.path.len();
        while let Some(length) = path[at..].iter().position(|&byte| byte == b'/') {
            let (name, end) = (&path[at..at + length], at + length);
            match rustix::fs::openat(&self.open.last()?.fd, name, FOLDER, Permissions::empty()) {
                Ok(fd) => {
                    self.note(Fate::Unchanged, &path[..end])?;
                    at = end + 1;
                    self.path.extend_from_slice(&path[self.path.len()..at]);
                    self.open.push(Folder { fd, path_len: at, seen: 0 });
                }
                Err(fault) => {
                    self.note(without(fault)?, &path[..end])?;
                    return Some(None);
                }
            }
        }
        Some(Some(&path[at..]))
    }

    fn fate(&self, entry: &gix::index::Entry, name: &[u8]) -> Option<Fate> {
        let folder = &self.open.last()?.fd;
        if entry.mode == Mode::COMMIT {
            return match rustix::fs::openat(folder, name, FOLDER, Permissions::empty()) {
                // A submodule that was never checked out is an empty folder.
                Ok(fd) => Some(if names_in(fd)?.is_empty() { Fate::Unchanged } else { Fate::Doubtful }),
                Err(fault) => without(fault),
            };
        }
        match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) if self.describes(entry, &found) => Some(Fate::Unchanged),
            Ok(_) => Some(Fate::Doubtful),
            Err(fault) => without(fault),
        }
    }

    /// Counts a name of the deepest open folder.
    fn note(&mut self, fate: Fate, path: &[u8]) -> Option<()> {
        self.open.last_mut()?.seen += u64::from(!matches!(fate, Fate::Gone));
        if matches!(fate, Fate::Unchanged) { Some(()) } else { self.doubt(path.to_owned()) }
    }

    /// Changed attributes may change what git says of files that are as they were: then it has to look at all.
    fn doubt(&mut self, path: Vec<u8>) -> Option<()> {
        (path.rsplit(|&byte| byte == b'/').next() != Some(b".gitattributes")).then_some(())?;
        self.doubts.push(path);
        (self.doubts.len() <= MOST_DOUBTS).then_some(())
    }

    /// Closes the deepest open folder. It has as many names as were seen there of those that the index knows; or it has
    /// others, and they are doubtful.
    fn leave(&mut self) -> Option<()> {
        let folder = self.open.pop()?;
        let mut names = names_in(folder.fd)?;
        if folder.path_len == 0 {
            names.retain(|name| name != b".git");
        }
        if names.len() as u64 != folder.seen {
            let known = self.known();
            names.retain(|name| !known.contains(name.as_slice()));
            for name in names {
                // git never shows this one, but sees another repository around it.
                (name != b".git").then_some(())?;
                self.doubt([self.path.as_slice(), &name].concat())?;
            }
        }
        self.path.truncate(self.open.last().map_or(0, |parent| parent.path_len));
        Some(())
    }

    /// The names that the index knows in the folder at `path`.
    fn known(&self) -> HashSet<&'a [u8]> {
        let entries = self.index.prefixed_entries(self.path.as_slice().into()).unwrap_or_default();
        let path = |entry: &'a gix::index::Entry| -> &'a [u8] { entry.path(self.index).as_ref() };
        let rest = entries.iter().map(|entry| &path(entry)[self.path.len()..]);
        rest.map(|rest| rest.split(|&byte| byte == b'/').next().unwrap_or_default()).collect()
    }

    /// Whether the entry stands for exactly this file, and not racily so.
    #[expect(clippy::unnecessary_cast, reason = "the fields of stat differ between platforms")]
    fn describes(&self, entry: &gix::index::Entry, found: &rustix::fs::Stat) -> bool {
        let kind = FileType::from_raw_mode(found.st_mode);
        let executable = found.st_mode & 0o100 != 0;
        let right_kind = match entry.mode {
            Mode::FILE => kind == FileType::RegularFile && !executable,
            Mode::FILE_EXECUTABLE => kind == FileType::RegularFile && executable,
            Mode::SYMLINK => kind == FileType::Symlink,
            _ => false,
        };
        let stat = &entry.stat;
        is_plain(entry)
            && right_kind
            && stat.mtime.secs == found.st_mtime as u32
            && stat.mtime.nsecs == found.st_mtime_nsec as u32
            && stat.ctime.secs == found.st_ctime as u32
            && stat.ctime.nsecs == found.st_ctime_nsec as u32
            && stat.size == found.st_size as u32
            && stat.ino == found.st_ino as u32
            && stat.uid == found.st_uid as u32
            && stat.gid == found.st_gid as u32
            && !self.racy(stat)
            && (stat.size != 0 || entry.id.is_empty_blob())
    }

    /// git's racy rule: a file written no earlier than its index may have changed since without a trace in its stat.
    /// Where the file system keeps fractions of a second they count, as for a git built with `USE_NSEC`.
    fn racy(&self, stat: &Stat) -> bool {
        let written = self.index.timestamp();
        let (written_secs, secs) = (written.unix_seconds(), i64::from(stat.mtime.secs));
        if written_secs != secs || stat.mtime.nsecs == 0 || written.nanoseconds() == 0 {
            return written_secs <= secs;
        }
        written.nanoseconds() <= stat.mtime.nsecs
    }
}

/// Stages, intent-to-add, skip-worktree and assume-unchanged all stand in the flags beside the path's length.
fn is_plain(entry: &gix::index::Entry) -> bool {
    entry.flags.difference(gix::index::entry::Flags::PATH_LEN).is_empty()
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with(b"/"))
}

/// What became of a name that cannot be opened; `None` where that tells nothing.
fn without(fault: Errno) -> Option<Fate> {
    match fault {
        Errno::NOENT => Some(Fate::Gone),
        Errno::NOTDIR | Errno::LOOP => Some(Fate::Doubtful),
        _ => None,
    }
}

/// The names in a folder, without `.` and `..`.
fn names_in(folder: OwnedFd) -> Option<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::new(folder).ok()? {
        let entry = entry.ok()?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(name.to_owned());
        }
    }
    Some(names)
}
