//! What lies where the caches and git's own files of a worktree should: it changes no answer, and nothing waits for it.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const CACHES: [&str; 8] =
    ["brought", "clean", "contents/.main", "contents/repo-task-A", "counts", "mentions", "merges", "prompt"];

/// Makes something at a path.
type Make<'a> = &'a dyn Fn(&Path);

/// Two tasks that edit the same file; one was squashed, the other has work that is not committed.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks("[task.A]\ntitle = \"A\"\n[task.B]\ntitle = \"B\"\n");
    sandbox.commit(&[("list", "1\n2\n3\n4\n5\n6\n")], "list");
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit_in(&sandbox.place("A"), &[("list", "one\n2\n3\n4\n5\n6\n")], "A");
    sandbox.commit_in(&sandbox.place("B"), &[("list", "1\n2\n3\n4\n5\nsix\n")], "B");
    sandbox.git(&["merge", "--quiet", "--squash", "task/B"]);
    sandbox.commit(&[], "B by squash");
    sandbox.commit(&[("other", "x\n")], "go on");
    write_in(&sandbox.place("A"), "list", "one\n2\n3\n4\n5\n6\nseven\n");
    sandbox
}

/// What it answers; a minute is far more than it takes where it waits for nothing.
fn answer(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output = sandbox.dispatch(arguments).timeout(Duration::from_secs(60)).output().unwrap();
    Outcome::of(&output).exits(0).stdout
}

fn fifo(path: &Path) {
    _ = std::fs::remove_file(path);
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

#[test]
fn whatever_lies_in_place_of_a_cache_changes_no_answer() {
    let sandbox = started();
    let first = answer(&sandbox, &["status"]);
    assert!(first.contains("landed"), "{first}");
    let cache = sandbox.repo().join(".git/dispatch/cache");
    let outside = sandbox.root().join("outside");
    std::fs::write(&outside, "work").unwrap();
    let kinds: [(&str, Make); 5] = [
        ("a fifo", &|path| fifo(path)),
        ("a folder", &|path| std::fs::create_dir_all(path.join("full")).unwrap()),
        ("an endless device", &|path| symlink("/dev/zero", path).unwrap()),
        ("a link to work", &|path| symlink(&outside, path).unwrap()),
        ("garbage", &|path| std::fs::write(path, [0xff; 4096]).unwrap()),
    ];
    for (what, make) in kinds {
        _ = std::fs::remove_dir_all(&cache);
        std::fs::create_dir_all(cache.join("contents")).unwrap();
        CACHES.iter().for_each(|name| make(&cache.join(name)));
        assert_eq!(answer(&sandbox, &["status", "--prompt"]), "", "{what}");
        assert_eq!(answer(&sandbox, &["status"]), first, "{what}");
        assert_eq!(answer(&sandbox, &["status"]), first, "{what}, twice");
        assert_eq!(std::fs::read(&outside).unwrap(), b"work", "{what}");
    }
}

#[test]
fn a_cache_that_leads_elsewhere_is_neither_swept_nor_written() {
    let sandbox = started();
    let first = answer(&sandbox, &["status"]);
    let precious = sandbox.root().join("precious");
    for part in ["dispatch/cache/contents", "dispatch/cache", "dispatch"] {
        let part = sandbox.repo().join(".git").join(part);
        _ = std::fs::remove_dir_all(&precious);
        for name in ["work", "gone", "contents/work", "cache/contents/work"] {
            write_in(&precious, name, "gdcont02");
        }
        _ = std::fs::remove_dir_all(&part);
        symlink(&precious, &part).unwrap();
        assert_eq!(answer(&sandbox, &["status"]), first, "{}", part.display());
        let mut names: Vec<_> = std::fs::read_dir(&precious).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["cache", "contents", "gone", "work"], "{}", part.display());
        for name in ["contents/work", "cache/contents/work"] {
            assert_eq!(std::fs::read(precious.join(name)).unwrap(), b"gdcont02");
        }
        std::fs::remove_file(&part).unwrap();
        std::fs::create_dir_all(&part).unwrap();
    }
}

#[test]
fn a_fifo_in_place_of_a_file_of_a_worktree_is_not_waited_for() {
    for name in ["index", "HEAD", "gitdir", "commondir", "locked", "logs/HEAD"] {
        let sandbox = started();
        fifo(&sandbox.repo().join(".git/worktrees/repo-task-A").join(name));
        let output = sandbox.dispatch(&["status"]).timeout(Duration::from_secs(60)).output().unwrap();
        // A damaged index is named, and the exit code says so.
        let said = Outcome::of(&output).exits(if name == "index" { 128 } else { 0 }).stdout;
        assert!(said.contains("landed"), "{name}: the other task is as it was: {said}");
    }
    let sandbox = started();
    fifo(&sandbox.place("A").join(".git"));
    let said = answer(&sandbox, &["status"]);
    assert!(said.contains("landed"), "{said}");
}

#[test]
fn what_is_kept_of_a_squash_holds_for_its_attributes_only() {
    let sandbox = Sandbox::with_tasks("[task.A]\ntitle = \"A\"\n");
    sandbox.commit(&[("list.txt", "1\n")], "list");
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("list.txt", "1\nA\n")], "A");
    sandbox.commit(&[("list.txt", "1\nB\n")], "B");
    // What a union of both gives.
    sandbox.commit(&[("list.txt", "1\nB\nA\n")], "both");
    sandbox.commit(&[("list.txt", "1\nB\nA\nC\n")], "go on");
    let cold = || {
        _ = std::fs::remove_dir_all(sandbox.repo().join(".git/dispatch/cache"));
        sandbox.row("A")["proof"].clone()
    };
    let without = cold();
    sandbox.write(".git/info/attributes", "*.txt merge=union\n");
    let warm = sandbox.row("A")["proof"].clone();
    assert_eq!(warm, cold());
    assert_ne!(warm, without, "the attributes decide here");
    sandbox.write(".git/info/attributes", "");
    assert_eq!(sandbox.row("A")["proof"], without);
}
