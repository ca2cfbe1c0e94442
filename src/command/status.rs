//! `git dispatch status`: how far the started tasks are.

mod prompt;
mod watch;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo, Want};
use crate::global::Global;
use crate::model::expiry::Expiry;
use crate::model::failure::{Exit, Failure};
use crate::model::land;
use crate::model::landing::Whom;
use crate::model::state::State;
use crate::model::status::{MOST_COMPARED, Row, Selection, Status, status};
use crate::model::trash::{Disk, Item};
use crate::read::{self, Loaded, Scene};
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show these tasks only
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Show every task that ever started; with --order, land every active task that has commits
    #[arg(long, conflicts_with_all = ["ids", "batch"])]
    pub all: bool,
    /// Show the tasks of this batch only
    #[arg(long, value_name = "BATCH", conflicts_with = "ids")]
    pub batch: Option<String>,
    /// Show who does not merge with whom, as a square of counts
    #[arg(long)]
    pub matrix: bool,
    /// Show in which order the tasks that are reported done would land, and what would not
    #[arg(long, conflicts_with_all = ["ids", "batch", "matrix", "porcelain", "exit_code", "watch", "prompt"])]
    pub order: bool,
    /// Answer in lines for scripts, in a form that stays as it is
    #[arg(long, conflicts_with = "matrix")]
    pub porcelain: bool,
    /// End the lines of --porcelain with NUL, and quote nothing in them
    #[arg(short = 'z', requires = "porcelain")]
    pub null: bool,
    /// Exit with 1 unless every active task shown merges cleanly into the target
    #[arg(long)]
    pub exit_code: bool,
    /// Keep showing it, until q is pressed
    #[arg(long, conflicts_with_all = ["exit_code", "json", "matrix", "porcelain", "prompt"])]
    pub watch: bool,
    /// Show what worktrees and trash take on disk
    #[arg(long, conflicts_with_all = ["matrix", "order", "porcelain", "watch", "prompt"])]
    pub disk: bool,
    /// Print a short segment for a shell prompt, from what the last run has kept
    #[arg(long, conflicts_with_all = ["ids", "all", "batch", "exit_code"])]
    pub prompt: bool,
}

/// Observes and tells; nothing is changed.
///
/// # Errors
/// Two answers are asked for, or see [`status`].
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    if args.prompt {
        return prompt::run(global, console);
    }
    if args.watch {
        return watch::run(&selection(args), global, console);
    }
    if args.porcelain && global.json {
        return Err(Failure::new(Exit::Usage, "'--json' and '--porcelain' ask for two answers")
            .hint("use 'git dispatch status --porcelain' to get lines")
            .into());
    }
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let scene = read::scene(&repo, &loaded, if args.order { Want::ORDER } else { Want::EVERYTHING })?;
    let seen = (&scene.facts, scene.collisions.as_ref());
    let mut status = status(&loaded.file, seen, &scene.standings, &scene.names, &selection(args))?;
    if let Some(whom) = whom(args.order, args.all, &status) {
        status.landing = read::landing::landing(&repo, &loaded, &scene, whom);
    }
    if args.disk {
        status.disk = Some(disk(&repo, &loaded, &scene, &status)?);
    }
    if args.matrix && !global.json {
        refuse_large(status.compared())?;
    }
    if !args.order && matches!(selection(args), Selection::Open | Selection::All) {
        prompt::keep(&repo, &scene, &status);
    }
    tell(args, global, &console, &status);
    warn(args, global, &console, (&repo, &scene, &status));
    if !scene.facts.faults.is_empty() || status.unreadable > 0 || status.rows().any(Row::damaged) {
        return Ok(Exit::Git);
    }
    let obstructed = args.exit_code && status.rows().any(Row::obstructed);
    Ok(if obstructed { Exit::No } else { Exit::Success })
}

/// A worktree that is the main one is more than the task's.
fn disk(repo: &Repo, loaded: &Loaded, scene: &Scene, status: &Status) -> Result<Disk> {
    let own = status.rows().filter_map(|row| Some((row, row.worktree.as_ref()?)));
    let own = own.filter(|(_, worktree)| !worktree.main && worktree.path.is_dir());
    let worktrees = own.map(|(row, worktree)| (row.id.clone(), git::weigh(&worktree.path).bytes)).collect();
    let items = read::trash::found(repo, loaded, &scene.facts.ledger, Expiry::ALL)?;
    let bytes = |item: &Item| item.folder.as_ref().map_or(0, |folder| git::weigh(folder).bytes);
    Ok(Disk { worktrees, trash: (items.len(), items.iter().map(bytes).sum()) })
}

/// The square grows with the square of the tasks.
fn refuse_large(compared: usize) -> Result<(), Failure> {
    if compared <= MOST_COMPARED {
        return Ok(());
    }
    let what = format!("{compared} active tasks are too many for a square, which shows {MOST_COMPARED}");
    Err(Failure::new(Exit::Usage, what)
        .hint("use 'git dispatch status --matrix ID ID' to compare some")
        .hint("use 'git dispatch status --matrix --batch BATCH' to compare those of one batch")
        .hint("use 'git dispatch status --json' to read all collisions from a program"))
}

/// Names what is broken, as far as the answer does not: the table holds all but what belongs to no task, and JSON tells
/// of the ledger in a number.
fn warn(args: &Args, global: &Global, console: &Console, (repo, scene, status): (&Repo, &Scene, &Status)) {
    scene.facts.faults.iter().for_each(|fault| console.warning(fault));
    let marks = git::marks(repo);
    let open = scene.facts.ledger.open_train(|train| marks.iter().any(|mark| mark.is_of(train)));
    if let Some((what, command)) = open.map(land::half_way) {
        console.warning(&what);
        console.hint(&format!("use '{command}' to go on with that"));
    }
    let terse = args.matrix || args.order || args.porcelain;
    if terse || global.json {
        read::warn_of_unread(&scene.facts.ledger, console);
    }
    for row in status.rows().filter(|_| terse && !global.json) {
        row.faults().for_each(|fault| console.warning(&format!("{}: {fault}", row.id)));
    }
}

/// Whose landing to simulate: a single task that is done lands or not, as its row says.
fn whom(order: bool, all: bool, status: &Status) -> Option<Whom> {
    let done = status.rows().filter(|row| row.state == State::Done).count();
    match (order, all) {
        (true, true) => Some(Whom::All),
        (true, false) => Some(Whom::Done),
        (false, _) => (done > 1).then_some(Whom::Done),
    }
}

/// The JSON holds the matrix, too.
fn tell(args: &Args, global: &Global, console: &Console, status: &Status) {
    if let Some(landing) = status.landing.as_ref().filter(|_| args.order && !global.json) {
        return console.answer(&render::landing::landing(landing, &status.target, console.width(), global.verbose));
    }
    if args.porcelain {
        return console.answer_bytes(&render::status::porcelain::porcelain(status, args.null));
    }
    console.answer(&match (global.json, args.matrix) {
        (true, _) => render::status::json::json(status),
        (false, true) => render::status::matrix::matrix(status, console.width()),
        (false, false) => render::status::status(status, console.width(), global.verbose),
    });
}

fn selection(args: &Args) -> Selection {
    match &args.batch {
        Some(batch) => Selection::Batch(batch.clone()),
        None if args.all => Selection::All,
        None if args.ids.is_empty() => Selection::Open,
        None => Selection::Tasks(args.ids.clone()),
    }
}
