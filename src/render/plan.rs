//! `plan` as text; as JSON in [`json`].

mod caption;
pub mod curve;
pub mod dot;
pub mod html;
pub mod json;
pub mod markdown;
pub mod mermaid;
pub mod svg;
mod table;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::reason;
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::plan::{Candidate, Next, Plan, WORKERS_THAT_PAY, Warning};
use crate::model::state::Reason;
use crate::model::task::DEFAULT_ESTIMATE;
use crate::model::text::{count, duration, escape};
use table::Table;

const HEADING: Style = Style::new().bold();
const CRITICAL: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// How text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// Lists are shown to their end.
    pub verbose: bool,
}

/// The plan as a person reads it, with SGR sequences, ending in the command that is next.
pub fn text(plan: &Plan<'_>, layout: Layout) -> String {
    let table = Table::new(plan, layout);
    let mut out = header(plan);
    let lists = out.len();
    out.push('\n');
    start(plan, &table, &mut out);
    let queued = if plan.barrier.is_empty() { "Queued for a free worker:" } else { "For a later batch:" };
    list(queued, &plan.queued, &table, &mut out, |one, out| candidate(plan, one, &table, out));
    list("Held:", &plan.held, &table, &mut out, |held, out| {
        let task = plan.task(held.ix);
        table.row(task, Some(task.minutes()), &table.fit(&reason::sentence(&held.reasons), true), out);
    });
    list("Waiting:", &plan.waiting, &table, &mut out, |&ix, out| waiting(plan, ix, &table, out));
    let name = |&ix: &Ix, out: &mut String| table.row(plan.task(ix), None, "", out);
    list("Lost, neither branch nor landing is there:", &plan.lost, &table, &mut out, name);
    if out.len() > lists + 1 {
        out.push('\n');
    }
    times(plan, &mut out);
    next(plan, &mut out);
    out
}

/// What to warn of on stderr, one line each. Paths in them come from the task file: the console escapes them.
pub fn warnings(plan: &Plan<'_>) -> Vec<String> {
    let line = |warning: &Warning| match warning {
        Warning::Overlap(id, overlap) => Some(format!("'{id}' and '{}' both write '{}'", overlap.id, overlap.path)),
        Warning::ManyWorkers(workers, 0) => {
            Some(format!("{workers} workers make it no shorter than {WORKERS_THAT_PAY} do, and take more coordination"))
        }
        Warning::ManyWorkers(workers, saved) => Some(format!(
            "{workers} workers save {} against {WORKERS_THAT_PAY}; above {WORKERS_THAT_PAY}, coordination eats most of what another one gains",
            duration(*saved)
        )),
        Warning::NotChecked(_) => None,
        Warning::NoSuchPhase(phase) => Some(format!("no task has phase '{phase}'")),
    };
    plan.warnings.iter().filter_map(line).collect()
}

fn header(plan: &Plan<'_>) -> String {
    let counts = &plan.counts;
    let mut parts = vec![format!("{} at {}", escape(plan.target.0), plan.target.1.short())];
    parts.extend(plan.phase.map(|phase| format!("phase {}", escape(phase))));
    parts.push(format!("{} of {} landed", counts.landed, counts.total));
    parts.extend((counts.cancelled > 0).then(|| format!("{} cancelled", counts.cancelled)));
    parts.push(format!("{} of {} busy", plan.workers.busy, count(plan.workers.limit as usize, "worker")));
    parts.extend(caption::calibrated(plan));
    parts.join(" · ") + "\n"
}

fn heading(text: &str, out: &mut String) {
    let _ = writeln!(out, "{HEADING}{text}{HEADING:#}");
}

/// A list with its heading, cut where it is long; nothing where it is empty.
fn list<T>(title: &str, items: &[T], table: &Table, out: &mut String, row: impl Fn(&T, &mut String)) {
    if items.is_empty() {
        return;
    }
    heading(title, out);
    let shown = &items[..items.len().min(table.rows())];
    shown.iter().for_each(|item| row(item, out));
    if items.len() > shown.len() {
        let _ = writeln!(out, "  {DIM}… and {} more (-v lists them all){DIM:#}", items.len() - shown.len());
    }
}

fn start(plan: &Plan<'_>, table: &Table, out: &mut String) {
    let mut phases: Vec<Option<&str>> = Vec::new();
    for one in &plan.start {
        let phase = plan.task(one.ix).phase.as_deref();
        if !phases.contains(&phase) {
            phases.push(phase);
        }
    }
    for (number, phase) in phases.iter().enumerate() {
        let what = match number {
            0 if plan.alone => "Ready",
            0 => "Ready, side by side",
            _ => "Beside them",
        };
        match phase {
            Some(phase) => heading(&format!("{what} ({}):", escape(phase)), out),
            None if phases.len() > 1 => heading(&format!("{what} (no phase):"), out),
            None => heading(&format!("{what}:"), out),
        }
        let of_phase = plan.start.iter().filter(|one| plan.task(one.ix).phase.as_deref() == *phase);
        of_phase.for_each(|one| candidate(plan, one, table, out));
    }
    for warning in &plan.warnings {
        if let Warning::NotChecked(tasks) = warning {
            let ids: Vec<&str> = tasks.iter().map(|&ix| plan.task(ix).id.as_str()).collect();
            let _ = writeln!(out, "  {DIM}· overlap not checked, no 'writes' given: {}{DIM:#}", ids.join(", "));
        }
    }
}

fn candidate(plan: &Plan<'_>, one: &Candidate, table: &Table, out: &mut String) {
    let mut notes = String::new();
    if one.slack == 0 {
        let _ = write!(notes, "{CRITICAL}critical{CRITICAL:#}");
    }
    if one.unblocks > 0 {
        let gap = if !table.criticals() {
            ""
        } else if one.slack == 0 {
            "  "
        } else {
            "          "
        };
        let _ = write!(notes, "{gap}unblocks {}", one.unblocks);
    }
    if let Some(saved) = one.shortens {
        let gap = if notes.is_empty() { "" } else { "  " };
        let waits = if plan.start.iter().any(|other| other.ix == one.ix) { "" } else { "waits: " };
        let _ = write!(notes, "{gap}{waits}{}", reason::sentence(&[Reason::Shortens(saved)]));
    }
    table.row(plan.task(one.ix), Some(one.minutes), &notes, out);
}

fn waiting(plan: &Plan<'_>, ix: Ix, table: &Table, out: &mut String) {
    let mut needs = String::new();
    for (id, cancelled) in plan.unmet(ix) {
        needs.push_str(if needs.is_empty() { "needs " } else { ", " });
        needs.push_str(id.as_str());
        needs.push_str(if cancelled { " (cancelled)" } else { "" });
        // No terminal shows more, and a task may need ten thousand.
        if needs.len() > 1000 {
            break;
        }
    }
    let written = &plan.standings.tasks[ix].reasons;
    if !written.is_empty() && needs.len() <= 1000 {
        needs.push_str(if needs.is_empty() { "" } else { "; " });
        needs.push_str(&reason::sentence(&written[..written.len().min(100)]));
    }
    table.row(plan.task(ix), None, &table.fit(&needs, false), out);
}

fn times(plan: &Plan<'_>, out: &mut String) {
    let (batch, outlook) = (&plan.batch, &plan.outlook);
    if let (Some(benefit), true) = (batch.benefit(), plan.start.len() > 1) {
        let (parallel, sequential) = (duration(batch.parallel), duration(batch.sequential));
        let (whole, hundredths) = (benefit / 100, benefit % 100);
        let _ =
            writeln!(out, "This batch: {parallel} side by side, {sequential} in sequence, {whole}.{hundredths:02}x");
    }
    if !outlook.network.problem.is_empty() {
        let _ = writeln!(
            out,
            "Everything left: {} with {}{}, {} in sequence",
            duration(outlook.schedule.makespan),
            count(outlook.workers as usize, "worker"),
            if outlook.rolling.is_some() { " in batches" } else { "" },
            duration(outlook.sequential),
        );
        caption::proof(outlook).iter().for_each(|line| out.push_str(&format!("  {line}\n")));
    }
    if let Some(so_far) = caption::so_far(plan) {
        let _ = writeln!(out, "{DIM}{so_far}{DIM:#}");
    }
    if plan.unestimated > 0 {
        let what = count(plan.unestimated, "task");
        let verb = if plan.unestimated == 1 { "gives" } else { "give" };
        let _ = writeln!(out, "{DIM}{what} left {verb} no estimate: {} each{DIM:#}", duration(DEFAULT_ESTIMATE));
    }
    if !plan.stuck.is_empty() {
        let what = count(plan.stuck.len(), "task");
        let _ = writeln!(
            out,
            "Not counted: {what} waiting for cancelled or lost ones, such as {}",
            first(plan, &plan.stuck)
        );
    }
}

fn first(plan: &Plan<'_>, tasks: &[Ix]) -> String {
    tasks.first().map_or_else(String::new, |&ix| plan.task(ix).id.to_string())
}

fn next(plan: &Plan<'_>, out: &mut String) {
    let (what, command) = match &plan.next {
        Next::Start => {
            let ids: Vec<&str> = plan.start.iter().map(|one| plan.task(one.ix).id.as_str()).collect();
            let alone = "One task at a time: working on it in the main worktree is as fast";
            (if plan.alone { alone.to_owned() } else { String::new() }, format!("start {}", ids.join(" ")))
        }
        Next::Write => {
            ("No tasks yet: write a [task.ID] table for each, then check the file".to_owned(), "lint".into())
        }
        Next::Nothing if plan.counts.cancelled > 0 => {
            ("Everything has landed or was cancelled".to_owned(), "status --all".into())
        }
        Next::Nothing => ("Everything has landed".to_owned(), "status --all".into()),
        Next::Report(ids) if ids.is_empty() => ("No worker is free".to_owned(), "plan --workers 1".into()),
        Next::Report(ids) => {
            (format!("Every worker is busy; one is free again when done: {}", few(ids)), "status".into())
        }
        Next::Land(ids) if plan.held.is_empty() && plan.waiting.is_empty() => {
            (format!("Everything left has started: {}", few(ids)), "status".into())
        }
        Next::Land(ids) => (format!("Nothing can start before one of these lands: {}", few(ids)), "status".into()),
        Next::Stack(id) => {
            ("Nothing can start on what has landed, and this on what is done".to_owned(), format!("start --stack {id}"))
        }
        Next::Mend => (
            "Nothing can start: what is left waits for cancelled or lost tasks, or for a review".to_owned(),
            "lint".into(),
        ),
    };
    if !what.is_empty() {
        let _ = writeln!(out, "{what}");
    }
    let _ = writeln!(out, "\n  git dispatch {command}");
}

fn few(ids: &[TaskId]) -> String {
    let shown: Vec<&str> = ids.iter().take(8).map(TaskId::as_str).collect();
    let rest = ids.len() - shown.len();
    shown.join(", ") + &if rest > 0 { format!(" and {rest} more") } else { String::new() }
}

#[cfg(test)]
mod tests;
