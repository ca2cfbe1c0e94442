//! `git dispatch undo`: takes back a batch that was started.

mod landing;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Lock, Repo, Swap, UndoAround};
use crate::global::Global;
use crate::model::drop;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Batch, Body, Continuing, Event, Removal};
use crate::model::oid::Oid;
use crate::model::text::shell_word;
use crate::model::undo::{self, Obstacle, Undo};
use crate::read::acting::{self, Acting};
use crate::read::{self, Loaded, Scene};
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The batch, or a task that landed or was dropped [default: what you did last]
    #[arg(value_name = "BATCH|TASK")]
    pub batch: Option<String>,
    #[command(flatten)]
    pub acting: Acting,
}

/// Decides and writes the intent under the repository's lock, takes back task by task, and records that.
///
/// # Errors
/// See [`undo::choose`] and [`undo::decide`]; [`Exit::Held`] where another command acts; [`Exit::Halfway`] where a step
/// failed: the same command goes on.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let repo = repo.without_hooks_of_branches();
    let dry_run = args.acting.dry_run;
    let text = acting::decided((&repo, global), (!dry_run).then_some("undo"), |lock, loaded, scene| {
        if !args.acting.from_worktree {
            read::outside(&repo, scene, "undo --from-worktree")?;
        }
        let caller = git::committer(&repo)?;
        if let Some(train) = undo::landing(&scene.facts.ledger, args.batch.as_deref(), &caller)? {
            return landing::take_back(&repo, &loaded, (scene, lock), train, global);
        }
        let dropped = dropped(&repo, scene, args)?;
        if !dropped.is_empty() {
            return bring_back(&repo, &loaded, (scene, lock), &dropped, global);
        }
        let index = chosen(&repo, scene, args)?;
        if let Some(last) = undo::continuing(&scene.facts.ledger.batches[index]) {
            return stop_again(&repo, &loaded, (scene, lock.is_some()), (index, last), global);
        }
        let decided = decide(&repo, &loaded, scene, index)?;
        let batch = &scene.facts.ledger.batches[decided.batch];
        if let Some(lock) = lock {
            if !written(&repo, scene, batch)? {
                return Ok(None);
            }
            act((&repo, lock), &loaded, batch, &decided)?;
        }
        let render = if global.json { render::undo::json } else { render::undo::undone };
        Ok(Some(render(batch, &decided, dry_run)))
    })?;
    console.answer(&text);
    Ok(Exit::Success)
}

fn dropped(repo: &Repo, scene: &Scene, args: &Args) -> Result<Vec<Removal>> {
    let caller = git::committer(repo)?;
    Ok(drop::dropped(&scene.facts.ledger, args.batch.as_deref(), &caller)?.into_iter().cloned().collect())
}

/// Brings tasks back from the trash; `None` if another process was faster. The answer.
fn bring_back(
    repo: &Repo,
    loaded: &Loaded,
    (scene, lock): (&Scene, Option<&Lock>),
    removals: &[Removal],
    global: &Global,
) -> Result<Option<String>> {
    let ledger = &scene.facts.ledger;
    for removal in removals {
        read::may_act(repo, loaded, &removal.task(), removal.note)?;
        if let Some((why, hint)) = git::unrestorable(repo, removal)? {
            return Err(drop::not_restored(removal, &why, hint).into());
        }
    }
    if let Some(lock) = lock {
        let at = ledger.moment(scene.facts.now);
        let intent = |removal: &Removal| {
            let body = Body::Undoing { batch: removal.what.batch.clone(), of: removal.uid.clone() };
            Ok((removal.note, git::event(repo, at, body)?))
        };
        let open = removals.iter().filter(|removal| !removal.undoing);
        let events = open.map(intent).collect::<Result<Vec<(Oid, Event)>>>()?;
        let mut expected = ledger.tip;
        for (note, event) in events {
            match git::append(repo, expected, note, &[event], "bringing back from the trash")? {
                Swap::Lost => return Ok(None),
                Swap::Done(tip) => expected = Some(tip),
            }
        }
        for removal in removals {
            let restored = git::restore((repo, lock), removal).and_then(|()| record_back(repo, removal));
            restored.map_err(|error| drop::half_restored(removal, &format!("{error:#}")))?;
        }
    }
    let render = if global.json { render::drop::restored_json } else { render::drop::restored };
    Ok(Some(render(removals, lock.is_none())))
}

fn record_back(repo: &Repo, removal: &Removal) -> Result<()> {
    let at = git::read_ledger(repo)?.moment(git::now());
    let event = git::event(repo, at, Body::Undone { of: removal.uid.clone() })?;
    git::append_outcome(repo, removal.note, &[event], &format!("{} is back", removal.what.task))
}

fn chosen(repo: &Repo, scene: &Scene, args: &Args) -> Result<usize> {
    Ok(undo::choose(&scene.facts.ledger, args.batch.as_deref(), &git::committer(repo)?)?)
}

/// Takes back that tasks of a batch go on, which is one event; `None` if another process was faster. The answer.
fn stop_again(
    repo: &Repo,
    loaded: &Loaded,
    (scene, act): (&Scene, bool),
    (index, last): (usize, &Continuing),
    global: &Global,
) -> Result<Option<String>> {
    let ledger = &scene.facts.ledger;
    undo::stops_again((&loaded.file, ledger, &scene.standings), index, last)?;
    let batch = &ledger.batches[index];
    if act {
        let event = git::event(repo, ledger.moment(scene.facts.now), Body::Undone { of: last.uid.clone() })?;
        let subject = format!("{} does not go on", batch.name);
        if git::append(repo, ledger.tip, batch.base, &[event], &subject)? == Swap::Lost {
            return Ok(None);
        }
    }
    let render = if global.json { render::undo::stopped_json } else { render::undo::stopped };
    Ok(Some(render(batch, last, !act)))
}

fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, index: usize) -> Result<Undo> {
    let ledger = &scene.facts.ledger;
    let batch = &ledger.batches[index];
    for task in batch.tasks.iter().filter(|_| !batch.adopted) {
        read::may_act(repo, loaded, task, batch.base)?;
    }
    let target = scene.facts.target.newest().1;
    let around = batch.tasks.iter().map(|task| {
        let seen = scene.facts.tasks.get(&task.id);
        let branch = seen.and_then(|seen| seen.branch.as_ref());
        let followed = seen.and_then(|seen| seen.twin.as_ref()?.followed()).is_some();
        let before = ledger.batches[..index].iter().rev().flat_map(|batch| &batch.tasks);
        let earlier = before.clone().find(|one| one.id == task.id && one.branch != task.branch);
        UndoAround { target, branch, followed, earlier, disposable: &loaded.file.settings.disposable }
    });
    let mut left = git::left_of(repo, batch, &around.collect::<Vec<_>>())?;
    for removal in ledger.removals.iter().filter(|removal| removal.what.of == batch.uid) {
        let place = batch.tasks.iter().position(|task| task.id == removal.what.task);
        if let Some(at) = place.filter(|_| git::find_trash(repo, removal).is_ok_and(|item| item.is_some())) {
            left[at].obstacles.push(Obstacle::InTrash);
        }
    }
    Ok(undo::decide((&loaded.file, ledger, &scene.standings), index, left, &git::host())?)
}

/// Writes the intent, where it does not stand there yet; `false` if another process was faster.
fn written(repo: &Repo, scene: &Scene, batch: &Batch) -> Result<bool> {
    if batch.undoing.is_some() {
        return Ok(true);
    }
    let ledger = &scene.facts.ledger;
    let body = Body::Undoing { batch: batch.name.clone(), of: batch.uid.clone() };
    let event = git::event(repo, ledger.moment(scene.facts.now), body)?;
    Ok(git::append(repo, ledger.tip, batch.base, &[event], &format!("undoing {}", batch.name))? != Swap::Lost)
}

fn act((repo, lock): (&Repo, &Lock), loaded: &Loaded, batch: &Batch, decided: &Undo) -> Result<()> {
    let mut taken = Vec::new();
    let mut fault = None;
    for (task, left) in &decided.tasks {
        match git::take_back((repo, lock), (batch, task), left, &loaded.file.settings.disposable) {
            Ok(()) => taken.push(task),
            Err(error) => {
                fault = Some((task, error));
                break;
            }
        }
    }
    let swept = git::sweep(repo, batch, &taken);
    if let Some((task, error)) = fault {
        return Err(stopped(format!("task '{}' of {} could not be taken back", task.id, batch.name), batch, &error));
    }
    swept.map_err(|error| stopped(format!("{} was not taken back as a whole", batch.name), batch, &error))?;
    record(repo, batch).map_err(|error| {
        let what = format!("{} was taken back, but that could not be recorded: {error:#}", batch.name);
        halfway(what, batch).into()
    })
}

/// What went wrong, with the hints of its cause.
fn stopped(what: String, batch: &Batch, error: &anyhow::Error) -> anyhow::Error {
    let hints = error.downcast_ref::<Failure>().map(|cause| cause.hints.clone()).unwrap_or_default();
    hints.into_iter().fold(halfway(format!("{what}: {error:#}"), batch), Failure::hint).into()
}

fn halfway(what: String, batch: &Batch) -> Failure {
    let go_on = format!("use 'git dispatch undo {}' to go on from here", shell_word(&batch.name));
    Failure::new(Exit::Halfway, what).hint(go_on)
}

/// With the batch goes what voided earlier proofs of its tasks.
fn record(repo: &Repo, batch: &Batch) -> Result<()> {
    let at = git::read_ledger(repo)?.moment(git::now());
    let undone = |of: &String| git::event(repo, at, Body::Undone { of: of.clone() });
    let events = std::iter::once(&batch.uid).chain(&batch.reopened).map(undone).collect::<Result<Vec<Event>>>()?;
    git::append_outcome(repo, batch.base, &events, &format!("undone {}", batch.name))
}
