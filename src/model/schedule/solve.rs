//! One good schedule and its lower bound: the rule's own, unless a shorter one is found.

use std::cmp::Reverse;

use super::improve::{Starts, improve};
use super::serial::Decoder;
use super::shop::Shop;
use super::tabu::reorder;
use super::{CriticalPath, LowerBound, Node, Place, Problem, Schedule, dependants, list_schedule};
use crate::model::task::Minutes;

/// Above so many jobs schedules are made by few lists only, and the rule is expected to name long chains first.
pub const SERIAL: usize = 3_000;
/// How soon the rule of choice takes each job, the least first: slack 0, then most unblocked. Above [`SERIAL`] jobs, what
/// the longest chain waits for.
pub fn urgency(problem: &Problem, path: &CriticalPath) -> Vec<(bool, Reverse<u64>)> {
    let nodes: Vec<Node> = (0..problem.len()).collect();
    if nodes.len() > SERIAL {
        return nodes.into_iter().map(|node| (false, Reverse(path.tail[node]))).collect();
    }
    let unblocks = dependants(problem, &nodes);
    nodes.into_iter().zip(unblocks).map(|(node, count)| (path.slack(node) > 0, Reverse(count))).collect()
}

/// What one unit of effort may do at most: place so many jobs, and make so many schedules, fewer of few jobs.
const PLACEMENTS: u64 = 400_000;
const DECODINGS: u64 = 2_000;
const DECODINGS_A_JOB: u64 = 40;
/// Moves of the tabu search that take as long as a decoding.
const MOVES: u32 = 6;

/// The outcome of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    pub schedule: Schedule,
    pub lower_bound: LowerBound,
    /// The rule's own schedule; where that is longer, `schedule` departs from the rule.
    pub by_rule: Schedule,
}

impl Solution {
    /// Whether no schedule is shorter.
    pub fn proven(&self) -> bool {
        self.schedule.makespan <= self.lower_bound.minutes
    }
}

/// A schedule of `problem`.
///
/// `rule` holds every node once, in the order in which the rule takes them. Its list schedule stays unless a shorter one
/// is found: by longest remaining path first, then by search. A shorter one begins with what the rule begins with,
/// where that is as short. `effort` scales how long is searched, 0 not at all. Equal arguments give equal solutions.
pub fn solve(problem: &Problem, path: &CriticalPath, rule: &[u32], effort: u32) -> Solution {
    solve_within(problem, path, rule, budget(problem, effort))
}

/// The same, for each of some problems that differ in the crew only, with an eighth of the effort.
pub fn solve_briefly(problem: &Problem, path: &CriticalPath, rule: &[u32], effort: u32) -> Solution {
    solve_within(problem, path, rule, budget(problem, effort) / 8)
}

fn solve_within(problem: &Problem, path: &CriticalPath, rule: &[u32], decodings: u32) -> Solution {
    let by_rule = list_schedule(problem, rule);
    let mut lower_bound = LowerBound::quick(problem, path);
    let mut best = by_rule.clone();
    if best.makespan > lower_bound.minutes && problem.len() <= SERIAL {
        best.or_shorter(list_schedule(problem, &longest_first(path)));
    }
    if best.makespan > lower_bound.minutes {
        lower_bound = lower_bound.thorough(problem, path, best.makespan);
    }
    if best.makespan > lower_bound.minutes && decodings > 0 {
        let found = searched(problem, path, &best, lower_bound.minutes, decodings);
        best.or_shorter(found);
    }
    if best.makespan > lower_bound.minutes {
        lower_bound = lower_bound.energetic(problem, path, best.makespan);
    }
    if best.makespan < by_rule.makespan {
        best = begun_by_rule(problem, path, best, &by_rule, decodings);
    }
    Solution { schedule: best, lower_bound, by_rule }
}

/// Nodes by what is left from their start to the end, the most first (highest level first: Adam, Chandy and Dickson 1974).
fn longest_first(path: &CriticalPath) -> Vec<u32> {
    let mut order: Vec<u32> = (0..path.tail.len() as u32).collect();
    order.sort_by_key(|&node| Reverse(path.tail[node as Node]));
    order
}

/// How many schedules may be made.
fn budget(problem: &Problem, effort: u32) -> u32 {
    let jobs = problem.len().max(1) as u64;
    let decodings = DECODINGS.min(DECODINGS_A_JOB * jobs).min(PLACEMENTS / jobs).max(4);
    u32::try_from(decodings * u64::from(effort)).unwrap_or(u32::MAX)
}

/// The best schedule that is found on from `first`, by lists only where there are many jobs.
fn searched(problem: &Problem, path: &CriticalPath, first: &Schedule, goal: Minutes, decodings: u32) -> Schedule {
    if problem.len() <= SERIAL && Decoder::fits(problem) && Shop::fits(problem) {
        let first = improve(problem, path, Starts::of(first), goal, decodings / 20);
        return reorder(problem, first, goal, decodings.saturating_mul(MOVES)).into_schedule(problem);
    }
    if problem.len() <= SERIAL && Decoder::fits(problem) {
        return improve(problem, path, Starts::of(first), goal, decodings).into_schedule(problem);
    }
    justified(problem, first, goal, decodings / 4)
}

/// Shifts all jobs back and forward (as [`improve`] does), `rounds` times or until that gains nothing.
fn justified(problem: &Problem, first: &Schedule, goal: Minutes, rounds: u32) -> Schedule {
    let reversed = problem.reversed();
    let mut best = first.clone();
    for _ in 0..rounds {
        let back = list_schedule(&reversed, &best.order_by(|slot| Reverse(slot.end)));
        let next = list_schedule(problem, &back.order_by(|slot| Reverse(slot.end)));
        if !best.or_shorter(next) || best.makespan <= goal {
            break;
        }
    }
    best
}

/// A schedule as short as `best` that begins with what the rule begins with, where one is found soon.
fn begun_by_rule(
    problem: &Problem,
    path: &CriticalPath,
    best: Schedule,
    by_rule: &Schedule,
    decodings: u32,
) -> Schedule {
    let begun = |schedule: &Schedule| {
        let now = schedule.slots.iter().take_while(|slot| slot.start == 0);
        let ready = |node: &Node| problem.jobs[*node].place == Place::Open && problem.needs(*node).len() == 0;
        let mut nodes: Vec<Node> = now.map(|slot| slot.node).filter(ready).collect();
        nodes.sort_unstable();
        nodes
    };
    let first = begun(by_rule);
    if first == begun(&best) {
        return best;
    }
    let begun = problem.with_running(&first);
    let listed = list_schedule(&begun, &best.order_by(|slot| slot.start));
    let found = if listed.makespan > best.makespan && decodings > 0 {
        searched(&begun, path, &listed, best.makespan, decodings / 4)
    } else {
        listed
    };
    if found.makespan <= best.makespan { found } else { best }
}
