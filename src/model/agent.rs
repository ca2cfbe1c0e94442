//! Who works on a task: one of `[agent.NAME]`.

use super::failure::{Exit, Failure};
use super::ledger::Snapshot;
use super::near::nearest;
use super::task::{Settings, Task};
use super::text::escape;

/// Who works on a task: whom its start was for, else, where it has not started or was for nobody, whom the task file names.
pub fn agent_of<'a>(snapshot: Option<&'a Snapshot>, task: Option<&'a Task>) -> Option<&'a str> {
    snapshot.and_then(|snapshot| snapshot.agent.as_deref()).or_else(|| task?.agent())
}

/// Whether what `agent` works on gets a worktree of this clone.
pub fn is_isolated(settings: &Settings, agent: Option<&str>) -> bool {
    agent.and_then(|agent| settings.agents.get(agent)?.isolated).unwrap_or(true)
}

/// Whether somebody who was named on the command line is one of the task file.
///
/// # Errors
/// The file has no such table ([`Exit::Usage`]).
pub fn defined(settings: &Settings, name: &str) -> Result<(), Failure> {
    if settings.agents.contains_key(name) {
        return Ok(());
    }
    let failure = Failure::new(Exit::Usage, format!("the task file has no table [agent.{}]", escape(name)));
    Err(match nearest(name, settings.agents.keys().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean '{near}'?")),
        None if settings.agents.is_empty() => failure.hint("write such a table into the task file first"),
        None => {
            let all: Vec<&str> = settings.agents.keys().map(String::as_str).take(MOST_NAMED).collect();
            failure.hint(format!("it has {}", all.join(", ")))
        }
    })
}

/// So many agents are named.
const MOST_NAMED: usize = 5;
