//! How many paths of each worktree are staged, modified, untracked or in conflict.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::doubts::Shortcut;
use super::parallel;
use super::program::{Git, run};
use super::repo::Repo;
use super::worktrees::Listed;
use crate::model::facts::{Changes, Head};

/// The changes of each worktree, in the order given, counted on all cores; `None` for one that cannot be read.
///
/// The counts are those of `git status --porcelain=v2 --untracked-files=normal --find-renames`, whatever `status.*` or
/// `diff.*` the user has set: a staged rename is one staged path, a folder of nothing but untracked files is one
/// untracked path. No index is refreshed, no fsmonitor daemon is asked or started.
pub fn changes(repo: &Repo, worktrees: &[&Listed]) -> Vec<Option<Changes>> {
    let git = &repo.git;
    let shortcuts = (0..parallel::threads(worktrees.len())).map(|_| Shortcut::new(repo)).collect();
    parallel::each(worktrees, shortcuts, |shortcut, worktree| {
        if worktree.bare || worktree.head == Head::Missing {
            return None;
        }
        match shortcut.as_ref().and_then(|shortcut| shortcut.doubts(worktree)) {
            Some(doubts) if doubts.is_empty() => Some(Changes::default()),
            Some(doubts) => ask_git(git, worktree, &doubts),
            None => ask_git(git, worktree, &[]),
        }
    })
}

/// What `git status` counts in one worktree at and below these paths, or everywhere if there are none, however that is
/// configured.
fn ask_git(git: &Git, worktree: &Listed, paths: &[Vec<u8>]) -> Option<Changes> {
    let mut command = git.command(&worktree.path);
    let option = |name: &str, value: &std::path::Path| {
        let mut option = std::ffi::OsString::from(name);
        option.push(value);
        option
    };
    // Named outright: with a broken `.git` file there git would go upwards and answer for another repository.
    command.arg(option("--git-dir=", &worktree.admin_dir)).arg(option("--work-tree=", &worktree.path));
    command.args(["--literal-pathspecs", "-c", "core.fsmonitor=false"]);
    if !paths.is_empty() {
        // Threads that look at every entry of the index do not pay for a few.
        command.args(["-c", "core.preloadIndex=false"]);
    }
    command.args(["status", "--porcelain=v2", "-z"]);
    command.args(["--untracked-files=normal", "--find-renames", "--no-ahead-behind", "--"]);
    command.args(paths.iter().map(|path| OsStr::from_bytes(path)));
    let output = run(&mut command).ok()?;
    output.status.success().then(|| count(&output.stdout))
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
