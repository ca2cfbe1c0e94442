//! What `wait` waits for, and when that is reached or never will be.

mod duration;
#[cfg(test)]
mod tests;

use super::facts::Facts;
use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::ledger::{Record, Said};
use super::standing::Standings;
use super::start::not_in_file;
use super::state::{Proof, State};
use super::task::TaskFile;

pub use duration::{duration, spelled};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// All are done or landed.
    Done,
    /// All have landed.
    Landed,
    /// One has stopped.
    Stopped,
    /// One is done, stopped or landed.
    Any,
}

impl Goal {
    pub fn word(self) -> &'static str {
        match self {
            Goal::Done => "done",
            Goal::Landed => "landed",
            Goal::Stopped => "stopped",
            Goal::Any => "any",
        }
    }

    /// Whether a task in this state is what is waited for.
    pub fn holds(self, state: State) -> bool {
        match self {
            Goal::Done => matches!(state, State::Done | State::Landed),
            Goal::Landed => state == State::Landed,
            Goal::Stopped => state == State::Stopped,
            Goal::Any => matches!(state, State::Done | State::Stopped | State::Landed),
        }
    }

    /// Whether it takes all of the tasks, not one.
    fn takes_all(self) -> bool {
        matches!(self, Goal::Done | Goal::Landed)
    }

    /// Whether a task in this state can no longer become what is waited for by work alone.
    fn is_out(self, state: State) -> bool {
        match state {
            State::Active | State::Done | State::Stopped | State::Elsewhere => false,
            State::Landed => self == Goal::Stopped,
            State::Cancelled | State::Held | State::Ready | State::Waiting | State::Lost => true,
        }
    }
}

/// A task that is waited for, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: TaskId,
    /// `None`: nobody knows it any more.
    pub state: Option<State>,
    /// For `landed`.
    pub proof: Option<Proof>,
    /// Its last report, where that holds for the commit that its branch is at, or it has landed.
    pub report: Option<Said>,
}

/// Where waiting stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Reached,
    /// All were to be done or landed, and a worker stopped.
    Stopped,
    NotYet,
    /// It cannot be reached any more: whose state keeps it from that. Empty where there is nobody to wait for.
    Never(Vec<TaskId>),
}

/// The tasks to wait for: those named, or all that this clone has under way; for [`Goal::Any`], those that are being worked on.
///
/// # Errors
/// A task is unknown ([`Exit::Usage`]), or was not started ([`Exit::Refused`]).
pub fn whom(file: &TaskFile, standings: &Standings, named: &[String], goal: Goal) -> Result<Vec<TaskId>, Failure> {
    if named.is_empty() {
        let wanted = |state: State| goal != Goal::Any || state == State::Active;
        let holders = standings.under_way().filter(|holder| wanted(holder.state));
        return Ok(holders.map(|holder| holder.task.id.clone()).collect());
    }
    let (mut ids, mut unknown): (Vec<TaskId>, Vec<&str>) = (Vec::new(), Vec::new());
    for text in named {
        match text.parse::<TaskId>().ok().filter(|id| standings.of(file, id).is_some()) {
            Some(id) if ids.contains(&id) => {}
            Some(id) => ids.push(id),
            None => unknown.push(text),
        }
    }
    if !unknown.is_empty() {
        return Err(not_in_file(file, standings, &unknown));
    }
    let state = |id: &TaskId| standings.of(file, id).map(|standing| standing.state);
    let idle = |id: &&TaskId| matches!(state(id), Some(State::Held | State::Ready | State::Waiting));
    let mut failure = Failure::new(Exit::Refused, String::new());
    for id in ids.iter().filter(idle) {
        let is = state(id).map_or("", State::word);
        let gap = if failure.what.is_empty() { "" } else { "\n" };
        failure.what.push_str(&format!("{gap}task '{id}' is {is}: it was not started"));
        failure = failure.hint(match state(id) {
            Some(State::Ready) => format!("use 'git dispatch start {id}' to start it"),
            _ => format!("use 'git dispatch why {id}' to see what keeps it"),
        });
    }
    if failure.what.is_empty() { Ok(ids) } else { Err(failure) }
}

/// How these tasks are now.
pub fn rows(file: &TaskFile, (facts, standings): (&Facts, &Standings), ids: &[TaskId]) -> Vec<Row> {
    let row = |id: &TaskId| {
        let standing = standings.of(file, id);
        let state = standing.map(|standing| standing.state);
        let ended = matches!(state, Some(State::Done | State::Stopped | State::Landed));
        let record = facts.ledger.records.get(id).filter(|_| ended);
        Row {
            id: id.clone(),
            state,
            proof: standing.and_then(|standing| standing.proof.clone()),
            report: record.and_then(Record::last_said),
        }
    };
    ids.iter().map(row).collect()
}

/// Whether the goal is reached, or can no longer be.
pub fn answer(goal: Goal, rows: &[Row]) -> Answer {
    let holds = |row: &&Row| row.state.is_some_and(|state| goal.holds(state));
    let is_out = |row: &&Row| row.state.is_none_or(|state| goal.is_out(state));
    let ids = |rows: Vec<&Row>| rows.into_iter().map(|row| row.id.clone()).collect();
    let out: Vec<&Row> = rows.iter().filter(is_out).collect();
    if goal.takes_all() {
        if rows.iter().all(|row| holds(&row)) {
            return Answer::Reached;
        }
        if rows.iter().any(|row| row.state == Some(State::Stopped)) {
            return Answer::Stopped;
        }
        return if out.is_empty() { Answer::NotYet } else { Answer::Never(ids(out)) };
    }
    if rows.iter().any(|row| holds(&row)) {
        return Answer::Reached;
    }
    if out.len() == rows.len() { Answer::Never(ids(out)) } else { Answer::NotYet }
}

/// The failure for a goal that cannot be reached any more.
pub fn never(goal: Goal, rows: &[Row], out: &[TaskId]) -> Failure {
    let what = match goal {
        Goal::Done => "be done",
        Goal::Landed => "land",
        Goal::Stopped => "stop",
        Goal::Any => "be done, stop or land",
    };
    if out.is_empty() {
        return Failure::new(Exit::Refused, format!("no task is being worked on that could {what}"))
            .hint("use 'git dispatch status' to see what is under way");
    }
    let mut failure = Failure::new(Exit::Refused, String::new());
    for row in rows.iter().filter(|row| out.contains(&row.id)) {
        let gap = if failure.what.is_empty() { "" } else { "\n" };
        let is = match row.state {
            None => "is no longer known".to_owned(),
            Some(State::Held | State::Ready | State::Waiting) => "is no longer started".to_owned(),
            Some(state) => format!("is {}", state.word()),
        };
        failure.what.push_str(&format!("{gap}task '{}' {is}: it will not {what}", row.id));
        failure = failure.hint(match row.state {
            None => "use 'git dispatch log' to see what became of its batch".to_owned(),
            Some(_) => format!("use 'git dispatch why {}' to see how it stands", row.id),
        });
    }
    failure
}
