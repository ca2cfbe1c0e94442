//! When the own commits of tasks that have landed were made, and when they landed.

use std::collections::HashSet;

use gix::ObjectId;
use jiff::Timestamp;

use super::repo::{Repo, theirs};
use crate::model::actual::{Asked, Told};

/// Of a longer branch nothing is told.
const MOST: usize = 10_000;

/// What the history of each task tells, in the order given.
///
/// Its own commits are those on the first-parent line from its tip to its base, as far as the target's own line, from before the
/// landing on, does not have them: a branch that was moved on to the target's newer commits begins there. What cannot be read is not
/// known.
pub fn dated(repo: &Repo, asked: &[Asked]) -> Vec<Told> {
    if asked.is_empty() {
        return Vec::new();
    }
    let cache = repo.gix.commit_graph_if_enabled().ok().flatten();
    let mut lines = Lines { repo, graph: repo.gix.revision_graph(cache.as_ref()) };
    let told = |one: &Asked| Told {
        authored: lines.authored(one),
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
    /// The author times of the own commits, newest commit first.
    fn authored(&mut self, asked: &Asked) -> Option<Vec<Timestamp>> {
        let base = theirs(asked.base);
        let own = self.line(theirs(asked.tip), |id, _| *id == base)?;
        let landing = asked.commit.filter(|commit| *commit != asked.tip);
        let before = landing.and_then(|commit| self.repo.gix.find_commit(theirs(commit)).ok()?.parent_ids().next());
        let oldest = self.graph.try_lookup(&base).ok()??.committer_timestamp().ok()?;
        let targets = before.and_then(|id| self.line(id.detach(), |id, time| *id == base || time < oldest));
        let targets: HashSet<ObjectId> = targets.into_iter().flatten().collect();
        own.into_iter().take_while(|id| !targets.contains(id)).map(|id| self.author_time(id)).collect()
    }

    fn author_time(&self, id: ObjectId) -> Option<Timestamp> {
        let commit = self.repo.gix.find_commit(id).ok()?;
        Timestamp::from_second(commit.author().ok()?.time().ok()?.seconds).ok()
    }

    /// The first-parent line from `tip` on, up to the commit for which `ends` holds, by its id and committer time, and without that; `None`
    /// where there is no such commit.
    fn line(&mut self, tip: ObjectId, ends: impl Fn(&ObjectId, i64) -> bool) -> Option<Vec<ObjectId>> {
        let (mut found, mut next) = (Vec::new(), tip);
        while found.len() < MOST {
            let commit = self.graph.try_lookup(&next).ok()??;
            if ends(&next, commit.committer_timestamp().ok()?) {
                return Some(found);
            }
            found.push(next);
            next = commit.iter_parents().next()?.ok()?;
        }
        None
    }
}
