//! What branches and worktrees of tasks are named: by the templates of the task file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;

use super::Loaded;
use crate::git::{self, Repo};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::Ledger;
use crate::model::standing::Names;
use crate::model::start::{Place, blocking_branch};
use crate::model::task::{Settings, Task, TaskFile};
use crate::model::template::{self, Template, is_branch_name};

/// The branch name of every task of file and ledger.
///
/// # Errors
/// The template cannot be rendered for a task.
pub fn names(repo: &Repo, file: &TaskFile, ledger: &Ledger) -> Result<Names> {
    let branches = Branches::new(repo, &file.settings)?;
    let mut names = Names::new();
    for task in file.graph.tasks() {
        names.insert(task.id.clone(), branches.name(task, task.agent())?);
    }
    for (id, record) in &ledger.records {
        if let Some(snapshot) = record.snapshot.as_ref().filter(|_| !record.dropped) {
            names.insert(id.clone(), snapshot.branch.clone());
        }
    }
    Ok(names)
}

/// Where branch and worktree of each of `ids` would be made, for `agent` or else for whom the file names. Ids that the file does not
/// define are left out.
///
/// # Errors
/// A template cannot be rendered, or a worktree would leave the folder that they belong in ([`Exit::Usage`]).
pub fn places(repo: &Repo, loaded: &Loaded, ids: &[TaskId], agent: Option<&str>) -> Result<BTreeMap<TaskId, Place>> {
    let settings = &loaded.file.settings;
    let branches = Branches::new(repo, settings)?;
    let kind = if loaded.worktree_anywhere { template::Kind::WorktreeAnywhere } else { template::Kind::Worktree };
    let worktree = Template::new(settings.worktree(), kind).map_err(|why| bad_template("worktree", &why))?;
    let mut places = BTreeMap::new();
    for task in ids.iter().filter_map(|id| loaded.file.graph.task(id)) {
        let agent = agent.or_else(|| task.agent());
        let branch = branches.name(task, agent)?;
        let path = rendered(&worktree, (task, agent), &branches.repo);
        let path = path.map_err(|why| bad_name("worktree", &task.id, &why))?;
        let folder = git::absolute(repo, &path);
        if !loaded.worktree_anywhere {
            git::stays_beside(repo, &folder)?;
        }
        places.insert(task.id.clone(), Place { branch, path, folder });
    }
    Ok(places)
}

/// For each of `places`, the first one beside it with a number where neither branch nor folder is: for work that begins anew while the
/// old one stays.
///
/// # Errors
/// There is none, or the name becomes too long ([`Exit::Usage`]).
pub fn numbered(repo: &Repo, places: &BTreeMap<TaskId, Place>) -> Result<BTreeMap<TaskId, Place>> {
    let registered: BTreeSet<PathBuf> = git::worktrees(repo)?.into_iter().map(|listed| listed.path).collect();
    let mut found = BTreeMap::new();
    for number in 2..MOST_AFRESH {
        let open = places.iter().filter(|(id, _)| !found.contains_key(*id));
        let tried: BTreeMap<TaskId, Place> =
            open.map(|(id, place)| (id.clone(), beside(repo, place, number))).collect();
        if tried.is_empty() {
            return Ok(found);
        }
        let ground = git::ground(repo, &tried)?;
        let free = |place: &Place| {
            let taken = ground.occupied.contains_key(&place.folder) || registered.contains(&place.folder);
            !taken && blocking_branch(&ground.branches, &place.branch).is_none()
        };
        found.extend(tried.into_iter().filter(|(_, place)| free(place)));
        if let Some((id, place)) = found.iter().find(|(_, place)| !is_branch_name(&place.branch)) {
            let what = format!("'{}' is no branch name, for task '{id}' to start afresh", place.branch);
            return Err(Failure::new(Exit::Usage, what).hint(another("branch")).into());
        }
    }
    Err(Failure::new(Exit::Refused, "no branch name with a number is free").hint(another("branch")).into())
}

/// A task starts afresh less often than this.
const MOST_AFRESH: u32 = 1000;

fn beside(repo: &Repo, place: &Place, number: u32) -> Place {
    let with = |text: &str| format!("{}.{number}", text.trim_end_matches('/'));
    let path = with(&place.path);
    Place { branch: with(&place.branch), folder: git::absolute(repo, &path), path }
}

/// The templates of branch names: the one for all, and those of agents.
struct Branches<'a> {
    template: Template,
    of_agents: BTreeMap<&'a str, Template>,
    repo: String,
}

impl<'a> Branches<'a> {
    fn new(repo: &Repo, settings: &'a Settings) -> Result<Branches<'a>, Failure> {
        let parsed = |text: &str| Template::new(text, template::Kind::Branch);
        let template = parsed(settings.branch()).map_err(|why| bad_template("branch", &why))?;
        let own = settings.agents.iter().filter_map(|(name, agent)| Some((name, agent.branch.as_ref()?)));
        let of_agents = own.map(|(name, text)| match parsed(text) {
            Ok(template) => Ok((name.as_str(), template)),
            Err(why) => Err(Failure::new(Exit::Usage, format!("bad template in 'branch' of [agent.{name}]: {why}"))),
        });
        Ok(Branches { template, of_agents: of_agents.collect::<Result<_, _>>()?, repo: repo.name() })
    }

    fn name(&self, task: &Task, agent: Option<&str>) -> Result<String, Failure> {
        let of_agent = agent.and_then(|agent| Some((agent, self.of_agents.get(agent)?)));
        let template = of_agent.map_or(&self.template, |(_, template)| template);
        rendered(template, (task, agent), &self.repo).map_err(|why| match of_agent {
            None => bad_name("branch", &task.id, &why),
            Some((agent, _)) => {
                let what = format!("'branch' of [agent.{agent}] gives no usable name for task '{}': {why}", task.id);
                Failure::new(Exit::Usage, what).hint("change that template in the task file")
            }
        })
    }
}

fn rendered(template: &Template, (task, agent): (&Task, Option<&str>), repo: &str) -> Result<String, String> {
    template.render(&template::Names { id: &task.id, title: &task.title, agent, repo })
}

fn bad_template(key: &str, why: &str) -> Failure {
    Failure::new(Exit::Usage, format!("bad template in '{key}': {why}")).hint(another(key))
}

fn bad_name(key: &str, id: &TaskId, why: &str) -> Failure {
    Failure::new(Exit::Usage, format!("the template '{key}' gives no usable name for task '{id}': {why}"))
        .hint(another(key))
}

fn another(key: &str) -> String {
    format!("use 'git config dispatch.{key} TEMPLATE' to set another one for this clone")
}
