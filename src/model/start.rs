//! What a `start` would make, or why it may not. How that is said stands in `words`.

mod goon;
mod ground;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::agent;
use super::exclusion::{Pairs, Party};
use super::facts::{Branch, Facts, Head, Worktree};
use super::failure::{Exit, Failure};
use super::graph::Ix;
use super::id::TaskId;
use super::ledger::Snapshot;
use super::oid::Oid;
use super::ports;
use super::stack::{self, Asked, Base, Clash};
use super::standing::Standings;
use super::state::{Reason, State};
use super::task::{Task, TaskFile};
use super::text::count;
use words::Problems;

pub use goon::Continued;
pub(super) use goon::is_open;
pub use ground::{Ground, Place, blocking_branch};
pub(super) use words::{again, free_name, not_cancelled};
pub use words::{in_words, not_in_file, unknown};

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// As typed, in that order.
    pub ids: Vec<String>,
    /// The name of the new batch.
    pub batch: Option<String>,
    /// Override needs and overlap, never locks.
    pub force: bool,
    /// Who works on what is started, in place of what the task file says.
    pub agent: Option<String>,
    /// Begin anew with stopped tasks, on a branch beside the old one.
    pub fresh: bool,
    /// Start landed and lost tasks again.
    pub again: bool,
    /// Start waiting tasks on what is reported done: for each whose needs allow that, its base, or why there is none.
    pub stack: Option<BTreeMap<TaskId, Result<Base, Clash>>>,
}

/// What will be made: first what earlier, interrupted starts left open, then one new batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Indices into the ledger's batches, oldest first.
    pub resume: Vec<usize>,
    pub batch: Option<NewBatch>,
    /// Tasks that had stopped and go on where they were, by the batch that started them.
    pub continued: Vec<Continued>,
    /// Active tasks whose copies or setup command have not ended well: that is gone on with.
    pub equip: Vec<TaskId>,
    /// Things worth knowing that stop nothing.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewBatch {
    pub name: String,
    pub target: String,
    pub base: Oid,
    pub tasks: Vec<Snapshot>,
    /// What stacked tasks of it stand on.
    pub bases: Vec<Base>,
    /// Landed or lost tasks whose earlier proofs are void from now on.
    pub reopened: Vec<TaskId>,
}

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub file: &'a TaskFile,
    pub facts: &'a Facts,
    pub standings: &'a Standings,
    pub places: &'a BTreeMap<TaskId, Place>,
    pub ground: &'a Ground,
}

/// Decides what `request` starts.
///
/// # Errors
/// All that is wrong with the request, at once: ids that the task file does not define ([`Exit::Usage`]); tasks that are active already and nothing
/// else ([`Exit::No`]); tasks that may not start, and branches or folders in the way ([`Exit::Refused`]).
pub fn decide(scene: &Scene<'_>, request: &Request) -> Result<Start, Failure> {
    let open = scene.facts.ledger.unfinished();
    let ids = known(scene, &open, &request.ids)?;
    let resume: Vec<usize> = open
        .iter()
        .filter(|(_, missing)| missing.iter().any(|task| ids.contains(&task.id)))
        .map(|(&index, _)| index)
        .collect();
    let resumed: BTreeSet<&TaskId> =
        resume.iter().flat_map(|&index| &scene.facts.ledger.batches[index].tasks).map(|task| &task.id).collect();
    let (equip, others): (Vec<&TaskId>, Vec<&TaskId>) =
        ids.iter().filter(|id| !resumed.contains(id)).partition(|id| is_unequipped(scene, id));
    let others: Vec<Ix> = others.iter().filter_map(|id| scene.file.graph.position(id)).collect();
    goon::only_stopped(scene, request, &others)?;
    let (stopped, fresh): (Vec<Ix>, Vec<Ix>) = others.iter().partition(|&&ix| goon::may_go_on(scene, request, ix));
    let mut problems = Problems::default();
    for &ix in &stopped {
        goon::check(scene, request, ix, &mut problems);
    }
    for &ix in &fresh {
        may_start(scene, request, ix, &mut problems);
    }
    side_by_side(scene, request, &others, &mut problems);
    if problems.is_empty() {
        let mut taken = Taken::default();
        for &ix in &fresh {
            in_the_way(scene, request, ix, &mut taken, &mut problems);
        }
    }
    problems.into_result()?;
    let batch = if fresh.is_empty() { None } else { Some(new_batch(scene, request, &fresh)?) };
    let mut warnings = warnings(scene, &fresh, &stopped);
    warnings.extend(goon::warnings(scene, &stopped));
    let begun = resume.iter().flat_map(|index| open[index].iter().copied());
    warnings.extend(request.agent.iter().flat_map(|agent| goon::for_another(agent, begun.clone())));
    let without = batch.iter().flat_map(|batch| &batch.tasks).filter(|task| task.port.is_none());
    warnings.extend(without.map(|task| format!("no port is free for task '{}': widen 'ports'", task.id)));
    let continued = goon::continued(scene, request, &stopped);
    Ok(Start { resume, batch, continued, equip: equip.into_iter().cloned().collect(), warnings })
}

/// Whether a task was started here, and its worktree is not ready to be worked in yet.
fn is_unequipped(scene: &Scene<'_>, id: &TaskId) -> bool {
    let active = scene.standings.of(scene.file, id).is_some_and(|standing| standing.state == State::Active);
    let worktree = scene.facts.tasks.get(id).and_then(|seen| seen.worktree.as_ref());
    let unready = |worktree: &Worktree| worktree.unequipped && !worktree.main && worktree.head != Head::Missing;
    active && worktree.is_some_and(unready) && scene.facts.ledger.batch_of(id).is_some()
}

/// The ids, each once; also of tasks that only an unfinished batch still knows.
fn known(scene: &Scene<'_>, open: &BTreeMap<usize, Vec<&Snapshot>>, typed: &[String]) -> Result<Vec<TaskId>, Failure> {
    let begun = |id: &TaskId| open.values().flatten().any(|task| task.id == *id);
    let mut ids: Vec<TaskId> = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    for text in typed {
        let id = text.parse::<TaskId>().ok();
        match id.filter(|id| scene.file.graph.position(id).is_some() || begun(id)) {
            Some(id) if ids.contains(&id) => {}
            Some(id) => ids.push(id),
            None if missing.contains(&text.as_str()) => {}
            None => missing.push(text),
        }
    }
    if missing.is_empty() { Ok(ids) } else { Err(not_in_file(scene.file, scene.standings, &missing)) }
}

fn may_start(scene: &Scene<'_>, request: &Request, ix: Ix, problems: &mut Problems) {
    if let Some(bases) = request.stack.as_ref().filter(|_| scene.standings.tasks[ix].state == State::Waiting) {
        match bases.get(&scene.file.graph.tasks()[ix].id) {
            Some(Ok(_)) => beside_active(scene, request, ix, problems),
            Some(Err(clash)) => problems.clash(scene, ix, clash),
            None => problems.not_done(scene, ix),
        }
        return;
    }
    match scene.standings.tasks[ix].state {
        State::Ready => {}
        State::Waiting if !request.force => problems.waiting(scene, ix),
        State::Landed | State::Lost if request.again => beside_active(scene, request, ix, problems),
        State::Waiting | State::Held => beside_active(scene, request, ix, problems),
        State::Stopped if request.fresh => goon::rules(scene, request, ix, problems),
        State::Active | State::Done | State::Stopped => problems.active(scene, ix),
        State::Elsewhere => problems.elsewhere(scene, ix),
        State::Landed => problems.landed(scene, ix),
        State::Lost => problems.lost(scene, ix),
        State::Cancelled => problems.cancelled(scene, ix),
    }
}

/// What the bases of those of `ids` would be made of that wait, and for nothing but what is reported done.
pub fn stacked(file: &TaskFile, (facts, standings): (&Facts, &Standings), ids: &[TaskId]) -> Vec<Asked> {
    let waiting =
        ids.iter().filter_map(|id| file.graph.position(id)).filter(|&ix| standings.tasks[ix].state == State::Waiting);
    let asked = waiting.map(|ix| {
        let needs = stack::needs(file, standings, ix);
        stack::asked(file, (facts, standings), &file.graph.tasks()[ix].id, &needs)
    });
    asked.filter_map(Result::ok).collect()
}

/// Who of the active tasks excludes this one, and whether its gate does: the former asked anew, since its state may be about something else.
fn beside_active(scene: &Scene<'_>, request: &Request, ix: Ix, problems: &mut Problems) {
    let id = &scene.file.graph.tasks()[ix].id;
    problems.held(request.force, id, &excluded_by(scene, ix));
    let reviewers = [Reason::GateStart, Reason::Halted];
    let reasons = &scene.standings.tasks[ix].reasons;
    reviewers.iter().filter(|reason| reasons.contains(reason)).for_each(|reason| {
        problems.held(request.force, id, std::slice::from_ref(reason));
    });
}

/// Why task `ix` may not run beside the other active tasks, whatever its own state.
pub(super) fn excluded_by(scene: &Scene<'_>, ix: Ix) -> Vec<Reason> {
    let pairs = Pairs::new(scene.file, &scene.standings.implied);
    let candidate = party(scene, &pairs, ix);
    let others = scene.standings.active(&pairs);
    others
        .iter()
        .filter(|other| other.task().id != candidate.task().id)
        .flat_map(|other| pairs.reasons(&candidate, other))
        .collect()
}

fn party<'a>(scene: &Scene<'a>, pairs: &Pairs<'a>, ix: Ix) -> Party<'a> {
    let candidate = pairs.candidate(&scene.file.graph.tasks()[ix], ix);
    // The order that follows from reads knows a started task as it was then, not as it is in the file now.
    let again = scene.standings.tasks[ix].state.over() || goon::is_open(&scene.standings.tasks[ix]);
    if again { candidate.again() } else { candidate }
}

/// Tasks chosen together must not exclude each other either.
fn side_by_side(scene: &Scene<'_>, request: &Request, fresh: &[Ix], problems: &mut Problems) {
    let pairs = Pairs::new(scene.file, &scene.standings.implied);
    let parties: Vec<Party<'_>> = fresh.iter().map(|&ix| party(scene, &pairs, ix)).collect();
    for (at, one) in parties.iter().enumerate() {
        for other in &parties[at + 1..] {
            problems.held(request.force, &other.task().id, &pairs.reasons(other, one));
        }
    }
}

fn in_the_way(scene: &Scene<'_>, request: &Request, ix: Ix, taken: &mut Taken, problems: &mut Problems) {
    let id = &scene.file.graph.tasks()[ix].id;
    let Some(place) = scene.places.get(id) else { return };
    let left = left_over(scene, id, place);
    if let Some(left) = left {
        problems.left_over(scene, id, left);
    } else if let Some(blocking) = blocking_branch(&scene.ground.branches, &place.branch) {
        problems.branch_in_the_way(id, &place.branch, blocking);
    }
    if let Some(other) = blocking_branch(&taken.branches, &place.branch) {
        problems.shared_branch((other, id), place);
    }
    taken.branches.insert(place.branch.clone());
    if !is_isolated(scene, request, ix) {
        return;
    }
    let told = left.and_then(|left| left.worktree).is_some_and(|worktree| worktree.path == place.folder);
    if let Some(what) = scene.ground.occupied.get(&place.folder).filter(|_| !told) {
        problems.folder_in_the_way(id, place, what);
    }
    if let Some(other) = taken.folders.insert(place.folder.clone(), id.clone()) {
        problems.shared_folder((&other, id), place);
    }
}

/// Places of tasks that start together.
#[derive(Default)]
struct Taken {
    branches: BTreeSet<String>,
    folders: BTreeMap<PathBuf, TaskId>,
}

/// What an earlier start of this same task left.
#[derive(Clone, Copy)]
struct LeftOver<'a> {
    branch: &'a Branch,
    /// The one that has the branch checked out.
    worktree: Option<&'a Worktree>,
}

fn left_over<'a>(scene: &Scene<'a>, id: &TaskId, place: &Place) -> Option<LeftOver<'a>> {
    let seen = scene.facts.tasks.get(id)?;
    let branch = seen.branch.as_ref().filter(|branch| branch.name == place.branch)?;
    let on_it = |worktree: &&Worktree| worktree.head == Head::Branch(branch.name.clone());
    Some(LeftOver { branch, worktree: seen.worktree.as_ref().filter(on_it) })
}

fn new_batch(scene: &Scene<'_>, request: &Request, fresh: &[Ix]) -> Result<NewBatch, Failure> {
    let ledger = &scene.facts.ledger;
    let name = match &request.batch {
        Some(name) if ledger.batches.iter().any(|batch| batch.name == *name) => {
            return Err(Failure::new(Exit::Refused, format!("batch '{name}' exists already"))
                .hint("use 'git dispatch log' to list the batches"));
        }
        Some(name) if name.parse::<TaskId>().is_err() => {
            return Err(Failure::new(Exit::Usage, format!("'{name}' is no name for a batch"))
                .hint("a name holds letters, digits, '-' and '_', at most 64"));
        }
        Some(name) => name.clone(),
        None => ledger.next_batch_name(),
    };
    let (_, base) = scene.facts.target.newest();
    let mut tasks: Vec<Snapshot> = fresh.iter().map(|&ix| snapshot(scene, request, ix, base)).collect();
    let mut bases = Vec::new();
    for task in &mut tasks {
        if let Some(Ok(stacked)) = request.stack.as_ref().and_then(|bases| bases.get(&task.id)) {
            (task.base, task.stack) = (stacked.commit, stacked.on.clone());
            bases.push(stacked.clone());
        }
    }
    let mut taken = ports::taken(ledger, |id| Some(scene.standings.of(scene.file, id)?.state));
    let range = scene.file.settings.ports.unwrap_or(ports::DEFAULT);
    let seed = scene.ground.repository.as_os_str().as_encoded_bytes();
    tasks.iter_mut().for_each(|task| task.port = ports::assign(&task.id, seed, range, &mut taken));
    let states = &scene.standings.tasks;
    let reopened = fresh.iter().filter(|&&ix| matches!(states[ix].state, State::Landed | State::Lost));
    Ok(NewBatch {
        name,
        target: scene.facts.target.name.clone(),
        base,
        tasks,
        bases,
        reopened: reopened.map(|&ix| scene.file.graph.tasks()[ix].id.clone()).collect(),
    })
}

fn snapshot(scene: &Scene<'_>, request: &Request, ix: Ix, base: Oid) -> Snapshot {
    let task = &scene.file.graph.tasks()[ix];
    let place = &scene.places[&task.id];
    let needs = scene.file.graph.needs(ix).map(|need| scene.file.graph.tasks()[need].id.clone()).collect();
    let isolated = is_isolated(scene, request, ix);
    let path = isolated.then(|| place.path.clone());
    let snapshot = Snapshot::of(task, needs, place.branch.clone(), path, base);
    Snapshot { agent: request.agent.clone().or(snapshot.agent), isolated, ..snapshot }
}

/// Whether a task gets a worktree here.
fn is_isolated(scene: &Scene<'_>, request: &Request, ix: Ix) -> bool {
    let agent = request.agent.as_deref().or_else(|| scene.file.graph.tasks()[ix].agent());
    agent::is_isolated(&scene.file.settings, agent)
}

fn warnings(scene: &Scene<'_>, fresh: &[Ix], stopped: &[Ix]) -> Vec<String> {
    let mut warnings = Vec::new();
    let target = &scene.facts.target;
    if let Some(upstream) = target.upstream.as_ref().filter(|_| target.diverged()) {
        warnings.push(format!(
            "'{}' and its upstream '{}' have diverged ({} and {} commits of their own): starting from '{0}'",
            target.name, upstream.name, upstream.behind, upstream.ahead
        ));
    }
    let ahead = target.upstream.as_ref().filter(|upstream| upstream.ahead > 0 && upstream.behind == 0);
    if let Some(upstream) = ahead.filter(|_| !fresh.is_empty()) {
        warnings.push(format!(
            "'{}' is {} ahead of '{}': starting from there",
            upstream.name,
            count(upstream.ahead as usize, "commit"),
            target.name
        ));
    }
    let tasks = scene.file.graph.tasks();
    let chosen: Vec<&Task> = fresh.iter().chain(stopped).map(|&ix| &tasks[ix]).collect();
    let limit = slot_limit(scene, &chosen);
    let busy = scene.standings.busy();
    let new = chosen.len();
    if new > 0 && busy + new > limit {
        let total = count(busy + new, "active task");
        warnings.push(format!("{total} for {}", count(limit, "worker slot")));
    }
    warnings
}

fn slot_limit(scene: &Scene<'_>, chosen: &[&Task]) -> usize {
    use super::task::Kind;
    let active = scene.standings.holders.iter().filter(|holder| holder.state.busy()).map(|holder| &holder.task);
    let research = chosen.iter().copied().chain(active).all(|task| task.kind == Kind::Research);
    let settings = &scene.file.settings;
    if research { settings.research_workers() as usize } else { settings.workers() as usize }
}

#[cfg(test)]
mod tests;
