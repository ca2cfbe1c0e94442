//! `git dispatch drop`: nothing that somebody made is lost, and `undo` brings it back.

use std::path::Path;

use crate::support::{Sandbox, write_in};

const TASKS: &str = "disposable = [\"target/\"]\n[task.A]\ntitle = \"First\"\n[task.B]\n[task.C]\nneeds = [\"B\"]\n";

/// A and B were started; A has a commit.
pub fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[(".gitignore", "target/\n.env\n")], "ignore");
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit_in(&sandbox.place("A"), &[("mine", "1\n"), ("folder/more", "2\n")], "work");
    sandbox
}

/// What git knows of branches and worktrees, and what lies beside.
fn known(sandbox: &Sandbox) -> String {
    let refs = sandbox.git(&["for-each-ref", "refs/heads", "refs/dispatch"]);
    refs + &sandbox.git(&["worktree", "list", "--porcelain"]) + &names_in(&sandbox.root()).join(" ")
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_dropped_task_is_in_the_trash_and_comes_back_as_it_was() {
    let sandbox = started();
    let place = sandbox.place("A");
    write_in(&place, ".env", "SECRET=1\n");
    write_in(&place, "target/out", "disposable\n");
    let (before, tip) = (known(&sandbox), sandbox.git(&["rev-parse", "task/A"]));
    sandbox
        .ok(&["drop", "-n", "A"])
        .answers("A would be dropped: branch task/A at ")
        .answers("with 1 commit that had not");
    assert_eq!(known(&sandbox), before);
    let told = sandbox.ok(&["drop", "A"]);
    let told = told.answers("A dropped: branch task/A at ").says("hint: use 'git dispatch undo A' to bring it back");
    assert!(told.stdout.contains("  with 1 commit that had not landed, which went to the trash\n"), "{told:#?}");
    assert!(!place.exists());
    assert_eq!(sandbox.git(&["branch", "--list", "task/A"]), "");
    assert_eq!(sandbox.git(&["for-each-ref", "--format=%(objectname)", "refs/dispatch/trash/A"]), tip);
    assert!(!sandbox.git(&["worktree", "list"]).contains("repo-task-A"));
    let trash = names_in(&sandbox.root()).into_iter().find(|name| name.starts_with(".repo-task-A.dropped-")).unwrap();
    let trash = sandbox.root().join(trash);
    assert_eq!(std::fs::read_to_string(trash.join(".env")).unwrap(), "SECRET=1\n");
    assert!(trash.join("mine").exists() && !trash.join("target").exists());
    assert_eq!((sandbox.count("dropping"), sandbox.count("dropped")), (1, 1));
    sandbox.refuses(&["drop", "A"], 1, "task 'A' was dropped already");
    sandbox.ok(&["plan"]).answers("A");
    sandbox.ok(&["undo", "-n"]).answers("A would be back: branch task/A at ");
    sandbox.ok(&["undo"]).answers("A is back: branch task/A at ");
    assert_eq!(known(&sandbox), before);
    assert_eq!(sandbox.git_in(&place, &["status", "--porcelain", "--branch"]), "## task/A");
    assert_eq!(std::fs::read_to_string(place.join(".env")).unwrap(), "SECRET=1\n");
    assert_eq!(sandbox.row("A")["state"], "active");
    sandbox.ok(&["drop", "A", "B"]);
    sandbox.ok(&["undo"]).answers("A is back").answers("B is back");
    sandbox.ok(&["drop", "A", "B"]);
    let json = sandbox.ok(&["undo", "B", "--json"]).json();
    assert_eq!((&json["dropped"], &json["tasks"][0]["id"]), (&true.into(), &"B".into()));
    sandbox.ok(&["start", "A"]).answers("batch-002");
    sandbox.refuses(&["undo", "A"], 3, "task 'A' was started again in batch-002 since it was dropped");
}

#[test]
fn what_is_not_in_the_trash_any_more_cannot_be_brought_back_and_what_took_its_place_stays() {
    let sandbox = started();
    let tip = sandbox.git(&["rev-parse", "task/A"]);
    sandbox.ok(&["drop", "A"]);
    sandbox.git(&["branch", "task/A", "main"]);
    sandbox.refuses(&["undo", "A"], 3, "there is another branch 'task/A' by now");
    sandbox.git(&["branch", "--quiet", "-D", "task/A"]);
    write_in(&sandbox.place("A"), "file", "mine\n");
    sandbox.refuses(&["undo", "A"], 3, "something else stands in '");
    std::fs::remove_dir_all(sandbox.place("A")).unwrap();
    let trash = sandbox.git(&["for-each-ref", "--format=%(refname)", "refs/dispatch/trash"]);
    sandbox.git(&["update-ref", "-d", &trash]);
    sandbox.refuses(&["undo", "A"], 3, "its commits are no longer in the trash here");
    sandbox.git(&["update-ref", &trash, &tip]);
    sandbox.ok(&["undo", "A"]);
}

/// Each kind of worktree that holds something that a branch does not.
#[test]
fn whatever_would_be_lost_is_named_and_nothing_is_moved() {
    let sandbox = started();
    let place = sandbox.place("A");
    let refused = |text: &str| drop(sandbox.refuses(&["drop", "A"], 3, text));
    let git = |arguments: &[&str]| sandbox.git_in(&place, arguments);
    write_in(&place, "mine", "changed\n");
    refused("not committed in");
    git(&["checkout", "--quiet", "mine"]);
    write_in(&place, "new", "1\n");
    refused("'new'");
    git(&["add", "new"]);
    refused("'new'");
    git(&["rm", "--quiet", "-f", "new"]);
    git(&["checkout", "--quiet", "--detach"]);
    sandbox.commit_in(&place, &[("detached", "1\n")], "detached");
    refused("has something else checked out than branch 'task/A'");
    git(&["checkout", "--quiet", "task/A"]);
    sandbox.commit(&[("mine", "theirs\n")], "conflict");
    assert!(!sandbox.try_git_in(&place, &["merge", "main"]).status.success());
    refused("a merge is under way in");
    git(&["merge", "--abort"]);
    assert!(!sandbox.try_git_in(&place, &["rebase", "main"]).status.success());
    refused("a rebase is under way in");
    git(&["rebase", "--abort"]);
    git(&["bisect", "start", "HEAD", "HEAD~1"]);
    refused("a bisect is under way in");
    git(&["bisect", "reset"]);
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git(&["worktree", "lock", "--reason", "on a stick", "../repo-task-A"]);
    refused("is locked: on a stick");
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    let below = place.join("target/inner");
    sandbox.git(&["worktree", "add", "--quiet", "-b", "other", below.to_str().unwrap()]);
    refused("lies in '");
    sandbox.git(&["worktree", "remove", below.to_str().unwrap()]);
    git(&["update-index", "--assume-unchanged", "mine"]);
    refused("git is told to overlook changes in");
    git(&["update-index", "--no-assume-unchanged", "mine"]);
    git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-f", "../repo", "sub"]);
    git(&["commit", "--quiet", "-m", "submodule"]);
    refused("submodules are checked out in");
    git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    std::fs::remove_dir_all(place.join("sub")).unwrap();
    let modules = git(&["rev-parse", "--path-format=absolute", "--git-path", "modules"]);
    std::fs::remove_dir_all(modules).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a process that stands in the worktree")]
    let mut sleeper = std::process::Command::new("sleep").arg("60").current_dir(&place).spawn().unwrap();
    if cfg!(target_os = "linux") {
        refused(&format!("process {} (sleep) works in", sleeper.id()));
    }
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    assert_eq!((sandbox.count("dropping"), sandbox.count("dropped")), (0, 0));
    sandbox.ok(&["drop", "A"]);
}

#[test]
fn what_was_not_started_here_or_is_stood_in_is_refused() {
    let sandbox = started();
    sandbox.refuses(&["drop", "C"], 1, "task 'C' was not started: there is nothing to drop");
    sandbox.refuses(&["drop", "X"], 2, "'X'");
    let output = sandbox.dispatch_in(&sandbox.place("A"), &["drop", "B"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("error: this is the worktree of task 'A'") && output.status.code() == Some(3), "{said}");
    let output = sandbox.dispatch_in(&sandbox.place("A"), &["drop", "--from-worktree", "A"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("works in '") || !cfg!(target_os = "linux"), "{said}");
    sandbox.git(&["update-ref", "-d", "refs/dispatch/base/B"]);
    sandbox.refuses(&["drop", "B"], 3, "nothing shows that branch 'task/B' was made for task 'B'");
}

#[test]
fn a_clone_that_has_only_the_ledger_drops_nothing() {
    let sandbox = started();
    let clone = Sandbox::empty();
    let from = sandbox.repo();
    clone.git(&["clone", "--quiet", from.to_str().unwrap(), "."]);
    clone.git(&["fetch", "--quiet", "origin", "refs/notes/dispatch:refs/notes/dispatch"]);
    clone.refuses(&["drop", "B"], 3, "nothing of task 'B' stands here: batch-001 was started by Ada <ada@example.com>");
}

/// githooks(5): those that git runs for what is done here, or could be.
const HOOKS: [&str; 9] = [
    "post-checkout",
    "pre-commit",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-auto-gc",
    "reference-transaction",
    "fsmonitor-watchman",
];

/// The branch is content: nothing of it runs.
#[test]
fn no_hook_of_a_branch_runs_and_worktrees_of_others_stay_as_they_are() {
    let sandbox = started();
    sandbox.git(&["config", "core.hooksPath", ".githooks"]);
    let place = sandbox.place("A");
    for name in HOOKS {
        write_in(&place, &format!(".githooks/{name}"), "#!/bin/sh\n: >\"$HOME/CANARY\"\n");
        let path = place.join(".githooks").join(name);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    sandbox.git_in(&place, &["add", "--all"]);
    sandbox.git_in(&place, &["commit", "--quiet", "--no-verify", "-m", "hooks"]);
    let canary = sandbox.root().join("home/CANARY");
    let _ = std::fs::remove_file(&canary);
    let gone = sandbox.worktree("gone", "gone", "main");
    std::fs::remove_dir_all(gone).unwrap();
    let listed = || sandbox.git(&["worktree", "list", "--porcelain"]);
    let others = listed().split("\n\n").filter(|one| !one.contains("task/A")).map(str::to_owned).collect::<Vec<_>>();
    sandbox.ok(&["drop", "A"]);
    assert_eq!(listed().split("\n\n").map(str::to_owned).collect::<Vec<_>>(), others);
    sandbox.ok(&["undo"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/A"]);
    let _ = std::fs::remove_file(&canary);
    std::fs::remove_dir_all(sandbox.repo().join(".githooks")).unwrap();
    sandbox.ok(&["drop", "-n", "--landed"]);
    sandbox.ok(&["drop", "--landed"]);
    assert!(!canary.exists());
}

#[test]
fn a_task_without_worktree_loses_its_branch_only() {
    let sandbox = started();
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git(&["worktree", "remove", "../repo-task-A"]);
    let before = known(&sandbox);
    sandbox.ok(&["drop", "A"]);
    assert_eq!(sandbox.git(&["branch", "--list", "task/A"]), "");
    sandbox.ok(&["undo", "A"]);
    assert_eq!(known(&sandbox), before);
}

#[test]
fn all_that_has_landed_goes_but_for_what_holds_something() {
    let sandbox = started();
    sandbox.refuses(&["drop", "--landed"], 1, "nothing that has landed has a branch or a worktree here");
    sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "work of B");
    for branch in ["task/A", "task/B"] {
        sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", branch]);
    }
    write_in(&sandbox.place("B"), "half", "1\n");
    let told = sandbox.ok(&["drop", "--landed"]).answers("A dropped: branch task/A");
    let told = told.says("warning: cannot drop B: not committed in '").says("'half'");
    assert!(!told.stdout.contains("that had not landed") && !sandbox.place("A").exists(), "{told:#?}");
    assert!(sandbox.place("B").join("half").exists());
    let kept = sandbox.run(&["drop", "--landed", "--json"]).exits(1).json();
    assert_eq!((&kept["tasks"], &kept["kept"][0]["id"]), (&serde_json::json!([]), &"B".into()));
    std::fs::remove_file(sandbox.place("B").join("half")).unwrap();
    sandbox.ok(&["drop", "--landed"]).answers("B dropped");
    assert_eq!(sandbox.row("A")["state"], "landed");
    sandbox.ok(&["undo"]).answers("B is back");
}

/// The ledger may come from another clone on this machine.
#[test]
fn what_another_clone_has_half_dropped_is_not_finished_here() {
    let sandbox = started();
    sandbox.ok(&["drop", "B"]);
    let note = sandbox.git(&["notes", "--ref=dispatch", "list"]);
    let commit = note.split_once(' ').unwrap().1.to_owned();
    let text = sandbox.git(&["notes", "--ref=dispatch", "show", &commit]);
    let half: Vec<&str> = text.lines().filter(|line| !line.contains("\"dropped\"")).collect();
    let clone = Sandbox::empty();
    clone.git(&["clone", "--quiet", sandbox.repo().to_str().unwrap(), "."]);
    clone.git(&["notes", "--ref=dispatch", "add", "-m", &half.join("\n"), &commit]);
    clone.refuses(&["drop", "B"], 3, "nothing of task 'B' stands here");
    clone.refuses(&["undo", "B"], 3, "cannot bring task 'B' back: its commits are no longer in the trash here");
}

/// Nothing is removed on the word of a note alone.
#[test]
fn an_intent_that_somebody_forged_takes_no_other_branch_along() {
    let sandbox = started();
    sandbox.git(&["branch", "other", "main"]);
    let (tip, commit) = (sandbox.git(&["rev-parse", "other"]), sandbox.git(&["rev-parse", "main"]));
    let uid = sandbox.events()[0]["uid"].as_str().unwrap().to_owned();
    let forge = |task: &str, branch: &str| {
        let intent = format!(
            r#"{{"at":"2036-01-19T00:00:00.000Z","uid":"{task}aaaaaaaaaaa","v":1,"event":"dropping","batch":"batch-001","of":"{uid}","task":"{task}","branch":"{branch}","tip":"{tip}"}}"#
        );
        sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &intent, &commit]);
    };
    forge("A", "other");
    sandbox.ok(&["drop", "A"]).answers("A dropped: branch task/A");
    assert_eq!(sandbox.git(&["rev-parse", "other"]), tip);
    forge("B", "task/B");
    sandbox.git(&["update-ref", "-d", "refs/dispatch/base/B"]);
    sandbox.refuses(&["drop", "B"], 3, "nothing shows that branch 'task/B' was made for task 'B'");
}
