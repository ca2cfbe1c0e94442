//! Copies of untracked and ignored files from the main worktree into new ones. Folders are entered by handles and symlinks
//! never followed, on both sides; each copy appears whole or not at all, and nothing that stands is replaced.

mod content;
mod links;
mod place;
mod record;
mod renew;
mod tracked;
mod walk;
mod wanted;

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{Mode, OFlags};

use super::parallel;
use super::repo::Repo;
use super::worktrees::worktrees;
use crate::model::copies::{Copied, LeftOut};
use crate::model::id::TaskId;

pub(super) use record::{forget, known};
pub use renew::drop_stale_copies;
pub(super) use walk::print_of;

use self::place::Site;
use self::tracked::Tracked;
use self::walk::Folder;
use self::wanted::Wanted;

/// A folder that is no symlink.
const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// What is to be copied.
pub struct Copies {
    top: OwnedFd,
    folders: Vec<Folder>,
    left_out: LeftOut,
}

/// What `patterns` (globs from the top) and the file `.worktreeinclude` of the main worktree ask for; `None` where neither asks for
/// anything.
///
/// # Errors
/// `.worktreeinclude` is no regular file of a sane size, the repository is bare, or the main worktree cannot be read.
pub fn copies(repo: &Repo, patterns: &[String]) -> Result<Option<Copies>> {
    let Some(main) = repo.main_worktree() else {
        anyhow::ensure!(patterns.is_empty(), "the repository is bare: there is no main worktree to copy from");
        return Ok(None);
    };
    let top = opened(main)?;
    let Some(wanted) = Wanted::new(repo, &top, patterns)? else { return Ok(None) };
    let tracked = Tracked::of(repo, main)?;
    let own = worktrees(repo)?.into_iter().filter(|listed| !listed.main).map(|listed| listed.path);
    let barred: HashSet<(u64, u64)> = own.chain([repo.common_dir().to_owned()]).filter_map(walk::identity_of).collect();
    let (folders, left_out) = walk::walk(&top, &wanted, &tracked, &barred)?;
    Ok(Some(Copies { top, folders, left_out }))
}

/// Whether anything asks for copies: patterns, or a `.worktreeinclude` in the main worktree.
pub fn asks_for_copies(repo: &Repo, patterns: &[String]) -> bool {
    let include = |main: &Path| main.join(wanted::INCLUDE).symlink_metadata().is_ok();
    !patterns.is_empty() || repo.main_worktree().is_some_and(include)
}

impl Copies {
    /// How many files and symlinks there are.
    pub fn files(&self) -> usize {
        self.folders.iter().map(|folder| folder.files.len()).sum()
    }

    /// How large they are, in bytes.
    pub fn bytes(&self) -> u64 {
        self.folders.iter().flat_map(|folder| &folder.files).map(|file| file.print.size).sum()
    }

    /// Copies into the worktree of each task what it lacks, on all cores. What is going to be copied is remembered before the first
    /// file is, so that one that dies in here can be run again, and its copies are known all the same.
    pub fn make(&self, repo: &Repo, places: &[(TaskId, &Path)]) -> Vec<Copied> {
        let repos = (0..parallel::threads(places.len())).map(|_| repo.clone()).collect();
        let prepared: Vec<Result<Site>> = parallel::each(places, repos, |repo, (id, folder)| {
            let site = Site::new(opened(folder)?, &Tracked::of(repo, folder)?, &self.folders);
            record::remember(repo, id, &site, &self.folders)?;
            Ok(site)
        });
        let sites: Vec<&Site> = prepared.iter().filter_map(|site| site.as_ref().ok()).collect();
        place::make(&self.top, &self.folders, &sites);
        let made = places.iter().zip(&prepared);
        made.map(|((id, _), site)| match site {
            Ok(site) => site.copied(id.clone(), &self.left_out),
            Err(fault) => {
                let fault = Some(format!("{fault:#}"));
                Copied { id: id.clone(), files: 0, left_out: self.left_out.clone(), fault }
            }
        })
        .collect()
    }
}

fn opened(folder: &Path) -> Result<OwnedFd> {
    let opened = rustix::fs::open(folder, FOLDER, Mode::empty());
    opened.with_context(|| format!("could not open '{}'", folder.display()))
}
