//! `git dispatch log`: the batches that were started.

use anyhow::Result;

use crate::console::Console;
use crate::git::Want;
use crate::global::Global;
use crate::model::failure::Exit;
use crate::model::log::log;
use crate::read;
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show the newest N batches only
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_count: Option<u32>,
}

/// Observes and tells; nothing is changed.
///
/// # Errors
/// The repository or its task file cannot be read.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let scene = read::scene(&repo, &loaded, Want::STANDINGS)?;
    let mut entries = log(&loaded.file, &scene.facts, &scene.standings);
    entries.truncate(args.max_count.map_or(usize::MAX, |count| count as usize));
    let text = if global.json {
        render::log::json(&entries)
    } else {
        render::log::log(&entries, &jiff::tz::TimeZone::system(), console.width())
    };
    read::warn_of_unread(&scene.facts.ledger, &console);
    console.answer(&text);
    Ok(Exit::Success)
}
