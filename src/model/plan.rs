//! Which tasks can start now, side by side, and how long everything left takes.

mod choice;
mod outlook;

use std::collections::HashSet;

use super::calibration::Calibration;
use super::exclusion::{Beside, Overlapping, Pairs, Party};
use super::facts::Facts;
use super::graph::Ix;
use super::id::TaskId;
use super::oid::Oid;
use super::schedule::{CriticalPath, Network, Node, dependants};
use super::stack::carries;
use super::standing::Standings;
use super::state::{Reason, State};
use super::task::{Batches, Kind, Minutes, Settings, Task, TaskFile};
use choice::{Choice, Slots, candidates, choose};

pub use outlook::{Outlook, Point, WORKERS_THAT_PAY};

/// What the command line says about a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    pub workers: Option<u32>,
    pub phase: Option<String>,
    /// Whether to tell what other numbers of workers would make of it.
    pub what_if: bool,
    /// How long shorter schedules are searched for, as a multiple of the usual; `None` is 1, and 0 not at all.
    pub effort: Option<u32>,
}

/// An answer to *what can start now?* Titles and needs stay where they are: in the file.
#[derive(Debug)]
pub struct Plan<'a> {
    pub file: &'a TaskFile,
    pub standings: &'a Standings,
    /// The branch and commit that new branches start from.
    pub target: (&'a str, Oid),
    /// The phase that is preferred, if any.
    pub phase: Option<&'a str>,
    pub workers: Workers,
    pub counts: Counts,
    /// What to start now, side by side, in the order of choice.
    pub start: Vec<Candidate>,
    /// Could start beside everything active and chosen, but no worker is free; in the order of choice.
    pub queued: Vec<Candidate>,
    /// Excluded by an active task or by one of `start`, or waiting for a gate; in the order of ids.
    pub held: Vec<Held>,
    /// In the order in which the schedule reaches them, those that can never run last; [`Plan::unmet`] tells what they
    /// wait for.
    pub waiting: Vec<Ix>,
    /// Tasks that the ledger knows and the repository no longer shows; in the order of ids.
    pub lost: Vec<Ix>,
    /// Tasks that can never run, since they wait for cancelled or lost ones; in the order of ids.
    pub stuck: Vec<Ix>,
    pub batch: Batch,
    pub outlook: Outlook<'a>,
    /// With other numbers of workers, from one on; empty unless asked for.
    pub curve: Vec<Point<'a>>,
    /// Under barriers: the tasks whose batch must be complete before what is queued starts.
    pub barrier: Vec<TaskId>,
    /// How many of the tasks that are left give no estimate.
    pub unestimated: usize,
    pub warnings: Vec<Warning>,
    /// Fewer than two tasks would run side by side: working on one in the main worktree is as fast.
    pub alone: bool,
    pub next: Next,
    /// How estimates fared so far; `None` where that was not asked, or too few tasks have landed.
    pub calibration: Option<Calibration>,
    /// Whether the estimates are those of the file times its ratio ([`Calibration::apply`]).
    pub calibrated: bool,
}

/// Worker slots of this clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workers {
    pub limit: u32,
    pub busy: u32,
    pub free: u32,
}

/// Tasks of the file by where they stand: `total` is the sum of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub total: usize,
    pub landed: usize,
    pub cancelled: usize,
    /// Has a branch and is neither landed nor dropped.
    pub active: usize,
    /// To start now, or queued.
    pub ready: usize,
    pub held: usize,
    pub waiting: usize,
    pub lost: usize,
}

/// A ready task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub ix: Ix,
    pub minutes: Minutes,
    /// How much later it may start without delaying the end, workers permitting.
    pub slack: Minutes,
    /// How many tasks wait for it, directly or through others.
    pub unblocks: u64,
    /// Follows up a batch of research that was found insufficient.
    pub follows_up: bool,
    /// Whether it declares `writes`; without, its overlap with others is not known.
    pub checked: bool,
    /// Starts, or waits, against the rule of choice, since that makes everything left so much shorter.
    pub shortens: Option<Minutes>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub ix: Ix,
    pub reasons: Vec<Reason>,
}

/// How long the tasks to start take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Batch {
    /// The longest of them.
    pub parallel: Minutes,
    /// All of them, one after the other.
    pub sequential: Minutes,
}

/// What a plan warns of, apart from what it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// This task is to start although it writes what another writes too.
    Overlap(TaskId, Overlapping),
    /// More than three workers: coordination eats the gain. So many minutes they save, against three.
    ManyWorkers(u32, Minutes),
    /// Tasks to start that declare no `writes`.
    NotChecked(Vec<Ix>),
    /// No task has the phase that is preferred.
    NoSuchPhase(String),
}

/// What there is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start what the plan names.
    Start,
    /// Write tasks: the file names none.
    Write,
    /// Nothing: every task has landed or was cancelled.
    Nothing,
    /// Wait until one of these is reported: every worker is busy.
    Report(Vec<TaskId>),
    /// Wait until one of these lands.
    Land(Vec<TaskId>),
    /// Start this one on what it waits for, which is reported done.
    Stack(TaskId),
    /// Mend the file: what is left waits for cancelled or lost tasks, or for a gate.
    Mend,
}

/// The plan for `file`, of which `standings` tells where every task stands.
///
/// Chosen are ready tasks that exclude neither each other nor anything active, as many as workers are free: those that follow up
/// research that was found insufficient, then those on the critical path, then those that unblock most, the current phase, the shorter ones, the smaller id. Others
/// are chosen only where everything left takes less time then.
pub fn plan<'a>(file: &'a TaskFile, facts: &'a Facts, standings: &'a Standings, options: &'a Options) -> Plan<'a> {
    let pairs = Pairs::new(file, &standings.implied);
    let phase = options.phase.as_deref().or(file.settings.phase.as_deref());
    let slots = Slots::new(&file.settings, options, standings);
    let network = Network::new(file, standings, &pairs.rules, slots.crew());
    let path = CriticalPath::new(&network.problem);
    let ready = candidates(file, (facts, standings), (&network, &path), phase);
    let batches = file.settings.batches == Some(Batches::Barrier);
    let now = if batches { slots.clone().in_batches(&ready, standings) } else { slots.clone() };
    let by_rule = choose(&pairs, file, ready.clone(), now, None);
    let effort = options.effort.unwrap_or(1);
    let mut outlook = Outlook::new(network, path, &by_rule.start, (phase, batches), effort);
    let departed = outlook.departure(&by_rule).map(|begun| {
        let choice = choose(&pairs, file, ready, slots.clone(), Some(&begun)).against(&by_rule, outlook.saved());
        let followed = |choice: &Choice| choice.start.iter().filter(|one| one.follows_up).count();
        let whole = choice.start.iter().filter(|one| begun.contains(&one.ix)).count() == begun.len()
            && followed(&choice) >= followed(&by_rule);
        whole.then_some(choice)
    });
    if departed == Some(None) {
        outlook.fall_back();
    }
    let Choice { start, queued, mut held } = departed.flatten().unwrap_or(by_rule);
    held.extend(with_state(standings, State::Held).map(|ix| Held { ix, reasons: standings.tasks[ix].reasons.clone() }));
    held.sort_unstable_by_key(|held| held.ix);
    let chosen: Vec<&Task> = start.iter().map(|candidate| &file.graph.tasks()[candidate.ix]).collect();
    let workers = slots.beside(&chosen);
    let mut plan = Plan {
        file,
        standings,
        target: facts.target.newest(),
        phase,
        workers,
        counts: Counts::default(),
        waiting: Vec::new(),
        lost: with_state(standings, State::Lost).collect(),
        batch: Batch {
            parallel: start.iter().map(|candidate| candidate.minutes).max().unwrap_or(0),
            sequential: start.iter().fold(0, |sum, candidate| sum.saturating_add(candidate.minutes)),
        },
        unestimated: outlook.unestimated(),
        alone: workers.busy as usize + start.len() < 2,
        stuck: outlook.network.stuck.clone(),
        curve: if options.what_if { outlook.curve(effort, workers.busy) } else { Vec::new() },
        barrier: if batches { barrier(standings, &start, file) } else { Vec::new() },
        outlook,
        warnings: Vec::new(),
        next: Next::Start,
        calibration: None,
        calibrated: false,
        start,
        queued,
        held,
    };
    plan.waiting = plan.reached(with_state(standings, State::Waiting).collect());
    plan.counts = plan.counted();
    plan.warnings = plan.warned(effort, &pairs);
    plan.next = plan.next_step();
    plan
}

impl<'a> Plan<'a> {
    /// `waiting` in the order of their start in the schedule.
    fn reached(&self, mut waiting: Vec<Ix>) -> Vec<Ix> {
        let mut starts = vec![Minutes::MAX; self.file.graph.len()];
        for slot in &self.outlook.schedule.slots {
            if let Some(ix) = self.file.graph.position(self.outlook.id(slot.node)) {
                starts[ix] = slot.start;
            }
        }
        waiting.sort_by_key(|&ix| (starts[ix], ix));
        waiting
    }

    pub fn task(&self, ix: Ix) -> &'a Task {
        &self.file.graph.tasks()[ix]
    }

    /// The needs of a task that have not landed, and whether each was cancelled; in the order of the file.
    pub fn unmet(&self, ix: Ix) -> impl Iterator<Item = (&'a TaskId, bool)> {
        let cancelled = |need: Ix| self.standings.tasks[need].state == State::Cancelled;
        self.standings.unmet(self.file, ix).map(move |need| (&self.task(need).id, cancelled(need)))
    }

    /// Why a task that could start is queued.
    pub fn queued_for(&self, one: &Candidate) -> Vec<Reason> {
        match (self.barrier.is_empty(), one.shortens) {
            (false, _) => self.barrier.iter().cloned().map(Reason::Batch).collect(),
            (true, Some(minutes)) => vec![Reason::Shortens(minutes)],
            (true, None) => vec![Reason::Slot],
        }
    }

    fn counted(&self) -> Counts {
        let count = |test: fn(State) -> bool| self.standings.tasks.iter().filter(|task| test(task.state)).count();
        Counts {
            total: self.file.graph.len(),
            landed: count(|state| state == State::Landed),
            cancelled: count(|state| state == State::Cancelled),
            active: count(State::holds),
            ready: self.start.len() + self.queued.len(),
            held: self.held.len(),
            waiting: self.waiting.len(),
            lost: self.lost.len(),
        }
    }

    fn warned(&self, effort: u32, pairs: &Pairs<'_>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let known = |phase: &&str| self.file.graph.tasks().iter().any(|task| task.phase.as_deref() == Some(*phase));
        if let Some(phase) = self.phase.filter(|phase| !known(phase) && !self.file.graph.is_empty()) {
            warnings.push(Warning::NoSuchPhase(phase.to_owned()));
        }
        if self.start.iter().any(|candidate| self.task(candidate.ix).kind == Kind::Code) {
            let saved = self.outlook.saved_by_many(effort);
            warnings.extend(saved.map(|saved| Warning::ManyWorkers(self.outlook.workers, saved)));
        }
        let mut beside: Vec<Party<'_>> = self.standings.active(pairs);
        for candidate in &self.start {
            let party = pairs.candidate(self.task(candidate.ix), candidate.ix);
            for other in &beside {
                if let Beside::Overlaps(overlaps) = pairs.beside(&party, other) {
                    let id = || party.task().id.clone();
                    warnings.extend(overlaps.into_iter().map(|overlap| Warning::Overlap(id(), overlap)));
                }
            }
            beside.push(party);
        }
        let unchecked: Vec<Ix> = self.start.iter().filter(|chosen| !chosen.checked).map(|chosen| chosen.ix).collect();
        if !unchecked.is_empty() && beside.len() > 1 {
            warnings.push(Warning::NotChecked(unchecked));
        }
        warnings
    }

    fn next_step(&self) -> Next {
        let counts = &self.counts;
        if !self.start.is_empty() {
            return Next::Start;
        }
        if counts.total == 0 {
            return Next::Write;
        }
        if counts.landed + counts.cancelled == counts.total {
            return Next::Nothing;
        }
        let holders = &self.standings.holders;
        if !self.queued.is_empty() && self.barrier.is_empty() {
            let busy = holders.iter().filter(|holder| holder.state.busy());
            return Next::Report(busy.map(|holder| holder.task.id.clone()).collect());
        }
        if holders.is_empty() {
            return Next::Mend;
        }
        let free = self.workers.free > 0 && self.barrier.is_empty();
        self.stackable().filter(|_| free).map_or_else(|| Next::Land(self.awaited()), Next::Stack)
    }

    /// The first task that waits for nothing but what is reported done.
    fn stackable(&self) -> Option<TaskId> {
        let done = |reason: &Reason| match reason {
            Reason::Needs(need) | Reason::Reads { id: need, .. } => {
                self.standings.of(self.file, need).is_some_and(|standing| carries(self.standings, standing, need))
            }
            _ => false,
        };
        let stacks = |ix: &&Ix| self.standings.waits_for(self.file, **ix).iter().all(done);
        self.waiting.iter().find(stacks).map(|&ix| self.task(ix).id.clone())
    }

    /// Active tasks that something waits for or is held by; all, where nothing is.
    fn awaited(&self) -> Vec<TaskId> {
        let held = self.held.iter().flat_map(|held| &held.reasons).filter_map(Reason::task);
        let waiting = self.waiting.iter().flat_map(|&ix| {
            let written = self.standings.tasks[ix].reasons.iter().filter_map(Reason::task);
            self.unmet(ix).map(|(id, _)| id).chain(written)
        });
        let named: HashSet<&TaskId> = held.chain(waiting).collect();
        let ids = || self.standings.holders.iter().map(|holder| &holder.task.id);
        let awaited: Vec<TaskId> = ids().filter(|id| named.contains(id)).cloned().collect();
        if awaited.is_empty() { ids().cloned().collect() } else { awaited }
    }
}

impl Batch {
    /// How many times faster side by side than in sequence, in hundredths; `None` for no work.
    pub fn benefit(&self) -> Option<u64> {
        let hundredths =
            (u128::from(self.sequential) * 100 + u128::from(self.parallel) / 2) / u128::from(self.parallel.max(1));
        (self.parallel > 0).then(|| u64::try_from(hundredths).unwrap_or(u64::MAX))
    }
}

fn with_state(standings: &Standings, state: State) -> impl Iterator<Item = Ix> {
    standings.tasks.iter().enumerate().filter(move |(_, standing)| standing.state == state).map(|(ix, _)| ix)
}

/// The tasks whose batch comes before any other: what this clone has under way, else what it is to start.
fn barrier(standings: &Standings, start: &[Candidate], file: &TaskFile) -> Vec<TaskId> {
    let under_way: Vec<TaskId> = standings.under_way().map(|holder| holder.task.id.clone()).collect();
    let chosen = start.iter().map(|one| file.graph.tasks()[one.ix].id.clone());
    if under_way.is_empty() { chosen.collect() } else { under_way }
}

#[cfg(test)]
mod tests;
