//! Sentences that all pictures share. Escaped for a terminal; each format escapes them once more for itself.

use std::collections::BTreeSet;

use crate::model::calibration::Calibration;
use crate::model::picture::{Bar, Condition, Picture, Row, Why};
use crate::model::plan::{Outlook, Plan};
use crate::model::schedule::{Bound, Resource};
use crate::model::task::Kind;
use crate::model::text::{count, duration, escape};

/// `12h with 3 workers, proven shortest: bound by the critical path · 22h in sequence`; empty where nothing is left.
pub fn times(picture: &Picture<'_>) -> String {
    let outlook = &picture.plan.outlook;
    if picture.bars.is_empty() {
        return String::new();
    }
    let (makespan, workers) = (duration(outlook.schedule.makespan), count(outlook.workers as usize, "worker"));
    format!("{makespan} with {workers} · {} · {} in sequence", proof(outlook).join(" · "), duration(outlook.sequential))
}

/// How good the schedule is: `proven shortest, bound by the critical path`, or within how much of what binds it; and what
/// batches cost.
pub fn proof(outlook: &Outlook<'_>) -> Vec<String> {
    let (makespan, bound) = (outlook.schedule.makespan, outlook.lower_bound);
    let binding = binding(outlook.bound, outlook.workers);
    let cost = outlook.rolling.map(|rolling| match makespan.saturating_sub(rolling) {
        0 => "no longer than filling each slot as it frees".to_owned(),
        more => format!("{} longer than filling each slot as it frees", duration(more)),
    });
    let proof = match makespan.saturating_sub(bound) {
        0 => format!("proven shortest, bound by {binding}"),
        more => format!("within {} of the shortest: bound by {binding} at {}", duration(more), duration(bound)),
    };
    cost.into_iter().chain([proof]).collect()
}

/// `estimates times 1.4 (median of 9 tasks)`, where they are calibrated.
pub fn calibrated(plan: &Plan<'_>) -> Option<String> {
    let calibration = plan.calibration.as_ref().filter(|_| plan.calibrated)?;
    Some(format!("estimates times {} ({})", number(calibration.ratio), median(calibration)))
}

/// `So far tasks took 1.4 times their estimate (median of 9 tasks, half of them 1.1 to 2.0 times)`; `None` where nothing is known of it.
pub fn so_far(plan: &Plan<'_>) -> Option<String> {
    let one = plan.calibration.as_ref()?;
    let half = format!("half of them {} to {} times", number(one.low), number(one.high));
    Some(format!("So far tasks took {} times their estimate ({}, {half})", number(one.ratio), median(one)))
}

fn median(calibration: &Calibration) -> String {
    format!("median of {}", count(calibration.samples, "task"))
}

/// With so many digits that a small ratio is none of 0.
fn number(ratio: f64) -> String {
    match ratio {
        _ if ratio >= 0.95 => format!("{ratio:.1}"),
        _ if ratio >= 0.095 => format!("{ratio:.2}"),
        _ => format!("{ratio:.4}"),
    }
}

/// What keeps a plan from being shorter.
pub fn binding(bound: Bound<'_>, workers: u32) -> String {
    match bound {
        Bound::CriticalPath => "the critical path".to_owned(),
        Bound::Workers => count(workers as usize, "worker"),
        Bound::Resource(Resource::Lock(name)) => format!("lock {}", escape(name)),
        Bound::Resource(Resource::Path(path)) => format!("all that write {}", escape(path)),
        Bound::Resource(Resource::Issue(issue)) => format!("all of issue {}", escape(issue)),
    }
}

/// A condition as a class of style sheets and of Mermaid.
pub fn class(condition: Condition) -> &'static str {
    match condition {
        Condition::Active => "active",
        Condition::Done => "done",
        Condition::Stopped => "stopped",
        Condition::Start => "start",
        Condition::Queued => "queued",
        Condition::Held => "held",
        Condition::Waiting => "waiting",
    }
}

/// Why there is nothing to draw.
pub fn nothing_left(picture: &Picture<'_>) -> String {
    let plan = picture.plan;
    match plan.counts.total {
        0 => "No tasks yet".to_owned(),
        total if plan.counts.landed == total => "Everything has landed".to_owned(),
        total if plan.counts.landed + plan.counts.cancelled == total => {
            "Everything has landed or was cancelled".to_owned()
        }
        _ => "Nothing can run: what is left waits for cancelled or lost tasks".to_owned(),
    }
}

/// `2 tasks can never run: they wait for cancelled or lost ones`; `None` where all can.
pub fn never(picture: &Picture<'_>) -> Option<String> {
    let plan = picture.plan;
    let stuck = plan.stuck.len();
    (stuck > 0).then(|| {
        let verb = if stuck == 1 { "waits" } else { "wait" };
        format!("Not drawn: {} that {verb} for cancelled or lost ones", count(stuck, "task"))
    })
}

/// `worker 2`, `elsewhere`, `done`; beyond the number of workers, why there are more: `worker 4 (research)`.
pub fn row(picture: &Picture<'_>, row: Row) -> String {
    match row {
        Row::Worker(number) if number > picture.plan.outlook.workers => {
            let mut of_row = picture.bars.iter().filter(|bar| bar.row == row);
            let research = of_row.all(|bar| bar.task.kind == Kind::Research);
            format!("worker {number} ({})", if research { "research" } else { "extra" })
        }
        Row::Worker(number) => format!("worker {number}"),
        Row::Elsewhere => "elsewhere".to_owned(),
        Row::Done => "done".to_owned(),
    }
}

/// `lock db-schema`, `issue https://…`, `path src/db/pool.rs`.
pub fn resource(resource: &Resource<'_>) -> String {
    let (kind, name) = match resource {
        Resource::Lock(name) => ("lock", name),
        Resource::Issue(issue) => ("issue", issue),
        Resource::Path(path) => ("path", path),
    };
    format!("{kind} {}", escape(name))
}

/// `lock db, alone`: why a bar comes after another; `None` where it needs it, which says all.
pub fn whys(picture: &Picture<'_>, whys: &BTreeSet<Why>) -> Option<String> {
    let why = |why: &Why| match why {
        Why::Need => None,
        Why::Holds(shared) => Some(resource(&picture.shared[*shared].resource)),
        Why::Alone => Some("alone".to_owned()),
    };
    let words: Option<Vec<String>> = whys.iter().take(LISTED).map(why).collect();
    words.map(|words| words.join(", "))
}

/// All about a bar, a line each: id and title, when and where, its state, what it holds and needs.
pub fn details(picture: &Picture<'_>, bar: &Bar<'_>) -> Vec<String> {
    let mut lines = vec![format!("{} {}", bar.task.id, escape(&bar.task.title)).trim_end().to_owned()];
    let when = format!("{} to {}", duration(bar.start), duration(bar.end));
    lines.push(match bar.row {
        Row::Done => "done, not landed yet".to_owned(),
        place => {
            let length = duration(bar.end.saturating_sub(bar.start));
            format!("{}, {}: {when} ({length})", bar.word(), row(picture, place))
        }
    });
    lines.extend(bar.critical.then(|| "on the critical path".to_owned()));
    lines.extend(bar.listed.phase.as_deref().map(|phase| format!("phase {}", escape(phase))));
    lines.extend((bar.task.kind == Kind::Research).then(|| "research".to_owned()));
    lines.extend((!bar.task.parallel).then(|| "runs alone".to_owned()));
    let held = bar.holds.iter().map(|&at| resource(&picture.shared[at].resource));
    lines.extend(held.take(LISTED).map(|held| format!("holds {held}")));
    if !bar.needs.is_empty() {
        let ids: Vec<&str> = bar.needs.iter().take(LISTED).map(|&need| picture.bars[need].task.id.as_str()).collect();
        let more = bar.needs.len() - ids.len();
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("needs {}{rest}", ids.join(", ")));
    }
    lines
}

/// What a list of details names at most.
const LISTED: usize = 12;
