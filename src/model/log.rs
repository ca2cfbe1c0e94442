//! The batches of the ledger with what became of their tasks.

use super::actual::{Asked, Span, Told, asked, span};
use super::batch::{BatchState, Fate, fate, state};
use super::calibration::is_given;
use super::drift::{Declared, Drift};
use super::facts::Facts;
use super::id::TaskId;
use super::ledger::{Batch, Handed, Judged, Landing, Record, Said, Snapshot, Working};
use super::review::{Finding, open};
use super::standing::Standings;
use super::state::{Proof, State};
use super::task::{Minutes, TaskFile};

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
    /// The task as it was when the batch started it.
    pub snapshot: &'a Snapshot,
    pub fate: Fate<'a>,
    /// What was reported of it in this batch, and what reviewers said of that, oldest first.
    pub said: Vec<&'a Said>,
    pub reviews: Vec<&'a Judged>,
    /// Its last session in this batch.
    pub working: Option<&'a Working>,
    /// What reviewers found and nobody took back, where this batch started it last.
    pub findings: Vec<Finding>,
    /// Where it is under way.
    pub drift: Option<Drift>,
    /// How long it was to take, where somebody said so.
    pub estimate: Option<Minutes>,
    /// Own commits, where they were counted.
    pub commits: Option<u64>,
    /// As the ledger records it.
    pub landing: Option<&'a Landing>,
    /// What history knows of it, where it has landed; [`Outcome::tell`] takes the answer.
    pub asked: Option<Asked>,
    pub span: Option<Span>,
    /// When its branch was pushed to a forge in this batch, oldest first.
    pub submitted: Vec<&'a Handed>,
}

/// All batches, newest first.
pub fn log<'a>(file: &TaskFile, facts: &'a Facts, standings: &'a Standings) -> Vec<Entry<'a>> {
    let declared = Declared::new(file, standings);
    let batches = facts.ledger.batches.iter().enumerate().rev();
    let entry = |(index, batch): (usize, &'a Batch)| {
        let outcome = |task| outcome((file, facts, standings), &declared, index, task);
        let tasks: Vec<Outcome<'a>> = batch.tasks.iter().map(outcome).collect();
        Entry { batch, state: state(batch, tasks.iter().map(|task| &task.fate)), tasks }
    };
    batches.map(entry).collect()
}

fn outcome<'a>(
    (file, facts, standings): (&TaskFile, &'a Facts, &'a Standings),
    declared: &Declared<'_>,
    index: usize,
    task: &'a Snapshot,
) -> Outcome<'a> {
    let (batch, id) = (&facts.ledger.batches[index].name, &task.id);
    let record = facts.ledger.records.get(id);
    let said = record.map(|record| record.said.as_slice()).unwrap_or_default().iter();
    let reviews = record.map(|record| record.reviews.as_slice()).unwrap_or_default();
    let submitted = record.map(|record| record.submitted.as_slice()).unwrap_or_default().iter();
    let uid = &facts.ledger.batches[index].uid;
    let fate = fate(file, facts, standings, (index, id));
    let (now, proof) = match fate {
        Fate::Now(standing) => (true, standing.and_then(|standing| standing.proof.as_ref())),
        _ => (false, None),
    };
    let seen = facts.tasks.get(id).filter(|_| now);
    let landing = |record: &'a Record| record.landed.as_ref().filter(|_| matches!(proof, Some(Proof::Recorded { .. })));
    Outcome {
        submitted: submitted.filter(|handed| handed.what.of == *uid).collect(),
        id,
        title: &task.title,
        snapshot: task,
        fate,
        said: said.filter(|said| said.report.batch == *batch).collect(),
        reviews: reviews.iter().filter(|judged| judged.review.batch == *batch).collect(),
        working: record.and_then(|record| record.working.as_ref()).filter(|working| working.batch == *batch),
        findings: if now { open(reviews, &file.settings.reviewers) } else { Vec::new() },
        drift: seen.and_then(|seen| declared.drift(id, seen)),
        estimate: is_given(file, id, task.estimate).then_some(task.estimate),
        commits: seen.and_then(|seen| seen.branch.as_ref()?.commits),
        landing: record.and_then(landing),
        asked: proof.and_then(|_| asked(file, facts, standings, id)),
        span: None,
    }
}

impl Outcome<'_> {
    /// Takes what history said to what was [`asked`].
    pub fn tell(&mut self, told: &Told) {
        let counted = told.authored.as_ref().map(|authored| authored.len() as u64);
        self.commits = counted.or(self.commits);
        self.span = self.asked.as_ref().and_then(|asked| span(asked, told));
    }

    pub fn has_landed(&self) -> bool {
        matches!(self.fate, Fate::Now(Some(standing)) if standing.state == State::Landed)
    }

    /// What the worker still waits for: of a task that has stopped, as it said last.
    pub fn blockers(&self) -> &[String] {
        let stopped = matches!(self.fate, Fate::Now(Some(standing)) if standing.state == State::Stopped);
        let last = self.said.last().filter(|_| stopped);
        last.map(|said| said.report.blockers.as_slice()).unwrap_or_default()
    }

    /// The session that worked on it, where its worker said which.
    pub fn session(&self) -> Option<&str> {
        let working = self.working.and_then(|working| working.session.as_deref());
        working.or_else(|| self.said.iter().rev().find_map(|said| said.report.session.as_deref()))
    }

    /// Who works on it: as the worker says, else for whom it was started.
    pub fn agent(&self) -> Option<&str> {
        self.working.and_then(|working| working.agent.as_deref()).or(self.snapshot.agent.as_deref())
    }
}

impl Entry<'_> {
    /// Minutes that were estimated and that it took, of the tasks of which both are known, and how many these are.
    pub fn sums(&self) -> (Minutes, Minutes, usize) {
        let both = self.tasks.iter().filter_map(|task| Some((task.estimate?, task.span?.minutes())));
        both.fold((0, 0, 0), |(estimated, took, tasks), (one, other)| {
            (estimated.saturating_add(one), took.saturating_add(other), tasks + 1)
        })
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
