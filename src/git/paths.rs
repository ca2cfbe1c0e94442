//! Which of some paths a branch or a worktree changes, without a look at all the others.
//!
//! Of a branch, a few trees tell; of a worktree, the file alone: it is what HEAD has if it hashes to the same blob. Only
//! where it differs and may do so for another reason than a change (a filter, a sparse checkout, an ignored name) git is asked.

mod trees;
mod working;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result};

use self::trees::Trees;
use self::working::{Ignores, Working};
use super::observe::{Seen, Want, see};
use super::parallel;
use super::refs::{Refs, refs};
use super::repo::{Repo, ours, theirs};
use super::worktrees::{Listed, worktrees};
use crate::model::check::{Looked, Touch};
use crate::model::facts::{Head, Target};
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
/// The refs or the list of worktrees cannot be read, or nothing can be told of the worktree here.
pub fn look(
    repo: &Repo,
    (ledger, names): (&Ledger, &Names),
    target: &Target,
    here: &Path,
    asked: Option<&[TreePath]>,
) -> Result<Looked> {
    let (refs, listed) = (refs(repo)?, worktrees(repo)?);
    let seen = see(repo, (ledger, names), &refs, &listed, &Want::default());
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
    let searcher = Searcher { repo, refs: &refs, target };
    let mut mine = searcher.side(own.and_then(|own| own.branch.as_ref()?.base), standing);
    mine.base = mine.tip.and_then(|tip| bases(repo, target, &[(tip, mine.base)])[0]);
    let ignores = Ignores::default();
    let one = &mut searcher.eyes(1)[0];
    let everything = [TreePath::new([])];
    let here = one
        .touches(&mine, asked.unwrap_or(&everything), &ignores)
        .with_context(|| format!("could not tell what is changed in '{}'", here.display()))?;
    let asked = asked.map_or_else(|| here.iter().map(|touch| touch.path.clone()).collect(), <[TreePath]>::to_vec);
    let (found, unread) = searcher.search(&others, &asked, &ignores);
    Ok(Looked { own: own.map(|own| own.id.clone()), tip: mine.tip, asked, here, others: found, unread })
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
        let eye = |_| {
            let mut gix = self.repo.gix.clone();
            gix.object_cache_size_if_unset(8 << 20);
            Eyes { trees: Trees::new(gix), working: Working::new(self.repo) }
        };
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
    fn search(
        &self,
        others: &[&Seen<'a>],
        asked: &[TreePath],
        ignores: &Ignores,
    ) -> (BTreeMap<TaskId, Vec<Touch>>, Vec<TaskId>) {
        let sides = others.iter().map(|one| {
            let branch = one.branch.as_ref();
            let worktree = one.worktree.filter(|listed| listed.head != Head::Missing);
            let side = self.side(branch.and_then(|branch| branch.base), worktree);
            (one.id, Side { tip: branch.map(|branch| branch.tip), ..side })
        });
        let mut sides: Vec<(&TaskId, Side<'_>)> = sides.collect();
        let threads = parallel::threads(sides.len());
        let (eyes, target) = (self.eyes(threads), self.target);
        let near = parallel::each(&sides, eyes, |eyes, (_, side)| eyes.may_touch(side, target, asked));
        // A branch that touches nothing needs no base.
        for ((_, side), _) in sides.iter_mut().zip(&near).filter(|(_, near)| **near == Some(false)) {
            side.base = side.tip;
        }
        let open: Vec<usize> = (0..sides.len()).filter(|&at| near[at] != Some(false)).collect();
        let tips: Vec<(Oid, Option<Oid>)> =
            open.iter().filter_map(|&at| Some((sides[at].1.tip?, sides[at].1.base))).collect();
        for (at, base) in open.into_iter().zip(bases(self.repo, self.target, &tips)) {
            sides[at].1.base = base;
        }
        let touched = parallel::each(&sides, self.eyes(threads), |eyes, (_, side)| eyes.touches(side, asked, ignores));
        let (mut found, mut unread) = (BTreeMap::new(), Vec::new());
        for ((id, _), touches) in sides.iter().zip(touched) {
            match touches {
                Some(touches) if touches.is_empty() => {}
                Some(touches) => _ = found.insert((*id).clone(), touches),
                None => unread.push((*id).clone()),
            }
        }
        (found, unread)
    }
}

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

    /// What is changed at and below the paths; `None` where that cannot be told.
    fn touches(&mut self, side: &Side<'_>, asked: &[TreePath], ignores: &Ignores) -> Option<Vec<Touch>> {
        let mut touches: BTreeMap<TreePath, Touch> = BTreeMap::new();
        let touch = |path: &TreePath| Touch { path: path.clone(), committed: false, uncommitted: false, gone: false };
        for path in asked {
            if let (Some(tip), Some(base)) = (side.tip, side.base) {
                for (path, gone) in self.trees.differ(base, tip, path)? {
                    let entry = touches.entry(path.clone()).or_insert_with(|| touch(&path));
                    (entry.committed, entry.gone) = (true, gone);
                }
            }
            if let Some(listed) = side.worktree {
                for (path, gone) in self.working.differ((listed, side.head), &mut self.trees, path, ignores)? {
                    let entry = touches.entry(path.clone()).or_insert_with(|| touch(&path));
                    (entry.uncommitted, entry.gone) = (true, gone);
                }
            }
        }
        Some(touches.into_values().collect())
    }
}
