//! How long everything left takes, and when that departs from the rule of choice.

use std::collections::HashSet;

use super::choice::Choice;
use super::{Candidate, Ix, Minutes, TaskId};
use crate::model::schedule::{
    Bound, Crew, CriticalPath, Network, Node, Place, Schedule, batches, solve, solve_briefly, urgency,
};

/// Above so many workers, coordination eats most of what another one gains.
pub const WORKERS_THAT_PAY: u32 = 3;
/// More workers than these are not tried.
const MOST_WORKERS: u32 = 64;

/// How long everything left takes with some number of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point<'a> {
    pub workers: u32,
    pub makespan: Minutes,
    pub lower_bound: Minutes,
    pub bound: Bound<'a>,
}

/// How long everything left takes.
#[derive(Debug)]
pub struct Outlook<'a> {
    pub crew: Crew,
    /// Workers that the schedule is for: those for research, where nothing else is left.
    pub workers: u32,
    pub schedule: Schedule,
    /// What the schedule is of: its nodes are the network's.
    pub network: Network<'a>,
    pub path: CriticalPath,
    /// No schedule is shorter.
    pub lower_bound: Minutes,
    pub bound: Bound<'a>,
    /// The schedule that the rule alone makes.
    pub by_rule: Schedule,
    /// Under barriers: how long it would take if each slot were filled again as it frees. `schedule` is in batches then.
    pub rolling: Option<Minutes>,
    /// Everything left, one task after the other.
    pub sequential: Minutes,
}

impl<'a> Outlook<'a> {
    pub(super) fn new(
        network: Network<'a>,
        path: CriticalPath,
        start: &[Candidate],
        (phase, barrier): (Option<&str>, bool),
        effort: u32,
    ) -> Outlook<'a> {
        let problem = &network.problem;
        let rule = rule(&network, &path, start, phase);
        let mut solution = solve(problem, &path, &rule, effort);
        let rolling = barrier.then_some(solution.schedule.makespan);
        if barrier {
            solution.schedule = batches(problem, &rule, &network.stopped);
            solution.by_rule = solution.schedule.clone();
        }
        let only_research = !problem.is_empty() && problem.jobs.iter().all(|job| job.research);
        Outlook {
            crew: problem.crew,
            workers: if only_research { problem.crew.research } else { problem.crew.workers },
            lower_bound: solution.lower_bound.minutes,
            bound: network.bound(solution.lower_bound.limit),
            by_rule: solution.by_rule,
            rolling,
            sequential: problem.sequential(),
            schedule: solution.schedule,
            network,
            path,
        }
    }

    /// Whether no other schedule is shorter.
    pub fn proven(&self) -> bool {
        self.schedule.makespan <= self.lower_bound
    }

    /// Minutes that departing from the rule saves.
    pub fn saved(&self) -> Minutes {
        self.by_rule.makespan - self.schedule.makespan
    }

    /// Minutes that more workers than three save; `None` where there are no more.
    pub(super) fn saved_by_many(&self, effort: u32) -> Option<Minutes> {
        let three = Crew::of(WORKERS_THAT_PAY);
        (self.workers > three.workers).then(|| {
            let problem = self.network.problem.with_crew(three);
            let order = rule(&self.network, &self.path, &[], None);
            let makespan = solve_briefly(&problem, &self.path, &order, effort).schedule.makespan;
            makespan.saturating_sub(self.rolling.unwrap_or(self.schedule.makespan))
        })
    }

    /// How long everything left takes with as many workers as are busy, or one, and with each more, until more do not help.
    pub(super) fn curve(&self, effort: u32, busy: u32) -> Vec<Point<'a>> {
        let (network, path) = (&self.network, &self.path);
        let order = rule(network, path, &[], None);
        let solved = |workers: u32| solve_briefly(&network.problem.with_crew(Crew::of(workers)), path, &order, effort);
        let most = network.problem.len().clamp(1, MOST_WORKERS as usize) as u32;
        let least = solved(most).schedule.makespan;
        let mut curve: Vec<Point<'_>> = Vec::new();
        for workers in busy.clamp(1, most)..=most {
            let solution = solved(workers);
            let before = curve.last().map_or(Minutes::MAX, |point| point.makespan);
            let makespan = solution.schedule.makespan.min(before);
            let lower_bound = solution.lower_bound.minutes;
            curve.push(Point { workers, makespan, lower_bound, bound: network.bound(solution.lower_bound.limit) });
            if makespan <= least {
                break;
            }
        }
        curve
    }

    /// The id of a job.
    pub fn id(&self, node: Node) -> &'a TaskId {
        &self.network.tasks[node].id
    }

    /// Tasks that are left and give no estimate.
    pub(super) fn unestimated(&self) -> usize {
        let jobs = self.network.tasks.iter().zip(&self.network.problem.jobs);
        jobs.filter(|(task, job)| job.minutes > 0 && task.estimate.is_none()).count()
    }

    /// Keeps to the rule after all.
    pub(super) fn fall_back(&mut self) {
        self.schedule = self.by_rule.clone();
    }

    /// What the schedule begins with of the tasks that take time, where that is something else than the rule's choice of
    /// the ready ones. Some of it may be held or wait for what is done and has not landed: then it cannot begin so.
    pub(super) fn departure(&self, by_rule: &Choice) -> Option<HashSet<Ix>> {
        if self.saved() == 0 {
            return None;
        }
        let now = self.schedule.slots.iter().take_while(|slot| slot.start == 0).filter(|slot| slot.end > 0);
        let open = now.filter(|slot| self.network.problem.jobs[slot.node].place == Place::Open);
        let open = open.filter(|slot| !self.network.stopped.contains(&slot.node));
        let begun: HashSet<Ix> = open.filter_map(|slot| self.network.index(slot.node)).collect();
        let chosen: HashSet<Ix> = by_rule.start.iter().filter(|one| one.minutes > 0).map(|one| one.ix).collect();
        (begun != chosen).then_some(begun)
    }
}

/// All nodes in the order of the rule: `start` first, as chosen, then slack 0, most unblocked, phase, shorter, id; above
/// some thousand jobs, what is not in `start` by the longest chain ([`urgency`]).
fn rule(network: &Network<'_>, path: &CriticalPath, start: &[Candidate], phase: Option<&str>) -> Vec<u32> {
    let urgency = urgency(&network.problem, path);
    let mut chosen = vec![u32::MAX; urgency.len()];
    for (rank, node) in start.iter().filter_map(|one| network.node(one.ix)).enumerate() {
        chosen[node] = rank as u32;
    }
    let mut order: Vec<u32> = (0..urgency.len() as u32).collect();
    order.sort_by_cached_key(|&node| {
        let node = node as Node;
        let other_phase = phase.is_some() && network.tasks[node].phase.as_deref() != phase;
        (chosen[node], urgency[node], other_phase, network.problem.jobs[node].minutes, network.index(node), node)
    });
    order
}
