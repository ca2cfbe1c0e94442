//! `git dispatch check`: whether paths are being changed by another active task.

mod hook;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Observation, Places, Repo, Want};
use crate::global::Global;
use crate::model::check::{Check, Looked, check, declaring, sides};
use crate::model::facts::Target;
use crate::model::failure::Exit;
use crate::model::id::TaskId;
use crate::model::ledger::Ledger;
use crate::model::standing::{Names, standings};
use crate::read::{self, Loaded};
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files and folders to look at, which need not exist [default: all that is changed here]
    #[arg(value_name = "PATH")]
    pub paths: Vec<OsString>,
    /// Read the path from what an agent tells its hook on standard input, and exit with 2 where an edit would collide
    #[arg(long, conflicts_with_all = ["paths", "json"])]
    pub hook: bool,
}

/// Observes, decides and tells; nothing is changed. Only branches and worktrees that change one of the paths are looked at
/// closely.
///
/// # Errors
/// There is no worktree here, a path leads out of it, or the repository or its task file cannot be read.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    if args.hook {
        return hook::run(global, console);
    }
    let (repo, console) = read::repository(global, console)?;
    let (found, target) = found(&repo, &args.paths, global)?;
    warn_of_unread(&found, &console);
    if global.json {
        console.answer(&render::check::json(&found, &target));
    } else if !global.quiet {
        console.answer(&render::check::text(&found, console.width()));
    }
    Ok(match (found.obstructed(), found.unread.is_empty()) {
        (true, _) => Exit::No,
        (false, true) => Exit::Success,
        (false, false) => Exit::Git,
    })
}

fn warn_of_unread(found: &Check, console: &Console) {
    for id in &found.unread {
        console.warning(&format!("could not look at the branch or worktree of task '{id}'"));
    }
}

/// Who else changes `paths`; without any, all that is changed here.
fn found(repo: &Repo, paths: &[OsString], global: &Global) -> Result<(Check, Target)> {
    let (top, asked) = git::tree_paths(repo, global.dir(), paths)?;
    let loaded = read::task_file(repo, global)?;
    let ledger = git::read_ledger(repo)?;
    let names = read::names(repo, &loaded.file, &ledger)?;
    let target = git::target(repo, &loaded.target)?;
    let asked = (!paths.is_empty()).then_some(asked.as_slice());
    let places = Places::read(repo)?;
    let looked = git::look((repo, &places), (&ledger, &names), &target, &top, asked)?;
    let found = decide((repo, &places), &loaded, (ledger, names, target.clone()), (looked, asked.is_none()))?;
    Ok((found, target))
}

/// Asks how the tasks stand that have to do with the paths, and merges those that change a path that is changed here.
fn decide(
    (repo, places): (&Repo, &Places),
    loaded: &Loaded,
    (ledger, names, target): (Ledger, Names, Target),
    (looked, everything): (Looked, bool),
) -> Result<Check> {
    let to_merge = looked.to_merge();
    let own = looked.own.iter().filter(|_| !to_merge.is_empty());
    // Whose work the target lacks has not landed: that takes no merge.
    let doubtful = looked.others.keys().filter(|id| !looked.lacking.contains(id));
    let only: BTreeSet<TaskId> = doubtful.chain(&to_merge).chain(own).cloned().collect();
    let mut involved = declaring(&loaded.file, &ledger, &looked.asked);
    involved.extend(only.iter().chain(looked.others.keys()).chain(&looked.unread).cloned());
    if involved.iter().all(|id| Some(id) == looked.own.as_ref()) {
        return Ok(Check { own: looked.own, asked: looked.asked, rows: Vec::new(), unread: Vec::new() });
    }
    let names: Names = names.into_iter().filter(|(id, _)| involved.contains(id)).collect();
    let want = Want { uncommitted: !to_merge.is_empty(), only: Some(only), ..Want::STANDINGS };
    let Observation { facts, quarantine } = git::observe_in((repo, places), ledger, target, &names, &want);
    let standings = standings(&loaded.file, &facts, &names);
    let active = to_merge.into_iter().filter(|id| standings.holder(id).is_some());
    let pairs: Vec<_> = active.filter_map(|id| Some((sides(&looked, &facts, &id)?, id))).collect();
    let asked: Vec<_> = pairs.iter().map(|(pair, _)| *pair).collect();
    let answers = git::merges(repo, &quarantine, &asked).unwrap_or_default();
    let merges: BTreeMap<TaskId, _> = pairs.into_iter().map(|(_, id)| id).zip(answers).collect();
    Ok(check((&facts, &standings), looked, &merges, everything))
}
