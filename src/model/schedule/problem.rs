//! The scheduling problem behind a plan, without tasks: jobs, their order, what they may not hold at one time.

use super::Node;
use crate::model::graph::Edges;
use crate::model::task::Minutes;

/// Jobs to be done by a crew, as a resource-constrained project with unit resources.
///
/// Three rules bind every schedule: a job starts when all that it needs has ended; at no time do two jobs hold one
/// resource; and at no time is the crew, or a job that runs alone, asked for more than there is. A job of no minutes
/// takes no worker and holds nothing. What runs already starts at 0 and may break all three.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    /// Every job after all that it needs.
    pub jobs: Vec<Job>,
    pub crew: Crew,
    pub(super) needs: Edges,
    pub(super) dependants: Edges,
    pub(super) resources: Edges,
    holders: Edges,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub minutes: Minutes,
    pub place: Place,
    /// Nothing else runs beside it.
    pub alone: bool,
    /// May run beside more jobs of its kind than others: see [`Crew`].
    pub research: bool,
}

impl Job {
    /// A job that waits for a worker and runs beside any other.
    pub fn open(minutes: Minutes) -> Job {
        Job { minutes, place: Place::Open, alone: false, research: false }
    }

    /// Whether it takes a worker of this clone while it runs.
    pub fn works(&self) -> bool {
        self.minutes > 0 && self.place != Place::Away
    }
}

/// Where a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Waits for a worker.
    Open,
    /// Runs now, on a worker of this clone.
    Working,
    /// Runs now or is done, without a worker of this clone.
    Away,
}

/// How many workers there are; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crew {
    /// Jobs side by side, where one of them is no research.
    pub workers: u32,
    /// Jobs side by side, where all are research; at least `workers`.
    pub research: u32,
}

impl Default for Crew {
    fn default() -> Crew {
        Crew::of(1)
    }
}

impl Crew {
    /// The same number of workers for every kind of job.
    pub fn of(workers: u32) -> Crew {
        Crew { workers: workers.max(1), research: workers.max(1) }
    }
}

impl Problem {
    /// `needs` are pairs (job, the job that it needs), which comes first in `jobs`; `holds` are pairs (job, resource),
    /// each once. Resources count from 0.
    pub fn new(jobs: Vec<Job>, crew: Crew, needs: &[(u32, u32)], holds: &[(u32, u32)]) -> Problem {
        debug_assert!(needs.iter().all(|&(job, need)| need < job));
        let resources = holds.iter().map(|&(_, resource)| resource as usize + 1).max().unwrap_or(0);
        Problem {
            needs: Edges::new(jobs.len(), needs.iter().copied()),
            dependants: Edges::new(jobs.len(), needs.iter().map(|&(job, need)| (need, job))),
            resources: Edges::new(jobs.len(), holds.iter().copied()),
            holders: Edges::new(resources, holds.iter().map(|&(job, resource)| (resource, job))),
            jobs,
            crew,
        }
    }

    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many resources some job holds.
    pub fn resource_count(&self) -> usize {
        self.holders.rows()
    }

    pub fn needs(&self, node: Node) -> impl ExactSizeIterator<Item = Node> + '_ {
        self.needs.row(node).iter().map(|&need| need as Node)
    }

    pub fn dependants(&self, node: Node) -> impl ExactSizeIterator<Item = Node> + '_ {
        self.dependants.row(node).iter().map(|&dependant| dependant as Node)
    }

    /// What the job holds while it runs.
    pub fn resources(&self, node: Node) -> &[u32] {
        self.resources.row(node)
    }

    /// The jobs that hold a resource, in their order.
    pub fn holders(&self, resource: usize) -> &[u32] {
        self.holders.row(resource)
    }

    /// All minutes, one job after the other.
    pub fn sequential(&self) -> Minutes {
        self.jobs.iter().fold(0, |sum, job| sum.saturating_add(job.minutes))
    }

    /// The same problem with these jobs, which need nothing, running from now on, each on a worker.
    pub(super) fn with_running(&self, nodes: &[Node]) -> Problem {
        let mut problem = self.clone();
        for &node in nodes {
            problem.jobs[node].place = Place::Working;
        }
        problem
    }

    /// The same problem for other workers.
    pub fn with_crew(&self, crew: Crew) -> Problem {
        Problem { crew, ..self.clone() }
    }

    /// The same problem with time running backwards: every job is open, and needed by what it needs.
    /// Its jobs no longer come after all that they need.
    pub(super) fn reversed(&self) -> Problem {
        let open = |job: &Job| Job { place: if job.works() { Place::Open } else { job.place }, ..*job };
        Problem {
            jobs: self.jobs.iter().map(open).collect(),
            needs: self.dependants.clone(),
            dependants: self.needs.clone(),
            ..self.clone()
        }
    }
}
