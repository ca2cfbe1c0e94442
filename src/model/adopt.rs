//! Whether an existing branch or worktree may become a task's.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::agent::is_isolated;
use super::failure::{Exit, Failure};
use super::graph::Ix;
use super::id::TaskId;
use super::ledger::Snapshot;
use super::oid::Oid;
use super::review::before_start;
use super::standing::Names;
use super::start::{Scene, again, blocking_branch, excluded_by, free_name, in_words, not_cancelled};
use super::state::{Reason, State};
use super::text::shell_word;

const NEW_BRANCH: &str = "use 'git switch -c NEW-BRANCH' there to begin a branch for the task";

/// What the words of the command line named.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// `None` for a detached worktree.
    pub branch: Option<String>,
    pub tip: Oid,
    pub worktree: Option<PathBuf>,
    /// A rebase or the like under way in it.
    pub operation: Option<String>,
    /// It is the main worktree.
    pub main: bool,
    /// Somebody has locked the worktree already.
    pub locked: bool,
}

/// What an `adopt` records and makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Adoption {
    pub batch: String,
    pub target: String,
    pub snapshot: Snapshot,
    pub tip: Oid,
    pub worktree: Option<PathBuf>,
    /// The worktree is detached and gets the task's branch.
    pub make_branch: bool,
    /// The worktree gets locked, as `start` does with its own.
    pub lock: bool,
    /// Needs that have not landed, and the like: worth knowing, since the work exists already.
    pub warnings: Vec<String>,
}

/// What was found, and how the ledger would name its folder and base.
#[derive(Debug, Clone)]
pub struct Offer {
    pub found: Found,
    /// Relative to the main worktree.
    pub path: Option<String>,
    /// The merge base with the target.
    pub base: Option<Oid>,
}

/// Decides whether task `ix` may take `offer`.
///
/// # Errors
/// The task is active or has landed; the branch is the target, another task's, or shares no history with the target; the
/// worktree is the main one or in the middle of a rebase. All [`Exit::Refused`], but [`Exit::No`] where it is active already.
pub fn decide(scene: &Scene<'_>, names: &Names, ix: Ix, offer: &Offer) -> Result<Adoption, Failure> {
    let task = &scene.file.graph.tasks()[ix];
    free(scene, ix, offer)?;
    usable(scene, &task.id, offer)?;
    let branch = match &offer.found.branch {
        Some(branch) => branch.clone(),
        None => match made_before(scene, &task.id, offer) {
            Some(branch) => branch,
            None => unused(scene, &task.id)?,
        },
    };
    belongs_to_nobody(scene, names, &task.id, &branch)?;
    let base = offer.base.ok_or_else(|| {
        let target = &scene.facts.target.name;
        Failure::new(Exit::Refused, format!("branch '{branch}' and '{target}' have no commit in common"))
            .hint("adopt a branch that started from the target's history")
    })?;
    let needs = scene.file.graph.needs(ix).map(|need| scene.file.graph.tasks()[need].id.clone()).collect();
    let isolated = offer.path.is_some() || is_isolated(&scene.file.settings, task.agent());
    Ok(Adoption {
        batch: scene.facts.ledger.next_batch_name(),
        target: scene.facts.target.name.clone(),
        make_branch: offer.found.branch.is_none(),
        lock: scene.file.settings.lock_worktrees() && lockable(&offer.found),
        snapshot: Snapshot { isolated, ..Snapshot::of(task, needs, branch, offer.path.clone(), base) },
        tip: offer.found.tip,
        worktree: offer.found.worktree.clone(),
        warnings: warnings(scene, ix),
    })
}

/// git locks no main worktree; a lock of somebody else's stays as it is.
fn lockable(found: &Found) -> bool {
    found.worktree.is_some() && !found.main && !found.locked
}

/// The task has no branch yet, or this very one by its name alone.
fn free(scene: &Scene<'_>, ix: Ix, offer: &Offer) -> Result<(), Failure> {
    let task = &scene.file.graph.tasks()[ix];
    let state = scene.standings.tasks[ix].state;
    let current = scene.facts.tasks.get(&task.id).and_then(|seen| seen.branch.as_ref());
    let recorded =
        scene.facts.ledger.records.get(&task.id).is_some_and(|record| record.batch.is_some() && !record.dropped);
    let same = current.is_some_and(|branch| offer.found.branch.as_ref() == Some(&branch.name))
        || made_before(scene, &task.id, offer).is_some();
    let held = before_start(scene.file, ix, scene.facts.ledger.records.get(&task.id));
    if let Some(reason) = held.first().filter(|_| !state.over() && !recorded) {
        let word = if *reason == Reason::Halted { "--resume" } else { "--approve start" };
        return Err(Failure::new(Exit::Refused, format!("task '{}' {}", task.id, in_words(reason)))
            .hint(format!("use 'git dispatch review {} {word}' to let it", task.id)));
    }
    match state {
        State::Active | State::Done | State::Stopped if same && !recorded => Ok(()),
        State::Active | State::Done | State::Stopped => {
            let branch = current.map(|branch| branch.name.clone()).unwrap_or_default();
            Err(Failure::new(Exit::No, format!("task '{}' is already {} on branch '{branch}'", task.id, state.word()))
                .hint(format!("use 'git dispatch status {}' to see how far it is", task.id)))
        }
        State::Landed => {
            Err(Failure::new(Exit::Refused, format!("task '{}' has landed", task.id)).hint(again(&task.id)))
        }
        State::Cancelled => {
            Err(Failure::new(Exit::Refused, format!("task '{}' is cancelled", task.id)).hint(not_cancelled(&task.id)))
        }
        _ => Ok(()),
    }
}

/// The branch that an interrupted adoption of this detached worktree made: it stands where the worktree does, and nothing
/// has it checked out.
fn made_before(scene: &Scene<'_>, id: &TaskId, offer: &Offer) -> Option<String> {
    let seen = scene.facts.tasks.get(id)?;
    let branch = seen.branch.as_ref().filter(|_| offer.found.branch.is_none() && seen.worktree.is_none())?;
    let as_made = branch.name == scene.places.get(id)?.branch && branch.tip == offer.found.tip;
    as_made.then(|| branch.name.clone())
}

fn usable(scene: &Scene<'_>, id: &TaskId, offer: &Offer) -> Result<(), Failure> {
    let found = &offer.found;
    let folder = found.worktree.as_ref().map(|folder| folder.display().to_string()).unwrap_or_default();
    if let Some(operation) = &found.operation {
        return Err(Failure::new(Exit::Refused, format!("a {operation} is under way in '{folder}'"))
            .hint(format!("use 'git -C {} status' to see how to finish or abort it", shell_word(&folder))));
    }
    let target = &scene.facts.target;
    if found.branch.as_deref() == Some(target.name.as_str()) {
        return Err(Failure::new(Exit::Refused, format!("'{}' is the target, no task's branch", target.name))
            .hint(NEW_BRANCH)
            .hint(format!("use 'git dispatch adopt {id} NEW-BRANCH' after that")));
    }
    if found.main && found.branch.is_none() {
        return Err(Failure::new(Exit::Refused, format!("'{folder}' is the main worktree, and detached"))
            .hint(NEW_BRANCH)
            .hint(format!("use 'git dispatch adopt {id} NEW-BRANCH' after that")));
    }
    Ok(())
}

/// The branch that a detached worktree gets: the template's, where that is free.
fn unused(scene: &Scene<'_>, id: &TaskId) -> Result<String, Failure> {
    let branch = scene.places[id].branch.clone();
    match blocking_branch(&scene.ground.branches, &branch) {
        None => Ok(branch),
        Some(blocking) => Err(Failure::new(
            Exit::Refused,
            format!("branch '{blocking}' is in the way of branch '{branch}' of task '{id}'"),
        )
        .hint(free_name(blocking))),
    }
}

fn belongs_to_nobody(scene: &Scene<'_>, names: &Names, id: &TaskId, branch: &str) -> Result<(), Failure> {
    let other = names.iter().find(|(other, name)| *other != id && *name == branch).map(|(other, _)| other);
    match other {
        Some(other) if scene.facts.tasks.get(other).is_some_and(|seen| seen.branch.is_some()) => {
            Err(Failure::new(Exit::Refused, format!("branch '{branch}' belongs to task '{other}'"))
                .hint(format!("use 'git switch -c NEW-BRANCH {}' to begin another branch there", shell_word(branch)))
                .hint(format!("use 'git dispatch adopt {id} NEW-BRANCH' after that")))
        }
        _ => Ok(()),
    }
}

fn warnings(scene: &Scene<'_>, ix: Ix) -> Vec<String> {
    let id = &scene.file.graph.tasks()[ix].id;
    let unmet: Vec<&str> =
        scene.standings.unmet(scene.file, ix).map(|need| scene.file.graph.tasks()[need].id.as_str()).take(5).collect();
    let mut warnings = Vec::new();
    if !unmet.is_empty() {
        warnings.push(format!("task '{id}' needs {}, not landed yet", unmet.join(", ")));
    }
    let waits = scene.standings.tasks[ix].reasons.iter().filter(|reason| matches!(reason, Reason::Reads { .. }));
    let reasons: BTreeSet<Reason> = waits.cloned().chain(excluded_by(scene, ix)).collect();
    warnings.extend(reasons.iter().map(|reason| format!("task '{id}' {}", in_words(reason))));
    warnings
}
