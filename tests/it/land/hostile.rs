//! A branch of a task is content, not authority: what it brings runs nothing when it lands.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::done;
use crate::support::{Sandbox, write_in};

const HOOKS: [&str; 12] = [
    "applypatch-msg",
    "commit-msg",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "prepare-commit-msg",
    "reference-transaction",
];

/// What ran: the name of each, once.
fn ran(sandbox: &Sandbox) -> Vec<String> {
    let mut ran = sandbox.lines_beside("canary");
    ran.sort();
    ran.dedup();
    ran
}

/// Hooks in the branch's files, of which the user's configuration says where they are.
fn hooks(sandbox: &Sandbox, place: &Path) {
    for name in HOOKS {
        let path = format!(".githooks/{name}");
        let canary = sandbox.root().join("canary");
        write_in(place, &path, &format!("#!/bin/sh\necho {name} >>'{}'\n", canary.display()));
        std::fs::set_permissions(place.join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A and B are done; A brings hooks, which the configuration names from now on, and another check.
fn hostile() -> Sandbox {
    let sandbox = done("", &[("A", &[("a", "a\n")]), ("B", &[("b", "b\n")])]);
    let place = sandbox.place("A");
    hooks(&sandbox, &place);
    let canary = sandbox.root().join("canary");
    let commands =
        format!("[commands]\ncheck = \"echo check >>'{0}'\"\nsetup = \"echo setup >>'{0}'\"\n", canary.display());
    let file = std::fs::read_to_string(place.join("dispatch.toml")).unwrap();
    sandbox.commit_in(&place, &[("dispatch.toml", &format!("{commands}{file}"))], "hostile");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.git(&["config", "core.hooksPath", ".githooks"]);
    sandbox
}

#[test]
fn hooks_that_a_branch_brings_do_not_run_when_it_lands_and_goes_back() {
    for (checked_out, check) in [(true, false), (false, false), (true, true)] {
        for strategy in ["merge", "squash", "rebase"] {
            let sandbox = hostile();
            let of = format!("{strategy}, checked out: {checked_out}, check: {check}");
            if !checked_out {
                sandbox.git(&["switch", "-q", "--detach"]);
            }
            if check {
                sandbox.checks(": >../checked");
            }
            sandbox.ok(&["land", "--strategy", strategy]);
            assert_eq!(ran(&sandbox), Vec::<String>::new(), "{of}");
            assert_eq!(sandbox.root().join("checked").exists(), check, "{of}: the target's check");
            sandbox.ok(&["undo"]);
            assert_eq!(ran(&sandbox), Vec::<String>::new(), "undo of {of}");
        }
    }
}

#[test]
fn hooks_that_a_branch_brings_do_not_run_when_its_conflicts_are_resolved() {
    let sandbox = hostile();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("shared", "A\n")], "conflicting");
    let _ = std::fs::remove_file(sandbox.root().join("canary"));
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.commit(&[("shared", "main\n")], "main goes on");
    for end in ["--abort", "--continue"] {
        sandbox.run(&["land", "--resolve", "A"]).exits(4);
        write_in(&place, "shared", "both\n");
        sandbox.git_in(&place, &["-c", "core.hooksPath=/dev/null", "add", "shared"]);
        sandbox.ok(&["land", end]);
        assert_eq!(ran(&sandbox), Vec::<String>::new(), "{end}");
    }
}

/// The check of the task file as the target has it runs, and never the branch's; what landed is the target's from then on.
#[test]
fn a_check_that_a_branch_brings_neither_runs_nor_needs_approval_before_it_landed() {
    let sandbox = hostile();
    sandbox.ok(&["land"]);
    assert_eq!(ran(&sandbox), Vec::<String>::new());
    sandbox.ok(&["undo"]);
    sandbox.git(&["switch", "-q", "--detach"]);
    sandbox.ok(&["land"]);
    assert_eq!(ran(&sandbox), Vec::<String>::new());
}

/// A merge driver and a filter that the user has, and a branch that names them for its files.
fn drivers(sandbox: &Sandbox) {
    let canary = sandbox.root().join("canary");
    for (key, name) in [("filter.canary.smudge", "smudge"), ("filter.canary.clean", "clean")] {
        sandbox.git(&["config", key, &format!("echo {name} >>'{}'; cat", canary.display())]);
    }
    sandbox.git(&["config", "merge.canary.driver", &format!("echo merge >>'{}'; exit 1", canary.display())]);
}

const NAMED: &str = "shared merge=canary\na filter=canary\n";

/// What ran when a branch with such attributes landed beside one that changes the same file.
fn ran_by(checked_out: bool, check: bool) -> Vec<String> {
    let works: &[(&str, &[(&str, &str)])] = &[
        ("A", &[("a", "a\n"), (".gitattributes", NAMED), ("shared", "A\n1\n2\n3\n")]),
        ("B", &[("shared", "1\n2\n3\nB\n"), ("b", "b\n")]),
    ];
    let sandbox = done("", works);
    drivers(&sandbox);
    if !checked_out {
        sandbox.git(&["switch", "-q", "--detach"]);
    }
    if check {
        sandbox.checks("test \"$(cat a)\" = a");
    }
    sandbox.ok(&["land"]);
    assert_eq!(sandbox.git(&["show", "main:shared"]), "A\n1\n2\n3\nB");
    if checked_out {
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    }
    // Whether something is not committed in a worktree is asked as git asks it, which cleans.
    ran(&sandbox).into_iter().filter(|name| name != "clean").collect()
}

#[test]
fn merge_drivers_that_a_branch_names_do_not_run_and_filters_only_where_its_files_are_written() {
    assert_eq!(ran_by(false, false), Vec::<String>::new());
    // As in any checkout: else the files would be others than git writes, and differ from what is committed.
    assert_eq!(ran_by(true, false), ["smudge"]);
    assert_eq!(ran_by(false, true), ["smudge"]);
}

/// What the target itself has says how its files are merged.
#[test]
fn merge_drivers_that_the_target_names_run_as_in_git_merge() {
    let sandbox = done("", &[("A", &[("shared", "A\n2\n3\n")])]);
    sandbox.git(&["config", "merge.keep.driver", "cat %A %B >both; mv both %A"]);
    sandbox.commit(&[(".gitattributes", "shared merge=keep\n"), ("shared", "main\n2\n3\n")], "attributes");
    sandbox.ok(&["land"]);
    assert_eq!(sandbox.git(&["show", "main:shared"]), "main\n2\n3\nA\n2\n3");
}
