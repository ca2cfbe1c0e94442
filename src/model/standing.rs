//! Where each task stands: the one pure function that every command asks.

use std::collections::BTreeMap;

use super::exclusion::{Pairs, Party, Rules};
use super::facts::{Facts, Observed};
use super::graph::Ix;
use super::id::TaskId;
use super::implied::{Implied, Number};
use super::ledger::Record;
use super::proof::{Evidence, Mentions, proof};
use super::review::{before_landing, before_start};
use super::state::{Proof, Reason, State};
use super::task::{Declared, Task, TaskFile};

/// Where every task stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standings {
    /// By index into the graph.
    pub tasks: Vec<Standing>,
    /// Everything that holds paths and locks now, in the order of ids: also tasks that the file no longer names.
    pub holders: Vec<Holder>,
    /// Tasks that the ledger knows and the file no longer names.
    pub gone: BTreeMap<TaskId, Standing>,
    /// The order that follows from what tasks that are not over read and write.
    pub implied: Implied,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub state: State,
    /// For `held`: who excludes it, and its gate. For `waiting`: who writes what it reads; what it needs, see [`Standings::unmet`].
    pub reasons: Vec<Reason>,
    /// For `landed`.
    pub proof: Option<Proof>,
}

/// An active, done, stopped or elsewhere task, as it was when it started where the ledger knows that.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    pub task: Task,
    /// `None` where the file no longer names it.
    pub index: Option<Ix>,
    pub state: State,
}

impl Standings {
    /// Where task `id` stands, whether the file names it or the ledger only; `None` where neither does.
    pub fn of(&self, file: &TaskFile, id: &TaskId) -> Option<&Standing> {
        match file.graph.position(id) {
            Some(ix) => self.tasks.get(ix),
            None => self.gone.get(id),
        }
    }

    /// The needs of `ix` that have not landed, in the order of the file.
    pub fn unmet<'a>(&'a self, file: &'a TaskFile, ix: Ix) -> impl Iterator<Item = Ix> + 'a {
        file.graph.needs(ix).filter(|&need| self.tasks[need].state != State::Landed)
    }

    /// What has to land before `ix` starts, declared or implied, as far as the file names it; landed or not.
    pub fn needs<'a>(&'a self, file: &'a TaskFile, ix: Ix) -> impl Iterator<Item = Ix> + 'a {
        let implied = self.implied.needs_of(ix as Number).iter().map(|after| after.writer as Ix);
        file.graph.needs(ix).chain(implied.filter(|&writer| writer < file.graph.len()))
    }

    /// Everything that `ix` waits for: needs that have not landed, then who writes what it reads.
    pub fn waits_for(&self, file: &TaskFile, ix: Ix) -> Vec<Reason> {
        let reason = |need: Ix| {
            let id = file.graph.tasks()[need].id.clone();
            if self.tasks[need].state == State::Cancelled { Reason::Cancelled(id) } else { Reason::Needs(id) }
        };
        self.unmet(file, ix).map(reason).chain(self.tasks[ix].reasons.iter().cloned()).collect()
    }

    /// Worker slots in use.
    pub fn busy(&self) -> usize {
        self.holders.iter().filter(|holder| holder.state.busy()).count()
    }

    /// A task of the file as one of two for [`Pairs`]: an active one as it was when it started.
    pub fn party<'t>(&'t self, file: &'t TaskFile, pairs: &Pairs<'t>, ix: Ix) -> Party<'t> {
        match self.holders.iter().enumerate().find(|(_, holder)| holder.index == Some(ix)) {
            Some((place, holder)) => pairs.holder(&holder.task, Some(ix), place),
            None => pairs.candidate(&file.graph.tasks()[ix], ix),
        }
    }

    /// The active tasks, each as one of two for [`Pairs`].
    pub fn active<'t>(&'t self, pairs: &Pairs<'t>) -> Vec<Party<'t>> {
        let holders = self.holders.iter().enumerate();
        holders.map(|(place, holder)| pairs.holder(&holder.task, holder.index, place)).collect()
    }

    /// The id of a task by its number in [`Standings::implied`].
    pub fn called<'a>(&'a self, file: &'a TaskFile, number: Number) -> &'a TaskId {
        let tasks = file.graph.tasks();
        let number = number as usize;
        if number < tasks.len() { &tasks[number].id } else { &self.holders[number - tasks.len()].task.id }
    }

    /// What this clone started and has not landed.
    pub fn under_way(&self) -> impl Iterator<Item = &Holder> {
        self.holders.iter().filter(|holder| holder.state != State::Elsewhere)
    }

    pub fn holder(&self, id: &TaskId) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.task.id == *id)
    }
}

/// The branch name of each task: the one that the ledger recorded, else the template's.
pub type Names = BTreeMap<TaskId, String>;

/// Where every task of `file` stands, given what the repository shows.
///
/// Whether a worktree is dirty plays no part, so facts without changes give the same answer.
pub fn standings(file: &TaskFile, facts: &Facts, names: &Names) -> Standings {
    let mentions = Mentions::new(&facts.mentions);
    let mut standings = Standings::default();
    for (ix, task) in file.graph.tasks().iter().enumerate() {
        let mut standing = observed(facts, names, &mentions, (&task.id, task.state));
        standing.reasons = reviewed(file, facts, (&task.id, Some(ix)), standing.state);
        standings.tasks.push(standing);
    }
    for id in facts.ledger.records.keys().filter(|id| file.graph.position(id).is_none()) {
        let mut standing = observed(facts, names, &mentions, (id, None));
        standing.reasons = reviewed(file, facts, (id, None), standing.state);
        standings.gone.insert(id.clone(), standing);
    }
    standings.holders = holders(file, facts, &standings);
    settled(file, standings)
}

/// What reports and reviewers have against a task's next step.
fn reviewed(file: &TaskFile, facts: &Facts, (id, ix): (&TaskId, Option<Ix>), state: State) -> Vec<Reason> {
    let record = facts.ledger.records.get(id);
    match (state, ix) {
        (State::Ready, Some(ix)) => before_start(file, ix, record),
        (State::Active | State::Done | State::Stopped, ix) => {
            let details = ix.and_then(|ix| file.graph.tasks()[ix].details.as_deref());
            let tip = facts.tasks.get(id).and_then(|seen| seen.branch.as_ref()).map(|branch| branch.tip);
            before_landing((details, &file.settings), record, (state, tip))
        }
        _ => Vec::new(),
    }
}

/// Decides about the tasks that are `ready` as far as repository and ledger show, with what reviewers have against their start as
/// reasons: they may wait, or be held.
pub(super) fn settled(file: &TaskFile, mut standings: Standings) -> Standings {
    standings.implied = implied(file, &standings);
    let unstarted: Vec<Option<Standing>> = {
        let pairs = Pairs::new(file, &standings.implied);
        let holders = standings.active(&pairs);
        let ready = |ix: Ix| standings.tasks[ix].state == State::Ready;
        let decide = |ix: Ix| ready(ix).then(|| unstarted(file, &standings, (&pairs, &holders), ix));
        (0..standings.tasks.len()).map(decide).collect()
    };
    for (ix, standing) in unstarted.into_iter().enumerate() {
        if let Some(standing) = standing {
            standings.tasks[ix] = standing;
        }
    }
    standings
}

/// Looks at everything that is not over, at active tasks as they were when they started.
fn implied(file: &TaskFile, standings: &Standings) -> Implied {
    let graph = &file.graph;
    let mut holders = standings.holders.iter().filter(|holder| holder.index.is_some()).peekable();
    let mut numbers: Vec<Number> = Vec::new();
    let mut tasks: Vec<&Task> = Vec::new();
    for (ix, task) in graph.tasks().iter().enumerate().filter(|(ix, _)| !standings.tasks[*ix].state.over()) {
        numbers.push(ix as Number);
        tasks.push(holders.next_if(|holder| holder.index == Some(ix)).map_or(task, |holder| &holder.task));
    }
    for (place, holder) in standings.holders.iter().enumerate().filter(|(_, holder)| holder.index.is_none()) {
        numbers.push((graph.len() + place) as Number);
        tasks.push(&holder.task);
    }
    let readers = Rules::new(&file.settings).readers(&tasks);
    let started = |number: Number| standings.tasks.get(number as usize).is_none_or(|one| one.state.holds());
    Implied::new(graph, &readers, &numbers, started)
}

fn standing(state: State) -> Standing {
    Standing { state, reasons: Vec::new(), proof: None }
}

/// What the repository and the ledger say of one task; `ready` where they say nothing, until its needs are looked at.
fn observed(
    facts: &Facts,
    names: &Names,
    mentions: &Mentions<'_>,
    (id, declared): (&TaskId, Option<Declared>),
) -> Standing {
    let seen = facts.tasks.get(id);
    let record = facts.ledger.records.get(id);
    if seen.is_none() && record.is_none() && declared.is_none() && mentions.is_empty() {
        return standing(State::Ready);
    }
    let branch = seen.and_then(|seen| seen.branch.as_ref());
    let evidence = Evidence {
        id: id.as_str(),
        branch_name: names.get(id).map_or("", String::as_str),
        branch,
        record,
        batch: facts.ledger.batch_of(id),
        reverts: &facts.reverts,
        declared: declared == Some(Declared::Landed),
    };
    if declared == Some(Declared::Cancelled) {
        return standing(State::Cancelled);
    }
    if let Some(proof) = proof(&evidence, mentions) {
        return Standing { proof: Some(proof), ..standing(State::Landed) };
    }
    standing(unlanded(seen, record))
}

fn unlanded(seen: Option<&Observed>, record: Option<&Record>) -> State {
    let started = record.filter(|record| record.snapshot.is_some() && !record.dropped);
    if let Some(branch) = seen.and_then(|seen| seen.branch.as_ref()) {
        return match record.and_then(|record| record.done_at(branch.tip)) {
            None => State::Active,
            Some(true) => State::Done,
            Some(false) => State::Stopped,
        };
    }
    if seen.is_some_and(|seen| !seen.remotes.is_empty()) {
        return State::Elsewhere;
    }
    match started {
        Some(record) if record.started => State::Lost,
        // Its intent is written, so it is taken, although nothing has been made yet.
        Some(_) => State::Active,
        None => State::Ready,
    }
}

fn holders(file: &TaskFile, facts: &Facts, standings: &Standings) -> Vec<Holder> {
    let as_started = |id: &TaskId| facts.ledger.records.get(id)?.snapshot.as_ref().map(|snapshot| snapshot.task());
    let mut holders: Vec<Holder> = Vec::new();
    for (index, task) in file.graph.tasks().iter().enumerate() {
        let state = standings.tasks[index].state;
        if state.holds() {
            let task = as_started(&task.id).unwrap_or_else(|| task.clone());
            holders.push(Holder { task, index: Some(index), state });
        }
    }
    for (id, Standing { state, .. }) in &standings.gone {
        if let Some(task) = as_started(id).filter(|_| state.holds()) {
            holders.push(Holder { task, index: None, state: *state });
        }
    }
    holders.sort_by(|a, b| a.task.id.cmp(&b.task.id));
    holders
}

/// A task that nobody started: waiting, held or ready.
fn unstarted(file: &TaskFile, standings: &Standings, (pairs, holders): (&Pairs<'_>, &[Party<'_>]), ix: Ix) -> Standing {
    let written = standings.implied.needs_of(ix as Number).iter();
    let reads: Vec<Reason> = written
        .map(|after| Reason::Reads { id: standings.called(file, after.writer).clone(), path: after.path.to_string() })
        .collect();
    if !reads.is_empty() || standings.unmet(file, ix).next().is_some() {
        return Standing { reasons: reads, ..standing(State::Waiting) };
    }
    let task = &file.graph.tasks()[ix];
    let shut = &standings.tasks[ix].reasons;
    if holders.is_empty() && shut.is_empty() {
        return standing(State::Ready);
    }
    let candidate = pairs.candidate(task, ix);
    let mut reasons: Vec<Reason> = holders.iter().flat_map(|holder| pairs.reasons(&candidate, holder)).collect();
    reasons.extend(shut.iter().cloned());
    reasons.sort();
    let state = if reasons.is_empty() { State::Ready } else { State::Held };
    Standing { reasons, ..standing(state) }
}

#[cfg(test)]
mod tests;
