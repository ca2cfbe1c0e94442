//! The example repository of `demo`: a real one, which hears nothing of the user's own configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};

use super::clock::now;
use super::program::{Git, itself, stdout_of};
use crate::model::example::{self, AUTHOR, File, Landing, Way};

/// What the repository keeps, so that it is also later as it was here: an author, and nothing of what global configuration
/// may bring along (signatures, hooks, ignored files, line ends).
const CONFIGURATION: [(&str, &str); 9] = [
    ("user.name", AUTHOR.0),
    ("user.email", AUTHOR.1),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.fsmonitor", "false"),
];

/// The example repository, below a folder that holds nothing else.
pub struct Example {
    git: Git,
    folder: PathBuf,
}

impl Example {
    /// A new, empty folder below the system's folder for temporary files. It stays there.
    ///
    /// # Errors
    /// There is no usable git program, or the folder cannot be made.
    pub fn new() -> Result<Example> {
        let git = Git::find()?;
        let temporary = std::env::temp_dir();
        let could_not = || format!("could not make a folder in '{}'", temporary.display());
        let folder = tempfile::Builder::new().prefix("git-dispatch-demo-").tempdir_in(&temporary);
        let folder = folder.with_context(could_not)?.keep().canonicalize().with_context(could_not)?;
        Ok(Example { git, folder })
    }

    /// Makes the repository with its past. Call it once.
    ///
    /// # Errors
    /// git fails, or a file cannot be written; what was made so far stays.
    pub fn make(&self) -> Result<()> {
        let mut init = apart(self.git.command(&self.folder));
        // An empty template: the user's own may bring hooks.
        init.args(["init", "--quiet", "--template=", "--initial-branch=main", example::NAME]);
        stdout_of(&mut init)?;
        for (key, value) in CONFIGURATION {
            self.run(&["config", key, value], None)?;
        }
        let now = now();
        self.write(example::NAME, example::FIRST)?;
        self.commit("Describe the work", None, before(now, example::FIRST_HOURS_AGO))?;
        for landing in example::LANDED {
            self.land(landing, before(now, landing.hours_ago))?;
        }
        Ok(())
    }

    /// The folder that holds the repository, and beside it its worktrees.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The main worktree.
    pub fn repo(&self) -> PathBuf {
        self.folder.join(example::NAME)
    }

    /// git, in the main worktree.
    pub fn git(&self) -> Command {
        apart(self.git.command(&self.repo()))
    }

    /// This program, in the main worktree.
    ///
    /// # Errors
    /// The system does not tell where the program is.
    pub fn dispatch(&self) -> Result<Command> {
        Ok(apart(itself(&self.repo())?))
    }

    /// Writes `files` below the folder `dir` of the example: `neon`, or a task's worktree.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, dir: &str, files: &[File]) -> Result<()> {
        for (path, text) in files {
            let path = self.folder.join(dir).join(path);
            let could_not = || format!("could not write '{}'", path.display());
            std::fs::create_dir_all(path.parent().unwrap_or(&self.folder)).with_context(could_not)?;
            std::fs::write(&path, text).with_context(could_not)?;
        }
        Ok(())
    }

    fn land(&self, landing: &Landing, at: Timestamp) -> Result<()> {
        let change = &landing.change;
        let Way::PullRequest(number) = landing.way else {
            self.write(example::NAME, change.files)?;
            return self.commit(change.subject, Some(change.task), at);
        };
        let branch = format!("task/{}", change.task);
        self.run(&["switch", "--quiet", "--create", &branch], None)?;
        self.write(example::NAME, change.files)?;
        self.commit(change.subject, None, before(at, 1))?;
        self.run(&["switch", "--quiet", "main"], None)?;
        let subject = example::merge_subject(number, change.task);
        self.run(&["merge", "--quiet", "--no-ff", "-m", &subject, &branch], Some(at))?;
        self.run(&["branch", "--quiet", "--delete", &branch], None)
    }

    fn commit(&self, subject: &str, task: Option<&str>, at: Timestamp) -> Result<()> {
        self.run(&["add", "--all"], None)?;
        let trailer = task.map(|task| format!("Task: {task}"));
        let mut arguments = vec!["commit", "--quiet", "-m", subject];
        arguments.extend(trailer.iter().flat_map(|trailer| ["-m", trailer.as_str()]));
        self.run(&arguments, Some(at))
    }

    fn run(&self, arguments: &[&str], at: Option<Timestamp>) -> Result<()> {
        let mut command = self.git();
        command.args(arguments);
        if let Some(at) = at {
            let date = format!("{} +0000", at.as_second());
            command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        }
        stdout_of(&mut command).map(drop)
    }
}

fn before(now: Timestamp, hours: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now)
}

/// Keeps the configuration of user, system and command line from a command, and gives it the example's author.
fn apart(mut command: Command) -> Command {
    for variable in ["GIT_CONFIG", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_SYSTEM", "GIT_TEMPLATE_DIR"]
    {
        command.env_remove(variable);
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_DEFAULT_HASH", "sha1").env("GIT_DEFAULT_REF_FORMAT", "files");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), AUTHOR.0).env(format!("GIT_{who}_EMAIL"), AUTHOR.1);
    }
    command
}
