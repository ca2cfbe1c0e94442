//! A schedule in batches, each complete before the next begins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::list::TRIES;
use super::ranks::Ranks;
use super::{Node, Place, Problem, Schedule, Slot};
use crate::model::task::Minutes;

/// How many of `tasks` that could start make one batch, so that the batches are even: of four for three workers, two.
pub fn batch_size(tasks: usize, workers: u32) -> usize {
    let workers = workers.max(1) as usize;
    tasks.div_ceil(tasks.div_ceil(workers).max(1))
}

/// What runs already on a worker, and `stopped`, is the first batch; after each, the first jobs of `order` that may start
/// side by side are the next. What runs elsewhere is in no batch, and holds what it holds until it ends.
///
/// With jobs J, and needs and resources N, it takes O(N + J log J).
pub fn batches(problem: &Problem, order: &[u32], stopped: &[Node]) -> Schedule {
    let mut waves = Waves::new(problem, order, stopped);
    let working = (0..problem.len()).filter(|&node| problem.jobs[node].place == Place::Working);
    let mut batch: Vec<Node> = working.chain(stopped.iter().copied()).collect();
    let mut start = 0;
    loop {
        start = waves.run(&batch, start);
        batch = waves.next();
        if batch.is_empty() {
            match waves.away.peek() {
                Some(&Reverse((end, _))) => start = start.max(end),
                None => return Schedule::of(waves.into_slots()),
            }
        }
    }
}

struct Waves<'p> {
    problem: &'p Problem,
    order: &'p [u32],
    rank: Vec<u32>,
    open: Vec<u32>,
    begun: Vec<bool>,
    ready: Ranks,
    /// Those that run alone.
    alone: Ranks,
    /// Jobs that could start, wherever they wait.
    count: usize,
    /// By resource: how many of the batch, and of what runs elsewhere, hold it; and who waits for it.
    held: Vec<u32>,
    parked: Vec<BinaryHeap<Reverse<u32>>>,
    /// What runs elsewhere, by its end.
    away: BinaryHeap<Reverse<(Minutes, Node)>>,
    slots: Vec<Slot>,
}

impl<'p> Waves<'p> {
    fn new(problem: &'p Problem, order: &'p [u32], stopped: &[Node]) -> Waves<'p> {
        let mut rank = vec![0; problem.len()];
        for (at, &node) in order.iter().enumerate() {
            rank[node as Node] = at as u32;
        }
        let mut waves = Waves {
            problem,
            order,
            rank,
            open: (0..problem.len()).map(|node| problem.needs(node).len() as u32).collect(),
            begun: vec![false; problem.len()],
            ready: Ranks::new(problem.len()),
            alone: Ranks::new(problem.len()),
            count: 0,
            held: vec![0; problem.resource_count()],
            parked: vec![BinaryHeap::new(); problem.resource_count()],
            away: BinaryHeap::new(),
            slots: Vec::with_capacity(problem.len()),
        };
        for node in 0..problem.len() {
            let place = problem.jobs[node].place;
            waves.begun[node] = place != Place::Open || stopped.contains(&node);
            if place == Place::Away {
                waves.slot(node, 0, None);
                waves.hold(node);
                waves.away.push(Reverse((problem.jobs[node].minutes, node)));
            }
        }
        for node in 0..problem.len() {
            if waves.open[node] == 0 && !waves.begun[node] {
                waves.count += 1;
                waves.queue(node);
            }
        }
        waves
    }

    fn queue(&mut self, node: Node) {
        let queue = if self.problem.jobs[node].alone { &mut self.alone } else { &mut self.ready };
        queue.insert(self.rank[node]);
    }

    fn slot(&mut self, node: Node, start: Minutes, worker: Option<u32>) {
        self.slots.push(Slot { start, end: start + self.problem.jobs[node].minutes, worker, node });
    }

    fn hold(&mut self, node: Node) {
        for &resource in self.problem.resources(node) {
            self.held[resource as usize] += 1;
        }
    }

    /// Runs a batch that holds what it needs, lets go what ends until it is complete, and returns when that is.
    fn run(&mut self, batch: &[Node], start: Minutes) -> Minutes {
        let mut workers = 0;
        let mut end = start;
        for &node in batch {
            let worker = self.problem.jobs[node].works().then_some(workers);
            workers += u32::from(worker.is_some());
            self.slot(node, start, worker);
            end = end.max(start + self.problem.jobs[node].minutes);
            self.hold(node);
        }
        batch.iter().for_each(|&node| self.finish(node));
        while let Some(&Reverse((_, node))) = self.away.peek().filter(|Reverse((until, _))| *until <= end) {
            self.away.pop();
            self.finish(node);
        }
        end
    }

    fn finish(&mut self, node: Node) {
        for &resource in self.problem.resources(node) {
            self.held[resource as usize] -= 1;
            self.wake(resource as usize);
        }
        for dependant in self.problem.dependants(node) {
            self.open[dependant] -= 1;
            if self.open[dependant] == 0 && !self.begun[dependant] {
                self.count += 1;
                self.queue(dependant);
            }
        }
    }

    /// Queues the first that waits for a free resource; if it must wait for another one after all, it wakes the next.
    fn wake(&mut self, resource: usize) {
        let parked = if self.held[resource] == 0 { self.parked[resource].pop() } else { None };
        if let Some(Reverse(rank)) = parked {
            self.queue(self.order[rank as usize] as Node);
        }
    }

    fn next(&mut self) -> Vec<Node> {
        let mut batch: Vec<Node> = Vec::new();
        let (total, mut research, mut tries) = (self.count, true, 0);
        if self.away.iter().any(|Reverse((_, node))| self.problem.jobs[*node].alone) {
            return batch;
        }
        if self.away.is_empty() && self.ready.first().is_none() {
            let parked: Vec<u32> =
                self.parked.iter_mut().flat_map(BinaryHeap::drain).map(|Reverse(rank)| rank).collect();
            parked.into_iter().for_each(|rank| self.ready.insert(rank));
        }
        loop {
            let (first, alone) = (self.ready.first(), self.alone.first());
            let takes_all = batch.is_empty()
                && self.away.is_empty()
                && alone.is_some_and(|alone| first.is_none_or(|first| alone < first));
            let Some(rank) = (if takes_all { alone } else { first }) else { break };
            let node = self.order[rank as usize] as Node;
            let crew = self.problem.crew;
            let workers = if research && self.problem.jobs[node].research { crew.research } else { crew.workers };
            if batch.len() >= batch_size(total, workers) {
                break;
            }
            if takes_all {
                self.alone.remove(rank)
            } else {
                self.ready.remove(rank)
            }
            let resources = self.problem.resources(node);
            if let Some(&busy) = resources.iter().find(|&&resource| self.held[resource as usize] > 0) {
                self.parked[busy as usize].push(Reverse(rank));
                tries += 1;
                if tries < TRIES {
                    resources.iter().for_each(|&resource| self.wake(resource as usize));
                }
                continue;
            }
            research &= self.problem.jobs[node].research;
            self.hold(node);
            batch.push(node);
            if takes_all {
                break;
            }
        }
        self.count -= batch.len();
        // Running the batch holds all that again.
        for &node in &batch {
            for &resource in self.problem.resources(node) {
                self.held[resource as usize] -= 1;
            }
        }
        batch
    }

    fn into_slots(mut self) -> Vec<Slot> {
        self.slots.sort_unstable();
        self.slots
    }
}
