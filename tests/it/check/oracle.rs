//! git as the oracle: over states made at random, what a task changes is what git says it changes.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{TASKS, check};
use crate::support::Sandbox;

/// What the worktree holds otherwise than its HEAD: git adds all of it to a copy of the index.
fn changed_by_git(sandbox: &Sandbox, dir: &Path) -> BTreeSet<String> {
    let copy = sandbox.root().join("index");
    let script = format!(
        "!cp \"$(git rev-parse --git-dir)/index\" '{0}'; export GIT_INDEX_FILE='{0}'; git add --all && \
         git diff --cached --name-only --no-renames HEAD",
        copy.display()
    );
    let alias = format!("alias.changed={script}");
    sandbox.git_in(dir, &["-c", &alias, "changed"]).lines().map(str::to_owned).collect()
}

/// Does something to a file, or to what stands in its place; `number` decides what.
fn meddle(sandbox: &Sandbox, dir: &Path, path: &str, number: usize) {
    let file = dir.join(path);
    let clear = || {
        for place in file.ancestors().take_while(|place| *place != dir) {
            if place == file || !place.is_dir() || place.is_symlink() {
                _ = std::fs::remove_dir_all(place);
                _ = std::fs::remove_file(place);
            }
        }
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    };
    match number % 8 {
        0 | 1 => {
            clear();
            std::fs::write(&file, "1\n").unwrap();
        }
        2 => {
            clear();
            std::fs::write(&file, "2\n").unwrap();
        }
        3 => clear(),
        4 => {
            clear();
            std::os::unix::fs::symlink("1", &file).unwrap();
        }
        5 => _ = sandbox.script(&format!("{}/mode", dir.file_name().unwrap().display()), ""),
        6 => _ = sandbox.git_in(dir, &["add", "--all"]),
        _ => _ = sandbox.commit_in(dir, &[], "all"),
    }
}

#[test]
fn what_a_task_changes_is_what_git_says_it_changes() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let files = ["a", "d/x", "d/y", "e/f/g", "mode"].map(|path| (path, "1\n"));
    let base = sandbox.commit(&files, "files");
    sandbox.commit(&[(".gitignore", "n.log\n")], "ignore");
    sandbox.ok(&["start", "A", "B"]);
    let (a, b) = (sandbox.place("A"), sandbox.place("B"));
    let pool = ["a", "d", "d/x", "d/y", "e/f", "e/f/g", "e/f/g/h", "n", "n.log", "mode", "."];
    let mut state = 1usize;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for round in 0..8 {
        for _ in 0..4 {
            meddle(&sandbox, &b, pool[next() % 10], next());
        }
        let start = sandbox.git_in(&b, &["merge-base", "main", "HEAD"]);
        let committed = sandbox.git_in(&b, &["diff", "--name-only", "--no-renames", &start, "HEAD"]);
        let committed: BTreeSet<String> = committed.lines().map(str::to_owned).collect();
        let uncommitted = changed_by_git(&sandbox, &b);
        for asked in pool {
            let below = |path: &str| asked == "." || path == asked || path.starts_with(&format!("{asked}/"));
            let answer = check(&sandbox, &a, &[asked]);
            let rows = answer["changes"].as_array().unwrap().iter();
            let told = |wanted: fn(&Value) -> bool| -> BTreeSet<String> {
                let told = rows.clone().filter(|row| wanted(row)).map(|row| row["path"].as_str().unwrap().to_owned());
                told.filter(|path| below(path)).collect()
            };
            let truth = |all: &BTreeSet<String>| -> BTreeSet<String> {
                all.iter().filter(|path| below(path)).cloned().collect()
            };
            let status = sandbox.git_in(&b, &["status", "--short"]);
            assert_eq!(told(|row| row.get("committed").is_some()), truth(&committed), "{round} {asked}: {answer}");
            assert_eq!(told(|row| row["uncommitted"] == true), truth(&uncommitted), "{round} {asked}: {status}");
        }
    }
    assert_ne!(sandbox.git(&["rev-parse", "task/B"]), base, "something was committed");
}
