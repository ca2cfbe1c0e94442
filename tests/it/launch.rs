//! `git dispatch launch` with real tmux: a server of each test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\n[task.B]\n[task.C]\n";

/// Whoever waits longer than this waits for nothing.
const LONGEST: Duration = Duration::from_secs(100);

/// What a worker does in these tests: it says where and for what it is, and stays.
const WORKER: &str = "printf %s \"$GIT_DISPATCH_TITLE\" >\"$HOME/new-$GIT_DISPATCH_TASK\"; pwd >\"$HOME/in-$GIT_DISPATCH_TASK\"; \
                      echo x >>\"$HOME/times-$GIT_DISPATCH_TASK\"; \
                      mv \"$HOME/new-$GIT_DISPATCH_TASK\" \"$HOME/title-$GIT_DISPATCH_TASK\"; exec sleep 1000;";

/// The tmux of a sandbox, which ends with it.
pub struct Server {
    /// Where its socket is.
    folder: PathBuf,
    home: PathBuf,
    path: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.run(&["kill-server"]);
    }
}

impl Server {
    /// The one that a program in the sandbox finds.
    pub fn of(sandbox: &mut Sandbox) -> Server {
        let folder = sandbox.root().join("home");
        sandbox.env("TMUX_TMPDIR", folder.to_str().unwrap());
        Server { home: folder.clone(), folder, path: sandbox.path() }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        #[expect(clippy::disallowed_methods, reason = "tmux is what these tests are about; tests/run installs it")]
        let mut tmux = Command::new("tmux");
        tmux.env_clear().env("PATH", &self.path).env("HOME", &self.home).env("TMUX_TMPDIR", &self.folder);
        tmux.args(arguments).current_dir(&self.home).output().unwrap()
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "tmux {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The names of all windows, sorted; none without a server.
    pub fn windows(&self) -> Vec<String> {
        let listed = self.run(&["list-windows", "-a", "-F", "#{window_name}"]);
        let mut names: Vec<String> = String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect();
        names.sort();
        names
    }
}

/// Tasks that have started, with a worker of these tests for a launch command of the user's own.
fn started(tasks: &str, ids: &[&str]) -> (Sandbox, Server) {
    let mut sandbox = Sandbox::with_tasks(tasks);
    let server = Server::of(&mut sandbox);
    sandbox.git(&["config", "dispatch.launch", WORKER]);
    sandbox.ok(&[&["start"], ids].concat());
    (sandbox, server)
}

#[track_caller]
pub fn wait_until(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < LONGEST, "never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What a worker wrote to a file of its home.
#[track_caller]
fn said(sandbox: &Sandbox, name: &str) -> String {
    let path = sandbox.root().join("home").join(name);
    wait_until(name, || path.exists());
    std::fs::read_to_string(path).unwrap()
}

/// Every file of this name below a folder.
fn canaries(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        if entry.file_name() == "PWNED" {
            found.push(entry.path());
        }
        if entry.file_type().unwrap().is_dir() {
            found.extend(canaries(&entry.path()));
        }
    }
    found
}

#[test]
fn hostile_titles_and_folders_reach_a_worker_as_they_are_and_run_nothing() {
    let titles = [
        "'; touch PWNED; '",
        "$(touch PWNED)",
        "`touch PWNED`",
        "\"; touch PWNED #",
        "#(touch PWNED)",
        "a\nb \u{1b}[2J",
        "#{l:#(touch PWNED)};",
        "touch PWNED\\;",
    ];
    let ids = ["A", "B", "C", "D", "E", "F", "G", "H"];
    let tasks: String =
        std::iter::zip(ids, titles).map(|(id, title)| format!("[task.{id}]\ntitle = {}\n", toml_text(title))).collect();
    let mut sandbox = Sandbox::with_tasks(&tasks);
    let server = Server::of(&mut sandbox);
    let folder = sandbox.root().join("#(touch PWNED) $x '`touch PWNED`.a:b");
    std::fs::rename(sandbox.repo(), &folder).unwrap();
    sandbox.git_in(&folder, &["config", "dispatch.launch", WORKER]);
    let run = |arguments: &[&str]| sandbox.run_in(&folder, arguments);
    run(&[&["start"], &ids[..]].concat()).exits(0);
    let outcome = run(&["launch", "--in", "tmux"]).exits(0).answers("A is launched in tmux, window @");
    let attach = outcome.stdout.lines().last().unwrap().trim();
    assert!(attach.starts_with("tmux attach -t '=touch-PWNED---x---touch-PWNED--a-b-"), "{attach}");
    server.tmux(&["has-session", "-t", attach.split('\'').nth(1).unwrap()]);
    for (id, title) in std::iter::zip(ids, titles) {
        assert_eq!(said(&sandbox, &format!("title-{id}")), title, "{id}");
        let place = format!("{}-task-{id}", folder.display());
        assert_eq!(said(&sandbox, &format!("in-{id}")), format!("{place}\n"));
    }
    // Whatever expands formats has seen them.
    server.tmux(&["list-windows", "-a"]);
    server.tmux(&["display-message", "-p", "#{session_name} #{window_name} #{pane_current_path}"]);
    assert_eq!(server.windows(), ids);
    assert_eq!(canaries(&sandbox.root()), [""; 0].map(PathBuf::from));
}

fn toml_text(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn a_worker_that_is_there_is_not_launched_again_also_where_its_window_was_renamed() {
    let (sandbox, server) = started(TASKS, &["A", "B"]);
    let first = sandbox.ok(&["launch", "--json"]).json();
    assert_eq!((&first["in"], &first["dry_run"]), (&json!("tmux"), &json!(false)));
    let opened = |answer: &serde_json::Value| -> Vec<bool> {
        answer["sessions"].as_array().unwrap().iter().map(|one| one["opened"].as_bool().unwrap()).collect()
    };
    assert_eq!(opened(&first), [true, true]);
    assert_eq!(first["sessions"][0]["worktree"], sandbox.place("A").display().to_string());
    said(&sandbox, "title-A");
    server.tmux(&["rename-window", "-t", first["sessions"][0]["window"].as_str().unwrap(), "mine"]);
    sandbox.ok(&["launch"]).answers("A is there already, in tmux, window @").answers("tmux attach -t '=repo-");
    // The lock of the repository was not left to the server.
    sandbox.ok(&["start", "C"]);
    let again = sandbox.ok(&["launch", "--json"]).json();
    assert_eq!(opened(&again), [false, false, true]);
    assert_eq!(again["sessions"][0]["window"], first["sessions"][0]["window"]);
    assert_eq!(server.windows(), ["B", "C", "mine"]);
    assert_eq!(said(&sandbox, "times-A"), "x\n");
    // Who asks for one gets to see it.
    sandbox.ok(&["launch", "B"]);
    let shown = server.tmux(&["list-windows", "-a", "-f", "#{window_active}", "-F", "#{window_name}"]);
    assert_eq!(shown, "B");
}

#[test]
fn what_a_worker_said_that_ended_is_there_until_it_is_launched_again() {
    let (sandbox, server) = started(TASKS, &["A"]);
    sandbox.git(&["config", "dispatch.launch", "echo no ice; exit 3"]);
    let window = sandbox.ok(&["launch", "A", "--json"]).json()["sessions"][0]["window"].as_str().unwrap().to_owned();
    let dead = || server.tmux(&["list-panes", "-t", &window, "-F", "#{pane_dead}"]) == "1";
    wait_until("the end of the worker", dead);
    assert!(server.tmux(&["capture-pane", "-p", "-S", "-", "-t", &window]).contains("no ice"));
    // Nothing of tmux keeps the worktree from being taken away.
    sandbox.ok(&["undo"]);
    sandbox.ok(&["start", "A"]);
    sandbox.git(&["config", "dispatch.launch", WORKER]);
    let again = sandbox.ok(&["launch", "A", "--json"]).json();
    assert_eq!(again["sessions"][0]["opened"], true);
    assert_ne!(again["sessions"][0]["window"], window);
    assert_eq!(server.windows(), ["A"]);
    said(&sandbox, "title-A");
}

#[test]
fn sixteen_at_once_launch_each_worker_once() {
    let (sandbox, server) = started(TASKS, &["A", "B", "C"]);
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let one = || sandbox.run(&["launch", "--json"]);
        let all: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut opened = 0;
    for outcome in outcomes {
        let answer = outcome.exits(0).json();
        opened += answer["sessions"].as_array().unwrap().iter().filter(|one| one["opened"] == true).count();
    }
    assert_eq!((opened, server.windows()), (3, ["A", "B", "C"].map(str::to_owned).to_vec()));
    for id in ["A", "B", "C"] {
        said(&sandbox, &format!("title-{id}"));
        assert_eq!(said(&sandbox, &format!("times-{id}")), "x\n");
    }
}

#[test]
fn within_tmux_windows_open_beside_the_one_that_is_looked_at() {
    let (sandbox, server) = started(TASKS, &["A", "B"]);
    server.tmux(&["-f", "/dev/null", "new-session", "-d", "-s", "other", "sleep", "1000"]);
    let program = env!("CARGO_BIN_EXE_git-dispatch");
    let line =
        format!("cd '{}' && '{program}' launch >out 2>&1; echo $? >ended; exec sleep 1000", sandbox.repo().display());
    server.tmux(&["new-session", "-d", "-s", "mine", "-n", "shell", &line]);
    let ended = sandbox.repo().join("ended");
    wait_until("the end of launch", || std::fs::read_to_string(&ended).is_ok_and(|text| !text.is_empty()));
    let out = std::fs::read_to_string(sandbox.repo().join("out")).unwrap();
    assert_eq!(std::fs::read_to_string(&ended).unwrap(), "0\n", "{out}");
    assert!(!out.contains("attach"), "{out}");
    let format = "#{session_name} #{window_name} #{window_active}";
    let listed = server.tmux(&["list-windows", "-t", "=mine", "-F", format]);
    assert_eq!(listed, "mine shell 1\nmine A 0\nmine B 0");
    said(&sandbox, "title-B");
    let again = format!("cd '{}' && '{program}' launch >again; exec sleep 1000", sandbox.repo().display());
    server.tmux(&["new-window", "-d", "-t", "=other:", &again]);
    let out = sandbox.repo().join("again");
    wait_until("the other launch", || std::fs::read_to_string(&out).is_ok_and(|text| text.contains("switch-client")));
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("A is there already") && text.ends_with("\n\n  tmux switch-client -t '$1'\n"), "{text}");
    // From outside, the same ones are found.
    let outcome = sandbox.ok(&["launch"]).answers("A is there already").answers("B is there already");
    assert!(outcome.stdout.lines().last().unwrap().starts_with("  tmux attach -t '$"), "{}", outcome.stdout);
}

#[test]
fn what_is_configured_in_the_task_file_runs_after_an_approval_only() {
    let tasks = format!("[commands]\nlaunch = \"touch PWNED\"\n{TASKS}");
    let mut sandbox = Sandbox::with_tasks(&tasks);
    let server = Server::of(&mut sandbox);
    let what = "'launch' of 'dispatch.toml' would run as you, and is not approved";
    sandbox.refuses(&["start", "A", "--launch"], 3, what).says("hint: use 'git dispatch trust' in a terminal");
    assert!(sandbox.git(&["for-each-ref", "refs/heads/task"]).is_empty());
    sandbox.ok(&["start", "A", "B"]);
    for host in ["tmux", "print", "here", "kitty"] {
        sandbox.refuses(&["launch", "A", "--in", host], 3, what).says("hint: use 'git dispatch trust' in a terminal");
    }
    assert_eq!(server.windows(), [""; 0]);
    crate::trust::asked(&sandbox, "y", "code 0");
    sandbox.ok(&["launch", "A", "--in", "tmux"]);
    wait_until("the worker", || sandbox.place("A").join("PWNED").exists());
    sandbox.commit(&[("dispatch.toml", &tasks.replace("touch", "touch "))], "one byte more");
    sandbox.refuses(&["launch", "B", "--in", "tmux"], 3, what);
    assert_eq!(server.windows(), ["A"]);
}

#[test]
fn without_tmux_it_is_told_what_to_paste() {
    let (mut sandbox, _server) = started(TASKS, &["A", "B"]);
    let bin = sandbox.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["git", "sh"] {
        std::os::unix::fs::symlink(git_dispatch::git::find_program(name).unwrap(), bin.join(name)).unwrap();
    }
    sandbox.env("PATH", bin.to_str().unwrap());
    let lines = |id: &str| format!("cd {} && git dispatch launch {id} --in here\n", sandbox.place(id).display());
    assert_eq!(sandbox.ok(&["launch"]).stdout, lines("A") + &lines("B"));
    let answer = sandbox.ok(&["launch", "B", "--json"]).json();
    assert_eq!(answer["in"], "print");
    assert_eq!(answer["sessions"][0]["paste"], lines("B").trim_end());
    let missing = "'tmux' was not found on an absolute entry of PATH";
    sandbox.refuses(&["launch", "--in", "tmux"], 3, missing).says("use 'git dispatch launch --in print'");
    sandbox.git(&["config", "dispatch.launchIn", "tmux"]);
    sandbox.refuses(&["launch"], 3, missing);
    sandbox.git(&["config", "dispatch.launchIn", "screen"]);
    sandbox.refuses(&["launch"], 2, "bad config value 'screen' for 'dispatch.launchIn'");
}

#[test]
fn here_the_worker_has_the_terminal_and_the_exit_code() {
    let (sandbox, _server) = started(TASKS, &["A", "B"]);
    let worker = "pwd; cat; head -1 \"$GIT_DISPATCH_BRIEF\"; test -z \"$GIT_DIR\" && exit 7";
    sandbox.git(&["config", "dispatch.launch", worker]);
    let mut command = sandbox.dispatch(&["launch", "A", "--in", "here"]);
    let output = command.env("GIT_DIR", sandbox.repo().join(".git")).write_stdin("from me\n").output().unwrap();
    let outcome = Outcome::of(&output).exits(7);
    let brief = sandbox.ok(&["brief", "A"]).stdout;
    let first = brief.lines().next().unwrap();
    assert_eq!(outcome.stdout, format!("{}\nfrom me\n{first}\n", sandbox.place("A").display()));
    assert_eq!(outcome.stderr, "");
    let hint = "hint: use 'git dispatch launch A --in here' in a terminal of its own";
    sandbox.refuses(&["launch", "--in", "here"], 2, "'--in here' launches one task, and this is 2 tasks").says(hint);
    sandbox.refuses(&["launch", "A", "--in", "here", "--json"], 2, "no answer for '--json'");
    let outcome = sandbox.ok(&["launch", "A", "--in", "here", "--dry-run"]);
    outcome.answers(&format!("A would be launched here: {}\n", sandbox.place("A").display()));
    let all = std::fs::read_dir(sandbox.root().join("home")).unwrap().map(|entry| entry.unwrap().file_name());
    let temporary: Vec<_> = all.filter(|name| !name.to_string_lossy().starts_with("tmux-")).collect();
    assert!(temporary.is_empty(), "something of the process that is gone was left");
}

#[test]
fn refusals_name_the_task_and_the_way_and_open_nothing() {
    let far = "[agent.far]\nisolated = false\n[agent.near]\nlaunch = \"true\"\n";
    let tasks = format!("{far}[task.A]\n[task.B]\nneeds = [\"A\"]\n[task.F]\nagent = \"far\"\n[task.G]\n[task.L]\n");
    let (sandbox, server) = started(&tasks, &["A", "F", "G"]);
    let refused = |arguments: &[&str], code: i32, text: &str, hint: &str| {
        sandbox.refuses(&[&["launch", "--in", "tmux"], arguments].concat(), code, text).says(hint);
    };
    refused(&["X"], 2, "'X'", "hint: ");
    refused(&["A", "B"], 3, "task 'B' has not started", "use 'git dispatch why B'");
    refused(&["L"], 3, "task 'L' has not started", "use 'git dispatch start L' to start it");
    refused(&["F"], 3, "task 'F' has a worker who is elsewhere", "use 'git dispatch brief F'");
    std::fs::remove_dir_all(sandbox.place("G")).unwrap();
    refused(&["G"], 3, "task 'G' has no worktree here", "use 'git dispatch status G'");
    refused(&["G", "L"], 3, "task 'L' has not started", "use 'git dispatch status G'");
    let outcome = sandbox.ok(&["launch", "--in", "tmux", "--dry-run"]).answers("A would be launched in tmux: ");
    let outcome = outcome
        .says("left out: task 'F' has a worker who is elsewhere")
        .says("left out: task 'G' has no worktree here");
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
    write_in(&sandbox.place("A"), "new", "1\n");
    sandbox.commit_in(&sandbox.place("A"), &[], "of A");
    sandbox.ok(&["report", "A", "--done"]);
    refused(&["A"], 3, "task 'A' is reported done", "use 'git dispatch status A'");
    let outcome = sandbox.run(&["launch", "--in", "tmux"]).exits(1).says("no task to launch");
    assert_eq!(outcome.stdout, "");
    sandbox.git(&["config", "--unset", "dispatch.launch"]);
    sandbox.ok(&["start", "L"]);
    refused(&["L"], 2, "there is no launch command for task 'L'", "git config dispatch.launch COMMAND");
    assert_eq!(server.windows(), [""; 0]);
}

#[test]
fn what_is_too_long_for_tmux_is_refused_before_any_window_opens() {
    let title = "x".repeat(20_000);
    let (sandbox, server) = started(&format!("[task.A]\n[task.B]\ntitle = \"{title}\"\n"), &["A", "B"]);
    let outcome = sandbox.refuses(&["launch"], 3, "what task 'B' is launched with is too long for tmux");
    outcome.says("hint: use 'git dispatch launch B --in here' in a terminal of its own");
    assert_eq!(server.windows(), [""; 0]);
    let (sandbox, server) = started(&format!("[task.A]\ntitle = \"{}\"\n", &title[..13_000]), &["A"]);
    sandbox.ok(&["launch"]);
    assert_eq!(said(&sandbox, "title-A").len(), 13_000);
    assert_eq!(server.windows(), ["A"]);
}

#[test]
fn a_task_that_was_adopted_is_launched_like_others() {
    let (sandbox, _server) = started(TASKS, &["B"]);
    sandbox.worktree("elsewhere", "task/A", "main");
    sandbox
        .refuses(&["launch", "A"], 3, "has a branch that 'start' did not make")
        .says("use 'git dispatch adopt A task/A' to");
    sandbox.ok(&["adopt", "A", "task/A"]);
    sandbox.ok(&["launch", "A"]);
    assert_eq!(said(&sandbox, "in-A"), format!("{}\n", sandbox.root().join("elsewhere").display()));
}

#[test]
fn a_task_that_the_file_no_longer_names_is_launched_as_it_was() {
    let (sandbox, _server) = started("[task.A]\ntitle = \"of old\"\n[task.B]\n", &["A"]);
    sandbox.commit(&[("dispatch.toml", "[task.B]\n")], "without A");
    sandbox.ok(&["launch"]);
    assert_eq!(said(&sandbox, "title-A"), "of old");
}

#[test]
fn start_opens_sessions_when_all_is_recorded_and_set_up() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    let server = Server::of(&mut sandbox);
    let worker = format!("git notes --ref=dispatch show main | grep -c '\"event\":\"started\"' >.recorded; {WORKER}");
    sandbox.git(&["config", "dispatch.launch", &worker]);
    sandbox.git(&["config", "dispatch.setup", "test $GIT_DISPATCH_TASK != B && touch .ready"]);
    let outcome = sandbox.run(&["start", "A", "B", "--launch", "--in", "tmux"]).exits(4);
    let outcome = outcome.answers("A is launched in tmux, window @").answers("tmux attach -t '=repo-");
    let outcome = outcome.says("no session is opened: task 'B' has a worktree that is not set up yet");
    outcome.says("hint: use 'git dispatch start --setup B' to make it ready");
    said(&sandbox, "title-A");
    assert_eq!(std::fs::read_to_string(sandbox.place("A").join(".recorded")).unwrap(), "1\n");
    assert!(sandbox.place("A").join(".ready").exists());
    assert_eq!(server.windows(), ["A"]);
    sandbox.git(&["config", "dispatch.setup", "true"]);
    let answer = sandbox.ok(&["start", "B", "C", "--launch", "--json"]).json();
    assert_eq!((&answer["tasks"][0]["id"], &answer["tasks"][1]["id"]), (&json!("B"), &json!("C")));
    for task in answer["tasks"].as_array().unwrap() {
        assert_eq!((&task["session"]["in"], &task["session"]["opened"]), (&json!("tmux"), &json!(true)));
    }
    assert_eq!(server.windows(), ["A", "B", "C"]);
}

#[test]
fn start_in_this_terminal_is_for_one_worker() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    let _server = Server::of(&mut sandbox);
    sandbox.git(&["config", "dispatch.launch", "pwd; exit 7"]);
    for arguments in [&["start", "A", "B"][..], &["start", "--ready"], &["start", "A", "--json"]] {
        let what = "'--in here' gives this terminal to one worker";
        sandbox.refuses(&[arguments, &["--launch", "--in", "here"]].concat(), 2, what);
    }
    let outcome = sandbox.run(&["start", "A", "--launch", "--in", "here"]).exits(7);
    assert!(outcome.stdout.ends_with(&format!("\n{}\n", sandbox.place("A").display())), "{outcome:?}");
    sandbox.assert_started(&["A"]);
    sandbox.git(&["config", "--unset", "dispatch.launch"]);
    sandbox.refuses(&["start", "B", "--launch"], 2, "there is no launch command for task 'B'");
    sandbox.run(&["start", "B", "--in", "tmux"]).exits(2);
}

#[test]
fn start_tells_what_to_type_where_there_is_a_command_for_it() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    let _server = Server::of(&mut sandbox);
    let outcome = sandbox.ok(&["start", "A"]);
    assert!(!outcome.stdout.contains("launch"), "{outcome:?}");
    sandbox.git(&["config", "dispatch.launch", "true"]);
    let outcome = sandbox.ok(&["start", "B", "C"]);
    let place = |id: &str| sandbox.place(id).display().to_string();
    let lines = format!(
        "\nTerminal 1:\n  cd {}\n  git dispatch launch B --in here\n\nTerminal 2:\n  cd {}\n  git dispatch launch C --in here\n\n\
         All of them in tmux:\n  git dispatch launch B C --in tmux\n",
        place("B"),
        place("C")
    );
    assert!(outcome.stdout.ends_with(&lines), "{outcome:?}");
}

#[test]
fn whatever_the_user_configured_of_tmux_sessions_stay_and_are_found() {
    let (sandbox, server) = started(TASKS, &["A", "B"]);
    let configured = "set -g destroy-unattached on\nset -g automatic-rename on\nset -g allow-rename on\nset -g base-index 7\n\
                      set -g renumber-windows on\nset -g default-command false\nset -g default-shell /bin/false\n";
    write_in(&sandbox.root().join("home"), ".tmux.conf", configured);
    sandbox.ok(&["launch", "A"]);
    said(&sandbox, "title-A");
    sandbox.ok(&["launch"]).answers("A is there already").answers("B is launched");
    said(&sandbox, "title-B");
    assert_eq!(server.windows(), ["A", "B"]);
}

#[test]
fn a_tmux_that_is_gone_is_told_in_its_own_words() {
    let (mut sandbox, _server) = started(TASKS, &["A", "B"]);
    sandbox.env("TMUX", "/no/where,1,0");
    let outcome = sandbox.refuses(&["launch"], 128, "the session of task 'A' could not be opened: 'tmux' failed: ");
    outcome.says("/no/where").says("hint: use 'git dispatch launch A --in print' to open it by hand");
}

/// Programs that are called in their own manner, and then run what they are given: here, scripts in their place.
#[test]
fn other_programs_get_everything_as_arguments() {
    let title = "'; touch PWNED; '$(id)`id`\n#(id)\"";
    let mut sandbox = Sandbox::with_tasks(&format!("[task.A]\ntitle = {}\n", toml_text(title)));
    sandbox.git(&["config", "dispatch.launch", "printf %s \"$GIT_DISPATCH_TITLE\" >\"$HOME/$SAID\"; pwd"]);
    sandbox.ok(&["start", "A"]);
    let path = sandbox.path();
    for name in ["zellij", "wezterm", "kitty"] {
        let body =
            "printf '%s\\n' \"$@\" >\"$HOME/arguments\"; while [ \"${1##*/}\" != env ]; do shift; done; exec \"$@\"";
        sandbox.script(&format!("bin/{name}"), body);
    }
    let missing = sandbox.run(&["launch", "--in", "kitty"]).exits(3).says("error: 'kitty' was not found");
    missing.says("hint: use 'git dispatch launch --in print'");
    sandbox.env("PATH", &format!("{}:{path}", sandbox.root().join("bin").display()));
    for (variable, host) in [("KITTY_WINDOW_ID", "kitty"), ("WEZTERM_PANE", "wezterm"), ("ZELLIJ", "zellij")] {
        sandbox.env(variable, "0");
        sandbox.env("SAID", host);
        sandbox.ok(&["launch"]).answers(&format!("A is launched in {host}\n"));
        assert_eq!(said(&sandbox, host), title);
        let arguments = said(&sandbox, "arguments");
        assert!(arguments.contains(&format!("\n{}\n", sandbox.place("A").display())), "{arguments}");
    }
    sandbox.script("bin/zellij", "echo 'There is no active session!' >&2; exit 1");
    let told = "the session of task 'A' could not be opened: 'zellij' failed: There is no active session!";
    sandbox.refuses(&["launch"], 128, told);
    assert_eq!(canaries(&sandbox.root()), [""; 0].map(PathBuf::from));
}

#[test]
fn what_goes_on_or_begins_anew_has_another_session_and_the_earlier_one_is_named() {
    let (sandbox, server) = started(TASKS, &["A", "B"]);
    sandbox.ok(&["launch", "--in", "tmux"]);
    let times = |what: &str| said(&sandbox, "times-A").lines().count().to_string() == what;
    wait_until("the first", || times("1"));
    sandbox.run(&["launch", "A", "--in", "here"]).exits(3).says("task 'A' has its worker already, in window @");
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    let told = sandbox.ok(&["start", "A", "--launch", "--in", "tmux"]);
    told.answers("A is launched in tmux, window @")
        .answers("its earlier session is still there: tmux kill-window -t @");
    wait_until("the second", || times("2"));
    assert_eq!(server.windows(), ["A", "A", "B"]);
    sandbox.ok(&["launch", "B", "--in", "tmux"]).answers("B is there already");
    sandbox.ok(&["launch", "A", "--in", "tmux"]).answers("A is there already");
    sandbox.ok(&["report", "A", "--blocked", "x"]);
    sandbox.ok(&["start", "A", "--fresh", "--launch", "--in", "tmux"]).answers("A is launched in tmux, window @");
    wait_until("the third", || times("3"));
    let place = sandbox.root().join("repo-task-A.2");
    assert_eq!(said(&sandbox, "in-A"), format!("{}\n", place.display()));
}

#[test]
fn how_the_worker_before_ended_is_told_by_the_next_launch() {
    let (sandbox, server) = started(TASKS, &["A"]);
    sandbox.git(&["config", "dispatch.launch", "echo x >\"$HOME/gone\"; exit 3"]);
    sandbox.ok(&["launch", "A", "--in", "tmux"]);
    assert_eq!(said(&sandbox, "gone"), "x\n");
    wait_until("the end", || server.tmux(&["list-panes", "-a", "-F", "#{pane_dead}"]) == "1");
    sandbox.ok(&["launch", "A", "--in", "tmux"]).answers("  the worker before it ended with exit code 3\n");
}
