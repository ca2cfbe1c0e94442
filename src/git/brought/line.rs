//! The newest part of the target's first-parent line.

use std::collections::HashMap;

use super::trees::{Difference, Paths, differences};
use crate::git::parallel;
use crate::git::repo::{Repo, theirs};
use crate::model::oid::Oid;

/// Commits compared by one thread before it takes the next ones.
const AT_ONCE: usize = 32;
/// Bytes of trees that a thread keeps: neighbours share most of theirs.
const TREES_KEPT: usize = 16 << 20;

/// A commit with all that comparing it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Commit {
    pub id: Oid,
    pub tree: gix::ObjectId,
    /// Its first parent, with its tree; `None` for a root.
    pub parent: Option<(Oid, gix::ObjectId)>,
    pub merge: bool,
}

/// The line, newest first, and the place of each commit in it.
pub(super) struct Line {
    pub commits: Vec<Commit>,
    pub places: HashMap<Oid, usize>,
    /// Whether every commit that was asked for could be read.
    pub whole: bool,
}

impl Line {
    /// From `tip` on until all of `ends` were met, or `depth` commits were read.
    pub(super) fn read(gix: &gix::Repository, tip: Oid, mut ends: Vec<Oid>, depth: usize) -> Line {
        let mut line = Line { commits: Vec::new(), places: HashMap::new(), whole: true };
        let mut next = commit(gix, tip);
        while let Some(mut current) = next {
            ends.retain(|end| *end != current.id);
            let named = current.parent;
            let parent = named.and_then(|(parent, _)| commit(gix, parent));
            line.whole &= parent.is_some() || named.is_none();
            current.parent = parent.map(|parent| (parent.id, parent.tree));
            line.places.insert(current.id, line.commits.len());
            line.commits.push(current);
            // What is met is not looked at itself.
            if ends.is_empty() || line.commits.len() > depth {
                break;
            }
            next = parent;
        }
        line
    }
}

/// `None` where it cannot be read. The tree of its parent is not read yet: it is given as the commit's own.
fn commit(gix: &gix::Repository, id: Oid) -> Option<Commit> {
    let found = gix.find_commit(theirs(id)).ok()?;
    let decoded = found.decode().ok()?;
    let mut parents = decoded.parents();
    let (first, second) = (parents.next(), parents.next());
    let tree = decoded.tree();
    let parent = first.map(|first| (crate::git::repo::ours(&first), tree));
    Some(Commit { id, tree, parent, merge: second.is_some() })
}

/// A commit that is not on the line, with the tree of its first parent.
pub(super) fn whole(gix: &gix::Repository, id: Oid) -> Option<Commit> {
    let mut commit = commit(gix, id)?;
    if let Some((parent, tree)) = &mut commit.parent {
        *tree = gix.find_commit(theirs(*parent)).ok()?.tree_id().ok()?.detach();
    }
    Some(commit)
}

/// In which of `paths` each commit differs from its first parent, in their order; `None` where that cannot be read.
pub(super) fn compared(repo: &Repo, commits: &[Commit], paths: &Paths) -> Vec<Option<Vec<Difference>>> {
    let chunks: Vec<&[Commit]> = commits.chunks(AT_ONCE).collect();
    let repos = (0..parallel::threads(chunks.len())).map(|_| {
        let mut gix = repo.gix.clone();
        gix.object_cache_size_if_unset(TREES_KEPT);
        gix
    });
    let compare = |gix: &mut gix::Repository, chunk: &&[Commit]| {
        let one = |commit: &Commit| compare(gix, commit, Some(paths), usize::MAX);
        chunk.iter().map(one).collect::<Vec<_>>()
    };
    parallel::each(&chunks, repos.collect(), compare).into_iter().flatten().collect()
}

/// In which files a commit differs from its first parent.
pub(super) fn compare(
    gix: &gix::Repository,
    commit: &Commit,
    paths: Option<&Paths>,
    most: usize,
) -> Option<Vec<Difference>> {
    differences(gix, (commit.parent.map(|(_, tree)| tree), Some(commit.tree)), paths, most)
}
