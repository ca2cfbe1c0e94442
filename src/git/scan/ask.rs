//! What git says of a worktree, where this program does not know better.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use gix::objs::tree::EntryMode;

use super::super::program::{run, stdout_of};
use super::super::quarantine::Quarantine;
use super::super::repo::{Repo, ours};
use super::super::worktrees::Listed;
use super::limits::Limits;
use super::objects::{Objects, placeholder};
use super::staged::Content;
use super::stamp::Stamp;
use super::usual::top;
use crate::model::facts::{Changes, Uncommitted};
use crate::model::path::TreePath;

/// The git program in one worktree.
#[derive(Clone, Copy)]
pub(super) struct Git<'a> {
    pub repo: &'a Repo,
    pub quarantine: &'a Quarantine,
    pub worktree: &'a Listed,
}

impl Git<'_> {
    /// What `git status` counts.
    pub(super) fn changes(&self) -> Option<Changes> {
        self.status(&["--untracked-files=normal"], &[])
    }

    /// How many of these paths, all that are staged, `git status` counts as staged: a rename is one.
    pub(super) fn staged(&self, paths: &[&[u8]]) -> Option<u64> {
        Some(self.status(&["--untracked-files=no"], paths)?.staged)
    }

    /// How many of these tracked paths `git status` counts as modified.
    pub(super) fn modified(&self, paths: &[&[u8]]) -> Option<u64> {
        // Untracked files count for a submodule: they modify it.
        Some(self.status(&["--untracked-files=normal"], paths)?.modified)
    }

    /// Counts at and below these paths, or everywhere if there are none, however that is configured.
    fn status(&self, options: &[&str], paths: &[&[u8]]) -> Option<Changes> {
        let mut command = self.command();
        if !paths.is_empty() {
            // Threads that look at every entry of the index do not pay for a few.
            command.args(["-c", "core.preloadIndex=false"]);
        }
        command.args(["--literal-pathspecs", "status", "--porcelain=v2", "-z"]).args(options);
        command.args(["--find-renames", "--no-ahead-behind", "--"]);
        command.args(paths.iter().map(|path| OsStr::from_bytes(path)));
        let output = run(&mut command).ok()?;
        output.status.success().then(|| count(&output.stdout))
    }

    /// What `git add` would store for these paths; one that is gone, or that git does not add, has no content.
    pub(super) fn stored(&self, paths: &[&[u8]]) -> Option<HashMap<Vec<u8>, Content>> {
        let index = self.index()?;
        let paths = || paths.iter().map(|path| OsStr::from_bytes(path));
        // Forced: of a tracked path git else says that it is ignored.
        let mut add = self.shielded(index.path())?;
        stdout_of(add.args(["--literal-pathspecs", "add", "--all", "--force", "--"]).args(paths())).ok()?;
        let mut list = self.shielded(index.path())?;
        let listed =
            stdout_of(list.args(["--literal-pathspecs", "ls-files", "--stage", "-z", "--"]).args(paths())).ok()?;
        listed.split(|&byte| byte == 0).filter(|line| !line.is_empty()).map(staged_entry).collect()
    }

    /// The state of the worktree as `git add --all` gives it. `None` where git fails, or there is too much of it.
    pub(super) fn state(&self, limits: Limits) -> Option<Uncommitted> {
        let head = top(self.repo, &self.worktree.head)?;
        let index = self.index()?;
        let large = self.large(index.path(), limits)?;
        let mut add = self.shielded(index.path())?;
        add.args(["add", "--all", "--sparse", "--ignore-errors", "--", "."]);
        add.args(large.iter().map(|(path, _)| with(":(top,literal,exclude)", OsStr::from_bytes(path))));
        if !run(&mut add).ok()?.status.success() && !self.only_folders_left(index.path(), &large)? {
            return None;
        }
        let objects = Objects::new(&self.repo.gix, self.quarantine);
        for (path, stamp) in &large {
            let blob = objects.blob(&placeholder(path, stamp))?;
            let mode = stamp.mode()?.bits();
            self.quarantine.objects().ok()?;
            let entry = with(&format!("{mode:o},{blob},"), OsStr::from_bytes(path));
            let mut command = self.shielded(index.path())?;
            stdout_of(command.args(["update-index", "--add", "--cacheinfo"]).arg(entry)).ok()?;
        }
        let tree = stdout_of(self.shielded(index.path())?.arg("write-tree")).ok()?;
        let tree = gix::ObjectId::from_hex(tree.trim_ascii()).ok()?;
        let mut diff = self.shielded(index.path())?;
        diff.args(["diff-tree", "-r", "-z", "--name-only", "--no-renames"]);
        let names = stdout_of(diff.arg(head.tree.to_string()).arg(tree.to_string())).ok()?;
        let names = names.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        let mut paths: Vec<TreePath> = names.map(TreePath::new).collect();
        paths.sort_unstable();
        let commit = if paths.is_empty() { None } else { Some(ours(&objects.commit(tree, head.commit)?)) };
        let unread = large.into_iter().map(|(path, _)| TreePath::new(path)).collect();
        Some(Uncommitted { paths, unread, commit, merge: None })
    }

    /// Whether all that git did not add are folders: repositories without a commit, of which git has nothing to add.
    fn only_folders_left(&self, index: &Path, large: &[(Vec<u8>, Stamp)]) -> Option<bool> {
        let left = self.not_added(index)?;
        let mut paths = left.split(|&byte| byte == 0).filter(|path| !path.is_empty());
        Some(paths.all(|path| path.ends_with(b"/") || large.iter().any(|(large, _)| large == path)))
    }

    /// Files that are not as the index has them, each followed by NUL.
    fn not_added(&self, index: &Path) -> Option<Vec<u8>> {
        let mut list = self.shielded(index)?;
        stdout_of(list.args(["ls-files", "-z", "--others", "--modified", "--exclude-standard"])).ok()
    }

    /// The files that git would read and that are too large for that; `None` where there is too much to read.
    fn large(&self, index: &Path, limits: Limits) -> Option<Vec<(Vec<u8>, Stamp)>> {
        let listed = self.not_added(index)?;
        let paths: BTreeSet<&[u8]> = listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()).collect();
        let mut large = Vec::new();
        let mut budget = limits.budget();
        for path in paths {
            let Ok(found) = rustix::fs::lstat(self.worktree.path.join(OsStr::from_bytes(path))) else { continue };
            let stamp = Stamp::of(&found);
            if stamp.mode().is_some() && limits.is_large(&stamp) {
                large.push((path.to_owned(), stamp));
            } else {
                budget.take(&stamp)?;
            }
        }
        (large.len() <= Limits::MOST_ASKED).then_some(large)
    }

    /// A copy of the worktree's index, as old as that: by its age git knows which entries are racy.
    fn index(&self) -> Option<TemporaryIndex> {
        let beside = self.quarantine.file("index").ok()?;
        let dir = tempfile::Builder::new().prefix("index-").tempdir_in(beside.parent()?).ok()?;
        let copy = TemporaryIndex { file: dir.path().join("index"), _dir: dir };
        let original = self.worktree.admin_dir.join("index");
        if let Ok(found) = original.metadata() {
            std::fs::copy(&original, &copy.file).ok()?;
            let file = std::fs::File::options().write(true).open(&copy.file).ok()?;
            file.set_modified(found.modified().ok()?).ok()?;
        }
        Some(copy)
    }

    fn shielded(&self, index: &Path) -> Option<Command> {
        let mut command = self.command();
        for setting in ["core.splitIndex=false", "core.untrackedCache=false", "core.safecrlf=false"] {
            command.args(["-c", setting]);
        }
        self.quarantine.shield(self.repo, &mut command, index).ok()?;
        Some(command)
    }

    /// With everything named outright: with a broken `.git` file git would go upwards and answer for another repository.
    fn command(&self) -> Command {
        let mut command = self.repo.git.command(&self.worktree.path);
        command.arg(with("--git-dir=", self.worktree.admin_dir.as_os_str()));
        command.arg(with("--work-tree=", self.worktree.path.as_os_str()));
        command.args(["-c", "core.fsmonitor=false"]);
        command
    }
}

struct TemporaryIndex {
    file: std::path::PathBuf,
    /// Is gone with this value.
    _dir: tempfile::TempDir,
}

impl TemporaryIndex {
    fn path(&self) -> &Path {
        &self.file
    }
}

fn with(option: &str, value: &OsStr) -> OsString {
    let mut option = OsString::from(option);
    option.push(value);
    option
}

/// Reads `<mode> <id> <stage>`, a tab, and the path.
fn staged_entry(line: &[u8]) -> Option<(Vec<u8>, Content)> {
    let (head, path) = line.split_at_checked(line.iter().position(|&byte| byte == b'\t')?)?;
    let mut fields = head.split(|&byte| byte == b' ');
    let mode = EntryMode::from_bytes(fields.next()?)?;
    let id = gix::ObjectId::from_hex(fields.next()?).ok()?;
    Some((path.get(1..)?.to_owned(), (mode.kind(), id)))
}

/// Counts the entries of `git status --porcelain=v2 -z`.
fn count(porcelain: &[u8]) -> Changes {
    let mut changes = Changes::default();
    let mut entries = porcelain.split(|&byte| byte == 0);
    while let Some(entry) = entries.next() {
        match entry {
            [kind @ (b'1' | b'2'), b' ', staged, modified, ..] => {
                changes.staged += u64::from(*staged != b'.');
                changes.modified += u64::from(*modified != b'.');
                if *kind == b'2' {
                    entries.next();
                }
            }
            [b'u', ..] => changes.conflicted += 1,
            [b'?', ..] => changes.untracked += 1,
            _ => {}
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_entry_is_counted_once() {
        let porcelain = "# branch.oid 1|# stash 2|1 M. N... 1 1 1 a a one|1 MM N... 1 1 1 a a two|\
            2 R. N... 1 1 1 a a R100 new|? old|u UU N... 1 1 1 1 a a a three|? dir/|! ignored|"
            .replace('|', "\0");
        assert_eq!(count(porcelain.as_bytes()), Changes { staged: 3, modified: 1, untracked: 1, conflicted: 1 });
    }
}
