//! Which of the ready tasks start: a walk through them in the order of choice.

use std::collections::{BTreeMap, HashSet};

use super::{Candidate, Held, Ix, Kind, Minutes, Options, Reason, Settings, Standings, Task, TaskFile, Workers};
use crate::model::exclusion::{Claims, Rules, is_at_or_below};
use crate::model::schedule::Crew;

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

    fn is_free_for(&self, task: &Task) -> bool {
        self.used < self.limit_with(self.only_research && task.kind == Kind::Research)
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
#[derive(Debug, Clone)]
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

/// Divides the ready tasks, which come in the order of choice.
///
/// A task that reads what another ready one writes waits for that one, which is looked at first; where waiting would go
/// round in a circle there is no order, and the writer that would close it goes ahead. No others start than `only`s.
pub(super) fn choose(
    file: &TaskFile,
    rules: &Rules<'_>,
    mut ready: Vec<Candidate>,
    slots: Slots,
    only: Option<&HashSet<Ix>>,
) -> Choice {
    let may = |candidate: &Candidate| only.is_none_or(|only| only.contains(&candidate.ix));
    ready.sort_by_key(|candidate| !may(candidate));
    let tasks: Vec<&Task> = ready.iter().map(|candidate| &file.graph.tasks()[candidate.ix]).collect();
    let mut walk = Walk {
        rules,
        claims: tasks.iter().map(|task| rules.claims(task)).collect(),
        writers: Writers::new(&tasks),
        tasks,
        may: ready.iter().map(may).collect(),
        fates: vec![Fate::Open; ready.len()],
        asked: vec![false; ready.len()],
        chosen: Vec::new(),
        slots,
    };
    for rank in 0..ready.len() {
        walk.decide(rank);
    }
    let mut choice = Choice { start: Vec::new(), queued: Vec::new(), held: Vec::new() };
    choice.start.extend(walk.chosen.iter().map(|&rank| ready[rank]));
    for (candidate, fate) in ready.into_iter().zip(walk.fates) {
        match fate {
            Fate::Queued => choice.queued.push(candidate),
            Fate::Held(reasons) => choice.held.push(Held { ix: candidate.ix, reasons }),
            Fate::Chosen | Fate::Open => {}
        }
    }
    choice
}

#[derive(Debug, Clone, PartialEq)]
enum Fate {
    Open,
    Chosen,
    Queued,
    Held(Vec<Reason>),
}

/// Everything by rank: the place in the order of choice.
struct Walk<'w, 's> {
    rules: &'w Rules<'s>,
    tasks: Vec<&'w Task>,
    claims: Vec<Claims<'w>>,
    writers: Writers<'w>,
    /// Whether it starts, if there is a worker.
    may: Vec<bool>,
    fates: Vec<Fate>,
    /// Readers whose writers are being looked at.
    asked: Vec<bool>,
    /// In the order of choice.
    chosen: Vec<usize>,
    slots: Slots,
}

impl Walk<'_, '_> {
    /// Decides about a task, after the writers of what it reads.
    fn decide(&mut self, rank: usize) {
        let mut stack = vec![rank];
        while let Some(&rank) = stack.last() {
            if self.fates[rank] == Fate::Open {
                self.fates[rank] = self.fate(rank);
            }
            if self.fates[rank] != Fate::Open {
                self.asked[rank] = false;
                stack.pop();
                continue;
            }
            self.asked[rank] = true;
            match self.writer_before(rank) {
                Some(writer) if self.fates[writer] == Fate::Open => stack.push(writer),
                Some(writer) => self.fates[rank] = Fate::Held(self.reads(rank, writer)),
                None if self.may[rank] && self.slots.take(self.tasks[rank]) => {
                    self.fates[rank] = Fate::Chosen;
                    self.chosen.push(rank);
                }
                None => self.fates[rank] = Fate::Queued,
            }
        }
    }

    /// What the tasks chosen so far make of this one; open where it is for its writers to say.
    fn fate(&self, rank: usize) -> Fate {
        let exclusions = |&chosen: &usize| self.rules.exclusions(&self.claims[rank], &self.claims[chosen]);
        let reasons: Vec<Reason> = self.chosen.iter().flat_map(exclusions).collect();
        match reasons.is_empty() {
            false => Fate::Held(reasons),
            true if self.slots.is_free_for(self.tasks[rank]) => Fate::Open,
            true => Fate::Queued,
        }
    }

    /// A ready task that writes what this one reads, must go first, and does not itself wait for this one.
    fn writer_before(&self, rank: usize) -> Option<usize> {
        let reader = self.tasks[rank];
        let before = |writer: &usize| {
            !self.asked[*writer]
                && self.fates[*writer] != Fate::Chosen
                && self.rules.follows(reader, self.tasks[*writer])
        };
        reader.reads.iter().flat_map(|read| self.writers.near(read.literal_prefix())).find(before)
    }

    fn reads(&self, rank: usize, writer: usize) -> Vec<Reason> {
        let reasons = self.rules.exclusions(&self.claims[rank], &self.claims[writer]);
        reasons.into_iter().filter(|reason| matches!(reason, Reason::Reads { .. })).collect()
    }
}

/// Ranks of tasks by the literal beginnings of what they write.
struct Writers<'w>(BTreeMap<&'w str, Vec<usize>>);

impl<'w> Writers<'w> {
    fn new(tasks: &[&'w Task]) -> Writers<'w> {
        let mut writers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (rank, task) in tasks.iter().enumerate() {
            for write in &task.writes {
                writers.entry(write.literal_prefix()).or_default().push(rank);
            }
        }
        Writers(writers)
    }

    /// Those whose beginning is `prefix`, a folder above it, or something below it.
    fn near<'q>(&'q self, prefix: &'q str) -> impl Iterator<Item = usize> + 'q {
        let above = prefix.match_indices('/').map(|(at, _)| &prefix[..at]);
        let above = above.chain((!prefix.is_empty()).then_some("")).filter_map(|folder| self.0.get(folder));
        // Below `a/b` comes after `a/b-c`, so the range ends at the first that does not begin with the same text.
        let below = self.0.range(prefix..).take_while(move |(path, _)| path.starts_with(prefix));
        let below = below.filter(move |(path, _)| is_at_or_below(path, prefix)).map(|(_, ranks)| ranks);
        above.chain(below).flatten().copied()
    }
}
