//! In which files two trees differ, without looking for renames.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::git::repo::ours;
use crate::model::oid::Oid;

/// Folders in folders, as far as they are followed (git: `core.maxTreeDepth`).
const DEEPEST: usize = 1024;

/// What stands at a path: a file, a link or a submodule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Entry {
    pub mode: u16,
    pub id: Oid,
}

/// A path at which two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub path: Vec<u8>,
    pub old: Option<Entry>,
    pub new: Option<Entry>,
}

/// Paths that are looked for, with the folders above them.
#[derive(Debug, Default)]
pub(super) struct Paths {
    files: HashSet<Vec<u8>>,
    folders: HashSet<Vec<u8>>,
}

impl Paths {
    pub(super) fn contains(&self, path: &[u8]) -> bool {
        self.files.contains(path)
    }

    pub(super) fn add(&mut self, path: &[u8]) {
        if !self.files.insert(path.to_owned()) {
            return;
        }
        let slashes = path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
        for (end, _) in slashes {
            if !self.folders.insert(path[..end].to_owned()) {
                break;
            }
        }
    }
}

/// The files that differ from the tree `old` to the tree `new`, `None` being the empty tree, in git's order: of `paths` where
/// that is given.
///
/// `None` where a tree cannot be read or is too deep, or where there are more than `most`.
pub(super) fn differences(
    gix: &gix::Repository,
    (old, new): (Option<gix::ObjectId>, Option<gix::ObjectId>),
    paths: Option<&Paths>,
    most: usize,
) -> Option<Vec<Difference>> {
    let mut walk = Walk { gix, paths, most, path: Vec::new(), depth: 0, found: Vec::new() };
    walk.trees(old, new)?;
    Some(walk.found)
}

struct Walk<'a> {
    gix: &'a gix::Repository,
    paths: Option<&'a Paths>,
    most: usize,
    path: Vec<u8>,
    depth: usize,
    found: Vec<Difference>,
}

type Side<'a> = Option<gix::objs::tree::EntryRef<'a>>;

impl Walk<'_> {
    fn trees(&mut self, old: Option<gix::ObjectId>, new: Option<gix::ObjectId>) -> Option<()> {
        if old == new {
            return Some(());
        }
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let (old, new) = (self.load(old)?, self.load(new)?);
        let done = self.entries(&old, &new);
        self.depth -= 1;
        done
    }

    fn load(&self, id: Option<gix::ObjectId>) -> Option<Vec<u8>> {
        let Some(id) = id else { return Some(Vec::new()) };
        Some(self.gix.find_tree(id).ok()?.detach().data)
    }

    fn entries(&mut self, old: &[u8], new: &[u8]) -> Option<()> {
        let hash = self.gix.object_hash();
        let mut left = gix::objs::TreeRefIter::from_bytes(old, hash);
        let mut right = gix::objs::TreeRefIter::from_bytes(new, hash);
        let (mut a, mut b) = (next(&mut left)?, next(&mut right)?);
        loop {
            match (a, b) {
                (None, None) => return Some(()),
                (Some(one), Some(other)) if one.cmp(&other) == Ordering::Equal => {
                    if one.oid != other.oid || one.mode != other.mode {
                        self.entry(a, b)?;
                    }
                    (a, b) = (next(&mut left)?, next(&mut right)?);
                }
                (Some(one), other) if other.is_none_or(|other| one < other) => {
                    self.entry(a, None)?;
                    a = next(&mut left)?;
                }
                _ => {
                    self.entry(None, b)?;
                    b = next(&mut right)?;
                }
            }
        }
    }

    /// What stands at one name: both are folders, or neither is.
    fn entry(&mut self, old: Side<'_>, new: Side<'_>) -> Option<()> {
        let Some(one) = old.or(new) else { return Some(()) };
        let length = self.path.len();
        if length > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(one.filename);
        let done = if one.mode.is_tree() {
            let wanted = self.paths.is_none_or(|paths| paths.folders.contains(&self.path));
            let id = |side: Side<'_>| side.map(|side| side.oid.to_owned());
            if wanted { self.trees(id(old), id(new)) } else { Some(()) }
        } else {
            self.file(old, new)
        };
        self.path.truncate(length);
        done
    }

    fn file(&mut self, old: Side<'_>, new: Side<'_>) -> Option<()> {
        if self.paths.is_some_and(|paths| !paths.files.contains(&self.path)) {
            return Some(());
        }
        if self.found.len() == self.most {
            return None;
        }
        let entry = |side: Side<'_>| side.map(|side| Entry { mode: side.mode.value(), id: ours(side.oid) });
        self.found.push(Difference { path: self.path.clone(), old: entry(old), new: entry(new) });
        Some(())
    }
}

/// The next entry; `None` where the tree is damaged.
fn next<'a>(entries: &mut gix::objs::TreeRefIter<'a>) -> Option<Side<'a>> {
    entries.next().transpose().ok()
}
