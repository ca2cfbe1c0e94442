//! From a repository to [`Facts`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;

use anyhow::Result;

use super::branches::{Found, branches, why_not_merged};
use super::clock::now;
use super::equip;
use super::history::{Told, told};
use super::locked::locked_for;
use super::merges::merges;
use super::prove::{mentioned_before, prove};
use super::quarantine::Quarantine;
use super::reach::reachable;
use super::rebound::rebind;
use super::refs::{Refs, refs};
use super::repo::Repo;
use super::scan::{Scanned, index_is_damaged, scan};
use super::worktrees::{Listed, last_commit, without_dots, worktrees};
use crate::model::facts::{Branch, Facts, Head, Observed, Target, Uncommitted, Worktree};
use crate::model::id::TaskId;
use crate::model::ledger::Ledger;
use crate::model::oid::Oid;
use crate::model::sides::{Side, named};

/// The costly parts of an observation, on demand.
#[derive(Debug, Clone, Default)]
pub struct Want {
    /// Count what has changed in the worktrees.
    pub changes: bool,
    /// Try to merge each tip into the target.
    pub merges: bool,
    /// Read what is not committed in the worktrees, and merge that, too.
    pub uncommitted: bool,
    /// Try to merge every two active tasks with each other.
    pub collisions: bool,
    /// The tasks to do that for; `None`: all. Branches, worktrees and counts are always read for all.
    pub only: Option<BTreeSet<TaskId>>,
}

impl Want {
    /// What it takes to say where every task stands.
    pub const STANDINGS: Want =
        Want { changes: false, merges: true, uncommitted: false, collisions: false, only: None };
    /// What it takes to say in which order tasks land.
    pub const ORDER: Want = Want { changes: false, merges: true, uncommitted: false, collisions: true, only: None };
    pub const EVERYTHING: Want = Want { changes: true, merges: true, uncommitted: true, collisions: true, only: None };

    fn covers(&self, id: &TaskId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(id))
    }

    /// Whether to tell which paths the branch of a task touches.
    fn compares(&self, id: &TaskId) -> bool {
        (self.merges || self.collisions) && self.covers(id)
    }
}

/// What was observed, and the objects that were built for it.
pub struct Observation {
    pub facts: Facts,
    /// Holds the commits of what is not committed ([`crate::model::facts::Uncommitted::commit`]).
    pub quarantine: Quarantine,
}

/// Everything the repository shows of the tasks: `names` holds, for each, the branch to look for, here and on remotes.
///
/// A task's worktree is the one at the path that the ledger recorded, as long as it is one, else the one that has its
/// branch checked out, else the one that is locked for it. What cannot be read of one task (a missing object, a broken worktree) is unknown in the facts and
/// hides nothing of the others.
///
/// # Errors
/// The refs or the list of worktrees cannot be read as a whole.
pub fn observe(
    repo: &Repo,
    ledger: Ledger,
    target: Target,
    names: &BTreeMap<TaskId, String>,
    want: &Want,
) -> Result<Observation> {
    Ok(observe_in((repo, &Places::read(repo)?), ledger, target, names, want))
}

/// The same with refs and worktrees as they were listed a moment ago.
pub fn observe_in(
    (repo, places): (&Repo, &Places),
    mut ledger: Ledger,
    target: Target,
    names: &BTreeMap<TaskId, String>,
    want: &Want,
) -> Observation {
    let newest = target.newest().1;
    let quarantine = Quarantine::new(newest);
    let mut tasks = BTreeMap::new();
    let reachable = {
        let seen = see(repo, (&ledger, names), places, want);
        let names = names.values().map(String::as_str);
        let upstream = target.upstream.as_ref().map(|upstream| upstream.name.as_str());
        let others: HashSet<&str> = names.chain(upstream).chain([target.name.as_str()]).collect();
        let (measured, reachable) = measure(repo, (newest, &quarantine), (&seen, &others), &ledger, want);
        for (seen, measured) in seen.into_iter().zip(measured) {
            let damaged = measured.unscanned && seen.worktree.is_some_and(|listed| index_is_damaged(repo, listed));
            let worktree = seen.worktree.map(|listed| worktree(listed, measured.scanned, damaged));
            let (branch, remotes) = (measured.branch, seen.remotes.to_vec());
            let deleted = seen.worktree.filter(|_| branch.is_none()).and_then(|listed| last_commit(repo, listed));
            let observed = Observed { branch, remotes, worktree, vacant: seen.vacant, deleted };
            tasks.insert(seen.id.clone(), observed);
        }
        reachable
    };
    tasks.values_mut().for_each(|observed| name_sides(observed, (newest, target.newest().0)));
    for landing in ledger.records.values_mut().filter_map(|record| record.landed.as_mut()) {
        landing.reachable = reachable.0.contains(&landing.commit);
    }
    mentioned_before(repo, &reachable.1.mentions, &mut ledger, names);
    let mut facts = Facts {
        now: now(),
        target,
        tasks,
        reverts: reachable.1.reverts(),
        mentions: reachable.1.mentions,
        ledger,
        faults: places.refs.faults.clone(),
    };
    rebind(repo, &quarantine, &mut facts);
    prove(repo, &quarantine, &mut facts, |id| want.merges && want.covers(id));
    Observation { facts, quarantine }
}

/// The refs and the worktrees of a repository, listed once.
pub struct Places {
    pub(super) refs: Refs,
    pub(super) listed: Vec<Listed>,
}

impl Places {
    /// # Errors
    /// The refs or the list of worktrees cannot be read as a whole.
    pub fn read(repo: &Repo) -> Result<Places> {
        Ok(Places { refs: refs(repo)?, listed: worktrees(repo)? })
    }
}

/// git was asked by ids, and people know names.
fn name_sides(observed: &mut Observed, target: Side<'_>) {
    let Some(branch) = &mut observed.branch else { return };
    if let Some(merge) = &mut branch.merge {
        named(&mut merge.conflicts, [target, (branch.tip, &branch.name)]);
    }
    let uncommitted = observed.worktree.as_mut().and_then(|worktree| worktree.uncommitted.as_mut());
    if let Some((commit, merge)) = uncommitted.and_then(|one| one.commit.zip(one.merge.as_mut())) {
        named(&mut merge.conflicts, [target, (commit, &branch.name)]);
    }
}

/// What the refs and the admin folders show of a task.
pub(super) struct Seen<'a> {
    pub id: &'a TaskId,
    pub branch: Option<Found<'a>>,
    remotes: &'a [String],
    pub worktree: Option<&'a Listed>,
    vacant: Option<PathBuf>,
}

/// What it takes objects or files to know of a task.
#[derive(Default)]
struct Measured {
    branch: Option<Branch>,
    scanned: Option<Scanned>,
    /// It was to be scanned, and could not be read.
    unscanned: bool,
}

/// The tasks of which anything is there, in the order of their ids.
pub(super) fn see<'a>(
    repo: &Repo,
    (ledger, names): (&'a Ledger, &'a BTreeMap<TaskId, String>),
    Places { refs, listed }: &'a Places,
    want: &Want,
) -> Vec<Seen<'a>> {
    let places = Index::of(listed);
    let see = |(id, name): (&'a TaskId, &'a String)| {
        let snapshot = ledger.records.get(id).and_then(|record| record.snapshot.as_ref());
        let base = snapshot.map(|snapshot| snapshot.base).or_else(|| refs.bases.get(id.as_str()).copied());
        let compared = want.compares(id);
        let remotes = refs.remotes.get(name).map(Vec::as_slice).unwrap_or_default();
        let recorded = snapshot.and_then(|snapshot| snapshot.path.as_ref()).map(|path| repo.anchor().join(path));
        let worktree = places.worktree(id, recorded.as_deref(), name);
        let admin_dir = worktree.map(|listed| &*listed.admin_dir);
        let branch = refs.heads.get(name).map(|&tip| Found { name, tip, base, compared, admin_dir });
        let seen = branch.is_some() || !remotes.is_empty() || worktree.is_some();
        let vacant = recorded.map(|path| without_dots(&path)).filter(|path| path.symlink_metadata().is_err());
        seen.then_some(Seen { id, branch, remotes, worktree, vacant })
    };
    names.iter().filter_map(see).collect()
}

/// The worktrees by path, by the branch that each has checked out, and by the task that each is locked for.
struct Index<'a> {
    by_path: HashMap<&'a Path, &'a Listed>,
    by_branch: HashMap<&'a str, &'a Listed>,
    by_lock: HashMap<&'a str, &'a Listed>,
}

impl<'a> Index<'a> {
    fn of(listed: &'a [Listed]) -> Index<'a> {
        let mut places = Index { by_path: HashMap::new(), by_branch: HashMap::new(), by_lock: HashMap::new() };
        for listed in listed.iter().filter(|listed| !listed.bare) {
            places.by_path.insert(&listed.path, listed);
            if let Head::Branch(name) = &listed.head {
                places.by_branch.entry(name).or_insert(listed);
            }
            if let Some(id) = listed.locked.as_deref().and_then(locked_for) {
                places.by_lock.entry(id).or_insert(listed);
            }
        }
        places
    }

    /// The worktree at the recorded path; where that is none or no more, the one that has the branch checked out; where
    /// none has, the one that is locked for the task: it was moved, and left the branch.
    fn worktree(&self, id: &TaskId, recorded: Option<&Path>, branch: &str) -> Option<&'a Listed> {
        let recorded = recorded.and_then(|path| {
            let as_written = self.by_path.get(&*without_dots(path));
            as_written.or_else(|| self.by_path.get(&*path.canonicalize().ok()?)).copied()
        });
        recorded
            .filter(|listed| listed.head != Head::Missing)
            .or_else(|| self.by_branch.get(branch).copied())
            .or_else(|| self.by_lock.get(id.as_str()).copied())
            .or(recorded)
    }
}

fn worktree(listed: &Listed, scanned: Option<Scanned>, damaged: bool) -> Worktree {
    Worktree {
        path: listed.path.clone(),
        main: listed.main,
        folder: listed.head != Head::Missing || listed.path.is_dir(),
        head: listed.head.clone(),
        detached: listed.detached,
        operation: listed.operation.clone(),
        changes: scanned.as_ref().map(|scanned| scanned.changes),
        uncommitted: scanned.and_then(|scanned| scanned.uncommitted),
        locked: listed.locked.clone(),
        damaged_index: damaged.then(|| listed.admin_dir.join("index")),
        unequipped: equip::is_wanted(listed),
    }
}

/// Everything costly, side by side: the branches' facts, the scan of the worktrees, the merges, the target's history.
fn measure(
    repo: &Repo,
    (target, quarantine): (Oid, &Quarantine),
    (seen, others): (&[Seen<'_>], &HashSet<&str>),
    ledger: &Ledger,
    want: &Want,
) -> (Vec<Measured>, (HashSet<Oid>, Told)) {
    let covered = |wanted: bool| move |&at: &usize| wanted && want.covers(seen[at].id);
    let all = 0..seen.len();
    let branched: Vec<usize> = all.clone().filter(|&at| seen[at].branch.is_some()).collect();
    let found: Vec<Found<'_>> = seen.iter().filter_map(|seen| seen.branch.clone()).collect();
    let to_merge: Vec<usize> = branched.iter().copied().filter(covered(want.merges)).collect();
    let pairs: Vec<(Oid, Oid)> =
        to_merge.iter().filter_map(|&at| Some((target, seen[at].branch.as_ref()?.tip))).collect();
    let to_scan: Vec<usize> =
        all.filter(covered(want.changes || want.uncommitted)).filter(|&at| seen[at].worktree.is_some()).collect();
    let places: Vec<&Listed> = to_scan.iter().filter_map(|&at| seen[at].worktree).collect();
    let landed: Vec<Oid> = ledger.records.values().filter_map(|record| Some(record.landed.as_ref()?.commit)).collect();
    // One clone for each thread: a repository may be sent to another thread, but not be used by two.
    let [a, b, c] = [(); 3].map(|()| repo.clone());
    let (branches, scanned, merges, reachable, told) = std::thread::scope(|scope| {
        let scanned = scope.spawn(move || scan(&a, quarantine, &places, want.uncommitted));
        let merges = scope.spawn(move || merges(&b, quarantine, &pairs));
        let history = scope.spawn(move || (reachable(&c, target, &landed), told(&c, target)));
        let branches = branches(repo, target, &found, others);
        let (reachable, told) = joined(history);
        (branches, joined(scanned), joined(merges), reachable, told)
    });
    let mut measured: Vec<Measured> = seen.iter().map(|_| Measured::default()).collect();
    for (at, branch) in branched.into_iter().zip(branches) {
        measured[at].branch = Some(branch);
    }
    for (at, scanned) in to_scan.into_iter().zip(scanned) {
        measured[at].unscanned = scanned.is_none();
        measured[at].scanned = scanned;
    }
    if want.merges {
        merge_uncommitted(repo, (target, quarantine), &mut measured);
    }
    // Without room for temporary files no merge is known; everything else still is.
    for (at, merge) in to_merge.into_iter().zip(merges.unwrap_or_default()) {
        if let Some(branch) = &mut measured[at].branch {
            branch.merge = merge;
            if branch.merge.is_none() && branch.fault.is_none() {
                branch.fault = why_not_merged(repo, target, branch);
            }
        }
    }
    (measured, (reachable, told))
}

/// Merges what is not committed into the target.
fn merge_uncommitted(repo: &Repo, (target, quarantine): (Oid, &Quarantine), measured: &mut [Measured]) {
    let scanned = measured.iter_mut().filter_map(|measured| measured.scanned.as_mut()?.uncommitted.as_mut());
    let mut uncommitted: Vec<&mut Uncommitted> = scanned.filter(|uncommitted| uncommitted.commit.is_some()).collect();
    let pairs: Vec<(Oid, Oid)> = uncommitted.iter().filter_map(|one| Some((target, one.commit?))).collect();
    for (one, merge) in uncommitted.iter_mut().zip(merges(repo, quarantine, &pairs).unwrap_or_default()) {
        one.merge = merge;
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
