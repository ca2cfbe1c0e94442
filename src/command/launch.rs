//! `git dispatch launch`: a session for each task, in its worktree.

use anyhow::Result;

use crate::console::Console;
use crate::git::Repo;
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::launch::{Chosen, Host, Session, choose, program};
use crate::model::text::{count, escape};
use crate::read::sessions::{self, Wanted};
use crate::read::{self, Loaded, Scene, acting};
use crate::render;
use crate::render::launch::Told;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tasks to open sessions for [default: all that are active and have a worktree here]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Open them here, in tmux, zellij, wezterm or kitty, or print what to paste
    #[arg(long = "in", value_name = "WHERE", value_parser = sessions::words(), hide_possible_values = true)]
    pub host: Option<Host>,
    /// Tell what would be opened, and open nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Decides and opens under the repository's lock, so that no session is opened twice.
///
/// # Errors
/// See [`choose`] and [`sessions::launch`]: then nothing is opened, or what was is told ([`Exit::Halfway`]). [`Exit::No`] where there
/// is no task to launch.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let host = sessions::host(&repo, args.host)?;
    if host == Host::Here && !args.dry_run {
        return take_place(&repo, args, global, &console);
    }
    let acts = !args.dry_run && host != Host::Print;
    let told = Told { host, dry_run: args.dry_run, program: program(global.task_file().as_deref()) };
    acting::decided((&repo, global), acts.then_some("launch"), |lock, loaded, scene| {
        let chosen = chosen(&loaded, scene, args, &console)?;
        if chosen.tasks.is_empty() {
            console.note("no task to launch; use 'git dispatch start' to start some");
            return Ok(Some(Exit::No));
        }
        read::warn_of_unread(&scene.facts.ledger, &console);
        let tell = |session: &Session| {
            if !global.json {
                console.begin_answer(&render::launch::session(session, &told));
            }
        };
        let wanted = Wanted { ids: &chosen.tasks, host };
        let (all, attach) = sessions::launch((&repo, lock), (&loaded, scene), wanted, &console, tell)?;
        console.answer(&match global.json {
            true => render::launch::json(&all, &told),
            false => render::launch::end(attach.as_deref()),
        });
        Ok(Some(Exit::Success))
    })
}

fn chosen(loaded: &Loaded, scene: &Scene, args: &Args, console: &Console) -> Result<Chosen, Failure> {
    let chosen = choose(&loaded.file, (&scene.facts, &scene.standings), &args.ids)?;
    for why in &chosen.left_out {
        console.note(&format!("left out: {}", escape(why)));
    }
    Ok(chosen)
}

/// The worker's command takes the place of this process.
fn take_place(repo: &Repo, args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    if global.json {
        let what = "'--in here' gives this terminal to the worker, so there is no answer for '--json'";
        return Err(Failure::new(Exit::Usage, what).hint("leave out one of them").into());
    }
    // Everything that is to be cleaned up is gone when this ends.
    let opening = acting::decided((repo, global), None, |_, loaded, scene| {
        let chosen = chosen(&loaded, scene, args, console)?;
        let [id] = &*chosen.tasks else { return Err(one_only(&chosen).into()) };
        sessions::opening_here(repo, (&loaded, scene), id, console)
    })?;
    Err(sessions::take_place(&opening))
}

fn one_only(chosen: &Chosen) -> Failure {
    let number = count(chosen.tasks.len(), "task");
    let failure = Failure::new(Exit::Usage, format!("'--in here' launches one task, and this is {number}"));
    match &*chosen.tasks {
        [] => failure.hint("use 'git dispatch start' to start some"),
        [first, ..] => failure.hint(format!("use 'git dispatch launch {first} --in here' in a terminal of its own")),
    }
}
