//! `git dispatch import`.

use std::path::{Path, PathBuf};

use crate::support::Sandbox;

const BEADS: &str = "{\"id\":\"bd-1\",\"title\":\"First\",\"status\":\"open\",\"issue_type\":\"task\"}\n\
    {\"id\":\"bd-1.2\",\"title\":\"Second\",\"status\":\"open\",\"dependencies\":[{\"depends_on_id\":\"bd-1\",\"type\":\"blocks\"}]}\n";
const WORKFLOW: &str = "name: CI\njobs:\n  build: {}\n  test:\n    needs: build\n";

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// How many tasks `lint` finds in `text`.
fn linted(sandbox: &Sandbox, text: &str) -> String {
    sandbox.write("linted.toml", text);
    let said = stdout(&sandbox.dispatch(&["--file", "linted.toml", "lint"]).assert().success());
    said.trim_start_matches("linted.toml: ").trim_end().to_owned()
}

#[test]
fn the_task_file_goes_to_standard_output_and_what_was_done_to_standard_error() {
    let sandbox = Sandbox::new();
    sandbox.write(".beads/issues.jsonl", BEADS);
    let expected = "\
# Imported from beads: .beads/issues.jsonl
# 2 tasks.
version = 1

[task.bd-1]
title = \"First\"

# bd-1.2 -> bd-1-2
[task.bd-1-2]
title = \"Second\"
needs = [\"bd-1\"]
";
    let assert = sandbox.dispatch(&["import", "--from", "beads"]).assert().success();
    assert_eq!(stdout(&assert), expected);
    assert_eq!(stderr(&assert), "2 tasks from .beads/issues.jsonl, 1 with another id\n");
    assert_eq!(linted(&sandbox, expected), "2 tasks, no faults");
    sandbox.dispatch(&["import", "--from", "beads", "-q"]).assert().success().stdout(expected).stderr("");
    let below = sandbox.repo().join("sub");
    std::fs::create_dir(&below).unwrap();
    sandbox.dispatch_in(&below, &["import", "--from", "beads"]).assert().success().stdout(expected);
}

#[test]
fn a_file_is_written_once_and_never_replaced() {
    let sandbox = Sandbox::new();
    sandbox.write("x.jsonl", BEADS);
    let import = ["import", "--from", "beads", "x.jsonl", "-o", "dispatch.toml"];
    let assert = sandbox.dispatch(&import).assert().success();
    assert_eq!(stdout(&assert), "wrote dispatch.toml: 2 tasks from x.jsonl, 1 with another id\n");
    assert_eq!(stderr(&assert), "hint: use 'git dispatch plan' to see what can start\n");
    let planned = stdout(&sandbox.dispatch(&["plan"]).assert().success());
    assert!(planned.contains("bd-1    First") && planned.contains("needs bd-1\n"), "{planned}");
    let before = std::fs::read_to_string(sandbox.repo().join("dispatch.toml")).unwrap();
    sandbox
        .dispatch(&import)
        .assert()
        .code(3)
        .stdout("")
        .stderr("error: 'dispatch.toml' exists already\nhint: move it away, or choose another name with -o FILE\n");
    assert_eq!(std::fs::read_to_string(sandbox.repo().join("dispatch.toml")).unwrap(), before);
    std::os::unix::fs::symlink("../elsewhere", sandbox.repo().join("link.toml")).unwrap();
    sandbox.dispatch(&["import", "--from", "beads", "x.jsonl", "-o", "link.toml"]).assert().code(3);
    assert!(!sandbox.root().join("elsewhere").exists());
}

#[test]
fn a_dash_is_standard_output_and_a_folder_must_be_there() {
    let sandbox = Sandbox::new();
    sandbox.write("x.jsonl", BEADS);
    let import = |output| sandbox.dispatch(&["import", "--from", "beads", "x.jsonl", "-o", output]);
    assert!(stdout(&import("-").assert().success()).contains("\n[task.bd-1]\n"));
    assert!(!sandbox.repo().join("-").exists());
    let hint = "hint: make it first, or choose another name with -o FILE\n";
    for (output, what) in
        [("missing/x.toml", "folder 'missing' does not exist"), ("x.jsonl/y.toml", "folder 'x.jsonl' is no folder")]
    {
        import(output).assert().code(3).stdout("").stderr(format!("error: {what}\n{hint}"));
    }
}

#[test]
fn what_is_lost_or_held_is_a_warning_on_standard_error() {
    let sandbox = Sandbox::new();
    sandbox.write("x.json", "[{\"id\":\"A\",\"status\":\"blocked\",\"files\":[\"../x\", \"app/[id]/page.tsx\"]}]");
    let assert = sandbox.dispatch(&["import", "--from", "json", "x.json"]).assert().success();
    let (text, said) = (stdout(&assert), stderr(&assert));
    assert!(said.contains("warning: 'A' is blocked there, and no need says by what: it gets a gate\n  --> x.json:1:8"));
    assert!(said.contains("warning: task 'A' writes '../x', left out"), "{said}");
    assert!(text.contains("# put off there: delete the gate below, or start it with --force\n[task.A]\n"), "{text}");
    assert!(text.contains("writes = [\"app/[[]id]/page.tsx\"]\n") && text.contains("review = [\"start\"]\n"), "{text}");
    assert_eq!(linted(&sandbox, &text), "1 task, no faults");
}

#[test]
fn a_fault_names_file_and_line_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    sandbox.write("x.jsonl", &format!("{BEADS}{{\"id\":7,\"title\":[1]}}\n{{\n"));
    sandbox.dispatch(&["import", "--from", "beads", "x.jsonl", "-o", "out.toml"]).assert().code(2).stdout("").stderr(
        "\
error: 'title' of issue '7' must be a text, not a list
 --> x.jsonl:3:17
  |
3 | {\"id\":7,\"title\":[1]}
  |                 ^^^

error: the JSON ends here, and is not complete
 --> x.jsonl:4:2
  |
4 | {
  |  ^

",
    );
    assert!(!sandbox.repo().join("out.toml").exists());
    assert_eq!(std::fs::read_dir(sandbox.repo()).unwrap().count(), 3);
}

#[test]
fn each_source_has_its_usual_place() {
    let sandbox = Sandbox::new();
    sandbox.write(".taskmaster/tasks/tasks.json", "{\"tasks\":[{\"id\":1,\"title\":\"T\"}]}");
    sandbox.write("backlog/tasks/task-1 - A.md", "---\nid: task-1\ntitle: A\ndependencies: [task-2]\n---\n");
    sandbox.write("backlog/completed/task-2 - B.md", "---\nid: task-2\ntitle: B\nstatus: Released\n---\n");
    sandbox.write(".github/workflows/ci.yml", WORKFLOW);
    sandbox.write(".project/task-index.json", "{\"tasks\":[{\"id\":\"A\",\"estimate\":\"4h\"}]}");
    for (source, expected) in [("taskmaster", "[task.1]\n"), ("backlog", "[task.task-1]\ntitle = \"A\"\n")] {
        let text = stdout(&sandbox.dispatch(&["import", "--from", source]).assert().success());
        assert!(text.contains(expected), "{text}");
        assert_eq!(linted(&sandbox, &text), "1 task, no faults");
    }
    let text =
        stdout(&sandbox.dispatch(&["import", "--from", "backlog", "backlog/completed", "--all"]).assert().success());
    assert!(text.contains("state = \"landed\""), "{text}");
    let text = stdout(&sandbox.dispatch(&["import", "--from", "json"]).assert().success());
    assert!(text.ends_with("[task.A]\nestimate = \"4h\"\n"), "{text}");
    let text = stdout(&sandbox.dispatch(&["import", "--from", "actions"]).assert().success());
    assert!(text.ends_with("[task.test]\ntitle = \"test\"\nneeds = [\"build\"]\n"), "{text}");
    sandbox.write(".github/workflows/release.yaml", WORKFLOW);
    sandbox.dispatch(&["import", "--from", "actions"]).assert().code(2).stdout("").stderr(
        "error: there are 2 workflows in '.github/workflows'\n\
         hint: use 'git dispatch import --from actions .github/workflows/ci.yml' to import that one\n\
         hint: use 'git dispatch import --from actions .github/workflows/release.yaml' to import that one\n",
    );
    sandbox.dispatch(&["import", "--from", "beads"]).assert().code(2).stderr(
        "error: '.beads/issues.jsonl' does not exist\nhint: name the file: 'git dispatch import --from beads FILE'\n",
    );
}

#[test]
fn a_named_file_and_standard_input_need_no_repository() {
    let outside = Sandbox::empty();
    outside.write("in/ci.yml", WORKFLOW);
    let import = |arguments: &[&str]| outside.dispatch(&[&["import", "--from", "actions"], arguments].concat());
    let text = stdout(&import(&["in/ci.yml"]).assert().success());
    assert!(text.contains("needs = [\"build\"]"), "{text}");
    assert!(stdout(&import(&["-C", "in", "ci.yml"]).assert().success()).contains("# Imported from actions: ci.yml\n"));
    let assert = import(&["-"]).write_stdin(WORKFLOW).assert().success();
    assert!(stdout(&assert).contains("# Imported from actions: standard input\n"));
    import(&[]).assert().code(128);
}

#[test]
fn what_is_no_regular_file_of_a_sane_size_is_refused_at_once() {
    let sandbox = Sandbox::new();
    let fifo = sandbox.repo().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    for odd in ["fifo", "/dev/zero", "."] {
        let said = stderr(&sandbox.dispatch(&["import", "--from", "json", odd]).assert().code(2).stdout(""));
        assert!(said.ends_with(&format!("{odd}' is not a regular file\n")), "{said}");
    }
    std::fs::File::create(sandbox.repo().join("large")).unwrap().set_len(40 << 20).unwrap();
    let said = stderr(&sandbox.dispatch(&["import", "--from", "json", "large"]).assert().code(2));
    assert!(said.contains("larger than 32 MiB, the most of an import source\n"), "{said}");
    let large = vec![b' '; (32 << 20) + 1];
    sandbox
        .dispatch(&["import", "--from", "json", "-"])
        .write_stdin(large)
        .assert()
        .code(2)
        .stderr("error: standard input has more than 32 MiB, the most of an import source\n");
    sandbox.write("large.yml", &"#".repeat((1 << 20) + 1));
    let said = stderr(&sandbox.dispatch(&["import", "--from", "actions", "large.yml"]).assert().code(2));
    assert!(said.contains("YAML of more than 1 MiB is not read\n"), "{said}");
}

/// `ulimit -s` holds for the main thread, where recursion would hurt.
#[test]
fn deep_nesting_and_long_chains_need_no_deep_stack_and_aliases_no_memory() {
    use assert_cmd::assert::OutputAssertExt as _;
    let sandbox = Sandbox::new();
    let chain: String = (1..30_000).map(|n| format!(",{{\"id\":{n},\"needs\":[{}]}}", n - 1)).collect();
    sandbox.write("chain.json", &format!("[{{\"id\":0}}{chain}]"));
    sandbox.write("ring.json", &format!("[{{\"id\":0,\"needs\":[29999]}}{chain}]"));
    sandbox.write("deep.json", &"[".repeat(1_000_000));
    sandbox.write("deep.yml", &"- ".repeat(500_000));
    let parents: String = (1..30_000)
        .map(|n| {
            let parent = format!("{{\"depends_on_id\":\"{}\",\"type\":\"parent-child\"}}", n - 1);
            format!("{{\"id\":\"{n}\",\"issue_type\":\"epic\",\"dependencies\":[{parent}]}}\n")
        })
        .collect();
    sandbox.write("parents.jsonl", &format!("{{\"id\":\"0\",\"issue_type\":\"epic\"}}\n{parents}"));
    let bomb: String = ('b'..='z').map(|n| format!("{n}: &{n} [*{0}, *{0}, *{0}]\n", (n as u8 - 1) as char)).collect();
    sandbox.write("bomb.yml", &format!("a: &a [x, x]\n{bomb}"));
    let cases = [
        ("json", "chain.json", 0),
        ("json", "ring.json", 2),
        ("json", "deep.json", 2),
        ("actions", "deep.yml", 2),
        ("actions", "bomb.yml", 2),
        ("beads", "parents.jsonl", 2),
    ];
    for (source, file, code) in cases {
        let program = env!("CARGO_BIN_EXE_git-dispatch");
        let script = format!("ulimit -s 1024 && ulimit -v 2000000 && exec '{program}' import --from {source} {file}");
        let shell = git_dispatch::git::find_program("sh").unwrap();
        #[expect(clippy::disallowed_methods, reason = "only a shell can set the limits")]
        let mut command = std::process::Command::new(shell);
        let assert = command.args(["-c", &script]).current_dir(sandbox.repo()).assert().code(code);
        assert!(stderr(&assert).len() < 5_000);
    }
}

#[test]
fn hostile_text_is_shown_escaped_everywhere() {
    let sandbox = Sandbox::new();
    let issue = "{\"id\":\"a\\u001b[2J\",\"title\":\"\\u202e\\\"\\\"\\\"\\n[task.b]\",\"status\":\"\\u009b\\u0007\",\
        \"dependencies\":[{\"depends_on_id\":\"\\u001b]0;x\",\"type\":\"blocks\"}]}";
    sandbox.write("x.jsonl", issue);
    let unsafe_in = |text: &str| text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}');
    let assert = sandbox.dispatch(&["import", "--from", "beads", "x.jsonl"]).assert().success();
    let (text, said) = (stdout(&assert), stderr(&assert));
    assert!(!unsafe_in(&text) && !unsafe_in(&said), "{text:?} {said:?}");
    assert!(
        said.starts_with("warning: issue 'a\\e[2J' needs '\\e]0;x', which is not there: left out\n  --> x.jsonl:1:"),
        "{said}"
    );
    assert_eq!(linted(&sandbox, &text), "1 task, no faults");
    let json = stdout(&sandbox.dispatch(&["import", "--from", "beads", "x.jsonl", "--json"]).assert().success());
    assert!(!unsafe_in(&json), "{json:?}");
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (answer["tasks"][0]["id"].as_str(), answer["tasks"][0]["was"].as_str()),
        (Some("a-2J"), Some("a\u{1b}[2J"))
    );
    assert_eq!(answer["text"].as_str(), Some(text.as_str()));
    sandbox.write("bad.jsonl", &format!("{issue}\n{issue}"));
    let said = stderr(&sandbox.dispatch(&["import", "--from", "beads", "bad.jsonl"]).assert().code(2));
    assert!(said.contains("issue 'a\\e[2J' stands here twice, first in line 1") && !unsafe_in(&said), "{said}");
}

#[test]
fn flags_that_mean_nothing_here_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("x.jsonl", BEADS);
    sandbox
        .dispatch(&["import", "--from", "beads", "x.jsonl", "--tag", "v1"])
        .assert()
        .code(2)
        .stderr("error: '--tag' is of '--from taskmaster' only\n");
    sandbox.dispatch(&["import", "--from", "beads", "x.jsonl", "--file", "y.toml"]).assert().code(2).stdout("").stderr(
        "error: '--file' names a task file to read, and this command writes one\nhint: say where with -o FILE\n",
    );
    sandbox.dispatch(&["import", "--from", "jira"]).assert().code(2).stdout("");
    sandbox.dispatch(&["import"]).assert().code(2).stdout("");
}

/// The folder of real graphs, where there is one: `GIT_DISPATCH_DATA`, else `../shared/data` beside the project.
fn data() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where the data is, is said to the tests by the environment")]
    let folder = std::env::var_os("GIT_DISPATCH_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    folder.join("graphs").is_dir().then(|| folder.join("graphs"))
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a test that had nothing to test says so")]
fn real_graphs_are_imported_and_planned() {
    let Some(data) = data() else {
        println!("no real graphs: GIT_DISPATCH_DATA names no folder, and ../shared/data is not there");
        return;
    };
    let sandbox = Sandbox::new();
    for (source, file, tags) in [
        ("beads", "beads_viewer.issues.jsonl", &[""][..]),
        ("beads", "beads_cass.issues.jsonl", &[""]),
        ("taskmaster", "taskmaster.tasks.json", &["master", "cc-kiro-hooks", "autonomous-tdd-git-workflow", "loop"]),
    ] {
        for (number, tag) in tags.iter().enumerate() {
            let path = data.join(file);
            let mut arguments = vec!["import", "--from", source, path.to_str().unwrap()];
            arguments.extend(if tag.is_empty() { vec![] } else { vec!["--tag", *tag] });
            let assert = sandbox.dispatch(&arguments).assert().success();
            let circle = stderr(&assert).contains("needs go in a circle: '12.1' → '12.4' → '12.1'");
            assert_eq!(circle, *tag == "master");
            let name = format!("{file}.{number}.toml");
            sandbox.write(&name, &stdout(&assert));
            sandbox.dispatch(&["--file", &name, "plan"]).assert().success();
        }
    }
}
