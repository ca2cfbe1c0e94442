//! How a command that acts comes to act: it decides under the repository's lock, and anew where another process was faster.

use anyhow::Result;

use super::{Loaded, Scene};
use crate::git::{self, Lock, Repo, Want};
use crate::global::Global;
use crate::read;

/// What those take that act on what was started.
#[derive(Debug, clap::Args)]
pub struct Acting {
    /// Tell what would be done, and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Act although this is the worktree of a task
    #[arg(long)]
    pub from_worktree: bool,
}

/// Reads the task file and the repository, and hands them to `attempt`, again for as long as that says that the ledger was
/// changed meanwhile (`None`). `command` takes the lock, which is released at the end; none is for those that only tell.
///
/// # Errors
/// There is no valid task file; the lock is held ([`crate::model::failure::Exit::Held`]); what `attempt` fails with; the ledger changed
/// too often.
pub fn decided<T>(
    (repo, global): (&Repo, &Global),
    command: Option<&str>,
    mut attempt: impl FnMut(Option<&Lock>, Loaded, &Scene) -> Result<Option<T>>,
) -> Result<T> {
    // Without a task file there is nothing to lock for; it is read again under the lock, where the decision is made.
    read::task_file(repo, global)?;
    let lock = command.map(|name| git::lock(repo, name)).transpose()?;
    for () in git::Attempts::new() {
        let loaded = read::task_file(repo, global)?;
        let scene = read::scene(repo, &loaded, Want::STANDINGS)?;
        if let Some(done) = attempt(lock.as_ref(), loaded, &scene)? {
            return Ok(done);
        }
    }
    Err(git::contended().into())
}
