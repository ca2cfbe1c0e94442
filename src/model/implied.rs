//! The order that follows from paths: who reads what another task writes comes after it.
//!
//! Declared needs win: tasks in sequence through them, in either direction, need no other order. Where the order of
//! reading would go round in a circle, alone or together with needs, there is none: those tasks exclude each other.

use std::collections::HashMap;

use super::exclusion::{Contested, Readers, Rules, cliques};
use super::graph::{Edges, Graph, Ix, knots};
use super::task::{Task, TaskFile};

/// How many needs are followed to find pairs that are in sequence already.
const STEPS: usize = 50_000_000;

/// A task of the file by its index, or, from the length of the graph on, an active one that the file no longer names, by
/// its place among the holders.
pub type Number = u32;

/// One task reads what another writes, and neither is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct After {
    pub reader: Number,
    pub writer: Number,
    pub path: Box<str>,
}

/// What follows from all pairs of reader and writer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Implied {
    /// In order.
    needs: Vec<After>,
    /// Pairs without an order, in order.
    circles: Vec<After>,
    /// Sets, in order, with a path for each, of which any two may be such a pair; only where there were too many to tell.
    crowds: Vec<(Vec<Number>, Box<str>)>,
}

impl Implied {
    /// What follows from `readers`, whose tasks are called by `numbers`. A task that has `started` no longer waits for
    /// anyone, so what it reads implies nothing.
    ///
    /// The same for any order of the pairs. Where more needs would have to be followed than `STEPS`, a pair may be taken
    /// for one that is not in sequence; then it may be told as a circle.
    pub fn new(graph: &Graph, readers: &Readers<'_>, numbers: &[Number], started: impl Fn(Number) -> bool) -> Implied {
        let number = |task: u32| numbers[task as usize];
        let pairs = readers.pairs.iter().map(|one| After {
            reader: number(one.reader),
            writer: number(one.writer),
            path: one.path.into(),
        });
        let mut pairs: Vec<After> = pairs.filter(|one| !started(one.reader)).collect();
        pairs.sort_unstable();
        let crowd = |set: &Contested<'_>| {
            let mut members: Vec<Number> = set.tasks.iter().map(|&task| number(task)).collect();
            members.sort_unstable();
            (members, set.path.into())
        };
        let crowds = readers.crowds.iter().map(crowd).collect();
        let in_sequence = in_sequence(graph, &pairs);
        let mut kept = in_sequence.iter();
        pairs.retain(|_| kept.next() == Some(&false));
        let knot = knot_of(graph, &pairs);
        let is_circle = |one: &After| {
            let knot_of = |number: Number| knot.get(number as usize).copied().flatten();
            knot_of(one.reader).is_some() && knot_of(one.reader) == knot_of(one.writer)
        };
        let (circles, needs) = pairs.into_iter().partition(is_circle);
        Implied { needs, circles, crowds }
    }

    /// What follows from a file alone, as long as nothing has started.
    pub fn of_file(file: &TaskFile) -> Implied {
        let open = file.graph.tasks().iter().zip(0..).filter(|(task, _)| task.state.is_none());
        let (tasks, numbers): (Vec<&Task>, Vec<Number>) = open.unzip();
        Implied::new(&file.graph, &Rules::new(&file.settings).readers(&tasks), &numbers, |_| false)
    }

    /// Whether an order follows for each pair of reader and writer.
    pub fn is_orderly(&self) -> bool {
        self.circles.is_empty() && self.crowds.is_empty()
    }

    /// What a task reads that others write first.
    pub fn needs_of(&self, reader: Number) -> &[After] {
        row(&self.needs, reader)
    }

    /// What a task reads that others write, where no order follows from it.
    pub fn circles_of(&self, reader: Number) -> &[After] {
        row(&self.circles, reader)
    }

    /// Whether any order follows.
    pub fn has_needs(&self) -> bool {
        !self.needs.is_empty()
    }

    /// By number, for the first of them: the tasks that read what it writes. As long as needed for `tasks` and for all
    /// writers.
    pub(super) fn readers(&self, tasks: usize) -> Edges {
        let rows = self.needs.iter().map(|one| one.writer as usize + 1).fold(tasks, usize::max);
        Edges::new(rows, self.needs.iter().map(|one| (one.writer, one.reader)))
    }

    /// All pairs that have no order, in order.
    pub fn circles(&self) -> &[After] {
        &self.circles
    }

    /// Sets in which pairs without an order may be, in the place of which there were too many; with a path for each.
    pub fn crowds(&self) -> impl Iterator<Item = (&[Number], &str)> {
        self.crowds.iter().map(|(members, path)| (&members[..], &**path))
    }

    /// The path for which the one implicitly needs the other.
    pub fn need(&self, reader: Number, writer: Number) -> Option<&str> {
        find(&self.needs, reader, writer)
    }

    /// The path that the one reads and the other writes, where no order follows from it.
    pub fn circle(&self, reader: Number, writer: Number) -> Option<&str> {
        find(&self.circles, reader, writer)
    }

    /// Whether it is not known of these two whether one reads what the other writes: somebody has to look.
    pub fn is_crowd(&self, a: Number, b: Number) -> bool {
        let has = |members: &[Number], one| members.binary_search(&one).is_ok();
        self.crowds.iter().any(|(members, _)| has(members, a) && has(members, b))
    }

    /// Sets of tasks of which each two have a circle in common, and a path for each; together they hold all circles.
    pub fn exclusive(&self) -> Vec<(Vec<Number>, &str)> {
        let ordered = |one: &After| (one.reader.min(one.writer), one.reader.max(one.writer));
        let mut paths: HashMap<(Number, Number), &str> = HashMap::new();
        for one in &self.circles {
            paths.entry(ordered(one)).or_insert(&one.path);
        }
        let mut pairs: Vec<(Number, Number)> = paths.keys().copied().collect();
        pairs.sort_unstable();
        let cliques = cliques(&pairs, &vec![false; pairs.len()]);
        let path = |members: &[Number]| paths.get(&(members[0], members[1])).copied().unwrap_or_default();
        let named = cliques.into_iter().map(|members| (path(&members), members)).map(|(path, members)| (members, path));
        named.chain(self.crowds.iter().map(|(members, path)| (members.clone(), &**path))).collect()
    }

    /// Every task of the graph after all that it needs, implied or not.
    pub fn topological(&self, graph: &Graph) -> Vec<Ix> {
        if self.needs.is_empty() {
            return graph.topological();
        }
        let inside = || self.needs.iter().filter(|one| (one.writer as usize) < graph.len());
        let readers = Edges::new(graph.len(), inside().map(|one| (one.writer, one.reader)));
        let mut open: Vec<u32> = (0..graph.len()).map(|ix| graph.needs(ix).len() as u32).collect();
        inside().for_each(|one| open[one.reader as usize] += 1);
        let mut order: Vec<Ix> = (0..graph.len()).filter(|&ix| open[ix] == 0).collect();
        let mut done = 0;
        while let Some(&ix) = order.get(done) {
            done += 1;
            for next in graph.dependants(ix).chain(readers.row(ix).iter().map(|&reader| reader as Ix)) {
                open[next] -= 1;
                if open[next] == 0 {
                    order.push(next);
                }
            }
        }
        order
    }
}

/// The pairs of one reader.
fn row(pairs: &[After], reader: Number) -> &[After] {
    let start = pairs.partition_point(|one| one.reader < reader);
    &pairs[start..start + pairs[start..].partition_point(|one| one.reader == reader)]
}

fn find(pairs: &[After], reader: Number, writer: Number) -> Option<&str> {
    let row = row(pairs, reader);
    row.binary_search_by_key(&writer, |one| one.writer).ok().map(|at| &*row[at].path)
}

/// By number, the knot of needs and pairs that it is part of, if any.
fn knot_of(graph: &Graph, pairs: &[After]) -> Vec<Option<u32>> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let inside = || pairs.iter().filter(|one| (one.writer as usize) < graph.len());
    let written = Edges::new(graph.len(), inside().map(|one| (one.reader, one.writer)));
    let next = |ix: Ix| graph.needs(ix).chain(written.row(ix).iter().map(|&writer| writer as Ix));
    let mut knot = vec![None; graph.len()];
    for (number, members) in (0..).zip(knots(graph.len(), next)) {
        members.iter().for_each(|&member| knot[member] = Some(number));
    }
    knot
}

/// By pair, whether one of the two needs the other, directly or through others.
fn in_sequence(graph: &Graph, pairs: &[After]) -> Vec<bool> {
    let mut found = vec![false; pairs.len()];
    if pairs.is_empty() {
        return found;
    }
    let mut place = vec![0; graph.len()];
    graph.topological().into_iter().enumerate().for_each(|(at, ix)| place[ix] = at);
    // (the later in that order, the earlier, the pair): only the later can need the earlier.
    let inside = pairs.iter().enumerate().filter(|(_, one)| (one.writer as usize) < graph.len());
    let mut queries: Vec<(Ix, Ix, usize)> = inside
        .map(|(at, one)| {
            let (a, b) = (one.reader as Ix, one.writer as Ix);
            if place[a] > place[b] { (a, b, at) } else { (b, a, at) }
        })
        .collect();
    let distinct = |end: fn(&(Ix, Ix, usize)) -> Ix| {
        let mut ends: Vec<Ix> = queries.iter().map(end).collect();
        ends.sort_unstable();
        ends.dedup();
        ends.len()
    };
    // From the side that has fewer starts.
    let upwards = distinct(|query| query.0) <= distinct(|query| query.1);
    if !upwards {
        queries.iter_mut().for_each(|(a, b, _)| std::mem::swap(a, b));
    }
    queries.sort_unstable();
    let mut walk = Walk { graph, place, upwards, reached: vec![0; graph.len()], number: 0, steps: STEPS };
    for group in queries.chunk_by(|a, b| a.0 == b.0) {
        walk.from(group[0].0, group.iter().map(|query| query.1));
        group.iter().for_each(|&(_, end, pair)| found[pair] = walk.reached[end] == walk.number);
    }
    found
}

/// Walks over needs, or over dependants, that share their memory.
struct Walk<'g> {
    graph: &'g Graph,
    /// By task: its place in the topological order.
    place: Vec<usize>,
    upwards: bool,
    /// By task: the last walk that came there.
    reached: Vec<u32>,
    number: u32,
    steps: usize,
}

impl Walk<'_> {
    /// Reaches everything that lies between `start` and `ends`.
    fn from(&mut self, start: Ix, ends: impl Iterator<Item = Ix>) {
        self.number += 1;
        let places = ends.map(|end| self.place[end]);
        let limit = if self.upwards { places.min() } else { places.max() }.unwrap_or(0);
        let mut stack = vec![start];
        while let Some(ix) = stack.pop() {
            let graph = self.graph;
            if self.upwards {
                graph.needs(ix).for_each(|next| self.reach(next, self.place[next] >= limit, &mut stack));
            } else {
                graph.dependants(ix).for_each(|next| self.reach(next, self.place[next] <= limit, &mut stack));
            }
            if self.steps == 0 {
                return;
            }
        }
    }

    fn reach(&mut self, ix: Ix, wanted: bool, stack: &mut Vec<Ix>) {
        self.steps = self.steps.saturating_sub(1);
        if wanted && self.reached[ix] != self.number {
            self.reached[ix] = self.number;
            stack.push(ix);
        }
    }
}

#[cfg(test)]
mod tests;
