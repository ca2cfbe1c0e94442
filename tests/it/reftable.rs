//! Repositories that keep their refs in a reftable: everything is as in one with files, but that git checks out.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::Sandbox;

const TASKS: &str = "workers = 9\n[task.A]\n[task.B]\n[task.C]\nneeds = [\"A\"]\n[task.D]\n[task.E]\n[task.F]\n";

/// With tasks; `None` where git knows no reftable.
fn made(arguments: &[&str]) -> Option<Sandbox> {
    let sandbox = Sandbox::empty();
    let mut init = vec!["init", "--quiet", "--initial-branch=main"];
    init.extend(arguments);
    if !sandbox.try_git_in(&sandbox.repo(), &init).status.success() {
        return None;
    }
    sandbox.init(arguments);
    sandbox.commit(&[("README", "hello\n"), ("dispatch.toml", TASKS)], "initial commit");
    Some(sandbox)
}

fn reftable() -> Option<Sandbox> {
    made(&["--ref-format=reftable"])
}

/// Without what differs from one sandbox, and one moment, to the next: places, random ids, times and ages.
fn plain(value: Value, root: &Path) -> Value {
    let is_random = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_time = |text: &str| text.parse::<jiff::Timestamp>().is_ok();
    match value {
        Value::String(text) if is_random(&text) => Value::from("random"),
        Value::String(text) if is_time(&text) => Value::from("time"),
        Value::String(text) => Value::from(text.replace(root.to_str().unwrap(), "ROOT")),
        Value::Array(all) => all.into_iter().map(|value| plain(value, root)).collect(),
        Value::Object(all) => all
            .into_iter()
            .filter(|(key, _)| !key.contains("seconds") && !key.contains("age") && key != "port")
            .map(|(key, value)| (key, plain(value, root)))
            .collect(),
        other => other,
    }
}

/// What the program says along the way of a repository in which much happens.
fn scenario(sandbox: &Sandbox) -> Vec<Value> {
    let mut said = Vec::new();
    let mut say = |arguments: &[&str]| {
        let outcome = sandbox.run(arguments);
        let json = serde_json::from_str(&outcome.stdout).unwrap_or(Value::from(outcome.stdout));
        said.push(plain(json, &sandbox.root()));
        said.push(plain(Value::from(format!("{:?} {}", outcome.code, outcome.stderr)), &sandbox.root()));
    };
    let (repo, a, b, d) = (sandbox.repo(), sandbox.place("A"), sandbox.place("B"), sandbox.place("D"));
    say(&["status", "--json"]);
    say(&["start", "A", "B", "D", "E"]);
    sandbox.commit_in(&a, &[("a", "1\n")], "work on A");
    sandbox.commit_in(&b, &[("README", "B\n")], "work on B");
    std::fs::write(b.join("new"), "new\n").unwrap();
    sandbox.commit(&[("README", "main\n")], "main goes on");
    say(&["status", "--json"]);
    say(&["start", "--stack", "C"]);
    // Only moved: its commits are another's.
    sandbox.git_in(&d, &["reset", "--quiet", "--hard", "main"]);
    // Detached, then taken back to what only a reflog knows.
    sandbox.git_in(&sandbox.place("E"), &["checkout", "--quiet", "--detach"]);
    say(&["status", "--json"]);
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit_in(&repo, &[], "A, squashed");
    say(&["status", "--json"]);
    say(&["status", "--porcelain"]);
    say(&["restack", "C"]);
    sandbox.git_in(&sandbox.place("E"), &["switch", "--quiet", "task/E"]);
    sandbox.commit_in(&sandbox.place("E"), &[("e", "1\n")], "lost");
    sandbox.git_in(&sandbox.place("E"), &["reset", "--quiet", "--hard", "HEAD^"]);
    say(&["undo", "batch-001"]);
    // A ref that leads to another, one to nowhere, and names that git takes.
    sandbox.git(&["symbolic-ref", "refs/heads/task/F", "refs/heads/main"]);
    sandbox.git(&["symbolic-ref", "refs/heads/nowhere", "refs/heads/none"]);
    for name in ["$(id)", "a;id", "-rf", "\u{202e}x", "scr-1"] {
        sandbox.git(&["update-ref", &format!("refs/heads/{name}"), "main"]);
    }
    say(&["status", "--json"]);
    say(&["plan", "--json"]);
    say(&["adopt", "F", "scr-1"]);
    say(&["undo"]);
    sandbox.git(&["replace", "--graft", "task/B", "main"]);
    say(&["status", "--json"]);
    say(&["status", "--prompt"]);
    sandbox.git(&["replace", "--delete", &sandbox.git(&["rev-parse", "task/B"])]);
    sandbox.git(&["pack-refs", "--all"]);
    say(&["check", "--json"]);
    say(&["why", "B", "--json"]);
    say(&["log", "--json"]);
    sandbox.git(&["branch", "-D", "--quiet", "scr-1"]);
    say(&["status", "--json"]);
    said
}

#[test]
fn the_same_is_said_of_refs_in_files_and_in_a_reftable() {
    for objects in ["--object-format=sha1", "--object-format=sha256"] {
        let Some(tables) = made(&["--ref-format=reftable", objects]) else { return };
        let files = made(&["--ref-format=files", objects]).unwrap();
        let (expected, said) = (scenario(&files), scenario(&tables));
        for (at, (expected, said)) in expected.iter().zip(&said).enumerate() {
            assert_eq!(said, expected, "answer {at}");
        }
        assert!(said.iter().any(|value| value.to_string().contains("restack")), "{said:#?}");
    }
}

#[test]
fn start_and_undo_leave_what_git_knows_and_verbose_says_why_git_checks_out() {
    let Some(sandbox) = reftable() else { return };
    let before = sandbox.snapshot();
    sandbox.ok(&["start", "-v", "A", "B"]).says("git checks out the files: refs are kept in a reftable");
    sandbox.assert_started(&["A", "B"]);
    let listed = sandbox.git(&["worktree", "list", "--porcelain"]);
    assert!(listed.contains("branch refs/heads/task/A") && listed.contains("locked task A"), "{listed}");
    let _ = sandbox.run_in(&sandbox.place("A"), &["status", "--json"]).exits(0);
    sandbox.ok(&["undo"]);
    let ledger = format!("\n{} commit\trefs/notes/dispatch", sandbox.git(&["rev-parse", "refs/notes/dispatch"]));
    assert_eq!(sandbox.snapshot().replace(&ledger, ""), before);
    assert_eq!(sandbox.try_git_in(&sandbox.repo(), &["reflog", "exists", "refs/heads/task/A"]).status.code(), Some(1));
    sandbox.git(&["fsck", "--no-progress"]);
}

#[test]
fn one_broken_worktree_hides_no_other() {
    let Some(sandbox) = reftable() else { return };
    sandbox.ok(&["start", "A", "B"]);
    std::fs::write(sandbox.repo().join(".git/worktrees/repo-task-A/commondir"), "").unwrap();
    assert_eq!(sandbox.try_git_in(&sandbox.repo(), &["worktree", "list"]).status.code(), Some(128));
    assert_eq!(sandbox.row("B")["worktree"], sandbox.place("B").display().to_string());
    std::fs::remove_dir_all(sandbox.repo().join(".git/worktrees/repo-task-B/reftable")).unwrap();
    sandbox.ok(&["status"]);
}

#[test]
fn what_is_under_way_in_a_worktree_is_named() {
    let Some(sandbox) = reftable() else { return };
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit(&[("README", "main\n")], "main");
    for (id, arguments) in [("A", ["cherry-pick", "main"]), ("B", ["merge", "main"])] {
        sandbox.commit_in(&sandbox.place(id), &[("README", "other\n")], "work");
        assert!(!sandbox.try_git_in(&sandbox.place(id), &arguments).status.success(), "it stops with a conflict");
        let notes = sandbox.row(id)["notes"].to_string() + &sandbox.ok(&["status", id]).stdout;
        assert!(notes.contains(arguments[0]), "{notes}");
    }
}

#[test]
fn a_damaged_table_is_named() {
    let Some(sandbox) = reftable() else { return };
    sandbox.git(&["pack-refs", "--all"]);
    let folder = sandbox.repo().join(".git/reftable");
    let list = std::fs::read_to_string(folder.join("tables.list")).unwrap();
    std::fs::set_permissions(folder.join(list.trim()), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(folder.join(list.trim()), "REFT").unwrap();
    let outcome = sandbox.run(&["status"]);
    assert!(outcome.code != Some(0) && outcome.stderr.contains("error: "), "{outcome:#?}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome:#?}");
}

#[test]
fn a_lock_that_a_killed_git_left_goes_and_that_of_a_living_one_stays() {
    let Some(sandbox) = reftable() else { return };
    let folder = sandbox.repo().join(".git/reftable");
    let lock = folder.join("tables.list.lock");
    let age = |path: &Path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    };
    // git holds the lock from `prepare` on.
    #[expect(clippy::disallowed_methods, reason = "git is to live while the program runs")]
    let mut git = Command::new("git");
    git.args(["update-ref", "--stdin"]).current_dir(sandbox.repo()).env_clear().envs(sandbox.environment());
    let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut asked = git.stdin.take().unwrap();
    let mut told = BufReader::new(git.stdout.take().unwrap()).lines();
    asked.write_all(b"start\ncreate refs/notes/other HEAD\nprepare\n").unwrap();
    assert_eq!([told.next().unwrap().unwrap(), told.next().unwrap().unwrap()], ["start: ok", "prepare: ok"]);
    age(&lock);
    let refused = sandbox.run(&["start", "A"]);
    assert!(refused.code != Some(0) && refused.stderr.contains("error: "), "{refused:#?}");
    assert!(lock.exists(), "it is held");
    asked.write_all(b"commit\n").unwrap();
    assert_eq!(told.next().unwrap().unwrap(), "commit: ok");
    drop(asked);
    assert!(git.wait().unwrap().success());
    sandbox.git(&["update-ref", "-d", "refs/notes/other"]);
    // Nobody's any more.
    for name in ["tables.list.lock", "0x000000000001-0x000000000002-01234567.ref.lock"] {
        std::fs::write(folder.join(name), "").unwrap();
        age(&folder.join(name));
    }
    sandbox.ok(&["start", "A"]);
    sandbox.assert_started(&["A"]);
    assert!(sandbox.stale_locks().is_empty());
}

#[test]
fn the_prompt_is_answered_without_git() {
    let Some(sandbox) = reftable() else { return };
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.ok(&["status"]);
    let prompt = |dir: &Path| sandbox.run_in(dir, &["status", "--prompt"]).exits(0).stdout;
    assert_eq!(prompt(&sandbox.repo()), "2 active 1 ready\n");
    assert_eq!(prompt(&sandbox.place("A")), "A +1 | 2 active 1 ready\n");
    sandbox.git(&["pack-refs", "--all"]);
    assert_eq!(prompt(&sandbox.place("A")), "A +1 | 2 active 1 ready\n", "packed refs are where they were");
    sandbox.commit(&[("main", "1\n")], "on main");
    assert_eq!(prompt(&sandbox.repo()), "2 active 1 ready~\n");
}

#[test]
fn a_git_that_knows_no_reftable_is_said_to_be_too_old() {
    if reftable().is_some() {
        return; // This one knows it.
    }
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.refStorage", "reftable"]);
    for arguments in [vec!["plan"], vec!["start", "A"], vec!["status"]] {
        let outcome = sandbox.run(&arguments).exits(128);
        outcome.says("this repository keeps its refs in a reftable").says("hint: install git 2.45 or newer");
    }
}
