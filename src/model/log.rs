//! The batches of the ledger with what became of their tasks.

use super::facts::Facts;
use super::id::TaskId;
use super::ledger::Batch;
use super::standing::{Standing, Standings};
use super::state::State;
use super::status::BatchState;
use super::task::TaskFile;

/// One batch and what became of its tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    pub batch: &'a Batch,
    pub state: BatchState,
    pub tasks: Vec<Outcome<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<'a> {
    pub id: &'a TaskId,
    pub title: &'a str,
    pub fate: Fate<'a>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fate<'a> {
    /// What it is now; `None` where neither file nor ledger can say.
    Now(Option<&'a Standing>),
    /// Its intent was written and not carried out.
    NotMade,
    Dropped,
    /// A later batch started it again.
    Again(&'a str),
}

/// All batches, newest first.
pub fn log<'a>(file: &TaskFile, facts: &'a Facts, standings: &'a Standings) -> Vec<Entry<'a>> {
    let batches = facts.ledger.batches.iter().enumerate().rev();
    let entry = |(index, batch): (usize, &'a Batch)| {
        let tasks: Vec<Outcome<'a>> = batch
            .tasks
            .iter()
            .map(|task| Outcome {
                id: &task.id,
                title: &task.title,
                fate: fate(file, facts, standings, (index, &task.id)),
            })
            .collect();
        Entry { batch, state: state(batch, &tasks), tasks }
    };
    batches.map(entry).collect()
}

fn fate<'a>(file: &TaskFile, facts: &'a Facts, standings: &'a Standings, (index, id): (usize, &TaskId)) -> Fate<'a> {
    let record = facts.ledger.records.get(id);
    let later = record.and_then(|record| record.batch).filter(|&last| last != index);
    if let Some(later) = later {
        return Fate::Again(&facts.ledger.batches[later].name);
    }
    let standing = match file.graph.position(id) {
        Some(ix) => standings.tasks.get(ix),
        None => standings.gone.get(id),
    };
    let over = standing.is_some_and(|standing| standing.state.over() || standing.state.holds());
    match record {
        Some(record) if record.dropped && !over => Fate::Dropped,
        Some(record) if !record.started && !record.dropped => Fate::NotMade,
        _ => Fate::Now(standing),
    }
}

fn state(batch: &Batch, tasks: &[Outcome<'_>]) -> BatchState {
    let over = |task: &Outcome<'_>| match task.fate {
        Fate::Now(standing) => standing.is_some_and(|standing| standing.state.over()),
        Fate::NotMade => false,
        Fate::Dropped | Fate::Again(_) => true,
    };
    match () {
        () if batch.closed.is_some() => BatchState::Closed,
        () if tasks.iter().any(|task| task.fate == Fate::NotMade) => BatchState::Starting,
        () if tasks.iter().all(over) => BatchState::Complete,
        () => BatchState::InProgress,
    }
}

impl Fate<'_> {
    /// One or two words for a table.
    pub fn words(&self) -> String {
        match self {
            Fate::Now(Some(standing)) => match (standing.state, standing.proof.as_ref()) {
                (State::Landed, Some(proof)) => match proof.pr() {
                    Some(pr) => format!("landed (PR {pr})"),
                    None => format!("landed ({})", proof.word()),
                },
                (state, _) => state.word().to_owned(),
            },
            Fate::Now(None) => "unknown".to_owned(),
            Fate::NotMade => "not made".to_owned(),
            Fate::Dropped => "dropped".to_owned(),
            Fate::Again(batch) => format!("again in {batch}"),
        }
    }
}
