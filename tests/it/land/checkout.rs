//! Where the target is checked out, and a target that moves meanwhile.

use super::{done, two};
use crate::support::{Sandbox, write_in};

fn status(sandbox: &Sandbox) -> String {
    sandbox.git(&["status", "--porcelain", "--ignored"])
}

#[test]
fn what_is_not_committed_elsewhere_stays_just_so() {
    let sandbox = two();
    write_in(&sandbox.repo(), "README", "changed\n");
    write_in(&sandbox.repo(), "shared", "staged\n");
    write_in(&sandbox.repo(), "staged", "new\n");
    sandbox.git(&["add", "shared", "staged"]);
    write_in(&sandbox.repo(), "shared", "staged, then changed\n");
    write_in(&sandbox.repo(), "folder/untracked", "1\n");
    write_in(&sandbox.repo(), "one.log", "1\n");
    let before = (status(&sandbox), sandbox.git(&["diff"]), sandbox.git(&["diff", "--cached"]));
    assert_eq!(before.0, " M README\nMM shared\nA  staged\n?? folder/\n!! one.log");
    sandbox.ok(&["land"]);
    let after = (status(&sandbox), sandbox.git(&["diff"]), sandbox.git(&["diff", "--cached"]));
    assert_eq!(after, before);
    assert_eq!(std::fs::read_to_string(sandbox.repo().join("a")).unwrap(), "a\n");
    assert_eq!(sandbox.on_main(), ["a", "b"]);
    assert_eq!(sandbox.git(&["stash", "list"]), "");
}

#[test]
fn what_is_not_committed_in_the_way_refuses_by_its_path_and_changes_nothing() {
    type Make = fn(&Sandbox);
    let cases: [(&str, Make); 9] = [
        ("'shared' in '", |sandbox| write_in(&sandbox.repo(), "shared", "mine\n")),
        ("'shared' in '", |sandbox| {
            write_in(&sandbox.repo(), "shared", "mine\n");
            sandbox.git(&["add", "shared"]);
        }),
        ("'shared' in '", |sandbox| {
            write_in(&sandbox.repo(), "shared", "mine\n");
            sandbox.git(&["add", "shared"]);
            write_in(&sandbox.repo(), "shared", "1\n2\n3\n");
        }),
        ("'shared' in '", |sandbox| std::fs::remove_file(sandbox.repo().join("shared")).unwrap()),
        ("'a' in '", |sandbox| write_in(&sandbox.repo(), "a", "mine\n")),
        ("'a' in '", |sandbox| {
            write_in(&sandbox.repo(), "a", "mine\n");
            sandbox.git(&["add", "a"]);
        }),
        ("'a.log' in '", |sandbox| write_in(&sandbox.repo(), "a.log", "mine\n")),
        ("'deep/a' in '", |sandbox| write_in(&sandbox.repo(), "deep", "mine\n")),
        ("'a' in '", |sandbox| write_in(&sandbox.repo(), "a/mine", "mine\n")),
    ];
    for (at, (says, make)) in cases.iter().enumerate() {
        let sandbox =
            done("", &[("B", &[("b", "b\n")]), ("A", &[("a", "a\n"), ("shared", "1\n2\nA\n"), ("deep/a", "a\n")])]);
        let place = sandbox.place("A");
        write_in(&place, "a.log", "a\n");
        sandbox.git_in(&place, &["add", "-f", "a.log"]);
        sandbox.commit_in(&place, &[], "what is ignored");
        sandbox.ok(&["report", "A", "--done"]);
        make(&sandbox);
        let before = (status(&sandbox), sandbox.git(&["diff", "HEAD"]), sandbox.git(&["ls-files", "-s"]));
        let told = sandbox.refuses(&["land"], 3, says);
        assert!(told.stderr.contains("is not committed and would be overwritten"), "case {at}: {told:#?}");
        let after = (status(&sandbox), sandbox.git(&["diff", "HEAD"]), sandbox.git(&["ls-files", "-s"]));
        assert_eq!(after, before, "case {at}");
        assert_eq!(sandbox.count("landing"), 0, "case {at}");
        sandbox.ok(&["land", "B"]);
    }
}

#[test]
fn files_are_brought_along_in_a_linked_worktree_only_where_it_has_the_target() {
    let sandbox = two();
    sandbox.git(&["switch", "-q", "--detach"]);
    let linked = sandbox.root().join("linked");
    sandbox.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    write_in(&linked, "README", "changed\n");
    let here = sandbox.rev("HEAD");
    sandbox.ok(&["land"]);
    assert_eq!(sandbox.git_in(&linked, &["status", "--porcelain", "--branch"]), "## main\n M README");
    assert!(linked.join("a").exists() && linked.join("b").exists());
    assert_eq!((sandbox.rev("HEAD"), sandbox.git(&["status", "--porcelain"])), (here, String::new()));
    assert!(!sandbox.repo().join("a").exists());
    let reflog = sandbox.git_in(&linked, &["reflog", "-1", "--format=%gs", "HEAD"]);
    assert_eq!(reflog, "dispatch: land A, B");
}

#[test]
fn a_target_that_is_not_checked_out_moves_alone() {
    let sandbox = two();
    sandbox.git(&["switch", "-q", "-c", "other"]);
    write_in(&sandbox.repo(), "a", "mine\n");
    sandbox.ok(&["land"]);
    assert_eq!(sandbox.git(&["status", "--porcelain", "--branch"]), "## other\n?? a");
    assert_eq!(sandbox.on_main(), ["a", "b"]);
    assert_eq!(sandbox.git(&["reflog", "-1", "--format=%gs", "main"]), "dispatch: land A, B");
}

#[test]
fn tasks_land_in_a_bare_repository() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n");
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    sandbox.run_in(&bare, &["start", "A", "B"]).exits(0);
    for id in ["A", "B"] {
        sandbox.commit_in(&sandbox.root().join(format!("bare-task-{id}")), &[(id, "1\n")], "work");
        sandbox.run_in(&bare, &["report", id, "--done"]).exits(0);
    }
    sandbox.git_in(&bare, &["config", "dispatch.check", "test -f A && echo ran >>../ran"]);
    sandbox.run_in(&bare, &["land"]).exits(0).answers("main is at ");
    let listed = sandbox.git_in(&bare, &["ls-tree", "--name-only", "main"]);
    assert_eq!(listed, "A\nB\nREADME\ndispatch.toml");
    assert_eq!(sandbox.lines_beside("ran"), ["ran"]);
    assert!(!sandbox.root().join("bare-task-A").exists());
    sandbox.run_in(&bare, &["undo"]).exits(0);
    assert!(sandbox.root().join("bare-task-A").join("A").exists());
}

#[test]
fn what_is_under_way_where_the_target_is_checked_out_refuses() {
    let sandbox = two();
    sandbox.git(&["branch", "other", "task/B"]);
    sandbox.git(&["merge", "-q", "--no-ff", "--no-commit", "other"]);
    sandbox.refuses(&["land", "A"], 3, "a merge is under way in '");
    sandbox.git(&["merge", "--abort"]);
    let stopped = sandbox.try_git_in(&sandbox.repo(), &["rebase", "-q", "--force-rebase", "--exec", "false", "HEAD~1"]);
    assert!(!stopped.status.success());
    sandbox.refuses(&["land", "A"], 3, "a rebase is under way in '");
    sandbox.git(&["rebase", "--abort"]);
    sandbox.ok(&["land", "A"]);
}

#[test]
fn a_target_that_is_checked_out_twice_refuses() {
    let sandbox = two();
    sandbox.git(&["worktree", "add", "-q", "-f", "../twice", "main"]);
    sandbox.refuses(&["land"], 3, "'main' is checked out twice, in '");
    assert_eq!(sandbox.on_main(), Vec::<String>::new());
}

#[test]
fn somebody_elses_index_lock_refuses_before_anything_lands_or_says_how_to_go_on() {
    let sandbox = two();
    let lock = sandbox.repo().join(".git/index.lock");
    std::fs::write(&lock, "").unwrap();
    let main = sandbox.rev("main");
    let told = sandbox.run(&["land"]).says("another git is at work in '");
    assert!(matches!(told.code, Some(3 | 4)), "{told:#?}");
    assert_eq!((sandbox.rev("main"), lock.exists()), (main, true), "it is not ours");
    std::fs::remove_file(lock).unwrap();
    sandbox.ok(&["land"]);
    assert_eq!((sandbox.on_main(), sandbox.count("landed")), (vec!["a".to_owned(), "b".to_owned()], 2));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

/// Writes down each tree that it sees; in its first run it lets `once` happen.
fn check_and_once(sandbox: &Sandbox, once: &str) {
    let script = sandbox.script(
        "check",
        &format!("git rev-parse 'HEAD^{{tree}}' >>../trees\n[ -e ../once ] && exit 0\n: >../once\n{once}\n"),
    );
    sandbox.checks(script.to_str().unwrap());
}

/// The target was checked anew as it became.
fn is_checked(sandbox: &Sandbox) {
    let trees = sandbox.lines_beside("trees");
    assert_eq!((trees.len(), trees.last()), (2, Some(&sandbox.rev("main^{tree}"))), "{trees:?}");
    assert_ne!(trees[0], trees[1]);
}

#[test]
fn a_target_on_which_somebody_commits_during_the_check_is_checked_anew() {
    let sandbox = two();
    check_and_once(&sandbox, "cd ../repo && echo 1 >meanwhile && git add meanwhile && git commit -q -m meanwhile");
    let told = sandbox.ok(&["land", "--json"]).says("something moved meanwhile: deciding anew");
    assert_eq!(told.json()["check"]["state"], "passed");
    is_checked(&sandbox);
    assert_eq!(sandbox.on_main(), ["a", "b", "meanwhile"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.count("landed"), 2);
}

#[test]
fn a_target_that_update_ref_moves_during_the_check_is_checked_anew() {
    let sandbox = two();
    sandbox.git(&["switch", "-q", "--detach"]);
    let once = "cd ../repo && blob=$(echo 1 | git hash-object -w --stdin) && export GIT_INDEX_FILE=../index\n\
        git read-tree main && git update-index --add --cacheinfo 100644,$blob,meanwhile\n\
        git update-ref refs/heads/main $(git commit-tree -p main -m meanwhile $(git write-tree))";
    check_and_once(&sandbox, once);
    sandbox.ok(&["land"]);
    is_checked(&sandbox);
    assert_eq!(sandbox.on_main(), ["a", "b", "meanwhile"]);
}

#[test]
fn work_that_a_worker_adds_during_the_check_does_not_land_unchecked() {
    let sandbox = two();
    check_and_once(&sandbox, "cd ../repo-task-A && echo 1 >late && git add late && git commit -q -m late");
    let told = sandbox.run(&["land", "A", "B"]).exits(4).says("something moved meanwhile: deciding anew");
    told.says("left out: task 'A' was reported at another commit").answers("B ");
    assert_eq!(sandbox.on_main(), ["b"]);
    is_checked(&sandbox);
    assert!(sandbox.place("A").join("late").exists());
}
