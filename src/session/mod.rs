//! The outside programs: commands side by side in worktrees with a log each, sessions for workers, and the clients of forges.

pub mod forge;
pub mod here;
pub mod others;
mod run;
pub mod tmux;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;

pub use run::{Ended, Job, run, tail_of};

/// How programs are found and run: on absolute entries of `PATH`, with the user's environment.
#[derive(Debug, Clone, Copy)]
pub struct Programs {
    pub find: fn(&str) -> Option<PathBuf>,
    pub command: fn(&Path) -> Command,
}

impl Programs {
    /// # Errors
    /// There is none of that name ([`Exit::Refused`]).
    pub fn find(&self, name: &str) -> Result<PathBuf, Failure> {
        let missing = || Failure::new(Exit::Refused, format!("'{name}' was not found on an absolute entry of PATH"));
        (self.find)(name).ok_or_else(missing)
    }
}

/// A session to be: everything that the worker of one task starts with.
#[derive(Debug, Clone)]
pub struct Opening {
    pub id: TaskId,
    /// Stands for the start that the session belongs to: hexadecimal.
    pub start: String,
    /// Absolute; where the command runs.
    pub worktree: PathBuf,
    /// Names and values of environment variables.
    pub variables: Vec<(&'static str, OsString)>,
    /// Shell text, as it is configured.
    pub text: String,
}

impl Opening {
    /// Each variable as `NAME=VALUE`.
    fn assignments(&self) -> impl Iterator<Item = OsString> + '_ {
        self.variables.iter().map(|(name, value)| {
            let mut assignment = OsString::from(format!("{name}="));
            assignment.push(value);
            assignment
        })
    }
}

/// Runs `command` to its end without a terminal, and returns its stdout.
///
/// # Errors
/// It could not be run, or exited with another code than 0: then with its own words.
fn output(command: &mut Command) -> Result<String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("could not run '{name}'"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = if said.trim().is_empty() { format!("{}", output.status) } else { said.trim().to_owned() };
    Err(Failure::new(Exit::Git, format!("'{name}' failed: {said}")).into())
}
