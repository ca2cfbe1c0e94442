//! `git dispatch submit`: pushes what is done to a forge, and opens pull requests for it there.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo, Want};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::Body;
use crate::model::submit::{self, Asked, Left, Outcomes, Submission, Submit};
use crate::read::acting::Acting;
use crate::read::submit::Sender;
use crate::read::{self, Loaded, Scene};
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tasks [default: all that are reported done and may land]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Open pull requests as drafts
    #[arg(long)]
    pub draft: bool,
    /// Push, and print the page that opens the pull request, instead of opening it
    #[arg(long, conflicts_with = "draft")]
    pub print: bool,
    #[command(flatten)]
    pub acting: Acting,
}

/// Decides for all, then pushes and opens one after the other. It takes no lock: what goes over a network may take long, and only the
/// ledger is written here.
///
/// # Errors
/// See [`submit::decide`]; nothing could be submitted ([`Exit::No`]). Where only some could, the rest is told, and this ends with
/// [`Exit::Halfway`]: the same command goes on.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let scene = read::scene(&repo, &loaded, Want::ORDER)?;
    if !args.acting.from_worktree {
        let ids = args.ids.iter().map(|id| format!(" {id}")).collect::<String>();
        read::outside(&repo, &scene, &format!("submit --from-worktree{ids}"))?;
    }
    read::warn_of_unread(&scene.facts.ledger, &console);
    let Submit { tasks, left } = decide(&repo, &loaded, &scene, args)?;
    let sender = Sender::new(&repo, &loaded, &scene, (args.draft, args.print))?;
    let dry_run = args.acting.dry_run;
    let mut outcomes = Outcomes::default();
    for task in tasks {
        let sent = if dry_run { sender.would_send(&task) } else { sender.send(&task, &console) };
        match sent.and_then(|outcome| recorded(&repo, outcome, dry_run)) {
            Ok(outcome) => outcomes.done.push(outcome),
            Err(error) => outcomes.failed.push((task, failure(error))),
        }
    }
    tell(&outcomes, &left, dry_run, (global, &console))
}

fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, args: &Args) -> Result<Submit> {
    let (facts, standings) = (&scene.facts, &scene.standings);
    let (ids, all) = submit::candidates(&loaded.file, standings, &args.ids)?;
    let mut unclean: BTreeMap<TaskId, String> = BTreeMap::new();
    for id in all {
        let worktree = facts.tasks.get(&id).and_then(submit::worktree_of);
        let found = worktree.and_then(|worktree| git::unready(repo, &id, &worktree.path, true));
        unclean.extend(found.map(|what| (id, what)));
    }
    let asked = Asked { ids: &ids, unclean: &unclean, repo: &repo.name() };
    let decided = submit::decide(&loaded.file, (facts, standings), scene.collisions.as_ref(), &asked)?;
    for task in &decided.tasks {
        let record = facts.ledger.records.get(&task.id);
        if let Some(snapshot) = record.and_then(|record| record.snapshot.as_ref()) {
            read::may_act(repo, loaded, snapshot, task.note)?;
        }
    }
    Ok(decided)
}

/// The outcome, in the ledger where that does not have it yet.
fn recorded(repo: &Repo, outcome: submit::Outcome, dry_run: bool) -> Result<submit::Outcome> {
    if let Some(what) = outcome.record().filter(|_| !dry_run) {
        let at = git::read_ledger(repo)?.moment(git::now());
        let event = git::event(repo, at, Body::Submitted(what))?;
        git::append_outcome(repo, outcome.task.note, &[event], &format!("submitted {}", outcome.task.id))?;
    }
    Ok(outcome)
}

fn failure(error: anyhow::Error) -> Failure {
    error.downcast::<Failure>().unwrap_or_else(|error| Failure::new(Exit::Git, format!("{error:#}")))
}

fn tell(outcomes: &Outcomes, left: &[Left], dry_run: bool, (global, console): (&Global, &Console)) -> Result<Exit> {
    if !outcomes.done.is_empty() {
        let text = if global.json {
            render::submit::json(outcomes, left, dry_run)
        } else {
            render::submit::text(outcomes, dry_run)
        };
        console.answer(&text);
    }
    for left in left {
        for (what, hints) in &left.why {
            console.warning(&left.says(what));
            hints.iter().for_each(|hint| console.hint(hint));
        }
    }
    let says = |(task, failure): &(Submission, Failure)| format!("task '{}': {}", task.id, failure.what);
    let Some((last, others)) = outcomes.failed.split_last() else { return Ok(Exit::Success) };
    for one in others {
        console.failure(&Failure { what: says(one), exit: one.1.exit, hints: one.1.hints.clone() }.into());
    }
    let ends = |exit: Exit| move |(_, failure): &(Submission, Failure)| failure.exit == exit;
    let exit = match &outcomes.failed {
        failed if !outcomes.done.is_empty() || failed.iter().any(ends(Exit::Halfway)) => Exit::Halfway,
        failed if failed.iter().all(ends(Exit::Refused)) => Exit::Refused,
        _ => Exit::No,
    };
    Err(Failure { what: says(last), exit, hints: last.1.hints.clone() }.into())
}
