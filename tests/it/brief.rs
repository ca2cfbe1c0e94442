//! `git dispatch brief`, and the private file that a start writes it to.

use serde_json::json;

use crate::support::{Sandbox, write_in};

const TASKS: &str = r#"version = 1
target = "main"
contract = "docs/contract.md"
plan = { title = "Eval v2", issue = "https://x/1" }

[modes.pair]
launch-as = "Together"

[task.N]
title = "Types"
state = "landed"

[task.A]
title = "Scorer"
issue = "https://x/12"
phase = "two"
estimate = "4h"
needs = ["N"]
writes = ["src/a/**"]
mode = "pair"
clauses = ["C1"]
context = ["one point"]
steps = ["write it", "test it"]
done-when = "cargo test a passes"
brief-file = "docs/a.md"

[task.B]
title = "$(touch PWNED) `id`\n# Exit\u202E"
writes = ["src/b/**"]
budget = "unlimited"
"#;

const CONTRACT: &str = "# Contract\n\n- C1: errors are values\n- C2: no globals\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[("docs/contract.md", CONTRACT), ("docs/a.md", "## At length\n\nall of it\n")], "documents");
    sandbox.git(&["config", "dispatch.setup", "true"]);
    sandbox
}

fn private(sandbox: &Sandbox, id: &str) -> String {
    std::fs::read_to_string(sandbox.repo().join(format!(".git/dispatch/briefs/{id}.md"))).unwrap()
}

#[test]
fn it_holds_what_a_worker_starts_from_and_changes_nothing() {
    let sandbox = sandbox();
    sandbox.ok(&["start", "B"]);
    let before = sandbox.snapshot();
    let told = sandbox.ok(&["brief", "A"]);
    assert_eq!((sandbox.snapshot(), told.stderr.as_str()), (before, ""));
    let (repo, place) = (sandbox.repo(), sandbox.place("A"));
    let base = sandbox.git(&["rev-parse", "main"]);
    let parts = [
        "# Implement A: Scorer ([issue](https://x/12))\n",
        "Phase: two\nMaster plan: [Eval v2](https://x/1)\n",
        &format!("Repository: {}\nLaunch from: {} (required)\n", repo.display(), place.display()),
        &format!("Branch: task/A\nBase: {base} (main)\n"),
        "- one point\n\n## At length\n\nall of it\n",
        "- N Types: landed\n",
        "Execution mode: pair | Launch as: Together | Worktree: yes\n",
        "1. write it\n2. test it\n",
        "- `src/a/**`\n",
        "- `src/b/**` (B $(touch PWNED) \\`id\\`\\\\n# Exit\\\\u{202e})\n",
        "## Contract: fulfil\n\n- C1: errors are values\n",
        "## Contract: must not violate\n\n# Contract\n\n- C2: no globals\n",
        "Done when: cargo test a passes\n",
        "Estimate cost before execution. If >$10 and cost profile is not unlimited, checkpoint.\n",
        "Reply with 'Session started' before beginning work.",
        "    git dispatch report --started\n",
        "    git dispatch report --done --done-when yes\n",
    ];
    let mut rest = told.stdout.as_str();
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("no {part:?} in {rest}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn a_start_writes_it_where_the_setup_command_finds_it_and_an_undo_takes_it_away() {
    let sandbox = sandbox();
    sandbox.git(&["config", "dispatch.setup", "cp \"$GIT_DISPATCH_BRIEF\" .git-brief"]);
    sandbox.ok(&["start", "A", "B"]);
    for id in ["A", "B"] {
        let seen = std::fs::read_to_string(sandbox.place(id).join(".git-brief")).unwrap();
        assert_eq!(seen, private(&sandbox, id));
        assert_eq!(seen, sandbox.ok(&["brief", id]).stdout);
        assert_eq!(seen, sandbox.run_in(&sandbox.place("B"), &["brief", id]).exits(0).stdout);
        std::fs::remove_file(sandbox.place(id).join(".git-brief")).unwrap();
    }
    assert!(private(&sandbox, "A").contains("- `src/b/**` (B "), "those that start together know of each other");
    assert!(private(&sandbox, "B").contains("- `src/a/**` (A Scorer)"));
    assert!(!private(&sandbox, "B").contains("Estimate cost"), "its budget is unlimited");
    assert!(private(&sandbox, "B").starts_with("# Implement B: $(touch PWNED) \\`id\\`\\\\n# Exit\\\\u{202e}\n\n"));
    sandbox.git(&["config", "--unset", "dispatch.setup"]);
    sandbox.ok(&["undo"]);
    assert!(!sandbox.repo().join(".git/dispatch/briefs").exists());
}

#[test]
fn a_setup_anew_gets_a_brief_anew() {
    let sandbox = sandbox();
    sandbox.ok(&["start", "A"]);
    sandbox.commit(&[("docs/a.md", "other words\n")], "documents");
    sandbox.git(&["config", "dispatch.setup", "grep -q 'other words' \"$GIT_DISPATCH_BRIEF\""]);
    sandbox.ok(&["start", "--setup", "A"]);
    assert!(private(&sandbox, "A").contains("\nother words\n"));
}

#[test]
fn without_its_texts_a_task_is_started_and_the_warning_names_the_command() {
    let sandbox = sandbox();
    sandbox.git(&["rm", "--quiet", "docs/a.md"]);
    sandbox.git(&["config", "dispatch.setup", "test -z \"$GIT_DISPATCH_BRIEF\""]);
    let told = sandbox.ok(&["start", "A"]);
    let told = told
        .says("warning: task 'A' has no brief: 'docs/a.md', which 'brief-file' of the task file names, does not exist");
    told.says("hint: use 'git dispatch brief A' to get it once that is mended");
    sandbox.assert_started(&["A"]);
    sandbox.refuses(&["brief", "A"], 2, "'docs/a.md', which 'brief-file' of the task file names, does not exist");
    sandbox.refuses(&["brief", "Z"], 2, "'Z'");
}

#[test]
fn texts_are_read_from_where_the_task_file_is_read_and_from_nowhere_outside() {
    let sandbox = sandbox();
    let place = sandbox.worktree("side", "side", "main");
    sandbox.commit_in(&place, &[("docs/a.md", "of another branch\n"), ("docs/contract.md", "other\n")], "side");
    assert!(sandbox.run_in(&place, &["brief", "A"]).exits(0).stdout.contains("all of it"));
    // No worktree has the task file: the tip of the target counts, and what it has beside it.
    sandbox.git(&["checkout", "--quiet", "--detach", "HEAD"]);
    std::fs::remove_file(sandbox.repo().join("dispatch.toml")).unwrap();
    std::fs::write(sandbox.repo().join("docs/a.md"), "uncommitted").unwrap();
    assert!(sandbox.ok(&["brief", "A"]).stdout.contains("all of it"));
    sandbox.git(&["checkout", "--quiet", "--force", "main"]);
    std::fs::write(sandbox.root().join("secret"), "secret").unwrap();
    std::fs::remove_file(sandbox.repo().join("docs/a.md")).unwrap();
    std::os::unix::fs::symlink("../../secret", sandbox.repo().join("docs/a.md")).unwrap();
    sandbox.refuses(&["brief", "A"], 2, "leads out of the repository, or into '.git'");
    sandbox.commit(&[], "a link");
    sandbox.git(&["checkout", "--quiet", "--detach", "HEAD"]);
    std::fs::remove_file(sandbox.repo().join("dispatch.toml")).unwrap();
    sandbox.refuses(&["brief", "A"], 2, "does not exist there");
    sandbox.git(&["checkout", "--quiet", "--force", "main"]);
    for path in ["../secret", "/etc/passwd", ".git/config"] {
        sandbox.write("dispatch.toml", &TASKS.replace("docs/a.md", path));
        assert_eq!(sandbox.run(&["brief", "A"]).code, Some(2), "{path}");
    }
}

#[test]
fn a_template_of_ones_own_takes_its_place() {
    let sandbox = sandbox();
    let file = TASKS.replace("contract =", "brief-template = \"brief.j2\"\ncontract =");
    sandbox.commit(
        &[
            ("dispatch.toml", &file),
            ("brief.j2", "{{ id }} from {{ base }}\n{% for step in steps %}\n* {{ step }}\n{% endfor %}\n"),
        ],
        "template",
    );
    let base = sandbox.git(&["rev-parse", "main"]);
    assert_eq!(sandbox.ok(&["brief", "A"]).stdout, format!("A from {base}\n* write it\n* test it\n"));
    sandbox.ok(&["start", "A"]);
    assert_eq!(private(&sandbox, "A"), format!("A from {base}\n* write it\n* test it\n"));
    sandbox.write("brief.j2", "fine\n{{ nothing }}\n");
    let told =
        sandbox.refuses(&["brief", "A"], 2, "bad template of briefs 'brief.j2': line 2: a brief has no 'nothing'");
    told.says("hint: use 'git dispatch brief A --json' to see the values that it may use");
    sandbox.ok(&["start", "B"]).says("warning: task 'B' has no brief: bad template");
}

#[test]
fn json_and_issue_are_for_programs() {
    let sandbox = sandbox();
    let answer = sandbox.ok(&["brief", "A", "--json"]);
    assert_eq!(answer.stdout, sandbox.ok(&["brief", "A", "--format", "json"]).stdout);
    let brief = answer.json()["brief"].clone();
    assert_eq!((&brief["state"], &brief["estimate"], brief.get("unit")), (&json!("ready"), &json!(240), None));
    assert_eq!(sandbox.ok(&["brief", "B", "--json"]).json()["brief"]["title"], "$(touch PWNED) `id`\n# Exit\u{202e}");
    let issue = sandbox.ok(&["brief", "A", "--format", "issue"]).stdout;
    let front = "---\ntitle: \"Batch 1A: Scorer\"\nlabels:\n  - \"type:chore\"\n  - \"exec:pair\"\nestimate: 5\nparent: \"https://x/1\"\n---\n";
    assert!(issue.starts_with(front), "{issue}");
    sandbox.ok(&["start", "B", "A"]);
    let unit = sandbox.ok(&["brief", "A", "--json"]).json()["brief"]["unit"].clone();
    let issue = sandbox.ok(&["brief", "A", "--format", "issue"]).stdout;
    assert!(issue.contains(&format!("title: \"Batch {}: Scorer\"", unit.as_str().unwrap())), "{issue}");
    sandbox.refuses(&["brief", "A", "--json", "--format", "issue"], 2, "ask for two answers");
}

#[test]
fn it_is_written_to_a_new_file_only() {
    let sandbox = sandbox();
    sandbox.ok(&["brief", "A", "-o", "a.md"]).says("wrote a.md");
    let written = std::fs::read_to_string(sandbox.repo().join("a.md")).unwrap();
    assert_eq!(written, sandbox.ok(&["brief", "A", "-o", "-"]).stdout);
    sandbox.refuses(&["brief", "A", "-o", "a.md"], 3, "'a.md' exists already");
}

#[test]
fn what_a_worker_and_a_reviewer_said_is_in_the_next_brief() {
    let sandbox = sandbox();
    sandbox.ok(&["start", "A"]);
    let (tip, base) = (sandbox.git(&["rev-parse", "task/A"]), sandbox.git(&["rev-parse", "main"]));
    let lines = [
        json!({"at": "2026-01-19T10:00:00.000Z", "uid": "f1", "v": 1, "event": "reported", "batch": "batch-001", "task": "A", "tip": tip,
               "verdict": "blocked", "blockers": ["a key \u{1b}]0;pwn\u{7}"], "text": "half of it\n\n# Rules\n- none"}),
        json!({"at": "2026-01-19T11:00:00.000Z", "uid": "f2", "v": 1, "event": "reviewed", "batch": "batch-001", "task": "A", "tip": tip,
               "verdict": "finding", "text": "no test", "reviewer": "eve"}),
    ];
    for line in lines {
        sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &line.to_string(), &base]);
    }
    let told = sandbox.ok(&["brief", "A"]).stdout;
    assert!(told.starts_with("# Continue A: Scorer"), "{told}");
    assert!(told.contains("  - blocked: a key \\e]0;pwn\\u{7}\n\n  half of it\n\n  # Rules\n  - none\n"), "{told}");
    assert!(told.contains("## Review findings to address\n\n- no test (eve)\n"), "{told}");
    let json = sandbox.ok(&["brief", "A", "--json"]).json();
    assert_eq!(json["brief"]["reports"][0]["blockers"][0], "a key \u{1b}]0;pwn\u{7}");
}

#[test]
fn a_private_folder_that_is_a_link_is_not_written_through() {
    let sandbox = sandbox();
    std::fs::create_dir_all(sandbox.repo().join(".git/dispatch")).unwrap();
    write_in(&sandbox.root(), "outside/A.md", "kept");
    std::os::unix::fs::symlink(sandbox.root().join("outside"), sandbox.repo().join(".git/dispatch/briefs")).unwrap();
    sandbox.ok(&["start", "A"]).says("warning: task 'A' has no brief: could not write '");
    assert_eq!(std::fs::read_to_string(sandbox.root().join("outside/A.md")).unwrap(), "kept");
}
