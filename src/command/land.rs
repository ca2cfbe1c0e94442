//! `git dispatch land`: brings finished tasks to the target, in an order that works, tested together.

mod act;
mod check;
mod resolve;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo, Want};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::land::{Asked, Landing, Outcome, Resumed, remedies};
use crate::model::landing::{Left, Obstacle};
use crate::model::ledger::Record;
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::task::Strategy;
use crate::read::acting::Acting;
use crate::read::{self, Loaded, Scene};
use crate::render;
use check::Checking;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tasks [default: all that are reported done]
    #[arg(value_name = "ID", conflicts_with_all = ["done", "resolve"])]
    pub ids: Vec<String>,
    /// Land all that is reported done
    #[arg(long, conflicts_with_all = ["resolve", "go_on", "abort"])]
    pub done: bool,
    /// How commits get onto the target [default: the task file's 'strategy', else merge]
    #[arg(long, value_name = "HOW")]
    pub strategy: Option<How>,
    /// Land without running the check
    #[arg(long)]
    pub no_check: bool,
    /// Check after every task, and not all at once
    #[arg(long, conflicts_with = "no_check")]
    pub each: bool,
    /// Check also what was checked before
    #[arg(long, conflicts_with = "no_check")]
    pub recheck: bool,
    /// Leave worktrees and branches where they are
    #[arg(long)]
    pub keep: bool,
    /// Land also named tasks that are not reported done, or at another commit than they are at now
    #[arg(long)]
    pub force_state: bool,
    /// Push the target after the landing, unless it was moved there by others
    #[arg(long)]
    pub push: bool,
    /// Merge the target into this task's worktree, to resolve there what conflicts
    #[arg(long, value_name = "ID", conflicts_with_all = ["go_on", "abort"])]
    pub resolve: Option<String>,
    /// Land what was resolved
    #[arg(long = "continue", conflicts_with = "abort")]
    pub go_on: bool,
    /// Take back what '--resolve' merged
    #[arg(long)]
    pub abort: bool,
    #[command(flatten)]
    pub acting: Acting,
}

/// How commits get onto the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum How {
    Merge,
    Squash,
    Rebase,
    Ff,
}

impl From<How> for Strategy {
    fn from(how: How) -> Strategy {
        match how {
            How::Merge => Strategy::Merge,
            How::Squash => Strategy::Squash,
            How::Rebase => Strategy::Rebase,
            How::Ff => Strategy::Ff,
        }
    }
}

/// What a landing goes by.
struct Around<'a> {
    repo: &'a Repo,
    global: &'a Global,
    console: &'a Console,
    args: &'a Args,
    asked: Asked,
}

/// Decides what lands, checks it outside of the lock, decides again under it, and moves the target only where nothing is different.
///
/// # Errors
/// See [`read::landing::decide`]; nothing lands ([`Exit::No`], [`Exit::Refused`]); the target's checkout is in the way
/// ([`Exit::Refused`]); [`Exit::Held`] where another command acts; [`Exit::Halfway`] where a step failed: the same command goes on.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let repo = repo.without_hooks_of_branches();
    let mut asked = Asked {
        ids: args.ids.clone(),
        force_state: args.force_state,
        strategy: args.strategy.map(Strategy::from),
        resolved: None,
    };
    if let Some(id) = &args.resolve {
        return resolve::begin((&repo, global, &console), args, id);
    }
    if args.abort {
        return resolve::abort((&repo, global, &console), args);
    }
    if args.go_on {
        match resolve::go_on((&repo, global, &console), args)? {
            Some((id, done)) => (asked.ids, asked.resolved) = (vec![id.to_string()], done.then_some(id)),
            None => match act::open_train(&repo)? {
                // What has not moved the target is decided anew.
                Some(train)
                    if repo.commit_of(&format!("refs/heads/{}", train.first().target))? == Some(train.first().old) =>
                {
                    asked.ids = train.ids().map(TaskId::to_string).collect();
                }
                _ if args.acting.dry_run => return Err(nothing_to_continue().into()),
                _ => return resume_only((&repo, global, &console)),
            },
        }
    }
    let around = Around { repo: &repo, global, console: &console, args, asked };
    // What was checked is known by its tree: to decide anew costs little.
    for () in git::Attempts::new() {
        if let Some(exit) = attempt(&around)? {
            return if args.push && !args.acting.dry_run { pushed(&around, exit) } else { Ok(exit) };
        }
        console.note("something moved meanwhile: deciding anew");
    }
    Err(git::contended().into())
}

/// After a landing, outside of the lock.
fn pushed(around: &Around<'_>, exit: Exit) -> Result<Exit> {
    let loaded = read::task_file(around.repo, around.global)?;
    let commit = around.repo.commit_of(&format!("refs/heads/{}", loaded.target))?;
    let Some(commit) = commit else { return Ok(exit) };
    let remote = git::push_target(around.repo, &loaded.target, commit).map_err(|error| {
        // The landing stands.
        match error.downcast::<Failure>() {
            Ok(failure) => {
                Failure { exit: Exit::Halfway, what: format!("not pushed: {}", failure.what), ..failure }.into()
            }
            Err(error) => error,
        }
    })?;
    around.console.note(&format!("{} is pushed to {remote}", loaded.target));
    Ok(exit)
}

const WANT: Want = Want { changes: true, merges: true, uncommitted: false, collisions: true, only: None };

/// `--continue` where nothing was being resolved: what a kill interrupted.
fn resume_only((repo, global, console): (&Repo, &Global, &Console)) -> Result<Exit> {
    let loaded = read::task_file(repo, global)?;
    let lock = git::lock(repo, "land")?;
    let resumed = act::resume((repo, &lock), &loaded)?;
    if resumed.ids.is_empty() {
        return Err(nothing_to_continue().into());
    }
    console.answer(&answer_resumed(global, &resumed));
    Ok(Exit::Success)
}

fn nothing_to_continue() -> Failure {
    Failure::new(Exit::No, "no landing was interrupted, and nothing is being resolved")
        .hint("use 'git dispatch land' to land what is done")
}

fn answer_resumed(global: &Global, resumed: &Resumed) -> String {
    if global.json { render::land::resumed_json(resumed) } else { render::land::resumed(resumed) }
}

/// One decision and what follows from it; `None` where something moved before it could land.
fn attempt(around: &Around<'_>) -> Result<Option<Exit>> {
    let Around { repo, global, console, args, .. } = around;
    let loaded = read::task_file(repo, global)?;
    let checking = Checking::new(repo, &loaded, args)?;
    if args.acting.dry_run {
        let scene = read::scene(repo, &loaded, WANT)?;
        let landing = decided(around, &loaded, &scene, &[])?;
        let landing = match landing {
            Decided::Lands(landing) => landing,
            Decided::All => return Ok(Some(Exit::Success)),
        };
        let check = checking.planned();
        console.answer(&if global.json {
            render::land::planned_json(&landing, check)
        } else {
            render::land::planned(&landing, check)
        });
        tell_left(around, &scene, &landing);
        return Ok(Some(if landing.left.is_empty() { Exit::Success } else { Exit::Halfway }));
    }
    let lock = git::lock(repo, "land")?;
    let resumed = act::resume((repo, &lock), &loaded)?;
    if !resumed.ids.is_empty() {
        console.note(render::land::resumed(&resumed).trim_end());
    }
    let scene = read::scene(repo, &loaded, WANT)?;
    let mut landing = match decided(around, &loaded, &scene, &resumed.ids)? {
        Decided::Lands(landing) => landing,
        Decided::All => {
            console.answer(&answer_resumed(global, &resumed));
            return Ok(Some(Exit::Success));
        }
    };
    if !checking.runs() {
        // The look at the checkout takes as long as the commits.
        let (commits, dirt) = std::thread::scope(|scope| {
            let (repo, target) = ((*repo).clone(), landing.target.clone());
            let dirt = scope.spawn(move || dirt(&repo, &target));
            let commits = composed(around.repo, &scene, &landing);
            (commits, dirt.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        return act::land((around, &loaded, &scene, &lock), (landing, &commits?), &dirt?, checking.outcome());
    }
    let mut commits = composed(repo, &scene, &landing)?;
    drop(lock);
    console.note(render::land::preview(&landing, &commits).trim_end());
    let outcome = check::train((around, &loaded, &scene), checking, &mut landing, &mut commits)?;
    if landing.steps.is_empty() {
        return Err(nothing_lands(around, &scene, &landing));
    }
    let lock = git::lock(repo, "land")?;
    let loaded = read::task_file(repo, global)?;
    let scene = read::scene(repo, &loaded, WANT)?;
    if !still_lands(around, &loaded, &scene, &landing)? {
        return Ok(None);
    }
    let dirt = dirt(repo, &landing.target)?;
    act::land((around, &loaded, &scene, &lock), (landing, &commits), &dirt, outcome)
}

/// What is not committed where the target is checked out.
fn dirt(repo: &Repo, target: &str) -> Result<Vec<TreePath>> {
    match git::checkout_of(repo, target)? {
        Some(folder) => git::dirt(repo, &folder),
        None => Ok(Vec::new()),
    }
}

enum Decided {
    Lands(Landing),
    /// All that was asked for landed when an interrupted landing was brought to its end.
    All,
}

/// What lands, of which there is something.
fn decided(around: &Around<'_>, loaded: &Loaded, scene: &Scene, resumed: &[TaskId]) -> Result<Decided> {
    let Around { repo, args, console, .. } = around;
    let mut asked = around.asked.clone();
    if !args.acting.from_worktree {
        read::outside(repo, scene, format!("land --from-worktree {}", asked.ids.join(" ")).trim_end())?;
    }
    asked.ids.retain(|id| resumed.iter().all(|done| done.as_str() != id));
    if !resumed.is_empty() && asked.ids.is_empty() {
        let open = read::landing::decide(repo, loaded, scene, &asked);
        return Ok(match open {
            Ok(landing) if around.asked.ids.is_empty() && !landing.steps.is_empty() => Decided::Lands(landing),
            _ => Decided::All,
        });
    }
    git::checkout_of(repo, &scene.facts.target.name)?;
    if args.push {
        git::pushes_to(repo, &scene.facts.target.name)?;
    }
    let landing = read::landing::decide(repo, loaded, scene, &asked)?;
    if scene.facts.target.diverged() {
        console.warning(&render::land::diverged(&scene.facts.target));
    }
    if landing.steps.is_empty() {
        return Err(nothing_lands(around, scene, &landing));
    }
    Ok(Decided::Lands(landing))
}

/// Why not, of each task, with what resolves it.
fn nothing_lands(around: &Around<'_>, scene: &Scene, landing: &Landing) -> anyhow::Error {
    if landing.left.is_empty() {
        return Failure::new(Exit::No, "no task is reported done: nothing lands")
            .hint("use 'git dispatch status' to see how far they are")
            .into();
    }
    let name = &landing.target;
    for left in landing.left.iter().filter(|_| !around.global.json) {
        render::land::log_of(left).iter().for_each(|line| around.console.note(line));
    }
    let told: Vec<String> = landing.left.iter().map(|left| render::land::left(left, name)).collect();
    let failure = Failure::new(Exit::Refused, format!("nothing lands: {}", told.join("; ")));
    let hints = landing.left.iter().flat_map(|left| hints(around, scene, left));
    hints.fold(failure, Failure::hint).into()
}

fn hints(around: &Around<'_>, scene: &Scene, left: &Left) -> Vec<String> {
    let seen = scene.facts.tasks.get(&left.id).and_then(|seen| seen.worktree.as_ref());
    let folder = seen.map(|worktree| worktree.path.to_string_lossy().into_owned());
    let stacked = scene.facts.ledger.records.get(&left.id).is_some_and(Record::is_stacked);
    let commands = remedies(left, folder.as_deref(), (stacked, around.repo.is_shallow()));
    commands.into_iter().map(|(command, what)| format!("use '{command}' {what}")).collect()
}

/// What was left out, to people; JSON has it in the answer.
fn tell_left(around: &Around<'_>, scene: &Scene, landing: &Landing) {
    if around.global.json {
        return;
    }
    for left in &landing.left {
        around.console.warning(&format!("left out: {}", render::land::left(left, &landing.target)));
        render::land::log_of(left).iter().for_each(|line| around.console.note(line));
        hints(around, scene, left).iter().for_each(|hint| around.console.hint(hint));
    }
}

/// The commits that land, written to the repository, where nothing names them yet.
fn composed(repo: &Repo, scene: &Scene, landing: &Landing) -> Result<Vec<Oid>> {
    let commits = git::compose(repo, &scene.quarantine, landing.from.1, &landing.steps, true)?;
    if let Some(last) = commits.last() {
        let known: Vec<Oid> =
            std::iter::once(landing.from.1).chain(landing.steps.iter().map(|step| step.tip)).collect();
        git::keep(repo, &scene.quarantine, *last, &known)?;
    }
    Ok(commits)
}

/// Whether what was checked would be decided again: the target, the tips and the states are as they were.
fn still_lands(around: &Around<'_>, loaded: &Loaded, scene: &Scene, landing: &Landing) -> Result<bool> {
    let ids = landing.steps.iter().map(|step| step.task.id.to_string()).collect();
    let asked = Asked { ids, ..around.asked.clone() };
    if around.asked.ids.is_empty() {
        // What nobody named may be held back by others since: a batch that lands as a whole, or one that it does not merge with.
        let Ok(open) = read::landing::decide(around.repo, loaded, scene, &around.asked) else { return Ok(false) };
        let barred = |left: &Left| matches!(left.why, Obstacle::Barred(_));
        let held = |id: &TaskId| open.left.iter().any(|left| left.id == *id && barred(left));
        if landing.steps.iter().any(|step| held(&step.task.id)) {
            return Ok(false);
        }
    }
    let same_target = (scene.facts.target.commit, scene.facts.target.newest().1) == (landing.old, landing.from.1);
    let now = if same_target { read::landing::decide(around.repo, loaded, scene, &asked) } else { return Ok(false) };
    let Ok(now) = now else { return Ok(false) };
    let tips = |landing: &Landing| {
        let mut tips: Vec<(TaskId, Oid)> = landing.steps.iter().map(|step| (step.task.id.clone(), step.tip)).collect();
        tips.sort();
        tips
    };
    Ok(now.left.is_empty() && tips(&now) == tips(landing))
}

/// Tells what landed and what did not.
fn tell((around, scene): (&Around<'_>, &Scene), outcome: &Outcome) -> Exit {
    let console = around.console;
    console.answer(&if around.global.json {
        render::land::landed_json(outcome)
    } else {
        render::land::landed(outcome)
    });
    if !around.global.json {
        for (id, why) in &outcome.kept {
            console.warning(&format!("the worktree of task '{id}' stays: {why}"));
            console.hint(&format!("use 'git dispatch drop {id}' to remove it later"));
        }
    }
    tell_left(around, scene, &outcome.landing);
    let whole = outcome.landing.left.is_empty();
    if whole { Exit::Success } else { Exit::Halfway }
}
