//! What must hold after an `undo` was disturbed: before it is run again, and then.

use super::after::Stage;
use super::points::Trial;
use super::state::{age_locks, answers, difference, must, state_but_for_the_ledger, twin_with_worktrees};
use super::tracer::{Disturbance, Traced};
use crate::support::Sandbox;

const UNDO: [&str; 2] = ["undo", "batch-001"];
/// After so many points the batch is started again instead.
const SAMPLE: usize = 5;

/// A repository in which a start has come to its end, and is taken back.
pub struct Undoing {
    started: Sandbox,
    before: String,
    /// The end of the start, but for the ledger.
    whole: String,
    start: Vec<&'static str>,
}

impl Undoing {
    /// Of what the start of `stage` makes; `change` is done to the repository in between.
    pub fn of(stage: &Stage, change: impl FnOnce(&Sandbox)) -> Undoing {
        let started = stage.prepared.twin();
        started.ok(&stage.command);
        change(&started);
        let whole = state_but_for_the_ledger(&started).unwrap();
        let undoing = Undoing { started, before: String::new(), whole, start: stage.command.clone() };
        let twin = undoing.sandbox();
        twin.ok(&UNDO);
        let before = state_but_for_the_ledger(&twin).unwrap();
        Undoing { before, ..undoing }
    }

    /// The same: what it goes back to is the state before that start.
    pub fn exactly(self, stage: &Stage) -> Undoing {
        assert_eq!(self.before, stage.before);
        self
    }
}

/// How far the ledger says that it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Whole,
    Half,
    Gone,
}

fn stands(sandbox: &Sandbox) -> Stands {
    match (sandbox.count("undoing"), sandbox.count("undone")) {
        (0, _) => Stands::Whole,
        (_, 0) => Stands::Half,
        _ => Stands::Gone,
    }
}

impl Trial for Undoing {
    fn sandbox(&self) -> Sandbox {
        twin_with_worktrees(&self.started)
    }

    fn command(&self) -> &[&'static str] {
        &UNDO
    }

    fn check(&self, sandbox: &Sandbox, how: Disturbance, at: usize, traced: &Traced) -> Result<(), String> {
        let stands = stands(sandbox);
        let outcome = &traced.outcome;
        if outcome.code == Some(0) {
            must(stands == Stands::Gone, || format!("exit 0, and yet it is not recorded: {outcome:#?}"))?;
            return self.is_before(sandbox);
        }
        if outcome.code.is_some() {
            must(outcome.stderr.contains("error: "), || format!("no error: {outcome:#?}"))?;
            let go_on = "hint: use 'git dispatch undo batch-001' to go on from here";
            let says = stands != Stands::Half || outcome.code == Some(4) && outcome.stderr.contains(go_on);
            must(says, || format!("stopped half-way, and does not say so: {outcome:#?}"))?;
        } else {
            let killed = !matches!(how, Disturbance::FullOnce | Disturbance::FullFromThere);
            must(killed, || format!("it died of a full disk: {outcome:#?}"))?;
        }
        answers(sandbox)?;
        let status = sandbox.run(&["status"]);
        let half = status.stdout.contains("half undone; to go on: git dispatch undo batch-001");
        must(status.code == Some(0) && half == (stands == Stands::Half), || {
            format!("{stands:?}, status: {status:#?}")
        })?;
        age_locks(sandbox);
        let back = at.is_multiple_of(SAMPLE) && stands != Stands::Whole;
        if back { self.has_it_back(sandbox) } else { self.goes_on(sandbox, stands) }
    }
}

impl Undoing {
    fn is_before(&self, sandbox: &Sandbox) -> Result<(), String> {
        let now = state_but_for_the_ledger(sandbox)?;
        must(now == self.before, || format!("undone, it is another state:\n{}", difference(&self.before, &now)))
    }

    fn goes_on(&self, sandbox: &Sandbox, stands: Stands) -> Result<(), String> {
        let again = sandbox.run(&UNDO);
        let code = if stands == Stands::Gone { 1 } else { 0 };
        let says = code == 0 || again.stderr.contains("was undone already");
        must(again.code == Some(code) && says, || format!("again: {again:#?}"))?;
        self.is_before(sandbox)
    }

    /// `start` of the same tasks makes it whole.
    fn has_it_back(&self, sandbox: &Sandbox) -> Result<(), String> {
        let start = sandbox.run(&self.start);
        must(start.code == Some(0), || format!("start: {start:#?}"))?;
        let now = state_but_for_the_ledger(sandbox)?;
        must(now == self.whole, || format!("started, it is another state:\n{}", difference(&self.whole, &now)))?;
        let status = sandbox.run(&["status"]);
        let open = ["half undone", "not finished"].iter().any(|word| status.stdout.contains(word));
        must(status.code == Some(0) && !open, || format!("started, and status: {status:#?}"))
    }
}
