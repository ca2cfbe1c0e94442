//! Which tips do not merge with each other.

use anyhow::Result;

use super::merges::{Apart, Side, Verdict, verdicts};
use super::quarantine::Quarantine;
use super::repo::Repo;
use crate::model::collision::{Collisions, Contender, Meeting};
use crate::model::oid::Oid;

/// Two that are merged with each other.
type Pair<'c> = (&'c Contender, &'c Contender);

/// So many pairs that may conflict are merged; the tasks of those after them are not compared.
const MOST_PAIRS: usize = 2_000_000;

/// So many pairs are merged before their answers are kept: only those that do not merge cleanly take memory then.
const AT_ONCE: usize = 100_000;

/// Merges every two of `contenders`, which come in the order of ids: their tips, and where these merge cleanly, what is in
/// their worktrees. Those that change other paths are known to merge.
///
/// # Errors
/// git cannot be run, or there is no room for temporary files.
pub fn collisions(repo: &Repo, quarantine: &Quarantine, contenders: &[Contender]) -> Result<Collisions> {
    let side = |one: &Contender| Side { tip: one.tip, state: one.uncommitted, base: one.base, whole: !one.unknown };
    let sides: Vec<Side> = contenders.iter().map(side).collect();
    let apart = Apart::new(repo, quarantine, &sides);
    let mut collisions = Collisions::default();
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut left = MOST_PAIRS;
    for (at, a) in contenders.iter().enumerate() {
        let others = apart.others(at);
        let Some(rest) = left.checked_sub(others.len()) else { break };
        left = rest;
        collisions.compared.push(a.id.clone());
        pairs.extend(others.into_iter().map(|other| (a, &contenders[other])));
        if pairs.len() >= AT_ONCE {
            merge(repo, quarantine, &pairs, &mut collisions)?;
            pairs.clear();
        }
    }
    merge(repo, quarantine, &pairs, &mut collisions)?;
    Ok(collisions)
}

fn merge(repo: &Repo, quarantine: &Quarantine, pairs: &[Pair<'_>], collisions: &mut Collisions) -> Result<()> {
    let tips: Vec<(Oid, Oid)> = pairs.iter().map(|(a, b)| (a.tip, b.tip)).collect();
    let tips = verdicts(repo, quarantine, &tips)?;
    let clean = |verdict: &Option<Verdict>| verdict.as_ref().is_some_and(|verdict| verdict.clean);
    let dirty = |(a, b): &Pair<'_>| a.uncommitted.is_some() || b.uncommitted.is_some();
    let known = |(a, b): &Pair<'_>| !a.unknown && !b.unknown;
    let asked = |at: &usize| clean(&tips[*at]) && dirty(&pairs[*at]) && known(&pairs[*at]);
    let asked: Vec<usize> = (0..pairs.len()).filter(asked).collect();
    let whole = |one: &Contender| one.uncommitted.unwrap_or(one.tip);
    let states: Vec<(Oid, Oid)> = asked.iter().map(|&at| (whole(pairs[at].0), whole(pairs[at].1))).collect();
    let mut meetings: Vec<Option<Meeting>> =
        pairs.iter().zip(tips).map(|(pair, verdict)| of_tips(*pair, verdict)).collect();
    for (at, verdict) in asked.into_iter().zip(verdicts(repo, quarantine, &states)?) {
        meetings[at] = of_states(pairs[at], verdict);
    }
    for ((a, b), meeting) in pairs.iter().zip(meetings) {
        if let Some(meeting) = meeting {
            collisions.meetings.insert((a.id.clone(), b.id.clone()), meeting);
        }
    }
    Ok(())
}

/// What is not committed may only add to what the tips say.
fn of_tips((a, b): Pair<'_>, verdict: Option<Verdict>) -> Option<Meeting> {
    match verdict {
        Some(verdict) if !verdict.clean => Some(Meeting::Collides { paths: verdict.conflicts, uncommitted: false }),
        Some(_) if !a.unknown && !b.unknown => None,
        _ => Some(Meeting::Unknown),
    }
}

/// A file that was not read has an unique content in its place: where only such files conflict, nobody knows.
fn of_states((a, b): Pair<'_>, verdict: Option<Verdict>) -> Option<Meeting> {
    let Some(verdict) = verdict else { return Some(Meeting::Unknown) };
    if verdict.clean {
        return None;
    }
    let unread = |path| a.unread.contains(path) || b.unread.contains(path);
    if !verdict.conflicts.is_empty() && verdict.conflicts.iter().all(unread) {
        return Some(Meeting::Unknown);
    }
    Some(Meeting::Collides { paths: verdict.conflicts, uncommitted: true })
}
