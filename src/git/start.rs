//! Making what a `start` decided: a branch, a ref that keeps its base, a worktree. Every step is verified by re-reading,
//! and what already stands is no longer work, so that running it again completes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result, anyhow};

use super::by_git;
use super::checkout::{self, Job, Told};
use super::halfway;
use super::lock::Lock;
use super::locked::{lock_reason, lock_worktree};
use super::refs::branch_names;
use super::repo::Repo;
use super::stale;
use super::worktrees::{Listed, linked_worktree, worktrees};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::Snapshot;
use crate::model::made::Made;
use crate::model::oid::Oid;
use crate::model::start::{Ground, Place};
use crate::model::text::shell_word;

mod branches;

pub(super) use branches::update_refs;

/// The ref that keeps the base of a task from being collected.
pub fn base_ref(id: &TaskId) -> String {
    format!("refs/dispatch/base/{id}")
}

/// What stands where the branches and worktrees of `places` would be made.
///
/// # Errors
/// The refs cannot be read.
pub fn ground(repo: &Repo, places: &BTreeMap<TaskId, Place>) -> Result<Ground> {
    let occupied = places.values().filter_map(|place| Some((place.folder.clone(), occupant(&place.folder)?)));
    let main_worktree = repo.main_worktree().map(Path::to_owned);
    let repository = repo.common_dir().canonicalize().unwrap_or_else(|_| repo.common_dir().to_owned());
    Ok(Ground { branches: branch_names(repo)?, occupied: occupied.collect(), main_worktree, repository })
}

/// What is at a path, followed through nothing: a symlink to an empty folder is in the way too, for git would write through it.
fn occupant(folder: &Path) -> Option<String> {
    let kind = match std::fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => "a symlink",
        Ok(found) if found.is_dir() => "a folder",
        Ok(_) => "a file",
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return None,
        Err(_) => "something unreadable",
    };
    Some(kind.to_owned())
}

/// What [`make_all`] would leave behind.
pub fn would_make(repo: &Repo, task: &Snapshot) -> Made {
    let folder = absolute(repo, task.path.as_deref().unwrap_or_default());
    Made::of(task, folder, false)
}

/// What [`make_all`] tells while it goes on.
pub enum Progress {
    /// git checks the files out, for this reason.
    ByGit(String),
    /// So many files are being written from now on, and are counted.
    Writing(usize, Arc<AtomicUsize>),
    /// A task, by its place, has all it needs, or why not: what was made so far stays, and the same call goes on from there.
    Task(usize, Result<Made>),
}

/// How worktrees are made.
#[derive(Clone, Copy)]
pub struct Wishes<'a> {
    /// They are locked for their tasks.
    pub lock: bool,
    /// The folders of a sparse checkout; none is the whole tree.
    pub sparse: &'a dyn Fn(&TaskId) -> &'a [String],
}

/// Makes branches, base refs and worktrees of tasks whose intent stands in the ledger. Each task is told of once, as it becomes
/// true; one that fails stops no other.
pub fn make_all(repo: &Repo, held: &Lock, tasks: &[&Snapshot], wishes: &Wishes<'_>, tell: &mut dyn FnMut(Progress)) {
    let branched = branches::make_all(repo, tasks);
    let mut wanted = Vec::new();
    for (at, (task, branched)) in tasks.iter().zip(branched).enumerate() {
        if !task.isolated && task.path.is_none() {
            let made = branched.map(|branched| made(task, repo.anchor().to_owned(), !branched));
            tell(Progress::Task(at, made));
            continue;
        }
        let stands = branched.and_then(|branched| Ok((branched, look(repo, task)?)));
        match stands {
            Err(fault) => tell(Progress::Task(at, Err(fault))),
            Ok((_, (folder, None))) => wanted.push(Wanted { at, task, folder, sparse: (wishes.sparse)(&task.id) }),
            Ok((branched, (_, Some(listed)))) => {
                let locked = lock_for(repo, task, &listed, wishes.lock);
                let made = locked.map(|()| made(task, listed.path, !branched));
                tell(Progress::Task(at, made));
            }
        }
    }
    let (sparse, mut wanted): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|one| !one.sparse.is_empty());
    if !sparse.is_empty() {
        tell(Progress::ByGit("the checkout is sparse".to_owned()));
        worktrees_by_git(repo, held, &sparse, wishes.lock, tell);
    }
    while !wanted.is_empty() {
        let tip = wanted[0].tip(repo);
        let (same, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|one| one.tip(repo) == tip);
        worktrees_of(repo, held, (tip, &same), wishes.lock, tell);
        wanted = others;
    }
}

/// A task whose worktree is to be made.
struct Wanted<'a> {
    at: usize,
    task: &'a Snapshot,
    folder: PathBuf,
    sparse: &'a [String],
}

impl Wanted<'_> {
    /// What its branch says now: that is checked out.
    fn tip(&self, repo: &Repo) -> Option<Oid> {
        repo.commit_of(&format!("refs/heads/{}", self.task.branch)).ok().flatten()
    }
}

/// Where the worktree of a task belongs, and the one that stands.
fn look(repo: &Repo, task: &Snapshot) -> Result<(PathBuf, Option<Listed>)> {
    let path = task.path.as_deref().with_context(|| format!("the ledger knows no path for task '{}'", task.id))?;
    let folder = resolved(&absolute(repo, path));
    let found = find(repo, task, &folder)?;
    if found.is_none() {
        make_room(repo, task, &folder)?;
    }
    Ok((folder, found))
}

/// Makes worktrees that have one commit in common.
fn worktrees_of(
    repo: &Repo,
    held: &Lock,
    (tip, wanted): (Option<Oid>, &[Wanted<'_>]),
    lock: bool,
    tell: &mut dyn FnMut(Progress),
) {
    let reasons: Vec<String> = wanted.iter().map(|one| lock_reason(&one.task.id)).collect();
    let jobs = wanted.iter().zip(&reasons).map(|(one, reason)| {
        let branch = one.task.branch.as_str();
        Job { folder: &one.folder, branch, lock: lock.then_some(reason.as_str()) }
    });
    let jobs: Vec<Job<'_>> = jobs.collect();
    let promised = match tip {
        Some(tip) => are_usual(repo, &jobs).and_then(|()| checkout::promise(repo, tip)),
        None => Err("the branch cannot be read".to_owned()),
    };
    let native = match promised {
        Ok(native) => native,
        Err(why) => {
            tell(Progress::ByGit(why));
            return worktrees_by_git(repo, held, wanted, lock, tell);
        }
    };
    checkout::make((repo, held), &native, &jobs, &mut |told| match told {
        Told::Writing(files, done) => tell(Progress::Writing(files, done)),
        Told::Made(at, admin) => {
            let one = &wanted[at];
            let whole = admin.and_then(|admin| is_whole(repo, one, &admin));
            tell(Progress::Task(one.at, whole.map(|path| made(one.task, path, false))));
        }
    });
}

fn worktrees_by_git(repo: &Repo, held: &Lock, wanted: &[Wanted<'_>], lock: bool, tell: &mut dyn FnMut(Progress)) {
    for one in wanted {
        let listed = add_worktree((repo, held), one, lock);
        tell(Progress::Task(one.at, listed.map(|listed| made(one.task, listed.path, false))));
    }
}

/// Whether git would register these worktrees as it is done here.
fn are_usual(repo: &Repo, jobs: &[Job<'_>]) -> Result<(), String> {
    if let Some(job) = jobs.iter().find(|job| !job.has_usual_name()) {
        return Err(format!("git gives '{}' another name", job.folder.display()));
    }
    let listed = worktrees(repo).map_err(|fault| format!("{fault:#}"))?;
    match jobs.iter().find(|job| listed.iter().any(|listed| listed.path == job.folder)) {
        Some(job) => Err(format!("a worktree is registered at '{}' already", job.folder.display())),
        None => Ok(()),
    }
}

/// The path of a worktree that was just made, as its admin folder says.
fn is_whole(repo: &Repo, wanted: &Wanted<'_>, admin: &Path) -> Result<PathBuf> {
    let listed = linked_worktree(admin.to_owned(), repo.common_dir());
    let whole = listed.head == Head::Branch(wanted.task.branch.clone()) && !halfway::is_half_made(&listed);
    if whole && listed.path == wanted.folder {
        return Ok(listed.path);
    }
    Err(anyhow!("worktree '{}' was changed while it was made", wanted.folder.display()))
}

fn made(task: &Snapshot, folder: PathBuf, already: bool) -> Made {
    Made::of(task, folder, already)
}

fn lock_for(repo: &Repo, task: &Snapshot, listed: &Listed, lock: bool) -> Result<()> {
    if lock && listed.locked.is_none() && !listed.main {
        lock_worktree(repo, &task.id, &listed.path)?;
    }
    Ok(())
}

/// A path of the ledger or of a template, made absolute without asking the file system.
pub fn absolute(repo: &Repo, path: &str) -> PathBuf {
    let mut folder = repo.anchor().to_owned();
    for part in Path::new(path).components() {
        match part {
            std::path::Component::ParentDir => {
                folder.pop();
            }
            std::path::Component::CurDir => {}
            part => folder.push(part),
        }
    }
    folder
}

/// `folder` as git will record it: with the links above it resolved.
pub(super) fn resolved(folder: &Path) -> PathBuf {
    let above = folder.ancestors().skip(1).find_map(|above| Some((above, above.canonicalize().ok()?)));
    above.and_then(|(above, real)| Some(real.join(folder.strip_prefix(above).ok()?))).unwrap_or(folder.to_owned())
}

/// Whether a worktree at `folder` would lie below the anchor's parent, symlinks resolved: a task file may place it no further.
///
/// # Errors
/// It would not ([`Exit::Usage`]).
pub fn stays_beside(repo: &Repo, folder: &Path) -> Result<()> {
    let parent = repo.anchor().parent().unwrap_or(repo.anchor());
    let inside_git = folder.starts_with(repo.common_dir());
    let existing = folder.ancestors().skip(1).find_map(|above| above.canonicalize().ok());
    if !inside_git && existing.is_some_and(|above| above.starts_with(parent)) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        format!("the template 'worktree' leads to '{}', outside of '{}'", folder.display(), parent.display()),
    )
    .hint("use 'git config dispatch.worktree TEMPLATE' to place worktrees anywhere")
    .into())
}

/// The finished worktree of this task, wherever it is now. A half-made one at the intended place is cleared away first.
fn find(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<Option<Listed>> {
    for listed in worktrees(repo)? {
        let ours = listed.path == folder;
        if (ours && halfway::is_half_made(&listed)) || halfway::is_stillborn(&listed, folder, &task.branch) {
            halfway::clear(repo, task, &listed, folder)?;
        } else if listed.head == Head::Branch(task.branch.clone()) {
            return Ok(Some(listed));
        } else if ours && listed.head != Head::Missing {
            return Err(Failure::new(
                Exit::Halfway,
                format!("worktree '{}' has something else checked out than branch '{}'", folder.display(), task.branch),
            )
            .hint(format!(
                "use 'git -C {} switch {}' to check it out there",
                shell_word(&folder.to_string_lossy()),
                shell_word(&task.branch)
            ))
            .into());
        }
    }
    Ok(None)
}

/// Clears away what git leaves when it is killed first of all; a folder with anything else in it stays.
///
/// # Errors
/// Something is in the way.
fn make_room(repo: &Repo, task: &Snapshot, folder: &Path) -> Result<()> {
    if occupant(folder).as_deref() == Some("a folder") {
        halfway::clear_orphan(repo, task, folder)?;
    }
    if let Some(what) = occupant(folder) {
        return Err(Failure::new(
            Exit::Halfway,
            format!("{what} is in the way of task '{}': '{}'", task.id, folder.display()),
        )
        .hint("move it away, then run the same command again")
        .into());
    }
    Ok(())
}

fn add_worktree((repo, held): (&Repo, &Lock), wanted: &Wanted<'_>, lock: bool) -> Result<Listed> {
    let Wanted { task, folder, sparse, .. } = wanted;
    let reason = lock.then(|| lock_reason(&task.id));
    let branch = format!("refs/heads/{}", task.branch);
    let tip = repo.commit_of(&branch)?.with_context(|| format!("branch '{}' is gone", task.branch))?;
    let how = by_git::How { reason: reason.as_deref(), sparse };
    let added = by_git::add((repo, held), folder, (&task.branch, tip), how);
    if added.is_err() {
        stale::clear_stale_lock(repo, &branch)?;
    }
    added
}
