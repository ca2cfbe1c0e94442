//! What is left to do, as jobs.

use std::collections::HashMap;
use std::fmt;

use super::{Crew, Job, Limit, Node, Place, Problem};
use crate::model::exclusion::Rules;
use crate::model::graph::Ix;
use crate::model::standing::{Holder, Standings};
use crate::model::state::State;
use crate::model::task::{Kind, Task, TaskFile};

/// Everything that has neither landed nor been cancelled and can run at all, with the needs among it.
///
/// Jobs that run already come without needs: they start now whatever they wait for.
#[derive(Debug)]
pub struct Network<'a> {
    /// The jobs; holders that the file no longer names come last.
    pub problem: Problem,
    /// By node.
    pub tasks: Vec<&'a Task>,
    /// Names of what only one running job may hold, by the problem's resources.
    pub names: Vec<Resource<'a>>,
    /// Tasks that can never run, since they wait for cancelled or lost ones.
    pub stuck: Vec<Ix>,
    /// By node: the index into the graph; `None` where the file no longer names it.
    indices: Vec<Option<Ix>>,
    /// By index into the graph; [`NONE`] where there is no job.
    nodes: Vec<u32>,
}

const NONE: u32 = u32::MAX;

/// What two jobs may not hold at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource<'a> {
    Lock(&'a str),
    /// A literal path that both write.
    Path(&'a str),
    Issue(&'a str),
}

/// What keeps every schedule from being shorter; its `Display` is the stable code of the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound<'a> {
    CriticalPath,
    /// The work, shared out evenly, and when it can begin and must end.
    Workers,
    Resource(Resource<'a>),
}

impl<'a> Network<'a> {
    /// The jobs that `file` and `standings` leave, with estimates as they stood when a task started.
    pub fn new(file: &'a TaskFile, standings: &'a Standings, rules: &Rules<'a>, crew: Crew) -> Network<'a> {
        let (entries, nodes, stuck) = entries(file, standings);
        let mut needs = Vec::new();
        for (node, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.begun()) {
            let ix = entry.index.into_iter();
            let wanted = ix.flat_map(|ix| file.graph.needs(ix)).map(|need| nodes[need]).filter(|&need| need != NONE);
            needs.extend(wanted.map(|need| (node as u32, need)));
        }
        let mut names = HashMap::with_capacity(entries.len());
        let mut holds = Vec::new();
        for (node, entry) in entries.iter().enumerate() {
            for resource in held_by(entry.task, rules) {
                let next = names.len() as u32;
                holds.push((node as u32, *names.entry(resource).or_insert(next)));
            }
        }
        let mut sorted: Vec<_> = names.into_iter().collect();
        sorted.sort_unstable_by_key(|&(_, index)| index);
        Network {
            problem: Problem::new(entries.iter().map(Entry::job).collect(), crew, &needs, &holds),
            tasks: entries.iter().map(|entry| entry.task).collect(),
            names: sorted.into_iter().map(|(name, _)| name).collect(),
            stuck,
            indices: entries.iter().map(|entry| entry.index).collect(),
            nodes,
        }
    }

    /// The job of a task of the file; `None` where nothing is left of it to do, or where it can never run.
    pub fn node(&self, ix: Ix) -> Option<Node> {
        Some(self.nodes[ix]).filter(|&node| node != NONE).map(|node| node as Node)
    }

    /// The task of a job; `None` where the file no longer names it.
    pub fn index(&self, node: Node) -> Option<Ix> {
        self.indices[node]
    }

    /// What a limit of the problem is called.
    pub fn bound(&self, limit: Limit) -> Bound<'a> {
        match limit {
            Limit::Path => Bound::CriticalPath,
            Limit::Crew => Bound::Workers,
            Limit::Resource(resource) => Bound::Resource(self.names[resource]),
        }
    }
}

impl fmt::Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::CriticalPath => f.write_str("critical-path"),
            Bound::Workers => f.write_str("workers"),
            Bound::Resource(Resource::Lock(name)) => write!(f, "lock:{name}"),
            Bound::Resource(Resource::Path(path)) => write!(f, "writes:{path}"),
            Bound::Resource(Resource::Issue(issue)) => write!(f, "issue:{issue}"),
        }
    }
}

/// What becomes a job.
struct Entry<'a> {
    task: &'a Task,
    index: Option<Ix>,
    state: State,
}

impl Entry<'_> {
    /// Nothing is left to do of a task that is reported done, and one that stopped has to be taken up again.
    fn job(&self) -> Job {
        let (minutes, place) = match self.state {
            State::Active => (self.task.minutes(), Place::Working),
            State::Elsewhere => (self.task.minutes(), Place::Away),
            State::Done => (0, Place::Away),
            _ => (self.task.minutes(), Place::Open),
        };
        Job { minutes, place, alone: !self.task.parallel, research: self.task.kind == Kind::Research }
    }

    /// Whether it runs, or is done, whatever it waits for.
    fn begun(&self) -> bool {
        self.job().place != Place::Open
    }
}

/// What is left, every task after all that it needs; by index into the graph, where it stands in that; and what can
/// never run.
fn entries<'a>(file: &'a TaskFile, standings: &'a Standings) -> (Vec<Entry<'a>>, Vec<u32>, Vec<Ix>) {
    let graph = &file.graph;
    let holders: HashMap<Ix, &Holder> =
        standings.holders.iter().filter_map(|holder| Some((holder.index?, holder))).collect();
    let (mut entries, mut nodes, mut stuck) = (Vec::new(), vec![NONE; graph.len()], Vec::new());
    let mut dead = vec![false; graph.len()];
    for ix in graph.topological() {
        let state = standings.tasks[ix].state;
        let waits = !state.over() && !state.holds();
        let over = matches!(state, State::Cancelled | State::Lost);
        dead[ix] = over || waits && graph.needs(ix).any(|need| dead[need]);
        if dead[ix] && !over {
            stuck.push(ix);
        }
        if !dead[ix] && !state.over() {
            nodes[ix] = entries.len() as u32;
            let task = holders.get(&ix).map_or(&graph.tasks()[ix], |holder| &holder.task);
            entries.push(Entry { task, index: Some(ix), state });
        }
    }
    let foreign = standings.holders.iter().filter(|holder| holder.index.is_none());
    entries.extend(foreign.map(|holder| Entry { task: &holder.task, index: None, state: holder.state }));
    stuck.sort_unstable();
    (entries, nodes, stuck)
}

fn held_by<'a>(task: &'a Task, rules: &Rules<'a>) -> Vec<Resource<'a>> {
    let mut held: Vec<_> = rules.claims(task).locks.into_iter().map(Resource::Lock).collect();
    held.extend(task.issue.as_deref().map(Resource::Issue));
    if rules.is_exclusive(task) {
        let literal = task.writes.iter().filter(|write| write.is_literal() && !rules.is_shared(write));
        held.extend(literal.map(|write| Resource::Path(write.literal_prefix())));
    }
    held.sort_unstable();
    held.dedup();
    held
}
