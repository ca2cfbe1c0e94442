//! The head–tail bound of a subset of jobs for several workers (Carlier 1987).

use std::collections::{BinaryHeap, VecDeque};

use super::{CriticalPath, Crowd, Problem};
use crate::model::task::Minutes;

/// How many pairs of job and threshold are looked at.
const EFFORT: usize = 1_000_000;

struct Item {
    head: Minutes,
    minutes: Minutes,
    after: Minutes,
}

/// The most that any subset of jobs says, of those that begin no earlier than some minute and leave no less than some
/// minutes after them: its work, shared out by the workers, between the earliest starts and the least remainders.
///
/// With `m` workers and at least `m` jobs every worker has one of them, so the `m` least heads and remainders count.
pub(super) fn subset_bound(problem: &Problem, path: &CriticalPath, crowd: &Crowd) -> Minutes {
    let mut items: Vec<Item> = crowd
        .jobs
        .iter()
        .map(|&node| {
            let minutes = problem.jobs[node].minutes;
            Item { head: path.head[node], minutes, after: path.tail[node] - minutes }
        })
        .collect();
    if items.is_empty() || path.length > Minutes::from(u32::MAX) {
        return 0;
    }
    items.sort_unstable_by(|a, b| (b.after, a.head).cmp(&(a.after, b.head)));
    let mut heads: Vec<Minutes> = items.iter().map(|item| item.head).collect();
    heads.sort_unstable();
    heads.dedup();
    let step = heads.len().div_ceil((EFFORT / items.len()).max(1));
    let thresholds = heads.into_iter().step_by(step);
    thresholds
        .map(|from| if crowd.alone { loose(&items, from, crowd) } else { tight(&items, from, crowd) })
        .max()
        .unwrap_or(0)
}

/// Adds the jobs by what they leave after them, the most first, and looks at every such subset.
fn tight(items: &[Item], from: Minutes, crowd: &Crowd) -> Minutes {
    let workers = crowd.workers as usize;
    let (mut work, mut best) = (0u64, 0);
    let (mut heads, mut head_sum) = (BinaryHeap::with_capacity(workers + 1), 0u64);
    let (mut afters, mut after_sum) = (VecDeque::with_capacity(workers + 1), 0u64);
    for item in items.iter().filter(|item| item.head >= from) {
        work = work.saturating_add(item.minutes);
        heads.push(item.head);
        head_sum += item.head;
        afters.push_back(item.after);
        after_sum += item.after;
        if heads.len() > workers {
            head_sum -= heads.pop().unwrap_or(0);
            after_sum -= afters.pop_front().unwrap_or(0);
        }
        if heads.len() == workers {
            best = best.max(work.saturating_add(head_sum).saturating_add(after_sum).div_ceil(crowd.workers));
        }
    }
    best
}

/// The same with one head and one remainder for all workers, since a job that runs alone takes them all.
fn loose(items: &[Item], from: Minutes, crowd: &Crowd) -> Minutes {
    let (mut work, mut best) = (0u64, 0u64);
    for item in items.iter().filter(|item| item.head >= from) {
        work = work.saturating_add(item.minutes);
        best = best.max(from.saturating_add(work.div_ceil(crowd.workers)).saturating_add(item.after));
    }
    best
}
