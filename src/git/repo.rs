//! Opening a repository from wherever the caller stands.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::fault::Told;
use super::pipes;
use super::program::{Git, Version, run, stdout_of};
use super::refs;
use super::reftable::Stack;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;

/// A repository with all its worktrees. What it answers does not depend on the worktree it was opened from,
/// but for [`Repo::here`].
#[derive(Clone)]
pub struct Repo {
    pub(super) gix: gix::Repository,
    pub git: Git,
    common: PathBuf,
    main: Option<PathBuf>,
    here: Option<PathBuf>,
    /// What `git -c` says, which the library does not read.
    command_line: Vec<(String, String)>,
    /// Where the refs are, if not in files.
    reftable: Option<Arc<Stack>>,
}

impl Repo {
    /// Finds the repository as git does from `dir`: git itself is asked, so that the caller's `GIT_DIR` and friends count,
    /// and a repository of somebody else's is refused as git refuses it (`safe.directory`).
    ///
    /// # Errors
    /// No repository there, one that git does not trust or would wait for, a damaged one, or no usable git program.
    pub fn discover(dir: &Path) -> Result<Repo> {
        let git = Git::find()?;
        let (git_dir, common) = located(&git, dir)?;
        // git has vouched for it.
        let options = gix::open::Options::default().with(gix::sec::Trust::Full);
        let gix = gix::open_opts(&git_dir, options)
            .told(|| format!("could not open the repository '{}'", git_dir.display()))?;
        let common = canonical(&common)?;
        let reftable = keeps_reftable(&gix).then(|| Arc::new(Stack::of(&common)));
        let main = main_worktree(&common);
        let here = match variable("GIT_WORK_TREE") {
            Some(named) => canonical(&dir.join(named)).ok(),
            None => gix.workdir().and_then(|dir| canonical(dir).ok()),
        };
        let command_line = command_line_config(&git, &common);
        let mut gix = with_identity(gix, &command_line);
        if let Some(stack) = &reftable {
            refs::replace_objects(&mut gix, stack)?;
        }
        Ok(Repo { gix, git, common, main, here, command_line, reftable })
    }

    /// The common git dir, absolute.
    pub fn common_dir(&self) -> &Path {
        &self.common
    }

    /// Where the refs are; `None`: in files.
    pub(super) fn reftable(&self) -> Option<&Stack> {
        self.reftable.as_deref()
    }

    /// The main worktree, absolute; `None` for a bare repository.
    pub fn main_worktree(&self) -> Option<&Path> {
        self.main.as_deref()
    }

    /// The top of the worktree that the caller stands in, absolute.
    pub fn here(&self) -> Option<&Path> {
        self.here.as_deref()
    }

    /// What worktree paths are relative to, and whose parent they stay under: the main worktree, or a bare git dir.
    pub fn anchor(&self) -> &Path {
        self.main.as_deref().unwrap_or(&self.common)
    }

    /// The name that `{{ repo }}` stands for: the anchor's folder, without `.git` at its end or a dot before it.
    pub fn name(&self) -> String {
        let name = self.anchor().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.strip_suffix(".git").unwrap_or(&name).trim_start_matches('.');
        if name.is_empty() { "repo".to_owned() } else { name.to_owned() }
    }

    /// A git command for this repository as a whole, run from the anchor.
    pub fn command(&self) -> Command {
        let mut command = self.git.command(self.anchor());
        let mut git_dir = std::ffi::OsString::from("--git-dir=");
        git_dir.push(&self.common);
        command.arg(git_dir);
        command
    }

    /// Whether its history ends early.
    pub fn is_shallow(&self) -> bool {
        self.gix.is_shallow().unwrap_or(false)
    }

    /// The id that stands for no object, in this repository's hash.
    pub fn null_oid(&self) -> String {
        self.gix.object_hash().null().to_hex().to_string()
    }

    /// A value of git config, from every place where git reads it, `git -c` included.
    pub fn config(&self, key: &str) -> Option<String> {
        self.config_said(key).or_else(|| self.gix.config_snapshot().string(key).map(|value| value.to_string()))
    }

    /// What `git -c` says of `key`.
    pub(super) fn config_said(&self, key: &str) -> Option<String> {
        self.command_line.iter().rev().find(|(said, _)| *said == normal(key)).map(|(_, value)| value.clone())
    }

    /// What `git -c` says, by normal keys.
    pub(super) fn said_on_command_line(&self) -> &[(String, String)] {
        &self.command_line
    }

    /// Whether `git -c` sets a key that begins with one of `sections`, which are in lower case.
    pub(super) fn says_any_of(&self, sections: &[&str]) -> bool {
        self.command_line.iter().any(|(said, _)| sections.iter().any(|section| said.starts_with(section)))
    }

    /// The commit that a full ref name points at, tags peeled; `None` if the ref does not exist.
    ///
    /// # Errors
    /// The ref or what it points at cannot be read.
    pub fn commit_of(&self, full_name: &str) -> Result<Option<Oid>> {
        let Some(mut reference) = refs::resolved(self, full_name)? else { return Ok(None) };
        let direct = reference.target().try_id().map(ours);
        match (reference.peel_to_id(), direct) {
            (Ok(id), _) => Ok(Some(ours(&id))),
            (Err(_), Some(id)) => {
                let short = full_name.strip_prefix("refs/heads/").or(full_name.strip_prefix("refs/remotes/"));
                let what = format!("commit {id} of '{}' cannot be read", short.unwrap_or(full_name));
                Err(Failure::new(Exit::Git, what).hint("use 'git fsck' to see what is missing").into())
            }
            (fault, None) => Ok(Some(ours(&fault.told(|| format!("could not read ref '{full_name}'"))?))),
        }
    }
}

/// Our object id for the library's.
pub(super) fn ours(id: &gix::oid) -> Oid {
    Oid::from_bytes(id.as_bytes()).expect("because git's object ids have 20 or 32 bytes")
}

/// The library's object id for ours.
pub(super) fn theirs(id: Oid) -> gix::ObjectId {
    gix::ObjectId::try_from(id.as_bytes()).expect("because an Oid has 20 or 32 bytes")
}

/// The git dir and the common git dir, absolute, by git's own word.
fn located(git: &Git, dir: &Path) -> Result<(PathBuf, PathBuf)> {
    if let Err(fault) = std::fs::read_dir(dir) {
        let why = match fault.kind() {
            std::io::ErrorKind::NotFound => "No such file or directory".to_owned(),
            kind => kind.to_string(),
        };
        let what = format!("cannot change to '{}': {why}", dir.display());
        return Err(Failure::new(Exit::Git, what).into());
    }
    pipes::refuse(dir)?;
    let mut command = git.as_caller(dir);
    let output = run(command.args(["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"]))?;
    let mut lines = output.stdout.split(|&byte| byte == b'\n').map(|line| PathBuf::from(OsStr::from_bytes(line)));
    match (output.status.success(), lines.next(), lines.next()) {
        (true, Some(git_dir), Some(common)) => Ok((git_dir, common)),
        _ => Err(refused(git, &String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// git's own refusal; a command that it proposes becomes a hint.
fn refused(git: &Git, said: &str) -> Failure {
    if said.contains("unknown repository extension") && said.contains("refstorage") {
        let Version(major, minor) = git.version;
        let what = format!("this repository keeps its refs in a reftable, for which git {major}.{minor} is too old");
        return Failure::new(Exit::Git, what).hint("install git 2.45 or newer, or put it first on PATH");
    }
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or("git does not say where the repository is");
    let failure = Failure::new(Exit::Git, first.trim_start_matches("fatal: "));
    let commands = lines.map(str::trim).filter(|line| line.starts_with("git "));
    commands.fold(failure, |failure, command| failure.hint(format!("use '{command}' to trust it")))
}

fn keeps_reftable(gix: &gix::Repository) -> bool {
    let storage = gix.config_snapshot().string("extensions.refStorage");
    storage.is_some_and(|storage| storage.eq_ignore_ascii_case(b"reftable"))
}

/// What the repository itself says; a `GIT_WORK_TREE` of the caller is not its main worktree.
fn main_worktree(common: &Path) -> Option<PathBuf> {
    let main = gix::open_opts(common, gix::open::Options::isolated()).ok()?;
    main.workdir().and_then(|dir| canonical(dir).ok())
}

/// The id of the task whose session this is, as its launch said.
pub fn session_task() -> Option<String> {
    variable("GIT_DISPATCH_TASK").map(|task| task.to_string_lossy().into_owned())
}

#[expect(clippy::disallowed_methods, reason = "git's own variables say how the repository was found")]
pub(super) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The repository as one in which `git -c` says who commits.
fn with_identity(mut gix: gix::Repository, said: &[(String, String)]) -> gix::Repository {
    let of_identity = |key: &str| ["user.", "author.", "committer."].iter().any(|section| key.starts_with(section));
    let said: Vec<&(String, String)> = said.iter().filter(|(key, _)| of_identity(key)).collect();
    if said.is_empty() {
        return gix;
    }
    let mut config = gix.config_snapshot_mut();
    for (key, value) in said {
        // What the library does not take, git takes where it acts itself.
        let _ = config.set_raw_value(key.as_str(), value.as_str());
    }
    drop(config);
    gix
}

/// The settings of `git -c`, by their normal keys; empty where there are none, and where git does not tell.
fn command_line_config(git: &Git, common: &Path) -> Vec<(String, String)> {
    if variable("GIT_CONFIG_PARAMETERS").is_none() {
        return Vec::new();
    }
    let listed = stdout_of(git.command(common).args(["config", "--list", "--show-scope", "-z"])).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed);
    let mut fields = listed.split_terminator('\0');
    let mut settings = Vec::new();
    while let (Some(scope), Some(setting)) = (fields.next(), fields.next()) {
        // A key without a value is a true one.
        let (key, value) = setting.split_once('\n').unwrap_or((setting, "true"));
        if scope == "command" {
            settings.push((key.to_owned(), value.to_owned()));
        }
    }
    settings
}

/// A key as git lists it: all in lower case but for what stands between its first and last dot.
fn normal(key: &str) -> String {
    match (key.find('.'), key.rfind('.')) {
        (Some(first), Some(last)) => {
            key[..first].to_ascii_lowercase() + &key[first..last] + &key[last..].to_ascii_lowercase()
        }
        _ => key.to_ascii_lowercase(),
    }
}

fn canonical(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| format!("could not resolve '{}'", path.display()))
}
