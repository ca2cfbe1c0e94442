//! What has changed in worktrees, and the commit of it, with `git status` and `git add --all` as the oracles.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::support::{Sandbox, write_in};
use crate::uncommitted::assert_as_git;
use crate::worktrees::settle;

type Act = fn(&Sandbox, &Path);

/// Does each act in a worktree of its own, freshly made and settled before, and holds the counts against git's.
fn assert_each(sandbox: &Sandbox, acts: &[(&str, Act)]) {
    for (name, act) in acts {
        for settled in [false, true] {
            let name = format!("{name}-{settled}");
            let dir = sandbox.worktree(&name, &format!("task/{name}"), "main");
            if settled {
                settle(sandbox, &dir);
            }
            act(sandbox, &dir);
        }
    }
    assert_as_git(sandbox, "after the act");
}

fn remove(dir: &Path, path: &str) {
    let path = dir.join(path);
    if path.symlink_metadata().unwrap().is_dir() {
        std::fs::remove_dir_all(path).unwrap();
    } else {
        std::fs::remove_file(path).unwrap();
    }
}

fn folder(dir: &Path, path: &str) {
    std::fs::create_dir_all(dir.join(path)).unwrap();
}

fn link(dir: &Path, target: &str, path: &str) {
    std::os::unix::fs::symlink(target, dir.join(path)).unwrap();
}

fn nested(sandbox: &Sandbox, dir: &Path, path: &str, with_commit: bool) {
    folder(dir, path);
    sandbox.git_in(&dir.join(path), &["init", "--quiet"]);
    if with_commit {
        sandbox.commit_in(&dir.join(path), &[("inside", "x")], "nested");
    }
}

fn ignoring() -> Sandbox {
    let sandbox = Sandbox::new();
    let files = [
        (".gitignore", "*.log\n!keep.log\n/target/\nbuild/*\n!build/kept\n/all/\nx\\ y \n**/deep/*.tmp\n"),
        ("src/.gitignore", "*.o\n!need.o\n/only-here\n"),
        ("src/deep/b", "b\n"),
        ("src/a", "a\n"),
        ("all/tracked", "forced\n"),
        ("target/keep", "forced\n"),
    ];
    for (path, content) in files {
        sandbox.write(path, content);
    }
    sandbox.git(&["add", "--force", "all/tracked", "target/keep"]);
    sandbox.commit(&[], "files");
    std::fs::write(sandbox.repo().join(".git/info/exclude"), "*.info\n!not.info\n").unwrap();
    std::fs::write(sandbox.root().join("global"), "*.glob\nnode_modules\n").unwrap();
    sandbox.git(&["config", "core.excludesFile", sandbox.root().join("global").to_str().unwrap()]);
    sandbox
}

#[test]
fn what_is_ignored_is_not_counted() {
    let acts: [(&str, Act); 18] = [
        ("by-root", |_, dir| ["a.log", "src/a.log", "x y"].iter().for_each(|path| write_in(dir, path, ""))),
        ("negated", |_, dir| ["keep.log", "src/keep.log", "src/need.o"].iter().for_each(|p| write_in(dir, p, ""))),
        ("nested-file", |_, dir| ["a.o", "src/a.o", "src/deep/a.o"].iter().for_each(|p| write_in(dir, p, ""))),
        ("anchored", |_, dir| {
            ["only-here", "src/only-here", "src/deep/only-here"].iter().for_each(|p| write_in(dir, p, ""))
        }),
        ("info", |_, dir| {
            ["a.info", "src/b.info", "not.info", "src/n/c.info"].iter().for_each(|p| write_in(dir, p, ""))
        }),
        ("global", |_, dir| ["a.glob", "src/node_modules/x/y", "n/a.glob"].iter().for_each(|p| write_in(dir, p, ""))),
        ("stars", |_, dir| ["deep/a.tmp", "src/deep/a.tmp", "src/a.tmp"].iter().for_each(|p| write_in(dir, p, ""))),
        ("build", |_, dir| ["build/x", "src/build/x/y"].iter().for_each(|p| write_in(dir, p, ""))),
        ("build-kept", |_, dir| ["build/x", "build/kept/y"].iter().for_each(|p| write_in(dir, p, ""))),
        ("beside-tracked", |_, dir| ["all/new", "target/new", "target/n/x"].iter().for_each(|p| write_in(dir, p, ""))),
        ("tracked-inside", |_, dir| write_in(dir, "target/keep", "changed\n")),
        ("tracked-inside-gone", |_, dir| {
            remove(dir, "target");
            write_in(dir, "target/new", "");
        }),
        ("folder-of-ignored", |_, dir| write_in(dir, "new/deeper/a.log", "")),
        ("folder-of-both", |_, dir| ["new/a.log", "new/b", "new/c"].iter().for_each(|p| write_in(dir, p, ""))),
        ("by-itself", |_, dir| {
            write_in(dir, "new/.gitignore", "*\n");
            write_in(dir, "new/a", "");
        }),
        ("by-an-untracked-file", |_, dir| {
            write_in(dir, "src/deep/.gitignore", "c\n");
            write_in(dir, "src/deep/c", "");
        }),
        ("rules-changed", |_, dir| {
            write_in(dir, ".gitignore", "new\n");
            ["a.log", "new/a", "target/n"].iter().for_each(|path| write_in(dir, path, ""));
        }),
        ("rules-gone", |_, dir| {
            remove(dir, "src/.gitignore");
            write_in(dir, "src/a.o", "");
        }),
    ];
    assert_each(&ignoring(), &acts);
}

#[test]
fn what_is_new_or_in_the_place_of_something_is_counted() {
    let acts: [(&str, Act); 18] = [
        ("nested", |sandbox, dir| nested(sandbox, dir, "nested", false)),
        ("nested-commit", |sandbox, dir| nested(sandbox, dir, "src/nested", true)),
        ("nested-deeper", |sandbox, dir| nested(sandbox, dir, "new/nested", true)),
        ("nested-ignored", |sandbox, dir| nested(sandbox, dir, "target/nested", true)),
        ("nested-in-place", |sandbox, dir| nested(sandbox, dir, "src", true)),
        ("dot-git", |_, dir| write_in(dir, "src/.git", "garbage")),
        ("empty", |_, dir| ["empty", "src/empty", "e/m/p"].iter().for_each(|path| folder(dir, path))),
        ("links", |_, dir| {
            ["nowhere", "src", "/", "README"]
                .iter()
                .zip(["a", "b", "src/c", "target/d"])
                .for_each(|(t, p)| link(dir, t, p));
        }),
        ("to-link", |_, dir| {
            std::fs::rename(dir.join("src"), dir.join("other")).unwrap();
            link(dir, "other", "src");
        }),
        ("to-file", |_, dir| {
            remove(dir, "src");
            write_in(dir, "src", "a file");
        }),
        ("to-folder", |_, dir| {
            remove(dir, "README");
            write_in(dir, "README/x/y", "");
        }),
        ("to-empty-folder", |_, dir| {
            remove(dir, "README");
            folder(dir, "README");
        }),
        ("folder-gone", |_, dir| remove(dir, "src/deep")),
        ("folder-refilled", |_, dir| {
            remove(dir, "src/deep");
            write_in(dir, "src/deep/new", "");
        }),
        ("case", |_, dir| ["readme", "SRC/a", "src/A"].iter().for_each(|path| write_in(dir, path, ""))),
        ("one-gone-one-new", |_, dir| {
            remove(dir, "src/a");
            write_in(dir, "src/c", "");
        }),
        ("odd-names", |_, dir| {
            for name in [":(top)x", "*", "[a]", "-rf", "a\nb", " ", ":!x", "\"", "\\", "ö", "src/:/x", "--", "?"] {
                write_in(dir, name, "");
            }
            std::fs::write(dir.join(OsStr::from_bytes(b"\xff\xfe")), "").unwrap();
        }),
        ("very-many", |_, dir| (0..100).for_each(|number| write_in(dir, &format!("src/{number}"), ""))),
    ];
    assert_each(&ignoring(), &acts);
}

#[test]
fn what_filters_change_is_counted() {
    let sandbox = Sandbox::new();
    for (key, value) in [("filter.up.clean", "tr a-z A-Z"), ("filter.up.smudge", "tr A-Z a-z")] {
        sandbox.git(&["config", key, value]);
    }
    let attributes =
        "*.up filter=up\n*.id ident\n*.crlf text eol=crlf\n*.auto text=auto\n*.wide working-tree-encoding=UTF-16LE\n";
    let files = [(".gitattributes", attributes), ("a.up", "x\n"), ("a.id", "$Id$\n"), ("a.crlf", "1\n2\n")];
    sandbox.commit(&files, "files");
    sandbox.commit(&[("a.auto", "1\n"), ("a.wide", "1\0\n\0"), ("b/c.up", "y\n")], "more files");
    let acts: [(&str, Act); 6] = [
        ("nothing", |_, _| ()),
        ("same-size", |_, dir| ["a.up", "b/c.up"].iter().for_each(|path| write_in(dir, path, "z\n"))),
        ("same-after-filter", |_, dir| ["a.up", "b/c.up"].iter().for_each(|path| write_in(dir, path, "X\n"))),
        ("line-ends", |_, dir| ["a.crlf", "a.auto"].iter().for_each(|path| write_in(dir, path, "1\n2\n"))),
        ("expanded", |_, dir| write_in(dir, "a.id", "$Id: something $\n")),
        ("attributes", |_, dir| write_in(dir, ".gitattributes", "")),
    ];
    assert_each(&sandbox, &acts);
    sandbox.git(&["config", "core.autocrlf", "input"]);
    assert_as_git(&sandbox, "with core.autocrlf");
}

#[test]
fn what_submodules_hold_is_counted() {
    let sandbox = Sandbox::new();
    let module = sandbox.root().join("module");
    sandbox.git(&["clone", "--quiet", ".", module.to_str().unwrap()]);
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", module.to_str().unwrap(), "sub/m"];
    sandbox.git(&add);
    sandbox.commit(&[], "a submodule");
    let update = |sandbox: &Sandbox, dir: &Path| {
        sandbox.git_in(dir, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init"]);
    };
    let acts: [(&str, Act); 6] = [
        ("nothing", |_, _| ()),
        ("checked-out", |_, _| ()),
        ("checked-out-untracked", |_, dir| write_in(dir, "sub/m/new", "")),
        ("checked-out-modified", |_, dir| write_in(dir, "sub/m/README", "other\n")),
        ("checked-out-ahead", |sandbox, dir| _ = sandbox.commit_in(&dir.join("sub/m"), &[("x", "")], "ahead")),
        ("gone", |_, dir| remove(dir, "sub")),
    ];
    for (name, act) in acts {
        let dir = sandbox.worktree(name, &format!("task/{name}"), "main");
        if name.starts_with("checked-out") {
            update(&sandbox, &dir);
        }
        act(&sandbox, &dir);
    }
    assert_as_git(&sandbox, "with submodules");
}

/// Does something to one of a few paths, chosen by `random`.
fn stir(sandbox: &Sandbox, dir: &Path, mut random: u64) {
    const PATHS: [&str; 12] = [
        "README",
        "src",
        "src/a",
        "src/deep",
        "src/deep/b",
        "src/a.o",
        "all",
        "all/x",
        "new",
        "new/a",
        "a.log",
        "target",
    ];
    for _ in 0..1 + random % 5 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let path = PATHS[(random >> 33) as usize % PATHS.len()];
        // What cannot be done (a file is in the way of a folder) is not done.
        let target = dir.join(path);
        _ = match (random >> 40) % 7 {
            0 => std::fs::remove_dir_all(&target),
            1 => std::fs::remove_file(&target),
            2 => std::fs::create_dir_all(&target),
            3 => std::os::unix::fs::symlink("src", &target),
            4 => std::fs::rename(&target, dir.join("moved")),
            5 => std::fs::write(dir.join(".gitignore"), "new\n*.o\n"),
            _ => std::fs::create_dir_all(target.parent().unwrap()).and_then(|()| std::fs::write(&target, "x\n")),
        };
        if random >> 60 == 0 {
            sandbox.try_git_in(dir, &["add", "--all"]);
        }
    }
}

#[test]
fn whatever_happens_in_a_worktree_is_counted() {
    let sandbox = ignoring();
    for number in 0..40u64 {
        let dir = sandbox.worktree(&number.to_string(), &format!("task/{number}"), "main");
        if number % 2 == 0 {
            settle(&sandbox, &dir);
        }
        stir(&sandbox, &dir, number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
    assert_as_git(&sandbox, "after stirring");
}

#[test]
fn git_is_not_asked_about_usual_changes() {
    let mut sandbox = ignoring();
    let text = "version = 1\ntarget = \"main\"\n[task.A]\ntitle = \"A\"\n";
    sandbox.commit(&[("dispatch.toml", text)], "plan");
    let dir = sandbox.worktree("A", "task/A", "main");
    write_in(&dir, "src/a", "other\n");
    write_in(&dir, "new/a", "");
    write_in(&dir, "src/a.o", "");
    sandbox.git_in(&dir, &["mv", "src/deep/b", "src/c"]);
    std::fs::remove_file(dir.join("README")).unwrap();
    let trace = sandbox.root().join("trace");
    sandbox.env("GIT_TRACE", trace.to_str().unwrap());
    sandbox.dispatch(&["status"]).assert().success();
    let said = std::fs::read_to_string(trace).unwrap();
    let asked: Vec<&str> = said.lines().filter_map(|line| Some(line.split_once("built-in: git ")?.1)).collect();
    let about = |word: &str| asked.iter().filter(|line| line.starts_with(word)).count();
    assert_eq!([about("status"), about("add"), about("ls-files"), about("hash-object")], [1, 0, 0, 0], "{said}");
    // Whether a deleted and an added path are one renamed one.
    assert!(said.contains("-- src/c src/deep/b"), "{said}");
}
