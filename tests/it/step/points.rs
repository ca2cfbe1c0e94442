//! Before which calls a command is disturbed: at every one takes minutes for a single command.

use std::panic::Location;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::program;
use super::tracer::{Disturbance, Traced, trace};
use crate::support::Sandbox;

/// `all`: every call, until none is left.
const KNOB: &str = "DISPATCH_STEP";
/// So many at both ends are always disturbed.
const ENDS: usize = 10;
/// Of those in between, one in so many.
const STRIDE: usize = 12;

/// A command that is disturbed, and what must hold then.
pub trait Trial: Sync {
    /// A fresh one for each run.
    fn sandbox(&self) -> Sandbox;
    fn command(&self) -> &[&'static str];
    /// Everything that is asked after a run in `sandbox` that was disturbed at call `at`.
    ///
    /// # Errors
    /// The first thing that does not hold.
    fn check(&self, sandbox: &Sandbox, how: Disturbance, at: usize, traced: &Traced) -> Result<(), String>;
}

/// Disturbs the trial's command at a spread of its calls, of which there are at least `least`; at each with [`KNOB`].
#[track_caller]
pub fn step(stage: &impl Trial, how: Disturbance, least: usize) {
    let line = Location::caller().line() as usize;
    let run = |at: usize| {
        let sandbox = stage.sandbox();
        let traced = trace(program(&sandbox, stage.command()), &sandbox.root(), how, at);
        let found = stage.check(&sandbox, how, at, &traced);
        let disturbed = traced.disturbed.as_deref().unwrap_or("nothing left to disturb");
        (found.map_err(|fault| format!("{how:?} at {at}, {disturbed}: {fault}")), traced)
    };
    let (whole, undisturbed) = run(usize::MAX);
    let (calls, all) = (&undisturbed.changes, every());
    // A run may make a few calls more than another one.
    let points: Vec<usize> = if all { (1..=2 * calls.len()).collect() } else { spread(calls, line) };
    let (next, done) = (AtomicUsize::new(0), Mutex::new((0, Vec::new())));
    let work = || {
        while let Some(&at) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (found, traced) = run(at);
            let mut done = done.lock().unwrap();
            done.1.extend(found.err().map(|fault| (at, fault)));
            if traced.disturbed.is_some() {
                done.0 += 1;
            } else if all {
                return;
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| _ = scope.spawn(work)));
    let (points, mut faults) = done.into_inner().unwrap();
    faults.extend(whole.err().map(|fault| (0, fault)));
    faults.sort();
    let told: Vec<&str> = faults.iter().map(|(_, fault)| fault.as_str()).collect();
    say(&format!("{how:?}: {points} points of {}, {} fail", calls.len(), faults.len()));
    assert!(faults.is_empty(), "{} of {points} points fail:\n{}", faults.len(), told.join("\n\n"));
    assert!(calls.len() >= least, "only {} points", calls.len());
}

#[expect(clippy::disallowed_methods, reason = "a knob of the tests, not of the program")]
fn every() -> bool {
    std::env::var(KNOB).is_ok_and(|value| value == "all")
}

/// Numbers, from 1, of the calls to be disturbed: those at both ends, those that put a name in its place and what comes right after
/// them, and of the others one in [`STRIDE`]: the same in each run, others for each test, which `line` tells apart.
fn spread(calls: &[String], line: usize) -> Vec<usize> {
    let chosen = |&at: &usize| {
        let end = at <= ENDS || at + ENDS > calls.len();
        let settles = settles(&calls[at - 1]) || at > 1 && settles(&calls[at - 2]);
        end || settles || (at + line).is_multiple_of(STRIDE)
    };
    (1..=calls.len()).filter(chosen).collect()
}

/// Whether the call makes something true at once, such as a ref; an object is none before something names it.
fn settles(call: &str) -> bool {
    let (name, path) = call.split_once(' ').unwrap_or((call, ""));
    name.starts_with("rename") && !path.contains("/objects/")
}

/// For whoever runs the tests with `--nocapture`.
#[expect(clippy::disallowed_macros, reason = "a test has no console")]
fn say(text: &str) {
    println!("{text}");
}
