//! Moving a worktree, its index and its branch from one commit to another, so that a kill at any point leaves what can be told
//! from anybody's work: first the files, then the index, then the branch.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::git::lock::Lock;
use crate::git::program::{failed, run, stdout_of};
use crate::git::quarantine::Quarantine;
use crate::git::repo::Repo;
use crate::git::stale::clear_stale_lock;
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
}

/// Brings the worktree, which is at `from`, to `to`. `begun`: that was tried before, and what differs may be of that.
///
/// # Errors
/// Something stands in the way that nobody committed, or another git holds the index ([`Exit::Refused`]): then nothing was changed
/// that had not been. git failed, or there is no room ([`Exit::Halfway`]): the same call goes on.
pub fn carry((repo, held): (&Repo, &Lock), way: &Way<'_>, begun: bool) -> Result<()> {
    let listed = worktrees(repo)?.into_iter().find(|listed| listed.path == way.folder);
    let listed = listed.with_context(|| format!("worktree '{}' is gone", way.folder.display()))?;
    let site = Site { repo, held, way, admin: &listed.admin_dir };
    site.unlock()?;
    let index = site.lock()?;
    let moved = site.may_go(begun).and_then(|()| site.files(begun)).and_then(|()| site.index());
    drop(index);
    site.unlock()?;
    moved?;
    site.branch()
}

/// Whether nothing that nobody committed is in the way of [`carry`]; `to` may be in the quarantine only.
///
/// # Errors
/// Something is ([`Exit::Refused`]).
pub fn may_carry(repo: &Repo, quarantine: &Quarantine, way: &Way<'_>) -> Result<()> {
    match in_the_way(way, quarantine.command(repo)?, quarantine.command(repo)?)?.first() {
        Some(first) => Err(way.blocked(first).into()),
        None => Ok(()),
    }
}

impl Way<'_> {
    fn place(&self, path: &TreePath) -> PathBuf {
        self.folder.join(OsStr::from_bytes(path.as_bytes()))
    }

    fn blocked(&self, by: &TreePath) -> Failure {
        let what = format!("'{}' in '{}' is not committed and would be overwritten", by.lossy(), self.folder.display());
        Failure::new(Exit::Refused, what).hint("move it away, then run the same command again")
    }
}

/// The new files of the commit to be in whose place something stands already. Each command is a git of the repository.
fn in_the_way(way: &Way<'_>, mut one: Command, mut other: Command) -> Result<Vec<TreePath>> {
    let (from, to) = (way.from.to_string(), way.to.to_string());
    let differ = |command: &mut Command, filter: &str| -> Result<Vec<TreePath>> {
        command.args(["diff-tree", "-r", "-z", "--no-renames", "--name-only", filter, &from, &to]);
        Ok(paths(&stdout_of(command)?))
    };
    let (new, gone) = (differ(&mut one, "--diff-filter=A")?, differ(&mut other, "--diff-filter=D")?);
    let gone: BTreeSet<TreePath> = gone.into_iter().collect();
    Ok(new.into_iter().filter(|path| is_taken(way, path, &gone)).collect())
}

/// Whether something stands at `path`, or where one of its folders is to be, that goes not by itself.
fn is_taken(way: &Way<'_>, path: &TreePath, gone: &BTreeSet<TreePath>) -> bool {
    let place = Path::new(OsStr::from_bytes(path.as_bytes()));
    let mut above = place.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    let in_the_way = |above: &Path| {
        let kind = way.folder.join(above).symlink_metadata().map(|found| found.is_dir());
        kind.is_ok_and(|folder| !folder) && !gone.contains(&TreePath::new(above.as_os_str().as_bytes()))
    };
    above.any(in_the_way) || way.place(path).symlink_metadata().is_ok()
}

struct Site<'a> {
    repo: &'a Repo,
    held: &'a Lock,
    way: &'a Way<'a>,
    admin: &'a Path,
}

impl Site<'_> {
    /// Ours, while `index.lock` is a link to it: so that a lock that a kill left is known.
    fn own(&self) -> PathBuf {
        self.admin.join("dispatch-lock")
    }

    /// The index to be; git locks it by a file of its own.
    fn next(&self) -> PathBuf {
        self.admin.join("dispatch-index")
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
                let what = format!("another git is at work in '{}', or was killed there", self.way.folder.display());
                let lock = shell_word(&self.theirs().to_string_lossy());
                Err(Failure::new(Exit::Refused, what).hint(format!("use 'rm {lock}' if none is")).into())
            }
            Err(fault) => {
                let _ = std::fs::remove_file(self.own());
                Err(fault).with_context(could_not)
            }
        }
    }

    /// Removes locks of ours. Called with the repository's lock held: nobody holds them.
    fn unlock(&self) -> Result<()> {
        let could_not = |path: &Path| format!("could not remove '{}'", path.display());
        if let Ok(own) = std::fs::symlink_metadata(self.own()) {
            let same = std::fs::symlink_metadata(self.theirs())
                .is_ok_and(|lock| (lock.dev(), lock.ino()) == (own.dev(), own.ino()));
            if same {
                std::fs::remove_file(self.theirs()).with_context(|| could_not(&self.theirs()))?;
            }
            std::fs::remove_file(self.own()).with_context(|| could_not(&self.own()))?;
        }
        for left in [self.next(), self.next().with_extension("lock")] {
            match std::fs::remove_file(&left) {
                Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                    return Err(fault).with_context(|| could_not(&left));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A git command for the worktree that sees the index to be, and runs no hook of the branch.
    fn git(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = self.repo.git.command(self.way.folder);
        command.env("GIT_DIR", self.admin).env("GIT_WORK_TREE", self.way.folder).env("GIT_INDEX_FILE", self.next());
        command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]).args(arguments);
        command.stdin(self.held.handed_on()?);
        Ok(command)
    }

    /// Whether nothing is lost on the way.
    fn may_go(&self, begun: bool) -> Result<()> {
        let there = in_the_way(self.way, self.git(&[])?, self.git(&[])?)?;
        // What was begun left files that are as they are to be.
        let others = if begun { self.others(there)? } else { there };
        others.first().map_or(Ok(()), |first| Err(self.way.blocked(first).into()))
    }

    /// Those of `there` that are not what the new commit has, whole or in its first part.
    fn others(&self, there: Vec<TreePath>) -> Result<Vec<TreePath>> {
        let mut others = Vec::new();
        for path in there {
            if !self.is_of(&path, self.way.to)? {
                others.push(path);
            }
        }
        Ok(others)
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

    /// Writes the files, and the index to be beside the index.
    fn files(&self, begun: bool) -> Result<()> {
        std::fs::copy(self.admin.join("index"), self.next())
            .with_context(|| format!("could not write '{}'", self.next().display()))?;
        let (from, to) = (self.way.from.to_string(), self.way.to.to_string());
        // Files that were copied or restored look changed to git by their times alone; what differs is found below.
        _ = run(&mut self.git(&["update-index", "-q", "--refresh"])?)?;
        let mut command = if begun {
            self.nothing_of_others()?;
            self.git(&["read-tree", "--reset", "-u", "--no-recurse-submodules", &to])?
        } else {
            self.git(&["read-tree", "-m", "-u", "--no-recurse-submodules", &from, &to])?
        };
        let output = run(&mut command)?;
        let mut tree = self.git(&["write-tree"])?;
        let written = run(&mut tree)?;
        let wanted = stdout_of(&mut self.git(&["rev-parse", &format!("{to}^{{tree}}")])?)?;
        if output.status.success() && written.status.success() && written.stdout == wanted {
            return Ok(());
        }
        Err(Failure { exit: Exit::Halfway, ..failed(&command, &output) }.into())
    }

    /// Of what was begun: each file is as before, or as it is to be, or the first part of that.
    fn nothing_of_others(&self) -> Result<()> {
        let changed = |commit: Oid| -> Result<Vec<TreePath>> {
            let aside = self.next().with_extension("aside");
            let with = |arguments: &[&str]| -> Result<Vec<u8>> {
                let mut command = self.git(arguments)?;
                stdout_of(command.env("GIT_INDEX_FILE", &aside))
            };
            let told = with(&["read-tree", &commit.to_string()])
                .and_then(|_| run(self.git(&["update-index", "-q", "--refresh"])?.env("GIT_INDEX_FILE", &aside)))
                .and_then(|_| with(&["diff-files", "--name-only", "-z", "--no-renames", "--ignore-submodules=dirty"]));
            let _ = std::fs::remove_file(&aside);
            Ok(paths(&told?))
        };
        let before = changed(self.way.from)?;
        let after = changed(self.way.to)?;
        for path in before.iter().filter(|path| after.contains(path)) {
            if !self.is_of(path, self.way.to)? {
                let what = format!("'{}' in '{}' is not committed", path.lossy(), self.way.folder.display());
                return Err(Failure::new(Exit::Refused, what)
                    .hint("put it aside, then run the same command again")
                    .into());
            }
        }
        Ok(())
    }

    fn index(&self) -> Result<()> {
        let index = self.admin.join("index");
        let synced = File::open(self.next()).and_then(|file| file.sync_all());
        synced
            .and_then(|()| std::fs::rename(self.next(), &index))
            .with_context(|| format!("could not write '{}'", index.display()))
    }

    /// Moves the branch, with a line in its reflog and in that of the worktree's HEAD.
    fn branch(&self) -> Result<()> {
        let name = format!("refs/heads/{}", self.way.branch);
        clear_stale_lock(self.repo, &name)?;
        let mut command = self.repo.command();
        command.env("GIT_DIR", self.admin).args(["-c", "core.fsync=committed,reference", "update-ref", "-m"]);
        command.args(["dispatch: restack", &name, &self.way.to.to_string(), &self.way.from.to_string()]);
        let output = run(command.stdin(self.held.handed_on()?))?;
        // Exit codes lie both ways.
        match self.repo.commit_of(&name)? {
            Some(now) if now == self.way.to => Ok(()),
            Some(now) if now != self.way.from => Err(anyhow!("branch '{}' was moved meanwhile", self.way.branch)),
            _ => Err(failed(&command, &output).into()),
        }
    }
}

fn paths(said: &[u8]) -> Vec<TreePath> {
    said.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(TreePath::new).collect()
}
