//! A serial schedule (Kelley 1963; Kolisch 1996): jobs one by one, each as early as those before it permit.

use super::ranks::Ranks;
use super::{Node, Place, Problem};
use crate::model::task::Minutes;

/// Which way time runs: backwards, every job comes before what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Forward,
    Backward,
}

/// Makes schedules of one problem, again and again, in memory that it keeps.
///
/// Minutes must add up to less than 2^40, and jobs be fewer than 2^20: [`Decoder::fits`].
pub(super) struct Decoder<'p> {
    problem: &'p Problem,
    /// By node: minutes from the beginning, whichever way time runs.
    pub(super) start: Vec<Minutes>,
    rank: Vec<u32>,
    /// Nodes by rank.
    pub(super) order: Vec<u32>,
    keys: Vec<u64>,
    /// By node: what has to be placed before it, and when that ends.
    open: Vec<u32>,
    earliest: Vec<Minutes>,
    eligible: Ranks,
    crew: Profile,
    calendars: Vec<Calendar>,
    /// Where some job runs alone: how many run at all, and when one of those runs.
    crowd: Option<(Profile, Calendar)>,
}

const NODE_BITS: u32 = 20;

impl<'p> Decoder<'p> {
    pub(super) fn new(problem: &'p Problem) -> Decoder<'p> {
        let jobs = problem.len();
        let alone = problem.jobs.iter().any(|job| job.alone);
        Decoder {
            problem,
            start: vec![0; jobs],
            rank: vec![0; jobs],
            order: vec![0; jobs],
            keys: Vec::with_capacity(jobs),
            open: vec![0; jobs],
            earliest: vec![0; jobs],
            eligible: Ranks::new(jobs),
            crew: Profile::default(),
            calendars: vec![Calendar::default(); problem.resource_count()],
            crowd: alone.then(Default::default),
        }
    }

    /// Whether the numbers of the problem are small enough.
    pub(super) fn fits(problem: &Problem) -> bool {
        problem.len() < 1 << NODE_BITS && problem.sequential() < 1 << 40
    }

    /// Ranks the nodes by `key`, the least first; equal ones by index. Keys must be below 2^44.
    pub(super) fn rank_by(&mut self, mut key: impl FnMut(Node) -> u64) {
        self.keys.clear();
        self.keys.extend((0..self.problem.len()).map(|node| key(node) << NODE_BITS | node as u64));
        self.keys.sort_unstable();
        for (rank, key) in self.keys.iter().enumerate() {
            let node = key & ((1 << NODE_BITS) - 1);
            self.order[rank] = node as u32;
            self.rank[node as Node] = rank as u32;
        }
    }

    /// Places all jobs in the order of their ranks, each after those before it; fills `start` and returns the last end.
    ///
    /// Forwards, what runs already starts at 0. Backwards it is a job like any other.
    pub(super) fn decode(&mut self, way: Way) -> Minutes {
        self.reset();
        let mut makespan = 0;
        for node in 0..self.problem.len() {
            self.open[node] = self.before(node, way).len() as u32;
            if way == Way::Forward && self.problem.jobs[node].place != Place::Open {
                makespan = makespan.max(self.put(node, (0, 0)));
            } else if self.open[node] == 0 {
                self.eligible.insert(self.rank[node]);
            }
        }
        if way == Way::Forward {
            for node in 0..self.problem.len() {
                if self.problem.jobs[node].place != Place::Open {
                    self.release(node, way);
                }
            }
        }
        while let Some(rank) = self.eligible.pop() {
            let node = self.order[rank as usize] as Node;
            let at = self.fit(node);
            makespan = makespan.max(self.put(node, at));
            self.release(node, way);
        }
        makespan
    }

    fn before(&self, node: Node, way: Way) -> &'p [u32] {
        if way == Way::Forward { self.problem.needs.row(node) } else { self.problem.dependants.row(node) }
    }

    fn reset(&mut self) {
        self.earliest.fill(0);
        self.crew.clear();
        self.calendars.iter_mut().for_each(|calendar| calendar.0.clear());
        if let Some((profile, calendar)) = &mut self.crowd {
            profile.clear();
            calendar.0.clear();
        }
    }

    /// Makes those eligible that waited for this job alone.
    fn release(&mut self, node: Node, way: Way) {
        let end = self.start[node] + self.problem.jobs[node].minutes;
        let other = if way == Way::Forward { Way::Backward } else { Way::Forward };
        for &next in self.before(node, other) {
            let next = next as Node;
            self.earliest[next] = self.earliest[next].max(end);
            self.open[next] -= 1;
            if self.open[next] == 0 {
                self.eligible.insert(self.rank[next]);
            }
        }
    }

    /// The first minute from which everything that the job takes is there for as long as it runs, and the step of the
    /// crew's profile that this falls into.
    fn fit(&self, node: Node) -> (Minutes, usize) {
        let job = &self.problem.jobs[node];
        let mut at = self.earliest[node];
        if job.minutes == 0 {
            return (at, 0);
        }
        let crew = self.problem.crew;
        let limits = (crew.workers, if job.research { crew.research } else { crew.workers });
        let resources = self.problem.resources(node);
        loop {
            let step;
            (at, step) = self.crew.fit(at, job.minutes, limits);
            let there = at;
            for &resource in resources {
                at = self.calendars[resource as usize].fit(at, job.minutes);
            }
            if let Some((profile, calendar)) = &self.crowd {
                at = if job.alone { profile.fit(at, job.minutes, (1, 1)).0 } else { calendar.fit(at, job.minutes) };
            }
            if at == there {
                return (at, step);
            }
        }
    }

    fn put(&mut self, node: Node, (at, step): (Minutes, usize)) -> Minutes {
        let job = &self.problem.jobs[node];
        let end = at + job.minutes;
        self.start[node] = at;
        if job.minutes > 0 {
            if job.place != Place::Away {
                self.crew.add((at, step), end, !job.research);
            }
            for &resource in self.problem.resources(node) {
                self.calendars[resource as usize].add(at, end);
            }
            if let Some((profile, calendar)) = &mut self.crowd {
                let step = profile.step_at(at);
                profile.add((at, step), end, true);
                if job.alone {
                    calendar.add(at, end);
                }
            }
        }
        end
    }
}

/// How many jobs run, by time.
#[derive(Default)]
struct Profile {
    /// Each holds from its time to the next one's; the last has none running.
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
struct Step {
    at: Minutes,
    all: u32,
    /// Those that are no research.
    code: u32,
}

impl Profile {
    fn clear(&mut self) {
        self.steps.clear();
        self.steps.push(Step { at: 0, all: 0, code: 0 });
    }

    /// The last step that begins no later than `at`.
    fn step_at(&self, at: Minutes) -> usize {
        self.steps.partition_point(|step| step.at <= at) - 1
    }

    /// The first minute from `at` on where one more can run for `minutes`, and its step: fewer than the first limit run
    /// beside it, or than the second where all are research.
    fn fit(&self, mut at: Minutes, minutes: Minutes, (workers, research): (u32, u32)) -> (Minutes, usize) {
        let mut first = self.step_at(at);
        let mut step = first;
        while let Some(next) = self.steps.get(step + 1) {
            let now = &self.steps[step];
            step += 1;
            if now.all >= if now.code == 0 { research } else { workers } {
                (at, first) = (next.at, step);
            } else if next.at >= at + minutes {
                break;
            }
        }
        (at, first)
    }

    /// One more runs from `at`, which falls into `step`, to `end`.
    fn add(&mut self, (at, mut step): (Minutes, usize), end: Minutes, code: bool) {
        if self.steps[step].at < at {
            let before = self.steps[step];
            step += 1;
            self.steps.insert(step, Step { at, ..before });
        }
        loop {
            let before = self.steps[step];
            self.steps[step].all += 1;
            self.steps[step].code += u32::from(code);
            step += 1;
            match self.steps.get(step) {
                Some(next) if next.at < end => {}
                Some(next) if next.at == end => return,
                _ => return self.steps.insert(step, Step { at: end, ..before }),
            }
        }
    }
}

/// When a resource is held, in order; what runs already may overlap.
#[derive(Clone, Default)]
struct Calendar(Vec<(Minutes, Minutes)>);

impl Calendar {
    fn fit(&self, mut at: Minutes, minutes: Minutes) -> Minutes {
        let first = self.0.partition_point(|&(_, end)| end <= at);
        for &(start, end) in &self.0[first..] {
            if start >= at + minutes {
                break;
            }
            at = at.max(end);
        }
        at
    }

    fn add(&mut self, start: Minutes, end: Minutes) {
        let place = self.0.partition_point(|&held| held < (start, end));
        self.0.insert(place, (start, end));
    }
}
