//! Which tips do not merge with each other.

use anyhow::Result;

use super::merges::{Verdict, verdicts};
use super::quarantine::Quarantine;
use super::repo::Repo;
use crate::model::collision::{Collisions, Contender, Meeting};
use crate::model::oid::Oid;

/// Merges every two of `contenders`, which come in the order of ids, with what is not committed in their worktrees.
///
/// # Errors
/// git cannot be run, or there is no room for temporary files.
pub fn collisions(repo: &Repo, quarantine: &Quarantine, contenders: &[Contender]) -> Result<Collisions> {
    let mut pairs: Vec<(&Contender, &Contender)> = Vec::new();
    for (at, a) in contenders.iter().enumerate() {
        pairs.extend(contenders[at + 1..].iter().map(|b| (a, b)));
    }
    let whole = |one: &Contender| one.uncommitted.unwrap_or(one.tip);
    let asked: Vec<(Oid, Oid)> = pairs.iter().map(|(a, b)| (whole(a), whole(b))).collect();
    let answers = verdicts(repo, quarantine, &asked)?;
    let dirty = |(a, b): &(&Contender, &Contender)| a.uncommitted.is_some() || b.uncommitted.is_some();
    let breaks = |verdict: &Option<Verdict>| verdict.as_ref().is_some_and(|verdict| !verdict.clean);
    let doubtful: Vec<usize> = (0..pairs.len()).filter(|&at| dirty(&pairs[at]) && breaks(&answers[at])).collect();
    let tips: Vec<(Oid, Oid)> = doubtful.iter().map(|&at| (pairs[at].0.tip, pairs[at].1.tip)).collect();
    let mut uncommitted = vec![false; pairs.len()];
    for (&at, verdict) in doubtful.iter().zip(verdicts(repo, quarantine, &tips)?) {
        uncommitted[at] = verdict.is_some_and(|verdict| verdict.clean);
    }
    let mut collisions =
        Collisions { compared: contenders.iter().map(|one| one.id.clone()).collect(), ..Collisions::default() };
    for ((pair, answer), uncommitted) in pairs.into_iter().zip(answers).zip(uncommitted) {
        if let Some(meeting) = meeting(pair, answer, uncommitted) {
            collisions.meetings.insert((pair.0.id.clone(), pair.1.id.clone()), meeting);
        }
    }
    Ok(collisions)
}

/// A file that was not read has an unique content in its place: where only such files conflict, nobody knows.
fn meeting((a, b): (&Contender, &Contender), verdict: Option<Verdict>, uncommitted: bool) -> Option<Meeting> {
    let Some(verdict) = verdict else { return Some(Meeting::Unknown) };
    if verdict.clean {
        return None;
    }
    if verdict.conflicts.iter().all(|path| a.unread.contains(path) || b.unread.contains(path)) {
        return Some(Meeting::Unknown);
    }
    Some(Meeting::Collides { paths: verdict.conflicts, uncommitted })
}
