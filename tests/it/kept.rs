//! Every kind of worktree that holds something that would be lost with it: whoever would remove it leaves it, byte for byte.

use std::path::{Path, PathBuf};
use std::process::Child;

use crate::drop::started;
use crate::support::{Sandbox, write_in};

/// One kind, made in the worktree of task A, which has two commits of its own, of the sandbox that [`started`] makes.
pub struct Kind {
    pub name: &'static str,
    /// What it takes that is committed: before the task is reported.
    pub prepare: fn(&Sandbox),
    pub make: fn(&Sandbox) -> Option<Worker>,
    /// Part of the reason that is told.
    pub says: &'static str,
}

/// A process that stands in a worktree, until dropped.
pub struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn kinds() -> Vec<Kind> {
    let kind = |name, says, make| Kind { name, prepare: second_commit, make, says };
    vec![
        kind("a modified file", "not committed in '", modified),
        kind("an untracked file", "'new'", untracked),
        kind("commits on a detached HEAD", "has something else checked out than branch 'task/A'", detached),
        kind("a rebase under way", "a rebase is under way in '", rebase),
        kind("a merge under way", "a merge is under way in '", merge),
        kind("a bisect under way", "a bisect is under way in '", bisect),
        kind("a lock of somebody else", "is locked: on a stick", locked),
        Kind { prepare: submodule, ..kind("a submodule with work", "submodules are checked out in '", in_submodule) },
        kind("a process at work", "(sleep) works in '", process),
    ]
}

fn git(sandbox: &Sandbox, arguments: &[&str]) -> String {
    sandbox.git_in(&sandbox.place("A"), arguments)
}

fn second_commit(sandbox: &Sandbox) {
    sandbox.commit_in(&sandbox.place("A"), &[("second", "2\n")], "more work");
}

fn modified(sandbox: &Sandbox) -> Option<Worker> {
    write_in(&sandbox.place("A"), "mine", "changed\n");
    None
}

fn untracked(sandbox: &Sandbox) -> Option<Worker> {
    write_in(&sandbox.place("A"), "new", "new\n");
    None
}

fn detached(sandbox: &Sandbox) -> Option<Worker> {
    git(sandbox, &["checkout", "--quiet", "--detach"]);
    sandbox.commit_in(&sandbox.place("A"), &[("detached", "1\n")], "nowhere else");
    None
}

/// One that stops after the first of two commits, with nothing that is not committed.
fn rebase(sandbox: &Sandbox) -> Option<Worker> {
    let stopped = sandbox.try_git_in(&sandbox.place("A"), &["rebase", "--force-rebase", "--exec", "false", "HEAD~2"]);
    assert!(!stopped.status.success());
    None
}

/// One that changes no file: only `MERGE_HEAD` tells.
fn merge(sandbox: &Sandbox) -> Option<Worker> {
    let other = git(sandbox, &["commit-tree", "HEAD~1^{tree}", "-p", "HEAD~1", "-m", "other"]);
    git(sandbox, &["merge", "--quiet", "--no-commit", "--no-ff", &other]);
    assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    None
}

fn bisect(sandbox: &Sandbox) -> Option<Worker> {
    git(sandbox, &["bisect", "start", "HEAD", "HEAD~2"]);
    None
}

fn locked(sandbox: &Sandbox) -> Option<Worker> {
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git(&["worktree", "lock", "--reason", "on a stick", "../repo-task-A"]);
    None
}

fn submodule(sandbox: &Sandbox) {
    second_commit(sandbox);
    git(sandbox, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-f", "../repo", "sub"]);
    git(sandbox, &["commit", "--quiet", "-m", "submodule"]);
}

fn in_submodule(sandbox: &Sandbox) -> Option<Worker> {
    let inner = sandbox.place("A").join("sub");
    sandbox.commit_in(&inner, &[("inner", "1\n")], "only in the submodule");
    sandbox.git_in(&inner, &["checkout", "--quiet", "--detach", "HEAD~1"]);
    None
}

fn process(sandbox: &Sandbox) -> Option<Worker> {
    #[expect(clippy::disallowed_methods, reason = "a process that stands in the worktree")]
    let sleeper = std::process::Command::new("sleep").arg("600").current_dir(sandbox.place("A")).spawn().unwrap();
    Some(Worker(sleeper))
}

/// Each file below `folder` with all its bytes.
pub fn bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            match path.symlink_metadata().unwrap().file_type() {
                kind if kind.is_dir() => open.push(path),
                kind if kind.is_symlink() => {
                    let to = std::fs::read_link(&path).unwrap();
                    found.push((path, to.as_os_str().as_encoded_bytes().to_vec()));
                }
                _ => found.push((path.clone(), std::fs::read(path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

/// All that there is of the worktree of task A: its files, and what git knows of it.
pub fn all_of(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = bytes(&sandbox.place("A"));
    all.extend(bytes(&sandbox.repo().join(".git/worktrees/repo-task-A")));
    all
}

#[test]
fn each_kind_of_worktree_that_holds_something_is_kept_by_drop_byte_for_byte() {
    for kind in kinds() {
        let sandbox = started();
        (kind.prepare)(&sandbox);
        let _worker = (kind.make)(&sandbox);
        let (before, tip) = (all_of(&sandbox), sandbox.git(&["rev-parse", "task/A"]));
        sandbox.refuses(&["drop", "A"], 3, kind.says);
        sandbox.refuses(&["drop", "-n", "A", "B"], 3, kind.says);
        sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/A"]);
        let kept = sandbox.run(&["drop", "--landed"]).exits(1).says("warning: cannot drop A: ").says(kind.says);
        assert_eq!(kept.stdout, "", "{}", kind.name);
        assert!(all_of(&sandbox) == before, "{}", kind.name);
        assert_eq!((sandbox.git(&["rev-parse", "task/A"]), sandbox.count("dropping")), (tip, 0), "{}", kind.name);
    }
}

#[test]
fn ignored_files_go_along_and_come_back_byte_for_byte() {
    let sandbox = started();
    let place = sandbox.place("A");
    write_in(&place, ".env", "SECRET=1\n");
    std::os::unix::fs::symlink("/nowhere", place.join("target")).unwrap();
    std::fs::write(sandbox.repo().join(".git/info/exclude"), "logs/\ntarget\n").unwrap();
    write_in(&place, "logs/deep/log", "1\n");
    let before = all_of(&sandbox);
    sandbox.ok(&["drop", "A"]);
    assert!(!place.exists());
    sandbox.ok(&["undo", "A"]);
    assert!(all_of(&sandbox) == before);
}

/// The worktrees of others: one whose folder is gone, one that was moved, one that is locked, one in which somebody works.
#[test]
fn worktrees_that_are_no_tasks_are_byte_for_byte_as_they_were() {
    let sandbox = started();
    let names = ["gone", "moved", "locked", "dirty"];
    let [gone, moved, _, dirty] = names.map(|name| sandbox.worktree(name, name, "main"));
    std::fs::remove_dir_all(gone).unwrap();
    std::fs::rename(moved, sandbox.root().join("elsewhere")).unwrap();
    sandbox.git(&["worktree", "lock", "--reason", "mine", "../locked"]);
    write_in(&dirty, "new", "1\n");
    write_in(&dirty, "README", "changed\n");
    let all = || {
        let folders = ["elsewhere", "locked", "dirty"].map(|name| sandbox.root().join(name));
        let admin = names.map(|name| sandbox.repo().join(".git/worktrees").join(name));
        folders.iter().chain(&admin).flat_map(|folder| bytes(folder)).collect::<Vec<_>>()
    };
    let before = all();
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/A"]);
    for command in ["drop --landed", "undo", "drop B", "drop A", "undo A", "undo B", "drop A B"] {
        sandbox.ok(&command.split(' ').collect::<Vec<_>>());
        assert!(all() == before, "{command}");
    }
}
