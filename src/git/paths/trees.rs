//! Where two trees differ, at and below a path.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use gix::objs::TreeRefIter;
use gix::objs::tree::EntryMode;

use crate::git::repo::theirs;
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// Paths of files that differ, each with whether nothing is left there.
pub(super) type Found = Vec<(TreePath, bool)>;

/// An entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub mode: EntryMode,
    pub id: gix::ObjectId,
}

impl Entry {
    fn is_tree(self) -> bool {
        self.mode.is_tree()
    }
}

/// Trees are kept up to this many bytes.
const MOST_KEPT: usize = 2 << 20;

pub(super) struct Trees {
    pub(super) gix: gix::Repository,
    /// The root of each commit that was asked for.
    roots: HashMap<Oid, Option<Entry>>,
    known: HashMap<gix::ObjectId, Arc<Tree>>,
    /// What they take, in bytes.
    kept: usize,
}

/// A tree that was read.
struct Tree {
    raw: Vec<u8>,
    /// Where in it each entry's name stands, with what it names, in the order of the tree.
    entries: Vec<(Range<u32>, Entry)>,
    /// Whether they are all.
    whole: bool,
}

impl Tree {
    fn of(raw: Vec<u8>, hash: gix::hash::Kind) -> Tree {
        let mut tree = Tree { raw: Vec::new(), entries: Vec::with_capacity(raw.len() / 40), whole: true };
        let start = raw.as_ptr() as usize;
        for entry in TreeRefIter::from_bytes(&raw, hash) {
            let Ok(entry) = entry else {
                tree.whole = false;
                continue;
            };
            let at = (entry.filename.as_ptr() as usize - start) as u32;
            let name = at..at + entry.filename.len() as u32;
            tree.entries.push((name, Entry { mode: entry.mode, id: entry.oid.to_owned() }));
        }
        tree.raw = raw;
        tree
    }

    fn name(&self, at: &Range<u32>) -> &[u8] {
        &self.raw[at.start as usize..at.end as usize]
    }
}

/// A path, and how much of it has been gone.
#[derive(Clone, Copy)]
struct Way<'p> {
    path: &'p [u8],
    at: usize,
}

impl<'p> Way<'p> {
    /// The next name and the way behind it; `None` at the end.
    fn next(self) -> Option<(&'p [u8], Way<'p>)> {
        let start = if self.at == 0 { 0 } else { self.at + 1 };
        let rest = self.path.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
        Some((&rest[..length], Way { path: self.path, at: start + length }))
    }

    fn gone(self) -> TreePath {
        TreePath::new(&self.path[..self.at])
    }
}

impl Trees {
    pub(super) fn new(gix: gix::Repository) -> Trees {
        Trees { gix, roots: HashMap::new(), known: HashMap::new(), kept: 0 }
    }

    fn root(&mut self, commit: Oid) -> Option<Entry> {
        let gix = &self.gix;
        let read = || {
            let id = gix.find_commit(theirs(commit)).ok()?.tree_id().ok()?.detach();
            Some(Entry { mode: gix::objs::tree::EntryKind::Tree.into(), id })
        };
        *self.roots.entry(commit).or_insert_with(read)
    }

    /// Where the tree of `tip` differs from that of `base`, at and below `path`; where a file stands in the way of the path
    /// in one of them, or the folder around it is gone: there. `None` where an object cannot be read.
    pub(super) fn differ(&mut self, base: Oid, tip: Oid, path: &TreePath) -> Option<Found> {
        let mut found = Found::new();
        if base == tip {
            return Some(found);
        }
        let (base, tip) = (self.root(base)?, self.root(tip)?);
        self.descend(Some(base), Some(tip), Way { path: path.as_bytes(), at: 0 }, &mut found)?;
        Some(found)
    }

    /// What a commit has at a path, `Ok(None)` where nothing, or the entry that stands in the way, with its path.
    pub(super) fn entry(&mut self, commit: Oid, path: &TreePath) -> Option<Option<(Entry, TreePath)>> {
        let mut entry = self.root(commit)?;
        let mut way = Way { path: path.as_bytes(), at: 0 };
        while let Some((name, next)) = way.next().filter(|_| entry.is_tree()) {
            match self.child(entry, name)? {
                Some(child) => (entry, way) = (child, next),
                None => return Some(None),
            }
        }
        Some(Some((entry, way.gone())))
    }

    fn read(&mut self, id: gix::ObjectId) -> Option<Arc<Tree>> {
        if let Some(known) = self.known.get(&id) {
            return Some(known.clone());
        }
        let raw = self.gix.find_tree(id).ok()?.detach().data;
        let tree = Arc::new(Tree::of(raw, self.gix.object_hash()));
        if self.kept > MOST_KEPT {
            self.known.clear();
            self.kept = 0;
        }
        self.kept += tree.raw.len() + tree.entries.len() * size_of::<(Range<u32>, Entry)>();
        self.known.insert(id, tree.clone());
        Some(tree)
    }

    fn child(&mut self, tree: Entry, name: &[u8]) -> Option<Option<Entry>> {
        let tree = self.read(tree.id)?;
        let found = tree.entries.iter().find(|(at, _)| tree.name(at) == name);
        Some(found.map(|(_, entry)| *entry))
    }

    fn child_of(&mut self, entry: Option<Entry>, name: &[u8]) -> Option<Option<Entry>> {
        match entry.filter(|entry| entry.is_tree()) {
            Some(tree) => self.child(tree, name),
            None => Some(None),
        }
    }

    fn descend(&mut self, base: Option<Entry>, tip: Option<Entry>, way: Way<'_>, found: &mut Found) -> Option<()> {
        if base == tip {
            return Some(());
        }
        let Some((name, next)) = way.next() else {
            return self.all(base, tip, way.path.to_vec(), found);
        };
        let is_tree = |entry: Option<Entry>| entry.is_some_and(Entry::is_tree);
        if is_tree(base) || is_tree(tip) {
            let before = found.len();
            let (below_base, below_tip) = (self.child_of(base, name)?, self.child_of(tip, name)?);
            self.descend(below_base, below_tip, next, found)?;
            // A folder that is no more, although nothing of the path was in it: renamed as a whole, perhaps.
            if found.len() == before && !is_tree(tip) {
                found.push((way.gone(), tip.is_none()));
            }
        } else if tip.is_some() {
            found.push((way.gone(), false));
        }
        Some(())
    }

    /// Every file in which the two differ.
    fn all(&mut self, base: Option<Entry>, tip: Option<Entry>, path: Vec<u8>, found: &mut Found) -> Option<()> {
        if base == tip {
            return Some(());
        }
        let file = |entry: Option<Entry>| entry.filter(|entry| !entry.is_tree());
        if file(base) != file(tip) {
            found.push((TreePath::new(path.clone()), file(tip).is_none()));
        }
        let (base, tip) = (self.children(base)?, self.children(tip)?);
        let names: BTreeSet<&Vec<u8>> = base.keys().chain(tip.keys()).collect();
        for name in names {
            let mut below = path.clone();
            if !below.is_empty() {
                below.push(b'/');
            }
            below.extend_from_slice(name);
            self.all(base.get(name).copied(), tip.get(name).copied(), below, found)?;
        }
        Some(())
    }

    fn children(&mut self, entry: Option<Entry>) -> Option<BTreeMap<Vec<u8>, Entry>> {
        let Some(tree) = entry.filter(|entry| entry.is_tree()) else { return Some(BTreeMap::new()) };
        let tree = self.read(tree.id)?;
        let children = tree.entries.iter().map(|(at, entry)| (tree.name(at).to_vec(), *entry));
        tree.whole.then(|| children.collect())
    }
}
