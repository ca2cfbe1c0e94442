//! What is left to do, as jobs.

use std::collections::HashMap;
use std::fmt;

use super::{Crew, Job, Limit, Node, Place, Problem};
use crate::model::exclusion::Rules;
use crate::model::graph::Ix;
use crate::model::implied::Number;
use crate::model::standing::{Holder, Standings};
use crate::model::state::State;
use crate::model::task::{Kind, Task, TaskFile};

/// Everything that has neither landed nor been cancelled and can run at all, with the needs among it.
///
/// Jobs that run already come without needs: they start now whatever they wait for.
#[derive(Debug)]
pub struct Network<'a> {
    /// The jobs; holders that the file no longer names come first.
    pub problem: Problem,
    /// By node.
    pub tasks: Vec<&'a Task>,
    /// Names of what only one running job may hold, by the problem's resources.
    pub names: Vec<Resource<'a>>,
    /// The jobs of stopped tasks: they need nothing, and what they hold they keep until they end.
    pub stopped: Vec<Node>,
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
    /// A path that all its holders write, or that one of each two reads and the other writes where no order follows.
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
        let nodes = Nodes { of_tasks: nodes, tasks: file.graph.len(), standings };
        let mut holds = Holds::default();
        for (node, entry) in entries.iter().enumerate() {
            held_by(entry.task, rules).into_iter().for_each(|resource| holds.named(node as u32, resource));
        }
        holds.paths(&entries, standings, rules, &nodes);
        let mut needs = needs(file, &entries, &nodes);
        needs.extend(holds.after_stopped(file, &entries));
        Network {
            problem: Problem::new(entries.iter().map(Entry::job).collect(), crew, &needs, &holds.pairs),
            tasks: entries.iter().map(|entry| entry.task).collect(),
            names: holds.names,
            stopped: (0..entries.len()).filter(|&node| entries[node].state == State::Stopped).collect(),
            stuck,
            indices: entries.iter().map(|entry| entry.index).collect(),
            nodes: nodes.of_tasks,
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

    /// Whether it was started, whatever it waits for.
    fn begun(&self) -> bool {
        self.state.holds()
    }
}

/// What is left, every task after all that it needs, and those first that the file does not name or that have begun; by
/// index into the graph, where it stands in that; and what can never run.
fn entries<'a>(file: &'a TaskFile, standings: &'a Standings) -> (Vec<Entry<'a>>, Vec<u32>, Vec<Ix>) {
    let graph = &file.graph;
    let holders: HashMap<Ix, &Holder> =
        standings.holders.iter().filter_map(|holder| Some((holder.index?, holder))).collect();
    let foreign = standings.holders.iter().filter(|holder| holder.index.is_none());
    let mut entries: Vec<Entry<'_>> =
        foreign.map(|holder| Entry { task: &holder.task, index: None, state: holder.state }).collect();
    let (mut nodes, mut stuck, mut dead) = (vec![NONE; graph.len()], Vec::new(), vec![false; graph.len()]);
    let order = standings.implied.topological(graph);
    for &ix in order.iter().filter(|&&ix| standings.tasks[ix].state.holds()) {
        nodes[ix] = entries.len() as u32;
        let task = holders.get(&ix).map_or(&graph.tasks()[ix], |holder| &holder.task);
        entries.push(Entry { task, index: Some(ix), state: standings.tasks[ix].state });
    }
    for ix in order {
        let state = standings.tasks[ix].state;
        let waits = !state.over() && !state.holds();
        let over = matches!(state, State::Cancelled | State::Lost);
        dead[ix] = over || waits && standings.needs(file, ix).any(|need| dead[need]);
        if dead[ix] && !over {
            stuck.push(ix);
        }
        if !dead[ix] && !state.over() && !state.holds() {
            nodes[ix] = entries.len() as u32;
            entries.push(Entry { task: &graph.tasks()[ix], index: Some(ix), state });
        }
    }
    stuck.sort_unstable();
    (entries, nodes, stuck)
}

/// Where the job of a task stands.
struct Nodes<'s> {
    of_tasks: Vec<u32>,
    tasks: usize,
    standings: &'s Standings,
}

impl Nodes<'_> {
    fn of(&self, ix: Ix) -> Option<u32> {
        Some(self.of_tasks[ix]).filter(|&node| node != NONE)
    }

    /// The job of a task by its number in [`Standings::implied`].
    fn numbered(&self, number: Number) -> Option<u32> {
        let number = number as usize;
        match number.checked_sub(self.tasks) {
            None => self.of(number),
            // Those that the file does not name come first, in the order of the holders.
            Some(place) => {
                let before = self.standings.holders[..place].iter();
                Some(before.filter(|holder| holder.index.is_none()).count() as u32)
            }
        }
    }
}

/// Needs among the jobs that have not begun, declared and implied, as (job, need).
fn needs(file: &TaskFile, entries: &[Entry<'_>], nodes: &Nodes<'_>) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for (node, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.begun()) {
        let Some(ix) = entry.index else { continue };
        let written = nodes.standings.implied.needs_of(ix as Number).iter();
        let written = written.filter_map(|after| nodes.numbered(after.writer));
        let needs = file.graph.needs(ix).filter_map(|need| nodes.of(need)).chain(written);
        pairs.extend(needs.map(|need| (node as u32, need)));
    }
    pairs
}

/// Who holds what, as (job, resource), and what the resources are called.
#[derive(Default)]
struct Holds<'a> {
    pairs: Vec<(u32, u32)>,
    names: Vec<Resource<'a>>,
    numbers: HashMap<Resource<'a>, u32>,
}

impl<'a> Holds<'a> {
    fn named(&mut self, node: u32, resource: Resource<'a>) {
        let names = &mut self.names;
        let number = *self.numbers.entry(resource).or_insert_with(|| {
            names.push(resource);
            names.len() as u32 - 1
        });
        self.pairs.push((node, number));
    }

    /// Sets of jobs that exclude each other since all write a path, or since they read what the others write and no
    /// order follows from it.
    fn paths(&mut self, entries: &[Entry<'a>], standings: &'a Standings, rules: &Rules<'a>, nodes: &Nodes<'_>) {
        let tasks: Vec<&'a Task> = entries.iter().map(|entry| entry.task).collect();
        let contested = rules.contested(&tasks).into_iter().map(|set| (set.tasks, set.path));
        let circles =
            standings.implied.exclusive().into_iter().map(|(numbers, path)| {
                (numbers.into_iter().filter_map(|number| nodes.numbered(number)).collect(), path)
            });
        let sets: Vec<(Vec<u32>, &str)> = contested.chain(circles).collect();
        for (set, path) in sets {
            let number = self.names.len() as u32;
            self.names.push(Resource::Path(path));
            self.pairs.extend(set.into_iter().map(|node| (node, number)));
        }
    }

    /// What a stopped task holds it keeps until it lands, although nobody works on it: what else wants that, or runs
    /// alone beside it, comes after it, if it has not begun and the stopped one does not need it.
    fn after_stopped(&self, file: &TaskFile, entries: &[Entry<'_>]) -> Vec<(u32, u32)> {
        let stopped: Vec<u32> =
            (0..entries.len() as u32).filter(|&node| entries[node as usize].state == State::Stopped).collect();
        if stopped.is_empty() {
            return Vec::new();
        }
        let mut held: HashMap<u32, Vec<u32>> = HashMap::new();
        for &(node, number) in self.pairs.iter().filter(|(node, _)| stopped.binary_search(node).is_ok()) {
            held.entry(number).or_default().push(node);
        }
        let wants = self.pairs.iter().filter_map(|&(node, number)| Some((node, held.get(&number)?)));
        let wants = wants.flat_map(|(node, holders)| holders.iter().map(move |&holder| (node, holder)));
        let parallel = |node: u32| entries[node as usize].task.parallel;
        let alone = (0..entries.len() as u32).flat_map(|node| stopped.iter().map(move |&holder| (node, holder)));
        let alone = alone.filter(|&(node, holder)| !parallel(node) || !parallel(holder));
        let needed = |holder: u32, node: u32| {
            let (holder, node) = (entries[holder as usize].index, entries[node as usize].index);
            holder.zip(node).is_some_and(|(holder, node)| file.graph.needs(holder).any(|need| need == node))
        };
        let mut pairs: Vec<(u32, u32)> = wants
            .chain(alone)
            .filter(|&(node, holder)| !entries[node as usize].begun() && !needed(holder, node))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

fn held_by<'a>(task: &'a Task, rules: &Rules<'a>) -> Vec<Resource<'a>> {
    let mut held: Vec<_> = rules.claims(task).locks.into_iter().map(Resource::Lock).collect();
    held.extend(task.issue.as_deref().map(Resource::Issue));
    held.sort_unstable();
    held.dedup();
    held
}
