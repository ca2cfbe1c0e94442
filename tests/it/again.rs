//! `git dispatch start --again`: landed and lost tasks begin anew, and nothing of the first time is destroyed.

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\nwrites = [\"a/**\"]\n[task.B]\n";

#[test]
fn a_landed_task_that_starts_again_minds_who_is_active() {
    let sandbox = Sandbox::with_tasks(
        "[task.A]\nstate = \"landed\"\nwrites = [\"x\"]\nlocks = [\"db\"]\n[task.B]\nwrites = [\"x\"]\n[task.C]\nlocks = [\"db\"]\n",
    );
    sandbox.ok(&["start", "B"]);
    sandbox.refuses(&["start", "--again", "A"], 3, "task 'A' writes 'x' like 'B'");
    sandbox.ok(&["start", "C"]);
    sandbox.refuses(&["start", "--again", "--force", "A"], 3, "task 'A' wants lock 'db', which 'C' holds");
}

#[test]
fn a_landed_task_starts_again_only_when_told() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a/x", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    assert_eq!(sandbox.row("A")["state"], "landed");
    sandbox.refuses(&["start", "A"], 3, "task 'A' has landed").says("git dispatch start --again A");
    let refused = sandbox.refuses(&["start", "--again", "A"], 3, "branch 'task/A' of task 'A' is still there, at '");
    assert_eq!(paste(&sandbox, &refused), [true, true, true]);
    assert!(!sandbox.place("A").exists() && sandbox.git(&["branch", "--list", "task/*"]).is_empty());
    assert_eq!(sandbox.row("A")["state"], "landed");
    sandbox.ok(&["start", "--again", "A"]);
    assert_eq!(sandbox.row("A")["state"], "active");
    assert_eq!(sandbox.row("A")["commits"], 0);
    assert_eq!((sandbox.count("starting"), sandbox.count("started"), sandbox.count("reopened")), (2, 2, 1));
}

/// Runs the commands in the hints as a person would; which of them succeeded.
fn paste(sandbox: &Sandbox, outcome: &Outcome) -> Vec<bool> {
    let hints = outcome.stderr.lines().filter_map(|line| line.strip_prefix("hint: use 'git "));
    let commands = hints.map(|hint| hint[..hint.rfind('\'').unwrap()].replace('\'', ""));
    let run = |command: String| {
        let words: Vec<&str> = command.split(' ').collect();
        sandbox.try_git_in(&sandbox.repo(), &words).status.success()
    };
    commands.map(run).collect()
}

#[test]
fn what_is_in_the_way_of_starting_again_is_never_destroyed() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    let tip = sandbox.commit_in(&sandbox.place("A"), &[("a/x", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit(&[], "squashed\n\nTask: A");
    assert_eq!(sandbox.row("A")["state"], "landed");
    write_in(&sandbox.place("A"), "untracked", "mine\n");
    let refused = sandbox.refuses(&["start", "--again", "A"], 3, "branch 'task/A' of task 'A' is still there, at '");
    // git itself keeps the worktree, which holds a file of somebody's.
    assert_eq!(paste(&sandbox, &refused), [true, false, true]);
    assert_eq!(sandbox.git(&["rev-parse", "task/A.old"]), tip);
    std::fs::remove_file(sandbox.place("A").join("untracked")).unwrap();
    sandbox.git(&["branch", "-m", "task/A.old", "task/A"]);
    sandbox.git(&["worktree", "lock", "--reason", "mine", sandbox.place("A").to_str().unwrap()]);
    let refused = sandbox.refuses(&["start", "--again", "A"], 3, "is still there").says("somebody else locked '");
    assert_eq!(paste(&sandbox, &refused), [false; 0]);
    sandbox.git(&["worktree", "unlock", sandbox.place("A").to_str().unwrap()]);
    let refused = sandbox.refuses(&["start", "--again", "A"], 3, "is still there");
    assert_eq!(paste(&sandbox, &refused), [true, true]);
    sandbox.ok(&["start", "--again", "A"]);
    assert_eq!(sandbox.git(&["rev-parse", "task/A.old"]), tip);
}

#[test]
fn a_lost_task_is_named_with_both_ways_on() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    sandbox.git(&["worktree", "remove", "--force", "--force", sandbox.place("A").to_str().unwrap()]);
    sandbox.git(&["branch", "-D", "task/A"]);
    assert_eq!(sandbox.row("A")["state"], "lost");
    sandbox
        .refuses(&["start", "A"], 3, "task 'A' is lost")
        .says("use 'git dispatch adopt A BRANCH' to")
        .says("use 'git dispatch start --again A' to")
        .says("set 'state = \"landed\"' in [task.A] of the task file if it has landed");
    sandbox.ok(&["start", "--again", "A"]);
    assert_eq!(sandbox.row("A")["state"], "active");
}
