//! Needs that go in a circle: found, and told by a shortest one of each knot.

use super::sink::Sink;
use super::tasks::Need;
use crate::model::graph::{Graph, Ix, knots};

/// How many cycles are told, and how many ids of one.
const CYCLES: usize = 5;
const IDS: usize = 20;
/// How many needs are followed in search of the shortest; beyond that the shortest found so far will do.
const STEPS: usize = 20_000_000;

/// Tells the cycles of `graph`, shortest first.
pub(super) fn find(graph: &Graph, needs: &[Need<'_>], sink: &mut Sink) {
    let (cycles, total) = shortest(graph);
    let told = cycles.len();
    for (number, cycle) in cycles.iter().enumerate() {
        let first = needs.iter().find(|need| {
            need.task as usize == cycle[0] && need.id.as_ref() == graph.tasks()[cycle[1 % cycle.len()]].id.as_str()
        });
        let more = total - told;
        let hint = (number + 1 == told && more > 0).then(|| format!("{more} more such cycles are not shown"));
        let shown = shown(cycle, |ix| graph.tasks()[ix].id.to_string());
        sink.fault(first.map(Need::span), format!("needs go in a circle: {shown}"), hint);
    }
}

/// A shortest cycle of each knot, each from its smallest id on, shortest first and at most [`CYCLES`], and how many knots
/// there are. Nothing recurses: a chain may be as long as the file.
pub(in crate::model) fn shortest(graph: &Graph) -> (Vec<Vec<Ix>>, usize) {
    if graph.topological().len() == graph.len() {
        return (Vec::new(), 0);
    }
    let mut knots = knots(graph.len(), |ix| graph.needs(ix));
    knots.sort_by_key(Vec::len);
    let mut search = Search::new(graph, &knots);
    let mut cycles: Vec<Vec<Ix>> = Vec::new();
    for (number, knot) in knots.iter().enumerate() {
        if cycles.len() >= CYCLES && search.steps == 0 {
            break;
        }
        cycles.push(search.shortest(number as u32, knot));
    }
    cycles.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    cycles.truncate(CYCLES);
    (cycles, knots.len())
}

/// `'A' → 'B' → 'A'`, at most [`IDS`] ids of it.
pub(in crate::model) fn shown(cycle: &[Ix], name: impl Fn(Ix) -> String) -> String {
    let id = |ix: &Ix| format!("'{}'", name(*ix));
    let mut words: Vec<String> = cycle.iter().take(IDS - 1).map(id).collect();
    if cycle.len() > words.len() {
        words.push(format!("… {} more …", cycle.len() - words.len()));
    }
    words.extend(cycle.first().map(id));
    words.join(" → ")
}

/// Breadth-first searches that share their memory.
struct Search<'a> {
    graph: &'a Graph,
    /// By task: its knot.
    knot: Vec<u32>,
    /// By task: the search that reached it last, and from where.
    reached: Vec<(u32, Ix)>,
    searches: u32,
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(graph: &'a Graph, knots: &[Vec<Ix>]) -> Search<'a> {
        let mut knot = vec![u32::MAX; graph.len()];
        for (number, members) in (0u32..).zip(knots) {
            members.iter().for_each(|&member| knot[member] = number);
        }
        Search { graph, knot, reached: vec![(0, 0); graph.len()], searches: 0, steps: STEPS }
    }

    /// A shortest cycle of a knot, from its smallest id on. Looks from one task at least.
    fn shortest(&mut self, number: u32, members: &[Ix]) -> Vec<Ix> {
        let mut best = self.through(number, members[0], usize::MAX).unwrap_or_else(|| members.to_vec());
        // Where everyone needs one other, there is one cycle.
        let in_knot = |ix: &Ix| self.graph.needs(*ix).filter(|need| self.knot[*need] == number).count();
        let only_one = members.iter().all(|member| in_knot(member) == 1);
        for &member in members {
            if only_one || best.len() == 2 || self.steps == 0 {
                break;
            }
            if let Some(shorter) = self.through(number, member, best.len()) {
                best = shorter;
            }
        }
        let smallest = (0..best.len()).min_by_key(|&at| best[at]).unwrap_or(0);
        best.rotate_left(smallest);
        best
    }

    /// A shortest cycle through `start`, if it has fewer than `bound` tasks.
    fn through(&mut self, number: u32, start: Ix, bound: usize) -> Option<Vec<Ix>> {
        self.searches += 1;
        let search = self.searches;
        let mut layer = vec![start];
        let mut length = 1;
        while !layer.is_empty() && length < bound {
            let mut next = Vec::new();
            for &ix in &layer {
                for need in self.graph.needs(ix) {
                    self.steps = self.steps.saturating_sub(1);
                    if need == start {
                        return Some(self.way(start, ix));
                    }
                    if self.knot[need] == number && self.reached[need].0 != search {
                        self.reached[need] = (search, ix);
                        next.push(need);
                    }
                }
            }
            layer = next;
            length += 1;
        }
        None
    }

    fn way(&self, start: Ix, end: Ix) -> Vec<Ix> {
        let mut way = vec![end];
        let mut at = end;
        while at != start {
            at = self.reached[at].1;
            way.push(at);
        }
        way.reverse();
        way
    }
}
