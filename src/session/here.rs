//! A session in this very terminal: the worker's command takes the place of this process.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::Error;

use super::Opening;

/// Runs `shell`, which is the command of `opening` in its worktree, in place of this process: it has the terminal, and its exit
/// code is the one that the caller gets. What of this process was to be cleaned up must have been.
///
/// Returns only if that failed: why.
pub fn become_it(mut shell: Command, opening: &Opening) -> Error {
    let fault = shell.envs(opening.variables.iter().map(|(name, value)| (name, value))).exec();
    let folder = opening.worktree.display();
    Error::new(fault).context(format!("could not run the launch command of task '{}' in '{folder}'", opening.id))
}
