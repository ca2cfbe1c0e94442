//! What a reviewer says, and when it may be said.

use super::digest::digest;
use super::findings::open;
use crate::model::facts::Facts;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::{Closing, Review};
use crate::model::oid::Oid;
use crate::model::standing::Standings;
use crate::model::start::not_in_file;
use crate::model::state::State;
use crate::model::task::{Gate, Kind, TaskFile};
use crate::model::text::escape;

/// A commit is named by so many digits at least.
const SHORTEST: usize = 7;

/// What is said of tasks.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    Approve(Gate),
    Reject(String),
    /// What was reported is enough, and why.
    Accept(String),
    Finding {
        text: String,
        critical: bool,
    },
    /// Nothing of it lands and no worker of it is launched, and why.
    Halt(String),
    Resume,
}

impl Word {
    /// As the ledger has it.
    pub fn code(&self) -> &'static str {
        match self {
            Word::Approve(_) => "approve",
            Word::Reject(_) => "reject",
            Word::Accept(_) => "accept",
            Word::Finding { .. } => "finding",
            Word::Halt(_) => "halt",
            Word::Resume => "resume",
        }
    }

    /// Whether it lets something go on, which a worker must not say of its own work.
    pub fn releases(&self) -> bool {
        matches!(self, Word::Approve(_) | Word::Accept(_) | Word::Resume)
    }

    fn text(&self) -> Option<&String> {
        match self {
            Word::Reject(text) | Word::Accept(text) | Word::Halt(text) | Word::Finding { text, .. } => Some(text),
            Word::Approve(_) | Word::Resume => None,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// As typed.
    pub ids: Vec<String>,
    pub word: Word,
    /// The beginning of the commit that was looked at: at another one nothing is said.
    pub tip: Option<String>,
    /// Whose word it is.
    pub reviewer: String,
}

/// What is recorded of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruling {
    /// The commit whose note takes it.
    pub note: Oid,
    pub review: Review,
    pub title: String,
    pub state: State,
    pub notes: Vec<Note>,
}

/// Something worth knowing of a ruling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It takes effect only from so many of the reviewers on, of whom so many say so.
    CountsFrom { of: usize, say: usize, all: usize },
    /// The reviewer is none of the configured ones: what is found does not count.
    NoReviewer,
    /// These other reviewers have open findings.
    OpenFindings(Vec<String>),
}

/// What to record of each task.
///
/// # Errors
/// An id that nobody knows ([`Exit::Usage`]); a task of which this cannot be said ([`Exit::Refused`]), or need not be ([`Exit::No`]).
pub fn reviewed(
    file: &TaskFile,
    (facts, standings): (&Facts, &Standings),
    asked: &Asked,
) -> Result<Vec<Ruling>, Failure> {
    let known = |text: &&String| text.parse::<TaskId>().is_ok_and(|id| standings.of(file, &id).is_some());
    let missing: Vec<&str> = asked.ids.iter().filter(|text| !known(text)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(not_in_file(file, standings, &missing));
    }
    let mut ids: Vec<TaskId> = Vec::new();
    for id in asked.ids.iter().filter_map(|text| text.parse().ok()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.into_iter().map(|id| ruling(file, (facts, standings), asked, id)).collect()
}

fn ruling(
    file: &TaskFile,
    (facts, standings): (&Facts, &Standings),
    asked: &Asked,
    id: TaskId,
) -> Result<Ruling, Failure> {
    let state = standings.of(file, &id).map_or(State::Lost, |standing| standing.state);
    let branch = facts.tasks.get(&id).and_then(|seen| seen.branch.as_ref());
    // One that has stopped goes on as the task file has it by then.
    let to_start = asked.word == Word::Approve(Gate::Start);
    let started = matches!(state, State::Active | State::Done | State::Stopped) && !to_start;
    let started = started.then_some(branch).flatten();
    let halted = facts.ledger.records.get(&id).is_some_and(|record| record.halted().is_some());
    let ix = file.graph.position(&id);
    match (&asked.word, state) {
        (_, State::Landed | State::Cancelled | State::Lost | State::Elsewhere) => return Err(is(&id, state)),
        // What nobody started, and has a branch, may be waiting to be adopted.
        (Word::Approve(Gate::Start), State::Active | State::Done) if facts.ledger.batch_of(&id).is_some() => {
            return Err(
                is(&id, state).hint(format!("use 'git dispatch review {id} --approve land' to approve its landing"))
            );
        }
        (Word::Approve(Gate::Land) | Word::Accept(_), State::Ready | State::Held | State::Waiting) => {
            return Err(is(&id, state).hint(format!("use 'git dispatch start {id}' to start it")));
        }
        (Word::Accept(_), State::Active) => {
            let what = format!("task '{id}' is active: nothing was reported of it as it is now");
            return Err(Failure::new(Exit::Refused, what)
                .hint(format!("use 'git dispatch report {id} --done' to report it, from its worktree or from here")));
        }
        (Word::Resume, _) if !halted => {
            return Err(Failure::new(Exit::No, format!("task '{id}' is not halted")));
        }
        _ => {}
    }
    let (tip, text) = match (started, ix) {
        (Some(branch), _) => (Some(branch.tip), None),
        (None, Some(ix)) => (None, Some(digest(file, ix))),
        (None, None) => return Err(is(&id, state)),
    };
    if let Some(wanted) = &asked.tip {
        let at = tip.map_or_else(|| "at no commit yet".to_owned(), |tip| format!("at {tip}"));
        let short = wanted.len() < SHORTEST || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
        if short || !tip.is_some_and(|tip| tip.to_string().starts_with(&wanted.to_ascii_lowercase())) {
            let what = format!("task '{id}' is {at}, and not at '{}'", escape(wanted));
            return Err(Failure::new(Exit::Refused, what)
                .hint(format!("use 'git dispatch status {id} --json' to see its tip, and look at what is new")));
        }
    }
    let batch = facts.ledger.batch_of(&id).filter(|_| started.is_some());
    let review = Review {
        batch: batch.map_or_else(String::new, |batch| batch.name.clone()),
        task: id,
        verdict: asked.word.code().to_owned(),
        gate: if let Word::Approve(gate) = asked.word { Some(gate.word().to_owned()) } else { None },
        tip,
        digest: text,
        text: asked.word.text().cloned(),
        critical: matches!(asked.word, Word::Finding { critical: true, .. }),
        reviewer: asked.reviewer.clone(),
    };
    let note = batch.map_or(facts.target.newest().1, |batch| batch.base);
    let title = ix.map(|ix| file.graph.tasks()[ix].title.clone()).unwrap_or_default();
    Ok(Ruling { notes: notes(file, facts, &review), note, review, title, state })
}

fn is(id: &TaskId, state: State) -> Failure {
    Failure::new(Exit::Refused, format!("task '{id}' is {}", state.word()))
        .hint(format!("use 'git dispatch why {id}' to see how it stands"))
}

/// What follows from `review`, beside what was said before.
fn notes(file: &TaskFile, facts: &Facts, review: &Review) -> Vec<Note> {
    let reviewers = &file.settings.reviewers;
    let mut all: Vec<_> =
        facts.ledger.records.get(&review.task).map(|record| record.reviews.clone()).unwrap_or_default();
    let judged = crate::model::ledger::Judged { at: facts.now, by: String::new(), review: review.clone() };
    all.push(judged);
    let open = open(&all, reviewers);
    match review.verdict.as_str() {
        "finding" if !reviewers.is_empty() && !reviewers.contains(&review.reviewer) => vec![Note::NoReviewer],
        "finding" => {
            let text = review.text.as_deref().unwrap_or_default().trim();
            let uncounted = open.iter().find(|finding| finding.text == text && !finding.counts);
            let all = reviewers.len();
            let counts = uncounted.map(|finding| Note::CountsFrom {
                of: if finding.critical { all } else { (2 * all).div_ceil(3) },
                say: finding.by.iter().filter(|name| reviewers.contains(name)).count(),
                all,
            });
            counts.into_iter().collect()
        }
        "approve" => {
            let counting = open.iter().filter(|finding| finding.counts).flat_map(|finding| &finding.by);
            let mut by: Vec<String> = counting.cloned().collect();
            by.sort();
            by.dedup();
            if by.is_empty() { Vec::new() } else { vec![Note::OpenFindings(by)] }
        }
        _ => Vec::new(),
    }
}

/// The verdict on a batch of research, and the commit whose note takes it. `said` names the batch.
///
/// # Errors
/// No such batch ([`Exit::Usage`]); it is none of research, or a track of it has not reported ([`Exit::Refused`]).
pub fn close(
    file: &TaskFile,
    (facts, standings): (&Facts, &Standings),
    said: Closing,
) -> Result<(Oid, Closing), Failure> {
    let name = escape(&said.batch).into_owned();
    let batches = &facts.ledger.batches;
    let Some(index) = batches.iter().rposition(|batch| batch.name == said.batch) else {
        return Err(Failure::new(Exit::Usage, format!("no batch '{name}' in the ledger"))
            .hint("use 'git dispatch log' to list the batches"));
    };
    let batch = &batches[index];
    if let Some(task) = batch.tasks.iter().find(|task| task.kind != Kind::Research) {
        let what = format!("batch '{name}' is no batch of research: task '{}' lands what it commits", task.id);
        return Err(Failure::new(Exit::Refused, what)
            .hint(format!("use 'git dispatch review {} --approve land' to approve what a task did", task.id)));
    }
    let unreported = |id: &&TaskId| {
        let record = facts.ledger.records.get(*id).filter(|record| record.batch == Some(index) && !record.dropped);
        let state = standings.of(file, id).map(|standing| standing.state);
        record.is_some() && matches!(state, Some(State::Active | State::Lost | State::Elsewhere))
    };
    let open: Vec<&TaskId> = batch.tasks.iter().map(|task| &task.id).filter(unreported).collect();
    if !open.is_empty() {
        let ids = open.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        let have = if open.len() == 1 { "one task has" } else { "tasks have" };
        let failure =
            Failure::new(Exit::Refused, format!("batch '{name}' cannot be closed: {have} not reported: {ids}"));
        return Err(failure
            .hint(format!("use 'git dispatch report {} --partial \"WHY\"' to report for it what there is", open[0])));
    }
    Ok((batch.base, Closing { of: Some(batch.uid.clone()), ..said }))
}

/// The name of a reviewer.
///
/// # Errors
/// It is none: empty, of more than one line or 64 characters ([`Exit::Usage`]).
pub fn reviewer(name: String) -> Result<String, Failure> {
    const LONGEST: usize = 64;
    let odd = name.trim() != name
        || escape(&name) != name
        || name.is_empty()
        || name.chars().any(char::is_control)
        || name.chars().nth(LONGEST).is_some();
    if odd {
        let what = format!("'{}' is no name of a reviewer", escape(&name));
        return Err(Failure::new(Exit::Usage, what).hint("a name is one line of at most 64 characters"));
    }
    Ok(name)
}

/// The words that a reviewer gives as a reason.
///
/// # Errors
/// There are none ([`Exit::Usage`]).
pub fn words(text: String) -> Result<String, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "a review without words helps nobody")
            .hint("say in a few words what it is about"));
    }
    Ok(text)
}
