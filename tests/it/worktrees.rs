//! Worktrees and what has changed in them, with git as the oracle.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git_dispatch::git::{Listed, Quarantine, Repo, Scanned, scan, worktrees};
use git_dispatch::model::facts::{Changes, Head};

use crate::support::{Sandbox, write_in};

pub fn listed(sandbox: &Sandbox) -> Vec<Listed> {
    worktrees(&Repo::discover(&sandbox.repo()).unwrap()).unwrap()
}

/// What has changed in each worktree, with nothing read of what is not committed.
pub fn changes(repo: &Repo, listed: &[&Listed]) -> Vec<Option<Changes>> {
    let none = Quarantine::new(repo.commit_of("refs/heads/main").unwrap().unwrap());
    let scanned = scan(repo, &none, listed, false).into_iter();
    scanned.map(|scanned| scanned.map(|Scanned { changes, .. }| changes)).collect()
}

fn at<'a>(all: &'a [Listed], path: &Path) -> &'a Listed {
    all.iter().find(|listed| listed.path == path).unwrap_or_else(|| panic!("no {} in {all:#?}", path.display()))
}

/// What `git worktree list --porcelain -z` says, in our words; a prunable one is missing.
fn git_list(sandbox: &Sandbox) -> Vec<(PathBuf, Head, Option<String>, bool)> {
    let output = sandbox.try_git_in(&sandbox.repo(), &["worktree", "list", "--porcelain", "-z"]);
    let mut all = Vec::new();
    let mut oid = None;
    for line in output.stdout.split(|&byte| byte == 0) {
        let text = String::from_utf8_lossy(line).into_owned();
        let (key, value) = text.split_once(' ').unwrap_or((&text, ""));
        let last: Option<&mut (PathBuf, Head, Option<String>, bool)> = all.last_mut();
        match (key, last) {
            ("worktree", _) => {
                let path = PathBuf::from(std::ffi::OsStr::from_bytes(&line["worktree ".len()..]));
                all.push((path, Head::Missing, None, false));
            }
            ("HEAD", _) => oid = value.parse().ok(),
            ("branch", Some(last)) => last.1 = Head::Branch(value.strip_prefix("refs/heads/").unwrap().to_owned()),
            ("detached", Some(last)) => last.1 = Head::Detached(oid.unwrap()),
            ("locked", Some(last)) => last.2 = Some(value.to_owned()),
            ("prunable", Some(last)) => last.1 = Head::Missing,
            ("bare", Some(last)) => last.3 = true,
            _ => {}
        }
    }
    all
}

fn assert_as_git_lists(sandbox: &Sandbox) {
    let ours: Vec<_> = listed(sandbox)
        .into_iter()
        .map(|listed| {
            let head = if listed.bare { Head::Missing } else { listed.head };
            (listed.path, head, listed.locked, listed.bare)
        })
        .collect();
    assert_eq!(ours, git_list(sandbox));
}

#[test]
fn worktrees_are_listed_as_git_lists_them() {
    let sandbox = Sandbox::new();
    let b = sandbox.worktree("b", "task/B", "main");
    let a = sandbox.worktree("a with space", "task/A", "main");
    let c = sandbox.worktree("c", "task/C", "main");
    sandbox.git_in(&c, &["checkout", "--quiet", "--detach"]);
    sandbox.git(&["worktree", "lock", "--reason", "in use", b.to_str().unwrap()]);
    sandbox.git(&["worktree", "lock", a.to_str().unwrap()]);
    assert_as_git_lists(&sandbox);
    let moved = sandbox.worktree("d", "task/D", "main");
    std::fs::rename(&moved, sandbox.root().join("elsewhere")).unwrap();
    assert_as_git_lists(&sandbox);
    assert_eq!(at(&listed(&sandbox), &moved).head, Head::Missing);
    let odd = sandbox.root().join(std::ffi::OsStr::from_bytes(b"odd \xff $(x)"));
    std::fs::create_dir(&odd).unwrap();
    sandbox.git_in(&odd, &["init", "--quiet"]);
    std::fs::remove_dir_all(odd.join(".git")).unwrap();
    sandbox.git(&["branch", "task/E"]);
    let add = ["--git-dir", sandbox.repo().join(".git").to_str().unwrap(), "worktree", "add", "--quiet", ".", "task/E"]
        .map(str::to_owned);
    sandbox.git_in(&odd, &add.each_ref().map(String::as_str));
    assert_as_git_lists(&sandbox);
    assert_eq!(at(&listed(&sandbox), &odd).head, Head::Branch("task/E".to_owned()));
}

#[test]
fn a_bare_repository_is_listed_first() {
    let sandbox = Sandbox::new();
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    sandbox.git_in(&bare, &["worktree", "add", "--quiet", "../linked", "main"]);
    for dir in [bare.clone(), sandbox.root().join("linked")] {
        let all = worktrees(&Repo::discover(&dir).unwrap()).unwrap();
        assert_eq!(
            all.iter().map(|listed| (&*listed.path, listed.bare)).collect::<Vec<_>>(),
            [(&*bare, true), (&*sandbox.root().join("linked"), false)]
        );
    }
}

#[test]
fn one_broken_worktree_hides_no_other() {
    let sandbox = Sandbox::new();
    let broken = [
        ("a", "commondir", Some("")),
        ("b", "commondir", None),
        ("c", "HEAD", None),
        ("d", "HEAD", Some("ref:")),
        ("e", "gitdir", None),
        ("f", "gitdir", Some("")),
        ("g", "HEAD", Some("garbage")),
    ];
    for (name, ..) in broken {
        sandbox.worktree(name, &format!("task/{name}"), "main");
    }
    let whole = sandbox.worktree("whole", "task/whole", "main");
    for (name, file, content) in broken {
        let file = sandbox.repo().join(".git/worktrees").join(name).join(file);
        match content {
            Some(content) => std::fs::write(file, content).unwrap(),
            None => std::fs::remove_file(file).unwrap(),
        }
    }
    std::fs::remove_dir_all(sandbox.root().join("repo/.git/worktrees/c")).unwrap();
    std::fs::create_dir(sandbox.root().join("repo/.git/worktrees/c")).unwrap();
    let all = listed(&sandbox);
    assert_eq!(all.len(), 9);
    assert_eq!(at(&all, &whole).head, Head::Branch("task/whole".to_owned()));
    for broken in all.iter().filter(|listed| !listed.main && listed.path != whole) {
        assert_eq!(broken.head, Head::Missing, "{broken:?}");
    }
    let repo = Repo::discover(&sandbox.repo()).unwrap();
    let counted = changes(&repo, &all.iter().collect::<Vec<_>>());
    assert_eq!(counted.iter().flatten().count(), 2);
}

#[test]
fn a_folder_that_became_another_repository_is_missing() {
    let sandbox = Sandbox::new();
    let path = sandbox.worktree("a", "task/A", "main");
    std::fs::remove_dir_all(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    sandbox.git_in(&path, &["init", "--quiet"]);
    assert_eq!(at(&listed(&sandbox), &path).head, Head::Missing);
}

#[test]
fn what_is_under_way_is_named() {
    let sandbox = Sandbox::new();
    let base = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.commit(&[("README", "main\n")], "main's");
    let conflicted = |name: &str| {
        let path = sandbox.worktree(name, &format!("task/{name}"), &base);
        sandbox.commit_in(&path, &[("README", "mine\n")], "mine");
        path
    };
    let expected = [
        (["merge", "main"].as_slice(), "merge"),
        (&["cherry-pick", "main"], "cherry-pick"),
        (&["revert", "main"], "revert"),
        (&["rebase", "main"], "rebase"),
        (&["rebase", "--apply", "main"], "rebase"),
        (&["bisect", "start", "HEAD", "HEAD~1"], "bisect"),
    ];
    let paths = (0..).zip(&expected).map(|(number, (command, _))| {
        let path = conflicted(&format!("w{number}"));
        sandbox.try_git_in(&path, command);
        path
    });
    let paths = paths.collect::<Vec<_>>();
    let all = listed(&sandbox);
    for ((number, path), (_, operation)) in (0..).zip(&paths).zip(&expected) {
        let found = at(&all, path);
        assert_eq!(found.operation.as_deref(), Some(*operation), "{found:?}");
        assert_eq!(found.head, Head::Branch(format!("task/w{number}")), "{operation}");
    }
}

/// Counts what `git status` prints in each worktree.
pub fn git_counts(sandbox: &Sandbox, dir: &Path) -> Changes {
    let status = sandbox.git_in(dir, &["status", "--porcelain=v2", "--untracked-files=normal", "--find-renames"]);
    let mut changes = Changes::default();
    for line in status.lines() {
        match &line[..1] {
            "u" => changes.conflicted += 1,
            "?" => changes.untracked += 1,
            _ => {
                changes.staged += u64::from(&line[2..3] != ".");
                changes.modified += u64::from(&line[3..4] != ".");
            }
        }
    }
    changes
}

/// Sets every file's mtime (not git's own) to ten seconds ago and refreshes the index: no entry is racy.
pub fn settle(sandbox: &Sandbox, dir: &Path) {
    let past = std::fs::metadata(dir.join("README")).unwrap().modified().unwrap() - std::time::Duration::from_secs(10);
    for path in sandbox.git_in(dir, &["ls-files"]).lines() {
        if dir.join(path).symlink_metadata().is_ok_and(|found| found.is_file()) {
            std::fs::File::open(dir.join(path)).unwrap().set_modified(past).unwrap();
        }
    }
    sandbox.git_in(dir, &["update-index", "--refresh", "-q"]);
}

#[test]
fn changes_are_counted_as_git_status_counts_them() {
    type Act = fn(&Sandbox, &Path);
    let acts: BTreeMap<&str, Act> = BTreeMap::from([
        ("nothing", (|_, _| {}) as Act),
        ("modified", |_, dir| write_in(dir, "README", "other\n")),
        ("same-size", |_, dir| write_in(dir, "README", "hellO\n")),
        ("touched", |_, dir| write_in(dir, "README", "hello\n")),
        ("untracked", |_, dir| write_in(dir, "src/new", "")),
        ("untracked-dirs", |_, dir| {
            write_in(dir, "new/a", "");
            write_in(dir, "new/b", "");
        }),
        ("empty-dir", |_, dir| std::fs::create_dir(dir.join("src/empty")).unwrap()),
        ("ignored", |_, dir| write_in(dir, "target/x", "")),
        ("deleted", |_, dir| std::fs::remove_file(dir.join("src/deep/er/b")).unwrap()),
        ("deleted-dir", |_, dir| std::fs::remove_dir_all(dir.join("src")).unwrap()),
        ("staged", |sandbox, dir| {
            write_in(dir, "README", "other\n");
            write_in(dir, "added", "1\n");
            sandbox.git_in(dir, &["add", "--all"]);
        }),
        ("staged-and-modified", |sandbox, dir| {
            write_in(dir, "README", "other\n");
            sandbox.git_in(dir, &["add", "--all"]);
            write_in(dir, "README", "third\n");
        }),
        ("renamed", |sandbox, dir| _ = sandbox.git_in(dir, &["mv", "src/a", "moved"])),
        ("reset", |sandbox, dir| _ = sandbox.git_in(dir, &["reset", "--quiet", "--soft", "HEAD~1"])),
        ("intent-to-add", |sandbox, dir| {
            write_in(dir, "meant", "x\n");
            sandbox.git_in(dir, &["add", "-N", "meant"]);
        }),
        ("mode", |_, dir| {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(dir.join("README"), mode).unwrap();
        }),
        ("to-symlink", |_, dir| {
            std::fs::rename(dir.join("src/deep"), dir.join("../outside")).unwrap();
            std::os::unix::fs::symlink("../../outside", dir.join("src/deep")).unwrap();
        }),
        ("link-elsewhere", |_, dir| {
            std::fs::remove_file(dir.join("link")).unwrap();
            std::os::unix::fs::symlink("READMF", dir.join("link")).unwrap();
        }),
        ("file-to-dir", |_, dir| {
            std::fs::remove_file(dir.join("src/a")).unwrap();
            write_in(dir, "src/a/b", "x");
        }),
        ("fifo", |_, dir| {
            rustix::fs::mkfifoat(rustix::fs::CWD, dir.join("src/fifo"), rustix::fs::Mode::RWXU).unwrap();
        }),
        ("nested-repository", |sandbox, dir| {
            std::fs::create_dir(dir.join("src/nested")).unwrap();
            sandbox.git_in(&dir.join("src/nested"), &["init", "--quiet"]);
        }),
        ("conflicted", |sandbox, dir| _ = sandbox.try_git_in(dir, &["merge", "other"])),
        ("assumed-unchanged", |sandbox, dir| {
            sandbox.git_in(dir, &["update-index", "--assume-unchanged", "README"]);
            write_in(dir, "README", "other\n");
        }),
        ("skipped", |sandbox, dir| {
            sandbox.git_in(dir, &["update-index", "--skip-worktree", "README"]);
            std::fs::remove_file(dir.join("README")).unwrap();
        }),
        ("split-index", |sandbox, dir| _ = sandbox.git_in(dir, &["update-index", "--split-index"])),
        ("untracked-cache", |sandbox, dir| {
            sandbox.git_in(dir, &["update-index", "--untracked-cache"]);
            sandbox.git_in(dir, &["status"]);
            write_in(dir, "src/new", "");
        }),
        ("no-index", |sandbox, dir| {
            std::fs::remove_file(sandbox.git_in(dir, &["rev-parse", "--path-format=absolute", "--git-path", "index"]))
                .unwrap();
        }),
    ]);
    let sandbox = Sandbox::new();
    let files = [("src/a", "1\n2\n3\n"), ("src/deep/er/b", "b\n"), ("src-x", "x\n"), (".gitignore", "target\n")];
    std::os::unix::fs::symlink("README", sandbox.repo().join("link")).unwrap();
    sandbox.commit(&files, "files");
    sandbox.commit(&[("src/empty-file", "")], "an empty file");
    sandbox.git(&["branch", "other"]);
    for name in acts.keys() {
        let dir = sandbox.worktree(name, &format!("task/{name}"), "main");
        if *name == "conflicted" {
            let other = sandbox.worktree("other", "other-work", "main");
            sandbox.commit_in(&other, &[("README", "theirs\n")], "theirs");
            sandbox.git_in(&dir, &["branch", "--force", "other", "other-work"]);
            sandbox.commit_in(&dir, &[("README", "ours\n")], "ours");
        }
        settle(&sandbox, &dir);
        acts[name](&sandbox, &dir);
    }
    for (key, value) in [("status.showUntrackedFiles", "no"), ("status.branch", "true"), ("status.showStash", "true")] {
        sandbox.git(&["config", key, value]);
    }
    let all = listed(&sandbox);
    let counted = changes(&Repo::discover(&sandbox.repo()).unwrap(), &all.iter().collect::<Vec<_>>());
    for (listed, counted) in all.iter().zip(counted) {
        assert_eq!(counted, Some(git_counts(&sandbox, &listed.path)), "{}", listed.path.display());
    }
}

#[test]
fn changes_in_a_sparse_checkout_are_counted() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("a/b", "1\n"), ("c/d", "2\n")], "files");
    for (name, arguments) in [("cone", ["--cone", "--no-sparse-index"]), ("sparse", ["--cone", "--sparse-index"])] {
        let dir = sandbox.worktree(name, &format!("task/{name}"), "main");
        sandbox.git_in(&dir, &["sparse-checkout", "set", arguments[0], arguments[1], "a"]);
        settle(&sandbox, &dir);
        let repo = Repo::discover(&sandbox.repo()).unwrap();
        assert_eq!(changes(&repo, &[at(&listed(&sandbox), &dir)]), [Some(Changes::default())]);
        write_in(&dir, "c/d", "3\n");
        assert_eq!(changes(&repo, &[at(&listed(&sandbox), &dir)]), [Some(git_counts(&sandbox, &dir))]);
    }
}

#[test]
fn what_has_changed_is_known_without_git() {
    let sandbox = Sandbox::new();
    let module = sandbox.root().join("module");
    sandbox.git(&["clone", "--quiet", ".", module.to_str().unwrap()]);
    sandbox.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        module.to_str().unwrap(),
        "sub/m",
    ]);
    std::os::unix::fs::symlink("README", sandbox.repo().join("link")).unwrap();
    sandbox.commit(&[("a/b/c", "1\n"), ("a.b", "2\n"), ("a-b/c", "3\n"), ("empty", "")], "files");
    let clean = sandbox.worktree("clean", "task/clean", "main");
    let dirty = sandbox.worktree("dirty", "task/dirty", "main");
    for dir in [&clean, &dirty] {
        settle(&sandbox, dir);
    }
    write_in(&dirty, "a/b/new", "");
    // Of this git dies, so that whatever is known was known without it.
    sandbox.git(&["config", "status.showUntrackedFiles", "garbage"]);
    let all = listed(&sandbox);
    let counted = changes(&Repo::discover(&sandbox.repo()).unwrap(), &[at(&all, &clean), at(&all, &dirty)]);
    assert_eq!(counted, [Some(Changes::default()), Some(Changes { untracked: 1, ..Changes::default() })]);
}
