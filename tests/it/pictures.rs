//! `git dispatch plan --format`.

use serde_json::json;

use crate::support::Sandbox;
use crate::taskfile::generate;

const FORMATS: [&str; 7] = ["text", "json", "markdown", "mermaid", "svg", "html", "dot"];
const TASKS: &str = "\
plan = { title = \"Checkout v2\" }
[task.A]
title = \"Cart\"
locks = [\"db\"]
[task.B]
title = \"Orders\"
locks = [\"db\"]
[task.C]
title = \"Pages\"
needs = [\"A\", \"B\"]
";

#[test]
fn every_format_answers_the_same_bytes_each_time_and_nothing_else() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "B"]);
    let first_lines = [
        "main at ",
        "{\"schema\":1,\"command\":\"plan\"",
        "<!-- suggested file name: 2026-01-19-repo-checkout-v2.md -->\n# Checkout v2\n",
        "# Checkout v2\n",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=",
        "<!DOCTYPE html>\n",
        "digraph plan {\n",
    ];
    for (format, first_line) in FORMATS.iter().zip(first_lines) {
        let outcome = sandbox.ok(&["plan", "--format", format]);
        assert!(outcome.stdout.starts_with(first_line), "{outcome:#?}");
        assert_eq!(outcome.stderr, "", "{format}");
        for _ in 0..3 {
            assert_eq!(sandbox.ok(&["plan", "--format", format]).stdout, outcome.stdout);
        }
        assert_eq!(
            sandbox.ok(&["plan", "--color", "always", "--format", format]).stdout == outcome.stdout,
            *format != "text"
        );
    }
}

#[test]
fn the_next_batch_is_the_one_that_start_would_make() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["plan", "--format", "markdown"]).answers("Batch 1A: Cart");
    sandbox.ok(&["start", "A"]);
    assert_eq!(sandbox.events()[0]["batch"], json!("batch-001"));
    let table = sandbox.ok(&["plan", "--format", "markdown"]);
    table
        .answers("| S-A | A | Cart | quick | 1h | - | yes | Batch 1A: Cart | active |\n")
        .answers("| S-B | B | Orders | quick | 1h | - | yes | Batch 2A: Orders | S-A (lock db) |\n");
}

#[test]
fn json_is_a_format_and_only_one_is_told() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let json = sandbox.ok(&["plan", "--json"]).stdout;
    assert_eq!(sandbox.ok(&["plan", "--format", "json"]).stdout, json);
    assert_eq!(sandbox.ok(&["--json", "plan", "--format=json"]).stdout, json);
    assert_eq!(sandbox.ok(&["plan", "--format", "text"]).stdout, sandbox.ok(&["plan"]).stdout);
    sandbox
        .refuses(&["plan", "--json", "--format", "svg"], 2, "'--json' and '--format svg' ask for two answers")
        .says("hint: use 'git dispatch plan --format svg' to get that one");
    assert_eq!(sandbox.run(&["plan", "--format", "pdf"]).exits(2).stdout, "");
}

#[test]
fn more_than_an_eye_could_follow_is_not_drawn() {
    let sandbox = Sandbox::with_tasks(&generate(5_001, 2));
    for format in ["svg", "html"] {
        let what = format!("5001 tasks are left, and format '{format}' draws at most 5000");
        sandbox
            .refuses(&["plan", "--format", format], 3, &what)
            .says("hint: use 'git dispatch plan --format json' to get them all");
    }
    for format in ["markdown", "mermaid", "dot", "json"] {
        sandbox.ok(&["plan", "--format", format]);
    }
}

#[test]
fn what_a_task_file_says_never_becomes_markup() {
    let hostile = "</title></svg><script>alert(1)</script>\\\"'>` | \\n\\u001b[2J\\u202e``` %%{init}%% end;";
    let agent = "<script>alert(1)</script>|`x`";
    let text = format!(
        "plan = {{ title = \"{hostile}\", issue = \"javascript:alert(1)\" }}\n[task.A]\ntitle = \"{hostile}\"\n\
         phase = \"{hostile}\"\nissue = \"https://x/{hostile}\"\nagent = \"{agent}\"\n\
         [task.B]\nneeds = [\"A\"]\nissue = \"https://x/{hostile}\"\n[agent.\"{agent}\"]\nisolated = true\n"
    );
    let sandbox = Sandbox::with_tasks(&text);
    for format in FORMATS {
        let answer = sandbox.ok(&["plan", "--format", format]).stdout;
        let quoted = ["text", "json"].contains(&format);
        assert!(quoted || !answer.contains("<script>alert"), "{format}: {answer}");
        assert!(!answer.contains(['\u{1b}', '\u{202e}']), "{format}: {answer}");
        assert!(!answer.contains("href=\"javascript") && !answer.contains("](javascript"), "{format}: {answer}");
    }
}
