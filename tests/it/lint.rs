//! `git dispatch lint`.

use std::path::Path;

use assert_cmd::assert::OutputAssertExt as _;

use crate::support::Sandbox;

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn a_sound_file_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.write("dispatch.toml", "version = 1\n[task.A]\n[task.B]\nneeds = [\"A\"]\n");
    sandbox.dispatch(&["lint"]).assert().success().stdout("dispatch.toml: 2 tasks, no faults\n").stderr("");
    let json = stdout(&sandbox.dispatch(&["lint", "--json"]).assert().success());
    assert_eq!(
        json,
        "{\"schema\":1,\"command\":\"lint\",\"file\":\"dispatch.toml\",\"tasks\":2,\"faults\":[],\"untold\":0}\n"
    );
}

#[test]
fn readers_and_writers_in_a_circle_are_a_warning() {
    let sandbox = Sandbox::new();
    let file = "version = 1\n[task.A]\nreads = [\"b/x\"]\nwrites = [\"a\"]\n[task.B]\nwrites = [\"b/**\"]\nneeds = [\"C\"]\n\
                [task.C]\nreads = [\"a/y\"]\n";
    sandbox.write("dispatch.toml", file);
    sandbox.dispatch(&["lint"]).assert().success().stderr("").stdout(
        "\
warning: task 'A' reads 'b/x', which 'B' writes, and that order would go in a circle: they exclude each other
 --> dispatch.toml:2:1
  |
2 | [task.A]
  | ^^^^^^^^
hint: let 'A' need 'B', or the other way round, to say which comes first

warning: task 'C' reads 'a/y', which 'A' writes, and that order would go in a circle: they exclude each other
 --> dispatch.toml:8:1
  |
8 | [task.C]
  | ^^^^^^^^
hint: let 'C' need 'A', or the other way round, to say which comes first

dispatch.toml: 3 tasks, no faults, 2 warnings
",
    );
    let json = stdout(&sandbox.dispatch(&["lint", "--json"]).assert().success());
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&answer["faults"][0]["severity"], &answer["faults"][1]["line"]), (&"warning".into(), &8.into()));
    sandbox.write("dispatch.toml", &file.replace("[task.C]\n", "[task.C]\nneeds = [\"A\"]\n"));
    sandbox.dispatch(&["lint"]).assert().success().stdout("dispatch.toml: 3 tasks, no faults\n");
}

#[test]
fn every_fault_is_told_with_its_line_and_exit_code_2() {
    let sandbox = Sandbox::new();
    sandbox.write("dispatch.toml", "version = 1\nworkrs = 3\nworkers = 9\n[task.A]\nneeds = [\"B\"]\n");
    sandbox.dispatch(&["lint"]).assert().code(2).stderr("").stdout(
        "\
error: unknown key 'workrs'
 --> dispatch.toml:2:1
  |
2 | workrs = 3
  | ^^^^^^
hint: did you mean 'workers'?

error: task 'A' needs 'B', which the task file does not define
 --> dispatch.toml:5:10
  |
5 | needs = [\"B\"]
  |          ^^^

warning: 9 workers: above 3, coordination eats the gain
 --> dispatch.toml:3:11
  |
3 | workers = 9
  |           ^

dispatch.toml: 2 faults, 1 warning
",
    );
    let json = stdout(&sandbox.dispatch(&["lint", "--json"]).assert().code(2));
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["faults"][1]["line"], 5);
    assert_eq!(answer["faults"][2]["severity"], "warning");
}

#[test]
fn the_file_is_that_of_the_worktree_one_stands_in() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("dispatch.toml", "version = 1\n[task.A]\n"), ("sub/x", "")], "plan");
    let worktree = sandbox.worktree("linked", "other", "main");
    crate::support::write_in(&worktree, "dispatch.toml", "version = 1\n");
    sandbox.dispatch(&["lint"]).assert().success().stdout("dispatch.toml: 1 task, no faults\n");
    sandbox
        .dispatch_in(&sandbox.repo().join("sub"), &["lint"])
        .assert()
        .success()
        .stdout("dispatch.toml: 1 task, no faults\n");
    sandbox.dispatch_in(&worktree, &["lint"]).assert().success().stdout("dispatch.toml: 0 tasks, no faults\n");
    sandbox.dispatch(&["-C", "../linked", "lint"]).assert().success().stdout("dispatch.toml: 0 tasks, no faults\n");
    sandbox.dispatch(&["-C", "sub", "--file", "../dispatch.toml", "lint"]).assert().success();
    sandbox.git(&["config", "dispatch.file", "plans/next.toml"]);
    sandbox.write("plans/next.toml", "version = 1\n[task.A]\n[task.B]\n[task.C]\n");
    sandbox.dispatch(&["lint"]).assert().success().stdout("plans/next.toml: 3 tasks, no faults\n");
}

#[test]
fn where_there_is_no_file_the_hint_says_how_to_get_one() {
    let sandbox = Sandbox::new();
    let assert = sandbox.dispatch(&["lint"]).assert().code(2).stdout("");
    let said = stderr(&assert);
    assert!(
        said.contains("dispatch.toml' does not exist\n") && said.contains("hint: use 'git dispatch init'"),
        "{said}"
    );
    sandbox.dispatch(&["--file", "nope.toml", "lint"]).assert().code(2).stderr("error: 'nope.toml' does not exist\n");
    let outside = Sandbox::empty();
    outside.dispatch(&["lint"]).assert().code(128);
    outside.write("x.toml", "version = 1\n");
    outside.dispatch(&["--file", "x.toml", "lint"]).assert().success();
    outside.git(&["init", "--quiet", "--bare", "bare.git"]);
    outside.dispatch(&["-C", "bare.git", "lint"]).assert().code(2);
}

#[test]
fn what_is_no_regular_file_of_a_sane_size_is_refused_at_once() {
    let sandbox = Sandbox::new();
    let fifo = sandbox.repo().join("dispatch.toml");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let said = stderr(&sandbox.dispatch(&["lint"]).assert().code(2).stdout(""));
    assert!(said.ends_with("dispatch.toml' is not a regular file\n"), "{said}");
    for odd in ["/dev/zero", "."] {
        sandbox
            .dispatch(&["--file", odd, "lint"])
            .assert()
            .code(2)
            .stderr(format!("error: '{odd}' is not a regular file\n"));
    }
    std::fs::File::create(sandbox.repo().join("large.toml")).unwrap().set_len(40 << 20).unwrap();
    let said = stderr(&sandbox.dispatch(&["--file", "large.toml", "lint"]).assert().code(2));
    assert_eq!(said, "error: 'large.toml' is larger than 32 MiB, the most of a task file\n");
}

#[test]
fn hostile_text_is_shown_escaped() {
    let sandbox = Sandbox::new();
    sandbox.write("dispatch.toml", "version = 1\n[task.\"a\\u001b[2J\u{202e}\u{9b}\"]\n");
    let said = stdout(&sandbox.dispatch(&["lint"]).assert().code(2));
    assert!(said.contains("'a\\e[2J\\u{202e}\\u{9b}' is no task id"), "{said}");
    assert!(!said.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{said:?}");
    std::fs::write(sandbox.repo().join("dispatch.toml"), b"version = 1\n# \xff\n").unwrap();
    let said = stdout(&sandbox.dispatch(&["lint"]).assert().code(2));
    assert!(said.contains("error: a task file is UTF-8, and byte 15 is not\n --> dispatch.toml:2:3\n"), "{said}");
}

/// `ulimit -s` holds for the main thread, where recursion would hurt.
#[test]
fn long_chains_and_deep_nesting_need_no_deep_stack() {
    let sandbox = Sandbox::new();
    let chain: String = (1..50_000).map(|n| format!("[task.T{n}]\nneeds = [\"T{}\"]\n", n - 1)).collect();
    sandbox.write("chain.toml", &format!("version = 1\n[task.T0]\n{chain}"));
    sandbox.write("ring.toml", &format!("version = 1\n[task.T0]\nneeds = [\"T49999\"]\n{chain}"));
    sandbox.write("deep.toml", &format!("x = {}", "[".repeat(100_000)));
    sandbox.write("dots.toml", &format!("[{}x]", "a.".repeat(100_000)));
    for (file, code) in [("chain.toml", 0), ("ring.toml", 2), ("deep.toml", 2), ("dots.toml", 2)] {
        let script = format!("ulimit -s 1024 && exec '{}' --file {file} lint", env!("CARGO_BIN_EXE_git-dispatch"));
        let shell = git_dispatch::git::find_program("sh").unwrap();
        #[expect(clippy::disallowed_methods, reason = "only a shell can set the limit")]
        let mut command = std::process::Command::new(shell);
        let assert = command.args(["-c", &script]).current_dir(sandbox.repo()).assert().code(code);
        assert!(stdout(&assert).len() < 5_000);
    }
}

#[test]
fn the_example_is_a_file_that_lint_accepts() {
    let sandbox = Sandbox::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/dispatch.toml");
    sandbox.write("dispatch.toml", &std::fs::read_to_string(example).unwrap());
    sandbox.write("docs/contract.md", "# What we agreed on\n\n- C1: one way\n- C2: another\n");
    sandbox.dispatch(&["lint"]).assert().success().stdout("dispatch.toml: 12 tasks, no faults\n");
}

#[test]
fn a_clause_that_the_contract_lacks_is_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.write("dispatch.toml", "version = 1\ncontract = \"docs/c.md\"\n[task.A]\nclauses = [\"C1\", \"C9\"]\n");
    let said = |sandbox: &Sandbox| stdout(&sandbox.dispatch(&["lint"]).assert().code(0));
    assert!(said(&sandbox).contains("docs/c.md"), "{}", said(&sandbox));
    sandbox.write("docs/c.md", "- C1: be kind\n");
    let told = said(&sandbox);
    assert!(told.contains("warning: task 'A' keeps to clause 'C9', which 'docs/c.md' lacks"), "{told}");
    assert!(!told.contains("'C1'"), "{told}");
}
