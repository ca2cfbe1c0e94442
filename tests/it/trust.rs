//! `git dispatch trust`: no command of a repository runs before a person saw it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::Sandbox;
use crate::watch::Pane;

const TASKS: &str = "[commands]\nsetup = \"touch PWNED\\rnpm ci\"\ncheck = \"true\"\n[task.A]\n";

fn file(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("home/git-dispatch/trusted.toml")
}

/// `git dispatch trust` at a terminal, answered with `answer`.
pub fn asked(sandbox: &Sandbox, answer: &str, end: &str) -> String {
    let pane = Pane::open(sandbox, 100, 40);
    let program = env!("CARGO_BIN_EXE_git-dispatch");
    pane.keys(&[&format!("{program} trust; echo code $?"), "Enter"]);
    pane.wait(|screen| screen.contains("[y/N]"));
    pane.keys(&[answer, "Enter"]);
    pane.wait(|screen| screen.contains(&format!("\n{end}")))
}

fn approved(sandbox: &Sandbox) -> Vec<bool> {
    let json = sandbox.ok(&["trust", "--json"]).json();
    json["commands"].as_array().unwrap().iter().map(|one| one["approved"].as_bool().unwrap()).collect()
}

#[test]
fn without_a_terminal_nothing_is_approved() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.refuses(&["trust"], 3, "commands are approved by a person at a terminal");
    sandbox.ok(&["trust", "--list"]).answers("commands.setup, 1 line  not approved\n  it has characters");
    assert!(!file(&sandbox).exists());
    assert_eq!(approved(&sandbox), [false, false]);
}

#[test]
fn a_person_sees_every_byte_and_the_answer_holds_for_that_text_there() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let screen = asked(&sandbox, "n", "code 1");
    assert!(screen.contains("1 | touch PWNED\\rnpm ci"), "{screen}");
    assert_eq!(approved(&sandbox), [false, false]);
    asked(&sandbox, "y", "code 0");
    assert_eq!(approved(&sandbox), [true, true]);
    assert_eq!(std::fs::metadata(file(&sandbox)).unwrap().permissions().mode() & 0o777, 0o600);
    sandbox.ok(&["trust"]).answers("commands.setup, 1 line  approved");
    sandbox.commit(&[("dispatch.toml", &TASKS.replace("npm ci", "npm ci "))], "one byte more");
    assert_eq!(approved(&sandbox), [false, true]);
    sandbox.commit(&[("dispatch.toml", TASKS)], "back");
    assert_eq!(approved(&sandbox), [true, true]);
    std::fs::rename(sandbox.repo(), sandbox.root().join("moved")).unwrap();
    let moved = sandbox.dispatch_in(&sandbox.root().join("moved"), &["trust", "--json"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&moved.stdout).contains("\"approved\":true"));
    std::fs::rename(sandbox.root().join("moved"), sandbox.repo()).unwrap();
    sandbox.ok(&["trust", "--revoke"]).answers("2 approvals taken back");
    assert_eq!(approved(&sandbox), [false, false]);
}

#[test]
fn what_the_user_configured_is_no_matter_of_trust() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.setup", "make"]);
    let json = sandbox.ok(&["trust", "--json"]).json();
    assert_eq!(json["commands"].as_array().unwrap().len(), 1);
    assert_eq!(json["commands"][0]["name"], "commands.check");
}

#[test]
fn a_file_of_approvals_that_others_could_have_written_does_not_count() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    let path = file(&sandbox);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let refuses = |sandbox: &Sandbox, text: &str, mode: u32, why: &str| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        sandbox.refuses(&["trust", "--list"], 3, why);
    };
    refuses(&sandbox, "version = 1\n", 0o622, "do not count: others may write there");
    refuses(&sandbox, "version = 1\nall = true\n", 0o600, "unknown field `all`");
    refuses(&sandbox, "version = 3\n", 0o600, "its version is 3");
    refuses(&sandbox, "version = ", 0o600, "the approvals in");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    sandbox.refuses(&["trust", "--list"], 3, "that is no such file");
    let inside = sandbox.repo().join("state").display().to_string();
    sandbox.env("XDG_STATE_HOME", &inside);
    sandbox.refuses(&["trust", "--list"], 3, "within the repository at");
}

#[test]
fn no_key_of_a_task_file_approves_anything() {
    for key in ["trust = true", "yes = true", "auto_approve = true", "trusted = \"/tmp/x\""] {
        let sandbox = Sandbox::with_tasks(&format!("{key}\n{TASKS}"));
        let output = sandbox.dispatch(&["trust", "--list"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("error: unknown key"), "{output:?}");
    }
}

#[test]
fn a_start_whose_setup_nobody_approved_makes_nothing() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.refuses(&["start", "A"], 3, "'setup' of 'dispatch.toml' would run as you, and is not approved");
    assert!(sandbox.git(&["for-each-ref", "refs/heads/task", "refs/notes"]).is_empty());
    sandbox.ok(&["start", "A", "--no-setup"]);
    assert!(!sandbox.place("A").join("PWNED").exists());
    sandbox.refuses(&["start", "--setup", "A"], 3, "is not approved");
}
