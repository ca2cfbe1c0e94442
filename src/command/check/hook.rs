//! `git dispatch check --hook`: the same, asked by an agent before it edits a file.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::check::{found, warn_of_unread};
use crate::console::Console;
use crate::git::{self, Repo};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::hook::{edit, refusal};

/// What is to be written stands in it, too.
const LONGEST: u64 = 64 << 20;

/// Agents stop an edit on exit code 2 only: that is the answer that it would collide, and nothing else may end like this. Whatever
/// cannot be found out stops nobody, and is told.
pub fn run(global: &Global, console: &Console) -> Result<Exit> {
    match asked(global, console) {
        Ok((None, true)) => Ok(Exit::Success),
        Ok((None, false)) => Ok(Exit::No),
        Ok((Some(refusal), _)) => Err(refusal.into()),
        Err(fault) => {
            console.failure(&fault);
            Ok(Exit::No)
        }
    }
}

/// Why the edit must not be made, and whether everything was looked at.
fn asked(global: &Global, console: &Console) -> Result<(Option<Failure>, bool)> {
    let mut text = Vec::new();
    std::io::stdin().lock().take(LONGEST).read_to_end(&mut text).context("could not read standard input")?;
    let Some(edit) = edit(&text)? else { return Ok((None, true)) };
    let mut global = global.clone();
    if global.dir.is_none() {
        global.dir = edit.dir.filter(|dir| dir.is_dir());
    }
    let (repo, _) = crate::read::repository(&global, console)?;
    let path = edit.path.into_os_string();
    // Notes of the agent's own, and what lies in other repositories, are nobody else's.
    if repo.here().is_none() || outside(&repo, &global, &path) {
        return Ok((elsewhere(&repo, &global, Path::new(&path))?, true));
    }
    let (found, _) = found(&repo, &[path], &global)?;
    warn_of_unread(&found, console);
    Ok((refusal(&found), found.unread.is_empty()))
}

/// The commonest slip of an agent: from the worktree of a task, it edits the same file in another worktree.
fn elsewhere(repo: &Repo, global: &Global, path: &Path) -> Result<Option<Failure>> {
    let (Some(here), main) = (repo.here(), repo.main_worktree()) else { return Ok(None) };
    if main.is_some_and(|main| main == here) {
        return Ok(None);
    }
    // What is to be made may not be there yet, but its folder is.
    let whole = global.dir().join(path);
    let there = whole.ancestors().find_map(|part| part.canonicalize().ok()).unwrap_or_default();
    let all = git::worktrees(repo)?;
    let within = all.iter().filter(|one| one.path != here && there.starts_with(&one.path) && !here.starts_with(&there));
    let Some(other) = within.max_by_key(|one| one.path.as_os_str().len()) else { return Ok(None) };
    let what = format!("'{}' is in another worktree, at '{}'", whole.display(), other.path.display());
    let hint = format!("edit the file of this worktree, below '{}'", here.display());
    Ok(Some(Failure::new(Exit::Usage, what).hint(hint)))
}

fn outside(repo: &Repo, global: &Global, path: &std::ffi::OsString) -> bool {
    let refused = git::tree_paths(repo, global.dir(), std::slice::from_ref(path)).err();
    refused.is_some_and(|fault| fault.downcast_ref::<Failure>().is_some_and(|failure| failure.exit == Exit::Usage))
}
