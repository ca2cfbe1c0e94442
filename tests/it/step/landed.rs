//! What must hold after a `land` was disturbed: the same command again lands each task once, and `undo` brings the state before.

use super::points::Trial;
use super::state::{age_locks, answers, difference, must, state_but_for_the_ledger, twin_with_worktrees};
use super::tracer::{Disturbance, Traced};
use crate::support::{Sandbox, write_in};

const TASKS: &str = "disposable = [\"target/\"]\n[task.A]\ntitle = \"First\"\n[task.B]\n[task.C]\nneeds = [\"B\"]\n";

/// A repository with two tasks that are done, and a check.
pub struct Landing {
    ready: Sandbox,
    command: &'static [&'static str],
    before: String,
    end: String,
}

pub const MERGE: &[&str] = &["land", "A", "B"];
pub const SQUASH: &[&str] = &["land", "A", "B", "--strategy", "squash"];

impl Landing {
    /// The target is checked out, with changes that the landing leaves alone, or is not.
    pub fn new(command: &'static [&'static str], checked_out: bool) -> Landing {
        let ready = ready();
        if checked_out {
            write_in(&ready.repo(), "README", "changed\n");
            write_in(&ready.repo(), "new", "untracked\n");
        } else {
            ready.git(&["switch", "-q", "--detach"]);
        }
        let twin = twin_with_worktrees(&ready);
        twin.ok(command);
        let end = normal(&twin).unwrap();
        // But for the worktree of the check, which stays.
        twin.ok(&["undo"]);
        let before = normal(&twin).unwrap();
        Landing { ready, command, before, end }
    }
}

/// A and B are done; the one changes, adds and removes files, the other adds.
pub fn ready() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[("README", "1\n"), ("src/one", "1\n"), (".gitignore", "target/\n.env\n")], "files");
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit_in(&sandbox.place("A"), &[("mine", "1\n"), ("folder/more", "2\n")], "work");
    sandbox.git_in(&sandbox.place("A"), &["rm", "-q", "src/one"]);
    sandbox.commit_in(&sandbox.place("A"), &[("src/deep/two", "2\n")], "more");
    write_in(&sandbox.place("A"), ".env", "SECRET=1\n");
    sandbox.commit_in(&sandbox.place("B"), &[("b", "b\n"), (".gitignore", "target/\n.env\n*.o\n")], "work on B");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["report", "B", "--done"]);
    sandbox.git(&["config", "dispatch.check", "test -f mine && test -f b || test ! -f b"]);
    sandbox
}

/// The state, with what commits hold in place of their ids.
fn normal(sandbox: &Sandbox) -> Result<String, String> {
    let mut told = state_but_for_the_ledger(sandbox)?;
    for event in sandbox.events().iter().filter(|event| event["event"] == "dropping") {
        let at: String = event["at"].as_str().unwrap().chars().filter(|one| one.is_alphanumeric()).collect();
        told = told.replace(&event["uid"].as_str().unwrap()[..12], "UID").replace(&at, "TIME");
    }
    let is_id = |word: &&str| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut all: Vec<String> = Vec::new();
    // Where the check ran and its logs: another landing has another tree.
    for line in told.lines().filter(|line| !line.starts_with("dispatch [") && !line.contains("landing-check")) {
        all.push(line.split([' ', '\t']).filter(|word| !is_id(word)).collect::<Vec<_>>().join(" "));
    }
    let mut commits: Vec<String> = Vec::new();
    commits.extend(sandbox.git(&["log", "--format=%T %an %s %b", "main"]).lines().map(str::to_owned));
    commits.sort();
    commits.push(sandbox.git(&["log", "-1", "--format=%T", "main"]));
    Ok([all, commits].concat().join("\n"))
}

impl Trial for Landing {
    fn sandbox(&self) -> Sandbox {
        twin_with_worktrees(&self.ready)
    }

    fn command(&self) -> &[&'static str] {
        self.command
    }

    fn check(&self, sandbox: &Sandbox, how: Disturbance, _at: usize, traced: &Traced) -> Result<(), String> {
        let outcome = &traced.outcome;
        let is_end = || {
            let now = normal(sandbox)?;
            must(now == self.end, || format!("it is another state:\n{}", difference(&self.end, &now)))?;
            must(sandbox.count("landed") == 2, || "not each has landed once".to_owned())
        };
        if outcome.code == Some(0) {
            return is_end();
        }
        let killed = !matches!(how, Disturbance::FullOnce | Disturbance::FullFromThere);
        let told = outcome.stderr.contains("error: ");
        must(if outcome.code.is_none() { killed } else { told || killed }, || {
            format!("it ended in another way: {outcome:#?}")
        })?;
        answers(sandbox)?;
        let status = sandbox.run(&["status", "--all"]);
        let (begun, landed) = (sandbox.count("landing") > sandbox.count("undone"), sandbox.count("landed"));
        let half = status.stderr.contains("the landing of A, B was not brought to its end");
        must(status.code == Some(0) && half == (begun && landed == 0), || format!("{begun} {landed} {status:#?}"))?;
        age_locks(sandbox);
        let again = sandbox.run(self.command);
        let over = landed == 2 && sandbox.count("dropping") == 2;
        must(again.code == Some(0) || over && again.code == Some(1), || format!("again: {again:#?}"))?;
        is_end()
    }
}

/// The same of a landing that is on its way back.
pub struct Unlanding(pub Landing);

impl Trial for Unlanding {
    fn sandbox(&self) -> Sandbox {
        let twin = self.0.sandbox();
        twin.ok(self.0.command);
        twin
    }

    fn command(&self) -> &[&'static str] {
        &["undo"]
    }

    fn check(&self, sandbox: &Sandbox, _how: Disturbance, _at: usize, traced: &Traced) -> Result<(), String> {
        let outcome = &traced.outcome;
        answers(sandbox)?;
        let status = sandbox.run(&["status", "--all"]);
        let (begun, done) = (sandbox.count("undoing") > 0, sandbox.count("undone") > 0);
        let half = status.stderr.contains("the landing of A, B is half undone");
        must(status.code == Some(0) && half == (begun && !done), || format!("{begun} {done} {status:#?}"))?;
        age_locks(sandbox);
        if !done {
            let again = sandbox.run(&["undo", "A"]);
            must(again.code == Some(0), || format!("again: {again:#?} after {outcome:#?}"))?;
        }
        let now = normal(sandbox)?;
        must(now == self.0.before, || format!("it is another state:\n{}", difference(&self.0.before, &now)))
    }
}

/// Somebody commits all in the target's checkout right after the kill: that never reverts what lands.
pub struct CommitBeside(pub Landing);

impl Trial for CommitBeside {
    fn sandbox(&self) -> Sandbox {
        self.0.sandbox()
    }

    fn command(&self) -> &[&'static str] {
        self.0.command
    }

    fn check(&self, sandbox: &Sandbox, _how: Disturbance, _at: usize, _traced: &Traced) -> Result<(), String> {
        sandbox.try_git_in(&sandbox.repo(), &["commit", "-q", "-a", "-m", "beside"]);
        age_locks(sandbox);
        let again = sandbox.run(self.0.command);
        must(matches!(again.code, Some(0 | 1)), || format!("again: {again:#?}"))?;
        let said = sandbox.git(&["ls-tree", "-r", "--name-only", "main"]);
        let lacks = ["mine", "b", "src/deep/two"].iter().find(|path| !said.lines().any(|line| line == **path));
        must(lacks.is_none() && !said.contains("src/one"), || format!("{lacks:?} is not on main:\n{said}"))?;
        let tracked = sandbox.git(&["status", "--porcelain", "--untracked-files=no"]);
        must(tracked.is_empty() || tracked == " M README", || format!("the checkout is not as it was: {tracked}"))?;
        must(sandbox.stale_locks().is_empty(), || format!("{:?}", sandbox.stale_locks()))
    }
}
