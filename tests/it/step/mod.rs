//! Proof by stepping: a command, disturbed before each system call by which any of its processes changes a file, or before a
//! spread of them ([`points`]). Each time the repository works on, and the same command again reaches the same end, or `undo`
//! after `start` the state before.

mod after;
mod calls;
mod dropped;
mod kernel;
mod landed;
mod points;
mod restacked;
mod state;
mod tracer;
mod undone;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Sandbox;
use after::{EARLIER, Stage};
use dropped::{Back, Dropping};
use landed::{CommitBeside, Landing, MERGE, SQUASH, Unlanding};
use points::step;
use restacked::Restacking;
use tracer::{Disturbance, trace};
use undone::Undoing;

const TASKS: &str = "[task.A]\n[task.B]\n[task.C]\n";
const START: [&str; 4] = ["start", "A", "B", "C"];
/// Of these, in the ways to be disturbed that a kill of all processes mostly covers: each takes its time.
const FEWER: [&str; 3] = ["start", "A", "B"];

/// In memory where there is such a place.
fn scratch() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if tempfile::tempfile_in(memory).is_ok() { memory.to_owned() } else { std::env::temp_dir() }
}

/// A repository with three tasks, made by `git init` with these further arguments.
fn prepared(init: &[&str]) -> Sandbox {
    let sandbox = Sandbox::empty_in(&scratch());
    let mut arguments = vec!["--template="];
    arguments.extend(init);
    sandbox.init(&arguments);
    sandbox.commit(&[("README", "hello\n"), ("src/one", "1\n"), ("dispatch.toml", TASKS)], "initial commit");
    sandbox
}

/// The program, in `repo`, for a tracer.
fn program(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a tracer starts its child itself")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
    command.args(arguments).current_dir(sandbox.repo()).env_clear().envs(sandbox.environment());
    command
}

#[test]
fn calls_that_change_files_are_counted_over_all_processes_and_stopped_before_they_happen() {
    let sandbox = Sandbox::empty_in(&scratch());
    let body =
        "echo 1 >one; (echo 2 >two; mkdir folder) & wait; mv one folder/three; cat two >/dev/null; rm two; exit 7";
    let script = sandbox.script("home/script", body);
    let run = |how, at| {
        let twin = sandbox.twin();
        #[expect(clippy::disallowed_methods, reason = "a tracer starts its child itself")]
        let mut command = Command::new(&script);
        command.current_dir(twin.repo()).env_clear().envs(twin.environment());
        let traced = trace(command, &twin.root(), how, at);
        (traced, twin)
    };
    let (whole, twin) = run(Disturbance::KillTree, usize::MAX);
    assert_eq!((whole.changes.len(), whole.outcome.code, whole.disturbed), (7, Some(7), None));
    assert!(twin.repo().join("folder/three").exists());
    let (killed, twin) = run(Disturbance::KillTree, 6);
    assert_eq!((killed.outcome.code, killed.changes.len()), (None, 6));
    assert!(killed.disturbed.unwrap().starts_with("rename") && twin.repo().join("one").exists());
    let (full, twin) = run(Disturbance::FullOnce, 5);
    assert_eq!(full.disturbed.as_deref(), Some("mkdir folder"));
    assert!(full.outcome.stderr.contains("No space left on device"), "{full:?}");
    assert!(!twin.repo().join("folder").exists() && !twin.repo().join("two").exists());
    let (full, twin) = run(Disturbance::FullFromThere, 1);
    assert!(full.changes.len() > 1 && !twin.repo().join("one").exists() && !twin.repo().join("two").exists());
    let (ended, _) = run(Disturbance::TermTree, 1);
    assert_eq!(ended.outcome.code, None);
    let (one, twin) = run(Disturbance::KillOne, 3);
    assert!(one.outcome.code == Some(7) && !twin.repo().join("folder").exists(), "{one:?}");
}

/// With files that git converts: those it writes itself.
const CONVERTED: [(&str, &str); 2] = [(".gitattributes", "*.txt eol=crlf\n"), ("a.txt", "1\n2\n")];

fn native(start: &[&'static str]) -> Stage {
    Stage::new(prepared(&[]), start, &start[1..])
}

fn sha256(start: &[&'static str]) -> Stage {
    Stage::new(prepared(&["--object-format=sha256"]), start, &start[1..])
}

/// `None` where git knows no reftable.
fn reftable(start: &[&'static str], init: &[&str]) -> Option<Stage> {
    let probe = Sandbox::empty_in(&scratch());
    let known = probe.try_git_in(&probe.repo(), &["init", "--quiet", "--ref-format=reftable"]).status.success();
    known.then(|| Stage::new(prepared(&[&["--ref-format=reftable"], init].concat()), start, &start[1..]))
}

/// git makes the worktrees.
fn by_git(start: &[&'static str]) -> Stage {
    let sandbox = prepared(&[]);
    sandbox.git(&["config", "dispatch.checkout", "git"]);
    Stage::new(sandbox, start, &start[1..])
}

#[test]
fn a_start_killed_at_any_call_goes_on_to_the_same_end() {
    step(&native(&START), Disturbance::KillTree, 150);
}

#[test]
fn a_start_told_to_end_at_any_call_goes_on_to_the_same_end() {
    step(&native(&FEWER), Disturbance::TermTree, 120);
}

#[test]
fn a_start_of_which_one_process_is_killed_at_any_call_goes_on_to_the_same_end() {
    step(&native(&FEWER), Disturbance::KillOne, 120);
}

#[test]
fn a_start_with_a_disk_that_is_full_for_a_moment_goes_on_to_the_same_end() {
    step(&native(&FEWER), Disturbance::FullOnce, 60);
}

#[test]
fn a_start_with_a_disk_that_becomes_full_at_any_call_goes_on_to_the_same_end() {
    step(&native(&FEWER), Disturbance::FullFromThere, 120);
}

#[test]
fn a_start_with_sha256_killed_at_any_call_goes_on_to_the_same_end() {
    step(&sha256(&START), Disturbance::KillTree, 150);
}

#[test]
fn a_start_with_sha256_and_a_disk_that_becomes_full_goes_on_to_the_same_end() {
    step(&sha256(&FEWER), Disturbance::FullFromThere, 60);
}

#[test]
fn a_start_by_git_killed_at_any_call_goes_on_to_the_same_end() {
    step(&by_git(&START), Disturbance::KillTree, 150);
}

#[test]
fn a_start_by_git_told_to_end_at_any_call_goes_on_to_the_same_end() {
    step(&by_git(&FEWER), Disturbance::TermTree, 60);
}

#[test]
fn a_start_by_git_of_which_one_process_is_killed_at_any_call_goes_on_to_the_same_end() {
    step(&by_git(&FEWER), Disturbance::KillOne, 60);
}

#[test]
fn a_start_whose_files_git_converts_killed_at_any_call_goes_on_to_the_same_end() {
    let sandbox = prepared(&[]);
    sandbox.commit(&CONVERTED, "converted");
    step(&Stage::new(sandbox, &FEWER, &FEWER[1..]), Disturbance::KillTree, 100);
}

#[test]
fn a_start_killed_at_any_call_is_taken_back_to_the_state_before() {
    step(&native(&START).then_undone(), Disturbance::KillTree, 150);
}

#[test]
fn a_start_by_git_killed_at_any_call_is_taken_back_to_the_state_before() {
    step(&by_git(&START).then_undone(), Disturbance::KillTree, 150);
}

fn undo(start: &[&'static str]) -> Undoing {
    let stage = native(start);
    Undoing::of(&stage, |_| ()).exactly(&stage)
}

#[test]
fn an_undo_killed_at_any_call_goes_on_to_the_state_before() {
    step(&undo(&START), Disturbance::KillTree, 50);
}

#[test]
fn an_undo_told_to_end_at_any_call_goes_on_to_the_state_before() {
    step(&undo(&FEWER), Disturbance::TermTree, 20);
}

#[test]
fn an_undo_of_which_one_process_is_killed_at_any_call_goes_on_to_the_state_before() {
    step(&undo(&FEWER), Disturbance::KillOne, 20);
}

#[test]
fn an_undo_with_a_disk_that_is_full_for_a_moment_goes_on_to_the_state_before() {
    step(&undo(&FEWER), Disturbance::FullOnce, 20);
}

#[test]
fn an_undo_with_a_disk_that_becomes_full_at_any_call_goes_on_to_the_state_before() {
    step(&undo(&FEWER), Disturbance::FullFromThere, 30);
}

#[test]
fn an_undo_of_packed_refs_killed_at_any_call_goes_on_to_the_state_before() {
    let packed = Undoing::of(&native(&START), |sandbox| _ = sandbox.git(&["pack-refs", "--all"]));
    step(&packed, Disturbance::KillTree, 50);
}

#[test]
fn an_undo_with_sha256_killed_at_any_call_goes_on_to_the_state_before() {
    let stage = sha256(&START);
    step(&Undoing::of(&stage, |_| ()).exactly(&stage), Disturbance::KillTree, 50);
}

#[test]
fn a_start_with_a_reftable_killed_at_any_call_goes_on_to_the_same_end() {
    let Some(stage) = reftable(&START, &[]) else { return };
    step(&stage, Disturbance::KillTree, 150);
}

#[test]
fn a_start_with_a_reftable_and_sha256_killed_at_any_call_is_taken_back_to_the_state_before() {
    let Some(stage) = reftable(&FEWER, &["--object-format=sha256"]) else { return };
    step(&stage.then_undone(), Disturbance::KillTree, 100);
}

#[test]
fn an_undo_with_a_reftable_killed_at_any_call_goes_on_to_the_state_before() {
    let Some(stage) = reftable(&START, &[]) else { return };
    step(&Undoing::of(&stage, |_| ()).exactly(&stage), Disturbance::KillTree, 50);
}

/// A filter that git keeps running, and tells of the commit.
#[test]
fn a_start_whose_files_a_process_filters_killed_at_any_call_goes_on_to_the_same_end() {
    let sandbox = prepared(&[]);
    let filter = sandbox.script("home/turn", crate::checkout::TURN);
    let text = std::fs::read_to_string(&filter).unwrap().replacen("#!/bin/sh", "#!/usr/bin/perl", 1);
    std::fs::write(&filter, text).unwrap();
    sandbox.git(&["config", "filter.turn.process", filter.to_str().unwrap()]);
    sandbox.git(&["config", "filter.turn.required", "true"]);
    sandbox.commit(&[(".gitattributes", "*.txt filter=turn\n"), ("a.txt", "1\n2\n")], "filtered");
    step(&Stage::new(sandbox, &FEWER, &FEWER[1..]), Disturbance::KillTree, 100);
}

/// git makes the worktrees, sparse ones; the first of them changes git's configuration.
fn sparse() -> Stage {
    let sandbox = prepared(&[]);
    let tasks = "sparse = [\"src\"]\n[task.A]\n[task.B]\n";
    sandbox.commit(&[("dispatch.toml", tasks), ("out/file", "out\n")], "sparse");
    Stage::new(sandbox, &["start", "A", "B"], &["A", "B"])
}

#[test]
fn a_sparse_start_killed_at_any_call_goes_on_to_the_same_end() {
    step(&sparse(), Disturbance::KillTree, 100);
}

#[test]
fn a_sparse_start_of_which_one_process_is_killed_at_any_call_goes_on_to_the_same_end() {
    step(&sparse(), Disturbance::KillOne, 100);
}

#[test]
fn a_restack_killed_at_any_call_goes_on_to_the_same_end() {
    step(&Restacking::new(), Disturbance::KillTree, 60);
}

#[test]
fn a_restack_told_to_end_at_any_call_goes_on_to_the_same_end() {
    step(&Restacking::new(), Disturbance::TermTree, 20);
}

#[test]
fn a_restack_of_which_one_process_is_killed_at_any_call_goes_on_to_the_same_end() {
    step(&Restacking::new(), Disturbance::KillOne, 30);
}

#[test]
fn a_restack_with_a_disk_that_becomes_full_at_any_call_goes_on_to_the_same_end() {
    step(&Restacking::new(), Disturbance::FullFromThere, 30);
}

#[test]
fn a_drop_killed_at_any_call_goes_on_to_the_same_end_or_is_taken_back() {
    step(&Dropping::new(), Disturbance::KillTree, 40);
}

#[test]
fn a_drop_of_which_one_process_is_killed_goes_on_to_the_same_end_or_is_taken_back() {
    step(&Dropping::new(), Disturbance::KillOne, 10);
}

#[test]
fn a_drop_with_a_disk_that_becomes_full_goes_on_to_the_same_end_or_is_taken_back() {
    step(&Dropping::new(), Disturbance::FullFromThere, 10);
}

#[test]
fn an_undo_of_a_drop_killed_at_any_call_goes_on_to_the_state_before() {
    step(&Back(Dropping::new()), Disturbance::KillTree, 20);
}

/// The worker of A is elsewhere.
const AWAY: &str = "[agent.far]\nisolated = false\n[agent.near]\n[task.A]\nagent = \"far\"\n";

fn away() -> Stage {
    let sandbox = prepared(&[]);
    sandbox.commit(&[("dispatch.toml", AWAY)], "away");
    let branch_only = |twin: &Sandbox| assert_eq!(twin.row("A")["worktree"], serde_json::Value::Null);
    Stage::of(sandbox, (&["start", "A"], &["A"]), branch_only)
}

#[test]
fn a_start_without_a_worktree_killed_at_any_call_goes_on_to_the_same_end() {
    step(&away(), Disturbance::KillTree, 20);
}

#[test]
fn an_undo_of_a_start_without_a_worktree_killed_at_any_call_goes_on_to_the_state_before() {
    let stage = away();
    step(&Undoing::of(&stage, |_| ()).exactly(&stage), Disturbance::KillTree, 20);
}

/// A has stopped, and begins anew beside its old branch.
fn fresh() -> Stage {
    let sandbox = prepared(&[]);
    sandbox.commit(&[("dispatch.toml", AWAY)], "away");
    sandbox.ok(&["start", "A", "--batch", EARLIER]);
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.commit(&[("later", "1\n")], "later");
    let start = ["start", "A", "--fresh", "--agent", "near"];
    Stage::of(sandbox, (&start, &["A"]), |twin| assert_eq!(twin.row("A")["branch"], "task/A.2"))
}

#[test]
fn a_fresh_start_killed_at_any_call_goes_on_to_the_same_end() {
    step(&fresh(), Disturbance::KillTree, 60);
}

#[test]
fn an_undo_of_a_fresh_start_killed_at_any_call_brings_the_old_one_back() {
    let stage = fresh();
    step(&Undoing::of(&stage, |_| ()).exactly(&stage), Disturbance::KillTree, 40);
}

#[test]
fn a_landing_killed_at_any_call_goes_on_to_the_same_end() {
    step(&Landing::new(MERGE, true), Disturbance::KillTree, 150);
}

#[test]
fn a_landing_of_squashed_tasks_on_a_target_that_is_not_checked_out_killed_at_any_call_goes_on() {
    step(&Landing::new(SQUASH, false), Disturbance::KillTree, 120);
}

#[test]
fn a_landing_of_which_one_process_is_killed_at_any_call_goes_on_to_the_same_end() {
    step(&Landing::new(SQUASH, true), Disturbance::KillOne, 40);
}

#[test]
fn a_landing_with_a_disk_that_becomes_full_at_any_call_goes_on_to_the_same_end() {
    step(&Landing::new(MERGE, true), Disturbance::FullFromThere, 60);
}

#[test]
fn a_landing_with_a_disk_that_is_full_for_a_moment_goes_on_to_the_same_end() {
    step(&Landing::new(MERGE, true), Disturbance::FullOnce, 40);
}

#[test]
fn an_undo_of_a_landing_killed_at_any_call_goes_on_to_the_state_before() {
    step(&Unlanding(Landing::new(MERGE, true)), Disturbance::KillTree, 80);
}

#[test]
fn a_commit_of_all_beside_a_killed_landing_never_reverts_it() {
    step(&CommitBeside(Landing::new(MERGE, true)), Disturbance::KillTree, 60);
}
