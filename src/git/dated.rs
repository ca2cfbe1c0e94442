//! When the own commits of tasks that have landed were made, and when they landed.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;
use jiff::Timestamp;

use super::repo::{Repo, theirs};
use crate::model::actual::{Asked, Told};
use crate::model::oid::Oid;

/// Of a longer branch nothing is told, and of the target's line no more is read.
const MOST: usize = 10_000;

/// What the history of each task tells, in the order given; `target` has landed them.
///
/// Its own commits are those on the first-parent line from its tip to its base, but for those that the target's own line has from
/// before the landing: a branch that was moved on to the target's newer commits begins there. What cannot be read is not known.
pub fn dated(repo: &Repo, target: Oid, asked: &[Asked]) -> Vec<Told> {
    if asked.is_empty() {
        return Vec::new();
    }
    let cache = repo.gix.commit_graph_if_enabled().ok().flatten();
    let mut lines = Lines { repo, graph: repo.gix.revision_graph(cache.as_ref()) };
    let line = lines.of_target(theirs(target), asked);
    let told = |one: &Asked| Told {
        authored: lines.authored(one, &line),
        committed: one.commit.and_then(|commit| {
            let time = repo.gix.find_commit(theirs(commit)).ok()?.time().ok()?;
            Timestamp::from_second(time.seconds).ok()
        }),
    };
    asked.iter().map(told).collect()
}

struct Lines<'r, 'c> {
    repo: &'r Repo,
    graph: gix::revwalk::Graph<'r, 'c, ()>,
}

impl Lines<'_, '_> {
    /// The author times of the own commits, newest commit first. `line`: see [`Lines::of_target`].
    fn authored(&mut self, asked: &Asked, line: &HashMap<ObjectId, usize>) -> Option<Vec<Timestamp>> {
        let base = theirs(asked.base);
        // Of a branch that the target was moved forward to, its line has all.
        let landing = asked.commit.filter(|commit| *commit != asked.tip);
        let landing = landing.and_then(|commit| line.get(&theirs(commit)).copied()).unwrap_or(usize::MAX);
        let targets = |id: &ObjectId| line.get(id).is_some_and(|&place| place > landing);
        let (mut times, mut next) = (Vec::new(), theirs(asked.tip));
        while next != base && !targets(&next) {
            if times.len() == MOST {
                return None;
            }
            times.push(self.author_time(next)?);
            next = self.parent(next)?;
        }
        Some(times)
    }

    fn author_time(&self, id: ObjectId) -> Option<Timestamp> {
        let commit = self.repo.gix.find_commit(id).ok()?;
        Timestamp::from_second(commit.author().ok()?.time().ok()?.seconds).ok()
    }

    fn time(&mut self, id: ObjectId) -> Option<i64> {
        self.graph.try_lookup(&id).ok()??.committer_timestamp().ok()
    }

    fn parent(&mut self, id: ObjectId) -> Option<ObjectId> {
        self.graph.try_lookup(&id).ok()??.iter_parents().next()?.ok()
    }

    /// The first-parent line of the target down to the oldest of the bases, with the place of each commit, the newest first.
    fn of_target(&mut self, target: ObjectId, asked: &[Asked]) -> HashMap<ObjectId, usize> {
        let mut bases: HashSet<ObjectId> = asked.iter().map(|one| theirs(one.base)).collect();
        // A base may be on no target, as of a task on others.
        let oldest = bases.iter().filter_map(|base| self.time(*base)).min().unwrap_or(i64::MIN);
        let (mut line, mut next) = (HashMap::new(), Some(target));
        while let Some(id) = next.filter(|_| !bases.is_empty() && line.len() < MOST) {
            bases.remove(&id);
            if self.time(id).is_none_or(|time| time < oldest) {
                break;
            }
            line.insert(id, line.len());
            next = self.parent(id);
        }
        line
    }
}
