//! What is left to do, as jobs.

use std::collections::HashMap;

use super::Node;
use crate::model::exclusion::Rules;
use crate::model::graph::{Edges, Ix};
use crate::model::implied::Number;
use crate::model::standing::{Holder, Standings};
use crate::model::state::State;
use crate::model::task::{Minutes, Task, TaskFile};

/// Everything that has neither landed nor been cancelled and can run at all, with the needs among it.
///
/// Jobs that run already come without needs: they start now whatever they wait for.
pub struct Network<'a> {
    /// Every job after all that it needs; holders that the file no longer names come first.
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
    /// A path that all its holders write, or that one of each two reads and the other writes where no order follows.
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
        let mut sorted: Vec<_> = names.into_iter().collect();
        sorted.sort_unstable_by_key(|&(_, index)| index);
        network.names = sorted.into_iter().map(|(name, _)| name).collect();
        for (nodes, path) in network.paths(file, standings, rules) {
            let resource = network.names.len() as u32;
            network.names.push(Resource::Path(path));
            pairs.extend(nodes.into_iter().map(|node| (node, resource)));
        }
        network.resources = Edges::new(network.jobs.len(), pairs.iter().copied());
        network
    }

    /// Sets of jobs that exclude each other since all write a path, or since they read what the others write and no order
    /// follows from it.
    fn paths(&self, file: &TaskFile, standings: &'a Standings, rules: &Rules<'a>) -> Vec<(Vec<u32>, &'a str)> {
        let tasks: Vec<&'a Task> = self.jobs.iter().map(|job| job.task).collect();
        let mut paths: Vec<(Vec<u32>, &str)> =
            rules.contested(&tasks).into_iter().map(|set| (set.tasks, set.path)).collect();
        for (numbers, path) in standings.implied.exclusive() {
            let nodes = numbers.into_iter().filter_map(|number| self.numbered(file, standings, number));
            paths.push((nodes.map(|node| node as u32).collect(), path));
        }
        paths
    }

    /// The job of a task by its number in [`Standings::implied`].
    fn numbered(&self, file: &TaskFile, standings: &Standings, number: Number) -> Option<Node> {
        let number = number as usize;
        match number.checked_sub(file.graph.len()) {
            None => self.node(number),
            // Those that the file does not name come first, in the order of the holders.
            Some(place) => Some(standings.holders[..place].iter().filter(|holder| holder.index.is_none()).count()),
        }
    }

    fn of_jobs(file: &'a TaskFile, standings: &'a Standings) -> Network<'a> {
        let graph = &file.graph;
        let holders: HashMap<Ix, &Holder> =
            standings.holders.iter().filter_map(|holder| Some((holder.index?, holder))).collect();
        let foreign = standings.holders.iter().filter(|holder| holder.index.is_none());
        let mut jobs: Vec<Job<'_>> = foreign.map(|holder| Job::new(&holder.task, None, holder.state)).collect();
        let mut nodes = vec![NONE; graph.len()];
        let mut stuck = Vec::new();
        let mut dead = vec![false; graph.len()];
        for ix in standings.implied.topological(graph) {
            let state = standings.tasks[ix].state;
            let waits = !state.over() && !state.holds();
            dead[ix] = matches!(state, State::Cancelled | State::Lost)
                || waits && standings.needs(file, ix).any(|need| dead[need]);
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
        stuck.sort_unstable();

        let mut network = Network {
            needs: Edges::default(),
            dependants: Edges::default(),
            jobs,
            names: Vec::new(),
            stuck,
            resources: Edges::default(),
            nodes,
        };
        let pairs = network.order(file, standings);
        network.needs = Edges::new(network.len(), pairs.iter().copied());
        network.dependants = Edges::new(network.len(), pairs.iter().map(|&(node, need)| (need, node)));
        network
    }

    /// Needs among the jobs, declared and implied, as (job, need).
    fn order(&self, file: &TaskFile, standings: &Standings) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for (node, job) in self.jobs.iter().enumerate().filter(|(_, job)| job.place == Place::Open) {
            let Some(ix) = job.index else { continue };
            let written = standings.implied.needs_of(ix as Number).iter();
            let written = written.filter_map(|after| self.numbered(file, standings, after.writer));
            let needs = file.graph.needs(ix).filter_map(|need| self.node(need)).chain(written);
            pairs.extend(needs.map(|need| (node as u32, need as u32)));
        }
        pairs
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
    held.sort_unstable();
    held.dedup();
    held
}
