//! Counts for branches that are near the target, by a walk of our own: no process, and no need of a commit-graph.

use std::collections::{BinaryHeap, HashMap};

use super::counts::{Counted, Counts};
use super::repo::{Repo, theirs};
use crate::model::oid::Oid;

/// More branches than this are git's to count.
const MOST_BRANCHES: usize = 1000;
/// Commits looked at for all branches together; beyond it, git walks faster.
const MOST_STEPS: usize = 50_000;
/// How many commits are looked at after the last one that only one side has: dates may run backwards
/// (git `revision.c`, `SLOP`).
const SLOP: u32 = 5;

const LEFT: u8 = 1;
const RIGHT: u8 = 2;
const BOTH: u8 = LEFT | RIGHT;

/// The counts of those branches, by their place, that few steps suffice for: the same numbers that git gives.
pub(super) fn near(repo: &Repo, target: Oid, branches: &[Counted]) -> Vec<(usize, Counts)> {
    let rewritten = ["info/grafts", "refs/replace", "shallow"].iter().any(|file| repo.common_dir().join(file).exists());
    if branches.len() > MOST_BRANCHES || rewritten {
        return Vec::new();
    }
    let mut history = History { gix: &repo.gix, known: HashMap::new(), steps: MOST_STEPS };
    let mut counts = |(at, branch): (usize, &Counted)| {
        let sides = history.left_right(theirs(branch.tip), theirs(target))?;
        let base = match branch.base {
            Some(base) => Some(history.left_right(theirs(branch.tip), theirs(base))?),
            None => None,
        };
        Some((at, Counts::new(Some(sides), base)))
    };
    branches.iter().enumerate().filter_map(&mut counts).collect()
}

/// Commits as far as they were read, each once for all branches.
struct History<'a> {
    gix: &'a gix::Repository,
    known: HashMap<gix::ObjectId, Commit>,
    steps: usize,
}

#[derive(Clone)]
struct Commit {
    time: i64,
    parents: Vec<gix::ObjectId>,
}

/// A walk from two sides, newest commits first: each commit is marked by the sides that have it.
#[derive(Default)]
struct Paint {
    marks: HashMap<gix::ObjectId, Mark>,
    queue: BinaryHeap<(i64, gix::ObjectId)>,
    /// Commits in the queue that only one side has, as far as is known.
    open: usize,
}

#[derive(Clone, Copy, Default)]
struct Mark {
    sides: u8,
    queued: bool,
}

impl History<'_> {
    fn commit(&mut self, id: gix::ObjectId) -> Option<Commit> {
        if let Some(known) = self.known.get(&id) {
            return Some(known.clone());
        }
        let found = self.gix.find_commit(id).ok()?;
        let commit =
            Commit { time: found.time().ok()?.seconds, parents: found.parent_ids().map(gix::Id::detach).collect() };
        self.known.insert(id, commit.clone());
        Some(commit)
    }

    /// Commits that only `left` has, and that only `right` has, as `git rev-list --left-right --count left...right` says;
    /// `None` where a commit is missing or too many would have to be looked at.
    fn left_right(&mut self, left: gix::ObjectId, right: gix::ObjectId) -> Option<(u64, u64)> {
        let mut paint = Paint::default();
        paint.mark(left, LEFT, self.commit(left)?.time);
        paint.mark(right, RIGHT, self.commit(right)?.time);
        let mut oldest = i64::MAX;
        let mut slop = SLOP;
        while let Some((time, id)) = paint.queue.pop() {
            self.steps = self.steps.checked_sub(1)?;
            let sides = paint.leave(&id);
            if sides != BOTH {
                oldest = oldest.min(time);
            }
            for parent in self.commit(id)?.parents {
                let time = self.commit(parent)?.time;
                paint.mark(parent, sides, time);
            }
            let newer_left = paint.queue.peek().is_some_and(|(next, _)| *next >= oldest);
            slop = if paint.open > 0 || newer_left { SLOP } else { slop - 1 };
            if slop == 0 {
                break;
            }
        }
        let count = |sides: u8| paint.marks.values().filter(|mark| mark.sides == sides).count() as u64;
        Some((count(LEFT), count(RIGHT)))
    }
}

impl Paint {
    /// Adds `sides` to a commit; one that has them all already has nothing new to pass on.
    fn mark(&mut self, id: gix::ObjectId, sides: u8, time: i64) {
        let mark = self.marks.entry(id).or_default();
        let before = *mark;
        mark.sides |= sides;
        if mark.sides == before.sides {
            return;
        }
        mark.queued = true;
        let (was_open, is_open) = (before.queued && before.sides != BOTH, mark.sides != BOTH);
        self.open = self.open + usize::from(is_open) - usize::from(was_open);
        if !before.queued {
            self.queue.push((time, id));
        }
    }

    fn leave(&mut self, id: &gix::ObjectId) -> u8 {
        let Some(mark) = self.marks.get_mut(id) else { return BOTH };
        mark.queued = false;
        if mark.sides != BOTH {
            self.open -= 1;
        }
        mark.sides
    }
}
