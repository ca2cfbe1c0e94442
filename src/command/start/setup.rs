//! Copies and the setup command in new worktrees: outside of the repository's lock, and whatever comes of it, the tasks stay started.

pub mod briefs;
pub mod copies;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Equipping, Repo, Want};
use crate::global::Global;
use crate::model::copies::Copied;
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::Ledger;
use crate::model::made::{Made, SetUp, Setup};
use crate::model::start::not_in_file;
use crate::model::text::shell_word;
use crate::read::{self, Loaded, Scene, worker};
use crate::render;
use crate::session::{self, Ended, Job};

/// So many of the last lines of a log are shown.
const LINES: usize = 8;

/// The setup command, where there is one and it may run.
///
/// # Errors
/// It stands in the task file, and nobody approved it ([`Exit::Refused`]).
pub fn command(repo: &Repo, loaded: &Loaded) -> Result<Option<String>> {
    let Some(text) = loaded.file.settings.commands.setup.clone().filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    read::trusted(repo, loaded, "commands.setup")
        .map_err(|failure| failure.hint("use --no-setup to start without it"))?;
    Ok(Some(text))
}

/// Runs `text` in the worktree of each of `made`, side by side, and tells of each as it ends.
pub fn run(
    (repo, loaded, ledger): (&Repo, &Loaded, &Ledger),
    (text, briefs): (&str, &BTreeMap<TaskId, PathBuf>),
    made: &[(TaskId, PathBuf)],
    console: &Console,
) -> Vec<Setup> {
    let mut setups: Vec<Setup> = Vec::new();
    let mut jobs = Vec::new();
    for (id, folder) in made {
        let command = git::shell(folder, text).map(|mut command| {
            command.envs(worker::variables((repo, loaded, ledger), id, folder, briefs.get(id)));
            command
        });
        let fate = SetUp::NotRun("it was not its turn".to_owned());
        let mut setup = Setup { id: id.clone(), fate, log: log_of(repo, id), tail: Vec::new() };
        match command {
            Ok(command) => jobs.push((setups.len(), Job { command, log: setup.log.clone() })),
            Err(error) => setup.fate = SetUp::NotRun(format!("{error:#}")),
        }
        setups.push(setup);
    }
    if !jobs.is_empty() {
        console.note("setting up, which may take a while …");
    }
    let (places, jobs): (Vec<usize>, Vec<Job>) = jobs.into_iter().unzip();
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    let setups = Mutex::new(setups);
    session::run(jobs, most, LINES, |at, ended| {
        if let Ok(mut setups) = setups.lock() {
            let setup = &mut setups[places[at]];
            settle(setup, ended);
            tell(setup, console);
        }
    });
    setups.into_inner().unwrap_or_default()
}

fn log_of(repo: &Repo, id: &TaskId) -> PathBuf {
    repo.common_dir().join(format!("dispatch/logs/{id}-setup.log"))
}

fn settle(setup: &mut Setup, ended: Result<Ended>) {
    match ended {
        Err(error) => setup.fate = SetUp::NotRun(format!("{error:#}")),
        Ok(Ended { status, tail }) => {
            setup.fate = match status.code() {
                Some(0) => SetUp::Done,
                Some(code) => SetUp::Failed(code),
                None => SetUp::Killed,
            };
            setup.tail = tail;
        }
    }
}

fn tell(setup: &Setup, console: &Console) {
    if setup.fate == SetUp::Done {
        console.note(&format!("{} is set up", setup.id));
        return;
    }
    console.warning(&render::start::not_set_up(setup));
    console.hint(&format!("use 'git dispatch start --setup {}' to run it again", setup.id));
}

/// The rights to make worktrees ready, by task: one process at a time has that of a worktree.
pub type Rights = BTreeMap<TaskId, Equipping>;

/// Takes the rights to make `places` ready, all or none.
///
/// # Errors
/// Another process is at one of them ([`Exit::Held`]); one is no worktree any more, or cannot be written to.
pub fn begin(repo: &Repo, places: &[(TaskId, PathBuf)]) -> Result<Rights> {
    let mut rights = Rights::new();
    for (id, folder) in places {
        match git::want_equipped(repo, folder) {
            Ok(Some(right)) => _ = rights.insert(id.clone(), right),
            refused => {
                rights.into_values().try_for_each(Equipping::leave_off)?;
                return Err(refused.err().unwrap_or_else(|| is_running(repo, id).into()));
            }
        }
    }
    Ok(rights)
}

fn is_running(repo: &Repo, id: &TaskId) -> Failure {
    let log = log_of(repo, id);
    let what = format!("the setup of task '{id}' is running; its log is '{}'", log.display());
    Failure::new(Exit::Held, what)
        .hint(format!("use 'tail -f {}' to see how far it is", shell_word(&log.to_string_lossy())))
}

/// `start --setup`: runs the setup command again for tasks that have started.
///
/// # Errors
/// There is none, or nobody approved it; a task is unknown, or has no worktree ([`Exit::Refused`]); one is being set up by another
/// process ([`Exit::Held`]).
pub fn again(ids: &[String], (repo, global): (&Repo, &Global), console: &Console) -> Result<Exit> {
    let loaded = read::task_file(repo, global)?;
    let text = command(repo, &loaded)?;
    if text.is_none() && !copies::are_wanted(repo, &loaded) {
        return Err(Failure::new(Exit::Usage, "there is no setup command, and nothing to copy")
            .hint("write 'setup' under [commands] in the task file, or use 'git config dispatch.setup COMMAND'")
            .into());
    }
    let want = Want { merges: false, ..Want::STANDINGS };
    let scene = read::scene(repo, &loaded, want)?;
    let mut places: Vec<(TaskId, PathBuf)> = Vec::new();
    for id in ids {
        let place = place(&loaded, &scene, id)?;
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let rights = begin(repo, &places)?;
    let made: Vec<Made> = places.iter().filter_map(|(id, folder)| made(&scene, id, folder)).collect();
    let target = &scene.facts.target.name;
    let around = read::brief::scene(&loaded, &scene);
    let briefs = text.as_ref().map(|_| briefs::write((repo, &loaded), &around, &made, target, console));
    let briefs = briefs.unwrap_or_default();
    let copied = copies::run(repo, &loaded, &places, console);
    let setups = text.map(|text| run((repo, &loaded, &scene.facts.ledger), (&text, &briefs), &places, console));
    let setups = setups.unwrap_or_default();
    finish(rights, (&copied, &setups), console);
    if global.json {
        console.answer(&render::start::json(&scene.facts.ledger, &made, (copied_of(&copied), &setups), None));
    }
    Ok(exit(&copied, &setups))
}

/// Tasks that are active, and whose worktrees are to be made ready still.
pub fn unready(scene: &Scene, ids: &[TaskId]) -> Vec<Made> {
    let worktree = |id: &TaskId| Some(scene.facts.tasks.get(id)?.worktree.as_ref()?.path.clone());
    ids.iter().filter_map(|id| made(scene, id, &worktree(id)?)).collect()
}

fn made(scene: &Scene, id: &TaskId, folder: &Path) -> Option<Made> {
    let snapshot = scene.facts.ledger.records.get(id)?.snapshot.as_ref()?;
    Some(Made::of(snapshot, folder.to_owned(), true))
}

fn place(loaded: &Loaded, scene: &Scene, text: &str) -> Result<(TaskId, PathBuf)> {
    let id = text.parse::<TaskId>().ok().filter(|id| scene.standings.of(&loaded.file, id).is_some());
    let id = id.ok_or_else(|| not_in_file(&loaded.file, &scene.standings, &[text]))?;
    let seen = scene.facts.tasks.get(&id).and_then(|seen| seen.worktree.as_ref());
    let worktree = seen.filter(|worktree| worktree.head != Head::Missing && !worktree.main);
    let recorded = scene.facts.ledger.records.get(&id).is_some_and(|record| record.batch.is_some());
    match worktree.filter(|_| recorded) {
        Some(worktree) => Ok((id, worktree.path.clone())),
        None => Err(Failure::new(Exit::Refused, format!("task '{id}' has no worktree that 'start' made"))
            .hint(format!("use 'git dispatch start {id}' to make one"))
            .into()),
    }
}

/// Writes which worktrees are ready: those in which nothing went wrong.
pub fn finish(rights: Rights, (copied, setups): (&Result<Vec<Copied>, Exit>, &[Setup]), console: &Console) {
    let Ok(copied) = copied else { return };
    for (id, right) in rights {
        let copies = copied.iter().all(|one| one.id != id || one.fault.is_none());
        let setup = setups.iter().all(|one| one.id != id || one.fate == SetUp::Done);
        if copies
            && setup
            && let Err(error) = right.done()
        {
            console.warning(&format!("task '{id}' is ready, but that could not be written: {error:#}"));
        }
    }
}

/// What is told of copies.
pub fn copied_of(copied: &Result<Vec<Copied>, Exit>) -> &[Copied] {
    copied.as_deref().unwrap_or_default()
}

/// A setup that failed can be run again: that is half-way.
pub fn exit(copied: &Result<Vec<Copied>, Exit>, setups: &[Setup]) -> Exit {
    if copies::exit(copied) != Exit::Success {
        return Exit::Halfway;
    }
    if setups.iter().all(|setup| setup.fate == SetUp::Done) { Exit::Success } else { Exit::Halfway }
}
