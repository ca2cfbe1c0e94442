//! Taking back a landing: the target moves back, and what was removed after it comes back from the trash.

use anyhow::Result;

use crate::git::{self, Advance, Lock, Repo, Swap, Way};
use crate::global::Global;
use crate::model::drop;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Body, Event, Ledger, Removal, Train};
use crate::model::oid::Oid;
use crate::model::undo::{bases_above, moved_on};
use crate::read::{self, Loaded, Scene};
use crate::render;

/// The answer; `None` if another process was faster.
///
/// # Errors
/// The target moved on, the landing is pushed, or other tasks stand on it ([`Exit::Refused`]): with the commands that revert it.
/// [`Exit::Halfway`] where a step failed: the same command goes on.
pub fn take_back(
    repo: &Repo,
    loaded: &Loaded,
    (scene, lock): (&Scene, Option<&Lock>),
    train: &Train,
    global: &Global,
) -> Result<Option<String>> {
    let ledger = &scene.facts.ledger;
    let begun = !train.undoing.is_empty();
    let first = train.first();
    let folder = may_go(repo, scene, train, begun)?;
    let removals: Vec<Removal> = removals(ledger, train);
    for removal in removals.iter().filter(|removal| !removal.undoing) {
        read::may_act(repo, loaded, &removal.task(), removal.note)?;
        if let Some((why, hint)) = git::unrestorable(repo, removal)? {
            return Err(drop::not_restored(removal, &why, hint).into());
        }
    }
    let render = if global.json { render::undo::unlanded_json } else { render::undo::unlanded };
    let answer = render(train, &removals, lock.is_none());
    let Some(lock) = lock else { return Ok(Some(answer)) };
    let mut intent = train.undoing.clone();
    if !begun {
        let body = Body::Undoing { batch: first.batch.clone(), of: train.uid.clone() };
        let event = git::event(repo, ledger.moment(scene.facts.now), body)?;
        let note = train.lands[0].1;
        intent.push((event.uid.clone(), note));
        if git::append(repo, ledger.tip, note, &[event], "undoing a landing")? == Swap::Lost {
            return Ok(None);
        }
    }
    let reason = "dispatch: undo a landing";
    let advance = Advance { target: &first.target, folder, from: first.new, to: first.old, reason };
    let moved = git::advance((repo, lock), &advance, begun).map_err(|error| halfway(train, &error))?;
    if !moved {
        outcome(repo, "a landing is not undone", |ledger| undone(repo, ledger, &intent))?;
        return Err(moved_on(train, "the target moved meanwhile").into());
    }
    restored((repo, lock), train, &removals).map_err(|error| halfway(train, &error))?;
    Ok(Some(answer))
}

/// Where the target is checked out, if it may move back.
fn may_go(repo: &Repo, scene: &Scene, train: &Train, begun: bool) -> Result<Option<std::path::PathBuf>> {
    let first = train.first();
    let (target, name) = (&first.target, format!("refs/heads/{}", first.target));
    let now = repo.commit_of(&name)?;
    if !train.done && !begun {
        let ids: Vec<&str> = train.ids().map(|id| id.as_str()).collect();
        let what = format!("the landing of {} was not brought to its end", ids.join(", "));
        return Err(Failure::new(Exit::Refused, what)
            .hint("use 'git dispatch land --continue' to bring it there first")
            .into());
    }
    if !git::marks(repo).iter().any(|mark| mark.is_of(train)) {
        return Err(moved_on(train, "nothing here shows that it is a landing of this clone").into());
    }
    let folder = git::checkout_of(repo, target)?;
    if begun && now == Some(first.old) {
        return Ok(folder);
    }
    let branches: Vec<&str> = train.lands.iter().map(|(lands, _)| lands.branch.as_str()).collect();
    if now != Some(first.new) {
        return Err(moved_on(train, &format!("'{target}' has gone on since")).into());
    }
    if let Some(remote) = git::pushed(repo, first.commit, &branches)? {
        return Err(moved_on(train, &format!("it is pushed: '{remote}' has it")).into());
    }
    let above =
        bases_above(&scene.facts.ledger, &scene.standings, train, |base| git::contains(repo, base, first.commit));
    if let Some(id) = above.first() {
        return Err(moved_on(train, &format!("task '{id}' was started from it"))
            .hint(format!("use 'git dispatch drop {id}' first to undo it after that"))
            .into());
    }
    if let Some(folder) = folder.as_ref().filter(|_| !begun) {
        let way = Way { folder, branch: target, from: first.new, to: first.old, reason: "" };
        git::leaves_alone(repo, &scene.quarantine, &way, &git::dirt(repo, folder)?)?;
    }
    Ok(folder)
}

/// What went to the trash after the landing.
fn removals(ledger: &Ledger, train: &Train) -> Vec<Removal> {
    let of = |removal: &&Removal| removal.what.train.as_ref() == Some(&train.uid);
    let current = train.ids().filter_map(|id| ledger.removal_of(id));
    current.filter(of).cloned().collect()
}

fn restored((repo, lock): (&Repo, &Lock), train: &Train, removals: &[Removal]) -> Result<()> {
    outcome(repo, "bringing back from the trash", |ledger| {
        let at = ledger.moment(git::now());
        let open = removals.iter().filter(|removal| !removal.undoing);
        let event = |removal: &Removal| {
            let body = Body::Undoing { batch: removal.what.batch.clone(), of: removal.uid.clone() };
            Ok((removal.note, git::event(repo, at, body)?))
        };
        open.map(event).collect()
    })?;
    for removal in removals {
        git::restore((repo, lock), removal)?;
    }
    outcome(repo, "a landing is undone", |ledger| {
        let back = removals.iter().map(|removal| (removal.uid.clone(), removal.note));
        let all: Vec<(String, Oid)> = train.events.iter().cloned().chain(back).collect();
        undone(repo, ledger, &all)
    })?;
    git::forget_mark(repo, &train.uid)
}

fn undone(repo: &Repo, ledger: &Ledger, uids: &[(String, Oid)]) -> Result<Vec<(Oid, Event)>> {
    let at = ledger.moment(git::now());
    let event = |(uid, note): &(String, Oid)| Ok((*note, git::event(repo, at, Body::Undone { of: uid.clone() })?));
    uids.iter().map(event).collect()
}

fn outcome(repo: &Repo, subject: &str, make: impl FnMut(&Ledger) -> Result<Vec<(Oid, Event)>>) -> Result<()> {
    read::acting::append_outcome(repo, subject, make)
}

fn halfway(train: &Train, error: &anyhow::Error) -> anyhow::Error {
    let hints = error.downcast_ref::<Failure>().map(|cause| cause.hints.clone()).unwrap_or_default();
    let id = &train.first().task;
    let what = format!("the landing of '{id}' was not undone as a whole: {error:#}");
    let failure = hints.into_iter().fold(Failure::new(Exit::Halfway, what), Failure::hint);
    failure.hint(format!("use 'git dispatch undo {id}' to go on from here")).into()
}
