//! Taking a landing back, and pushing it.

use super::{done, two, work};
use crate::support::{Sandbox, write_in};

fn remote(sandbox: &Sandbox) {
    sandbox.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../remote.git"]);
    sandbox.git(&["remote", "add", "origin", &format!("file://{}/remote.git", sandbox.root().display())]);
    sandbox.git(&["push", "--quiet", "-u", "origin", "main"]);
}

fn there(sandbox: &Sandbox) -> String {
    sandbox.git_in(&sandbox.root().join("remote.git"), &["rev-parse", "main"])
}

/// Somebody else pushes a commit to `main`; this clone does not know.
fn others_push(sandbox: &Sandbox) -> String {
    let other = sandbox.root().join("other");
    sandbox.git(&["clone", "--quiet", "../remote.git", other.to_str().unwrap()]);
    let theirs = sandbox.commit_in(&other, &[("theirs", "1\n")], "theirs");
    sandbox.git_in(&other, &["push", "--quiet", "origin", "main"]);
    theirs
}

#[test]
fn a_landing_goes_back_as_a_whole_and_may_land_again() {
    for (checked_out, strategy) in [(true, "merge"), (true, "squash"), (false, "rebase")] {
        let sandbox = two();
        if !checked_out {
            sandbox.git(&["switch", "-q", "--detach"]);
        }
        write_in(&sandbox.repo(), "README", "changed\n");
        let before = sandbox.besides_the_ledger();
        let status = sandbox.git(&["status", "--porcelain", "--branch"]);
        sandbox.ok(&["land", "--strategy", strategy]);
        let landed = sandbox.snapshot();
        sandbox.ok(&["undo", "-n"]);
        assert_eq!(sandbox.snapshot(), landed);
        sandbox.ok(&["undo"]);
        assert_eq!(sandbox.besides_the_ledger(), before, "{strategy}");
        assert_eq!(sandbox.git(&["status", "--porcelain", "--branch"]), status, "{strategy}");
        assert_eq!(sandbox.row("A")["state"], "done");
        sandbox.ok(&["land"]);
        assert_eq!(sandbox.on_main(), ["a", "b"]);
    }
}

#[test]
fn what_is_pushed_is_not_undone_but_reverted() {
    let sandbox = two();
    remote(&sandbox);
    sandbox.ok(&["land", "A", "--push"]).says("main is pushed to origin");
    assert_eq!(there(&sandbox), sandbox.rev("main"));
    let merge = sandbox.rev("main");
    let told = sandbox.refuses(&["undo"], 3, "it is pushed: 'origin/main' has it");
    assert!(told.stderr.contains("git revert") && told.stderr.contains(&merge[..7]), "{told:#?}");
    // That very command takes its content back.
    let line = told.stderr.lines().find(|line| line.contains("git revert")).unwrap();
    let command = line.split('\'').nth(1).unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    sandbox.git(&words);
    assert_eq!(sandbox.on_main(), Vec::<String>::new());
}

#[test]
fn what_somebody_built_upon_is_not_undone() {
    let sandbox = two();
    sandbox.ok(&["land", "A"]);
    let landed = sandbox.rev("main");
    sandbox.commit(&[("more", "1\n")], "more");
    sandbox.refuses(&["undo"], 3, "'main' has gone on since").says("git revert");
    sandbox.git(&["reset", "-q", "--hard", &landed]);
    sandbox.ok(&["undo"]);
    assert_eq!(sandbox.on_main(), Vec::<String>::new());
}

#[test]
fn a_landing_from_which_another_task_was_started_is_not_undone() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\nneeds = [\"A\"]\n");
    work(&sandbox, &[("A", &[("a", "a\n")])], &["start", "A"]);
    sandbox.ok(&["land"]);
    sandbox.ok(&["start", "B"]);
    let told = sandbox.refuses(&["undo", "A"], 3, "task 'B' was started from it");
    told.says("git revert").says("hint: use 'git dispatch drop B' first");
    sandbox.ok(&["drop", "B"]);
    sandbox.ok(&["undo", "A"]);
    assert_eq!(sandbox.on_main(), Vec::<String>::new());
}

#[test]
fn what_is_not_committed_in_the_way_keeps_a_landing_from_going_back() {
    let sandbox = done("", &[("A", &[("a", "a\n"), ("shared", "1\n2\nA\n")])]);
    sandbox.ok(&["land"]);
    for (path, was) in [("a", "a\n"), ("shared", "1\n2\nA\n")] {
        write_in(&sandbox.repo(), path, "mine\n");
        sandbox.refuses(&["undo"], 3, &format!("'{path}' in '"));
        assert_eq!(std::fs::read_to_string(sandbox.repo().join(path)).unwrap(), "mine\n");
        write_in(&sandbox.repo(), path, was);
    }
    write_in(&sandbox.repo(), "README", "changed\n");
    sandbox.ok(&["undo"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), " M README");
}

#[test]
fn a_place_that_was_taken_since_keeps_a_landing_from_going_back() {
    let sandbox = two();
    sandbox.ok(&["land", "A"]);
    let main = sandbox.rev("main");
    write_in(&sandbox.place("A"), "mine", "1\n");
    sandbox.refuses(&["undo"], 3, "repo-task-A");
    assert_eq!(sandbox.rev("main"), main);
    assert!(sandbox.place("A").join("mine").exists());
}

#[test]
fn a_landing_of_somebody_else_goes_back_only_by_name() {
    let mut sandbox = two();
    sandbox.ok(&["land", "A"]);
    for name in ["GIT_AUTHOR", "GIT_COMMITTER"] {
        sandbox.env(&format!("{name}_NAME"), "Eve");
        sandbox.env(&format!("{name}_EMAIL"), "eve@example.com");
    }
    let main = sandbox.rev("main");
    let told = sandbox.run(&["undo"]).says("error: ").says("hint: ");
    assert_eq!((told.code, sandbox.rev("main")), (Some(3), main), "{told:#?}");
    sandbox.ok(&["undo", "A"]);
    assert_eq!(sandbox.on_main(), Vec::<String>::new());
}

#[test]
fn of_a_train_the_whole_goes_back_whichever_is_named() {
    let sandbox = two();
    let old = sandbox.rev("main");
    sandbox.ok(&["land"]);
    sandbox.ok(&["undo", "B"]).answers("A").answers("B");
    assert_eq!(sandbox.rev("main"), old);
    assert!(sandbox.place("A").join("a").exists() && sandbox.place("B").join("b").exists());
}

#[test]
fn a_push_is_rejected_where_others_were_faster_and_nothing_here_is_undone() {
    for known in [false, true] {
        let sandbox = two();
        remote(&sandbox);
        let theirs = others_push(&sandbox);
        if known {
            // What is known to be ahead would be landed upon: both have gone on.
            sandbox.commit(&[("here", "1\n")], "here");
            sandbox.git(&["fetch", "-q", "origin"]);
        }
        let told = sandbox.run(&["land", "--push"]).exits(4).says("error: not pushed: ");
        let told = told.says("hint: use 'git fetch origin' to see what is there").answers("main is at ");
        assert_eq!((there(&sandbox), sandbox.count("landed")), (theirs, 2), "{told:#?}");
        assert!(sandbox.on_main().contains(&"a".to_owned()));
        assert_eq!(sandbox.row("A")["state"], "landed");
    }
}

#[test]
fn what_is_known_to_be_ahead_is_landed_upon_and_pushed() {
    let sandbox = two();
    remote(&sandbox);
    let theirs = others_push(&sandbox);
    sandbox.git(&["fetch", "-q", "origin"]);
    sandbox.ok(&["land", "--push"]);
    assert_eq!(there(&sandbox), sandbox.rev("main"));
    assert_eq!(sandbox.rev("main~2"), theirs);
    assert_eq!(sandbox.on_main(), ["a", "b", "theirs"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn without_a_remote_to_push_to_nothing_lands() {
    let sandbox = two();
    let told = sandbox.refuses(&["land", "--push"], 3, "'main' has no remote to push to");
    told.says("hint: use 'git push -u REMOTE main'");
    sandbox.ok(&["land"]);
    assert_eq!(sandbox.on_main(), ["a", "b"]);
}

#[test]
fn no_hook_that_a_branch_brings_runs_when_the_target_is_pushed() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = two();
    remote(&sandbox);
    let place = sandbox.place("A");
    let canary = sandbox.root().join("canary");
    write_in(&place, ".githooks/pre-push", &format!("#!/bin/sh\n: >'{}'\n", canary.display()));
    std::fs::set_permissions(place.join(".githooks/pre-push"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.commit_in(&place, &[], "hook");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.git(&["config", "core.hooksPath", ".githooks"]);
    sandbox.ok(&["land", "--push"]);
    assert_eq!((there(&sandbox), canary.exists()), (sandbox.rev("main"), false));
}
