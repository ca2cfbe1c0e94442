//! Reports that still hold although the branch is at another commit: the same work on another base.

use super::brought::patch_between;
use super::merges::merges;
use super::quarantine::Quarantine;
use super::repo::{Repo, ours, theirs};
use crate::model::facts::{Branch, Facts};
use crate::model::oid::Oid;

/// Commits that are looked at to see that a branch just went on.
const LOOKED_AT: usize = 1000;

/// Moves what was said of a task to the tip of its branch, where the patch of all its own commits is what it was: after a rebase,
/// an amended message, a merge of the target that git made without help.
///
/// The patch is `git diff-tree -p` from the merge base with the target, so a change right beside, on the target, makes it another
/// one. What cannot be read is other work, too.
pub(super) fn rebind(repo: &Repo, quarantine: &Quarantine, facts: &mut Facts) {
    let target = facts.target.newest().1;
    for (id, record) in &mut facts.ledger.records {
        let branch = facts.tasks.get(id).and_then(|seen| seen.branch.as_ref());
        let (Some(report), Some(branch)) = (&record.reported, branch) else { continue };
        let from = report.tip;
        if from == branch.tip || went_on(repo, branch, from) {
            continue;
        }
        // What it is stacked on need not be on the target.
        let below = record.snapshot.as_ref().filter(|_| record.is_stacked()).map_or(target, |snapshot| snapshot.base);
        if is_same(repo, quarantine, below, (from, branch.tip)) == Some(true) {
            record.rebind(from, branch.tip);
        }
    }
}

/// Whether `to` has what `from` has of its own over `below`, and nothing else: merging `from` into the base of `to` gives the very tree
/// of `to` (equal patches alone may stand at another place of a file), and the patches are equal (a merge alone may be clean beside
/// something that nobody saw). `None` where something cannot be read.
fn is_same(repo: &Repo, quarantine: &Quarantine, below: Oid, (from, to): (Oid, Oid)) -> Option<bool> {
    let (old, new) = (merge_base(repo, below, from)?, merge_base(repo, below, to)?);
    let tree = ours(&repo.gix.find_commit(theirs(to)).ok()?.tree_id().ok()?.detach());
    let merge = merges(repo, quarantine, &[(new, from)]).ok()?.pop()??;
    if !merge.clean || merge.tree != tree {
        return Some(false);
    }
    let patch = |base: Oid, tip: Oid| patch_between(repo, quarantine, base, tip);
    Some(patch(old, from)? == patch(new, to)?)
}

/// Whether commits were just added to those that were reported: then it takes no patch to see that it is not the same.
fn went_on(repo: &Repo, branch: &Branch, from: Oid) -> bool {
    let mut next = theirs(branch.tip);
    let mut added = false;
    for _ in 0..LOOKED_AT {
        if ours(&next) == from {
            return added;
        }
        let Ok(commit) = repo.gix.find_commit(next) else { return false };
        let mut parents = commit.parent_ids();
        let Some(first) = parents.next().map(gix::Id::detach) else { return false };
        added |= parents.next().is_none();
        next = first;
    }
    false
}

fn merge_base(repo: &Repo, one: Oid, other: Oid) -> Option<Oid> {
    let cache = repo.gix.commit_graph_if_enabled().ok().flatten();
    let mut graph = repo.gix.revision_graph(cache.as_ref());
    let bases = repo.gix.merge_bases_many_with_graph(theirs(one), &[theirs(other)], &mut graph).ok()?;
    bases.first().map(|base| ours(base))
}
