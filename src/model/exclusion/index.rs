//! Which of many patterns meet: a tree of the names between their slashes, joined with itself.
//!
//! Two patterns that lead through the same names up to where one of them ends meet; only globs have to be compared, with
//! the names that stand beside them. So a pair that has nothing in common is never looked at, and where everything below
//! one folder meets a pattern, that is one answer.

mod join;

use std::collections::HashMap;
use std::ops::Range;

use super::overlap::{Reach, is_glob, read};
use crate::model::graph::Edges;
use crate::model::pattern::Pattern;

/// A pattern that somebody asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'p> {
    pub task: u32,
    /// Whether the task writes there; else it reads.
    pub writes: bool,
    pub pattern: &'p Pattern,
}

/// A place in the tree, in preorder: what lies below it comes right after it.
pub(super) type Place = u32;

/// Patterns that meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meeting {
    /// All that end at the first meet all that end in the second.
    All(Place, Range<Place>),
    /// All that end here may meet each other: to say more would take too long.
    Crowd(Range<Place>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Literal,
    Glob,
    /// A pattern that only tells as a whole; nothing lies below it.
    Whole,
}

/// Patterns by the names that they lead through.
pub(super) struct Index<'p> {
    names: Vec<&'p str>,
    kinds: Vec<Kind>,
    /// Whether no name on the way is a glob.
    literal: Vec<bool>,
    /// Where what lies below ends.
    last: Vec<Place>,
    /// Literal ones first, in the order of their names, then globs, then whole ones.
    children: Edges,
    ends: Vec<End<'p>>,
    starts: Vec<u32>,
}

/// The tree while it grows: places are in the order in which they come.
struct Growing<'p> {
    places: HashMap<(Place, &'p str), Place>,
    parents: Vec<Place>,
    names: Vec<&'p str>,
    kinds: Vec<Kind>,
    ends: Vec<(Place, End<'p>)>,
    /// The way to the last one: neighbours in a file lead through much the same names.
    way: Vec<(&'p str, Place)>,
}

impl<'p> Growing<'p> {
    fn add(&mut self, end: End<'p>, names: &mut Vec<&'p str>) {
        let reach = read(end.pattern, names);
        if reach == Reach::Nothing {
            return;
        }
        let same = names.iter().zip(&self.way).take_while(|(name, (old, _))| *name == old).count();
        self.way.truncate(same);
        let mut place = self.way.last().map_or(0, |&(_, place)| place);
        for &name in &names[same..] {
            place = self.below(place, name, if is_glob(name) { Kind::Glob } else { Kind::Literal });
            self.way.push((name, place));
        }
        if reach == Reach::Whole {
            place = self.below(place, end.pattern.as_str(), Kind::Whole);
        }
        self.ends.push((place, end));
    }

    fn below(&mut self, place: Place, name: &'p str, kind: Kind) -> Place {
        let next = self.names.len() as Place;
        let found = *self.places.entry((place, name)).or_insert(next);
        if found == next {
            self.parents.push(place);
            self.names.push(name);
            self.kinds.push(kind);
        }
        found
    }

    fn children(&self) -> Edges {
        let pairs = self.parents.iter().zip(0..).skip(1);
        let unsorted = Edges::new(self.names.len(), pairs.map(|(&parent, child)| (parent, child)));
        if !self.kinds.iter().any(|&kind| kind != Kind::Literal) {
            return unsorted;
        }
        let mut sorted = Vec::with_capacity(self.names.len());
        for parent in 0..self.names.len() as Place {
            let start = sorted.len();
            sorted.extend(unsorted.row(parent as usize).iter().map(|&child| (parent, child)));
            sorted[start..]
                .sort_unstable_by_key(|&(_, child)| (self.kinds[child as usize], self.names[child as usize]));
        }
        Edges::new(self.names.len(), sorted.iter().copied())
    }
}

impl<'p> Index<'p> {
    /// Takes patterns in any order; those that match no path are left out.
    pub(super) fn new(ends: impl Iterator<Item = End<'p>>) -> Index<'p> {
        let mut growing = Growing {
            places: HashMap::with_capacity(ends.size_hint().0),
            parents: vec![0],
            names: vec![""],
            kinds: vec![Kind::Literal],
            ends: Vec::with_capacity(ends.size_hint().0),
            way: Vec::new(),
        };
        let mut names = Vec::new();
        for end in ends {
            growing.add(end, &mut names);
        }
        Index::in_preorder(&growing)
    }

    fn in_preorder(growing: &Growing<'p>) -> Index<'p> {
        let size = growing.names.len();
        let old_children = growing.children();
        let mut place = vec![0; size];
        let mut order: Vec<Place> = Vec::with_capacity(size);
        let mut stack = vec![0];
        while let Some(old) = stack.pop() {
            place[old as usize] = order.len() as Place;
            order.push(old);
            stack.extend(old_children.row(old as usize).iter().rev());
        }
        let mut literal = vec![true; size];
        let mut last: Vec<Place> = (1..=size as Place).collect();
        for new in 1..size {
            let old = order[new] as usize;
            literal[new] =
                literal[place[growing.parents[old] as usize] as usize] && growing.kinds[old] == Kind::Literal;
        }
        for new in (1..size).rev() {
            let parent = place[growing.parents[order[new] as usize] as usize] as usize;
            last[parent] = last[parent].max(last[new]);
        }
        let mut ends: Vec<(Place, End<'p>)> =
            growing.ends.iter().map(|&(old, end)| (place[old as usize], end)).collect();
        ends.sort_by_key(|&(place, _)| place);
        let mut starts = vec![0; size + 1];
        ends.iter().for_each(|&(place, _)| starts[place as usize + 1] += 1);
        (0..size).for_each(|place| starts[place + 1] += starts[place]);
        let children = order
            .iter()
            .enumerate()
            .flat_map(|(new, &old)| old_children.row(old as usize).iter().map(move |&child| (new as Place, child)));
        Index {
            names: order.iter().map(|&old| growing.names[old as usize]).collect(),
            kinds: order.iter().map(|&old| growing.kinds[old as usize]).collect(),
            literal,
            last,
            children: Edges::new(size, children.map(|(parent, child)| (parent, place[child as usize]))),
            ends: ends.into_iter().map(|(_, end)| end).collect(),
            starts,
        }
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn everywhere(&self) -> Range<Place> {
        0..self.len() as Place
    }

    /// The patterns that end at one of these places.
    pub(super) fn ends(&self, places: Range<Place>) -> &[End<'p>] {
        &self.ends[self.starts[places.start as usize] as usize..self.starts[places.end as usize] as usize]
    }

    pub(super) fn ends_at(&self, place: Place) -> &[End<'p>] {
        self.ends(place..place + 1)
    }

    /// Whether what ends here is one path and all below it.
    pub(super) fn is_literal(&self, place: Place) -> bool {
        self.literal[place as usize]
    }

    /// Whether what ends here tells as a whole only: what meets it is not at or below what it matches.
    pub(super) fn is_whole(&self, place: Place) -> bool {
        self.kinds[place as usize] == Kind::Whole
    }

    /// The place and everything below it.
    pub(super) fn below(&self, place: Place) -> Range<Place> {
        place..self.last[place as usize]
    }

    fn children(&self, place: Place) -> [&[Place]; 3] {
        let row = self.children.row(place as usize);
        let (literals, rest) = row.split_at(row.partition_point(|&child| self.kinds[child as usize] == Kind::Literal));
        let (globs, wholes) = rest.split_at(rest.partition_point(|&child| self.kinds[child as usize] == Kind::Glob));
        [literals, globs, wholes]
    }

    fn name(&self, place: Place) -> &'p str {
        self.names[place as usize]
    }

    /// The name from its last byte to its first.
    fn backwards(&self, place: Place) -> impl Iterator<Item = u8> + 'p {
        self.name(place).bytes().rev()
    }
}

#[cfg(test)]
mod tests;
