//! What is not committed in worktrees, as a commit that the repository does not have.

use std::path::Path;

use git_dispatch::git::{Listed, Quarantine, Repo, Scanned, scan};
use git_dispatch::model::facts::{Head, Uncommitted};
use git_dispatch::model::path::TreePath;

use crate::support::{Sandbox, write_in};
use crate::worktrees::{git_counts, listed, settle};

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
    assert_whole(sandbox);
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

/// Every object is what its name says.
fn assert_whole(sandbox: &Sandbox) {
    let said = sandbox.try_git_in(&sandbox.repo(), &["fsck", "--no-dangling", "--no-reflogs"]).stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!["corrupt", "mismatch", "unable to", "missing"].iter().any(|word| said.contains(word)), "{said}");
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

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

const PATHS: [&str; 22] = [
    "README",
    "a.up",
    "a.id",
    "a.auto",
    "a.wide",
    "run.sh",
    "src/a",
    "src/b.log",
    "src/a.o",
    "src/need.o",
    "src/deep/b",
    "src/deep/er/c.auto",
    "src/deep/er/d.id",
    "new/a",
    "new/deep/b.up",
    "new/deep/c.o",
    "all/tracked",
    "all/other",
    "target/x",
    "link",
    "src",
    "new",
];

const CONTENTS: [&str; 10] =
    ["x\n", "y\n", "1\r\n2\r\n", "1\n2\n", "$Id$\n", "$Id: 0123 $\n", "ABC\n", "abc\n", "", "1\r\n2\n\0"];

/// Does something in a worktree; what cannot be done is not done.
fn stir(sandbox: &Sandbox, dir: &Path, dice: &mut Dice) {
    let (path, other) = (dice.pick(&PATHS), dice.pick(&PATHS));
    let target = dir.join(path);
    let parent = |path: &Path| _ = std::fs::create_dir_all(path.parent().unwrap());
    match dice.roll(14) {
        0 => _ = std::fs::remove_file(&target),
        1 => _ = std::fs::remove_dir_all(&target),
        2 => {
            parent(&target);
            _ = std::os::unix::fs::symlink(other, &target);
        }
        3 => {
            parent(&dir.join(other));
            _ = std::fs::rename(&target, dir.join(other));
        }
        4 => {
            let mode = dice.pick(&[0o644, 0o755]);
            _ = std::fs::set_permissions(&target, std::os::unix::fs::PermissionsExt::from_mode(mode));
        }
        5 => {
            let rules =
                dice.pick(&["*.o\n!need.o\n", "/a\n", "deep/\n", "*\n!*/\n!b\n", "\u{feff}a\n", "b.log \n\\ \n"]);
            let place = dice.pick(&[".gitignore", "src/.gitignore", "new/.gitignore", "src/deep/.gitignore"]);
            parent(&dir.join(place));
            _ = std::fs::write(dir.join(place), rules);
        }
        6 => _ = sandbox.try_git_in(dir, &["add", "--all"]),
        7 => _ = sandbox.try_git_in(dir, &["add", "--force", "--", path]),
        8 => _ = sandbox.try_git_in(dir, &["rm", "-r", "--quiet", "--cached", "--", path]),
        9 => _ = sandbox.try_git_in(dir, &["mv", path, other]),
        10 => _ = std::fs::read(&target).map(|same| std::fs::write(&target, same)),
        11 if dice.roll(4) == 0 => _ = std::fs::write(dir.join(".gitattributes"), "*.o filter=up\n"),
        _ => {
            parent(&target);
            _ = std::fs::write(&target, dice.pick(&CONTENTS));
        }
    }
}

#[test]
fn whatever_happens_in_a_worktree_is_as_git_sees_it() {
    for (round, auto_crlf) in [(0, "false"), (1, "input"), (2, "true")] {
        let sandbox = Sandbox::new();
        for (key, value) in [("filter.up.clean", "tr a-z A-Z"), ("filter.up.smudge", "tr A-Z a-z")] {
            sandbox.git(&["config", key, value]);
        }
        let attributes = "*.up filter=up\n*.id ident\n*.auto text=auto\n*.wide working-tree-encoding=UTF-16LE\n";
        sandbox.write(".gitattributes", attributes);
        sandbox.write(".gitignore", "*.log\n/target/\n/all/\n");
        let files =
            [("a.up", "x\n"), ("a.id", "$Id$\n"), ("a.auto", "1\n2\n"), ("a.wide", "1\0\n\0"), ("src/a", "a\n")];
        files.iter().for_each(|(path, content)| sandbox.write(path, content));
        sandbox.write("all/tracked", "forced\n");
        sandbox.git(&["add", "--force", "all/tracked"]);
        std::os::unix::fs::symlink("src/a", sandbox.repo().join("link")).unwrap();
        sandbox.commit(&[("run.sh", "x\n"), ("src/deep/b", "b\n"), ("src/deep/er/c.auto", "1\r\n2\r\n")], "files");
        sandbox.git(&["config", "core.autocrlf", auto_crlf]);
        for number in 0..16u64 {
            let dir = sandbox.worktree(&number.to_string(), &format!("task/{number}"), "main");
            if number % 3 == 0 {
                settle(&sandbox, &dir);
            }
            let mut dice = Dice((number * 3 + round).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for _ in 0..1 + dice.roll(9) {
                stir(&sandbox, &dir, &mut dice);
            }
        }
        assert_as_git(&sandbox, &format!("with core.autocrlf={auto_crlf}"));
        assert_as_git(&sandbox, &format!("once more, with core.autocrlf={auto_crlf}"));
    }
}

/// The one worktree of `task/A` among those scanned.
fn of_task(sandbox: &Sandbox) -> (Quarantine, Scanned) {
    let (quarantine, all) = scanned(sandbox);
    let own = Head::Branch("task/A".to_owned());
    let found = all.into_iter().find(|(listed, _)| listed.head == own);
    (quarantine, found.unwrap().1.unwrap())
}

fn paths(paths: &[&str]) -> Vec<TreePath> {
    paths.iter().map(|&path| TreePath::from(path)).collect()
}

#[test]
fn a_change_without_a_trace_in_size_and_time_of_day_is_seen() {
    let sandbox = Sandbox::new();
    let dir = sandbox.worktree("A", "task/A", "main");
    for content in ["hellO\n", "hellp\n", "hello\n", "Hello\n"] {
        sandbox.try_git_in(&dir, &["update-index", "--refresh", "-q"]);
        write_in(&dir, "README", content);
        let modified = u64::from(content != "hello\n");
        assert_eq!(of_task(&sandbox).1.changes.modified, modified, "{content}");
        assert_eq!(of_task(&sandbox).1.changes.modified, modified, "{content}");
    }
}

#[test]
fn the_cache_changes_no_answer() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("src/a", "1\n"), ("src/b", "2\n")], "files");
    let dir = sandbox.worktree("A", "task/A", "main");
    write_in(&dir, "src/a", "3\n");
    write_in(&dir, "new", "4\n");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for path in ["src/a", "src/b", "new"] {
        std::fs::File::open(dir.join(path)).unwrap().set_modified(old).unwrap();
    }
    let first = of_task(&sandbox).1;
    assert_eq!(first.uncommitted.as_ref().unwrap().paths, paths(&["new", "src/a"]));
    // Files are kept once they are a little older than their reading.
    let file = sandbox.repo().join(".git/dispatch/cache/contents/A");
    let mut kept = None;
    for _ in 0..1000 {
        assert_eq!(of_task(&sandbox).1, first);
        kept = std::fs::read(&file).ok().filter(|bytes| bytes.len() > 200);
        if kept.is_some() {
            break;
        }
    }
    let kept = kept.unwrap();
    let damaged: [&dyn Fn(); 4] = [
        &|| std::fs::remove_file(&file).unwrap(),
        &|| std::fs::write(&file, &kept[..kept.len() / 2]).unwrap(),
        &|| std::fs::write(&file, "garbage").unwrap(),
        &|| std::fs::write(&file, [&kept[..60], &[0xAA; 40], &kept[100..]].concat()).unwrap(),
    ];
    for damage in damaged {
        damage();
        assert_eq!(of_task(&sandbox).1, first);
    }
    sandbox.git(&["worktree", "remove", "--force", dir.to_str().unwrap()]);
    scanned(&sandbox);
    assert!(!file.exists());
}

#[test]
fn a_file_above_the_limit_is_not_read() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("tracked", "small\n"), ("touched", "hello, world\n")], "files");
    sandbox.git(&["config", "dispatch.maxFileSize", "10"]);
    let dir = sandbox.worktree("A", "task/A", "main");
    for path in ["tracked", "untracked"] {
        write_in(&dir, path, "more than ten bytes\n");
    }
    write_in(&dir, "small", "ten bytes\n");
    write_in(&dir, "touched", "hello, world\n");
    let (quarantine, found) = of_task(&sandbox);
    let found = found.uncommitted.unwrap();
    assert_eq!(found.paths, paths(&["small", "tracked", "untracked"]));
    assert_eq!(found.unread, paths(&["tracked", "untracked"]));
    keep(&sandbox, &quarantine);
    let commit = found.commit.unwrap().to_string();
    let shown = |path: &str| sandbox.git(&["show", &format!("{commit}:{path}")]);
    assert_eq!(shown("small"), "ten bytes");
    assert_ne!(shown("tracked"), shown("untracked"));
    assert!(shown("tracked").starts_with("git-dispatch did not read this file"));
    assert_eq!(of_task(&sandbox).1.uncommitted.unwrap().commit, found.commit, "the same state, another commit");
    // Asked, git reads no more.
    sandbox.git_in(&dir, &["update-index", "--split-index"]);
    let asked = of_task(&sandbox).1.uncommitted.unwrap();
    assert_eq!((asked.paths, asked.unread, asked.commit), (found.paths, found.unread, found.commit));
}

#[test]
fn too_many_files_are_counted_and_not_read() {
    let sandbox = Sandbox::new();
    let dir = sandbox.worktree("A", "task/A", "main");
    (0..10_001).for_each(|number| write_in(&dir, &format!("modules/{}/{number}", number % 100), ""));
    let found = of_task(&sandbox).1;
    assert_eq!((found.changes.untracked, found.uncommitted), (1, None));
    sandbox.git_in(&dir, &["update-index", "--split-index"]);
    let asked = of_task(&sandbox).1;
    assert_eq!((asked.changes.untracked, asked.uncommitted), (1, None));
}

#[test]
fn nothing_is_known_of_what_is_under_way() {
    let sandbox = Sandbox::new();
    let dir = sandbox.worktree("A", "task/A", "main");
    sandbox.commit_in(&dir, &[("README", "ours\n")], "ours");
    sandbox.commit(&[("README", "theirs\n")], "theirs");
    sandbox.try_git_in(&dir, &["merge", "main"]);
    let found = of_task(&sandbox).1;
    assert_eq!((found.changes.conflicted, found.uncommitted), (1, None));
}

type Files = Vec<(String, Vec<u8>, std::time::SystemTime)>;

/// Every file below `dir` with its size, time and content.
fn snapshot(dir: &Path, into: &mut Files) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let found = entry.path().symlink_metadata().unwrap();
        if entry.file_name() == "dispatch" {
            continue;
        }
        if found.is_dir() {
            snapshot(&entry.path(), into);
        } else {
            let (name, content) = (entry.path().display().to_string(), std::fs::read(entry.path()).unwrap_or_default());
            // git itself keeps these young while they are in use.
            let young = name.contains("/objects/") || name.contains("/sharedindex.");
            let modified = if young { std::time::UNIX_EPOCH } else { found.modified().unwrap() };
            into.push((name, content, modified));
        }
    }
    into.sort();
}

#[test]
fn nothing_is_written_but_the_cache() {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "filter.up.clean", "tr a-z A-Z"]);
    let hook = sandbox.repo().join(".git/hooks/post-index-change");
    write_in(&sandbox.repo(), ".git/hooks/post-index-change", "#!/bin/sh\ntouch \"$(git rev-parse --git-dir)\"/ran\n");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let tasks = "[task.A]\ntitle = \"A\"\n[task.B]\ntitle = \"B\"\n[task.C]\ntitle = \"C\"\n";
    let text = format!("version = 1\ntarget = \"main\"\n{tasks}");
    let files =
        [("dispatch.toml", text.as_str()), (".gitattributes", "*.up filter=up\n"), ("a.up", "X\n"), ("b", "b\n")];
    sandbox.commit(&files, "plan");
    for name in ["A", "B", "C"] {
        let dir = sandbox.worktree(name, &format!("task/{name}"), "main");
        write_in(&dir, "b", "other\n");
        write_in(&dir, "new/x", name);
        std::fs::remove_file(dir.join("README")).unwrap();
        match name {
            "A" => write_in(&dir, "a.up", "new\n"),
            "B" => _ = sandbox.git_in(&dir, &["update-index", "--split-index"]),
            _ => {}
        }
    }
    sandbox.git(&["status"]);
    _ = std::fs::remove_file(sandbox.repo().join(".git/ran"));
    let mut before = Vec::new();
    snapshot(&sandbox.root(), &mut before);
    for arguments in [&["status"][..], &["status", "--verbose"], &["status", "A"]] {
        sandbox.dispatch(arguments).assert().success();
    }
    let mut after = Vec::new();
    snapshot(&sandbox.root(), &mut after);
    let other = |from: &Files, than: &Files| -> Vec<String> {
        from.iter().filter(|one| !than.contains(one)).map(|(name, ..)| name.clone()).collect()
    };
    assert_eq!((other(&before, &after), other(&after, &before)), (Vec::new(), Vec::new()));
}
