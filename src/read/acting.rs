//! How a command that acts comes to act: it decides under the repository's lock, and anew where another process was faster.

use anyhow::Result;

use super::{Loaded, Scene};
use crate::git::{self, Lock, Repo, Swap, Want};
use crate::global::Global;
use crate::model::ledger::{Event, Ledger};
use crate::model::oid::Oid;
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

/// Appends each event to the note that it belongs to, all in one change.
///
/// # Errors
/// As [`git::append_all`].
pub fn append_grouped(repo: &Repo, tip: Option<Oid>, events: &[(Oid, Event)], subject: &str) -> Result<Swap> {
    let mut grouped: Vec<(Oid, Vec<Event>)> = Vec::new();
    for (note, event) in events {
        match grouped.iter_mut().find(|(commit, _)| commit == note) {
            Some((_, events)) => events.push(event.clone()),
            None => grouped.push((*note, vec![event.clone()])),
        }
    }
    let notes: Vec<(Oid, &[Event])> = grouped.iter().map(|(note, events)| (*note, events.as_slice())).collect();
    git::append_all(repo, tip, &notes, subject)
}

/// The same for what has become true, to whatever the ledger is by then; `make` is asked anew each time.
///
/// # Errors
/// The ledger cannot be read or written, or other processes were faster each time.
pub fn append_outcome(
    repo: &Repo,
    subject: &str,
    mut make: impl FnMut(&Ledger) -> Result<Vec<(Oid, Event)>>,
) -> Result<()> {
    for () in git::Attempts::new() {
        let ledger = git::read_ledger(repo)?;
        let events = make(&ledger)?;
        if events.is_empty() || append_grouped(repo, ledger.tip, &events, subject)? != Swap::Lost {
            return Ok(());
        }
    }
    Err(git::contended().into())
}
