//! A walk along the index and the folders that it names: what is not provably as the index describes it, and the names
//! that the index does not know. All else is proved unchanged.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use gix::index::entry::Mode;
use rustix::fs::{AtFlags, Dir, FileType, Mode as Permissions, OFlags};
use rustix::io::Errno;

use super::stamp::{Kind, Stamp, describes, is_plain};

/// What the walk found, in the order of paths.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub doubts: Vec<Doubt>,
    pub unknown: Vec<Unknown>,
}

/// An index entry that may have changed.
#[derive(Debug)]
pub(super) struct Doubt {
    /// Its place in the index.
    pub entry: usize,
    pub now: Now,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Now {
    Gone,
    There(Stamp),
    /// A folder with something in it, where the index has a submodule.
    Submodule,
}

/// Something that the index does not know.
#[derive(Debug)]
pub(super) struct Unknown {
    pub path: Vec<u8>,
    pub kind: Kind,
    /// It has the name of an entry, or of a folder with entries.
    pub in_place: bool,
}

pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Everything in the worktree at `top` that may differ from the index; `None` where something is unusual.
pub(super) fn walk(index: &gix::index::File, top: &Path) -> Option<Found> {
    let top = rustix::fs::open(top, FOLDER, Permissions::empty()).ok()?;
    let top = Folder { fd: top, path_len: 0, seen: 0 };
    let walk = Walk { index, open: vec![top], path: Vec::new(), blocked: None, found: Found::default() };
    walk.run()
}

/// Goes along the index with the folders of the current entry open, deepest last.
struct Walk<'a> {
    index: &'a gix::index::File,
    open: Vec<Folder>,
    /// Of the deepest open folder, with a slash at its end.
    path: Vec<u8>,
    /// A folder that the index knows and that is none, with a slash at its end: all entries below are gone.
    blocked: Option<&'a [u8]>,
    found: Found,
}

struct Folder {
    fd: OwnedFd,
    path_len: usize,
    /// How many different names of those that the index knows were seen in it.
    seen: u64,
}

impl<'a> Walk<'a> {
    fn run(mut self) -> Option<Found> {
        for (at, entry) in self.index.entries().iter().enumerate() {
            is_plain(entry).then_some(())?;
            let path: &[u8] = entry.path(self.index).as_ref();
            if self.blocked.is_some_and(|folder| path.starts_with(folder)) {
                self.found.doubts.push(Doubt { entry: at, now: Now::Gone });
                continue;
            }
            match self.enter(path)? {
                Some(name) => self.look(at, entry, name)?,
                None => self.found.doubts.push(Doubt { entry: at, now: Now::Gone }),
            }
        }
        while !self.open.is_empty() {
            self.leave()?;
        }
        Some(self.found)
    }

    /// Opens the folder that holds `path`, and returns the last part of the path; nothing where that folder is none.
    fn enter(&mut self, path: &'a [u8]) -> Option<Option<&'a [u8]>> {
        while !path.starts_with(&self.path) {
            self.leave()?;
        }
        let mut at = self.path.len();
        while let Some(length) = path[at..].iter().position(|&byte| byte == b'/') {
            let (name, end) = (&path[at..at + length], at + length);
            let parent = self.open.last_mut()?;
            match rustix::fs::openat(&parent.fd, name, FOLDER, Permissions::empty()) {
                Ok(fd) => {
                    parent.seen += 1;
                    at = end + 1;
                    self.path.extend_from_slice(&path[self.path.len()..at]);
                    self.open.push(Folder { fd, path_len: at, seen: 0 });
                }
                Err(fault) => {
                    self.blocked = Some(&path[..=end]);
                    match fault {
                        Errno::NOENT => {}
                        Errno::NOTDIR | Errno::LOOP => {
                            let found = rustix::fs::statat(&parent.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                            parent.seen += 1;
                            let unknown =
                                Unknown { path: path[..end].to_owned(), kind: Stamp::of(&found).kind, in_place: true };
                            self.found.unknown.push(unknown);
                        }
                        _ => return None,
                    }
                    return Some(None);
                }
            }
        }
        Some(Some(&path[at..]))
    }

    /// Compares an entry with what has its name in the deepest open folder.
    fn look(&mut self, at: usize, entry: &gix::index::Entry, name: &[u8]) -> Option<()> {
        let folder = self.open.last_mut()?;
        let found = match rustix::fs::statat(&folder.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => found,
            Err(Errno::NOENT) => {
                self.found.doubts.push(Doubt { entry: at, now: Now::Gone });
                return Some(());
            }
            Err(_) => return None,
        };
        folder.seen += 1;
        if describes(self.index, entry, &found) {
            return Some(());
        }
        let stamp = Stamp::of(&found);
        let now = match (stamp.kind, entry.mode) {
            (Kind::Folder, Mode::COMMIT) => {
                let fd = rustix::fs::openat(&folder.fd, name, FOLDER, Permissions::empty()).ok()?;
                // A submodule that was never checked out is an empty folder.
                if names_in(fd)?.is_empty() {
                    return Some(());
                }
                Now::Submodule
            }
            (_, Mode::COMMIT) => return None,
            (Kind::Folder, _) => {
                let path = [self.path.as_slice(), name].concat();
                self.found.unknown.push(Unknown { path, kind: Kind::Folder, in_place: true });
                Now::Gone
            }
            _ => Now::There(stamp),
        };
        self.found.doubts.push(Doubt { entry: at, now });
        Some(())
    }

    /// Closes the deepest open folder. It has as many names as were seen there of those that the index knows; or it has
    /// others, and they are unknown.
    fn leave(&mut self) -> Option<()> {
        let folder = self.open.pop()?;
        let mut names = names_in(folder.fd)?;
        if folder.path_len == 0 {
            names.retain(|(name, _)| name != b".git");
        }
        if names.len() as u64 != folder.seen {
            let known = self.known();
            names.retain(|(name, _)| !known.contains(name.as_slice()));
            for (name, kind) in names {
                // git never shows this one, but sees another repository around it.
                (name != b".git").then_some(())?;
                let path = [self.path.as_slice(), &name].concat();
                self.found.unknown.push(Unknown { path, kind, in_place: false });
            }
        }
        self.path.truncate(self.open.last().map_or(0, |parent| parent.path_len));
        Some(())
    }

    /// The names that the index knows in the folder at `path`.
    fn known(&self) -> HashSet<&'a [u8]> {
        let mut rest = self.index.prefixed_entries(self.path.as_slice().into()).unwrap_or_default();
        let below = |entry: &'a gix::index::Entry| -> &'a [u8] { &entry.path(self.index)[self.path.len()..] };
        let mut names = HashSet::new();
        while let Some(first) = rest.first() {
            let path = below(first);
            let name = path.split(|&byte| byte == b'/').next().unwrap_or_default();
            names.insert(name);
            let inside = |entry: &gix::index::Entry| {
                let path: &[u8] = &entry.path(self.index)[self.path.len()..];
                path.starts_with(name) && path.get(name.len()) == Some(&b'/')
            };
            let skip = if path.len() == name.len() { 1 } else { rest.partition_point(inside) };
            rest = &rest[skip.max(1)..];
        }
        names
    }
}

/// The names in a folder, without `.` and `..`, and what they are.
pub(super) fn names_in(folder: OwnedFd) -> Option<Vec<(Vec<u8>, Kind)>> {
    let mut names = Vec::new();
    let mut unclear = false;
    let mut dir = Dir::new(folder).ok()?;
    for entry in dir.by_ref() {
        let entry = entry.ok()?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            unclear |= entry.file_type() == FileType::Unknown;
            names.push((name.to_owned(), kind_of(entry.file_type())));
        }
    }
    if unclear {
        for (name, kind) in &mut names {
            let found = rustix::fs::statat(dir.fd().ok()?, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
            *kind = Stamp::of(&found).kind;
        }
    }
    Some(names)
}

/// Without telling whether a file is executable.
fn kind_of(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Symlink,
        FileType::Directory => Kind::Folder,
        _ => Kind::Other,
    }
}
