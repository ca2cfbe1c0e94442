//! Whether the base that was recorded for a branch still is what its own commits begin at.

use std::collections::HashSet;

use super::counts::{Counted, counts, left_right};
use super::reach::reachable;
use super::repo::{Repo, theirs};
use crate::model::facts::{BaseIs, Branch, Target};
use crate::model::ledger::Landing;
use crate::model::oid::Oid;

/// Sets [`Branch::base_is`], and where the recorded base counts no more the base and the number of own commits: from the
/// merge base on, the branch's own commits are those that the target lacks, if it lacks any.
///
/// A target that was rewritten leaves bases behind; one that is on the target's upstream is not.
pub(super) fn settle<'a>(repo: &Repo, target: &Target, branches: impl Iterator<Item = &'a mut Branch>) {
    let suspects: Vec<&mut Branch> = branches.filter(|branch| suspect(branch)).collect();
    if suspects.is_empty() {
        return;
    }
    let bases: HashSet<Oid> = suspects.iter().filter_map(|branch| branch.base).collect();
    let bases: Vec<Oid> = bases.into_iter().collect();
    let mut sound = reachable(repo, target.commit, &bases);
    if let Some(upstream) = &target.upstream {
        sound.extend(reachable(repo, upstream.commit, &bases));
    }
    for branch in suspects {
        let Some(base) = branch.base.filter(|base| !sound.contains(base)) else {
            unrelated(repo, target, branch);
            continue;
        };
        match branch.contains_base {
            Some(true) => branch.base_is = BaseIs::Abandoned(base),
            Some(false) => replace(repo, target, branch, BaseIs::Replaced(base)),
            None if repo.gix.find_commit(theirs(base)).is_err() => {
                replace(repo, target, branch, BaseIs::Missing(base));
            }
            None => {}
        }
    }
}

/// Whether the base may be no ancestor of the tip, or of the target. Where it is one of both, the target lacks as many commits as
/// are the branch's own, or fewer: those that came from the target.
fn suspect(branch: &Branch) -> bool {
    match branch.contains_base {
        Some(true) => branch.ahead > Some(0) && branch.ahead != branch.commits,
        Some(false) => true,
        None => branch.commits.is_none(),
    }
}

/// A branch that has no commit in common with the target: how many are its own, nobody can say.
fn unrelated(repo: &Repo, target: &Target, branch: &mut Branch) {
    if branch.contains_base == Some(false) && merge_base(repo, target, branch).is_none() {
        branch.commits = None;
    }
}

fn replace(repo: &Repo, target: &Target, branch: &mut Branch, base_is: BaseIs) {
    branch.base_is = base_is;
    if branch.ahead == Some(0) {
        // The merge base is the tip: from there on nothing is its own, and yet it may have landed.
        return;
    }
    let merge_base = merge_base(repo, target, branch);
    branch.commits = merge_base.and(branch.ahead);
    if merge_base.is_some() {
        (branch.base, branch.contains_base) = (merge_base, Some(true));
    }
}

fn merge_base(repo: &Repo, target: &Target, branch: &Branch) -> Option<Oid> {
    counts(repo, target.newest().1, &[Counted { tip: branch.tip, base: None }]).first()?.merge_base
}

/// Lets the own commits of a branch that went on after its recorded landing begin at what has landed.
pub(super) fn go_on(repo: &Repo, landing: &Landing, branch: &mut Branch) {
    if landing.tip == branch.tip || branch.base == Some(landing.tip) {
        return;
    }
    if let Some((own, 0)) = left_right(repo, branch.tip, landing.tip) {
        (branch.base, branch.commits, branch.contains_base) = (Some(landing.tip), Some(own), Some(true));
        branch.base_is = BaseIs::Sound;
    }
}
