//! What a task file says: settings and tasks, as plain values.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use super::id::TaskId;
use super::pattern::Pattern;

/// A duration in whole minutes.
pub type Minutes = u64;

/// How long a task without an estimate counts, in minutes.
pub const DEFAULT_ESTIMATE: Minutes = 60;

/// A checked task file: every need names a task, no cycle, every id and pattern valid.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskFile {
    pub settings: Settings,
    pub graph: Graph,
}

/// The keys above the tasks. `None` where the file is silent; git config is laid over it (`git::config`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Of tasks that wait for an approval of their start: SHA-256 of what their `brief-file` says, in hexadecimal; filled in by the
    /// reader of the repository.
    pub brief_texts: BTreeMap<TaskId, String>,
    pub target: Option<String>,
    pub phase: Option<String>,
    pub plan: Option<MasterPlan>,
    pub workers: Option<u32>,
    pub research_workers: Option<u32>,
    pub batches: Option<Batches>,
    pub overlap: Option<Overlap>,
    pub shared_paths: Vec<Pattern>,
    pub copy: Vec<String>,
    pub disposable: Vec<String>,
    /// Folders of a sparse checkout in cone mode; none is the whole tree.
    pub sparse: Vec<String>,
    /// First and last port, both included.
    pub ports: Option<(u16, u16)>,
    /// Template of branch names; `task/{{ id }}` where absent.
    pub branch: Option<String>,
    /// Template of worktree paths, relative to the main worktree.
    pub worktree: Option<String>,
    pub contract: Option<String>,
    pub contract_text: Option<String>,
    pub brief_template: Option<String>,
    pub strategy: Option<Strategy>,
    pub message: Option<String>,
    pub single_commit: Option<bool>,
    pub strict_writes: Option<bool>,
    pub review: Vec<Gate>,
    pub reviewers: Vec<String>,
    pub lock_worktrees: Option<bool>,
    pub commands: Commands,
    /// `[locks]`: name to patterns.
    pub locks: BTreeMap<String, Vec<Pattern>>,
    pub modes: BTreeMap<String, Mode>,
    pub agents: BTreeMap<String, Agent>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct MasterPlan {
    pub title: Option<String>,
    pub issue: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Commands {
    pub setup: Option<String>,
    pub launch: Option<String>,
    pub run: Option<String>,
    pub check: Option<String>,
    /// Those that git config gives, by their keys in the task file: the user's own.
    pub own: BTreeSet<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mode {
    pub launch_as: Option<String>,
    pub args: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Agent {
    pub launch: Option<String>,
    pub run: Option<String>,
    pub branch: Option<String>,
    pub model: Option<String>,
    pub max_turns: Option<u32>,
    pub isolated: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batches {
    Rolling,
    Barrier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    Exclusive,
    Warn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    Merge,
    Squash,
    Rebase,
    Ff,
}

impl Strategy {
    /// As the task file and the ledger have it.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::Merge => "merge",
            Strategy::Squash => "squash",
            Strategy::Rebase => "rebase",
            Strategy::Ff => "ff",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Start,
    Land,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Code,
    Research,
}

/// What a person declares because git cannot show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    Landed,
    Cancelled,
}

/// One `[task.ID]` table; its `needs` stand in the [`Graph`].
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub id: TaskId,
    pub title: String,
    pub phase: Option<String>,
    /// As given; `None` counts as [`DEFAULT_ESTIMATE`].
    pub estimate: Option<Minutes>,
    pub writes: Vec<Pattern>,
    pub reads: Vec<Pattern>,
    pub locks: Vec<String>,
    pub parallel: bool,
    pub kind: Kind,
    pub overlap: Option<Overlap>,
    pub issue: Option<String>,
    pub state: Option<Declared>,
    /// What briefs, launches and gates ask for; `None` where the task gives none of it.
    pub details: Option<Box<Details>>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    pub mode: Option<String>,
    pub agent: Option<String>,
    pub model: Option<String>,
    pub max_turns: Option<u32>,
    pub clauses: Vec<String>,
    pub done_when: Option<String>,
    pub context: Vec<String>,
    pub steps: Vec<String>,
    pub brief: Option<String>,
    pub brief_file: Option<String>,
    pub review: Vec<Gate>,
    pub budget: Option<Budget>,
    pub follow_up: Option<String>,
    /// In place of the setting; an empty list is the whole tree.
    pub sparse: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Budget {
    Unlimited,
    /// As written, such as `$10`.
    Amount(String),
}

impl Task {
    /// A task that has only an id.
    pub fn named(id: TaskId) -> Task {
        Task {
            id,
            title: String::new(),
            phase: None,
            estimate: None,
            writes: Vec::new(),
            reads: Vec::new(),
            locks: Vec::new(),
            parallel: true,
            kind: Kind::Code,
            overlap: None,
            issue: None,
            state: None,
            details: None,
        }
    }

    /// How long it counts in a plan.
    pub fn minutes(&self) -> Minutes {
        self.estimate.unwrap_or(DEFAULT_ESTIMATE)
    }

    /// The agent that works on it, where the file names one.
    pub fn agent(&self) -> Option<&str> {
        self.details.as_ref()?.agent.as_deref()
    }
}

impl TaskFile {
    /// The folders of a sparse checkout for a task; none is the whole tree.
    pub fn sparse(&self, id: &TaskId) -> &[String] {
        let own = self.graph.task(id).and_then(|task| task.details.as_ref()?.sparse.as_deref());
        own.unwrap_or(&self.settings.sparse)
    }
}

impl Settings {
    /// Worker slots; three where nothing is said.
    pub fn workers(&self) -> u32 {
        self.workers.unwrap_or(3)
    }

    /// Worker slots while everything active and chosen is research.
    pub fn research_workers(&self) -> u32 {
        self.research_workers.unwrap_or(5)
    }

    pub fn branch(&self) -> &str {
        self.branch.as_deref().unwrap_or("task/{{ id }}")
    }

    pub fn worktree(&self) -> &str {
        self.worktree.as_deref().unwrap_or("../{{ repo }}-task-{{ id }}")
    }

    pub fn overlap(&self) -> Overlap {
        self.overlap.unwrap_or(Overlap::Exclusive)
    }

    pub fn lock_worktrees(&self) -> bool {
        self.lock_worktrees.unwrap_or(true)
    }
}
