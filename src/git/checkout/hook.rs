//! The `post-checkout` hook, run as `git worktree add` runs it: in the new worktree, after its files exist, found from
//! the main worktree where `core.hooksPath` is relative.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;

use super::super::lock::Lock;
use super::super::program::stdout_of;
use super::super::repo::{Repo, variable};
use crate::model::oid::Oid;

/// The hook, and where git's own programs are.
pub(in crate::git) struct Hook {
    exe: PathBuf,
    exec_path: PathBuf,
}

/// The hook that git would run; `None`, and no process is started, where there is none.
///
/// # Errors
/// git does not tell.
pub(in crate::git) fn find(repo: &Repo) -> anyhow::Result<Option<Hook>> {
    let usual = repo.common_dir().join("hooks/post-checkout");
    if repo.config("core.hooksPath").is_none() && !is_executable(&usual) {
        return Ok(None);
    }
    let said = stdout_of(repo.command().args(["rev-parse", "--git-path", "hooks/post-checkout"]))?;
    let exe = repo.anchor().join(path_of(said));
    if !is_executable(&exe) {
        return Ok(None);
    }
    let exec_path = path_of(stdout_of(repo.command().arg("--exec-path"))?);
    Ok(Some(Hook { exe, exec_path }))
}

/// A hook that git would run while it makes a worktree, other than the one that is run here.
pub(super) fn other(repo: &Repo) -> Option<&'static str> {
    [OF_REFS, "post-index-change"].into_iter().find(|name| is_there(repo, name))
}

/// Whether a hook of git hears of each change of a ref.
pub(in crate::git) fn hears_of_refs(repo: &Repo) -> bool {
    is_there(repo, OF_REFS)
}

const OF_REFS: &str = "reference-transaction";

fn is_there(repo: &Repo, name: &str) -> bool {
    let configured = repo.config_path("core.hooksPath").map(|folder| repo.anchor().join(folder));
    let folder = configured.unwrap_or_else(|| repo.common_dir().join("hooks"));
    is_executable(&folder.join(name))
}

fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

fn path_of(mut line: Vec<u8>) -> PathBuf {
    line.pop_if(|last| *last == b'\n');
    PathBuf::from(OsString::from_vec(line))
}

impl Hook {
    /// Runs it for the worktree at `folder`. Its exit code says nothing of the worktree, and is let be. The lock is held until it has
    /// ended, by a shell that waits for it, should this process die before.
    ///
    /// # Errors
    /// It cannot be run.
    pub(in crate::git) fn run(&self, repo: &Repo, held: &Lock, folder: &Path, tip: Oid) -> anyhow::Result<()> {
        let mut shell = repo.git.shell(folder)?;
        shell.args(["-c", "\"$@\" </dev/null 1>&2; exit $?", "sh"]).arg(&self.exe);
        shell.args([repo.null_oid().as_str(), &tip.to_string(), "1"]).stdin(held.handed_on()?);
        let path = variable("PATH").unwrap_or_default();
        let with_git = std::iter::once(self.exec_path.clone()).chain(std::env::split_paths(&path));
        shell.env("PATH", std::env::join_paths(with_git)?).env("GIT_EXEC_PATH", &self.exec_path).env("GIT_PREFIX", "");
        // What it says is for the user, as with git; what it leaves running is not waited for.
        let status = shell.stdout(Stdio::null()).stderr(Stdio::inherit()).status();
        status.with_context(|| format!("could not run the hook '{}'", self.exe.display()))?;
        Ok(())
    }
}
