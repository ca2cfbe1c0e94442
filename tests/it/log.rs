//! `git dispatch log`, and what plans make of how estimates fared, with real git.

use serde_json::json;

use crate::support::{Sandbox, write_in};

const TASKS: &str = "\
[task.A]
title = \"First | part\"
estimate = \"1h\"
[task.B]
estimate = \"30m\"
[task.C]
estimate = \"2h\"
[task.D]
estimate = \"10m\"
[task.E]
";

/// A repository in which A, B and C were started. The clock moves by a minute with each commit.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A", "B", "C"]);
    sandbox
}

/// One commit of the task, and after so many of the target the merge of it.
fn land(sandbox: &Sandbox, id: &str, minutes: usize) {
    sandbox.commit_in(&sandbox.place(id), &[(id, "1\n")], "work");
    for minute in 1..minutes {
        sandbox.commit(&[("clock", &format!("{id} {minute}\n"))], "the clock moves on");
    }
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-commit", &format!("task/{id}")]);
    sandbox.commit(&[], &format!("Merge branch 'task/{id}'"));
}

#[test]
fn what_landed_tasks_took_calibrates_the_plan() {
    let sandbox = started();
    land(&sandbox, "A", 90);
    land(&sandbox, "B", 60);
    let plan = sandbox.ok(&["plan", "--json"]).json();
    assert_eq!((&plan["calibration"], &plan["calibrated"]), (&json!(null), &json!(false)));
    let refused = sandbox.refuses(&["plan", "--calibrated"], 1, "2 tasks with an estimate");
    refused.says("hint: use 'git dispatch plan' to ");
    land(&sandbox, "C", 60);

    let plan = sandbox.ok(&["plan", "--json"]).json();
    assert_eq!(plan["calibration"], json!({"ratio": 1.5, "samples": 3, "low": 1.0, "high": 1.75}));
    assert_eq!(plan["schedule"]["sequential_minutes"], 70);
    let said = "So far tasks took 1.5 times their estimate (median of 3 tasks, half of them 1.0 to 1.8 times)\n";
    sandbox.ok(&["plan"]).answers(said);

    let calibrated = sandbox.ok(&["plan", "--calibrated", "--json"]).json();
    assert_eq!((&calibrated["calibrated"], &calibrated["schedule"]["sequential_minutes"]), (&json!(true), &json!(75)));
    let estimates: Vec<_> =
        calibrated["start"].as_array().unwrap().iter().map(|one| &one["estimate_minutes"]).collect();
    assert!(estimates.contains(&&json!(15)) && estimates.contains(&&json!(60)), "nobody estimated E: {estimates:?}");
    let head = "estimates times 1.5 (median of 3 tasks)";
    sandbox.ok(&["plan", "--calibrated"]).answers(&format!("0 of 3 workers busy · {head}\n"));
    for format in ["markdown", "mermaid", "svg", "html", "dot"] {
        sandbox.ok(&["plan", "--calibrated", "--format", format]).answers(head);
    }
    sandbox.ok(&["plan", "--calibrated", "--what-if"]).answers(head);
}

#[test]
fn what_a_task_took_begins_with_its_own_first_commit() {
    let sandbox = started();
    for _ in 0..30 {
        sandbox.commit(&[], "of the target");
    }
    // The branch goes on to where the target is, and the work is rebased later.
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "--ff-only", "main"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.commit_in(&sandbox.place("A"), &[("b", "1\n")], "more");
    sandbox.commit(&[("c", "1\n")], "of the target");
    sandbox.git_in(&sandbox.place("A"), &["rebase", "--quiet", "main"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-commit", "task/A"]);
    sandbox.commit(&[], "Merge branch 'task/A'");
    let task = &sandbox.ok(&["log", "batch-001", "--json"]).json()["batches"][0]["tasks"][0];
    assert_eq!(
        (&task["actual_minutes"], &task["commits"], &task["estimate_minutes"]),
        (&json!(3), &json!(2), &json!(60))
    );
    assert_eq!(task["outcome"], "landed");

    sandbox.git(&["worktree", "add", "--quiet", "-b", "mine", "../mine", "main"]);
    sandbox.commit_in(&sandbox.root().join("mine"), &[("mine", "1\n")], "mine");
    sandbox.ok(&["adopt", "D", "mine"]);
    let log = sandbox.ok(&["log", "-n", "1", "--json"]).json();
    let task = &log["batches"][0]["tasks"][0];
    assert_eq!((&task["id"], &task["commits"], task.get("actual_minutes")), (&json!("D"), &json!(1), None));
}

#[test]
fn a_batch_is_told_as_a_document() {
    let sandbox = started();
    sandbox.run_in(&sandbox.place("B"), &["report", "--started", "--session", "s|1"]).exits(0);
    write_in(&sandbox.root(), "text", "# Seen\n- all\n");
    let text = sandbox.root().join("text");
    sandbox.ok(&["report", "B", "--blocked", "which <form>?", "--text", text.to_str().unwrap()]);
    land(&sandbox, "A", 90);
    let document = sandbox.ok(&["log", "batch-001", "--format", "markdown"]);
    let document =
        document.answers("# batch-001: in progress\n\nStarted from main at `").answers("1 of 3 tasks landed");
    let row = "| A | First \\| part | landed (ancestor) | - | 1 | ? | 1h | 1h30m |\n";
    let document = document.answers(row).answers("| B | - | stopped | stopped (blocked) | 0 | - | 30m | - |\n");
    let document =
        document.answers("> \\# Seen\\\n> \\- all\n\n- needs: which &lt;form&gt;?\n").answers("?: not known");
    document.answers("| B | s\\|1 | - | ").answers(" | task/B | ../repo-task-B |\n");
    let json = sandbox.ok(&["log", "batch-001", "--format", "json"]).stdout;
    assert_eq!(json, sandbox.ok(&["log", "batch-001", "--json"]).stdout);
    assert_eq!(sandbox.ok(&["log", "--format", "text"]).stdout, sandbox.ok(&["log", "batch-001"]).stdout);
    sandbox
        .refuses(&["log", "batch-007"], 2, "there is no batch 'batch-007'")
        .says("hint: use 'git dispatch log' to list");
    sandbox.refuses(&["log", "--json", "--format", "markdown"], 2, "ask for two answers");
}
