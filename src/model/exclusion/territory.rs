//! Where many tasks meet, found for all of them at once.

use std::cell::Cell;
use std::ops::Range;

use super::Rules;
use super::clique::cliques;
use super::index::{End, Index, Meeting, Place};
use super::overlap::meeting;
use super::sieve;
use crate::model::graph::Edges;
use crate::model::pattern::Pattern;
use crate::model::task::Task;

/// How much may be spent on comparing globs, about half a second.
const WORK: u64 = 20_000_000;
/// How many pairs of reader and writer, or of globs that meet, are told one by one.
const MOST: usize = 1_000_000;
/// How many members contested paths have in all.
const MOST_MEMBERS: usize = 4_000_000;

/// Tasks of which each two exclude each other since they write one path. Tasks are places in the list that was asked
/// about, in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contested<'p> {
    pub tasks: Vec<u32>,
    /// What one of them says of where they meet.
    pub path: &'p str,
}

/// One task reads what another writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadAfter<'p> {
    pub reader: u32,
    pub writer: u32,
    pub path: &'p str,
}

/// Who reads what others write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readers<'p> {
    /// In order, each pair of reader and writer once.
    pub pairs: Vec<ReadAfter<'p>>,
    /// Where there are too many to tell: sets that hold all further pairs, and others too.
    pub crowds: Vec<Contested<'p>>,
}

impl<'s> Rules<'s> {
    /// The sets of tasks that exclude each other since both write a path. Together they hold exactly the pairs for which
    /// [`super::Pairs::beside`] gives such a reason.
    ///
    /// A set stands for a path that some task names, with all tasks that cover it; only where globs meet each other
    /// elsewhere are there sets for pairs of them. In a file that was made to take long, one set may hold pairs that do
    /// not exclude each other: it is careful, and no pair is ever missing.
    pub fn contested<'p>(&self, tasks: &[&'p Task]) -> Vec<Contested<'p>> {
        let exclusive = tasks.iter().zip(0..).filter(|(task, _)| self.is_exclusive(task));
        let ends = exclusive.flat_map(|(task, number)| self.ends(number, &task.writes, true));
        let index = Index::new(sieve::of_one(ends.collect()).into_iter());
        let mut sets = Found::new(&index, WORK).sets();
        sets.retain(|set| set.tasks.len() > 1);
        sets.sort_unstable();
        sets.dedup_by(|later, first| later.tasks == first.tasks);
        sets
    }

    /// Who reads what another writes, but for paths that are shared.
    pub fn readers<'p>(&self, tasks: &[&'p Task]) -> Readers<'p> {
        if tasks.iter().all(|task| task.reads.is_empty()) {
            return Readers::default();
        }
        let writes = tasks.iter().zip(0..).flat_map(|(task, number)| self.ends(number, &task.writes, true));
        let reads = tasks.iter().zip(0..).flat_map(|(task, number)| self.ends(number, &task.reads, false));
        readers(&Index::new(sieve::of_both(reads.collect(), writes.collect()).into_iter()))
    }

    fn ends<'p>(&self, task: u32, patterns: &'p [Pattern], writes: bool) -> impl Iterator<Item = End<'p>> {
        patterns.iter().filter(|pattern| !self.is_shared(pattern)).map(move |pattern| End { task, writes, pattern })
    }
}

fn readers<'p>(index: &Index<'p>) -> Readers<'p> {
    let places = index.everywhere().filter(|&place| !index.ends_at(place).is_empty());
    let all: Vec<(Place, End<'p>)> =
        places.flat_map(|place| index.ends_at(place).iter().map(move |&end| (place, end))).collect();
    let (writing, reading): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, end)| end.writes);
    let mut found = Readers::default();
    let mut crowds = Vec::new();
    let mut too_many = false;
    let work = Cell::new(WORK);
    index.meetings(&work, &mut |met| match met {
        Meeting::Crowd(places) => crowds.push(places),
        Meeting::All(place, places) => {
            let mut pairs = |readers: &[(Place, End<'p>)], writers: &[(Place, End<'p>)]| {
                too_many |= found.pairs.len() + readers.len() * writers.len() > MOST;
                if too_many {
                    work.set(0);
                } else {
                    let pairs = readers.iter().flat_map(|read| writers.iter().map(move |write| (read.1, write.1)));
                    found.pairs.extend(pairs.filter(|(read, write)| read.task != write.task).map(read_after));
                }
            };
            pairs(within(&reading, place..place + 1), within(&writing, places.clone()));
            pairs(within(&reading, places), within(&writing, place..place + 1));
        }
    });
    if too_many {
        found.pairs.clear();
        crowds.clear();
        crowds.push(index.everywhere());
    }
    found.pairs.sort_unstable_by_key(|one| (one.reader, one.writer, one.path));
    found.pairs.dedup_by_key(|one| (one.reader, one.writer));
    let mixed = |places: &Range<Place>| {
        !within(&reading, places.clone()).is_empty() && !within(&writing, places.clone()).is_empty()
    };
    found.crowds = crowds.into_iter().filter(mixed).map(|places| set(index, [places])).collect();
    found
}

fn read_after<'p>((read, write): (End<'p>, End<'p>)) -> ReadAfter<'p> {
    ReadAfter { reader: read.task, writer: write.task, path: meeting(read.pattern, write.pattern) }
}

/// What ends at some places, out of a list in their order.
fn within<'e, 'p>(ends: &'e [(Place, End<'p>)], places: Range<Place>) -> &'e [(Place, End<'p>)] {
    let start = ends.partition_point(|&(place, _)| place < places.start);
    &ends[start..start + ends[start..].partition_point(|&(place, _)| place < places.end)]
}

/// Everyone who has a pattern at some places, and the most precise of these patterns.
fn set<'p>(index: &Index<'p>, places: impl IntoIterator<Item = Range<Place>>) -> Contested<'p> {
    let ends: Vec<&End<'p>> = places.into_iter().flat_map(|places| index.ends(places)).collect();
    let mut tasks: Vec<u32> = ends.iter().map(|end| end.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let best = ends
        .iter()
        .map(|end| end.pattern)
        .reduce(|best, other| if meeting(best, other) == best.as_str() { best } else { other });
    Contested { tasks, path: best.map_or("", Pattern::as_str) }
}

/// Where writers meet.
struct Found<'i, 'p> {
    index: &'i Index<'p>,
    /// Places of paths that tasks name and below which none names another, in order.
    leaves: Vec<Place>,
    /// Places where globs end, in order.
    globs: Vec<Place>,
    /// Index of a leaf, and a place that covers it.
    covering: Vec<(u32, Place)>,
    /// Places that meet elsewhere.
    pairs: Vec<(Place, Place)>,
    crowds: Vec<Range<Place>>,
    /// How many members the sets will have, at most.
    members: usize,
}

impl<'i, 'p> Found<'i, 'p> {
    fn new(index: &'i Index<'p>, work: u64) -> Found<'i, 'p> {
        let mut leaves = Vec::new();
        let mut globs = Vec::new();
        let mut first = index.len() as Place;
        for place in index.everywhere().rev().filter(|&place| !index.ends_at(place).is_empty()) {
            if !index.is_literal(place) {
                globs.push(place);
            } else if first >= index.below(place).end {
                leaves.push(place);
                first = place;
            }
        }
        leaves.reverse();
        globs.reverse();
        let mut found = Found { index, leaves, globs, covering: vec![], pairs: vec![], crowds: vec![], members: 0 };
        let work = Cell::new(work);
        index.meetings(&work, &mut |met| match met {
            Meeting::Crowd(places) => found.crowds.push(places),
            Meeting::All(place, places) => {
                found.take(place, places);
                if found.is_full() {
                    work.set(0);
                }
            }
        });
        found
    }

    /// What ends at `place` meets what ends at `places`, which lie as deep or deeper: it covers those that are no globs,
    /// but for a pattern that only tells as a whole.
    fn take(&mut self, place: Place, places: Range<Place>) {
        let whole = self.index.is_whole(place);
        let (leaves, globs) = (self.range(&self.leaves, &places), self.range(&self.globs, &places));
        let own = self.index.ends_at(place).len();
        self.members += own * (leaves.len() + globs.len());
        if self.is_full() {
            return;
        }
        if whole {
            let others = places.filter(|&other| !self.index.ends_at(other).is_empty());
            self.pairs.extend(others.map(|other| (place.min(other), place.max(other))));
            return;
        }
        self.covering.extend(leaves.map(|leaf| (leaf as u32, place)));
        self.pairs.extend(self.globs[globs].iter().map(|&other| (place.min(other), place.max(other))));
    }

    fn is_full(&self) -> bool {
        self.members > MOST_MEMBERS || self.pairs.len() > MOST
    }

    fn range(&self, sorted: &[Place], places: &Range<Place>) -> Range<usize> {
        let start = sorted.partition_point(|&place| place < places.start);
        start..start + sorted[start..].partition_point(|&place| place < places.end)
    }

    fn sets(mut self) -> Vec<Contested<'p>> {
        let index = self.index;
        if self.is_full() {
            return vec![set(index, std::iter::once(index.everywhere()))];
        }
        self.covering.sort_unstable();
        self.covering.dedup();
        let at_leaves = self.covering.chunk_by(|a, b| a.0 == b.0);
        // Most paths are named by one task only.
        let shared = at_leaves.filter(|group| group.len() > 1 || index.ends_at(group[0].1).len() > 1);
        let mut sets: Vec<_> =
            shared.map(|group| set(index, group.iter().map(|&(_, place)| place..place + 1))).collect();
        sets.extend(self.elsewhere().iter().map(|clique| set(index, clique.iter().map(|&place| place..place + 1))));
        sets.extend(self.crowds.iter().map(|places| set(index, [places.clone()])));
        sets
    }

    /// Cliques of what meets at no leaf.
    fn elsewhere(&mut self) -> Vec<Vec<Place>> {
        self.pairs.sort_unstable();
        self.pairs.dedup();
        let leaves = Edges::new(self.index.len(), self.covering.iter().map(|&(leaf, place)| (place, leaf)));
        let told = |&(a, b): &(Place, Place)| {
            let (few, many) = (leaves.row(a as usize), leaves.row(b as usize));
            let (few, many) = if few.len() < many.len() { (few, many) } else { (many, few) };
            few.iter().any(|leaf| many.binary_search(leaf).is_ok())
        };
        let (own, others): (Vec<_>, Vec<_>) = self.pairs.iter().copied().partition(|(a, b)| a == b);
        let told: Vec<bool> = others.iter().map(told).collect();
        let mut cliques = cliques(&others, &told);
        // Two tasks that write the same glob may meet each other only.
        let mut met: Vec<Place> = cliques.concat();
        met.sort_unstable();
        let alone = |place: &Place| {
            let covered = !leaves.row(*place as usize).is_empty() || met.binary_search(place).is_ok();
            self.index.ends_at(*place).len() > 1 && !covered
        };
        cliques.extend(own.iter().map(|&(place, _)| place).filter(alone).map(|place| vec![place]));
        cliques
    }
}

#[cfg(test)]
mod tests;
