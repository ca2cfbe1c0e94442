//! What a brief holds: the text that a worker starts from. How it is worded stands in `render::brief`.
//!
//! | file | what |
//! |---|---|
//! | `contract.rs` | the clauses of an integration contract |
//! | `beside.rs` | needs and what became of them, and what active siblings write |

mod beside;
mod contract;
#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::environment::{Manner, manner};
use super::id::TaskId;
use super::ledger::{Ledger, Record, Said};
use super::oid::Oid;
use super::pattern::Pattern;
use super::picture::letters;
use super::review::{Finding, open};
use super::standing::Standings;
use super::state::State;
use super::task::{Budget, Details, Kind, Minutes, Task, TaskFile};

pub use beside::{Need, Sibling};
pub use contract::{Clause, Clauses};

/// The mode whose worker waits for a review at each checkpoint.
const CHECKPOINT: &str = "checkpoint";
/// From this cost on a worker asks first, where the task names no budget.
const BUDGET: &str = "$10";

/// What the brief of a task holds. Texts are as people wrote them; `None` is what does not apply.
///
/// Its fields by their names are what `--json` prints and what a `brief-template` may use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Brief {
    pub id: TaskId,
    pub title: String,
    pub action: Action,
    /// Batch and place in it: `1A`.
    pub unit: Option<String>,
    pub issue: Option<String>,
    pub phase: Option<String>,
    pub plan: Option<Plan>,
    pub state: State,
    pub kind: Kind,
    /// The main worktree, or a bare git dir.
    pub repository: String,
    /// The folder that the worker's session begins in.
    pub launch_from: String,
    /// Whether that is a worktree of the task's own.
    pub worktree: bool,
    pub branch: String,
    pub base: Oid,
    pub target: String,
    /// The tasks that it stands on, although they have not landed.
    pub stack: Vec<TaskId>,
    pub batch: Option<String>,
    pub context: Vec<String>,
    /// `brief`, or what stands in `brief-file`.
    pub text: Option<String>,
    /// Oldest first.
    pub reports: Vec<Told>,
    pub needs: Vec<Need>,
    pub findings: Vec<Finding>,
    pub mode: String,
    pub launch_as: String,
    pub agent: Option<String>,
    pub model: Option<String>,
    pub max_turns: Option<u32>,
    pub steps: Vec<String>,
    /// Patterns; none where the task declares nothing.
    pub writes: Vec<String>,
    /// Patterns of paths that every task may change.
    pub shared_paths: Vec<String>,
    /// What active tasks write.
    pub siblings: Vec<Sibling>,
    /// What it is to fulfil, and what it must not violate.
    pub clauses: Clauses,
    pub done_when: Option<String>,
    pub single_commit: bool,
    pub strict_writes: bool,
    /// Whether a review comes at each checkpoint.
    pub checkpoints: bool,
    /// Beyond it, a worker asks first; `None` where it is unlimited.
    pub budget: Option<String>,
    /// In minutes; `None` where the file gives none.
    pub estimate: Option<Minutes>,
}

/// What there is to do, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Implement,
    Explore,
    Research,
    /// It was worked on before.
    Continue,
}

/// The plan that the task is part of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    pub title: Option<String>,
    pub issue: Option<String>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    #[serde(serialize_with = "seconds")]
    pub at: Timestamp,
    pub by: String,
    pub tip: Oid,
    pub verdict: String,
    pub done_when: Option<String>,
    pub blockers: Vec<String>,
    pub pr: Option<String>,
    pub text: Option<String>,
    pub cost: Option<String>,
}

fn seconds<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

impl Told {
    fn of(said: &Said) -> Told {
        let report = said.report.clone();
        Told {
            at: said.at,
            by: said.by.clone(),
            tip: report.tip,
            verdict: report.verdict,
            done_when: report.done_when,
            blockers: report.blockers,
            pr: report.pr,
            text: report.text,
            cost: report.cost,
        }
    }
}

/// What a brief is made of, beside the task itself.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub file: &'a TaskFile,
    pub ledger: &'a Ledger,
    pub standings: &'a Standings,
    /// Tasks that have started since `standings` were computed.
    pub started: &'a [TaskId],
}

/// Where a task is worked on.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    pub repository: &'a Path,
    pub launch_from: &'a Path,
    pub branch: &'a str,
    pub base: Oid,
    pub target: &'a str,
}

/// What stands in files that the task file names.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a> {
    pub contract: Option<&'a str>,
    pub brief: Option<&'a str>,
}

/// The brief of a task, and what is odd about it, as sentences. `None`: neither file nor ledger knows the task.
pub fn brief(scene: &Scene<'_>, id: &TaskId, spot: Spot<'_>, texts: Texts<'_>) -> Option<(Brief, Vec<String>)> {
    let record = scene.ledger.records.get(id);
    let snapshot =
        record.and_then(|record| record.snapshot.as_ref()).filter(|_| record.is_some_and(|one| !one.dropped));
    let ix = scene.file.graph.position(id);
    let task: Task = match ix {
        Some(ix) => scene.file.graph.tasks()[ix].clone(),
        None => snapshot?.task(),
    };
    let settings = &scene.file.settings;
    let details: Details = task.details.as_deref().cloned().unwrap_or_default();
    let Manner { mode, launch_as, model, max_turns, .. } = manner(task.kind, task.details.as_deref(), settings);
    let mut warnings = Vec::new();
    let clauses = clauses(id, &details, (settings.contract.as_deref(), texts.contract), &mut warnings);
    let reports: Vec<Told> = record.map(|record| record.said.iter().map(Told::of).collect()).unwrap_or_default();
    let findings = record.map(|record| open(&record.reviews, &settings.reviewers)).unwrap_or_default();
    let isolated = details.agent.as_ref().and_then(|agent| settings.agents.get(agent)?.isolated);
    // What was declared when it started is what others are kept from.
    let writes = snapshot.map_or(&task.writes, |snapshot| &snapshot.writes);
    let brief = Brief {
        id: id.clone(),
        action: action(&task, &mode, !reports.is_empty() || !findings.is_empty()),
        unit: record.and_then(|record| unit(scene.ledger, record, id)),
        issue: task.issue.clone(),
        phase: task.phase.clone(),
        plan: settings.plan.clone().map(|plan| Plan { title: plan.title, issue: plan.issue }),
        state: state(scene, id),
        kind: task.kind,
        repository: spot.repository.to_string_lossy().into_owned(),
        launch_from: spot.launch_from.to_string_lossy().into_owned(),
        worktree: isolated != Some(false) && spot.launch_from != spot.repository,
        branch: spot.branch.to_owned(),
        base: spot.base,
        target: spot.target.to_owned(),
        stack: snapshot.map(|one| one.stack.iter().map(|one| one.id.clone()).collect()).unwrap_or_default(),
        batch: snapshot.and_then(|_| scene.ledger.batch_of(id)).map(|batch| batch.name.clone()),
        needs: beside::needs(scene, ix, snapshot),
        siblings: beside::siblings(scene, id),
        writes: texts_of(writes),
        shared_paths: texts_of(&settings.shared_paths),
        checkpoints: mode == CHECKPOINT,
        budget: budget(details.budget),
        text: details.brief.or_else(|| texts.brief.map(str::to_owned)).filter(|text| !text.trim().is_empty()),
        context: details.context,
        steps: details.steps,
        done_when: details.done_when,
        agent: details.agent,
        single_commit: settings.single_commit.unwrap_or(false),
        strict_writes: settings.strict_writes.unwrap_or(false),
        estimate: task.estimate,
        title: task.title,
        reports,
        findings,
        clauses,
        mode,
        launch_as,
        model,
        max_turns,
    };
    Some((brief, warnings))
}

/// From which cost on a worker asks first.
fn budget(budget: Option<Budget>) -> Option<String> {
    match budget {
        Some(Budget::Unlimited) => None,
        Some(Budget::Amount(amount)) => Some(amount),
        None => Some(BUDGET.to_owned()),
    }
}

fn texts_of(patterns: &[Pattern]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
}

fn clauses(
    id: &TaskId,
    details: &Details,
    (path, contract): (Option<&str>, Option<&str>),
    warnings: &mut Vec<String>,
) -> Clauses {
    let Some(text) = contract else {
        if !details.clauses.is_empty() {
            warnings.push(format!("task '{id}' keeps to clauses, and the task file has no contract"));
        }
        return Clauses::default();
    };
    let (clauses, unknown) = contract::clauses(text, &details.clauses);
    let home = path.map_or_else(|| "'contract-text'".to_owned(), |path| format!("'{path}'"));
    warnings.extend(unknown.iter().map(|clause| format!("task '{id}' keeps to clause '{clause}', which {home} lacks")));
    clauses
}

fn action(task: &Task, mode: &str, known: bool) -> Action {
    match (known, task.kind, mode) {
        (true, ..) => Action::Continue,
        (_, Kind::Research, _) => Action::Research,
        (_, _, "spike") => Action::Explore,
        _ => Action::Implement,
    }
}

/// A task that was just started is active, whatever was seen of it before.
fn state(scene: &Scene<'_>, id: &TaskId) -> State {
    if scene.started.contains(id) {
        return State::Active;
    }
    scene.standings.of(scene.file, id).map_or(State::Ready, |standing| standing.state)
}

/// The place of a task in the batch that started it last.
fn unit(ledger: &Ledger, record: &Record, id: &TaskId) -> Option<String> {
    let index = record.batch.filter(|_| !record.dropped)?;
    let batch = ledger.batches.get(index)?;
    let place = batch.tasks.iter().position(|task| task.id == *id)?;
    let number = batch.name.strip_prefix("batch-").and_then(|number| number.parse::<u64>().ok());
    Some(format!("{}{}", number.unwrap_or(index as u64 + 1), letters(place)))
}
