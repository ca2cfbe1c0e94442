//! What `status` says of worktrees and branches that are not as recorded: its commands work when they are pasted.

use serde_json::{Value, json};

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\ntitle = \"Second\"\n";

fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A", "B"]);
    sandbox
}

fn note(sandbox: &Sandbox, id: &str) -> String {
    sandbox.row(id)["notes"][0].as_str().unwrap_or_default().to_owned()
}

/// The commands of all steps of a task, in order.
fn commands(sandbox: &Sandbox, id: &str) -> Vec<String> {
    let row = sandbox.row(id);
    let steps = row["steps"].as_array().cloned().unwrap_or_default();
    let all = steps.iter().flat_map(|step| step["commands"].as_array().unwrap());
    all.map(|command| command.as_str().unwrap().to_owned()).collect()
}

/// Gives a command to a shell in the main worktree.
fn paste(sandbox: &Sandbox, command: &str) -> Outcome {
    match command.strip_prefix("git dispatch ") {
        Some(rest) => sandbox.run(&rest.split(' ').collect::<Vec<_>>()),
        None => Outcome::of(&sandbox.try_git_in(&sandbox.repo(), &["-c", &format!("alias.x=!{command}"), "x"])),
    }
}

#[track_caller]
fn paste_all(sandbox: &Sandbox, commands: &[String]) {
    assert!(!commands.is_empty());
    for command in commands {
        let _ = paste(sandbox, command).exits(0);
    }
}

#[test]
fn a_worktree_that_left_its_branch_is_told_and_comes_back() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("a", "1\n")], "work");
    sandbox.ok(&["status"]).answers("ready to land: A");
    sandbox.git_in(&place, &["checkout", "--quiet", "--detach"]);
    assert_eq!(note(&sandbox, "A"), format!("its worktree '{}' is detached", place.display()));
    assert!(!sandbox.ok(&["status"]).stdout.contains("ready to land"));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!(note(&sandbox, "A"), "");
    sandbox.git_in(&place, &["checkout", "--quiet", "-b", "other"]);
    assert!(note(&sandbox, "A").ends_with("has branch 'other' checked out, not 'task/A'"));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!(note(&sandbox, "A"), "");
    // Commits that are on no branch.
    sandbox.git_in(&place, &["checkout", "--quiet", "--detach"]);
    let lost = sandbox.commit_in(&place, &[("a", "2\n")], "on no branch");
    assert!(note(&sandbox, "A").contains(&format!("is detached at {}", &lost[..7])), "{}", note(&sandbox, "A"));
    assert!(note(&sandbox, "A").ends_with("commits made there may be on no branch"));
    assert!(!sandbox.ok(&["status"]).stdout.contains("ready to land"));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!(sandbox.row("A")["tip"], lost);
    sandbox.ok(&["status"]).answers("ready to land: A");
}

#[test]
fn a_moved_worktree_is_found_or_its_repair_is_named() {
    let sandbox = started();
    // Moved by git, its lock kept.
    let (place, moved) = (sandbox.place("A"), sandbox.root().join("moved"));
    sandbox.git(&["worktree", "move", "--force", "--force", place.to_str().unwrap(), moved.to_str().unwrap()]);
    assert_eq!(sandbox.row("A")["worktree"], moved.display().to_string());
    assert_eq!(note(&sandbox, "A"), "");
    // And then detached: only the lock tells whose it is.
    sandbox.git_in(&moved, &["checkout", "--quiet", "--detach"]);
    assert_eq!(note(&sandbox, "A"), format!("its worktree '{}' is detached", moved.display()));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!(note(&sandbox, "A"), "");
    // Moved behind git's back.
    let (place, moved) = (sandbox.place("B"), sandbox.root().join("a b"));
    std::fs::rename(&place, &moved).unwrap();
    let told = format!("its worktree '{}' is gone; if it was moved, name its new place", place.display());
    assert_eq!(note(&sandbox, "B"), told);
    assert_eq!(sandbox.row("B")["changes"], Value::Null);
    let repair = commands(&sandbox, "B").remove(0);
    assert_eq!(repair, "git worktree repair NEW-PATH");
    let _ = paste(&sandbox, &repair.replace("NEW-PATH", &format!("'{}'", moved.display()))).exits(0);
    assert_eq!(sandbox.row("B")["worktree"], moved.display().to_string());
    assert_eq!(note(&sandbox, "B"), "");
}

#[test]
fn a_deleted_or_broken_worktree_is_made_anew_or_repaired() {
    let sandbox = started();
    let place = sandbox.place("A");
    std::fs::remove_dir_all(&place).unwrap();
    assert_eq!(sandbox.row("A")["notes"][1], "if it was deleted, make it anew");
    sandbox.ok(&["status"]).answers("    A if it was deleted, make it anew\n      git worktree unlock /");
    paste_all(&sandbox, &commands(&sandbox, "A")[1..]);
    assert_eq!((note(&sandbox, "A"), sandbox.row("A")["changes"]["staged"].clone()), (String::new(), json!(0)));
    // Without a worktree, the recorded place is named.
    sandbox.git(&["worktree", "remove", place.to_str().unwrap()]);
    assert_eq!(note(&sandbox, "A"), "has no worktree");
    assert_eq!(commands(&sandbox, "A"), [format!("git worktree add {} task/A", place.display())]);
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!(note(&sandbox, "A"), "");
    // What was detached there is on no branch, and is kept.
    sandbox.git_in(&place, &["checkout", "--quiet", "--detach"]);
    let lost = sandbox.commit_in(&place, &[("a", "1\n")], "on no branch");
    std::fs::remove_dir_all(&place).unwrap();
    paste_all(&sandbox, &commands(&sandbox, "A")[1..]);
    assert_eq!((note(&sandbox, "A"), sandbox.git(&["rev-parse", "kept-A"])), (String::new(), lost));
    for broken in ["", "gitdir: /nowhere\n"] {
        write_in(&place, ".git", broken);
        assert_eq!(note(&sandbox, "A"), format!("its worktree '{}' is broken", place.display()));
        paste_all(&sandbox, &commands(&sandbox, "A"));
        assert_eq!(note(&sandbox, "A"), "");
    }
}

#[test]
fn a_renamed_branch_is_named_where_its_worktree_shows_it() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.git(&["branch", "-m", "task/A", "renamed"]);
    assert_eq!(sandbox.row("A")["state"], "lost");
    assert!(note(&sandbox, "A").ends_with("has branch 'renamed' checked out"), "{}", note(&sandbox, "A"));
    assert_eq!(commands(&sandbox, "A"), ["git dispatch adopt A renamed"]);
    paste_all(&sandbox, &commands(&sandbox, "A"));
    let row = sandbox.row("A");
    assert_eq!((&row["state"], &row["branch"], &row["notes"]), (&json!("active"), &json!("renamed"), &json!([])));
    // Deleted below a detached worktree.
    sandbox.git_in(&sandbox.place("B"), &["checkout", "--quiet", "--detach"]);
    sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "work");
    sandbox.git(&["branch", "-D", "task/B"]);
    paste_all(&sandbox, &commands(&sandbox, "B"));
    let row = sandbox.row("B");
    assert_eq!((&row["state"], &row["commits"], &row["notes"]), (&json!("active"), &json!(1), &json!([])));
}

#[test]
fn what_is_left_of_a_landed_task_goes_only_where_nothing_is_lost() {
    let sandbox = started();
    for id in ["A", "B"] {
        sandbox.commit_in(&sandbox.place(id), &[(id, "1\n")], "work");
        sandbox.git(&["merge", "--quiet", "--no-ff", &format!("task/{id}")]);
    }
    sandbox.git_in(&sandbox.place("B"), &["checkout", "--quiet", "--detach"]);
    sandbox.commit_in(&sandbox.place("B"), &[("B", "2\n")], "on no branch");
    let told =
        sandbox.ok(&["status", "--all", "-v"]).answers("    to remove what is left of A:\n      git worktree unlock /");
    assert!(!told.stdout.contains("left of B"), "{told:#?}");
    let told = sandbox.ok(&["status", "--all"]).answers("B has landed, but its worktree '");
    assert!(!told.stdout.contains("to remove"), "{told:#?}");
    assert_eq!(commands(&sandbox, "B"), Vec::<String>::new());
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert!(!sandbox.place("A").exists());
    assert_eq!(sandbox.git(&["branch", "--list", "task/A"]), "");
    assert_eq!(sandbox.row("A")["state"], "landed");
}

#[test]
fn a_conflict_is_solved_in_the_worktree_where_that_is_on_its_branch() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("README", "theirs\n")], "theirs");
    sandbox.commit(&[("README", "ours\n")], "ours");
    assert_eq!(commands(&sandbox, "A"), [format!("git -C {} merge main", place.display())]);
    let _ = paste(&sandbox, &commands(&sandbox, "A")[0]).exits(1);
    assert_eq!(commands(&sandbox, "A"), [format!("git -C {} status", place.display())]);
}

/// docs/design/0010-reverted-merges.md
#[test]
fn a_reverted_merge_stays_landed_and_starts_again() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    sandbox.git(&["revert", "--no-edit", "-m1", "HEAD"]);
    assert_eq!(sandbox.row("A")["state"], "landed");
    paste_all(&sandbox, &commands(&sandbox, "A"));
    sandbox.commit(&[], "later");
    sandbox.ok(&["start", "--again", "A"]);
    assert_eq!(sandbox.row("A")["state"], "active");
    sandbox.git_in(&sandbox.place("A"), &["revert", "--no-edit", "main~1"]);
    assert_eq!((&sandbox.row("A")["commits"], &sandbox.row("A")["readiness"]["verdict"]), (&json!(1), &json!("clean")));
}
