//! `git dispatch status --watch`: the live view. One thread looks at the repository, one waits for keys, one for signals, and
//! the system tells of changes; all of them send [`News`], and this one draws.

mod details;
mod observer;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::command::status::whom;
use crate::console::Console;
use crate::git::{self, Repo};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::status::{Row, Selection};
use crate::model::watch::{Act, Details, Pace, Room, Seen, View};
use crate::read::{self, Scene};
use crate::render::watch::{Pulse, Shown, draw};
use crate::screen::{self, Input, Screen};

/// What happens, from whatever thread.
enum News {
    Input(Input),
    /// The system tells of a change.
    Changed,
    Seen(Box<Seen>),
    /// A look ended: what it rests on, or why it failed.
    Looked(Box<Look>),
    Details(Box<Details>),
    /// A thread panicked, and has said so.
    Broken,
}

/// Tells where its thread panics; the panic has told itself already.
struct Alarm(Sender<News>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.send(News::Broken);
        }
    }
}

struct Look {
    outcome: Result<Basis, String>,
    cost: Duration,
    /// Every folder is watched.
    watched: bool,
}

/// What details are read from.
#[derive(Clone)]
struct Basis {
    repo: Repo,
    scene: Arc<Scene>,
}

/// Why the view ended.
enum End {
    Quit,
    Signal(i32),
}

/// Shows the selected tasks until somebody quits.
///
/// # Errors
/// There is no terminal ([`Exit::Usage`]); before the screen is taken, whatever stops `status`; later, a failing terminal.
pub fn run(selection: &Selection, global: &Global, console: &Console) -> Result<Exit> {
    if !screen::is_there() {
        return Err(Failure::new(Exit::Usage, "'--watch' needs a terminal to draw on and to read keys from")
            .hint("use 'git dispatch status --json' to read the same from a program")
            .into());
    }
    let (repo, console) = read::repository(global, console)?;
    read::task_file(&repo, global)?;
    let (tell, news) = channel();
    let (order, orders) = channel();
    let observer = observer::start(observer::Task::new(selection, global, &console), orders, tell.clone());
    let (handled, next) = channel();
    let (signals, keys) = (tell.clone(), tell.clone());
    let mut live = Live::new(repo.name(), console.colored(), tell, handled);
    let mut screen = Screen::enter()?;
    git::signals_are_caught(true);
    screen::listen(
        move |signal| signals.send(News::Input(signal)).is_ok(),
        move |key| keys.send(News::Input(key)).is_ok() && next.recv().is_ok(),
    )?;
    let end = live.follow(&mut screen, &order, &news);
    drop(screen);
    if let Some(path) = &live.copied {
        console.answer(&format!("{path}\n"));
    }
    if let Ok(End::Signal(signal)) = end {
        git::end_by(signal);
    }
    git::signals_are_caught(false);
    drop(order);
    // A look that goes on has temporary files: who quits waits for it, or presses Ctrl-C.
    for thread in live.readers.drain(..).chain([observer]) {
        let _ = thread.join();
    }
    end.map(|_| Exit::Success)
}

/// Everything that the view knows.
struct Live {
    repo: String,
    colors: bool,
    tell: Sender<News>,
    /// Says that a key was taken, and that the next may be read.
    handled: Sender<()>,
    began: Instant,
    view: View,
    room: Room,
    pace: Pace,
    seen: Option<Seen>,
    fault: Option<String>,
    basis: Option<Basis>,
    details: Option<Details>,
    /// The row whose details were asked for last.
    asked: Option<Row>,
    readers: Vec<JoinHandle<()>>,
    /// The path that was copied last, escaped: shown again at the end, for terminals without a clipboard.
    copied: Option<String>,
}

impl Live {
    fn new(repo: String, colors: bool, tell: Sender<News>, handled: Sender<()>) -> Live {
        Live {
            repo,
            colors,
            tell,
            handled,
            began: Instant::now(),
            view: View::default(),
            room: Room::default(),
            pace: Pace::default(),
            seen: None,
            fault: None,
            basis: None,
            details: None,
            asked: None,
            readers: Vec::new(),
            copied: None,
        }
    }

    /// Draws, waits and takes what comes, until the end.
    fn follow(&mut self, screen: &mut Screen, order: &Sender<()>, news: &Receiver<News>) -> Result<End> {
        loop {
            if self.pace.due().is_some_and(|due| due <= self.began.elapsed()) {
                self.pace.begun();
                order.send(()).map_err(|_| anyhow!("the view broke"))?;
            }
            self.ask_for_details();
            self.show(screen)?;
            let wait = self.pace.due().map(|due| due.saturating_sub(self.began.elapsed()));
            let mut next = match wait {
                Some(wait) => news.recv_timeout(wait).ok(),
                None => news.recv().ok(),
            };
            // All that is there already is one picture.
            while let Some(one) = next {
                if let Some(end) = self.take(one, screen)? {
                    return Ok(end);
                }
                next = news.try_recv().ok();
            }
        }
    }

    fn show(&mut self, screen: &mut Screen) -> Result<()> {
        let pulse = match (&self.seen, self.pace.watched) {
            (Some(seen), true) if seen.whole => Pulse::Live,
            (Some(seen), false) if seen.whole => Pulse::Every(self.pace.interval()),
            _ => Pulse::Looking,
        };
        let shown = Shown {
            repo: &self.repo,
            seen: self.seen.as_ref(),
            view: &self.view,
            details: self.details.as_ref(),
            pulse,
            fault: self.fault.as_deref(),
            colors: self.colors,
        };
        let mut room = Room::default();
        screen.draw(|area, buffer| room = draw(&shown, area, buffer))?;
        self.room = room;
        Ok(())
    }

    fn take(&mut self, news: News, screen: &mut Screen) -> Result<Option<End>> {
        match news {
            News::Input(input) => {
                let end = self.input(input, screen)?;
                if end.is_none() {
                    let _ = self.handled.send(());
                }
                return Ok(end);
            }
            News::Changed => self.pace.changed(self.began.elapsed()),
            News::Seen(seen) => {
                self.view.settle(&seen.status);
                self.seen = Some(*seen);
            }
            News::Looked(look) => {
                self.pace.watched = look.watched;
                self.pace.ended(self.began.elapsed(), look.cost);
                match look.outcome {
                    Ok(basis) => {
                        self.fault = basis.scene.facts.faults.first().cloned();
                        self.basis = Some(basis);
                    }
                    Err(fault) => self.fault = Some(fault),
                }
            }
            News::Details(details) => self.details = Some(*details),
            News::Broken => return Err(anyhow!("the view broke")),
        }
        Ok(None)
    }

    fn input(&mut self, input: Input, screen: &mut Screen) -> Result<Option<End>> {
        let key = match input {
            Input::Key(key) => key,
            Input::Resized => return Ok(None),
            Input::Signal(signal) => return Ok(Some(End::Signal(signal))),
            Input::Gone => return Ok(Some(End::Quit)),
        };
        let status = self.seen.as_ref().map(|seen| &seen.status);
        match self.view.press(key, status, self.room) {
            None => {}
            Some(Act::Quit) => return Ok(Some(End::Quit)),
            Some(Act::Refresh) => self.pace.ask(),
            Some(Act::Redraw) => screen.forget()?,
            Some(Act::Suspend) => {
                screen.suspend()?;
                self.pace.ask();
            }
            Some(Act::Copy(id)) => {
                let row = status.and_then(|status| status.rows().find(|row| row.id == id));
                self.view.message = Some(match row.and_then(|row| row.worktree.as_ref()) {
                    Some(worktree) => {
                        screen.copy(&worktree.path)?;
                        let path = crate::model::text::escape(&worktree.path.to_string_lossy()).into_owned();
                        format!("copied {}", self.copied.insert(path))
                    }
                    None => format!("{id} has no worktree"),
                });
            }
        }
        Ok(None)
    }

    /// Reads details of the selected task beside everything else, where they are open and not those of its row.
    fn ask_for_details(&mut self) {
        let (true, Some(seen), Some(basis)) = (self.view.open, &self.seen, &self.basis) else { return };
        let selected = seen.status.rows().find(|row| self.view.selected.as_ref() == Some(&row.id));
        let Some(row) = selected.filter(|row| self.asked.as_ref() != Some(row)).cloned() else { return };
        self.asked = Some(row.clone());
        let (basis, tell) = (basis.clone(), self.tell.clone());
        self.readers.retain(|reader| !reader.is_finished());
        self.readers.push(std::thread::spawn(move || {
            let _alarm = Alarm(tell.clone());
            let _ = tell.send(News::Details(Box::new(details::details(&basis, row))));
        }));
    }
}
