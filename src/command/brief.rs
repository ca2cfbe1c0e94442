//! `git dispatch brief`: the text that a worker starts from.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo, Want};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::picture::{Frame, Picture, letters};
use crate::model::plan::{Options, plan};
use crate::model::text::escape;
use crate::read::brief::{Briefs, place};
use crate::read::{self, Loaded, Scene};
use crate::render::brief::{issue, json};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task to brief
    #[arg(value_name = "ID")]
    pub id: String,
    /// Answer as markdown, json or issue
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub format: Option<Format>,
    /// Write FILE, which must not exist; '-' is standard output, as without it
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What a brief is told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For the worker, by the template of the task file if it has one.
    #[default]
    Markdown,
    Json,
    /// For an issue tracker.
    Issue,
}

/// Observes, decides and tells; nothing is changed but the file that is asked for.
///
/// # Errors
/// The task is unknown, or something that its brief is made of cannot be read; two formats are asked for ([`Exit::Usage`]); a file
/// exists already ([`Exit::Refused`]).
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let format = format(args, global)?;
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let scene = read::scene(&repo, &loaded, Want { merges: false, ..Want::STANDINGS })?;
    let made = place(&repo, &loaded, &scene, &args.id)?;
    let briefs = Briefs::new(&repo, &loaded)?;
    let (mut brief, warnings) = briefs.of(&read::brief::scene(&loaded, &scene), &made, &scene.facts.target.name)?;
    let text = match format {
        Format::Markdown => briefs.text(&brief)?,
        Format::Json => json(&brief),
        Format::Issue => {
            brief.unit = brief.unit.or_else(|| planned(&repo, &loaded, &scene, &made.id));
            issue::issue(&brief)
        }
    };
    read::warn_of_unread(&scene.facts.ledger, &console);
    for warning in &warnings {
        console.warning(warning);
    }
    match args.output.as_deref().filter(|output| *output != Path::new("-")) {
        None => console.answer(&text),
        Some(file) => write(file, &text, global, &console)?,
    }
    Ok(Exit::Success)
}

/// `--json` is `--format json`.
fn format(args: &Args, global: &Global) -> Result<Format, Failure> {
    match (args.format, global.json) {
        (Some(Format::Markdown | Format::Issue), true) => {
            let what = "'--json' and '--format' ask for two answers";
            Err(Failure::new(Exit::Usage, what).hint("leave out one of them"))
        }
        (_, true) => Ok(Format::Json),
        (format, false) => Ok(format.unwrap_or_default()),
    }
}

fn write(file: &Path, text: &str, global: &Global, console: &Console) -> Result<()> {
    let path = global.dir().join(file);
    let shown = file.display().to_string();
    if !git::create_new(&path, text)? {
        let hint = "move it away, or choose another name with -o FILE";
        return Err(Failure::new(Exit::Refused, format!("'{}' exists already", escape(&shown))).hint(hint).into());
    }
    console.note(&format!("wrote {}", escape(&shown)));
    Ok(())
}

/// The batch that a task would be in, and its place there, by the plan.
fn planned(repo: &Repo, loaded: &Loaded, scene: &Scene, id: &TaskId) -> Option<String> {
    let ix = loaded.file.graph.position(id)?;
    let options = Options::default();
    let plan = plan(&loaded.file, &scene.facts, &scene.standings, &options);
    let (repo, ledger) = (repo.name(), &scene.facts.ledger);
    let frame = Frame { repo: &repo, now: scene.facts.now, next_batch: &ledger.next_batch_name(), ledger };
    let picture = Picture::new(&plan, frame);
    let units = picture.groups.iter().flat_map(|group| group.units.iter().map(move |unit| (group.number, unit)));
    let mut named = units.filter(|(_, unit)| picture.bars[unit.bar].ix == Some(ix));
    named.next().map(|(number, unit)| format!("{number}{}", letters(unit.place)))
}
