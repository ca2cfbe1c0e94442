//! What must hold after a `start` was disturbed: before it is run again or taken back, and then.

use super::points::Trial;
use super::state::{age_locks, answers, difference, must, state, state_but_for_the_ledger};
use super::tracer::{Disturbance, Traced};
use crate::scene::Outcome;
use crate::support::Sandbox;

/// The name of a batch that was there before.
pub const EARLIER: &str = "earlier";

/// What is done after a disturbed start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Again,
    Undo,
}

/// A repository in which `command` runs, and what it must come to.
pub struct Stage {
    pub prepared: Sandbox,
    pub command: Vec<&'static str>,
    pub ids: Vec<&'static str>,
    /// The state that `undo` goes back to.
    pub before: String,
    /// The end state, from an undisturbed run.
    pub end: String,
    pub then: Then,
}

impl Stage {
    /// Runs the command undisturbed, to see its end.
    pub fn new(prepared: Sandbox, command: &[&'static str], ids: &[&'static str]) -> Stage {
        Stage::of(prepared, (command, ids), |twin| twin.assert_started(ids))
    }

    /// The same of a start whose end `holds` knows.
    pub fn of(
        prepared: Sandbox,
        (command, ids): (&[&'static str], &[&'static str]),
        holds: impl FnOnce(&Sandbox),
    ) -> Stage {
        let twin = prepared.twin();
        let before = state_but_for_the_ledger(&twin).unwrap();
        twin.ok(command);
        holds(&twin);
        let end = state(&twin).unwrap();
        Stage { prepared, command: command.to_vec(), ids: ids.to_vec(), before, end, then: Then::Again }
    }

    /// The same start, which is then taken back.
    pub fn then_undone(self) -> Stage {
        Stage { then: Then::Undo, ..self }
    }
}

impl Trial for Stage {
    fn sandbox(&self) -> Sandbox {
        self.prepared.twin()
    }

    fn command(&self) -> &[&'static str] {
        &self.command
    }

    fn check(&self, sandbox: &Sandbox, how: Disturbance, _at: usize, traced: &Traced) -> Result<(), String> {
        if traced.outcome.code == Some(0) {
            let now = state(sandbox)?;
            return must(now == self.end, || format!("exit 0, and yet\n{}", difference(&self.end, &now)));
        }
        let stands = stands(sandbox, &self.ids);
        self.told(how, &traced.outcome, &stands)?;
        answers(sandbox)?;
        status_names_it(sandbox, &stands)?;
        age_locks(sandbox);
        match self.then {
            Then::Again => self.goes_on(sandbox, &stands),
            Then::Undo => self.goes_back(sandbox, &stands),
        }
    }
}

impl Stage {
    /// What the command itself says of its failure, where it was left alive.
    fn told(&self, how: Disturbance, outcome: &Outcome, stands: &Stands) -> Result<(), String> {
        if outcome.code.is_none() {
            let killed = !matches!(how, Disturbance::FullOnce | Disturbance::FullFromThere);
            return must(killed, || format!("it died of a full disk: {outcome:#?}"));
        }
        must(outcome.stderr.contains("error: "), || format!("no error: {outcome:#?}"))?;
        if let Stands::Begun(missing) = stands {
            // Each of its tasks stands for the batch.
            let hint = |line: &str| {
                line.strip_prefix("hint: use 'git dispatch start ")?.split_once("' to go on").map(|it| it.0.to_owned())
            };
            let ids = outcome.stderr.lines().find_map(hint).unwrap_or_default();
            let named = !ids.is_empty() && ids.split(' ').all(|id| missing.contains(&id));
            let says = outcome.code == Some(4) && named;
            must(says, || format!("stopped half-way, and does not say so: {outcome:#?}"))?;
        }
        Ok(())
    }

    /// The same command again reaches the end.
    fn goes_on(&self, sandbox: &Sandbox, stands: &Stands) -> Result<(), String> {
        let again = sandbox.run(&self.command);
        // Of what is finished it says so.
        let code = if *stands == Stands::Finished { 1 } else { 0 };
        must(again.code == Some(code), || format!("again: {again:#?}"))?;
        let now = state(sandbox)?;
        must(now == self.end, || format!("run again, it is another state:\n{}", difference(&self.end, &now)))
    }

    /// `undo` reaches the state before.
    fn goes_back(&self, sandbox: &Sandbox, stands: &Stands) -> Result<(), String> {
        let undo = sandbox.run(&["undo"]);
        let code = if *stands == Stands::Nothing { 1 } else { 0 };
        must(undo.code == Some(code), || format!("undo: {undo:#?}"))?;
        if *stands == Stands::Nothing {
            return self.goes_on(sandbox, stands);
        }
        let now = state_but_for_the_ledger(sandbox)?;
        must(now == self.before, || format!("undone, it is another state:\n{}", difference(&self.before, &now)))
    }
}

/// `status` answers, and names what is unfinished.
fn status_names_it(sandbox: &Sandbox, stands: &Stands) -> Result<(), String> {
    let status = sandbox.run(&["status"]);
    let names_it = match stands {
        Stands::Begun(missing) => {
            let go_on = format!("not finished; to go on: git dispatch start {}\n", missing.join(" "));
            status.stdout.contains(&go_on)
        }
        _ => !status.stdout.contains("not finished"),
    };
    must(status.code == Some(0) && names_it, || format!("{stands:?}, and status: {status:#?}"))
}

/// How far the ledger says that the start has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stands {
    Nothing,
    /// These tasks are not recorded as started.
    Begun(Vec<&'static str>),
    Finished,
}

fn stands(sandbox: &Sandbox, ids: &[&'static str]) -> Stands {
    let mut events = sandbox.events();
    events.retain(|event| event["batch"] != EARLIER);
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    let started = of("started");
    let has = |id: &str| started.iter().any(|event| event["tasks"].as_array().unwrap().iter().any(|task| task == id));
    let missing: Vec<&str> = ids.iter().copied().filter(|id| !has(id)).collect();
    match () {
        () if of("starting").is_empty() => Stands::Nothing,
        () if missing.is_empty() => Stands::Finished,
        () => Stands::Begun(missing),
    }
}
