//! The thread that looks at the repository, one look at a time: first what is cheap, then everything.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::command::status::prompt;
use crate::command::status::watch::{Alarm, Basis, Look, News, whom};
use crate::console::Console;
use crate::git::{Repo, Want, Watch, Watched};
use crate::global::Global;
use crate::model::status::{Selection, Status, status};
use crate::model::watch::{Seen, carried};
use crate::read::{self, Loaded, Scene};

/// With less than this for everything, nobody sees what is cheap come first.
const SOON: Duration = Duration::from_millis(120);

/// What to look at.
pub struct Task {
    selection: Selection,
    global: Global,
    console: Console,
}

impl Task {
    pub fn new(selection: &Selection, global: &Global, console: &Console) -> Task {
        Task { selection: selection.clone(), global: global.clone(), console: *console }
    }
}

/// Begins to look, once for each order; ends when no order can come any more.
pub fn start(task: Task, orders: Receiver<()>, tell: Sender<News>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let _alarm = Alarm(tell.clone());
        let mut observer = Observer {
            task,
            tell,
            watch: None,
            places: Places::default(),
            watched: false,
            last: None,
            cost: Duration::MAX,
        };
        for () in orders {
            observer.look();
        }
    })
}

/// What is watched beside the repository's own folders.
#[derive(Debug, Default, Clone, PartialEq)]
struct Places {
    /// Where the task file is, or would be.
    others: Vec<PathBuf>,
    /// Those of active tasks.
    worktrees: Vec<PathBuf>,
}

impl Places {
    fn of(status: &Status, loaded: &Loaded, repo: &Repo) -> Places {
        let file = loaded.source.place.folder(repo.main_worktree());
        let active = status.rows().filter(|row| row.state.holds()).filter_map(|row| row.worktree.as_ref());
        let mut worktrees: Vec<PathBuf> = active.filter(|one| one.folder).map(|one| one.path.clone()).collect();
        worktrees.sort();
        worktrees.dedup();
        Places { others: file.into_iter().map(PathBuf::from).collect(), worktrees }
    }
}

struct Observer {
    task: Task,
    tell: Sender<News>,
    watch: Option<Watch>,
    places: Places,
    watched: bool,
    /// What was seen last in whole.
    last: Option<Seen>,
    /// How long everything took then.
    cost: Duration,
}

impl Observer {
    fn look(&mut self) {
        let began = Instant::now();
        let outcome = self.all();
        self.cost = began.elapsed();
        let missed = outcome.as_ref().is_ok_and(|(_, missed)| *missed);
        let outcome = outcome.map(|(basis, _)| basis).map_err(|fault| one_line(&fault));
        let _ = self.tell.send(News::Looked(Box::new(Look { outcome, cost: self.cost, watched: self.watched })));
        if missed {
            let _ = self.tell.send(News::Changed);
        }
    }

    /// Everything; `true` where some of it was read before it was watched, so that a change may have been missed.
    fn all(&mut self) -> Result<(Basis, bool)> {
        let (repo, _) = read::repository(&self.task.global, &self.task.console)?;
        self.cover(&repo);
        let loaded = read::task_file(&repo, &self.task.global)?;
        if self.cost > SOON {
            let cheap = Want { merges: false, ..Want::STANDINGS };
            let (status, _) = self.see(&repo, &loaded, cheap)?;
            let _ = self.tell.send(News::Seen(Box::new(carried(status, self.last.as_ref()))));
        }
        let (mut status, scene) = self.see(&repo, &loaded, Want::EVERYTHING)?;
        status.landing =
            whom(false, false, &status).and_then(|whom| read::landing::landing(&repo, &loaded, &scene, whom));
        if matches!(self.task.selection, Selection::Open | Selection::All) {
            prompt::keep(&repo, &scene, &status);
        }
        let places = Places::of(&status, &loaded, &repo);
        let seen = Seen { status, stale: Vec::new(), whole: true };
        self.last = Some(seen.clone());
        let _ = self.tell.send(News::Seen(Box::new(seen)));
        let missed = self.places != places;
        if missed {
            self.places = places;
            self.cover(&repo);
        }
        Ok((Basis { repo, scene: Arc::new(scene) }, missed))
    }

    fn see(&self, repo: &Repo, loaded: &Loaded, want: Want) -> Result<(Status, Scene)> {
        let scene = read::scene(repo, loaded, want)?;
        let seen = (&scene.facts, scene.collisions.as_ref());
        let status = status(&loaded.file, seen, &scene.standings, &scene.names, &self.task.selection)?;
        Ok((status, scene))
    }

    /// Watches what is known to matter, and what has appeared there.
    fn cover(&mut self, repo: &Repo) {
        let tell = self.tell.clone();
        let watch = self.watch.get_or_insert_with(|| Watch::new(repo, move || _ = tell.send(News::Changed)));
        self.watched = watch.cover(repo, &self.places.worktrees, &self.places.others) == Watched::Everything;
    }
}

/// What went wrong, without colours and in one line; of a fault in the task file also where.
fn one_line(fault: &anyhow::Error) -> String {
    let text = anstream::adapter::strip_str(&format!("{fault:#}")).to_string();
    let mut lines = text.lines();
    let what = lines.next().unwrap_or_default().trim_start_matches("error: ");
    match lines.next().and_then(|next| next.trim_start().strip_prefix("--> ")) {
        Some(place) => format!("{place}: {what}"),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_one_line_with_its_place() {
        let told = |text: &str| one_line(&anyhow::anyhow!("{text}"));
        assert_eq!(
            told("\u{1b}[1merror: a need is missing\u{1b}[0m\n  --> dispatch.toml:3:5\n   |\n"),
            "dispatch.toml:3:5: a need is missing"
        );
        assert_eq!(told("error: no target\nhint: name one\n"), "no target");
    }
}
