//! What a repository shows now: plain values that `git` fills in and every decision starts from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::id::TaskId;
use super::ledger::Ledger;
use super::oid::Oid;
use super::path::TreePath;
use super::revert::Reverts;

/// Everything one command observes. Tasks of which the repository shows nothing have no entry in `tasks`.
#[derive(Debug, Clone)]
pub struct Facts {
    pub now: Timestamp,
    pub target: Target,
    pub tasks: BTreeMap<TaskId, Observed>,
    /// First-parent commits of the target that name a task or a branch, newest first.
    pub mentions: Vec<Mention>,
    /// What the target's history says was taken back.
    pub reverts: Reverts,
    pub ledger: Ledger,
    /// What could not be read that belongs to no task in particular, as sentences.
    pub faults: Vec<String>,
}

/// The branch that tasks start from and land on.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// As people name it: `main`, or `origin/main` for a remote-tracking branch.
    pub name: String,
    pub commit: Oid,
    /// Its upstream, where one is configured and present.
    pub upstream: Option<Upstream>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Upstream {
    pub name: String,
    pub commit: Oid,
    /// Commits that only the upstream has.
    pub ahead: u64,
    /// Commits that only the target has.
    pub behind: u64,
}

impl Target {
    /// The name and commit that new branches start from and that landings are proved against:
    /// the upstream where it is strictly ahead, else the target itself.
    pub fn newest(&self) -> (&str, Oid) {
        match &self.upstream {
            Some(upstream) if upstream.ahead > 0 && upstream.behind == 0 => (&upstream.name, upstream.commit),
            _ => (&self.name, self.commit),
        }
    }

    /// Whether target and upstream both have commits of their own.
    pub fn diverged(&self) -> bool {
        self.upstream.as_ref().is_some_and(|upstream| upstream.ahead > 0 && upstream.behind > 0)
    }
}

/// What the repository shows of one task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    pub branch: Option<Branch>,
    /// Remote-tracking branches with the task's branch name, such as `origin/task/SCR-001`.
    pub remotes: Vec<String>,
    /// Where its worker is elsewhere, and such a branch says more than the local one.
    pub twin: Option<Twin>,
    pub worktree: Option<Worktree>,
    /// Absolute: where the ledger recorded its worktree, and nothing stands now.
    pub vacant: Option<PathBuf>,
    /// What the HEAD of its worktree was last at, where its branch is gone.
    pub deleted: Option<Oid>,
}

/// A remote-tracking branch with the name of a task's branch, such as `origin/task/SCR-001`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Twin {
    /// It has all that the local one has, and more: its tip is [`Branch::tip`].
    Followed(String),
    /// Each has commits that the other lacks: the local one counts.
    Apart(String),
}

impl Twin {
    /// The one that is followed.
    pub fn followed(&self) -> Option<&str> {
        if let Twin::Followed(name) = self { Some(name) } else { None }
    }
}

/// A task branch: the local one, or its twin where that is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Without `refs/heads/`.
    pub name: String,
    pub tip: Oid,
    /// The epoch where the tip cannot be read.
    pub committed_at: Timestamp,
    /// Where its own commits begin: as recorded, else the merge base with the target; `None` where there is neither.
    pub base: Option<Oid>,
    /// Whether the tip still descends from the base; `None` where not known.
    pub contains_base: Option<bool>,
    /// Its own commits: base..tip, without those of the target where some of it has not landed; none where it was only moved;
    /// `None` where not counted.
    pub commits: Option<u64>,
    /// Commits that the target ([`Target::newest`]) lacks.
    pub ahead: Option<u64>,
    /// Commits of the target ([`Target::newest`]) that the branch lacks.
    pub behind: Option<u64>,
    /// Whether the tip lies on the target's own first-parent line, and nothing shows that it was committed on this branch first.
    pub on_first_parent_line: bool,
    /// Merging it into the target ([`Target::newest`]); `None` where not computed.
    pub merge: Option<Merge>,
    /// Paths in which the tip's tree differs from the base's, in the order of their bytes; where it has merged the target
    /// since, or left its base, from the merge base's. `None` where not compared.
    pub touched: Option<Vec<TreePath>>,
    /// The commit of the target ([`Target::newest`]) that brought the branch's work without its commits.
    pub brought: Option<Brought>,
    /// What of it could not be read, as a clause: then some of this is not known.
    pub fault: Option<String>,
    /// The commit that took the landing of the branch back from the target.
    pub reverted: Option<Oid>,
    pub base_is: BaseIs,
    /// Its reflog shows that it was only ever moved to commits of others, such as by fast-forwarding it to the target.
    pub only_moved: bool,
}

/// What became of the base that was recorded for a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BaseIs {
    /// On the target, or there is none, or not known.
    #[default]
    Sound,
    /// No longer on the target, but still below the tip: the branch carries commits that were the target's.
    Abandoned(Oid),
    /// Neither on the target nor below the tip: [`Branch::base`] is the merge base in its place.
    Replaced(Oid),
    /// The commit is not in the repository.
    Missing(Oid),
}

impl Branch {
    /// When its last commit was made; `None` where its tip cannot be read.
    pub fn last_commit(&self) -> Option<Timestamp> {
        let unread = self.fault.is_some() && self.committed_at == Timestamp::UNIX_EPOCH;
        (!unread).then_some(self.committed_at)
    }
}

/// What `git merge-tree --write-tree <target> <tip>` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    pub clean: bool,
    /// The resulting tree, with conflict markers where not clean.
    pub tree: Oid,
    /// In git's order, without repetitions.
    pub conflicts: Vec<TreePath>,
    /// The result is the target's own tree.
    pub adds_nothing: bool,
    /// The tip's tree differs from the merge base's: an empty commit proves nothing.
    pub tip_changes_something: bool,
}

/// A commit on the target's first-parent line that has the work of a branch, but not its commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    pub how: How,
    pub commit: Oid,
    /// Such as `#123`, from its message.
    pub pr: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Replaying the branch on its parent gives its tree.
    Squash,
    /// It is the newest of those that each carry the patch of one of the branch's own commits.
    Rebase,
}

/// A linked (or the main) worktree that belongs to a task: by its recorded path, by the branch it has checked out, or by
/// the reason for its lock.
#[derive(Debug, Clone, PartialEq)]
pub struct Worktree {
    pub path: PathBuf,
    pub main: bool,
    /// A folder stands at `path`; with [`Head::Missing`], it is a broken worktree, else it was moved or deleted.
    pub folder: bool,
    pub head: Head,
    /// Where its HEAD is detached, also with [`Head::Missing`].
    pub detached: Option<Oid>,
    /// A rebase, merge, cherry-pick, revert, bisect or am under way, as git names it.
    pub operation: Option<String>,
    /// `None` where not counted.
    pub changes: Option<Changes>,
    /// What HEAD lacks of it; `None` where not read, such as during a rebase.
    pub uncommitted: Option<Uncommitted>,
    /// The reason given to `git worktree lock`, which may be empty.
    pub locked: Option<String>,
    /// Its index, where that was to be read and is none that git wrote.
    pub damaged_index: Option<PathBuf>,
    /// Copies or the setup command are wanted in it, and nobody wrote that they ended well.
    pub unequipped: bool,
}

/// What a worktree holds that its HEAD does not: staged, modified and untracked files, without ignored ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Uncommitted {
    /// Paths of files that differ from HEAD's, in the order of their bytes; files in untracked folders one by one.
    pub paths: Vec<TreePath>,
    /// Those of them that were not read since they are too large; in [`Uncommitted::commit`] a content that no other file has stands for theirs.
    pub unread: Vec<TreePath>,
    /// A commit of the whole state on top of HEAD, which only the observation's quarantine holds; `None` where nothing
    /// is changed, or it was not built.
    pub commit: Option<Oid>,
    /// Merging that commit into the target ([`Target::newest`]); `None` where not computed.
    pub merge: Option<Merge>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A branch without `refs/heads/`.
    Branch(String),
    Detached(Oid),
    /// The folder or its link to the repository is gone or broken.
    Missing,
}

/// Paths in each group, as `git status --porcelain=v2 --untracked-files=normal` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Changes {
    pub staged: u64,
    pub modified: u64,
    pub untracked: u64,
    pub conflicted: u64,
}

impl Changes {
    pub fn is_clean(&self) -> bool {
        *self == Changes::default()
    }
}

/// A first-parent commit of the target whose message names a task (trailer `Task: ID`) or a branch
/// (`Merge branch 'B'`, `Merge pull request #N from owner/B`, a squash subject that ends in `(#N)` names none).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Mention {
    pub commit: Oid,
    /// Committer time, in seconds since the epoch.
    pub time: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Such as `#123`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr: Option<String>,
}
