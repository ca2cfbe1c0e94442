//! `git dispatch init`: writes a commented task file to start from.

use std::path::PathBuf;

use anyhow::Result;

use crate::console::Console;
use crate::git::{Repo, create_new, default_target};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::text::{escape, shell_word};
use crate::render::starter::{self, Written};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the file that would be written, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Writes the file and tells what is next; with `--dry-run` only prints it.
///
/// # Errors
/// The file, or something of its name, exists already, or there is no worktree for it ([`Exit::Refused`]); it cannot be written.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let repo = Repo::discover(global.dir())?;
    let target = default_target(&repo)?;
    let (path, name) = destination(&repo, global)?;
    let text = starter::task_file(target.as_deref());
    if path.symlink_metadata().is_ok() {
        return Err(already(&name));
    }
    if !args.dry_run && !create_new(&path, &text)? {
        return Err(already(&name));
    }
    let written = Written { file: &name, target: target.as_deref(), dry_run: args.dry_run };
    console.answer(&match (global.json, args.dry_run) {
        (true, _) => starter::json(written),
        (false, true) => text,
        (false, false) => starter::next_steps(written),
    });
    Ok(Exit::Success)
}

fn already(name: &str) -> anyhow::Error {
    Failure::new(Exit::Refused, format!("'{}' exists already", escape(name)))
        .hint("use 'git dispatch lint' to check it, or move it away to start anew")
        .into()
}

/// `--file`, else `dispatch.toml` at the top of the worktree that one stands in.
fn destination(repo: &Repo, global: &Global) -> Result<(PathBuf, String)> {
    if let Some(file) = &global.file {
        let path = global.dir.as_ref().map_or_else(|| file.clone(), |dir| dir.join(file));
        return Ok((path, file.display().to_string()));
    }
    let top = repo.here().ok_or_else(|| {
        let what = format!("'{}' is not inside a worktree, where dispatch.toml belongs", global.dir().display());
        let hint = match repo.main_worktree() {
            Some(main) => {
                format!("use 'git -C {} dispatch init' to write it there", shell_word(&main.to_string_lossy()))
            }
            None => "the repository is bare: run it in a linked worktree, or name the file with --file".to_owned(),
        };
        Failure::new(Exit::Refused, what).hint(hint)
    })?;
    Ok((top.join("dispatch.toml"), "dispatch.toml".to_owned()))
}
