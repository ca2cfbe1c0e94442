//! `git dispatch wait`: one process waits, others act.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::scene::Outcome;
use crate::support::Sandbox;

/// A test that waits for another process must end at some time.
const PATIENCE: Duration = Duration::from_secs(120);

/// A `wait` that goes on.
struct Waiting {
    child: Child,
    told: Receiver<String>,
    stderr: String,
}

fn lines_of(stderr: ChildStderr) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

impl Waiting {
    /// Begins to wait in `dir`, and returns when the first look has found nothing.
    fn begin_in(sandbox: &Sandbox, dir: &Path, arguments: &[&str]) -> Waiting {
        #[expect(clippy::disallowed_methods, reason = "it goes on while the test does something else")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
        command.arg("wait").args(arguments).current_dir(dir).env_clear().envs(sandbox.environment());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let told = lines_of(child.stderr.take().unwrap());
        let mut waiting = Waiting { child, told, stderr: String::new() };
        waiting.until("waiting for ");
        waiting
    }

    fn begin(sandbox: &Sandbox, arguments: &[&str]) -> Waiting {
        Waiting::begin_in(sandbox, &sandbox.repo(), arguments)
    }

    /// Reads on until a line has this text.
    #[track_caller]
    fn until(&mut self, text: &str) {
        loop {
            let line = self.told.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no {text:?} on stderr: {}", self.stderr));
            self.stderr.push_str(&line);
            self.stderr.push('\n');
            if line.contains(text) {
                return;
            }
        }
    }

    #[track_caller]
    fn goes_on(&mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "{}", self.stderr);
    }

    /// How it ended.
    fn ends(mut self) -> Outcome {
        loop {
            match self.told.recv_timeout(PATIENCE) {
                Ok(line) => self.stderr.push_str(&format!("{line}\n")),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {}", self.stderr),
            }
        }
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code();
        Outcome { code, stdout, stderr: std::mem::take(&mut self.stderr) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TASKS: &str = "[task.A]\n[task.B]\n[task.C]\n[task.N]\nneeds = [\"A\"]\n";

fn started(ids: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&[&["start"], ids].concat());
    sandbox
}

fn work(sandbox: &Sandbox, id: &str) {
    sandbox.commit_in(&sandbox.place(id), &[(id, "1\n")], "work");
}

#[test]
fn it_ends_when_all_are_reported_done() {
    let sandbox = started(&["A", "B"]);
    let mut waiting = Waiting::begin(&sandbox, &[]);
    assert!(waiting.stderr.contains("waiting for A, B until all are done\n"), "{}", waiting.stderr);
    work(&sandbox, "A");
    work(&sandbox, "B");
    sandbox.ok(&["report", "A", "--done"]);
    waiting.until("A is done");
    waiting.goes_on();
    sandbox.run_in(&sandbox.place("B"), &["report", "--done"]).exits(0);
    let ended = waiting.ends().exits(0).says("B is done");
    assert_eq!(ended.stdout, "A  done\nB  done\n");
    // What is so already takes no time.
    let again = sandbox.ok(&["wait", "A", "B", "A"]);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("A  done\nB  done\n", ""));
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/B"]);
    let none = sandbox.ok(&["wait"]);
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "nothing is under way\n"));
}

#[test]
fn a_worker_that_stops_ends_it_with_a_code_of_its_own() {
    let sandbox = started(&["A", "B"]);
    let waiting = Waiting::begin(&sandbox, &["--for", "landed"]);
    sandbox.ok(&["report", "B", "--blocked", "a \u{1b}[31mkey"]);
    let ended = waiting.ends().exits(6).says("hint: use 'git dispatch brief B' to read all that it reported");
    assert_eq!(ended.stdout, "A  active\nB  stopped (blocked)\n   needs: a \\e[31mkey\n");
    let _ = sandbox.run(&["wait"]).exits(6);
    // Who waits for just that has it.
    sandbox.ok(&["wait", "--for", "stopped"]).answers("B  stopped (blocked)\n");
    sandbox.ok(&["wait", "A", "B", "--for", "any"]).answers("A  active\nB  stopped");
    let answer = sandbox.run(&["wait", "--json"]).exits(6).json();
    assert_eq!((&answer["reached"], &answer["timed_out"]), (&json!(false), &json!(false)));
    assert_eq!(answer["tasks"][0], json!({"id": "A", "state": "active"}));
    let (b, report) = (&answer["tasks"][1], &answer["tasks"][1]["report"]);
    assert_eq!(
        (&b["state"], &report["verdict"], &report["done"]),
        (&json!("stopped"), &json!("blocked"), &json!(false))
    );
    assert_eq!((&report["blockers"], &report["tip"]), (&json!(["a \u{1b}[31mkey"]), &sandbox.row("B")["tip"]));
}

#[test]
fn a_commit_wakes_it_and_is_no_answer() {
    let sandbox = started(&["A"]);
    let mut waiting = Waiting::begin(&sandbox, &["A", "--for", "any"]);
    work(&sandbox, "A");
    sandbox.ok(&["report", "A", "--started"]);
    work(&sandbox, "A");
    waiting.goes_on();
    sandbox.ok(&["report", "A", "--done"]);
    waiting.ends().exits(0).answers("A  done\n");
    // A report holds for its commit: the next one makes the task active again.
    work(&sandbox, "A");
    sandbox.run(&["wait", "A", "--timeout", "0"]).exits(1).answers("A  active\n");
}

#[test]
fn a_merge_by_git_lands_a_task() {
    let sandbox = started(&["A", "B"]);
    work(&sandbox, "A");
    // From another worktree, where the refs are packed meanwhile.
    let mut waiting = Waiting::begin_in(&sandbox, &sandbox.place("B"), &["A", "--for", "landed"]);
    sandbox.git(&["pack-refs", "--all"]);
    sandbox.ok(&["report", "A", "--done"]);
    waiting.until("A is done");
    sandbox.git(&["pack-refs", "--all"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    let ended = waiting.ends().exits(0);
    assert_eq!(ended.stdout, "A  landed\n");
    let answer = sandbox.ok(&["wait", "A", "--for", "landed", "--json"]).json();
    let ancestor = json!({"id": "A", "state": "landed", "proof": "ancestor"});
    let mut task = answer["tasks"][0].clone();
    assert_eq!(task["report"].take()["verdict"], "done");
    task.as_object_mut().unwrap().remove("report");
    assert_eq!((&task, &answer["for"], &answer["reached"]), (&ancestor, &json!("landed"), &json!(true)));
}

#[test]
fn any_takes_the_first_of_those_that_are_worked_on() {
    let sandbox = started(&["A", "B", "C"]);
    work(&sandbox, "A");
    work(&sandbox, "B");
    sandbox.ok(&["report", "A", "--done"]);
    let waiting = Waiting::begin(&sandbox, &["--for", "any"]);
    assert!(waiting.stderr.contains("waiting for B, C until one is done or stops"), "{}", waiting.stderr);
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/B"]);
    waiting.ends().exits(0).answers("B  landed\nC  active\n");
}

#[test]
fn it_gives_up_after_the_time_that_was_given() {
    let sandbox = started(&["A", "B"]);
    let looked = sandbox.run(&["wait", "--timeout", "0", "--json"]).exits(1);
    assert_eq!((&looked.json()["timed_out"], looked.stderr.as_str()), (&json!(true), ""));
    let gave_up =
        sandbox.run(&["wait", "--timeout", "1s"]).exits(1).says("waiting for A, B until all are done, at most 1s");
    gave_up.says("warning: gave up after 1s with 2 tasks open").answers("A  active\nB  active\n");
    let quiet = sandbox.run(&["wait", "-q", "--timeout", "0.2s"]).exits(1);
    assert!(!quiet.stderr.contains("waiting for"), "{quiet:#?}");
}

#[test]
fn what_cannot_come_any_more_ends_it() {
    let sandbox = started(&["A", "B"]);
    let waiting = Waiting::begin(&sandbox, &["A", "B"]);
    sandbox.ok(&["undo"]);
    let ended = waiting.ends().exits(3).says("error: task 'A' is no longer started: it will not be done");
    assert_eq!(ended.stdout, "");
    let sandbox = started(&["A", "B"]);
    let mut waiting = Waiting::begin(&sandbox, &["--for", "stopped", "--json"]);
    sandbox.write("dispatch.toml", &TASKS.replace("[task.A]\n", "[task.A]\nstate = \"cancelled\"\n"));
    waiting.until("A is cancelled");
    waiting.goes_on();
    sandbox.write("dispatch.toml", "[task.A]\nstate = \"cancelled\"\n[task.B]\nstate = \"cancelled\"\n");
    let ended =
        waiting.ends().exits(3).says("task 'B' is cancelled: it will not stop").says("use 'git dispatch why A'");
    assert_eq!(ended.stdout, "");
    sandbox.refuses(&["wait", "--for", "any"], 3, "no task is being worked on");
}

#[test]
fn a_signal_ends_it_and_nothing_is_left() {
    let mut sandbox = started(&["A"]);
    let temp = sandbox.root().join("temp");
    std::fs::create_dir(&temp).unwrap();
    sandbox.env("TMPDIR", temp.to_str().unwrap());
    let before = sandbox.snapshot();
    let mut waiting = Waiting::begin(&sandbox, &[]);
    kill_process(Pid::from_child(&waiting.child), Signal::INT).unwrap();
    assert_eq!(waiting.child.wait().unwrap().signal(), Some(Signal::INT.as_raw()));
    assert_eq!((std::fs::read_dir(&temp).unwrap().count(), sandbox.snapshot()), (0, before));
}

#[test]
fn a_task_file_that_is_being_edited_ends_nothing() {
    let sandbox = started(&["A"]);
    let mut waiting = Waiting::begin(&sandbox, &["A"]);
    sandbox.write("dispatch.toml", "[task.A\n");
    waiting.until("warning: could not look, and keeps on waiting: ");
    waiting.goes_on();
    work(&sandbox, "A");
    sandbox.write("dispatch.toml", TASKS);
    sandbox.ok(&["report", "A", "--done"]);
    let _ = waiting.ends().exits(0);
}

#[test]
fn what_nobody_started_is_refused() {
    let sandbox = started(&["A"]);
    let refused = sandbox.refuses(&["wait", "A", "B", "N"], 3, "task 'B' is ready: it was not started");
    refused.says("task 'N' is waiting").says("use 'git dispatch start B' to start it").says("use 'git dispatch why N'");
    sandbox.refuses(&["wait", "X"], 2, "no task 'X' in the task file");
    for bad in ["30", "1d", "-1m", "soon"] {
        let told = sandbox.run(&["wait", &format!("--timeout={bad}")]).exits(2);
        assert_eq!(told.stdout, "");
    }
    let _ = sandbox.run(&["wait", "--for", "ready"]).exits(2).says("[possible values: done, landed, stopped, any]");
    std::fs::remove_dir_all(sandbox.place("A")).unwrap();
    sandbox.git(&["worktree", "unlock", sandbox.place("A").to_str().unwrap()]);
    sandbox.git(&["worktree", "prune"]);
    sandbox.git(&["branch", "-D", "task/A"]);
    sandbox.refuses(&["wait", "A"], 3, "task 'A' is lost: it will not be done");
}
