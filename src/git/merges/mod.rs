//! What merging one commit into another would give, by git's own words, with nothing written to the repository.
//!
//! An exact walk over the trees decides most merges ([`walk`]); git is asked for the others ([`ask`]), and what it says
//! is kept ([`cache`]), and so is which merges are clean ([`kept`]).

mod apart;
mod ask;
mod bases;
mod cache;
mod context;
mod kept;
mod objects;
mod sequence;
mod walk;

use std::collections::HashMap;

use anyhow::Result;
use gix::ObjectId;

use self::ask::{Question, Said, ask_git, takes_bases};
use self::bases::{Base, History};
use self::cache::{Cache, context_of};
use self::kept::Kept;
use self::objects::Objects;
use self::walk::Outcome;
use super::parallel::{each, threads};
use super::quarantine::Quarantine;
use super::repo::{Repo, ours, theirs};
use crate::model::facts::Merge;
use crate::model::oid::Oid;
use crate::model::path::TreePath;

pub(super) use self::apart::{Apart, Side};
pub use self::sequence::{Joining, Landings, Stand};

/// What `git merge-tree --write-tree <target> <tip>` says of each pair `(target, tip)`, in the order given.
///
/// The attributes (merge drivers, line endings) are those that the quarantine was made for, whatever is checked out. `None`
/// where git gives no answer: an object is missing, the histories are unrelated, or a shallow history ends before their
/// merge base may have been found. The commits may be in the quarantine; the tree of the answer need be nowhere.
///
/// # Errors
/// git cannot be run, or there is no room for temporary files.
pub fn merges(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Result<Vec<Option<Merge>>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut kept = Kept::open(repo, quarantine);
    let mut answers: Vec<Option<Merge>> = pairs.iter().map(|&pair| kept.as_mut()?.merge(pair)).collect();
    let open: Vec<usize> = (0..pairs.len()).filter(|&at| answers[at].is_none()).collect();
    let pairs: Vec<(Oid, Oid)> = open.iter().map(|&at| pairs[at]).collect();
    let sides = sides_of(repo, quarantine, &pairs);
    let mut found = walked(repo, quarantine, &sides, Outcome::Id);
    settle(repo, quarantine, (&pairs, &sides), &mut found)?;
    let found = merged(found, sides);
    if let Some(kept) = kept {
        kept.add_merges(pairs.into_iter().zip(&found).filter_map(|(pair, found)| Some((pair, found.as_ref()?))));
    }
    open.into_iter().zip(found).for_each(|(at, found)| answers[at] = found);
    Ok(answers)
}

/// The same as far as it takes no git process: `None` also where git would have to look into files or for renames.
pub fn merges_without_git(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Vec<Option<Merge>> {
    let sides = sides_of(repo, quarantine, pairs);
    merged(walked(repo, quarantine, &sides, Outcome::Id), sides)
}

/// A digest of all that the answers of git depend on beside the commits: its version, configuration and attributes. `None`
/// where that cannot be told, and nothing that rests on merges or patches may be kept.
pub(super) fn settings(repo: &Repo, quarantine: &Quarantine) -> Option<ObjectId> {
    context_of(repo, quarantine)
}

fn merged(answers: Vec<Option<Said>>, sides: Vec<Option<Sides>>) -> Vec<Option<Merge>> {
    answers.into_iter().zip(sides).map(|(said, sides)| Some(sides?.merge(said?))).collect()
}

/// Whether a merge is clean, and if not, which paths conflict, in git's order.
pub(super) struct Verdict {
    pub clean: bool,
    pub conflicts: Vec<TreePath>,
}

/// The verdicts of [`merges`], without the trees.
pub(super) fn verdicts(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Result<Vec<Option<Verdict>>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut kept = Kept::open(repo, quarantine);
    let said = kept.as_ref().and_then(|_| Cache::open(repo, quarantine));
    let known = |pair: &(Oid, Oid)| {
        let kept = kept.as_mut()?;
        if kept.is_clean(*pair) {
            return Some(Verdict { clean: true, conflicts: Vec::new() });
        }
        let Said { clean, conflicts, .. } = said.as_ref()?.said(pair).filter(|_| kept.is_there(*pair))?;
        Some(Verdict { clean, conflicts })
    };
    let mut answers: Vec<Option<Verdict>> = pairs.iter().map(known).collect();
    let open: Vec<usize> = (0..pairs.len()).filter(|&at| answers[at].is_none()).collect();
    let pairs: Vec<(Oid, Oid)> = open.iter().map(|&at| pairs[at]).collect();
    let sides = sides_of(repo, quarantine, &pairs);
    let mut found = walked(repo, quarantine, &sides, Outcome::Verdict);
    settle(repo, quarantine, (&pairs, &sides), &mut found)?;
    if let Some(kept) = kept {
        let clean = |said: &Option<Said>| said.as_ref().is_some_and(|said| said.clean);
        kept.add_verdicts(pairs.into_iter().zip(&found).filter(|(_, said)| clean(said)).map(|(pair, _)| pair));
    }
    let verdict = |said: Said| Verdict { clean: said.clean, conflicts: said.conflicts };
    open.into_iter().zip(found).for_each(|(at, said)| answers[at] = said.map(verdict));
    Ok(answers)
}

/// Fills in the answers that are not there: from the cache, else from git.
fn settle(
    repo: &Repo,
    quarantine: &Quarantine,
    (pairs, sides): (&[(Oid, Oid)], &[Option<Sides>]),
    answers: &mut [Option<Said>],
) -> Result<()> {
    let open: Vec<usize> = (0..pairs.len()).filter(|&at| sides[at].is_some() && answers[at].is_none()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let cache = Cache::open(repo, quarantine);
    let known = |at: usize| cache.as_ref().and_then(|cache| cache.said(&pairs[at]));
    open.iter().for_each(|&at| answers[at] = known(at));
    let asked: Vec<usize> = open.into_iter().filter(|&at| answers[at].is_none()).collect();
    let told = takes_bases(repo) && !grafted(repo);
    let base = |at: usize| sides[at].filter(|sides| told && sides.one_base).map(|sides| ours(&sides.base_commit));
    let questions: Vec<Question> = asked.iter().map(|&at| Question { base: base(at), pair: pairs[at] }).collect();
    let said = ask_git(repo, quarantine, &questions)?;
    if let Some(cache) = cache {
        cache.add(questions.iter().zip(&said).filter_map(|(asked, said)| Some((asked.pair, said.clone()?))));
    }
    asked.into_iter().zip(said).for_each(|(at, said)| answers[at] = said);
    Ok(())
}

/// The trees that take part in a merge.
#[derive(Debug, Clone, Copy)]
struct Sides {
    target: ObjectId,
    tip: ObjectId,
    /// Of the newest merge base.
    base: ObjectId,
    base_commit: ObjectId,
    /// Whether there is no other merge base.
    one_base: bool,
    /// The tip's tree is that of no merge base.
    changes_something: bool,
}

impl Sides {
    /// `None` where there is no merge base, or `tree` does not know the tree of a commit.
    fn of(
        (target, tip): (ObjectId, ObjectId),
        base: Base,
        mut tree: impl FnMut(ObjectId) -> Option<ObjectId>,
    ) -> Option<Sides> {
        let (base_commit, others) = match base {
            Base::One(base) => (base, Vec::new()),
            Base::Several(newest, others) => (newest, others),
            Base::None | Base::Unknown => return None,
        };
        let (target, tip, base) = (tree(target)?, tree(tip)?, tree(base_commit)?);
        let one_base = others.is_empty();
        let mut changes_something = tip != base;
        for other in others {
            changes_something &= tree(other)? != tip;
        }
        Some(Sides { target, tip, base, base_commit, one_base, changes_something })
    }

    fn merge(&self, said: Said) -> Merge {
        Merge {
            clean: said.clean,
            tree: said.tree,
            conflicts: said.conflicts,
            adds_nothing: said.clean && said.tree == ours(&self.target),
            tip_changes_something: self.changes_something,
        }
    }
}

/// Whether the file is there that gives commits other parents: git heeds it, the library does not.
fn grafted(repo: &Repo) -> bool {
    repo.common_dir().join("info/grafts").exists()
}

/// Pairs that deserve a thread of their own.
const FOR_A_THREAD: usize = 16;

/// Those answers that need no git.
fn walked(repo: &Repo, quarantine: &Quarantine, sides: &[Option<Sides>], outcome: Outcome) -> Vec<Option<Said>> {
    if grafted(repo) {
        return vec![None; sides.len()];
    }
    // Neighbours share trees, so a thread takes some at a time.
    let parts: Vec<&[Option<Sides>]> = sides.chunks(FOR_A_THREAD).collect();
    let states = (0..threads(parts.len())).map(|_| Objects::open(repo, quarantine)).collect();
    let one = |objects: &mut Objects, sides: &Option<Sides>| {
        let sides = sides.filter(|sides| sides.one_base)?;
        let tree = walk::merged(objects, [sides.base, sides.target, sides.tip], outcome).ok()?;
        Some(Said { clean: true, tree: ours(&tree), conflicts: Vec::new() })
    };
    let answers = each(&parts, states, |objects: &mut Objects, part| {
        part.iter().map(|sides| one(objects, sides)).collect::<Vec<_>>()
    });
    answers.into_iter().flatten().collect()
}

/// The trees of each pair; `None` where one cannot be read or there is no merge base.
fn sides_of(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Vec<Option<Sides>> {
    let objects = Objects::open(repo, quarantine);
    let bases = History::new(repo).bases(&objects, pairs);
    let mut trees = HashMap::new();
    let mut tree =
        |commit: ObjectId| *trees.entry(commit).or_insert_with(|| objects.commit(&commit).map(|commit| commit.tree));
    let mut sides =
        |(&(target, tip), base): (&(Oid, Oid), Base)| Sides::of((theirs(target), theirs(tip)), base, &mut tree);
    pairs.iter().zip(bases).map(&mut sides).collect()
}
