//! What a repository shows of the tasks, with git as the oracle.

use std::collections::BTreeMap;
use std::path::Path;

use git_dispatch::git::{Counted, Counts, Quarantine, Repo, Version, Want, counts, mentions, merges, observe, target};
use git_dispatch::model::facts::{Facts, Head, Merge, Observed};
use git_dispatch::model::ledger::{Landing, Ledger, Record, Snapshot};
use git_dispatch::model::oid::Oid;

use crate::support::{EPOCH, Sandbox, write_in};

const ALL: Want = Want::EVERYTHING;

fn open(sandbox: &Sandbox) -> Repo {
    Repo::discover(&sandbox.repo()).unwrap()
}

fn oid(hex: &str) -> Oid {
    hex.parse().unwrap()
}

fn commit_at(sandbox: &Sandbox, name: &str) -> Oid {
    oid(&sandbox.git(&["rev-parse", &format!("{name}^{{commit}}")]))
}

/// What git itself says of a merge, in the folder `dir`; `None` where it says nothing.
fn git_merge(sandbox: &Sandbox, dir: &Path, target: Oid, tip: Oid) -> Option<(bool, Oid, Vec<String>)> {
    let (target, tip) = (target.to_string(), tip.to_string());
    let output =
        sandbox.try_git_in(dir, &["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", &target, &tip]);
    let clean = match output.status.code() {
        Some(0) => true,
        Some(1) if !output.stdout.is_empty() => false,
        _ => return None,
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut fields = text.split_terminator('\0');
    let tree = oid(fields.next().unwrap());
    Some((clean, tree, fields.map(str::to_owned).collect()))
}

fn ours(merge: &Merge) -> (bool, Oid, Vec<String>) {
    (merge.clean, merge.tree, merge.conflicts.iter().map(|path| path.lossy().into_owned()).collect())
}

fn all_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() { dirs.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.sort();
    files
}

/// A repository with branches that merge into `main` in every way there is.
fn merge_zoo() -> Sandbox {
    let sandbox = Sandbox::new();
    let lines: String = (0..40).map(|line| format!("line {line}\n")).collect();
    sandbox.commit(
        &[("text", &lines), ("moved/a", &format!("a{lines}")), ("moved/b", &format!("b{lines}")), ("gone", "x\n")],
        "files",
    );
    for name in ["behind", "empty"] {
        sandbox.git(&["branch", name]);
    }
    let branch = |name: &str, act: &dyn Fn()| {
        sandbox.git(&["checkout", "--quiet", "-b", name, "empty"]);
        act();
        sandbox.commit(&[], name);
    };
    branch("conflict", &|| sandbox.write("text", &lines.replace("line 3\n", "theirs\n")));
    branch("near", &|| sandbox.write("text", &lines.replace("line 30\n", "theirs\n")));
    branch("same", &|| sandbox.write("text", &lines.replace("line 3\n", "ours\n")));
    branch("modify-delete", &|| sandbox.write("gone", "y\n"));
    branch("delete-modify", &|| std::fs::remove_file(sandbox.repo().join("text")).unwrap());
    branch("into-renamed", &|| sandbox.write("moved/c", "new\n"));
    branch("edit-renamed", &|| sandbox.write("moved/a", &format!("a{lines}more\n")));
    branch("empty-commit", &|| ());
    branch("file-in-the-way", &|| sandbox.write("renamed", "a file\n"));
    branch("hostile-path", &|| sandbox.write("a\nb \"'/\u{202e}", "x"));
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.write("text", &lines.replace("line 3\n", "ours\n"));
    sandbox.write("a\nb \"'/\u{202e}", "y");
    sandbox.git(&["mv", "moved", "renamed"]);
    sandbox.git(&["rm", "--quiet", "gone"]);
    sandbox.commit(&[], "main's own");
    sandbox.git(&["checkout", "--quiet", "-b", "ahead"]);
    sandbox.commit(&[("new", "new\n")], "ahead");
    sandbox.git(&["checkout", "--quiet", "-b", "criss", "near"]);
    sandbox.git(&["merge", "--quiet", "-m", "cross", "main"]);
    sandbox.commit(&[("text", "criss\n")], "criss");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["merge", "--quiet", "-m", "cross", "near"]);
    sandbox.commit(&[("more", "x\n")], "more");
    sandbox.git(&["checkout", "--quiet", "--orphan", "unrelated"]);
    sandbox.commit(&[], "unrelated");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox
}

#[test]
fn merges_are_what_git_says_and_write_nothing() {
    let sandbox = merge_zoo();
    let names = sandbox.git(&["for-each-ref", "--format=%(objectname)", "refs/heads/"]);
    let missing = oid("0123456789abcdef0123456789abcdef01234567");
    let mut tips: Vec<Oid> = names.lines().map(oid).collect();
    tips.insert(3, missing);
    let targets = [commit_at(&sandbox, "main"), commit_at(&sandbox, "criss"), missing];
    let before = all_files(&sandbox.repo());
    let pairs: Vec<(Oid, Oid)> =
        targets.iter().flat_map(|&target| tips.iter().map(move |&tip| (target, tip))).collect();
    let repo = open(&sandbox);
    let answers = merges(&repo, &Quarantine::new(commit_at(&sandbox, "main")), &pairs).unwrap();
    let mut after = all_files(&sandbox.repo());
    after.retain(|file| !["merges", "clean"].iter().any(|name| file.ends_with(format!(".git/dispatch/cache/{name}"))));
    assert_eq!(after, before);
    assert_eq!(answers.len(), pairs.len());
    for ((target, tip), answer) in pairs.iter().zip(&answers) {
        let said = git_merge(&sandbox, &sandbox.repo(), *target, *tip);
        assert_eq!(answer.as_ref().map(ours), said, "{target} {tip}");
        let Some(answer) = answer else { continue };
        let tree = |commit: &str| oid(&sandbox.git(&["rev-parse", &format!("{commit}^{{tree}}")]));
        let base = sandbox.git(&["merge-base", &target.to_string(), &tip.to_string()]);
        assert_eq!(answer.adds_nothing, answer.clean && answer.tree == tree(&target.to_string()));
        assert_eq!(answer.tip_changes_something, tree(&tip.to_string()) != tree(&base));
    }
    assert!(answers.iter().flatten().any(|answer| !answer.clean) && answers.iter().any(Option::is_none));
    for old in [Version(2, 38), Version(2, 39)] {
        let mut repo = repo.clone();
        repo.git.version = old;
        assert_eq!(merges(&repo, &Quarantine::new(commit_at(&sandbox, "main")), &pairs).unwrap(), answers);
    }
}

#[test]
fn the_targets_attributes_hold_wherever_one_stands() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("list", "a\n"), ("deep/list", "a\n")], "files");
    let theirs = sandbox.worktree("theirs", "theirs", "main");
    sandbox.commit_in(&theirs, &[("list", "a\ntheirs\n"), ("deep/list", "a\ntheirs\n"), (".gitattributes", "")], "x");
    sandbox.commit(
        &[("list", "a\nours\n"), ("deep/list", "a\nours\n"), ("deep/.gitattributes", "list merge=union\n")],
        "ours",
    );
    let pair = (commit_at(&sandbox, "main"), commit_at(&sandbox, "theirs"));
    let expected = git_merge(&sandbox, &sandbox.repo(), pair.0, pair.1);
    assert_eq!(expected.as_ref().unwrap().2, ["list"]);
    write_in(&theirs, ".gitattributes", "* merge=ours\n");
    for dir in [sandbox.repo(), sandbox.repo().join("deep"), theirs] {
        let repo = Repo::discover(&dir).unwrap();
        let answers = merges(&repo, &Quarantine::new(pair.0), &[pair]).unwrap();
        assert_eq!(answers[0].as_ref().map(ours), expected, "{}", dir.display());
    }
    std::fs::remove_file(sandbox.repo().join("deep/.gitattributes")).unwrap();
    let mut repo = open(&sandbox);
    assert_eq!(merges(&repo, &Quarantine::new(pair.0), &[pair]).unwrap()[0].as_ref().map(ours), expected);
    repo.git.version = Version(2, 40);
    assert_eq!(merges(&repo, &Quarantine::new(pair.0), &[pair]).unwrap()[0].as_ref().map(ours), expected);
}

#[test]
fn merges_find_objects_through_the_repositorys_own_alternates() {
    let sandbox = merge_zoo();
    let shared = sandbox.root().join("a:shared \"clone");
    sandbox.git(&["clone", "--quiet", "--shared", ".", shared.to_str().unwrap()]);
    let pair = (commit_at(&sandbox, "main"), commit_at(&sandbox, "conflict"));
    let repo = Repo::discover(&shared).unwrap();
    let answers = merges(&repo, &Quarantine::new(pair.0), &[pair]).unwrap();
    assert_eq!(answers[0].as_ref().map(ours), git_merge(&sandbox, &sandbox.repo(), pair.0, pair.1));
}

#[test]
fn a_shallow_history_gives_no_false_conflict() {
    let sandbox = merge_zoo();
    sandbox.git(&["checkout", "--quiet", "-b", "long", "empty"]);
    for number in 0..3 {
        sandbox.commit(&[("text", &format!("{number}\n"))], "long");
    }
    let shallow = sandbox.root().join("shallow");
    let url = format!("file://{}", sandbox.repo().display());
    sandbox.git(&["clone", "--quiet", "--no-single-branch", "--depth", "2", &url, shallow.to_str().unwrap()]);
    let repo = Repo::discover(&shallow).unwrap();
    let main = commit_at(&sandbox, "main");
    let pairs = [(main, commit_at(&sandbox, "long")), (main, main)];
    let answers = merges(&repo, &Quarantine::new(main), &pairs).unwrap();
    assert_eq!((answers[0].is_none(), answers[1].is_some()), (true, true));
}

#[test]
fn commits_are_counted_as_rev_list_counts_them() {
    let sandbox = merge_zoo();
    let names = sandbox.git(&["for-each-ref", "--format=%(refname)", "refs/heads/"]);
    let bases = [commit_at(&sandbox, "empty"), commit_at(&sandbox, "near")];
    let branches: Vec<Counted> = names
        .lines()
        .zip((0..3).cycle())
        .map(|(name, turn)| Counted { tip: commit_at(&sandbox, name), base: bases.get(turn).copied() })
        .collect();
    let main = commit_at(&sandbox, "main");
    let count = |range: String| Some(sandbox.git(&["rev-list", "--count", &range]).parse().unwrap());
    let expected: Vec<Counts> = branches
        .iter()
        .map(|Counted { tip, base }| Counts {
            ahead: count(format!("{main}..{tip}")),
            behind: count(format!("{tip}..{main}")),
            own: base.and_then(|base| count(format!("{base}..{tip}"))),
            contains_base: base.map(|base| count(format!("{tip}..{base}")) == Some(0)),
            has_more_of_target: base.map(|base| {
                count(format!("{base}..{tip}"))
                    > sandbox.git(&["rev-list", "--count", &tip.to_string(), &format!("^{base}"), "^main"]).parse().ok()
            }),
            merge_base: String::from_utf8(
                sandbox.try_git_in(&sandbox.repo(), &["merge-base", "main", &tip.to_string()]).stdout,
            )
            .unwrap()
            .trim()
            .parse()
            .ok(),
            missing: None,
        })
        .collect();
    let repo = open(&sandbox);
    assert_eq!(counts(&repo, main, &branches), expected);
    assert_eq!(counts(&repo, main, &[]), []);
    sandbox.git(&["commit-graph", "write", "--reachable"]);
    assert_eq!(counts(&open(&sandbox), main, &branches), expected);
    // With grafts git counts.
    write_in(&sandbox.repo(), ".git/info/grafts", "");
    assert_eq!(counts(&repo, main, &branches), expected);
    std::fs::remove_file(sandbox.repo().join(".git/info/grafts")).unwrap();
    let gone = oid("0123456789abcdef0123456789abcdef01234567");
    let without = Counted { tip: gone, ..branches[0] };
    let with: Vec<Counted> = std::iter::once(without).chain(branches.clone()).collect();
    let counted = counts(&repo, main, &with);
    assert_eq!((counted[0], &counted[1..]), (Counts { missing: Some(gone), ..Counts::default() }, &expected[..]));
}

#[test]
fn the_target_is_a_local_or_a_remote_branch_with_its_upstream() {
    let sandbox = Sandbox::new();
    let clone = sandbox.root().join("clone");
    sandbox.git(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
    let upstream = oid(&sandbox.commit(&[("more", "")], "more"));
    sandbox.git_in(&clone, &["fetch", "--quiet"]);
    let mine = oid(&sandbox.commit_in(&clone, &[("own", "")], "own"));
    let repo = Repo::discover(&clone).unwrap();
    let main = target(&repo, "main").unwrap();
    let theirs = main.upstream.as_ref().unwrap();
    assert_eq!((main.commit, &*theirs.name, theirs.commit), (mine, "origin/main", upstream));
    assert_eq!((theirs.ahead, theirs.behind, main.diverged()), (1, 1, true));
    let remote = target(&repo, "origin/main").unwrap();
    assert_eq!((remote.commit, remote.upstream), (upstream, None));
    sandbox.git_in(&clone, &["branch", "--track", "--quiet", "local", "main"]);
    let local = target(&Repo::discover(&clone).unwrap(), "local").unwrap().upstream.unwrap();
    assert_eq!((&*local.name, local.commit), ("main", mine));
    for name in ["gone", "..", "", "-x", "a b", "refs/heads/main"] {
        let failure = target(&repo, name).unwrap_err().to_string();
        assert_eq!(failure, format!("target '{name}' is no branch here"));
    }
    let unborn = Sandbox::empty();
    unborn.init(&[]);
    assert_eq!(target(&open(&unborn), "main").unwrap_err().to_string(), "target 'main' has no commits yet");
}

#[test]
fn mentions_are_the_same_with_and_without_cache() {
    let sandbox = Sandbox::new();
    for number in 0..5 {
        let branch = format!("task/{number}");
        sandbox.git(&["checkout", "--quiet", "-b", &branch]);
        sandbox.commit(&[(&branch, "x")], &format!("work\n\nTask: inner-{number}"));
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", &branch]);
        sandbox.commit(&[], &format!("title (#{number})\n\nTask: T-{number}"));
        if number == 2 {
            mentions(&open(&sandbox), commit_at(&sandbox, "main"));
        }
    }
    let cache = sandbox.repo().join(".git/dispatch/cache/mentions");
    let uncached = |tip: &str| {
        _ = std::fs::remove_file(&cache);
        mentions(&open(&sandbox), commit_at(&sandbox, tip))
    };
    let seen = mentions(&open(&sandbox), commit_at(&sandbox, "main"));
    assert_eq!(seen.len(), 10);
    assert_eq!((&*seen[0].tasks, seen[0].pr.as_deref()), (["T-4".to_owned()].as_slice(), Some("#4")));
    assert_eq!(seen[1].branch.as_deref(), Some("task/4"));
    assert_eq!(seen, uncached("main"));
    for tip in ["main~1", "main~5", "main~1^2", "main", "main~3", "main"] {
        let warm = mentions(&open(&sandbox), commit_at(&sandbox, tip));
        let kept = std::fs::read(&cache).unwrap();
        assert_eq!(warm, uncached(tip), "{tip}");
        std::fs::write(&cache, kept).unwrap();
    }
    std::fs::write(&cache, "\u{0}garbage").unwrap();
    assert_eq!(mentions(&open(&sandbox), commit_at(&sandbox, "main")), seen);
    _ = std::fs::remove_dir_all(sandbox.repo().join(".git/dispatch"));
    std::fs::write(sandbox.repo().join(".git/dispatch"), "no folder").unwrap();
    assert_eq!(mentions(&open(&sandbox), commit_at(&sandbox, "main")), seen);
}

fn record(id: &str, path: &str, base: Oid) -> Record {
    let snapshot =
        format!(r#"{{"id":"{id}","branch":"task/{id}","path":"{path}","base":"{base}","title":"","estimate":60}}"#);
    let snapshot: Snapshot = serde_json::from_str(&snapshot).unwrap();
    Record { snapshot: Some(snapshot), started: true, ..Record::default() }
}

fn names(ids: &[&str]) -> BTreeMap<git_dispatch::model::id::TaskId, String> {
    ids.iter().map(|id| (id.parse().unwrap(), format!("task/{id}"))).collect()
}

fn seen_in(sandbox: &Sandbox, dir: &Path, ledger: Ledger, ids: &[&str]) -> Facts {
    let repo = Repo::discover(dir).unwrap();
    let target = target(&repo, "main").unwrap();
    _ = sandbox;
    observe(&repo, ledger, target, &names(ids), &ALL).unwrap().facts
}

fn task<'a>(facts: &'a Facts, id: &str) -> &'a Observed {
    &facts.tasks[&id.parse().unwrap()]
}

/// A landing that is reachable.
fn landing(tip: Oid, commit: Oid) -> Landing {
    let at = jiff::Timestamp::UNIX_EPOCH;
    Landing { at, tip, commit, pr: None, strategy: None, check: None, reachable: true }
}

#[test]
fn a_task_is_observed_the_same_from_everywhere() {
    let sandbox = Sandbox::new();
    let base = commit_at(&sandbox, "main");
    let a = sandbox.worktree("repo-task-A", "task/A", "main");
    sandbox.commit_in(&a, &[("a", "1\n")], "one");
    let tip = oid(&sandbox.commit_in(&a, &[("a", "2\n")], "two"));
    write_in(&a, "dirt", "");
    sandbox.commit(&[("main", "")], "main's");
    let mut ledger = Ledger::default();
    let mut landed = record("A", "../repo-task-A", base);
    landed.landed = Some(Landing { reachable: false, ..landing(tip, base) });
    ledger.records.insert("A".parse().unwrap(), landed);
    let mut elsewhere = record("B", "../repo-task-B", base);
    elsewhere.landed = Some(landing(tip, tip));
    ledger.records.insert("B".parse().unwrap(), elsewhere);
    for dir in [sandbox.repo(), a.clone()] {
        let facts = seen_in(&sandbox, &dir, ledger.clone(), &["A", "B", "C"]);
        assert_eq!(facts.tasks.len(), 1);
        let seen = task(&facts, "A");
        let branch = seen.branch.as_ref().unwrap();
        assert_eq!((branch.tip, branch.base, branch.commits), (tip, Some(base), Some(2)));
        assert_eq!((branch.ahead, branch.behind, branch.on_first_parent_line), (Some(2), Some(1), false));
        assert_eq!(branch.committed_at.as_second(), EPOCH as i64 + 180);
        assert!(branch.merge.as_ref().unwrap().clean);
        let worktree = seen.worktree.as_ref().unwrap();
        assert_eq!((&worktree.path, &worktree.head), (&a, &Head::Branch("task/A".to_owned())));
        assert_eq!(worktree.changes.unwrap().untracked, 1);
        let reachable = |id: &str| facts.ledger.records[&id.parse().unwrap()].landed.as_ref().unwrap().reachable;
        assert_eq!((reachable("A"), reachable("B")), (true, false));
    }
}

#[test]
fn whatever_became_of_a_task_is_a_fact() {
    let sandbox = Sandbox::new();
    let base = commit_at(&sandbox, "main");
    let ids = [
        "plain", "detached", "other", "removed", "moved", "rebasing", "reset", "deleted", "remote", "corrupt",
        "missing", "point",
    ];
    let mut ledger = Ledger::default();
    for id in ids {
        let record = record(id, &format!("../{id}"), base);
        ledger.records.insert(id.parse().unwrap(), record);
        if !["remote", "point"].contains(&id) {
            let dir = sandbox.worktree(id, &format!("task/{id}"), "main");
            sandbox.commit_in(&dir, &[("README", id)], id);
        }
    }
    let at = |id: &str| sandbox.root().join(id);
    sandbox.commit(&[("README", "main's\n")], "main's");
    sandbox.git(&["branch", "task/point", "main"]);
    sandbox.commit(&[("other", "main's\n")], "main's");
    sandbox.git_in(&at("detached"), &["checkout", "--quiet", "--detach"]);
    sandbox.git_in(&at("other"), &["checkout", "--quiet", "-b", "unplanned"]);
    std::fs::remove_dir_all(at("removed")).unwrap();
    sandbox.git(&["worktree", "move", at("moved").to_str().unwrap(), at("new-place").to_str().unwrap()]);
    sandbox.try_git_in(&at("rebasing"), &["rebase", "main"]);
    sandbox.git(&["commit-tree", "-m", "orphan", "main^{tree}"]);
    let orphan = sandbox.git(&["commit-tree", "-m", "orphan", "main^{tree}"]);
    sandbox.git_in(&at("reset"), &["reset", "--quiet", "--hard", &orphan]);
    sandbox.git(&["worktree", "remove", "--force", at("deleted").to_str().unwrap()]);
    sandbox.git(&["branch", "--quiet", "-D", "task/deleted"]);
    sandbox.git(&["update-ref", "refs/remotes/origin/task/remote", "main"]);
    std::fs::write(sandbox.repo().join(".git/refs/heads/task/corrupt"), "garbage\n").unwrap();
    std::fs::write(sandbox.repo().join(".git/refs/heads/task/missing"), format!("{}\n", "12".repeat(20))).unwrap();
    let facts = seen_in(&sandbox, &sandbox.repo(), ledger, &ids);
    let head = |id: &str| task(&facts, id).worktree.as_ref().map(|worktree| worktree.head.clone());
    let branch = |id: &str| task(&facts, id).branch.as_ref();
    assert_eq!(head("plain"), Some(Head::Branch("task/plain".to_owned())));
    assert_eq!(head("detached"), Some(Head::Detached(commit_at(&sandbox, "task/detached"))));
    assert_eq!(head("other"), Some(Head::Branch("unplanned".to_owned())));
    assert_eq!(head("removed"), Some(Head::Missing));
    assert_eq!(task(&facts, "moved").worktree.as_ref().unwrap().path, at("new-place"));
    let rebasing = task(&facts, "rebasing").worktree.as_ref().unwrap();
    assert_eq!(rebasing.operation.as_deref(), Some("rebase"));
    assert_eq!(rebasing.changes.unwrap().conflicted, 1);
    let reset = branch("reset").unwrap();
    assert_eq!((reset.base, reset.commits, &reset.merge), (Some(base), None, &None));
    assert!(!facts.tasks.contains_key(&"deleted".parse().unwrap()));
    assert_eq!(
        (branch("remote"), &*task(&facts, "remote").remotes),
        (None, ["origin/task/remote".to_owned()].as_slice())
    );
    assert_eq!(branch("corrupt"), None);
    let missing = branch("missing").unwrap();
    assert_eq!((missing.ahead, missing.commits, &missing.merge), (None, None, &None));
    let point = branch("point").unwrap();
    assert_eq!((point.ahead, point.behind, point.on_first_parent_line), (Some(0), Some(1), true));
    let plain = branch("plain").unwrap();
    assert_eq!((plain.commits, plain.ahead, plain.behind), (Some(1), Some(1), Some(2)));
    assert_eq!(plain.merge.as_ref().unwrap().conflicts, ["README".into()]);
}

#[test]
fn a_branch_without_record_begins_at_its_kept_base_or_its_merge_base() {
    let sandbox = Sandbox::new();
    let base = commit_at(&sandbox, "main");
    for id in ["A", "B"] {
        let dir = sandbox.worktree(id, &format!("task/{id}"), "main");
        sandbox.commit_in(&dir, &[(id, "1")], "one");
        sandbox.commit_in(&dir, &[(id, "2")], "two");
    }
    sandbox.git(&["update-ref", "refs/dispatch/base/B", "task/B~1"]);
    sandbox.commit(&[], "main's");
    let facts = seen_in(&sandbox, &sandbox.repo(), Ledger::default(), &["A", "B"]);
    let seen = |id: &str| task(&facts, id).branch.as_ref().map(|branch| (branch.base, branch.commits)).unwrap();
    assert_eq!(seen("A"), (Some(base), Some(2)));
    assert_eq!(seen("B"), (Some(commit_at(&sandbox, "task/B~1")), Some(1)));
}

#[test]
fn bare_and_sha256_repositories_are_observed() {
    let sandbox = Sandbox::empty();
    sandbox.init(&["--object-format=sha256"]);
    sandbox.commit(&[("a", "1\n")], "one");
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    sandbox.git_in(&bare, &["worktree", "add", "--quiet", "-b", "task/A", "../A", "main"]);
    sandbox.commit_in(&sandbox.root().join("A"), &[("b", "2\n")], "two");
    let facts = seen_in(&sandbox, &bare, Ledger::default(), &["A"]);
    let seen = task(&facts, "A");
    assert_eq!(seen.branch.as_ref().unwrap().commits, Some(1));
    assert!(seen.branch.as_ref().unwrap().merge.as_ref().unwrap().clean);
    assert!(seen.worktree.as_ref().unwrap().changes.unwrap().is_clean());
}

#[test]
fn very_many_branches_are_counted_like_few() {
    let sandbox = merge_zoo();
    let (main, near) = (commit_at(&sandbox, "main"), commit_at(&sandbox, "near"));
    let tips = ["main", "near", "criss", "empty", "unrelated"].map(|name| commit_at(&sandbox, name));
    let branch = |(number, tip): (usize, Oid)| Counted { tip, base: (number % 2 == 0).then_some(near) };
    let branches: Vec<Counted> = (0..1300).zip(tips.into_iter().cycle()).map(branch).collect();
    let repo = open(&sandbox);
    let few: Vec<Counts> = counts(&repo, main, &branches[..10]).into_iter().cycle().take(1300).collect();
    assert_eq!(counts(&repo, main, &branches), few);
}
