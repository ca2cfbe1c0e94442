//! `git dispatch start` of a task that has stopped: it goes on where it was.

use serde_json::json;

use crate::support::{Sandbox, write_in};

/// A and B are started, and A has stopped with a commit.
fn stopped(tasks: &str) -> Sandbox {
    let sandbox = Sandbox::with_tasks(tasks);
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.ok(&["report", "A", "--blocked", "a key"]);
    assert_eq!(sandbox.row("A")["state"], "stopped");
    sandbox
}

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\n[task.C]\n";

#[test]
fn a_stopped_task_goes_on_in_its_worktree_as_the_file_has_it_now() {
    let sandbox = stopped(TASKS);
    let place = sandbox.place("A");
    write_in(&place, "half", "done\n");
    let was = sandbox.row("A");
    sandbox.ok(&["why", "A"]).answers("reported blocked: a key          git dispatch start A   to go on with it\n");
    sandbox.commit(
        &[("dispatch.toml", &TASKS.replace("First", "Better").replace("[task.B]", "writes = [\"a\"]\n[task.B]"))],
        "edit",
    );
    let told = sandbox.ok(&["start", "A", "C", "--dry-run"]);
    told.answers(&format!("  A  task/A  {}  would go on\n", place.display())).answers("  C  task/C  ");
    assert_eq!(sandbox.count("continued"), 0);
    let told = sandbox.ok(&["start", "A", "C"]);
    let told = told.answers("batch-001 from main at ").answers(&format!("  A  task/A  {}  goes on\n", place.display()));
    told.answers("batch-002 from main at ").answers(&format!("Terminal 1:\n  cd {}\n", place.display()));
    let row = sandbox.row("A");
    assert_eq!((&row["state"], &row["title"]), (&json!("active"), &json!("Better")));
    for same in ["batch", "branch", "worktree", "base", "tip", "commits"] {
        assert_eq!(row[same], was[same], "{same}");
    }
    assert_eq!(std::fs::read_to_string(place.join("half")).unwrap(), "done\n");
    sandbox.ok(&["brief", "A"]).answers("a key").answers("Better");
    assert_eq!((sandbox.count("continued"), sandbox.count("starting"), sandbox.count("started")), (1, 2, 2));
    sandbox.refuses(&["start", "A"], 1, "task 'A' is already active on branch 'task/A'");
    // It may stop, and go on, any number of times.
    sandbox.ok(&["report", "A", "--partial", "half"]);
    let told = sandbox.ok(&["start", "A", "--json"]).json();
    assert_eq!((&told["tasks"][0]["already"], &told["tasks"][0]["goes_on"]), (&json!(true), &json!(true)));
    assert_eq!(told["tasks"][0]["batch"], "batch-001");
    sandbox.git(&["fsck", "--strict"]);
}

#[test]
fn several_go_on_beside_new_ones_in_one_step_and_busy_workers_are_counted() {
    let sandbox = Sandbox::with_tasks("workers = 2\n[task.A]\n[task.B]\n[task.C]\n");
    sandbox.ok(&["start", "A"]);
    sandbox.commit(&[("main", "1\n")], "main");
    sandbox.ok(&["start", "B"]);
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.ok(&["report", "B", "--blocked", "y"]);
    let ledger = || sandbox.git(&["rev-list", "--count", "refs/notes/dispatch"]).parse::<u32>().unwrap();
    let before = ledger();
    let told = sandbox.ok(&["start", "B", "C", "A"]).says("3 active tasks for 2 worker slots");
    told.answers("batch-001 from ").answers("batch-002 from ").answers("batch-003 from ");
    assert_eq!(ledger() - before, 2, "one for all that was decided, one for what was made");
    assert_eq!((sandbox.count("continued"), sandbox.count("starting"), sandbox.count("started")), (2, 3, 3));
    assert_eq!(["A", "B", "C"].map(|id| sandbox.row(id)["state"].clone()), ["active"; 3].map(|state| json!(state)));
}

#[test]
fn what_keeps_others_from_starting_keeps_a_stopped_task_from_going_on() {
    let tasks = "[task.A]\nwrites = [\"a\"]\n[task.B]\nwrites = [\"b\"]\nlocks = [\"db\"]\n[task.C]\n";
    let sandbox = stopped(tasks);
    let edit = |from: &str, to: &str| sandbox.commit(&[("dispatch.toml", &tasks.replace(from, to))], "edit");
    edit("[\"a\"]", "[\"b\"]");
    let refused = sandbox.refuses(&["start", "A"], 3, "task 'A' writes 'b' like 'B'");
    refused.says("use 'git dispatch start --force A' to start it all the same");
    edit("[\"a\"]", "[\"a\"]\nreads = [\"b\"]");
    sandbox.refuses(&["start", "A"], 3, "task 'A' reads 'b', which 'B' writes");
    edit("[\"a\"]", "[\"a\"]\nlocks = [\"db\"]");
    sandbox.refuses(&["start", "--force", "A"], 3, "task 'A' wants lock 'db', which 'B' holds");
    edit("[\"a\"]", "[\"a\"]\nneeds = [\"C\"]");
    sandbox.refuses(&["start", "A"], 3, "task 'A' needs 'C'").says("git dispatch start --force A");
    assert_eq!(sandbox.row("A")["state"], "stopped");
    sandbox.ok(&["start", "--force", "A"]);
    assert_eq!(sandbox.row("A")["state"], "active");
    // What it needed when it started does not keep it from going on.
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "work");
    sandbox.ok(&["report", "B", "--done"]);
    let refused = sandbox.refuses(&["start", "B"], 1, "task 'B' is done on branch 'task/B'");
    refused.says("use 'git dispatch report B --partial \"WHY\"' to say that there is more to do");
}

#[test]
fn an_approval_to_start_is_of_the_text_also_for_what_goes_on() {
    let tasks = "review = [\"start\"]\n[task.A]\ntitle = \"First\"\n";
    let sandbox = Sandbox::with_tasks(tasks);
    sandbox.git(&["config", "dispatch.reviewer", "ada"]);
    sandbox.ok(&["review", "A", "--approve", "start"]);
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.commit(&[("dispatch.toml", &tasks.replace("First", "Another"))], "edit");
    sandbox.refuses(&["start", "A"], 3, "task 'A' waits for a review before it starts");
    sandbox.refuses(&["start", "A", "--fresh"], 3, "task 'A' waits for a review before it starts");
    sandbox.ok(&["review", "A", "--approve", "start"]);
    assert_eq!(sandbox.row("A")["state"], "stopped");
    sandbox.ok(&["review", "A", "--halt", "wait"]);
    sandbox.refuses(&["start", "A", "--force"], 3, "task 'A' is halted by a reviewer");
    sandbox.ok(&["review", "A", "--resume"]);
    sandbox.ok(&["start", "A"]);
}

#[test]
fn a_worktree_that_is_not_there_or_elsewhere_is_named_with_what_mends_it() {
    let sandbox = stopped(TASKS);
    let place = sandbox.place("A");
    sandbox.git_in(&place, &["switch", "--quiet", "--detach"]);
    let refused = sandbox.refuses(&["start", "A"], 3, "' of task 'A' is not on its branch 'task/A'");
    refused.says(&format!("use 'git -C {} switch task/A' to check it out there", place.display()));
    sandbox.git_in(&place, &["switch", "--quiet", "task/A"]);
    let aside = sandbox.root().join("aside");
    std::fs::rename(&place, &aside).unwrap();
    let refused = sandbox.refuses(&["start", "A"], 3, "' of task 'A' is gone");
    refused.says("use 'git worktree repair NEW-PATH'").says("git worktree unlock ").says("git worktree remove ");
    std::fs::rename(&aside, &place).unwrap();
    let link = std::fs::read(place.join(".git")).unwrap();
    write_in(&place, ".git", "");
    sandbox.refuses(&["start", "A"], 3, "' of task 'A' is broken").says("use 'git worktree repair' to mend it");
    std::fs::write(place.join(".git"), link).unwrap();
    // A merge that the worker could not solve is what it goes on with.
    sandbox.commit(&[("a", "other\n")], "conflict");
    assert!(!sandbox.try_git_in(&place, &["merge", "main"]).status.success());
    sandbox.ok(&["start", "A"]).says("task 'A' goes on in the middle of a merge");
    sandbox.git_in(&place, &["merge", "--abort"]);
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.git(&["worktree", "unlock", place.to_str().unwrap()]);
    sandbox.git(&["worktree", "remove", place.to_str().unwrap()]);
    let refused = sandbox.refuses(&["start", "A"], 3, "task 'A' has no worktree to go on in");
    refused.says(&format!("use 'git worktree add {} task/A'", place.display()));
}

#[test]
fn what_goes_on_is_taken_back_alone_and_no_work_is_lost() {
    let sandbox = stopped(TASKS);
    let place = sandbox.place("A");
    let (was, before) = (sandbox.row("A"), sandbox.besides_the_ledger());
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["undo", "-n"]).answers("batch-001 would not go on").answers("  A  would be as it was before\n");
    assert_eq!(sandbox.row("A")["state"], "active");
    let told = sandbox.ok(&["undo", "--json"]).json();
    assert_eq!((&told["continued"], &told["tasks"][0]["id"]), (&json!(true), &json!("A")));
    assert_eq!((sandbox.row("A"), sandbox.besides_the_ledger()), (was, before));
    sandbox.refuses(&["undo"], 3, "cannot undo batch-001: ").says("task 'A' has a report");
    // Also where another batch began since, the last thing done is what is taken back.
    sandbox.ok(&["start", "C"]);
    sandbox.ok(&["start", "A"]);
    let tip = sandbox.commit_in(&place, &[("a", "2\n")], "more");
    write_in(&place, "half", "done\n");
    sandbox.ok(&["undo"]).answers("batch-001 does not go on");
    assert_eq!((sandbox.git(&["rev-parse", "task/A"]), place.join("half").exists()), (tip, true));
    sandbox.ok(&["undo"]).answers("batch-002 undone");
    // A report since then is not contradicted.
    sandbox.ok(&["report", "A", "--partial", "x"]);
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["report", "A", "--partial", "y"]);
    sandbox.refuses(&["undo"], 3, "cannot undo batch-001: task 'A' has a report");
}
