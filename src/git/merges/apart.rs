//! Which of many commits can only merge cleanly with each other: they change other paths.
//!
//! Two commits whose histories are lines without merges, share no commit above the same base and both end there have that
//! base as their only merge base. Where neither deletes a path of it, `merge-ort` finds no renames, and takes each path from
//! the side that changed it; only a path that both changed, or a file at the path of the other's folder, is left to look at.

use std::collections::{BTreeMap, HashMap, HashSet};

use gix::ObjectId;

use super::super::quarantine::Quarantine;
use super::super::repo::{Repo, theirs};
use super::grafted;
use super::objects::{Entry, Objects, Tree};
use crate::model::oid::Oid;

/// A longer line of own commits is not followed.
const LONGEST_LINE: usize = 1000;

/// Paths of one commit, and bytes of the paths of all, that are held against each other.
const MOST_PATHS: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;

/// One of those to compare: a tip, and the commit of what is not committed on top of it.
pub(in super::super) struct Side {
    pub tip: Oid,
    pub state: Option<Oid>,
    /// Where its own commits may begin.
    pub base: Option<Oid>,
    /// There is nothing more to merge that is in neither commit.
    pub whole: bool,
}

/// Whom each of some sides may conflict with.
pub(in super::super) struct Apart {
    sides: Vec<Option<Simple>>,
    /// For each base, path by path, who changes it, and who changes something below it; in ascending order.
    at: HashMap<(ObjectId, Box<[u8]>), Places>,
    /// Those of each base.
    groups: BTreeMap<ObjectId, Vec<usize>>,
}

/// One whose changes are known and are not deletions.
struct Simple {
    base: ObjectId,
    paths: Vec<Box<[u8]>>,
}

#[derive(Default)]
struct Places {
    here: Vec<usize>,
    below: Vec<usize>,
}

impl Apart {
    /// Reads what each side changes.
    pub(in super::super) fn new(repo: &Repo, quarantine: &Quarantine, sides: &[Side]) -> Apart {
        let mut apart =
            Apart { sides: sides.iter().map(|_| None).collect(), at: HashMap::new(), groups: BTreeMap::new() };
        if grafted(repo) || repo.gix.is_shallow().unwrap_or(true) {
            return apart;
        }
        let mut objects = Objects::open(repo, quarantine);
        let mut room = MOST_BYTES;
        for (at, base) in lines(&objects, sides).into_iter().enumerate() {
            apart.sides[at] =
                base.filter(|_| sides[at].whole).and_then(|base| simple(&mut objects, &sides[at], base, &mut room));
        }
        apart.index();
        apart
    }

    fn index(&mut self) {
        for (at, simple) in self.sides.iter().enumerate() {
            let Some(simple) = simple else { continue };
            self.groups.entry(simple.base).or_default().push(at);
            for path in &simple.paths {
                self.at.entry((simple.base, path.clone())).or_default().here.push(at);
            }
        }
        for (at, simple) in self.sides.iter().enumerate() {
            let Some(simple) = simple else { continue };
            for folder in simple.paths.iter().flat_map(|path| folders(path)) {
                let found = self.at.get_mut(&(simple.base, folder.into()));
                if let Some(places) = found.filter(|places| places.below.last() != Some(&at)) {
                    places.below.push(at);
                }
            }
        }
    }

    /// Those after `at`, in ascending order, that it may not merge cleanly with.
    pub(in super::super) fn others(&self, at: usize) -> Vec<usize> {
        let Some(simple) = &self.sides[at] else { return (at + 1..self.sides.len()).collect() };
        let mut others: HashSet<usize> = HashSet::new();
        for path in &simple.paths {
            if let Some(places) = self.at.get(&(simple.base, path.clone())) {
                others.extend(places.here.iter().chain(&places.below).filter(|other| **other > at));
            }
            for folder in folders(path) {
                let places = self.at.get(&(simple.base, folder.into()));
                others.extend(places.iter().flat_map(|places| &places.here).filter(|other| **other > at));
            }
        }
        let group = self.groups.get(&simple.base).map(Vec::as_slice).unwrap_or_default();
        let mut group = group.iter().copied().skip_while(|other| *other <= at).peekable();
        let mut found: Vec<usize> = Vec::new();
        for other in at + 1..self.sides.len() {
            let fellow = group.next_if_eq(&other).is_some();
            if !fellow || others.contains(&other) {
                found.push(other);
            }
        }
        found
    }
}

/// The folders that a path lies in.
fn folders(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| &path[..end])
}

/// The base that the line of each side's commits ends at; `None` where it is no line, ends elsewhere, or shares a commit
/// with another.
fn lines(objects: &Objects, sides: &[Side]) -> Vec<Option<ObjectId>> {
    let bases: HashSet<ObjectId> = sides.iter().filter_map(|side| side.base).map(theirs).collect();
    let mut owners: HashMap<ObjectId, usize> = HashMap::new();
    let mut ends: Vec<Option<ObjectId>> = Vec::with_capacity(sides.len());
    let mut shared: HashSet<usize> = HashSet::new();
    for (at, side) in sides.iter().enumerate() {
        let mut next = theirs(side.state.unwrap_or(side.tip));
        let mut end = None;
        for _ in 0..LONGEST_LINE {
            if bases.contains(&next) {
                end = Some(next);
                break;
            }
            if let Some(&other) = owners.get(&next) {
                shared.extend([other, at]);
                break;
            }
            owners.insert(next, at);
            match objects.commit(&next).map(|commit| commit.parents) {
                Some(parents) if parents.len() == 1 => next = parents[0],
                _ => break,
            }
        }
        ends.push(end);
    }
    ends.into_iter().enumerate().map(|(at, end)| end.filter(|_| !shared.contains(&at))).collect()
}

/// What tip and state change; `None` where one of them deletes something, or that is too much or cannot be read.
fn simple(objects: &mut Objects, side: &Side, base: ObjectId, room: &mut usize) -> Option<Simple> {
    let from = objects.commit(&base)?.tree;
    let mut changes = Changes { objects, paths: Vec::new(), room };
    for commit in std::iter::once(side.tip).chain(side.state) {
        let to = changes.objects.commit(&theirs(commit))?.tree;
        changes.trees(&mut Vec::new(), Some(&from), &to)?;
    }
    let mut paths = changes.paths;
    paths.sort_unstable();
    paths.dedup();
    Some(Simple { base, paths })
}

struct Changes<'a> {
    objects: &'a mut Objects,
    paths: Vec<Box<[u8]>>,
    room: &'a mut usize,
}

impl Changes<'_> {
    /// Adds the paths of files in which `new` differs from `old`; `None` also where one of `old` is gone.
    fn trees(&mut self, path: &mut Vec<u8>, old: Option<&gix::oid>, new: &gix::oid) -> Option<()> {
        if old == Some(new) {
            return Some(());
        }
        let (old, new) = (old.map(|old| self.objects.tree(old)), self.objects.tree(new)?);
        let old = match old {
            Some(read) => Some(read?),
            None => None,
        };
        let mut before = old.iter().flat_map(|tree| Tree::entries(tree)).peekable();
        for entry in new.entries() {
            if before.peek().is_some_and(|old| old.name < entry.name) {
                return None;
            }
            let old = before.next_if(|old| old.name == entry.name);
            if old == Some(entry) {
                continue;
            }
            let length = path.len();
            path.extend_from_slice(entry.name);
            self.changed(path, old, entry)?;
            path.truncate(length);
        }
        before.next().is_none().then_some(())
    }

    fn changed(&mut self, path: &mut Vec<u8>, old: Option<Entry<'_>>, new: Entry<'_>) -> Option<()> {
        match (old.as_ref().map(Entry::is_tree), new.tree()) {
            (None | Some(true), Some(tree)) => {
                path.push(b'/');
                self.trees(path, old.as_ref().and_then(Entry::tree), tree)
            }
            (None | Some(false), None) => {
                *self.room = self.room.checked_sub(path.len() + 128)?;
                self.paths.push(path.as_slice().into());
                (self.paths.len() <= MOST_PATHS).then_some(())
            }
            // A file in the place of a folder, or the other way around.
            _ => None,
        }
    }
}
