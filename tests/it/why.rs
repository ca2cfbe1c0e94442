//! `git dispatch why`: the reasons that `plan` and `start` give, with what resolves them, and the rules for two tasks.

use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::taskfile::generate;

const TASKS: &str = r#"version = 1
target = "main"
workers = 2

[locks]
schema = ["db/*.sql"]

[task.A]
title = "Pool"
writes = ["src/*.rs"]

[task.B]
title = "Metrics"
writes = ["src/lib.*"]

[task.C]
needs = ["A"]
writes = ["db/**"]

[task.D]
locks = ["schema"]
writes = ["d"]
"#;

fn codes(answer: &Value) -> Vec<&str> {
    answer["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

/// Runs every command that resolves a reason, as far as it only looks.
#[track_caller]
fn looks(sandbox: &Sandbox, answer: &Value) -> usize {
    let reasons = answer["reasons"].as_array().unwrap();
    let commands = reasons.iter().flat_map(|reason| reason["resolve"].as_array().unwrap());
    let lines: Vec<&str> = commands.filter_map(|one| one["command"].as_str()).collect();
    for line in lines.iter().filter(|line| !line.contains(" start ")) {
        let words: Vec<&str> = line.strip_prefix("git dispatch ").unwrap().split(' ').collect();
        sandbox.ok(&words);
    }
    lines.len()
}

#[test]
fn a_task_is_explained_at_every_station_of_its_way() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let why = |id: &str| sandbox.ok(&["why", "--json", id]).json();
    let before = sandbox.snapshot();
    assert_eq!((why("A")["state"].clone(), why("A")["choice"].clone()), (json!("ready"), json!("start")));
    assert_eq!((why("B")["state"].clone(), why("B")["choice"].clone()), (json!("held"), json!("held")));
    assert_eq!(codes(&why("C")), ["needs:A"]);
    assert_eq!(sandbox.snapshot(), before, "it changes nothing");
    sandbox.ok(&["start", "A"]);
    assert_eq!(codes(&why("A")), ["branch:task/A"]);
    assert_eq!((why("B")["state"].clone(), codes(&why("B"))), (json!("held"), vec!["writes:A:src/lib.*"]));
    assert_eq!(why("B")["reasons"][0]["resolve"][0]["command"], "git dispatch status A");
    assert_eq!(["A", "B", "C"].map(|id| looks(&sandbox, &why(id))), [1, 1, 1]);
    sandbox.commit_in(&sandbox.place("A"), &[("src/a.rs", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    let landed = why("A");
    assert_eq!((codes(&landed), landed["proof"].clone()), (vec!["proof:ancestor"], json!("ancestor")));
    assert_eq!(why("C")["state"], "ready");
}

#[test]
fn reasons_are_the_ones_that_plan_and_start_give() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "B", "D"]);
    let plan = sandbox.ok(&["plan", "--json"]).json();
    let held = &plan["held"][0];
    assert_eq!(held["id"], "A");
    let why = sandbox.ok(&["why", "--json", "A"]).json();
    assert_eq!(json!(codes(&why)), held["reasons"]);
    sandbox.refuses(&["start", "A"], 3, "task 'A' writes 'src/lib.*' like 'B'");
    let pair = sandbox.ok(&["why", "--json", "A", "B"]).json()["pair"].clone();
    assert_eq!((&pair["reasons"], &pair["verdict"]), (&held["reasons"], &json!("exclusive")));
    assert_eq!(pair["steps"].as_array().unwrap().last().unwrap()["meetings"][0]["path"], "src/lib.rs");
    assert_eq!(why["anyway"]["command"], "git dispatch start --force A");
    sandbox.ok(&["start", "--force", "A"]);
}

#[test]
fn a_lock_is_traced_to_its_patterns_and_gives_way_to_nothing() {
    let sandbox = Sandbox::with_tasks(&TASKS.replace("needs = [\"A\"]\n", ""));
    sandbox.ok(&["start", "D"]);
    let why = sandbox.ok(&["why", "--json", "C"]).json();
    assert_eq!((codes(&why), why.get("anyway")), (vec!["lock:schema:D"], None));
    sandbox
        .ok(&["why", "D", "C"])
        .answers("D and C exclude each other\n")
        .answers("schema: D names it, and C writes db/**, which meets its pattern db/*.sql\n")
        .answers("\nNow D is active, and C is held.\n");
}

#[test]
fn a_started_task_counts_as_it_was_even_when_the_file_says_otherwise_or_nothing() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "B"]);
    sandbox.commit(&[("dispatch.toml", &TASKS.replace("src/lib.*", "lib/**"))], "moved");
    sandbox.ok(&["why", "A"]).answers("writes src/lib.* like B, which is active (by what it was when it started)");
    sandbox.ok(&["why", "A", "B"]).answers("B counts as it was when it started: the task file says otherwise now.\n");
    let without = TASKS.replace("[task.B]\ntitle = \"Metrics\"\nwrites = [\"src/lib.*\"]\n", "");
    sandbox.commit(&[("dispatch.toml", &without)], "gone");
    sandbox.ok(&["why", "B"]).answers("B is active  Metrics\n").answers("the task file no longer names it");
    sandbox.ok(&["why", "A", "B"]).answers("A and B exclude each other\n");
}

#[test]
fn a_lost_and_an_elsewhere_task_are_told_how_they_go_on() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A");
    sandbox.git(&["worktree", "unlock", place.to_str().unwrap()]);
    sandbox.git(&["worktree", "remove", place.to_str().unwrap()]);
    sandbox.git(&["branch", "-D", "task/A"]);
    sandbox
        .ok(&["why", "A"])
        .answers("A is lost  Pool\n")
        .answers("its branch task/A is gone")
        .answers("git dispatch adopt A BRANCH");
    sandbox.ok(&["why", "C"]).answers("needs A, which is lost");
    sandbox.git(&["update-ref", "refs/remotes/origin/task/B", "main"]);
    sandbox.git(&["config", "remote.origin.url", "/nowhere"]);
    sandbox.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    sandbox
        .ok(&["why", "B"])
        .answers("B was started elsewhere  Metrics\n")
        .answers("git branch task/B origin/task/B")
        .answers("git dispatch adopt B task/B");
}

#[test]
fn an_unknown_id_is_refused_with_the_nearest_and_one_id_twice_too() {
    let sandbox = Sandbox::with_tasks("[task.SCR-001]\n[task.B]\n");
    sandbox.refuses(&["why", "scr-01"], 2, "no task 'scr-01'").says("did you mean 'SCR-001'?");
    sandbox.refuses(&["why", "B", "SCR-002"], 2, "no task 'SCR-002'").says("did you mean 'SCR-001'?");
    sandbox.refuses(&["why", "B", "B"], 2, "'B' twice").says("use 'git dispatch why B' to see its own state");
    let _ = sandbox.run(&["why"]).exits(2);
    let _ = sandbox.run(&["why", "B", "B", "B"]).exits(2);
}

#[test]
fn hostile_titles_paths_and_locks_do_nothing() {
    let sandbox = Sandbox::with_tasks(
        "[task.A]\ntitle = \"\\u001b[2Jx\"\nwrites = [\"a\\u202eb\"]\nlocks = [\"l\\u001b[2J\"]\nissue = \"\\u009b\"\n\
         [task.B]\nwrites = [\"a\\u202eb\"]\nlocks = [\"l\\u001b[2J\"]\nissue = \"\\u009b\"\nreads = [\"$(touch PWNED)\"]\n",
    );
    for words in [&["why", "A"][..], &["why", "B"], &["why", "A", "B"], &["why", "--json", "B", "A"]] {
        let outcome = sandbox.run(words);
        if outcome.code == Some(0) {
            let bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!outcome.stdout.contains(bad), "{outcome:#?}");
        } else {
            assert!(outcome.stderr.contains("error: "), "{outcome:#?}");
        }
    }
    assert!(!sandbox.repo().join("PWNED").exists());
}

#[test]
fn a_long_way_through_a_large_file_is_found() {
    let sandbox = Sandbox::with_tasks(&generate(5_000, 3));
    let why = sandbox.ok(&["why", "--json", "T-004999", "T-000000"]).json();
    assert_eq!((&why["state"], &why["pair"]["verdict"]), (&json!("waiting"), &json!("after")));
    let chain = why["pair"]["steps"][0]["chain"].as_array().unwrap().clone();
    assert_eq!((&chain[0]["after"], &chain[chain.len() - 1]["first"]), (&json!("T-004999"), &json!("T-000000")));
}
