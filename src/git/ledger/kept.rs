//! Objects that a `git gc --prune=now` beside an append may take away: it looks at the refs first, and removes what none of them
//! named then, however young.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use gix::objs::{Kind, Write};

use super::super::read::read_bounded;
use super::super::repo::Repo;
use super::AGAIN;

/// How long a gc that began before the ref moved is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes of objects that were just written.
pub(super) struct Kept {
    objects: Vec<(gix::ObjectId, Kind, Vec<u8>)>,
}

impl Kept {
    /// `None` where one of them is gone already.
    pub fn of(repo: &Repo, objects: &[gix::ObjectId]) -> Option<Kept> {
        let read = |id: &gix::ObjectId| {
            let found = repo.gix.find_object(*id).ok()?.detach();
            Some((*id, found.kind, found.data))
        };
        Some(Kept { objects: objects.iter().map(read).collect::<Option<_>>()? })
    }

    /// Once a ref names them: waits for the gc that began before, if there is one, and writes again what it removed.
    ///
    /// # Errors
    /// An object cannot be written again.
    pub fn outlast_prune(&self, repo: &Repo) -> Result<()> {
        self.write_again(repo)?;
        let file = repo.common_dir().join("gc.pid");
        let Some(before) = running(&file) else { return Ok(()) };
        let began = Instant::now();
        while running(&file).as_ref() == Some(&before) && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.write_again(repo)
    }

    fn write_again(&self, repo: &Repo) -> Result<()> {
        for (id, kind, data) in &self.objects {
            let mut attempts = 0;
            while !repo.gix.has_object(id) {
                let written = repo.gix.objects.write_buf(*kind, data);
                attempts += 1;
                if attempts > AGAIN {
                    written.map_err(|fault| anyhow!("could not write {id}, which was pruned, again: {fault}"))?;
                    return Err(anyhow!("object {id} is pruned again and again"));
                }
            }
        }
        Ok(())
    }
}

/// What `gc.pid` says, where the process that it names lives.
fn running(file: &Path) -> Option<Vec<u8>> {
    let text = read_bounded(file).ok()?;
    let pid = std::str::from_utf8(&text).ok()?.split_ascii_whitespace().next()?.parse().ok()?;
    let alive = rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid)?);
    (alive != Err(rustix::io::Errno::SRCH)).then_some(text)
}
