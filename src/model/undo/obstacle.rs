//! What speaks against taking a task back, and how each is resolved.

use std::path::{Path, PathBuf};

use crate::model::ledger::Snapshot;
use crate::model::oid::Oid;
use crate::model::text::{count, shell_word};

/// What would be lost, or is none of ours.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstacle {
    /// It lies in the trash: without its start, nothing would bring it back from there.
    InTrash,
    /// The branch has so many commits of its own.
    Commits(u64),
    /// The branch is elsewhere than where it began, and what it has is not known to be on the target.
    Moved,
    /// Nothing here shows that `start` made the branch: its base is not kept.
    NotOurs,
    /// The branch is checked out here too, in a worktree that `start` did not make.
    CheckedOut(PathBuf),
    /// The worktree has something else than the branch checked out.
    Elsewhere(PathBuf),
    /// A folder stands where the worktree was, and is none.
    NoWorktree(PathBuf),
    /// Its folder is not where it was: deleted, moved, or not mounted.
    OutOfSight { at: PathBuf, locked: bool },
    /// Another worktree lies in it.
    Holds(PathBuf, PathBuf),
    /// It has no index, and files that are not as they were checked out.
    NoIndex(PathBuf),
    /// Files that are changed or new, by the first of them and how many.
    Changed(PathBuf, String, usize),
    /// Files that git ignores and that are not disposable, by the first of them and how many.
    Ignored(PathBuf, String, usize),
    /// Files of which git is told to overlook what changes, by the first of them and how many.
    Overlooked(PathBuf, String, usize),
    /// Submodules are checked out in it.
    Submodules(PathBuf),
    /// Commits that were on the branch once and that nothing else holds, by the first of them and how many.
    ResetAway(Oid, usize),
    /// The worktree has refs of its own.
    OwnRefs(PathBuf),
    /// A rebase or the like is under way.
    Operation(PathBuf, String),
    /// Somebody locked it, for this reason.
    Locked(PathBuf, String),
    /// A process works in it, by its id and name.
    Process(PathBuf, u32, String),
    /// Nothing tells which processes work in it, for this reason.
    Uninspected(PathBuf, String),
    /// Another file system is mounted there: it cannot be moved in one step.
    Mounted(PathBuf),
    /// It cannot be looked at.
    Unreadable(PathBuf, String),
}

impl Obstacle {
    /// A sentence about `task`.
    pub(in crate::model) fn of(&self, task: &Snapshot) -> String {
        let (id, branch) = (&task.id, &task.branch);
        let first = |path: &str, number: usize| match number {
            0 | 1 => format!("'{path}'"),
            more => format!("'{path}' and {} more", more - 1),
        };
        match self {
            Obstacle::InTrash => {
                format!("task '{id}' is in the trash, and could not be brought back without its start")
            }
            Obstacle::Commits(own) => {
                format!("task '{id}' has {} of its own on '{branch}'", count(*own as usize, "commit"))
            }
            Obstacle::Moved => format!("branch '{branch}' of task '{id}' was moved"),
            Obstacle::NotOurs => {
                format!("nothing shows that branch '{branch}' was made for task '{id}': its base is not kept here")
            }
            Obstacle::CheckedOut(at) => format!("branch '{branch}' is checked out in '{}'", at.display()),
            Obstacle::Elsewhere(at) => {
                format!("'{}' has something else checked out than branch '{branch}'", at.display())
            }
            Obstacle::NoWorktree(at) => format!("'{}' stands where the worktree of '{id}' was", at.display()),
            Obstacle::OutOfSight { at, .. } => {
                format!("the worktree '{}' of task '{id}' is out of sight: moved or deleted", at.display())
            }
            Obstacle::Holds(at, other) => format!("worktree '{}' lies in '{}'", other.display(), at.display()),
            Obstacle::NoIndex(at) => format!("'{}' has no index, and changed files", at.display()),
            Obstacle::Changed(at, path, number) => {
                format!("not committed in '{}': {}", at.display(), first(path, *number))
            }
            Obstacle::Ignored(at, path, number) => {
                format!("ignored by git, but perhaps needed, in '{}': {}", at.display(), first(path, *number))
            }
            Obstacle::Overlooked(at, path, number) => {
                let paths = first(path, *number);
                format!("git is told to overlook changes in '{}': {paths}", at.display())
            }
            Obstacle::ResetAway(commit, number) => {
                let more = if *number > 1 { format!(" and {} more", number - 1) } else { String::new() };
                format!("task '{id}' had commits that nothing else holds now: {}{more}", commit.short())
            }
            Obstacle::OwnRefs(at) => format!("'{}' has refs of its own", at.display()),
            Obstacle::Submodules(at) => format!("submodules are checked out in '{}'", at.display()),
            Obstacle::Operation(at, operation) => format!("a {operation} is under way in '{}'", at.display()),
            Obstacle::Locked(at, reason) if reason.is_empty() => format!("'{}' is locked", at.display()),
            Obstacle::Locked(at, reason) => format!("'{}' is locked: {reason}", at.display()),
            Obstacle::Process(at, pid, name) => format!("process {pid} ({name}) works in '{}'", at.display()),
            Obstacle::Uninspected(at, why) => {
                format!("whether a process works in '{}' cannot be told: {why}", at.display())
            }
            Obstacle::Mounted(at) => {
                format!("'{}' is a file system of its own, and cannot be moved in one step", at.display())
            }
            Obstacle::Unreadable(at, why) => format!("'{}' cannot be looked at: {why}", at.display()),
        }
    }

    /// The commands that resolve it, or show what it is about; none where `status` does.
    pub(in crate::model) fn hints(&self, task: &Snapshot) -> Vec<String> {
        let word = |path: &Path| shell_word(&path.to_string_lossy());
        let branch = shell_word(&task.branch);
        let inside = |at: &Path, command: &str, what: &str| format!("use 'git -C {} {command}' {what}", word(at));
        match self {
            Obstacle::InTrash => vec![
                format!("use 'git dispatch undo {}' to bring it back first", task.id),
                "use 'git dispatch drop --trash --older-than now' to remove for good what is in the trash".to_owned(),
            ],
            Obstacle::Commits(_) | Obstacle::Moved => {
                vec![format!("use 'git log --oneline {}..{branch}' to see what is on it", task.base.short())]
            }
            Obstacle::CheckedOut(at) => vec![inside(at, "switch --detach", "to leave the branch")],
            Obstacle::Elsewhere(at) => vec![inside(at, &format!("switch {branch}"), "to check it out there")],
            Obstacle::OutOfSight { at, locked } => {
                let repair = "use 'git worktree repair NEW-PATH' to name its new place, if it was moved".to_owned();
                let unlock = format!("use 'git worktree unlock {}' first, if it was deleted", word(at));
                let remove = format!("use 'git worktree remove {}' to forget it, if it was deleted", word(at));
                [Some(repair), locked.then_some(unlock), Some(remove)].into_iter().flatten().collect()
            }
            Obstacle::NoWorktree(at) => vec![format!("use 'ls -la {}' to see what is there", word(at))],
            Obstacle::Holds(_, other) => {
                vec![format!("use 'git worktree remove {}' to remove that one", word(other))]
            }
            Obstacle::NoIndex(at) => vec![inside(at, "read-tree HEAD", "to have an index again")],
            Obstacle::Changed(at, ..) => vec![
                inside(at, "status", "to see all of it"),
                inside(at, "stash --include-untracked", "to put it aside"),
            ],
            Obstacle::Ignored(at, ..) => vec![
                inside(at, "status --ignored", "to see all of it"),
                "set 'disposable' in the task file to what may go".to_owned(),
            ],
            Obstacle::Overlooked(at, ..) => {
                vec![inside(at, "ls-files -v", "to see them all, with a small letter or an S in front")]
            }
            Obstacle::Submodules(at) => vec![inside(at, "submodule status", "to see them")],
            Obstacle::ResetAway(commit, _) => {
                vec![format!("use 'git branch kept-{} {}' to keep what was there", task.id, commit.short())]
            }
            Obstacle::OwnRefs(at) => {
                vec![inside(at, "for-each-ref refs/worktree refs/bisect refs/rewritten", "to see them")]
            }
            Obstacle::Operation(at, _) => vec![inside(at, "status", "to see how to end it")],
            Obstacle::Locked(at, _) => vec![format!("use 'git worktree unlock {}' to unlock it", word(at))],
            Obstacle::Process(_, pid, _) => vec![format!("use 'kill {pid}' to end that process")],
            Obstacle::Uninspected(..) => vec!["install 'lsof', which tells that without '/proc'".to_owned()],
            Obstacle::Mounted(at) => vec![format!("use 'umount {}' to take that away", word(at))],
            Obstacle::NotOurs | Obstacle::Unreadable(..) => Vec::new(),
        }
    }
}
