//! What a worker is given: its command, its brief and its environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Loaded, brief};
use crate::console::Console;
use crate::git::{self, Repo};
use crate::model;
use crate::model::environment::{Around, environment};
use crate::model::failure::Failure;
use crate::model::id::TaskId;
use crate::model::launch::{self, Worker};
use crate::model::ledger::Ledger;
use crate::model::made::Made;
use crate::read;
use crate::session::Opening;

/// The launch command of each of `workers`.
///
/// # Errors
/// One has none, see [`launch::command`]; one is the task file's, and nobody approved it, see [`read::trusted`].
pub fn commands(repo: &Repo, loaded: &Loaded, workers: &[Worker]) -> Result<BTreeMap<TaskId, String>, Failure> {
    let mut texts = BTreeMap::new();
    let mut asked: Vec<String> = Vec::new();
    for worker in workers {
        texts.insert(worker.id.clone(), launch::command(&loaded.file, worker)?.text);
        let names = launch::approvals(&loaded.file, worker)?;
        asked.extend(names.into_iter().filter(|name| !asked.contains(name)).collect::<Vec<_>>());
    }
    asked.iter().try_for_each(|name| read::trusted(repo, loaded, name))?;
    Ok(texts)
}

/// The environment of a command that runs for a task which `ledger` has in a batch; nothing for another one.
pub fn variables(
    (repo, loaded, ledger): (&Repo, &Loaded, &Ledger),
    id: &TaskId,
    worktree: &Path,
    brief: Option<&PathBuf>,
) -> Vec<(&'static str, OsString)> {
    let snapshot = ledger.records.get(id).and_then(|record| record.snapshot.as_ref());
    let (Some(snapshot), Some(batch)) = (snapshot, ledger.batch_of(id)) else { return Vec::new() };
    let around = Around {
        settings: &loaded.file.settings,
        task: loaded.file.graph.task(id),
        batch: &batch.name,
        target: &loaded.target,
        worktree,
        git_dir: repo.common_dir(),
        brief: brief.map(PathBuf::as_path),
    };
    environment(snapshot, &around)
}

/// Writes the briefs of tasks anew, and returns what their sessions start with.
///
/// # Errors
/// A brief cannot be made or written, see [`brief::Briefs`].
pub fn openings(
    (repo, loaded): (&Repo, &Loaded),
    (seen, target): (&model::brief::Scene<'_>, &str),
    made: &[Made],
    texts: &BTreeMap<TaskId, String>,
    console: &Console,
) -> Result<Vec<Opening>> {
    let briefs = brief::Briefs::new(repo, loaded)?;
    let mut openings = Vec::new();
    for (one, text) in made.iter().filter_map(|one| Some((one, texts.get(&one.id)?))) {
        let (brief, warnings) = briefs.of(seen, one, target)?;
        warnings.iter().for_each(|warning| console.warning(warning));
        let path = git::write_brief(repo, &one.id, &briefs.text(&brief)?)?;
        openings.push(Opening {
            id: one.id.clone(),
            start: launch::stamp(seen.ledger, &one.id),
            worktree: one.folder.clone(),
            variables: variables((repo, loaded, seen.ledger), &one.id, &one.folder, Some(&path)),
            text: text.clone(),
        });
    }
    Ok(openings)
}
