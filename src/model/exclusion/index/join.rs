//! The join of an index with itself: a walk through pairs of places to which one name may lead.

use std::cell::Cell;
use std::ops::Range;

use super::{Index, Meeting, Place};
use crate::model::exclusion::overlap::{Glance, Memo, ends_of_name, glance_at_names};

impl Index<'_> {
    /// Tells all patterns that meet, each pair at least once. Takes what it costs from `work`, about one for each glob
    /// that is compared with a name; where nothing is left of that, it tells of crowds.
    /// Whoever is told may set `work` to 0 to hear no more than that.
    pub(in crate::model::exclusion) fn meetings(&self, work: &Cell<u64>, visit: &mut impl FnMut(Meeting)) {
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
            // What is to be looked at further costs more than what is not.
            self.spend(8);
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
