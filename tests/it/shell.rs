//! Man pages and completions: against the grammar, and in real man, bash, zsh and fish.

mod bash;
mod fish;
mod grammar;
mod ids;
mod install;
mod man;
mod zsh;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use tempfile::TempDir;

/// A home of its own, with everything that `install` puts there.
pub struct Home {
    dir: TempDir,
}

impl Home {
    pub fn new() -> Home {
        let home = Home { dir: TempDir::new().unwrap() };
        home.dispatch().args(["install", "--quiet"]).assert().success();
        home
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where the man pages and completions are.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("share")
    }

    /// The program itself, in this home.
    pub fn dispatch(&self) -> Command {
        self.command(Path::new(env!("CARGO_BIN_EXE_git-dispatch")))
    }

    /// Another program, in this home, with the built `git-dispatch` first on its `PATH`.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path())
            .env("HOME", self.path())
            .env("XDG_DATA_HOME", self.data())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm")
            .env("CANARY", "EXPANDED")
            .current_dir(self.path())
            .timeout(Duration::from_secs(120));
        command
    }
}

#[expect(clippy::disallowed_methods, reason = "the shells' own programs are where the caller's PATH says")]
fn path() -> std::ffi::OsString {
    let built = Path::new(env!("CARGO_BIN_EXE_git-dispatch")).parent().unwrap().to_owned();
    let rest = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(built).chain(std::env::split_paths(&rest))).unwrap()
}

/// A program that the tests need; which package has it is said where it is missing.
pub fn needed(program: &str, package: &str) -> PathBuf {
    which::which(program).unwrap_or_else(|_| panic!("'{program}' is missing: install the package '{package}'"))
}

/// The first of `files` that there is; which package has one is said where none is.
pub fn needed_file(files: &[&'static str], package: &str) -> &'static str {
    files
        .iter()
        .find(|file| Path::new(file).exists())
        .unwrap_or_else(|| panic!("none of {files:?} is there: install the package '{package}'"))
}

pub fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{command:?}: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// The words in `text` that look like flags: `-x`, `--long-one`.
pub fn flags(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    for part in text.split(|c: char| !word(c) && c != '.' && c != '/') {
        let long = part.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
        let short = part.len() == 2 && part.starts_with('-') && part.ends_with(|c: char| c.is_ascii_alphabetic());
        if long || short {
            found.insert(part.trim_end_matches('.').to_owned());
        }
    }
    found
}

pub fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
