//! Sessions as windows of tmux: one for each task, known again by what its pane is marked with.
//!
//! tmux expands `#(command)` in the names that it is given and in `-c`, so no text of others stands there: windows are named by ids
//! of tasks, sessions by plain letters, and the folder is that of the client that asks. Everything is addressed by tmux's own ids.
//! (tmux(1), FORMATS and COMMANDS; the last `;` of an argument would end the command.)

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Opening, Programs, output};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;

/// What panes are marked with.
const TASK: &str = "@dispatch-task";
const REPOSITORY: &str = "@dispatch-repository";
const START: &str = "@dispatch-start";

/// In seconds: what stands in a window until it gets its command is gone after that, should this process die.
const STANDS_IN: &str = "60";

/// A client hands over a command in one message of at most 16 KiB (tmux, `MAX_IMSGSIZE`), in bytes.
const LONGEST: usize = 15_000;

/// A pane that was opened for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pane {
    pub id: TaskId,
    /// `%N`.
    pane: String,
    /// `@N`.
    pub window: String,
    /// `$N`.
    pub session: String,
    /// See [`Opening::start`].
    pub start: String,
    /// Its command has ended; the pane shows what it said.
    dead: bool,
    /// Its exit code then, as far as tmux tells.
    ended: Option<u8>,
}

/// The tmux server that the user has, or would have.
pub struct Tmux {
    programs: Programs,
    exe: PathBuf,
    sh: PathBuf,
    sleep: PathBuf,
    mark: String,
    name: String,
    anchor: PathBuf,
    /// `%N`, or nothing, of where this process runs in tmux.
    inside: Option<OsString>,
    /// The session that windows are opened in, and what holds it open until they are there.
    session: Option<(String, Option<String>)>,
}

/// Which repository it is about.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// Hexadecimal; no other repository has it.
    pub digest: &'a str,
    pub name: &'a str,
    /// Where a session of its own starts.
    pub anchor: &'a Path,
}

impl Tmux {
    /// # Errors
    /// tmux is not installed ([`Exit::Refused`]).
    pub fn new(programs: Programs, whose: Whose<'_>, inside: Option<OsString>) -> Result<Tmux, Failure> {
        Ok(Tmux {
            programs,
            exe: programs.find("tmux")?,
            sh: programs.find("sh")?,
            sleep: programs.find("sleep")?,
            mark: whose.digest.to_owned(),
            name: session_name(whose),
            anchor: whose.anchor.to_owned(),
            inside,
            session: None,
        })
    }

    /// The panes of this repository's tasks on the whole server, dead ones too; none where no server runs.
    pub fn panes(&self) -> Vec<Pane> {
        let format = format!(
            "#{{pane_id}} #{{window_id}} #{{session_id}} #{{pane_dead}} #{{{REPOSITORY}}} #{{{TASK}}} #{{{START}}} #{{pane_dead_status}}"
        );
        // Without a server there is none; any other fault comes back as soon as a window is opened.
        let listed = self.ask(&self.anchor, &["list-panes", "-a", "-F", &format]).unwrap_or_default();
        let mut panes: Vec<Pane> = Vec::new();
        for pane in listed.lines().filter_map(|line| read(line, &self.mark)) {
            if panes.iter().all(|other| other.pane != pane.pane) {
                panes.push(pane);
            }
        }
        panes
    }

    /// Whether everything that `opening` has fits into what a client of tmux can say.
    ///
    /// # Errors
    /// It does not ([`Exit::Refused`]).
    pub fn takes(&self, opening: &Opening) -> Result<(), Failure> {
        let long = opening.assignments().map(|one| one.len() + 4).sum::<usize>() + opening.text.len();
        if long <= LONGEST {
            return Ok(());
        }
        let what = format!("what task '{}' is launched with is too long for tmux: {long} bytes", opening.id);
        Err(Failure::new(Exit::Refused, what)
            .hint(format!("use 'git dispatch launch {} --in here' in a terminal of its own", opening.id)))
    }

    /// Opens a window for a task, in the session that one is in, else in one of the repository's own, without showing it to
    /// anybody. Panes of the task in `panes` whose command has ended go.
    ///
    /// # Errors
    /// tmux will not; then there is no such window.
    pub fn open(&mut self, opening: &Opening, panes: &[Pane]) -> Result<Pane> {
        let session = self.session()?;
        let format = "#{pane_id} #{window_id}";
        let target = format!("{session}:");
        let told = {
            let mut command = self.command(&opening.worktree);
            command.args(["new-window", "-d", "-P", "-F", format, "-t", &target, "-n", opening.id.as_str()]);
            output(command.arg(&self.sleep).arg(STANDS_IN))?
        };
        let (pane, window) = told.trim().split_once(' ').context("tmux did not tell which window it opened")?;
        if let Err(fault) = self.begin(opening, pane) {
            let _ = self.ask(&self.anchor, &["kill-pane", "-t", pane]);
            return Err(fault);
        }
        for old in panes.iter().filter(|old| old.dead && old.id == opening.id) {
            // One that is gone already is gone.
            let _ = self.ask(&self.anchor, &["kill-pane", "-t", &old.pane]);
        }
        let (pane, window) = (pane.to_owned(), window.to_owned());
        Ok(Pane {
            id: opening.id.clone(),
            pane,
            window,
            session,
            start: opening.start.clone(),
            dead: false,
            ended: None,
        })
    }

    /// Marks the pane and puts the command into it: in one request, so that no end of the command comes between.
    fn begin(&self, opening: &Opening, pane: &str) -> Result<()> {
        let mut command = self.command(&opening.worktree);
        let marks = [(TASK, opening.id.as_str()), (REPOSITORY, &self.mark), (START, &opening.start)];
        for (option, value) in [("remain-on-exit", "on")].into_iter().chain(marks) {
            command.args(["set-option", "-p", "-t", pane, option, value, ";"]);
        }
        command.args(["respawn-pane", "-k", "-t", pane]);
        for assignment in opening.assignments() {
            command.arg("-e").arg(inert(assignment));
        }
        command.arg("--").arg(&self.sh).arg("-c").arg(inert(opening.text.clone().into()));
        output(&mut command).map(|_| ())
    }

    /// The session that windows go to; a new one, if need be, is held open by a window of its own.
    fn session(&mut self) -> Result<String> {
        if let Some((session, _)) = &self.session {
            return Ok(session.clone());
        }
        let found = match &self.inside {
            Some(pane) => Some(self.session_of(pane)?),
            None => self.own(),
        };
        let session = match found {
            Some(session) => (session, None),
            None => {
                let mut command = self.command(&self.anchor);
                command.args(["new-session", "-d", "-P", "-F", "#{session_id} #{window_id}", "-s", &self.name]);
                command.arg(&self.sleep).arg(STANDS_IN);
                // Nobody looks at it yet, and it is to stay.
                command.args([";", "set-option", "-t", &format!("={}:", self.name), "destroy-unattached", "off"]);
                let told = output(&mut command)?;
                let (session, window) = told.trim().split_once(' ').context("tmux told of no session")?;
                (session.to_owned(), Some(window.to_owned()))
            }
        };
        self.session = Some(session.clone());
        Ok(session.0)
    }

    /// The session that one is in.
    fn session_of(&self, pane: &OsStr) -> Result<String> {
        let mut command = self.command(&self.anchor);
        command.args(["display-message", "-p"]);
        if !pane.is_empty() {
            command.arg("-t").arg(pane);
        }
        Ok(output(command.arg("#{session_id}"))?.trim().to_owned())
    }

    /// The session of the repository's own, where there is one; without a server there is none.
    fn own(&self) -> Option<String> {
        let listed = self.ask(&self.anchor, &["list-sessions", "-F", "#{session_name} #{session_id}"]).ok()?;
        let mut all = listed.lines().filter_map(|line| line.rsplit_once(' '));
        all.find(|(name, _)| *name == self.name).map(|(_, session)| session.to_owned())
    }

    /// Called when all windows are open: what held a new session open goes.
    pub fn settle(&mut self) {
        if let Some((_, Some(window))) = self.session.take() {
            // It would end by itself.
            let _ = self.ask(&self.anchor, &["kill-window", "-t", &window]);
        }
    }

    /// Makes the window of `pane` the one that its session shows.
    pub fn select(&self, pane: &Pane) {
        // Somebody may have closed it just now.
        let _ = self.ask(&self.anchor, &["select-window", "-t", &pane.window]);
    }

    /// How to see the windows; nothing where all of them are in the session that one is in.
    pub fn attach(&self, panes: &[Pane]) -> Option<String> {
        if let Some(pane) = &self.inside {
            let here = self.session_of(pane).ok()?;
            let away = panes.iter().find(|pane| pane.session != here)?;
            return Some(format!("tmux switch-client -t '{}'", away.session));
        }
        let first = panes.first()?;
        let own = self.own();
        Some(match panes.iter().any(|pane| Some(&pane.session) == own.as_ref()) {
            true => format!("tmux attach -t '={}'", self.name),
            false => format!("tmux attach -t '{}'", first.session),
        })
    }

    fn ask(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        output(self.command(folder).args(arguments))
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = (self.programs.command)(&self.exe);
        command.current_dir(folder);
        if self.inside.is_none() {
            command.env_remove("TMUX").env_remove("TMUX_PANE");
        }
        command
    }
}

impl Pane {
    /// Whether its command still runs.
    pub fn lives(&self) -> bool {
        !self.dead
    }

    /// With which code its command ended.
    pub fn ended(&self) -> Option<u8> {
        self.ended.filter(|_| self.dead)
    }
}

/// Letters that mean nothing to tmux, and a part of the digest, so that no two repositories share a session.
fn session_name(whose: Whose<'_>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = whose.name.chars().take(40).map(plain).collect();
    let digest: String = whose.digest.chars().take(8).collect();
    format!("{}-{digest}", name.trim_matches('-')).trim_start_matches('-').to_owned()
}

/// An argument that ends with `;` would end the command: that one is escaped.
fn inert(argument: OsString) -> OsString {
    let mut bytes = argument.into_vec();
    if bytes.last() == Some(&b';') {
        bytes.insert(bytes.len() - 1, b'\\');
    }
    OsStr::from_bytes(&bytes).to_owned()
}

fn read(line: &str, mark: &str) -> Option<Pane> {
    let mut words = line.split(' ');
    let (pane, window, session, dead) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (whose, id, start) = (words.next()?, words.next()?, words.next().unwrap_or_default().to_owned());
    let id = id.parse::<TaskId>().ok().filter(|_| whose == mark)?;
    let (pane, window, session) = (pane.to_owned(), window.to_owned(), session.to_owned());
    let ended = words.next().and_then(|code| code.parse().ok());
    Some(Pane { id, pane, window, session, start, dead: dead == "1", ended })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_letters_that_mean_nothing_to_tmux() {
        let named = |name: &str| session_name(Whose { digest: "0123456789abcdef", name, anchor: Path::new("/") });
        assert_eq!(named("neon"), "neon-01234567");
        assert_eq!(named("a.b:c#(touch PWNED) $x '=%@"), "a-b-c--touch-PWNED---x-01234567");
        assert_eq!(named("日本"), "01234567");
        assert_eq!(named(&"x".repeat(300)), format!("{}-01234567", "x".repeat(40)));
    }

    #[test]
    fn only_the_last_semicolon_of_an_argument_ends_a_command() {
        let all = [("", ""), (";", "\\;"), ("a;", "a\\;"), ("a\\;", "a\\\\;"), ("a;b", "a;b"), ("; ", "; ")];
        for (text, told) in all {
            assert_eq!(inert(text.into()), told, "{text:?}");
        }
    }

    #[test]
    fn panes_of_others_and_of_other_repositories_are_none() {
        let pane = read("%3 @2 $1 1 ab A-1", "ab").unwrap();
        assert_eq!((pane.id.as_str(), pane.window.as_str(), pane.lives()), ("A-1", "@2", false));
        assert!(read("%3 @2 $1 0 ab A-1", "ab").unwrap().lives());
        for line in ["%3 @2 $1 0  ", "%3 @2 $1 0 cd A-1", "%3 @2 $1 0 ab $(id)", "%3"] {
            assert_eq!(read(line, "ab"), None, "{line}");
        }
    }
}
