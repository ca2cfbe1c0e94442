//! What is read of one task only when somebody looks at it.

use crate::command::status::watch::Basis;
use crate::git;
use crate::model::collision::Meeting;
use crate::model::facts::Observed;
use crate::model::oid::Oid;
use crate::model::status::{Row, Verdict};
use crate::model::watch::{Conflict, Details};

/// Tasks whose collisions with this one are shown.
const COLLISIONS: usize = 5;

/// Reads the details of `row`; what git does not tell is left out.
pub fn details(basis: &Basis, row: Row) -> Details {
    let range = row.branch.as_ref().zip(row.base).map(|(branch, base)| (base, branch.tip));
    let (commits, more_commits) = range.map(|(base, tip)| git::commits(&basis.repo, base, tip)).unwrap_or_default();
    let files = range.and_then(|(base, tip)| git::touched(&basis.repo, base, tip));
    let conflicts = conflicts(basis, &row);
    Details { row, commits, more_commits, files, conflicts }
}

/// Where it breaks: with the target first, then with other tasks.
fn conflicts(basis: &Basis, row: &Row) -> Vec<Conflict> {
    let scene = &basis.scene;
    let Some(branch) = &row.branch else { return Vec::new() };
    let conflict = |ours: (Oid, &str), theirs: Oid| {
        git::conflict(&basis.repo, &scene.quarantine, (ours.0, theirs), (ours.1, row.id.as_str()))
    };
    let (target, newest) = scene.facts.target.newest();
    let mut found = Vec::new();
    if row.readiness.as_ref().is_some_and(|readiness| readiness.verdict == Verdict::Conflict) {
        found.extend(conflict((newest, target), branch.tip));
    } else if let Some(commit) = uncommitted_conflict(row) {
        found.extend(conflict((newest, target), commit));
    }
    let meetings = scene.collisions.as_ref().and_then(|collisions| collisions.of(&row.id)).unwrap_or_default();
    let colliding = meetings.iter().filter(|(_, meeting)| matches!(meeting, Meeting::Collides { .. }));
    for (other, _) in colliding.take(COLLISIONS) {
        let mine = scene.facts.tasks.get(&row.id).and_then(whole).unwrap_or(branch.tip);
        let theirs = scene.facts.tasks.get(other).and_then(whole);
        found.extend(theirs.and_then(|theirs| conflict((theirs, other.as_str()), mine)));
    }
    found
}

/// What is not committed, where only that breaks.
fn uncommitted_conflict(row: &Row) -> Option<Oid> {
    let uncommitted = row.worktree.as_ref()?.uncommitted.as_ref()?;
    uncommitted.commit.filter(|_| uncommitted.merge.as_ref().is_some_and(|merge| !merge.clean))
}

/// The commit of everything that a task has, committed or not.
fn whole(observed: &Observed) -> Option<Oid> {
    let uncommitted = observed.worktree.as_ref().and_then(|worktree| worktree.uncommitted.as_ref()?.commit);
    uncommitted.or_else(|| observed.branch.as_ref().map(|branch| branch.tip))
}
