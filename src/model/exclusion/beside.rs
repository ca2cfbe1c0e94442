//! May these two run side by side? The one answer that `plan`, `start` and `adopt` ask for.

use std::cell::OnceCell;

use super::{Claims, Overlapping, Rules};
use crate::model::graph::{Edges, Graph, Ix, Side, spread};
use crate::model::id::TaskId;
use crate::model::implied::{Implied, Number};
use crate::model::state::Reason;
use crate::model::task::{Kind, Task, TaskFile};

/// What the rules say of two tasks: the first that applies (git-dispatch(1), SIDE BY SIDE).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// One goes first. They do not overlap, though a lock that both take has one holder even so.
    InSequence {
        first: TaskId,
        then: TaskId,
        by: By,
    },
    /// Not at the same time, for at least one reason, seen from the first of the two.
    Exclusive(Vec<Reason>),
    /// Both write these, knowingly.
    Overlaps(Vec<Overlapping>),
    /// One of them declares no `writes`.
    NotChecked,
    Parallel,
}

/// What puts two tasks in sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The one needs the other, directly or through others.
    Needs,
    /// The one reads this path, which the other writes.
    Reads(String),
    /// Needs and what is read, one behind the other: the one reads what a third writes that needs the other, say.
    Others,
}

/// The rules, and the orders that stand before them, for pairs of one task file.
pub struct Pairs<'a> {
    pub rules: Rules<'a>,
    pub(super) graph: &'a Graph,
    pub(super) implied: &'a Implied,
    /// By number: who implicitly needs it.
    readers: OnceCell<Edges>,
}

/// One of two tasks.
pub struct Party<'t> {
    pub(super) claims: Claims<'t>,
    pub(super) number: Number,
    /// Active: it waits for nothing any more, so what it reads puts it behind nobody.
    started: bool,
    /// Whether [`Implied`] looked at it, as at all tasks that are not over.
    pub(super) known: bool,
    sides: OnceCell<Vec<Side>>,
    /// The same by needs and implied needs together.
    sides_through: OnceCell<Vec<Side>>,
}

impl<'t> Party<'t> {
    pub fn task(&self) -> &'t Task {
        self.claims.task
    }

    /// The same task as one that is over and would start again.
    pub fn again(self) -> Party<'t> {
        Party { known: false, ..self }
    }
}

/// What follows from what two tasks read and write, seen from the first of them.
pub(super) enum Reads {
    Nothing,
    /// It comes after the other; the path that it reads.
    After(String),
    Before(String),
    /// Each comes after the other, maybe through others: the path that the first reads, and the one that the other does.
    Circle(Option<String>, Option<String>),
}

impl<'a> Pairs<'a> {
    pub fn new(file: &'a TaskFile, implied: &'a Implied) -> Pairs<'a> {
        Pairs { rules: Rules::new(&file.settings), graph: &file.graph, implied, readers: OnceCell::new() }
    }

    /// A task that has not started, by its index in the file.
    pub fn candidate<'t>(&self, task: &'t Task, ix: Ix) -> Party<'t>
    where
        'a: 't,
    {
        Party {
            claims: self.rules.claims(task),
            number: ix as Number,
            started: false,
            known: true,
            sides: OnceCell::new(),
            sides_through: OnceCell::new(),
        }
    }

    /// An active task, by its index in the file or, where that no longer names it, its place among the holders.
    pub fn holder<'t>(&self, task: &'t Task, index: Option<Ix>, place: usize) -> Party<'t>
    where
        'a: 't,
    {
        let ix = index.unwrap_or(self.graph.len() + place);
        Party { started: true, ..self.candidate(task, ix) }
    }

    /// The first rule that applies to two different tasks. The same for both orders of the two, but that reasons and
    /// overlaps name the second.
    pub fn beside(&self, one: &Party<'_>, other: &Party<'_>) -> Beside {
        let (a, b) = (one.task(), other.task());
        let in_sequence =
            |first: &Task, then: &Task, by| Beside::InSequence { first: first.id.clone(), then: then.id.clone(), by };
        match self.side(one, other) {
            Side::Before => return in_sequence(a, b, By::Needs),
            Side::After => return in_sequence(b, a, By::Needs),
            Side::Apart => {}
        }
        let circle = match self.reads(one, other) {
            Reads::After(path) => return in_sequence(b, a, By::Reads(path)),
            Reads::Before(path) => return in_sequence(a, b, By::Reads(path)),
            Reads::Circle(ours, theirs) => circle(&b.id, ours, theirs),
            Reads::Nothing => match self.side_through(one, other) {
                Side::Before => return in_sequence(a, b, By::Others),
                Side::After => return in_sequence(b, a, By::Others),
                Side::Apart => None,
            },
        };
        let reasons: Vec<Reason> = circle.into_iter().chain(self.rules.clashes(&one.claims, &other.claims)).collect();
        if !reasons.is_empty() {
            return Beside::Exclusive(reasons);
        }
        let overlaps = self.rules.overlaps(a, b);
        let unchecked = |task: &Task| task.writes.is_empty() && task.kind != Kind::Research;
        if !overlaps.is_empty() {
            Beside::Overlaps(overlaps)
        } else if unchecked(a) || unchecked(b) {
            Beside::NotChecked
        } else {
            Beside::Parallel
        }
    }

    /// What keeps `candidate` from starting beside `other`, which is active or starts too: the reasons of
    /// [`Pairs::beside`], of tasks in sequence only the locks that both take, and that the other writes what the
    /// candidate reads.
    pub fn reasons(&self, candidate: &Party<'_>, other: &Party<'_>) -> Vec<Reason> {
        let id = &other.task().id;
        let (mut ordered, mut apart) = (false, false);
        let reads = match self.reads(candidate, other) {
            Reads::Nothing => {
                apart = true;
                None
            }
            Reads::Circle(ours, theirs) => circle(id, ours, theirs),
            Reads::After(path) => {
                ordered = true;
                Some(Reason::Reads { id: id.clone(), path })
            }
            Reads::Before(_) => {
                ordered = true;
                None
            }
        };
        let mut reasons: Vec<Reason> = reads.into_iter().collect();
        let (ours, theirs) = (&candidate.claims, &other.claims);
        reasons.extend(if ordered { self.rules.shared_locks(ours, theirs) } else { self.rules.clashes(ours, theirs) });
        // An order goes before all that; it is asked last since it takes long to follow.
        let in_order = || {
            self.side(candidate, other) != Side::Apart || apart && self.side_through(candidate, other) != Side::Apart
        };
        if !reasons.is_empty() && in_order() {
            return self.rules.shared_locks(ours, theirs);
        }
        reasons
    }

    /// Where the first stands in the order of declared needs, seen from the other.
    pub(super) fn side(&self, one: &Party<'_>, other: &Party<'_>) -> Side {
        let inside = |party: &Party<'_>| (party.number as usize) < self.graph.len();
        if !inside(one) || !inside(other) {
            return Side::Apart;
        }
        let sides = other.sides.get_or_init(|| self.graph.sides(other.number as usize));
        sides[one.number as usize]
    }

    /// Where the first stands in the order of needs and implied needs, seen from the other. Linear in both for each other.
    pub(super) fn side_through(&self, one: &Party<'_>, other: &Party<'_>) -> Side {
        if !(one.known && other.known && self.implied.has_needs()) {
            return Side::Apart;
        }
        let (number, tasks) = (other.number as usize, self.graph.len());
        let sides = other.sides_through.get_or_init(|| {
            let readers = self.readers.get_or_init(|| self.implied.readers(tasks));
            let mut sides = vec![Side::Apart; readers.rows()];
            if number < sides.len() {
                // One that the file no longer names has started, and waits for nobody.
                let inside = |ix: usize| (ix < tasks).then_some(ix).into_iter();
                let written = |ix: usize| self.implied.needs_of(ix as Number).iter().map(|after| after.writer as usize);
                let read = |ix: usize| readers.row(ix).iter().map(|&reader| reader as usize);
                let needs = |ix| inside(ix).flat_map(|ix| self.graph.needs(ix)).chain(written(ix));
                let dependants = |ix| inside(ix).flat_map(|ix| self.graph.dependants(ix)).chain(read(ix));
                spread(number, &mut sides, Side::Before, needs);
                spread(number, &mut sides, Side::After, dependants);
            }
            sides
        });
        sides.get(one.number as usize).copied().unwrap_or(Side::Apart)
    }

    pub(super) fn reads(&self, one: &Party<'_>, other: &Party<'_>) -> Reads {
        let (a, b) = (one.number, other.number);
        let known = one.known && other.known;
        if known {
            let own = |path: &str| path.to_owned();
            let circles = (self.implied.circle(a, b).map(own), self.implied.circle(b, a).map(own));
            if let Some(path) = self.implied.need(a, b) {
                return Reads::After(path.to_owned());
            } else if let Some(path) = self.implied.need(b, a) {
                return Reads::Before(path.to_owned());
            } else if circles != (None, None) {
                return Reads::Circle(circles.0, circles.1);
            } else if !self.implied.is_crowd(a, b) {
                return Reads::Nothing;
            }
        }
        let path = |reader: &Party<'_>, writer: &Party<'_>| {
            if reader.started { None } else { self.rules.read_path(reader.task(), writer.task()) }
        };
        match (path(one, other), path(other, one)) {
            (None, None) => Reads::Nothing,
            (Some(path), None) if !known => Reads::After(path),
            (None, Some(path)) if !known => Reads::Before(path),
            (ours, theirs) => Reads::Circle(ours, theirs),
        }
    }
}

/// Why two of a circle exclude each other: what the first reads is the better reason.
fn circle(other: &TaskId, ours: Option<String>, theirs: Option<String>) -> Option<Reason> {
    let id = other.clone();
    match (ours, theirs) {
        (Some(path), _) => Some(Reason::Reads { id, path }),
        (None, path) => path.map(|path| Reason::ReadBy { id, path }),
    }
}

#[cfg(test)]
pub(super) mod tests;
