//! What is told of one task.

use super::notes::Note;
use super::readiness::{Readiness, Verdict};
use crate::model::drift::Drift;
use crate::model::facts::{Branch, Changes, Twin, Worktree};
use crate::model::id::TaskId;
use crate::model::ledger::{Said, Support};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::state::{Proof, Reason, State};

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: TaskId,
    pub title: String,
    pub batch: Option<String>,
    pub state: State,
    pub reasons: Vec<Reason>,
    pub proof: Option<Proof>,
    /// The pull request that landed it or, before that, the one that it is submitted as.
    pub pr: Option<String>,
    /// What was reported of it since it was started last.
    pub report: Option<Said>,
    pub branch: Option<Branch>,
    pub branch_name: String,
    pub worktree: Option<Worktree>,
    pub base: Option<Oid>,
    /// The port that is its own as long as it is active.
    pub port: Option<u16>,
    /// What it stands on that had not landed, as long as it is active.
    pub stack: Vec<Support>,
    pub remotes: Vec<String>,
    /// The remote-tracking branch that says more than the local one, where its worker is elsewhere.
    pub twin: Option<Twin>,
    /// Who works on it, or is to.
    pub agent: Option<String>,
    /// Whether it is worked on in a worktree here.
    pub isolated: bool,
    pub readiness: Option<Readiness>,
    /// The other active tasks that it does not merge with, in the order of ids; `None` where it was not compared.
    pub collisions: Option<Vec<Collision>>,
    /// Other active tasks of which git cannot tell whether it merges with them, in the order of ids.
    pub uncertain: Vec<TaskId>,
    /// `None` where it is not active, or has no branch here.
    pub drift: Option<Drift>,
    /// Where branch or worktree are not what the record says.
    pub notes: Vec<Note>,
    /// The command that brings a conflict into the worktree.
    pub solution: Option<String>,
    /// The commands that remove what is left of it, now that it has landed.
    pub removal: Vec<String>,
}

/// That two active tasks do not merge with each other, seen from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    pub with: TaskId,
    /// In git's order.
    pub paths: Vec<TreePath>,
    /// Only with what is not committed yet: the tips alone merge cleanly.
    pub uncommitted: bool,
}

impl Row {
    pub fn changes(&self) -> Option<Changes> {
        self.worktree.as_ref()?.changes
    }

    /// Has commits and merges cleanly; its worktree, if it has one, is on its branch, with nothing uncommitted and nothing under
    /// way, and no reviewer has anything against it (docs/design/0003). A task that collides with one that is not done is ready, too:
    /// whichever lands first, the other then conflicts.
    pub fn ready_to_land(&self) -> bool {
        let clean =
            |readiness: &Readiness| readiness.verdict == Verdict::Clean && !readiness.uncommitted && !readiness.unread;
        let merges = self.readiness.as_ref().is_some_and(clean);
        // With what it stands on, that would land, too.
        let alone = self.stack.is_empty();
        let barred = self.reasons.iter().any(Reason::bars_landing);
        matches!(self.state, State::Active | State::Done)
            && merges
            && alone
            && !barred
            && self.committed()
            && !self.damaged()
    }

    /// Is active and would not merge cleanly, or that is not known: what `--exit-code` asks. A task without commits passes.
    pub fn obstructed(&self) -> bool {
        let merges = |readiness: &Readiness| readiness.verdict != Verdict::Conflict && !readiness.unread;
        matches!(self.state, State::Active | State::Done | State::Stopped)
            && !self.readiness.as_ref().is_some_and(merges)
            || self.state == State::Lost
    }

    /// What is broken of it, as clauses.
    pub fn faults(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().filter(|note| note.fault).map(|note| note.text.as_str())
    }

    /// Something of its branch, or the index of its worktree, is broken, so that not all of this is known. A broken
    /// worktree is a state with a remedy.
    pub fn damaged(&self) -> bool {
        let index = self.worktree.as_ref().and_then(|worktree| worktree.damaged_index.as_ref());
        index.is_some() || self.branch.as_ref().is_some_and(|branch| branch.fault.is_some())
    }
}
