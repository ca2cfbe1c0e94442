//! Conflicts: the task waits, the others land, and nothing half merged ever stands in the target.

use super::{done, ids, work};
use crate::support::{Sandbox, write_in};

/// A and B are done and conflict in `shared`, A with what `main` has by now; B lands cleanly.
fn conflict() -> Sandbox {
    let sandbox = done("", &[("A", &[("shared", "A\n2\n3\n")]), ("B", &[("b", "b\n")])]);
    sandbox.commit(&[("shared", "main\n2\n3\n")], "main goes on");
    sandbox
}

fn solve(sandbox: &Sandbox) {
    write_in(&sandbox.place("A"), "shared", "main and A\n2\n3\n");
    sandbox.git_in(&sandbox.place("A"), &["add", "shared"]);
}

fn shared(sandbox: &Sandbox) -> String {
    sandbox.git(&["show", "main:shared"])
}

#[test]
fn what_conflicts_is_left_out_with_what_needs_it_and_the_others_land() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n[task.C]\nneeds = [\"A\"]\n");
    work(&sandbox, &[("A", &[("README", "A\n")]), ("B", &[("b", "b\n")])], &["start", "A", "B"]);
    work(&sandbox, &[("C", &[("c", "c\n")])], &["start", "C", "--stack"]);
    sandbox.commit(&[("README", "main\n")], "main goes on");
    let told = sandbox.run(&["land"]).exits(4);
    let told = told.says("left out: task 'A' conflicts with main in README").says("left out: task 'C' needs A");
    told.says("hint: use 'git dispatch land --resolve A' to resolve that in its worktree").answers("B ");
    assert_eq!(sandbox.on_main(), ["b"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.refuses(&["land"], 3, "nothing lands: task 'A' conflicts with main in README; task 'C' needs A");
}

#[test]
fn of_two_that_conflict_with_each_other_the_named_one_lands_and_then_the_other_conflicts() {
    let sandbox =
        done("", &[("A", &[("shared", "A\n2\n3\n")]), ("B", &[("shared", "B\n2\n3\n")]), ("C", &[("c", "c\n")])]);
    let json = sandbox.run(&["land", "--json"]).exits(4).json();
    assert_eq!((ids(&json["landed"]), ids(&json["left"])), (vec!["C"], vec!["A", "B"]), "neither by itself");
    sandbox.ok(&["land", "B"]);
    assert_eq!(shared(&sandbox), "B\n2\n3");
    sandbox.refuses(&["land", "A"], 3, "task 'A' conflicts with main in shared");
}

#[test]
fn a_conflict_is_resolved_in_the_worktree_of_the_task_and_then_lands() {
    let sandbox = conflict();
    let (main, tip) = (sandbox.rev("main"), sandbox.rev("task/A"));
    let before = sandbox.snapshot();
    sandbox.ok(&["land", "--resolve", "A", "-n"]).answers("A would merge main at ");
    assert_eq!(sandbox.snapshot(), before);
    let told = sandbox.run(&["land", "--resolve", "A"]).exits(4).answers("A stopped at conflicts with main");
    let told = told.answers("  shared\n").says("git dispatch land --continue").says("git dispatch land --abort");
    assert_eq!(sandbox.git_in(&sandbox.place("A"), &["status", "--porcelain"]), "UU shared", "{told:#?}");
    assert_eq!((sandbox.rev("main"), sandbox.rev("task/A")), (main.clone(), tip.clone()));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.run(&["land", "--continue"]).exits(4).says("conflicts are left in '").says("'shared'");
    sandbox.run(&["land", "--resolve", "A"]).exits(3).says("a merge is under way in '");
    sandbox.run(&["land"]).exits(4).says("task 'A' ").answers("B ");
    solve(&sandbox);
    sandbox.ok(&["land", "--continue"]).answers("A ");
    assert_eq!(shared(&sandbox), "main and A\n2\n3");
    assert_eq!(sandbox.git(&["rev-list", "--count", "--first-parent", &format!("{main}..main")]), "2", "B, then A");
    assert!(sandbox.try_git_in(&sandbox.repo(), &["merge-base", "--is-ancestor", &tip, "main"]).status.success());
    assert!(!sandbox.place("A").exists());
    assert_eq!(sandbox.row("A")["state"], "landed");
    sandbox.refuses(&["land", "--continue"], 1, "no landing was interrupted, and nothing is being resolved");
}

#[test]
fn a_merge_that_the_worker_commits_by_itself_lands_too() {
    let sandbox = conflict();
    sandbox.run(&["land", "--resolve", "A"]).exits(4);
    solve(&sandbox);
    sandbox.git_in(&sandbox.place("A"), &["commit", "-q", "--no-edit"]);
    sandbox.ok(&["land", "--continue"]).answers("A ");
    assert_eq!((shared(&sandbox).as_str(), sandbox.on_main().len()), ("main and A\n2\n3", 0));
}

#[test]
fn an_aborted_merge_leaves_the_worktree_as_it_was() {
    let sandbox = conflict();
    write_in(&sandbox.place("A"), "one.log", "ignored\n");
    let (tip, main) = (sandbox.rev("task/A"), sandbox.rev("main"));
    sandbox.run(&["land", "--resolve", "A"]).exits(4);
    solve(&sandbox);
    sandbox.ok(&["land", "--abort", "-n"]).answers("A would be at ");
    sandbox.ok(&["land", "--abort"]).answers("A is at ").answers(" again, as before");
    assert_eq!((sandbox.rev("task/A"), sandbox.rev("main")), (tip, main));
    assert_eq!(sandbox.git_in(&sandbox.place("A"), &["status", "--porcelain"]), "");
    assert_eq!(std::fs::read_to_string(sandbox.place("A").join("shared")).unwrap(), "A\n2\n3\n");
    assert!(sandbox.place("A").join("one.log").exists());
    sandbox.refuses(&["land", "--abort"], 1, "nothing is being resolved");
    assert_eq!(sandbox.row("A")["state"], "done");
}

#[test]
fn a_resolution_of_what_was_not_reported_done_still_needs_that() {
    let sandbox = conflict();
    sandbox.commit_in(&sandbox.place("A"), &[("late", "1\n")], "after the report");
    sandbox.run(&["land", "--resolve", "A"]).exits(4);
    solve(&sandbox);
    sandbox.run(&["land", "--continue"]).exits(3).says("nothing lands: task 'A' ");
    assert_eq!(shared(&sandbox), "main\n2\n3");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["land", "A"]);
}

#[test]
fn resolving_is_refused_where_it_would_touch_what_is_not_committed_or_has_no_use() {
    let sandbox = conflict();
    write_in(&sandbox.place("A"), "new", "mine\n");
    let told = sandbox.refuses(&["land", "--resolve", "A"], 3, "in '");
    told.says("stash --include-untracked' to put it aside");
    assert_eq!(std::fs::read_to_string(sandbox.place("A").join("new")).unwrap(), "mine\n");
    std::fs::remove_file(sandbox.place("A").join("new")).unwrap();
    sandbox.ok(&["land", "B"]);
    sandbox.run(&["land", "--resolve", "B"]).exits(1).says("task 'B' is landed already");
    sandbox.run(&["land", "--resolve", "Z"]).exits(2);
    sandbox.git_in(&sandbox.place("A"), &["reset", "-q", "--hard", "main"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "on main");
    sandbox.refuses(&["land", "--resolve", "A"], 1, "task 'A' has all of 'main' already: there is nothing to resolve");
}

#[test]
fn resolving_in_ones_own_worktree_is_for_the_dispatcher_unless_told() {
    let sandbox = conflict();
    let before = sandbox.snapshot();
    let place = sandbox.place("A");
    sandbox.run_in(&place, &["land", "--resolve", "A"]).exits(3).says("--from-worktree");
    assert_eq!(sandbox.snapshot(), before);
    sandbox.run_in(&place, &["land", "--from-worktree", "--resolve", "A"]).exits(4);
    sandbox.run_in(&place, &["land", "--abort"]).exits(3).says("--from-worktree");
    sandbox.run_in(&place, &["land", "--from-worktree", "--abort"]).exits(0);
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
}
