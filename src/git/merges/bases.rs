//! The merge bases of many pairs in one walk over their history.

use std::collections::{BinaryHeap, HashMap, HashSet};

use gix::ObjectId;

use super::super::repo::{Repo, theirs};
use super::objects::Objects;
use crate::model::oid::Oid;

/// One walk marks commits with no more others than this: what it keeps grows with their product.
const AT_ONCE: usize = 1024;

/// The merge base of two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Base {
    /// The only one.
    One(ObjectId),
    /// The newest of several, of equally old ones that with the smallest id; and the others.
    Several(ObjectId, Vec<ObjectId>),
    /// Their histories are unrelated, or a shallow one ends where a better base may follow.
    None,
    /// A commit cannot be read.
    Unknown,
}

/// Commits as far as they were read, each once for all walks.
pub(super) struct History {
    graph: Option<gix::commitgraph::Graph>,
    /// Where history ends though the commits name parents.
    shallow: Vec<ObjectId>,
    places: HashMap<ObjectId, usize>,
    commits: Vec<Known>,
}

struct Known {
    id: ObjectId,
    time: i64,
    /// Where they are in [`History::commits`], once they were asked for.
    parents: Parents,
}

enum Parents {
    Named(Vec<ObjectId>),
    Placed(Vec<usize>),
    /// The commit cannot be read.
    Missing,
}

impl History {
    pub(super) fn new(repo: &Repo) -> History {
        let shallow = match repo.gix.shallow_commits() {
            Ok(Some(commits)) => commits.iter().copied().collect(),
            _ => Vec::new(),
        };
        let whole = shallow.is_empty() && !repo.common_dir().join("info/grafts").exists();
        let graph = if whole { repo.gix.commit_graph_if_enabled().ok().flatten() } else { None };
        History { graph, shallow, places: HashMap::new(), commits: Vec::new() }
    }

    /// Adds a commit that is in no file yet.
    pub(super) fn add(&mut self, id: ObjectId, time: i64, parents: Vec<ObjectId>) {
        let known = Known { id, time, parents: Parents::Named(parents) };
        match self.places.get(&id) {
            Some(&place) => self.commits[place] = known,
            None => {
                self.places.insert(id, self.commits.len());
                self.commits.push(known);
            }
        }
    }

    pub(super) fn time(&mut self, objects: &Objects, id: ObjectId) -> i64 {
        let place = self.place(objects, id);
        self.commits[place].time
    }

    fn place(&mut self, objects: &Objects, id: ObjectId) -> usize {
        if let Some(&place) = self.places.get(&id) {
            return place;
        }
        let known = self.read(objects, id);
        self.places.insert(id, self.commits.len());
        self.commits.push(known);
        self.commits.len() - 1
    }

    fn read(&self, objects: &Objects, id: ObjectId) -> Known {
        if let Some((graph, commit)) = self.graph.as_ref().and_then(|graph| Some((graph, graph.commit_by_id(id)?))) {
            let parents: Result<Vec<ObjectId>, _> =
                commit.iter_parents().map(|parent| parent.map(|at| graph.id_at(at).to_owned())).collect();
            if let Ok(parents) = parents {
                return Known { id, time: commit.committer_timestamp() as i64, parents: Parents::Named(parents) };
            }
        }
        match objects.commit(&id) {
            Some(commit) => {
                let parents = if self.shallow.contains(&id) { Vec::new() } else { commit.parents };
                Known { id, time: commit.time, parents: Parents::Named(parents) }
            }
            None => Known { id, time: 0, parents: Parents::Missing },
        }
    }

    /// `None` where the commit cannot be read.
    fn parents(&mut self, objects: &Objects, place: usize) -> Option<Vec<usize>> {
        let named = match &mut self.commits[place].parents {
            Parents::Placed(places) => return Some(places.clone()),
            Parents::Missing => return None,
            Parents::Named(named) => std::mem::take(named),
        };
        let places: Vec<usize> = named.into_iter().map(|id| self.place(objects, id)).collect();
        self.commits[place].parents = Parents::Placed(places.clone());
        Some(places)
    }

    /// The merge base of each pair.
    ///
    /// Each commit is marked with all the given commits that reach it, the newest first, until what remains is reached
    /// by all. A best common ancestor of two is marked by both, and none of its children is.
    pub(super) fn bases(&mut self, objects: &Objects, pairs: &[(Oid, Oid)]) -> Vec<Base> {
        let mut answers = Vec::with_capacity(pairs.len());
        let mut rest = pairs;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(first_part(rest));
            answers.extend(self.walk(objects, now));
            rest = later;
        }
        let several = pairs.len() > 1;
        // One that cannot be read ends the walk of those that reach it, each of which may need less of the history alone.
        let again = |(answer, pair): (Base, &(Oid, Oid))| match answer {
            Base::Unknown if several => self.walk(objects, std::slice::from_ref(pair)).pop().unwrap_or(Base::Unknown),
            answer => answer,
        };
        answers.into_iter().zip(pairs).map(again).collect()
    }

    fn walk(&mut self, objects: &Objects, pairs: &[(Oid, Oid)]) -> Vec<Base> {
        let mut bits: HashMap<Oid, usize> = HashMap::new();
        for &(a, b) in pairs {
            for id in [a, b] {
                let next = bits.len();
                bits.entry(id).or_insert(next);
            }
        }
        let mut walk = Walk::new(bits.len());
        let starts: Vec<(usize, usize)> =
            bits.iter().map(|(&id, &bit)| (self.place(objects, theirs(id)), bit)).collect();
        for &(place, bit) in &starts {
            walk.start(place, bit, self.commits[place].time);
        }
        while let Some(place) = walk.next() {
            let marks = walk.of(place).clone();
            let Some(parents) = self.parents(objects, place) else {
                walk.broken.push(place);
                continue;
            };
            for parent in parents {
                walk.pass_on(parent, &marks, self.commits[parent].time);
            }
        }
        let found = self.candidates(&walk, pairs, &bits);
        let broken = walk.broken();
        // Below the end of a shallow history that only one of two reaches, there might be a better base.
        let ends = self.shallow.iter().filter_map(|end| walk.marks.get(self.places.get(end)?));
        let cut: HashSet<&Marks> = ends.map(|mark| &mark.marks).collect();
        let answer = |(pair, found): (&(Oid, Oid), Vec<usize>)| {
            if [pair.0, pair.1].iter().any(|id| has(&broken, bits[id])) {
                return Base::Unknown;
            }
            if cut.iter().any(|marks| has(marks, bits[&pair.0]) != has(marks, bits[&pair.1])) {
                return Base::None;
            }
            let mut found: Vec<&Known> = found.into_iter().map(|place| &self.commits[place]).collect();
            found.sort_unstable_by_key(|known| (std::cmp::Reverse(known.time), known.id));
            match found.as_slice() {
                [] => Base::None,
                [base] => Base::One(base.id),
                [base, others @ ..] => Base::Several(base.id, others.iter().map(|known| known.id).collect()),
            }
        };
        pairs.iter().zip(found).map(answer).collect()
    }

    /// For each pair, the commits that both reach and that no commit which both reach has for a parent.
    fn candidates(&self, walk: &Walk, pairs: &[(Oid, Oid)], bits: &HashMap<Oid, usize>) -> Vec<Vec<usize>> {
        let mut wanted: Vec<Vec<(usize, usize)>> = vec![Vec::new(); bits.len()];
        for (at, (a, b)) in pairs.iter().enumerate() {
            wanted[bits[a]].push((bits[b], at));
        }
        let mut found = vec![Vec::new(); pairs.len()];
        for (place, children) in self.meetings(walk) {
            let marks = walk.of(place);
            let children: Vec<&Marks> = children.iter().map(|&child| walk.of(child)).collect();
            for (bit, wanted) in
                wanted.iter().enumerate().filter(|(bit, wanted)| !wanted.is_empty() && has(marks, *bit))
            {
                let mut here = marks.clone();
                for above in children.iter().filter(|above| has(above, bit)) {
                    here.iter_mut().zip(above.iter()).for_each(|(here, above)| *here &= !above);
                }
                // With none left, all that meet this one here have met it above.
                if here.iter().any(|word| *word != 0) {
                    let met = wanted.iter().filter(|(other, _)| has(&here, *other));
                    met.for_each(|&(_, at)| found[at].push(place));
                }
            }
        }
        found
    }

    /// The commits that are not reached by the very same ones as one of their children, with their children.
    fn meetings(&self, walk: &Walk) -> HashMap<usize, Vec<usize>> {
        let mut children: HashMap<usize, Option<Vec<usize>>> =
            walk.marks.keys().map(|&place| (place, Some(Vec::new()))).collect();
        for (&child, Mark { marks, .. }) in &walk.marks {
            let Parents::Placed(parents) = &self.commits[child].parents else { continue };
            for parent in parents {
                let Some(known) = children.get_mut(parent) else { continue };
                if walk.of(*parent) == marks {
                    *known = None;
                } else if let Some(known) = known {
                    known.push(child);
                }
            }
        }
        children.into_iter().filter_map(|(place, children)| Some((place, children?))).collect()
    }
}

/// How many of the pairs name no more than [`AT_ONCE`] commits.
fn first_part(pairs: &[(Oid, Oid)]) -> usize {
    let mut seen = HashSet::new();
    let fits = |&&(a, b): &&(Oid, Oid)| {
        seen.extend([a, b]);
        seen.len() <= AT_ONCE
    };
    pairs.iter().take_while(fits).count().max(1)
}

/// Which of the given commits reach a commit, one bit each.
type Marks = Box<[u64]>;

fn has(marks: &Marks, bit: usize) -> bool {
    marks[bit / 64] & (1 << (bit % 64)) != 0
}

/// A walk from all given commits, newest first; a commit is passed again when more of them turn out to reach it.
struct Walk {
    marks: HashMap<usize, Mark>,
    all: Marks,
    queue: BinaryHeap<(i64, usize)>,
    /// Commits in the queue that not all reach, as far as is known.
    open: usize,
    /// Commits that cannot be read.
    broken: Vec<usize>,
}

struct Mark {
    marks: Marks,
    queued: bool,
}

impl Walk {
    fn new(bits: usize) -> Walk {
        let mut all: Marks = vec![0; bits.div_ceil(64)].into();
        (0..bits).for_each(|bit| all[bit / 64] |= 1 << (bit % 64));
        Walk { marks: HashMap::new(), all, queue: BinaryHeap::new(), open: 0, broken: Vec::new() }
    }

    fn of(&self, place: usize) -> &Marks {
        self.marks.get(&place).map_or(&self.all, |mark| &mark.marks)
    }

    fn start(&mut self, place: usize, bit: usize, time: i64) {
        let mut marks: Marks = vec![0; self.all.len()].into();
        marks[bit / 64] |= 1 << (bit % 64);
        self.pass_on(place, &marks, time);
    }

    fn pass_on(&mut self, place: usize, marks: &Marks, time: i64) {
        let nothing = || Mark { marks: vec![0; marks.len()].into(), queued: false };
        let mark = self.marks.entry(place).or_insert_with(nothing);
        let was_open = mark.queued && mark.marks != self.all;
        let mut grown = false;
        for (old, new) in mark.marks.iter_mut().zip(marks) {
            grown |= *old | new != *old;
            *old |= new;
        }
        if !grown {
            return;
        }
        if !mark.queued {
            self.queue.push((time, place));
        }
        mark.queued = true;
        self.open = self.open + usize::from(mark.marks != self.all) - usize::from(was_open);
    }

    /// The newest commit of the queue, while one is there that not all reach.
    fn next(&mut self) -> Option<usize> {
        if self.open == 0 {
            return None;
        }
        let (_, place) = self.queue.pop()?;
        let mark = self.marks.get_mut(&place)?;
        mark.queued = false;
        self.open -= usize::from(mark.marks != self.all);
        Some(place)
    }

    /// Which of the given commits reach one that cannot be read.
    fn broken(&self) -> Marks {
        let mut broken: Marks = vec![0; self.all.len()].into();
        for &place in &self.broken {
            broken.iter_mut().zip(self.of(place)).for_each(|(all, marks)| *all |= marks);
        }
        broken
    }
}
