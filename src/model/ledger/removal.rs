//! What was moved to the trash, and is brought back by `undo`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, Snapshot};
use crate::model::id::TaskId;
use crate::model::oid::Oid;

/// What is about to be moved to the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropping {
    pub batch: String,
    pub of: String,
    pub task: TaskId,
    pub branch: String,
    /// Where the branch was, if it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<Oid>,
    /// Where its worktree stood, as in a [`Snapshot`]; `None` where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where it goes: tells people, and is never acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash: Option<String>,
    /// The landing that it follows, by [`super::Lands::train`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<String>,
}

/// A task that is in the trash, or on its way there or back.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    /// Of the intent.
    pub uid: String,
    pub at: Timestamp,
    pub by: String,
    pub host: String,
    pub what: Dropping,
    /// The commit whose note holds it.
    pub note: Oid,
    /// The task as it was.
    pub snapshot: Snapshot,
    /// Whether it was brought to its end.
    pub done: bool,
    /// Whether it is being taken back.
    pub undoing: bool,
}

impl Removal {
    /// The ref that keeps the tip.
    pub fn kept(&self) -> String {
        format!("refs/dispatch/trash/{}/{}", self.what.task, self.at.strftime("%Y%m%dT%H%M%S%3fZ"))
    }

    /// The task with its worktree where that stood.
    pub fn task(&self) -> Snapshot {
        Snapshot { path: self.what.path.clone(), ..self.snapshot.clone() }
    }
}

impl Ledger {
    /// The last removal of a task since it was started last.
    pub fn removal_of(&self, id: &TaskId) -> Option<&Removal> {
        self.removals.get(self.records.get(id)?.removal?)
    }

    pub(super) fn remove(&mut self, what: Dropping, (uid, at): (String, Timestamp), (by, host): (String, String)) {
        let index = self.removals.len();
        let note = self.batches.iter().find(|batch| batch.uid == what.of).map(|batch| batch.base);
        let started = self.started_by(&what.of, &what.task);
        // An intent about another branch than the task's is none of ours.
        let started = started.filter(|(_, snapshot)| snapshot.branch == what.branch);
        if let (Some(note), Some((record, snapshot))) = (note, started) {
            record.removal = Some(index);
            // The base moves where it is restacked.
            let snapshot = snapshot.clone();
            self.removals.push(Removal { uid, at, by, host, what, note, snapshot, done: false, undoing: false });
        }
    }

    pub(super) fn removed(&mut self, uid: &str) {
        self.settle(uid, |removal| removal.done = true);
    }

    /// From here on it stands as it did, as far as it does.
    pub(super) fn bring_back(&mut self, uid: &str) {
        self.settle(uid, |removal| (removal.done, removal.undoing) = (false, true));
    }

    fn settle(&mut self, uid: &str, change: impl FnOnce(&mut Removal)) {
        let Some(index) = self.removals.iter().position(|removal| removal.uid == uid) else { return };
        let removal = &mut self.removals[index];
        change(removal);
        let record = self.records.get_mut(&removal.what.task).filter(|record| record.removal == Some(index));
        record.into_iter().for_each(|record| record.dropped = removal.done);
    }
}
