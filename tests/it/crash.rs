//! Starts that are killed, lied to or raced: run again, they reach the end state.

use std::path::Path;

use crate::scene::{KILL_AT, KILL_THEM, Outcome};
use crate::support::Sandbox;

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\n";

/// What a person does after a crash: looks around, then runs the command again.
#[track_caller]
fn recovers(sandbox: &Sandbox, ids: &[&str]) {
    sandbox.git(&["status"]);
    let begun = sandbox.try_git_in(&sandbox.repo(), &["rev-parse", "--verify", "refs/notes/dispatch"]).status.success();
    let finished = begun && sandbox.count("started") > 0;
    let status = sandbox.ok(&["status"]);
    if begun && !finished {
        status.answers(&format!("not finished; to go on: git dispatch start {}", ids.join(" ")));
        let json = sandbox.ok(&["status", "--json"]).json();
        assert_eq!(json["batches"][0]["state"], "starting");
        assert_eq!(json["batches"][0]["unfinished"], serde_json::json!(ids));
    }
    if !finished {
        let mut again = vec!["start"];
        again.extend(ids);
        sandbox.ok(&again);
    }
    sandbox.assert_started(ids);
}

#[test]
fn a_start_killed_between_any_two_gits_goes_on_to_the_same_end() {
    for (how, checkout, least) in
        [("before", "git", 7), ("after", "git", 7), ("before", "auto", 5), ("after", "auto", 5)]
    {
        let mut kills = 0;
        for at in 1.. {
            let mut sandbox = Sandbox::with_tasks(TASKS);
            sandbox.git(&["config", "dispatch.checkout", checkout]);
            let path = sandbox.path();
            sandbox.wrap_git(KILL_AT);
            sandbox.env("AT", &at.to_string());
            sandbox.env("HOW", how);
            let outcome = sandbox.run(&["start", "A", "B"]);
            // From now on, git as it is.
            sandbox.env("PATH", &path);
            if outcome.code == Some(0) {
                sandbox.assert_started(&["A", "B"]);
                break;
            }
            assert_eq!(outcome.code, None, "{how} {at}: {outcome:?}");
            kills += 1;
            sandbox.git(&["fsck", "--no-progress"]);
            recovers(&sandbox, &["A", "B"]);
        }
        assert!(kills >= least, "only {kills} points {how} a git were found");
    }
}

#[test]
fn a_start_killed_in_the_hooks_of_git_goes_on_to_the_same_end() {
    // Before and after each ref moves (with its lock held, the first time), and when a worktree is complete.
    let hooks = [("post-checkout", ""), ("reference-transaction", "prepared"), ("reference-transaction", "committed")];
    for (hook, state) in hooks {
        for at in 1.. {
            let sandbox = Sandbox::with_tasks(TASKS);
            let body = format!(
                "[ -z '{state}' ] || [ \"$1\" = '{state}' ] || exit 0\necho x >>\"$HOME/hooked\"\n\
                 [ \"$(wc -l <\"$HOME/hooked\")\" -eq {at} ] || exit 0\n{KILL_THEM}"
            );
            let hook = sandbox.script(&format!("repo/.git/hooks/{hook}"), &body);
            let outcome = sandbox.run(&["start", "A", "B"]);
            std::fs::remove_file(hook).unwrap();
            if outcome.code == Some(0) {
                assert!(at > 2, "only {at} points");
                sandbox.assert_started(&["A", "B"]);
                break;
            }
            assert_eq!(outcome.code, None, "{outcome:?}");
            age_locks(&sandbox);
            recovers(&sandbox, &["A", "B"]);
        }
    }
}

#[test]
fn going_on_is_one_step_which_a_kill_comes_before_or_after() {
    for (state, code) in [("prepared", 0), ("committed", 1)] {
        let sandbox = Sandbox::with_tasks(TASKS);
        sandbox.ok(&["start", "A"]);
        sandbox.ok(&["report", "A", "--blocked", "x"]);
        let body = format!("[ \"$1\" = {state} ] || exit 0\n{KILL_THEM}");
        let hook = sandbox.script("repo/.git/hooks/reference-transaction", &body);
        assert_eq!(sandbox.run(&["start", "A"]).code, None);
        std::fs::remove_file(hook).unwrap();
        age_locks(&sandbox);
        let again = sandbox.run(&["start", "A"]).exits(code);
        assert_eq!(again.stderr.contains("already active"), code == 1, "{again:#?}");
        assert_eq!((&sandbox.row("A")["state"], sandbox.count("continued")), (&"active".into(), 1));
        sandbox.assert_started(&["A"]);
    }
}

/// As if a while had passed since the crash.
fn age_locks(sandbox: &Sandbox) {
    for lock in sandbox.stale_locks() {
        if lock.ends_with("packed-refs.lock") {
            // Any git may hold it for long: the user's to remove.
            std::fs::remove_file(lock).unwrap();
            continue;
        }
        let file = std::fs::File::options().write(true).open(lock).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
}

#[test]
fn a_start_killed_while_git_writes_the_files_goes_on_to_the_same_end() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[(".gitattributes", "late filter=kill\n"), ("folder/early", "1\n"), ("late", "2\n")], "files");
    let smudge = sandbox.script("home/smudge", &format!("cat\n{KILL_THEM}"));
    sandbox.git(&["config", "filter.kill.smudge", smudge.to_str().unwrap()]);
    assert_eq!(sandbox.run(&["start", "A", "B"]).code, None);
    assert!(sandbox.place("A").join("folder/early").exists());
    sandbox.git(&["config", "--unset", "filter.kill.smudge"]);
    recovers(&sandbox, &["A", "B"]);
}

#[test]
fn a_half_made_worktree_that_holds_other_files_is_left_alone() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let smudge = sandbox.script("home/smudge", &format!("cat\n{KILL_THEM}"));
    sandbox.commit(&[(".gitattributes", "late filter=kill\n"), ("late", "2\n")], "files");
    sandbox.git(&["config", "filter.kill.smudge", smudge.to_str().unwrap()]);
    assert_eq!(sandbox.run(&["start", "A"]).code, None);
    sandbox.git(&["config", "--unset", "filter.kill.smudge"]);
    let mine = sandbox.place("A").join("mine");
    std::fs::write(&mine, "precious").unwrap();
    let outcome = sandbox.run(&["start", "A"]).exits(4).says("holds 'mine'").says("hint: move it away");
    outcome.says("hint: use 'git dispatch start A' to go on from here");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "precious");
    std::fs::remove_file(&mine).unwrap();
    recovers(&sandbox, &["A"]);
}

/// The states in which git leaves a worktree when it is killed, made by hand: what stands in the admin folder, and what
/// in the worktree's own. `ADMIN` and `FOLDER` stand for their paths.
type HalfState<'a> = (&'a [(&'a str, &'a str)], Option<&'a [(&'a str, &'a str)]>);

#[test]
fn every_half_state_of_git_worktree_add_is_cleared_away() {
    let initializing = ("locked", "initializing");
    let gitdir = ("gitdir", "FOLDER/.git\n");
    let head = ("HEAD", "0000000000000000000000000000000000000000\n");
    let link = (".git", "gitdir: ADMIN\n");
    let states: [HalfState<'_>; 16] = [
        (&[], None),
        (&[("locked", "")], None),
        (&[initializing], None),
        (&[initializing], Some(&[])),
        (&[initializing, ("gitdir", "")], Some(&[])),
        (&[initializing, gitdir], Some(&[])),
        (&[initializing, gitdir], Some(&[(".git", "")])),
        (&[initializing, gitdir], Some(&[link])),
        (&[initializing, gitdir, ("HEAD", "")], Some(&[link])),
        (&[initializing, gitdir, head, ("commondir", "")], Some(&[link])),
        (&[initializing, gitdir, head, ("commondir", "../..\n")], Some(&[link])),
        (&[("HEAD", "ref: refs/heads/task/A\n"), ("index", "x")], Some(&[link, ("README", "hello\n")])),
        (&[], Some(&[link, ("README", "hello\n")])),
        // No admin folder at all.
        (&[("", "")], Some(&[link, ("README", "hel")])),
        (&[("", "")], Some(&[])),
        (
            &[initializing, gitdir, ("HEAD", "ref: refs/heads/task/A\n"), ("commondir", "../..\n"), ("index.lock", "")],
            Some(&[link, ("README", "hel"), ("dispatch.toml", "")]),
        ),
    ];
    for (at, (admin, folder)) in states.into_iter().enumerate() {
        let mut sandbox = Sandbox::with_tasks(TASKS);
        let path = sandbox.path();
        sandbox.git(&["config", "dispatch.checkout", "git"]);
        // Killed before it ran `git worktree add`.
        sandbox.wrap_git("case \"$*\" in *'worktree add'*) kill -9 $PPID; exit 1 ;; esac\nexec \"$REAL\" \"$@\"\n");
        assert_eq!(sandbox.run(&["start", "A"]).code, None);
        sandbox.env("PATH", &path);
        sandbox.git(&["config", "--unset", "dispatch.checkout"]);
        let admin_dir = sandbox.repo().join(".git/worktrees/repo-task-A");
        let place = sandbox.place("A");
        let fill = |dir: &Path, files: &[(&str, &str)]| {
            std::fs::create_dir_all(dir).unwrap();
            for (name, text) in files {
                let text =
                    text.replace("ADMIN", admin_dir.to_str().unwrap()).replace("FOLDER", place.to_str().unwrap());
                std::fs::write(dir.join(name), text).unwrap();
            }
        };
        if admin != [("", "")] {
            fill(&admin_dir, admin);
        }
        if let Some(folder) = folder {
            fill(&place, folder);
        }
        let status = sandbox.ok(&["status"]);
        status.answers("not finished; to go on: git dispatch start A");
        let outcome = sandbox.run(&["start", "A"]);
        assert_eq!(outcome.code, Some(0), "state {at}: {outcome:?}");
        sandbox.assert_started(&["A"]);
    }
}

#[test]
fn a_clone_that_came_in_between_is_left_alone() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.checkout", "git"]);
    let path = sandbox.path();
    sandbox.wrap_git("case \"$*\" in *'worktree add'*) kill -9 $PPID; exit 1 ;; esac\nexec \"$REAL\" \"$@\"\n");
    assert_eq!(sandbox.run(&["start", "A"]).code, None);
    sandbox.env("PATH", &path);
    let place = sandbox.place("A");
    sandbox.git(&["clone", "--quiet", ".", place.to_str().unwrap()]);
    let before = sandbox.git_in(&place, &["for-each-ref"]);
    sandbox.run(&["start", "A"]).exits(4).says("a folder is in the way of task 'A'").says("hint: move it away");
    assert_eq!(sandbox.git_in(&place, &["for-each-ref"]), before);
    assert!(place.join("README").exists());
}

#[test]
fn half_made_worktrees_of_others_are_left_alone() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let admin = sandbox.repo().join(".git/worktrees");
    let states: [(&str, &[(&str, &str)]); 3] = [
        ("repo-task-B", &[("locked", "initializing")]),
        ("other", &[("locked", "initializing")]),
        ("repo-task-AB", &[("gitdir", "/nowhere/.git\n"), ("HEAD", "ref: refs/heads/x\n"), ("commondir", "../..\n")]),
    ];
    for (name, files) in states {
        std::fs::create_dir_all(admin.join(name)).unwrap();
        for (file, text) in files {
            std::fs::write(admin.join(name).join(file), text).unwrap();
        }
    }
    sandbox.ok(&["start", "A"]);
    for (name, files) in states {
        assert_eq!(std::fs::read_dir(admin.join(name)).unwrap().count(), files.len(), "{name}");
    }
}

#[test]
fn an_empty_commondir_of_another_worktree_stops_no_status() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.worktree("mine", "mine", "main");
    sandbox.ok(&["start", "A"]);
    std::fs::write(sandbox.repo().join(".git/worktrees/mine/commondir"), "").unwrap();
    assert!(!sandbox.try_git_in(&sandbox.repo(), &["worktree", "list"]).status.success());
    assert_eq!(sandbox.row("A")["state"], "active");
    assert_eq!(sandbox.row("A")["notes"], serde_json::json!([]));
}

#[test]
fn a_git_that_lies_about_its_exit_is_noticed() {
    // (what git is asked, exits 0 without acting) and (…, acts and exits 1).
    for (call, acts, code) in [
        ("update-ref*-m*refs/notes/dispatch", false, 128),
        ("update-ref*--stdin", false, 4),
        ("worktree add", false, 4),
        ("update-ref*-m*refs/notes/dispatch", true, 0),
        ("update-ref*--stdin", true, 0),
        ("worktree add", true, 0),
    ] {
        let mut sandbox = Sandbox::with_tasks(TASKS);
        sandbox.git(&["config", "dispatch.checkout", "git"]);
        let path = sandbox.path();
        let lie = if acts { "\"$REAL\" \"$@\"; exit 1" } else { "exit 0" };
        sandbox.wrap_git(&format!(
            "case \"$*\" in *{}*) {lie} ;; esac\nexec \"$REAL\" \"$@\"\n",
            call.replace(' ', "\\ ")
        ));
        let outcome: Outcome = sandbox.run(&["start", "A"]);
        assert_eq!(outcome.code, Some(code), "{call}, acts: {acts}: {outcome:?}");
        sandbox.env("PATH", &path);
        if code != 0 {
            outcome.says("error: ");
        }
        recovers(&sandbox, &["A"]);
    }
}

#[test]
fn a_git_that_outlives_the_start_is_waited_for() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.checkout", "git"]);
    let path = sandbox.path();
    // The start dies while its `git worktree add` waits for a word to go on.
    let word = sandbox.root().join("home/go-on");
    rustix::fs::mknodat(rustix::fs::CWD, &word, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    sandbox.wrap_git(
        "case \"$*\" in *'worktree add'*) kill -9 $PPID; exec 1>&- 2>&-; read word <\"$HOME/go-on\" ;; esac\n\
         exec \"$REAL\" \"$@\"\n",
    );
    assert_eq!(sandbox.run(&["start", "A"]).code, None);
    sandbox.env("PATH", &path);
    sandbox.git(&["config", "dispatch.lockTimeout", "0"]);
    sandbox.run(&["start", "A"]).exits(5).says("is acting on this repository").says("hint: wait until it ends");
    std::fs::write(&word, "now\n").unwrap();
    sandbox.git(&["config", "dispatch.lockTimeout", "60"]);
    recovers(&sandbox, &["A"]);
}

#[test]
fn of_many_starts_of_one_task_one_wins() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let outcomes = at_once((0..8).map(|_| sandbox.dispatch(&["start", "A"])).collect());
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|outcome| outcome.code == Some(0));
    assert_eq!(won.len(), 1, "{won:?} {lost:?}");
    for outcome in lost {
        assert!(matches!(outcome.code, Some(1 | 3 | 5)), "{outcome:?}");
        outcome.says("'A'").says("hint: ");
    }
    sandbox.assert_started(&["A"]);
}

#[test]
fn starts_of_different_tasks_at_once_all_succeed() {
    let ids: Vec<String> = (10..26).map(|number| format!("T{number}")).collect();
    let file: String = ids.iter().map(|id| format!("[task.{id}]\n")).collect();
    let sandbox = Sandbox::with_tasks(&format!("workers = 16\n{file}"));
    sandbox.git(&["config", "dispatch.lockTimeout", "300"]);
    let outcomes = at_once(ids.iter().map(|id| sandbox.dispatch(&["start", id])).collect());
    for outcome in outcomes {
        let _ = outcome.exits(0);
    }
    assert_eq!((sandbox.count("starting"), sandbox.count("started")), (16, 16));
    let rows = sandbox.ok(&["status", "--json"]).json();
    assert_eq!(rows["tasks"].as_array().unwrap().iter().filter(|row| row["state"] == "active").count(), 16);
    let mut batches: Vec<String> =
        rows["batches"].as_array().unwrap().iter().map(|batch| batch["id"].to_string()).collect();
    batches.sort();
    batches.dedup();
    assert_eq!(batches.len(), 16);
}

fn at_once(commands: Vec<assert_cmd::Command>) -> Vec<Outcome> {
    let run = |mut command: assert_cmd::Command| Outcome::of(&command.output().unwrap());
    std::thread::scope(|scope| {
        let all: Vec<_> = commands.into_iter().map(|command| scope.spawn(move || run(command))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn an_old_lock_on_the_ledger_is_nobodys() {
    let sandbox = Sandbox::with_tasks(TASKS);
    std::fs::create_dir_all(sandbox.repo().join(".git/refs/notes")).unwrap();
    std::fs::write(sandbox.repo().join(".git/refs/notes/dispatch.lock"), "").unwrap();
    age_locks(&sandbox);
    sandbox.ok(&["start", "A"]);
    sandbox.assert_started(&["A"]);
}

#[test]
fn a_reader_that_went_away_stops_nothing_half_way() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let start = sandbox.dispatch(&["start", "A", "B"]);
    #[expect(clippy::disallowed_methods, reason = "a stdout that nobody reads")]
    let mut command = std::process::Command::new(start.get_program());
    command.args(start.get_args()).current_dir(sandbox.repo()).env_clear();
    command.envs(start.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdout(writer);
    assert_eq!(command.status().unwrap().code(), Some(141));
    sandbox.assert_started(&["A", "B"]);
}

#[test]
fn a_full_disk_is_told_and_once_there_is_room_the_same_command_goes_on() {
    // No file may grow larger than so many blocks, for the program and all its gits.
    for ignored in ["trap '' XFSZ", ":"] {
        for blocks in [0, 1, 2, 8] {
            let sandbox = Sandbox::with_tasks(TASKS);
            let noise: String = (0..3_000).map(|number| format!("{}\n", number * 7_919 % 10_007)).collect();
            sandbox.commit(&[("noise", &noise)], "noise");
            let body = format!("{ignored}\nulimit -f {blocks}\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_git-dispatch"));
            let limited = sandbox.script("home/limited", &body);
            sandbox.git(&["config", "alias.limited", &format!("!{}", limited.display())]);
            let outcome = Outcome::of(&sandbox.try_git_in(&sandbox.repo(), &["limited", "start", "A", "B"]));
            assert_ne!(outcome.code, Some(0), "{blocks} {ignored}: {outcome:?}");
            sandbox.git(&["status"]);
            age_locks(&sandbox);
            recovers(&sandbox, &["A", "B"]);
        }
    }
}
