//! Repositories of every shape, and every place to stand in them.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\n";

/// The program in `dir` with these variables.
fn run_with(sandbox: &Sandbox, dir: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let mut command = sandbox.dispatch_in(dir, arguments);
    command.envs(variables.iter().copied());
    Outcome::of(&command.output().unwrap())
}

/// git in `dir`, which finds the program as its subcommand.
fn git_dispatch(sandbox: &mut Sandbox, dir: &Path, arguments: &[&str]) -> Outcome {
    let bin = Path::new(env!("CARGO_BIN_EXE_git-dispatch")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), sandbox.path());
    sandbox.env("PATH", &path);
    Outcome::of(&sandbox.try_git_in(dir, arguments))
}

#[test]
fn the_answer_is_the_same_wherever_one_stands() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n"), ("dispatch.toml", "[task.OWN]\n")], "work");
    let (repo, linked) = (sandbox.repo(), sandbox.place("A"));
    for dir in [&repo, &linked] {
        std::fs::create_dir(dir.join("sub")).unwrap();
    }
    let dot_git = repo.join(".git").display().to_string();
    let admin = repo.join(".git/worktrees/repo-task-A").display().to_string();
    let (here, there) = (repo.display().to_string(), linked.display().to_string());
    for arguments in [["status", "--json"].as_slice(), &["plan", "--json"], &["log"]] {
        let expected = sandbox.ok(arguments).stdout;
        let places: [(&Path, &[(&str, &str)]); 11] = [
            (&repo.join(".git"), &[]),
            (&repo.join(".git"), &[("GIT_DIR", ".")]),
            (&repo.join("sub"), &[]),
            (&linked, &[]),
            (&linked.join("sub"), &[]),
            (&linked, &[("GIT_DIR", &dot_git)]),
            (&repo, &[("GIT_DIR", ".git")]),
            (&repo.join("sub"), &[("GIT_DIR", &dot_git), ("GIT_WORK_TREE", &here)]),
            (&linked, &[("GIT_DIR", &admin), ("GIT_WORK_TREE", &there)]),
            (&linked.join("sub"), &[("GIT_DIR", &admin), ("GIT_PREFIX", "sub/")]),
            (&repo, &[("GIT_INDEX_FILE", "/nowhere/index")]),
        ];
        for (dir, variables) in places {
            let outcome = run_with(&sandbox, dir, variables, arguments);
            assert_eq!(outcome.stdout, expected, "{} {variables:?}: {outcome:?}", dir.display());
        }
        let outcome = sandbox.run_in(Path::new("/"), &[&["-C", there.as_str()], arguments].concat());
        assert_eq!(outcome.stdout, expected, "{outcome:?}");
        let dispatch = [&["dispatch"], arguments].concat();
        let alias = format!("alias.d=!git dispatch {}", arguments.join(" "));
        let calls: [(&Path, Vec<&str>); 5] = [
            (Path::new("/"), [&["-C", there.as_str()], dispatch.as_slice()].concat()),
            (&linked, dispatch.clone()),
            (Path::new("/"), [&["--git-dir", &dot_git, "--work-tree", &here], dispatch.as_slice()].concat()),
            (&linked, vec!["-c", &alias, "d"]),
            (&linked.join("sub"), vec!["-c", &alias, "d"]),
        ];
        for (dir, call) in calls {
            let outcome = git_dispatch(&mut sandbox, dir, &call);
            assert_eq!(outcome.stdout, expected, "{} {call:?}: {outcome:?}", dir.display());
        }
    }
}

#[test]
fn worktrees_are_made_in_the_same_place_wherever_one_stands() {
    let sandbox = Sandbox::with_tasks("workers = 9\n[task.A]\n[task.B]\n[task.C]\n[task.D]\n");
    sandbox.ok(&["start", "A"]);
    std::fs::create_dir(sandbox.repo().join("sub")).unwrap();
    let _ = sandbox.run_in(&sandbox.repo().join("sub"), &["start", "B"]).exits(0);
    let _ = sandbox.run_in(&sandbox.place("A"), &["start", "C"]).exits(0);
    let dot_git = sandbox.repo().join(".git").display().to_string();
    let _ = run_with(&sandbox, &sandbox.place("A"), &[("GIT_DIR", &dot_git)], &["start", "D"]).exits(0);
    for id in ["A", "B", "C", "D"] {
        assert!(sandbox.place(id).join("README").exists(), "{id}");
    }
}

#[test]
fn the_callers_index_is_not_touched() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let index = sandbox.root().join("home/index");
    std::fs::copy(sandbox.repo().join(".git/index"), &index).unwrap();
    let own = sandbox.repo().join(".git/index");
    let before = (std::fs::read(&index).unwrap(), std::fs::read(&own).unwrap());
    // Stale stat data, which a refresh would write back.
    write_in(&sandbox.repo(), "README", "hello\n");
    for arguments in [vec!["status"], vec!["start", "A"], vec!["plan"], vec!["adopt", "B", "free"], vec!["log"]] {
        if arguments[0] == "adopt" {
            sandbox.git(&["branch", "free"]);
        }
        let variables = [("GIT_INDEX_FILE", index.to_str().unwrap())];
        let _ = run_with(&sandbox, &sandbox.repo(), &variables, &arguments).exits(0);
        assert_eq!((std::fs::read(&index).unwrap(), std::fs::read(&own).unwrap()), before, "{arguments:?}");
    }
}

#[test]
fn git_c_reaches_the_program() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    let repo = sandbox.repo();
    git_dispatch(&mut sandbox, &repo, &["-c", "dispatch.branch=work/{{ id }}", "dispatch", "start", "A"])
        .exits(0)
        .answers("work/A");
    assert_eq!(sandbox.row("A")["branch"], "work/A");
    git_dispatch(&mut sandbox, &repo, &["-c", "dispatch.workers=none", "dispatch", "status"])
        .exits(2)
        .says("bad config value 'none' for 'dispatch.workers'");
}

#[test]
fn a_file_is_named_from_where_the_command_runs() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.write("conf/other.toml", "[task.X]\n");
    let _ = sandbox
        .run_in(Path::new("/"), &["-C", sandbox.repo().to_str().unwrap(), "--file", "conf/other.toml", "start", "X"])
        .exits(0);
    let _ = sandbox.run_in(&sandbox.repo().join("conf"), &["--file", "other.toml", "status", "X"]).exits(0);
    sandbox.git(&["config", "dispatch.file", "conf/other.toml"]);
    let _ = sandbox.run_in(&sandbox.place("X"), &["status", "X"]).exits(0);
}

#[test]
fn a_bare_repository_with_worktrees_works_end_to_end() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let bare = sandbox.root().join("proj.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let outcome = sandbox.run_in(&bare, &["start", "A", "--json"]).exits(0);
    let place = sandbox.root().join("proj-task-A");
    assert_eq!(outcome.json()["tasks"][0]["worktree"], place.display().to_string());
    sandbox.commit_in(&place, &[("a", "1\n")], "work");
    for dir in [&bare, &place] {
        let row = sandbox.run_in(dir, &["status", "--json"]).exits(0).task("A");
        assert_eq!((&row["commits"], &row["changes"]["untracked"]), (&json!(1), &json!(0)));
    }
    let _ = sandbox.run_in(&place, &["start", "B"]).exits(0);
    assert!(sandbox.root().join("proj-task-B/README").exists());
}

#[test]
fn a_detached_head_and_a_shallow_clone_work() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[("x", "1\n")], "x");
    let origin = format!("file://{}", sandbox.repo().display());
    let clone = sandbox.root().join("shallow");
    sandbox.git(&["clone", "--quiet", "--depth=1", &origin, clone.to_str().unwrap()]);
    sandbox.git_in(&clone, &["checkout", "--quiet", "--detach"]);
    let _ = sandbox.run_in(&clone, &["start", "A"]).exits(0);
    let place = sandbox.root().join("shallow-task-A");
    sandbox.commit_in(&place, &[("a", "1\n")], "work");
    let row = sandbox.run_in(&clone, &["status", "--json"]).exits(0).task("A");
    assert_eq!(
        (&row["state"], &row["commits"], &row["readiness"]["verdict"]),
        (&json!("active"), &json!(1), &json!("clean"))
    );
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let outer = sandbox.root().join("outer");
    std::fs::create_dir(&outer).unwrap();
    sandbox.git_in(&outer, &["init", "--quiet", "--initial-branch=main"]);
    let url = sandbox.repo().display().to_string();
    sandbox.git_in(&outer, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "inner"]);
    let _ = sandbox.run_in(&outer.join("inner"), &["start", "A"]).exits(0);
    let place = outer.join("inner-task-A");
    assert_eq!(sandbox.git_in(&place, &["symbolic-ref", "--short", "HEAD"]), "task/A");
    let row = sandbox.run_in(&place, &["status", "--json"]).exits(0).task("A");
    assert_eq!(row["worktree"], place.display().to_string());
}

#[test]
fn a_sha256_repository_works_end_to_end() {
    let sandbox = Sandbox::empty();
    sandbox.init(&["--object-format=sha256"]);
    sandbox.commit(&[("README", "hello\n"), ("dispatch.toml", TASKS)], "initial commit");
    sandbox.ok(&["start", "A"]);
    sandbox.assert_started(&["A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.commit(&[("main", "1\n")], "main");
    let row = sandbox.row("A");
    assert_eq!(row["tip"].as_str().unwrap().len(), 64);
    assert_eq!((&row["commits"], &row["readiness"]["verdict"]), (&json!(1), &json!("clean")));
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    assert_eq!(sandbox.row("A")["proof"], "ancestor");
}

/// `GIT_TEST_ASSUME_DIFFERENT_OWNER` is git's own way to test `safe.directory`.
#[test]
fn a_repository_of_somebody_else_is_refused_as_git_refuses_it_and_nothing_of_it_runs() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("shared", "1\n")], "work");
    sandbox.commit(&[("shared", "2\n")], "other work");
    let evil = sandbox.script("home/evil", "touch \"$HOME/PWNED\"");
    let evil = evil.to_str().unwrap();
    sandbox.write(".git/info/attributes", "* merge=evil\n");
    sandbox.git(&["config", "merge.evil.driver", evil]);
    sandbox.git(&["config", "core.fsmonitor", evil]);
    for command in [["status"].as_slice(), &["plan"], &["start", "B"], &["lint"], &["complete-ids", "start"]] {
        let outcome =
            run_with(&sandbox, &sandbox.repo(), &[("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")], command).exits(128);
        outcome.says("dubious ownership").says("hint: use 'git config --global --add safe.directory");
    }
    assert!(!sandbox.root().join("home/PWNED").exists());
    sandbox.ok(&["status"]);
    assert!(sandbox.root().join("home/PWNED").exists(), "in one's own repository the driver is one's own, and runs");
}

#[test]
fn no_repository_is_said_as_git_says_it() {
    let sandbox = Sandbox::new();
    for command in [vec!["status", "--json"], vec!["start", "A"]] {
        let outcome = sandbox.run_in(&sandbox.root().join("home"), &command).exits(128);
        outcome.says("error: not a git repository (or any of the parent directories)");
    }
    let outcome = sandbox.refuses(&["status"], 2, "no dispatch.toml in this repository");
    outcome.says("git dispatch init");
}

/// A repository in a folder of this name, with task A started.
fn in_folder(name: &[u8]) -> (Sandbox, PathBuf, Value) {
    let sandbox = Sandbox::with_tasks(TASKS);
    let folder = sandbox.root().join(std::ffi::OsStr::from_bytes(name));
    std::fs::rename(sandbox.repo(), &folder).unwrap();
    let outcome = sandbox.run_in(&folder, &["start", "A", "--json"]).exits(0);
    let row = sandbox.run_in(&folder, &["status", "--json"]).exits(0).task("A");
    assert_eq!(outcome.json()["tasks"][0]["worktree"], row["worktree"]);
    assert_eq!(row["notes"], json!([]));
    assert!(!sandbox.root().join("PWNED").exists() && !folder.join("PWNED").exists());
    (sandbox, folder, row)
}

#[test]
fn folders_of_any_name_hold_a_repository() {
    for name in ["with space", "it's \"quoted\"", "$(touch PWNED)", "#(touch PWNED)", "naïve 日本", "{{ id }}", "%s"]
    {
        let (sandbox, folder, row) = in_folder(name.as_bytes());
        let place = row["worktree"].as_str().unwrap();
        assert!(Path::new(place).join("README").exists(), "{name}: {place}");
        // The line to paste leads there.
        let outcome = sandbox.run_in(&folder, &["start", "B"]).exits(0);
        let cd = outcome.stdout.lines().find(|line| line.starts_with("  cd ")).unwrap().trim().to_owned();
        let shell = sandbox.script("home/paste", &format!("{cd} && pwd\n"));
        sandbox.git_in(&folder, &["config", "alias.paste", &format!("!{}", shell.display())]);
        assert!(sandbox.git_in(&folder, &["paste"]).ends_with("-task-B"), "{cd}");
        assert!(!sandbox.root().join("PWNED").exists() && !folder.join("PWNED").exists());
    }
}

#[test]
fn a_folder_that_is_no_utf8_holds_a_repository() {
    let (sandbox, folder, _) = in_folder(b"caf\xe9");
    sandbox.git_in(&folder, &["fsck", "--no-progress"]);
    let _ = sandbox.run_in(&folder, &["status"]).exits(0);
}

#[test]
fn worktrees_of_others_are_left_as_they_are() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let (moved, locked) = (sandbox.worktree("moved", "moved", "main"), sandbox.worktree("locked", "locked", "main"));
    sandbox.worktree("gone", "gone", "main");
    sandbox.git(&["worktree", "lock", "--reason", "mine", locked.to_str().unwrap()]);
    std::fs::rename(&moved, sandbox.root().join("elsewhere")).unwrap();
    std::fs::remove_dir_all(sandbox.root().join("gone")).unwrap();
    let listing = || {
        let list = sandbox.git(&["worktree", "list", "--porcelain"]);
        list.trim_end().split("\n\n").filter(|one| !one.contains("repo-task-")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = listing();
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["status"]);
    sandbox.ok(&["adopt", "B", "locked"]);
    assert_eq!(listing(), before);
}
