//! How long everything left takes: a network of jobs, its critical path, and one good schedule with its lower bound.
//!
//! All times are whole minutes from now. Nothing here recurses: a chain of 100,000 tasks is no deeper than one of two.

mod bound;
mod list;
mod network;
mod path;
mod reach;

pub use bound::{Bound, lower_bound};
pub use list::schedule;
pub use network::{Job, Network, Place, Resource};
pub use path::CriticalPath;
pub use reach::dependants;

use super::task::Minutes;

/// An index into [`Network::jobs`]: every job after all that it needs.
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

#[cfg(test)]
mod tests;
