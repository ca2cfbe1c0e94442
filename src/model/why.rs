//! Why a task stands where it stands, with what would change that; and why two may or may not run side by side.

mod causes;
mod choice;

use std::fmt;

use super::exclusion::{Answer, Pairs, Party, Step};
use super::facts::Facts;
use super::failure::{Exit, Failure};
use super::graph::Ix;
use super::id::TaskId;
use super::oid::Oid;
use super::plan::{Options, plan};
use super::standing::{Names, Standing, Standings};
use super::start::not_in_file;
use super::state::{Proof, Reason, State};
use super::task::{Minutes, Task, TaskFile};
use choice::{place, ready};

/// Everything that the answer follows from.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub file: &'a TaskFile,
    pub facts: &'a Facts,
    pub standings: &'a Standings,
    pub names: &'a Names,
}

/// The state of one task and all reasons for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The branch and commit that new branches start from.
    pub target: (String, Oid),
    pub id: TaskId,
    pub title: String,
    /// As `plan` has it: a ready task that one chosen now excludes is held.
    pub state: State,
    /// For what is ready, and for what is held by a task chosen now.
    pub place: Option<Place>,
    pub causes: Vec<Cause>,
    /// How it starts in spite of all of them.
    pub anyway: Option<Remedy>,
    pub pair: Option<Pair>,
}

/// Where a plan puts a task that could start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Start,
    Queued,
    Held,
}

/// One reason for a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    pub what: What,
    /// The task that it names.
    pub other: Option<Other>,
    pub remedies: Vec<Remedy>,
}

/// How a task that a reason names stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    pub state: State,
    /// The plan starts it now.
    pub chosen: bool,
    /// The reason is about what it was when it started; the task file says otherwise now.
    pub as_started: bool,
}

/// What a reason says; its `Display` is the stable code of the JSON output.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The very same that `plan` and `start` give.
    Reason(Reason),
    /// Further down, it needs this one, which is cancelled or lost.
    Stuck(TaskId),
    Critical,
    Slack(Minutes),
    Unblocks(u64),
    /// By the rule of choice.
    Before(TaskId, Criterion),
    After(TaskId, Criterion),
    /// Has this branch, with so many commits of its own.
    Branch(String, Option<u64>),
    /// Its start is recorded, and was not carried out to the end.
    Unfinished,
    /// The verdict of its report, and its text.
    Reported(String, Option<String>),
    /// Of another clone.
    Remote(String),
    Proof(Proof),
    Cancelled,
    /// This branch is gone, and nothing proves that it landed.
    BranchGone(String),
    /// The task file no longer names it.
    NotInFile,
}

/// What decides which of two ready tasks goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    FollowsUp,
    Critical,
    Unblocks,
    Phase,
    Shorter,
    Id,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A line for a shell, and what it is for: "to …".
    Command(String, &'static str),
    /// A change of the target's task file.
    Edit(String),
}

/// What the rules say of two tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub with: TaskId,
    pub with_state: State,
    /// The rules in order; the first that applies decides.
    pub steps: Vec<Step>,
    /// What keeps the first from starting while the other is active.
    pub reasons: Vec<Reason>,
    /// Those of the two that count as they were when they started, where the task file says otherwise now.
    pub as_started: Vec<TaskId>,
}

impl Pair {
    /// What the rule that decides says; [`Answer::No`] if none applies.
    pub fn verdict(&self) -> Answer {
        self.steps.iter().map(|step| step.answer).find(|answer| *answer != Answer::No).unwrap_or(Answer::No)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Reason(reason) => reason.fmt(f),
            What::Stuck(id) => write!(f, "stuck:{id}"),
            What::Critical => f.write_str("critical"),
            What::Slack(minutes) => write!(f, "slack:{minutes}"),
            What::Unblocks(count) => write!(f, "unblocks:{count}"),
            What::Before(id, by) => write!(f, "before:{id}:{by}"),
            What::After(id, by) => write!(f, "after:{id}:{by}"),
            What::Branch(name, _) => write!(f, "branch:{name}"),
            What::Unfinished => f.write_str("unfinished"),
            What::Reported(verdict, _) => write!(f, "reported:{verdict}"),
            What::Remote(name) => write!(f, "remote:{name}"),
            What::Proof(proof) => write!(f, "proof:{}", proof.word()),
            What::Cancelled => f.write_str("declared:cancelled"),
            What::BranchGone(name) => write!(f, "branch-gone:{name}"),
            What::NotInFile => f.write_str("not-in-file"),
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Criterion::FollowsUp => "follow-up",
            Criterion::Critical => "critical",
            Criterion::Unblocks => "unblocks",
            Criterion::Phase => "phase",
            Criterion::Shorter => "shorter",
            Criterion::Id => "id",
        })
    }
}

/// Why the first of `ids` stands where it does and, where a second is given, may or may not run beside that.
///
/// # Errors
/// An id that neither the task file nor an active task has; the same id twice ([`Exit::Usage`]).
pub fn why(scene: &Scene<'_>, ids: (&str, Option<&str>)) -> Result<Why, Failure> {
    let (one, other) = subjects(scene, ids)?;
    let is_ready = |subject: &Subject<'_>| subject.standing.state == State::Ready;
    let options = Options::default();
    let asked = is_ready(&one) || other.as_ref().is_some_and(is_ready);
    let plan = asked.then(|| plan(scene.file, scene.facts, scene.standings, &options));
    let (name, commit) = scene.facts.target.newest();
    let mut why = Why {
        target: (name.to_owned(), commit),
        id: one.task.id.clone(),
        title: one.task.title.clone(),
        state: one.standing.state,
        place: None,
        causes: Vec::new(),
        anyway: None,
        pair: other.as_ref().map(|other| pair(scene, &one, other)),
    };
    match (one.ix.filter(|_| is_ready(&one)), &plan) {
        (Some(ix), Some(plan)) => ready(plan, ix, &mut why),
        _ => causes::fill(scene, &one, &mut why),
    }
    if let (Some(pair), Some(plan)) = (&mut why.pair, &plan) {
        let held = other.and_then(|other| place(plan, other.ix?)) == Some(Place::Held);
        pair.with_state = if held { State::Held } else { pair.with_state };
    }
    Ok(why)
}

/// The tasks that are asked about, which are two different ones if they are two.
fn subjects<'a>(
    scene: &Scene<'a>,
    (one, other): (&str, Option<&str>),
) -> Result<(Subject<'a>, Option<Subject<'a>>), Failure> {
    let (first, second) = (subject(scene, one), other.map(|other| (other, subject(scene, other))));
    let mut missing: Vec<&str> = first.is_none().then_some(one).into_iter().collect();
    missing.extend(second.iter().filter(|(text, found)| found.is_none() && *text != one).map(|(text, _)| *text));
    let Some(first) = first.filter(|_| missing.is_empty()) else {
        return Err(not_in_file(scene.file, scene.standings, &missing));
    };
    let second = second.and_then(|(_, found)| found);
    if second.as_ref().is_some_and(|second| second.task.id == first.task.id) {
        let id = &first.task.id;
        return Err(Failure::new(Exit::Usage, format!("'{id}' twice: two different tasks are compared"))
            .hint(format!("use 'git dispatch why {id}' to see its own state")));
    }
    Ok((first, second))
}

/// A task that can be asked about.
struct Subject<'a> {
    /// As it was when it started where it is active.
    task: &'a Task,
    standing: &'a Standing,
    /// `None` where the file no longer names it; then it is active.
    ix: Option<Ix>,
    /// Its place among the active ones.
    holder: Option<usize>,
}

fn subject<'a>(scene: &Scene<'a>, text: &str) -> Option<Subject<'a>> {
    let id: TaskId = text.parse().ok()?;
    let (tasks, standings) = (scene.file.graph.tasks(), scene.standings);
    let ix = scene.file.graph.position(&id);
    let standing = ix.map(|ix| &standings.tasks[ix]).or_else(|| standings.gone.get(&id))?;
    let holder = standings.holders.iter().position(|holder| holder.task.id == id);
    let task = holder.map(|place| &standings.holders[place].task).or_else(|| ix.map(|ix| &tasks[ix]))?;
    Some(Subject { task, standing, ix, holder })
}

fn pair(scene: &Scene<'_>, one: &Subject<'_>, other: &Subject<'_>) -> Pair {
    let pairs = Pairs::new(scene.file, &scene.standings.implied);
    let (ours, theirs) = (party(&pairs, one), party(&pairs, other));
    let differs = |subject: &&&Subject<'_>| changed_since(scene, &subject.task.id, subject.task);
    Pair {
        with: other.task.id.clone(),
        with_state: other.standing.state,
        steps: pairs.steps(&ours, &theirs),
        reasons: pairs.reasons(&ours, &theirs),
        as_started: [one, other].iter().filter(differs).map(|subject| subject.task.id.clone()).collect(),
    }
}

fn party<'a>(pairs: &Pairs<'a>, subject: &Subject<'a>) -> Party<'a> {
    let party = match (subject.holder, subject.ix) {
        (Some(place), index) => pairs.holder(subject.task, index, place),
        (None, ix) => pairs.candidate(subject.task, ix.unwrap_or_default()),
    };
    if subject.standing.state.over() { party.again() } else { party }
}

/// Whether the file says something else of a started task than `task` does, which it was when it started; as far as the
/// rules for pairs ask.
fn changed_since(scene: &Scene<'_>, id: &TaskId, task: &Task) -> bool {
    scene.file.graph.task(id).is_some_and(|now| {
        now.writes != task.writes
            || now.reads != task.reads
            || now.locks != task.locks
            || (now.parallel, now.kind, now.overlap) != (task.parallel, task.kind, task.overlap)
            || now.issue != task.issue
    })
}

#[cfg(test)]
mod tests;
