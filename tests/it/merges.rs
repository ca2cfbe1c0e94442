//! Merges are what git says, whoever computes them.

use git_dispatch::git::{Quarantine, Repo, merges, merges_without_git};
use git_dispatch::model::facts::Merge;
use git_dispatch::model::oid::Oid;

use crate::histories::{Files, Import, Random, change, put, start};
use crate::support::Sandbox;

/// What git says of a merge: whether it is clean, the tree, the paths.
pub type Said = (bool, String, Vec<String>);

/// git's own answer to each pair, one process each: `None` where it fails.
pub fn said_by_git(sandbox: &Sandbox, pairs: &[(Oid, Oid)]) -> Vec<Option<Said>> {
    let said = |(ours, theirs): &(Oid, Oid)| {
        let (ours, theirs) = (ours.to_string(), theirs.to_string());
        let arguments = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", &ours, &theirs];
        let output = sandbox.try_git_in(&sandbox.repo(), &arguments);
        let clean = output.status.code().filter(|code| *code < 2)? == 0;
        let text = String::from_utf8(output.stdout).unwrap();
        let mut fields = text.split_terminator('\0').map(str::to_owned);
        Some((clean, fields.next()?, fields.collect()))
    };
    pairs.iter().map(said).collect()
}

/// The same through one process, which must not fail.
fn said_by_one_git(sandbox: &Sandbox, pairs: &[(Oid, Oid)]) -> Vec<Option<Said>> {
    let lines: String = pairs.iter().map(|(ours, theirs)| format!("{ours} {theirs}\n")).collect();
    let arguments = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", "--stdin"];
    let output = sandbox.try_git_with(&arguments, lines.as_bytes());
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut fields = text.split_terminator('\0').map(str::to_owned);
    let mut said = Vec::new();
    while let Some(clean) = fields.next() {
        let tree = fields.next().unwrap();
        said.push(Some((clean == "1", tree, fields.by_ref().take_while(|path| !path.is_empty()).collect())));
    }
    assert_eq!(said.len(), pairs.len());
    said
}

pub fn ours(merge: &Merge) -> Said {
    (merge.clean, merge.tree.to_string(), merge.conflicts.iter().map(|path| path.lossy().into_owned()).collect())
}

pub fn commit_at(sandbox: &Sandbox, name: &str) -> Oid {
    sandbox.git(&["rev-parse", &format!("{name}^{{commit}}")]).parse().unwrap()
}

pub fn open(sandbox: &Sandbox) -> Repo {
    Repo::discover(&sandbox.repo()).unwrap()
}

/// A commit with these lines, which end with the parents.
fn written(sandbox: &Sandbox, tree: &str, parents: &[&str], time: i64) -> String {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    let who = format!("Ada <ada@example.org> {time} +0000");
    let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nx\n");
    let output = sandbox.try_git_with(&["hash-object", "-t", "commit", "-w", "--stdin"], text.as_bytes());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn of_equally_old_merge_bases_none_is_preferred() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("x", "1\n")], "x");
    let tree = |content: &str| {
        sandbox.commit(&[("x", content)], content);
        sandbox.git(&["rev-parse", "HEAD^{tree}"]).trim().to_owned()
    };
    let (one, two, three) = (tree("one\n"), tree("two\n"), tree("three\n"));
    let root = written(&sandbox, &three, &[], 1);
    let (a, b) = (written(&sandbox, &one, &[&root], 2), written(&sandbox, &two, &[&root], 2));
    let target = written(&sandbox, &three, &[&a, &b], 3);
    for (tree, changes) in [(&one, false), (&two, false), (&three, true)] {
        let tip = written(&sandbox, tree, &[&b, &a], 4);
        let pairs: Vec<(Oid, Oid)> = vec![(target.parse().unwrap(), tip.parse().unwrap())];
        let repo = open(&sandbox);
        let merge = merges(&repo, &Quarantine::new(pairs[0].0), &pairs).unwrap().remove(0).unwrap();
        assert_eq!(merge.tip_changes_something, changes, "{tree}");
    }
}

#[test]
fn a_fast_forward_to_a_tree_that_is_gone_is_no_answer() {
    let sandbox = Sandbox::new();
    let target: Oid = sandbox.commit(&[("x", "1\n")], "x").trim().parse().unwrap();
    let absent = "1".repeat(40);
    let tip: Oid = written(&sandbox, &absent, &[&target.to_string()], 2_000_000_000).parse().unwrap();
    let merged = merges(&open(&sandbox), &Quarantine::new(target), &[(target, tip)]).unwrap();
    assert_eq!(merged, [None]);
}

/// Asserts that every pair merges as git says, and returns how many took no git process.
pub fn assert_parity(sandbox: &Sandbox, pairs: &[(Oid, Oid)]) -> usize {
    let said = said_by_git(sandbox, pairs);
    assert_says(sandbox, pairs, &said)
}

fn assert_says(sandbox: &Sandbox, pairs: &[(Oid, Oid)], said: &[Option<Said>]) -> usize {
    let repo = open(sandbox);
    let quarantine = Quarantine::new(commit_at(sandbox, "main"));
    let walked = merges_without_git(&repo, &quarantine, pairs);
    let all = merges(&repo, &quarantine, pairs).unwrap();
    for (at, (a, b)) in pairs.iter().enumerate() {
        assert_eq!(all[at].as_ref().map(ours), said[at], "{a} {b}");
        if let Some(walked) = &walked[at] {
            assert_eq!(Some(ours(walked)), said[at], "walked: {a} {b}");
        }
    }
    walked.iter().flatten().count()
}

/// Two sides of `histories` bases each, which share some of their changes.
fn random_pairs(sandbox: &Sandbox, seed: u64, histories: usize) -> Vec<(Oid, Oid)> {
    let mut random = Random(seed);
    let mut import = Import::default();
    let mut pairs = Vec::new();
    for _ in 0..histories {
        let files = start(&mut random);
        let base = import.commit(&[], &files);
        let mut sides = [files.clone(), files];
        for _ in 0..random.below(3) {
            // The same change on both sides.
            let again = Random(random.0);
            for side in &mut sides {
                change(side, &mut Random(again.0));
            }
            random.below(2);
        }
        for side in &mut sides {
            (0..random.below(4)).for_each(|_| change(side, &mut random));
        }
        let [a, b] = sides.map(|files| import.commit(&[base], &files));
        pairs.push((a, b));
    }
    let ids = import.finish(sandbox);
    pairs.into_iter().map(|(a, b)| (ids[a], ids[b])).collect()
}

#[test]
fn random_merges_are_what_git_says_with_every_way_to_follow_renames() {
    let sandbox = Sandbox::new();
    let pairs = random_pairs(&sandbox, 0x2545_f491_4f6c_dd1d, HISTORIES);
    let mut walked = 0;
    for (key, value) in [
        ("merge.directoryRenames", "conflict"),
        ("merge.directoryRenames", "true"),
        ("merge.directoryRenames", "false"),
        ("merge.renames", "false"),
    ] {
        sandbox.git(&["config", key, value]);
        walked = assert_says(&sandbox, &pairs, &said_by_one_git(&sandbox, &pairs));
    }
    assert!((pairs.len() / 5..pairs.len() * 4 / 5).contains(&walked), "{walked} of {}", pairs.len());
}

const HISTORIES: usize = 250;

/// What a side does to the base: files with their modes, without a mode deleted.
type Edits = &'static [(&'static str, &'static str, &'static str)];

const F: &str = "100644";
const GONE: (&str, &str) = ("", "");
const ONE: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
const ONE_TOP: &str = "top\n2\n3\n4\n5\n6\n7\n8\n9\n";
const ONE_END: &str = "1\n2\n3\n4\n5\n6\n7\n8\nend\n";
const TWO: &str = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
const BIN: &str = "\0\u{1}\u{2}";

/// Each with whether it takes no git.
const CASES: [(&str, Edits, Edits, bool); 37] = [
    ("a folder moved, a file added where it was", MOVED, &[("old/c", F, TWO)], false),
    ("a folder moved, a file moved to where it was", MOVED, &[("old/c", F, TWO), ("p/f", "", "")], false),
    ("a folder moved, a file added elsewhere", MOVED, &[("q/c", F, TWO)], true),
    ("a folder moved, a file edited where it was", MOVED, &[("old/a", F, ONE_TOP)], false),
    ("a folder moved, a file of it deleted", MOVED, &[("old/a", "", "")], false),
    ("a folder moved, a folder added where it was", MOVED, &[("old/sub/new/c", F, TWO)], false),
    ("a subfolder moved, a file added where it was", MOVED_SUB, &[("old/sub/c", F, TWO)], false),
    ("a subfolder moved, a file added above", MOVED_SUB, &[("old/c", F, TWO)], true),
    ("a folder moved, a file added where it went", MOVED, &[("new/c", F, TWO)], true),
    ("a folder moved to two places", MOVED, MOVED_ELSEWHERE, false),
    ("a folder moved twice alike", MOVED, MOVED, true),
    ("a file moved and edited", &[("p/f", "", ""), ("q/g", F, ONE)], &[("p/f", F, ONE_TOP)], false),
    ("a file moved, its folder changed", &[("p/f", "", ""), ("q/g", F, ONE)], &[("p/new", F, TWO)], true),
    ("a file moved to two places", &[("p/f", "", ""), ("q/g", F, ONE)], &[("p/f", "", ""), ("r/g", F, ONE)], false),
    ("a file moved to one place and deleted", &[("p/f", "", ""), ("q/g", F, ONE)], &[("p/f", "", "")], false),
    ("two files moved to one place", &[("p/f", "", ""), ("q/z", F, ONE)], &[("p/g", "", ""), ("q/z", F, TWO)], false),
    ("a file moved to where another was added", &[("p/f", "", ""), ("q/z", F, ONE)], &[("q/z", F, TWO)], false),
    ("a file moved to where its like was added", &[("p/f", "", ""), ("q/z", F, ONE)], &[("q/z", F, ONE)], true),
    ("deleted twice", &[("p/f", "", "")], &[("p/f", "", ""), ("top", F, TWO)], false),
    ("deleted and edited", &[("p/f", "", "")], &[("p/f", F, ONE_TOP)], false),
    ("two files of a folder, each deleted by one", &[("p/f", "", "")], &[("p/g", "", "")], true),
    ("edited in two places", &[("p/f", F, ONE_TOP)], &[("p/f", F, ONE_END)], false),
    ("edited alike", &[("p/f", F, ONE_TOP)], &[("p/f", F, ONE_TOP), ("top", F, TWO)], true),
    ("edited in one place", &[("p/f", F, ONE_TOP)], &[("p/f", F, ONE_TOP), ("p/g", F, ONE)], true),
    ("added twice alike", &[("n/f", F, ONE), ("n/g", F, ONE)], &[("n/f", F, ONE), ("n/h", F, ONE)], true),
    ("added twice", &[("n/f", F, ONE)], &[("n/f", F, TWO)], false),
    ("a file become a folder", &[("top", "", ""), ("top/x", F, TWO)], &[("p/f", F, TWO)], true),
    ("a file become a folder, and edited", &[("top", "", ""), ("top/x", F, TWO)], &[("top", F, TWO)], false),
    ("a folder become a file", IN_PLACE_OF_A_FOLDER, &[("q/f", F, TWO)], true),
    ("a folder become a file, and grown", IN_PLACE_OF_A_FOLDER, &[("p/new", F, TWO)], false),
    ("a file and a folder of one name", &[("n", F, ONE)], &[("n/x", F, ONE)], false),
    ("mode and content", &[("p/f", "100755", ONE)], &[("p/f", F, ONE_TOP)], false),
    ("mode only", &[("p/f", "100755", ONE)], &[("p/g", F, ONE_TOP)], true),
    ("binary", &[("bin", F, "\0\u{1}")], &[("bin", F, "\0\u{2}")], false),
    ("a link and an edit", &[("p/f", "120000", "top")], &[("p/f", F, ONE_TOP)], false),
    ("two commits of a submodule", &[("module", "160000", "2")], &[("module", "160000", "3")], false),
    ("a commit of a submodule", &[("module", "160000", "2")], &[("p/f", F, ONE_TOP)], true),
];

const MOVED: Edits = &[
    ("old/a", "", ""),
    ("old/b", "", ""),
    ("old/sub/a", "", ""),
    ("new/a", F, ONE),
    ("new/b", F, TWO),
    ("new/sub/a", F, ONE_END),
];
const MOVED_ELSEWHERE: Edits = &[
    ("old/a", "", ""),
    ("old/b", "", ""),
    ("old/sub/a", "", ""),
    ("other/a", F, ONE),
    ("other/b", F, TWO),
    ("other/sub/a", F, ONE_END),
];
const MOVED_SUB: Edits = &[("old/sub/a", "", ""), ("sub/a", F, ONE_END)];
const IN_PLACE_OF_A_FOLDER: Edits = &[("p/f", "", ""), ("p/g", "", ""), ("p", F, BIN)];

fn edited(files: &Files, edits: Edits) -> Files {
    let mut files = files.clone();
    for &(path, mode, text) in edits {
        if (mode, text) == GONE {
            files.remove(path);
        } else {
            let text = if mode == "160000" { text.repeat(40) } else { text.to_owned() };
            files.insert(path.to_owned(), (mode, text));
        }
    }
    files
}

#[test]
fn each_kind_of_merge_is_what_git_says_from_either_side() {
    let sandbox = Sandbox::new();
    let mut base = Files::new();
    for (path, text) in [("old/a", ONE), ("old/b", TWO), ("old/sub/a", ONE_END), ("p/f", ONE), ("p/g", TWO)] {
        base.insert(path.to_owned(), (F, text.to_owned()));
    }
    base.insert("top".into(), (F, "alone\n".into()));
    base.insert("bin".into(), (F, BIN.into()));
    base.insert("module".into(), ("160000", "1".repeat(40)));
    let mut import = Import::default();
    let root = import.commit(&[], &base);
    let numbers = CASES.map(|(_, ours, theirs, _)| {
        (import.commit(&[root], &edited(&base, ours)), import.commit(&[root], &edited(&base, theirs)))
    });
    let ids = import.finish(&sandbox);
    let pairs = numbers.map(|(a, b)| (ids[a], ids[b]));
    let swapped = pairs.map(|(a, b)| (b, a));
    for value in ["conflict", "true", "false"] {
        sandbox.git(&["config", "merge.directoryRenames", value]);
        for pairs in [pairs, swapped] {
            assert_says(&sandbox, &pairs, &said_by_one_git(&sandbox, &pairs));
        }
    }
    let walked = merges_without_git(&open(&sandbox), &Quarantine::new(commit_at(&sandbox, "main")), &pairs);
    for ((name, .., expected), walked) in CASES.iter().zip(walked) {
        assert_eq!(walked.is_some(), *expected, "{name}");
    }
}

#[test]
fn histories_that_cross_or_never_meet_or_move_nothing_are_what_git_says() {
    let sandbox = Sandbox::new();
    let files = start(&mut Random(7));
    let mut import = Import::default();
    let root = import.commit(&[], &files);
    let side = |path: &str, text: &str| {
        let mut files = files.clone();
        put(&mut files, path, (F, text.to_owned()));
        files
    };
    let (a, b) = (import.commit(&[root], &side("a/x", ONE)), import.commit(&[root], &side("d/x", ONE)));
    let both = {
        let mut both = side("a/x", ONE);
        put(&mut both, "d/x", (F, ONE.to_owned()));
        both
    };
    let (a2, b2) = (import.commit(&[a, b], &both), import.commit(&[b, a], &both));
    let (a3, b3) = {
        let with = |path: &str, text: &str| {
            let mut files = both.clone();
            put(&mut files, path, (F, text.to_owned()));
            files
        };
        (import.commit(&[a2], &with("a/x", ONE_TOP)), import.commit(&[b2], &with("e/x", TWO)))
    };
    let alone = import.commit(&[], &side("alone", ONE));
    let empty = import.commit(&[a], &side("a/x", ONE));
    let nothing = import.commit(&[root], &Files::new());
    let ids = import.finish(&sandbox);
    let numbers = [root, a, b, a2, b2, a3, b3, alone, empty, nothing];
    let pairs: Vec<(Oid, Oid)> =
        numbers.iter().flat_map(|&a| numbers.iter().map(move |&b| (a, b))).map(|(a, b)| (ids[a], ids[b])).collect();
    assert_parity(&sandbox, &pairs);
}
