//! What every picture of a plan shows: bars on rows, what they need and hold, and the batches that they make up.

mod before;
mod links;
mod units;

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

pub use before::{Before, Why};
pub use links::links;
pub use units::{Begun, Group, Unit, letters};

use super::graph::Ix;
use super::id::TaskId;
use super::ledger::Ledger;
use super::plan::Plan;
use super::schedule::{Network, Resource, Slot};
use super::state::State;
use super::task::{Minutes, Task};

/// Tasks that a drawing may hold: beyond, no eye finds anything in it.
pub const MOST_DRAWN: usize = 5_000;

/// What a picture says of the repository, beside its plan.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// `git::Repo::name`.
    pub repo: &'a str,
    pub now: Timestamp,
    /// The name that the next batch would have.
    pub next_batch: &'a str,
    /// Names the sessions of what has started.
    pub ledger: &'a Ledger,
}

/// Everything left of a plan, as it is drawn.
#[derive(Debug)]
pub struct Picture<'p> {
    pub plan: &'p Plan<'p>,
    pub frame: Frame<'p>,
    /// In the order of the schedule: start, end, worker.
    pub bars: Vec<Bar<'p>>,
    /// Workers in their order, then what runs elsewhere, then what is reported done; without empty rows.
    pub rows: Vec<Row>,
    /// What at least two bars hold and only one may at a time: locks first, then issues, then paths; those held longest
    /// first.
    pub shared: Vec<Shared<'p>>,
    /// What starts now, then what the schedule lets run side by side later.
    pub groups: Vec<Group>,
    /// What is under way or reported done, in the order of sessions.
    pub begun: Vec<Begun>,
    /// By bar: the number of its session, from 0. What has started keeps the one of its place in the ledger for good;
    /// those of the next batches go on from there.
    pub sessions: Vec<usize>,
    /// Minutes along the longest chain of needs.
    pub critical: Minutes,
}

/// A task in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar<'p> {
    /// As it was when it started, or else as the file says.
    pub task: &'p Task,
    /// As the file says, also when it has started; without it, the same as `task`.
    pub listed: &'p Task,
    /// `None` where the file no longer names it.
    pub ix: Option<Ix>,
    /// Working minutes from now.
    pub start: Minutes,
    pub end: Minutes,
    /// Minutes that its needs take before it, were there workers for all.
    pub head: Minutes,
    pub row: Row,
    pub condition: Condition,
    /// On the longest chain of needs: later, it delays everything.
    pub critical: bool,
    /// Bars that must land first, in increasing order.
    pub needs: Vec<usize>,
    /// Indices into [`Picture::shared`], in increasing order.
    pub holds: Vec<usize>,
}

/// Who works on a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// From 1.
    Worker(u32),
    /// On a branch that only a remote has.
    Elsewhere,
    /// Reported done and not landed: nobody works on it.
    Done,
}

/// How a bar is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    Active,
    Done,
    Stopped,
    /// To start now.
    Start,
    Queued,
    Held,
    Waiting,
}

impl Condition {
    pub const ALL: [Condition; 7] = [
        Condition::Active,
        Condition::Done,
        Condition::Stopped,
        Condition::Start,
        Condition::Queued,
        Condition::Held,
        Condition::Waiting,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Condition::Active => "active",
            Condition::Done => "done",
            Condition::Stopped => "stopped",
            Condition::Start => "start now",
            Condition::Queued => "queued",
            Condition::Held => "held",
            Condition::Waiting => "waiting",
        }
    }
}

/// A resource and the bars that hold it, in the order of their start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared<'p> {
    pub resource: Resource<'p>,
    pub bars: Vec<usize>,
}

impl<'p> Picture<'p> {
    /// Draws nothing yet. Linear but for sorting.
    pub fn new(plan: &'p Plan<'p>, frame: Frame<'p>) -> Picture<'p> {
        let (network, path) = (&plan.outlook.network, &plan.outlook.path);
        let problem = &network.problem;
        let conditions = Conditions::new(plan);
        let scheduled = &plan.outlook.schedule.slots;
        let mut bar_of: Vec<Option<usize>> = vec![None; problem.len()];
        for (bar, slot) in scheduled.iter().enumerate() {
            bar_of[slot.node] = Some(bar);
        }
        let bar = |slot: &Slot| {
            let (node, index) = (slot.node, network.index(slot.node));
            let task = network.tasks[node];
            let condition = conditions.of(index, &task.id);
            let row = match (slot.worker, condition) {
                (Some(worker), _) => Row::Worker(worker.saturating_add(1)),
                (None, Condition::Done) => Row::Done,
                (None, _) => Row::Elsewhere,
            };
            let mut needs: Vec<usize> = problem.needs(node).filter_map(|need| bar_of[need]).collect();
            needs.sort_unstable();
            let critical = condition != Condition::Done && path.slack(node) == 0;
            let listed = index.map_or(task, |ix| plan.task(ix));
            let (start, end, head) = (slot.start, slot.end, path.head[node]);
            Bar { task, listed, ix: index, start, end, head, row, condition, critical, needs, holds: Vec::new() }
        };
        let mut bars: Vec<Bar<'p>> = scheduled.iter().map(bar).collect();
        let shared = shared(network, scheduled);
        for (at, resource) in shared.iter().enumerate() {
            resource.bars.iter().for_each(|&bar| bars[bar].holds.push(at));
        }
        let mut rows: Vec<Row> = bars.iter().map(|bar| bar.row).collect();
        rows.sort_unstable();
        rows.dedup();
        let groups = units::groups(plan, &bars, frame.next_batch);
        let (begun, sessions) = units::sessions(&bars, &groups, frame.ledger);
        Picture { plan, frame, bars, rows, shared, groups, begun, sessions, critical: path.length }
    }

    /// What all is about: the title of the master plan, else the repository.
    pub fn title(&self) -> &'p str {
        let title = self.plan.file.settings.plan.as_ref().and_then(|plan| plan.title.as_deref());
        title.filter(|title| !title.trim().is_empty()).unwrap_or(self.frame.repo)
    }

    /// Whether the critical path leads from `need` to `bar`, which needs it.
    pub fn chained(&self, need: usize, bar: usize) -> bool {
        let (need, bar) = (&self.bars[need], &self.bars[bar]);
        need.critical && bar.critical && need.head.saturating_add(need.task.minutes()) == bar.head
    }

    /// How many bars are in this condition.
    pub fn count(&self, condition: Condition) -> usize {
        self.bars.iter().filter(|bar| bar.condition == condition).count()
    }
}

impl Bar<'_> {
    /// What it is now: its condition, or that somebody works on it elsewhere.
    pub fn word(&self) -> &'static str {
        if self.row == Row::Elsewhere { "elsewhere" } else { self.condition.word() }
    }
}

/// Who starts, is queued or held; the rest follows from states.
struct Conditions<'p> {
    plan: &'p Plan<'p>,
    start: HashSet<Ix>,
    queued: HashSet<Ix>,
}

impl<'p> Conditions<'p> {
    fn new(plan: &'p Plan<'p>) -> Conditions<'p> {
        let start = plan.start.iter().map(|one| one.ix).collect();
        Conditions { plan, start, queued: plan.queued.iter().map(|one| one.ix).collect() }
    }

    fn of(&self, ix: Option<Ix>, id: &TaskId) -> Condition {
        let state = match ix {
            Some(ix) => self.plan.standings.tasks[ix].state,
            None => self.plan.standings.holder(id).map_or(State::Active, |holder| holder.state),
        };
        match (state, ix) {
            (State::Active | State::Elsewhere, _) => Condition::Active,
            (State::Done, _) => Condition::Done,
            (State::Stopped, _) => Condition::Stopped,
            (_, Some(ix)) if self.start.contains(&ix) => Condition::Start,
            (_, Some(ix)) if self.queued.contains(&ix) => Condition::Queued,
            (State::Ready | State::Held, _) => Condition::Held,
            _ => Condition::Waiting,
        }
    }
}

/// What at least two of the scheduled jobs hold.
fn shared<'p>(network: &Network<'p>, scheduled: &[Slot]) -> Vec<Shared<'p>> {
    let mut holders: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (bar, slot) in scheduled.iter().enumerate() {
        for &resource in network.problem.resources(slot.node) {
            holders.entry(resource).or_default().push(bar);
        }
    }
    let several = holders.into_iter().filter(|(_, bars)| bars.len() > 1);
    let mut shared: Vec<Shared<'p>> =
        several.map(|(name, bars)| Shared { resource: network.names[name as usize], bars }).collect();
    let minutes = |one: &Shared<'_>| {
        let each = one.bars.iter().map(|&bar| scheduled[bar].end.saturating_sub(scheduled[bar].start));
        each.fold(0, Minutes::saturating_add)
    };
    let kind = |resource: &Resource<'_>| match resource {
        Resource::Lock(_) => 0,
        Resource::Issue(_) => 1,
        Resource::Path(_) => 2,
    };
    shared.sort_by_cached_key(|one| (kind(&one.resource), Minutes::MAX - minutes(one), one.resource));
    shared
}

#[cfg(test)]
pub(crate) mod tests;
