//! The worktrees of a repository, read from their admin folders, so that one broken entry hides no other
//! (`git worktree list` dies for all of them at an empty `commondir`).

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::read::read_bounded;
use super::reflog;
use super::reftable::{Stack, is_stub};
use super::repo::{Repo, theirs};
use crate::model::facts::Head;
use crate::model::oid::Oid;

/// A worktree, as its admin folder describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Absolute, as git recorded it. The admin folder itself where git recorded none.
    pub path: PathBuf,
    /// During a rebase or a bisect, the branch that it began on: git counts that branch as checked out.
    pub head: Head,
    /// Where its HEAD is detached, also of one whose folder is missing.
    pub detached: Option<Oid>,
    /// A rebase, merge, cherry-pick, revert, bisect or am under way, as git names it.
    pub operation: Option<String>,
    /// The reason given to `git worktree lock`, which may be empty.
    pub locked: Option<String>,
    /// The repository itself, where it has no main worktree.
    pub bare: bool,
    /// The main worktree, or the bare repository in its place.
    pub main: bool,
    /// The worktree's own git dir.
    pub admin_dir: PathBuf,
}

impl Listed {
    /// Whether its index is a FIFO, a device or a folder: git would wait for that, or fail.
    pub(super) fn has_odd_index(&self) -> bool {
        self.admin_dir.join("index").metadata().is_ok_and(|index| !index.is_file())
    }
}

/// All worktrees: first the main worktree (or the bare repository), then the linked ones by path.
///
/// A broken, moved or half-made one is listed with [`Head::Missing`].
///
/// # Errors
/// The folder `worktrees` in the common git dir exists and cannot be read.
pub fn worktrees(repo: &Repo) -> Result<Vec<Listed>> {
    listed(repo, |_| true)
}

/// Those of all [`worktrees`] that have `branch` checked out, as git counts that.
///
/// # Errors
/// As [`worktrees`].
pub(super) fn on_branch(repo: &Repo, branch: &str) -> Result<Vec<Listed>> {
    let wanted = format!("ref: refs/heads/{branch}");
    // A detached HEAD may be that of a rebase, which began on a branch.
    let may_be = |admin: &Path| {
        let head = head_in(admin).unwrap_or_default();
        !head.starts_with(b"ref: ") || head.trim_ascii_end() == wanted.as_bytes()
    };
    let all = listed(repo, may_be)?;
    let on_it = |listed: &Listed| matches!(&listed.head, Head::Branch(head) if head == branch);
    Ok(all.into_iter().filter(on_it).collect())
}

/// The main worktree, and those linked ones of whose admin folder `wanted` holds.
fn listed(repo: &Repo, wanted: impl Fn(&Path) -> bool) -> Result<Vec<Listed>> {
    let mut linked = Vec::new();
    let folder = repo.common_dir().join("worktrees");
    match std::fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let admin = entry.with_context(|| format!("could not read '{}'", folder.display()))?.path();
                if admin.is_dir() && wanted(&admin) {
                    linked.push(linked_worktree(admin, repo.common_dir()));
                }
            }
        }
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
        Err(fault) => return Err(fault).with_context(|| format!("could not read '{}'", folder.display())),
    }
    linked.sort_by(|a, b| a.path.cmp(&b.path));
    linked.insert(0, main_worktree(repo));
    Ok(linked)
}

pub(super) fn main_worktree(repo: &Repo) -> Listed {
    let admin_dir = repo.common_dir().to_owned();
    let names = names_in(&admin_dir);
    let head = head(&admin_dir, &names, repo.reftable());
    Listed {
        path: repo.anchor().to_owned(),
        detached: detached(&head),
        head,
        operation: operation(&admin_dir, &names, repo.reftable()).map(str::to_owned),
        locked: None,
        bare: repo.main_worktree().is_none(),
        main: true,
        admin_dir,
    }
}

/// The worktree that this admin folder describes.
pub(super) fn linked_worktree(admin_dir: PathBuf, common: &Path) -> Listed {
    let names = names_in(&admin_dir);
    let recorded = path_in(&admin_dir.join("gitdir"), &admin_dir);
    let whole = recorded.as_ref().is_some_and(|dot_git| points_back(dot_git, &admin_dir))
        && path_in(&admin_dir.join("commondir"), &admin_dir).is_some_and(|dir| same(&dir, common));
    let path = match &recorded {
        Some(dot_git) if dot_git.file_name() == Some(OsStr::new(".git")) => dot_git.parent().unwrap_or(dot_git),
        Some(odd) => odd,
        None => &admin_dir,
    };
    let tables = names.contains(OsStr::new("reftable")).then(|| Stack::of(&admin_dir));
    let head = head(&admin_dir, &names, tables.as_ref());
    Listed {
        path: path.to_owned(),
        detached: detached(&head),
        head: if whole { head } else { Head::Missing },
        operation: operation(&admin_dir, &names, tables.as_ref()).map(str::to_owned),
        locked: names.contains(OsStr::new("locked")).then(|| text_in(&admin_dir.join("locked")).unwrap_or_default()),
        bare: false,
        main: false,
        admin_dir,
    }
}

fn detached(head: &Head) -> Option<Oid> {
    if let Head::Detached(at) = head { Some(*at) } else { None }
}

/// The last commit that the reflog of the worktree's HEAD knows, and the repository has.
pub(super) fn last_commit(repo: &Repo, listed: &Listed) -> Option<Oid> {
    let log = reflog::of_head(repo, &listed.admin_dir);
    let entry = |line: &[u8]| -> Option<Oid> {
        std::str::from_utf8(line.split(|byte| *byte == b' ').nth(1)?).ok()?.parse().ok()
    };
    let last = log.rsplit(|byte| *byte == b'\n').filter_map(entry);
    last.take(2).find(|at| repo.gix.find_commit(theirs(*at)).is_ok())
}

/// One look at a folder instead of one for each file that may be in it. Unreadable is empty.
fn names_in(dir: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect()
}

/// What a worktree's HEAD says, or the branch that a rebase or bisect there began on.
fn head(admin_dir: &Path, names: &BTreeSet<OsString>, tables: Option<&Stack>) -> Head {
    if let Some(branch) = branch_underway(admin_dir, names) {
        return Head::Branch(branch);
    }
    let text = match (read_bounded(&admin_dir.join("HEAD")), tables) {
        (Ok(head), Some(tables)) if is_stub(&head) => tables.head(),
        (Ok(head), _) => head,
        (Err(_), _) => return Head::Missing,
    };
    let text = String::from_utf8_lossy(text.trim_ascii());
    match text.strip_prefix("ref:") {
        Some(name) if name.trim().is_empty() => Head::Missing,
        Some(name) => Head::Branch(short(name.trim()).to_owned()),
        None => text.parse().map_or(Head::Missing, Head::Detached),
    }
}

/// What `HEAD` of a git dir says, as its file would without a reftable; `None` where it cannot be read.
pub(super) fn head_in(git_dir: &Path) -> Option<Vec<u8>> {
    let head = read_bounded(&git_dir.join("HEAD")).ok()?;
    Some(if is_stub(&head) { Stack::of(git_dir).head() } else { head })
}

fn branch_underway(admin_dir: &Path, names: &BTreeSet<OsString>) -> Option<String> {
    for state in ["rebase-merge", "rebase-apply"] {
        if names.contains(OsStr::new(state)) {
            let name = text_in(&admin_dir.join(state).join("head-name"))?;
            return name.strip_prefix("refs/heads/").map(str::to_owned);
        }
    }
    if names.contains(OsStr::new("BISECT_LOG")) {
        let start = text_in(&admin_dir.join("BISECT_START"))?;
        return start.parse::<Oid>().is_err().then(|| short(&start).to_owned());
    }
    None
}

/// `tables` hold what else stands in files, but for `MERGE_HEAD`.
fn operation(admin_dir: &Path, names: &BTreeSet<OsString>, tables: Option<&Stack>) -> Option<&'static str> {
    let has = |name: &str| names.contains(OsStr::new(name));
    if has("rebase-merge") {
        return Some("rebase");
    }
    if has("rebase-apply") {
        return Some(if admin_dir.join("rebase-apply/applying").exists() { "am" } else { "rebase" });
    }
    for (file, name) in [("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert")] {
        if has(file) || tables.is_some_and(|tables| tables.find(file).is_ok_and(|found| found.is_some())) {
            return Some(name);
        }
    }
    if has("sequencer") {
        let todo = text_in(&admin_dir.join("sequencer/todo")).unwrap_or_default();
        return Some(if todo.starts_with("revert") { "revert" } else { "cherry-pick" });
    }
    has("BISECT_LOG").then_some("bisect")
}

/// Whether the `.git` file of the worktree names this admin folder.
fn points_back(dot_git: &Path, admin_dir: &Path) -> bool {
    let Some(dir) = dot_git.parent() else {
        return false;
    };
    let Ok(content) = read_bounded(dot_git) else {
        return false;
    };
    let Some(target) = content.strip_prefix(b"gitdir:") else {
        return false;
    };
    let target = target.trim_ascii();
    !target.is_empty() && same(&dir.join(OsStr::from_bytes(target)), admin_dir)
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The path that a file of git's holds, from `base` where it is relative; `None` where it is missing or empty.
fn path_in(file: &Path, base: &Path) -> Option<PathBuf> {
    let mut content = read_bounded(file).ok()?;
    content.truncate(content.trim_ascii_end().len());
    if content.is_empty() {
        return None;
    }
    Some(without_dots(&base.join(OsString::from_vec(content))))
}

/// The path with its `..` taken off by the letter, where none follows a link's name that no longer exists.
pub(super) fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => _ = clean.pop(),
            std::path::Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}

fn text_in(file: &Path) -> Option<String> {
    let content = read_bounded(file).ok()?;
    Some(String::from_utf8_lossy(content.trim_ascii()).into_owned())
}

fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}
