//! A report holds for the same work on another base, with real git.

use crate::support::{Sandbox, write_in};

/// A task with one commit, reported done, and a target that has gone on.
fn done() -> Sandbox {
    let sandbox = Sandbox::with_tasks("review = [\"land\"]\n[task.A]\n");
    sandbox.commit(&[("far", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")], "a file");
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("far", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n")], "work");
    sandbox.git(&["config", "dispatch.reviewer", "Eve"]);
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["review", "A", "--approve", "land"]);
    sandbox
}

fn state(sandbox: &Sandbox) -> (String, usize) {
    let row = sandbox.row("A");
    (row["state"].as_str().unwrap().to_owned(), row["reasons"].as_array().unwrap().len())
}

fn is_done(sandbox: &Sandbox) -> bool {
    match (state(sandbox).0.as_str(), state(sandbox).1) {
        ("done", 0) => true,
        ("active", 2) => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rebase_a_clean_merge_of_the_target_and_another_message_change_nothing() {
    let sandbox = done();
    let place = sandbox.place("A");
    sandbox.git_in(&place, &["commit", "--quiet", "--amend", "-m", "better said"]);
    assert!(is_done(&sandbox));
    sandbox.commit(&[("other", "1\n")], "elsewhere");
    sandbox.git_in(&place, &["rebase", "--quiet", "main"]);
    assert!(is_done(&sandbox));
    sandbox.commit(&[("far", "one\n2\n3\n4\n5\n6\n7\n8\n9\n")], "far away in the same file");
    sandbox.git_in(&place, &["merge", "--quiet", "--no-edit", "main"]);
    assert!(is_done(&sandbox), "patches are the same but for line numbers");
    let tip = sandbox.git(&["rev-parse", "task/A"]);
    assert_eq!(sandbox.row("A")["report"]["tip"], tip.as_str());
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/A"]);
    assert_eq!(state(&sandbox).0, "landed");
}

#[test]
fn more_commits_other_content_and_a_change_right_beside_are_other_work() {
    let sandbox = done();
    let place = sandbox.place("A");
    let reported = sandbox.git_in(&place, &["rev-parse", "HEAD"]);
    sandbox.commit_in(&place, &[("more", "1\n")], "more");
    assert!(!is_done(&sandbox));
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", &reported]);
    assert!(is_done(&sandbox));
    write_in(&place, "far", "1\n2\n3\n4\n5\n6\n7\n8\nNine\n");
    sandbox.git_in(&place, &["commit", "--quiet", "-a", "--amend", "--no-edit"]);
    assert!(!is_done(&sandbox));
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", &reported]);
    sandbox.commit(&[("far", "1\n2\n3\n4\n5\nsix\n7\n8\n9\n")], "right beside");
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", "main"]);
    write_in(&place, "far", "1\n2\n3\n4\n5\nsix\n7\n8\nnine\n");
    sandbox.git_in(&place, &["commit", "--quiet", "-a", "-m", "work"]);
    assert!(!is_done(&sandbox));
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", "main"]);
    assert!(!is_done(&sandbox), "nothing of it is left");
}

#[test]
fn the_same_lines_at_another_place_are_other_work() {
    let sandbox = Sandbox::with_tasks("[task.A]\n");
    let lines = "fn\na\nb\nc\n}\n".repeat(4);
    let with_new_in = |which: usize| {
        let (at, _) = lines.match_indices("b\n").nth(which).unwrap();
        format!("{}b\nnew\n{}", &lines[..at], &lines[at + 2..])
    };
    sandbox.commit(&[("far", &lines)], "a file that repeats itself");
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("far", &with_new_in(1))], "work");
    sandbox.ok(&["report", "A", "--done"]);
    write_in(&place, "far", &with_new_in(2));
    sandbox.git_in(&place, &["commit", "--quiet", "-a", "--amend", "--no-edit"]);
    assert_eq!(state(&sandbox).0, "active");
}

/// A commit of A that is reported, on a target that has gone on, after these commands in its worktree.
fn after(sandbox: &Sandbox, commands: &[&[&str]]) -> bool {
    let place = sandbox.place("A");
    commands.iter().for_each(|command| _ = sandbox.git_in(&place, command));
    is_done(sandbox)
}

#[test]
fn commits_that_come_to_nothing_and_a_merge_of_anything_but_the_target_are_other_work() {
    let sandbox = done();
    sandbox.commit(&[("other", "1\n")], "elsewhere");
    assert!(after(&sandbox, &[&["rebase", "--quiet", "main"]]));
    let place = sandbox.place("A");
    let rebased = sandbox.git_in(&place, &["rev-parse", "HEAD"]);
    sandbox.commit_in(&place, &[("secret", "1\n")], "something");
    sandbox.git_in(&place, &["rm", "--quiet", "secret"]);
    sandbox.git_in(&place, &["commit", "--quiet", "-m", "and away"]);
    assert!(!is_done(&sandbox), "their content would land, too");
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", &rebased]);
    sandbox.git(&["branch", "sibling", "main"]);
    let sibling = sandbox.worktree("sibling", "theirs", "main");
    sandbox.commit_in(&sibling, &[("theirs", "1\n")], "of a sibling");
    assert!(!after(&sandbox, &[&["merge", "--quiet", "-s", "ours", "-m", "merge", "theirs"]]));
    assert!(after(&sandbox, &[&["reset", "--quiet", "--hard", &rebased]]));
}

#[test]
fn what_was_landed_and_taken_back_is_not_reported_at_the_target() {
    let sandbox = done();
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/A"]);
    sandbox.git(&["revert", "--no-edit", "-m1", "HEAD"]);
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "--ff-only", "main"]);
    assert_eq!(state(&sandbox).0, "active");
}
