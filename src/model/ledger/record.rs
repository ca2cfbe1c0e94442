//! What the ledger knows of one task: its last start, what was said of it, where it landed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Snapshot, Support};
use crate::model::id::TaskId;
use crate::model::oid::Oid;

/// What the ledger says last about one task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Index into [`super::Ledger::batches`] of the batch that started it last.
    pub batch: Option<usize>,
    pub started_at: Option<Timestamp>,
    pub snapshot: Option<Snapshot>,
    /// Whether the last start was carried out to the end.
    pub started: bool,
    /// Its last session since it was started last.
    pub working: Option<Working>,
    /// Its last report since then.
    pub reported: Option<Report>,
    /// All its reports, of earlier starts too, oldest first.
    pub said: Vec<Said>,
    /// What reviewers said of it, oldest first.
    pub reviews: Vec<Judged>,
    /// The tip at which a reviewer accepted what was reported last as it is.
    pub accepted: Option<Oid>,
    /// Each time that it was submitted to a forge since then, oldest first.
    pub submitted: Vec<Handed>,
    pub landed: Option<Landing>,
    pub dropped: bool,
    /// Index into [`super::Ledger::removals`] of its last removal since it was started last.
    pub removal: Option<usize>,
    pub reopened_at: Option<Timestamp>,
    /// The uid of that event.
    pub reopened_by: Option<String>,
    /// Mentions that its base has already, although they look no older than the start; filled in by the reader of the
    /// repository.
    pub mentioned_before: Vec<Oid>,
    /// Its last restacking, as long as that was not brought to its end.
    pub restacking: Option<Restacking>,
}

impl Record {
    /// Why nothing of it lands and no worker of it is launched, as long as a reviewer says so.
    pub fn halted(&self) -> Option<&Review> {
        let mut newest = self.reviews.iter().rev().map(|judged| &judged.review);
        newest
            .find(|review| matches!(review.verdict.as_str(), "halt" | "resume"))
            .filter(|review| review.verdict == "halt")
    }

    /// Its last report since it was started last, with when and by whom it was made.
    pub fn last_said(&self) -> Option<Said> {
        let report = self.reported.clone()?;
        self.said.last().map(|said| Said { report, ..said.clone() })
    }

    /// Whether what was reported of `tip` is that the task is done, or was accepted as that; `None` where nothing was.
    pub fn done_at(&self, tip: Oid) -> Option<bool> {
        let report = self.reported.as_ref().filter(|report| report.tip == tip)?;
        Some(report.done() || self.accepted == Some(tip))
    }

    /// The same work stands at `tip` now: what was said of it at `from` holds there.
    pub fn rebind(&mut self, from: Oid, tip: Oid) {
        let report = self.reported.iter_mut().map(|report| &mut report.tip);
        let reviews = self.reviews.iter_mut().filter_map(|judged| judged.review.tip.as_mut());
        for bound in report.chain(reviews).chain(&mut self.accepted).filter(|bound| **bound == from) {
            *bound = tip;
        }
    }

    /// Its pull request: as the last submission says that names one, else the last report.
    pub fn pull_request(&self) -> Option<&str> {
        let submitted = self.submitted.iter().rev().find_map(|handed| handed.what.pr.as_deref());
        submitted.or_else(|| self.reported.as_ref()?.pr.as_deref())
    }

    /// Whether it stands on tasks that had not landed when it was put there.
    pub fn is_stacked(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| !snapshot.stack.is_empty())
    }
}

/// That tasks which had stopped go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Continuing {
    /// Of that event.
    pub uid: String,
    pub at: Timestamp,
    pub by: String,
    pub tasks: Vec<TaskId>,
}

/// The own commits of a task on another base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restacked {
    pub batch: String,
    pub of: String,
    pub task: TaskId,
    pub base: Oid,
    pub tip: Oid,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<Support>,
}

/// What a restacking is after.
#[derive(Debug, Clone, PartialEq)]
pub struct Restacking {
    /// The base to be.
    pub base: Oid,
    /// The tip before.
    pub tip: Oid,
    /// What it stands on then.
    pub stack: Vec<Support>,
}

/// A worker's session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Working {
    pub batch: String,
    pub task: TaskId,
    pub tip: Oid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// What a worker says of a task, bound to the tip that its branch had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub batch: String,
    pub task: TaskId,
    pub tip: Oid,
    /// `done`, `partial` or `blocked`.
    pub verdict: String,
    /// `yes`, `no` or `partial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_when: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

impl Report {
    /// A report of done with an open blocker, or of which what was to hold does not, says that the worker stopped.
    pub fn done(&self) -> bool {
        self.verdict == "done" && self.blockers.is_empty() && self.done_when.as_deref().unwrap_or("yes") == "yes"
    }
}

/// A report and when and by whom it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub at: Timestamp,
    pub by: String,
    pub report: Report,
}

/// A branch that was pushed to be merged on a forge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    pub batch: String,
    /// The uid of the batch's first event.
    pub of: String,
    pub task: TaskId,
    pub tip: Oid,
    /// Its pull request, as `#12`, or `!12` on GitLab; `None` where a person was to open it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr: Option<String>,
    /// The page of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The title that was set last: another one is somebody's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// That, and when and by whom it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Handed {
    pub at: Timestamp,
    pub by: String,
    pub what: Submitted,
}

/// What a reviewer says, and when and by whom it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub at: Timestamp,
    pub by: String,
    pub review: Review,
}

/// What a reviewer says of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    pub batch: String,
    pub task: TaskId,
    /// `approve`, `reject`, `accept`, `finding`, `halt` or `resume`.
    pub verdict: String,
    /// The gate that is opened by an approval: `start` or `land`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// What the branch was at; none for what is said of the task's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<Oid>,
    /// Of the task's text, where its start is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub critical: bool,
    /// Whose word it is.
    pub reviewer: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Landing {
    pub at: Timestamp,
    pub tip: Oid,
    pub commit: Oid,
    pub pr: Option<String>,
    /// `merge`, `squash`, `rebase` or `ff`.
    pub strategy: Option<String>,
    /// What came of the check, such as `passed`.
    pub check: Option<String>,
    /// Whether `commit` is reachable from the target now; filled in by the reader of the repository.
    pub reachable: bool,
}
