//! What must hold after a `drop` was disturbed: the same command again reaches its end, and `undo` the state before.

use super::points::{Trial, step};
use super::state::{age_locks, answers, difference, must, state_but_for_the_ledger, twin_with_worktrees};
use super::tracer::{Disturbance, Traced};
use crate::drop::started;
use crate::support::{Sandbox, write_in};

const DROP: [&str; 3] = ["drop", "A", "B"];
/// After so many points what was begun is taken back instead.
const SAMPLE: usize = 2;

/// A repository with two tasks, one of which has commits and ignored files.
pub struct Dropping {
    started: Sandbox,
    before: String,
    end: String,
}

impl Dropping {
    pub fn new() -> Dropping {
        let started = started();
        write_in(&started.place("A"), ".env", "SECRET=1\n");
        write_in(&started.place("A"), "target/out", "disposable\n");
        let twin = twin_with_worktrees(&started);
        let before = normal(&twin).unwrap();
        twin.ok(&DROP);
        let end = normal(&twin).unwrap();
        Dropping { started, before, end }
    }
}

/// The state, without disposable files, with words in place of uids and times.
fn normal(sandbox: &Sandbox) -> Result<String, String> {
    let mut all = state_but_for_the_ledger(sandbox)?.replace("!! target/\n", "");
    for event in sandbox.events().iter().filter(|event| event["event"] == "dropping") {
        let at: String = event["at"].as_str().unwrap().chars().filter(|one| one.is_alphanumeric()).collect();
        all = all.replace(&event["uid"].as_str().unwrap()[..12], "UID").replace(&at, "TIME");
    }
    Ok(all)
}

impl Trial for Dropping {
    fn sandbox(&self) -> Sandbox {
        twin_with_worktrees(&self.started)
    }

    fn command(&self) -> &[&'static str] {
        &DROP
    }

    fn check(&self, sandbox: &Sandbox, how: Disturbance, at: usize, traced: &Traced) -> Result<(), String> {
        let outcome = &traced.outcome;
        let is = |wanted: &str| {
            let now = normal(sandbox)?;
            must(now == wanted, || format!("it is another state:\n{}", difference(wanted, &now)))
        };
        if outcome.code == Some(0) {
            return is(&self.end);
        }
        let killed = !matches!(how, Disturbance::FullOnce | Disturbance::FullFromThere);
        let told = outcome.stderr.contains("error: ");
        must(if outcome.code.is_none() { killed } else { told }, || format!("it ended in another way: {outcome:#?}"))?;
        answers(sandbox)?;
        let (begun, done) = (sandbox.count("dropping"), sandbox.count("dropped"));
        let status = sandbox.run(&["status", "--all"]);
        let half = status.stdout.contains("is half dropped");
        must(status.code == Some(0) && half == (begun > done), || format!("{begun} {done}, status: {status:#?}"))?;
        age_locks(sandbox);
        if at.is_multiple_of(SAMPLE) && begun > 0 {
            let undo = sandbox.run(&["undo"]);
            must(undo.code == Some(0), || format!("undo: {undo:#?}"))?;
            must(sandbox.row("A")["state"] == "active", || "A is not active".to_owned())?;
            return is(&self.before);
        }
        let again = sandbox.run(&DROP);
        must(again.code == Some(i32::from(done == 2)), || format!("again: {again:#?}"))?;
        is(&self.end)
    }
}

/// The same of a task that is on its way back.
pub struct Back(pub Dropping);

impl Trial for Back {
    fn sandbox(&self) -> Sandbox {
        let twin = self.0.sandbox();
        twin.ok(&DROP);
        twin
    }

    fn command(&self) -> &[&'static str] {
        &["undo", "A"]
    }

    fn check(&self, sandbox: &Sandbox, _how: Disturbance, _at: usize, traced: &Traced) -> Result<(), String> {
        let outcome = &traced.outcome;
        answers(sandbox)?;
        let (begun, done) = (sandbox.count("undoing"), sandbox.count("undone"));
        let status = sandbox.run(&["status", "--all"]);
        let half = status.stdout.contains("is half brought back from the trash");
        must(status.code == Some(0) && half == (begun > done), || format!("{begun} {done}, status: {status:#?}"))?;
        age_locks(sandbox);
        if done == 0 {
            let again = sandbox.run(&["undo", "A"]);
            must(again.code == Some(0), || format!("again: {again:#?} after {outcome:#?}"))?;
        }
        let undo = sandbox.run(&["undo", "B"]);
        must(undo.code == Some(0), || format!("undo of the other: {undo:#?}"))?;
        let now = normal(sandbox)?;
        must(now == self.0.before, || format!("it is another state:\n{}", difference(&self.0.before, &now)))
    }
}

/// The trash, emptied.
pub struct Emptying(pub Dropping);

impl Emptying {
    /// Nothing of it is left, and what was not in it stands.
    fn emptied(&self, sandbox: &Sandbox, back: &[&str]) -> Result<(), String> {
        let refs = sandbox.git(&["for-each-ref", "--format=%(refname)", "refs/dispatch/trash"]);
        let folders = [sandbox.root(), sandbox.repo().join(".git/dispatch")];
        let names = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
        let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let left: Vec<String> =
            names.filter(|name| ["dropped-", "emptied-"].iter().any(|kind| name.contains(kind))).collect();
        must(refs.is_empty() && left.is_empty(), || format!("left: {refs} {left:?}"))?;
        must(sandbox.stale_locks().is_empty(), || format!("locks: {:?}", sandbox.stale_locks()))?;
        back.iter().try_for_each(|id| {
            let there = sandbox.place(id).join("README").exists() && sandbox.row(id)["state"] == "active";
            must(there, || format!("{id} is not whole"))
        })
    }
}

const EMPTY: [&str; 4] = ["drop", "--trash", "--older-than", "now"];

impl Trial for Emptying {
    fn sandbox(&self) -> Sandbox {
        let twin = self.0.sandbox();
        twin.ok(&DROP);
        twin
    }

    fn command(&self) -> &[&'static str] {
        &EMPTY
    }

    fn check(&self, sandbox: &Sandbox, _how: Disturbance, at: usize, traced: &Traced) -> Result<(), String> {
        let outcome = &traced.outcome;
        if outcome.code == Some(0) {
            return self.emptied(sandbox, &[]);
        }
        answers(sandbox)?;
        age_locks(sandbox);
        let mut back = Vec::new();
        for id in ["A", "B"].iter().filter(|_| at.is_multiple_of(SAMPLE)) {
            let undo = sandbox.run(&["undo", id]);
            let gone = undo.code == Some(3) && undo.stderr.contains("no longer in the trash");
            must(gone || undo.code == Some(0), || format!("undo: {undo:#?}"))?;
            if undo.code == Some(0) {
                let status = sandbox.git_in(&sandbox.place(id), &["status", "--porcelain"]);
                must(status.is_empty(), || format!("{id} came back as half: {status}"))?;
                let env = sandbox.place("A").join(".env");
                must(*id != "A" || env.exists(), || "an ignored file is gone".to_owned())?;
                back.push(*id);
            }
        }
        let again = sandbox.run(&EMPTY);
        must(matches!(again.code, Some(0 | 1)), || format!("again: {again:#?} after {outcome:#?}"))?;
        self.emptied(sandbox, &back)
    }
}

#[test]
fn a_trash_whose_emptying_is_killed_at_any_call_is_emptied_or_brought_back_as_a_whole() {
    step(&Emptying(Dropping::new()), Disturbance::KillTree, 15);
}

#[test]
fn a_trash_whose_emptying_is_told_to_end_is_emptied_or_brought_back_as_a_whole() {
    step(&Emptying(Dropping::new()), Disturbance::TermTree, 7);
}

#[test]
fn a_trash_that_is_emptied_with_a_disk_that_becomes_full_is_emptied_or_brought_back_as_a_whole() {
    step(&Emptying(Dropping::new()), Disturbance::FullFromThere, 2);
}
