//! One acting command at a time in one repository.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

use super::repo::Repo;
use super::stale::clear_stale_tables;
use super::unref;
use crate::model::failure::{Exit, Failure};
use crate::model::text::shell_word;

/// How long to wait for another acting command, unless `dispatch.lockTimeout` (seconds) says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// Held until dropped, also when the process dies. Children do not inherit it, but for those that it is handed on to.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// The lock as the stdin of a git that acts: should this process die before that git, the lock is held until it has
    /// ended. git gives its hooks another stdin, so nothing that they leave running holds it.
    ///
    /// # Errors
    /// There is no file descriptor left.
    pub(super) fn handed_on(&self) -> Result<Stdio> {
        Ok(Stdio::from(self.file.try_clone().context("could not hand on the lock")?))
    }
}

/// Takes the repository's lock, waiting a bounded time, and clears away the locks of refs that a killed owner of it left.
///
/// # Errors
/// Another process holds it all that time ([`Exit::Held`], naming it), or the file cannot be made.
pub fn lock(repo: &Repo, command: &str) -> Result<Lock> {
    let folder = repo.common_dir().join("dispatch");
    let path = folder.join("lock");
    let opened = std::fs::create_dir_all(&folder)
        .and_then(|()| File::options().read(true).write(true).create(true).truncate(false).open(&path));
    let mut file = opened.map_err(|fault| {
        let failure = Failure::new(Exit::Git, format!("could not open the lock '{}': {fault}", path.display()));
        let there = if folder.exists() { &*folder } else { repo.common_dir() };
        failure.hint(format!("use 'ls -ld {}' to see who may write there", shell_word(&there.to_string_lossy())))
    })?;
    let patience = repo.config("dispatch.lockTimeout").and_then(|seconds| seconds.parse().ok());
    let patience = patience.map_or(PATIENCE, Duration::from_secs);
    wait(&mut file, &path, patience)?;
    // Who holds it is told to those who wait; that it cannot be written stops nobody.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{} git dispatch {command}", std::process::id()));
    unref::clear(repo.common_dir())?;
    clear_stale_tables(repo)?;
    Ok(Lock { file })
}

fn wait(file: &mut File, path: &Path, patience: Duration) -> Result<()> {
    let began = Instant::now();
    loop {
        match flock(&*file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) if began.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(held(file, path).into()),
            Err(fault) => return Err(fault).with_context(|| format!("could not lock '{}'", path.display())),
        }
    }
}

fn held(file: &mut File, path: &Path) -> Failure {
    let mut holder = String::new();
    let _ = file.rewind().and_then(|()| file.take(200).read_to_string(&mut holder));
    let who = match holder.trim().split_once(' ') {
        Some((pid, command)) => format!("process {pid} ('{command}')"),
        None => "another process".to_owned(),
    };
    Failure::new(Exit::Held, format!("{who} is acting on this repository and holds '{}'", path.display()))
        .hint("wait until it ends, then run the command again")
}
