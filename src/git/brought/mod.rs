//! Commits of the target that brought the work of a branch without its commits: squashes and rebases.
//!
//! A squash is a commit of the target's first-parent line whose tree is what merging the branch into its parent gives: git
//! itself replays the branch, and trees are equal or not, so an edit nearby hides nothing and an edit within is no squash. A
//! rebase is a set of commits of the target with the patches of all of the branch's own (docs/design/0018-landed-proofs.md).

mod back;
mod cache;
mod line;
mod patches;
mod squash;
mod text;
mod trees;

use std::collections::HashMap;

pub(super) use back::mark_reverted;
use cache::{Cache, Entry, Key};
use line::{Line, compared};
use squash::Follower;
pub(super) use text::{Patch, between as patch_between, patches as commit_patches};
use trees::{Difference, Paths, differences};

use super::merges::merges;
use super::message;
use super::quarantine::Quarantine;
use super::repo::{Repo, ours, theirs};
use crate::model::facts::{Branch, Brought, How};
use crate::model::oid::Oid;
use crate::model::revert::Reverts;

/// Of a branch that changes more files than this, these many are followed; fewer where there are very many branches.
const FILES_FOLLOWED: usize = 4096;
/// Files that are followed for all branches together, where each has at least [`FILES_AT_LEAST`].
const FILES_TOGETHER: usize = 1_000_000;
const FILES_AT_LEAST: usize = 64;
/// Of the target's commits, no more than this are looked at for a branch that was never looked at before.
const COMMITS_READ: usize = 20_000;
/// Candidates that git is asked about, for each branch: the newest.
const REPLAYS: usize = 64;

/// What was found of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Found {
    brought: Option<Brought>,
    /// Own commits of the branch and, for each, a commit of the target with the same patch.
    carried: Vec<(Oid, Oid)>,
}

/// A branch that is looked for.
struct Open {
    at: usize,
    key: Key,
    ahead: u64,
    base: Oid,
    /// Whether that is the only merge base.
    one_base: bool,
    /// What the branch changes from its merge base on.
    changes: Vec<Difference>,
    /// How many commits of the line are new to it.
    new: usize,
    found: Found,
    /// Its squash is among the commits that are new to it.
    fresh: bool,
}

impl Open {
    /// Whether patches can tell more than is known.
    fn undecided(&self) -> bool {
        self.found.brought.is_none() || self.fresh
    }
}

/// Fills in [`Branch::brought`] of the branches that have commits of their own which `target` lacks, and of these
/// [`Branch::reverted`].
///
/// What git cannot say is not found. What was found stands in `<common git dir>/dispatch/cache/brought`, by tip and base, with
/// the target's commit up to which it was looked for: the next call looks at newer commits only.
pub(super) fn mark(repo: &Repo, quarantine: &Quarantine, target: Oid, branches: &mut [&mut Branch], reverts: &Reverts) {
    let own = |branch: &Branch| branch.commits > Some(0) && branch.ahead > Some(0) && branch.behind > Some(0);
    let wanted: Vec<usize> = (0..branches.len()).filter(|&at| own(branches[at])).collect();
    if wanted.is_empty() {
        return;
    }
    let cache = Cache::open(repo, quarantine);
    let key = |at: usize| -> Key { (branches[at].tip, branches[at].base) };
    let mut found: HashMap<usize, Found> = HashMap::new();
    let mut rest = Vec::new();
    for at in wanted {
        match cache.entries.get(&key(at)) {
            Some(entry) if entry.seen == target => _ = found.insert(at, entry.found.clone()),
            _ => rest.push(at),
        }
    }
    if !rest.is_empty() {
        let (looked, sure) = look(repo, quarantine, target, (branches, &rest), &cache);
        let newest: Vec<(Key, Entry)> =
            looked.iter().map(|open| (open.key, Entry { seen: target, found: open.found.clone() })).collect();
        // What could not be read today may be there tomorrow.
        if sure {
            cache.write(&newest);
        }
        found.extend(looked.into_iter().map(|open| (open.at, open.found)));
    }
    for (at, found) in found {
        let Some(brought) = found.brought else { continue };
        let carriers = match brought.how {
            How::Squash => vec![brought.commit],
            How::Rebase => found.carried.iter().map(|(_, carrier)| *carrier).collect(),
        };
        let back: Option<Vec<Oid>> = carriers.into_iter().map(|commit| reverts.of(commit)).collect();
        branches[at].reverted = back.and_then(|back| back.first().copied());
        branches[at].brought = Some(brought);
    }
}

/// Looks at the part of the target's line that is new to each branch; and whether everything could be read.
fn look(
    repo: &Repo,
    quarantine: &Quarantine,
    target: Oid,
    (branches, rest): (&[&mut Branch], &[usize]),
    cache: &Cache,
) -> (Vec<Open>, bool) {
    let mut gix = repo.gix.clone();
    gix.object_cache_size_if_unset(4 << 20);
    let tips = rest.iter().map(|&at| (branches[at].tip, branches[at].ahead.unwrap_or(0)));
    let bases = merge_bases(&gix, target, tips);
    let entry = |at: usize| cache.entries.get(&(branches[at].tip, branches[at].base));
    let ends =
        rest.iter().zip(&bases).filter_map(|(&at, base)| Some(entry(at).map_or(base.as_ref()?.0, |one| one.seen)));
    let depth = rest.iter().filter_map(|&at| branches[at].behind).max().unwrap_or(0);
    let depth = usize::try_from(depth).unwrap_or(usize::MAX).min(COMMITS_READ);
    let line = Line::read(&gix, target, ends.collect(), depth);
    let files = (FILES_TOGETHER / rest.len()).clamp(FILES_AT_LEAST, FILES_FOLLOWED);
    let mut open = Vec::new();
    for (&at, base) in rest.iter().zip(bases) {
        let Some((base, one_base)) = base else { continue };
        let branch = &*branches[at];
        let Some(changes) = own_changes(&gix, branch, base, files) else { continue };
        let seen = entry(at).and_then(|entry| Some((*line.places.get(&entry.seen)?, entry.found.clone())));
        let behind = usize::try_from(branch.behind.unwrap_or(0)).unwrap_or(usize::MAX);
        let (new, found) = seen.unwrap_or_else(|| {
            let place = line.places.get(&base).copied();
            (place.unwrap_or(line.commits.len()).min(behind), Found::default())
        });
        let (key, ahead) = ((branch.tip, branch.base), branch.ahead.unwrap_or(0));
        open.push(Open { at, key, ahead, base, one_base, changes, new, found, fresh: false });
    }
    let (touched, replayed) = squashes(repo, quarantine, &line, &mut open);
    let carried = patches::rebases(repo, quarantine, (target, &line), &mut open, &touched).is_some();
    let sure = line.whole && replayed && carried && !repo.gix.is_shallow().unwrap_or(true);
    (open, sure)
}

/// The first merge base of `target` and each tip, given with the number of commits that the target lacks, and whether it is the
/// only one: below a branch without merges there is one.
fn merge_bases(gix: &gix::Repository, target: Oid, tips: impl Iterator<Item = (Oid, u64)>) -> Vec<Option<(Oid, bool)>> {
    let cache = gix.commit_graph_if_enabled().ok().flatten();
    let mut graph = gix.revision_graph(cache.as_ref());
    let mut base = |(tip, ahead): (Oid, u64)| {
        if let Some((_, below)) = patches::topmost(gix, tip, ahead) {
            return Some((below, true));
        }
        let bases = gix.merge_bases_many_with_graph(theirs(target), &[theirs(tip)], &mut graph).ok()?;
        Some((ours(bases.first()?), bases.len() == 1))
    };
    tips.map(&mut base).collect()
}

/// What the branch changes from the merge base on; nothing where it changes nothing, be it from there or from its own base:
/// empty commits prove nothing.
fn own_changes(gix: &gix::Repository, branch: &Branch, base: Oid, most: usize) -> Option<Vec<Difference>> {
    let tree = |commit: Oid| Some(gix.find_commit(theirs(commit)).ok()?.tree_id().ok()?.detach());
    let tip = tree(branch.tip)?;
    if branch.base.and_then(tree) == Some(tip) {
        return Some(Vec::new());
    }
    let base = tree(base)?;
    // Beyond the limit, the first ones are as good: a squash has to bring all of them.
    let all = differences(gix, (Some(base), Some(tip)), None, usize::MAX)?;
    Some(all.into_iter().take(most).collect())
}

/// Looks for squashes. For each branch, the places of the commits that touch what it changes, oldest first; and whether
/// everything could be read.
fn squashes(repo: &Repo, quarantine: &Quarantine, line: &Line, open: &mut [Open]) -> (Vec<Vec<usize>>, bool) {
    let mut paths = Paths::default();
    for change in open.iter().flat_map(|open| &open.changes) {
        paths.add(&change.path);
    }
    let deepest = open.iter().map(|open| open.new).max().unwrap_or(0);
    let compared = compared(repo, &line.commits[..deepest], &paths);
    let mut sure = compared.iter().all(Option::is_some);
    let compared: Vec<Vec<Difference>> = compared.into_iter().map(Option::unwrap_or_default).collect();
    let mut touched = Vec::new();
    let mut asked: Vec<(usize, usize)> = Vec::new();
    for (number, open) in open.iter().enumerate() {
        let (touching, candidates) = candidates(repo, line, &compared, open);
        asked.extend(candidates.into_iter().rev().take(REPLAYS).map(|place| (number, place)));
        touched.push(touching);
    }
    let parent = |place: usize| line.commits[place].parent.map(|(parent, _)| parent);
    let pairs: Vec<(Oid, Oid)> =
        asked.iter().filter_map(|&(number, place)| Some((parent(place)?, open[number].key.0))).collect();
    if pairs.is_empty() {
        return (touched, sure);
    }
    let answers = merges(repo, quarantine, &pairs).unwrap_or_default();
    sure &= answers.len() == pairs.len() && answers.iter().all(Option::is_some);
    let mut newest: HashMap<usize, usize> = HashMap::new();
    for ((number, place), merge) in asked.into_iter().zip(answers) {
        let commit = &line.commits[place];
        if merge.is_some_and(|merge| merge.clean && merge.tree == ours(&commit.tree)) {
            newest.entry(number).and_modify(|newest| *newest = place.min(*newest)).or_insert(place);
        }
    }
    for (number, place) in newest {
        let commit = line.commits[place].id;
        if !is_ancestor(&repo.gix, commit, open[number].key.0) {
            open[number].found.brought = Some(Brought { how: How::Squash, commit, pr: pr(repo, commit) });
            open[number].fresh = true;
        }
    }
    (touched, sure)
}

/// The places, oldest first, of the commits that touch what the branch changes, and of those that may be its squash.
fn candidates(repo: &Repo, line: &Line, compared: &[Vec<Difference>], open: &Open) -> (Vec<usize>, Vec<usize>) {
    let (mut touching, mut candidates) = (Vec::new(), Vec::new());
    let mut own = Paths::default();
    for change in &open.changes {
        own.add(&change.path);
    }
    let touches = |place: &usize| compared[*place].iter().any(|difference| own.contains(&difference.path));
    let any = (0..open.new).rev().filter(touches).collect::<Vec<_>>();
    if any.is_empty() {
        return (touching, candidates);
    }
    let tree = |commit: Oid| Some(repo.gix.find_commit(theirs(commit)).ok()?.tree_id().ok()?.detach());
    let start = line.commits[open.new - 1].parent.map(|(_, tree)| tree);
    let since = differences(&repo.gix, (tree(open.base), start), Some(&own), usize::MAX).unwrap_or_default();
    let mut follower = Follower::new(&open.changes, &since, open.one_base);
    for place in any {
        touching.push(place);
        if follower.pass(&compared[place]) && line.commits[place].parent.is_some() {
            candidates.push(place);
        }
    }
    (touching, candidates)
}

/// Whether `tip` has `commit`; yes where that cannot be told.
fn is_ancestor(gix: &gix::Repository, commit: Oid, tip: Oid) -> bool {
    match gix.merge_bases_many(theirs(commit), &[theirs(tip)]) {
        Ok(bases) => bases.iter().any(|base| ours(base) == commit),
        Err(_) => true,
    }
}

/// The pull request that a commit's message names.
fn pr(repo: &Repo, commit: Oid) -> Option<String> {
    let found = repo.gix.find_commit(theirs(commit)).ok()?;
    message::read(found.message_raw().ok()?).pr
}
