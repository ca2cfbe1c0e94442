//! Named pipes where git reads files: nobody waits for them.

use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

/// Whoever takes this long waits for ever.
const LONGEST: Duration = Duration::from_secs(60);

fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n");
    sandbox.commit(&[("dir/file", "1\n")], "files");
    sandbox.ok(&["start", "A", "B"]);
    write_in(&sandbox.place("A"), "dir/file", "2\n");
    write_in(&sandbox.place("A"), "dir/new", "1\n");
    write_in(&sandbox.place("A"), "untracked/new", "1\n");
    sandbox
}

fn pipe(path: &Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

#[track_caller]
fn run(sandbox: &Sandbox, dir: &Path, arguments: &[&str]) -> Outcome {
    let output = sandbox.dispatch_in(dir, arguments).timeout(LONGEST).output().unwrap();
    assert!(output.status.code().is_some(), "{arguments:?} waits: {output:?}");
    Outcome::of(&output)
}

#[test]
fn a_pipe_in_place_of_the_rules_of_a_worktree_makes_its_changes_unknown_and_hides_nothing_else() {
    let files = [".gitignore", "dir/.gitignore", "untracked/.gitignore", ".gitattributes", "dir/.gitattributes"];
    for file in files {
        let sandbox = started();
        pipe(&sandbox.place("A").join(file));
        let status = run(&sandbox, &sandbox.repo(), &["status", "--json"]).exits(0);
        assert_eq!(status.task("A")["changes"], Value::Null, "{file}");
        assert_eq!(status.task("B")["changes"]["modified"], 0, "{file}");
        run(&sandbox, &sandbox.place("A"), &["check"]);
        run(&sandbox, &sandbox.place("A"), &["check", "dir/new"]);
        run(&sandbox, &sandbox.place("B"), &["check", "dir/new"]);
    }
}

#[test]
fn a_pipe_in_place_of_a_file_of_the_repository_is_refused_by_name() {
    for file in ["HEAD", "config", "packed-refs", "info/exclude", "objects/info/alternates", "refs/notes/dispatch"] {
        let sandbox = started();
        let path = sandbox.repo().join(".git").join(file);
        pipe(&path);
        let says = format!("error: '{}' is not a regular file\n", path.display());
        for arguments in [&["status"][..], &["plan"], &["check"], &["log"]] {
            run(&sandbox, &sandbox.repo(), arguments).exits(128).says(&says);
        }
        run(&sandbox, &sandbox.repo(), &["status", "--prompt"]).exits(0);
        run(&sandbox, &sandbox.place("A"), &["status"]).exits(128).says(&says);
    }
}

#[test]
fn a_pipe_in_an_admin_folder_hides_no_other_task() {
    for file in ["HEAD", "gitdir", "commondir"] {
        let sandbox = started();
        pipe(&sandbox.repo().join(".git/worktrees/repo-task-A").join(file));
        let status = run(&sandbox, &sandbox.repo(), &["status", "--json"]).exits(0);
        assert_eq!(status.task("B")["changes"]["modified"], 0, "{file}");
        run(&sandbox, &sandbox.place("A"), &["check"]).exits(128);
    }
    let sandbox = started();
    pipe(&sandbox.repo().join(".git/refs/heads/task/A"));
    let status = run(&sandbox, &sandbox.repo(), &["status", "--json"]);
    assert_eq!(status.task("B")["changes"]["modified"], 0);
}
