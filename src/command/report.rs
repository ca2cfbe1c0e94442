//! `git dispatch report`: what a worker says of its task.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::console::Console;
use crate::git::{self, Repo, Swap, Want};
use crate::global::Global;
use crate::model::agent::agent_of;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::Body;
use crate::model::oid::Oid;
use crate::model::report::{self, Said, Spot, Verdict};
use crate::read::{self, Loaded, Scene};
use crate::render;

/// The most text that a report takes, in bytes.
const LONGEST: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["started", "done", "partial", "blocked"]))]
pub struct Args {
    /// The task [default: the one whose worktree this is]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Work has begun
    #[arg(long, conflicts_with_all = ["done", "partial", "blocked", "done_when", "pr", "text", "cost"])]
    pub started: bool,
    /// All of it is done and committed
    #[arg(long, conflicts_with = "partial")]
    pub done: bool,
    /// Only a part is done
    #[arg(long, value_name = "WHY")]
    pub partial: Option<String>,
    /// Something is needed to go on; once for each
    #[arg(long, value_name = "WHAT")]
    pub blocked: Vec<String>,
    /// Whether what 'done-when' of the task says holds: yes, no or partial
    #[arg(long, value_name = "ANSWER", value_parser = ["yes", "no", "partial"], hide_possible_values = true)]
    pub done_when: Option<String>,
    /// The pull request, by its number or address
    #[arg(long, value_name = "PR")]
    pub pr: Option<String>,
    /// What else there is to say, from a file or, with -, from stdin
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    /// What it cost, such as $3.20
    #[arg(long, value_name = "AMOUNT")]
    pub cost: Option<String>,
    /// The name of the worker's session
    #[arg(long, value_name = "NAME")]
    pub session: Option<String>,
    /// Tell what would be recorded, and record nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Decides and appends to the ledger. It takes no lock: a worker waits for nobody.
///
/// # Errors
/// See [`report::spot`] and [`report::report`]; the ledger cannot be written from here ([`Exit::Refused`]).
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let said = said(args, global)?;
    for () in git::Attempts::new() {
        let loaded = read::task_file(&repo, global)?;
        let strict = loaded.file.settings.strict_writes == Some(true);
        let scene = read::scene(&repo, &loaded, Want { uncommitted: strict, ..Want::STANDINGS })?;
        let here = read::task_here(&repo, &scene.facts);
        own_session(args)?;
        let spot = report::spot(&loaded.file, (&scene.facts, &scene.standings), (args.id.as_deref(), here))?;
        let body = decide(&repo, &loaded, &scene, &spot, (args, said.clone()))?;
        if !args.dry_run && !written(&repo, &scene, &spot, &body)? {
            continue;
        }
        let text = if global.json {
            render::report::json(&body, args.dry_run)
        } else {
            render::report::text(&body, &spot.branch.name, args.dry_run)
        };
        console.answer(&text);
        return Ok(Exit::Success);
    }
    Err(git::contended().into())
}

/// A worker reports on its own task: what it says of another one is a mistake.
///
/// # Errors
/// This is the session of another task ([`Exit::Refused`]).
fn own_session(args: &Args) -> Result<(), Failure> {
    match (git::session_task(), &args.id) {
        (Some(own), Some(id)) if own != *id => {
            let what = format!("this is the session of task '{own}', and no worker reports on another task");
            Err(Failure::new(Exit::Refused, what).hint(format!("use 'git dispatch report {own}' to report on its own")))
        }
        _ => Ok(()),
    }
}

/// `None`: that it has begun.
fn said(args: &Args, global: &Global) -> Result<Option<Said>> {
    let verdict = match (&args.partial, args.done) {
        _ if args.started => return Ok(None),
        (Some(why), _) => Verdict::Partial(why.clone()),
        (None, true) => Verdict::Done,
        (None, false) => Verdict::Blocked,
    };
    Ok(Some(Said {
        verdict,
        blockers: args.blocked.clone(),
        done_when: args.done_when.clone(),
        pr: args.pr.as_deref().map(report::pull_request).transpose()?,
        text: args.text.as_deref().map(|file| text_of(file, global)).transpose()?,
        cost: args.cost.clone(),
        session: args.session.clone(),
    }))
}

fn text_of(file: &Path, global: &Global) -> Result<String> {
    let could_not = || format!("could not read '{}'", file.display());
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)
    } else {
        let opened = std::fs::File::open(global.dir().join(file)).with_context(could_not)?;
        opened.take(LONGEST + 1).read_to_end(&mut bytes)
    };
    read.with_context(could_not)?;
    if bytes.len() as u64 > LONGEST {
        let what = format!("'{}' is longer than {} MiB", file.display(), LONGEST >> 20);
        return Err(Failure::new(Exit::Usage, what).hint("commit it to the branch and name the file instead").into());
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| {
        Failure::new(Exit::Usage, format!("'{}' is no UTF-8 text", file.display()))
            .hint("use 'iconv -f ENCODING -t UTF-8' to make it one")
    })?;
    Ok(text.trim().to_owned())
}

fn decide(
    repo: &Repo,
    loaded: &Loaded,
    scene: &Scene,
    spot: &Spot<'_>,
    (args, said): (&Args, Option<Said>),
) -> Result<Body> {
    let Some(said) = said else {
        let snapshot = scene.facts.ledger.records.get(&spot.id).and_then(|record| record.snapshot.as_ref());
        let agent = agent_of(snapshot, loaded.file.graph.task(&spot.id)).map(str::to_owned);
        return Ok(Body::Working(report::working(spot, args.session.clone(), agent)));
    };
    let unclean = match spot.worktree() {
        Some(folder) if said.verdict == Verdict::Done => git::unready(repo, &spot.id, folder, true),
        _ => None,
    };
    Ok(Body::Reported(report::report(&loaded.file, &scene.standings, spot, said, unclean)?))
}

/// `false` if another process was faster.
fn written(repo: &Repo, scene: &Scene, spot: &Spot<'_>, body: &Body) -> Result<bool> {
    let ledger = &scene.facts.ledger;
    let subject = format!("reported {}", spot.id);
    let append = |tip: Option<Oid>| {
        let event = git::event(repo, ledger.moment(scene.facts.now), body.clone())?;
        git::append(repo, tip, spot.note, &[event], &subject)
    };
    match append(ledger.tip) {
        Ok(swap) => Ok(swap != Swap::Lost),
        Err(error) => Err(git::not_writable(repo).map_or(error, anyhow::Error::from)),
    }
}
