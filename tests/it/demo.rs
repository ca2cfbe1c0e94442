//! `git dispatch demo`, for real.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Sandbox;

type Variables<'a> = &'a [(&'a str, &'a str)];

const IDENTITY: [&str; 4] = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
const DATES: [&str; 2] = ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"];

/// Runs the demo in `dir`, 80 columns wide, without an identity and by the clock; returns what it printed and where its
/// repository is: below the sandbox.
pub fn demo(sandbox: &Sandbox, dir: &Path, variables: Variables<'_>) -> (String, PathBuf) {
    let temporary = sandbox.root().join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = sandbox.dispatch_in(dir, &["demo"]);
    for name in IDENTITY.iter().chain(&DATES) {
        command.env_remove(name);
    }
    command.env("TMPDIR", &temporary).env("COLUMNS", "80").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let repo = text.lines().find_map(|line| line.strip_prefix("$ cd ")).unwrap();
    let repo = PathBuf::from(repo.trim_matches('\''));
    assert!(repo.starts_with(sandbox.root()) && repo.ends_with("neon"), "{}", repo.display());
    (text, repo)
}

/// A line of it without what differs from run to run: ids of commits, the folder, the time, the host.
pub fn steady(line: &str) -> String {
    let word = |word: &str| {
        let hex = word.trim_end_matches(',');
        if hex.len() == 7 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return word.replace(hex, "COMMIT");
        }
        match word.split_once("/git-dispatch-demo-") {
            Some((_, rest)) => format!("FOLDER{}", rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric())),
            None => word.to_owned(),
        }
    };
    let words: Vec<String> = line.split(' ').map(word).collect();
    match words.iter().position(|word| word == "by") {
        Some(by) if line.starts_with("  2") => words[by..words.len() - 1].join(" "),
        _ => words.join(" "),
    }
}

fn json(sandbox: &Sandbox, repo: &Path, command: &str) -> Value {
    let output = sandbox.dispatch_in(repo, &[command, "--json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_demo_shows_the_main_job_and_leaves_a_sound_repository() {
    let sandbox = Sandbox::empty();
    let (text, repo) = demo(&sandbox, &sandbox.root(), &[]);
    let typed: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ git ")).collect();
    assert_eq!(
        typed,
        [
            "dispatch plan",
            "dispatch start SCR-001 SCR-002 SCR-003",
            "-C ../neon-task-SCR-001 add --all",
            "-C ../neon-task-SCR-001 commit -qm 'Score the choice of tools'",
            "-C ../neon-task-SCR-002 add --all",
            "-C ../neon-task-SCR-002 commit -qm 'Score the reasoning step by step'",
            "-C ../neon-task-SCR-003 add --all",
            "-C ../neon-task-SCR-003 commit -qm 'Score what an answer rests on'",
            "merge -q --no-ff task/SCR-001 \\",
            "dispatch status",
            "dispatch log",
        ]
    );
    assert!(text.contains("\n  git dispatch start SCR-001 SCR-002 SCR-003\n"), "the plan says what is started then");
    assert!(text.contains("12 of 48 landed"));
    assert!(!text.contains('\x1b'));

    sandbox.git_in(&repo, &["fsck", "--strict"]);
    assert_eq!(sandbox.git_in(&repo, &["status", "--porcelain"]), "");
    let worktrees = sandbox.git_in(&repo, &["worktree", "list", "--porcelain"]);
    let branches: Vec<&str> = worktrees.lines().filter_map(|line| line.strip_prefix("branch refs/heads/")).collect();
    assert_eq!(branches, ["main", "task/SCR-001", "task/SCR-002", "task/SCR-003"]);

    let status = json(&sandbox, &repo, "status");
    let row = |at: usize| (&status["tasks"][at]["state"], &status["tasks"][at]["readiness"]["verdict"]);
    assert_eq!(row(0), (&Value::from("landed"), &Value::from("landed")));
    assert_eq!(status["tasks"][0]["pr"], "#123");
    assert_eq!(row(1), (&Value::from("active"), &Value::from("clean")));
    assert_eq!(row(2), (&Value::from("active"), &Value::from("conflict")));
    assert_eq!(status["tasks"][2]["readiness"]["conflicts"], serde_json::json!(["src/scorers/mod.rs"]));
    let plan = json(&sandbox, &repo, "plan");
    assert_eq!((&plan["counts"]["total"], &plan["counts"]["landed"]), (&Value::from(48), &Value::from(13)));
    assert_eq!(plan["workers"]["free"], 1);
    assert_eq!(json(&sandbox, &repo, "lint")["faults"], serde_json::json!([]));
}

#[test]
fn what_the_demo_says_to_try_works() {
    let sandbox = Sandbox::empty();
    let temporary = sandbox.root().join("tmp of $USER");
    std::fs::create_dir(&temporary).unwrap();
    let (text, repo) = demo(&sandbox, &sandbox.root(), &[("TMPDIR", temporary.to_str().unwrap())]);
    for told in ["start --ready", "status --json"] {
        assert!(text.contains(&format!("\n  git dispatch {told}\n")), "{told}");
        sandbox.dispatch_in(&repo, &told.split(' ').collect::<Vec<_>>()).assert().success();
    }
    assert!(text.contains("\n  git -C ../neon-task-SCR-003 merge main\n"));
    let merge = sandbox.try_git_in(&repo, &["-C", "../neon-task-SCR-003", "merge", "main"]);
    assert!(
        String::from_utf8_lossy(&merge.stdout).contains("CONFLICT (content): Merge conflict in src/scorers/mod.rs")
    );
    // The program of these tests is on no PATH.
    assert!(text.contains("\n  export PATH="));
    assert!(text.ends_with(&format!("\n  rm -rf '{}'\n", repo.parent().unwrap().display())));
}

#[test]
fn another_run_makes_another_folder_and_the_repository_one_stands_in_stays_as_it_was() {
    let sandbox = Sandbox::new();
    let here = sandbox.repo();
    let shown = || sandbox.git(&["for-each-ref"]) + &sandbox.git(&["status", "--porcelain"]);
    let before = shown();
    let (git_dir, work_tree) = (here.join(".git").display().to_string(), here.display().to_string());
    let variables =
        [("GIT_DIR", git_dir.as_str()), ("GIT_WORK_TREE", &work_tree), ("GIT_INDEX_FILE", "/nonexistent/index")];
    let (_, one) = demo(&sandbox, &here, &variables);
    let (_, other) = demo(&sandbox, &here, &variables);
    assert_ne!(one, other);
    assert_eq!(shown(), before);
    assert!(!here.join(".git/dispatch").exists());
}

#[test]
fn neither_a_missing_identity_nor_odd_configuration_changes_the_demo() {
    let plain = Sandbox::empty();
    let (expected, _) = demo(&plain, &plain.root(), &[]);
    let odd = Sandbox::empty();
    let home = odd.root().join("home");
    let hooks = home.join("hooks");
    let failing = "#!/bin/sh\nexit 1\n";
    for hook in ["pre-commit", "commit-msg", "post-checkout", "pre-merge-commit", "reference-transaction"] {
        crate::support::write_in(&hooks, hook, failing);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(hooks.join(hook), mode).unwrap();
    }
    crate::support::write_in(&home, "git/ignore", "*\n");
    let config = format!(
        "[user]\n useConfigOnly = true\n[commit]\n gpgSign = true\n template = /nonexistent\n cleanup = verbatim\n\
         [init]\n defaultBranch = trunk\n templateDir = /nonexistent\n defaultObjectFormat = sha256\n\
         [core]\n hooksPath = {}\n autocrlf = true\n excludesFile = /nonexistent\n\
         [merge]\n ff = only\n[color]\n ui = always\n[dispatch]\n workers = 1\n branch = odd/{{{{ id }}}}\n",
        hooks.display()
    );
    crate::support::write_in(&home, "config", &config);
    let config = home.join("config").display().to_string();
    let variables = [
        ("GIT_CONFIG_GLOBAL", config.as_str()),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "dispatch.target"),
        ("GIT_CONFIG_VALUE_0", "trunk"),
        ("GIT_DEFAULT_REF_FORMAT", "reftable"),
        ("GIT_DEFAULT_HASH", "sha256"),
    ];
    let (text, repo) = demo(&odd, &home, &variables);
    let steady = |text: &str| text.lines().map(steady).collect::<Vec<_>>();
    assert_eq!(steady(&text), steady(&expected));
    // Neither do they change what is tried there later.
    let mut later = odd.dispatch_in(&repo, &["start", "FND-010"]);
    for name in IDENTITY {
        later.env_remove(name);
    }
    later.env("GIT_CONFIG_GLOBAL", &config).assert().success();
}

#[test]
fn json_and_another_task_file_are_refused_before_anything_is_made() {
    let mut sandbox = Sandbox::empty();
    let temporary = sandbox.root().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    sandbox.env("TMPDIR", temporary.to_str().unwrap());
    for arguments in [["demo", "--json"].as_slice(), &["demo", "--file", "x"]] {
        let output = sandbox.dispatch(arguments).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    }
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    sandbox.env("TMPDIR", "/nonexistent/folder");
    let output = sandbox.dispatch(&["demo"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(128));
    assert!(said.starts_with("error: could not make a folder in '/nonexistent/folder'"), "{said}");
}

#[test]
fn colours_come_when_asked_for() {
    let mut sandbox = Sandbox::empty();
    let temporary = sandbox.root().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    sandbox.env("TMPDIR", temporary.to_str().unwrap());
    let output = sandbox.dispatch(&["demo", "--color=always"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\x1b[1m git dispatch plan\x1b[0m"), "{text}");
    assert!(text.contains("critical\x1b[0m"), "{text}");
}
