//! Tasks that have stopped and go on where they were, as the task file has them now.

use super::words::Problems;
use super::{Request, Scene, excluded_by};
use crate::model::facts::{Head, Worktree};
use crate::model::failure::{Exit, Failure};
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::ledger::{Record, Snapshot};
use crate::model::review::before_start;
use crate::model::standing::Standing;
use crate::model::state::{Reason, State};
use crate::model::text::shell_word;

/// Tasks of one batch that go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Continued {
    /// Index into the ledger's batches.
    pub batch: usize,
    /// As they are from now on.
    pub tasks: Vec<Snapshot>,
}

fn record<'a>(scene: &Scene<'a>, id: &TaskId) -> Option<&'a Record> {
    scene.facts.ledger.records.get(id).filter(|record| record.started && !record.dropped)
}

/// Whether there is something to go on with: the task has stopped, or reviewers found something in what is done.
pub(in crate::model) fn is_open(standing: &Standing) -> bool {
    let found = || standing.reasons.contains(&Reason::Findings);
    standing.state == State::Stopped || (standing.state == State::Done && found())
}

/// Whether a task can go on, and the ledger knows where it is worked on.
pub(super) fn may_go_on(scene: &Scene<'_>, request: &Request, ix: Ix) -> bool {
    let id = &scene.file.graph.tasks()[ix].id;
    let known = record(scene, id).is_some_and(|record| record.batch.is_some() && record.snapshot.is_some());
    is_open(&scene.standings.tasks[ix]) && known && !request.fresh
}

/// With `--fresh`, that all of `chosen` have stopped; active ones are told by [`super::decide`].
///
/// # Errors
/// One has not ([`Exit::Usage`]).
pub(super) fn only_stopped(scene: &Scene<'_>, request: &Request, chosen: &[Ix]) -> Result<(), Failure> {
    let state = |ix: Ix| scene.standings.tasks[ix].state;
    let other = chosen.iter().find(|&&ix| !matches!(state(ix), State::Stopped | State::Active));
    let Some(&ix) = other.filter(|_| request.fresh) else { return Ok(()) };
    let id = &scene.file.graph.tasks()[ix].id;
    let what = format!("task '{id}' is {}: only what has stopped starts afresh", state(ix).word());
    Err(Failure::new(Exit::Usage, what).hint(format!("use 'git dispatch why {id}' to see how it stands")))
}

/// What holds for every start holds here: whom it may run beside, and what it needs that it did not need before.
pub(super) fn check(scene: &Scene<'_>, request: &Request, ix: Ix, problems: &mut Problems) {
    rules(scene, request, ix, problems);
    let id = &scene.file.graph.tasks()[ix].id;
    let snapshot = record(scene, id).and_then(|record| record.snapshot.as_ref());
    if let Some(snapshot) = snapshot.filter(|snapshot| snapshot.isolated) {
        place(scene, snapshot, problems);
    }
}

pub(super) fn rules(scene: &Scene<'_>, request: &Request, ix: Ix, problems: &mut Problems) {
    let id = &scene.file.graph.tasks()[ix].id;
    problems.held(request.force, id, &excluded_by(scene, ix));
    // An approval holds for the text that was approved.
    problems.held(request.force, id, &before_start(scene.file, ix, scene.facts.ledger.records.get(id)));
    let before = record(scene, id).and_then(|record| record.snapshot.as_ref()).map(|snapshot| &snapshot.needs[..]);
    let unmet = scene.standings.unmet(scene.file, ix).map(|need| {
        let id = scene.file.graph.tasks()[need].id.clone();
        match scene.standings.tasks[need].state {
            State::Cancelled => Reason::Cancelled(id),
            _ => Reason::Needs(id),
        }
    });
    let new = |reason: &Reason| reason.task().is_some_and(|need| !before.unwrap_or_default().contains(need));
    problems.held(request.force, id, &unmet.filter(new).collect::<Vec<_>>());
}

/// Its worktree is there, on its branch. What is changed or under way in it is the worker's.
fn place(scene: &Scene<'_>, snapshot: &Snapshot, problems: &mut Problems) {
    let (id, branch) = (&snapshot.id, shell_word(&snapshot.branch));
    let seen = scene.facts.tasks.get(id);
    let Some(worktree) = seen.and_then(|seen| seen.worktree.as_ref()) else {
        let place = seen.and_then(|seen| seen.vacant.as_deref());
        let place = place.map_or_else(|| "PATH".to_owned(), |path| shell_word(&path.to_string_lossy()));
        let hint = format!("use 'git worktree add {place} {branch}' to make one for its branch");
        return problems.add(format!("task '{id}' has no worktree to go on in"), [hint]);
    };
    let (path, folder) = (worktree.path.display(), shell_word(&worktree.path.to_string_lossy()));
    match &worktree.head {
        Head::Missing if worktree.folder => problems.add(
            format!("the worktree '{path}' of task '{id}' is broken"),
            ["use 'git worktree repair' to mend it".to_owned()],
        ),
        Head::Missing => problems.add(format!("the worktree '{path}' of task '{id}' is gone"), gone(worktree, &branch)),
        Head::Branch(head) if *head == snapshot.branch => {}
        _ => problems.add(
            format!("the worktree '{path}' of task '{id}' is not on its branch '{}'", snapshot.branch),
            [format!("use 'git -C {folder} switch {branch}' to check it out there")],
        ),
    }
}

fn gone(worktree: &Worktree, branch: &str) -> Vec<String> {
    let folder = shell_word(&worktree.path.to_string_lossy());
    let repair = "use 'git worktree repair NEW-PATH' to name its new place, if it was moved".to_owned();
    let unlock = format!("use 'git worktree unlock {folder}' first, if it was deleted");
    let remove = format!("use 'git worktree remove {folder}' to forget it, if it was deleted");
    let add = format!("use 'git worktree add {folder} {branch}' after that to make it anew");
    let unlock = worktree.locked.is_some().then_some(unlock);
    [Some(repair), unlock, Some(remove), Some(add)].into_iter().flatten().collect()
}

/// What a worker finds half done.
pub(super) fn warnings(scene: &Scene<'_>, stopped: &[Ix]) -> Vec<String> {
    let warning = |&ix: &Ix| {
        let id = &scene.file.graph.tasks()[ix].id;
        let operation = scene.facts.tasks.get(id)?.worktree.as_ref()?.operation.as_ref()?;
        Some(format!("task '{id}' goes on in the middle of a {operation}"))
    };
    stopped.iter().filter_map(warning).collect()
}

/// Of what an earlier start left open, that it is not for `agent`.
pub(super) fn for_another<'a>(agent: &str, begun: impl Iterator<Item = &'a Snapshot>) -> Vec<String> {
    let other = |task: &&Snapshot| task.agent.as_deref() != Some(agent);
    let words = |task: &Snapshot| {
        let agent = task.agent.as_ref().map_or_else(|| "nobody".to_owned(), |agent| format!("'{agent}'"));
        format!("the start of task '{}' was begun for {agent}, and ends as that", task.id)
    };
    begun.filter(other).map(words).collect()
}

/// What each of `stopped` is from now on, grouped by batch, oldest first. Who works on it is, in this order, who was asked for, whom
/// the task file names, who worked on it before.
pub(super) fn continued(scene: &Scene<'_>, request: &Request, stopped: &[Ix]) -> Vec<Continued> {
    let mut all: Vec<Continued> = Vec::new();
    for &ix in stopped {
        let task = &scene.file.graph.tasks()[ix];
        let Some(record) = record(scene, &task.id) else { continue };
        let (Some(batch), Some(old)) = (record.batch, &record.snapshot) else { continue };
        let needs = scene.file.graph.needs(ix).map(|need| scene.file.graph.tasks()[need].id.clone()).collect();
        let mut now = Snapshot::of(task, needs, old.branch.clone(), None, old.base).in_place_of(old);
        now.agent = request.agent.clone().or(now.agent).or_else(|| old.agent.clone());
        match all.iter_mut().find(|one| one.batch == batch) {
            Some(one) => one.tasks.push(now),
            None => all.push(Continued { batch, tasks: vec![now] }),
        }
    }
    all.sort_by_key(|one| one.batch);
    all
}
