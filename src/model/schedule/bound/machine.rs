//! What one resource says: it serves one job after the other.

use std::collections::BinaryHeap;

use super::{CriticalPath, Minutes, Place, Problem, takes_all};

/// By resource: how long it is held in all. What runs already holds it at one time, even where it should not.
pub(super) fn sums(problem: &Problem) -> Vec<Minutes> {
    let mut open = vec![0u64; problem.resource_count()];
    let mut running = vec![0u64; problem.resource_count()];
    for (node, job) in problem.jobs.iter().enumerate() {
        for &resource in problem.resources(node) {
            let resource = resource as usize;
            match job.place {
                Place::Open => open[resource] = open[resource].saturating_add(job.minutes),
                Place::Working | Place::Away => running[resource] = running[resource].max(job.minutes),
            }
        }
    }
    open.into_iter().zip(running).map(|(open, running)| open.saturating_add(running)).collect()
}

/// The end of the preemptive schedule of one machine (Jackson 1955; Carlier 1982), which no other schedule of it beats:
/// at any time it serves the job that leaves most after it. Jobs that run alone are served by every machine.
///
/// 0 where no schedule of it can take longer than `enough`.
pub(super) fn one_machine(problem: &Problem, path: &CriticalPath, resource: usize, enough: Minutes) -> Minutes {
    let holders = problem.holders(resource).iter().map(|&node| node as usize);
    let mut jobs: Vec<(Minutes, Minutes, Minutes)> = Vec::new();
    let mut running: Option<(Minutes, Minutes, Minutes)> = None;
    for node in holders {
        let minutes = problem.jobs[node].minutes;
        let job = (path.head[node], path.tail[node] - minutes, minutes);
        if problem.jobs[node].place == Place::Open {
            jobs.push(job);
        } else if running.is_none_or(|longest| longest.2 < minutes) {
            running = Some(job);
        }
    }
    let others = (0..problem.len())
        .filter(|&node| takes_all(problem, node) && !problem.resources(node).contains(&(resource as u32)));
    if problem.len() <= FEW {
        jobs.extend(others.map(|node| {
            let minutes = problem.jobs[node].minutes;
            (path.head[node], path.tail[node] - minutes, minutes)
        }));
    }
    jobs.extend(running);
    let sum = jobs.iter().fold(0u64, |sum, job| sum.saturating_add(job.2));
    let latest = jobs.iter().map(|job| job.0).max().unwrap_or(0);
    let longest = jobs.iter().map(|job| job.1).max().unwrap_or(0);
    if latest.saturating_add(sum).saturating_add(longest) <= enough {
        return 0;
    }
    preemptive(jobs)
}

/// Above so many jobs those that run alone are not looked for in each resource.
const FEW: usize = 5_000;

/// `jobs` are (head, what is left after it, minutes).
fn preemptive(mut jobs: Vec<(Minutes, Minutes, Minutes)>) -> Minutes {
    jobs.sort_unstable();
    let mut ready: BinaryHeap<(Minutes, Minutes)> = BinaryHeap::new();
    let (mut now, mut best) = (0u64, 0u64);
    let mut coming = jobs.into_iter().peekable();
    loop {
        while let Some((_, after, minutes)) = coming.next_if(|job| job.0 <= now) {
            ready.push((after, minutes));
        }
        let next = coming.peek().map(|job| job.0);
        match (ready.pop(), next) {
            (None, None) => return best,
            (None, Some(head)) => now = head,
            (Some((after, minutes)), next) => {
                let end = now.saturating_add(minutes);
                match next.filter(|&head| head < end) {
                    Some(head) => {
                        ready.push((after, end - head));
                        now = head;
                    }
                    None => {
                        now = end;
                        best = best.max(end.saturating_add(after));
                    }
                }
            }
        }
    }
}
