//! `git dispatch log`: the batches that were started.

use anyhow::Result;

use crate::console::Console;
use crate::git::{Want, dated};
use crate::global::Global;
use crate::model::actual::{Asked, Told};
use crate::model::failure::{Exit, Failure};
use crate::model::log::{Entry, Outcome, log};
use crate::read;
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show this batch only
    #[arg(value_name = "BATCH", conflicts_with = "max_count")]
    pub batch: Option<String>,
    /// Show the newest N batches only
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_count: Option<u32>,
    /// Answer as text, json or markdown
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub format: Option<Format>,
}

/// What batches are told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For a terminal.
    #[default]
    Text,
    Json,
    /// A document for an issue.
    Markdown,
}

/// Observes and tells; nothing is changed.
///
/// # Errors
/// The repository or its task file cannot be read; there is no such batch, or two formats are asked for ([`Exit::Usage`]).
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let format = format(args, global)?;
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    // What is not committed counts where drift is told.
    let scans = format == Format::Markdown;
    let scene = read::scene(&repo, &loaded, Want { changes: scans, uncommitted: scans, ..Want::STANDINGS })?;
    let mut entries = log(&loaded.file, &scene.facts, &scene.standings);
    if let Some(name) = &args.batch {
        entries.retain(|entry| entry.batch.name == *name);
        if entries.is_empty() {
            return Err(Failure::new(Exit::Usage, format!("there is no batch '{name}'"))
                .hint("use 'git dispatch log' to list the batches")
                .into());
        }
    }
    entries.truncate(args.max_count.map_or(usize::MAX, |count| count as usize));
    if format != Format::Text {
        let target = scene.facts.target.newest().1;
        measure(&mut entries, |asked| dated(&repo, target, asked));
    }
    let zone = jiff::tz::TimeZone::system();
    let text = match format {
        Format::Json => render::log::json(&entries),
        Format::Markdown => render::log::markdown::markdown(&entries, &zone),
        Format::Text => render::log::log(&entries, &zone, console.width()),
    };
    read::warn_of_unread(&scene.facts.ledger, &console);
    console.answer(&text);
    Ok(Exit::Success)
}

/// `--json` is `--format json`.
fn format(args: &Args, global: &Global) -> Result<Format, Failure> {
    match (args.format, global.json) {
        (Some(Format::Text | Format::Markdown), true) => {
            let what = "'--json' and '--format' ask for two answers";
            Err(Failure::new(Exit::Usage, what).hint("use 'git dispatch log --json' to get JSON"))
        }
        (_, true) => Ok(Format::Json),
        (format, false) => Ok(format.unwrap_or_default()),
    }
}

/// Asks history once for all tasks that have landed.
fn measure(entries: &mut [Entry<'_>], history: impl FnOnce(&[Asked]) -> Vec<Told>) {
    let tasks = entries.iter_mut().flat_map(|entry| &mut entry.tasks);
    let tasks: Vec<&mut Outcome<'_>> = tasks.filter(|task| task.asked.is_some()).collect();
    let asked: Vec<Asked> = tasks.iter().filter_map(|task| task.asked.clone()).collect();
    for (task, told) in tasks.into_iter().zip(history(&asked)) {
        task.tell(&told);
    }
}
