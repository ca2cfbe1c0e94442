//! Hostile ids, titles, names and settings: refused, or shown so that they do nothing.

use std::process::Command;

use serde_json::json;

use crate::scene::Outcome;
use crate::support::Sandbox;

const TASKS: &str = "[task.A]\ntitle = \"First\"\n";

const HOSTILE_IDS: [&str; 62] = [
    // Parts of paths and revisions.
    "../../x",
    "..",
    "a..b",
    "x.lock",
    ".x",
    "x.",
    "/x",
    "x/",
    "a//b",
    "@{u}",
    "a@{1}",
    "a b",
    "a:b",
    "a~b",
    "a^b",
    "a?b",
    "a*b",
    "a[b",
    "a\\b",
    "",
    // Options and names that git reads otherwise.
    "-rf",
    "--upload-pack=/bin/sh",
    "--exec=id",
    "-",
    "@",
    "task/A",
    // Shell, tmux, formats.
    "$(touch PWNED)",
    "`touch PWNED`",
    "a;touch PWNED",
    "a|id",
    "a&id",
    "a'b",
    "a\"b",
    "a$IFS",
    "#(touch PWNED)",
    "%(refname)",
    "{x}",
    "{{ id }}",
    // Characters that lie.
    "a\u{202e}b",
    "a\u{200b}b",
    "\u{feff}a",
    "a\u{2028}b",
    "a\u{9b}b",
    "a\u{1b}[2Jb",
    "a\u{7f}b",
    "a\nb",
    "a\rb",
    "\u{430}",
    "\u{e9}",
    "e\u{301}",
    "\u{1f600}",
    "a\u{e0041}",
    // Devices, and too long.
    "CON",
    "nul",
    "COM1",
    "aux",
    "lpt9",
    "x234567890123456789012345678901234567890123456789012345678901234y",
    "a\tb",
    "A ",
    " A",
    "A.",
];

/// No byte that could move a cursor, recolour, reorder or hide anything, but line feeds and the program's own colours.
#[track_caller]
fn harmless(text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        assert_plain(&rest[..at]);
        let end = rest[at + 2..].find(|c: char| !c.is_ascii_digit() && c != ';').unwrap();
        assert!(rest[at + 2 + end..].starts_with('m'), "an escape sequence that is no colour: {text:?}");
        rest = &rest[at + 3 + end..];
    }
    assert_plain(rest);
}

#[track_caller]
fn assert_plain(text: &str) {
    let bad = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!text.chars().any(bad), "{text:?}");
}

#[track_caller]
fn unharmed(sandbox: &Sandbox) {
    for dir in [sandbox.root(), sandbox.repo(), sandbox.root().join("home")] {
        assert!(!dir.join("PWNED").exists());
    }
}

#[test]
fn hostile_ids_on_the_command_line_are_refused() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["branch", "free"]);
    let before = sandbox.snapshot();
    for id in HOSTILE_IDS {
        for arguments in
            [vec!["start", "--", id], vec!["status", "--", id], vec!["why", "--", id], vec!["adopt", "--", id, "free"]]
        {
            let outcome = sandbox.run(&arguments).exits(2).says("error: no task '");
            harmless(&outcome.stderr);
            assert_eq!(outcome.stdout, "");
        }
    }
    assert_eq!(sandbox.snapshot(), before);
    unharmed(&sandbox);
}

#[test]
fn hostile_ids_in_the_task_file_are_refused_with_their_line() {
    for id in HOSTILE_IDS.into_iter().filter(|id| !id.is_empty()) {
        let key = serde_json::to_string(id).unwrap().replace('\u{7f}', "\\u007F");
        let sandbox = Sandbox::empty();
        sandbox.init(&[]);
        sandbox.commit(&[("dispatch.toml", &format!("[task.A]\n[task.{key}]\n"))], "initial commit");
        for arguments in
            [vec!["start", "A"], vec!["status"], vec!["plan", "--json"], vec!["log"], vec!["adopt", "A", "x"]]
        {
            let outcome = sandbox.run(&arguments).exits(2).says("error: ").says("dispatch.toml:2:");
            harmless(&outcome.stderr);
            assert_eq!(outcome.stdout, "");
        }
        unharmed(&sandbox);
    }
}

#[test]
fn ids_that_differ_only_in_case_are_one_too_many() {
    let sandbox = Sandbox::with_tasks("[task.SCR-1]\n[task.scr-1]\n");
    let outcome = sandbox.run(&["start", "SCR-1"]).exits(2);
    outcome.says("scr-1").says("dispatch.toml:2:");
    let sandbox = Sandbox::with_tasks("[task.scr-1]\n");
    sandbox.git(&["branch", "task/SCR-1"]);
    sandbox.refuses(&["start", "scr-1"], 3, "branch 'task/SCR-1' is in the way of branch 'task/scr-1'");
}

#[test]
fn an_id_of_64_characters_works_end_to_end() {
    let id = "x".repeat(64);
    let sandbox = Sandbox::with_tasks(&format!("[task.{id}]\n"));
    sandbox.ok(&["start", &id]);
    sandbox.assert_started(&[&id]);
    assert_eq!(sandbox.row(&id)["state"], "active");
    for long in [65, 250, 10_000] {
        let _ = sandbox.run(&["start", &"x".repeat(long)]).exits(2).says("no task");
    }
}

const TITLES: [&str; 8] = [
    "\u{1b}]0;pwn\u{7}\u{1b}[2Jx\rOK landed\u{202e}",
    "'; touch PWNED; '",
    "$(touch PWNED)",
    "`touch PWNED`",
    "\"; touch PWNED #",
    "#(touch PWNED)",
    "a\nb\tc\u{9b}2J\u{7f}",
    "naïve 日本 \u{200b}\u{2066}\u{1f600}",
];

/// Tasks T0 to T7 with these titles; T7 needs T0.
fn titled() -> Sandbox {
    let mut file = String::from("workers = 9\n");
    for (at, title) in TITLES.iter().enumerate() {
        let title = serde_json::to_string(title).unwrap().replace('\u{7f}', "\\u007F");
        file.push_str(&format!("[task.T{at}]\ntitle = {title}\n"));
    }
    file.push_str("needs = [\"T0\"]\n");
    Sandbox::with_tasks(&file)
}

#[test]
fn hostile_titles_are_shown_escaped_and_told_exactly() {
    let sandbox = titled();
    let started = ["start", "--color", "always", "T0", "T1", "T2", "T3", "T4", "T5", "T6"];
    let shown = |arguments: &[&str]| {
        let outcome = sandbox.run(arguments);
        assert_ne!(outcome.stdout.len() + outcome.stderr.len(), 0);
        harmless(&outcome.stdout);
        harmless(&outcome.stderr);
        outcome
    };
    let _ = shown(&["plan", "--color", "always"]).exits(0);
    let _ = shown(&started).exits(0);
    // Hostile text where a worker could put it: a subject, a file, a branch, a tag of the remote.
    let place = sandbox.place("T0");
    sandbox.commit_in(&place, &[("\u{1b}[2Jclear\u{202e}", "1\n")], TITLES[0]);
    sandbox.commit(&[("\u{1b}[2Jclear\u{202e}", "2\n")], &format!("{}\n\nTask: \u{1b}[2J", TITLES[0]));
    sandbox.git_in(&place, &["checkout", "--quiet", "-b", "\u{9b}2J\u{202e}other"]);
    sandbox.git(&["update-ref", "refs/remotes/\u{202e}origin/task/T7", "main"]);
    for arguments in
        [vec!["status"], vec!["status", "-v"], vec!["log"], vec!["plan"], vec!["start", "T7"], vec!["start", "T0"]]
    {
        let _ = shown(&[&["--color", "always"], arguments.as_slice()].concat());
    }
    assert!(sandbox.ok(&["status"]).stdout.contains("\\e]0;pwn\\u{7}\\e[2Jx\\rOK landed\\u{202e}"));
    let json = sandbox.ok(&["status", "--all", "--json"]).json();
    harmless(
        &sandbox
            .ok(&["status", "--all", "--json"])
            .stdout
            .replace(['\u{202e}', '\u{200b}', '\u{2066}', '\u{9b}', '\u{7f}'], ""),
    );
    for (at, title) in TITLES.iter().enumerate() {
        let row = json["tasks"].as_array().unwrap().iter().find(|row| row["id"] == format!("T{at}")).unwrap().clone();
        assert_eq!(row["title"], json!(title));
    }
    let ledger = sandbox.events();
    assert_eq!(ledger[0]["tasks"][0]["title"], TITLES[0]);
    unharmed(&sandbox);
}

#[test]
fn nothing_hostile_reaches_a_terminal() {
    let Some(script) = git_dispatch::git::find_program("script") else { return };
    let sandbox = titled();
    sandbox.ok(&["start", "T0", "T1", "T6"]);
    for arguments in ["status", "plan", "log", "start T0", "start 'T\u{1b}[2J9'"] {
        #[expect(clippy::disallowed_methods, reason = "a terminal for the program")]
        let mut command = Command::new(&script);
        let program = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_git-dispatch"));
        command.args(["-qec", &program, "/dev/null"]).current_dir(sandbox.repo());
        command.env("TERM", "xterm").stdin(std::process::Stdio::null());
        let outcome = Outcome::of(&command.output().unwrap());
        assert!(outcome.stdout.contains("\u{1b}["), "no terminal, or no colour: {outcome:?}");
        // The terminal itself ends its lines with both.
        harmless(&outcome.stdout.replace("\r\n", "\n"));
    }
}

#[test]
fn hostile_texts_of_the_ledger_are_shown_escaped() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    let main = sandbox.git(&["rev-parse", "main"]);
    let event = json!({
        "at": "2026-01-19T02:00:00.000Z", "uid": "f2", "v": 1, "event": "starting", "batch": "\u{1b}[2Jbatch\u{202e}",
        "target": "\u{1b}]0;x\u{7}", "by": "\u{1b}[2J <x>", "host": "\u{9b}host",
        "tasks": [{"id": "X", "branch": "--upload-pack=\u{1b}[2J", "path": "../../../../etc/\u{1b}x", "base": main, "title": "\u{1b}[2J", "estimate": 60}],
    });
    sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &event.to_string(), &main]);
    for arguments in [vec!["status"], vec!["log"], vec!["plan"], vec!["start", "-n", "X"], vec!["start", "X"]] {
        let outcome = sandbox.run(&arguments);
        harmless(&outcome.stdout);
        harmless(&outcome.stderr);
    }
    // A note alone makes nothing outside of where worktrees belong.
    assert!(!std::path::Path::new("/etc/\u{1b}x").exists());
}

#[test]
fn what_a_foreign_note_asks_for_is_not_made_outside_of_the_folder() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["branch", "precious"]);
    let main = sandbox.git(&["rev-parse", "main"]);
    for (path, branch) in [
        ("../home/far/../../../out", "task/X"),
        ("/nowhere-of-git-dispatch/x", "task/X"),
        (".git/hooks/x", "task/X"),
        ("../repo-task-X", "../../hooks/x"),
        ("../repo-task-X", "-x"),
        ("../repo-task-X", ""),
        ("../repo-task-X", "precious"),
    ] {
        let event = json!({
            "at": "2026-01-19T02:00:00.000Z", "uid": format!("{path}{branch}"), "v": 1, "event": "starting", "batch": "b",
            "target": "main", "tasks": [{"id": "X", "branch": branch, "path": path, "base": main, "title": "", "estimate": 60}],
        });
        sandbox.git(&["notes", "--ref=dispatch", "add", "-f", "-m", &event.to_string(), &main]);
        let before = sandbox.snapshot();
        sandbox.ok(&["status"]);
        let outcome = sandbox.run(&["start", "X"]);
        assert_ne!(outcome.code, Some(0), "{path} {branch}: {outcome:?}");
        outcome.says("hint: ");
        assert_eq!(sandbox.snapshot(), before, "{path} {branch}");
    }
}

#[test]
fn a_failed_json_command_answers_nothing() {
    let sandbox = Sandbox::with_tasks(TASKS);
    for arguments in [
        vec!["start", "X", "--json"],
        vec!["status", "X", "--json"],
        vec!["status", "--batch", "x", "--json"],
        vec!["adopt", "A", "nothing", "--json"],
        vec!["adopt", "A", "main", "--json"],
        vec!["--file", "nothing.toml", "plan", "--json"],
        vec!["start", "--json"],
        vec!["--json"],
    ] {
        let outcome = sandbox.run(&arguments);
        assert!(matches!(outcome.code, Some(2 | 3)), "{outcome:?}");
        assert_eq!(outcome.stdout, "", "{arguments:?}");
    }
}

#[test]
fn commands_to_paste_are_quoted() {
    let sandbox =
        Sandbox::with_tasks("worktree = \"../{{ id }}{{ title }}\"\n[task.A]\ntitle = \"';touch${IFS}PWNED;'\"\n");
    sandbox.ok(&["start", "A"]).answers(r"/A'\'';touch${IFS}PWNED;'\'''");
    let place = sandbox.root().join("A';touch${IFS}PWNED;'");
    sandbox.git_in(&place, &["checkout", "--quiet", "--detach"]);
    let row = sandbox.row("A");
    let command = row["steps"][0]["commands"][0].as_str().unwrap();
    let pasted = sandbox.script("home/pasted", &format!("{command}\n"));
    sandbox.git(&["config", "alias.pasted", &format!("!{}", pasted.display())]);
    sandbox.git(&["pasted"]);
    assert_eq!(sandbox.row("A")["notes"], json!([]));
    unharmed(&sandbox);
}
