//! What a command that runs for a task gets to know of it: as environment variables, never as part of shell text.

use std::ffi::OsString;
use std::path::Path;

use super::agent::agent_of;
use super::ledger::Snapshot;
use super::oid::Oid;
use super::task::{Details, Kind, Settings, Task};

/// Beside what the ledger says of a task.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    pub settings: &'a Settings,
    /// As the task file has it now; `None` where it no longer does.
    pub task: Option<&'a Task>,
    pub batch: &'a str,
    pub target: &'a str,
    /// Absolute.
    pub worktree: &'a Path,
    /// The common git dir, absolute: what a sandbox must let a worker write to, so that it can commit.
    pub git_dir: &'a Path,
    /// The file that its brief stands in, absolute; `None` where it could not be written.
    pub brief: Option<&'a Path>,
}

/// How a worker is launched.
#[derive(Debug, Clone, PartialEq)]
pub struct Manner {
    pub mode: String,
    pub launch_as: String,
    pub args: Option<String>,
    pub model: Option<String>,
    pub max_turns: Option<u32>,
}

/// What task, `agent` ([`agent_of`]) and mode say of it, in this order.
pub fn manner((kind, agent): (Kind, Option<&str>), details: Option<&Details>, settings: &Settings) -> Manner {
    let agent = agent.and_then(|agent| settings.agents.get(agent));
    let mode = details.and_then(|details| details.mode.clone()).unwrap_or_else(|| "quick".to_owned());
    let of_mode = settings.modes.get(&mode);
    let launch_as = match kind {
        Kind::Research => BYPASS.to_owned(),
        Kind::Code => of_mode.and_then(|mode| mode.launch_as.clone()).unwrap_or_else(|| launch_as(&mode).to_owned()),
    };
    let model =
        details.and_then(|details| details.model.clone()).or_else(|| agent.and_then(|agent| agent.model.clone()));
    let max_turns = details.and_then(|details| details.max_turns).or_else(|| agent.and_then(|agent| agent.max_turns));
    Manner { launch_as, args: of_mode.and_then(|mode| mode.args.clone()), model, max_turns, mode }
}

/// Names and values. What does not apply is empty, so that nothing of the caller's own environment shows through.
pub fn environment(snapshot: &Snapshot, around: &Around<'_>) -> Vec<(&'static str, OsString)> {
    let details = around.task.and_then(|task| task.details.as_deref());
    let who = (snapshot.kind, agent_of(Some(snapshot), around.task));
    let Manner { mode, launch_as, args, model, max_turns } = manner(who, details, around.settings);
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let base: Oid = snapshot.base;
    [
        ("GIT_DISPATCH_TASK", snapshot.id.to_string()),
        ("GIT_DISPATCH_TITLE", snapshot.title.clone()),
        ("GIT_DISPATCH_PHASE", around.task.and_then(|task| task.phase.clone()).unwrap_or_default()),
        ("GIT_DISPATCH_BRANCH", snapshot.branch.clone()),
        ("GIT_DISPATCH_MODE", mode),
        ("GIT_DISPATCH_LAUNCH_AS", launch_as),
        ("GIT_DISPATCH_LAUNCH_ARGS", args.unwrap_or_default()),
        ("GIT_DISPATCH_MODEL", model.unwrap_or_default()),
        ("GIT_DISPATCH_MAX_TURNS", number(max_turns)),
        ("GIT_DISPATCH_TARGET", around.target.to_owned()),
        ("GIT_DISPATCH_BASE", base.to_string()),
        ("GIT_DISPATCH_BATCH", around.batch.to_owned()),
        ("GIT_DISPATCH_PORT", number(snapshot.port.map(u32::from))),
    ]
    .into_iter()
    // No environment holds a NUL.
    .map(|(name, value)| (name, OsString::from(value.replace('\0', "\u{fffd}"))))
    .chain([
        ("GIT_DISPATCH_WORKTREE", around.worktree.as_os_str().to_owned()),
        ("GIT_DISPATCH_GIT_DIR", around.git_dir.as_os_str().to_owned()),
        ("GIT_DISPATCH_BRIEF", around.brief.map(|path| path.as_os_str().to_owned()).unwrap_or_default()),
    ])
    .collect()
}

const BYPASS: &str = "Bypass permissions";

/// What a mode that the task file does not describe is launched as.
fn launch_as(mode: &str) -> &'static str {
    match mode {
        "pair" => "Plan mode",
        "checkpoint" => "Ask permissions",
        _ => BYPASS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::snapshot;
    use crate::model::task::{Agent, Mode};

    fn value(snapshot: &Snapshot, settings: &Settings, task: Option<&Task>, name: &str) -> String {
        let (worktree, git_dir) = (Path::new("/w"), Path::new("/r/.git"));
        let around = Around { settings, task, batch: "batch-001", target: "main", worktree, git_dir, brief: None };
        let all = environment(snapshot, &around);
        let found = all.iter().find(|(other, _)| other.strip_prefix("GIT_DISPATCH_") == Some(name));
        found.unwrap().1.to_str().unwrap().to_owned()
    }

    #[test]
    fn modes_agents_and_kinds_say_how_a_worker_is_launched() {
        let mut settings = Settings::default();
        let (mut task, mut snapshot) = (Task::named("A".parse().unwrap()), snapshot("A"));
        let told = |settings: &Settings, task: &Task, snapshot: &Snapshot, name: &str| {
            value(snapshot, settings, Some(task), name)
        };
        assert_eq!(told(&settings, &task, &snapshot, "MODE"), "quick");
        assert_eq!(told(&settings, &task, &snapshot, "LAUNCH_AS"), BYPASS);
        let details = Details { mode: Some("pair".into()), agent: Some("claude".into()), ..Details::default() };
        task.details = Some(Box::new(details));
        assert_eq!(told(&settings, &task, &snapshot, "LAUNCH_AS"), "Plan mode");
        settings.modes.insert("pair".into(), Mode { launch_as: Some("Together".into()), args: Some("-p".into()) });
        settings
            .agents
            .insert("claude".into(), Agent { model: Some("sonnet".into()), max_turns: Some(3), ..Agent::default() });
        let names = ["LAUNCH_AS", "LAUNCH_ARGS", "MODEL", "MAX_TURNS"];
        assert_eq!(names.map(|name| told(&settings, &task, &snapshot, name)), ["Together", "-p", "sonnet", "3"]);
        // Whom the start was for comes before whom the file names.
        settings.agents.insert("other".into(), Agent { model: Some("opus".into()), ..Agent::default() });
        snapshot.agent = Some("other".into());
        assert_eq!(names.map(|name| told(&settings, &task, &snapshot, name)), ["Together", "-p", "opus", ""]);
        snapshot.kind = Kind::Research;
        assert_eq!(told(&settings, &task, &snapshot, "LAUNCH_AS"), BYPASS);
    }

    #[test]
    fn text_arrives_as_it_is_and_what_is_not_known_is_empty() {
        let mut snapshot = snapshot("A");
        snapshot.title = "$(touch PWNED) '\"\n\0".into();
        let settings = Settings::default();
        assert_eq!(value(&snapshot, &settings, None, "TITLE"), "$(touch PWNED) '\"\n\u{fffd}");
        assert_eq!(value(&snapshot, &settings, None, "PORT"), "");
        snapshot.port = Some(4001);
        assert_eq!(value(&snapshot, &settings, None, "PORT"), "4001");
        assert_eq!(value(&snapshot, &settings, None, "WORKTREE"), "/w");
    }
}
