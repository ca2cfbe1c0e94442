//! `status --watch` on a real terminal: that of a tmux server of its own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use git_dispatch::screen::Screen;

use crate::landed::done;
use crate::support::{Sandbox, write_in};

const TASKS: &str =
    "[task.A]\ntitle = \"First \\u001b[2J\"\n[task.B]\ntitle = \"Second\"\n[task.C]\nneeds = [\"A\", \"B\"]\n";

/// Whoever waits for a screen longer than this waits for nothing.
const LONGEST: Duration = Duration::from_secs(200);

fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A", "B"]);
    sandbox
}

/// A shell in a terminal.
pub struct Pane<'a> {
    sandbox: &'a Sandbox,
    socket: PathBuf,
}

impl Drop for Pane<'_> {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).output();
    }
}

impl<'a> Pane<'a> {
    pub fn open(sandbox: &'a Sandbox, columns: u16, lines: u16) -> Pane<'a> {
        // A server that was just ended may still be on its way out.
        static OPENED: AtomicUsize = AtomicUsize::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let pane = Pane { sandbox, socket: sandbox.root().join(format!("tmux{number}")) };
        let (columns, lines) = (columns.to_string(), lines.to_string());
        pane.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &lines, "env PS1='> ' sh"]);
        pane.tmux(&["set-option", "-s", "set-clipboard", "on"]);
        pane.wait(|screen| screen.starts_with('>'));
        pane
    }

    fn command(&self, arguments: &[&str]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "tmux is the terminal of these tests; tests/run installs it")]
        let mut tmux = Command::new("tmux");
        tmux.env_clear().envs(self.sandbox.environment()).current_dir(self.sandbox.repo());
        tmux.arg("-u").arg("-S").arg(&self.socket).args(arguments);
        tmux
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "tmux {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// The first screen of which `is` holds.
    #[track_caller]
    pub fn wait(&self, is: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if is(&screen) {
                return screen;
            }
            assert!(began.elapsed() < LONGEST, "never came; at last:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn wait_for(&self, text: &str) -> String {
        self.wait(|screen| screen.contains(text))
    }

    /// Runs a line in the shell.
    fn run(&self, line: &str) {
        self.keys(&["-l", line]);
        self.keys(&["Enter"]);
    }

    /// The terminal's own settings, and whether it is on its usual screen with a cursor.
    #[track_caller]
    fn state(&self, name: &str) -> (String, String) {
        let file = self.sandbox.root().join(name);
        self.run(&format!("stty -a > {}; echo written {name}", file.display()));
        let written = format!("written {name}");
        // What was typed before the prompt is back stands behind it.
        self.wait(|screen| screen.lines().any(|line| line.trim_start_matches("> ") == written));
        let flags = self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        let settings = std::fs::read_to_string(file).unwrap();
        // The first line has the size, which tmux changes when it pleases.
        (settings.split_once('\n').unwrap().1.to_owned(), flags)
    }

    /// Starts the live view and waits until all of it is there.
    #[track_caller]
    fn watch(&self) -> String {
        let program = env!("CARGO_BIN_EXE_git-dispatch");
        self.run(&format!("clear; {program} status --watch; echo \"ended with $?\""));
        self.wait(|screen| screen.lines().next().is_some_and(|title| title.ends_with(" live")))
    }
}

fn row<'a>(screen: &'a str, id: &str) -> &'a str {
    screen.lines().find(|line| line.trim_start().starts_with(&format!("{id} "))).unwrap_or_default()
}

fn index(sandbox: &Sandbox, id: &str) -> Vec<u8> {
    std::fs::read(sandbox.git_in(&sandbox.place(id), &["rev-parse", "--absolute-git-dir"]) + "/index").unwrap()
}

#[test]
fn changes_of_files_and_refs_appear_and_no_index_is_touched() {
    let sandbox = started();
    let pane = Pane::open(&sandbox, 100, 30);
    let screen = pane.watch();
    assert!(screen.starts_with(" repo · main at "), "{screen}");
    assert!(row(&screen, "A").contains("clean") && row(&screen, "A").contains("First \\e[2J"), "{screen}");
    let before = [index(&sandbox, "A"), index(&sandbox, "B")];
    write_in(&sandbox.place("A"), "new/folder/file", "1\n");
    pane.wait(|screen| row(screen, "A").contains("?1"));
    write_in(&sandbox.place("B"), "dispatch.toml", "# changed\n");
    pane.wait(|screen| row(screen, "B").contains("~1"));
    assert!(before == [index(&sandbox, "A"), index(&sandbox, "B")], "an index was written");

    sandbox.commit_in(&sandbox.place("A"), &[("README", "theirs\n")], "of A");
    pane.wait(|screen| row(screen, "A").contains("↑1 ↓0") && row(screen, "A").contains("clean (ff)"));
    sandbox.commit(&[("README", "ours\n")], "of main");
    pane.wait(|screen| row(screen, "A").contains("1 conflict"));
    let other = sandbox.repo().join("dispatch.toml");
    std::fs::write(&other, "version = \n").unwrap();
    pane.wait_for(" error: dispatch.toml:1:");
    std::fs::write(&other, TASKS).unwrap();
    pane.wait(|screen| !screen.contains(" error: ") && row(screen, "A").contains("1 conflict"));
}

#[test]
fn what_lands_in_which_order_stands_above_the_keys_and_without_rows_what_status_says() {
    let sandbox = started();
    for (number, name) in [(1, "A"), (2, "B")] {
        sandbox.commit_in(&sandbox.place(name), &[(name, "1\n")], name);
        done(&sandbox, number, name);
    }
    let pane = Pane::open(&sandbox, 80, 24);
    pane.watch();
    pane.wait_for(" landing order: A, B · ");
    sandbox.git(&["merge", "-q", "task/A", "task/B"]);
    write_in(&sandbox.place("B"), "left", "1\n");
    let screen = pane.wait_for("worktree holds changes that are not committed");
    assert!(screen.contains("\nNothing is under way; 2 of 2 started tasks have landed.\n"), "{screen}");
}

#[test]
fn whose_terminal_is_gone_ends() {
    let sandbox = started();
    let pane = Pane::open(&sandbox, 80, 24);
    let ended = sandbox.root().join("ended");
    let program = env!("CARGO_BIN_EXE_git-dispatch");
    let ends = format!("trap '' HUP; {program} status --watch; echo $? > {}", ended.display());
    pane.tmux(&["split-window", "sh", "-c", &ends]);
    pane.wait_for(" live\n");
    pane.tmux(&["kill-pane"]);
    let began = Instant::now();
    while !std::fs::read_to_string(&ended).is_ok_and(|code| !code.is_empty()) {
        assert!(began.elapsed() < LONGEST, "it goes on without a terminal");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn keys_show_details_filter_sort_and_leave_the_terminal_as_it_was() {
    let sandbox = started();
    sandbox.commit_in(&sandbox.place("B"), &[("README", "theirs\n"), ("other", "1\n")], "say \u{1b}[2J it");
    sandbox.commit(&[("README", "ours\n")], "of main");
    let pane = Pane::open(&sandbox, 100, 40);
    let before = pane.state("before");
    pane.watch();
    pane.keys(&["j", "Enter"]);
    let screen = pane.wait_for(">>>>>>> B");
    for text in ["── B Second ─", "say \\e[2J it", "2 files changed", "conflicts with main", "<<<<<<< main"] {
        assert!(screen.contains(text), "{text} in\n{screen}");
    }
    pane.keys(&["y"]);
    let path = sandbox.place("B").display().to_string();
    pane.wait_for(&format!(" copied {path}"));
    assert_eq!(pane.tmux(&["show-buffer"]), path);
    pane.keys(&["Escape"]);
    pane.wait(|screen| !screen.contains("── B"));
    pane.keys(&["/"]);
    pane.keys(&["-l", "first"]);
    pane.wait(|screen| row(screen, "B").is_empty() && !row(screen, "A").is_empty());
    pane.keys(&["Enter"]);
    pane.wait_for(" filter: first");
    pane.keys(&["Escape"]);
    pane.wait(|screen| !row(screen, "B").is_empty());
    pane.keys(&["s"]);
    pane.wait_for(" sorted by id");
    pane.keys(&["?"]);
    pane.wait_for("copy the path of the worktree");
    pane.keys(&["x"]);
    pane.tmux(&["resize-window", "-x", "20", "-y", "5"]);
    pane.wait(|screen| screen.lines().count() == 5 && screen.contains("A     active"));
    pane.tmux(&["resize-window", "-x", "100", "-y", "40"]);
    pane.keys(&["q"]);
    let screen = pane.wait_for("ended with 0");
    assert!(screen.contains(&path) && !screen.contains("First"), "{screen}");
    assert_eq!(pane.state("after"), before);
}

#[test]
fn ctrl_c_and_signals_leave_the_terminal_as_it_was() {
    let sandbox = started();
    let pane = Pane::open(&sandbox, 80, 24);
    let before = pane.state("before");
    pane.watch();
    pane.keys(&["C-c"]);
    pane.wait_for("ended with 0");
    assert_eq!(pane.state("after"), before);
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let pid = sandbox.root().join(format!("pid-{signal}"));
        let program = env!("CARGO_BIN_EXE_git-dispatch");
        pane.run(&format!("clear; sh -c 'echo $$ > {}; exec {program} status --watch'", pid.display()));
        pane.wait_for(" live\n");
        pane.tmux(&["run-shell", &format!("kill -{signal} $(cat {})", pid.display())]);
        pane.wait(|screen| !screen.contains(" live\n"));
        pane.run("echo \"ended with $?\"");
        pane.wait_for(&format!("ended with {code}"));
        assert_eq!(pane.state(signal), before);
    }
}

#[test]
fn it_comes_back_from_being_suspended() {
    let sandbox = started();
    let pane = Pane::open(&sandbox, 80, 24);
    let before = pane.state("before");
    pane.watch();
    pane.keys(&["C-z"]);
    pane.wait(|screen| screen.contains("Stopped") && !screen.contains("First"));
    assert_eq!(pane.state("suspended"), before);
    pane.run("fg");
    pane.wait_for("First");
    pane.keys(&["q"]);
    pane.wait(|screen| !screen.contains("First"));
    assert_eq!(pane.state("after"), before);
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let sandbox = Sandbox::new();
    let pane = Pane::open(&sandbox, 80, 24);
    let before = pane.state("before");
    let tests = std::env::current_exe().unwrap();
    let line =
        format!("{} --ignored --exact watch::somebody_panics --nocapture; echo \"ended with $?\"", tests.display());
    pane.run(&line);
    pane.wait_for("ended with 101");
    assert!(pane.screen().contains("on purpose"), "{}", pane.screen());
    assert_eq!(pane.state("after"), before);
}

/// What `a_panic_gives_the_terminal_back_before_it_is_told` runs in a terminal.
#[test]
#[ignore = "it takes the terminal and panics"]
fn somebody_panics() {
    let mut screen = Screen::enter().unwrap();
    screen.draw(|_, _| {}).unwrap();
    std::thread::spawn(|| panic!("on purpose")).join().unwrap();
}

#[test]
fn without_a_terminal_there_is_no_view() {
    let sandbox = started();
    sandbox.run(&["status", "--watch"]).exits(2).says(
        "error: '--watch' needs a terminal to draw on and to read keys from\n\
         hint: use 'git dispatch status --json' to read the same from a program\n",
    );
    let dumb = Pane::open(&sandbox, 80, 24);
    dumb.run(&format!(
        "clear; TERM=dumb {} status --watch; echo \"ended with $?\"",
        env!("CARGO_BIN_EXE_git-dispatch")
    ));
    assert!(dumb.wait_for("ended with 2").contains("needs a terminal"));
    for other in ["--json", "--exit-code"] {
        sandbox.run(&["status", "--watch", other]).exits(2).says("cannot be used with");
    }
}
