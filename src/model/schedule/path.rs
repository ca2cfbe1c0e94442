//! The critical path (Kelley and Walker 1959): the longest chain of needs, and the slack of everything else.

use super::{Node, Problem};
use crate::model::task::Minutes;

/// Longest paths through a problem with as many workers as anyone could want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriticalPath {
    /// By node: minutes that must pass before it can start.
    pub head: Vec<Minutes>,
    /// By node: minutes from its start to the end of the last job that waits for it.
    pub tail: Vec<Minutes>,
    /// Minutes from now to the end of the last job.
    pub length: Minutes,
}

impl CriticalPath {
    /// Linear in jobs and needs.
    pub fn new(problem: &Problem) -> CriticalPath {
        let jobs = &problem.jobs;
        let (mut head, mut tail): (Vec<Minutes>, Vec<Minutes>) = (vec![0; jobs.len()], vec![0; jobs.len()]);
        for node in 0..jobs.len() {
            let ends = problem.needs(node).map(|need| head[need].saturating_add(jobs[need].minutes));
            head[node] = ends.max().unwrap_or(0);
        }
        for node in (0..jobs.len()).rev() {
            let after = problem.dependants(node).map(|dependant| tail[dependant]).max().unwrap_or(0);
            tail[node] = jobs[node].minutes.saturating_add(after);
        }
        let length = (0..jobs.len()).map(|node| head[node].saturating_add(tail[node])).max().unwrap_or(0);
        CriticalPath { head, tail, length }
    }

    /// How many minutes later a job may start without delaying the end, workers permitting.
    pub fn slack(&self, node: Node) -> Minutes {
        self.length.saturating_sub(self.head[node].saturating_add(self.tail[node]))
    }
}
