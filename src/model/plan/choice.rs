//! Which of the ready tasks start: a walk through them in the order of choice.

use super::{Candidate, Held, Kind, Options, Reason, Settings, Standings, Task, TaskFile, Workers};
use crate::model::exclusion::{Pairs, Party};
use crate::model::schedule::Network;

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
            research: options.workers.unwrap_or(settings.research_workers()),
            busy,
            used: busy,
            only_research: standings.holders.iter().all(|holder| holder.task.kind == Kind::Research),
        }
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

    /// The limit for everything that is left.
    pub(super) fn limit_of(&self, network: &Network<'_>) -> u32 {
        self.limit_with(!network.is_empty() && network.jobs.iter().all(|job| job.task.kind == Kind::Research))
    }
}

/// What became of the ready tasks.
pub(super) struct Choice {
    pub(super) start: Vec<Candidate>,
    pub(super) queued: Vec<Candidate>,
    pub(super) held: Vec<Held>,
}

/// Divides the ready tasks, which come in the order of choice: each starts unless one chosen before it excludes it, or no
/// slot is free.
pub(super) fn choose(pairs: &Pairs<'_>, file: &TaskFile, ready: Vec<Candidate>, mut slots: Slots) -> Choice {
    let mut choice = Choice { start: Vec::new(), queued: Vec::new(), held: Vec::new() };
    let mut chosen: Vec<Party<'_>> = Vec::new();
    for candidate in ready {
        let task = &file.graph.tasks()[candidate.ix];
        let party = pairs.candidate(task, candidate.ix);
        let reasons: Vec<Reason> = chosen.iter().flat_map(|other| pairs.reasons(&party, other)).collect();
        if !reasons.is_empty() {
            choice.held.push(Held { ix: candidate.ix, reasons });
        } else if slots.take(task) {
            chosen.push(party);
            choice.start.push(candidate);
        } else {
            choice.queued.push(candidate);
        }
    }
    choice
}
