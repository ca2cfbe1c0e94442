//! Moving the target, recording that, and removing what is not needed any more.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{Around, tell};
use crate::git::{self, Advance, Lock, Mark, Repo, Swap, Want, Way};
use crate::model::drop::Kept;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::land::{Checked, Landing, Outcome, Resumed, Step, ready};
use crate::model::ledger::{Body, Event, Landed, Lands, Ledger, Removal, Train};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::undo::Left;
use crate::read::acting::{append_grouped, append_outcome};
use crate::read::{self, Loaded, Scene};

/// Writes the intent, moves the target, in whose checkout `dirt` is not committed, records that, and removes worktrees and branches. Under the lock, right after the decision;
/// `None` where another process was faster.
///
/// # Errors
/// What is not committed in the target's checkout is in the way ([`Exit::Refused`]): then nothing is changed. A step failed
/// ([`Exit::Halfway`]): the same command goes on.
pub fn land(
    (around, loaded, scene, lock): (&Around<'_>, &Loaded, &Scene, &Lock),
    (landing, commits): (Landing, &[Oid]),
    dirt: &[TreePath],
    check: Checked,
) -> Result<Option<Exit>> {
    let Around { repo, args, .. } = around;
    let Some(&new) = commits.last() else { return Ok(None) };
    let folder = git::checkout_of(repo, &landing.target)?;
    let reason = reason(landing.steps.iter().map(|step| &step.task.id));
    if let Some(folder) = &folder {
        let way = Way { folder, branch: &landing.target, from: landing.old, to: new, reason: &reason };
        git::leaves_alone(repo, &scene.quarantine, &way, dirt)?;
    }
    let ledger = &scene.facts.ledger;
    let intents = intents(repo, ledger, scene.facts.now, (&landing, commits), (check.state, args.keep))?;
    let train: Vec<(Lands, Oid)> = intents.iter().filter_map(|(note, event)| Some((lands_of(event)?, *note))).collect();
    let Some((first, _)) = train.first() else { return Ok(None) };
    git::mark(repo, Mark { train: first.train.clone(), old: landing.old, new })?;
    if append_grouped(repo, ledger.tip, &intents, &reason)? == Swap::Lost {
        unmark((repo, lock), &first.train)?;
        return Ok(None);
    }
    let advance = Advance { target: &landing.target, folder, from: landing.old, to: new, reason: &reason };
    match git::advance((repo, lock), &advance, false) {
        Ok(true) => {}
        Ok(false) => {
            void(repo, &events_of(&intents))?;
            unmark((repo, lock), &first.train)?;
            return Ok(None);
        }
        Err(error) if is_at(repo, &landing.target, landing.old) && git::fall_back((repo, lock), &advance).is_ok() => {
            void(repo, &events_of(&intents)).map_err(|_| stopped(&train, &error))?;
            unmark((repo, lock), &first.train)?;
            return Err(nothing_moved(&error));
        }
        Err(error) => return Err(stopped(&train, &error)),
    }
    let kept = settle((repo, lock), loaded, (scene, &train)).map_err(|error| stopped(&train, &error))?;
    let ids: Vec<TaskId> = landing.steps.iter().map(|step| step.task.id.clone()).collect();
    let freed = ready(&loaded.file, &scene.standings, &ids);
    let removed = removed(scene, &ids, &kept, args.keep);
    let outcome = Outcome { landing, commits: commits.to_vec(), check, kept, removed, ready: freed };
    Ok(Some(tell((around, scene), &outcome)))
}

fn removed(scene: &Scene, ids: &[TaskId], kept: &[Kept], keep: bool) -> Vec<TaskId> {
    let there = |id: &&TaskId| {
        let seen = scene.facts.tasks.get(*id);
        seen.is_some_and(|seen| seen.branch.is_some() || seen.worktree.is_some())
    };
    let stays = |id: &TaskId| keep || kept.iter().any(|(kept, _)| kept == id);
    ids.iter().filter(there).filter(|id| !stays(id)).cloned().collect()
}

/// For the reflogs and the ledger's log.
fn reason<'a>(ids: impl Iterator<Item = &'a TaskId>) -> String {
    let ids: Vec<&str> = ids.map(TaskId::as_str).collect();
    format!("dispatch: land {}", ids.join(", "))
}

fn intents(
    repo: &Repo,
    ledger: &Ledger,
    now: jiff::Timestamp,
    (landing, commits): (&Landing, &[Oid]),
    (check, keep): (&str, bool),
) -> Result<Vec<(Oid, Event)>> {
    let mut intents: Vec<(Oid, Event)> = Vec::new();
    let (mut at, mut train) = (ledger.moment(now), String::new());
    let new = commits.last().copied().unwrap_or(landing.old);
    for (step, &commit) in landing.steps.iter().zip(commits) {
        let Step { task, batch, of, note, tip, strategy, .. } = step;
        let lands = Lands {
            batch: batch.clone(),
            of: of.clone(),
            task: task.id.clone(),
            branch: task.branch.clone(),
            tip: *tip,
            commit,
            strategy: strategy.word().to_owned(),
            target: landing.target.clone(),
            old: landing.old,
            new,
            train: train.clone(),
            check: check.to_owned(),
            keep,
        };
        let mut event = git::event(repo, at, Body::Landing(lands.clone()))?;
        if train.is_empty() {
            train.clone_from(&event.uid);
            event.body = Body::Landing(Lands { train: train.clone(), ..lands });
        }
        intents.push((*note, event));
        // Their order in time is that in which they land.
        at = at.checked_add(jiff::SignedDuration::from_millis(1)).unwrap_or(at);
    }
    Ok(intents)
}

fn lands_of(event: &Event) -> Option<Lands> {
    if let Body::Landing(lands) = &event.body { Some(lands.clone()) } else { None }
}

fn events_of(intents: &[(Oid, Event)]) -> Vec<(String, Oid)> {
    intents.iter().map(|(note, event)| (event.uid.clone(), *note)).collect()
}

/// Takes an intent back that nothing came of.
fn void(repo: &Repo, events: &[(String, Oid)]) -> Result<()> {
    append_outcome(repo, "the target moved before it landed", |ledger| {
        let at = ledger.moment(git::now());
        let undone = |(uid, note): &(String, Oid)| Ok((*note, git::event(repo, at, Body::Undone { of: uid.clone() })?));
        events.iter().map(undone).collect()
    })
}

/// Records that the train has landed, and moves to the trash what may go: by one change of the ledger, so that a kill leaves nothing
/// that nobody goes on with. What is kept, and why.
fn settle(held: (&Repo, &Lock), loaded: &Loaded, (scene, train): (&Scene, &[(Lands, Oid)])) -> Result<Vec<Kept>> {
    let repo = held.0;
    let keep = train.iter().any(|(lands, _)| lands.keep);
    let left = if keep { Vec::new() } else { read::removal::left(repo, loaded, scene, train)? };
    let why = |(id, left): &(TaskId, Left)| {
        let tip = train.iter().find(|(lands, _)| lands.task == *id).map(|(lands, _)| lands.tip);
        let moved = left.tip.is_some() && left.tip != tip;
        let why = moved.then(|| "its branch has moved since".to_owned());
        Some((id.clone(), why.or_else(|| read::removal::why_kept(scene, id, left))?))
    };
    let kept: Vec<Kept> = left.iter().filter_map(why).collect();
    let mut removals: Vec<(Removal, Left)> = Vec::new();
    let subject = format!("landed {}", ids(train));
    append_outcome(repo, &subject, |ledger| {
        let at = ledger.moment(git::now());
        let mut events = Vec::new();
        for (lands, note) in train {
            events.push((*note, git::event(repo, at, Body::Landed(landed(lands)))?));
        }
        removals.clear();
        let uid = train.first().map(|(lands, _)| lands.train.as_str());
        let at = at.checked_add(jiff::SignedDuration::from_millis(1)).unwrap_or(at);
        for (id, left) in left.iter().filter(|(id, _)| kept.iter().all(|(kept, _)| kept != id)) {
            if let Some((event, removal)) = read::removal::intent(repo, ledger, (id, left), uid, at)? {
                events.push((removal.note, event));
                removals.push((removal, left.clone()));
            }
        }
        Ok(events)
    })?;
    git::unmark(repo, held.1)?;
    remove(held, loaded, &removals)?;
    Ok(kept)
}

fn ids(train: &[(Lands, Oid)]) -> String {
    train.iter().map(|(lands, _)| lands.task.as_str()).collect::<Vec<_>>().join(", ")
}

fn landed(lands: &Lands) -> Landed {
    Landed {
        batch: Some(lands.batch.clone()),
        task: lands.task.clone(),
        tip: lands.tip,
        commit: lands.commit,
        pr: None,
        strategy: Some(lands.strategy.clone()),
        check: Some(lands.check.clone()),
        of: Some(lands.train.clone()),
    }
}

/// Moves to the trash what the ledger says goes there.
fn remove((repo, lock): (&Repo, &Lock), loaded: &Loaded, removals: &[(Removal, Left)]) -> Result<()> {
    let disposable = &loaded.file.settings.disposable;
    let mut done: Vec<&Removal> = Vec::new();
    let mut fault = None;
    for (removal, left) in removals {
        match git::move_to_trash((repo, lock), removal, left, disposable) {
            Ok(()) => done.push(removal),
            Err(error) => {
                fault =
                    Some(error.context(format!("task '{}' has landed, and could not be removed", removal.what.task)));
                break;
            }
        }
    }
    if !done.is_empty() {
        append_outcome(repo, "removed what has landed", |ledger| {
            let at = ledger.moment(git::now());
            let event = |removal: &&Removal| {
                let body = Body::Dropped { task: removal.what.task.clone(), of: Some(removal.uid.clone()) };
                Ok((removal.note, git::event(repo, at, body)?))
            };
            done.iter().map(event).collect()
        })?;
    }
    fault.map_or(Ok(()), Err)
}

fn stopped(train: &[(Lands, Oid)], error: &anyhow::Error) -> anyhow::Error {
    let inner = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    let hints = inner.map(|failure| failure.hints.clone()).unwrap_or_default();
    let what = format!("the landing of {} was not brought to its end: {error:#}", ids(train));
    let failure = hints.into_iter().fold(Failure::new(Exit::Halfway, what), Failure::hint);
    failure.hint("use 'git dispatch land --continue' to go on from here").into()
}

/// Nothing landed, and all is as it was.
fn nothing_moved(error: &anyhow::Error) -> anyhow::Error {
    let inner = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    let hints = inner.map(|failure| failure.hints.clone()).unwrap_or_default();
    let failure = Failure::new(Exit::Refused, format!("nothing landed: {error:#}"));
    let failure = hints.into_iter().fold(failure, Failure::hint);
    match failure.hints.is_empty() {
        true => failure.hint("use 'git status' to see what is in the way").into(),
        false => failure.into(),
    }
}

fn is_at(repo: &Repo, target: &str, commit: Oid) -> bool {
    repo.commit_of(&format!("refs/heads/{target}")).is_ok_and(|now| now == Some(commit))
}

/// Nothing came of that train.
fn unmark((repo, lock): (&Repo, &Lock), train: &str) -> Result<()> {
    git::unmark(repo, lock)?;
    git::forget_mark(repo, train)
}

/// The landing of this clone that was neither brought to its end nor taken back. What the ledger says of others is none of ours.
pub fn open_train(repo: &Repo) -> Result<Option<Train>> {
    let marks = git::marks(repo);
    if marks.is_empty() {
        return Ok(None);
    }
    Ok(git::read_ledger(repo)?.open_train(|train| marks.iter().any(|mark| mark.is_of(train))).cloned())
}

/// Brings to its end what a kill or a full disk interrupted here after the target had moved, and takes back what had not moved it: that is
/// decided anew. The tasks that landed.
///
/// # Errors
/// A step failed again ([`Exit::Halfway`]).
pub fn resume((repo, lock): (&Repo, &Lock), loaded: &Loaded) -> Result<Resumed> {
    let mut resumed = Resumed::default();
    if let Some(train) = open_train(repo)? {
        if !train.undoing.is_empty() {
            let what = format!("the landing of {} is half undone", ids(&train.lands));
            return Err(Failure::new(Exit::Refused, what)
                .hint(format!("use 'git dispatch undo {}' to go on with that", train.first().task))
                .into());
        }
        if finish((repo, lock), loaded, &train)? {
            resumed.ids = train.ids().cloned().collect();
            resumed.train = Some(train);
        }
    }
    let ledger = git::read_ledger(repo)?;
    let marks = git::marks(repo);
    let ours = |removal: &&Removal| {
        let train = removal.what.train.as_deref().and_then(|train| ledger.train(train));
        let marked = |train: &Train| marks.iter().any(|mark| mark.is_of(train));
        let landed = |train: &Train| {
            train.lands.iter().any(|(lands, _)| {
                lands.task == removal.what.task && Some(lands.tip) == removal.what.tip.or(Some(lands.tip))
            })
        };
        !removal.done && !removal.undoing && train.is_some_and(|train| train.done && marked(train) && landed(train))
    };
    let begun: BTreeMap<&TaskId, &Removal> =
        ledger.records.keys().filter_map(|id| Some((id, ledger.removal_of(id).filter(ours)?))).collect();
    if begun.is_empty() {
        git::unmark(repo, lock)?;
        return Ok(resumed);
    }
    let scene = read::scene(repo, loaded, Want { merges: false, ..Want::STANDINGS })?;
    let mut removals = Vec::new();
    for (id, removal) in begun {
        let left = read::removal::left_of(repo, loaded, &scene, id)?;
        if let Some(why) = read::removal::why_kept(&scene, id, &left) {
            let what = format!("the removal of task '{id}', which has landed, was begun and cannot go on: {why}");
            return Err(Failure::new(Exit::Halfway, what)
                .hint(format!("use 'git dispatch undo {id}' to bring it back"))
                .into());
        }
        removals.push((removal.clone(), left));
        if !resumed.ids.contains(id) {
            resumed.ids.push(id.clone());
        }
    }
    remove((repo, lock), loaded, &removals).context("what has landed could not be removed")?;
    git::unmark(repo, lock)?;
    Ok(resumed)
}

/// Whether a train whose intent stands in the ledger has landed: then that is recorded. Else the checkout is as it was, and the intent is void.
fn finish(held: (&Repo, &Lock), loaded: &Loaded, train: &Train) -> Result<bool> {
    let (repo, lock) = held;
    let first = train.first();
    let reason = reason(train.ids());
    let folder = git::checkout_of(repo, &first.target)?;
    let (from, to) = (first.old, first.new);
    let advance = Advance { target: &first.target, folder, from, to, reason: &reason };
    let now = repo.commit_of(&format!("refs/heads/{}", first.target))?;
    if now == Some(from) {
        git::fall_back(held, &advance).map_err(|error| stopped(&train.lands, &error))?;
    } else {
        // Clears away what it left of locks.
        git::advance(held, &advance, true).map_err(|error| stopped(&train.lands, &error))?;
    }
    if !now.is_some_and(|now| git::contains(repo, now, to)) {
        void(repo, &train.events)?;
        unmark((repo, lock), &train.uid)?;
        return Ok(false);
    }
    let scene = read::scene(repo, loaded, Want { merges: false, ..Want::STANDINGS })?;
    settle(held, loaded, (&scene, &train.lands)).map_err(|error| stopped(&train.lands, &error))?;
    Ok(true)
}
