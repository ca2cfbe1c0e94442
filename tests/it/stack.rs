//! `git dispatch start --stack` and `git dispatch restack`: on what is reported done and not landed, with real git.

use serde_json::json;

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

/// `A` and `B` are started, `C` needs both, `D` only `A`; `main` has a file of ten lines.
fn started() -> Sandbox {
    let tasks = "workers = 9\n[task.A]\n[task.B]\n[task.C]\nneeds = [\"A\", \"B\"]\n[task.D]\nneeds = [\"A\"]\n";
    let sandbox = Sandbox::with_tasks(tasks);
    sandbox.commit(&[("ten", TEN)], "ten");
    sandbox.ok(&["start", "A", "B"]);
    sandbox
}

/// The worktree of `id` gets a commit of these files; its tip.
fn works(sandbox: &Sandbox, id: &str, files: &[(&str, &str)]) -> String {
    sandbox.commit_in(&sandbox.place(id), files, &format!("work of {id}"))
}

/// `id` is reported done at its tip, as the ledger has it then.
fn done(sandbox: &Sandbox, id: &str) {
    let tip = sandbox.git(&["rev-parse", &format!("task/{id}")]);
    let at = format!("2026-01-20T00:00:{:02}.000Z", sandbox.events().len());
    record(
        sandbox,
        &json!({"at": at, "uid": format!("{at}{id}"), "v": 1, "event": "reported", "batch": "batch-001", "task": id, "tip": tip, "verdict": "done"}),
    );
}

/// Another line in the note that has the last batch.
fn record(sandbox: &Sandbox, event: &serde_json::Value) {
    let list = sandbox.git(&["notes", "--ref=dispatch", "list"]);
    let commit = list.lines().last().unwrap().split(' ').nth(1).unwrap();
    let note = sandbox.git(&["notes", "--ref=dispatch", "show", commit]);
    sandbox.git(&["notes", "--ref=dispatch", "add", "-f", "-m", &format!("{note}\n{event}"), commit]);
}

/// `A` and `B` have each a file of their own, and are done.
fn both_done() -> (Sandbox, String, String) {
    let sandbox = started();
    let a = works(&sandbox, "A", &[("a", "1\n")]);
    let b = works(&sandbox, "B", &[("b", "1\n")]);
    done(&sandbox, "A");
    done(&sandbox, "B");
    (sandbox, a, b)
}

fn rev(sandbox: &Sandbox, name: &str) -> String {
    sandbox.git(&["rev-parse", name])
}

/// Squashes a branch onto `main`.
fn squash(sandbox: &Sandbox, id: &str) {
    sandbox.git(&["merge", "--quiet", "--squash", &format!("task/{id}")]);
    sandbox.commit(&[], &format!("squash of {id}"));
}

#[test]
fn one_need_that_is_done_is_the_base() {
    let (sandbox, a, _) = both_done();
    sandbox.refuses(&["start", "D"], 3, "task 'D' needs 'A' (done)").says("git dispatch start --stack D");
    let before = (sandbox.snapshot(), sandbox.git(&["count-objects"]));
    sandbox.ok(&["start", "--stack", "--dry-run", "D"]).answers(&a[..7]);
    assert_eq!((sandbox.snapshot(), sandbox.git(&["count-objects"])), before);
    sandbox.ok(&["start", "--stack", "D"]);
    assert_eq!((rev(&sandbox, "task/D"), rev(&sandbox, "refs/dispatch/base/D")), (a.clone(), a.clone()));
    let main = rev(&sandbox, "main");
    let note = sandbox.git(&["notes", "--ref=dispatch", "show", &main]);
    assert!(note.contains(&format!(r#""stack":[{{"id":"A","tip":"{a}"}}]"#)), "{note}");
    works(&sandbox, "D", &[("d", "1\n")]);
    let row = sandbox.row("D");
    assert_eq!(row["stack"], json!([{"id": "A", "tip": a}]));
    assert_eq!((&row["base"], &row["commits"], &row["ahead"]), (&json!(a), &json!(1), &json!(2)));
    assert_eq!((&row["notes"], &row["reasons"]), (&json!([]), &json!([])));
    assert_eq!(row["readiness"]["verdict"], "clean");
    sandbox.ok(&["status", "D"]).answers("active on A");
}

#[test]
fn several_needs_are_merged_and_undo_takes_all_of_it_back() {
    let (sandbox, a, b) = both_done();
    let refs = || sandbox.git(&["for-each-ref", "refs/heads", "refs/dispatch"]);
    let (before, objects) = (refs(), sandbox.git(&["count-objects"]));
    sandbox.ok(&["start", "--stack", "-n", "C"]);
    assert_eq!(sandbox.git(&["count-objects"]), objects, "nothing is written");
    sandbox.ok(&["start", "--stack", "C"]);
    let base = rev(&sandbox, "task/C");
    assert_eq!(rev(&sandbox, "refs/dispatch/base/C"), base);
    let told = sandbox.git(&["log", "-1", "--format=%P|%s|%an <%ae>|%cn <%ce>", &base]);
    let who = "Ada <ada@example.com>";
    assert_eq!(told, format!("{a} {b}|base of task C: merge of A and B|{who}|{who}"));
    assert_eq!(sandbox.git(&["ls-tree", "--name-only", &base]), "README\na\nb\ndispatch.toml\nten");
    assert_eq!(sandbox.row("C")["commits"], 0);
    sandbox.git(&["fsck", "--no-progress"]);
    sandbox.ok(&["undo"]);
    assert_eq!(refs(), before);
    assert!(!sandbox.place("C").exists());
}

#[test]
fn a_need_that_is_not_done_or_conflicts_is_named_and_nothing_is_made() {
    let sandbox = started();
    works(&sandbox, "A", &[("ten", &TEN.replace("5\n", "five\n"))]);
    works(&sandbox, "B", &[("ten", &TEN.replace("5\n", "V\n"))]);
    done(&sandbox, "A");
    let refused = sandbox.refuses(&["start", "--stack", "C"], 3, "task 'C' needs 'B', which is not reported done");
    refused.says("use 'git dispatch status B' to see how far it is");
    done(&sandbox, "B");
    let objects = sandbox.git(&["count-objects"]);
    sandbox.refuses(&["start", "--stack", "C"], 3, "task 'C' cannot stand on 'A' and 'B': they conflict in 'ten'");
    assert_eq!(sandbox.git(&["count-objects"]), objects);
    // A commit on top of a report is not what was reported.
    works(&sandbox, "A", &[("a", "2\n")]);
    sandbox.refuses(&["start", "--stack", "D"], 3, "task 'D' needs 'A', which is not reported done");
}

#[test]
fn what_landed_meanwhile_takes_part_where_the_tip_lacks_it() {
    let (sandbox, a, _) = both_done();
    squash(&sandbox, "B");
    let main = rev(&sandbox, "main");
    sandbox.ok(&["start", "--stack", "C"]);
    let base = rev(&sandbox, "refs/dispatch/base/C");
    assert_eq!(
        sandbox.git(&["log", "-1", "--format=%P|%s", &base]),
        format!("{main} {a}|base of task C: merge of main and A")
    );
    assert_eq!(sandbox.row("C")["stack"], json!([{"id": "A", "tip": a}]));
    // Where the tip has it already, there is nothing to merge.
    sandbox.ok(&["undo"]);
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "-m", "take main in", "main"]);
    done(&sandbox, "A");
    sandbox.ok(&["start", "--stack", "C"]);
    assert_eq!(rev(&sandbox, "task/C"), rev(&sandbox, "task/A"));
}
