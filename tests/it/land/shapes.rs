//! From where and in which repositories tasks land, and by how many at once.

use super::two;
use crate::support::Sandbox;

#[test]
fn workers_never_land_by_themselves_unless_told() {
    let sandbox = two();
    let before = sandbox.snapshot();
    for folder in [sandbox.place("A"), sandbox.place("B")] {
        for arguments in [&["land"][..], &["land", "A"], &["land", "A", "--force-state"], &["land", "--continue"]] {
            let told = sandbox.run_in(&folder, arguments).exits(3).says("error: ").says("hint: ");
            assert!(told.stderr.contains("--from-worktree"), "{told:#?}");
        }
    }
    assert_eq!(sandbox.snapshot(), before);
    sandbox.run_in(&sandbox.place("B"), &["land", "--from-worktree", "A"]).exits(0);
    assert_eq!(sandbox.on_main(), ["a"]);
}

#[test]
fn tasks_land_from_a_subfolder_and_from_another_worktree() {
    let sandbox = two();
    sandbox.worktree("mine", "mine", "main");
    sandbox.run_in(&sandbox.root().join("mine"), &["land", "A"]).exits(0);
    let folder = sandbox.repo().join("sub");
    std::fs::create_dir(&folder).unwrap();
    sandbox.run_in(&folder, &["land", "B"]).exits(0);
    assert_eq!(
        (sandbox.on_main(), sandbox.git(&["status", "--porcelain"])),
        (vec!["a".into(), "b".into()], String::new())
    );
    assert_eq!(sandbox.git_in(&sandbox.root().join("mine"), &["status", "--porcelain", "--branch"]), "## mine");
}

#[test]
fn what_an_early_end_of_history_hides_is_neither_a_conflict_nor_not_merged() {
    let sandbox = two();
    let end = sandbox.commit(&[("more", "1\n")], "more");
    // As `git fetch --depth=1` leaves it: the commits before are not there.
    std::fs::write(sandbox.repo().join(".git/shallow"), format!("{end}\n")).unwrap();
    for arguments in [
        &["land"][..],
        &["land", "A", "-n"],
        &["land", "A", "--strategy", "squash"],
        &["land", "A", "--strategy", "ff"],
    ] {
        let told = sandbox.refuses(arguments, 3, "error: ").says("hint: use 'git fetch --unshallow' to ");
        let said = told.stderr.to_lowercase();
        assert!(!said.contains("conflict") && !said.contains("not merged"), "{told:#?}");
    }
    std::fs::remove_file(sandbox.repo().join(".git/shallow")).unwrap();
    sandbox.ok(&["land"]);
}

#[test]
fn on_a_remote_tracking_branch_nothing_lands_and_submit_is_named() {
    let sandbox = Sandbox::with_tasks("target = \"origin/main\"\n[task.A]\n");
    sandbox.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../remote.git"]);
    sandbox.git(&["remote", "add", "origin", "../remote.git"]);
    sandbox.git(&["push", "--quiet", "-u", "origin", "main"]);
    super::work(&sandbox, &[("A", &[("a", "a\n")])], &["start", "A"]);
    let told = sandbox.refuses(&["land"], 3, "'origin/main' is no branch of this repository");
    told.says("hint: use 'git dispatch submit'");
}

#[test]
fn two_who_land_at_once_land_each_task_once() {
    for checks in [false, true] {
        let sandbox = two();
        if checks {
            sandbox.checks("test -f a && test -f b");
        }
        let one = || sandbox.run(&["land", "A", "B"]);
        let both = std::thread::scope(|scope| {
            let (first, second) = (scope.spawn(one), scope.spawn(one));
            [first.join().unwrap(), second.join().unwrap()]
        });
        let landed = both.iter().filter(|outcome| outcome.code == Some(0)).count();
        assert_eq!(landed, 1, "{both:#?}");
        assert!(both.iter().all(|outcome| matches!(outcome.code, Some(0 | 1 | 5))), "{both:#?}");
        assert_eq!((sandbox.on_main(), sandbox.count("landed")), (vec!["a".to_owned(), "b".to_owned()], 2));
        assert_eq!(sandbox.git(&["rev-list", "--merges", "--count", "main"]), "2");
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
        assert_eq!(sandbox.stale_locks(), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn two_who_land_one_task_each_at_once_both_land() {
    let sandbox = two();
    let both = std::thread::scope(|scope| {
        let (first, second) =
            (scope.spawn(|| sandbox.run(&["land", "A"])), scope.spawn(|| sandbox.run(&["land", "B"])));
        [first.join().unwrap(), second.join().unwrap()]
    });
    assert!(both.iter().all(|outcome| outcome.code == Some(0)), "{both:#?}");
    assert_eq!((sandbox.on_main(), sandbox.count("landed")), (vec!["a".to_owned(), "b".to_owned()], 2));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}
