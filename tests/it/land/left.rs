//! What does not land, with the reason, and what is left as it is.

use super::{done, two, work};
use crate::support::{Sandbox, write_in};

/// A and B have a commit each; nothing is reported.
fn started(head: &str) -> Sandbox {
    let sandbox = Sandbox::with_tasks(&format!("{head}\n[task.A]\n[task.B]\n"));
    sandbox.ok(&["start", "A", "B"]);
    for id in ["A", "B"] {
        sandbox.commit_in(&sandbox.place(id), &[(id, "1\n")], "work");
    }
    sandbox
}

#[test]
fn nothing_reported_lands_nothing_and_what_is_not_reported_lands_only_by_name_and_force() {
    let sandbox = started("");
    sandbox.refuses(&["land"], 1, "no task is reported done: nothing lands");
    sandbox.refuses(&["land", "--force-state"], 1, "no task is reported done: nothing lands");
    let told = sandbox.refuses(&["land", "A"], 3, "nothing lands: task 'A' ");
    told.says("hint: use 'git dispatch report A --done' if it is done");
    sandbox.ok(&["report", "B", "--done"]);
    sandbox.run(&["land", "A", "B"]).exits(4).says("left out: task 'A' ");
    assert_eq!(sandbox.on_main(), ["B"]);
    sandbox.ok(&["land", "A", "--force-state"]);
    assert_eq!(sandbox.on_main(), ["A", "B"]);
}

#[test]
fn a_task_that_has_stopped_lands_only_by_force() {
    let sandbox = started("");
    sandbox.ok(&["report", "A", "--blocked", "no key"]);
    sandbox
        .refuses(&["land", "A"], 3, "nothing lands: task 'A' ")
        .says("hint: use 'git dispatch status A' to see what it needs");
    sandbox.refuses(&["land"], 1, "no task is reported done");
    sandbox.ok(&["land", "A", "--force-state"]);
    assert_eq!(sandbox.on_main(), ["A"]);
}

#[test]
fn work_after_the_report_lands_only_by_force() {
    let sandbox = two();
    sandbox.commit_in(&sandbox.place("A"), &[("late", "1\n")], "late");
    sandbox.refuses(&["land", "A"], 3, "task 'A' was reported at another commit");
    sandbox.ok(&["land", "A", "--force-state"]);
    assert_eq!(sandbox.on_main(), ["a", "late"]);
}

#[test]
fn what_touches_more_than_it_declares_does_not_land_under_strict_writes() {
    let sandbox = Sandbox::with_tasks("strict-writes = true\n[task.A]\nwrites = [\"a\"]\n[task.B]\nwrites = [\"b\"]\n");
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n"), ("other", "1\n")], "work");
    sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "work");
    sandbox.ok(&["report", "B", "--done"]);
    for force in [&[][..], &["--force-state"]] {
        let told = sandbox.run(&[&["land", "A", "B", "-n"][..], force].concat()).exits(4);
        told.says("left out: task 'A' ");
    }
    sandbox.refuses(&["land", "A", "--force-state"], 3, "task 'A' touches other, which it does not declare");
    sandbox.ok(&["land", "B"]);
    assert_eq!(sandbox.on_main(), ["b"]);
}

/// Eve may approve what lands here.
fn reviewer(sandbox: &Sandbox) {
    sandbox.git(&["config", "--add", "dispatch.reviewer", "Eve"]);
}

#[test]
fn a_gate_holds_a_landing_whatever_is_forced_until_somebody_approves() {
    let sandbox = done("review = [\"land\"]\n", &[("A", &[("a", "a\n")]), ("B", &[("b", "b\n")])]);
    reviewer(&sandbox);
    sandbox.refuses(&["land"], 3, "nothing lands: task 'A' ");
    let told = sandbox.refuses(&["land", "A", "--force-state"], 3, "nothing lands: task 'A' ");
    told.says("hint: use 'git dispatch review A --approve land' to approve it");
    sandbox.ok(&["review", "A", "--approve", "land", "--as", "Eve"]);
    sandbox.run(&["land"]).exits(4).says("left out: task 'B' ").answers("A ");
    assert_eq!(sandbox.on_main(), ["a"]);
}

#[test]
fn an_approval_holds_for_that_commit_only() {
    let sandbox = done("review = [\"land\"]\n", &[("A", &[("a", "a\n")])]);
    reviewer(&sandbox);
    sandbox.ok(&["review", "A", "--approve", "land", "--as", "Eve"]);
    sandbox.commit_in(&sandbox.place("A"), &[("late", "1\n")], "late");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.refuses(&["land", "A", "--force-state"], 3, "nothing lands: task 'A' ").says("--approve land");
}

#[test]
fn open_findings_and_a_halt_hold_a_landing_whatever_is_forced() {
    let sandbox = two();
    reviewer(&sandbox);
    sandbox.ok(&["review", "A", "--finding", "wrong sign", "--as", "Eve"]);
    sandbox.refuses(&["land", "A", "--force-state"], 3, "nothing lands: task 'A' ");
    sandbox.run(&["land", "-n"]).exits(4).says("left out: task 'A' ");
    sandbox.ok(&["review", "B", "--halt", "wait", "--as", "Eve"]);
    let told = sandbox.refuses(&["land", "B", "--force-state"], 3, "nothing lands: task 'B' ");
    told.says("hint: use 'git dispatch review B --resume' to let it go on");
    sandbox.ok(&["review", "B", "--resume", "--as", "Eve"]);
    sandbox.ok(&["land", "B"]);
    assert_eq!(sandbox.on_main(), ["b"]);
}

#[test]
fn what_is_not_committed_in_its_worktree_keeps_a_task_from_landing() {
    type Make = fn(&Sandbox);
    let makes: [Make; 3] = [
        |sandbox| write_in(&sandbox.place("A"), "shared", "changed\n"),
        |sandbox| write_in(&sandbox.place("A"), "new", "1\n"),
        |sandbox| {
            write_in(&sandbox.place("A"), "new", "1\n");
            sandbox.git_in(&sandbox.place("A"), &["add", "new"]);
        },
    ];
    for make in makes {
        let sandbox = two();
        make(&sandbox);
        let before = sandbox.git_in(&sandbox.place("A"), &["status", "--porcelain"]);
        for arguments in [&["land", "A"][..], &["land", "A", "--force-state"]] {
            sandbox.refuses(arguments, 3, "nothing lands: task 'A' ").says("status' to see what is not finished there");
        }
        sandbox.run(&["land"]).exits(4).says("left out: task 'A' ");
        assert_eq!(sandbox.on_main(), ["b"]);
        assert_eq!(sandbox.git_in(&sandbox.place("A"), &["status", "--porcelain"]), before);
    }
}

#[test]
fn a_barrier_lands_no_task_of_a_batch_with_a_stopped_one_unless_it_is_named() {
    let sandbox = started("batches = \"barrier\"");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["report", "B", "--blocked", "no key"]);
    let told = sandbox.refuses(&["land"], 3, "nothing lands: task 'A' ");
    told.says("hint: use 'git dispatch status B' to see what that one needs");
    sandbox.refuses(&["land", "--done"], 3, "nothing lands: task 'A' ");
    sandbox.ok(&["land", "A"]);
    assert_eq!(sandbox.on_main(), ["A"]);
}

#[test]
fn a_task_without_commits_has_nothing_to_land() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n");
    sandbox.ok(&["start", "A", "B"]);
    for arguments in [&["land", "A"][..], &["land", "A", "--force-state"]] {
        let told = sandbox.refuses(arguments, 3, "nothing lands: task 'A' has no commits of its own");
        told.says("hint: use 'git dispatch status A' to see how far it is");
    }
    work(&sandbox, &[("B", &[("b", "b\n")])], &["status"]);
    sandbox.ok(&["land"]);
    assert_eq!(sandbox.on_main(), ["b"]);
}

#[test]
fn what_landed_is_unknown_or_was_never_started_is_told_as_such() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n");
    work(&sandbox, &[("A", &[("a", "a\n")])], &["start", "A"]);
    sandbox.refuses(&["land", "B"], 2, "task 'B' was not started");
    sandbox.refuses(&["land", "C"], 2, "'C'");
    sandbox.refuses(&["land", "A", "--", "-rf"], 2, "'-rf'");
    sandbox.ok(&["land"]);
    sandbox.refuses(&["land", "A"], 1, "task 'A' is landed already");
    sandbox.refuses(&["land"], 1, "no task is reported done: nothing lands");
    assert_eq!(sandbox.count("landed"), 1);
}

#[test]
fn work_that_says_hostile_things_is_told_escaped() {
    let sandbox = Sandbox::with_tasks("[task.A]\ntitle = \"\\u001b]0;pwn\\u0007\\u001b[2Jx\\rOK landed\\u202E\"\n");
    work(&sandbox, &[("A", &[("a\u{1b}[2J\u{202e}b", "a\n")])], &["start", "A"]);
    sandbox.checks("printf 'x\\033[2J\\rOK\\n'; exit 1");
    let clean = |text: &str| !text.contains(['\u{1b}', '\r', '\u{7}', '\u{202e}']);
    sandbox.commit(&[("a\u{1b}[2J\u{202e}b", "main\n")], "main goes on");
    for arguments in [&["land"][..], &["land", "-n"], &["land", "--no-check"]] {
        let told = sandbox.run(arguments);
        assert!(clean(&told.stdout) && clean(&told.stderr), "{told:#?}");
        assert_eq!(told.code, Some(3), "{told:#?}");
    }
    sandbox.git(&["reset", "-q", "--hard", "HEAD~1"]);
    for arguments in [&["land"][..], &["land", "-n"], &["land", "--no-check"]] {
        let told = sandbox.run(arguments);
        assert!(clean(&told.stdout) && clean(&told.stderr), "{told:#?}");
    }
    assert_eq!(sandbox.count("landed"), 1);
}
