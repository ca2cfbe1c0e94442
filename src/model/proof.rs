//! Proof that a task has landed: the first that holds, always against the target's newest commit.

use std::collections::HashMap;

use super::facts::{Branch, Mention};
use super::ledger::Record;
use super::state::Proof;

/// Mentions by what they name, the newest for each.
#[derive(Debug, Default)]
pub struct Mentions<'a> {
    tasks: HashMap<&'a str, &'a Mention>,
    branches: HashMap<&'a str, &'a Mention>,
}

impl<'a> Mentions<'a> {
    /// Indexes `mentions`, which come newest first.
    pub fn new(mentions: &'a [Mention]) -> Mentions<'a> {
        let mut index = Mentions::default();
        for mention in mentions {
            for task in &mention.tasks {
                index.tasks.entry(task).or_insert(mention);
            }
            if let Some(branch) = &mention.branch {
                index.branches.entry(branch).or_insert(mention);
            }
        }
        index
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.branches.is_empty()
    }

    /// The newest commit that names the task or its branch, if it is not older than the task's last start.
    fn of(&self, id: &str, branch: &str, record: Option<&Record>) -> Option<&'a Mention> {
        let since = record.and_then(|record| record.started_at).map(|at| at.as_second());
        [self.tasks.get(id), self.branches.get(branch)]
            .into_iter()
            .flatten()
            .copied()
            .filter(|mention| since.is_none_or(|since| mention.time >= since))
            .max_by_key(|mention| mention.time)
    }
}

/// What one task's proof is sought in.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub id: &'a str,
    /// The name that its branch has, or had.
    pub branch_name: &'a str,
    pub branch: Option<&'a Branch>,
    pub record: Option<&'a Record>,
    pub declared: bool,
}

/// The first proof that holds (git-dispatch(1), LANDED): recorded, ancestor, same tree, message, declared.
pub fn proof(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    recorded(evidence)
        .or_else(|| ancestor(evidence, mentions))
        .or_else(|| same_tree(evidence))
        .or_else(|| message(evidence, mentions))
        .or_else(|| evidence.declared.then_some(Proof::Declared))
}

/// 1: a `landed` event whose commit is reachable, and the branch is gone or has not moved since.
fn recorded(evidence: &Evidence<'_>) -> Option<Proof> {
    let landed = evidence.record?.landed.as_ref()?;
    let unmoved = evidence.branch.is_none_or(|branch| branch.tip == landed.tip);
    (landed.reachable && unmoved).then(|| Proof::Recorded { commit: landed.commit, pr: landed.pr.clone() })
}

/// 2: the target has the tip, the branch has commits of its own, and the tip did not get there by fast-forwarding the
/// branch to the target: it is off the target's first-parent line, or an event names it.
fn ancestor(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    let branch = evidence.branch?;
    let own = branch.commits.is_some_and(|commits| commits > 0);
    let named = evidence.record.is_some_and(|record| {
        let landed = record.landed.as_ref().is_some_and(|landed| landed.tip == branch.tip);
        landed || record.reported.as_ref().is_some_and(|report| report.tip == branch.tip)
    });
    if branch.ahead != Some(0) || !own || (branch.on_first_parent_line && !named) {
        return None;
    }
    let mention = mentions.of(evidence.id, evidence.branch_name, evidence.record);
    Some(Proof::Ancestor {
        commit: mention.map(|mention| mention.commit),
        pr: mention.and_then(|mention| mention.pr.clone()).or_else(|| reported_pr(evidence)),
    })
}

/// 3: merging it would change nothing, although it changed something (an empty commit proves nothing).
fn same_tree(evidence: &Evidence<'_>) -> Option<Proof> {
    let branch = evidence.branch?;
    let merge = branch.merge.as_ref()?;
    let own = branch.commits.is_some_and(|commits| commits > 0) && branch.ahead.is_some_and(|ahead| ahead > 0);
    (own && merge.clean && merge.adds_nothing && merge.tip_changes_something).then_some(Proof::SameTree)
}

/// 6: the branch is gone, and a commit on the target's first-parent line, not older than the last start, names it.
fn message(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    if evidence.branch.is_some() {
        return None;
    }
    let mention = mentions.of(evidence.id, evidence.branch_name, evidence.record)?;
    let pr = mention.pr.clone().or_else(|| reported_pr(evidence));
    Some(Proof::Message { commit: mention.commit, pr })
}

fn reported_pr(evidence: &Evidence<'_>) -> Option<String> {
    evidence.record?.reported.as_ref()?.pr.clone()
}
