//! Warnings: what is allowed and still deserves a second look.

use super::VERSION;
use super::settings::Spots;
use super::sink::{Sink, quoted};
use crate::model::id::TaskId;
use crate::model::pattern::Pattern;
use crate::model::task::TaskFile;
use crate::model::template::{Kind, Template};

/// More than this many workers cost more in coordination than they gain.
const WORKERS: u32 = 3;
/// Patterns of locks are compared with those of tasks up to so many pairs.
const COMPARED: usize = 5_000_000;

/// Warns about settings that fit the tasks badly.
pub(super) fn give(file: &TaskFile, spots: &Spots, no_agent: Option<&TaskId>, sink: &mut Sink) {
    let settings = &file.settings;
    let tasks = file.graph.tasks();
    if !spots.version {
        sink.warning(None, format!("no 'version', so {VERSION} is assumed"), Some(format!("add version = {VERSION}")));
    }
    if let Some(workers) = settings.workers.filter(|&workers| workers > WORKERS) {
        let what = format!("{workers} workers: above {WORKERS}, coordination eats the gain");
        sink.warning(spots.workers.clone(), what, None);
    }
    if let Some(phase) = &settings.phase
        && !tasks.is_empty()
        && !tasks.iter().any(|task| task.phase.as_ref() == Some(phase))
    {
        sink.warning(spots.phase.clone(), format!("no task is in phase {}", quoted(phase)), None);
    }
    tell_unused_locks(file, spots, sink);
    let templates = [
        ("branch", settings.branch(), Kind::Branch, &spots.branch),
        ("worktree", settings.worktree(), Kind::Worktree, &spots.worktree),
    ];
    for (key, text, kind, spot) in templates {
        let names_agent = Template::new(text, kind).is_ok_and(|template| template.names_agent());
        if let Some(id) = no_agent.filter(|_| names_agent && !text.contains("{%")) {
            sink.warning(spot.clone(), format!("'{key}' names the agent, and task '{id}' has none"), None);
        }
    }
}

/// A lock that no task names, and whose patterns begin elsewhere than all that tasks write.
fn tell_unused_locks(file: &TaskFile, spots: &Spots, sink: &mut Sink) {
    let tasks = file.graph.tasks();
    let writes: usize = tasks.iter().map(|task| task.writes.len()).sum();
    let patterns: usize = file.settings.locks.values().map(Vec::len).sum();
    if tasks.is_empty() || writes.saturating_mul(patterns) > COMPARED {
        return;
    }
    let named: std::collections::HashSet<_> = tasks.iter().flat_map(|task| &task.locks).collect();
    for (lock, patterns) in &file.settings.locks {
        let met =
            || tasks.iter().flat_map(|task| &task.writes).any(|write| patterns.iter().any(|own| may_meet(own, write)));
        if !named.contains(lock) && !met() {
            sink.warning(spots.locks.get(lock).cloned(), format!("no task takes lock {}", quoted(lock)), None);
        }
    }
}

/// Whether one literal prefix lies in the other: patterns for which this is false share no path.
fn may_meet(a: &Pattern, b: &Pattern) -> bool {
    let (a, b) = (a.literal_prefix(), b.literal_prefix());
    let inside = |long: &str, short: &str| {
        short.is_empty() || long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    inside(a, b) || inside(b, a)
}
