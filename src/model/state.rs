//! States of tasks and the reasons for them.

use std::fmt;

use super::id::TaskId;
use super::oid::Oid;

/// What a task is now (git-dispatch(1), TASK STATES).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Landed,
    Cancelled,
    Done,
    Stopped,
    Active,
    Elsewhere,
    Held,
    Ready,
    Waiting,
    Lost,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Landed => "landed",
            State::Cancelled => "cancelled",
            State::Done => "done",
            State::Stopped => "stopped",
            State::Active => "active",
            State::Elsewhere => "elsewhere",
            State::Held => "held",
            State::Ready => "ready",
            State::Waiting => "waiting",
            State::Lost => "lost",
        }
    }

    /// Has a branch and is neither landed nor dropped: holds its paths and locks.
    pub fn holds(self) -> bool {
        matches!(self, State::Active | State::Done | State::Stopped | State::Elsewhere)
    }

    /// Occupies a worker slot of this clone.
    pub fn busy(self) -> bool {
        self == State::Active
    }

    /// Needs no more work.
    pub fn over(self) -> bool {
        matches!(self, State::Landed | State::Cancelled)
    }
}

/// Why a task may not start, or must be looked at; its `Display` is the stable code of the JSON output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Waits for this need to land.
    Needs(TaskId),
    /// Waits for the writer of a path that it reads.
    Reads {
        id: TaskId,
        path: String,
    },
    /// Writes a path that this task reads, and no order follows from it.
    ReadBy {
        id: TaskId,
        path: String,
    },
    /// Needs a task that was cancelled.
    Cancelled(TaskId),
    /// Writes a path that this task writes too.
    Writes {
        id: TaskId,
        path: String,
    },
    Lock {
        name: String,
        id: TaskId,
    },
    Issue(TaskId),
    /// One of the two has `parallel = false`.
    Alone(TaskId),
    /// Every worker slot is taken.
    Slot,
    /// Waits until the batch of this task is complete.
    Batch(TaskId),
    /// Starts, or waits, against the rule of choice, since that makes the plan so many minutes shorter.
    Shortens(u64),
    GateStart,
    GateLand,
    /// Stands on this task as it was before it landed, or moved.
    Restack(TaskId),
    /// Is done like this task, and does not merge with it.
    Collides(TaskId),
    /// Was reported, and its branch is at another commit since.
    StaleReport,
    /// A reviewer found something that has not been taken back.
    Findings,
    /// A reviewer keeps it from going on.
    Halted,
}

impl Reason {
    /// Whether a task that is done stays where it is because of it, unless it is named.
    pub fn bars_landing(&self) -> bool {
        matches!(self, Reason::GateLand | Reason::Findings | Reason::Halted | Reason::Collides(_) | Reason::StaleReport)
    }

    /// The other task that it is about.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Reason::Needs(id) | Reason::Cancelled(id) | Reason::Issue(id) | Reason::Alone(id) => Some(id),
            Reason::Batch(id) | Reason::Restack(id) | Reason::Collides(id) => Some(id),
            Reason::Reads { id, .. }
            | Reason::ReadBy { id, .. }
            | Reason::Writes { id, .. }
            | Reason::Lock { id, .. } => Some(id),
            Reason::Slot | Reason::Shortens(_) | Reason::GateStart | Reason::GateLand => None,
            Reason::StaleReport | Reason::Findings | Reason::Halted => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Needs(id) => write!(f, "needs:{id}"),
            Reason::Reads { id, path } => write!(f, "reads:{id}:{path}"),
            Reason::ReadBy { id, path } => write!(f, "read-by:{id}:{path}"),
            Reason::Cancelled(id) => write!(f, "cancelled:{id}"),
            Reason::Writes { id, path } => write!(f, "writes:{id}:{path}"),
            Reason::Lock { name, id } => write!(f, "lock:{name}:{id}"),
            Reason::Issue(id) => write!(f, "issue:{id}"),
            Reason::Alone(id) => write!(f, "alone:{id}"),
            Reason::Slot => f.write_str("slot"),
            Reason::Batch(id) => write!(f, "batch:{id}"),
            Reason::Shortens(minutes) => write!(f, "shortens:{minutes}"),
            Reason::GateStart => f.write_str("gate:start"),
            Reason::GateLand => f.write_str("gate:land"),
            Reason::Restack(id) => write!(f, "restack:{id}"),
            Reason::Collides(id) => write!(f, "collides:{id}"),
            Reason::StaleReport => f.write_str("stale-report"),
            Reason::Findings => f.write_str("findings"),
            Reason::Halted => f.write_str("halted"),
        }
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How it is known that a task has landed, by the numbers of the design: the first that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// 1: the ledger recorded a landing whose commit is reachable.
    Recorded { commit: Oid, pr: Option<String> },
    /// 2: the tip is reachable from the target.
    Ancestor { commit: Option<Oid>, pr: Option<String> },
    /// 3: merging it would change nothing; with the commit that brought it, where that is known.
    SameTree { commit: Option<Oid>, pr: Option<String> },
    /// 4: replaying it on the parent of this commit gives its tree.
    Squash { commit: Oid, pr: Option<String> },
    /// 5: commits of the target have the patches of all its own; the newest of them.
    Rebase { commit: Oid, pr: Option<String> },
    /// 6: a commit on the target says so.
    Message { commit: Oid, pr: Option<String> },
    /// 7: a research task without commits was reported done.
    Report { pr: Option<String> },
    /// 8: the task file says so.
    Declared,
}

impl Proof {
    pub fn word(&self) -> &'static str {
        match self {
            Proof::Recorded { .. } => "recorded",
            Proof::Ancestor { .. } => "ancestor",
            Proof::SameTree { .. } => "same-tree",
            Proof::Squash { .. } => "squash",
            Proof::Rebase { .. } => "rebase",
            Proof::Message { .. } => "message",
            Proof::Report { .. } => "report",
            Proof::Declared => "declared",
        }
    }

    /// The commit that landed it, where that is known.
    pub fn commit(&self) -> Option<Oid> {
        match self {
            Proof::Recorded { commit, .. }
            | Proof::Squash { commit, .. }
            | Proof::Rebase { commit, .. }
            | Proof::Message { commit, .. } => Some(*commit),
            Proof::Ancestor { commit, .. } | Proof::SameTree { commit, .. } => *commit,
            Proof::Report { .. } | Proof::Declared => None,
        }
    }

    /// The pull request that landed it, such as `#123`.
    pub fn pr(&self) -> Option<&str> {
        match self {
            Proof::Recorded { pr, .. }
            | Proof::Ancestor { pr, .. }
            | Proof::SameTree { pr, .. }
            | Proof::Squash { pr, .. }
            | Proof::Rebase { pr, .. }
            | Proof::Message { pr, .. }
            | Proof::Report { pr } => pr.as_deref(),
            Proof::Declared => None,
        }
    }
}
