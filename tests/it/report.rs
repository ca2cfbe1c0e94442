//! `git dispatch report`, with real git.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Sandbox, write_in};

fn started(tasks: &str, ids: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_tasks(tasks);
    sandbox.ok(&[&["start"], ids].concat());
    sandbox
}

#[test]
fn a_worker_says_that_it_has_begun_and_is_done_from_within_its_worktree() {
    let sandbox = started("[task.A]\n[task.B]\nneeds = [\"A\"]\n", &["A"]);
    let place = sandbox.place("A");
    sandbox.run_in(&place, &["report", "--started", "--session", "one"]).exits(0).answers("A reported as begun at ");
    sandbox.run_in(&place, &["report", "--done"]).exits(3).says("branch 'task/A' has no commit of its own");
    write_in(&place, "a", "1\n");
    sandbox.run_in(&place, &["report", "--done"]).exits(3).says("'a' is not committed").says(" commit' to commit it");
    let tip = sandbox.commit_in(&place, &[("a", "1\n")], "work");
    let before = sandbox.snapshot();
    sandbox.run_in(&place, &["report", "--done", "-n"]).exits(0).answers("A would be reported done at ");
    assert_eq!(sandbox.snapshot(), before);
    std::fs::create_dir_all(place.join("deep")).unwrap();
    let done = sandbox.run_in(&place.join("deep"), &["report", "--done", "--pr", "12", "--done-when", "yes", "--json"]);
    let done = done.exits(0).json();
    assert_eq!((&done["event"], &done["tip"], &done["done"]), (&json!("reported"), &json!(tip.trim()), &json!(true)));
    assert_eq!(sandbox.row("A")["state"], "done");
    sandbox.ok(&["why", "B"]).answers("git dispatch start --stack B  to start it on what is done");
    sandbox.ok(&["start", "--stack", "B"]);
    sandbox.commit_in(&place, &[("a", "2\n")], "more");
    assert_eq!(sandbox.row("A")["state"], "active", "the report was of another tip");
    assert_eq!((sandbox.count("working"), sandbox.count("reported")), (1, 1));
}

#[test]
fn who_stops_says_why_and_it_is_shown_escaped() {
    let sandbox = started("[task.A]\n", &["A"]);
    let stopped = sandbox.ok(&["report", "A", "--blocked", "a \u{1b}[31mkey", "--blocked", "time"]);
    stopped.answers("A reported as stopped (blocked) at ").answers("  needs: a \\e[31mkey\n  needs: time\n");
    assert_eq!(sandbox.row("A")["state"], "stopped");
    sandbox.ok(&["report", "A", "--partial", "half of it"]).answers("as stopped (partial)");
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.ok(&["report", "A", "--done", "--done-when", "no"]).answers("as stopped (done-when: no)");
    sandbox.ok(&["report", "A", "--done", "--blocked", "a review"]).answers("as stopped (blocked)");
    assert_eq!(sandbox.row("A")["state"], "stopped");
    sandbox.ok(&["report", "A", "--done"]).answers("A reported done at ");
}

#[test]
fn what_is_no_report_is_refused_and_nothing_is_written() {
    let sandbox = started("[task.A]\n[task.B]\n[task.R]\nkind = \"research\"\n", &["A", "R"]);
    write_in(&sandbox.root(), "long", &"x".repeat((1 << 20) + 1));
    let before = sandbox.snapshot();
    sandbox.refuses(&["report", "--started"], 2, "this is not the worktree of a task");
    sandbox.refuses(&["report", "B", "--started"], 3, "task 'B' is ready: there is no work under way to report on");
    sandbox.refuses(&["report", "X", "--started"], 2, "no task 'X'");
    sandbox.run(&["report", "A"]).exits(2).says("--started|--done|--partial <WHY>|--blocked <WHAT>");
    sandbox.run(&["report", "A", "--done", "--partial", "x"]).exits(2).says("cannot be used with");
    sandbox.refuses(&["report", "A", "--blocked", "x", "--pr", "$(id)"], 2, "'$(id)' is no pull request");
    sandbox.run(&["report", "A", "--blocked", "x", "--text", "none"]).exits(128).says("could not read 'none'");
    sandbox.refuses(&["report", "A", "--blocked", "x", "--text", "../long"], 2, "'../long' is longer than 1 MiB");
    assert_eq!(sandbox.snapshot(), before);
    sandbox.ok(&["report", "R", "--done"]).answers("R reported done at ");
}

#[test]
fn one_commit_and_declared_paths_where_the_task_file_wants_that() {
    let tasks = "single-commit = true\nstrict-writes = true\n[task.A]\nwrites = [\"src/**\"]\n";
    let sandbox = started(tasks, &["A"]);
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("src/a", "1\n")], "one");
    sandbox.commit_in(&place, &[("other", "1\n")], "two");
    let refused = sandbox.refuses(&["report", "A", "--done"], 3, "has 2 commits, and 'single-commit' wants one");
    refused.says("git reset --soft ");
    sandbox.git_in(&place, &["reset", "--quiet", "--soft", "main"]);
    sandbox.git_in(&place, &["commit", "--quiet", "-m", "both"]);
    let refused = sandbox.refuses(&["report", "A", "--done"], 3, "it touches 'other' and does not declare that");
    refused.says("in [task.A] of the task file: writes = [");
    sandbox.git_in(&place, &["rm", "--quiet", "other"]);
    sandbox.git_in(&place, &["commit", "--quiet", "--amend", "-m", "one"]);
    sandbox.ok(&["report", "A", "--done"]);
}

#[test]
fn a_text_comes_from_standard_input_and_a_ledger_out_of_reach_is_named() {
    let sandbox = started("[task.A]\n", &["A"]);
    let mut command = sandbox.dispatch(&["report", "A", "--partial", "half", "--text", "-"]);
    assert!(command.write_stdin("the \u{e9} rest\n").output().unwrap().status.success());
    let told = sandbox.events().pop().unwrap();
    assert_eq!(told["text"], "half\n\nthe \u{e9} rest");
    if rustix::process::geteuid().is_root() {
        return;
    }
    let common = sandbox.repo().join(".git");
    std::fs::set_permissions(&common, std::fs::Permissions::from_mode(0o555)).unwrap();
    let refused = sandbox.run(&["report", "A", "--blocked", "x"]);
    std::fs::set_permissions(&common, std::fs::Permissions::from_mode(0o755)).unwrap();
    refused.exits(3).says("cannot be written from here").says("GIT_DISPATCH_GIT_DIR");
}

#[test]
fn hostile_words_come_back_byte_for_byte_and_harm_no_terminal() {
    let hostile = "\u{1b}]0;pwn\u{7}\u{1b}[2Jx\rOK landed\u{202e} $(touch PWNED) `touch PWNED` #(touch PWNED) '; touch PWNED; \"\n\u{9b}31m";
    let title = toml_string(hostile);
    let sandbox = started(&format!("[task.A]\ntitle = {title}\n[task.B]\ntitle = {title}\n"), &["A", "B"]);
    let long = format!("{hostile}{}", "\u{e9}\u{1b}".repeat((1 << 20) / 3 - 100));
    write_in(&sandbox.root(), "long", &long);
    sandbox.ok(&["report", "A", "--blocked", hostile, "--text", "../long", "--cost", hostile, "--session", hostile]);
    sandbox.ok(&["review", "A", "--finding", hostile, "--as", "a b"]);
    sandbox.ok(&["review", "A", "--halt", hostile]);
    let row = sandbox.row("A");
    let report = &row["report"];
    assert_eq!((&row["title"], &report["blockers"]), (&json!(hostile), &json!([hostile])));
    assert_eq!((&report["cost"], &report["session"]), (&json!(hostile), &json!(hostile)));
    assert_eq!(report["text"].as_str().map(str::trim), Some(long.trim()));
    let log = sandbox.ok(&["log", "--json"]).json();
    let task = &log["batches"][0]["tasks"][0];
    assert_eq!((&task["reports"][0]["blockers"], &task["reviews"][0]["text"]), (&json!([hostile]), &json!(hostile)));
    for command in [
        &["status"][..],
        &["status", "-v"],
        &["log"],
        &["why", "A"],
        &["plan"],
        &["brief", "A"],
        &["status", "--order", "--all"],
    ] {
        let told = sandbox.ok(&[command, &["--color", "never"]].concat());
        let bad = |c: &char| (c.is_control() && *c != '\n' && *c != '\t') || matches!(c, '\u{202e}' | '\u{200b}');
        let text = format!("{}{}", told.stdout, told.stderr);
        assert_eq!(text.chars().find(bad), None, "{command:?}: {text:?}");
    }
    write_in(&sandbox.root(), "bytes", "x");
    std::fs::write(sandbox.root().join("bytes"), b"a\xff").unwrap();
    sandbox.refuses(&["report", "B", "--partial", "x", "--text", "../bytes"], 2, "'../bytes' is no UTF-8 text");
    assert!(!sandbox.repo().join("PWNED").exists() && !sandbox.place("A").join("PWNED").exists());
}

/// As a string of TOML, which takes the escapes of JSON that are needed here.
fn toml_string(text: &str) -> String {
    json!(text).to_string()
}
