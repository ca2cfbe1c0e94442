//! A list schedule (Graham 1969): whenever something ends, the first jobs of a list that may start do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ranks::Ranks;
use super::{Crew, Node, Place, Problem, Schedule, Slot};
use crate::model::task::Minutes;

/// A schedule that never lets a worker wait while a job may start, the first of `order` before the others.
///
/// `order` holds every node once, in any order. What runs already starts at 0. A job that runs alone and is the first
/// that may start keeps the ones after it waiting until all others have ended. With needs N and jobs J it takes
/// O(N + J log J).
pub fn list_schedule(problem: &Problem, order: &[u32]) -> Schedule {
    let mut lister = Lister::new(problem, order);
    lister.begin();
    let mut now = 0;
    loop {
        while let Some(node) = lister.next_end(now) {
            lister.finish(node);
        }
        lister.fill(now);
        let next = lister.ends.peek().map(|&Reverse((end, _))| end);
        match next {
            Some(end) => now = end,
            None if lister.unpark() => {}
            None => break,
        }
    }
    Schedule::of(lister.slots)
}

/// Whether research has workers of its own.
fn apart(crew: Crew) -> bool {
    crew.research > crew.workers
}

/// Jobs in a row that wait for one resource and then for another one after all, before the next event is waited for: else
/// thousands that hold two each would change their places at every event.
pub(super) const TRIES: u32 = 64;

/// Ranks, the first on top.
type Queue = BinaryHeap<Reverse<u32>>;

struct Lister<'p> {
    problem: &'p Problem,
    /// Node by rank, and rank by node.
    order: &'p [u32],
    rank: Vec<u32>,
    /// By node: needs that have not ended.
    open: Vec<u32>,
    started: Vec<bool>,
    /// Jobs that may start but for workers and resources; research apart, where it has workers of its own.
    ready: [Ranks; 2],
    /// By resource: how many running jobs hold it, and who waits for it.
    held: Vec<u32>,
    parked: Vec<Queue>,
    ends: BinaryHeap<Reverse<(Minutes, u32)>>,
    /// Numbers of workers that have worked and are free, and the first number that never was used.
    free: BinaryHeap<Reverse<u32>>,
    unused: u32,
    worker: Vec<Option<u32>>,
    /// Running jobs: all, those on workers, those of them that are no research, those that run alone.
    running: usize,
    working: u32,
    code: u32,
    alone: usize,
    slots: Vec<Slot>,
}

impl<'p> Lister<'p> {
    fn new(problem: &'p Problem, order: &'p [u32]) -> Lister<'p> {
        let jobs = problem.len();
        let mut rank = vec![0; jobs];
        for (at, &node) in order.iter().enumerate() {
            rank[node as Node] = at as u32;
        }
        Lister {
            problem,
            order,
            rank,
            open: (0..jobs).map(|node| problem.needs(node).len() as u32).collect(),
            started: vec![false; jobs],
            ready: [Ranks::new(jobs), Ranks::new(if apart(problem.crew) { jobs } else { 0 })],
            held: vec![0; problem.resource_count()],
            parked: vec![Queue::new(); problem.resource_count()],
            ends: BinaryHeap::new(),
            free: BinaryHeap::new(),
            unused: 0,
            worker: vec![None; jobs],
            running: 0,
            working: 0,
            code: 0,
            alone: 0,
            slots: Vec::with_capacity(jobs),
        }
    }

    /// Starts at 0 what runs already, and queues the rest of what needs nothing.
    fn begin(&mut self) {
        for node in 0..self.problem.len() {
            if self.problem.jobs[node].place != Place::Open {
                self.start(node, 0);
            }
        }
        for node in 0..self.problem.len() {
            if self.open[node] == 0 && !self.started[node] {
                self.queue(node);
            }
        }
    }

    fn queue(&mut self, node: Node) {
        let apart = self.problem.jobs[node].research && apart(self.problem.crew);
        self.ready[usize::from(apart)].insert(self.rank[node]);
    }

    /// The first job in the queues for which there is a worker.
    fn next(&mut self) -> Option<(u32, Node)> {
        let queue = match [0, 1].map(|queue| self.ready[queue].first()) {
            [None, None] => return None,
            [Some(one), other] if other.is_none_or(|other| one < other) && self.has_worker(one) => 0,
            [_, Some(other)] if self.has_worker(other) => 1,
            [Some(one), Some(_)] if self.has_worker(one) => 0,
            _ => return None,
        };
        let rank = self.ready[queue].first()?;
        let node = self.order[rank as usize] as Node;
        let job = &self.problem.jobs[node];
        if job.minutes > 0 && (self.alone > 0 || job.alone && self.running > 0) {
            return None;
        }
        self.ready[queue].remove(rank);
        Some((rank, node))
    }

    fn has_worker(&self, rank: u32) -> bool {
        let (job, crew) = (&self.problem.jobs[self.order[rank as usize] as Node], self.problem.crew);
        let limit = if job.research && self.code == 0 { crew.research } else { crew.workers };
        job.minutes == 0 || self.working < limit
    }

    fn fill(&mut self, now: Minutes) {
        let mut tries = 0;
        while let Some((rank, node)) = self.next() {
            match self.busy(node) {
                Some(resource) => {
                    self.parked[resource].push(Reverse(rank));
                    tries += 1;
                    if tries < TRIES {
                        self.wake(node);
                    }
                }
                None => self.start(node, now),
            }
        }
    }

    fn busy(&self, node: Node) -> Option<usize> {
        let resources = self.problem.resources(node);
        let held = |&resource: &usize| self.held[resource] > 0;
        resources.iter().map(|&resource| resource as usize).find(held).filter(|_| self.problem.jobs[node].minutes > 0)
    }

    fn start(&mut self, node: Node, now: Minutes) {
        let job = &self.problem.jobs[node];
        let end = now.saturating_add(job.minutes);
        self.started[node] = true;
        if job.minutes > 0 {
            self.running += 1;
            self.alone += usize::from(job.alone);
            for &resource in self.problem.resources(node) {
                self.held[resource as usize] += 1;
            }
        }
        if job.works() {
            self.working += 1;
            self.code += u32::from(!job.research);
            self.worker[node] = Some(self.free.pop().map_or_else(
                || {
                    self.unused += 1;
                    self.unused - 1
                },
                |Reverse(worker)| worker,
            ));
        }
        self.slots.push(Slot { start: now, end, worker: self.worker[node], node });
        self.ends.push(Reverse((end, node as u32)));
    }

    fn next_end(&mut self, now: Minutes) -> Option<Node> {
        let &Reverse((end, node)) = self.ends.peek()?;
        (end == now).then(|| {
            self.ends.pop();
            node as Node
        })
    }

    fn finish(&mut self, node: Node) {
        let job = &self.problem.jobs[node];
        if job.works() {
            self.working -= 1;
            self.code -= u32::from(!job.research);
            self.free.extend(self.worker[node].map(Reverse));
        }
        if job.minutes > 0 {
            self.running -= 1;
            self.alone -= usize::from(job.alone);
            for &resource in self.problem.resources(node) {
                self.held[resource as usize] -= 1;
            }
            self.wake(node);
        }
        for dependant in self.problem.dependants(node) {
            self.open[dependant] -= 1;
            if self.open[dependant] == 0 && !self.started[dependant] {
                self.queue(dependant);
            }
        }
    }

    /// Queues everything that waits for a resource, which all are free when nothing runs; whether there was anything.
    fn unpark(&mut self) -> bool {
        let parked: Vec<u32> = self.parked.iter_mut().flat_map(BinaryHeap::drain).map(|Reverse(rank)| rank).collect();
        for &rank in &parked {
            self.queue(self.order[rank as usize] as Node);
        }
        !parked.is_empty()
    }

    /// Queues, for each free resource of the job, the first one that waits for it. One is enough: if it must wait
    /// for another resource after all, it wakes the next.
    fn wake(&mut self, node: Node) {
        for &resource in self.problem.resources(node) {
            let resource = resource as usize;
            let parked = if self.held[resource] == 0 { self.parked[resource].pop() } else { None };
            if let Some(Reverse(rank)) = parked {
                self.queue(self.order[rank as usize] as Node);
            }
        }
    }
}
