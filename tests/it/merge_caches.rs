//! What git says of merges depends on attributes and configuration, and is kept for as long as those are the same.

use git_dispatch::git::{Quarantine, Repo, merges};
use git_dispatch::model::oid::Oid;

use crate::merges::{Said, assert_parity, commit_at, open, ours, said_by_git};
use crate::support::{Sandbox, write_in};

/// A repository whose commits `ours` and `theirs` both edit the end of `list`, with these attributes in `main`.
fn list_edited_twice(attributes: &str) -> (Sandbox, (Oid, Oid)) {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("list", "1\n"), (".gitattributes", attributes)], "list");
    let theirs = sandbox.worktree("theirs", "theirs", "main");
    sandbox.commit(&[("list", "1\nours\n")], "ours");
    sandbox.commit_in(&theirs, &[("list", "1\ntheirs\n")], "theirs");
    let pair = (commit_at(&sandbox, "main"), commit_at(&sandbox, "theirs"));
    (sandbox, pair)
}

fn one(sandbox: &Sandbox, pair: (Oid, Oid)) -> Option<Said> {
    merges(&open(sandbox), &Quarantine::new(pair.0), &[pair]).unwrap()[0].as_ref().map(ours)
}

#[test]
fn drivers_and_line_endings_are_those_of_the_targets_attributes() {
    let (sandbox, pair) = list_edited_twice("list merge=mine\n");
    sandbox.git(&["config", "merge.mine.driver", "cat %B >%A"]);
    assert_parity(&sandbox, &[pair]);
    assert_eq!(one(&sandbox, pair).map(|said| said.0), Some(true), "the driver of the target's attributes ran");
    let (sandbox, pair) = list_edited_twice("");
    sandbox.git(&["config", "merge.mine.driver", "cat %B >%A"]);
    let theirs = sandbox.root().join("theirs");
    sandbox.commit_in(&theirs, &[(".gitattributes", "list merge=mine\n")], "attributes");
    let pair = (pair.0, commit_at(&sandbox, "theirs"));
    assert_eq!(one(&sandbox, pair).map(|said| said.0), Some(false), "the branch's attributes count for nothing");
    sandbox.git(&["config", "merge.renormalize", "true"]);
    let (sandbox, pair) = list_edited_twice("list text\n");
    for value in ["true", "false"] {
        sandbox.git(&["config", "merge.renormalize", value]);
        assert_parity(&sandbox, &[pair]);
    }
}

#[test]
fn the_cache_changes_no_answer() {
    let (sandbox, pair) = list_edited_twice("");
    let cache = sandbox.repo().join(".git/dispatch/cache/merges");
    let fresh = || said_by_git(&sandbox, &[pair])[0].clone();
    let first = one(&sandbox, pair);
    assert_eq!(first, fresh());
    let whole = std::fs::read(&cache).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"", b"garbage"] {
        std::fs::write(&cache, damaged).unwrap();
        assert_eq!(one(&sandbox, pair), first);
        assert_eq!(std::fs::read(&cache).unwrap(), whole, "it is written anew");
    }
    // Other configuration, other attributes of the repository and of the target: other answers.
    sandbox.git(&["config", "merge.conflictStyle", "diff3"]);
    assert_ne!(fresh(), first);
    assert_eq!(one(&sandbox, pair), fresh());
    sandbox.write(".git/info/attributes", "list merge=union\n");
    assert_eq!(one(&sandbox, pair), fresh());
    sandbox.write(".git/info/attributes", "");
    assert_eq!(one(&sandbox, pair), fresh());
    let with_none = fresh();
    let with_union = sandbox.commit(&[(".gitattributes", "list merge=union\n")], "union");
    let quarantine = Quarantine::new(with_union.parse().unwrap());
    let by_union = merges(&open(&sandbox), &quarantine, &[pair]).unwrap();
    assert!(by_union[0].as_ref().unwrap().clean, "the commits are the same, the target's attributes are not");
    // From a worktree with attributes of its own.
    let theirs = sandbox.root().join("theirs");
    write_in(&theirs, ".gitattributes", "* merge=ours\n");
    let there = Repo::discover(&theirs).unwrap();
    for clear in [false, true] {
        if clear {
            std::fs::remove_file(&cache).unwrap();
        }
        let said = merges(&there, &Quarantine::new(pair.0), &[pair]).unwrap();
        assert_eq!(said[0].as_ref().map(ours), with_none);
    }
}

#[test]
fn what_git_said_before_is_not_asked_again() {
    let (sandbox, pair) = list_edited_twice("");
    let first = one(&sandbox, pair);
    let blob = sandbox.git(&["rev-parse", "theirs:list"]);
    std::fs::remove_file(sandbox.repo().join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    assert_eq!(one(&sandbox, pair), first, "git could not merge this now");
    std::fs::remove_dir_all(sandbox.repo().join(".git/dispatch")).unwrap();
    assert_eq!(one(&sandbox, pair), None);
}

#[test]
fn a_clean_merge_is_kept_as_long_as_its_commits_are_there() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("dir/a", "1\n"), ("dir/b", "1\n")], "both");
    let theirs = sandbox.worktree("theirs", "theirs", "main");
    sandbox.commit(&[("dir/a", "2\n")], "ours");
    sandbox.commit_in(&theirs, &[("dir/b", "2\n")], "theirs");
    let pair = (commit_at(&sandbox, "main"), commit_at(&sandbox, "theirs"));
    let asked = || merges(&open(&sandbox), &Quarantine::new(pair.0), &[pair]).unwrap().remove(0);
    let cache = sandbox.repo().join(".git/dispatch/cache/clean");
    let first = asked();
    assert_eq!(first.as_ref().map(ours), said_by_git(&sandbox, &[pair])[0]);
    let whole = std::fs::read(&cache).unwrap();
    for damaged in [&whole[..whole.len() - 1], b"", b"garbage"] {
        std::fs::write(&cache, damaged).unwrap();
        assert_eq!(asked(), first);
        assert_eq!(std::fs::read(&cache).unwrap(), whole, "it is written anew");
    }
    let remove = |name: &str| {
        let id = sandbox.git(&["rev-parse", name]);
        std::fs::remove_file(sandbox.repo().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    };
    remove("theirs:dir");
    assert_eq!(asked(), first, "nobody could find that out now");
    remove("theirs^{tree}");
    assert_eq!(asked(), None);
}

#[test]
fn nothing_is_kept_where_commits_are_replaced_or_programs_merge() {
    let (sandbox, pair) = list_edited_twice("");
    let cache = sandbox.repo().join(".git/dispatch/cache/merges");
    sandbox.git(&["replace", &pair.1.to_string(), &pair.0.to_string()]);
    assert_eq!(one(&sandbox, pair), said_by_git(&sandbox, &[pair])[0]);
    sandbox.git(&["replace", "--delete", &pair.1.to_string()]);
    sandbox.git(&["config", "merge.mine.driver", "true"]);
    assert_eq!(one(&sandbox, pair), said_by_git(&sandbox, &[pair])[0]);
    assert!(!cache.exists());
    sandbox.git(&["config", "--unset", "merge.mine.driver"]);
    assert_eq!(one(&sandbox, pair), said_by_git(&sandbox, &[pair])[0]);
    assert!(cache.exists());
}
