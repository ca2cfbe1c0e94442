//! Branches that were merged, and whose merge was reverted.

use super::Branch;
use crate::git::program::run;
use crate::git::quarantine::without_fetching;
use crate::git::repo::Repo;
use crate::model::oid::Oid;
use crate::model::revert::Reverts;

/// Fills in [`Branch::reverted`] of a branch that the target contains: the merge that brought its tip was reverted, or every
/// one of its own commits was.
pub(in crate::git) fn mark_reverted(repo: &Repo, branch: &mut Branch, reverts: &Reverts) {
    if branch.ahead != Some(0) || branch.commits.is_none_or(|own| own == 0) {
        return;
    }
    branch.reverted = reverts.of_merged(branch.tip).or_else(|| one_by_one(repo, branch, reverts));
}

/// The newest revert, where there is one for each own commit that is no merge.
fn one_by_one(repo: &Repo, branch: &Branch, reverts: &Reverts) -> Option<Oid> {
    let newest = reverts.of(branch.tip)?;
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["rev-list", "--no-merges", "--end-of-options", &branch.tip.to_string()]);
    command.arg(format!("^{}", branch.base?)).arg("--");
    let output = run(&mut command).ok().filter(|output| output.status.success())?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let reverted = |id: &str| id.parse().is_ok_and(|id| reverts.of(id).is_some());
    listed.lines().all(reverted).then_some(newest)
}
