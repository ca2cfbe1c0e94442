//! Proof that a task has landed: the first that holds, always against the target's newest commit.

use std::collections::HashMap;

use super::facts::{Branch, Brought, How, Mention};
use super::ledger::{Batch, Record};
use super::revert::Reverts;
use super::state::Proof;
use super::task::Kind;

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

    /// The newest commit that names the task or its branch, if it is not older than the task's last start: by its
    /// time, and not below the commit that was started from.
    fn of(&self, evidence: &Evidence<'_>) -> Option<&'a Mention> {
        let since = evidence.record.and_then(|record| record.started_at.max(record.reopened_at));
        [self.tasks.get(evidence.id), self.branches.get(evidence.branch_name)]
            .into_iter()
            .flatten()
            .copied()
            .filter(|mention| evidence.record.is_none_or(|record| !record.mentioned_before.contains(&mention.commit)))
            .filter(|mention| since.is_none_or(|since| mention.time >= since.as_second()))
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
    /// The batch that started it last.
    pub batch: Option<&'a Batch>,
    pub reverts: &'a Reverts,
    pub declared: bool,
}

/// The first proof that holds (git-dispatch(1), PROOFS OF LANDING). What was taken back again from the target proves nothing.
pub fn proof(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    recorded(evidence)
        .or_else(|| ancestor(evidence, mentions))
        .or_else(|| same_tree(evidence, mentions))
        .or_else(|| brought(evidence, mentions))
        .or_else(|| message(evidence, mentions))
        .or_else(|| report(evidence))
        .or_else(|| evidence.declared.then_some(Proof::Declared))
}

/// 1: a `landed` event whose commit is reachable, and the branch is gone or has not moved since.
fn recorded(evidence: &Evidence<'_>) -> Option<Proof> {
    let landed = evidence.record?.landed.as_ref()?;
    let unmoved = evidence.branch.is_none_or(|branch| branch.tip == landed.tip && branch.reverted.is_none());
    let stands = landed.reachable && evidence.reverts.of(landed.commit).is_none();
    (stands && unmoved).then(|| Proof::Recorded { commit: landed.commit, pr: landed.pr.clone() })
}

/// 2: the target has the tip, the branch has commits of its own, and the tip did not get there by fast-forwarding the
/// branch to the target: it is off the target's first-parent line, or an event names it.
fn ancestor(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    let branch = worked(evidence)?;
    let named = evidence.record.is_some_and(|record| {
        let landed = record.landed.as_ref().is_some_and(|landed| landed.tip == branch.tip);
        landed || record.reported.as_ref().is_some_and(|report| report.tip == branch.tip)
    });
    if branch.ahead != Some(0) || branch.reverted.is_some() || (branch.on_first_parent_line && !named) {
        return None;
    }
    let commit = mentions.of(evidence).map(|mention| mention.commit);
    Some(Proof::Ancestor { commit, pr: pr(evidence, mentions, None) })
}

/// The branch, where it has commits of its own.
fn worked<'a>(evidence: &Evidence<'a>) -> Option<&'a Branch> {
    evidence.branch.filter(|branch| branch.commits.is_some_and(|commits| commits > 0))
}

/// What a stacked task stands on may have landed without it: then it takes a change of its own to prove that it has.
fn adds_to_its_stack(evidence: &Evidence<'_>, branch: &Branch) -> bool {
    let nothing = branch.touched.as_ref().is_some_and(Vec::is_empty);
    !(nothing && evidence.record.is_some_and(Record::is_stacked))
}

/// 3: merging it would change nothing, although it changed something (an empty commit proves nothing).
fn same_tree(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    let branch = worked(evidence).filter(|branch| adds_to_its_stack(evidence, branch))?;
    let merge = branch.merge.as_ref()?;
    let own = branch.ahead.is_some_and(|ahead| ahead > 0);
    let brought = branch.brought.as_ref();
    let commit = brought.map(|brought| brought.commit);
    (own && merge.clean && merge.adds_nothing && merge.tip_changes_something)
        .then(|| Proof::SameTree { commit, pr: pr(evidence, mentions, brought.and_then(|one| one.pr.clone())) })
}

/// 4 and 5: a commit of the target brought its work, whatever became of those lines later.
fn brought(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    let stands = |branch: &&Branch| branch.reverted.is_none() && adds_to_its_stack(evidence, branch);
    let branch = worked(evidence).filter(stands)?;
    let Brought { how, commit, pr: named } = branch.brought.clone()?;
    let pr = pr(evidence, mentions, named);
    Some(match how {
        How::Squash => Proof::Squash { commit, pr },
        How::Rebase => Proof::Rebase { commit, pr },
    })
}

/// 6: the branch is gone, and a commit on the target's first-parent line, not older than the last start, names it.
fn message(evidence: &Evidence<'_>, mentions: &Mentions<'_>) -> Option<Proof> {
    if evidence.branch.is_some() {
        return None;
    }
    let mention = mentions.of(evidence).filter(|mention| evidence.reverts.of(mention.commit).is_none())?;
    Some(Proof::Message { commit: mention.commit, pr: pr(evidence, mentions, mention.pr.clone()) })
}

/// 7: a research task without commits was reported done; where its batch holds nothing but research, that batch was closed
/// as sufficient, too.
fn report(evidence: &Evidence<'_>) -> Option<Proof> {
    let record = evidence.record.filter(|record| !record.dropped)?;
    let (report, snapshot) = (record.reported.as_ref()?, record.snapshot.as_ref()?);
    let empty = match evidence.branch {
        Some(branch) => branch.commits == Some(0) && branch.tip == report.tip,
        None => report.tip == snapshot.base,
    };
    let batch = evidence.batch?;
    let sufficient = batch.is_sufficient() == Some(true);
    let alone = batch.tasks.iter().all(|task| task.kind == Kind::Research);
    let proves =
        snapshot.kind == Kind::Research && empty && record.done_at(report.tip) == Some(true) && (sufficient || !alone);
    proves.then(|| Proof::Report { pr: report.pr.clone() })
}

/// The pull request: as the commit names it that brought the work, else the one that names the task, else the record.
fn pr(evidence: &Evidence<'_>, mentions: &Mentions<'_>, named: Option<String>) -> Option<String> {
    let mentioned = || mentions.of(evidence).and_then(|mention| mention.pr.clone());
    let recorded = || evidence.record?.pull_request().map(str::to_owned);
    named.or_else(mentioned).or_else(recorded)
}
