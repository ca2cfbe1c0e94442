//! What must hold after a `start` was disturbed: before it is run again, and then.

use std::path::{Path, PathBuf};

use super::tracer::{Disturbance, Traced};
use crate::scene::Outcome;
use crate::support::Sandbox;

/// Says `what` unless `holds`.
fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// A repository in which `command` runs, and what it must come to.
pub struct Stage {
    pub prepared: Sandbox,
    pub command: Vec<&'static str>,
    pub ids: Vec<&'static str>,
    /// The end state, from an undisturbed run.
    pub end: String,
}

impl Stage {
    /// Runs the command undisturbed, to see its end.
    pub fn new(prepared: Sandbox, command: &[&'static str], ids: &[&'static str]) -> Stage {
        let twin = prepared.twin();
        twin.ok(command);
        twin.assert_started(ids);
        let end = state(&twin).unwrap();
        Stage { prepared, command: command.to_vec(), ids: ids.to_vec(), end }
    }

    /// Everything that is asked after a disturbed run in `sandbox`.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, sandbox: &Sandbox, how: Disturbance, traced: &Traced) -> Result<(), String> {
        if traced.outcome.code == Some(0) {
            let now = state(sandbox)?;
            return must(now == self.end, || format!("exit 0, and yet\n{}", difference(&self.end, &now)));
        }
        let stands = stands(sandbox);
        self.told(how, &traced.outcome, stands)?;
        answers(sandbox)?;
        self.status_names_it(sandbox, stands)?;
        age_locks(sandbox);
        self.goes_on(sandbox, stands)
    }

    /// What the command itself says of its failure, where it was left alive.
    fn told(&self, how: Disturbance, outcome: &Outcome, stands: Stands) -> Result<(), String> {
        if outcome.code.is_none() {
            let killed = !matches!(how, Disturbance::FullOnce | Disturbance::FullFromThere);
            return must(killed, || format!("it died of a full disk: {outcome:#?}"));
        }
        must(outcome.stderr.contains("error: "), || format!("no error: {outcome:#?}"))?;
        if stands == Stands::Begun {
            let go_on = format!("hint: use 'git dispatch start {}' to go on", self.ids.join(" "));
            let one = |id: &&str| outcome.stderr.contains(&format!("hint: use 'git dispatch start {id}' to go on"));
            let says = outcome.code == Some(4) && (outcome.stderr.contains(&go_on) || self.ids.iter().any(one));
            must(says, || format!("stopped half-way, and does not say so: {outcome:#?}"))?;
        }
        Ok(())
    }

    /// `status` answers, and names what is unfinished.
    fn status_names_it(&self, sandbox: &Sandbox, stands: Stands) -> Result<(), String> {
        let status = sandbox.run(&["status"]);
        must(status.code == Some(0), || format!("status: {status:#?}"))?;
        let go_on = format!("not finished; to go on: git dispatch start {}", self.ids.join(" "));
        let unfinished = stands == Stands::Begun;
        must(status.stdout.contains(&go_on) == unfinished, || {
            format!("unfinished: {unfinished}, and status: {status:#?}")
        })
    }

    /// The same command again reaches the end.
    fn goes_on(&self, sandbox: &Sandbox, stands: Stands) -> Result<(), String> {
        let again = sandbox.run(&self.command);
        // Of what is finished it says so.
        let code = if stands == Stands::Finished { 1 } else { 0 };
        must(again.code == Some(code), || format!("again: {again:#?}"))?;
        let now = state(sandbox)?;
        must(now == self.end, || format!("run again, it is another state:\n{}", difference(&self.end, &now)))
    }
}

/// How far the ledger says that the start has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Nothing,
    Begun,
    Finished,
}

fn stands(sandbox: &Sandbox) -> Stands {
    let events = sandbox.events();
    let has = |kind: &str| events.iter().any(|event| event["event"] == kind);
    match (has("starting"), has("started")) {
        (false, _) => Stands::Nothing,
        (true, false) => Stands::Begun,
        (true, true) => Stands::Finished,
    }
}

/// git itself goes on working in the repository.
fn answers(sandbox: &Sandbox) -> Result<(), String> {
    // Where git makes the worktree, and is killed at that, it leaves what makes it fail until that is cleared away.
    let half_made = admin_folders(sandbox).iter().any(|admin| {
        let text = |name: &str| std::fs::read_to_string(admin.join(name)).unwrap_or_default();
        text("locked").trim() == "initializing" && (text("commondir").is_empty() || text("HEAD").trim().len() < 40)
    });
    for command in [["fsck", "--no-progress"], ["worktree", "list"], ["status", "--porcelain"]] {
        let output = sandbox.try_git_in(&sandbox.repo(), &command);
        must(half_made || output.status.success(), || format!("git {command:?}: {output:?}"))?;
    }
    Ok(())
}

fn admin_folders(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.repo().join(".git/worktrees"));
    let mut all: Vec<PathBuf> = entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    all.sort();
    all
}

/// Everything that a start makes, and nothing that differs from run to run.
fn state(sandbox: &Sandbox) -> Result<String, String> {
    let mut all = String::new();
    let mut add = |dir: &Path, command: &[&str]| {
        let output = sandbox.try_git_in(dir, command);
        must(output.status.success(), || format!("git {command:?} in {}: {output:?}", dir.display()))?;
        all.push_str(&format!("git {command:?}\n{}", String::from_utf8_lossy(&output.stdout)));
        Ok::<(), String>(())
    };
    add(&sandbox.repo(), &["fsck", "--no-progress", "--no-dangling"])?;
    add(&sandbox.repo(), &["for-each-ref", "refs/heads", "refs/tags", "refs/remotes", "refs/dispatch"])?;
    add(&sandbox.repo(), &["worktree", "list", "--porcelain"])?;
    let beside = listing(&sandbox.root());
    for name in beside.iter().filter(|name| name.starts_with("repo")) {
        add(&sandbox.root().join(name), &["status", "--porcelain", "--branch", "--ignored"])?;
    }
    all.push_str(&format!("beside {beside:?}\n"));
    for admin in admin_folders(sandbox) {
        let mut names = listing(&admin);
        // git itself goes on without it where it cannot be written.
        names.retain(|name| name != "ORIG_HEAD");
        all.push_str(&format!("{} {names:?}\n", admin.display()));
    }
    all.push_str(&format!("git dir {:?}\n", listing(&sandbox.repo().join(".git"))));
    let mut names = listing(&sandbox.repo().join(".git/dispatch"));
    names.retain(|name| name != "cache");
    all.push_str(&format!("dispatch {names:?}\n"));
    all.push_str(&std::fs::read_to_string(sandbox.repo().join(".git/config")).unwrap());
    all.push_str(&format!("locks {:?}\n", sandbox.stale_locks()));
    for event in sandbox.events() {
        all.push_str(&format!("{} {} {}\n", event["event"], event["batch"], event["tasks"]));
    }
    Ok(all.replace(sandbox.root().to_str().unwrap(), "ROOT"))
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn difference(wanted: &str, found: &str) -> String {
    let lacks =
        wanted.lines().filter(|line| !found.lines().any(|other| other == *line)).map(|line| format!("- {line}"));
    let extra =
        found.lines().filter(|line| !wanted.lines().any(|other| other == *line)).map(|line| format!("+ {line}"));
    lacks.chain(extra).collect::<Vec<_>>().join("\n")
}

/// As if a while had passed since: a lock of a second ago might be somebody's.
fn age_locks(sandbox: &Sandbox) {
    for lock in sandbox.stale_locks() {
        let file = std::fs::File::options().write(true).open(lock).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
}
