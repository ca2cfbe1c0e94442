//! What is left to do, as jobs.

use std::collections::HashMap;

use super::Node;
use crate::model::exclusion::Rules;
use crate::model::graph::{Edges, Ix};
use crate::model::standing::{Holder, Standings};
use crate::model::state::State;
use crate::model::task::{Minutes, Task, TaskFile};

/// Everything that has neither landed nor been cancelled and can run at all, with the needs among it.
///
/// Jobs that run already come without needs: they start now whatever they wait for.
pub struct Network<'a> {
    /// Every job after all that it needs; holders that the file no longer names come last.
    pub jobs: Vec<Job<'a>>,
    /// Names of what only one running job may hold; [`Network::resources`] gives indices into it.
    pub names: Vec<Resource<'a>>,
    /// Tasks that can never run, since they wait for cancelled or lost ones.
    pub stuck: Vec<Ix>,
    needs: Edges,
    dependants: Edges,
    resources: Edges,
    /// By index into the graph; [`NONE`] where there is no job.
    nodes: Vec<u32>,
}

const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    pub task: &'a Task,
    /// `None` where the file no longer names it.
    pub index: Option<Ix>,
    pub minutes: Minutes,
    pub place: Place,
}

/// Where a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Waits for a worker.
    Open,
    /// Runs now, on a worker of this clone.
    Working,
    /// Runs now or is done, without a worker of this clone.
    Away,
}

/// What two jobs may not hold at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource<'a> {
    Lock(&'a str),
    /// A literal path that both write.
    Path(&'a str),
    Issue(&'a str),
}

impl<'a> Network<'a> {
    /// The jobs that `file` and `standings` leave, with estimates as they stood when a task started.
    pub fn new(file: &'a TaskFile, standings: &'a Standings, rules: &Rules<'a>) -> Network<'a> {
        let mut network = Network::of_jobs(file, standings);
        let mut names = HashMap::with_capacity(network.len());
        let mut pairs = Vec::new();
        for (node, job) in network.jobs.iter().enumerate() {
            for resource in held_by(job.task, rules) {
                let next = names.len() as u32;
                pairs.push((node as u32, *names.entry(resource).or_insert(next)));
            }
        }
        network.resources = Edges::new(network.jobs.len(), pairs.iter().copied());
        let mut sorted: Vec<_> = names.into_iter().collect();
        sorted.sort_unstable_by_key(|&(_, index)| index);
        network.names = sorted.into_iter().map(|(name, _)| name).collect();
        network
    }

    fn of_jobs(file: &'a TaskFile, standings: &'a Standings) -> Network<'a> {
        let graph = &file.graph;
        let holders: HashMap<Ix, &Holder> =
            standings.holders.iter().filter_map(|holder| Some((holder.index?, holder))).collect();
        let mut jobs = Vec::new();
        let mut nodes = vec![NONE; graph.len()];
        let mut stuck = Vec::new();
        let mut dead = vec![false; graph.len()];
        for ix in graph.topological() {
            let state = standings.tasks[ix].state;
            let waits = !state.over() && !state.holds();
            dead[ix] =
                matches!(state, State::Cancelled | State::Lost) || waits && graph.needs(ix).any(|need| dead[need]);
            if dead[ix] && !matches!(state, State::Cancelled | State::Lost) {
                stuck.push(ix);
            }
            if !dead[ix] && !state.over() {
                nodes[ix] = jobs.len() as u32;
                jobs.push(Job::new(
                    holders.get(&ix).map_or(&graph.tasks()[ix], |holder| &holder.task),
                    Some(ix),
                    state,
                ));
            }
        }
        let foreign = standings.holders.iter().filter(|holder| holder.index.is_none());
        jobs.extend(foreign.map(|holder| Job::new(&holder.task, None, holder.state)));
        stuck.sort_unstable();

        let waiting = jobs.iter().enumerate().filter(|(_, job)| job.place == Place::Open);
        let pairs: Vec<(u32, u32)> = waiting
            .filter_map(|(node, job)| Some((node, job.index?)))
            .flat_map(|(node, ix)| graph.needs(ix).map(move |need| (node, need)))
            .filter(|&(_, need)| nodes[need] != NONE)
            .map(|(node, need)| (node as u32, nodes[need]))
            .collect();
        Network {
            needs: Edges::new(jobs.len(), pairs.iter().copied()),
            dependants: Edges::new(jobs.len(), pairs.iter().map(|&(node, need)| (need, node))),
            jobs,
            names: Vec::new(),
            stuck,
            resources: Edges::default(),
            nodes,
        }
    }

    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The job of a task of the file; `None` where nothing is left of it to do, or where it can never run.
    pub fn node(&self, ix: Ix) -> Option<Node> {
        Some(self.nodes[ix]).filter(|&node| node != NONE).map(|node| node as Node)
    }

    pub fn needs(&self, node: Node) -> impl ExactSizeIterator<Item = Node> + '_ {
        self.needs.row(node).iter().map(|&need| need as Node)
    }

    pub fn dependants(&self, node: Node) -> impl ExactSizeIterator<Item = Node> + '_ {
        self.dependants.row(node).iter().map(|&dependant| dependant as Node)
    }

    /// What the job holds while it runs, as indices into [`Network::names`].
    pub fn resources(&self, node: Node) -> &[u32] {
        self.resources.row(node)
    }
}

impl<'a> Job<'a> {
    /// Nothing is left to do of a task that is reported done, and one that stopped has to be taken up again.
    fn new(task: &'a Task, index: Option<Ix>, state: State) -> Job<'a> {
        let (minutes, place) = match state {
            State::Active => (task.minutes(), Place::Working),
            State::Elsewhere => (task.minutes(), Place::Away),
            State::Done => (0, Place::Away),
            _ => (task.minutes(), Place::Open),
        };
        Job { task, index, minutes, place }
    }
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
