//! Copies of untracked and ignored files in new worktrees: before the setup command, and outside of the repository's lock as it.

use std::path::{Path, PathBuf};

use crate::console::Console;
use crate::git::{self, Copies, Repo};
use crate::model::copies::Copied;
use crate::model::failure::Exit;
use crate::model::id::TaskId;
use crate::model::text::{count, escape};
use crate::read::Loaded;
use crate::render;

/// More files than this, or more bytes, are announced.
const MANY: usize = 5_000;
const LARGE: u64 = 256 << 20;

/// Whether the task file or the main worktree asks for copies.
pub fn are_wanted(repo: &Repo, loaded: &Loaded) -> bool {
    git::asks_for_copies(repo, &loaded.file.settings.copy)
}

/// Copies into each of `made` what it lacks, and tells of what was left out; nothing where nothing is asked for. Whatever comes of
/// it, the tasks stay started.
pub fn run(repo: &Repo, loaded: &Loaded, made: &[(TaskId, PathBuf)], console: &Console) -> Result<Vec<Copied>, Exit> {
    if made.is_empty() || !are_wanted(repo, loaded) {
        return Ok(Vec::new());
    }
    if repo.main_worktree().is_none() {
        console.detail("nothing is copied: the repository is bare, and has no main worktree to copy from");
        return Ok(Vec::new());
    }
    let copies = match git::copies(repo, &loaded.file.settings.copy) {
        Ok(Some(copies)) => copies,
        Ok(None) => return Ok(Vec::new()),
        Err(fault) => {
            console.warning(&format!("nothing was copied: {}", escape(&format!("{fault:#}"))));
            again(made.iter().map(|(id, _)| id), console);
            return Err(Exit::Halfway);
        }
    };
    announce(&copies, made.len(), console);
    let places: Vec<(TaskId, &Path)> = made.iter().map(|(id, folder)| (id.clone(), folder.as_path())).collect();
    let all = copies.make(repo, &places);
    if let Some(line) = render::start::copied(&all) {
        console.note(&line);
    }
    for line in render::start::left_out(&all) {
        console.warning(&line);
    }
    for one in &all {
        if let Some(fault) = &one.fault {
            console.warning(&format!("task '{}': {}", one.id, escape(fault)));
        }
    }
    let failed: Vec<&TaskId> = all.iter().filter(|one| one.fault.is_some()).map(|one| &one.id).collect();
    if !failed.is_empty() {
        again(failed.into_iter(), console);
    }
    Ok(all)
}

fn announce(copies: &Copies, worktrees: usize, console: &Console) {
    let (files, bytes) = (copies.files().saturating_mul(worktrees), copies.bytes().saturating_mul(worktrees as u64));
    if files > MANY || bytes > LARGE {
        console.note(&format!("copying {}, which may take a while …", count(files, "file")));
    }
}

fn again<'a>(ids: impl Iterator<Item = &'a TaskId>, console: &Console) {
    let ids: Vec<&str> = ids.map(TaskId::as_str).collect();
    console.hint(&format!("use 'git dispatch start --setup {}' to copy again what is missing", ids.join(" ")));
}

/// What could not be copied can be copied again: that is half-way.
pub fn exit(copied: &Result<Vec<Copied>, Exit>) -> Exit {
    match copied {
        Ok(all) if all.iter().all(|one| one.fault.is_none()) => Exit::Success,
        _ => Exit::Halfway,
    }
}
