//! The commits that land, with git as the oracle of their trees.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{done, two, work};
use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\n";

fn lines(changed: &str) -> String {
    (1..20).map(|line| if line == 7 { format!("{changed}\n") } else { format!("{line}\n") }).collect()
}

/// A renames, removes, makes executable and links; B changes what A renames; `main` goes on in what both of them touch.
fn of_all_kinds(init: &[&str]) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.init(init);
    let long = lines("7");
    let files = [("dispatch.toml", TASKS), ("old/name", &long), ("script", "1\n"), ("removed", "1\n"), ("file", "1\n")];
    sandbox.commit(&files, "initial commit");
    sandbox.ok(&["start", "A", "B"]);
    let place = sandbox.place("A");
    sandbox.git_in(&place, &["mv", "old", "new"]);
    sandbox.git_in(&place, &["rm", "-q", "removed", "file"]);
    std::os::unix::fs::symlink("new/name", place.join("file")).unwrap();
    std::fs::set_permissions(place.join("script"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.commit_in(&place, &[("added", "1\n")], "all kinds");
    sandbox.commit_in(&sandbox.place("B"), &[("old/name", &lines("seven")), ("more", "2\n")], "in what is renamed");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["report", "B", "--done"]);
    sandbox.commit(&[("old/name", &format!("0\n{long}"))], "main goes on");
    sandbox
}

/// What git's own merges of these branches, one after the other, make of `main`.
fn by_git(sandbox: &Sandbox, branches: &[&str], squash: bool) -> String {
    let place = sandbox.root().join("oracle");
    let path = place.to_str().unwrap();
    sandbox.git(&["worktree", "add", "-q", "--detach", path, "main"]);
    for branch in branches {
        if squash {
            sandbox.git_in(&place, &["merge", "-q", "--squash", branch]);
            sandbox.git_in(&place, &["commit", "-q", "-m", "squash"]);
        } else {
            sandbox.git_in(&place, &["merge", "-q", "--no-ff", "--no-edit", branch]);
        }
    }
    let tree = sandbox.git_in(&place, &["rev-parse", "HEAD^{tree}"]);
    sandbox.git(&["worktree", "remove", "--force", path]);
    tree
}

fn is_by_git(init: &[&str]) {
    for strategy in ["merge", "squash"] {
        let sandbox = of_all_kinds(init);
        let wanted = by_git(&sandbox, &["task/A", "task/B"], strategy == "squash");
        let old = sandbox.rev("main");
        let said = sandbox.ok(&["land", "A", "B", "--strategy", strategy, "--json"]).json();
        assert_eq!(sandbox.rev("main^{tree}"), wanted, "{strategy}");
        assert_eq!(said["target"]["after"], sandbox.rev("main"), "{said:#}");
        let line = sandbox.git(&["rev-list", "--first-parent", "--count", &format!("{old}..main")]);
        assert_eq!(line, "2", "{strategy}: one commit for each");
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{strategy}");
        let link = std::fs::read_link(sandbox.repo().join("file")).unwrap();
        assert_eq!(link, Path::new("new/name"));
        assert_eq!(sandbox.git(&["ls-files", "-s", "script"]).split(' ').next(), Some("100755"));
        sandbox.git(&["fsck", "--no-progress", "--strict"]);
    }
}

#[test]
fn trees_are_those_of_gits_own_merges() {
    is_by_git(&[]);
}

#[test]
fn trees_are_those_of_gits_own_merges_with_sha256() {
    is_by_git(&["--object-format=sha256"]);
}

#[test]
fn trees_are_those_of_gits_own_merges_with_refs_in_tables() {
    let sandbox = Sandbox::empty();
    // An older git knows no such thing.
    if sandbox.try_git_in(&sandbox.repo(), &["init", "-q", "--ref-format=reftable"]).status.success() {
        is_by_git(&["--ref-format=reftable"]);
    }
}

#[test]
fn a_merge_names_its_task_and_stands_on_the_targets_own_line() {
    let sandbox = done("message = \"land {{ id }}: {{ title }}\"", &[("A", &[("a", "a\n")]), ("B", &[("b", "b\n")])]);
    let tips = ["A", "B"].map(|id| sandbox.rev(&format!("task/{id}")));
    let old = sandbox.rev("main");
    let said = sandbox.ok(&["land", "--json"]).json();
    let log = sandbox.git(&["log", "--first-parent", "--reverse", "--format=%P%n%B%an %cn", &format!("{old}..main")]);
    let first = sandbox.rev("main^");
    let wanted =
        format!("{old} {}\nland A: A\n\nTask: A\nAda Ada\n{first} {}\nland B: B\n\nTask: B\nAda Ada", tips[0], tips[1]);
    assert_eq!(log, wanted);
    assert_eq!(said["landed"][0]["commit"], first);
    let shown = sandbox.git(&["log", "-1", "--format=%(trailers:key=Task,valueonly)", "main"]);
    assert_eq!(shown.trim(), "B");
    let recorded: Vec<String> = sandbox
        .events()
        .iter()
        .filter(|event| event["event"] == "landed")
        .map(|event| format!("{} {} {}", event["task"], event["strategy"], event["check"]).replace('"', ""))
        .collect();
    assert_eq!(recorded, ["A merge none", "B merge none"]);
}

#[test]
fn a_dry_run_names_tips_strategy_and_target_and_changes_nothing() {
    let sandbox = two();
    let before = sandbox.snapshot();
    let told = sandbox.ok(&["land", "-n", "--strategy", "squash"]).answers("would land on main at ");
    for id in ["A", "B"] {
        let tip = sandbox.rev(&format!("task/{id}"));
        assert!(told.stdout.contains(&format!("{id}  squash of task/{id} at {}", &tip[..7])), "{told:#?}");
    }
    let json = sandbox.ok(&["land", "-n", "--json"]).json();
    assert_eq!(sandbox.snapshot(), before);
    sandbox.ok(&["land", "B"]);
    assert_eq!(json["landed"][1]["tip"], sandbox.rev("main^2"), "{json:#}");
    sandbox.ok(&["land", "A"]);
    assert_eq!(json["landed"][1]["tree"], sandbox.rev("main^{tree}"), "whatever the order");
}

/// Commits by two authors; the second made more of them, the first names a third.
fn by_two(sandbox: &Sandbox) {
    let place = sandbox.place("A");
    let who =
        [("Bob <bob@x>", "one\n\nCo-authored-by: Carol <carol@x>"), ("Eve <eve@x>", "two"), ("Eve <eve@x>", "three")];
    for (at, (author, message)) in who.iter().enumerate() {
        write_in(&place, &format!("file{at}"), "1\n");
        sandbox.git_in(&place, &["add", "--all"]);
        let date = format!("--date=2020-01-0{}T00:00:00Z", at + 1);
        sandbox.git_in(&place, &["commit", "-q", "-m", message, &format!("--author={author}"), &date]);
    }
    sandbox.ok(&["report", "A", "--done"]);
}

#[test]
fn squashed_work_stays_its_authors_and_names_the_others() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    by_two(&sandbox);
    let old = sandbox.rev("main");
    sandbox.ok(&["land", "--strategy", "squash"]);
    let told = sandbox.git(&["log", "-1", "--format=%P|%an <%ae> %as|%cn|%(trailers:only,unfold)", "main"]);
    let trailers = "Co-authored-by: Bob <bob@x>\nCo-authored-by: Carol <carol@x>\nTask: A\n";
    assert_eq!(told, format!("{old}|Eve <eve@x> 2020-01-03|Ada|{trailers}"));
    assert_eq!(sandbox.git(&["log", "-1", "--format=%s", "main"]), "First (A)");
    assert_eq!(sandbox.row("A")["state"], "landed");
}

#[test]
fn rebased_commits_keep_authors_dates_and_messages_and_the_last_names_the_task() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    by_two(&sandbox);
    let onto = sandbox.commit(&[("meanwhile", "1\n")], "main goes on");
    sandbox.ok(&["land", "--strategy", "rebase"]);
    let told = sandbox.git(&[
        "log",
        "--reverse",
        "--format=%an <%ae> %as %s|%(trailers:key=Task,valueonly,separator=%x2C)",
        &format!("{onto}..main"),
    ]);
    let wanted = ["Bob <bob@x> 2020-01-01 one|", "Eve <eve@x> 2020-01-02 two|", "Eve <eve@x> 2020-01-03 three|A"];
    assert_eq!(told.lines().collect::<Vec<_>>(), wanted);
    assert_eq!(sandbox.git(&["rev-list", "--merges", "--count", "main"]), "0");
    assert_eq!(sandbox.row("A")["state"], "landed");
}

#[test]
fn rebase_leaves_a_task_out_that_has_merges() {
    let sandbox = two();
    let place = sandbox.place("A");
    sandbox.git_in(&place, &["merge", "-q", "--no-ff", "--no-edit", "task/B"]);
    sandbox.ok(&["report", "A", "--done"]);
    let told = sandbox.refuses(&["land", "A", "--strategy", "rebase"], 3, "task 'A' ");
    told.says("hint: use 'git dispatch land A --strategy merge' to keep them");
    sandbox.ok(&["land", "A", "--strategy", "merge"]);
}

#[test]
fn only_what_stands_on_the_target_is_landed_by_a_fast_forward() {
    let sandbox = two();
    let tip = sandbox.rev("task/A");
    sandbox.run(&["land", "--strategy", "ff"]).exits(4).says("left out: task 'B' does not stand on A: no fast-forward");
    assert_eq!((sandbox.rev("main"), sandbox.on_main()), (tip, vec!["a".to_owned()]));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let told = sandbox.refuses(
        &["land", "--strategy", "ff"],
        3,
        "task 'B' does not stand on all that main has: no fast-forward",
    );
    told.says("hint: use 'git dispatch land B --strategy merge' to land it by a merge");
    assert_eq!(sandbox.row("A")["state"], "landed");
}

fn key(sandbox: &Sandbox) {
    let key = sandbox.root().join("key");
    #[expect(clippy::disallowed_methods, reason = "a key of its own to sign with")]
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    write_in(&sandbox.root(), "signers", &format!("ada@example.com {public}"));
    let signers = sandbox.root().join("signers");
    for (name, value) in [
        ("gpg.format", "ssh"),
        ("user.signingKey", key.to_str().unwrap()),
        ("gpg.ssh.allowedSignersFile", signers.to_str().unwrap()),
        ("commit.gpgSign", "true"),
    ] {
        sandbox.git(&["config", name, value]);
    }
}

#[test]
fn landing_commits_are_signed_where_the_configuration_says_so() {
    for strategy in ["merge", "squash", "rebase"] {
        let sandbox = two();
        sandbox.commit(&[("meanwhile", "1\n")], "main goes on");
        key(&sandbox);
        let old = sandbox.rev("main");
        assert!(!sandbox.try_git_in(&sandbox.repo(), &["verify-commit", "task/A"]).status.success());
        sandbox.ok(&["land", "--strategy", strategy]);
        let made = sandbox.git(&["rev-list", "--first-parent", &format!("{old}..main")]);
        assert_eq!(made.lines().count(), 2);
        for commit in made.lines() {
            sandbox.git(&["verify-commit", commit]);
        }
    }
}

#[test]
fn a_key_that_is_missing_lands_nothing() {
    let sandbox = two();
    key(&sandbox);
    std::fs::remove_file(sandbox.root().join("key")).unwrap();
    let before = sandbox.snapshot();
    let told = sandbox.run(&["land"]).says("could not make the landing commit of task 'A'");
    assert_ne!(told.code, Some(0));
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn what_a_task_needs_lands_before_it_and_ids_may_be_in_any_order() {
    let sandbox = Sandbox::with_tasks("[task.A]\nneeds = [\"B\"]\n[task.B]\n");
    work(&sandbox, &[("B", &[("b", "b\n")])], &["start", "B"]);
    work(&sandbox, &[("A", &[("a", "a\n")])], &["start", "A", "--stack"]);
    sandbox.ok(&["land", "A", "B"]);
    let subjects = sandbox.git(&["log", "--first-parent", "-2", "--format=%s", "main"]);
    assert_eq!(subjects, "A (A)\nB (B)");
}
