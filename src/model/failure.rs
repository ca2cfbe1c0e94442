//! How a command ends: its exit code, and the error that carries one.

use std::fmt;

/// The exit codes that scripts may rely on (git-dispatch(1), EXIT STATUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Success = 0,
    /// The answer is no: asked for by `--exit-code`, or nothing could be done.
    No = 1,
    /// Wrong usage, or an invalid task file.
    Usage = 2,
    /// Refused by a safety rule; nothing changed.
    Refused = 3,
    /// Stopped half-way; running the same command again goes on.
    Halfway = 4,
    /// A lock or a claim is held by another.
    Held = 5,
    /// A worker stopped.
    WorkerStopped = 6,
    /// git, the file system or the repository failed.
    Git = 128,
}

/// An error for a person: what went wrong, how the process ends, and what resolves it.
///
/// `what` is one lower-case sentence without a full stop; it may hold untrusted text, which the console escapes.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub what: String,
    pub hints: Vec<String>,
}

impl Failure {
    pub fn new(exit: Exit, what: impl Into<String>) -> Failure {
        Failure { exit, what: what.into(), hints: Vec::new() }
    }

    /// The same failure with one more remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}
