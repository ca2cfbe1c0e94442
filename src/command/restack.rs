//! `git dispatch restack`: puts the own commits of a stacked task on what its needs are now.

use anyhow::{Context, Result};

use crate::console::Console;
use crate::git::{self, Lock, Rebased, Repo, Swap};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Body, Restacked};
use crate::model::oid::Oid;
use crate::model::stack::{self, Base, Place, Rebase, Restack};
use crate::read::acting::{self, Acting};
use crate::read::{self, Loaded, Scene};
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub acting: Acting,
}

/// Decides and writes the intent under the repository's lock, keeps the new base, rebases, and records that.
///
/// # Errors
/// See [`stack::place`]; what the task stands on is not done or conflicts, or its worktree is not clean ([`Exit::Refused`]);
/// [`Exit::Held`] where another command acts; [`Exit::Halfway`] where the rebase stopped: the same command goes on.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let text = acting::decided((&repo, global), (!args.acting.dry_run).then_some("restack"), |lock, loaded, scene| {
        if !args.acting.from_worktree {
            read::outside(&repo, scene, &format!("restack --from-worktree {}", args.id))?;
        }
        let place = stack::place(&loaded.file, (&scene.facts, &scene.standings), &args.id)?;
        let decided = decide(&repo, &loaded, scene, &place)?;
        let mut tip = None;
        if let Some(lock) = lock {
            if !written(&repo, scene, &place, &decided)? {
                return Ok(None);
            }
            tip = Some(act((&repo, lock), &place, &decided.restack)?);
        }
        Ok(Some(if global.json {
            render::restack::json(&decided.restack, tip)
        } else {
            render::restack::restacked(&decided.restack, scene.facts.target.newest(), tip)
        }))
    })?;
    console.answer(&text);
    Ok(Exit::Success)
}

struct Decided {
    restack: Restack,
    /// What the new base is made of; `None` where one that was begun goes on.
    base: Option<Base>,
}

fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, place: &Place<'_>) -> Result<Decided> {
    read::may_act(repo, loaded, place.snapshot, place.batch.base)?;
    let (own, next) = git::kept_bases(repo, &place.id)?;
    // What the ledger says may be another's word: what is kept here is not.
    let begun = place.begun.filter(|begun| [own, next].contains(&Some(begun.base)));
    if own != Some(place.snapshot.base) && begun.is_none_or(|begun| own != Some(begun.base)) {
        return Err(not_kept(place).into());
    }
    let restack = |base: Oid, stack: &[_], rebase| Restack {
        id: place.id.clone(),
        branch: place.snapshot.branch.clone(),
        folder: place.folder.clone(),
        before: begun.map_or(place.tip, |begun| begun.tip),
        from: place.snapshot.base,
        base,
        stack: stack.to_vec(),
        begun: false,
        rebase,
    };
    if let Some(begun) = begun {
        let goes_on = |rebase| {
            let restack = Restack { begun: true, ..restack(begun.base, &begun.stack, rebase) };
            Ok(Decided { restack, base: None })
        };
        match &place.operation {
            Some(_) if git::is_this_rebase(repo, &place.folder, begun.tip, begun.base) => {
                if git::contains(repo, place.tip, begun.base) {
                    return goes_on(Rebase::Quit);
                }
                let untouched = git::is_untouched(repo, &place.folder);
                let changes = git::has_changes(repo, &place.id, &place.folder);
                if changes.is_some() || !untouched {
                    let paths = git::unmerged(repo, &place.folder)?;
                    let said = changes.filter(|_| untouched).unwrap_or_default();
                    return Err(stack::halted((&place.id, &place.folder), begun.tip, &paths, &said).into());
                }
                return goes_on(Rebase::Anew);
            }
            None if git::contains(repo, place.tip, begun.base) => return goes_on(Rebase::Done),
            _ => {}
        }
    }
    if let Some(operation) = &place.operation {
        return Err(stack::under_way(&place.id, operation, &place.folder).into());
    }
    let base = new_base(repo, loaded, scene, place)?;
    let fresh = |rebase| Restack { before: place.tip, ..restack(base.commit, &base.on, rebase) };
    if base.commit == place.snapshot.base && base.on == place.snapshot.stack {
        return Err(stack::nothing_to_do(&place.id).into());
    }
    if git::contains(repo, place.tip, base.commit) {
        return Ok(Decided { restack: fresh(Rebase::Done), base: Some(base) });
    }
    may_rebase(repo, scene, place, &base)?;
    Ok(Decided { restack: fresh(Rebase::Onto), base: Some(base) })
}

fn not_kept(place: &Place<'_>) -> Failure {
    let (id, base) = (&place.id, place.snapshot.base.short());
    let what = format!("nothing shows that task '{id}' was put on {base} here: that base is not kept");
    let note = place.batch.base.short();
    Failure::new(Exit::Refused, what)
        .hint(format!("use 'git notes --ref=dispatch show {note}' to see who wrote that it was"))
}

/// What the task stands on now: the target, where all of it has landed.
fn new_base(repo: &Repo, loaded: &Loaded, scene: &Scene, place: &Place<'_>) -> Result<Base> {
    let asked = stack::asked(&loaded.file, (&scene.facts, &scene.standings), &place.id, &place.needs);
    let asked = asked.map_err(|open| stack::not_done(&place.id, &open))?;
    let base = git::stack_base(repo, &scene.quarantine, scene.facts.target.newest(), &asked)?;
    Ok(base.map_err(|clash| stack::at_odds(&place.id, &clash))?)
}

/// # Errors
/// The worktree is not clean, the branch has left its base, or a rebase would lose a merge ([`Exit::Refused`]).
fn may_rebase(repo: &Repo, scene: &Scene, place: &Place<'_>, base: &Base) -> Result<()> {
    if let Some(what) = git::has_changes(repo, &place.id, &place.folder) {
        return Err(stack::not_clean(place, &what).into());
    }
    let from = place.snapshot.base;
    if !git::contains(repo, place.tip, from) {
        return Err(stack::off_its_base(&place.id, from).into());
    }
    let merges = git::merges_since(repo, from, place.tip)?;
    if merges == 0 {
        return Ok(());
    }
    let (target, newest) = scene.facts.target.newest();
    let one = base.parts.first().filter(|_| base.parts.len() == 1).map(|part| match *part == newest {
        true => target.to_owned(),
        false => part.to_string(),
    });
    Err(stack::merged_itself(place, merges, one.as_deref()).into())
}

/// Writes what the new base takes, and the intent, where that does not stand there yet; `false` if another process was faster.
fn written(repo: &Repo, scene: &Scene, place: &Place<'_>, decided: &Decided) -> Result<bool> {
    let Some(base) = &decided.base else { return Ok(true) };
    git::keep_base(repo, &scene.quarantine, base)?;
    let ledger = &scene.facts.ledger;
    let id = &place.id;
    let body = Body::Restacking(event_of(place, &decided.restack, decided.restack.before));
    let event = git::event(repo, ledger.moment(scene.facts.now), body)?;
    Ok(git::append(repo, ledger.tip, place.batch.base, &[event], &format!("restacking {id}"))? != Swap::Lost)
}

fn event_of(place: &Place<'_>, restack: &Restack, tip: Oid) -> Restacked {
    Restacked {
        batch: place.batch.name.clone(),
        of: place.batch.uid.clone(),
        task: restack.id.clone(),
        base: restack.base,
        tip,
        stack: restack.stack.clone(),
    }
}

/// The new tip.
fn act((repo, lock): (&Repo, &Lock), place: &Place<'_>, restack: &Restack) -> Result<Oid> {
    let Restack { id, folder, branch, before, from, base, .. } = restack;
    let onto = || git::rebase((repo, lock), (folder, branch), *from, *base);
    let rebased = match restack.rebase {
        Rebase::Done => Ok(Rebased::Done(place.tip)),
        Rebase::Onto => git::keep_next(repo, id, *base).and_then(|()| onto()),
        Rebase::Quit => git::quit_rebase(repo, (folder, branch), place.tip).map(|()| Rebased::Done(place.tip)),
        Rebase::Anew => git::abort_rebase((repo, lock), folder).and_then(|()| onto()),
    };
    let tip = match rebased.map_err(|error| stopped(restack, &error))? {
        Rebased::Done(tip) => tip,
        Rebased::Stopped(paths, said) => return Err(stack::halted((id, folder), *before, &paths, &said).into()),
    };
    git::finish_restack(repo, id, *base).map_err(|error| stopped(restack, &error))?;
    record(repo, place, restack, tip).map_err(|error| {
        let error = error.context("it was restacked, but that could not be recorded");
        stopped(restack, &error)
    })?;
    Ok(tip)
}

fn stopped(restack: &Restack, error: &anyhow::Error) -> Failure {
    let id = &restack.id;
    let hints = error.downcast_ref::<Failure>().map(|inner| inner.hints.clone()).unwrap_or_default();
    let what = format!("task '{id}' could not be restacked: {error:#}");
    let failure = hints.into_iter().fold(Failure::new(Exit::Halfway, what), Failure::hint);
    failure.hint(format!("use 'git dispatch restack {id}' to go on from here"))
}

fn record(repo: &Repo, place: &Place<'_>, restack: &Restack, tip: Oid) -> Result<()> {
    let at = git::read_ledger(repo)?.moment(git::now());
    let event = git::event(repo, at, Body::Restacked(event_of(place, restack, tip)))?;
    git::append_outcome(repo, place.batch.base, &[event], &format!("restacked {}", restack.id))
        .context("the ledger could not be written")
}
