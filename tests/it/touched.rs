//! Which paths a branch touches, with `git diff` as the oracle.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use git_dispatch::git::{Repo, Want, observe, target};
use git_dispatch::model::facts::Facts;
use git_dispatch::model::id::TaskId;
use git_dispatch::model::ledger::Ledger;
use git_dispatch::model::path::TreePath;

use crate::support::Sandbox;

const WANT: Want = Want { changes: false, merges: false, uncommitted: false, collisions: true, only: None };

fn seen(sandbox: &Sandbox, main: &str, ids: &[String]) -> Facts {
    let repo = Repo::discover(&sandbox.repo()).unwrap();
    let names = ids.iter().map(|id| (id.parse().unwrap(), format!("task/{id}")));
    let names: BTreeMap<TaskId, String> = names.collect();
    observe(&repo, Ledger::default(), target(&repo, main).unwrap(), &names, &WANT).unwrap().facts
}

fn touched<'a>(facts: &'a Facts, id: &str) -> Option<&'a [TreePath]> {
    facts.tasks[&id.parse::<TaskId>().unwrap()].branch.as_ref().unwrap().touched.as_deref()
}

fn diff(sandbox: &Sandbox, old: &str, new: &str) -> Vec<TreePath> {
    let output = sandbox.try_git_in(&sandbox.repo(), &["diff", "--name-only", "-z", "--no-renames", old, new]);
    let paths = output.stdout.split(|&byte| byte == 0).filter(|path| !path.is_empty());
    let mut paths: Vec<TreePath> = paths.map(TreePath::new).collect();
    paths.sort();
    paths
}

/// A line of `size` commits that write, move and delete files, links, submodules and folders of few names.
fn history(size: u64, seed: u64) -> Vec<u8> {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    const NAMES: [&str; 8] = ["a", "a.b", "a-b", "a0", "b", "\\303\\244", "\\377", "sp ace"];
    let mut out = String::new();
    for number in 1..=size {
        let id = format!("T{number}");
        let _ = write!(out, "commit refs/heads/task/{id}\nmark :{number}\n");
        let _ = write!(out, "committer A <a@x> {} +0000\ndata 1\nx\n", 1_700_000_000 + number);
        if number > 1 {
            let _ = writeln!(out, "from :{}", number - 1);
        }
        for _ in 0..=next(4) {
            let depth = 1 + next(3);
            let parts: Vec<&str> = (0..depth).map(|_| NAMES[next(8) as usize]).collect();
            let path = format!("\"{}\"", parts.join("/"));
            let _ = match next(8) {
                0 => writeln!(out, "D {path}"),
                1 => writeln!(out, "M 160000 {} {path}", "1".repeat(40)),
                kind => {
                    let mode = ["100755", "120000", "100644"][(kind as usize - 2).min(2)];
                    write!(out, "M {mode} inline {path}\ndata 1\n{}\n", next(3))
                }
            };
        }
    }
    out.into_bytes()
}

#[test]
fn they_are_those_in_which_git_finds_a_difference() {
    for seed in 1..4 {
        let sandbox = Sandbox::empty();
        sandbox.init(&[]);
        std::fs::write(sandbox.root().join("stream"), history(40, seed)).unwrap();
        sandbox.git(&["-c", "alias.import=!git fast-import --quiet <../stream", "import"]);
        sandbox.git(&["branch", "first", "task/T1"]);
        let base = |number: u64| 1 + (number * 7) % (number - 1);
        let ids: Vec<String> = (2..=40).map(|number| format!("T{number}")).collect();
        for number in 2..=40 {
            let (name, base) = (format!("refs/dispatch/base/T{number}"), format!("task/T{}", base(number)));
            sandbox.git(&["update-ref", &name, &base]);
        }
        let facts = seen(&sandbox, "first", &ids);
        for number in 2..=40 {
            let (old, new) = (format!("task/T{}", base(number)), format!("task/T{number}"));
            let said = touched(&facts, &format!("T{number}"));
            assert_eq!(said, Some(&*diff(&sandbox, &old, &new)), "seed {seed}, {old} to {new}");
        }
    }
}

#[test]
fn what_a_branch_merged_from_the_target_is_not_its_own() {
    let sandbox = Sandbox::new();
    sandbox.git(&["update-ref", "refs/dispatch/base/A", "main"]);
    sandbox.git(&["branch", "elsewhere"]);
    sandbox.git(&["switch", "--quiet", "-c", "task/A"]);
    sandbox.commit(&[("own", "1\n")], "own");
    sandbox.git(&["switch", "--quiet", "main"]);
    sandbox.commit(&[("theirs", "1\n")], "theirs");
    sandbox.git(&["switch", "--quiet", "task/A"]);
    sandbox.git(&["merge", "--quiet", "main", "-m", "merged"]);
    sandbox.commit(&[("more", "1\n")], "more");
    // A branch that was begun on another task's.
    sandbox.git(&["switch", "--quiet", "-c", "task/B"]);
    sandbox.git(&["update-ref", "refs/dispatch/base/B", "task/A"]);
    sandbox.commit(&[("b", "1\n")], "b");
    // One that left its base.
    sandbox.git(&["update-ref", "refs/dispatch/base/C", "task/A"]);
    sandbox.git(&["switch", "--quiet", "-c", "task/C", "elsewhere"]);
    sandbox.commit(&[("c", "1\n")], "c");
    // One that shares nothing with the target.
    sandbox.git(&["switch", "--quiet", "--orphan", "task/D"]);
    sandbox.commit(&[("d", "1\n")], "d");
    let ids = ["A", "B", "C", "D"].map(str::to_owned);
    let facts = seen(&sandbox, "main", &ids);
    let said = |id: &str| touched(&facts, id).map(|paths| paths.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(said("A"), Some(vec!["more".to_owned(), "own".to_owned()]));
    assert_eq!(said("B"), Some(vec!["b".to_owned()]));
    assert_eq!(said("C"), Some(vec!["c".to_owned()]));
    assert_eq!(said("D"), None);
}
