//! What a `start` would make, or why it may not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::exclusion::{exclusions, shared_locks};
use super::facts::Facts;
use super::failure::{Exit, Failure};
use super::graph::Ix;
use super::id::TaskId;
use super::ledger::Snapshot;
use super::oid::Oid;
use super::standing::Standings;
use super::state::{Reason, State};
use super::task::{Task, TaskFile};
use super::text::{count, shell_word};

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// As typed, in that order.
    pub ids: Vec<String>,
    /// The name of the new batch.
    pub batch: Option<String>,
    /// Override needs and overlap, never locks.
    pub force: bool,
    /// Start landed and lost tasks again.
    pub again: bool,
}

/// Where a task's branch and worktree would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub branch: String,
    /// As the ledger records it: relative to the main worktree.
    pub path: String,
    /// Absolute.
    pub folder: PathBuf,
}

/// What stands where branches and worktrees would be made.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// All local branches, without `refs/heads/`.
    pub branches: BTreeSet<String>,
    /// Folders of places that cannot be used, with what is there: `a folder`, `a symlink` …
    pub occupied: BTreeMap<PathBuf, String>,
}

/// What will be made: first what earlier, interrupted starts left open, then one new batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Indices into the ledger's batches, oldest first.
    pub resume: Vec<usize>,
    pub batch: Option<NewBatch>,
    /// Things worth knowing that stop nothing.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewBatch {
    pub name: String,
    pub target: String,
    pub base: Oid,
    pub tasks: Vec<Snapshot>,
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
/// All that is wrong with the request, at once: unknown ids ([`Exit::Usage`]); tasks that are active already and nothing
/// else ([`Exit::No`]); tasks that may not start, and branches or folders in the way ([`Exit::Refused`]).
pub fn decide(scene: &Scene<'_>, request: &Request) -> Result<Start, Failure> {
    let open = scene.facts.ledger.unfinished();
    let ids = known(scene.file, &open, &request.ids)?;
    let resume: Vec<usize> = open
        .iter()
        .filter(|(_, missing)| missing.iter().any(|task| ids.contains(&task.id)))
        .map(|(&index, _)| index)
        .collect();
    let resumed: BTreeSet<&TaskId> =
        resume.iter().flat_map(|&index| &scene.facts.ledger.batches[index].tasks).map(|task| &task.id).collect();
    let fresh: Vec<Ix> =
        ids.iter().filter(|id| !resumed.contains(id)).filter_map(|id| scene.file.graph.position(id)).collect();
    let mut problems = Problems::default();
    for &ix in &fresh {
        may_start(scene, request, ix, &mut problems);
    }
    side_by_side(scene, request, &fresh, &mut problems);
    if problems.list.is_empty() {
        let mut taken = BTreeMap::new();
        for &ix in &fresh {
            in_the_way(scene, ix, &mut taken, &mut problems);
        }
    }
    problems.into_result()?;
    let batch = if fresh.is_empty() { None } else { Some(new_batch(scene, request, &fresh)?) };
    Ok(Start { resume, batch, warnings: warnings(scene, &fresh) })
}

/// The ids, each once; also of tasks that only an unfinished batch still knows.
fn known(file: &TaskFile, open: &BTreeMap<usize, Vec<&Snapshot>>, typed: &[String]) -> Result<Vec<TaskId>, Failure> {
    let mut ids: Vec<TaskId> = Vec::new();
    for text in typed {
        let id = text.parse::<TaskId>().ok();
        let begun = |id: &TaskId| open.values().flatten().any(|task| task.id == *id);
        let id = id.filter(|id| file.graph.position(id).is_some() || begun(id));
        match id {
            Some(id) if ids.contains(&id) => {}
            Some(id) => ids.push(id),
            None => return Err(unknown(file, text)),
        }
    }
    Ok(ids)
}

/// The failure for an id that the task file does not define.
pub fn unknown(file: &TaskFile, text: &str) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("no task '{text}' in the task file"));
    let nearest = file
        .graph
        .tasks()
        .iter()
        .map(|task| (strsim::damerau_levenshtein(&task.id.folded(), &text.to_ascii_lowercase()), &task.id))
        .min()
        .filter(|&(distance, _)| distance <= 1 + text.len().min(64) / 3);
    match nearest {
        Some((_, id)) => failure.hint(format!("did you mean '{id}'?")),
        None => failure.hint("'git dispatch plan' lists the tasks that can start"),
    }
}

/// What is wrong, each with its remedies; the exit code is that of the gravest.
#[derive(Default)]
struct Problems {
    list: Vec<String>,
    hints: Vec<String>,
    all_active: bool,
}

impl Problems {
    fn add(&mut self, what: String, hint: String, active: bool) {
        self.all_active = active && (self.list.is_empty() || self.all_active);
        self.list.push(what);
        if !hint.is_empty() && !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    fn into_result(self) -> Result<(), Failure> {
        if self.list.is_empty() {
            return Ok(());
        }
        let exit = if self.all_active { Exit::No } else { Exit::Refused };
        Err(Failure { exit, what: self.list.join("\n"), hints: self.hints })
    }
}

fn may_start(scene: &Scene<'_>, request: &Request, ix: Ix, problems: &mut Problems) {
    let id = &scene.file.graph.tasks()[ix].id;
    let standing = &scene.standings.tasks[ix];
    match standing.state {
        State::Ready => {}
        State::Waiting if request.force => beside_active(scene, request, ix, problems),
        State::Waiting => {
            let unmet: Vec<String> =
                scene.standings.unmet(scene.file, ix).map(|need| need_in_words(scene, need)).collect();
            let shown = unmet.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            let more = if unmet.len() > 5 { format!(" and {} more", unmet.len() - 5) } else { String::new() };
            let hint = format!("git dispatch start --force {id} starts it all the same, without their work");
            problems.add(format!("task '{id}' needs {shown}{more}"), hint, false);
        }
        State::Held => beside_active(scene, request, ix, problems),
        State::Active | State::Done | State::Stopped => active(scene, id, standing.state, problems),
        State::Elsewhere => {
            let remote = scene.facts.tasks.get(id).and_then(|seen| seen.remotes.first()).cloned().unwrap_or_default();
            let (branch, from) = (shell_word(&scene.places[id].branch), shell_word(&remote));
            let hint = format!("git branch {branch} {from}, then git dispatch adopt {id} {branch}");
            problems.add(format!("task '{id}' was started elsewhere: '{remote}'"), hint, false);
        }
        State::Landed | State::Lost if request.again => beside_active(scene, request, ix, problems),
        State::Landed => {
            let hint = format!("git dispatch start --again {id} starts it again");
            problems.add(format!("task '{id}' has landed"), hint, false);
        }
        State::Lost => {
            problems.add(
                format!("task '{id}' is lost: it was started, but its branch is gone and nothing shows that it landed"),
                format!("git dispatch adopt {id} BRANCH takes the branch that holds its work; start --again {id} begins anew"),
                false,
            );
        }
        State::Cancelled => {
            let hint = format!("remove 'state = \"cancelled\"' from [task.{id}] in the target's task file");
            problems.add(format!("task '{id}' is cancelled"), hint, false);
        }
    }
}

/// Who of the active tasks excludes this one: asked anew, since its state may be about something else.
fn beside_active(scene: &Scene<'_>, request: &Request, ix: Ix, problems: &mut Problems) {
    let (graph, task) = (&scene.file.graph, &scene.file.graph.tasks()[ix]);
    for holder in &scene.standings.holders {
        let sequence = holder
            .index
            .is_some_and(|other| graph.needs_transitively(other, ix) || graph.needs_transitively(ix, other));
        held(request, &task.id, &between(scene, task, &holder.task, sequence), problems);
    }
}

/// Why `task` may not start beside `holder`. Tasks in sequence do not overlap, but a lock has one holder even so.
fn between(scene: &Scene<'_>, task: &Task, holder: &Task, sequence: bool) -> Vec<Reason> {
    let settings = &scene.file.settings;
    let mut found = if sequence { Vec::new() } else { exclusions(settings, task, holder) };
    for lock in shared_locks(settings, task, holder) {
        if !found.contains(&lock) {
            found.push(lock);
        }
    }
    found
}

fn need_in_words(scene: &Scene<'_>, need: Ix) -> String {
    let (id, state) = (&scene.file.graph.tasks()[need].id, scene.standings.tasks[need].state);
    format!("'{id}' ({})", if state == State::Ready { "not started" } else { state.word() })
}

fn held(request: &Request, id: &TaskId, reasons: &[Reason], problems: &mut Problems) {
    for reason in reasons {
        let locked = matches!(reason, Reason::Lock { .. });
        if locked || !request.force {
            let hint = match reason {
                Reason::Lock { id: holder, .. } => {
                    format!("git dispatch status {holder} shows how far that one is; a lock gives way to nothing")
                }
                _ => format!("git dispatch start --force {id} starts it all the same"),
            };
            problems.add(format!("task '{id}' {}", in_words(reason)), hint, false);
        }
    }
}

/// A reason after the words "task 'X' …".
pub fn in_words(reason: &Reason) -> String {
    match reason {
        Reason::Needs(id) => format!("needs '{id}'"),
        Reason::Reads { id, path } => format!("reads '{path}', which '{id}' writes"),
        Reason::Cancelled(id) => format!("needs '{id}', which is cancelled"),
        Reason::Writes { id, path } => format!("writes '{path}' like '{id}'"),
        Reason::Lock { name, id } => format!("wants lock '{name}', which '{id}' holds until it lands"),
        Reason::Issue(id) => format!("works on the same issue as '{id}'"),
        Reason::Alone(id) => format!("and '{id}' cannot run side by side: one of them runs alone"),
        Reason::Slot => "waits for a free worker".to_owned(),
        Reason::GateStart => "waits for an approval before it starts".to_owned(),
        Reason::GateLand => "waits for an approval before it lands".to_owned(),
    }
}

fn active(scene: &Scene<'_>, id: &TaskId, state: State, problems: &mut Problems) {
    let seen = scene.facts.tasks.get(id);
    let branch = seen.and_then(|seen| seen.branch.as_ref()).map(|branch| branch.name.clone()).unwrap_or_default();
    let worktree = seen.and_then(|seen| seen.worktree.as_ref()).map(|worktree| worktree.path.display().to_string());
    let recorded = scene.facts.ledger.batch_of(id).is_some();
    let (place, hint) = match worktree {
        Some(path) => (format!(" at '{path}'"), format!("cd {}", shell_word(&path))),
        None if recorded => (String::new(), format!("git dispatch status {id}")),
        None => (String::new(), format!("git dispatch adopt {id} {} records it as this task's", shell_word(&branch))),
    };
    let word = if state == State::Active { "already active" } else { state.word() };
    problems.add(format!("task '{id}' is {word} on branch '{branch}'{place}"), hint, true);
}

/// Tasks chosen together must not exclude each other either.
fn side_by_side(scene: &Scene<'_>, request: &Request, fresh: &[Ix], problems: &mut Problems) {
    let tasks = scene.file.graph.tasks();
    for (at, &a) in fresh.iter().enumerate() {
        for &b in &fresh[at + 1..] {
            let sequence = scene.file.graph.needs_transitively(a, b) || scene.file.graph.needs_transitively(b, a);
            held(request, &tasks[b].id, &between(scene, &tasks[b], &tasks[a], sequence), problems);
        }
    }
}

fn in_the_way(scene: &Scene<'_>, ix: Ix, taken: &mut BTreeMap<PathBuf, TaskId>, problems: &mut Problems) {
    let id = &scene.file.graph.tasks()[ix].id;
    let Some(place) = scene.places.get(id) else { return };
    if let Some(blocking) = blocking_branch(&scene.ground.branches, &place.branch) {
        let hint = format!("git branch -m {} NEW-NAME frees the name", shell_word(blocking));
        let what = format!("branch '{blocking}' is in the way of branch '{}' of task '{id}'", place.branch);
        problems.add(what, hint, false);
    }
    if let Some(what) = scene.ground.occupied.get(&place.folder) {
        let hint = format!("move it away, or set the key 'worktree' to another place than '{}'", place.path);
        problems.add(format!("{what} is in the way of task '{id}': '{}'", place.folder.display()), hint, false);
    }
    if let Some(other) = taken.insert(place.folder.clone(), id.clone()) {
        let hint = "let '{{ id }}' stand in the key 'worktree'".to_owned();
        problems.add(format!("tasks '{other}' and '{id}' would share '{}'", place.folder.display()), hint, false);
    }
}

/// An existing branch that keeps `wanted` from being made: itself, the same name in another case (which is the same file
/// on some systems), one that is a folder of it, or one below it.
pub fn blocking_branch<'a>(branches: &'a BTreeSet<String>, wanted: &str) -> Option<&'a str> {
    let wanted = wanted.to_ascii_lowercase();
    let blocks = |branch: &&String| {
        let branch = branch.to_ascii_lowercase();
        let below = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'));
        branch == wanted || below(&wanted, &branch) || below(&branch, &wanted)
    };
    branches.iter().find(blocks).map(String::as_str)
}

fn new_batch(scene: &Scene<'_>, request: &Request, fresh: &[Ix]) -> Result<NewBatch, Failure> {
    let ledger = &scene.facts.ledger;
    let name = match &request.batch {
        Some(name) if ledger.batches.iter().any(|batch| batch.name == *name) => {
            return Err(Failure::new(Exit::Refused, format!("batch '{name}' exists already"))
                .hint("git dispatch log lists the batches"));
        }
        Some(name) if name.parse::<TaskId>().is_err() => {
            return Err(Failure::new(Exit::Usage, format!("'{name}' is no name for a batch"))
                .hint("a name holds letters, digits, '-' and '_', at most 64"));
        }
        Some(name) => name.clone(),
        None => ledger.next_batch_name(),
    };
    let (_, base) = scene.facts.target.newest();
    let states = &scene.standings.tasks;
    let reopened = fresh.iter().filter(|&&ix| matches!(states[ix].state, State::Landed | State::Lost));
    Ok(NewBatch {
        name,
        target: scene.facts.target.name.clone(),
        base,
        tasks: fresh.iter().map(|&ix| snapshot(scene, ix, base)).collect(),
        reopened: reopened.map(|&ix| scene.file.graph.tasks()[ix].id.clone()).collect(),
    })
}

fn snapshot(scene: &Scene<'_>, ix: Ix, base: Oid) -> Snapshot {
    let task = &scene.file.graph.tasks()[ix];
    let place = &scene.places[&task.id];
    let needs = scene.file.graph.needs(ix).map(|need| scene.file.graph.tasks()[need].id.clone()).collect();
    Snapshot::of(task, needs, place.branch.clone(), Some(place.path.clone()), base)
}

fn warnings(scene: &Scene<'_>, fresh: &[Ix]) -> Vec<String> {
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
    let chosen: Vec<&Task> = fresh.iter().map(|&ix| &tasks[ix]).collect();
    let limit = slot_limit(scene, &chosen);
    let busy = scene.standings.busy();
    if !fresh.is_empty() && busy + fresh.len() > limit {
        let total = count(busy + fresh.len(), "active task");
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
