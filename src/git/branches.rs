//! Where each task branch stands: its time, base, counts, and whether it is only a point of the target's own line.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;

use super::counts::{Counted, Counts, counts};
use super::moved::only_moved;
use super::reach::on_first_parent_line;
use super::reflog;
use super::repo::{Repo, theirs};
use super::touched::{Touched, Unknown, is_partial, touched, unreadable};
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
    /// Whether to tell which paths it touches.
    pub compared: bool,
    /// The git dir of its worktree.
    pub admin_dir: Option<&'a Path>,
}

/// The facts of each branch against `target`, in the order given, without trying to merge. `others` are the branches whose
/// commits are not a task's own, other than its own branch. Where the tip cannot be read
/// the counts are unknown and the time is the epoch.
pub(super) fn branches(repo: &Repo, target: Oid, found: &[Found<'_>], others: &HashSet<&str>) -> Vec<Branch> {
    let times: Vec<Option<Timestamp>> = found.iter().map(|found| committed_at(repo, found.tip)).collect();
    let mut branches: Vec<Branch> = found.iter().zip(&times).map(|(found, time)| bare(found, *time)).collect();
    let readable: Vec<usize> = (0..found.len()).filter(|&at| times[at].is_some()).collect();
    let counted: Vec<Counted> =
        readable.iter().map(|&at| Counted { tip: found[at].tip, base: found[at].base }).collect();
    let counts = counts(repo, target, &counted);
    for (&at, counts) in readable.iter().zip(&counts) {
        let branch = &mut branches[at];
        (branch.ahead, branch.behind, branch.commits) = (counts.ahead, counts.behind, counts.own);
        branch.contains_base = counts.contains_base;
        branch.fault = counts
            .missing
            .map(|missing| format!("its history or the target's needs commit {missing}, which cannot be read"));
        if found[at].base.is_none() {
            branch.base = counts.merge_base;
            // From a merge base on, the branch's own commits are those that the target lacks.
            branch.commits = branch.base.and(branch.ahead);
        }
        branch.only_moved = branch.commits > Some(0) && only_moved(repo, &found[at], others);
    }
    let since = |(&at, counts): (&usize, &Counts)| {
        let since = begins(counts, found[at].base).filter(|_| found[at].compared)?;
        Some((at, (since, found[at].tip)))
    };
    let (places, pairs): (Vec<usize>, Vec<(Oid, Oid)>) = readable.iter().zip(&counts).filter_map(since).unzip();
    for (at, touched) in places.into_iter().zip(touched(repo, &pairs)) {
        match touched {
            Ok(Touched { paths, unreadable }) => {
                // What others changed it does not touch.
                branches[at].touched = Some(if branches[at].only_moved { Vec::new() } else { paths });
                if let Some(object) = unreadable {
                    branches[at].fault.get_or_insert_with(|| broken(object));
                }
            }
            Err(Unknown::Unreadable(object)) => _ = branches[at].fault.get_or_insert_with(|| broken(object)),
            Err(Unknown::TooMany) => {}
        }
    }
    mark_first_parents(repo, target, &mut branches);
    branches
}

/// The commit that a branch's work is compared with: its base, or, where it has merged the target since or left its
/// base, the merge base with the target: what the target has is none of its work.
fn begins(counts: &Counts, base: Option<Oid>) -> Option<Oid> {
    match base {
        Some(base) if counts.contains_base == Some(true) && counts.has_more_of_target == Some(false) => Some(base),
        Some(_) if counts.contains_base.is_none() => None,
        _ => counts.merge_base,
    }
}

/// Why git gave no answer to merging a branch: the first object that cannot be read, of those in which it or the target
/// differ from where it began. `None` where that is not why, and in a partial clone, where it is none of its fault.
pub(super) fn why_not_merged(repo: &Repo, target: Oid, branch: &Branch) -> Option<String> {
    let base = branch.base.filter(|_| !is_partial(repo))?;
    let object = unreadable(repo, base, branch.tip).or_else(|| unreadable(repo, base, target))?;
    Some(broken(object))
}

fn broken(object: gix::ObjectId) -> String {
    format!("its branch or the target needs object {object}, which cannot be read")
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
        fault: time.is_none().then(|| format!("its tip {} cannot be read", found.tip)),
        brought: None,
        reverted: None,
        base_is: BaseIs::Sound,
        only_moved: false,
    }
}

/// When a commit was made; `None` where it cannot be read.
pub fn committed_at(repo: &Repo, tip: Oid) -> Option<Timestamp> {
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
    let log = reflog::of_ref(repo, &format!("refs/heads/{}", branch.name));
    let last = log.trim_ascii_end().rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let last = String::from_utf8_lossy(last);
    let Some((head, message)) = last.split_once('\t') else { return false };
    // git writes `commit: …`, `commit (amend): …` and the like; no other command begins so.
    let by_commit = message.starts_with("commit: ") || message.starts_with("commit (");
    by_commit && head.split(' ').nth(1).is_some_and(|new| new == branch.tip.to_string())
}
