//! Shorter schedules by chance and justification: an iterated local search.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::serial::{Decoder, Way};
use super::{CriticalPath, Node, Place, Problem, Schedule, Slot, list_schedule};
use crate::model::task::Minutes;

/// Rounds without a better schedule after which the search begins anew from a random one.
const PATIENCE: u32 = 100;

/// A schedule as the starts of all jobs, by node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Starts {
    pub(super) start: Vec<Minutes>,
    pub(super) makespan: Minutes,
}

/// The best schedule met on the way from `first`, or `first` itself.
///
/// A round moves every job of the best schedule by chance, decodes that order serially or as a list, then shifts all jobs as far back as they
/// go and forward again (justification: Valls, Ballestín and Quintanilla 2005) until that gains nothing. It ends at
/// `goal`, or after `decodings`. Nothing but the arguments decides, so equal ones give equal schedules.
pub(super) fn improve(problem: &Problem, path: &CriticalPath, first: Starts, goal: Minutes, decodings: u32) -> Starts {
    let mut search = Search {
        decoder: Decoder::new(problem),
        problem,
        path,
        goal,
        left: decodings,
        mean: mean(problem),
        chance: Chance(1),
        current: first.clone(),
        best: first,
    };
    search.run();
    search.best
}

struct Search<'p> {
    decoder: Decoder<'p>,
    problem: &'p Problem,
    path: &'p CriticalPath,
    goal: Minutes,
    left: u32,
    /// Of the minutes of jobs that have any; at least 1.
    mean: Minutes,
    chance: Chance,
    current: Starts,
    best: Starts,
}

impl Search<'_> {
    fn run(&mut self) {
        let mut base = self.current.clone();
        let mut shortest = self.best.makespan;
        let mut since = 0;
        while self.goes_on() {
            // What chance made much longer is not worth the while.
            if self.current.makespan <= base.makespan + self.mean {
                self.justify();
            }
            if self.current.makespan <= base.makespan {
                base.clone_from(&self.current);
            }
            since = if self.best.makespan < shortest { 0 } else { since + 1 };
            shortest = self.best.makespan;
            if since > 0 && since % PATIENCE == 0 {
                self.scatter();
                base.clone_from(&self.current);
            } else {
                self.perturb(&base.start);
            }
        }
    }

    fn goes_on(&self) -> bool {
        self.left > 0 && self.best.makespan > self.goal
    }

    /// Shifts all jobs back and forward again, until that gains nothing.
    fn justify(&mut self) {
        while self.goes_on() {
            let before = self.current.makespan;
            let (problem, decoder) = (self.problem, &mut self.decoder);
            let start = &self.current.start;
            decoder.rank_by(|node| before - (start[node] + problem.jobs[node].minutes));
            let end = decoder.decode(Way::Backward);
            self.current.start.clone_from(&decoder.start);
            let start = &self.current.start;
            decoder.rank_by(|node| end - (start[node] + problem.jobs[node].minutes));
            self.left = self.left.saturating_sub(1);
            self.decode();
            if self.current.makespan >= before {
                return;
            }
        }
    }

    /// Another schedule near `base`: of those in which no worker waits while a job may start, or of all.
    fn perturb(&mut self, base: &[Minutes]) {
        let width = match self.chance.below(3) {
            0 => self.mean * 4 / 3 + 2,
            1 => self.mean * 4,
            _ => self.mean * 8,
        };
        let (problem, chance) = (self.problem, &mut self.chance);
        self.decoder.rank_by(|node| base[node] * 2 + problem.jobs[node].minutes + chance.below(width));
        if self.chance.below(2) == 0 {
            self.list();
        } else {
            self.decode();
        }
    }

    /// A random schedule that begins with long chains.
    fn scatter(&mut self) {
        let (path, chance, width) = (self.path, &mut self.chance, self.mean * 4);
        self.decoder.rank_by(|node| (path.length - path.tail[node]) * 2 + chance.below(width));
        self.decode();
    }

    /// The list schedule of the decoder's ranks, which takes about as long as two decodings.
    fn list(&mut self) {
        self.left = self.left.saturating_sub(2);
        self.current = Starts::of(&list_schedule(self.problem, &self.decoder.order));
        self.keep();
    }

    fn decode(&mut self) {
        self.left = self.left.saturating_sub(1);
        self.current.makespan = self.decoder.decode(Way::Forward);
        self.current.start.clone_from(&self.decoder.start);
        self.keep();
    }

    fn keep(&mut self) {
        if self.current.makespan < self.best.makespan {
            self.best.clone_from(&self.current);
        }
    }
}

fn mean(problem: &Problem) -> Minutes {
    let (sum, count) = problem
        .jobs
        .iter()
        .fold((0, 0), |(sum, count), job| (sum + job.minutes, count + Minutes::from(job.minutes > 0)));
    (sum / count.max(1)).max(1)
}

/// Numbers that look random (SplitMix64: Steele, Lea and Flood 2014), the same ones every time.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of some, each with the same chance (reservoir sampling: Vitter 1985).
    pub(super) fn pick<T>(&mut self, some: impl Iterator<Item = T>) -> Option<T> {
        let mut chosen = None;
        for (before, one) in some.enumerate() {
            if before == 0 || self.below(before as u64 + 1) == 0 {
                chosen = Some(one);
            }
        }
        chosen
    }

    /// A number below `limit`, which is not 0 (Lemire 2019, without his correction of a bias of 2^-64).
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }
}

impl Starts {
    pub(super) fn of(schedule: &Schedule) -> Starts {
        let mut start = vec![0; schedule.slots.len()];
        for slot in &schedule.slots {
            start[slot.node] = slot.start;
        }
        Starts { start, makespan: schedule.makespan }
    }

    /// Gives every job that needs one the first worker who is free.
    pub(super) fn into_schedule(self, problem: &Problem) -> Schedule {
        let end = |node: Node| self.start[node] + problem.jobs[node].minutes;
        let mut order: Vec<Node> = (0..self.start.len()).collect();
        order.sort_unstable_by_key(|&node| (self.start[node], problem.jobs[node].place == Place::Open, node));
        let mut busy: BinaryHeap<Reverse<(Minutes, u32)>> = BinaryHeap::new();
        let mut free: BinaryHeap<Reverse<u32>> = BinaryHeap::new();
        let slots = order.into_iter().map(|node| {
            let (start, end) = (self.start[node], end(node));
            while let Some(&Reverse((_, worker))) = busy.peek().filter(|Reverse((end, _))| *end <= start) {
                busy.pop();
                free.push(Reverse(worker));
            }
            let worker = problem.jobs[node].works().then(|| {
                let worker = free.pop().map_or(busy.len() as u32, |Reverse(worker)| worker);
                busy.push(Reverse((end, worker)));
                worker
            });
            Slot { start, end, worker, node }
        });
        Schedule::of(slots.collect())
    }
}
