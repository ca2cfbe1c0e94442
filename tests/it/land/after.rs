//! What becomes of worktrees, branches and what waited, once a task has landed.

use super::{done, ids, two, work};
use crate::drop::started;
use crate::kept::{all_of, bytes, kinds};
use crate::support::{Sandbox, write_in};

#[test]
fn each_kind_of_worktree_that_holds_something_stays_byte_for_byte_whether_or_not_it_lands() {
    for kind in kinds() {
        let sandbox = started();
        (kind.prepare)(&sandbox);
        sandbox.ok(&["report", "A", "--done"]);
        let _worker = (kind.make)(&sandbox);
        let (before, tip) = (all_of(&sandbox), sandbox.rev("task/A"));
        let main = sandbox.rev("main");
        let told = sandbox.run(&["land", "A"]);
        assert!(all_of(&sandbox) == before, "{}: {told:#?}", kind.name);
        assert_eq!((sandbox.rev("task/A"), sandbox.count("dropping")), (tip, 0), "{}", kind.name);
        if sandbox.rev("main") == main {
            assert_eq!((told.code, sandbox.count("landing")), (Some(3), 0), "{}: {told:#?}", kind.name);
            told.says("error: nothing lands: task 'A' ").says("hint: ");
            continue;
        }
        assert_eq!((told.code, sandbox.count("landed")), (Some(0), 1), "{}: {told:#?}", kind.name);
        told.says("warning: the worktree of task 'A' stays: ").says(kind.says).says("'git dispatch drop A'");
        assert_eq!(sandbox.row("A")["state"], "landed", "{}", kind.name);
    }
}

#[test]
fn of_the_kinds_that_are_kept_those_land_in_which_no_work_is_unfinished() {
    let mut landed = Vec::new();
    for kind in kinds() {
        let sandbox = started();
        (kind.prepare)(&sandbox);
        sandbox.ok(&["report", "A", "--done"]);
        let _worker = (kind.make)(&sandbox);
        if sandbox.run(&["land", "A", "--json"]).code == Some(0) {
            landed.push(kind.name);
        }
    }
    let wanted = ["commits on a detached HEAD", "a lock of somebody else", "a process at work"];
    assert!(wanted.iter().all(|name| landed.contains(name)), "{landed:?}");
    for never in ["a modified file", "an untracked file", "a rebase under way", "a merge under way"] {
        assert!(!landed.contains(&never), "{landed:?}");
    }
}

#[test]
fn ignored_files_go_to_the_trash_and_undo_brings_them_back_byte_for_byte() {
    let sandbox = started();
    let place = sandbox.place("A");
    write_in(&place, ".env", "SECRET=1\n");
    std::fs::write(sandbox.repo().join(".git/info/exclude"), "logs/\n").unwrap();
    write_in(&place, "logs/deep/log", "1\n");
    sandbox.ok(&["report", "A", "--done"]);
    let (before, branch, main) = (bytes(&place), sandbox.rev("task/A"), sandbox.rev("main"));
    sandbox.ok(&["land"]).answers("1 worktree in the trash: A");
    assert!(!place.exists());
    assert_eq!(sandbox.git(&["branch", "--list", "task/A"]), "");
    sandbox.ok(&["undo"]);
    assert!(bytes(&place) == before);
    assert_eq!((sandbox.rev("task/A"), sandbox.rev("main")), (branch, main));
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain", "--branch"]), "## task/A");
    assert_eq!(sandbox.row("A")["state"], "done");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.ok(&["land"]);
    assert_eq!(sandbox.on_main(), ["folder/more", "mine"]);
}

#[test]
fn worktrees_and_branches_go_once_landed_and_keep_leaves_them() {
    let sandbox = two();
    sandbox.ok(&["land", "A"]);
    assert!(!sandbox.place("A").exists() && sandbox.place("B").exists());
    assert!(!sandbox.git(&["worktree", "list"]).contains("repo-task-A"));
    assert_eq!(
        sandbox.git(&["for-each-ref", "refs/heads/task/A", "refs/dispatch/base/A", "refs/dispatch/landing"]),
        ""
    );
    let tip = sandbox.rev("task/B");
    let before = bytes(&sandbox.place("B"));
    sandbox.ok(&["land", "--keep"]);
    assert_eq!(sandbox.rev("task/B"), tip);
    assert!(bytes(&sandbox.place("B")) == before);
    assert_eq!(sandbox.row("B")["state"], "landed");
    sandbox.ok(&["drop", "B"]);
    assert!(!sandbox.place("B").exists());
    assert_eq!(sandbox.stale_locks(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_lands_and_stays() {
    let sandbox = two();
    sandbox.git_in(&sandbox.place("A"), &["switch", "-q", "--detach"]);
    sandbox.git(&["worktree", "add", "-q", "../mine", "task/A"]);
    let tip = sandbox.rev("task/A");
    sandbox.run(&["land", "A"]).exits(0).says("warning: the worktree of task 'A' stays: ");
    assert_eq!((sandbox.rev("task/A"), sandbox.on_main()), (tip, vec!["a".to_owned()]));
    assert!(sandbox.root().join("mine/a").exists() && sandbox.place("A").exists());
}

#[test]
fn what_waited_can_start_and_the_batch_is_complete() {
    let sandbox =
        Sandbox::with_tasks("[task.A]\n[task.B]\n[task.C]\nneeds = [\"A\", \"B\"]\n[task.D]\nneeds = [\"C\"]\n");
    work(&sandbox, &[("A", &[("a", "a\n")]), ("B", &[("b", "b\n")])], &["start", "A", "B"]);
    let first = sandbox.ok(&["land", "A", "--json"]).json();
    assert_eq!(ids(&first["ready"]), Vec::<&str>::new());
    assert_eq!(sandbox.ok(&["log", "--json"]).json()["batches"][0]["state"], "in progress");
    sandbox.ok(&["land", "B"]).answers("can start now: C\n");
    assert_eq!(sandbox.row("C")["state"], "ready");
    let log = sandbox.ok(&["log", "--json"]).json();
    assert_eq!(log["batches"][0]["state"], "complete", "{log:#}");
    sandbox.ok(&["start", "C"]);
    assert!(sandbox.place("C").join("a").exists() && sandbox.place("C").join("b").exists());
}

#[test]
fn the_others_go_on_with_the_landed_as_their_target() {
    let sandbox = done("", &[("A", &[("a", "a\n")]), ("B", &[("b", "b\n")]), ("C", &[("c", "c\n")])]);
    sandbox.ok(&["land", "A"]);
    sandbox.ok(&["land", "B", "C", "--strategy", "squash"]);
    assert_eq!(sandbox.on_main(), ["a", "b", "c"]);
    let merged = sandbox.git(&["rev-list", "--merges", "--count", "main"]);
    assert_eq!((merged.as_str(), sandbox.count("landed")), ("1", 3));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}
