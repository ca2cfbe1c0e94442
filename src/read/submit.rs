//! How one task gets to its forge: what is asked there, and what is told to it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::Result;

use super::brief::{Briefs, place};
use super::{Loaded, Scene};
use crate::console::Console;
use crate::git::{self, Pushing, Repo};
use crate::model::failure::{Exit, Failure};
use crate::model::forge::{Forge, Site, shown};
use crate::model::id::TaskId;
use crate::model::state::State;
use crate::model::submit::{Outcome, Request, Submission, Way, merged};
use crate::read;
use crate::render::brief::request::request;
use crate::session::Programs;
use crate::session::forge::{Between, Client, Found};

const PROGRAMS: Programs = Programs { find: git::find_program, command: git::user_command };

/// What all submissions of one command share.
pub struct Sender<'a> {
    repo: &'a Repo,
    loaded: &'a Loaded,
    scene: &'a Scene,
    briefs: Briefs<'a>,
    draft: bool,
    /// Pages are told, and no program is asked.
    print: bool,
    forge: Option<Forge>,
    /// By hosts: which forge that is, and the program that speaks with it.
    known: RefCell<BTreeMap<String, Speaker>>,
}

/// Which forge a host is, and the program that speaks with it, as far as both are there.
type Speaker = (Option<Forge>, Option<Client>);

/// Where a branch goes.
struct Route {
    remote: String,
    url: String,
    /// The branch on the remote that it is to be merged into.
    target: String,
    /// The repositories of target and branch; `None` where one is on no forge.
    sites: Option<(Site, Site)>,
    /// Why there is none.
    why: String,
}

impl<'a> Sender<'a> {
    /// # Errors
    /// A text that briefs are made of cannot be read; `dispatch.forge` is none ([`Exit::Usage`]).
    pub fn new(
        repo: &'a Repo,
        loaded: &'a Loaded,
        scene: &'a Scene,
        (draft, print): (bool, bool),
    ) -> Result<Sender<'a>> {
        let (briefs, forge) = (Briefs::new(repo, loaded)?, git::forge(repo)?);
        Ok(Sender { repo, loaded, scene, briefs, draft, print, forge, known: RefCell::default() })
    }

    /// What would become of it; no network is used.
    ///
    /// # Errors
    /// There is no remote, or somebody else pushed the branch ([`Exit::Refused`]).
    pub fn would_send(&self, task: &Submission) -> Result<Outcome> {
        let route = self.route(task)?;
        let way = git::way(self.repo, task, &route.remote)?;
        let mut outcome = self.outcome(task, &route, way);
        let Some((to, from)) = &route.sites else { return Ok(outcome) };
        let (forge, client) = self.client(&to.host);
        outcome.forge = forge;
        outcome.request = match (client, &outcome.pr) {
            (Some(_), Some(_)) if way == Way::Same => Request::Current,
            (Some(_), Some(_)) => Request::Updated,
            (Some(_), None) => Request::Opened,
            (None, _) => page(forge, (to, from), task, &route),
        };
        Ok(outcome)
    }

    /// Pushes the branch, and opens its pull request or brings that up to date.
    ///
    /// # Errors
    /// As [`Sender::would_send`]; git, the remote or the forge refuses. Then what was done before that stays, and the same call goes on.
    pub fn send(&self, task: &Submission, console: &Console) -> Result<Outcome> {
        let route = self.route(task)?;
        let way = git::way(self.repo, task, &route.remote)?;
        let pushing = Pushing { task, remote: &route.remote, url: &route.url, way };
        let (way, told) = git::push(self.repo, &pushing)?;
        told.iter().for_each(|line| console.note(&format!("{}: {}", task.id, crate::model::text::escape(line))));
        let mut outcome = self.outcome(task, &route, way);
        let Some((to, from)) = &route.sites else { return Ok(outcome) };
        let (forge, client) = self.client(&to.host);
        outcome.forge = forge;
        let Some(client) = client else {
            outcome.request = page(forge, (to, from), task, &route);
            return Ok(outcome);
        };
        let between = Between { to, target: &route.target, from, branch: &task.branch };
        let asked = self.requested(&client, &between, &mut outcome);
        asked.map_err(|error| half_way(task, &route, error))?;
        if outcome.request == Request::Kept {
            let pr = outcome.pr.as_deref().unwrap_or("it");
            console.warning(&format!("{pr} has a description without the marks of git-dispatch, and keeps it"));
            console.hint(&format!("put 'Task: {}' on its last line, so that a squash is recognised", task.id));
        }
        Ok(outcome)
    }

    fn requested(&self, client: &Client, between: &Between<'_>, outcome: &mut Outcome) -> Result<()> {
        let task = outcome.task.clone();
        let text = self.description(&task.id)?;
        let fresh = merged(None, &text, &task.id).unwrap_or_default();
        let find = || -> Result<Option<Found>> { Ok(one_of(client.find_requests(between)?, client.forge, &task)?) };
        if let Some(found) = find()? {
            return self.updated((client, between), outcome, &found, &text);
        }
        let opened = client.open(between, (&task.title, &fresh), self.draft);
        if let Ok(Some((number, url))) = opened {
            outcome.opened(client.forge, number, url);
            return Ok(());
        }
        // It does not say which, or another process was faster.
        match (find(), opened) {
            (Ok(Some(found)), Ok(_)) => {
                outcome.opened(client.forge, found.number, found.url);
                Ok(())
            }
            (Ok(Some(found)), Err(_)) => self.updated((client, between), outcome, &found, &text),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
            (Ok(None), Ok(_)) => {
                let what = format!("'{}' said that it opened one, and there is none", client.forge.program());
                Err(Failure::new(Exit::Git, what).into())
            }
        }
    }

    /// Writes title and description anew where they are ours and not as they should be.
    fn updated(
        &self,
        (client, between): (&Client, &Between<'_>),
        outcome: &mut Outcome,
        found: &Found,
        text: &str,
    ) -> Result<()> {
        let task = &outcome.task;
        let draft = if found.title.starts_with("Draft: ") { "Draft: " } else { "" };
        let last = task.known.as_ref().and_then(|known| known.title.as_deref());
        let now = found.title[draft.len()..].trim();
        // A title that is not the one we gave is somebody's own.
        let title = (last == Some(now) && now != task.title).then(|| format!("{draft}{}", task.title));
        let description = merged(Some(&found.description), text, &task.id);
        let same = |wanted: &String| wanted.trim() == found.description.replace("\r\n", "\n").trim();
        let kept = description.is_none();
        let description = description.filter(|wanted| !same(wanted));
        let request = match (&title, &description) {
            (None, None) if kept => Request::Kept,
            (None, None) => Request::Current,
            _ => {
                client.update(between.to, found.number, (title.as_deref(), description.as_deref()))?;
                Request::Updated
            }
        };
        let ours = title.is_some() || last == Some(now) || now == task.title;
        let title = if ours { Some(task.title.clone()) } else { last.map(str::to_owned) };
        outcome.title = title;
        outcome.request = request;
        outcome.pr = Some(client.forge.named(found.number));
        outcome.url = Some(found.url.clone()).filter(|url| !url.is_empty()).or(outcome.url.take());
        Ok(())
    }

    fn outcome(&self, task: &Submission, route: &Route, way: Way) -> Outcome {
        let known = task.known.as_ref();
        Outcome {
            task: task.clone(),
            remote: shown(&route.remote),
            way,
            forge: None,
            request: Request::Unknown(route.why.clone()),
            pr: known.and_then(|known| known.pr.clone()),
            url: known.and_then(|known| known.url.clone()),
            title: known.and_then(|known| known.title.clone()),
        }
    }

    fn route(&self, task: &Submission) -> Result<Route> {
        let target = &self.scene.facts.target.name;
        let remote = git::push_remote(self.repo, &task.branch, target).ok_or_else(|| {
            Failure::new(Exit::Refused, "there is no remote to push to")
                .hint("use 'git remote add origin URL' to add one")
                .hint("use 'git config remote.pushDefault NAME' to choose one of several")
        })?;
        let url = git::remote_url(self.repo, &remote, true);
        let (home, target) = git::target_remote(self.repo, target).unwrap_or_else(|| (remote.clone(), target.clone()));
        let home = git::remote_url(self.repo, &home, false);
        let (to, from) = (Site::of(&home), Site::of(&url));
        let why = match (&to, &from) {
            (Some(to), Some(from)) if to.host != from.host => {
                format!("'{}' is pushed to '{}', and the target is at '{}'", task.branch, from.host, to.host)
            }
            _ => format!("'{}' is no repository of a forge", shown(if from.is_none() { &url } else { &home })),
        };
        let sites = to.zip(from).filter(|(to, from)| to.host == from.host);
        Ok(Route { remote, url, target, sites, why })
    }

    /// Which forge a host is, and the program for it.
    fn client(&self, host: &str) -> Speaker {
        if let Some(known) = self.known.borrow().get(host) {
            return known.clone();
        }
        let find = |forge: Forge| Client::find(&PROGRAMS, forge, self.repo.anchor());
        let named = self.forge.or_else(|| Forge::of_host(host));
        let found = match named {
            _ if self.print && named.is_some() => (named, None),
            Some(forge) => (Some(forge), find(forge)),
            None => {
                let client = Forge::ALL.into_iter().filter_map(find).find(|client| client.knows(host));
                (client.as_ref().map(|client| client.forge), client.filter(|_| !self.print))
            }
        };
        self.known.borrow_mut().insert(host.to_owned(), found.clone());
        found
    }

    /// Our part of the description.
    fn description(&self, id: &TaskId) -> Result<String> {
        let made = place(self.repo, self.loaded, self.scene, id.as_str())?;
        let seen = read::brief::scene(self.loaded, self.scene);
        let (brief, _) = self.briefs.of(&seen, &made, &self.scene.facts.target.name)?;
        let graph = &self.loaded.file.graph;
        let over = |id: &TaskId| {
            self.scene.standings.of(&self.loaded.file, id).is_none_or(|standing| standing.state == State::Cancelled)
        };
        let next = graph.position(id).into_iter().flat_map(|ix| graph.dependants(ix));
        let next = next.map(|ix| graph.tasks()[ix].id.clone()).filter(|id| !over(id));
        let next: Vec<TaskId> = next.collect();
        Ok(request(&brief, brief.reports.last(), &next))
    }
}

impl Outcome {
    fn opened(&mut self, forge: Forge, number: u64, url: String) {
        self.request = Request::Opened;
        (self.pr, self.url) = (Some(forge.named(number)), Some(url).filter(|url| !url.is_empty()));
        self.title = Some(self.task.title.clone());
    }
}

/// Of several pull requests, the one that is recorded.
fn one_of(mut found: Vec<Found>, forge: Forge, task: &Submission) -> Result<Option<Found>, Failure> {
    let recorded = task.known.as_ref().and_then(|known| known.pr.as_deref());
    if let Some(at) = found.iter().position(|one| recorded == Some(&forge.named(one.number))) {
        return Ok(Some(found.swap_remove(at)));
    }
    if found.len() < 2 {
        return Ok(found.pop());
    }
    let names: Vec<String> = found.iter().map(|one| forge.named(one.number)).collect();
    let what = format!("'{}' has several pull requests: {}", task.branch, names.join(", "));
    Err(Failure::new(Exit::Refused, what).hint("close all of them but one"))
}

/// The page that opens the pull request.
fn page(forge: Option<Forge>, (to, from): (&Site, &Site), task: &Submission, route: &Route) -> Request {
    match forge {
        Some(forge) => Request::Page(to.new_request(forge, (from, &task.branch), &route.target)),
        None => Request::Unknown(format!("which forge '{}' is, 'dispatch.forge' does not say", to.host)),
    }
}

/// The branch is there, and its pull request is not.
fn half_way(task: &Submission, route: &Route, error: anyhow::Error) -> anyhow::Error {
    let what = format!("'{}' was pushed to '{}', and no further: {error:#}", task.branch, shown(&route.remote));
    let failure = Failure::new(Exit::Halfway, what);
    let hints = error.downcast_ref::<Failure>().map(|cause| cause.hints.clone()).unwrap_or_default();
    let failure = hints.into_iter().fold(failure, Failure::hint);
    failure
        .hint(format!("use 'git dispatch submit {}' to go on from here", task.id))
        .hint(format!("use 'git dispatch submit {} --print' for the page to open", task.id))
        .into()
}
