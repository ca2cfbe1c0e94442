//! What must hold after a `restack` was disturbed: before it is run again, and then.

use super::points::Trial;
use super::state::{age_locks, answers, difference, must, state_but_for_the_ledger, twin_with_worktrees};
use super::tracer::{Disturbance, Traced};
use crate::stack::{squash, stacked};
use crate::support::Sandbox;

const RESTACK: [&str; 2] = ["restack", "D"];

/// A repository in which a task stands on another one that has landed since.
pub struct Restacking {
    stacked: Sandbox,
    end: String,
}

impl Restacking {
    pub fn new() -> Restacking {
        let (stacked, _) = stacked(&[("d", "1\n"), ("folder/d", "2\n")]);
        let place = stacked.place("D");
        stacked.commit_in(&place, &[("d", "more\n")], "more of D");
        squash(&stacked, "A");
        stacked.commit(&[("new", "1\n"), ("src/new", "2\n"), ("ten", "other\n")], "the target goes on");
        let twin = twin_with_worktrees(&stacked);
        twin.ok(&RESTACK);
        let end = files_and_branches(&twin).unwrap();
        Restacking { stacked, end }
    }
}

/// The state, with what commits hold in place of their ids: a commit that is made again has another date.
fn files_and_branches(sandbox: &Sandbox) -> Result<String, String> {
    let told = state_but_for_the_ledger(sandbox)?;
    let is_id = |word: &&str| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut all: Vec<String> = Vec::new();
    for line in told.lines() {
        let named: Vec<&str> = line.split([' ', '\t']).filter(|word| !is_id(word)).collect();
        all.push(named.join(" "));
    }
    for range in ["main..task/D", "main"] {
        all.push(sandbox.git(&["log", "--format=%T %an %ad %s", range]));
    }
    all.push(sandbox.git(&["rev-parse", "refs/dispatch/base/D"]));
    Ok(all.join("\n"))
}

impl Trial for Restacking {
    fn sandbox(&self) -> Sandbox {
        twin_with_worktrees(&self.stacked)
    }

    fn command(&self) -> &[&'static str] {
        &RESTACK
    }

    fn check(&self, sandbox: &Sandbox, how: Disturbance, _at: usize, traced: &Traced) -> Result<(), String> {
        let outcome = &traced.outcome;
        let is_end = || {
            let now = files_and_branches(sandbox)?;
            must(now == self.end, || format!("it is another state:\n{}", difference(&self.end, &now)))
        };
        if outcome.code == Some(0) {
            return is_end();
        }
        let killed = !matches!(how, Disturbance::FullOnce | Disturbance::FullFromThere);
        let told = outcome.stderr.contains("error: ") && outcome.code != Some(0);
        must(if outcome.code.is_none() { killed } else { told }, || format!("it ended in another way: {outcome:#?}"))?;
        answers(sandbox)?;
        let status = sandbox.run(&["status"]);
        must(status.code == Some(0), || format!("status: {status:#?}"))?;
        age_locks(sandbox);
        let recorded = sandbox.count("restacked") == 1;
        let again = sandbox.run(&RESTACK);
        must(again.code == Some(i32::from(recorded)), || format!("again: {again:#?}"))?;
        is_end()
    }
}
