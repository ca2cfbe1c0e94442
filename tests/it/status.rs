//! `git dispatch status`, with git as the oracle.

use serde_json::{Value, json};

use crate::landed::{is_active, landed, standing};
use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\ntitle = \"Second\"\n[task.C]\nneeds = [\"A\", \"B\"]\n";

/// A and B are started.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A", "B"]);
    sandbox
}

/// Takes the worktree of a task away, and its branch.
fn forget(sandbox: &Sandbox, id: &str) {
    sandbox.git(&["worktree", "remove", "--force", "--force", sandbox.place(id).to_str().unwrap()]);
    sandbox.git(&["branch", "-D", &format!("task/{id}")]);
}

#[test]
fn nothing_under_way_is_said_with_the_command_to_go_on() {
    let sandbox = Sandbox::with_tasks(TASKS);
    assert_eq!(sandbox.ok(&["status"]).stdout, "Nothing is under way.\n\n  git dispatch plan\n");
    assert_eq!(sandbox.ok(&["status", "--json"]).json()["tasks"], json!([]));
    sandbox.ok(&["log"]).answers("No batch was started yet.");
}

#[test]
fn counts_are_those_of_git() {
    let sandbox = started();
    sandbox.git(&["config", "status.showUntrackedFiles", "no"]);
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("one", "1\n"), ("two", "2\n"), ("both", "a\n")], "own 1");
    sandbox.commit_in(&place, &[("three", "3\n")], "own 2");
    sandbox.commit(&[("main-1", "1\n")], "main 1");
    sandbox.git_in(&place, &["merge", "--quiet", "--no-edit", "main"]);
    sandbox.commit(&[("both", "b\n")], "main 2");
    let merging = sandbox.try_git_in(&place, &["merge", "main"]);
    assert!(!merging.status.success());
    write_in(&place, "one", "changed\n");
    write_in(&place, "staged", "new\n");
    sandbox.git_in(&place, &["add", "staged"]);
    write_in(&place, "folder/untracked", "1\n");
    write_in(&place, "folder/untracked too", "1\n");
    let row = sandbox.row("A");
    let count = |range: &str| sandbox.git(&["rev-list", "--count", range]).parse::<u64>().unwrap();
    let base = row["base"].as_str().unwrap();
    assert_eq!(row["tip"], sandbox.git(&["rev-parse", "task/A"]));
    assert_eq!((count(&format!("{base}..task/A")), count("main..task/A")), (4, 3));
    assert_eq!(row["commits"], 3, "without the commit of the target");
    assert_eq!(row["ahead"], count("main..task/A"));
    assert_eq!(row["behind"], count("task/A..main"));
    assert_eq!(row["changes"], json!({"staged": 1, "modified": 1, "untracked": 1, "conflicted": 1}));
    assert_eq!(row["last_commit_at"], "2026-01-19T00:04:00Z");
    assert!(row["notes"][0].as_str().unwrap().starts_with("a merge is under way in"), "{row}");
    let text = sandbox.ok(&["status"]).stdout;
    assert!(text.contains("+1 ~1 ?1 !1"), "{text}");
}

#[test]
fn readiness_is_that_of_merge_tree() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("README", "theirs\n"), ("new", "1\n"), ("dir/ü", "a\n")], "A");
    sandbox.commit_in(&sandbox.place("B"), &[("other", "1\n")], "B");
    assert_eq!(sandbox.row("B")["readiness"]["fast_forward"], true);
    sandbox.commit(&[("README", "ours\n"), ("dir/ü", "b\n")], "main");
    for (id, verdict) in [("A", "conflict"), ("B", "clean")] {
        let ready = sandbox.row(id)["readiness"].clone();
        // Conflict markers name the sides as they were given.
        let sides = ["main", &format!("task/{id}")].map(|name| sandbox.git(&["rev-parse", name]));
        let arguments = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", &sides[0], &sides[1]];
        let said = sandbox.try_git_in(&sandbox.repo(), &arguments);
        let said_text = String::from_utf8(said.stdout).unwrap();
        let mut fields = said_text.split_terminator('\0');
        assert_eq!((&ready["verdict"], &ready["fast_forward"]), (&json!(verdict), &json!(false)));
        assert_eq!(said.status.code(), Some(i32::from(verdict == "conflict")));
        assert_eq!(ready["tree"], fields.next().unwrap());
        assert_eq!(ready["conflicts"], json!(fields.collect::<Vec<_>>()));
    }
    sandbox.ok(&["status"]).answers("2 conflicts").answers("    A conflicts with main in\n      README\n      dir/ü\n");
    let _ = sandbox.run(&["status", "--exit-code"]).exits(1);
    let _ = sandbox.run(&["status", "--exit-code", "B"]).exits(0);
    sandbox.ok(&["status"]).answers("0 of these 2 landed (0%) · ready to land: B · conflicts: A · when all land: C");
}

#[test]
fn a_merged_branch_has_landed_and_lookalikes_have_not() {
    let sandbox = started();
    is_active(&sandbox, "A");
    assert_eq!(sandbox.row("A")["readiness"]["verdict"], "empty");
    // Only fast-forwarded to the target: still no work of its own.
    let news = sandbox.commit(&[("news", "1\n")], "news");
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "--ff-only", &news]);
    is_active(&sandbox, "A");
    // An empty commit changes nothing, so nothing of it can land.
    sandbox.commit_in(&sandbox.place("B"), &[], "empty");
    is_active(&sandbox, "B");
    // Merged, and the target goes on.
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    is_active(&sandbox, "A");
    sandbox.git(&["merge", "--quiet", "--no-ff", "-m", "Merge pull request #12 from ada/task/A", "task/A"]);
    landed(&sandbox, "A", "ancestor");
    assert_eq!(sandbox.row("A")["pr"], "#12");
    sandbox.ok(&["status"]).answers("landed (PR #12)").answers("1 of these 2 landed (50%)");
    // Work after the landing is work.
    sandbox.commit_in(&sandbox.place("A"), &[("a", "2\n")], "more");
    is_active(&sandbox, "A");
    assert_eq!(sandbox.row("A")["ahead"], 1);
}

#[test]
fn a_branch_that_the_target_was_fast_forwarded_to_has_landed() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--ff-only", "task/A"]);
    landed(&sandbox, "A", "ancestor");
    // The other way round: B goes along with the target, as its reflog tells.
    sandbox.git_in(&sandbox.place("B"), &["merge", "--quiet", "--ff-only", "main"]);
    is_active(&sandbox, "B");
    let row = sandbox.row("B");
    assert_eq!(row["readiness"]["verdict"], "empty");
    assert_eq!((&row["commits"], &row["notes"]), (&json!(0), &json!([])));
    // Without it nothing tells whose commits those are.
    std::fs::remove_file(sandbox.repo().join(".git/logs/refs/heads/task/B")).unwrap();
    let row = sandbox.row("B");
    assert!(row["notes"][0].as_str().unwrap().contains("write state = \"landed\" into [task.B]"), "{row}");
}

#[test]
fn a_squashed_branch_has_landed_while_merging_it_adds_nothing() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work 1");
    sandbox.commit_in(&sandbox.place("A"), &[("b", "1\n")], "work 2");
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit(&[], "A, squashed");
    landed(&sandbox, "A", "same-tree");
    assert_eq!(sandbox.row("A")["readiness"]["verdict"], "landed");
    // A revert on the target takes the work away again.
    sandbox.git(&["revert", "--no-edit", "HEAD"]);
    is_active(&sandbox, "A");
}

#[test]
fn a_deleted_branch_has_landed_where_a_commit_names_it() {
    let sandbox = started();
    let work = |id: &str| sandbox.commit_in(&sandbox.place(id), &[(id, "1\n")], "work");
    work("A");
    work("B");
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit(&[], "First\n\nTask: A");
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/B"]);
    forget(&sandbox, "A");
    forget(&sandbox, "B");
    landed(&sandbox, "A", "message");
    landed(&sandbox, "B", "message");
    let whole = sandbox.ok(&["status", "--all", "--json"]).json();
    assert_eq!(whole["batches"][0]["state"], "complete");
    assert_eq!(sandbox.ok(&["status", "--json"]).json()["tasks"], json!([]));
    assert_eq!(
        sandbox.ok(&["status"]).stdout,
        "Nothing is under way; 2 of 2 started tasks have landed.\n\n  git dispatch plan\n  git dispatch status --all\n"
    );
    sandbox.ok(&["start", "C"]);
    // A later start of a task is not proved by what came before.
    sandbox.commit(&[("later", "1\n")], "later");
    sandbox.ok(&["start", "--again", "A"]);
    forget(&sandbox, "A");
    assert_eq!(sandbox.row("A")["state"], "lost");
}

#[test]
fn a_deleted_branch_that_no_commit_names_is_lost() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    forget(&sandbox, "A");
    assert_eq!(standing(&sandbox, "A"), (json!("lost"), Value::Null));
    sandbox
        .ok(&["status"])
        .answers(
            "    A its branch 'task/A' is gone, and nothing shows that it landed\n      git dispatch adopt A BRANCH\n",
        )
        .answers("    A if it was squashed or rebased onto the target, write state = \"landed\" into [task.A]\n");
    let _ = sandbox.run(&["status", "--exit-code"]).exits(1);
    // An id that is a part of another names nothing.
    sandbox.commit(&[("x", "1\n")], "x\n\nTask: AB");
    assert_eq!(sandbox.row("A")["state"], "lost");
}

#[test]
fn a_recorded_landing_holds_until_the_branch_moves() {
    let sandbox = started();
    let tip = sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    let commit = sandbox.commit(&[("elsewhere", "1\n")], "applied by hand");
    let event = json!({"at": "2026-01-19T01:00:00.000Z", "uid": "f1", "v": 1, "event": "landed", "task": "A", "tip": tip, "commit": commit, "pr": "#7"});
    sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &event.to_string(), &commit]);
    landed(&sandbox, "A", "recorded");
    assert_eq!(sandbox.row("A")["pr"], "#7");
    sandbox.commit_in(&sandbox.place("A"), &[("a", "2\n")], "more");
    is_active(&sandbox, "A");
}

#[test]
fn a_declared_landing_holds_without_any_trace() {
    let sandbox = Sandbox::with_tasks("[task.A]\nstate = \"landed\"\n[task.B]\nneeds = [\"A\"]\n");
    landed(&sandbox, "A", "declared");
    sandbox.ok(&["start", "B"]);
}

#[test]
fn a_rebase_under_way_still_is_the_tasks_branch() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("README", "theirs\n")], "theirs");
    sandbox.commit(&[("README", "ours\n")], "ours");
    assert!(!sandbox.try_git_in(&place, &["rebase", "main"]).status.success());
    let row = sandbox.row("A");
    assert_eq!(row["notes"], json!([format!("a rebase is under way in '{}'", place.display())]));
    assert_eq!((&row["state"], &row["changes"]["conflicted"]), (&json!("active"), &json!(1)));
}

#[test]
fn a_branch_that_was_reset_or_rewritten_still_counts_from_its_base() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("a", "1\n")], "one");
    sandbox.commit_in(&place, &[("a", "2\n")], "two");
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", "HEAD~1"]);
    assert_eq!(sandbox.row("A")["commits"], 1);
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", "main"]);
    assert_eq!(sandbox.row("A")["commits"], 0);
    is_active(&sandbox, "A");
}

#[test]
fn an_active_task_outlives_its_place_in_the_file() {
    let sandbox = started();
    sandbox.write("dispatch.toml", "[task.B]\ntitle = \"Renamed\"\nwrites = [\"b\"]\n");
    let row = sandbox.row("A");
    assert_eq!((&row["state"], &row["title"]), (&json!("active"), &json!("First")));
    assert_eq!(row["notes"][0], "is no longer in the task file; what it was when it started still holds");
    assert_eq!(sandbox.row("B")["title"], "Second");
}

#[test]
fn a_branch_of_a_remote_shows_the_task_elsewhere() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["update-ref", "refs/remotes/origin/task/A", "main"]);
    assert_eq!(sandbox.row("A")["state"], "elsewhere");
    sandbox.ok(&["status"]).answers("In no batch").answers("A was started elsewhere: 'origin/task/A'");
    sandbox
        .refuses(&["start", "A"], 3, "task 'A' was started elsewhere: 'origin/task/A'")
        .says("git branch task/A origin/task/A");
}

#[test]
fn batches_and_ids_select_what_is_shown() {
    let sandbox = started();
    sandbox.ok(&["start", "--force", "C", "--batch", "late"]);
    let ids = |arguments: &[&str]| {
        let rows = sandbox.ok(arguments).json()["tasks"].as_array().unwrap().clone();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["status", "--json"]), ["A", "B", "C"]);
    assert_eq!(ids(&["status", "--json", "--batch", "late"]), ["C"]);
    assert_eq!(ids(&["status", "--json", "C", "B"]), ["B", "C"]);
    sandbox.refuses(&["status", "--batch", "none"], 2, "no batch 'none' in the ledger").says("git dispatch log");
    sandbox.refuses(&["status", "--json", "X"], 2, "no task 'X' in the task file");
    let log = sandbox.ok(&["log", "--json"]).json();
    assert_eq!(log["batches"][0]["id"], "late");
    let first = &log["batches"][1]["tasks"][0];
    let told = (&first["id"], &first["title"], &first["outcome"], &first["state"], &first["branch"]);
    let (id, active) = (json!("A"), json!("active"));
    assert_eq!(told, (&id, &json!("First"), &active, &active, &json!("task/A")));
    assert_eq!((&first["reports"], &first["reviews"]), (&json!([]), &json!([])));
    assert_eq!(sandbox.ok(&["log", "-n", "1", "--json"]).json()["batches"].as_array().unwrap().len(), 1);
}

#[test]
fn a_batch_of_which_all_was_started_again_is_superseded() {
    let sandbox = started();
    let state = |index: usize| sandbox.ok(&["log", "--json"]).json()["batches"][index]["state"].clone();
    for id in ["A", "B"] {
        forget(&sandbox, id);
    }
    assert_eq!(state(0), "in progress");
    sandbox.ok(&["start", "--again", "A", "B"]);
    assert_eq!((state(0), state(1)), (json!("in progress"), json!("superseded")));
    let old = sandbox.ok(&["log", "--json"]).json()["batches"][1]["tasks"][0].clone();
    let (again, none) = (json!("batch-002"), json!([]));
    assert_eq!((&old["outcome"], &old["again_in"], &old["reports"]), (&json!("again"), &again, &none));
    let told = sandbox.ok(&["status", "--batch", "batch-001"]).answers(", superseded\n").answers("A     active");
    assert!(!told.stdout.contains("batch-002"), "{told:#?}");
}

#[test]
fn what_others_wrote_into_the_ledger_hides_nothing() {
    let sandbox = started();
    let other = sandbox.commit(&[("x", "1\n")], "x");
    let third = sandbox.commit(&[("y", "1\n")], "y");
    let huge = "x".repeat(1 << 20);
    std::fs::write(
        sandbox.root().join("home/note"),
        [b"not json\n\xff\xfe raw\n".as_slice(), huge.as_bytes()].concat(),
    )
    .unwrap();
    let note = sandbox.root().join("home/note").display().to_string();
    sandbox.git(&["notes", "--ref=dispatch", "append", "-F", &note, &other]);
    sandbox.git(&["notes", "--ref=dispatch", "add", "-m", "{\"foreign\": true}\n\nreviewed by nobody", &third]);
    let told = sandbox.run(&["status", "--json"]).exits(128);
    assert_eq!((&told.task("A")["state"], &told.json()["unreadable"]), (&json!("active"), &json!(5)));
    let _ = sandbox
        .run(&["status"])
        .exits(128)
        .answers("5 lines of the ledger could not be read: git notes --ref=dispatch show ");
    // A batch that starts from the commit with a foreign note leaves it as it is.
    sandbox.ok(&["start", "--force", "C"]);
    let note = sandbox.git(&["notes", "--ref=dispatch", "show", &third]);
    assert!(note.starts_with("{\"foreign\": true}\n\nreviewed by nobody\n{\"at\":"), "{note}");
    assert_eq!(sandbox.run(&["status", "--json"]).task("C")["state"], "active");
}

#[test]
fn a_ledger_in_folders_of_two_digits_is_read_and_written() {
    let sandbox = started();
    // git splits notes trees into folders once they hold many notes.
    let commit = sandbox.git(&["rev-parse", "main"]);
    let blob = sandbox.git(&["rev-parse", &format!("refs/notes/dispatch:{commit}")]);
    let mut import = String::from("commit refs/notes/dispatch\ncommitter A <a@b> 0 +0000\ndata 0\ndeleteall\n");
    import.push_str(&format!("M 100644 {blob} {}/{}\n\n", &commit[..2], &commit[2..]));
    std::fs::write(sandbox.root().join("home/import"), import).unwrap();
    let git = sandbox.script("home/import.sh", "git fast-import --quiet --force <\"$HOME/import\"\n");
    sandbox.git(&["config", "alias.import", &format!("!{}", git.display())]);
    sandbox.git(&["import"]);
    is_active(&sandbox, "A");
    sandbox.ok(&["start", "--force", "C"]);
    assert_eq!(sandbox.git(&["notes", "--ref=dispatch", "show", &commit]).lines().count(), 4);
    sandbox.git(&["fsck", "--strict", "--no-progress"]);
    is_active(&sandbox, "A");
}

#[test]
fn thousands_of_branches_below_task_are_no_trouble() {
    let sandbox = started();
    let main = sandbox.git(&["rev-parse", "main"]);
    let mut packed = String::from("# pack-refs with: peeled fully-peeled sorted \n");
    for number in 0..2_000 {
        packed.push_str(&format!("{main} refs/heads/task/X{number:04}\n"));
    }
    std::fs::write(sandbox.repo().join(".git/packed-refs"), packed).unwrap();
    assert_eq!(sandbox.ok(&["status", "--json"]).json()["tasks"].as_array().unwrap().len(), 2);
    sandbox.ok(&["start", "--force", "C"]);
}

#[test]
fn how_many_landed_is_told_of_what_is_shown_and_of_all_where_these_differ() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n[task.C]\n");
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "of A");
    sandbox.git(&["merge", "-q", "--no-ff", "-m", "Merge branch 'task/A'", "task/A"]);
    sandbox.ok(&["start", "B"]);
    sandbox.ok(&["plan"]).answers("1 of 3 landed");
    sandbox.ok(&["status"]).answers("\n0 of 1 landed (0%), 1 of all 3");
    sandbox.ok(&["status", "--all"]).answers("\n1 of these 2 landed (50%)\n");
}

#[test]
fn a_square_of_too_many_tasks_is_refused_and_some_can_be_chosen() {
    let ids: Vec<String> = (1..=501).map(|number| format!("T{number:03}")).collect();
    let tasks: String = ids.iter().map(|id| format!("[task.{id}]\n")).collect();
    let sandbox = Sandbox::with_tasks(&tasks);
    let refs: String = ids.iter().map(|id| format!("create refs/heads/task/{id} HEAD\n")).collect();
    assert!(sandbox.try_git_with(&["update-ref", "--stdin"], refs.as_bytes()).status.success());
    sandbox
        .run(&["status", "--matrix"])
        .exits(2)
        .says("error: 501 active tasks are too many for a square, which shows 500\n")
        .says("hint: use 'git dispatch status --matrix ID ID' to compare some\n");
    sandbox.ok(&["status", "--matrix", "T001", "T501"]).answers("T501");
}
