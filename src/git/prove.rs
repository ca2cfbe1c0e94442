//! What only the target's history can tell of a branch: whether its base still counts, whether its work came another way, and
//! whether that was taken back.

use std::collections::{BTreeMap, HashMap};

use super::bases::{go_on, settle};
use super::branches::committed_at;
use super::brought;
use super::quarantine::Quarantine;
use super::reach::reachable;
use super::repo::Repo;
use crate::model::facts::{Branch, Facts, Mention};
use crate::model::id::TaskId;
use crate::model::ledger::{Ledger, Record};
use crate::model::oid::Oid;

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
    // What a task is stacked on need not be on the target.
    let stacked = |id: &TaskId| ledger.records.get(id).is_some_and(Record::is_stacked);
    let unstacked = seen.iter_mut().filter(|(id, branch)| branch.contains_base != Some(true) || !stacked(id));
    settle(repo, target, unstacked.map(|(_, branch)| &mut **branch));
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

/// Fills in [`crate::model::ledger::Record::mentioned_before`]: a mention of the second in which the task started again, or of
/// a clock that is ahead, is older than the start where what it started from has it.
pub(super) fn mentioned_before(
    repo: &Repo,
    mentions: &[Mention],
    ledger: &mut Ledger,
    names: &BTreeMap<TaskId, String>,
) {
    let (mut tasks, mut branches) = (HashMap::new(), HashMap::new());
    for mention in mentions {
        mention.tasks.iter().for_each(|task| _ = tasks.entry(task.as_str()).or_insert(mention));
        mention.branch.iter().for_each(|branch| _ = branches.entry(branch.as_str()).or_insert(mention));
    }
    for (id, record) in &mut ledger.records {
        let Some((base, since)) = record.snapshot.as_ref().map(|snapshot| snapshot.base).zip(record.started_at) else {
            continue;
        };
        let named = [tasks.get(id.as_str()), names.get(id).and_then(|name| branches.get(name.as_str()))];
        let mut open = named.into_iter().flatten().filter(|mention| mention.time >= since.as_second()).peekable();
        if open.peek().is_none() {
            continue;
        }
        // No commit below the base is younger than it, or hardly one.
        let Some(base_time) = committed_at(repo, base) else { continue };
        let open: Vec<Oid> =
            open.filter(|mention| mention.time <= base_time.as_second()).map(|mention| mention.commit).collect();
        if !open.is_empty() {
            record.mentioned_before = reachable(repo, base, &open).into_iter().collect();
        }
    }
}
