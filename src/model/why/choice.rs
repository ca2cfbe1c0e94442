//! Why a ready task starts now or does not: what `plan` chose, and by which rule.

use super::{Cause, Criterion, Other, Place, Reason, Remedy, State, What, Why};
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::plan::{Candidate, Plan};

/// Where the plan puts a task that is ready as far as active ones are concerned.
pub(super) fn place(plan: &Plan<'_>, ix: Ix) -> Option<Place> {
    let has = |list: &[Candidate]| list.iter().any(|one| one.ix == ix);
    let held = || plan.held.iter().any(|held| held.ix == ix).then_some(Place::Held);
    match () {
        () if has(&plan.start) => Some(Place::Start),
        () if has(&plan.queued) => Some(Place::Queued),
        () => held(),
    }
}

/// Fills in what the plan says of task `ix`, which is ready as far as active tasks are concerned.
pub(super) fn ready(plan: &Plan<'_>, ix: Ix, why: &mut Why) {
    why.place = place(plan, ix);
    let of = |list: &[Candidate]| list.iter().position(|one| one.ix == ix);
    if let Some(at) = of(&plan.start) {
        let behind = plan.start[at + 1..].iter().chain(&plan.queued);
        why.causes = chosen(plan, &plan.start[at], behind);
    } else if let Some(at) = of(&plan.queued) {
        why.causes = queued(plan, &plan.queued[at]);
        why.anyway = Some(start(&why.id, "start it all the same"));
    } else if let Some(held) = plan.held.iter().find(|held| held.ix == ix) {
        why.state = State::Held;
        let other = Other { state: State::Ready, chosen: true, as_started: false };
        let cause = |reason: &Reason| Cause { other: Some(other), ..Cause::of(What::Reason(reason.clone())) };
        why.causes = held.reasons.iter().map(cause).collect();
        why.anyway = Some(start(&why.id, "start it instead of what excludes it"));
    }
}

impl Cause {
    /// A reason that names no other task and asks for nothing.
    pub(super) fn of(what: What) -> Cause {
        Cause { what, other: None, remedies: Vec::new() }
    }
}

fn start(id: &TaskId, to: &'static str) -> Remedy {
    Remedy::Command(format!("git dispatch start {id}"), to)
}

fn worth(one: &Candidate) -> Vec<Cause> {
    let urgent = if one.slack == 0 { What::Critical } else { What::Slack(one.slack) };
    let unblocks = (one.unblocks > 0).then_some(What::Unblocks(one.unblocks));
    std::iter::once(urgent).chain(unblocks).map(Cause::of).collect()
}

/// `behind`: what may come next, in the order of choice but for what a shorter plan prefers.
fn chosen<'c>(plan: &Plan<'_>, one: &Candidate, mut behind: impl Iterator<Item = &'c Candidate>) -> Vec<Cause> {
    let mut causes = worth(one);
    causes.extend(one.shortens.map(|minutes| Cause::of(What::Reason(Reason::Shortens(minutes)))));
    let next = behind.find_map(|next| Some((next, ahead(plan, one, next)?)));
    causes.extend(next.map(|(next, by)| Cause::of(What::Before(plan.task(next.ix).id.clone(), by))));
    let id = &plan.task(one.ix).id;
    causes[0].remedies.push(start(id, "start it"));
    causes
}

fn queued(plan: &Plan<'_>, one: &Candidate) -> Vec<Cause> {
    let mut causes: Vec<Cause> = plan.queued_for(one).into_iter().map(|reason| awaited(plan, reason)).collect();
    let last = plan.start.iter().rev().find_map(|first| Some((first, ahead(plan, first, one)?)));
    causes.extend(last.map(|(first, by)| Cause::of(What::After(plan.task(first.ix).id.clone(), by))));
    causes.extend(worth(one));
    causes
}

/// A reason to be queued, with what would change that.
fn awaited(plan: &Plan<'_>, reason: Reason) -> Cause {
    let mut remedies = Vec::new();
    match &reason {
        Reason::Slot => {
            let busy = plan.workers.busy > 0;
            remedies.extend(busy.then(|| Remedy::Command("git dispatch status".to_owned(), "see who works now")));
            let more = format!("git dispatch plan --workers {}", plan.workers.limit.saturating_add(1));
            remedies.push(Remedy::Command(more, "see what one worker more would do"));
        }
        Reason::Shortens(_) => {
            let by_rule = "git dispatch plan --effort 0".to_owned();
            remedies.push(Remedy::Command(by_rule, "see the plan by the rule of choice alone"));
        }
        Reason::Batch(id) if !plan.start.iter().any(|one| plan.task(one.ix).id == *id) => {
            remedies.push(Remedy::Command(format!("git dispatch status {id}"), "see how far it is"));
        }
        _ => {}
    }
    Cause { remedies, ..Cause::of(What::Reason(reason)) }
}

/// What puts `one` before `other` by the rule of choice; `None` where it comes after it.
fn ahead(plan: &Plan<'_>, one: &Candidate, other: &Candidate) -> Option<Criterion> {
    let other_phase = |candidate: &Candidate| {
        let phase = plan.task(candidate.ix).phase.as_deref();
        u64::from(plan.phase.is_some() && phase != plan.phase)
    };
    let criteria = [
        (Criterion::FollowsUp, u64::from(!one.follows_up), u64::from(!other.follows_up)),
        (Criterion::Critical, u64::from(one.slack > 0), u64::from(other.slack > 0)),
        (Criterion::Unblocks, u64::MAX - one.unblocks, u64::MAX - other.unblocks),
        (Criterion::Phase, other_phase(one), other_phase(other)),
        (Criterion::Shorter, one.minutes, other.minutes),
        (Criterion::Id, one.ix as u64, other.ix as u64),
    ];
    let (criterion, ours, theirs) = criteria.into_iter().find(|(_, ours, theirs)| ours != theirs)?;
    (ours < theirs).then_some(criterion)
}
