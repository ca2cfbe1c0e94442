//! How short no schedule can be.

mod energy;
mod machine;
mod subset;

use super::{CriticalPath, Job, Node, Place, Problem};
use crate::model::task::Minutes;

/// Minutes that no schedule can beat, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowerBound {
    pub minutes: Minutes,
    pub limit: Limit,
}

/// What keeps every schedule from being shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The longest chain of needs.
    Path,
    /// The crew, and when its work can begin and must end.
    Crew,
    /// What one resource is held for.
    Resource(usize),
}

impl LowerBound {
    /// The longest of the critical path, the work shared out evenly (Graham 1969), and what each resource is held for.
    /// Linear in the size of the problem.
    pub fn quick(problem: &Problem, path: &CriticalPath) -> LowerBound {
        let mut best = LowerBound { minutes: path.length, limit: Limit::Path };
        best.raise(shared_out(problem), Limit::Crew);
        for (resource, minutes) in machine::sums(problem).into_iter().enumerate() {
            best.raise(minutes, Limit::Resource(resource));
        }
        best.rounded(problem)
    }

    /// Adds when the work of the crew, and of each resource, can begin at the earliest and how long is left after it.
    ///
    /// `enough` is the length of a schedule that is at hand: at that there is nothing more to prove. For more than some
    /// thousand jobs only a part of their subsets is looked at.
    pub fn thorough(self, problem: &Problem, path: &CriticalPath, enough: Minutes) -> LowerBound {
        let mut best = self;
        for crew in crews(problem) {
            if best.minutes < enough {
                best.raise(subset::subset_bound(problem, path, &crew), Limit::Crew);
            }
        }
        best.rounded(problem).machines(problem, path, enough)
    }

    /// Tries to refute every end before `enough` by the energy that the jobs need within intervals of time.
    /// Nothing is tried for more than some hundred jobs.
    pub fn energetic(self, problem: &Problem, path: &CriticalPath, enough: Minutes) -> LowerBound {
        let mut best = self;
        let step = common_divisor(problem);
        for crew in crews(problem) {
            let minutes = energy::refuted(problem, path, &crew, (best.minutes, enough, step));
            best.raise(minutes, Limit::Crew);
        }
        best
    }

    fn machines(mut self, problem: &Problem, path: &CriticalPath, enough: Minutes) -> LowerBound {
        for resource in 0..problem.resource_count() {
            if self.minutes >= enough {
                break;
            }
            let bound = machine::one_machine(problem, path, resource, self.minutes);
            self.raise(bound, Limit::Resource(resource));
        }
        self.rounded(problem)
    }

    fn raise(&mut self, minutes: Minutes, limit: Limit) {
        if minutes > self.minutes {
            *self = LowerBound { minutes, limit };
        }
    }

    /// Starts and ends of a shortest schedule are sums of minutes, so its length is a multiple of their divisor.
    fn rounded(self, problem: &Problem) -> LowerBound {
        let step = common_divisor(problem);
        LowerBound { minutes: self.minutes.div_ceil(step).saturating_mul(step), ..self }
    }
}

/// Jobs that share workers, and how many of them can run at one time.
struct Crowd {
    jobs: Vec<Node>,
    workers: u64,
    /// Some open job takes all workers.
    alone: bool,
}

/// All jobs by the most workers that any time allows, and where research may have more, all others by theirs.
fn crews(problem: &Problem) -> Vec<Crowd> {
    let crowd = |workers: u32, code_only: bool| {
        let of = |&node: &Node| problem.jobs[node].works() && !(code_only && problem.jobs[node].research);
        let jobs: Vec<Node> = (0..problem.len()).filter(of).collect();
        let running = jobs.iter().filter(|&&node| problem.jobs[node].place == Place::Working).count() as u64;
        let alone = jobs.iter().any(|&node| takes_all(problem, node));
        // More workers than jobs are as good as one for each.
        let workers = running.max(u64::from(workers)).min(jobs.len() as u64).max(1);
        Crowd { jobs, workers, alone }
    };
    let research = problem.crew.research > problem.crew.workers && problem.jobs.iter().any(|job| job.research);
    if research {
        vec![crowd(problem.crew.research, false), crowd(problem.crew.workers, true)]
    } else {
        vec![crowd(problem.crew.workers, false)]
    }
}

/// Whether the job keeps every worker from other work.
fn takes_all(problem: &Problem, node: Node) -> bool {
    problem.jobs[node].alone && problem.jobs[node].place == Place::Open
}

fn shared_out(problem: &Problem) -> Minutes {
    let of_crowd = |crowd: &Crowd| {
        let (mut alone, mut beside) = (0u64, 0u64);
        for &node in &crowd.jobs {
            let sum = if takes_all(problem, node) { &mut alone } else { &mut beside };
            *sum = sum.saturating_add(problem.jobs[node].minutes);
        }
        alone.saturating_add(beside.div_ceil(crowd.workers))
    };
    crews(problem).iter().map(of_crowd).max().unwrap_or(0).max(mixed(problem))
}

/// The work where research may have more workers: `w` for all and `r` for research. With some other job at most `w` run, so
/// weighing other jobs by `r` and research by `w`, no more than `w` times `r` ever runs.
fn mixed(problem: &Problem) -> Minutes {
    let (workers, research) = (u128::from(problem.crew.workers), u128::from(problem.crew.research));
    let working = |job: &&Job| job.place == Place::Working && job.minutes > 0;
    let running = problem.jobs.iter().filter(working).count() as u128;
    if research <= workers || running > workers {
        return 0;
    }
    let weight = |job: &Job| if job.research { workers } else { research };
    let sum: u128 =
        problem.jobs.iter().filter(|job| job.works()).map(|job| weight(job) * u128::from(job.minutes)).sum();
    Minutes::try_from(sum.div_ceil(workers * research)).unwrap_or(Minutes::MAX)
}

/// The greatest common divisor of all minutes; 1 where there are none.
pub(super) fn common_divisor(problem: &Problem) -> Minutes {
    let divisor = problem.jobs.iter().fold(0, |divisor, job| gcd(divisor, job.minutes));
    divisor.max(1)
}

/// Euclid's; `gcd(0, b)` is `b`.
fn gcd(mut a: Minutes, mut b: Minutes) -> Minutes {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
