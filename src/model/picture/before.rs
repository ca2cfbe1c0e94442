//! What the schedule puts right before a bar.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bar, Condition, Picture, Row};

/// Why one bar comes after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    Need,
    /// It holds this before: an index into [`Picture::shared`].
    Holds(usize),
    /// One of the two runs alone.
    Alone,
}

/// Bars that must be over before another begins.
pub struct Before<'p> {
    picture: &'p Picture<'p>,
    /// By bar: the last one before it that runs alone.
    alone: Vec<Option<usize>>,
}

impl<'p> Before<'p> {
    /// Linear.
    pub fn new(picture: &'p Picture<'p>) -> Before<'p> {
        let mut last = None;
        let next = |(at, bar): (usize, &Bar<'_>)| if bar.task.parallel { last } else { last.replace(at) };
        Before { picture, alone: picture.bars.iter().enumerate().map(next).collect() }
    }

    /// In increasing order of bars, each with its reasons in their order: what `at` needs, who holds before it what it
    /// holds, and what runs alone just before it, or before it if it runs alone itself. Of those that follow from others
    /// for the last two, only the latest are named.
    pub fn of(&self, at: usize) -> BTreeMap<usize, BTreeSet<Why>> {
        let bar = &self.picture.bars[at];
        let mut before: BTreeMap<usize, BTreeSet<Why>> = BTreeMap::new();
        for &need in &bar.needs {
            before.entry(need).or_default().insert(Why::Need);
        }
        for &held in &bar.holds {
            let holders = &self.picture.shared[held].bars;
            let earlier = &holders[..holders.partition_point(|&holder| holder < at)];
            let Some(&last) = earlier.last() else { continue };
            before.entry(last).or_default().insert(Why::Holds(held));
            // What is under way may hold it side by side.
            for &holder in earlier.iter().filter(|&&holder| self.begun(last) && self.begun(holder)) {
                before.entry(holder).or_default().insert(Why::Holds(held));
            }
        }
        if !bar.task.parallel {
            for one in self.all_before(at) {
                before.entry(one).or_default().insert(Why::Alone);
            }
        } else if let Some(alone) = self.alone[at] {
            let end = self.picture.bars[alone].end;
            let follows = before.keys().any(|&one| one > alone && self.picture.bars[one].start >= end);
            if !follows && self.precedes(alone, at) {
                before.entry(alone).or_default().insert(Why::Alone);
            }
        }
        before
    }

    /// What lets go before `at`, which runs alone: the last of each worker, and all that no worker of this clone does;
    /// back to the last that ran alone.
    fn all_before(&self, at: usize) -> BTreeSet<usize> {
        let bars = &self.picture.bars;
        let mut workers = BTreeSet::new();
        let mut found = BTreeSet::new();
        for one in (0..at).rev().filter(|&one| self.precedes(one, at)) {
            let latest = match bars[one].row {
                Row::Worker(number) => workers.insert(number),
                Row::Elsewhere | Row::Done => true,
            };
            found.extend(latest.then_some(one));
            if !bars[one].task.parallel {
                break;
            }
        }
        found
    }

    fn precedes(&self, one: usize, other: usize) -> bool {
        self.picture.bars[one].end <= self.picture.bars[other].start
    }

    fn begun(&self, at: usize) -> bool {
        matches!(self.picture.bars[at].condition, Condition::Active | Condition::Done)
    }
}
