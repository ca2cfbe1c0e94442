//! Why a task that is not ready is what it is: from needs, from active tasks, or from what the repository shows.

use std::collections::HashSet;

use super::{Cause, Other, Proof, Reason, Remedy, Scene, State, Subject, What, Why, changed_since};
use crate::model::facts::Observed;
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::ledger::Report;
use crate::model::stack::carries;
use crate::model::text::shell_word;

/// Fills in the reasons of a task that is not ready.
pub(super) fn fill(scene: &Scene<'_>, subject: &Subject<'_>, why: &mut Why) {
    let id = why.id.clone();
    why.causes = match subject.standing.state {
        State::Waiting | State::Held | State::Ready => {
            let reasons = match subject.ix.filter(|_| why.state == State::Waiting) {
                Some(ix) => scene.standings.waits_for(scene.file, ix),
                None => subject.standing.reasons.clone(),
            };
            why.anyway = stacked(scene, &id, why.state, &reasons).or_else(|| anyway(&id, why.state, &reasons));
            let stuck = subject.ix.filter(|_| why.state == State::Waiting).and_then(|ix| stuck(scene, ix));
            let mut causes: Vec<Cause> = reasons.into_iter().map(|reason| blocked(scene, &id, reason)).collect();
            let gates = causes.iter_mut().filter(|cause| cause.what == What::Reason(Reason::GateStart));
            gates.for_each(|cause| cause.remedies.extend(why.anyway.clone()));
            causes.extend(stuck);
            causes
        }
        State::Active | State::Done | State::Stopped => {
            let reasons = subject.standing.reasons.iter().cloned();
            let held = reasons.map(|reason| blocked(scene, &id, reason));
            started(scene, &id, subject.standing.state).into_iter().chain(held).collect()
        }
        State::Elsewhere => elsewhere(scene, &id),
        State::Landed => landed(&id, subject.standing.proof.as_ref()),
        State::Cancelled => {
            let edit = Remedy::Edit(format!("remove state = \"cancelled\" from [task.{id}]"));
            vec![Cause { remedies: vec![edit], ..Cause::of(What::Cancelled) }]
        }
        State::Lost => vec![lost(scene, &id)],
    };
    if subject.ix.is_none() {
        why.causes.push(Cause::of(What::NotInFile));
    }
}

fn command(line: String, to: &'static str) -> Remedy {
    Remedy::Command(line, to)
}

fn status(id: &TaskId, to: &'static str) -> Remedy {
    command(format!("git dispatch status {id}"), to)
}

/// Where all that it waits for is reported done, it can stand on that.
fn stacked(scene: &Scene<'_>, id: &TaskId, state: State, reasons: &[Reason]) -> Option<Remedy> {
    let done = |reason: &Reason| match reason {
        Reason::Needs(need) | Reason::Reads { id: need, .. } => {
            let standing = scene.standings.of(scene.file, need);
            standing.is_some_and(|standing| carries(scene.standings, standing, need))
        }
        _ => false,
    };
    let stacks = state == State::Waiting && !reasons.is_empty() && reasons.iter().all(done);
    stacks.then(|| command(format!("git dispatch start --stack {id}"), "start it on what is done"))
}

/// A lock gives way to nothing.
fn anyway(id: &TaskId, state: State, reasons: &[Reason]) -> Option<Remedy> {
    let locked = reasons.iter().any(|reason| matches!(reason, Reason::Lock { .. }));
    let to = match state {
        State::Waiting => "start it without their work",
        _ if reasons == [Reason::GateStart] => "start it without a review",
        _ => "start it all the same",
    };
    (!locked).then(|| command(format!("git dispatch start --force {id}"), to))
}

/// A reason why `id` waits or is held, with what would resolve it.
fn blocked(scene: &Scene<'_>, id: &TaskId, reason: Reason) -> Cause {
    let other = reason.task().map(|other| (other.clone(), standing_of(scene, other)));
    let remedies = match (&reason, &other) {
        (Reason::Cancelled(need), _) => vec![
            Remedy::Edit(format!("remove '{need}' from the needs of [task.{id}]")),
            Remedy::Edit(format!("remove state = \"cancelled\" from [task.{need}]")),
        ],
        (Reason::Needs(_) | Reason::Reads { .. }, Some((other, standing))) => vec![landing(other, standing.state)],
        (_, Some((other, _))) => vec![status(other, "see how far it is: only its landing frees this one")],
        (Reason::Findings, None) if standing_of(scene, id).state == State::Done => {
            vec![command(format!("git dispatch start {id}"), "have it go on with them")]
        }
        (reason, None) => review(id, reason).into_iter().collect(),
    };
    Cause { what: What::Reason(reason), other: other.map(|(_, standing)| standing), remedies }
}

/// What a reviewer, or the worker, says to get past `reason`.
fn review(id: &TaskId, reason: &Reason) -> Option<Remedy> {
    Some(match reason {
        Reason::GateStart => command(format!("git dispatch review {id} --approve start"), "approve its start"),
        Reason::GateLand => command(format!("git dispatch review {id} --approve land"), "approve its landing"),
        Reason::Findings => command(format!("git dispatch brief {id}"), "see what was found"),
        Reason::Halted => command(format!("git dispatch review {id} --resume"), "let it go on"),
        Reason::StaleReport => command(format!("git dispatch report {id} --done"), "report it as it is now"),
        _ => return None,
    })
}

fn standing_of(scene: &Scene<'_>, id: &TaskId) -> Other {
    let ix = scene.file.graph.position(id);
    let standing = ix.map(|ix| &scene.standings.tasks[ix]).or_else(|| scene.standings.gone.get(id));
    let state = standing.map_or(State::Lost, |standing| standing.state);
    let snapshot = scene.facts.ledger.records.get(id).and_then(|record| record.snapshot.as_ref());
    let changed = |task| changed_since(scene, id, &task);
    let as_started = state.holds() && snapshot.is_some_and(|snapshot| changed(snapshot.task()));
    Other { state, chosen: false, as_started }
}

/// What brings a need nearer to its landing.
fn landing(id: &TaskId, state: State) -> Remedy {
    match state {
        State::Ready => command(format!("git dispatch start {id}"), "start it"),
        State::Waiting | State::Held => command(format!("git dispatch why {id}"), "see what it waits for"),
        State::Lost | State::Cancelled => command(format!("git dispatch why {id}"), "see how it could go on"),
        _ => status(id, "see how far it is"),
    }
}

/// The nearest cancelled or lost task that keeps `ix` from ever starting, where it is none of its own needs.
fn stuck(scene: &Scene<'_>, ix: Ix) -> Option<Cause> {
    let ends = |ix: Ix| matches!(scene.standings.tasks[ix].state, State::Cancelled | State::Lost);
    let mut seen = HashSet::from([ix]);
    let mut queue = vec![ix];
    let mut done = 0;
    while let Some(&at) = queue.get(done) {
        done += 1;
        if scene.standings.tasks[at].state != State::Waiting {
            continue;
        }
        for need in scene.standings.needs(scene.file, at).filter(|&need| seen.insert(need)) {
            if ends(need) {
                let id = scene.file.graph.tasks()[need].id.clone();
                let remedies = vec![command(format!("git dispatch why {id}"), "see how it could go on")];
                let other = Some(standing_of(scene, &id));
                return (at != ix).then_some(Cause { what: What::Stuck(id), other, remedies });
            }
            queue.push(need);
        }
    }
    None
}

/// What shows that it has begun, and what it reported.
fn started(scene: &Scene<'_>, id: &TaskId, state: State) -> Vec<Cause> {
    let record = scene.facts.ledger.records.get(id);
    let branch = scene.facts.tasks.get(id).and_then(|seen| seen.branch.as_ref());
    let mut causes = match branch {
        Some(branch) => {
            let adopt = format!("git dispatch adopt {id} {}", shell_word(&branch.name));
            let unrecorded = scene.facts.ledger.batch_of(id).is_none();
            let adopt = unrecorded.then(|| command(adopt, "record it as this task's"));
            let remedies = std::iter::once(status(id, "see how far it is")).chain(adopt).collect();
            vec![Cause { remedies, ..Cause::of(What::Branch(branch.name.clone(), branch.commits)) }]
        }
        None => Vec::new(),
    };
    if record.is_some_and(|record| record.snapshot.is_some() && !record.started && !record.dropped) {
        let remedies = vec![command(format!("git dispatch start {id}"), "go on with it")];
        causes.push(Cause { remedies, ..Cause::of(What::Unfinished) });
    }
    let report = record.and_then(|record| record.reported.as_ref()).filter(|_| state != State::Active);
    let said = |report: &Report| {
        if report.blockers.is_empty() { report.text.clone() } else { Some(report.blockers.join("; ")) }
    };
    let recorded = record.is_some_and(|record| record.started && !record.dropped);
    let goes_on = state == State::Stopped && recorded && scene.file.graph.position(id).is_some();
    let goes_on = goes_on.then(|| command(format!("git dispatch start {id}"), "go on with it"));
    causes.extend(report.map(|report| Cause {
        remedies: goes_on.into_iter().collect(),
        ..Cause::of(What::Reported(report.verdict.clone(), said(report)))
    }));
    causes
}

fn elsewhere(scene: &Scene<'_>, id: &TaskId) -> Vec<Cause> {
    let remotes = scene.facts.tasks.get(id).map(|seen: &Observed| &seen.remotes[..]).unwrap_or_default();
    let branch = shell_word(scene.names.get(id).map_or("BRANCH", String::as_str));
    let cause = |remote: &String| {
        let remedies = vec![
            command(format!("git branch {branch} {}", shell_word(remote)), "have its branch here"),
            command(format!("git dispatch adopt {id} {branch}"), "follow it here after that"),
        ];
        Cause { remedies, ..Cause::of(What::Remote(remote.clone())) }
    };
    remotes.iter().take(1).map(cause).collect()
}

fn landed(id: &TaskId, proof: Option<&Proof>) -> Vec<Cause> {
    let remedies = || vec![command(format!("git dispatch start --again {id}"), "start it again")];
    proof.map(|proof| Cause { remedies: remedies(), ..Cause::of(What::Proof(proof.clone())) }).into_iter().collect()
}

fn lost(scene: &Scene<'_>, id: &TaskId) -> Cause {
    let branch = scene.names.get(id).cloned().unwrap_or_default();
    let remedies = vec![
        command(format!("git dispatch adopt {id} BRANCH"), "take the branch that holds its work"),
        command(format!("git dispatch start --again {id}"), "begin anew"),
        Remedy::Edit(format!("write state = \"landed\" into [task.{id}] if it has landed")),
    ];
    Cause { remedies, ..Cause::of(What::BranchGone(branch)) }
}
