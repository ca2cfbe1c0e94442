//! `git dispatch check`: who else changes a path, and whether that would collide.

mod oracle;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TASKS: &str = r#"version = 1
target = "main"
workers = 9

[task.A]
title = "Pool"
writes = ["src/pool/**"]

[task.B]
title = "Metrics"
writes = ["docs/*.md"]

[task.C]
title = "Runner"
"#;

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

/// A, B and C are started; `main` has a few files.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    let files = [("src/a.rs", TEN), ("src/b.rs", "b\n"), ("src/deep/c.rs", "c\n"), (".gitignore", "*.log\n")];
    sandbox.commit(&files, "files");
    sandbox.ok(&["start", "A", "B", "C"]);
    sandbox
}

/// `check --json` in `dir`; its exit code must fit its answer.
#[track_caller]
fn check(sandbox: &Sandbox, dir: &Path, paths: &[&str]) -> Value {
    let mut arguments = vec!["check", "--json", "--"];
    arguments.extend(paths);
    let outcome = sandbox.run_in(dir, &arguments);
    let answer = outcome.json();
    assert_eq!(outcome.code, Some(i32::from(answer["collides"] == true)), "{outcome:#?}");
    answer
}

/// Of each change its path, its task, and what becomes of it.
fn told(answer: &Value) -> Vec<(&str, &str, Value)> {
    let text = |value: &'_ Value| -> &'static str { value.as_str().unwrap().to_owned().leak() };
    let changes = answer["changes"].as_array().unwrap().iter();
    changes.map(|one| (text(&one["path"]), text(&one["task"]), one["collides"].clone())).collect()
}

#[test]
fn a_path_that_another_task_has_committed_or_only_written_would_collide() {
    let sandbox = started();
    let (a, b, c) = (sandbox.place("A"), sandbox.place("B"), sandbox.place("C"));
    assert_eq!(told(&check(&sandbox, &a, &["src/b.rs"])), []);
    let tip = sandbox.commit_in(&b, &[("src/b.rs", "B\n")], "work");
    write_in(&c, "src/b.rs", "C\n");
    let before = sandbox.snapshot();
    let answer = check(&sandbox, &a, &["src/b.rs"]);
    assert_eq!(sandbox.snapshot(), before, "it changes nothing");
    assert_eq!(told(&answer), [("src/b.rs", "B", json!(true)), ("src/b.rs", "C", json!(true))]);
    let (first, second) = (&answer["changes"][0], &answer["changes"][1]);
    assert_eq!((&first["committed"], &first["uncommitted"]), (&json!(tip), &json!(false)));
    assert_eq!((first["branch"].as_str(), first["title"].as_str()), (Some("task/B"), Some("Metrics")));
    assert_eq!(first["worktree"], b.to_str().unwrap());
    assert_eq!((second.get("committed"), &second["uncommitted"]), (None, &json!(true)));
    assert_eq!((&answer["task"], &answer["paths"]), (&json!("A"), &json!(["src/b.rs"])));
    assert_eq!(told(&check(&sandbox, &a, &["src/a.rs", "README"])), []);
    sandbox.run_in(&a, &["check", "src/b.rs"]).exits(1).answers(&format!("committed at {}", &tip[..7])).answers("B ");
    assert_eq!(sandbox.run_in(&a, &["check", "-q", "src/b.rs"]).exits(1).stdout, "");
    assert_eq!(sandbox.run_in(&a, &["check", "src/a.rs"]).exits(0).stdout, "");
}

#[test]
fn ones_own_work_and_what_has_landed_stand_in_nobodys_way() {
    let sandbox = started();
    let (a, b) = (sandbox.place("A"), sandbox.place("B"));
    sandbox.commit_in(&a, &[("src/b.rs", "A\n")], "work");
    assert_eq!(told(&check(&sandbox, &a, &["src/b.rs"])), []);
    assert_eq!(told(&check(&sandbox, &b, &["src/b.rs"])), [("src/b.rs", "A", json!(true))]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    assert_eq!(told(&check(&sandbox, &b, &["src/b.rs"])), []);
}

#[test]
fn a_squashed_branch_has_landed() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("src/b.rs", "A\n")], "work");
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit(&[], "squashed");
    assert_eq!(told(&check(&sandbox, &sandbox.place("B"), &["src/b.rs", "src/pool/x"])), []);
}

#[test]
fn what_a_branch_got_from_the_target_is_not_its_own() {
    let sandbox = started();
    let (a, b) = (sandbox.place("A"), sandbox.place("B"));
    sandbox.commit(&[("src/b.rs", "main\n")], "on main");
    sandbox.commit_in(&a, &[("src/a.rs", "A\n")], "work");
    sandbox.git_in(&a, &["merge", "--quiet", "main"]);
    assert_eq!(told(&check(&sandbox, &b, &["src/b.rs"])), []);
    assert_eq!(told(&check(&sandbox, &b, &["src/a.rs"])), [("src/a.rs", "A", json!(true))]);
    sandbox.git_in(&a, &["reset", "--quiet", "--hard", "HEAD^"]);
    sandbox.git_in(&a, &["rebase", "--quiet", "main"]);
    assert_eq!(told(&check(&sandbox, &b, &["src/b.rs"])), []);
}

#[test]
fn a_path_that_both_changed_collides_only_if_it_does_not_merge() {
    let sandbox = started();
    let (a, b) = (sandbox.place("A"), sandbox.place("B"));
    sandbox.commit_in(&a, &[("src/a.rs", &TEN.replace("1\n2\n", "one\n2\n")), ("src/b.rs", "A\n")], "work");
    sandbox.commit_in(&b, &[("src/a.rs", &TEN.replace("9\n10\n", "9\nten\n"))], "work");
    assert_eq!(told(&check(&sandbox, &a, &[])), [("src/a.rs", "B", json!(false))]);
    assert_eq!(told(&check(&sandbox, &a, &["src/a.rs"])), [("src/a.rs", "B", json!(false))]);
    sandbox.run_in(&a, &["check"]).exits(0).answers("merges");
    sandbox.commit_in(&b, &[("src/b.rs", "B\n")], "more");
    let answer = check(&sandbox, &a, &[]);
    assert_eq!(told(&answer), [("src/a.rs", "B", json!(false)), ("src/b.rs", "B", json!(true))]);
    assert_eq!((&answer["changes"][1]["here"], &answer["paths"]), (&json!(true), &json!(["src/a.rs", "src/b.rs"])));
    write_in(&sandbox.place("C"), "src/b.rs", "C\n");
    write_in(&sandbox.place("C"), "new", "C\n");
    let answer = check(&sandbox, &sandbox.place("C"), &[]);
    assert_eq!((answer["collides"].clone(), answer["paths"].clone()), (json!(true), json!(["new", "src/b.rs"])));
}

#[test]
fn a_file_that_another_task_renames_deletes_or_shadows_would_collide() {
    let sandbox = started();
    let (a, b, c) = (sandbox.place("A"), sandbox.place("B"), sandbox.place("C"));
    sandbox.git_in(&b, &["mv", "src/a.rs", "src/z.rs"]);
    sandbox.git_in(&b, &["mv", "src/deep", "src/deeper"]);
    sandbox.commit_in(&b, &[("notes", "a file\n")], "moved");
    std::fs::remove_file(c.join("src/b.rs")).unwrap();
    write_in(&c, "notes/x", "in a folder\n");
    assert_eq!(told(&check(&sandbox, &a, &["src/a.rs"])), [("src/a.rs", "B", json!(true))]);
    assert_eq!(told(&check(&sandbox, &a, &["src/b.rs"])), [("src/b.rs", "C", json!(true))]);
    let new = check(&sandbox, &a, &["src/deep/new.rs"]);
    assert_eq!(told(&new), [("src/deep", "B", json!(true))], "the folder is gone there");
    let shadowed = check(&sandbox, &a, &["notes/y"]);
    assert_eq!(told(&shadowed), [("notes", "B", json!(true))]);
    assert_eq!(told(&check(&sandbox, &a, &["notes"])), [("notes", "B", json!(true)), ("notes/x", "C", json!(true))]);
    sandbox.commit_in(&a, &[("src/a.rs", &TEN.replace('5', "five"))], "edited");
    assert_eq!(told(&check(&sandbox, &a, &["src/a.rs"])), [("src/a.rs", "B", json!(false))], "git follows the rename");
    sandbox.commit_in(&b, &[("src/z.rs", &TEN.replace('5', "V"))], "edited");
    assert_eq!(told(&check(&sandbox, &a, &["src/a.rs"])), [("src/a.rs", "B", json!(true))]);
    let all = check(&sandbox, &a, &[]);
    assert_eq!(told(&all), [("src/a.rs", "B", json!(true)), ("src/z.rs", "B", json!(true))]);
}

#[test]
fn new_files_count_and_ignored_ones_do_not() {
    let sandbox = started();
    let (a, b, c) = (sandbox.place("A"), sandbox.place("B"), sandbox.place("C"));
    for name in ["new.rs", "out.log", "src/added.rs", "forced.log"] {
        write_in(&b, name, "B\n");
    }
    sandbox.git_in(&b, &["add", "--force", "src/added.rs", "forced.log"]);
    write_in(&c, "new.rs", "C\n");
    let new = [("new.rs", "B", json!(true)), ("new.rs", "C", json!(true))];
    assert_eq!(told(&check(&sandbox, &a, &["new.rs"])), new);
    assert_eq!(told(&check(&sandbox, &a, &["out.log"])), []);
    assert_eq!(told(&check(&sandbox, &a, &["src/added.rs"])), [("src/added.rs", "B", json!(true))]);
    assert_eq!(told(&check(&sandbox, &a, &["forced.log"])), [("forced.log", "B", json!(true))]);
    std::fs::write(c.join(".gitignore"), "new.*\n").unwrap();
    assert_eq!(told(&check(&sandbox, &a, &["new.rs"])), new[..1]);
}

#[test]
fn a_folder_stands_for_everything_below_it() {
    let sandbox = started();
    let (a, b, c) = (sandbox.place("A"), sandbox.place("B"), sandbox.place("C"));
    sandbox.commit_in(&b, &[("src/deep/c.rs", "B\n"), ("srcs", "no\n")], "work");
    write_in(&c, "src/x/y/z", "C\n");
    let below = [("src/deep/c.rs", "B", json!(true)), ("src/x/y/z", "C", json!(true))];
    assert_eq!(told(&check(&sandbox, &a, &["src"])), below);
    assert_eq!(told(&check(&sandbox, &a, &["src/"])), below);
    assert_eq!(told(&check(&sandbox, &a.join("src"), &["."])), below);
    assert_eq!(told(&check(&sandbox, &a.join("src/deep"), &["../x", "c.rs", "../../README"])), below);
    assert_eq!(told(&check(&sandbox, &a, &[a.join("src/deep").to_str().unwrap()])), below[..1]);
    assert_eq!(told(&check(&sandbox, &a, &["."])).len(), 3);
    let nested = sandbox.run_in(&a.join("src/deep"), &["check", "--json", "c.rs"]).exits(1).json();
    assert_eq!(nested["paths"], json!(["src/deep/c.rs"]));
}

#[test]
fn what_is_only_declared_is_told_and_stops_nobody() {
    let sandbox = started();
    let (a, b) = (sandbox.place("A"), sandbox.place("B"));
    let answer = check(&sandbox, &b, &["src/pool/new.rs"]);
    assert_eq!(told(&answer), [("src/pool/new.rs", "A", json!(false))]);
    let change = &answer["changes"][0];
    assert_eq!(
        (&change["declared"], &change["uncommitted"], change.get("committed")),
        (&json!(true), &json!(false), None)
    );
    sandbox.run_in(&b, &["check", "src/pool"]).exits(0).answers("declared only");
    assert_eq!(told(&check(&sandbox, &a, &["src/pool/new.rs"])), [], "its own");
    sandbox.commit_in(&a, &[("src/pool/new.rs", "A\n")], "work");
    let answer = check(&sandbox, &b, &["src/pool"]);
    assert_eq!(told(&answer), [("src/pool/new.rs", "A", json!(true))], "told once");
    assert_eq!(answer["changes"][0]["declared"], true);
}

#[test]
fn it_works_from_the_main_worktree_and_any_other() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("B"), &[("src/b.rs", "B\n")], "work");
    let row = [("src/b.rs", "B", json!(true))];
    let answer = check(&sandbox, &sandbox.repo(), &["src/b.rs"]);
    assert_eq!((told(&answer), answer.get("task")), (row.to_vec(), None));
    assert_eq!(told(&check(&sandbox, &sandbox.repo(), &[])), []);
    let other = sandbox.worktree("other", "feature", "main");
    sandbox.commit_in(&other, &[("src/b.rs", "feature\n")], "work");
    assert_eq!(told(&check(&sandbox, &other, &[])), row);
    sandbox.git_in(&other, &["checkout", "--quiet", "--detach"]);
    assert_eq!(told(&check(&sandbox, &other, &[])), row);
    sandbox.git_in(&sandbox.place("B"), &["checkout", "--quiet", "--detach", "main"]);
    write_in(&sandbox.place("B"), "src/a.rs", "B\n");
    assert_eq!(told(&check(&sandbox, &sandbox.repo(), &["src/a.rs"])), [("src/a.rs", "B", json!(true))]);
}

#[test]
fn a_bare_repository_has_worktrees_to_run_it_in() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    sandbox.run_in(&bare, &["start", "A", "B"]).exits(0);
    let (a, b) = (sandbox.root().join("bare-task-A"), sandbox.root().join("bare-task-B"));
    write_in(&b, "README", "B\n");
    assert_eq!(told(&check(&sandbox, &a, &["README"])), [("README", "B", json!(true))]);
    let outcome = sandbox.run_in(&bare, &["check", "README"]).exits(128);
    assert_eq!(outcome.says("this operation must be run in a work tree").stdout, "");
}

#[test]
fn hostile_paths_reach_git_whole_and_the_terminal_escaped() {
    let sandbox = started();
    let (a, b) = (sandbox.place("A"), sandbox.place("B"));
    let names: [&[u8]; 7] = [b":(top)*", b"--help", b"a\x1b[31m\nb", b"\xff\xfe", b"*", "\u{202e}x".as_bytes(), b"a b"];
    for name in names {
        std::fs::write(b.join(OsStr::from_bytes(name)), "B\n").unwrap();
    }
    let run = |name: &[u8], json: bool| {
        let mut command = sandbox.dispatch_in(&a, if json { &["check", "--json", "--"] } else { &["check", "--"] });
        Outcome::of(&command.arg(OsStr::from_bytes(name)).output().unwrap())
    };
    for name in names {
        let answer = run(name, true).exits(1).json();
        assert_eq!(answer["changes"].as_array().unwrap().len(), 1, "{name:?}: {answer}");
        assert_eq!(answer["changes"][0]["path"], json!(String::from_utf8_lossy(name)));
    }
    let shown = run(b"a\x1b[31m\nb", false).exits(1).answers("a\\e[31m\\nb  B");
    assert_eq!(shown.stdout.lines().count(), 2, "{shown:#?}");
    sandbox.commit_in(&b, &[], "all of them");
    for name in names {
        assert_eq!(run(name, true).exits(1).json()["changes"].as_array().unwrap().len(), 1, "{name:?}");
    }
}

#[test]
fn content_that_git_converts_is_no_change() {
    let sandbox = started();
    let (a, b) = (sandbox.place("A"), sandbox.place("B"));
    sandbox.commit(
        &[(".gitattributes", "*.txt text\nid ident\n*.up filter=up\n"), ("w.txt", "1\n2\n"), ("id", "$Id$\n")],
        "x",
    );
    sandbox.git_in(&b, &["merge", "--quiet", "main"]);
    write_in(&b, "w.txt", "1\r\n2\r\n");
    sandbox.git(&["config", "filter.up.clean", "tr a-z A-Z"]);
    write_in(&b, "name.up", "ABC\n");
    sandbox.commit_in(&b, &[], "filtered");
    write_in(&b, "name.up", "abc\n");
    assert_eq!(sandbox.git_in(&b, &["status", "--porcelain"]), "", "the filter makes it the same");
    for path in ["w.txt", "id"] {
        assert_eq!(told(&check(&sandbox, &a, &[path])), [], "{path}");
    }
    let filtered = check(&sandbox, &a, &["name.up"]);
    assert_eq!(filtered["changes"][0]["uncommitted"], json!(false), "{filtered}");
    write_in(&b, "w.txt", "1\r\nx\r\n");
    assert_eq!(told(&check(&sandbox, &a, &["w.txt"])), [("w.txt", "B", json!(true))]);
}

#[test]
fn modes_links_and_sparse_worktrees_are_read_as_git_reads_them() {
    let sandbox = started();
    let (a, b, c) = (sandbox.place("A"), sandbox.place("B"), sandbox.place("C"));
    std::os::unix::fs::symlink("README", sandbox.repo().join("link")).unwrap();
    sandbox.commit(&[], "a link");
    sandbox.git_in(&b, &["merge", "--quiet", "main"]);
    sandbox.git_in(&c, &["sparse-checkout", "set", "docs"]);
    let b_has = |path: &str| told(&check(&sandbox, &a, &[path])).len();
    assert_eq!((b_has("link"), b_has("src/b.rs"), b_has("link/below")), (0, 0, 0));
    sandbox.script("repo-task-B/src/b.rs", "");
    write_in(&b, "src/b.rs", "b\n");
    std::fs::remove_file(b.join("link")).unwrap();
    std::os::unix::fs::symlink("src", b.join("link")).unwrap();
    assert_eq!((b_has("link"), b_has("src/b.rs")), (1, 1));
    std::fs::remove_dir_all(b.join("src")).unwrap();
    // What a link leads to is none of git's.
    let elsewhere = sandbox.root().join("elsewhere/below");
    std::fs::create_dir_all(&elsewhere).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, elsewhere.join(".gitignore"), rustix::fs::Mode::RWXU).unwrap();
    std::os::unix::fs::symlink(sandbox.root().join("elsewhere"), b.join("src")).unwrap();
    assert_eq!(told(&check(&sandbox, &a, &["src/b.rs"])).len(), 2, "deleted, and a link in its place");
}

#[test]
fn a_broken_worktree_is_named_and_hides_no_other() {
    let sandbox = started();
    let (a, b, c) = (sandbox.place("A"), sandbox.place("B"), sandbox.place("C"));
    write_in(&b, "src/b.rs", "B\n");
    std::fs::write(c.join(".git"), "gitdir: /nowhere\n").unwrap();
    assert_eq!(told(&check(&sandbox, &a, &["src/b.rs"])), [("src/b.rs", "B", json!(true))]);
    std::fs::remove_dir_all(&b).unwrap();
    assert_eq!(told(&check(&sandbox, &a, &["src/b.rs"])), []);
}

#[test]
fn wrong_usage_is_told_apart_from_the_answer_yes() {
    let sandbox = started();
    let a = sandbox.place("A");
    for outside in ["../x", "/", "", "../repo-task-AB/x"] {
        let outcome = sandbox.run_in(&a, &["check", "--json", "--", outside]).exits(2).says("error: ").says("hint: ");
        assert_eq!(outcome.stdout, "");
    }
    sandbox.run_in(&sandbox.root(), &["check", "x"]).exits(128);
}

#[test]
fn where_the_index_of_another_worktree_is_damaged_the_rest_is_told_and_the_exit_code_says_so() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n[task.C]\n");
    sandbox.commit(&[("dir/file", "1\n"), ("other", "1\n")], "files");
    sandbox.ok(&["start", "A", "B", "C"]);
    let index = sandbox.git_in(&sandbox.place("B"), &["rev-parse", "--absolute-git-dir"]) + "/index";
    std::fs::write(index, "garbage").unwrap();
    let here = sandbox.place("A");
    let check = |paths: &[&str]| {
        let arguments = [&["check"], paths].concat();
        Outcome::of(&sandbox.dispatch_in(&here, &arguments).output().unwrap())
    };
    let named = "warning: could not look at the branch or worktree of task 'B'\n";
    check(&["dir"]).exits(128).says(named);
    write_in(&sandbox.place("C"), "dir/file", "of C\n");
    write_in(&here, "dir/file", "of A\n");
    check(&["dir"]).exits(1).says(named).answers("dir/file  C");
}
