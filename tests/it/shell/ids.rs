//! Live ids with their titles, in the real shells, from a real repository whose titles try to be run.

use std::path::{Path, PathBuf};

use crate::support::Sandbox;

use super::{Home, bash, fish, needed, set, stdout, zsh};

const HOSTILE: &str = r#"$(touch PWNED) `touch PWNED` "q" 's' %F{red} %~ \n ~ * {a,b} $CANARY a:b;touch PWNED"#;

const TASKS: &str = r#"version = 1
target = "main"

[task.SCR-001]
title = "ToolSelectionScorer"

[task.SCR-002]
title = "$(touch PWNED) `touch PWNED` \"q\" 's' %F{red} %~ \\n ~ * {a,b} $CANARY a:b;touch PWNED"

[task.FND-003]
title = "a\tb"
"#;

/// A repository in `home`, below a folder with a blank in its name, where FND-003 has a branch.
fn repository(home: &Home) -> PathBuf {
    let dir = home.path().join("my repo");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("dispatch.toml"), TASKS).unwrap();
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@x", "-c", "init.defaultBranch=main"];
        home.command(&needed("git", "git")).current_dir(&dir).args(identity).args(args).assert().success();
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message=tasks"]);
    git(&["branch", "task/FND-003"]);
    dir
}

/// No file was made by a title, anywhere below.
fn assert_nothing_was_run(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        assert!(!path.ends_with("PWNED"), "{}", path.display());
        if path.is_dir() {
            assert_nothing_was_run(&path);
        }
    }
}

#[test]
fn the_program_lists_ids_with_escaped_titles() {
    let home = Home::new();
    let dir = repository(&home);
    let ids = |command: &str| stdout(home.dispatch().arg("-C").arg(&dir).args(["complete-ids", command]));
    assert_eq!(ids("start"), format!("SCR-001\tToolSelectionScorer\nSCR-002\t{HOSTILE}\n"));
    assert_eq!(ids("adopt"), ids("start"));
    assert_eq!(ids("status"), "FND-003\ta\\tb\n");
}

#[test]
fn what_is_done_is_offered_first_to_land_and_what_landed_to_undo() {
    let sandbox = Sandbox::with_tasks("[task.A]\ntitle = \"First\"\n[task.B]\n[task.C]\n");
    sandbox.ok(&["start", "A", "B"]);
    sandbox.commit_in(&sandbox.place("B"), &[("mine", "1\n")], "work");
    sandbox.ok(&["report", "B", "--done"]);
    let ids = |command| sandbox.ok(&["complete-ids", command]).stdout;
    assert_eq!(ids("land"), "B\t\nA\tFirst\n");
    assert_eq!(ids("undo"), "batch-001\tA, B\n");
    sandbox.ok(&["land", "B"]);
    assert_eq!(ids("land"), "A\tFirst\n");
    assert_eq!(ids("undo"), "batch-001\tA, B\nB\tlanded on main\n");
    sandbox.ok(&["undo", "B"]);
    assert_eq!((ids("land").as_str(), ids("undo").as_str()), ("B\t\nA\tFirst\n", "batch-001\tA, B\n"));
}

#[test]
fn bash_offers_ids_once() {
    let home = Home::new();
    repository(&home);
    let ids = set(&["SCR-001", "SCR-002"]);
    assert_eq!(bash::tab(&home, &["git", "-C", "\"my repo\"", "dispatch", "start", ""]), ids);
    assert_eq!(bash::tab(&home, &["git", "dispatch", "-C", "my\\ repo", "adopt", ""]), ids);
    assert_eq!(bash::tab(&home, &["git-dispatch", "-C", "~/my\\ repo", "start", "SCR-002", ""]), set(&["SCR-001"]));
    assert_eq!(bash::tab(&home, &["git-dispatch", "status", "-C", "'my repo'", ""]), set(&["FND-003"]));
    assert_eq!(bash::tab(&home, &["git-dispatch", "-C", "'my repo'", "why", "FND-003", ""]), ids);
    assert_eq!(bash::tab(&home, &["git-dispatch", "-C", "'my repo'", "why", "FND-003", "SCR-001", ""]), set(&[]));
    assert_nothing_was_run(home.path());
}

#[test]
fn zsh_offers_ids_with_titles_once() {
    let home = Home::new();
    repository(&home);
    let lines = [
        "git -C 'my repo' dispatch start ",
        "git-dispatch -C my\\ repo start SCR-001 ",
        "git dispatch -C ~/my\\ repo status ",
        "git-dispatch -C 'my repo' why SCR-002 F",
    ];
    let answers = zsh::tab(&home, &lines);
    assert!(answers[0].listed.contains("SCR-001  -- ToolSelectionScorer"), "{}", answers[0].listed);
    assert!(answers[0].listed.contains(&format!("SCR-002  -- {HOSTILE}")), "{}", answers[0].listed);
    assert_eq!(answers[1].line, format!("{}SCR-002 ", lines[1]));
    assert_eq!(answers[2].line, format!("{}FND-003 ", lines[2]));
    assert_eq!(answers[3].line, format!("{}ND-003 ", lines[3]));
    assert_nothing_was_run(home.path());
}

#[test]
fn fish_offers_ids_with_titles_once() {
    let home = Home::new();
    repository(&home);
    let offered = fish::tab(&home, "git -C 'my repo' dispatch start ");
    assert_eq!(offered["SCR-001"], "ToolSelectionScorer");
    assert_eq!(offered["SCR-002"], HOSTILE);
    assert_eq!(offered.len(), 2);
    let one: Vec<String> = fish::tab(&home, "git-dispatch -C ~/my\\ repo start SCR-002 ").into_keys().collect();
    assert_eq!(one, ["SCR-001"]);
    assert_eq!(fish::tab(&home, "git dispatch -C 'my repo' status ")["FND-003"], "a\\tb");
    let why: Vec<String> = fish::tab(&home, "git dispatch -C 'my repo' why SCR-002 ").into_keys().collect();
    assert_eq!(why, ["FND-003", "SCR-001"]);
    assert!(fish::tab(&home, "git dispatch -C 'my repo' why SCR-002 SCR-001 ").is_empty());
    assert_nothing_was_run(home.path());
}

#[test]
fn the_task_file_named_on_the_line_is_read() {
    let home = Home::new();
    let dir = repository(&home);
    std::fs::write(dir.join("other.toml"), "version = 1\n[task.OTHER-1]\ntitle = \"Other\"\n").unwrap();
    let other = set(&["OTHER-1"]);
    let words = ["git-dispatch", "-C", "my\\ repo", "--file", "=", "~/my\\ repo/other.toml", "start", ""];
    assert_eq!(bash::tab(&home, &words), other);
    let line = "git-dispatch -C 'my repo' --file ~/my\\ repo/other.toml start ";
    assert_eq!(fish::tab(&home, line).into_keys().collect::<Vec<_>>(), ["OTHER-1"]);
    assert_eq!(zsh::tab(&home, &[line])[0].line, format!("{line}OTHER-1 "));
}
