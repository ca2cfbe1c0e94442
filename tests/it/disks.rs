//! Places that cannot be written: told with a hint, and once they can be, the same command reaches the end.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::Outcome;
use crate::support::Sandbox;

const TASKS: &str = "[task.A]\n[task.B]\n[task.C]\n";
const START: [&str; 4] = ["start", "A", "B", "C"];

fn system(program: &str, arguments: &[&str]) -> bool {
    #[expect(clippy::disallowed_methods, reason = "programs of the system change what may be written")]
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

#[expect(clippy::disallowed_macros, reason = "what was skipped is told")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Runs the program as somebody whom permissions stop; `None` where that cannot be done.
fn as_nobody(sandbox: &Sandbox, arguments: &[&str]) -> Option<Outcome> {
    if !rustix::process::geteuid().is_root() {
        return Some(sandbox.run(arguments));
    }
    use std::os::unix::process::CommandExt;
    #[expect(clippy::disallowed_methods, reason = "as another user")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
    command.args(arguments).current_dir(sandbox.repo()).env_clear().envs(sandbox.environment());
    Some(Outcome::of(&command.uid(NOBODY).gid(NOBODY).output().ok()?))
}

const NOBODY: u32 = 65_534;

/// A sandbox that belongs to whom [`as_nobody`] runs as.
fn theirs() -> Sandbox {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    if rustix::process::geteuid().is_root() {
        for (name, value) in
            [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*")]
        {
            sandbox.env(name, value);
        }
        assert!(system("chown", &["-R", "65534:65534", sandbox.root().to_str().unwrap()]));
    }
    sandbox
}

#[test]
fn what_may_not_be_written_is_told_and_nothing_is_lost() {
    type Below = fn(&Sandbox) -> PathBuf;
    let places: [(Below, bool); 2] = [(|sandbox| sandbox.repo().join(".git"), false), (|sandbox| sandbox.root(), true)];
    for (place, begun) in places {
        let sandbox = theirs();
        let before = sandbox.snapshot();
        let place = place(&sandbox);
        let depth = if begun { "-0" } else { "-R" };
        let change = |mode: &str| {
            let path = place.to_str().unwrap();
            assert!(if depth == "-R" { system("chmod", &["-R", mode, path]) } else { system("chmod", &[mode, path]) });
        };
        change("a-w");
        let outcome = as_nobody(&sandbox, &START);
        change("u+w");
        let Some(outcome) = outcome else { return skipped("the program cannot be run as another user") };
        let outcome = outcome.says("error: ").says("Permission denied").says("hint: ");
        if begun {
            outcome.exits(4).says("hint: use 'git dispatch start A' to go on from here");
        } else {
            assert_eq!(outcome.exits(128).stdout, "");
            assert_eq!(sandbox.snapshot(), before);
        }
        sandbox.git(&["fsck", "--no-progress"]);
        let _ = as_nobody(&sandbox, &START).unwrap().exits(0);
        sandbox.assert_started(&["A", "B", "C"]);
    }
}

#[test]
fn what_may_not_be_removed_is_told_and_the_same_undo_goes_on() {
    type Below = fn(&Sandbox) -> PathBuf;
    let places: [(Below, bool); 2] = [(|sandbox| sandbox.repo().join(".git"), false), (|sandbox| sandbox.root(), true)];
    for (place, begun) in places {
        let sandbox = theirs();
        let before = sandbox.git(&["for-each-ref"]);
        let Some(started) = as_nobody(&sandbox, &START) else {
            return skipped("the program cannot be run as another user");
        };
        let _ = started.exits(0);
        let there = sandbox.snapshot();
        let place = place(&sandbox);
        let change = |mode: &str| {
            let path = place.to_str().unwrap();
            assert!(if begun { system("chmod", &[mode, path]) } else { system("chmod", &["-R", mode, path]) });
        };
        change("a-w");
        let outcome = as_nobody(&sandbox, &["undo"]);
        change("u+w");
        let outcome = outcome.unwrap().says("error: ").says("Permission denied").says("hint: ");
        if begun {
            outcome.exits(4).says("hint: use 'git dispatch undo batch-001' to go on from here");
            sandbox.ok(&["status"]).answers("half undone; to go on: git dispatch undo batch-001");
        } else {
            assert_eq!(outcome.exits(128).stdout, "");
            assert_eq!(sandbox.snapshot(), there);
        }
        sandbox.git(&["fsck", "--no-progress"]);
        let _ = as_nobody(&sandbox, &["undo", "batch-001"]).unwrap().exits(0);
        assert_eq!(but_for_the_ledger(&sandbox), before);
        assert!(!sandbox.place("A").exists());
    }
}

fn but_for_the_ledger(sandbox: &Sandbox) -> String {
    let all = sandbox.git(&["for-each-ref"]);
    all.lines().filter(|line| !line.ends_with("refs/notes/dispatch")).collect::<Vec<_>>().join("\n")
}

/// A file system of its own, as long as this lives.
struct Small(tempfile::TempDir);

impl Small {
    /// `None` where this may not mount one.
    fn new(kib: u32) -> Option<Small> {
        let folder = tempfile::Builder::new().prefix("git-dispatch-test-").tempdir().unwrap();
        let size = format!("size={kib}k");
        let mounted =
            system("mount", &["-t", "tmpfs", "-o", &size, "git-dispatch-test", folder.path().to_str().unwrap()]);
        mounted.then_some(Small(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn grow(&self) {
        self.resize("64m");
    }

    /// Leaves this many KiB free.
    fn leave(&self, room: u64) {
        let used = rustix::fs::statvfs(self.path()).unwrap();
        let used = (used.f_blocks - used.f_bfree) * used.f_frsize / 1024;
        self.resize(&format!("{}k", used + room));
    }

    fn resize(&self, size: &str) {
        assert!(system("mount", &["-o", &format!("remount,size={size}"), self.path().to_str().unwrap()]));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        system("umount", &["-l", self.path().to_str().unwrap()]);
    }
}

#[test]
fn on_a_disk_that_fills_half_way_the_same_command_goes_on_once_there_is_room() {
    let mut failed = 0;
    for room in (0..400).step_by(16) {
        let Some(small) = Small::new(65_536) else { return skipped("no file system can be mounted") };
        let sandbox = Sandbox::empty_in(small.path());
        sandbox.init(&["--template="]);
        sandbox.commit(&[("README", "hello\n"), ("dispatch.toml", TASKS)], "initial commit");
        small.leave(room);
        let outcome = sandbox.run(&START);
        if outcome.code == Some(0) {
            sandbox.assert_started(&["A", "B", "C"]);
            drop(sandbox);
            break;
        }
        failed += 1;
        assert!(matches!(outcome.code, Some(4 | 128)) && outcome.stderr.contains("error: "), "{room}: {outcome:#?}");
        sandbox.git(&["fsck", "--no-progress"]);
        sandbox.git(&["--no-optional-locks", "status", "--porcelain"]);
        sandbox.ok(&["status"]);
        small.grow();
        let again = sandbox.run(&START);
        assert_eq!(again.code, Some(0), "{room}: {outcome:#?} {again:#?}");
        sandbox.assert_started(&["A", "B", "C"]);
        drop(sandbox);
    }
    assert!(failed > 3, "only {failed} sizes were too small");
}

#[test]
fn an_undo_on_a_full_disk_goes_on_once_there_is_room() {
    let mut failed = 0;
    for room in (0..100).step_by(8) {
        let Some(small) = Small::new(65_536) else { return skipped("no file system can be mounted") };
        let sandbox = Sandbox::empty_in(small.path());
        sandbox.init(&["--template="]);
        sandbox.commit(&[("README", "hello\n"), ("dispatch.toml", TASKS)], "initial commit");
        let before = sandbox.git(&["for-each-ref"]);
        sandbox.ok(&START);
        small.leave(room);
        let outcome = sandbox.run(&["undo"]);
        let whole = outcome.code == Some(0);
        if !whole {
            failed += 1;
            assert!(matches!(outcome.code, Some(4 | 128)), "{room}: {outcome:#?}");
            let _ = outcome.says("error: ");
            sandbox.git(&["fsck", "--no-progress"]);
            sandbox.ok(&["status"]);
            small.grow();
            sandbox.ok(&["undo", "batch-001"]);
        }
        assert_eq!(but_for_the_ledger(&sandbox), before, "{room}");
        assert!(!sandbox.place("A").exists(), "{room}");
        if whole {
            break;
        }
    }
    assert!(failed > 1, "only {failed} sizes were too small");
}

#[test]
fn a_place_whose_path_is_too_long_changes_nothing_for_good() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.worktree", &format!("../{}-{{{{ id }}}}", "x".repeat(300))]);
    sandbox.refuses(&START, 2, "a component is longer than 250 bytes").says("hint: use 'git config dispatch.worktree");
    sandbox.git(&["config", "dispatch.worktree", &format!("../{}{{{{ id }}}}", "y/".repeat(2500))]);
    sandbox.refuses(&START, 2, "at most 1024 bytes");
}
