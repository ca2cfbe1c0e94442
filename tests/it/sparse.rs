//! Sparse checkouts, with git as the oracle.

use std::path::Path;

use serde_json::json;

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TASKS: &str =
    "sparse = [\"src/a\"]\n[task.A]\n[task.B]\nsparse = [\"x[1]*\", \"-b\", \"#c/\"]\n[task.C]\nsparse = []\n";
const FILES: [&str; 9] =
    ["top", "src/file", "src/a/in", "src/a/deep/in", "src/b/out", "x[1]*/in", "x1/out", "-b/in", "#c/in"];

fn sandbox(tasks: &str) -> Sandbox {
    let sandbox = Sandbox::with_tasks(tasks);
    let files: Vec<(&str, &str)> = FILES.iter().map(|path| (*path, *path)).collect();
    sandbox.commit(&files, "files");
    sandbox
}

/// The paths that are there, and that git holds to be.
#[track_caller]
fn assert_holds(sandbox: &Sandbox, place: &Path, expected: &[&str]) {
    let listed = sandbox.git_in(place, &["ls-files", "-t"]);
    let mut inside: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("H ")).collect();
    let outside: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("S ")).collect();
    assert!(inside.iter().all(|path| place.join(path).exists()), "{listed}");
    assert!(outside.iter().all(|path| !place.join(path).exists()), "{listed}");
    inside.retain(|path| *path != "README" && *path != "dispatch.toml");
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(inside, expected);
    assert_eq!(sandbox.git_in(place, &["status", "--porcelain"]), "");
}

#[test]
fn only_the_folders_of_a_task_are_checked_out() {
    let sandbox = sandbox(TASKS);
    sandbox.ok(&["start", "A", "B", "C", "-v"]).says("git checks out the files: the checkout is sparse");
    assert_holds(&sandbox, &sandbox.place("A"), &["src/a/deep/in", "src/a/in", "src/file", "top"]);
    assert_holds(&sandbox, &sandbox.place("B"), &["#c/in", "-b/in", "top", "x[1]*/in"]);
    assert_holds(&sandbox, &sandbox.place("C"), &FILES);
    // The main worktree is whole, and so are worktrees that others make.
    assert_holds(&sandbox, &sandbox.repo(), &FILES);
    assert_holds(&sandbox, &sandbox.worktree("plain", "plain", "main"), &FILES);
    assert_eq!(sandbox.git_in(&sandbox.place("B"), &["sparse-checkout", "list"]), "#c\n-b\nx[1]*");
    sandbox.git(&["fsck", "--strict"]);
}

#[test]
fn it_is_what_git_would_write() {
    let sandbox = sandbox(TASKS);
    sandbox.ok(&["start", "A", "--json"]);
    let twin = sandbox.worktree("twin", "twin", "main");
    sandbox.git_in(&twin, &["sparse-checkout", "set", "--cone", "--no-sparse-index", "src/a"]);
    let (ours, theirs) = (sandbox.place("A"), twin);
    for args in [&["ls-files", "-t", "-s"][..], &["config", "--worktree", "--list"], &["sparse-checkout", "list"]] {
        assert_eq!(sandbox.git_in(&ours, args), sandbox.git_in(&theirs, args), "{args:?}");
    }
    let rules = |place: &Path| {
        let path =
            sandbox.git_in(place, &["rev-parse", "--path-format=absolute", "--git-path", "info/sparse-checkout"]);
        std::fs::read_to_string(path).unwrap()
    };
    assert_eq!(rules(&ours), rules(&theirs));
}

#[test]
fn the_configuration_changes_once_as_git_changes_it() {
    let (ours, theirs) = (sandbox(TASKS), sandbox(TASKS));
    let config = |sandbox: &Sandbox| std::fs::read_to_string(sandbox.repo().join(".git/config")).unwrap();
    ours.ok(&["start", "A"]);
    let place = theirs.worktree("twin", "twin", "main");
    theirs.git_in(&place, &["sparse-checkout", "set", "--cone", "src/a"]);
    assert_eq!(config(&ours), config(&theirs));
    let once = config(&ours);
    ours.ok(&["undo"]);
    ours.ok(&["start", "A", "B"]);
    assert_eq!(config(&ours), once);
    assert!(!ours.repo().join(".git/config.lock").exists() && !ours.repo().join(".git/dispatch/config.new").exists());
}

#[test]
fn other_tasks_are_checked_out_natively_all_the_same() {
    let sandbox = sandbox(TASKS);
    sandbox.ok(&["start", "A"]);
    let outcome = sandbox.ok(&["start", "C", "-v"]);
    assert!(!outcome.stderr.contains("git checks out"), "{}", outcome.stderr);
    sandbox.git(&["config", "--worktree", "core.abbrev", "12"]);
    sandbox.ok(&["undo"]);
    sandbox.ok(&["start", "C", "-v"]).says("git checks out the files: there is a 'config.worktree'");
}

#[test]
fn status_sees_what_is_changed_there_and_nothing_else() {
    let sandbox = sandbox(&format!("{TASKS}[task.D]\nwrites = [\"src/b/**\"]\n"));
    sandbox.ok(&["start", "A", "C"]);
    let row = sandbox.row("A");
    assert_eq!(row["changes"], json!({ "staged": 0, "modified": 0, "untracked": 0, "conflicted": 0 }), "{row}");
    let place = sandbox.place("A");
    write_in(&place, "src/a/in", "changed");
    write_in(&place, "src/a/new", "new");
    let row = sandbox.row("A");
    assert_eq!(row["changes"], json!({ "staged": 0, "modified": 1, "untracked": 1, "conflicted": 0 }), "{row}");
    assert_eq!(row["readiness"]["verdict"], json!("clean"));
    sandbox.refuses(&["undo"], 3, "not committed in");
    sandbox.commit_in(&place, &[], "work");
    let row = sandbox.row("A");
    assert_eq!(row["changes"], json!({ "staged": 0, "modified": 0, "untracked": 0, "conflicted": 0 }), "{row}");
    assert_eq!(row["drift"]["paths"], json!([]), "{row}");
    // The commit has the files that are not checked out.
    assert_eq!(sandbox.git_in(&place, &["show", "HEAD:src/b/out"]), "src/b/out");
    sandbox.ok(&["check", "A"]);
}

#[test]
fn undo_takes_a_sparse_worktree_back() {
    let sandbox = sandbox(TASKS);
    sandbox.ok(&["start", "A", "B"]);
    sandbox.ok(&["undo"]);
    assert!(!sandbox.place("A").exists() && !sandbox.repo().join(".git/worktrees").exists());
    sandbox.ok(&["start", "A"]);
    assert_holds(&sandbox, &sandbox.place("A"), &["src/a/deep/in", "src/a/in", "src/file", "top"]);
}

#[test]
fn a_killed_change_of_the_configuration_is_cleared_away_and_another_lock_is_not() {
    let sandbox = sandbox(TASKS);
    let git = sandbox.repo().join(".git");
    let (lock, new) = (git.join("config.lock"), git.join("dispatch/config.new"));
    std::fs::create_dir_all(new.parent().unwrap()).unwrap();
    std::fs::copy(git.join("config"), &new).unwrap();
    std::fs::hard_link(&new, &lock).unwrap();
    sandbox.ok(&["start", "A"]);
    assert!(!lock.exists() && !new.exists());
    std::fs::copy(git.join("config"), &new).unwrap();
    std::fs::hard_link(&new, &lock).unwrap();
    sandbox.ok(&["undo"]);
    assert!(!lock.exists() && !new.exists());

    let sandbox = self::sandbox(TASKS);
    let lock = sandbox.repo().join(".git/config.lock");
    std::fs::write(&lock, "").unwrap();
    sandbox.run(&["start", "A"]).exits(4).says("the configuration is locked by another process").says("hint: ");
    assert!(lock.exists());
    std::fs::remove_file(&lock).unwrap();
    sandbox.ok(&["start", "A"]);
    assert_holds(&sandbox, &sandbox.place("A"), &["src/a/deep/in", "src/a/in", "src/file", "top"]);
}

#[test]
fn a_bare_repository_has_sparse_worktrees_too() {
    let sandbox = sandbox(TASKS);
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    Outcome::of(&sandbox.dispatch_in(&bare, &["start", "A"]).output().unwrap()).exits(0);
    let place = sandbox.root().join("bare-task-A");
    assert_holds(&sandbox, &place, &["src/a/deep/in", "src/a/in", "src/file", "top"]);
    assert_eq!(sandbox.git_in(&bare, &["rev-parse", "--is-bare-repository"]), "true");
    Outcome::of(&sandbox.dispatch_in(&bare, &["status"]).output().unwrap()).exits(0);
}

#[test]
fn the_settings_of_a_sparse_main_worktree_do_not_mix_in() {
    let sandbox = sandbox(TASKS);
    sandbox.git(&["sparse-checkout", "set", "--cone", "src/b"]);
    sandbox.ok(&["start", "A"]);
    assert_holds(&sandbox, &sandbox.place("A"), &["src/a/deep/in", "src/a/in", "src/file", "top"]);
    assert_holds(&sandbox, &sandbox.repo(), &["src/b/out", "src/file", "top"]);
}

#[test]
fn an_entry_that_is_no_folder_is_told_and_a_file_is_refused() {
    let sandbox = sandbox(
        "sparse = [\"nope/there\", \"src/aa\", \"src/b/\"]\n[task.A]\n[task.B]\nsparse = [\"top\", \"src/a/in\"]\n",
    );
    let warned = "warning: task 'A' has 'nope/there' in 'sparse', and there is no such folder where it starts\n";
    let near = "warning: task 'A' has 'src/aa' in 'sparse', and there is no such folder where it starts; the nearest one is 'src/a'";
    for arguments in [&["start", "-n", "A"][..], &["start", "A"]] {
        sandbox.ok(arguments).says(warned).says(near);
    }
    assert_holds(&sandbox, &sandbox.place("A"), &["src/b/out", "src/file", "top"]);
    for arguments in [&["start", "-n", "B"][..], &["start", "B"]] {
        let refused = "error: task 'B' has 'top' in 'sparse': 'top' is not a directory";
        sandbox.refuses(arguments, 3, refused).says("'src/a/in' is not a directory").says("write 'src/a' in its place");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_configuration_on_another_file_system_is_changed_where_it_lies() {
    let sandbox = sandbox(TASKS);
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
    let (config, moved) = (sandbox.repo().join(".git/config"), elsewhere.path().join("config"));
    std::fs::copy(&config, &moved).unwrap();
    std::fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink(&moved, &config).unwrap();
    sandbox.ok(&["start", "A"]);
    assert_holds(&sandbox, &sandbox.place("A"), &["src/a/deep/in", "src/a/in", "src/file", "top"]);
    assert!(config.is_symlink() && std::fs::read_to_string(&moved).unwrap().contains("worktreeConfig = true"));
    assert_eq!(names_in(elsewhere.path()), ["config"]);
    assert!(!sandbox.repo().join(".git/dispatch/config.new").exists());
    sandbox.ok(&["undo"]);
}

fn names_in(folder: &Path) -> Vec<String> {
    folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn of_a_start_that_was_not_finished_status_tells_one_way_on() {
    let sandbox = sandbox(TASKS);
    let lock = sandbox.repo().join(".git/config.lock");
    std::fs::write(&lock, "").unwrap();
    let _ = sandbox.run(&["start", "A"]).exits(4);
    let told = sandbox.ok(&["status"]).answers("not finished; to go on: git dispatch start A\n").stdout;
    assert!(!told.contains("git worktree"), "{told}");
    assert_eq!(sandbox.row("A")["notes"], json!([]));
    std::fs::remove_file(&lock).unwrap();
    sandbox.ok(&["start", "A"]);
}
