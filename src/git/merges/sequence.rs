//! Landings one after the other, none of which happens.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::Kind;

use super::super::quarantine::Quarantine;
use super::super::reach::reachable;
use super::super::repo::{Repo, ours, theirs};
use super::super::stack::{Remade, replay};
use super::ask::{Question, Said, ask_git};
use super::bases::{Base, History};
use super::cache::Cache;
use super::objects::Objects;
use super::walk::{self, Outcome};
use super::{Sides, grafted};
use crate::model::facts::Merge;
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// Where the target would stand after some landings; the first is where it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stand(usize);

impl Stand {
    /// Before any landing.
    pub const NOW: Stand = Stand(0);
}

/// How a tip gets onto the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Joining {
    /// A commit with both as parents.
    Merge,
    /// A commit with the target as its only parent.
    Squash,
    /// The commits since this one, made anew.
    Rebase(Oid),
    /// The tip itself, which descends from the target.
    Forward,
}

/// Merges commits into the target as if others had landed on it before.
///
/// A clean merge makes a commit of both that only the quarantine has, so that later merge bases are as after a landing
/// with a merge commit. What was tried once is remembered.
pub struct Landings<'a> {
    repo: &'a Repo,
    quarantine: &'a Quarantine,
    objects: Objects,
    history: History,
    stands: Vec<Place>,
    tried: HashMap<(Stand, Oid, Joining), Tried>,
    /// Opened when first needed; `None` inside where there can be none.
    cache: Option<Option<Cache>>,
    learned: Vec<((Oid, Oid), Said)>,
}

/// `None` where it is unknown.
type Tried = Option<(Merge, Option<Stand>)>;

struct Place {
    commit: Oid,
    tree: ObjectId,
    /// Whether git made the tree, or one that it was made of: then it may be known from the cache alone.
    by_git: bool,
    /// The stand and the tip whose merge gives the tree, where its objects are not there.
    absent: Option<(Stand, Oid)>,
}

impl<'a> Landings<'a> {
    /// On `target`; `None` where that commit cannot be read.
    pub fn new(repo: &'a Repo, quarantine: &'a Quarantine, target: Oid) -> Option<Landings<'a>> {
        let objects = Objects::open(repo, quarantine);
        let tree = objects.commit(&theirs(target))?.tree;
        let stands = vec![Place { commit: target, tree, by_git: false, absent: None }];
        let history = History::new(repo);
        let (tried, learned) = (HashMap::new(), Vec::new());
        Some(Landings { repo, quarantine, objects, history, stands, tried, cache: None, learned })
    }

    /// What merging `tip` at `stand` gives, and where the target then stands, if the merge is clean. The tip may be a
    /// commit of the quarantine. `None` where git gives no answer or cannot be run.
    pub fn land(&mut self, stand: Stand, tip: Oid, joining: Joining) -> Option<(Merge, Option<Stand>)> {
        if let Some(known) = self.tried.get(&(stand, tip, joining)) {
            return known.clone();
        }
        let answer = match joining {
            Joining::Merge | Joining::Squash => self.tried_now(stand, tip, joining),
            Joining::Rebase(from) => self.rebased(stand, (from, tip)),
            Joining::Forward => self.forwarded(stand, tip),
        };
        self.tried.insert((stand, tip, joining), answer.clone());
        answer
    }

    /// The tree at `stand`, which the quarantine or the repository has when this returns; `None` where it cannot be made.
    pub fn tree(&mut self, stand: Stand) -> Option<Oid> {
        self.fetch(stand)?;
        self.written()?;
        Some(ours(&self.stands[stand.0].tree))
    }

    /// Writes what was made in memory to where git finds it.
    fn written(&mut self) -> Option<()> {
        let folder = self.quarantine.objects().ok()?;
        self.objects.flush(&folder).ok()
    }

    fn rebased(&mut self, stand: Stand, (from, tip): (Oid, Oid)) -> Tried {
        self.fetch(stand)?;
        self.written()?;
        let (quarantine, onto) = (self.quarantine, self.stands[stand.0].commit);
        let copied = replay(self.repo, quarantine, (from, tip), onto, &Remade::default()).ok()?;
        match copied {
            Ok(commit) => self.stood(stand, commit),
            Err(stuck) => Some((self.refused(stand, stuck.paths), None)),
        }
    }

    fn forwarded(&mut self, stand: Stand, tip: Oid) -> Tried {
        if reachable(self.repo, tip, &[self.stands[stand.0].commit]).is_empty() {
            if self.repo.is_shallow() {
                return None;
            }
            return Some((self.refused(stand, Vec::new()), None));
        }
        self.stood(stand, tip)
    }

    /// The target is at `commit` then.
    fn stood(&mut self, stand: Stand, commit: Oid) -> Tried {
        let tree = self.objects.commit(&theirs(commit))?.tree;
        let adds_nothing = tree == self.stands[stand.0].tree;
        let merge =
            Merge { clean: true, tree: ours(&tree), conflicts: Vec::new(), adds_nothing, tip_changes_something: true };
        self.stands.push(Place { commit, tree, by_git: true, absent: None });
        Some((merge, Some(Stand(self.stands.len() - 1))))
    }

    fn refused(&self, stand: Stand, conflicts: Vec<TreePath>) -> Merge {
        let tree = ours(&self.stands[stand.0].tree);
        Merge { clean: false, tree, conflicts, adds_nothing: false, tip_changes_something: true }
    }

    /// The target's commit at `stand`.
    pub fn commit(&self, stand: Stand) -> Oid {
        self.stands[stand.0].commit
    }

    fn tried_now(&mut self, stand: Stand, tip: Oid, joining: Joining) -> Tried {
        let sides = self.sides(stand, tip)?;
        let (said, from) = self.said(stand, tip, &sides)?;
        let merge = sides.merge(said);
        let next = merge.clean.then(|| self.next(stand, (tip, joining), theirs(merge.tree), from));
        Some((merge, next))
    }

    fn sides(&mut self, stand: Stand, tip: Oid) -> Option<Sides> {
        let place = self.stands.get(stand.0)?;
        let (target, pair) = ((theirs(place.commit), place.tree), (place.commit, tip));
        let base = self.history.bases(&self.objects, &[pair]).pop()?;
        let tree = |commit: ObjectId| match commit {
            commit if commit == target.0 => Some(target.1),
            commit => Some(self.objects.commit(&commit)?.tree),
        };
        Sides::of((target.0, theirs(tip)), base, tree)
    }

    fn said(&mut self, stand: Stand, tip: Oid, sides: &Sides) -> Option<(Said, From)> {
        let (absent, by_git) = (self.stands[stand.0].absent.is_some(), self.stands[stand.0].by_git);
        let pair = (self.stands[stand.0].commit, tip);
        if let Some(said) = (!absent).then(|| self.walked(sides)).flatten() {
            if by_git {
                self.learned.push((pair, said.clone()));
            }
            return Some((said, From::Walk));
        }
        if let Some(said) = self.cached(&pair) {
            return Some((said, From::Cache));
        }
        self.fetch(stand)?;
        if let Some(said) = absent.then(|| self.walked(sides)).flatten() {
            self.learned.push((pair, said.clone()));
            return Some((said, From::Walk));
        }
        let said = self.asked(pair)?;
        self.learned.push((pair, said.clone()));
        Some((said, From::Git))
    }

    fn walked(&mut self, sides: &Sides) -> Option<Said> {
        if !sides.one_base || grafted(self.repo) {
            return None;
        }
        let tree = walk::merged(&mut self.objects, [sides.base, sides.target, sides.tip], Outcome::Made).ok()?;
        Some(Said { clean: true, tree: ours(&tree), conflicts: Vec::new() })
    }

    fn cached(&mut self, pair: &(Oid, Oid)) -> Option<Said> {
        let (repo, quarantine) = (self.repo, self.quarantine);
        self.cache.get_or_insert_with(|| Cache::open(repo, quarantine)).as_ref()?.said(pair)
    }

    fn asked(&mut self, pair: (Oid, Oid)) -> Option<Said> {
        let folder = self.quarantine.objects().ok()?;
        self.objects.flush(&folder).ok()?;
        ask_git(self.repo, self.quarantine, &[Question { base: None, pair }]).ok()?.pop()?
    }

    /// Makes the objects of a stand that only the cache told of.
    fn fetch(&mut self, stand: Stand) -> Option<()> {
        let mut missing = Vec::new();
        let mut next = stand;
        while let Some((before, tip)) = self.stands[next.0].absent {
            missing.push((next, before, tip));
            next = before;
        }
        while let Some((stand, before, tip)) = missing.pop() {
            let sides = self.sides(before, tip)?;
            let pair = (self.stands[before.0].commit, tip);
            let said = self.walked(&sides).or_else(|| self.asked(pair))?;
            if theirs(said.tree) != self.stands[stand.0].tree {
                return None;
            }
            self.stands[stand.0].absent = None;
        }
        Some(())
    }

    /// The stand after a clean merge: a commit of both sides, or the same where `stand` had the tip already.
    fn next(&mut self, stand: Stand, (tip, joining): (Oid, Joining), tree: ObjectId, from: From) -> Stand {
        let Place { commit, tree: before, by_git, .. } = self.stands[stand.0];
        let base = self.history.bases(&self.objects, &[(commit, tip)]);
        if base.first() == Some(&Base::One(theirs(tip))) && tree == before {
            return stand;
        }
        let both = [theirs(commit), theirs(tip)];
        let parents = if joining == Joining::Merge { both.to_vec() } else { vec![both[0]] };
        let times = both.iter().map(|&parent| self.history.time(&self.objects, parent));
        let time = times.max().unwrap_or(0);
        let named: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let text = format!(
            "tree {tree}\n{named}author git-dispatch <> {time} +0000\ncommitter git-dispatch <> {time} +0000\n\n"
        );
        let id = gix::objs::compute_hash(self.objects.hash(), Kind::Commit, text.as_bytes());
        let Ok(id) = id else { return stand };
        self.objects.make(id, Kind::Commit, text.into_bytes());
        self.history.add(id, time, parents);
        let absent = (from == From::Cache).then_some((stand, tip));
        self.stands.push(Place { commit: ours(&id), tree, by_git: by_git || from != From::Walk, absent });
        Stand(self.stands.len() - 1)
    }
}

/// Who gave an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Walk,
    Cache,
    Git,
}

impl Drop for Landings<'_> {
    fn drop(&mut self) {
        if self.learned.is_empty() {
            return;
        }
        let (repo, quarantine) = (self.repo, self.quarantine);
        if let Some(cache) = self.cache.take().unwrap_or_else(|| Cache::open(repo, quarantine)) {
            cache.add(std::mem::take(&mut self.learned).into_iter());
        }
    }
}
