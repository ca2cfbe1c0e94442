//! One walk over the history that counts for all branches at once: which commits each of them, their bases and the
//! target have.
//!
//! Commits are met newest first and pass the set of those who have them on to their parents, as in git's
//! `commit-reach.c` (`ahead_behind`, `paint_down_to_common`). With the generation numbers of a commit-graph a set is
//! complete when its commit's turn comes; by dates alone it may grow later, and is passed on again.

mod commits;
mod sets;

use std::collections::{BTreeMap, BinaryHeap};

use commits::{Commits, Number, Order, UNKNOWN};
use sets::{EMPTY, SetId, Sets};

use super::counts::{Counted, Counts};
use super::repo::{Repo, ours, theirs};
use crate::model::oid::Oid;

/// Branches in one walk: the sets of more would take more than reading their commits again.
const BRANCHES_AT_ONCE: usize = 512;
/// What the sets of one walk may take, in bytes; beyond it git counts.
const MOST_MEMORY: usize = 64 << 20;
/// How many commits are looked at after the last one that not all have, where there are only dates to go by: they may
/// run backwards (git `revision.c`, `SLOP`).
const SLOP: u32 = 5;

/// The number of the target in the sets; then come the branches, then their bases.
const TARGET: usize = 0;

/// What the walk says of the branches.
pub(super) struct Walked {
    /// In the order given; of as many as memory allowed.
    pub answers: Vec<Answer>,
    /// How many commits were read as objects.
    pub objects: usize,
}

pub(super) struct Answer {
    pub counts: Counts,
    /// There are several best common ancestors, and git says which one is the merge base.
    pub several: bool,
}

/// The counts of each branch against `target`.
pub(super) fn walk(repo: &Repo, target: Oid, branches: &[Counted]) -> Walked {
    let mut commits = Commits::new(repo);
    let mut answers = Vec::with_capacity(branches.len());
    for chunk in branches.chunks(BRANCHES_AT_ONCE) {
        let mut walk = Walk::new(&mut commits, target, chunk);
        if !walk.run() {
            break;
        }
        answers.extend(walk.answers(chunk));
    }
    Walked { answers, objects: commits.objects() }
}

#[derive(Clone, Copy, Default)]
struct Mark {
    /// Who has the commit, as far as is known.
    has: SetId,
    /// Who has a child of it that the target has, too: for these it is no best common ancestor.
    below: SetId,
    met: bool,
    queued: bool,
}

struct Walk<'a> {
    commits: &'a mut Commits,
    sets: Sets,
    /// By commit.
    marks: Vec<Mark>,
    met: Vec<Number>,
    queue: BinaryHeap<(Order, Number)>,
    /// Commits in the queue below which something may be left to count.
    open: usize,
    /// The target and the branches.
    tips: SetId,
    all: SetId,
    /// The place of each base in the sets.
    bases: BTreeMap<Oid, usize>,
}

impl<'a> Walk<'a> {
    fn new(commits: &'a mut Commits, target: Oid, branches: &[Counted]) -> Walk<'a> {
        let first = 1 + branches.len();
        let mut bases: BTreeMap<Oid, usize> = BTreeMap::new();
        for base in branches.iter().filter_map(|branch| branch.base) {
            let next = first + bases.len();
            bases.entry(base).or_insert(next);
        }
        let mut sets = Sets::new(first + bases.len());
        let (tips, all) = (sets.of(0..first), sets.of(0..first + bases.len()));
        let mut walk = Walk {
            commits,
            sets,
            marks: Vec::new(),
            met: Vec::new(),
            queue: BinaryHeap::new(),
            open: 0,
            tips,
            all,
            bases,
        };
        let heads = branches.iter().zip(1..).map(|(branch, place)| (branch.tip, place));
        let heads: Vec<(Oid, usize)> =
            heads.chain(walk.bases.iter().map(|(&base, &place)| (base, place))).chain([(target, TARGET)]).collect();
        for (head, place) in heads {
            let number = walk.commits.number(theirs(head));
            let just = walk.sets.of([place]);
            walk.mark(number, just, EMPTY);
        }
        walk
    }

    /// Walks until nothing is left to count; `false` where that would take too much memory.
    fn run(&mut self) -> bool {
        let mut oldest = i64::MAX;
        let mut slop = SLOP;
        let mut parents = Vec::new();
        while let Some((order, number)) = self.queue.pop() {
            let mark = &mut self.marks[number as usize];
            mark.queued = false;
            let mark = *mark;
            if self.is_open(mark) {
                self.open -= 1;
                oldest = oldest.min(order.time);
            }
            let below = if self.sets.holds(mark.has, TARGET) { mark.has } else { EMPTY };
            self.commits.parents(number, &mut parents);
            for &parent in &parents {
                self.mark(parent, mark.has, below);
            }
            let next = self.queue.peek().map(|(next, _)| *next);
            let by_date = next.is_some_and(|next| next.generation == UNKNOWN);
            let may_grow = by_date && next.is_some_and(|next| next.time >= oldest);
            slop = match self.open > 0 || may_grow {
                true => SLOP,
                false if by_date => slop - 1,
                false => 0,
            };
            if slop == 0 {
                break;
            }
            if self.sets.size() > MOST_MEMORY {
                return false;
            }
        }
        true
    }

    /// Whether anything is left to count at a commit or below it: not where all have it and its children, and not
    /// where only bases have it.
    fn is_open(&self, mark: Mark) -> bool {
        let shared = mark.has == self.all && mark.below == self.all;
        !shared && self.sets.meets(mark.has, self.tips)
    }

    /// Adds to the sets of a commit, which then has something new to pass on.
    fn mark(&mut self, number: Number, has: SetId, below: SetId) {
        self.marks.resize(self.commits.len(), Mark::default());
        let before = self.marks[number as usize];
        let after = Mark {
            has: self.sets.union(before.has, has),
            below: self.sets.union(before.below, below),
            met: true,
            queued: true,
        };
        if !before.met {
            self.met.push(number);
        } else if (after.has, after.below) == (before.has, before.below) {
            return;
        }
        self.marks[number as usize] = after;
        self.open += usize::from(self.is_open(after));
        self.open -= usize::from(before.queued && self.is_open(before));
        if !before.queued {
            self.queue.push((self.commits.order(number), number));
        }
    }

    fn answers(&mut self, branches: &[Counted]) -> Vec<Answer> {
        let mut having = vec![0u64; self.sets.len()];
        let mut merge_bases: Vec<Vec<Oid>> = vec![Vec::new(); branches.len()];
        let mut missing: Vec<(SetId, Oid)> = Vec::new();
        for &number in &self.met {
            let Mark { has, below, .. } = self.marks[number as usize];
            having[has as usize] += 1;
            if self.commits.is_missing(number) {
                missing.push((has, ours(&self.commits.id(number))));
            } else if has != below && self.sets.holds(has, TARGET) {
                for place in self.sets.beyond(has, below).filter(|place| (1..=branches.len()).contains(place)) {
                    merge_bases[place - 1].push(ours(&self.commits.id(number)));
                }
            }
        }
        let having: Vec<(SetId, u64)> =
            (0..).zip(having).filter(|&(set, count)| set != EMPTY && set != self.all && count > 0).collect();
        let all = branches.iter().zip(1..).zip(merge_bases);
        all.map(|((branch, place), merge_bases)| {
            let one = One { sets: &self.sets, having: &having, missing: &missing, place };
            let mut answer = Answer { counts: one.against_target(), several: false };
            match merge_bases[..] {
                [base] if answer.counts.ahead.is_some() => answer.counts.merge_base = Some(base),
                [_, _, ..] => answer.several = true,
                _ => {}
            }
            if let Some((base, &at)) = branch.base.and_then(|base| self.bases.get_key_value(&base)) {
                let number = self.commits.number(theirs(*base));
                let has = (!self.commits.is_missing(number)).then(|| self.marks[number as usize].has);
                one.since_base(at, has, &mut answer.counts);
            }
            answer
        })
        .collect()
    }
}

/// What was found, seen from one branch.
struct One<'a> {
    sets: &'a Sets,
    /// How many commits each set has.
    having: &'a [(SetId, u64)],
    /// Commits that cannot be read, with the set of each.
    missing: &'a [(SetId, Oid)],
    /// The branch's in the sets.
    place: usize,
}

impl One<'_> {
    fn against_target(&self) -> Counts {
        let sides = |set| (self.sets.holds(set, self.place), self.sets.holds(set, TARGET));
        let count = |side| self.having.iter().filter(|(set, _)| sides(*set) == side).map(|(_, count)| count).sum();
        let one_sided = |(set, _): &&(SetId, Oid)| matches!(sides(*set), (true, false) | (false, true));
        match self.missing.iter().find(one_sided) {
            Some((_, missing)) => Counts { missing: Some(*missing), ..Counts::default() },
            None => {
                Counts { ahead: Some(count((true, false))), behind: Some(count((false, true))), ..Counts::default() }
            }
        }
    }

    /// Adds what is counted from the base on, whose place in the sets is `base`; `has` is who has it, where it can be
    /// read.
    fn since_base(&self, base: usize, has: Option<SetId>, counts: &mut Counts) {
        let since = |set| self.sets.holds(set, self.place) && !self.sets.holds(set, base);
        let missing = self.missing.iter().find(|(set, _)| since(*set)).map(|(_, missing)| *missing);
        counts.missing = counts.missing.or(missing);
        let Some(has) = has else { return };
        counts.contains_base = match self.sets.holds(has, self.place) {
            false if missing.is_some() => None,
            contains => Some(contains),
        };
        if missing.is_none() {
            let own = || self.having.iter().filter(|(set, _)| since(*set));
            counts.own = Some(own().map(|(_, count)| count).sum());
            counts.has_more_of_target = Some(own().any(|(set, _)| self.sets.holds(*set, TARGET)));
        }
    }
}
