//! Drift in `git dispatch status`: what was touched and not declared. And `status --porcelain`, which tells it byte by byte.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::json;

use crate::support::{Sandbox, write_in};

const TASKS: &str = r#"shared-paths = ["Cargo.lock"]
[locks]
schema = ["migrations/**"]
[task.A]
title = "First"
writes = ["src/a/**"]
locks = ["schema"]
[task.B]
title = "Second"
writes = ["src/b/**", "docs/b.md"]
[task.C]
title = "Third"
"#;

/// A, B and C are started.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[("src/a/1", "1\n"), ("src/b/1", "1\n"), ("src/c/1", "1\n"), ("Cargo.lock", "1\n")], "files");
    sandbox.ok(&["start", "A", "B", "C"]);
    sandbox
}

#[test]
fn paths_that_were_committed_and_not_declared_are_told_with_the_lines_that_declare_them() {
    let sandbox = started();
    let files = [("src/a/1", "2\n"), ("src/b/1", "2\n"), ("Cargo.lock", "2\n"), ("migrations/1", "1\n")];
    sandbox.commit_in(&sandbox.place("A"), &files, "one");
    sandbox.commit_in(&sandbox.place("A"), &[("src/c/1", "2\n"), ("src/c/2", "2\n"), ("docs/a.md", "2\n")], "two");
    sandbox.commit_in(&sandbox.place("C"), &[("src/b/new", "1\n"), ("x", "1\n")], "three");
    let drift = |id: &str| sandbox.row(id)["drift"].clone();
    assert_eq!(
        drift("A"),
        json!({
            "checked": true,
            "paths": ["docs/a.md", "src/b/1", "src/c/1", "src/c/2"],
            "uncommitted": [],
            "others": [{"path": "src/b/1", "by": ["B"]}],
            "writes": ["src/a/**", "docs/a.md", "src/b/1", "src/c/**"],
        })
    );
    assert_eq!(drift("B"), json!({"checked": true, "paths": [], "uncommitted": [], "others": []}));
    let others = json!([{"path": "src/b/new", "by": ["B"]}]);
    assert_eq!(drift("C"), json!({"checked": false, "paths": [], "uncommitted": [], "others": others}));
    let told = sandbox.ok(&["status"]).answers("4 paths").stdout;
    assert!(!told.contains("src/c/2"), "{told}");
    let told = sandbox.ok(&["status", "-v"]).answers(
        "    A touches what it did not declare
      docs/a.md
      src/b/1  declared by B
      src/c/1
      src/c/2
    to declare it, in the task file:
      [task.A]
      writes = [\"src/a/**\", \"docs/a.md\", \"src/b/1\", \"src/c/**\"]
",
    );
    told.answers("    C touches what another active task declares\n      src/b/new  declared by B\n");
}

#[test]
fn the_lines_told_declare_all_of_it_for_the_next_start() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("src/c/1", "2\n"), ("src/c/2", "2\n"), ("x y", "2\n")], "one");
    let told = sandbox.ok(&["status", "-v"]).stdout;
    let lines = told.split_once("in the task file:\n").unwrap().1;
    let line = lines.lines().nth(1).unwrap().trim();
    sandbox.write("dispatch.toml", &TASKS.replace("writes = [\"src/a/**\"]", line));
    sandbox.ok(&["lint"]);
    // What was declared at the start holds, so it drifted still; but nothing is missing in the file.
    assert_eq!(sandbox.row("A")["drift"]["paths"], json!(["src/c/1", "src/c/2", "x y"]));
    assert!(!sandbox.ok(&["status", "-v"]).stdout.contains("to declare it"));
}

#[test]
fn what_the_branch_merged_from_the_target_did_not_drift() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("src/a/1", "2\n")], "own");
    sandbox.commit(&[("elsewhere", "1\n")], "main goes on");
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "--no-edit", "main"]);
    assert_eq!(sandbox.row("A")["drift"], json!({"checked": true, "paths": [], "uncommitted": [], "others": []}));
}

/// Names that a terminal, a quoting, a pattern or a list of options could stumble over.
const HOSTILE: [&[u8]; 8] = [
    b"-rf",
    b"a\nb",
    b"esc\x1b[2J",
    b"glob[*]{?}",
    b"latin\xe9\xff",
    b"quote\"back\\slash",
    "rtl\u{202e}".as_bytes(),
    b"tab\t and space",
];

fn with_hostile_names() -> Sandbox {
    let sandbox = started();
    for name in HOSTILE {
        std::fs::write(sandbox.place("A").join(OsStr::from_bytes(name)), b"1\n").unwrap();
    }
    sandbox.commit_in(&sandbox.place("A"), &[], "names");
    sandbox
}

#[test]
fn hostile_names_are_told_escaped_and_declared_by_patterns_that_cover_them() {
    let sandbox = with_hostile_names();
    let told = sandbox.ok(&["status", "-v"]);
    assert!(!told.stdout.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{told:#?}");
    told.answers("8 paths").answers("      a\\nb\n").answers("      esc\\e[2J\n");
    let drift = sandbox.row("A")["drift"].clone();
    assert_eq!(drift["paths"].as_array().unwrap().len(), 8);
    assert_eq!(drift["paths"][2], "esc\u{1b}[2J");
    let writes = drift["writes"].clone();
    sandbox.write("dispatch.toml", &TASKS.replace("[\"src/a/**\"]", &writes.to_string()));
    sandbox.ok(&["lint"]);
    assert_eq!(sandbox.row("A")["drift"]["writes"], serde_json::Value::Null, "nothing is missing now");
}

/// The bytes that the program answers.
fn bytes(sandbox: &Sandbox, arguments: &[&str]) -> Vec<u8> {
    sandbox.dispatch(arguments).assert().success().get_output().stdout.clone()
}

#[test]
fn lines_for_scripts_hold_every_byte_of_a_name_and_quote_as_git_does() {
    let sandbox = with_hostile_names();
    let base = sandbox.row("A")["base"].as_str().unwrap().to_owned();
    let (raw, quoted) =
        (bytes(&sandbox, &["status", "--porcelain", "-z"]), bytes(&sandbox, &["status", "--porcelain"]));
    let names = |bytes: &[u8], end: u8| -> Vec<Vec<u8>> {
        let names = bytes.split(|byte| *byte == end).filter_map(|line| line.strip_prefix(b"drift A committed "));
        names.map(<[u8]>::to_vec).collect()
    };
    let git = |arguments: &[&str]| {
        let all = [&["-c", "core.quotePath=true", "diff", "--name-only"], arguments, &[&base, "task/A"]].concat();
        sandbox.try_git_in(&sandbox.repo(), &all).stdout
    };
    let split = |bytes: Vec<u8>, end: u8| -> Vec<Vec<u8>> {
        bytes.split(|byte| *byte == end).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
    };
    assert_eq!(names(&raw, 0), HOSTILE);
    assert_eq!(names(&raw, 0), split(git(&["-z"]), 0));
    assert_eq!(names(&quoted, b'\n'), split(git(&[]), b'\n'));
    // Neither a terminal nor a setting changes what a script reads.
    sandbox.git(&["config", "core.quotePath", "false"]);
    sandbox.git(&["config", "color.ui", "always"]);
    assert_eq!(bytes(&sandbox, &["status", "--porcelain"]), quoted);
    assert_eq!(bytes(&sandbox, &["--color", "always", "status", "--porcelain", "-z"]), raw);
}

#[test]
fn lines_for_scripts_say_what_the_json_says() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("src/a/1", "2\n"), ("src/b/1", "2\n")], "A");
    sandbox.commit_in(&sandbox.place("B"), &[("src/b/1", "3\n")], "B");
    write_in(&sandbox.place("B"), "src/b/untracked", "1\n");
    sandbox.commit(&[("src/a/1", "main\n")], "main");
    let lines = String::from_utf8(bytes(&sandbox, &["status", "--porcelain"])).unwrap();
    let (a, b) = (sandbox.row("A"), sandbox.row("B"));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let expected = [
        "# git-dispatch status 1".to_owned(),
        format!("target {} main", sandbox.git(&["rev-parse", "main"])),
        format!("task A active - 1 1 1 0 0 0 0 conflict .. - 1 1 {} {} task/A", text(&a["base"]), text(&a["tip"])),
        format!("worktree A {}", text(&a["worktree"])),
        "conflict A committed src/a/1".to_owned(),
        "collision A B committed src/b/1".to_owned(),
        "drift A committed src/b/1".to_owned(),
        "declared A B committed src/b/1".to_owned(),
        format!("task B active - 1 1 1 0 0 1 0 clean .. - 1 0 {} {} task/B", text(&b["base"]), text(&b["tip"])),
        format!("worktree B {}", text(&b["worktree"])),
        "collision B A committed src/b/1".to_owned(),
    ];
    let told: Vec<&str> = lines.lines().collect();
    assert_eq!(told[..expected.len()], expected, "{lines}");
    assert!(told[expected.len()].starts_with("task C active - 0 0 1 0 0 0 0 empty .. - 0 ? "), "{lines}");
    sandbox.refuses(&["status", "--porcelain", "--json"], 2, "'--json' and '--porcelain' ask for two answers");
    sandbox.dispatch(&["status", "-z"]).assert().code(2);
}

#[test]
fn work_that_is_not_committed_drifts_too_and_is_marked() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("A"), &[("src/c/1", "2\n")], "A");
    write_in(&sandbox.place("A"), "src/c/1", "3\n");
    write_in(&sandbox.place("A"), "src/b/new folder/x", "3\n");
    write_in(&sandbox.place("A"), "src/a/fine", "3\n");
    let drift = sandbox.row("A")["drift"].clone();
    assert_eq!(
        drift,
        json!({
            "checked": true,
            "paths": ["src/b/new folder/x", "src/c/1"],
            "uncommitted": ["src/b/new folder/x"],
            "others": [{"path": "src/b/new folder/x", "by": ["B"]}],
            "writes": ["src/a/**", "src/b/new folder/x", "src/c/1"],
        })
    );
    sandbox
        .ok(&["status", "-v"])
        .answers("      src/b/new folder/x  not committed, declared by B\n      src/c/1\n")
        .answers("2 paths");
}
