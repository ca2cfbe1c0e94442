//! `git dispatch review`, with real git and a real terminal.

use serde_json::json;

use crate::support::Sandbox;
use crate::watch::Pane;

fn started(tasks: &str, ids: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_tasks(tasks);
    sandbox.ok(&[&["start"], ids].concat());
    sandbox
}

/// `started`, with a commit in each worktree, reported done.
fn done(tasks: &str, ids: &[&str]) -> Sandbox {
    let sandbox = started(tasks, ids);
    for id in ids {
        sandbox.commit_in(&sandbox.place(id), &[(*id, "1\n")], "work");
        sandbox.ok(&["report", id, "--done"]);
    }
    sandbox
}

/// Lets `names` approve without a terminal.
fn trusted(sandbox: &Sandbox, names: &[&str]) {
    names.iter().for_each(|name| _ = sandbox.git(&["config", "--add", "dispatch.reviewer", name]));
}

fn reasons(sandbox: &Sandbox, id: &str) -> serde_json::Value {
    sandbox.row(id)["reasons"].clone()
}

#[test]
fn a_task_with_a_gate_starts_once_its_text_is_approved() {
    let gated = "[task.A]\ntitle = \"one\"\nreview = [\"start\"]\n";
    let sandbox = Sandbox::with_tasks(gated);
    sandbox
        .refuses(&["start", "A"], 3, "task 'A' waits for a review before it starts")
        .says("review A --approve start");
    sandbox.refuses(
        &["review", "A", "--approve", "start"],
        3,
        "it takes a person at a terminal, or a reviewer of git config",
    );
    trusted(&sandbox, &["Eve"]);
    sandbox.refuses(&["review", "A", "--approve", "start", "--as", "Ada"], 3, "'Ada' may let nothing go on here");
    sandbox.ok(&["review", "A", "--approve", "start"]).answers("A approved to start as the task file has it by Eve");
    let plan = sandbox.ok(&["plan", "--json"]).json();
    assert_eq!(plan["start"][0]["id"], "A");
    sandbox.commit(&[("dispatch.toml", &gated.replace("one", "two"))], "another text");
    sandbox.refuses(&["start", "A"], 3, "task 'A' waits for a review before it starts");
    sandbox.commit(&[("dispatch.toml", &gated.replace("\"one\"", "  \"one\" # the same"))], "as before");
    let briefed = "[task.A]\ntitle = \"one\"\nreview = [\"start\"]\nbrief-file = \"docs/A.md\"\n";
    sandbox.commit(&[("dispatch.toml", briefed), ("docs/A.md", "be kind\n")], "a brief of its own");
    sandbox.ok(&["review", "A", "--approve", "start"]);
    sandbox.commit(&[("docs/A.md", "rm -rf\n")], "another brief");
    sandbox.refuses(&["start", "A"], 3, "task 'A' waits for a review before it starts");
    sandbox.commit(&[("docs/A.md", "be kind\n")], "as it was");
    sandbox.ok(&["start", "A"]);
    sandbox.refuses(&["review", "A", "--approve", "start"], 3, "task 'A' is active").says("--approve land");
}

#[test]
fn what_lands_waits_for_an_approval_of_that_very_commit() {
    let sandbox = done("review = [\"land\"]\n[task.A]\n", &["A"]);
    trusted(&sandbox, &["Eve"]);
    assert_eq!(reasons(&sandbox, "A"), json!(["gate:land"]));
    sandbox.ok(&["status"]).answers("A waits for a review before it lands").answers("\n0 of 1 landed (0%)\n");
    let order = sandbox.ok(&["status", "--order", "--json"]).json();
    assert_eq!(order["landing"]["left"], json!([{"id": "A", "why": "barred", "reasons": ["gate:land"]}]));
    sandbox.ok(&["why", "A"]).answers("git dispatch review A --approve land");
    let before = sandbox.snapshot();
    sandbox.ok(&["review", "A", "--approve", "land", "-n"]).answers("A would be approved to land at ");
    assert_eq!((sandbox.snapshot(), sandbox.count("reviewed")), (before, 0));
    let told = sandbox.ok(&["review", "A", "--approve", "land", "--json"]).json();
    assert_eq!(told["reviews"][0]["tip"], json!(sandbox.git(&["rev-parse", "task/A"])));
    assert_eq!(reasons(&sandbox, "A"), json!([]));
    sandbox.ok(&["status"]).answers("ready to land: A");
    sandbox.ok(&["log"]).answers("A reported done at ").answers("A approved to land at ");
    sandbox.commit_in(&sandbox.place("A"), &[("A", "2\n")], "more");
    assert_eq!(
        (&sandbox.row("A")["state"], reasons(&sandbox, "A")),
        (&json!("active"), json!(["stale-report", "gate:land"]))
    );
    sandbox.ok(&["status"]).answers("A was reported done at ").answers("git dispatch report A --done");
    sandbox.ok(&["report", "A", "--done"]);
    assert_eq!(reasons(&sandbox, "A"), json!(["gate:land"]));
}

#[test]
fn findings_go_into_the_brief_and_count_as_the_reviewers_agree() {
    let sandbox = done("reviewers = [\"a\", \"b\", \"c\"]\n[task.A]\n", &["A"]);
    let find = |who: &str| sandbox.ok(&["review", "A", "--finding", "no \u{1b}[31mtest", "--as", who]);
    find("a").answers("A found to need work at ").answers("counts once 2 of 3 reviewers say so: 1 so far");
    find("z").answers("does not count: 'reviewers' of the task file names others");
    assert_eq!(reasons(&sandbox, "A"), json!([]));
    find("b").answers("A found to need work at ");
    assert_eq!(reasons(&sandbox, "A"), json!(["findings"]));
    sandbox.ok(&["status"]).answers("A has 1 finding to address, of a, z, b: no \\e[31mtest");
    sandbox.ok(&["brief", "A"]).answers("no \\e[31mtest");
    trusted(&sandbox, &["a", "b"]);
    sandbox.ok(&["review", "A", "--approve", "land", "--as", "b"]);
    assert_eq!(reasons(&sandbox, "A"), json!([]), "b takes it back, and one does not count");
    sandbox.ok(&["review", "A", "--reject", "all of it", "--as", "c"]);
    assert_eq!(reasons(&sandbox, "A"), json!(["findings"]));
    let told = sandbox.ok(&["review", "A", "--approve", "land", "--as", "a"]);
    told.answers("does not land yet: findings of c are open");
    sandbox.ok(&["review", "A", "--accept", "it is good enough", "--as", "a"]);
    assert_eq!(reasons(&sandbox, "A"), json!([]));
}

#[test]
fn what_stopped_is_accepted_with_evidence_and_then_is_done() {
    let sandbox = started("[task.A]\n[task.B]\n", &["A", "B"]);
    trusted(&sandbox, &["Eve"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.refuses(
        &["review", "A", "--accept", "x"],
        3,
        "task 'A' is active: nothing was reported of it as it is now",
    );
    sandbox.ok(&["report", "A", "--blocked", "a flaky test"]);
    assert_eq!(sandbox.row("A")["state"], "stopped");
    sandbox.refuses(&["review", "A", "--accept", " "], 2, "a review without words helps nobody");
    sandbox.ok(&["review", "A", "--accept", "20 of 20 runs pass"]).answers("A accepted as done at ");
    let row = sandbox.row("A");
    assert_eq!((&row["state"], &row["report"]["blockers"]), (&json!("done"), &json!(["a flaky test"])));
    sandbox.ok(&["report", "A", "--blocked", "still"]);
    assert_eq!(sandbox.row("A")["state"], "stopped", "what is accepted is what was reported then");
}

#[test]
fn a_worker_approves_nothing_of_its_own() {
    let mut sandbox = done("[task.A]\n[task.B]\n", &["A", "B"]);
    trusted(&sandbox, &["Eve"]);
    let approve = |sandbox: &Sandbox, id: &str, from: &str| {
        sandbox.run_in(&sandbox.place(from), &["review", id, "--approve", "land"])
    };
    approve(&sandbox, "A", "A").exits(3).says("this is the session of task 'A', and no worker lets anything go on");
    approve(&sandbox, "B", "A").exits(0);
    sandbox.env("GIT_DISPATCH_TASK", "A");
    sandbox.run(&["review", "B", "A", "--approve", "land"]).exits(3).says("session of task 'A'");
    sandbox.ok(&["review", "A", "--finding", "one may find fault with oneself"]);
    let mut other = done("[task.A]\n", &["A"]);
    other.env("GIT_CONFIG_COUNT", "1");
    other.env("GIT_CONFIG_KEY_0", "dispatch.reviewer");
    other.env("GIT_CONFIG_VALUE_0", "Eve");
    other.run(&["review", "A", "--approve", "land", "--as", "Eve"]).exits(3).says("'Eve' may let nothing go on here");
}

#[test]
fn a_person_at_a_terminal_is_asked() {
    let sandbox = done("review = [\"land\"]\n[task.A]\n", &["A"]);
    let asked = |answer: &str, end: &str| {
        let pane = Pane::open(&sandbox, 100, 20);
        let program = env!("CARGO_BIN_EXE_git-dispatch");
        pane.keys(&[&format!("{program} review A --approve land; echo code $?"), "Enter"]);
        pane.wait(|screen| screen.contains("[y/N]"));
        pane.keys(&[answer, "Enter"]);
        pane.wait(|screen| screen.contains(&format!("\n{end}")))
    };
    let screen = asked("n", "code 1");
    assert!(screen.contains("Approve the landing of A at ") && screen.contains(", as Ada? [y/N]"), "{screen}");
    assert_eq!(sandbox.count("reviewed"), 0);
    asked("y", "code 0");
    assert_eq!(reasons(&sandbox, "A"), json!([]));
}

#[test]
fn what_is_halted_neither_starts_nor_lands_until_it_is_resumed() {
    let sandbox = done("[task.A]\n[task.B]\n", &["A"]);
    sandbox
        .ok(&["review", "A", "B", "A", "--halt", "the schema changes"])
        .answers("A halted by Ada\nB halted by Ada\n");
    assert_eq!((reasons(&sandbox, "A"), sandbox.count("reviewed")), (json!(["halted"]), 2));
    sandbox.refuses(&["start", "--force", "B"], 3, "task 'B' is halted by a reviewer").says("review B --resume");
    sandbox.ok(&["status"]).answers("A is halted by Ada: the schema changes").answers("\n0 of 1 landed (0%)\n");
    sandbox.refuses(&["review", "A", "--resume"], 3, "it takes a person at a terminal");
    trusted(&sandbox, &["Ada"]);
    sandbox.ok(&["review", "A", "B", "--resume"]).answers("A let go on by Ada");
    sandbox.run(&["review", "A", "--resume"]).exits(1).says("task 'A' is not halted");
    sandbox.ok(&["start", "B"]);
    sandbox.ok(&["status"]).answers("ready to land: A");
}

#[test]
fn a_batch_of_research_frees_what_needs_it_once_it_is_sufficient() {
    let research = |id: &str, more: &str| format!("[task.{id}]\nkind = \"research\"\n{more}");
    let tasks = research("R1", "") + &research("R2", "") + "[task.B]\nneeds = [\"R1\"]\nestimate = \"1h\"\n[task.C]\n";
    let tasks = tasks
        + "estimate = \"30m\"\n[task.D]\nneeds = [\"C\"]\n"
        + &research("F", "follow-up = \"batch-001\"\nestimate = \"5m\"\n");
    let sandbox = started(&tasks, &["R1", "R2"]);
    trusted(&sandbox, &["Eve"]);
    sandbox.ok(&["report", "R1", "--done"]);
    sandbox.refuses(&["review", "batch-001", "--sufficient", "x"], 3, "task has not reported: 'R2'");
    sandbox.ok(&["report", "R2", "--done", "--text", "/dev/null"]);
    sandbox.refuses(&["review", "batch-9", "--sufficient", "x"], 2, "no batch 'batch-9' in the ledger");
    sandbox.refuses(&["review", "R1", "--sufficient", "x"], 2, "no batch 'R1' in the ledger");
    let start = |sandbox: &Sandbox| -> Vec<String> {
        let plan = sandbox.ok(&["plan", "--workers", "1", "--json"]).json();
        plan["start"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(start(&sandbox), ["C"], "it starts what is critical");
    sandbox.ok(&["status"]).answers("R1 and what was researched with it waits for a verdict");
    let told = sandbox.ok(&["review", "batch-001", "--insufficient", "nobody looked at costs", "--coverage", "speed"]);
    told.answers("batch-001 closed as insufficient by Eve");
    assert_eq!(start(&sandbox), ["F"], "a follow-up comes first");
    sandbox.ok(&["log"]).answers(", insufficient").answers("closed as insufficient by Eve: nobody looked at costs");
    sandbox.ok(&["status"]).answers("batch-001");
    sandbox.refuses(&["start", "B"], 3, "task 'B' needs 'R1' (done)");
    let told = sandbox.ok(&["review", "batch-001", "--sufficient", "all known now", "--json"]).json();
    assert_eq!((&told["closed"]["verdict"], &told["reviews"]), (&json!("sufficient"), &json!([])));
    assert_eq!(sandbox.row("R1")["state"], "landed");
    sandbox.ok(&["start", "B"]);
    sandbox.run(&["log", "--json"]).exits(0).json();
}

#[test]
fn two_that_are_done_and_collide_land_neither_by_itself() {
    let sandbox = started("[task.A]\n[task.B]\n[task.C]\n", &["A", "B", "C"]);
    for id in ["A", "B", "C"] {
        sandbox.commit_in(&sandbox.place(id), &[("shared", &format!("{id}\n"))], "work");
    }
    sandbox.ok(&["report", "A", "--done"]);
    assert_eq!(reasons(&sandbox, "A"), json!([]), "the others are not done");
    sandbox.ok(&["report", "B", "--done"]);
    assert_eq!((reasons(&sandbox, "A"), reasons(&sandbox, "B")), (json!(["collides:B"]), json!(["collides:A"])));
    let told = sandbox.ok(&["status"]);
    told.answers("A and B are both done and do not merge: neither lands by itself").answers(" merge task/B");
    let order = sandbox.ok(&["status", "--order"]);
    order.answers("A does not merge with B, done too").answers("B does not merge with A, done too");
    sandbox.git(&["merge", "--quiet", "--no-edit", "task/A"]);
    assert_eq!(reasons(&sandbox, "B"), json!([]));
}

#[test]
fn a_gate_bars_every_commit_that_nobody_approved_and_a_commit_can_be_named() {
    let sandbox = started("review = [\"land\"]\n[task.A]\n", &["A"]);
    trusted(&sandbox, &["Eve"]);
    let tip = sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    assert_eq!(reasons(&sandbox, "A"), json!(["gate:land"]), "reported or not");
    assert!(!sandbox.ok(&["status"]).stdout.contains("ready to land"));
    let approve = |tip: &str| ["review", "A", "--approve", "land", "--tip", tip].map(str::to_owned);
    let run = |tip: &str| sandbox.run(&approve(tip).iter().map(String::as_str).collect::<Vec<_>>());
    run("deadbeefdead").exits(3).says(&format!("task 'A' is at {tip}, and not at 'deadbeefdead'"));
    run(&tip[..4]).exits(3);
    run(&tip[..12]).exits(0);
    assert_eq!(reasons(&sandbox, "A"), json!([]));
    sandbox.commit_in(&sandbox.place("A"), &[("a", "2\n")], "more");
    run(&tip).exits(3);
    assert_eq!(reasons(&sandbox, "A"), json!(["gate:land"]));
}

#[test]
fn nobody_stands_on_what_reviewers_hold_back_and_nobody_adopts_past_a_gate() {
    let research = "[task.R]\nkind = \"research\"\n[task.X]\nneeds = [\"R\"]\n";
    let sandbox = done(&format!("[task.A]\n[task.C]\nneeds = [\"A\"]\n{research}"), &["A"]);
    sandbox.ok(&["start", "R"]);
    sandbox.ok(&["report", "R", "--done"]);
    sandbox.refuses(&["start", "--stack", "X"], 3, "task 'X' needs 'R', which waits for a reviewer");
    let plan = sandbox.ok(&["plan", "--json"]).json();
    assert_eq!(plan["next"], json!({"action": "stack", "tasks": ["C"]}));
    sandbox.ok(&["review", "A", "--reject", "a backdoor"]);
    sandbox.refuses(&["start", "--stack", "C"], 3, "task 'C' needs 'A', which waits for a reviewer");
    assert_eq!(sandbox.ok(&["plan", "--json"]).json()["next"]["action"], "land");
    let gated = Sandbox::with_tasks("[task.G]\nreview = [\"start\"]\n");
    gated.git(&["branch", "theirs"]);
    gated.refuses(&["adopt", "G", "theirs"], 3, "task 'G' waits for a review before it starts");
    trusted(&gated, &["Eve"]);
    gated.ok(&["review", "G", "--approve", "start"]);
    gated.ok(&["adopt", "G", "theirs"]);
}

#[test]
fn a_worker_says_nothing_of_others_and_a_dry_run_is_refused_alike() {
    let mut sandbox = done("[task.A]\n[task.B]\n", &["A", "B"]);
    sandbox.refuses(&["review", "A", "--approve", "land", "-n"], 3, "it takes a person at a terminal");
    trusted(&sandbox, &["Eve"]);
    sandbox.env("GIT_DISPATCH_TASK", "A");
    sandbox.refuses(&["review", "B", "--approve", "land"], 3, "no worker lets anything go on");
    sandbox.refuses(&["report", "B", "--blocked", "x"], 3, "no worker reports on another task");
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.refuses(&["review", "A", "--finding", "x", "--as", "a\u{202e}b"], 2, "is no name of a reviewer");
}

#[test]
fn of_many_that_speak_at_once_each_is_heard() {
    let ids: Vec<String> = (0..24).map(|number| format!("T{number}")).collect();
    let tasks: String = ids.iter().map(|id| format!("[task.{id}]\n")).collect();
    let sandbox = Sandbox::with_tasks(&tasks);
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    sandbox.ok(&[&["start"], &all[..]].concat());
    std::thread::scope(|scope| {
        for id in &all {
            scope.spawn(|| sandbox.ok(&["report", id, "--blocked", "x"]));
        }
    });
    assert_eq!(sandbox.count("reported"), 24);
}
