//! `git dispatch lint`: checks the task file in the worktree one stands in, for one lints what one edits.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Named, Repo, read_bounded};
use crate::global::Global;
use crate::model::brief::{LONGEST, unknown_clauses};
use crate::model::failure::{Exit, Failure};
use crate::model::task::TaskFile;
use crate::model::taskfile::{Fault, briefs, circles, parse_bytes};
use crate::model::text::{count, escape};
use crate::render::fault::{self, Source};

#[derive(Debug, clap::Args)]
pub struct Args {}

/// Reads, checks and tells; needs no repository where `--file` names the file. Exits with [`Exit::Usage`] where there are faults.
///
/// # Errors
/// See [`task_file_path`]; the file cannot be read.
pub fn run(_args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (path, name) = task_file_path(global)?;
    let bytes = read_bounded(&path).map_err(|error| with_hint(error, global))?;
    let (text, mut parsed) = parse_bytes(&bytes);
    if let Some(file) = &parsed.file {
        parsed.warnings.extend(circles(file, &text));
        parsed.warnings.extend(briefs(file));
        parsed.warnings.extend(clauses(file, &path, &name, global));
    }
    let source = Source { name: &name, text: &text };
    let exit = if parsed.faults.is_empty() { Exit::Success } else { Exit::Usage };
    if global.json {
        console.answer(&fault::json(source, &parsed));
        return Ok(exit);
    }
    let mut answer = fault::text(source, &parsed);
    let faults = parsed.faults.len() + parsed.untold;
    let told = match (&parsed.file, parsed.warnings.len()) {
        (Some(file), 0) => format!("{}, no faults", count(file.graph.len(), "task")),
        (Some(file), warnings) => {
            format!("{}, no faults, {}", count(file.graph.len(), "task"), count(warnings, "warning"))
        }
        (None, 0) => count(faults, "fault"),
        (None, warnings) => format!("{}, {}", count(faults, "fault"), count(warnings, "warning")),
    };
    answer.push_str(&format!("{}: {told}\n", escape(&name)));
    console.answer(&answer);
    Ok(exit)
}

/// Warnings about clauses of tasks, where there is a repository that has the contract.
fn clauses(file: &TaskFile, path: &Path, name: &str, global: &Global) -> Vec<Fault> {
    let settings = &file.settings;
    let read = |contract: &str| {
        let repo = Repo::discover(global.dir()).ok()?;
        let source =
            git::Source { name: name.to_owned(), text: Vec::new(), place: git::SourcePlace::Named(path.to_owned()) };
        Some(git::named_text(&repo, &source, Named { key: "contract", path: contract, limit: LONGEST }))
    };
    let told = match settings.contract.as_deref().map(read) {
        None => unknown_clauses(file, settings.contract_text.as_deref()),
        Some(Some(Ok(text))) => unknown_clauses(file, Some(&text)),
        Some(Some(Err(error))) => vec![format!("{error:#}")],
        Some(None) => Vec::new(),
    };
    told.into_iter().map(|what| Fault { span: None, what, hint: None }).collect()
}

/// The file to check, and its name for messages: `--file`, else git config `dispatch.file`, else `dispatch.toml` at the
/// top of the worktree that one stands in, or of the main worktree.
///
/// # Errors
/// No repository, or a bare one, where the command line names no file.
pub fn task_file_path(global: &Global) -> Result<(PathBuf, String)> {
    if let Some(file) = &global.file {
        let path = global.dir.as_ref().map_or_else(|| file.clone(), |dir| dir.join(file));
        return Ok((path, file.display().to_string()));
    }
    let repo = Repo::discover(global.dir())?;
    let top = repo.here().or(repo.main_worktree()).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("'{}' is a bare repository without a worktree", repo.common_dir().display()))
            .hint("name the task file with --file")
    })?;
    let name = repo.config("dispatch.file").unwrap_or_else(|| "dispatch.toml".to_owned());
    Ok((top.join(&name), name))
}

fn with_hint(error: anyhow::Error, global: &Global) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) if global.file.is_none() && failure.what.ends_with("does not exist") => {
            failure.hint("use 'git dispatch init' to write one to start from").into()
        }
        Ok(failure) => failure.into(),
        Err(error) => error,
    }
}
