//! `git dispatch plan`: which tasks can start now, side by side.

use anyhow::Result;

use crate::console::Console;
use crate::git::Want;
use crate::global::Global;
use crate::model::failure::Exit;
use crate::model::plan::{Options, plan};
use crate::read;
use crate::render::{self, plan::Layout};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan for N workers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: Option<u32>,
    /// Prefer tasks of phase P
    #[arg(long, value_name = "P")]
    pub phase: Option<String>,
    /// Search N times as long for a shorter plan; 0 keeps to the rule of choice
    #[arg(long, value_name = "N")]
    pub effort: Option<u32>,
}

/// Observes, decides and tells; nothing is changed.
///
/// # Errors
/// The repository or its task file cannot be read.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let scene = read::scene(&repo, &loaded, Want { changes: false, merges: true, only: None })?;
    let options = Options { workers: args.workers, phase: args.phase.clone(), effort: args.effort };
    let plan = plan(&loaded.file, &scene.facts, &scene.standings, &options);
    let text = if global.json {
        render::plan::json::json(&plan)
    } else {
        render::plan::text(&plan, Layout { width: console.width(), verbose: global.verbose })
    };
    for warning in render::plan::warnings(&plan) {
        console.warning(&warning);
    }
    console.answer(&text);
    Ok(Exit::Success)
}
