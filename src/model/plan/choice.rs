//! Which of the ready tasks start: a walk through them in the order of choice.

use std::collections::HashSet;

use super::{
    Candidate, CriticalPath, Facts, Held, Ix, Kind, Minutes, Network, Node, Options, Reason, Settings, Standings,
    State, Task, TaskFile, Workers, dependants, with_state,
};
use crate::model::exclusion::{Pairs, Party};
use crate::model::schedule::{Crew, batch_size};

/// How many tasks may run side by side: more where all of them are research.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    limit: u32,
    research: u32,
    busy: u32,
    used: u32,
    only_research: bool,
}

impl Slots {
    pub(super) fn new(settings: &Settings, options: &Options, standings: &Standings) -> Slots {
        let busy = standings.busy() as u32;
        Slots {
            limit: options.workers.unwrap_or(settings.workers()),
            research: options.workers.unwrap_or(settings.research_workers().max(settings.workers())),
            busy,
            used: busy,
            only_research: standings.holders.iter().all(|holder| holder.task.kind == Kind::Research),
        }
    }

    /// The slots for one batch of `ready` tasks: none while another is under way, else so many that batches are even.
    pub(super) fn in_batches(self, ready: &[Candidate], standings: &Standings) -> Slots {
        if standings.under_way().next().is_some() {
            return Slots { limit: self.used, research: self.used, ..self };
        }
        let even = |limit: u32| batch_size(ready.len(), limit) as u32;
        Slots { limit: even(self.limit), research: even(self.research), ..self }
    }

    fn limit_with(&self, only_research: bool) -> u32 {
        if only_research { self.research } else { self.limit }
    }

    /// Takes a slot for the task, if there is one.
    fn take(&mut self, task: &Task) -> bool {
        let only_research = self.only_research && task.kind == Kind::Research;
        let free = self.used < self.limit_with(only_research);
        if free {
            self.used += 1;
            self.only_research = only_research;
        }
        free
    }

    /// The slots before these tasks start, by the limit that holds with them.
    pub(super) fn beside(&self, chosen: &[&Task]) -> Workers {
        let some = self.busy > 0 || !chosen.is_empty();
        let only_research = self.only_research && chosen.iter().all(|task| task.kind == Kind::Research);
        let limit = self.limit_with(some && only_research);
        Workers { limit, busy: self.busy, free: limit.saturating_sub(self.busy) }
    }

    /// Who works on everything that is left.
    pub(super) fn crew(&self) -> Crew {
        Crew { workers: self.limit.max(1), research: self.research.max(1) }
    }
}

/// What became of the ready tasks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) start: Vec<Candidate>,
    pub(super) queued: Vec<Candidate>,
    pub(super) held: Vec<Held>,
}

impl Choice {
    /// Marks what differs from the rule's choice: who starts instead, and who waits.
    pub(super) fn against(mut self, by_rule: &Choice, saved: Minutes) -> Choice {
        let chosen: HashSet<Ix> = by_rule.start.iter().map(|one| one.ix).collect();
        for one in self.start.iter_mut().filter(|one| !chosen.contains(&one.ix)) {
            one.shortens = Some(saved);
        }
        for one in self.queued.iter_mut().filter(|one| chosen.contains(&one.ix)) {
            one.shortens = Some(saved);
        }
        self
    }
}

/// Divides the ready tasks, which come in the order of choice: each starts unless one chosen before it excludes it, or no
/// slot is free. Given `only`, those are looked at first, and of the others only such as take no time start.
pub(super) fn choose(
    pairs: &Pairs<'_>,
    file: &TaskFile,
    mut ready: Vec<Candidate>,
    mut slots: Slots,
    only: Option<&HashSet<Ix>>,
) -> Choice {
    let named = |candidate: &Candidate| only.is_none_or(|only| only.contains(&candidate.ix));
    ready.sort_by_key(|candidate| !named(candidate));
    let may = |candidate: &Candidate| named(candidate) || candidate.minutes == 0;
    let mut choice = Choice { start: Vec::new(), queued: Vec::new(), held: Vec::new() };
    let mut chosen: Vec<Party<'_>> = Vec::new();
    for candidate in ready {
        let task = &file.graph.tasks()[candidate.ix];
        let party = pairs.candidate(task, candidate.ix);
        let reasons: Vec<Reason> = chosen.iter().flat_map(|other| pairs.reasons(&party, other)).collect();
        if !reasons.is_empty() {
            choice.held.push(Held { ix: candidate.ix, reasons });
        } else if may(&candidate) && slots.take(task) {
            chosen.push(party);
            choice.start.push(candidate);
        } else {
            choice.queued.push(candidate);
        }
    }
    choice
}

/// The ready tasks in the order of choice.
pub(super) fn candidates(
    file: &TaskFile,
    (facts, standings): (&Facts, &Standings),
    (network, path): (&Network<'_>, &CriticalPath),
    phase: Option<&str>,
) -> Vec<Candidate> {
    let batches = facts.ledger.batches.iter().filter(|batch| batch.is_sufficient() == Some(false));
    let open: HashSet<&str> = batches.map(|batch| batch.name.as_str()).collect();
    let follows_up = |task: &Task| {
        let batch = task.details.as_ref().and_then(|details| details.follow_up.as_deref());
        batch.is_some_and(|batch| open.contains(batch))
    };
    let ready: Vec<(Ix, Node)> =
        with_state(standings, State::Ready).filter_map(|ix| Some((ix, network.node(ix)?))).collect();
    let nodes: Vec<Node> = ready.iter().map(|&(_, node)| node).collect();
    let unblocks = dependants(&network.problem, &nodes);
    let mut candidates: Vec<Candidate> = ready
        .into_iter()
        .zip(unblocks)
        .map(|((ix, node), unblocks)| {
            let task = network.tasks[node];
            let checked = !task.writes.is_empty() || task.kind == Kind::Research;
            let minutes = network.problem.jobs[node].minutes;
            let (slack, follows_up) = (path.slack(node), follows_up(task));
            Candidate { ix, minutes, slack, unblocks, follows_up, checked, shortens: None }
        })
        .collect();
    candidates.sort_unstable_by_key(|candidate| {
        let other_phase = phase.is_some() && file.graph.tasks()[candidate.ix].phase.as_deref() != phase;
        let Candidate { follows_up, slack, unblocks, minutes, ix, .. } = *candidate;
        (!follows_up, slack > 0, u64::MAX - unblocks, other_phase, minutes, ix)
    });
    candidates
}
