//! A temp dir of its own for each test, with nothing of the developer's environment in it.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

/// The clock of a sandbox starts here: 2026-01-19T00:00:00Z.
pub const EPOCH: u64 = 1_768_780_800;

/// How `git init` keeps refs.
const REF_FORMAT: &str = "GIT_DEFAULT_REF_FORMAT";

/// A temp dir with a home and, in `repo`, a repository with one commit on `main` (file `README`).
///
/// Every command runs with a cleared environment, a fixed identity and a clock that each commit moves by a minute.
pub struct Sandbox {
    root: tempfile::TempDir,
    minutes: AtomicU64,
    extra: BTreeMap<String, String>,
}

impl Sandbox {
    /// With a repository whose `main` has one commit.
    pub fn new() -> Sandbox {
        let sandbox = Sandbox::empty();
        sandbox.init(&[]);
        sandbox.commit(&[("README", "hello\n")], "initial commit");
        sandbox
    }

    /// Without a repository; `repo` is an empty folder.
    pub fn empty() -> Sandbox {
        Sandbox::empty_in(&std::env::temp_dir())
    }

    /// As [`Sandbox::empty`], but in `folder`.
    pub fn empty_in(folder: &Path) -> Sandbox {
        let root = tempfile::Builder::new().prefix("git-dispatch-test-").tempdir_in(folder).unwrap();
        std::fs::create_dir(root.path().join("home")).unwrap();
        std::fs::create_dir(root.path().join("repo")).unwrap();
        Sandbox { root, minutes: AtomicU64::new(0), extra: BTreeMap::new() }
    }

    /// A copy of this one, which has no worktree yet, beside it.
    pub fn twin(&self) -> Sandbox {
        let mut twin = Sandbox::empty_in(self.root().parent().unwrap());
        copy(&self.root(), &twin.root());
        twin.minutes.store(self.minutes.load(Ordering::Relaxed), Ordering::Relaxed);
        twin.extra.clone_from(&self.extra);
        twin
    }

    /// `git init` with these further arguments, and the configuration that a developer's own could else change.
    pub fn init(&self, arguments: &[&str]) {
        let mut all = vec!["init", "--quiet", "--initial-branch=main"];
        all.extend(arguments);
        self.git(&all);
        for (key, value) in [
            ("core.autocrlf", "false"),
            ("core.excludesFile", "/dev/null"),
            ("core.attributesFile", "/dev/null"),
            ("diff.renames", "true"),
            ("merge.conflictStyle", "merge"),
            ("commit.gpgSign", "false"),
        ] {
            self.git(&["config", key, value]);
        }
    }

    /// One more environment variable for everything that runs later.
    pub fn env(&mut self, name: &str, value: &str) {
        self.extra.insert(name.to_owned(), value.to_owned());
    }

    /// The folder that holds `repo`, and beside it the worktrees.
    pub fn root(&self) -> PathBuf {
        self.root.path().canonicalize().unwrap()
    }

    /// The main worktree.
    pub fn repo(&self) -> PathBuf {
        self.root().join("repo")
    }

    /// Runs git in `repo` and returns its stdout without the last newline; panics with its output when it fails.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.repo(), arguments)
    }

    /// Runs git in `dir` and returns its stdout without the last newline; panics with its output when it fails.
    pub fn git_in(&self, dir: &Path, arguments: &[&str]) -> String {
        let output = self.try_git_in(dir, arguments);
        assert!(output.status.success(), "git {arguments:?} in {}: {output:?}", dir.display());
        let text = String::from_utf8_lossy(&output.stdout);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// Runs git in `dir`, whatever comes of it.
    pub fn try_git_in(&self, dir: &Path, arguments: &[&str]) -> Output {
        #[expect(clippy::disallowed_methods, reason = "git is the oracle of these tests")]
        let mut git = Command::new("git");
        git.args(arguments).current_dir(dir).env_clear().envs(self.environment());
        git.output().unwrap()
    }

    /// Runs git in `repo` with `input` on its stdin, whatever comes of it.
    pub fn try_git_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(input).unwrap();
        file.rewind().unwrap();
        #[expect(clippy::disallowed_methods, reason = "git is the oracle of these tests")]
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.repo()).env_clear().envs(self.environment()).stdin(file);
        git.output().unwrap()
    }

    /// The program, in `repo`.
    pub fn dispatch(&self, arguments: &[&str]) -> assert_cmd::Command {
        self.dispatch_in(&self.repo(), arguments)
    }

    /// The program, in `dir`.
    pub fn dispatch_in(&self, dir: &Path, arguments: &[&str]) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
        command.args(arguments).current_dir(dir).env_clear().envs(self.environment());
        command
    }

    /// Writes a file below `repo`, with the folders it needs.
    pub fn write(&self, path: &str, content: &str) {
        write_in(&self.repo(), path, content);
    }

    /// Writes these files in `repo`, commits everything there and returns the commit's id.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        self.commit_in(&self.repo(), files, message)
    }

    /// Writes these files in the worktree `dir`, commits everything there and returns the commit's id.
    pub fn commit_in(&self, dir: &Path, files: &[(&str, &str)], message: &str) -> String {
        for (path, content) in files {
            write_in(dir, path, content);
        }
        self.minutes.fetch_add(1, Ordering::Relaxed);
        self.git_in(dir, &["add", "--all"]);
        self.git_in(dir, &["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git_in(dir, &["rev-parse", "HEAD"])
    }

    /// `git worktree add` beside `repo` with a new branch from `start`; returns the worktree's path.
    pub fn worktree(&self, name: &str, branch: &str, start: &str) -> PathBuf {
        let path = self.root().join(name);
        self.git(&["worktree", "add", "--quiet", "-b", branch, path.to_str().unwrap(), start]);
        path
    }

    pub fn environment(&self) -> BTreeMap<String, String> {
        let home = self.root().join("home").display().to_string();
        let date = format!("{} +0000", EPOCH + 60 * self.minutes.load(Ordering::Relaxed));
        #[expect(clippy::disallowed_methods, reason = "git is looked up where the developer has it")]
        let path = std::env::var("PATH").unwrap();
        let fixed = [
            ("PATH", path.as_str()),
            ("HOME", &home),
            ("XDG_CONFIG_HOME", &home),
            ("XDG_STATE_HOME", &home),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.com"),
            ("GIT_COMMITTER_NAME", "Ada"),
            ("GIT_COMMITTER_EMAIL", "ada@example.com"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_DATE", &date),
            ("GIT_EDITOR", "true"),
            ("TZ", "UTC"),
            ("LC_ALL", "C"),
            ("COLUMNS", "120"),
        ];
        let mut all: BTreeMap<_, _> = fixed.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        // So that everything can be run with `GIT_DEFAULT_REF_FORMAT=reftable`, too.
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests chooses how refs are kept")]
        all.extend(std::env::var(REF_FORMAT).map(|format| (REF_FORMAT.to_owned(), format)));
        all.extend(self.extra.clone());
        all
    }
}

/// Copies what stands in the folder `from` to the folder `to`, times and all.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let new = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&new).unwrap();
            copy(&entry.path(), &new);
            continue;
        }
        std::fs::copy(entry.path(), &new).unwrap();
        let modified = entry.metadata().unwrap().modified().unwrap();
        std::fs::File::open(&new).unwrap().set_modified(modified).unwrap();
    }
}

/// Writes a file below `dir`, with the folders it needs.
pub fn write_in(dir: &Path, path: &str, content: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}
