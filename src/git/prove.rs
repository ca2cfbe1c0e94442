//! What only the target's history can tell of a branch: whether its base still counts, whether its work came another way, and
//! whether that was taken back.

use super::bases::{go_on, settle};
use super::brought;
use super::quarantine::Quarantine;
use super::repo::Repo;
use crate::model::facts::{Branch, Facts};
use crate::model::id::TaskId;

/// Leaves the commits of others out of the number of its own: the target's, where it took them in, and all where it was only
/// moved. Of what the target has altogether nobody can say which were the branch's, so there they are counted from the base.
fn own(branch: &mut Branch) {
    branch.commits = match (branch.commits, branch.ahead) {
        (Some(_), _) if branch.only_moved => Some(0),
        (Some(commits), Some(ahead)) if ahead > 0 => Some(commits.min(ahead)),
        (commits, _) => commits,
    };
}

/// Completes the branches of `facts`; those of tasks that are not `wanted` are not searched for in the target's history.
pub(super) fn prove(repo: &Repo, quarantine: &Quarantine, facts: &mut Facts, wanted: impl Fn(&TaskId) -> bool) {
    let Facts { target, tasks, reverts, ledger, .. } = facts;
    let seen = tasks.iter_mut().filter_map(|(id, seen)| Some((id, seen.branch.as_mut()?)));
    let mut seen: Vec<(&TaskId, &mut Branch)> = seen.collect();
    settle(repo, target, seen.iter_mut().map(|(_, branch)| &mut **branch));
    for (id, branch) in &mut seen {
        let landing = ledger.records.get(*id).and_then(|record| record.landed.as_ref());
        if let Some(landing) = landing.filter(|landing| landing.reachable) {
            go_on(repo, landing, branch);
        }
        own(branch);
        if !reverts.is_empty() {
            brought::mark_reverted(repo, branch, reverts);
        }
    }
    let wanted = seen.into_iter().filter(|(id, _)| wanted(id)).map(|(_, branch)| branch);
    brought::mark(repo, quarantine, target.newest().1, &mut wanted.collect::<Vec<_>>(), reverts);
}
