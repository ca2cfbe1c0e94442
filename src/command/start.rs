//! `git dispatch start`: branches and worktrees for tasks.

mod intent;
mod launch;
mod setup;
mod tell;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use crate::console::{Bar, Console};
use crate::git::{self, Lock, Progress, Repo, Wishes};
use crate::global::Global;
use crate::model::agent;
use crate::model::brief;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::launch::Host;
use crate::model::ledger::{Batch, Body, Ledger, Snapshot};
use crate::model::made::Made;
use crate::model::plan::{Options, plan};
use crate::model::sparse;
use crate::model::stack::{Asked, Base, Clash};
use crate::model::standing::Standings;
use crate::model::start::{self, Request, Start};
use crate::model::text::escape;
use crate::read::acting;
use crate::read::sessions;
use crate::read::{self, Loaded, Scene};
use crate::render;
use setup::Rights;
use tell::Teller;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tasks to start
    #[arg(value_name = "ID", required_unless_present = "ready")]
    pub ids: Vec<String>,
    /// Start what 'plan' would start
    #[arg(long, conflicts_with = "ids")]
    pub ready: bool,
    /// With --ready, plan for N workers
    #[arg(long, value_name = "N", requires = "ready", value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: Option<u32>,
    /// Name the batch, instead of the next free batch-NNN
    #[arg(long, value_name = "NAME")]
    pub batch: Option<String>,
    /// Start tasks whose needs have not landed or whose paths overlap, or without a review; never past a lock
    #[arg(long)]
    pub force: bool,
    /// Start tasks on what they need, where that is reported done and has not landed
    #[arg(long, conflicts_with = "ready")]
    pub stack: bool,
    /// For the worker [agent.NAME] of the task file, whatever that says of the tasks
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Begin anew with tasks that have stopped, on a branch beside the old one, which stays
    #[arg(long, conflicts_with_all = ["ready", "stack", "again"])]
    pub fresh: bool,
    /// Start tasks again that have landed
    #[arg(long)]
    pub again: bool,
    /// Copy files and run the setup command again, for tasks that have started
    #[arg(long, conflicts_with_all = ["ready", "batch", "force", "stack", "again", "dry_run", "agent", "fresh"])]
    pub setup: bool,
    /// Do not run the setup command
    #[arg(long, conflicts_with = "setup")]
    pub no_setup: bool,
    /// Open a session for the worker of each, as 'launch' does
    #[arg(long, conflicts_with = "setup")]
    pub launch: bool,
    /// With --launch, open sessions here, in tmux, zellij, wezterm or kitty, or print what to paste
    #[arg(long = "in", value_name = "WHERE", requires = "launch", value_parser = sessions::words())]
    #[arg(hide_possible_values = true)]
    pub host: Option<Host>,
    /// Tell what would be made, and make nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Decides and writes the intent under the repository's lock, makes what was decided, and records the outcome.
///
/// # Errors
/// See [`start::decide`]; [`Exit::Held`] where another command acts or sets up; [`Exit::Halfway`] where something could not be made:
/// the same command goes on.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    if args.setup {
        read::task_file(&repo, global)?;
        return setup::again(&args.ids, (&repo, global), &console);
    }
    let host = launch::host(&repo, args, global)?;
    let outcome = acting::decided((&repo, global), (!args.dry_run).then_some("start"), |lock, loaded, scene| {
        let Some(decided) = decide(&repo, &loaded, scene, args)? else { return Ok(Some(Outcome::Nothing)) };
        let setup = if args.no_setup { None } else { setup::command(&repo, &loaded)? };
        launch::may((&repo, host), &loaded, &all_of(scene, &decided))?;
        let Some(lock) = lock else {
            tell_dry_run(&repo, scene, &decided, global, &console);
            return Ok(Some(Outcome::Told));
        };
        let mut made = setup::unready(scene, &decided.equip);
        let mut rights = setup::begin(&repo, &places_of(&made))?;
        let Some(ledger) = intent::written(&repo, scene, &decided)? else { return Ok(None) };
        let goes_on = intent::goes_on(&repo, scene, &decided);
        let mut teller = Teller::new(&console, global, (&scene.facts.target, &loaded));
        teller.warnings(&decided);
        let equips = setup.is_some() || setup::copies::are_wanted(&repo, &loaded);
        teller.going_on(&made);
        teller.continued(&ledger, &decided, &goes_on);
        made.extend(goes_on);
        let equip = equips.then_some(&mut rights);
        let (new, fault) = act((&repo, lock), (&loaded, equip), &ledger, &decided, &mut teller)?;
        made.extend(new);
        let before = (scene.standings.clone(), scene.facts.target.name.clone());
        Ok(Some(Outcome::Made(Box::new(NewWorktrees { loaded, ledger, setup, made, rights, fault, before }))))
    })?;
    match outcome {
        Outcome::Nothing => {
            console.note("nothing can start now; use 'git dispatch plan' to see what is waited for");
            Ok(Exit::No)
        }
        Outcome::Told => Ok(Exit::Success),
        Outcome::Made(batch) => equip(&repo, *batch, (host, global), &console),
    }
}

/// What became of the command.
enum Outcome {
    /// `--ready`, and nothing can start.
    Nothing,
    /// It was only told what would be made.
    Told,
    Made(Box<NewWorktrees>),
}

/// What was made, to be worked in.
struct NewWorktrees {
    loaded: Loaded,
    /// As it was when they were made.
    ledger: Ledger,
    setup: Option<String>,
    made: Vec<Made>,
    /// Of those that are to be made ready here.
    rights: Rights,
    /// Why no more were made.
    fault: Option<Failure>,
    /// Where tasks stood before, and the target's name.
    before: (Standings, String),
}

/// Copies files into them and sets them up, outside of the lock; then tells the outcome.
fn equip(repo: &Repo, new: NewWorktrees, (host, global): (Option<Host>, &Global), console: &Console) -> Result<Exit> {
    let NewWorktrees { loaded, ledger, setup, made, rights, fault, before: (standings, target) } = new;
    let started: Vec<TaskId> = made.iter().map(|made| made.id.clone()).collect();
    let seen = brief::Scene { file: &loaded.file, ledger: &ledger, standings: &standings, started: &started };
    // Written where a command is to read it, and where an older one may stand; a start that is killed here is known as unequipped, and writes it again.
    let briefed: Vec<Made> = made.iter().filter(|one| setup.is_some() || one.goes_on).cloned().collect();
    let briefs = setup::briefs::write((repo, &loaded), &seen, &briefed, &target, console);
    let mut places = places_of(&made);
    places.retain(|(id, _)| rights.contains_key(id));
    let copied = setup::copies::run(repo, &loaded, &places, console);
    let setups = setup.map(|text| setup::run((repo, &loaded, &ledger), (&text, &briefs), &places, console));
    let setups = setups.unwrap_or_default();
    setup::finish(rights, (&copied, &setups), console);
    if let Some(fault) = fault {
        return Err(fault.into());
    }
    let exit = setup::exit(&copied, &setups);
    let opened = host.map(|host| launch::open((repo, global), &started, host, console)).transpose()?;
    if global.json {
        console.answer(&render::start::json(&ledger, &made, (setup::copied_of(&copied), &setups), opened.as_ref()));
    } else if opened.is_none() {
        let lines = launch::lines((&loaded, &ledger), &made, global);
        console.answer(&render::start::terminals(&made, &lines, git::remote(repo).as_deref()));
    }
    Ok(exit)
}

fn places_of(made: &[Made]) -> Vec<(TaskId, PathBuf)> {
    made.iter().filter(|made| made.isolated).map(|made| (made.id.clone(), made.folder.clone())).collect()
}

/// `None`: `--ready`, and nothing can start.
fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, args: &Args) -> Result<Option<Start>> {
    let ids = if args.ready { chosen(loaded, scene, args) } else { args.ids.clone() };
    if ids.is_empty() {
        return Ok(None);
    }
    let parsed: Vec<TaskId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if let Some(agent) = &args.agent {
        agent::defined(&loaded.file.settings, agent)?;
    }
    let mut places = read::places(repo, loaded, &parsed, args.agent.as_deref())?;
    if args.fresh {
        places = read::numbered(repo, &places)?;
    }
    let ground = git::ground(repo, &places)?;
    let stack = if args.stack { Some(stacked(repo, loaded, scene, &parsed)?) } else { None };
    let (batch, agent) = (args.batch.clone(), args.agent.clone());
    let request = Request { ids, batch, force: args.force, agent, fresh: args.fresh, again: args.again, stack };
    let seen = start::Scene {
        file: &loaded.file,
        facts: &scene.facts,
        standings: &scene.standings,
        places: &places,
        ground: &ground,
    };
    let mut decided = start::decide(&seen, &request)?;
    for &index in &decided.resume {
        for task in scene.facts.ledger.unfinished().remove(&index).unwrap_or_default() {
            read::may_act(repo, loaded, task, scene.facts.ledger.batches[index].base)?;
        }
    }
    let new = decided.batch.iter().flat_map(|batch| &batch.tasks);
    let misplaced: Vec<_> = unfinished(&scene.facts.ledger, &decided)
        .into_iter()
        .chain(new)
        .map(|task| (task.id.clone(), git::misplaced(repo, task.base, loaded.file.sparse(&task.id))))
        .collect();
    decided.warnings.extend(sparse::judge(&misplaced)?);
    Ok(Some(decided))
}

/// All tasks that will have been started.
fn all_of<'a>(scene: &'a Scene, decided: &'a Start) -> Vec<&'a Snapshot> {
    let ledger = &scene.facts.ledger;
    let equipped = decided.equip.iter().filter_map(|id| ledger.records.get(id)?.snapshot.as_ref());
    let continued = decided.continued.iter().flat_map(|one| &one.tasks);
    let new = decided.batch.iter().flat_map(|batch| &batch.tasks);
    equipped.chain(continued).chain(unfinished(ledger, decided)).chain(new).collect()
}

/// The tasks that earlier starts left open and that are gone on with.
fn unfinished<'a>(ledger: &'a Ledger, decided: &Start) -> Vec<&'a Snapshot> {
    let mut open = ledger.unfinished();
    decided.resume.iter().flat_map(|index| open.remove(index).unwrap_or_default()).collect()
}

/// The bases of those that would stand on what is reported done.
fn stacked(
    repo: &Repo,
    loaded: &Loaded,
    scene: &Scene,
    ids: &[TaskId],
) -> Result<BTreeMap<TaskId, Result<Base, Clash>>> {
    let asked = start::stacked(&loaded.file, (&scene.facts, &scene.standings), ids);
    let base = |asked: &Asked| git::stack_base(repo, &scene.quarantine, scene.facts.target.newest(), asked);
    asked.iter().map(|asked| Ok((asked.id.clone(), base(asked)?))).collect()
}

/// What an interrupted start left open comes before anything new.
fn chosen(loaded: &Loaded, scene: &Scene, args: &Args) -> Vec<String> {
    let ledger = &scene.facts.ledger;
    let open = ledger.unfinished().into_iter().filter(|(batch, _)| ledger.batches[*batch].undoing.is_none());
    let open: Vec<String> = open.flat_map(|(_, tasks)| tasks).map(|task| task.id.to_string()).collect();
    if !open.is_empty() {
        return open;
    }
    let options = Options { workers: args.workers, ..Options::default() };
    let plan = plan(&loaded.file, &scene.facts, &scene.standings, &options);
    plan.start.iter().map(|choice| loaded.file.graph.tasks()[choice.ix].id.to_string()).collect()
}

/// Makes and records what was decided, what earlier starts left open first; `teller` hears of each as it becomes true. What was
/// made, and why no more ([`Exit::Halfway`]).
///
/// # Errors
/// What was made could not be recorded ([`Exit::Halfway`]).
fn act(
    (repo, lock): (&Repo, &Lock),
    (loaded, mut equip): (&Loaded, Option<&mut Rights>),
    ledger: &Ledger,
    decided: &Start,
    teller: &mut Teller<'_>,
) -> Result<(Vec<Made>, Option<Failure>)> {
    let mut open = decided.resume.clone();
    open.extend(decided.batch.as_ref().and_then(|new| ledger.batches.iter().rposition(|batch| batch.name == new.name)));
    let mut all = Vec::new();
    for index in open {
        let batch = &ledger.batches[index];
        let tasks = ledger.unfinished().remove(&index).unwrap_or_default();
        teller.batch(batch, &tasks, decided.resume.contains(&index));
        for task in tasks.iter().filter(|_| batch.undoing.is_some()) {
            git::leave_off(repo, batch, task).map_err(|error| not_started(task, &batch.name, &error))?;
        }
        let (made, fault) = make_all((repo, lock), loaded, &tasks, &batch.name, teller);
        if let Some(rights) = &mut equip {
            for one in made.iter().filter(|one| one.isolated) {
                let right = git::want_equipped(repo, &one.folder);
                let right = right.map_err(|error| unrecorded(batch, &made, &error))?;
                // Where another process was faster, that makes it ready.
                rights.extend(right.map(|right| (one.id.clone(), right)));
            }
        }
        if !made.is_empty() {
            record(repo, ledger, index, &made)?;
        }
        all.extend(made);
        if fault.is_some() {
            return Ok((all, fault));
        }
    }
    Ok((all, None))
}

/// Makes what each task of a batch needs, and tells of it. All of them are tried: those that were made, and the first fault.
fn make_all(
    (repo, lock): (&Repo, &Lock),
    loaded: &Loaded,
    tasks: &[&Snapshot],
    batch: &str,
    teller: &Teller<'_>,
) -> (Vec<Made>, Option<Failure>) {
    let mut fates: Vec<Option<Result<Made>>> = tasks.iter().map(|_| None).collect();
    let mut told = 0;
    let mut bar: Option<Bar> = None;
    let wishes = Wishes { lock: loaded.file.settings.lock_worktrees(), sparse: &|id| loaded.file.sparse(id) };
    git::make_all(repo, lock, tasks, &wishes, &mut |progress| match progress {
        Progress::Writing(files, done) => bar = teller.console.bar("writing files", files, done),
        Progress::ByGit(why) => teller.console.detail(&format!("git checks out the files: {}", escape(&why))),
        Progress::Task(at, fate) => {
            bar = None;
            fates[at] = Some(fate);
            // In the order of the tasks, as the answer is.
            while let Some(Some(fate)) = fates.get(told) {
                if let Ok(made) = fate {
                    teller.made(made);
                }
                told += 1;
            }
        }
    });
    let (mut made, mut fault) = (Vec::new(), None);
    for (task, fate) in tasks.iter().zip(fates.into_iter().flatten()) {
        match fate {
            Ok(one) => made.push(one),
            Err(error) => fault = fault.or_else(|| Some(not_started(task, batch, &error))),
        }
    }
    (made, fault)
}

fn not_started(task: &Snapshot, batch: &str, error: &anyhow::Error) -> Failure {
    let what = format!("task '{}' of {batch} could not be started: {error:#}", task.id);
    halfway(what, error).hint(format!("use 'git dispatch start {}' to go on from here", task.id))
}

/// What went wrong, with the hints of its cause.
fn halfway(what: String, cause: &anyhow::Error) -> Failure {
    let hints = cause.downcast_ref::<Failure>().map(|inner| inner.hints.clone()).unwrap_or_default();
    hints.into_iter().fold(Failure::new(Exit::Halfway, what), Failure::hint)
}

/// The outcome is a fact whatever else was written meanwhile, so it is appended to whatever the ledger is then.
fn record(repo: &Repo, ledger: &Ledger, index: usize, made: &[Made]) -> Result<()> {
    let batch = &ledger.batches[index];
    let tasks: Vec<TaskId> = made.iter().map(|one| one.id.clone()).collect();
    let body = Body::Started { batch: batch.name.clone(), of: batch.uid.clone(), tasks };
    let recorded = git::event(repo, ledger.moment(git::now()), body)
        .and_then(|event| git::append_outcome(repo, batch.base, &[event], &format!("started {}", batch.name)));
    recorded.map_err(|error| unrecorded(batch, made, &error).into())
}

fn unrecorded(batch: &Batch, made: &[Made], error: &anyhow::Error) -> Failure {
    let ids: Vec<&str> = made.iter().map(|one| one.id.as_str()).collect();
    let what = format!("{} was started, but that could not be recorded: {error:#}", batch.name);
    halfway(what, error).hint(format!("use 'git dispatch start {}' to go on from here", ids.join(" ")))
}

fn tell_dry_run(repo: &Repo, scene: &Scene, decided: &Start, global: &Global, console: &Console) {
    let ledger = &scene.facts.ledger;
    let resumed = unfinished(ledger, decided).into_iter();
    let new = decided.batch.iter().flat_map(|batch| &batch.tasks);
    let mut would = setup::unready(scene, &decided.equip);
    would.extend(intent::goes_on(repo, scene, decided));
    would.extend(resumed.chain(new).map(|task| git::would_make(repo, task)));
    for warning in &decided.warnings {
        console.warning(warning);
    }
    let text = if global.json { render::start::json_dry_run(&would) } else { render::start::dry_run(&would) };
    console.answer(&text);
}
