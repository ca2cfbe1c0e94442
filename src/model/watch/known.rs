//! What is still known of a task while the slow part of an observation runs.

use super::{Row, Seen, Status};
use crate::model::facts::Branch;

/// The quick observation `quick` (without changes, merges and collisions), completed from the `last` whole one.
///
/// A row stays what it was where neither its tip nor the target nor its worktree's HEAD has moved. Of others the last known
/// merges and changes are kept, and marked as [`Seen::stale`]; where nothing is known of them, they stay unknown. A landing order
/// holds as long as all rows do.
pub fn carried(mut quick: Status, last: Option<&Seen>) -> Seen {
    let mut stale = Vec::new();
    let same_target = last.is_some_and(|last| last.status.target.newest().1 == quick.target.newest().1);
    for row in quick.groups.iter_mut().flat_map(|group| &mut group.rows) {
        let before = last.and_then(|last| last.status.rows().find(|before| before.id == row.id));
        match before {
            Some(before) if same_target && same_place(before, row) => *row = before.clone(),
            Some(before) => {
                keep(before, row);
                stale.push(row.id.clone());
            }
            None => stale.push(row.id.clone()),
        }
    }
    if let Some(last) = last {
        quick.left_dirty = last.status.left_dirty;
        quick.landing = last.status.landing.clone().filter(|_| stale.is_empty());
    }
    Seen { status: quick, stale, whole: false }
}

fn same_place(before: &Row, now: &Row) -> bool {
    let tip = |row: &Row| row.branch.as_ref().map(|branch: &Branch| branch.tip);
    let seat = |row: &Row| row.worktree.as_ref().map(|one| (one.path.clone(), one.head.clone(), one.operation.clone()));
    tip(before) == tip(now) && seat(before) == seat(now) && before.batch == now.batch && before.title == now.title
}

fn keep(before: &Row, now: &mut Row) {
    if now.readiness.is_none() {
        now.readiness.clone_from(&before.readiness);
    }
    if let (Some(now), Some(before)) = (&mut now.worktree, &before.worktree)
        && now.changes.is_none()
    {
        now.changes = before.changes;
        now.uncommitted.clone_from(&before.uncommitted);
    }
    if now.collisions.is_none() {
        now.collisions.clone_from(&before.collisions);
        now.uncertain.clone_from(&before.uncertain);
    }
    if now.drift.is_none() {
        now.drift.clone_from(&before.drift);
    }
}
