//! The briefs of tasks: from the texts that the task file names, and from where each is worked on.

use anyhow::Result;

use super::{Loaded, Scene, places};
use crate::git::{self, Named, Repo};
use crate::model::agent::is_isolated;
use crate::model::brief::{self, Brief, LONGEST, Spot, Texts};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::Snapshot;
use crate::model::made::Made;
use crate::model::start::not_in_file;
use crate::render::brief::{markdown, template};

/// What all briefs share.
pub struct Briefs<'r> {
    repo: &'r Repo,
    loaded: &'r Loaded,
    contract: Option<String>,
    template: Option<String>,
}

impl<'r> Briefs<'r> {
    /// Reads contract and template.
    ///
    /// # Errors
    /// See [`git::named_text`].
    pub fn new(repo: &'r Repo, loaded: &'r Loaded) -> Result<Briefs<'r>> {
        let settings = &loaded.file.settings;
        let read = |key: &'static str, path: &Option<String>, limit: usize| {
            let named = path.as_deref().map(|path| Named { key, path, limit });
            named.map(|named| git::named_text(repo, &loaded.source, named)).transpose()
        };
        let contract = read("contract", &settings.contract, LONGEST)?.or_else(|| settings.contract_text.clone());
        let template = read("brief-template", &settings.brief_template, template::LONGEST)?;
        Ok(Briefs { repo, loaded, contract, template })
    }

    /// The brief of a task that is worked on where `made` says, and what is odd about it, as sentences.
    ///
    /// # Errors
    /// Its `brief-file` cannot be read, see [`git::named_text`]; the task is not known ([`Exit::Usage`]).
    pub fn of(&self, scene: &brief::Scene<'_>, made: &Made, target: &str) -> Result<(Brief, Vec<String>)> {
        let id = &made.id;
        let details = scene.file.graph.task(id).and_then(|task| task.details.as_deref());
        let named = details.and_then(|details| details.brief_file.as_deref());
        let named = named.map(|path| Named { key: "brief-file", path, limit: LONGEST });
        let text = named.map(|named| git::named_text(self.repo, &self.loaded.source, named)).transpose()?;
        let spot = Spot {
            repository: self.repo.anchor(),
            launch_from: &made.folder,
            branch: &made.branch,
            base: made.base,
            target,
        };
        let texts = Texts { contract: self.contract.as_deref(), brief: text.as_deref() };
        let found = brief::brief(scene, id, spot, texts);
        found.ok_or_else(|| not_in_file(scene.file, scene.standings, &[id.as_str()]).into())
    }

    /// The text that a worker starts from: by the template of the task file, else the built-in one.
    ///
    /// # Errors
    /// The template is none ([`Exit::Usage`]).
    pub fn text(&self, brief: &Brief) -> Result<String> {
        let Some(template) = &self.template else { return Ok(markdown(brief)) };
        let path = self.loaded.file.settings.brief_template.as_deref().unwrap_or_default();
        let text = template::render(template, brief);
        text.map_err(|why| {
            Failure::new(Exit::Usage, format!("bad template of briefs '{path}': {why}"))
                .hint(format!("use 'git dispatch brief {} --json' to see the values that it may use", brief.id))
                .into()
        })
    }
}

/// What [`brief::brief`] needs of a scene.
pub fn scene<'a>(loaded: &'a Loaded, scene: &'a Scene) -> brief::Scene<'a> {
    let ledger = &scene.facts.ledger;
    brief::Scene { file: &loaded.file, ledger, standings: &scene.standings, started: &[] }
}

/// Where a task is worked on, or would be.
///
/// # Errors
/// Neither file nor ledger knows it; for one that has not started, see [`places`].
pub fn place(repo: &Repo, loaded: &Loaded, scene: &Scene, text: &str) -> Result<Made> {
    let known = text.parse::<TaskId>().ok().filter(|id| scene.standings.of(&loaded.file, id).is_some());
    let id = known.ok_or_else(|| not_in_file(&loaded.file, &scene.standings, &[text]))?;
    let record = scene.facts.ledger.records.get(&id).filter(|record| !record.dropped);
    let snapshot = record.and_then(|record| record.snapshot.as_ref());
    let seen = scene.facts.tasks.get(&id);
    let worktree = seen.and_then(|seen| seen.worktree.as_ref()).filter(|one| one.head != Head::Missing);
    let base = snapshot.map(|snapshot| snapshot.base).or_else(|| seen?.branch.as_ref()?.base);
    let recorded = snapshot.and_then(|snapshot| snapshot.path.as_deref()).map(|path| git::absolute(repo, path));
    let named =
        |made: Option<&str>| made.map(str::to_owned).or_else(|| scene.names.get(&id).cloned()).unwrap_or_default();
    let branch = named(snapshot.map(|snapshot| snapshot.branch.as_str()));
    let isolated = isolated(loaded, &id, snapshot);
    let folder = match (isolated, worktree.map(|one| one.path.clone()).or(recorded)) {
        (false, _) => repo.anchor().to_owned(),
        (true, Some(folder)) => folder,
        (true, None) => {
            let planned = places(repo, loaded, std::slice::from_ref(&id), None)?.remove(&id);
            planned.map_or_else(|| repo.anchor().to_owned(), |place| place.folder)
        }
    };
    let already = snapshot.is_some();
    Ok(Made {
        branch,
        folder,
        base: base.unwrap_or_else(|| scene.facts.target.newest().1),
        already,
        goes_on: false,
        isolated,
        id,
        port: snapshot.and_then(|snapshot| snapshot.port),
    })
}

/// Whether it is worked on in a worktree of this clone.
fn isolated(loaded: &Loaded, id: &TaskId, started: Option<&Snapshot>) -> bool {
    let file = &loaded.file;
    let by_agent = || is_isolated(&file.settings, file.graph.task(id).and_then(|task| task.agent()));
    started.map_or_else(by_agent, |snapshot| snapshot.isolated)
}
