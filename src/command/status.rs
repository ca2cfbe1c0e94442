//! `git dispatch status`: how far the started tasks are.

mod watch;

use anyhow::Result;

use crate::console::Console;
use crate::git::Want;
use crate::global::Global;
use crate::model::failure::Exit;
use crate::model::status::{Row, Selection, status};
use crate::read;
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show these tasks only
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Show every task that ever started
    #[arg(long, conflicts_with_all = ["ids", "batch"])]
    pub all: bool,
    /// Show the tasks of this batch only
    #[arg(long, value_name = "BATCH", conflicts_with = "ids")]
    pub batch: Option<String>,
    /// Exit with 1 unless every active task shown merges cleanly
    #[arg(long)]
    pub exit_code: bool,
    /// Keep showing it, until q is pressed
    #[arg(long, conflicts_with_all = ["exit_code", "json"])]
    pub watch: bool,
}

/// Observes and tells; nothing is changed.
///
/// # Errors
/// See [`status`].
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    if args.watch {
        return watch::run(&selection(args), global, console);
    }
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let scene = read::scene(&repo, &loaded, Want::EVERYTHING)?;
    let status = status(&loaded.file, &scene.facts, &scene.standings, &scene.names, &selection(args))?;
    let text = if global.json {
        render::status::json::json(&status)
    } else {
        render::status::status(&status, console.width(), global.verbose)
    };
    console.answer(&text);
    let obstructed = args.exit_code && status.rows().any(Row::obstructed);
    Ok(if obstructed { Exit::No } else { Exit::Success })
}

fn selection(args: &Args) -> Selection {
    match &args.batch {
        Some(batch) => Selection::Batch(batch.clone()),
        None if args.all => Selection::All,
        None if args.ids.is_empty() => Selection::Open,
        None => Selection::Tasks(args.ids.clone()),
    }
}
