//! `git dispatch why`: the reasons for a task's state, and for what two tasks are to each other.

use anyhow::Result;

use crate::console::Console;
use crate::git::Want;
use crate::global::Global;
use crate::model::failure::Exit;
use crate::model::why::{Scene, why};
use crate::read;
use crate::render::{self, why::Layout};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task to explain
    #[arg(value_name = "ID")]
    pub id: String,
    /// Tell whether it may run beside this task, and by which rule
    #[arg(value_name = "OTHER")]
    pub other: Option<String>,
}

/// Observes, decides and tells; nothing is changed.
///
/// # Errors
/// See [`why`].
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let read = read::scene(&repo, &loaded, Want::STANDINGS)?;
    let scene = Scene { file: &loaded.file, facts: &read.facts, standings: &read.standings, names: &read.names };
    let answer = why(&scene, (&args.id, args.other.as_deref()))?;
    let text = if global.json {
        render::why::json::json(&answer)
    } else {
        render::why::text(&answer, Layout { width: console.width(), verbose: global.verbose })
    };
    console.answer(&text);
    Ok(Exit::Success)
}
