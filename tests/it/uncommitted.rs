//! What is not committed in worktrees, as a commit that the repository does not have.

use std::path::Path;

use git_dispatch::git::{Listed, Quarantine, Repo, Scanned, scan};
use git_dispatch::model::facts::{Head, Uncommitted};
use git_dispatch::model::path::TreePath;

use crate::support::Sandbox;
use crate::worktrees::{git_counts, listed};

/// Scans all worktrees.
fn scanned(sandbox: &Sandbox) -> (Quarantine, Vec<(Listed, Option<Scanned>)>) {
    let repo = Repo::discover(&sandbox.repo()).unwrap();
    let quarantine = Quarantine::new(repo.commit_of("refs/heads/main").unwrap().unwrap());
    let all = listed(sandbox);
    let scanned = scan(&repo, &quarantine, &all.iter().collect::<Vec<_>>(), true);
    (quarantine, all.into_iter().zip(scanned).collect())
}

/// Holds every worktree's counts, and what is not committed in it, against git's.
pub fn assert_as_git(sandbox: &Sandbox, when: &str) {
    let (quarantine, all) = scanned(sandbox);
    keep(sandbox, &quarantine);
    for (listed, scanned) in all {
        let place = format!("{} {when}", listed.path.display());
        let scanned = scanned.unwrap_or_else(|| panic!("{place} was not scanned"));
        assert_eq!(scanned.changes, git_counts(sandbox, &listed.path), "{place}");
        let built = matches!(listed.head, Head::Branch(_)) && listed.operation.is_none();
        let said = git_adds(sandbox, &listed);
        match scanned.uncommitted {
            Some(found) => {
                assert!(built, "{place}");
                assert_eq!(found.paths, said.paths, "{place}");
                assert_eq!(tree(sandbox, &found, "HEAD", &listed.path), said.tree, "{place}");
            }
            None => assert!(!built || !said.whole, "{place}: nothing is known of what is not committed"),
        }
    }
}

/// The tree of the commit, complete; that of `head` where there is none.
fn tree(sandbox: &Sandbox, found: &Uncommitted, head: &str, dir: &Path) -> String {
    let commit = found.commit.map_or(head.to_owned(), |commit| commit.to_string());
    sandbox.git_in(dir, &["rev-list", "--objects", "--quiet", &commit]);
    sandbox.git_in(dir, &["rev-parse", &format!("{commit}^{{tree}}")])
}

/// Copies the objects to the repository, where git finds them.
fn keep(sandbox: &Sandbox, quarantine: &Quarantine) {
    let objects = quarantine.objects().unwrap();
    for folder in std::fs::read_dir(&objects).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let target = sandbox.repo().join(".git/objects").join(folder.file_name());
        std::fs::create_dir_all(&target).unwrap();
        for object in std::fs::read_dir(folder.path()).unwrap().flatten() {
            std::fs::copy(object.path(), target.join(object.file_name())).ok();
        }
    }
}

/// What `git add --all` would add to HEAD.
struct Added {
    tree: String,
    paths: Vec<TreePath>,
    /// git added everything.
    whole: bool,
}

/// Lets git add everything, and puts the index back.
fn git_adds(sandbox: &Sandbox, listed: &Listed) -> Added {
    let index = listed.admin_dir.join("index");
    let kept = std::fs::read(&index).ok().zip(index.metadata().ok().and_then(|found| found.modified().ok()));
    let whole = sandbox.try_git_in(&listed.path, &["add", "--all"]).status.success();
    if !whole {
        sandbox.try_git_in(&listed.path, &["add", "--all", "--ignore-errors"]);
    }
    let written = sandbox.try_git_in(&listed.path, &["write-tree"]);
    let tree = String::from_utf8(written.stdout).unwrap().trim().to_owned();
    let names =
        sandbox.try_git_in(&listed.path, &["diff-tree", "-r", "-z", "--name-only", "HEAD^{tree}", &tree]).stdout;
    let names = names.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    let mut paths: Vec<TreePath> = names.map(TreePath::new).collect();
    paths.sort();
    if let Some((bytes, modified)) = kept {
        std::fs::write(&index, bytes).unwrap();
        std::fs::File::options().write(true).open(&index).unwrap().set_modified(modified).unwrap();
    }
    Added { tree, paths, whole }
}
