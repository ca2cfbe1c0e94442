//! The setup command in new worktrees.

use serde_json::json;

use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\ntitle = \"$(touch PWNED) '\\\"`id`\"\nphase = \"one\"\n[task.B]\n[task.C]\n";

#[test]
fn it_runs_in_each_new_worktree_and_knows_the_task() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.setup", "env | grep ^GIT_ | sort >.git-env; pwd; test -z \"$GIT_DIR\""]);
    let json = sandbox.ok(&["start", "A", "B", "--json"]).json();
    assert_eq!(json["tasks"][0]["setup"]["exit"], json!(0));
    let place = sandbox.place("A");
    let environment = std::fs::read_to_string(place.join(".git-env")).unwrap();
    let base = sandbox.git(&["rev-parse", "main"]);
    for line in [
        "GIT_DISPATCH_TASK=A",
        "GIT_DISPATCH_TITLE=$(touch PWNED) '\"`id`",
        "GIT_DISPATCH_PHASE=one",
        "GIT_DISPATCH_BRANCH=task/A",
        "GIT_DISPATCH_BATCH=batch-001",
        "GIT_DISPATCH_TARGET=main",
        "GIT_DISPATCH_MODE=quick",
        "GIT_DISPATCH_LAUNCH_AS=Bypass permissions",
        &format!("GIT_DISPATCH_BASE={base}"),
        &format!("GIT_DISPATCH_WORKTREE={}", place.display()),
        &format!("GIT_DISPATCH_GIT_DIR={}", sandbox.repo().join(".git").display()),
        &format!("GIT_DISPATCH_PORT={}", json["tasks"][0]["port"]),
    ] {
        assert!(environment.lines().any(|have| have == line), "{line} in {environment}");
    }
    assert!(!place.join("PWNED").exists());
    assert_ne!(json["tasks"][0]["port"], json["tasks"][1]["port"]);
    let log = std::fs::read_to_string(json["tasks"][0]["setup"]["log"].as_str().unwrap()).unwrap();
    assert_eq!(log, format!("{}\n", place.display()));
}

#[test]
fn one_that_fails_leaves_the_task_started_and_says_how_to_run_it_again() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.setup", "echo \"needs \\033[31mice\"; test -e ice"]);
    let outcome = sandbox.run(&["start", "A", "B"]);
    assert_eq!(outcome.code, Some(4));
    let outcome =
        outcome.says("warning: the setup of task 'A' failed with exit code 1; its log is '").says("  | needs ");
    let outcome = outcome.says("hint: use 'git dispatch start --setup A' to run it again").answers("Terminal 2:");
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    sandbox.assert_started(&["A", "B"]);
    write_in(&sandbox.place("A"), "ice", "");
    sandbox.ok(&["start", "--setup", "A"]).says("A is set up");
    assert_eq!(unequipped(&sandbox), ["B"]);
    sandbox.refuses(&["start", "--setup", "C"], 3, "task 'C' has no worktree that 'start' made");
    sandbox.refuses(&["start", "--setup", "Z"], 2, "'Z'");
    sandbox.git(&["config", "--unset", "dispatch.setup"]);
    sandbox.refuses(&["start", "--setup", "A"], 2, "there is no setup command, and nothing to copy");
}

/// Of which tasks `status` says that they have to be set up.
fn unequipped(sandbox: &Sandbox) -> Vec<&'static str> {
    let told = sandbox.ok(&["status"]).stdout;
    ["A", "B", "C"].into_iter().filter(|id| told.contains(&format!("git dispatch start --setup {id}\n"))).collect()
}

#[test]
fn a_start_that_is_killed_while_it_sets_up_leaves_the_command_that_goes_on() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.setup", "kill -9 $PPID"]);
    assert_eq!(sandbox.run(&["start", "A"]).code, None);
    sandbox.assert_started(&["A"]);
    assert_eq!(unequipped(&sandbox), ["A"]);
    sandbox.git(&["config", "dispatch.setup", "true"]);
    sandbox.ok(&["start", "--setup", "A"]);
    assert_eq!(unequipped(&sandbox), [""; 0]);
    sandbox.ok(&["start", "B"]);
    assert_eq!(unequipped(&sandbox), [""; 0]);
    sandbox.git(&["config", "dispatch.setup", "false"]);
    sandbox.ok(&["start", "--no-setup", "C"]);
    assert_eq!(unequipped(&sandbox), [""; 0]);
    sandbox.ok(&["undo"]);
}

#[test]
fn the_same_start_goes_on_with_a_setup_that_was_killed_or_failed() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.setup", "kill -9 $PPID"]);
    assert_eq!(sandbox.run(&["start", "A"]).code, None);
    sandbox.git(&["config", "dispatch.setup", "false"]);
    sandbox.ok(&["start", "--dry-run", "A", "B"]).answers("  is there already, and would be made ready\n");
    let outcome = sandbox.run(&["start", "A", "B"]).exits(4).answers("batch-002").answers("Terminal 2:");
    outcome.says("task 'A' is active already; going on with its setup").says("the setup of task 'A' failed");
    assert_eq!(unequipped(&sandbox), ["A", "B"]);
    sandbox.git(&["config", "dispatch.setup", "true"]);
    let outcome = sandbox.ok(&["start", "A", "--json"]).says("A is set up");
    let task = &outcome.json()["tasks"][0];
    assert_eq!(
        (&task["already"], &task["batch"], &task["setup"]["exit"]),
        (&json!(true), &json!("batch-001"), &json!(0))
    );
    assert_eq!(unequipped(&sandbox), ["B"]);
    sandbox.refuses(&["start", "A"], 1, "task 'A' is already active");
    sandbox.refuses(&["start", "A", "B"], 1, "task 'A' is already active");
    sandbox.ok(&["start", "B"]);
    assert_eq!((unequipped(&sandbox), sandbox.count("starting")), (vec![], 2));
}

#[test]
fn one_worktree_is_set_up_by_one_process_at_a_time() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let program = env!("CARGO_BIN_EXE_git-dispatch");
    // Within the setup of A, another one is asked for: of A, and of both. Nothing that stays behind holds it.
    let command = format!(
        "test -z \"$INNER\" || exit 0; export INNER=1
         test $GIT_DISPATCH_TASK = A || exit 0
         '{program}' start --setup A >\"$HOME/one\" 2>&1; echo \"exit $?\" >>\"$HOME/one\"
         '{program}' start --setup C A >\"$HOME/both\" 2>&1; echo \"exit $?\" >>\"$HOME/both\"
         (cd / && exec sleep 20) &"
    );
    sandbox.ok(&["start", "C"]);
    sandbox.git(&["config", "dispatch.setup", &command]);
    sandbox.ok(&["start", "A"]).says("A is set up");
    let log = sandbox.repo().join(".git/dispatch/logs/A-setup.log");
    for name in ["one", "both"] {
        let said = std::fs::read_to_string(sandbox.root().join("home").join(name)).unwrap();
        assert!(
            said.contains(&format!("error: the setup of task 'A' is running; its log is '{}'", log.display())),
            "{said}"
        );
        assert!(said.contains("hint: use 'tail -f ") && said.ends_with("exit 5\n"), "{said}");
    }
    assert_eq!(unequipped(&sandbox), [""; 0]);
    sandbox.ok(&["start", "--setup", "A", "A"]).says("A is set up");
}

#[test]
fn of_tasks_of_which_one_cannot_be_made_the_others_are_started_and_set_up() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.setup", "pwd >>\"$HOME/set-up\""]);
    // A ref where a folder is to be.
    sandbox.git(&["update-ref", "refs/dispatch/base/B/x", "main"]);
    let outcome = sandbox.run(&["start", "A", "B", "C"]).exits(4);
    outcome.says("error: task 'B' of batch-001 could not be started").says("use 'git dispatch start B' to go on");
    assert_eq!(sandbox.events()[1]["tasks"], json!(["A", "C"]));
    sandbox.ok(&["status"]).answers("not finished; to go on: git dispatch start B\n");
    sandbox.git(&["update-ref", "-d", "refs/dispatch/base/B/x"]);
    sandbox.ok(&["start", "A", "B", "C"]);
    let set_up = std::fs::read_to_string(sandbox.root().join("home/set-up")).unwrap();
    let mut set_up: Vec<&str> = set_up.lines().collect();
    set_up.sort_unstable();
    assert_eq!(set_up, ["A", "B", "C"].map(|id| sandbox.place(id).display().to_string()));
    sandbox.ok(&["status"]).answers("active");
    sandbox.ok(&["undo"]);
}

#[test]
fn it_runs_outside_of_the_lock_and_without_input() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let program = env!("CARGO_BIN_EXE_git-dispatch");
    let command =
        format!("read line; test -z \"$line\" && test \"$GIT_DISPATCH_TASK\" = C || '{program}' start C --no-setup");
    sandbox.git(&["config", "dispatch.setup", &command]);
    sandbox.git(&["config", "dispatch.lockTimeout", "1"]);
    sandbox.ok(&["start", "A"]);
    assert!(sandbox.place("C").join("README").exists());
}

#[test]
fn ports_of_active_tasks_differ_and_stay() {
    let sandbox = Sandbox::with_tasks(&format!("ports = \"5000-5001\"\n{TASKS}"));
    let port = |outcome: serde_json::Value| outcome["tasks"][0]["port"].as_u64();
    let a = port(sandbox.ok(&["start", "A", "--json"]).json());
    let b = port(sandbox.ok(&["start", "B", "--json"]).json());
    assert!(a != b && a.is_some() && b.is_some(), "{a:?} {b:?}");
    sandbox.ok(&["start", "C"]).says("warning: no port is free for task 'C': widen 'ports'");
    sandbox.ok(&["undo"]);
    sandbox.ok(&["undo", "batch-002"]);
    assert_eq!(port(sandbox.ok(&["start", "B", "--json"]).json()), b);
}

#[test]
fn a_port_is_told_where_something_is_for_it() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let silent = sandbox.ok(&["start", "A"]).stdout + &sandbox.ok(&["status", "-v"]).stdout;
    assert!(!silent.contains("port "), "{silent}");
    let port = sandbox.row("A")["port"].as_u64().unwrap();
    assert!((4000..=4999).contains(&port) && sandbox.row("C")["port"].is_null());
    sandbox.git(&["config", "dispatch.setup", "true"]);
    sandbox.ok(&["status", "-v"]).answers(&format!("    A has port {port}\n"));
    let told = sandbox.ok(&["start", "B"]).stdout;
    assert!(told.contains(&format!("  port {}\n", sandbox.row("B")["port"])), "{told}");
}

#[test]
fn a_task_of_the_same_name_elsewhere_has_another_port() {
    let ports = (0..3).map(|_| Sandbox::with_tasks("ports = \"20000-60000\"\n[task.A]\n"));
    let ports = ports.map(|sandbox| sandbox.ok(&["start", "A", "--json"]).json()["tasks"][0]["port"].as_u64());
    let distinct: std::collections::BTreeSet<_> = ports.collect();
    assert!(distinct.len() > 1, "{distinct:?}");
}
