//! The proof that a worktree is clean, without the git program: every entry of its index has the file it describes,
//! the index is HEAD's tree, and no folder holds a name that the index does not. Whoever fails the proof may still be
//! clean, and git is asked.

use std::os::fd::OwnedFd;

use gix::index::entry::{Mode, Stat};
use rustix::fs::{AtFlags, Dir, FileType, Mode as Permissions, OFlags};

use super::repo::{Repo, theirs};
use super::worktrees::Listed;
use crate::model::facts::Head;

/// What proofs need of a repository; one for each thread.
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

    /// Whether the worktree has provably no staged, modified, untracked or conflicted path.
    pub(super) fn untouched(&self, worktree: &Listed) -> bool {
        self.proof(worktree).is_some()
    }

    fn proof(&self, worktree: &Listed) -> Option<()> {
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
        Walk { index: &file, open: vec![Folder { fd: top, path_len: 0, names: 0 }], path: Vec::new() }.proof()
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
}

struct Folder {
    fd: OwnedFd,
    path_len: usize,
    /// How many different names the index knows in it; each of them was seen there.
    names: u64,
}

impl Walk<'_> {
    fn proof(mut self) -> Option<()> {
        for entry in self.index.entries() {
            let path: &[u8] = entry.path(self.index).as_ref();
            let name = self.enter(path)?;
            let folder = self.open.last_mut()?;
            folder.names += 1;
            if entry.mode == Mode::COMMIT {
                empty_submodule(entry, folder, name)?;
                continue;
            }
            let found = rustix::fs::statat(&folder.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            self.describes(entry, &found).then_some(())?;
        }
        while let Some(folder) = self.open.pop() {
            leave(folder)?;
        }
        Some(())
    }

    /// Opens the folder that holds `path`, and returns the last part of the path.
    fn enter<'p>(&mut self, path: &'p [u8]) -> Option<&'p [u8]> {
        while !path.starts_with(&self.path) {
            leave(self.open.pop()?)?;
            self.path.truncate(self.open.last()?.path_len);
        }
        let mut rest = &path[self.path.len()..];
        while let Some(slash) = rest.iter().position(|&byte| byte == b'/') {
            let folder = self.open.last_mut()?;
            folder.names += 1;
            let fd = rustix::fs::openat(&folder.fd, &rest[..slash], FOLDER, Permissions::empty()).ok()?;
            self.path.extend_from_slice(&rest[..=slash]);
            self.open.push(Folder { fd, path_len: self.path.len(), names: 0 });
            rest = &rest[slash + 1..];
        }
        Some(rest)
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

/// A submodule that was never checked out is an empty folder.
fn empty_submodule(entry: &gix::index::Entry, parent: &Folder, name: &[u8]) -> Option<()> {
    is_plain(entry).then_some(())?;
    let fd = rustix::fs::openat(&parent.fd, name, FOLDER, Permissions::empty()).ok()?;
    leave(Folder { fd, path_len: 1, names: 0 })
}

/// All names that the index knows in the folder were seen there: where it holds as many, it holds no other.
fn leave(folder: Folder) -> Option<()> {
    let is_top = folder.path_len == 0;
    let mut found = 0;
    for entry in Dir::new(folder.fd).ok()? {
        let entry = entry.ok()?;
        match entry.file_name().to_bytes() {
            b"." | b".." => {}
            b".git" if is_top => {}
            _ => found += 1,
        }
    }
    (found == folder.names).then_some(())
}
