//! Which task each need names.

use std::collections::HashMap;

use super::near;
use super::sink::{Sink, quoted};
use super::tasks::{Need, Tasks};
use crate::model::task::{Declared, Task};

/// How many faults get a hint, and how many ids are compared for all of them together.
const HINTS: usize = 50;
const COMPARED: usize = 1_000_000;

/// The pairs (task, the task that it needs), without those that name no task, the task itself, or one named before.
/// Linear in tasks and needs.
pub(super) fn resolve(all: &Tasks<'_>, sink: &mut Sink) -> Vec<(u32, u32)> {
    let tasks = &all.tasks;
    let index: HashMap<&str, u32> = (0u32..).zip(tasks).map(|(index, task)| (task.id.as_str(), index)).collect();
    let mut pairs = Vec::with_capacity(all.needs.len());
    let mut unknown = Vec::new();
    // By task: one more than the last task that needs it.
    let mut needed_by = vec![0u32; tasks.len()];
    for need in &all.needs {
        let Some(&target) = index.get(need.id.as_ref()) else {
            unknown.push(need);
            continue;
        };
        let task = &tasks[need.task as usize];
        if target == need.task {
            sink.fault(Some(need.span()), format!("task '{}' needs itself", task.id), None);
        } else if std::mem::replace(&mut needed_by[target as usize], need.task + 1) == need.task + 1 {
            sink.warning(Some(need.span()), format!("task '{}' needs '{}' twice", task.id, need.id), None);
        } else {
            pairs.push((need.task, target));
            tell_cancelled(task, &tasks[target as usize], need, sink);
        }
    }
    tell_unknown(tasks, unknown, sink);
    pairs
}

fn tell_cancelled(task: &Task, target: &Task, need: &Need<'_>, sink: &mut Sink) {
    if target.state == Some(Declared::Cancelled) && task.state.is_none() {
        let what = format!("task '{}' needs '{}', which is cancelled: it will never start", task.id, target.id);
        sink.warning(Some(need.span()), what, Some("drop the need, or cancel the task too".to_owned()));
    }
}

fn tell_unknown(tasks: &[Task], mut unknown: Vec<&Need<'_>>, sink: &mut Sink) {
    unknown.sort_by_key(|need| need.span().start);
    let hints = HINTS.min(COMPARED / tasks.len().max(1));
    for (told, need) in unknown.into_iter().enumerate() {
        let id = &tasks[need.task as usize].id;
        let what = format!("task '{id}' needs {}, which the task file does not define", quoted(&need.id));
        let ids = tasks.iter().map(|task| task.id.as_str()).filter(|other| *other != id.as_str());
        let hint = if told < hints { near::hint(&need.id, ids) } else { None };
        sink.fault(Some(need.span()), what, hint);
    }
}
