//! Whole processes, measured: what they cost, and how that compares with others run in turn with them. Work within one
//! thread, measured likewise, and the problems to measure it with.

pub mod checker;
pub mod data;
pub mod instance;
pub mod network;
pub mod report;
pub mod stage;
pub mod taskfile;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one process and all its children cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// Of the largest of the processes, in KiB.
    pub peak: u64,
}

/// One of several ways to an answer.
pub struct Contender<'a> {
    pub name: String,
    /// Done before each run, not measured; it gets the number of the round.
    pub before: Box<dyn Fn(usize) + 'a>,
    pub command: Box<dyn Fn(usize) -> Command + 'a>,
    /// Whether exit code 1 is an answer, too.
    pub may_say_no: bool,
}

impl<'a> Contender<'a> {
    /// A contender that runs the same command in each round.
    pub fn new(name: &str, command: impl Fn() -> Command + 'a) -> Contender<'a> {
        let command = Box::new(move |_| command());
        Contender { name: name.to_owned(), before: Box::new(|_| ()), command, may_say_no: false }
    }

    /// With exit code 1 as an answer like 0.
    pub fn or_no(mut self) -> Contender<'a> {
        self.may_say_no = true;
        self
    }

    /// With this done before each run.
    pub fn after(mut self, before: impl Fn(usize) + 'a) -> Contender<'a> {
        self.before = Box::new(before);
        self
    }
}

/// Runs the contenders in turn, `rounds` times; the costs of each in the order of the rounds.
pub fn alternate(rounds: usize, contenders: &[Contender<'_>]) -> Vec<Vec<Cost>> {
    alternate_for(Duration::MAX, rounds, contenders)
}

/// Likewise, but a contender that has taken more than `patience` in all takes no part in further rounds.
pub fn alternate_for(patience: Duration, rounds: usize, contenders: &[Contender<'_>]) -> Vec<Vec<Cost>> {
    let mut costs: Vec<Vec<Cost>> = contenders.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for (contender, costs) in contenders.iter().zip(&mut costs) {
            if costs.iter().map(|cost| cost.wall).sum::<Duration>() <= patience {
                (contender.before)(round);
                costs.push(cost(contender, (contender.command)(round)));
            }
        }
    }
    costs
}

/// The CPU time of this thread so far.
pub fn cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid for the call.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "every system has this clock");
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Runs the command to its end, its output thrown away.
pub fn cost(contender: &Contender<'_>, mut command: Command) -> Cost {
    let name = &contender.name;
    let begun = Instant::now();
    #[expect(clippy::zombie_processes, reason = "wait4 waits for it, and tells what it cost")]
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    let mut status = 0;
    // SAFETY: all zeros is a valid `rusage`, which has numbers only.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for the call, and nobody else waits for this child.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    let wall = begun.elapsed();
    assert_eq!(waited, pid, "{name}: nobody else waits for it");
    let most = i32::from(contender.may_say_no);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) <= most, "{name}: failed, {command:?}");
    let time = |time: libc::timeval| Duration::new(time.tv_sec.unsigned_abs(), time.tv_usec as u32 * 1000);
    Cost { wall, cpu: time(usage.ru_utime) + time(usage.ru_stime), peak: usage.ru_maxrss.unsigned_abs() }
}

/// The program that is measured.
pub fn dispatch(dir: &Path, arguments: &[&str]) -> Command {
    program(env!("CARGO_BIN_EXE_git-dispatch"), dir, arguments)
}

/// git, as a script would run it.
pub fn git(dir: &Path, arguments: &[&str]) -> Command {
    program("git", dir, arguments)
}

/// Another program, by its path.
pub fn other(exe: &Path, dir: &Path, arguments: &[&str]) -> Command {
    program(exe, dir, arguments)
}

/// This benchmark itself, as a process of its own.
pub fn itself(dir: &Path, arguments: &[&str]) -> Command {
    program(std::env::current_exe().unwrap(), dir, arguments)
}

/// A script for `sh`.
pub fn shell(dir: &Path, script: &str) -> Command {
    program("sh", dir, &["-e", "-c", script])
}

fn program(exe: impl AsRef<OsStr>, dir: &Path, arguments: &[&str]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "what is measured runs as the user would run it")]
    let mut command = Command::new(exe);
    command.args(arguments).current_dir(dir);
    let fixed = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.com"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.com"),
        ("LC_ALL", "C"),
    ];
    command.envs(fixed);
    command
}

/// Runs the command, which must succeed, and returns its stdout without the newline at its end.
pub fn done(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
