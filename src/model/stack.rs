//! Standing on what is not landed yet: on what a task would start, and when its commits have to be put elsewhere
//! (docs/design/0017-stacking.md).

mod restack;

use super::facts::Facts;
use super::graph::Ix;
use super::id::TaskId;
use super::ledger::{Snapshot, Support};
use super::oid::Oid;
use super::path::TreePath;
use super::standing::{Standing, Standings};
use super::state::{Proof, Reason, State};
use super::task::{Kind, TaskFile};

pub use restack::{
    Move, Place, Restack, at_odds, merged_itself, not_done, not_ready, nothing_to_do, off_its_base, place, stuck,
    under_way,
};

/// What a base is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub id: TaskId,
    /// What is reported done and has not landed, each with the tip of its branch.
    pub on: Vec<Support>,
    /// What brought the needs that have landed: where one of these is not below the others, the target takes part.
    pub landed: Vec<Oid>,
    /// A need has landed, and no commit shows it: the target takes part.
    pub with_target: bool,
}

/// Where a task would start, or go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub commit: Oid,
    /// What stands in it that has not landed.
    pub on: Vec<Support>,
    /// The commits that it is made of.
    pub parts: Vec<Oid>,
}

/// That there is no such commit: these two do not merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Ids, or the target's name.
    pub between: [String; 2],
    /// In git's order.
    pub paths: Vec<TreePath>,
}

impl Clash {
    /// As a clause after the names of the two: `conflict in 'a', 'b'`.
    pub fn clause(&self) -> String {
        const TOLD: usize = 5;
        let told: Vec<String> = self.paths.iter().take(TOLD).map(|path| format!("'{}'", path.lossy())).collect();
        match self.paths.len() {
            0 => "conflict".to_owned(),
            all if all > TOLD => format!("conflict in {} and {} more", told.join(", "), all - TOLD),
            _ => format!("conflict in {}", told.join(", ")),
        }
    }
}

/// What an unstarted task needs, declared and implied, landed or not.
pub fn needs(file: &TaskFile, standings: &Standings, ix: Ix) -> Vec<TaskId> {
    let declared = file.graph.needs(ix).map(|need| file.graph.tasks()[need].id.clone());
    let implied = standings.tasks[ix].reasons.iter().filter_map(|reason| match reason {
        Reason::Reads { id, .. } => Some(id.clone()),
        _ => None,
    });
    let mut needs: Vec<TaskId> = Vec::new();
    for need in declared.chain(implied) {
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    needs
}

/// What a started task stands on, and what else it needed. What was cancelled nobody stands on.
pub(super) fn needs_of(snapshot: &Snapshot, standings: &Standings, file: &TaskFile) -> Vec<TaskId> {
    let landed = |id: &&TaskId| standings.of(file, id).is_some_and(|standing| standing.state == State::Landed);
    let cancelled = |id: &&TaskId| standings.of(file, id).is_some_and(|standing| standing.state == State::Cancelled);
    let stack = snapshot.stack.iter().map(|support| &support.id).filter(|id| !cancelled(id));
    let rest = snapshot.needs.iter().filter(|id| snapshot.stack.iter().all(|support| support.id != **id));
    stack.chain(rest.filter(landed)).cloned().collect()
}

/// What the base of task `id` is made of, that needs `needs`.
///
/// # Errors
/// Those of them that have neither landed nor are reported done.
pub fn asked(
    file: &TaskFile,
    (facts, standings): (&Facts, &Standings),
    id: &TaskId,
    needs: &[TaskId],
) -> Result<Asked, Vec<TaskId>> {
    let mut asked = Asked { id: id.clone(), on: Vec::new(), landed: Vec::new(), with_target: false };
    let mut open = Vec::new();
    for need in needs {
        let tip = facts.tasks.get(need).and_then(|seen| seen.branch.as_ref()).map(|branch| branch.tip);
        match (standings.of(file, need), tip) {
            (Some(standing), Some(tip)) if carries(standings, standing, need) => {
                asked.on.push(Support { id: need.clone(), tip })
            }
            (Some(Standing { state: State::Landed, proof, .. }), tip) => match brought_by(proof.as_ref(), tip) {
                Brought::By(commit) => asked.landed.push(commit),
                Brought::Nothing => {}
                Brought::Unknown => asked.with_target = true,
            },
            _ => open.push(need.clone()),
        }
    }
    if open.is_empty() { Ok(asked) } else { Err(open) }
}

/// Whether others may stand on a task: it is reported done, with commits, and no reviewer holds it back.
pub(super) fn carries(standings: &Standings, standing: &Standing, id: &TaskId) -> bool {
    let research = standings.holder(id).is_some_and(|holder| holder.task.kind == Kind::Research);
    let held = standing.reasons.iter().any(|reason| matches!(reason, Reason::Findings | Reason::Halted));
    standing.state == State::Done && !research && !held
}

enum Brought {
    By(Oid),
    Nothing,
    Unknown,
}

fn brought_by(proof: Option<&Proof>, tip: Option<Oid>) -> Brought {
    match proof {
        Some(Proof::Recorded { commit, .. } | Proof::Squash { commit, .. } | Proof::Rebase { commit, .. }) => {
            Brought::By(*commit)
        }
        Some(Proof::Message { commit, .. }) => Brought::By(*commit),
        Some(Proof::Ancestor { commit, .. }) => tip.or(*commit).map_or(Brought::Unknown, Brought::By),
        Some(Proof::SameTree { commit, .. }) => commit.map_or(Brought::Unknown, Brought::By),
        Some(Proof::Report { .. }) => Brought::Nothing,
        Some(Proof::Declared) | None => Brought::Unknown,
    }
}

/// What became of what a task stands on, since it was put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    Landed,
    Cancelled,
    /// Its branch is elsewhere now.
    Moved(Oid),
}

/// The part of `stack` of which that can be said, in its order.
pub fn since<'a>(
    file: &'a TaskFile,
    (facts, standings): (&'a Facts, &'a Standings),
    stack: &'a [Support],
) -> impl Iterator<Item = (&'a Support, Since)> {
    stack.iter().filter_map(move |support| {
        match standings.of(file, &support.id).map(|standing| standing.state) {
            Some(State::Landed) => return Some((support, Since::Landed)),
            Some(State::Cancelled) => return Some((support, Since::Cancelled)),
            _ => {}
        }
        let tip = facts.tasks.get(&support.id)?.branch.as_ref()?.tip;
        (tip != support.tip).then_some((support, Since::Moved(tip)))
    })
}

/// `A`, `A and B`, `A, B and C`.
pub fn and<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            format!("{} and {}", rest.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", "), last.as_ref())
        }
    }
}
