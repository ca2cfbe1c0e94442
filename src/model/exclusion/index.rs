//! Which of many patterns meet: a tree of the names between their slashes, joined with itself.
//!
//! Two patterns that lead through the same names up to where one of them ends meet; only globs have to be compared, with
//! the names that stand beside them. So a pair that has nothing in common is never looked at, and where everything below
//! one folder meets a pattern, that is one answer.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use super::overlap::{Glance, Memo, Reach, ends_of_name, glance_at_names, is_glob, read};
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

    /// Tells all patterns that meet, each pair at least once. Takes what it costs from `work`, about one for each glob
    /// that is compared with a name; where nothing is left of that, it tells of crowds.
    /// Whoever is told may set `work` to 0 to hear no more than that.
    pub(super) fn meetings(&self, work: &Cell<u64>, visit: &mut impl FnMut(Meeting)) {
        let mut join = Join { index: self, memo: Memo::default(), work, open: Vec::new() };
        let mut crowded = 0;
        for place in self.everywhere() {
            if !self.ends_at(place).is_empty() {
                visit(Meeting::All(place, self.below(place)));
            }
            if place >= crowded && !join.siblings(place, visit) {
                visit(Meeting::Crowd(self.below(place)));
                crowded = self.last[place as usize];
            }
        }
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

/// A walk through pairs of places, in which the same names may lead to both.
struct Join<'i, 'p> {
    index: &'i Index<'p>,
    memo: Memo<'p>,
    work: &'i Cell<u64>,
    /// Places of the same depth, of which neither lies below the other.
    open: Vec<(Place, Place)>,
}

impl<'p> Join<'_, 'p> {
    /// Tells of all that meet and whose ways part right below `place`; whether there was time for that.
    fn siblings(&mut self, place: Place, visit: &mut impl FnMut(Meeting)) -> bool {
        let [literals, globs, wholes] = self.index.children(place);
        self.globs_and_names(globs, literals);
        self.globs_among(globs);
        let around = self.index.below(place);
        for (at, &whole) in wholes.iter().enumerate() {
            self.whole(whole, place + 1..around.end, |other| !wholes[..=at].contains(&other), visit);
        }
        while let Some((a, b)) = self.open.pop() {
            if self.work.get() == 0 {
                break;
            }
            self.pair(a, b, visit);
        }
        self.open.clear();
        self.work.get() > 0 || globs.is_empty() && wholes.is_empty()
    }

    /// Goes on below two places to which one name may lead.
    fn pair(&mut self, a: Place, b: Place, visit: &mut impl FnMut(Meeting)) {
        let index = self.index;
        self.spend(4);
        if !index.ends_at(a).is_empty() {
            visit(Meeting::All(a, index.below(b)));
        }
        if !index.ends_at(b).is_empty() {
            visit(Meeting::All(b, a + 1..index.below(a).end));
        }
        let ([literals, globs, wholes], [other_literals, other_globs, other_wholes]) =
            (index.children(a), index.children(b));
        self.same_names(literals, other_literals);
        self.globs_and_names(globs, other_literals);
        self.globs_and_names(other_globs, literals);
        for &glob in globs {
            self.compare_all(glob, other_globs.iter().copied());
        }
        for &whole in wholes {
            self.whole(whole, b + 1..index.below(b).end, |_| true, visit);
        }
        for &whole in other_wholes {
            self.whole(whole, a + 1..index.below(a).end, |other| !wholes.contains(&other), visit);
        }
    }

    fn spend(&mut self, steps: usize) {
        self.work.set(self.work.get().saturating_sub(steps as u64));
    }

    fn same_names(&mut self, a: &[Place], b: &[Place]) {
        let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
        self.spend(few.len());
        for &place in few {
            let name = self.index.name(place);
            if let Ok(at) = many.binary_search_by_key(&name, |&other| self.index.name(other)) {
                self.open.push((place, many[at]));
            }
        }
    }

    /// Compares globs with names that are in order.
    fn globs_and_names(&mut self, globs: &[Place], names: &[Place]) {
        let mut backwards = Vec::new();
        for &glob in globs {
            let (head, tail) = ends_of_name(self.index.name(glob));
            let mut fits = begin_with(names, head, |name| self.index.name(name).bytes());
            // Two ways to the same few: take the shorter.
            if fits.len() > 64 && !tail.is_empty() && globs.len() > 8 {
                if backwards.is_empty() {
                    backwards = names.to_vec();
                    backwards.sort_unstable_by(|&a, &b| self.index.backwards(a).cmp(self.index.backwards(b)));
                }
                let tail: Vec<u8> = tail.iter().rev().copied().collect();
                let others = begin_with(&backwards, &tail, |name| self.index.backwards(name));
                fits = if others.len() < fits.len() { others } else { fits };
            }
            self.compare_all(glob, fits.iter().copied());
        }
    }

    /// Compares each two of some globs whose ends fit.
    fn globs_among(&mut self, globs: &[Place]) {
        let index = self.index;
        let heads = |glob: Place| ends_of_name(index.name(glob)).0.iter().copied();
        let tails = |glob: Place| ends_of_name(index.name(glob)).1.iter().rev().copied();
        let (mut begun, mut open): (Vec<_>, Vec<_>) = globs.iter().copied().partition(|&glob| heads(glob).len() > 0);
        open.sort_unstable_by(|&a, &b| tails(a).cmp(tails(b)));
        self.longer(&open, tails);
        begun.sort_unstable_by(|&a, &b| heads(a).cmp(heads(b)));
        self.longer(&begun, heads);
        begun.sort_unstable_by(|&a, &b| tails(a).cmp(tails(b)));
        for (some, others, equal) in [(&open, &begun, true), (&begun, &open, false)] {
            for &glob in some {
                let tail: Vec<u8> = tails(glob).collect();
                let fits = begin_with(others, &tail, tails);
                self.compare_all(glob, fits.iter().copied().filter(|&other| equal || tails(other).len() > tail.len()));
            }
        }
    }

    /// Compares globs, in the order of their ends, with those that have a longer one that fits, which come after them.
    fn longer<B: Iterator<Item = u8>>(&mut self, globs: &[Place], end: impl Fn(Place) -> B) {
        for (at, &glob) in globs.iter().enumerate() {
            let own: Vec<u8> = end(glob).collect();
            self.compare_all(glob, begin_with(&globs[at + 1..], &own, &end).iter().copied());
        }
    }

    fn compare_all(&mut self, glob: Place, others: impl Iterator<Item = Place>) {
        self.spend(1);
        for other in others {
            self.spend(1);
            if self.work.get() == 0 {
                return;
            }
            self.compare(glob, other);
        }
    }

    fn compare(&mut self, a: Place, b: Place) {
        let (one, other) = (self.index.name(a), self.index.name(b));
        let met = match glance_at_names(one, other) {
            Glance::Yes => true,
            Glance::No => false,
            Glance::Unclear => self.memo.names_meet(one, other, self.work),
        };
        if met {
            self.open.push((a, b));
        }
    }

    /// Compares a whole pattern with all that end at some places.
    fn whole(
        &mut self,
        whole: Place,
        places: Range<Place>,
        wanted: impl Fn(Place) -> bool,
        visit: &mut impl FnMut(Meeting),
    ) {
        for place in places {
            self.spend(1);
            if self.work.get() == 0 {
                return;
            }
            if let Some(end) = self.index.ends_at(place).first().filter(|_| wanted(place)) {
                let text = self.index.name(whole);
                if self.memo.meet(text, end.pattern.as_str(), self.work) {
                    visit(Meeting::All(whole, place..place + 1));
                }
            }
        }
    }
}

/// Those of some names in order that begin with `head`, however they are read.
fn begin_with<'n, B: Iterator<Item = u8>>(names: &'n [Place], head: &[u8], bytes: impl Fn(Place) -> B) -> &'n [Place] {
    let start = names.partition_point(|&name| bytes(name).lt(head.iter().copied()));
    let length = names[start..].partition_point(|&name| bytes(name).take(head.len()).eq(head.iter().copied()));
    &names[start..start + length]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::exclusion::overlap::meet;

    const NAMES: [&str; 20] = [
        "a",
        "b",
        "ab",
        "a.b",
        "*",
        "**",
        "a*",
        "*b",
        "?",
        "a?",
        "[ab]",
        "[!a]",
        "{a,b}",
        "{a/b,b}",
        "{a/b,[.]}",
        "\\a",
        "[.]",
        ".",
        "*b*",
        "",
    ];

    fn patterns(most: usize) -> impl Strategy<Value = Vec<Pattern>> {
        let text = prop::collection::vec(prop::sample::select(NAMES.to_vec()), 1..5).prop_map(|names| names.join("/"));
        let pattern = text.prop_filter_map("no pattern", |text| text.trim_start_matches('/').parse().ok());
        prop::collection::vec(pattern, 0..most)
    }

    /// Pairs of tasks, of which each has one pattern, and whether there was a crowd.
    fn told(patterns: &[Pattern], work: u64) -> (BTreeSet<(u32, u32)>, bool) {
        let ends = patterns.iter().zip(0..).map(|(pattern, task)| End { task, writes: true, pattern });
        let index = Index::new(ends);
        let (mut pairs, mut crowded) = (BTreeSet::new(), false);
        index.meetings(&Cell::new(work), &mut |meeting| {
            let (some, others) = match meeting {
                Meeting::All(place, others) => (index.ends_at(place), index.ends(others)),
                Meeting::Crowd(places) => {
                    crowded = true;
                    (index.ends(places.clone()), index.ends(places))
                }
            };
            for one in some {
                let others = others.iter().filter(|other| other.task != one.task);
                pairs.extend(others.map(|other| (one.task.min(other.task), one.task.max(other.task))));
            }
        });
        (pairs, crowded)
    }

    fn all(patterns: &[Pattern]) -> BTreeSet<(u32, u32)> {
        let pairs = (0..patterns.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        pairs.filter(|&(a, b)| meet(&patterns[a], &patterns[b])).map(|(a, b)| (a as u32, b as u32)).collect()
    }

    proptest! {
        #[test]
        fn what_is_told_is_what_meets(patterns in patterns(16)) {
            let (pairs, crowded) = told(&patterns, u64::MAX);
            prop_assert_eq!(&pairs, &all(&patterns), "{:?}", patterns);
            prop_assert!(!crowded);
        }

        #[test]
        fn with_little_time_nothing_that_meets_is_left_out(patterns in patterns(16), work in 0u64..300) {
            let pairs = told(&patterns, work).0;
            let missing: Vec<_> = all(&patterns).difference(&pairs).copied().collect();
            prop_assert!(missing.is_empty(), "{:?} of {:?}", missing, patterns);
        }
    }

    #[test]
    fn many_names_are_found_by_their_ends() {
        let texts = (0..40).flat_map(|n| [format!("x/f_{n}.rs"), format!("x/*_{n}.rs"), format!("x/f_{n}*")]);
        let patterns: Vec<Pattern> = texts.map(|text| text.parse().unwrap()).collect();
        assert_eq!(told(&patterns, u64::MAX), (all(&patterns), false));
    }

    #[test]
    fn a_way_of_two_thousand_names_needs_no_deep_stack() {
        let patterns =
            [format!("{}b", "a/".repeat(2000)), format!("{}*", "?/".repeat(2000))].map(|text| text.parse().unwrap());
        assert_eq!(told(&patterns, u64::MAX).0.len(), 1);
    }
}
