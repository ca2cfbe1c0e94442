//! The index against HEAD's tree, without what the index itself vouches for.

use std::cmp::Ordering;

use gix::index::Entry;
use gix::index::extension::Tree;
use gix::objs::tree::EntryKind;

use super::objects::kind_of;

/// What a tree or the index has at a path.
pub(super) type Content = (EntryKind, gix::ObjectId);

/// A path that is staged: what HEAD has there, and what the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Staged {
    pub path: Vec<u8>,
    pub head: Option<Content>,
    pub index: Option<Content>,
}

/// Every path in which the index differs from the tree `head`, in no particular order; `None` where an object is
/// missing or an entry is of no usual kind.
///
/// Trees that the index keeps the id of (its cache-tree) and that are HEAD's are not looked into.
pub(super) fn staged(gix: &gix::Repository, index: &gix::index::File, head: gix::ObjectId) -> Option<Vec<Staged>> {
    let mut compared = Compared { gix, index, staged: Vec::new() };
    compared.tree(b"", Some(head), index.tree(), index.entries())?;
    Some(compared.staged)
}

struct Compared<'a> {
    gix: &'a gix::Repository,
    index: &'a gix::index::File,
    staged: Vec<Staged>,
}

/// One name in a folder: of a tree, or of a run of index entries.
struct Name<'a> {
    name: &'a [u8],
    is_tree: bool,
}

impl Name<'_> {
    /// git's order, in which a folder's name ends with a slash.
    fn order(&self, other: &Name<'_>) -> Ordering {
        self.bytes().cmp(other.bytes())
    }

    fn bytes(&self) -> impl Iterator<Item = u8> {
        self.name.iter().copied().chain(self.is_tree.then_some(b'/'))
    }
}

impl<'a> Compared<'a> {
    /// Compares a folder: `path` ends with a slash or is empty, `entries` are all of the index below it.
    fn tree(
        &mut self,
        path: &[u8],
        head: Option<gix::ObjectId>,
        cached: Option<&Tree>,
        entries: &'a [Entry],
    ) -> Option<()> {
        let known = cached.filter(|cached| cached.num_entries.is_some_and(|count| count as usize == entries.len()));
        if known.is_some_and(|known| Some(known.id) == head) {
            return Some(());
        }
        let object = match head {
            Some(id) => Some(self.gix.find_tree(id).ok()?),
            None => None,
        };
        let decoded = match &object {
            Some(tree) => tree.decode().ok()?.entries,
            None => Vec::new(),
        };
        let mut theirs = decoded.iter().peekable();
        let mut rest = entries;
        loop {
            let ours = self.first(path.len(), rest);
            let their_name =
                theirs.peek().map(|entry| Name { name: entry.filename.as_ref(), is_tree: entry.mode.is_tree() });
            let order = match (&ours, &their_name) {
                (None, None) => return Some(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((ours, _)), Some(theirs)) => ours.order(theirs),
            };
            let their = if order == Ordering::Less { None } else { theirs.next() };
            let here = if order == Ordering::Greater { None } else { ours };
            let taken = here.as_ref().map_or(0, |(_, count)| *count);
            let name = here.as_ref().map(|(name, _)| name.name).or(their.map(|entry| entry.filename.as_ref()))?;
            let is_tree =
                here.as_ref().map_or_else(|| their_name.is_some_and(|name| name.is_tree), |(name, _)| name.is_tree);
            let (run, after) = rest.split_at(taken);
            rest = after;
            if is_tree {
                let below =
                    cached.and_then(|cached| cached.children.iter().find(|child| child.name.as_slice() == name));
                let path = [path, name, b"/"].concat();
                self.tree(&path, their.map(|entry| entry.oid.to_owned()), below, run)?;
            } else {
                let head = their.map(|entry| (entry.mode.kind(), entry.oid.to_owned()));
                let index = match run.first() {
                    Some(entry) => Some((kind_of(entry.mode)?, entry.id)),
                    None => None,
                };
                if head != index {
                    self.staged.push(Staged { path: [path, name].concat(), head, index });
                }
            }
        }
    }

    /// The first name of a run of entries in a folder, and how many entries have it.
    fn first(&self, path_len: usize, entries: &'a [Entry]) -> Option<(Name<'a>, usize)> {
        let below = |entry: &'a Entry| -> &'a [u8] { &entry.path(self.index)[path_len..] };
        let path = below(entries.first()?);
        let Some(length) = path.iter().position(|&byte| byte == b'/') else {
            return Some((Name { name: path, is_tree: false }, 1));
        };
        let folder = &path[..=length];
        let count = entries.partition_point(|entry| entry.path(self.index)[path_len..].starts_with(folder));
        Some((Name { name: &path[..length], is_tree: true }, count.max(1)))
    }
}
