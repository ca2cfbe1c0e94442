//! What merging one commit into another would give, by git's own words, with nothing written to the repository.

mod ask;
mod bases;
mod cache;
mod context;
mod objects;
mod walk;

use anyhow::Result;

use self::ask::{Said, ask_git};
use self::bases::{Base, History};
use self::cache::Cache;
use self::objects::Objects;
use self::walk::Outcome;
use super::parallel::{each, threads};
use super::program::run;
use super::quarantine::{Quarantine, without_fetching};
use super::repo::{Repo, ours, theirs};
use crate::model::facts::Merge;
use crate::model::oid::Oid;

/// What `git merge-tree --write-tree <target> <tip>` says of each pair `(target, tip)`, in the order given.
///
/// The attributes (merge drivers, line endings) are those that the quarantine was made for, whatever is checked out. `None`
/// where git gives no answer: an object is missing, the histories are unrelated, or a shallow history ends before their
/// merge base may have been found. The commits may be in the quarantine; the tree of the answer need be nowhere.
///
/// # Errors
/// git cannot be run, or there is no room for temporary files.
pub fn merges(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Result<Vec<Option<Merge>>> {
    let sides = sides_of(repo, quarantine, pairs);
    let mut answers = walked(repo, quarantine, &sides, Outcome::Id);
    let open = (0..pairs.len()).filter(|&at| sides[at].is_some() && answers[at].is_none()).collect();
    settle(repo, quarantine, pairs, &mut answers, open)?;
    Ok(answers.into_iter().zip(sides).map(|(said, sides)| Some(sides?.merge(said?))).collect())
}

/// Fills in the answers at the places `open`: from the cache, else from git.
fn settle(
    repo: &Repo,
    quarantine: &Quarantine,
    pairs: &[(Oid, Oid)],
    answers: &mut [Option<Said>],
    open: Vec<usize>,
) -> Result<()> {
    if open.is_empty() {
        return Ok(());
    }
    let cache = Cache::open(repo, quarantine);
    let known = |at: usize| cache.as_ref().and_then(|cache| cache.said(&pairs[at]));
    open.iter().for_each(|&at| answers[at] = known(at));
    let asked: Vec<usize> = open.into_iter().filter(|&at| answers[at].is_none()).collect();
    let questions: Vec<(Oid, Oid)> = asked.iter().map(|&at| pairs[at]).collect();
    let said = ask_git(repo, quarantine, &questions)?;
    if let Some(cache) = cache {
        cache.add(questions.iter().zip(&said).filter_map(|(pair, said)| Some((*pair, said.clone()?))));
    }
    asked.into_iter().zip(said).for_each(|(at, said)| answers[at] = said);
    Ok(())
}

/// The same as far as it takes no git process: `None` also where git would have to look into files or for renames.
pub fn merges_without_git(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Vec<Option<Merge>> {
    let sides = sides_of(repo, quarantine, pairs);
    let said = walked(repo, quarantine, &sides, Outcome::Id);
    said.into_iter().zip(sides).map(|(said, sides)| Some(sides?.merge(said?))).collect()
}

/// The trees that take part in a merge.
#[derive(Debug, Clone, Copy)]
struct Sides {
    target: gix::ObjectId,
    tip: gix::ObjectId,
    /// Of the newest merge base.
    base: gix::ObjectId,
    /// Whether there is no other merge base.
    one_base: bool,
}

impl Sides {
    fn merge(&self, said: Said) -> Merge {
        Merge {
            clean: said.clean,
            tree: said.tree,
            conflicts: said.conflicts,
            adds_nothing: said.clean && said.tree == ours(&self.target),
            tip_changes_something: self.tip != self.base,
        }
    }
}

/// Those answers that need no git.
fn walked(repo: &Repo, quarantine: &Quarantine, sides: &[Option<Sides>], outcome: Outcome) -> Vec<Option<Said>> {
    // git knows grafts, the library does not.
    if repo.common_dir().join("info/grafts").exists() {
        return vec![None; sides.len()];
    }
    // Threads cost more than the first few walks.
    let states = (0..threads(sides.len() / 16)).map(|_| Objects::open(repo, quarantine)).collect();
    each(sides, states, |objects: &mut Objects, sides| {
        let sides = sides.filter(|sides| sides.one_base)?;
        let tree = walk::merged(objects, [sides.base, sides.target, sides.tip], outcome).ok()?;
        Some(Said { clean: true, tree: ours(&tree), conflicts: Vec::new() })
    })
}

/// The trees of each pair; `None` where one cannot be read or there is no merge base.
fn sides_of(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Vec<Option<Sides>> {
    let objects = Objects::open(repo, quarantine);
    let mut history = History::new(repo);
    let bases = history.bases(&objects, pairs);
    let mut trees = std::collections::HashMap::new();
    let mut tree = |commit: gix::ObjectId| {
        *trees.entry(commit).or_insert_with(|| objects.commit(&commit).map(|commit| commit.tree))
    };
    let mut sides = |(&(target, tip), base): (&(Oid, Oid), Base)| {
        let (base, one_base) = match base {
            Base::One(base) => (base, true),
            Base::Several(newest) => (newest, false),
            Base::None | Base::Unknown => return None,
        };
        if !history.shallow().is_empty() && ends_too_soon(repo, history.shallow(), target, tip) {
            return None;
        }
        Some(Sides { target: tree(theirs(target))?, tip: tree(theirs(tip))?, base: tree(base)?, one_base })
    };
    pairs.iter().zip(bases).map(&mut sides).collect()
}

/// Whether a shallow history ends at a commit that only one side has: what follows might be a better merge base.
fn ends_too_soon(repo: &Repo, shallow: &[gix::ObjectId], target: Oid, tip: Oid) -> bool {
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["rev-list", "--end-of-options", &format!("{target}...{tip}")]);
    let Some(output) = run(&mut command).ok().filter(|output| output.status.success()) else {
        return true;
    };
    let ends = |line: &str| line.parse().is_ok_and(|commit| shallow.contains(&theirs(commit)));
    String::from_utf8_lossy(&output.stdout).lines().any(ends)
}
