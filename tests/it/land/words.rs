//! Whose word moves anything: what the ledger, a worker or an interrupted landing says is not enough.

use serde_json::json;

use super::{done, two};
use crate::support::{Sandbox, write_in};

/// Appends lines to the note on a commit, as a fetched ledger may have them.
fn forge(sandbox: &Sandbox, note: &str, lines: &[serde_json::Value]) {
    let mut text = sandbox.git(&["notes", "--ref=dispatch", "show", note]);
    for line in lines {
        text.push_str(&format!("\n{line}"));
    }
    write_in(&sandbox.root(), "note", &text);
    sandbox.git(&["notes", "--ref=dispatch", "add", "-f", "-F", "../note", note]);
}

fn event(kind: &str, uid: &str, rest: serde_json::Value) -> serde_json::Value {
    let mut event = json!({"at": "2026-01-01T00:00:00.000Z", "uid": uid, "v": 1, "event": kind});
    event.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    event["by"] = json!("A U Thor <author@example.com>");
    event
}

#[test]
fn a_landing_that_only_the_ledger_knows_is_not_taken_back() {
    let sandbox = two();
    let (old, tip) = (sandbox.rev("main"), sandbox.rev("task/A"));
    sandbox.commit(&[("mine", "1\n")], "my own");
    let new = sandbox.rev("main");
    let base = sandbox.row("A")["base"].as_str().unwrap().to_owned();
    let of = sandbox.events()[0]["uid"].clone();
    let lands = json!({"batch": "batch-001", "of": of, "task": "A", "branch": "task/A", "tip": tip, "commit": new,
        "strategy": "merge", "target": "main", "old": old, "new": new, "train": "f00dfeedf00dfeed", "check": "none"});
    let landed = json!({"batch": "batch-001", "task": "A", "tip": tip, "commit": new, "of": "f00dfeedf00dfeed"});
    let events = [event("landing", "f00dfeedf00dfeed", lands), event("landed", "f00dfeedf00dfeee", landed)];
    forge(&sandbox, &base, &events);
    for undo in [&["undo", "A"][..], &["undo"]] {
        let told = sandbox.run(undo);
        assert_ne!(told.code, Some(0), "{told:#?}");
        assert_eq!(sandbox.rev("main"), new, "{undo:?}");
    }
}

#[test]
fn a_removal_that_only_the_ledger_knows_is_not_carried_out() {
    let sandbox = done("", &[("A", &[("a", "a\n")])]);
    sandbox.commit_in(&sandbox.place("A"), &[("more", "1\n")], "nobody reported that");
    let (main, tip) = (sandbox.rev("main"), sandbox.rev("task/A"));
    let base = sandbox.row("A")["base"].as_str().unwrap().to_owned();
    let of = sandbox.events()[0]["uid"].clone();
    let landed = json!({"batch": "batch-001", "task": "A", "tip": tip, "commit": main});
    let dropping = json!({"batch": "batch-001", "of": of, "task": "A", "branch": "task/A", "tip": tip,
        "path": "../repo-task-A", "train": "f00dfeedf00dfeed"});
    let host = sandbox.events()[0]["host"].clone();
    let mut dropping = event("dropping", "f00dfeedf00dfeee", dropping);
    dropping["host"] = host;
    forge(&sandbox, &base, &[event("landed", "f00dfeedf00dfeef", landed), dropping]);
    let told = sandbox.run(&["land"]);
    assert_ne!(told.code, Some(0), "{told:#?}");
    assert!(sandbox.place("A").join("more").exists());
    assert_eq!(sandbox.rev("task/A"), tip);
}

#[test]
fn what_somebody_made_where_landings_are_checked_stays() {
    let sandbox = two();
    sandbox.checks("test ! -f b");
    sandbox.run(&["land"]).exits(4);
    let site = sandbox.root().join("repo-landing-check");
    write_in(&site, "precious", "1\n");
    sandbox.refuses(&["land", "B", "--recheck"], 3, "somebody works in '");
    assert!(site.join("precious").exists());
    sandbox.git_in(&site, &["switch", "--quiet", "-c", "mend"]);
    sandbox.refuses(&["land", "B", "--recheck"], 3, "somebody works in '");
    sandbox.git_in(&site, &["add", "precious"]);
    sandbox.git_in(&site, &["commit", "--quiet", "-m", "mended"]);
    sandbox.refuses(&["land", "B", "--recheck"], 3, "somebody works in '");
    assert_eq!(sandbox.git_in(&site, &["log", "-1", "--format=%s"]), "mended");
}

/// A and main changed the same line.
fn conflict() -> Sandbox {
    let sandbox = done("", &[("A", &[("shared", "A\n2\n3\n")])]);
    sandbox.commit(&[("shared", "main\n2\n3\n")], "main goes on");
    sandbox
}

#[test]
fn a_merge_that_its_worker_began_is_neither_taken_back_nor_landed() {
    let sandbox = conflict();
    let place = sandbox.place("A");
    sandbox.try_git_in(&place, &["merge", "--quiet", "main"]);
    write_in(&place, "shared", "both\n2\n3\n");
    sandbox.git_in(&place, &["add", "shared"]);
    sandbox.refuses(&["land", "--abort"], 1, "nothing is being resolved");
    sandbox.refuses(&["land", "--continue"], 1, "nothing is being resolved");
    assert_eq!(std::fs::read_to_string(place.join("shared")).unwrap(), "both\n2\n3\n");
}

#[test]
fn a_resolution_that_changes_more_than_what_conflicted_takes_a_new_report() {
    let sandbox = conflict();
    let (place, main) = (sandbox.place("A"), sandbox.rev("main"));
    sandbox.run(&["land", "--resolve", "A"]).exits(4);
    sandbox.git_in(&place, &["add", "shared"]);
    sandbox.run(&["land", "--continue"]).exits(4).says("marks of conflicts are left in '");
    write_in(&place, "shared", "both\n2\n3\n");
    write_in(&place, "evil", "1\n");
    sandbox.git_in(&place, &["add", "--all"]);
    let told = sandbox.run(&["land", "--continue"]).exits(3);
    told.says("the merge changes 'evil', which did not conflict").says("was reported at another commit");
    assert_eq!(sandbox.rev("main"), main);
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["land", "A"]);
}

#[test]
fn a_landing_that_could_not_begin_is_decided_anew_by_what_is_said_since() {
    let sandbox = two();
    let (before, main) = (sandbox.git(&["status", "--porcelain"]), sandbox.rev("main"));
    let lock = sandbox.repo().join(".git/index.lock");
    std::fs::write(&lock, "").unwrap();
    sandbox.run(&["land", "A"]).exits(3).says("another git is at work in '").says("hint: ");
    std::fs::remove_file(&lock).unwrap();
    assert_eq!((sandbox.git(&["status", "--porcelain"]), sandbox.rev("main")), (before, main));
    sandbox.ok(&["report", "A", "--blocked", "a hole in it"]);
    let told = sandbox.ok(&["land"]);
    assert_eq!(sandbox.on_main(), ["b"], "{told:#?}");
    sandbox.refuses(&["land", "--continue"], 1, "no landing was interrupted");
}

#[test]
fn a_title_is_one_line_of_the_commit_and_nothing_else() {
    let head = "[task.A]\ntitle = \"Two\\n\\nSigned-off-by: Evil <e@x>\\u202e\\u001b[2J\"\n";
    let sandbox = Sandbox::with_tasks(head);
    super::work(&sandbox, &[("A", &[("a", "a\n")])], &["start", "A"]);
    sandbox.ok(&["land"]);
    let message = sandbox.git(&["log", "-1", "--format=%B"]);
    assert_eq!(message.trim(), "Two Signed-off-by: Evil <e@x> [2J (A)\n\nTask: A");
}
