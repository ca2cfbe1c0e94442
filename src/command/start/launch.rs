//! Sessions for tasks that were just started, or how to open them.

use anyhow::Result;

use crate::command::start::Args;
use crate::console::Console;
use crate::git::Repo;
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::launch::{self, Host, Session, Worker, obstacle, program};
use crate::model::ledger::{Ledger, Snapshot};
use crate::model::made::Made;
use crate::read::sessions::{self, Wanted};
use crate::read::{Loaded, acting, worker};
use crate::render;
use crate::render::launch::Told;
use crate::render::start::Lines;

/// Where sessions are to be opened; `None` where none are.
///
/// # Errors
/// This terminal is for one worker, who is to be named ([`Exit::Usage`]).
pub fn host(repo: &Repo, args: &Args, global: &Global) -> Result<Option<Host>, Failure> {
    if !args.launch {
        return Ok(None);
    }
    let host = sessions::host(repo, args.host)?;
    if host == Host::Here && (args.ids.len() != 1 || global.json) {
        let what = "'--in here' gives this terminal to one worker: it takes one task, and no '--json'";
        return Err(Failure::new(Exit::Usage, what).hint("use --in print to be told what to paste in other terminals"));
    }
    Ok(Some(host))
}

/// What keeps workers from being launched is told before anything is made.
///
/// # Errors
/// See [`worker::commands`].
pub fn may((repo, host): (&Repo, Option<Host>), loaded: &Loaded, tasks: &[&Snapshot]) -> Result<(), Failure> {
    if host.is_none() {
        return Ok(());
    }
    let here = tasks.iter().filter(|task| task.isolated);
    let workers: Vec<Worker> = here.map(|task| Worker::of(&loaded.file, task)).collect();
    let refused = |why: Failure| why.hint("leave out --launch to start without sessions");
    worker::commands(repo, loaded, &workers).map(|_| ()).map_err(refused)
}

/// Opens sessions for those of `ids` that are ready to be worked on, and tells of each, and of those that are not.
///
/// # Errors
/// They were started, but a session could not be opened ([`Exit::Halfway`]).
pub fn open(
    (repo, global): (&Repo, &Global),
    ids: &[TaskId],
    host: Host,
    console: &Console,
) -> Result<(Told, Vec<Session>)> {
    let told = Told { host, dry_run: false, program: program(global.task_file().as_deref()) };
    let tell = |session: &Session| {
        if !global.json {
            console.begin_answer(&render::launch::session(session, &told));
        }
    };
    if !global.json {
        console.begin_answer("\n");
    }
    let mut opening = None;
    let opened = acting::decided((repo, global), Some("launch"), |lock, loaded, scene| {
        let ready = |id: &&TaskId| match obstacle(&loaded.file, (&scene.facts, &scene.standings), id) {
            None => true,
            Some(why) => {
                console.warning(&format!("no session is opened: {}", why.what));
                why.hints.iter().for_each(|hint| console.hint(hint));
                false
            }
        };
        let ids: Vec<TaskId> = ids.iter().filter(ready).cloned().collect();
        if let (Host::Here, [id]) = (host, &*ids) {
            opening = sessions::opening_here(repo, (&loaded, scene), id, console)?;
            return Ok(Some((Vec::new(), None)));
        }
        sessions::launch((repo, lock), (&loaded, scene), Wanted { ids: &ids, host }, console, tell).map(Some)
    });
    let (sessions, attach) = opened.map_err(|error| not_opened(ids, &error))?;
    if let Some(opening) = opening {
        return Err(sessions::take_place(&opening));
    }
    if !global.json {
        console.answer(&render::launch::end(attach.as_deref()));
    }
    Ok((told, sessions))
}

fn not_opened(ids: &[TaskId], error: &anyhow::Error) -> Failure {
    let ids: Vec<&str> = ids.iter().map(TaskId::as_str).collect();
    let hints = error.downcast_ref::<Failure>().map(|inner| inner.hints.clone()).unwrap_or_default();
    let failure = Failure::new(Exit::Halfway, format!("all is started, but: {error:#}"));
    let failure = hints.into_iter().fold(failure, Failure::hint);
    failure.hint(format!("use 'git dispatch launch {}' to open the sessions", ids.join(" ")))
}

/// How workers of `made` are launched by hand, as far as there is a command for them.
pub fn lines((loaded, ledger): (&Loaded, &Ledger), made: &[Made], global: &Global) -> Lines {
    let ids: Vec<TaskId> = made.iter().filter(|one| one.isolated).map(|one| one.id.clone()).collect();
    let workers = Worker::all(&loaded.file, ledger, &ids).into_iter();
    let launch = workers.filter(|worker| launch::command(&loaded.file, worker).is_ok()).map(|worker| worker.id);
    Lines { launch: launch.collect(), program: program(global.task_file().as_deref()), tmux: sessions::tmux_is_there() }
}
