//! `git dispatch adopt`: an existing branch or worktree becomes a task's.

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo, Swap};
use crate::global::Global;
use crate::model::adopt::{self, Adoption, Offer};
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::Body;
use crate::model::start::{self, not_in_file};
use crate::read::acting;
use crate::read::{self, Loaded, Scene};
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// Its branch, or the path of its worktree
    #[arg(value_name = "BRANCH|PATH")]
    pub what: std::ffi::OsString,
    /// Tell what would be recorded, and record nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Decides, makes what is missing, and records the adoption.
///
/// # Errors
/// See [`adopt::decide`]; [`Exit::Usage`] where the task, branch or path does not exist.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let adoption = acting::decided((&repo, global), (!args.dry_run).then_some("adopt"), |lock, loaded, scene| {
        let adoption = decide(&repo, &loaded, scene, (args, global))?;
        let settled = lock.is_none() || act(&repo, scene, &adoption)?;
        Ok(settled.then_some(adoption))
    })?;
    adoption.warnings.iter().for_each(|warning| console.warning(warning));
    let render = if global.json { render::adopt::json } else { render::adopt::adopted };
    console.answer(&render(&adoption, args.dry_run));
    Ok(Exit::Success)
}

fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, (args, global): (&Args, &Global)) -> Result<Adoption> {
    let graph = &loaded.file.graph;
    let ix = args.id.parse().ok().and_then(|id| graph.position(&id));
    let ix = ix.ok_or_else(|| not_in_file(&loaded.file, &scene.standings, &[&args.id]))?;
    let found = git::find_adoptable(repo, global.dir(), &args.what)?.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("'{}' is neither a worktree nor a local branch", args.what.to_string_lossy()))
            .hint("use 'git branch' to list the branches")
            .hint("use 'git worktree list' to list the worktrees")
    })?;
    let places = read::places(repo, loaded, &[graph.tasks()[ix].id.clone()], None)?;
    let ground = git::ground(repo, &places)?;
    let (_, newest) = scene.facts.target.newest();
    let path = match &found.worktree {
        Some(folder) => Some(git::recorded_path(repo, folder)?),
        None => None,
    };
    let offer = Offer { base: git::merge_base(repo, newest, found.tip)?, path, found };
    let seen = start::Scene {
        file: &loaded.file,
        facts: &scene.facts,
        standings: &scene.standings,
        places: &places,
        ground: &ground,
    };
    Ok(adopt::decide(&seen, &scene.names, ix, &offer)?)
}

/// Makes what the adoption lacks, then records it; `false` if another process wrote to the ledger in between.
///
/// A detached worktree gets its branch before the record, so a kill in between leaves a worktree with the task's branch,
/// which is what `adopt` would look for: run again, it only records.
fn act(repo: &Repo, scene: &Scene, adoption: &Adoption) -> Result<bool> {
    let Adoption { batch, target, snapshot, .. } = adoption.clone();
    let subject = format!("adopted {}", snapshot.id);
    let base = snapshot.base;
    git::carry_out(repo, adoption)?;
    let at = scene.facts.ledger.moment(scene.facts.now);
    let event = git::event(repo, at, Body::Adopted { batch, target, tasks: vec![snapshot] })?;
    Ok(git::append(repo, scene.facts.ledger.tip, base, &[event], &subject)? != Swap::Lost)
}
