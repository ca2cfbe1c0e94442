//! The disjunctive graph of a problem that no crew limits (Roy and Sussmann 1964): every resource serves its jobs in
//! some order, and those orders with the needs decide when each job starts.

use std::ops::Range;

use super::improve::Starts;
use super::{Node, Place, Problem};
use crate::model::task::Minutes;

/// Orders of all resources, and the longest paths that they make.
#[derive(Clone)]
pub(super) struct Shop<'p> {
    pub(super) problem: &'p Problem,
    /// By resource: its jobs in the order in which it serves them.
    pub(super) order: Vec<Vec<u32>>,
    /// By node, then by its resources, in one row: the place in the order, and the neighbours there, or [`NONE`].
    places: Vec<u32>,
    previous: Vec<u32>,
    next: Vec<u32>,
    /// By node: the longest path to its start, and from its start to the end.
    pub(super) head: Vec<Minutes>,
    pub(super) tail: Vec<Minutes>,
    pub(super) makespan: Minutes,
    /// Every node after all before it, and by node its position.
    topological: Vec<u32>,
    position: Vec<u32>,
    /// By node: a mark, off but while a part is sorted.
    moved: Vec<bool>,
}

const NONE: u32 = u32::MAX;
/// Above so many pairs of jobs that share a resource, orders are left to lists.
const MOST_PAIRS: usize = 1_000_000;
/// No resource.
const ANY: usize = usize::MAX;

/// A job moves within the order of a resource: from the first place of a range behind its last, or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) resource: usize,
    pub(super) range: Range<usize>,
    pub(super) behind: bool,
}

impl<'p> Shop<'p> {
    /// Whether every rule but the order of needs and resources can be left out: nothing runs yet or runs alone, and
    /// there are workers for as many jobs as can ever run at one time. Also not too many jobs share one resource.
    pub(super) fn fits(problem: &Problem) -> bool {
        let pairs: usize = (0..problem.resource_count()).map(|resource| problem.holders(resource).len().pow(2)).sum();
        let enough = problem.crew.workers.min(problem.crew.research) as usize;
        let held =
            || (0..problem.len()).all(|node| !problem.resources(node).is_empty() || problem.jobs[node].minutes == 0);
        problem.jobs.iter().all(|job| job.place == Place::Open && !job.alone)
            && (enough >= problem.len() || enough >= problem.resource_count() && held())
            && problem.resource_count() > 0
            && pairs <= MOST_PAIRS
    }

    /// The orders that a schedule has.
    pub(super) fn new(problem: &'p Problem, starts: &Starts) -> Shop<'p> {
        let real = |node: &u32| problem.jobs[*node as Node].minutes > 0;
        let order = (0..problem.resource_count()).map(|resource| {
            let mut jobs: Vec<u32> = problem.holders(resource).iter().copied().filter(real).collect();
            jobs.sort_unstable_by_key(|&node| (starts.start[node as Node], node));
            jobs
        });
        let held = problem.len().checked_sub(1).map_or(0, |last| problem.resources.range(last).end);
        let mut shop = Shop {
            problem,
            order: order.collect(),
            places: vec![0; held],
            previous: vec![NONE; held],
            next: vec![NONE; held],
            head: vec![0; problem.len()],
            tail: vec![0; problem.len()],
            makespan: 0,
            topological: Vec::with_capacity(problem.len()),
            position: vec![0; problem.len()],
            moved: vec![false; problem.len()],
        };
        for resource in 0..shop.order.len() {
            shop.number(resource, 0..shop.order[resource].len());
        }
        shop.sort();
        shop.measure(0, problem.len() - 1);
        shop
    }

    pub(super) fn starts(&self) -> Starts {
        Starts { start: self.head.clone(), makespan: self.makespan }
    }

    pub(super) fn minutes(&self, node: Node) -> Minutes {
        self.problem.jobs[node].minutes
    }

    /// What the node's resources serve right before it, other than `but`.
    fn before(&self, node: Node, but: usize) -> impl Iterator<Item = Node> + '_ {
        self.beside(&self.previous, node, but)
    }

    /// What the node's resources serve right after it, other than `but`.
    fn after(&self, node: Node, but: usize) -> impl Iterator<Item = Node> + '_ {
        self.beside(&self.next, node, but)
    }

    fn beside<'s>(&'s self, neighbours: &'s [u32], node: Node, but: usize) -> impl Iterator<Item = Node> + 's {
        let range = self.problem.resources.range(node);
        let row = self.problem.resources(node).iter().zip(&neighbours[range]);
        let other = move |(resource, neighbour): &(&u32, &u32)| **neighbour != NONE && **resource as usize != but;
        row.filter(other).map(|(_, &neighbour)| neighbour as Node)
    }

    /// What the node's resources serve right after it: the job, the resource, and the place of the node there.
    pub(super) fn served_after(&self, node: Node) -> impl Iterator<Item = (Node, usize, usize)> + '_ {
        let slots = self.problem.resources.range(node).zip(self.problem.resources(node));
        slots
            .filter(|&(slot, _)| self.next[slot] != NONE)
            .map(|(slot, &resource)| (self.next[slot] as Node, resource as usize, self.places[slot] as usize))
    }

    /// The earliest start by everything but the order of one resource.
    fn head_without(&self, node: Node, resource: usize) -> Minutes {
        let before = self.problem.needs(node).chain(self.before(node, resource));
        before.map(|before| self.head[before] + self.minutes(before)).max().unwrap_or(0)
    }

    /// The longest path after the node by everything but the order of one resource.
    fn rest_without(&self, node: Node, resource: usize) -> Minutes {
        self.problem.dependants(node).chain(self.after(node, resource)).map(|after| self.tail[after]).max().unwrap_or(0)
    }

    /// Notes the places and neighbours of a part of an order.
    fn number(&mut self, resource: usize, range: Range<usize>) {
        let order = &self.order[resource];
        for place in range.start.saturating_sub(1)..(range.end + 1).min(order.len()) {
            let node = order[place] as Node;
            let row = self.problem.resources(node).iter().position(|&held| held as usize == resource);
            let row = row.expect("because the order holds the resource's holders only");
            let slot = self.problem.resources.range(node).start + row;
            self.places[slot] = place as u32;
            self.previous[slot] = if place > 0 { order[place - 1] } else { NONE };
            self.next[slot] = order.get(place + 1).copied().unwrap_or(NONE);
        }
    }

    /// Puts the nodes in an order in which each comes after all before it (Kahn 1962).
    fn sort(&mut self) {
        let problem = self.problem;
        let mut open: Vec<usize> =
            (0..problem.len()).map(|node| problem.needs(node).len() + self.before(node, ANY).count()).collect();
        let mut order: Vec<u32> = (0..problem.len() as u32).filter(|&node| open[node as Node] == 0).collect();
        let mut at = 0;
        while let Some(&node) = order.get(at) {
            at += 1;
            for next in problem.dependants(node as Node).chain(self.after(node as Node, ANY)) {
                open[next] -= 1;
                if open[next] == 0 {
                    order.push(next as u32);
                }
            }
        }
        self.topological = order;
        for (at, &node) in self.topological.iter().enumerate() {
            self.position[node as Node] = at as u32;
        }
    }

    /// Computes the heads from one position of the topological order on, and the tails up to another one.
    fn measure(&mut self, from: usize, to: usize) {
        let problem = self.problem;
        for at in from..self.topological.len() {
            let node = self.topological[at] as Node;
            let previous = self.previous[problem.resources.range(node)].iter().filter(|&&previous| previous != NONE);
            let before = problem.needs.row(node).iter().chain(previous);
            let ends = before.map(|&before| self.head[before as Node] + problem.jobs[before as Node].minutes);
            self.head[node] = ends.max().unwrap_or(0);
        }
        for at in (0..=to).rev() {
            let node = self.topological[at] as Node;
            let next = self.next[problem.resources.range(node)].iter().filter(|&&next| next != NONE);
            let after = problem.dependants.row(node).iter().chain(next).map(|&after| self.tail[after as Node]);
            self.tail[node] = problem.jobs[node].minutes + after.max().unwrap_or(0);
        }
        let ends = self.head.iter().zip(&problem.jobs).map(|(head, job)| head + job.minutes);
        self.makespan = ends.max().unwrap_or(0);
    }

    /// Carries a move out; `false`, and nothing changed, where the orders would go round in a circle.
    pub(super) fn make(&mut self, one: &Move) -> bool {
        let part = &self.order[one.resource][one.range.clone()];
        let (first, last) = (part[0] as Node, part[part.len() - 1] as Node);
        let (from, to) = (self.position[first] as usize, self.position[last] as usize);
        self.rotate(one);
        let sorted = if one.behind { self.sort_behind(from, to) } else { self.sort_before(from, to) };
        if sorted {
            self.measure(from, to);
        } else {
            self.rotate(&Move { behind: !one.behind, ..one.clone() });
        }
        sorted
    }

    /// Sorts a part of the topological order anew, whose first node now comes behind its last: it and what comes after
    /// it there go to the end of the part. `false`, and nothing is sorted, where the last one is among these.
    fn sort_behind(&mut self, from: usize, to: usize) -> bool {
        self.moved[self.topological[from] as Node] = true;
        for at in from + 1..=to {
            let node = self.topological[at] as Node;
            let after = self.problem.needs(node).chain(self.before(node, ANY)).any(|before| self.moved[before]);
            self.moved[node] = after;
        }
        let sound = !self.moved[self.topological[to] as Node];
        self.part(from, to, sound, true)
    }

    /// The same for its last node, which now comes before its first.
    fn sort_before(&mut self, from: usize, to: usize) -> bool {
        self.moved[self.topological[to] as Node] = true;
        for at in (from..to).rev() {
            let node = self.topological[at] as Node;
            let before = self.problem.dependants(node).chain(self.after(node, ANY)).any(|after| self.moved[after]);
            self.moved[node] = before;
        }
        let sound = !self.moved[self.topological[from] as Node];
        self.part(from, to, sound, false)
    }

    /// Parts a part of the topological order in nodes that are marked and others, if it is `sound`, and takes the marks off.
    fn part(&mut self, from: usize, to: usize, sound: bool, marked_last: bool) -> bool {
        if sound {
            let part = &self.topological[from..=to];
            let (marked, others): (Vec<u32>, Vec<u32>) = part.iter().partition(|&&node| self.moved[node as Node]);
            let sorted = if marked_last { [others, marked] } else { [marked, others] }.concat();
            for (at, &node) in (from..).zip(&sorted) {
                self.position[node as Node] = at as u32;
            }
            self.topological[from..=to].copy_from_slice(&sorted);
        }
        for at in from..=to {
            self.moved[self.topological[at] as Node] = false;
        }
        sound
    }

    fn rotate(&mut self, one: &Move) {
        let part = &mut self.order[one.resource][one.range.clone()];
        if one.behind {
            part.rotate_left(1);
        } else {
            part.rotate_right(1);
        }
        self.number(one.resource, one.range.clone());
    }

    /// The jobs of a move in their new order.
    fn rotated(&self, one: &Move) -> impl DoubleEndedIterator<Item = Node> + Clone + '_ {
        let part = &self.order[one.resource][one.range.clone()];
        let (first, last) = (part.len() - 1, part.len());
        let order = if one.behind { [&part[1..], &part[..1]] } else { [&part[first..last], &part[..first]] };
        order.into_iter().flatten().map(|&node| node as Node)
    }

    /// Whether the move surely closes no circle (Balas and Vazacopoulos 1998): what follows the moved job otherwise
    /// leaves no more than the job that it moves behind, or the other way round.
    pub(super) fn is_safe(&self, one: &Move) -> bool {
        let part = &self.order[one.resource][one.range.clone()];
        let (first, last) = (part[0] as Node, part[part.len() - 1] as Node);
        if one.behind {
            let after = self.problem.dependants(first).chain(self.after(first, one.resource));
            after.map(|after| self.tail[after]).all(|tail| self.tail[last] >= tail && tail > 0)
        } else {
            let end = |node: Node| self.head[node] + self.minutes(node);
            let before = self.problem.needs(last).chain(self.before(last, one.resource));
            before.map(end).all(|before| end(first) >= before)
        }
    }

    /// How long the longest path through the moved jobs would be (Taillard 1994; Balas and Vazacopoulos 1998).
    pub(super) fn estimate(&self, one: &Move, heads: &mut Vec<Minutes>) -> Minutes {
        let order = &self.order[one.resource];
        let before = one.range.start.checked_sub(1).map(|place| order[place] as Node);
        let mut end = before.map_or(0, |node| self.head[node] + self.minutes(node));
        heads.clear();
        for node in self.rotated(one) {
            let head = end.max(self.head_without(node, one.resource));
            heads.push(head);
            end = head + self.minutes(node);
        }
        let mut rest = order.get(one.range.end).map_or(0, |&node| self.tail[node as Node]);
        let mut longest = 0;
        for (node, head) in self.rotated(one).rev().zip(heads.iter().rev()) {
            rest = self.minutes(node) + rest.max(self.rest_without(node, one.resource));
            longest = longest.max(head + rest);
        }
        longest
    }
}
