//! A list schedule (Graham 1969): whenever a worker is free, it takes the most urgent job that may start.
//!
//! Most urgent is what the longest chain of work waits for (highest level first; Adam, Chandy and Dickson 1974).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{CriticalPath, Network, Node, Place, Schedule, Slot};
use crate::model::task::Minutes;

/// A schedule of the whole network by `workers`.
///
/// What runs already, and the `chosen` jobs, start at 0. Needs, workers, locks, issues, equal literal paths and
/// `parallel = false` are kept to; what runs already may break them. `phase` comes first among equally urgent jobs.
/// With needs N and jobs J it takes O(N + J log J).
pub fn schedule(
    network: &Network<'_>,
    path: &CriticalPath,
    workers: u32,
    chosen: &[Node],
    phase: Option<&str>,
) -> Schedule {
    let mut lister = Lister::new(network, workers, order(network, path, phase));
    lister.begin(chosen);
    let mut now = 0;
    loop {
        while let Some(node) = lister.next_end(now) {
            lister.finish(node);
        }
        lister.fill(now);
        match lister.ends.peek() {
            Some(&Reverse((end, _))) => now = end,
            None => break,
        }
    }
    let mut slots = lister.slots;
    slots.sort_unstable();
    let makespan = slots.iter().map(|slot| slot.end).max().unwrap_or(0);
    Schedule { slots, makespan }
}

/// Nodes from the most to the least urgent.
fn order(network: &Network<'_>, path: &CriticalPath, phase: Option<&str>) -> Vec<u32> {
    let mut order: Vec<u32> = (0..network.len() as u32).collect();
    order.sort_by_cached_key(|&node| {
        let job = &network.jobs[node as Node];
        let other_phase = phase.is_some() && job.task.phase.as_deref() != phase;
        (Reverse(path.tail[node as Node]), other_phase, job.minutes, job.index)
    });
    order
}

/// Ranks, the most urgent on top.
type Queue = BinaryHeap<Reverse<u32>>;

struct Lister<'n, 'a> {
    network: &'n Network<'a>,
    /// Node by rank, and rank by node.
    order: Vec<u32>,
    rank: Vec<u32>,
    /// By node: needs that have not ended.
    open: Vec<u32>,
    started: Vec<bool>,
    ready: Queue,
    /// By resource: how many running jobs hold it, and who waits for it.
    held: Vec<u32>,
    parked: Vec<Queue>,
    ends: BinaryHeap<Reverse<(Minutes, Node)>>,
    free: BinaryHeap<Reverse<u32>>,
    /// Workers in use beyond the limit: as many take no other job when they end theirs.
    extra: u32,
    worker: Vec<Option<u32>>,
    running: usize,
    /// How many of the running jobs have `parallel = false`.
    alone: usize,
    slots: Vec<Slot>,
}

impl<'n, 'a> Lister<'n, 'a> {
    fn new(network: &'n Network<'a>, workers: u32, order: Vec<u32>) -> Lister<'n, 'a> {
        let jobs = network.len();
        let mut rank = vec![0; jobs];
        for (at, &node) in order.iter().enumerate() {
            rank[node as Node] = at as u32;
        }
        Lister {
            network,
            order,
            rank,
            open: (0..jobs).map(|node| network.needs(node).len() as u32).collect(),
            started: vec![false; jobs],
            ready: Queue::new(),
            held: vec![0; network.names.len()],
            parked: vec![Queue::new(); network.names.len()],
            ends: BinaryHeap::new(),
            // More workers than jobs would never be used.
            free: (0..workers.clamp(1, jobs.max(1) as u32)).map(Reverse).collect(),
            extra: 0,
            worker: vec![None; jobs],
            running: 0,
            alone: 0,
            slots: Vec::with_capacity(jobs),
        }
    }

    /// Starts at 0 what runs already and what was chosen, and queues the rest of what needs nothing.
    fn begin(&mut self, chosen: &[Node]) {
        let workers = self.free.len() as u32;
        let places = self.network.jobs.iter().map(|job| job.place);
        let pinned: Vec<_> = places.enumerate().filter(|&(_, place)| place != Place::Open).collect();
        for (node, place) in pinned.into_iter().chain(chosen.iter().map(|&node| (node, Place::Working))) {
            let worker = (place == Place::Working).then(|| {
                self.free.pop().map_or_else(
                    || {
                        self.extra += 1;
                        workers + self.extra - 1
                    },
                    |Reverse(worker)| worker,
                )
            });
            self.start(node, 0, worker);
        }
        for node in 0..self.network.len() {
            if self.open[node] == 0 && !self.started[node] {
                self.ready.push(Reverse(self.rank[node]));
            }
        }
    }

    /// Starts jobs until there is no worker, no job, or the most urgent one runs alone and must wait for the others.
    fn fill(&mut self, now: Minutes) {
        while let Some(&Reverse(rank)) = self.ready.peek() {
            let node = self.order[rank as usize] as Node;
            let alone = !self.network.jobs[node].task.parallel;
            if self.alone > 0 || alone && self.running > 0 {
                return;
            }
            if let Some(resource) = self.busy(node) {
                self.ready.pop();
                self.parked[resource].push(Reverse(rank));
                self.wake(node);
            } else if let Some(Reverse(worker)) = self.free.pop() {
                self.ready.pop();
                self.start(node, now, Some(worker));
            } else {
                return;
            }
        }
    }

    fn busy(&self, node: Node) -> Option<usize> {
        let resources = self.network.resources(node);
        resources.iter().map(|&resource| resource as usize).find(|&resource| self.held[resource] > 0)
    }

    fn start(&mut self, node: Node, now: Minutes, worker: Option<u32>) {
        let job = &self.network.jobs[node];
        let end = now.saturating_add(job.minutes);
        self.started[node] = true;
        self.worker[node] = worker;
        self.running += 1;
        self.alone += usize::from(!job.task.parallel);
        for &resource in self.network.resources(node) {
            self.held[resource as usize] += 1;
        }
        self.slots.push(Slot { start: now, end, worker, node });
        self.ends.push(Reverse((end, node)));
    }

    fn next_end(&mut self, now: Minutes) -> Option<Node> {
        let &Reverse((end, node)) = self.ends.peek()?;
        (end == now).then(|| {
            self.ends.pop();
            node
        })
    }

    fn finish(&mut self, node: Node) {
        self.running -= 1;
        self.alone -= usize::from(!self.network.jobs[node].task.parallel);
        match self.worker[node] {
            Some(_) if self.extra > 0 => self.extra -= 1,
            worker => self.free.extend(worker.map(Reverse)),
        }
        for &resource in self.network.resources(node) {
            self.held[resource as usize] -= 1;
        }
        self.wake(node);
        for dependant in self.network.dependants(node) {
            self.open[dependant] -= 1;
            if self.open[dependant] == 0 && !self.started[dependant] {
                self.ready.push(Reverse(self.rank[dependant]));
            }
        }
    }

    /// Queues, for each free resource of the job, the most urgent one that waits for it. One is enough: if it must wait
    /// for another resource after all, it wakes the next.
    fn wake(&mut self, node: Node) {
        for &resource in self.network.resources(node) {
            let resource = resource as usize;
            if self.held[resource] == 0 {
                self.ready.extend(self.parked[resource].pop());
            }
        }
    }
}
