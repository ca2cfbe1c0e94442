//! What an act left behind: reported as it is, not as it was intended.

use std::path::PathBuf;

use super::id::TaskId;
use super::ledger::Snapshot;
use super::oid::Oid;

/// A task that has its branch and worktree.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub id: TaskId,
    pub branch: String,
    /// Absolute.
    pub folder: PathBuf,
    pub base: Oid,
    pub port: Option<u16>,
    /// Both stood there already: an earlier, interrupted start had made them.
    pub already: bool,
    /// It had stopped, and goes on there.
    pub goes_on: bool,
    /// Whether it has a worktree; else `folder` is where the repository is, and its worker is elsewhere.
    pub isolated: bool,
}

impl Made {
    /// What stands of `task`, in `folder`.
    pub fn of(task: &Snapshot, folder: PathBuf, already: bool) -> Made {
        let (id, branch) = (task.id.clone(), task.branch.clone());
        let (base, port, isolated) = (task.base, task.port, task.isolated);
        Made { id, branch, folder, base, port, already, goes_on: false, isolated }
    }
}

/// How the setup command ended in a task's worktree.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    pub id: TaskId,
    pub fate: SetUp,
    /// Where its output is.
    pub log: PathBuf,
    /// The last lines of that; unescaped.
    pub tail: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SetUp {
    Done,
    /// With this exit code.
    Failed(i32),
    /// By a signal.
    Killed,
    /// It did not run, for this reason.
    NotRun(String),
}
