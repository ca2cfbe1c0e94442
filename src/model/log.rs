//! The batches of the ledger with what became of their tasks.

use super::batch::{BatchState, Fate, fate, state};
use super::facts::Facts;
use super::id::TaskId;
use super::ledger::{Batch, Handed, Judged, Said, Snapshot};
use super::standing::Standings;
use super::state::State;
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
    /// What was reported of it in this batch, and what reviewers said of that, oldest first.
    pub said: Vec<&'a Said>,
    pub reviews: Vec<&'a Judged>,
    /// When its branch was pushed to a forge in this batch, oldest first.
    pub submitted: Vec<&'a Handed>,
}

/// All batches, newest first.
pub fn log<'a>(file: &TaskFile, facts: &'a Facts, standings: &'a Standings) -> Vec<Entry<'a>> {
    let batches = facts.ledger.batches.iter().enumerate().rev();
    let entry = |(index, batch): (usize, &'a Batch)| {
        let tasks: Vec<Outcome<'a>> = batch
            .tasks
            .iter()
            .map(|task| outcome(facts, batch, task, fate(file, facts, standings, (index, &task.id))))
            .collect();
        Entry { batch, state: state(batch, tasks.iter().map(|task| &task.fate)), tasks }
    };
    batches.map(entry).collect()
}

fn outcome<'a>(facts: &'a Facts, batch: &Batch, task: &'a Snapshot, fate: Fate<'a>) -> Outcome<'a> {
    let record = facts.ledger.records.get(&task.id);
    let said = record.map(|record| record.said.as_slice()).unwrap_or_default().iter();
    let reviews = record.map(|record| record.reviews.as_slice()).unwrap_or_default().iter();
    let submitted = record.map(|record| record.submitted.as_slice()).unwrap_or_default().iter();
    Outcome {
        submitted: submitted.filter(|handed| handed.what.of == batch.uid).collect(),
        id: &task.id,
        title: &task.title,
        fate,
        said: said.filter(|said| said.report.batch == batch.name).collect(),
        reviews: reviews.filter(|judged| judged.review.batch == batch.name).collect(),
    }
}

impl Fate<'_> {
    /// One word for programs: the state's, or what became of it instead.
    pub fn code(&self) -> &'static str {
        match self {
            Fate::Now(Some(standing)) => standing.state.word(),
            Fate::Now(None) => "unknown",
            Fate::NotMade => "not-made",
            Fate::Dropped => "dropped",
            Fate::Again(_) => "again",
        }
    }

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
            Fate::NotMade => "not made".to_owned(),
            Fate::Again(batch) => format!("again in {batch}"),
            Fate::Now(None) | Fate::Dropped => self.code().to_owned(),
        }
    }
}
