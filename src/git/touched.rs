//! Which paths differ between two commits: a walk over their trees that skips what is equal, without renames.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use gix::ObjectId;
use gix::object::tree::EntryKind;

use super::parallel;
use super::repo::{Repo, theirs};
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// What the paths of one observation may take, in bytes; those of a branch that finds no room are not known.
const MOST_MEMORY: usize = 64 << 20;
/// What a path takes beside its bytes.
const EACH: usize = 48;

/// Why paths are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// This object cannot be read, or is not what it should be.
    Unreadable(ObjectId),
    /// They are too many.
    TooMany,
}

/// For each pair of commits the paths in which their trees differ, in the order of their bytes: what
/// `git diff --name-only --no-renames` says. A file that became a folder counts with its path and those of the folder's
/// files; a submodule is one path.
pub(super) fn touched(repo: &Repo, pairs: &[(Oid, Oid)]) -> Vec<Result<Vec<TreePath>, Unknown>> {
    let room = Room(AtomicUsize::new(MOST_MEMORY));
    let repos = (0..parallel::threads(pairs.len())).map(|_| cached(repo)).collect();
    parallel::each(pairs, repos, |gix, &(old, new)| {
        let mut paths = Vec::new();
        each_change(gix, (old, new), &room, |path, _| {
            paths.push(TreePath::new(path));
            Ok(())
        })?;
        paths.sort_unstable();
        Ok(paths)
    })
}

/// An object that cannot be read, of those in which two commits differ; in the order of the trees.
pub(super) fn unreadable(repo: &Repo, old: Oid, new: Oid) -> Option<ObjectId> {
    let gix = cached(repo);
    let room = Room(AtomicUsize::new(MOST_MEMORY));
    let looked_at = each_change(&gix, (old, new), &room, |_, sides| {
        let blobs = sides.into_iter().flatten().filter(|(kind, _)| *kind != EntryKind::Commit);
        for (_, id) in blobs {
            gix.find_header(id).map_err(|_| Unknown::Unreadable(id))?;
            if gix.find_header(id).is_ok_and(|header| header.size() <= LARGEST) {
                gix.find_object(id).map_err(|_| Unknown::Unreadable(id))?;
            }
        }
        Ok(())
    });
    match looked_at {
        Err(Unknown::Unreadable(id)) => Some(id),
        _ => None,
    }
}

/// A larger file is not read to see whether it can be; in bytes.
const LARGEST: u64 = 16 << 20;

fn cached(repo: &Repo) -> gix::Repository {
    let mut gix = repo.gix.clone();
    gix.object_cache_size_if_unset(8 << 20);
    gix
}

struct Room(AtomicUsize);

impl Room {
    fn take(&self, bytes: usize) -> Result<(), Unknown> {
        let taken = self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes));
        taken.map(|_| ()).map_err(|_| Unknown::TooMany)
    }
}

type Side = Option<(EntryKind, ObjectId)>;

/// One entry of a tree: its name, what it is, and its object.
type Entry = (Vec<u8>, EntryKind, ObjectId);

/// Calls `visit` with each path that is no folder and in which the trees of two commits differ, and what stands there
/// before and after. The depth of the trees costs memory, not stack.
fn each_change(
    gix: &gix::Repository,
    (old, new): (Oid, Oid),
    room: &Room,
    mut visit: impl FnMut(&[u8], [Side; 2]) -> Result<(), Unknown>,
) -> Result<(), Unknown> {
    let root = |commit: Oid| {
        let unreadable = || Unknown::Unreadable(theirs(commit));
        let commit = gix.find_commit(theirs(commit)).map_err(|_| unreadable())?;
        commit.tree_id().map(gix::Id::detach).map_err(|_| unreadable())
    };
    let mut folders = vec![(Vec::new(), Some(root(old)?), Some(root(new)?))];
    while let Some((path, old, new)) = folders.pop() {
        if old == new {
            continue;
        }
        room.take(EACH)?;
        let (old, new) = (entries(gix, old)?, entries(gix, new)?);
        for (name, sides) in differing(&old, &new) {
            let mut path = path.clone();
            path.extend_from_slice(name);
            let tree = |side: Side| side.filter(|(kind, _)| *kind == EntryKind::Tree).map(|(_, id)| id);
            match sides.map(tree) {
                [None, None] => {
                    room.take(path.len() + EACH)?;
                    visit(&path, sides)?;
                }
                [old, new] => {
                    path.push(b'/');
                    folders.push((path, old, new));
                }
            }
        }
    }
    Ok(())
}

fn entries(gix: &gix::Repository, tree: Option<ObjectId>) -> Result<Vec<Entry>, Unknown> {
    let Some(id) = tree else { return Ok(Vec::new()) };
    let unreadable = || Unknown::Unreadable(id);
    let tree = gix.find_object(id).map_err(|_| unreadable())?.try_into_tree().map_err(|_| unreadable())?;
    let entry = |entry: Result<gix::object::tree::EntryRef<'_, '_>, _>| {
        let entry = entry.map_err(|_| unreadable())?;
        Ok((entry.filename().to_vec(), entry.mode().kind(), entry.object_id()))
    };
    tree.iter().map(entry).collect()
}

/// The names that are not the same in both, with what stands there in each. A folder and a file of one name are two.
fn differing<'a>(old: &'a [Entry], new: &'a [Entry]) -> Vec<(&'a [u8], [Side; 2])> {
    let side = |entry: &Entry| Some((entry.1, entry.2));
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut differing: Vec<(&[u8], [Side; 2])> = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return differing,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => in_tree(one).cmp(in_tree(other)),
        };
        let one = old.next_if(|_| order != Ordering::Greater);
        let other = new.next_if(|_| order != Ordering::Less);
        if let Some((name, ..)) = one.or(other)
            && one != other
        {
            differing.push((name, [one.and_then(side), other.and_then(side)]));
        }
    }
}

/// What a tree sorts an entry by: a folder as if a slash ended its name (git `tree.c`, `base_name_compare`).
fn in_tree((name, kind, _): &Entry) -> impl Iterator<Item = u8> {
    name.iter().copied().chain((*kind == EntryKind::Tree).then_some(b'/'))
}
