//! What coding agents get: the skill, the hooks, and pages whose commands work.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;
use git_dispatch::cli::Cli;
use git_dispatch::shell::{Agent, MARK, PIECES};
use serde_json::{Value, json};

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const SKILL: &str = include_str!("../../skills/dispatch/SKILL.md");
const AGENTS: &str = include_str!("../../docs/agents.md");

/// The words of a command line without anything that a shell would do; quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut open) = (vec![String::new()], None);
    for character in line.chars() {
        match (character, open) {
            ('"' | '\'', None) => open = Some(character),
            (end, Some(quote)) if end == quote => open = None,
            (' ', None) => words.push(String::new()),
            (plain, _) => words.last_mut().unwrap().push(plain),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Every command line in a page: in a code span, or in lines that are set off.
fn commands(page: &str) -> Vec<Vec<String>> {
    let spans = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2).collect::<Vec<_>>());
    let set_off = page.lines().filter(|line| line.starts_with("    ")).map(|line| line.trim_start_matches([' ', '$']));
    let shown = spans.chain(set_off).filter_map(|text| text.strip_prefix("git dispatch "));
    shown.map(|text| words(text.split([';', '&', '|', '#']).next().unwrap())).collect()
}

#[test]
fn every_command_that_agents_are_told_is_in_the_grammar() {
    let mut checked = 0;
    for words in [SKILL, AGENTS].into_iter().flat_map(commands) {
        let line = std::iter::once("git-dispatch").chain(words.iter().map(String::as_str));
        let fault = Cli::command().try_get_matches_from(line).err();
        let answered = |kind| matches!(kind, ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        assert!(fault.as_ref().is_none_or(|fault| answered(fault.kind())), "{words:?}: {fault:?}");
        checked += 1;
    }
    assert!(checked > 25, "{checked}");
}

#[test]
fn the_skill_says_what_it_is_for_and_is_short() {
    let (head, rest) = SKILL.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    let lines: Vec<&str> = head.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "name: dispatch"));
    // YAML takes it as plain text, and the standard allows 1024 characters.
    let description = lines[1].strip_prefix("description: ").unwrap();
    assert!(description.len() < 1024 && !description.contains(": ") && !description.contains(" #"), "{description}");
    assert!(SKILL.lines().count() <= 150);
    for code in ["0", "1", "2", "3", "4", "5", "6", "128"] {
        assert!(rest.contains(&format!("\n| {code} | ")), "{code}");
    }
    let states = rest.split("## As the dispatcher").nth(1).unwrap();
    for state in ["`done`", "`stopped`", "`active`", "`lost`"] {
        assert!(states.contains(state), "{state}");
    }
}

#[test]
fn every_piece_for_an_agent_can_be_told_from_the_files_of_others() {
    for piece in [Agent::Claude, Agent::Codex].into_iter().flat_map(Agent::pieces) {
        assert!(piece.text.contains(MARK), "{}", piece.path);
        assert!(PIECES.iter().all(|other| other.path != piece.path));
    }
}

/// What stands between `` ``` `` and its end.
fn block<'a>(page: &'a str, kind: &str) -> &'a str {
    page.split_once(&format!("```{kind}\n")).unwrap().1.split_once("```").unwrap().0
}

/// Runs the launch line of an agent in the worktree of `A`, with a program of that name which tells its arguments.
fn launched(sandbox: &Sandbox, agent: &str, launch: &str) -> Vec<String> {
    let bin = sandbox.script(&format!("home/bin/{agent}"), "printf '<%s>\n' \"$@\"");
    let mut shell = assert_cmd::Command::new("/bin/sh");
    shell.args(["-c", launch]).current_dir(sandbox.place("A")).env_clear().envs(sandbox.environment());
    shell.env("PATH", format!("{}:{}", bin.parent().unwrap().display(), sandbox.path()));
    shell.env("GIT_DISPATCH_BRIEF", sandbox.root().join("brief.md")).env("GIT_DISPATCH_GIT_DIR", "/r e/.git");
    shell.env("GIT_DISPATCH_LAUNCH_ARGS", "--one $(touch PWNED) ;two").env("GIT_DISPATCH_LAUNCH_AS", "Plan mode");
    let told = Outcome::of(&shell.output().unwrap());
    told.stdout.split_terminator(">\n").map(|one| one.strip_prefix('<').unwrap().to_owned()).collect()
}

#[test]
fn the_launch_lines_hand_over_the_brief_whole_and_run_nothing_of_it() {
    let sandbox = Sandbox::new();
    sandbox.write("dispatch.toml", &format!("{}\n[task.A]\ntitle = \"A\"\n", block(AGENTS, "toml")));
    sandbox.dispatch(&["lint"]).assert().success();
    sandbox.git(&["worktree", "add", "--quiet", sandbox.place("A").to_str().unwrap()]);
    let brief = "# $(touch PWNED) `touch PWNED`\n\"two\" 'words' \\ --flag";
    write_in(&sandbox.root(), "brief.md", brief);
    let lines: Vec<&str> =
        AGENTS.lines().filter_map(|line| line.trim().strip_prefix("launch = '")?.strip_suffix('\'')).collect();
    assert_eq!(lines.len(), 7);
    for line in lines {
        let agent = line.rsplit("exec ").next().unwrap().split(' ').next().unwrap();
        let told = launched(&sandbox, agent, line.split(" && ").next().unwrap());
        let path = sandbox.root().join("brief.md").display().to_string();
        assert_eq!(told.last().unwrap(), if agent == "aider" { &path } else { brief }, "{line}: {told:?}");
        let words = told.iter().filter(|word| ["--one", "$(touch", "PWNED)", ";two"].contains(&word.as_str())).count();
        assert_eq!(words, if line.contains("LAUNCH_ARGS") { 4 } else { 0 }, "{line}: {told:?}");
        assert_eq!(told.contains(&"/r e/.git".to_owned()), agent == "codex", "{line}: {told:?}");
        assert_eq!(told.contains(&"plan".to_owned()), line.contains("LAUNCH_AS in"), "{line}: {told:?}");
    }
    assert!(!sandbox.place("A").join("PWNED").exists());
}

#[test]
fn the_settings_that_the_page_shows_are_json() {
    let mut found = 0;
    for start in AGENTS.match_indices("{\"").map(|(at, _)| at) {
        if !AGENTS[..start].ends_with("    ") || AGENTS[..start].trim_end().ends_with([',', '[']) {
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(&AGENTS[start..]).into_iter::<Value>();
        let value = values.next().unwrap().unwrap_or_else(|fault| panic!("{fault}: {}", &AGENTS[start..start + 80]));
        assert!(value["hooks"].is_object() || value["sandbox"].is_object(), "{value}");
        found += 1;
    }
    assert_eq!(found, 4);
}

/// `git dispatch install --agent …` with this home.
fn install(home: &Path, arguments: &[&str]) -> Outcome {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
    command.env_clear().env("HOME", home).current_dir(home).args(["install", "--agent"]).args(arguments);
    Outcome::of(&command.output().unwrap())
}

#[test]
fn the_skill_goes_where_each_agent_looks() {
    let dir = tempfile::TempDir::new().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let told = install(&home, &["claude"]).exits(0).answers("  wrote  skills/dispatch/SKILL.md\n").says("check --hook");
    assert!(told.stdout.starts_with(&format!("{}/.claude\n", home.display())), "{told:#?}");
    let skill = home.join(".claude/skills/dispatch");
    assert_eq!(fs::read_to_string(skill.join("SKILL.md")).unwrap(), SKILL);
    let mode = |name: &str| fs::metadata(skill.join(name)).unwrap().permissions().mode() & 0o111;
    assert_eq!((mode("SKILL.md"), mode("hooks/worktree-create") & 0o100), (0, 0o100));
    install(&home, &["claude", "--json"]).exits(0).answers("\"fate\":\"same\"");
    install(&home, &["codex"]).exits(0);
    assert_eq!(fs::read_to_string(home.join(".agents/skills/dispatch/SKILL.md")).unwrap(), SKILL);
    // At the top of a repository.
    fs::create_dir(home.join("repo")).unwrap();
    install(&home, &["codex", "--prefix", "repo"]).exits(0);
    assert!(home.join("repo/.agents/skills/dispatch/SKILL.md").is_file());
    // An older version gives way.
    fs::write(skill.join("SKILL.md"), format!("<!-- {MARK} -->\nold\n")).unwrap();
    install(&home, &["claude", "-n"]).exits(0).answers("would write  skills/dispatch/SKILL.md");
    install(&home, &["claude"]).exits(0).answers("wrote  skills/dispatch/SKILL.md");
    assert_eq!(fs::read_to_string(skill.join("SKILL.md")).unwrap(), SKILL);
    let _ = install(&home, &["other"]).exits(2);
}

#[test]
fn a_skill_of_others_and_a_way_out_of_the_folder_are_left_alone() {
    let dir = tempfile::TempDir::new().unwrap();
    let home = dir.path().canonicalize().unwrap();
    write_in(&home, ".claude/skills/dispatch/SKILL.md", "mine\n");
    let refused = install(&home, &["claude"]).exits(3).says("was not put there by this program").says("--prefix DIR");
    assert_eq!(refused.stdout, "");
    assert!(!home.join(".claude/skills/dispatch/hooks").exists(), "nothing is written where one is refused");
    fs::create_dir_all(home.join("elsewhere")).unwrap();
    fs::create_dir_all(home.join(".agents")).unwrap();
    symlink(home.join("elsewhere"), home.join(".agents/skills")).unwrap();
    install(&home, &["codex"]).exits(3).says("is reached through a symlink");
    assert_eq!(fs::read_dir(home.join("elsewhere")).unwrap().count(), 0);
    let mut homeless = assert_cmd::Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
    let told = homeless.env_clear().args(["install", "--agent", "codex"]).output().unwrap();
    let _ = Outcome::of(&told).exits(2).says("HOME does not say where your files are");
}

/// Two tasks that are started; A has a change that is not committed.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\n[task.C]\n[task.N]\nneeds = [\"A\"]\n");
    sandbox.commit(&[("src/a \"b\".rs", "1\n"), ("other", "1\n")], "files");
    sandbox.ok(&["start", "A", "B"]);
    write_in(&sandbox.place("A"), "src/a \"b\".rs", "2\n");
    sandbox
}

/// What Claude Code tells before a tool runs.
fn before(dir: &Path, path: &Path) -> Value {
    json!({
        "session_id": "abc123", "transcript_path": "/tmp/x.jsonl", "cwd": dir, "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": "Edit",
        "tool_input": {"file_path": path, "old_string": "1", "new_string": "\u{1b}[2J"},
    })
}

fn hook(sandbox: &Sandbox, dir: &Path, told: &str) -> Outcome {
    let mut command = sandbox.dispatch_in(dir, &["check", "--hook"]);
    Outcome::of(&command.write_stdin(told.as_bytes().to_vec()).output().unwrap())
}

#[test]
fn an_edit_that_would_collide_is_stopped_and_any_other_goes_on() {
    let sandbox = started();
    let b = sandbox.place("B");
    let told = before(&b, &b.join("src/a \"b\".rs")).to_string();
    let stopped = hook(&sandbox, &b, &told).exits(2).says("task 'A' is changing it, and an edit here would collide");
    stopped.says("hint: use 'git dispatch status A' to see how far it is");
    // The folder that the session stands in counts, wherever the hook runs.
    let _ = hook(&sandbox, &sandbox.root(), &told).exits(2);
    let relative = json!({"cwd": b, "tool_input": {"file_path": "src/a \"b\".rs"}}).to_string();
    let _ = hook(&sandbox, &b, &relative).exits(2);
    // Its own change stands in nobody's way, nor does what nobody changes, nor what lies elsewhere.
    let a = sandbox.place("A");
    for (dir, path) in [
        (&a, a.join("src/a \"b\".rs")),
        (&b, b.join("other")),
        (&b, b.join("new/file")),
        (&b, sandbox.root().join("home/notes.md")),
    ] {
        let free = hook(&sandbox, dir, &before(dir, &path).to_string()).exits(0);
        assert_eq!((free.stdout.as_str(), free.stderr.as_str()), ("", ""), "{}", path.display());
    }
    for other in [a.join("src/a \"b\".rs"), a.join("new/file"), sandbox.repo().join("other")] {
        let told = before(&b, &other).to_string();
        hook(&sandbox, &b, &told)
            .exits(2)
            .says("is in another worktree, at '")
            .says("hint: edit the file of this worktree");
    }
    let tool = json!({"cwd": b, "tool_name": "Bash", "tool_input": {"command": "ls"}}).to_string();
    let _ = hook(&sandbox, &b, &tool).exits(0);
}

#[test]
fn what_cannot_be_found_out_stops_no_edit() {
    let sandbox = started();
    let b = sandbox.place("B");
    for bad in ["", "no JSON", "[]", r#"{"tool_input":{"file_path":7}}"#] {
        let told = hook(&sandbox, &b, bad).exits(1).says("error: what the hook was told ");
        assert_eq!(told.stdout, "");
    }
    let told = before(&b, &b.join("src/a \"b\".rs")).to_string();
    sandbox.write("dispatch.toml", "[task.A\n");
    let _ = hook(&sandbox, &b, &told).exits(1);
    let outside = before(&sandbox.root().join("home"), &b.join("other")).to_string();
    let _ = hook(&sandbox, &sandbox.root(), &outside).exits(1).says("not a git repository");
    let _ = sandbox.run(&["check", "--hook", "other"]).exits(2);
}

/// Runs a script of the skill in `dir`, as Claude Code does, with the program on `PATH`.
fn script(sandbox: &Sandbox, name: &str, dir: &Path, told: &Value) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("skills/dispatch/hooks").join(name);
    let program = Path::new(env!("CARGO_BIN_EXE_git-dispatch")).parent().unwrap();
    let mut command = assert_cmd::Command::new(path);
    command.current_dir(dir).env_clear().envs(sandbox.environment());
    command.env("PATH", format!("{}:{}", program.display(), sandbox.path()));
    Outcome::of(&command.write_stdin(told.to_string()).output().unwrap())
}

fn create(sandbox: &Sandbox, dir: &Path, name: &str) -> Outcome {
    let told = json!({"session_id": "abc123", "cwd": dir, "hook_event_name": "WorktreeCreate", "name": name});
    script(sandbox, "worktree-create", dir, &told)
}

fn remove(sandbox: &Sandbox, path: &Path) -> Outcome {
    let told = json!({"hook_event_name": "WorktreeRemove", "worktree_path": path, "cwd": sandbox.repo()});
    script(sandbox, "worktree-remove", &sandbox.repo(), &told)
}

#[test]
fn a_worktree_that_is_named_like_a_task_is_that_tasks() {
    let sandbox = started();
    let path = |outcome: Outcome| PathBuf::from(outcome.exits(0).stdout.strip_suffix('\n').unwrap());
    assert_eq!(path(create(&sandbox, &sandbox.repo(), "A")), sandbox.place("A"), "it has one");
    assert_eq!(path(create(&sandbox, &sandbox.repo(), "C")), sandbox.place("C"), "it is started");
    assert_eq!(sandbox.row("C")["state"], "active");
    assert_eq!(sandbox.count("starting"), 2);
    let refused = create(&sandbox, &sandbox.repo(), "N").exits(3).says("task 'N' needs 'A'");
    assert_eq!(refused.stdout, "");
    // Any other name is a worktree as Claude Code makes it.
    let plain = path(create(&sandbox, &sandbox.repo(), "bold-oak-a3f2"));
    assert_eq!(plain, sandbox.repo().join(".claude/worktrees/bold-oak-a3f2"));
    assert_eq!(sandbox.git_in(&plain, &["rev-parse", "--abbrev-ref", "HEAD"]), "worktree-bold-oak-a3f2");
    assert_eq!(path(create(&sandbox, &sandbox.repo(), "bold-oak-a3f2")), plain, "once more");
    for hostile in ["../x", "a/../../x", "$(touch PWNED)", "-b", "a b", ""] {
        let refused = create(&sandbox, &sandbox.repo(), hostile).exits(1).says("has no name to use");
        assert_eq!(refused.stdout, "", "{hostile}");
    }
    assert!(!sandbox.repo().join("PWNED").exists());

    write_in(&plain, "new", "1\n");
    assert_ne!(remove(&sandbox, &plain).code, Some(0), "git removes nothing that would be lost");
    assert!(plain.join("new").exists());
    fs::remove_file(plain.join("new")).unwrap();
    let _ = remove(&sandbox, &plain).exits(0);
    assert!(!plain.exists());
    let _ = remove(&sandbox, &plain).exits(1).says("names no worktree");
}

#[test]
fn a_worktree_stays_where_nobody_knows_whose_it_is() {
    let sandbox = started();
    let plain = sandbox.worktree("plain", "plain", "main");
    sandbox.write("dispatch.toml", "[task.A\n");
    let _ = remove(&sandbox, &plain).exits(1).says("whether it is a task's is not known");
    assert!(plain.is_dir());
}

#[test]
fn the_worktree_of_a_task_goes_to_the_trash_only_where_no_work_is_in_it_that_has_not_landed() {
    let sandbox = started();
    let stays = |id: &str, why: &str| {
        let _ = remove(&sandbox, &sandbox.place(id)).exits(0).says(why).says("' stays: it is the worktree of task ");
        assert!(sandbox.place(id).is_dir(), "{id}: {why}");
    };
    let goes = |id: &str| {
        let told = remove(&sandbox, &sandbox.place(id)).exits(0).says(&format!("{id} dropped: branch task/{id}"));
        assert!(told.stdout.is_empty() && !sandbox.place(id).exists(), "{told:#?}");
        sandbox.ok(&["undo", id]);
    };
    stays("A", "not committed in '");
    goes("B");
    sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "work");
    stays("B", "which has not landed");
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/B"]);
    write_in(&sandbox.place("B"), "half", "1\n");
    stays("B", "not committed in '");
    fs::remove_file(sandbox.place("B").join("half")).unwrap();
    goes("B");
    let space = sandbox.worktree("with space", "other", "main");
    let _ = remove(&sandbox, &space).exits(0);
    assert!(!space.exists());
}
