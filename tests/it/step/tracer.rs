//! Runs a command and disturbs it before one of the system calls by which its process tree changes files.

use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::kernel::{answer, be_traced, filter, go_on, next, send, stopped, watch};
use crate::scene::Outcome;

/// What happens before the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// The whole process tree is killed; the call does not happen.
    KillTree,
    /// All processes of the tree are asked to end; the call happens.
    TermTree,
    /// The process that makes the call is killed; the call does not happen.
    KillOne,
    /// The call fails: no space left. Only calls that can fail so are counted.
    FullOnce,
    /// That call and all after it that can fail so.
    FullFromThere,
}

/// How a traced command ended.
#[derive(Debug)]
pub struct Traced {
    pub outcome: Outcome,
    /// The call that was disturbed; `None` where the command ended before.
    pub disturbed: Option<String>,
    /// The calls that were counted.
    pub changes: Vec<String>,
}

/// Runs `command` and disturbs it before call number `at`, from 1, of those that change a file below `root`, counted over all
/// its processes and threads together. Returns when all of them have ended.
pub fn trace(mut command: Command, root: &Path, how: Disturbance, at: usize) -> Traced {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let filter = filter();
    // SAFETY: between fork and exec, only system calls.
    unsafe { command.pre_exec(move || be_traced(&filter)) };
    #[expect(clippy::zombie_processes, reason = "the tracer waits for it, as for all others")]
    let child = command.spawn().unwrap();
    let first = child.id() as libc::pid_t;
    let mut tree = Tree { root, how, at, alive: Vec::new(), changes: Vec::new(), disturbed: None, doomed: false };
    let mut code = None;
    while let Some((pid, status)) = next() {
        if libc::WIFSTOPPED(status) {
            tree.stop(pid, status);
            continue;
        }
        tree.alive.retain(|&one| one != pid);
        if pid == first {
            code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
        }
    }
    let text = |file: &mut std::fs::File| {
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let outcome = Outcome { code, stdout: text(&mut out), stderr: text(&mut err) };
    Traced { outcome, disturbed: tree.disturbed, changes: tree.changes }
}

struct Tree<'a> {
    root: &'a Path,
    how: Disturbance,
    at: usize,
    /// Processes and threads, in the order in which they were first seen.
    alive: Vec<libc::pid_t>,
    changes: Vec<String>,
    disturbed: Option<String>,
    /// Whether whatever still shows up is killed.
    doomed: bool,
}

impl Tree<'_> {
    fn stop(&mut self, pid: libc::pid_t, status: libc::c_int) {
        let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
        let new = !self.alive.contains(&pid);
        if new {
            if self.alive.is_empty() {
                watch(pid);
            }
            self.alive.push(pid);
        }
        if self.doomed {
            send(pid, libc::SIGKILL);
        }
        match event {
            // Those that come from others stop once before they begin.
            0 if new => go_on(pid, 0),
            0 => go_on(pid, signal),
            libc::PTRACE_EVENT_SECCOMP => {
                self.call(pid);
                go_on(pid, 0);
            }
            _ => go_on(pid, 0),
        }
    }

    fn call(&mut self, pid: libc::pid_t) {
        let Some(change) = stopped(pid).and_then(|call| call.change(self.root)) else { return };
        let full = matches!(self.how, Disturbance::FullOnce | Disturbance::FullFromThere);
        if self.doomed || (full && !change.fills) {
            return;
        }
        let call = self.changes.len() + 1;
        self.disturbed = self.disturbed.take().or((call == self.at).then(|| change.told.clone()));
        self.changes.push(change.told);
        match self.how {
            Disturbance::FullFromThere if call >= self.at => answer(pid, libc::ENOSPC),
            _ if call != self.at => {}
            Disturbance::FullOnce | Disturbance::FullFromThere => answer(pid, libc::ENOSPC),
            Disturbance::KillOne => send(pid, libc::SIGKILL),
            // The outermost first: else it would hear of the death of what it has started.
            Disturbance::KillTree => {
                self.doomed = true;
                self.alive.iter().for_each(|&one| send(one, libc::SIGKILL));
            }
            Disturbance::TermTree => {
                self.alive.iter().filter(|&&one| is_process(one)).for_each(|&one| send(one, libc::SIGTERM));
            }
        }
    }
}

/// Whether this is no further thread of a process.
fn is_process(pid: libc::pid_t) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("Tgid:").is_some_and(|group| group.trim() == pid.to_string()))
}
