//! Worktrees of one commit, made without `git worktree add` where that gives the same: each file is inflated once and written
//! to all of them. Why so, and when git does it: `docs/design/0022-native-checkout.md`.

mod admin;
mod attributes;
mod cache;
mod files;
pub(super) mod hook;
mod index;
mod promise;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::{Result, anyhow};

use super::by_git;
use super::clock::unix_nanos;
use super::lock::Lock;
use super::repo::Repo;

pub(super) use admin::clear_staging;
pub(super) use promise::promise;

use self::admin::{Head, Site};
use self::files::Order;
use self::hook::Hook;
use self::index::{Stat, Template};
use self::tree::Tree;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;

/// What may be checked out here.
pub(super) struct Native {
    tree: Tree,
    /// For each entry, whether git writes it: it is converted, or large.
    by_git: Vec<bool>,
    tip: Oid,
    skip_hash: bool,
    identity: Vec<u8>,
}

impl Native {
    fn asks_git(&self) -> bool {
        self.by_git.contains(&true)
    }
}

/// Makes a worktree at `folder` with a detached HEAD at `tip` and nothing in it, locked for `reason`: its admin folder. Nothing stands
/// there. Under the repository's lock.
///
/// # Errors
/// It cannot be made. What was made of it stays, locked as git's own half-made ones are.
pub(super) fn make_empty(repo: &Repo, folder: &Path, tip: Oid, reason: &str) -> Result<PathBuf> {
    admin::clear_staging(repo)?;
    let identity = admin::identity(repo).map_err(|why| anyhow!(why))?;
    let head = Head { branch: None, tip, identity: &identity, reset_follows: true };
    let site = admin::prepare(repo, folder, &head)?;
    admin::finish(&site.admin, Some(reason))?;
    Ok(site.admin)
}

/// One worktree to make. Nothing stands at `folder`, and no worktree is registered there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    /// Absolute, symlinks above it resolved.
    pub folder: &'a Path,
    /// Without `refs/heads/`.
    pub branch: &'a str,
    /// Why it is locked when it is done, if it is.
    pub lock: Option<&'a str>,
}

impl Job<'_> {
    /// Whether git would name the admin folder as it is named here.
    pub(super) fn has_usual_name(&self) -> bool {
        admin::name_of(self.folder).is_some()
    }
}

/// What [`make`] tells.
pub(super) enum Told {
    /// So many files are being written from now on, and are counted.
    Writing(usize, Arc<AtomicUsize>),
    /// The admin folder of a job's worktree, or why it is not complete.
    Made(usize, Result<PathBuf>),
}

/// Makes the worktrees of `jobs`, and tells of each as it becomes true, in their order. One that fails stops no other; what was
/// made of it is known as half-made.
pub(super) fn make((repo, held): (&Repo, &Lock), native: &Native, jobs: &[Job<'_>], tell: &mut dyn FnMut(Told)) {
    let template = Template::new(&native.tree, native.skip_hash);
    let hook = hook::find(repo);
    let most = files::most_at_once(&native.tree);
    for (number, group) in jobs.chunks(most).enumerate() {
        let mut sites: Vec<Result<Site>> = group.iter().map(|job| prepare(repo, native, job)).collect();
        let done = Arc::new(AtomicUsize::new(0));
        tell(Told::Writing(native.tree.entries.len() * sites.len(), Arc::clone(&done)));
        let stats = written(repo, native, &mut sites, &done);
        let mut stats = stats.into_iter();
        for (at, (job, site)) in group.iter().zip(sites).enumerate() {
            let made = site.and_then(|site| {
                let stats = stats.next().unwrap_or_default();
                admin::put_index(&site.admin, &template.filled(&stats).map_err(|why| anyhow!(why))?)?;
                let hook = hook.as_ref().map_err(|fault| anyhow!("{fault:#}"))?.as_ref();
                complete((repo, held), native, job, &site, hook)?;
                Ok(site.admin)
            });
            tell(Told::Made(number * most + at, made));
        }
    }
}

fn prepare(repo: &Repo, native: &Native, job: &Job<'_>) -> Result<Site> {
    admin::clear_staging(repo)?;
    let Native { tip, identity, .. } = native;
    let head = Head { branch: Some(job.branch), tip: *tip, identity, reset_follows: native.asks_git() };
    let site = admin::prepare(repo, job.folder, &head)?;
    if admin::folds_case(&site) {
        let what = format!("the file system of '{}' does not tell upper case from lower", job.folder.display());
        let failure = Failure::new(Exit::Halfway, what);
        return Err(failure.hint("use 'git config dispatch.checkout git' to let git write the files").into());
    }
    Ok(site)
}

/// Writes the files of all sites that are there; one that fails becomes its fault, and the stats of the others are returned.
fn written(repo: &Repo, native: &Native, sites: &mut [Result<Site>], done: &AtomicUsize) -> Vec<Vec<Stat>> {
    let (mut places, mut tops) = (Vec::new(), Vec::new());
    for (at, site) in sites.iter_mut().enumerate() {
        match site.as_ref().map(|site| site.top.try_clone()) {
            Ok(Ok(top)) => {
                places.push(at);
                tops.push(top);
            }
            Ok(Err(fault)) => *site = Err(fault.into()),
            Err(_) => {}
        }
    }
    // Whole seconds, two ago at least: no file is as young as its index.
    let modified = unix_nanos() / 1_000_000_000 - 2;
    let order = Order { tree: &native.tree, by_git: &native.by_git, tops: &tops, modified, done };
    let written = files::write(&repo.gix, &order);
    let mut stats = Vec::new();
    for (at, written) in places.into_iter().zip(written) {
        match written {
            Ok(written) => stats.push(written),
            Err(fault) => sites[at] = Err(anyhow!(fault)),
        }
    }
    stats
}

/// Everything that comes after files and index, in an order in which each step before the last leaves something that is known as half-made.
fn complete(
    (repo, held): (&Repo, &Lock),
    native: &Native,
    job: &Job<'_>,
    site: &Site,
    hook: Option<&Hook>,
) -> Result<()> {
    if native.asks_git() {
        by_git::fill((repo, held), job.folder, &site.admin, native.tip)?;
        wrote_all(native, site)?;
    }
    if let Some(hook) = hook {
        hook.run(repo, held, job.folder, native.tip)?;
    }
    admin::finish(&site.admin, job.lock)
}

/// Whether git did what it was asked to, whatever it says.
fn wrote_all(native: &Native, site: &Site) -> Result<()> {
    for (entry, _) in native.tree.entries.iter().zip(&native.by_git).filter(|(_, by_git)| **by_git) {
        let path = native.tree.path(entry);
        if rustix::fs::statat(&site.top, path, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_err() {
            return Err(anyhow!("git did not write '{}', although it said so", String::from_utf8_lossy(path)));
        }
    }
    Ok(())
}
