//! What a command leaves behind that a signal ends.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Sandbox;

/// Whoever waits longer than this waits for nothing.
const LONGEST: Duration = Duration::from_secs(100);

/// A task whose merge takes as long as the file `busy` is there: git runs a merge driver that waits. What is temporary is in
/// `temp`.
fn started() -> Sandbox {
    let mut sandbox = Sandbox::with_tasks("[task.A]\n");
    let temp = sandbox.root().join("temp");
    std::fs::create_dir(&temp).unwrap();
    sandbox.env("TMPDIR", temp.to_str().unwrap());
    sandbox.commit(&[(".gitattributes", "file merge=slow\n"), ("file", "base\n")], "base");
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("file", "theirs\n")], "theirs");
    sandbox.commit(&[("file", "ours\n")], "ours");
    let driver = format!("cd {} && : >merging && while test -e busy; do sleep 0.05; done", sandbox.root().display());
    sandbox.git(&["config", "merge.slow.driver", &driver]);
    std::fs::write(sandbox.root().join("busy"), "").unwrap();
    sandbox
}

fn left(sandbox: &Sandbox) -> Vec<PathBuf> {
    std::fs::read_dir(sandbox.root().join("temp")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[track_caller]
fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < LONGEST, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The program in the middle of a merge.
fn merging(sandbox: &Sandbox, shell: &str) -> Child {
    #[expect(clippy::disallowed_methods, reason = "the shell sets what the program inherits")]
    let mut command = Command::new("/bin/sh");
    command.args(["-c", shell, "sh", env!("CARGO_BIN_EXE_git-dispatch"), "status"]);
    command.current_dir(sandbox.repo()).env_clear().envs(sandbox.environment()).stdout(Stdio::null());
    let child = command.spawn().unwrap();
    wait("a merge", || sandbox.root().join("merging").exists());
    assert_eq!(left(sandbox).len(), 1, "it has a temp dir");
    child
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_signal_ends_status_as_it_always_does_and_nothing_temporary_is_left() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let sandbox = started();
        let mut child = merging(&sandbox, "exec \"$@\"");
        send(&child, signal);
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status:?}");
        assert_eq!(left(&sandbox), Vec::<PathBuf>::new(), "{signal:?}");
        std::fs::remove_file(sandbox.root().join("busy")).unwrap();
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let sandbox = started();
    let mut child = merging(&sandbox, "trap '' HUP; exec \"$@\"");
    send(&child, Signal::HUP);
    std::fs::remove_file(sandbox.root().join("busy")).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(left(&sandbox), Vec::<PathBuf>::new());
}
