//! `git dispatch wait`: sleeps until tasks are where one wants them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::console::Console;
use crate::git::{Repo, Want, Watch, Watched};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::state::State;
use crate::model::text::count;
use crate::model::wait::{self, Answer, Goal, Row, duration, spelled};
use crate::model::watch::Pace;
use crate::read;
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tasks to wait for [default: all that are under way]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// What to wait for
    #[arg(long = "for", value_name = "STATE", value_enum, default_value_t = For::Done)]
    pub goal: For,
    /// Give up after this long, such as 30m, 1h30m or 90s; 0 looks once
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum For {
    /// All are done or have landed
    Done,
    /// All have landed
    Landed,
    /// One has stopped
    Stopped,
    /// One is done, has stopped or landed
    Any,
}

impl For {
    fn goal(self) -> Goal {
        match self {
            For::Done => Goal::Done,
            For::Landed => Goal::Landed,
            For::Stopped => Goal::Stopped,
            For::Any => Goal::Any,
        }
    }
}

/// Looks, and sleeps until the repository changes, again and again. Nothing is changed, and no lock is taken.
///
/// # Errors
/// The first look fails, a task is unknown or was not started (see [`wait::whom`]), or what is waited for cannot come any more
/// (see [`wait::never`]).
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let began = Instant::now();
    let (repo, console) = read::repository(global, console)?;
    let goal = args.goal.goal();
    let mut waiter = Waiter::new(&repo, global);
    let ids = waiter.whom(&repo, &args.ids, goal)?;
    let mut seen: Option<Vec<Row>> = None;
    loop {
        // Opened anew each time: nothing of what was read before is kept.
        let (repo, _) = read::repository(global, &console)?;
        match waiter.look(&repo, &ids) {
            Ok(rows) => {
                follow(&console, (goal, &ids, args.timeout), seen.as_deref(), &rows);
                match wait::answer(goal, &rows) {
                    Answer::NotYet => seen = Some(rows),
                    end => return ended((args, global, &console), goal, &rows, &end),
                }
            }
            // Somebody edits the task file, or git is at work: it may be whole again the next time.
            Err(fault) if seen.is_some() => waiter.told(&console, &fault),
            Err(fault) => return Err(fault),
        }
        let left = args.timeout.map(|most| most.saturating_sub(began.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            let rows = seen.as_deref().unwrap_or_default();
            return ended((args, global, &console), goal, rows, &Answer::NotYet);
        }
        waiter.sleep(left);
    }
}

/// Tells what is waited for, then what has changed.
fn follow(
    console: &Console,
    (goal, ids, timeout): (Goal, &[TaskId], Option<Duration>),
    before: Option<&[Row]>,
    rows: &[Row],
) {
    let Some(before) = before else {
        if wait::answer(goal, rows) == Answer::NotYet && timeout != Some(Duration::ZERO) {
            console.note(&render::wait::begun(goal, ids, timeout));
        }
        return;
    };
    for (_, now) in before.iter().zip(rows).filter(|(before, now)| before.state != now.state) {
        console.note(&render::wait::changed(now));
    }
}

/// Tells how it ended.
fn ended(
    (args, global, console): (&Args, &Global, &Console),
    goal: Goal,
    rows: &[Row],
    answer: &Answer,
) -> Result<Exit> {
    if let Answer::Never(out) = answer {
        return Err(wait::never(goal, rows, out).into());
    }
    let (reached, timed_out) = (*answer == Answer::Reached, *answer == Answer::NotYet);
    console.answer(&if global.json {
        render::wait::json(goal, rows, (reached, timed_out))
    } else {
        render::wait::text(rows)
    });
    if reached && rows.is_empty() {
        console.note("nothing is under way");
    }
    match args.timeout {
        Some(most) if timed_out && !most.is_zero() => {
            let open = rows.iter().filter(|row| !row.state.is_some_and(|state| goal.holds(state))).count();
            console.warning(&format!("gave up after {} with {} open", spelled(most), count(open, "task")));
        }
        _ => {}
    }
    for row in rows.iter().filter(|row| *answer == Answer::Stopped && row.state == Some(State::Stopped)) {
        console.hint(&format!("use 'git dispatch brief {}' to read all that it reported", row.id));
    }
    Ok(match answer {
        Answer::Reached => Exit::Success,
        Answer::Stopped => Exit::WorkerStopped,
        _ => Exit::No,
    })
}

/// Looks at the repository, and sleeps until it changes.
struct Waiter<'a> {
    global: &'a Global,
    watch: Watch,
    changes: Receiver<()>,
    /// Keeps the channel open where the system tells of nothing.
    _tell: Sender<()>,
    began: Instant,
    pace: Pace,
    /// Where the task file is, or would be.
    place: Vec<PathBuf>,
    /// What was told last of looks that failed.
    fault: Option<String>,
}

impl<'a> Waiter<'a> {
    fn new(repo: &Repo, global: &'a Global) -> Waiter<'a> {
        let (tell, changes) = channel();
        let teller = tell.clone();
        let watch = Watch::new(repo, move || _ = teller.send(()));
        Waiter {
            global,
            watch,
            changes,
            _tell: tell,
            began: Instant::now(),
            pace: Pace::default(),
            place: Vec::new(),
            fault: None,
        }
    }

    fn whom(&mut self, repo: &Repo, named: &[String], goal: Goal) -> Result<Vec<TaskId>> {
        let loaded = read::task_file(repo, self.global)?;
        let ids: BTreeSet<TaskId> = named.iter().filter_map(|text| text.parse().ok()).collect();
        let want = Want { only: (!named.is_empty()).then_some(ids), ..Want::STANDINGS };
        let scene = read::scene(repo, &loaded, want)?;
        Ok(wait::whom(&loaded.file, &scene.standings, named, goal)?)
    }

    /// How these tasks are now. What is read was watched before: no change falls between.
    fn look(&mut self, repo: &Repo, ids: &[TaskId]) -> Result<Vec<Row>> {
        let began = Instant::now();
        self.pace.begun();
        let outcome = self.rows(repo, ids);
        self.pace.ended(self.began.elapsed(), began.elapsed());
        outcome
    }

    fn rows(&mut self, repo: &Repo, ids: &[TaskId]) -> Result<Vec<Row>> {
        self.cover(repo);
        let mut loaded = read::task_file(repo, self.global)?;
        let place: Vec<PathBuf> =
            loaded.source.place.folder(repo.main_worktree()).into_iter().map(PathBuf::from).collect();
        if self.place != place {
            self.place = place;
            self.cover(repo);
            loaded = read::task_file(repo, self.global)?;
        }
        let want = Want { only: Some(ids.iter().cloned().collect()), ..Want::STANDINGS };
        let scene = read::scene(repo, &loaded, want)?;
        Ok(wait::rows(&loaded.file, (&scene.facts, &scene.standings), ids))
    }

    /// Watches refs, ledger and the folder of the task file; worktrees have nothing to say here.
    fn cover(&mut self, repo: &Repo) {
        self.pace.watched = self.watch.cover(repo, &[], &self.place) == Watched::Everything;
    }

    /// Tells once why a look failed.
    fn told(&mut self, console: &Console, fault: &anyhow::Error) {
        let failure = fault.downcast_ref::<Failure>().map(|failure| failure.what.clone());
        let text = failure.unwrap_or_else(|| anstream::adapter::strip_str(&format!("{fault:#}")).to_string());
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        if self.fault.as_ref() != Some(&line) {
            console.warning(&format!("could not look, and keeps on waiting: {line}"));
            self.fault = Some(line);
        }
    }

    /// Sleeps until a look is due, at most for `left`.
    fn sleep(&mut self, left: Option<Duration>) {
        let asleep = Instant::now();
        loop {
            let due = self.pace.due().unwrap_or_default().saturating_sub(self.began.elapsed());
            let wait = left.map_or(due, |left| due.min(left.saturating_sub(asleep.elapsed())));
            if wait.is_zero() {
                return;
            }
            if self.changes.recv_timeout(wait).is_ok() {
                self.pace.changed(self.began.elapsed());
                // What comes with it is one change.
                while self.changes.try_recv().is_ok() {}
            }
        }
    }
}
