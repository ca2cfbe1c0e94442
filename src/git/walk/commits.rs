//! Commits with their parents, each read once: from the commit-graph where it has them, else from the objects.

use std::collections::HashSet;
use std::ops::Range;

use gix::ObjectId;
use gix::commitgraph::{Graph, Position};
use gix::hashtable::HashMap;
use gix::prelude::FindExt;

use crate::git::repo::Repo;

/// A commit by its number.
pub(super) type Number = u32;

/// Every commit comes before its parents where the generations are known; commits that the graph does not have come
/// before those that it has, and are ordered by their dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    /// 1 more than the largest of the parents' (git `Documentation/technical/commit-graph.txt`); [`UNKNOWN`] outside
    /// of the graph.
    pub generation: u32,
    /// Committer time, in seconds since the epoch.
    pub time: i64,
}

pub(super) const UNKNOWN: u32 = u32::MAX;

#[derive(Clone)]
enum Place {
    Graph(Position),
    /// Its id and its parents' in [`Commits::ids`].
    Object(Range<u32>),
    /// Its id there; there is no such commit, or it cannot be read.
    Missing(u32),
}

/// The commits that were met so far.
pub(super) struct Commits {
    gix: gix::Repository,
    graph: Option<Graph>,
    shallow: HashSet<ObjectId>,
    found: Vec<(Order, Place)>,
    /// 1 more than the commit's number, by its position in the graph; 0: not met.
    by_position: Vec<Number>,
    by_id: HashMap<ObjectId, Number>,
    ids: Vec<ObjectId>,
    buffer: Vec<u8>,
}

impl Commits {
    pub fn new(repo: &Repo) -> Commits {
        let shallow = repo.gix.shallow_commits().ok().flatten();
        let shallow: HashSet<ObjectId> =
            shallow.into_iter().flat_map(|commits| commits.iter().copied().collect::<Vec<_>>()).collect();
        let graph = repo.gix.commit_graph_if_enabled().ok().flatten().filter(|_| shallow.is_empty());
        let positions = graph.as_ref().map_or(0, Graph::num_commits) as usize;
        Commits {
            gix: repo.gix.clone(),
            graph,
            shallow,
            found: Vec::new(),
            by_position: vec![0; positions],
            by_id: HashMap::default(),
            ids: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// The commit of this id, read if it was not met before.
    pub fn number(&mut self, id: ObjectId) -> Number {
        if let Some(position) = self.graph.as_ref().and_then(|graph| graph.lookup(id)) {
            return self.at(position);
        }
        if let Some(&known) = self.by_id.get(&id) {
            return known;
        }
        let (order, place) = self.read(id);
        let number = self.add(order, place);
        self.by_id.insert(id, number);
        number
    }

    pub fn order(&self, number: Number) -> Order {
        self.found[number as usize].0
    }

    pub fn is_missing(&self, number: Number) -> bool {
        matches!(self.found[number as usize].1, Place::Missing(_))
    }

    pub fn id(&self, number: Number) -> ObjectId {
        match (&self.found[number as usize].1, &self.graph) {
            (Place::Graph(position), Some(graph)) => graph.id_at(*position).to_owned(),
            (Place::Object(Range { start: at, .. }) | Place::Missing(at), _) => self.ids[*at as usize],
            (Place::Graph(_), None) => self.gix.object_hash().null(),
        }
    }

    /// How many commits were met.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// How many of them were read as objects.
    pub fn objects(&self) -> usize {
        self.by_id.len()
    }

    /// Fills `parents` with those of a commit, which are read if they were not met before.
    pub fn parents(&mut self, number: Number, parents: &mut Vec<Number>) {
        parents.clear();
        match self.found[number as usize].1.clone() {
            Place::Graph(position) => {
                let Some(graph) = &self.graph else { return };
                let positions: Vec<_> = graph.commit_at(position).iter_parents().collect();
                for parent in positions {
                    // A graph that names a parent wrongly is damaged: what lies below is unknown.
                    parents.push(match parent {
                        Ok(parent) => self.at(parent),
                        Err(_) => self.nowhere(),
                    });
                }
            }
            Place::Object(range) => {
                for at in range.start + 1..range.end {
                    let parent = self.number(self.ids[at as usize]);
                    parents.push(parent);
                }
            }
            Place::Missing(_) => {}
        }
    }

    fn at(&mut self, position: Position) -> Number {
        let Some((graph, known)) = self.graph.as_ref().zip(self.by_position.get(position.0 as usize).copied()) else {
            return self.nowhere();
        };
        if known > 0 {
            return known - 1;
        }
        let commit = graph.commit_at(position);
        // 0: written by a git that knew no generations.
        let generation = if commit.generation() == 0 { UNKNOWN } else { commit.generation() };
        let time = i64::try_from(commit.committer_timestamp()).unwrap_or(i64::MAX);
        let number = self.add(Order { generation, time }, Place::Graph(position));
        self.by_position[position.0 as usize] = number + 1;
        number
    }

    /// A commit that cannot be read and has no name.
    fn nowhere(&mut self) -> Number {
        let null = self.gix.object_hash().null();
        self.number(null)
    }

    fn read(&mut self, id: ObjectId) -> (Order, Place) {
        let start = self.ids.len() as u32;
        self.ids.push(id);
        let commit = self.gix.objects.find_commit_iter(&id, &mut self.buffer).ok();
        let time = commit.and_then(|commit| Some((commit, commit.committer().ok()?.time().ok()?.seconds)));
        let Some((commit, time)) = time else {
            return (Order { generation: UNKNOWN, time: i64::MAX }, Place::Missing(start));
        };
        if !self.shallow.contains(&id) {
            self.ids.extend(commit.parent_ids());
        }
        (Order { generation: UNKNOWN, time }, Place::Object(start..self.ids.len() as u32))
    }

    fn add(&mut self, order: Order, place: Place) -> Number {
        self.found.push((order, place));
        self.found.len() as Number - 1
    }
}
