//! The git program: found once, run with a cleaned environment, its failures reported in its own words.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result};

use crate::model::failure::{Exit, Failure};

/// The oldest git whose `merge-tree --write-tree` answers what `status` asks.
const OLDEST: Version = Version(2, 38);

/// Variables that point git at a repository, or change what paths mean: the caller's must not reach our children
/// (`git rev-parse --local-env-vars`, but `GIT_CONFIG_*` stays, so that `git -c` works).
const LOCAL_VARIABLES: [&str; 19] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Major and minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

/// The git program on this machine.
#[derive(Debug, Clone)]
pub struct Git {
    exe: PathBuf,
    pub version: Version,
    /// Whether its commands run hooks.
    pub(super) hooks: bool,
}

impl Git {
    /// Looks `git` up on the absolute entries of `PATH` and asks for its version.
    ///
    /// # Errors
    /// Not found, or older than 2.38.
    pub fn find() -> Result<Git> {
        let exe = find_program("git")
            .ok_or_else(|| Failure::new(Exit::Git, "git was not found on an absolute entry of PATH"))?;
        let output = bare_command(&exe).arg("--version").output().context("could not run git")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version =
            parse_version(&text).with_context(|| format!("'git --version' gave no version: {}", text.trim()))?;
        if version < OLDEST {
            let Version(major, minor) = version;
            return Err(Failure::new(
                Exit::Git,
                format!("git {major}.{minor} is too old: git-dispatch needs git 2.38 or newer"),
            )
            .hint("install a newer git, or put it first on PATH")
            .into());
        }
        Ok(Git { exe, version, hooks: true })
    }

    /// A git command that runs in `dir`, speaks English, never prompts, takes no optional lock and sees none of the
    /// caller's repository variables. stdin is closed.
    pub fn command(&self, dir: &Path) -> Command {
        let mut command = bare_command(&self.exe);
        command.current_dir(dir).stdin(Stdio::null());
        if !self.hooks {
            command.args(["-c", "core.hooksPath=/dev/null"]);
        }
        command
    }
}

impl Git {
    /// Which git this is: changed by every upgrade, in place or not.
    pub(super) fn identity(&self) -> String {
        let Version(major, minor) = self.version;
        let file = std::fs::metadata(&self.exe).ok();
        let (size, time) = file.map_or((0, None), |file| (file.len(), file.modified().ok()));
        format!("{major}.{minor} {} {size} {time:?}", self.exe.display())
    }

    /// Where every user of this git may set attributes: `etc/gitattributes` beside its `bin`, in `/etc` for `/usr/bin`.
    /// `None` where the user has git ignore it.
    #[expect(clippy::disallowed_methods, reason = "git's own variables say where its files are")]
    pub(super) fn system_attributes(&self) -> Option<PathBuf> {
        if std::env::var_os("GIT_ATTR_NOSYSTEM").is_some() {
            return None;
        }
        let prefix = self.exe.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        let prefix = if prefix == Path::new("/usr") { Path::new("/") } else { prefix };
        Some(prefix.join("etc/gitattributes"))
    }

    /// Where git looks for the user's attributes without `core.attributesFile`.
    #[expect(clippy::disallowed_methods, reason = "git's own variables say where its files are")]
    pub(super) fn user_attributes(&self) -> Option<PathBuf> {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
        Some(config.join("git/attributes"))
    }

    /// The shell, in `dir`, with the environment that git's children get: for what git itself would run. stdin is closed.
    ///
    /// # Errors
    /// There is none on an absolute entry of `PATH`.
    pub(super) fn shell(&self, dir: &Path) -> Result<Command> {
        let exe = find_program("sh").context("sh was not found on an absolute entry of PATH")?;
        let mut command = bare_command(&exe);
        command.current_dir(dir).stdin(Stdio::null());
        Ok(command)
    }

    /// A git command that runs in `dir` and sees the caller's repository variables: for finding the repository only.
    #[expect(clippy::disallowed_methods, reason = "git finds the repository by the caller's environment")]
    pub(super) fn as_caller(&self, dir: &Path) -> Command {
        let mut command = Command::new(&self.exe);
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").current_dir(dir).stdin(Stdio::null());
        command
    }
}

/// A command of this very program that runs in `dir` with the environment that git's children get. stdin is closed.
///
/// # Errors
/// The system does not tell where the program is.
pub fn itself(dir: &Path) -> Result<Command> {
    let exe = std::env::current_exe().context("could not tell where this program is")?;
    let mut command = bare_command(&exe);
    command.current_dir(dir).stdin(Stdio::null());
    Ok(command)
}

/// A command that runs the shell text `text` in `dir`, with the user's environment but for what binds git to a repository.
///
/// # Errors
/// There is no `sh` on an absolute `PATH` entry.
pub fn shell(dir: &Path, text: &str) -> Result<Command> {
    let sh = find_program("sh").context("could not find 'sh' on an absolute PATH entry")?;
    let mut command = user_command(&sh);
    command.arg("-c").arg(text).current_dir(dir);
    Ok(command)
}

/// A command of the program at `exe` with the user's environment but for what binds git to a repository.
#[expect(clippy::disallowed_methods, reason = "every process starts here")]
pub fn user_command(exe: &Path) -> Command {
    let mut command = Command::new(exe);
    for variable in LOCAL_VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// The folder of this program, where `PATH` gives no `git-dispatch` or another one; `None` where `git dispatch` is this one.
pub fn off_path() -> Option<PathBuf> {
    let exe = std::env::current_exe().ok()?.canonicalize().ok()?;
    let found = find_program("git-dispatch").and_then(|found| found.canonicalize().ok());
    let folder = exe.parent()?.to_owned();
    (found != Some(exe)).then_some(folder)
}

/// The absolute path of a program, looked up on absolute `PATH` entries only (the class of CVE-2025-46334).
#[expect(clippy::disallowed_methods, reason = "PATH is read in one place")]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let absolute = std::env::join_paths(std::env::split_paths(&path).filter(|dir| dir.is_absolute())).ok()?;
    which::which_in_global(name, Some(absolute)).ok()?.next()
}

#[expect(clippy::disallowed_methods, reason = "every process starts here, with a cleaned environment")]
fn bare_command(exe: &Path) -> Command {
    let mut command = Command::new(exe);
    for variable in LOCAL_VARIABLES {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn parse_version(text: &str) -> Option<Version> {
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(Version(major, minor))
}

/// Runs `command` and returns its stdout.
///
/// # Errors
/// It could not be run, or exited with another code than 0: then with git's own words.
pub fn stdout_of(command: &mut Command) -> Result<Vec<u8>> {
    let output = run(command)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failed(command, &output).into())
}

/// Runs `command`, whatever its exit code.
///
/// # Errors
/// It could not be run.
pub fn run(command: &mut Command) -> Result<Output> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("could not run '{}'", shown(command)))
}

/// The failure that tells what git said.
pub fn failed(command: &Command, output: &Output) -> Failure {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().trim_start_matches("fatal: ").trim_start_matches("error: ");
    let how = match output.status.code() {
        Some(0) => "it exited with 0, but did not do it".to_owned(),
        Some(code) => format!("exit code {code}"),
        None => "killed by a signal".to_owned(),
    };
    let said = if said.is_empty() { how } else { said.to_owned() };
    Failure::new(Exit::Git, format!("'{}' failed: {said}", shown(command)))
}

/// The command as one would type it, without the configuration that is passed along.
fn shown(command: &Command) -> String {
    let mut words = vec!["git".to_owned()];
    let mut arguments = command.get_args().map(OsStr::to_string_lossy);
    while let Some(argument) = arguments.next() {
        if argument == "-c" || argument == "-C" {
            arguments.next();
        } else if !argument.starts_with("--git-dir=") {
            words.push(argument.into_owned());
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_vendors_are_read() {
        assert_eq!(parse_version("git version 2.39.5\n"), Some(Version(2, 39)));
        assert_eq!(parse_version("git version 2.39.3 (Apple Git-146)"), Some(Version(2, 39)));
        assert_eq!(parse_version("git version 2.47.0.windows.1"), Some(Version(2, 47)));
        assert_eq!(parse_version("git version 2.50-rc1"), Some(Version(2, 50)));
        assert_eq!(parse_version("hub version 2"), None);
        assert!(Version(2, 38) < Version(2, 41) && Version(2, 50) < Version(3, 0));
    }
}
