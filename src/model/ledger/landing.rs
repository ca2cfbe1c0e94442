//! Tasks that land together, by one move of the target.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Landed, Landing, Ledger};
use crate::model::id::TaskId;
use crate::model::oid::Oid;

/// What is about to land: one for each task of a train, in one change of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lands {
    pub batch: String,
    /// The uid of the batch's first event.
    pub of: String,
    pub task: TaskId,
    pub branch: String,
    pub tip: Oid,
    /// The commit that brings it to the target.
    pub commit: Oid,
    /// `merge`, `squash`, `rebase` or `ff`.
    pub strategy: String,
    /// Without `refs/heads/`.
    pub target: String,
    /// Where the target is before the first, and after the last of them.
    pub old: Oid,
    pub new: Oid,
    /// Of all that land together: the uid of the first of these events.
    pub train: String,
    /// `passed`, `skipped` or `none`.
    pub check: String,
    /// Whether worktree and branch stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
}

/// Tasks that landed by one move of the target, or are about to.
#[derive(Debug, Clone, PartialEq)]
pub struct Train {
    /// See [`Lands::train`].
    pub uid: String,
    pub at: Timestamp,
    pub by: String,
    pub host: String,
    /// In the order in which they land, each with the commit whose note holds it.
    pub lands: Vec<(Lands, Oid)>,
    /// The uids of all its events, each with the commit whose note holds it.
    pub events: Vec<(String, Oid)>,
    /// Whether it was brought to its end.
    pub done: bool,
    /// Where it is being taken back: the events that say so, as [`Train::events`].
    pub undoing: Vec<(String, Oid)>,
}

impl Train {
    /// The first of the tasks: one has no train without.
    pub fn first(&self) -> &Lands {
        &self.lands[0].0
    }

    /// Whether it was neither brought to its end nor taken back.
    pub fn is_open(&self) -> bool {
        !self.done || !self.undoing.is_empty()
    }

    pub fn ids(&self) -> impl Iterator<Item = &TaskId> {
        self.lands.iter().map(|(lands, _)| &lands.task)
    }
}

impl Ledger {
    /// The last train that was neither brought to its end nor taken back, of those that are `ours`.
    pub fn open_train(&self, ours: impl Fn(&Train) -> bool) -> Option<&Train> {
        self.trains.iter().rev().find(|train| train.is_open() && ours(train))
    }

    /// The train with this uid.
    pub fn train(&self, uid: &str) -> Option<&Train> {
        self.trains.iter().find(|train| train.uid == uid)
    }

    /// The last train that landed `id`, if that is how it landed last.
    pub fn train_of(&self, id: &TaskId) -> Option<&Train> {
        let landed = self.records.get(id)?.landed.as_ref()?;
        let brought =
            |train: &&Train| train.lands.iter().any(|(lands, _)| lands.task == *id && lands.commit == landed.commit);
        self.trains.iter().rev().find(brought)
    }

    pub(super) fn land(
        &mut self,
        lands: Lands,
        note: Oid,
        (uid, at): (String, Timestamp),
        (by, host): (String, String),
    ) {
        match self.trains.iter_mut().find(|train| train.uid == lands.train) {
            // One train makes one move: an intent that says otherwise is none of it.
            Some(train) if (train.first().old, train.first().new) != (lands.old, lands.new) => {}
            Some(train) => {
                train.events.push((uid, note));
                train.lands.push((lands, note));
            }
            None => self.trains.push(Train {
                uid: lands.train.clone(),
                at,
                by,
                host,
                events: vec![(uid, note)],
                lands: vec![(lands, note)],
                done: false,
                undoing: Vec::new(),
            }),
        }
    }

    pub(super) fn landed(&mut self, landed: Landed, (uid, at): (String, Timestamp), note: Oid) {
        let Landed { task, tip, commit, pr, of, strategy, check, .. } = landed;
        let train = of.and_then(|of| self.trains.iter_mut().find(|train| train.uid == of));
        if let Some(train) = train {
            train.events.push((uid, note));
            train.done = true;
        }
        self.record(task).landed = Some(Landing { at, tip, commit, pr, strategy, check, reachable: false });
    }

    pub(super) fn land_back(&mut self, of: &str, event: (String, Oid)) {
        let train = self.trains.iter_mut().find(|train| train.uid == of);
        train.into_iter().for_each(|train| train.undoing.push(event.clone()));
    }
}
