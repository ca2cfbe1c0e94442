//! `git dispatch plan`: which tasks can start now, side by side.

use anyhow::Result;

use crate::console::Console;
use crate::git::{Repo, Want, dated};
use crate::global::Global;
use crate::model::actual::{Asked, Told, span};
use crate::model::calibration::{self, Calibration, LEAST, Sampled, sampled};
use crate::model::failure::{Exit, Failure};
use crate::model::picture::{Frame, MOST_DRAWN, Picture};
use crate::model::plan::{Options, Plan, plan};
use crate::model::task::TaskFile;
use crate::model::text::count;
use crate::read::{self, Scene};
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
    /// Show what more or fewer workers would make of it
    #[arg(long)]
    pub what_if: bool,
    /// Plan with estimates times what tasks took so far
    #[arg(long)]
    pub calibrated: bool,
    /// Answer as text, json, markdown, mermaid, svg, html or dot
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub format: Option<Format>,
}

/// What a plan is told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For a terminal.
    #[default]
    Text,
    Json,
    /// The table by which several people or agents are coordinated.
    Markdown,
    /// Markdown with a Gantt chart and a graph.
    Mermaid,
    /// A Gantt chart.
    Svg,
    /// A page with chart, graph and table.
    Html,
    /// The graph, for Graphviz.
    Dot,
}

impl Format {
    /// The name by which it is asked for.
    fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Markdown => "markdown",
            Format::Mermaid => "mermaid",
            Format::Svg => "svg",
            Format::Html => "html",
            Format::Dot => "dot",
        }
    }
}

/// Observes, decides and tells; nothing is changed.
///
/// # Errors
/// The repository or its task file cannot be read; two formats are asked for ([`Exit::Usage`]); too few tasks have landed to
/// calibrate by ([`Exit::No`]); more is left than a drawing holds ([`Exit::Refused`]).
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let format = format(args, global)?;
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let scene = read::scene(&repo, &loaded, Want::STANDINGS)?;
    let options =
        Options { workers: args.workers, phase: args.phase.clone(), effort: args.effort, what_if: args.what_if };
    let calibration = calibration(&repo, &loaded.file, &scene);
    let applied = match (args.calibrated, &calibration) {
        (true, Err(landed)) => return Err(too_few(*landed).into()),
        (true, Ok(calibration)) => Some(calibration.apply(&loaded.file, &scene.standings)),
        (false, _) => None,
    };
    let (file, standings) = applied.as_ref().map_or((&loaded.file, &scene.standings), |(file, of)| (file, of));
    let plan = Plan {
        calibration: calibration.ok(),
        calibrated: args.calibrated,
        ..plan(file, &scene.facts, standings, &options)
    };
    let layout = Layout { width: console.width(), verbose: global.verbose };
    let (repo, ledger) = (repo.name(), &scene.facts.ledger);
    let frame = Frame { repo: &repo, now: scene.facts.now, next_batch: &ledger.next_batch_name(), ledger };
    let text = told(&plan, format, layout, frame)?;
    read::warn_of_unread(ledger, &console);
    for warning in render::plan::warnings(&plan) {
        console.warning(&warning);
    }
    console.answer(&text);
    Ok(Exit::Success)
}

/// How estimates fared, as far as history tells; else how many tasks tell something.
fn calibration(repo: &Repo, file: &TaskFile, scene: &Scene) -> Result<Calibration, usize> {
    let sampled = sampled(file, &scene.facts, &scene.standings);
    let asked: Vec<Asked> = sampled.iter().map(|one| one.asked.clone()).collect();
    let told = dated(repo, scene.facts.target.newest().1, &asked);
    let span = |(one, told): (&Sampled, &Told)| Some((one.estimate, span(&one.asked, told)?));
    calibration::calibration(&sampled.iter().zip(&told).filter_map(span).collect::<Vec<_>>())
}

fn too_few(landed: usize) -> Failure {
    let tasks = count(landed, "task");
    let what = format!(
        "{tasks} with an estimate landed with commits of {} own, and '--calibrated' takes {LEAST}",
        if landed == 1 { "its" } else { "their" }
    );
    Failure::new(Exit::No, what).hint("use 'git dispatch plan' to plan with the estimates as they are")
}

/// `--json` is `--format json`.
fn format(args: &Args, global: &Global) -> Result<Format, Failure> {
    if let Some(format) = args.format.filter(|format| args.what_if && !matches!(format, Format::Text | Format::Json)) {
        let what = format!("'--what-if' has no answer in format '{}'", format.name());
        return Err(Failure::new(Exit::Usage, what).hint("use 'git dispatch plan --what-if' to get it as text"));
    }
    match (args.format, global.json) {
        (Some(format), true) if format != Format::Json => {
            let what = format!("'--json' and '--format {}' ask for two answers", format.name());
            let hint = format!("use 'git dispatch plan --format {}' to get that one", format.name());
            Err(Failure::new(Exit::Usage, what).hint(hint))
        }
        (_, true) => Ok(Format::Json),
        (format, false) => Ok(format.unwrap_or_default()),
    }
}

fn told(plan: &Plan<'_>, format: Format, layout: Layout, frame: Frame<'_>) -> Result<String, Failure> {
    let left = plan.outlook.network.problem.len();
    if matches!(format, Format::Svg | Format::Html) && left > MOST_DRAWN {
        let what = format!("{left} tasks are left, and format '{}' draws at most {MOST_DRAWN}", format.name());
        return Err(Failure::new(Exit::Refused, what).hint("use 'git dispatch plan --format json' to get them all"));
    }
    let picture = || Picture::new(plan, frame);
    Ok(match format {
        Format::Text if !plan.curve.is_empty() => render::plan::curve::text(plan, layout),
        Format::Text => render::plan::text(plan, layout),
        Format::Json => render::plan::json::json(plan),
        Format::Svg => render::plan::svg::svg(&picture()),
        Format::Markdown => render::plan::markdown::markdown(&picture()),
        Format::Mermaid => render::plan::mermaid::mermaid(&picture()),
        Format::Dot => render::plan::dot::dot(&picture()),
        Format::Html => render::plan::html::html(&picture()),
    })
}
