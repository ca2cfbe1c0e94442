//! `git dispatch adopt`: branches and worktrees that exist become a task's.

use serde_json::json;

use crate::support::{Sandbox, write_in};

const TASKS: &str =
    "[task.A]\ntitle = \"First\"\n[task.B]\n[task.C]\nneeds = [\"B\"]\n[task.D]\nstate = \"cancelled\"\n";

#[test]
fn a_branch_without_worktree_is_taken_with_its_merge_base() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let base = sandbox.git(&["rev-parse", "main"]);
    sandbox.git(&["branch", "feature", "main"]);
    sandbox.commit(&[("main-only", "1\n")], "main goes on");
    let work = sandbox.worktree("work", "work", "feature");
    let tip = sandbox.commit_in(&work, &[("mine", "1\n")], "work");
    sandbox.git(&["update-ref", "refs/heads/feature", &tip]);
    let json = sandbox.ok(&["adopt", "A", "feature", "--json"]).json();
    assert_eq!(
        json,
        json!({"schema": 1, "command": "adopt", "dry_run": false, "batch": "batch-001", "task": "A", "branch": "feature",
               "worktree": null, "base": base, "tip": tip})
    );
    assert_eq!(sandbox.git(&["rev-parse", "refs/dispatch/base/A"]), base);
    let row = sandbox.row("A");
    assert_eq!((&row["state"], &row["branch"], &row["commits"]), (&json!("active"), &json!("feature"), &json!(1)));
    assert_eq!((&row["ahead"], &row["behind"]), (&json!(1), &json!(1)));
    assert_eq!(row["notes"], json!(["has no worktree"]));
    assert_eq!(row["steps"][0]["commands"], json!(["git worktree add PATH feature"]));
    assert_eq!((sandbox.count("adopted"), sandbox.count("starting")), (1, 0));
    sandbox.ok(&["log"]).answers("batch-001 adopted main at ");
    sandbox.refuses(&["adopt", "A", "feature"], 1, "task 'A' is already active on branch 'feature'");
    sandbox.refuses(&["start", "A"], 1, "task 'A' is already active on branch 'feature'");
}

#[test]
fn a_worktree_made_by_hand_is_taken_by_path_or_branch() {
    for by_path in [true, false] {
        let sandbox = Sandbox::with_tasks(TASKS);
        let path = sandbox.worktree("by hand", "task/A", "main");
        write_in(&path, "untracked", "1\n");
        let status = sandbox.git_in(&path, &["status", "--porcelain"]);
        let what = if by_path { path.to_str().unwrap() } else { "task/A" };
        assert_eq!(sandbox.row("A")["batch"], json!(null));
        sandbox.ok(&["adopt", "A", what]).answers("A took branch task/A: batch-001 from main at ").answers("by hand");
        let row = sandbox.row("A");
        assert_eq!(row["worktree"], path.display().to_string());
        assert_eq!((&row["batch"], &row["notes"]), (&json!("batch-001"), &json!([])));
        assert_eq!(sandbox.git_in(&path, &["status", "--porcelain"]), status);
    }
}

#[test]
fn an_adopted_worktree_is_locked_like_a_started_one() {
    let locks = |sandbox: &Sandbox| -> Vec<String> {
        let list = sandbox.git(&["worktree", "list", "--porcelain"]);
        list.lines().filter(|line| line.starts_with("locked")).map(str::to_owned).collect()
    };
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.worktree("mine", "mine", "main");
    sandbox.ok(&["adopt", "A", "mine"]);
    assert_eq!(locks(&sandbox), ["locked task A of git dispatch is active; 'git dispatch drop A' releases it"]);
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.worktree("mine", "mine", "main");
    sandbox.git(&["worktree", "lock", "--reason", "on a stick", "../mine"]);
    sandbox.ok(&["adopt", "A", "../mine"]);
    assert_eq!(locks(&sandbox), ["locked on a stick"]);
    sandbox.git(&["switch", "--quiet", "-c", "here"]);
    sandbox.ok(&["adopt", "B", "here"]);
    assert_eq!(locks(&sandbox).len(), 1);
    let sandbox = Sandbox::with_tasks(&format!("lock-worktrees = false\n{TASKS}"));
    sandbox.worktree("mine", "mine", "main");
    sandbox.ok(&["adopt", "A", "mine"]);
    assert_eq!(locks(&sandbox), [""; 0]);
}

#[test]
fn a_folder_in_a_linked_worktree_stands_for_it_and_a_branch_comes_first() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.worktree("mine", "mine", "main");
    std::fs::create_dir_all(path.join("deep/er")).unwrap();
    std::fs::create_dir_all(sandbox.repo().join("sub")).unwrap();
    sandbox.refuses(&["adopt", "A", "sub"], 2, "'sub' is neither a worktree nor a local branch");
    let empty = sandbox.run_in(&path.join("deep"), &["adopt", "A", ""]).exits(2);
    assert_eq!(empty.stdout, "");
    sandbox.git_in(&path, &["init", "--quiet", "deep/other"]);
    sandbox.refuses(&["adopt", "A", "../mine/deep/other"], 2, "neither a worktree nor a local branch");
    sandbox.git(&["branch", "deep"]);
    sandbox.run_in(&path, &["adopt", "A", "deep"]).exits(0).answers("A took branch deep");
    sandbox.ok(&["adopt", "B", "../mine/deep/er"]).answers("B took branch mine");
}

#[test]
fn overlap_with_an_active_task_is_a_warning_also_for_a_branch_seen_already() {
    let sandbox = Sandbox::with_tasks("[task.A]\nwrites = [\"x\"]\n[task.B]\nwrites = [\"x\"]\n");
    sandbox.ok(&["start", "A"]);
    sandbox.git(&["branch", "task/B"]);
    assert_eq!(sandbox.row("B")["state"], "active");
    let outcome = sandbox.ok(&["adopt", "B", "task/B"]).says("warning: task 'B' writes 'x' like 'A'");
    assert_eq!(outcome.stderr.matches("warning").count(), 1, "{outcome:?}");
}

#[test]
fn a_worktree_inside_the_repository_is_taken_from_a_subfolder() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.repo().join(".claude/worktrees/x");
    sandbox.git(&["worktree", "add", "--quiet", "-b", "claude/x", path.to_str().unwrap()]);
    std::fs::create_dir(path.join("sub")).unwrap();
    sandbox.run_in(&path.join("sub"), &["adopt", "A", ".."]).exits(0).answers("A took branch claude/x");
    assert_eq!(sandbox.events()[0]["tasks"][0]["path"], ".claude/worktrees/x");
    assert_eq!(sandbox.row("A")["worktree"], path.display().to_string());
}

#[test]
fn a_detached_worktree_gets_the_branch_and_keeps_files_and_index() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.root().join("detached");
    sandbox.git(&["worktree", "add", "--quiet", "--detach", path.to_str().unwrap()]);
    let tip = sandbox.commit_in(&path, &[("mine", "1\n")], "work");
    write_in(&path, "staged", "1\n");
    sandbox.git_in(&path, &["add", "staged"]);
    write_in(&path, "mine", "2\n");
    let index = sandbox.repo().join(".git/worktrees/detached/index");
    let before = (sandbox.git_in(&path, &["status", "--porcelain"]), std::fs::read(&index).unwrap());
    sandbox.ok(&["adopt", "A", "../detached"]).answers("A took branch task/A, made for its detached worktree");
    assert_eq!((sandbox.git_in(&path, &["status", "--porcelain"]), std::fs::read(&index).unwrap()), before);
    assert_eq!(sandbox.git_in(&path, &["symbolic-ref", "HEAD"]), "refs/heads/task/A");
    assert_eq!(sandbox.git(&["rev-parse", "task/A"]), tip);
    assert!(sandbox.git_in(&path, &["reflog", "-1", "HEAD"]).contains("dispatch: adopt A"));
}

#[test]
fn an_adoption_killed_between_any_two_gits_goes_on() {
    let kill = "calls=$(cat \"$HOME/calls\" 2>/dev/null || echo 0)\ncalls=$((calls + 1))\necho $calls >\"$HOME/calls\"\n\
                [ \"$calls\" != \"$AT\" ] || { kill -9 $PPID; exit 1; }\nexec \"$REAL\" \"$@\"\n";
    for at in 1.. {
        let mut sandbox = Sandbox::with_tasks(TASKS);
        let detached = sandbox.root().join("detached");
        sandbox.git(&["worktree", "add", "--quiet", "--detach", detached.to_str().unwrap()]);
        let path = sandbox.path();
        sandbox.wrap_git(kill);
        sandbox.env("AT", &at.to_string());
        let outcome = sandbox.run(&["adopt", "A", "../detached"]);
        sandbox.env("PATH", &path);
        if outcome.code != Some(0) {
            assert_eq!(outcome.code, None, "{outcome:?}");
            sandbox.ok(&["status"]);
            let again = sandbox.run(&["adopt", "A", "../detached"]);
            assert_eq!(again.code, Some(0), "killed before git {at}: {again:?}");
        }
        assert_eq!(sandbox.git_in(&detached, &["symbolic-ref", "HEAD"]), "refs/heads/task/A");
        assert_eq!(sandbox.count("adopted"), 1);
        if outcome.code == Some(0) {
            assert!(at > 4, "only {at} points");
            break;
        }
    }
}

#[test]
fn what_is_not_free_or_no_work_is_refused() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["branch", "free", "main"]);
    sandbox.ok(&["start", "B"]);
    sandbox
        .refuses(&["adopt", "A", "task/B"], 3, "branch 'task/B' belongs to task 'B'")
        .says("use 'git switch -c NEW-BRANCH task/B' to")
        .says("use 'git dispatch adopt A NEW-BRANCH' after that");
    sandbox.refuses(&["adopt", "A", "../repo-task-B"], 3, "branch 'task/B' belongs to task 'B'");
    sandbox.refuses(&["adopt", "A", "main"], 3, "'main' is the target, no task's branch");
    sandbox.refuses(&["adopt", "A", "."], 3, "'main' is the target, no task's branch");
    sandbox.refuses(&["adopt", "A", "nothing"], 2, "'nothing' is neither a worktree nor a local branch");
    sandbox.refuses(&["adopt", "A", "v1..main"], 2, "neither a worktree nor a local branch");
    sandbox.refuses(&["adopt", "A", ""], 2, "neither a worktree nor a local branch");
    sandbox.refuses(&["adopt", "A", "@{-1}"], 2, "neither a worktree nor a local branch");
    sandbox.refuses(&["adopt", "X", "free"], 2, "no task 'X' in the task file");
    sandbox.refuses(&["adopt", "D", "free"], 3, "task 'D' is cancelled");
    sandbox.refuses(&["adopt", "B", "free"], 1, "task 'B' is already active on branch 'task/B'");
    sandbox.git(&["checkout", "--quiet", "--detach"]);
    sandbox.refuses(&["adopt", "A", "."], 3, "is the main worktree, and detached");
    sandbox.git(&["checkout", "--quiet", "--orphan", "alien"]);
    sandbox.commit(&[], "alien");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.refuses(&["adopt", "A", "alien"], 3, "branch 'alien' and 'main' have no commit in common");
    let before = sandbox.snapshot();
    sandbox.ok(&["adopt", "--dry-run", "A", "free"]).answers("A would take branch free");
    assert_eq!(sandbox.snapshot(), before);
    sandbox.ok(&["adopt", "C", "free"]).says("warning: task 'C' needs B, not landed yet");
}

#[test]
fn a_rebase_under_way_is_finished_first() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.worktree("work", "work", "main");
    sandbox.commit_in(&path, &[("README", "theirs\n")], "theirs");
    sandbox.commit(&[("README", "ours\n")], "ours");
    assert!(!sandbox.try_git_in(&path, &["rebase", "main"]).status.success());
    for what in ["../work", "work"] {
        sandbox
            .refuses(&["adopt", "A", what], 3, "a rebase is under way in")
            .says(&format!("git -C {} status", path.display()));
    }
    sandbox.git_in(&path, &["rebase", "--abort"]);
    sandbox.ok(&["adopt", "A", "work"]);
}

#[test]
fn a_lost_task_takes_the_branch_that_holds_its_work() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    let tip = sandbox.commit_in(&sandbox.place("A"), &[("mine", "1\n")], "work");
    sandbox.git(&["branch", "-m", "task/A", "elsewhere"]);
    let row = sandbox.row("A");
    assert_eq!(row["state"], "lost");
    assert_eq!(row["steps"][0]["commands"], json!(["git dispatch adopt A elsewhere"]));
    sandbox.ok(&["adopt", "A", "elsewhere"]);
    let row = sandbox.row("A");
    assert_eq!((&row["state"], &row["tip"], &row["commits"]), (&json!("active"), &json!(tip), &json!(1)));
    assert_eq!(row["notes"], json!([]));
}

#[test]
fn a_path_that_is_no_utf8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.root().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    sandbox.git(&["worktree", "add", "--quiet", "-b", "work", "../plain"]);
    sandbox.git(&["worktree", "lock", "../plain"]);
    std::fs::rename(sandbox.root().join("plain"), &path).unwrap();
    sandbox.git_in(&path, &["worktree", "repair"]);
    let before = sandbox.snapshot();
    sandbox.run(&["adopt", "A", "work"]).exits(3).says("is no UTF-8, and the ledger cannot hold it").says("hint: ");
    assert_eq!(sandbox.snapshot(), before);
}
