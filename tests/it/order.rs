//! `git dispatch status --order`: landing in memory, with real merges.

use std::path::PathBuf;

use serde_json::json;

use crate::support::Sandbox;

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

/// These tasks are started, in a repository with a folder of two files and one of ten lines.
fn started(tasks: &str, ids: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_tasks(&format!("workers = 9\n{tasks}"));
    let (one, two) = ("first\n".repeat(20), "second\n".repeat(20));
    sandbox.commit(&[("d/one", &one), ("d/two", &two), ("ten", TEN)], "files");
    sandbox.ok(&[&["start"], ids].concat());
    sandbox
}

fn tasks(ids: &[&str]) -> String {
    ids.iter().map(|id| format!("[task.{id}]\ntitle = \"Title of {id}\"\n")).collect()
}

/// Line `line` of the file says something else in the worktree of `id`.
fn edit(sandbox: &Sandbox, id: &str, line: &str) {
    let place = sandbox.place(id);
    sandbox.commit_in(&place, &[("ten", &TEN.replace(&format!("{line}\n"), &format!("{line} by {id}\n")))], "edit");
}

fn moved(sandbox: &Sandbox, id: &str, from: &str, to: &str) -> PathBuf {
    let place = sandbox.place(id);
    std::fs::create_dir_all(place.join(to).parent().unwrap()).unwrap();
    sandbox.git_in(&place, &["mv", from, to]);
    sandbox.git_in(&place, &["commit", "-q", "-m", "move"]);
    place
}

#[test]
fn three_that_break_where_no_two_do_land_in_the_order_that_works() {
    let ids = ["A", "B", "C"];
    let sandbox = started(&tasks(&ids), &ids);
    moved(&sandbox, "A", "d/one", "e/one");
    moved(&sandbox, "B", "d/two", "e/two");
    // Once both files have left, their folder counts as renamed, and this one would go along.
    sandbox.commit_in(&sandbox.place("C"), &[("d/three", "third\n")], "add");
    sandbox.commit(&[("other", "1\n")], "the target goes on");
    assert!(ids.iter().all(|id| sandbox.row(id)["collisions"] == json!([])), "no two collide");
    sandbox.ok(&["status", "--order", "--all"]).answers("3 of 3 land one after the other");
    let landing = sandbox.ok(&["status", "--order", "--all", "--json"]).json()["landing"].clone();
    assert_eq!(landing, json!({"whom": "all", "lands": ["C", "A", "B"], "left": [], "most": true}));
    for id in ["C", "A", "B"] {
        sandbox.git(&["merge", "-q", "-m", id, &format!("task/{id}")]);
    }
}

#[test]
fn what_breaks_is_left_out_with_whom_and_where_and_what_needs_it() {
    let ids = ["A", "B", "C", "D", "E"];
    let tasks = tasks(&ids).replace("[task.D]\n", "[task.D]\nneeds = [\"B\"]\n");
    let sandbox = started(&tasks, &["A", "B", "C", "E"]);
    sandbox.ok(&["start", "D", "--force"]);
    edit(&sandbox, "A", "2");
    edit(&sandbox, "B", "3");
    edit(&sandbox, "C", "4");
    sandbox.commit_in(&sandbox.place("D"), &[("new", "1\n")], "more");
    let objects = sandbox.git(&["count-objects"]);
    sandbox.ok(&["status", "--order"]).answers("No task is reported done.\n\n  git dispatch status --order --all\n");
    let landing = sandbox.ok(&["status", "--order", "--all", "--json"]).json()["landing"].clone();
    let left = json!([
        {"id": "B", "why": "conflicts", "with": ["A"], "paths": ["ten"]},
        {"id": "D", "why": "needs", "with": ["B"]},
    ]);
    assert_eq!(landing, json!({"whom": "all", "lands": ["A", "C"], "left": left, "most": true}));
    sandbox.ok(&["status", "--order", "--all"]).answers("  B conflicts with A in ten\n  D needs B\n");
    assert_eq!(sandbox.git(&["count-objects"]), objects, "nothing is written");
    sandbox.commit(&[("ten", &TEN.replace("4\n", "four\n"))], "the target goes on");
    sandbox.ok(&["status", "--order", "--all"]).answers("  C conflicts with main in ten\n");
}
