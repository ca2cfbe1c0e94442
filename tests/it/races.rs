//! Many starts at once in one repository, with git's own housekeeping beside them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use git_dispatch::git::Repo;

use crate::scene::Outcome;
use crate::support::Sandbox;

/// Runs all of these at once.
fn at_once(sandbox: &Sandbox, commands: &[Vec<&str>]) -> Vec<Outcome> {
    let run = |arguments: &[&str]| Outcome::of(&sandbox.dispatch(arguments).output().unwrap());
    std::thread::scope(|scope| {
        let all: Vec<_> = commands.iter().map(|arguments| scope.spawn(move || run(arguments))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Which batch started each task, which each must have done once.
fn starters(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let mut starters = BTreeMap::new();
    for event in sandbox.events().iter().filter(|event| event["event"] == "starting") {
        for task in event["tasks"].as_array().unwrap() {
            let id = task["id"].as_str().unwrap().to_owned();
            let earlier = starters.insert(id, event["batch"].as_str().unwrap().to_owned());
            assert_eq!(earlier, None, "{task} was started twice: {:#?}", sandbox.events());
        }
    }
    starters
}

#[test]
fn of_starts_that_overlap_each_task_has_one_and_housekeeping_beside_them_takes_nothing() {
    overlap("auto", &[]);
}

#[test]
fn of_starts_that_overlap_by_git_each_task_has_one_too() {
    overlap("git", &[]);
}

#[test]
fn of_starts_that_overlap_in_a_reftable_each_task_has_one_too() {
    let probe = Sandbox::empty();
    if probe.try_git_in(&probe.repo(), &["init", "--quiet", "--ref-format=reftable"]).status.success() {
        overlap("auto", &["--ref-format=reftable"]);
    }
}

fn overlap(checkout: &str, init: &[&str]) {
    let ids = ["T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7"];
    let file: String = ids.iter().map(|id| format!("[task.{id}]\n")).collect();
    let sandbox = Sandbox::empty();
    sandbox.init(init);
    sandbox.commit(&[("dispatch.toml", &format!("workers = 16\n{file}"))], "initial commit");
    sandbox.git(&["config", "dispatch.lockTimeout", "600"]);
    sandbox.git(&["config", "dispatch.checkout", checkout]);
    let alone = ids.iter().map(|id| vec!["start", *id]);
    let pairs = (0..ids.len()).map(|at| vec!["start", ids[at], ids[(at + 1) % ids.len()]]);
    let commands: Vec<Vec<&str>> = alone.chain(pairs).collect();
    let over = AtomicBool::new(false);
    let keep_house = |arguments: &[&str]| {
        while !over.load(Ordering::Relaxed) {
            // Where another git is at it, this one says so and does nothing.
            let _ = sandbox.try_git_in(&sandbox.repo(), arguments);
        }
    };
    let outcomes = std::thread::scope(|scope| {
        scope.spawn(|| keep_house(&["gc", "--quiet", "--prune=now"]));
        scope.spawn(|| keep_house(&["pack-refs", "--all"]));
        scope.spawn(|| keep_house(&["worktree", "prune", "--expire=now"]));
        let outcomes = at_once(&sandbox, &commands);
        over.store(true, Ordering::Relaxed);
        outcomes
    });
    for (command, outcome) in commands.iter().zip(&outcomes) {
        match outcome.code {
            Some(0) => {}
            Some(1) => {
                let whom = |id: &&&str| outcome.stderr.contains(&format!("task '{id}' is already active"));
                assert!(command[1..].iter().any(|id| whom(&id)), "{command:?}: {outcome:#?}");
                assert!(outcome.stderr.contains(" by 'Ada <ada@example.com>' on '"), "{command:?}: {outcome:#?}");
            }
            _ => panic!("{command:?}: {outcome:#?}"),
        }
    }
    let starters = starters(&sandbox);
    assert_eq!(starters.keys().map(String::as_str).collect::<Vec<_>>(), ids);
    let won = outcomes.iter().filter(|outcome| outcome.code == Some(0)).count();
    assert_eq!((sandbox.count("starting"), sandbox.count("started")), (won, won));
    sandbox.git(&["fsck", "--no-progress"]);
    let list = sandbox.git(&["worktree", "list", "--porcelain"]);
    for id in ids {
        let state = sandbox.git_in(&sandbox.place(id), &["status", "--porcelain", "--branch"]);
        assert_eq!(state, format!("## task/{id}"));
        assert_eq!(sandbox.row(id)["state"], "active");
        assert!(
            list.contains(&format!("locked task {id} of git dispatch is active; 'git dispatch drop {id}'")),
            "{list}"
        );
    }
}

#[test]
fn of_starts_of_all_tasks_at_once_one_wins_and_tells_the_others_who() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n[task.C]\n");
    sandbox.git(&["config", "dispatch.lockTimeout", "0"]);
    let outcomes = at_once(&sandbox, &vec![vec!["start", "A", "B", "C"]; 16]);
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|outcome| outcome.code == Some(0));
    assert_eq!(won.len(), 1, "{won:#?} {lost:#?}");
    for outcome in lost {
        let held = outcome.code == Some(5) && outcome.stderr.contains(" is acting on this repository");
        let started = outcome.code == Some(1) && outcome.stderr.contains("is already active on branch");
        assert!(held || started, "{outcome:#?}");
        assert_eq!(outcome.stdout, "");
    }
    sandbox.assert_started(&["A", "B", "C"]);
}

#[test]
fn a_ref_is_what_the_latest_pack_says_though_the_clock_stood_still() {
    let sandbox = Sandbox::with_tasks("[task.A]\n");
    let first = sandbox.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let second = sandbox.git(&["commit-tree", "-m", "second", "-p", "HEAD", "HEAD^{tree}"]).trim().to_owned();
    let repo = Repo::discover(&sandbox.repo()).unwrap();
    for commit in [first, second] {
        sandbox.git(&["update-ref", "refs/heads/task/A", &commit]);
        sandbox.git(&["pack-refs", "--all"]);
        let packed = std::fs::File::options().append(true).open(sandbox.repo().join(".git/packed-refs")).unwrap();
        packed.set_modified(std::time::UNIX_EPOCH).unwrap();
        let found = repo.commit_of("refs/heads/task/A").unwrap().map(|id| id.to_string());
        assert_eq!(found, Some(commit));
    }
}

#[test]
fn a_tag_that_is_called_like_a_branch_in_full_is_not_that_branch() {
    let sandbox = Sandbox::with_tasks("[task.A]\n");
    let tagged = sandbox.git(&["commit-tree", "-m", "tagged", "HEAD^{tree}"]).trim().to_owned();
    sandbox.git(&["update-ref", "refs/tags/refs/heads/task/A", &tagged]);
    sandbox.git(&["update-ref", "refs/tags/refs/notes/dispatch", &tagged]);
    let outcome = sandbox.run(&["start", "A"]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let (branch, main) =
        (sandbox.git(&["rev-parse", "refs/heads/task/A"]), sandbox.git(&["rev-parse", "refs/heads/main"]));
    assert_eq!(branch, main);
}

#[test]
fn beside_a_git_that_packs_refs_no_branch_that_was_undone_comes_back() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let _ = sandbox.try_git_in(&sandbox.repo(), &["pack-refs", "--all"]);
            }
        });
        let all = (0..8).try_for_each(|round| {
            for command in [&["start", "A", "B"][..], &["undo"]] {
                let outcome = sandbox.run(command);
                if outcome.code != Some(0) {
                    return Err(format!("round {round}, {command:?}: {outcome:#?}"));
                }
            }
            let left = sandbox.git(&["for-each-ref", "refs/heads/task", "refs/dispatch"]);
            if left.is_empty() { Ok(()) } else { Err(format!("round {round}: {left}")) }
        });
        over.store(true, Ordering::Relaxed);
        all.unwrap();
    });
    sandbox.git(&["fsck", "--no-progress"]);
    assert_eq!(sandbox.stale_locks(), Vec::<std::path::PathBuf>::new());
}
