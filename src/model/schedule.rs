//! How long everything left takes: a network of jobs, its critical path, and one good schedule with its lower bound.
//!
//! All times are whole minutes from now. Nothing here recurses: a chain of 100,000 tasks is no deeper than one of two.

mod bound;
mod improve;
mod list;
mod network;
mod path;
mod problem;
mod ranks;
mod reach;
mod serial;
mod shop;
mod solve;
mod tabu;
mod waves;

pub use bound::{Limit, LowerBound};
pub use list::list_schedule;
pub use network::{Bound, Network, Resource};
pub use path::CriticalPath;
pub use problem::{Crew, Job, Place, Problem};
pub use reach::dependants;
pub use solve::{SERIAL, Solution, solve, solve_briefly, urgency};
pub use waves::{batch_size, batches};

use super::task::Minutes;

/// An index into [`Problem::jobs`]: every job after all that it needs.
pub type Node = usize;

/// When each job runs, if nothing takes longer than estimated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schedule {
    /// In the order of start, then end, then worker.
    pub slots: Vec<Slot>,
    /// When the last job ends.
    pub makespan: Minutes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    pub start: Minutes,
    pub end: Minutes,
    /// From 0; `None` for what needs no worker of this clone.
    pub worker: Option<u32>,
    pub node: Node,
}

impl Schedule {
    /// Of slots in the order of their starts.
    fn of(mut slots: Vec<Slot>) -> Schedule {
        slots.chunk_by_mut(|a, b| a.start == b.start).for_each(<[Slot]>::sort_unstable);
        let makespan = slots.iter().map(|slot| slot.end).max().unwrap_or(0);
        Schedule { slots, makespan }
    }

    /// Becomes `other` where that is shorter; whether it was.
    fn or_shorter(&mut self, other: Schedule) -> bool {
        let shorter = other.makespan < self.makespan;
        if shorter {
            *self = other;
        }
        shorter
    }

    /// Nodes by a key of their slots.
    fn order_by<K: Ord>(&self, key: impl Fn(&Slot) -> K) -> Vec<u32> {
        let mut nodes: Vec<(K, u32)> = self.slots.iter().map(|slot| (key(slot), slot.node as u32)).collect();
        nodes.sort_unstable();
        nodes.into_iter().map(|(_, node)| node).collect()
    }
}

#[cfg(test)]
mod tests;
