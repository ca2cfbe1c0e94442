//! The sessions of workers: where they are, which are there, and opening those that are not.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{Loaded, Scene, brief, worker};
use crate::console::Console;
use crate::git::{self, Lock, Repo};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::launch::{Host, Session, Worker, digest, stamp};
use crate::model::made::Made;
use crate::session::others::Other;
use crate::session::tmux::{Pane, Tmux, Whose};
use crate::session::{Opening, Programs, here};

/// The programs of this machine.
const PROGRAMS: Programs = Programs { find: git::find_program, command: git::user_command };

/// How `--in` is read.
pub fn words() -> impl TypedValueParser<Value = Host> {
    PossibleValuesParser::new(Host::WORDS).map(|word| Host::of(&word).unwrap_or(Host::Print))
}

/// Where sessions are: as asked for, else as configured, else in what there is.
///
/// # Errors
/// `dispatch.launchIn` has none of the words ([`Exit::Usage`]).
pub fn host(repo: &Repo, asked: Option<Host>) -> Result<Host, Failure> {
    let key = "dispatch.launchIn";
    match (asked, repo.config(key)) {
        (Some(host), _) => Ok(host),
        (None, Some(word)) => Host::of(&word).ok_or_else(|| {
            let words = Host::WORDS.join(", ");
            Failure::new(Exit::Usage, format!("bad config value '{word}' for '{key}': it takes one of {words}"))
                .hint(format!("use 'git config --show-origin {key}' to see where it is set"))
        }),
        (None, None) => Ok(Host::usual(|name| variable(name).is_some(), tmux_is_there())),
    }
}

/// Whether tmux is installed.
pub fn tmux_is_there() -> bool {
    git::find_program("tmux").is_some()
}

#[expect(clippy::disallowed_methods, reason = "multiplexers tell by their variables that one is in them")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// What is to be opened where.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub ids: &'a [TaskId],
    pub host: Host,
}

/// Opens the sessions of tasks that have no obstacle, and tells `opened` of each as it becomes true; without the repository's lock,
/// which keeps others from opening the same, it only tells. The answer is all of them, and how one gets to see them.
///
/// # Errors
/// Before anything is opened: see [`worker::commands`], [`worker::openings`]; what was asked for is not installed
/// ([`Exit::Refused`]), or too long for tmux. After that ([`Exit::Halfway`], or [`Exit::Git`] for the first): it cannot be opened.
pub fn launch(
    (repo, lock): (&Repo, Option<&Lock>),
    (loaded, scene): (&Loaded, &Scene),
    wanted: Wanted<'_>,
    console: &Console,
    mut opened: impl FnMut(&Session),
) -> Result<(Vec<Session>, Option<String>)> {
    let workers = Worker::all(&loaded.file, &scene.facts.ledger, wanted.ids);
    let texts = worker::commands(repo, loaded, &workers)?;
    let made = places(repo, loaded, scene, wanted.ids)?;
    let mut sessions = Sessions::look(repo, wanted.host)?;
    if lock.is_none() || wanted.host == Host::Print {
        let start = |id| stamp(&scene.facts.ledger, id);
        let all: Vec<Session> = made.iter().map(|one| sessions.of(&one.id, &one.folder, &start(&one.id))).collect();
        all.iter().for_each(opened);
        return Ok((all, None));
    }
    let seen = (&brief::scene(loaded, scene), scene.facts.target.name.as_str());
    let openings = worker::openings((repo, loaded), seen, &made, &texts, console)?;
    let all = sessions.open(&openings, &mut opened)?;
    Ok((all, sessions.attach()))
}

/// What the worker of a task starts with that has this terminal.
///
/// # Errors
/// It has one in tmux ([`Exit::Refused`]); see [`worker::commands`] and [`worker::openings`].
pub fn opening_here(
    repo: &Repo,
    (loaded, scene): (&Loaded, &Scene),
    id: &TaskId,
    console: &Console,
) -> Result<Option<Opening>> {
    let ids = std::slice::from_ref(id);
    if tmux_is_there() {
        let sessions = Sessions::look(repo, Host::Tmux)?;
        if let Some(window) = sessions.of(id, Path::new(""), &stamp(&scene.facts.ledger, id)).window {
            return Err(Failure::new(
                Exit::Refused,
                format!("task '{id}' has its worker already, in window {window} of tmux"),
            )
            .hint(format!("use 'tmux kill-window -t {window}' to end it, if that is what you want"))
            .into());
        }
    }
    let texts = worker::commands(repo, loaded, &Worker::all(&loaded.file, &scene.facts.ledger, ids))?;
    let made = places(repo, loaded, scene, ids)?;
    let seen = (&brief::scene(loaded, scene), scene.facts.target.name.as_str());
    Ok(worker::openings((repo, loaded), seen, &made, &texts, console)?.pop())
}

/// The worker's command takes the place of this process; everything that this one is to clean up must have been. Returns only if
/// that failed: why.
pub fn take_place(opening: &Opening) -> anyhow::Error {
    match git::shell(&opening.worktree, &opening.text) {
        Ok(shell) => here::become_it(shell, opening),
        Err(error) => error,
    }
}

fn places(repo: &Repo, loaded: &Loaded, scene: &Scene, ids: &[TaskId]) -> Result<Vec<Made>> {
    ids.iter().map(|id| brief::place(repo, loaded, scene, id.as_str())).collect()
}

enum Opener {
    Tmux(Box<Tmux>),
    Other(Other),
    /// Nothing is opened.
    None,
}

/// Sessions, where they are.
struct Sessions {
    host: Opener,
    panes: Vec<Pane>,
    /// How one gets to see those that were opened or found.
    attach: Option<String>,
}

impl Sessions {
    /// Looks which are there already; only tmux tells.
    ///
    /// # Errors
    /// What was asked for is not installed ([`Exit::Refused`]).
    fn look(repo: &Repo, host: Host) -> Result<Sessions> {
        let inside = variable("TMUX").map(|_| variable("TMUX_PANE").unwrap_or_default());
        let (digest, name) = (digest(repo.common_dir()), repo.name());
        let whose = Whose { digest: &digest, name: &name, anchor: repo.anchor() };
        let missing = |why: Failure| why.hint("use 'git dispatch launch --in print' to open sessions by hand");
        let host = match host {
            Host::Here | Host::Print => Opener::None,
            Host::Tmux => Opener::Tmux(Box::new(Tmux::new(PROGRAMS, whose, inside).map_err(missing)?)),
            other => Opener::Other(Other::new(other, PROGRAMS).map_err(missing)?),
        };
        let panes = if let Opener::Tmux(tmux) = &host { tmux.panes() } else { Vec::new() };
        Ok(Sessions { host, panes, attach: None })
    }

    /// The session of a task, as it is or would be.
    fn of(&self, id: &TaskId, worktree: &Path, start: &str) -> Session {
        let lives = |of_it: bool| {
            let pane = self.panes.iter().find(|pane| pane.id == *id && pane.lives() && (pane.start == start) == of_it);
            pane.map(|pane| pane.window.clone())
        };
        let (window, older) = (lives(true), lives(false));
        let dead = self.panes.iter().rfind(|pane| pane.id == *id && pane.start == start && !pane.lives());
        let ended = dead.and_then(Pane::ended).filter(|_| window.is_none());
        Session { id: id.clone(), worktree: worktree.to_owned(), opened: window.is_none(), window, older, ended }
    }

    /// Opens those that are not there, and tells `opened` of each as it becomes true.
    ///
    /// # Errors
    /// One does not fit into what tmux takes: then none was opened ([`Exit::Refused`]). One could not be opened: those before it
    /// are ([`Exit::Halfway`]), or there is none before it ([`Exit::Git`]).
    fn open(&mut self, openings: &[Opening], opened: &mut dyn FnMut(&Session)) -> Result<Vec<Session>> {
        if let Opener::Tmux(tmux) = &self.host {
            openings.iter().try_for_each(|opening| tmux.takes(opening))?;
        }
        let mut sessions = Vec::new();
        let mut fault = None;
        for opening in openings {
            let mut session = self.of(&opening.id, &opening.worktree, &opening.start);
            if session.opened {
                match self.one(opening) {
                    Ok(window) => session.window = window,
                    Err(error) => {
                        let halfway = sessions.iter().any(|before: &Session| before.opened);
                        let exit = if halfway { Exit::Halfway } else { Exit::Git };
                        fault = Some(not_opened(exit, opening, &error));
                        break;
                    }
                }
            }
            opened(&session);
            sessions.push(session);
        }
        self.settle(&sessions);
        fault.map_or(Ok(sessions), |fault| Err(fault.into()))
    }

    fn attach(self) -> Option<String> {
        self.attach
    }

    fn one(&mut self, opening: &Opening) -> Result<Option<String>> {
        match &mut self.host {
            Opener::Tmux(tmux) => {
                let pane = tmux.open(opening, &self.panes)?;
                let window = pane.window.clone();
                self.panes.push(pane);
                Ok(Some(window))
            }
            Opener::Other(other) => other.open(opening).map(|()| None),
            Opener::None => Ok(None),
        }
    }

    fn settle(&mut self, sessions: &[Session]) {
        let Opener::Tmux(tmux) = &mut self.host else { return };
        tmux.settle();
        let asked = |pane: &&Pane| pane.lives() && sessions.iter().any(|session| session.id == pane.id);
        let panes: Vec<Pane> = self.panes.iter().filter(asked).cloned().collect();
        self.attach = tmux.attach(&panes);
        // Whoever asks for one wants to see it.
        if let ([Session { opened: false, .. }], [pane]) = (sessions, &*panes) {
            tmux.select(pane);
        }
    }
}

fn not_opened(exit: Exit, opening: &Opening, error: &anyhow::Error) -> Failure {
    let id = &opening.id;
    Failure::new(exit, format!("the session of task '{id}' could not be opened: {error:#}"))
        .hint(format!("use 'git dispatch launch {id}' to try it again"))
        .hint(format!("use 'git dispatch launch {id} --in print' to open it by hand"))
}
