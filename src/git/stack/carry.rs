//! Moving a worktree, its index and its branch from one commit to another, so that a kill at any point leaves what can be told
//! from anybody's work: first the files, then the index, then the branch.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::git::lock::Lock;
use crate::git::program::{failed, run, stdout_of};
use crate::git::quarantine::Quarantine;
use crate::git::repo::Repo;
use crate::git::stale::{clear_stale_file, clear_stale_lock};
use crate::git::worktrees::worktrees;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::text::shell_word;

/// A worktree on its way.
pub struct Way<'a> {
    pub folder: &'a Path,
    /// Without `refs/heads/`.
    pub branch: &'a str,
    pub from: Oid,
    pub to: Oid,
    /// For the reflogs.
    pub reason: &'a str,
}

/// Brings the worktree, which is at `from`, to `to`; what nobody committed stays, where the way leaves it alone. `begun`: that was
/// tried before, and what differs may be of that. Its index is locked all the while: a `git commit` beside it fails.
///
/// # Errors
/// Something stands in the way that nobody committed, or another git holds the index ([`Exit::Refused`]); the branch was moved by
/// another: then nothing was changed that had not been. git failed, or there is no room ([`Exit::Halfway`]): the same call goes on.
pub fn carry((repo, held): (&Repo, &Lock), way: &Way<'_>, begun: bool) -> Result<()> {
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == way.folder);
    let listed = listed.with_context(|| format!("worktree '{}' is gone", way.folder.display()))?;
    let site = Site::new((repo, held), way, &listed.admin_dir)?;
    let index = site.lock()?;
    let moved = site.move_all(begun);
    drop(index);
    site.unlock()?;
    moved
}

/// Takes back what a [`carry`] that was not brought to its end left in the worktree, whose branch is at `from` still.
///
/// # Errors
/// As [`carry`].
pub fn retreat((repo, held): (&Repo, &Lock), way: &Way<'_>) -> Result<()> {
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == way.folder);
    let Some(listed) = listed else { return Ok(()) };
    let site = Site::new((repo, held), way, &listed.admin_dir)?;
    let index = site.lock()?;
    let changes = Changes::of(way, site.git(&[])?)?;
    let back = site.next_begins(&changes).and_then(|old| match old {
        true => site.put_back(&changes),
        false => site.files((way.to, way.from)).and_then(|()| site.index()),
    });
    drop(index);
    site.unlock()?;
    back
}

/// Whether nothing that is new and that nobody committed is in the way of [`carry`]; `to` may be in the quarantine only.
///
/// # Errors
/// Something is ([`Exit::Refused`]).
pub fn may_carry(repo: &Repo, quarantine: &Quarantine, way: &Way<'_>) -> Result<()> {
    let changes = Changes::of(way, quarantine.command(repo)?)?;
    changes.in_the_way(way).first().map_or(Ok(()), |first| Err(way.blocked(first).into()))
}

/// The same for what is changed and not committed, too: `dirt` is what [`dirt`] said.
///
/// # Errors
/// Something is ([`Exit::Refused`]).
pub fn leaves_alone(repo: &Repo, quarantine: &Quarantine, way: &Way<'_>, dirt: &[TreePath]) -> Result<()> {
    let changes = Changes::of(way, quarantine.command(repo)?)?;
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == way.folder);
    if let Some(admin) = listed.map(|listed| listed.admin_dir)
        && admin.join("index.lock").symlink_metadata().is_ok()
        && own(&admin).symlink_metadata().is_err()
    {
        return Err(way.locked(&admin).into());
    }
    let changed = dirt.iter().filter(|path| changes.has(path)).cloned();
    let mut met = changed.chain(changes.in_the_way(way));
    met.next().map_or(Ok(()), |first| Err(way.blocked(&first).into()))
}

/// What is changed and not committed in a worktree, without what is new, by git's own word.
///
/// # Errors
/// git failed.
pub fn dirt(repo: &Repo, folder: &Path) -> Result<Vec<TreePath>> {
    let mut command = repo.git.command(folder);
    command.args(["-c", "core.fsmonitor=false", "status", "--porcelain=v2", "-z", "--no-renames"]);
    let said = stdout_of(command.args(["--untracked-files=no", "--ignore-submodules=all"]))?;
    let changed = said.split(|&byte| byte == 0).filter_map(|line| {
        let fields = if line.first() == Some(&b'u') { 11 } else { 9 };
        line.splitn(fields, |&byte| byte == b' ').nth(fields - 1).map(TreePath::new)
    });
    Ok(changed.collect())
}

/// Removes what a kill left of a [`carry`] in a worktree: locks of its index, if they are ours, and the index to be. Called with the
/// repository's lock held: nobody holds them.
///
/// # Errors
/// They cannot be removed.
pub fn let_go(repo: &Repo, folder: &Path) -> Result<()> {
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == folder);
    listed.map_or(Ok(()), |listed| {
        clear_stale_file(&listed.admin_dir.join("HEAD.lock"))?;
        unlock(&listed.admin_dir)
    })
}

/// Ours, while `index.lock` is a link to it: so that a lock that a kill left is known.
fn own(admin: &Path) -> PathBuf {
    admin.join("dispatch-lock")
}

/// The index to be; git locks it by a file of its own.
fn next(admin: &Path) -> PathBuf {
    admin.join("dispatch-index")
}

fn unlock(admin: &Path) -> Result<()> {
    let could_not = |path: &Path| format!("could not remove '{}'", path.display());
    let (own, theirs) = (own(admin), admin.join("index.lock"));
    if let Ok(own_lock) = std::fs::symlink_metadata(&own) {
        let same = std::fs::symlink_metadata(&theirs)
            .is_ok_and(|lock| (lock.dev(), lock.ino()) == (own_lock.dev(), own_lock.ino()));
        if same {
            std::fs::remove_file(&theirs).with_context(|| could_not(&theirs))?;
        }
        std::fs::remove_file(&own).with_context(|| could_not(&own))?;
    }
    for left in [next(admin), next(admin).with_extension("lock")] {
        match std::fs::remove_file(&left) {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                return Err(fault).with_context(|| could_not(&left));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Way<'_> {
    fn place(&self, path: &TreePath) -> PathBuf {
        self.folder.join(OsStr::from_bytes(path.as_bytes()))
    }

    fn locked(&self, admin: &Path) -> Failure {
        let what = format!("another git is at work in '{}', or was killed there", self.folder.display());
        let lock = shell_word(&admin.join("index.lock").to_string_lossy());
        Failure::new(Exit::Refused, what).hint(format!("use 'rm {lock}' if none is"))
    }

    fn blocked(&self, by: &TreePath) -> Failure {
        let what = format!("'{}' in '{}' is not committed and would be overwritten", by.lossy(), self.folder.display());
        Failure::new(Exit::Refused, what).hint("commit it or move it away, then run the same command again")
    }
}

/// The paths that differ between the commits of a way.
struct Changes {
    /// Only `to` has them.
    new: BTreeSet<TreePath>,
    /// Only `from` has them.
    gone: BTreeSet<TreePath>,
    other: BTreeSet<TreePath>,
}

impl Changes {
    /// `command` is a git of the repository.
    fn of(way: &Way<'_>, mut command: Command) -> Result<Changes> {
        command.args(["diff-tree", "-r", "-z", "--no-renames", "--name-status"]);
        let said = stdout_of(command.args([way.from.to_string(), way.to.to_string()]))?;
        let mut changes = Changes { new: BTreeSet::new(), gone: BTreeSet::new(), other: BTreeSet::new() };
        let mut fields = said.split(|&byte| byte == 0);
        while let (Some(status), Some(path)) = (fields.next(), fields.next()) {
            let group = match status {
                b"A" => &mut changes.new,
                b"D" => &mut changes.gone,
                _ => &mut changes.other,
            };
            group.insert(TreePath::new(path));
        }
        Ok(changes)
    }

    fn has(&self, path: &TreePath) -> bool {
        self.new.contains(path) || self.gone.contains(path) || self.other.contains(path)
    }

    fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty() && self.other.is_empty()
    }

    /// The new files in whose place something stands already.
    fn in_the_way(&self, way: &Way<'_>) -> Vec<TreePath> {
        self.new.iter().filter(|path| self.is_taken(way, path)).cloned().collect()
    }

    /// Whether something stands at `path`, or where one of its folders is to be, that goes not by itself.
    fn is_taken(&self, way: &Way<'_>, path: &TreePath) -> bool {
        let place = Path::new(OsStr::from_bytes(path.as_bytes()));
        let mut above = place.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        let in_the_way = |above: &Path| {
            let kind = way.folder.join(above).symlink_metadata().map(|found| found.is_dir());
            kind.is_ok_and(|folder| !folder) && !self.gone.contains(&TreePath::new(above.as_os_str().as_bytes()))
        };
        // A folder whose files all go goes with them.
        let stands = |found: std::fs::Metadata| !found.is_dir() || !self.empties(way, place);
        above.any(in_the_way) || way.place(path).symlink_metadata().is_ok_and(stands)
    }

    /// Whether nothing is left in a folder when what is gone is gone.
    fn empties(&self, way: &Way<'_>, folder: &Path) -> bool {
        let Ok(entries) = std::fs::read_dir(way.folder.join(folder)) else { return false };
        entries.flatten().all(|entry| {
            let path = folder.join(entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            self.gone.contains(&TreePath::new(path.as_os_str().as_bytes())) || is_folder && self.empties(way, &path)
        })
    }
}

struct Site<'a> {
    repo: &'a Repo,
    held: &'a Lock,
    way: &'a Way<'a>,
    admin: &'a Path,
}

impl<'a> Site<'a> {
    /// Without what an earlier one left of locks.
    fn new((repo, held): (&'a Repo, &'a Lock), way: &'a Way<'a>, admin: &'a Path) -> Result<Site<'a>> {
        let site = Site { repo, held, way, admin };
        site.unlock()?;
        Ok(site)
    }

    fn own(&self) -> PathBuf {
        own(self.admin)
    }

    fn next(&self) -> PathBuf {
        next(self.admin)
    }

    fn theirs(&self) -> PathBuf {
        self.admin.join("index.lock")
    }

    fn lock(&self) -> Result<File> {
        let could_not = || format!("could not lock the index of '{}'", self.way.folder.display());
        let file = File::create_new(self.own()).with_context(could_not)?;
        match std::fs::hard_link(self.own(), self.theirs()) {
            Ok(()) => Ok(file),
            Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {
                let _ = std::fs::remove_file(self.own());
                Err(self.way.locked(self.admin).into())
            }
            Err(fault) => {
                let _ = std::fs::remove_file(self.own());
                Err(fault).with_context(could_not)
            }
        }
    }

    /// See [`let_go`].
    fn unlock(&self) -> Result<()> {
        unlock(self.admin)
    }

    /// A git command for the worktree that sees the index to be, and runs no hook of the branch.
    fn git(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = self.repo.git.command(self.way.folder);
        command.env("GIT_DIR", self.admin).env("GIT_WORK_TREE", self.way.folder).env("GIT_INDEX_FILE", self.next());
        command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]).args(arguments);
        command.stdin(self.held.handed_on()?);
        Ok(command)
    }

    fn move_all(&self, begun: bool) -> Result<()> {
        let changes = Changes::of(self.way, self.git(&[])?)?;
        let began = !begun || self.next_begins(&changes)?;
        if began {
            if begun {
                self.put_back(&changes)?;
            } else if let Some(first) = changes.in_the_way(self.way).first() {
                return Err(self.way.blocked(first).into());
            }
            self.files((self.way.from, self.way.to))?;
            self.index()?;
        }
        match self.branch()? {
            true => Ok(()),
            false => {
                self.copy_index()?;
                self.files((self.way.to, self.way.from))?;
                self.index()?;
                Err(anyhow!("branch '{}' was moved meanwhile", self.way.branch))
            }
        }
    }

    /// Of what was begun: whether the index is the one before still, and not the one to be.
    ///
    /// # Errors
    /// Somebody staged something else since ([`Exit::Refused`]).
    fn next_begins(&self, changes: &Changes) -> Result<bool> {
        self.copy_index()?;
        if changes.is_empty() {
            return Ok(true);
        }
        let met = |commit: Oid| Ok::<_, anyhow::Error>(self.staged(commit)?.into_iter().find(|path| changes.has(path)));
        let Some(path) = met(self.way.from)? else { return Ok(true) };
        if met(self.way.to)?.is_none() {
            return Ok(false);
        }
        Err(self.not_committed(&path))
    }

    fn not_committed(&self, path: &TreePath) -> anyhow::Error {
        let what = format!("'{}' in '{}' is not committed", path.lossy(), self.way.folder.display());
        Failure::new(Exit::Refused, what).hint("put it aside, then run the same command again").into()
    }

    /// What the index to be has otherwise than `commit`.
    fn staged(&self, commit: Oid) -> Result<Vec<TreePath>> {
        let mut command = self.git(&["diff-index", "--cached", "--name-only", "-z", "--no-renames"])?;
        Ok(paths(&stdout_of(command.args(["--ignore-submodules=all", &commit.to_string()]))?))
    }

    /// Of what was begun: each file of the way becomes what it was. What is neither that, nor what it is to be, nor the first part of
    /// that, is somebody's.
    fn put_back(&self, changes: &Changes) -> Result<()> {
        _ = run(&mut self.git(&["update-index", "-q", "--refresh"])?)?;
        let mut command = self.git(&["diff-files", "--name-only", "-z", "--no-renames", "--ignore-submodules=all"])?;
        let differ: Vec<TreePath> =
            paths(&stdout_of(&mut command)?).into_iter().filter(|path| changes.has(path)).collect();
        let there: Vec<&TreePath> = changes
            .new
            .iter()
            .filter(|path| self.way.place(path).symlink_metadata().is_ok_and(|it| !it.is_dir()))
            .collect();
        for path in differ.iter().chain(there.iter().copied()) {
            if !self.is_of(path, self.way.to)? {
                return Err(self.not_committed(path));
            }
        }
        for path in there {
            let place = self.way.place(path);
            std::fs::remove_file(&place).with_context(|| format!("could not remove '{}'", place.display()))?;
            let above = place.ancestors().skip(1).take_while(|above| *above != self.way.folder);
            let _ = above.map(std::fs::remove_dir).take_while(std::io::Result::is_ok).count();
        }
        if let Some(first) = changes.in_the_way(self.way).first() {
            return Err(self.way.blocked(first).into());
        }
        let listed: Vec<u8> = differ.iter().flat_map(|path| [path.as_bytes(), b"\0"].concat()).collect();
        let mut command = self.git(&["checkout-index", "-f", "-u", "-q", "-z", "--stdin"])?;
        let mut input = tempfile::tempfile().context("could not write a temp file")?;
        input.write_all(&listed).and_then(|()| input.rewind()).context("could not write a temp file")?;
        stdout_of(command.stdin(input))?;
        Ok(())
    }

    /// Whether the file at `path` is what `commit` has there, or the first part of that, as a kill leaves it.
    fn is_of(&self, path: &TreePath, commit: Oid) -> Result<bool> {
        let place = self.way.place(path);
        let Ok(found) = place.symlink_metadata() else { return Ok(true) };
        let mut spec = format!("{commit}:").into_bytes();
        spec.extend_from_slice(path.as_bytes());
        let mut command = self.git(&["cat-file", "--filters"])?;
        let output = run(command.arg(OsStr::from_bytes(&spec)))?;
        if !output.status.success() {
            return Ok(false);
        }
        let there = match found.is_symlink() {
            true => std::fs::read_link(&place).map(|link| link.into_os_string().into_encoded_bytes()),
            false if found.is_file() => std::fs::read(&place),
            false => return Ok(false),
        };
        Ok(there.is_ok_and(|there| output.stdout.starts_with(&there)))
    }

    fn copy_index(&self) -> Result<()> {
        let copied = std::fs::copy(self.admin.join("index"), self.next());
        copied.map(|_| ()).with_context(|| format!("could not write '{}'", self.next().display()))
    }

    /// Writes the files, and the index to be beside the index.
    fn files(&self, (from, to): (Oid, Oid)) -> Result<()> {
        if self.next().symlink_metadata().is_err() {
            self.copy_index()?;
        }
        let before = self.staged(from)?;
        let (one, other) = (from.to_string(), to.to_string());
        let mut command = self.git(&["read-tree", "-m", "-u", "--no-recurse-submodules", &one, &other])?;
        let mut output = run(&mut command)?;
        if !output.status.success() && self.staged(from)? == before {
            // Files that were copied or restored look changed to git by their times alone.
            _ = run(&mut self.git(&["update-index", "-q", "--refresh"])?)?;
            output = run(&mut command)?;
        }
        if output.status.success() && self.staged(to)? == before {
            return Ok(());
        }
        Err(Failure { exit: Exit::Halfway, ..failed(&command, &output) }.into())
    }

    fn index(&self) -> Result<()> {
        let index = self.admin.join("index");
        let synced = File::open(self.next()).and_then(|file| file.sync_all());
        synced
            .and_then(|()| std::fs::rename(self.next(), &index))
            .with_context(|| format!("could not write '{}'", index.display()))
    }

    /// Moves the branch, with a line in its reflog and in that of the worktree's HEAD; `false` where another was faster.
    fn branch(&self) -> Result<bool> {
        let name = format!("refs/heads/{}", self.way.branch);
        clear_stale_lock(self.repo, &name)?;
        // git locks it too, for its reflog.
        clear_stale_file(&self.admin.join("HEAD.lock"))?;
        if self.repo.commit_of(&name)? == Some(self.way.to) {
            return Ok(true);
        }
        let mut command = self.git(&["-c", "core.fsync=committed,reference", "update-ref", "-m", self.way.reason])?;
        let output = run(command.args([&name, &self.way.to.to_string(), &self.way.from.to_string()]))?;
        if !output.status.success() {
            clear_stale_file(&self.admin.join("HEAD.lock"))?;
            clear_stale_lock(self.repo, &name)?;
        }
        // Exit codes lie both ways.
        match self.repo.commit_of(&name)? {
            Some(now) if now == self.way.to => Ok(true),
            Some(now) if now != self.way.from => Ok(false),
            _ => Err(failed(&command, &output).into()),
        }
    }
}

fn paths(said: &[u8]) -> Vec<TreePath> {
    said.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(TreePath::new).collect()
}
