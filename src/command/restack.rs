//! `git dispatch restack`: puts the own commits of a stacked task on what its needs are now.

use anyhow::{Context, Result};

use crate::console::Console;
use crate::git::{self, Lock, Remade, Repo, Swap, Way};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Body, Restacked};
use crate::model::oid::Oid;
use crate::model::stack::{self, Asked, Base, Move, Place, Restack};
use crate::model::state::State;
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
        let decided = decide(&repo, &loaded, scene, &place, args)?;
        let mut tip = None;
        if let Some(lock) = lock {
            if !written(&repo, scene, &place, &decided)? {
                return Ok(None);
            }
            tip = Some(act((&repo, lock), scene, &place, &decided.restack)?);
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

/// For the reflogs.
const REASON: &str = "dispatch: restack";

struct Decided {
    restack: Restack,
    /// What the new base is made of; `None` where one that was begun goes on.
    base: Option<Base>,
}

fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, place: &Place<'_>, args: &Args) -> Result<Decided> {
    read::may_act(repo, loaded, place.snapshot, place.batch.base)?;
    let (own, next) = git::kept_bases(repo, &place.id)?;
    // What the ledger says may be another's word: what is kept here is not.
    let begun = place.begun.filter(|begun| [own, next].contains(&Some(begun.base)));
    if own != Some(place.snapshot.base) && begun.is_none_or(|begun| own != Some(begun.base)) {
        return Err(not_kept(place).into());
    }
    if let Some(operation) = &place.operation {
        return Err(stack::under_way(&place.id, operation, &place.folder).into());
    }
    let restack = |base: Oid, on: &[_], moves| Restack {
        id: place.id.clone(),
        branch: place.snapshot.branch.clone(),
        folder: place.folder.clone(),
        before: place.tip,
        from: place.snapshot.base,
        base,
        stack: on.to_vec(),
        left: place.snapshot.stack.clone(),
        begun: false,
        moves,
    };
    if let Some(begun) = begun {
        let goes_on = |moves, before| {
            let restack = Restack { begun: true, before, ..restack(begun.base, &begun.stack, moves) };
            Ok(Decided { restack, base: None })
        };
        if git::contains(repo, place.tip, begun.base) {
            return goes_on(Move::Recorded, begun.tip);
        }
        if place.tip == begun.tip {
            return goes_on(replayed(repo, scene, place, begun.base)?, begun.tip);
        }
    }
    let (base, asked) = new_base(repo, loaded, scene, place)?;
    if base.commit == place.snapshot.base && base.on == place.snapshot.stack {
        return Err(stack::nothing_to_do(&place.id).into());
    }
    if git::contains(repo, place.tip, base.commit) {
        return Ok(Decided { restack: restack(base.commit, &base.on, Move::Recorded), base: Some(base) });
    }
    let merges = git::merges_since(repo, place.snapshot.base, place.tip)?;
    if merges > 0
        && let Some(met) = merged_landings(repo, scene, place, &asked)?
    {
        let base = Base { commit: met, on: Vec::new(), parts: vec![met] };
        return Ok(Decided { restack: restack(met, &base.on, Move::Recorded), base: Some(base) });
    }
    may_rebase(repo, scene, place, (&base, merges))?;
    if let Some(what) = git::unready(repo, &place.id, &place.folder, args.acting.from_worktree) {
        return Err(stack::not_ready(place, &what).into());
    }
    let moves = replayed(repo, scene, place, base.commit);
    if moves.is_err() && base.parts.len() > 1 && !args.acting.dry_run {
        // What a person is told to rebase onto has to be there.
        git::keep(repo, &scene.quarantine, base.commit, &base.parts)?;
        git::keep_next(repo, &place.id, base.commit)?;
    }
    let moves = moves?;
    if let Move::To(to) = moves {
        let (folder, branch) = (place.folder.as_path(), place.snapshot.branch.as_str());
        git::may_carry(repo, &scene.quarantine, &Way { folder, branch, from: place.tip, to, reason: REASON })?;
    }
    Ok(Decided { restack: restack(base.commit, &base.on, moves), base: Some(base) })
}

/// # Errors
/// One of its own commits conflicts with `base` ([`Exit::Refused`]).
fn replayed(repo: &Repo, scene: &Scene, place: &Place<'_>, base: Oid) -> Result<Move> {
    let own = (place.snapshot.base, place.tip);
    match git::replay(repo, &scene.quarantine, own, base, &Remade { signed: true, trailer: None })? {
        Ok(tip) => Ok(Move::To(tip)),
        Err(git::Stuck { commit, paths }) => Err(stack::stuck(place, base, (commit, &paths)).into()),
    }
}

/// Where all that the task stood on has landed, and it merged the target since: the newest commit of the target that it has.
fn merged_landings(repo: &Repo, scene: &Scene, place: &Place<'_>, asked: &Asked) -> Result<Option<Oid>> {
    if !asked.on.is_empty() || asked.with_target {
        return Ok(None);
    }
    let met = git::merge_base(repo, scene.facts.target.newest().1, place.tip)?;
    Ok(met.filter(|met| asked.landed.iter().all(|landed| git::contains(repo, *met, *landed))))
}

fn not_kept(place: &Place<'_>) -> Failure {
    let (id, base) = (&place.id, place.snapshot.base.short());
    let what = format!("nothing shows that task '{id}' was put on {base} here: that base is not kept");
    let note = place.batch.base.short();
    Failure::new(Exit::Refused, what)
        .hint(format!("use 'git notes --ref=dispatch show {note}' to see who wrote that it was"))
}

/// What the task stands on now: the target, where all of it has landed.
fn new_base(repo: &Repo, loaded: &Loaded, scene: &Scene, place: &Place<'_>) -> Result<(Base, Asked)> {
    let asked = stack::asked(&loaded.file, (&scene.facts, &scene.standings), &place.id, &place.needs);
    let asked = asked.map_err(|open| {
        let state = |id: &_| scene.standings.of(&loaded.file, id).map_or(State::Lost, |standing| standing.state);
        let open: Vec<_> = open.into_iter().map(|id| (id.clone(), state(&id))).collect();
        stack::not_done(&place.id, &open)
    })?;
    let base = git::stack_base(repo, &scene.quarantine, scene.facts.target.newest(), &asked)?;
    Ok((base.map_err(|clash| stack::at_odds(&place.id, &clash))?, asked))
}

/// # Errors
/// The branch has left its base, or its own commits hold a merge, which would be lost ([`Exit::Refused`]).
fn may_rebase(repo: &Repo, scene: &Scene, place: &Place<'_>, (base, merges): (&Base, u64)) -> Result<()> {
    let from = place.snapshot.base;
    if !git::contains(repo, place.tip, from) {
        return Err(stack::off_its_base(&place.id, from).into());
    }
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
    git::keep(repo, &scene.quarantine, base.commit, &base.parts)?;
    let ledger = &scene.facts.ledger;
    let body = Body::Restacking(event_of(place, &decided.restack, decided.restack.before));
    let event = git::event(repo, ledger.moment(scene.facts.now), body)?;
    let subject = format!("restacking {}", place.id);
    Ok(git::append(repo, ledger.tip, place.batch.base, &[event], &subject)? != Swap::Lost)
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
fn act(held: (&Repo, &Lock), scene: &Scene, place: &Place<'_>, restack: &Restack) -> Result<Oid> {
    let Restack { id, before, base, .. } = restack;
    let repo = held.0;
    let moved = match restack.moves {
        Move::Recorded => git::let_go(repo, &restack.folder).map(|()| place.tip),
        Move::To(tip) => move_to(held, scene, restack, tip).map(|()| tip),
    };
    let tip = moved.map_err(|error| stopped(restack, &error))?;
    git::finish_restack(held, id, *base).map_err(|error| stopped(restack, &error))?;
    let rebound = Rebound::of(repo, scene, restack, (*before, tip));
    record(repo, place, restack, tip, rebound).map_err(|error| {
        let error = error.context("it was restacked, but that could not be recorded");
        stopped(restack, &error)
    })?;
    Ok(tip)
}

/// Writes the new commits, and moves files, index and branch.
fn move_to((repo, lock): (&Repo, &Lock), scene: &Scene, restack: &Restack, tip: Oid) -> Result<()> {
    git::keep_next(repo, &restack.id, restack.base)?;
    git::keep(repo, &scene.quarantine, tip, &[restack.base, restack.before])?;
    let way = Way { folder: &restack.folder, branch: &restack.branch, from: restack.before, to: tip, reason: REASON };
    git::carry((repo, lock), &way, restack.begun)
}

/// Whether what was reported of a task holds at its new tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rebound {
    Yes,
    No,
}

impl Rebound {
    fn of(repo: &Repo, scene: &Scene, restack: &Restack, (before, tip): (Oid, Oid)) -> Rebound {
        let record = scene.facts.ledger.records.get(&restack.id);
        let reported = record.and_then(|record| record.reported.as_ref()).is_some_and(|report| report.tip == before);
        let same = || git::same_work(repo, &scene.quarantine, (restack.from, before), (restack.base, tip));
        if reported && tip != before && same() { Rebound::Yes } else { Rebound::No }
    }
}

fn stopped(restack: &Restack, error: &anyhow::Error) -> Failure {
    let id = &restack.id;
    let hints = error.downcast_ref::<Failure>().map(|inner| inner.hints.clone()).unwrap_or_default();
    let what = format!("task '{id}' could not be restacked: {error:#}");
    let failure = hints.into_iter().fold(Failure::new(Exit::Halfway, what), Failure::hint);
    failure.hint(format!("use 'git dispatch restack {id}' to go on from here"))
}

fn record(repo: &Repo, place: &Place<'_>, restack: &Restack, tip: Oid, rebound: Rebound) -> Result<()> {
    let at = git::read_ledger(repo)?.moment(git::now());
    let mut events = vec![git::event(repo, at, Body::Restacked(event_of(place, restack, tip)))?];
    if rebound == Rebound::Yes {
        let (batch, task) = (place.batch.name.clone(), restack.id.clone());
        events.push(git::event(repo, at, Body::Rebound { batch, task, from: restack.before, tip })?);
    }
    git::append_outcome(repo, place.batch.base, &events, &format!("restacked {}", restack.id))
        .context("the ledger could not be written")
}
