//! How short no schedule can be.

use std::fmt;

use super::network::Resource;
use super::{CriticalPath, Network, Place};
use crate::model::task::Minutes;

/// What keeps every schedule from being shorter; its `Display` is the stable code of the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound<'a> {
    CriticalPath,
    /// The work, shared out evenly.
    Workers,
    Lock(&'a str),
    Writes(&'a str),
    Issue(&'a str),
}

impl fmt::Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::CriticalPath => f.write_str("critical-path"),
            Bound::Workers => f.write_str("workers"),
            Bound::Lock(name) => write!(f, "lock:{name}"),
            Bound::Writes(path) => write!(f, "writes:{path}"),
            Bound::Issue(issue) => write!(f, "issue:{issue}"),
        }
    }
}

/// Minutes that no schedule of the network by `workers` can beat, and why: the longest of the critical path, the work
/// shared out evenly (Graham 1969; tasks that run alone take all workers), and the sum of what excludes each other
/// since it holds one lock, one path or one issue.
pub fn lower_bound<'a>(network: &Network<'a>, path: &CriticalPath, workers: u32) -> (Minutes, Bound<'a>) {
    let mut best = (path.length, Bound::CriticalPath);
    let work = shared_out(network, workers);
    if work > best.0 {
        best = (work, Bound::Workers);
    }
    for (minutes, resource) in sums(network).into_iter().zip(&network.names) {
        if minutes > best.0 {
            let bound = match *resource {
                Resource::Lock(name) => Bound::Lock(name),
                Resource::Path(path) => Bound::Writes(path),
                Resource::Issue(issue) => Bound::Issue(issue),
            };
            best = (minutes, bound);
        }
    }
    best
}

/// Work by workers, rounded up. Jobs that run already may be more than there are workers.
fn shared_out(network: &Network<'_>, workers: u32) -> Minutes {
    let running = network.jobs.iter().filter(|job| job.place == Place::Working).count() as u64;
    let (mut alone, mut beside) = (0u64, 0u64);
    for job in network.jobs.iter().filter(|job| job.place != Place::Away) {
        let sum = if job.place == Place::Open && !job.task.parallel { &mut alone } else { &mut beside };
        *sum = sum.saturating_add(job.minutes);
    }
    alone.saturating_add(beside.div_ceil(running.max(u64::from(workers)).max(1)))
}

/// By resource: how long it is held in all. What runs already holds it at one time, even where it should not.
fn sums(network: &Network<'_>) -> Vec<Minutes> {
    let mut open = vec![0u64; network.names.len()];
    let mut running = vec![0u64; network.names.len()];
    for (node, job) in network.jobs.iter().enumerate() {
        for &resource in network.resources(node) {
            let resource = resource as usize;
            match job.place {
                Place::Open => open[resource] = open[resource].saturating_add(job.minutes),
                Place::Working | Place::Away => running[resource] = running[resource].max(job.minutes),
            }
        }
    }
    open.into_iter().zip(running).map(|(open, running)| open.saturating_add(running)).collect()
}
