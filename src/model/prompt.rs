//! What a shell prompt shows: a few numbers of the last `status`.

use super::collision::{Collisions, Meeting, Met};
use super::id::TaskId;
use super::oid::Oid;
use super::state::State;
use super::status::{Row, Status, Verdict};

/// What is kept of an answer of `status` over all active tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Prompt {
    /// The refs that the answer rests on, by full name, with their objects; `None` for one that is not there.
    pub refs: Vec<(String, Option<Oid>)>,
    /// The active tasks, reported ones too, in the order of `status`.
    pub tasks: Vec<Brief>,
}

/// An active task.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Brief {
    pub id: TaskId,
    /// Without `refs/heads/`; it is compared, never shown.
    pub branch: String,
    /// Commits that the target lacks, and commits of the target that it lacks; `None` where not counted.
    pub ahead: Option<u64>,
    pub behind: Option<u64>,
    pub ready: bool,
    /// It does not merge into the target, or not with another active task.
    pub trouble: bool,
}

/// The active tasks of `status`, which shows all of them. `refs` is for the caller to fill in.
pub fn prompt(status: &Status, collisions: Option<&Collisions>) -> Prompt {
    let active = status.rows().filter(|row| row.state.holds() && row.state != State::Elsewhere);
    let met = collisions.map(Collisions::by_task).unwrap_or_default();
    Prompt { refs: Vec::new(), tasks: active.map(|row| brief(row, &met)).collect() }
}

fn brief(row: &Row, met: &Met<'_>) -> Brief {
    let conflict = row.readiness.as_ref().is_some_and(|readiness| readiness.verdict == Verdict::Conflict);
    let collides =
        met.get(&row.id).into_iter().flatten().any(|(_, meeting)| matches!(meeting, Meeting::Collides { .. }));
    let branch = row.branch.as_ref();
    Brief {
        id: row.id.clone(),
        branch: row.branch_name.clone(),
        ahead: branch.and_then(|branch| branch.ahead),
        behind: branch.and_then(|branch| branch.behind),
        ready: row.ready_to_land(),
        trouble: conflict || collides,
    }
}
