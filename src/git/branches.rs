//! Where each task branch stands: its time, base, counts, and whether it is only a point of the target's own line.

use std::collections::HashSet;

use jiff::Timestamp;

use super::counts::{Counted, counts};
use super::reach::{merge_bases, on_first_parent_line};
use super::repo::{Repo, theirs};
use crate::model::facts::{BaseIs, Branch};
use crate::model::oid::Oid;

/// A local branch that belongs to a task.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    /// Without `refs/heads/`.
    pub name: &'a str,
    pub tip: Oid,
    /// As recorded when the task started.
    pub base: Option<Oid>,
}

/// The facts of each branch against `target`, in the order given, without trying to merge. Where the tip cannot be read
/// the counts are unknown and the time is the epoch.
pub(super) fn branches(repo: &Repo, target: Oid, found: &[Found<'_>]) -> Vec<Branch> {
    let times: Vec<Option<Timestamp>> = found.iter().map(|found| committed_at(repo, found.tip)).collect();
    let readable: Vec<usize> = (0..found.len()).filter(|&at| times[at].is_some()).collect();
    let mut branches: Vec<Branch> = found.iter().zip(&times).map(|(found, time)| bare(found, *time)).collect();
    let counted: Vec<Counted> = readable.iter().map(|&at| counted(&found[at])).collect();
    for (&at, counts) in readable.iter().zip(counts(repo, target, &counted)) {
        let branch = &mut branches[at];
        (branch.ahead, branch.behind, branch.commits) = (counts.ahead, counts.behind, counts.own);
        branch.contains_base = counts.contains_base;
    }
    let unbased: Vec<usize> = readable.into_iter().filter(|&at| found[at].base.is_none()).collect();
    let tips: Vec<(Oid, Option<u64>)> = unbased.iter().map(|&at| (found[at].tip, branches[at].ahead)).collect();
    for (at, base) in unbased.into_iter().zip(merge_bases(repo, target, &tips)) {
        let branch = &mut branches[at];
        branch.base = base;
        // From a merge base on, the branch's own commits are those that the target lacks.
        branch.commits = base.and(branch.ahead);
    }
    mark_first_parents(repo, target, &mut branches);
    branches
}

fn bare(found: &Found<'_>, time: Option<Timestamp>) -> Branch {
    Branch {
        name: found.name.to_owned(),
        tip: found.tip,
        committed_at: time.unwrap_or(Timestamp::UNIX_EPOCH),
        base: found.base,
        contains_base: None,
        commits: None,
        ahead: None,
        behind: None,
        on_first_parent_line: false,
        merge: None,
        touched: None,
        brought: None,
        reverted: None,
        base_is: BaseIs::Sound,
    }
}

fn counted(found: &Found<'_>) -> Counted {
    Counted { name: format!("refs/heads/{}", found.name), tip: found.tip, base: found.base }
}

fn committed_at(repo: &Repo, tip: Oid) -> Option<Timestamp> {
    let commit = repo.gix.find_commit(theirs(tip)).ok()?;
    let seconds = commit.time().map_or(0, |time| time.seconds);
    Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Only a tip that the target contains can lie on its line, and no deeper than the target is ahead of it.
fn mark_first_parents(repo: &Repo, target: Oid, branches: &mut [Branch]) {
    let contained = branches.iter().filter(|branch| branch.ahead == Some(0));
    let depth = contained.clone().filter_map(|branch| branch.behind).max().unwrap_or(0);
    let tips: HashSet<Oid> = contained.map(|branch| branch.tip).collect();
    if tips.is_empty() {
        return;
    }
    let on_line = on_first_parent_line(repo, target, depth, &tips);
    for branch in branches.iter_mut() {
        branch.on_first_parent_line = on_line.contains(&branch.tip) && !committed_here(repo, branch);
    }
}

/// Whether the branch's own reflog says that its tip was committed on it: then the target was fast-forwarded to the branch,
/// and not the branch to the target.
fn committed_here(repo: &Repo, branch: &Branch) -> bool {
    let log = std::fs::read(repo.common_dir().join("logs/refs/heads").join(&branch.name)).unwrap_or_default();
    let last = log.trim_ascii_end().rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let last = String::from_utf8_lossy(last);
    let Some((head, message)) = last.split_once('\t') else { return false };
    // git writes `commit: …`, `commit (amend): …` and the like; no other command begins so.
    let by_commit = message.starts_with("commit: ") || message.starts_with("commit (");
    by_commit && head.split(' ').nth(1).is_some_and(|new| new == branch.tip.to_string())
}
