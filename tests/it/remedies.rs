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
    // git refuses to merge over changes.
    write_in(&place, "README", "not committed\n");
    assert_eq!(commands(&sandbox, "A"), Vec::<String>::new());
    sandbox.git_in(&place, &["stash"]);
    assert_eq!(commands(&sandbox, "A"), [format!("git -C {} merge main", place.display())]);
    let _ = paste(&sandbox, &commands(&sandbox, "A")[0]).exits(1);
    assert_eq!(commands(&sandbox, "A"), [format!("git -C {} status", place.display())]);
}

/// docs/design/0018-landed-proofs.md
#[test]
fn the_work_of_a_reverted_merge_is_brought_back_in_its_worktree() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    sandbox.git(&["revert", "--no-edit", "-m1", "HEAD"]);
    let revert = sandbox.git(&["rev-parse", "HEAD"]);
    assert_eq!(sandbox.row("A")["state"], "active");
    assert_eq!(note(&sandbox, "A"), format!("was merged, and {} reverted that; to bring the work back", &revert[..7]));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    let row = sandbox.row("A");
    assert_eq!((&row["state"], &row["ahead"], &row["notes"]), (&json!("active"), &json!(1), &json!([])));
    assert_eq!(row["readiness"]["verdict"], "clean");
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    assert_eq!((&sandbox.row("A")["state"], &sandbox.row("A")["proof"]), (&json!("landed"), &json!("ancestor")));
    // Or all is begun anew.
    sandbox.git(&["revert", "--no-edit", "-m1", "HEAD"]);
    assert_eq!(sandbox.row("A")["state"], "active");
}

/// `main` with three commits more than A and B started from.
fn moved_on() -> Sandbox {
    let sandbox = started();
    for number in 0..3 {
        sandbox.commit(&[("main", &format!("{number}\n"))], "main");
    }
    sandbox
}

#[test]
fn a_target_that_was_rewritten_is_named_and_its_commits_are_left_behind() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[("old", "1\n")], "old");
    sandbox.ok(&["start", "A", "B"]);
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("a", "1\n")], "work");
    let base = sandbox.git(&["rev-parse", "main"]);
    sandbox.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    sandbox.commit(&[("new", "1\n")], "new");
    assert_eq!(
        note(&sandbox, "A"),
        format!(
            "'main' was rewritten and no longer has the commit {} that it started from: its branch carries commits that were the target's",
            &base[..7]
        )
    );
    paste_all(&sandbox, &commands(&sandbox, "A"));
    let row = sandbox.row("A");
    assert_eq!((&row["notes"], &row["commits"], &row["ahead"]), (&json!([]), &json!(1), &json!(1)));
    assert_eq!(row["base"], sandbox.git(&["rev-parse", "main"]));
    assert!(!place.join("old").exists());
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    assert_eq!(sandbox.row("A")["state"], "landed");
    // A branch that took the rewritten target in carries both.
    sandbox.git_in(&sandbox.place("B"), &["merge", "--quiet", "--no-edit", "main"]);
    assert!(note(&sandbox, "B").starts_with("'main' was rewritten"), "{}", note(&sandbox, "B"));
}

#[test]
fn a_branch_that_was_set_back_before_its_base_comes_back() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let older = sandbox.commit(&[("old", "1\n")], "old");
    let base = sandbox.commit(&[("old", "2\n")], "base");
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A");
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", &older]);
    let told =
        format!("its branch was set back to {}, before the commit {} that it started from", &older[..7], &base[..7]);
    assert_eq!((note(&sandbox, "A"), sandbox.row("A")["commits"].clone()), (told, json!(0)));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!((note(&sandbox, "A"), sandbox.row("A")["tip"].clone()), (String::new(), json!(base)));
    // With a commit on top of where it was set back to.
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", &older]);
    sandbox.commit_in(&place, &[("a", "1\n")], "work");
    assert!(note(&sandbox, "A").starts_with("its branch no longer contains the commit"), "{}", note(&sandbox, "A"));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!((note(&sandbox, "A"), sandbox.row("A")["commits"].clone()), (String::new(), json!(1)));
}

#[test]
fn a_branch_of_another_history_has_no_number_that_would_be_wrong() {
    let sandbox = moved_on();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("a", "1\n")], "work");
    sandbox.git_in(&place, &["checkout", "--quiet", "--orphan", "other"]);
    sandbox.commit_in(&place, &[("x", "1\n")], "another root");
    sandbox.git_in(&place, &["checkout", "--quiet", "-B", "task/A"]);
    let row = sandbox.row("A");
    assert_eq!(row["notes"][0], "its branch and 'main' have no commit in common: it was moved to another history");
    assert_eq!((&row["state"], &row["commits"], &row["readiness"]), (&json!("active"), &Value::Null, &Value::Null));
    let _ = sandbox.run(&["status", "--exit-code"]).exits(1);
    assert_eq!(commands(&sandbox, "A"), [format!("git -C {} rebase --onto main --root", place.display())]);
    paste_all(&sandbox, &commands(&sandbox, "A"));
    let row = sandbox.row("A");
    assert_eq!((&row["commits"], &row["ahead"], &row["notes"]), (&json!(1), &json!(1), &json!([])));
}

#[test]
fn a_branch_that_was_deleted_below_its_worktree_is_made_anew() {
    let sandbox = started();
    let place = sandbox.place("A");
    let tip = sandbox.commit_in(&place, &[("a", "1\n")], "work");
    for dir in [sandbox.repo(), place.clone()] {
        sandbox.git_in(&dir, &["update-ref", "-d", "refs/heads/task/A"]);
        assert_eq!(sandbox.row("A")["state"], "lost");
        let told = format!("it was deleted below its worktree '{}', which was at {}", place.display(), &tip[..7]);
        assert!(note(&sandbox, "A").ends_with(&told), "{}", note(&sandbox, "A"));
        paste_all(&sandbox, &commands(&sandbox, "A"));
        assert_eq!((note(&sandbox, "A"), sandbox.row("A")["tip"].clone()), (String::new(), json!(tip)));
        assert_eq!(sandbox.git_in(&place, &["status", "--porcelain"]), "");
    }
}

#[test]
fn a_base_that_is_not_here_is_named_and_its_place_taken_by_the_merge_base() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    let event = |at: u32| {
        let ledger = sandbox.events().into_iter().find(|event| event["event"] == "starting").unwrap();
        let mut task = ledger["tasks"][0].clone();
        task["base"] = json!("0123456789abcdef0123456789abcdef01234567");
        let at = format!("2026-01-19T03:00:{at:02}.000Z");
        json!({"at": at, "uid": "m1", "v": 1, "event": "adopted", "batch": "batch-007", "target": "main", "tasks": [task]})
    };
    sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &event(1).to_string(), "main"]);
    let row = sandbox.row("A");
    assert!(
        row["notes"][0].as_str().unwrap().starts_with("the commit 0123456 that it started from is not in"),
        "{row}"
    );
    assert_eq!((&row["base"], &row["commits"]), (&json!(sandbox.git(&["rev-parse", "main"])), &json!(1)));
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    sandbox.commit(&[], "later");
    let row = sandbox.row("A");
    assert_eq!((&row["readiness"]["verdict"], &row["commits"]), (&json!("empty"), &Value::Null));
    assert!(row["notes"][0].as_str().unwrap().ends_with("which of that is its own is not known"), "{row}");
}

#[test]
fn a_damaged_index_is_made_anew_and_no_file_is_touched() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("a", "1\n")], "work");
    write_in(&place, "a", "2\n");
    write_in(&place, "b", "new\n");
    let index = sandbox.repo().join(".git/worktrees/repo-task-A/index");
    let sound = std::fs::read(&index).unwrap();
    std::fs::write(&index, &sound[..100]).unwrap();
    let told = sandbox.run(&["status", "--json"]).exits(128).task("A");
    let commands = told["steps"][0]["commands"].as_array().unwrap().iter();
    paste_all(&sandbox, &commands.map(|command| command.as_str().unwrap().to_owned()).collect::<Vec<_>>());
    let a = sandbox.row("A");
    assert_eq!((&a["changes"]["modified"], &a["changes"]["untracked"]), (&1.into(), &1.into()), "{a}");
    assert_eq!(a["changes"]["staged"], 0);
    assert_eq!(std::fs::read_to_string(place.join("a")).unwrap(), "2\n");
    assert_eq!(std::fs::read_to_string(place.join("b")).unwrap(), "new\n");
}

#[test]
fn what_is_left_of_a_squashed_task_is_removed_with_the_way_back_told() {
    let sandbox = started();
    let tip = sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit(&[], "squash");
    let back = format!("git branch task/A {tip}");
    sandbox
        .ok(&["status", "--all", "-v"])
        .answers(&format!("to remove what is left of A (its branch is at {}; '{back}' brings it back):", &tip[..7]));
    paste_all(&sandbox, &commands(&sandbox, "A"));
    assert_eq!(sandbox.git(&["branch", "--list", "task/A"]), "");
    let _ = paste(&sandbox, &back).exits(0);
    assert_eq!(sandbox.git(&["rev-parse", "task/A"]), tip);
}

#[test]
fn changes_in_the_worktree_of_a_landed_task_are_told_when_nothing_is_under_way() {
    let sandbox = started();
    for id in ["A", "B"] {
        sandbox.commit_in(&sandbox.place(id), &[(id, "1\n")], "work");
        sandbox.git(&["merge", "--quiet", "--no-ff", &format!("task/{id}")]);
    }
    assert!(!sandbox.ok(&["status"]).answers("Nothing is under way").stdout.contains("committed"));
    write_in(&sandbox.place("A"), "more", "1\n");
    sandbox.ok(&["status"]).answers("landed.\n1 landed task's worktree holds changes that are not committed.\n\n");
    write_in(&sandbox.place("B"), "more", "1\n");
    sandbox.ok(&["status"]).answers("The worktrees of 2 landed tasks hold changes that are not committed.\n");
}
