//! `git dispatch drop`: moves the worktrees and branches of tasks to the trash, and empties it.

mod trash;

use std::collections::BTreeSet;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Lock, Repo, Swap};
use crate::global::Global;
use crate::model::drop::{self, Drop, Kept, Known};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::{Body, Dropping, Event, Ledger, Removal};
use crate::model::oid::Oid;
use crate::model::start::not_in_file;
use crate::model::state::{Proof, State};
use crate::model::trash::Goes;
use crate::read::acting::{self, Acting};
use crate::read::{self, Loaded, Scene};
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tasks
    #[arg(value_name = "ID", required_unless_present_any = ["landed", "trash"])]
    pub ids: Vec<String>,
    /// Drop all that has landed, but for what holds something
    #[arg(long, conflicts_with = "ids")]
    pub landed: bool,
    /// Remove for good what was dropped long enough ago
    #[arg(long, conflicts_with_all = ["ids", "landed"])]
    pub trash: bool,
    /// Take only what landed, or with --trash was dropped, at least so long ago
    #[arg(long, value_name = "AGE", conflicts_with = "ids")]
    pub older_than: Option<String>,
    #[command(flatten)]
    pub acting: Acting,
}

/// Decides and writes the intent under the repository's lock, moves task by task, and records that.
///
/// # Errors
/// See [`drop::known`] and [`drop::decide`]; [`Exit::Held`] where another command acts; [`Exit::Halfway`] where a step failed:
/// the same command goes on.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    if args.trash {
        return trash::run(&args.acting, args.older_than.as_deref(), global, console);
    }
    let (repo, console) = read::repository(global, console)?;
    let dry_run = args.acting.dry_run;
    let (text, ids, kept, expired) =
        acting::decided((&repo, global), (!dry_run).then_some("drop"), |lock, loaded, scene| {
            if !args.acting.from_worktree {
                let which = if args.landed { "--landed".to_owned() } else { args.ids.join(" ") };
                read::outside(&repo, scene, &format!("drop --from-worktree {which}"))?;
            }
            let (mut decided, mut kept) = if args.landed {
                landed(&repo, &loaded, scene, args.older_than.as_deref())?
            } else {
                (decide(&repo, &loaded, scene, &named(&loaded, scene, &args.ids)?)?, Vec::new())
            };
            let mut expired = Vec::new();
            if let Some(lock) = lock {
                let Some(removals) = written(&repo, scene, &decided)? else { return Ok(None) };
                let immovable = act((&repo, lock), &loaded, &decided, &removals)?;
                decided.retain(|one| immovable.iter().all(|(id, _)| *id != one.task.id));
                kept.extend(immovable);
                expired = trash::expire((&repo, lock), &loaded, scene);
            }
            let goes = if dry_run { Some(goes(&repo, &loaded, &decided)?) } else { None };
            let render = if global.json { render::drop::json } else { render::drop::dropped };
            let ids: Vec<String> = decided.iter().map(|one| one.task.id.to_string()).collect();
            Ok(Some((render(&decided, &kept, goes.as_deref()), ids, kept, expired)))
        })?;
    console.answer(&text);
    for (_, why) in kept.iter().filter(|_| !global.json) {
        console.warning(why);
    }
    for id in kept.iter().filter(|_| !args.landed).map(|(id, _)| id) {
        console.hint(&format!("use 'git dispatch status {id}' to see where it stands"));
    }
    for told in expired {
        match told {
            trash::Expired::Gone(what) => console.note(&what),
            trash::Expired::Stays(why) => console.warning(&why),
        }
    }
    if !dry_run && !global.json {
        match &ids[..] {
            [] => {}
            [id] => console.hint(&format!("use 'git dispatch undo {id}' to bring it back")),
            _ => console.hint("use 'git dispatch undo' to bring all of them back"),
        }
    }
    Ok(match (ids.is_empty(), kept.is_empty()) {
        (true, false) if !args.landed => Exit::Refused,
        (true, _) => Exit::No,
        (false, false) if !args.landed => Exit::Halfway,
        (false, _) => Exit::Success,
    })
}

/// What has landed and stands here, and what of that is kept, each with the reason.
fn landed(repo: &Repo, loaded: &Loaded, scene: &Scene, older: Option<&str>) -> Result<(Vec<Drop>, Vec<Kept>)> {
    let expiry = older.map(|text| git::expiry(repo, "--older-than", text, scene.facts.now)).transpose()?;
    let (mut drops, mut kept) = (Vec::new(), Vec::new());
    let records = scene.facts.ledger.records.iter();
    let is_landed =
        |id: &TaskId| scene.standings.of(&loaded.file, id).is_some_and(|standing| standing.state == State::Landed);
    let stands = |id: &TaskId| {
        let seen = scene.facts.tasks.get(id);
        seen.is_some_and(|seen| seen.branch.is_some() || seen.worktree.is_some())
    };
    for (id, _) in records.filter(|(id, record)| !record.dropped && is_landed(id) && stands(id)) {
        if let Some(expiry) = expiry {
            match landed_at(repo, loaded, scene, id) {
                Some(at) if expiry.reaches(at) => {}
                Some(_) => continue,
                None => {
                    kept.push((id.clone(), format!("cannot drop {id}: when it landed is not known")));
                    continue;
                }
            }
        }
        match decide(repo, loaded, scene, &BTreeSet::from([id.clone()])) {
            Ok(one) => drops.extend(one),
            Err(error) => match error.downcast::<Failure>() {
                Ok(failure) => kept.push((id.clone(), failure.what)),
                Err(error) => return Err(error),
            },
        }
    }
    if drops.is_empty() && kept.is_empty() {
        let so_long = older.map(|text| format!(" as long ago as '{text}'")).unwrap_or_default();
        return Err(Failure::new(
            Exit::No,
            format!("nothing that has landed{so_long} has a branch or a worktree here"),
        )
        .hint("use 'git dispatch status --all' to see where all tasks stand")
        .into());
    }
    Ok((drops, kept))
}

/// When the commit was made that landed the task; for research without commits, when that was reported.
fn landed_at(repo: &Repo, loaded: &Loaded, scene: &Scene, id: &TaskId) -> Option<jiff::Timestamp> {
    match scene.standings.of(&loaded.file, id)?.proof.as_ref()? {
        Proof::Report { .. } => scene.facts.ledger.records.get(id)?.last_said().map(|said| said.at),
        proof => git::committed_at(repo, proof.commit()?),
    }
}

/// What each of these would take to the trash.
fn goes(repo: &Repo, loaded: &Loaded, drops: &[Drop]) -> Result<Vec<Goes>> {
    let of = |one: &Drop| match one.left.worktree.as_deref().filter(|folder| folder.is_dir()) {
        Some(folder) => git::would_go(repo, &one.task.id, folder, &loaded.file.settings.disposable),
        None => Ok(Goes::default()),
    };
    drops.iter().map(of).collect()
}

/// The tasks, each once.
fn named(loaded: &Loaded, scene: &Scene, ids: &[String]) -> Result<BTreeSet<TaskId>> {
    let known = |id: &TaskId| scene.standings.of(&loaded.file, id).is_some();
    let unknown = |text: &str| not_in_file(&loaded.file, &scene.standings, &[text]);
    let named = |text: &String| Ok(text.parse::<TaskId>().ok().filter(known).ok_or_else(|| unknown(text))?);
    ids.iter().map(named).collect()
}

fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, ids: &BTreeSet<TaskId>) -> Result<Vec<Drop>> {
    let ledger = &scene.facts.ledger;
    let (mut drops, mut dropped) = (Vec::new(), None);
    for id in ids {
        let Known { batch, task, begun } = match drop::known(ledger, id) {
            // Of several, those that are not dropped yet are left.
            Err(failure) if ledger.records.get(id).is_some_and(|record| record.dropped) => {
                dropped.get_or_insert(failure);
                continue;
            }
            known => known?,
        };
        let note = ledger.batches[batch].base;
        read::may_act(repo, loaded, &begun.map_or_else(|| task.clone(), Removal::task), note)?;
        let before = ledger.batches[..batch].iter().rev().flat_map(|batch| &batch.tasks);
        let earlier = before.clone().find(|one| one.id == *id && one.branch != task.branch);
        let left = git::left_to_drop(repo, task, begun, earlier, &loaded.file.settings.disposable)?;
        let landed = scene.standings.of(&loaded.file, id).is_some_and(|standing| standing.state == State::Landed);
        let branch = scene.facts.tasks.get(id).and_then(|seen| seen.branch.as_ref()).filter(|_| !landed);
        let unlanded = branch.and_then(|branch| branch.commits).unwrap_or_default();
        drops.push(Drop { batch, task: task.clone(), begun: begun.cloned(), left, unlanded });
    }
    match dropped.filter(|_| drops.is_empty()) {
        Some(failure) => Err(failure.into()),
        None => Ok(drop::decide(ledger, drops, &git::host())?),
    }
}

/// Writes the intents, where they do not stand there yet; `None` if another process was faster.
fn written(repo: &Repo, scene: &Scene, drops: &[Drop]) -> Result<Option<Vec<Removal>>> {
    let ledger = &scene.facts.ledger;
    let at = ledger.moment(scene.facts.now);
    let (mut removals, mut notes) = (Vec::new(), Vec::new());
    for one in drops {
        if let Some(begun) = &one.begun {
            removals.push(begun.clone());
            continue;
        }
        let (event, removal) = intent(repo, ledger, one, at)?;
        notes.push((removal.note, event));
        removals.push(removal);
    }
    if notes.is_empty() {
        return Ok(Some(removals));
    }
    let mut grouped: Vec<(Oid, Vec<Event>)> = Vec::new();
    for (note, event) in notes {
        match grouped.iter_mut().find(|(commit, _)| *commit == note) {
            Some((_, events)) => events.push(event),
            None => grouped.push((note, vec![event])),
        }
    }
    let notes: Vec<(Oid, &[Event])> = grouped.iter().map(|(note, events)| (*note, events.as_slice())).collect();
    let ids: Vec<&str> = drops.iter().map(|one| one.task.id.as_str()).collect();
    let done = git::append_all(repo, ledger.tip, &notes, &format!("dropping {}", ids.join(", ")))?;
    Ok((done != Swap::Lost).then_some(removals))
}

fn intent(repo: &Repo, ledger: &Ledger, one: &Drop, at: jiff::Timestamp) -> Result<(Event, Removal)> {
    let batch = &ledger.batches[one.batch];
    let folder = one.left.worktree.as_deref();
    let what = Dropping {
        batch: batch.name.clone(),
        of: batch.uid.clone(),
        task: one.task.id.clone(),
        branch: one.task.branch.clone(),
        tip: one.left.tip,
        path: folder.map(|folder| git::recorded_path(repo, folder)).transpose()?,
        trash: None,
        train: None,
    };
    let mut event = git::event(repo, at, Body::Dropping(what.clone()))?;
    let trash = folder.map(|folder| git::trash_of(repo, &event.uid, &one.task, folder)).transpose()?;
    let trash = trash.map(|trash| git::recorded_path(repo, &trash)).transpose()?;
    let what = Dropping { trash, ..what };
    event.body = Body::Dropping(what.clone());
    let (uid, by, host) = (event.uid.clone(), event.by.clone(), event.host.clone());
    let (note, snapshot) = (batch.base, one.task.clone());
    Ok((event, Removal { uid, at, by, host, what, note, snapshot, done: false, undoing: false }))
}

/// What stays, since no file system moves it in one step.
fn act((repo, lock): (&Repo, &Lock), loaded: &Loaded, drops: &[Drop], removals: &[Removal]) -> Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for (at, (one, removal)) in drops.iter().zip(removals).enumerate() {
        let moved = git::move_to_trash((repo, lock), removal, &one.left, &loaded.file.settings.disposable);
        let refused = |error: &anyhow::Error| {
            let failure = error.downcast_ref::<Failure>().filter(|failure| failure.exit == Exit::Refused)?;
            Some(format!("cannot drop {}: {}", one.task.id, failure.what))
        };
        let done = match moved {
            Ok(()) => record(repo, removal),
            Err(error) => match refused(&error) {
                Some(why) => {
                    kept.push((one.task.id.clone(), why));
                    record_stays(repo, removal)
                }
                None => Err(error),
            },
        };
        done.map_err(|error| stopped(&drops[at..], &error))?;
    }
    Ok(kept)
}

/// The intent counts no longer.
fn record_stays(repo: &Repo, removal: &Removal) -> Result<()> {
    let at = git::read_ledger(repo)?.moment(git::now());
    let event = git::event(repo, at, Body::Undone { of: removal.uid.clone() })?;
    git::append_outcome(repo, removal.note, &[event], &format!("{} stays", removal.what.task))
}

fn record(repo: &Repo, removal: &Removal) -> Result<()> {
    let at = git::read_ledger(repo)?.moment(git::now());
    let task = removal.what.task.clone();
    let subject = format!("dropped {task}");
    let event = git::event(repo, at, Body::Dropped { task, of: Some(removal.uid.clone()) })?;
    git::append_outcome(repo, removal.note, &[event], &subject)
}

/// What went wrong, with the hints of its cause.
fn stopped(drops: &[Drop], error: &anyhow::Error) -> anyhow::Error {
    let ids: Vec<&str> = drops.iter().map(|one| one.task.id.as_str()).collect();
    let id = ids.first().copied().unwrap_or_default();
    let hints = error.downcast_ref::<Failure>().map(|cause| cause.hints.clone()).unwrap_or_default();
    let failure = Failure::new(Exit::Halfway, format!("task '{id}' could not be dropped as a whole: {error:#}"))
        .hint(format!("use 'git dispatch drop {}' to go on from here", ids.join(" ")));
    hints.into_iter().fold(failure, Failure::hint).into()
}
