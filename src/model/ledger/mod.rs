//! The ledger: events as they stand in `refs/notes/dispatch`, one JSON object a line, and what they add up to.

mod fold;
mod landing;
mod record;
mod removal;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::id::TaskId;
use crate::model::oid::Oid;
use crate::model::pattern::Pattern;
use crate::model::task::{Kind, Minutes, Overlap, Task};
use crate::model::text::count;

pub use fold::{Line, Reading, fold};
pub use landing::{Lands, Train};
pub use record::{
    Continuing, Handed, Judged, Landing, Record, Report, Restacked, Restacking, Review, Said, Submitted, Working,
};
pub use removal::{Dropping, Removal};

/// The version of the line format that this program writes.
pub const VERSION: u32 = 1;

/// One line. The field order is the order on disk: `at` first, so that sorted lines are sorted by time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    #[serde(with = "milliseconds")]
    pub at: Timestamp,
    /// 128 random bits in hexadecimal: the same event read from two places is one event.
    pub uid: String,
    pub v: u32,
    #[serde(flatten)]
    pub body: Body,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
}

/// What happened. `of` is the `uid` of the batch's first event, since two clones may both make a `batch-001`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Body {
    /// The intent of a `start`, written before anything is made.
    Starting {
        batch: String,
        target: String,
        tasks: Vec<Snapshot>,
    },
    /// These tasks of the batch have branch and worktree.
    Started {
        batch: String,
        of: String,
        tasks: Vec<TaskId>,
    },
    /// An existing branch or worktree became a task's: a batch of one.
    Adopted {
        batch: String,
        target: String,
        tasks: Vec<Snapshot>,
    },
    /// Tasks of the batch that had stopped go on where they were, as the task file has them by then.
    Continued {
        batch: String,
        of: String,
        tasks: Vec<Snapshot>,
    },
    /// A worker has begun.
    Working(Working),
    /// What a worker says at the end of a session.
    Reported(Report),
    /// The same work stands on a new tip: the report that was made at `from` holds there.
    Rebound {
        batch: String,
        task: TaskId,
        from: Oid,
        tip: Oid,
    },
    Reviewed(Review),
    /// Its branch was pushed to a forge, to be merged there.
    Submitted(Submitted),
    /// The intent to land a task, written before the target moves.
    Landing(Lands),
    /// It is on the target.
    Landed(Landed),
    /// The intent to move a task to the trash, written before anything is moved.
    Dropping(Dropping),
    /// It is there. `of` is the uid of that intent.
    Dropped {
        task: TaskId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
    },
    /// The intent to put the own commits of a task on another base, written before anything moves. `tip` is the one before.
    Restacking(Restacked),
    /// They stand there now. `tip` is the new one.
    Restacked(Restacked),
    /// Voids what proved the task landed before.
    Reopened {
        task: TaskId,
    },
    Closed(Closing),
    /// The intent to take back the batch whose first event has the uid `of`, or the removal that began with it; written before
    /// anything is moved.
    Undoing {
        batch: String,
        of: String,
    },
    /// Takes back the event with this uid.
    Undone {
        of: String,
    },
    /// A kind that a newer version writes: skipped.
    #[serde(other)]
    Unknown,
}

/// That a task is on the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Landed {
    #[serde(default)]
    pub batch: Option<String>,
    pub task: TaskId,
    pub tip: Oid,
    /// The commit that brought it.
    pub commit: Oid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr: Option<String>,
    /// `merge`, `squash`, `rebase` or `ff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// `passed`, `skipped` or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// See [`Lands::train`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// What a task was when it started; holds while it is active, whatever the task file says later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub id: TaskId,
    pub branch: String,
    /// Relative to the main worktree, or to a bare git dir itself; `None` for a branch without worktree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    pub base: Oid,
    pub title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<Pattern>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Pattern>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<TaskId>,
    pub estimate: Minutes,
    #[serde(default = "yes")]
    pub parallel: bool,
    #[serde(default)]
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// That no other active task had when it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What it needs and stands on, although that has not landed: `base` is its tip, or a merge of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<Support>,
    /// Who was to work on it: what `start --agent` named, else the task file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Whether its worker has a worktree of this clone; else only the branch was made, and the work arrives on its
    /// remote-tracking twin.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub isolated: bool,
}

/// A task that another one stands on, with the tip that its branch had then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    pub id: TaskId,
    pub tip: Oid,
}

fn yes() -> bool {
    true
}

impl Batch {
    /// Whether it was found sufficient; `None` where nobody closed it. A verdict that this version does not know is one.
    pub fn is_sufficient(&self) -> Option<bool> {
        self.closed.as_ref().map(|closing| closing.verdict != "insufficient")
    }
}

/// The verdict on a batch of research.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Closing {
    pub batch: String,
    #[serde(default)]
    pub of: Option<String>,
    /// `sufficient` or `insufficient`.
    pub verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradictions: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reviewer: String,
}

impl Snapshot {
    /// `task` as it is now, with its needs by name and the place of its branch and worktree.
    pub fn of(task: &Task, needs: Vec<TaskId>, branch: String, path: Option<String>, base: Oid) -> Snapshot {
        Snapshot {
            id: task.id.clone(),
            branch,
            path,
            base,
            title: task.title.clone(),
            writes: task.writes.clone(),
            reads: task.reads.clone(),
            locks: task.locks.clone(),
            needs,
            estimate: task.minutes(),
            parallel: task.parallel,
            kind: task.kind,
            overlap: task.overlap,
            issue: task.issue.clone(),
            port: None,
            stack: Vec::new(),
            agent: task.agent().map(str::to_owned),
            isolated: true,
        }
    }

    /// What `old` is, going on as `self`: with all of where it is worked on as it was.
    pub fn in_place_of(self, old: &Snapshot) -> Snapshot {
        let Snapshot { branch, path, base, port, stack, isolated, .. } = old.clone();
        Snapshot { branch, path, base, port, stack, isolated, ..self }
    }

    /// The task as it stands in this snapshot, for the rules that compare tasks.
    pub fn task(&self) -> Task {
        Task {
            title: self.title.clone(),
            estimate: Some(self.estimate),
            writes: self.writes.clone(),
            reads: self.reads.clone(),
            locks: self.locks.clone(),
            parallel: self.parallel,
            kind: self.kind,
            overlap: self.overlap,
            issue: self.issue.clone(),
            ..Task::named(self.id.clone())
        }
    }
}

mod milliseconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// All batches and what the ledger knows of each task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    /// The time of the newest event.
    pub newest: Option<Timestamp>,
    /// The commit that `refs/notes/dispatch` pointed at when it was read: what a compare-and-swap expects.
    pub tip: Option<Oid>,
    /// In the order in which they began.
    pub batches: Vec<Batch>,
    /// The names of batches that were undone, oldest first: no other takes them.
    pub undone: Vec<String>,
    pub records: BTreeMap<TaskId, Record>,
    /// What was moved to the trash, oldest first.
    pub removals: Vec<Removal>,
    /// What landed together, oldest first.
    pub trains: Vec<Train>,
    /// How the first lines that could not be read begin, each with the commit whose note holds it, for a warning.
    pub unreadable: Vec<(Oid, String)>,
    /// How many more there are.
    pub further: usize,
}

impl Ledger {
    /// How many lines could not be read, as a clause, and the command that shows the first of them; `None` where all could.
    pub fn unread(&self) -> Option<(String, String)> {
        let (first, _) = self.unreadable.first()?;
        let lines = count(self.unreadable.len() + self.further, "line");
        // What cannot be read is the notes themselves.
        let command = if Some(*first) == self.tip {
            "git fsck".to_owned()
        } else {
            format!("git notes --ref=dispatch show {first} | cat -v")
        };
        Some((format!("{lines} of the ledger could not be read"), command))
    }
}

/// The tasks started by one `start`.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub name: String,
    /// The uid of its first event.
    pub uid: String,
    pub at: Timestamp,
    pub by: String,
    pub host: String,
    pub target: String,
    /// The commit whose note holds it, which its branches started from.
    pub base: Oid,
    pub tasks: Vec<Snapshot>,
    /// Whether it began with `adopted`.
    pub adopted: bool,
    /// Tasks whose start was carried out to the end.
    pub started: Vec<TaskId>,
    /// The last verdict on it, once closed.
    pub closed: Option<Closing>,
    /// The uids of the `reopened` events that were written with it.
    pub reopened: Vec<String>,
    /// When tasks of it that had stopped went on, oldest first.
    pub continued: Vec<Continuing>,
    /// Since when it is being undone: begun, and neither brought to its end nor started again. Then no task of it is started.
    pub undoing: Option<Timestamp>,
}
