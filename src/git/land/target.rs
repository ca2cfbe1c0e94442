//! Moving the target, wherever it is checked out.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::git::cache_file::CacheFile;
use crate::git::fault::Told;
use crate::git::lock::Lock;
use crate::git::program::{failed, run, stdout_of};
use crate::git::repo::{Repo, ours, theirs};
use crate::git::stack::{Way, carry, let_go, retreat};
use crate::git::stale::clear_stale_lock;
use crate::git::start::update_refs;
use crate::git::unref;
use crate::git::worktrees::on_branch;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::Train;
use crate::model::oid::Oid;
use crate::model::text::shell_word;

/// Holds what is about to land: it says that the landing is this repository's, and keeps its commits from gc.
const MARK: &str = "refs/dispatch/landing";

/// A move of the target.
pub struct Advance<'a> {
    /// Without `refs/heads/`.
    pub target: &'a str,
    /// Where it is checked out, if it is.
    pub folder: Option<PathBuf>,
    pub from: Oid,
    pub to: Oid,
    /// For the reflogs.
    pub reason: &'a str,
}

/// The worktree that has the target checked out; `None` where none has.
///
/// # Errors
/// Several have, or something is under way there ([`Exit::Refused`]); worktrees cannot be read.
pub fn checkout_of(repo: &Repo, target: &str) -> Result<Option<PathBuf>> {
    let listed: Vec<_> = on_branch(repo, target)?.into_iter().filter(|listed| !listed.bare).collect();
    if let [one, other, ..] = &listed[..] {
        let what =
            format!("'{target}' is checked out twice, in '{}' and in '{}'", one.path.display(), other.path.display());
        let leave = format!("use 'git -C {} switch --detach' to leave it there", word(&other.path));
        return Err(Failure::new(Exit::Refused, what).hint(leave).into());
    }
    let Some(one) = listed.into_iter().next() else { return Ok(None) };
    if let Some(operation) = &one.operation {
        let what = format!("a {operation} is under way in '{}', which has '{target}' checked out", one.path.display());
        let see = format!("use 'git -C {} status' to see how to end it", word(&one.path));
        return Err(Failure::new(Exit::Refused, what).hint(see).into());
    }
    Ok(Some(one.path))
}

fn word(path: &std::path::Path) -> String {
    shell_word(&path.to_string_lossy())
}

/// Moves the target, with index and files where it is checked out; `false` where another was faster, and nothing is changed then.
/// `begun`: that was tried before.
///
/// # Errors
/// See [`carry`]; git failed ([`Exit::Halfway`]): the same call goes on.
pub fn advance((repo, held): (&Repo, &Lock), advance: &Advance<'_>, begun: bool) -> Result<bool> {
    let name = format!("refs/heads/{}", advance.target);
    let now = || repo.commit_of(&name);
    let (from, to) = (advance.from, advance.to);
    if ![Some(from), Some(to)].contains(&now()?) {
        if let Some(folder) = advance.folder.as_ref().filter(|_| begun) {
            let_go(repo, folder)?;
        }
        return Ok(false);
    }
    if let Some(folder) = &advance.folder {
        let Advance { target: branch, reason, .. } = *advance;
        let way = Way { folder, branch, from, to, reason };
        let carried = carry((repo, held), &way, begun);
        return match now()? {
            Some(there) if there == to => carried.map(|()| true),
            Some(there) if there != from => Ok(false),
            _ => carried.and(Err(anyhow!("'{name}' did not move"))),
        };
    }
    clear_stale_lock(repo, &name)?;
    if now()? == Some(to) {
        return Ok(true);
    }
    let mut command = repo.command();
    command.args(["-c", "core.fsync=committed,reference", "-c", "reftable.lockTimeout=2000", "update-ref", "-m"]);
    command.args([advance.reason, &name, &to.to_string(), &from.to_string()]);
    let output = run(command.stdin(held.handed_on()?))?;
    match now()? {
        Some(there) if there == to => Ok(true),
        Some(there) if there != from => Ok(false),
        _ => Err(failed(&command, &output).into()),
    }
}

/// Undoes what an [`advance`] that was not brought to its end left in the checkout; the target is at `from` still.
///
/// # Errors
/// See [`carry`].
pub fn fall_back(held: (&Repo, &Lock), advance: &Advance<'_>) -> Result<()> {
    let Advance { target: branch, folder, from, to, reason } = advance;
    let Some(folder) = folder else { return Ok(()) };
    let way = Way { folder, branch, from: *from, to: *to, reason };
    retreat(held, &way)
}

fn kept(repo: &Repo) -> Result<Option<Oid>> {
    repo.commit_of(MARK)
}

/// A landing that this clone made, or is about to make: what the ledger says of others moves nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// See [`crate::model::ledger::Lands::train`].
    pub train: String,
    pub old: Oid,
    pub new: Oid,
}

impl Mark {
    /// Whether it is that train, with the same move of the target.
    pub fn is_of(&self, train: &Train) -> bool {
        let first = train.first();
        (&self.train, self.old, self.new) == (&train.uid, first.old, first.new)
    }
}

fn mark_file(repo: &Repo) -> CacheFile {
    CacheFile::below(repo.common_dir(), "dispatch/landing")
}

const MARK_MAGIC: &[u8] = b"git-dispatch landing 1\n";

/// So many landings of this clone are remembered, the newest ones.
const MOST: usize = 200;

/// The landings of this clone that were not taken back, and those that it was about to make, oldest first.
pub fn marks(repo: &Repo) -> Vec<Mark> {
    let text = mark_file(repo).read(MARK_MAGIC).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let mark = |line: &str| {
        let mut fields = line.split_whitespace();
        let train = fields.next()?.to_owned();
        Some(Mark { train, old: fields.next()?.parse().ok()?, new: fields.next()?.parse().ok()? })
    };
    text.lines().filter_map(mark).collect()
}

fn write_marks(repo: &Repo, marks: &[Mark]) -> Result<()> {
    let line = |Mark { train, old, new }: &Mark| format!("{train} {old} {new}\n");
    let text: String = marks[marks.len().saturating_sub(MOST)..].iter().map(line).collect();
    let written = mark_file(repo).replace(MARK_MAGIC, text.as_bytes());
    written.context("could not write 'dispatch/landing' in the git directory")
}

/// Says what is about to land here, and keeps it from gc.
///
/// # Errors
/// git failed, or the file cannot be written.
pub fn mark(repo: &Repo, mark: Mark) -> Result<()> {
    let new = mark.new;
    let mut all = marks(repo);
    all.push(mark);
    write_marks(repo, &all)?;
    clear_stale_lock(repo, MARK)?;
    if kept(repo)? == Some(new) {
        return Ok(());
    }
    let said = update_refs(repo, &format!("update {MARK}\0{new}\0\0"), "dispatch: land");
    if kept(repo)? == Some(new) { Ok(()) } else { said.and(Err(anyhow!("git made no ref '{MARK}'"))) }
}

/// That landing is none any more: it was taken back, or nothing came of it.
///
/// # Errors
/// The file cannot be written.
pub fn forget_mark(repo: &Repo, train: &str) -> Result<()> {
    let mut all = marks(repo);
    let before = all.len();
    all.retain(|mark| mark.train != train);
    if all.len() == before { Ok(()) } else { write_marks(repo, &all) }
}

/// Nothing is about to land any more: what did is named by others.
///
/// # Errors
/// The ref cannot be deleted.
pub fn unmark(repo: &Repo, held: &Lock) -> Result<()> {
    match kept(repo)? {
        Some(commit) => unref::delete(repo, held, MARK, commit),
        None => unref::tidy(repo, MARK),
    }
}

/// A remote-tracking branch that has `commit` already, but for those of `branches`.
///
/// # Errors
/// git failed.
pub fn pushed(repo: &Repo, commit: Oid, branches: &[&str]) -> Result<Option<String>> {
    let mut command = repo.command();
    command.args(["for-each-ref", "--format=%(refname:short)", &format!("--contains={commit}")]);
    let said = stdout_of(command.arg("refs/remotes"))?;
    let said = String::from_utf8_lossy(&said);
    let own = |name: &&str| branches.iter().any(|branch| name.split_once('/').is_some_and(|(_, rest)| rest == *branch));
    Ok(said.lines().find(|name| !own(name)).map(str::to_owned))
}

/// The tree of a commit of the repository.
///
/// # Errors
/// It cannot be read.
pub fn tree_of_commit(repo: &Repo, commit: Oid) -> Result<Oid> {
    let cannot = || format!("could not read commit {commit}");
    let found = repo.gix.find_commit(theirs(commit)).told(cannot)?;
    Ok(ours(&found.tree_id().told(cannot)?))
}
