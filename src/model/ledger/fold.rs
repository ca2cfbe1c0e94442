//! From lines to what they add up to.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::{
    Batch, Body, Closing, Continuing, Event, Handed, Judged, Ledger, Record, Restacked, Restacking, Said, Snapshot,
    VERSION,
};
use crate::model::id::TaskId;
use crate::model::oid::Oid;

/// A line of the ledger and the commit whose note holds it.
pub type Line = (Oid, Vec<u8>);

/// Of a line that cannot be read, so many bytes are kept, and of such lines so many.
const LONGEST_KEPT: usize = 200;
const MOST_KEPT: usize = 1000;

/// What all lines together say; `tip` is the ledger's commit that they were read from.
///
/// Lines may come in any order and more than once. A line that is no event of a known version is kept aside.
pub fn fold(tip: Option<Oid>, lines: &[Line]) -> Ledger {
    let mut reading = Reading::default();
    lines.iter().for_each(|(commit, line)| _ = reading.line(*commit, line));
    reading.ledger(tip)
}

/// Lines on their way to a ledger, one after another: what is no event takes next to no memory.
#[derive(Default)]
pub struct Reading {
    #[expect(clippy::vec_box, reason = "there may be very many, and growing and sorting would copy them whole")]
    events: Vec<Box<(Oid, Event)>>,
    seen: HashSet<String>,
    newest: Option<Timestamp>,
    unreadable: Vec<(Oid, String)>,
    further: usize,
}

impl Reading {
    /// Takes a line of the note on `commit`; says whether it is an event.
    pub fn line(&mut self, commit: Oid, line: &[u8]) -> bool {
        let read = may_be_event(line).then(|| serde_json::from_slice::<Event>(line));
        match read {
            Some(Ok(event)) if event.v <= VERSION => {
                self.newest = self.newest.max(Some(event.at));
                if event.body != Body::Unknown && self.seen.insert(event.uid.clone()) {
                    self.events.push(Box::new((commit, event)));
                }
                true
            }
            _ => {
                self.unreadable(commit, line);
                false
            }
        }
    }

    /// Takes what cannot be read of the note on `commit`, or what stands for it.
    pub fn unreadable(&mut self, commit: Oid, what: &[u8]) {
        if self.unreadable.len() == MOST_KEPT {
            self.further += 1;
            return;
        }
        let kept = &what[..what.len().min(LONGEST_KEPT)];
        self.unreadable.push((commit, String::from_utf8_lossy(kept).into_owned()));
    }

    /// What the lines together say; see [`fold`].
    pub fn ledger(self, tip: Option<Oid>) -> Ledger {
        let Reading { mut events, seen, newest, unreadable, further } = self;
        drop(seen);
        let mut ledger = Ledger { tip, newest, unreadable, further, ..Ledger::default() };
        let undone: HashSet<String> = events.iter().filter_map(|event| undoes(&event.1)).collect();
        let (mut gone, kept): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| undone.contains(&event.1.uid));
        events = kept;
        gone.sort_by_key(|event| event.1.at);
        ledger.undone = gone.into_iter().filter_map(|event| event.1.body.begins().map(str::to_owned)).collect();
        // A clock that was set back between intent and outcome does not undo the outcome.
        let is_outcome = |event: &Event| matches!(event.body, Body::Started { .. });
        let key = |event: &Event| (is_outcome(event), event.at, rank(&event.body));
        events.sort_by(|a, b| (key(&a.1), &a.1.uid).cmp(&(key(&b.1), &b.1.uid)));
        for event in events {
            let (commit, event) = *event;
            ledger.take(commit, event);
        }
        ledger.nothing_is_started_that_is_being_undone();
        ledger
    }
}

/// Whether it is worth to parse a line: most of what is no event is seen at its ends.
fn may_be_event(line: &[u8]) -> bool {
    const SHORTEST: usize = 40;
    let line = line.trim_ascii();
    line.len() > SHORTEST && line.starts_with(b"{") && line.ends_with(b"}")
}

/// In which order things of the same moment happened: as in a task's life.
fn rank(body: &Body) -> u8 {
    match body {
        Body::Reopened { .. } => 0,
        Body::Starting { .. } | Body::Adopted { .. } => 1,
        Body::Started { .. } => 2,
        Body::Working(_) | Body::Reported(_) | Body::Restacking(_) | Body::Landing(_) => 3,
        Body::Continued { .. }
        | Body::Rebound { .. }
        | Body::Reviewed(_)
        | Body::Submitted(_)
        | Body::Landed(_)
        | Body::Restacked(_) => 4,
        Body::Dropping(_) => 5,
        Body::Dropped { .. } => 6,
        Body::Closed(_) | Body::Undoing { .. } | Body::Undone { .. } | Body::Unknown => 7,
    }
}

impl Body {
    /// The name of the batch that it begins.
    fn begins(&self) -> Option<&str> {
        match self {
            Body::Starting { batch, .. } | Body::Adopted { batch, .. } => Some(batch),
            _ => None,
        }
    }
}

fn undoes(event: &Event) -> Option<String> {
    match &event.body {
        Body::Undone { of } => Some(of.clone()),
        _ => None,
    }
}

impl Ledger {
    pub(super) fn record(&mut self, id: TaskId) -> &mut Record {
        self.records.entry(id).or_default()
    }

    fn take(&mut self, commit: Oid, event: Event) {
        let Event { at, uid, body, by, host, .. } = event;
        match body {
            Body::Starting { batch, target, tasks } => {
                let begun = Batch { name: batch, uid, at, by, host, target, base: commit, ..Batch::new(tasks, false) };
                self.begin(begun);
            }
            Body::Adopted { batch, target, tasks } => {
                let begun = Batch { name: batch, uid, at, by, host, target, base: commit, ..Batch::new(tasks, true) };
                self.begin(begun);
            }
            Body::Started { of, tasks, .. } => self.carried_out(&of, tasks, at),
            Body::Continued { of, tasks, .. } => self.go_on(&of, tasks, Continuing { uid, at, by, tasks: Vec::new() }),
            Body::Working(working) => {
                let record = self.record(working.task.clone());
                record.working = Some(working);
            }
            Body::Reported(report) => {
                let record = self.record(report.task.clone());
                (record.reported, record.accepted) = (Some(report.clone()), None);
                record.said.push(Said { at, by, report });
            }
            Body::Rebound { task, from, tip, .. } => {
                let record = self.records.get_mut(&task);
                record.into_iter().for_each(|record| record.rebind(from, tip));
            }
            Body::Reviewed(review) => {
                let record = self.record(review.task.clone());
                if review.verdict == "accept" {
                    record.accepted = review.tip;
                }
                record.reviews.push(Judged { at, by, review });
            }
            Body::Landing(lands) => self.land(lands, commit, (uid, at), (by, host)),
            Body::Landed(landed) => self.landed(landed, (uid, at), commit),
            Body::Submitted(what) => {
                let known = what.of.is_empty() || self.started_by(&what.of, &what.task).is_some();
                let record = self.records.get_mut(&what.task).filter(|_| known);
                record
                    .into_iter()
                    .for_each(|record| record.submitted.push(Handed { at, by: by.clone(), what: what.clone() }));
            }
            Body::Dropping(what) => self.remove(what, (uid, at), (by, host)),
            Body::Dropped { task, of: None } => self.record(task).dropped = true,
            Body::Dropped { of: Some(of), .. } => self.removed(&of),
            Body::Restacking(Restacked { of, task, base, tip, stack, .. }) => {
                if let Some((record, _)) = self.started_by(&of, &task) {
                    record.restacking = Some(Restacking { base, tip, stack });
                }
            }
            Body::Restacked(Restacked { of, task, base, stack, .. }) => {
                if let Some((record, snapshot)) = self.started_by(&of, &task) {
                    (snapshot.base, snapshot.stack) = (base, stack);
                    record.snapshot = Some(snapshot.clone());
                    record.restacking = None;
                }
            }
            Body::Reopened { task } => {
                let record = self.record(task);
                (record.landed, record.reported, record.accepted) = (None, None, None);
                record.reopened_at = Some(at);
                record.reopened_by = Some(uid);
            }
            Body::Undoing { of, .. } => {
                if let Some(batch) = self.batches.iter_mut().find(|batch| batch.uid == of) {
                    batch.undoing = Some(at);
                }
                self.bring_back(&of);
                self.land_back(&of, (uid, commit));
            }
            Body::Closed(closing) => {
                let Closing { batch, of, .. } = &closing;
                let named = |known: &&mut Batch| of.as_ref().map_or(known.name == *batch, |of| known.uid == *of);
                if let Some(closed) = self.batches.iter_mut().rev().find(named) {
                    closed.closed = Some(closing);
                }
            }
            Body::Undone { .. } | Body::Unknown => {}
        }
    }

    /// A task and what it was when it started, where the batch with this uid is the last that started it.
    pub(super) fn started_by(&mut self, uid: &str, id: &TaskId) -> Option<(&mut Record, &mut Snapshot)> {
        let record = self.records.get_mut(id)?;
        let batch = self.batches.get_mut(record.batch?).filter(|batch| batch.uid == uid)?;
        Some((record, batch.tasks.iter_mut().find(|task| task.id == *id)?))
    }

    /// What was said of them before stays with what is known of them, but is no longer how they stand.
    fn go_on(&mut self, of: &str, tasks: Vec<Snapshot>, mut continuing: Continuing) {
        for task in tasks {
            if let Some((record, snapshot)) = self.started_by(of, &task.id) {
                continuing.tasks.push(task.id.clone());
                *snapshot = task.in_place_of(snapshot);
                record.snapshot = Some(snapshot.clone());
                (record.reported, record.accepted, record.working) = (None, None, None);
            }
        }
        let batch = self.batches.iter_mut().find(|batch| batch.uid == of && !continuing.tasks.is_empty());
        batch.into_iter().for_each(|batch| batch.continued.push(continuing.clone()));
    }

    fn begin(&mut self, mut batch: Batch) {
        let index = self.batches.len();
        let with_it = |record: &&Record| record.reopened_at == Some(batch.at);
        let reopened = batch.tasks.iter().filter_map(|task| self.records.get(&task.id).filter(with_it));
        batch.reopened = reopened.filter_map(|record| record.reopened_by.clone()).collect();
        for snapshot in &batch.tasks {
            let record = self.records.entry(snapshot.id.clone()).or_default();
            *record = Record {
                batch: Some(index),
                started_at: Some(batch.at),
                snapshot: Some(snapshot.clone()),
                started: batch.adopted,
                landed: record.landed.take(),
                said: std::mem::take(&mut record.said),
                reviews: std::mem::take(&mut record.reviews),
                reopened_at: record.reopened_at,
                reopened_by: record.reopened_by.take(),
                ..Record::default()
            };
        }
        self.batches.push(batch);
    }

    fn carried_out(&mut self, uid: &str, tasks: Vec<TaskId>, at: Timestamp) {
        let Some(index) = self.batches.iter().position(|batch| batch.uid == uid) else {
            return;
        };
        if self.batches[index].undoing.is_some_and(|since| since < at) {
            self.batches[index].undoing = None;
        }
        for id in tasks {
            if let Some(record) = self.records.get_mut(&id)
                && record.batch == Some(index)
            {
                record.started = true;
            }
            let started = &mut self.batches[index].started;
            if !started.contains(&id) {
                started.push(id);
            }
        }
    }

    fn nothing_is_started_that_is_being_undone(&mut self) {
        for (index, batch) in self.batches.iter_mut().enumerate().filter(|(_, batch)| batch.undoing.is_some()) {
            for task in &batch.tasks {
                let record = self.records.get_mut(&task.id).filter(|record| record.batch == Some(index));
                record.into_iter().for_each(|record| record.started = false);
            }
        }
    }

    /// The time for an event of `now`: later than all that stand here, so that order in time is order of what happened, also
    /// where a clock was set back. A clock that is more than an hour ahead of this one is not followed.
    pub fn moment(&self, now: Timestamp) -> Timestamp {
        let (tick, hour) = (jiff::SignedDuration::from_millis(1), jiff::SignedDuration::from_hours(1));
        let next = self.newest.and_then(|newest| newest.checked_add(tick).ok());
        next.filter(|next| next.duration_since(now) < hour).map_or(now, |next| next.max(now))
    }

    /// `batch-NNN` with the smallest number above that of every batch so named.
    pub fn next_batch_name(&self) -> String {
        let names = self.batches.iter().map(|batch| &batch.name).chain(&self.undone);
        let numbers = names.filter_map(|name| name.strip_prefix("batch-")?.parse::<u64>().ok());
        let used: HashSet<u64> = numbers.collect();
        // A name that somebody chose may hold the highest number there is: then the first free one.
        let above = used.iter().max().map_or(Some(1), |highest| highest.checked_add(1));
        let next = above.or_else(|| (1..=u64::MAX).find(|number| !used.contains(number))).unwrap_or(u64::MAX);
        format!("batch-{next:03}")
    }

    /// The batch that started `id` last.
    pub fn batch_of(&self, id: &TaskId) -> Option<&Batch> {
        self.batches.get(self.records.get(id)?.batch?)
    }

    /// Indices of batches whose intent was not carried out to the end, oldest first, with what is missing.
    pub fn unfinished(&self) -> BTreeMap<usize, Vec<&Snapshot>> {
        let mut open: BTreeMap<usize, Vec<&Snapshot>> = BTreeMap::new();
        for (index, batch) in self.batches.iter().enumerate() {
            let missing = batch.tasks.iter().filter(|task| {
                let record = &self.records[&task.id];
                record.batch == Some(index) && !record.started && !record.dropped
            });
            let missing: Vec<&Snapshot> = missing.collect();
            if !missing.is_empty() {
                open.insert(index, missing);
            }
        }
        open
    }
}

impl Batch {
    fn new(tasks: Vec<Snapshot>, adopted: bool) -> Batch {
        let started = if adopted { tasks.iter().map(|task| task.id.clone()).collect() } else { Vec::new() };
        Batch {
            name: String::new(),
            uid: String::new(),
            at: jiff::Timestamp::UNIX_EPOCH,
            by: String::new(),
            host: String::new(),
            target: String::new(),
            base: Oid::from_bytes(&[0; 20]).expect("because 20 bytes are an id"),
            tasks,
            adopted,
            started,
            closed: None,
            reopened: Vec::new(),
            continued: Vec::new(),
            undoing: None,
        }
    }
}

#[cfg(test)]
mod tests;
