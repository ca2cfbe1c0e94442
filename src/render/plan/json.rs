//! `plan --json`, as docs/schema/plan.schema.json describes it.

use serde::Serialize;

use crate::model::calibration::Calibration;
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::plan::{self, Candidate, Next, Plan, Warning};
use crate::model::state::Reason;
use crate::render::json::{SCHEMA, Target, line};

/// One line of JSON. Times are whole minutes; a plan of 100,000 tasks takes some 15 MB.
pub fn json(plan: &Plan<'_>) -> String {
    line(&document(plan))
}

#[derive(Serialize)]
struct Document<'p> {
    schema: u32,
    command: &'static str,
    target: Target<'p>,
    phase: Option<&'p str>,
    workers: Workers,
    counts: Counts,
    start: Vec<Task<'p>>,
    queued: Vec<Task<'p>>,
    held: Vec<Held<'p>>,
    waiting: Vec<Waiting<'p>>,
    lost: Vec<&'p TaskId>,
    stuck: Vec<&'p TaskId>,
    batch: Batch,
    schedule: Schedule<'p>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    what_if: Vec<Point>,
    /// The estimates are those of the file times the ratio.
    calibrated: bool,
    calibration: Option<Ratio>,
    alone: bool,
    next: Step<'p>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Workers {
    limit: u32,
    busy: u32,
    free: u32,
}

#[derive(Serialize)]
struct Counts {
    total: usize,
    landed: usize,
    cancelled: usize,
    active: usize,
    ready: usize,
    held: usize,
    waiting: usize,
    lost: usize,
}

#[derive(Serialize)]
struct Task<'p> {
    id: &'p TaskId,
    title: &'p str,
    phase: Option<&'p str>,
    estimate_minutes: u64,
    estimate_given: bool,
    critical: bool,
    slack_minutes: u64,
    unblocks: u64,
    overlap_checked: bool,
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct Held<'p> {
    id: &'p TaskId,
    reasons: &'p [Reason],
}

#[derive(Serialize)]
struct Waiting<'p> {
    id: &'p TaskId,
    needs: Vec<&'p TaskId>,
    /// Those of `needs` that were cancelled: it never starts while it names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cancelled: Vec<&'p TaskId>,
    /// All of it, also what follows from paths.
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct Batch {
    parallel_minutes: u64,
    sequential_minutes: u64,
    benefit: Option<f64>,
}

#[derive(Serialize)]
struct Schedule<'p> {
    workers: u32,
    makespan_minutes: u64,
    lower_bound_minutes: u64,
    bound: String,
    proven: bool,
    /// Of the plan that only the rule of choice makes.
    rule_minutes: u64,
    /// Of the plan without barriers, where it has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rolling_minutes: Option<u64>,
    sequential_minutes: u64,
    unestimated: usize,
    tasks: Vec<Slot<'p>>,
}

#[derive(Serialize)]
struct Slot<'p> {
    id: &'p TaskId,
    start_minute: u64,
    end_minute: u64,
    /// From 1.
    worker: Option<u32>,
}

#[derive(Serialize)]
struct Point {
    workers: u32,
    makespan_minutes: u64,
    lower_bound_minutes: u64,
    bound: String,
    proven: bool,
}

#[derive(Serialize)]
struct Ratio {
    ratio: f64,
    samples: usize,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct Step<'p> {
    action: &'static str,
    tasks: Vec<&'p TaskId>,
}

fn document<'p>(plan: &'p Plan<'_>) -> Document<'p> {
    let counts = plan.counts;
    let ids = |list: &[Ix]| list.iter().map(|&ix| &plan.task(ix).id).collect();
    Document {
        schema: SCHEMA,
        command: "plan",
        target: Target { name: plan.target.0, commit: plan.target.1 },
        phase: plan.phase,
        workers: Workers { limit: plan.workers.limit, busy: plan.workers.busy, free: plan.workers.free },
        counts: Counts {
            total: counts.total,
            landed: counts.landed,
            cancelled: counts.cancelled,
            active: counts.active,
            ready: counts.ready,
            held: counts.held,
            waiting: counts.waiting,
            lost: counts.lost,
        },
        start: plan.start.iter().map(|one| task(plan, one, shortens(one))).collect(),
        queued: plan.queued.iter().map(|one| task(plan, one, plan.queued_for(one))).collect(),
        held: plan.held.iter().map(|one| Held { id: &plan.task(one.ix).id, reasons: &one.reasons }).collect(),
        waiting: plan.waiting.iter().map(|&ix| waiting(plan, ix)).collect(),
        lost: ids(&plan.lost),
        stuck: ids(&plan.stuck),
        batch: Batch {
            parallel_minutes: plan.batch.parallel,
            sequential_minutes: plan.batch.sequential,
            benefit: plan.batch.benefit().map(|hundredths| hundredths as f64 / 100.0),
        },
        schedule: schedule(plan),
        what_if: plan.curve.iter().map(point).collect(),
        calibrated: plan.calibrated,
        calibration: plan.calibration.as_ref().map(ratio),
        alone: plan.alone,
        next: next(plan),
        warnings: plan.warnings.iter().flat_map(|warning| codes(plan, warning)).collect(),
    }
}

/// To four decimals.
fn ratio(calibration: &Calibration) -> Ratio {
    let rounded = |ratio: f64| (ratio * 10_000.0).round() / 10_000.0;
    let Calibration { ratio, samples, low, high } = *calibration;
    Ratio { ratio: rounded(ratio), samples, low: rounded(low), high: rounded(high) }
}

fn shortens(one: &Candidate) -> Vec<Reason> {
    one.shortens.map(Reason::Shortens).into_iter().collect()
}

fn task<'p>(plan: &'p Plan<'_>, one: &Candidate, reasons: Vec<Reason>) -> Task<'p> {
    let task = plan.task(one.ix);
    Task {
        id: &task.id,
        title: &task.title,
        phase: task.phase.as_deref(),
        estimate_minutes: one.minutes,
        estimate_given: task.estimate.is_some(),
        critical: one.slack == 0,
        slack_minutes: one.slack,
        unblocks: one.unblocks,
        overlap_checked: one.checked,
        reasons,
    }
}

fn waiting<'p>(plan: &'p Plan<'_>, ix: Ix) -> Waiting<'p> {
    let needs = plan.unmet(ix).map(|(id, _)| id).collect();
    let cancelled = plan.unmet(ix).filter_map(|(id, cancelled)| cancelled.then_some(id)).collect();
    Waiting { id: &plan.task(ix).id, needs, cancelled, reasons: plan.standings.waits_for(plan.file, ix) }
}

fn schedule<'p>(plan: &'p Plan<'_>) -> Schedule<'p> {
    let outlook = &plan.outlook;
    let tasks = outlook.schedule.slots.iter().map(|slot| Slot {
        id: outlook.id(slot.node),
        start_minute: slot.start,
        end_minute: slot.end,
        worker: slot.worker.map(|worker| worker + 1),
    });
    Schedule {
        workers: outlook.workers,
        makespan_minutes: outlook.schedule.makespan,
        lower_bound_minutes: outlook.lower_bound,
        bound: outlook.bound.to_string(),
        proven: outlook.proven(),
        rule_minutes: outlook.by_rule.makespan,
        rolling_minutes: outlook.rolling,
        sequential_minutes: outlook.sequential,
        unestimated: plan.unestimated,
        tasks: tasks.collect(),
    }
}

fn point(point: &plan::Point<'_>) -> Point {
    Point {
        workers: point.workers,
        makespan_minutes: point.makespan,
        lower_bound_minutes: point.lower_bound,
        bound: point.bound.to_string(),
        proven: point.makespan <= point.lower_bound,
    }
}

fn next<'p>(plan: &'p Plan<'_>) -> Step<'p> {
    let (action, tasks): (_, Vec<&TaskId>) = match &plan.next {
        Next::Start => ("start", plan.start.iter().map(|one| &plan.task(one.ix).id).collect()),
        Next::Write => ("write", vec![]),
        Next::Nothing => ("nothing", vec![]),
        Next::Report(ids) => ("report", ids.iter().collect()),
        Next::Land(ids) => ("land", ids.iter().collect()),
        Next::Stack(id) => ("stack", vec![id]),
        Next::Mend => ("mend", vec![]),
    };
    Step { action, tasks }
}

fn codes(plan: &Plan<'_>, warning: &Warning) -> Vec<String> {
    match warning {
        Warning::Overlap(id, overlap) => vec![format!("overlap:{id}:{}:{}", overlap.id, overlap.path)],
        Warning::NoSuchPhase(phase) => vec![format!("no-such-phase:{phase}")],
        Warning::ManyWorkers(workers, _) => vec![format!("workers:{workers}")],
        Warning::NotChecked(tasks) => tasks.iter().map(|&ix| format!("not-checked:{}", plan.task(ix).id)).collect(),
    }
}
