//! Which of some paths a branch or a worktree changes, without a look at all the others.
//!
//! Of a branch, a few trees tell; of a worktree, the file alone: it is what HEAD has if it hashes to the same blob. Only
//! where it differs and may do so for another reason than a change (a filter, a sparse checkout, an ignored name) git is asked.

mod trees;
mod working;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Result;

use self::trees::Trees;
use self::working::{Ignores, Working};
use super::observe::{Places, Seen, Want, see};
use super::parallel;
use super::quarantine::Quarantine;
use super::refs::Refs;
use super::repo::{Repo, ours, theirs};
use super::scan::scan;
use super::worktrees::Listed;
use crate::model::check::{Looked, Touch};
use crate::model::facts::{Head, Target};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::Ledger;
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::standing::Names;

/// What is changed at and below the paths `asked`, in the worktree whose top is `here` and by every task of `names` that has
/// a branch or a worktree elsewhere. Without `asked`: at all paths that are changed here, committed or not.
///
/// A branch changes what its tip's tree has otherwise than its base's: the recorded base, or the merge base with the
/// target where the branch has got commits of the target since.
///
/// # Errors
/// Nothing can be told of the worktree here.
pub fn look(
    (repo, places): (&Repo, &Places),
    (ledger, names): (&Ledger, &Names),
    target: &Target,
    here: &Path,
    asked: Option<&[TreePath]>,
) -> Result<Looked> {
    let Places { refs, listed } = places;
    let seen = see(repo, (ledger, names), places, &Want::default());
    let standing = listed.iter().find(|one| !one.bare && one.path.canonicalize().is_ok_and(|path| path == here));
    let head = standing.map(|one| &one.head);
    let is_here = |one: &&Seen<'_>| {
        let branch = one.branch.as_ref().map(|branch| branch.name);
        one.worktree.is_some_and(|place| standing.is_some_and(|standing| std::ptr::eq(place, standing)))
            || branch.is_some_and(|name| matches!(head, Some(Head::Branch(head)) if head == name))
    };
    let own = seen.iter().find(is_here);
    let others: Vec<&Seen<'_>> = seen.iter().filter(|one| own.is_none_or(|own| own.id != one.id)).collect();
    let target = target.newest().1;
    let searcher = Searcher { repo, refs, target };
    let mut mine = searcher.side(own.and_then(|own| own.branch.as_ref()?.base), standing);
    mine.base = mine.tip.and_then(|tip| bases(repo, target, &[(tip, mine.base)])[0]);
    let ignores = Ignores::default();
    let one = &mut searcher.eyes(1)[0];
    let everything = [TreePath::new([])];
    let scanned = standing.filter(|_| asked.is_none()).and_then(|standing| changed_in(repo, target, standing));
    let here = scanned
        .or_else(|| one.uncommitted(&mine, asked.unwrap_or(&everything), &ignores))
        .and_then(|before| one.touches(&mine, asked.unwrap_or(&everything), before))
        .ok_or_else(|| untold(repo, here, [mine.tip, mine.base]))?;
    let asked = asked.map_or_else(|| here.keys().cloned().collect(), <[TreePath]>::to_vec);
    let Others { touches, lacking, unread } = searcher.search(&others, &asked, &ignores);
    let own = own.map(|own| own.id.clone());
    Ok(Looked { own, tip: mine.tip, asked, here: here.into_values().collect(), others: touches, lacking, unread })
}

/// What is not committed in a whole worktree; `None` where no branch is checked out, an operation is under way, or it cannot be
/// read.
fn changed_in(repo: &Repo, target: Oid, listed: &Listed) -> Option<Touches> {
    let scanned = scan(repo, &Quarantine::new(target), &[listed], true).pop().flatten()?;
    let touch = |path: TreePath| {
        let gone = listed.path.join(OsStr::from_bytes(path.as_bytes())).symlink_metadata().is_err();
        (path.clone(), Touch { path, committed: false, uncommitted: true, gone })
    };
    Some(scanned.uncommitted?.paths.into_iter().map(touch).collect())
}

/// Names the first object of `commits` that is missing or damaged.
fn untold(repo: &Repo, here: &Path, commits: [Option<Oid>; 2]) -> Failure {
    let broken = |commit: Oid| match repo.gix.find_commit(theirs(commit)).ok().and_then(|found| found.tree_id().ok()) {
        None => Some(format!("commit {commit}")),
        Some(tree) => repo.gix.find_tree(tree).is_err().then(|| format!("tree {tree}")),
    };
    let what = format!("could not tell what is changed in '{}'", here.display());
    match commits.into_iter().flatten().find_map(broken) {
        Some(object) => Failure::new(Exit::Git, format!("{what}: {object} cannot be read"))
            .hint("use 'git fsck' to see what is missing"),
        None => Failure::new(Exit::Git, what).hint("use 'git status' to see why"),
    }
}

struct Searcher<'a> {
    repo: &'a Repo,
    refs: &'a Refs,
    target: Oid,
}

/// A branch with the worktree that goes with it.
struct Side<'a> {
    tip: Option<Oid>,
    /// What the tip is compared with.
    base: Option<Oid>,
    worktree: Option<&'a Listed>,
    /// Of the worktree.
    head: Option<Oid>,
}

impl<'a> Searcher<'a> {
    /// One pair of eyes for each thread.
    fn eyes(&self, threads: usize) -> Vec<Eyes> {
        let eye = |_| Eyes { trees: Trees::new(self.repo.gix.clone()), working: Working::new(self.repo) };
        (0..threads).map(eye).collect()
    }

    /// The worktree with its HEAD as a side.
    fn side(&self, base: Option<Oid>, worktree: Option<&'a Listed>) -> Side<'a> {
        let head = worktree.and_then(|listed| self.head(listed));
        Side { tip: head, base, worktree, head }
    }

    fn head(&self, listed: &Listed) -> Option<Oid> {
        match &listed.head {
            Head::Branch(name) => self.refs.heads.get(name).copied(),
            Head::Detached(at) => Some(*at),
            Head::Missing => None,
        }
    }

    /// What each of `others` changes at and below `asked`, and those that cannot be looked at.
    fn search(&self, others: &[&Seen<'a>], asked: &[TreePath], ignores: &Ignores) -> Others {
        let sides = others.iter().map(|one| {
            let branch = one.branch.as_ref();
            let worktree = one.worktree.filter(|listed| listed.head != Head::Missing);
            let side = self.side(branch.and_then(|branch| branch.base), worktree);
            (one.id, Side { tip: branch.map(|branch| branch.tip), ..side })
        });
        let mut sides: Vec<(&TaskId, Side<'_>)> = sides.collect();
        let threads = parallel::threads(sides.len());
        let target = self.target;
        let first = parallel::each(&sides, self.eyes(threads), |eyes, (_, side)| {
            (eyes.may_touch(side, target, asked), eyes.uncommitted(side, asked, ignores))
        });
        // A branch that touches nothing needs no base.
        let open: Vec<usize> = (0..sides.len()).filter(|&at| first[at].0 != Some(false)).collect();
        let tips: Vec<(Oid, Option<Oid>)> =
            open.iter().filter_map(|&at| Some((sides[at].1.tip?, sides[at].1.base))).collect();
        let bases = bases(self.repo, target, &tips);
        for (_, side) in &mut sides {
            side.base = side.tip;
        }
        for (at, base) in open.into_iter().zip(bases) {
            sides[at].1.base = base;
        }
        let mut found = Others::default();
        let mut eyes = self.eyes(1).remove(0);
        for ((id, side), (_, uncommitted)) in sides.into_iter().zip(first) {
            let touches = uncommitted.and_then(|before| eyes.touches(&side, asked, before));
            if touches.as_ref().is_some_and(|touches| eyes.target_lacks(&side, target, touches)) {
                found.lacking.insert(id.clone());
            }
            match touches {
                Some(touches) if touches.is_empty() => {}
                Some(touches) => _ = found.touches.insert(id.clone(), touches.into_values().collect()),
                None => found.unread.push(id.clone()),
            }
        }
        found
    }
}

/// What was found of the other tasks.
#[derive(Default)]
struct Others {
    touches: BTreeMap<TaskId, Vec<Touch>>,
    lacking: BTreeSet<TaskId>,
    unread: Vec<TaskId>,
}

type Touches = BTreeMap<TreePath, Touch>;

/// What each tip is compared with, given the recorded bases: the merge base with the target, unless the recorded base is not
/// below that: then the recorded one.
fn bases(repo: &Repo, target: Oid, tips: &[(Oid, Option<Oid>)]) -> Vec<Option<Oid>> {
    let mut gix = repo.gix.clone();
    gix.object_cache_size_if_unset(4 << 20);
    let cache = gix.commit_graph_if_enabled().ok().flatten();
    let mut graph = gix.revision_graph(cache.as_ref());
    let mut known: HashMap<(Oid, Oid), Option<Oid>> = HashMap::new();
    let mut merge_base = |a: Oid, b: Oid| {
        let mut ask = || Some(ours(&gix.merge_base_with_graph(theirs(a), theirs(b), &mut graph).ok()??));
        *known.entry((a, b)).or_insert_with(&mut ask)
    };
    let mut base = |&(tip, recorded): &(Oid, Option<Oid>)| {
        if recorded == Some(target) {
            return recorded;
        }
        match (recorded, merge_base(target, tip)) {
            (Some(recorded), Some(base)) if merge_base(recorded, base) == Some(recorded) => Some(base),
            (recorded, base) => recorded.or(base),
        }
    };
    tips.iter().map(&mut base).collect()
}

/// What one thread looks with.
struct Eyes {
    trees: Trees,
    working: Working,
}

impl Eyes {
    /// Whether the branch may change one of the paths: not where tip, recorded base and target have the same there.
    /// `None` where not known.
    fn may_touch(&mut self, side: &Side<'_>, target: Oid, asked: &[TreePath]) -> Option<bool> {
        let Some(tip) = side.tip else { return Some(false) };
        let base = side.base?;
        for against in [base, target] {
            if asked.iter().any(|path| self.trees.differ(against, tip, path).is_none_or(|found| !found.is_empty())) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// What the worktree changes at and below the paths; `None` where that cannot be told.
    fn uncommitted(&mut self, side: &Side<'_>, asked: &[TreePath], ignores: &Ignores) -> Option<Touches> {
        let mut touches = Touches::new();
        let Some(listed) = side.worktree else { return Some(touches) };
        for path in asked {
            for (path, gone) in self.working.differ((listed, side.head), &mut self.trees, path, ignores)? {
                touches.insert(path.clone(), Touch { path, committed: false, uncommitted: true, gone });
            }
        }
        Some(touches)
    }

    /// The same with what the branch changes.
    fn touches(&mut self, side: &Side<'_>, asked: &[TreePath], mut touches: Touches) -> Option<Touches> {
        let (Some(tip), Some(base)) = (side.tip, side.base) else { return Some(touches) };
        for path in asked {
            for (path, gone) in self.trees.differ(base, tip, path)? {
                let new = Touch { path: path.clone(), committed: false, uncommitted: false, gone };
                touches.entry(path).or_insert(new).committed = true;
            }
        }
        Some(touches)
    }

    /// Whether the target has one of the paths as the base has it: then it lacks what the branch made of it.
    fn target_lacks(&mut self, side: &Side<'_>, target: Oid, touches: &Touches) -> bool {
        let Some(base) = side.base else { return false };
        let mut committed = touches.values().filter(|touch| touch.committed);
        committed.any(|touch| self.trees.differ(base, target, &touch.path).is_some_and(|found| found.is_empty()))
    }
}
