//! A schedule in batches, each complete before the next begins.

use super::ranks::Ranks;
use super::{Node, Place, Problem, Schedule, Slot};
use crate::model::task::Minutes;

/// How many of `tasks` that could start make one batch, so that the batches are even: of four for three workers, two.
pub fn batch_size(tasks: usize, workers: u32) -> usize {
    let workers = workers.max(1) as usize;
    tasks.div_ceil(tasks.div_ceil(workers).max(1))
}

/// What runs already is the first batch; after each, the first jobs of `order` that may start side by side are the next.
///
/// Linear in the size of the problem but for jobs that are passed over since they exclude each other.
pub fn batches(problem: &Problem, order: &[u32]) -> Schedule {
    let mut waves = Waves::new(problem, order);
    let mut begun: Vec<Node> = (0..problem.len()).filter(|&node| problem.jobs[node].place != Place::Open).collect();
    let mut start = 0;
    loop {
        start = waves.run(&begun, start);
        begun = waves.next();
        if begun.is_empty() {
            return Schedule::of(waves.slots);
        }
    }
}

struct Waves<'p> {
    problem: &'p Problem,
    order: &'p [u32],
    rank: Vec<u32>,
    open: Vec<u32>,
    ready: Ranks,
    count: usize,
    slots: Vec<Slot>,
}

impl<'p> Waves<'p> {
    fn new(problem: &'p Problem, order: &'p [u32]) -> Waves<'p> {
        let mut rank = vec![0; problem.len()];
        for (at, &node) in order.iter().enumerate() {
            rank[node as Node] = at as u32;
        }
        let open: Vec<u32> = (0..problem.len()).map(|node| problem.needs(node).len() as u32).collect();
        let slots = Vec::with_capacity(problem.len());
        let mut waves = Waves { problem, order, rank, open, ready: Ranks::new(problem.len()), count: 0, slots };
        for node in 0..problem.len() {
            if waves.open[node] == 0 && problem.jobs[node].place == Place::Open {
                waves.queue(node);
            }
        }
        waves
    }

    fn queue(&mut self, node: Node) {
        self.ready.insert(self.rank[node]);
        self.count += 1;
    }

    /// Runs a batch and returns when it is complete.
    fn run(&mut self, batch: &[Node], start: Minutes) -> Minutes {
        let mut worker = 0;
        let mut end = start;
        for &node in batch {
            let job = &self.problem.jobs[node];
            let one = job.works().then(|| {
                worker += 1;
                worker - 1
            });
            self.slots.push(Slot { start, end: start + job.minutes, worker: one, node });
            end = end.max(start + job.minutes);
        }
        for &node in batch {
            for dependant in self.problem.dependants(node) {
                self.open[dependant] -= 1;
                if self.open[dependant] == 0 && self.problem.jobs[dependant].place == Place::Open {
                    self.queue(dependant);
                }
            }
        }
        end
    }

    fn next(&mut self) -> Vec<Node> {
        let only_research = |nodes: &[Node]| nodes.iter().all(|&node| self.problem.jobs[node].research);
        let crew = self.problem.crew;
        let mut batch: Vec<Node> = Vec::new();
        let mut passed = Vec::new();
        let total = self.count;
        while let Some(rank) = self.ready.first() {
            let node = self.order[rank as usize] as Node;
            let workers =
                if only_research(&batch) && self.problem.jobs[node].research { crew.research } else { crew.workers };
            if batch.len() >= batch_size(total, workers) {
                break;
            }
            self.ready.remove(rank);
            if batch.iter().any(|&other| self.exclude(other, node)) {
                passed.push(rank);
            } else {
                batch.push(node);
            }
        }
        self.count -= batch.len();
        passed.into_iter().for_each(|rank| self.ready.insert(rank));
        batch
    }

    fn exclude(&self, a: Node, b: Node) -> bool {
        let (one, other) = (&self.problem.jobs[a], &self.problem.jobs[b]);
        let held = self.problem.resources(a);
        one.alone || other.alone || self.problem.resources(b).iter().any(|resource| held.contains(resource))
    }
}
