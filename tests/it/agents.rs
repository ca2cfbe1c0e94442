//! Who works on a task: `[agent.NAME]`, `start --agent`, and workers that are elsewhere.

use serde_json::{Value, json};

use crate::scene::KILL_THEM;
use crate::support::Sandbox;

const AGENTS: &str = "[agent.claude]\nmodel = \"sonnet\"\nbranch = \"{{ agent }}/{{ id }}-{{ title | slug }}\"\n\
    [agent.codex]\nmodel = \"large\"\nmax-turns = 7\n\
    [agent.far]\nisolated = false\n[agent.far2]\nisolated = false\n";

fn with(tasks: &str) -> Sandbox {
    Sandbox::with_tasks(&format!("copy = [\".env\"]\n{AGENTS}{tasks}"))
}

#[test]
fn a_start_may_be_for_somebody_else_than_the_file_says() {
    let sandbox = with("[task.A]\ntitle = \"Do it!\"\nagent = \"claude\"\n[task.B]\n");
    let refused = sandbox.refuses(&["start", "A", "--agent", "cluade"], 2, "the task file has no table [agent.cluade]");
    refused.says("did you mean 'claude'?");
    sandbox
        .refuses(&["start", "A", "--agent", "\u{1b}[2J$(id)"], 2, "no table [agent.\\e[2J$(id)]")
        .says("it has claude, ");
    assert_eq!(sandbox.row("A")["branch"], "claude/A-do-it");
    sandbox.ok(&["start", "A", "--agent", "codex"]);
    let row = sandbox.row("A");
    assert_eq!((&row["branch"], &row["agent"]), (&json!("task/A"), &json!("codex")));
    let brief = sandbox.ok(&["brief", "A", "--json"]).json()["brief"].clone();
    assert_eq!((&brief["agent"], &brief["model"], &brief["max_turns"]), (&json!("codex"), &json!("large"), &json!(7)));
    sandbox.ok(&["start", "B", "--agent", "claude"]);
    assert_eq!(sandbox.row("B")["branch"], "claude/B-B");
    sandbox.ok(&["report", "B", "--started"]);
    assert_eq!(sandbox.events().last().unwrap()["agent"], "claude");
    // Whom the file names then, else who worked on it before, goes on with what has stopped.
    for id in ["A", "B"] {
        sandbox.ok(&["report", id, "--blocked", "a \u{1b}[31mkey\nof theirs"]);
    }
    let told = sandbox.ok(&["status"]).answers("    A has stopped: needs a \\e[31mkey …\n");
    told.answers("      git dispatch start A\n").answers("      git dispatch start A --agent claude\n");
    sandbox.ok(&["start", "A", "B"]);
    let agents = ["A", "B"].map(|id| sandbox.row(id)["agent"].clone());
    assert_eq!(agents, ["claude", "claude"].map(Value::from));
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.ok(&["start", "A", "--agent", "codex"]);
    let row = sandbox.row("A");
    assert_eq!((&row["agent"], &row["branch"], &row["state"]), (&json!("codex"), &json!("task/A"), &json!("active")));
}

#[test]
fn branches_of_agents_that_are_in_the_way_of_each_other_are_refused() {
    let sandbox = Sandbox::with_tasks(
        "[agent.one]\nbranch = \"x/{{ id }}\"\n[agent.two]\nbranch = \"x/A/{{ id }}\"\n\
         [task.A]\nagent = \"one\"\n[task.B]\nagent = \"two\"\n",
    );
    sandbox.refuses(
        &["start", "A", "B"],
        3,
        "branch 'x/A', which starts, too, is in the way of branch 'x/A/B' of task 'B'",
    );
    sandbox.ok(&["start", "A"]);
    sandbox.refuses(&["start", "B"], 3, "branch 'x/A' is in the way of branch 'x/A/B' of task 'B'");
}

#[test]
fn what_has_stopped_begins_anew_beside_and_undo_brings_the_old_one_back() {
    let sandbox = with("[task.A]\ntitle = \"T\"\n[task.B]\n");
    sandbox.refuses(&["start", "A", "--fresh"], 2, "task 'A' is ready: only what has stopped starts afresh");
    sandbox.ok(&["start", "A"]);
    let old = sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.refuses(&["start", "A", "--fresh"], 1, "task 'A' is already active");
    sandbox.ok(&["report", "A", "--partial", "a dead end"]);
    let was = sandbox.row("A");
    let base = sandbox.commit(&[("main", "1\n")], "main");
    let before = sandbox.besides_the_ledger();
    // What is taken already is left alone.
    std::fs::create_dir(sandbox.place("A.2")).unwrap();
    sandbox.git(&["branch", "task/A.3"]);
    let told = sandbox.ok(&["start", "A", "--fresh", "--agent", "codex"]).answers("  A  task/A.4  ");
    let place = sandbox.place("A.4");
    told.answers(&format!("cd {}\n", place.display()));
    let row = sandbox.row("A");
    let seen = ["state", "branch", "base", "commits", "batch", "agent"].map(|key| row[key].clone());
    assert_eq!(seen, [json!("active"), json!("task/A.4"), json!(base), json!(0), json!("batch-002"), json!("codex")]);
    assert_eq!(row["worktree"], place.display().to_string());
    assert_eq!(sandbox.git(&["rev-parse", "task/A"]), old);
    sandbox.ok(&["brief", "A"]).answers("a dead end").answers("task/A.4");
    // The old worktree, which is still locked for the task, is not taken for the new one.
    sandbox.git(&["worktree", "unlock", place.to_str().unwrap()]);
    sandbox.git(&["worktree", "remove", place.to_str().unwrap()]);
    let row = sandbox.row("A");
    assert_eq!((&row["worktree"], &row["notes"]), (&Value::Null, &json!(["has no worktree"])));
    sandbox.git(&["worktree", "add", "--quiet", place.to_str().unwrap(), "task/A.4"]);
    sandbox.refuses(&["adopt", "A", "task/A"], 1, "task 'A' is already active on branch 'task/A.4'");
    sandbox.refuses(&["undo", "batch-001"], 3, "task 'A' was started again in batch-002");
    sandbox.ok(&["undo"]).answers("batch-002 undone");
    std::fs::remove_dir(sandbox.place("A.2")).unwrap();
    sandbox.git(&["branch", "-D", "task/A.3"]);
    assert_eq!(sandbox.besides_the_ledger(), before);
    let now = sandbox.row("A");
    for same in ["state", "branch", "worktree", "base", "tip", "commits", "batch", "notes", "port"] {
        assert_eq!(now[same], was[same], "{same}");
    }
    sandbox.ok(&["start", "A"]).answers("  goes on\n");
}

/// A, whose worker is elsewhere, has started; `origin` is there.
fn away() -> Sandbox {
    let sandbox = with("[task.A]\nagent = \"far\"\nwrites = [\"a\"]\n[task.B]\n");
    sandbox.git(&["init", "--quiet", "--bare", "../origin"]);
    sandbox.git(&["remote", "add", "origin", "../origin"]);
    sandbox
}

/// A commit of somebody else's on the branch, pushed; fetched here.
fn arrives(sandbox: &Sandbox, from: &str, file: &str) -> String {
    let clone = sandbox.root().join("elsewhere");
    if !clone.exists() {
        sandbox.git(&["clone", "--quiet", "../origin", clone.to_str().unwrap()]);
    }
    sandbox.git_in(&clone, &["fetch", "--quiet"]);
    sandbox.git_in(&clone, &["checkout", "--quiet", "-B", "task/A", from]);
    let tip = sandbox.commit_in(&clone, &[(file, "1\n")], "from elsewhere");
    sandbox.git_in(&clone, &["push", "--quiet", "--force", "origin", "task/A"]);
    sandbox.git(&["fetch", "--quiet", "origin"]);
    tip
}

#[test]
fn who_works_elsewhere_gets_a_branch_and_a_brief_and_is_followed() {
    let sandbox = away();
    sandbox.ok(&["start", "A", "-n"]).answers("  A  task/A  no worktree  from ");
    let told = sandbox.ok(&["start", "A"]).answers("  A  task/A  no worktree\n");
    let told = told.answers("\nA, elsewhere:\n  git push origin task/A\n  git dispatch brief A\n");
    assert!(!told.stdout.contains("Terminal"), "{told:#?}");
    assert!(!sandbox.place("A").exists());
    assert_eq!(sandbox.ok(&["brief", "A", "--json"]).json()["brief"]["worktree"], false);
    sandbox.refuses(&["start", "A"], 1, "task 'A' is already active on branch 'task/A'");
    let local = sandbox.git(&["rev-parse", "task/A"]);
    let row = sandbox.row("A");
    let seen = ["state", "worktree", "changes", "notes", "followed", "commits"].map(|key| row[key].clone());
    assert_eq!(seen, [json!("active"), Value::Null, Value::Null, json!([]), Value::Null, json!(0)]);
    sandbox.git(&["push", "--quiet", "origin", "task/A", "main"]);
    assert_eq!(sandbox.row("A")["followed"], Value::Null, "both are the same");
    let tip = arrives(&sandbox, "origin/task/A", "a");
    let row = sandbox.row("A");
    let seen = ["state", "followed", "tip", "commits", "ahead"].map(|key| row[key].clone());
    assert_eq!(seen, [json!("active"), json!("origin/task/A"), json!(tip), json!(1), json!(1)]);
    assert_eq!((&row["readiness"]["verdict"], &row["drift"]["paths"]), (&json!("clean"), &json!([])));
    assert_eq!(sandbox.git(&["rev-parse", "task/A"]), local, "nothing moves the branch");
    sandbox.ok(&["status"]).answers("ready to land: A");
    sandbox.refuses(&["undo"], 3, "task 'A' has 1 commit of its own on 'task/A'");
    sandbox.ok(&["report", "A", "--done"]);
    assert_eq!((&sandbox.events().pop().unwrap()["tip"], &sandbox.row("A")["state"]), (&json!(tip), &json!("done")));
    // Without the local branch, too; and what the target took has landed.
    sandbox.git(&["branch", "-D", "task/A"]);
    assert_eq!((&sandbox.row("A")["tip"], &sandbox.row("A")["state"]), (&json!(tip), &json!("done")));
    sandbox.git(&["merge", "--quiet", "--no-ff", "origin/task/A"]);
    assert_eq!(sandbox.row("A")["state"], "landed");
}

#[test]
fn a_twin_that_went_another_way_is_named_and_the_local_branch_counts() {
    let sandbox = away();
    sandbox.ok(&["start", "A"]);
    sandbox.git(&["push", "--quiet", "origin", "task/A", "main"]);
    arrives(&sandbox, "origin/task/A", "a");
    sandbox.git(&["worktree", "add", "--quiet", "../mine", "task/A"]);
    sandbox.refuses(&["undo"], 3, "branch 'task/A' is checked out in '");
    let own = sandbox.commit_in(&sandbox.root().join("mine"), &[("b", "1\n")], "mine");
    sandbox.git(&["worktree", "remove", "../mine"]);
    let row = sandbox.row("A");
    assert_eq!((&row["tip"], &row["followed"]), (&json!(own), &Value::Null));
    assert_eq!(
        row["notes"],
        json!(["'origin/task/A' and 'task/A' both have commits of their own: the local one counts"])
    );
    assert_eq!(row["steps"][0]["commands"], json!(["git log --oneline --left-right task/A...origin/task/A"]));
}

#[test]
fn a_start_without_a_worktree_is_resumed_undone_and_goes_on_like_any_other() {
    let sandbox = away();
    let before = sandbox.besides_the_ledger();
    sandbox.ok(&["start", "A", "B", "--agent", "far2"]);
    assert_eq!(sandbox.row("B")["worktree"], Value::Null);
    sandbox.ok(&["undo"]).answers("without branch task/A\n").answers("without branch task/B\n");
    assert_eq!(sandbox.besides_the_ledger(), before);
    // Killed in the transaction that makes the branch.
    let hook = sandbox.script(
        "repo/.git/hooks/reference-transaction",
        &format!("[ \"$1\" = committed ] && grep -q heads/task/ || exit 0\n{KILL_THEM}"),
    );
    let killed = sandbox.run(&["start", "A"]);
    assert_ne!(killed.code, Some(0), "{killed:#?}");
    std::fs::remove_file(hook).unwrap();
    assert_eq!(sandbox.count("started"), 1);
    sandbox.ok(&["start", "A"]).answers("  A  task/A  no worktree  was there already\n");
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.ok(&["start", "A"]).answers("  A  task/A  no worktree  goes on\n");
    assert_eq!(sandbox.row("A")["state"], "active");
}
