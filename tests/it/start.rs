//! `git dispatch start`: what it makes, what it refuses, and what git then shows.

use std::os::unix::fs::symlink;

use crate::support::Sandbox;

const TASKS: &str = r#"
[task.A]
title = "First"
writes = ["a/**"]
[task.B]
title = "Second"
writes = ["b/**"]
[task.C]
title = "Third"
needs = ["A"]
[task.D]
title = "Fourth"
writes = ["a/x"]
[task.E]
title = "Fifth"
locks = ["db"]
[task.F]
title = "Sixth"
locks = ["db"]
[task.G]
title = "Seventh"
"#;

#[test]
fn a_started_task_has_branch_base_worktree_and_record() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let main = sandbox.git(&["rev-parse", "main"]);
    let folder = sandbox.place("A");
    let outcome = sandbox.ok(&["start", "A"]);
    assert_eq!(
        outcome.stdout,
        format!("batch-001 from main at {}\n  A  task/A  {1}\n\nTerminal 1:\n  cd {1}\n", &main[..7], folder.display())
    );
    assert_eq!(outcome.stderr, "");
    sandbox.assert_started(&["A"]);
    assert_eq!(sandbox.try_git_in(&sandbox.repo(), &["config", "--get-regexp", r"^branch\."]).status.code(), Some(1));
    let shown = sandbox.git(&["notes", "--ref=dispatch", "show", &main]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(lines[0].starts_with("{\"at\":\"2026-01-19T00:01:00.000Z\",\"uid\":\""), "{shown}");
    assert!(lines[0].contains("\"event\":\"starting\",\"batch\":\"batch-001\",\"target\":\"main\""), "{shown}");
    assert!(lines[0].contains("\"id\":\"A\",\"branch\":\"task/A\",\"path\":\"../repo-task-A\""), "{shown}");
    assert!(lines[1].contains("\"event\":\"started\",\"batch\":\"batch-001\""), "{shown}");
    assert!(sandbox.git(&["log", "--notes=dispatch", "-1", "main"]).contains("Notes (dispatch):"));
    let list = sandbox.git(&["worktree", "list", "--porcelain"]);
    let reason = "locked task A of git dispatch is active; 'git dispatch drop A' releases it";
    assert!(list.lines().any(|line| line == reason), "{list}");
}

#[test]
fn unlocked_worktrees_are_a_setting() {
    let sandbox = Sandbox::with_tasks(&format!("lock-worktrees = false\n{TASKS}"));
    sandbox.ok(&["start", "A"]);
    assert!(!sandbox.git(&["worktree", "list", "--porcelain"]).contains("locked"));
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.lockWorktrees", "false"]);
    sandbox.ok(&["start", "A"]);
    assert!(!sandbox.git(&["worktree", "list", "--porcelain"]).contains("locked"));
}

#[test]
fn ready_starts_no_more_than_there_are_workers() {
    let sandbox = Sandbox::with_tasks(&format!("workers = 2\n{TASKS}"));
    let started = |outcome: &crate::scene::Outcome| outcome.json()["tasks"].as_array().unwrap().len();
    assert_eq!(started(&sandbox.ok(&["start", "--ready", "--json"])), 2);
    let none = sandbox.run(&["start", "--ready"]).exits(1);
    assert_eq!(none.stdout, "");
    assert_eq!(started(&sandbox.ok(&["start", "--ready", "--workers", "3", "--json"])), 1);
}

#[test]
fn named_tasks_may_exceed_the_workers_with_a_warning() {
    let sandbox = Sandbox::with_tasks(&format!("workers = 1\n{TASKS}"));
    sandbox.ok(&["start", "A", "B", "G"]).says("warning: 3 active tasks for 1 worker slot");
    sandbox.assert_started(&["A", "B", "G"]);
}

#[test]
fn a_batch_can_be_named_once() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A", "--batch", "wave-1"]).answers("wave-1 from main");
    sandbox.refuses(&["start", "B", "--batch", "wave-1"], 3, "batch 'wave-1' exists already");
    sandbox.refuses(&["start", "B", "--batch", "../x"], 2, "'../x' is no name for a batch");
    sandbox.ok(&["start", "B"]);
    assert_eq!(sandbox.row("B")["batch"], "batch-001");
    sandbox.ok(&["start", "G", "--batch", "batch-007"]);
    sandbox.ok(&["start", "E"]);
    assert_eq!(sandbox.row("E")["batch"], "batch-008");
}

#[test]
fn a_dry_run_tells_and_makes_nothing() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let before = sandbox.snapshot();
    let outcome = sandbox.ok(&["start", "--dry-run", "A", "B"]);
    outcome.answers("Would start, and did not:\n  A  task/A  ").answers("from ");
    let json = sandbox.ok(&["start", "-n", "--ready", "--json"]).json();
    assert_eq!(json["dry_run"], true);
    assert_eq!(json["tasks"].as_array().unwrap().len(), 3);
    assert_eq!(sandbox.snapshot(), before);
    assert!(!sandbox.repo().join(".git/dispatch/lock").exists());
}

#[test]
fn json_tells_what_was_made() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let main = sandbox.git(&["rev-parse", "main"]);
    let json = sandbox.ok(&["start", "A", "--json"]).json();
    let folder = sandbox.place("A").display().to_string();
    assert_eq!(
        json,
        serde_json::json!({"schema": 1, "command": "start", "dry_run": false, "tasks": [
            {"id": "A", "batch": "batch-001", "branch": "task/A", "worktree": folder, "base": main, "already": false,
             "port": json["tasks"][0]["port"]}]})
    );
}

#[test]
fn an_unknown_id_is_refused_with_the_nearest_known_one() {
    let sandbox = Sandbox::with_tasks("[task.SCR-001]\n[task.FND-001]\n");
    sandbox.refuses(&["start", "SCR-01"], 2, "no task 'SCR-01' in the task file").says("hint: did you mean 'SCR-001'?");
    sandbox.refuses(&["start", "nothing-like-it"], 2, "no task").says("hint: use 'git dispatch plan' to list");
    sandbox
        .refuses(
            &["start", "ZZ", "SCR-001", "FND-002", "ZZ"],
            2,
            "error: no task 'ZZ' in the task file\n  no task 'FND-002' in",
        )
        .says("hint: did you mean 'FND-001'?");
    sandbox.refuses(&["start", "SCR-001", "scr-001", "--json"], 2, "no task 'scr-001'").says("did you mean 'SCR-001'?");
}

#[test]
fn a_task_that_waits_starts_only_by_force() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox
        .refuses(&["start", "C"], 3, "task 'C' needs 'A' (not started)")
        .says("use 'git dispatch start --force C' to");
    sandbox.ok(&["start", "--force", "C"]);
    sandbox.assert_started(&["C"]);
}

#[test]
fn overlap_gives_way_to_force_and_a_lock_never_does() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.refuses(&["start", "A", "D"], 3, "task 'D' writes 'a/x' like 'A'").says("--force");
    sandbox.refuses(&["start", "E", "F"], 3, "task 'F' wants lock 'db'");
    sandbox.refuses(&["start", "--force", "E", "F"], 3, "task 'F' wants lock 'db'");
    sandbox.ok(&["start", "A", "E"]);
    sandbox.refuses(&["start", "D"], 3, "task 'D' writes 'a/x' like 'A'").says("--force");
    sandbox.refuses(&["start", "F"], 3, "task 'F' wants lock 'db', which 'E' holds").says("git dispatch status E");
    sandbox.refuses(&["start", "--force", "F"], 3, "task 'F' wants lock 'db', which 'E' holds");
    sandbox.ok(&["start", "--force", "D"]);
}

#[test]
fn a_gate_holds_a_task_in_plan_why_and_start_until_it_is_forced() {
    let sandbox = Sandbox::with_tasks("[task.A]\nreview = [\"start\"]\n[task.B]\n[task.C]\nreview = [\"land\"]\n");
    let plan = sandbox.ok(&["plan", "--json"]).json();
    assert_eq!(plan["held"], serde_json::json!([{ "id": "A", "reasons": ["gate:start"] }]));
    assert_eq!(plan["start"].as_array().map(Vec::len), Some(2), "{plan}");
    sandbox.ok(&["plan"]).answers("waits for a review before it starts").answers("git dispatch start B C\n");
    let why = sandbox.ok(&["why", "A", "--json"]).json();
    assert_eq!((why["state"].as_str(), why["reasons"][0]["code"].as_str()), (Some("held"), Some("gate:start")));
    let ways = ["git dispatch review A --approve start", "git dispatch start --force A"];
    let told = why["reasons"][0]["resolve"].as_array().unwrap();
    assert_eq!(told.iter().map(|way| way["command"].as_str().unwrap()).collect::<Vec<_>>(), ways);
    let text = sandbox.ok(&["why", "A"]).stdout;
    assert_eq!(text.matches("git dispatch start --force A").count(), 1, "{text}");
    sandbox
        .refuses(&["start", "A"], 3, "task 'A' waits for a review before it starts")
        .says("use 'git dispatch start --force A' to start it without a review");
    sandbox.ok(&["start", "--ready"]);
    sandbox.assert_started(&["B", "C"]);
    sandbox.ok(&["start", "--force", "A"]);
    assert_eq!(sandbox.ok(&["why", "A", "--json"]).json()["state"], "active");
}

#[test]
fn force_on_a_task_that_waits_or_reads_still_minds_locks() {
    let sandbox = Sandbox::with_tasks(
        r#"
[task.A]
locks = ["db"]
writes = ["out/**"]
[task.B]
[task.C]
needs = ["B"]
locks = ["db"]
[task.D]
needs = ["A"]
locks = ["db"]
[task.R]
reads = ["out/x"]
locks = ["db"]
"#,
    );
    sandbox.refuses(&["start", "--force", "A", "D"], 3, "task 'D' wants lock 'db'");
    sandbox.ok(&["start", "A"]);
    sandbox.refuses(&["start", "--force", "C"], 3, "task 'C' wants lock 'db', which 'A' holds");
    sandbox.refuses(&["start", "--force", "D"], 3, "task 'D' wants lock 'db', which 'A' holds");
    sandbox.refuses(&["start", "--force", "R"], 3, "task 'R' wants lock 'db', which 'A' holds");
}

#[test]
fn plan_and_start_say_alike_that_a_reader_comes_after_the_writer() {
    let sandbox = Sandbox::with_tasks(
        r#"
[task.R]
reads = ["src/**"]
writes = ["docs/api.md"]
[task.S]
needs = ["R"]
[task.W]
writes = ["src/types.rs"]
"#,
    );
    sandbox.ok(&["plan"]).answers("  R  reads src/types.rs after W\n").answers("git dispatch start W\n");
    let waiting = sandbox.ok(&["plan", "--json"]).json()["waiting"].clone();
    assert_eq!(waiting[0]["reasons"], serde_json::json!(["reads:W:src/types.rs"]));
    assert_eq!(waiting[1]["reasons"], serde_json::json!(["needs:R"]));
    let text = "task 'R' reads 'src/types.rs', which 'W' writes";
    for arguments in [["start", "R"].as_slice(), &["start", "R", "W"], &["start", "W", "R"]] {
        let refused = sandbox.refuses(arguments, 3, text).says("git dispatch start --force R");
        assert_eq!(refused.stderr.matches(text).count(), 1, "{refused:?}");
    }
    sandbox.ok(&["start", "W"]);
    sandbox.refuses(&["start", "R"], 3, text);
    sandbox.ok(&["plan"]).answers("R  reads src/types.rs after W").answers("before one of these lands: W");
    assert_eq!(sandbox.ok(&["status", "--json"]).json()["unblocks"][0]["id"], "R");
    sandbox.commit_in(&sandbox.place("W"), &[("src/types.rs", "x")], "types");
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/W"]);
    sandbox.ok(&["start", "R"]);
}

#[test]
fn force_starts_a_reader_before_the_writer_which_then_waits_for_nobody() {
    let sandbox = Sandbox::with_tasks("[task.R]\nreads = [\"src/a\"]\n[task.W]\nwrites = [\"src/*\"]\n");
    sandbox.ok(&["start", "--force", "R"]);
    sandbox.ok(&["start", "W"]);
}

#[test]
fn tasks_in_a_circle_of_readers_exclude_each_other() {
    let sandbox = Sandbox::with_tasks(
        "[task.A]\nreads = [\"b\"]\nwrites = [\"a\"]\n[task.B]\nwrites = [\"b\"]\nreads = [\"c\"]\n[task.C]\nwrites = [\"c\"]\nreads = [\"a\"]\n",
    );
    sandbox.ok(&["plan"]).answers("B  1h  writes b, which A reads\n").answers("C  1h  reads a after A\n");
    sandbox.refuses(&["start", "A", "B"], 3, "task 'B' writes 'b', which 'A' reads").says("--force B");
    // What has started waits for nobody, so from then on there is an order.
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["plan"]).answers("  B  reads c after C\n").answers("  C  reads a after A\n");
}

#[test]
fn an_active_task_is_not_started_twice() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A").display().to_string();
    sandbox
        .refuses(&["start", "A"], 1, "task 'A' is already active on branch 'task/A' at")
        .says(&place)
        .says(&format!("cd {place}"));
    sandbox.refuses(&["start", "A", "C"], 3, "task 'A' is already active").says("task 'C' needs 'A' (active)");
    std::fs::remove_dir_all(&place).unwrap();
    let gone = sandbox.refuses(&["start", "A"], 1, &format!("on branch 'task/A', and its worktree '{place}' is gone"));
    assert!(!gone.says("use 'git dispatch status A'").stderr.contains("cd "));
    sandbox.git(&["branch", "task/G", "main"]);
    sandbox.refuses(&["start", "G"], 1, "on branch 'task/G'").says("git dispatch adopt G task/G");
}

#[test]
fn without_a_usable_task_file_nothing_is_made_at_all() {
    let sandbox = Sandbox::new();
    for arguments in [["start", "A"].as_slice(), &["adopt", "A", "main"]] {
        sandbox.refuses(arguments, 2, "no dispatch.toml");
    }
    sandbox.write("dispatch.toml", "[task.A]\nneed = [\"B\"]\n");
    for arguments in [["start", "A"].as_slice(), &["adopt", "A", "main"]] {
        let outcome = sandbox.run(arguments).exits(2);
        assert!(!sandbox.repo().join(".git/dispatch").exists(), "{outcome:?}");
    }
}

#[test]
fn a_task_that_only_the_ledger_knows_is_not_started_silently() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    sandbox.write("dispatch.toml", "[task.B]\n");
    sandbox
        .refuses(
            &["start", "A", "Z"],
            2,
            "task 'A' is active, but no longer in the task file\n  no task 'Z' in the task file",
        )
        .says("use 'git dispatch status A'");
}

#[test]
fn branches_in_the_way_are_named() {
    for blocking in ["task", "task/A/B", "task/a"] {
        let sandbox = Sandbox::with_tasks(TASKS);
        sandbox.git(&["branch", blocking]);
        sandbox
            .refuses(&["start", "A"], 3, &format!("branch '{blocking}' is in the way of branch 'task/A' of task 'A'"))
            .says(&format!("git branch -m {blocking} NEW-NAME"));
    }
}

#[test]
fn a_tag_of_the_same_name_is_in_nobodys_way() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["tag", "task/A"]);
    sandbox.git(&["tag", "main"]);
    sandbox.commit(&[("later", "1\n")], "later");
    sandbox.ok(&["start", "A"]);
    let head = sandbox.git_in(&sandbox.place("A"), &["symbolic-ref", "HEAD"]);
    assert_eq!(head, "refs/heads/task/A");
    assert_eq!(sandbox.git(&["rev-parse", "refs/heads/task/A"]), sandbox.git(&["rev-parse", "refs/heads/main"]));
}

#[test]
fn whatever_stands_at_the_path_stays_and_no_branch_is_made() {
    type Make = fn(&std::path::Path);
    let kinds: [(&str, Make); 6] = [
        ("a folder", |path| std::fs::create_dir(path).unwrap()),
        ("a folder", |path| {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("mine"), "x").unwrap();
        }),
        ("a file", |path| std::fs::write(path, "mine").unwrap()),
        ("a symlink", |path| {
            std::fs::create_dir(path.with_file_name("elsewhere")).unwrap();
            symlink(path.with_file_name("elsewhere"), path).unwrap();
        }),
        ("a symlink", |path| symlink("/nowhere/at/all", path).unwrap()),
        ("a file", |path| {
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        }),
    ];
    for (what, make) in kinds {
        let sandbox = Sandbox::with_tasks(TASKS);
        make(&sandbox.place("A"));
        sandbox.refuses(&["start", "B", "A"], 3, &format!("{what} is in the way of task 'A'")).says("move it away");
    }
}

#[test]
fn an_unborn_target_and_no_identity_are_refused() {
    let sandbox = Sandbox::empty();
    sandbox.init(&[]);
    sandbox.write("dispatch.toml", TASKS);
    for arguments in [["start", "A"].as_slice(), &["adopt", "A", "."], &["plan"], &["log"]] {
        sandbox.refuses(arguments, 3, "target 'main' has no commits yet").says("use 'git commit --allow-empty' to");
    }
    sandbox.ok(&["lint"]);
    let mut sandbox = Sandbox::with_tasks(TASKS);
    sandbox.env("GIT_COMMITTER_NAME", "");
    sandbox.env("GIT_COMMITTER_EMAIL", "");
    sandbox.git(&["config", "user.useConfigOnly", "true"]);
    sandbox.refuses(&["start", "A"], 3, "git does not know who you are").says("git config --global user.name");
}

#[test]
fn a_detached_main_worktree_starts_from_the_target() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["checkout", "--quiet", "--detach"]);
    sandbox.commit(&[("aside", "1\n")], "aside");
    sandbox.ok(&["start", "A"]);
    assert_eq!(sandbox.git(&["rev-parse", "task/A"]), sandbox.git(&["rev-parse", "main"]));
}

#[test]
fn templates_of_the_task_file_stay_beside_the_repository() {
    for template in [
        "../../../{{ id }}",
        "/etc/{{ id }}",
        ".git/hooks/{{ id }}",
        "../fixed",
        "../{{ id }}\\n",
        "../{{ id }} ",
        "../out/{{ id }}",
        "-{{ id }}",
        "../{{ nobody }}",
    ] {
        let sandbox = Sandbox::with_tasks(&format!("worktree = \"{template}\"\n{TASKS}"));
        symlink("/tmp", sandbox.root().join("out")).unwrap();
        let before = sandbox.snapshot();
        let outcome = sandbox.run(&["start", "A"]).exits(2).says("error: ").says("worktree").says(": ");
        assert_eq!(sandbox.snapshot(), before, "{template}: {outcome:?}");
    }
}

#[test]
fn templates_of_the_users_config_may_lead_anywhere() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let far = sandbox.root().join("far/away");
    sandbox.git(&["config", "dispatch.worktree", &format!("{}/{{{{ id }}}}", far.display())]);
    sandbox.ok(&["start", "A"]);
    assert_eq!(sandbox.git_in(&far.join("A"), &["symbolic-ref", "--short", "HEAD"]), "task/A");
    assert_eq!(sandbox.row("A")["worktree"], far.join("A").display().to_string());
    // Below a symlink, git records where it leads.
    symlink(&far, sandbox.root().join("link")).unwrap();
    sandbox.git(&["config", "dispatch.worktree", &format!("{}/link/{{{{ id }}}}", sandbox.root().display())]);
    sandbox.ok(&["start", "B"]);
    assert_eq!(sandbox.row("B")["worktree"], far.join("B").display().to_string());
    assert_eq!(sandbox.row("B")["notes"], serde_json::json!([]));
}

#[test]
fn an_upstream_that_is_strictly_ahead_is_the_base_and_said_so() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let old = sandbox.git(&["rev-parse", "main"]);
    let new = sandbox.commit(&[("news", "1\n")], "news");
    sandbox.git(&["update-ref", "refs/remotes/origin/main", &new]);
    sandbox.git(&["config", "remote.origin.url", "/nowhere"]);
    sandbox.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    sandbox.git(&["branch", "--quiet", "--set-upstream-to=origin/main", "main"]);
    sandbox.git(&["reset", "--quiet", "--hard", &old]);
    let heading = format!("batch-001 from origin/main at {}\n", &new[..7]);
    sandbox.ok(&["start", "A"]).says("'origin/main' is 1 commit ahead of 'main'").answers(&heading);
    assert_eq!(sandbox.git(&["rev-parse", "task/A"]), new);
    assert_eq!(sandbox.git(&["rev-parse", "refs/dispatch/base/A"]), new);
    sandbox.commit(&[("own", "1\n")], "own");
    sandbox.ok(&["start", "B"]).says("warning: 'main' and its upstream 'origin/main' have diverged");
    assert_eq!(sandbox.git(&["rev-parse", "task/B"]), sandbox.git(&["rev-parse", "main"]));
}

#[test]
fn the_targets_post_checkout_hook_runs_as_git_runs_it() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.script("repo/.githooks/post-checkout", "echo \"$PWD $3\" >>\"$HOME/hooked\"\nexit 1\n");
    sandbox.commit(&[], "a hook");
    sandbox.git(&["config", "core.hooksPath", ".githooks"]);
    sandbox.ok(&["start", "A"]);
    let hooked = std::fs::read_to_string(sandbox.root().join("home/hooked")).unwrap();
    assert_eq!(hooked, format!("{} 1\n", sandbox.place("A").display()));
    sandbox.assert_started(&["A"]);
}
