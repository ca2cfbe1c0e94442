//! What stands around a task: what it needs, and who works beside it.

use serde::Serialize;

use super::{Scene, Told};
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::ledger::Snapshot;
use crate::model::oid::Oid;
use crate::model::state::{Proof, State};
use crate::model::task::Task;

/// What a task needs, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Need {
    pub id: TaskId,
    pub title: String,
    pub state: State,
    /// The commit that brought it to the target.
    pub commit: Option<Oid>,
    pub pr: Option<String>,
    /// Its last one.
    pub report: Option<Told>,
}

/// An active task with what it writes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sibling {
    pub id: TaskId,
    pub title: String,
    pub state: State,
    /// Patterns; none where it declares nothing.
    pub writes: Vec<String>,
}

/// What the file says that it needs, declared or implied; what it needed when it started, where the file no longer names it.
pub(super) fn needs(scene: &Scene<'_>, ix: Option<Ix>, snapshot: Option<&Snapshot>) -> Vec<Need> {
    let mut ids: Vec<TaskId> = match (ix, snapshot) {
        (Some(ix), _) => {
            let tasks = scene.file.graph.tasks();
            scene.standings.needs(scene.file, ix).map(|need| tasks[need].id.clone()).collect()
        }
        (None, Some(snapshot)) => snapshot.needs.clone(),
        (None, None) => Vec::new(),
    };
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids.into_iter().map(|id| need(scene, id)).collect()
}

fn need(scene: &Scene<'_>, id: TaskId) -> Need {
    let record = scene.ledger.records.get(&id);
    let standing = scene.standings.of(scene.file, &id);
    let proof = standing.and_then(|standing| standing.proof.as_ref());
    let report = record.and_then(|record| record.said.last()).map(Told::of);
    let recorded = || record.and_then(|record| Some(record.snapshot.as_ref()?.title.clone()));
    let title = scene.file.graph.task(&id).map(|task| task.title.clone()).or_else(recorded);
    Need {
        title: title.unwrap_or_default(),
        state: super::state(scene, &id),
        commit: proof.and_then(Proof::commit),
        pr: proof
            .and_then(Proof::pr)
            .map(str::to_owned)
            .or_else(|| report.as_ref().and_then(|report| report.pr.clone())),
        report,
        id,
    }
}

/// Everything else that holds paths now, in the order of ids.
pub(super) fn siblings(scene: &Scene<'_>, id: &TaskId) -> Vec<Sibling> {
    let sibling = |task: &Task, state: State| Sibling {
        id: task.id.clone(),
        title: task.title.clone(),
        state,
        writes: super::texts_of(&task.writes),
    };
    let holders = scene.standings.holders.iter();
    let holders = holders.filter(|holder| !scene.started.contains(&holder.task.id));
    let mut all: Vec<Sibling> = holders.map(|holder| sibling(&holder.task, holder.state)).collect();
    let started = scene.started.iter().filter_map(|one| scene.ledger.records.get(one)?.snapshot.as_ref());
    all.extend(started.map(|snapshot| sibling(&snapshot.task(), State::Active)));
    all.retain(|one| one.id != *id);
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}
